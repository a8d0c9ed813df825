"""The LoRAs that are worn: one line each, and a list to add from."""

from dataclasses import dataclass

from gimp_plugin.draft import Draft
from gimp_plugin.panel.fittings import column, grey, named, put, row, unscrolled, words
from gimp_plugin.panel.gtk import Gtk
from gimp_plugin.panel.picker import Picker
from gimp_plugin.view import Choice, View

MOST = 16
"""As many as a recipe takes."""
_ADD = Choice(None, "Add a LoRA …")


@dataclass(frozen=True)
class _Line:
    """One LoRA's widgets."""

    widget: Gtk.Box
    title: Gtk.Label
    weight: Gtk.SpinButton
    remove: Gtk.Button


class Loras:
    """Add, weigh from −2 to 2, remove."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._lines: dict[str, _Line] = {}
        self.worn = column()
        self.picker = Picker(self._add)

    def show(self, view: View) -> None:
        """Show what the draft wears. A line that stayed keeps its widgets, and so the finger on them."""
        worn, titles = dict(self._draft.fields.loras), {one.id: one for one in view.loras}
        for gone in self._lines.keys() - worn.keys():
            self._lines.pop(gone).widget.destroy()
        for index, (name, weight) in enumerate(worn.items()):
            if name not in self._lines:
                self._lines[name] = self._line(name)
                self.worn.add(self._lines[name].widget)
            line, choice = self._lines[name], titles.get(name, Choice(name, name, "This LoRA is not there."))
            self.worn.reorder_child(line.widget, index)
            put(line.title, label=choice.title, tooltip_text=choice.why or choice.title)
            named(line.weight, f"Weight of {choice.title}")
            named(line.remove, f"Remove {choice.title}")
            if round(line.weight.get_value(), 2) != round(weight, 2):
                line.weight.set_value(round(weight, 2))
        put(self.worn, visible=bool(worn))
        self.picker.show((_ADD, *(one for one in view.loras if one.id not in worn)), None)
        full = f"{MOST} LoRAs are worn, as many as there may be. Remove one first." if len(worn) >= MOST else ""
        grey(self.worn, view.greyed.get("loras", ""))
        grey(self.picker.widget, view.greyed.get("loras", "") or full)

    def _line(self, name: str) -> _Line:
        title = words(wrap=False)
        weight = unscrolled(Gtk.SpinButton.new_with_range(-2, 2, 0.05))
        weight.connect("value-changed", lambda spin: self._on_weight(name, round(spin.get_value(), 2)))
        weight.set_width_chars(5)
        remove = Gtk.Button.new_from_icon_name("window-close-symbolic", Gtk.IconSize.BUTTON)
        remove.set_relief(Gtk.ReliefStyle.NONE)
        remove.set_tooltip_text("Remove")
        remove.connect("clicked", lambda _button: self._weigh(name, None))
        line = row()
        line.pack_start(title, True, True, 0)
        line.pack_start(weight, False, False, 0)
        line.pack_start(remove, False, False, 0)
        line.show_all()
        return _Line(line, title, weight, remove)

    def _add(self, name: str | None) -> None:
        if name is not None:
            self._draft.change(loras=(*self._draft.fields.loras, (name, 1.0)))

    def _on_weight(self, name: str, weight: float) -> None:
        """Two decimals are shown; what has more is not changed by being shown."""
        if weight != round(dict(self._draft.fields.loras).get(name, weight), 2):
            self._weigh(name, weight)

    def _weigh(self, name: str, weight: float | None) -> None:
        """Give a worn LoRA another weight; None takes it off."""
        worn = dict(self._draft.fields.loras) | {name: weight}
        self._draft.change(loras=tuple((one, w) for one, w in worn.items() if w is not None))
