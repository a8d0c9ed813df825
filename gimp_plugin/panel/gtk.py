"""GTK 3, chosen here for all parts of the panel: where nobody chooses, PyGObject takes the newest one installed."""

import gi

gi.require_version("Gtk", "3.0")
gi.require_version("Gdk", "3.0")
from gi.repository import Gdk, GdkPixbuf, GLib, Gtk, Pango  # noqa: E402

__all__ = ["GLib", "Gdk", "GdkPixbuf", "Gtk", "Pango"]
