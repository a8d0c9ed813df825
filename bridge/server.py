"""Websocket frames in, the rules of a conversation, and back through one outbox each. Nothing is computed here."""

import asyncio
import contextlib
import http
import logging
import os
import secrets
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.protocol import State
from websockets.typing import Subprotocol

from bridge import __version__, assets, guard, home
from bridge.config import Config
from bridge.desk import Conversation, Desk
from bridge.journal import Journal
from bridge.keys import Keys
from bridge.ledger import Ledger
from bridge.loopback import PortTaken, listen
from bridge.models import Catalogue
from bridge.painter import Painter
from bridge.protocol import PATH, SUBPROTOCOL, VERSION, limits
from bridge.protocol.auth import IDENTITY
from bridge.protocol.codec import encode
from bridge.protocol.errors import CLOSE, Refusal
from bridge.protocol.messages import Bye, Error
from bridge.protocol.session import Agreed, BridgeSide, Opened
from bridge.repertoire import BUILT_IN, DIFFUSION, installed
from bridge.spool import Spool, full

log = logging.getLogger(__name__)

GREETING = f"Sfumato bridge {__version__}: generative fill for GIMP and Photoshop. It speaks {SUBPROTOCOL} at {PATH}.\n"
MOST_UNSENT = 256
"""Control messages that may wait for a slow reader before the bridge stops reading what it says."""
PLAIN = "text/plain; charset=utf-8"
REVOKED = "The key of this panel was revoked. To use it again, run sfumato pair and paste its text."
LOOK_SECONDS = 2.0
"""How often the bridge looks whether a key that is in use was revoked: also by hand, and when nobody can tell it."""


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
        page: Path = assets.PAGE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`painters` stands in for the configured ones, `journal` for the file of records, `page` for the folder of the
        built page, `clock` for the seconds of invitations (a test passes its own)."""
        self.folder = folder
        self.instance = secrets.token_bytes(IDENTITY)
        self._config = config
        self._painters = painters or _painters(config)
        self._journal = journal
        self._assets = assets.read(page)
        self.keys = Keys(folder, clock)
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
        ledger = Ledger(self._journal(self.folder / "spool" / "journal"), gone=self.keys.gone)
        catalogue = Catalogue.of(self.folder, self._config.models)
        self.desk = Desk(ledger, spool, self._painters, catalogue, self._config.idle_minutes * 60, self.keys)
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
        self._looking = asyncio.create_task(self._look())
        home.announce(self.folder, home.Discovery(self.port, os.getpid(), self.instance.hex(), VERSION, __version__))
        return self

    async def __aexit__(self, *why: object) -> None:
        """Say goodbye, stop painting, leave the port."""
        home.retire(self.folder, self.instance.hex())
        self._looking.cancel()
        self.keys.sweep(all=True)
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
        headers, path = request.headers.raw_items(), request.path
        refused = guard.refuse(path, headers, self.port, len(self._open), strangers, self._assets)
        if origin := request.headers.get("Origin"):
            log.info("a request came with Origin %.80r", origin)
        if refused:
            log.warning("refused a request: %d %s", *refused)
            return _answer(refused.status, assets.Asset(PLAIN, f"{refused.text}\n".encode()))
        if path in self._assets:
            return _answer(200, self._assets[path], guard.page_headers(self.port))
        if path == "/":
            return _answer(200, assets.Asset(PLAIN, GREETING.encode()))
        self._open.add(connection)
        return None

    async def _look(self) -> None:
        """End the conversations of keys that were revoked, and sweep up."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            self.keys.sweep()
            for conversation in list(self._conversations):
                if not conversation.side.closing and self.keys.gone(conversation.key):
                    conversation.side.refuse(Refusal("auth.key", REVOKED))

    # ---- one conversation ---------------------------------------------------------------------------------------

    async def _converse(self, connection: ServerConnection) -> None:
        try:
            if connection.subprotocol != SUBPROTOCOL or connection.request is None or connection.request.path != PATH:
                await _refuse_version(connection)
                return
            side = BridgeSide(
                port=self.port,
                instance=self.instance,
                version=__version__,
                key_of=self.keys.of,
                invitations=self.keys.invitations,
            )
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
        """Hello, auth or pair. None where it ends with that: what to say then lies in the outbox."""
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
            if isinstance(event, Agreed):
                self._keep(side, event)
                return None
        who = [str(connection.remote_address[0])]
        if self.keys.of(side.claimed):  # a name that nobody has is the stranger's own choice: not worth a place
            who.append(side.claimed)
        self._failures.update(who)
        log.warning("a client failed to authenticate (%s)", side.closing)
        if max(self._failures[one] for one in who) >= 3:
            await asyncio.sleep(1)
        return None

    def _keep(self, side: BridgeSide, agreed: Agreed) -> None:
        """A client was paired: its key is kept before it is told so."""
        try:
            self.keys.keep(agreed)
        except OSError as why:
            side.outbox.say(Error.of(full(why, self.folder / "keys")))
            side.closing = (1011, "limit.spool")
        else:
            log.info("a client was paired: %s", agreed.key_id)
            side.paired(agreed)

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


def _answer(status: int, asset: assets.Asset, headers: Mapping[str, str] = guard.HEADERS) -> Response:
    told = Headers(headers)
    told.update({"Content-Type": asset.kind, "Content-Length": str(len(asset.content)), "Connection": "close"})
    return Response(status, http.HTTPStatus(status).phrase, told, asset.content)
