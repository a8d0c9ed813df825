"""The blocking client: pure Python, for GIMP's own interpreter, the command line and the tests.

    with connect({"name": "example", "version": "1", "host": "example"}) as client:
        for event in client.fill(document, selection, recipe, read):
            match event.message:
                case Layer(): insert(event.message, event.picture, event.mask)

`connect` finds the bridge or starts one. `Client.fill` yields plan, progress, preview, layer and done; it survives cut
sockets and a killed bridge, and a layer that was yielded is never yielded again. Leaving the loop early cancels.
"""

import secrets
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.sync.client import connect as dial_websocket
from websockets.typing import Subprotocol

from bridge import home
from bridge.protocol import PATH, SUBPROTOCOL, limits
from bridge.protocol.errors import Refusal
from bridge.protocol.messages import (
    Abort,
    Accepted,
    Ack,
    Bye,
    Cancel,
    Capabilities,
    Done,
    Error,
    Fetch,
    Fill,
    Layer,
    Message,
    Preview,
    Progress,
    Stream,
    Want,
    Welcome,
)
from bridge.protocol.session import Chunk, ClientSide
from bridge.protocol.values import Box, Document, Picture, Recipe

Pixels = bytes | bytearray | memoryview
Read = Callable[[Want], tuple[Pixels, Pixels | None]]
"""Called once the bridge says what it wants to see: returns the bytes of `want.image` and of `want.mask` (None where
that is None), read in one turn of the host's main loop. May raise Refusal; the job is then cancelled."""

START_SECONDS = 20.0
"""How long a bridge may take to start."""
RETURN_SECONDS = 60.0
"""How long a client tries to come back after a cut."""


class Event(NamedTuple):
    """What a fill tells: a message of the wire, and the pixels that came with a layer or a preview.

    `mask` None beside a layer's `picture` means all 255.
    """

    message: Message
    picture: memoryview | None = None
    mask: memoryview | None = None


class Wire(Protocol):
    """A websocket: what `dial` returns. A test passes one that cuts."""

    def send(self, message: bytes) -> None:
        """Send one binary message. Raises ConnectionClosed or OSError."""
        ...

    def recv(self, timeout: float | None = None) -> bytes | str:
        """The next message. Raises TimeoutError, ConnectionClosed or OSError."""
        ...

    def close(self) -> None:
        """End the connection."""
        ...


def dial(host: str, port: int) -> Wire:
    """Open a websocket to the bridge on this machine."""
    shown = f"[{host}]" if ":" in host else host
    wire: Any = dial_websocket(
        f"ws://{shown}:{port}{PATH}",
        subprotocols=[Subprotocol(SUBPROTOCOL)],
        compression=None,
        max_size=limits.MESSAGE,
        proxy=None,  # the library would ask the environment for one, and the bridge is on this machine
        open_timeout=5,
        close_timeout=1,
        ping_interval=None,  # the bridge asks
    )
    return wire  # type: ignore[no-any-return]


@dataclass
class _Arrival:
    """A layer of which not every byte has come."""

    message: Layer
    pixels: dict[str, bytearray] = field(default_factory=dict)
    got: dict[str, int] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)

    @property
    def whole(self) -> bool:
        return all(self.got.get(use, 0) >= size for use, size in self.sizes.items())

    def event(self) -> Event:
        mask = self.pixels.get("layer mask")
        return Event(self.message, memoryview(self.pixels["layer"]), memoryview(mask) if mask is not None else None)


@dataclass
class _Job:
    """A fill under way on this side."""

    fill: Fill
    read: Read | None
    events: deque[Event] = field(default_factory=deque)
    accepted: bool = False
    ended: bool = False


