"""Colour profiles: from a file's own to sRGB, which is all that the wire carries, and back.

A profile that cannot be used both ways (damaged, made for another kind of pixel, a scanner's one-way table) counts as
sRGB: the picture then goes out and comes back unchanged, and the file keeps the profile's bytes as they were.
"""

from functools import cache, lru_cache

import imagecodecs
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8 | np.uint16]
"""Rows top to bottom: (h, w, c) of u8 (0–255) or u16 (0–65535), straight alpha last where there is one."""

_LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)
"""Rec. 709 weights. They sum to one, so that a neutral pixel becomes exactly its own value."""


def to_srgb(colours: Pixels, icc: bytes | None) -> Pixels:
    """Gray (h, w, 1) or RGB (h, w, 3) in the profile `icc` (None: sRGB) as sRGB (h, w, 3) of the same depth."""
    channels = colours.shape[2]
    if icc is not None and usable(icc, channels):
        return _transform(colours, icc, channels, srgb(), 3)
    return colours if channels == 3 else np.repeat(colours, 3, axis=2)


def from_srgb(rgb: Pixels, icc: bytes | None, channels: int) -> Pixels:
    """sRGB (h, w, 3) as gray (`channels` 1) or RGB (3) in the profile `icc` (None: sRGB), of the same depth.

    Gray without a profile is Rec. 709 luma of the encoded values.
    """
    if icc is not None and usable(icc, channels):
        return _transform(rgb, srgb(), 3, icc, channels)
    return rgb if channels == 3 else np.rint(rgb @ _LUMA)[..., None].astype(rgb.dtype)


@lru_cache(maxsize=16)
def usable(icc: bytes, channels: int) -> bool:
    """True where littlecms converts pixels of 1 or 3 `channels` from this profile to sRGB and back."""
    one = np.zeros((1, 1, channels), np.uint8)
    try:
        _transform(_transform(one, icc, channels, srgb(), 3), srgb(), 3, icc, channels)
    except imagecodecs.CmsError:
        return False
    return True


@cache
def srgb() -> bytes:
    """The sRGB profile itself."""
    return bytes(imagecodecs.cms_profile("srgb"))


def _transform(pixels: Pixels, source: bytes, channels: int, target: bytes, out: int) -> Pixels:
    """Relative colorimetric with black point compensation, as the editors do by default."""
    kinds = {1: "gray", 3: "rgb"}
    flags = int(imagecodecs.CMS.FLAGS.BLACKPOINTCOMPENSATION)
    if pixels.dtype == np.uint16:
        # littlecms would otherwise look 16 bit up in a 33-step table: off by up to 4 % near black (Adobe RGB, 2.18).
        flags |= imagecodecs.CMS.FLAGS.NOOPTIMIZE
    flat = np.ascontiguousarray(pixels if channels == 3 else pixels[..., 0])
    converted = imagecodecs.cms_transform(
        flat,
        source,
        target,
        colorspace=kinds[channels],
        outcolorspace=kinds[out],
        intent=imagecodecs.CMS.INTENT.RELATIVE_COLORIMETRIC,
        flags=flags,
    )
    return converted.reshape(*pixels.shape[:2], out)
