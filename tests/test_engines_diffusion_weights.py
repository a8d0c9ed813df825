"""Weights off the disk: what is loaded, what is refused, what is shared and what goes."""

import gc
import json
import shutil
import weakref
from dataclasses import replace

import pytest
import torch
from accelerate import init_empty_weights
from safetensors.torch import load_file, save_file

from bridge.engines.diffusion import clip_vocabulary, components, tiny, weights
from bridge.engines.diffusion.schedulers import NOISE
from bridge.engines.diffusion.weights import Store
from bridge.models import Model
from bridge.protocol.errors import Refusal
from tests.checkpoints import CPU, model

SD15 = tiny.configs("sd15")


def single(path, family="sd15", **more):
    """A single file elsewhere, as the catalogue would find it."""
    return Model(path.stem, path.stem, family, "base", path, "file", 0, path.stem, **more)


@pytest.fixture(scope="module")
def file():
    return model("sd15", form="file").path


def loaded(path, **more):
    return weights.load(single(path, **more), torch.float32, CPU, configs=SD15)


# shapes and words


@pytest.mark.parametrize(
    ("family", "millions"), [("sd15", [859.52, 83.65, 123.06]), ("sdxl", [2567.46, 83.65, 123.06, 694.66])]
)
def test_the_shipped_shapes_are_those_of_the_releases(family, millions):
    shapes = components.config(family)
    with init_empty_weights():
        modules = [components.module(shapes, "base", i) for i in range(len(millions))]
    counts = [sum(value.numel() for value in one.parameters()) / 1e6 for one in modules]
    assert [round(count, 2) for count in counts] == millions


@pytest.mark.parametrize(("layout", "channels"), [("base", 4), ("inpaint", 9), ("edit", 8)])
def test_a_layout_is_how_many_channels_go_in(layout, channels):
    with init_empty_weights():
        unet = components.module(components.config("sdxl-few"), layout, 0)
    assert unet.conv_in.weight.shape == (320, channels, 3, 3)


WORDS = {
    "": [],
    "a photo of an astronaut riding a horse on mars": [320, 1125, 539, 550, 18376, 6765, 320, 4558, 525, 7496],
    "A Photo, 4K; 'quoted' it's we'll": [320, 1125, 267, 275, 330, 282, 262, 27706, 262, 585, 568, 649, 1342],
    "naïve café – Größe “x”": [1097, 35689, 563, 15304, 1224, 709, 7255, 127, 253, 324, 728, 506, 343, 728, 507],
    "猫と犬 🐱\u200d👤": [163, 234, 104, 34671, 163, 232, 361, 35710, 4244, 964, 353],
    "2026 rock'n'roll 3.14159": [273, 271, 273, 277, 2172, 262, 333, 262, 3341, 274, 269, 272, 275, 272, 276, 280],
    "  spaces\n\ttabs  ": [9006, 29163],
    "(masterpiece:1.2), [bad]": [263, 12066, 281, 272, 269, 273, 2361, 314, 2103, 316],
}
"""Ids from open_clip 3.3.0's own tokenizer, without start and end."""


@pytest.mark.parametrize("text", WORDS)
def test_words_have_the_ids_that_clip_was_trained_with(text):
    assert clip_vocabulary.tokenizer()(text).input_ids == [49406, *WORDS[text], 49407]


def test_texts_are_cut_and_filled_up_to_77():
    long = clip_vocabulary.tokenizer()("word " * 100, truncation=True).input_ids
    assert long == [49406, *[2653] * 75, 49407]
    told = {"padding": "max_length", "truncation": True}
    assert clip_vocabulary.tokenizer()("a cat", **told).input_ids == [49406, 320, 2368, *[49407] * 74]
    assert clip_vocabulary.tokenizer("!")("a cat", **told).input_ids == [49406, 320, 2368, 49407, *[0] * 73]


# what comes with the weights


def test_a_single_file_is_sampled_as_its_family_is(file):
    name, told = loaded(file).scheduler
    assert name == "DPMSolverMultistepScheduler"
    assert NOISE.items() <= told.items()
    assert told["prediction_type"] == "epsilon"
    assert "rescale_betas_zero_snr" not in told


