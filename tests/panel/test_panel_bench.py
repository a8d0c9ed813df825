"""The measurements of the panel, small, in the real browser. How fast anything is, no test says."""

from pathlib import Path

import pytest
from PIL import Image

from bench.panel_fills import WARM, fills, picture
from bench.panel_frames import frames
from bench.panel_race import SIDE, race
from bench.panel_ready import first, ready
from bench.panel_seat import PICTURE, large, served

pytestmark = pytest.mark.long


def test_a_page_and_a_first_fill_are_timed(chromium):
    with served("built-in") as bridge:
        [page] = ready(chromium, bridge, 1)
        assert page["paint"] > 0 and 0 < page["loaded"] < page["ready"] and page["bytes"] > 100_000
        found = first(chromium, bridge)
    assert all(0 < found[which]["pressed"] < found[which]["selected"] for which in ("first", "second"))


def test_both_ways_carry_the_same_pixels_and_frames_are_seen(chromium, tmp_path: Path):
    whole, path = large(), tmp_path / "large.png"
    Image.fromarray(whole).save(path, compress_level=1)
    with served("copying") as bridge:
        found = race(chromium, bridge, path, whole, 1)
    [ours], [theirs] = found["ours"], found["theirs"]
    _, _, width, height = ours["box"]
    assert min(width, height) >= SIDE and ours["bytes"] > width * height * 3 + SIDE * SIDE
    assert theirs["same"] and 0 < ours["asked"] < ours["ms"] < ours["seen"]
    with served("patient") as bridge:
        seen = frames(chromium, bridge, path, 1, 0.5)
    assert seen["picture"] == PICTURE and len(seen["fills"]) == 1
    assert all(len(gaps) > 5 and min(gaps) > 0 for gaps in seen["frames"].values())


def test_what_is_held_is_counted_at_each_stage(chromium, tmp_path: Path):
    path = tmp_path / "filled.png"
    Image.fromarray(picture()).save(path, compress_level=1)
    with served("plain") as bridge:
        found = fills(chromium, bridge, path, WARM)
    assert found["same"] and found["changed"]
    held = found["held"]
    assert held["filled"]["nodes"] > held["closed"]["nodes"] and held["filled"]["pixels"] > 4 * 1600 * 1200
    assert all(of > 0 for stage in held.values() for name, of in stage.items() if name != "blobs")
