"""The arithmetic of crops: which box of the document is worked at which size, whole or in overlapping tiles. Pure.

The zoom rule: a crop is brought to the family's native budget, up or down, with its aspect exact. What already has that
many pixels is not resampled.
"""

import itertools
import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from bridge.families import LONGEST, Family, Size
from bridge.protocol.errors import Refusal
from bridge.protocol.values import Box, Recipe

NATIVE = 0.8, 1.05
"""Working area as shares of the budget within which a crop is worked 1:1."""
ZOOM_IN = 4
"""Largest zoom: more than this invents what the document does not hold."""
PADDING = 32
"""Least context on each side, document pixels."""
RING = 9
"""Latent cells around what a tile paints: truth for the colour step is taken up to eight cells away from the cell that
the edge lies in."""
REACH = {"near": 1, "wide": 2}
"""Context of a native family on each side, in widths of the hole: what its source window may copy from."""


@dataclass(frozen=True)
class Piece:
    """One crop, worked as one plate.

    crop     document pixels; leaves the canvas only through rounding to a working size
    working  the plate's size; exactly the crop's aspect
    target   what this piece paints: the selection, grown by the blend, inside crop and canvas
    """

    crop: Box
    working: Size
    target: Box

    @property
    def zoom(self) -> float:
        """Working pixels for one document pixel, along a side."""
        return self.working.width / self.crop.width


