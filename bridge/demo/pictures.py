"""Pictures of the demo: scenes made from others, what is counted in them, and film strips of how they came."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from bridge import files
from bridge.files import Mask, Pixels
from bridge.protocol.values import Box

Levels = NDArray[np.uint8]
"""Pixels or masks of 8 bit."""

VEIL = np.array([190, 84, 38], np.float32)
"""The colour of a selection laid over a picture."""
DIMMED = 0.55
"""How much light is left of a picture on which something else is shown."""
MARGIN = 20
"""Pixels beside a layer seen closely."""
PAPER, INK = (247, 244, 239), (74, 66, 58)
"""Colours of a film strip."""
CHECKED, CHECK = (222, 214, 202), 12
"""The darker squares where a canvas is empty, and their side in pixels."""
FEATHER = 0.2
"""How much of an oval's radius its soft edge takes."""
FRAME, GAP, CAPTION = 240, 12, 26
"""Height of a strip's frames, the space around them, and that of the words below, pixels."""


class Count(NamedTuple):
    """How many of how many values differ."""

    differ: int
    of: int


def outside(before: Pixels, after: Pixels, mask: Mask) -> Count:
    """Values of two pictures (h, w, c) that differ where `mask` (h, w) is 0."""
    return _differing(before, after, mask == 0)


def inside(before: Pixels, after: Pixels, mask: Mask) -> Count:
    """The same where `mask` is above 0."""
    return _differing(before, after, mask > 0)


def _differing(before: Pixels, after: Pixels, where: NDArray[np.bool_]) -> Count:
    if before.shape != after.shape or before.dtype != after.dtype:
        raise ValueError(f"{before.shape} of {before.dtype} cannot be compared with {after.shape} of {after.dtype}")
    return Count(int(np.count_nonzero(before[where] != after[where])), int(before[where].size))


def tones(pixels: Pixels) -> int:
    """How many different values a picture has."""
    return len(np.unique(pixels))


def enlarged(file: files.PictureFile, times: int) -> files.PictureFile:
    """A file's picture, so many times wider and higher."""
    size = file.canvas.width * times, file.canvas.height * times
    return replace(file, original=np.asarray(Image.fromarray(file.original).resize(size, Image.Resampling.LANCZOS)))


def deepened(file: files.PictureFile) -> files.PictureFile:
    """An 8-bit picture at 16 bit, with true values between the steps: gradients smoothed within a step, and a little
    noise, the same each time."""
    from scipy import ndimage

    steps = file.original.astype(np.float32) * 257
    smooth = ndimage.gaussian_filter(steps, (1.5, 1.5, 0))
    noise = np.random.default_rng(16).normal(0, 24, steps.shape)
    deep = steps + np.clip(smooth - steps, -128, 128) + noise
    return replace(file, original=np.clip(np.rint(deep), 0, 65535).astype(np.uint16))


def eight(pixels: Pixels) -> Levels:
    """Pixels of 8 or 16 bit, at 8 bit."""
    return np.rint(pixels / 257).astype(np.uint8) if pixels.dtype == np.uint16 else pixels.astype(np.uint8, copy=False)


def laid(file: files.PictureFile, layer: files.Layer) -> Levels:
    """RGB (h, w, 3): a file with a layer over it, as a screen shows it."""
    screen = replace(file, original=eight(file.pixels), icc=None)
    return eight(files.composite(screen, [layer._replace(picture=eight(layer.picture))]))


def seen(rgb: Levels, box: Box, preview: Levels) -> Levels:
    """RGB (h, w, 3) with a preview of a box in its place."""
    x, y, width, height = box
    whole = rgb.copy()
    whole[y : y + height, x : x + width] = resized(preview, width, height)
    return whole


def bared(rgb: Levels, content: Box) -> Levels:
    """RGB (h, w, 3) with a checkerboard wherever it has nothing to show."""
    y, x = np.ogrid[: rgb.shape[0], : rgb.shape[1]]
    dark = (y // CHECK + x // CHECK) % 2 == 1
    board = np.where(dark[..., None], CHECKED, PAPER).astype(np.uint8)
    window = slice(content.y, content.bottom), slice(content.x, content.right)
    board[window] = rgb[window]
    return board


def veiled(rgb: Levels, mask: Levels) -> Levels:
    """RGB (h, w, 3) with its selection (h, w) in a colour, as editors show it."""
    share = mask[..., None] / np.float32(255) * np.float32(0.65)
    return np.rint(rgb * (1 - share) + VEIL * share).astype(np.uint8)


def changed(before: files.PictureFile, after: files.PictureFile) -> Levels:
    """RGB (h, w, 3): the picture, dark and grey, with every pixel in colour of which a value differs."""
    grey = eight(before.pixels)[..., :3].mean(axis=2, keepdims=True) * DIMMED
    differ = (before.original != after.original).any(axis=2, keepdims=True)
    return np.where(differ, VEIL, grey).astype(np.uint8)


def foot(file: files.PictureFile, layer: files.Layer) -> Levels:
    """RGB (h, w, 3), square: the lower end of a layer over its picture, with what is around it."""
    x, y, width, height = layer.box
    side = width + 2 * MARGIN
    around = Box(x - MARGIN, y + height + MARGIN // 2 - side, side, side).intersect(file.canvas)
    return laid(file, layer)[around.y : around.bottom, around.x : around.right]


def near(rgb: Levels, box: Box) -> Levels:
    """RGB (h, w, 3): a box of a picture, with what is around it."""
    top, left = max(0, box.y - MARGIN), max(0, box.x - MARGIN)
    return rgb[top : box.bottom + MARGIN, left : box.right + MARGIN]


def oval(box: Box, width: int, height: int) -> Levels:
    """A mask (h, w) that is white inside the oval of a box and goes out softly at its edge."""
    y, x = np.mgrid[:height, :width] + 0.5
    across, down = box.width / 2, box.height / 2
    out = np.hypot((x - box.x - across) / across, (y - box.y - down) / down)
    return np.asarray(np.rint(np.clip((1 - out) / FEATHER, 0, 1) * 255), np.uint8)


def resized(pixels: Levels, width: int, height: int) -> Levels:
    """RGB (h, w, 3) or one channel (h, w), u8, at another size."""
    if pixels.shape[:2] == (height, width):
        return pixels
    return np.asarray(Image.fromarray(pixels).resize((width, height), Image.Resampling.LANCZOS))


def strip(frames: Sequence[tuple[str, Levels]]) -> Levels:
    """A film strip (h, w, 3): pictures side by side, equally high, each with its words below."""
    sized = [(words, _framed(rgb)) for words, rgb in frames]
    width = GAP + sum(picture.width + GAP for _, picture in sized)
    film = Image.new("RGB", (width, FRAME + 2 * GAP + CAPTION), PAPER)
    draw, font = ImageDraw.Draw(film), ImageFont.load_default(14)
    x = GAP
    for words, picture in sized:
        film.paste(picture, (x, GAP))
        draw.text((x, GAP + FRAME + CAPTION // 2), words, INK, font, anchor="lm")
        x += picture.width + GAP
    return np.asarray(film)


def _framed(rgb: Levels) -> Image.Image:
    height, width = rgb.shape[:2]
    return Image.fromarray(resized(rgb, round(width * FRAME / height), FRAME))
