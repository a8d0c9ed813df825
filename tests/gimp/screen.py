"""GIMP with windows: a screen of its own, driven by keys and pointer as an artist would, and looked at."""

import json
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from textwrap import dedent
from typing import Any, BinaryIO, NamedTuple, TypeVar

import numpy as np
from PIL import Image

from tests.gimp.console import Shared
from tests.gimp.inside import plain

SIZE = 1400, 900
SECONDS = 60.0
"""How long anything on the screen may take until it is missed. GIMP's start takes 4."""
PAUSE = 0.1
"""Between two looks. GIMP serves plug-ins before it paints: who asks without a pause keeps it from working."""
MAIN = "– GIMP"
"""What stands in the title of a window with a document."""
MARK = 255, 0, 255

T = TypeVar("T")


class Window(NamedTuple):
    """A window as it is seen, without the window manager's frame."""

    id: int
    name: str
    x: int
    y: int
    width: int
    height: int


class Canvas(NamedTuple):
    """Where the document is on the screen."""

    left: float
    top: float
    zoom: float

    def at(self, x: float, y: float) -> tuple[int, int]:
        """The point of the screen that shows the document's pixel x, y."""
        return round(self.left + (x + 0.5) * self.zoom - 0.5), round(self.top + (y + 0.5) * self.zoom - 0.5)


