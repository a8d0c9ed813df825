"""The page and pairing under attack: what other origins learn, and what a stranger makes of a pairing text."""

import contextlib
import http.client
import logging
import secrets
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed

from bridge import server
from bridge.client import Client
from bridge.home import read_key
from bridge.keys import door, revoke
from bridge.protocol import limits
from bridge.protocol.codec import encode
from bridge.protocol.messages import Error, Invite, Paired, Progress
from bridge.protocol.session import STRANGER, UNINVITED, ClientSide
from bridge.server import Bridge
from tests.asks import SELECTION, Reader, document, recipe
from tests.painters import painter
from tests.pairs import PANEL, Pasted
from tests.test_hostile import ABOUT, Guest, ask, assert_alive, call, ending, error_of, heard, proof, relay

FILES = {
    "index.html": b"<!doctype html><script src=page.js></script>",
    "page.css": b"body { margin: 0 }",
    "page.js": b"'use strict';" * 1000,
    "sample.jpg": b"\xff\xd8" + bytes(5_000_000),
}
KINDS = {"/": "text/html", "/page.css": "text/css", "/page.js": "text/javascript", "/sample.jpg": "image/jpeg"}


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page")
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
    (folder / "page.js.map").write_bytes(b"not for anybody")
    return folder


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, run_bridge, built: Path, clock: Clock) -> Iterator[Bridge]:
    with run_bridge(tmp_path_factory.mktemp("home"), page=built, clock=clock) as running:
        yield running


@pytest.fixture
def served(shared: Bridge) -> Iterator[Bridge]:
    """The shared bridge with nothing left of earlier tests; whatever a test does to it, afterwards it answers."""
    shared._failures.clear()
    shared.keys.invitations._made.clear()
    yield shared
    assert_alive(shared)


def own(bridge: Bridge, host: str = "127.0.0.1") -> tuple[str, str]:
    return "Host", f"{host}:{bridge.port}"


def whole(port: int, path: str, *headers: tuple[str, str]) -> bytes:
    """Every byte that answers a request."""
    lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers)]
    with socket.create_connection(("127.0.0.1", port), timeout=5) as wire:
        wire.sendall("\r\n".join([*lines, "", ""]).encode())
        answer = b""
        while more := wire.recv(1 << 16):
            answer += more
    return answer


# ---- the page's files -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", KINDS)
@pytest.mark.parametrize("site", [None, "none", "same-origin"])
def test_the_page_is_served_whole_and_fenced_in(served: Bridge, path: str, site: str | None) -> None:
    asked = http.client.HTTPConnection("127.0.0.1", served.port, timeout=5)
    asked.request("GET", path, headers={"Sec-Fetch-Site": site} if site else {})
    answer = asked.getresponse()
    content = answer.read()
    asked.close()
    assert (answer.status, content) == (200, FILES[path[1:] or "index.html"])
    assert answer.headers["Content-Type"].split(";")[0] == KINDS[path]
    policy = dict(one.split(" ", 1) for one in answer.headers["Content-Security-Policy"].split("; "))
    assert policy == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' blob:",
        "connect-src": f"'self' ws://localhost:{served.port} ws://127.0.0.1:{served.port}",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"
    names = [name.lower() for name in answer.headers]
    assert not [name for name in names if name.startswith(("access-control", "set-cookie", "server"))]


@pytest.mark.parametrize("path", KINDS)
def test_no_other_origin_reads_a_file(served: Bridge, path: str) -> None:
    for origin in ("https://evil.example", f"http://localhost:{served.port + 1}", f"https://localhost:{served.port}"):
        assert ask(served.port, path, own(served), ("Origin", origin))[0] == 403
    for host in ("evil.example", f"evil.example:{served.port}", "127.0.0.1"):
        assert ask(served.port, path, ("Host", host))[0] == 421
    for site in ("cross-site", "same-site"):
        status, answer = ask(served.port, path, own(served), ("Sec-Fetch-Site", site))
        assert status == (200 if path == "/" else 403)  # a link may lead to the page; nobody may frame or read it
        assert answer["cross-origin-resource-policy"] == "same-origin"
        assert "frame-ancestors 'none'" in answer["content-security-policy"]


@pytest.mark.parametrize(
    "path",
    "/index.html /page.js/ //page.js /./page.js /x/../page.js /page.js?v=1 /page.js# /%70age.js /PAGE.JS /page.js%00 "
    "/page.js.map /page /sample.jpg/../page.js /../page.js /..%2fkeys%2flocal.key /../keys/local.key /keys/local.key "
    "/bridge.json /launch.json /sfumato.toml /doors/ /bridge.log /favicon.ico \\page.js http://evil.example/page.js"
    "".split(),
)
def test_a_file_has_one_name(served: Bridge, path: str) -> None:
    assert ask(served.port, path, own(served))[0] == 404


