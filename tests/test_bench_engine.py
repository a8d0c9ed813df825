"""The measurements of the engine measure, on tiny checkpoints. How fast anything is, no test says."""

import json
import shutil
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch

from bench import __main__ as bench
from bench import checkpoints, engine_memory, engine_report, peers
from bench.comfy import graph, running
from bench.engine import DPM, EULER, LCM, machine, machine_lines
from bench.engine_race import latency, overhead, race
from bench.painters import Course, Ours, Stock, other, plate, watched
from bridge.engines.diffusion.components import config

torch.set_num_threads(1)

CPU = torch.device("cpu")
CLOCK = "seconds are those of the processor"
FEW = Course("few", "sd15-few", "inpaint", LCM, 64, 4, 1.0, 1, at_least=1.2)
SOME = Course("some", "sd15", "base", DPM, 64, 8, 1.0, 1, strength=0.5)
XL = Course("xl", "sdxl-few", "inpaint", EULER, 64, 4, 1.0, 1)
DOUBLE = Path(__file__).parent / "comfy_double.py"


@pytest.fixture(scope="module")
def painters(tmp_path_factory):
    place = tmp_path_factory.mktemp("checkpoints")

    def made(course):
        family = course.family.removesuffix("-few")
        path = place / f"{family}-{course.layout}"
        model = checkpoints.folder(path, course.family, course.layout, checkpoints.small(family), CPU)
        checkpoints.sampled(model, course.scheduler)
        ours = Ours(model, CPU)
        return ours, Stock.beside(ours)

    return made


@pytest.fixture(scope="module")
def few(painters):
    return painters(FEW)


def test_both_take_the_same_steps_and_only_what_is_new_is_encoded(few):
    row = race(FEW, *few)
    assert {name: len(seconds) for name, seconds in row["s"].items()} == dict.fromkeys(row["s"], 1)
    assert list(row["s"]) == ["stock", "first", "prompt", "seed"]
    assert row["calls"] == 4
    again, stock = row["inside"]["seed"], row["inside"]["stock"]
    assert (again["text"], again["encode"]) == ([0, 0], [0, 0])
    assert min(stock["text"] + stock["encode"] + again["step"] + again["decode"]) > 0


@pytest.mark.long
@pytest.mark.parametrize(("course", "calls", "contenders"), [(SOME, 4, 5), (XL, 4, 4)], ids=["sd15", "sdxl"])
def test_every_course_gives_both_the_same_work(painters, course, calls, contenders):
    ours, stock = painters(course)
    assert type(stock.pipeline.scheduler).__name__ == ours.parts.scheduler.name == course.scheduler
    row = race(course, ours, stock)
    assert (row["calls"], len(row["s"])) == (calls, contenders)


def test_unequal_work_is_not_compared(few):
    ours, stock = few
    shorter = Stock(stock.pipeline, CPU)
    shorter.paint = lambda course, *given: Stock.paint(shorter, replace(course, steps=3), *given)
    with pytest.raises(AssertionError, match=r"unequally often: \{'stock': 3, 'seed': 4\}"):
        race(FEW, ours, shorter)


def test_components_are_watched_and_left_as_they_were(few):
    ours, stock = few
    with watched(ours, stock, time.perf_counter) as spent:
        ours.paint(FEW, other(plate(64), 99), "words", 1)
    assert {name: len(seconds) for name, seconds in spent.items()} == {"step": 4, "encode": 2, "decode": 1, "text": 1}
    assert "forward" not in vars(ours.parts.unet)
    assert "encode" not in vars(ours.parts.vae)


def test_the_same_seed_paints_the_same_picture_and_keeps_its_size(few):
    for one in few:
        first, again, another = (one.paint(FEW, plate(64), "a roof", seed) for seed in (1, 1, 2))
        assert first.shape == (64, 64, 3)
        assert (first == again).all()
        assert (first != another).any()


