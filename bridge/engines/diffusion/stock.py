"""Families that have no loop of their own yet, painted by the pipelines that diffusers has for them.

What such a pipeline does to a selection is hidden by what stands around every engine: the crop, the colour step and the
layer mask. What it cannot do: its mask is hard (a cell is repainted or not, at the strength of the whole), its noise is
drawn for each plate by itself and not cut out of one field, it gives no previews, and it takes no LoRAs.
"""

import itertools
import math
from collections.abc import Iterator, Mapping
from inspect import Parameter, signature
from typing import TYPE_CHECKING, Any, NamedTuple

import diffusers
import torch
from safetensors import SafetensorError

from bridge import colour, masks
from bridge.engines import Bools, Floats, Plate, Step
from bridge.engines.diffusion import devices, weights
from bridge.families import FAMILIES, LEAST_STEPS
from bridge.protocol.errors import Refusal
from bridge.protocol.limits import GIB
from bridge.protocol.values import Recipe

if TYPE_CHECKING:
    from bridge.models import Model

__all__ = ["PIPELINES", "Stock", "schedule"]


class Pipelines(NamedTuple):
    """diffusers' classes for one kind of folder: where something of the plate is kept, and where nothing is."""

    kept: str
    whole: str


def _both(stem: str) -> Pipelines:
    return Pipelines(f"{stem}InpaintPipeline", f"{stem}Img2ImgPipeline")


def _one(name: str) -> Pipelines:
    return Pipelines(name, name)


PIPELINES: dict[str, Pipelines] = {
    "ChromaPipeline": _one("ChromaImg2ImgPipeline"),
    "Flux2KleinPipeline": _one("Flux2KleinInpaintPipeline"),
    "FluxFillPipeline": _one("FluxFillPipeline"),
    "FluxKontextPipeline": _one("FluxKontextInpaintPipeline"),
    "FluxPipeline": _both("Flux"),
    "KolorsPipeline": _one("KolorsImg2ImgPipeline"),
    "QwenImagePipeline": _both("QwenImage"),
    "StableDiffusion3Pipeline": _both("StableDiffusion3"),
    "StableDiffusionInpaintPipeline": _one("StableDiffusionInpaintPipeline"),
    "StableDiffusionPipeline": _both("StableDiffusion"),
    "StableDiffusionXLInpaintPipeline": _one("StableDiffusionXLInpaintPipeline"),
    "StableDiffusionXLPipeline": _both("StableDiffusionXL"),
    "ZImagePipeline": _both("ZImage"),
}
"""By the class that a folder names. Not from diffusers' own maps, which lack Chroma, Fill, Kontext, klein and Kolors.

Not ChromaInpaintPipeline: it asks the transformer for a setting (`guidance_embeds`) that Chroma's does not have. Not
QwenImageEditInpaintPipeline: it takes 8-bit pictures only. Nor few-step classes whose schedulers refuse a schedule
longer than their own (LCM, SANA-Sprint).
"""

AGAINST = 2.0
"""Guidance away from a negative prompt in models whose own guidance is distilled (FLUX.1): 1 would not hear it."""
ROOM = 3 * GIB
"""Device memory left for activations when weights are to stay on the device."""
STRIDES = 0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D
"""Large odd numbers: plates at other places of a field, and those of the other pass, have seeds of their own."""


