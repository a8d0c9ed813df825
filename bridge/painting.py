"""Inside the painter process: commands from standard input, pixels from mapped files, events to standard output."""

import os
import queue
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import msgpack
import numpy as np

from bridge.colour import resample, to_depth
from bridge.engines import Cancelled, Engine, Floats
from bridge.families import FAMILIES, Size
from bridge.fill import Layer, Region, Report, fill
from bridge.home import home
from bridge.painter import HEAD, Map
from bridge.protocol import limits
from bridge.protocol.errors import Refusal
from bridge.protocol.values import Box, Document, Recipe
from bridge.spool import full

Makers = Mapping[str, Callable[[str], Engine]]
"""What makes each engine, for a device."""

AGAIN = 0.25
"""Seconds after which a progress that has not changed is told again: what is left of the time has."""
KINDS: dict[str, Any] = {"u8": np.uint8, "u16": np.dtype("<u2"), "f32": np.dtype("<f4")}


def _classical(device: str) -> Engine:
    from bridge.engines.classical import Classical

    return Classical()


def _diffusion(device: str) -> Engine:
    from bridge.engines.diffusion.engine import Diffusion
    from bridge.models import Catalogue, Model

    catalogue = Catalogue(home())

    def find(id: str) -> Model:
        catalogue.recall()
        return catalogue.find(id)

    return Diffusion(find, catalogue.find_lora, device)


ENGINES: Makers = {"classical": _classical, "diffusion": _diffusion}
"""Each loads its libraries when it is made."""


def main(engines: Makers = ENGINES, device: str = "cpu") -> None:
    """The child process: read commands from standard input until it ends, paint, write events to standard output."""
    events = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # a library that prints must not print into the pipe
    tasks: queue.SimpleQueue[Map] = queue.SimpleQueue()
    cancelled: set[str] = set()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, tasks, cancelled), daemon=True).start()
    made: dict[str, Engine] = {}

    def engine(name: str) -> Engine:
        if name not in made:
            made[name] = engines[name](device)
        return made[name]

    while True:
        task = tasks.get()
        if task["t"] == "prepare":
            _prepare(task, engine)
            continue
        for event in _paint(task, engine, cancelled, lambda event: _tell(events, event)):
            _tell(events, event)


def _listen(source: BinaryIO, tasks: "queue.SimpleQueue[Map]", cancelled: set[str]) -> None:
    """Take commands while the engine works. When the bridge is gone, so is the painter."""
    while head := source.read(HEAD.size):
        command = msgpack.unpackb(source.read(HEAD.unpack(head)[0]), raw=False)
        if command["t"] == "cancel":
            cancelled.add(command["job"])
        else:
            cancelled.discard(command.get("job", ""))
            tasks.put(command)
    os._exit(0)


def _tell(sink: BinaryIO, event: Map) -> None:
    packed = msgpack.packb(event, use_bin_type=True)
    sink.write(HEAD.pack(len(packed)) + packed)
    sink.flush()


def _prepare(task: Map, engine: Callable[[str], Engine]) -> None:
    """Make an engine and let it load what a recipe needs. What goes wrong is said when the recipe is painted."""
    try:
        prepare = getattr(engine(task["engine"]), "prepare", None)
        if prepare:
            prepare(Recipe.from_map(task["recipe"]))
    except Exception:
        traceback.print_exc()


def _paint(task: Map, find: Callable[[str], Engine], cancelled: set[str], tell: Callable[[Map], None]) -> Iterator[Map]:
    """Run one task. Yields its layers and its last event; progress and previews are told as they come."""
    job = task["job"]
    started = time.perf_counter()
    try:
        engine = find(task["engine"])
        if facts := getattr(engine, "device_facts", None):
            tell({"t": "device", "facts": facts()})
        for index, recipe in _runs(Recipe.from_map(task["recipe"]), task["missing"]):
            for layer in _fill(task, recipe, engine, _reporter(job, index, cancelled, tell)):
                event = _save(layer, layer.index + index, Path(task["out"]), task["results"][layer.index + index])
                yield event | {"made": getattr(engine, "made", {})}
        yield {"t": "done", "timings": {"seconds": round(time.perf_counter() - started, 4)}}
    except Cancelled:
        yield {"t": "cancelled"}
    except Refusal as why:
        yield {"t": "failed", "code": why.code, "text": why.text, "retry": why.retry, "detail": why.detail}
    except MemoryError:
        text = "Memory ran out while painting. Close other programs, or select a smaller part."
        yield {"t": "failed", "code": "gpu.memory", "text": text, "retry": "later", "detail": {}}
    except Exception as why:  # the painter outlives a fault of one job; the bridge's log holds where it was
        traceback.print_exc()
        text = f"Painting failed ({type(why).__name__}: {why}). The bridge's log says where; please report it."
        yield {"t": "failed", "code": "internal", "text": text, "retry": "never", "detail": {}}


