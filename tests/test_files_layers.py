from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.files import Layer, PictureFile, composite, read, write_layers
from bridge.files.layers import safe
from bridge.protocol.errors import Refusal
from bridge.protocol.values import Box
from tests.pictures import ADOBE, GRAY, WIDE, noise

KINDS = [(1, None), (1, GRAY), (2, GRAY), (3, None), (3, ADOBE), (3, WIDE), (4, None), (4, ADOBE)]


def file(pixels, icc=None):
    return PictureFile(Path("a.png"), "PNG", pixels, icc, (300, 300))


@st.composite
def scenes(draw):
    """A picture of any kind and a layer anywhere in it, with a mask of hard, soft and empty parts."""
    channels, icc = draw(st.sampled_from(KINDS))
    depth = draw(st.sampled_from(["u8", "u16"]))
    width, height = draw(st.integers(1, 24)), draw(st.integers(1, 24))
    box_width, box_height = draw(st.integers(1, width)), draw(st.integers(1, height))
    x, y = draw(st.integers(0, width - box_width)), draw(st.integers(0, height - box_height))
    seed = draw(st.integers(0, 2**16))
    random = np.random.default_rng(seed)
    mask = random.integers(0, 256, (box_height, box_width)).astype(np.uint8)
    mask[random.random(mask.shape) < 0.3] = 0
    mask[random.random(mask.shape) < 0.3] = 255
    picture = noise(box_height, box_width, draw(st.sampled_from([3, 4])), depth, seed + 1)
    layer = Layer(Box(x, y, box_width, box_height), picture, draw(st.sampled_from([mask, mask, None])))
    return file(noise(height, width, channels, depth, seed + 2), icc), layer


@settings(max_examples=150, deadline=None)
@given(scenes())
def test_outside_the_mask_every_bit_is_the_files_own(scene):
    one, layer = scene
    outside = np.ones(one.original.shape[:2], bool)
    mask = np.full(layer.picture.shape[:2], 255) if layer.mask is None else layer.mask
    outside[layer.box.y : layer.box.bottom, layer.box.x : layer.box.right] = mask == 0
    result = composite(one, [layer])
    assert (result.shape, result.dtype) == (one.original.shape, one.original.dtype)
    assert np.array_equal(result[outside], one.original[outside])


@settings(max_examples=150, deadline=None)
@given(scenes())
def test_under_a_full_mask_every_bit_is_the_layers_in_the_files_profile(scene):
    one, layer = scene
    layer = layer._replace(picture=layer.picture[..., :3])
    full = np.full(layer.picture.shape[:2], True) if layer.mask is None else layer.mask == 255
    part = composite(one, [layer])[layer.box.y : layer.box.bottom, layer.box.x : layer.box.right]
    native = one.native(layer.picture)
    assert np.array_equal(part[full][..., : native.shape[2]], native[full])
    if one.alpha:
        assert (part[full][..., -1] == np.iinfo(part.dtype).max).all()


@pytest.mark.parametrize("depth", ["u8", "u16"])
@pytest.mark.parametrize(("channels", "icc"), [(1, None), (3, None), (3, ADOBE)])
def test_between_both_are_mixed_in_the_files_own_values(depth, channels, icc):
    one, mask = file(noise(16, 16, channels, depth), icc), np.arange(256, dtype=np.uint8).reshape(16, 16)
    layer = Layer(one.canvas, noise(16, 16, 3, depth, 1), mask)
    m = mask[..., None] / 255
    expected = one.native(layer.picture) * m + one.original * (1 - m)
    assert np.abs(composite(one, [layer]) - expected).max() <= 0.51


def over(a, b, high):
    """Porter and Duff by the book, in float64, premultiplied."""
    above, below = a[..., 3:] / high, b[..., 3:] / high
    alpha = above + below * (1 - above)
    colours = a[..., :3] * above + b[..., :3] * below * (1 - above)
    return np.dstack((colours / np.maximum(alpha, 1e-30), alpha * high))


@pytest.mark.parametrize("depth", ["u8", "u16"])
def test_over_transparency_a_layer_becomes_opaque_by_its_mask(depth):
    one, layer = file(noise(40, 50, 4, depth)), noise(40, 50, 4, depth, 1)
    one.original[:10, :, 3] = 0
    layer[::2, :, 3] = np.iinfo(layer.dtype).max
    high = np.iinfo(layer.dtype).max
    expected = over(layer.astype(float), one.original.astype(float), high)
    touched = layer[..., 3] > 0
    assert np.abs(composite(one, [Layer(one.canvas, layer)])[touched] - expected[touched]).max() <= 0.51


