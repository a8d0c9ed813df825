"""*More*: what is set seldom."""

from collections.abc import Callable
from typing import Any

from gimp_plugin.draft import Draft
from gimp_plugin.panel.fittings import column, grey, line_of, named, put, reasons, row, unscrolled, words
from gimp_plugin.panel.gtk import Gtk
from gimp_plugin.panel.loras import Loras
from gimp_plugin.panel.number import Number
from gimp_plugin.panel.picker import Picker
from gimp_plugin.panel.prompt import Prompt
from gimp_plugin.view import Act, Choice, View

SAMPLES = (Choice("all", "All layers"), Choice("below", "Current and below"), Choice("current", "Current layer"))
CONTEXTS = (Choice("auto", "Automatic"), Choice("canvas", "Whole canvas"))
SOURCES = (Choice("near", "Near"), Choice("wide", "Wide"), Choice("all", "Whole picture"))
TIPS = {
    "steps": "More steps take longer. Empty: as many as the model needs.",
    "guidance": "How closely the prompt is followed. Empty: as the model is made for.",
    "seed": "The same seed paints the same again. Empty: each fill draws one.",
    "sample": "Which layers are read. The result lies above them.",
    "blend": "By how many pixels the layer grows beyond the selection.",
    "context": "How much of the picture the model sees.",
    "source": "How far away the built-in fill may copy from.",
}
LOCKED, OPEN = "changes-prevent-symbolic", "changes-allow-symbolic"


class Drawer:
    """An expander with the fields that have a good value of their own."""

    def __init__(self, act: Act, draft: Draft) -> None:
        self._draft = draft
        self._negative = Prompt("Negative prompt", "What should not be there?", self._setter("negative"), act.go)
        self._numbers = {
            "steps": Number("auto", int, 1, 150, self._setter("steps")),
            "guidance": Number("auto", float, 0, 30, self._setter("guidance")),
            "seed": Number("random", int, 0, 2**32 - 1, self._on_seed),
        }
        self._lock = named(Gtk.ToggleButton(), "Keep the seed")
        self._padlock = Gtk.Image()
        self._lock.add(self._padlock)
        self._lock.connect("toggled", lambda lock: draft.change(locked=lock.get_active()))
        self._loras = Loras(draft)
        self._pickers = {name: Picker(self._setter(name)) for name in ("sample", "context", "source")}
        self._blend = unscrolled(Gtk.SpinButton.new_with_range(0, 256, 1))
        self._blend.connect("value-changed", lambda spin: draft.change(blend=spin.get_value_as_int()))
        self._why = words("sfumato-small", "dim-label")
        self.widget = named(Gtk.Expander(label="M_ore", use_underline=True), "More")
        self.widget.add(self._laid_out())

    def _laid_out(self) -> Gtk.Box:
        grid = Gtk.Grid(column_spacing=12, row_spacing=6)
        seed, blend = row(0), row()
        seed.get_style_context().add_class("linked")
        seed.pack_start(self._numbers["seed"].widget, True, True, 0)
        seed.pack_start(self._lock, False, False, 0)
        blend.pack_start(self._blend, True, True, 0)
        blend.pack_start(Gtk.Label(label="px"), False, False, 0)
        for at, line in enumerate(
            (
                ("S_teps", self._numbers["steps"].widget),
                ("_Guidance", self._numbers["guidance"].widget),
                ("S_eed", self._numbers["seed"].widget, seed),
                ("Sam_ple", self._pickers["sample"].widget),
                ("_Blend width", self._blend, blend),
                ("Conte_xt", self._pickers["context"].widget),
                ("_Copy from", self._pickers["source"].widget),
                ("_LoRAs", self._loras.picker.widget),
            )
        ):
            line_of(grid, at, *line)
        grid.attach(self._loras.worn, 0, at + 1, 2, 1)
        drawer = column()
        drawer.set_margin_top(6)
        for widget in (self._negative.widget, grid, self._why):
            drawer.add(widget)
        return drawer

    def show(self, view: View) -> None:
        """Show the fields as the draft has them."""
        fields, greyed = self._draft.fields, view.greyed
        self._negative.show(fields.negative, why=greyed.get("negative", ""))
        for name, number in self._numbers.items():
            number.show(getattr(fields, name))
            grey(number.widget, greyed.get(name, ""), TIPS[name])
        if self._lock.get_active() != fields.locked:
            self._lock.set_active(fields.locked)
        put(self._padlock, icon_name=LOCKED if fields.locked else OPEN)
        kept = "The seed stays as it is." if fields.locked else "Every fill draws a new seed."
        grey(self._lock, greyed.get("locked", "") or greyed.get("seed", ""), tip=kept)
        self._loras.show(view)
        for name, choices in (("sample", SAMPLES), ("context", CONTEXTS), ("source", SOURCES)):
            self._pickers[name].show(choices, getattr(fields, name))
            grey(self._pickers[name].widget, greyed.get(name, ""), TIPS[name])
        if self._blend.get_value_as_int() != fields.blend:
            self._blend.set_value(fields.blend)
        grey(self._blend, greyed.get("blend", ""), TIPS["blend"])
        names = ("negative", "steps", "guidance", "seed", "locked", "loras", "sample", "blend", "context", "source")
        put(self._why, label=(why := reasons(greyed, names)), visible=bool(why))

    def _setter(self, name: str) -> Callable[[Any], None]:
        return lambda value: self._draft.change(**{name: value})

    def _on_seed(self, seed: int | None) -> None:
        """A seed that was typed is meant to stay; an emptied one is not."""
        self._draft.change(seed=seed, locked=seed is not None)
