"""Tiny checkpoints with random weights, built once in a run, and what tests ask of them."""

import functools
import tempfile
from pathlib import Path

import numpy as np
import torch

from bridge.engines import Plate
from bridge.engines.diffusion import tiny, weights
from bridge.engines.diffusion.weights import Parts
from bridge.models import Lora, Model

torch.set_num_threads(1)

FOLDER = tempfile.TemporaryDirectory(prefix="sfumato-checkpoints-")
"""Goes with the process."""
CPU = torch.device("cpu")
FAMILIES = ("sd15", "sdxl")
LAYOUTS = ("base", "inpaint", "edit")


@functools.cache
def lora(family: str) -> Lora:
    """A tiny LoRA on disk."""
    path = Path(FOLDER.name) / f"lora-{family}.safetensors"
    tiny.lora(path, family)
    return Lora(f"lora-{family}", f"lora-{family}", family, path, 0, f"lora{family}")


@functools.cache
def model(family: str, layout: str = "base", form: str = "folder", seed: int = 0, **more: object) -> Model:
    """A tiny checkpoint on disk, as the catalogue would find it."""
    name = f"{family}-{layout}-{seed}"
    path = Path(FOLDER.name) / (name if form == "folder" else f"{name}.safetensors")
    if family == "flux1":
        more = {"pipeline": "FluxPipeline"}
        if not path.exists():
            tiny.flux(path, seed)
    elif not path.exists():
        (tiny.folder if form == "folder" else tiny.file)(path, family.removesuffix("-few"), layout, seed)
    return Model(name, name, family, layout, path, form, 0, f"{name}-{form}", **more)  # type: ignore[arg-type]


@functools.cache
def parts(family: str, layout: str = "base") -> Parts:
    """The same, loaded in float32."""
    return weights.load(model(family, layout), torch.float32, CPU)


def plate(
    height: int = 64, width: int = 64, strength: float = 1.0, hole: tuple[slice, slice] | None = None, seed: int = 3
) -> Plate:
    """A plate of soft noise whose middle, or `hole`, is to be painted."""
    draw = np.random.default_rng(seed)
    coarse = draw.uniform(0.2, 0.8, (height // 8, width // 8, 3)).astype(np.float32)
    rgb = coarse.repeat(8, 0).repeat(8, 1)
    m = np.zeros((height, width), np.float32)
    m[hole or (slice(height // 4, -height // 4), slice(width // 4, -width // 4))] = 1
    d = m.reshape(height // 8, 8, width // 8, 8).max((1, 3))
    unknown = np.zeros((height, width), bool)
    return Plate(
        rgb, m, d, m > 0, unknown, 8, (0, 0), (width, height), 0, strength, f"{seed} {height} {width} {strength}"
    )
