"""A painter that paints nothing: a region's bytes come back as a layer, by the real pipe and the real files.

`python -m bench.copying` is the program; without a selection the layer is the whole region.
"""

import os
import shutil
import sys
from dataclasses import asdict
from pathlib import Path
from typing import BinaryIO

import msgpack

from bridge.painter import HEAD, Map
from bridge.protocol.values import DEPTHS, Box, Document, Picture


def main() -> None:
    """Copy until the input ends."""
    events = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    source = sys.stdin.buffer
    while head := source.read(HEAD.size):
        task = msgpack.unpackb(source.read(HEAD.unpack(head)[0]), raw=False)
        if task["t"] == "paint":
            for index in task["missing"]:
                _tell(events, _copy(task, index))
            _tell(events, {"t": "done", "timings": {}})


def _tell(sink: BinaryIO, event: Map) -> None:
    packed = msgpack.packb(event, use_bin_type=True)
    sink.write(HEAD.pack(len(packed)) + packed)
    sink.flush()


def _copy(task: Map, index: int) -> Map:
    document, box = Document(*task["document"]), Box(*task["box"])
    selection = Box(*task["selection"]) if task["selection"] else box
    name = Path(task["out"]) / task["results"][index]
    part = name.with_suffix(".part")
    if selection == box:
        shutil.copyfile(task["image"], part)
    else:
        part.write_bytes(_cut(Path(task["image"]), box, selection, document.channels * DEPTHS[document.depth]))
    part.replace(name.with_suffix(".picture"))
    if task["mask"]:
        shutil.copyfile(task["mask"], part)
        part.replace(name.with_suffix(".mask"))
    picture = Picture(selection.width, selection.height, document.channels, document.depth)
    layer = {"t": "layer", "index": index, "box": list(selection), "picture": asdict(picture), "timings": {}}
    return layer | {"masked": bool(task["mask"])}


def _cut(path: Path, box: Box, selection: Box, pixel: int) -> bytes:
    """The rows of `selection` out of a picture of `box`; `pixel` bytes each."""
    rows = []
    with path.open("rb") as file:
        for y in range(selection.y - box.y, selection.bottom - box.y):
            file.seek((y * box.width + selection.x - box.x) * pixel)
            rows.append(file.read(selection.width * pixel))
    return b"".join(rows)


if __name__ == "__main__":
    main()
