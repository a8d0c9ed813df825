"""Every gate holds on a few scenes in small families, and every gate sees the mistake that it is there for.

The whole table: `python -m tests.gates`.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest
from pytest import MonkeyPatch
from scipy.ndimage import maximum_filter, minimum_filter
from skimage.color import lab2rgb, rgb2lab

from bridge import colour, geometry, masks
from bridge import fill as filling
from bridge.families import FAMILIES, Family
from bridge.fill import Layer, fill
from bridge.geometry import Plan
from tests import gates_sizes
from tests.gates import gates
from tests.gates.bench import Bench, Fill
from tests.gates.gates import Row

SD15 = FAMILIES["sd15"]
SDXL = replace(SD15, name="sdxl at 512²", multiple=16)
FLUX = replace(SD15, name="flux at 512²", multiple=16, cell=16)

QUICK = {"exact_outside": {"rounds": 8}, "sizes": {"selections": 400}, "seeds": {"count": 2}}
"""The gates on fewer rounds than in the table; the eighth is the classical engine's."""
QUICKER = QUICK | {"exact_outside": {"rounds": 4}}
"""And where a mistake is to be seen."""


@pytest.fixture(scope="module")
def bench() -> Bench:
    """Ten scenes, some of them again as larger families would work them; each filled once for all gates."""
    return Bench({SD15: 10, SDXL: 2, FLUX: 3})


@pytest.mark.parametrize("gate", gates.GATES, ids=lambda gate: gate.__name__)
def test_gate(gate: Callable[..., Row], bench: Bench) -> None:
    row = gate(bench, **QUICK.get(gate.__name__, {}))
    assert row.holds, f"{row.gate}: {row.figure}, the bound is {row.bound}"


# Mistakes: what a gate must see. Each is a function that spoils something and returns the fill to be measured.

Mistake = Callable[[MonkeyPatch], Fill]


def _spoiled(spoil: Callable[[Layer], Layer]) -> Mistake:
    """Every layer is spoiled after it was made."""

    def spoiled(*given: Any) -> Iterator[Layer]:
        return map(spoil, fill(*given))

    return lambda patch: spoiled


def _mask(change: Callable[[Any], Any]) -> Mistake:
    return _spoiled(lambda layer: replace(layer, mask=change(_full(layer))))


def _full(layer: Layer) -> Any:
    return np.full(layer.box[3:1:-1], 255, np.uint8) if layer.mask is None else layer.mask


def _picture(change: Callable[[Any], Any]) -> Mistake:
    return _spoiled(lambda layer: replace(layer, picture=change(layer.picture)))


def _patched(room: Any, name: str, mistake: Callable[..., Any]) -> Mistake:
    """A function of a room does something else; `mistake` gets the true one first."""

    def patched(patch: MonkeyPatch) -> Fill:
        patch.setattr(room, name, partial(mistake, getattr(room, name)))
        return fill

    return patched


def _uncorrected(true: Any, original: Any, painted: Any, ring: Any, free: Any) -> Any:
    return painted, colour.Correction(ring=1)


def _one_offset(true: Any, original: Any, painted: Any, ring: Any, free: Any) -> Any:
    shift = (original[ring] - painted[ring]).mean(0) if ring.any() else 0
    return (painted + shift).astype(np.float32), colour.Correction(ring=1)


def _by_heart(true: Any, original: Any, painted: Any, ring: Any, free: Any) -> Any:
    return np.where(ring[..., None], original, painted), colour.Correction(ring=1)


def _lab_transfer(true: Any, original: Any, painted: Any, ring: Any, free: Any) -> Any:
    """The widespread mistake: mean and deviation in Lab, without a limit."""
    wanted, found = rgb2lab(original[ring]), rgb2lab(painted[ring])
    gain = wanted.std(0) / (found.std(0) + 0.01)
    matched = (rgb2lab(painted) - found.mean(0)) * gain + wanted.mean(0)
    return lab2rgb(matched).astype(np.float32), colour.Correction(ring=1)


