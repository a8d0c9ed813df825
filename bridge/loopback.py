"""The bridge's sockets: one port on both loopback addresses, its own alone."""

import errno
import socket
import sys


class PortTaken(Exception):
    """Something else listens on the bridge's port."""


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
