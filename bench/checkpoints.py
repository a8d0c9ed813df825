"""Checkpoints with random weights for measuring: the released shapes, or the same at a quarter of their width.

How long a model takes does not depend on what its weights say. What it paints is noise.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import diffusers as untyped_diffusers
import torch
from safetensors.torch import save_file
from torch.utils import flop_counter as untyped_flop_counter

from bridge.engines.diffusion import clip_vocabulary, components, ldm, tiny
from bridge.engines.diffusion.components import CHANNELS, Config
from bridge.engines.diffusion.schedulers import Scheduler
from bridge.models.values import Layout, Model

diffusers: Any = untyped_diffusers
flop_counter: Any = untyped_flop_counter

PIPELINES = {"base": "Img2ImgPipeline", "inpaint": "InpaintPipeline"}
NAMES = {"sd15": "StableDiffusion", "sdxl": "StableDiffusionXL"}
MEDIUM: dict[str, dict[str, Any]] = {
    "sd15": {"block_out_channels": [80, 160, 320, 320], "cross_attention_dim": 192, "attention_head_dim": 2},
    "sdxl": {
        "block_out_channels": [80, 160, 320],
        "cross_attention_dim": 512,
        "attention_head_dim": [1, 2, 5],
        "addition_time_embed_dim": 64,
        "projection_class_embeddings_input_dim": 704,  # the second encoder's width and six numbers of 64
    },
}
"""What the UNets of a quarter of the width have otherwise than the real ones; depth and widths of heads are theirs."""
TERA = 1e12


def real(family: str) -> Config:
    """The released shapes."""
    return _steady(components.config(family))


def small(family: str) -> Config:
    """The tiny ones: what a call costs in which next to nothing is computed."""
    return _steady(tiny.configs(family.removesuffix("-few")))


def medium(family: str) -> Config:
    """The same at a quarter of the width, in everything: so the components keep their shares of a fill."""
    shapes = real(family)
    unet = {**shapes["unet"], **MEDIUM[family.removesuffix("-few")], "norm_num_groups": 16}
    vae = {**shapes["vae"], "block_out_channels": [32, 64, 128, 128], "norm_num_groups": 16}
    quartered = ("hidden_size", "intermediate_size", "projection_dim")
    encoders = [
        {**one, **{name: one[name] // 4 for name in quartered}, "num_attention_heads": 4} for one in shapes["encoders"]
    ]
    return {**shapes, "unet": unet, "vae": vae, "encoders": encoders}


def folder(path: Path, family: str, layout: Layout, shapes: Config, device: torch.device) -> Model:
    """Write a diffusers folder in half precision, its weights drawn on `device`, unless it is there."""
    if not path.exists():
        unet, vae, *encoders = _modules(shapes, layout, device)
        scheduler = scheduled(family, shapes["scheduler"])
        with components.quiet():
            pipeline(family, layout, unet, vae, tuple(encoders), shapes["pads"], scheduler).save_pretrained(path)
    return Model(path.name, path.name, family, layout, path, "folder", 0, path.name)


def file(path: Path, family: str, layout: Layout, shapes: Config, device: torch.device, scheduler: str) -> Model:
    """Write the same as one safetensors file with the names of the real releases, sampled with `scheduler`."""
    name = family.removesuffix("-few")
    unet, vae, *encoders = (one.state_dict() for one in _modules(shapes, layout, device))
    found = dict(ldm.unet(unet)) | dict(ldm.vae(vae)) | dict(ldm.encoder(encoders[0], name))
    for one in encoders[1:]:
        found |= ldm.second(one)
    save_file({key: value.contiguous().cpu() for key, value in found.items()}, path, {"format": "pt"})
    return Model(path.stem, path.stem, family, layout, path, "file", path.stat().st_size, path.stem, "", "", scheduler)


def sampled(model: Model, scheduler: str) -> None:
    """Let a folder name another scheduler: whoever loads it from now on samples with that."""
    scheduled(model.family, scheduler).save_pretrained(model.path / "scheduler")


def scheduled(family: str, name: str) -> Any:
    """A scheduler of diffusers, set as for a model of this family."""
    name, told = Scheduler.of(name, few=family.endswith("-few"))
    return getattr(diffusers, name).from_config(told)


def pipeline(
    family: str,
    layout: Layout,
    unet: Any,
    vae: Any,
    encoders: tuple[Any, ...],
    pads: tuple[str, ...],
    scheduler: Any,
    inpaints: bool = False,
) -> Any:
    """The stock pipeline over these modules; without a safety checker, without a bar. `inpaints`: the one that fills a
    hole, for a base model too.
    """
    name = family.removesuffix("-few")
    modules = {"unet": unet, "vae": vae, "scheduler": scheduler}
    for number, (encoder, pad) in enumerate(zip(encoders, pads, strict=True)):
        ending = f"_{number + 1}" if number else ""
        modules |= {f"text_encoder{ending}": encoder, f"tokenizer{ending}": clip_vocabulary.tokenizer(pad)}
    if name == "sd15":
        modules |= {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}
    with components.quiet():
        made = stock_class(family, "inpaint" if inpaints else layout)(**modules)
    made.set_progress_bar_config(disable=True)
    return made


def stock_class(family: str, layout: Layout) -> Any:
    """Diffusers' own pipeline for a kind of model."""
    return getattr(diffusers, NAMES[family.removesuffix("-few")] + PIPELINES[layout])


def arithmetic(shapes: Config, layout: Layout, side: int) -> dict[str, float]:
    """TFLOP of one call of each component at `side`² pixels: `step`, `encode`, `decode`, `text` (of one prompt).

    Counted on shapes alone, in no time and no memory.
    """
    meta = torch.device("meta")
    with meta, torch.no_grad():
        unet, vae, *encoders = (components.module(shapes, layout, i) for i in range(2 + len(shapes["encoders"])))
        words = torch.zeros(1, clip_vocabulary.LENGTH, unet.config.cross_attention_dim)
        added = None
        if unet.config.addition_embed_type:
            pooled = torch.zeros(1, shapes["encoders"][1]["projection_dim"])
            added = {"text_embeds": pooled, "time_ids": torch.zeros(1, 6)}
        rgb = torch.zeros(1, 3, side, side)
        z = torch.zeros(1, CHANNELS[layout], side // 8, side // 8)
        ids = torch.zeros(1, clip_vocabulary.LENGTH, dtype=torch.long)
        calls: dict[str, Callable[[], Any]] = {
            "step": lambda: unet(z, torch.zeros(1), words, added_cond_kwargs=added),
            "encode": lambda: vae.encode(rgb),
            "decode": lambda: vae.decode(z[:, : vae.config.latent_channels]),
            "text": lambda: [encoder(ids) for encoder in encoders],
        }
        counted = {}
        for name, call in calls.items():
            with flop_counter.FlopCounterMode(display=False) as counter:
                call()
            counted[name] = counter.get_total_flops() / TERA
    return counted


def _steady(shapes: Config) -> Config:
    """With SDXL's autoencoder taken for the one that was retrained for half precision: the stock pipeline brings the
    first one to float32 and back, and would lose.
    """
    return {**shapes, "vae": {**shapes["vae"], "force_upcast": False}}


def _modules(shapes: Config, layout: Layout, device: torch.device) -> list[Any]:
    with device, torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        made = [components.module(shapes, layout, i) for i in range(2 + len(shapes["encoders"]))]
    with components.quiet():
        return [one.eval().to(torch.float16) for one in made]