@dataclass(frozen=True)
class Pass:
    """Pieces that are painted one after the other at one strength.

    number   0 or 1
    strength of this pass
    pieces   one; or tiles that overlap; or disjoint parts
    field    working size of the whole field, over which one noise is drawn
    origins  of each piece in the field, (x, y) in working pixels, multiples of the family's cell
    tiled    the pieces overlap and are blended
    """

    number: int
    strength: float
    pieces: tuple[Piece, ...]
    field: Size
    origins: tuple[tuple[int, int], ...]
    tiled: bool

    @property
    def zoom(self) -> float:
        """The least zoom of its pieces."""
        return min(piece.zoom for piece in self.pieces)

    @property
    def resolution(self) -> int:
        """Percent of the document's own resolution at which it works, 1–100, rounded down."""
        return max(1, min(100, *(100 * piece.working.width // piece.crop.width for piece in self.pieces)))


def whole(crop: Box, working: Size, target: Box, strength: float, number: int = 0) -> Pass:
    """The pass of one crop, which holds all of `target`."""
    return Pass(number, strength, (Piece(crop, working, target),), working, ((0, 0),), tiled=False)


def abreast(pieces: Sequence[Piece], strength: float) -> Pass:
    """The pass of crops that lie apart; in its field they lie side by side, so that no two share their noise."""
    *starts, width = itertools.accumulate((piece.working.width for piece in pieces), initial=0)
    field = Size(width, max(piece.working.height for piece in pieces))
    return Pass(0, strength, tuple(pieces), field, tuple((x, 0) for x in starts), tiled=False)


def padded(box: Box, pad: int, bounds: Box) -> Box:
    """The box grown by `pad` on each side, cut at `bounds`."""
    return Box(box.x - pad, box.y - pad, box.width + 2 * pad, box.height + 2 * pad).intersect(bounds)


def placed(size: Size, box: Box, bounds: Box) -> Box:
    """A box of `size` document pixels that holds `box`, centred on it and shifted inside `bounds` where it fits.

    Along a side that does not fit it is centred on `bounds` and leaves them at both ends.
    """
    x = _start(box.x, box.width, size.width, bounds.x, bounds.width)
    return Box(x, _start(box.y, box.height, size.height, bounds.y, bounds.height), *size)


def context_box(target: Box, bounds: Box, recipe: Recipe, family: Family) -> Box:
    """What the engine has to see: `target` and half of √(w·h) around it, or what the artist named; inside `bounds`.

    Where that exceeds the budget the padding shrinks as far as working 1:1 needs, down to a quarter. A native family
    needs room to copy from and not a certain size: one hole's width, two (`wide`), or all. Raises Refusal
    `recipe.field` for a named box that misses the canvas.
    """
    if recipe.context == "canvas" or (family.native and recipe.context is None and recipe.source == "all"):
        return bounds
    if recipe.context is not None:
        named = recipe.context.intersect(bounds)
        if named.empty:
            text = f"The context box {tuple(recipe.context)} lies outside the canvas {tuple(bounds)}"
            raise Refusal("recipe.field", f"{text}: name a box that meets it, or null.", field="context")
        return named.union(target)
    side = math.isqrt(target.area)
    if family.native:
        return padded(target, max(PADDING, REACH[recipe.source] * side), bounds)
    least, most = max(PADDING, side // 4), max(PADDING, side // 2)
    fitting = bisect_right(
        range(least, most + 1), family.budget, key=lambda pad: _eased(padded(target, pad, bounds)).area
    )
    return padded(target, least + max(0, fitting - 1), bounds)


def zoomed(context: Box, bounds: Box, family: Family) -> tuple[Box, Size]:
    """The zoom rule: a crop that holds `context`, and its working size, at 0.8 to 1.05 of the budget.

    1:1 where the crop has that many pixels, its sides rounded up to the family's multiple. Otherwise the bucket
    (W, H) of nearest aspect and the crop k·(W/g, H/g), g = gcd(W, H), with the least whole k that holds the context
    and zooms in by no more than four: the aspect is exact and the working area always a bucket's. A filter is never
    zoomed in: it would show another size of grain.
    """
    size = _rounded(_eased(context), family.multiple)
    if _is_native(size, family):
        return placed(size, context, bounds), size
    bucket = min(family.buckets, key=lambda one: abs(_log_aspect(one) - _log_aspect(context)))
    unit = math.gcd(*bucket)
    across, down = bucket.width // unit, bucket.height // unit
    k = max(_divided(context.width, across), _divided(context.height, down), _divided(unit, ZOOM_IN))
    grown = Size(k * across, k * down)
    size = _rounded(grown, family.multiple)
    if _is_native(size, family):  # the context was too small for 1:1, the aspect made the crop large enough
        return placed(size, context, bounds), size
    return placed(grown, context, bounds), bucket


def is_strip(target: Box) -> bool:
    """True for a selection longer than the longest aspect that models compose well."""
    long, short = LONGEST
    return short * max(target.width, target.height) > long * min(target.width, target.height)


def strip(context: Box, target: Box, bounds: Box, strength: float, family: Family) -> Pass | None:
    """The pass that paints a long target in a row of pieces at the document's own pixels, overlapping by a quarter.

    None where the context is wider across than such a piece is long: slices are too narrow to compose in.
    """
    along = 0 if context.width >= context.height else 1
    across = context[3 - along]
    sizes = [size for size in family.buckets if size[along] >= size[1 - along] >= across]
    return tiles(context, target, bounds, strength, family, sizes=sizes, share=4) if sizes else None


def surrounded(target: Box, bounds: Box, scale: int, family: Family) -> Box:
    """`target` and the ring that the colour step needs around it, inside `bounds`."""
    return padded(target, _divided(RING * family.cell, scale), bounds)


def tiles(
    area: Box,
    target: Box,
    bounds: Box,
    strength: float,
    family: Family,
    *,
    scale: int = 1,
    number: int = 0,
    sizes: Sequence[Size] = (),
    share: int = 8,
) -> Pass:
    """The pass that covers `area` with tiles, `scale` (1, 2, 4) working pixels for each of the document along a side.

    The one of `sizes` (the family's buckets) that needs fewest. Tiles start on whole cells and overlap by at least
    `1 / share` of their sides. Memory does not grow with the area.
    """

    def grid(size: Size) -> tuple[Size, tuple[tuple[int, int], ...]]:
        columns = _starts(area.width * scale, size.width, share, family.cell)
        rows = _starts(area.height * scale, size.height, share, family.cell)
        return size, tuple((x, y) for y in rows for x in columns)

    grids = [grid(size) for size in sizes or family.buckets]
    size, origins = min(grids, key=lambda one: (len(one[1]), abs(_log_aspect(one[0]))))
    right, bottom = origins[-1]
    field = Size(right + size.width, bottom + size.height)
    corner = placed(Size(field.width // scale, field.height // scale), area, bounds)
    tile = Box(corner.x, corner.y, size.width // scale, size.height // scale)
    crops = [tile.moved(x // scale, y // scale) for x, y in origins]
    pieces = tuple(Piece(crop, size, crop.intersect(target)) for crop in crops)
    return Pass(number, strength, pieces, field, origins, tiled=len(pieces) > 1)


def _starts(length: int, side: int, share: int, cell: int) -> list[int]:
    """Where tiles of `side` start to cover `length`: on whole cells, evenly, overlapping by `1 / share` or more."""
    cells = _divided(max(0, length - side), cell)
    gaps = _divided(cells, (side - side // share) // cell)
    return [cells * i // gaps * cell for i in range(gaps + 1)] if gaps else [0]


def _start(start: int, length: int, size: int, low: int, room: int) -> int:
    """`placed` along one side: the box from `start`, `length` long, in bounds from `low`, `room` long."""
    if size >= room:
        return low - (size - room) // 2
    return min(max(start - (size - length) // 2, low), low + room - size)


def _eased(box: Box) -> Size:
    """The box's size, its short side lengthened where it is longer than the longest aspect."""
    long, short = LONGEST
    return Size(max(box.width, _divided(box.height * short, long)), max(box.height, _divided(box.width * short, long)))


def _rounded(size: Size, multiple: int) -> Size:
    return Size(_divided(size.width, multiple) * multiple, _divided(size.height, multiple) * multiple)


def _divided(number: int, by: int) -> int:
    """Division that rounds up."""
    return -(-number // by)


def _is_native(size: Size, family: Family) -> bool:
    low, high = NATIVE
    return (family.filters or low * family.budget <= size.area) and size.area <= high * family.budget


def _log_aspect(size: Size | Box) -> float:
    return math.log(size.width / size.height)
