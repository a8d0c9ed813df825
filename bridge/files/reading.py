"""Reading picture files: what lies on disk, upright and unconverted, or a sentence that says why not."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import imagecodecs
import numpy as np
import tifffile
from PIL import Image
from tifffile import COMPRESSION, EXTRASAMPLE, PHOTOMETRIC, RESUNIT

from bridge.files.picture import Mask, PictureFile
from bridge.files.profiles import Pixels
from bridge.protocol import limits
from bridge.protocol.errors import Refusal

Image.MAX_IMAGE_PIXELS = None  # its warning comes at 89 megapixels; `_check_size` reads the header before any pixel

_ORIENTATION = 0x0112
_GRAYS = (PHOTOMETRIC.MINISBLACK, PHOTOMETRIC.MINISWHITE)
_MODES = {"1": "L", "P": "RGB", "PA": "RGBA"}
"""Pillow's modes that become another one of gray, gray + alpha, RGB or RGBA."""


def read(path: Path) -> PictureFile:
    """The picture in a PNG, JPEG, TIFF or WebP file of 8 or 16 bit: gray, palette or RGB, with or without alpha.

    Samples that are not colour or alpha (masks that an editor saved into a TIFF) are left out. Raises Refusal where
    there is no file, it is damaged, no picture of these kinds, several pictures, or larger than the wire allows.
    """
    form = _form(path)
    with _decoding(path):
        return _read_tiff(path) if form == "TIFF" else _read_common(path, form)


def read_mask(path: Path, size: tuple[int, int]) -> Mask:
    """What a picture file selects, for a picture of `size` (width, height): u8 (h, w), 255 = repaint.

    White repaints and black keeps; where a file has transparency, transparent keeps, and one flat colour on a
    transparent ground selects by its opacity whatever the colour. Profiles do not count. Raises Refusal as `read` does,
    and where the sizes differ or nothing is selected.
    """
    file = read(path)
    if file.canvas[2:] != size:
        own, wanted = (f"{w:,} × {h:,} px" for w, h in (file.canvas[2:], size))
        text = f"“{path}” has {own} and the picture {wanted}: a mask has the size of its picture. Redraw or scale it."
        raise Refusal("picture.size", text, got=list(file.canvas[2:]), wanted=list(size))
    mask = _coverage(file)
    if not mask.any():
        text = f"“{path}” selects nothing: white repaints, and it has none. Paint white over what is to be repainted."
        raise Refusal("picture.mask_empty", text)
    return mask


def _coverage(file: PictureFile) -> Mask:
    high = float(np.iinfo(file.original.dtype).max)
    colours = file.original[..., : -1 if file.alpha else None]
    gray = colours.mean(axis=2, dtype=np.float32) / high
    if file.alpha and (opacity := file.original[..., -1].astype(np.float32) / high).min() < 1:
        painted = colours[opacity > 0]
        gray = opacity if (painted == painted[:1]).all() else gray * opacity
    mask: Mask = np.rint(gray * 255).astype(np.uint8)
    return mask


