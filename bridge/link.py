"""A client's connection to the bridge: found or started, shaken hands with, and found again after a cut."""

import math
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.sync.client import connect as dial_websocket
from websockets.typing import Subprotocol

from bridge import home
from bridge.protocol import PATH, SUBPROTOCOL, limits
from bridge.protocol.errors import CLOSE, Refusal
from bridge.protocol.messages import Message, Welcome
from bridge.protocol.outbox import Outbox
from bridge.protocol.session import ClientSide, Event

OPEN_SECONDS = 5.0
"""How long whatever listens on the port may take to answer."""
START_SECONDS = 20.0
"""How long a bridge may take to start."""
RETURN_SECONDS = 60.0
"""How long a client tries to come back after a cut."""


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


Dial = Callable[[str, int], Wire]


def dial(host: str, port: int) -> Wire:
    """Open a websocket to the bridge on this machine. Raises OSError, InvalidHandshake."""
    opening: Any = dial_websocket(
        f"ws://{host}:{port}{PATH}",
        subprotocols=[Subprotocol(SUBPROTOCOL)],
        compression=None,
        max_size=limits.MESSAGE,
        proxy=None,  # the library would ask the environment for one, and the bridge is on this machine
        open_timeout=OPEN_SECONDS,
        close_timeout=1,
        ping_interval=None,  # the bridge asks
    )
    wire: Wire = opening.__enter__()  # a link outlives every block; `Link.close` is the other end of this
    return wire


