"""What the bridge answers: an ask becomes a plan, an upload becomes a region, a region and a recipe become a job.

No sockets: `Conversation` is what this room knows of a client, and `server.py` carries its bytes.
"""

import asyncio
import hashlib
import logging
import secrets
import time
from collections.abc import Coroutine
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bridge import geometry
from bridge.families import FAMILIES, Family
from bridge.jobs import Queue, Shown
from bridge.ledger import Held, Job, Ledger, Session, fingerprint
from bridge.painter import Painter
from bridge.protocol import limits
from bridge.protocol.errors import Refusal
from bridge.protocol.messages import (
    Accepted,
    Ack,
    Cancel,
    Capabilities,
    Done,
    Fetch,
    Fill,
    Layer,
    Map,
    Message,
    Missing,
    Preview,
    Want,
    WantedImage,
    WantedMask,
)
from bridge.protocol.session import BridgeSide, Chunk, Event, Opened, Uploaded
from bridge.protocol.values import DEPTHS, Box, Picture
from bridge.spool import Spool, Upload, full, mapped, megabytes

log = logging.getLogger(__name__)


@dataclass(eq=False)
class Conversation:
    """One connection: the rules of its side, and, once it is open, its session."""

    side: BridgeSide
    client: Map = field(default_factory=dict)
    key: str = ""
    session: Session | None = None

    @property
    def host(self) -> str:
        """The program at the other end, as it calls itself."""
        return str(self.client.get("host", "unknown"))[:40]


@dataclass
class Wanted:
    """A job whose pixels were asked for and have not all come."""

    fill: Fill
    prints: bytes
    key: str
    plan: geometry.Plan
    family: Family
    conversation: Conversation
    uploads: dict[str, Upload] = field(default_factory=dict)
    finishing: bool = False

    @property
    def size(self) -> int:
        """Bytes that the upload will have."""
        return upload_size(self.fill, self.plan)

    def close(self) -> None:
        """Forget what has come."""
        for upload in self.uploads.values():
            upload.close()
            upload.path.unlink(missing_ok=True)
        self.uploads.clear()


