"""The fallback: a FLUX.1 folder painted by diffusers' own pipelines."""

import importlib.util
import shutil
from inspect import signature

import diffusers
import numpy as np
import pytest
import torch

from bridge.engines import Cancelled, Plate
from bridge.engines.diffusion import tiny, weights
from bridge.engines.diffusion.stock import PIPELINES, Stock, schedule
from bridge.families import FAMILIES
from bridge.masks import upsample_cells
from bridge.models import Model, folders
from bridge.protocol.errors import Refusal
from bridge.protocol.values import Lora, Recipe

torch.set_num_threads(1)
CPU = torch.device("cpu")
CELL = 8


def model(path, pipeline="FluxPipeline", **more):
    facts = {"id": "tiny-01234567", "name": "Tiny", "family": "flux1", "layout": "base", "size": 1, "hash": "0" * 32}
    return Model(path=path, form="folder", pipeline=pipeline, **facts | more)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny.flux(tmp_path_factory.mktemp("models") / "flux", seed=3)


@pytest.fixture(scope="module")
def stock(folder):
    return Stock(model(folder), CPU, torch.float32)


def plate(width=80, height=48, strength=1.0, free=(1, 1, 4, 3), **more):
    """A plate whose cells in the box `free` (x, y, right, bottom) are repainted; None: all of them."""
    d = np.ones((height // CELL, width // CELL), np.float32)
    if free is not None:
        x, y, right, bottom = free
        d[:] = 0
        d[y:bottom, x:right] = 1
    m = upsample_cells(d, CELL)
    rows, columns = np.mgrid[:height, :width] / np.float32(max(width, height))
    rgb = np.stack([rows, columns, 1 - columns], axis=2).astype(np.float32)
    facts = {"origin": (0, 0), "size": (width, height), "number": 0, "strength": strength, "key": "key"}
    return Plate(rgb=rgb, m=m, d=d, hole=m > 0, unknown=m > 1, cell=CELL, **facts | more)


def paint(stock, plate, step=lambda *_: None, **choices):
    recipe = Recipe("fill", **{"prompt": "a red door", "seed": 7, "steps": 6} | choices)
    return dict(stock.paint(plate, recipe, step))


# pictures


@pytest.mark.parametrize("free", [(1, 1, 4, 3), None])
@pytest.mark.parametrize("size", [(80, 48), (48, 96), (64, 64)])
@pytest.mark.parametrize("strength", [0.05, 0.5, 1.0])
def test_a_painted_plate_has_the_plates_size_and_colours(stock, size, strength, free):
    painted = paint(stock, plate(*size, strength, free))[0]
    assert painted.dtype == np.float32
    assert painted.shape == (size[1], size[0], 3)
    assert np.isfinite(painted).all()
    assert painted.min() >= 0
    assert painted.max() <= 1
    assert painted.std() > 0.01


@pytest.mark.parametrize("free", [(1, 1, 4, 3), None])
def test_a_variation_alone_is_the_same_as_in_a_batch(stock, free):
    both = paint(stock, plate(free=free), count=2, seed=2**32 - 1)
    alone = paint(stock, plate(free=free), seed=0)
    assert list(both) == [0, 1]
    np.testing.assert_array_equal(both[1], alone[0])
    assert (both[0] != both[1]).any()


def test_nothing_kept_is_painted_as_img2img_paints_it(stock, folder):
    given = plate(free=None, strength=0.5)
    with weights.quiet():
        pipe = diffusers.FluxImg2ImgPipeline.from_pretrained(folder, dtype=torch.float32, local_files_only=True)
    pipe.set_progress_bar_config(disable=True)
    expected = pipe(
        prompt="a red door",
        image=torch.from_numpy(given.rgb.transpose(2, 0, 1)[None].copy()),
        strength=0.5,
        num_inference_steps=8,
        guidance_scale=3.5,
        height=48,
        width=80,
        generator=torch.Generator().manual_seed(7),
        output_type="np",
    ).images[0]
    np.testing.assert_array_equal(paint(stock, given, steps=8)[0], expected)


def test_what_is_kept_stays_and_what_is_not_does_not(stock):
    def change(free):
        first, other = (paint(stock, plate(160, 48, free=free), seed=seed)[0] for seed in (1, 2))
        return np.abs(first - other).mean(axis=(0, 2))

    kept, whole = change((0, 0, 6, 6)), change(None)
    assert kept[:40].mean() > 0.5 * whole[:40].mean()
    assert kept[112:].mean() < 0.25 * whole[112:].mean()  # not nothing: the autoencoder's attention sees everything


def test_the_stronger_the_farther_from_the_picture(stock):
    given = [plate(strength=strength, free=None) for strength in (0.1, 0.4, 0.7, 1.0)]
    base = paint(stock, plate(strength=0.05, free=None), steps=20)[0]
    changes = [np.abs(paint(stock, one, steps=20)[0] - base).mean() for one in given]
    assert changes == sorted(changes)
    assert changes[0] < changes[-1] / 2


def test_plates_of_one_field_do_not_share_their_noise(stock):
    places = [{}, {"origin": (80, 0)}, {"origin": (0, 80)}, {"number": 1}]
    painted = [paint(stock, plate(free=None, **place))[0] for place in places]
    for i, one in enumerate(painted):
        assert all(np.abs(one - other).mean() > 0.005 for other in painted[:i])


@pytest.mark.parametrize("change", [{"guidance": 9.0}, {"negative": "a blue door"}, {"prompt": "z"}, {"steps": 9}])
def test_what_the_artist_chose_is_heard(stock, change):
    assert (paint(stock, plate(), **change)[0] != paint(stock, plate())[0]).any()


def test_values_a_hair_below_black_are_black(stock):
    dark = plate(free=None, strength=0.3)
    below = plate(free=None, strength=0.3)
    dark.rgb[:, :9], below.rgb[:, :9] = 0, -1e-7
    np.testing.assert_array_equal(paint(stock, below)[0], paint(stock, dark)[0])


def test_half_precision_paints_too(folder):
    painted = paint(Stock(model(folder), CPU, torch.bfloat16), plate())[0]
    assert painted.dtype == np.float32
    assert np.isfinite(painted).all()


# steps


@pytest.mark.parametrize("free", [(1, 1, 4, 3), None])
@pytest.mark.parametrize(("steps", "strength"), [(1, 0.05), (6, 0.3), (20, 0.29), (28, 1.0), (7, 0.14)])
def test_steps_are_told_as_they_end_and_are_those_of_the_plan(stock, steps, strength, free):
    told = []
    paint(stock, plate(strength=strength, free=free), lambda *said: told.append(said), steps=steps, count=2)
    calls = FAMILIES["flux1"].calls(strength, steps)
    assert told == [(k, i, calls, None) for k in (0, 1) for i in range(calls + 1)]


@pytest.mark.parametrize(
    ("facts", "calls"), [({}, 28), ({"steps": 5}, 5), ({"family": ""}, 28), ({"family": "z-image"}, 9)]
)
def test_steps_that_the_recipe_leaves_open_are_the_models(folder, facts, calls):
    told = []
    paint(Stock(model(folder, **facts), CPU, torch.float32), plate(), lambda *said: told.append(said[1:3]), steps=None)
    assert told[-1] == (calls, calls)


@pytest.mark.parametrize("strength", [x / 100 for x in range(5, 101, 5)])
def test_a_schedule_has_its_steps_however_it_is_rounded_and_starts_no_higher_than_asked(strength):
    for calls in range(1, 151):
        number, asked = schedule(calls, strength)
        assert int(number * asked) == calls == number - int(number - number * asked)
        assert asked <= strength + 1e-9
        assert number <= np.ceil(calls / strength) + 6


@pytest.mark.parametrize("free", [(1, 1, 4, 3), None])
def test_after_a_cancel_at_any_step_the_next_paint_is_as_if_never_cancelled(stock, free):
    expected = paint(stock, plate(free=free))[0]
    for last in range(7):
        told = []

        def step(k, i, n, preview, last=last, told=told):
            told.append(i)
            if i == last:
                raise Cancelled

        with pytest.raises(Cancelled):
            paint(stock, plate(free=free), step)
        assert told == list(range(last + 1))
        np.testing.assert_array_equal(paint(stock, plate(free=free))[0], expected)


# refusals, folders


STAND_INS = () if importlib.util.find_spec("sentencepiece") else ("KolorsImg2ImgPipeline",)
"""Classes that diffusers only pretends to have while a library is missing."""


@pytest.mark.parametrize("name", sorted({name for names in PIPELINES.values() for name in names} - {*STAND_INS}))
def test_every_class_of_the_table_takes_what_it_is_given(name):
    taken = signature(getattr(diffusers, name).__call__).parameters
    assert {"prompt", "image", "strength", "num_inference_steps", "generator", "callback_on_step_end"} <= set(taken)


def test_a_class_that_nobody_knows_is_refused(folder):
    with pytest.raises(Refusal) as refused:
        Stock(model(folder, "PixArtSigmaPipeline"), CPU, torch.float32)
    assert refused.value.code == "model.missing"
    assert refused.value.text == (
        "Tiny is a PixArtSigmaPipeline, and the bridge knows no way to paint a selection with one: "
        "choose another model."
    )


@pytest.mark.skipif(bool(importlib.util.find_spec("sentencepiece")), reason="the library is there")
def test_a_class_whose_library_is_missing_is_refused(folder):
    with pytest.raises(Refusal, match=r"needs a library that is not installed\. .*sentencepiece") as refused:
        Stock(model(folder, "KolorsPipeline"), CPU, torch.float32)
    assert refused.value.code == "model.missing"


def pickled(folder):
    for file in folder.rglob("*.safetensors"):
        file.rename(file.with_suffix(".bin"))


def cut(folder):
    file = folder / "transformer" / "diffusion_pytorch_model.safetensors"
    file.write_bytes(file.read_bytes()[:-100])


def emptied(folder):
    shutil.rmtree(folder / "vae")


@pytest.mark.parametrize("damage", [pickled, cut, emptied])
def test_a_damaged_folder_is_refused(folder, tmp_path, damage):
    shutil.copytree(folder, tmp_path / "flux")
    damage(tmp_path / "flux")
    with pytest.raises(Refusal) as refused:
        Stock(model(tmp_path / "flux"), CPU, torch.float32)
    assert refused.value.code == "model.invalid"
    assert refused.value.text == (
        "Tiny could not be loaded as a FluxPipeline: files of its folder are missing or damaged. "
        "Download it again, or choose another."
    )


def test_weights_that_exist_in_half_precision_only_are_found(stock, folder, tmp_path):
    shutil.copytree(folder, tmp_path / "flux")
    for part in ("transformer", "vae"):
        file = tmp_path / "flux" / part / "diffusion_pytorch_model.safetensors"
        file.rename(file.with_name("diffusion_pytorch_model.fp16.safetensors"))
    other = Stock(model(tmp_path / "flux"), CPU, torch.float32)
    np.testing.assert_array_equal(paint(other, plate())[0], paint(stock, plate())[0])


def test_loras_are_refused(stock):
    with pytest.raises(Refusal, match="Tiny takes no LoRAs yet, and the recipe names 1: remove them") as refused:
        paint(stock, plate(), loras=(Lora("some-01234567", 1.0),))
    assert refused.value.detail == {"field": "loras"}


def test_every_folder_that_is_listed_as_usable_can_be_painted_with() -> None:
    by_stock = {name for name, family in folders.PIPELINES.items() if family not in ("sd15", "sdxl")}
    assert by_stock <= PIPELINES.keys()
    assert set(folders.PIPELINES.values()) <= FAMILIES.keys()
