"""The client: pure Python, for GIMP's own interpreter, the command line and the tests.

    with connect({"name": "example", "version": "1", "host": "example"}) as client:
        for event in client.fill(document, selection, recipe, read):
            match event.message:
                case Layer(): insert(event.message, event.picture, event.mask)

`connect` finds the bridge or starts one. `Client.fill` yields plan, progress, preview, layer and done; it survives cut
connections and a killed bridge, and a layer that was yielded is never yielded again. Leaving the loop early cancels.

A panel that must not wait says `Client.begin` and `Client.adopt`, asks `Client.hear` for what came of all its jobs, and
says `Client.settle` once a layer is in the document. Use the loops or these, not both at once.
"""

import math
import secrets
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from bridge import home
from bridge.arrivals import Event
from bridge.errands import Errands, Read, Settled, of_job
from bridge.link import Dial, Link, dial
from bridge.protocol.errors import Refusal
from bridge.protocol.messages import Capabilities, Done, Error, Fill, Invite, Jobs, Map, Message, Take, Want
from bridge.protocol.session import Event as Came
from bridge.protocol.values import Box, Document, Recipe

__all__ = ["Client", "Event", "Read", "Settled", "connect", "new_job"]

Answer = TypeVar("Answer", Capabilities, Jobs, Invite)


