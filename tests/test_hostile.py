"""Who gets in, and what a stranger can do: real sockets, a real bridge, and after each attack the bridge is alive."""

import logging
import re
import secrets
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import msgpack
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection
from websockets.sync.client import connect as dial
from websockets.sync.server import serve

from bridge import server
from bridge.client import Client
from bridge.home import make_private, read_key
from bridge.journal import Journal
from bridge.ledger import Job, Ledger
from bridge.protocol import SUBPROTOCOL, limits
from bridge.protocol.codec import decode, encode
from bridge.protocol.errors import Refusal
from bridge.protocol.frames import MAGIC, PREFIX, Data, unpack
from bridge.protocol.messages import (
    Ack,
    Auth,
    Cancel,
    Done,
    Error,
    Fetch,
    Fill,
    Hello,
    Jobs,
    Layer,
    Message,
    Ping,
    Pong,
    Stream,
    Take,
    Want,
    Welcome,
)
from bridge.protocol.session import STRANGER, UNPROVEN, BridgeSide, ClientSide
from bridge.protocol.values import Box, Document, Picture, Recipe
from bridge.server import Bridge
from bridge.spool import Spool

ABOUT = {"name": "hostile", "version": "1", "host": "test"}
DOCUMENT = Document("ab" * 16, 64, 48, 3)
SELECTION = Box(20, 16, 8, 8)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, run_bridge) -> Iterator[Bridge]:
    """One bridge for all that leaves no trace in it, with a second key beside the local one."""
    with run_bridge(tmp_path_factory.mktemp("home"), page=tmp_path_factory.mktemp("page")) as running:
        add_key(running.folder, "paired")
        yield running


@pytest.fixture
def under_attack(shared: Bridge) -> Iterator[Bridge]:
    """The shared bridge; whatever a test does to it, afterwards it answers."""
    yield shared
    assert_alive(shared)


def add_key(folder: Path, name: str) -> None:
    path = make_private(folder / "keys") / f"{name}.key"
    path.touch(0o600)
    path.write_bytes(secrets.token_bytes(32))


# ---- three ways to speak --------------------------------------------------------------------------------------------


def ask(port: int, path: str, *headers: tuple[str, str], host: str = "127.0.0.1") -> tuple[int, dict[str, str]]:
    """One HTTP request as written, nothing added; returns status and headers of the answer (names in lower case)."""
    lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers)]
    with socket.create_connection((host, port), timeout=5) as wire:
        wire.sendall("\r\n".join([*lines, "", ""]).encode())
        answer = b""
        while b"\r\n\r\n" not in answer and (more := wire.recv(65536)):
            answer += more
    first, *rest = answer.partition(b"\r\n\r\n")[0].decode().split("\r\n")
    return int(first.split()[1]), {name.lower(): value for name, _, value in (line.partition(": ") for line in rest)}


UPGRADE = [
    *(("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13")),
    *(("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA=="), ("Sec-WebSocket-Protocol", SUBPROTOCOL)),
]


def call(port: int, path: str = "/v1", subprotocol: str = SUBPROTOCOL, **options: Any) -> ClientConnection:
    """A websocket on which nothing was said yet."""
    options = {"compression": None, "proxy": None, "open_timeout": 5, "close_timeout": 1, **options}
    return dial(f"ws://127.0.0.1:{port}{path}", subprotocols=[subprotocol], ping_interval=None, **options).__enter__()


class Guest:
    """A client that proved itself, and may say anything."""

    def __init__(self, bridge: Bridge, key_id: str = "local", session: bytes | None = None) -> None:
        self.wire = call(bridge.port)
        key = read_key(bridge.folder, key_id)
        self.side = ClientSide(port=bridge.port, key_id=key_id, key=key, client=ABOUT, session=session)
        self.side.receive(self.wire.recv(5))
        self.wire.send(self.side.outbox.take() or b"")
        self.side.receive(self.wire.recv(5))
        assert self.side.open

    def __enter__(self) -> "Guest":
        return self

    def __exit__(self, *why: object) -> None:
        self.wire.close()

    @property
    def welcomed(self) -> Welcome:
        assert self.side.welcomed
        return self.side.welcomed

    def say(self, *messages: Message | bytes | str) -> None:
        for message in messages:
            self.wire.send(encode(message) if isinstance(message, Message) else message)

    def hear(self) -> Message:
        """The next message."""
        return heard(self.wire)

    def assert_answers(self) -> None:
        """The connection lives: a ping gets its pong, and nothing else was said before."""
        at = time.monotonic()
        self.say(Ping(at))
        assert self.hear() == Pong(at)


def heard(wire: ClientConnection) -> Message:
    values = unpack(wire.recv(5))  # type: ignore[arg-type]
    assert isinstance(values, dict)
    return decode(values)


def ending(wire: ClientConnection) -> tuple[Error | None, int]:
    """What the bridge says last, and the code with which it closes."""
    last: Message | None = None
    try:
        while True:
            last = heard(wire)
    except ConnectionClosed as closed:
        wire.close()
        assert closed.rcvd
        assert last is None or isinstance(last, Error), last
        return last, closed.rcvd.code


