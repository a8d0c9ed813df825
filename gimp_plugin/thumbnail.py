"""Thumbnails of layers: every so many pixels of one. GIMP's Python has no numpy, and they need not be better."""

from collections.abc import Callable
from math import ldexp

from bridge.protocol.values import DEPTHS, Picture
from gimp_plugin.view import Shot

Pixels = bytes | bytearray | memoryview

SIDE = 96
"""Pixels of the longer side, at most."""


def thumbnail(pixels: Pixels, picture: Picture) -> Shot:
    """A small picture of `pixels`, in u8. 4 ms at most, whatever its size and depth: the window waits meanwhile."""
    step = max(1, -(-max(picture.width, picture.height) // SIDE))
    width, height, channels = -(-picture.width // step), -(-picture.height // step), picture.channels
    line, shown = picture.width * channels * DEPTHS[picture.depth], _SHOWN[picture.depth]
    view, small = memoryview(pixels).cast("B"), bytearray(width * height * channels)
    for y in range(height):
        row = view[y * step * line : (y * step + 1) * line]
        for channel in range(channels):
            start = y * width * channels + channel
            small[start : start + width * channels : channels] = shown(row, channel, channels * step)
    return Shot(width, height, channels, bytes(small))


def _of_upper_half(half: int) -> int:
    """The 8-bit value of a float, by the upper two of its bytes: sign, exponent, and seven bits of what follows."""
    return round(255 * ldexp(1 + (half % 128 + 0.5) / 128, half // 128 - 127))


_ZERO, _ONE, _INFINITE = 0x3B00, 0x3F80, 0x7F80
"""Upper halves of 1/512, below which all is 0, of 1, and of infinity."""
_FLOATS = bytes(
    [0] * _ZERO + [_of_upper_half(half) for half in range(_ZERO, _ONE)] + [255] * (_INFINITE + 1 - _ONE)
).ljust(0x10000, b"\0")  # what is no number, or less than 0, is 0

_SHOWN: dict[str, Callable[[memoryview, int, int], bytes]] = {
    "u8": lambda row, first, step: bytes(row[first::step]),
    "u16": lambda row, first, step: bytes(row[first * 2 + 1 :: step * 2]),
    "f32": lambda row, first, step: bytes(map(_FLOATS.__getitem__, row.cast("H")[first * 2 + 1 :: step * 2])),
}
"""Every so many values of a row, as bytes, at each depth."""
