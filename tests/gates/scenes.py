"""Pictures with a selection and an object in it, for the gates: photographs, texture, line art, flat, sky, text.

The photographs come with scikit-image (public domain or CC0), mirrored to the size a scene needs; everything else is
drawn here. Lengths are given in the side of a model's native square, so that one table serves every family.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage import data

from bridge.fill import Region
from bridge.protocol.values import Box, Depth, Document

Pixels = NDArray[Any]
Floats = NDArray[np.float32]
Mask = NDArray[np.uint8]

FEATHER = 40
"""Width of the feathered scenes' soft edge, document pixels."""
RED = (0.80, 0.15, 0.10)


@dataclass(frozen=True)
class Scene:
    """One document with one selection.

    truth      (h, w, 3) of the document's depth: the document without the object. The canvas may be larger: then it
               repeats, so that a tiny selection in a huge document costs nothing
    picture    the same with an object that fills the selection to its very edge
    selection  None for the whole canvas
    mask       u8 of the selection box; None for all 255
    """

    name: str
    kind: str
    truth: Pixels
    picture: Pixels
    document: Document
    selection: Box | None
    mask: Mask | None

    @property
    def depth(self) -> Depth:
        """Depth of the document."""
        return self.document.depth

    @property
    def coverage(self) -> Mask:
        """Coverage in the selection box (the whole canvas where nothing is selected)."""
        box = self.selection or self.document.canvas
        return np.full((box.height, box.width), 255, np.uint8) if self.mask is None else self.mask

    def region(self, box: Box, hidden: bool = False) -> Region:
        """What a bridge that wants to see `box` is sent; `hidden`: of the truth behind the object."""
        pixels = see(self.truth if hidden else self.picture, box)
        return Region(self.document, box, pixels, self.selection, self.mask, None)


def see(pixels: Pixels, box: Box) -> Pixels:
    """The pixels of a box, repeating beyond the array's sides."""
    rows = np.arange(box.y, box.bottom) % pixels.shape[0]
    columns = np.arange(box.x, box.right) % pixels.shape[1]
    return pixels[rows[:, None], columns]


def to_depth(rgb: Pixels, depth: Depth) -> Pixels:
    """Float 0–1 at a document's depth."""
    if depth == "f32":
        return rgb.astype(np.float32)
    top, kind = (255, np.uint8) if depth == "u8" else (65535, np.uint16)
    return np.rint(np.clip(rgb, 0, 1).astype(np.float64) * top).astype(kind)


def to_float(pixels: Pixels) -> NDArray[np.float64]:
    """A document's pixels as 0–1."""
    top = {"uint8": 255.0, "uint16": 65535.0}.get(str(pixels.dtype), 1.0)
    return pixels.astype(np.float64) / top


# Pictures: functions of (height, width) that return float RGB 0–1


def photograph(name: str) -> Callable[[int, int], Floats]:
    """One of scikit-image's photographs, mirrored to the size asked for."""
    return lambda height, width: _mirrored(_photograph(name), height, width)


@functools.cache
def _photograph(name: str) -> Floats:
    pixels = getattr(data, name)()
    pixels = pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, 2)
    return to_float(pixels[..., :3]).astype(np.float32)


def _mirrored(pixels: Floats, height: int, width: int) -> Floats:
    def fold(length: int, period: int) -> NDArray[np.int64]:
        place = np.arange(length) % (2 * period)
        return np.minimum(place, 2 * period - 1 - place)

    return pixels[fold(height, pixels.shape[0])[:, None], fold(width, pixels.shape[1])]


def flat(*rgb: float) -> Callable[[int, int], Floats]:
    """One colour."""
    return lambda height, width: np.broadcast_to(np.float32(rgb), (height, width, 3)).copy()


def sky(height: int, width: int) -> Floats:
    """A smooth evening sky, darker above, with a glow to one side."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32) / max(height, width)
    glow = np.exp(-((x - 0.7) ** 2 + (y - 0.8) ** 2) / 0.3)[..., None]
    low, high, warm = np.float32((0.62, 0.74, 0.88)), np.float32((0.25, 0.42, 0.70)), np.float32((0.25, 0.12, -0.08))
    return np.clip(high + (low - high) * y[..., None] + warm * glow, 0, 1)


def texture(height: int, width: int) -> Floats:
    """Coloured noise over four octaves, like lichen."""
    rng = np.random.default_rng(7)
    rgb = np.full((height, width, 3), 0.45, np.float32)
    for octave in range(4):
        step = 2 << octave
        coarse = rng.normal(0, 0.035 * (octave + 1), (height // step + 2, width // step + 2, 3)).astype(np.float32)
        rgb += _linear(coarse, height, width, step)
    return np.clip(rgb, 0, 1)


def _linear(coarse: Floats, height: int, width: int, step: int) -> Floats:
    def along(length: int) -> tuple[NDArray[np.int64], Floats]:
        place = np.arange(length) / step
        return place.astype(int), (place % 1).astype(np.float32)

    (row, down), (column, right) = along(height), along(width)
    right = right[:, None]
    above = coarse[row][:, column] * (1 - right) + coarse[row][:, column + 1] * right
    below = coarse[row + 1][:, column] * (1 - right) + coarse[row + 1][:, column + 1] * right
    return above + (below - above) * down[:, None, None]


def line_art(height: int, width: int) -> Floats:
    """Dark anti-aliased strokes on white paper: circles and slanting lines."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    ink = np.zeros((height, width), np.float32)
    for cx, cy, radius in ((0.3, 0.3, 0.22), (0.55, 0.5, 0.3), (0.7, 0.75, 0.18), (0.2, 0.8, 0.12)):
        distance = np.abs(np.hypot(x - cx * width, y - cy * height) - radius * width)
        ink = np.maximum(ink, np.clip(2.2 - distance, 0, 1))
    slanting = np.abs((x * 0.6 + y * 0.8) % 97 - 48)
    ink = np.maximum(ink, np.clip(1.8 - slanting, 0, 1))
    return (1 - 0.88 * ink)[..., None] * np.ones(3, np.float32)


