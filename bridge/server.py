"""Websocket frames in, the rules of a conversation, and back through one outbox each. Nothing is computed here."""

import asyncio
import contextlib
import errno
import http
import logging
import os
import secrets
import socket
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.protocol import State
from websockets.typing import Subprotocol

from bridge import __version__, guard, home
from bridge.config import Config
from bridge.desk import Conversation, Desk
from bridge.journal import Journal
from bridge.ledger import Ledger
from bridge.models import Catalogue
from bridge.painter import Painter
from bridge.protocol import PATH, SUBPROTOCOL, VERSION, limits
from bridge.protocol.auth import IDENTITY
from bridge.protocol.codec import encode
from bridge.protocol.errors import CLOSE, Refusal
from bridge.protocol.messages import Bye, Error
from bridge.protocol.session import BridgeSide, Opened
from bridge.repertoire import BUILT_IN, DIFFUSION, installed
from bridge.spool import Spool, full

log = logging.getLogger(__name__)

GREETING = f"Sfumato bridge {__version__}: generative fill for GIMP and Photoshop. It speaks {SUBPROTOCOL} at {PATH}.\n"
MOST_UNSENT = 256
"""Control messages that may wait for a slow reader before the bridge stops reading what it says."""


class PortTaken(Exception):
    """Something else listens on the bridge's port."""


class AlreadyRunning(Exception):
    """Another bridge lives in this home, whatever port it listens on."""


class Bridge:
    """The running bridge: `async with Bridge(config, folder) as bridge` holds its port; `port` says which."""

    def __init__(
        self,
        config: Config,
        folder: Path,
        painters: list[Painter] | None = None,
        journal: Callable[[Path], Journal] = Journal,
    ) -> None:
        """`painters` stands in for the configured ones, `journal` for the file of records (a test passes its own)."""
        self.folder = folder
        self.instance = secrets.token_bytes(IDENTITY)
        self._config = config
        self._painters = painters or _painters(config)
        self._journal = journal
        self._servers: list[Server] = []
        self._open: set[ServerConnection] = set()
        self._known: set[ServerConnection] = set()
        self._failures: Counter[str] = Counter()
        self._conversations: dict[Conversation, ServerConnection] = {}
        self.port = 0

    async def __aenter__(self) -> "Bridge":
        """Hold the home and the port, take up what an earlier bridge left, and say where to find this one.

        Raises AlreadyRunning, PortTaken; Refusal or OSError where the home cannot be written.
        """
        claim = home.claim(home.make_private(self.folder))
        if claim is None:
            raise AlreadyRunning
        self._claim = claim
        try:
            sockets = listen(self._config.port)
        except PortTaken:
            claim.close()
            raise
        self.port = sockets[0].getsockname()[1]
        if len(sockets) == 1:
            log.warning("this machine has no IPv6 loopback: listening on 127.0.0.1:%d only", self.port)
        home.make_local_key(self.folder)
        spool = Spool(self.folder / "spool", self._config.spool)
        ledger = Ledger(self._journal(self.folder / "spool" / "journal"))
        catalogue = Catalogue.of(self.folder, self._config.models)
        self.desk = Desk(ledger, spool, self._painters, catalogue, self._config.idle_minutes * 60)
        await self.desk.open()
        for one in sockets:
            self._servers.append(
                await serve(
                    self._converse,
                    sock=one,
                    process_request=self._guard,
                    select_subprotocol=_select,
                    compression=None,
                    max_size=limits.MESSAGE,
                    ping_interval=20,
                    ping_timeout=60,
                    open_timeout=limits.AUTH_SECONDS,
                    server_header=None,
                )
            )
        home.announce(self.folder, home.Discovery(self.port, os.getpid(), self.instance.hex(), VERSION, __version__))
        return self

    async def __aexit__(self, *why: object) -> None:
        """Say goodbye, stop painting, leave the port."""
        home.retire(self.folder, self.instance.hex())
        for conversation in list(self._conversations):
            conversation.side.outbox.say(Bye("The bridge was stopped.", 0))
            conversation.side.closing = (1001, "bye")
            conversation.side.outbox.wake()
        for server in self._servers:
            server.close(close_connections=not self._conversations)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(2):
                await asyncio.gather(*(server.wait_closed() for server in self._servers))
        await self.desk.close()
        self._claim.close()

    async def until_idle(self, minutes: float) -> None:
        """Return once nobody was connected and nothing was worked on for so long."""
        loop = asyncio.get_running_loop()
        since = loop.time()
        while loop.time() - since < minutes * 60:
            await asyncio.sleep(min(1.0, minutes * 6))
            if not self.desk.idle:
                since = loop.time()

    # ---- who may connect ----------------------------------------------------------------------------------------

    def _guard(self, connection: ServerConnection, request: Request) -> Response | None:
        self._open = {one for one in self._open if one.state is not State.CLOSED}
        strangers = len(self._open - self._known)
        refused = guard.refuse(request.path, request.headers.raw_items(), self.port, len(self._open), strangers)
        if origin := request.headers.get("Origin"):
            log.info("a request came with Origin %.80r", origin)
        if refused:
            log.warning("refused a request: %d %s", *refused)
            return _answer(refused.status, refused.text + "\n")
        if request.path == "/":
            return _answer(200, GREETING)
        self._open.add(connection)
        return None

    def _key(self, key_id: str) -> bytes | None:
        try:
            return home.read_key(self.folder, key_id)
        except Refusal:
            return None

    # ---- one conversation ---------------------------------------------------------------------------------------

    async def _converse(self, connection: ServerConnection) -> None:
        try:
            if connection.subprotocol != SUBPROTOCOL or connection.request is None or connection.request.path != PATH:
                await _refuse_version(connection)
                return
            side = BridgeSide(port=self.port, instance=self.instance, version=__version__, key_of=self._key)
            conversation = Conversation(side)
            opened = await self._shake_hands(connection, side)
            if opened is not None:
                await self._serve(connection, conversation, opened)
            await _flush(connection, side)
        except ConnectionClosed:
            pass
        finally:
            self._known.discard(connection)
            self._open.discard(connection)

    async def _shake_hands(self, connection: ServerConnection, side: BridgeSide) -> Opened | None:
        """Hello, auth. None where the client could not prove itself: what to say then lies in the outbox."""
        await connection.send(side.outbox.take() or b"")
        try:
            async with asyncio.timeout(limits.AUTH_SECONDS):
                events = side.receive(await connection.recv())
        except TimeoutError:
            text = f"The plug-in said nothing for {limits.AUTH_SECONDS:g} s. Try again."
            side.refuse(Refusal("auth.slow", text, "now"))
            return None
        for event in events:
            if isinstance(event, Opened):
                return event
        who = [str(connection.remote_address[0])]
        if self._key(side.claimed):  # a name that nobody has is the stranger's own choice: not worth a place
            who.append(side.claimed)
        self._failures.update(who)
        log.warning("a client failed to authenticate (%s)", side.closing)
        if max(self._failures[one] for one in who) >= 3:
            await asyncio.sleep(1)
        return None

    async def _serve(self, connection: ServerConnection, conversation: Conversation, opened: Opened) -> None:
        side = conversation.side
        ready, drained = asyncio.Event(), asyncio.Event()
        side.outbox.wake = ready.set
        try:
            older = self.desk.welcome(conversation, opened)
        except OSError as why:
            side.outbox.say(Error.of(full(why, self.folder / "spool" / "journal")))
            side.closing = (1011, "limit.spool")
            return
        if older:
            text = "This session was opened elsewhere; this connection ends."
            older.side.refuse(Refusal("auth.elsewhere", text))
        self._known.add(connection)
        self._conversations[conversation] = connection
        writer = asyncio.create_task(_write(connection, side, ready, drained))
        try:
            async for message in connection:
                for event in side.receive(message):
                    await self.desk.act(conversation, event)
                if side.closing:
                    break
                while side.outbox.control_waiting > MOST_UNSENT and not writer.done():
                    drained.clear()
                    await drained.wait()
        finally:
            del self._conversations[conversation]
            self.desk.leave(conversation)
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)


