"""The sample checkpoint's parts, of the layout of every Stable Diffusion folder, and how they begin.

They begin as the identity: what is learnt is the difference that a word makes. A normalisation forgets how bright a
picture is and how strong its contrast, so each is given constants beside the picture, large ones, and forgets little.
"""

import shutil
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import diffusers as untyped_diffusers
import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers.pre_tokenizers import ByteLevel
from torch import nn
from torch.nn import functional
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from sample import filters

diffusers: Any = untyped_diffusers

CARD = Path(__file__).with_name("CARD.md")
LICENCE = Path(__file__).parents[2] / "LICENSE"
"""The project's own."""
LATENT = 4
"""Channels of a latent cell, as in Stable Diffusion; a cell is 2 × 2 pixels here, and 8 × 8 there."""
VAE = {
    "block_out_channels": (16, 32),
    "down_block_types": ("DownEncoderBlock2D",) * 2,
    "up_block_types": ("UpDecoderBlock2D",) * 2,
    "layers_per_block": 1,
    "latent_channels": LATENT,
    "norm_num_groups": 2,
    "mid_block_add_attention": False,
    "use_quant_conv": False,
    "use_post_quant_conv": False,
    "scaling_factor": 1.0,
    "sample_size": 512,
}
CONSTANT = 16.0
"""Of the two constant channels in each group of the autoencoder, and its negative."""


def autoencoder(seed: int, patches: NDArray[np.uint8]) -> Any:
    """An `AutoencoderKL` that gives the middle of what it allows and nothing beside: its spread is next to none.

    It begins as a linear one: `AXES` of 2 × 2 pixels, and of their neighbours the colours again, as well as that goes
    in these patches, uint8 (n, H, W, 3). So its encoder stays, and only the decoder has to be learnt. Every channel has
    its negative beside it: groups have the mean 0, and what goes through silu comes out whole, x = silu(x) − silu(−x).
    """
    torch.manual_seed(seed)
    vae = diffusers.AutoencoderKL(**VAE)
    forth, back = _components(patches)
    with torch.no_grad():
        for name, one in vae.named_modules():
            if isinstance(one, nn.GroupNorm):
                one.weight.fill_((2 * CONSTANT**2 * VAE["norm_num_groups"] / one.num_channels + 0.3) ** 0.5)
            elif isinstance(one, nn.Conv2d) and not name.endswith("conv_out"):
                _paired(one, residual=name.endswith("conv2"))
        encoder, decoder = vae.encoder, vae.decoder
        colours, inner, outer = (0, 2, 4), (0, 2, 4, 8), (0, 2, 4, 6)
        _through(encoder.conv_in, colours, (0, 1, 2), torch.eye(3)[..., None, None], 1)
        _through(encoder.down_blocks[0].downsamplers[0].conv, inner, colours, forth, 0)
        _through(encoder.down_blocks[1].resnets[0].conv_shortcut, outer, inner, torch.eye(LATENT)[..., None, None], 0)
        for name, one in encoder.named_modules():
            if name.endswith("conv2"):
                one.weight.zero_()
        _unpaired(encoder.conv_out, outer)
        encoder.conv_out.bias[LATENT:] = -12
        _through(decoder.conv_in, outer, range(LATENT), torch.eye(LATENT)[..., None, None], 1)
        _through(decoder.up_blocks[0].upsamplers[0].conv, colours, outer, back, 0)
        _through(decoder.up_blocks[1].resnets[0].conv_shortcut, colours, colours, torch.eye(3)[..., None, None], 0)
        _unpaired(decoder.conv_out, colours)
    return vae


def _paired(conv: nn.Conv2d, residual: bool) -> None:
    """Each second channel the negative of the one before; the last two of each group constant but in a residual."""
    conv.weight.mul_(0.01 if residual else 1.0)
    conv.weight[1::2] = -conv.weight[::2]
    assert conv.bias is not None
    conv.bias.zero_()
    conv.weight[:, constants(conv.in_channels)] = 0
    conv.weight[constants(conv.out_channels)] = 0
    if not residual:
        pair = torch.tensor((CONSTANT, -CONSTANT))
        conv.bias[constants(conv.out_channels)] = pair.repeat(VAE["norm_num_groups"])


def constants(channels: int) -> torch.Tensor:
    """bool (channels,): which of them are constant. No layer may listen to them: their least weight outshouts all."""
    if channels < 2 * LATENT:
        return torch.zeros(channels, dtype=torch.bool)
    size = channels // VAE["norm_num_groups"]
    return torch.arange(channels) % size >= size - 2


