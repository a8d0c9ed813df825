"""The plug-in's own room for images, in a driver: a canvas as the panel holds it, layers as the bridge sends them."""

import random
import struct
import sys
from typing import Any

sys.path.insert(0, "/shared/profile/plug-ins/sfumato/lib")
import hand
from gi.repository import Gegl, Gimp

from bridge.protocol.values import Box, Document, Lora, Picture, Recipe
from gimp_plugin.host import Canvas, blending, pixels
from gimp_plugin.recall import Memory
from gimp_plugin.scene import Finished, Spot

__all__ = ["Box", "Lora", "Recipe", "Spot", "Tags", "blending", "canvas", "finished", "noise", "pixels"]

KINDS = {"U8": ("u8", "B"), "U16": ("u16", "H"), "U32": ("u32", "I")}
FLOATS = {"HALF": ("half", "e"), "FLOAT": ("float", "f"), "DOUBLE": ("double", "d")}
CURVES = {"LINEAR": ("RGB", "Y"), "NON_LINEAR": ("R'G'B'", "Y'"), "PERCEPTUAL": ("R~G~B~", "Y~")}
TYPES = {
    ("RGB", False): Gimp.ImageType.RGB_IMAGE,
    ("RGB", True): Gimp.ImageType.RGBA_IMAGE,
    ("GRAY", False): Gimp.ImageType.GRAY_IMAGE,
    ("GRAY", True): Gimp.ImageType.GRAYA_IMAGE,
}


class Tags(dict[str, str]):
    """Which tag a file had, forgotten at the end."""

    def tag_of(self, address: str) -> str:
        """The tag, empty where none is known."""
        return self.get(address, "")

    def set_tag(self, address: str, tag: str) -> None:
        """The file at this address has this tag."""
        self[address] = tag


def canvas(image: Gimp.Image) -> Canvas:
    """A document as the guest sees it."""
    return Canvas(image, Tags())


def finished(
    box: tuple[int, int, int, int],
    pixels: bytes,
    mask: bytes | None = None,
    channels: int = 3,
    depth: Any = "u8",
    name: str = "Fill",
    **memory: Any,
) -> Finished:
    """A layer as the bridge sends it; `pixels` of one pixel stand for all of them."""
    place = Box(*box)
    picture = Picture(place.width, place.height, channels, depth)
    values = {
        "result": "r" * 32, "job": "j" * 32, "region": "e" * 32, "recipe": Recipe("fill", seed=7),
        "document": Document("t" * 32, 9999, 9999, 3), "selection": place, "content": None, "sample": "all",
        "box": place,
    }  # fmt: skip
    if len(pixels) < picture.size:
        pixels = pixels * place.area
    return Finished(name, place, picture, pixels, mask, Memory(**(values | memory)))


def noise(image: Gimp.Image, precision: str, base: str = "RGB", alpha: bool = False, seed: int = 1) -> Gimp.Layer:
    """Insert a layer over the whole canvas whose every value is random, in the document's own encoding and depth: 0 to
    1, or to the highest whole number. Without a colour profile, for babl has no name for one's pixels."""
    width, height = image.get_width(), image.get_height()
    layer = Gimp.Layer.new(image, "noise", width, height, TYPES[base, alpha], 100.0, Gimp.LayerMode.NORMAL)
    depth, _, curve = precision.partition("_")
    colour, gray = CURVES[curve]
    name, letter = (KINDS | FLOATS)[depth]
    draw = random.Random(seed)
    count = width * height * (3 * (base == "RGB") + (base == "GRAY") + alpha)
    if depth in KINDS:
        values = draw.randbytes(count * struct.calcsize(letter))
    else:
        values = struct.pack(f"<{count}{letter}", *(draw.random() for _ in range(count)))
    form = f"{colour if base == 'RGB' else gray}{'A' * alpha} {name}"
    buffer = layer.get_buffer()
    buffer.set(Gegl.Rectangle.new(0, 0, width, height), form, values)
    buffer.flush()
    del buffer
    layer.update(0, 0, width, height)
    image.insert_layer(layer, None, 0)
    assert hand.pixels(layer, form=None) == values, "the layer holds something else than was written"
    return layer
