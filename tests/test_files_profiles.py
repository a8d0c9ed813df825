import imagecodecs
import numpy as np
import pytest

from bridge.files.profiles import from_srgb, srgb, to_srgb, usable
from tests.pictures import ADOBE, GRAY, WIDE, noise, soft


@pytest.mark.parametrize("depth", ["u8", "u16"])
def test_a_picture_without_a_profile_is_srgb(depth):
    pixels = noise(20, 30, 3, depth)
    assert np.array_equal(to_srgb(pixels, None), pixels)
    assert np.array_equal(from_srgb(pixels, None, 3), pixels)


@pytest.mark.parametrize("depth", ["u8", "u16"])
def test_gray_without_a_profile_comes_back_exactly(depth):
    gray = noise(20, 30, 1, depth)
    rgb = to_srgb(gray, None)
    assert rgb.shape == (20, 30, 3)
    assert np.array_equal(from_srgb(rgb, None, 1), gray)


@pytest.mark.parametrize("icc", [ADOBE, WIDE], ids=["adobe", "wide"])
@pytest.mark.parametrize(("depth", "worst"), [("u8", 2), ("u16", 4)])
def test_colours_survive_the_way_through_srgb(icc, depth, worst):
    pixels = soft(60, 80, 3, depth)
    wire = to_srgb(pixels, icc)
    assert wire.dtype == pixels.dtype
    assert np.abs(wire.astype(int) - pixels).max() > worst, "the profile was not honoured"
    assert np.abs(from_srgb(wire, icc, 3).astype(int) - pixels).max() <= worst


@pytest.mark.parametrize(("depth", "worst"), [("u8", 2), ("u16", 8)])
def test_gray_profiles_are_honoured(depth, worst):
    gray = soft(60, 80, 1, depth)
    wire = to_srgb(gray, GRAY)
    assert np.abs(wire[..., :1].astype(int) - gray).max() > worst
    assert np.abs(from_srgb(wire, GRAY, 1).astype(int) - gray).max() <= worst


def test_known_colours():
    """Adobe RGB (1998) and sRGB share red and blue: its green alone reaches further, and 50 % gray lies at 127.5."""
    red, green, gray = ([[[219, 0, 0]]], [[[0, 255, 0]]], [[[128, 128, 128]]])
    assert np.abs(to_srgb(np.array(red, np.uint8), ADOBE) - np.array([255, 0, 0])).max() <= 2
    assert to_srgb(np.array(green, np.uint8), ADOBE).tolist() == [[[0, 255, 0]]]
    assert np.abs(to_srgb(np.array(gray, np.uint8), ADOBE) - np.array([128, 128, 128])).max() <= 1


def test_sixteen_bit_is_exact_to_half_a_step():
    """Against littlecms in floating point, dark values among them: its 16-bit table would be off by 4 %."""
    pixels = noise(40, 40, 3, "u16")
    kinds = {"colorspace": "rgb", "outcolorspace": "rgb", "intent": 1}
    exact = imagecodecs.cms_transform(np.divide(pixels, 65535, dtype=np.float32), ADOBE, srgb(), **kinds)
    assert np.abs(to_srgb(pixels, ADOBE) - np.clip(exact, 0, 1) * 65535).max() <= 0.51


@pytest.mark.parametrize(("icc", "channels"), [(b"no profile", 3), (b"", 3), (GRAY, 3), (ADOBE, 1), (ADOBE[:200], 3)])
def test_a_profile_that_cannot_be_used_counts_as_srgb(icc, channels):
    assert not usable(icc, channels)
    pixels = noise(5, 6, channels)
    assert np.array_equal(from_srgb(to_srgb(pixels, icc), icc, channels), pixels)
