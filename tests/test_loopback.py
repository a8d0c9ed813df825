"""The bridge's own sockets."""

import pytest

from bridge.loopback import PortTaken, listen


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
