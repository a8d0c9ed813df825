"""From what the artist selected to what is sent back and what is repainted: coverage, layer mask, denoise map.

Masks are uint8 (h, w) at document resolution, 255 = repaint, unless a docstring says otherwise. Nothing here shrinks or
blurs a mask inwards: that leaves a ghost of what was there before.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bridge.protocol.values import Box

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]

GAP = 8
"""Parts of a selection that lie nearer than this to each other, in pixels, are one part. Eight: a 64-bit word."""
PARTS = 16
"""Most parts that a survey tells apart; where there are more, wider gaps join."""
ROWS = 16
"""Rows that are worked on at a time, so that they stay in the processor's cache."""


class Survey(NamedTuple):
    """Where a selection covers anything, in document pixels.

    bounds  the smallest box of coverage > 0; None where there is none
    parts   bounding boxes of the disjoint parts, in reading order of their first pixel rows; they do not overlap
    """

    bounds: Box | None
    parts: tuple[Box, ...]


def survey(mask: Bytes, box: Box) -> Survey:
    """Bounds and disjoint parts of `mask`, the coverage of `box`.

    Bounds are exact to the pixel. Gaps under 8 px join and gaps from 16 px part; between, it depends on where they lie.
    Beyond 16 parts the limits double until 16 or fewer are left. Needs an eighth of the mask's memory.
    """
    assert mask.shape == (box.height, box.width), f"mask {mask.shape} of box {box}"
    from scipy import ndimage  # here, not above: the bridge process must start in well under a second

    occupied, cell = _occupied(mask), GAP
    labels, count = ndimage.label(occupied, np.ones((3, 3)))
    while count > PARTS:
        occupied, cell = _pooled(np.pad(occupied, [(0, side % 2) for side in occupied.shape]), 2, np.max), cell * 2
        labels, count = ndimage.label(occupied, np.ones((3, 3)))
    parts: list[Box] = []
    for number in range(1, count + 1):
        part = _tight(mask, labels == number, cell).moved(box.x, box.y)
        while overlapping := [other for other in parts if not other.intersect(part).empty]:
            for other in overlapping:
                parts.remove(other)
                part = part.union(other)
        parts.append(part)
    parts.sort(key=lambda part: (part.y, part.x))
    bounds = None
    for part in parts:
        bounds = part if bounds is None else bounds.union(part)
    return Survey(bounds, tuple(parts))


def place(mask: Bytes | None, selection: Box, box: Box) -> Bytes:
    """Coverage of `box`: the values of `mask` (255 where it is None) inside `selection`, 0 elsewhere."""
    assert mask is None or mask.shape == (selection.height, selection.width), "a mask has the size of its selection"
    coverage = np.zeros((box.height, box.width), np.uint8)
    common = selection.intersect(box)
    coverage[_slices(common.moved(-box.x, -box.y))] = (
        255 if mask is None else mask[_slices(common.moved(-selection.x, -selection.y))]
    )
    return coverage


def uncovered(content: Box | None, box: Box, alpha: NDArray[Any] | None = None) -> Bytes:
    """What `expand` fills where nothing is selected: 255 outside `content`, and 255 − alpha within it.

    `alpha` is (h, w) of the box: u8, u16, or float 0–1 (what is not a number counts as transparent); None: opaque.
    Without `content` all of the box counts as content.
    """
    inside = box if content is None else content.intersect(box)
    coverage = np.full((box.height, box.width), 255, np.uint8)
    here = _slices(inside.moved(-box.x, -box.y))
    if alpha is None:
        coverage[here] = 0
    else:
        assert alpha.shape == coverage.shape, f"alpha {alpha.shape} of box {box}"
        white = np.iinfo(alpha.dtype).max if alpha.dtype.kind == "u" else 1.0
        opacity = np.nan_to_num(alpha[here].astype(np.float32) / np.float32(white), nan=0.0)
        coverage[here] = 255 - np.rint(np.clip(opacity, 0, 1) * 255).astype(np.uint8)
    return coverage


def layer_mask(coverage: Bytes, blend: int) -> Bytes:
    """The layer's mask: `coverage` value for value at `blend` 0, else grown outward by `blend` pixels.

    A hard edge falls in a straight line to 0 at `blend` + 1 px. A soft one widens as blurs do: a feather of f px
    becomes one of √(f² + blend²). No value is ever lowered, and what was 255 ends where it did.
    """
    if blend <= 0 or not coverage.any():
        return coverage
    rows, columns = np.flatnonzero(coverage.any(1)), np.flatnonzero(coverage.any(0))
    near = tuple(slice(max(0, at[0] - blend), at[-1] + blend + 1) for at in (rows, columns))
    mask = coverage.copy()
    grown = np.rint(_grown(np.divide(coverage[near], 255, dtype=np.float32), blend + 1.0) * 255)
    np.maximum(mask[near], grown.astype(np.uint8), out=mask[near])
    return mask


def denoise_map(coverage: Floats, blend: float, cell: int) -> Floats:
    """How much each latent cell is repainted: float32 (H / cell, W / cell), 0–1.

    `coverage` is float32 (H, W), 0–1, at working size, sides multiples of `cell`; `blend` is the blend width in
    working pixels. At blend 0 a cell has the maximum of its own pixels and nothing beyond: what is repainted outside
    the layer mask is cut off at its edge, and the cut shows. With a blend width the map falls off inside the layer
    mask's support, so that the outer rim of the layer, a pixel at least, is kept picture; 1 wherever the coverage is.
    """
    assert coverage.shape[0] % cell == 0 and coverage.shape[1] % cell == 0, f"{coverage.shape} in cells of {cell}"
    inner = _pooled(coverage, cell, np.max)
    if blend <= 1:
        return inner
    falling: Floats = np.maximum(inner, _pooled(_grown(coverage, blend), cell, np.min))
    return falling


