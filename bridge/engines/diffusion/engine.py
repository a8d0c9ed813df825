"""The engine: a model, a plate and a recipe become variations. What was computed before is not computed again."""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import diffusers
import torch

from bridge import colour
from bridge.engines import Floats, Plate, Prefill, Step
from bridge.engines.clock import Clock
from bridge.engines.diffusion import devices, latents, memory
from bridge.engines.diffusion.denoisers import denoiser
from bridge.engines.diffusion.kept import Kept
from bridge.engines.diffusion.memory import Ladder, Rung
from bridge.engines.diffusion.schedulers import Scheduler
from bridge.engines.diffusion.sitting import Ground, Sitting, ground
from bridge.engines.diffusion.stock import Stock
from bridge.engines.diffusion.texts import Embedding, embed
from bridge.engines.diffusion.weights import Parts, Store
from bridge.engines.prefill import Copied, smooth
from bridge.families import FAMILIES, Family, built
from bridge.models import Lora, Model
from bridge.protocol.errors import Refusal
from bridge.protocol.limits import GIB
from bridge.protocol.values import Recipe

log = logging.getLogger(__name__)

TEXTS, REGIONS, MAPS = 64, 8, 4
"""Prompts, regions and preview maps that are kept: kilobytes, megabytes, bytes each."""
TOGETHER = 4 * 512 * 512
"""Working pixels of the variations that are painted in one batch on an accelerator: a large picture keeps it busy
alone, and the first variation is there sooner if the others wait. On a CPU each is painted alone."""
DULL = 8 / 255
"""A plate no brighter than this may come out black."""
VERSIONS = {"torch": torch.__version__, "diffusers": diffusers.__version__}
"""For the layer's recipe."""


