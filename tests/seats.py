"""A seat without GIMP: a real guest, a real line, and a main loop that the test turns by hand.

`python -m tests.seats NAME [ARGUMENT]` is a painter that stands in for both engines, as those of `tests.painters` do
for the built-in one: so there are models to choose from, and no weights.
"""

import asyncio
import queue
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from bridge.client import Client, Event
from bridge.config import Config
from bridge.painter import Painter
from bridge.painting import main
from bridge.server import Bridge
from gimp_plugin.guest import Guest
from gimp_plugin.keep import Keep
from gimp_plugin.line import Line
from gimp_plugin.scene import Finished
from gimp_plugin.view import View
from gimp_plugin.waiting import HOST
from tests import releases
from tests.painters import ENGINES
from tests.pictured import Board

ABOUT = {"name": "sfumato-gimp", "version": "1", "host": HOST}
PATIENCE = 20.0
"""Seconds after which a test gives up waiting."""


QUICK = """
import os, sys, time, msgpack
source, sink, gate = sys.stdin.buffer, os.fdopen(os.dup(1), "wb"), sys.argv[1]
def tell(event):
    packed = msgpack.packb(event)
    sink.write(len(packed).to_bytes(4, "little") + packed)
    sink.flush()
while head := source.read(4):
    task = msgpack.unpackb(source.read(int.from_bytes(head, "little")))
    if task["t"] != "paint":
        continue
    x, y, width, height = task["selection"]
    picture = {"width": width, "height": height, "channels": 3, "depth": "u8"}
    for k in task["missing"]:
        tell({"t": "progress", "phase": "painting", "step": k, "steps": len(task["results"])})
        while k > 0 and not (os.path.exists(gate) or os.path.exists(f"{gate}-{k}")):
            time.sleep(0.005)
        shade = (task["recipe"]["seed"] + k) % 200 + 20
        with open(os.path.join(task["out"], task["results"][k] + ".picture"), "wb") as file:
            file.write(bytes([shade]) * (width * height * 3))
        tell({"t": "layer", "index": k, "box": task["selection"], "picture": picture, "timings": {}})
    tell({"t": "done", "timings": {}})
"""
"""A painter that is there at once, for what is tried on a bridge of its own; it holds every variation but the first
until a file appears, for all of them or with its own number behind the name."""


def quick(gate: str | Path = "/") -> Painter:
    """Such a painter."""
    return Painter("cpu", ["classical"], [sys.executable, "-c", QUICK, str(gate)], drops=True)


