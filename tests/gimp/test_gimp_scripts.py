"""Fills by scripts in the real GIMP, through the real bridge: what is painted, where, and what is left alone."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bridge import home
from bridge.config import Config
from bridge.painter import Painter
from tests import releases
from tests.conftest import RunBridge
from tests.gimp.console import Console, Shared
from tests.gimp.painters import painter as washing
from tests.painters import painter

SIZE = (120, 160)
TYPES = {"U8": np.uint8, "U16": np.uint16, "U32": np.uint32, "HALF": np.float16, "FLOAT": np.float32}


def case(
    shape: Any,
    precision: str = "U8_NON_LINEAR",
    base: str = "RGB",
    profile: bool = False,
    name: str = "Remove (seed 30)",
    **said: Any,
) -> dict[str, Any]:
    """One document, what is selected in it, the arguments of the fill, and what its layer or group is called."""
    said = {"gesture": "remove", "seed": 30, **said}
    return {"shape": shape, "precision": precision, "base": base, "profile": profile, "name": name, "said": said}


CASES = [
    case("soft"),
    case("soft over the edge", "U16_NON_LINEAR", profile=True),
    case("partly outside", "FLOAT_LINEAR"),
    case("one pixel", "HALF_LINEAR"),
    case("two parts", "U16_LINEAR"),
    case("faint", "U8_PERCEPTUAL", base="GRAY", count=3, name="Remove"),
    case([50, 40, 40, 30], "FLOAT_NON_LINEAR", profile=True, sample="below"),
    case([50, 40, 40, 30], "HALF_NON_LINEAR", base="GRAY", sample="current"),
]


PROMPTED = [
    case("all", gesture="go", prompt="green", name="Fill – green (seed 30)"),
    case("nothing", "U16_NON_LINEAR", gesture="go", prompt="green", name="Fill – green (seed 30)"),
    case("soft", "FLOAT_LINEAR", gesture="go", prompt="green", strength=50, name="Refine – green (seed 30)"),
]


def test_the_mask_is_the_selection_and_nothing_else_changes(
    shared: Shared, console: Console, run_bridge: RunBridge
) -> None:
    releases.write(shared.folder / "art" / "washes.safetensors", releases.tensors("sd15"))
    config = Config(port=0, models=(str(shared.folder / "art"),))
    with run_bridge(shared.home, [painter("plain"), washing("wash")], config):
        answer = console("scripts.py", cases=[*CASES, *PROMPTED])
    for asked, told in zip([*CASES, *PROMPTED], answer, strict=True):
        assert (told["status"], told["error"]) == ("success", ""), asked
        selection = np.frombuffer(told["selection"], np.uint8).reshape(SIZE)
        wanted = np.full_like(selection, 255) if asked["shape"] == "nothing" else selection
        masks = [np.frombuffer(one, np.uint8).reshape(SIZE) for one in told["masks"]]
        assert len(masks) == asked["said"].get("count", 1) and told["visible"] == [True, False, False][: len(masks)]
        assert all((mask == wanted).all() for mask in masks), asked
        depth = TYPES[asked["precision"].partition("_")[0]]
        before, after = (np.frombuffer(told[name], depth).reshape(*SIZE, -1) for name in ("before", "after"))
        changed = (before != after).any(-1)
        assert not changed[wanted == 0].any(), asked
        assert changed[wanted > 250].all() and changed.any(), asked
        look = np.frombuffer(told["look"], np.uint8).reshape(*SIZE, 4)
        if asked["said"]["gesture"] == "remove" and "sample" not in asked["said"] and (wanted == 255).any():
            assert np.abs(look[wanted == 255][..., :3].astype(int) - 50).max() <= 1, asked
        assert told["kept"] and told["selected"] == ["ground"] and told["images"] == 0
        assert told["type"] == {"RGB": "rgba-image", "GRAY": "graya-image"}[asked["base"]]
        place = ["upper", asked["name"], "ground"] if "sample" in asked["said"] else [asked["name"], "upper", "ground"]
        assert told["stack"] == place, asked
    assert "Traceback" not in console.said and "procedure 'gimp-" not in console.said, console.said


SENTENCES = [
    ("indexed", {"gesture": "remove"}, "An indexed image has no room for new colours: convert it to RGB first"),
    ("several", {"gesture": "remove", "sample": "below"}, "Several layers are selected, or none: select one, or"),
    ("channel", {"gesture": "remove", "sample": "current"}, "Several layers are selected, or none: select one, or"),
    ("floating", {"gesture": "remove"}, "A floating selection is open: anchor it first (Layer ▸ Anchor Floating"),
    ("unselected", {"gesture": "remove"}, "Nothing is selected: select what to remove."),
    ("unselected", {"gesture": "expand"}, "The picture covers the canvas: enlarge that first (Image ▸ Canvas Size)"),
    ("unselected", {"gesture": "go", "prompt": "a roof"}, "The built-in fill copies from the surroundings, and the"),
    ("unseen", {"gesture": "remove"}, "The selection is empty: all 16 values of its mask are 0."),
    ("document", {"gesture": "dance"}, "“dance” is no gesture; there are again, cancel, detail, expand, go, refine"),
    ("document", {"gesture": "remove", "sample": "dance"}, "“dance” is no sample; there are all, below, current."),
    ("document", {"gesture": "remove", "model": "nowhere"}, "There is no model “nowhere” here; there is sample."),
    ("document", {"gesture": "remove", "model": "../x"}, "The recipe's model is an id of at most 64 letters"),
    ("document", {"gesture": "vary"}, "The selected layer is none that Sfumato made: select one to vary it."),
    ("document", {"gesture": "refine"}, "The selected layer is none that Sfumato made: select one to refine it."),
    (
        "document",
        {"gesture": "detail"},
        "The built-in fill copies texture from your own picture and cannot do “detail”.",
    ),
    ("document", {"gesture": "go", "strength": 40}, "The built-in fill replaces what is there; it cannot refine it at"),
    ("document", {"gesture": "go", "prompt": "x" * 40000}, "The recipe's prompt is at most"),
]


def test_what_cannot_be_done_is_said_and_nothing_changes(
    shared: Shared, console: Console, run_bridge: RunBridge
) -> None:
    with run_bridge(shared.home, [painter("plain")]):
        answer = console("refused.py", cases=[one[:2] for one in SENTENCES], converted=True)
    assert answer.pop("converted") == ["success", "Remove"]
    status, error = answer.pop("an old Python")
    assert status == "execution-error"
    assert error.startswith("Sfumato needs a GIMP with Python 3.11 or newer; this one has 3.")
    for name, said, sentence in SENTENCES:
        status, error, unchanged = answer[f"{name} {said}"]
        assert status == "execution-error" and unchanged, (name, said)
        assert sentence in error and "\n" not in error and len(error) < 400, (name, error)
    assert "Traceback" not in console.said and "procedure 'gimp-" not in console.said, console.said


def test_what_the_painter_meets_is_said(shared: Shared, console: Console, run_bridge: RunBridge) -> None:
    with run_bridge(shared.home, [painter("faulty")]):
        answer = console("refused.py", cases=[("document", {"gesture": "remove"})], converted=False)
    [[status, error, unchanged]] = answer.values()
    assert status == "execution-error" and unchanged
    assert error.startswith("Painting failed (ZeroDivisionError: a fault of the engine's own).") and "\n" not in error
    assert "Traceback" not in console.said


def test_a_bridge_that_is_not_there_and_cannot_be_started_is_said(shared: Shared, console: Console) -> None:
    answer = console("refused.py", cases=[("document", {"gesture": "remove"})], converted=False)
    [[status, error, unchanged]] = answer.values()
    assert status == "execution-error" and unchanged
    assert "sfumato serve" in error and "\n" not in error, error
    assert "Traceback" not in console.said


def test_a_key_that_is_not_the_artists_own_is_said(
    shared: Shared, console: Console, run_bridge: RunBridge, tmp_path: Path
) -> None:
    rogue = tmp_path / "rogue"
    with run_bridge(rogue, [painter("plain")]):
        home.make_local_key(shared.home)
        shutil.copy(rogue / "bridge.json", shared.home)
        [told] = console("refused.py", cases=[("document", {"gesture": "remove"})], converted=False).values()
        assert (told[0], told[2]) == ("execution-error", True)
        assert told[1].startswith("The client could not prove that it holds the key. Pair it again: sfumato pair.")
        (shared.home / "keys" / "local.key").chmod(0o644)
        [told] = console("refused.py", cases=[("document", {"gesture": "remove"})], converted=False).values()
    assert told[0] == "execution-error" and told[2]
    assert "can be read by others (mode 644, expected 600). Run chmod 600 on it" in told[1]


def test_the_built_in_fill_removes_and_expands(shared: Shared, console: Console, run_bridge: RunBridge) -> None:
    with run_bridge(shared.home, [Painter("cpu", ["classical"])]):
        answer = console("built_in.py")
    looks = {name: _looks(told) for name, told in answer.items()}
    for name, told in answer.items():
        assert told["status"] == "success" and told["layers"] == 2, (name, told["error"])
        assert told["name"] == ("Remove (seed 1)" if name == "remove" else "Expand (seed 1)"), name
    before, after = looks["remove"]
    assert (before[60:90, 90:120, 0] == 30).all() and after[60:90, 90:120, 0].min() > 120, "what was there is gone"
    assert (before[:, :80] == after[:, :80]).all() and (before[:40] == after[:40]).all()
    for gesture in ("expand", "go, with layers that grew"):
        before, after = looks[gesture]
        assert (before[:, :40, 3] == 0).all() and (after[..., 3] == 255).all(), gesture
        assert (before[:, 40:] == after[:, 40:]).all() and after[:, :40, 0].min() > 120, gesture


def _looks(told: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    before, after = (np.frombuffer(told[name], np.uint8).reshape(*told["size"], 4) for name in ("before", "after"))
    return before, after


@pytest.mark.long
def test_a_prompt_is_painted_and_detail_is_made_by_a_model(
    shared: Shared, console: Console, run_bridge: RunBridge
) -> None:
    from bridge.engines.diffusion import tiny  # it loads torch

    tiny.folder(shared.folder / "art" / "tiny-lcm-1step", "sd15", "base")
    cases = [
        case("soft", gesture="go", prompt="a red roof", count=2, name="Fill – a red roof"),
        case("nothing", gesture="go", prompt="a red roof", name="Fill – a red roof (seed 30)"),
        case([50, 40, 40, 30], "U16_NON_LINEAR", gesture="detail", name="Detail (seed 30)"),
        case(
            [50, 40, 40, 30], "FLOAT_LINEAR", gesture="go", strength=40, prompt="moss", name="Refine – moss (seed 30)"
        ),
    ]
    config = Config(port=0, models=(str(shared.folder / "art"),))
    with run_bridge(shared.home, [Painter("cpu", ["classical"]), Painter("cpu", ["diffusion"])], config):
        answer = console("scripts.py", cases=cases)
    for asked, told in zip(cases, answer, strict=True):
        assert (told["status"], told["error"]) == ("success", ""), asked
        assert told["stack"][0] == asked["name"]
        selection = np.frombuffer(told["selection"], np.uint8).reshape(SIZE)
        depth = TYPES[asked["precision"].partition("_")[0]]
        before, after = (np.frombuffer(told[one], depth).reshape(*SIZE, -1) for one in ("before", "after"))
        changed = (before != after).any(-1)
        whole = asked["shape"] == "nothing"
        assert whole or not changed[selection == 0].any(), asked
        assert changed[(selection > 120) | whole].mean() > 0.9, asked
