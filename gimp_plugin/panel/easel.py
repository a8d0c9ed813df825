"""What is being painted: how far it is, how it looks so far, and the way to stop it."""

from gimp_plugin.panel.fittings import column, named, press, put, row, show_button, words
from gimp_plugin.panel.gtk import Gdk, GLib, Gtk
from gimp_plugin.panel.shots import Frame
from gimp_plugin.view import Act, Shot, View

TALLEST = 0.7
"""A preview is at most so many times as high as the panel is wide."""


class Easel:
    """Progress and preview. Visible only while something runs."""

    def __init__(self, act: Act) -> None:
        self._shot: Shot | None = None
        self._width = 316
        self._doing = words("sfumato-small")
        self._bar = named(Gtk.ProgressBar(valign=Gtk.Align.CENTER), "Progress")
        self._cancel = press(act.cancel)
        line = row(12)
        line.pack_start(self._bar, True, True, 0)
        line.pack_start(self._cancel, False, False, 0)
        self._frame = Frame()
        self.preview = named(self._frame.widget, "Preview")
        self.preview.connect("size-allocate", self._on_allocated)
        self.progress = column()
        self.progress.add(self._doing)
        self.progress.add(line)

    def show(self, view: View) -> None:
        """Show how far it is."""
        running = view.fraction is not None
        put(self.progress, visible=running)
        put(self._doing, label=view.doing)
        put(self._bar, fraction=min(1.0, max(0.0, view.fraction or 0.0)))
        show_button(self._cancel, view.cancel)
        put(self.preview, visible=view.preview is not None)
        if view.preview != self._shot:
            self._shot = view.preview
            self._hang()

    def _hang(self) -> bool:
        if self._shot:
            self._frame.hang(self._shot, self._width, round(self._width * TALLEST))
        return bool(GLib.SOURCE_REMOVE)

    def _on_allocated(self, _preview: Gtk.Layout, given: Gdk.Rectangle) -> None:
        """The panel was made wider or narrower: once that is over, the picture follows."""
        if given.width != self._width:
            self._width = given.width
            GLib.idle_add(self._hang)
