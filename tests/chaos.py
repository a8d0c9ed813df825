"""Cut, kill and restart while it works: every layer lands once. `python -m tests.chaos 200` runs so many schedules.

A schedule is drawn from its seed: where connections are reset (after so many bytes), at which record of the journal the
bridge is killed with SIGKILL, and whether that record is then written not at all, half, or whole; and after how many
events the client itself is gone, as if it were killed. The bridge is a real process and is started anew; the client
knows nothing of all this, and the one that comes after it takes over what it finds.
"""

import asyncio
import os
import random
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bridge import link
from bridge.client import Client, Event
from bridge.config import Config
from bridge.journal import Journal, Record
from bridge.ledger import Ledger
from bridge.painter import Painter
from bridge.protocol.errors import Refusal
from bridge.protocol.messages import Layer
from bridge.protocol.values import Recipe
from bridge.server import Bridge
from tests.asks import ABOUT, SELECTION, Reader, document, done, layers, recipe

PAINTER = """
import os, sys, msgpack
source, sink = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
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
        shade = (task["recipe"]["seed"] + k) % 200
        path = os.path.join(task["out"], task["results"][k])
        with open(path + ".picture", "wb") as file:
            file.write(bytes([shade]) * (width * height * 3))
        tell({"t": "progress", "phase": "painting", "step": k, "steps": 3})
        tell({"t": "layer", "index": k, "box": task["selection"], "picture": picture, "timings": {}})
    tell({"t": "done", "timings": {}})
"""
"""A painter that is there at once: what is tried here is the bridge."""


@dataclass(frozen=True)
class Schedule:
    """What goes wrong in one run. `kill` is (record of the journal, how much of it is written), or None. For each fill
    `counts` says how many variations it has, and `ends` after how many events its client is gone, or None."""

    seed: int
    cuts: tuple[int, ...]
    kill: tuple[int, str] | None
    counts: tuple[int, ...]
    ends: tuple[int | None, ...] = (None, None)

    @classmethod
    def drawn(cls, seed: int) -> "Schedule":
        draw = random.Random(seed)
        cuts = tuple(draw.randrange(500, 60_000) for _ in range(draw.randrange(4)))
        kill = (draw.randrange(1, 14), draw.choice(["none", "half", "whole"])) if draw.random() < 0.75 else None
        counts = tuple(draw.randrange(1, 4) for _ in range(2))
        return cls(seed, cuts, kill, counts, tuple(draw.choice([None, draw.randrange(6)]) for _ in counts))


