import errno
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bridge.files import PictureFile, check, read, write
from bridge.files.profiles import to_srgb
from bridge.files.writing import png, saving
from bridge.protocol.errors import Refusal
from tests.pictures import ADOBE, GRAY, noise, soft


def refused(act, *arguments):
    with pytest.raises(Refusal) as caught:
        act(*arguments)
    return caught.value.code, caught.value.text


def like(pixels, icc=ADOBE, exif=None):
    return PictureFile(Path("from.png"), "PNG", pixels, icc, (300, 150), exif)


# ---- what is written -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("depth", ["u8", "u16"])
@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.TIFF"])
def test_png_and_tiff_keep_every_value_with_profile_and_resolution(tmp_path, name, channels, depth):
    pixels = noise(20, 30, channels, depth)
    icc = ADOBE if channels > 2 else GRAY
    write(tmp_path / name, pixels, like(pixels, icc))
    back = read(tmp_path / name)
    assert np.array_equal(back.original, pixels)
    assert back.icc == icc
    assert back.dpi == pytest.approx((300, 150), abs=0.02)


@pytest.mark.parametrize("channels", [3, 4])
def test_webp_keeps_every_value_even_under_transparency(tmp_path, channels):
    pixels = noise(20, 30, channels)
    pixels[:5, :, -1] = 0
    write(tmp_path / "a.webp", pixels, like(pixels))
    back = read(tmp_path / "a.webp")
    assert np.array_equal(back.original, pixels)
    assert back.icc == ADOBE


def test_webp_knows_no_gray(tmp_path):
    pixels = soft(20, 30, 2)
    write(tmp_path / "a.webp", pixels, like(pixels, GRAY))
    back = read(tmp_path / "a.webp")
    assert np.array_equal(back.original[..., :3], to_srgb(pixels[..., :1], GRAY))
    assert np.array_equal(back.original[..., 3], pixels[..., 1])
    assert back.icc is None


@pytest.mark.parametrize(("channels", "icc"), [(1, GRAY), (3, ADOBE)])
def test_jpeg_is_fine_and_its_colours_are_not_coarser_than_its_light(tmp_path, channels, icc):
    pixels = soft(60, 80, channels)
    write(tmp_path / "a.jpeg", pixels, like(pixels, icc))
    back = read(tmp_path / "a.jpeg")
    assert np.abs(back.original.astype(int) - pixels).max() <= 4
    assert (back.icc, back.dpi) == (icc, (300, 150))
    with Image.open(tmp_path / "a.jpeg") as image:
        assert {(width, height) for _, width, height, _ in image.layer} == {(1, 1)}


def test_an_opaque_picture_with_alpha_becomes_a_jpeg(tmp_path):
    pixels = soft(20, 30, 4)
    pixels[..., 3] = 255
    write(tmp_path / "a.jpg", pixels, like(pixels))
    assert read(tmp_path / "a.jpg").original.shape == (20, 30, 3)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1)])
@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_the_smallest_pictures(tmp_path, name, size, channels):
    pixels = noise(*size, channels, "u16")
    write(tmp_path / name, pixels, like(pixels))
    assert np.array_equal(read(tmp_path / name).original, pixels)


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.webp"])
def test_the_cameras_notes_go_along(tmp_path, name):
    notes = Image.Exif()
    notes[0x013B] = "Ada"
    pixels = soft(20, 30, 3)
    write(tmp_path / name, pixels, like(pixels, exif=notes.tobytes()))
    with Image.open(tmp_path / name) as image:
        assert dict(image.getexif()) == {0x013B: "Ada"}


@pytest.mark.parametrize("depth", ["u8", "u16"])
def test_other_programs_read_what_is_written(tmp_path, depth):
    """Pillow checks each chunk's sum, and libtiff behind it reads the TIFF; it has 8 of the 16 bit."""
    pixels = noise(20, 30, 4, depth)
    for name in ("a.png", "a.tif"):
        write(tmp_path / name, pixels, like(pixels))
        with Image.open(tmp_path / name) as image:
            image.verify() if name == "a.png" else None
        with Image.open(tmp_path / name) as image:
            assert np.abs(np.asarray(image).astype(int) - pixels / (257 if depth == "u16" else 1)).max() < 1
            assert image.info["icc_profile"] == ADOBE


# ---- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "how"), [("a.bmp", "ends in .bmp"), ("a", "has no ending")])
def test_an_ending_that_names_no_format(tmp_path, name, how):
    pixels = noise(4, 4, 3)
    assert refused(write, tmp_path / name, pixels, like(pixels)) == (
        "picture.size",
        f"“{tmp_path / name}” {how}, which names no format. Use .png, .jpg, .tif or .webp.",
    )


@pytest.mark.parametrize(("name", "form"), [("a.jpg", "JPEG"), ("a.webp", "WEBP")])
def test_sixteen_bit_where_the_format_has_eight(tmp_path, name, form):
    path, pixels = tmp_path / name, noise(4, 4, 3, "u16")
    sentence = f"“{path}” was not written: {form} holds 8 bit and this picture has 16. Save it as .png or .tif."
    assert refused(write, path, pixels, like(pixels)) == ("picture.size", sentence)
    assert list(tmp_path.iterdir()) == []