class Desk:
    """Answers clients. One for each bridge."""

    def __init__(self, ledger: Ledger, spool: Spool, painters: list[Painter], idle_seconds: float) -> None:
        self._ledger, self._spool = ledger, spool
        self.queue = Queue(ledger, spool, painters, self._tell, idle_seconds)
        self._painters = painters
        self._wanted: dict[str, Wanted] = {}
        self._listening: dict[bytes, Conversation] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self.last_event = time.monotonic()

    async def open(self) -> None:
        """Take up what an earlier bridge left."""
        kept = {held.name for held in self._ledger.regions.values() if self._spool.region(held.name).picture.exists()}
        self._ledger.drop([name for name in self._ledger.regions if name not in kept])
        self._spool.sweep(kept, set(self._ledger.results))
        await self.queue.open()

    async def close(self) -> None:
        """End in good order."""
        await self.queue.close()
        for wanted in self._wanted.values():
            wanted.close()
        self._ledger.close()

    @property
    def idle(self) -> bool:
        """True while nobody is connected and nothing is worked on."""
        return not self._listening and not self._wanted and self.queue.idle

    # ---- conversations come and go ------------------------------------------------------------------------------

    def welcome(self, conversation: Conversation, opened: Opened) -> Conversation | None:
        """A client proved itself. Returns the older conversation of the same session, which must end."""
        conversation.key, conversation.client = opened.key_id, opened.client
        session, resumed = self._ledger.open(opened.key_id, opened.session)
        conversation.session = session
        older = self._listening.get(session.name)
        self._listening[session.name] = conversation
        conversation.side.welcome(session.name, resumed)
        for message in list(session.unsettled.values()):
            conversation.side.outbox.say(message)
        return older

    def leave(self, conversation: Conversation) -> None:
        """The connection is gone; its half-finished uploads are freed after a grace."""
        if conversation.session and self._listening.get(conversation.session.name) is conversation:
            del self._listening[conversation.session.name]
        for name, wanted in self._wanted.items():
            if wanted.conversation is conversation:
                asyncio.get_running_loop().call_later(limits.UPLOAD_GRACE, self._free, name, wanted)

    def _free(self, name: str, wanted: Wanted) -> None:
        if self._wanted.get(name) is wanted and not wanted.finishing:
            del self._wanted[name]
            wanted.close()

    # ---- what a client says -------------------------------------------------------------------------------------

    async def act(self, conversation: Conversation, event: Event) -> None:
        """Do what a client asks. What cannot be done is said to it."""
        self.last_event = time.monotonic()
        try:
            match event:
                case Chunk():
                    self._write(event)
                case Fill():
                    await self._fill(conversation, event)
                case Uploaded(job):
                    wanted = self._wanted[job]
                    wanted.finishing = True
                    self._start(wanted, self._take_in(wanted))
                case Cancel(job):
                    await self._cancel(conversation, job)
                case Ack(n):
                    self._settle(conversation, n)
                case Fetch():
                    self._fetch(conversation, event)
                case Capabilities():
                    conversation.side.outbox.say(self.capabilities())
                case _:
                    raise Refusal("wire.type", f"This bridge does not answer “{getattr(event, 't', '?')}”.")
        except Refusal as refusal:
            self._refuse(conversation, event, refusal)
        except Exception as why:  # a fault of the bridge's own must not cut the conversation, nor be silent
            log.exception("a client's %s could not be answered", type(event).__name__)
            text = f"The bridge failed ({type(why).__name__}: {why}). Its log says where; please report it."
            self._refuse(conversation, event, Refusal("internal", text))

    def _refuse(self, conversation: Conversation, event: Event, refusal: Refusal) -> None:
        cause = event.t if isinstance(event, Message) else None
        job = event.stream.job if isinstance(event, Chunk) else getattr(event, "job", None)
        conversation.side.refuse(refusal, re=cause, job=job)

    def capabilities(self) -> Capabilities:
        """What can be painted here, and on what."""
        family = FAMILIES["classical"]
        strengths = [0.05 if family.partial else 1.0, 1.0]
        engines = (
            {
                "name": "classical",
                "modes": list(family.modes),
                "reads_prompt": family.reads_prompt,
                "strengths": strengths,
            },
        )
        device = {"name": ", ".join(painter.device for painter in self._painters), "memory": 0, "free": 0}
        return Capabilities(1, 1, 1, engines, (), (), device)

    async def _fill(self, conversation: Conversation, fill: Fill) -> None:
        prints, key, outbox = fingerprint(fill), conversation.key, conversation.side.outbox
        if known := self._ledger.jobs.get(fill.job):
            if known.key != key or known.prints != prints:
                raise _reused()
            outbox.say(self._accepted(known))
            return
        if waiting := self._wanted.get(fill.job):
            if waiting.key != key or waiting.prints != prints:
                raise _reused()
            if waiting.finishing:
                waiting.conversation = conversation
                return
            waiting.close()
            del self._wanted[fill.job]
        family = _family(fill)
        plan = geometry.plan(fill.document, fill.selection, fill.recipe, family, fill.content)
        if fill.dry:
            outbox.say(Want(fill.job, plan.to_map()))
            return
        fill = replace(fill, selection=plan.mask, recipe=_resolved(fill))
        self._check_limits(key, fill, plan)
        wanted = Wanted(fill, prints, key, plan, family, conversation)
        held = self._ledger.regions.get(fill.region or "")
        if held and held.serves(fill, key, plan.image) and self._spool.region(held.name).picture.exists():
            self._wanted[fill.job] = wanted
            wanted.finishing = True
            self._start(wanted, self._promise(wanted, held))
            return
        self._wanted[fill.job] = wanted
        image = WantedImage(plan.image, fill.document.channels, fill.document.depth)
        conversation.side.want(Want(fill.job, plan.to_map(), image, WantedMask(plan.mask) if plan.mask else None))

    def _check_limits(self, key: str, fill: Fill, plan: geometry.Plan) -> None:
        queued = sum(1 for _ in self._ledger.unfinished(key)) + sum(one.key == key for one in self._wanted.values())
        if queued >= limits.QUEUED:
            text = f"{queued} jobs wait already; the limit is {limits.QUEUED}. Wait for one to finish, or cancel some."
            raise Refusal("queue.full", text, "later", limit=limits.QUEUED, got=queued)
        size, under_way = upload_size(fill, plan), sum(wanted.size for wanted in self._wanted.values())
        for code, got, limit in (
            ("limit.upload", size, limits.JOB_UPLOAD),
            ("limit.uploads", size + under_way, limits.ALL_UPLOADS),
        ):
            if got > limit:
                text = f"This needs {megabytes(got)} of pixels on the way; the limit is {megabytes(limit)}. "
                raise Refusal(code, text + "Select a smaller part.", "later", limit=limit, got=got)
        area = (plan.mask or plan.image).area * fill.recipe.scale**2
        layers = fill.recipe.count * area * (fill.document.channels * DEPTHS[fill.document.depth] + 1)
        unfinished = {job.region for job in self._ledger.unfinished()}
        self._ledger.drop(self._spool.make_room(size + layers + under_way, unfinished | {fill.region or ""}))

    # ---- from pixels to a job -----------------------------------------------------------------------------------

    def _write(self, chunk: Chunk) -> None:
        wanted = self._wanted.get(chunk.stream.job)
        if wanted is None:
            return
        upload = wanted.uploads.get(chunk.stream.use)
        if upload is None:
            upload = wanted.uploads[chunk.stream.use] = self._spool.upload(chunk.stream.job, chunk.stream.use)
        if chunk.offset == 0:
            upload.restart()
        upload.write(chunk.offset, chunk.payload)
        upload.digest.update(chunk.payload)

    async def _take_in(self, wanted: Wanted) -> None:
        """Every pixel has come: the upload becomes a region, and the ask a job."""
        fill, plan = wanted.fill, wanted.plan
        mask = wanted.uploads.get("mask")
        if mask is not None and plan.mask is not None:
            bounds, _ = await asyncio.to_thread(_survey, mask.path, plan.mask)
            if bounds is None:
                text = f"The selection is empty: all {plan.mask.area:,} values of its mask are 0. Select something."
                raise Refusal("picture.mask_empty", text)
        name = _region_name(wanted)
        self._spool.keep(name, wanted.uploads["image"], mask)
        wanted.uploads.clear()
        held = Held(name, wanted.key, fill.document, plan.image, fill.selection)
        self._ledger.hold(held)
        await self._promise(wanted, held)

    async def _promise(self, wanted: Wanted, held: Held) -> None:
        """Region and resolved recipe go into the journal; from here on the job survives a crash."""
        fill = wanted.fill
        self._spool.touch(held.name)
        parts: tuple[Box, ...] = ()
        plan = wanted.plan
        if held.selection is not None:
            _, parts = await asyncio.to_thread(_survey, self._spool.region(held.name).mask, held.selection)
            plan = geometry.refine(plan, parts, fill.recipe, wanted.family)
        if self._wanted.get(fill.job) is not wanted:
            return  # cancelled while it was looked through
        session = wanted.conversation.session
        assert session is not None
        job = Job(
            *(fill.job, wanted.key, session.name, wanted.conversation.host, fill, wanted.prints, held.name),
            *("classical", wanted.family.name, parts, plan.to_map(), time.time()),
        )
        self._ledger.accept(job)
        await asyncio.to_thread(self._ledger.sync)
        del self._wanted[fill.job]
        job = self._ledger.jobs[fill.job]
        wanted.conversation.side.forget(fill.job)
        wanted.conversation.side.outbox.say(self._accepted(job))
        self.queue.add(job)
        replaced = self._ledger.jobs.get(fill.replaces or "")
        if replaced and replaced.key == wanted.key:
            await self.queue.cancel(replaced)

    def _accepted(self, job: Job) -> Accepted:
        before = self.queue.before(job) if job.stage != "done" else []
        seconds = sum(float(one.plan.get("seconds", 0)) for one in [*before, job])
        return Accepted(job.name, job.region, job.plan, len(before), round(seconds, 1), int(job.plan.get("memory", 0)))

    async def _cancel(self, conversation: Conversation, name: str) -> None:
        wanted = self._wanted.get(name)
        if wanted and wanted.key == conversation.key:
            del self._wanted[name]
            wanted.close()
            conversation.side.forget(name)
            self._end_unpromised(wanted)
            return
        job = self._ledger.jobs.get(name)
        if job is None or job.key != conversation.key:
            raise Refusal("job.unknown", "The bridge knows no such job; it may have been finished a week ago.")
        await self.queue.cancel(job)

    def _end_unpromised(self, wanted: Wanted) -> None:
        """A job that was only wanted leaves nothing behind, but its client is told, once, that it ended."""
        session = wanted.conversation.session
        assert session is not None
        self._ledger.accept(
            Job(
                *(wanted.fill.job, wanted.key, session.name, wanted.conversation.host, wanted.fill, wanted.prints, ""),
                *("classical", wanted.family.name, (), wanted.plan.to_map(), time.time()),
            )
        )
        job = self._ledger.jobs[wanted.fill.job]
        missing = tuple(Missing(k, "job.lost", "Cancelled.") for k in job.missing)
        self._tell(job, self._ledger.done(job, Done(0, job.name, "cancelled", (), missing)), None)

    # ---- what the bridge says -----------------------------------------------------------------------------------

    def _tell(self, job: Job, message: Message, shown: Shown | None) -> None:
        """Say something of a job to its client, if it listens; what is durable waits for it otherwise."""
        conversation = self._listening.get(job.session)
        if conversation is None:
            return
        outbox = conversation.side.outbox
        if isinstance(message, Preview) and shown:
            outbox.preview(message, shown.picture, shown.pixels)
        elif isinstance(message, Layer):
            files = self._spool.layer(message.result)
            outbox.layer(message, mapped(files.picture), mapped(files.mask) if files.mask.exists() else None)
        else:
            if isinstance(message, Done):
                outbox.forget(job.name, ("preview",))
            outbox.say(message)

    def _settle(self, conversation: Conversation, n: int) -> None:
        assert conversation.session is not None
        settled = self._ledger.settle(conversation.session, n)
        if isinstance(settled, Layer):
            self._spool.layer(settled.result).delete()

    def _fetch(self, conversation: Conversation, fetch: Fetch) -> None:
        job, layer = self._ledger.results.get(fetch.result, (None, None))
        files = self._spool.layer(fetch.result)
        if job is None or layer is None or job.key != conversation.key or not files.picture.exists():
            text = "This layer is no longer kept: it was taken or discarded, or a week has passed. Paint it again."
            raise Refusal("result.expired", text, result=fetch.result)
        picture = layer.picture
        pixels: bytes | memoryview
        if fetch.use == "layer":
            pixels = mapped(files.picture)
        else:
            picture = Picture(layer.box.width, layer.box.height, 1)
            pixels = mapped(files.mask) if files.mask.exists() else b"\xff" * picture.size
        if fetch.start > picture.size:
            text = f"The {fetch.use} has {picture.size} bytes; byte {fetch.start} was asked for."
            raise Refusal("wire.offset", text)
        conversation.side.outbox.stream(layer.job, fetch.use, picture, pixels, fetch.start)

    def _start(self, wanted: Wanted, work: Coroutine[Any, Any, None]) -> None:
        """Run something beside the conversation; what it refuses is said to the client, and the job is forgotten."""
        task = asyncio.get_running_loop().create_task(self._guarded(wanted, work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _guarded(self, wanted: Wanted, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except (Refusal, OSError) as why:
            refusal = why if isinstance(why, Refusal) else full(why, self._spool.folder / "journal")
            self._wanted.pop(wanted.fill.job, None)
            wanted.close()
            wanted.conversation.side.forget(wanted.fill.job)
            wanted.conversation.side.refuse(refusal, re="fill", job=wanted.fill.job)


def upload_size(fill: Fill, plan: geometry.Plan) -> int:
    """Bytes that a client sends for this plan: the picture, and the mask where there is a selection."""
    picture = Picture(plan.image.width, plan.image.height, fill.document.channels, fill.document.depth)
    return picture.size + (plan.mask.area if plan.mask else 0)


def _family(fill: Fill) -> Family:
    if fill.recipe.model is not None:
        text = f"No model “{fill.recipe.model}” is here; none is installed. The built-in fill needs none: leave the "
        raise Refusal("model.unknown", text + "model out, and see sfumato models.", model=fill.recipe.model)
    return FAMILIES["classical"]


def _resolved(fill: Fill) -> Any:
    seed = fill.recipe.seed
    return replace(fill.recipe, seed=secrets.randbelow(2**32) if seed is None else seed)


def _survey(path: Path, box: Box) -> tuple[Box | None, tuple[Box, ...]]:
    """Look a mask through: where it is above 0, and its disjoint parts. Runs in a thread, the first to load numpy."""
    import numpy as np

    from bridge import masks

    mask = np.memmap(path, np.uint8, "r", shape=(box.height, box.width))
    found = masks.survey(mask, box)
    return found.bounds, found.parts


def _region_name(wanted: Wanted) -> str:
    """A region is known by its content, and belongs to a key."""
    fill, plan = wanted.fill, wanted.plan
    facts = (wanted.key, replace(fill.document, tag="0"), plan.image, fill.selection)
    digest = hashlib.sha256(repr(facts).encode())
    for use in sorted(wanted.uploads):
        digest.update(wanted.uploads[use].digest.digest())
    return digest.hexdigest()[:32]


def _reused() -> Refusal:
    return Refusal("job.reused", "This job's name was used for something else; ask with a new name.")