class Link:
    """One session with the bridge over as many connections as it takes. Use it from one thread; any other may close
    it."""

    def __init__(
        self,
        about: dict[str, str],
        folder: Path,
        port: int | None,
        key_id: str,
        dial: Dial,
        start: bool,
        reopened: Callable[[bool], None],
        away: Callable[[bool], None] = lambda gone: None,
    ) -> None:
        """`reopened(resumed)` is called after a cut, once there is a new connection: `resumed` where the bridge still
        knows the session. The other arguments are those of `Client`."""
        self._about, self._folder, self._port, self._key_id = about, folder, port, key_id
        self._dial, self._start, self._reopened, self._away = dial, start, reopened, away
        self._closed = threading.Event()
        self._turning = threading.Lock()
        self.port = 0
        """The port of the bridge that was reached last."""
        self._side, self._wire = self._persist(None)

    @property
    def outbox(self) -> Outbox:
        """What waits to leave."""
        return self._side.outbox

    @property
    def session(self) -> bytes:
        """The name under which the bridge keeps what this client has not acknowledged."""
        assert self._side.session
        return self._side.session

    @property
    def version(self) -> str:
        """The release of the bridge that was reached last."""
        assert self._side.hello
        return self._side.hello.version

    def say(self, message: Message) -> None:
        """Queue a message; the next `turn` or `flush` sends it."""
        self._side.outbox.say(message)

    def turn(self, timeout: float | None = None) -> list[Event]:
        """Send what may leave, and return what came, waiting for it at most `timeout` seconds where nothing did (0: not
        at all, None: until something comes). Pixels leave no longer than that either; with 0, one message of them.

        Comes back after a cut, however long that takes; the list is empty then. Raises Refusal where the bridge is gone
        for good, or another thread closed this link.
        """
        until = math.inf if timeout is None else time.monotonic() + timeout

        def work(heard: list[Event]) -> None:
            self._send(heard, until)
            if not heard:
                self._receive(heard, None if timeout is None else max(0.0, until - time.monotonic()))

        return self._over_cuts(work)

    def flush(self) -> list[Event]:
        """Send all that may leave, without waiting for an answer. Returns what came meanwhile."""
        return self._over_cuts(self._send)

    def close(self) -> None:
        """Send what is left to say, as far as that goes, and end the connection. Called by another thread it ends the
        turn under way, also one that tries to come back: that raises Refusal."""
        self._closed.set()
        if self._turning.acquire(blocking=False):  # else a turn is under way, and what it sends is its own
            with suppress(ConnectionClosed, OSError, Refusal):
                self._send([])
            self._turning.release()
        self._wire.close()

    def _over_cuts(self, work: Callable[[list[Event]], None]) -> list[Event]:
        """What `work` hears. Where the connection is cut meanwhile, come back."""
        heard: list[Event] = []
        with self._turning:
            try:
                work(heard)
            except (ConnectionClosed, OSError) as why:
                if not heard:  # else that first: the next turn finds the connection cut as well
                    self._come_back(why)
        return heard

    def _send(self, heard: list[Event], until: float = math.inf) -> None:
        """Send all that may leave, looking after each message for what came: an error, more credit. After `until`
        pixels wait for the next turn."""
        outbox = self._side.outbox
        while (message := outbox.take()) is not None:
            self._wire.send(message)
            while self._receive(heard, 0):
                pass
            if not outbox.control_waiting and time.monotonic() > until:
                break

    def _receive(self, heard: list[Event], timeout: float | None) -> bool:
        """Add what the next message says. False where none came in time."""
        try:
            message = self._wire.recv(timeout)
        except TimeoutError:
            return False
        heard += self._side.receive(message)
        return True

    def _come_back(self, why: Exception) -> None:
        """Reconnect and resume, for as long as that may take. Raises Refusal."""
        if self._closed.is_set():  # a fill that was left open when its client was closed has nobody to come back for
            raise _closed()
        if isinstance(why, ConnectionClosed) and why.rcvd and 4400 <= why.rcvd.code < 4500:
            if why.rcvd.code == CLOSE["auth.elsewhere"]:  # it came too late to be read as an `error`
                raise Refusal("auth.elsewhere", "This session was opened elsewhere; this connection ends.") from None
            text = f"The bridge ended the conversation ({why.rcvd.code} {why.rcvd.reason})."
            raise Refusal("internal", text) from None
        with suppress(ConnectionClosed, OSError):
            self._wire.close()
        self._away(True)
        session = self.session
        self._side, self._wire = self._persist(session)
        if self._closed.is_set():  # meanwhile: `close` may have seen the old one only
            self._wire.close()
            raise _closed()
        self._reopened(self.session == session)
        self._away(False)

    def _persist(self, session: bytes | None) -> tuple[ClientSide, Wire]:
        """Open a connection, again and again while that is cut short; with a session to resume, also while the bridge
        is away. Raises Refusal."""
        patience, pause = RETURN_SECONDS if session else OPEN_SECONDS, 0.05
        until = time.monotonic() + patience
        while True:
            try:
                return self._open(session)
            except (ConnectionClosed, OSError, Refusal) as why:
                if isinstance(why, Refusal) and (session is None or why.retry == "never"):
                    raise
                if time.monotonic() > until:
                    text = f"The bridge was gone for {patience:g} s and did not come back ({why}). "
                    raise Refusal("job.lost", text + "What it finished waits for you when it runs again.") from None
            if self._closed.wait(pause):
                raise _closed()
            pause = min(1.0, pause * 2)

    def _open(self, session: bytes | None) -> tuple[ClientSide, Wire]:
        """Dial and shake hands."""
        port, wire = self._reach()
        self.port = port
        try:
            key = home.read_key(self._folder, self._key_id)
            side = ClientSide(port=port, key_id=self._key_id, key=key, client=self._about, session=session)
            while not side.open:
                events = side.receive(wire.recv(limits.AUTH_SECONDS * 2))
                if not any(isinstance(event, Welcome) for event in events):
                    while (message := side.outbox.take()) is not None:
                        wire.send(message)
        except (ConnectionClosed, OSError, Refusal) as why:
            wire.close()
            if isinstance(why, TimeoutError):
                raise Refusal("auth.failed", _stranger(port), "later") from None
            raise
        return side, wire

    def _reach(self) -> tuple[int, Wire]:
        """A websocket to the bridge: the running one, or one that is started for it."""
        started, until = None, time.monotonic() + START_SECONDS
        while True:
            found = home.discover(self._folder)
            port = self._port or (found.port if found else 0)
            if port:
                try:
                    return port, self._dial("127.0.0.1", port)
                except InvalidStatus as why:
                    if why.response.status_code == 503:
                        text = "The bridge has too many connections. Close some panels, and try again."
                        raise Refusal("auth.failed", text, "later") from None
                    raise Refusal("auth.failed", _stranger(port), "later") from None
                except (InvalidHandshake, TimeoutError):
                    raise Refusal("auth.failed", _stranger(port), "later") from None
                except (OSError, ConnectionClosed):
                    pass  # nobody listens: a stale file, or a bridge that was killed
            if not self._start:
                raise Refusal("job.lost", "No bridge is running. Start one in a terminal: sfumato serve", "later")
            if started is None:
                started = home.launch(self._folder)
            elif started.poll():
                said = home.last_words(self._folder) or f"see {self._folder / 'bridge.log'}"
                raise Refusal("job.lost", f"The bridge did not start: {said}")
            if time.monotonic() > until:
                text = f"The bridge did not start within {START_SECONDS:g} s; {self._folder / 'bridge.log'} says why."
                raise Refusal("job.lost", text)
            if self._closed.wait(0.05):
                raise _closed()


def _closed() -> Refusal:
    return Refusal("job.lost", "This client was closed.")


def _stranger(port: int) -> str:
    text = f"Something answers on port {port}, but it is not your bridge; nothing was sent to it. "
    return text + "End that program, or start the bridge on another port: sfumato serve --port 4718"
