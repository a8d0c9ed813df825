"""A client that was given a pairing text, made by hand from WIRE.md and RFC 5869: nothing of `bridge.protocol.auth`."""

import base64
import hashlib
import hmac
from typing import NamedTuple

from bridge.protocol.codec import decode
from bridge.protocol.frames import unpack
from bridge.protocol.messages import Hello, Pair, Paired

PANEL = {"name": "sfumato-panel", "version": "1", "host": "Photoshop"}
NONCE = bytes(range(100, 132))


class Pasted(NamedTuple):
    """A pairing text in the panel of who read `hello`, the whole message, on `port`."""

    text: str
    hello: bytes
    port: int
    nonce: bytes = NONCE

    @property
    def secret(self) -> bytes:
        """The 16 bytes that the text stands for."""
        return base64.b32decode(self.text + "======")

    def mac(self, side: bytes, key_id: str) -> bytes:
        """The proof of one side: `client` or `server`."""
        hello = decode(unpack(self.hello))  # type: ignore[arg-type]
        assert isinstance(hello, Hello)
        text = b"sfumato.v1 pair " + side + hello.nonce + self.nonce + self.port.to_bytes(2, "little")
        return hmac.digest(self.secret, text + hashlib.sha256(self.hello).digest() + key_id.encode(), "sha256")

    def pair(self) -> Pair:
        """What the panel says."""
        return Pair(PANEL, 1, self.nonce, self.mac(b"client", ""))

    def key(self, paired: Paired) -> bytes:
        """The key that the panel keeps."""
        assert hmac.compare_digest(paired.mac, self.mac(b"server", paired.key_id))
        hello = decode(unpack(self.hello))  # type: ignore[arg-type]
        assert isinstance(hello, Hello)
        extracted = hmac.digest(hello.nonce + self.nonce, self.secret, "sha256")
        return hmac.digest(extracted, b"sfumato.v1 key" + paired.key_id.encode() + b"\x01", "sha256")
