"""How smoothly one brushes a selection on a large picture while something is painted, and while nothing is."""

import time
from collections.abc import Callable, Iterable
from itertools import cycle, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.panel_seat import PICTURE, Served, one_button, open_file, seat
from tests.panel.page import Artist, Point

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

Figures = dict[str, Any]
SELECTION = (1600.0, 1100.0), (2300.0, 1800.0)
"""What is filled meanwhile: 700²."""
STROKES: tuple[tuple[Point, ...], ...] = (
    ((300, 400), (3700, 700), (400, 1000)),
    ((500, 2100), (1400, 2800), (2500, 2000), (3600, 2700)),
)
MOVES = 40
"""Of the pointer between two points of a stroke: each is answered before the next one."""
VARIATIONS = 3


def frames(chromium: "Browser", bridge: Served, picture: Path, rounds: int, seconds: float) -> Figures:
    """Milliseconds between two turns of the screen: of a blank page, of the page at rest, while one brushes, and while
    one brushes during a fill of three variations. In turn, in every round; a first round is not counted."""
    found: dict[str, list[float]] = {name: [] for name in ("blank", "rest", "brush", "brush, fill")}
    fills = []
    with seat(chromium, bridge) as artist:
        open_file(artist, picture)
        artist.click("radio", f"{VARIATIONS} variations")
        for number in range(rounds + 1):
            last: dict[str, list[float]] = {}
            last["blank"] = _blank(artist, seconds)
            last["rest"] = _turned(artist.page, lambda: time.sleep(seconds))
            artist.easel.focus()
            artist.key("b", "Control+d")
            last["brush"] = _turned(artist.page, lambda: _brush(artist, _within(seconds)))
            begun = _begin(artist)
            last["brush, fill"] = _turned(artist.page, lambda: _brush(artist, lambda: _paints(artist)))
            if number:
                fills.append(time.monotonic() - begun)
                for name, gaps in last.items():
                    found[name] += gaps
            artist.wait_idle()
            _delete(artist)
    return {"frames": found, "fills": fills, "picture": PICTURE}


def _begin(artist: Artist) -> float:
    """Begin a fill; returns when."""
    artist.easel.focus()
    artist.key("r")
    artist.drag(*SELECTION)
    one_button(artist).focus()
    artist.key("Enter")
    begun = time.monotonic()
    artist.see(artist.panel.get_by_role("progressbar"))
    artist.easel.focus()
    artist.key("b")
    return begun


def _within(seconds: float) -> Callable[[], bool]:
    until = time.monotonic() + seconds
    return lambda: time.monotonic() < until


def _paints(artist: Artist) -> bool:
    return bool(artist.panel.get_by_role("progressbar").is_visible())


def _brush(artist: Artist, goes_on: Callable[[], bool]) -> None:
    """Brush, stroke after stroke, and look after each whether to go on."""
    strokes: Iterable[tuple[Point, ...]] = cycle(STROKES)
    for stroke in strokes:
        if not goes_on():
            return
        artist.drag(*stroke, steps=MOVES)


def _delete(artist: Artist) -> None:
    """Take the layers of the fill away: the next round finds the picture as the first one did."""
    while len(artist.layers()) > 1:
        name = artist.layers()[0].name
        artist.stack.get_by_role("button", name=f"Delete {name}", exact=True).click()


def _blank(artist: Artist, seconds: float) -> list[float]:
    """A page with nothing on it, in the same browser."""
    page = artist.page.context.new_page()
    page.goto("data:text/html,")
    page.bring_to_front()
    gaps = _turned(page, lambda: time.sleep(seconds))
    page.close()
    artist.page.bring_to_front()
    return gaps


def _turned(page: "Page", act: Callable[[], None]) -> list[float]:
    page.evaluate("eyes.turn()")
    act()
    ticks: list[float] = page.evaluate("eyes.turned()")
    return [ended - begun for begun, ended in pairwise(ticks)]
