"""From a region to layers: what is cut, what an engine is given, what comes back and when."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import msgpack
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from bridge import plates
from bridge.engines import Cancelled, Floats, Plate, Prefill, Step
from bridge.engines.classical import Classical
from bridge.engines.prefill import smooth
from bridge.families import FAMILIES, Family, Size
from bridge.fill import Layer, Region, fill
from bridge.geometry import Pass, Plan, plan
from bridge.plates import Cut, Ground, Sheet, cut, spread
from bridge.protocol.errors import Refusal
from bridge.protocol.values import Box, Depth, Document, Recipe

Pixels = NDArray[Any]

SD15 = FAMILIES["sd15"]
TINY = replace(SD15, name="tiny", budget=64 * 64, buckets=(Size(64, 64), Size(80, 48), Size(48, 80)))
"""A family so small that strips and tiles cost nothing."""


@dataclass
class Recorder:
    """Returns its plates and remembers them."""

    plates: list[Plate] = field(default_factory=list)
    recipes: list[Recipe] = field(default_factory=list)
    painted: list[int] = field(default_factory=list)

    def paint(self, plate: Plate, recipe: Recipe, step: Step) -> Iterator[tuple[int, Floats]]:
        self.plates.append(plate)
        self.recipes.append(recipe)
        for k in range(recipe.count):
            for i in range(3):
                step(k, i, 2, plate.rgb if i == 1 else None)
            self.painted.append(k)
            yield k, self.picture(plate, k)

    def picture(self, plate: Plate, k: int) -> Floats:
        return plate.rgb.copy()


@dataclass
class Constant(Recorder):
    """Paints one colour, brighter with every call."""

    def picture(self, plate: Plate, k: int) -> Floats:
        return np.where(plate.hole[..., None], np.float32(0.1 * len(self.plates)), plate.rgb)


class Broken(Recorder):
    """Returns one value everywhere."""

    value = np.float32(0)

    def picture(self, plate: Plate, k: int) -> Floats:
        return np.full_like(plate.rgb, self.value)


def quiet(*said: Any) -> None:
    """Nobody listens."""


def noise(height: int, width: int, depth: Depth = "u8", channels: int = 3) -> Pixels:
    rgb = np.random.default_rng(1).uniform(0.1, 0.9, (height, width, channels))
    if depth == "f32":
        return rgb.astype(np.float32)
    return (rgb * (255 if depth == "u8" else 65535)).astype(np.uint8 if depth == "u8" else np.uint16)


def seen(image: Pixels, selection: Box | None, mask: Pixels | None = None, **more: Any) -> Region:
    """The whole of a document as a region."""
    depth: Any = {1: "u8", 2: "u16", 4: "f32"}[image.dtype.itemsize]
    document = Document("test", image.shape[1], image.shape[0], image.shape[2], depth)
    image.flags.writeable = False
    return Region(document, document.canvas, image, selection, mask, more.get("content"))


def layers(region: Region, recipe: Recipe, family: Family = SD15, engine: Any = None) -> list[Layer]:
    return list(fill(region, recipe, family, engine or Recorder(), quiet))


def prepared(region: Region, recipe: Recipe, family: Family = SD15) -> tuple[Plan, Ground]:
    made = plan(region.document, region.selection, recipe, family, region.content)
    return made, Ground.of(region, made)


def first(region: Region, recipe: Recipe, family: Family = SD15, prefill: Prefill | None = None) -> Cut:
    """The first plate of a fill."""
    made, ground = prepared(region, recipe, family)
    return cut(ground, ground.sheet(), made.passes[0], 0, family, prefill, quiet)


FILL = Recipe("fill", seed=7)
REFINE = Recipe("fill", seed=7, strength=0.3)
HOLE = Box(120, 100, 240, 224)
"""Worked 1:1 by a family of 512²."""


# ---- what comes back ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("depth", ["u8", "u16", "f32"])
def test_identity_returns_the_document_value_for_value(depth: Depth) -> None:
    image = noise(448, 472, depth)
    (layer,) = layers(seen(image, HOLE), FILL)
    assert layer.box == HOLE and layer.mask is None and layer.index == 0
    assert layer.picture.dtype == image.dtype and layer.picture.flags.c_contiguous
    assert np.array_equal(layer.picture, image[100:324, 120:360])


def test_a_layer_has_the_box_and_the_values_of_the_mask() -> None:
    mask = np.zeros((224, 240), np.uint8)
    mask[30:90, 50:80] = np.arange(1, 61, dtype=np.uint8)[:, None]
    (layer,) = layers(seen(noise(448, 472), HOLE, mask), FILL)
    assert layer.box == Box(170, 130, 30, 60)
    assert layer.mask is not None and layer.mask.flags.c_contiguous and np.array_equal(layer.mask, mask[30:90, 50:80])


def test_a_selection_may_hang_over_the_canvas() -> None:
    mask = np.full((100, 100), 200, np.uint8)
    (layer,) = layers(seen(noise(300, 300), Box(-40, 250, 100, 100), mask), FILL)
    assert layer.box == Box(0, 250, 60, 50) and layer.picture.shape == (50, 60, 3)


def test_a_blend_grows_the_layer_outward() -> None:
    (layer,) = layers(seen(noise(448, 472), HOLE), replace(FILL, blend=10))
    assert layer.box == Box(110, 90, 260, 244) and layer.mask is not None
    assert (layer.mask[10:-10, 10:-10] == 255).all() and layer.mask[100, :11].tolist() == sorted(layer.mask[100, :11])


def test_an_empty_mask_is_refused() -> None:
    with pytest.raises(Refusal, match="all 240 × 224 px of its mask are 0") as why:
        layers(seen(noise(448, 472), HOLE, np.zeros((224, 240), np.uint8)), FILL)
    assert why.value.code == "picture.mask_empty"


def test_the_region_must_show_what_the_plan_needs() -> None:
    region = seen(noise(448, 472), HOLE)
    small = replace(region, box=Box(100, 100, 200, 200), image=region.image[100:300, 100:300])
    with pytest.raises(AssertionError, match="the plan needs"):
        layers(small, FILL)


def test_the_documents_alpha_is_kept_where_it_is_refined() -> None:
    image = noise(448, 472, "u16", channels=4)
    region = seen(image, HOLE)
    assert layers(region, FILL)[0].picture.shape == (224, 240, 3)
    (refined,) = layers(region, REFINE)
    assert np.array_equal(refined.picture[..., 3], image[100:324, 120:360, 3])


@pytest.mark.parametrize("scale", [2, 4])
def test_detail_enlarges_the_whole_canvas(scale: int) -> None:
    image = np.repeat(np.linspace(40, 200, 60, dtype=np.uint8)[None, :, None], 3, 2).repeat(50, 0)
    image = np.concatenate([image, np.full_like(image[..., :1], 99)], axis=2)
    (layer,) = layers(seen(image, None), Recipe("detail", seed=1, strength=0.3, scale=scale), TINY)
    assert layer.box == Box(0, 0, 60, 50) and layer.mask is None
    assert layer.picture.shape == (50 * scale, 60 * scale, 4)
    wanted = np.interp((np.arange(60 * scale) + 0.5) / scale - 0.5, np.arange(60), image[0, :, 0])
    assert np.abs(layer.picture[..., 0] - wanted)[:, scale:-scale].max() <= 2
    assert (layer.picture[..., 3] == 99).all()


def test_expand_finds_the_empty_canvas_by_itself() -> None:
    image = noise(300, 400)
    (layer,) = layers(seen(image, None, content=Box(0, 0, 300, 300)), Recipe("expand", seed=1))
    assert layer.box == Box(300, 0, 100, 300) and layer.mask is None


def test_expand_fills_what_is_transparent() -> None:
    image = noise(200, 200, channels=4)
    image[..., 3] = 255
    image[50:90, 60:80, 3] = np.linspace(0, 254, 20).astype(np.uint8)
    (layer,) = layers(seen(image, None), Recipe("expand", seed=1))
    assert layer.box == Box(60, 50, 20, 40) and layer.picture.shape[2] == 3
    assert layer.mask is not None and np.array_equal(layer.mask, 255 - image[50:90, 60:80, 3])


def test_timings_are_plain_values() -> None:
    (one,) = layers(seen(noise(448, 472), HOLE), FILL)
    (tiled,) = layers(seen(noise(150, 150), None), Recipe("detail", seed=1, strength=0.3), TINY)
    for layer in (one, tiled):
        assert msgpack.unpackb(msgpack.packb(layer.timings)) == layer.timings
        assert layer.timings.keys() == {"seconds", "offset", "gain", "ring", "reason"}
        assert layer.timings["seconds"].keys() == {"encoding", "painting", "finishing"}


def test_the_timings_say_what_was_corrected() -> None:
    class Pink(Recorder):
        def picture(self, plate: Plate, k: int) -> Floats:
            return plate.rgb + np.float32((5 / 255, 0, 0))

    image = np.full((448, 472, 3), 100, np.uint8)
    (layer,) = layers(seen(image, HOLE), FILL, engine=Pink())
    assert layer.timings["offset"] == pytest.approx([-5.0, 0.0, 0.0], abs=0.1) and layer.timings["ring"] > 1000
    assert (layer.picture == 100).all()


# ---- when it comes back ---------------------------------------------------------------------------------------------


def test_each_variation_comes_as_soon_as_it_is_painted() -> None:
    engine = Recorder()
    coming = fill(seen(noise(448, 472), HOLE), replace(FILL, count=3), SD15, engine, quiet)
    assert next(coming).index == 0 and engine.painted == [0]
    assert [layer.index for layer in coming] == [1, 2] and len(engine.plates) == 1


def test_a_plan_of_several_pieces_finishes_one_variation_before_the_next() -> None:
    engine = Recorder()
    region = seen(noise(64, 300), Box(10, 20, 270, 24))
    coming = fill(region, Recipe("fill", seed=2**32 - 1, count=2), TINY, engine, quiet)
    assert next(coming).index == 0
    pieces = len(engine.plates)
    assert pieces > 2 and next(coming).index == 1 and len(engine.plates) == 2 * pieces
    assert {(recipe.seed, recipe.count) for recipe in engine.recipes[:pieces]} == {(2**32 - 1, 1)}
    assert {(recipe.seed, recipe.count) for recipe in engine.recipes[pieces:]} == {(0, 1)}


def test_report_hears_every_phase_in_order() -> None:
    said: list[tuple[Any, ...]] = []
    recipe = replace(FILL, count=2)
    list(fill(seen(noise(448, 472), HOLE), recipe, SD15, Recorder(), lambda *given: said.append(given)))
    assert [given[:4] for given in said] == [
        ("encoding", -1, 0, 2),
        ("painting", 0, 0, 4),
        ("painting", 0, 1, 4),
        ("decoding", 0, 2, 4),
        ("finishing", 0, 1, 2),
        ("painting", 1, 2, 4),
        ("painting", 1, 3, 4),
        ("decoding", 1, 4, 4),
        ("finishing", 1, 2, 2),
    ]
    assert [given[0] for given in said if given[4] is not None] == ["painting", "painting"]


def test_report_of_several_pieces_only_goes_forward() -> None:
    said: list[tuple[Any, ...]] = []
    region = seen(noise(64, 300), Box(10, 20, 270, 24))
    list(fill(region, replace(FILL, count=2), TINY, Recorder(), lambda *given: said.append(given)))
    shares = [i / n for _, _, i, n, _ in said]
    assert shares == sorted(shares) and shares[0] == 0 and shares[-1] == 1
    assert {which for _, which, *_ in said} == {0, 1}
    assert all(preview is None for *_, preview in said)


@pytest.mark.parametrize("when", ["encoding", "painting", "finishing"])
def test_cancelled_passes_through(when: str) -> None:
    def report(phase: str, *given: Any) -> None:
        if phase == when:
            raise Cancelled

    with pytest.raises(Cancelled):
        list(fill(seen(noise(448, 472), HOLE), FILL, SD15, Recorder(), report))


# ---- what is never inserted -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("value", "text"), [(np.nan, "holds values that are no colours"), (0, "is black all over")])
def test_a_broken_picture_is_never_yielded(value: float, text: str) -> None:
    engine = Broken()
    engine.value = np.float32(value)
    with pytest.raises(Refusal, match=f"Variation 1, 472 × 472 px, {text}") as why:
        layers(seen(noise(448, 472), HOLE), FILL, engine=engine)
    assert why.value.code == "result.invalid" and "Nothing was inserted" in why.value.text


def test_a_star_may_be_removed_from_a_black_sky() -> None:
    image = np.zeros((448, 472, 3), np.uint8)
    image[200:210, 200:210] = 255
    (layer,) = layers(seen(image, HOLE), Recipe("remove", seed=1), engine=Broken())
    assert not layer.picture.any()


# ---- what an engine is given ----------------------------------------------------------------------------------------


def test_a_plate_at_1_to_1_is_the_document() -> None:
    image = noise(700, 700)
    plate = first(seen(image, Box(200, 250, 240, 224)), FILL).plate
    made = plan(Document("test", 700, 700, 3), Box(200, 250, 240, 224), FILL, SD15)
    crop = made.passes[0].pieces[0].crop
    assert np.array_equal(plate.rgb, image[crop.y : crop.bottom, crop.x : crop.right] / np.float32(255))
    assert plate.rgb.dtype == plate.m.dtype == plate.d.dtype == np.float32
    assert plate.hole.sum() == 240 * 224 and np.array_equal(plate.hole, plate.m > 0)
    assert plate.d.shape == (plate.m.shape[0] // 8, plate.m.shape[1] // 8) and not plate.unknown.any()


def test_beyond_the_canvas_the_picture_is_mirrored_and_unknown() -> None:
    image = noise(40, 60)
    piece = first(seen(image, Box(5, 8, 12, 12)), Recipe("fill", seed=1, strength=0.5, context="canvas"), TINY)
    plate, crop = piece.plate, piece.crop
    assert crop == Box(-6, -4, 72, 48) and plate.rgb.shape == (48, 72, 3)
    beyond = np.ones((48, 72), bool)
    beyond[4:44, 6:66] = False
    assert np.array_equal(plate.unknown, beyond) and not (plate.m[beyond].any() or piece.ring[beyond].any())
    assert np.array_equal(plate.rgb, np.pad(image / np.float32(255), ((4, 4), (6, 6), (0, 0)), "symmetric"))


def test_where_the_canvas_is_too_small_to_mirror_its_edge_is_repeated() -> None:
    values = np.arange(6, dtype=np.float32).reshape(1, 6)
    assert plates._mirrored(values, ((0, 0), (2, 8)))[0].tolist() == [1, 0, 0, 1, 2, 3, 4, 5, 5, 4, 3, 2, 1, 0, 0, 0]


def test_the_mirrored_hole_is_no_context() -> None:
    """An object cut by the canvas's edge is mirrored with it; at full strength the engine must not see it again."""
    image = np.full((40, 30, 3), 0.5, np.float32)
    image[:20, 10:20] = 1.0
    region = seen(image, Box(10, 0, 10, 20))
    full, half = (first(region, replace(FILL, strength=strength), TINY).plate for strength in (1.0, 0.5))
    assert half.rgb[half.unknown].max() > 0.99 and full.rgb[full.unknown].max() < 0.6
    assert full.rgb[full.hole].max() > 0.99


