"""The plan: modes, refusals, the golden table, the gates *sizes* and *cost*, disjoint parts, and what holds for all."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.families import FAMILIES, Family
from bridge.geometry import Pass, Plan, plan, refine
from bridge.protocol.errors import Refusal
from bridge.protocol.values import MODES, Box, Document, Recipe
from tests.gates_sizes import sizes_figures

SD15, SDXL, FLUX, CLASSICAL = (FAMILIES[name] for name in ("sd15", "sdxl", "flux1", "classical"))
FILL, REMOVE, EXPAND = Recipe("fill"), Recipe("remove"), Recipe("expand")
PROMPTLESS = "The built-in fill copies texture from your own picture; it reads no prompt and invents nothing."
every_family = pytest.mark.parametrize("family", FAMILIES.values(), ids=lambda family: family.name)


def document(width: int, height: int, channels: int = 3) -> Document:
    return Document("test", width, height, channels)


def middle(of: Document, width: int, height: int) -> Box:
    return Box((of.width - width) // 2, (of.height - height) // 2, width, height)


def shape(of: Plan) -> list[tuple[Any, ...]]:
    """Strength, pieces, working size of the first and zoom of every pass."""
    return [(one.strength, len(one.pieces), tuple(one.pieces[0].working), one.zoom) for one in of.passes]


def refused(*args: object, **more: object) -> Refusal:
    with pytest.raises(Refusal) as caught:
        plan(*args, **more)  # type: ignore[arg-type]
    return caught.value


# ---- one selection, whole


def test_a_small_selection_is_worked_at_the_budget() -> None:
    found = plan(document(4000, 3000), Box(1850, 1350, 300, 300), FILL, SDXL)
    assert (found.selection, found.mask) == ((1850, 1350, 300, 300), (1850, 1350, 300, 300))
    assert found.context == found.image == (1700, 1200, 600, 600)
    assert shape(found) == [(1.0, 1, (1024, 1024), 1024 / 600)]
    assert found.passes[0].pieces[0].target == found.selection
    assert not found.notes


def test_one_pixel_is_worked_as_256_square() -> None:
    found = plan(document(1024, 1024), Box(512, 512, 1, 1), FILL, SDXL)
    assert found.image == (385, 385, 256, 256)
    assert shape(found) == [(1.0, 1, (1024, 1024), 4.0)]


def test_a_selection_that_hangs_over_the_edge_is_cut() -> None:
    found = plan(document(2000, 1000), Box(1950, -40, 300, 140), FILL, SDXL)
    assert found.selection == found.mask == (1950, 0, 50, 100)
    assert found.document.canvas.contains(found.image)


def test_blend_grows_what_is_painted_and_what_is_seen() -> None:
    found = plan(document(2048, 2048), Box(1000, 1000, 100, 100), Recipe("fill", blend=50), SDXL)
    assert found.selection == found.mask == (1000, 1000, 100, 100)
    assert found.passes[0].pieces[0].target == (950, 950, 200, 200)
    assert found.context == (850, 850, 400, 400)
    assert found.blend == 50


def test_context_canvas_and_context_box() -> None:
    small = document(1024, 1024)
    assert plan(small, Box(0, 0, 9, 9), Recipe("fill", context="canvas"), SDXL).image == small.canvas
    named = plan(document(4000, 3000), Box(100, 100, 50, 50), Recipe("fill", context=Box(90, 90, 600, 600)), SDXL)
    assert named.context == named.image == (90, 90, 600, 600)


def test_a_small_selection_in_a_large_named_context_is_sharpened_by_a_crop_of_its_own() -> None:
    found = plan(document(4000, 3000), Box(2000, 1500, 30, 30), Recipe("fill", context="canvas"), SDXL)
    assert [(number, pieces) for number, pieces, *_ in shape(found)] == [(1.0, 1), (0.35, 1)]
    assert found.passes[1].number == 1 and found.passes[1].zoom == 4


def test_a_canvas_smaller_than_any_crop() -> None:
    found = plan(document(64, 40), None, FILL, SDXL)
    assert found.image == (0, 0, 64, 40) and found.mask is None
    assert found.passes[0].pieces[0].crop.contains(found.document.canvas)
    assert found.passes[0].zoom <= 4


# ---- strips, large areas, detail


def test_a_long_selection_is_worked_in_pieces_along_its_length() -> None:
    found = plan(document(4000, 3000), Box(500, 1450, 3000, 100), FILL, SDXL)
    assert shape(found) == [(1.0, 3, (1344, 768), 1.0)]
    assert found.passes[0].tiled
    assert found.notes == ("Worked in 3 pieces that overlap.",)
    assert found.image == (364, 1116, 3272, 768)


def test_a_long_selection_that_fits_one_crop_well_enough_is_one_piece() -> None:
    assert shape(plan(document(4000, 3000), Box(1000, 1400, 1900, 60), FILL, SDXL)) == [
        (1.0, 1, (1600, 640), pytest.approx(0.773, abs=0.001))
    ]


def test_an_area_is_large_below_two_thirds() -> None:
    assert shape(plan(document(2048, 2048), Box(700, 700, 512, 512), FILL, SD15)) == [(1.0, 1, (512, 512), 2 / 3)]
    assert len(plan(document(2048, 2048), Box(700, 700, 516, 516), FILL, SD15).passes) == 2


def test_a_large_area_is_composed_and_then_sharpened_at_native_pixels() -> None:
    found = plan(document(4000, 3000), Box(1000, 500, 2000, 2000), FILL, SDXL)
    assert [one.number for one in found.passes] == [0, 1]
    assert shape(found) == [(1.0, 1, (1024, 1024), 1024 / 3000), (0.35, 6, (896, 1152), 1.0)]
    assert found.notes == ("A large area: composed at 34 % of full resolution, then sharpened in 6 pieces at 100 %.",)
    assert found.words() == ("1024 × 1024 px, then 6 pieces of 896 × 1152 px, 100 % of full resolution, about 28 s")
    assert found.memory == plan(document(2048, 2048), Box(700, 700, 600, 600), FILL, SDXL).memory


def test_the_second_pass_is_never_stronger_than_the_recipe() -> None:
    large, selection = document(4000, 3000), Box(1000, 500, 2000, 2000)
    assert [one.strength for one in plan(large, selection, Recipe("fill", strength=0.5), SDXL).passes] == [0.5, 0.35]
    weak = plan(large, selection, Recipe("fill", strength=0.3), SDXL)
    assert shape(weak) == [(0.3, 6, (896, 1152), 1.0)]  # nothing to compose: sharpened at once
    assert weak.passes[0].number == 0


def test_detail_is_tiled_at_native_pixels() -> None:
    found = plan(document(4000, 3000), None, Recipe("detail", strength=0.3), SDXL)
    assert [(strength, zoom) for strength, _, _, zoom in shape(found)] == [(0.3, 1.0)]
    assert found.passes[0].tiled and found.passes[0].number == 0
    assert found.image == found.selection == (0, 0, 4000, 3000)


@pytest.mark.parametrize(("scale", "pieces"), [(2, 8), (4, 30)])
def test_detail_enlarges_the_whole_canvas(scale: int, pieces: int) -> None:
    found = plan(document(1500, 1000), None, Recipe("detail", strength=0.3, scale=scale), FLUX)
    (one,) = found.passes
    assert (len(one.pieces), one.zoom, found.scale) == (pieces, scale, scale)
    assert 0 <= one.field.width - 1500 * scale < 8 and 0 <= one.field.height - 1000 * scale < 8


def test_detail_of_something_long_is_tiled_at_its_scale() -> None:
    found = plan(document(3000, 300), None, Recipe("detail", strength=0.3, scale=2), SDXL)
    assert found.passes[0].zoom == 2


def test_detail_of_something_small_is_one_zoomed_crop() -> None:
    assert shape(plan(document(4000, 3000), Box(900, 900, 200, 200), Recipe("detail", strength=0.3), SDXL)) == [
        (0.3, 1, (1024, 1024), 2.56)
    ]
    tiny = plan(document(200, 200), None, Recipe("detail", strength=0.3, scale=4), SDXL)
    assert shape(tiny) == [(0.3, 1, (1024, 1024), 4.0)]


def test_detail_at_full_strength_is_warned_of() -> None:
    assert plan(document(500, 500), None, Recipe("detail"), SDXL).notes == (
        "Strength 100 % repaints more than it sharpens; 20 to 40 % keeps the picture.",
    )


# ---- modes without a selection, and refusals


@pytest.mark.parametrize("mode", ["fill", "detail"])
def test_without_a_selection_the_whole_canvas(mode: str) -> None:
    found = plan(document(1024, 768), None, Recipe.from_map({"mode": mode}), SDXL)
    assert (found.selection, found.mask) == ((0, 0, 1024, 768), None)


@pytest.mark.parametrize(
    ("content", "channels", "expected"),
    [
        (Box(0, 0, 4500, 4000), 3, (4500, 0, 1500, 4000)),  # one side
        (Box(0, 800, 6000, 3200), 3, (0, 0, 6000, 800)),
        (Box(1000, 0, 4000, 4000), 3, (0, 0, 6000, 4000)),  # both sides: all between them
        (Box(0, 0, 5000, 3000), 3, (0, 0, 6000, 4000)),  # a corner
        (Box(-300, -300, 4800, 5000), 3, (4500, 0, 1500, 4000)),  # content may hang over the canvas
        (Box(7000, 0, 10, 10), 3, (0, 0, 6000, 4000)),
        (None, 3, (0, 0, 6000, 4000)),
        (Box(0, 0, 4500, 4000), 4, (0, 0, 6000, 4000)),  # what is transparent within the content counts too
        (Box(0, 0, 6000, 4000), 4, (0, 0, 6000, 4000)),
    ],
)
def test_expand_finds_the_empty_canvas(content: Box | None, channels: int, expected: tuple[int, ...]) -> None:
    found = plan(document(6000, 4000, channels), None, EXPAND, SDXL, content)
    assert (found.selection, found.mask) == (expected, None)
    assert found.content is None or found.document.canvas.contains(found.content)


def test_expand_sees_the_picture_that_it_continues() -> None:
    found = plan(document(3000, 2000), None, EXPAND, SDXL, Box(0, 0, 2600, 2000))
    assert found.selection == (2600, 0, 400, 2000)
    assert all(piece.crop.x <= 2600 - 223 for piece in found.passes[0].pieces)


def test_expand_inside_a_selection() -> None:
    found = plan(document(3000, 2000), Box(0, 0, 3000, 300), EXPAND, SDXL, Box(0, 0, 3000, 2000))
    assert found.selection == found.mask == (0, 0, 3000, 300)


def test_nothing_to_expand() -> None:
    refusal = refused(document(800, 600), None, EXPAND, SDXL, Box(0, 0, 800, 600))
    assert refusal.code == "recipe.selection"
    assert refusal.text == (
        "Nothing to expand: 800 × 600 px of visible pixels cover the canvas of 800 × 600 px. "
        "Enlarge the canvas, or select where the picture should go on."
    )


def test_remove_needs_a_selection() -> None:
    for family in (SDXL, CLASSICAL):
        refusal = refused(document(800, 600), None, REMOVE, family)
        assert refusal.code == "recipe.selection"
        assert refusal.text == "Nothing is selected: select what to remove, then try again."


@pytest.mark.parametrize("selection", [Box(800, 0, 10, 10), Box(-30, 20, 30, 30), Box(5, 5, 0, 9)])
def test_a_selection_outside_the_canvas(selection: Box) -> None:
    refusal = refused(document(800, 600), selection, FILL, SDXL)
    assert refusal.code == "recipe.selection"
    assert refusal.text == (
        f"The selection {tuple(selection)} lies outside the canvas (0, 0, 800, 600): select a part of it."
    )
    assert refusal.detail == {"selection": list(selection), "canvas": [0, 0, 800, 600]}


@pytest.mark.parametrize(
    ("recipe", "text"),
    [
        (
            Recipe("detail", strength=0.3),
            "The built-in fill copies texture from your own picture and cannot do “detail”. "
            "Install a model that can: `sfumato models`.",
        ),
        (
            Recipe("fill", strength=0.4),
            "The built-in fill replaces what is there; it cannot refine it at 40 % strength. "
            "Install a model that can: `sfumato models`.",
        ),
    ],
)
def test_what_the_classical_family_refuses(recipe: Recipe, text: str) -> None:
    refusal = refused(document(800, 600), Box(10, 10, 50, 50), recipe, CLASSICAL)
    assert (refusal.code, refusal.text) == ("model.missing", text)


def test_classical_fill_of_everything_has_nothing_to_copy_from() -> None:
    refusal = refused(document(800, 600), None, FILL, CLASSICAL)
    assert refusal.code == "recipe.selection"
    assert refusal.text == (
        "The built-in fill copies from the surroundings, and the whole canvas of 800 × 600 px leaves none: "
        "select a part of it, or install a model (`sfumato models`)."
    )


@pytest.mark.parametrize(("mode", "selection"), [("fill", None), ("detail", Box(0, 0, 50, 50))])
def test_scale_is_for_the_detail_of_the_whole_canvas(mode: str, selection: Box | None) -> None:
    refusal = refused(document(800, 600), selection, Recipe.from_map({"mode": mode, "scale": 2}), SDXL)
    assert (refusal.code, refusal.detail["field"]) == ("recipe.field", "scale")
    assert refusal.text == ("Scale 2 enlarges the whole canvas in mode “detail”: select nothing, or set scale to 1.")


def test_an_enlarged_document_keeps_the_limits() -> None:
    refusal = refused(document(8000, 600), None, Recipe("detail", scale=4), SDXL)
    assert refusal.code == "limit.side"
    assert "32000 × 2400 px has a side over 30000 px" in refusal.text


# ---- the classical family


def test_classical_works_the_context_as_it_is() -> None:
    found = plan(document(4000, 3000), Box(1900, 1400, 201, 101), REMOVE, CLASSICAL)
    assert found.image == found.context == (1758, 1258, 485, 385)  # √(201 · 101) = 142 on each side
    assert shape(found) == [(1.0, 1, (485, 385), 1.0)]
    assert found.passes[0].pieces[0].crop == found.image
    assert not found.notes


def test_classical_says_that_it_reads_no_prompt() -> None:
    selection = Box(100, 100, 50, 50)
    assert plan(document(800, 600), selection, FILL, CLASSICAL).notes == (PROMPTLESS,)
    assert plan(document(800, 600), selection, Recipe("remove", prompt="a pear"), CLASSICAL).notes == (PROMPTLESS,)
    assert plan(document(800, 600), selection, Recipe("fill", prompt="a pear"), SDXL).notes == ()


def test_classical_says_what_it_does_with_a_large_hole() -> None:
    large, limit = Box(100, 100, 800, 500), Box(100, 100, 256, 256)
    assert plan(document(4000, 3000), large, REMOVE, CLASSICAL).notes == (
        "The selection is larger than 256 × 256 px: it is laid out at reduced size, then painted at full size.",
    )
    assert plan(document(4000, 3000), limit, REMOVE, CLASSICAL).notes == ()


# ---- words and figures


def test_words() -> None:
    found = plan(document(3000, 3000), Box(1073, 1073, 853, 853), FILL, SDXL)
    assert found.words() == "1024 × 1024 px, 80 % of full resolution, about 8 s"
    quick = plan(document(1024, 1024), Box(500, 500, 20, 20), Recipe("fill", steps=8), SD15)
    assert quick.words() == "512 × 512 px, 100 % of full resolution, under a second"
    slow = plan(document(12000, 9000), None, Recipe("detail", strength=0.3), FLUX)
    assert slow.words().endswith("px, 100 % of full resolution, about 32 min")


def test_to_map_is_plain() -> None:
    found = plan(document(3000, 3000), Box(1073, 1073, 853, 853), Recipe("fill", count=2), SDXL).to_map()
    assert found == {
        "mode": "fill",
        "selection": [1073, 1073, 853, 853],
        "context": [860, 860, 1279, 1279],
        "working": [1024, 1024],
        "resolution": 80,
        "passes": 1,
        "pieces": 1,
        "steps": 30,
        "seconds": 16.8,
        "memory": 6_979_321_856 + (2 << 30),
        "text": "1024 × 1024 px, 80 % of full resolution, about 17 s",
        "notes": [],
    }


def test_estimates_add_up() -> None:
    large, selection = document(4000, 3000), Box(1000, 500, 2000, 2000)
    found = plan(large, selection, FILL, SDXL)
    assert found.steps == 30 + 6 * 11
    assert plan(large, selection, Recipe("fill", count=3), SDXL).seconds == pytest.approx(3 * found.seconds)
    assert plan(large, selection, Recipe("fill", steps=60), SDXL).steps == 60 + 6 * 21
    hole = plan(large, Box(1000, 500, 256, 256), REMOVE, CLASSICAL)
    assert hole.seconds == CLASSICAL.seconds(256 * 256, 1)
    assert hole.memory == CLASSICAL.pixel * (3 * 256) ** 2


# ---- the golden table of a peer, and the gates


@pytest.mark.parametrize(
    ("canvas", "selection", "strength", "peer", "peer_resolution"),
    [  # peer: the side, or both, at which it works FLUX.1; its resolution in percent
        ((1024, 1024), (200, 200), 1.0, (608, 608), 100),
        ((1024, 1024), (200, 200), 0.5, (272, 272), 100),
        ((2048, 2048), (100, 100), 1.0, (512, 512), 100),
        ((2048, 2048), (100, 100), 0.5, (256, 256), 100),
        ((4096, 4096), (64, 64), 1.0, (768, 768), 100),
        ((2048, 2048), (600, 600), 1.0, (1024, 1024), 100),
        ((2048, 2048), (600, 600), 0.5, (800, 800), 100),
        ((4000, 3000), (300, 300), 1.0, (960, 960), 100),
        ((4000, 3000), (2000, 2000), 1.0, (1184, 896), 84),
        ((6000, 4000), (1500, 4000), 1.0, (1264, 848), 72),
    ],
)
def test_golden_table(
    canvas: tuple[int, int],
    selection: tuple[int, int],
    strength: float,
    peer: tuple[int, int],
    peer_resolution: int,
) -> None:
    for family in (SD15, SDXL, FLUX):
        found = plan(
            document(*canvas), middle(document(*canvas), *selection), Recipe("fill", strength=strength), family
        )
        assert found.passes[-1].resolution == 100 >= peer_resolution
        for piece in (piece for one in found.passes for piece in one.pieces):
            assert 0.8 <= piece.working.area / family.budget <= 1.05
            assert piece.working.width * piece.crop.height == piece.working.height * piece.crop.width
            assert family is SD15 or piece.working.area >= min(peer[0] * peer[1], 0.95 * family.budget)


def test_gate_sizes() -> None:
    figures = sizes_figures(selections_per_family=4000)
    assert figures["selections"] == 24_000
    assert figures["aspect_error"] == 0
    assert figures["needless"] <= 0.002
    assert figures["outside"] == 0
    assert figures["least"] >= 0.8 and figures["most"] <= 1.05  # even where zoom-in is at its limit
    assert figures["overhang"] <= 0.06


@every_family
def test_gate_cost(family: Family) -> None:
    areas = [
        plan(of, middle(of, 512, 512), FILL, family).image.area
        for of in (document(1024, 1024), document(4096, 4096), document(16384, 16384))
    ]
    assert areas[1] == areas[2]
    # The classical family's window is three holes wide: a canvas of two holes cuts it.
    assert areas[0] == (1024 * 1024 if family.native else areas[1])


# ---- disjoint parts


def test_disjoint_parts_become_crops_of_their_own() -> None:
    parts = [Box(1000, 1500, 60, 60), Box(3000, 1500, 60, 60)]
    first = plan(document(4000, 3000), Box(1000, 1500, 2060, 60), FILL, SDXL)
    found = refine(first, parts, FILL, SDXL)
    assert shape(first) == [(1.0, 1, (1600, 640), pytest.approx(0.7, abs=0.02))]
    assert shape(found) == [(1.0, 2, (1024, 1024), 4.0)]
    (one,) = found.passes
    assert not one.tiled and (one.field, one.origins) == ((2048, 1024), ((0, 0), (1024, 0)))
    assert [piece.target for piece in one.pieces] == parts
    assert (found.image, found.mask, found.selection) == (first.image, first.mask, first.selection)
    assert found.notes == ("2 pieces lie apart: each is worked on its own.",)
    assert found.words() == "2 pieces of 1024 × 1024 px, 100 % of full resolution, about 17 s"
    assert found.steps == 60
    assert found.seconds == pytest.approx(2 * first.seconds, rel=0.05)


def test_parts_of_different_aspect_keep_their_own_size() -> None:
    parts = [Box(1000, 1500, 60, 60), Box(3000, 1400, 120, 260)]
    found = refine(plan(document(4000, 3000), Box(1000, 1400, 2120, 260), FILL, SDXL), parts, FILL, SDXL)
    assert found.words().startswith("2 pieces of up to 1024 × 1024 px, ")


def test_parts_near_each_other_stay_together() -> None:
    parts = [Box(1000, 1500, 200, 200), Box(1380, 1500, 200, 200)]  # each lies in the other's context
    first = plan(document(4000, 3000), Box(1000, 1500, 580, 200), FILL, SDXL)
    assert refine(first, parts, FILL, SDXL) == first
    apart = [parts[0], Box(1420, 1500, 200, 200)]
    first = plan(document(4000, 3000), Box(1000, 1500, 620, 200), FILL, SDXL)
    assert shape(refine(first, apart, FILL, SDXL)) == [(1.0, 2, (1024, 1024), 2.56)]


def test_parts_stay_together_where_one_needs_several_pieces() -> None:
    parts = [Box(500, 300, 3000, 60), Box(3000, 2500, 60, 60)]
    first = plan(document(4000, 3000), Box(500, 300, 3000, 2260), FILL, SDXL)
    assert len(first.passes) == 2
    assert refine(first, parts, FILL, SDXL) == first


def test_nothing_outside_the_image_is_asked_for() -> None:
    first = plan(document(1295, 506), Box(43, 370, 478, 121), FILL, FLUX)
    assert first.image == (0, 248, 645, 258)
    part = Box(300, 412, 6, 49)  # its crop, 336 px high, would begin above the image
    assert refine(first, [part], FILL, FLUX) == first


def test_parts_that_gain_little_stay_together() -> None:
    parts = [Box(1000, 1500, 40, 40), Box(1110, 1500, 40, 40)]
    first = plan(document(4000, 3000), Box(1000, 1500, 150, 40), FILL, SDXL)
    assert first.passes[0].zoom == 4  # apart, they could be zoomed no further
    assert refine(first, parts, FILL, SDXL) == first


def test_a_tighter_box_is_worked_closer() -> None:
    first = plan(document(3000, 2000, 4), None, EXPAND, SDXL, Box(0, 0, 3000, 2000))
    found = refine(first, [Box(1400, 900, 200, 200)], EXPAND, SDXL)
    assert shape(found) == [(1.0, 1, (1024, 1024), 2.56)]
    assert found.image == first.image == (0, 0, 3000, 2000)
    assert found.context == (1300, 800, 400, 400)


def test_blend_grows_each_part() -> None:
    recipe = Recipe("fill", blend=20)
    parts = [Box(1000, 1500, 60, 60), Box(3000, 1500, 60, 60)]
    found = refine(plan(document(4000, 3000), Box(1000, 1500, 2060, 60), recipe, SDXL), parts, recipe, SDXL)
    assert [piece.target for piece in found.passes[0].pieces] == [(980, 1480, 100, 100), (2980, 1480, 100, 100)]


def test_a_named_context_and_an_enlargement_are_kept() -> None:
    parts = [Box(1000, 1500, 60, 60), Box(3000, 1500, 60, 60)]
    named = Recipe("fill", context="canvas")
    first = plan(document(4000, 3000), Box(1000, 1500, 2060, 60), named, SDXL)
    assert refine(first, parts, named, SDXL) is first
    doubled = Recipe("detail", strength=0.3, scale=2)
    first = plan(document(4000, 3000), None, doubled, SDXL)
    assert refine(first, parts, doubled, SDXL) is first


def test_without_parts_nothing_changes() -> None:
    first = plan(document(4000, 3000), Box(1000, 1500, 2060, 60), FILL, SDXL)
    assert refine(first, [], FILL, SDXL) is first
    assert refine(first, [Box(0, 0, 50, 50)], FILL, SDXL) is first


def test_classical_parts_of_a_large_hole_are_worked_whole() -> None:
    parts = [Box(500, 1400, 240, 240), Box(3000, 1400, 240, 240)]
    first = plan(document(4000, 3000), Box(500, 1400, 2740, 240), REMOVE, CLASSICAL)
    found = refine(first, parts, REMOVE, CLASSICAL)
    assert [piece.crop for piece in found.passes[0].pieces] == [(260, 1160, 720, 720), (2760, 1160, 720, 720)]
    assert first.notes and "reduced size" in first.notes[0]
    assert found.notes == ("2 pieces lie apart: each is worked on its own.",)
    assert found.memory < first.memory


# ---- what holds for every plan


@st.composite
def plans(draw: st.DrawFn) -> tuple[Plan, Recipe, Family]:
    """A plan that is not refused: any canvas up to 5000 px, any selection, mode, strength, blend and context."""
    family = draw(st.sampled_from(list(FAMILIES.values())))
    mode = draw(st.sampled_from([mode for mode in MODES if mode in family.modes]))
    width, height = draw(st.tuples(st.integers(1, 5000), st.integers(1, 5000)))
    x, y = draw(st.tuples(st.integers(-50, width - 1), st.integers(-50, height - 1)))
    box = Box(x, y, draw(st.integers(1, 5000)) - min(0, x), draw(st.integers(1, 5000)) - min(0, y))
    nothing = mode == "expand" or (mode != "remove" and not family.native)
    selection = None if nothing and draw(st.booleans()) else box
    scale = draw(st.sampled_from([1, 2, 4])) if mode == "detail" and selection is None else 1
    strength = draw(st.sampled_from([0.2, 0.35, 0.7, 1.0])) if family.partial else 1.0
    context: Any = draw(st.sampled_from([None, None, None, "canvas", Box(0, 0, 300, 200)]))
    recipe = Recipe(mode, strength=strength, blend=draw(st.sampled_from([0, 0, 7, 200])), context=context, scale=scale)
    content = draw(st.sampled_from([None, Box(0, 0, max(1, width // 2), height)])) if width > 1 else None
    return plan(document(width, height), selection, recipe, family, content), recipe, family


def targets_cover(one: Pass, box: Box) -> bool:
    """True where every pixel of `box` is some piece's target: looked up on the grid of all their edges."""
    targets = [piece.target.intersect(box) for piece in one.pieces]
    columns = sorted({box.x, *(edge for target in targets for edge in (target.x, target.right) if edge < box.right)})
    rows = sorted({box.y, *(edge for target in targets for edge in (target.y, target.bottom) if edge < box.bottom)})
    return all(
        any(target.x <= x < target.right and target.y <= y < target.bottom for target in targets)
        for x in columns
        for y in rows
    )


