"""How long the panel's main loop, and GIMP's own, are away while a fill is asked for, painted and inserted."""

import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

from bench.gimp_race import document
from bench.gimp_studio import KEYS, Studio
from tests.gimp.screen import MAIN, PAUSE, Window

Figures = dict[str, Any]
PANEL = "Generative Fill"
PLACE = 1040, 40
EVERY = 5.0
"""Milliseconds between two ticks (`inside/timed.py`)."""
STROKE = (652, 464), (704, 464)
"""On the screen, inside the selection: elsewhere GIMP draws nothing."""


def loop(studio: Studio, fills: int) -> Figures:
    """Gaps between two ticks in milliseconds, with what was done in each: of an idle panel, and while fills run. And
    how long GIMP let a small question wait, and whether a stroke was drawn meanwhile."""
    seen = studio.seen
    document(studio)
    seen.key("p")
    panel = _open(studio)
    time.sleep(3)
    begun = time.monotonic()
    time.sleep(5)
    spans = [("idle", begun, time.monotonic())]
    beats: list[float] = []
    drawn: list[bool] = []
    with ThreadPoolExecutor() as pool:
        for number in range(fills):
            before = _layers(studio)
            begun = time.monotonic()
            seen.key(KEYS["remove"])
            if number % 2:
                beats += pool.submit(studio.ask, "document.pulse(4)").result()
            else:
                time.sleep(1)
                drawn.append(_stroke(studio, STROKE, before))
            _wait_layer(studio, before)
            time.sleep(1)
            spans.append(("fill", begun, time.monotonic()))
            studio.ask("document.away(document.opened().get_layers()[0])")
            studio.ask("document.rest()")
    assert seen.window(PANEL) == panel
    seen.run("kill", "-USR1", str(seen.processes("timed")[0]))
    told = studio.shared.folder / "timed.json"
    seen.wait_for(told.exists)
    time.sleep(1)
    noted = json.loads(told.read_text("utf-8"))
    figures: Figures = {"beats": beats, "drawn": drawn}
    for kind in ("idle", "fill"):
        windows = [(begun, ended) for one, begun, ended in spans if one == kind]
        figures[kind] = gaps(noted["ticks"], noted["turns"], windows)
    return figures


def gaps(
    ticks: Sequence[float], turns: Sequence[Sequence[Any]], windows: Sequence[tuple[float, float]]
) -> list[tuple[float, str]]:
    """The gaps between ticks that lie in one of the windows: milliseconds, and the innermost of the turns that took
    more than half of it, where there is one."""
    found = []
    for begun, ended in pairwise(ticks):
        if any(start <= begun and ended <= end for start, end in windows):
            shares = [(min(until, ended) - max(since, begun), what) for what, since, until in turns]
            _, name = min((one for one in shares if one[0] > (ended - begun) / 2), default=(0, ""))
            found.append(((ended - begun) * 1000, name))
    return found


def _open(studio: Studio) -> Window:
    seen = studio.seen
    seen.activate(seen.wait_window(MAIN))
    seen.key(KEYS["timed-panel"])
    panel = seen.wait_window(PANEL)
    seen.move_window(panel, *PLACE)
    seen.wait_still()
    seen.activate(seen.wait_window(MAIN))
    return seen.wait_window(PANEL)


def _layers(studio: Studio) -> int:
    count: int = studio.seen.ask("len(image.get_layers())")
    return count


def _wait_layer(studio: Studio, before: int) -> None:
    studio.seen.wait_for(lambda: _layers(studio) > before, what="no layer came")


def _stroke(studio: Studio, points: Sequence[tuple[int, int]], before: int) -> bool:
    """Draw one in the other colour; True where the screen shows it before the fill is over."""
    seen = studio.seen
    (left, y), (right, _) = points
    was = seen.pixels()[y, left:right]
    seen.key("x")
    seen.drag(points)
    while _layers(studio) == before:
        if (seen.pixels()[y, left:right] != was).any(axis=-1).mean() > 0.5:
            return True
        time.sleep(PAUSE)
    return False
