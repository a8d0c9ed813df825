"""The blocking client: pure Python, for GIMP's own interpreter, the command line and the tests.

    with connect({"name": "example", "version": "1", "host": "example"}) as client:
        for event in client.fill(document, selection, recipe, read):
            match event.message:
                case Layer(): insert(event.message, event.picture, event.mask)

`connect` finds the bridge or starts one. `Client.fill` yields plan, progress, preview, layer and done; it survives cut
connections and a killed bridge, and a layer that was yielded is never yielded again. Leaving the loop early cancels.
"""

import secrets
from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bridge import home
from bridge.arrivals import Arrivals, Event
from bridge.link import Dial, Link, dial
from bridge.protocol.errors import Refusal
from bridge.protocol.messages import (
    Abort,
    Accepted,
    Ack,
    Cancel,
    Capabilities,
    Done,
    Error,
    Fill,
    Layer,
    Message,
    Preview,
    Progress,
    Stream,
    Want,
)
from bridge.protocol.session import Chunk
from bridge.protocol.values import Box, Depth, Document, Picture, Recipe

__all__ = ["Client", "Event", "Read", "connect", "new_job"]

Pixels = bytes | bytearray | memoryview
Read = Callable[[Want], tuple[Pixels, Pixels | None]]
"""Called once the bridge says what it wants to see: returns the bytes of `want.image` and of `want.mask` (None where
that is None), read in one turn of the host's main loop. May raise: the job is then cancelled."""


@dataclass
class _Job:
    """A fill under way on this side."""

    fill: Fill
    read: Read | None = None
    events: deque[Event] = field(default_factory=deque)
    accepted: bool = False
    ended: bool = False
    arrived: set[str] = field(default_factory=set)
    last: Done | None = None

    def hear(self, event: Event) -> None:
        """Queue an event. `done` overtakes its layers' pixels on the wire, so it waits here until they are whole."""
        match event.message:
            case Done():
                self.last = event.message
            case Layer(result=result):
                self.arrived.add(result)
                self.events.append(event)
            case _:
                self.events.append(event)
        if self.last and self.arrived.issuperset(self.last.results):
            self.events.append(Event(self.last))
            self.last = None


