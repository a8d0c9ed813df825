"""The queue before the painters: fair between sessions, cancel in every state, each job ends exactly once."""

import asyncio
import contextlib
import hashlib
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

from bridge import __version__
from bridge.ledger import Job, Ledger
from bridge.painter import Map, Painter, PainterLost
from bridge.protocol.messages import Done, Layer, Message, Missing, Preview, Progress, State
from bridge.protocol.values import Box, Picture
from bridge.spool import Spool


class Shown(NamedTuple):
    """The pixels of a preview."""

    picture: Picture
    pixels: bytes


log = logging.getLogger(__name__)

Tell = Callable[[Job, Message, Shown | None], None]
"""`tell(job, message, shown)` hands a message on to the job's client, if one listens; only a preview is shown."""

MOST_STARTS = 2
"""How often a job is begun: once more after a crash, then it is given up."""


class Queue:
    """Jobs wait here until a painter that has their engine is free."""

    def __init__(
        self, ledger: Ledger, spool: Spool, painters: Sequence[Painter], tell: Tell, idle_seconds: float = 600
    ) -> None:
        self._ledger, self._spool, self._painters, self._tell = ledger, spool, painters, tell
        self._idle_seconds = idle_seconds
        self._waiting: dict[bytes, deque[Job]] = {}
        self._running: dict[str, Painter] = {}
        self._more = asyncio.Event()
        self._workers: list[asyncio.Task[None]] = []

    async def open(self) -> None:
        """Take up what an earlier bridge left, and set the painters to work."""
        for job in list(self._ledger.unfinished()):
            if job.cancelled:
                await self._finish(job, "cancelled")
            elif job.starts >= MOST_STARTS:
                await self._finish(job, *_lost())
            else:
                self.add(job)
        self._workers = [asyncio.create_task(self._work(painter)) for painter in self._painters]

    async def close(self) -> None:
        """Stop painting; what ran waits in the journal for the next bridge."""
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)
        await asyncio.gather(*(painter.stop() for painter in self._painters))

    async def prepare(self, engine: str, recipe: Map) -> None:
        """Let an idle painter that has this engine start, and load what a recipe needs, before its job is there."""
        busy = self._running.values()
        for painter in self._painters:
            if engine in painter.engines and painter not in busy:
                with contextlib.suppress(OSError):  # the job will say why
                    await painter.prepare(engine, recipe)
                return

    @property
    def idle(self) -> bool:
        """True while nothing waits and nothing runs."""
        return not self._running and not any(self._waiting.values())

    def add(self, job: Job) -> None:
        """A job that the ledger has accepted waits from now on."""
        job.stage = "queued"
        self._waiting.setdefault(job.session, deque()).append(job)
        self._more.set()

    def moved(self, job: Job, before: bytes) -> None:
        """The ledger gave a job to another session: if it waits, then in that one's turn from now on."""
        if job in self._waiting.get(before, ()):
            self._waiting[before].remove(job)
            self.add(job)

    def before(self, job: Job) -> list[Job]:
        """The jobs that the same painters do first or at the same time: what `accepted.ahead` counts."""
        others = (one for one in self._ledger.unfinished() if one.engine == job.engine and one is not job)
        return [one for one in others if one.stage == "running" or one.at <= job.at]

    async def cancel(self, job: Job) -> None:
        """The artist lost interest. `done` follows, unless it was said."""
        if job.stage == "done" or job.cancelled:
            return
        self._ledger.cancel(job)
        waiting = self._waiting.get(job.session, ())
        if job in waiting:
            self._waiting[job.session].remove(job)
            await self._finish(job, "cancelled")
        elif job.name in self._running:
            self._running[job.name].cancel(job.name)

    async def _work(self, painter: Painter) -> None:
        """One painter's day."""
        while True:
            job = await self._take(painter)
            self._running[job.name] = painter
            try:
                await self._paint(painter, job)
            except asyncio.CancelledError:
                if job.stage == "running":
                    self._ledger.give_back(job)
                raise
            except Exception:  # a full disk, say: this job ends, the painter goes on
                log.exception("job %s could not be worked on", job.name)
                await painter.stop()
                with contextlib.suppress(OSError):
                    if job.stage != "done":
                        await self._finish(job, "failed", "internal", "The bridge could not go on; its log says why.")
            finally:
                if self._running.get(job.name) is painter:  # else another painter has taken it up
                    del self._running[job.name]
            if painter.pid is None:
                with contextlib.suppress(OSError):  # the next job will say why
                    await painter.warm()

    async def _take(self, painter: Painter) -> Job:
        """Wait for the next job; a painter that waits too long gives its memory back."""
        while (job := self._next(painter)) is None:
            self._more.clear()
            try:
                async with asyncio.timeout(self._idle_seconds if painter.pid else None):
                    await self._more.wait()
            except TimeoutError:
                await painter.stop()
        return job

    def _next(self, painter: Painter) -> Job | None:
        """The oldest job this painter can do of the session that was served longest ago."""
        for session, waiting in list(self._waiting.items()):
            for job in waiting:
                if job.engine in painter.engines:
                    waiting.remove(job)
                    del self._waiting[session]
                    if waiting:
                        self._waiting[session] = waiting
                    return job
        return None

    async def _paint(self, painter: Painter, job: Job) -> None:
        self._ledger.start(job)
        self._tell(job, Progress(job.name, "loading", 0, 0), None)
        begun = time.monotonic()
        await painter.warm()
        if job.cancelled:
            await self._finish(job, "cancelled")
            return
        try:
            async with contextlib.aclosing(painter.paint(self._task(job))) as events:
                async for event in events:
                    match event["t"]:
                        case "progress":
                            self._tell(job, _progress(job, event, time.monotonic() - begun), None)
                        case "preview":
                            picture = Picture(event["width"], event["height"], 3)
                            shown = Shown(picture, event["pixels"])
                            self._tell(job, Preview(job.name, event["index"], 0), shown)
                        case "layer":
                            self._tell(job, self._ledger.layer(job, _layer(job, event)), None)
                        case "failed":
                            await self._finish(job, "failed", event["code"], event["text"])
                        case "cancelled":
                            await self._finish(job, "cancelled")
                        case "done":
                            await self._finish(job, "ok", timings=event["timings"])
        except PainterLost:
            if job.cancelled:
                await self._finish(job, "cancelled")
            elif job.starts >= MOST_STARTS:
                await self._finish(job, *_lost())
            else:
                self.add(job)

    def _task(self, job: Job) -> Map:
        """What the painter needs to know, as plain values. Its paths are the bridge's own, never the wire's."""
        fill, files = job.fill, self._spool.region(job.region)
        document = fill.document
        held = self._ledger.regions[job.region]
        return {
            "job": job.name,
            "engine": job.engine,
            "family": job.family,
            "recipe": fill.recipe.to_map(),
            "missing": list(job.missing),
            "document": [document.tag, document.width, document.height, document.channels, document.depth],
            "box": list(held.box),
            "selection": list(fill.selection) if fill.selection else None,
            "content": list(fill.content) if fill.content else None,
            "image": str(files.picture),
            "mask": str(files.mask) if fill.selection else None,
            "out": str(self._spool.folder / "layers"),
            "results": [result_id(job.name, k) for k in range(fill.recipe.count)],
        }

    async def _finish(self, job: Job, state: State, code: str = "", text: str = "", timings: Map | None = None) -> None:
        """Say the job's last word, once."""
        if state == "cancelled" and not job.missing:
            state = "ok"
        if state == "failed" and job.layers:
            state = "ok"
        why = (code, text) if code else ("job.lost", "Cancelled.")
        missing = tuple(Missing(k, *why) for k in job.missing)
        results = tuple(job.layers[k] for k in sorted(job.layers))
        done = self._ledger.done(job, Done(0, job.name, state, results, missing, timings or {}))
        await asyncio.to_thread(self._ledger.sync)
        self._tell(job, done, None)