def assert_alive(bridge: Bridge) -> None:
    """A client that comes now is let in and answered."""
    with Guest(bridge) as guest:
        guest.assert_answers()


def until(done: Callable[[], bool]) -> None:
    end = time.monotonic() + 5
    while not done():
        assert time.monotonic() < end, "it did not come to this"
        time.sleep(0.002)


# ---- before the upgrade ---------------------------------------------------------------------------------------------

Headers = list[tuple[str, str]]

ROWS: dict[str, tuple[str, Callable[[int], Headers], int]] = {
    "plain": ("/v1", lambda p: [("Host", f"127.0.0.1:{p}")], 101),
    "localhost": ("/v1", lambda p: [("Host", f"localhost:{p}")], 101),
    "IPv6": ("/v1", lambda p: [("Host", f"[::1]:{p}")], 101),
    "own page": ("/v1", lambda p: [("Host", f"127.0.0.1:{p}"), ("Origin", f"http://127.0.0.1:{p}")], 101),
    "null origin": ("/v1", lambda p: [("Host", f"127.0.0.1:{p}"), ("Origin", "null")], 101),
    "panel": ("/v1", lambda p: [("Host", f"127.0.0.1:{p}"), ("Origin", "uxp-internal://panel")], 101),
    "typed": ("/v1", lambda p: [("Host", f"127.0.0.1:{p}"), ("Sec-Fetch-Site", "none")], 101),
    "foreign version": ("/v2", lambda p: [("Host", f"127.0.0.1:{p}")], 101),
    "evil origin": ("/v1", lambda p: [("Host", f"127.0.0.1:{p}"), ("Origin", "https://evil.example")], 403),
    "rebinding": ("/v1", lambda p: [("Host", f"evil.example:{p}"), ("Origin", f"http://evil.example:{p}")], 421),
    "evil host": ("/v1", lambda p: [("Host", f"evil.example:{p}")], 421),
    "127 prefix": ("/v1", lambda p: [("Host", f"127.evil.example:{p}")], 421),
    "other port": ("/v1", lambda p: [("Host", f"127.0.0.1:{p + 1}")], 421),
    "no port": ("/v1", lambda p: [("Host", "127.0.0.1")], 421),
    "no host": ("/v1", lambda p: [], 400),
    "two hosts": ("/v1", lambda p: [("Host", f"127.0.0.1:{p}"), ("Host", "evil.example")], 400),
    "same host twice": ("/v1", lambda p: [("Host", f"127.0.0.1:{p}")] * 2, 400),
    "cross site": ("/v1", lambda p: [("Host", f"127.0.0.1:{p}"), ("Sec-Fetch-Site", "cross-site")], 403),
    "sandboxed frame": (
        *("/v1", lambda p: [("Host", f"127.0.0.1:{p}"), ("Origin", "null"), ("Sec-Fetch-Site", "cross-site")]),
        403,
    ),
    "traversal": ("/v1/../../../etc/passwd", lambda p: [("Host", f"127.0.0.1:{p}")], 404),
    "encoded": ("/%2e%2e/keys/local.key", lambda p: [("Host", f"127.0.0.1:{p}")], 404),
    "key": ("/keys/local.key", lambda p: [("Host", f"127.0.0.1:{p}")], 404),
    "absolute": ("http://evil.example/v1", lambda p: [("Host", f"127.0.0.1:{p}")], 404),
    "query": ("/v1?key=0", lambda p: [("Host", f"127.0.0.1:{p}")], 404),
}


@pytest.mark.parametrize("row", ROWS)
def test_the_door(under_attack: Bridge, row: str) -> None:
    path, headers, expected = ROWS[row]
    status, answer = ask(under_attack.port, path, *headers(under_attack.port), *UPGRADE)
    assert status == expected
    assert not [name for name in answer if name.startswith(("access-control", "set-cookie"))]


def test_without_the_subprotocol_no_socket_opens(under_attack: Bridge) -> None:
    own = ("Host", f"127.0.0.1:{under_attack.port}")
    assert ask(under_attack.port, "/v1", own, *UPGRADE[:-1])[0] == 400
    assert ask(under_attack.port, "/v1", own, *UPGRADE[:-1], ("Sec-WebSocket-Protocol", "chat"))[0] == 400


def test_without_a_built_page_there_is_a_greeting_that_no_page_may_frame_or_read(under_attack: Bridge) -> None:
    own = ("Host", f"127.0.0.1:{under_attack.port}")
    for headers in ([own], [own, ("Sec-Fetch-Site", "cross-site")]):
        status, answer = ask(under_attack.port, "/", *headers)
        assert status == 200
        assert answer["content-type"] == "text/plain; charset=utf-8"
        assert "frame-ancestors 'none'" in answer["content-security-policy"]
        assert answer["cross-origin-resource-policy"] == "same-origin"
        assert answer["x-content-type-options"] == "nosniff"
        assert not [name for name in answer if name.startswith(("access-control", "set-cookie", "server"))]
    assert ask(under_attack.port, "/", own, ("Origin", "https://evil.example"))[0] == 403
    assert ask(under_attack.port, "/", ("Host", "evil.example"))[0] == 421


