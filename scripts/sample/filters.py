"""What the sample checkpoint is taught: eight looks, each a filter of a picture; damage, which it learns to take away.

Every filter is a function of a pixel and its near surroundings, float32 (H, W, 3), 0–1, to the same: none knows where
on the canvas it is, so that the crop of a result is the result of the crop.
"""

import io
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

Floats = NDArray[np.float32]

LUMA = np.array([0.299, 0.587, 0.114], np.float32)
"""Brightness of R, G, B. Source: ITU-R BT.601."""


def luma(rgb: Floats) -> Floats:
    """Brightness (H, W), 0–1."""
    return np.asarray(rgb @ LUMA, np.float32)


def blurred(values: Floats, sigma: float) -> Floats:
    """Gaussian of `sigma` px over rows and columns."""
    axes = (sigma, sigma) + (0,) * (values.ndim - 2)
    return np.asarray(ndimage.gaussian_filter(values, axes, mode="reflect"), np.float32)


def night(rgb: Floats) -> Floats:
    """Dark, blue, half its colour gone."""
    faded = rgb + 0.45 * (luma(rgb)[..., None] - rgb)
    return _clipped(faded**1.35 * np.array([0.34, 0.46, 0.78], np.float32) + np.array([0.0, 0.01, 0.045], np.float32))


def autumn(rgb: Floats) -> Floats:
    """What is green turns orange, all of it warmer."""
    green = np.clip(rgb[..., 1] - 0.5 * (rgb[..., 0] + rgb[..., 2]), 0, 1)[..., None]
    turned = rgb + green * np.array([1.2, -0.4, -0.5], np.float32)
    return _clipped(turned * np.array([1.16, 0.88, 0.56], np.float32) + np.array([0.05, 0.01, 0.0], np.float32))


def vintage(rgb: Floats) -> Floats:
    """A brown, faded print."""
    return _clipped(0.13 + 0.8 * luma(rgb)[..., None] * np.array([1.08, 0.89, 0.63], np.float32))


def blueprint(rgb: Floats) -> Floats:
    """White lines where brightness changes, on blue paper."""
    line = _edges(rgb, 1.0, 9.0)[..., None]
    paper = np.array([0.06, 0.2, 0.5], np.float32) * (0.75 + 0.4 * blurred(luma(rgb), 1.5)[..., None])
    return _clipped(paper + line * (np.array([0.9, 0.95, 1.0], np.float32) - paper))


def ink(rgb: Floats) -> Floats:
    """Dark lines and filled shadows on white paper, a soft form of the extended difference of Gaussians.

    Source: Winnemöller, *XDoG: Advanced Image Stylization with eXtended Difference-of-Gaussians* (2011).
    """
    y = luma(rgb)
    fine, broad = blurred(y, 1.0), blurred(y, 2.2)
    line = _step(broad - fine, 0.04, 0.025)
    shadow = _step(0.3 - broad, 0.0, 0.1)
    dark = 1 - (1 - 0.9 * line) * (1 - 0.8 * shadow)
    return _clipped(np.array([0.97, 0.96, 0.92], np.float32) * (1 - dark[..., None]) + 0.06 * dark[..., None])


def watercolour(rgb: Floats) -> Floats:
    """Flat pale washes that end in a darker rim."""
    wash = _clipped(_smoothed(rgb, 4, 0.01))
    pale = 1 - (1 - wash) ** 1.5 * np.float32(0.92)
    rim = _edges(wash, 1.2, 6.0)[..., None]
    return _clipped(pale * (1 - 0.4 * rim))


