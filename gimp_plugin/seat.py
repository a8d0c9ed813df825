"""The panel's process: the window, the guest behind it, and the images that it is turned to."""

from typing import Any

import gi

gi.require_version("GimpUi", "3.0")
gi.require_version("Gtk", "3.0")
from gi.repository import Gimp, GimpUi, GLib, Gtk  # noqa: E402

from bridge import home  # noqa: E402
from gimp_plugin import host  # noqa: E402
from gimp_plugin.dialling import dial, soon  # noqa: E402
from gimp_plugin.guest import Guest  # noqa: E402
from gimp_plugin.keep import Keep  # noqa: E402
from gimp_plugin.menu import offer_seat  # noqa: E402
from gimp_plugin.panel import Panel  # noqa: E402

LOOK = 300
"""Milliseconds between two looks at the image: GIMP tells nobody that its selection or its layers have changed."""


def run(plug_in: Any, image: Any) -> None:
    """Open the panel for an image, and stay until it is closed. GIMP goes on meanwhile: this is its own process."""
    GimpUi.init("sfumato")
    keep = Keep(home.home())
    canvases: dict[int, host.Canvas] = {}
    current: list[host.Canvas] = []

    def canvas_of(image: Any) -> host.Canvas:
        """An image that was seen before is the same canvas again."""
        if image.get_id() not in canvases:
            canvases[image.get_id()] = host.Canvas(image, keep)
        return canvases[image.get_id()]

    def known() -> list[Any]:
        """All images that are open."""
        return [canvas_of(one) for one in Gimp.get_images()]

    def landed() -> None:
        """A layer came in: back to the brush, if it is this window that has the keyboard."""
        if current and panel.window.is_active():
            current[-1].present()

    def turn_to(image: Any, display: Any) -> None:
        """The artist works on this image now."""
        canvas = canvas_of(image)
        canvas.display = display
        if canvas not in current:
            soon(canvas.warm)
        current.append(canvas)
        if display:
            GimpUi.window_set_transient_for_display(panel.window, display)
        guest.turn_to(canvas)

    def take(gesture: str, image: Any, display: Any) -> None:
        """A menu entry was chosen while the panel is open."""
        if image is not None:
            turn_to(image, display)
        if gesture == "panel":
            panel.present()
        else:
            {"remove": guest.remove, "again": guest.again, "expand": guest.expand, "cancel": guest.cancel_all}[
                gesture
            ]()

    def look() -> bool:
        guest.tick()
        return True

    guest = Guest(keep, dial, lambda view: panel.show(view), landed, known, lambda one: host.open_as_image(one, keep))
    panel = Panel(guest, keep.place)
    panel.window.connect("destroy", lambda _window: Gtk.main_quit())
    offer_seat(plug_in, take)
    if image is not None:
        turn_to(image, Gimp.default_display())
    panel.present()
    GLib.timeout_add(LOOK, look)
    Gtk.main()
