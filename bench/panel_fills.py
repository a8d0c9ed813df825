"""Many fills in one document: what the page and every process hold before and after, and whether undo is exact."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil  # type: ignore[import-untyped]

from bench.panel_seat import Served, one_button, open_file, seat
from bench.pictures import photo
from tests.panel.page import Artist

if TYPE_CHECKING:
    from playwright.sync_api import Browser, CDPSession

Figures = dict[str, Any]
WIDTH, HEIGHT = 1600, 1200
SELECTION = (600.0, 400.0), (1000.0, 800.0)
WARM = 3
"""Fills before the first look: until then everything loads what it needs."""


def picture() -> Any:
    """The picture that is filled."""
    return photo(WIDTH, 3, "u8")[:HEIGHT]


def fills(chromium: "Browser", bridge: Served, path: Path, count: int) -> Figures:
    """What is held at each stage, and whether undo and redo through all of it gave the same pixels back. Then all of it
    once more in the picture opened anew: what is held for good is not held twice."""
    held: dict[str, dict[str, float]] = {}
    with seat(chromium, bridge) as artist:
        session = artist.page.context.new_cdp_session(artist.page)
        whole = chromium.new_browser_cdp_session()

        def look(stage: str) -> None:
            held[stage] = _page(artist, session) | _processes(whole, bridge)

        _fill(artist, path, WARM)
        _close(artist)
        look("warm")
        _fill(artist, path, count)
        look("filled")
        states = [artist.saved().tobytes()]
        for keys, rows in (("Control+z", 1), ("Control+Shift+z", count + 1)):
            artist.easel.focus()
            artist.key(*[keys] * count)
            artist.wait_layers(rows)
            states.append(artist.saved().tobytes())
        look("redone")
        _close(artist)
        look("closed")
        _fill(artist, path, count)
        _close(artist)
        look("closed again")
    return {"count": count, "held": held, "same": states[0] == states[2], "changed": states[0] != states[1]}


def _fill(artist: Artist, path: Path, count: int) -> None:
    """Open the picture, select, and remove again and again."""
    open_file(artist, path)
    artist.drag(*SELECTION)
    artist.selected("400 × 400")
    for number in range(count):
        one_button(artist).click()
        artist.wait_layers(number + 2)
    artist.wait_idle()


def _close(artist: Artist) -> None:
    """Close the picture; the page asks, and is told that nothing need be saved."""
    artist.page.get_by_role("button", name="Close filled.png", exact=True).click()
    artist.see(artist.page.get_by_role("heading", name="Open a picture, or try the sample"))


def _page(artist: Artist, session: "CDPSession") -> dict[str, float]:
    """Bytes of the page's heap and of the pixels beside it, once collected; nodes, listeners, blobs that are held."""
    for _ in range(2):  # what a finalizer lets go, the second one takes
        session.send("HeapProfiler.collectGarbage")
    heap = session.send("Runtime.getHeapUsage")
    counts = session.send("Memory.getDOMCounters")
    return {
        "heap": heap["usedSize"],
        "pixels": heap["backingStorageSize"],
        "nodes": counts["nodes"],
        "listeners": counts["jsEventListeners"],
        "blobs": artist.page.evaluate("eyes.urls.size"),
    }


def _processes(whole: "CDPSession", bridge: Served) -> dict[str, float]:
    """Bytes that belong to each process, what it shares counted in part."""
    renderers = [one for one in whole.send("SystemInfo.getProcessInfo")["processInfo"] if one["type"] == "renderer"]
    running = psutil.Process(bridge.running.pid)
    return {
        "renderers": sum(_pss(int(one["id"])) for one in renderers),
        "bridge": _pss(running.pid),
        "painter": sum(_pss(one.pid) for one in running.children(recursive=True)),
    }


def _pss(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
