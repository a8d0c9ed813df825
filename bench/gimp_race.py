"""The same pixels out of GIMP and into it: Sfumato beside PNG files, in turn in one run, in one GIMP."""

import json
import socketserver
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np

from bench.gimp_studio import Studio
from bench.pictures import photo
from bridge.protocol.values import Box

Figures = dict[str, Any]
DOCUMENT = 6000, 4000
SELECTION = Box(2744, 1744, 512, 512)
SAMPLES = "all", "below", "current"
LEVELS = 0, 9
"""Compression of the peers' files: the fastest that GIMP's export knows, and its default."""
TILE = 2000
"""Pixels of a side of the photograph that the document is tiled with."""


class Peer:
    """The other process of a peer: reads the files that come, and writes the one that goes back."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: list[np.ndarray] = []

    def answer(self, asked: dict[str, Any]) -> Any:
        """One line of `inside/race.py`: {take} files, {digest} of what was taken, {give} a file of a cut of it."""
        if "take" in asked:
            files = [(self._folder / name).read_bytes() for name in asked["take"]]
            self._held = [imagecodecs.png_decode(file) for file in files]
            return True
        if "digest" in asked:
            return [zlib.crc32(np.ascontiguousarray(one)) for one in self._held]
        x, y, width, height = asked["cut"]
        cut = np.ascontiguousarray(self._held[0][y : y + height, x : x + width])
        (self._folder / asked["give"]).write_bytes(imagecodecs.png_encode(cut, level=asked["level"]))
        return True


def document(studio: Studio) -> Any:
    """Open the document, selection and all. Returns its layers, top first."""
    tile = studio.shared.folder / "tile"
    tile.write_bytes(photo(TILE, 3, "u16").tobytes())
    return studio.ask("document(*size, selection, path)", size=DOCUMENT, selection=list(SELECTION), path=tile)


def race(studio: Studio, rounds: int) -> Figures:
    """Milliseconds of every round, after one that is not counted, by sample: of ours, and of theirs at each level."""
    layers = document(studio)
    figures: Figures = {"layers": layers, "document": DOCUMENT, "selection": list(SELECTION), "rounds": []}
    with _peer(studio.shared.folder) as port:
        for number in range(rounds + 1):
            for sample in SAMPLES:
                ours: Any = studio.ask("ours(sample, number)", sample=sample, number=2 * number)
                row = {"round": number, "sample": sample, "ours": ours}
                for level in LEVELS:
                    row[f"level {level}"] = studio.ask(
                        "theirs(sample, number, box, selection, level, port)",
                        sample=sample,
                        number=2 * number + 1,
                        box=ours["box"],
                        selection=ours["placed"],
                        level=level,
                        port=port,
                    )
                if number:
                    figures["rounds"].append(row)
    return figures


@contextmanager
def _peer(folder: Path) -> Iterator[int]:
    """A peer that listens on a port, for as long as the block lasts."""
    peer = Peer(folder)

    class Line(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            for line in self.rfile:
                self.wfile.write(json.dumps(peer.answer(json.loads(line))).encode() + b"\n")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Line) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
