"""What lies in a hole before a model paints there."""

import threading

import numpy as np
import pytest

from bridge.engines import Cancelled
from bridge.engines.classical import Classical
from bridge.engines.prefill import KEPT, Copied, smooth
from tests.painters import Plain


def nobody() -> None:
    """Nobody cancels."""


def stripes(height: int = 96, width: int = 128) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Stripes with a white square in their middle, the hole over it, and nothing unknown."""
    rgb = np.zeros((height, width, 3), np.float32)
    rgb[:, (np.arange(width) // 8) % 2 == 0] = (0.2, 0.4, 0.6)
    hole = np.zeros((height, width), bool)
    hole[36:60, 52:76] = True
    rgb[hole] = 1.0
    return rgb, hole, np.zeros_like(hole)


def test_smooth_continues_the_surroundings_and_forgets_the_hole() -> None:
    rgb, hole, unknown = stripes()
    filled = smooth(rgb, hole, unknown, nobody)
    assert np.array_equal(filled[~hole], rgb[~hole])
    assert filled[hole].max() < 0.7


def test_copied_continues_the_texture() -> None:
    rgb, hole, unknown = stripes()
    filled = Copied().filled(rgb, hole, unknown, nobody)
    assert np.array_equal(filled[~hole], rgb[~hole])
    wanted = stripes()[0]
    wanted[:] = wanted[:1]  # the stripes run through
    assert np.abs(filled[hole] - wanted[hole]).mean() < 0.1


def test_a_large_hole_is_copied_at_reduced_size() -> None:
    sizes = []

    class Watched(Plain):
        def paint(self, plate, recipe, step):
            sizes.append((plate.rgb.shape, int(plate.hole.sum())))
            return super().paint(plate, recipe, step)

    rgb = np.full((513, 700, 3), 0.5, np.float32)
    hole = np.zeros((513, 700), bool)
    hole[20:420, 20:420] = True
    filled = Copied(Watched()).filled(rgb, hole, np.zeros_like(hole), nobody)
    assert sizes == [((171, 234, 3), 134 * 134)]
    assert filled.shape == rgb.shape and np.array_equal(filled[~hole], rgb[~hole])
    assert np.isfinite(filled).all()


def test_the_same_hole_is_filled_once_and_the_oldest_forgotten() -> None:
    calls = []

    class Counted(Plain):
        def before(self, k, recipe, step):
            calls.append(k)

    copied = Copied(Counted())
    rgb, hole, unknown = stripes()
    assert copied.filled(rgb, hole, unknown, nobody) is copied.filled(rgb.copy(), hole, unknown, nobody)
    assert len(calls) == 1
    for shade in range(KEPT):
        copied.filled(rgb * np.float32(0.9 - shade / 20), hole, unknown, nobody)
    copied.filled(rgb, hole, unknown, nobody)
    assert len(calls) == KEPT + 2


def test_nothing_to_copy_from_is_smooth() -> None:
    rgb, hole, _ = stripes()
    filled = Copied().filled(rgb, np.ones_like(hole), np.zeros_like(hole), nobody)
    assert np.allclose(filled, 0.5)


@pytest.mark.parametrize("library", [object()])
def test_without_the_library_it_is_smooth(library: object) -> None:
    rgb, hole, unknown = stripes()
    filled = Copied(Classical(library)).filled(rgb, hole, unknown, nobody)
    assert np.allclose(filled, smooth(rgb, hole, unknown, nobody), atol=1e-6)


def test_a_cancel_does_not_wait_for_the_library() -> None:
    begun, end = threading.Event(), threading.Event()

    class Slow(Plain):
        def before(self, k, recipe, step):
            begun.set()
            end.wait(30)

    def check() -> None:
        if begun.is_set():
            raise Cancelled

    try:
        with pytest.raises(Cancelled):
            Copied(Slow()).filled(*stripes(), check)
        assert not end.is_set()
    finally:
        end.set()


def test_what_goes_wrong_is_raised() -> None:
    class Faulty(Plain):
        def before(self, k, recipe, step):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Copied(Faulty()).filled(*stripes(), nobody)
