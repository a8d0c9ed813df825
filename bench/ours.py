"""Sfumato's client, carrying whole documents there and back."""

from collections.abc import Callable
from pathlib import Path

from bench.pictures import Pixels
from bridge.client import Client
from bridge.link import Dial, Wire, dial
from bridge.protocol.messages import Layer
from bridge.protocol.values import Depth, Document, Recipe

ABOUT = {"name": "bench", "version": "1", "host": "bench"}
TAG = "be" * 16
EVERYTHING = Recipe("expand", seed=1)
"""Without a selection the whole document is the region: one picture up, the same down, no mask."""


class Ours:
    """Carries a picture there and back by `Client.fill`."""

    def __init__(self, folder: Path, dial: Dial = dial) -> None:
        self.client = Client(ABOUT, folder, dial=dial, start=False)

    def trip(self, picture: Pixels) -> memoryview:
        """One fill, from the ask to its `done`."""
        came = memoryview(b"")
        for event in self.client.fill(document(picture), None, EVERYTHING, lambda want: (picture.data, None)):
            if isinstance(event.message, Layer):
                assert event.picture is not None
                came = event.picture
        return came

    def close(self) -> None:
        """End the connection."""
        self.client.close()


class Overheard:
    """A websocket that tells of every message once it has left, and of every one that came."""

    def __init__(self, wire: Wire, sent: Callable[[bytes], None], came: Callable[[bytes | str], None]) -> None:
        self._wire, self._sent, self._came = wire, sent, came

    def send(self, message: bytes) -> None:
        """Send one message."""
        self._wire.send(message)
        self._sent(message)

    def recv(self, timeout: float | None = None) -> bytes | str:
        """The next message."""
        message = self._wire.recv(timeout)
        self._came(message)
        return message

    def close(self) -> None:
        """End the connection."""
        self._wire.close()


def overheard(sent: Callable[[bytes], None], came: Callable[[bytes | str], None] = lambda _: None) -> Dial:
    """What a client dials with, so that its messages are told."""
    return lambda host, port: Overheard(dial(host, port), sent, came)


def document(picture: Pixels) -> Document:
    """A document that shows this picture and no more."""
    height, width, channels = picture.shape
    depth: Depth = "u8" if picture.dtype.itemsize == 1 else "u16"
    return Document(TAG, width, height, channels, depth)
