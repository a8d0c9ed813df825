from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from bridge.engines.copying import copied, means, touched, whole


def periodic(shape, period, seed=0):
    tile = np.random.default_rng(seed).random((period, period, 3)).astype(np.float32)
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    return tile[rows % period, columns % period]


def test_cells():
    flags = np.zeros((4, 6), bool)
    flags[:2, :2] = flags[3, 5] = True
    np.testing.assert_array_equal(touched(flags, 2), [[True, False, False], [False, False, True]])
    np.testing.assert_array_equal(whole(flags, 2), [[True, False, False], [False, False, False]])
    rgb = np.arange(24, dtype=np.float32).reshape(4, 2, 3)
    np.testing.assert_array_equal(means(rgb, 2), [[[4.5, 5.5, 6.5]], [[16.5, 17.5, 18.5]]])


@pytest.mark.parametrize("scale", [2, 3, 5])
def test_a_repeated_texture_comes_back_pixel_for_pixel(scale):
    truth = periodic((scale * 40, scale * 40), scale * 10)
    hole = np.zeros(truth.shape[:2], bool)
    hole[scale * 12 + 1 : scale * 25, scale * 14 : scale * 27 - 1] = True
    marred = np.where(hole[..., None], np.float32(1e6), truth)
    filled = means(truth, scale)
    painted = copied(marred, hole, ~hole, filled, scale)
    np.testing.assert_allclose(painted, truth, atol=1e-5)
    assert np.abs(filled.repeat(scale, 0).repeat(scale, 1) - truth)[hole].mean() > 0.1


def test_a_shift_of_colour_in_the_layout_is_kept():
    scale = 3
    truth = periodic((90, 90), 30)
    hole = np.zeros(truth.shape[:2], bool)
    hole[30:60, 36:60] = True
    filled = means(truth, scale)
    filled[touched(hole, scale)] += np.float32((0.02, 0, -0.02))
    painted = copied(truth, hole, ~hole, filled, scale)
    np.testing.assert_allclose((painted - truth)[hole].mean(axis=0), (0.02, 0, -0.02), atol=1e-4)


@settings(max_examples=40, deadline=None)
@given(some.data())
def test_only_sources_are_copied(data):
    scale = data.draw(some.integers(2, 4))
    cells = data.draw(some.tuples(some.integers(1, 12), some.integers(1, 12)))
    shape = tuple(side * scale for side in cells)
    random = np.random.default_rng(data.draw(some.integers(0, 999)))
    hole = random.random(shape) < data.draw(some.floats(0.01, 0.99))
    source = ~hole & (random.random(shape) < 0.8)
    corner = tuple(data.draw(some.integers(0, side - 1)) * scale for side in cells)
    at = tuple(slice(start, start + scale) for start in corner)
    hole[at], source[at] = False, True
    rgb = np.where(source, np.float32(0.25), np.float32(1e6))[..., None].repeat(3, axis=2)
    filled = np.full((*cells, 3), 0.25, np.float32)
    painted = copied(rgb, hole, source, filled, scale)
    np.testing.assert_allclose(painted[hole | source], 0.25)
    np.testing.assert_array_equal(painted[~hole & ~source], rgb[~hole & ~source])


def test_no_edge_shows_where_cells_come_from_different_places():
    scale, side = 4, 40
    rows, columns = np.mgrid[: scale * side, : scale * side]
    truth = (0.5 + 0.25 * np.sin(rows / 9) * np.cos(columns / 7))[..., None].repeat(3, 2).astype(np.float32)
    hole = np.zeros(truth.shape[:2], bool)
    hole[48:112, 48:112] = True
    painted = copied(np.where(hole[..., None], 0, truth), hole, ~hole, means(truth, scale), scale)
    for axis, inner in product((0, 1), (painted[48:112, 48:112],)):
        steps = np.abs(np.diff(inner, axis=axis)).max(axis=(1 - axis, 2))
        across, within = steps[scale - 1 :: scale], np.delete(steps, np.s_[scale - 1 :: scale])
        assert across.mean() < 1.5 * within.mean()