def test_a_soft_mask_over_nothing_gives_the_layers_colour_and_the_masks_alpha():
    one = file(np.zeros((1, 3, 4), np.uint8))
    layer = Layer(one.canvas, np.full((1, 3, 3), 200, np.uint8), np.array([[0, 100, 255]], np.uint8))
    assert composite(one, [layer]).tolist() == [[[0, 0, 0, 0], [200, 200, 200, 100], [200, 200, 200, 255]]]


def test_the_last_layer_lies_on_top_and_the_file_is_left_alone():
    one = file(np.zeros((4, 4, 3), np.uint8))
    first, last = (Layer(Box(i, 0, 2, 4), np.full((4, 2, 3), 50 + i, np.uint8)) for i in range(2))
    assert composite(one, [first, last])[0, :, 0].tolist() == [50, 51, 51, 0]
    assert not one.original.any()


def test_large_layers_are_blended_in_bands_that_do_not_show():
    """1.1 megapixels are more than one band; two layers, one below the other, are cut elsewhere."""
    one, picture, mask = file(noise(1100, 1000, 2)), noise(1100, 1000, 4, seed=1), noise(1100, 1000, 1, seed=2)[..., 0]
    parts = [(Box(0, 0, 1000, 500), slice(0, 500)), (Box(0, 500, 1000, 600), slice(500, 1100))]
    halves = [Layer(box, picture[rows], mask[rows]) for box, rows in parts]
    assert np.array_equal(composite(one, [Layer(one.canvas, picture, mask)]), composite(one, halves))


@pytest.mark.parametrize("box", [Box(0, 0, 5, 6), Box(8, 8, 4, 4), Box(-1, 0, 4, 4)])
def test_a_layer_that_does_not_fit(box):
    one = file(noise(10, 10, 3))
    with pytest.raises(Refusal) as caught:
        composite(one, [Layer(box, noise(4, 4, 3), None, "a kite")])
    assert caught.value.code == "picture.size"
    assert caught.value.text == (
        f"The layer “a kite” has 4 × 4 px, its box {box.width} × {box.height} px at ({box.x}, {box.y}) and the picture "
        "10 × 10 px. Save it as a picture of its own."
    )


# ---- layers beside the picture ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("depth", ["u8", "u16"])
@pytest.mark.parametrize(("channels", "icc"), KINDS)
def test_layers_are_pictures_of_the_documents_size_with_their_mask_as_alpha(tmp_path, channels, icc, depth):
    one = file(noise(20, 30, channels, depth), icc)
    mask = noise(6, 7, 1)[..., 0]
    layers = [
        Layer(Box(4, 5, 7, 6), noise(6, 7, 3, depth, 1), mask, "a kite"),
        Layer(Box(0, 0, 1, 1), noise(1, 1, 3, depth)),
    ]
    paths = write_layers(tmp_path / "new", one, layers)
    names = ["01-a kite.png", "01-a kite.mask.png", "02-layer.png", "02-layer.mask.png"]
    assert [path.name for path in paths] == names
    picture, whole_mask = read(paths[0]), read(paths[1]).original[..., 0]
    assert picture.original.shape == (20, 30, 2 if channels < 3 else 4)
    assert (picture.icc, picture.depth) == (icc, depth)
    high = np.iinfo(picture.original.dtype).max
    expected = np.zeros((20, 30), np.uint8)
    expected[5:11, 4:11] = mask
    assert np.array_equal(whole_mask, expected)
    assert np.array_equal(picture.original[..., -1], np.rint(expected / 255 * high))
    assert np.array_equal(picture.original[5:11, 4:11, :-1], one.native(layers[0].picture))
    assert read(paths[3]).original.sum() == 255


def test_a_folder_that_cannot_be_made(tmp_path):
    folder = tmp_path / "none" / "layers"
    with pytest.raises(Refusal) as caught:
        write_layers(folder, file(noise(4, 4, 3)), [])
    assert caught.value.text == f"“{folder}” was not written: there is no folder “{folder.parent}”. Make it first."


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("a red kite", "a red kite"),
        ("../../etc/passwd", "etc-passwd"),
        ("C:\\con.png", "C--con-png"),
        ("a\0b\nc", "a-b-c"),
        ("e\u0301tude", "étude"),
        ("風景" * 50, "風景" * 20),
        ("..", "layer"),
        ("", "layer"),
    ],
)
def test_safe_names(name, kept):
    assert safe(name) == kept
