"""A Stable Diffusion model in memory."""

from dataclasses import dataclass
from typing import Any

from transformers import CLIPTokenizer

from bridge.engines.diffusion.schedulers import Scheduler


@dataclass(eq=False)
class Parts:
    """A Stable Diffusion model in memory. Modules may belong to other models as well: never write into their weights.

    family     "sd15" or "sdxl", also for their distilled relatives
    layout     "base", "inpaint" or "edit"
    unet       diffusers' UNet2DConditionModel, vae its AutoencoderKL: in evaluation mode, on the device
    encoders   CLIPTextModel; SDXL has a CLIPTextModelWithProjection besides
    tokenizers one for each encoder
    scheduler  what it is sampled with
    zero_negative  an empty negative prompt becomes zeros (SDXL)
    size       bytes of all weights
    offloaded  the UNet's weights come to the device group by group (`memory.py`)
    """

    family: str
    layout: str
    unet: Any
    vae: Any
    encoders: tuple[Any, ...]
    tokenizers: tuple[CLIPTokenizer, ...]
    scheduler: Scheduler
    zero_negative: bool
    size: int
    offloaded: bool = False
