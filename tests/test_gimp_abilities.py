"""What the bridge can paint, as the panel shows it: nothing known, the built-in fill alone, models, their LoRAs."""

import pytest

from bridge.protocol.messages import Capabilities
from gimp_plugin.abilities import Abilities
from gimp_plugin.view import Fields

CLASSICAL = {"name": "classical", "modes": ["fill", "remove", "expand"], "reads_prompt": False}
DIFFUSION = {"name": "diffusion", "modes": ["fill", "expand", "detail"], "reads_prompt": True}
ROOFS = {"id": "roofs-1", "name": "roofs", "family": "sd15", "fits": True}
FAST = {"id": "fast-2", "name": "Fast", "family": "sdxl-few", "fits": False}
INK = {"id": "ink", "name": "Ink", "family": "sd15"}
CHALK = {"id": "chalk", "name": "Chalk", "family": "sdxl"}
CPU, CARD = {"name": "cpu"}, {"name": "NVIDIA H100"}


def part(number: int = 1, parts: int = 1, engines=(), models=(), loras=(), device=CPU) -> Capabilities:
    return Capabilities(1, number, parts, engines, models, loras, device)


def abilities(*parts: Capabilities) -> Abilities:
    made = Abilities()
    for one in parts:
        made.hear(one)
    return made


NONE = Abilities()
BUILT_IN = abilities(part(engines=(CLASSICAL,)))
MODELS = abilities(part(engines=(CLASSICAL, DIFFUSION), models=(ROOFS, FAST), loras=(INK, CHALK), device=CARD))
SAMPLE = abilities(
    part(engines=(CLASSICAL, DIFFUSION), models=({"id": "sample", "name": "Sample", "family": "sample"},))
)
"""The model that comes with the package, and no other."""
UNINSTALLED = abilities(part(engines=(CLASSICAL,), models=(ROOFS,)))
"""Models are there, and what runs them is not."""


@pytest.mark.parametrize(
    ("those", "titles", "status"),
    [
        (NONE, ["Built-in fill"], ""),
        (BUILT_IN, ["Built-in fill"], "Built-in fill, no model installed · CPU"),
        (UNINSTALLED, ["Built-in fill"], "Built-in fill, no model installed · CPU"),
        (MODELS, ["Automatic", "Built-in fill", "Fast", "roofs"], "2 models · NVIDIA H100"),
        (SAMPLE, ["Automatic", "Built-in fill", "Sample"], "Sample model · CPU"),
    ],
)
def test_what_can_be_chosen_and_who_paints(those, titles, status) -> None:
    assert [one.title for one in those.models()] == titles
    assert those.models()[0].id is None
    assert those.status() == status


def test_a_model_that_may_not_fit_says_so() -> None:
    why = {one.title: one.why for one in MODELS.models()}
    assert why == {
        "Automatic": "",
        "Built-in fill": "",
        "roofs": "",
        "Fast": "It may not fit this machine's memory.",
    }


@pytest.mark.parametrize(
    ("model", "odd"),
    [(None, []), ("classical", []), ("roofs-1", ["Chalk"]), ("fast-2", ["Ink"]), ("gone", [])],
)
def test_loras_of_another_family_say_so(model, odd) -> None:
    loras = MODELS.loras(Fields(model=model))
    assert [one.title for one in loras] == ["Ink", "Chalk"]
    assert [one.title for one in loras if one.why] == odd


@pytest.mark.parametrize(
    ("those", "model", "greyed"),
    [
        (NONE, None, set()),
        (BUILT_IN, None, {"prompt", "strength", "negative", "steps", "guidance", "loras", "context"}),
        (MODELS, "classical", {"prompt", "strength", "negative", "steps", "guidance", "loras", "context"}),
        (MODELS, None, {"source"}),
        (MODELS, "roofs-1", {"source"}),
        (MODELS, "gone", {"source"}),
    ],
)
def test_fields_that_do_nothing_are_greyed_with_a_reason(those, model, greyed) -> None:
    reasons = those.greyed(Fields(model=model))
    assert set(reasons) == greyed
    assert all(reasons.values())


def test_a_greyed_slider_does_not_count() -> None:
    """With the built-in fill nobody could push it back to 100."""
    assert BUILT_IN.meant(Fields(strength=40, prompt="x")) == Fields(strength=100, prompt="x")
    assert MODELS.meant(Fields(strength=40)).strength == 40
    assert MODELS.meant(Fields(strength=40, model="classical")).strength == 100
    assert NONE.meant(Fields(strength=40)).strength == 40


@pytest.mark.parametrize(
    ("those", "mode", "model", "why"),
    [
        (NONE, "detail", None, False),
        (BUILT_IN, "detail", None, True),
        (BUILT_IN, "fill", None, False),
        (BUILT_IN, "remove", None, False),
        (BUILT_IN, "expand", None, False),
        (MODELS, "detail", None, False),
        (MODELS, "detail", "classical", True),
        (SAMPLE, "detail", None, True),
        (SAMPLE, "expand", None, False),
    ],
)
def test_what_the_chosen_model_cannot_do(those, mode, model, why) -> None:
    assert bool(those.why_not(mode, Fields(model=model))) == why


@pytest.mark.parametrize(
    ("those", "model", "has"),
    [
        (NONE, "gone", True),
        (BUILT_IN, None, True),
        (BUILT_IN, "classical", True),
        (BUILT_IN, "roofs-1", False),
        (MODELS, "roofs-1", True),
        (MODELS, "gone", False),
    ],
)
def test_whether_a_model_is_there(those, model, has) -> None:
    assert those.has(model) == has


def test_an_answer_in_parts_counts_once_it_is_whole() -> None:
    those = abilities(part(engines=(CLASSICAL,)))
    assert not those.hear(part(1, 2, engines=(CLASSICAL, DIFFUSION), models=(ROOFS,), loras=(INK,)))
    assert those.status() == "Built-in fill, no model installed · CPU"
    assert those.hear(part(2, 2, models=(FAST,), loras=(CHALK,)))
    assert those.status() == "2 models · CPU"
    assert [one.title for one in those.loras(Fields())] == ["Ink", "Chalk"]


def test_an_answer_that_begins_anew_forgets_the_parts_before() -> None:
    those = abilities(part(1, 3, models=(ROOFS,)), part(2, 3, models=(FAST,)))
    assert not those.known
    assert not those.hear(part(1, 2, engines=(CLASSICAL, DIFFUSION)))
    assert those.hear(part(2, 2, models=(FAST,)))
    assert those.status() == "1 model · CPU"
