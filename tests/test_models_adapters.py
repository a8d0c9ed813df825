"""LoRAs by their headers: whose weights they change, and those that cannot be applied."""

import pytest

from bridge.models import adapters
from bridge.models.headers import Tensor

ATTENTION = "transformer_blocks.{}.attn2.to_k"


def tensors(**shapes):
    return {name: Tensor("F16", tuple(shape), 0, 0) for name, shape in shapes.items()}


def kohya(module, width, prefix="lora_unet_", rank=4, out=64):
    flat = prefix + module.replace(".", "_")
    down, up = f"{flat}.lora_down.weight", f"{flat}.lora_up.weight"
    return tensors(**{down: (rank, width), up: (out, rank), f"{flat}.alpha": ()})


def peft(module, width, prefix="unet.", rank=4):
    return tensors(**{f"{prefix}{module}.lora_A.weight": (rank, width), f"{prefix}{module}.lora_B.weight": (64, rank)})


def old(module, width, prefix="unet."):
    return tensors(**{f"{prefix}{module}.lora.down.weight": (4, width), f"{prefix}{module}.lora.up.weight": (64, 4)})


def processor(module, width):
    name = module.replace(".to_k", ".processor.to_k_lora")
    return tensors(**{f"unet.{name}.down.weight": (4, width), f"unet.{name}.up.weight": (64, 4)})


@pytest.mark.parametrize(("width", "family"), [(768, "sd15"), (2048, "sdxl")])
@pytest.mark.parametrize("written", [kohya, peft, old, processor])
def test_by_the_width_of_the_text_that_attention_reads(written, width, family):
    named = written("down_blocks.1.attentions.0." + ATTENTION.format(0), width)
    assert adapters.lora(named) == (family, "")


def test_stable_diffusion_2_fits_nothing_here():
    found = adapters.lora(kohya("down_blocks.1.attentions.0." + ATTENTION.format(0), 1024))
    assert found == ("", "is made for Stable Diffusion 2, whose LoRAs cannot be used yet")


@pytest.mark.parametrize(
    ("named", "family"),
    [
        (kohya("text_model.encoder.layers.0.self_attn.q_proj", 32, "lora_te_"), "sd15"),
        (kohya("text_model.encoder.layers.0.self_attn.q_proj", 32, "lora_te1_"), "sdxl"),
        (peft("text_model.encoder.layers.0.self_attn.q_proj", 32, "text_encoder."), "sd15"),
        (peft("text_model.encoder.layers.0.self_attn.q_proj", 32, "text_encoder_2."), "sdxl"),
        (kohya("down_blocks.0.attentions.0." + ATTENTION.format(0), 32), "sd15"),
        (peft("up_blocks.3.attentions.0." + ATTENTION.format(0), 32), "sd15"),
        (kohya("input_blocks.4.1." + ATTENTION.format(0), 64), "sdxl"),
        (peft("down_blocks.1.attentions.0." + ATTENTION.format(1), 64), "sdxl"),
        (kohya("down_blocks.2.attentions.0.transformer_blocks.1.ff.net.0.proj", 64), "sdxl"),
    ],
)
def test_by_what_it_changes_where_the_width_says_nothing(named, family):
    assert adapters.lora(named) == (family, "")


@pytest.mark.parametrize(
    ("named", "family", "title"),
    [
        (kohya("double_blocks.0.img_attn.proj", 3072), "flux1", "FLUX.1"),
        (kohya("single_blocks.0.linear1", 3072), "flux1", "FLUX.1"),
        (peft("single_transformer_blocks.0.attn.to_k", 3072, "transformer."), "flux1", "FLUX.1"),
        (peft("single_transformer_blocks.0.attn.to_qkv_mlp_proj", 3072, ""), "flux2-klein", "FLUX.2 klein"),
        (peft("layers.0.attention.to_q", 3840, "diffusion_model."), "z-image", "Z-Image"),
        (peft("transformer_blocks.0.img_mlp.net.2", 12288, ""), "qwen-image", "Qwen-Image"),
        (kohya("transformer_blocks.0.txt_mlp.net.2", 12288), "qwen-image", "Qwen-Image"),
        (kohya("joint_blocks.0.x_block.attn.qkv", 1536), "", "Stable Diffusion 3"),
    ],
)
def test_others_are_known_and_said_to_come_later(named, family, title):
    assert adapters.lora(named) == (family, f"is made for {title}, whose LoRAs cannot be used yet")


@pytest.mark.parametrize("module", ["transformer_blocks.1.attn.to_k", "somewhere.else"])
def test_what_tells_no_family_is_said(module):
    assert adapters.lora(peft(module, 3072, "")) == ("", "is made for a model that is not known here")


def test_flux_2_in_the_names_of_flux_1_by_its_gated_feed_forward():
    proj = kohya("double_blocks.0.img_attn.proj", 3072, out=3072)
    plain = proj | kohya("double_blocks.0.img_mlp.0", 3072, out=12288)
    gated = proj | kohya("double_blocks.0.img_mlp.0", 3072, out=18432)
    assert adapters.lora(plain).family == "flux1"
    assert adapters.lora(gated).family == "flux2-klein"
    assert adapters.lora(kohya("double_blocks.0.img_mlp.0", 4096, out=24576)).family == "flux2-klein"


@pytest.mark.parametrize(
    ("end", "what"),
    [("hada_w1_a", "a LoHa"), ("lokr_w1", "a LoKr"), ("lora_mid.weight", "a LoCon"), ("oft_blocks", "an OFT adapter")],
)
def test_what_cannot_be_applied_says_what_it_is(end, what):
    named = tensors(**{f"lora_unet_down_blocks_0_attentions_0_proj_in.{end}": (4, 4)})
    found = adapters.lora(named)
    assert found.family == "sd15"
    assert found.problem.startswith(f"is {what}")
    assert found.problem.endswith(", which cannot be applied yet: look for it as a plain LoRA")


@pytest.mark.parametrize("name", ["emb_params", "model.diffusion_model.input_blocks.0.0.weight", "lora_controlnet"])
def test_what_is_no_lora_is_none(name):
    assert adapters.lora(tensors(**{name: (4, 4)})) is None
