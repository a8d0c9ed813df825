"""Engines with a known fault, for the gates: what a perfect painter behind an imperfect decoder would return."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import binary_dilation, binary_erosion, distance_transform_edt

from bridge.engines import Bools, Floats, Plate, Step
from bridge.geometry import Piece, Plan
from bridge.protocol.values import Box, Recipe
from tests.gates.scenes import RED, Scene, see, to_float

LEVELS = 6 / 255
"""How far *field* shifts a channel at most."""


@dataclass
class Identity:
    """Returns its plate. `disc` paints a red disc into the middle of the hole."""

    disc: bool = False
    painted: Bools | None = None

    def paint(self, plate: Plate, recipe: Recipe, step: Step) -> Iterator[tuple[int, Floats]]:
        for k in range(recipe.count):
            step(k, 0, 1, None)
            assert recipe.seed is not None
            rgb = self.decode(self.picture(plate), (recipe.seed + k) % 2**32)
            if self.disc:
                self.painted = disc(plate)
                rgb[self.painted] = RED
            step(k, 1, 1, rgb)
            yield k, np.clip(rgb, 0, 1).astype(np.float32)

    def shown(self, piece: Piece, box: Box, margin: int) -> Bools:
        """Where the disc of a fill of one piece lies in a box of the document, grown (shrunk) by `margin` px."""
        assert self.painted is not None
        crop, (height, width) = piece.crop, self.painted.shape
        y, x = np.indices((box.height, box.width))
        row = ((y + box.y - crop.y + 0.5) * piece.zoom).astype(int)
        column = ((x + box.x - crop.x + 0.5) * piece.zoom).astype(int)
        inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
        there = inside & self.painted[row.clip(0, height - 1), column.clip(0, width - 1)]
        return (binary_dilation if margin > 0 else binary_erosion)(there, iterations=abs(margin))

    def picture(self, plate: Plate) -> Floats:
        """What a perfect painter returns."""
        return plate.rgb

    def decode(self, rgb: Floats, seed: int) -> Floats:
        """What the decoder makes of it."""
        return rgb.copy()


class Shift(Identity):
    """The whole plate in another colour, with 0.8 of its contrast."""

    def decode(self, rgb: Floats, seed: int) -> Floats:
        return 0.5 + (rgb - 0.5) * np.float32(0.8) + np.float32((0.03, -0.02, 0.02))


class Field(Identity):
    """The plate plus a smooth shift of up to 6 levels, another one for every seed and channel."""

    def decode(self, rgb: Floats, seed: int) -> Floats:
        return rgb + field(rgb.shape[0], rgb.shape[1], seed)


class Grain(Identity):
    """The plate with another grain for every seed."""

    def decode(self, rgb: Floats, seed: int) -> Floats:
        return rgb + np.random.default_rng(seed).standard_normal(rgb.shape, np.float32) * np.float32(2 * LEVELS)


@dataclass
class Truth(Field):
    """What lies behind the object wherever the denoise map allows, the plate elsewhere, plus *field*."""

    scene: Scene | None = None
    plan: Plan | None = None

    def picture(self, plate: Plate) -> Floats:
        assert self.scene and self.plan
        work = self.plan.passes[plate.number]
        piece = work.pieces[work.origins.index(plate.origin)]
        free = np.kron(plate.d > 0, np.ones((plate.cell, plate.cell), bool))
        return np.where(free[..., None], hidden(self.scene, piece), plate.rgb)


def hidden(scene: Scene, piece: Piece) -> Floats:
    """The truth in a piece's crop at working size, cut and resampled apart from the bridge's own code."""

    def mirror(start: int, stop: int, length: int) -> NDArray[np.int64]:
        place = np.arange(start, stop) % (2 * length)
        return np.minimum(place, 2 * length - 1 - place)

    crop, canvas = piece.crop, scene.document.canvas
    box = crop.intersect(canvas)
    rows = mirror(crop.y, crop.bottom, canvas.height) - box.y
    columns = mirror(crop.x, crop.right, canvas.width) - box.x
    inside = to_float(see(scene.truth, box)).astype(np.float32)
    rgb = inside[np.clip(rows, 0, box.height - 1)][:, np.clip(columns, 0, box.width - 1)]
    if rgb.shape[:2] == (piece.working.height, piece.working.width):
        return rgb
    way = Image.Resampling.LANCZOS if piece.zoom > 1 else Image.Resampling.BOX
    bands = (Image.fromarray(np.ascontiguousarray(rgb[..., c])).resize(piece.working, way) for c in range(3))
    return np.dstack([np.asarray(band) for band in bands])


def field(height: int, width: int, seed: int) -> Floats:
    """A shift of at most 6 levels in each channel: a constant, a slope and one wave across the plate."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32) / max(height, width)
    shift = np.empty((height, width, 3), np.float32)
    for channel in range(3):
        a, b, c, d, phase, heading = rng.uniform(-1, 1, 6)
        wave = np.cos(np.pi * (2 * (x * np.cos(np.pi * heading) + y * np.sin(np.pi * heading)) + phase))
        shape = a + b * x + c * y + d * wave
        shift[..., channel] = shape * (LEVELS / np.abs(shape).max())
    return shift


def disc(plate: Plate) -> NDArray[np.bool_]:
    """The red disc's pixels: in the middle of the hole, a third as wide as there is room."""
    room = distance_transform_edt(np.pad(plate.m == 1, 1))[1:-1, 1:-1]
    cy, cx = np.unravel_index(int(room.argmax()), room.shape)
    y, x = np.mgrid[0 : room.shape[0], 0 : room.shape[1]]
    return np.hypot(y - cy, x - cx) <= room[cy, cx] / 3 if room.max() >= 6 else np.zeros(room.shape, bool)
