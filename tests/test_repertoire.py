"""Which engine and model a recipe gets, and what a client is told of it."""

import asyncio
from pathlib import Path

import pytest

from bridge.families import FAMILIES
from bridge.models import Catalogue, Lora, Model
from bridge.painter import Painter
from bridge.protocol import limits
from bridge.protocol.errors import Refusal
from bridge.protocol.limits import GIB
from bridge.protocol.values import Lora as Worn
from bridge.protocol.values import Recipe
from bridge.repertoire import Repertoire, installed

BOTH = (Painter("cpu", ["classical"]), Painter("cuda", ["diffusion"]))


def model(id: str, family: str = "sdxl", layout: str = "base", **more: object) -> Model:
    return Model(id, id.upper(), family, layout, Path(id), "file", 7 * GIB, id, parameters=3 * GIB, **more)  # type: ignore[arg-type]


def lora(id: str, family: str = "sdxl", **more: object) -> Lora:
    return Lora(id, id.upper(), family, Path(id), 1, id, **more)  # type: ignore[arg-type]


MODELS = (
    model("base"),
    model("hole", layout="inpaint"),
    model("fast", "sdxl-few", scheduler="EulerDiscreteScheduler", steps=8, guidance=1.0),
    model("old", "sd15"),
    model("flux", "flux1", pipeline="FluxPipeline"),
    model("broken", problem="BROKEN is cut off: 5 of 9 bytes are there. Download it again."),
)
LORAS = (
    lora("ink"),
    lora("lcm", scheduler="LCMScheduler", steps=4, guidance=1.0),
    lora("oldink", "sd15"),
    lora("torn", problem="TORN is cut off."),
)


class Listed(Catalogue):
    """A catalogue that needs no disk; what it lists next time lies in `coming`."""

    def __init__(self, models: tuple[Model, ...] = MODELS, loras: tuple[Lora, ...] = LORAS) -> None:
        super().__init__(Path("nowhere"))
        self._models, self._loras, self.coming = models, loras, models

    def scan(self) -> bool:
        changed, self._models = self.coming != self._models, self.coming
        return changed


def repertoire(*models: Model, painters: tuple[Painter, ...] = BOTH) -> Repertoire:
    return Repertoire(Listed(models or MODELS), painters)


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ({"mode": "fill"}, "hole"),
        ({"mode": "fill", "strength": 0.5}, "base"),
        ({"mode": "expand"}, "hole"),
        ({"mode": "detail", "strength": 0.3}, "base"),
        ({"mode": "fill", "model": "old"}, "old"),
        ({"mode": "remove", "model": "hole"}, "hole"),
        ({"mode": "remove"}, None),
        ({"mode": "fill", "model": "classical"}, None),
    ],
)
def test_the_model_of_a_recipe(asked: dict, wanted: str | None) -> None:
    choice = repertoire().choose(Recipe(**asked))
    if wanted is None:
        assert (choice.engine, choice.family, choice.recipe) == ("classical", FAMILIES["classical"], Recipe(**asked))
    else:
        assert (choice.engine, choice.recipe.model) == ("diffusion", wanted)


def test_without_models_the_built_in_fill_does_what_it_can() -> None:
    for mode in ("fill", "remove", "expand"):
        assert Repertoire(Listed(()), BOTH).choose(Recipe(mode)).engine == "classical"


@pytest.mark.parametrize(
    ("asked", "family", "steps", "guidance"),
    [
        ({"model": "base"}, "sdxl", 30, 6.0),
        ({"model": "base", "steps": 12, "guidance": 0.0}, "sdxl", 12, 0.0),
        ({"model": "old"}, "sd15", 25, 7.0),
        ({"model": "fast"}, "sdxl-few", 8, 1.0),
        ({"model": "fast", "steps": 4}, "sdxl-few", 4, 1.0),
        ({"model": "flux"}, "flux1", 28, 3.5),
        ({"model": "base", "loras": (Worn("ink"),)}, "sdxl", 30, 6.0),
        ({"model": "base", "loras": (Worn("ink"), Worn("lcm"))}, "sdxl-few", 4, 1.0),
        ({"model": "base", "loras": (Worn("lcm", 0.0),)}, "sdxl", 30, 6.0),
    ],
)
def test_what_a_recipe_leaves_open_is_filled_in(asked: dict, family: str, steps: int, guidance: float) -> None:
    choice = repertoire().choose(Recipe("fill", **asked))
    assert (choice.family.name, choice.recipe.steps, choice.recipe.guidance) == (family, steps, guidance)
    again = repertoire().choose(choice.recipe)  # a layer's own recipe means the same next week
    assert again == choice


