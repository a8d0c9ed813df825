"""A panel on a screen of its own, without GIMP: a hand for its keys and its pointer, and a guest that writes down."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from gimp_plugin.view import Button, Choice, Fields, Place, Remembered, Shot, Tile, View

SECONDS = 10.0
"""How long anything may take until it is missed."""

MODELS = (
    Choice(None, "Automatic"),
    Choice("big", "A big one", "It may not fit this machine's memory."),
    Choice("soft", "A soft one"),
    Choice("sharp", "A sharp one"),
)
LORAS = (Choice("ink", "Ink"), Choice("wash", "Wash"), Choice("grain", "Grain", "It is made for another family."))
LAYER = Remembered("Fill – roof", Button("Again"), Button("Vary"), Button("Refine"), Button("Edit settings"))
SIZE = 340, 720
"""A panel that has no place yet."""


def view(**values: Any) -> View:
    """What an artist sees who can fill."""
    plain = {
        "title": "harbour.xcf",
        "go": Button("Fill"),
        "remove": Button("Remove"),
        "detail": Button("Enhance detail"),
        "plan": "512 × 512 px, full resolution, about 2 s",
        "models": MODELS,
        "loras": LORAS,
    }
    return View(**(plain | values))


def shot(width: int, height: int, channels: int = 3, grey: int = 128) -> Shot:
    """A grey picture; with four channels it is transparent."""
    return Shot(width, height, channels, (bytes([grey]) * 3 + bytes(channels - 3)) * (width * height))


def tiles(*keys: str, shown: str = "") -> tuple[Tile, ...]:
    """Thumbnails, each with its key as its title."""
    return tuple(Tile(key, key, shot(64, 48), key == shown) for key in keys)


@contextmanager
def screen(size: str) -> Iterator[None]:
    """A screen with a window manager, as $DISPLAY. Call it before GTK is imported."""
    quiet: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    xvfb = ["Xvfb", "-displayfd", "1", "-screen", "0", f"{size}x24", "-nolisten", "tcp"]
    with subprocess.Popen(xvfb, stdout=subprocess.PIPE, **quiet) as server:
        assert server.stdout
        surroundings = {"DISPLAY": f":{server.stdout.readline().decode().strip()}", "GDK_BACKEND": "x11"}
        os.environ.update(surroundings, NO_AT_BRIDGE="1", GTK_OVERLAY_SCROLLING="0", GTK_THEME="Adwaita")
        manager = subprocess.Popen(["openbox"], stdout=subprocess.DEVNULL, **quiet)
        try:
            yield
        finally:
            for one in (manager, server):
                one.terminate()
                one.wait()


class Guest:
    """An Act that writes down what it was asked, and answers an edit at once, as the guest in GIMP does."""

    def __init__(self) -> None:
        self.said: list[tuple[Any, ...]] = []
        self.echo: Callable[[Fields], None] = lambda fields: None

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *values: self.said.append((name, *values))

    def edit(self, fields: Fields) -> None:
        self.said.append(("edit", fields))
        self.echo(fields)

    def take(self, *but: str) -> list[tuple[Any, ...]]:
        """What was asked since the last time, without where the window is."""
        said, self.said = [one for one in self.said if one[0] not in ("placed", *but)], []
        return said


class Hand:
    """A panel that is open, and what an artist does to it."""

    def __init__(self, place: Place | None = None, at_first: View | None = None) -> None:
        from gimp_plugin.panel import Panel

        self.guest = Guest()
        self.panel = Panel(self.guest, place)
        self.guest.echo = lambda fields: self.show(replace(self.view, fields=fields))
        self.show(at_first or view())
        self.panel.present()
        self.wait_for(self.panel.window.is_active, "the window is active")
        self.settle()
        self.guest.take()

    def show(self, shown: View) -> None:
        """What a guest does, many times a second."""
        self.view = shown
        self.panel.show(shown)

    def key(self, *keys: str) -> None:
        """Press keys, as xdotool names them."""
        self._do("key", "--delay", "1", *keys)

    def type(self, text: str) -> None:
        """Type a text."""
        self._do("type", "--delay", "1", text)

    def click(self, name: str, button: int = 1) -> None:
        """Click into the middle of what has this name."""
        self.hover(name)
        self._do("click", str(button))

    def hover(self, name: str) -> None:
        """Rest the pointer on what has this name."""
        self.draw()
        widget = self.find(name)
        _, left, top = self.panel.window.get_window().get_origin()
        x, y = widget.translate_coordinates(self.panel.window, 0, 0)
        middle = left + x + widget.get_allocated_width() // 2, top + y + widget.get_allocated_height() // 2
        self._do("mousemove", *map(str, middle))

    def pixel(self, name: str, across: float) -> tuple[int, int, int]:
        """A pixel of what has this name, half way down."""
        from gi.repository import Gdk

        self.draw()
        widget = self.find(name)
        x, y = widget.translate_coordinates(self.panel.window, 0, 0)
        at = x + round(widget.get_allocated_width() * across), y + widget.get_allocated_height() // 2
        seen = Gdk.pixbuf_get_from_window(self.panel.window.get_window(), *at, 1, 1).get_pixels()
        return seen[0], seen[1], seen[2]

    def focus(self, name: str) -> Any:
        """Put the keyboard on what has this name."""
        widget = self.find(name)
        widget.grab_focus()
        self.settle()
        return widget

    def find(self, name: str) -> Any:
        """The visible widget that a screen reader calls so."""
        found = [one for one in self.widgets() if one.get_accessible().get_name() == name and one.get_mapped()]
        assert found, f"nothing is called {name}"
        return max(found, key=lambda one: one.get_can_focus())  # a field, rather than the label beside it

    def widgets(self) -> list[Any]:
        """Every widget of the panel."""
        from gi.repository import Gtk

        found = [self.panel.window]
        for one in found:
            if isinstance(one, Gtk.Container):
                inner: list[Any] = []
                one.forall(inner.append)
                found += inner
        return found

    def reads(self) -> list[str]:
        """Every text that can be read in the panel now."""
        from gi.repository import Gtk

        return [one.get_text() for one in self.widgets() if isinstance(one, Gtk.Label) and one.get_mapped()]

    def focused(self) -> str:
        """What has the keyboard."""
        return name_of(self.panel.window.get_focus())

    def text(self, name: str) -> str:
        """What stands in a field of several lines."""
        buffer = self.find(name).get_buffer()
        return str(buffer.get_text(*buffer.get_bounds(), True))

    def edited(self, name: str) -> list[Any]:
        """The values of one field in all edits since the last time; nothing else was asked for."""
        said = self.guest.take()
        assert all(one[0] == "edit" for one in said), said
        return [getattr(one[1], name) for one in said]

    def wait_for(self, condition: Callable[[], Any], what: str) -> Any:
        """The condition's first true value."""
        until = time.monotonic() + SECONDS
        while not (value := condition()):
            assert time.monotonic() < until, f"in vain: {what}"
            self.settle()
            time.sleep(0.005)
        return value

    def settle(self) -> None:
        """Let all that was done up to now arrive."""
        from gi.repository import Gdk, GLib

        Gdk.Display.get_default().sync()
        loop = GLib.MainContext.default()
        while loop.pending():
            loop.iteration(False)

    def draw(self) -> None:
        """Wait for the next frame: before it, what was shown has no place yet."""
        drawn: list[bool] = []
        clock = self.panel.window.get_window().get_frame_clock()
        told = clock.connect("after-paint", lambda _clock: drawn.append(True))
        self.panel.window.queue_draw()
        self.wait_for(lambda: drawn, "a frame")
        clock.disconnect(told)

    def close(self) -> None:
        """Away with it."""
        self.panel.window.destroy()
        self.settle()

    def _do(self, *words: str) -> None:
        self.settle()
        subprocess.run(["xdotool", *words], check=True)
        self.settle()


def opened(hand: Hand) -> None:
    """Open *More*."""
    hand.focus("More")
    hand.key("space")
    hand.draw()
    hand.guest.take()


def tooltips() -> list[str]:
    """What is said on hover now."""
    from gi.repository import Gdk, Gtk

    shown = [one for one in Gtk.Window.list_toplevels() if one.get_type_hint() == Gdk.WindowTypeHint.TOOLTIP]
    found: list[Any] = [one for one in shown if one.get_visible()]
    for one in found:
        found += one.get_children() if isinstance(one, Gtk.Container) else []
    return [one.get_text() for one in found if isinstance(one, Gtk.Label)]


def same(got: object, wanted: object, why: object = "") -> None:
    """Assert, and say both: nothing rewrites asserts in here."""
    assert got == wanted, f"{got!r}, not {wanted!r} {why}"


def name_of(widget: Any) -> str:
    """How a screen reader calls it: what a list has inside goes by the list's name."""
    while widget and not (name := widget.get_accessible().get_name()):
        widget = widget.get_parent()
    return name if widget else ""


def named_count(count: int) -> str:
    """The name of a button."""
    return "1 variation" if count == 1 else f"{count} variations"
