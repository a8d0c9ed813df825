"""From a strength to noise levels: where a paint starts, and by which steps it comes down to none.

A *place* τ, 0–1, is a share of the training schedule; *level* σ is the noise beside a latent of unit scale, z + σε.
"""

import copy
import functools
import json
import math
from typing import Any, NamedTuple

import numpy as np
import torch
from diffusers import (
    DPMSolverMultistepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    LCMScheduler,
    TCDScheduler,
)
from numpy.typing import NDArray

from bridge.engines.diffusion.schedulers import Scheduler

Reals = NDArray[np.float64]

RHO = 7.0
"""Karras et al., *Elucidating the Design Space of Diffusion-Based Generative Models* (2022), table 1."""

SAMPLERS: dict[str, type[Any]] = {
    "DPMSolverMultistepScheduler": DPMSolverMultistepScheduler,
    "EulerAncestralDiscreteScheduler": EulerAncestralDiscreteScheduler,
    "EulerDiscreteScheduler": EulerDiscreteScheduler,
    "LCMScheduler": LCMScheduler,
    "TCDScheduler": TCDScheduler,
    # Those below step by a fixed stride of the training schedule, or evaluate twice a step: they cannot start at any
    # level. Each is replaced by the one that solves the same equation; betas and prediction stay the model's own.
    "DDIMScheduler": EulerDiscreteScheduler,  # the same steps, in other variables
    "DDPMScheduler": EulerAncestralDiscreteScheduler,
    "PNDMScheduler": DPMSolverMultistepScheduler,
    "HeunDiscreteScheduler": DPMSolverMultistepScheduler,
    "KDPM2DiscreteScheduler": DPMSolverMultistepScheduler,
    "KDPM2AncestralDiscreteScheduler": EulerAncestralDiscreteScheduler,
    "LMSDiscreteScheduler": DPMSolverMultistepScheduler,
    "DEISMultistepScheduler": DPMSolverMultistepScheduler,
    "UniPCMultistepScheduler": DPMSolverMultistepScheduler,
    "DPMSolverSinglestepScheduler": DPMSolverMultistepScheduler,
}
"""The scheduler that a model's configuration names, and the one that paints it; Euler for any other."""
DISCRETE = (LCMScheduler, TCDScheduler)
"""Schedulers that know whole training timesteps only."""
SCALED = (DPMSolverMultistepScheduler, *DISCRETE)
"""Schedulers whose latents keep unit variance, (z + σε) / √(1 + σ²); the others' grow with the noise, z + σε."""


class Schedule(NamedTuple):
    """A scheduler set to the n steps of a paint. Schedulers have state: each paint has its own.

    timesteps  float32 or int64 (n,): what the denoiser is told
    levels     float64 (n + 1,): σ before each step, and after the last
    places     float64 (n + 1,): τ, from the strength down to 0
    scaled     latents keep unit variance
    """

    scheduler: Any
    timesteps: torch.Tensor
    levels: Reals
    places: Reals
    scaled: bool

    @property
    def steps(self) -> int:
        """How often the denoiser is called."""
        return len(self.timesteps)

    def noised(self, z: torch.Tensor, noise: torch.Tensor, i: int) -> torch.Tensor:
        """Latents (n, c, h, w) with noise of the level before step i, in the scheduler's own scale."""
        level = float(self.levels[i])
        x = z + level * noise
        return x / math.sqrt(1 + level * level) if self.scaled else x

    def clean(self, x: torch.Tensor, output: torch.Tensor, i: int) -> torch.Tensor:
        """What the denoiser takes for the picture behind x before step i, from its output: a preview's latents."""
        level = float(self.levels[i])
        spread = math.sqrt(1 + level * level)
        y = x * spread if self.scaled else x
        match self.scheduler.config.prediction_type:
            case "epsilon":
                return y - level * output
            case "v_prediction":
                return y / spread**2 - output * (level / spread)
            case _:
                return output


def schedule(given: Scheduler, strength: float, steps: int) -> Schedule:
    """`steps` steps from exactly the level of `strength` (0–1) down to none, by the scheduler that is `given`.

    σ(τ) = exp(linear interpolation of ln σ over the training timesteps at 1000τ − 1), at strength 1 too: the largest
    level over what is there, never bare noise. How the steps lie between is the configuration's own spacing.
    """
    scheduler = copy.copy(_made(given.name, json.dumps(given.config, sort_keys=True)))
    trained = np.asarray(((1 - scheduler.alphas_cumprod) / scheduler.alphas_cumprod) ** 0.5, np.float64)
    last = len(trained) * strength - 1
    times = _times(scheduler.config, trained, last, steps)
    if isinstance(scheduler, DISCRETE):
        times = np.unique(np.rint(times))[::-1]  # two that fall on one timestep are one step
    return _set(scheduler, times, trained)


@functools.lru_cache(16)
def _made(name: str, config: str) -> Any:
    """A scheduler that is never set: to read a configuration takes milliseconds, a shallow copy none. Setting one gives
    it lists and tensors of its own.
    """
    return SAMPLERS.get(name, EulerDiscreteScheduler).from_config(json.loads(config))


def _set(scheduler: Any, times: Reals, trained: Reals) -> Schedule:
    """The scheduler with these training timesteps, highest first, instead of a grid of its own.

    Its public grid is set rather than asked for: not every `set_timesteps` takes a grid, and those that do round it.
    """
    levels = np.append(_level(times, trained), 0.0)
    places = np.append((times + 1) / len(trained), 0.0)
    whole = isinstance(scheduler, DISCRETE)
    timesteps = torch.tensor(times.astype(np.int64) if whole else times.astype(np.float32))
    scheduler.set_timesteps(len(times))
    scheduler.num_inference_steps = len(times)
    scheduler.timesteps = timesteps
    if not whole:
        scheduler.sigmas = torch.tensor(levels, dtype=torch.float32)
    scheduler.set_begin_index(0)
    return Schedule(scheduler, timesteps, levels, places, isinstance(scheduler, SCALED))


def _times(config: Any, trained: Reals, last: float, steps: int) -> Reals:
    """Training timesteps of the steps, highest first, from `last` on."""
    if steps == 1:
        return np.array([last])
    share = np.arange(steps) / (steps - 1)
    if config.get("use_karras_sigmas") or config.get("use_exponential_sigmas"):
        high, low = _level(np.array([last]), trained)[0], trained[0]
        if config.get("use_karras_sigmas"):
            levels = (high ** (1 / RHO) + share * (low ** (1 / RHO) - high ** (1 / RHO))) ** RHO
        else:
            levels = np.exp(np.log(high) + share * (np.log(low) - np.log(high)))
        times = np.interp(np.log(levels), np.log(trained), np.arange(len(trained)))
        times[0] = last
        return np.asarray(times, np.float64)
    match config.get("timestep_spacing", "trailing"):  # LCM has no such field: its grid ends a stride above 0
        case "trailing":
            return (last + 1) * (1 - np.arange(steps) / steps) - 1
        case "leading":
            return np.asarray(last + share * (min(config.get("steps_offset", 0), last) - last), np.float64)
        case _:
            return np.asarray(last * (1 - share), np.float64)


def _level(times: Reals, trained: Reals) -> Reals:
    """σ at training timesteps, between them too."""
    return np.exp(np.interp(times, np.arange(len(trained)), np.log(trained)))
