"""An artist at a screen with GIMP: hands whose gestures are counted, and eyes that read."""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

import numpy as np
import skimage.data
from PIL import Image
from skimage.feature import match_template

from tests.gimp.console import Shared
from tests.gimp.opening import EMPTY
from tests.gimp.screen import MAIN, SECONDS, SIZE, Canvas, Screen, Window

KEYS = {name: f"ctrl+alt+{key}" for name, key in zip("panel remove again expand cancel".split(), "gract", strict=True)}
"""What these journeys have bound our menu entries to."""
PANEL = "Generative Fill"
PLACE = (1052, 24, 340, 620)
"""Where the artist has the panel: beside the canvas, above the list of layers."""
ALIKE = 0.9
"""How much a line on the screen must look like one that was written for comparison. Another text comes to 0.7."""
STYLES = {
    "plain": "{}",
    "small": '<span size="88%">{}</span>',
    "smaller": '<span size="smaller">{}</span>',
    "bold": "<b>{}</b>",
}
"""How a line may be written: a label, small print, GIMP's own progress, the one button."""

Point = tuple[int, int]


class Box(NamedTuple):
    """A part of the screen."""

    x: int
    y: int
    width: int
    height: int


class Artist:
    """What is done here is counted in `made`: a key, a click, a drag, a text that is typed are one gesture each."""

    def __init__(self, seen: Screen, shared: Shared) -> None:
        self.seen, self._shared = seen, shared
        self.made: list[str] = []
        self._lines: dict[str, np.ndarray] = {}
        self._canvas: Canvas | None = None

    # ---- hands ------------------------------------------------------------------------------------------------------

    @contextmanager
    def counted(self) -> Iterator[list[str]]:
        """The gestures made in this block."""
        self.made = made = []
        yield made

    def key(self, key: str) -> None:
        """Press a key where the keyboard is."""
        self.made.append(key)
        self.seen.key(key)

    def click(self, at: Point) -> None:
        """Click a point of the screen."""
        self.made.append(f"click {at}")
        self.seen.click(*at)

    def press(self, text: str) -> None:
        """Click what reads so in the panel."""
        self.made.append(f"press {text}")
        self.seen.click(*self.wait_text(text))

    def drag(self, *points: Point) -> None:
        """Draw through points of the document."""
        self.made.append("drag")
        self.seen.drag([self.canvas.at(*one) for one in points])

    def write(self, text: str) -> None:
        """Point at the prompt and write something else there: one gesture, as an artist would count."""
        self.made.append(f"write {text}")
        panel = self.panel
        self.seen.click(panel.x + panel.width // 2, self.wait_text("Strength")[1] - 46)
        self.seen.key("ctrl+a")
        self.seen.type(text)

    def to_canvas(self) -> None:
        """Back to the picture. Not counted: nothing is chosen."""
        self.seen.activate(self.seen.wait_for(lambda: self.seen.window(MAIN) or self.seen.window(EMPTY)))

    # ---- the panel --------------------------------------------------------------------------------------------------

    @property
    def panel(self) -> Window:
        """The panel's window."""
        return self.seen.wait_window(PANEL)

    def open_panel(self, status: str = "1 model") -> None:
        """Open it, put it aside, wait until it has called the bridge and says so."""
        self.key(KEYS["panel"])
        self.seen.move_window(self.panel, *PLACE)
        self.wait_text(status, "small")

    # ---- eyes -------------------------------------------------------------------------------------------------------

    @property
    def canvas(self) -> Canvas:
        """Where the document is on the screen: found once."""
        if self._canvas is None:
            self._canvas = self.seen.canvas()
        return self._canvas

    def find(self, text: str, style: str = "plain", box: Sequence[int] | None = None) -> Point | None:
        """Where a line, or a part of it, is read on the screen or in a box of it; None where it is not."""
        x, y, width, height = box or (0, 0, *SIZE)
        part = self.seen.pixels()[y : y + height, x : x + width].mean(axis=2)
        line = self._line(STYLES[style].format(escape(text)))
        if line.shape[0] > part.shape[0] or line.shape[1] > part.shape[1]:
            return None
        like = np.abs(match_template(part, line))
        if like.max() < ALIKE:
            return None
        row, column = np.unravel_index(like.argmax(), like.shape)
        return int(x + column + line.shape[1] // 2), int(y + row + line.shape[0] // 2)

    def wait_text(self, text: str, style: str = "plain", where: str = PANEL, seconds: float = SECONDS) -> Point:
        """Where a line is read in the window of that title, as soon as it is."""

        def found() -> Point | None:
            window = self.seen.window(where)
            return self.find(text, style, window[2:]) if window else None

        return self.seen.wait_for(found, seconds, f"nothing reads {text!r} in {where!r}")

    def wait_gone(self, text: str, style: str = "plain") -> None:
        """Wait until a line is not read in the panel any more."""
        self.seen.wait_for(lambda: not self.reads(text, style), what=f"the panel still reads {text!r}")

    def reads(self, text: str, style: str = "plain") -> bool:
        """Is that read in the panel now?"""
        return self.find(text, style, self.panel[2:]) is not None

    def colour_at(self, colour: Sequence[int], box: Sequence[int]) -> Point:
        """The middle of what has this colour in a box of the screen."""

        def found() -> Point | None:
            x, y, width, height = box
            rows, columns = np.nonzero((self.seen.pixels()[y : y + height, x : x + width] == colour).all(axis=2))
            return (int(x + np.median(columns)), int(y + np.median(rows))) if len(rows) > 20 else None

        return self.seen.wait_for(found, what=f"nothing has the colour {tuple(colour)}")

    def active(self) -> str:
        """The title of the window that has the keyboard."""
        return self.seen.run("xdotool", "getactivewindow", "getwindowname", fails=True).strip()

    # ---- the document -----------------------------------------------------------------------------------------------

    def layers(self) -> list[dict[str, Any]]:
        """The document's layers, top first, as `hand.stack` tells of them."""
        return self.seen.ask("hand.stack(image)")

    def names(self) -> list[str]:
        """Their names."""
        return self.seen.ask("[one.get_name() for one in image.get_layers()]")

    def state(self) -> list[str]:
        """What one undo step changes: how the document looks, and its selection."""
        return self.seen.ask("hand.digest(image), hand.digest(image.get_selection())")

    def wait_change(self, before: list[str]) -> list[str]:
        """The state that comes after this one."""
        return self.seen.wait_for(lambda: (now := self.state()) != before and now, what="nothing has changed")

    def wait_state(self, state: list[str], what: str) -> None:
        """Wait until the document is in this state, byte by byte."""
        self.seen.wait_for(lambda: self.state() == state, what=what)

    def wait_layers(self, count: int, seconds: float = 60) -> None:
        """Wait until the document has so many outermost layers."""
        self.seen.wait_for(
            lambda: self.seen.ask("len(image.get_layers())") == count, seconds, f"there are not {count} layers"
        )

    def walk(self, states: list[list[str]]) -> None:
        """Undo and redo all: one step for each state, byte by byte, back to the first and forth to the last."""
        self.to_canvas()
        for k in reversed(range(len(states) - 1)):
            self.seen.key("ctrl+z")
            self.wait_state(states[k], f"undone, the document is not what it was at {k}")
        for k in range(1, len(states)):
            self.seen.key("ctrl+y")
            self.wait_state(states[k], f"redone, the document is not what it was at {k}")

    def save(self, name: str) -> Path:
        """Save the document, as File ▸ Save would."""
        path = self._shared.folder / f"{name}.xcf"
        self.seen.ask("hand.save(image, path)", path=path)
        return path

    def shot(self, name: str) -> None:
        """Keep a picture of the screen: in $SFUMATO_SHOTS where that is set, else beside the test's files."""
        folder = Path(os.environ.get("SFUMATO_SHOTS") or self._shared.folder / "shots")
        folder.mkdir(parents=True, exist_ok=True)
        self.seen.wait_still()
        self.seen.screenshot(folder / f"{name}.png")

    # ---- how a label looks ------------------------------------------------------------------------------------------

    def _line(self, markup: str) -> np.ndarray:
        """A line of text as GIMP's theme draws it, cut to its ink."""
        if markup not in self._lines:
            width, height, channels, stride, pixels = self.seen.ask(DRAWN, markup=markup)
            flat = np.frombuffer(pixels.ljust(stride * height, b"\0"), np.uint8).reshape(height, stride)
            drawn = flat[:, : width * channels].reshape(height, width, channels)[..., :3].mean(axis=2)
            ink = np.abs(drawn - np.median(drawn)) > 12
            rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
            self._lines[markup] = drawn[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        return self._lines[markup]


DRAWN = """
import gi
gi.require_version("Gtk", "3.0")
gi.require_version("GimpUi", "3.0")
from gi.repository import GimpUi, Gtk
GimpUi.init("eyes")
window, label = Gtk.OffscreenWindow(), Gtk.Label()
label.set_markup(markup)
window.add(label)
window.show_all()
while Gtk.events_pending():
    Gtk.main_iteration()
drawn = window.get_pixbuf()
answer = drawn.get_width(), drawn.get_height(), drawn.get_n_channels(), drawn.get_rowstride(), bytes(drawn.get_pixels())
window.destroy()
"""


def bind(shared: Shared) -> None:
    """Give our menu entries their keys, as Edit ▸ Keyboard Shortcuts would."""
    lines = [f'(action "sfumato-{name}" "<Primary><Alt>{key[-1]}")' for name, key in KEYS.items()]
    (shared.profile / "shortcutsrc").write_text("\n".join(["(file-version 1)", *lines, ""]), "utf-8")


def picture(shared: Shared, name: str, width: int = 900) -> Path:
    """One of scikit-image's photographs, as a file that GIMP opens."""
    path = shared.folder / f"{name}.ppm"
    with Image.fromarray(getattr(skimage.data, name)()) as whole:
        whole.convert("RGB").resize((width, round(whole.height * width / whole.width)), Image.Resampling.LANCZOS).save(
            path
        )
    return path


def remembered(shared: Shared, **fields: Any) -> None:
    """Let the guest remember fields from an earlier start."""
    (shared.home / "gimp.json").write_text(json.dumps({"fields": fields}), "utf-8")
