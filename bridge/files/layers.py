"""Layers over a picture file: flattened into its own pixels, or laid beside it as pictures and masks."""

import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bridge.files.picture import Mask, PictureFile
from bridge.files.profiles import Pixels
from bridge.files.writing import png, saving, unwritten
from bridge.protocol.errors import Refusal
from bridge.protocol.values import Box

Floats = NDArray[np.float32]

_BAND = 1 << 20
"""Pixels that are blended at a time, so that the float copies of a large layer stay small."""


class Layer(NamedTuple):
    """A finished layer as the bridge sends it: `picture` (h, w, 3 or 4) is sRGB of the file's depth and has the size
    of `box`, as has `mask` (None: all 255)."""

    box: Box
    picture: Pixels
    mask: Mask | None = None
    name: str = "layer"


def composite(file: PictureFile, layers: Iterable[Layer]) -> Pixels:
    """The file's own pixels with the layers over them, the last on top, in the file's depth, profile and channels.

    picture × m + original × (1 − m), straight alpha over straight alpha. Where m is 0 the value is the original's, bit
    for bit; where m is 255 it is the layer's, converted into the file's profile. Raises Refusal for a layer that does
    not fit its box or the canvas.
    """
    result = file.original.copy()
    for layer in layers:
        _check_fit(file, layer)
        x, y, width, height = layer.box
        rows = max(1, _BAND // width)
        for top in range(0, height, rows):
            band = slice(top, min(top + rows, height))
            under = result[y + band.start : y + band.stop, x : x + width]
            colours, opacity = _painted(file, layer, band)
            under[:] = _over(under, colours, opacity, file.alpha)
    return result


def write_layers(folder: Path, file: PictureFile, layers: Iterable[Layer]) -> list[Path]:
    """Each layer as two pictures of the file's size: `NN-name.png`, whose alpha is the layer mask, and
    `NN-name.mask.png`, for editors that keep masks apart. Makes the folder; returns the paths, in order.

    Raises Refusal as `composite` and `write` do.
    """
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise unwritten(folder, error) from error
    written = []
    for number, layer in enumerate(layers, 1):
        cut = cutout(file, layer)
        stem = f"{number:02d}-{safe(layer.name)}"
        mask = np.zeros((*file.original.shape[:2], 1), np.uint8)
        mask[_window(layer.box)] = 255 if layer.mask is None else layer.mask[..., None]
        whole = np.zeros((*file.original.shape[:2], cut.shape[2]), cut.dtype)
        whole[_window(layer.box)] = cut
        for path, data in (
            (folder / f"{stem}.png", png(whole, file.icc, file.dpi)),
            (folder / f"{stem}.mask.png", png(mask, None, file.dpi)),
        ):
            with saving(path) as out:
                out.write(data)
            written.append(path)
    return written


def cutout(file: PictureFile, layer: Layer) -> Pixels:
    """A layer as one picture of its box in the file's depth and profile: gray or RGB, and its layer mask as alpha."""
    _check_fit(file, layer)
    colours, opacity = _painted(file, layer, slice(None))
    return np.dstack((colours, np.rint(opacity * np.iinfo(colours.dtype).max).astype(colours.dtype)))


def safe(name: str) -> str:
    """A name that every file system takes as part of a file name: letters, digits, blanks, - _ ( and ); 40 at most."""
    plain = unicodedata.normalize("NFC", name)
    kept = "".join(letter if letter.isalnum() or letter in " -_()" else "-" for letter in plain)
    return kept[:40].strip(" -") or "layer"


def _window(box: Box) -> tuple[slice, slice]:
    return slice(box.y, box.bottom), slice(box.x, box.right)


def _check_fit(file: PictureFile, layer: Layer) -> None:
    assert layer.picture.dtype == file.original.dtype
    height, width = layer.picture.shape[:2]
    if (width, height) != layer.box[2:] or not file.canvas.contains(layer.box):
        box, canvas = layer.box, file.canvas
        text = (
            f"The layer “{layer.name}” has {width} × {height} px, its box {box.width} × {box.height} px at ({box.x}, "
            f"{box.y}) and the picture {canvas.width} × {canvas.height} px. Save it as a picture of its own."
        )
        raise Refusal("picture.size", text)


def _painted(file: PictureFile, layer: Layer, rows: slice) -> tuple[Pixels, Floats]:
    """Rows of a layer in the file's profile: colours (h, w, 1 or 3), and opacity (h, w), 0–1."""
    native = file.native(layer.picture[rows])
    opacity = np.ones(native.shape[:2], np.float32)
    if layer.mask is not None:
        opacity *= layer.mask[rows] / np.float32(255)
    if layer.picture.shape[2] == 4:
        opacity *= native[..., -1] / np.float32(np.iinfo(native.dtype).max)
        native = native[..., :-1]
    return native, opacity


def _over(under: Pixels, colours: Pixels, opacity: Floats, alpha: bool) -> Pixels:
    """Porter and Duff's *over*, straight alpha: opacity 0 keeps `under` as it is, opacity 1 gives `colours` exactly."""
    high = np.float32(np.iinfo(under.dtype).max)
    above = opacity[..., None]
    below = (1 - above) * (under[..., -1:] / high if alpha else 1)
    total = above + below
    mixed = colours * above + under[..., : colours.shape[2]] * below
    if alpha:
        mixed = np.dstack((mixed / np.maximum(total, np.float32(1e-12)), total * high))
    return np.where(above > 0, np.rint(mixed), under).astype(under.dtype)
