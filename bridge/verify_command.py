"""`sfumato models verify`: a model is loaded and paints, and how fast is said. Without one, random weights are painted.

Everything goes the way of a real fill: client, wire, bridge, painter process, engine.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import replace
from math import isqrt
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bridge import home
from bridge.client import Client, connect
from bridge.config import read
from bridge.families import FAMILIES
from bridge.fill_command import Bar
from bridge.models import Catalogue, Model
from bridge.models.headers import short
from bridge.models_command import INSTALL, kind
from bridge.private import ABOUT, running
from bridge.protocol.errors import Refusal
from bridge.protocol.messages import Accepted, Done, Layer, Progress, Want
from bridge.protocol.values import Box, Document, Recipe
from bridge.repertoire import installed

Bytes = NDArray[np.uint8]

SEED = 4717
MAKE = (sys.executable, "-m", "bridge.engines.diffusion.tiny")
"""The program that writes a checkpoint of random weights into a folder. A test passes its own."""
SMALL = 128
"""Side of the picture for random weights, pixels."""
RANDOM = "random-lcm-1-step"
"""The folder of random weights. Its name says how they want to be painted: more steps would prove no more."""


class Trial(NamedTuple):
    """What is painted into: a square of soft noise, u8 (h, w, 3), with a round, soft selection in its middle, u8 (h, w)
    of the canvas."""

    document: Document
    rgb: Bytes
    selection: Box
    coverage: Bytes

    @classmethod
    def of(cls, side: int) -> "Trial":
        """A square of `side` pixels, always the same."""
        colours = np.random.default_rng(SEED).integers(64, 192, (8, 8, 3), np.uint8)
        rgb = np.asarray(Image.fromarray(colours).resize((side, side), Image.Resampling.BICUBIC))
        y, x = np.mgrid[:side, :side] * 2 / (side - 1) - 1
        coverage = np.rint(np.clip(0.5 - np.hypot(x, y), 0, 1 / 8) * 8 * 255).astype(np.uint8)
        return cls(Document("verify", side, side, 3), rgb, Box(side // 4, side // 4, side // 2, side // 2), coverage)

    def read(self, want: Want) -> tuple[memoryview, memoryview | None]:
        """The pixels that the bridge wants to see, and the selection's coverage."""
        assert want.image
        mask = _cut(self.coverage, want.mask.box) if want.mask else None
        return _cut(self.rgb, want.image.box).data.cast("B"), None if mask is None else mask.data.cast("B")


class Painted(NamedTuple):
    """A layer that came, and what it took: seconds of loading and of all else. `region` and `working` as accepted."""

    layer: Layer
    picture: bytes
    mask: bytes | None
    region: str
    working: tuple[int, int]
    loading: float
    seconds: float


def run(given: argparse.Namespace) -> int:
    """Run the command; returns the exit code. Raises Refusal."""
    if given.id is None:
        print("Random weights are made, loaded and painted: some seconds, up to a minute.", file=sys.stderr)
    print(verify(home.make_private(home.home()), given.id))
    return 0


def verify(folder: Path, id: str | None, make: Sequence[str] = MAKE) -> str:
    """Paint with the model of this id, or with random weights in a home of its own. Returns what there is to say.

    Raises Refusal where something is missing or not as it should be.
    """
    if not installed():
        text = "Nothing can be verified yet: the diffusion engine, which paints with models, is not installed."
        raise Refusal("model.missing", f"{text} Run: {INSTALL}")
    return _model(folder, id) if id else _path(folder, make)


def _model(folder: Path, id: str) -> str:
    """Paint twice with a model, through the user's own bridge."""
    model = _find(folder, id)
    side = isqrt(FAMILIES[model.family].budget)
    home.write_launch(folder)
    word, *_ = *FAMILIES[model.family].words, ""
    trial, recipe = Trial.of(side), Recipe("fill", prompt=word, model=model.id, seed=SEED)
    with connect(ABOUT, folder) as client:
        first = paint(client, trial, recipe)
        again = paint(client, trial, replace(recipe, seed=SEED + 1), first.region)
        device = _device(client)
    check(trial, first, again)
    width, height = first.working
    name, steps = f"{short(model.name)} ({kind(model)})", first.layer.recipe["steps"]
    speed = f"paints {width} × {height} px in {_seconds(first.seconds)} ({steps} steps), again in"
    return f"{name} loads in {_seconds(first.loading)}, {speed} {_seconds(again.seconds)}; on {device}."


