"""The painting loop: parity with the stock pipelines, and the differential map that they do not have."""

import math

import pytest
import torch

from bridge.engines import Cancelled
from bridge.engines.diffusion.loop import sample
from bridge.engines.diffusion.schedule import Schedule, schedule
from bridge.engines.diffusion.schedulers import Scheduler
from tests import parity
from tests.checkpoints import FAMILIES, LAYOUTS


@pytest.mark.parametrize("guidance", [1.0, 5.0], ids=["unguided", "guided"])
@pytest.mark.parametrize("sampler", parity.SAMPLERS)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("family", FAMILIES)
def test_parity(family: str, layout: str, sampler: str, guidance: float) -> None:
    different, largest = parity.difference(family, layout, sampler, guidance)
    assert largest > 0.5
    assert different <= 1e-4


@pytest.mark.parametrize("sampler", ["Euler", "Euler a", "DPM++ 2M", "LCM"])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_hard_mask_keeps_what_the_stock_pipeline_keeps(family: str, sampler: str) -> None:
    """Half is to be painted: the stock inpainting pipeline of four channels replaces the other half at each step."""
    different, kept = parity.masked(family, sampler)
    assert kept == 0
    assert different <= 1e-4


# ---- the differential map, with a denoiser that knows the picture ---------------------------------------------------


def wanted(seed: int) -> torch.Tensor:
    return torch.randn((1, 4, 6, 8), generator=parity.seeded(seed))


Z, NOISE, TRUTH = wanted(1), wanted(2), wanted(3)


def knowing(plan: Schedule, seen: list[torch.Tensor] | None = None):
    """A denoiser whose output leads to TRUTH from any level, and to a list of what it was given."""
    steps = iter(range(plan.steps))

    def denoise(x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        level = float(plan.levels[next(steps)])
        if seen is not None:
            seen.append(x)
        return (x * math.sqrt(1 + level * level) - TRUTH) / level  # every scheduler hands x at unit scale

    return denoise


def painted(d: torch.Tensor, strength: float = 1.0, sampler: str = "EulerDiscreteScheduler", **more: object):
    plan = schedule(Scheduler.of(sampler), strength, 8)
    told: list[tuple[int, torch.Tensor | None]] = []
    seen: list[torch.Tensor] = []
    denoise = knowing(plan, seen)
    x = sample(Z, d, NOISE, plan, denoise, lambda i, clean: told.append((i, clean)), [parity.seeded()], **more)
    return x, plan, seen, told


@pytest.mark.parametrize("sampler", ["EulerDiscreteScheduler", "DPMSolverMultistepScheduler"])
@pytest.mark.parametrize("strength", [1.0, 0.6, 0.05])
def test_what_may_not_be_painted_is_the_original_and_what_may_is_painted(sampler: str, strength: float) -> None:
    d = torch.zeros(1, 1, 6, 8)
    d[..., 4:] = 1
    x, *_ = painted(d, strength, sampler)
    assert torch.equal(x[..., :4], Z[..., :4])
    assert torch.allclose(x[..., 4:], TRUTH[..., 4:], atol=1e-3)


def test_full_strength_cells_are_never_replaced_and_others_are_until_their_own_level() -> None:
    d = torch.linspace(0, 1, 8).expand(1, 1, 6, 8)
    _, plan, seen, _ = painted(d, strength=0.8)
    for i, x in enumerate(seen):
        level = float(plan.levels[i])
        original = (Z + level * NOISE) / math.sqrt(1 + level * level)
        held = torch.isclose(x, original, atol=1e-5).all(dim=1).all(dim=1)[0]
        wanted = 0.8 * d[0, 0, 0] < plan.places[i]
        assert torch.equal(held[:-1], wanted[:-1]) if i else held.all()


def test_a_cells_change_grows_with_its_own_strength() -> None:
    """A timid denoiser, which takes away a part of the noise only: what starts lower is changed less."""
    d = torch.linspace(0, 1, 8).expand(1, 1, 6, 8)
    z, noise = (torch.randn((1, 4, 256, 8), generator=parity.seeded(seed)) for seed in (1, 2))
    plan = schedule(Scheduler.of("EulerDiscreteScheduler"), 1.0, 20)
    x = sample(z, d[:, :, :1], noise, plan, lambda x, t: 0.7 * x, lambda i, clean: None, [parity.seeded()])
    change = (x - z).abs().mean(dim=(0, 1, 2))
    assert change[0] == 0 and (change.diff() > 0).all()


def test_every_step_is_told_with_what_the_picture_looks_like() -> None:
    d = torch.zeros(1, 1, 6, 8)
    d[..., 4:] = 1
    _, plan, _, told = painted(d)
    assert [i for i, _ in told] == list(range(plan.steps + 1))
    assert told[0][1] is None
    for _, clean in told[1:]:
        assert torch.equal(clean[..., :4], Z[..., :4]) and torch.allclose(clean[..., 4:], TRUTH[..., 4:], atol=1e-3)


@pytest.mark.parametrize("at", range(9))
def test_a_cancel_at_any_step_ends_it_there(at: int) -> None:
    def told(i: int, clean: torch.Tensor | None) -> None:
        if i == at:
            raise Cancelled

    calls = []
    plan = schedule(Scheduler.of("EulerDiscreteScheduler"), 1.0, 8)
    with pytest.raises(Cancelled):
        sample(Z, torch.ones(1, 1, 6, 8), NOISE, plan, lambda x, t: calls.append(t) or x, told, [parity.seeded()])
    assert len(calls) == at


def test_the_noise_of_the_steps_is_each_variations_own() -> None:
    """Two variations in one batch, with a scheduler that adds noise: each is what it is alone."""
    d, seeds = torch.ones(1, 1, 6, 8), (4, 5)
    fields = torch.cat([wanted(seed) for seed in seeds])

    def run(noise: torch.Tensor, generators: list[torch.Generator]) -> torch.Tensor:
        plan = schedule(Scheduler.of("EulerAncestralDiscreteScheduler"), 1.0, 4)
        return sample(Z, d, noise, plan, lambda x, t: 0.5 * x, lambda i, clean: None, generators)

    both = run(fields, [parity.seeded(seed) for seed in seeds])
    for number, seed in enumerate(seeds):
        assert torch.equal(both[number], run(fields[number : number + 1], [parity.seeded(seed)])[0])
