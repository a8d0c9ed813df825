"""Colour: exact where it must be, and the gates of the correction at the size of one plate.

Engines are formulas here: *field* adds a smooth shift of up to 6 levels, *shift* lowers the contrast to 0.8 and adds a
tint; a red disc stands for what only the fill shows.
"""

import functools

import numpy as np
import pytest
from scipy import ndimage
from skimage import color, data

from bridge import colour

SIDE, CELL = 256, 8
NOWHERE = np.zeros((SIDE, SIDE), bool)
RED = np.array([0.8, 0.15, 0.1], np.float32)
BLOCKS = (np.indices((SIDE, SIDE)) // 16).sum(axis=0) % 2 == 0


# scenes, holes, engines


def photograph(name):
    pixels = getattr(data, name)()
    pixels = np.dstack([pixels] * 3) if pixels.ndim == 2 else pixels[..., :3]
    side = min(pixels.shape[:2])
    return np.clip(colour.resample(pixels[:side, :side] / np.float32(255), (SIDE, SIDE)), 0, 1)


def flat(*rgb):
    return np.broadcast_to(np.array(rgb, np.float32), (SIDE, SIDE, 3)).copy()


def sky():
    down = np.linspace(0, 1, SIDE, dtype=np.float32)[:, None, None]
    return np.broadcast_to(flat(0.35, 0.55, 0.9)[:1] + down * np.float32([0.4, 0.3, 0.08]), (SIDE, SIDE, 3)).copy()


def line_art():
    rows, columns = np.indices((SIDE, SIDE))
    picture = flat(1, 1, 1)
    for i in range(12):
        picture[np.abs(np.hypot(rows - 24 * i, columns - 20 * i) - 60) < 1.2] = 0.1
    return picture


@functools.cache
def scene(name):
    made = {
        "white": lambda: flat(1, 1, 1),
        "grey": lambda: flat(0.5, 0.5, 0.5),
        "blue": lambda: flat(0.2, 0.35, 0.8),
        "sky": sky,
        "line art": line_art,
    }
    picture = made[name]() if name in made else photograph(name)
    picture.setflags(write=False)
    return picture


SMOOTH = ("grey", "sky", "blue")
TEXTURED = ("astronaut", "coffee", "chelsea", "gravel", "grass", "immunohistochemistry", "page")
SCENES = ("white", *SMOOTH, "line art", *TEXTURED)


def rectangle():
    hole = NOWHERE.copy()
    hole[72:184, 80:176] = True
    return hole


def at_the_edge():
    hole = NOWHERE.copy()
    hole[120:, 60:170] = True
    return hole


def lasso():
    rows, columns = np.indices((SIDE, SIDE))
    return np.hypot((rows - 130) / 60, (columns - 120) / 80 + 0.2 * np.sin(rows / 15)) < 1


HOLES = (rectangle(), at_the_edge(), lasso())


def denoised(hole):
    """The denoise map of a hard hole, on its pixels."""
    cells = hole.reshape(SIDE // CELL, CELL, SIDE // CELL, CELL).any(axis=(1, 3))
    return cells.repeat(CELL, 0).repeat(CELL, 1).astype(np.float32)


def ring_of(hole):
    return colour.ring(denoised(hole), CELL, NOWHERE, ~NOWHERE)


def rim_of(hole, width=12):
    """The hole's pixels within `width` of the kept picture."""
    return hole & (ndimage.distance_transform_edt(np.pad(hole, 1, mode="edge"))[1:-1, 1:-1] <= width)


def field(seed, side=SIDE):
    """Three sinusoids a channel, no period shorter than the crop, 6 levels at most."""
    rng = np.random.default_rng(seed)
    rows, columns = np.indices((side, side)) / side
    shift = np.zeros((side, side, 3))
    for wave in rng.random((3, 3, 4)):
        angle, period, phase, height = wave.T * np.array([2 * np.pi, 2, 2 * np.pi, 1])[:, None]
        along = np.cos(angle) * rows[..., None] + np.sin(angle) * columns[..., None]
        shift += (0.3 + height) * np.sin(2 * np.pi * along / (1 + period) + phase)
    return (shift / np.abs(shift).max() * 6 / 255).astype(np.float32)


def shifted(picture, seed):
    tint = np.random.default_rng(seed).uniform(-6, 6, 3).astype(np.float32) / 255
    return np.clip(picture * np.float32(0.8) + tint, 0, 1)


def with_disc(picture, hole):
    centre = np.argwhere(hole).mean(axis=0)
    disc = np.hypot(*(np.indices((SIDE, SIDE)) - centre[:, None, None])) < 12
    picture = picture.copy()
    picture[disc] = RED
    return picture, disc


def corrected(original, painted, hole):
    return np.clip(colour.correct(original, painted, ring_of(hole), NOWHERE)[0], 0, 1)


def lab(picture, smooth=0):
    return color.rgb2lab(ndimage.uniform_filter(picture, (smooth, smooth, 1)) if smooth else picture)


def chroma(colours):
    return float(np.hypot(*color.rgb2lab(np.clip(colours, 0, 1))[..., 1:].T).mean())


# values


@pytest.mark.parametrize(("depth", "kind"), [("u8", np.uint8), ("u16", np.uint16)])
def test_every_value_of_a_depth_survives_the_way_to_float_and_back(depth, kind):
    values = np.arange(np.iinfo(kind).max + 1).astype(kind)
    floats = colour.to_float(values, depth)
    assert floats.dtype == np.float32
    assert (floats[0], floats[-1]) == (0, 1)
    np.testing.assert_array_equal(floats, values / np.float32(np.iinfo(kind).max))
    back = colour.to_depth(floats, depth)
    assert back.dtype == kind
    np.testing.assert_array_equal(back, values)


def test_floats_are_clipped_and_what_is_no_number_is_black_and_named():
    values = np.array([[[0.5, 2, -1], [np.nan, 0.5, 1], [np.inf, -np.inf, 0.25]]], np.float32)
    expected = [[[0.5, 1, 0], [0, 0.5, 1], [0, 0, 0.25]]]
    assert colour.to_float(values, "f32").tolist() == expected
    assert colour.finite(values).tolist() == [[True, False, False]]
    assert colour.finite(np.zeros((1, 2, 4), np.uint8)).tolist() == [[True, True]]


def test_values_are_rounded_to_the_nearest_and_clipped():
    floats = np.array([-0.1, 0.49 / 255, 0.51 / 255, 254.6 / 255, 1.1], np.float32)
    assert colour.to_depth(floats, "u8").tolist() == [0, 0, 1, 255, 255]
    assert colour.to_depth(floats, "f32") is floats


def test_a_16_bit_gradient_keeps_more_than_256_values():
    original = np.broadcast_to(np.linspace(0.3, 0.6, SIDE, dtype=np.float32)[:, None, None], (SIDE, SIDE, 3))
    fill = corrected(original, original + field(1), HOLES[0])[HOLES[0]]
    assert len(np.unique(colour.to_depth(fill, "u16"))) > 2000


# resample


def test_a_picture_that_fits_is_not_resampled():
    picture = scene("coffee")
    assert colour.resample(picture, (SIDE, SIDE)) is picture


@pytest.mark.parametrize("size", [(100, 300), (300, 100), (40, 41), (600, 512)])
@pytest.mark.parametrize("channels", [(), (1,), (3,)])
def test_resampling_keeps_constants_and_shapes(size, channels):
    constant = np.full((120, 200, *channels), 0.37, np.float32)
    resampled = colour.resample(constant, size)
    assert resampled.shape == (size[1], size[0], *channels)
    assert resampled.dtype == np.float32
    np.testing.assert_allclose(resampled, 0.37, atol=1e-6)


@pytest.mark.parametrize("zoom", [1.05, 1.6, 3])
@pytest.mark.parametrize("name", ["astronaut", "coffee", "gravel", "grass", "brick"])
def test_a_picture_comes_back_sharp_from_a_larger_size(name, zoom):
    picture, size = scene(name), round(SIDE * zoom)
    back = colour.resample(colour.resample(picture, (size, size)), (SIDE, SIDE))
    sharpness = [np.abs(np.diff(one.mean(axis=-1))).mean() for one in (back, picture)]
    assert 0.9 <= sharpness[0] / sharpness[1] <= 1.05
    assert np.median(color.deltaE_ciede2000(lab(np.clip(back, 0, 1)), lab(picture))) <= 1.0


# ring


def test_the_ring_is_eight_cells_of_kept_picture_around_what_is_repainted():
    d = np.zeros((320, 400), np.float32)
    d[144:160, 200:208] = 0.02
    none = np.zeros(d.shape, bool)
    expected = none.copy()
    expected[144 - 64 : 160 + 64, 200 - 64 : 208 + 64] = True
    expected[144:160, 200:208] = False
    np.testing.assert_array_equal(colour.ring(d, 8, none, ~none), expected)


def test_what_lies_beyond_the_canvas_or_is_not_opaque_is_no_truth():
    hole = HOLES[0]
    unknown, opaque = NOWHERE.copy(), ~NOWHERE
    unknown[:, :40], opaque[:50] = True, False
    expected = ring_of(hole) & ~unknown & opaque
    found = colour.ring(denoised(hole), CELL, unknown, opaque)
    np.testing.assert_array_equal(found, expected)
    assert found.any()


def test_a_whole_canvas_has_no_ring():
    assert not colour.ring(np.ones((64, 64), np.float32), 8, np.zeros((64, 64), bool), np.ones((64, 64), bool)).any()


@pytest.mark.parametrize(("rows", "seen"), [(8, False), (96, True)])
def test_a_ring_that_sees_less_than_a_twentieth_of_the_outline_is_none(rows, seen):
    d = np.ones((SIDE, SIDE), np.float32)
    d[:rows, :CELL] = 0
    assert colour.ring(d, CELL, NOWHERE, ~NOWHERE).any() == seen


# correct


def test_without_a_ring_colours_stay_as_painted_and_the_reason_is_said():
    painted = scene("coffee")
    ring = NOWHERE.copy()
    ring[:15, :17] = True
    result, correction = colour.correct(scene("grass"), painted, ring, NOWHERE)
    assert result is painted
    reason = "255 pixels of kept picture around the selection, 256 needed: colours left as painted"
    assert correction.to_map() == {"offset": [0.0, 0.0, 0.0], "gain": None, "ring": 255, "reason": reason}


@pytest.mark.parametrize("name", ["coffee", "white", "gravel", "line art"])
def test_a_faithful_engine_is_left_alone(name):
    original = scene(name)
    before = original.copy()
    result, correction = colour.correct(original, original, ring_of(HOLES[0]), NOWHERE)
    np.testing.assert_allclose(result, original, atol=1e-5)
    np.testing.assert_array_equal(original, before)
    assert correction == colour.Correction((0, 0, 0), None, int(ring_of(HOLES[0]).sum()), "")


def test_what_was_applied_is_said_in_plain_values():
    original = scene("gravel")
    painted = np.clip(original * np.float32(0.8) + np.float32([0.1, 0.09, 0.08]), 0, 1)
    said = colour.correct(original, painted, ring_of(HOLES[0]), NOWHERE)[1].to_map()
    assert said["gain"] == pytest.approx([1.25, 1], abs=0.01)
    difference = (original - painted)[ring_of(HOLES[0])].mean(axis=0) * 255
    assert said["offset"] == pytest.approx(difference.tolist(), abs=0.2)
    assert all(type(value) is float for value in (*said["gain"], *said["offset"]))


@functools.cache
def tints():
    """Mean ΔE after a 9 px mean of every scene and hole with *field*: on the ring, in the hole's rim, in all of it."""
    found = []
    for seed, name in enumerate(SCENES):
        original = scene(name)
        wanted = lab(original, 9)
        for number, hole in enumerate(HOLES):
            painted = np.clip(original + field(10 * seed + number), 0, 1)
            error = color.deltaE_cie76(lab(corrected(original, painted, hole), 9), wanted)
            found.append([error[where].mean() for where in (ring_of(hole), rim_of(hole), hole)])
    return np.array(found)


@pytest.mark.parametrize("column", range(3), ids=["ring", "rim", "hole"])
def test_gate_tint(column):
    tint = tints()[:, column]
    assert tint.mean() <= 0.3
    assert np.mean(tint <= 0.5) >= 0.9
    assert tint.max() <= 1.0


@pytest.mark.parametrize("name", SCENES)
def test_gate_honest_ring(name):
    original, hole = scene(name), HOLES[0]
    painted = np.clip(original + field(7), 0, 1)
    ring = ring_of(hole)
    result = np.clip(colour.correct(original, painted, ring & BLOCKS, NOWHERE)[0], 0, 1)
    error = color.deltaE_ciede2000(lab(result), lab(original))
    fitted, withheld = error[ring & BLOCKS].mean(), error[ring & ~BLOCKS].mean()
    assert withheld <= 1.0
    assert withheld <= 1.5 * fitted


def test_gate_contrast_on_textured_rings():
    errors = []
    for seed, name in enumerate(TEXTURED):
        for hole in HOLES:
            painted, _ = with_disc(shifted(scene(name), seed), hole)
            error = color.deltaE_ciede2000(lab(corrected(scene(name), painted, hole)), lab(scene(name)))
            errors.append(error[ring_of(hole)].mean())
    assert np.mean(np.array(errors) <= 1.0) >= 0.8


@pytest.mark.parametrize("disc_too", [False, True], ids=["pure disc", "disc shifted too"])
@pytest.mark.parametrize("name", SCENES)
def test_gate_a_red_disc_keeps_its_chroma_everywhere(name, disc_too):
    seed = SCENES.index(name)
    hole = HOLES[seed % 3]
    if disc_too:
        painted, disc = with_disc(scene(name), hole)
        painted = shifted(painted, seed)
    else:
        painted, disc = with_disc(shifted(scene(name), seed), hole)
    assert chroma(corrected(scene(name), painted, hole)[disc]) >= 0.95 * chroma(painted[disc])


@pytest.mark.parametrize("hidden", [False, True], ids=["field", "truth under an object"])
def test_gate_seam(hidden):
    """Steps across the edge over those of the picture beside it, in whole levels, a level at least."""
    ratios = []
    for seed, name in enumerate(SMOOTH):
        for number, hole in enumerate(HOLES):
            truth = scene(name)
            original = np.where(hole[..., None], RED, truth) if hidden else truth
            painted = np.clip(truth + field(40 + 10 * seed + number), 0, 1)
            result = corrected(original, painted, hole)
            laid = colour.to_depth(np.where(hole[..., None], result, truth), "u8").astype(int)
            for axis in (0, 1):
                steps = np.abs(np.diff(laid, axis=axis)).max(axis=-1)
                across = np.diff(hole, axis=axis) != 0
                own = np.abs(np.diff(colour.to_depth(truth, "u8").astype(int), axis=axis)).max(axis=-1)
                ratios.append(np.percentile(steps[across], 99) / max(1, np.percentile(own, 99)))
    assert np.median(ratios) <= 1.05
    assert np.percentile(ratios, 95) <= 2


def test_a_colour_cast_is_taken_from_what_is_neutral():
    original = scene("grey")
    painted = original + np.float32([0.06, 0.03, -0.08])
    np.testing.assert_allclose(corrected(original, painted, HOLES[0]), original, atol=0.003)


def test_too_much_colour_is_taken_from_what_the_ring_shows():
    original = scene("blue")
    grey = original.mean(axis=-1, keepdims=True)
    painted = np.clip(grey + np.float32(1.2) * (original - grey), 0, 1)
    np.testing.assert_allclose(corrected(original, painted, HOLES[0]), original, atol=0.003)


@pytest.mark.parametrize(("contrast", "lightness", "colours"), [(0.5, 1.33, 1.33), (1.6, 0.75, 0.95)])
def test_gains_are_limited_and_colour_is_hardly_taken_away(contrast, lightness, colours):
    original = scene("immunohistochemistry")
    middle = original.mean(axis=(0, 1))
    original = middle + np.float32(0.5) * (original - middle) * [1, 0.9, 1.6]
    original = original.astype(np.float32)
    painted = (middle + np.float32(contrast) * (original - middle)).astype(np.float32)
    gain = colour.correct(original, painted, ring_of(HOLES[0]), NOWHERE)[1].gain
    assert gain == pytest.approx((lightness, colours))


@pytest.mark.parametrize("name", ["white", "grey", "sky", "rocket"])
def test_noise_is_not_taken_for_contrast(name):
    noise = np.random.default_rng(2).normal(0, 12 / 255, (2, SIDE, SIDE, 3)).astype(np.float32)
    original, painted = np.clip(scene(name) * np.float32(0.7) + 0.1 + noise, 0, 1)
    assert colour.correct(original, painted, ring_of(HOLES[0]), NOWHERE)[1].gain is None


def test_a_gain_has_to_explain_nine_tenths_of_the_ring():
    original = scene("gravel")
    deviation = original.mean(axis=-1)[ring_of(HOLES[0])].std()
    noise = np.random.default_rng(3).normal(0, 0.5 * deviation, original.shape[:2]).astype(np.float32)[..., None]
    painted = np.float32(0.8) * original + noise
    assert colour.correct(original, painted, ring_of(HOLES[0]), NOWHERE)[1].gain is None
    assert colour.correct(original, painted - noise, ring_of(HOLES[0]), NOWHERE)[1].gain is not None


def test_a_shift_that_varies_is_not_taken_for_contrast():
    original = sky()
    painted = np.clip(original + np.linspace(-6, 6, SIDE, dtype=np.float32)[:, None, None] / 255, 0, 1)
    assert colour.correct(original, painted, ring_of(HOLES[0]), NOWHERE)[1].gain is None


def test_a_grey_ring_scales_no_colour():
    original = scene("gravel")
    painted, disc = with_disc(shifted(original, 3), HOLES[0])
    result, correction = colour.correct(original, painted, ring_of(HOLES[0]), NOWHERE)
    assert correction.gain == (pytest.approx(1.25, abs=0.01), 1.0)
    assert chroma(result[disc]) <= 1.05 * chroma(painted[disc])


def test_a_hole_in_transparent_paper_is_corrected_too():
    original, hole = scene("grey"), HOLES[1]
    painted = original + field(5)
    free = hole | (denoised(hole) > 0)
    result, _ = colour.correct(original, painted, ring_of(hole), free)
    assert np.abs(result - original)[hole].mean() < 0.6 / 255


def test_chroma_is_that_of_cielab():
    colours = np.random.default_rng(0).random((500, 3)).astype(np.float32)
    colours[:50] = colours[:50, :1]
    expected = np.hypot(*color.rgb2lab(colours)[:, 1:].T)
    np.testing.assert_allclose(colour._chroma(colours), expected, atol=0.05)


# across_rim


def soft_sky():
    """A sky with grain, as a camera sees it."""
    grain = np.random.default_rng(4).normal(0, 1.5 / 255, (SIDE, SIDE, 3))
    return (sky() + grain).astype(np.float32)


@pytest.mark.parametrize("hole", HOLES, ids=["rectangle", "edge", "lasso"])
def test_a_pale_patch_in_a_sky_is_taken_away(hole):
    document = soft_sky()
    filled = document.copy()
    filled[hole] += np.float32([8, 6, 8]) / 255
    result = colour.across_rim(document, filled, hole)
    np.testing.assert_array_equal(result[~hole], filled[~hole])
    assert np.abs(ndimage.uniform_filter(result - document, (9, 9, 1)))[hole].mean() < 0.5 / 255
    assert np.abs(result - document)[hole].max() < 2 / 255


def test_a_good_fill_of_a_gradient_is_left_alone():
    document = soft_sky()
    result = colour.across_rim(document, document, HOLES[0])
    assert np.abs(result - document).max() < 1 / 255


@pytest.mark.parametrize("name", ["gravel", "grass"])
def test_texture_says_nothing_about_tone(name):
    document = scene(name)
    filled = np.where(HOLES[0][..., None], document[::-1], document)
    np.testing.assert_allclose(colour.across_rim(document, filled, HOLES[0]), filled, atol=1.5 / 255)


def test_a_step_is_limited_to_12_levels():
    document = scene("grey")
    filled = np.where(HOLES[0][..., None], document + np.float32(60 / 255), document)
    result = colour.across_rim(document, filled, HOLES[0])
    np.testing.assert_allclose((filled - result)[HOLES[0]], 12 / 255, atol=1e-4)


def test_where_the_document_itself_steps_nothing_is_taken_from_the_rim():
    document = scene("grey").copy()
    hole = NOWHERE.copy()
    hole[100:200, 60:200] = True
    document[:94] = 0.8  # a horizon, 6 px above the hole's upper side
    filled = document.copy()
    filled[hole] += 8 / 255
    offset = (colour.across_rim(document, filled, hole) - filled)[..., 0] * 255
    assert np.abs(offset[100, 100:160]).max() < 3, "only what comes round from the sides"
    assert offset[199, 100:160].mean() == pytest.approx(-8, abs=1.2)


def test_a_wire_is_too_thin_to_be_corrected():
    document = soft_sky()
    hole = NOWHERE.copy()
    hole[100:103] = True
    filled = np.where(hole[..., None], document + np.float32(0.02), document)
    np.testing.assert_array_equal(colour.across_rim(document, filled, hole), filled)


@pytest.mark.parametrize("hole", [NOWHERE, ~NOWHERE], ids=["nothing", "everything"])
def test_a_hole_without_a_rim_changes_nothing(hole):
    filled = scene("coffee")
    assert colour.across_rim(filled, filled, hole) is filled