def test_prefill_continues_the_surroundings_into_the_hole() -> None:
    image = np.full((448, 472, 3), 0.25, np.float32)
    image[100:324, 120:360] = 1.0
    region = seen(image, HOLE)
    assert np.allclose(first(region, FILL, prefill=smooth).plate.rgb, 0.25, atol=1e-5)
    assert first(region, FILL).plate.rgb.max() == 1.0
    assert first(region, replace(FILL, strength=0.89), prefill=smooth).plate.rgb.max() == 1.0


def test_prefill_leaves_a_soft_edge_its_share_of_the_picture() -> None:
    image = np.full((448, 472, 3), 0.25, np.float32)
    image[100:324, 120:360] = 1.0
    mask = np.full((224, 240), 255, np.uint8)
    mask[:, :40] = np.linspace(0, 255, 40).astype(np.uint8)
    piece = first(seen(image, HOLE, mask), FILL, prefill=smooth)
    row = piece.plate.rgb[224 - piece.crop.y, :, 0]
    assert row[120 - piece.crop.x] == 1.0 and (np.diff(row[120 - piece.crop.x :][:40]) <= 1e-6).all()


def test_what_lies_in_the_hole_leaves_no_halo_when_resampled() -> None:
    plates_of = []
    for value in (0.0, 1.0):
        image = np.full((300, 300, 3), 0.5, np.float32)
        image[100:160, 100:170] = value
        plates_of.append(first(seen(image, Box(100, 100, 70, 60)), FILL).plate)
    kept = ~plates_of[0].hole
    assert not np.array_equal(plates_of[0].rgb, plates_of[1].rgb)
    assert np.allclose(plates_of[0].rgb[kept], 0.5, atol=1e-5) and np.allclose(plates_of[1].rgb[kept], 0.5, atol=1e-5)


