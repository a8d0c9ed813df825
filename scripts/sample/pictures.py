"""Photographs: those to learn from, six that are never learnt from, and the pairs that are cut from the former."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sample import filters
from sample.filters import Floats

SHOWN = ("astronaut", "chelsea", "coffee", "rocket")
"""Held out, and on the contact sheet: those that come with scikit-image, and so may be shown anywhere."""
HELD_OUT = (*SHOWN, "oakland-zoo-otters", "piazza-gae-aulenti", "tea-gardens")
"""File names, without their ends, that no training sees: small and sharp ones, large and soft ones, flat skies."""
PICTURES = frozenset((".jpg", ".jpeg", ".png"))
SCIKIT = "astronaut brick chelsea coffee grass gravel hubble_deep_field rocket".split()
"""Of what scikit-image brings (`skimage/data`), the free photographs; the rest is diagrams, scans and text."""
SHORT = 1024
"""Larger photographs are brought to this shorter side, pixels: what a document of everyday size shows."""
SIDE = 512
"""Side of the middle of a held-out photograph that is judged."""
PATCH = 384
"""Side of what is cut for training."""
PER_PHOTO = 6
"""Patches of each photograph."""


class Bank(NamedTuple):
    """Pairs to learn from, uint8 (patches, words, PATCH, PATCH, 3): what it sees, and what shall come of it."""

    seen: NDArray[np.uint8]
    wanted: NDArray[np.uint8]


def photographs(folders: Sequence[Path]) -> Iterator[tuple[str, Path]]:
    """(name, file) of every photograph of the folders, by name."""
    found: dict[str, Path] = {}
    for folder in folders:
        for path in folder.iterdir():
            if path.suffix.lower() in PICTURES and (folder.parent.name != "skimage" or path.stem in SCIKIT):
                found[path.stem] = path
    return iter(sorted(found.items()))


def opened(path: Path, short: int = SHORT) -> Floats:
    """A photograph at no more than this shorter side, float32 (H, W, 3), 0–1."""
    picture = Image.open(path).convert("RGB")
    ratio = short / min(picture.size)
    if ratio < 1:
        size = round(picture.width * ratio), round(picture.height * ratio)
        picture = picture.resize(size, Image.Resampling.LANCZOS)
    return np.asarray(picture, np.float32) / np.float32(255)


def middle(rgb: Floats, side: int = SIDE, multiple: int = 16) -> Floats:
    """The middle square, or as much of it as there is, in multiples."""
    height, width = (min(side, length // multiple * multiple) for length in rgb.shape[:2])
    top, left = (rgb.shape[0] - height) // 2, (rgb.shape[1] - width) // 2
    return rgb[top : top + height, left : left + width]


def held_out(folders: Sequence[Path]) -> Iterator[tuple[str, Floats]]:
    """(name, middle) of the photographs that are judged."""
    for name, path in photographs(folders):
        if name in HELD_OUT:
            yield name, middle(opened(path))


def bank(folders: Sequence[Path], seed: int) -> Bank:
    """Patches of every photograph that is not held out, at several sizes, turned and tinted, each with every word."""
    rng = np.random.default_rng(seed)
    seen: list[NDArray[np.uint8]] = []
    wanted: list[NDArray[np.uint8]] = []
    for name, path in photographs(folders):
        if name in HELD_OUT:
            continue
        for _ in range(PER_PHOTO):
            patch = _patch(path, rng)
            told = [(filters.damaged(patch, rng) if word == filters.RESTORE else patch) for word in filters.WORDS]
            asked = [filters.STYLES[word](patch) if word in filters.STYLES else patch for word in filters.WORDS]
            seen.append(np.stack([_bytes(one) for one in told]))
            wanted.append(np.stack([_bytes(one) for one in asked]))
    return Bank(np.stack(seen), np.stack(wanted))


def _patch(path: Path, rng: np.random.Generator) -> Floats:
    """Somewhere in a photograph at some size, mirrored or turned, its exposure, colour and warmth changed a little."""
    rgb = opened(path, int(rng.choice((PATCH + 16, 640, SHORT, 1600))))
    top, left = (int(rng.integers(0, length - PATCH + 1)) for length in rgb.shape[:2])
    patch = np.rot90(rgb[top : top + PATCH, left : left + PATCH], int(rng.integers(4)))
    if rng.random() < 0.5:
        patch = patch[:, ::-1]
    grey = filters.luma(np.ascontiguousarray(patch))[..., None]
    patch = grey + rng.uniform(0.6, 1.5) * (patch - grey)
    patch = np.clip(patch * rng.uniform(0.85, 1.15, 3), 0, 1) ** rng.uniform(0.75, 1.35)
    return np.ascontiguousarray(patch, np.float32)


def _bytes(rgb: Floats) -> NDArray[np.uint8]:
    return (np.clip(rgb, 0, 1) * 255 + 0.5).astype(np.uint8)
