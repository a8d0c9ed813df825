"""In GIMP: one gesture of ours, and when each part of it was done."""

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

sys.path.insert(0, "/shared/profile/plug-ins/sfumato/lib")
import document  # only once our own libraries are found, here and below
from gi.repository import GLib

from bridge import home
from bridge.client import Client
from bridge.protocol.values import Box
from gimp_plugin import host
from gimp_plugin.dialling import soon
from gimp_plugin.guest import Guest
from gimp_plugin.host import writing
from gimp_plugin.keep import Keep
from gimp_plugin.line import Line

SECONDS = 30
"""How long a fill may take until it is missed."""

stamps: dict[str, float] = {}
"""When it was, by the clock of this process: the first of each since they were cleared."""
canvas: "Canvas"
guest: Guest
keep: Keep


def sit() -> None:
    """Sit down at the bridge, before the document."""
    global canvas, guest, keep
    keep = Keep(home.home())
    canvas = Canvas(document.opened(), keep)
    guest = Guest(keep, _dial, lambda view: None, lambda: stamp("landed"), lambda: [canvas], lambda one: canvas)
    guest.turn_to(canvas)
    canvas.warm()
    document.rest()


def fill(sample: str, number: int) -> dict[str, Any]:
    """One fill, from the gesture to its layer: milliseconds since the gesture, the boxes that were read and written."""
    guest.edit(replace(keep.fields, sample=sample, seed=number, locked=True))
    document.touch(number)
    before = {one.get_id() for one in canvas.image.get_layers()}
    stamps.clear()
    stamp("gesture")
    guest.go()
    _wait(lambda: "came Done" in stamps and guest.idle)
    layer = next(one for one in canvas.image.get_layers() if one.get_id() not in before)
    told: dict[str, Any] = {what: (at - stamps["gesture"]) * 1000 for what, at in stamps.items()}
    told |= {"box": list(canvas.seen), "placed": [*layer.get_offsets()[1:], layer.get_width(), layer.get_height()]}
    document.away(layer)
    return told


def stamp(what: str) -> None:
    """It is now."""
    stamps.setdefault(what, time.perf_counter())


class Stamped(Client):
    """A client that notes when each word has come, whole."""

    def hear(self, timeout: float | None = None) -> list[Any]:
        """What came."""
        events = super().hear(timeout)
        for event in events:
            stamp(f"came {type(event.message).__name__}")
        return events


class Canvas(host.Canvas):
    """An image that notes when it is read, and what was."""

    seen: Box

    def read(self, box: Box, *more: Any) -> bytes:
        """The pixels of a box."""
        stamp("asked")
        self.seen = box
        return super().read(box, *more)

    def coverage(self, box: Box) -> bytes:
        """The selection's coverage: read last."""
        covered = super().coverage(box)
        stamp("read")
        return covered


def _dial(hear: Callable[[Any], None], state: Callable[[str, str], None]) -> Line:
    def heard(event: Any) -> None:
        stamp(f"heard {type(event.message).__name__}")
        hear(event)

    def connect(start: bool, away: Callable[[bool], None]) -> Client:
        return Stamped({"name": "bench", "version": "1", "host": "GIMP"}, home.home(), start=False, away=away)

    return Line(connect, soon, heard, state)


def _made(layer_of: Callable[..., Any]) -> Callable[..., Any]:
    """The same, noting when the layer is made and has only to be inserted."""

    def make(*given: Any) -> Any:
        layer = layer_of(*given)
        stamp("made")
        return layer

    return make


def _wait(condition: Callable[[], bool]) -> None:
    until, timer = time.monotonic() + SECONDS, GLib.timeout_add(5, lambda: True)
    while not condition() and time.monotonic() < until:
        GLib.MainContext.default().iteration(True)
    GLib.source_remove(timer)
    if not condition():
        raise TimeoutError(f"{guest.error or 'nothing came'}; so far {sorted(stamps)}")


writing.layer_of = _made(writing.layer_of)
