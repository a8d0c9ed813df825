"""Parity: the loop against diffusers' own pipelines. The same start, scheduler and words give the same latents.

Random weights show no other mistake of an engine, so this is its proof. `python -m tests.parity` prints the table.
"""

from collections.abc import Callable
from typing import Any

import diffusers
import torch
from diffusers import (
    DPMSolverMultistepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    LCMScheduler,
)

from bridge.engines.diffusion import weights
from bridge.engines.diffusion.denoisers import Seen, denoiser
from bridge.engines.diffusion.loop import sample
from bridge.engines.diffusion.parity import known, seeded
from bridge.engines.diffusion.schedulers import NOISE
from bridge.engines.diffusion.texts import embed
from tests.checkpoints import FAMILIES, LAYOUTS, parts

SIZE = 64
STEPS = 6
PIPELINES = {"base": "Img2ImgPipeline", "inpaint": "InpaintPipeline", "edit": "InstructPix2PixPipeline"}
NAMES = {"sd15": "StableDiffusion", "sdxl": "StableDiffusionXL"}
SAMPLERS: dict[str, Callable[[], Any]] = {
    "Euler": lambda: EulerDiscreteScheduler(**NOISE, timestep_spacing="leading"),
    "Euler, trailing": lambda: EulerDiscreteScheduler(**NOISE, timestep_spacing="trailing"),
    "Euler, v": lambda: EulerDiscreteScheduler(**NOISE, prediction_type="v_prediction"),
    "Euler a": lambda: EulerAncestralDiscreteScheduler(**NOISE, timestep_spacing="leading"),
    "Euler a, trailing": lambda: EulerAncestralDiscreteScheduler(**NOISE, timestep_spacing="trailing"),
    "DPM++ 2M": lambda: DPMSolverMultistepScheduler(**NOISE),
    "DPM++ 2M Karras": lambda: DPMSolverMultistepScheduler(**NOISE, use_karras_sigmas=True),
    "LCM": lambda: LCMScheduler(**NOISE),
}


def stock(family: str, kind: str, layout: str, scheduler: Any) -> Any:
    """The stock pipeline over the same modules."""
    of = parts(family, layout)
    modules = {"vae": of.vae, "unet": of.unet, "text_encoder": of.encoders[0], "tokenizer": of.tokenizers[0]}
    if family == "sdxl":
        modules |= {"text_encoder_2": of.encoders[1], "tokenizer_2": of.tokenizers[1]}
    else:
        modules |= {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}
    with weights.quiet():
        pipeline = getattr(diffusers, NAMES[family] + kind)(scheduler=scheduler, **modules)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def difference(family: str, layout: str, sampler: str, guidance: float) -> tuple[float, float]:
    """Largest difference between our latents and the stock pipeline's, and their own largest value.

    Everything is to be painted, in float32; both begin with the same latents.
    """
    of, pipeline = parts(family, layout), stock(family, PIPELINES[layout], layout, SAMPLERS[sampler]())
    rgb = torch.rand((1, 3, SIZE, SIZE), generator=seeded(1))
    z, noise = (torch.randn((1, 4, SIZE // 8, SIZE // 8), generator=seeded(seed)) for seed in (2, 3))
    told = {"prompt": "a red roof", "negative_prompt": "grey", "num_inference_steps": STEPS, "guidance_scale": guidance}
    told |= {"output_type": "latent", "generator": seeded(), "image": rgb}
    first, seen, everything = 0, Seen(), torch.ones(1, 1, SIZE // 8, SIZE // 8)
    with torch.inference_mode():
        if layout == "base":
            told |= {"strength": 0.5}
            first = STEPS // 2
        elif layout == "edit":
            seen = Seen(of.vae.encode(rgb * 2 - 1).latent_dist.mode())
        else:
            seen = Seen(
                of.vae.encode(torch.zeros_like(rgb)).latent_dist.mode() * of.vae.config.scaling_factor, everything
            )
            told |= {"mask_image": torch.ones(1, 1, SIZE, SIZE), "masked_image_latents": seen.latents, "strength": 1.0}
        if layout != "base" and (family, layout) != ("sd15", "edit"):
            told |= {"height": SIZE, "width": SIZE}
        plan = known(SAMPLERS[sampler](), first, STEPS)
        start = plan.noised(z, noise, 0)
        pipeline.prepare_latents = lambda *given, **more: (start, noise) if layout == "inpaint" else start
        wanted = pipeline(**told).images
        text = embed(of, "a red roof", "grey", guided=guidance > 1)
        denoise = denoiser(of, text, seen, guidance, (SIZE, SIZE))
        found = sample(z, everything, noise, plan, denoise, lambda i, clean: None, [seeded()])
    return float((found - wanted).abs().max()), float(wanted.abs().max())


def masked(family: str, sampler: str) -> tuple[float, float]:
    """The same where the right half is to be painted, by the stock inpainting pipeline for four channels: the largest
    difference, and how far ours leaves the original on the left.
    """
    of, pipeline = parts(family), stock(family, "InpaintPipeline", "base", SAMPLERS[sampler]())
    z, noise = (torch.randn((1, 4, SIZE // 8, SIZE // 8), generator=seeded(seed)) for seed in (2, 3))
    mask = torch.zeros(1, 1, SIZE, SIZE)
    mask[..., SIZE // 2 :] = 1
    with torch.inference_mode():
        plan = known(SAMPLERS[sampler](), 0, STEPS)
        start = plan.noised(z, noise, 0)
        pipeline.prepare_latents = lambda *given, **more: (start, noise, z)
        told = {"prompt": "a red roof", "num_inference_steps": STEPS, "guidance_scale": 1.0, "strength": 1.0}
        told |= {"image": torch.zeros(1, 3, SIZE, SIZE), "mask_image": mask, "height": SIZE, "width": SIZE}
        told |= {"masked_image_latents": z}  # of no use to four channels, but it would draw from the generator
        theirs = pipeline(**told, output_type="latent", generator=seeded()).images
        text = embed(of, "a red roof", "", guided=False)
        denoise = denoiser(of, text, Seen(), 1.0, (SIZE, SIZE))
        found = sample(z, mask[..., ::8, ::8], noise, plan, denoise, lambda i, clean: None, [seeded()])
    half = SIZE // 16
    return float((found - theirs).abs().max()), float((found - z)[..., :half].abs().max())


def main() -> None:
    """The worst of each row."""
    print("| family, layout | " + " | ".join(SAMPLERS) + " |")
    print("|---|" + "--:|" * len(SAMPLERS))
    for family in FAMILIES:
        for layout in LAYOUTS:
            cells = [max(difference(family, layout, one, guidance)[0] for guidance in (1.0, 5.0)) for one in SAMPLERS]
            print(f"| {family}, {layout} | " + " | ".join(f"{cell:.0e}" for cell in cells) + " |", flush=True)


if __name__ == "__main__":
    main()
