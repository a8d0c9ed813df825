import io
import struct
import zlib

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image, ImageOps

from bridge.files import read, read_mask
from bridge.files.writing import png
from bridge.protocol import limits
from bridge.protocol.errors import Refusal
from tests.pictures import ADOBE, noise, soft


def refused(act, *arguments):
    with pytest.raises(Refusal) as caught:
        act(*arguments)
    return caught.value.code, caught.value.text


def pillow(path, pixels, **how):
    Image.fromarray(pixels).save(path, **how)
    return path


# ---- what is read ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.webp", "a.wrong-ending"])
def test_eight_bit_colour(tmp_path, name):
    pixels = noise(20, 30, 3)
    form = {"png": "PNG", "tif": "TIFF", "webp": "WEBP"}.get(name[2:], "PNG")
    how = {"lossless": True} if form == "WEBP" else {}
    file = read(pillow(tmp_path / name, pixels, format=form, icc_profile=ADOBE, **how))
    assert np.array_equal(file.original, pixels)
    assert (file.format, file.icc, file.depth) == (form, ADOBE, "u8")


def test_jpeg(tmp_path):
    pixels = soft(60, 80, 3)
    file = read(pillow(tmp_path / "a.jpg", pixels, quality=95, icc_profile=ADOBE, dpi=(300, 300)))
    assert np.abs(file.original.astype(int) - pixels).max() <= 8
    assert (file.icc, file.dpi) == (ADOBE, (300, 300))


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("depth", ["u8", "u16"])
def test_png_of_every_kind(tmp_path, channels, depth):
    path, pixels = tmp_path / "a.png", noise(20, 30, channels, depth)
    path.write_bytes(imagecodecs.png_encode(pixels if channels > 1 else pixels[..., 0]))
    file = read(path)
    assert np.array_equal(file.original, pixels)
    assert (file.depth, file.icc, file.dpi, file.exif) == (depth, None, None, None)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("depth", ["u8", "u16"])
@pytest.mark.parametrize("layout", ["contig", "separate"])
def test_tiff_of_every_kind(tmp_path, channels, depth, layout):
    path, pixels = tmp_path / "a.tif", noise(20, 30, channels, depth)
    tifffile.imwrite(
        path,
        pixels[..., 0] if channels == 1 else np.moveaxis(pixels, -1, 0) if layout == "separate" else pixels,
        photometric="minisblack" if channels < 3 else "rgb",
        planarconfig=layout if channels > 1 else None,
        extrasamples=["unassalpha"] if channels in (2, 4) else None,
        resolution=(120, 60),
        resolutionunit="CENTIMETER",
        iccprofile=ADOBE,
        metadata=None,
    )
    file = read(path)
    assert np.array_equal(file.original, pixels)
    assert (file.depth, file.icc) == (depth, ADOBE)
    assert file.dpi == pytest.approx((304.8, 152.4))


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_palette_and_bilevel(tmp_path, name):
    indexed = Image.fromarray(noise(20, 30, 3)).quantize(16)
    indexed.save(tmp_path / name)
    assert np.array_equal(read(tmp_path / name).original, np.asarray(indexed.convert("RGB")))
    bilevel = Image.fromarray(noise(20, 30, 1)[..., 0] > 127)
    bilevel.save(tmp_path / name)
    assert np.array_equal(read(tmp_path / name).original[..., 0], np.asarray(bilevel) * np.uint8(255))


def test_transparency_by_key_becomes_alpha(tmp_path):
    indexed = Image.fromarray(noise(20, 30, 3)).quantize(16)
    indexed.save(tmp_path / "p.png", transparency=3)
    assert np.array_equal(read(tmp_path / "p.png").original[..., 3] == 0, np.asarray(indexed) == 3)
    for pixels, key in ((noise(20, 30, 3), (1, 2, 3)), (noise(20, 30, 1)[..., 0], 7)):
        pixels[4, 5] = key
        file = read(pillow(tmp_path / "k.png", pixels, transparency=key))
        assert file.alpha
        assert file.original[4, 5, -1] == 0
        assert file.original[0, 0, -1] == 255


