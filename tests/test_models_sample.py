"""The checkpoint that comes with the package: what it is, when it is taken, and what it does to a picture."""

import functools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from skimage import data

from bridge.engines import Plate
from bridge.engines.diffusion import parity, weights
from bridge.engines.diffusion.engine import Diffusion
from bridge.families import FAMILIES, SAMPLE
from bridge.geometry import plan
from bridge.models import Catalogue, Model
from bridge.models.catalogue import BROUGHT
from bridge.painter import Painter
from bridge.protocol.errors import Refusal
from bridge.protocol.values import Box, Document, Recipe
from bridge.repertoire import AROUND, Repertoire, check_words
from tests.checkpoints import CPU, plate

FAMILY = FAMILIES[SAMPLE]
BOTH = (Painter("cpu", ["classical"]), Painter("cpu", ["diffusion"]))
BUDGET = 20_000_000
"""Bytes that it may take in the package."""


@functools.cache
def catalogue(folder: Path) -> Catalogue:
    found = Catalogue(folder, sample=BROUGHT)
    found.scan()
    return found


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    return catalogue(tmp_path_factory.mktemp("index"))


@pytest.fixture(scope="module")
def sample(here: Catalogue) -> Model:
    (found,) = here.models()
    return found


@pytest.fixture(scope="module")
def engine(sample: Model) -> Diffusion:
    return Diffusion({sample.id: sample}.__getitem__, {}.__getitem__, "cpu", torch.float32)


def photograph(side: int = 128) -> np.ndarray:
    """The middle of a photograph that it never saw."""
    rgb = data.coffee().astype(np.float32) / np.float32(255)
    top, left = (rgb.shape[0] - side) // 2, (rgb.shape[1] - side) // 2
    return rgb[top : top + side, left : left + side]


def scene(rgb: np.ndarray, strength: float, d: float = 1.0) -> Plate:
    height, width = rgb.shape[:2]
    of = plate(height, width, strength)
    m = np.ones((height, width), np.float32)
    cells = np.full((height // FAMILY.cell, width // FAMILY.cell), d, np.float32)
    return replace(of, rgb=rgb, m=m, d=cells, hole=m > 0, cell=FAMILY.cell, key=f"{strength} {d} {rgb.sum()}")


def painted(engine: Diffusion, sample: Model, at: Plate, prompt: str) -> np.ndarray:
    recipe = Recipe("fill", prompt=prompt, model=sample.id, seed=3, steps=FAMILY.steps, guidance=1.0)
    ((_, rgb),) = engine.paint(at, recipe, lambda *said: None)
    return rgb


def apart(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.sqrt(np.mean((one - other) ** 2)))


def test_it_is_whole_small_and_free(sample: Model) -> None:
    assert (sample.family, sample.layout, sample.form, sample.problem) == (SAMPLE, "edit", "folder", "")
    assert sample.licence == "apache-2.0"
    assert sum(path.stat().st_size for path in BROUGHT.rglob("*") if path.is_file()) <= BUDGET


def test_its_card_names_all_that_it_knows() -> None:
    card = (BROUGHT / "README.md").read_text("utf-8")
    assert all(word in card for word in FAMILY.words)
    assert "not Stable Diffusion" in card


def test_each_of_its_words_is_one_token(sample: Model) -> None:
    (tokenizer,) = weights.load(sample, torch.float32, CPU).tokenizers
    for word in (*FAMILY.words, "watercolor", *AROUND):
        assert len(tokenizer(word, add_special_tokens=False)["input_ids"]) == len(word.split()), word


@pytest.mark.parametrize(
    ("asked", "taken"),
    [
        ({"mode": "fill", "prompt": "night"}, True),
        ({"mode": "fill", "prompt": "night", "strength": 0.4}, True),
        ({"mode": "fill"}, False),
        ({"mode": "remove", "prompt": "night"}, False),
        ({"mode": "expand", "prompt": "night"}, False),
    ],
)
def test_it_is_taken_for_a_prompt_where_there_is_no_other_model(here: Catalogue, asked: dict, taken: bool) -> None:
    found = here.default(Recipe(**asked))
    assert (found is not None) == taken


def test_any_other_model_goes_before_it(here: Catalogue, sample: Model) -> None:
    both = Catalogue(Path("nowhere"))
    both._models = sample, replace(sample, id="own", family="sd15", layout="base")
    assert both.default(Recipe("fill", prompt="night")) == both._models[1]


@pytest.mark.parametrize(
    "prompt",
    ["a red car", "nightly", "oil", "灯台", "", "  ", "a photo of a red car", "night 灯台", "night, then poster"],
)
def test_what_is_not_one_of_its_words_is_refused_with_all_of_them(prompt: str) -> None:
    with pytest.raises(Refusal) as why:
        check_words(prompt, FAMILY.words)
    assert why.value.code == "recipe.field"
    assert all(word in why.value.text for word in FAMILY.words)


@pytest.mark.parametrize(
    "prompt", ["night", "Night.", "make it an oil painting", "(ink drawing:1.2)", "in the style of a Watercolor"]
)
def test_its_words_are_heard_in_a_sentence(prompt: str) -> None:
    check_words(prompt, FAMILY.words)


def test_others_hear_anything() -> None:
    check_words("a red car", FAMILIES["sd15"].words)


def test_it_is_chosen_with_its_own_steps(here: Catalogue, sample: Model) -> None:
    choice = Repertoire(here, BOTH).choose(Recipe("fill", prompt="night", model=sample.id))
    assert (choice.engine, choice.family, choice.recipe.steps) == ("diffusion", FAMILY, FAMILY.steps)


def test_alone_it_promises_no_more_than_it_can(here: Catalogue) -> None:
    (told,) = Repertoire(here, BOTH).capabilities()
    (diffusion,) = [one for one in told.engines if one["name"] == "diffusion"]
    assert (diffusion["modes"], diffusion["reads_prompt"]) == (["fill"], True)


def test_a_large_selection_is_filtered_once() -> None:
    found = plan(Document("test", 4000, 3000, 3), Box(200, 200, 3000, 2500), Recipe("fill", prompt="night"), FAMILY)
    (only,) = found.passes
    assert only.tiled and only.strength == 1
    assert found.notes[0].startswith(FAMILY.says) and all(word in found.notes[0] for word in FAMILY.words)


def test_night_is_dark_and_a_photograph_stays_one(engine: Diffusion, sample: Model) -> None:
    rgb = photograph()
    dark = painted(engine, sample, scene(rgb, 1.0), "night")
    assert dark.mean() < 0.6 * rgb.mean()
    assert apart(painted(engine, sample, scene(rgb, 1.0), "photo"), rgb) < 0.05


def test_more_strength_is_more_of_the_word(engine: Diffusion, sample: Model) -> None:
    rgb = photograph()
    far = [apart(painted(engine, sample, scene(rgb, strength), "night"), rgb) for strength in (0.3, 0.6, 1.0)]
    assert far[0] < 0.8 * far[1] < 0.8 * 0.8 * far[2]


def test_what_is_not_to_be_painted_stays(engine: Diffusion, sample: Model) -> None:
    rgb = photograph()
    assert apart(painted(engine, sample, scene(rgb, 1.0, d=0.0), "night"), rgb) < 0.05


def test_our_loop_equals_the_stock_pipeline_on_it(sample: Model) -> None:
    far, largest = parity.difference(weights.load(sample, torch.float32, CPU), "night")
    assert far == 0 < largest
