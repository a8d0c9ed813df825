"""What a gesture asks for: tables of what the artist has before them and has set."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.protocol.errors import Refusal
from bridge.protocol.values import Box, Document, Lora, Recipe
from gimp_plugin import gestures
from gimp_plugin.recall import Memory
from gimp_plugin.scene import Scene
from gimp_plugin.view import Fields

DOCUMENT = Document("ab" * 16, 160, 120, 4)
SELECTION = Box(60, 50, 40, 30)
SCENE = Scene("roof.xcf", DOCUMENT, SELECTION, None, "rgb", 7, "Background", None, "")
BARE = replace(SCENE, selection=None)
SMALL = replace(BARE, content=Box(0, 0, 100, 120))


@pytest.mark.parametrize(
    ("scene", "fields", "uncovered", "mode", "label"),
    [
        (SCENE, Fields(), False, "remove", "Remove"),
        (SCENE, Fields(prompt=" \n"), False, "remove", "Remove"),
        (SCENE, Fields(prompt="red roof"), False, "fill", "Fill"),
        (SCENE, Fields(prompt="red roof", strength=40), False, "fill", "Refine 40 %"),
        (SCENE, Fields(strength=40), False, "fill", "Refine 40 %"),
        (SCENE, Fields(prompt="red roof"), True, "fill", "Fill"),
        (BARE, Fields(prompt="red roof"), False, "fill", "Generate"),
        (BARE, Fields(), False, "fill", "Generate"),
        (BARE, Fields(strength=99), False, "fill", "Refine 99 %"),
        (BARE, Fields(prompt="red roof"), True, "expand", "Expand"),
        (SMALL, Fields(), False, "expand", "Expand"),
        (SMALL, Fields(strength=40), False, "expand", "Expand"),
    ],
)
def test_the_one_button_says_what_it_does(scene, fields, uncovered, mode, label) -> None:
    assert gestures.mode_of(scene, fields, uncovered) == mode
    assert gestures.label_of(mode, scene, fields) == label


def test_labels_of_the_other_buttons_and_without_an_image() -> None:
    assert gestures.label_of("detail", SCENE, Fields(strength=40)) == "Enhance detail"
    assert gestures.label_of("fill", None, Fields()) == "Fill"


@pytest.mark.parametrize(
    ("mode", "strength", "asked"),
    [
        ("fill", 100, 1.0),
        ("fill", 5, 0.05),
        ("remove", 40, 1.0),
        ("expand", 40, 1.0),
        ("detail", 100, 0.3),
        ("detail", 80, 0.4),
        ("detail", 20, 0.2),
    ],
)
def test_strength_counts_where_something_is_kept(mode, strength, asked) -> None:
    assert gestures.recipe_of(mode, Fields(strength=strength)).strength == asked


def test_a_recipe_says_all_that_the_artist_set() -> None:
    fields = Fields(
        prompt=" red roof ",
        strength=100,
        count=3,
        model="roofs-1",
        negative=" moss",
        steps=20,
        guidance=5.5,
        seed=9,
        locked=True,
        loras=(("ink", 0.5),),
        blend=12,
        context="canvas",
        source="wide",
    )
    assert gestures.recipe_of("fill", fields) == Recipe(
        "fill",
        "red roof",
        "moss",
        "roofs-1",
        seed=9,
        count=3,
        steps=20,
        guidance=5.5,
        loras=(Lora("ink", 0.5),),
        context="canvas",
        blend=12,
        source="wide",
    )
    assert gestures.recipe_of("fill", replace(fields, locked=False)).seed is None
    assert gestures.recipe_of("remove", fields).prompt == ""


def test_a_field_out_of_range_is_refused_by_its_name() -> None:
    with pytest.raises(Refusal, match="prompt is at most"):
        gestures.recipe_of("fill", Fields(prompt="x" * 9000))


@pytest.mark.parametrize(
    ("scene", "mode", "content"),
    [
        (SMALL, "expand", SMALL.content),
        (BARE, "expand", DOCUMENT.canvas),
        (SCENE, "expand", None),
        (SMALL, "fill", None),
    ],
)
def test_expand_says_what_is_visible(scene, mode, content) -> None:
    ask = gestures.asked(scene, Recipe(mode))
    assert ask == (DOCUMENT, scene.selection, content, Recipe(mode))


@pytest.mark.parametrize(
    ("scene", "mode", "words"),
    [
        (SCENE, "fill", ""),
        (BARE, "fill", ""),
        (BARE, "remove", "Nothing is selected"),
        (BARE, "detail", ""),
        (replace(SCENE, kind="gray"), "remove", ""),
        (replace(SCENE, kind="indexed"), "remove", "Image ▸ Mode ▸ RGB"),
        (replace(SCENE, trouble="Anchor it first."), "expand", "Anchor it first."),
        (replace(SCENE, trouble="Anchor it first.", kind="indexed"), "fill", "Anchor it first."),
    ],
)
def test_what_cannot_be_done_has_its_reason(scene, mode, words) -> None:
    why = gestures.why_not(mode, scene)
    assert words in why if words else not why


RECIPE = Recipe("fill", "red roof", "moss", "roofs-1", 0.8, seed=42, steps=20, blend=9, made={"engine": "diffusion"})


def memory(recipe: Recipe = RECIPE, sample: str = "below") -> Memory:
    return Memory("r" * 32, "j" * 32, "g" * 32, recipe, DOCUMENT, SELECTION, None, sample, SELECTION)  # type: ignore[arg-type]


def test_again_takes_another_seed_or_the_locked_one() -> None:
    again = gestures.again(replace(RECIPE, count=3), Fields(prompt="another", seed=7))
    assert again == replace(RECIPE, seed=None)
    assert again.made is None
    assert gestures.again(RECIPE, Fields(seed=7, locked=True)) == replace(RECIPE, seed=7)


def test_relatives_are_three_by_the_layers_own_prompt() -> None:
    for mode in ("remove", "expand", "detail"):
        vary = gestures.vary(replace(RECIPE, mode=mode))
        assert vary == replace(RECIPE, mode="fill", strength=0.6, count=3, seed=None, blend=0)


@pytest.mark.parametrize(("strength", "asked"), [(100, 0.4), (70, 0.7), (5, 0.05)])
def test_refine_keeps_some_of_the_layer(strength, asked) -> None:
    fields = Fields(prompt="blue roof", strength=strength, count=2, blend=30)
    assert gestures.refine(RECIPE, fields) == Recipe("fill", "blue roof", strength=asked, count=2)
    assert gestures.refine(RECIPE, replace(fields, prompt=" ")).prompt == "red roof"


def test_edit_settings_brings_back_the_fields_that_made_a_layer() -> None:
    fields = Fields(
        prompt="red roof",
        strength=80,
        model="roofs-1",
        seed=42,
        locked=True,
        loras=(("ink", 0.5),),
        sample="all",
        blend=9,
        context="canvas",
    )
    made = gestures.recipe_of("fill", fields)
    assert gestures.fields_of(memory(made), Fields(count=4, prompt="other", sample="all")) == fields


@given(
    st.builds(
        Fields,
        prompt=st.text(max_size=30),
        strength=st.integers(5, 100),
        count=st.integers(1, 8),
        steps=st.none() | st.integers(1, 150),
        guidance=st.none() | st.floats(0, 30),
        seed=st.none() | st.integers(0, 2**32 - 1),
        locked=st.booleans(),
        blend=st.integers(0, 256),
        context=st.sampled_from(["auto", "canvas"]),
        source=st.sampled_from(["near", "wide", "all"]),
    )
)
def test_whatever_the_fields_hold_every_gesture_has_a_recipe(fields) -> None:
    for mode in ("fill", "remove", "expand", "detail"):
        recipe = gestures.recipe_of(mode, fields)
        back = gestures.recipe_of(mode, gestures.fields_of(memory(recipe), Fields()))
        assert (back.prompt, back.steps, back.guidance, back.blend) == (
            recipe.prompt,
            recipe.steps,
            recipe.guidance,
            recipe.blend,
        )
        assert gestures.refine(recipe, fields).strength < 1