def test_what_is_spent_outside_is_less_than_the_whole(few):
    row = overhead(FEW, *few)
    assert all(one > 0 for ms in row["ms"].values() for one in ms)
    assert list(engine_report.overhead_lines([row]))[2].startswith("| few | 4 | ")


def test_a_cancel_stops_ours_before_its_decoder_and_the_other_after(few):
    row = latency(FEW, *few)
    assert {name: len(row[name]) for name in ("step", "preview", "ours", "stock")} == dict.fromkeys(
        ("step", "preview", "ours", "stock"), 1
    )
    assert row["preview"][0] > 0


@pytest.mark.parametrize("who", ["ours", "stock"])
def test_a_child_says_its_peak(few, capsys, who):
    engine_memory.main(who, few[0].model.path, FEW)
    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert said["peak"] >= said["before"] > 1 << 24
    assert Course(**json.loads(json.dumps(asdict(FEW)))) == FEW  # as it comes to the child


def test_figures_are_read_beside_their_bounds():
    inside = {"stock": {"step": [1.0], "encode": [0.25], "decode": [0.5], "text": [0.25], "whole": [2.0]}}
    s = {"stock": [2.0, 3.0, 2.0], "first": [2.5], "prompt": [1.8], "seed": [1.6]}
    tera = {"step": 0.5, "encode": 1.0, "decode": 1.0, "text": 0.0}
    row = {"name": "few", "at_least": 1.2, "calls": 4, "s": s, "inside": inside, "tera": tera}
    assert engine_report.ceiling(row) == pytest.approx(2 / 1.5)
    lines = list(engine_report.race_lines([row]))
    assert lines[3] == "| few | 4 | 2.000 (2.000) | 2.500 (2.500) | 1.800 (1.800) | 1.600 (1.600) | – |"
    assert lines[-2] == "- few: a new seed, share of the ceiling: **0.94** (at least 0.95: MISSED)"
    assert lines[-1] == "- few: stock ÷ new seed: **1.25** (at least 1.2: kept)"
    shares = list(engine_report.share_lines([row]))
    assert shares[2] == "| few | 50 % | 12 % | 25 % | 12 % | 0 % | 50 % of 4 TFLOP |"
    peak = {"name": "few", "ours": {"before": 10e6, "peak": 30e6}, "stock": {"before": 10e6, "peak": 20e6}}
    lines = list(engine_report.memory_lines([peak]))
    assert lines[2] == "| few | 10 | 10 | 30 | 20 | 20 | 10 |"
    assert lines[-1] == "- few: our peak ÷ stock's: **1.50** (at most 1: MISSED)"
    stops = {"name": "few", "step": [0.1], "preview": [0.12], "ours": [0.2, 0.4], "stock": [1.0]}
    assert list(engine_report.latency_lines([stops]))[2] == (
        "| few | 100 | 20.0 | 0.30 (worst 0.40) | 1.00 (worst 1.00) |"
    )


def test_medium_checkpoints_have_the_shares_of_the_real_ones():
    counted = checkpoints.arithmetic(checkpoints.medium("sd15-few"), "inpaint", 256)
    autoencoder = counted["encode"] + counted["decode"]
    assert 0.48 < autoencoder / (autoencoder + 4 * counted["step"] + counted["text"]) < 0.58
    for family in ("sd15", "sdxl"):
        medium, real = checkpoints.medium(family), config(family)
        assert [4 * one for one in medium["unet"]["block_out_channels"]] == real["unet"]["block_out_channels"]
        assert len(medium["encoders"]) == len(real["encoders"])


def test_the_machine_is_said():
    found = machine(CPU)
    assert list(machine_lines(found))[-1] == f"Painted on {found['device']} in {found['dtype']}, threads: 1; {CLOCK}.\n"


# ---- beside ComfyUI --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def comfy(few, tmp_path_factory):
    place = tmp_path_factory.mktemp("comfy")
    for name in ("comfyui", "models"):
        (place / name).mkdir()
    shutil.copy(DOUBLE, place / "comfyui" / "main.py")
    (place / "models" / "tiny.safetensors").touch()
    options = peers.told(few[0])
    with running(place / "comfyui", place / "models", place / "room", options, sys.executable) as reached:
        yield reached


