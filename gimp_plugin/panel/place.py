"""Where the window is, and where it comes back."""

from collections.abc import Callable, Sequence

from gimp_plugin.panel.gtk import Gdk, GLib, Gtk
from gimp_plugin.view import Place

FIRST = (340, 720)
"""Width and height of a window that has no place yet."""
DOCKS = 0.83
"""Where GIMP's docks on the right begin, as a share of a screen's width of 1400 px; a larger one leaves more room."""
LEAST = (320, 240)
SETTLED = 300
"""Milliseconds without a move until it is told: while a window is dragged it moves with every frame."""


def within(place: Place, areas: Sequence[Place]) -> Place:
    """The place, moved and shrunk onto the area (of a monitor) that it shares most with; onto the first where it shares
    nothing, because that monitor is gone. The place itself where there is no area."""
    if not areas:
        return place
    area = max(areas, key=lambda area: _shared(place, area))
    width, height = min(place.width, area.width), min(place.height, area.height)
    x = min(max(place.x, area.x), area.x + area.width - width)
    y = min(max(place.y, area.y), area.y + area.height - height)
    return Place(x, y, width, height)


def first(areas: Sequence[Place]) -> Place:
    """Where the window opens for the first time: to the right, beside the docks that GIMP has there by default, and on
    the first area. A window manager would put it over the picture's middle, or over GIMP's tools."""
    area = areas[0]
    height = min(FIRST[1], area.height)
    x, y = area.x + round(area.width * DOCKS) - FIRST[0], area.y + (area.height - height) // 4
    return within(Place(x, y, FIRST[0], height), areas)


def _shared(a: Place, b: Place) -> int:
    width = min(a.x + a.width, b.x + b.width) - max(a.x, b.x)
    height = min(a.y + a.height, b.y + b.height) - max(a.y, b.y)
    return max(0, width) * max(0, height)


def areas() -> list[Place]:
    """What the desktop leaves of each monitor, the primary one first."""
    display = Gdk.Display.get_default()
    monitors = [display.get_monitor(index) for index in range(display.get_n_monitors())]
    monitors.sort(key=lambda one: not one.is_primary())
    free = [one.get_workarea() for one in monitors]
    return [Place(one.x, one.y, one.width, one.height) for one in free]


class Whereabouts:
    """Puts a window where it was, and tells where it went."""

    def __init__(self, window: Gtk.Window, place: Place | None, placed: Callable[[Place], None]) -> None:
        self._window, self._place, self._placed = window, place, placed
        self._waiting = 0
        if place:
            x, y, width, height = within(place, areas())
            window.move(x, y)
            window.set_default_size(max(width, LEAST[0]), max(height, LEAST[1]))
        else:
            x, y, width, height = first(areas())
            window.move(x, y)
            window.set_default_size(width, height)
        window.connect("configure-event", self._on_configure)

    def tell(self) -> bool:
        """Tell now, if it moved since it was last told."""
        if self._waiting:
            GLib.source_remove(self._waiting)
            self._waiting = 0
        place = Place(*self._window.get_position(), *self._window.get_size())
        if self._window.get_visible() and place != self._place:
            self._place = place
            self._placed(place)
        return bool(GLib.SOURCE_REMOVE)

    def _on_configure(self, _window: Gtk.Window, _event: object) -> bool:
        if self._waiting:
            GLib.source_remove(self._waiting)
        self._waiting = GLib.timeout_add(SETTLED, self.tell)
        return False
