"""The words that are values: a value that exists is valid."""

from dataclasses import FrozenInstanceError, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.protocol import limits
from bridge.protocol.errors import Refusal
from bridge.protocol.values import Box, Document, Lora, Picture, Recipe, is_id

PLACES, SIDES = st.integers(-50, 50), st.integers(0, 50)
BOXES = st.builds(Box, PLACES, PLACES, SIDES, SIDES)


def pixels(box: Box) -> set[tuple[int, int]]:
    return {(x, y) for x in range(box.x, box.right) for y in range(box.y, box.bottom)}


def refusal_of(**recipe: Any) -> Refusal:
    with pytest.raises(Refusal) as caught:
        Recipe.from_map({"mode": "fill", **recipe})
    assert caught.value.code == "recipe.field"
    return caught.value


# ---- boxes ------------------------------------------------------------------------------------------------------


def test_box() -> None:
    box = Box(-3, 4, 10, 20)
    assert (box.right, box.bottom, box.area, box.empty) == (7, 24, 200, False)
    assert box.moved(3, -4) == Box(0, 0, 10, 20)
    assert Box(0, 0, 0, 5).empty
    assert Box(0, 0, 5, -1).empty


@given(BOXES, BOXES)
@settings(deadline=None, max_examples=40)
def test_boxes_are_sets_of_pixels(one: Box, other: Box) -> None:
    common = one.intersect(other)
    assert pixels(common) == pixels(one) & pixels(other)
    assert common.empty == (not pixels(common))
    assert common.area == len(pixels(common))
    union = one.union(other)
    assert union.contains(one)
    assert union.contains(other)
    assert one.contains(other) == (one.union(other) == one)


@given(BOXES.filter(lambda box: not box.empty), BOXES.filter(lambda box: not box.empty))
@settings(deadline=None, max_examples=40)
def test_a_box_contains_what_lies_wholly_inside(one: Box, other: Box) -> None:
    assert one.contains(other) == (pixels(other) <= pixels(one))


# ---- pictures and documents -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("picture", "size", "words"),
    [
        (Picture(1, 1, 1), 1, "1 × 1 px, 1 × u8"),
        (Picture(3, 2, 1), 6, "3 × 2 px, 1 × u8"),
        (Picture(3, 2, 3, "u16"), 36, "3 × 2 px, 3 × u16"),
        (Picture(3, 2, 4, "f32"), 96, "3 × 2 px, 4 × f32"),
        (Picture(limits.SIDE, limits.SIDE, 4, "f32"), 14_400_000_000, "30000 × 30000 px, 4 × f32"),
    ],
)
def test_picture(picture: Picture, size: int, words: str) -> None:
    assert picture.size == size
    assert str(picture) == words


@pytest.mark.parametrize(
    ("values", "code", "text"),
    [
        ((0, 5, 3), "picture.empty", "A picture of 0 × 5 px holds no pixel."),
        ((5, -1, 3), "picture.empty", "A picture of 5 × -1 px holds no pixel."),
        ((5, 1.5, 3), "picture.empty", "A picture of 5 × 1.5 px holds no pixel."),
        ((True, 5, 3), "picture.empty", "A picture of True × 5 px holds no pixel."),
        ((30001, 5, 3), "limit.side", "A picture of 30001 × 5 px has a side over 30000 px; work on a part of it."),
        ((5, 30001, 3), "limit.side", "A picture of 5 × 30001 px has a side over 30000 px; work on a part of it."),
        ((5, 5, 2), "picture.size", "A picture has 1, 3 or 4 channels of u8, u16 or f32; this one has 2 of u8."),
        (
            (5, 5, 3, "f16"),
            "picture.size",
            "A picture has 1, 3 or 4 channels of u8, u16 or f32; this one has 3 of f16.",
        ),
    ],
)
def test_pictures_that_are_none(values: tuple, code: str, text: str) -> None:
    with pytest.raises(Refusal) as caught:
        Picture(*values)
    assert (caught.value.code, caught.value.text) == (code, text)


def test_document() -> None:
    assert Document("0", 30000, 17066, 3).canvas == Box(0, 0, 30000, 17066)
    assert Document("0", 25600, 20000, 4, "f32").canvas.area == limits.DOCUMENT


