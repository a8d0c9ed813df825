"""From a header to what it is: a checkpoint by the names and shapes of its tensors, never by the file's name.

Structure decides, not widths, so that a small checkpoint of the same build is known likewise. What is no model of ours
to choose (ControlNets, autoencoders, embeddings, upscalers, text encoders) is None.
"""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from bridge.models.headers import Header, Tensor
from bridge.models.values import Layout, Prediction

CHANNELS: dict[int, Layout] = {4: "base", 9: "inpaint", 8: "edit"}
"""What a UNet reads: latents; with mask and masked latents; with the latents of a picture to edit."""

UNET = "model.diffusion_model."
"""Where the original layout keeps its denoiser."""

_PREFIXES = (UNET, "model.", "diffusion_model.", "transformer.", "")
_FINE = frozenset(("F16", "BF16", "F32", "F64", "F8_E4M3", "F8_E5M2"))
_WIDTH, _BLOCKS = 320, {"sd15": 16, "sdxl": 70}
"""A UNet of the released width has this many transformer blocks; fewer mean that it was pruned."""


class Seen(NamedTuple):
    """What a header says: see `Model` for the words; `problem` is the sentence's end, after the name."""

    family: str
    layout: Layout = "base"
    prediction: Prediction = ""
    zero_snr: bool = False
    problem: str = ""


class Sign(NamedTuple):
    """A transformer family: how it is called, its row, the keys that all of its files have, and those that none has."""

    title: str
    family: str
    keys: tuple[str, ...]
    never: tuple[str, ...] = ()


TRANSFORMERS = (
    Sign("Chroma", "", ("distilled_guidance_layer.in_proj.weight",)),
    Sign("FLUX.2 klein", "flux2-klein", ("single_stream_modulation.lin.weight",), ("guidance_in.in_layer.weight",)),
    Sign("FLUX.2 dev", "", ("single_stream_modulation.lin.weight",)),
    Sign(
        "FLUX.2 klein",
        "flux2-klein",
        ("single_stream_modulation.linear.weight",),
        ("time_guidance_embed.guidance_embedder.linear_1.weight",),
    ),
    Sign("FLUX.2 dev", "", ("single_stream_modulation.linear.weight",)),
    Sign("FLUX.1", "flux1", ("double_blocks.0.img_attn.qkv.weight", "txt_in.weight", "vector_in.in_layer.weight")),
    Sign("FLUX.1", "flux1", ("single_transformer_blocks.0.proj_mlp.weight", "x_embedder.weight")),
    Sign("Z-Image", "z-image", ("layers.0.adaLN_modulation.0.weight", "cap_embedder.1.weight")),
    Sign("Qwen-Image 2.1", "", ("txt_in.text_norm.weight",)),
    Sign("Qwen-Image", "qwen-image", ("transformer_blocks.0.img_mod.1.weight", "txt_norm.weight")),
    Sign("Stable Diffusion 3", "", ("joint_blocks.0.context_block.adaLN_modulation.1.weight",)),
    Sign("Stable Diffusion 3", "", ("transformer_blocks.0.norm1_context.linear.weight", "pos_embed.proj.weight")),
)
"""Transformers by their tensors, in the original and in the diffusers layout; the first that fits."""


def checkpoint(header: Header) -> Seen | None:
    """What model a single file holds; None where it holds none."""
    tensors = header.tensors
    if UNET + "input_blocks.0.0.weight" in tensors:
        return _checkpoint(header)
    if any(".control" in name or name.startswith(("control", "input_hint")) for name in tensors):
        return None
    for prefix in _PREFIXES:
        if (sign := _transformer(tensors, prefix)) is not None:
            return Seen(sign.family, problem=_transformer_problem(sign, tensors[prefix + sign.keys[0]].dtype))
    return _unet_alone(tensors)


def _transformer(names: Collection[str], prefix: str) -> Sign | None:
    for sign in TRANSFORMERS:
        if all(prefix + key in names for key in sign.keys) and not any(prefix + key in names for key in sign.never):
            return sign
    return None


def _transformer_problem(sign: Sign, dtype: str) -> str:
    quantised = "" if dtype in _FINE else f" (this one is quantised: {dtype})"
    if sign.family:
        return f"is a single file of {sign.title}{quantised}, which cannot be loaded yet: take its diffusers folder"
    return f"is {sign.title}{quantised}, which cannot be used yet: take SDXL or SD 1.5"


