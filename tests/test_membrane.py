"""Smooth fields: exact where the theory is, bounded where nothing is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import RBFInterpolator

from bridge import membrane

nowhere = np.zeros((24, 32), bool)


def held(*columns):
    """Whole columns of a 24 × 32 grid held at values."""
    values, known = np.zeros((24, 32, 1)), np.zeros((24, 32))
    for column, value in columns:
        values[:, column], known[:, column] = value, 1
    return values, known


def test_between_two_held_sides_a_membrane_is_straight():
    field = membrane.membrane(*held((0, 0.0), (31, 62.0)), nowhere, 1e-6)
    np.testing.assert_allclose(field[..., 0], np.broadcast_to(np.arange(32) * 2.0, (24, 32)), atol=0.01)


def test_a_side_that_nothing_holds_is_level():
    field = membrane.membrane(*held((10, 5.0)), nowhere, 1e-6)
    np.testing.assert_allclose(field, 5, atol=1e-6)


def test_free_cells_do_not_carry_what_is_held_beyond_them():
    free = nowhere.copy()
    free[:, 14:18] = True
    field = membrane.membrane(*held((0, 0.0), (31, 100.0)), free, 1e-6)[..., 0]
    assert np.abs(field[:, :14]).max() < 4
    assert np.abs(field[:, 18:] - 100).max() < 4


def test_free_cells_follow_what_surrounds_them():
    values, known = np.full((24, 32, 1), 7.0), np.ones((24, 32))
    known[8:16, 8:24] = 0
    field = membrane.membrane(np.where(known[..., None] > 0, values, 0), known, known == 0, 1.0)
    np.testing.assert_allclose(field, 7, atol=1e-6)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.01, 0.9), st.floats(1e-3, 50))
def test_a_membrane_never_leaves_the_range_of_what_is_known(seed, share, tension):
    rng = np.random.default_rng(seed)
    known = rng.random((13, 17)) * (rng.random((13, 17)) < share)
    known[0, 0] = 1
    values = rng.normal(size=(13, 17, 2))
    field = membrane.membrane(values, known, rng.random((13, 17)) < 0.2, tension)
    for channel, given_ in zip(np.moveaxis(field, -1, 0), np.moveaxis(values, -1, 0), strict=True):
        low, high = given_[known > 0].min(), given_[known > 0].max()
        assert channel.min() >= low - 1e-6
        assert channel.max() <= high + 1e-6


def around(side, hole, width=64):
    """The ring of `width` pixels around a box (top, bottom, left, right) in a square, and the box."""
    rows, columns = np.mgrid[:side, :side]
    top, bottom, left, right = hole
    away = np.maximum.reduce([top - rows, rows - bottom + 1, left - columns, columns - right + 1])
    return (away > 0) & (away <= width), away <= 0


def bowl(side):
    """A smooth field of ±6, one channel, that bends once over the square."""
    rows, columns = np.mgrid[:side, :side] / side
    return (6 * np.cos(2 * np.pi * rows) * np.cos(np.pi * columns))[..., None].astype(np.float32)


def extended(field, ring, **options):
    rows, columns = np.nonzero(ring)
    return membrane.extend(rows, columns, field[ring], np.zeros(ring.shape, bool), 24, **options)


@pytest.mark.parametrize("side", [384, 500])
def test_the_trend_carries_a_bend_into_the_hole(side):
    field = bowl(side)
    ring, hole = around(side, (side // 4, side * 3 // 4, side // 4, side * 3 // 4))
    with_trend, without = (np.abs(extended(field, ring, trend=on) - field) for on in (True, False))
    assert with_trend.shape == field.shape
    assert with_trend[ring].mean() < 0.1
    assert with_trend[hole].mean() < 0.4 * without[hole].mean()
    assert with_trend[hole].mean() < 0.4


def test_the_trend_is_that_of_scipy():
    rng = np.random.default_rng(0)
    count, mean = np.zeros((32, 40)), rng.normal(size=(32, 40, 2))
    for row, column in rng.permutation([(y, x) for y in range(8) for x in range(10)])[:30] * membrane.BLOCK:
        count[row, column] = 8  # one cell a block: its mean is the block's
    at = np.argwhere(count)
    scipy = RBFInterpolator(
        at,
        mean[tuple(at.T)],
        smoothing=membrane.DOUBT,
        kernel="gaussian",
        epsilon=1 / (np.sqrt(2) * membrane.BEND * 40),
        degree=0,
    )
    everywhere = np.argwhere(count >= 0)
    np.testing.assert_allclose(membrane._trend(count, mean).reshape(-1, 2), scipy(everywhere), atol=1e-9)


def test_seen_from_one_side_only_the_field_invents_no_slope():
    field = bowl(384) + np.random.default_rng(1).normal(0, 3, (384, 384, 1)).astype(np.float32)
    ring = np.zeros((384, 384), bool)
    ring[:, :64] = True
    found = extended(field, ring)
    assert np.abs(found).max() < 9


def test_noise_is_smoothed_away():
    rng = np.random.default_rng(0)
    ring, hole = around(384, (96, 288, 96, 288))
    noisy = 2 + rng.normal(0, 10, (384, 384, 1)).astype(np.float32)
    found = extended(noisy, ring)
    assert np.abs(found[hole] - 2).mean() < 0.4
    assert found[ring].std() < 0.8


def test_one_patch_of_knowledge_is_enough():
    found = membrane.extend(
        np.array([5]), np.array([9]), np.array([[1.0, 2.0]], np.float32), np.zeros((40, 50), bool), 24
    )
    np.testing.assert_allclose(found, np.broadcast_to([1, 2], (40, 50, 2)), atol=1e-4)
    assert found.dtype == np.float32