def test_both_paint_in_turn(few, comfy):
    row = peers.race(FEW, few[0], comfy, "tiny.safetensors")
    assert {name: len(seconds) for name, seconds in row["s"].items()} == {
        "ours first": 1,
        "ours again": 1,
        "comfyui first": 1,
        "comfyui again": 1,
    }
    assert row["comfyui"] == "double"
    lines = list(peers.race_lines([row]))
    assert lines[1] == "ComfyUI double.\n"
    assert lines[-1].startswith("- few, again: ComfyUI without its files ÷ ours: **")


SAMPLING = {"seed": 5, "steps": 4, "cfg": 1.0, "denoise": 1.0, "sampler_name": "lcm", "scheduler": "normal"}


@pytest.mark.parametrize("inpaint", [True, False], ids=["inpaint", "base"])
def test_what_did_not_change_is_not_run_again(comfy, inpaint):
    name = comfy.upload("a.png", peers.png(plate(64)))
    first = comfy.run(graph("tiny.safetensors", name, ("a", "b"), inpaint, SAMPLING))
    again = comfy.run(graph("tiny.safetensors", name, ("a", "b"), inpaint, SAMPLING | {"seed": 6 + inpaint}))
    assert {"KSampler"} == set(again.ran) < set(first.ran)
    assert 0 <= again.files < again.seconds


def test_what_comfyui_refuses_is_said_in_its_words(comfy):
    name = comfy.upload("a.png", peers.png(plate(64)))
    with pytest.raises(RuntimeError, match=r"refused /prompt: 400 .*Value not in list: ckpt_name"):
        comfy.run(graph("other.safetensors", name, ("a", "b"), True, SAMPLING))
    with pytest.raises(RuntimeError, match="broke off at KSampler: out of memory"):
        comfy.run(graph("tiny.safetensors", name, ("c", "d"), True, SAMPLING | {"seed": 666}))


def test_a_comfyui_that_does_not_come_up_is_said(tmp_path, capsys):
    (tmp_path / "main.py").write_text("raise SystemExit('no torch here')")
    with (
        pytest.raises(RuntimeError, match="did not come up"),
        running(tmp_path, tmp_path, tmp_path / "room", (), sys.executable),
    ):
        pass
    assert "no torch here" in capsys.readouterr().err


def test_an_alpha_is_the_mask_and_a_mark_makes_another_picture():
    from io import BytesIO

    from PIL import Image

    alpha = Image.open(BytesIO(peers.png(plate(64)))).getchannel("A")
    assert (alpha.getpixel((32, 32)), alpha.getpixel((0, 0))) == (0, 255)
    assert len({peers.png(plate(64), mark) for mark in range(3)}) == 3


def test_without_a_comfyui_a_sentence_says_what_is_needed(tmp_path, capsys):
    assert peers.main([]) == 2
    assert capsys.readouterr().err.startswith("This needs a ComfyUI that already runs on this machine")
    assert peers.main(["--comfyui", str(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith(f"There is no main.py in {tmp_path}. This needs a ComfyUI")


@pytest.mark.parametrize(
    ("arguments", "module", "rest"),
    [
        ([], "bench.wire", []),
        (["--quick"], "bench.wire", ["--quick"]),
        (["wire", "--quick"], "bench.wire", ["--quick"]),
        (["engine", "--json", "f"], "bench.engine", ["--json", "f"]),
        (["peers"], "bench.peers", []),
    ],
)
def test_the_first_word_says_what_is_measured(monkeypatch, arguments, module, rest):
    called = []

    class Measurement:
        @staticmethod
        def main(given):
            called.append(given)
            return 7

    monkeypatch.setattr(bench.importlib, "import_module", {module: Measurement}.__getitem__)
    assert bench.main(arguments) == 7
    assert called == [rest]
