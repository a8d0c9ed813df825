"""What can be painted here, and which engine and model a recipe gets. No weights are touched: headers tell it all."""

import asyncio
import importlib.util
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from bridge.families import FAMILIES, SAMPLE, Family
from bridge.models import Catalogue, Lora, Model, fits
from bridge.models.headers import short
from bridge.painter import Painter
from bridge.protocol import limits
from bridge.protocol.errors import Refusal
from bridge.protocol.messages import Capabilities, Map
from bridge.protocol.values import Recipe

BUILT_IN = "classical"
"""The engine that needs no model, its family, and what a recipe calls it that asks for it by name."""
DIFFUSION = "diffusion"
"""The engine of all models."""

AROUND = frozenset("a an the and as by in into it like make of on please style this to turn with picture image".split())
"""Words of a prompt that may stand beside one that the sample model knows: it was taught with them."""


class Choice(NamedTuple):
    """What a recipe is painted with. `recipe` is the same with what it left to the model filled in."""

    engine: str
    family: Family
    recipe: Recipe


class Repertoire:
    """The engines of the painters and the models of the catalogue; `changed` is called when these did, or the device
    that paints."""

    def __init__(
        self, catalogue: Catalogue, painters: Sequence[Painter], changed: Callable[[], None] = lambda: None
    ) -> None:
        self._catalogue, self._painters, self._changed = catalogue, painters, changed
        self._first: asyncio.Task[bool] | None = None
        self._revision = 1
        for painter in painters:
            painter.changed = self._renew

    def open(self) -> None:
        """Begin to look for models, beside everything else."""
        self._first = asyncio.create_task(asyncio.to_thread(self._catalogue.scan))

    async def close(self) -> None:
        """Wait for the first look: a thread cannot be stopped."""
        await self.ready()

    async def ready(self) -> None:
        """Return once the models of this machine are known for the first time."""
        if self._first is not None:
            await asyncio.shield(self._first)

    async def look(self) -> bool:
        """Look again, off the event loop. True where something changed."""
        await self.ready()
        changed = await asyncio.to_thread(self._catalogue.scan)
        if changed:
            self._renew()
        return changed

    def _renew(self) -> None:
        self._revision += 1
        self._changed()

    async def chosen(self, recipe: Recipe) -> Choice:
        """`choose`, once the models are known; one that is not may have come a moment ago."""
        await self.ready()
        try:
            return self.choose(recipe)
        except Refusal as why:
            if why.code != "model.unknown" or not await self.look():
                raise
        return self.choose(recipe)

    def choose(self, recipe: Recipe) -> Choice:
        """The engine, the family and the whole recipe.

        Without a model named: the built-in fill removes, and does whatever else it can where there is no model. Raises
        Refusal `model.unknown`, `model.invalid`, `model.missing`; `recipe.field` for a LoRA of another family.
        """
        model = self._model(recipe)
        if model is None:
            return Choice(BUILT_IN, FAMILIES[BUILT_IN], recipe)
        if model.problem:
            raise Refusal("model.invalid", model.problem, model=model.id)
        if not self._paints():
            text = f"{model.name} needs the diffusion engine, and that is not installed. Run: python -m pip install "
            raise Refusal("model.missing", f"{text}'sfumato[diffusion]', and start the bridge anew.")
        worn: list[Lora | Model] = [self._lora(one.id, model) for one in recipe.loras if one.weight]
        distilled = next((one for one in (*worn, model) if one.scheduler), None)
        name = model.family.removesuffix("-few")
        family = FAMILIES[f"{name}-few" if distilled and f"{name}-few" in FAMILIES else model.family]
        steps = _first(recipe.steps, distilled and distilled.steps, model.steps, family.steps)
        guidance = _first(recipe.guidance, distilled and distilled.guidance, model.guidance, family.guidance)
        return Choice(DIFFUSION, family, replace(recipe, model=model.id, steps=steps, guidance=guidance))

    def capabilities(self) -> Iterator[Capabilities]:
        """The answer to a client's question, in as many parts as needed."""
        device = self._device()
        models = [_model_map(model, device["memory"]) for model in self._usable()]
        loras = [{"id": one.id, "name": one.name, "family": one.family} for one in self._catalogue.loras()]
        parts = max(1, -(-max(len(models), len(loras)) // limits.LIST))
        for part in range(parts):
            some = slice(part * limits.LIST, (part + 1) * limits.LIST)
            engines = tuple(self._engines()) if part == 0 else ()
            lists = engines, tuple(models[some]), tuple(loras[some])
            yield Capabilities(self._revision, part + 1, parts, *lists, device)

    def _model(self, recipe: Recipe) -> Model | None:
        if recipe.model == BUILT_IN:
            return None
        if recipe.model is not None:
            return self._catalogue.find(recipe.model)
        if recipe.mode == "remove":
            return None
        found = self._catalogue.default(recipe)
        return None if found and found.family == SAMPLE and not self._paints() else found

    def _usable(self) -> list[Model]:
        """The models that a client is told of; the sample only where there is no other, and it can be tried."""
        models = [model for model in self._catalogue.models() if not model.problem]
        return [model for model in models if model.family != SAMPLE] or (models if self._paints() else [])

    def _paints(self) -> bool:
        """True where models can be painted with."""
        return any(DIFFUSION in painter.engines for painter in self._painters)

    def _lora(self, id: str, model: Model) -> Lora:
        lora = self._catalogue.find_lora(id)
        if lora.problem:
            raise Refusal("model.invalid", lora.problem, id=id)
        theirs, ours = (FAMILIES[one.family].title if one.family in FAMILIES else "?" for one in (lora, model))
        if theirs != ours:
            text = f"The LoRA {lora.name} is made for {theirs}, and {model.name} is {ours}. Leave it out, or choose a "
            raise Refusal("recipe.field", f"{text}model of {theirs}.", field="loras", wanted=ours, got=theirs)
        return lora

    def _engines(self) -> Iterator[Map]:
        built_in = FAMILIES[BUILT_IN]
        yield _engine_map(BUILT_IN, built_in)
        usable = self._usable()
        if usable and self._paints():
            alone = all(model.family == SAMPLE for model in usable)
            yield _engine_map(DIFFUSION, FAMILIES[SAMPLE if alone else "sd15"])

    def _device(self) -> Map:
        """The first device that a painter told of; before that, its name in the configuration. Without a model it is
        the built-in fill's: no other one will paint."""
        engine = DIFFUSION if self._paints() and self._usable() else BUILT_IN
        painters = [one for one in self._painters if engine in one.engines] or list(self._painters)
        told = next((one.facts for one in painters if one.facts), None)
        return told or {"name": ", ".join(one.device for one in painters), "memory": 0, "free": 0}


def installed() -> bool:
    """True where the diffusion engine's libraries are there; looks, and loads nothing."""
    return all(importlib.util.find_spec(name) for name in ("torch", "diffusers", "transformers"))


def check_words(prompt: str, words: Sequence[str]) -> None:
    """Raises Refusal `recipe.field` for a prompt that has not one of the words, in British or in American, or anything
    else that means something; no words are any.
    """
    if not words:
        return
    plain = " ".join(["", *re.findall(r"[^\W\d_]+", prompt.lower()), ""]).replace("watercolor ", "watercolour ")
    has = [word for word in words if f" {word} " in plain]
    for word in has:
        plain = plain.replace(f" {word} ", " ")
    unknown = [f"“{short(one)}”" for one in plain.split() if one not in AROUND]
    if len(has) == 1 and not unknown:
        return
    if not prompt.strip():
        said = "The prompt is empty"
    elif not has:
        said = f"“{short(prompt)}” has none of them"
    else:
        said = f"“{short(prompt)}” has {len(has)} of them" if len(has) > 1 else f"It does not know {', '.join(unknown)}"
    text = f"The sample model knows {len(words)} words: {', '.join(words)}. {said}: ask for one of them alone, or "
    raise Refusal("recipe.field", f"{text}install a model (docs/models.md).", field="prompt")


def _first(*values: Any) -> Any:
    """The first that says something."""
    return next((value for value in values if value is not None), None)


def _engine_map(name: str, family: Family) -> Map:
    strengths = [0.05 if family.partial else 1.0, 1.0]
    return {"name": name, "modes": list(family.modes), "reads_prompt": family.reads_prompt, "strengths": strengths}


def _model_map(model: Model, memory: int) -> Map:
    family = FAMILIES[model.family]
    side = max(family.buckets, key=lambda size: min(size)).width
    return {
        "id": model.id,
        "name": model.name,
        "family": model.family,
        "layout": model.layout,
        "modes": list(family.modes),
        "native": side,
        "licence": model.licence,
        "fits": fits(model, memory) if memory else None,
    }