def _path(own: Path, make: Sequence[str]) -> str:
    """Prove every step from a folder on disk to a layer, with random weights and a bridge that nobody else uses."""
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="sfumato-", ignore_cleanup_errors=True) as place:
        folder = Path(place)
        with suppress(OSError):  # what is known of this machine's files need not be read again
            shutil.copy(own / "models.json", folder)
        weights = folder / "models" / RANDOM
        _make([*make, str(weights)])
        catalogue = Catalogue(folder / "index", [weights])
        catalogue.scan()
        (model,) = catalogue.models()
        trial, recipe = Trial.of(SMALL), Recipe("fill", model=model.id, seed=SEED)
        with running(folder, painters=read(own).painters), connect(ABOUT, folder, start=False) as client:
            first = paint(client, trial, recipe)
            other = paint(client, trial, replace(recipe, seed=SEED + 1), first.region)
            again = paint(client, trial, recipe, first.region)
            device = _device(client)
    check(trial, first, other, again)
    width, height = first.working
    text = f"Path check with random weights passed in {_seconds(time.monotonic() - begun)}: found, loaded in "
    text += f"{_seconds(first.loading)} and painted at {width} × {height} px on {device}. Only the selection changed, "
    return text + "another seed painted something else, the same seed the same. The picture means nothing."


def paint(client: Client, trial: Trial, recipe: Recipe, region: str | None = None) -> Painted:
    """Paint one variation; shows a bar where somebody looks. Raises Refusal where no layer comes."""
    bar, begun, ready = Bar(sys.stderr), time.monotonic(), 0.0
    accepted: Accepted | None = None
    try:
        with closing(client.fill(trial.document, trial.selection, recipe, trial.read, region=region)) as events:
            for event in events:
                bar.show(event.message)
                match event.message:
                    case Accepted():
                        accepted = event.message
                    case Progress(phase=phase) if phase not in ("queued", "loading"):
                        ready = ready or time.monotonic()
                    case Layer() as layer if accepted and event.picture is not None:
                        seconds, late = time.monotonic() - begun, layer.timings.get("stages", {}).get("loading", 0.0)
                        loading = (ready or begun) - begun + late
                        mask = None if event.mask is None else bytes(event.mask)
                        working = (accepted.plan["working"][0], accepted.plan["working"][1])
                        found = layer, bytes(event.picture), mask, accepted.region, working
                        painted = Painted(*found, loading, seconds - loading)
                    case Done(missing=(lost, *_)):
                        raise Refusal(lost.code, lost.text)
    finally:
        bar.clear()
    return painted


def check(trial: Trial, first: Painted, other: Painted, again: Painted | None = None) -> None:
    """Hold results against the promises: the layer's mask is the selection, another seed differs, the same does not.

    Raises Refusal `result.invalid`.
    """
    box = first.layer.box
    coverage = _cut(trial.coverage, box)
    mask = bytes([255]) * box.area if first.mask is None else first.mask
    if mask != coverage.tobytes() or np.count_nonzero(coverage) != np.count_nonzero(trial.coverage):
        raise _failed("the layer's mask is not the selection")
    if first.picture == other.picture:
        raise _failed("two seeds painted the same picture")
    if again is not None and again.picture != first.picture:
        raise _failed("one seed painted two pictures")


def _failed(what: str) -> Refusal:
    text = f"The model painted, and the result is wrong: {what}. Please report it, with what sfumato doctor says."
    return Refusal("result.invalid", text)


def _find(folder: Path, id: str) -> Model:
    catalogue = Catalogue.of(folder, read(folder).models)
    catalogue.scan()
    model = catalogue.find(id)
    if model.problem:
        raise Refusal("model.invalid", model.problem, model=model.id)
    return model


def _device(client: Client) -> str:
    """The name of the device that painted."""
    device = client.capabilities()[0].device or {}
    return short(device.get("name", "an unknown device"))


def _make(argv: Sequence[str]) -> None:
    made = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace")  # noqa: S603
    if made.returncode:
        last = made.stderr.strip().rpartition("\n")[2]
        text = f"No random weights could be made ({short(last) or made.returncode}). Install the engine anew: {INSTALL}"
        raise Refusal("model.missing", text)


def _cut(pixels: Bytes, box: Box) -> Bytes:
    return np.ascontiguousarray(pixels[box.y : box.bottom, box.x : box.right])


def _seconds(seconds: float) -> str:
    return f"{seconds:.1f} s"
