"""Seeded kills of plug-in, bridge, painter and GIMP in the real GIMP; twenty with `--long`, a few always."""

from pathlib import Path

import pytest

from tests.gimp import chaos
from tests.gimp.artist import picture
from tests.gimp.console import Shared
from tests.gimp.journeys import Easel

SEEDS = range(len(chaos.KILLS))
ALWAYS = 3
"""So many are tried without `--long`, too: of the plug-in, the bridge and GIMP one each."""


@pytest.mark.parametrize(
    "seed", [*SEEDS[:ALWAYS], *(pytest.param(seed, marks=pytest.mark.long) for seed in SEEDS[ALWAYS:])]
)
def test_every_layer_lands_once(seed: int, easel: Easel, shared: Shared, tmp_path: Path) -> None:
    print(chaos.run(chaos.Schedule.drawn(seed), easel, picture(shared, "chelsea"), shared))


def test_the_schedules_kill_everybody_at_every_moment() -> None:
    drawn = [chaos.Schedule.drawn(seed) for seed in SEEDS]
    moments = {"asked", "accepted", "painting", "between", "arriving", "inserted"}
    for victim in ("plug-in", "bridge"):
        assert {one.moment for one in drawn if one.victim == victim} == moments
        assert {one.panel for one in drawn if one.victim == victim} == {True, False}