def _checkpoint(header: Header) -> Seen:
    """A Stable Diffusion checkpoint in its original layout: UNet, autoencoder and text encoders in one file."""
    names = header.tensors
    family, title = _stable_diffusion(names)
    channels = _channels(names[UNET + "input_blocks.0.0.weight"])
    seen = Seen(family, CHANNELS.get(channels, "base"), _prediction(header), "ztsnr" in names)
    if not family:
        return seen._replace(problem=f"is {title}, which cannot be used yet: take SDXL or SD 1.5")
    if channels not in CHANNELS:
        return seen._replace(problem=f"reads {channels} channels; 4, 8 or 9 can be used")
    missing = [what for what, keys in _parts(family).items() if not any(key in names for key in keys)]
    if missing:
        lost = " and ".join(missing)
        return seen._replace(problem=f"is {title} without its {lost}: take the full checkpoint")
    return seen._replace(problem=_unet_problem(family, title, names))


def _stable_diffusion(names: Mapping[str, Tensor]) -> tuple[str, str]:
    """Row and title of a UNet in the original layout, told by its text encoders or, without them, by its blocks."""
    if any("time_stack" in name or "motion_modules" in name for name in names):
        return "", "a video model"
    if "edm_mean" in names:
        return "", "Playground v2.5"
    if UNET + "label_emb.0.0.weight" in names:
        refiner = any(name.startswith("conditioner.embedders.0.model.") for name in names)
        deep = UNET + "input_blocks.10.0.in_layers.0.weight" in names  # a fourth level: only the refiner has one
        return ("", "the SDXL refiner") if refiner or deep else ("sdxl", "SDXL")
    if any(name.startswith("cond_stage_model.model.") for name in names):
        return "", "Stable Diffusion 2"
    if any(name.startswith("cond_stage_model.transformer.") for name in names):
        return "sd15", "SD 1.5"
    projection = names.get(UNET + "input_blocks.1.1.proj_in.weight")
    linear = projection is not None and len(projection.shape) == 2  # Stable Diffusion 2 replaced the 1 × 1 convolution
    return ("", "Stable Diffusion 2") if linear else ("sd15", "SD 1.5")


def _parts(family: str) -> dict[str, tuple[str, ...]]:
    """What a whole checkpoint holds beside its UNet, and keys of which one shows that it is there."""
    layer = "text_model.encoder.layers.0.self_attn.q_proj.weight"
    vae: dict[str, tuple[str, ...]] = {"autoencoder": ("first_stage_model.decoder.conv_in.weight",)}
    if family == "sdxl":
        second = "conditioner.embedders.1.model.transformer.resblocks.0.mlp.c_fc.weight"
        return vae | {
            "first text encoder": (f"conditioner.embedders.0.transformer.{layer}",),
            "second text encoder": (second,),
        }
    old = layer.removeprefix("text_model.")  # some converted files
    return vae | {"text encoder": (f"cond_stage_model.transformer.{layer}", f"cond_stage_model.transformer.{old}")}


def _unet_problem(family: str, title: str, names: Mapping[str, Tensor]) -> str:
    """Why a whole checkpoint still cannot be loaded."""
    for name, tensor in names.items():
        if name.startswith(UNET) and (
            (len(tensor.shape) > 1 and tensor.dtype not in _FINE)
            or name.endswith((".scale_weight", ".weight_scale", ".absmax", ".quant_map"))
        ):
            return f"is {title}, quantised ({tensor.dtype}), which cannot be loaded yet: take the one in half precision"
    blocks = sum(name.startswith(UNET) and name.endswith(".attn2.to_k.weight") for name in names)
    if names[UNET + "input_blocks.0.0.weight"].shape[0] == _WIDTH and blocks != _BLOCKS[family]:
        return f"is a cut down {title}: it has {blocks} attention blocks of {_BLOCKS[family]}, and cannot be used yet"
    return ""


def _prediction(header: Header) -> Prediction:
    """What the UNet predicts, as far as the file says: NoobAI's marker keys, or the metadata of trainers."""
    told = header.metadata.get("modelspec.prediction_type", "").lower()
    if "v_pred" in header.tensors or told in ("v", "v_prediction", "v-prediction"):
        return "v_prediction"
    if header.metadata.get("ss_v_parameterization", "").lower() == "true":
        return "v_prediction"
    return "epsilon" if told in ("eps", "epsilon") else ""


def _unet_alone(names: Mapping[str, Tensor]) -> Seen | None:
    """A UNet by itself, in the diffusers layout or without the checkpoint's prefix."""
    original = names.get("input_blocks.0.0.weight")
    split = "down_blocks.0.resnets.0.conv1.weight" in names and "time_embedding.linear_1.weight" in names
    first = names.get("conv_in.weight") if split else original
    if first is None:
        return None
    big = "add_embedding.linear_1.weight" in names or "label_emb.0.0.weight" in names
    family, title = ("sdxl", "SDXL") if big else ("sd15", "SD 1.5")
    problem = f"is only the UNet of {title}: take the full checkpoint, or the diffusers folder"
    return Seen(family, CHANNELS.get(_channels(first), "base"), problem=problem)


def _channels(first: Tensor) -> int:
    return first.shape[1] if len(first.shape) == 4 else 0