def upsample_cells(d: Floats, cell: int) -> Floats:
    """Each latent cell's value on all of its pixels: float32 (H, W)."""
    return d.repeat(cell, axis=0).repeat(cell, axis=1)


def bleed(rgb: Floats, alpha: Floats) -> Floats:
    """float32 (H, W, 3) with the colours extended under wholly transparent pixels (`alpha`, (H, W), 0).

    What lies under them is arbitrary and must reach neither an engine nor a statistic.
    """
    visible = alpha > 0
    return rgb if visible.all() else push_pull(rgb, visible)


def push_pull(rgb: Floats, known: Bools) -> Floats:
    """float32 (H, W, 3): what is not `known` filled smoothly from what is; known pixels are bit-identical.

    A pyramid of halved sizes: averages of the known are pushed up until everything is covered, then pulled down into
    the gaps (Gortler et al., The Lumigraph, 1996). Mid-grey where nothing is known.
    """
    filled = _pulled(np.where(known[..., None], rgb, np.float32(0)), known.astype(np.float32)[..., None])
    return np.where(known[..., None], rgb, filled)


def _pulled(colour: Floats, weight: Floats) -> Floats:
    """One level of `push_pull`: colour, multiplied by its weight (0–1), completed from the level above."""
    height, width = weight.shape[:2]
    if height == width == 1:
        return colour / weight if weight.any() else np.full_like(colour, 0.5)
    odd = ((0, height % 2), (0, width % 2), (0, 0))
    above = _pulled(_halved(np.pad(colour, odd)), _halved(np.pad(weight, odd)))
    return colour + (1 - weight) * _doubled(_doubled(above, 0), 1)[:height, :width]


def _halved(levels: Floats) -> Floats:
    """Means of 2 × 2 pixels; a side of one pixel is padded by its absence, so that the weights stay true."""
    return 0.25 * (levels[::2, ::2] + levels[1::2, ::2] + levels[::2, 1::2] + levels[1::2, 1::2])


def _doubled(levels: Floats, axis: int) -> Floats:
    """Twice as many pixels along `axis`, linearly interpolated, edges repeated."""
    levels = levels.swapaxes(0, axis)
    near = 0.75 * levels
    doubled = np.repeat(near, 2, axis=0)
    doubled[2::2] += 0.25 * levels[:-1]
    doubled[1:-1:2] += 0.25 * levels[1:]
    doubled[0] += 0.25 * levels[0]
    doubled[-1] += 0.25 * levels[-1]
    return doubled.swapaxes(0, axis)


def _grown(mask: Floats, reach: float) -> Floats:
    """`mask`, 0–1, grown outward: 1 − min over y of √((1 − mask(y))² + |x − y|² / reach²).

    On a hard mask this is the tent 1 − distance / reach, the same in every direction. Squared, it parts into one pass
    along the rows and one along the columns, which a tent itself does not.
    """
    cost = _lowered(_lowered(np.square(1 - mask), reach).T, reach).T
    return 1 - np.sqrt(cost)


def _lowered(cost: Floats, reach: float) -> Floats:
    """Along each row: min over k of cost(x + k) + (k / reach)²."""
    lowest = np.array(cost, order="C")
    for top in range(0, len(cost), ROWS):
        here, low = np.ascontiguousarray(cost[top : top + ROWS]), lowest[top : top + ROWS]
        for k in range(1, min(math.ceil(reach), cost.shape[1])):
            raised = here + np.float32((k / reach) ** 2)
            np.minimum(low[:, k:], raised[:, :-k], out=low[:, k:])
            np.minimum(low[:, :-k], raised[:, k:], out=low[:, :-k])
    return lowest


def _pooled(pixels: NDArray[Any], cell: int, by: Callable[..., Any]) -> NDArray[Any]:
    """One value for each `cell` × `cell` pixels: their maximum, minimum, …"""
    height, width = pixels.shape
    pooled: NDArray[Any] = by(pixels.reshape(height // cell, cell, width // cell, cell), axis=(1, 3))
    return pooled


def _occupied(mask: Bytes) -> Bools:
    """True for each 8 × 8 pixels that hold any coverage; cells at the right and bottom may be cut."""
    rows = np.zeros((-(-mask.shape[0] // GAP), -(-mask.shape[1] // GAP) * GAP), np.uint8)
    for row in range(min(GAP, mask.shape[0])):
        lines = mask[row::GAP]
        rows[: len(lines), : mask.shape[1]] |= lines
    occupied: Bools = rows.view(np.uint64) != 0
    return occupied


def _tight(mask: Bytes, part: Bools, cell: int) -> Box:
    """The exact box, in the mask's pixels, of what is covered in the `part`, a grid of cells of that many pixels."""
    (top, bottom), (left, right) = _extent(mask, part, cell), _extent(mask.T, part.T, cell)
    return Box(left, top, right - left, bottom - top)


def _extent(mask: Bytes, part: Bools, cell: int) -> tuple[int, int]:
    """The first covered row of pixels in the `part`, and the one after the last."""
    lines = np.flatnonzero(part.any(axis=1))
    covered = []
    for line in (lines[0], lines[-1]):
        inside = part[line].repeat(cell)[: mask.shape[1]]
        pixels = mask[line * cell : (line + 1) * cell, inside]
        covered.append(line * cell + np.flatnonzero(pixels.any(axis=1)))
    return int(covered[0][0]), int(covered[1][-1]) + 1


def _slices(box: Box) -> tuple[slice, slice]:
    """Rows and columns of a box in an array whose first pixel is (0, 0)."""
    return slice(box.y, box.bottom), slice(box.x, box.right)