@pytest.mark.parametrize(
    ("values", "code", "text"),
    [
        (("", 5, 5, 3), "wire.malformed", "document.tag is 64 letters of ASCII at most."),
        (("a" * 65, 5, 5, 3), "wire.malformed", "document.tag is 64 letters of ASCII at most."),
        (("0", 5, 5, 1), "picture.size", "A document has 3 or 4 channels; this one has 1."),
        (("0", 5, 0, 3), "picture.empty", "A picture of 5 × 0 px holds no pixel."),
        (("0", 30001, 5, 3), "limit.side", "A picture of 30001 × 5 px has a side over 30000 px; work on a part of it."),
        (
            ("0", 25601, 20000, 3),
            "limit.document",
            "The document has 512,020,000 pixels; the limit is 512,000,000. Work on a smaller copy.",
        ),
    ],
)
def test_documents_that_are_none(values: tuple, code: str, text: str) -> None:
    with pytest.raises(Refusal) as caught:
        Document(*values)
    assert (caught.value.code, caught.value.text) == (code, text)


@pytest.mark.parametrize("value", [Picture(1, 1, 1), Document("0", 1, 1, 3), Recipe("fill"), Lora("a")])
def test_a_value_does_not_change(value: Any) -> None:
    name = next(iter(vars(value)))
    with pytest.raises(FrozenInstanceError):
        setattr(value, name, getattr(value, name))


def test_a_limit_says_both_numbers_to_programs() -> None:
    with pytest.raises(Refusal) as caught:
        Document("0", 25601, 20000, 3)
    assert caught.value.detail == {"limit": limits.DOCUMENT, "got": 512_020_000}
    with pytest.raises(Refusal) as caught:
        Picture(30001, 5, 3)
    assert caught.value.detail == {"limit": limits.SIDE, "got": 30001}


# ---- recipes ----------------------------------------------------------------------------------------------------


def test_a_recipe_needs_only_its_mode() -> None:
    assert Recipe.from_map({"mode": "fill"}) == Recipe("fill")
    assert Recipe("fill").to_map() == {
        "mode": "fill",
        "prompt": "",
        "negative": "",
        "model": None,
        "strength": 1.0,
        "seed": None,
        "count": 1,
        "steps": None,
        "guidance": None,
        "loras": [],
        "context": None,
        "blend": 0,
        "source": "near",
        "scale": 1,
        "made": None,
    }


def test_a_recipe_without_a_mode() -> None:
    with pytest.raises(Refusal, match=r"^A recipe needs a mode: one of fill, remove, expand, detail\.$") as caught:
        Recipe.from_map({"prompt": "a tree"})
    assert caught.value.detail == {"field": "mode"}


