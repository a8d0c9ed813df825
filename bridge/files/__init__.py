"""Picture files, for the command line only: PNG, JPEG, TIFF and WebP, at 8 and 16 bit, with their colour profiles.

    file = read(Path("rocket.tif"))
    ...                                     # file.region(box) goes to the bridge, layers come back, both in sRGB
    write(Path("rocket-filled.tif"), composite(file, layers), like=file)

The pixels of a file stay at their own depth and in their own profile: only what the bridge sees is converted, and only
what a layer covers is converted back.
"""

from bridge.files.layers import Layer, composite, write_layers
from bridge.files.ora import write_ora
from bridge.files.picture import Mask, PictureFile
from bridge.files.profiles import Pixels
from bridge.files.reading import read, read_mask
from bridge.files.writing import check, write

__all__ = [
    "Layer",
    "Mask",
    "PictureFile",
    "Pixels",
    "check",
    "composite",
    "read",
    "read_mask",
    "write",
    "write_layers",
    "write_ora",
]
