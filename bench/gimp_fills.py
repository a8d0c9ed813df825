"""Many fills in one image: what every process holds before and after, and whether undo and redo by keys are exact."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]

from bench.gimp_loop import PANEL
from bench.gimp_studio import KEYS, PICTURE, Studio
from bench.pictures import photo
from tests.gimp.screen import MAIN

Figures = dict[str, Any]
WIDTH, HEIGHT = 1600, 1200
SELECTION = 600, 400, 400, 400
WARM = 3
"""Fills before the first look: until then every process loads what it needs."""


def picture() -> bytes:
    """The image that is filled, as a PPM file."""
    pixels = photo(WIDTH, 3, "u8")[:HEIGHT]
    return b"P6 %d %d 255\n" % (WIDTH, HEIGHT) + pixels.tobytes()


def fills(studio: Studio, count: int) -> Figures:
    """Bytes by process at each stage, and whether every state came back byte by byte. At the end all of it once more
    in the image opened again: what is held for good is not held twice."""
    seen = studio.seen
    seen.key(KEYS["panel"])
    seen.wait_window(PANEL)
    _select(studio)
    memory: dict[str, dict[str, int]] = {}

    def look(what: str) -> None:
        seen.wait_still()
        memory[what] = held(studio)

    for _ in range(WARM):
        _fill(studio)
    _press(studio, "ctrl+z", WARM, lambda: _layers(studio) == 1)
    _forget(studio)
    look("warm")
    marks = sorted({0, count // 5, count // 2, count})
    states = {0: _digest(studio)}
    for number in range(1, count + 1):
        _fill(studio)
        if number in marks:
            states[number] = _digest(studio)
    look("filled")
    same = {}
    for key, way in (("ctrl+z", list(reversed(marks))), ("ctrl+y", marks)):
        for here, there in pairwise(way):
            _press(studio, key, abs(there - here), lambda there=there: _layers(studio) == there + 1)  # type: ignore[misc]
            same[f"{key} to {there}"] = _digest(studio) == states[there]
    look("redone")
    _press(studio, "ctrl+z", count, lambda: _layers(studio) == 1)
    look("undone")
    _forget(studio)
    look("forgotten")
    _close(studio)
    look("closed")
    seen.ask("bool(Gimp.Display.new(hand.load(path)))", path=studio.shared.folder / PICTURE)
    _select(studio)
    for _ in range(count):
        _fill(studio)
    _close(studio)
    look("closed again")
    return {"count": count, "memory": memory, "same": same, "states": len(set(states.values()))}


def held(studio: Studio) -> dict[str, int]:
    """Bytes that belong to each process, what it shares counted in part. The bridge's painter apart."""
    bridge = psutil.Process(studio.bridge.pid)
    of = {"GIMP": studio.seen.memory("gimp"), "panel": studio.seen.memory("sfumato"), "bridge": _pss(bridge.pid)}
    return of | {"painter": sum(_pss(one.pid) for one in bridge.children(recursive=True))}


def _pss(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def _select(studio: Studio) -> None:
    """Select softly, and go back to the canvas."""
    studio.seen.ask("image.select_rectangle(Gimp.ChannelOps.REPLACE, *box)", box=list(SELECTION))
    studio.seen.ask("[Gimp.Selection.feather(image, 12), Gimp.displays_flush()]")
    studio.seen.activate(studio.seen.wait_window(MAIN))


def _close(studio: Studio) -> None:
    """Close the image without saving it, as an artist would."""
    studio.seen.activate(studio.seen.wait_window(MAIN))
    studio.seen.key("ctrl+w")
    studio.seen.key("ctrl+d")
    studio.seen.wait_for(lambda: studio.seen.ask("image is None"), what="the image is not closed")


def _fill(studio: Studio) -> None:
    before = _layers(studio)
    studio.seen.key(KEYS["remove"])
    studio.seen.wait_for(lambda: _layers(studio) > before, what="no layer came")


def _press(studio: Studio, key: str, times: int, reached: Callable[[], bool]) -> None:
    for _ in range(times):
        studio.seen.key(key)
    studio.seen.wait_for(reached, what=f"{times} × {key} did not do")


def _forget(studio: Studio) -> None:
    """Clear the history of undo: its memory is the image's own."""
    studio.seen.ask("[image.undo_disable(), image.undo_enable()]")


def _layers(studio: Studio) -> int:
    count: int = studio.seen.ask("len(image.get_layers())")
    return count


def _digest(studio: Studio) -> str:
    digest: str = studio.seen.ask("hand.digest(image)")
    return digest
