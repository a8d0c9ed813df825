"""The panel's process: the window, the guest behind it, and the images that it is turned to."""

from typing import Any

import gi

gi.require_version("GimpUi", "3.0")
gi.require_version("Gtk", "3.0")
from gi.repository import Gimp, GimpUi, GLib, Gtk  # noqa: E402

from bridge import home  # noqa: E402
from gimp_plugin import handover, host  # noqa: E402
from gimp_plugin.dialling import dial, soon  # noqa: E402
from gimp_plugin.guest import Guest  # noqa: E402
from gimp_plugin.keep import Keep  # noqa: E402
from gimp_plugin.panel import Panel  # noqa: E402
from gimp_plugin.scene import Finished  # noqa: E402

LOOK = 300
"""Milliseconds between two looks at the image: GIMP tells nobody that its selection or its layers have changed."""


def run(plug_in: Any, image: Any) -> None:
    """Open the panel for an image, and stay until it is closed. GIMP goes on meanwhile: this is its own process."""
    GimpUi.init("sfumato")
    seat = Seat(Keep(home.home()))
    handover.offer(plug_in, seat.take)
    if image is not None:
        seat.turn_to(seat.canvas_of(image), Gimp.default_display())
    else:
        GimpUi.window_set_transient(seat.panel.window)
    seat.panel.present()
    GLib.timeout_add(LOOK, seat.look)
    Gtk.main()


class Seat:
    """The window, who sits behind it, and the images that were before them."""

    def __init__(self, keep: Keep) -> None:
        self._keep = keep
        self._canvases: dict[int, host.Canvas] = {}
        self._current: host.Canvas | None = None
        self._guest = Guest(keep, dial, lambda view: self.panel.show(view), self._landed, self._known, self._opened)
        self.panel = Panel(self._guest, keep.place)
        self.panel.window.connect("destroy", lambda _window: Gtk.main_quit())

    def canvas_of(self, image: Any) -> host.Canvas:
        """An image that was seen before is the same canvas again."""
        if image.get_id() not in self._canvases:
            self._canvases[image.get_id()] = host.Canvas(image, self._keep)
        return self._canvases[image.get_id()]

    def turn_to(self, canvas: host.Canvas, display: Any) -> None:
        """The artist works on this image now, in this window of GIMP's."""
        if canvas is not self._current:
            soon(canvas.warm)
        self._current, canvas.display = canvas, display
        if display:
            GimpUi.window_set_transient_for_display(self.panel.window, display)
        self._guest.turn_to(canvas)

    def take(self, gesture: str, image: Any, display: Any) -> None:
        """A menu entry was chosen while the panel is open."""
        if image is not None:
            self.turn_to(self.canvas_of(image), display)
        guest = self._guest
        {
            "panel": self.panel.present,
            "remove": guest.remove,
            "again": guest.again,
            "expand": guest.expand,
            "cancel": guest.cancel_all,
        }[gesture]()

    def look(self) -> bool:
        """Look at the image again, as often as this is called."""
        self._guest.tick()
        return True

    def _known(self) -> list[Any]:
        """All images that are open."""
        return [self.canvas_of(one) for one in Gimp.get_images()]

    def _landed(self) -> None:
        """A layer came in: back to the brush, if it is this window that has the keyboard."""
        if self._current and self.panel.window.is_active():
            self._current.present()

    def _opened(self, one: Finished) -> host.Canvas:
        """A layer whose image is gone gets one of its own; where no other is open, the artist works on it from now."""
        canvas = host.open_as_image(one, self._keep)
        self._canvases[canvas.image.get_id()] = canvas
        if self._current is None or not self._current.open:
            soon(lambda: self.turn_to(canvas, canvas.display))
        return canvas
