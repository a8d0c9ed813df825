"""An image in memory with layers, a selection and tattoos: what `gimp_plugin.scene.Pictured` promises, without GIMP."""

import itertools
import secrets
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from bridge.protocol.values import Box, Depth, Document
from gimp_plugin import scene
from gimp_plugin.recall import Memory
from gimp_plugin.scene import Finished, Put, Scene, Spot
from gimp_plugin.view import Sample

KINDS = {"u8": np.uint8, "u16": np.uint16, "f32": np.float32}
TOPS = {"u8": 255, "u16": 65535, "f32": 1.0}
PROMISED = {name for name in vars(scene.Pictured) if not name.startswith("_")}

_tattoos = itertools.count(1)


@dataclass(eq=False)
class Sheet:
    """A layer, or a group of them (`pixels` None). Pixels are 0–1, RGBA; `mask` as bytes of coverage."""

    name: str
    x: int
    y: int
    pixels: np.ndarray | None = None
    mask: np.ndarray | None = None
    memory: bytes = b""
    visible: bool = True
    children: list["Sheet"] = field(default_factory=list)
    tattoo: int = field(default_factory=lambda: next(_tattoos))

    @property
    def box(self) -> Box:
        if self.pixels is None:
            return Box(self.x, self.y, 0, 0)
        return Box(self.x, self.y, self.pixels.shape[1], self.pixels.shape[0])