def test_many_files_at_once_cost_no_connection(served: Bridge) -> None:
    """A browser asks for six at a time, and some never read what they asked for."""
    with contextlib.ExitStack() as wires:
        for _ in range(limits.CONNECTIONS + 4):
            wire = wires.enter_context(socket.create_connection(("127.0.0.1", served.port), timeout=5))
            wire.sendall(f"GET /sample.jpg HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\n\r\n".encode())
        assert_alive(served)
        assert len(whole(served.port, "/page.js", own(served))) > len(FILES["page.js"])


def test_nobody_learns_whether_a_fill_runs(home: Path, run_bridge, built: Path, tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    with run_bridge(home, [painter("endless", begun)], page=built) as bridge:
        evil, cross = ("Origin", "https://evil.example"), ("Sec-Fetch-Site", "cross-site")
        rows = [
            (path, headers) for path in (*KINDS, "/v1", "/bridge.json") for headers in ([evil], [cross], [evil, cross])
        ]

        def look() -> list[bytes]:
            return [whole(bridge.port, path, own(bridge), *headers) for path, headers in rows]

        before = look()
        client = Client(ABOUT, home, start=False)
        fill = client.fill(document(), SELECTION, recipe(), Reader(document()))
        while not begun.exists():
            next(fill)
        assert isinstance(next(event.message for event in fill if isinstance(event.message, Progress)), Progress)
        during = look()
        fill.close()
        client.close()
        assert during == before == look()
        assert all(b"Date:" not in answer for answer in before)


# ---- pairing --------------------------------------------------------------------------------------------------------


def invited(bridge: Bridge, page: bool = False) -> str:
    """A pairing text."""
    with contextlib.closing(Client(ABOUT, bridge.folder, start=False)) as client:
        text = client.invite(page).text
    assert text
    return text


def paste(bridge: Bridge, text: str, **wrong: object) -> tuple[str, bytes] | Error:
    """Paste a text into a panel: its new key, or what the bridge says instead."""
    wire = call(bridge.port)
    hello = wire.recv(5)
    assert isinstance(hello, bytes)
    pasted = Pasted(text, hello, bridge.port)
    wire.send(encode(replace(pasted.pair(), **wrong)))
    paired = heard(wire)
    if isinstance(paired, Error):
        assert ending(wire)[1] == {"auth.pair": 4401, "limit.spool": 1011}[paired.code]
        return paired
    assert isinstance(paired, Paired)
    with pytest.raises(ConnectionClosed) as closed:
        wire.recv(5)
    assert closed.value.rcvd and closed.value.rcvd.code == 1000
    wire.close()
    return paired.key_id, pasted.key(paired)


def known(bridge: Bridge, text: str) -> tuple[str, bytes]:
    """The same, where it must go well."""
    made = paste(bridge, text)
    assert not isinstance(made, Error), made
    return made


class Panel(Guest):
    """A guest that keeps its key by itself."""

    def __init__(self, bridge: Bridge, key_id: str, key: bytes) -> None:
        self.wire = call(bridge.port)
        self.side = ClientSide(port=bridge.port, key_id=key_id, key=key, client=PANEL)
        self.side.receive(self.wire.recv(5))
        self.wire.send(self.side.outbox.take() or b"")
        self.side.receive(self.wire.recv(5))
        assert self.side.open


def assert_refused(answer: object) -> None:
    assert isinstance(answer, Error), answer
    assert (answer.code, answer.text, answer.retry) == ("auth.pair", UNINVITED, "never")


@pytest.mark.parametrize("page", [False, True])
def test_a_pasted_text_lets_a_panel_in(served: Bridge, page: bool) -> None:
    text = invited(served, page)
    path = door(served.folder, text)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"")
    key_id, key = known(served, text)
    assert not path.exists()
    assert (served.folder / "keys" / f"{key_id}.key").exists() != page
    if not page:
        assert read_key(served.folder, key_id) == key
    with Panel(served, key_id, key) as panel:
        panel.assert_answers()


@pytest.mark.parametrize("page", [False, True])
def test_who_was_paired_invites_nobody(served: Bridge, page: bool) -> None:
    with Panel(served, *known(served, invited(served, page))) as panel:
        panel.say(Invite())
        error, code = ending(panel.wire)
    assert error
    assert (error.code, error.re, code) == ("auth.pair", "invite", 4401)
    assert error.text.endswith("run sfumato pair in a terminal.")
    assert served.keys.invitations.alive == []


def test_a_text_is_good_once(served: Bridge) -> None:
    text = invited(served)
    known(served, text)
    assert_refused(paste(served, text))


