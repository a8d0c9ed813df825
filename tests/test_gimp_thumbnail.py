"""Thumbnails: of every depth, odd sizes, and values that are no colour."""

import numpy as np
import pytest

from bridge.protocol.values import Picture
from gimp_plugin.thumbnail import SIDE, thumbnail

TOPS = {"u8": (np.uint8, 255), "u16": (np.uint16, 65535), "f32": (np.float32, 1.0)}


@pytest.mark.parametrize("depth", ["u8", "u16", "f32"])
@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize(("width", "height"), [(1, 1), (96, 96), (97, 40), (300, 7), (5, 1000), (193, 191)])
def test_every_so_many_pixels_in_eight_bits(width, height, channels, depth) -> None:
    kind, top = TOPS[depth]
    values = np.random.default_rng(1).uniform(0, 1, (height, width, channels))
    pixels = (values * top).astype(kind)
    shot = thumbnail(memoryview(pixels).cast("B"), Picture(width, height, channels, depth))
    step = max(1, -(-max(width, height) // SIDE))
    expected = pixels[::step, ::step].astype(np.float64) / top * 255
    assert max(shot.width, shot.height) <= SIDE
    assert (shot.height, shot.width, shot.channels) == expected.shape
    seen = np.frombuffer(shot.pixels, np.uint8).reshape(expected.shape)
    assert np.abs(seen - expected).max() <= (0 if depth == "u8" else 1)


def test_floats_that_are_no_colour_are_black_or_white() -> None:
    values = np.array([0, -0.0, -3, 1e-9, 1, 1.5, 3e38, np.inf, -np.inf, np.nan, 0.5, 0.25], np.float32)
    shot = thumbnail(values.tobytes(), Picture(4, 1, 3, "f32"))
    assert list(shot.pixels) == [0, 0, 0, 0, 255, 255, 255, 255, 0, 0, 128, 64]
