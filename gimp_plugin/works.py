"""What is under way: one record for each fill, from Enter to its last layer."""

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from bridge.client import Event, new_job
from bridge.protocol.values import Box
from gimp_plugin.gestures import Ask
from gimp_plugin.recall import Memory
from gimp_plugin.scene import Pictured, Put, Spot
from gimp_plugin.view import Shot, Tile


class Landed(NamedTuple):
    """A layer that has come: where it was put (None: in an image of its own), and what it looks like."""

    name: str
    memory: Memory
    put: Put | None
    shot: Shot


@dataclass(eq=False)
class Work:
    """A fill under way, or one whose layers are being chosen from.

    canvas    the image that it belongs to; None where none that is open does
    spot      which layers are read, and so where its own go
    selected  what was selected when it began: while that stands, its layer is at hand
    replaces  the layer that its first layer hides and lies above; it is not read. 0 for none
    mask_of   the layer whose mask is painted; 0: the selection
    region    the bridge's name for the pixels. Known before it is accepted where a layer is made again
    was       where that layer lay when it was made; its box, now, says where the new one goes
    frame     where the outermost layers lay when it was asked: tells whether the canvas was moved since
    seen, pixels  what was read: its box and the CRC-32 of its bytes
    parted    the bridge is gone: if it has promised this one, it goes on when the bridge is back
    fate      what becomes of its layers: into the image, an image for each, or nothing
    landed    layers that have come, by the bridge's names; `shown` is the one that is visible
    held      layers that came and cannot be inserted now; `failed` says why, where that is a fault
    """

    canvas: Pictured | None
    spot: Spot
    ask: Ask
    job: str = field(default_factory=new_job)
    selected: Box | None = None
    replaces: int = 0
    mask_of: int = 0
    region: str = ""
    was: Box | None = None
    frame: dict[int, Box] = field(default_factory=dict)
    seen: Box | None = None
    pixels: int = 0
    parted: bool = False
    over: bool = False
    fate: Literal["insert", "open", "discard"] = "insert"
    phase: str = "Waits for the bridge"
    fraction: float = 0.0
    preview: Shot | None = None
    landed: dict[str, Landed] = field(default_factory=dict)
    shown: str = ""
    held: dict[str, Event] = field(default_factory=dict)
    failed: str = ""

    def decide(self, word: str) -> None:
        """The artist has decided what becomes of its layers."""
        self.fate = "discard" if word == "discard" else "open" if word == "open" else "insert"

    @property
    def again(self) -> bool:
        """True where it is to be painted from pixels that the bridge held already."""
        return self.was is not None

    @property
    def group(self) -> int:
        """The tattoo of the group that holds its layers, 0 for none."""
        return next((one.put.group for one in self.landed.values() if one.put and one.put.group), 0)

    @property
    def layers(self) -> list[int]:
        """The tattoos of its layers in the image."""
        return [one.put.layer for one in self.landed.values() if one.put]

    @property
    def tiles(self) -> tuple[Tile, ...]:
        """What there is to choose from."""
        return tuple(Tile(key, one.name, one.shot, key == self.shown) for key, one in self.landed.items())