def test_tiff_white_is_zero(tmp_path):
    pixels = noise(20, 30, 1, "u16")[..., 0]
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="miniswhite", metadata=None)
    assert np.array_equal(read(tmp_path / "a.tif").original[..., 0], 65535 - pixels)


@pytest.mark.parametrize("depth", ["u8", "u16"])
def test_tiff_premultiplied_alpha_becomes_straight(tmp_path, depth):
    straight = soft(20, 30, 4, depth)
    straight[:5, :, 3] = 0
    high = np.iinfo(straight.dtype).max
    pixels = straight.copy()
    pixels[..., :3] = np.rint(straight[..., :3].astype(float) * straight[..., 3:] / high)
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="rgb", extrasamples=["assocalpha"], metadata=None)
    read_back = read(tmp_path / "a.tif").original
    assert np.array_equal(read_back[..., 3], straight[..., 3])
    assert np.abs(read_back[5:].astype(int) - straight[5:]).max() <= 3


def test_tiff_leaves_out_saved_masks_and_thumbnails(tmp_path):
    pixels = noise(20, 30, 5)
    with tifffile.TiffWriter(tmp_path / "a.tif") as tiff:
        tiff.write(pixels, photometric="rgb", extrasamples=["unspecified"] * 2, metadata=None)
        tiff.write(pixels[::2, ::2, :3], photometric="rgb", subfiletype=1, metadata=None)
    assert np.array_equal(read(tmp_path / "a.tif").original, pixels[..., :3])


@pytest.mark.parametrize("compression", ["jpeg", "tiff_lzw", "packbits"])
def test_tiff_by_another_writer(tmp_path, compression):
    pixels = soft(40, 48, 3)
    file = read(pillow(tmp_path / "a.tif", pixels, compression=compression))
    assert np.abs(file.original.astype(int) - pixels).max() <= (12 if compression == "jpeg" else 0)


def test_tiff_of_luma_and_chroma(tmp_path):
    pixels = soft(40, 48, 3)
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="rgb", compression="jpeg", metadata=None)
    assert np.abs(read(tmp_path / "a.tif").original.astype(int) - pixels).max() <= 12
    Image.fromarray(pixels).convert("YCbCr").save(tmp_path / "b.tif")
    assert "holds YCBCR values" in refused(read, tmp_path / "b.tif")[1]


def test_a_cameras_second_picture_is_left_out(tmp_path):
    pixels = soft(40, 60, 3)
    small = Image.fromarray(pixels[::4, ::4])
    Image.fromarray(pixels).save(tmp_path / "a.jpg", "MPO", save_all=True, append_images=[small])
    assert read(tmp_path / "a.jpg").original.shape == (40, 60, 3)


# ---- notes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", ["a.png", "deep.png", "a.tif", "a.webp"])
def test_the_cameras_orientation_is_applied(tmp_path, orientation, name):
    """Pillow's own turning is the second opinion."""
    pixels = noise(20, 30, 3, "u16" if name == "deep.png" else "u8")
    notes = Image.Exif()
    notes[0x0112] = orientation
    path = tmp_path / name
    if name == "deep.png":
        path.write_bytes(png(pixels, exif=notes.tobytes()))
    else:
        pillow(path, pixels, exif=notes, **({"lossless": True} if name == "a.webp" else {}))
    turned = np.arange(600, dtype=np.int32).reshape(20, 30)
    flat = Image.fromarray(turned)
    flat.getexif()[0x0112] = orientation
    expected = np.asarray(ImageOps.exif_transpose(flat))
    assert np.array_equal(read(path).original.reshape(-1, 3), pixels.reshape(-1, 3)[expected.reshape(-1)])
    assert read(path).canvas[2:] == expected.shape[::-1]


