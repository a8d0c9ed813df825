"""The bridge's handle on a painter: a child process that owns one device and runs one engine call at a time.

Pixels cross by mapped spool files, commands and events as plain values by a pipe. Whatever happens in the child
(`painting.py`), a GPU fault or a kill, takes neither the queue nor a finished layer with it. Another machine can stand
behind this seam.

Commands: `prepare` {engine, recipe}, `paint` {task}, `cancel` {job}. Events: `device` as a task begins, `progress`,
`preview`, `layer`, then one of `done`, `cancelled`, `failed`.
"""

import asyncio
import contextlib
import struct
import sys
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Any

import msgpack

Map = dict[str, Any]

HEAD = struct.Struct("<I")
"""Before each map in the pipe: its length."""
LITTLE = 0.05
"""Of a device's memory: when so much more or less is free, an artist is told."""


class PainterLost(Exception):
    """The painter's process ended while it worked."""


class Painter:
    """The bridge's end: starts the process on first need, keeps it warm, starts it again when it died.

    `engines` names what it paints with; `argv` is the program (a test passes its own); `drops` says that a cancel may
    kill the process: an engine that cannot stop in the middle holds no weights that would have to be loaded again.
    `facts` are what the process told of its device, {name, memory, free} in bytes; None before it did. `changed` is
    called when they are other ones, but for free memory that differs by little.
    """

    def __init__(
        self, device: str, engines: Sequence[str], argv: Sequence[str] | None = None, drops: bool = False
    ) -> None:
        self.device = device
        self.engines = frozenset(engines)
        self._argv = list(argv) if argv else [sys.executable, "-m", "bridge.painting", device]
        self._drops = drops
        self.facts: Map | None = None
        self.changed: Callable[[], None] = lambda: None
        self._told: Map | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._starting = asyncio.Lock()

    def __repr__(self) -> str:
        return f"Painter({self.device!r}, pid={self.pid})"

    @property
    def pid(self) -> int | None:
        """The process, while there is one."""
        alive = self._process and self._process.returncode is None
        return self._process.pid if self._process and alive else None

    async def warm(self) -> None:
        """Start the process, unless it runs."""
        async with self._starting:  # two who wait for it start one
            if self.pid is None:
                pipe = asyncio.subprocess.PIPE
                self._process = await asyncio.create_subprocess_exec(*self._argv, stdin=pipe, stdout=pipe)

    async def prepare(self, engine: str, recipe: Map) -> None:
        """Start the process, and let it load what this recipe needs, before its pixels are there."""
        await self.warm()
        with contextlib.suppress(ConnectionError):  # the job will say why
            self._command({"t": "prepare", "engine": engine, "recipe": recipe})

    async def paint(self, task: Map) -> AsyncGenerator[Map]:
        """Run one task; yields its events. The last one is `done`, `cancelled` or `failed`. Raises PainterLost."""
        await self.warm()
        process = self._process
        assert process and process.stdout
        try:
            self._command({"t": "paint", **task})
            while True:
                (size,) = HEAD.unpack(await process.stdout.readexactly(HEAD.size))
                event = msgpack.unpackb(await process.stdout.readexactly(size), raw=False)
                if event["t"] == "device":
                    self.facts = event["facts"]
                    if self._told is None or _differ(self._told, self.facts):
                        self._told = self.facts
                        self.changed()
                    continue
                yield event
                if event["t"] in ("done", "cancelled", "failed"):
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            await process.wait()
            raise PainterLost(f"painter {self.device} ended with {process.returncode}") from None

    def cancel(self, job: str) -> None:
        """Stop the task of this job: within a step, or at once by dropping the process."""
        if self._process is None or self.pid is None:
            return
        if self._drops:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
        else:
            with contextlib.suppress(ConnectionError):
                self._command({"t": "cancel", "job": job})

    async def stop(self) -> None:
        """End the process and what it holds in memory."""
        if self._process and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()

    def _command(self, values: Map) -> None:
        assert self._process and self._process.stdin
        packed = msgpack.packb(values, use_bin_type=True)
        self._process.stdin.write(HEAD.pack(len(packed)) + packed)


def _differ(before: Map, now: Map) -> bool:
    """True where an artist would see that these are other facts."""
    same = (before["name"], before["memory"]) == (now["name"], now["memory"])
    return not same or abs(before["free"] - now["free"]) > LITTLE * now["memory"]
