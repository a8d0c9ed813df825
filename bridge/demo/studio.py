"""What the scenes of the demo share: the example pictures, the bridge, what is said, and what is written."""

import re
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from bridge import __version__, files
from bridge.client import Client, connect
from bridge.demo import pictures
from bridge.demo.brush import Brush
from bridge.demo.pictures import Levels
from bridge.demo.recording import Asked, Moment, Recording
from bridge.files import Pixels
from bridge.files.writing import png, saving
from bridge.protocol.limits import GIB
from bridge.protocol.messages import Accepted, Layer, Preview
from bridge.protocol.values import Box, Recipe

ABOUT = {"name": "demo", "version": __version__, "host": "demo"}
"""Who the demo says it is."""
CUP = Box(66, 4, 424, 392)
"""Where it stands on its saucer in coffee.jpg."""


class Failure(Exception):
    """A scene's promise was not kept; the message says which."""


class Voice:
    """Says lines as they come, each with the seconds since the beginning, and remembers them."""

    def __init__(self) -> None:
        self._begun = time.perf_counter()
        self.lines: list[str] = []

    def __call__(self, text: str = "") -> None:
        """Say a line; an empty one parts scenes."""
        line = f"{time.perf_counter() - self._begun:6.2f} s  {text}" if text else ""
        self.lines.append(line)
        print(line, flush=True)


@dataclass(eq=False)
class Card:
    """A scene, and what came of it. What came before it failed stays.

    figure, meaning  what the page shows large, and what that is
    recording        the fill
    shots            pictures that say more than the fill as it came, each with its words
    failed           what went wrong; empty where nothing did
    """

    title: str
    about: str
    figure: str = "–"
    meaning: str = ""
    recording: Recording | None = None
    shots: list[tuple[str, Levels]] = field(default_factory=list)
    failed: str = ""


@dataclass(eq=False)
class Studio:
    """Where the scenes play: pictures come from `examples` and go to `out`; the bridge lives in `home`.

    brush    what is painted with
    painted  the first scene's fill; others go on from it
    device   what it was painted on, in words; empty before that, and where nothing tells
    written  every file, in order
    """

    say: Voice
    examples: Path
    out: Path
    home: Path
    bridge: subprocess.Popen[str]
    brush: Brush = field(default_factory=Brush)
    painted: Recording | None = None
    device: str = ""
    written: list[Path] = field(default_factory=list)

    def connect(self) -> AbstractContextManager[Client]:
        """A conversation with the bridge."""
        return connect(ABOUT, self.home)

    def rocket(self, recipe: Recipe) -> Asked:
        """The first example, with the rocket selected."""
        file = files.read(self.examples / "rocket.jpg")
        return Asked(file, recipe, files.read_mask(self.examples / "rocket-mask.png", file.canvas[2:]))

    def cup(self, recipe: Recipe) -> Asked:
        """The other example, with a soft lasso around the cup."""
        file = files.read(self.examples / "coffee.jpg")
        return Asked(file, recipe, pictures.oval(CUP, *file.canvas[2:]))

    def first(self) -> Recording:
        """The first scene's fill. Raises Failure where that scene did not work."""
        if self.painted is None:
            raise Failure("It goes on from the first scene, and that did not work.")
        return self.painted

    def paint(self, recording: Recording, region: str | None = None) -> None:
        """Run a fill to its end and say how it goes."""
        with self.connect() as client:
            for moment in recording.run(client, region):
                self.tell(recording, moment)

    def ask_device(self) -> None:
        """Ask the bridge what it painted on, and say it."""
        with self.connect() as client:
            told = client.capabilities()[0].device
        if told and told["memory"]:
            self.device = f"{told['name']} with {told['memory'] / GIB:.1f} GB of memory"
            self.say(f"It was painted on {self.device}.")

    def kill(self) -> None:
        """Kill the bridge that the demo started, and no other. Raises Failure where it has ended by itself."""
        if self.bridge.poll() is not None:
            raise Failure("The bridge that the demo started had ended before it could be killed.")
        self.bridge.kill()
        self.bridge.wait()

    def tell(self, recording: Recording, moment: Moment) -> None:
        """Say what an artist wants to know of a moment."""
        match moment.message:
            case Accepted(plan=plan):
                self.say(f"The plan: {plan['text']}.")
                self.say(f"Sent {recording.sent:,} of {recording.asked.size:,} bytes of picture and selection.")
            case Preview(index=index) if moment is recording.first_look(index):
                self.say(f"A first look at variation {index + 1}, {moment.at:.1f} s after Enter.")
            case Layer(name=name):
                self.say(f"“{name}” has arrived, {moment.at:.1f} s after Enter.")

    # ---- what is written ----------------------------------------------------------------------------------------

    def keep(self, name: str, recording: Recording) -> None:
        """Write all that came of a fill: composites, layers with their masks, an OpenRaster file, a film strip."""
        file, layers = recording.asked.file, recording.layers
        for number, layer in enumerate(layers, 1):
            self.write(f"{name}-{number}.png", files.composite(file, [layer]), file)
        folder = self.out / f"{name}-layers"
        folder.mkdir(exist_ok=True)
        self.written += files.write_layers(folder, file, layers)
        files.write_ora(self.out / f"{name}.ora", file, layers)
        self.written.append(self.out / f"{name}.ora")
        self.keep_strip(name, recording)

    def keep_strip(self, name: str, recording: Recording) -> None:
        """Write the film strip of a fill."""
        self.film(name, list(frames(recording)))

    def film(self, name: str, shown: Sequence[tuple[str, Levels]]) -> None:
        """Write pictures as a film strip, each with its words."""
        path = self.out / f"{name}-strip.png"
        with saving(path) as sink:
            sink.write(png(pictures.strip(shown)))
        self.written.append(path)

    def write(self, name: str, pixels: Pixels, like: files.PictureFile) -> Path:
        """Write a picture; returns its path."""
        path = self.out / name
        files.write(path, pixels, like)
        self.written.append(path)
        return path


def frames(recording: Recording) -> Iterator[tuple[str, Levels]]:
    """The frames of a fill's film strip, RGB u8, each with its words."""
    asked = recording.asked
    rgb = pictures.eight(asked.file.pixels)
    yield "before", pictures.bared(rgb, asked.content or asked.file.canvas)
    if asked.mask is not None:
        yield "selection", pictures.veiled(rgb, asked.mask)
    for moment in recording.shown:
        if moment.pixels is not None:
            yield f"{moment.at:.2f} s, preview", pictures.seen(rgb, recording.context, moment.pixels)
        elif moment.layer:
            # Without the prompt: a frame is narrow, and the strip's font has only Latin letters.
            name = re.sub(r" – .*(?= \(seed)", "", moment.layer.name)
            yield f"{moment.at:.2f} s, {name}", pictures.laid(asked.file, moment.layer)