def test_transparency_in_a_jpeg(tmp_path):
    pixels = np.full((4, 5, 4), 255, np.uint8)
    pixels[0, 0:3, 3] = 254
    assert refused(write, tmp_path / "a.jpg", pixels, like(pixels)) == (
        "picture.size",
        f"“{tmp_path / 'a.jpg'}” was not written: JPEG holds no transparency and 3 pixels of this picture have some. "
        "Save it as .png, .tif or .webp.",
    )


def test_a_webp_that_is_too_long(tmp_path):
    pixels = np.zeros((1, 16_384, 3), np.uint8)
    assert refused(write, tmp_path / "a.webp", pixels, like(pixels)) == (
        "picture.size",
        f"“{tmp_path / 'a.webp'}” was not written: a side of WEBP ends at 16,383 px and this picture has "
        "16,384 × 1 px. Save it as .png or .tif.",
    )


def test_no_folder(tmp_path):
    path, pixels = tmp_path / "none" / "a.png", noise(4, 4, 3)
    sentence = f"“{path}” was not written: there is no folder “{path.parent}”. Make it first."
    assert refused(write, path, pixels, like(pixels)) == ("internal", sentence)


def test_a_folder_in_the_way(tmp_path):
    path, pixels = tmp_path / "a.png", noise(4, 4, 3)
    path.mkdir()
    sentence = f"“{path}” was not written: a folder has that name. Choose another one."
    assert refused(write, path, pixels, like(pixels)) == ("internal", sentence)
    assert list(tmp_path.iterdir()) == [path]


def test_whatever_else_the_disk_says(tmp_path):
    path = tmp_path / "a.png"
    with pytest.raises(Refusal) as caught, saving(path):
        raise OSError(errno.EIO, "Input/output error")
    assert caught.value.text == (
        f"“{path}” was not written: Input/output error. "
        "Check that you may write there and that no program holds the file."
    )


def test_check_says_beforehand_what_write_would_say_in_the_end(tmp_path):
    (tmp_path / "folder.png").mkdir()
    deep, long = noise(4, 4, 3, "u16"), np.zeros((1, 16_384, 3), np.uint8)
    for name, pixels in (
        ("a.bmp", deep),
        ("a.jpg", deep),
        ("a.webp", long),
        ("none/a.png", deep),
        ("folder.png", deep),
    ):
        before = refused(check, tmp_path / name, like(pixels))
        assert before == refused(write, tmp_path / name, pixels, like(pixels))
    assert [path.name for path in tmp_path.iterdir()] == ["folder.png"]


def test_check_lets_pass_what_can_be_written(tmp_path):
    check(tmp_path / "a.tif", like(noise(4, 4, 3, "u16")))
    check(tmp_path / "a.jpg", like(noise(4, 4, 4)))
    assert list(tmp_path.iterdir()) == []


# ---- whole or not at all ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.webp", "a.jpg"])
def test_a_disk_that_fills_while_it_writes(tmp_path, full_disk_at, name):
    path, pixels = tmp_path / name, noise(200, 200, 3)
    path.write_bytes(b"old")
    with full_disk_at(10_000):
        code, text = refused(write, path, pixels, like(pixels))
    assert (code, text) == (
        "internal",
        f"“{path}” was not written: the disk is full. Free some space and run it again.",
    )
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"old")
    with pytest.raises(Refusal) as caught, saving(path) as file:
        file.write(b"half of the n")
        raise OSError(errno.ENOSPC, "No space left on device")
    assert caught.value.text == f"“{path}” was not written: the disk is full. Free some space and run it again."
    assert caught.value.retry == "later"
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_crash_halfway_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"old")
    with pytest.raises(KeyboardInterrupt), saving(path) as file:
        file.write(b"half of the n")
        raise KeyboardInterrupt
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_nothing_stands_at_the_name_before_all_is_written(tmp_path):
    path = tmp_path / "a.png"
    with saving(path) as file:
        file.write(b"new")
        assert not path.exists()
    assert path.read_bytes() == b"new"


def test_a_file_keeps_its_permissions_and_a_link_stays_a_link(tmp_path):
    path, link = tmp_path / "a.png", tmp_path / "link.png"
    path.write_bytes(b"old")
    path.chmod(0o640)
    link.symlink_to(path)
    with saving(link) as file:
        file.write(b"new")
    assert link.is_symlink()
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o640


def test_png_chunks_stand_between_header_and_pixels():
    data = png(noise(4, 4, 3), ADOBE, (72, 72), b"Exif\0\0MM\0*")
    kinds, at = [], 8
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        kinds.append(data[at + 4 : at + 8].decode())
        at += 12 + size
    assert kinds == ["IHDR", "iCCP", "pHYs", "eXIf", "IDAT", "IEND"]
