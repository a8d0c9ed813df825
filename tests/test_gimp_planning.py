"""The plan line: one question at a time, asked where the answer may have changed, and not at each key of a prompt."""

from dataclasses import replace

import pytest

from bridge.protocol.messages import Error, Want
from bridge.protocol.values import Box, Document
from gimp_plugin.planning import Planning
from gimp_plugin.scene import Scene
from gimp_plugin.view import Fields

SCENE = Scene("roof", Document("ab" * 16, 160, 120, 3), Box(60, 50, 40, 30), None, "rgb", 1, "Background", None, "")
FIELDS = Fields(prompt="a roof")


class Asked:
    """A client that only notes what is begun."""

    def __init__(self) -> None:
        self.begun: list[dict] = []

    def do(self, command) -> None:
        command(self)

    def begin(self, document, selection, recipe, read, **more) -> None:
        self.begun.append({"selection": selection, "recipe": recipe, "read": read, **more})


@pytest.fixture
def asked() -> Asked:
    return Asked()


@pytest.fixture
def planning(asked) -> Planning:
    """A plan line that has its first answer."""
    made = Planning(asked.do)
    made.ask("fill", SCENE, FIELDS)
    assert made.answer(Want(asked.begun[0]["job"], {"text": "160 × 120 px", "notes": ["A note."]}))
    return made


def test_a_plan_alone_is_asked_for_and_shown(planning, asked) -> None:
    (one,) = asked.begun
    assert (one["dry"], one["read"], one["selection"]) == (True, None, SCENE.selection)
    assert (planning.text, planning.notes, planning.refused) == ("160 × 120 px", ("A note.",), "")


@pytest.mark.parametrize(
    "fields",
    [
        FIELDS,
        replace(FIELDS, prompt="another"),
        replace(FIELDS, negative="moss"),
        replace(FIELDS, seed=9, locked=True),
        replace(FIELDS, sample="below"),
    ],
)
def test_what_changes_no_plan_asks_nothing(planning, asked, fields) -> None:
    planning.ask("fill", SCENE, fields)
    assert len(asked.begun) == 1


@pytest.mark.parametrize(
    ("mode", "scene", "fields"),
    [
        ("fill", SCENE, replace(FIELDS, prompt=" ")),
        ("fill", SCENE, replace(FIELDS, strength=40)),
        ("fill", SCENE, replace(FIELDS, count=2)),
        ("fill", SCENE, replace(FIELDS, steps=9)),
        ("fill", SCENE, replace(FIELDS, model="roofs-1")),
        ("fill", replace(SCENE, selection=None), FIELDS),
        ("fill", replace(SCENE, document=Document("ab" * 16, 200, 120, 3)), FIELDS),
        ("remove", SCENE, FIELDS),
    ],
)
def test_what_may_change_a_plan_asks_anew_one_question_at_a_time(planning, asked, mode, scene, fields) -> None:
    planning.ask(mode, scene, fields)
    planning.ask(mode, scene, replace(fields, blend=5))
    assert len(asked.begun) == 2
    planning.answer(Want(asked.begun[1]["job"], {"text": "new"}))
    assert (planning.text, planning.notes) == ("new", ())
    planning.ask(mode, scene, replace(fields, blend=5))
    assert len(asked.begun) == 3


def test_a_refusal_is_the_reason(planning, asked) -> None:
    planning.ask("fill", replace(SCENE, selection=None), FIELDS)
    assert planning.answer(Error("limit.spool", "The spool is full.", re="fill", job=asked.begun[1]["job"]))
    assert (planning.text, planning.notes, planning.refused) == ("", (), "The spool is full.")


def test_answers_to_others_are_not_its_own(planning, asked) -> None:
    planning.ask("fill", replace(SCENE, selection=None), FIELDS)
    assert not planning.answer(Want("f" * 32, {"text": "of a fill"}))
    assert not planning.answer(Error("internal", "of nobody"))
    assert planning.text == "160 × 120 px"


def test_after_a_cut_it_is_asked_anew(planning, asked) -> None:
    planning.ask("fill", replace(SCENE, selection=None), FIELDS)
    planning.forget()
    planning.ask("fill", SCENE, FIELDS)
    assert len(asked.begun) == 3
    assert not planning.answer(Want(asked.begun[1]["job"], {"text": "late"}))


def test_fields_that_make_no_recipe_are_a_reason_until_they_do_again(planning, asked) -> None:
    planning.ask("fill", SCENE, replace(FIELDS, blend=999))
    assert "blend" in planning.refused and len(asked.begun) == 1
    planning.ask("fill", SCENE, FIELDS)
    planning.answer(Want(asked.begun[1]["job"], {"text": "new"}))
    assert (planning.refused, planning.text) == ("", "new")