class Client:
    """One session with the bridge. Use it from one thread."""

    def __init__(
        self,
        about: dict[str, str],
        folder: Path,
        port: int | None = None,
        key_id: str = home.LOCAL,
        dial: Dial = dial,
        start: bool = True,
    ) -> None:
        """`about` says {name, version, host}. `port` None asks the discovery file; `start` False never starts a
        bridge. Raises Refusal where there is none, or where what answers is not the artist's own."""
        self._jobs: dict[str, _Job] = {}
        self._arrivals = Arrivals()
        self._taken: set[str] = set()
        self._capabilities: list[Capabilities] = []
        self.uploaded = 0
        """Bytes of pixels offered to the bridge so far."""
        self._link = Link(about, folder, port, key_id, dial, start, self._reopened)

    @property
    def session(self) -> bytes:
        """The name under which the bridge keeps what this client has not acknowledged."""
        return self._link.session

    @property
    def port(self) -> int:
        """The port of the bridge that was reached."""
        return self._link.port

    def close(self) -> None:
        """End the connection. What was not acknowledged stays with the bridge."""
        self._link.close()

    def capabilities(self) -> list[Capabilities]:
        """What the bridge can paint, and on what: all parts of its answer."""
        self._capabilities.clear()
        self._link.say(Capabilities())
        while not self._capabilities or len(self._capabilities) < (self._capabilities[0].parts or 1):
            self._turn()
        return list(self._capabilities)

    def plan(self, document: Document, selection: Box | None, recipe: Recipe, content: Box | None = None) -> Want:
        """What the bridge would do, without doing it. Raises Refusal where it would not."""
        ask = Fill(new_job(), document, recipe, selection, content, dry=True)
        job = self._jobs[ask.job] = _Job(ask)
        try:
            self._link.say(ask)
            answer = self._next(job).message
        finally:
            del self._jobs[ask.job]
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
            self._link.say(ask)
            while not mine.ended:
                event = self._next(mine)
                mine.ended = isinstance(event.message, Done)
                yield event
                self._settle(event.message)
        finally:
            self._link.outbox.forget(ask.job, ("image", "mask"))  # where it was refused while they streamed
            if not mine.ended:
                with suppress(Refusal):
                    self.cancel(ask.job)
                    self._link.flush()
            del self._jobs[ask.job]

    def cancel(self, job: str) -> None:
        """The artist lost interest in a job. Its `done` still comes."""
        self._link.outbox.forget(job, ("image", "mask"))
        self._link.say(Cancel(job))

    def _next(self, job: _Job) -> Event:
        """The next event of a job. Raises Refusal where the job was refused."""
        while not job.events:
            self._turn()
        event = job.events.popleft()
        if isinstance(event.message, Error):
            job.ended = True
            raise event.message.refusal()
        return event

    def _settle(self, message: Message) -> None:
        """The loop has taken this event: what is durable is acknowledged."""
        if isinstance(message, Layer):
            self._taken.add(message.result)
            self._link.say(Ack(message.n, "inserted"))
        elif isinstance(message, Done):
            self._link.say(Ack(message.n))
            for event in self._link.flush():
                self._hear(event)

    def _turn(self) -> None:
        for event in self._link.turn():
            self._hear(event)

    def _hear(self, event: Any) -> None:
        match event:
            case Chunk():
                if done := self._arrivals.pixels(event):
                    self._for_job(done)
            case Stream():
                self._arrivals.stream(event)
            case Preview():
                self._arrivals.preview(event)
            case Layer():
                self._layer(event)
            case Abort(s):
                for fetch in self._arrivals.abort(s):
                    self._link.say(fetch)
            case Want():
                self._want(event)
            case Accepted(job=name):
                job = self._jobs.get(name)
                if job and not job.accepted:  # it is told again after a cut
                    job.accepted = True
                    self._for_job(Event(event))
            case Progress() | Done():
                self._for_job(Event(event))
            case Error():
                self._error(event)
            case Capabilities():
                self._capabilities.append(event)

    def _for_job(self, event: Event) -> None:
        message: Any = event.message
        if job := self._jobs.get(message.job):
            job.hear(event)
        elif isinstance(message, Done | Layer):  # of a loop that was left: settled, nobody waits for it
            self._link.say(Ack(message.n, None if isinstance(message, Done) else "discarded"))

    def _error(self, error: Error) -> None:
        if error.re == "fetch":
            name = self._arrivals.lost()
            if name in self._jobs:
                self._jobs[name].hear(Event(error))
            return
        job = self._jobs.get(error.job or "")
        if job is None:
            raise error.refusal()
        if error.s is not None and error.retry == "now":
            self._link.outbox.forget(job.fill.job, ("image", "mask"))
            self._link.say(job.fill)  # a stream died on the way; the want stands, so ask again
        elif error.re != "cancel":
            job.hear(Event(error))

    def _layer(self, message: Layer) -> None:
        if message.result in self._taken:
            self._link.say(Ack(message.n, "inserted"))
            return
        for fetch in self._arrivals.layer(message):
            self._link.say(fetch)
        if message.s is None and (done := self._arrivals.complete(message.result)):
            self._for_job(done)

    def _want(self, want: Want) -> None:
        """The bridge says which pixels it wants to see."""
        job = self._jobs.get(want.job)
        if job is None:
            return
        if not job.accepted:
            job.hear(Event(want))
        if want.image is None or job.read is None:
            return
        box = want.image.box
        depth: Depth = want.image.depth  # type: ignore[assignment]
        image, mask = job.read(want)
        self._upload(want.job, "image", Picture(box.width, box.height, want.image.channels, depth), image)
        if want.mask is not None and mask is not None:
            self._upload(want.job, "mask", Picture(want.mask.box.width, want.mask.box.height, 1), mask)

    def _upload(self, job: str, use: str, picture: Picture, pixels: Pixels) -> None:
        view = memoryview(pixels).cast("B")
        if len(view) != picture.size:
            text = f"The {use} that was read has {len(view)} bytes, expected {picture.size} ({picture})."
            raise Refusal("picture.size", text)
        self._link.outbox.stream(job, use, picture, view)
        self.uploaded += len(view)

    def _reopened(self, resumed: bool) -> None:
        """After a cut: ask again for every job under way. The bridge knows those it accepted."""
        if resumed:
            self._arrivals.reopen()
        else:
            self._arrivals = Arrivals()
        for job in self._jobs.values():
            if not job.ended:
                self._link.say(job.fill)


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
