"""Who may connect, as a table. The same rows go through real sockets in test_hostile.py."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.guard import HEADERS, Refused, choose, own_hosts, page_headers, refuse, spoken
from bridge.protocol import limits

PORT = 4717
HOST = ("Host", f"127.0.0.1:{PORT}")
SPEAKS = ("Sec-WebSocket-Protocol", "sfumato.v1")
PLAIN = [HOST, SPEAKS]


ASSETS = {"/", "/page.js"}


def status(path: str, headers: list[tuple[str, str]], open_connections: int = 0, strangers: int = 0) -> int | None:
    refused = refuse(path, headers, PORT, open_connections, strangers, ASSETS)
    return refused.status if refused else None


# ---- Host -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["127.0.0.1:4717", "localhost:4717", "[::1]:4717"])
def test_this_machine_passes(host: str) -> None:
    assert status("/v1", [("Host", host), SPEAKS]) is None


@pytest.mark.parametrize(
    "host",
    "evil.example evil.example:4717 127.evil.example 127.0.0.1.evil.example:4717 localhost.evil.example:4717 127.0.0.1 "
    "localhost 127.0.0.1:4718 127.0.0.1:47170 127.1:4717 0.0.0.0:4717 [::]:4717 ::1:4717 127.0.0.1:4717. "
    "LOCALHOST:4717 user@127.0.0.1:4717 [::ffff:127.0.0.1]:4717".split(),
)
def test_any_other_host_is_refused(host: str) -> None:
    assert status("/v1", [("Host", host), SPEAKS]) == 421
    assert status("/", [("Host", host)]) == 421


@given(st.text(max_size=40))
def test_hosts_are_matched_exactly(host: str) -> None:
    assert status("/v1", [("Host", host), SPEAKS]) == (None if host in own_hosts(PORT) else 421)


def test_a_request_has_one_host() -> None:
    assert refuse("/v1", [SPEAKS], PORT, 0, 0) == Refused(400, "A request has one Host header; this one has 0.")
    doubled = [HOST, ("host", "127.0.0.1:4717"), SPEAKS]
    assert refuse("/v1", doubled, PORT, 0, 0) == Refused(400, "A request has one Host header; this one has 2.")


# ---- Origin ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "origin",
    "https://evil.example http://evil.example http://evil.example:4717 HTTPS://EVIL.EXAMPLE http://localhost "
    "http://localhost:4718 https://127.0.0.1:4717 http://127.0.0.1:4717.evil.example http://127.0.0.1 "
    "http://127.0.0.1:4717/ HTTP://localhost:4717 http:".split(),
)
def test_no_web_page_passes(origin: str) -> None:
    for path in ("/v1", "/"):
        assert status(path, [*PLAIN, ("Origin", origin)]) == 403


@pytest.mark.parametrize(
    "origin",
    "http://127.0.0.1:4717 http://localhost:4717 http://[::1]:4717 null file:// uxp-internal://panel "
    "chrome-extension://abc".split(),
)
def test_the_own_page_and_what_is_not_of_the_network_pass(origin: str) -> None:
    assert status("/v1", [*PLAIN, ("Origin", origin)]) is None


def test_of_several_origins_each_must_pass() -> None:
    own, evil = ("Origin", f"http://127.0.0.1:{PORT}"), ("Origin", "https://evil.example")
    assert status("/v1", [*PLAIN, own, evil]) == status("/v1", [*PLAIN, evil, own]) == 403


@pytest.mark.parametrize(
    ("site", "expected"), [("none", None), ("same-origin", None), ("same-site", 403), ("cross-site", 403), ("", 403)]
)
def test_another_sites_page_reaches_no_socket(site: str, expected: int | None) -> None:
    assert status("/v1", [*PLAIN, ("Sec-Fetch-Site", site)]) == expected


def test_a_link_from_anywhere_may_lead_to_the_page() -> None:
    assert status("/", [HOST, ("Sec-Fetch-Site", "cross-site")]) is None


@pytest.mark.parametrize(
    ("site", "expected"), [("none", None), ("same-origin", None), ("same-site", 403), ("cross-site", 403), ("", 403)]
)
def test_another_sites_page_reaches_no_file(site: str, expected: int | None) -> None:
    assert status("/page.js", [HOST, ("Sec-Fetch-Site", site)]) == expected


# ---- path, subprotocol, number --------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/v1", "/v2", "/v0", "/v9999"])
def test_the_page_and_any_version_are_there(path: str) -> None:
    assert status(path, PLAIN) is None


@pytest.mark.parametrize(
    "path",
    "/v1/ /v1/../v1 /v1/../../etc/passwd /../v1 //v1 /%2e%2e/v1 /V1 /v /vx /v-1 /v1?x=1 /v1#x /v12345 /keys/local.key "
    "/favicon.ico /bridge.json /. /.. * http://127.0.0.1:4717/v1 /v1%00 /v1\n".split(" "),
)
def test_nothing_else_is(path: str) -> None:
    assert status(path, PLAIN) == 404


@pytest.mark.parametrize("path", "/page.js/ //page.js /page.js? /page.j /Page.js /%70age.js page.js /page.jsx".split())
def test_a_file_has_one_name(path: str) -> None:
    assert status("/page.js", [HOST]) is None
    assert status(path, [HOST]) == 404


def test_an_empty_path_is_nothing() -> None:
    assert status("", PLAIN) == 404


@pytest.mark.parametrize("offered", [[], [""], ["chat"], ["sfumato"], ["sfumato.v"], ["sfumato.v1x, xsfumato.v1"]])
def test_the_subprotocol_must_be_asked_for(offered: list[str]) -> None:
    headers = [HOST, *(("Sec-WebSocket-Protocol", one) for one in offered)]
    assert refuse("/v1", headers, PORT, 0, 0) == Refused(400, "Ask for the subprotocol sfumato.v1.")


@pytest.mark.parametrize("offered", [["sfumato.v1"], ["chat, sfumato.v1"], ["chat", "sfumato.v7"]])
def test_any_version_of_it_will_do(offered: list[str]) -> None:
    assert status("/v1", [HOST, *(("Sec-WebSocket-Protocol", one) for one in offered)]) is None


def test_spoken_reads_lists_and_repeated_headers() -> None:
    assert spoken(["chat, sfumato.v1", "sfumato.v2 "]) == ["chat", "sfumato.v1", "sfumato.v2"]


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        (["sfumato.v2", "sfumato.v1"], "sfumato.v1"),
        (["chat", "sfumato.v2", "sfumato.v3"], "sfumato.v2"),
        (["chat"], None),
        ([], None),
    ],
)
def test_ours_is_chosen_else_any_version_so_that_it_can_be_told_why_not(offered: list[str], chosen: str | None) -> None:
    assert choose(offered) == chosen


def test_there_is_an_end_to_connections() -> None:
    assert status("/v1", PLAIN, limits.CONNECTIONS - 1, limits.STRANGERS - 1) is None
    assert refuse("/v1", PLAIN, PORT, 16, 0) == Refused(
        503, "Too many connections: 16 are open, 0 of them not yet known."
    )
    assert refuse("/v1", PLAIN, PORT, 9, 8) == Refused(
        503, "Too many connections: 9 are open, 8 of them not yet known."
    )
    assert status("/", PLAIN, 16, 8) is status("/page.js", PLAIN, 16, 8) is None  # the page holds no connection


def test_no_page_may_frame_read_or_keep_what_the_bridge_answers() -> None:
    assert "frame-ancestors 'none'" in HEADERS["Content-Security-Policy"]
    assert HEADERS["Cross-Origin-Resource-Policy"] == "same-origin"
    assert page_headers(PORT).keys() == HEADERS.keys() | {"Cross-Origin-Opener-Policy"}
    assert {name: page_headers(PORT)[name] for name in HEADERS if name != "Content-Security-Policy"}.items() <= (
        HEADERS.items()
    )
    assert not [name for name in HEADERS if name.lower().startswith(("access-control", "set-cookie"))]
