"""Pixels under way, one stream at a time: offsets, credit, checksums. The same rules on both sides."""

from dataclasses import dataclass

from bridge.protocol import limits
from bridge.protocol.errors import Refusal
from bridge.protocol.frames import Data, pack_data
from bridge.protocol.messages import Stream


@dataclass
class Sending:
    """A stream that leaves: its pixels, how far it got, and how much the receiver will take."""

    stream: Stream
    pixels: memoryview
    position: int
    credit: int = limits.CREDIT
    checked: bool = False

    @property
    def finished(self) -> bool:
        """True once every byte has left."""
        return self.position >= len(self.pixels)

    @property
    def ready(self) -> bool:
        """True while there is something to send and credit to send it on."""
        return self.credit > 0 and not self.finished

    def take(self) -> bytes:
        """The next data message."""
        size = min(limits.CHUNK, self.credit, len(self.pixels) - self.position)
        chunk = self.pixels[self.position : self.position + size]
        last = self.position + size == len(self.pixels)
        message = pack_data(self.stream.s, self.position, chunk, last, self.checked)
        self.position += size
        self.credit -= size
        return message


@dataclass
class Receiving:
    """A stream that arrives: what was announced, how much came, and how much credit is out."""

    stream: Stream
    received: int
    granted: int

    @classmethod
    def of(cls, stream: Stream) -> "Receiving":
        """The books of a stream just announced. Raises Refusal `wire.offset` where its numbers disagree."""
        start = stream.start or 0
        if stream.size != stream.picture.size or start > stream.size:
            text = f"Stream {stream.s} announces {stream.size} bytes from {start} on; {stream.picture} has "
            raise Refusal("wire.offset", text + f"{stream.picture.size}.", "now")
        return cls(stream, start, start + limits.CREDIT)

    @property
    def finished(self) -> bool:
        """True once every byte has come."""
        return self.received >= self.stream.size

    def accept(self, data: Data) -> None:
        """Count one data message. Raises Refusal `wire.offset` or `wire.crc`: then the stream is dead, not more."""
        end = data.offset + len(data.payload)
        if data.offset != self.received or end > self.stream.size or data.last != (end == self.stream.size):
            text = f"Stream {data.stream} sent bytes {data.offset} to {end}, expected from {self.received} of "
            raise Refusal("wire.offset", text + f"{self.stream.size}.", "now")
        if end > self.granted:
            text = f"Stream {data.stream} sent {end} bytes, credit was given for {self.granted}."
            raise Refusal("wire.offset", text, "now")
        if not data.intact:
            raise Refusal("wire.crc", f"Stream {data.stream} was damaged at byte {data.offset}; send it again.", "now")
        self.received = end

    def grant(self) -> int:
        """Bytes of credit to give now: a full window again when half of it is used up, else 0."""
        if self.finished or self.granted >= self.stream.size or self.granted - self.received > limits.CREDIT // 2:
            return 0
        more = self.received + limits.CREDIT - self.granted
        self.granted += more
        return more
