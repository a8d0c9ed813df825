"""The panel window."""

from typing import Any

from gimp_plugin.draft import Draft
from gimp_plugin.panel.bars import Bars
from gimp_plugin.panel.drawer import Drawer
from gimp_plugin.panel.easel import Easel
from gimp_plugin.panel.fittings import column, dress, named, press, put, row, show_button, styled, words
from gimp_plugin.panel.gtk import Gdk, GLib, Gtk
from gimp_plugin.panel.knobs import Knobs
from gimp_plugin.panel.place import Whereabouts
from gimp_plugin.panel.prompt import Prompt
from gimp_plugin.panel.strip import Strip
from gimp_plugin.view import Act, Place, View

_ENTER = (Gdk.KEY_Return, Gdk.KEY_KP_Enter, Gdk.KEY_ISO_Enter)
FIRST_STEPS = "Select a part of the image, say what should be there, and press Enter."
UNREAD_STEPS = "Select a part of the image, and press Enter."
"""The same where no prompt is read."""


class Panel:
    """The window. It decides nothing: `show` renders a View, what the artist does goes to the Act.

    `window` is the Gtk.Window; the caller makes it transient to the image window. Closing it tells the Act first, then
    destroys it.
    """

    def __init__(self, act: Act, place: Place | None) -> None:
        """Call it after GimpUi.init, which brings GIMP's theme. `place` is where the window was last."""
        dress()
        self._act = act
        self._draft = Draft(act.edit)
        # Normal, not a utility window: some desktops hide those while another program, here GIMP itself, has the focus.
        self.window = Gtk.Window(title="Generative Fill", icon_name="gimp", type_hint=Gdk.WindowTypeHint.NORMAL)
        self.window.set_role("sfumato-panel")
        self._scrolled = named(Gtk.ScrolledWindow(hscrollbar_policy=Gtk.PolicyType.NEVER), "Page")
        self._idle = self._opening = False
        self._title = words("sfumato-small", wrap=False)
        self._status = words("sfumato-small", "dim-label", wrap=False)
        self._bars = Bars(act, self._draft)
        self._prompt = Prompt("Prompt", "What should be there?", self._on_prompt, act.go)
        self._why = words("sfumato-small", "dim-label")
        self._knobs = Knobs(self._draft)
        self._go = styled(press(act.go), "suggested-action", "sfumato-go")
        self._go.set_can_default(True)
        self._remove, self._detail = press(act.remove), press(act.detail)
        self._plan = words("sfumato-small")
        self._notes = words("sfumato-small", "dim-label")
        self._easel = Easel(act)
        self._error, self._wrong = row(), words()
        self._strip = Strip(act)
        self._hint = words("dim-label")
        put(self._hint, justify=Gtk.Justification.CENTER, xalign=0.5, margin=12)
        self._drawer = Drawer(act, self._draft)
        self._drawer.widget.connect("notify::expanded", self._on_drawer)
        self._drawer.widget.connect("size-allocate", self._on_drawer_placed)
        self._where = Whereabouts(self.window, place, act.placed)
        self.window.add(self._laid_out())
        self.window.set_default(self._go)
        self.window.connect("key-press-event", self._on_key)
        self.window.connect("delete-event", self._on_closed)
        self.show(View())

    def _laid_out(self) -> Gtk.ScrolledWindow:
        heading, doing = column(0), styled(row(), "sfumato-tight")
        heading.add(self._title)
        heading.add(self._status)
        doing.pack_start(self._go, True, True, 0)
        doing.pack_start(self._remove, False, False, 0)
        doing.pack_start(self._detail, False, False, 0)
        icon = Gtk.Image.new_from_icon_name("dialog-error-symbolic", Gtk.IconSize.MENU)
        icon.set_valign(Gtk.Align.START)
        self._error.pack_start(icon, False, False, 0)
        self._error.pack_start(self._wrong, True, True, 0)
        self._wrong.set_selectable(True)
        page = styled(column(12), "sfumato")
        page.set_border_width(12)
        for widget in (
            heading,
            self._bars.offers,
            self._prompt.widget,
            self._why,
            self._knobs.widget,
            doing,
            self._plan,
            self._notes,
            self._easel.progress,
            self._error,
            self._easel.preview,
            self._strip.widget,
            self._bars.layer,
        ):
            page.add(widget)
        page.pack_start(self._hint, True, True, 0)
        page.pack_end(self._drawer.widget, False, False, 0)
        self._scrolled.add(page)
        self._scrolled.show_all()
        return self._scrolled

    def show(self, view: View) -> None:
        """Show this. May be called many times a second: only what differs is touched."""
        self._draft.hear(view.fields)
        put(self._title, label=view.title, visible=bool(view.title))
        put(self._status, label=view.status, tooltip_text=view.status or None)
        self._bars.show(view)
        unread = view.greyed.get("prompt", "")
        self._prompt.show(self._draft.fields.prompt, view.history, unread)
        put(self._why, label=unread, visible=bool(unread))
        self._knobs.show(view)
        show_button(self._go, view.go)
        show_button(self._remove, view.remove, "R", "Take away what is selected.")
        put(self._remove, visible=view.remove.label != view.go.label)  # one button that says so is enough
        show_button(self._detail, view.detail, "d", "Sharpen what is selected, pixel by pixel.")
        put(self._plan, label=view.go.why or view.plan)
        put(self._notes, label="\n".join(view.notes), visible=bool(view.notes))
        self._easel.show(view)
        put(self._wrong, label=view.error)
        put(self._error, visible=bool(view.error))
        self._strip.show(view)
        put(self._hint, label=UNREAD_STEPS if unread else FIRST_STEPS)
        self._idle = bool(view.title) and not (view.tiles or view.preview or view.layer or view.error)
        put(self._hint, visible=self._idle and not self._drawer.widget.get_expanded())
        self._drawer.show(view)

    def present(self) -> None:
        """Bring the window to the front, ready to write: where no prompt is read, ready for Enter."""
        self.window.present()
        (self._prompt.text if self._prompt.text.get_sensitive() else self._go).grab_focus()

    def _on_prompt(self, text: str) -> None:
        self._draft.change(prompt=text)

    def _on_key(self, _window: Gtk.Window, event: Any) -> bool:
        if event.keyval == Gdk.KEY_Escape:
            self._act.cancel()
            return True
        if event.keyval in _ENTER and event.state & Gdk.ModifierType.CONTROL_MASK:
            self._act.go()
            return True
        return False

    def _on_drawer(self, drawer: Gtk.Expander, _property: Any) -> None:
        """Make room for an opened drawer, and scroll down to it once it has its place."""
        self._opening = drawer.get_expanded()
        put(self._hint, visible=self._idle and not self._opening)

    def _on_drawer_placed(self, _drawer: Gtk.Expander, given: Gdk.Rectangle) -> None:
        if self._opening:
            self._opening = False
            height = self._scrolled.get_vadjustment()  # it learns of the new height after this
            GLib.idle_add(lambda: height.set_value(min(given.y, height.get_upper() - height.get_page_size())))

    def _on_closed(self, _window: Gtk.Window, _event: Any) -> bool:
        self._where.tell()
        self._act.closed()
        return False