class Client:
    """One session with the bridge. Use it from one thread; any other may `close` it."""

    def __init__(
        self,
        about: dict[str, str],
        folder: Path,
        port: int | None = None,
        key_id: str = home.LOCAL,
        dial: Dial = dial,
        start: bool = True,
        away: Callable[[bool], None] = lambda gone: None,
    ) -> None:
        """`about` says {name, version, host}. `port` None asks the discovery file; `start` False never starts a
        bridge. `away` is told True when the connection is cut, and False when it is back. Raises Refusal where there is
        no bridge, or where what answers is not the artist's own."""
        self._came: deque[Came] = deque()
        self._errands = Errands(lambda: self._link.outbox)
        self._link = Link(about, folder, port, key_id, dial, start, self._errands.reopen, away)

    @property
    def session(self) -> bytes:
        """The name under which the bridge keeps what this client has not acknowledged."""
        return self._link.session

    @property
    def port(self) -> int:
        """The port of the bridge that was reached."""
        return self._link.port

    @property
    def bridge_version(self) -> str:
        """The release of the bridge that was reached."""
        return self._link.version

    @property
    def uploaded(self) -> int:
        """Bytes of pixels offered to the bridge so far."""
        return self._errands.uploaded

    def close(self) -> None:
        """End the connection. What was not acknowledged stays with the bridge. Called by another thread it ends what
        waits here, also a try to come back after a cut: that raises Refusal."""
        self._link.close()

    # ---- asking, and hearing what came of it, without waiting -------------------------------------------------------

    def begin(
        self,
        document: Document,
        selection: Box | None,
        recipe: Recipe,
        read: Read | None,
        *,
        content: Box | None = None,
        region: str | None = None,
        replaces: str | None = None,
        job: str | None = None,
        dry: bool = False,
    ) -> str:
        """Ask for a fill, and return its job's name; `hear` sends the ask, and returns what comes of it.

        `region` names pixels that the bridge may still hold (`accepted.region` of an earlier fill): then nothing is
        uploaded. `replaces` is a job to cancel once this one is accepted. `job` names the job, so that a program that
        was ended can ask for the same job again. `dry` asks for the plan alone: `read` is not called, and the job is
        over with its `want`.
        """
        ask = Fill(job or new_job(), document, recipe, selection, content, region, replaces, dry)
        self._errands.begin(ask, read)
        return ask.job

    def adopt(self, job: str) -> None:
        """Take over a job that `jobs` tells of and that nobody holds; `hear` returns what comes of it, as for `begin`.
        One's own job is told again as far as it is not settled."""
        self._errands.begin(Take(job))

    def ask_jobs(self) -> None:
        """Ask for the jobs of this key; `hear` returns the answer."""
        self._errands.question(Jobs())

    def ask_capabilities(self) -> None:
        """Ask what the bridge can paint, and on what; `hear` returns the answer, part by part."""
        self._errands.question(Capabilities())

    def cancel(self, job: str) -> None:
        """The artist lost interest in a job. Its `done` still comes."""
        self._errands.cancel(job)

    def hear(self, timeout: float | None = None) -> list[Event]:
        """Send what may leave, and return what came of all jobs and questions, oldest first.

        Waits at most `timeout` seconds for an event (0: not at all, None: until there is one); after a cut, until the
        bridge is back. Pixels leave and arrive meanwhile: while `busy`, call it again soon, and give it some time.

        A job that is refused, or whose `read` raises a Refusal, is over with an `Event(Error)` that names it. An error
        about “fetch” says that a layer is gone, and its job goes on; one of no job of this client's may come, too.
        Raises Refusal where the conversation ends, and whatever else `read` raises.
        """
        until = math.inf if timeout is None else time.monotonic() + timeout
        heard: list[Event] = []
        while not heard:
            self._turn(None if timeout is None else max(0.0, until - time.monotonic()))
            heard = list(iter(self._errands.pick, None))
            if time.monotonic() >= until:
                break
        return heard

    def settle(self, event: Event, state: Settled = "inserted") -> None:
        """A layer is in the document or is not wanted, a `done` was heard: the bridge need not keep it. What is not
        settled stays with the bridge. Other events need no settling."""
        self._errands.settle(event.message, state)

    @property
    def busy(self) -> bool:
        """True while a job that was begun or adopted is not over."""
        return self._errands.busy

    # ---- the same, waiting for the answer ---------------------------------------------------------------------------

    def capabilities(self) -> list[Capabilities]:
        """What the bridge can paint, and on what: all parts of its answer."""
        self.ask_capabilities()
        parts: list[Capabilities] = []
        while not parts or parts[-1].part != parts[-1].parts:
            part = self._answer(Capabilities)
            parts = [part] if part.part == 1 else [*parts, part]
        return parts

    def jobs(self) -> tuple[Map, ...]:
        """The jobs of this key, newest first, as `protocol.messages.Jobs` describes them."""
        self.ask_jobs()
        return self._answer(Jobs).jobs or ()

    def invite(self, page: bool = False) -> Invite:
        """A pairing text for another client, or for the bridge's own page. Raises Refusal where this client does not
        hold the local key."""
        self._errands.question(Invite(page))
        return self._answer(Invite)

    def plan(self, document: Document, selection: Box | None, recipe: Recipe, content: Box | None = None) -> Want:
        """What the bridge would do, without doing it. Raises Refusal where it would not."""
        job = self.begin(document, selection, recipe, None, content=content, dry=True)
        answer = self._next(of_job(job)).message
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

        Arguments as for `begin`. Leaving the loop early cancels. Raises Refusal where the bridge refuses, or is gone
        and does not come back.
        """
        name = self.begin(document, selection, recipe, read, content=content, region=region, replaces=replaces, job=job)
        yield from self._until_done(name)

    def take(self, job: str) -> Generator[Event]:
        """Take over a job that nobody holds, and yield events as `fill` does; leaving the loop early cancels, too.
        Raises Refusal where the bridge does not know the job, or it is open elsewhere."""
        self.adopt(job)
        yield from self._until_done(job)

    def _until_done(self, job: str) -> Generator[Event]:
        ended = False
        try:
            while not ended:
                event = self._next(of_job(job))
                ended = isinstance(event.message, Done)
                yield event
                self.settle(event)
        finally:
            with suppress(Refusal):
                self._errands.leave(job)
                self._act(self._link.flush())

    def _answer(self, kind: type[Answer]) -> Answer:
        """Wait for the answer to a question."""

        def wanted(message: Message) -> bool:
            return isinstance(message, kind) or (isinstance(message, Error) and message.re == kind.t)

        answer = self._next(wanted).message
        assert isinstance(answer, kind)
        return answer

    def _next(self, wanted: Callable[[Message], bool]) -> Event:
        """Wait for an event. Raises Refusal where it is an error."""
        while (event := self._errands.pick(wanted)) is None:
            self._turn(None)
        if isinstance(event.message, Error):
            raise event.message.refusal()
        return event

    def _turn(self, timeout: float | None) -> None:
        self._act([])  # on what a `read` that raised left behind
        self._act(self._link.turn(timeout))

    def _act(self, heard: list[Came]) -> None:
        self._came += heard
        while self._came:
            self._errands.hear(self._came.popleft())


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
