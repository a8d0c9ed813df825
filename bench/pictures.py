"""Pictures like photographs: what the round trips carry. Neither noise alone nor flat, as a codec would find them."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bridge.protocol.values import Depth

Pixels = NDArray[np.uint8] | NDArray[np.uint16]

GRAIN = 1.5
"""Standard deviation of the film grain, in steps of 8 bit."""


def photo(side: int, channels: int, depth: Depth, seed: int = 0) -> Pixels:
    """A square of `side` pixels, (side, side, channels): octaves of soft noise, and grain; alpha is opaque.

    Depth `u8` or `u16`. The grain of the deeper one is as strong, and fills its low bits as a sensor's does.
    """
    random = np.random.default_rng(seed)
    white = {"u8": 255, "u16": 65535}[depth]
    picture = np.full((side, side, channels), white, np.uint8 if depth == "u8" else np.dtype("<u2"))
    for channel in range(3):
        values = random.standard_normal((side, side), np.float32) * np.float32(GRAIN / 255) + 0.5
        cells = 4
        while cells < side:
            octave = Image.fromarray(random.standard_normal((cells, cells), np.float32))
            values += np.asarray(octave.resize((side, side), Image.Resampling.BICUBIC)) * np.float32(0.3 / cells**0.5)
            cells *= 4
        picture[..., channel] = np.rint(np.clip(values, 0, 1) * white)
    return picture


def marked(picture: Pixels, number: int) -> Pixels:
    """The same picture with `number` written into its first pixels: a content that was not sent before."""
    picture.reshape(-1)[:4].view(np.uint8)[:4] = np.frombuffer(number.to_bytes(4, "little"), np.uint8)
    return picture