def test_it_listens_on_both_loopback_addresses_and_no_other(under_attack: Bridge) -> None:
    port = under_attack.port
    if len(under_attack._servers) == 2:
        assert ask(port, "/", ("Host", f"[::1]:{port}"), host="::1")[0] == 200
    bound = {one.getsockname()[0] for running in under_attack._servers for one in running.sockets}
    assert bound <= {"127.0.0.1", "::1"}


def test_compression_is_not_spoken(under_attack: Bridge) -> None:
    wire = call(under_attack.port, compression="deflate")
    assert wire.response
    assert "Sec-WebSocket-Extensions" not in wire.response.headers
    wire.close()


def test_what_is_no_request_harms_nobody(under_attack: Bridge) -> None:
    with ExitStack() as open_ones:
        for first in (
            b"",
            b"\x16\x03\x01\x02\x00\x01",
            b"GET / HTTP/1.1\r\nHost: ",
            b"POST / HTTP/1.1\r\n\r\n",
            b"\0" * 70000,
        ):
            wire = open_ones.enter_context(socket.create_connection(("127.0.0.1", under_attack.port)))
            wire.sendall(first)
        assert_alive(under_attack)


# ---- how many, how long ---------------------------------------------------------------------------------------------


def test_strangers_are_few_and_those_it_knows_not_many(bridge: Bridge) -> None:
    with ExitStack() as guests:
        strangers = [call(bridge.port) for _ in range(limits.STRANGERS)]
        with pytest.raises(InvalidStatus) as refused:
            call(bridge.port)
        assert refused.value.response.status_code == 503
        for wire in strangers:
            wire.close()
        until(lambda: not bridge._open)
        for _ in range(limits.CONNECTIONS):
            guests.enter_context(Guest(bridge))
        with pytest.raises(InvalidStatus) as refused:
            call(bridge.port)
        assert refused.value.response.status_code == 503
        assert refused.value.response.body == b"Too many connections: 16 are open, 0 of them not yet known.\n"
    until(lambda: not bridge._open)
    assert_alive(bridge)


def test_who_says_nothing_is_shown_out(under_attack: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "AUTH_SECONDS", 0.05)
    wire = call(under_attack.port)
    assert isinstance(heard(wire), Hello)
    error, code = ending(wire)
    monkeypatch.undo()
    assert error
    assert (error.code, code) == ("auth.slow", 4408)
    assert error.text == "The plug-in said nothing for 0.05 s. Try again."


def test_a_full_disk_at_the_door_is_a_sentence_and_costs_no_place(bridge: Bridge, full_disk_at) -> None:
    with Guest(bridge) as guest:
        wire = call(bridge.port)
        said = proof(wire, bridge.port, "local", read_key(bridge.folder, "local"))
        with full_disk_at((bridge.folder / "spool" / "journal").stat().st_size):
            wire.send(encode(said))
            error, code = ending(wire)
        assert error
        assert (error.code, code) == ("limit.spool", 1011)
        assert "The disk is full" in error.text
        guest.assert_answers()
    assert_alive(bridge)


@pytest.mark.parametrize(("path", "subprotocol"), [("/v2", "sfumato.v2"), ("/v1", "sfumato.v2"), ("/v0", "sfumato.v0")])
def test_another_version_is_told_before_anything_else(under_attack: Bridge, path: str, subprotocol: str) -> None:
    wire = call(under_attack.port, path, subprotocol)
    error, code = ending(wire)
    assert error
    assert (error.code, code) == ("auth.version", 4406)
    other = path[1:] if path != "/v1" else subprotocol.removeprefix("sfumato.")
    older = "plug-in" if other < "v1" else "bridge"
    assert error.text == f"This bridge speaks sfumato.v1, the plug-in sfumato.{other}. Update the {older}."


# ---- the handshake --------------------------------------------------------------------------------------------------


def proof(wire: ClientConnection, port: int, key_id: str, key: bytes, session: bytes | None = None) -> Auth:
    """A client's answer to the hello on `wire`."""
    side = ClientSide(port=port, key_id=key_id, key=key, client=ABOUT, session=session)
    side.receive(wire.recv(5))
    said = decode(unpack(side.outbox.take() or b""))  # type: ignore[arg-type]
    assert isinstance(said, Auth)
    return said


