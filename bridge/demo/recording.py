"""One fill, written down: what was asked, and every event with its time, as it came."""

import time
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bridge import files
from bridge.client import Client, Event, new_job
from bridge.protocol.errors import Refusal
from bridge.protocol.messages import Accepted, Done, Layer, Message, Preview, Progress, Want
from bridge.protocol.values import Box, Document, Picture, Recipe

LOOKS = 4
"""Previews of a variation that are shown. A model gives dozens."""
KINDS: dict[str, Any] = {"u8": np.uint8, "u16": np.dtype("<u2")}


@dataclass(frozen=True)
class Asked:
    """A picture, what is selected in it, and a recipe. `tag` names the document; `content` is for `expand`."""

    file: files.PictureFile
    recipe: Recipe
    mask: files.Mask | None = None
    content: Box | None = None
    tag: str = field(default_factory=new_job)

    @property
    def document(self) -> Document:
        """The picture as the bridge hears of it."""
        return Document(self.tag, *self.file.canvas[2:], self.file.channels, self.file.depth)

    @property
    def selection(self) -> Box | None:
        """The bounding box of the mask."""
        if self.mask is None:
            return None
        rows, columns = np.flatnonzero(self.mask.any(axis=1)), np.flatnonzero(self.mask.any(axis=0))
        return Box(int(columns[0]), int(rows[0]), int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1)

    @property
    def size(self) -> int:
        """Bytes of the whole picture's pixels, and of its selection."""
        pixels = Picture(*self.file.canvas[2:], self.file.channels, self.file.depth).size
        return pixels + (0 if self.mask is None else self.mask.size)

    def read(self, want: Want) -> tuple[memoryview, memoryview | None]:
        """The pixels that the bridge wants to see, and the selection's coverage."""
        assert want.image
        mask = None
        if want.mask is not None and self.mask is not None:
            x, y, width, height = want.mask.box
            mask = np.ascontiguousarray(self.mask[y : y + height, x : x + width]).data.cast("B")
        return self.file.region(want.image.box).data.cast("B"), mask


class Moment(NamedTuple):
    """An event of a fill: `at` is in seconds since it was asked for; a preview has `pixels`, a layer its `layer`."""

    at: float
    message: Message
    pixels: NDArray[np.uint8] | None = None
    layer: files.Layer | None = None


class Mark(NamedTuple):
    """What the demo did to a fill meanwhile: `at` as in `Moment`."""

    at: float
    text: str


class Recording:
    """A fill as it went. `moments` and `marks` grow while `run` is listened to."""

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self.job = new_job()
        self.moments: list[Moment] = []
        self.marks: list[Mark] = []
        self.sent = 0
        """Bytes of pixels that were sent for it."""
        self._begun = 0.0

    def run(self, client: Client, region: str | None = None) -> Generator[Moment]:
        """Ask, and yield each moment; closed early, the fill is cancelled. Raises Refusal where the bridge refuses, or
        paints nothing."""
        before, self._begun = client.uploaded, time.perf_counter()
        asked = self.asked
        for event in client.fill(
            asked.document,
            asked.selection,
            asked.recipe,
            asked.read,
            content=asked.content,
            region=region,
            job=self.job,
        ):
            self.sent = client.uploaded - before
            moment = self._moment(event)
            self.moments.append(moment)
            yield moment
            if isinstance(event.message, Done) and event.message.state == "failed":
                raise Refusal(event.message.missing[0].code, event.message.missing[0].text)

    def _moment(self, event: Event) -> Moment:
        match event.message:
            case Layer():
                return Moment(self.now, event.message, layer=_layer(event))
            case Preview():
                return Moment(self.now, event.message, pixels=_preview(event))
        return Moment(self.now, event.message)

    @property
    def now(self) -> float:
        """Seconds since the fill was asked for."""
        return time.perf_counter() - self._begun

    def mark(self, text: str) -> float:
        """Write down what happened to it just now; returns when that was."""
        self.marks.append(Mark(self.now, text))
        return self.marks[-1].at

    @property
    def accepted(self) -> Accepted:
        """The bridge's promise."""
        return next(one.message for one in self.moments if isinstance(one.message, Accepted))

    @property
    def shown(self) -> list[Moment]:
        """The moments that are worth showing: of a variation's previews no more than LOOKS, from the first to the
        last."""
        previews: dict[int, list[int]] = {}
        for place, one in enumerate(self.moments):
            if isinstance(one.message, Preview):
                previews.setdefault(one.message.index, []).append(place)
        kept = {places[i] for places in previews.values() for i in _spread(len(places))}
        every = enumerate(self.moments)
        return [one for place, one in every if place in kept or not isinstance(one.message, Preview)]

    def first_look(self, index: int) -> Moment | None:
        """The first preview of a variation."""
        looks = (one for one in self.moments if isinstance(one.message, Preview) and one.message.index == index)
        return next(looks, None)

    @property
    def stepped(self) -> float | None:
        """When the first step of painting was done; None before that."""
        for one in self.moments:
            match one.message:
                case Progress(phase="painting" | "decoding", step=step) if step:
                    return one.at
        return None

    @property
    def context(self) -> Box:
        """The part of the picture that a preview shows."""
        return Box(*self.accepted.plan["context"])

    @property
    def layers(self) -> list[files.Layer]:
        """What was painted, variation by variation."""
        come = {one.message.index: one.layer for one in self.moments if isinstance(one.message, Layer) and one.layer}
        return [come[index] for index in sorted(come)]

    @property
    def done(self) -> Done | None:
        """The bridge's last word."""
        last = self.moments[-1].message if self.moments else None
        return last if isinstance(last, Done) else None


def _spread(count: int) -> list[int]:
    """LOOKS numbers below `count`, evenly, the first and the last among them; all where there are no more."""
    return [round(i) for i in np.linspace(0, count - 1, min(count, LOOKS)).tolist()]


def _layer(event: Event) -> files.Layer:
    """A layer's pixels and mask as arrays."""
    message = event.message
    assert isinstance(message, Layer) and event.picture is not None
    shape = message.picture.height, message.picture.width, message.picture.channels
    pixels = np.frombuffer(event.picture, KINDS[message.picture.depth]).reshape(shape)
    mask = None
    if event.mask is not None:
        mask = np.frombuffer(event.mask, np.uint8).reshape(message.box.height, message.box.width)
    return files.Layer(message.box, pixels, mask, message.name)


def _preview(event: Event) -> NDArray[np.uint8]:
    """A preview's pixels as an array (h, w, 3)."""
    assert event.picture is not None and event.shape is not None
    return np.frombuffer(event.picture, np.uint8).reshape(event.shape.height, event.shape.width, 3)
