"""Diffusers folders: what their index names, held against what is known. Read as data; nothing in them is ever run.

Several of this year's holes in loaders lie here: classes named by an index, code beside the weights, weights that lead
out of the folder.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from bridge.models import headers
from bridge.models.distilled import SCHEDULERS
from bridge.models.recognise import CHANNELS, Seen
from bridge.models.values import Layout, Prediction
from bridge.protocol.errors import Refusal
from bridge.protocol.limits import KIB, MIB

INDEX = "model_index.json"
"""The file that makes a folder a model."""

_STABLE = ("", "Img2Img", "Inpaint", "InstructPix2Pix")
PIPELINES: dict[str, str] = {
    **{f"StableDiffusion{kind}Pipeline": "sd15" for kind in _STABLE},
    **{f"StableDiffusionXL{kind}Pipeline": "sdxl" for kind in _STABLE},
    **{f"LatentConsistencyModel{kind}Pipeline": "sd15" for kind in ("", "Img2Img")},
    **{f"Flux{kind}Pipeline": "flux1" for kind in ("", "Fill", "Kontext")},
    "Flux2KleinPipeline": "flux2-klein",
    "ZImagePipeline": "z-image",
    "QwenImagePipeline": "qwen-image",
}
"""Pipeline classes that can be used, and their family: ours by our own loop, the others as `stock.PIPELINES` says."""

_LATER = re.compile(
    r"(StableDiffusion|Flux|ZImage|QwenImage|Chroma|Kolors|Sana|Lumina|HiDream|PixArt|Wan|LTX)\w*Pipeline"
)
"""Pipeline classes that are known and cannot be used yet."""

_DIFFUSERS = frozenset(
    """
    UNet2DConditionModel AutoencoderKL AutoencoderTiny AutoencoderKLFlux2 AutoencoderKLQwenImage
    FluxTransformer2DModel Flux2Transformer2DModel ZImageTransformer2DModel QwenImageTransformer2DModel
    DDIMScheduler DDPMScheduler DEISMultistepScheduler DPMSolverMultistepScheduler DPMSolverSDEScheduler
    DPMSolverSinglestepScheduler EDMEulerScheduler EulerAncestralDiscreteScheduler EulerDiscreteScheduler
    FlowMatchEulerDiscreteScheduler FlowMatchLCMScheduler HeunDiscreteScheduler KDPM2AncestralDiscreteScheduler
    KDPM2DiscreteScheduler LCMScheduler LMSDiscreteScheduler PNDMScheduler SASolverScheduler TCDScheduler
    UniPCMultistepScheduler
    """.split()
)
_TRANSFORMERS = frozenset(
    """
    CLIPTextModel CLIPTextModelWithProjection CLIPTokenizer CLIPTokenizerFast CLIPFeatureExtractor CLIPImageProcessor
    CLIPImageProcessorFast CLIPVisionModelWithProjection T5EncoderModel T5Tokenizer T5TokenizerFast
    PreTrainedTokenizerFast Qwen2Tokenizer Qwen2TokenizerFast Qwen2_5_VLForConditionalGeneration Qwen2VLProcessor
    Qwen2_5_VLProcessor Qwen3ForCausalLM Qwen3Model
    """.split()
)
_LIBRARIES = {"diffusers": _DIFFUSERS, "transformers": _TRANSFORMERS}
_IGNORED = frozenset(("safety_checker", "feature_extractor", "image_encoder"))
"""Components that are never loaded, so that nothing is asked of them."""
_WEIGHTLESS = re.compile(r"\w+(Tokenizer|TokenizerFast|Scheduler|Processor|ProcessorFast|Extractor)")


class Folder(NamedTuple):
    """What a diffusers folder holds.

    seen      family, layout and so on, as of a single file; `problem` is a whole sentence here
    pipeline  the class that its index names
    licence   of its README.md, ""
    steps     where its own scheduler says that it was distilled
    trailing  its scheduler is the one that Turbo models are sampled with
    files     what was looked at, in order: the weights that would be loaded, and their configurations
    weights   bytes of the weights; parameters: how many they are
    """

    seen: Seen
    pipeline: str = ""
    licence: str = ""
    steps: int | None = None
    trailing: bool = False
    files: tuple[Path, ...] = ()
    weights: int = 0
    parameters: int = 0


def survey(folder: Path, title: str) -> Folder:
    """All there is to say about a folder with an index. What is wrong with it stands in `seen.problem`."""
    try:
        return _survey(folder, title)
    except Refusal as why:
        return Folder(Seen("", problem=why.text), files=(folder / INDEX,))
    except OSError as why:
        return Folder(Seen("", problem=f"{title} cannot be read: {why.strerror}."), files=())


def _survey(folder: Path, title: str) -> Folder:
    index = _config(folder / INDEX, title)
    pipeline = index.get("_class_name")
    if not isinstance(pipeline, str) or not (pipeline in PIPELINES or _LATER.fullmatch(pipeline)):
        raise _unsafe(title, f"names the pipeline “{headers.short(pipeline)}”, which is not one of those known here")
    if pipeline not in PIPELINES:
        problem = f"{title} is made for {pipeline}, which cannot be used yet: take SDXL or SD 1.5."
        return Folder(Seen("", problem=problem), pipeline, files=(folder / INDEX,))
    components = dict(_components(index, title))
    _no_code(folder, title)
    bounds = _bounds(folder)
    files: list[Path] = [folder / INDEX]
    size = parameters = 0
    configs: dict[str, dict[str, Any]] = {}
    for name, kind in components.items():
        place = _inside(folder / name, bounds, title)
        for config in ("config.json", "scheduler_config.json"):
            if (place / config).is_file():
                configs[name] = _config(_inside(place / config, bounds, title), title)
                files.append(place / config)
        if _WEIGHTLESS.fullmatch(kind):
            continue
        for path in _weights(place, name, bounds, title):
            header = headers.read(path)
            files.append(path)
            size += header.size - header.start
            parameters += header.parameters
    scheduler = configs.get("scheduler", {})
    seen = _seen(pipeline, title, components, configs)
    return Folder(
        seen,
        pipeline,
        _licence(folder / "README.md"),
        SCHEDULERS.get(components.get("scheduler", "")),
        components.get("scheduler") == "EulerAncestralDiscreteScheduler"
        and scheduler.get("timestep_spacing") == "trailing",
        tuple(files),
        size,
        parameters,
    )


def _components(index: Mapping[str, Any], title: str) -> Iterator[tuple[str, str]]:
    """(name, class) of each component that is loaded. Raises Refusal for a class that is not on the lists."""
    for name, value in index.items():
        if name.startswith("_") or name in _IGNORED or not isinstance(value, list):
            continue
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            raise _unsafe(title, f"has a component “{headers.short(name)}”, whose name leads out of the folder")
        match value:
            case [None, None]:
                continue
            case [str(library), str(kind)] if kind in _LIBRARIES.get(library, ()):
                yield name, kind
            case _:
                what = headers.short(".".join(map(str, value)))
                raise _unsafe(title, f"asks for “{what}” as its {name}, which is not one of the classes known here")


def _seen(pipeline: str, title: str, components: Mapping[str, str], configs: Mapping[str, Mapping[str, Any]]) -> Seen:
    """Family and layout, by the pipeline and its denoiser's configuration."""
    family = PIPELINES[pipeline]
    if family not in ("sd15", "sdxl"):
        return Seen(family)
    unet = configs.get("unet", {})
    channels = unet.get("in_channels", 4)
    layout: Layout = CHANNELS.get(channels, "base") if isinstance(channels, int) else "base"
    scheduler = configs.get("scheduler", {})
    told = scheduler.get("prediction_type")
    prediction: Prediction = told if told in ("epsilon", "v_prediction") else ""
    seen = Seen(family, layout, prediction, scheduler.get("rescale_betas_zero_snr") is True)
    missing = {"unet", "vae", "text_encoder", "tokenizer", "scheduler"} | (
        {"text_encoder_2", "tokenizer_2"} if family == "sdxl" else set()
    )
    if family == "sdxl" and "text_encoder" not in components and "text_encoder_2" in components:
        return Seen("", problem=f"{title} is the SDXL refiner, which cannot be used yet: take SDXL or SD 1.5.")
    if lost := sorted(missing - components.keys()):
        return seen._replace(problem=f"{title} lacks its {' and '.join(lost)}: download it again.")
    if channels not in CHANNELS:
        return seen._replace(problem=f"{title} reads {channels} channels; 4, 8 or 9 can be used.")
    if family == "sd15" and unet.get("use_linear_projection") is True:
        return Seen("", problem=f"{title} is Stable Diffusion 2, which cannot be used yet: take SDXL or SD 1.5.")
    return seen


