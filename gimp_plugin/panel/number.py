"""A number that may be left to somebody else."""

from collections.abc import Callable
from typing import Any

from gimp_plugin.panel.gtk import Gtk


class Number:
    """An entry for digits. Empty means None, and the entry says in grey who decides then.

    What is no number of its range is underlined and not told; the entry returns to the last one that was when left.
    """

    def __init__(
        self, empty: str, kind: Callable[[str], float], least: float, most: float, changed: Callable[[Any], None]
    ) -> None:
        self._kind, self._least, self._most, self._changed = kind, least, most, changed
        self._value: float | None = None
        self.widget = Gtk.Entry(placeholder_text=empty, width_chars=11, hexpand=True, activates_default=True)
        self._told = self.widget.connect("changed", self._on_changed)
        self.widget.connect("focus-out-event", self._on_left)

    def show(self, value: float | None) -> None:
        """Show a number; what is being typed stays as it is where it means the same."""
        if value != self._value:
            self._value = value
            self._write()

    def _write(self) -> None:
        with self.widget.handler_block(self._told):
            self.widget.set_text("" if self._value is None else f"{self._value:.10g}")
        self._mark(wrong=False)

    def _on_changed(self, entry: Gtk.Entry) -> None:
        text = entry.get_text().strip().replace(",", ".")
        try:
            value = self._kind(text) if text else None
        except ValueError:
            return self._mark(wrong=True)
        if value is not None and not self._least <= value <= self._most:  # not a number is within no range
            return self._mark(wrong=True)
        self._mark(wrong=False)
        self._value = value
        self._changed(value)

    def _mark(self, wrong: bool) -> None:
        style = self.widget.get_style_context()
        (style.add_class if wrong else style.remove_class)("sfumato-wrong")

    def _on_left(self, entry: Gtk.Entry, _event: Any) -> bool:
        if entry.get_style_context().has_class("sfumato-wrong"):
            self._write()
        return False
