"""What is remembered between two starts: written rarely, lost never, and damaged in any way it harms nobody."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge.protocol.values import Box, Document, Recipe
from gimp_plugin import gestures
from gimp_plugin.keep import LAZY, Keep, Order
from gimp_plugin.kept import FILES, JOBS, PROMPTS, Kept
from gimp_plugin.scene import Spot
from gimp_plugin.view import Fields, Place

DOCUMENT = Document("ab" * 16, 160, 120, 3, "u16")
ORDER = Order(Spot("below", 7), DOCUMENT, Box(60, 50, 40, 30), None, 9, Box(-5, 0, 4, 4))
FIELDS = Fields(
    prompt="red roof",
    strength=40,
    count=3,
    model="roofs-1",
    negative="moss",
    steps=20,
    guidance=5.5,
    seed=9,
    locked=True,
    loras=(("ink", -0.5),),
    sample="current",
    blend=12,
    context="canvas",
    source="all",
)


def written(folder: Path) -> dict:
    return json.loads((folder / "gimp.json").read_text("utf-8"))


def test_everything_comes_back(tmp_path) -> None:
    keep = Keep(tmp_path)
    keep.set_fields(FIELDS)
    keep.set_place(Place(-4, 0, 340, 700))
    keep.set_tag("file:///roof.xcf", "cd" * 16)
    keep.add_prompt("blue roof")
    keep.add_prompt("red roof")
    keep.add_prompt("blue roof")
    keep.add_prompt("")
    keep.set_order("j" * 32, ORDER)
    back = Keep(tmp_path)
    assert (back.fields, back.place, back.prompts) == (FIELDS, Place(-4, 0, 340, 700), ["red roof", "blue roof"])
    assert (back.tag_of("file:///roof.xcf"), back.tag_of("file:///else")) == ("cd" * 16, "")
    assert (back.order("j" * 32), back.order("k" * 32)) == (ORDER, None)


def test_nothing_there_is_nothing_remembered(tmp_path) -> None:
    keep = Keep(tmp_path / "none")
    assert (keep.fields, keep.place, keep.prompts) == (Fields(), None, [])
    keep.tick()
    keep.save()
    assert not (tmp_path / "none").exists()


def test_a_seed_is_drawn_anew_unless_it_was_locked(tmp_path) -> None:
    keep = Keep(tmp_path)
    keep.set_fields(replace(FIELDS, locked=False))
    keep.save()
    assert Keep(tmp_path).fields == replace(FIELDS, locked=False, seed=None)


def test_keystrokes_are_written_once_a_second_and_orders_at_once(tmp_path) -> None:
    now = [100.0]
    keep = Keep(tmp_path, lambda: now[0])
    for letters in ("r", "re", "red"):
        keep.set_fields(Fields(prompt=letters))
        keep.tick()
    assert not (tmp_path / "gimp.json").exists()
    now[0] += LAZY
    keep.tick()
    assert written(tmp_path)["fields"]["prompt"] == "red"
    stamp = (tmp_path / "gimp.json").stat().st_ino
    now[0] += LAZY
    keep.tick()
    assert (tmp_path / "gimp.json").stat().st_ino == stamp, "nothing changed, and it was written"
    keep.set_order("j" * 32, ORDER)
    assert list(written(tmp_path)["jobs"]) == ["j" * 32]


def test_only_the_newest_are_kept(tmp_path) -> None:
    keep = Keep(tmp_path)
    for number in range(JOBS + 6):
        keep.set_order(f"job{number}", ORDER)
    for number in range(PROMPTS + 6):
        keep.add_prompt(f"prompt {number}")
    for number in range(FILES + 6):
        keep.set_tag(f"file:///{number}", "cd" * 16)
    keep.save()
    for one in (keep, Keep(tmp_path)):
        assert (one.order("job5"), one.order("job6"), one.order(f"job{JOBS + 5}")) == (None, ORDER, ORDER)
        assert (one.prompts[0], one.prompts[-1], len(one.prompts)) == ("prompt 6", f"prompt {PROMPTS + 5}", PROMPTS)
        assert (one.tag_of("file:///5"), one.tag_of("file:///6")) == ("", "cd" * 16)
    assert len(written(tmp_path)["jobs"]) == JOBS


def test_a_file_with_too_many_orders_gives_the_newest(tmp_path) -> None:
    keep = Keep(tmp_path)
    keep.set_order("j" * 32, ORDER)
    values = written(tmp_path)
    values["jobs"] = {f"job{number}": values["jobs"]["j" * 32] for number in range(500)}
    (tmp_path / "gimp.json").write_text(json.dumps(values), "utf-8")
    back = Keep(tmp_path)
    assert (back.order("job435"), back.order("job436"), back.order("job499")) == (None, ORDER, ORDER)


def test_an_order_that_was_carried_out_is_forgotten(tmp_path) -> None:
    keep = Keep(tmp_path)
    keep.set_order("j" * 32, ORDER)
    keep.set_order("k" * 32, ORDER)
    keep.drop_order("j" * 32)
    keep.drop_order("never")
    keep.save()
    back = Keep(tmp_path)
    assert (back.order("j" * 32), back.order("k" * 32)) == (None, ORDER)


def test_two_programs_lose_nothing_of_each_other(tmp_path) -> None:
    panel, single = Keep(tmp_path), Keep(tmp_path)
    panel.set_fields(FIELDS)
    panel.set_order("panel", ORDER)
    single.fields = Fields(prompt="of a script")  # not the artist's own: it is not to be remembered
    single.add_prompt("of a script")
    single.set_tag("file:///single", "cd" * 16)
    single.set_order("single", ORDER)
    assert Keep(tmp_path).fields == FIELDS
    panel.add_prompt("red roof")
    panel.drop_order("panel")
    panel.set_place(Place(0, 0, 340, 700))
    panel.save()
    back = Keep(tmp_path)
    assert (back.fields, back.place) == (FIELDS, Place(0, 0, 340, 700))
    assert (back.order("panel"), back.order("single")) == (None, ORDER)
    assert (back.prompts, back.tag_of("file:///single")) == (["of a script", "red roof"], "cd" * 16)


def test_prompts_of_another_program_keep_their_order(tmp_path) -> None:
    panel, single = Keep(tmp_path), Keep(tmp_path)
    panel.add_prompt("first")
    panel.save()
    single.add_prompt("second")
    single.save()
    panel.set_place(Place(0, 0, 340, 700))
    panel.save()
    assert Keep(tmp_path).prompts == panel.prompts == ["first", "second"]


def test_a_full_disk_costs_nothing_but_the_memory(tmp_path, full_disk_at) -> None:
    keep = Keep(tmp_path)
    with full_disk_at(10):
        keep.set_order("j" * 32, ORDER)
    assert keep.order("j" * 32) == ORDER


# ---- damage ---------------------------------------------------------------------------------------------------------

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.just("\ud800")
    | st.just(10**400),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
GOOD = json.loads(json.dumps(Kept(FIELDS, ["red roof"], Place(0, 0, 1, 1), {"a": "cd"}, {"j": ORDER}).to_map()))
PATHS = [
    *((name,) for name in GOOD),
    *(("fields", name) for name in GOOD["fields"]),
    ("fields", "loras", 0),
    ("fields", "loras", 0, 0),
    ("fields", "loras", 0, 1),
    ("prompts", 0),
    ("place", 2),
    ("files", "a"),
    ("jobs", "j"),
    *(("jobs", "j", name) for name in GOOD["jobs"]["j"]),
    ("jobs", "j", "spot", 0),
    ("jobs", "j", "spot", 1),
    ("jobs", "j", "selection", 0),
    *(("jobs", "j", "document", name) for name in GOOD["jobs"]["j"]["document"]),
]


def usable(folder: Path) -> None:
    """Whatever lies there, a guest can begin with it, and write it again."""
    keep = Keep(folder)
    recipe = gestures.recipe_of("fill", keep.fields)
    assert isinstance(recipe, Recipe)
    "\n".join([*keep.prompts, keep.fields.prompt]).encode("utf-8")
    assert keep.place is None or all(abs(number) < 1 << 31 for number in keep.place)
    if order := keep.order("j"):
        boxes = [one for one in (order.selection, order.content, order.was) if one is not None]
        numbers = [number for box in boxes for number in box] + [order.spot.anchor, order.replaces]
        assert all(type(number) is int and abs(number) < 1 << 32 for number in numbers)
        assert order.spot.sample in ("all", "below", "current") and isinstance(order.document.tag, str)
    keep.set_order("new", ORDER)
    back = Keep(folder)
    assert (back.order("new"), back.fields, back.prompts) == (ORDER, keep.fields, keep.prompts)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_for_a_file(tmp_path, given_bytes) -> None:
    (tmp_path / "gimp.json").write_bytes(given_bytes)
    usable(tmp_path)


def damaged(folder: Path, path: tuple, value: object) -> None:
    """A good file with another value in one place."""
    values = json.loads(json.dumps(GOOD))
    inner = values
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    (folder / "gimp.json").write_text(json.dumps(values), "utf-8")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.sampled_from(PATHS), VALUES)
def test_any_value_in_any_place(tmp_path, path, value) -> None:
    damaged(tmp_path, path, value)
    usable(tmp_path)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: ".".join(map(str, path)))
def test_the_worst_values_in_every_place(tmp_path, path) -> None:
    for value in (None, True, -1, 10**400, float("nan"), float("inf"), "", "\0", "\ud800", [], [[]], {}, {"a": []}):
        damaged(tmp_path, path, value)
        usable(tmp_path)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_a_file_that_was_cut_off(tmp_path, share) -> None:
    text = json.dumps(GOOD)
    (tmp_path / "gimp.json").write_text(text[: int(len(text) * share)], "utf-8")
    assert Keep(tmp_path).fields == Fields()
    usable(tmp_path)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "1" * 5000, "", "null", "[]"])
def test_a_file_that_was_never_ours(tmp_path, text) -> None:
    (tmp_path / "gimp.json").write_text(text, "utf-8")
    usable(tmp_path)


def test_one_damaged_field_leaves_the_others(tmp_path) -> None:
    values = json.loads(json.dumps(GOOD))
    values["fields"]["strength"] = "much"
    (tmp_path / "gimp.json").write_text(json.dumps(values), "utf-8")
    assert Keep(tmp_path).fields == replace(FIELDS, strength=100)
    assert asdict(Keep(tmp_path).fields)["prompt"] == "red roof"
