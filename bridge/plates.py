"""From a region to the plates that an engine paints, and what it painted laid together on one sheet.

A pass may have several pieces. They are cut and laid one after the other: each sees what the earlier ones painted, and
where two overlap the later one takes over along a linear window, in the picture as in the denoise map.
"""

import functools
import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bridge import colour, masks
from bridge.crops import padded
from bridge.engines import Bools, Check, Floats, Plate, Prefill
from bridge.engines.prefill import smooth
from bridge.families import Family, Size
from bridge.geometry import Pass, Piece, Plan
from bridge.protocol.errors import Refusal
from bridge.protocol.values import Box, Document

Pixels = NDArray[Any]
Mask = NDArray[np.uint8]
Margins = tuple[tuple[int, int], tuple[int, int]]
"""Rows (above, below) and columns (left, right)."""

PREFILLED = 0.9
"""Strength from which what lies in the hole is not wanted: models that start from it get a smooth one instead."""
ROWS = 256
"""Rows of a large picture that are worked on at a time."""
KEPT = 1 / 4
"""The outer quarter of an overlap stays as the earlier piece painted it: truth for the later one's colour step."""


@dataclass(frozen=True)
class Region:
    """A box of the document with its picture and its mask: all that the bridge ever gets to see.

    image      (h, w, 3 or 4) of the document's depth, the pixels of `box`; may be a read-only memory map
    selection  None where nothing is selected
    mask       u8 (h, w) of the selection box, which may hang over the canvas; None: all 255
    content    the box of visible pixels, for `expand` without a selection
    """

    document: Document
    box: Box
    image: Pixels
    selection: Box | None
    mask: Mask | None
    content: Box | None

    def pixels(self, box: Box) -> Pixels:
        """The picture of a box inside the region."""
        return np.asarray(self.image[within(box, self.box)])


class Sheet:
    """One variation being painted: float RGB of the layer's box, at the layer's scale, and how much lies where.

    rgb     float32 (h, w, 3), 0–1
    weight  float32 (h, w), 0 where this pass has not painted
    based   True where an earlier pass has painted all of it
    """

    def __init__(self, box: Box) -> None:
        self.box = box
        self.rgb: Floats = np.zeros((box.height, box.width, 3), np.float32)
        self.weight: Floats = np.zeros((box.height, box.width), np.float32)
        self.based = False

    def turn(self) -> None:
        """Begin the next pass on what lies here."""
        self.based = True
        self.weight[:] = 0

    def lay(self, painted: Floats, window: Floats, box: Box) -> None:
        """Lay float32 (h, w, 3) on a box of the sheet; `window` (h, w), 0–1, says how much it counts in overlaps.

        At every moment the sheet is the mean of what was laid there, weighted by the windows.
        """
        at = within(box, self.box)
        rgb, weight = self.rgb[at], self.weight[at]
        for top in range(0, box.height, ROWS):  # or three more copies of the layer would be made
            rows = slice(top, top + ROWS)
            rgb[rows] += (painted[rows] - rgb[rows]) * _share(weight[rows], window[rows])[..., None]
        weight += window


@dataclass(frozen=True)
class Ground:
    """What every plate of one fill is cut from.

    box       the layer's: the bounding box of its mask
    coverage  u8 (h, w) of that box
    mask      u8 (h, w) of that box: the layer mask
    blend     document pixels by which the mask reaches beyond the coverage
    scale     pixels of the sheet for each of the document, along a side
    """

    region: Region
    box: Box
    coverage: Mask
    mask: Mask
    blend: int
    scale: int

    @classmethod
    def of(cls, region: Region, plan: Plan) -> "Ground":
        """The ground of a plan. Raises Refusal `picture.mask_empty` where the selection holds nothing."""
        canvas, selection = region.document.canvas, region.selection
        assert region.box.contains(plan.image), f"the region shows {region.box}, the plan needs {plan.image}"
        box = padded(plan.selection, plan.blend, canvas)
        if plan.mode == "expand" and selection is None:
            alpha = region.pixels(box)[..., 3] if region.document.channels == 4 else None
            coverage = masks.uncovered(plan.content, box, alpha)
        else:
            coverage = masks.place(region.mask, selection or plan.selection, box)
        if not coverage.any():
            size = f"all {box.width} × {box.height} px of its mask are 0"
            raise Refusal("picture.mask_empty", f"Nothing is selected: {size}. Select what to paint, then try again.")
        mask = masks.layer_mask(coverage, plan.blend)
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        tight = Box(int(columns[0]), int(rows[0]), int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1).moved(box.x, box.y)
        here = within(tight, box)
        coverage, mask = np.ascontiguousarray(coverage[here]), np.ascontiguousarray(mask[here])
        return cls(region, tight, coverage, mask, plan.blend, plan.scale)

    def scaled(self, box: Box) -> Box:
        """A box of the document in the sheet's pixels."""
        return Box(*(number * self.scale for number in box))

    def meets(self, piece: Piece) -> bool:
        """True where the layer mask leaves a piece something to paint."""
        return bool(self.mask[within(piece.target.intersect(self.box), self.box)].any())

    def sheet(self) -> Sheet:
        """An empty sheet."""
        return Sheet(self.scaled(self.box))


