"""The bridge for the page as a program of its own, which is killed and started again: the same home, the same port."""

import asyncio
import shutil
import subprocess
import sys
import time
from pathlib import Path

from bridge import home
from bridge.config import Config
from bridge.journal import Journal
from bridge.ledger import Ledger
from bridge.painter import Painter
from bridge.server import Bridge
from tests.gimp.painters import painter

START = 60
"""Seconds that a start may take."""


class Served:
    """`with Served(home, art, gate) as bridge`: its model is painted with by a painter that waits for `gate`."""

    def __init__(self, folder: Path, art: Path, gate: Path) -> None:
        self._folder, self._words = folder, [str(folder), str(art), str(gate)]
        self.port = 0
        self.port = self.start()

    def __enter__(self) -> "Served":
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self, elsewhere: bool = False) -> int:
        """Start it on the port of before, or `elsewhere`, and wait until it can be found. Returns its port."""
        argv = [sys.executable, "-m", "tests.panel.served", *self._words, "0" if elsewhere else str(self.port)]
        with (self._folder / "bridge.log").open("ab") as log:
            self._process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        until = time.monotonic() + START
        while not ((found := home.discover(self._folder)) and found.pid == self._process.pid):
            assert self._process.poll() is None and time.monotonic() < until, "the bridge does not start"
            time.sleep(0.02)
        return found.port

    def kill(self) -> None:
        """SIGKILL. Its painters end with it."""
        self._process.kill()
        self._process.wait()

    def wait_done(self) -> None:
        """Wait until its books say that every job is done."""
        until = time.monotonic() + START
        while {job.stage for job in self._books().jobs.values()} != {"done"}:
            assert time.monotonic() < until, "the job is not done"
            time.sleep(0.05)

    def _books(self) -> Ledger:
        """What the journal says now. Read from a copy: to open one is to mend it."""
        copy = self._folder / "journal.copy"
        shutil.copy(self._folder / "spool" / "journal", copy)
        books = Ledger(Journal(copy))
        books.close()
        return books


async def serve(folder: Path, art: str, gate: str, port: int) -> None:
    """The bridge's process, until it is killed."""
    painters = [Painter("cpu", ["classical"]), painter("patient", gate)]
    async with Bridge(Config(port=port, models=(art,)), folder, painters):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])))
