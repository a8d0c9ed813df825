"""Twenty seeded schedules of resets and kills; `python run.py chaos` runs two hundred."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests import chaos

SEEDS = range(20)


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL and SO_LINGER as the schedules use them are POSIX")
def test_every_layer_lands_once(tmp_path: Path) -> None:
    def one(seed: int) -> str:
        folder = tmp_path / str(seed)
        folder.mkdir()
        return chaos.run(chaos.Schedule.drawn(seed), folder)

    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(one, SEEDS))
    assert len(told) == 20


def test_the_schedules_do_cut_and_kill() -> None:
    drawn = [chaos.Schedule.drawn(seed) for seed in SEEDS]
    assert sum(bool(one.cuts) for one in drawn) >= 10
    assert {one.kill[1] for one in drawn if one.kill} == {"none", "half", "whole"}
    assert sum(end is not None for one in drawn for end in one.ends) >= 10


def test_the_check_sees_a_layer_that_comes_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = chaos.layers
    monkeypatch.setattr(chaos, "layers", lambda events: whole(events) * 2)
    with pytest.raises(AssertionError, match="missing or twice"):
        chaos.run(chaos.Schedule(0, (), None, (1,), (None,)), tmp_path)