class Client:
    """One conversation with the bridge. Use it from one thread."""

    def __init__(
        self,
        about: dict[str, str],
        folder: Path,
        port: int | None = None,
        key_id: str = home.LOCAL,
        dial: Callable[[str, int], Wire] = dial,
        start: bool = True,
    ) -> None:
        """`about` says {name, version, host}. `port` None asks the discovery file; `start` False never starts a
        bridge. Raises Refusal where there is none, or where what answers is not the artist's own."""
        self._about, self._folder, self._port, self._key_id = about, folder, port, key_id
        self._dial, self._start = dial, start
        self._jobs: dict[str, _Job] = {}
        self._arrivals: dict[str, _Arrival] = {}
        self._asked: deque[tuple[str, str]] = deque()
        self._streams: dict[int, tuple[str, str]] = {}
        self._previews: dict[int, tuple[Preview | None, bytearray]] = {}
        self._delivered: set[str] = set()
        self._answers: deque[Message] = deque()
        self._side: ClientSide | None = None
        self._wire: Wire | None = None
        self.uploaded = 0
        """Bytes of pixels sent so far."""
        self._open()

    @property
    def session(self) -> bytes:
        """The name under which the bridge keeps what this client has not acknowledged."""
        assert self._side and self._side.session
        return self._side.session

    def close(self) -> None:
        """End the connection. What was not acknowledged stays with the bridge."""
        if self._wire:
            with suppress(ConnectionClosed, OSError):
                self._drain()
            self._wire.close()
            self._wire = None

    def capabilities(self) -> list[Capabilities]:
        """What the bridge can paint, and on what: all parts of its answer."""
        self._say(Capabilities())
        parts: list[Capabilities] = []
        while not parts or len(parts) < (parts[0].parts or 1):
            answer = self._answer()
            if isinstance(answer, Capabilities):
                parts.append(answer)
        return parts

    def plan(self, document: Document, selection: Box | None, recipe: Recipe, content: Box | None = None) -> Want:
        """What the bridge would do, without doing it. Raises Refusal where it would not."""
        ask = Fill(new_job(), document, recipe, selection, content, dry=True)
        self._jobs[ask.job] = job = _Job(ask, None)
        try:
            self._say(ask)
            while not job.events:
                self._turn(None)
            answer = job.events.popleft().message
        finally:
            del self._jobs[ask.job]
        if isinstance(answer, Error):
            raise answer.refusal()
        assert isinstance(answer, Want)
        return answer

    def fill(
        self,
        document: Document,
        selection: Box | None,
        recipe: Recipe,
        read: Read,
        *,
        content: Box | None = None,
        region: str | None = None,
        replaces: str | None = None,
        job: str | None = None,
    ) -> Generator[Event]:
        """Paint. Yields events until the job's `done`; a layer is acknowledged when the next event is asked for.

        `region` names pixels that the bridge may still hold (`accepted.region` of an earlier fill): then nothing is
        uploaded. `job` names the job, so that a program that was ended can ask for the same job again. Leaving the loop
        early cancels. Raises Refusal where the bridge refuses, or is gone and does not come back.
        """
        ask = Fill(job or new_job(), document, recipe, selection, content, region, replaces)
        mine = self._jobs[ask.job] = _Job(ask, read)
        try:
            self._say(ask)
            while True:
                while not mine.events:
                    self._turn(None)
                event = mine.events.popleft()
                if isinstance(event.message, Error):
                    mine.ended = True
                    raise event.message.refusal()
                if isinstance(event.message, Done):
                    mine.ended = True
                yield event
                self._settle(event.message)
                if mine.ended:
                    return
        finally:
            if not mine.ended:
                with suppress(Refusal, ConnectionClosed, OSError):
                    self._say(Cancel(ask.job))
                    self._drain()
            del self._jobs[ask.job]

    def cancel(self, job: str) -> None:
        """The artist lost interest in a job. Its `done` still comes."""
        self._say(Cancel(job))

    # ---- the conversation -----------------------------------------------------------------------------------------

    def _settle(self, message: Message) -> None:
        """The loop took this event: what is durable is acknowledged, and what is left to say leaves at once."""
        if isinstance(message, Layer):
            self._delivered.add(message.result)
            self._say(Ack(message.n, "inserted"))
        elif isinstance(message, Done):
            self._say(Ack(message.n))
            self._keep_trying(self._drain)

    def _say(self, message: Message) -> None:
        assert self._side
        self._side.outbox.say(message)

    def _answer(self) -> Message:
        while not self._answers:
            self._turn(None)
        answer = self._answers.popleft()
        if isinstance(answer, Error):
            raise answer.refusal()
        return answer

    def _turn(self, wait: float | None) -> None:
        """Send what may leave, then take in one message; comes back after a cut."""
        self._keep_trying(lambda: self._once(wait))

    def _once(self, wait: float | None) -> None:
        if not self._drain():
            self._take_in(wait)

    def _drain(self) -> bool:
        """Send all that may leave, looking after each message for what came: an error, more credit. True where
        something came."""
        assert self._side and self._wire
        heard = False
        while (message := self._side.outbox.take()) is not None:
            self._wire.send(message)
            with suppress(TimeoutError):
                while True:
                    self._take_in(0)
                    heard = True
        return heard

    def _take_in(self, wait: float | None) -> None:
        assert self._side and self._wire
        for event in self._side.receive(self._wire.recv(wait)):
            self._hear(event)

    def _hear(self, event: Any) -> None:
        match event:
            case Chunk():
                self._pixels(event)
            case Stream(start=start) if start is not None and self._asked:
                self._streams[event.s] = self._asked.popleft()
            case Preview():
                _, buffer = self._previews.get(event.s, (None, bytearray()))
                self._previews = {event.s: (event, buffer)}
            case Layer():
                self._layer(event)
            case Abort(s):
                self._previews.pop(s, None)
                self._streams.pop(s, None)
            case Error(re="fetch"):
                self._lost(event)
            case Capabilities():
                self._answers.append(event)
            case Want() | Accepted() | Progress() | Done():
                self._for_job(event.job, event)
            case Error(job=str(job)) if job in self._jobs:
                self._for_job(job, event)
            case Error():
                self._answers.append(event)
            case Bye() | _:
                pass

    def _for_job(self, name: str, message: Message) -> None:
        job = self._jobs.get(name)
        if job is None:
            if isinstance(message, Done):
                self._say(Ack(message.n))  # of a loop that was left: settled, nobody waits for it
            return
        if isinstance(message, Want) and message.image is not None:
            self._upload(job, message)
            if job.accepted:
                return
        if isinstance(message, Accepted):
            if job.accepted:
                return  # told again after a cut
            job.accepted = True
        if isinstance(message, Error) and message.retry == "now" and message.s is not None:
            self._say(job.fill)  # a stream died on the way; the want stands, so ask again
            return
        job.events.append(Event(message))

    def _upload(self, job: _Job, want: Want) -> None:
        assert self._side and want.image and job.read
        image, mask = job.read(want)
        picture = _picture(want.image.box, want.image.channels, want.image.depth)
        for use, shape, pixels in (
            ("image", picture, image),
            ("mask", _picture(want.mask.box, 1, "u8") if want.mask else None, mask),
        ):
            if shape is None or pixels is None:
                continue
            view = memoryview(pixels).cast("B")
            if len(view) != shape.size:
                text = f"The {use} that was read has {len(view)} bytes, expected {shape.size} ({shape})."
                raise Refusal("picture.size", text)
            self._side.outbox.stream(job.fill.job, use, shape, view)
            self.uploaded += len(view)

    # ---- layers arrive --------------------------------------------------------------------------------------------

    def _layer(self, message: Layer) -> None:
        if message.result in self._delivered:
            self._say(Ack(message.n, "inserted"))
            return
        arrival = self._arrivals.get(message.result)
        if arrival is None:
            arrival = self._arrivals[message.result] = _Arrival(message)
            arrival.sizes["layer"] = message.picture.size
        arrival.message = message
        if message.s is None:  # told again after a cut: fetch what is missing
            arrival.sizes["layer mask"] = message.box.area
            for use, size in arrival.sizes.items():
                if arrival.got.get(use, 0) < size:
                    self._asked.append((message.result, use))
                    self._say(Fetch(message.result, use, arrival.got.get(use, 0)))  # type: ignore[arg-type]
            self._finish(arrival)
            return
        self._streams[message.s] = (message.result, "layer")
        if message.mask_s is not None:
            arrival.sizes["layer mask"] = message.box.area
            self._streams[message.mask_s] = (message.result, "layer mask")

    def _pixels(self, chunk: Chunk) -> None:
        s = chunk.stream.s
        if chunk.stream.use == "preview":
            preview, buffer = self._previews.setdefault(s, (None, bytearray()))
            buffer += chunk.payload
            if chunk.complete and preview and preview.job in self._jobs:
                self._jobs[preview.job].events.append(Event(preview, memoryview(buffer)))
            return
        if s not in self._streams:
            return
        result, use = self._streams[s]
        arrival = self._arrivals[result]
        buffer = arrival.pixels.setdefault(use, bytearray(chunk.stream.size))  # pages are taken as they are touched
        buffer[chunk.offset : chunk.offset + len(chunk.payload)] = chunk.payload
        arrival.got[use] = chunk.offset + len(chunk.payload)
        if chunk.complete:
            del self._streams[s]
            self._finish(arrival)

    def _finish(self, arrival: _Arrival) -> None:
        if not arrival.whole:
            return
        message = arrival.message
        del self._arrivals[message.result]
        if job := self._jobs.get(message.job):
            job.events.append(arrival.event())

    def _lost(self, error: Error) -> None:
        """A fetch was refused: that layer is gone."""
        result, _ = self._asked.popleft()
        if arrival := self._arrivals.pop(result, None):
            self._for_job(arrival.message.job, error)

    # ---- connecting, and coming back --------------------------------------------------------------------------------

    def _keep_trying(self, work: Callable[[], object]) -> None:
        """Do `work`; after a cut come back, resume the session, ask again for every job under way, and go on."""
        while True:
            try:
                work()
                return
            except (ConnectionClosed, OSError) as why:
                if isinstance(why, TimeoutError):
                    raise
                self._come_back(why)

    def _come_back(self, why: Exception) -> None:
        if isinstance(why, ConnectionClosed) and why.rcvd and 4400 <= why.rcvd.code < 4500:
            text = f"The bridge ended the conversation ({why.rcvd.code} {why.rcvd.reason})."
            raise Refusal("auth.elsewhere" if why.rcvd.code == 4409 else "internal", text) from None
        until = time.monotonic() + RETURN_SECONDS
        pause = 0.05
        while True:
            try:
                self._open()
                break
            except (ConnectionClosed, OSError, Refusal) as again:
                if time.monotonic() > until or (isinstance(again, Refusal) and again.retry == "never"):
                    raise
                time.sleep(pause)
                pause = min(1.0, pause * 2)
        for job in self._jobs.values():
            if not job.ended:
                self._say(job.fill)

    def _open(self) -> None:
        """Dial and shake hands. A new bridge knows this session from its journal."""
        if self._wire:
            with suppress(ConnectionClosed, OSError):
                self._wire.close()
            self._wire = None
        session = self._side.session if self._side else None
        self._asked.clear()
        self._streams.clear()
        self._previews.clear()
        port, self._wire = self._reach()
        key = home.read_key(self._folder, self._key_id)
        self._side = ClientSide(port=port, key_id=self._key_id, key=key, client=self._about, session=session)
        while not self._side.open:
            try:
                events = self._side.receive(self._wire.recv(limits.AUTH_SECONDS * 2))
            except ConnectionClosed:
                if self._side.welcomed is None and self._side.outbox.control_waiting == 0:
                    raise Refusal("auth.failed", _stranger(port), "later") from None
                raise
            while (message := self._side.outbox.take()) is not None:
                self._wire.send(message)
            for event in events:
                if isinstance(event, Welcome) and session and not event.resumed:
                    self._arrivals.clear()

    def _reach(self) -> tuple[int, Wire]:
        """A websocket to the bridge: the running one, or one that is started for it."""
        started = False
        until = time.monotonic() + START_SECONDS
        while True:
            found = home.discover(self._folder)
            port = self._port or (found.port if found else 0)
            if port:
                try:
                    return port, self._dial("127.0.0.1", port)
                except InvalidHandshake:
                    raise Refusal("auth.failed", _stranger(port), "later") from None
                except (OSError, ConnectionClosed):
                    pass  # nobody listens: a stale file, or a bridge that was killed
            if not self._start:
                raise Refusal("job.lost", "No bridge is running. Start one in a terminal: sfumato serve", "later")
            if not started:
                home.launch(self._folder)
                started = True
            if time.monotonic() > until:
                text = f"The bridge did not start within {START_SECONDS:g} s; {self._folder / 'bridge.log'} says why."
                raise Refusal("job.lost", text, "never")
            time.sleep(0.05)


@contextmanager
def connect(about: dict[str, str], folder: Path | None = None, **options: Any) -> Iterator[Client]:
    """A `Client`, closed at the end of the block. Options as in `Client`."""
    client = Client(about, folder or home.home(), **options)
    try:
        yield client
    finally:
        client.close()


def new_job() -> str:
    """A name for a job that nobody else has: 16 random bytes in hex."""
    return secrets.token_hex(16)


def _picture(box: Box, channels: int, depth: str) -> Picture:
    return Picture(box.width, box.height, channels, depth)  # type: ignore[arg-type]


def _stranger(port: int) -> str:
    text = f"Something answers on port {port}, but it is not your bridge; nothing was sent to it. "
    return text + "End that program, or start the bridge on another port: sfumato serve --port 4718"