@dataclass(frozen=True)
class Cut:
    """A plate, and what is known of its truth.

    opaque  bool (H, W): pixels of which the document shows the colour
    crop    the plate's box, in the sheet's pixels
    target  what the piece paints, likewise
    window  float32 (h, w) of the target, 0–1: how much the piece counts where it overlaps others
    tiled   it does overlap others
    """

    plate: Plate
    opaque: Bools
    crop: Box
    target: Box
    window: Floats
    tiled: bool

    @functools.cached_property
    def kept(self) -> Bools:
        """bool (H, W): pixels that the engine was to leave as they are, d = 0."""
        kept: Bools = masks.upsample_cells(self.plate.d, self.plate.cell) == 0
        return kept

    @functools.cached_property
    def ring(self) -> Bools:
        """bool (H, W): pixels whose truth is known; see `colour.ring`."""
        d = masks.upsample_cells(self.plate.d, self.plate.cell)
        return colour.ring(d, self.plate.cell, self.plate.unknown, self.opaque)

    @property
    def free(self) -> Bools:
        """bool (H, W): pixels without a truth: beyond the canvas, transparent, no number."""
        return self.plate.unknown | ~self.opaque


def cut(
    ground: Ground, sheet: Sheet, work: Pass, index: int, family: Family, prefill: Prefill | None, check: Check
) -> Cut:
    """The plate of one piece of a pass; `prefill`: what the engine wants in a hole instead of what lies there."""
    piece = work.pieces[index]
    crop, target = ground.scaled(piece.crop), ground.scaled(piece.target.intersect(ground.box))
    inside = ground.scaled(piece.crop.intersect(ground.region.document.canvas))
    window = _window(work, index, ground, target)
    rgb, opaque = _seen(ground, sheet, inside)
    mask: Floats = np.divide(_covered(ground, ground.mask, inside), 255, dtype=np.float32)
    coverage: Floats = mask
    if ground.blend:
        coverage = np.divide(_covered(ground, ground.coverage, inside), 255, dtype=np.float32)
    if len(work.pieces) > 1:
        share = _share(_placed(sheet.weight, sheet.box, inside), _placed(window, target, inside))
        mask, coverage = mask * share, coverage * share

    margins = (inside.y - crop.y, crop.bottom - inside.bottom), (inside.x - crop.x, crop.right - inside.right)
    rgb, mask, coverage = (_mirrored(values, margins) for values in (rgb, mask, coverage))
    unknown = spread(np.pad(np.zeros(opaque.shape, bool), margins, constant_values=True), piece.working)
    opaque = ~spread(_mirrored(~opaque, margins), piece.working)
    m, coverage = spread(mask, piece.working), spread(coverage, piece.working)
    renewed = work.strength >= PREFILLED
    rgb = _resampled(rgb, mask if renewed else None, m > 0, piece.working)
    if renewed:  # what is mirrored beyond the canvas shows the hole's old content: that must not be context either
        rgb = _continued(rgb, m, unknown, prefill, check)
    rgb = np.clip(rgb, 0, 1)
    m, coverage = (np.where(unknown, np.float32(0), values) for values in (m, coverage))
    d = masks.denoise_map(coverage, ground.blend * piece.zoom, family.cell)
    origin, key = work.origins[index], _key(rgb, m, d, unknown)
    plate = Plate(rgb, m, d, m > 0, unknown, family.cell, origin, work.field, work.number, work.strength, key)
    return Cut(plate, opaque, crop, target, window, work.tiled)


