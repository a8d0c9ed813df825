"""What host and guest say to each other of an image: plain values, so that the guest can be tried without GIMP."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

from bridge.protocol.values import Box, Depth, Document, Picture
from gimp_plugin.recall import Memory
from gimp_plugin.view import Sample


class Spot(NamedTuple):
    """Which layers are read, and so where the result goes: `anchor` is the tattoo of the layer below it, 0 for none."""

    sample: Sample = "all"
    anchor: int = 0


@dataclass(frozen=True)
class Scene:
    """What the artist has before them.

    selection  None where nothing is selected
    content    the box of visible pixels where the canvas goes on beyond them, else None
    active     the selected layer's tattoo, 0 where there is none or several
    layer      the selected layer's name
    memory     what the selected layer remembers, where it is one of ours
    trouble    why nothing can be read or inserted now, and what to do; empty where all is well
    """

    name: str
    document: Document
    selection: Box | None
    content: Box | None
    kind: Literal["rgb", "gray", "indexed"]
    active: int
    layer: str
    memory: Memory | None
    trouble: str


@dataclass(frozen=True)
class Finished:
    """A layer to insert: `pixels` as `picture` says, `mask` one byte for each pixel of `box`, None for all 255."""

    name: str
    box: Box
    picture: Picture
    pixels: bytes | bytearray | memoryview
    mask: bytes | bytearray | memoryview | None
    memory: Memory


class Put(NamedTuple):
    """Where a layer lies now: the tattoos of the layer and of its group, 0 for none."""

    layer: int
    group: int


class Pictured(Protocol):
    """An image open in the editor, as the guest needs it; `host.Canvas` is GIMP's. Call it from the main loop alone."""

    @property
    def open(self) -> bool:
        """False once the image was closed."""

    @property
    def tag(self) -> str:
        """The document's tag."""

    def mark(self) -> None:
        """Write the tag into the image."""

    def present(self) -> None:
        """Give the keyboard back to the image window."""

    def scene(self, sample: Sample = "all") -> Scene | None:
        """What the artist has before them; None once the image was closed."""

    def uncovered(self) -> bool:
        """True where the canvas goes on beyond what is visible."""

    def has(self, tattoo: int) -> bool:
        """True while that layer is in the image."""

    def results(self) -> set[str]:
        """The bridge's names of all layers of ours in the image."""

    def frame(self) -> dict[int, Box]:
        """The boxes of the outermost layers by their tattoos: tells whether the canvas was moved under them."""

    def where(self, tattoo: int) -> Box | None:
        """The box of a layer as it lies now; None where it is gone."""

    def read(self, box: Box, channels: int, depth: Depth, spot: Spot, without: Iterable[int] = ()) -> bytes:
        """The pixels of a box, as the layers of `spot` show it without some of them."""

    def coverage(self, box: Box) -> bytes:
        """The selection's coverage of a box."""

    def mask_of(self, tattoo: int) -> tuple[Box, bytes | None]:
        """The box of a layer inside the canvas, and its layer mask there."""

    def insert(self, one: Finished, spot: Spot, several: bool = False, beside: int = 0, replaces: int = 0) -> Put:
        """Put a layer into the image: one undo step."""

    def show_only(self, tattoo: int, siblings: Iterable[int]) -> None:
        """Make one variation visible, and its siblings not."""

    def select_mask(self, tattoo: int) -> None:
        """Select what a layer's mask covers."""

    def convert(self) -> None:
        """Make an RGB image of a grayscale or indexed one."""