def test_what_is_transparent_or_no_number_never_reaches_a_plate() -> None:
    image = np.full((448, 472, 4), 0.5, np.float32)
    image[..., 3] = 1
    image[40:60, 40:60] = (9, -9, 9, 0)
    image[80, 80, 0] = np.nan
    piece = first(seen(image, HOLE), FILL)
    y, x = 50 - piece.crop.y, 50 - piece.crop.x
    assert np.allclose(piece.plate.rgb[y, x], 0.5, atol=1e-4) and piece.free[y, x] and not piece.ring[y, x]
    assert piece.free[80 - piece.crop.y, 80 - piece.crop.x] and np.isfinite(piece.plate.rgb).all()


def test_the_key_names_the_content() -> None:
    image, other = noise(448, 472), noise(448, 472)
    other[0, 0] += 1
    keys = [first(seen(one, HOLE), FILL).plate.key for one in (image, image.copy(), other)]
    assert keys[0] == keys[1] != keys[2]
    assert first(seen(image, HOLE.moved(1, 0)), FILL).plate.key != keys[0]


@settings(max_examples=60, deadline=None)
@given(
    shape=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    size=st.tuples(st.integers(1, 90), st.integers(1, 90)),
    places=st.lists(st.tuples(st.integers(0, 39), st.integers(0, 39)), min_size=1, max_size=5),
)
def test_spread_loses_nothing(shape: tuple[int, int], size: tuple[int, int], places: list[tuple[int, int]]) -> None:
    values = np.zeros(shape, np.uint8)
    for number, (y, x) in enumerate(places, 1):
        values[y % shape[0], x % shape[1]] = number
    wide = spread(values, Size(*size))
    assert wide.shape == size[::-1]
    for y, x in np.argwhere(values):
        # every new pixel whose extent holds the old pixel's centre has its value or a larger one
        row, column = int((y + 0.5) * size[1] / shape[0]), int((x + 0.5) * size[0] / shape[1])
        near = wide[max(0, row - 1) : row + 2, max(0, column - 1) : column + 2]
        assert near.max() >= values[y, x]
        if size[0] <= shape[1] and size[1] <= shape[0]:
            assert wide[row, column] >= values[y, x]


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**16), zoom=st.sampled_from([0.5, 1, 3]))
def test_the_denoise_map_covers_the_layer_mask(seed: int, zoom: float) -> None:
    rng = np.random.default_rng(seed)
    side = int(40 / zoom)
    mask = (rng.integers(0, 256, (side, side)) * (rng.uniform(size=(side, side)) < 0.05)).astype(np.uint8)
    mask[side // 2, side // 2] = 255
    piece = first(seen(noise(200, 200), Box(60, 60, side, side), mask), FILL, TINY)
    box, wide = Box(60, 60, side, side), piece.plate.d.repeat(8, 0).repeat(8, 1)
    scale = wide.shape[1] / piece.crop.width
    for y, x in np.argwhere(mask):
        row, column = int((y + 0.5 + box.y - piece.crop.y) * scale), int((x + 0.5 + box.x - piece.crop.x) * scale)
        assert wide[row, column] >= mask[y, x] / 255 - 1e-6


# ---- several pieces -------------------------------------------------------------------------------------------------


def test_a_strip_sees_what_the_one_before_it_painted() -> None:
    engine, image = Constant(), np.full((64, 300, 3), 0.9, np.float32)
    (layer,) = layers(seen(image, Box(10, 20, 270, 24)), FILL, TINY, engine)
    assert len(engine.plates) > 2
    before, after = engine.plates[:2]
    assert (before.rgb[~before.hole] == np.float32(0.9)).all()
    painted = ~after.hole & (np.abs(after.rgb[..., 0] - 0.1) < 1e-4)
    assert painted.any() and after.d.min() == 0
    row = layer.picture[12, :, 0]
    assert (np.diff(row) > -1e-4).all() and np.diff(row).max() < 0.03, "pieces meet without a step"
    assert np.isclose(row[0], 0.1, atol=1e-3) and np.isclose(row[-1], 0.1 * len(engine.plates), atol=1e-3)


def test_the_hole_beyond_a_strip_is_never_its_context() -> None:
    engine = Constant()
    layers(seen(noise(64, 300), Box(10, 20, 270, 24)), FILL, TINY, engine)
    first_one = engine.plates[0]
    assert first_one.hole[32, 12:].all(), "what the next piece will paint is open too"


def test_the_second_pass_is_cut_from_the_first() -> None:
    engine, image = Constant(), np.full((200, 200, 3), 0.9, np.float32)
    (layer,) = layers(seen(image, Box(20, 20, 160, 160)), FILL, TINY, engine)
    composed, tiles = engine.plates[0], engine.plates[1:]
    assert composed.number == 0 and {plate.number for plate in tiles} == {1} and len(tiles) > 3
    tile = tiles[0]
    assert tile.strength == 0.35 and np.allclose(tile.rgb[40:, 40:], 0.1, atol=0.02)
    assert np.array_equal(tile.rgb[~tile.hole], np.full((np.count_nonzero(~tile.hole), 3), 0.9, np.float32))
    assert layer.picture.shape == (160, 160, 3)


def test_tiles_keep_the_tints_of_what_they_refine() -> None:
    class Tinted(Recorder):
        def picture(self, plate: Plate, k: int) -> Floats:
            return plate.rgb + np.float32(0.03 * (-1) ** len(self.plates))

    image = np.full((150, 150, 3), 0.5, np.float32)
    (layer,) = layers(seen(image, None), Recipe("detail", seed=1, strength=0.3), TINY, Tinted())
    assert np.abs(layer.picture - 0.5).max() < 0.002
    (free,) = layers(seen(image, None), Recipe("detail", seed=1, strength=0.8), TINY, Tinted())
    assert np.abs(free.picture - 0.5).max() > 0.02


def test_parts_that_hold_nothing_are_not_painted() -> None:
    mask = np.zeros((160, 160), np.uint8)
    mask[:20, :20] = mask[-20:, -20:] = 255
    engine = Recorder()
    region = seen(noise(200, 200), Box(20, 20, 160, 160), mask)
    made, _ = prepared(region, REFINE, TINY)
    (layer,) = layers(region, REFINE, TINY, engine)
    assert len(engine.plates) < len(made.passes[-1].pieces) and layer.box == Box(20, 20, 160, 160)


@settings(max_examples=40, deadline=None)
@given(
    starts=st.lists(st.integers(0, 30), min_size=1, max_size=4, unique=True),
    length=st.integers(20, 40),
)
def test_a_sheet_is_the_mean_of_its_pieces_weighted_by_their_windows(starts: list[int], length: int) -> None:
    box = Box(0, 0, 70, 1)
    pieces = [(start, start + length) for start in sorted(starts)]
    sheet, total, weight = Sheet(box), np.zeros(70), np.zeros(70)
    for value, (start, stop) in enumerate(pieces, 1):
        window = plates._ramp(start, stop, pieces)[None]
        sheet.lay(np.full((1, length, 3), value, np.float32), window, Box(start, 0, length, 1))
        total[start:stop] += value * window[0]
        weight[start:stop] += window[0]
    at = weight > 0
    assert np.allclose(sheet.rgb[0, at, 1], total[at] / weight[at], atol=1e-4)
    assert sheet.rgb[0, :, 0].max() <= len(pieces) and np.allclose(sheet.weight[0], weight)
    covered = np.zeros(70, bool)
    for start, stop in pieces:
        covered[start:stop] = True
    assert (sheet.rgb[0, covered, 0] > 0).all(), "no gap, also where a window is 0"


# ---- with a real engine ---------------------------------------------------------------------------------------------


def test_the_classical_engine_removes_an_object() -> None:
    y, x = np.mgrid[0:120, 0:160].astype(np.float32)
    clean = np.stack([60 + 0.5 * x, 80 + 0.4 * y, 120 + 20 * np.sin(x / 5)], axis=2).astype(np.uint8)
    image = clean.copy()
    image[50:66, 70:90] = (255, 0, 255)
    (layer,) = layers(seen(image, Box(66, 46, 28, 24)), Recipe("remove", seed=1), FAMILIES["classical"], Classical())
    found = layer.picture.astype(int)
    assert np.abs(found - clean[46:70, 66:94]).mean() < 12 and (found[..., 1] > 60).all()
    again = layers(seen(image, Box(66, 46, 28, 24)), Recipe("remove", seed=1), FAMILIES["classical"], Classical())
    assert np.array_equal(again[0].picture, layer.picture)


def test_a_family_that_cannot_refine_says_so_before_anything_is_cut() -> None:
    with pytest.raises(Refusal, match="cannot refine it at 30 % strength"):
        layers(seen(noise(100, 100), Box(10, 10, 20, 20)), REFINE, FAMILIES["classical"], Classical())


def test_passes_name_their_place_in_the_noise() -> None:
    engine = Recorder()
    region = seen(noise(200, 200), Box(20, 20, 160, 160))
    made, _ = prepared(region, FILL, TINY)
    layers(region, FILL, TINY, engine)
    wanted = [(one.number, origin, one.field) for one in made.passes for origin in one.origins]
    assert [(plate.number, plate.origin, plate.size) for plate in engine.plates] == wanted
    assert isinstance(made.passes[1], Pass) and all(not value % 8 for _, at, _ in wanted for value in at)