def spread(values: Pixels, size: Size) -> Pixels:
    """(h, w) at another size: the largest value that each new pixel touches, so that nothing thin is ever lost."""
    for axis, length in enumerate((size.height, size.width)):
        have = values.shape[axis]
        if length > have:
            values = values.take((2 * np.arange(length) + 1) * have // (2 * length), axis)
        elif length < have:
            starts = np.arange(length) * have // length
            ends = -(-np.arange(1, length + 1) * have // length)
            values = np.maximum(np.maximum.reduceat(values, starts, axis), values.take(ends - 1, axis))
    return values


def within(box: Box, outer: Box) -> tuple[slice, slice]:
    """Rows and columns of a box in an array that holds `outer`."""
    y, x = box.y - outer.y, box.x - outer.x
    return slice(y, y + box.height), slice(x, x + box.width)


def _seen(ground: Ground, sheet: Sheet, inside: Box) -> tuple[Floats, Bools]:
    """Float RGB of a box, in the sheet's pixels, as painted so far; and where the document itself shows a colour."""
    region, k = ground.region, ground.scale
    pixels = region.pixels(Box(*(number // k for number in inside)))
    depth = region.document.depth
    opaque = colour.finite(pixels) if depth == "f32" else np.ones(pixels.shape[:2], bool)
    rgb = colour.to_float(pixels[..., :3], depth)
    if pixels.shape[2] == 4:
        alpha = colour.to_float(pixels[..., 3], depth)
        opaque &= alpha == 1
        rgb = masks.bleed(rgb, alpha)
    rgb, opaque = colour.resample(rgb, inside[2:]), spread(opaque, Size(*inside[2:]))
    common = inside.intersect(sheet.box)
    there, here = within(common, sheet.box), within(common, inside)
    painted = _covered(ground, ground.mask, common) > 0
    if not sheet.based:
        painted &= sheet.weight[there] > 0
    rgb[here][painted] = sheet.rgb[there][painted]
    return rgb, opaque


def _covered(ground: Ground, mask: Mask, box: Box) -> Mask:
    """The values in a box, in the sheet's pixels, of a mask of the layer's box; 0 outside it."""
    box = Box(*(number // ground.scale for number in box))
    return spread(_placed(mask, ground.box, box), Size(*ground.scaled(box)[2:]))


def _placed(values: Pixels, box: Box, outer: Box) -> Pixels:
    """The values of `box` in an array of `outer`; 0 where they do not reach."""
    placed = np.zeros((outer.height, outer.width), values.dtype)
    common = box.intersect(outer)
    placed[within(common, outer)] = values[within(common, box)]
    return placed


def _mirrored(values: Pixels, margins: Margins) -> Pixels:
    """(h, w) or (h, w, c) continued by `margins` on each side: mirrored, the edge repeated where that is too little."""
    if not any(map(any, margins)):
        return values
    near = [(min(low, side), min(high, side)) for (low, high), side in zip(margins, values.shape, strict=False)]
    far = [(low - a, high - b) for (low, high), (a, b) in zip(margins, near, strict=True)]
    flat = [(0, 0)] * (values.ndim - 2)
    return np.pad(np.pad(values, near + flat, "symmetric"), far + flat, "edge")


def _resampled(rgb: Floats, mask: Floats | None, hole: Bools, size: Size) -> Floats:
    """`rgb` at working size. With `mask` (h, w), 0–1, nothing of what lies in the hole reaches the pixels outside it:
    there the filter takes only what is kept, or the rim of an object would stay as a halo around its hole.
    """
    plain = colour.resample(rgb, size)
    if plain is rgb or mask is None:
        return plain
    keep = 1 - mask
    weight = np.maximum(colour.resample(keep, size), np.float32(0.25))  # outside the hole it is 0.4 and more
    for channel, filtered in zip(np.moveaxis(rgb, -1, 0), np.moveaxis(plain, -1, 0), strict=True):
        kept = colour.resample(channel * keep, size) / weight
        filtered[~hole] = kept[~hole]
    return plain


def _continued(rgb: Floats, m: Floats, unknown: Bools, prefill: Prefill | None, check: Check) -> Floats:
    """`rgb` with a continuation of its surroundings in the hole, as far as `m` (H, W), 0–1, opens it: a soft edge stays
    kept picture. Without a `prefill` it is smooth, and only beyond the canvas.
    """
    hole = m > 0
    wanted = unknown if prefill is None else np.ones_like(hole)
    if not (hole & wanted).any():
        return rgb
    filled = (prefill or smooth)(rgb, hole, unknown, check)
    return rgb + (filled - rgb) * np.where(wanted, m, np.float32(0))[..., None]


def _share(weight: Floats, window: Floats) -> Floats:
    """How much of what is laid with `window` on something that has `weight` is seen: all, where nothing lies yet."""
    share: Floats = np.divide(window, weight + window, out=np.ones_like(weight), where=weight > 0)
    return share


def _window(work: Pass, index: int, ground: Ground, target: Box) -> Floats:
    """float32 (h, w) of a piece's target: 1, falling linearly to 0 in the middle half of each overlap."""
    others = [ground.scaled(piece.target.intersect(ground.box)) for piece in work.pieces]
    others = [other for other in others if not other.intersect(target).empty]
    across = _ramp(target.x, target.right, [(other.x, other.right) for other in others])
    down = _ramp(target.y, target.bottom, [(other.y, other.bottom) for other in others])
    return down[:, None] * across


def _ramp(start: int, stop: int, others: list[tuple[int, int]]) -> Floats:
    """The window along one axis: of the extent from `start` to `stop`, which `others` overlap."""
    place = np.arange(stop - start, dtype=np.float32) + np.float32(0.5)
    before = max((end - start for begin, end in others if begin < start), default=0)
    after = max((stop - begin for begin, end in others if end > stop), default=0)
    ramp = np.ones_like(place)
    for overlap, depth in ((before, place), (after, place[::-1])):
        if overlap:
            ramp *= np.clip((depth / overlap - KEPT) / (1 - 2 * KEPT), 0, 1)
    return ramp


def _key(*arrays: Pixels) -> str:
    """A name for contents."""
    digest = hashlib.blake2b(digest_size=16)
    for array in arrays:
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
