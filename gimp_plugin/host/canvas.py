"""One image open in GIMP, as the guest needs it: `scene.Pictured`."""

import secrets
from collections.abc import Iterable
from typing import Any, Literal, Protocol

from gi.repository import Gimp

from bridge.protocol.values import Box, Depth, Document, is_id
from gimp_plugin.host import pixels, reading, writing
from gimp_plugin.host.layers import Memories, Outline, box_of, canvas_of, covers, every, hides, parasite_of
from gimp_plugin.scene import Finished, Put, Scene, Spot
from gimp_plugin.view import Sample

TAG = "sfumato-document"
"""The parasite of an image that holds its tag."""
_KINDS: dict[Any, Literal["rgb", "gray", "indexed"]] = {
    Gimp.ImageBaseType.RGB: "rgb",
    Gimp.ImageBaseType.GRAY: "gray",
    Gimp.ImageBaseType.INDEXED: "indexed",
}


class Tags(Protocol):
    """Which tag a file had; `keep.Keep` remembers."""

    def tag_of(self, address: str) -> str:
        """The tag, empty where none is known."""

    def set_tag(self, address: str, tag: str) -> None:
        """The file at this address has this tag."""


class Canvas:
    """One image open in GIMP."""

    def __init__(self, image: Any, tags: Tags) -> None:
        """`tags` remembers what this image was called, should it be opened again without having been saved since."""
        self.image, self._tags = image, tags
        self.display: Any = None
        """The window that shows it."""
        self._memories, self._outline = Memories(), Outline()
        written = parasite_of(image, TAG).decode("ascii", "replace")
        kept = (one for one in (written, tags.tag_of(self._address())) if is_id(one))
        self._tag = next(kept, secrets.token_hex(16))

    @property
    def open(self) -> bool:
        """False once the image was closed."""
        return bool(self.image.is_valid())

    @property
    def tag(self) -> str:
        """The document's tag: 16 random bytes in hex."""
        return self._tag

    def mark(self) -> None:
        """Write the tag into the image, so that a reopened file is known again. No undo step."""
        if not self.image.get_parasite(TAG):
            self.image.attach_parasite(Gimp.Parasite.new(TAG, Gimp.PARASITE_PERSISTENT, self._tag.encode()))
        self._tags.set_tag(self._address(), self._tag)

    def present(self) -> None:
        """Give the keyboard back to the image window."""
        if self.display is not None and self.display.is_valid():
            self.display.present()

    def warm(self) -> None:
        """Read one pixel: babl makes its conversion for this image now, and not while the artist waits (300 ms)."""
        if scene := self.scene():
            document = scene.document
            self.read(Box(0, 0, 1, 1), document.channels, document.depth, Spot())

    def _address(self) -> str:
        file = self.image.get_file()
        return str(file.get_uri()) if file else ""

    # ---- looking ----------------------------------------------------------------------------------------------------

    def scene(self, sample: Sample = "all") -> Scene | None:
        """What the artist has before them; None once the image was closed. Some twenty calls, no pixels."""
        if not self.open:
            return None
        image, canvas = self.image, canvas_of(self.image)
        layers, chosen = image.get_layers(), image.get_selected_layers()
        layer = chosen[0] if len(chosen) == 1 else None
        ground = layers[-1] if layers and covers(layers[-1], canvas) else None
        lowest = layer if sample == "current" else ground
        bounds = Gimp.Selection.bounds(image)
        selection = Box(bounds.x1, bounds.y1, bounds.x2 - bounds.x1, bounds.y2 - bounds.y1)
        content = canvas if bounds.non_empty or ground else self._outline.look(layers, canvas)
        channels = 3 if lowest and hides(lowest, canvas) else 4
        return Scene(
            name=image.get_name(),
            document=Document(self._tag, canvas.width, canvas.height, channels, pixels.depth(image)),
            selection=selection if bounds.non_empty else None,
            content=None if content == canvas or content.empty else content,
            kind=_KINDS[image.get_base_type()],
            active=layer.get_tattoo() if layer else 0,
            layer=layer.get_name() if layer else "",
            memory=self._memories.of(layer) if layer else None,
            trouble=self._trouble(sample, layer),
        )

    def _trouble(self, sample: Sample, layer: Any) -> str:
        if self.image.get_floating_sel():
            return "A floating selection is open: anchor it first (Layer ▸ Anchor Floating Selection)."
        if self.image.get_base_type() == Gimp.ImageBaseType.INDEXED:
            return "An indexed image has no room for new colours: convert it to RGB first (Image ▸ Mode ▸ RGB)."
        if sample != "all" and layer is None:
            return "Several layers are selected, or none: select one, or sample all layers."
        return ""

    def uncovered(self) -> bool:
        """True where the canvas goes on beyond what is visible."""
        return reading.uncovered(self.image)

    def has(self, tattoo: int) -> bool:
        """True while that layer is in the image: not deleted, not undone."""
        return self._layer(tattoo) is not None

    def results(self) -> set[str]:
        """The bridge's names of all layers of ours in the image: a layer that is there is never inserted again."""
        memories = (self._memories.of(one) for one in every(self.image.get_layers()))
        return {memory.result for memory in memories if memory}

    def where(self, tattoo: int) -> Box | None:
        """The box of a layer as it lies now; None where it is gone."""
        layer = self._layer(tattoo)
        return box_of(layer) if layer else None

    def frame(self) -> dict[int, Box]:
        """The boxes of the outermost layers by their tattoos: tells whether the canvas was moved under them."""
        return {one.get_tattoo(): box_of(one) for one in self.image.get_layers()}

    def _layer(self, tattoo: int) -> Any:
        if not tattoo or not self.open:
            return None
        layer = self.image.get_layer_by_tattoo(tattoo)
        return layer if layer and layer.is_valid() else None

    # ---- reading ----------------------------------------------------------------------------------------------------

    def read(self, box: Box, channels: int, depth: Depth, spot: Spot, without: Iterable[int] = ()) -> bytes:
        """The pixels of a box inside the canvas, as the layers of `spot` show it; those of `without` are left out."""
        away = [layer for one in without if (layer := self._layer(one))]
        return reading.read(self.image, box, channels, depth, spot.sample, self._layer(spot.anchor), away)

    def coverage(self, box: Box) -> bytes:
        """The selection's coverage of a box."""
        return reading.selected(self.image, box)

    def mask_of(self, tattoo: int) -> tuple[Box, bytes | None]:
        """The box of a layer inside the canvas, and its layer mask there; None where it has none."""
        return reading.masked(self.image, self._layer(tattoo))

    # ---- writing ----------------------------------------------------------------------------------------------------

    def insert(self, one: Finished, spot: Spot, several: bool = False, beside: int = 0, replaces: int = 0) -> Put:
        """Put a layer into the image: one undo step, and the artist's selection and active layer as they were.

        `several` makes a group of it for the variations to come; `beside` is the tattoo of such a group, and a layer
        that joins it is hidden and makes no undo step of its own. `replaces` is a layer that is hidden by it.
        """
        image, group = self.image, self._layer(beside)
        layer = writing.layer_of(image, one)
        if group:
            writing.join(image, layer, group)
        else:
            name = (one.name.rpartition(" (")[0] or one.name) if several else ""  # GIMP numbers equal names
            parent = writing.insert(image, layer, *self._place(spot), name, self._layer(replaces))
            group = parent if several else None
        Gimp.displays_flush()
        return Put(layer.get_tattoo(), group.get_tattoo() if group else 0)

    def _place(self, spot: Spot) -> tuple[Any, int]:
        """Parent and position: on top of everything, or just above the layer that was sampled."""
        anchor = self._layer(spot.anchor) if spot.sample != "all" else None
        return (anchor.get_parent(), self.image.get_item_position(anchor)) if anchor else (None, 0)

    def show_only(self, tattoo: int, siblings: Iterable[int]) -> None:
        """Make one variation visible, and its siblings not. No undo step."""
        if shown := self._layer(tattoo):
            writing.show_only(self.image, shown, [layer for one in siblings if (layer := self._layer(one))])
            Gimp.displays_flush()

    def select_mask(self, tattoo: int) -> None:
        """Select what a layer's mask covers."""
        layer = self._layer(tattoo)
        self.image.select_item(Gimp.ChannelOps.REPLACE, layer.get_mask() or layer)
        Gimp.displays_flush()

    def convert(self) -> None:
        """Make an RGB image of a grayscale or indexed one: one undo step."""
        self.image.convert_rgb()
        Gimp.displays_flush()


def open_as_image(one: Finished, tags: Tags) -> Canvas:
    """A finished layer whose image was closed, as a new image with a window of its own."""
    precisions = {"u8": Gimp.Precision.U8_NON_LINEAR, "u16": Gimp.Precision.U16_NON_LINEAR}
    precision = precisions.get(one.picture.depth, Gimp.Precision.FLOAT_NON_LINEAR)
    size = one.picture.width, one.picture.height
    image = Gimp.Image.new_with_precision(*size, Gimp.ImageBaseType.RGB, precision)
    layer = writing.layer_of(image, one)
    layer.set_offsets(0, 0)
    image.insert_layer(layer, None, 0)
    image.clean_all()
    canvas = Canvas(image, tags)
    canvas.display = Gimp.Display.new(image)
    return canvas
