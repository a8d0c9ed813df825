"""What the artist has before them: the image that they work on, its selection, and the layer that is at hand."""

import zlib
from collections.abc import Sequence
from typing import NamedTuple

from bridge.protocol.values import Mode
from gimp_plugin import gestures
from gimp_plugin.recall import Memory
from gimp_plugin.scene import Pictured, Scene, Spot
from gimp_plugin.view import Fields
from gimp_plugin.works import Work


class Hand(NamedTuple):
    """A layer of ours that Again, Vary, Refine and Edit settings are about: its tattoo, name and memory."""

    layer: int
    name: str
    memory: Memory


class Sight:
    """As it was looked at last: a few times a second, and before each gesture."""

    def __init__(self) -> None:
        self.canvas: Pictured | None = None
        """The image that the artist works on."""
        self.scene: Scene | None = None
        """None where no image is open."""
        self.mode: Mode = "fill"
        """What the one button does now."""
        self.editing = 0
        """The layer whose settings are in the fields, 0 for none: what is filled then replaces it."""
        self.goes_on = False
        """True where the canvas goes on beyond what is visible, and nothing is selected."""

    def turn_to(self, canvas: Pictured) -> None:
        """The artist works on this image now."""
        if canvas is not self.canvas:
            self.canvas, self.editing = canvas, 0

    def look(self, fields: Fields) -> Scene | None:
        """Look again."""
        canvas = self.canvas
        self.scene = canvas.scene(fields.sample) if canvas else None
        if self.scene is None or canvas is None:
            self.mode, self.editing, self.goes_on = "fill", 0, False
            return None
        if not canvas.has(self.editing):
            self.editing = 0
        known = self.scene.content is not None
        unknown = not known and self.scene.selection is None and self.scene.document.channels == 4
        self.goes_on = known or (unknown and canvas.uncovered())
        self.mode = gestures.mode_of(self.scene, fields, self.goes_on)
        return self.scene

    def hand(self, works: Sequence[Work]) -> Hand | None:
        """The selected layer, where it is one of ours; else what the last fill shows, while its selection stands."""
        canvas, scene = self.canvas, self.scene
        if canvas is None or scene is None:
            return None
        if scene.memory:
            return Hand(scene.active, scene.layer, scene.memory)
        last = works[-1] if works else None
        shown = last.landed.get(last.shown) if last and last.selected == scene.selection else None
        if shown and shown.put and canvas.has(shown.put.layer):
            return Hand(shown.put.layer, shown.name, shown.memory)
        return None

    def changed(self, hand: Hand) -> bool:
        """True where the picture below a layer is another one than it was made from. False where nobody can tell: where
        the layer was moved, or only one was read then."""
        canvas, scene, memory = self.canvas, self.scene, hand.memory
        if canvas is None or scene is None or memory.seen is None or memory.sample == "current":
            return False
        if canvas.where(hand.layer) != memory.box:
            return False
        then, now = memory.document, scene.document
        if (then.width, then.height) != (now.width, now.height):
            return True
        spot = Spot("below", hand.layer)
        return zlib.crc32(canvas.read(memory.seen, then.channels, then.depth, spot, (hand.layer,))) != memory.pixels