def oil(rgb: Floats) -> Floats:
    """Strokes of one colour each, colours richer.

    Each pixel takes the mean of the calmest of the four squares that it is a corner of. Source: Kuwahara et al. (1976).
    """
    radius = 3
    side = radius + 1
    y = luma(rgb)
    mean = ndimage.uniform_filter(rgb, (side, side, 0), mode="reflect")
    spread = ndimage.uniform_filter(y * y, side, mode="reflect") - ndimage.uniform_filter(y, side, mode="reflect") ** 2
    total, weights = np.zeros_like(rgb), np.zeros_like(y)
    for dy in (-radius // 2, radius - radius // 2 - 1):
        for dx in (-radius // 2, radius - radius // 2 - 1):
            near = ndimage.shift(spread, (dy, dx), order=0, mode="nearest")
            weight = (np.maximum(near, 0) + 1e-4) ** -3.0 * 1e-12
            total += weight[..., None] * ndimage.shift(mean, (dy, dx, 0), order=0, mode="nearest")
            weights += weight
    stroke = total / weights[..., None]
    grey = luma(stroke)[..., None]
    rich = grey + 1.6 * (stroke - grey)
    return _clipped(rich + 0.35 * (rich - 0.45))


def poster(rgb: Floats) -> Floats:
    """Screen print in four inks: navy, red, ochre, cream."""
    y = blurred(luma(rgb), 1.2)
    inks = np.array([[0.08, 0.14, 0.3], [0.78, 0.22, 0.18], [0.9, 0.66, 0.32], [0.98, 0.93, 0.78]], np.float32)
    print_ = np.broadcast_to(inks[0], rgb.shape)
    for level, tone in zip((0.25, 0.48, 0.7), inks[1:], strict=True):
        print_ = print_ + _step(y, level, 0.09)[..., None] * (tone - print_)
    return _clipped(print_)


STYLES: dict[str, Callable[[Floats], Floats]] = {
    "night": night,
    "autumn": autumn,
    "vintage": vintage,
    "blueprint": blueprint,
    "ink drawing": ink,
    "watercolour": watercolour,
    "oil painting": oil,
    "poster": poster,
}
"""The looks by the words that ask for them."""
RESTORE, PHOTO = "restore", "photo"
"""Takes damage away; leaves the picture alone."""
WORDS = (*STYLES, RESTORE, PHOTO)
"""All that it is taught."""


def damaged(rgb: Floats, rng: np.random.Generator) -> Floats:
    """With noise, blur, the blocks of a coarse JPEG and scratches: what `restore` takes away."""
    hurt = blurred(rgb, float(rng.uniform(0.3, 1.0)))
    for _ in range(max(1, hurt.shape[0] * hurt.shape[1] // 30_000)):
        _scratch(hurt, rng)
    hurt = hurt + rng.normal(0, rng.uniform(0.04, 0.1), hurt.shape).astype(np.float32)
    file = io.BytesIO()
    quality = int(rng.integers(25, 60))
    Image.fromarray((np.clip(hurt, 0, 1) * 255 + 0.5).astype(np.uint8)).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file), np.float32) / np.float32(255)


def _scratch(rgb: Floats, rng: np.random.Generator) -> None:
    """A bright line, nearly upright, one to two pixels wide, drawn into the picture."""
    height, width = rgb.shape[:2]
    rows = np.arange(int(rng.uniform(0.2, 0.8) * height)) + int(rng.uniform(0, 0.2) * height)
    middle = rng.uniform(0, width) + rng.uniform(-0.15, 0.15) * rows + 1.5 * np.sin(rows / 23)
    for wide in range(int(rng.integers(1, 3))):
        columns = np.rint(middle).astype(int) + wide
        inside = (columns >= 0) & (columns < width)
        rgb[rows[inside], columns[inside]] = 0.35 * rgb[rows[inside], columns[inside]] + 0.65


def _edges(rgb: Floats, sigma: float, gain: float) -> Floats:
    """How much brightness changes, (H, W), 0–1."""
    soft = blurred(luma(rgb), sigma)
    steep = np.hypot(ndimage.sobel(soft, 0, mode="reflect"), ndimage.sobel(soft, 1, mode="reflect")) / 8
    return np.asarray(1 - np.exp(-gain * np.maximum(steep - 0.006, 0) * 2), np.float32)


def _step(values: Floats, at: float, width: float) -> Floats:
    """0 well below `at`, 1 well above it."""
    return np.asarray(0.5 + 0.5 * np.tanh((values - at) / width), np.float32)


def _smoothed(rgb: Floats, radius: int, eps: float) -> Floats:
    """Smooth but for edges. Source: He et al., *Guided Image Filtering* (2010), the picture's brightness as guide."""
    side = 2 * radius + 1
    guide = luma(rgb)
    mean = ndimage.uniform_filter(guide, side, mode="reflect")
    variance = ndimage.uniform_filter(guide * guide, side, mode="reflect") - mean**2
    found = np.empty_like(rgb)
    for c in range(3):
        channel = rgb[..., c]
        level = ndimage.uniform_filter(channel, side, mode="reflect")
        slope = (ndimage.uniform_filter(guide * channel, side, mode="reflect") - mean * level) / (variance + eps)
        offset = level - slope * mean
        found[..., c] = ndimage.uniform_filter(slope, side, mode="reflect") * guide
        found[..., c] += ndimage.uniform_filter(offset, side, mode="reflect")
    return found


def _clipped(rgb: NDArray[np.floating]) -> Floats:
    return np.clip(rgb, 0, 1).astype(np.float32)
