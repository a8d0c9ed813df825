"""A client's connection to the bridge: found or started, shaken hands with, and found again after a cut."""

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
    """One session with the bridge over as many connections as it takes. Use it from one thread."""

    def __init__(
        self,
        about: dict[str, str],
        folder: Path,
        port: int | None,
        key_id: str,
        dial: Dial,
        start: bool,
        reopened: Callable[[bool], None],
    ) -> None:
        """`reopened(resumed)` is called after a cut, once there is a new connection: `resumed` where the bridge still
        knows the session. The other arguments are those of `Client`."""
        self._about, self._folder, self._port, self._key_id = about, folder, port, key_id
        self._dial, self._start, self._reopened = dial, start, reopened
        self._closed = False
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

    def say(self, message: Message) -> None:
        """Queue a message; the next `turn` or `flush` sends it."""
        self._side.outbox.say(message)

    def turn(self) -> list[Event]:
        """Send all that may leave, and return what came, waiting for it where nothing did. Comes back after a cut; the
        list is empty then. Raises Refusal where the bridge is gone for good."""
        try:
            return self._send() or self._side.receive(self._wire.recv())
        except (ConnectionClosed, OSError) as why:
            self._come_back(why)
            return []

    def flush(self) -> list[Event]:
        """Send all that may leave, without waiting for an answer. Returns what came meanwhile."""
        try:
            return self._send()
        except (ConnectionClosed, OSError) as why:
            self._come_back(why)
            return []

    def close(self) -> None:
        """Send what is left to say, as far as that goes, and end the connection."""
        with suppress(ConnectionClosed, OSError, Refusal):
            self._send()
        self._closed = True
        self._wire.close()

    def _send(self) -> list[Event]:
        """Send all that may leave, looking after each message for what came: an error, more credit."""
        heard: list[Event] = []
        while (message := self._side.outbox.take()) is not None:
            self._wire.send(message)
            with suppress(TimeoutError):
                while True:
                    heard += self._side.receive(self._wire.recv(0))
        return heard

    def _come_back(self, why: Exception) -> None:
        """Reconnect and resume, for as long as that may take. Raises Refusal."""
        if self._closed:  # a fill that was left open when its client was closed has nobody to come back for
            raise Refusal("job.lost", "This client was closed.")
        if isinstance(why, ConnectionClosed) and why.rcvd and 4400 <= why.rcvd.code < 4500:
            if why.rcvd.code == CLOSE["auth.elsewhere"]:  # it came too late to be read as an `error`
                raise Refusal("auth.elsewhere", "This session was opened elsewhere; this connection ends.") from None
            text = f"The bridge ended the conversation ({why.rcvd.code} {why.rcvd.reason})."
            raise Refusal("internal", text) from None
        with suppress(ConnectionClosed, OSError):
            self._wire.close()
        session = self.session
        self._side, self._wire = self._persist(session)
        self._reopened(self.session == session)

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
            time.sleep(pause)
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
        started, until = False, time.monotonic() + START_SECONDS
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
            if not started:
                home.launch(self._folder)
                started = True
            if time.monotonic() > until:
                text = f"The bridge did not start within {START_SECONDS:g} s; {self._folder / 'bridge.log'} says why."
                raise Refusal("job.lost", text)
            time.sleep(0.05)


def _stranger(port: int) -> str:
    text = f"Something answers on port {port}, but it is not your bridge; nothing was sent to it. "
    return text + "End that program, or start the bridge on another port: sfumato serve --port 4718"
