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
def test_a_clean_margin_is_left_alone(noise):
    assert np.count_nonzero(stained(scene(noise), hole_of())) == 0


@pytest.mark.parametrize("noise", [0.0, 0.05])
def test_rests_of_an_object_are_found_where_they_are(noise):
    rgb, hole = scene(noise), hole_of()
    rgb[40:80, 43:45] = rgb[40:80, 43:45] * 0.4 + np.float32((0.6, 0, 0))
    marked = stained(rgb, hole)
    assert marked[45:75, 43:45].all()
    assert not marked[:, 100:].any() and not marked[90:].any()
    assert not (marked & hole).any()


def test_the_last_step_at_the_rim_fades_out_within_four_pixels():
    truth, hole = scene(), hole_of()
    filled = np.where(hole[..., None], truth + np.float32(0.05), truth)
    joined = faded(filled, hole)
    np.testing.assert_array_equal(joined[~hole], filled[~hole])
    np.testing.assert_array_equal(joined[50:110, 50:110], filled[50:110, 50:110])
    steps = np.abs(joined - truth)[80, 45:50, 0]
    assert steps[0] < 0.003
    assert (np.diff(steps) > 0).all()


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


def test_texture_and_true_steps_keep_their_tone():
    rough, hole = scene(noise=0.15), hole_of()
    filled = np.where(hole[..., None], scene(noise=0.15)[::-1] + np.float32(0.02), rough)
    np.testing.assert_array_equal(toned(rough, filled, hole), filled)
    flat = np.full((160, 160, 3), 0.4, np.float32)
    filled = np.where(hole[..., None], flat + np.float32(0.2), flat)
    middle = toned(flat, filled, hole)[70:90, 70:90]
    assert np.abs(middle - 0.6).max() < 13 / 255
