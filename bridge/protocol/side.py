"""What both sides of a conversation share: events, reading, streams that arrive, errors. No sockets."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from bridge.protocol.codec import decode
from bridge.protocol.errors import Refusal
from bridge.protocol.frames import Data, unpack
from bridge.protocol.messages import Credit, Map, Message, Stream
from bridge.protocol.outbox import Outbox
from bridge.protocol.pairing import Invitation
from bridge.protocol.streams import Receiving
from bridge.protocol.values import is_id


class Chunk(NamedTuple):
    """Event: pixels arrived. `payload` goes to byte `offset` of the job's `use`; `complete` on the last one."""

    stream: Stream
    offset: int
    payload: memoryview
    complete: bool


class Uploaded(NamedTuple):
    """Event, on the bridge: every picture that was wanted for a job has come, whole."""

    job: str


class Opened(NamedTuple):
    """Event, on the bridge: a client proved that it holds a key. The shell answers with `BridgeSide.welcome`."""

    key_id: str
    client: Map
    session: bytes | None


@dataclass(frozen=True)
class Agreed:
    """Event, on the bridge: a client proved that it holds an invitation, which is used up now. The shell keeps the new
    key by its id, then answers with `BridgeSide.paired`."""

    key_id: str
    key: bytes = field(repr=False)
    client: Map
    invitation: Invitation


Event = Message | Chunk | Uploaded | Opened | Agreed


class Side:
    """One side: `outbox` is what it says, `open` whether both have proved themselves, `closing` the close code and its
    reason once the conversation is over."""

    def __init__(self, first_stream: int, checked: bool) -> None:
        self.outbox = Outbox(first_stream, checked)
        self.open = False
        self.closing: tuple[int, str] | None = None
        self._arriving: dict[int, Receiving] = {}
        self._newest_stream = 0

    def _read(self, message: bytes | str) -> Message | Data | None:
        """One message, or None where it was refused."""
        if isinstance(message, str):
            self.refuse(Refusal("wire.text", "This wire carries binary messages only; a text arrived."))
            return None
        try:
            values = unpack(message)
        except Refusal as refusal:
            self.refuse(refusal)
            return None
        if isinstance(values, Data):
            return values
        try:
            return decode(values)
        except Refusal as refusal:
            where = _whereabouts(values)
            if "s" in where and (where["s"] - self._newest_stream) % 2 == 0:
                self._newest_stream = max(self._newest_stream, where["s"])  # dead before it lived: its data is dropped
            self.refuse(refusal, **where)
            return None

    def refuse(self, refusal: Refusal, **where: Any) -> None:
        """Say an error; close the conversation where its code demands that."""
        raise NotImplementedError

    def _accept(self, data: Data) -> list[Event]:
        """Pixels of a stream that was announced."""
        arriving = self._arriving.get(data.stream)
        if arriving is None:
            if data.stream > self._newest_stream or data.stream % 2 != self._newest_stream % 2:
                text = f"Pixels came on stream {data.stream}, which nobody announced."
                self.refuse(Refusal("wire.stream", text), s=data.stream)
            return []  # it was aborted, died, or its job has ended: dropped silently
        try:
            arriving.accept(data)
        except Refusal as refusal:
            del self._arriving[data.stream]
            self.refuse(refusal, job=arriving.stream.job, s=data.stream)
            return []
        if arriving.finished:
            del self._arriving[data.stream]
        elif more := arriving.grant():
            self.outbox.say(Credit(data.stream, more))
        return [Chunk(arriving.stream, data.offset, data.payload, arriving.finished)]

    def _announce(self, stream: Stream) -> None:
        """Open the books for a stream. Raises Refusal where its number is not its sender's to give, was used before,
        or its sizes disagree."""
        if stream.s % 2 != self._newest_stream % 2:
            text = f"Stream {stream.s} was announced; a client's streams have odd numbers, the bridge's even ones."
            raise Refusal("wire.malformed", text)
        if stream.s <= self._newest_stream:
            text = (
                f"Stream {stream.s} was announced after stream {self._newest_stream}; numbers rise, none comes twice."
            )
            raise Refusal("wire.malformed", text)
        self._newest_stream = stream.s
        self._arriving[stream.s] = Receiving.of(stream)

    def _give_up(self, s: int) -> None:
        """The other side will neither send stream `s` any more, nor take it."""
        self._arriving.pop(s, None)
        self.outbox.stop(s)


def _whereabouts(values: Map) -> Map:
    """What an error repeats of a message that could not be read: only what its receiver will be able to read."""
    where: Map = {}
    if isinstance(values.get("t"), str):
        where["re"] = values["t"][:40]
    if is_id(values.get("job")):
        where["job"] = values["job"]
    s = values.get("s")
    if where.get("re") == "stream" and isinstance(s, int) and not isinstance(s, bool) and s >= 0:
        where["s"] = s
    return where