def _painters(config: Config) -> list[Painter]:
    """One for the built-in fill, which a cancel may drop; and, where models can be loaded, one for each device."""
    built_in = Painter("cpu", [BUILT_IN], drops=True)
    return [built_in, *(Painter(device, [DIFFUSION]) for device in config.painters if installed())]


async def _write(connection: ServerConnection, side: BridgeSide, ready: asyncio.Event, drained: asyncio.Event) -> None:
    """The one writer of a conversation. Ends it when its rules say so."""
    try:
        while not side.closing:
            ready.clear()
            while not side.closing and (message := side.outbox.take()) is not None:
                await connection.send(message)
                drained.set()
            if not side.closing:
                await ready.wait()
        await _flush(connection, side)
    except ConnectionClosed:
        pass
    finally:
        drained.set()


async def _flush(connection: ServerConnection, side: BridgeSide) -> None:
    """Send what must still be said, then close with the code that the rules gave."""
    while side.outbox.control_waiting and (message := side.outbox.take()) is not None:
        await connection.send(message)
    if side.closing:
        await connection.close(*side.closing)


async def _refuse_version(connection: ServerConnection) -> None:
    path = connection.request.path if connection.request else PATH
    asked = [int(one.rpartition("v")[2]) for one in (path, str(connection.subprotocol))]
    other = next(one for one in asked if one != VERSION)
    text = f"This bridge speaks {SUBPROTOCOL}, the plug-in sfumato.v{other}. Update the "
    text += "bridge." if other > VERSION else "plug-in."
    await connection.send(encode(Error("auth.version", text)))
    await connection.close(CLOSE["auth.version"], "auth.version")


def _select(connection: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    chosen = guard.choose(offered)
    return Subprotocol(chosen) if chosen else None


def _answer(status: int, text: str) -> Response:
    body = text.encode()
    headers = Headers(guard.HEADERS)
    headers.update(
        {"Content-Type": "text/plain; charset=utf-8", "Content-Length": str(len(body)), "Connection": "close"}
    )
    return Response(status, http.HTTPStatus(status).phrase, headers, body)


def listen(port: int) -> list[socket.socket]:
    """Hold `port` on both loopback addresses, exclusively; 0 takes any free one. Raises PortTaken."""
    first = _bind(socket.AF_INET, "127.0.0.1", port)
    number = first.getsockname()[1]
    try:
        return [first, _bind(socket.AF_INET6, "::1", number)]
    except PortTaken:
        first.close()
        if port:
            raise
        return listen(0)  # the other address has this port in use: take the next one
    except OSError:
        return [first]  # a machine without IPv6


def _bind(family: socket.AddressFamily, host: str, port: int) -> socket.socket:
    # asyncio switches Nagle's algorithm off only where the listening socket names TCP: small layers waited 40 ms.
    one = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if sys.platform == "win32":
            one.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        one.bind((host, port))
        one.listen(16)
    except OSError as why:
        one.close()
        if why.errno in (errno.EADDRINUSE, errno.EACCES):
            raise PortTaken(f"port {port} of {host} is taken by another program") from None
        raise
    return one
