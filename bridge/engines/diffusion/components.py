"""Components off the disk: UNet, autoencoder, text encoders, from diffusers folders and single files, with no network.

A single file holds weights only: their shapes stand in `configs/`, and diffusers translates the names. Nothing but
safetensors is ever opened, and no class is taken from a file.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from diffusers.loaders import single_file_utils
from diffusers.utils import logging as diffusers_logs
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection
from transformers.utils import logging as transformers_logs

from bridge.engines.diffusion import devices, ldm
from bridge.families import built
from bridge.protocol.errors import Refusal

if TYPE_CHECKING:
    from bridge.models import Model

Config = Mapping[str, Any]
"""The shapes of a family, as in `configs/`: of UNet, autoencoder and text encoders, and what it is sampled with."""
Module = nn.Module

untyped: Any = single_file_utils
"""Diffusers has no types."""
CHANNELS = {"base": 4, "edit": 8, "inpaint": 9}
"""Channels that the UNet of each layout takes in."""
KINDS: tuple[type[Any], ...] = (UNet2DConditionModel, AutoencoderKL, CLIPTextModel, CLIPTextModelWithProjection)
"""The classes of components 0 to 3; SD 1.5 has no fourth. Everywhere a component is meant by this number."""
FOLDERS = ("unet", "vae", "text_encoder", "text_encoder_2")
WORDS = ("UNet", "autoencoder", "text encoder", "second text encoder")
PLAIN = re.compile(r"(model|diffusion_pytorch_model)(-\d+-of-\d+)?\.safetensors")
"""Weights of a folder, whole or in shards, that are no variant: beside them may lie `.fp16`, `.non_ema` and others."""
SAMPLE = 64
"""Bytes of a weight that its fingerprint takes from its start, its middle and its end."""
LIBRARIES = (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError, RuntimeError, SafetensorError)
"""What the libraries raise for files that are not what they should be."""


class Piece(NamedTuple):
    """A component that can be loaded: `key` fingerprints its weights and how they are loaded, `size` is their bytes in
    memory, `load` brings them there and raises Refusal `model.invalid` where they are not what they should be.
    """

    key: str
    size: int
    load: Callable[[], Module]


def config(family: str) -> Config:
    """The published shapes of a family. Source: SD 1.5's and SDXL base 1.0's own configuration files."""
    path = Path(__file__).parent / "configs" / f"{built(family)}.json"
    found: Config = json.loads(path.read_text("utf-8"))
    return found


def module(shapes: Config, layout: str, i: int) -> Any:
    """Component `i` of these shapes, its weights as torch begins them."""
    if i > 1:
        return KINDS[i](CLIPTextConfig(**shapes["encoders"][i - 2]))
    own = {"in_channels": CHANNELS[layout]} if i == 0 else {}
    return KINDS[i].from_config({**shapes[FOLDERS[i]], **own})


def pieces(
    model: "Model", shapes: Config, dtypes: tuple[torch.dtype, torch.dtype], device: torch.device
) -> tuple[Piece, ...]:
    """What a model has to load, in the order of `KINDS`; `dtypes` are the autoencoder's last, all others' first.

    Reads headers and samples, no more. Raises Refusal `model.invalid`.
    """
    find = _in_folder if model.form == "folder" else _in_file
    with refusing(model):
        return tuple(
            find(model, shapes, i, dtypes[i == 1], device) for i in range(2 + len(config(model.family)["encoders"]))
        )


def _in_folder(model: "Model", shapes: Config, i: int, dtype: torch.dtype, device: torch.device) -> Piece:
    """A component of a diffusers folder, of the class that stands in our own table."""
    place = model.path / FOLDERS[i]
    files = sorted(place.glob("*.safetensors"))
    plain = [one for one in files if PLAIN.fullmatch(one.name)]
    half = [one for one in files if ".fp16" in one.name]

    def bring() -> Module:
        told = {"use_safetensors": True, "local_files_only": True, "output_loading_info": True}
        variant = None if plain else "fp16"
        found, report = KINDS[i].from_pretrained(str(place), variant=variant, dtype=dtype, **told)
        _complete(model, i, report["missing_keys"])
        return _ready(found, device)

    return _piece(model, i, (place / "config.json").read_bytes(), plain or half, "", dtype, device, bring)


def _in_file(model: "Model", shapes: Config, i: int, dtype: torch.dtype, device: torch.device) -> Piece:
    """A component of a single file: what has its prefix."""
    prefix = (ldm.UNET, ldm.VAE, ldm.ENCODER[built(model.family)], ldm.SECOND)[i]

    def bring() -> Module:
        with untyped.init_empty_weights(include_buffers=False):
            found = module(shapes, model.layout, i)
        wanted = found.state_dict().keys()
        with safe_open(model.path, "pt") as file:
            named = _translated(found, {name: file.get_tensor(name) for name in _names(file, prefix)})
            # Copied also where nothing changes: a mapped file could neither be replaced nor deleted under Windows.
            own = {name: named[name].to(device, dtype, copy=True) for name in wanted & named.keys()}
        _complete(model, i, wanted - own.keys())
        found.load_state_dict(own, assign=True)
        return _ready(found, device)

    told = json.dumps([shapes["unet"], shapes["vae"], *shapes["encoders"]][i], sort_keys=True)
    return _piece(model, i, told.encode(), [model.path], prefix, dtype, device, bring)


def _piece(
    model: "Model",
    i: int,
    told: bytes,
    files: list[Path],
    prefix: str,
    dtype: torch.dtype,
    device: torch.device,
    bring: Callable[[], Module],
) -> Piece:
    def load() -> Module:
        with refusing(model), quiet():
            return bring()

    key, count = _fingerprint(told, files, prefix)
    owner = f" {model.id}" if i == 0 else ""  # the denoiser is a model's own: it may be held in a way of its own
    return Piece(f"{WORDS[i]} {key} {dtype} {device}{owner}", count * dtype.itemsize, load)


def _translated(found: Any, weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """The weights of a single file by the names that a module of diffusers or transformers has for them."""
    if isinstance(found, UNet2DConditionModel):
        return dict(untyped.convert_ldm_unet_checkpoint(weights, _shapes(found)))
    if isinstance(found, AutoencoderKL):
        return dict(untyped.convert_ldm_vae_checkpoint(weights, _shapes(found)))
    if isinstance(found, CLIPTextModelWithProjection):
        return dict(untyped.convert_open_clip_checkpoint(found, weights, prefix=ldm.SECOND))
    named = untyped.convert_ldm_clip_checkpoint(weights)
    if hasattr(found, "text_model"):  # transformers before 5.6
        return dict(named)
    return {name.removeprefix("text_model."): value for name, value in named.items()}


def _shapes(found: Any) -> dict[str, Any]:
    return dict(found.config)


def _ready(found: Any, device: torch.device) -> Module:
    found.eval().requires_grad_(False).to(device)
    ready: Module = found.to(memory_format=devices.layout(device, found.dtype))
    return ready


def _complete(model: "Model", i: int, missing: Iterable[str]) -> None:
    """Raise Refusal `model.invalid` where weights are missing: they would be random."""
    names = sorted(missing)
    if names:
        text = f"{model.name} is incomplete: its {WORDS[i]} lacks {len(names)} weights, {names[0]} among them"
        raise Refusal("model.invalid", f"{text}. Get the model again, or choose another one.", missing=len(names))


def _names(file: Any, prefix: str) -> Iterator[str]:
    return (name for name in file.keys() if name.startswith(prefix))  # noqa: SIM118 (a safetensors file is no dict)


def _fingerprint(told: bytes, files: Iterable[Path], prefix: str) -> tuple[str, int]:
    """32 hex digits of what is told and of name, shape and samples of every weight; and how many numbers they are.

    Weights that were trained apart differ nearly everywhere: 192 bytes of each tell them apart.
    """
    found, count = hashlib.blake2b(told, digest_size=16), 0
    for path in files:
        with safe_open(path, "pt") as file:
            for name in sorted(_names(file, prefix)):
                value = file.get_tensor(name)
                found.update(f"{name.removeprefix(prefix)} {tuple(value.shape)} {value.dtype}".encode())
                raw = value.reshape(-1).view(torch.uint8)
                middle = len(raw) // 2
                for sample in (raw[:SAMPLE], raw[middle : middle + SAMPLE], raw[-SAMPLE:]):
                    found.update(sample.numpy().tobytes())
                count += value.numel()
    return found.hexdigest(), count


@contextmanager
def refusing(model: "Model") -> Iterator[None]:
    """Say to an artist that a model's files are not what they should be. What the library said is kept for the log."""
    try:
        yield
    except LIBRARIES as error:
        if devices.out_of_memory(error):
            raise
        text = f"{model.name} cannot be loaded: its files are damaged, or hold another kind of model"
        raise Refusal("model.invalid", f"{text}. Get the model again, or choose another one.") from error


@contextmanager
def quiet() -> Iterator[None]:
    """The libraries say nothing and draw no bars while they load: what matters is asked for and refused in words."""
    before = [(log, log.get_verbosity(), log.is_progress_bar_enabled()) for log in (diffusers_logs, transformers_logs)]
    for log, _, _ in before:
        log.set_verbosity_error()
        log.disable_progress_bar()
    try:
        yield
    finally:
        for log, level, bars in before:
            log.set_verbosity(level)
            if bars:
                log.enable_progress_bar()
