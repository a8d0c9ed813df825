"""The gates of the painting loop hold, and each sees the mistake that it is there for."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from bridge.engines.diffusion import schedule
from bridge.families import FAMILIES
from bridge.fill import Layer
from tests.gates import loop
from tests.gates.bench import Bench

QUICK: dict[str, dict[str, Any]] = {
    "exact_through_the_engine": {"rounds": 6},
    "seeds_through_the_engine": {"rounds": 1},
}
GATES = [gate for gate in loop.LOOP_GATES if gate is not loop.parities]
"""Parity has a test of its own: test_engines_diffusion_loop."""


@pytest.fixture(scope="module")
def bench() -> Bench:
    return Bench({FAMILIES["sd15"]: 10})


@pytest.mark.parametrize("gate", GATES, ids=lambda gate: gate.__name__)
def test_gate(gate: Callable[..., loop.Row], bench: Bench) -> None:
    row = gate(bench, **QUICK.get(gate.__name__, {}))
    assert row.holds, f"{row.gate}: {row.figure}, the bound is {row.bound}"


def test_strength_sees_levels_that_are_interpolated_plainly(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def plain(times: np.ndarray, trained: np.ndarray) -> np.ndarray:
        return np.interp(times - 0.5, np.arange(len(trained)), trained)

    monkeypatch.setattr(schedule, "_level", plain)
    assert not loop.strength(bench).holds


def test_the_loop_gate_sees_a_map_made_hard(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    real = loop.sample
    monkeypatch.setattr(loop, "sample", lambda z, d, *more: real(z, (d > 0.5).float(), *more))
    assert not loop.same_through_the_loop(bench).holds


def test_the_loop_gate_sees_cells_that_are_not_given_back(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    real = loop.sample
    monkeypatch.setattr(loop, "sample", lambda z, d, *more: real(z, torch.clamp(d, min=0.2), *more))
    assert not loop.same_through_the_loop(bench).holds


@pytest.mark.long
def test_seeds_see_noise_that_depends_on_the_batch(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter(range(10**6))
    real = loop.noise.field
    monkeypatch.setattr(loop.noise, "field", lambda seed, *more: real(seed + next(drawn), *more))
    assert not loop.seeds_through_the_engine(bench, rounds=1).holds


def test_parity_sees_a_guidance_that_is_a_little_off(monkeypatch: pytest.MonkeyPatch) -> None:
    real = loop.parity.denoiser

    def off(parts: Any, text: Any, seen: Any, guidance: float, size: tuple[int, int]) -> Any:
        return real(parts, text, seen, guidance + 0.001, size)

    monkeypatch.setattr(loop.parity, "denoiser", off)
    assert loop.parity.difference("sd15", "base", "Euler", 5.0)[0] > 1e-4


def test_exactness_sees_a_mask_that_grew_and_an_edge_made_hard(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    real = loop.fill

    def grown(*given: Any) -> Iterator[Layer]:
        return (replace(layer, mask=None) for layer in real(*given))

    monkeypatch.setattr(loop, "fill", grown)
    row = loop.exact_through_the_engine(bench, rounds=1)
    assert not row.holds and not row.figure.startswith("0 of") and " 0 of" not in row.figure