def test_notes_are_kept_without_orientation_and_thumbnail(tmp_path):
    notes = Image.Exif()
    notes[0x0112] = 6
    notes[0x013B] = "Ada"
    notes.get_ifd(0x8769)[0x9003] = "2026:01:02 03:04:05"
    old = io.BytesIO()
    Image.fromarray(noise(8, 8, 3)).save(old, "JPEG")
    notes.get_ifd(1).update({0x0201: 0, 0x0202: len(old.getvalue())})
    file = read(pillow(tmp_path / "a.jpg", soft(20, 30, 3), exif=notes))
    kept = Image.Exif()
    kept.load(file.exif)
    assert dict(kept)[0x013B] == "Ada"
    assert kept.get_ifd(0x8769) == {0x9003: "2026:01:02 03:04:05"}
    assert 0x0112 not in kept
    assert not kept.get_ifd(1)


def test_notes_that_cannot_be_read_cost_nothing(tmp_path):
    pixels = noise(20, 30, 3)
    (tmp_path / "a.png").write_bytes(png(pixels, exif=b"Exif\0\0II*\0\xff\xff\xff\xff"))
    assert np.array_equal(read(tmp_path / "a.png").original, pixels)


def test_turned_pictures_swap_their_resolution(tmp_path):
    notes = Image.Exif()
    notes[0x0112] = 6
    assert read(pillow(tmp_path / "a.jpg", soft(20, 30, 3), exif=notes, dpi=(300, 150))).dpi == (150, 300)


# ---- what is refused -------------------------------------------------------------------------------------------------


def test_missing(tmp_path):
    path = tmp_path / "nowhere.png"
    assert refused(read, path) == ("picture.empty", f"There is no file “{path}”. Check the name and the folder.")


def test_a_folder(tmp_path):
    assert refused(read, tmp_path) == ("picture.empty", f"“{tmp_path}” is a folder. Name a picture inside it.")


def test_unreadable(tmp_path):
    path = tmp_path / ("a" * 300)
    assert refused(read, path) == (
        "picture.empty",
        f"“{path}” cannot be read (File name too long). Check who may read it, and that its disk is there.",
    )


def test_not_a_picture(tmp_path):
    path = tmp_path / "a.png"
    sentence = f"“{path}” is not a PNG, JPEG, TIFF or WebP picture. Export it as one of these."
    for content in (b"", b"hello", b"GIF89a" + bytes(40)):
        path.write_bytes(content)
        assert refused(read, path) == ("picture.empty", sentence)


@pytest.mark.parametrize("name", ["a.png", "deep.png", "a.jpg", "a.webp", "a.tif", "plain.tif"])
@pytest.mark.parametrize("part", [0.02, 0.5, 0.95])
def test_cut_short(tmp_path, name, part):
    path, pixels = tmp_path / name, noise(60, 80, 3)
    if name == "deep.png":
        path.write_bytes(png(noise(60, 80, 3, "u16")))
    elif name == "a.tif":
        tifffile.imwrite(path, pixels, photometric="rgb", compression="zlib", metadata=None)
    else:
        pillow(path, pixels)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * part)])
    code, text = refused(read, path)
    assert code == "picture.empty"
    assert text.startswith(f"“{path}” is damaged or cut short (")
    assert text.endswith("). Copy or export it again.")


def test_damaged_inside(tmp_path):
    path = tmp_path / "a.png"
    data = bytearray(png(noise(60, 80, 3, "u16")))
    data[5000] ^= 255
    path.write_bytes(data)
    assert "is damaged or cut short" in refused(read, path)[1]


@pytest.mark.parametrize("name", ["a.jpg", "a.tif"])
def test_print_colours(tmp_path, name):
    Image.new("CMYK", (30, 20)).save(tmp_path / name)
    code, text = refused(read, tmp_path / name)
    assert code == "picture.size"
    assert text == (
        f"“{tmp_path / name}” holds {'CMYK' if name == 'a.jpg' else 'SEPARATED'} values; the command line works on "
        "gray and RGB of 8 or 16 bit. Convert it first."
    )


@pytest.mark.parametrize("kind", [np.float32, np.uint32])
def test_other_depths(tmp_path, kind):
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((20, 30, 3), kind), photometric="rgb", metadata=None)
    assert (
        f"holds {np.dtype(kind)} values of 32 bit; the command line works on gray"
        in refused(read, tmp_path / "a.tif")[1]
    )


