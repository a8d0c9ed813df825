"""What the measurements in GIMP make of what they saw. How fast anything is, no test says; GIMP is not needed."""

import zlib

import imagecodecs
import numpy as np
import pytest

pytest.importorskip("fcntl", reason="a real GIMP is driven on Linux only")
from bench import gimp, gimp_report
from bench.gimp_fills import HEIGHT, WIDTH, picture
from bench.gimp_loop import gaps
from bench.gimp_race import Peer
from bench.pictures import photo


def test_a_gap_is_laid_to_the_innermost_turn_that_fills_it():
    ticks = [0.000, 0.005, 0.105, 0.110, 0.150, 1.000]
    turns = [("Guest.hear", 0.006, 0.104), ("Canvas.insert", 0.010, 0.090), ("Keep.save", 0.091, 0.093)]
    found = gaps(ticks, turns, [(0.0, 0.2)])
    assert [(round(ms, 6), what) for ms, what in found] == [(5, ""), (100, "Canvas.insert"), (5, ""), (40, "")]
    assert gaps(ticks, turns, [(0.004, 0.106)]) == found[1:2]


def test_a_peer_takes_and_gives_the_very_pixels(tmp_path):
    region = photo(64, 3, "u16")
    (tmp_path / "region.png").write_bytes(imagecodecs.png_encode(region, level=0))
    peer = Peer(tmp_path)
    assert peer.answer({"take": ["region.png"]})
    assert peer.answer({"digest": True}) == [zlib.crc32(region.tobytes())]
    for best in (True, False):
        assert peer.answer({"give": "layer.png", "best": best, "cut": [8, 4, 32, 16]})
        layer = imagecodecs.png_decode((tmp_path / "layer.png").read_bytes())
        assert np.array_equal(layer, region[4:20, 8:40])


def test_the_picture_that_is_filled_is_a_whole_file():
    assert len(picture()) == len(b"P6 1600 1200 255\n") + WIDTH * HEIGHT * 3


@pytest.fixture
def rounds():
    moments = {"gesture": 0, "asked": 10, "read": 50, "heard Accepted": 100, "came Layer": 110, "made": 120}
    theirs = {"best": {"out": 900.0, "send": 800.0, "make": 200.0, "load": 300.0, "in": 320.0, "same": True}}
    theirs["offered"] = theirs["best"] | {"out": 4000.0, "same": False}
    row = {"sample": "all", "floor": 90.0, "ours": moments | {"landed": 210}} | theirs
    return {"document": (6000, 4000), "layers": ["one"], "rounds": [row]}


def test_both_ways_are_read_beside_the_bound(rounds):
    lines = list(gimp_report.race_lines(rounds))
    assert "| Enter to accepted | all | 100 (100–100) | 900 (900–900) | 4000 (4000–4000) | 9.0× | 40.0× |" in lines
    for name, times in (("Enter to accepted", "9.0"), ("of which until GIMP inserts it", "20.0")):
        told = f"- {name}, PNG at its best ÷ ours, the least of the samples: **{times}** (at least 10: "
        assert any(line.startswith(told) for line in lines)
    assert "- the pixels that both carry: **the same**, value by value" in lines
    assert lines[-1] == "| all | 10 | 40 | 50 | 10 | 10 | 90 |"
    rounds["rounds"][0]["best"]["same"] = False
    assert "- the pixels that both carry: **NOT THE SAME**, value by value" in gimp_report.race_lines(rounds)


def test_gaps_are_counted_and_named():
    fill = [(5.0, ""), (20.0, ""), (60.0, "Canvas.insert"), (40.0, "Canvas.insert")]
    of = {"idle": [(5.0, "")], "fill": fill, "beats": [1.0], "drawn": [True]}
    lines = list(gimp_report.loop_lines({"patient": of}))
    assert "| panel, fill, patient | 4 | 3 | 2 | 1 | 0 | 60 |" in lines
    assert "| Canvas.insert | 2 | 50 | 60 |" in lines
    assert lines[-2] == "- strokes drawn on the screen while patient worked: **1 of 1**"
    assert lines[-1].endswith("MISSED)")


def test_memory_is_compared_with_the_base():
    memory = {stage: {"GIMP": 100_000_000} for stage in gimp_report.STAGES}
    memory["closed again"]["GIMP"] += 6_000_000
    of = {"count": 50, "memory": memory, "same": {"ctrl+z to 0": True}}
    lines = list(gimp_report.fill_lines(of))
    told = (
        "- GIMP: MB more after “image opened again, 50 fills, closed” than after “image closed”: **6.0** (at most 5: "
    )
    assert lines[-2].startswith(told)
    assert lines[-1] == "- states that undo and redo gave back byte by byte: **1 of 1**"


def test_what_the_panel_costs():
    idle = {"gimp": {"wakes": 60.0, "ms": 10.0}, "sfumato": {"wakes": 2000.0, "ms": 300.0}}
    of = {"opened": [1500.0, 1000.0, 1100.0], "memory": 57_000_000, "closed": idle, "open": idle}
    first, *_, last = gimp_report.panel_lines(of)
    assert first == "- key to window: **1500 ms** in a GIMP that was just started, then **1050 (1000–1100) ms**"
    assert last == "| panel open | 60 | 10 | 2000 | 300 |"


def test_where_there_is_no_gimp_it_says_how_to_get_one(capsys, monkeypatch):
    monkeypatch.setattr(gimp, "lacking", lambda version: f"no GIMP {version}")
    assert gimp.main(["--gimp", "3.2"]) == 2
    assert capsys.readouterr().err == "no GIMP 3.2\n"
