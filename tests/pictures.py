"""Pictures and colour profiles that the tests of `bridge.files` make up."""

import imagecodecs
import numpy as np

from bridge.files import Pixels

TYPES = {"u8": np.uint8, "u16": np.uint16}

ADOBE = bytes(imagecodecs.cms_profile("adobergb"))
WIDE = bytes(
    imagecodecs.cms_profile(
        "rgb",
        whitepoint=[0.3127, 0.3290, 1.0],
        primaries=[0.680, 0.320, 1.0, 0.265, 0.690, 1.0, 0.150, 0.060, 1.0],
        gamma=1.8,
    )
)
"""The primaries of Display P3, with another curve."""
GRAY = bytes(imagecodecs.cms_profile("gray", gamma=1.8))


def noise(height: int, width: int, channels: int, depth: str = "u8", seed: int = 0) -> Pixels:
    """Any value anywhere: what exactness is tested on."""
    values = np.random.default_rng(seed).integers(0, np.iinfo(TYPES[depth]).max + 1, (height, width, channels))
    return values.astype(TYPES[depth])


def soft(height: int, width: int, channels: int, depth: str = "u8") -> Pixels:
    """Slow waves of muted colour: what a lossy format keeps, and every profile holds."""
    y, x = np.mgrid[0:height, 0:width]
    waves = [0.5 + 0.2 * np.sin(x / (9 + c) + y / (13 - c) + c) for c in range(channels)]
    return np.rint(np.dstack(waves) * np.iinfo(TYPES[depth]).max).astype(TYPES[depth])
