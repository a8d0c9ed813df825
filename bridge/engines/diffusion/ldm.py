"""The names that a single file gives to the weights of Stable Diffusion, from the names that diffusers gives them.

Only for writing: tiny checkpoints use it. Reading is left to diffusers, so that a test holds each against the other.
Source: the published SD 1.5 and SDXL base 1.0 files, whose names are those of the code that they were trained with.
"""

import re
from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

UNET, VAE = "model.diffusion_model.", "first_stage_model."
ENCODER = {
    "sd15": "cond_stage_model.transformer.text_model.",
    "sdxl": "conditioner.embedders.0.transformer.text_model.",
}
SECOND = "conditioner.embedders.1.model."
"""The second encoder of SDXL, which comes from open_clip and has names of its own."""

RESNET = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "time_emb_proj": "emb_layers.1",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "conv_shortcut": "skip_connection",
}
ENDS = {
    "conv_in": "input_blocks.0.0",
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
}
ATTENTION = {"group_norm": "norm", "to_q": "q", "to_k": "k", "to_v": "v", "to_out.0": "proj_out"}
CLIP = {
    "layer_norm1": "ln_1",
    "layer_norm2": "ln_2",
    "mlp.fc1": "mlp.c_fc",
    "mlp.fc2": "mlp.c_proj",
    "self_attn.out_proj": "attn.out_proj",
}


def unet(weights: Mapping[str, Tensor], layers: int = 2) -> Iterator[tuple[str, Tensor]]:
    """The weights of a UNet with `layers` resnets a block, by their names in a single file."""
    attended = {name.split(".attentions.")[0] for name in weights if ".attentions." in name}
    for name, value in weights.items():
        yield UNET + block(name, attended, layers), value


def block(name: str, attended: set[str], layers: int = 2) -> str:
    """The single file's name of a weight or module of the UNet; `attended` are the blocks that hold attention."""
    stem, _, rest = name.partition(".")
    for ours, theirs in ENDS.items():
        if name.startswith(f"{ours}."):
            return theirs + name.removeprefix(ours)
    if stem == "mid_block":
        kind, _, i_rest = rest.partition(".")
        i, _, rest = i_rest.partition(".")
        return f"middle_block.1.{rest}" if kind == "attentions" else f"middle_block.{2 * int(i)}.{_resnet(rest)}"
    level, kind, i, rest = rest.split(".", 3)
    side, more = ("input", 1) if stem == "down_blocks" else ("output", 0)
    place = int(level) * (layers + 1) + more
    if kind == "downsamplers":
        return f"input_blocks.{place + layers}.0.op.{rest.removeprefix('conv.')}"
    if kind == "upsamplers":
        return f"output_blocks.{place + layers}.{2 if f'{stem}.{level}' in attended else 1}.{rest}"
    place += int(i)
    return f"{side}_blocks.{place}.1.{rest}" if kind == "attentions" else f"{side}_blocks.{place}.0.{_resnet(rest)}"


def vae(weights: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
    """The weights of the autoencoder by their names in a single file, where attention is a convolution of one pixel."""
    for name, value in weights.items():
        found = re.sub(r"down_blocks\.(\d)\.resnets", r"down.\1.block", name)
        found = re.sub(r"up_blocks\.(\d)\.resnets", lambda at: f"up.{3 - int(at[1])}.block", found)
        found = re.sub(r"down_blocks\.(\d)\.downsamplers\.0", r"down.\1.downsample", found)
        found = re.sub(r"up_blocks\.(\d)\.upsamplers\.0", lambda at: f"up.{3 - int(at[1])}.upsample", found)
        found = re.sub(r"mid_block\.resnets\.(\d)", lambda at: f"mid.block_{int(at[1]) + 1}", found)
        found = found.replace("conv_norm_out", "norm_out").replace("conv_shortcut", "nin_shortcut")
        head, attention, tail = found.partition("mid_block.attentions.0.")
        if attention:
            layer, _, kind = tail.rpartition(".")
            found = f"{head}mid.attn_1.{ATTENTION[layer]}.{kind}"
            value = value if layer == "group_norm" or kind == "bias" else value[:, :, None, None]
        yield VAE + found, value


def encoder(weights: Mapping[str, Tensor], family: str) -> Iterator[tuple[str, Tensor]]:
    """The weights of the first text encoder and the positions that real files hold beside them."""
    for name, value in weights.items():
        yield ENCODER[family] + name, value
    yield f"{ENCODER[family]}embeddings.position_ids", torch.arange(77)[None]


def second(weights: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
    """The weights of SDXL's second text encoder: the three projections of an attention are one."""
    for name, value in weights.items():
        own = name.removeprefix("text_model.")
        if own.startswith("encoder.layers."):
            i, rest = own.removeprefix("encoder.layers.").split(".", 1)
            at = f"{SECOND}transformer.resblocks.{i}"
            if rest.startswith("self_attn.q_proj"):
                parts = [weights[name.replace("q_proj", f"{letter}_proj")] for letter in "qkv"]
                yield f"{at}.attn.in_proj_{rest.rpartition('.')[2]}", torch.cat(parts)
            elif not rest.startswith(("self_attn.k_proj", "self_attn.v_proj")):
                layer, _, kind = rest.rpartition(".")
                yield f"{at}.{CLIP[layer]}.{kind}", value
        elif own == "text_projection.weight":
            yield f"{SECOND}text_projection", value.T.contiguous()
        else:
            short = own.replace("embeddings.token_embedding", "token_embedding")
            short = short.replace("embeddings.position_embedding.weight", "positional_embedding")
            yield SECOND + short.replace("final_layer_norm", "ln_final"), value
    yield f"{SECOND}logit_scale", torch.tensor(4.6055)


def _resnet(name: str) -> str:
    layer, _, kind = name.partition(".")
    return f"{RESNET[layer]}.{kind}"
