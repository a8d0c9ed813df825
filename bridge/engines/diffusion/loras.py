"""LoRAs on a loaded model: small changes to its attentions, each at a weight, taken off again without a trace.

The names of kohya's scripts and those of diffusers are read by diffusers, the layers are peft's. What a module carries
is asked of the module itself, as two models may share an encoder.
"""

import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from diffusers.loaders import lora_pipeline
from diffusers.utils import peft_utils

from bridge.engines.diffusion import devices
from bridge.engines.diffusion.components import LIBRARIES, Module, quiet
from bridge.engines.diffusion.parts import Parts
from bridge.families import FAMILIES
from bridge.protocol.errors import Refusal

if TYPE_CHECKING:
    from bridge.models import Lora

LOADERS: dict[str, Any] = {
    "sd15": lora_pipeline.StableDiffusionLoraLoaderMixin,
    "sdxl": lora_pipeline.StableDiffusionXLLoraLoaderMixin,
}
layers: Any = peft_utils
"""Diffusers has no types."""
ENCODERS = ("text_encoder", "text_encoder_2")
"""What diffusers calls the text encoders in a LoRA."""

_offered: WeakKeyDictionary[Module, set[str]] = WeakKeyDictionary()
"""The LoRAs that each module has been offered, whether or not they have anything for it."""


def apply(parts: Parts, wanted: Sequence[tuple["Lora", float]]) -> str:
    """Let exactly these LoRAs act on the model, each at its weight; at weight 0 one is as if it had not been named.

    Returns a token of what acts on the text encoders, "" for nothing: as long as it stays the same, the same words have
    the same embedding. A LoRA that is on the model already is not read again.

    Raises Refusal `recipe.field` for a LoRA of another family; `model.invalid` for one that cannot be read or has
    nothing for this model, and none acts any more.
    """
    active = {_name(lora): (lora, weight) for lora, weight in sorted(wanted, key=lambda one: one[0].hash) if weight}
    modules: tuple[Module, ...] = (parts.unet, *parts.encoders)
    if not active and not any(_adapters(module) for module in modules):
        return ""  # peft would walk every layer to say so
    for lora, _ in active.values():
        _check_family(lora, parts)
    with quiet(), _unwarned():
        for module in modules:
            _drop(module, _offered.get(module, set()) - active.keys())
        for name, (lora, _) in active.items():
            _add(parts, modules, name, lora)
        for module in modules:
            own = [name for name in active if name in _adapters(module)]
            layers.set_weights_and_activate_adapters(module, own, [active[name][1] for name in own])
    on_words = {name for encoder in parts.encoders for name in _adapters(encoder)}
    return " ".join(f"{name}:{weight!r}" for name, (_, weight) in active.items() if name in on_words)


def _name(lora: "Lora") -> str:
    """What peft calls it: the names of torch's modules hold no dots, ids may."""
    return f"lora_{lora.hash}"


def _adapters(module: Module) -> set[str]:
    """The names of the LoRAs that a module carries."""
    return set(getattr(module, "peft_config", {}))


def _check_family(lora: "Lora", parts: Parts) -> None:
    family = lora.family.removesuffix("-few")
    if family != parts.family:
        theirs = FAMILIES[family].title if family in FAMILIES else "an unknown family"
        ours = FAMILIES[parts.family].title
        text = f"The LoRA {lora.name} was made for {theirs}, the model is {ours}: choose a LoRA for {ours}"
        raise Refusal("recipe.field", f"{text}, or another model.", field="loras", id=lora.id)


def _add(parts: Parts, modules: Sequence[Module], name: str, lora: "Lora") -> None:
    """Read a LoRA and offer it to the modules that have not been offered it yet."""
    waiting = [i for i, module in enumerate(modules) if name not in _offered.get(module, ())]
    if not waiting:
        return
    loader = LOADERS[parts.family]
    try:
        told = {"unet_config": parts.unet.config, "use_safetensors": True, "local_files_only": True}
        weights, alphas, metadata = loader.lora_state_dict(str(lora.path), return_lora_metadata=True, **told)
        own = {"network_alphas": alphas, "metadata": metadata, "adapter_name": name, "low_cpu_mem_usage": True}
        for i in waiting:
            if i == 0:
                loader.load_lora_into_unet(weights, unet=modules[0], **own)
            else:
                loader.load_lora_into_text_encoder(weights, text_encoder=modules[i], prefix=ENCODERS[i - 1], **own)
            _offered.setdefault(modules[i], set()).add(name)
    except LIBRARIES as error:
        _strip(modules)
        if devices.out_of_memory(error):
            raise
        raise _broken(lora, "it is damaged, or of a kind that cannot be read yet") from error
    if not any(name in _adapters(module) for module in modules):
        _strip(modules)
        raise _broken(lora, "nothing in it fits this model")


def _broken(lora: "Lora", why: str) -> Refusal:
    text = f"The LoRA {lora.name} cannot be used: {why}. Get it again, or leave it out."
    return Refusal("model.invalid", text, id=lora.id)


def _drop(module: Module, names: set[str]) -> None:
    """Take LoRAs off a module."""
    if names and names >= _adapters(module):
        _strip([module])
        return
    for name in names & _adapters(module):
        layers.delete_adapter_layers(module, name)
    _offered.get(module, set()).difference_update(names)


def _strip(modules: Iterable[Any]) -> None:
    """Take everything off, also what was put on by half: the layers are the very ones that were there before."""
    for module in modules:
        layers.recurse_remove_peft_layers(module)
        module._hf_peft_config_loaded = False
        vars(module).pop("peft_config", None)
        _offered.pop(module, None)


@contextmanager
def _unwarned() -> Iterator[None]:
    """A module carries more than one LoRA and loses one that acts: both are meant, peft warns of both."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*Already found a `peft_config` attribute")
        warnings.filterwarnings("ignore", message="Adapter .* was active which is now deleted")
        yield