def _runs(recipe: Recipe, missing: Sequence[int]) -> Iterator[tuple[int, Recipe]]:
    """All variations at once; after a crash the missing ones alone: variation k alone is variation k of n."""
    assert recipe.seed is not None
    if len(missing) == recipe.count:
        yield 0, recipe
        return
    for index in missing:
        yield index, replace(recipe, seed=(recipe.seed + index) % 2**32, count=1)


def _fill(task: Map, recipe: Recipe, engine: Engine, report: Report) -> Iterator[Layer]:
    document = Document(*task["document"])
    box = Box(*task["box"])
    selection = Box(*task["selection"]) if task["selection"] else None
    image = np.memmap(task["image"], KINDS[document.depth], "r", shape=(box.height, box.width, document.channels))
    mask = None
    if selection:
        mask = np.memmap(task["mask"], np.uint8, "r", shape=(selection.height, selection.width))
    content = Box(*task["content"]) if task["content"] else None
    region = Region(document, box, image, selection, mask, content)
    return fill(region, recipe, FAMILIES[task["family"]], engine, report)


def _reporter(job: str, first: int, cancelled: set[str], tell: Callable[[Map], None]) -> Report:
    """The callback that serves progress and preview, and stops the engine by raising Cancelled."""
    shown: dict[int, float] = {}
    said: tuple[object, float] = (None, 0.0)

    def report(phase: str, k: int, i: int, n: int, preview: Floats | None) -> None:
        if job in cancelled:
            raise Cancelled
        nonlocal said
        now = time.monotonic()
        if said[0] != (phase, i, n) or now - said[1] >= AGAIN:  # an engine may ask often whether to go on
            said = (phase, i, n), now
            tell({"t": "progress", "phase": phase, "step": i, "steps": n})
        if preview is not None and now - shown.get(k, -1.0) >= 1 / limits.PREVIEWS_PER_SECOND:
            shown[k] = now
            height, width, pixels = _thumbnail(preview)
            index = max(k, 0) + first
            tell({"t": "preview", "index": index, "width": width, "height": height, "pixels": pixels})

    return report


def _thumbnail(rgb: "Floats") -> tuple[int, int, bytes]:
    """RGB u8 of at most 512 px."""
    height, width = rgb.shape[:2]
    share = min(1.0, limits.PREVIEW_SIDE / max(height, width))
    small = resample(rgb[..., :3], Size(max(1, round(width * share)), max(1, round(height * share))))
    levels = to_depth(small, "u8")
    return levels.shape[0], levels.shape[1], levels.tobytes()


def _save(layer: Layer, index: int, folder: Path, result: str) -> Map:
    """Write a layer into the spool, whole or not at all; its file names are the bridge's, never the wire's."""
    picture, mask = layer.picture, layer.mask
    for suffix, pixels in (("picture", picture), ("mask", mask)):
        if pixels is not None:
            part = folder / f"{result}.{suffix}.part"
            try:
                with part.open("wb") as file:
                    file.write(np.ascontiguousarray(pixels).data)
                part.replace(folder / f"{result}.{suffix}")
            except OSError as why:
                part.unlink(missing_ok=True)
                raise full(why, part) from None
    height, width, channels = picture.shape
    depth = {1: "u8", 2: "u16", 4: "f32"}[picture.dtype.itemsize]
    shape = {"width": width, "height": height, "channels": channels, "depth": depth}
    masked = mask is not None
    return {"t": "layer", "index": index, "box": list(layer.box), "picture": shape, "masked": masked} | {
        "timings": layer.timings
    }


if __name__ == "__main__":
    main(device=sys.argv[1])
