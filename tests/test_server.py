"""The bridge's own sockets."""

import socket

import pytest

from bridge.client import Client
from bridge.server import Bridge, PortTaken, listen
from tests.asks import ABOUT


def test_the_port_is_held_on_both_loopback_addresses() -> None:
    held = listen(0)
    try:
        hosts = {one.getsockname()[0] for one in held}
        assert hosts in ({"127.0.0.1", "::1"}, {"127.0.0.1"})
        assert len({one.getsockname()[1] for one in held}) == 1
        with pytest.raises(PortTaken, match="taken by another program"):
            listen(held[0].getsockname()[1])
    finally:
        for one in held:
            one.close()


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
