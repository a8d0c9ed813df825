"""The bridge's connections: what it answers over HTTP, whom it pairs, when it ends them."""

import socket

from bridge.client import Client
from bridge.server import Bridge
from tests.asks import ABOUT


def test_small_messages_leave_at_once(bridge: Bridge, home) -> None:
    client = Client(ABOUT, home, start=False)
    client.capabilities()
    (connection,) = bridge._conversations.values()
    taken = connection.transport.get_extra_info("socket")
    assert taken.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY), "Nagle's algorithm holds small layers for 40 ms"
    client.close()


def test_the_bridge_says_goodbye(home, run_bridge) -> None:
    with run_bridge(home):
        client = Client(ABOUT, home, start=False)
        client.capabilities()
    assert not (home / "bridge.json").exists()
    client.close()
