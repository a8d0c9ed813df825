"""Parity: the same latents, painted by our loop and by diffusers' own pipeline. How far are they apart?

    python -m bridge.engines.diffusion.parity FOLDER WORDS

takes a diffusers folder of InstructPix2Pix's build and prints {"difference", "largest"} as JSON: the largest difference
of the two results, and the largest value in them.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import diffusers as untyped_diffusers
import numpy as np
import torch

from bridge.engines.diffusion import weights
from bridge.engines.diffusion.denoisers import Seen, denoiser
from bridge.engines.diffusion.loop import sample
from bridge.engines.diffusion.parts import Parts
from bridge.engines.diffusion.schedule import SCALED, Schedule
from bridge.engines.diffusion.texts import embed
from bridge.models.reading import read
from bridge.models.trees import Candidate
from bridge.models.values import Model

diffusers: Any = untyped_diffusers

SIDE, STEPS = 128, 4
"""Of the picture, pixels; and how often it is denoised."""
CPU = torch.device("cpu")


def seeded(seed: int = 5) -> torch.Generator:
    """A generator that begins at this seed."""
    return torch.Generator().manual_seed(seed)


def known(scheduler: Any, first: int, steps: int) -> Schedule:
    """A stock pipeline's own grid of so many steps, from step `first` on, as ours reads it."""
    scheduler.set_timesteps(steps)
    timesteps = scheduler.timesteps[first:]
    scheduler.set_begin_index(first)
    levels = getattr(scheduler, "sigmas", None)
    if levels is None:
        levels = ((1 - scheduler.alphas_cumprod) / scheduler.alphas_cumprod)[scheduler.timesteps].sqrt()
        levels = torch.cat([levels, torch.zeros(1)])
    places = np.linspace(1, 0, len(timesteps) + 1)
    return Schedule(scheduler, timesteps, levels[first:].double().numpy(), places, isinstance(scheduler, SCALED))


def difference(of: Parts, prompt: str) -> tuple[float, float]:
    """Largest difference between our latents and the stock pipeline's, and their own largest value.

    A picture of noise is seen and all of it painted, by the model's own scheduler, in float32; both begin with the same
    latents.
    """
    modules = {"vae": of.vae, "unet": of.unet, "text_encoder": of.encoders[0], "tokenizer": of.tokenizers[0]}
    none = {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}
    with weights.quiet():
        pipeline = diffusers.StableDiffusionInstructPix2PixPipeline(scheduler=_scheduler(of), **modules, **none)
    pipeline.set_progress_bar_config(disable=True)
    rgb = torch.rand((1, 3, SIDE, SIDE), generator=seeded(1))
    with torch.inference_mode():
        latents = of.vae.encode(rgb * 2 - 1).latent_dist.mode()
        z, noise = (torch.randn(latents.shape, generator=seeded(seed)) for seed in (2, 3))
        plan = known(_scheduler(of), 0, STEPS)
        start = plan.noised(z, noise, 0)
        pipeline.prepare_latents = lambda *given, **more: start
        told = {"num_inference_steps": STEPS, "guidance_scale": 1.0, "output_type": "latent", "image": rgb}
        theirs = pipeline(prompt, **told).images
        denoise = denoiser(of, embed(of, prompt, "", guided=False), Seen(latents), 1.0, (SIDE, SIDE))
        everything = torch.ones(1, 1, *z.shape[2:])
        ours = sample(z, everything, noise, plan, denoise, lambda i, clean: None, [seeded()])
    return float((ours - theirs).abs().max()), float(theirs.abs().max())


def _scheduler(of: Parts) -> Any:
    return getattr(diffusers, of.scheduler.name)(**of.scheduler.config)


def main() -> None:
    """Measure, and print."""
    asked = argparse.ArgumentParser(description="Our loop against the stock pipeline.")
    asked.add_argument("folder", type=Path)
    asked.add_argument("words")
    given = asked.parse_args()
    torch.set_num_threads(1)
    model = read(Candidate(given.folder, "model", given.folder.name))
    assert isinstance(model, Model)
    far, largest = difference(weights.load(model, torch.float32, CPU), given.words)
    sys.stdout.write(json.dumps({"difference": far, "largest": largest}))


if __name__ == "__main__":
    main()
