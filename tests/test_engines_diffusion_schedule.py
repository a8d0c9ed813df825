"""From a strength to noise levels: the gate *strength*, for every scheduler that a model may name."""

import math

import numpy as np
import pytest
import torch

from bridge.engines.diffusion.schedule import DISCRETE, SAMPLERS, SCALED, Schedule, schedule
from bridge.engines.diffusion.schedulers import Scheduler
from bridge.families import FAMILIES

STRENGTHS = [i / 100 for i in range(5, 101)]
NAMES = sorted({*SAMPLERS, "DPMSolverSDEScheduler"})


def made(name: str, strength: float, steps: int, **config: object) -> Schedule:
    given = Scheduler.of(name, "epsilon")
    return schedule(Scheduler(given.name, {**given.config, **config}), strength, steps)


def trained(plan: Schedule) -> np.ndarray:
    a = plan.scheduler.alphas_cumprod.double().numpy()
    return np.sqrt((1 - a) / a)


@pytest.mark.parametrize("steps", [1, 4, 8, 20])
@pytest.mark.parametrize("name", NAMES)
def test_the_first_level_is_the_strengths_own_and_rises_with_it(name: str, steps: int) -> None:
    before = 0.0
    for strength in STRENGTHS:
        plan = made(name, strength, steps)
        times = np.arange(1000)
        wanted = math.exp(np.interp(1000 * strength - 1, times, np.log(trained(plan))))
        assert abs(plan.levels[0] / wanted - 1) <= 1e-6
        assert plan.levels[0] > before
        before = plan.levels[0]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("spacing", ["leading", "linspace", "trailing"])
def test_levels_fall_to_none_and_the_denoiser_is_told_the_same(name: str, spacing: str) -> None:
    for strength in (1.0, 0.37, 0.05):
        for steps in (4, 8, 20, 25):
            plan = made(name, strength, steps, timestep_spacing=spacing)
            assert (np.diff(plan.levels) < 0).all() and plan.levels[-1] == 0
            assert (np.diff(plan.places) < 0).all() and plan.places[-1] == 0
            assert plan.places[0] == pytest.approx(strength, abs=5e-4)
            assert len(plan.levels) == plan.steps + 1
            told = np.exp(np.interp(plan.timesteps.double().numpy(), np.arange(1000), np.log(trained(plan))))
            assert np.allclose(told, plan.levels[:-1], rtol=1e-5)
            assert plan.steps == steps or isinstance(plan.scheduler, DISCRETE)


@pytest.mark.parametrize("steps", [1, 4, 8])
@pytest.mark.parametrize("strength", [1.0, 0.5, 0.3, 0.05])
@pytest.mark.parametrize("name", ["LCMScheduler", "TCDScheduler", "EulerDiscreteScheduler"])
def test_a_model_of_few_steps_runs_exactly_its_own(name: str, strength: float, steps: int) -> None:
    calls = FAMILIES["sdxl-few"].calls(strength, steps)
    assert made(name, strength, calls).steps == steps == calls


def test_two_steps_on_one_timestep_are_one() -> None:
    plan = made("LCMScheduler", 0.05, 100)
    assert plan.steps == len(set(plan.timesteps.tolist())) == 49


@pytest.mark.parametrize("name", NAMES)
def test_the_scheduler_takes_exactly_these_steps(name: str) -> None:
    """A denoiser that knows the picture leads to it from any level, whatever the scheduler."""
    z = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    noise = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(1))
    plan = made(name, 0.6, 8)
    x = plan.noised(z, noise, 0)
    for i, t in enumerate(plan.timesteps):
        level = float(plan.levels[i])
        seen = plan.scheduler.scale_model_input(x, t) if not plan.scaled else x
        assert seen.std() == pytest.approx(1.0, abs=0.3)
        y = x * math.sqrt(1 + level**2) if plan.scaled else x
        output = (y - z) / level
        assert torch.allclose(plan.clean(x, output, i), z, atol=1e-4)
        x = plan.scheduler.step(output, t, x, generator=torch.Generator().manual_seed(100 + i), return_dict=False)[0]
        if plan.levels[i + 1] > 0 and name not in ("LCMScheduler", "TCDScheduler"):
            assert x.std() == pytest.approx(float(plan.noised(z, noise, i + 1).std()), rel=0.35)
    # LCM mixes in a little of its input, TCD leaves the noise of the first training timestep
    tolerance = {"LCMScheduler": 0.05, "TCDScheduler": 0.15}.get(name, 1e-3)
    assert torch.allclose(x, z, atol=tolerance)


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction", "sample"])
@pytest.mark.parametrize("name", ["EulerDiscreteScheduler", "DPMSolverMultistepScheduler"])
def test_what_the_denoiser_sees_is_found_in_its_output(name: str, prediction: str) -> None:
    z, noise = (torch.randn(1, 4, 4, 4, generator=torch.Generator().manual_seed(seed)) for seed in (0, 1))
    plan = schedule(Scheduler.of(name, prediction), 0.5, 4)
    level = float(plan.levels[1])
    scale = math.sqrt(1 + level**2)
    output = {"epsilon": noise, "v_prediction": (noise - level * z) / scale, "sample": z}[prediction]
    assert torch.allclose(plan.clean(plan.noised(z, noise, 1), output, 1), z, atol=1e-5)


def test_karras_spaces_levels_and_not_timesteps() -> None:
    plain, karras = (made("DPMSolverMultistepScheduler", 1.0, 10, use_karras_sigmas=on) for on in (False, True))
    assert karras.levels[0] == plain.levels[0]
    roots = karras.levels[:-1] ** (1 / 7)
    assert np.allclose(np.diff(roots), np.diff(roots)[0], rtol=1e-3)
    assert (karras.levels[1:-1] < plain.levels[1:-1]).mean() > 0.5


def test_a_schedule_without_any_signal_at_its_end_is_kept() -> None:
    plan = schedule(Scheduler.of("EulerDiscreteScheduler", "v_prediction", zero_snr=True), 1.0, 8)
    assert plan.levels[0] > 1000 and np.isfinite(plan.levels).all()


def test_a_scheduler_that_nobody_knows_is_replaced_by_euler_with_its_noise() -> None:
    plan = made("DPMSolverSDEScheduler", 0.4, 4, prediction_type="v_prediction")
    assert type(plan.scheduler).__name__ == "EulerDiscreteScheduler"
    assert plan.scheduler.config.prediction_type == "v_prediction" and not plan.scaled


@pytest.mark.parametrize("name", NAMES)
def test_latents_are_scaled_as_the_scheduler_wants_them(name: str) -> None:
    plan = made(name, 0.8, 4)
    assert plan.scaled == isinstance(plan.scheduler, SCALED) == (float(plan.scheduler.init_noise_sigma) == 1)