class FatalJournal(Journal):
    """Kills its own process at one record."""

    def __init__(self, path: Path, record: int, how: str) -> None:
        super().__init__(path)
        self.left, self.how = record, how

    def append(self, record: Record) -> None:
        self.left -= 1
        if self.left == 0:
            if self.how == "half":
                before = self.path.stat().st_size
                super().append(record)
                os.truncate(self.path, (before + self.path.stat().st_size) // 2)
            elif self.how == "whole":
                super().append(record)
            os.kill(os.getpid(), signal.SIGKILL)
        super().append(record)


class Resets:
    """Dials, and resets each connection (RST, not FIN) after so many bytes; the last one holds."""

    def __init__(self, after: tuple[int, ...]) -> None:
        self.after, self.dialled = list(after), 0

    def __call__(self, host: str, port: int) -> link.Wire:
        self.dialled += 1
        return ResetWire(link.dial(host, port), self.after.pop(0) if self.after else None)


class ResetWire:
    def __init__(self, wire: Any, left: int | None) -> None:
        self.wire, self.left = wire, left

    def count(self, size: int) -> None:
        if self.left is None:
            return
        self.left -= size
        if self.left < 0:
            self.wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.wire.socket.close()
            raise ConnectionResetError("cut by the schedule")

    def send(self, message: bytes) -> None:
        self.count(len(message))
        self.wire.send(message)

    def recv(self, timeout: float | None = None) -> bytes | str:
        message = self.wire.recv(timeout)
        self.count(len(message))
        return message

    def close(self) -> None:
        self.wire.close()


class Supervised:
    """The bridge as a process that is started again whenever it was killed."""

    def __init__(self, folder: Path, kill: tuple[int, str] | None) -> None:
        self.folder, self.starts, self.ending = folder, 0, False
        self.process = self.start(kill)
        self.thread = threading.Thread(target=self.watch)
        self.thread.start()

    def start(self, kill: tuple[int, str] | None) -> subprocess.Popen[bytes]:
        self.starts += 1
        argv = [sys.executable, "-m", "tests.chaos", "--bridge", str(self.folder), *map(str, kill or ())]
        return subprocess.Popen(argv, stdin=subprocess.DEVNULL)

    def watch(self) -> None:
        while self.process.wait() == -signal.SIGKILL and not self.ending:
            self.process = self.start(None)

    def end(self) -> None:
        self.ending = True
        while self.thread.is_alive():  # it may be starting the bridge anew at this very moment
            self.process.terminate()
            self.thread.join(0.1)


def run(schedule: Schedule, folder: Path) -> str:
    """Run one schedule; returns a line about it. Raises AssertionError where a layer is lost, wrong, or comes twice."""
    bridge = Supervised(folder, schedule.kill)
    dial = Resets(schedule.cuts)
    try:
        while not (folder / "bridge.json").exists():
            assert bridge.process.poll() in (None, -signal.SIGKILL)
        client = connected(folder, dial)
        for number, (count, end) in enumerate(zip(schedule.counts, schedule.ends, strict=True)):
            of, seed = document(), schedule.seed * 10 + number
            if end is None:
                events = list(client.fill(of, SELECTION, recipe(count, seed), Reader(of)))
            else:
                gone, client = client, connected(folder, dial)
                events = taken_over(gone, client, recipe(count, seed), end)
            assert sorted(layer.index for layer in layers(events)) == list(range(count)), "a layer is missing or twice"
            for event in events:
                if isinstance(event.message, Layer):
                    assert set(event.picture) == {(seed + event.message.index) % 200}, "a layer has other pixels"
            assert end is not None or done(events).state == "ok"
        client.capabilities()  # the bridge has read the last ack
        client.close()
    finally:
        bridge.end()
    assert not list((folder / "spool" / "layers").iterdir()), "a layer was left behind"
    assert not list((folder / "spool" / "uploads").iterdir()), "an upload was left behind"
    ledger = Ledger(Journal(folder / "spool" / "journal"))
    assert all(job.stage == "done" for job in ledger.jobs.values())
    assert len(ledger.jobs) == len(schedule.counts)
    assert ledger.results == {}, "a layer is not settled"
    ledger.close()
    return f"seed {schedule.seed}: {dial.dialled} connections, {bridge.starts} bridges, {sum(schedule.counts)} layers"


def taken_over(gone: Client, client: Client, asked: Recipe, end: int) -> list[Event]:
    """A fill whose client is gone after `end` events; the next one takes over. Returns what reached the document, which
    knows the results that it has."""
    of, events = document(), []
    job = gone.begin(of, SELECTION, asked, Reader(of))
    while gone.busy and len(events) < end:
        for event in gone.hear():
            events.append(event)
            gone.settle(event)  # may never leave
    gone.close() if end % 2 else gone._link._wire.close()
    inserted = {layer.result for layer in layers(events)}
    while True:
        listed = [one for one in client.jobs() if one["job"] == job]
        if not listed and len(inserted) == asked.count:
            return events
        try:
            more = list(client.take(job) if listed else client.fill(of, SELECTION, asked, Reader(of), job=job))
            return events + [one for one in more if getattr(one.message, "result", None) not in inserted]
        except Refusal as refusal:  # the bridge has not noticed yet
            assert refusal.code == "job.busy"


def connected(folder: Path, dial: Resets) -> Client:
    """A client; where the bridge was killed before it answered, as soon as the next one does."""
    while True:
        try:
            return Client(ABOUT, folder, dial=dial, start=False)
        except Refusal as refusal:
            assert refusal.code == "job.lost" or refusal.retry == "later"  # it may be killed while they shake hands


async def serve(folder: Path, kill: tuple[int, str] | None) -> None:
    """The bridge's process."""
    painter = Painter("cpu", ["classical"], [sys.executable, "-c", PAINTER], drops=True)

    def journal(path: Path) -> Journal:
        return FatalJournal(path, *kill) if kill else Journal(path)

    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with Bridge(Config(port=0), folder, [painter], journal):
        await stop.wait()


def main(arguments: list[str]) -> None:
    if arguments and arguments[0] == "--bridge":
        _, folder, *kill = arguments
        asyncio.run(serve(Path(folder), (int(kill[0]), kill[1]) if kill else None))
        return
    count = int(arguments[0]) if arguments else 200
    for seed in range(count):
        with tempfile.TemporaryDirectory() as folder:
            print(run(Schedule.drawn(seed), Path(folder)), flush=True)
    print(f"{count} schedules, every layer exactly once")


if __name__ == "__main__":
    main(sys.argv[1:])
