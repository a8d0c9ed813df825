from pathlib import Path

import numpy as np
import pytest

from bridge.files import PictureFile
from bridge.files.profiles import to_srgb
from bridge.protocol.values import Box
from tests.pictures import ADOBE, GRAY, noise, soft


def file(pixels, icc=None):
    return PictureFile(Path("a.png"), "PNG", pixels, icc)


@pytest.mark.parametrize(("channels", "wire"), [(1, 3), (2, 4), (3, 3), (4, 4)])
@pytest.mark.parametrize("depth", ["u8", "u16"])
def test_the_bridge_sees_rgb_or_rgba_of_the_files_depth(channels, wire, depth):
    one = file(noise(7, 9, channels, depth))
    assert (one.depth, one.channels, one.alpha) == (depth, wire, wire == 4)
    assert one.pixels.shape == (7, 9, wire)
    assert one.pixels.dtype == one.original.dtype
    assert one.canvas == Box(0, 0, 9, 7)
    if one.alpha:
        assert np.array_equal(one.pixels[..., 3], one.original[..., -1])


def test_a_region_is_that_part_of_the_pixels_in_one_piece():
    one = file(noise(20, 30, 4, "u16"), ADOBE)
    part = one.region(Box(3, 5, 10, 6))
    assert part.flags.c_contiguous
    assert np.array_equal(part, one.pixels[5:11, 3:13])


def test_pixels_are_converted_once():
    one = file(soft(8, 8, 3), ADOBE)
    assert one.pixels is one.pixels
    assert np.array_equal(one.pixels, to_srgb(one.original, ADOBE))


@pytest.mark.parametrize("depth", ["u8", "u16"])
@pytest.mark.parametrize(("channels", "icc"), [(1, None), (1, GRAY), (3, ADOBE), (4, ADOBE)])
def test_native_brings_the_wires_pixels_home(channels, icc, depth):
    one = file(soft(40, 50, channels, depth), icc)
    back = one.native(one.pixels)
    assert back.shape == one.original.shape
    assert np.abs(back.astype(int) - one.original).max() <= (2 if depth == "u8" else 8)


def test_native_keeps_a_layers_alpha_and_its_own_size():
    picture = noise(5, 6, 4)
    assert np.array_equal(file(noise(40, 50, 3), ADOBE).native(picture)[..., 3], picture[..., 3])


def test_enlarged_says_where_the_picture_lies():
    one = file(noise(7, 9, 4), ADOBE)
    larger, content = one.enlarged(left=1, top=2, right=3, bottom=4)
    assert larger.canvas == Box(0, 0, 13, 13)
    assert content == Box(1, 2, 9, 7)
    assert np.array_equal(larger.original[2:9, 1:10], one.original)
    outside = np.ones((13, 13), bool)
    outside[2:9, 1:10] = False
    assert not larger.original[outside].any()
    assert larger.icc == ADOBE