def _weights(place: Path, name: str, bounds: tuple[Path, ...], title: str) -> list[Path]:
    """The files that hold a component's weights: the plain ones, else one variant of them (`fp16`)."""
    found = sorted(path.name for path in place.iterdir()) if place.is_dir() else []
    for index in sorted((one for one in found if ".safetensors.index" in one), key=len):
        named = _config(_inside(place / index, bounds, title), title).get("weight_map")
        if not isinstance(named, dict) or not all(isinstance(one, str) for one in named.values()):
            raise Refusal("model.invalid", f"{title} has an index in {name} that names no weights: download it again.")
        shards = sorted(set(named.values()))
        for one in shards:
            if Path(one).name != one or not one.endswith(".safetensors"):
                raise _unsafe(title, f"takes its {name} from “{headers.short(one)}”, which is not in its folder")
        if set(shards) <= set(found):
            return [_inside(place / one, bounds, title) for one in shards]
    whole = [one for one in found if re.fullmatch(r"(diffusion_pytorch_model|model)(\.\w+)?\.safetensors", one)]
    if whole:
        return [_inside(place / min(whole, key=lambda one: (len(one), one)), bounds, title)]
    if any(one.endswith(tuple(headers.PICKLED)) for one in found):
        raise _unsafe(title, f"has its {name} only as a pickled file, which can run code: get it as safetensors")
    raise Refusal("model.missing", f"{title} lacks the weights of its {name}: download it again.")


