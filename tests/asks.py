"""What tests ask of a bridge: a document of grey noise, a selection in its middle, and somebody who reads it."""

import numpy as np

from bridge.client import Client, Event
from bridge.protocol.messages import Done, Layer, Want
from bridge.protocol.values import Box, Document, Recipe

ABOUT = {"name": "test", "version": "1", "host": "pytest"}
SELECTION = Box(60, 50, 40, 30)


def document(width: int = 160, height: int = 120, depth: str = "u8") -> Document:
    """A document without alpha."""
    return Document("ab" * 16, width, height, 3, depth)  # type: ignore[arg-type]


def recipe(count: int = 1, seed: int = 7) -> Recipe:
    """Remove what is selected."""
    return Recipe("remove", count=count, seed=seed)


def pixels(of: Document) -> np.ndarray:
    """The document's pixels: the same noise every time."""
    kind = {"u8": np.uint8, "u16": np.uint16}[of.depth]
    return np.random.default_rng(3).integers(0, np.iinfo(kind).max, (of.height, of.width, of.channels), kind)


class Reader:
    """Reads what the bridge wants, and counts how often it was asked."""

    def __init__(self, of: Document, coverage: int = 255) -> None:
        self.picture, self.coverage, self.asked = pixels(of), coverage, 0

    def __call__(self, want: Want) -> tuple[bytes, bytes | None]:
        assert want.image
        self.asked += 1
        box = want.image.box
        image = np.ascontiguousarray(self.picture[box.y : box.bottom, box.x : box.right]).tobytes()
        return image, bytes([self.coverage]) * want.mask.box.area if want.mask else None


def fill(client: Client, count: int = 1, seed: int = 7, **more) -> list[Event]:
    """Run one fill to its end."""
    of = document()
    return list(client.fill(of, SELECTION, recipe(count, seed), Reader(of), **more))


def layers(events: list[Event]) -> list[Layer]:
    """The layers among events."""
    return [event.message for event in events if isinstance(event.message, Layer)]


def done(events: list[Event]) -> Done:
    """The last word."""
    assert isinstance(events[-1].message, Done)
    return events[-1].message
