"""Writing picture files: whole or not at all, with the profile, resolution and notes of the file they came from."""

import errno
import io
import os
import secrets
import shutil
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import imagecodecs
import numpy as np
import tifffile
from PIL import Image

from bridge.files.picture import PictureFile
from bridge.files.profiles import Pixels, to_srgb
from bridge.protocol.errors import Refusal

FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".tif": "TIFF", ".tiff": "TIFF", ".webp": "WEBP"}
"""What a file's ending asks for."""

_WEBP_SIDE = 16_383
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def write(path: Path, pixels: Pixels, like: PictureFile) -> None:
    """Write a picture (h, w, c) that is in the depth and profile of `like` (`composite`, `PictureFile.native`).

    The ending decides: .png, .tif and .webp keep every value, .jpg is quality 95 without chroma subsampling. Profile
    and resolution are kept (WebP holds no resolution), and the camera's notes between PNG, JPEG and WebP. Raises
    Refusal where the format cannot hold the picture or the disk cannot take it; what stood there before then stays.
    """
    form = _format(path, pixels)
    if form == "JPEG" and pixels.shape[2] in (2, 4):
        pixels = _opaque(path, pixels)
    icc = like.icc
    if form == "WEBP" and _colours(pixels) == 1:  # WebP knows no gray
        pixels, icc = np.dstack((to_srgb(pixels[..., :1], icc), pixels[..., 1:])), None
    with saving(path) as file:
        if form == "TIFF":
            _write_tiff(file, pixels, icc, like.dpi)
        elif form == "PNG":
            file.write(png(pixels, icc, like.dpi, like.exif))
        else:
            file.write(_common(form, pixels, icc, like.dpi, like.exif))


def check(path: Path, like: PictureFile) -> None:
    """Raise before a long painting what `write` would raise after it: a name, a format or a folder that will not do."""
    _format(path, like.original)
    if path.is_dir() or not path.parent.is_dir():
        raise unwritten(path, OSError())


@contextmanager
def saving(path: Path) -> Iterator[BinaryIO]:
    """A file to write to that takes its place only when the block ends well. Raises Refusal where the disk refuses."""
    target = path.resolve()  # a link stays a link
    part = target.with_name(f".{secrets.token_hex(6)}.part")
    try:
        try:
            with part.open("xb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            if target.exists():
                shutil.copymode(target, part)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise unwritten(path, error) from error


def unwritten(path: Path, error: OSError) -> Refusal:
    """Why the disk did not take a file, and what to do."""
    said = f"“{path}” was not written: "
    if error.errno in _FULL:
        return Refusal("internal", f"{said}the disk is full. Free some space and run it again.", "later")
    if not path.parent.is_dir():
        return Refusal("internal", f"{said}there is no folder “{path.parent}”. Make it first.")
    if path.is_dir():
        return Refusal("internal", f"{said}a folder has that name. Choose another one.")
    why = error.strerror or error
    return Refusal("internal", f"{said}{why}. Check that you may write there and that no program holds the file.")


def png(
    pixels: Pixels, icc: bytes | None = None, dpi: tuple[float, float] | None = None, exif: bytes | None = None
) -> bytes:
    """The bytes of a PNG file of 8 or 16 bit: gray, gray + alpha, RGB or RGBA by the channels of (h, w, c).

    The encoder writes the pixels only, so that profile, resolution and notes are put behind the header here (PNG
    specification, third edition, 11.3: iCCP, pHYs in pixels per metre, eXIf).
    """
    # Level 4: a third of the time of 6, and 5 % more bytes on a photograph.
    plain = bytes(imagecodecs.png_encode(_flat(pixels), level=4))
    chunks = b""
    if icc:
        chunks += _chunk(b"iCCP", b"ICC profile\0\0" + zlib.compress(icc))
    if dpi:
        chunks += _chunk(b"pHYs", struct.pack(">IIB", *(round(value / 0.0254) for value in dpi), 1))
    if exif:
        chunks += _chunk(b"eXIf", exif.removeprefix(b"Exif\0\0"))
    header = 8 + 12 + 13  # signature, and IHDR with its frame
    return plain[:header] + chunks + plain[header:]


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _flat(pixels: Pixels) -> Pixels:
    """Gray without its channel axis, as encoders want it, in one piece."""
    return np.ascontiguousarray(pixels if pixels.shape[2] > 1 else pixels[..., 0])


def _colours(pixels: Pixels) -> int:
    return 1 if pixels.shape[2] < 3 else 3


def _format(path: Path, pixels: Pixels) -> str:
    """The format that a file's ending names, if it can hold these pixels' depth and size."""
    form = FORMATS.get(path.suffix.lower())
    height, width = pixels.shape[:2]
    if form is None:
        ending = f"ends in {path.suffix}" if path.suffix else "has no ending"
        text = f"“{path}” {ending}, which names no format. Use .png, .jpg, .tif or .webp."
    elif form in ("JPEG", "WEBP") and pixels.dtype != np.uint8:
        text = f"“{path}” was not written: {form} holds 8 bit and this picture has 16. Save it as .png or .tif."
    elif form == "WEBP" and max(width, height) > _WEBP_SIDE:
        text = f"“{path}” was not written: a side of WEBP ends at {_WEBP_SIDE:,} px and this picture has "
        text += f"{width:,} × {height:,} px. Save it as .png or .tif."
    else:
        return form
    raise Refusal("picture.size", text)


def _opaque(path: Path, pixels: Pixels) -> Pixels:
    """The colours of a picture without transparency, for a format that holds none."""
    if seen := int(np.count_nonzero(pixels[..., -1] != 255)):
        text = f"“{path}” was not written: JPEG holds no transparency and {seen:,} pixels of this picture have some."
        raise Refusal("picture.size", f"{text} Save it as .png, .tif or .webp.")
    return pixels[..., :-1]


def _common(form: str, pixels: Pixels, icc: bytes | None, dpi: tuple[float, float] | None, exif: bytes | None) -> bytes:
    """JPEG or WebP by Pillow; into memory first, because its own writing to disk hides why the disk refused."""
    kept: dict[str, Any] = {"icc_profile": icc, "exif": exif if exif and len(exif) < 65_000 else None, "dpi": dpi}
    given = {name: value for name, value in kept.items() if value}
    if form == "JPEG":
        given |= {"quality": 95, "subsampling": 0}
    else:
        given |= {"lossless": True, "exact": True, "method": 2, "quality": 50}  # half the time of 4 and 80, same bytes
    file = io.BytesIO()
    Image.fromarray(_flat(pixels)).save(file, form, **given)
    return file.getvalue()


def _write_tiff(file: BinaryIO, pixels: Pixels, icc: bytes | None, dpi: tuple[float, float] | None) -> None:
    tifffile.imwrite(
        file,
        _flat(pixels),
        photometric="rgb" if _colours(pixels) == 3 else "minisblack",
        planarconfig="contig",
        extrasamples=["unassalpha"] if pixels.shape[2] in (2, 4) else None,
        compression="zlib",
        predictor=True,
        resolution=dpi,
        resolutionunit="INCH" if dpi else None,
        iccprofile=icc,
        metadata=None,
        software=False,
        maxworkers=1,
    )
