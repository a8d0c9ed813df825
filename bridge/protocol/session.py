"""Who may say what, when: the rules of one conversation, for each side. No sockets: bytes in, events and bytes out.

A shell feeds every websocket message to `receive()`, acts on the events it returns, and sends what `outbox.take()`
gives. Once `closing` is set it sends what the outbox still holds and closes with that code.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from bridge.protocol import VERSION, auth, limits
from bridge.protocol.codec import decode
from bridge.protocol.errors import CLOSE, Refusal
from bridge.protocol.frames import Data, unpack
from bridge.protocol.messages import Abort, Auth, Credit, Error, Hello, Map, Message, Ping, Pong, Stream, Want, Welcome
from bridge.protocol.outbox import Outbox
from bridge.protocol.streams import Receiving
from bridge.protocol.values import Picture, is_id


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
    client: dict[str, Any]
    session: bytes | None


Event = Message | Chunk | Uploaded | Opened


@dataclass
class _Wanted:
    """What was asked of the client for one job, and what of it has come."""

    pictures: dict[str, Picture]
    complete: set[str] = field(default_factory=set)


class _Side:
    """What both sides share: reading, streams that arrive, errors."""

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


class BridgeSide(_Side):
    """The bridge's side of one conversation.

    `key_of(key_id)` gives a key's 32 bytes, or None; `port` is the one that the bridge listens on. `claimed` is the key
    that the client says it holds.
    """

    def __init__(self, *, port: int, instance: bytes, version: str, key_of: Callable[[str], bytes | None]) -> None:
        super().__init__(first_stream=2, checked=False)
        self._newest_stream = -1  # a client's streams are odd
        self._port = port
        self._key_of = key_of
        self.claimed = ""
        self._auth: Auth | None = None
        self._key = b""
        self._wanted: dict[str, _Wanted] = {}
        self._nonce = secrets.token_bytes(auth.NONCE)
        hello = Hello((VERSION, VERSION), version, instance, self._nonce, limits.ADVERTISED)
        self._hello = self.outbox.say(hello)

    def receive(self, message: bytes | str) -> list[Event]:
        """Read one websocket message; returns what the shell must act on."""
        if self.closing:
            return []
        read = self._read(message)
        if read is None:
            return []
        if not self.open:
            return self._authenticate(read)
        match read:
            case Data():
                return self._uploading(self._accept(read))
            case Stream():
                self._open_upload(read)
                return []
            case Abort(s):
                self._give_up(s)
                return []
            case Credit(s, more):
                self.outbox.credit(s, more)
                return []
            case Ping(at):
                self.outbox.say(Pong(at))
                return []
            case Pong():
                return []
            case _ if read.sender == "bridge" or isinstance(read, Auth):
                self.refuse(Refusal("wire.type", f"A client does not say “{read.t}” here."), re=read.t)
                return []
            case _:
                return [read]

    def welcome(self, session: bytes, resumed: bool, features: tuple[str, ...] = ()) -> None:
        """Answer `Opened`: prove that the bridge holds the key, and open the conversation."""
        assert self._auth is not None
        self.outbox.say(Welcome(self._mac(self._key, auth.SERVER, self._auth), session, resumed, features))
        self.open = True

    def want(self, want: Want) -> None:
        """Ask the client for a job's pixels. Only what is asked here may be uploaded."""
        assert want.image is not None
        image, mask = want.image, want.mask
        pictures = {"image": Picture(image.box.width, image.box.height, image.channels, image.depth)}  # type: ignore[arg-type]
        if mask is not None:
            pictures["mask"] = Picture(mask.box.width, mask.box.height, 1)
        self.forget(want.job)
        self._wanted[want.job] = _Wanted(pictures)
        self.outbox.say(want)

    def forget(self, job: str) -> None:
        """The job's upload is over: whatever still comes for it is dropped."""
        self._wanted.pop(job, None)
        self._arriving = {s: one for s, one in self._arriving.items() if one.stream.job != job}

    def refuse(self, refusal: Refusal, **where: Any) -> None:
        """Say an error; close where its code demands that. Before authentication every refusal closes."""
        code = CLOSE.get(refusal.code)
        if not self.open and code is None:
            refusal, code = Refusal("auth.failed", "Say `auth` first."), 4401
        self.outbox.say(Error.of(refusal, **where))
        if code is not None:
            self.closing = (code, refusal.code)

    def _authenticate(self, message: Message | Data) -> list[Event]:
        if not isinstance(message, Auth) or self._auth is not None:
            self.refuse(Refusal("auth.failed", "The first message of a client is `auth`."))
            return []
        self.claimed = message.key_id
        if message.protocol != VERSION:
            text = f"The plug-in speaks protocol {message.protocol}, the bridge {VERSION}. "
            text += "Update the plug-in." if message.protocol < VERSION else "Update the bridge."
            self.refuse(Refusal("auth.version", text))
            return []
        key = self._key_of(message.key_id)
        if key is None or len(key) != auth.NONCE:
            self.refuse(Refusal("auth.key", "This bridge does not know the key. Pair the plug-in again."))
            return []
        if not auth.same(self._mac(key, auth.CLIENT, message), message.mac):
            self.refuse(Refusal("auth.failed", "The client could not prove that it holds the key."))
            return []
        self._auth, self._key = message, key
        return [Opened(message.key_id, message.client, message.session)]

    def _mac(self, key: bytes, label: bytes, said: Auth) -> bytes:
        return auth.mac(key, label, self._nonce, said.nonce, self._port, self._hello, said.key_id)

    def _open_upload(self, stream: Stream) -> None:
        """A client announces pixels: they must have been wanted, once, in this very size."""
        try:
            self._announce(stream)
            self._check_wanted(stream)
        except Refusal as refusal:
            self._arriving.pop(stream.s, None)
            self.refuse(refusal, re="stream", job=stream.job, s=stream.s)

    def _check_wanted(self, stream: Stream) -> None:
        wanted = self._wanted.get(stream.job)
        if wanted is None:
            raise Refusal("job.unknown", "Pixels came for a job that wants none.")
        picture = wanted.pictures.get(stream.use)
        if picture != stream.picture or stream.start:
            text = f"The {stream.use} that came has {stream.picture}; wanted was {picture or 'none'}."
            raise Refusal("picture.size", text, "now", wanted=str(picture), got=str(stream.picture))
        under_way = [
            one for one in self._arriving.values() if (one.stream.job, one.stream.use) == (stream.job, stream.use)
        ]
        if stream.use in wanted.complete or len(under_way) > 1:
            raise Refusal("wire.stream", f"The {stream.use} of this job is already there or under way.")

    def _uploading(self, events: list[Event]) -> list[Event]:
        """Tell when the last picture that a job wants is complete."""
        for event in list(events):
            if isinstance(event, Chunk) and event.complete:
                wanted = self._wanted[event.stream.job]
                wanted.complete.add(event.stream.use)
                if wanted.complete == set(wanted.pictures):
                    events.append(Uploaded(event.stream.job))
        return events