def _bounds(folder: Path) -> tuple[Path, ...]:
    """Where files of this folder may really lie: in it, or in its repository of the Hugging Face cache."""
    whole = folder.resolve()
    cached = whole.parent.name == "snapshots" and whole.parent.parent.name.startswith("models--")
    return (whole, whole.parent.parent) if cached else (whole,)


def _inside(path: Path, bounds: tuple[Path, ...], title: str) -> Path:
    """The path itself, if it does not lead out of these folders by way of a link."""
    real = path.resolve()
    if not any(real.is_relative_to(bound) for bound in bounds):
        raise _unsafe(title, f"has a link, “{headers.short(path.name)}”, that leads out of its folder")
    return path


def _no_code(folder: Path, title: str) -> None:
    """Programs lie in no folder of weights that we would open."""
    for path in (*folder.glob("*.py"), *folder.glob("*/*.py")):
        raise _unsafe(title, f"brings a program of its own, “{headers.short(path.name)}”")


def _config(path: Path, title: str) -> dict[str, Any]:
    """A configuration as data. Raises Refusal where it is none, or asks for code of its own."""
    if not path.is_file():
        raise Refusal("model.missing", f"{title} lacks {headers.short(path.name)}: download it again.")
    try:
        with path.open("rb") as file:
            text = file.read(MIB * 4 + 1)
        if len(text) > MIB * 4:
            raise ValueError(f"more than {MIB * 4} bytes")
        found = headers.plain_json(text, infinite=True)
    except ValueError as why:
        raise Refusal(
            "model.invalid", f"{title} has a {headers.short(path.name)} that cannot be read ({headers.short(why)})."
        ) from None
    for key in ("auto_map", "custom_pipeline", "custom_pipelines"):
        if key in found:
            raise _unsafe(title, f"asks for code of its own ({key} in {headers.short(path.name)})")
    return found


def _licence(readme: Path) -> str:
    """`license:` of a model card's front matter."""
    if not readme.is_file():
        return ""
    try:
        with readme.open("rb") as file:
            text = file.read(64 * KIB).decode("utf-8", "replace")
    except OSError:
        return ""
    front = re.match(r"---\r?\n(.*?)\r?\n---", text, re.S)
    told = re.search(r"^license:[ \t]*[\"']?([\w.+-]{1,60})", front[1], re.M) if front else None
    return told[1] if told else ""


def _unsafe(title: str, what: str) -> Refusal:
    return Refusal("model.unsafe", f"{title} {what}; it is not loaded.")
