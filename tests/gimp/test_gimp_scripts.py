"""Fills by scripts in the real GIMP, through the real bridge: what is painted, where, and what is left alone."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bridge import home
from tests.conftest import RunBridge
from tests.gimp.console import Console, Shared
from tests.painters import painter

SIZE = (120, 160)
TYPES = {"U8": np.uint8, "U16": np.uint16, "U32": np.uint32, "HALF": np.float16, "FLOAT": np.float32}


def case(shape: Any, precision: str = "U8_NON_LINEAR", base: str = "RGB", profile: bool = False, **said: Any) -> dict:
    """One document, what is selected in it, and the arguments of the fill."""
    said = {"gesture": "remove", "seed": 30, **said}
    return {"shape": shape, "precision": precision, "base": base, "profile": profile, "said": said}


CASES = [
    case("soft"),
    case("soft over the edge", "U16_NON_LINEAR", profile=True),
    case("partly outside", "FLOAT_LINEAR"),
    case("one pixel", "HALF_LINEAR"),
    case("two parts", "U16_LINEAR"),
    case("faint", "U8_PERCEPTUAL", base="GRAY", count=3),
    case([50, 40, 40, 30], "FLOAT_NON_LINEAR", profile=True, sample="below"),
    case([50, 40, 40, 30], "HALF_NON_LINEAR", base="GRAY", sample="current"),
]


def test_the_mask_is_the_selection_and_nothing_else_changes(
    shared: Shared, console: Console, run_bridge: RunBridge
) -> None:
    with run_bridge(shared.home, [painter("plain")]):
        answer = console("scripts.py", cases=CASES)
    for asked, told in zip(CASES, answer, strict=True):
        assert (told["status"], told["error"]) == ("success", ""), asked
        selection = np.frombuffer(told["selection"], np.uint8).reshape(SIZE)
        masks = [np.frombuffer(one, np.uint8).reshape(SIZE) for one in told["masks"]]
        assert len(masks) == asked["said"].get("count", 1) and told["visible"] == [True, False, False][: len(masks)]
        assert all((mask == selection).all() for mask in masks), asked
        depth = TYPES[asked["precision"].partition("_")[0]]
        before, after = (np.frombuffer(told[name], depth).reshape(*SIZE, -1) for name in ("before", "after"))
        changed = (before != after).any(-1)
        assert not changed[selection == 0].any(), asked
        assert changed[selection > 250].all() and changed.any(), asked
        look = np.frombuffer(told["look"], np.uint8).reshape(*SIZE, 4)
        if asked["said"].get("sample", "all") == "all" and (selection == 255).any():
            assert np.abs(look[selection == 255][..., :3].astype(int) - 50).max() <= 1, asked
        assert told["kept"] and told["selected"] == ["ground"] and told["images"] == 0
        assert told["type"] == {"RGB": "rgba-image", "GRAY": "graya-image"}[asked["base"]]
        ours = "Remove (seed 30)"
        place = ["upper", ours, "ground"] if "sample" in asked["said"] else [ours, "upper", "ground"]
        assert told["stack"] == place, asked
    assert "Traceback" not in console.said and "procedure 'gimp-" not in console.said, console.said


SENTENCES = [
    ("indexed", {"gesture": "remove"}, "An indexed image has no room for new colours: convert it to RGB first"),
    ("several", {"gesture": "remove", "sample": "below"}, "Several layers are selected, or none: select one, or"),
    ("channel", {"gesture": "remove", "sample": "current"}, "Several layers are selected, or none: select one, or"),
    ("floating", {"gesture": "remove"}, "A floating selection is open: anchor it first (Layer ▸ Anchor Floating"),
    ("unselected", {"gesture": "remove"}, "Nothing is selected: select what to remove."),
    ("unselected", {"gesture": "expand"}, "othing"),
    ("unselected", {"gesture": "go", "prompt": "a roof"}, "The built-in fill copies from the surroundings, and the"),
    ("unseen", {"gesture": "remove"}, "The selection is empty: all 16 values of its mask are 0."),
    ("document", {"gesture": "dance"}, "“dance” is no gesture; there are again, cancel, detail, expand, go, refine"),
    ("document", {"gesture": "remove", "sample": "dance"}, "“dance” is no sample; there are all, below, current."),
    ("document", {"gesture": "remove", "model": "nowhere"}, "There is no model “nowhere” here; there are none."),
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
    for name, said, sentence in SENTENCES:
        status, error, unchanged = answer[f"{name} {said}"]
        assert status == "execution-error" and unchanged, (name, said)
        assert sentence in error and "\n" not in error and len(error) < 400, (name, error)
    assert "Traceback" not in console.said and "procedure 'gimp-" not in console.said, console.said


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("refusing", "There is nothing to copy from: 0 of 9 pixels are known."),
        ("faulty", "Painting failed (ZeroDivisionError: a fault of the engine's own)."),
    ],
)
def test_what_the_painter_meets_is_said(
    shared: Shared, console: Console, run_bridge: RunBridge, name: str, sentence: str
) -> None:
    with run_bridge(shared.home, [painter(name)]):
        answer = console("refused.py", cases=[("document", {"gesture": "remove"})], converted=False)
    [[status, error, unchanged]] = answer.values()
    assert status == "execution-error" and unchanged
    assert sentence in error and "\n" not in error
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
        assert told == ["execution-error", "The client could not prove that it holds the key.", True]
        (shared.home / "keys" / "local.key").chmod(0o644)
        [told] = console("refused.py", cases=[("document", {"gesture": "remove"})], converted=False).values()
    assert told[0] == "execution-error" and told[2]
    assert "can be read by others (mode 644, expected 600). Run chmod 600 on it" in told[1]