def test_a_wrong_key_is_refused_and_from_the_third_time_on_late(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    waited = []
    real = server.asyncio.sleep

    async def sleep(seconds: float) -> None:
        if seconds == 1:
            waited.append(seconds)
        else:
            await real(seconds)

    monkeypatch.setattr(server.asyncio, "sleep", sleep)
    caplog.set_level(logging.DEBUG, "bridge")
    key = read_key(bridge.folder, "local")
    late = []
    for _ in range(5):
        wire = call(bridge.port)
        said = proof(wire, bridge.port, "local", bytes(32))
        wire.send(encode(said))
        error, code = ending(wire)
        assert error
        assert (error.code, code) == ("auth.failed", 4401)
        assert error.text == UNPROVEN.format(port=bridge.port)
        late.append(len(waited))
        assert said.mac.hex() not in caplog.text
    assert late == [0, 0, 1, 2, 3]
    assert_alive(bridge)
    assert len(waited) == 3  # the artist's own program never waits
    assert key.hex() not in caplog.text
    assert caplog.text.count("failed to authenticate") == 5


@pytest.mark.parametrize("key_id", ["unknown", "LOCAL", "con", "local.key"])
def test_an_unknown_key_is_refused(under_attack: Bridge, key_id: str, no_penalty: None) -> None:
    wire = call(under_attack.port)
    wire.send(encode(proof(wire, under_attack.port, key_id, read_key(under_attack.folder, "local"))))
    error, code = ending(wire)
    assert error
    assert (error.code, code) == ("auth.key", 4401)
    assert error.text == STRANGER


@pytest.fixture
def no_penalty(shared: Bridge) -> None:
    """What earlier tests failed at is forgotten, so that nothing waits."""
    shared._failures.clear()


@pytest.mark.parametrize(
    "first", [Ping(1.0), Cancel("ab"), PREFIX.pack(MAGIC, 1, 1, 1, 0, 0, 0) + b"pixels"], ids=["ping", "cancel", "data"]
)
def test_nothing_is_heard_before_the_proof(under_attack: Bridge, first: Message | bytes, no_penalty: None) -> None:
    wire = call(under_attack.port)
    assert isinstance(heard(wire), Hello)
    wire.send(encode(first) if isinstance(first, Message) else first)
    error, code = ending(wire)
    assert error
    assert (error.code, code) == ("auth.failed", 4401)
    assert error.text == "The first message of a client is `auth` or `pair`."


@pytest.mark.parametrize("name", ["../local", "a/b", "x" * 65, ""])
def test_a_key_is_no_path(under_attack: Bridge, name: str, no_penalty: None) -> None:
    wire = call(under_attack.port)
    said = proof(wire, under_attack.port, "local", bytes(32))
    wire.send(control({**said.__dict__, "t": "auth", "key_id": name, "session": None}))
    assert ending(wire)[1] == 4400


def test_a_proof_is_good_once(under_attack: Bridge, no_penalty: None) -> None:
    """What was overheard on one connection opens no other: each has a nonce of its own."""
    first, second = call(under_attack.port), call(under_attack.port)
    said = proof(first, under_attack.port, "local", read_key(under_attack.folder, "local"))
    assert isinstance(heard(second), Hello)
    second.send(encode(said))
    error, code = ending(second)
    assert error
    assert (error.code, code) == ("auth.failed", 4401)
    first.send(encode(said))
    assert isinstance(heard(first), Welcome)
    first.close()


def test_a_session_of_another_key_is_unknown(under_attack: Bridge) -> None:
    with Guest(under_attack) as mine:
        session = mine.welcomed.session
        with Guest(under_attack, "paired", session) as thief:
            assert not thief.welcomed.resumed
            assert thief.welcomed.session != session
        mine.assert_answers()  # nobody was shown out
    with Guest(under_attack, "local", session) as again:
        assert again.welcomed.resumed
        assert again.welcomed.session == session


def test_the_same_session_elsewhere_ends_the_older_connection(under_attack: Bridge) -> None:
    with Guest(under_attack) as older, Guest(under_attack, "local", older.welcomed.session) as newer:
        assert newer.welcomed.resumed
        error, code = ending(older.wire)
        assert error
        assert (error.code, code) == ("auth.elsewhere", 4409)
        assert error.text == "This session was opened elsewhere; this connection ends."
        newer.assert_answers()


# ---- somebody in between --------------------------------------------------------------------------------------------


@contextmanager
def relay(port: int, rewritten: bool) -> Iterator[tuple[int, bytearray]]:
    """A program on another port that hands every byte on, and keeps what the client says. `rewritten`: it also makes
    the client's Host look as if the bridge had been dialled."""
    overheard = bytearray()
    listener = socket.create_server(("127.0.0.1", 0))
    own = listener.getsockname()[1]

    def hand_on(source: socket.socket, sink: socket.socket, keep: bytearray | None) -> None:
        try:
            while chunk := source.recv(65536):
                if keep is not None:
                    keep += chunk
                    if rewritten:
                        chunk = chunk.replace(f"127.0.0.1:{own}".encode(), f"127.0.0.1:{port}".encode())
                sink.sendall(chunk)
        except OSError:
            pass
        finally:
            for one in (source, sink):
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)

    def meet() -> None:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        with client, socket.create_connection(("127.0.0.1", port)) as bridge:
            back = threading.Thread(target=hand_on, args=(bridge, client, None))
            back.start()
            hand_on(client, bridge, overheard)
            back.join()

    thread = threading.Thread(target=meet)
    thread.start()
    try:
        yield own, overheard
    finally:
        listener.close()
        thread.join(5)


