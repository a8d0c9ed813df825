"""What the catalogue hands out: a model, a LoRA. Plain values, safe to show; only `path` never leaves the machine."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Layout = Literal["base", "inpaint", "edit"]
Form = Literal["file", "folder"]
Prediction = Literal["epsilon", "v_prediction", ""]


@dataclass(frozen=True)
class Model:
    """Weights found on this machine.

    id         opaque: letters of the name and eight hex digits of the content, e.g. `dreamshaper-8-3f2a91bc`; never a
               path; at most 64 of [a-z0-9-]. The one that comes with the package is plainly `sample`
    name       what an artist reads
    family     a row of `families.FAMILIES`: "sd15", "sdxl", their distilled relatives "sd15-few", "sdxl-few", "flux1",
               "flux2-klein", "z-image", "qwen-image", "sample"; "" where there is no row
    layout     "base" (4 channels), "inpaint" (9), "edit" (8, InstructPix2Pix); "base" for others
    path       the safetensors file, or the diffusers folder
    form       "file" or "folder"
    size       bytes of weights
    hash       32 hex digits: a fingerprint of the content (size, header, and samples spread over the files)
    pipeline   the diffusers pipeline class that a folder names; "" for files
    licence    as the files say (modelspec metadata, README.md front matter `license:`), "" if they do not
    scheduler, steps, guidance    what a distilled model needs where its files do not say: "LCMScheduler", its steps,
               its guidance; "" and None otherwise
    prediction "epsilon", "v_prediction" or "" (not said)
    problem    why it cannot be used: a sentence for an artist; "" where it can
    parameters number of weights, whatever their precision
    zero_snr   trained down to pure noise: the schedule is rescaled to zero terminal signal-to-noise ratio
    """

    id: str
    name: str
    family: str
    layout: Layout
    path: Path
    form: Form
    size: int
    hash: str
    pipeline: str = ""
    licence: str = ""
    scheduler: str = ""
    steps: int | None = None
    guidance: float | None = None
    prediction: Prediction = ""
    problem: str = ""
    parameters: int = 0
    zero_snr: bool = False


@dataclass(frozen=True)
class Lora:
    """A small change to a model's weights, found on this machine.

    id, name, path, size, hash, licence, problem    as a model's
    family     whose models it fits: "sd15", "sdxl", …; "" where it fits none that is known
    scheduler, steps, guidance    what a distillation LoRA (LCM, Hyper, Lightning, …) asks of the model it is put on;
               "" and None otherwise
    """

    id: str
    name: str
    family: str
    path: Path
    size: int
    hash: str
    licence: str = ""
    scheduler: str = ""
    steps: int | None = None
    guidance: float | None = None
    problem: str = ""
