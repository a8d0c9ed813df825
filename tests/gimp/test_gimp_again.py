"""Layers that remember: made again in another GIMP, whatever became of the document, the bridge and the model since."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from bridge.config import Config
from tests import releases
from tests.conftest import RunBridge
from tests.gimp.console import Console, Shared
from tests.gimp.painters import painter as washing
from tests.painters import painter

OLD, NEW = "Remove (seed 30)", "Remove (seed 77)"
CHANGED = "The picture has changed since: the layer is made again from the picture as it was then."
FORGOTTEN = "The bridge no longer holds what this layer was made from: the picture was read as it is now."
BOX = [33, 18, 84, 74]
"""Where the driver's layer lies."""
PLACES = {
    "as_it_was": BOX,
    "moved": [52, 25, 84, 74],
    "moved_beyond": [-30, 100, 84, 74],
    "enlarged": [53, 28, 84, 74],
    "cropped": [-17, -2, 84, 74],
    "covered": BOX,
    "repainted": BOX,
    "deselected": BOX,
    "regrouped": BOX,
    "another": [38, 23, 74, 64],
}
"""Each case of the driver, and where the new layer belongs."""


@pytest.fixture
def filled(shared: Shared, console: Console, run_bridge: RunBridge) -> Path:
    """A file with one layer of ours, made in a GIMP that has ended, by a bridge that has ended."""
    path = shared.folder / "filled.xcf"
    with run_bridge(shared.home, [painter("plain")]):
        status = console(MAKE, path=path, said={"gesture": "remove", "seed": 30})
    assert status == "success"
    return path


MAKE = """
image = hand.new(160, 120)
hand.lay(image, "ground", bytes((180, 120, 60, 255)))
hand.lay(image, "upper", bytes((20, 160, 200, 255)), (40, 0, 50, 120)).set_opacity(37)
image.select_ellipse(Gimp.ChannelOps.REPLACE, 45, 30, 60, 50)
Gimp.Selection.feather(image, 12)
answer = hand.call("sfumato-fill", image, (image.get_layers()[0],), **said)
hand.save(image, path)
"""


def made(console: Console, path: Path, *cases: str, name: str = OLD, **said: Any) -> dict[str, dict[str, Any]]:
    """Make the layer again in each case."""
    said = {"gesture": "again", "seed": 77, **said}
    return console("again.py", path=path, name=name, cases=cases, said=said)


def layers(told: dict[str, Any]) -> list[dict[str, Any]]:
    """All layers, those in groups after them."""
    return [one for layer in told["stack"] for one in (layer, *(layer["layers"] or ()))]


def test_it_lands_where_its_forerunner_lies_and_hides_it(
    filled: Path, shared: Shared, console: Console, run_bridge: RunBridge
) -> None:
    with run_bridge(shared.home, [painter("plain")]) as bridge:
        answer = made(console, filled, *PLACES)
        assert bridge
    for case, place in PLACES.items():
        told = answer[case]
        assert (told["status"], told["error"]) == ("success", ""), case
        found = layers(told)
        names = [one["name"] for one in found]
        new, old = (found[names.index(name)] for name in (NEW, OLD))
        assert new["box"] == place and new["visible"], case
        assert told["selected"] == (["ground"] if case == "another" else [NEW]), case
        if case != "another":
            assert not old["visible"] and names.index(NEW) == names.index(OLD) - 1, case
            assert new["pixels"] != old["pixels"], case
            assert new["mask"] == old["mask"] or (case == "cropped" and old["box"] == [0, 0, 67, 72]), case
    assert console.said.count(CHANGED) == 1, console.said  # `repainted`, and nothing else
    assert FORGOTTEN not in console.said


def test_a_region_that_the_bridge_has_forgotten_is_read_anew(
    filled: Path, shared: Shared, console: Console, run_bridge: RunBridge
) -> None:
    shutil.rmtree(shared.home / "spool")
    with run_bridge(shared.home, [painter("plain")]):
        told = made(console, filled, "covered")["covered"]
    assert told["status"] == "success" and FORGOTTEN in console.said
    above, new, old = layers(told)[:3]
    assert (above["name"], new["name"], new["box"], new["mask"]) == ("invert", NEW, BOX, old["mask"])
    then, now = (json.loads(bytes(one["parasites"]["sfumato-layer"])) for one in (old, new))
    assert (now["seen"], now["pixels"]) == (then["seen"], then["pixels"]), "what lies above was read, or the old layer"


@contextmanager
def models(shared: Shared, run_bridge: RunBridge, *names: str) -> Iterator[None]:
    """A bridge with models of these names."""
    art = shared.folder / "art"
    shutil.rmtree(art, ignore_errors=True)
    for name in names:
        releases.write(art / f"{name}.safetensors", releases.tensors("sd15"))
    art.mkdir(exist_ok=True)
    with run_bridge(shared.home, [painter("plain"), washing("wash")], Config(port=0, models=(str(art),))):
        yield


def test_relatives_of_a_layer_and_what_is_said_where_its_model_is_gone(
    shared: Shared, console: Console, run_bridge: RunBridge
) -> None:
    path = shared.folder / "filled.xcf"
    with models(shared, run_bridge, "washes"):
        status = console(MAKE, path=path, said={"gesture": "go", "prompt": "a red roof – ☂", "seed": 30})
        assert status == "success"
        name = "Fill – a red roof – ☂ (seed 30)"
        told = made(console, path, "moved", name=name)["moved"]
        assert told["status"] == "success" and layers(told)[0]["name"] == name.replace("30", "77")
        vary = made(console, path, "moved", name=name, gesture="vary")["moved"]
        assert vary["status"] == "success"
        group = vary["stack"][0]
        assert [one["visible"] for one in group["layers"]] == [True, False, False]
        assert {tuple(one["box"]) for one in group["layers"]} == {(52, 25, 84, 74)}
        assert vary["stack"][1]["visible"], "what is varied is still there"
    with models(shared, run_bridge):
        told = made(console, path, "as_it_was", name=name)["as_it_was"]
    assert told["status"] == "execution-error" and told["same look"]
    assert "model" in told["error"] and "sfumato models" in told["error"]
