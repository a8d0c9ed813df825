"""Noise is ours: drawn on the CPU from a variation's seed, so that no device, batch or encoder changes a picture."""

import functools
import hashlib

import torch

from bridge.engines import Plate

KEPT = 16
"""Fields that are kept: those of a region's variations, while its prompt changes."""


def field(seed: int, plate: Plate, channels: int) -> torch.Tensor:
    """float32 (1, channels, H / cell, W / cell): this plate's window of the one field of its pass.

    Tiles of a pass cut their windows out of the same field, so that what lies under two of them is the same noise.
    """
    x, y = plate.origin[0] // plate.cell, plate.origin[1] // plate.cell
    height, width = plate.d.shape
    whole = _field(seed, plate.number, channels, plate.size[1] // plate.cell, plate.size[0] // plate.cell)
    return whole[:, :, y : y + height, x : x + width]


def generator(seed: int, plate: Plate) -> torch.Generator:
    """What a sampler draws from that adds noise in every step (ancestral, LCM): another stream than the field's."""
    return _seeded("steps", seed, plate.number, plate.origin)


@functools.lru_cache(KEPT)
def _field(seed: int, number: int, channels: int, height: int, width: int) -> torch.Tensor:
    return torch.randn((1, channels, height, width), generator=_seeded("field", seed, number))


def _seeded(*facts: object) -> torch.Generator:
    digest = hashlib.blake2b(repr(facts).encode(), digest_size=8).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest, "little"))
