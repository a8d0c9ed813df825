"""`sfumato fill`: a picture file in, layers out. Pictures are decoded here, in the client, never by the bridge."""

import argparse
import json
import secrets
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bridge import __version__, files, home
from bridge.client import Client, Event, connect
from bridge.protocol.codec import to_map
from bridge.protocol.errors import Refusal
from bridge.protocol.messages import Accepted, Done, Layer, Preview, Progress, Want
from bridge.protocol.values import Box, Document, Mode, Recipe

REFINE = 0.6
"""Strength of `img2img` where none is given."""


@dataclass(frozen=True)
class Asked:
    """What the command line asks for, read and checked before the bridge hears of it."""

    file: files.PictureFile
    document: Document
    selection: Box | None
    mask: NDArray[np.uint8] | None
    content: Box | None
    recipe: Recipe

    @cached_property
    def under(self) -> files.PictureFile:
        """What layers are laid over: the picture, and where `detail` enlarges it, each of its pixels so many times."""
        scale = self.recipe.scale
        if scale == 1:
            return self.file
        return replace(self.file, original=self.file.original.repeat(scale, 0).repeat(scale, 1))

    def read(self, want: Want) -> tuple[memoryview, memoryview | None]:
        """The pixels that the bridge wants to see, and the selection's coverage."""
        assert want.image
        mask = None
        if want.mask and self.mask is not None:
            mask = np.ascontiguousarray(_cut(self.mask, want.mask.box)).data.cast("B")
        return self.file.region(want.image.box).data.cast("B"), mask


def run(given: argparse.Namespace) -> int:
    """Run the command; returns the exit code. Raises Refusal."""
    asked = _asked(given)
    targets = _targets(given, asked)
    about = {"name": "sfumato", "version": __version__, "host": "command line"}
    folder = home.make_private(home.home())
    home.write_launch(folder)  # whoever types this has a bridge to start, also when none was ever served
    with connect(about, folder) as client:
        if given.dry_run:
            _say(given, client.plan(asked.document, asked.selection, asked.recipe, asked.content))
            return 0
        layers = list(_paint(given, client, asked))
    for path in _write(targets, asked, layers):
        print(path, file=sys.stderr if given.json else sys.stdout)
    return 0


def _paint(given: argparse.Namespace, client: Client, asked: Asked) -> Iterator[files.Layer]:
    bar = Bar(sys.stderr)
    try:
        for event in client.fill(asked.document, asked.selection, asked.recipe, asked.read, content=asked.content):
            message = event.message
            bar.show(message)
            if given.json:
                print(json.dumps(to_map(message), default=bytes.hex, ensure_ascii=False), flush=True)
            elif isinstance(message, Accepted):
                _say(given, message)
            if isinstance(message, Layer):
                yield _file_layer(event, asked)
            if isinstance(message, Done) and message.missing:
                raise Refusal(message.missing[0].code, message.missing[0].text)
    finally:
        bar.clear()


def _asked(given: argparse.Namespace) -> Asked:
    mode: Mode = given.mode or ("fill" if given.prompt else "remove")
    file = files.read(given.picture)
    content = None
    if mode == "expand" and given.box:
        file, content = _enlarged(file, given.box)
    _, _, width, height = file.canvas
    document = Document(secrets.token_hex(16), width, height, file.channels, file.depth)
    selection, mask = None, None
    if given.mask:
        mask = files.read_mask(given.mask, (width, height))
        selection = _bounds(mask)
    elif given.box and content is None:
        selection = given.box.intersect(document.canvas)
        if selection.empty:
            raise Refusal("recipe.selection", _outside(given.box, document.canvas))
        mask = np.zeros((height, width), np.uint8)
        _cut(mask, selection)[:] = 255
    strength = given.strength if given.strength is not None else (REFINE if given.img2img else 1.0)
    recipe = Recipe(
        mode=mode,
        prompt=given.prompt,
        negative=given.negative,
        model=given.model,
        strength=strength,
        seed=given.seed,
        count=given.count,
        steps=given.steps,
        guidance=given.guidance,
        loras=tuple(given.lora),
        blend=given.blend,
        source=given.source,
        scale=given.scale,
    )
    return Asked(file, document, selection, mask, content, recipe)


