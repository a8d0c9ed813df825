"""The rim of a hole: what of the picture beside it is to be trusted, and how a fill is made to join it."""

import numpy as np

from bridge import colour
from bridge.engines import Bools, Floats
from bridge.membrane import extend

STAIN = 2
"""Width of the margin that may still show what is to be removed, pixels."""
STAINED = 4 * colour.LEVEL, np.float32(0.7)
"""It does where it is unlike the picture farther out by so much, and by so many of its standard deviations …"""
TOWARDS = 0.04, 0.67
"""… and by so much of the way to what the hole shows. More is taken for a structure that goes on into the hole, …"""
FOREIGN = 2
"""… unless what the hole shows is so many standard deviations from the picture around."""
STRETCH = 17
"""Length along the rim over which that is compared, pixels."""
FADE = 4
"""Width over which a fill is made to join the pixels along its rim; PatchMatch takes as much."""
BAND = 2.0, 10.0
"""Where the tone beside a hole is measured, pixels from it."""
ALONG = 21
"""Length over which tones are averaged, pixels."""
TONE = 12 * colour.LEVEL
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

    The rest of the margin is left alone: a fill that has to join the picture across a painted margin, which nobody
    sees, has half as large a seam again where it is seen.
    """
    from scipy import ndimage

    marked = np.zeros_like(hole)
    box = around(hole, 4 * STAIN + STRETCH)
    away = ndimage.distance_transform_cdt(~hole[box], "chessboard")
    away -= ndimage.distance_transform_cdt(hole[box], "chessboard")
    removed, margin, beyond = (
        ((away >= low) & (away <= high)).astype(np.float32)
        for low, high in ((-3 * STAIN, -STAIN), (1, STAIN), (2 * STAIN, 4 * STAIN))
    )
    far, varies = _tone(rgb[box], beyond, STRETCH)
    unlike, way = (_mean(rgb[box], band, STRETCH) - far for band in (margin, removed))
    share = (unlike * way).sum(axis=2) / np.maximum(np.square(way).sum(axis=2), TRACE)
    least, deviations = STAINED
    plainly = np.abs(unlike).max(axis=2) > np.maximum(least, deviations * varies)
    foreign = np.abs(way).max(axis=2) > FOREIGN * varies
    rests = (margin > 0) & plainly & (share > TOWARDS[0]) & ((share < TOWARDS[1]) | foreign)
    marked[box] = (margin > 0) & ndimage.binary_dilation(rests, np.ones((3, 3)))
    return marked


def faded(document: Floats, filled: Floats, hole: Bools) -> Floats:
    """The `document`, float32 (h, w, 3), with `filled` in its hole, which takes over what it misses at the rim.

    `filled` also has the pixels just outside the hole: how far they miss the document is faded out into the hole.
    """
    from scipy import ndimage

    result = np.where(hole[..., None], filled, document)
    box = around(hole, FADE + 1)
    rim = ndimage.binary_dilation(hole[box], np.ones((3, 3))) & ~hole[box]
    missed = document[box] - filled[box]
    depth = ndimage.distance_transform_cdt(hole[box], "chessboard")
    for d in range(1, FADE + 1):
        share = np.float32((FADE + 1 - d) / (FADE + 1))
        result[box][depth == d] += share * _mean(missed, rim.astype(np.float32), 2 * d + 1)[depth == d]
    return result


def toned(document: Floats, filled: Floats, hole: Bools) -> Floats:
    """`filled`, float32 (h, w, 3), which joins the `document` at the rim, with its tone inside drawn to it, too.

    Outside the hole nothing changes. The result may leave 0–1 a little.
    """
    from scipy import ndimage

    drawn = _levelled(document, colour.across_rim(document, filled, hole), hole)
    box = around(hole, 1)
    depth = ndimage.distance_transform_cdt(hole[box], "chessboard")
    kept = np.clip((FADE + 1 - depth) / np.float32(FADE), 0, 1).astype(np.float32)
    drawn[box] += (filled[box] - drawn[box]) * kept[..., None]
    return drawn


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
    rim = ndimage.distance_transform_cdt(inside, "chessboard") == 1
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
