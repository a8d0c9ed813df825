"""Pixels into GIMP and out of it.

A Gegl buffer lives as long as one call here: GIMP kills a plug-in that reads from a layer which was deleted since.
"""

from typing import Any

from gi.repository import Gegl, Gimp

from bridge.protocol.values import Box, Depth

FORMS: dict[tuple[int, str], str] = {
    (channels, depth): f"{name} {kind}"
    for channels, name in ((3, "R'G'B'"), (4, "R'G'B'A"))
    for depth, kind in (("u8", "u8"), ("u16", "u16"), ("f32", "float"))
}
"""babl's names mean sRGB; it converts from and to the image's own profile and precision. A name that it does not know
would end the plug-in."""
COVERAGE = "Y u8"
"""Raw coverage. "Y' u8" would bend it by a gamma (10 becomes 56), "A u8" is 255 everywhere."""


def depth(image: Any) -> Depth:
    """How deep an image's pixels cross the wire: no shallower than it holds them, but for the last bits of 32-bit
    integers and doubles."""
    held = image.get_precision().value_nick.partition("-")[0]
    return "u8" if held == "u8" else "u16" if held == "u16" else "f32"


def get(drawable: Any, box: Box, form: str) -> bytes:
    """Pixels of a box, in the drawable's own coordinates; zeros where it ends."""
    return bytes(drawable.get_buffer().get(Gegl.Rectangle.new(*box), 1.0, form, Gegl.AbyssPolicy.NONE))


def put(drawable: Any, form: str, pixels: bytes | bytearray | memoryview, size: int) -> None:
    """All pixels of a drawable that is in no image yet. Raises ValueError where they are not `size` bytes: GEGL would
    only warn on stderr, and the layer would stay black."""
    if len(pixels) != size:
        raise ValueError(f"a layer has {len(pixels)} bytes, expected {size}")
    width, height = drawable.get_width(), drawable.get_height()
    buffer = drawable.get_buffer()
    # Of anything but bytes PyGObject takes each value by itself: 200 ms for a layer that takes 1.
    buffer.set(Gegl.Rectangle.new(0, 0, width, height), form, bytes(pixels))
    buffer.flush()
    del buffer
    drawable.update(0, 0, width, height)


def seen(image: Any, box: Box, channels: int, depth: Depth) -> bytes:
    """What is seen of an image in a box. The layer is never inserted: no undo step, nothing becomes dirty."""
    layer = Gimp.Layer.new_from_visible(image, image, "")
    try:
        return get(layer, box, FORMS[channels, depth])
    finally:
        layer.delete()
