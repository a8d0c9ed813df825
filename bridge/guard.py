"""Who may connect: decided on every HTTP request, before anything is upgraded (WIRE.md, *Who may connect*).

Comparing Host with Origin is no defence against DNS rebinding; a list of exact hosts is. An Origin that is absent, null
or not of the network passes, because the handshake decides: nobody documents what Photoshop's panels send.
"""

import re
from collections.abc import Container, Iterable
from typing import NamedTuple

from bridge.protocol import SUBPROTOCOL, limits

_VERSIONED = re.compile(r"/v\d{1,4}")
_SPOKEN = re.compile(r"sfumato\.v\d{1,4}")
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
"""What every answer of the bridge over HTTP carries."""


def page_headers(port: int) -> dict[str, str]:
    """What the files of the page carry: it may run its own script and speak to this bridge, and nothing else.

    The websocket is named by both hosts, for a page opened by one may dial the other. A policy has no words for IPv6
    addresses (CSP3, *host-source*); a page on [::1] reaches its own by 'self'.
    """
    policy = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' blob:",
        "connect-src": f"'self' ws://localhost:{port} ws://127.0.0.1:{port}",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    said = "; ".join(f"{name} {sources}" for name, sources in policy.items())
    return {**HEADERS, "Content-Security-Policy": said, "Cross-Origin-Opener-Policy": "same-origin"}


class Refused(NamedTuple):
    """An HTTP status and a line that says what is wrong."""

    status: int
    text: str


def own_hosts(port: int) -> set[str]:
    """What a Host header of this machine says, exactly."""
    return {f"127.0.0.1:{port}", f"localhost:{port}", f"[::1]:{port}"}


def refuse(
    path: str,
    headers: Iterable[tuple[str, str]],
    port: int,
    open_connections: int,
    strangers: int,
    assets: Container[str] = (),
) -> Refused | None:
    """Why this request may not pass, or None. `strangers` counts connections that have not authenticated; `assets` are
    the paths of the page's files."""
    given: dict[str, list[str]] = {}
    for name, value in headers:
        given.setdefault(name.lower(), []).append(value)
    hosts = given.get("host", [])
    if len(hosts) != 1:
        return Refused(400, f"A request has one Host header; this one has {len(hosts)}.")
    if hosts[0] not in own_hosts(port):
        return Refused(421, "This bridge answers to its own machine only.")
    for origin in given.get("origin", []):
        web = origin.lower().startswith(("http:", "https:"))
        if web and origin not in {f"http://{host}" for host in own_hosts(port)}:
            return Refused(403, "Web pages may not speak to the bridge.")
    if path == "/":
        return None  # a link from anywhere may lead to the page itself
    if any(site not in ("none", "same-origin") for site in given.get("sec-fetch-site", [])):
        return Refused(403, "Another site's page may not reach the bridge.")
    if path in assets:
        return None
    if not _VERSIONED.fullmatch(path):
        return Refused(404, "There is nothing here.")
    if not any(_SPOKEN.fullmatch(one) for one in spoken(given.get("sec-websocket-protocol", []))):
        return Refused(400, f"Ask for the subprotocol {SUBPROTOCOL}.")
    if open_connections >= limits.CONNECTIONS or strangers >= limits.STRANGERS:
        return Refused(503, f"Too many connections: {open_connections} are open, {strangers} of them not yet known.")
    return None


def spoken(offered: Iterable[str]) -> list[str]:
    """The subprotocols named in Sec-WebSocket-Protocol headers."""
    return [one.strip() for header in offered for one in header.split(",")]


def choose(offered: Iterable[str]) -> str | None:
    """The subprotocol to speak: ours where it is offered, else any version of it, so that it can be told why not."""
    ours = [one for one in offered if _SPOKEN.fullmatch(one)]
    return SUBPROTOCOL if SUBPROTOCOL in ours else (ours[0] if ours else None)