@pytest.mark.parametrize(
    ("name", "fitting", "beyond", "wanted"),
    [
        (
            "mode",
            ["fill", "remove", "expand", "detail"],
            ["inpaint", "", None, 1],
            "one of fill, remove, expand, detail",
        ),
        ("prompt", ["", "é" * 4096], [None, 7, ["a"]], "a text"),
        ("prompt", ["a" * 8192], ["a" * 8193, "é" * 4097], "at most 8192 bytes of UTF-8"),
        ("prompt", ["\U0001f58c"], ["\ud83d", "half \udd8c"], "a text of whole characters"),
        ("negative", ["", "é" * 4096], [None, 7], "a text"),
        ("negative", ["a" * 8192], ["a" * 8193, "é" * 4097], "at most 8192 bytes of UTF-8"),
        ("model", [None, "a", "a" * 64], ["", "a" * 65, "a/b", 1], "an id of at most 64 letters, or null"),
        ("strength", [0.05, 1, 1.0, 0.5], [0.049, 1.001, 0, 2, -1, None, "1", True], "a number from 0.05 to 1"),
        ("seed", [None, 0, 2**32 - 1], [-1, 2**32, 1.0, "1", True], "a whole number from 0 to 4294967295"),
        ("count", [1, 8], [0, 9, None, 1.0, True], "a whole number from 1 to 8"),
        ("steps", [None, 1, 150], [0, 151, 1.0, True], "a whole number from 1 to 150"),
        ("guidance", [None, 0, 30, 30.0, 4.5], [-0.1, 30.1, "4", True], "a number from 0 to 30"),
        ("loras", [[], [{"id": "a"}] * 16], [[{"id": "a"}] * 17], "at most 16 of them"),
        ("loras", [[{"id": "a", "weight": 1}]], [None, {}, "a", [1], [{}], [{"weight": 1}]], "a list of {id, weight}"),
        ("loras", [[{"id": "a"}]], [[{"id": "a", "wieght": 1}]], "a list of {id, weight}"),
        ("loras", [[{"id": "a" * 64}]], [[{"id": ""}], [{"id": "a" * 65}], [{"id": 1}]], "ids of at most 64 letters"),
        (
            "loras",
            [[{"id": "a", "weight": -2}], [{"id": "a", "weight": 2.0}]],
            [[{"id": "a", "weight": weight}] for weight in (-2.01, 2.01, None, "1", True)],
            "weights from −2 to 2",
        ),
        (
            "context",
            [None, "canvas", [0, 0, 1, 1], [-5, -5, 9, 9]],
            ["wide", 5, {}, [0, 0, 0, 1]],
            'null, "canvas" or a box',
        ),
        ("context", [[1, 2, 3, 4]], [[1, 2, 3], [1, 2, 3, 4, 5], [1, 2, 3, 4.0], ["canvas"]], "four whole numbers"),
        ("blend", [0, 256], [-1, 257, 1.0, None, True], "a whole number from 0 to 256"),
        ("source", ["near", "wide", "all"], ["far", None, 1], "one of near, wide, all"),
        ("scale", [1, 2, 4], [0, 3, 5, 1.0, None, True], "1, 2 or 4"),
        ("made", [None, {}, {"engine": "classical"}], ["classical", []], "a map or null"),
    ],
)
def test_ranges(name: str, fitting: list, beyond: list, wanted: str) -> None:
    for value in fitting:
        recipe = Recipe.from_map({"mode": "fill", name: value})
        assert recipe.to_map()[name] == ([{"weight": 1.0, **one} for one in value] if name == "loras" else value)
    for value in beyond:
        refusal = refusal_of(**{name: value})
        assert refusal.text.startswith(f"The recipe's {name} is {wanted}; this one is ")
        assert refusal.detail["field"] == name
        assert refusal.detail["wanted"] == wanted
        assert refusal.retry == "never"


def test_a_refusal_of_a_recipe_says_what_came() -> None:
    assert refusal_of(strength=7).text == "The recipe's strength is a number from 0.05 to 1; this one is 7."
    assert refusal_of(prompt="é" * 4097).text.endswith("; this one is 8194 bytes.")
    refusal = refusal_of(source="x" * 500)
    assert refusal.text == f"The recipe's source is one of near, wide, all; this one is {'x' * 80}."
    assert refusal.detail == {"field": "source", "wanted": "one of near, wide, all", "got": "x" * 80}


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_numbers_are_finite(number: float) -> None:
    refusal_of(strength=number)
    refusal_of(guidance=number)
    with pytest.raises(Refusal):
        Lora("a", number)


def test_a_recipe_comes_back_from_its_map() -> None:
    recipe = Recipe("detail", loras=(Lora("a", 0.5),), context=Box(1, 2, 3, 4), scale=4, seed=5)
    assert Recipe.from_map(recipe.to_map()) == recipe
    assert hash(Recipe.from_map(recipe.to_map())) == hash(recipe)


def test_what_the_bridge_adds_makes_no_other_recipe() -> None:
    recipe = Recipe("fill", seed=1)
    made = replace(recipe, made={"engine": "classical"})
    assert made == recipe
    assert Recipe.from_map(made.to_map()).made == {"engine": "classical"}


@pytest.mark.parametrize("name", ["a", "0", "A-z_0.9", "..", "a" * 64])
def test_ids(name: str) -> None:
    assert is_id(name)


@pytest.mark.parametrize("name", ["", "a" * 65, "a/b", "a\\b", "C:a", "a b", "ä", "٣", "a\n", "a\0", b"a", 5, None])
def test_what_is_no_id(name: object) -> None:
    assert not is_id(name)