@pytest.mark.parametrize(
    ("asked", "code", "says"),
    [
        ({"model": "gone"}, "model.unknown", "There is no model “gone” here; there are base, hole"),
        ({"model": "broken"}, "model.invalid", "BROKEN is cut off: 5 of 9 bytes"),
        ({"model": "base", "loras": (Worn("gone"),)}, "model.unknown", "There is no LoRA “gone” here"),
        ({"model": "base", "loras": (Worn("torn"),)}, "model.invalid", "TORN is cut off"),
        ({"model": "base", "loras": (Worn("oldink"),)}, "recipe.field", "OLDINK is made for SD 1.5, and BASE is SDXL"),
    ],
)
def test_what_cannot_be_is_a_sentence(asked: dict, code: str, says: str) -> None:
    with pytest.raises(Refusal) as refused:
        repertoire().choose(Recipe("fill", **asked))
    assert refused.value.code == code and says in refused.value.text


def test_models_without_their_engine_say_how_to_get_it() -> None:
    alone = repertoire(painters=BOTH[:1])
    with pytest.raises(Refusal, match="pip install") as refused:
        alone.choose(Recipe("fill", model="base"))
    assert refused.value.code == "model.missing"
    (told,) = alone.capabilities()
    assert [engine["name"] for engine in told.engines] == ["classical"]


def test_clients_are_told_what_there_is() -> None:
    painters = (Painter("cpu", ["classical"]), Painter("cuda", ["diffusion"]))
    (told,) = repertoire(painters=painters).capabilities()
    assert (told.revision, told.part, told.parts) == (1, 1, 1)
    assert [(one["name"], one["reads_prompt"], one["strengths"]) for one in told.engines] == [
        ("classical", False, [1.0, 1.0]),
        ("diffusion", True, [0.05, 1.0]),
    ]
    assert [one["id"] for one in told.models] == ["base", "hole", "fast", "old", "flux"]
    assert told.models[1] == {
        **{"id": "hole", "name": "HOLE", "family": "sdxl", "layout": "inpaint", "native": 1024, "licence": ""},
        **{"modes": ["fill", "remove", "expand", "detail"], "fits": None},
    }
    assert told.loras[0] == {"id": "ink", "name": "INK", "family": "sdxl"}
    assert told.device == {"name": "cuda", "memory": 0, "free": 0}
    painters[1].facts = {"name": "A card", "memory": 4 * GIB, "free": 3 * GIB}
    (told,) = repertoire(painters=painters).capabilities()
    assert told.device["name"] == "A card" and told.models[0]["fits"] is False
    painters[1].facts = {"name": "A larger card", "memory": 24 * GIB, "free": 3 * GIB}
    assert next(repertoire(painters=painters).capabilities()).models[0]["fits"] is True


def test_without_a_model_the_device_is_that_of_the_built_in_fill() -> None:
    painters = (Painter("cpu", ["classical"]), Painter("auto", ["diffusion"]))
    (told,) = Repertoire(Listed(MODELS[-1:]), painters).capabilities()
    assert told.device["name"] == "cpu" and [one["name"] for one in told.engines] == ["classical"]
    (told,) = repertoire(painters=painters).capabilities()
    assert told.device["name"] == "auto"


def test_everybody_is_told_once_a_painter_knows_its_device() -> None:
    painters = (Painter("cpu", ["classical"]), Painter("auto", ["diffusion"]))
    told: list[int] = []
    here = Repertoire(Listed(), painters, lambda: told.append(next(here.capabilities()).revision))
    painters[1].facts = {"name": "A card", "memory": 4 * GIB, "free": 3 * GIB}
    painters[1].changed()
    assert told == [2]


def test_long_lists_come_in_parts() -> None:
    many = tuple(model(f"m{i}") for i in range(limits.LIST + 1))
    first, second = repertoire(*many).capabilities()
    assert (len(first.models), len(second.models)) == (limits.LIST, 1)
    assert (first.parts, second.part, second.engines) == (2, 2, ())


def test_a_model_that_came_meanwhile_is_found_by_looking_again() -> None:
    async def run() -> None:
        listed = Listed(())
        told: list[str] = []
        here = Repertoire(listed, BOTH, lambda: told.append("changed"))
        here.open()
        await here.ready()
        assert not await here.look()
        with pytest.raises(Refusal, match="There is no model “base” here"):
            await here.chosen(Recipe("fill", model="base"))
        listed.coming = MODELS
        assert (await here.chosen(Recipe("fill", model="base"))).recipe.model == "base"
        assert next(here.capabilities()).revision == 2 and told == ["changed"]
        await here.close()

    asyncio.run(run())


def test_whether_the_libraries_are_there_is_seen_without_loading_them(monkeypatch: pytest.MonkeyPatch) -> None:
    looked = []
    monkeypatch.setattr("importlib.util.find_spec", lambda name: looked.append(name) or name != "diffusers")
    assert not installed()
    assert looked == ["torch", "diffusers"]
