"""What the measurements of the panel make of what they saw. How fast anything is no test says; none has a browser."""

import pytest

pytest.importorskip("PIL")
from bench import panel, panel_report
from bench.panel_fills import HEIGHT, WIDTH, picture
from bench.panel_ready import weights
from bridge.install import photoshop


def test_every_file_of_the_bundles_is_weighed_once():
    rows = {row["what"]: row for row in weights()}
    assert rows["photoshop: script"]["bytes"] == (photoshop.BUNDLE / "panel.js").stat().st_size
    assert rows["page: script"]["gz"] < rows["page: script"]["bytes"] / 2
    assert rows[f"photoshop, packed: `{photoshop.NAME}`"]["bytes"] == len(photoshop.package())
    lines = list(panel_report.weight_lines(list(rows.values())))
    assert len(lines) == len(rows) + 2
    assert lines[-1].endswith(" – |")


def test_the_picture_that_is_filled_has_its_size():
    assert picture().shape == (HEIGHT, WIDTH, 3)


def test_a_page_is_ready_step_by_step():
    pages = [{"paint": 100.0, "loaded": 150.0, "ready": 300.0 + extra, "bytes": 168_000} for extra in (0, 10, 50)]
    fill = {"pressed": 2000.0, "selected": 2300.0}
    lines = list(
        panel_report.ready_lines(pages, [{"opened": 90.0, "first": fill, "second": {**fill, "pressed": 900.0}}])
    )
    assert "| paired, the bridge has answered | 310 (300–350) |" in lines
    assert "| *Remove* to layer seen | 2000 (2000–2000) | 900 (900–900) |" in lines


def test_frames_are_counted_beside_their_floor():
    still = [16.0] * 99 + [40.0]
    of = {"frames": {"blank": still, "rest": still, "brush": still, "brush, fill": [16.0] * 90 + [120.0] * 10}}
    lines = list(panel_report.frame_lines({"patient": of | {"fills": [6.0, 8.0], "picture": (4000, 3000)}}))
    assert "| patient | a blank page | 100 | 16.0 | 16.0 | 40 | 1.0 % | 0.0 % |" in lines
    assert "| patient | brushing during a fill | 100 | 16.0 | 120.0 | 120 | 10.0 % | 10.0 % |" in lines
    assert lines[-3].endswith("kept)") and lines[-2].endswith("MISSED)")
    assert lines[-1] == "- such a fill, patient, with the strokes beside it: **7.0 (6.0–8.0) s**"


@pytest.fixture
def held():
    one = dict.fromkeys(panel_report.HELD, 20_000_000.0) | dict.fromkeys(panel_report.COUNTS, 30.0)
    return {"count": 50, "held": {stage: dict(one) for stage in panel_report.STAGES}, "same": True, "changed": True}


def test_what_is_held_for_good_is_seen(held):
    held["held"]["closed again"] |= {"heap": 26_000_000.0, "blobs": 31.0}
    lines = list(panel_report.fill_lines(held))
    missed = [line for line in lines if line.endswith("MISSED)")]
    assert [line.split(":")[0] for line in missed] == ["- JS heap, MB", "- blob URLs"]
    assert "**6.0** (at most 5: " in missed[0] and "**1** (at most 0: " in missed[1]
    assert lines[-1].endswith("**the same**")


@pytest.mark.parametrize("broken", ["same", "changed"])
def test_undo_that_is_not_exact_or_does_nothing_is_said(held, broken):
    held[broken] = False
    assert list(panel_report.fill_lines(held))[-1].endswith("**NOT THE SAME**")


@pytest.fixture
def rounds():
    ours = {"asked": 5.0, "ms": 50.0, "seen": 100.0, "bytes": 7_000_000, "box": [0, 0, 1536, 1536]}
    return {"picture": (4000, 3000), "side": 512, "ours": [ours], "theirs": [{"ms": 400.0, "bytes": 5e6, "same": True}]}


def test_both_ways_are_read_beside_the_bound(rounds):
    lines = list(panel_report.race_lines(rounds))
    assert "| Enter to accepted, ours | 50 (50–50) | 7.0 |" in lines
    assert "- Enter to accepted, PNG ÷ ours: **8.0** (at least 10: MISSED)" in lines
    assert lines[-1].endswith("**the same**, value by value")
    rounds["theirs"][0]["same"] = False
    assert list(panel_report.race_lines(rounds))[-1].endswith("**NOT THE SAME**, value by value")


def test_where_there_is_no_browser_it_says_how_to_get_one(capsys, monkeypatch):
    monkeypatch.setattr(panel, "lacking", lambda: "no Chromium")
    assert panel.main([]) == 2
    assert capsys.readouterr().err == "no Chromium\n"
