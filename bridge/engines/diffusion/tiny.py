"""Small checkpoints with random weights, of every layout that there is, made in a second.

They have the blocks, names and files of the real releases and a twentieth of their width, so that loading, sampling and
LoRAs can be tried on any machine. What they paint is coloured noise.
"""

import math
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import diffusers as untyped_diffusers
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel, T5Config, T5EncoderModel, T5Tokenizer

from bridge.engines.diffusion import clip_vocabulary, components, ldm
from bridge.engines.diffusion.schedulers import Scheduler

diffusers: Any = untyped_diffusers

UNET: dict[str, dict[str, Any]] = {
    "sd15": {"block_out_channels": [16, 32, 64, 64], "cross_attention_dim": 32, "attention_head_dim": 2},
    "sdxl": {
        "block_out_channels": [16, 32, 48],
        "cross_attention_dim": 48,
        "attention_head_dim": [1, 2, 3],
        "transformer_layers_per_block": [1, 2, 4],
        "addition_time_embed_dim": 32,
        "projection_class_embeddings_input_dim": 224,  # the second encoder's width and six numbers of 32
    },
}
"""What the UNets have otherwise than the real ones."""
VAE = {"block_out_channels": [8, 16, 32, 32], "norm_num_groups": 8}
WIDTHS = {"sd15": (32,), "sdxl": (16, 32)}
"""Of the text encoders."""
LAYERS = 12
"""Of a text encoder: as many as the real first one, fewer than the real second one's 32."""
PIPELINES = {"base": "Pipeline", "inpaint": "InpaintPipeline", "edit": "InstructPix2PixPipeline"}
FAMILIES = {"sd15": "StableDiffusion", "sdxl": "StableDiffusionXL"}
PREFIXES = {"sd15": ("lora_te",), "sdxl": ("lora_te1", "lora_te2")}
"""Of the text encoders in a LoRA made by kohya's scripts."""
SPREAD = 0.5
"""Standard deviation of a decoded picture, of −1 to 1."""
ADAPTED = ("to_q", "to_k", "to_v", "to_out.0", "q_proj", "k_proj", "v_proj", "out_proj")
"""The layers of an attention, which a LoRA changes."""


def configs(family: str) -> components.Config:
    """The shapes of the tiny checkpoints of a family, for `weights.load`."""
    real = components.config(family)
    pairs = zip(real["encoders"], WIDTHS[family], strict=True)
    encoders = [
        {**one, "hidden_size": width, "intermediate_size": 4 * width, "projection_dim": width}
        | {"num_hidden_layers": LAYERS, "num_attention_heads": 4}
        for one, width in pairs
    ]
    unet = {**real["unet"], **UNET[family], "norm_num_groups": 16}
    return {**real, "unet": unet, "vae": {**real["vae"], **VAE}, "encoders": encoders}


def folder(path: Path, family: str, layout: str = "base", seed: int = 0, dtype: torch.dtype = torch.float16) -> Path:
    """Write a diffusers folder of `sd15` or `sdxl`, layout `base`, `inpaint` or `edit`. Returns `path`."""
    unet, vae, *encoders = _made(family, layout, seed, dtype)
    facts = components.config(family)
    parts = {"unet": unet, "vae": vae} | dict(zip(("text_encoder", "text_encoder_2"), encoders, strict=False))
    for name, pad in zip(("tokenizer", "tokenizer_2"), facts["pads"], strict=False):
        parts[name] = clip_vocabulary.tokenizer(pad)
    name, told = Scheduler.of(facts["scheduler"])
    parts["scheduler"] = getattr(diffusers, name).from_config(told)
    if family == "sd15":
        parts |= {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}
    with components.quiet():
        getattr(diffusers, FAMILIES[family] + PIPELINES[layout])(**parts).save_pretrained(path)
    return path


def file(path: Path, family: str, layout: str = "base", seed: int = 0, dtype: torch.dtype = torch.float16) -> Path:
    """Write the weights of `folder` as one safetensors file with the names of the real releases. Returns `path`."""
    unet, vae, *encoders = (one.state_dict() for one in _made(family, layout, seed, dtype))
    found = dict(ldm.unet(unet)) | dict(ldm.vae(vae)) | dict(ldm.encoder(encoders[0], family))
    for one in encoders[1:]:
        found |= ldm.second(one)
    if family == "sd15":
        found["alphas_cumprod"] = torch.cumprod(1 - torch.linspace(0.00085**0.5, 0.012**0.5, 1000) ** 2, 0)
    save_file({name: value.contiguous() for name, value in found.items()}, path, {"format": "pt"})
    return path


def lora(path: Path, family: str, kohya: bool = True, seed: int = 0, rank: int = 4) -> Path:
    """Write a LoRA of the attentions of UNet and text encoders, with the names of kohya's scripts or of diffusers.

    Returns `path`.
    """
    draw = torch.Generator().manual_seed(seed)
    unet, _, *encoders = _modules(family, "base")
    found: dict[str, Tensor] = {}
    for number, module in enumerate((unet, *encoders)):
        attended = {name.split(".attentions.")[0] for name, _ in module.named_modules() if ".attentions." in name}
        for name, layer in module.named_modules():
            if not (isinstance(layer, nn.Linear) and name.endswith(ADAPTED)):
                continue
            down = torch.randn(rank, layer.in_features, generator=draw) / math.sqrt(layer.in_features)
            up = torch.randn(layer.out_features, rank, generator=draw) / math.sqrt(rank)
            if kohya:
                at = _kohya(name, family, number, attended)
                found |= {f"{at}.lora_down.weight": down, f"{at}.lora_up.weight": up}
                found[f"{at}.alpha"] = torch.tensor(float(rank))
            else:
                at = f"{('unet', 'text_encoder', 'text_encoder_2')[number]}.{_wrapped(name) if number else name}"
                found |= {f"{at}.lora_A.weight": down, f"{at}.lora_B.weight": up}
    save_file({name: value.half().contiguous() for name, value in found.items()}, path, {"format": "pt"})
    return path