def _through(conv: nn.Conv2d, into: Sequence[int], out_of: Sequence[int], kernel: torch.Tensor, at: int) -> None:
    """Channels `into`, and their negatives, become this kernel (into, out of, h, w), its corner `at`, of `out_of`."""
    height, width = kernel.shape[-2:]
    for i, slot in enumerate(into):
        conv.weight[slot : slot + 2] = 0
        for j, source in enumerate(out_of):
            conv.weight[slot, source, at : at + height, at : at + width] = kernel[i, j]
        conv.weight[slot + 1] = -conv.weight[slot]


def _unpaired(conv: nn.Conv2d, slots: Sequence[int]) -> None:
    """Each slot less its negative is what comes out."""
    conv.weight.zero_()
    assert conv.bias is not None
    conv.bias.zero_()
    for i, slot in enumerate(slots):
        conv.weight[i, slot, 1, 1], conv.weight[i, slot + 1, 1, 1] = 1, -1


AXES = (
    ((0.299, 0.587, 0.114), (1.0, 1.0, 1.0, 1.0)),
    ((-0.169, -0.331, 0.5), (1.0, 1.0, 1.0, 1.0)),
    ((0.5, -0.419, -0.081), (1.0, 1.0, 1.0, 1.0)),
    ((0.299, 0.587, 0.114), (0.66, 0.18, -0.18, -0.66)),
)
"""What a cell's four numbers are: of R, G, B this much, of its pixels, row by row, that much. Brightness, both colour
differences, and where brightness falls: the four main components of photographs, if a colour's error counts double. By
plain squares the second colour difference falls out, and with it the green of a tea garden.
"""


def _components(patches: NDArray[np.uint8]) -> tuple[torch.Tensor, torch.Tensor]:
    """(4, 3, 2, 2) from pixels, −1 to 1, to components of unit strength; (3, 4, 3, 3) back from them, each twice as
    wide and high.
    """
    given = torch.from_numpy(patches).permute(0, 3, 1, 2).float() / 127.5 - 1
    colours, places = (torch.tensor(one) for one in zip(*AXES, strict=True))
    forth = colours[:, :, None, None] * places.reshape(LATENT, 1, 2, 2)
    forth /= functional.conv2d(given, forth, stride=2).square().mean((0, 2, 3)).sqrt()[:, None, None, None]
    wide = functional.interpolate(functional.conv2d(given, forth, stride=2), scale_factor=2, mode="nearest")
    near = functional.unfold(wide, 3, padding=1).transpose(1, 2).reshape(-1, 9 * LATENT)
    wanted = given.permute(0, 2, 3, 1).reshape(-1, 3)
    back = torch.linalg.lstsq(near.double(), wanted.double()).solution.T.reshape(3, LATENT, 3, 3)
    return forth, back.float()


UNET = {
    "in_channels": 2 * LATENT,
    "out_channels": LATENT,
    "sample_size": 256,
    "block_out_channels": (32, 48, 64, 96),
    "down_block_types": ("DownBlock2D",) * 4,
    "mid_block_type": "UNetMidBlock2DCrossAttn",
    "up_block_types": ("UpBlock2D",) * 4,
    "layers_per_block": 1,
    "attention_head_dim": 4,
    "cross_attention_dim": 64,
    "norm_num_groups": 4,
    "norm_eps": 400.0,  # far above any variance here: it centres and does not scale
    "resnet_time_scale_shift": "scale_shift",
    "addition_embed_type": "text",  # the words reach every block beside the time
    "addition_embed_type_num_heads": 4,
}
TEXT = {
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": 77,
    "projection_dim": 64,
    "hidden_act": "quick_gelu",
}
SCHEDULER = {
    "num_train_timesteps": 1000,
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "timestep_spacing": "trailing",
    "prediction_type": "sample",
}
"""Stable Diffusion's own noise; what is predicted is the picture, not the noise in it."""
AROUND = "a an the and as by in into it like make of on please style this to turn with picture image color watercolor"
"""Words that prompts are made of beside those that act."""