class Told(Client):
    """A client that remembers what it was told to do."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.begun: list[dict[str, Any]] = []
        self.cancelled: list[str] = []
        self.settled: list[tuple[str, str]] = []
        super().__init__(*arguments, **options)

    def begin(self, *arguments: Any, **options: Any) -> str:
        document, selection, recipe, _ = arguments
        self.begun.append({"document": document, "selection": selection, "recipe": recipe, **options})
        return super().begin(*arguments, **options)

    def cancel(self, job: str) -> None:
        self.cancelled.append(job)
        super().cancel(job)

    def settle(self, event: Any, state: Any = "inserted") -> None:
        self.settled.append((event.message.t, state))
        super().settle(event, state)

    @property
    def fills(self) -> list[dict[str, Any]]:
        """What was asked for in earnest."""
        return [one for one in self.begun if not one.get("dry")]

    @property
    def plans(self) -> list[dict[str, Any]]:
        """What was asked for its plan alone."""
        return [one for one in self.begun if one.get("dry")]


class Seat:
    """A guest at the bridge of `folder`, and the images that are open to it, the first of them before the artist."""

    def __init__(
        self, folder: Path, *boards: Board, keep: Path | None = None, client: type[Told] = Told, start: bool = False
    ) -> None:
        self.folder, self.client, self.start = folder, client, start
        self.boards, self.opened = list(boards), list[Board]()
        self.clients: list[Told] = []
        self.views: list[View] = []
        self.heard: list[str] = []
        self.landed = 0
        self.posted: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self.keep = Keep(keep or folder)
        self.guest = Guest(
            self.keep, self._dial, self.views.append, self._on_landed, lambda: list(self.boards), self._open_image
        )
        if boards:
            self.guest.turn_to(boards[0])

    def _dial(self, hear: Callable[..., None], state: Callable[[str, str], None]) -> Line:
        def connect(start: bool, away: Callable[[bool], None]) -> Client:
            client = self.client(ABOUT, self.folder, start=start and self.start, away=away)
            self.clients.append(client)
            return client

        def heard(event: Event) -> None:
            self.heard.append(event.message.t)
            hear(event)

        self.line = Line(connect, self.posted.put, heard, state)
        return self.line

    def _on_landed(self) -> None:
        self.landed += 1

    def _open_image(self, one: Finished) -> Board:
        board = Board(one.picture.width, one.picture.height)
        self.opened.append(board)
        return board

    @property
    def view(self) -> View:
        """What the panel shows."""
        return self.views[-1] if self.views else View()

    @property
    def told(self) -> Told:
        """The client that it has now."""
        return self.clients[-1]

    def turn(self) -> None:
        """One turn of the main loop."""
        try:
            self.posted.get(timeout=0.01)()
        except queue.Empty:
            self.guest.tick()

    def until(self, condition: Callable[[], Any], what: str = "") -> Any:
        """Turn the main loop until something is true."""
        end = time.monotonic() + PATIENCE
        while not (found := condition()):
            assert time.monotonic() < end, what or f"waited in vain; the panel shows {self.view}"
            self.turn()
        return found

    def ready(self) -> "Seat":
        """Wait until the bridge has said what it can, and nothing is under way."""
        self.until(lambda: self.view.status and "CPU" in self.view.status and self.guest.idle)
        return self

    def done(self) -> None:
        """Wait until nothing is under way, and the bridge has heard of it."""
        for _ in range(3):  # an answer may be to an earlier question, or tell of something to be taken back
            self.until(lambda: self.guest.idle)
            count = self.heard.count("jobs")
            self.line.do(lambda client: client.ask_jobs())
            self.until(lambda count=count: self.heard.count("jobs") > count)

    def offer(self, words: str) -> str:
        """Wait for an offer with these words in it, and return its key."""
        return self.until(lambda: next((one.key for one in self.view.offers if words in one.text), ""), words)

    def edit(self, **fields: Any) -> None:
        """The artist sets fields."""
        self.guest.edit(replace(self.view.fields, **fields))

    def kill(self) -> None:
        """The plug-in is killed: it says nothing more, and what it has not heard it will never hear."""
        link = self.told._link
        self.line._ended = True
        link._closed.set()
        link._wire.close()
        self.line._thread.join()

    def close(self) -> None:
        """The panel is closed, and every question was asked on the main loop."""
        self.guest.closed()
        assert not any(board.strays for board in (*self.boards, *self.opened))


def gifted(name: str, argument: str | Path = "") -> Painter:
    """A painter that stands in for both engines."""
    argv = [sys.executable, "-m", "tests.seats", name, str(argument)]
    return Painter("cpu", ["classical", "diffusion"], argv)


def modelled(folder: Path) -> Config:
    """The configuration of a bridge that has a model of SD 1.5 in `folder`: its header and no weights."""
    releases.write(folder / "roofs.safetensors", releases.tensors("sd15"))
    return Config(port=0, models=(str(folder),))


class Killable:
    """A bridge in a process of its own, with a quick painter."""

    def __init__(self, folder: Path, gate: Path) -> None:
        argv = [sys.executable, "-m", "tests.seats", "--bridge", str(folder), str(gate)]
        self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == b"ready\n"

    def kill(self) -> None:
        """SIGKILL: nothing is said, nothing is written any more."""
        self.process.kill()
        self.process.communicate()


async def serve(folder: Path, gate: str) -> None:
    """The bridge's process."""
    async with Bridge(Config(port=0), folder, [quick(gate)]):
        print("ready", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    engine, argument, *more = sys.argv[1:]
    if engine == "--bridge":
        asyncio.run(serve(Path(argument), *more))
    else:
        main({name: lambda device: ENGINES[engine](argument) for name in ("classical", "diffusion")})