@settings(deadline=None, max_examples=250)
@given(plans())
def test_every_plan(made: tuple[Plan, Recipe, Family]) -> None:
    found, recipe, family = made
    canvas = found.document.canvas
    assert canvas.contains(found.selection) and canvas.contains(found.image)
    assert found.image.contains(found.context) and found.image.contains(found.selection)
    assert [one.number for one in found.passes] == list(range(len(found.passes)))
    seen = found.passes[0].pieces[0].crop.union(found.passes[0].pieces[-1].crop)
    assert seen.contains(found.context)
    for one in found.passes:
        assert one.strength <= recipe.strength
        assert targets_cover(one, found.selection)
        assert one.tiled == (len(one.pieces) > 1)
        for piece, (x, y) in zip(one.pieces, one.origins, strict=True):
            crop, working = piece.crop, piece.working
            assert found.image.contains(crop.intersect(canvas))
            assert crop.intersect(canvas).contains(piece.target) and not piece.target.empty
            assert working.width * crop.height == working.height * crop.width
            assert working.width % family.multiple == working.height % family.multiple == 0
            assert x % family.cell == y % family.cell == 0
            assert x + working.width <= one.field.width and y + working.height <= one.field.height
            assert piece.zoom <= 4
            if family.native:
                assert tuple(working) == crop[2:] and canvas.contains(crop)
            else:
                assert working.area / family.budget <= 1.05
                assert working.area / family.budget >= 0.8 or (family.filters and tuple(working) == crop[2:])
            for axis in (0, 1):  # off the canvas only where the crop, or the whole field of tiles, does not fit
                start, side, room = crop[axis], crop[2 + axis], canvas[2 + axis]
                if start < 0 or start + side > room:
                    assert one.field[axis] / piece.zoom > room if one.tiled else side > room
    assert found.steps > 0 and found.seconds > 0 and found.memory > 0
    assert plan(found.document, found.mask, recipe, family, found.content) == found


