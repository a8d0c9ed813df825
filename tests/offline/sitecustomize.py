"""Every Python process of the tests, bridges and painters too, is kept on this machine: Python imports this by itself.

A connection to anything but the loopback raises, so that a test that would reach out fails instead.
"""

import ipaddress
import socket
from collections.abc import Callable


def watched(real: Callable, position: int) -> Callable:
    """`real`, refusing addresses of other machines; `position` says which argument is the address."""

    def call(self: socket.socket, *given):
        if self.family in (socket.AF_INET, socket.AF_INET6):
            host = given[position][0]
            if host != "localhost" and not ipaddress.ip_address(host).is_loopback:
                raise AssertionError(f"a test tried to reach {host}")
        return real(self, *given)

    return call


if not hasattr(socket.socket, "kept_on_this_machine"):
    for name, position in (("connect", 0), ("connect_ex", 0), ("sendto", -1)):
        setattr(socket.socket, name, watched(getattr(socket.socket, name), position))
    socket.socket.kept_on_this_machine = True  # type: ignore[attr-defined]