def no_pixels(want: Want) -> tuple[bytes, bytes | None]:
    raise AssertionError("a stranger asked for pixels")


def test_a_relay_on_another_port_is_turned_away(under_attack: Bridge) -> None:
    with relay(under_attack.port, rewritten=False) as (port, _), pytest.raises(Refusal) as refused:
        Client(ABOUT, under_attack.folder, port=port, start=False)
    assert refused.value.code == "auth.failed"


def test_a_relay_that_covers_its_tracks_proves_nothing_to_the_bridge(under_attack: Bridge, no_penalty: None) -> None:
    with relay(under_attack.port, rewritten=True) as (port, overheard), pytest.raises(Refusal) as refused:
        Client(ABOUT, under_attack.folder, port=port, start=False)
    assert refused.value.code == "auth.failed"
    assert refused.value.text == UNPROVEN.format(port=under_attack.port)
    assert read_key(under_attack.folder, "local") not in overheard


def test_a_relay_that_even_the_bridge_trusts_proves_nothing_to_the_client(under_attack: Bridge) -> None:
    """A bridge that listens elsewhere (or one that checks no ports) answers for its own port: the client closes."""
    key = read_key(under_attack.folder, "local")
    told: list[object] = []

    def converse(wire: Any) -> None:
        side = BridgeSide(port=wire.local_address[1], instance=bytes(16), version="0", key_of=lambda _: key)
        wire.send(side.outbox.take())
        said = decode(unpack(wire.recv(5)))
        assert isinstance(said, Auth)
        side._said, side._key, side._port = said, key, under_attack.port
        side.welcome(bytes(16), False)
        wire.send(side.outbox.take())
        told.extend(wire)

    with stranger(converse) as port, pytest.raises(Refusal) as refused:
        Client(ABOUT, under_attack.folder, port=port, start=False)
    assert refused.value.code == "auth.failed"
    assert refused.value.text == (
        "What answers on the bridge's port is not your bridge; nothing was sent to it. "
        "Find out which program holds that port."
    )
    assert told == []


@contextmanager
def stranger(converse: Callable[[Any], None]) -> Iterator[int]:
    """Another program that speaks the bridge's subprotocol."""
    with serve(converse, "127.0.0.1", 0, subprotocols=[SUBPROTOCOL], compression=None) as listening:  # type: ignore[list-item]
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        try:
            yield listening.socket.getsockname()[1]
        finally:
            listening.shutdown()
            thread.join()


def test_a_stranger_without_the_key_gets_no_pixel(under_attack: Bridge) -> None:
    told: list[object] = []

    def converse(wire: Any) -> None:
        wire.send(encode(Hello((1, 1), "0.1.0", bytes(16), bytes(32), {})))
        told.append(type(decode(unpack(wire.recv(5)))).__name__)
        wire.send(encode(Welcome(secrets.token_bytes(32), bytes(16), False)))
        told.extend(wire)

    with stranger(converse) as port, pytest.raises(Refusal, match="is not your bridge; nothing was sent to it"):
        list(
            Client(ABOUT, under_attack.folder, port=port, start=False).fill(DOCUMENT, None, Recipe("remove"), no_pixels)
        )
    assert told == ["Auth"]


def test_a_stranger_that_is_no_bridge_at_all_is_named(under_attack: Bridge) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            wire, _ = listener.accept()
            with wire:
                wire.recv(65536)
                wire.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")

        thread = threading.Thread(target=answer)
        thread.start()
        port = listener.getsockname()[1]
        with pytest.raises(Refusal) as refused:
            Client(ABOUT, under_attack.folder, port=port, start=False)
        thread.join()
    assert refused.value.code == "auth.failed"
    assert refused.value.text.startswith(
        f"Something answers on port {port}, but it is not your bridge; nothing was sent"
    )


# ---- bytes that are no message --------------------------------------------------------------------------------------


def control(values: object, **prefix: int) -> bytes:
    """A control message of anything."""
    body = values if isinstance(values, bytes) else msgpack.packb(values)
    given = {"magic": MAGIC, "major": 1, "kind": 0, "first": len(body), "offset": 0, "crc": 0, "flags": 0, **prefix}
    return PREFIX.pack(*given.values()) + body


def nested(depth: int) -> object:
    value: object = []
    for _ in range(depth - 2):
        value = [value]
    return {"t": "ping", "deep": value}


