"""Colour: document values to float and back, resampling, and the correction that hides an engine's colour shift.

Truth is known only on the *ring*, pixels that the engine had to reproduce. What differs there is carried smoothly into
the hole. Nothing is matched to statistics of the whole crop: such a transfer turns a red object on white paper grey.
Colours are float32 RGB, 0–1, sRGB-encoded; *levels* are 255ths.
"""

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bridge.membrane import extend
from bridge.protocol.values import Depth

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]
Indices = NDArray[np.intp]
Reals = NDArray[np.floating[Any]]

WHITE = {"u8": 255, "u16": 65535}
"""White at each whole-number depth."""
LEVEL = np.float32(1 / 255)
RING_CELLS = 8
"""Width of the ring, latent cells."""
RING_PIXELS = 256
"""Fewest pixels of ring that a correction is based on."""
ENOUGH = 100_000
"""Pixels of the ring that its statistics are taken from; of more, every so many."""
OUTLINE = 0.05
"""Least share of the outline that has to be seen."""
SMOOTHING = 24.0
"""Length over which differences on the ring are smoothed, pixels."""
TEXTURE = 64
"""Side of the blocks within which contrast is compared, pixels: a colour shift is level over so little."""
GAIN = (0.75, 1.33)
"""Limits of a gain in lightness."""
CHROMA_GAIN = (0.95, 1.33)
"""Limits of a gain in chroma: colour may be given back, and hardly taken away."""
EXPLAINED = 0.9
"""Least share of the ring's variance that a gain has to explain."""
CONTRAST = 10 * LEVEL
"""Least deviation of the ring above its noise for a gain."""
CHROMA_LOSS = 2.5
"""Most chroma, CIELAB units, that a correction takes from a colour that the ring does not show."""
UNLIKE = 0.1
"""How far beyond two deviations of the ring's colours one begins to count as not shown there; at twice that it does."""
BANDS = (2.0, 8.0, 14.0)
"""Distances from a rim, pixels, between which two bands lie on either side of it."""
ALONG = 32
"""Length along a rim over which the bands are averaged, pixels."""
TRACE = np.float32(0.03)
"""Least share of the window's pixels that have to lie in a band."""
STEP = 12 * LEVEL
"""Largest step across a rim that is taken for a fault of the fill."""
LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)
"""Weights of red, green and blue in lightness (ITU-R BT.709)."""
XYZ = np.array([[0.4340, 0.3762, 0.1898], [0.2127, 0.7151, 0.0722], [0.0178, 0.1095, 0.8727]], np.float32)
"""Linear sRGB to X, Y, Z over those of white, D65 (IEC 61966-2-1); rows sum to 1, so that greys have no chroma."""


class Correction(NamedTuple):
    """What `correct` did, for the timings.

    offset  mean over the ring of what was added, levels of red, green, blue
    gain    contrast applied to (lightness, chroma); None: none
    ring    pixels of the ring
    reason  why nothing was corrected; empty where it was
    """

    offset: tuple[float, float, float] = (0.0, 0.0, 0.0)
    gain: tuple[float, float] | None = None
    ring: int = 0
    reason: str = ""

    def to_map(self) -> dict[str, Any]:
        """Plain values."""
        gain = None if self.gain is None else list(self.gain)
        return {"offset": list(self.offset), "gain": gain, "ring": self.ring, "reason": self.reason}


def to_float(pixels: NDArray[Any], depth: Depth) -> Floats:
    """Document values of any shape as float32, 0–1; f32 is clipped, and what is not finite is 0 (see `finite`)."""
    if depth == "f32":
        return np.asarray(np.clip(np.where(np.isfinite(pixels), pixels, 0), 0, 1), np.float32)
    values: Floats = np.divide(pixels, WHITE[depth], dtype=np.float32)
    return values


def finite(pixels: NDArray[Any]) -> Bools:
    """bool (h, w): pixels of (h, w, c) whose values are all finite; where they are not, nothing is truth."""
    ok: Bools = np.isfinite(pixels).all(axis=-1)
    return ok


def to_depth(rgb: Floats, depth: Depth) -> NDArray[Any]:
    """Float values as values of a document's depth: clipped and rounded to the nearest; f32 stays as it is."""
    if depth == "f32":
        return rgb
    levels = np.clip(rgb, 0, 1)
    levels *= np.float32(WHITE[depth])
    return np.rint(levels, out=levels).astype(np.uint8 if depth == "u8" else np.uint16)


def resample(rgb: Floats, size: tuple[int, int]) -> Floats:
    """float32 (h, w) or (h, w, c) at `size` (width, height) by Lanczos, widened when shrinking; itself where it fits.

    Area means would be usual for shrinking: up and back by 5 to 60 % they keep 60–85 % of a photograph's finest detail,
    Lanczos 85–97 %. Linear: nothing is clipped, so values may leave their range a little on the way and come back.
    """
    if rgb.shape[1::-1] == tuple(size):
        return rgb
    resampled = np.empty((size[1], size[0], *rgb.shape[2:]), np.float32)
    channels, targets = (np.moveaxis(np.atleast_3d(pixels), -1, 0) for pixels in (rgb, resampled))
    for channel, target in zip(channels, targets, strict=True):
        layer = Image.fromarray(np.ascontiguousarray(channel, np.float32))
        target[:] = layer.resize((size[0], size[1]), Image.Resampling.LANCZOS)
    return resampled


