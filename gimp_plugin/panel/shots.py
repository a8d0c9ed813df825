"""Small pictures on the screen."""

from gimp_plugin.panel.gtk import GdkPixbuf, GLib, Gtk
from gimp_plugin.view import Shot

CHECK, LIGHT, DARK = 8, 0x999999, 0x666666
"""The chequerboard below what is transparent: GIMP's own mid-tone checks."""


class Frame:
    """A place where one picture hangs, as large as it fits, sharp on a screen with more pixels than GTK counts.

    The picture is shown as an icon: one made from a pixbuf has its pixels doubled on such a screen, and the way around
    that, a cairo surface, needs pycairo, which GIMP's Python may lack. GTK takes icons for square and paints a picture
    into the upper left of that square; the layout around it cuts the rest off.
    """

    def __init__(self) -> None:
        self._icon = Gtk.Image()
        self.widget = Gtk.Layout()
        self.widget.put(self._icon, 0, 0)
        self._icon.show()

    def hang(self, shot: Shot, width: int, height: int) -> None:
        """Show a picture as large as it fits into width × height, in GTK's pixels, in the middle of that width."""
        fit = min(width / shot.width, height / shot.height)
        shown = max(1, round(shot.width * fit)), max(1, round(shot.height * fit))
        scale = self.widget.get_scale_factor()
        self._icon.set_from_gicon(pixbuf(shot, shown[0] * scale, shown[1] * scale), Gtk.IconSize.DIALOG)
        self._icon.set_pixel_size(max(shown))
        self.widget.move(self._icon, (width - shown[0]) // 2, 0)
        self.widget.set_size_request(-1, shown[1])


def pixbuf(shot: Shot, width: int, height: int) -> GdkPixbuf.Pixbuf:
    """The picture, scaled; what is transparent lies over a chequerboard."""
    made = GdkPixbuf.Pixbuf.new_from_bytes(
        GLib.Bytes.new(shot.pixels),
        GdkPixbuf.Colorspace.RGB,
        shot.channels == 4,
        8,
        shot.width,
        shot.height,
        shot.width * shot.channels,
    )
    if shot.channels == 4:
        return made.composite_color_simple(width, height, GdkPixbuf.InterpType.BILINEAR, 255, CHECK, LIGHT, DARK)
    return made.scale_simple(width, height, GdkPixbuf.InterpType.BILINEAR)
