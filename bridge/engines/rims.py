"""The rim of a hole: what of the picture beside it is to be trusted, and how a fill is made to join it."""

import numpy as np

from bridge import colour
from bridge.engines import Bools, Floats
from bridge.membrane import extend

LEVEL = np.float32(1 / 255)
STAIN = 2
"""Width of the margin that may still show what is to be removed, pixels."""
STAINED = 4 * LEVEL, np.float32(0.7)
"""It does where it is unlike the picture farther out by so much, and by so many of its standard deviations."""
STRETCH = 17
"""Length along the rim over which that is compared, pixels."""
FADE = 4
"""Width over which a fill takes over the colours along its rim, pixels."""
BAND = 2.0, 10.0
"""Where the tone beside a hole is measured, pixels from it."""
ALONG = 21
"""Length over which tones are averaged, pixels."""
TONE = 12 * LEVEL
"""Largest error of tone that is corrected. Where the picture varies by half of that, the error counts for less."""
TRACE = np.float32(1e-6)
"""Less than any pixel counts in a mean."""
UNEVEN = 0.5
"""How much of the rim's own unevenness an error of tone has to exceed."""
SMOOTH = 1 / 3
"""Least share of the rim where the picture has to be smooth."""


def around(hole: Bools, margin: int) -> tuple[slice, slice]:
    """Rows and columns of the bounding box of `hole` (h, w), with a margin in pixels."""
    rows, columns = np.flatnonzero(hole.any(axis=1)), np.flatnonzero(hole.any(axis=0))
    top, left = max(0, int(rows[0]) - margin), max(0, int(columns[0]) - margin)
    return slice(top, int(rows[-1]) + margin + 1), slice(left, int(columns[-1]) + margin + 1)


def stained(rgb: Floats, hole: Bools) -> Bools:
    """bool (h, w): pixels beside the hole that still show what is to be removed: neither to be continued nor copied.

    Where the margin looks like the picture farther out it is left alone: a fill that has to join that picture across a
    painted margin, which nobody sees, has half as large a seam again where it is seen.
    """
    from scipy import ndimage

    marked = np.zeros_like(hole)
    box = around(hole, 4 * STAIN + STRETCH)
    away = ndimage.distance_transform_cdt(~hole[box], "chessboard")
    margin = ((away > 0) & (away <= STAIN)).astype(np.float32)
    beyond = ((away >= 2 * STAIN) & (away <= 4 * STAIN)).astype(np.float32)
    near, _ = _tone(rgb[box], margin, STRETCH)
    far, varies = _tone(rgb[box], beyond, STRETCH)
    least, deviations = STAINED
    unlike = np.abs(near - far).max(axis=2) > np.maximum(least, deviations * varies)
    marked[box] = unlike & (margin > 0)
    return marked


def faded(filled: Floats, hole: Bools) -> Floats:
    """`filled`, float32 (h, w, 3), with the step between the outermost pixels on either side of the rim faded out."""
    result = filled.copy()
    box = around(hole, 2 * FADE + 1)
    inside, rim, fall = hole[box].astype(np.float32), *_fall(hole[box])
    step = _mean(filled[box], 1 - inside, 3) - _mean(filled[box], inside, 3)
    result[box] += fall[..., None] * _mean(step, rim, 2 * FADE + 1)
    return result


def toned(document: Floats, filled: Floats, hole: Bools) -> Floats:
    """`filled`, float32 (h, w, 3), which joins the `document` at the rim, with its tone inside drawn to it, too.

    Outside the hole nothing changes. The result may leave 0–1 a little.
    """
    box = around(hole, ALONG)
    corrected = _levelled(document, colour.across_rim(document, filled, hole), hole)
    _, fall = _fall(hole[box])
    result = filled.copy()
    result[box] += (corrected[box] - filled[box]) * (1 - fall)[..., None]
    return result


def _levelled(document: Floats, filled: Floats, hole: Bools) -> Floats:
    """`filled` without the slow error that PatchMatch builds up towards the middle of a hole in a smooth gradient.

    Such a hole should have the tone that a membrane through the tones along its rim has. Of the difference counts what
    exceeds the rim's own deviation from a plane (clouds stay), if it is small and the fill is as smooth as the rim.
    """
    from scipy import ndimage

    box = around(hole, int(BAND[1]) + ALONG)
    inside = hole[box]
    away = ndimage.distance_transform_edt(~inside)
    band = ((away > BAND[0]) & (away <= BAND[1])).astype(np.float32)
    beside, varies = _tone(document[box], band, ALONG)
    rim = _fall(inside)[0] > 0
    seen = ndimage.uniform_filter(band, ALONG, mode="constant") > TRACE
    smooth = rim & seen & (varies < TONE / 2)
    if np.count_nonzero(smooth) < SMOOTH * np.count_nonzero(rim):
        return filled
    along, (rows, columns) = beside[smooth], np.nonzero(smooth)
    plane = np.stack([np.ones(rows.size), rows, columns], axis=1)
    uneven = np.sqrt(np.square(along - plane @ np.linalg.lstsq(plane, along)[0]).mean(axis=0)).max()
    wanted = extend(rows, columns, along, ~inside, ALONG / 2, trend=False)
    # Outside there is no error: so it ends at the rim, where `across_rim` has seen to the tone.
    error = ndimage.uniform_filter((wanted - filled[box]) * inside[..., None], (ALONG, ALONG, 1), mode="nearest")
    _, rough = _tone(filled[box], inside.astype(np.float32), ALONG)
    size = np.abs(error).max(axis=2)
    counts = np.clip(1 - UNEVEN * uneven / np.maximum(size, TRACE), 0, 1)
    counts *= np.clip(2 - size / TONE, 0, 1) * np.clip(2 - 2 * rough / TONE, 0, 1) * inside
    levelled = filled.copy()
    levelled[box] += error * counts[..., None].astype(np.float32)
    return levelled


def _fall(hole: Bools) -> tuple[Floats, Floats]:
    """float32 (h, w), 0–1: the outermost pixels of the hole; what falls off from there over `FADE` pixels."""
    from scipy import ndimage

    depth = ndimage.distance_transform_cdt(hole, "chessboard")
    fall = np.where(hole, np.clip((FADE + 1 - depth) / FADE, 0, 1), 0)
    return (depth == 1).astype(np.float32), fall.astype(np.float32)


def _tone(rgb: Floats, where: Floats, length: int) -> tuple[Floats, Floats]:
    """Means (h, w, 3) of squares of side `length`, of the pixels `where` is 1 (0: none), and their deviation (h, w)."""
    mean = _mean(rgb, where, length)
    variance = _mean(rgb * rgb, where, length) - mean * mean
    deviation: Floats = np.sqrt(np.maximum(0, variance).mean(axis=2))
    return mean, deviation


def _mean(values: Floats, where: Floats, length: int) -> Floats:
    from scipy import ndimage

    sums = ndimage.uniform_filter(values * where[..., None], (length, length, 1), mode="constant")
    share = ndimage.uniform_filter(where, length, mode="constant")
    means: Floats = sums / np.maximum(share, TRACE)[..., None]
    return means