def ring(d_pixels: Floats, cell: int, unknown: Bools, opaque: Bools) -> Bools:
    """bool (H, W): where truth is known: d = 0, at most eight latent cells away from d > 0, inside the canvas, opaque.

    All False where less than 5 % of the outline of d > 0 is seen from such pixels: whatever they say would be carried
    too far.
    """
    from scipy import ndimage

    painted = d_pixels[::cell, ::cell] > 0
    around = np.ones((3, 3), bool)
    near = ndimage.binary_dilation(painted, around, iterations=RING_CELLS) & ~painted
    truth: Bools = near.repeat(cell, 0).repeat(cell, 1) & ~unknown & opaque
    # The frame stands for what the crop does not show: an outline that runs along the crop's border is not seen.
    framed = np.pad(painted, 1)
    outline = ndimage.binary_dilation(framed, around) & ~framed
    seen = np.pad(truth.reshape(near.shape[0], cell, near.shape[1], cell).any(axis=(1, 3)), 1)
    if np.count_nonzero(outline & seen) < OUTLINE * np.count_nonzero(outline):
        return np.zeros_like(truth)
    return truth


def correct(original: Floats, painted: Floats, ring: Bools, free: Bools) -> tuple[Floats, Correction]:
    """`painted`, float32 (H, W, 3), without the colour shift that it shows against `original` on the `ring`.

    First a gain, where the ring has texture that says so, then an offset, smooth over the crop. `free` (H, W) is where
    no truth exists at all (beyond the canvas, transparent): it has no say in the offset. The result may leave 0–1 a
    little. Fewer than 256 pixels of ring: `painted` itself, and the reason.
    """
    pixels = int(np.count_nonzero(ring))
    if pixels < RING_PIXELS:
        reason = f"{pixels} pixels of kept picture around the selection, {RING_PIXELS} needed: colours left as painted"
        return painted, Correction(ring=pixels, reason=reason)
    rows, columns = np.nonzero(ring)
    truth, shifted = original[ring], painted[ring]
    some = slice(None, None, -(-pixels // ENOUGH))
    blocks = rows[some] // TEXTURE * (-(-ring.shape[1] // TEXTURE)) + columns[some] // TEXTURE
    gain = _gain(truth[some], shifted[some], blocks)
    pivot: Floats = shifted.mean(axis=0, dtype=np.float64).astype(np.float32)
    corrected = painted if gain is None else _contrasted(painted, gain, pivot)
    offset = extend(rows, columns, truth - corrected[ring], free, SMOOTHING)
    corrected = _chroma_kept(painted, corrected + offset, shifted[some])
    added = corrected[ring].mean(axis=0, dtype=np.float64) - pivot
    red, green, blue = (round(float(levels), 2) + 0.0 for levels in added / LEVEL)  # + 0.0: never −0.0
    return corrected, Correction((red, green, blue), gain, pixels)


def across_rim(document: Floats, filled: Floats, hole: Bools) -> Floats:
    """`filled`, float32 (H, W, 3), with its step in tone across the rim of `hole` spread smoothly into the hole.

    For an engine whose known pixels come back as they were, so that no ring says anything. On either side of the rim
    two bands, 2–8 and 8–14 px from it, are averaged over 32 px along it and drawn on to the rim in a straight line:
    where they miss each other the fill is off, by 12 levels at most. Where the `document` deviates by more than half of
    that, the step counts for less, and at 12 levels for nothing. Outside the hole `filled` is bit-identical.
    """
    from scipy import ndimage

    rows, columns = np.flatnonzero(hole.any(axis=1)), np.flatnonzero(hole.any(axis=0))
    if rows.size == 0 or hole.all():
        return filled
    margin = int(BANDS[-1]) + ALONG
    near = tuple(slice(max(0, at[0] - margin), at[-1] + margin + 1) for at in (rows, columns))
    hole = hole[near]
    inside, outside = ndimage.distance_transform_edt(hole), ndimage.distance_transform_edt(~hole)
    rim = np.nonzero(hole & (inside <= 1))
    truth, known, varies = _at_rim(document[near], outside, rim)
    fill, fills, _ = _at_rim(filled[near], inside, rim)
    trust = np.clip(2 - 2 * varies / STEP, 0, 1) * (known & fills)
    step = np.clip(truth - fill, -STEP, STEP) * trust[:, None]
    offset = extend(rim[0], rim[1], step, ~hole, ALONG / 2, trend=False)
    corrected = filled.copy()
    corrected[near][hole] = np.clip(filled[near][hole] + offset[hole], 0, 1)
    return corrected


def _at_rim(rgb: Floats, distance: Reals, rim: tuple[Indices, ...]) -> tuple[Reals, Bools, Reals]:
    """One side of a rim drawn on to the pixels `rim` (n): colours (n, 3), if there are any (n), their deviation (n).

    `distance` (H, W) is the distance to the other side, 0 there. A side too narrow for the farther band is level.
    """
    from scipy import ndimage

    def mean(pixels: Reals) -> Reals:
        along: Reals = ndimage.uniform_filter(pixels, ALONG, mode="constant")[rim]
        return along

    light = rgb @ LUMA
    colours, shares, deviations = [], [], []
    for low, high in pairwise(BANDS):
        band = ((distance > low) & (distance <= high)).astype(np.float32)
        share = mean(band)
        whole = np.maximum(share, TRACE)
        colours.append(np.stack([mean(channel * band) / whole for channel in np.moveaxis(rgb, -1, 0)], axis=-1))
        deviations.append(np.sqrt(np.maximum(0, mean(light * light * band) / whole - (colours[-1] @ LUMA) ** 2)))
        shares.append(share > TRACE)
    (near, far), (first, middle, last) = colours, BANDS
    onward = np.float32((first + middle) / (last - first))  # from the nearer band to the rim, in steps between bands
    slope = np.where(shares[1][:, None], near - far, np.float32(0))
    return near + onward * slope, shares[0], np.maximum(*deviations)


def _gain(truth: Floats, shifted: Floats, blocks: Indices) -> tuple[float, float] | None:
    """Gains of lightness and chroma from a ring's pixel pairs (n, 3), each 1 where the ring's texture does not say.

    Regressed within `blocks`, so that a shift that varies over the crop is not taken for contrast.
    """
    light, dark = truth @ LUMA, shifted @ LUMA
    lightness = _slope(light[:, None], dark[:, None], blocks, GAIN)
    chroma = _slope(truth - light[:, None], shifted - dark[:, None], blocks, CHROMA_GAIN)
    return None if lightness == chroma == 1.0 else (lightness, chroma)


def _slope(truth: Reals, shifted: Reals, blocks: Indices, limits: tuple[float, float]) -> float:
    """By what to multiply the deviations of `shifted` (n, c) from its blocks' means to get those of `truth`; 1 where
    that explains less than 90 % of the variance or the deviation is less than 10 levels above the noise.
    """
    truth, shifted = _deviations(truth, blocks), _deviations(shifted, blocks)
    variance, power = float(np.square(truth).mean()), float(np.square(shifted).mean())
    if power == 0 or variance == 0:
        return 1.0
    slope = float((truth * shifted).mean()) / power
    explained = slope * slope * power / variance
    noise = np.sqrt(max(0.0, 1 - explained) * variance)
    if slope <= 0 or explained < EXPLAINED or np.sqrt(variance) < CONTRAST + noise:
        return 1.0
    return round(float(np.clip(slope, *limits)), 4)


def _deviations(values: Reals, blocks: Indices) -> Reals:
    """Values (n, c) less the mean of their block."""
    count = np.maximum(np.bincount(blocks), 1)
    means = np.stack([np.bincount(blocks, channel) / count for channel in values.T], axis=-1)
    return values - means[blocks]


def _contrasted(painted: Floats, gain: tuple[float, float], pivot: Floats) -> Floats:
    """Lightness and chroma scaled about `pivot`, a colour: the ring's mean."""
    lightness, chroma = gain
    deviation = painted - pivot
    grey = (deviation @ LUMA)[..., None] * np.float32(lightness - chroma)
    return np.asarray(pivot + np.float32(chroma) * deviation + grey, np.float32)


def _chroma_kept(painted: Floats, corrected: Floats, shown: Floats) -> Floats:
    """`corrected`, save that a colour unlike those `shown` on the ring (n, 3) loses 2.5 units of chroma at most.

    An offset measured on flat blue says how blue is shifted; added to a red it would mostly make it duller. Such a
    colour takes only as much of the correction as leaves it its chroma.
    """
    spread = shown - (shown @ LUMA)[:, None]
    known, radius = spread.mean(axis=0), float(np.sqrt(spread.var(axis=0).sum()))
    unlike = painted - (painted @ LUMA)[..., None] - known
    foreign = np.clip((np.linalg.norm(unlike, axis=-1) - 2 * radius) / UNLIKE - 1, 0, 1)
    at = np.nonzero(foreign)
    before, after = _chroma(painted[at]), _chroma(corrected[at])
    excess = 1 - CHROMA_LOSS / np.maximum(before - after, CHROMA_LOSS)
    corrected[at] -= (foreign[at] * excess)[:, None] * (corrected[at] - painted[at])
    return corrected


def _chroma(rgb: Floats) -> Reals:
    """CIELAB chroma (n,) of sRGB colours (n, 3), D65."""
    rgb = np.clip(rgb, 0, 1)
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + np.float32(0.055)) / np.float32(1.055)) ** np.float32(2.4))
    f = linear @ XYZ.T
    f = np.where(f > 216 / 24389, np.cbrt(f), f * np.float32(24389 / 3132) + np.float32(4 / 29))
    chroma: Reals = np.hypot(500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2]))
    return chroma