class Stock:
    """A family that has no loop of its own yet, painted by the pipeline that diffusers has for it.

    `device` and `dtype` are where and in what precision it works. Weights that do not fit the device, or that are to
    stay `beside` it, are held in main memory and brought over one component at a time.

    Raises Refusal `model.missing` for a class that has no pipeline here, or needs a library that is not installed;
    `model.invalid` for files that do not load.
    """

    def __init__(self, model: "Model", device: torch.device, dtype: torch.dtype, beside: bool = False) -> None:
        self.model, self.beside, self._device = model, beside, device
        self._names = _names(model)
        first = _load(model, self._names.kept, dtype)
        self._away = device.type != "cpu" and (beside or not _fits(first, device))
        self._pipes = {self._names.kept: self._settled(first)}
        self._own = _defaults(getattr(diffusers, model.pipeline))

    def paint(self, plate: Plate, recipe: Recipe, step: Step) -> Iterator[tuple[int, Floats]]:
        """Yield (variation, float32 RGB (H, W, 3), 0–1) one after the other; see `Engine.paint`.

        The noise of variation k comes from a CPU generator with seed (seed + k) mod 2³² (moved by the plate's place in
        its field), so that it depends on nothing else. Raises Refusal `recipe.field` for LoRAs.
        """
        if recipe.loras:
            text = f"{self.model.name} takes no LoRAs yet, and the recipe names {len(recipe.loras)}"
            raise Refusal("recipe.field", f"{text}: remove them, or choose an SD 1.5 or SDXL model.", field="loras")
        free = masks.upsample_cells(plate.d, plate.cell) > 0
        pipe = self._pipe(self._names.whole if free.all() else self._names.kept)
        for k in range(recipe.count):
            yield k, self._painted(pipe, plate, free, recipe, k, step)

    def _painted(self, pipe: Any, plate: Plate, free: Bools, recipe: Recipe, k: int, step: Step) -> Floats:
        """One variation. What `step` raises passes through the pipeline, whose next call starts anew."""
        calls = self._calls(recipe, plate.strength)
        number, strength = schedule(calls, plate.strength)
        height, width = free.shape

        def told(pipe: Any, i: int, t: torch.Tensor, tensors: dict[str, Any]) -> dict[str, Any]:
            step(k, i + 1, pipe.num_timesteps, None)
            return tensors

        # Pictures are tensors of 0–1: below 0, by however little, diffusers would take them for −1 to 1.
        arguments = self._words(recipe) | {
            "image": torch.from_numpy(plate.rgb.clip(0, 1)).movedim(-1, 0)[None].contiguous(),
            "mask_image": torch.from_numpy(free)[None, None].float(),
            "height": height,
            "width": width,
            "num_inference_steps": number,
            "strength": strength,
            "generator": torch.Generator("cpu").manual_seed(_seed(recipe, plate, k)),
            "output_type": "np",
            "return_dict": False,
            "callback_on_step_end": told,
            "max_area": width * height,  # Kontext would choose a size of its own
            "_auto_resize": False,
        }
        taken = signature(pipe.__call__).parameters
        step(k, 0, calls, None)
        try:
            painted = pipe(**{name: value for name, value in arguments.items() if name in taken})[0][0]
        except BaseException:
            pipe.maybe_free_model_hooks()  # what was brought to the device goes back, as after a call that ended
            raise
        return colour.resample(painted, (width, height))  # klein works no larger than 1024² and says nothing

    def _calls(self, recipe: Recipe, strength: float) -> int:
        """Steps to run: the recipe's, the model's, the family's or the pipeline's own, cut by the strength."""
        wanted = recipe.steps or self.model.steps
        family = FAMILIES.get(self.model.family)
        if family:
            return family.calls(strength, wanted)
        return max(LEAST_STEPS, math.ceil((wanted or self._own["num_inference_steps"]) * strength))

    def _words(self, recipe: Recipe) -> dict[str, Any]:
        """Prompts and guidance, by the names under which pipelines take them; those that take no negative hear none.

        Defaults are those of the class that the folder names: what inpainting classes say was copied from others.
        """
        family, own = FAMILIES.get(self.model.family), self._own.get("guidance_scale")
        scale = next((one for one in (recipe.guidance, self.model.guidance) if one is not None), None)
        if scale is None and family and family.few:
            scale = 1.0
        if own is None:  # Qwen-Image: guided where a negative is given, were it empty
            scale = self._own["true_cfg_scale"] if scale is None else scale
            return {"prompt": recipe.prompt, "negative_prompt": recipe.negative, "true_cfg_scale": scale}
        words = {"prompt": recipe.prompt, "guidance_scale": own if scale is None else scale}
        if recipe.negative:
            words |= {"negative_prompt": recipe.negative, "true_cfg_scale": AGAINST}
        return words

    def _pipe(self, name: str) -> Any:
        """The pipeline of that class, on the weights that are loaded."""
        if name not in self._pipes:
            first = self._pipes[self._names.kept]
            known = {**first.config, **first.components}
            kind = getattr(diffusers, name)
            pipe = kind(**{one: known[one] for one in signature(kind.__init__).parameters if one in known})
            self._pipes[name] = self._settled(pipe)
        return self._pipes[name]

    def _settled(self, pipe: Any) -> Any:
        """The pipeline, its weights on the device, or held beside it where they do not fit."""
        pipe.set_progress_bar_config(disable=True)
        if self._away:
            pipe.enable_model_cpu_offload(device=self._device)
            return pipe
        return pipe.to(self._device)