def _form(path: Path) -> str:
    """Which of the four formats a file is, by its first bytes."""
    try:
        if path.is_dir():
            raise Refusal("picture.empty", f"“{path}” is a folder. Name a picture inside it.")
        with path.open("rb") as file:
            head = file.read(12)
    except FileNotFoundError:
        raise Refusal("picture.empty", f"There is no file “{path}”. Check the name and the folder.") from None
    except OSError as error:
        text = f"“{path}” cannot be read ({error.strerror}). Check who may read it, and that its disk is there."
        raise Refusal("picture.empty", text) from None
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if head.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if head.startswith(b"RIFF") and head.endswith(b"WEBP"):
        return "WEBP"
    if head.startswith((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")):  # the + is BigTIFF
        return "TIFF"
    raise Refusal("picture.empty", f"“{path}” is not a PNG, JPEG, TIFF or WebP picture. Export it as one of these.")


@contextmanager
def _decoding(path: Path) -> Iterator[None]:
    """Whatever a decoder raises over a damaged file (each has a dozen ways) becomes one sentence."""
    try:
        yield
    except Refusal:
        raise
    except MemoryError:
        text = f"“{path}” does not fit into memory. Close other programs, or work on a part of it."
        raise Refusal("picture.empty", text, retry="later") from None
    except Exception as error:
        text = f"“{path}” is damaged or cut short ({error}). Copy or export it again."
        raise Refusal("picture.empty", text) from error


def _check_size(path: Path, width: int, height: int) -> None:
    """Before a pixel is decoded: a small file may claim a size that no memory holds."""
    if max(width, height) > limits.SIDE:
        text = f"“{path}” has {width:,} × {height:,} px; a side ends at {limits.SIDE:,}. Work on a part of it."
        raise Refusal("limit.side", text, limit=limits.SIDE, got=max(width, height))
    if width * height > limits.DOCUMENT:
        text = f"“{path}” has {width * height:,} pixels; the limit is {limits.DOCUMENT:,}. Work on a smaller copy."
        raise Refusal("limit.document", text, limit=limits.DOCUMENT, got=width * height)


def _refuse_kind(path: Path, kind: str) -> NoReturn:
    text = f"“{path}” holds {kind}; the command line works on gray and RGB of 8 or 16 bit. Convert it first."
    raise Refusal("picture.size", text)


def _refuse_several(path: Path, count: int) -> NoReturn:
    text = f"“{path}” holds {count} pictures; save the one to work on as a file of its own."
    raise Refusal("picture.size", text, limit=1, got=count)


def _read_common(path: Path, form: str) -> PictureFile:
    """PNG, JPEG or WebP. Pillow reads the header and 8 bit; it has no RGB of 16 bit, so that is imagecodecs' part."""
    with Image.open(path, formats=(form,)) as image:
        _check_size(path, image.width, image.height)
        frames = getattr(image, "n_frames", 1)
        if frames > 1 and image.format != "MPO":  # a JPEG with a camera's second, smaller picture behind it
            _refuse_several(path, frames)
        orientation, exif = _exif(image)
        with path.open("rb") as file:
            deep = form == "PNG" and file.read(25)[24] == 16
        pixels = imagecodecs.png_decode(path.read_bytes()) if deep else _pixels(path, image)
        dpi = _dpi(*image.info.get("dpi", (0, 0)))
        return _upright(path, form, pixels, orientation, image.info.get("icc_profile"), dpi, exif)


def _pixels(path: Path, image: Image.Image) -> Pixels:
    mode = _MODES.get(image.mode, image.mode)
    if "transparency" in image.info and mode in ("L", "RGB"):
        mode = {"L": "LA", "RGB": "RGBA"}[mode]
    if mode not in ("L", "LA", "RGB", "RGBA"):
        _refuse_kind(path, f"{image.mode} values")
    return np.asarray(image if mode == image.mode else image.convert(mode))


def _exif(image: Image.Image) -> tuple[int, bytes | None]:
    """The camera's orientation (1 to 8), and its notes without that and without their thumbnail of the old picture."""
    try:
        notes = image.getexif()
        orientation = int(notes.pop(_ORIENTATION, 1))
        return orientation, notes.tobytes() if notes else None
    except Exception:  # notes that cannot be read must not cost the artist the picture
        return 1, None


def _read_tiff(path: Path) -> PictureFile:
    with tifffile.TiffFile(path) as tiff:
        pages: list[Any] = [page for page in tiff.pages if not getattr(page, "is_reduced", False)]  # no thumbnails
        if len(pages) != 1:
            _refuse_several(path, len(pages))
        page = pages[0]
        _check_size(path, page.imagewidth, page.imagelength)
        pixels = _tiff_pixels(path, page)
        dpi = None
        if "XResolution" in page.tags and page.resolutionunit != RESUNIT.NONE:
            dpi = _dpi(*page.get_resolution(unit=RESUNIT.INCH))
        orientation = int(page.tags.valueof(_ORIENTATION, default=1))
        return _upright(path, "TIFF", pixels, orientation, page.iccprofile, dpi, None)


def _tiff_pixels(path: Path, page: Any) -> Pixels:
    """One TIFF page as (h, w, c): palette looked up, white-is-zero turned round, premultiplied alpha made straight."""
    kind, bits = page.photometric, page.bitspersample
    decoded = kind == PHOTOMETRIC.YCBCR and page.compression == COMPRESSION.JPEG  # its decoder makes RGB of that
    if kind not in (*_GRAYS, PHOTOMETRIC.RGB, PHOTOMETRIC.PALETTE) and not decoded:
        _refuse_kind(path, f"{kind.name} values")
    if bits not in (1, 8, 16) or page.dtype.kind not in "ub" or page.imagedepth != 1:
        _refuse_kind(path, f"{page.dtype} values of {bits} bit")
    # (planes, depth, h, w, samples): colours lie in planes of their own, or in the samples of one
    values: Pixels = np.concatenate(page.asarray().reshape(page.shaped)[:, 0], axis=-1)
    if kind == PHOTOMETRIC.PALETTE:
        looked_up: Pixels = np.moveaxis(page.colormap[:, values[..., 0]] >> 8, 0, -1).astype(np.uint8)
        return looked_up
    if bits == 1:
        values = values * np.uint8(255)
    if kind == PHOTOMETRIC.MINISWHITE:
        values = np.bitwise_not(values)
    colours = 1 if kind in _GRAYS else 3
    extra = page.extrasamples[0] if page.extrasamples else None
    if extra == EXTRASAMPLE.ASSOCALPHA:
        return _straight(values[..., : colours + 1])
    return values[..., : colours + (extra == EXTRASAMPLE.UNASSALPHA)]


def _straight(values: Pixels) -> Pixels:
    """Colours that were multiplied by their alpha, divided by it again."""
    alpha = values[..., -1:].astype(np.float64)
    high = np.iinfo(values.dtype).max
    colours = np.minimum(np.rint(values[..., :-1] * (high / np.maximum(alpha, 1))), high)
    return np.dstack((colours.astype(values.dtype), values[..., -1]))


def _upright(
    path: Path,
    form: str,
    pixels: Pixels,
    orientation: int,
    icc: bytes | None,
    dpi: tuple[float, float] | None,
    exif: bytes | None,
) -> PictureFile:
    """The picture as it is looked at. Orientations (EXIF): 2–4 mirror and turn, 5–8 swap the sides as well."""
    original = pixels.reshape(*pixels.shape[:2], -1)
    if orientation in (5, 6, 7, 8):
        original = original.swapaxes(0, 1)
        dpi = (dpi[1], dpi[0]) if dpi else None
    if orientation in (2, 3, 6, 7):
        original = original[:, ::-1]
    if orientation in (3, 4, 7, 8):
        original = original[::-1]
    return PictureFile(path, form, np.ascontiguousarray(original), icc or None, dpi, exif)


def _dpi(across: float, down: float) -> tuple[float, float] | None:
    """Pixels per inch, or None where a file says nothing that a printer could use."""
    across, down = float(across), float(down)
    usual = all(math.isfinite(value) and value > 0 for value in (across, down))
    return (across, down) if usual else None
