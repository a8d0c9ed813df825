import io
import xml.etree.ElementTree as ET
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

import numpy as np
import pytest
from PIL import Image

from bridge.files import Layer, PictureFile, composite, read, write_ora
from bridge.files.layers import cutout
from bridge.files.profiles import srgb
from bridge.protocol.values import Box
from tests.pictures import ADOBE, noise, soft


def make(tmp_path, channels=3, depth="u8", icc=None, dpi=(300, 150), size=(40, 50)):
    one = PictureFile(Path("folder/kites.png"), "PNG", noise(*size, channels, depth), icc, dpi)
    layers = [
        Layer(Box(4, 5, 12, 9), noise(9, 12, 3, depth, 1), noise(9, 12, 1)[..., 0], "a <red> & \x07“blue” kite"),
        Layer(Box(0, 0, 8, 8), noise(8, 8, 3, depth, 2)),
    ]
    write_ora(tmp_path / "a.ora", one, layers)
    return one, layers


def entry(tmp_path, name):
    """A picture of the bundle, read from a file of its own."""
    path = tmp_path / "entry.png"
    with ZipFile(tmp_path / "a.ora") as bundle:
        path.write_bytes(bundle.read(name))
    return read(path)


def stack(tmp_path):
    with ZipFile(tmp_path / "a.ora") as bundle:
        return ET.fromstring(bundle.read("stack.xml"))


def test_the_bundle_begins_with_its_type(tmp_path):
    make(tmp_path)
    assert (tmp_path / "a.ora").read_bytes()[30:54] == b"mimetypeimage/openraster"
    with ZipFile(tmp_path / "a.ora") as bundle:
        assert bundle.testzip() is None
        kinds = {info.filename: info.compress_type for info in bundle.infolist()}
    assert kinds == {
        "mimetype": ZIP_STORED,
        "stack.xml": ZIP_DEFLATED,
        "data/layer01.png": ZIP_STORED,
        "data/layer02.png": ZIP_STORED,
        "data/picture.png": ZIP_STORED,
        "mergedimage.png": ZIP_STORED,
        "Thumbnails/thumbnail.png": ZIP_STORED,
    }


def test_the_stack_places_the_first_layer_on_top_and_hides_its_variations(tmp_path):
    make(tmp_path)
    image = stack(tmp_path)
    assert image.attrib == {"version": "0.0.3", "w": "50", "h": "40", "xres": "300", "yres": "150"}
    shown = ["name", "src", "x", "y", "visibility"]
    assert [[layer.get(key) for key in shown] for layer in image.iterfind("stack/layer")] == [
        ["a <red> & “blue” kite", "data/layer01.png", "4", "5", "visible"],
        ["layer", "data/layer02.png", "0", "0", "hidden"],
        ["kites", "data/picture.png", "0", "0", "visible"],
    ]
    assert {(layer.get("opacity"), layer.get("composite-op")) for layer in image.iter("layer")} == {
        ("1.0", "svg:src-over")
    }


@pytest.mark.parametrize("depth", ["u8", "u16"])
@pytest.mark.parametrize("icc", [None, ADOBE], ids=["srgb", "adobe"])
def test_pictures_keep_depth_and_profile(tmp_path, depth, icc):
    one, layers = make(tmp_path, depth=depth, icc=icc)
    for name, expected in (
        ("data/picture.png", one.original),
        ("data/layer01.png", cutout(one, layers[0])),
        ("data/layer02.png", cutout(one, layers[1])),
        ("mergedimage.png", composite(one, layers[:1])),
    ):
        picture = entry(tmp_path, name)
        assert np.array_equal(picture.original, expected), name
        assert picture.icc == (icc or srgb())


def test_gray_becomes_srgb(tmp_path):
    one, _ = make(tmp_path, channels=2)
    picture = entry(tmp_path, "data/picture.png")
    assert np.array_equal(picture.original, one.pixels)


@pytest.mark.parametrize("depth", ["u8", "u16"])
@pytest.mark.parametrize(("size", "thumb"), [((40, 50), (50, 40)), ((300, 1024), (256, 75))])
def test_the_thumbnail_is_small_srgb_of_eight_bit(tmp_path, depth, size, thumb):
    one = PictureFile(Path("a.png"), "PNG", soft(*size, 3, depth), ADOBE)
    write_ora(tmp_path / "a.ora", one, [])
    with (
        ZipFile(tmp_path / "a.ora") as bundle,
        Image.open(io.BytesIO(bundle.read("Thumbnails/thumbnail.png"))) as image,
    ):
        assert (image.size, image.mode, "icc_profile" in image.info) == (thumb, "RGB", False)
        mean = np.asarray(image).mean(axis=(0, 1))
    assert np.abs(mean - one.pixels.mean(axis=(0, 1)) / (257 if depth == "u16" else 1)).max() < 2


def test_a_picture_that_names_no_resolution_has_72(tmp_path):
    make(tmp_path, dpi=None)
    assert stack(tmp_path).get("xres") == "72"