class Board:
    """The image. `layers` are top first; `steps` names every change that GIMP could undo. Only the thread that made it
    may ask it what `Pictured` promises: `strays` counts the others."""

    def __init__(
        self, width: int = 160, height: int = 120, depth: Depth = "u8", kind: str = "rgb", alpha: bool = False
    ) -> None:
        self._thread, self.strays = threading.get_ident(), 0
        self.width, self.height, self.depth, self.kind, self.alpha = width, height, depth, kind, alpha
        self.closed = self.floating = self.marked = False
        self.asked: list[str] = []
        self.steps: list[str] = []
        self.presented = 0
        self.fault: Exception | None = None
        self._tag = secrets.token_hex(16)
        noise = np.random.default_rng(3).integers(0, 256, (height, width, 4)) / 255
        noise[..., 3] = 1
        self.layers = [Sheet("Background", 0, 0, noise)]
        self.selected = [self.layers[0].tattoo]
        self.chosen: np.ndarray | None = None

    def __getattribute__(self, name: str):
        if name in PROMISED:
            if threading.get_ident() != self._thread:
                self.strays += 1
                raise AssertionError(f"{name} was asked by another thread")
            self.asked.append(name)
        return object.__getattribute__(self, name)

    # ---- what a test does to it -------------------------------------------------------------------------------------

    def select(self, box: Box | None, coverage: int = 255) -> None:
        """The artist selects a rectangle, or nothing."""
        self.chosen = None
        if box:
            self.chosen = np.zeros((self.height, self.width), np.uint8)
            self.chosen[box.y : box.bottom, box.x : box.right] = coverage

    def resize(self, width: int, height: int, dx: int = 0, dy: int = 0) -> None:
        """The canvas becomes larger or smaller; every layer is moved, none is cut."""
        before = self.chosen
        self.width, self.height, self.chosen = width, height, None
        if before is not None:
            rows, columns = np.nonzero(before)
            box = Box(int(columns.min()), int(rows.min()), int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1)
            self.select(box.moved(dx, dy).intersect(Box(0, 0, width, height)))
        for one in every(self.layers):
            one.x, one.y = one.x + dx, one.y + dy

    def crop(self, box: Box) -> None:
        """The canvas is cut, and every layer with it."""
        self.resize(box.width, box.height, -box.x, -box.y)
        for one in every(self.layers):
            inside = one.box.intersect(Box(0, 0, self.width, self.height))
            if one.pixels is not None:
                rows, columns = np.s_[inside.y - one.y : inside.bottom - one.y], np.s_[inside.x - one.x :]
                one.pixels = one.pixels[rows, columns][:, : inside.width]
                one.mask = None if one.mask is None else one.mask[rows, columns][:, : inside.width]
                one.x, one.y = inside.x, inside.y

    def delete(self, tattoo: int) -> None:
        """A layer is deleted, or its insertion undone."""
        for layers in [self.layers, *(one.children for one in every(self.layers))]:
            layers[:] = [one for one in layers if one.tattoo != tattoo]

    def find(self, tattoo: int) -> Sheet | None:
        """A layer."""
        return next((one for one in every(self.layers) if one.tattoo == tattoo), None)

    def ours(self) -> list[Sheet]:
        """The layers with a memory, top first."""
        return [one for one in every(self.layers) if one.memory]

    def composite(self, box: Box | None = None) -> np.ndarray:
        """What is seen, in 8 bits, RGBA."""
        return quantised(self._seen(self.layers, box or Box(0, 0, self.width, self.height)), "u8")

    # ---- what it promises -------------------------------------------------------------------------------------------

    @property
    def open(self) -> bool:
        return not self.closed

    @property
    def tag(self) -> str:
        return self._tag

    def mark(self) -> None:
        self.marked = True

    def present(self) -> None:
        self.presented += 1

    def scene(self, sample: Sample = "all") -> Scene | None:
        if self.closed:
            return None
        layer = self.find(self.selected[0]) if len(self.selected) == 1 else None
        trouble = "Select one layer." if sample != "all" and layer is None else ""
        trouble = "A floating selection is open." if self.floating else trouble
        box = None
        if self.chosen is not None and self.chosen.any():
            rows, columns = np.nonzero(self.chosen)
            box = Box(int(columns.min()), int(rows.min()), int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1)
        canvas = Box(0, 0, self.width, self.height)
        boxes = [one.box.intersect(canvas) for one in every(self.layers) if one.visible and one.pixels is not None]
        content = boxes[0]
        for one in boxes[1:]:
            content = content.union(one)
        return Scene(
            name="roof.xcf",
            document=Document(self._tag, self.width, self.height, 4 if self.alpha else 3, self.depth),
            selection=box,
            content=None if content == canvas else content,
            kind=self.kind,  # type: ignore[arg-type]
            active=layer.tattoo if layer else 0,
            layer=layer.name if layer else "",
            memory=Memory.from_bytes(layer.memory) if layer and layer.memory else None,
            trouble=trouble,
        )

    def uncovered(self) -> bool:
        return bool((self.composite()[..., 3] == 0).any())

    def has(self, tattoo: int) -> bool:
        return not self.closed and self.find(tattoo) is not None

    def results(self) -> set[str]:
        memories = (Memory.from_bytes(one.memory) for one in self.ours())
        return {memory.result for memory in memories if memory}

    def frame(self) -> dict[int, Box]:
        return {one.tattoo: one.box for one in self.layers}

    def where(self, tattoo: int) -> Box | None:
        layer = self.find(tattoo)
        return layer.box if layer else None

    def read(self, box: Box, channels: int, depth: Depth, spot: Spot, without: Iterable[int] = ()) -> bytes:
        if self.fault:
            raise self.fault
        names = [one.tattoo for one in every(self.layers)]
        at = names.index(spot.anchor) if spot.sample != "all" else 0
        hidden = set(without) | set(names[:at] if spot.sample != "all" else ())
        hidden |= set(names[at + 1 :]) if spot.sample == "current" else set()
        return quantised(self._seen(self.layers, box, hidden), depth)[..., :channels].tobytes()

    def coverage(self, box: Box) -> bytes:
        assert self.chosen is not None
        return self.chosen[box.y : box.bottom, box.x : box.right].tobytes()

    def mask_of(self, tattoo: int) -> tuple[Box, bytes | None]:
        layer = self.find(tattoo)
        assert layer is not None
        inside = layer.box.intersect(Box(0, 0, self.width, self.height))
        if layer.mask is None:
            return inside, None
        rows = layer.mask[inside.y - layer.y : inside.bottom - layer.y]
        return inside, rows[:, inside.x - layer.x : inside.right - layer.x].tobytes()

    def insert(self, one: Finished, spot: Spot, several: bool = False, beside: int = 0, replaces: int = 0) -> Put:
        if self.fault:
            raise self.fault
        picture = one.picture
        shape = (picture.height, picture.width, picture.channels)
        values = np.frombuffer(one.pixels, KINDS[picture.depth]).reshape(shape) / TOPS[picture.depth]
        pixels = np.ones((*shape[:2], 4))
        pixels[..., : picture.channels] = values
        mask = np.frombuffer(one.mask, np.uint8).reshape(shape[:2]) if one.mask is not None else None
        sheet = Sheet(one.name, one.box.x, one.box.y, pixels, mask, one.memory.to_bytes())
        group = self.find(beside)
        siblings, position = self._place(spot)
        if group:
            siblings, position, sheet.visible = group.children, len(group.children), False
        elif several:
            group = Sheet(one.name, 0, 0)
            siblings.insert(position, group)
            siblings, position = group.children, 0
        siblings.insert(position, sheet)
        if old := self.find(replaces):
            old.visible = False
            self.selected = [sheet.tattoo if one == old.tattoo else one for one in self.selected]
        self.steps.append(f"insert {one.name}")
        return Put(sheet.tattoo, group.tattoo if group else 0)

    def show_only(self, tattoo: int, siblings: Iterable[int]) -> None:
        for one in siblings:
            if sheet := self.find(one):
                sheet.visible = one == tattoo

    def select_mask(self, tattoo: int) -> None:
        box, mask = self.mask_of(tattoo)
        self.select(box)
        if mask is not None and self.chosen is not None:
            values = np.frombuffer(mask, np.uint8).reshape(box.height, box.width)
            self.chosen[box.y : box.bottom, box.x : box.right] = values

    def convert(self) -> None:
        self.kind = "rgb"
        self.steps.append("convert")

    # ---- how ----------------------------------------------------------------------------------------------------

    def _place(self, spot: Spot) -> tuple[list[Sheet], int]:
        if spot.sample != "all":
            for siblings in [self.layers, *(one.children for one in every(self.layers))]:
                for position, one in enumerate(siblings):
                    if one.tattoo == spot.anchor:
                        return siblings, position
        return self.layers, 0

    def _seen(self, layers: list[Sheet], box: Box, hidden: Iterable[int] = ()) -> np.ndarray:
        """Normal blending in sRGB, bottom to top."""
        seen = np.zeros((box.height, box.width, 4))
        for one in reversed(layers):
            if not one.visible or (one.tattoo in hidden and one.pixels is not None):
                continue
            above = self._seen(one.children, box, hidden) if one.pixels is None else _cut(one, box)
            alpha = above[..., 3:] + seen[..., 3:] * (1 - above[..., 3:])
            colour = above[..., :3] * above[..., 3:] + seen[..., :3] * seen[..., 3:] * (1 - above[..., 3:])
            seen = np.concatenate([colour / np.where(alpha == 0, 1, alpha), alpha], -1)
        return seen


def every(layers: list[Sheet]) -> Iterator[Sheet]:
    """Every layer, those in groups included, top first."""
    for one in layers:
        yield one
        yield from every(one.children)


def quantised(values: np.ndarray, depth: Depth) -> np.ndarray:
    """Values of 0–1 at a depth of the wire."""
    if depth == "f32":
        return values.astype(np.float32)
    return np.rint(values * TOPS[depth]).astype(KINDS[depth])


def _cut(one: Sheet, box: Box) -> np.ndarray:
    """A layer's part of a box, its mask in its alpha."""
    assert one.pixels is not None
    cut, inside = np.zeros((box.height, box.width, 4)), one.box.intersect(box)
    if inside.empty:
        return cut
    there = np.s_[inside.y - one.y : inside.bottom - one.y, inside.x - one.x : inside.right - one.x]
    part = one.pixels[there].copy()
    if one.mask is not None:
        part[..., 3] *= one.mask[there] / 255
    cut[inside.y - box.y : inside.bottom - box.y, inside.x - box.x : inside.right - box.x] = part
    return cut
