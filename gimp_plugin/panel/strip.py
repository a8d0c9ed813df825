"""The variations that are there, as thumbnails."""

from gimp_plugin.panel.fittings import named, put, styled
from gimp_plugin.panel.gtk import Gtk
from gimp_plugin.panel.shots import Frame
from gimp_plugin.view import Act, Tile, View

SIDE = 64
"""A thumbnail fits into a square of so many of GTK's pixels: four of them in the narrowest panel."""


class Strip:
    """Thumbnails in rows. A click or the arrow keys show a variation in the document; the shown one is framed."""

    def __init__(self, act: Act) -> None:
        self._act = act
        self._tiles: tuple[Tile, ...] = ()
        self._children: dict[str, Gtk.FlowBoxChild] = {}
        self._frames: dict[str, Frame] = {}
        self._shown: str | None = None
        self.widget = styled(
            Gtk.FlowBox(
                homogeneous=True,
                selection_mode=Gtk.SelectionMode.SINGLE,
                min_children_per_line=4,
                max_children_per_line=8,
                row_spacing=4,
                column_spacing=4,
                valign=Gtk.Align.START,
            ),
            "sfumato-strip",
        )
        named(self.widget, "Variations")
        self.widget.connect("selected-children-changed", self._on_selected)

    def show(self, view: View) -> None:
        """Show these. A thumbnail that stayed is neither moved nor drawn again."""
        if view.tiles != self._tiles:
            self._hang(view.tiles)
            self._tiles = view.tiles
        self._frame(next((tile.key for tile in view.tiles if tile.shown), None))
        put(self.widget, visible=bool(view.tiles))

    def _hang(self, tiles: tuple[Tile, ...]) -> None:
        before = {tile.key: tile for tile in self._tiles}
        for key in before.keys() - {tile.key for tile in tiles}:
            self._frames.pop(key)
            self._children.pop(key).destroy()
        for index, tile in enumerate(tiles):
            if tile.key not in self._children:
                self._make(tile.key, index)
            child = self._children[tile.key]
            if child.get_index() != index:
                self.widget.remove(child)
                self.widget.insert(child, index)
            if tile.key not in before or before[tile.key].shot != tile.shot:
                self._frames[tile.key].hang(tile.shot, SIDE, SIDE)
            put(named(child, tile.title), tooltip_text=tile.title)

    def _make(self, key: str, index: int) -> None:
        frame, child = Frame(), Gtk.FlowBoxChild()
        square = Gtk.Box(width_request=SIDE, height_request=SIDE, halign=Gtk.Align.CENTER)
        frame.widget.set_valign(Gtk.Align.CENTER)
        square.pack_start(frame.widget, True, True, 0)
        child.add(square)
        child.show_all()
        self.widget.insert(child, index)
        self._frames[key], self._children[key] = frame, child

    def _frame(self, shown: str | None) -> None:
        """Frame the shown one, and no other."""
        self._shown = shown
        if shown == self._selected():
            return
        if shown is None:
            self.widget.unselect_all()
        else:
            self.widget.select_child(self._children[shown])

    def _selected(self) -> str | None:
        return next((key for key, child in self._children.items() if child.is_selected()), None)

    def _on_selected(self, _box: Gtk.FlowBox) -> None:
        selected = self._selected()
        if selected is not None and selected != self._shown:
            self._act.choose(selected)
