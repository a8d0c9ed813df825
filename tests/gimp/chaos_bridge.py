"""The bridge for `chaos`: a process that is killed and started again, with a painter that says how far it is."""

import asyncio
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from bridge import home
from bridge.config import Config
from bridge.engines import Step
from bridge.journal import Journal
from bridge.ledger import Job, Ledger
from bridge.painter import Painter
from bridge.painting import main as painting
from bridge.protocol.values import Recipe
from bridge.server import Bridge
from tests.painters import Plain

PACE = 0.1
"""Seconds that a variation takes: long enough for a look, short enough for a kill to come too late."""
START = 20
"""Seconds that a start may take."""


class Paced(Plain):
    """A grey for each variation, after a moment. Says by a file that it has begun one."""

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder)

    def before(self, k: int, recipe: Recipe, step: Step) -> None:
        (self._folder / f"{(recipe.seed or 0) + k}").touch()
        threading.Event().wait(PACE)


class Bridges:
    """`with Bridges(home) as bridges`: one after the other, in the same folder."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._marks = folder, folder / "marks"
        self._marks.mkdir()
        self.start()

    def __enter__(self) -> "Bridges":
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        """Start one, and wait until it can be found."""
        with (self._folder / "bridge.log").open("ab") as log:
            argv = [sys.executable, "-m", "tests.gimp.chaos_bridge", "serve", str(self._folder), str(self._marks)]
            self._process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        until = time.monotonic() + START
        while not ((found := home.discover(self._folder)) and found.pid == self._process.pid):
            assert self._process.poll() is None and time.monotonic() < until, "the bridge does not start"
            time.sleep(0.02)

    def kill(self) -> None:
        """SIGKILL to the bridge. Its painter ends with it."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def kill_painter(self) -> None:
        """SIGKILL to its painter, where it has one by now."""
        for child in psutil.Process(self._process.pid).children():
            child.send_signal(signal.SIGKILL)

    def begun(self) -> list[str]:
        """The variations that were begun."""
        return [one.name for one in self._marks.iterdir()]

    def job(self) -> Job | None:
        """The job that was accepted; None where none was."""
        return next(iter(self._books().jobs.values()), None)

    def unsettled(self, job: Job) -> set[str]:
        """Its layers that were told, and of which nobody said that they are in the document."""
        return {name for name, (owner, _) in self._books().results.items() if owner.name == job.name}

    def _books(self) -> Ledger:
        """What the journal says now. Read from a copy: to open one is to mend it."""
        copy = self._folder / "journal.copy"
        shutil.copy(self._folder / "spool" / "journal", copy)
        books = Ledger(Journal(copy))
        books.close()
        return books


async def serve(folder: Path, marks: str) -> None:
    """The bridge's process, until it is killed."""
    painter = Painter("cpu", ["classical"], [sys.executable, "-m", "tests.gimp.chaos_bridge", "paint", marks])
    async with Bridge(Config(port=0), folder, [painter]):
        await asyncio.Event().wait()


if __name__ == "__main__":
    if sys.argv[1] == "paint":
        painting({"classical": lambda device: Paced(sys.argv[2])})
    asyncio.run(serve(Path(sys.argv[2]), sys.argv[3]))
