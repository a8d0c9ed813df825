"""From any process of ours to the one that holds the panel: a gesture, the image it is for, the window it was made in.

The panel offers a temporary procedure. GIMP takes it away when that process ends, however it ends: nothing gets stale.
"""

from collections.abc import Callable
from typing import Any

from gi.repository import Gimp, GLib, GObject

SEAT = "sfumato-seat"
"""The procedure's name. It is there as long as the panel is."""


def taken(gesture: str, image: Any) -> bool:
    """Hand a gesture over to the panel. False where none is open."""
    seat, display = Gimp.get_pdb().lookup_procedure(SEAT), Gimp.default_display()
    if seat is None:
        return False
    given = seat.create_config()
    given.set_property("gesture", gesture)
    given.set_property("image", image.get_id() if image is not None else 0)
    given.set_property("display", display.get_id() if display else 0)
    seat.run(given)
    return True


def offer(plug_in: Any, take: Callable[[str, Any, Any], None]) -> None:
    """Let other processes of ours hand gestures over to this one: `take(gesture, image, display)`, on the main loop."""

    def run(procedure: Any, config: Any, _data: Any) -> Any:
        from gimp_plugin.dialling import soon  # a menu that only hands over needs no client

        gesture, *numbers = (config.get_property(name) for name in ("gesture", "image", "display"))

        def chosen() -> None:
            image, display = (number or None for number in numbers)
            take(gesture, image and Gimp.Image.get_by_id(image), display and Gimp.Display.get_by_id(display))

        soon(chosen)
        return procedure.new_return_values(Gimp.PDBStatusType.SUCCESS, GLib.Error())

    procedure = Gimp.Procedure.new(plug_in, SEAT, Gimp.PDBProcType.TEMPORARY, run, None)
    flags = GObject.ParamFlags.READWRITE
    procedure.add_string_argument("gesture", "Gesture", "What to do", "panel", flags)
    # Numbers, and nothing is asked of GIMP before they were taken: this may be called while GIMP's answer to another
    # question is on its way here, and libgimp, asking whether an image is valid, would take that one for its own.
    for name in ("image", "display"):
        procedure.add_int_argument(name, name, "Its number in GIMP, 0 for none", 0, 2**31 - 1, 0, flags)
    plug_in.add_temp_procedure(procedure)
    plug_in.persistent_enable()
