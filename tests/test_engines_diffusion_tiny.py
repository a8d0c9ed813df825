"""Tiny checkpoints: as real ones in all but size."""

import gzip
import json
import re
from pathlib import Path

import diffusers
import pytest
import torch
from accelerate import init_empty_weights
from safetensors import safe_open
from safetensors.torch import load_file

from bridge.engines.diffusion import components, ldm, tiny, weights
from tests.checkpoints import CPU, FAMILIES, LAYOUTS, model

RELEASES = Path(__file__).parent / "releases"
KINDS = [(family, layout) for family in FAMILIES for layout in LAYOUTS]


def added(parts):
    """What SDXL's UNet is told besides words."""
    if parts.family == "sd15":
        return None
    return {"text_embeds": torch.zeros(1, 32, dtype=parts.unet.dtype), "time_ids": torch.full((1, 6), 64.0)}


@pytest.mark.parametrize(("family", "layout"), KINDS)
def test_folder_and_file_of_a_seed_hold_the_same_weights(family, layout):
    one = weights.load(model(family, layout), torch.float32, CPU)
    other = weights.load(model(family, layout, "file"), torch.float32, CPU, configs=tiny.configs(family))
    pairs = zip((one.unet, one.vae, *one.encoders), (other.unet, other.vae, *other.encoders), strict=True)
    for ours, theirs in pairs:
        ours, theirs = ours.state_dict(), theirs.state_dict()
        assert ours.keys() == theirs.keys()
        assert all(torch.equal(value, theirs[name]) for name, value in ours.items())
    for a, b in zip(one.tokenizers, other.tokenizers, strict=True):
        assert a("A photo, 4K!").input_ids == b("A photo, 4K!").input_ids
    assert (one.family, one.layout, one.zero_negative) == (other.family, other.layout, other.zero_negative)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize(("family", "layout"), KINDS)
@torch.inference_mode()
def test_what_they_answer_is_sane(family, layout, dtype):
    parts = weights.load(model(family, layout), dtype, CPU)
    draw = torch.Generator().manual_seed(1)
    noise = torch.randn(1, components.CHANNELS[layout], 8, 8, generator=draw).to(dtype)
    words = torch.randn(1, 77, parts.unet.config.cross_attention_dim, generator=draw).to(dtype)
    answer = parts.unet(noise, 500, words, added_cond_kwargs=added(parts)).sample.float()
    assert answer.shape == (1, 4, 8, 8)
    assert 0.3 < answer.std() < 3
    picture = parts.vae.decode(torch.randn(1, 4, 8, 8, generator=draw).to(dtype) / parts.vae.config.scaling_factor)
    assert picture.sample.shape == (1, 3, 64, 64)
    assert 0.1 < picture.sample.float().std() < 1
    latents = parts.vae.encode(torch.rand(1, 3, 64, 64, generator=draw).to(dtype) * 2 - 1).latent_dist
    assert 0.2 < latents.mean.float().std() * parts.vae.config.scaling_factor < 3
    assert latents.std.max() < 0.01


@pytest.mark.parametrize("family", FAMILIES)
def test_a_seed_gives_the_same_bytes_and_leaves_torch_as_it_was(family, tmp_path):
    torch.manual_seed(7)
    before = torch.random.get_rng_state()
    first = tiny.file(tmp_path / "1", family, seed=5).read_bytes()
    assert tiny.file(tmp_path / "2", family, seed=5).read_bytes() == first
    assert tiny.file(tmp_path / "3", family, seed=6).read_bytes() != first
    assert torch.equal(torch.random.get_rng_state(), before)
    assert len(first) < 12e6


@pytest.mark.parametrize("family", FAMILIES)
def test_single_files_have_the_names_and_shapes_of_the_releases(family):
    """At real size, without memory: SD 1.5's noise schedule is all that is left out."""
    held = json.loads(gzip.decompress((RELEASES / f"{family}.json.gz").read_bytes()))
    release = {name: shape for tensors in held.values() for name, shape in tensors.items()}
    shapes = components.config(family)
    with init_empty_weights():
        unet, vae, *encoders = (
            components.module(shapes, "base", i).state_dict() for i in range(2 + len(shapes["encoders"]))
        )
    ours = dict(ldm.unet(unet)) | dict(ldm.vae(vae)) | dict(ldm.encoder(encoders[0], family))
    for one in encoders[1:]:
        ours |= ldm.second(one)
    noise = {name for name in release if "." not in name or name.startswith("model_ema.")}
    assert {name: list(value.shape) for name, value in ours.items()} == {
        name: shape for name, shape in release.items() if name not in noise
    }
    assert len(noise) == {"sd15": 14, "sdxl": 0}[family]


@pytest.mark.parametrize("family", FAMILIES)
def test_tiny_single_files_have_all_the_releases_blocks(family):
    """The same names; the second encoder and SDXL's attentions are less deep."""
    held = json.loads(gzip.decompress((RELEASES / f"{family}.json.gz").read_bytes()))
    release = {name for tensors in held.values() for name in tensors}
    with safe_open(model(family, form="file").path, "pt") as file:
        ours = set(file.keys())
    assert ours <= release
    deep = re.compile(r"resblocks\.(1[2-9]|[23]\d)|transformer_blocks\.[4-9]")
    assert {name for name in release - ours if "." in name and not deep.search(name)} <= {
        "model_ema.decay",
        "model_ema.num_updates",
    }


@pytest.mark.parametrize(("family", "layout"), KINDS)
def test_folders_say_what_they_are(family, layout):
    index = json.loads((model(family, layout).path / "model_index.json").read_text("utf-8"))
    name = {"sd15": "StableDiffusion", "sdxl": "StableDiffusionXL"}[family]
    assert (
        index["_class_name"]
        == name + {"base": "", "inpaint": "Inpaint", "edit": "InstructPix2Pix"}[layout] + "Pipeline"
    )
    assert index["unet"] == ["diffusers", "UNet2DConditionModel"]


def test_flux_is_a_folder_that_its_pipeline_loads(tmp_path):
    path = tiny.flux(tmp_path / "flux", seed=1)
    with components.quiet():
        pipeline = diffusers.FluxPipeline.from_pretrained(str(path), local_files_only=True)
    assert pipeline.tokenizer_2("ab").input_ids[-1] == pipeline.tokenizer_2.eos_token_id
    assert len({*pipeline.tokenizer_2("abc").input_ids}) == 5
    assert pipeline.vae.config.latent_channels == 16


@pytest.mark.parametrize("family", FAMILIES)
def test_loras_have_the_names_of_both_makers(family, tmp_path):
    kohya = load_file(tiny.lora(tmp_path / "kohya", family))
    plain = load_file(tiny.lora(tmp_path / "plain", family, kohya=False))
    block = {"sd15": "down_blocks_1_attentions_0", "sdxl": "input_blocks_4_1"}[family]
    encoder = {"sd15": "lora_te", "sdxl": "lora_te2"}[family]
    assert f"lora_unet_{block}_transformer_blocks_0_attn2_to_k.lora_down.weight" in kohya
    assert f"{encoder}_text_model_encoder_layers_3_self_attn_q_proj.alpha" in kohya
    assert "unet.mid_block.attentions.0.transformer_blocks.0.attn1.to_out.0.lora_B.weight" in plain
    assert len(kohya) * 2 == len(plain) * 3