def schedule(calls: int, strength: float) -> tuple[int, float]:
    """(number of steps, strength) to ask a pipeline for so that it runs the last `calls` (≥ 1) of them, no step more.

    Pipelines know only schedules cut at a whole step, some of them rounded up and some down: the shortest one is taken
    that starts no higher than `strength` (above 0, up to 1) and for which both come out alike.
    """
    numbers = itertools.count(math.ceil(calls / strength - 1e-9))
    return next((number, calls / number) for number in numbers if calls / number * number == calls)


def _names(model: "Model") -> Pipelines:
    names = PIPELINES.get(model.pipeline)
    if names and all(hasattr(diffusers, name) for name in names):
        return names
    text = f"{model.name} is a {model.pipeline}, and the bridge knows no way to paint a selection with one"
    raise Refusal("model.missing", f"{text}: choose another model.", model=model.id)


def _load(model: "Model", name: str, dtype: torch.dtype) -> Any:
    """A pipeline of that class with a folder's weights: safetensors on this machine and nothing else."""
    kind = getattr(diffusers, name)
    taken = signature(kind.__init__).parameters
    unchecked = {"safety_checker": None, "requires_safety_checker": False}
    try:
        with weights.quiet():
            return kind.from_pretrained(
                model.path,
                dtype=dtype,
                variant="fp16" if _is_half(model) else None,
                use_safetensors=True,
                local_files_only=True,
                trust_remote_code=False,
                **{one: value for one, value in unchecked.items() if one in taken},
            )
    except torch.OutOfMemoryError:
        raise
    except ImportError as error:  # diffusers has stand-ins for classes whose libraries are missing
        text = f"{model.name} is a {model.pipeline}, which needs a library that is not installed"
        raise Refusal("model.missing", f"{text}. {str(error).strip()}, or choose another.", model=model.id) from error
    except (OSError, ValueError, TypeError, LookupError, RuntimeError, SafetensorError) as error:
        text = f"{model.name} could not be loaded as a {model.pipeline}: files of its folder are missing or damaged"
        raise Refusal("model.invalid", f"{text}. Download it again, or choose another.", model=model.id) from error


def _fits(pipe: Any, device: torch.device) -> bool:
    """True where all weights, in main memory by now, can lie on the device and leave room to work."""
    if device.type not in ("cuda", "xpu"):
        return True
    parts = [part for part in pipe.components.values() if isinstance(part, torch.nn.Module)]
    return sum(one.nbytes for part in parts for one in part.parameters()) + ROOM <= devices.facts(device).free


def _is_half(model: "Model") -> bool:
    """True where a component has no weights but those named fp16."""
    names: dict[str, set[bool]] = {}
    for file in model.path.glob("*/*.safetensors"):
        names.setdefault(file.parent.name, set()).add(".fp16." in file.name)
    return {True} in names.values()


def _seed(recipe: Recipe, plate: Plate, k: int) -> int:
    assert recipe.seed is not None, "the bridge draws the seed"
    place = zip(STRIDES, (*plate.origin, plate.number), strict=True)
    return (recipe.seed + k + sum(stride * one for stride, one in place)) % 2**32


def _defaults(kind: type) -> Mapping[str, Any]:
    """What a pipeline does where it is told nothing."""
    parameters = signature(kind.__call__).parameters.values()
    return {one.name: one.default for one in parameters if one.default is not Parameter.empty}