@settings(deadline=None, max_examples=150)
@given(plans(), st.data())
def test_every_refined_plan(made: tuple[Plan, Recipe, Family], data: st.DataObject) -> None:
    first, recipe, family = made
    box = first.selection
    spots = st.tuples(st.floats(0, 0.99), st.floats(0, 0.99), st.floats(0.001, 0.4), st.floats(0.001, 0.4))
    parts = [
        Box(
            box.x + int(across * box.width),
            box.y + int(down * box.height),
            max(1, int(wide * box.width)),
            max(1, int(high * box.height)),
        ).intersect(box)
        for across, down, wide, high in data.draw(st.lists(spots, max_size=4))
    ]
    found = refine(first, parts, recipe, family)
    assert found == refine(first, parts, recipe, family)
    assert (found.image, found.mask, found.selection) == (first.image, first.mask, first.selection)
    assert found.passes[-1].resolution >= first.passes[-1].resolution
    for one in found.passes:
        assert all(targets_cover(one, part) for part in parts)
        for piece in one.pieces:
            assert first.image.contains(piece.crop.intersect(first.document.canvas))
            assert piece.working.width * piece.crop.height == piece.working.height * piece.crop.width
            assert family.native or piece.working.area / family.budget <= 1.05
            assert family.native or family.filters or piece.working.area / family.budget >= 0.8
