"""A picture file in memory: its own pixels, and how the bridge sees them."""

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bridge.files.profiles import Pixels, from_srgb, to_srgb
from bridge.protocol.values import Box, Depth

Mask = NDArray[np.uint8]
"""One channel, (h, w): 255 = repaint, 0 = keep, between = feather."""


@dataclass(frozen=True, eq=False)
class PictureFile:
    """One picture file, upright: the camera's orientation is already applied, and gone from `exif`.

    `original` (h, w, c) holds the file's own values at its own depth and in its own profile: gray, gray + alpha, RGB
    or RGBA for c = 1 to 4 (a palette is RGB). `icc` is its profile, None for sRGB; `dpi` across and down; `exif` a
    block that begins with `Exif`. `format` is PNG, JPEG, TIFF or WEBP.
    """

    path: Path
    format: str
    original: Pixels
    icc: bytes | None = None
    dpi: tuple[float, float] | None = None
    exif: bytes | None = None

    @property
    def canvas(self) -> Box:
        """The whole picture as a box."""
        height, width = self.original.shape[:2]
        return Box(0, 0, width, height)

    @property
    def depth(self) -> Depth:
        """`u8` or `u16`."""
        return "u8" if self.original.dtype == np.uint8 else "u16"

    @property
    def alpha(self) -> bool:
        """True where the file has transparency: the last channel of `original`."""
        return self.original.shape[2] in (2, 4)

    @property
    def channels(self) -> int:
        """Channels of `pixels`, and of the document on the wire: 3, or 4 with alpha."""
        return 4 if self.alpha else 3

    @cached_property
    def pixels(self) -> Pixels:
        """The whole picture as the bridge may see it: sRGB (h, w, 3 or 4), of the file's depth. Converted once."""
        return self.region(self.canvas)

    def region(self, box: Box) -> Pixels:
        """`pixels` of a box inside the canvas, rows without padding; only that box is converted."""
        window = self.original[box.y : box.bottom, box.x : box.right]
        colours = window.shape[2] - self.alpha
        rgb = to_srgb(window[..., :colours], self.icc)
        return np.ascontiguousarray(np.dstack((rgb, window[..., -1])) if self.alpha else rgb)

    def native(self, picture: Pixels) -> Pixels:
        """An sRGB picture (h, w, 3 or 4) of the file's depth in the file's own profile: gray or RGB, alpha as it is."""
        colours = from_srgb(picture[..., :3], self.icc, self.original.shape[2] - self.alpha)
        return np.dstack((colours, picture[..., 3])) if picture.shape[2] == 4 else colours

    def enlarged(self, left: int = 0, top: int = 0, right: int = 0, bottom: int = 0) -> tuple["PictureFile", Box]:
        """The picture on a larger canvas, and the box of what is visible there (`content`, for mode `expand`).

        What is new holds zeros: transparent, or black where the file has no alpha.
        """
        around = ((top, bottom), (left, right), (0, 0))
        content = self.canvas.moved(left, top)
        return replace(self, original=np.pad(self.original, around)), content