def test_a_distilled_model_has_a_scheduler_of_its_own(file):
    euler = loaded(file, scheduler="EulerDiscreteScheduler").scheduler
    assert (euler.name, euler.config["timestep_spacing"]) == ("EulerDiscreteScheduler", "trailing")
    lcm = weights.load(
        single(file, "sd15-few", scheduler="LCMScheduler"), torch.float32, CPU, configs=tiny.configs("sd15")
    )
    assert lcm.family == "sd15"
    assert (lcm.scheduler.name, lcm.scheduler.config["timestep_spacing"]) == ("LCMScheduler", "leading")


def test_a_file_says_that_it_predicts_velocity_and_was_trained_down_to_noise(file, tmp_path):
    path = tmp_path / "v.safetensors"
    save_file({**load_file(file), "v_pred": torch.tensor([]), "ztsnr": torch.tensor([])}, path)
    told = loaded(path).scheduler.config
    assert told["prediction_type"] == "v_prediction"
    assert told["rescale_betas_zero_snr"] is True
    assert told["timestep_spacing"] == "trailing"
    assert loaded(file, prediction="v_prediction", zero_snr=True).scheduler.config == told


def test_a_folder_says_itself_what_it_is_sampled_with(tmp_path):
    path = shutil.copytree(model("sdxl").path, tmp_path / "folder")
    (path / "scheduler" / "scheduler_config.json").write_text(
        json.dumps({"_class_name": "PNDMScheduler", "_diffusers_version": "0.6.0", "beta_end": 0.5}), "utf-8"
    )
    index = json.loads((path / "model_index.json").read_text("utf-8"))
    (path / "model_index.json").write_text(json.dumps(index | {"force_zeros_for_empty_prompt": False}), "utf-8")
    parts = weights.load(replace(model("sdxl"), path=path), torch.float32, CPU)
    assert parts.scheduler == ("PNDMScheduler", {"beta_end": 0.5})
    assert parts.zero_negative is False
    assert [one.pad_token_id for one in parts.tokenizers] == [49407, 0]


@pytest.mark.long
def test_a_folder_of_older_libraries_loads(tmp_path):
    """Encoders with a wrapped name, words as vocabulary and merges, of the weights that count the half-precise only."""
    path = shutil.copytree(model("sdxl").path, tmp_path / "folder")
    vocabulary, merges = clip_vocabulary.vocabulary()
    for encoder in path.glob("text_encoder*"):
        old = load_file(encoder / "model.safetensors")
        named = {k if k.startswith("text_") else f"text_model.{k}": value for k, value in old.items()}
        (encoder / "model.safetensors").unlink()
        save_file(named, encoder / "model.fp16.safetensors", {"format": "pt"})
    for kind in ("unet", "vae"):
        weight = path / kind / "diffusion_pytorch_model.safetensors"
        weight.rename(weight.with_name("diffusion_pytorch_model.fp16.safetensors"))
        (path / kind / "diffusion_pytorch_model.non_ema.safetensors").write_bytes(b"nobody's business")
    for words in path.glob("tokenizer*"):
        (words / "tokenizer.json").unlink()
        (words / "vocab.json").write_text(json.dumps(vocabulary), "utf-8")
        (words / "merges.txt").write_text("\n".join(["#version: 0.2", *map(" ".join, merges)]), "utf-8")
    old, new = (
        weights.load(replace(model("sdxl"), path=one), torch.float32, CPU) for one in (path, model("sdxl").path)
    )
    for a, b in zip((old.unet, old.vae, *old.encoders), (new.unet, new.vae, *new.encoders), strict=True):
        assert all(torch.equal(value, b.state_dict()[name]) for name, value in a.state_dict().items())
    for a, b in zip(old.tokenizers, new.tokenizers, strict=True):
        assert a("naïve 猫, 4K", padding="max_length").input_ids == b("naïve 猫, 4K", padding="max_length").input_ids


