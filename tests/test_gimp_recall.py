"""What a layer remembers: it comes back whole, and from hostile bytes nothing comes that could do harm."""

import json
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.protocol.values import Box, Document, Lora, Recipe
from gimp_plugin.recall import Memory

MEMORY = Memory(
    "ab" * 16,
    "cd" * 16,
    "ef" * 16,
    Recipe("fill", "red roof – “ölig”", "moss", "roofs-1", 0.4, 42, 1, 20, 5.5, (Lora("ink", 0.5),), "canvas", 9),
    Document("12" * 16, 6000, 4000, 4, "u16"),
    Box(60, 50, 40, 30),
    Box(0, 0, 5000, 4000),
    "below",
    Box(55, 45, 50, 40),
    Box(0, 0, 512, 512),
    4_000_000_000,
)
GOOD = json.loads(MEMORY.to_bytes())
PATHS = [
    *((name,) for name in GOOD),
    *(("recipe", name) for name in GOOD["recipe"]),
    *(("document", name) for name in GOOD["document"]),
    ("box", 0),
    ("selection", 3),
    ("recipe", "loras", 0),
]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just(10**400),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


def harmless(found: Memory | None) -> None:
    """None, or a memory that every gesture can use: its names can be hashed, its boxes added up."""
    if found is None:
        return
    assert all(isinstance(name, str) for name in (found.result, found.job, found.region))
    assert isinstance(found.recipe, Recipe) and isinstance(found.document, Document)
    assert found.sample in ("all", "below", "current")
    assert isinstance(found.pixels, int)
    for box in (found.selection, found.content, found.seen, found.box):
        assert box is None or all(type(number) is int for number in box)
    assert isinstance(found.box, Box)
    assert Memory.from_bytes(found.to_bytes()) == found


def test_a_memory_comes_back_whole() -> None:
    assert Memory.from_bytes(MEMORY.to_bytes()) == MEMORY
    bare = Memory("a", "b", "c", Recipe("remove"), MEMORY.document, None, None, "all", Box(0, 0, 1, 1))
    assert Memory.from_bytes(bare.to_bytes()) == bare


def test_a_newer_versions_memory_is_none() -> None:
    assert Memory.from_bytes(json.dumps(GOOD | {"version": 2}).encode()) is None


@pytest.mark.parametrize("name", [one.name for one in fields(Memory) if one.name not in ("seen", "pixels")])
def test_a_memory_that_lacks_something_is_none(name) -> None:
    assert Memory.from_bytes(json.dumps({key: one for key, one in GOOD.items() if key != name}).encode()) is None


@pytest.mark.parametrize("text", ["[" * 100_000, '{"version":' * 100_000, "", "null", "[]", "1" * 5000, "{}"])
def test_a_parasite_that_was_never_ours_is_none(text) -> None:
    assert Memory.from_bytes(text.encode()) is None


@given(st.binary(max_size=60))
def test_any_bytes(given_bytes) -> None:
    harmless(Memory.from_bytes(given_bytes))


@given(st.integers(0, len(MEMORY.to_bytes()) - 1), st.integers(0, 255))
def test_one_byte_changed(at, byte) -> None:
    damaged = bytearray(MEMORY.to_bytes())
    damaged[at] = byte
    harmless(Memory.from_bytes(bytes(damaged)))


def damaged(path: tuple, value: object) -> bytes:
    """A good memory with another value in one place."""
    values = json.loads(json.dumps(GOOD))
    inner = values
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return json.dumps(values).encode()


@given(st.sampled_from(PATHS), VALUES)
def test_any_value_in_any_place(path, value) -> None:
    harmless(Memory.from_bytes(damaged(path, value)))


@pytest.mark.parametrize("path", PATHS, ids=lambda path: ".".join(map(str, path)))
def test_the_worst_values_in_every_place(path) -> None:
    for value in (None, True, -1, 10**400, float("nan"), float("inf"), "", "\0", "\ud800", [], [[]], {}, {"a": []}):
        harmless(Memory.from_bytes(damaged(path, value)))