class Diffusion:
    """Stable Diffusion on plates, by a loop of our own (`loop.py`). One for each painter, one plate at a time.

    `facts`, plain values, says of the last variation how it was painted: steps, rung of the memory ladder, what was
    `reused`, seconds by stage; `made` with what: model and versions, so that its layer can be made again.
    """

    name = "diffusion"

    def __init__(
        self,
        find: Callable[[str], Model],
        find_lora: Callable[[str], Lora],
        device: str = "auto",
        dtype: torch.dtype | None = None,
        store: Store | None = None,
    ) -> None:
        """`find` and `find_lora` give what a recipe names; `device` is a torch device, or `auto`. `dtype` and `store`
        stand in for what suits the device (a test passes its own).
        """
        self.device = devices.choose(device)
        dtype = dtype or devices.precision(self.device)
        self._find, self._find_lora = find, find_lora
        self._store = store or Store(self.device, dtype, devices.vae_precision(self.device, dtype))
        self._texts: Kept[Embedding] = Kept(TEXTS)
        self._regions: Kept[Ground] = Kept(REGIONS)
        self._maps: Kept[torch.Tensor] = Kept(MAPS)
        self._copied = Copied()
        self._stock: Stock | None = None
        self._stock_dtype = torch.bfloat16 if dtype == torch.float16 else dtype  # what such models were trained in
        self._ladder = Ladder()
        self.facts: dict[str, Any] = {}
        self.made: dict[str, Any] = {}

    def device_facts(self) -> dict[str, Any]:
        """Name, memory and free memory of the device, plain values."""
        return devices.facts(self.device)._asdict()

    def prepare(self, recipe: Recipe) -> None:
        """Load what a recipe needs, before its pixels are there."""
        model = self._model(recipe)
        if _is_own(model):
            self._store.get(model)

    @property
    def counts(self) -> dict[str, int]:
        """Texts and regions that were encoded since the painter began."""
        return {"texts": self._texts.made, "regions": self._regions.made}

    def prefill(self, recipe: Recipe) -> Prefill | None:
        """What shall lie in the hole of a plate that is painted at full strength, by the kind of the recipe's model."""
        layout = self._model(recipe).layout
        if layout == "edit":
            return None  # it changes what lies there, so it has to see it
        if layout == "base" and recipe.mode in ("remove", "expand"):
            return self._copied.filled
        return smooth

    def paint(self, plate: Plate, recipe: Recipe, step: Step) -> Iterator[tuple[int, Floats]]:
        """Yield (variation, float32 RGB (H, W, 3), 0–1) as each is decoded; model, seed and guidance are set.

        Where memory runs out, the model is held one rung lower and what is missing is painted anew. Raises Refusal
        `gpu.memory` below the last rung, and what loading refuses; SystemExit where the device itself failed.
        `Cancelled` passes through, within a step.
        """
        model = self._model(recipe)
        self.made = {"model": model.name, "hash": model.hash, **VERSIONS}
        painter = self._painted if _is_own(model) else self._painted_by_stock
        painted: set[int] = set()
        while len(painted) < recipe.count:
            rung = self._ladder.rung(model.id, plate.hole.size)
            try:
                for k, rgb in painter(model, plate, recipe, step, rung, painted):
                    painted.add(k)
                    yield k, rgb
            except (RuntimeError, MemoryError) as why:
                if devices.lost(why):
                    raise SystemExit(f"the device failed: {why}") from why  # a new process finds it well again
                if not devices.out_of_memory(why):
                    raise
                log.warning("%s: memory ran out with %s", model.name, rung.words)
                starved = True
            else:
                starved = False
            if starved:  # only now: the exception held on to every tensor of the call that failed
                self._descend(model, plate, rung)

    def _painted(
        self, model: Model, plate: Plate, recipe: Recipe, step: Step, rung: Rung, painted: set[int]
    ) -> Iterator[tuple[int, Floats]]:
        """The variations that are not `painted` yet, on one rung."""
        clock, before, size = Clock(), self.counts, plate.rgb.shape[1::-1]
        if rung >= Rung.SMALLER:
            plate = memory.smaller(plate, FAMILIES[model.family].multiple)
        lit = bool(plate.rgb.max() > DULL)
        sitting = self._sit(model, plate, recipe, step, rung, clock)
        reused = [name for name, count in self.counts.items() if count == before[name]]
        said = {"steps": sitting.steps, "held": rung.words, "reused": reused}
        missing = [k for k in range(recipe.count) if k not in painted]
        for ks in _batches(missing, plate, self.device):
            with clock.phase("steps"):
                zs = sitting.painted(ks, step)
            for k, z in zip(ks, zs, strict=True):
                with clock.phase("decoding"):
                    rgb = latents.decode(sitting.parts.vae, z[None], lit)
                self.facts = {**said, "stages": clock.lap()}
                yield k, colour.resample(rgb, size)

    def _sit(self, model: Model, plate: Plate, recipe: Recipe, step: Step, rung: Rung, clock: Clock) -> Sitting:
        """Load and encode what is not kept from before."""
        assert recipe.seed is not None and recipe.guidance is not None
        with clock.phase("loading"):
            self._stock = None
            parts = self._store.get(model, check=lambda: step(0, 0, 1, None))
            if parts.offloaded and rung < Rung.OFFLOADED:  # memory is there again: whole weights are faster
                del parts
                self._store.keep_only(None)
                parts = self._store.get(model, check=lambda: step(0, 0, 1, None))
            memory.settle(parts, rung, self.device)
            loras = [(self._find_lora(one.id), one.weight) for one in recipe.loras]
            worn = self._store.wear(parts, loras)
        with clock.phase("text"):
            guided = _guided(recipe, parts)
            key = model.hash, worn, recipe.prompt, recipe.negative, guided
            text = self._texts.get(key, lambda: self._embedded(parts, recipe, guided, rung))
        with clock.phase("region"):
            seen = self._regions.get((plate.key, model.hash), lambda: ground(parts.vae, plate, model.layout))
            colours = self._maps.get(model.hash, lambda: latents.preview_map(parts.vae))
        denoise = denoiser(parts, text, seen.seen, recipe.guidance, plate.rgb.shape[1::-1])
        family, sampler = _sampled(model, parts, loras)
        steps = family.calls(plate.strength, recipe.steps)
        return Sitting(parts, sampler, plate, seen, denoise, recipe.seed, steps, colours)

    def _painted_by_stock(
        self, model: Model, plate: Plate, recipe: Recipe, step: Step, rung: Rung, painted: set[int]
    ) -> Iterator[tuple[int, Floats]]:
        """The same for a family that has no loop of its own. It knows three rungs: resident, weights away, smaller."""
        assert recipe.seed is not None
        clock, size = Clock(), plate.rgb.shape[1::-1]
        if rung >= Rung.SMALLER:
            plate = memory.smaller(plate, FAMILIES[model.family].multiple)
        with clock.phase("loading"):
            stock = self._stock_of(model, rung)
        for k in (k for k in range(recipe.count) if k not in painted):
            alone = replace(recipe, seed=(recipe.seed + k) % 2**32, count=1)

            def told(_: int, i: int, n: int, preview: Floats | None, k: int = k) -> None:
                step(k, i, n, preview)

            with clock.phase("pipeline"):
                ((_, rgb),) = stock.paint(plate, alone, told)
            self.facts = {"held": rung.words, "reused": [], "stages": clock.lap()}
            yield k, colour.resample(rgb, size)

    def _stock_of(self, model: Model, rung: Rung) -> Stock:
        """The one stock pipeline that is loaded; no model of ours is held beside it."""
        beside = rung >= Rung.TEXT_AWAY
        if self._stock is None or (self._stock.model, self._stock.beside) != (model, beside):
            self._stock = None
            self._store.keep_only(None)
            self._stock = Stock(model, self.device, self._stock_dtype, beside)
        return self._stock

    @torch.inference_mode()
    def _embedded(self, parts: Parts, recipe: Recipe, guided: bool, rung: Rung) -> Embedding:
        memory.text_here(parts, self.device)
        embedding = embed(parts, recipe.prompt, recipe.negative, guided)
        if rung >= Rung.TEXT_AWAY:
            memory.text_away(parts)
        return embedding

    def _descend(self, model: Model, plate: Plate, rung: Rung) -> None:
        """Memory ran out on this rung: free what is not needed, and hold the model one rung lower from now on.

        Raises Refusal `gpu.memory` below the last one; the next paint then begins there, with a smaller plate perhaps.
        """
        self._regions.clear()
        self._store.keep_only(model)
        devices.give_back(self.device)
        if rung < Rung.SMALLER:
            self._ladder.descend(model.id, plate.hole.size, rung)
            return
        height, width = plate.hole.shape
        there = devices.facts(self.device)
        text = f"{there.name} has {there.memory / GIB:.1f} GB of memory, {there.free / GIB:.1f} of them free, and "
        text += f"{model.name} could not paint {width} × {height} px with that, however it was held. "
        text += "Close other programs, select a smaller part, or choose a smaller model."
        raise Refusal("gpu.memory", text, "later", memory=there.memory, free=there.free)

    def _model(self, recipe: Recipe) -> Model:
        assert recipe.model is not None, "the bridge chooses the model"
        return self._find(recipe.model)