@pytest.mark.parametrize("form", ["file", "folder"])
def test_weights_become_what_was_asked_for(form):
    parts = weights.load(model("sd15", form=form), torch.bfloat16, CPU, torch.float32, configs=SD15)
    for one in (parts.unet, *parts.encoders):
        assert {value.dtype for value in one.parameters()} == {torch.bfloat16}
        assert not one.training
        assert not any(value.requires_grad for value in one.parameters())
    assert {value.dtype for value in parts.vae.parameters()} == {torch.float32}
    held = sum(value.nbytes for one in (parts.unet, parts.vae, *parts.encoders) for value in one.parameters())
    assert abs(parts.size - held) < 1000


def test_eight_bit_floats_are_read(tmp_path):
    path = tiny.file(tmp_path / "eight.safetensors", "sd15", seed=0, dtype=torch.float8_e4m3fn)
    held = load_file(path)["model.diffusion_model.input_blocks.0.0.weight"]
    assert held.dtype == torch.float8_e4m3fn
    assert torch.equal(loaded(path).unet.conv_in.weight, held.float())


def test_a_loaded_file_may_be_deleted_and_overwritten(file, tmp_path):
    path = shutil.copy(file, tmp_path / "mine.safetensors")
    parts = weights.load(single(path), torch.float16, CPU, configs=SD15)
    before = parts.unet.conv_in.weight.clone()
    with path.open("r+b") as opened:
        opened.seek(100_000)
        opened.write(bytes(path.stat().st_size - 100_000))
    assert torch.equal(parts.unet.conv_in.weight, before)


# what is refused


@pytest.mark.parametrize(
    ("prefix", "what"),
    [("model.diffusion_model.out.2", "UNet"), ("first_stage_model.decoder.conv_out", "autoencoder"),
     ("cond_stage_model.transformer.text_model.final", "text encoder")],
)  # fmt: skip
def test_a_file_that_lacks_weights_is_refused(file, tmp_path, prefix, what):
    path = tmp_path / "lacking.safetensors"
    save_file({name: value for name, value in load_file(file).items() if not name.startswith(prefix)}, path)
    with pytest.raises(Refusal, match=f"^lacking is incomplete: its {what} lacks 2 weights, .* among them") as refused:
        loaded(path)
    assert refused.value.code == "model.invalid"
    assert refused.value.detail == {"missing": 2}


def test_a_folder_that_lacks_weights_is_refused(tmp_path):
    path = shutil.copytree(model("sd15").path, tmp_path / "folder")
    for weight in (path / "text_encoder" / "model.safetensors", path / "unet" / "diffusion_pytorch_model.safetensors"):
        save_file(
            {name: one for name, one in load_file(weight).items() if "layers.3" not in name}, weight, {"format": "pt"}
        )
    with pytest.raises(Refusal, match="is incomplete: its text encoder lacks 16 weights"):
        weights.load(replace(model("sd15"), path=path), torch.float32, CPU)


@pytest.mark.parametrize("fault", ["truncated", "empty", "pickled", "misfit", "gone"])
def test_a_file_that_is_not_what_it_should_be_is_refused(file, tmp_path, fault):
    path = tmp_path / "odd.safetensors"
    match fault:
        case "truncated":
            path.write_bytes(file.read_bytes()[:-1000])
        case "empty":
            path.write_bytes(b"")
        case "pickled":
            torch.save(load_file(file), path)
        case "misfit":
            path = tiny.file(path, "sd15", "inpaint")
    with pytest.raises(Refusal, match=r"^odd cannot be loaded: its files are damaged, or hold another kind") as refused:
        loaded(path)
    assert refused.value.code == "model.invalid"
    assert str(tmp_path) not in refused.value.text


@pytest.mark.parametrize("fault", ["truncated", "pickled", "no config", "no index"])
def test_a_folder_that_is_not_what_it_should_be_is_refused(tmp_path, fault):
    path = shutil.copytree(model("sd15").path, tmp_path / "folder")
    weight = path / "vae" / "diffusion_pytorch_model.safetensors"
    match fault:
        case "truncated":
            weight.write_bytes(weight.read_bytes()[:-1000])
        case "pickled":
            torch.save(load_file(weight), path / "vae" / "diffusion_pytorch_model.bin")
            weight.unlink()
        case "no config":
            (path / "unet" / "config.json").unlink()
        case "no index":
            (path / "model_index.json").unlink()
    with pytest.raises(Refusal, match="cannot be loaded: its files are damaged"):
        weights.load(replace(model("sd15"), path=path), torch.float32, CPU)


