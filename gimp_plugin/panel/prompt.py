"""A text of a few lines that the artist writes: Enter goes, Shift+Enter is a new line, arrow keys walk the history."""

from collections.abc import Callable
from typing import Any

from gimp_plugin.panel.fittings import grey, named, put, styled, words
from gimp_plugin.panel.gtk import Gdk, Gtk

_ENTER = (Gdk.KEY_Return, Gdk.KEY_KP_Enter, Gdk.KEY_ISO_Enter)
LINES = 2, 4
"""So many lines are seen at least, and at most before it scrolls."""
MARGIN = 6
_HELD = Gdk.ModifierType.SHIFT_MASK | Gdk.ModifierType.CONTROL_MASK | Gdk.ModifierType.MOD1_MASK


class Prompt:
    """The text field. Its text is the artist's: `show` changes it only where it is another one."""

    def __init__(self, name: str, invitation: str, changed: Callable[[str], None], entered: Callable[[], None]) -> None:
        """`invitation` stands in it while it is empty."""
        self._changed, self._entered = changed, entered
        self._history: tuple[str, ...] = ()
        self._walk: tuple[str, ...] = ()
        self._at = 0
        self._composing = self._greyed = False
        self.text = named(Gtk.TextView(accepts_tab=False, wrap_mode=Gtk.WrapMode.WORD_CHAR), name)
        self._buffer = self.text.get_buffer()
        self._told = self._buffer.connect("changed", self._on_changed)
        self.text.connect("preedit-changed", self._on_preedit)
        self.text.connect("key-press-event", self._on_key)
        line = self.text.create_pango_layout("Ág").get_pixel_size()[1]
        for side in ("top", "bottom", "left", "right"):
            self.text.set_property(f"{side}-margin", MARGIN)
        scrolled = Gtk.ScrolledWindow(hscrollbar_policy=Gtk.PolicyType.NEVER, propagate_natural_height=True)
        scrolled.set_min_content_height(LINES[0] * line + 2 * MARGIN)
        scrolled.set_max_content_height(LINES[1] * line + 2 * MARGIN)
        scrolled.add(self.text)
        self._hint = words("dim-label")
        put(self._hint, label=invitation, valign=Gtk.Align.START, margin=MARGIN + 1)
        self.widget = Gtk.Overlay()
        self.widget.add(styled(scrolled, "sfumato-prompt"))
        self.widget.add_overlay(self._hint)
        self.widget.set_overlay_pass_through(self._hint, True)

    def show(self, text: str, history: tuple[str, ...] = (), why: str = "") -> None:
        """Show a text. `history` has the newest last; `why` greys the field."""
        self._history = history[::-1]
        if text != self._written() and not self._composing:
            self._walk = ()
            self._write(text)
        grey(self.text, why)
        self._greyed = bool(why)
        self._invite()

    def _written(self) -> str:
        return str(self._buffer.get_text(*self._buffer.get_bounds(), True))

    def _write(self, text: str) -> None:
        with self._buffer.handler_block(self._told):  # set_text tells of an empty text in between
            self._buffer.set_text(text)
        self._buffer.place_cursor(self._buffer.get_end_iter())
        self._invite()

    def _invite(self) -> None:
        """Say what to write where nothing is written and something can be."""
        put(self._hint, visible=not (self._greyed or self._composing or self._buffer.get_char_count()))

    def _on_changed(self, _buffer: Gtk.TextBuffer) -> None:
        self._walk = ()
        self._invite()
        self._changed(self._written())

    def _on_preedit(self, _text: Gtk.TextView, preedit: str) -> None:
        self._composing = bool(preedit)
        self._invite()

    def _on_key(self, _text: Gtk.TextView, event: Any) -> bool:
        held = event.state & _HELD
        if held or self._composing:  # Enter and the arrows belong to the input method while it composes
            return False
        if event.keyval in _ENTER:
            self._entered()
            return True
        if event.keyval in (Gdk.KEY_Up, Gdk.KEY_KP_Up) and (self._on_line_of(self._buffer.get_start_iter())):
            return self._step(1)
        if event.keyval in (Gdk.KEY_Down, Gdk.KEY_KP_Down) and self._on_line_of(self._buffer.get_end_iter()):
            return self._step(-1)
        return False

    def _on_line_of(self, there: Gtk.TextIter) -> bool:
        """Whether the cursor stands on the same line of the screen; while walking it stands on both first and last."""
        here = self._buffer.get_iter_at_mark(self._buffer.get_insert())
        if self._walk and here.is_end():
            return True
        return bool(self.text.get_iter_location(here).y == self.text.get_iter_location(there).y)

    def _step(self, back: int) -> bool:
        """Walk the history; before its newest entry lies what was being written. False at its ends."""
        walk = self._walk or (self._written(), *(one for one in self._history if one != self._written()))
        at = (self._at if self._walk else 0) + back
        if not 0 <= at < len(walk):
            return False
        self._write(walk[at])
        self._walk, self._at = walk, at
        self._changed(walk[at])
        return True