class ClientSide(_Side):
    """The client's side of one conversation. `port` is the one that was dialled: it goes into the proof."""

    def __init__(
        self, *, port: int, key_id: str, key: bytes, client: dict[str, Any], session: bytes | None = None
    ) -> None:
        super().__init__(first_stream=1, checked=False)
        if len(key) != auth.NONCE:
            raise Refusal("auth.key", f"The key has {len(key)} bytes, expected {auth.NONCE}. Pair the plug-in again.")
        self._port = port
        self._key_id, self._key = key_id, key
        self._client = client
        self._said: tuple[Auth, bytes, bytes] | None = None
        self.session = session
        self.hello: Hello | None = None
        self.welcomed: Welcome | None = None

    def receive(self, message: bytes | str) -> list[Event]:
        """Read one websocket message; returns what the shell must act on. Raises Refusal where the bridge refused
        the conversation itself, or could not prove that it holds the key."""
        if self.closing:
            return []
        read = self._read(message)
        if read is None:
            return []
        if not self.open:
            return self._shake_hands(read, message)
        match read:
            case Data():
                alive = read.stream in self._arriving
                return self._accept(read) or ([Abort(read.stream)] if alive else [])  # damaged: ended from this side
            case Stream():
                self._announce(read)
                return [read]
            case Abort(s):
                self._give_up(s)
                return [read]
            case Credit(s, more):
                self.outbox.credit(s, more)
                return []
            case Ping(at):
                self.outbox.say(Pong(at))
                return []
            case Error(s=s) if s is not None:
                self.outbox.stop(s)
                return [read]
            case _:
                return [read]

    def refuse(self, refusal: Refusal, **where: Any) -> None:
        """A client does not argue: what it cannot read ends the conversation. A stream that died does not."""
        if refusal.code in ("wire.offset", "wire.crc", "wire.stream"):
            if "s" in where:
                self.outbox.say(Abort(where["s"]))
        elif refusal.code != "wire.type":
            raise refusal

    def _shake_hands(self, read: Message | Data, message: bytes | str) -> list[Event]:
        if isinstance(read, Error):
            raise read.refusal()
        if isinstance(read, Hello) and self._said is None:
            if not read.protocol[0] <= VERSION <= read.protocol[-1]:
                text = f"The bridge speaks protocol {read.protocol[-1]}, this plug-in {VERSION}. Update the older one."
                raise Refusal("auth.version", text)
            assert isinstance(message, bytes)
            nonce = secrets.token_bytes(auth.NONCE)
            key, key_id = self._key, self._key_id
            proof = auth.mac(key, auth.CLIENT, read.nonce, nonce, self._port, message, key_id)
            said = Auth(self._client, VERSION, key_id, nonce, proof, self.session)
            self._said = (said, read.nonce, message)
            self.hello = read
            self.outbox.say(said)
            return [read]
        if isinstance(read, Welcome) and self._said is not None:
            said, bridge_nonce, hello = self._said
            proof = auth.mac(self._key, auth.SERVER, bridge_nonce, said.nonce, self._port, hello, self._key_id)
            if not auth.same(proof, read.mac):
                text = "What answers on the bridge's port is not your bridge; nothing was sent to it. "
                raise Refusal("auth.failed", text + "Find out which program holds that port.")
            self.open = True
            self.session = read.session
            self.welcomed = read
            return [read]
        raise Refusal("wire.malformed", "What answers on the bridge's port does not speak this protocol.")


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