def test_nobody_may_guess_more_than_five_times(served: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    waited = []
    real = server.asyncio.sleep

    async def sleep(seconds: float) -> None:
        if seconds == 1:
            waited.append(seconds)
        else:
            await real(seconds)

    monkeypatch.setattr(server.asyncio, "sleep", sleep)
    text = invited(served)
    for _ in range(limits.PAIR_TRIES):
        assert_refused(paste(served, text, mac=secrets.token_bytes(32)))
    assert_refused(paste(served, text))
    assert len(waited) == 4  # from the third on
    served._failures.clear()


def test_four_wrong_tries_are_forgiven(served: Bridge) -> None:
    text = invited(served)
    for _ in range(limits.PAIR_TRIES - 1):
        assert_refused(paste(served, "A" * 26))
        served._failures.clear()
    known(served, text)


def test_a_text_is_too_old_after_two_minutes(served: Bridge, clock: Clock) -> None:
    old, text = invited(served), invited(served)
    clock.now += limits.PAIR_SECONDS - 0.5
    known(served, text)
    clock.now += 0.5
    assert_refused(paste(served, old))


def test_a_relay_pairs_nobody(served: Bridge) -> None:
    """The panel dials somebody else's port, who hands every byte on."""
    text = invited(served)
    with relay(served.port, rewritten=True) as (port, overheard):
        wire = call(port)
        hello = wire.recv(5)
        assert isinstance(hello, bytes)
        pasted = Pasted(text, hello, port)
        wire.send(encode(pasted.pair()))
        assert_refused(heard(wire))
        wire.close()
    assert pasted.secret not in overheard and text.encode() not in overheard


def test_pair_in_the_middle_of_a_conversation(served: Bridge) -> None:
    text = invited(served)
    with Guest(served) as guest:
        assert guest.side.hello
        hello = encode(guest.side.hello)
        error = error_of(guest, Pasted(text, hello, served.port).pair())
    assert (error.code, error.re) == ("wire.type", "pair")
    known(served, text)


def test_a_full_disk_pairs_nobody(home: Path, run_bridge, full_disk_at) -> None:
    with run_bridge(home) as bridge:
        text = invited(bridge)
        with full_disk_at(10):
            error = paste(bridge, text)
        assert isinstance(error, Error)
        assert error.code == "limit.spool" and "The disk is full" in error.text
        assert [path.name for path in (home / "keys").iterdir() if path.suffix != ".json"] == ["local.key"]
        assert_alive(bridge)


def test_nothing_that_opens_a_door_is_logged(served: Bridge, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    text = invited(served)
    assert_refused(paste(served, text, mac=bytes(32)))
    key_id, key = known(served, text)
    assert f"a client was paired: {key_id}" in caplog.text
    secret = Pasted(text, b"", served.port).secret
    for hidden in (text, secret.hex(), repr(secret)[2:-1], key.hex(), repr(key)[2:-1]):
        assert hidden not in caplog.text


# ---- the end of a key -----------------------------------------------------------------------------------------------


def test_a_revoked_key_ends_its_open_conversation_and_opens_none(
    home: Path, run_bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "LOOK_SECONDS", 0.01)
    with run_bridge(home) as bridge:
        mine, other = known(bridge, invited(bridge)), known(bridge, invited(bridge))
        page = known(bridge, invited(bridge, page=True))
        with (
            Panel(bridge, *mine) as panel,
            Panel(bridge, *other) as stays,
            Panel(bridge, *page) as tab,
            Guest(bridge) as gimp,
        ):
            revoke(home, mine[0])
            error, code = ending(panel.wire)
            assert error
            assert (error.code, code) == ("auth.key", 4401)
            assert error.text == server.REVOKED
            for one in (stays, tab, gimp):
                one.assert_answers()
        assert_unknown(bridge, *mine)
        assert_alive(bridge)


def test_layers_that_nobody_can_fetch_any_more_take_no_room(home: Path, run_bridge) -> None:
    with run_bridge(home, [painter("plain")]) as bridge:
        key_id, _ = known(bridge, invited(bridge))
        for key in ("local", key_id):
            client = Client(ABOUT, home, key_id=key, start=False)
            client.begin(document(), SELECTION, recipe(), Reader(document()))
            while client.busy:
                client.hear(5)
            client.close()
    assert len(list((home / "spool" / "layers").glob("*.picture"))) == 2
    revoke(home, key_id)
    with run_bridge(home, [painter("plain")]) as bridge:
        assert {job.key for job in bridge.desk._ledger.jobs.values()} == {"local"}
        assert len(list((home / "spool" / "layers").glob("*.picture"))) == 1


def assert_unknown(bridge: Bridge, key_id: str, key: bytes) -> None:
    wire = call(bridge.port)
    wire.send(encode(proof(wire, bridge.port, key_id, key)))
    error, code = ending(wire)
    assert error
    assert (error.code, error.text, code) == ("auth.key", STRANGER, 4401)


def test_a_page_and_its_text_die_with_the_bridge(home: Path, run_bridge) -> None:
    with run_bridge(home) as bridge:
        page, kept = known(bridge, invited(bridge, page=True)), known(bridge, invited(bridge))
        unused = invited(bridge, page=True)
        path = door(home, unused)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"")
    assert not path.exists()
    with run_bridge(home) as bridge:
        assert_unknown(bridge, *page)
        assert_refused(paste(bridge, unused))
        with Panel(bridge, *kept) as panel:
            panel.assert_answers()