@pytest.mark.parametrize("name", ["a.png", "a.webp", "a.tif"])
def test_several_pictures(tmp_path, name):
    one, *others = (Image.fromarray(noise(20, 30, 3, seed=seed)) for seed in range(3))
    one.save(tmp_path / name, save_all=True, append_images=others)
    sentence = f"“{tmp_path / name}” holds 3 pictures; save the one to work on as a file of its own."
    assert refused(read, tmp_path / name) == ("picture.size", sentence)


def claiming(width, height):
    """A PNG of a few bytes that says it is `width` × `height`."""
    data = png(noise(4, 4, 3))
    header = b"IHDR" + struct.pack(">II", width, height) + data[24:29]
    return data[:12] + header + struct.pack(">I", zlib.crc32(header)) + data[33:]


def test_too_large_is_said_before_a_pixel_is_decoded(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(claiming(25_000, 25_000))
    assert refused(read, path) == (
        "limit.document",
        f"“{path}” has 625,000,000 pixels; the limit is {limits.DOCUMENT:,}. Work on a smaller copy.",
    )
    path.write_bytes(claiming(30_001, 8))
    assert refused(read, path) == (
        "limit.side",
        f"“{path}” has 30,001 × 8 px; a side ends at 30,000. Work on a part of it.",
    )
    tifffile.imwrite(tmp_path / "a.tif", shape=(30_001, 1), dtype=np.uint8, metadata=None)
    assert refused(read, tmp_path / "a.tif")[0] == "limit.side"


# ---- masks -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("depth", ["u8", "u16"])
def test_a_gray_mask_is_its_values(tmp_path, depth):
    pixels = noise(20, 30, 1, depth)
    (tmp_path / "m.png").write_bytes(png(pixels))
    expected = pixels[..., 0] if depth == "u8" else np.rint(pixels[..., 0] / 257)
    assert np.array_equal(read_mask(tmp_path / "m.png", (30, 20)), expected)


def test_a_mask_in_colour_or_with_a_profile_is_its_stored_gray(tmp_path):
    gray = noise(20, 30, 1)
    (tmp_path / "m.png").write_bytes(png(np.repeat(gray, 3, axis=2), icc=ADOBE))
    assert np.array_equal(read_mask(tmp_path / "m.png", (30, 20)), gray[..., 0])


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (200, 30, 30)])
def test_one_colour_on_a_transparent_ground_selects_by_its_opacity(tmp_path, colour):
    alpha = noise(20, 30, 1)
    painted = np.dstack((np.broadcast_to(np.array(colour, np.uint8), (20, 30, 3)), alpha))
    painted[alpha[..., 0] == 0] = 0  # what an eraser leaves
    (tmp_path / "m.png").write_bytes(png(painted))
    assert np.array_equal(read_mask(tmp_path / "m.png", (30, 20)), alpha[..., 0])


def test_grays_on_a_transparent_ground_select_by_both(tmp_path):
    pixels = np.zeros((20, 30, 2), np.uint8)
    pixels[:10] = (255, 255)
    pixels[10:15] = (128, 255)
    pixels[15:] = (255, 0)
    (tmp_path / "m.png").write_bytes(png(pixels))
    assert read_mask(tmp_path / "m.png", (30, 20))[[0, 12, 17], 0].tolist() == [255, 128, 0]


def test_a_mask_of_another_size(tmp_path):
    path = tmp_path / "m.png"
    path.write_bytes(png(noise(20, 30, 1)))
    assert refused(read_mask, path, (1280, 20)) == (
        "picture.size",
        f"“{path}” has 30 × 20 px and the picture 1,280 × 20 px: a mask has the size of its picture. "
        "Redraw or scale it.",
    )


def test_a_mask_that_selects_nothing(tmp_path):
    path = tmp_path / "m.png"
    for channels in (1, 4):
        path.write_bytes(png(np.zeros((20, 30, channels), np.uint8)))
        assert refused(read_mask, path, (30, 20)) == (
            "picture.mask_empty",
            f"“{path}” selects nothing: white repaints, and it has none. Paint white over what is to be repainted.",
        )
