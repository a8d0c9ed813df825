"""How this guest calls the bridge, and how words come back to the main loop."""

from collections.abc import Callable

from gi.repository import GLib

from bridge import __version__, home
from bridge.client import Client, Event
from gimp_plugin.line import Line
from gimp_plugin.waiting import HOST


def soon(work: Callable[[], None]) -> None:
    """Run something once on GLib's main loop. May be called from any thread."""

    def once() -> bool:
        work()
        return False

    GLib.idle_add(once)


def dial(hear: Callable[[Event], None], state: Callable[[str, str], None]) -> Line:
    """A line whose words come out on GLib's main loop."""

    def connect(start: bool, away: Callable[[bool], None]) -> Client:
        about = {"name": "sfumato-gimp", "version": __version__, "host": HOST}
        return Client(about, home.home(), start=start, away=away)

    return Line(connect, soon, hear, state)
