"""`sfumato models verify`, and what the command line says to a model: the real way, with paint that costs nothing.

One test goes the whole way with random weights.
"""

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bridge import files, verify_command
from bridge.models_command import look
from bridge.painter import Painter
from bridge.protocol.errors import Refusal
from bridge.protocol.messages import Layer
from bridge.protocol.values import Box, Picture
from bridge.verify_command import Painted, Trial, check, verify
from tests import releases
from tests.pictures import soft
from tests.test_models_catalogue import KOHYA
from tests.test_models_command import SD15, needs_torch, run

__all__ = ["run"]

GREY = "from bridge.painting import main; from tests.painters import Plain; main({'diffusion': lambda device: Plain()})"
"""A painter process that stands in for the one of all models."""


@pytest.fixture
def model(home: Path, run_bridge):
    """The id of a model in the home of a bridge that runs; a LoRA lies beside it."""
    releases.write(home / "models" / "Old Master.safetensors", SD15)
    releases.write(home / "models" / "soft-ink.safetensors", KOHYA)
    with run_bridge(home, [Painter("cpu", ["diffusion"], [sys.executable, "-c", GREY])]):
        yield look(home).models[0].id


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    Image.fromarray(soft(60, 80, 3)).save(path)
    return path


def test_a_model_is_verified_through_the_bridge(run, model: str) -> None:
    code, told, said = run("models", "verify", model)
    assert (code, len(told), said) == (0, 1, [])
    assert told[0].startswith("Old Master (SD 1.5) loads in ")
    assert "paints 512 × 512 px in" in told[0] and "(25 steps), again in" in told[0]


def test_a_model_that_is_not_there_or_broken(run, home: Path, model: str) -> None:
    (home / "models" / "old.ckpt").write_bytes(b"\x80\x02.")
    code, _, said = run("models", "verify", "sdxl")
    assert code == 2 and model in said[0]
    broken = next(one for one in look(home).models if one.problem)
    assert run("models", "verify", broken.id) == (2, [], [f"sfumato: {broken.problem}"])


def test_without_the_engine_it_says_how_to_get_it(home: Path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)  # as if it were not installed
    with pytest.raises(Refusal, match=r"pip install 'sfumato\[diffusion\]'"):
        verify(home, None)


def test_fill_names_what_there_is(run, model: str, photo: Path) -> None:
    code, _, said = run("fill", photo, "--box", "9,9,30,30", "--model", "sdxl")
    assert code == 2 and model in said[-1]


def test_a_recipe_is_said_whole(run, home: Path, model: str, photo: Path) -> None:
    lora = look(home).loras[0].id
    words = ["--model", model, "--lora", f"{lora}:0.8", "--lora", f"{lora}:-1", "--steps", 7, "--guidance", 2.5]
    code, told, _ = run("fill", photo, "--box", "20,20,30,30", "--prompt", "a pond", "--json", *words)
    assert code == 0
    (layer,) = [one for one in map(json.loads, told) if one["t"] == "layer"]
    said = layer["recipe"]
    assert (said["steps"], said["guidance"], said["prompt"]) == (7, 2.5, "a pond")
    assert said["loras"] == [{"id": lora, "weight": 0.8}, {"id": lora, "weight": -1.0}]


def test_detail_makes_a_larger_picture(run, model: str, photo: Path, tmp_path: Path) -> None:
    out, layers = tmp_path / "large.png", tmp_path / "layers"
    words = ["--model", model, "--mode", "detail", "--scale", 2, "--strength", 0.4, "--out", out, "--layers", layers]
    assert run("fill", photo, *words)[0] == 0
    assert {files.read(path).canvas for path in (out, *layers.iterdir())} == {(0, 0, 160, 120)}


# ---- what is checked ------------------------------------------------------------------------------------------------


def painted(trial: Trial, shade: int, mask: bytes | None = None) -> Painted:
    box = trial.selection
    coverage = trial.coverage[box.y : box.bottom, box.x : box.right].tobytes()
    layer = Layer(1, "j", "r", 0, 1, box, Picture(box.width, box.height, 3), "", 1, {}, True, {})
    return Painted(layer, bytes([shade]) * box.area * 3, coverage if mask is None else mask, "r", (64, 64), 0, 0)


def test_results_are_held_against_the_promises() -> None:
    trial = Trial.of(64)
    good, other = painted(trial, 10), painted(trial, 20)
    check(trial, good, other, painted(trial, 10))
    smaller = replace(good.layer, box=Box(20, 20, 8, 8))
    for results, expected in (
        ((painted(trial, 10, bytes(32 * 32)), other), "mask is not the selection"),
        ((good._replace(layer=smaller, mask=trial.coverage[20:28, 20:28].tobytes()), other), "is not the selection"),
        ((good, painted(trial, 10)), "two seeds"),
        ((good, other, other), "one seed"),
    ):
        with pytest.raises(Refusal, match=expected):
            check(trial, *results)


def test_the_selection_is_soft_and_lies_in_its_box() -> None:
    trial = Trial.of(128)
    box = trial.selection
    inside = trial.coverage[box.y : box.bottom, box.x : box.right]
    assert inside.max() == 255 and len(np.unique(inside)) > 20
    assert np.count_nonzero(inside) == np.count_nonzero(trial.coverage)


def test_weights_that_cannot_be_made_are_a_sentence(home: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(Refusal, match=r"No random weights could be made .*no room"):
        verify(home, None, [sys.executable, "-c", "import sys; sys.exit('no room')"])
    assert [path for path in tmp_path.iterdir() if path != home] == []


@pytest.mark.long
@needs_torch
def test_random_weights_are_painted_from_folder_to_layer(home: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (home / "sfumato.toml").write_text('painters = ["cpu"]\n')
    told = verify(home, None)
    assert told.startswith("Path check with random weights passed in")
    assert "painted at 512 × 512 px on CPU" in told and "means nothing" in told
    assert [path.name for path in tmp_path.iterdir()] == ["home"]
    assert verify_command.MAKE[-1] == "bridge.engines.diffusion.tiny"