PING = {"t": "ping", "at": 1.0}
MALFORMED: dict[str, bytes] = {
    "nothing": b"",
    "half a prefix": bytes(23),
    "another magic": control(PING, magic=0x4653),
    "another major": control(PING, major=2),
    "unknown kind": control(PING, kind=2),
    "length too small": control(PING, first=3),
    "length too large": control(PING, first=1 << 31),
    "control with an offset": control(PING, offset=1),
    "control with a checksum": control(PING, crc=1),
    "control with flags": control(PING, flags=1),
    "a map and more": control(msgpack.packb(PING) + b"\x00"),
    "two maps": control(msgpack.packb(PING) * 2),
    "half a map": control(msgpack.packb(PING)[:-1]),
    "no map": control([1, 2, 3]),
    "no msgpack": control(b"\xc1"),
    "a map over 64 KiB": control({"t": "ping", "x": bytes(limits.MAP - 12)}),
    "a number as key": control({"t": "ping", 1: 1}),
    "bytes as key": control({"t": "ping", b"x": 1}),
    "an inner number as key": control({"t": "ping", "x": {1: 1}}),
    "a key twice": control(b"\x83\xa1t\xa4ping\xa1x\x01\xa1x\x02"),
    "NaN": control({"t": "ping", "at": float("nan")}),
    "infinity": control({"t": "ping", "at": float("-inf")}),
    "an inner NaN": control({"t": "ping", "x": [{"y": float("nan")}]}),
    "2**53": control({"t": "ping", "x": 1 << 53}),
    "-2**53": control({"t": "ping", "x": -(1 << 53)}),
    "an extension": control({"t": "ping", "x": msgpack.ExtType(5, b"x")}),
    "a timestamp": control({"t": "ping", "x": msgpack.Timestamp(1)}),
    "no UTF-8": control(b"\x82\xa1t\xa4ping\xa1x\xa1\xff"),
    "nine deep": control(nested(9)),
    "thousands deep": control(b"\x82\xa1t\xa4ping\xa1x" + b"\x91" * 30000 + b"\xc0"),
    "an array that is announced only": control(b"\x82\xa1t\xa4ping\xa1x\xdd\x7f\xff\xff\xff"),
    "a type that is no text": control({"t": "auth", "key_id": 5}),
    "an ill-typed field": control({"t": "cancel", "job": 5}),
    "a missing field": control({"t": "cancel"}),
    "a path for a name": control({"t": "cancel", "job": "../../etc/passwd"}),
    "a path for a job to take": control({"t": "take", "job": "../../etc/passwd"}),
    "a job to take that is none": control({"t": "take", "job": ""}),
    "jobs that are no list": control({"t": "jobs", "jobs": {"job": "a"}}),
    "a path for a result": control({"t": "fetch", "result": "../local.key", "use": "layer"}),
    "a path for a region": control(
        {**{"t": "fill", "job": "a", "region": "/etc/passwd", "recipe": {"mode": "remove"}}}
        | {"document": {"tag": "a", "width": 9, "height": 9, "channels": 3, "depth": "u8"}}
    ),
    "a stream that counts backwards": control({"t": "credit", "s": -1, "bytes": 5}),
    "data without payload": control(b"", kind=1),
    "data over 256 KiB": control(bytes(limits.CHUNK + 1), kind=1, first=1),
    "data with unknown flags": control(b"x", kind=1, first=1, flags=4),
    "data with a checksum unannounced": control(b"x", kind=1, first=1, crc=1),
}


@pytest.mark.parametrize("what", MALFORMED)
def test_what_cannot_be_read_ends_the_conversation(under_attack: Bridge, what: str) -> None:
    with Guest(under_attack) as guest:
        guest.say(MALFORMED[what])
        error, code = ending(guest.wire)
        assert error
        assert (error.code, code) == ("wire.malformed", 4400)
        assert error.text.endswith("Update the plug-in or the bridge.")


def test_what_is_just_allowed_does_not(under_attack: Bridge) -> None:
    with Guest(under_attack) as guest:
        for values in (nested(8), {"t": "ping", "at": 0.0, "x": 2**53 - 1}, {"t": "ping", "x": -(2**53) + 1}):
            guest.say(control(values))
            assert isinstance(guest.hear(), Pong)
        filled = {"t": "ping", "x": bytes(limits.MAP - 13)}
        assert len(msgpack.packb(filled)) == limits.MAP
        guest.say(control(filled))
        assert isinstance(guest.hear(), Pong)


def test_a_text_ends_the_conversation(under_attack: Bridge, no_penalty: None) -> None:
    with Guest(under_attack) as guest:
        guest.say('{"t": "ping"}')
        error, code = ending(guest.wire)
        assert error
        assert (error.code, code) == ("wire.text", 4402)
        assert error.text == "This wire carries binary messages only; a text arrived."
    wire = call(under_attack.port)
    assert isinstance(heard(wire), Hello)
    wire.send("hello")
    assert ending(wire)[1] == 4402


