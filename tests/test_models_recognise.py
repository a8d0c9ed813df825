"""Checkpoints by their headers: the real releases' names, shapes and dtypes, and small ones of the same build."""

import math

import pytest

from bridge.models import headers, recognise
from bridge.models.recognise import UNET, Seen
from tests import releases


def header(named, metadata=None):
    """The header of a file that holds these tensors."""
    tensors = {name: headers.Tensor(dtype, tuple(shape), 0, 0) for name, (dtype, shape) in named.items()}
    return headers.Header(tensors, metadata or {}, 0, 0)


def narrow(named):
    """The same build at an eighth of the width: what a checkpoint for tests is."""
    return {
        name: (dtype, tuple(max(1, n // 8) if n >= 64 and axis < 2 else n for axis, n in enumerate(shape)))
        for name, (dtype, shape) in named.items()
    }


def seen(named, metadata=None):
    return recognise.checkpoint(header(named, metadata))


SD15, SDXL = releases.tensors("sd15"), releases.tensors("sdxl")


@pytest.mark.parametrize("small", [False, True])
@pytest.mark.parametrize(("channels", "layout"), [(4, "base"), (9, "inpaint"), (8, "edit")])
@pytest.mark.parametrize(("family", "release"), [("sd15", SD15), ("sdxl", SDXL)])
def test_stable_diffusion_by_family_and_layout(family, release, channels, layout, small):
    named = releases.changed(release, first=channels)
    assert seen(narrow(named) if small else named) == Seen(family, layout)


def test_from_the_file_itself(tmp_path):
    path = releases.write(tmp_path / "named wrongly, sdxl.safetensors", releases.changed(SD15, first=9))
    assert recognise.checkpoint(headers.read(path)) == Seen("sd15", "inpaint")


@pytest.mark.parametrize(
    ("release", "family", "words"),
    [
        ("flux1-dev", "flux1", "a single file of FLUX.1, which cannot be loaded yet: take its diffusers folder"),
        ("flux1-dev-diffusers", "flux1", "a single file of FLUX.1,"),
        ("flux2-klein-4b", "flux2-klein", "a single file of FLUX.2 klein,"),
        ("flux2-klein-4b-diffusers", "flux2-klein", "a single file of FLUX.2 klein,"),
        ("z-image-turbo", "z-image", "a single file of Z-Image,"),
        ("z-image-turbo-diffusers", "z-image", "a single file of Z-Image,"),
        ("qwen-image", "qwen-image", "a single file of Qwen-Image,"),
        ("sd35-large", "", "is Stable Diffusion 3, which cannot be used yet"),
        ("sd35-large-diffusers", "", "is Stable Diffusion 3, which cannot be used yet"),
    ],
)
@pytest.mark.parametrize("prefix", ["", UNET])
def test_transformers_are_known_and_said_to_come_later(release, family, words, prefix):
    named = {prefix + name.removeprefix(UNET): value for name, value in releases.tensors(release).items()}
    for one in (named, narrow(named)):
        found = seen(one)
        assert (found.family, found.layout) == (family, "base")
        assert words in found.problem


def test_relatives_of_flux_are_told_apart():
    dev = releases.tensors("flux1-dev")
    schnell = {name: value for name, value in dev.items() if not name.startswith("guidance_in")}
    for named in (dev, schnell, releases.changed(dev, img_in=384)):
        assert seen(named).family == "flux1"
    chroma = schnell | {"distilled_guidance_layer.in_proj.weight": ("BF16", (5120, 64))}
    assert "is Chroma, which cannot be used yet" in seen(chroma).problem
    klein = releases.tensors("flux2-klein-4b")
    assert "is FLUX.2 dev, which" in seen(klein | {"guidance_in.in_layer.weight": ("BF16", (6144, 256))}).problem


def test_a_quantised_transformer_says_so():
    packed = {name: ("U8", (math.prod(shape) // 2, 1)) for name, (_, shape) in releases.tensors("flux1-dev").items()}
    assert "a single file of FLUX.1 (this one is quantised: U8), which" in seen(packed).problem


@pytest.mark.parametrize(
    ("lost", "words"),
    [
        ("first_stage_model.", "is SDXL without its autoencoder: take the full checkpoint"),
        ("conditioner.embedders.0.transformer.", "is SDXL without its first text encoder:"),
        ("conditioner.embedders.1.", "is SDXL without its second text encoder:"),
        ("conditioner.", "is SDXL without its first text encoder and second text encoder:"),
    ],
)
def test_a_checkpoint_without_a_part_says_which(lost, words):
    found = seen({name: value for name, value in SDXL.items() if not name.startswith(lost)})
    assert (found.family, words in found.problem) == ("sdxl", True), found


@pytest.mark.parametrize(("family", "title", "release"), [("sd15", "SD 1.5", SD15), ("sdxl", "SDXL", SDXL)])
def test_a_unet_alone_says_so(family, title, release):
    kept = {name: value for name, value in release.items() if name.startswith(UNET)}
    assert title in seen(kept).problem
    assert "without its autoencoder" in seen(kept).problem
    bare = {name.removeprefix(UNET): value for name, value in kept.items()}
    assert seen(bare) == Seen(
        family, problem=f"is only the UNet of {title}: take the full checkpoint, or the diffusers folder"
    )


def test_a_unet_of_diffusers_alone_says_so():
    named = {
        "conv_in.weight": ("F16", (320, 9, 3, 3)),
        "down_blocks.0.resnets.0.conv1.weight": ("F16", (320, 320, 3, 3)),
        "time_embedding.linear_1.weight": ("F16", (1280, 320)),
    }
    assert (seen(named).family, seen(named).layout) == ("sd15", "inpaint")
    big = named | {"add_embedding.linear_1.weight": ("F16", (1280, 2816))}
    assert "only the UNet of SDXL" in seen(big).problem


def test_stable_diffusion_2_by_its_text_encoder_or_its_projections():
    two = {name: value for name, value in SD15.items() if not name.startswith("cond_stage_model.")}
    open_clip = "cond_stage_model.model.transformer.resblocks.0.mlp.c_fc.weight"
    assert "is Stable Diffusion 2, which" in seen(two | {open_clip: ("F16", (4096, 1024))}).problem
    linear = {n: (d, s[:2]) if n.endswith("proj_in.weight") else (d, s) for n, (d, s) in two.items()}
    assert "is Stable Diffusion 2, which" in seen(linear).problem
    assert "is SD 1.5 without its text encoder:" in seen(two).problem


def test_the_refiner_is_no_base():
    refiner = {name.replace("embedders.1", "embedders.0"): value for name, value in SDXL.items()}
    assert seen(refiner) == Seen("", problem="is the SDXL refiner, which cannot be used yet: take SDXL or SD 1.5")


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ("edm_mean", "is Playground v2.5, which"),
        (UNET + "input_blocks.1.1.time_stack.0.norm1.weight", "is a video model, which"),
    ],
)
def test_relatives_that_work_otherwise_are_named(extra, words):
    assert words in seen(SDXL | {extra: ("F16", (4,))}).problem


def test_other_channels_are_refused_with_the_number():
    assert "reads 7 channels; 4, 8 or 9 can be used" in seen(releases.changed(SD15, first=7)).problem


def test_a_pruned_relative_is_refused_with_both_numbers():
    cut = {name: value for name, value in SDXL.items() if ".transformer_blocks.9." not in name}
    assert "is a cut down SDXL: it has 64 attention blocks of 70" in seen(cut).problem


@pytest.mark.parametrize(("dtype", "fine"), [("F16", True), ("BF16", True), ("F8_E4M3", True), ("I8", False)])
def test_precision(dtype, fine):
    named = {n: (dtype if n.startswith(UNET) and len(s) > 1 else d, s) for n, (d, s) in SDXL.items()}
    assert (seen(named).problem == "") == fine
    if not fine:
        assert "is SDXL, quantised (I8), which cannot be loaded yet" in seen(named).problem


def test_scaled_weights_are_quantised_whatever_their_dtype():
    scaled = SDXL | {UNET + "input_blocks.4.0.in_layers.2.scale_weight": ("F32", ())}
    assert "quantised" in seen(scaled).problem


@pytest.mark.parametrize(
    ("more", "metadata", "prediction", "zero_snr"),
    [
        ({}, {}, "", False),
        ({"v_pred": ("F32", (0,))}, {}, "v_prediction", False),
        ({"v_pred": ("F32", (0,)), "ztsnr": ("F32", (0,))}, {}, "v_prediction", True),
        ({}, {"modelspec.prediction_type": "v"}, "v_prediction", False),
        ({}, {"modelspec.prediction_type": "epsilon"}, "epsilon", False),
        ({}, {"ss_v_parameterization": "True"}, "v_prediction", False),
    ],
)
def test_prediction(more, metadata, prediction, zero_snr):
    assert seen(SDXL | more, metadata) == Seen("sdxl", prediction=prediction, zero_snr=zero_snr)


_UNET = "down_blocks.0.resnets.0.conv1.weight", "time_embedding.linear_1.weight"


@pytest.mark.parametrize(
    "named",
    [
        [name for name in SD15 if name.startswith("first_stage_model.")],
        [name.removeprefix("first_stage_model.") for name in SD15 if name.startswith("first_stage_model.")],
        [name for name in SD15 if name.startswith("cond_stage_model.")],
        ["control_model.input_blocks.0.0.weight", "control_model.time_embed.0.weight"],
        ["controlnet_cond_embedding.conv_in.weight", "conv_in.weight", *_UNET],
        ["emb_params"],
        ["model.0.weight", "model.1.sub.0.rdb1.conv1.weight"],
        ["encoder.block.0.layer.0.SelfAttention.q.weight"],
    ],
    ids="vae vae_bare text controlnet controlnet_diffusers embedding upscaler t5".split(),
)
def test_what_an_artist_does_not_choose_is_no_model(named):
    assert seen(dict.fromkeys(named, ("F16", (4, 4)))) is None