def denoiser(seed: int) -> Any:
    """A `UNet2DConditionModel` that begins by giving back the latents beside the noisy ones, whatever the words."""
    torch.manual_seed(seed)
    unet = diffusers.UNet2DConditionModel(**UNET)
    pairs = 2 * LATENT
    with torch.no_grad():
        for name, one in unet.named_modules():
            if isinstance(one, nn.GroupNorm) and one.eps == UNET["norm_eps"]:
                one.weight.fill_(UNET["norm_eps"] ** 0.5)
            elif isinstance(one, nn.Conv2d) and name.endswith("conv1"):
                one.weight.mul_(2)
        kept = torch.eye(LATENT)
        unet.conv_in.weight[:, :LATENT] *= 0.1  # at most strengths the noisy latents say little
        unet.conv_in.weight[:pairs] = 0
        unet.conv_in.weight[:LATENT, LATENT:, 1, 1] = kept
        unet.conv_in.weight[LATENT:pairs, LATENT:, 1, 1] = -kept
        unet.conv_in.bias[:pairs] = 0
        last = unet.up_blocks[-1].resnets[-1]
        width = UNET["block_out_channels"][0]
        last.conv_shortcut.weight[:pairs] = 0
        last.conv_shortcut.weight[:pairs, width : width + pairs, 0, 0] = torch.eye(pairs)
        last.conv_shortcut.bias[:pairs] = 0
        last.conv2.weight.mul_(0.05)
        last.conv2.bias.zero_()
        unet.conv_out.weight.mul_(0.05)
        unet.conv_out.weight[:, :pairs] = 0
        unet.conv_out.weight[:, :LATENT, 1, 1] = kept
        unet.conv_out.weight[:, LATENT:pairs, 1, 1] = -kept  # x = silu(x) − silu(−x)
        unet.conv_out.bias.zero_()
    return unet


def tokenizer() -> CLIPTokenizer:
    """CLIP's kind of tokenizer, with a vocabulary of letters and the words that are taught."""
    letters = sorted(ByteLevel.alphabet())
    words = sorted({part for word in filters.WORDS for part in word.split()} | set(AROUND.split()))
    merges = _merges(words)
    pieces = [*letters, *(f"{one}</w>" for one in letters), *(left + right for left, right in merges)]
    vocabulary = {piece: i for i, piece in enumerate([*pieces, "<|startoftext|>", "<|endoftext|>"])}
    told: Any = merges
    return CLIPTokenizer(vocab=vocabulary, merges=told, pad_token="<|endoftext|>", model_max_length=77)


def encoder(words: CLIPTokenizer, seed: int) -> CLIPTextModel:
    """A `CLIPTextModel` for this tokenizer."""
    torch.manual_seed(seed)
    ids = {"bos_token_id": words.bos_token_id, "eos_token_id": words.eos_token_id, "pad_token_id": words.pad_token_id}
    return CLIPTextModel(CLIPTextConfig(vocab_size=len(words), **TEXT, **ids))


def tell_apart(unet: Any, text: CLIPTextModel, words: CLIPTokenizer) -> None:
    """Begin with what the words differ in: what all prompts share would drown it, and the normalisation brings what is
    left to full strength.
    """
    ids = words(list(filters.WORDS), padding="max_length", return_tensors="pt").input_ids
    with torch.no_grad():
        pooled = unet.add_embedding.pool(unet.add_embedding.norm1(text(ids).last_hidden_state))
        unet.add_embedding.proj.bias.copy_(-unet.add_embedding.proj.weight @ pooled.mean(0))


def _merges(words: list[str]) -> list[tuple[str, str]]:
    """Pairs of pieces, the commonest first, until each word is one. Source: Sennrich et al. (2016)."""
    split = [[*word[:-1], f"{word[-1]}</w>"] for word in words]
    found: list[tuple[str, str]] = []
    while any(len(one) > 1 for one in split):
        pairs = Counter(pair for one in split for pair in pairwise(one))
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        found.append(best)
        split = [_merged(one, best) for one in split]
    return found


def _merged(pieces: list[str], pair: tuple[str, str]) -> list[str]:
    out: list[str] = []
    for piece in pieces:
        if out and (out[-1], piece) == pair:
            out[-1] += piece
        else:
            out.append(piece)
    return out


def save(folder: Path, parts: dict[str, Any]) -> None:
    """Write a diffusers folder in half precision: `vae`, `unet`, `text_encoder`, `tokenizer`; and its card."""
    told = {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}
    scheduler = diffusers.EulerDiscreteScheduler(**SCHEDULER)
    pipeline = diffusers.StableDiffusionInstructPix2PixPipeline(**parts, scheduler=scheduler, **told)
    pipeline.to(dtype=torch.float16).save_pretrained(folder)
    shutil.copyfile(CARD, folder / "README.md")
    shutil.copyfile(LICENCE, folder / "LICENSE")