class Screen:
    """A running GIMP. `log` is what it and its plug-ins said so far."""

    def __init__(self, stage: subprocess.Popen[str], eyes: socket.socket, shared: Shared, log: Path) -> None:
        self._stage, self._eyes, self._shared, self.log = stage, eyes, shared, log
        self._heard: BinaryIO = eyes.makefile("rb")

    def close(self) -> None:
        """Ask no more."""
        self._heard.close()

    # ---- hands ------------------------------------------------------------------------------------------------------

    def key(self, *keys: str) -> None:
        """Press keys, one after the other, as xdotool names them: "ctrl+z", "Return", "Escape"."""
        self.run("xdotool", "key", "--delay", "20", *keys)

    def type(self, text: str) -> None:
        """Type a text where the cursor is."""
        self.run("xdotool", "type", "--delay", "5", text)

    def click(self, x: int, y: int, button: int = 1, times: int = 1) -> None:
        """Click a point of the screen."""
        self.run(*f"xdotool mousemove {x} {y} click --repeat {times} --delay 60 {button}".split())

    def drag(self, points: Sequence[tuple[int, int]], button: int = 1, held: Sequence[str] = ()) -> None:
        """Draw through points of the screen, at a hand's pace. `held` are keys kept down meanwhile, as "shift"."""
        words = ["xdotool", "mousemove", *map(str, points[0])]
        words += [word for one in held for word in ("keydown", one)]
        words += ["sleep", "0.05", "mousedown", str(button)]
        for before, after in pairwise(points):
            steps = max(1, round(max(abs(after[0] - before[0]), abs(after[1] - before[1])) / 12))
            for k in range(1, steps + 1):
                x, y = (round(a + (b - a) * k / steps) for a, b in zip(before, after, strict=True))
                words += ["mousemove", str(x), str(y), "sleep", "0.01"]
        words += ["sleep", "0.05", "mouseup", str(button)]
        self.run(*words, *(word for one in held for word in ("keyup", one)))

    def action(self, label: str) -> None:
        """Run the first action that GIMP's search finds, as an artist would: `/`, its name, Return."""
        self.activate(self.wait_window(MAIN))
        self.key("slash")
        search = self.wait_window("Search Actions")
        self.activate(search)
        self.type(label)
        self.wait_for(lambda: (found := self.window("Search Actions")) and found.height > search.height)
        self.wait_still()
        self.key("Return")
        self.wait_for(lambda: not self.window("Search Actions"))

    # ---- windows ----------------------------------------------------------------------------------------------------

    def windows(self) -> list[Window]:
        """All that are seen."""
        seen = {int(id) for id in self.run("xdotool", "search", "--onlyvisible", "--name", ".", fails=True).split()}
        found = []
        for line in self._tree().splitlines():
            words = line.split()
            if words and words[0].startswith("0x") and (id := int(words[0], 16)) in seen:
                size, (_, x, y) = words[-2].partition("+")[0], words[-1].split("+")
                width, height = size.split("x")
                name = line.partition('"')[2].rpartition('": ')[0]
                found.append(Window(id, name, int(x), int(y), int(width), int(height)))
        return found

    def _tree(self) -> str:
        for _ in range(9):
            done = self._do(run=["xwininfo", "-root", "-tree"])
            if done["status"] == 0:  # else one went away while they were listed
                break
        return done["out"]

    def window(self, name: str) -> Window | None:
        """The window whose title contains `name`; None where there is none."""
        return next((one for one in self.windows() if name in one.name), None)

    def wait_window(self, name: str, seconds: float = SECONDS) -> Window:
        """The window whose title contains `name`, as soon as there is one."""
        return self.wait_for(lambda: self.window(name), seconds, f"no window {name!r}")

    def activate(self, window: Window) -> None:
        """Bring a window to the front, with the keyboard's focus."""
        self.run("xdotool", "windowactivate", "--sync", str(window.id))

    def move_window(self, window: Window, x: int, y: int, width: int | None = None, height: int | None = None) -> None:
        """Put the upper left corner of a window's frame to x, y, and give the window another size."""
        words = ["windowmove", str(window.id), str(x), str(y)]
        if width and height and (width, height) != (window.width, window.height):  # it would wait for a change
            words += ["windowsize", "--sync", str(window.id), str(width), str(height)]
        self.run("xdotool", *words)

    # ---- eyes -------------------------------------------------------------------------------------------------------

    def ask(self, text: str, **values: Any) -> Any:
        """Run Python in this GIMP, in a plug-in of the tests' own: the value of an expression, or `answer`.

        It finds Gimp, Gegl, Gio, GLib, GObject, `hand`, and `image`: the document that was opened first.
        """
        question = plain.dumps({"text": dedent(text), "values": values}, self._shared.named)
        try:
            self._eyes.sendall(question.encode() + b"\n")
            told = plain.loads(self._heard.readline())
        except (OSError, ValueError):
            raise AssertionError(f"GIMP is gone, or has ended the tests' plug-in. {self._said()}") from None
        if "raised" in told:
            raise AssertionError(told["raised"])
        return told["answer"]

    def pixels(self) -> np.ndarray:
        """What is seen, as rows of RGB."""
        shot = self._shared.folder / "screen.ppm"
        self.run("import", "-window", "root", "-depth", "8", self._shared.inside(shot))
        with Image.open(shot) as picture:
            return np.asarray(picture.convert("RGB"))

    def screenshot(self, path: Path, box: tuple[int, int, int, int] | None = None) -> None:
        """Save what is seen, all or (left, top, right, bottom)."""
        Image.fromarray(self.pixels()).crop(box or (0, 0, *SIZE)).save(path)

    def canvas(self) -> Canvas:
        """Where the document `image` is on the screen, all of which must be seen. Leaves no trace in it."""
        before = self.pixels()
        width, height, marked = self.ask(MARKED, colour=bytes([*MARK, 255]))
        try:
            self.wait_for(lambda: _marked(self.pixels(), before) is not None, what="the canvas is not seen")
            box = _marked(self.wait_still(), before)
        finally:
            self.ask(UNMARKED, **marked)
        assert box
        left, top, right, bottom = box
        self.wait_for(lambda: _marked(self.pixels(), before) is None)
        return Canvas(left, top, max((right - left) / width, (bottom - top) / height))

    def wait_for(self, condition: Callable[[], T | None], seconds: float = SECONDS, what: str = "") -> T:
        """Look until there is something true to see, and return it. Else AssertionError, with a screenshot's path."""
        until = time.monotonic() + seconds
        while not (found := condition()):
            if time.monotonic() > until:
                path = self._shared.folder / "missed.png"
                self.screenshot(path)
                what = what or "nothing of what was waited for"
                raise AssertionError(f"{what} within {seconds:g} s; see {path}. {self._said()}")
            time.sleep(PAUSE)
        return found

    def wait_still(self) -> np.ndarray:
        """What is seen, once two looks are the same."""
        looks = [self.pixels()]

        def still() -> bool:
            looks.append(self.pixels())
            return bool(np.array_equal(looks[-1], looks[-2]))

        self.wait_for(still, what="the screen does not come to rest")
        return looks[-1]

    # ---- processes --------------------------------------------------------------------------------------------------

    def processes(self, name: str) -> list[int]:
        """The processes of a program, or of a plug-in: "gimp", "sfumato"."""
        return self._do(processes=name)["pids"]

    def memory(self, name: str) -> int:
        """Bytes that belong to these processes alone or, shared, in part (PSS)."""
        return self._do(memory=name)["bytes"]

    def kill(self, name: str) -> None:
        """SIGKILL to every process of that name. Raises AssertionError where there is none."""
        pids = self.processes(name)
        assert pids, f"no process {name!r} to kill"
        for pid in pids:
            self._do(kill=pid)
        self.wait_for(lambda: not self.processes(name))

    def run(self, *words: str, fails: bool = False) -> str:
        """Run a program beside GIMP; returns what it said. `fails` where it may."""
        done = self._do(run=words)
        if done["status"] and not fails:
            raise AssertionError(f"{' '.join(words)[:200]} failed: {done['err']}{self._said()}")
        return done["out"]

    def _do(self, **what: Any) -> dict[str, Any]:
        assert self._stage.stdin and self._stage.stdout
        self._stage.stdin.write(json.dumps(what) + "\n")
        self._stage.stdin.flush()
        done = json.loads(self._stage.stdout.readline())
        assert "failed" not in done, done["failed"]
        return done

    def _said(self) -> str:
        return f"GIMP said:\n{self.log.read_text('utf-8', 'replace')[-3000:]}"


MARKED = """
selected, dirty = image.get_selected_layers(), image.is_dirty()
image.undo_freeze()
mark = hand.lay(image, "mark", colour)
image.set_selected_layers(selected)
image.undo_thaw()
Gimp.displays_flush()
answer = image.get_width(), image.get_height(), {"mark": mark.get_id(), "dirty": dirty}
"""
UNMARKED = """
image.undo_freeze()
image.remove_layer(Gimp.Layer.get_by_id(mark))
image.undo_thaw()
if not dirty:
    image.clean_all()
Gimp.displays_flush()
"""


def _marked(seen: np.ndarray, before: np.ndarray) -> tuple[int, int, int, int] | None:
    """(left, top, right, bottom) of what has the mark's colour and had another."""
    new = (seen == MARK).all(axis=2) & (before != MARK).any(axis=2)
    # Thumbnails are marked, too: the canvas is the largest.
    rows, columns = np.flatnonzero(new.sum(axis=1) > 100), np.flatnonzero(new.sum(axis=0) > 100)
    return (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1) if len(rows) and len(columns) else None
