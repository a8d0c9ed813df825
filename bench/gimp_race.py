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
from tests.gimp.opening import FRAME
from tests.gimp.screen import MAIN, SIZE

Figures = dict[str, Any]
DOCUMENT = 6000, 4000
SELECTION = Box(2744, 1744, 512, 512)
SAMPLES = "all", "below", "current"
WAYS = {"best": True, "offered": False}
"""How the peers' files are written: nothing compressed and nothing but pixels, or as GIMP's export offers it."""
LEVEL = 6
"""How a peer's own file is compressed where it is not at its best: as libpng does it unasked."""
TILE = 2000
"""Pixels of a side of the photograph (`inside/document.py`)."""


class Peer:
    """The other process of a peer: reads the files that come, and writes the one that goes back."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: list[np.ndarray] = []

    def answer(self, asked: dict[str, Any]) -> Any:
        """One line of `inside/theirs.py`: {take} files, {digest} of what was taken, {give} a file of a cut of it."""
        if "take" in asked:
            files = [(self._folder / name).read_bytes() for name in asked["take"]]
            self._held = [imagecodecs.png_decode(file) for file in files]
            return True
        if "digest" in asked:
            return [zlib.crc32(one.tobytes()) for one in self._held]
        x, y, width, height = asked["cut"]
        cut = np.ascontiguousarray(self._held[0][y : y + height, x : x + width])
        level = 0 if asked["best"] else LEVEL
        (self._folder / asked["give"]).write_bytes(imagecodecs.png_encode(cut, level=level))
        return True


def document(studio: Studio) -> Any:
    """Open the document, selection and all, in a window of the whole screen. Returns its layers, top first."""
    tile = studio.shared.folder / "tile"
    tile.write_bytes(photo(TILE, 3, "u16").tobytes())
    layers = studio.ask("document.make(*size, selection, path)", size=DOCUMENT, selection=list(SELECTION), path=tile)
    window = studio.seen.wait_window(MAIN)
    studio.seen.move_window(window, 0, 0, SIZE[0] - FRAME[0], SIZE[1] - FRAME[1])
    studio.seen.activate(window)
    studio.seen.key("ctrl+shift+j")
    studio.ask("document.rest()")
    return layers


def race(studio: Studio, rounds: int) -> Figures:
    """Milliseconds of every round, after one that is not counted, by sample: of ours, of theirs in each way, and of
    GIMP's own insertion of an empty layer."""
    figures: Figures = {"layers": document(studio), "document": DOCUMENT, "selection": list(SELECTION), "rounds": []}
    studio.ask("ours.sit()")
    with _peer(studio.shared.folder) as port:
        for number in range(rounds + 1):
            for sample in SAMPLES:
                row = {"sample": sample, "floor": studio.ask("document.floor(selection)", selection=list(SELECTION))}
                given: Figures = {"sample": sample, "number": number}
                row["ours"] = studio.ask("ours.fill(sample, number)", **given)
                given |= {"box": row["ours"]["box"], "placed": row["ours"]["placed"], "port": port}
                for way, best in WAYS.items():
                    given["number"] += 1 << 8
                    row[way] = studio.ask("theirs.trip(sample, number, box, placed, best, port)", best=best, **given)
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
