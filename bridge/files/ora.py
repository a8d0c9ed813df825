"""OpenRaster: a picture and its layers in one file that GIMP and Krita open (openraster.org, file layout and stack)."""

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

import numpy as np
from PIL import Image

from bridge.files.layers import Layer, composite, cutout
from bridge.files.picture import PictureFile
from bridge.files.profiles import Pixels, srgb
from bridge.files.writing import png, saving

_THUMBNAIL = 256
"""Longest side of the thumbnail, pixels."""
_PRINT = 72.0
"""Pixels per inch of a picture that names none."""


def write_ora(path: Path, file: PictureFile, layers: Sequence[Layer]) -> None:
    """The file as it is, and each layer at its box above it with its mask as alpha, at the file's depth and profile.

    The first layer lies on top and is the visible one: the others are its variations. A gray picture is written as
    sRGB. Raises Refusal as `composite` and `write` do.
    """
    if file.original.shape[2] < 3:
        file = replace(file, original=file.pixels, icc=None)
    icc = file.icc or srgb()
    across, down = file.dpi or (_PRINT, _PRINT)
    whole = {"w": file.canvas.width, "h": file.canvas.height, "xres": round(across), "yres": round(down)}
    image = ET.Element("image", {"version": "0.0.3"} | {name: str(value) for name, value in whole.items()})
    stack = ET.SubElement(image, "stack")
    data = []
    for number, layer in enumerate(layers, 1):
        name = f"data/layer{number:02d}.png"
        _add(stack, layer.name, name, layer.box.x, layer.box.y, visible=number == 1)
        data.append((name, cutout(file, layer)))
    _add(stack, file.path.stem, "data/picture.png", 0, 0, visible=True)
    data.append(("data/picture.png", file.original))
    merged = composite(file, layers[:1])
    with saving(path) as out, ZipFile(out, "w") as bundle:
        bundle.writestr(ZipInfo("mimetype"), "image/openraster", ZIP_STORED)  # first and plain, for tools that sniff
        text = ET.tostring(image, encoding="UTF-8", xml_declaration=True)
        bundle.writestr(ZipInfo("stack.xml"), text, ZIP_DEFLATED)
        for name, pixels in (*data, ("mergedimage.png", merged)):
            bundle.writestr(ZipInfo(name), png(pixels, icc, file.dpi), ZIP_STORED)
        bundle.writestr(ZipInfo("Thumbnails/thumbnail.png"), png(_thumbnail(file, merged)), ZIP_STORED)


def _add(stack: ET.Element, name: str, source: str, x: int, y: int, visible: bool) -> None:
    """One layer of the stack, below those that are already there."""
    ET.SubElement(
        stack,
        "layer",
        {
            "name": "".join(letter for letter in name if letter.isprintable()),  # XML has no control characters
            "src": source,
            "x": str(x),
            "y": str(y),
            "opacity": "1.0",
            "visibility": "visible" if visible else "hidden",
            "composite-op": "svg:src-over",
        },
    )


def _thumbnail(file: PictureFile, merged: Pixels) -> Pixels:
    """At most 256 px a side, 8 bit, sRGB: what the layout asks for."""
    small = Image.fromarray(merged if merged.dtype == np.uint8 else np.rint(merged / 257).astype(np.uint8))
    small.thumbnail((_THUMBNAIL, _THUMBNAIL))
    return replace(file, original=np.asarray(small)).pixels