def result_id(job: str, index: int) -> str:
    """The same for the same job and variation: a job that runs again makes the same ids (WIRE.md, *Values*)."""
    return hashlib.sha256(job.encode("ascii") + index.to_bytes(2, "little")).digest()[:16].hex()


def layer_name(job: Job, index: int) -> str:
    """What the artist reads in the layer list: “Fill – red roof (seed 42)”."""
    recipe = job.fill.recipe
    words = " ".join(recipe.prompt.split())
    shown = f" – {words[:60]}{'…' if len(words) > 60 else ''}" if words and _reads_prompt(job) else ""
    verb = "Refine" if recipe.mode == "fill" and recipe.strength < 1 else recipe.mode.capitalize()
    return f"{verb}{shown} (seed {_seed(job, index)})"


def _seed(job: Job, index: int) -> int:
    assert job.fill.recipe.seed is not None
    return (job.fill.recipe.seed + index) % 2**32


def _reads_prompt(job: Job) -> bool:
    return job.engine != "classical"


def _layer(job: Job, event: Map) -> Layer:
    index, recipe = event["index"], job.fill.recipe
    made = {"engine": job.engine, "family": job.family, "sfumato": __version__, **event.get("made", {})}
    return Layer(
        n=0,
        job=job.name,
        result=result_id(job.name, index),
        index=index,
        count=recipe.count,
        box=Box(*event["box"]),
        picture=Picture(**event["picture"]),
        name=layer_name(job, index),
        seed=_seed(job, index),
        recipe=replace(recipe, seed=_seed(job, index), count=1, made=made).to_map(),
        prompt_used=bool(recipe.prompt) and _reads_prompt(job),
        timings=event["timings"],
    )


def _progress(job: Job, event: Map, seconds: float) -> Progress:
    """How far, and how long still: by the share that is done once there is one, else by the plan's estimate."""
    step, steps = event["step"], event["steps"]
    share = step / steps if steps else 0.0
    left = seconds / share - seconds if share > 0.1 else max(0.0, float(job.plan.get("seconds", 0)) - seconds)
    return Progress(job.name, event["phase"], step, steps, round(left, 1))


def _lost() -> tuple[State, str, str]:
    text = f"The painter died {MOST_STARTS} times over this job, so it was given up. Try a smaller selection; "
    return "failed", "job.lost", text + "the bridge's log says more."
