"""How our layers are blended, so that nothing changes below them where their mask is 0.

GIMP composites in 32-bit floats, in the encoding that a layer asks for, and converts what lies below the layer to it
and back. Where that is lossy last bits change, also under a mask of 0: each value of a float document of linear light,
and single values, by one to some levels of 16 bits, where the profile has a curve of its own (Adobe RGB).
"""

from collections.abc import Iterable
from typing import Any

from gi.repository import Gimp

from bridge.protocol.values import Box
from gimp_plugin.host.layers import covers

_SPACES = {
    "linear": Gimp.LayerColorSpace.RGB_LINEAR,
    "non-linear": Gimp.LayerColorSpace.RGB_NON_LINEAR,
    "perceptual": Gimp.LayerColorSpace.RGB_PERCEPTUAL,
}


def space(image: Any, box: Box, below: Iterable[Any]) -> Any:
    """The space for a layer that comes into a box above these, the uppermost first.

    The encoding that the document's values are held in: all but linear ones are blended as they are seen, which is how
    the bridge computes the soft edge, and Photoshop and Krita, too. In a document with a profile, where one layer
    covers the box and others lie below it: what that one is blended in, which is GIMP's linear light as a rule.
    """
    seen = (one for one in below if one.get_visible()) if image.get_color_profile() else iter(())
    first = next(seen, None)
    if first and covers(first, box) and next(seen, None):
        return _of(first)
    return _SPACES[image.get_precision().value_nick.partition("-")[2]]


def blend(layer: Any, space: Any) -> None:
    """Blend a layer or a group in a space."""
    layer.set_blend_space(space)
    layer.set_composite_space(space)


def _of(layer: Any) -> Any:
    """The space that a layer is blended in, also where it leaves that to GIMP."""
    space = layer.get_composite_space()
    if space != Gimp.LayerColorSpace.AUTO:
        return space
    return _SPACES["non-linear" if "legacy" in layer.get_mode().value_nick else "linear"]