def _is_own(model: Model) -> bool:
    """True for the families that our own loop paints."""
    return built(model.family) in ("sd15", "sdxl")


def _sampled(model: Model, parts: Parts, loras: Sequence[tuple[Lora, float]]) -> tuple[Family, Scheduler]:
    """As what a model is sampled, and with what: a distillation LoRA makes one of few steps of it."""
    asked = next((lora.scheduler for lora, weight in loras if weight and lora.scheduler), "")
    if not asked:
        return FAMILIES[model.family], parts.scheduler
    prediction = parts.scheduler.config.get("prediction_type", "epsilon")
    return FAMILIES[f"{parts.family}-few"], Scheduler.of(asked, prediction, few=True)


def _guided(recipe: Recipe, parts: Parts) -> bool:
    """True where a second text is weighed against the first, which doubles each step: not where both are empty, nor in
    a model that was distilled with its guidance.
    """
    assert recipe.guidance is not None
    said = bool(recipe.prompt.strip() or recipe.negative.strip())
    return recipe.guidance > 1 and said and parts.unet.config.time_cond_proj_dim is None


def _batches(ks: Sequence[int], plate: Plate, device: torch.device) -> Iterator[Sequence[int]]:
    """The variations `ks`, those that are painted together."""
    together = 1 if device.type == "cpu" else max(1, TOGETHER // plate.hole.size)
    for first in range(0, len(ks), together):
        yield ks[first : first + together]
