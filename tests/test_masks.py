"""Masks: what is selected, what is sent back, what is repainted."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import ndimage

from bridge import masks
from bridge.protocol.values import Box

masks_of_any_kind = arrays.arrays(
    np.uint8,
    arrays.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=40),
    elements=st.sampled_from([0, 0, 0, 1, 128, 254, 255]),
)


def drawn(height, width, *boxes, value=255):
    """A mask with boxes (x, y, width, height) on it."""
    mask = np.zeros((height, width), np.uint8)
    for x, y, w, h in boxes:
        mask[y : y + h, x : x + w] = value
    return mask


def test_the_bridge_imports_masks_without_scipy():
    code = "import sys, bridge.masks; sys.exit('scipy' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


# survey


def test_nothing_selected_has_no_bounds():
    assert masks.survey(drawn(30, 50), Box(7, 9, 50, 30)) == masks.Survey(None, ())


def test_bounds_are_exact_and_in_document_pixels():
    mask = drawn(61, 83, (13, 21, 30, 19), value=1)
    assert masks.survey(mask, Box(-5, 100, 83, 61)) == masks.Survey(Box(8, 121, 30, 19), (Box(8, 121, 30, 19),))


@pytest.mark.parametrize(("gap", "parts"), [(1, 1), (7, 1), (16, 2), (40, 2)])
@pytest.mark.parametrize("at", range(8))
def test_gaps_under_8_px_join_and_gaps_from_16_px_part(gap, parts, at):
    mask = drawn(40, 120, (at, 3, 10, 20), (at + 10 + gap, 3, 10, 20))
    found = masks.survey(mask, Box(0, 0, 120, 40))
    assert len(found.parts) == parts
    assert found.bounds == Box(at, 3, 20 + gap, 20)


def test_parts_come_in_reading_order_with_their_exact_boxes():
    boxes = (80, 3, 5, 5), (1, 40, 9, 30), (60, 41, 30, 1)
    found = masks.survey(drawn(100, 100, *boxes), Box(0, 0, 100, 100))
    assert found.parts == tuple(Box(*box) for box in boxes)


def test_a_part_inside_anothers_box_is_one_with_it():
    mask = drawn(200, 200, (10, 10, 180, 180))
    mask[30:170, 30:170] = 0
    mask[90:100, 90:100] = 255
    assert masks.survey(mask, Box(0, 0, 200, 200)).parts == (Box(10, 10, 180, 180),)


def test_of_many_parts_the_near_ones_join_until_16_are_left():
    mask = np.zeros((640, 640), np.uint8)
    mask[::40, ::40] = 9
    found = masks.survey(mask, Box(0, 0, 640, 640))
    assert 1 <= len(found.parts) <= masks.PARTS
    assert found.bounds == Box(0, 0, 601, 601)


@settings(max_examples=60, deadline=None)
@given(masks_of_any_kind)
def test_parts_hold_all_coverage_and_never_overlap(mask):
    height, width = mask.shape
    found = masks.survey(mask, Box(0, 0, width, height))
    rows, columns = np.nonzero(mask)
    if not rows.size:
        assert found == masks.Survey(None, ())
        return
    exact = Box(columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1)
    assert found.bounds == exact
    held = np.zeros(mask.shape, int)
    for part in found.parts:
        held[part.y : part.bottom, part.x : part.right] += 1
    assert held.max() == 1
    assert (held[mask > 0] == 1).all()


def test_a_read_only_file_is_surveyed_in_place(tmp_path):
    path = tmp_path / "mask"
    drawn(50, 60, (20, 10, 9, 9)).tofile(path)
    mask = np.memmap(path, np.uint8, "r", shape=(50, 60))
    assert masks.survey(mask, Box(0, 0, 60, 50)).bounds == Box(20, 10, 9, 9)


# place, uncovered

boxes = st.builds(Box, st.integers(-9, 9), st.integers(-9, 9), st.integers(1, 12), st.integers(1, 12))


@settings(max_examples=80, deadline=None)
@given(boxes, boxes, st.booleans())
def test_coverage_is_placed_where_the_selection_lies(selection, box, masked):
    values = np.arange(selection.area, dtype=np.uint8).reshape(selection.height, selection.width) if masked else None
    canvas = np.zeros((60, 60), np.uint8)
    there = selection.moved(20, 20)
    canvas[there.y : there.bottom, there.x : there.right] = 255 if values is None else values
    here = box.moved(20, 20)
    expected = canvas[here.y : here.bottom, here.x : here.right]
    np.testing.assert_array_equal(masks.place(values, selection, box), expected)


def test_uncovered_is_what_lies_outside_the_content():
    expected = drawn(4, 6, (0, 0, 6, 4))
    expected[1:3, 2:5] = 0
    np.testing.assert_array_equal(masks.uncovered(Box(12, 21, 3, 2), Box(10, 20, 6, 4)), expected)


def test_uncovered_without_content_is_what_is_not_opaque():
    alpha = np.array([[0, 1, 254, 255]], np.uint8)
    box = Box(0, 0, 4, 1)
    assert masks.uncovered(None, box, alpha).tolist() == [[255, 254, 1, 0]]
    assert masks.uncovered(None, box, alpha.astype(np.uint16) * 257).tolist() == [[255, 254, 1, 0]]
    floats = np.array([[0, np.nan, 0.2, 1.5]], np.float32)
    assert masks.uncovered(None, box, floats).tolist() == [[255, 255, 204, 0]]
    assert masks.uncovered(None, box).tolist() == [[0, 0, 0, 0]]
    assert masks.uncovered(Box(2, 0, 9, 9), box, alpha).tolist() == [[255, 255, 1, 0]]


# layer_mask


@settings(max_examples=30, deadline=None)
@given(masks_of_any_kind)
def test_without_blend_the_layer_mask_is_the_coverage_value_for_value(mask):
    np.testing.assert_array_equal(masks.layer_mask(mask, 0), mask)


@settings(max_examples=60, deadline=None)
@given(masks_of_any_kind, st.integers(1, 20))
def test_a_layer_mask_never_shrinks_and_reaches_no_farther_than_the_blend(mask, blend):
    before = mask.copy()
    grown = masks.layer_mask(mask, blend)
    np.testing.assert_array_equal(mask, before)
    assert grown.dtype == np.uint8
    assert (grown >= mask).all()
    if mask.any():
        assert not grown[ndimage.distance_transform_edt(mask == 0) >= blend + 1].any()
    np.testing.assert_array_equal(grown == 255, mask == 255)


@pytest.mark.parametrize("blend", [1, 5, 32])
def test_a_hard_edge_falls_in_a_straight_line_the_same_in_every_direction(blend):
    rows, columns = np.mgrid[:160, :160]
    mask = ((rows - 80) ** 2 + (columns - 80) ** 2 <= 40**2).astype(np.uint8) * 255
    distance = ndimage.distance_transform_edt(mask == 0)
    expected = 255 * np.clip(1 - distance / (blend + 1), 0, 1)
    np.testing.assert_allclose(masks.layer_mask(mask, blend), expected, atol=0.6)


def test_a_feather_widens_as_blurs_do():
    ramp = np.clip(np.linspace(255 * 90 / 40, -255 * 30 / 40, 121), 0, 255)  # full to 50, a fall of 40 px to 90
    mask = np.tile(np.rint(ramp).astype(np.uint8), (3, 1))
    grown = masks.layer_mask(mask, 29)[1]
    width = np.hypot(40, 30)
    expected = 255 * np.clip(1 - (np.arange(121) - 50) / width, 0, 1)
    np.testing.assert_allclose(grown, expected, atol=4)


# denoise_map


@settings(max_examples=30, deadline=None)
@given(arrays.arrays(np.float32, (16, 24), elements=st.sampled_from([0.0, 0.0, 0.0, 0.25, 1.0])))
def test_without_blend_a_cell_has_the_maximum_of_its_own_pixels(coverage):
    d = masks.denoise_map(coverage, 0, 8)
    expected = [[coverage[y : y + 8, x : x + 8].max() for x in (0, 8, 16)] for y in (0, 8)]
    np.testing.assert_array_equal(d, np.array(expected, np.float32))
    assert d.dtype == np.float32


@pytest.mark.parametrize("cell", [8, 16])
@pytest.mark.parametrize("blend", [1, 4, 16, 24, 40])
@pytest.mark.parametrize("corner", [(64, 64), (67, 61), (71, 79)])
def test_with_blend_the_map_falls_inside_the_layer_mask_and_leaves_its_rim(cell, blend, corner):
    x, y = corner
    coverage = drawn(192, 192, (x, y, 40, 50))
    layer = masks.layer_mask(coverage, blend)
    m = coverage / np.float32(255)
    plain, d = masks.denoise_map(m, 0, cell), masks.denoise_map(m, blend, cell)
    assert (d >= plain).all()
    repainted = masks.upsample_cells(d, cell)
    assert (repainted[coverage == 255] == 1).all()
    beyond = (repainted > 0) & (masks.upsample_cells(plain, cell) == 0)
    assert (layer[beyond] > 0).all()
    support = ndimage.binary_erosion(layer > 0)
    assert support[beyond].all(), "the outermost pixel of the layer is kept picture"
    if blend >= 2 * cell:
        assert beyond.any()
        assert len(np.unique(d)) > 2


def test_a_feather_reaches_the_map():
    coverage = np.tile(np.linspace(0, 1, 64, dtype=np.float32), (8, 1))
    d = masks.denoise_map(coverage, 0, 8)
    np.testing.assert_array_equal(d[0], coverage[0, 7::8])


def test_cells_become_pixels():
    d = np.array([[0, 0.5], [1, 0.25]], np.float32)
    pixels = masks.upsample_cells(d, 4)
    assert pixels.shape == (8, 8)
    np.testing.assert_array_equal(pixels[::4, ::4], d)
    np.testing.assert_array_equal(pixels[3::4, 3::4], d)


# push_pull, bleed


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 37), st.integers(1, 37), st.integers(0, 2**32 - 1), st.floats(0, 1))
def test_the_known_stays_and_the_unknown_lies_within_its_range(height, width, seed, share):
    rng = np.random.default_rng(seed)
    rgb = rng.random((height, width, 3), dtype=np.float32)
    known = rng.random((height, width)) < share
    rgb[~known] = np.nan
    filled = masks.push_pull(rgb, known)
    np.testing.assert_array_equal(filled[known], rgb[known])
    assert filled.dtype == np.float32
    low, high = (rgb[known].min(0), rgb[known].max(0)) if known.any() else (0.5, 0.5)
    assert (filled >= low - 1e-5).all()
    assert (filled <= high + 1e-5).all()


def test_a_hole_in_a_gradient_is_filled_smoothly():
    rgb = np.broadcast_to(np.linspace(0, 1, 128, dtype=np.float32)[:, None], (128, 128))[..., None].repeat(3, axis=2)
    known = np.ones((128, 128), bool)
    known[40:80, 30:100] = False
    filled = masks.push_pull(rgb, known)
    assert np.abs(filled - rgb).max() < 0.12
    assert np.abs(np.diff(filled, axis=0)).max() < 0.06


def test_colours_bleed_under_transparency_only():
    rgb = np.zeros((20, 20, 3), np.float32)
    rgb[:, :10] = 0.25, 0.5, 0.75
    rgb[:, 10:] = 9
    alpha = np.zeros((20, 20), np.float32)
    alpha[:, :10] = 1
    alpha[:, 9] = 0.01
    np.testing.assert_allclose(masks.bleed(rgb, alpha), np.broadcast_to([0.25, 0.5, 0.75], rgb.shape), rtol=1e-6)
    assert masks.bleed(rgb, np.ones_like(alpha)) is rgb
