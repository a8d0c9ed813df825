"""Two ways to paint the same plate with the same modules: our engine, and diffusers' own pipeline."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from bench import checkpoints
from bench.pictures import photo
from bridge.engines import Floats, Plate, Step
from bridge.engines.diffusion import components, devices
from bridge.engines.diffusion.engine import Diffusion
from bridge.engines.diffusion.weights import Store
from bridge.models import Lora, Model
from bridge.models.values import Layout
from bridge.protocol.values import Recipe

NEGATIVE = "grey, flat, blurred"
CELL = 8
Clock = Callable[[], float]


@dataclass(frozen=True)
class Course:
    """What is painted: by a model of a family (a row of `families.FAMILIES`) and layout, sampled with `scheduler`, on
    `side`² pixels, in as many `steps` as both are asked for, with guidance (1 is none), at a strength; how often.

    at_least    the bound of *stock ÷ again*, 0 for none
    """

    name: str
    family: str
    layout: Layout
    scheduler: str
    side: int
    steps: int
    guidance: float
    rounds: int
    strength: float = 1.0
    at_least: float = 0.0

    @property
    def inpaints(self) -> bool:
        """A hole is filled: what the stock inpainting pipelines do, for base models too."""
        return self.layout == "inpaint" or self.strength == 1


def plate(side: int, strength: float = 1.0, seed: int = 0) -> Plate:
    """A photograph whose middle, a quarter of it, is to be painted."""
    rgb = (photo(side, 3, "u8", seed) / 255).astype(np.float32)
    m = np.zeros((side, side), np.float32)
    middle = slice(side // 4, -side // 4)
    m[middle, middle] = 1
    d = m.reshape(side // CELL, CELL, side // CELL, CELL).max((1, 3))
    unknown = np.zeros((side, side), bool)
    return Plate(rgb, m, d, m > 0, unknown, CELL, (0, 0), (side, side), 0, strength, f"{side} {seed}")


def other(given: Plate, number: int) -> Plate:
    """The same pixels under another content key: a region that the engine has not seen."""
    return replace(given, key=f"{given.key} {number}")


class Ours:
    """Our engine with one model, loaded."""

    def __init__(self, model: Model, device: torch.device) -> None:
        dtype = devices.precision(device)
        store = Store(device, dtype, devices.vae_precision(device, dtype))
        self.engine = Diffusion(lambda id: model, _no_lora, str(device), store=store)
        self.model, self.parts = model, store.get(model)

    def paint(self, course: Course, given: Plate, prompt: str, seed: int, step: Step | None = None) -> Floats:
        """One variation, float32 (H, W, 3), 0–1."""
        recipe = Recipe("fill", prompt, NEGATIVE, self.model.id, seed=seed, steps=course.steps)
        recipe = replace(recipe, guidance=course.guidance)
        ((_, rgb),) = self.engine.paint(given, recipe, step or _quiet)
        return rgb


class Stock:
    """Diffusers' pipeline as its users call it, set as fast as it goes: tensors in, no bar, no safety checker."""

    def __init__(self, pipeline: Any, device: torch.device) -> None:
        self.pipeline, self.device = pipeline, device

    @classmethod
    def beside(cls, ours: Ours, inpaints: bool = False) -> "Stock":
        """Over the modules of our engine: the same weights, the same layout in memory.

        Where our autoencoder has another precision than the UNet, which the pipeline cannot take, it gets a copy.
        """
        parts, model = ours.parts, ours.model
        vae = parts.vae
        if vae.dtype != parts.unet.dtype:
            vae = type(vae).from_config(vae.config)
            vae.load_state_dict(parts.vae.state_dict())
            device, dtype = parts.unet.device, parts.unet.dtype
            vae.eval().to(device, dtype, memory_format=devices.layout(device, dtype))
        scheduler = checkpoints.scheduled(model.family, parts.scheduler.name)
        pads = tuple(tokenizer.pad_token for tokenizer in parts.tokenizers)
        modules = parts.unet, vae, parts.encoders, pads
        made = checkpoints.pipeline(model.family, model.layout, *modules, scheduler, inpaints)
        return cls(made, parts.unet.device)

    @classmethod
    def loaded(cls, model: Model, device: torch.device) -> "Stock":
        """Loaded from its folder by diffusers itself."""
        kind, told = checkpoints.stock_class(model.family, model.layout), {"local_files_only": True}
        with components.quiet():
            pipeline = kind.from_pretrained(model.path, dtype=devices.precision(device), **told).to(device)
        pipeline.set_progress_bar_config(disable=True)
        return cls(pipeline, device)

    @torch.inference_mode()
    def paint(self, course: Course, given: Plate, prompt: str, seed: int, **more: Any) -> Floats:
        """One variation, float32 (H, W, 3), 0–1."""
        told = {"prompt": prompt, "negative_prompt": NEGATIVE, "guidance_scale": course.guidance, "output_type": "np"}
        told |= {"num_inference_steps": course.steps, "strength": given.strength}
        told |= {"image": torch.from_numpy(given.rgb).permute(2, 0, 1)[None]}
        told |= {"generator": torch.Generator(self.device).manual_seed(seed)}
        if course.inpaints:
            told |= {"mask_image": torch.from_numpy(given.m)[None, None], "height": course.side, "width": course.side}
        rgb: Floats = self.pipeline(**told, **more).images[0]
        return rgb


def sync(device: torch.device) -> None:
    """Wait until the device has done what it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def clock(device: torch.device) -> Clock:
    """What seconds are read from: on a CPU, whose one thread waits for nothing but other programs, those of the
    processor, so that it matters little what else the machine does; the wall's beside an accelerator.
    """
    return time.process_time if device.type == "cpu" else time.perf_counter


@contextmanager
def watched(ours: Ours, stock: Stock, now: Clock) -> Iterator[dict[str, list[float]]]:
    """Seconds of every call of `step`, `encode`, `decode` and `text` inside the block, whoever calls."""
    device, spent = stock.device, {name: list[float]() for name in ("step", "encode", "decode", "text")}
    places: list[tuple[str, Any, str]] = [("step", ours.parts.unet, "forward")]
    places += [(name, vae, name) for name in ("encode", "decode") for vae in {ours.parts.vae, stock.pipeline.vae}]
    places += [("text", encoder, "forward") for encoder in ours.parts.encoders]

    def timed(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def run(*given: Any, **more: Any) -> Any:
            sync(device)
            begun = now()
            answer = call(*given, **more)
            sync(device)
            spent[name].append(now() - begun)
            return answer

        return run

    with ExitStack() as stack:
        for name, module, method in places:
            setattr(module, method, timed(name, getattr(module, method)))
            stack.callback(delattr, module, method)
        yield spent


def _quiet(k: int, i: int, n: int, preview: Floats | None) -> None:
    """Nobody listens."""


def _no_lora(id: str) -> Lora:
    raise KeyError(id)