# store


@pytest.fixture
def checkpoints(file, tmp_path):
    """Three: the second has the first one's autoencoder, the third nothing in common with either."""
    second = tiny.file(tmp_path / "second.safetensors", "sd15", seed=1)
    vae = {name: value for name, value in load_file(file).items() if name.startswith("first_stage_model.")}
    save_file({**load_file(second), **vae}, second)
    third = tiny.file(tmp_path / "third.safetensors", "sd15", seed=2)
    return [single(path) for path in (file, second, third)]


def test_what_has_the_same_content_is_loaded_once(checkpoints):
    store = Store(CPU, torch.float32, budget=2**30)
    first, second, third = (store.get(one, SD15) for one in checkpoints)
    assert first.vae is second.vae
    assert first.unet is not second.unet
    assert first.encoders[0] is not second.encoders[0]
    assert third.vae is not first.vae
    saved = sum(value.nbytes for value in first.vae.parameters())
    assert store.size == first.size + second.size + third.size - saved
    assert store.get(checkpoints[0], SD15) is first


def test_one_number_that_differs_keeps_components_apart(file, tmp_path):
    path = tmp_path / "touched.safetensors"
    held = load_file(file)
    held["first_stage_model.decoder.conv_out.bias"][0] += 1
    save_file(held, path)
    store = Store(CPU, torch.float32, budget=2**30)
    one, other = store.get(single(file), SD15), store.get(single(path), SD15)
    assert one.vae is not other.vae
    assert one.encoders[0] is other.encoders[0]


def test_what_was_used_longest_ago_goes_and_is_gone(checkpoints):
    size = weights.load(checkpoints[0], torch.float32, CPU, configs=SD15).size
    store = Store(CPU, torch.float32, budget=int(2.5 * size))
    ids = [one.id for one in checkpoints]
    gone, stays = weakref.ref(store.get(checkpoints[1], SD15).unet), weakref.ref(store.get(checkpoints[0], SD15).vae)
    store.get(checkpoints[2], SD15)
    assert store.held == (ids[0], ids[2])
    assert store.size <= 2.5 * size
    assert gone() is None
    assert stays() is not None, "the first model has it, too"
    store.get(checkpoints[0], SD15)
    store.get(checkpoints[1], SD15)
    assert store.held == (ids[0], ids[1])


def test_one_model_is_held_however_small_the_budget(checkpoints):
    store = Store(CPU, torch.float32, budget=1)
    for one in checkpoints:
        store.get(one, SD15)
        assert store.held == (one.id,)


def test_all_but_one_go_on_demand(checkpoints):
    store = Store(CPU, torch.float32, budget=2**30)
    gone = [weakref.ref(store.get(one, SD15).unet) for one in checkpoints]
    store.keep_only(checkpoints[1])
    assert store.held == (checkpoints[1].id,)
    assert [one() is None for one in gone] == [True, False, True]
    store.keep_only(None)
    assert store.size == 0
    assert all(one() is None for one in gone)


def test_a_model_that_is_refused_takes_no_room(checkpoints, tmp_path):
    store = Store(CPU, torch.float32, budget=2**30)
    held = store.get(checkpoints[0], SD15)
    broken = tmp_path / "broken.safetensors"
    save_file({k: v for k, v in load_file(checkpoints[2].path).items() if "final_layer_norm" not in k}, broken)
    size = store.size
    with pytest.raises(Refusal):
        store.get(single(broken), SD15)
    gc.collect()
    assert (store.held, store.size) == ((checkpoints[0].id,), size)
    assert store.get(checkpoints[0], SD15) is held


def test_loading_says_nothing(file, caplog, capsys):
    loaded(file)
    weights.load(model("sdxl"), torch.float32, CPU)
    said = capsys.readouterr()
    assert (said.out, said.err, caplog.records) == ("", "", [])
