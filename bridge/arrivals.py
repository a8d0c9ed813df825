"""Layers and previews on their way in: which stream belongs to what, how much of it has come, what must be fetched."""

from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

from bridge.protocol.messages import Fetch, Layer, Message, Preview, Stream
from bridge.protocol.session import Chunk
from bridge.protocol.values import Picture


class Event(NamedTuple):
    """What a fill tells: a message of the wire, and the pixels that came with a layer or a preview.

    `shape` says what the bytes of `picture` are. `mask` None beside a layer's `picture` means all 255.
    """

    message: Message
    picture: memoryview | None = None
    mask: memoryview | None = None
    shape: Picture | None = None


@dataclass
class _Arrival:
    """A layer of which not every byte has come: `sizes` says what is expected, `got` how much of it is here."""

    message: Layer
    sizes: dict[str, int]
    pixels: dict[str, bytearray] = field(default_factory=dict)
    got: dict[str, int] = field(default_factory=dict)

    @property
    def whole(self) -> bool:
        """True once nothing is missing."""
        return all(self.got.get(use, 0) >= size for use, size in self.sizes.items())


class Arrivals:
    """All layers and previews that are under way to one client, over as many connections as it takes."""

    def __init__(self) -> None:
        self._layers: dict[str, _Arrival] = {}
        self._streams: dict[int, tuple[str, str]] = {}
        self._asked: deque[tuple[str, str]] = deque()
        self._previews: dict[int, bytearray] = {}
        self._titles: dict[int, Preview] = {}

    def reopen(self) -> None:
        """A new connection: its streams have new numbers; the bytes that came stay."""
        self._streams.clear()
        self._asked.clear()
        self._previews.clear()
        self._titles.clear()

    def layer(self, message: Layer) -> list[Fetch]:
        """A layer was announced. Returns what must be fetched: all that is missing and not on its way, where no streams
        come with it."""
        arrival = self._layers.setdefault(message.result, _Arrival(message, {"layer": message.picture.size}))
        arrival.message = message
        if message.s is not None:
            self._streams[message.s] = (message.result, "layer")
            if message.mask_s is not None:
                arrival.sizes["layer mask"] = message.box.area
                self._streams[message.mask_s] = (message.result, "layer mask")
            return []
        arrival.sizes["layer mask"] = message.box.area
        on_its_way = {*self._streams.values(), *self._asked}
        missing = [use for use, size in arrival.sizes.items() if arrival.got.get(use, 0) < size]
        missing = [use for use in missing if (message.result, use) not in on_its_way]
        self._asked += [(message.result, use) for use in missing]
        return [Fetch(message.result, use, arrival.got.get(use, 0)) for use in missing]  # type: ignore[arg-type]

    def stream(self, stream: Stream) -> None:
        """A stream was announced. One with a start answers the oldest fetch."""
        if stream.start is not None and self._asked:
            self._streams[stream.s] = self._asked.popleft()

    def preview(self, message: Preview) -> None:
        """A preview was announced, just behind its stream."""
        self._titles[message.s] = message

    def abort(self, stream: int) -> list[Fetch]:
        """The rest of a stream will not come: its sender stopped, or it was damaged. Returns what must be fetched."""
        self._previews.pop(stream, None)
        self._titles.pop(stream, None)
        result, use = self._streams.pop(stream, ("", ""))
        arrival = self._layers.get(result)
        if arrival is None:
            return []
        self._asked.append((result, use))
        return [Fetch(result, use, arrival.got.get(use, 0))]  # type: ignore[arg-type]

    def expects(self, job: str) -> bool:
        """True while a layer of this job is under way."""
        return any(arrival.message.job == job for arrival in self._layers.values())

    def lost(self) -> str | None:
        """The oldest fetch was refused. Returns the job whose layer is gone, where it was still under way."""
        result, _ = self._asked.popleft()
        arrival = self._layers.pop(result, None)
        return arrival.message.job if arrival else None

    def pixels(self, chunk: Chunk) -> Event | None:
        """Pixels came. Returns the event that they complete."""
        if chunk.stream.use == "preview":
            return self._preview_pixels(chunk)
        result, use = self._streams.get(chunk.stream.s, ("", ""))
        arrival = self._layers.get(result)
        if arrival is None:
            return None
        buffer = arrival.pixels.get(use)
        if buffer is None:  # zeroed pages: memory is taken as they are touched, not on announcement
            buffer = arrival.pixels[use] = bytearray(chunk.stream.size)
        buffer[chunk.offset : chunk.offset + len(chunk.payload)] = chunk.payload
        arrival.got[use] = chunk.offset + len(chunk.payload)
        if chunk.complete:
            del self._streams[chunk.stream.s]
        return self.complete(result)

    def complete(self, result: str) -> Event | None:
        """The layer, once it is whole: then it leaves these books."""
        arrival = self._layers[result]
        if not arrival.whole:
            return None
        del self._layers[result]
        mask = arrival.pixels.get("layer mask")
        shown = None if mask is None else memoryview(mask)
        return Event(arrival.message, memoryview(arrival.pixels["layer"]), shown, arrival.message.picture)

    def _preview_pixels(self, chunk: Chunk) -> Event | None:
        buffer = self._previews.setdefault(chunk.stream.s, bytearray())
        buffer += chunk.payload
        if not chunk.complete:
            return None
        del self._previews[chunk.stream.s]
        title = self._titles.pop(chunk.stream.s, None)
        return Event(title, memoryview(buffer), shape=chunk.stream.picture) if title else None