def text(height: int, width: int) -> Floats:
    """A scanned page of print."""
    return _mirrored(_photograph("page"), height, width)


# Selections: functions of (side, height, width) that return a box and its mask

Shape = Callable[[int, int, int], tuple[Box | None, Mask | None]]


def rectangle(side: int, height: int, width: int) -> tuple[Box, None]:
    """0.47 × 0.43 of the side, off centre: works near 1:1."""
    return Box(width // 3 + 5, height // 4 + 3, int(side * 0.47), int(side * 0.43)), None


def small(side: int, height: int, width: int) -> tuple[Box, None]:
    """A fifth of the side: zoomed in."""
    return Box(width // 2 + 3, height // 3 + 1, side // 5, side // 6), None


def lasso(side: int, height: int, width: int) -> tuple[Box, Mask]:
    """A blob with an anti-aliased edge."""
    return Box(width // 4 + 7, height // 4 + 5, int(side * 0.5), int(side * 0.5)), _blob(int(side * 0.5))


def feathered(side: int, height: int, width: int) -> tuple[Box, Mask]:
    """An ellipse with a linear feather of 40 px."""
    h, w = int(side * 0.45), int(side * 0.5)
    y, x = np.mgrid[0:h, 0:w]
    radius = np.hypot((y - h / 2 + 0.5) / (h / 2), (x - w / 2 + 0.5) / (w / 2))
    inside = (1 - radius) * min(h, w) / 2
    return Box(width // 3, height // 3, w, h), np.rint(np.clip(inside / FEATHER, 0, 1) * 255).astype(np.uint8)


def strip(side: int, height: int, width: int) -> tuple[Box, None]:
    """Longer than 1:2.5: worked in pieces along its length."""
    return Box(width // 20, height // 3, int(width * 0.9), int(side * 0.25)), None


def edge(side: int, height: int, width: int) -> tuple[Box, None]:
    """In the corner of the canvas."""
    return Box(width - int(side * 0.4), height - int(side * 0.45), int(side * 0.4), int(side * 0.45)), None


def border(side: int, height: int, width: int) -> tuple[Box, None]:
    """The whole left border of the canvas, as expand paints it."""
    return Box(0, 0, int(side * 0.3), height), None


def tiny(side: int, height: int, width: int) -> tuple[Box, None]:
    """A few pixels somewhere."""
    return Box(width // 2 + side // 3, height // 2 + side // 4, 18, 13), None


def parts(side: int, height: int, width: int) -> tuple[Box, Mask]:
    """Two blobs far apart."""
    size, h, w = int(side * 0.25), int(side * 0.8), int(side * 1.3)
    mask = np.zeros((h, w), np.uint8)
    mask[:size, :size] = mask[-size:, -size:] = _blob(size)
    return Box((width - w) // 2, (height - h) // 2, w, h), mask


def large(side: int, height: int, width: int) -> tuple[Box, Mask]:
    """More than the model's budget: two passes, the second in tiles."""
    size = min(height, width) - 40
    return Box(20, 20, size, size), _blob(size)


def whole(side: int, height: int, width: int) -> tuple[None, None]:
    """Nothing selected."""
    return None, None


def _blob(size: int) -> Mask:
    y, x = np.mgrid[0:size, 0:size] - (size - 1) / 2
    angle = np.arctan2(y, x)
    radius = size * (0.41 + 0.05 * np.sin(3 * angle + 0.4) + 0.03 * np.sin(5 * angle))
    return np.rint(np.clip(radius - np.hypot(y, x) + 0.5, 0, 1) * 255).astype(np.uint8)


# The table: picture, kind, selection, document in sides (height, width), depth

WHITE, GREY, BLUE = flat(1, 1, 1), flat(0.5, 0.5, 0.5), flat(0.20, 0.35, 0.75)
Row = tuple[str, Callable[[int, int], Floats], str, Shape, tuple[float, float], Depth]
TABLE: list[Row] = [
    ("astronaut", photograph("astronaut"), "photograph", rectangle, (1.4, 1.5), "u8"),
    ("sky", sky, "sky", lasso, (1.4, 1.5), "u8"),
    ("grey", GREY, "flat", lasso, (1.3, 1.3), "u8"),
    ("line art", line_art, "line art", lasso, (1.4, 1.4), "u8"),
    ("coffee", photograph("coffee"), "photograph", feathered, (1.3, 1.6), "u16"),
    ("cat", photograph("chelsea"), "photograph", small, (1.2, 1.5), "u8"),
    ("texture", texture, "texture", lasso, (1.4, 1.4), "u8"),
    ("white", WHITE, "flat", rectangle, (1.3, 1.3), "u8"),
    ("two parts", photograph("retina"), "photograph", parts, (1.6, 2.2), "u8"),
    ("sky strip", sky, "sky", strip, (1.0, 3.0), "u8"),
    ("tiny in huge", photograph("coffee"), "photograph", tiny, (8, 12), "u8"),
    ("blue", BLUE, "flat", feathered, (1.3, 1.3), "u16"),
    ("large", photograph("hubble_deep_field"), "photograph", large, (2.0, 2.0), "u8"),
    ("rocket at the edge", photograph("rocket"), "photograph", edge, (1.2, 1.6), "u8"),
    ("text", text, "text", rectangle, (1.3, 1.6), "u8"),
    ("sky at the edge", sky, "sky", edge, (1.2, 1.3), "u16"),
    ("gravel", photograph("gravel"), "photograph", lasso, (1.2, 1.2), "u8"),
    ("whole", photograph("astronaut"), "photograph", whole, (1, 1), "u8"),
    ("brick", photograph("brick"), "photograph", rectangle, (1.2, 1.2), "u16"),
    ("grass", photograph("grass"), "photograph", feathered, (1.2, 1.2), "u8"),
    ("rocket", photograph("rocket"), "photograph", lasso, (1.4, 1.6), "u16"),
    ("coffee border", photograph("coffee"), "photograph", border, (1.1, 1.6), "u8"),
    ("cat strip", photograph("chelsea"), "photograph", strip, (1.1, 3.0), "u8"),
    ("hubble", photograph("hubble_deep_field"), "photograph", small, (1.5, 1.7), "u16"),
    ("retina", photograph("retina"), "photograph", rectangle, (1.4, 1.4), "u8"),
    ("line art, small", line_art, "line art", small, (1.2, 1.2), "u8"),
    ("text, small", text, "text", small, (1.2, 1.5), "u8"),
    ("texture, rectangle", texture, "texture", rectangle, (1.3, 1.3), "u16"),
    ("sky, feathered", sky, "sky", feathered, (1.3, 1.3), "u8"),
    ("sky, small", sky, "sky", small, (1.1, 1.1), "u16"),
    ("grey, small", GREY, "flat", small, (1.1, 1.1), "u8"),
    ("white at the edge", WHITE, "flat", edge, (1.1, 1.1), "u8"),
    ("blue, lasso", BLUE, "flat", lasso, (1.3, 1.3), "u8"),
    ("white, tiny in huge", WHITE, "flat", tiny, (8, 12), "u8"),
    ("sky, large", sky, "sky", large, (2.0, 2.0), "u16"),
]
"""Sorted so that a few of the first show every kind and shape."""


def scenes(side: int, count: int | None = None) -> list[Scene]:
    """The scenes of the table (the first `count`) for a model whose native square has this side, pixels."""
    return [_scene(row, side) for row in TABLE[:count]]


@functools.cache
def _scene(row: Row, side: int) -> Scene:
    name, paint, kind, shape, (tall, wide), depth = row
    height, width = int(tall * side), int(wide * side)
    selection, mask = shape(side, height, width)
    held = (min(height, 2 * side), min(width, 3 * side))
    truth = paint(*held)
    document = Document(name.replace(" ", "-").replace(",", ""), width, height, 3, depth)
    scene = Scene(name, kind, to_depth(truth, depth), to_depth(truth, depth), document, selection, mask)
    if selection is not None:
        _put_object(scene, held)
    return scene


def _put_object(scene: Scene, held: tuple[int, int]) -> None:
    """Paint a loud pattern wherever coverage is full, to the very edge of the selection."""
    assert scene.selection is not None
    rows, columns = np.nonzero(scene.coverage == 255)
    y, x = rows + scene.selection.y, columns + scene.selection.x
    light = ((y // 6 + x // 6) % 2)[:, None]
    colour = np.where(light, np.float32((0.1, 0.85, 0.3)), np.float32((0.55, 0.05, 0.6)))
    scene.picture[y % held[0], x % held[1]] = to_depth(colour, scene.depth)