def _enlarged(file: files.PictureFile, canvas: Box) -> tuple[files.PictureFile, Box]:
    """The picture on the canvas that the artist asks for, which must hold all of it."""
    if canvas == file.canvas or not canvas.contains(file.canvas):
        text = f"To expand, the box holds the picture and more: it is {canvas.width} × {canvas.height} px at "
        text += f"{canvas.x}, {canvas.y}, the picture {file.canvas.width} × {file.canvas.height} px at 0, 0."
        raise Refusal("recipe.selection", text)
    return file.enlarged(-canvas.x, -canvas.y, canvas.right - file.canvas.right, canvas.bottom - file.canvas.bottom)


def _file_layer(event: Event, asked: Asked) -> files.Layer:
    message = event.message
    assert isinstance(message, Layer) and event.picture is not None
    picture = message.picture
    kind: Any = {"u8": np.uint8, "u16": np.dtype("<u2")}[picture.depth]
    pixels = np.frombuffer(event.picture, kind).reshape(picture.height, picture.width, picture.channels)
    mask = None
    if event.mask is not None:
        mask = np.frombuffer(event.mask, np.uint8).reshape(message.box.height, message.box.width)
    box = Box(*(number * asked.recipe.scale for number in message.box))
    return files.Layer(box, pixels, mask, message.name)


# ---- what is written ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Targets:
    composites: tuple[Path, ...]
    layers: Path | None
    ora: Path | None


def _targets(given: argparse.Namespace, asked: Asked) -> _Targets:
    """Where results go, checked before anything is painted."""
    out = given.out
    if out is None and not (given.layers or given.ora or given.json or given.dry_run):
        out = given.picture.with_name(f"{given.picture.stem}-sfumato{given.picture.suffix}")
    composites: tuple[Path, ...] = ()
    if out is not None:
        files.check(out, asked.under)
        count = asked.recipe.count
        numbered = (out.with_name(f"{out.stem}-{k + 1}{out.suffix}") for k in range(count))
        composites = tuple(numbered) if count > 1 else (out,)
    for path in (given.ora, given.layers):
        if path is not None and not path.parent.is_dir():
            raise Refusal("recipe.field", f"The folder {path.parent} does not exist. Make it, or write elsewhere.")
    return _Targets(composites, given.layers, given.ora)


def _write(targets: _Targets, asked: Asked, layers: list[files.Layer]) -> Iterator[Path]:
    for path, layer in zip(targets.composites, layers, strict=False):
        files.write(path, files.composite(asked.under, [layer]), asked.under)
        yield path
    if targets.layers is not None:
        yield from files.write_layers(targets.layers, asked.under, layers)
    if targets.ora is not None:
        files.write_ora(targets.ora, asked.under, layers)
        yield targets.ora


# ---- what is said ---------------------------------------------------------------------------------------------------


def _say(given: argparse.Namespace, message: Want | Accepted) -> None:
    """The plan, in the artist's words."""
    if given.json:
        print(json.dumps(to_map(message), ensure_ascii=False), flush=True)
        return
    print(message.plan["text"], file=sys.stderr)
    for note in message.plan["notes"]:
        print(note, file=sys.stderr)


class Bar:
    """A progress bar, where somebody looks at a terminal."""

    def __init__(self, sink: Any) -> None:
        self._sink = sink
        self._live = sink.isatty()

    def show(self, message: object) -> None:
        """One line, drawn over the last."""
        if not self._live or not isinstance(message, Progress | Preview):
            return
        if isinstance(message, Progress):
            share = message.step / message.steps if message.steps else 0.0
            left = f", {message.seconds_left:.0f} s left" if message.seconds_left else ""
            bar = "█" * round(share * 30)
            print(f"\r\x1b[K{bar:·<30} {message.phase}{left}", end="", file=self._sink, flush=True)

    def clear(self) -> None:
        """Take the bar away."""
        if self._live:
            print("\r\x1b[K", end="", file=self._sink, flush=True)


def _cut(pixels: NDArray[Any], box: Box) -> NDArray[Any]:
    return pixels[box.y : box.bottom, box.x : box.right]


def _bounds(mask: NDArray[np.uint8]) -> Box:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    x, y = int(columns[0]), int(rows[0])
    return Box(x, y, int(columns[-1]) + 1 - x, int(rows[-1]) + 1 - y)


def _outside(box: Box, canvas: Box) -> str:
    text = f"The box at {box.x}, {box.y} of {box.width} × {box.height} px lies outside the picture of "
    return text + f"{canvas.width} × {canvas.height} px. Choose a box inside it."
