"""docs/protocol.md is what the code says, and so are the golden vectors."""

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.protocol import limits
from bridge.protocol.errors import CLOSE, CODES
from bridge.protocol.messages import MESSAGES
from bridge.protocol.page import PAGE, render, shown
from bridge.protocol.prose import MEANINGS
from bridge.protocol.values import Recipe
from tests.vectors import golden


@pytest.fixture(scope="module")
def page() -> str:
    return render()


def test_the_page_is_current(page: str) -> None:
    """It is not? Run `python -m bridge.protocol.page`, and read what changed: so will everybody's plug-in."""
    assert PAGE.read_text("utf-8") == page


def test_the_vectors_are_current() -> None:
    """They are not? `python -m tests.vectors.golden` writes them anew: that is a change of the wire."""
    written = list(golden.golden())
    assert [one.name for one in written] == list(dict.fromkeys(one.name for one in written))
    assert sorted(one.name for one in written) == golden.names()
    for vector in written:
        assert golden.read(vector.name) == vector, vector.name
        assert (golden.FOLDER / f"{vector.name}.json").read_text("utf-8") == vector.text
    assert {path.stem for path in golden.FOLDER.glob("*.bin")} == set(golden.names())


def test_every_code_has_a_meaning() -> None:
    assert set(MEANINGS) == CODES


def test_every_message_has_a_paragraph_its_fields_and_an_example(page: str) -> None:
    for name, kind in MESSAGES.items():
        section = page.split(f"\n### {name}\n")[1].split("\n## ")[0].split("\n### ")[0]
        assert kind.__doc__.split(".")[0] in section
        example = json.loads(section.split("```json\n")[1].split("```")[0])
        assert example["t"] == name
        rows = set(re.findall(r"^\| `([a-z_]+)` \|", section, re.MULTILINE))
        assert set(example) - {"t"} <= rows


def test_every_code_with_its_close_code(page: str) -> None:
    for code in CODES:
        assert f"\n| `{code}` | {CLOSE.get(code, '')} | {MEANINGS[code]} |" in page


def test_every_limit_with_its_sentence(page: str) -> None:
    rows = page.split("\n## Limits\n")[1]
    assert "\n| Longest side of a picture or document, pixels | 30,000 |" in rows
    assert "\n| Time to authenticate, seconds | 5 |" in rows
    numbers = [name for name in vars(limits) if name.isupper() and name not in ("KIB", "MIB", "GIB", "ADVERTISED")]
    assert rows.count("\n| ") == len(numbers) + 1


def test_every_field_of_a_recipe_with_its_range(page: str) -> None:
    rows = page.split("\n### Recipe\n")[1].split("\n### ")[0]
    assert set(re.findall(r"^\| `([a-z]+)` \|", rows, re.MULTILINE)) == set(Recipe("fill").to_map())
    for row in (
        "| `mode` | one of fill, remove, expand, detail | required |",
        '| `prompt` | a text, at most 8192 bytes of UTF-8 | `""` |',
        "| `strength` | a number from 0.05 to 1 | `1.0` |",
        "| `seed` | a whole number from 0 to 4294967295 | `null` |",
        "| `loras` | a list of {id, weight}, at most 16 of them | `[]` |",
    ):
        assert f"\n{row}\n" in rows


def test_every_link_leads_somewhere(page: str) -> None:
    headings = {line.lstrip("# ").lower().replace(" ", "-") for line in page.splitlines() if line.startswith("#")}
    assert set(re.findall(r"\]\(#([^)]+)\)", page)) <= headings


def test_the_page_says_nothing_of_python(page: str) -> None:
    for word in ("None", "Refusal", "True", "False", "dataclass", "tuple"):
        assert not re.search(rf"\b{word}\b", page), word


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=40),
        lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=9), inner, max_size=5),
        max_leaves=30,
    )
)
@settings(deadline=None, max_examples=60)
def test_what_is_shown_is_json(value: object) -> None:
    assert json.loads(shown(value)) == value


def test_what_is_shown_fits_into_its_room() -> None:
    assert shown({"a": [1, 2], "b": b"\x01\xff"}) == '{"a": [1, 2], "b": {"hex": "01ff"}}'
    assert shown({"a": [1, 2], "b": "cc"}, room=20) == '{\n  "a": [1, 2],\n  "b": "cc"\n}'
    assert shown([[1, 2, 3]], room=4) == "[\n  [\n    1,\n    2,\n    3\n  ]\n]"
