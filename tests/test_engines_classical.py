import sys
import threading
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import ndimage
from skimage import data

from bridge.engines import Cancelled, Plate
from bridge.engines.classical import Classical
from bridge.masks import push_pull
from bridge.protocol.errors import Refusal
from bridge.protocol.values import Recipe


def plate(rgb, hole, unknown=None):
    m = hole.astype(np.float32)
    nowhere = np.zeros_like(hole)
    size = hole.shape[::-1]
    return Plate(rgb, m, m, hole, nowhere if unknown is None else unknown, 1, (0, 0), size, 0, 1.0, "key")


def fill(rgb, hole, step=lambda *_: None, *, unknown=None, library=None, **choices):
    recipe = Recipe("remove", **({"seed": 7} | choices))
    return dict(Classical(library).paint(plate(rgb, hole, unknown), recipe, step))


def texture(name):
    grey = getattr(data, name)().astype(np.float32) / np.float32(255)
    return np.stack([grey] * 3, axis=-1)


def square(shape, side, corner=None):
    hole = np.zeros(shape[:2], bool)
    y, x = corner or ((shape[0] - side) // 2, (shape[1] - side) // 2)
    hole[y : y + side, x : x + side] = True
    return hole


def sharpness(painted, truth, hole):
    """Deviation of the Laplacian in the hole, in that of the truth."""
    inner = ndimage.binary_erosion(hole, iterations=3)
    there, here = (ndimage.laplace(rgb.mean(axis=2))[inner].std() for rgb in (truth, painted))
    return here / there


def seam(painted, truth, hole):
    """Mean step across the outline, in that of the truth."""
    steps = [[], []]
    for axis in (0, 1):
        edge = np.diff(hole, axis=axis)
        for found, rgb in zip(steps, (painted, truth), strict=True):
            found.append(np.abs(np.diff(rgb, axis=axis)).mean(axis=2)[edge])
    return np.mean(np.concatenate(steps[0])) / np.mean(np.concatenate(steps[1]))


def texture_distance(painted, truth, hole):
    """Sliced Wasserstein distance of the 7 × 7 patches of lightness in the hole, levels."""
    rows, columns = (places[::17] for places in np.nonzero(ndimage.binary_erosion(hole, iterations=4)))
    directions = np.random.default_rng(0).normal(size=(49, 64))
    directions /= np.linalg.norm(directions, axis=0)
    seen = []
    for rgb in (painted, truth):
        patches = np.lib.stride_tricks.sliding_window_view(rgb.mean(axis=2), (7, 7))[rows - 3, columns - 3]
        seen.append(np.sort(patches.reshape(-1, 49) @ directions, axis=0))
    return np.abs(seen[0] - seen[1]).mean() * 255


@pytest.mark.parametrize(("name", "side"), [("gravel", 96), ("brick", 150), ("gravel", 270)])
def test_texture_goes_on(name, side):
    truth = texture(name)
    hole = square(truth.shape, side)
    emptied = truth * ~hole[..., None]
    painted = fill(emptied, hole)[0]
    assert painted.dtype == np.float32
    np.testing.assert_array_equal(painted[~hole], truth[~hole])
    assert 0.8 < sharpness(painted, truth, hole) < 1.3
    assert seam(painted, truth, hole) < 2.2
    smooth = push_pull(emptied, ~hole)
    assert texture_distance(painted, truth, hole) < texture_distance(smooth, truth, hole) / 2


def test_seeds():
    truth = texture("gravel")[:200, :200]
    hole = square(truth.shape, 60)
    batch = fill(truth, hole, count=3, seed=2**32 - 2)
    assert sorted(batch) == [0, 1, 2]
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert np.abs(batch[one] - batch[other])[hole].mean() > 5 / 255
    np.testing.assert_array_equal(batch[2], fill(truth, hole, seed=0)[0])


def sky(noise=0.0):
    rows, columns = np.mgrid[:300, :360]
    rgb = np.stack([0.25 + 1e-3 * rows, 0.4 + 8e-4 * rows + 1e-4 * columns, 0.7 + 4e-4 * rows], axis=-1)
    return (rgb + np.random.default_rng(0).normal(size=rgb.shape) * noise / 255).astype(np.float32)


def test_no_pale_patch_is_left_in_a_sky():
    truth = sky(noise=1.2)
    hole = square(truth.shape, 110)
    marred = np.where(hole[..., None], np.float32(0.1), truth)
    painted = fill(marred, hole)[0]
    tone = ndimage.uniform_filter((painted - truth) * 255, (9, 9, 1))[hole]
    assert np.abs(tone).mean() < 0.8
    assert np.abs(tone).max() < 3
    assert 0.8 < sharpness(painted, truth, hole) < 1.2


def test_a_smooth_gradient_at_16_bit_is_not_filled_in_256_levels():
    truth = sky()
    hole = square(truth.shape, 80)
    painted = fill(truth, hole)[0]
    assert np.unique(np.rint(painted[hole][:, 1] * 65535)).size > 1000


def test_what_the_hole_shows_is_never_copied():
    truth = texture("brick")[:160, :160] * np.float32((0.6, 0.8, 1))
    hole = square(truth.shape, 50)
    painted = fill(np.where(hole[..., None], np.float32((1, 0, 0)), truth), hole)[0]
    red, green, blue = np.moveaxis(painted[hole], -1, 0)
    assert (red < green).all() and (green < blue).all()


def test_rests_of_an_object_beside_the_hole_are_not_continued():
    truth = texture("grass")[:200, :200]
    selected = square(truth.shape, 60)
    object_ = ndimage.binary_dilation(selected, iterations=2)
    marred = np.where(object_[..., None], np.float32((0.9, 0.1, 0.1)), truth)
    painted = fill(marred, selected)[0]
    np.testing.assert_array_equal(painted[~selected], marred[~selected])
    assert (np.ptp(painted[selected], axis=1) > 0.1).mean() < 0.01


def test_a_far_source_is_copied_only_where_the_artist_allows_it():
    rgb = np.full((200, 400, 3), 0.5, np.float32)
    rgb[:, 150:250] += np.random.default_rng(0).normal(scale=0.1, size=(200, 100, 1)).astype(np.float32)
    rgb[:, :40] = (0, 1, 0)
    seen = []
    library = SimpleNamespace(patchmatch_available=True)

    def inpaint(image, mask, *, global_mask, patch_size):
        seen.append(
            (np.count_nonzero(~(mask | global_mask)), (image[~(mask | global_mask)] == (0, 255, 0)).all(1).any())
        )
        return image

    library.inpaint = inpaint
    hole = square(rgb.shape, 40)
    for source in ("near", "wide", "all"):
        fill(rgb, hole, library=library, source=source)
    assert [green for _, green in seen] == [False, False, True]
    assert seen[0][0] < seen[1][0] < seen[2][0]


def test_what_lies_beyond_the_canvas_is_no_source():
    truth = texture("grass")[:120, :120]
    unknown = np.zeros(truth.shape[:2], bool)
    unknown[:, 70:] = True
    rgb = np.where(unknown[..., None], np.float32((1, 0, 0)), truth)
    hole = square(truth.shape, 40, (40, 30))
    painted = fill(rgb, hole, unknown=unknown)[0]
    assert np.ptp(painted[hole], axis=1).max() < 0.1


@pytest.mark.parametrize(
    "hole",
    [
        square((3, 3), 1),
        square((16, 16), 15, (0, 0)),
        square((1, 50), 1),
        square((64, 64), 1),
        square((2000, 40), 20, (990, 10)),
        square((90, 120), 90, (0, 30)),
        square((60, 60), 30, (0, 0)) | square((60, 60), 25, (35, 35)),
        ~square((80, 80), 8),
        ~square((270, 270), 16, (240, 0)),
    ],
    ids=["3x3", "one corner known", "line", "1 px", "strip", "three sides", "two parts", "island", "reduced island"],
)
def test_odd_holes(hole):
    rgb = np.random.default_rng(1).random((*hole.shape, 3)).astype(np.float32)
    painted = fill(rgb, hole)[0]
    np.testing.assert_array_equal(painted[~hole], rgb[~hole])
    assert np.isfinite(painted).all()
    assert painted.min() >= 0 and painted.max() <= 1
    assert (painted != rgb)[hole].any()


def test_no_hole_is_no_work():
    rgb = texture("grass")[:20, :20]
    steps = []
    library = SimpleNamespace(patchmatch_available=True)
    painted = fill(rgb, np.zeros((20, 20), bool), lambda *said: steps.append(said), library=library, count=2)
    assert steps == [(-1, 0, 1, None)]
    np.testing.assert_array_equal(painted[1], rgb)


def test_parts_that_lie_far_apart_are_worked_apart():
    rgb = texture("grass")
    sizes = []

    def inpaint(image, mask, *, global_mask, patch_size):
        sizes.append(mask.shape)
        return image

    library = SimpleNamespace(patchmatch_available=True, inpaint=inpaint)
    hole = square(rgb.shape, 12, (50, 50)) | square(rgb.shape, 12, (400, 420)) | square(rgb.shape, 12, (410, 440))
    fill(rgb, hole, library=library)
    assert len(sizes) == 2
    assert max(max(size) for size in sizes) < 200


def test_steps_and_previews_come_in_the_callers_thread():
    truth = texture("gravel")[:300, :300]
    hole = square(truth.shape, 260)
    said = []

    def step(k, i, n, preview):
        assert threading.current_thread() is threading.main_thread()
        said.append((k, i, n, preview))

    painted = fill(truth, hole, step)[0]
    assert [step[:3] for step in said] == [(-1, 0, 2), (0, 1, 2), (0, 2, 2)]
    first, preview, last = (step[3] for step in said)
    assert first is None and last is None
    assert preview.shape == truth.shape
    np.testing.assert_array_equal(preview[~hole], truth[~hole])
    assert (preview != painted)[hole].any()
    assert np.abs(ndimage.uniform_filter(preview - painted, (9, 9, 1))[hole]).mean() < 0.05


def test_after_a_cancel_nothing_more_is_begun():
    hole = np.zeros((1000, 1000), bool)
    hole[50::100, 50::100] = True
    rgb = np.zeros((1000, 1000, 3), np.float32)
    begun, release = [], threading.Event()

    def inpaint(image, mask, *, global_mask, patch_size):
        begun.append(mask.shape)
        if len(begun) > 1:
            assert release.wait(timeout=60)
        return image

    def step(k, i, n, preview):
        assert n == 200
        if i:
            raise Cancelled

    with pytest.raises(Cancelled):
        fill(rgb, hole, step, library=SimpleNamespace(patchmatch_available=True, inpaint=inpaint), count=8)
    release.set()
    for thread in threading.enumerate():
        if thread.name.startswith(Classical.name):
            thread.join()
    assert 1 <= len(begun) < 800


def test_a_picture_is_not_refined():
    with pytest.raises(Refusal) as refused:
        fill(np.zeros((8, 8, 3), np.float32), square((8, 8), 2), strength=0.4)
    assert refused.value.code == "recipe.field"
    assert refused.value.detail["field"] == "strength"
    assert refused.value.text == (
        "The built-in fill continues the surroundings; it cannot refine a picture at 40%, only fill at 100 %. "
        "To refine, install a model: sfumato models."
    )


def test_too_little_to_copy_from_is_refused():
    hole = square((20, 30), 10)
    with pytest.raises(Refusal) as refused:
        fill(np.zeros((20, 30, 3), np.float32), hole, unknown=~hole)
    assert refused.value.code == "picture.empty"
    assert refused.value.text == (
        "There is too little to copy from: 0 of the 600 pixels in view are known, the others are selected or beyond "
        "the canvas. Select less, or choose a larger context."
    )
    hole = ~square((600, 600), 2, (1, 1))
    with pytest.raises(Refusal, match="4 of the 360,000 pixels in view are known"):
        fill(np.zeros((600, 600, 3), np.float32), hole)


@pytest.mark.parametrize("library", [None, SimpleNamespace(patchmatch_available=False)])
def test_a_missing_library_is_said(library, monkeypatch):
    monkeypatch.setitem(sys.modules, "patchmatch", None)
    with pytest.raises(Refusal) as refused:
        fill(np.zeros((8, 8, 3), np.float32), square((8, 8), 2), library=library)
    assert refused.value.code == "model.missing"
    assert refused.value.text == (
        "The built-in fill needs PyPatchMatch 2.2 or newer, and this Python cannot load it. Install it with "
        "python -m pip install 'PyPatchMatch>=2.2', or install a model: sfumato models."
    )
