"""The memory ladder: what is given up, one thing after the other, when a device's memory does not suffice."""

import time
from collections.abc import Callable
from dataclasses import replace
from enum import IntEnum
from typing import Any

import torch

from bridge import colour
from bridge.engines import Plate
from bridge.engines.diffusion import devices
from bridge.engines.diffusion.weights import Parts


class Rung(IntEnum):
    """How a model is held, from what is fastest to what needs least."""

    RESIDENT = 0
    """Everything on the device."""
    TEXT_AWAY = 1
    """Text encoders come for a text only."""
    VAE_TILED = 2
    """The autoencoder works tile by tile."""
    OFFLOADED = 3
    """The denoiser's weights come group by group."""
    SMALLER = 4
    """A smaller working size."""

    @property
    def words(self) -> str:
        """For the artist's timings."""
        return _WORDS[self]


_WORDS = {
    Rung.RESIDENT: "everything on the device",
    Rung.TEXT_AWAY: "text encoders away",
    Rung.VAE_TILED: "autoencoder in tiles",
    Rung.OFFLOADED: "weights brought in groups",
    Rung.SMALLER: "at a smaller working size",
}

AGAIN = 600.0
"""Seconds after which a plate is tried with everything on the device again: other programs come and go."""
SMALLER = 0.7
"""Sides at the last rung: half the pixels."""


class Ladder:
    """On which rung a model paints plates of a size, as far as experience says: smaller ones begin at the top."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` gives seconds (a test passes its own)."""
        self._clock = clock
        self._reached: dict[tuple[str, int], tuple[Rung, float]] = {}

    def rung(self, model: str, pixels: int) -> Rung:
        """Where to begin with a plate of so many pixels."""
        rung, at = self._reached.get((model, pixels), (Rung.RESIDENT, 0.0))
        return rung if self._clock() - at < AGAIN else Rung.RESIDENT

    def descend(self, model: str, pixels: int, rung: Rung) -> None:
        """Memory ran out on this rung."""
        self._reached[model, pixels] = Rung(rung + 1), self._clock()


def settle(parts: Parts, rung: Rung, device: torch.device) -> None:
    """Hold a model as a rung says. To climb again, weights that were offloaded have to be loaded anew."""
    parts.vae.enable_tiling() if rung >= Rung.VAE_TILED else parts.vae.disable_tiling()
    if rung >= Rung.TEXT_AWAY:
        text_away(parts)
    if rung >= Rung.OFFLOADED and device.type != "cpu" and not parts.offloaded:
        parts.unet.to("cpu")
        devices.give_back(device)
        parts.unet.enable_group_offload(
            onload_device=device, offload_type="leaf_level", use_stream=device.type == "cuda"
        )
        parts.offloaded = True


def text_here(parts: Parts, device: torch.device) -> None:
    """Bring the text encoders."""
    for encoder in parts.encoders:
        encoder.to(device)


def text_away(parts: Parts) -> None:
    """Send the text encoders away."""
    for encoder in parts.encoders:
        encoder.to("cpu")


def smaller(plate: Plate, multiple: int) -> Plate:
    """The plate with sides of 0.7, multiples of `multiple`. What is to be painted stays so, to the last pixel: masks
    shrink by their largest values.
    """
    height, width = (max(multiple, int(side * SMALLER) // multiple * multiple) for side in plate.hole.shape)
    cells = height // plate.cell, width // plate.cell
    m = _largest(plate.m, (height, width))
    d = _largest(plate.d, cells)
    hole, unknown = (_largest(one.astype("float32"), (height, width)) > 0 for one in (plate.hole, plate.unknown))
    rgb = colour.resample(plate.rgb, (width, height)).clip(0, 1)
    size, key = (width, height), f"{plate.key} smaller"
    return replace(plate, rgb=rgb, m=m, d=d, hole=hole, unknown=unknown & ~hole, origin=(0, 0), size=size, key=key)


def _largest(values: Any, size: tuple[int, int]) -> Any:
    return torch.nn.functional.adaptive_max_pool2d(torch.from_numpy(values)[None], size)[0].numpy()
