"""The mutual handshake, bound to the port: nothing secret crosses the wire (WIRE.md, *Handshake*)."""

import hashlib
import hmac

CLIENT, SERVER = b"sfumato.v1 client", b"sfumato.v1 server"
NONCE = 32
"""Bytes of a nonce, a mac and a key."""
IDENTITY = 16
"""Bytes of `hello.instance` and of a session's name."""


def mac(
    key: bytes, label: bytes, bridge_nonce: bytes, client_nonce: bytes, port: int, hello: bytes, key_id: str
) -> bytes:
    """32 bytes that only a holder of `key` can make, for this port and this very `hello` message (prefix included).

    A relay on another port makes the two sides hash different ports, so neither believes the other.
    """
    digest = hashlib.sha256(hello).digest()
    text = label + bridge_nonce + client_nonce + port.to_bytes(2, "little") + digest + key_id.encode("ascii")
    return hmac.digest(key, text, "sha256")


def same(one: bytes, other: bytes) -> bool:
    """Compare two macs in constant time."""
    return hmac.compare_digest(one, other)
