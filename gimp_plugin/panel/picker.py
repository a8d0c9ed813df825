"""A list to choose one of: models, LoRAs, layers to read."""

from collections.abc import Callable

from gimp_plugin.panel.fittings import unscrolled
from gimp_plugin.panel.gtk import Gtk, Pango
from gimp_plugin.view import Choice

_TITLE, _WHY, _USABLE, _GREYED = range(4)


class Picker:
    """Shows choices and says which was taken. What cannot be chosen is greyed, with its reason beside it."""

    def __init__(self, chosen: Callable[[str | None], None]) -> None:
        self._chosen = chosen
        self._choices: tuple[Choice, ...] = ()
        self._rows = Gtk.ListStore(str, str, bool, bool)
        title = Gtk.CellRendererText(ellipsize=Pango.EllipsizeMode.END)
        why = Gtk.CellRendererText(ellipsize=Pango.EllipsizeMode.END, scale=0.85, xpad=6)
        self.widget = unscrolled(Gtk.ComboBox(model=self._rows, hexpand=True))
        for cell, looks in (
            (title, {"text": _TITLE, "sensitive": _USABLE}),
            (why, {"text": _WHY, "sensitive": _USABLE, "visible": _GREYED}),
        ):
            self.widget.pack_start(cell, True)
            for name, column in looks.items():
                self.widget.add_attribute(cell, name, column)
        self._changed = self.widget.connect("changed", self._on_changed)

    def show(self, choices: tuple[Choice, ...], chosen: str | None) -> None:
        """Show these, with one of them chosen. One that is not among them stands there by its id."""
        if all(one.id != chosen for one in choices):
            choices = (*choices, Choice(chosen, chosen or "Default"))
        with self.widget.handler_block(self._changed):
            if choices != self._choices:
                self._list(choices)
            index = [one.id for one in choices].index(chosen)
            if self.widget.get_active() != index:
                self.widget.set_active(index)

    def _list(self, choices: tuple[Choice, ...]) -> None:
        """Write over what is listed: a list that is empty in between would lose the keyboard."""
        for at, one in enumerate(choices):
            row = (one.title, one.why, not one.why, bool(one.why))
            if at < len(self._choices):
                self._rows[at] = row
            else:
                self._rows.append(row)
        for _ in self._choices[len(choices) :]:
            del self._rows[-1]
        self._choices = choices

    def _on_changed(self, combo: Gtk.ComboBox) -> None:
        self._chosen(self._choices[combo.get_active()].id)
