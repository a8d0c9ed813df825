"""The fields between panel and guest: nothing that the artist does is taken back by a view that is late."""

from collections import deque
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from gimp_plugin.draft import Draft
from gimp_plugin.view import Fields


def test_a_change_is_told_whole_and_what_is_none_is_silent() -> None:
    told: list[Fields] = []
    draft = Draft(told.append)
    draft.change(prompt="a roof")
    draft.change(prompt="a roof", count=1)
    draft.change(seed=42, locked=True)
    assert told == [Fields(prompt="a roof"), Fields(prompt="a roof", seed=42, locked=True)]


def test_the_first_view_counts() -> None:
    draft = Draft(lambda fields: None)
    draft.hear(Fields(prompt="of last week", count=3))
    assert draft.fields == Fields(prompt="of last week", count=3)


def test_late_views_change_nothing() -> None:
    draft = Draft(lambda fields: None)
    draft.hear(Fields(prompt="x"))
    for text in ("a", "ab", "abc"):
        draft.change(prompt=text)
    for late in ("x", "x", "a", "ab", "ab"):
        draft.hear(Fields(prompt=late))
        assert draft.fields.prompt == "abc"
    draft.hear(Fields(prompt="abc"))
    draft.hear(Fields(prompt="from a layer"))
    assert draft.fields.prompt == "from a layer"


def test_what_the_guest_changed_arrives_while_another_field_is_late() -> None:
    draft = Draft(lambda fields: None)
    draft.hear(Fields())
    draft.change(prompt="a")
    draft.hear(Fields(seed=7))
    assert draft.fields == Fields(prompt="a", seed=7)


def test_fields_that_were_asked_for_come_even_where_they_are_old() -> None:
    draft = Draft(lambda fields: None)
    draft.hear(Fields(prompt="a"))
    draft.change(prompt="ab")
    draft.give_way()
    draft.hear(Fields(prompt="a"))
    assert draft.fields.prompt == "a"


@settings(deadline=None, max_examples=300)
@given(
    st.lists(st.tuples(st.sampled_from(["prompt", "count", "seed", "show", "hear"]), st.integers(1, 3)), max_size=40)
)
def test_however_late_the_views_are_the_artist_keeps_what_was_set(steps: list[tuple[str, int]]) -> None:
    told: deque[Fields] = deque()
    draft, shown = Draft(told.append), deque[Fields]()
    artist: dict[str, object] = {}
    draft.hear(Fields())
    for step, value in steps:
        if step == "hear":  # the guest takes what it was told, and a view of it is under way
            for _ in range(min(value, len(told))):
                shown.append(told.popleft())
        elif step == "show":
            for _ in range(min(value, len(shown))):
                draft.hear(shown.popleft())
        else:
            artist[step] = str(value) if step == "prompt" else value
            draft.change(**{step: artist[step]})
        assert all(getattr(draft.fields, name) == said for name, said in artist.items())
    for last in (*shown, *told):
        draft.hear(last)
    draft.hear(replace(draft.fields, prompt="the guest's own"))
    assert draft.fields == replace(Fields(), **(artist | {"prompt": "the guest's own"}))
