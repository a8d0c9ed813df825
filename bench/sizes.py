"""What a selection costs in a small document and in a large one: bytes on the wire."""

from pathlib import Path
from typing import Any

from bench.ours import TAG, Ours, overheard
from bridge.protocol.frames import DATA, PREFIX
from bridge.protocol.messages import Want
from bridge.protocol.values import Box, Document, Recipe

Figures = dict[str, Any]
REMOVE = Recipe("remove", seed=1)


def sizes(folder: Path, documents: tuple[int, ...], side: int) -> list[Figures]:
    """Bytes up and down, pixels apart from all else, for a selection of `side` in the middle of each document."""
    return [_count(folder, Document(TAG, of, of, 4), side) for of in documents]


def _count(folder: Path, document: Document, side: int) -> Figures:
    count = {"up": 0, "down": 0, "control": 0}

    def counted(way: str, message: bytes | str) -> None:
        assert isinstance(message, bytes)
        if message[3] == DATA:
            count[way] += len(message) - PREFIX.size
        else:
            count["control"] += len(message)

    def read(want: Want) -> tuple[bytes, bytes]:
        assert want.image and want.mask
        return bytes(want.image.box.area * document.channels), b"\xff" * want.mask.box.area

    middle = Box((document.width - side) // 2, (document.height - side) // 2, side, side)
    ours = Ours(folder, overheard(lambda message: counted("up", message), lambda message: counted("down", message)))
    for _ in ours.client.fill(document, middle, REMOVE, read):
        pass
    ours.close()
    return {"document": document.width, "selection": side} | count
