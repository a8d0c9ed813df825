"""The mutual handshake, bound to the port: nothing secret crosses the wire (WIRE.md, *Handshake* and *Pairing*)."""

import hashlib
import hmac

CLIENT, SERVER = b"sfumato.v1 client", b"sfumato.v1 server"
PAIR_CLIENT, PAIR_SERVER = b"sfumato.v1 pair client", b"sfumato.v1 pair server"
KEY = b"sfumato.v1 key"
NONCE = 32
"""Bytes of a nonce, a mac and a key."""
IDENTITY = 16
"""Bytes of `hello.instance` and of a session's name."""
SECRET = 16
"""Bytes that a pairing text stands for."""


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


def derive(secret: bytes, bridge_nonce: bytes, client_nonce: bytes, key_id: str) -> bytes:
    """The 32-byte key that both sides keep once they have proved to each other that they hold `secret`."""
    return hkdf(secret, bridge_nonce + client_nonce, KEY + key_id.encode("ascii"), NONCE)


def hkdf(secret: bytes, salt: bytes, info: bytes, size: int) -> bytes:
    """HKDF-SHA256 of RFC 5869: extract, then expand to `size` bytes, at most 8160. No salt is 32 zeros."""
    assert size <= 255 * 32
    extracted = hmac.digest(salt or bytes(32), secret, "sha256")
    block, made = b"", b""
    while len(made) < size:
        block = hmac.digest(extracted, block + info + bytes([len(made) // 32 + 1]), "sha256")
        made += block
    return made[:size]