def test_a_message_over_1_mib_ends_the_conversation(under_attack: Bridge) -> None:
    with Guest(under_attack) as guest:
        guest.say(bytes(limits.MESSAGE + 1))
        assert ending(guest.wire) == (None, 1009)
    with Guest(under_attack) as guest:
        guest.wire.send([bytes(limits.MESSAGE // 2)] * 3)  # in three frames
        assert ending(guest.wire) == (None, 1009)


def test_a_frame_that_announces_2_to_the_62_bytes_is_not_waited_for(under_attack: Bridge) -> None:
    with socket.create_connection(("127.0.0.1", under_attack.port), timeout=5) as wire:
        head = [f"GET /v1 HTTP/1.1\r\nHost: 127.0.0.1:{under_attack.port}", *(f"{name}: {v}" for name, v in UPGRADE)]
        wire.sendall("\r\n".join([*head, "", ""]).encode())
        assert wire.recv(65536).startswith(b"HTTP/1.1 101")
        wire.sendall(struct.pack(">BBQ4s", 0x82, 0xFF, 1 << 62, bytes(4)))
        answer = b""
        while more := wire.recv(65536):
            answer += more
    assert re.search(rb"\x88.\x03\xf1", answer, re.DOTALL), answer  # a close frame with 1009


# ---- messages that nobody asked for ---------------------------------------------------------------------------------


def error_of(guest: Guest, *said: Message | bytes) -> Error:
    """The one error that answers; the connection lives on."""
    guest.say(*said)
    error = guest.hear()
    assert isinstance(error, Error)
    guest.assert_answers()
    return error


def test_an_unknown_type_is_said_to_be_unknown(under_attack: Bridge) -> None:
    with Guest(under_attack) as guest:
        error = error_of(guest, control({"t": "conjure"}))
        assert (error.code, error.re) == ("wire.type", "conjure")
        assert error_of(guest, control({"t": "t" * 60000})).code == "wire.type"
        assert error_of(guest, control({"x": 1})).code == "wire.type"
        assert error_of(guest, encode(Welcome(bytes(32), bytes(16), True))).code == "wire.type"
        said = Auth(ABOUT, 1, "local", bytes(32), bytes(32))
        assert error_of(guest, said).code == "wire.type"  # once is enough


def test_pixels_that_nobody_announced_are_dropped(under_attack: Bridge) -> None:
    with Guest(under_attack) as guest:
        error = error_of(guest, control(b"pixels", kind=1, first=7))
        assert (error.code, error.s) == ("wire.stream", 7)


def test_pixels_that_nobody_wanted_are_refused(under_attack: Bridge) -> None:
    with Guest(under_attack) as guest:
        picture = Picture(8, 8, 3)
        error = error_of(guest, Stream(1, "ab" * 16, "image", picture, picture.size))
        assert (error.code, error.text) == ("job.unknown", "Pixels came for a job that wants none.")


def test_an_announcement_over_what_was_wanted_is_refused_and_takes_no_room(bridge: Bridge) -> None:
    spool = bridge.folder / "spool"
    with Guest(bridge) as guest:
        guest.say(Fill("ab" * 16, DOCUMENT, Recipe("remove"), SELECTION))
        want = guest.hear()
        assert isinstance(want, Want)
        assert want.image
        box = want.image.box
        wanted = Picture(box.width, box.height, 3)
        huge = Picture(20_000, 18_000, 3)
        assert huge.size > wanted.size + limits.GIB
        before = sum(path.stat().st_size for path in spool.rglob("*"))
        error = error_of(guest, Stream(1, want.job, "image", huge, huge.size))
        assert error.code == "picture.size"
        assert error.text == f"The image that came has {huge}; wanted was {wanted}."
        assert (error.job, error.s, error.retry) == (want.job, 1, "now")
        # its data is dropped without a word
        guest.say(control(bytes(limits.CHUNK), kind=1, first=1))
        guest.assert_answers()
        assert sum(path.stat().st_size for path in spool.rglob("*")) == before
        # a size that is not its picture's: the stream dies, the want stands
        assert error_of(guest, Stream(3, want.job, "image", wanted, wanted.size + limits.GIB)).code == "wire.offset"
        assert error_of(guest, Stream(5, want.job, "mask", wanted, wanted.size)).code == "picture.size"
        guest.say(Stream(7, want.job, "image", wanted, wanted.size), control(b"x", kind=1, first=7))
        guest.assert_answers()
        uploads = list((spool / "uploads").iterdir())
        assert [path.stat().st_size for path in uploads] == [1]  # what came, not what was announced
        # more than was announced
        error = error_of(guest, control(bytes(wanted.size), kind=1, first=7, offset=1))
        assert (error.code, error.s) == ("wire.offset", 7)
    assert_alive(bridge)


def test_more_jobs_than_may_wait_are_refused_with_both_numbers(bridge: Bridge) -> None:
    with Guest(bridge) as guest:
        for number in range(limits.QUEUED):
            guest.say(Fill(f"{number:032x}", DOCUMENT, Recipe("remove"), SELECTION))
            assert isinstance(guest.hear(), Want)
        error = error_of(guest, Fill("ff" * 16, DOCUMENT, Recipe("remove"), SELECTION))
        assert (error.code, error.job, error.retry) == ("queue.full", "ff" * 16, "later")
        assert error.text == "32 jobs wait already; the limit is 32. Wait for one to finish, or cancel some."
        with Guest(bridge) as other:  # of the same key
            assert error_of(other, Fill("fe" * 16, DOCUMENT, Recipe("remove"), SELECTION)).code == "queue.full"
        add_key(bridge.folder, "paired")
        with Guest(bridge, "paired") as other:
            other.say(Fill("fd" * 16, DOCUMENT, Recipe("remove"), SELECTION))
            assert isinstance(other.hear(), Want)
    assert_alive(bridge)


def test_another_keys_jobs_and_layers_are_unknown(bridge: Bridge) -> None:
    add_key(bridge.folder, "paired")
    with Guest(bridge) as mine, Guest(bridge, "paired") as thief:
        mine.say(Fill("ab" * 16, DOCUMENT, Recipe("remove"), SELECTION))
        assert isinstance(mine.hear(), Want)
        error = error_of(thief, Cancel("ab" * 16))
        assert error.code == "job.unknown"
        error = error_of(thief, Fill("ab" * 16, DOCUMENT, Recipe("remove"), SELECTION))
        assert error.code == "job.reused"
        picture = Picture(8, 8, 3)
        error = error_of(thief, Stream(1, "ab" * 16, "image", picture, picture.size))
        assert error.code == "job.unknown"
        assert error_of(thief, Fetch("ab" * 16, "layer")).code == "result.expired"
        assert error_of(thief, Take("ab" * 16)).code == "job.unknown"
        mine.assert_answers()
    assert_alive(bridge)


def test_another_keys_finished_layer_is_nobody_elses(home: Path, run_bridge) -> None:
    spool = Spool(home / "spool")
    with closing(Ledger(Journal(spool.folder / "journal"))) as ledger:  # what an earlier bridge left
        session, _ = ledger.open("paired", None)
        plan, job = {"seconds": 0.0, "memory": 0}, "ab" * 16
        asked = Fill(job, DOCUMENT, Recipe("remove", seed=1), SELECTION)
        ledger.accept(Job(job, "paired", session.name, "t", asked, b"", "r", "classical", "classical", (), plan, 0.0))
        shape = Picture(8, 8, 3)
        ledger.layer(
            ledger.jobs[job], Layer(0, job, "cd" * 16, 0, 1, SELECTION, shape, "Remove", 1, {}, False, {"seconds": 0.0})
        )
        ledger.done(ledger.jobs[job], Done(0, job, "ok", ("cd" * 16,)))
        spool.layer("cd" * 16).picture.write_bytes(bytes(range(192)))
    add_key(home, "paired")
    with run_bridge(home) as bridge:
        with Guest(bridge, "local", session.name) as thief:
            assert not thief.welcomed.resumed
            error = error_of(thief, Fetch("cd" * 16, "layer"))
            assert error.code == "result.expired"
            text = "This layer is no longer kept: it was taken or discarded, or a week has passed. Paint it again."
            assert error.text == text
            for asked in (Cancel(job), Take(job), Take(job)):
                error = error_of(thief, asked)
                assert (error.code, error.job) == ("job.unknown", job)
            thief.say(Jobs(({"job": job},)))
            assert thief.hear() == Jobs(())
            thief.say(Ack(1, "discarded"), Ack(2))
            thief.assert_answers()
        with Guest(bridge, "paired", session.name) as owner:
            assert owner.welcomed.resumed
            again, done = owner.hear(), owner.hear()
            assert isinstance(again, Layer)
            assert (again.n, again.result, again.s, again.mask_s) == (1, "cd" * 16, None, None)
            assert isinstance(done, Done)
            owner.say(Fetch("cd" * 16, "layer", 100))
            stream = owner.hear()
            assert isinstance(stream, Stream)
            assert (stream.size, stream.start) == (192, 100)
            data = unpack(owner.wire.recv(5))  # type: ignore[arg-type]
            assert isinstance(data, Data)
            assert (data.offset, bytes(data.payload), data.last) == (100, bytes(range(100, 192)), True)
        assert_alive(bridge)


def test_the_log_says_nothing_of_the_picture(bridge: Bridge, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "bridge")
    with Guest(bridge) as guest:
        guest.say(Fill("ab" * 16, DOCUMENT, Recipe("remove", prompt="my secret garden"), SELECTION))
        guest.hear()
        guest.say(control({"t": "cancel", "job": "my secret garden"}))
        ending(guest.wire)
    assert "secret" not in caplog.text
    assert_alive(bridge)


# ---- these tests themselves -----------------------------------------------------------------------------------------


def test_no_test_reaches_another_machine(tmp_path: Path) -> None:
    for address in (("192.0.2.1", 80), ("2001:db8::1", 80)):
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        with socket.socket(family) as wire, pytest.raises(AssertionError, match="a test tried to reach"):
            wire.connect(address)
    with socket.socket(type=socket.SOCK_DGRAM) as wire, pytest.raises(AssertionError, match=r"192\.0\.2\.1"):
        wire.sendto(b"x", ("192.0.2.1", 53))
