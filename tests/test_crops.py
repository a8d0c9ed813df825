"""Crops: context box, zoom rule, strips and tiles, as tables of cases and as properties."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.crops import (
    Piece,
    abreast,
    context_box,
    is_strip,
    padded,
    placed,
    strip,
    surrounded,
    tiles,
    whole,
    zoomed,
)
from bridge.families import FAMILIES, Family, Size
from bridge.protocol.errors import Refusal
from bridge.protocol.values import Box, Recipe

FILL = Recipe("fill")
SD15, SDXL, QWEN, CLASSICAL = (FAMILIES[name] for name in ("sd15", "sdxl", "qwen-image", "classical"))
CANVAS = Box(0, 0, 4000, 3000)

diffusion = st.sampled_from([family for family in FAMILIES.values() if not family.native])


@st.composite
def canvas_and_box(draw: st.DrawFn) -> tuple[Box, Box]:
    """A canvas and a box inside it: any aspect, from one pixel up to all of it."""
    width, height = draw(st.tuples(st.integers(1, 9000), st.integers(1, 9000)))
    x, y = draw(st.tuples(st.integers(0, width - 1), st.integers(0, height - 1)))
    return Box(0, 0, width, height), Box(x, y, draw(st.integers(1, width - x)), draw(st.integers(1, height - y)))


def middle(width: int, height: int, canvas: Box = CANVAS) -> Box:
    return Box((canvas.width - width) // 2, (canvas.height - height) // 2, width, height)


@pytest.mark.parametrize(
    ("size", "box", "expected"),
    [
        ((300, 300), (1000, 1000, 100, 100), (900, 900, 300, 300)),  # centred
        ((300, 300), (0, 2950, 50, 50), (0, 2700, 300, 300)),  # shifted inside
        ((4100, 300), (10, 10, 100, 100), (-50, 0, 4100, 300)),  # does not fit: centred on the canvas
        ((101, 100), (1000, 1000, 100, 100), (1000, 1000, 101, 100)),  # an odd pixel goes to the right
        ((4000, 3000), (7, 7, 1, 1), (0, 0, 4000, 3000)),
    ],
)
def test_placed(size: tuple[int, int], box: tuple[int, ...], expected: tuple[int, ...]) -> None:
    assert placed(Size(*size), Box(*box), CANVAS) == expected


def test_padded_is_cut() -> None:
    assert padded(Box(10, 2980, 20, 20), 30, CANVAS) == (0, 2950, 60, 50)


@pytest.mark.parametrize(
    ("target", "family", "expected"),
    [
        ((400, 400), SDXL, (800, 800)),  # half of √(w·h) on each side
        ((10, 10), SDXL, (74, 74)),  # at least 32 px
        ((600, 600), SDXL, (1024, 1024)),  # 1200² exceeds the budget: as much as works 1:1
        ((680, 680), SDXL, (1024, 1024)),
        ((700, 700), SDXL, (1050, 1050)),  # down to a quarter
        ((1400, 1400), SDXL, (2100, 2100)),
        ((512, 512), SD15, (768, 768)),
        ((1200, 100), SDXL, (1546, 446)),  # of √(w·h), not of a side
    ],
)
def test_context_box(target: tuple[int, int], family: Family, expected: tuple[int, int]) -> None:
    assert context_box(middle(*target), CANVAS, FILL, family)[2:] == expected


def test_context_box_is_cut_at_the_canvas() -> None:
    assert context_box(Box(0, 0, 400, 400), CANVAS, FILL, SDXL) == (0, 0, 600, 600)
    assert context_box(CANVAS, CANVAS, FILL, SDXL) == CANVAS


def test_context_that_the_artist_names() -> None:
    target = Box(100, 100, 50, 50)
    assert context_box(target, CANVAS, Recipe("fill", context="canvas"), SDXL) == CANVAS
    named = Recipe("fill", context=Box(-50, 120, 150, 150))
    assert context_box(target, CANVAS, named, SDXL) == (0, 100, 150, 170)  # inside the canvas, and holds the target


def test_context_that_misses_the_canvas_is_refused() -> None:
    with pytest.raises(Refusal) as refused:
        context_box(Box(1, 1, 5, 5), CANVAS, Recipe("fill", context=Box(4000, 0, 10, 10)), SDXL)
    assert refused.value.code == "recipe.field"
    assert refused.value.text == (
        "The context box (4000, 0, 10, 10) lies outside the canvas (0, 0, 4000, 3000): "
        "name a box that meets it, or null."
    )


@pytest.mark.parametrize(("source", "expected"), [("near", (600, 600)), ("wide", (1000, 1000)), ("all", (4000, 3000))])
def test_context_of_the_classical_family_is_room_to_copy_from(source: str, expected: tuple[int, int]) -> None:
    recipe = Recipe.from_map({"mode": "remove", "source": source})
    assert context_box(middle(200, 200), CANVAS, recipe, CLASSICAL)[2:] == expected


@pytest.mark.parametrize(
    ("context", "family", "crop", "working"),
    [
        ((1024, 1024), SDXL, (1024, 1024), (1024, 1024)),
        ((1001, 1013), SDXL, (1008, 1024), (1008, 1024)),  # 1:1, rounded up to the multiple
        ((920, 920), SDXL, (928, 928), (928, 928)),
        ((900, 900), SDXL, (900, 900), (1024, 1024)),
        ((1036, 1036), SDXL, (1040, 1040), (1040, 1040)),  # 1.03 of the budget is near enough
        ((1050, 1050), SDXL, (1050, 1050), (1024, 1024)),
        ((1, 1), SDXL, (256, 256), (1024, 1024)),  # zoom in by four, no more
        ((1, 1), SD15, (128, 128), (512, 512)),
        ((1, 1), QWEN, (332, 332), (1328, 1328)),
        ((450, 300), SDXL, (456, 312), (1216, 832)),  # k·(19, 13), k = 24
        ((300, 450), SDXL, (312, 456), (832, 1216)),
        ((3000, 2000), SDXL, (3002, 2054), (1216, 832)),
        ((2000, 100), SDXL, (2000, 800), (1600, 640)),  # never longer than 5:2
        ((1600, 100), SDXL, (1600, 640), (1600, 640)),  # which may make it large enough for 1:1
        ((1000, 800), SDXL, (1040, 816), (1040, 816)),  # too few pixels for 1:1, the bucket's aspect adds them
    ],
)
def test_zoom_rule(context: tuple[int, int], family: Family, crop: tuple[int, int], working: tuple[int, int]) -> None:
    found, size = zoomed(middle(*context), CANVAS, family)
    assert (found[2:], size) == (crop, working)


@settings(deadline=None, max_examples=300)
@given(canvas_and_box(), diffusion)
def test_every_crop_keeps_the_zoom_rule(boxes: tuple[Box, Box], family: Family) -> None:
    canvas, context = boxes
    crop, working = zoomed(context, canvas, family)
    assert crop.contains(context)
    assert working.width * crop.height == working.height * crop.width
    assert working.width % family.multiple == working.height % family.multiple == 0
    assert working.area / family.budget <= 1.05
    assert working.area / family.budget >= 0.8 or (family.filters and tuple(working) == crop[2:])
    assert working.width <= 4 * crop.width
    for start, length, room in ((crop.x, crop.width, canvas.width), (crop.y, crop.height, canvas.height)):
        assert (start >= 0 and start + length <= room) if length <= room else (start <= 0 and start + length >= room)
    if 0.8 <= context.area / family.budget <= 1 and not is_strip(context):
        assert tuple(working) == crop[2:]


@pytest.mark.parametrize(
    ("box", "long"), [((250, 100), False), ((251, 100), True), ((100, 251), True), ((1, 1), False)]
)
def test_is_strip(box: tuple[int, int], long: bool) -> None:
    assert is_strip(Box(0, 0, *box)) is long


@pytest.mark.parametrize("upright", [False, True])
def test_a_strip_is_a_row_of_pieces_that_overlap_by_a_quarter(upright: bool) -> None:
    def turned(box: Box) -> Box:
        return Box(box.y, box.x, box.height, box.width) if upright else box

    target, context, canvas = Box(500, 1450, 3000, 100), Box(363, 1313, 3274, 374), Box(0, 0, 4000, 3000)
    row = strip(turned(context), turned(target), turned(canvas), 0.7, SDXL)
    assert row is not None and row.tiled and (row.number, row.strength) == (0, 0.7)
    crops = [turned(piece.crop) for piece in row.pieces]
    assert [crop.width for crop in crops] == [1344] * 3
    assert {crop.height for crop in crops} == {768} and {crop.y for crop in crops} == {1116}
    assert all(left.right - right.x >= 1344 // 4 for left, right in itertools.pairwise(crops))
    assert crops[0].union(crops[-1]).contains(context)


def test_a_strip_too_wide_for_one_row_is_none() -> None:
    context = Box(0, 0, 4000, 1100)
    assert strip(context, Box(0, 0, 4000, 700), CANVAS, 1.0, SDXL) is None


@settings(deadline=None, max_examples=200)
@given(canvas_and_box(), diffusion, st.sampled_from([1, 2, 4]))
def test_tiles_cover_on_whole_cells(boxes: tuple[Box, Box], family: Family, scale: int) -> None:
    canvas, target = boxes
    scale = scale if "detail" in family.modes else 1  # which alone enlarges
    area = surrounded(target, canvas, scale, family)
    found = tiles(area, target, canvas, 0.35, family, scale=scale, number=1)
    size = found.pieces[0].working
    assert size in family.buckets and {piece.working for piece in found.pieces} == {size}
    assert found.tiled == (len(found.pieces) > 1)
    first = found.pieces[0].crop
    for piece, (x, y) in zip(found.pieces, found.origins, strict=True):
        assert x % family.cell == y % family.cell == 0
        assert ((piece.crop.x - first.x) * scale, (piece.crop.y - first.y) * scale) == (x, y)
        assert x + size.width <= found.field.width and y + size.height <= found.field.height
        assert piece.zoom == scale
        assert not piece.target.empty and piece.crop.contains(piece.target) and target.contains(piece.target)
    for axis in (0, 1):
        starts = sorted({origin[axis] for origin in found.origins})
        assert starts[0] == 0 and starts[-1] + size[axis] == found.field[axis]
        assert all(left + size[axis] - right >= size[axis] // 8 for left, right in itertools.pairwise(starts))
    assert first.union(found.pieces[-1].crop).contains(area)


def test_tiles_take_the_size_that_needs_fewest() -> None:
    found = tiles(Box(0, 0, 1500, 1100), Box(0, 0, 1500, 1100), CANVAS, 0.3, SDXL)
    assert [tuple(piece.working) for piece in found.pieces] == [(896, 1152)] * 2
    assert found.field == (1504, 1152)  # whole cells


def test_whole_and_abreast() -> None:
    one = Piece(Box(0, 0, 256, 256), Size(1024, 1024), Box(10, 10, 30, 30))
    other = Piece(Box(2000, 0, 300, 200), Size(1216, 832), Box(2100, 90, 30, 30))
    alone = whole(one.crop, one.working, one.target, 0.5)
    assert (alone.pieces, alone.field, alone.origins, alone.tiled) == ((one,), (1024, 1024), ((0, 0),), False)
    both = abreast([one, other], 0.5)
    assert (both.pieces, both.field, both.origins) == ((one, other), (2240, 1024), ((0, 0), (1024, 0)))
    assert not both.tiled and both.zoom == 4 and both.resolution == 100


def test_resolution_is_rounded_down() -> None:
    crop, working = zoomed(middle(1150, 1150), CANVAS, SDXL)
    assert whole(crop, working, crop, 1.0).resolution == 89  # 1024 / 1150 = 89.04 %
    crop, working = zoomed(middle(1280, 1280), CANVAS, SDXL)
    assert whole(crop, working, crop, 1.0).resolution == 80
