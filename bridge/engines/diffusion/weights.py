"""Models in memory: loaded off the disk, as many as fit, each component once."""

import gc
import json
from collections import OrderedDict
from collections.abc import MutableMapping, Sequence
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

import torch
from safetensors import safe_open
from transformers import CLIPTokenizer

from bridge.engines import Check
from bridge.engines.diffusion import clip_vocabulary, components, devices, loras
from bridge.engines.diffusion.components import Config, Module, Piece, config, quiet
from bridge.engines.diffusion.parts import Parts
from bridge.engines.diffusion.schedulers import Scheduler
from bridge.families import built
from bridge.protocol.limits import GIB

if TYPE_CHECKING:
    from bridge.models import Lora, Model

__all__ = ["Config", "Module", "Parts", "Store", "config", "load", "quiet"]

Shared = MutableMapping[str, Module]
"""Components in memory by the key of their piece."""

RESERVE = 2 * GIB
"""Memory left free for what is computed, 2 KiB for each of a million pixels."""


def load(
    model: "Model",
    dtype: torch.dtype,
    device: torch.device,
    vae_dtype: torch.dtype | None = None,
    configs: Config | None = None,
) -> Parts:
    """Load a model of the families `sd15`, `sdxl` and their distilled relatives.

    Weights become `dtype` on their way to `device`, the autoencoder's `vae_dtype` where that is given. `configs` are
    the shapes of a single file that has not those of its family.

    Raises Refusal `model.invalid` where weights are missing, have another shape, or cannot be read.
    """
    shapes = configs or config(model.family)
    return _assembled(model, shapes, components.pieces(model, shapes, (dtype, vae_dtype or dtype), device), {})


class Store:
    """Loads models and keeps as many as fit, the ones used last.

    Checkpoints often bring the same autoencoder or text encoder: what has the same content is one module, and lives as
    long as a model in the store has it. The model asked for is always held, however small the budget.
    """

    def __init__(
        self,
        device: torch.device,
        dtype: torch.dtype,
        vae_dtype: torch.dtype | None = None,
        budget: int | None = None,
    ) -> None:
        """`budget`: bytes that all weights together may take; None for what the device has, less a reserve."""
        self._device = device
        self._dtypes = dtype, vae_dtype or dtype
        self._budget = budget
        self._held: OrderedDict[str, tuple[Parts, tuple[Piece, ...]]] = OrderedDict()
        self._shared: Shared = WeakValueDictionary()

    @property
    def held(self) -> tuple[str, ...]:
        """The ids of the models held, the one used last at the end."""
        return tuple(self._held)

    @property
    def size(self) -> int:
        """Bytes of all weights held, each component counted once."""
        return sum({piece.key: piece.size for _, pieces in self._held.values() for piece in pieces}.values())

    def get(self, model: "Model", configs: Config | None = None, check: Check = lambda: None) -> Parts:
        """The model, loaded unless it is held. `configs`, and what is raised, as in `load`; `check` is called before
        each component is loaded and may raise.
        """
        if model.id not in self._held:
            shapes = configs or config(model.family)
            pieces = components.pieces(model, shapes, self._dtypes, self._device)
            self._make_room(pieces)
            self._held[model.id] = _assembled(model, shapes, pieces, self._shared, check), pieces
        self._held.move_to_end(model.id)
        return self._held[model.id][0]

    def wear(self, parts: Parts, wanted: Sequence[tuple["Lora", float]]) -> str:
        """Let exactly these LoRAs act on a model, each at its weight: `loras.apply`."""
        return loras.apply(parts, wanted)

    def keep_only(self, model: "Model | None") -> None:
        """Let go of everything but this model, which may be none."""
        for id in [id for id in self._held if model is None or id != model.id]:
            del self._held[id]
        self._collect()

    def _make_room(self, pieces: tuple[Piece, ...]) -> None:
        """Let models go, the one used longest ago first, until these pieces fit."""
        while self._held and not self._fits(sum(piece.size for piece in pieces if piece.key not in self._shared)):
            self._held.popitem(last=False)
            self._collect()

    def _fits(self, needed: int) -> bool:
        if self._budget is not None:
            return self.size + needed <= self._budget
        return needed <= devices.facts(self._device).free - RESERVE

    def _collect(self) -> None:
        """Give memory back at once: modules hold circles, and torch keeps what is freed for itself."""
        gc.collect()
        devices.give_back(self._device)


def _assembled(
    model: "Model", shapes: Config, pieces: tuple[Piece, ...], shared: Shared, check: Check = lambda: None
) -> Parts:
    """The model of these pieces; each is loaded unless `shared` holds it, and then is held there."""
    found: list[Module] = []
    for piece in pieces:
        check()
        one = shared.get(piece.key) or piece.load()
        shared[piece.key] = one
        found.append(one)
    unet, vae, *encoders = found
    tokenizers, scheduler, zero = _told(model, shapes)
    size = sum(piece.size for piece in pieces)
    return Parts(built(model.family), model.layout, unet, vae, tuple(encoders), tokenizers, scheduler, zero, size)


def _told(model: "Model", shapes: Config) -> tuple[tuple[CLIPTokenizer, ...], Scheduler, bool]:
    """Tokenizers, scheduler, and whether an empty negative prompt is zeros. A folder says all that itself, though not
    always that it was distilled.
    """
    pads = enumerate(shapes["pads"])
    with components.refusing(model), quiet():
        if model.form == "file":
            with safe_open(model.path, "pt") as file:
                names = set(file.keys())
            prediction = model.prediction or ("v_prediction" if "v_pred" in names else "epsilon")
            zero_snr = model.zero_snr or "ztsnr" in names
            name = model.scheduler or shapes["scheduler"]
            scheduler = Scheduler.of(name, prediction, few=bool(model.scheduler), zero_snr=zero_snr)
            return tuple(clip_vocabulary.tokenizer(pad) for _, pad in pads), scheduler, shapes["zero_negative"]
        folders = [(model.path / ("tokenizer", "tokenizer_2")[i], pad) for i, pad in pads]
        tokenizers = tuple(
            CLIPTokenizer.from_pretrained(str(one), local_files_only=True)
            if one.is_dir()
            else clip_vocabulary.tokenizer(pad)
            for one, pad in folders
        )
        index = json.loads((model.path / "model_index.json").read_text("utf-8"))
        told = json.loads((model.path / "scheduler" / "scheduler_config.json").read_text("utf-8"))
    zero = bool(index.get("force_zeros_for_empty_prompt", shapes["zero_negative"]))
    scheduler = Scheduler.told(told)
    if model.scheduler:
        scheduler = Scheduler.of(model.scheduler, scheduler.config.get("prediction_type", "epsilon"), few=True)
    return tokenizers, scheduler, zero
