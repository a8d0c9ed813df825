"""Gates of the painting loop: its noise levels, its differential map, and the whole engine on tiny checkpoints."""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch

from bridge import geometry, masks
from bridge.engines import Floats, Plate
from bridge.engines.diffusion import noise
from bridge.engines.diffusion.engine import Diffusion
from bridge.engines.diffusion.loop import sample
from bridge.engines.diffusion.schedule import SAMPLERS, schedule
from bridge.engines.diffusion.schedulers import Scheduler
from bridge.families import FAMILIES, Size
from bridge.fill import Layer, Region, fill
from bridge.protocol.values import Box, Document, Recipe
from tests import parity
from tests.checkpoints import LAYOUTS, model
from tests.gates.bench import Bench, over
from tests.gates.engines import Truth, hidden
from tests.gates.gates import Row, _random_document, _random_selection, _reached
from tests.gates.scenes import Mask, Pixels, see

TINY = replace(FAMILIES["sd15"], name="tiny", budget=64 * 64, buckets=(Size(48, 80), Size(64, 64), Size(80, 48)))
"""SD 1.5 at a size at which even a whole gate costs seconds."""
SHOWN = ("EulerDiscreteScheduler", "EulerAncestralDiscreteScheduler", "DPMSolverMultistepScheduler")
"""Samplers that a perfect denoiser leads to the truth exactly."""