def _blurred(true: Any, painted: Any, size: tuple[int, int]) -> Any:
    return true(true(painted, (size[0] // 2, size[1] // 2)), size)


def _needless(true: Any, rgb: Any, size: tuple[int, int]) -> Any:
    return true(true(rgb, (size[0] + 8, size[1] + 8)), size)


def _narrow(true: Any, coverage: Any, blend: float, cell: int) -> Any:
    return minimum_filter(true(coverage, blend, cell), 3)


def _halved(true: Any, *given: Any) -> Plan:
    plan = true(*given)
    passes = []
    for one in plan.passes:
        small = tuple(replace(p, working=type(p.working)(p.working[0] // 2, p.working[1] // 2)) for p in one.pieces)
        passes.append(replace(one, pieces=small))
    return replace(plan, passes=tuple(passes))


def _all_of_it(true: Any, document: Any, selection: Any, recipe: Any, *given: Any) -> Plan:
    return true(document, selection, replace(recipe, context="canvas"), *given)


def _shuffled(*given: Any) -> Iterator[Layer]:
    recipe = given[1]
    return (replace(layer, index=recipe.count - 1 - layer.index) for layer in fill(*given))


MISTAKES: list[tuple[str, Callable[..., Row], Mistake]] = [
    ("a mask one pixel wider", gates.exact_outside, _mask(lambda mask: maximum_filter(mask, 3))),
    ("a layer one pixel off", gates.exact_outside, _spoiled(lambda one: replace(one, box=one.box.moved(1, 0)))),
    ("a mask eroded", gates.soft_edge, _mask(lambda mask: minimum_filter(mask, 3))),
    ("a mask made hard", gates.soft_edge, _mask(lambda mask: np.where(mask > 127, np.uint8(255), np.uint8(0)))),
    ("a denoise map too narrow", gates.no_ghost, _patched(masks, "denoise_map", _narrow)),
    ("pasted without correction", gates.no_ghost, _patched(colour, "correct", _uncorrected)),
    ("a picture one pixel off", gates.identity_1_to_1, _picture(lambda picture: np.roll(picture, 1, 1))),
    ("a needless resampling", gates.identity_1_to_1, _patched(colour, "resample", _needless)),
    ("a way back that softens", gates.identity_zoomed, _patched(filling, "_returned", _blurred)),
    ("pasted without correction", gates.tint, _patched(colour, "correct", _uncorrected)),
    ("one offset for all", gates.tint, _patched(colour, "correct", _one_offset)),
    ("the ring learnt by heart", gates.honest_ring, _patched(colour, "correct", _by_heart)),
    ("no gain", gates.contrast, _patched(colour, "correct", _one_offset)),
    ("Lab transfer without a limit", gates.contrast, _patched(colour, "correct", _lab_transfer)),
    ("pasted without correction", gates.seam, _patched(colour, "correct", _uncorrected)),
    ("one offset for all", gates.seam, _patched(colour, "correct", _one_offset)),
    ("half the working size", gates.sizes, _patched(gates_sizes, "plan", _halved)),
    ("variations in another order", gates.seeds, lambda patch: _shuffled),
    ("all of the canvas sent", gates.cost, _patched(geometry, "plan", _all_of_it)),
    ("eight bits on the way", gates.deep_gradient, _picture(lambda picture: picture // 257 * 257)),
]
"""The name of the mistake, the gate that must see it, the mistake."""


def _few(gate: Callable[..., Row]) -> dict[Family, int | None]:
    """Scenes enough to see a mistake."""
    return {SD15: 6 if gate in (gates.identity_zoomed, gates.contrast) else 3}


@pytest.mark.parametrize(
    ("gate", "mistake"), [row[1:] for row in MISTAKES], ids=[f"{gate.__name__}: {name}" for name, gate, _ in MISTAKES]
)
def test_gate_sees(gate: Callable[..., Row], mistake: Mistake, monkeypatch: MonkeyPatch) -> None:
    spoiled = Bench(_few(gate), mistake(monkeypatch))
    row = gate(spoiled, **QUICKER.get(gate.__name__, {}))
    assert not row.holds, f"{row.gate} saw nothing: {row.figure}, the bound is {row.bound}"


def test_every_gate_is_seen_to_fail() -> None:
    assert {gate for _, gate, _ in MISTAKES} == set(gates.GATES)
