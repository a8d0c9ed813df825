"""One gesture without the panel: a menu entry or a key, GIMP's own progress bar, one undo step, and it is over."""

from dataclasses import replace
from typing import Any

from gi.repository import Gimp, GLib

from bridge import home
from gimp_plugin import host
from gimp_plugin.dialling import dial
from gimp_plugin.guest import Guest
from gimp_plugin.keep import Keep
from gimp_plugin.view import Fields, View

LOOK = 50
"""Milliseconds between two looks at the image while it is painted."""
SAMPLES = ("all", "below", "current")
OURS = ("vary", "refine")
"""Gestures that need a layer of ours."""


def run(gesture: str, image: Any, said: dict[str, Any] | None) -> str:
    """Do it, and return when it is done: a sentence where no layer came of it, else nothing. `said` are a script's
    arguments; a menu entry takes the fields as the panel left them."""
    keep = Keep(home.home())
    if said is not None:
        gesture = said["gesture"]
        if said["sample"] not in SAMPLES:
            return f"“{said['sample']}” is no sample; there are {', '.join(SAMPLES)}."
        keep.fields = _fields(said)
    loop = GLib.MainLoop()
    Gimp.progress_init("Generative fill")

    def show(view: View) -> None:
        Gimp.progress_set_text(view.doing or view.plan or view.status)
        Gimp.progress_update(view.fraction or 0.0)

    def land() -> None:
        landed.append(True)

    landed: list[bool] = []
    canvas = host.Canvas(image, keep)
    guest = Guest(keep, dial, show, land, lambda: [canvas], lambda one: host.open_as_image(one, keep))
    guest.turn_to(canvas)
    try:
        words = _do(gesture, guest, canvas, loop)
    finally:
        guest.closed()
        Gimp.progress_end()
    if words and landed:  # the layer is there: what is said of it is no failure
        Gimp.message(words)
        return ""
    return words


def _do(gesture: str, guest: Guest, canvas: host.Canvas, loop: Any) -> str:
    """Begin it, and wait until nothing is under way. Returns what there is to say."""
    actions = {"cancel": guest.cancel_all, "again": guest.again, "remove": guest.remove, "expand": guest.expand}
    actions |= {"go": guest.go, "detail": guest.detail, "vary": guest.vary, "refine": guest.refine}
    if gesture not in actions:
        return f"“{gesture}” is no gesture; there are {', '.join(sorted(actions))}."
    scene = canvas.scene()
    if gesture in OURS and not (scene and scene.memory):
        return f"The selected layer is none that Sfumato made: select one to {gesture} it."
    actions[gesture]()

    def look() -> bool:
        guest.tick()
        if guest.idle:
            loop.quit()
        return not guest.idle

    if not guest.idle:
        GLib.timeout_add(LOOK, look)
        loop.run()
    return guest.error


def _fields(said: dict[str, Any]) -> Fields:
    seed = int(said["seed"])
    return replace(
        Fields(),
        prompt=said["prompt"] or "",
        negative=said["negative"] or "",
        strength=said["strength"],
        count=said["count"],
        model=said["model"] or None,
        seed=seed if seed >= 0 else None,
        locked=seed >= 0,
        blend=said["blend"],
        sample=said["sample"],
    )