class Looped(Truth):
    """*Truth*, painted by the real loop with a perfect denoiser and an autoencoder that loses nothing: a latent cell is
    its pixels. `differs` says by how much at most, where it may paint and where not.
    """

    sampler = SHOWN[0]
    differs = 0.0

    def picture(self, plate: Plate) -> Floats:
        assert self.scene and self.plan
        work = self.plan.passes[plate.number]
        truth = _folded(hidden(self.scene, work.pieces[work.origins.index(plate.origin)]), plate.cell)
        z, d = _folded(plate.rgb, plate.cell), torch.from_numpy(plate.d)[None, None]
        plan = schedule(Scheduler.of(self.sampler), plate.strength, 6)
        levels = iter(plan.levels)

        def denoise(x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
            level = float(next(levels))
            return (x * math.sqrt(1 + level * level) - truth) / level

        fields = noise.field(7, plate, z.shape[1])
        x = sample(z, d, fields, plan, denoise, lambda i, clean: None, [noise.generator(7, plate)])
        rgb = torch.nn.functional.pixel_shuffle(x, plate.cell)[0].permute(1, 2, 0)
        painted = np.asarray(rgb.numpy() / 2 + 0.5, np.float32)
        self.differs = max(self.differs, float(np.abs(painted - super().picture(plate)).max()))
        return painted


def _folded(rgb: Floats, cell: int) -> torch.Tensor:
    given = torch.from_numpy(np.ascontiguousarray(rgb)).permute(2, 0, 1)[None] * 2 - 1
    return torch.nn.functional.pixel_unshuffle(given, cell)


def strength(bench: Bench) -> Row:
    """Every strength of every scheduler begins at its own noise level; a few-step model makes exactly its own calls."""
    worst, rising, calls = 0.0, True, True
    for name in {maker.__name__ for maker in SAMPLERS.values()}:
        for steps in (4, 8, 20):
            before = 0.0
            for percent in range(5, 101):
                plan = schedule(Scheduler.of(name), percent / 100, steps)
                a = plan.scheduler.alphas_cumprod.double().numpy()
                logs = np.log((1 - a) / a) / 2
                wanted = math.exp(np.interp(10 * percent - 1, np.arange(len(logs)), logs))
                worst = max(worst, abs(plan.levels[0] / wanted - 1))
                rising = rising and plan.levels[0] > before
                before = plan.levels[0]
                calls = calls and FAMILIES["sdxl-few"].calls(percent / 100, steps) == steps
                calls = calls and (plan.steps == steps or percent < 2 * steps)
    figure = f"{worst:.0e} off at most, {'rising' if rising else 'NOT RISING'}, calls {'exact' if calls else 'WRONG'}"
    return Row("strength", figure, "1e-6, strictly rising, N steps are N calls", worst <= 1e-6 and rising and calls)


def same_through_the_loop(bench: Bench) -> Row:
    """What the gates measure with *truth*, the loop paints too: to where it may, from there on the original."""
    worst, scenes = 0.0, 0
    for family in bench.families:
        for number, scene in enumerate(bench.scenes(family)):
            painter = type("Looped", (Looped,), {"sampler": SHOWN[number % len(SHOWN)]})
            outcome = bench.outcome(scene, family, painter)
            assert isinstance(outcome.engine, Looped)
            worst, scenes = max(worst, 255 * outcome.engine.differs), scenes + 1
    figure = f"{worst:.3f} levels off at most, {scenes} scenes"
    return Row("truth, through the loop", figure, "0.1 levels", worst <= 0.1)


def parities(bench: Bench, samplers: tuple[str, ...] = tuple(parity.SAMPLERS)) -> Row:
    """The same start, scheduler and words give the stock pipelines' latents: both families, each layout."""
    worst = max(
        parity.difference(family, layout, one, guidance)[0]
        for family in ("sd15", "sdxl")
        for layout in LAYOUTS
        for one in samplers
        for guidance in (1.0, 5.0)
    )
    return Row("parity", f"{worst:.0e} off at most, {12 * len(samplers)} pairs", "1e-4", worst <= 1e-4)


def exact_through_the_engine(bench: Bench, rounds: int = 24) -> Row:
    """Random soft selections in any mode and depth, each layout's checkpoint: nothing outside, the edge as it was."""
    rng = np.random.default_rng(5)
    changed = pixels = wrong = soft = 0
    for number in range(rounds):
        layer, image, document, box, mask, recipe = _painted(rng, number)
        outside = ~_reached(document.canvas, box, mask, recipe.blend)
        after = over(image, layer, document.canvas)
        same = (after == image) | ((after != after) & (image != image))
        changed += int((~same[outside]).sum()) + (not document.canvas.contains(layer.box))
        pixels += int(outside.sum())
        if not recipe.blend:
            coverage = masks.place(mask, box, layer.box)
            found = np.full_like(coverage, 255) if layer.mask is None else layer.mask
            wrong += int((found != coverage).sum())
            soft += int(((coverage > 0) & (coverage < 255)).sum())
    figure = f"{changed} of {pixels:,} px changed outside, {wrong} of {soft:,} soft values wrong"
    return Row("exact and soft, through the engine", figure, "0 and 0", changed == wrong == 0)


def seeds_through_the_engine(bench: Bench, rounds: int = 6) -> Row:
    """Variation k of three, alone: the same picture, to the bit on a CPU."""
    differ = 0
    for number in range(rounds):
        rng = np.random.default_rng(number)
        recipe = _recipe(number, count=3)
        document, image = _random_document(rng, number, recipe)
        box, mask = _random_selection(rng, document, recipe)
        together = _layers(document, image, box, mask, recipe)
        for k, layer in enumerate(together):
            (alone,) = _layers(document, image, box, mask, replace(recipe, seed=7 + k, count=1))
            differ += not np.array_equal(alone.picture, layer.picture, equal_nan=document.depth == "f32")
    return Row("seeds, through the engine", f"{differ} of {3 * rounds} differ", "0, to the bit", differ == 0)


def _painted(rng: np.random.Generator, number: int) -> tuple[Layer, Pixels, Document, Box, Mask, Recipe]:
    recipe = _recipe(number)
    document, image = _random_document(rng, number, recipe)
    box, mask = _random_selection(rng, document, recipe)
    (layer,) = _layers(document, image, box, mask, recipe)
    return layer, image, document, box, mask, recipe


def _recipe(number: int, count: int = 1) -> Recipe:
    """Every mode, strength, blend and layout comes by."""
    of = model("sd15", LAYOUTS[number % 3])
    mode = ("fill", "remove", "expand", "detail")[number % 4]
    asked = {"strength": (1.0, 0.3, 0.6)[number // 2 % 3], "blend": (0, 0, 9)[number // 4 % 3], "count": count}
    return Recipe(mode, prompt="a red roof", model=of.id, seed=7, steps=4, guidance=1.0, **asked)  # type: ignore[arg-type]


def _layers(document: Document, image: Pixels, box: Box, mask: Mask, recipe: Recipe) -> list[Layer]:
    plan = geometry.plan(document, box, recipe, TINY)
    region = Region(document, plan.image, see(image, plan.image), box, mask, None)
    return list(fill(region, recipe, TINY, ENGINE, lambda *said: None))


ENGINE = Diffusion(
    {one.id: one for one in (model("sd15", layout) for layout in LAYOUTS)}.__getitem__,
    lambda id: (_ for _ in ()).throw(KeyError(id)),
    "cpu",
    torch.float32,
)
"""The real one, on the CPU, with a checkpoint of each layout."""

LOOP_GATES: tuple[Callable[[Bench], Row], ...] = (
    strength,
    parities,
    same_through_the_loop,
    exact_through_the_engine,
    seeds_through_the_engine,
)
