import numpy as np
import pytest

from bridge.engines.rims import around, faded, stained, toned


def scene(noise=0.0, side=160):
    rows, columns = np.mgrid[:side, :side]
    rgb = np.stack([0.3 + 1e-3 * rows, 0.5 + 5e-4 * columns, np.full(rows.shape, 0.6)], axis=-1)
    rgb += np.random.default_rng(0).normal(scale=noise, size=(side, side, 1)) if noise else 0
    return rgb.astype(np.float32)


def hole_of(side=160, size=70):
    hole = np.zeros((side, side), bool)
    start = (side - size) // 2
    hole[start : start + size, start : start + size] = True
    return hole


def test_around():
    hole = np.zeros((20, 30), bool)
    hole[5, 8] = hole[7, 27] = True
    assert around(hole, 0) == (slice(5, 8), slice(8, 28))
    assert hole[around(hole, 6)].shape == (14, 28)


@pytest.mark.parametrize("noise", [0.0, 0.01, 0.1])
@pytest.mark.parametrize("object_", [False, True])
def test_a_clean_margin_is_left_alone(noise, object_):
    rgb, hole = scene(noise), hole_of()
    rgb[hole] = (0.9, 0.1, 0.1) if object_ else rgb[hole]
    assert stained(rgb, hole).mean() < 0.001


def test_a_stripe_that_goes_on_into_the_hole_is_left_alone():
    rgb, hole = scene(), hole_of()
    rgb[60:66] = (0.1, 0.2, 0.1)
    assert not stained(rgb, hole).any()


def test_a_margin_that_is_all_object_is_found():
    rgb, hole = scene(noise=0.05), hole_of()
    rgb[43:117, 43:117] = (0.9, 0.1, 0.1)
    marked = stained(rgb, hole)
    assert marked.sum() == 74**2 - 70**2


@pytest.mark.parametrize("noise", [0.0, 0.05])
def test_rests_of_an_object_are_found_where_they_are(noise):
    rgb, hole = scene(noise), hole_of()
    rgb[hole] = (0.9, 0.1, 0.1)
    rgb[50:80, 43:45] = rgb[50:80, 43:45] * 0.7 + np.float32((0.27, 0.03, 0.03))
    marked = stained(rgb, hole)
    assert marked[50:80, 43:45].all()
    assert not (marked & hole).any()
    assert marked[:, 100:].mean() < 0.001
    assert marked[:, :43].sum() == 0


def test_what_a_fill_misses_at_the_rim_fades_out_within_four_pixels():
    document, hole = scene(), hole_of()
    filled = document + np.float32(0.05)
    filled[80, 40:50] -= np.float32(0.1)
    joined = faded(document, filled, hole)
    np.testing.assert_array_equal(joined[~hole], document[~hole])
    np.testing.assert_array_equal(joined[50:110, 50:110], filled[50:110, 50:110])
    left = (joined - document)[60, 45:50, 0]
    np.testing.assert_allclose(left, [0.01, 0.02, 0.03, 0.04, 0.05], atol=1e-5)
    assert (joined - document)[80, 45, 0] < 0


@pytest.mark.parametrize("levels", [-9, 9])
def test_a_tone_that_drifts_towards_the_middle_is_drawn_back(levels):
    truth, hole = scene(noise=0.004), hole_of()
    depth = np.minimum.reduce([np.abs(np.arange(160) - 44), np.abs(np.arange(160) - 115)])
    bowl = np.clip(np.minimum(depth[:, None], depth) / 12, 0, 1) * hole
    filled = truth + np.float32(levels / 255) * bowl[..., None].astype(np.float32)
    joined = toned(truth, filled, hole)
    np.testing.assert_array_equal(joined[~hole], filled[~hole])
    before, after = (np.abs(rgb - truth)[hole].mean() * 255 for rgb in (filled, joined))
    assert after < before / 3


def test_texture_keeps_its_tone():
    document, hole = scene(noise=0.1), hole_of()
    filled = np.where(hole[..., None], document[::-1] + np.float32(0.02), document).clip(0, 1)
    np.testing.assert_allclose(toned(document, filled, hole), filled, atol=1e-6)


def test_what_is_of_another_colour_stays_so():
    document, hole = scene(), hole_of()
    filled = np.where(hole[..., None], document + np.float32(0.2), document)
    assert np.abs(toned(document, filled, hole) - document)[70:90, 70:90].min() > 0.15


def test_clouds_stay():
    rows, columns = np.mgrid[:160, :160]
    clouds = 0.015 * np.sin(rows / 12) * np.sin(columns / 12)
    document, hole = scene() + clouds[..., None].astype(np.float32), hole_of()
    filled = np.where(hole[..., None], document[:, ::-1], document)
    kept = np.corrcoef(toned(document, filled, hole)[hole][:, 2], filled[hole][:, 2])[0, 1]
    assert kept > 0.9