def flux(path: Path, seed: int = 0) -> Path:
    """Write a diffusers folder of FLUX.1, whose T5 reads single letters. Returns `path`."""
    with _seeded(seed):
        transformer = diffusers.FluxTransformer2DModel(
            num_layers=1,
            num_single_layers=1,
            attention_head_dim=16,
            num_attention_heads=2,
            joint_attention_dim=32,
            pooled_projection_dim=32,
            guidance_embeds=True,
            axes_dims_rope=(4, 6, 6),
        )
        vae = diffusers.AutoencoderKL.from_config(
            {**configs("sd15")["vae"], "latent_channels": 16, "scaling_factor": 0.3611, "shift_factor": 0.1159}
            | {"use_quant_conv": False, "use_post_quant_conv": False, "sample_size": 1024}
        )
        clip = CLIPTextModel(CLIPTextConfig(**configs("sd15")["encoders"][0]))
        words = T5EncoderModel(T5Config(vocab_size=128, d_model=32, d_kv=16, d_ff=64, num_layers=2, num_heads=2))
    _tame_vae(vae)
    pipeline = diffusers.FluxPipeline(
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(shift=3.0, use_dynamic_shifting=True),
        vae=vae,
        text_encoder=clip,
        tokenizer=clip_vocabulary.tokenizer(),
        text_encoder_2=words,
        tokenizer_2=_letters(),
        transformer=transformer,
    )
    with components.quiet():
        pipeline.to(dtype=torch.float16).save_pretrained(path)
    return path


def _letters() -> T5Tokenizer:
    """A tokenizer of T5's kind that knows single letters."""
    pieces = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -2.0)]
    return T5Tokenizer(vocab=pieces + [(chr(i), -3.0) for i in range(33, 127)], extra_ids=0)


def _kohya(name: str, family: str, number: int, attended: set[str]) -> str:
    """A layer's name as kohya's scripts write it; the UNet of SDXL keeps the names of its single file."""
    if number:
        return f"{PREFIXES[family][number - 1]}_{_wrapped(name).replace('.', '_')}"
    own = ldm.block(name, attended) if family == "sdxl" else name
    return f"lora_unet_{own.replace('.', '_')}"


def _wrapped(name: str) -> str:
    """A text encoder's layer as it was named before transformers 5.6."""
    return f"text_model.{name.removeprefix('text_model.')}"


def _modules(family: str, layout: str) -> list[Any]:
    shapes = configs(family)
    return [components.module(shapes, layout, i) for i in range(2 + len(shapes["encoders"]))]


def _made(family: str, layout: str, seed: int, dtype: torch.dtype) -> list[Any]:
    """UNet, autoencoder and encoders with weights of a seed that give sane values."""
    with _seeded(seed):
        found = _modules(family, layout)
        _tame_unet(found[0])
        _tame_vae(found[1])
    with components.quiet():
        return [one.eval().to(dtype) for one in found]


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Torch begins weights from its one global generator: it is put back afterwards."""
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        yield


def _tame_unet(unet: Any) -> None:
    """Let the UNet answer noise with noise of about the same strength."""
    told, draw = unet.config, torch.Generator().manual_seed(0)
    added = None
    if told.addition_embed_type:
        pooled = told.projection_class_embeddings_input_dim - 6 * told.addition_time_embed_dim
        added = {"text_embeds": torch.randn(1, pooled, generator=draw), "time_ids": torch.full((1, 6), 512.0)}
    noise = torch.randn(1, told.in_channels, 16, 16, generator=draw)
    words = torch.randn(1, clip_vocabulary.LENGTH, told.cross_attention_dim, generator=draw)
    _scale(unet.conv_out, unet(noise, 500, words, added_cond_kwargs=added).sample, 1.0)


def _tame_vae(vae: Any) -> None:
    """Let the autoencoder take pictures to latents of the usual strength, nearly without noise, and back."""
    draw = torch.Generator().manual_seed(0)
    inward, channels = vae.quant_conv or vae.encoder.conv_out, vae.config.latent_channels
    with torch.no_grad():
        picture = torch.rand(1, 3, 64, 64, generator=draw) * 2 - 1
        _scale(inward, vae.encode(picture).latent_dist.mean, 1 / vae.config.scaling_factor)
        inward.weight[channels:] = 0
        inward.bias[channels:] = -12
        latents = torch.randn(1, channels, 8, 8, generator=draw) / vae.config.scaling_factor
        _scale(vae.decoder.conv_out, vae.decode(latents).sample, SPREAD)


def _scale(layer: nn.Module, answer: Tensor, wanted: float) -> None:
    """Bring a layer's answer to a wanted standard deviation by a power of two, which rounds nothing."""
    factor = 2.0 ** round(math.log2(wanted / float(answer.std())))
    for value in layer.parameters():
        value.mul_(factor)


if __name__ == "__main__":  # for a program that must not load torch itself
    folder(Path(sys.argv[1]), "sd15")
