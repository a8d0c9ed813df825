"""What every part of the panel is built from. No part knows another; each shows its piece of a View."""

from collections.abc import Callable, Iterable

from gimp_plugin.panel.gtk import Gdk, Gtk, Pango
from gimp_plugin.view import Button

STYLE = """
.sfumato button, .sfumato entry { min-height: 24px; padding-top: 2px; padding-bottom: 2px; }
.sfumato spinbutton, .sfumato spinbutton * { min-height: 0; padding-top: 0; padding-bottom: 0; }
.sfumato spinbutton entry { min-height: 28px; }
.sfumato spinbutton button { min-width: 22px; padding-left: 0; padding-right: 0; }
.sfumato-small { font-size: 0.88em; }
.sfumato-bar { border: 1px solid alpha(currentColor, 0.2); border-radius: 4px; padding: 6px 8px; }
.sfumato-tight button { padding-left: 8px; padding-right: 8px; }
.sfumato button.sfumato-go { font-weight: bold; min-height: 30px; }
.sfumato-count button { padding-left: 0; padding-right: 0; min-width: 16px; }
.sfumato-count button:checked { font-weight: bold; box-shadow: inset 0 0 0 1px alpha(currentColor, 0.5); }
.sfumato-prompt { border: 1px solid alpha(currentColor, 0.2); border-radius: 4px; }
.sfumato-strip flowboxchild { padding: 2px; border: 2px solid transparent; border-radius: 5px; }
.sfumato-strip flowboxchild:selected { border-color: @theme_fg_color; background: none; }
.sfumato-wrong { text-decoration: underline wavy; }
"""
"""Spaces, sizes, and lines drawn in the theme's own ink: GIMP's theme decides the colours, light and dark."""


def dress() -> None:
    """Lay STYLE over the theme of this process."""
    provider = Gtk.CssProvider()
    provider.load_from_data(STYLE.encode())
    priority = Gtk.STYLE_PROVIDER_PRIORITY_APPLICATION + 1  # GIMP's own theme is at APPLICATION
    Gtk.StyleContext.add_provider_for_screen(Gdk.Screen.get_default(), provider, priority)


def put(widget: Gtk.Widget, **values: object) -> None:
    """Set the properties that differ. Setting one to what it is would redraw it, many times a second."""
    for name, value in values.items():
        if widget.get_property(name) != value:
            widget.set_property(name, value)


def grey(widget: Gtk.Widget, why: str, tip: str = "") -> None:
    """Grey it out and say why on hover; an empty `why` makes it usable. GTK shows the tip of a greyed widget, too."""
    put(widget, sensitive=not why, tooltip_text=why or tip or None)


def named(widget: Gtk.Widget, name: str) -> Gtk.Widget:
    """The widget, with a name for screen readers and tests."""
    widget.get_accessible().set_name(name)
    return widget


def styled(widget: Gtk.Widget, *classes: str) -> Gtk.Widget:
    """The widget, with style classes."""
    for one in classes:
        widget.get_style_context().add_class(one)
    return widget


def unscrolled(widget: Gtk.Widget) -> Gtk.Widget:
    """The widget, on which the wheel scrolls the panel and never turns the value."""
    widget.connect("scroll-event", lambda one, _event: one.stop_emission_by_name("scroll-event"))
    return widget


def column(spacing: int = 6) -> Gtk.Box:
    """A box from top to bottom."""
    return Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=spacing)


def row(spacing: int = 6) -> Gtk.Box:
    """A box from left to right."""
    return Gtk.Box(orientation=Gtk.Orientation.HORIZONTAL, spacing=spacing)


def words(*classes: str, wrap: bool = True) -> Gtk.Label:
    """A line of text: wrapped, or cut with an ellipsis."""
    label = styled(Gtk.Label(xalign=0), *classes)
    if wrap:
        label.set_property("wrap", True)
        label.set_property("wrap-mode", Pango.WrapMode.WORD_CHAR)
        label.set_property("max-width-chars", 1)  # as wide as the panel is, not as the sentence would be
        label.set_property("hexpand", True)
    else:
        label.set_property("ellipsize", Pango.EllipsizeMode.END)
    return label


def press(pressed: Callable[[], None]) -> Gtk.Button:
    """A button, which `show_button` writes on."""
    button = Gtk.Button(use_underline=True)
    button.connect("clicked", lambda _button: pressed())
    return button


def show_button(widget: Gtk.Button, button: Button, key: str = "", tip: str = "") -> None:
    """Write on a button and grey it as the View says. Alt and the `key`, a letter of its label, press it."""
    label = button.label.replace("_", "__")
    put(widget, label=label.replace(key, f"_{key}", 1) if key else label)
    grey(widget, button.why, tip)


def line_of(grid: Gtk.Grid, at: int, label: str, widget: Gtk.Widget, around: Gtk.Widget | None = None) -> None:
    """Line `at` of a grid: a label with its key, and what it names, or the box `around` it."""
    grid.attach(Gtk.Label(label=label, use_underline=True, xalign=0, mnemonic_widget=widget), 0, at, 1, 1)
    grid.attach(around or widget, 1, at, 1, 1)
    named(widget, label.replace("_", ""))


def reasons(greyed: dict[str, str], names: Iterable[str]) -> str:
    """Why these fields do nothing, each reason once."""
    return "\n".join(dict.fromkeys(greyed[name] for name in names if greyed.get(name)))
