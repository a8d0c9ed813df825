"""What the artist turns most: strength, variations, model."""

from typing import Any

from gimp_plugin.draft import Draft
from gimp_plugin.panel.fittings import grey, line_of, named, styled, unscrolled
from gimp_plugin.panel.gtk import Gdk, Gtk
from gimp_plugin.panel.picker import Picker
from gimp_plugin.view import View

MARKS = (30, 60, 100)
"""Strengths worth finding again: refine, change, paint anew."""


class Knobs:
    """Three lines below the prompt."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._strength = unscrolled(Gtk.Scale.new_with_range(Gtk.Orientation.HORIZONTAL, 5, 100, 1))
        self._strength.set_property("value-pos", Gtk.PositionType.RIGHT)
        self._strength.set_property("hexpand", True)
        for mark in MARKS:
            self._strength.add_mark(mark, Gtk.PositionType.BOTTOM, None)
        self._strength.connect("format-value", lambda _scale, value: f"{value:.0f} %")
        self._strength.connect("value-changed", lambda scale: draft.change(strength=round(scale.get_value())))
        self._counts = [Gtk.RadioButton(label=str(count), draw_indicator=False) for count in range(1, 9)]
        self._count = styled(Gtk.Box(homogeneous=True), "linked", "sfumato-count")
        for count, button in enumerate(self._counts, 1):
            named(button, "1 variation" if count == 1 else f"{count} variations")
            button.join_group(self._counts[0] if count > 1 else None)
            button.set_can_focus(count == 1)
            button.connect("toggled", self._on_count, count)
            button.connect("key-press-event", self._on_key, count)
            self._count.add(button)
        self._count.connect("mnemonic-activate", self._on_mnemonic)
        self._model = Picker(lambda model: draft.change(model=model))
        self.widget = Gtk.Grid(column_spacing=12, row_spacing=6)
        line_of(self.widget, 0, "_Strength", self._strength)
        line_of(self.widget, 1, "_Variations", self._count)
        line_of(self.widget, 2, "_Model", self._model.widget)

    def show(self, view: View) -> None:
        """Show the fields as the draft has them."""
        fields = self._draft.fields
        if round(self._strength.get_value()) != fields.strength:
            self._strength.set_value(fields.strength)
        button = self._counts[fields.count - 1]
        if not button.get_active():
            button.set_active(True)
        self._model.show(view.models, fields.model)
        chosen = next((one.why for one in view.models if one.id == fields.model), "")
        grey(self._strength, view.greyed.get("strength", ""), "100 % paints anew; less keeps more of what is there.")
        grey(self._count, view.greyed.get("count", ""))
        grey(self._model.widget, view.greyed.get("model", ""), tip=chosen)

    def _on_count(self, button: Gtk.RadioButton, count: int) -> None:
        """Only the one that is set takes the keyboard: Tab would else stop at each of them."""
        button.set_can_focus(button.get_active())
        if button.get_active():
            self._draft.change(count=count)

    def _on_key(self, _button: Gtk.RadioButton, event: Any, count: int) -> bool:
        """The arrow keys go one less and one more."""
        step = {Gdk.KEY_Left: -1, Gdk.KEY_Right: 1}.get(event.keyval, 0)
        if not step or not 1 <= count + step <= len(self._counts):
            return False
        self._counts[count + step - 1].set_active(True)
        self._counts[count + step - 1].grab_focus()
        return True

    def _on_mnemonic(self, _box: Gtk.Box, _cycling: bool) -> bool:
        """Alt+V goes to the button that is set; GTK would press the first."""
        self._counts[self._draft.fields.count - 1].grab_focus()
        return True
