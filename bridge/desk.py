"""What the bridge answers: an ask becomes a plan, pixels and a recipe become a job, a finished job becomes layers.

No sockets: `Conversation` is what this room knows of a client, and `server.py` carries its bytes.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import Coroutine
from dataclasses import dataclass, field, replace
from typing import Any

from bridge import geometry
from bridge.delivery import Delivery
from bridge.intake import Dropped, Intake, Wanted, load
from bridge.jobs import Queue, Shown
from bridge.keys import Keys
from bridge.ledger import Held, Job, Ledger, Session, fingerprint
from bridge.models import Catalogue
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
    Invite,
    Jobs,
    Map,
    Message,
    Missing,
    Take,
    Want,
    WantedImage,
    WantedMask,
)
from bridge.protocol.session import BridgeSide, Chunk, Event, Opened, Uploaded
from bridge.protocol.values import Recipe
from bridge.repertoire import Repertoire, check_words
from bridge.spool import Spool, full

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


class Desk:
    """Answers clients. One for each bridge."""

    def __init__(
        self, ledger: Ledger, spool: Spool, painters: list[Painter], catalogue: Catalogue, idle: float, keys: Keys
    ) -> None:
        """`idle` is for how many seconds a painter that has nothing to do keeps its memory."""
        self._ledger, self._spool, self._keys = ledger, spool, keys
        self._repertoire = Repertoire(catalogue, painters, self._tell_everybody)
        self._intake = Intake(ledger, spool)
        self._delivery = Delivery(ledger, spool)
        self._queue = Queue(ledger, spool, painters, self._tell, idle)
        self._listening: dict[bytes, Conversation] = {}
        self._owners: dict[str, Conversation] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Take up what an earlier bridge left."""
        self._repertoire.open()
        kept = {name for name in self._ledger.regions if self._spool.region(name).picture.exists()}
        self._ledger.drop([name for name in self._ledger.regions if name not in kept])
        self._spool.sweep(kept, set(self._ledger.results))
        await self._queue.open()

    async def close(self) -> None:
        """End in good order."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._queue.close()
        await self._repertoire.close()
        self._intake.close()
        self._ledger.close()

    @property
    def idle(self) -> bool:
        """True while nobody is connected and nothing is worked on."""
        return not self._listening and not self.working

    @property
    def working(self) -> bool:
        """True while a job is wanted, waits or runs."""
        return bool(self._intake.wanted) or not self._queue.idle

    # ---- conversations come and go ----------------------------------------------------------------------------------

    def welcome(self, conversation: Conversation, opened: Opened) -> Conversation | None:
        """A client proved itself: what it has not acknowledged is said again. Returns the older conversation of the
        same session, which must end."""
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
        for name, wanted in self._intake.wanted.items():
            if self._owners[name] is conversation and not wanted.whole:
                asyncio.get_running_loop().call_later(limits.UPLOAD_GRACE, self._drop, wanted)

    def _drop(self, wanted: Wanted) -> None:
        """Nobody wants this job's pixels any more: what still comes of them is dropped."""
        name = wanted.fill.job
        if self._intake.wanted.get(name) is wanted:
            self._owners.pop(name).side.forget(name)
        self._intake.drop(wanted)

    async def act(self, conversation: Conversation, event: Event) -> None:
        """Do what a client asks. What cannot be done is said to it."""
        try:
            match event:
                case Chunk():
                    self._intake.write(event)
                case Fill():
                    await self._fill(conversation, event)
                case Uploaded(job):
                    self._start(self._intake.wanted[job], None)
                case Cancel(job):
                    await self._cancel(conversation, job)
                case Take(job):
                    self._take(conversation, self._job(conversation, job))
                case Invite(page):
                    conversation.side.outbox.say(self._keys.invite(conversation.key, page))
                case Jobs():
                    conversation.side.outbox.say(self._delivery.jobs(conversation.key, self._listening))
                case Ack(n):
                    assert conversation.session is not None
                    self._delivery.settle(conversation.session, n)
                case Fetch():
                    await self._delivery.fetch(conversation.side.outbox, conversation.key, event)
                case Capabilities():
                    if not await self._repertoire.look():
                        self._tell_capabilities(conversation)
                case _:
                    raise Refusal("wire.type", f"This bridge does not answer “{getattr(event, 't', '?')}”.")
        except Exception as why:  # a fault of the bridge's own must not cut the conversation, nor be silent
            _refuse(conversation, event, self._said(why))

    # ---- from an ask to a job ---------------------------------------------------------------------------------------

    async def _fill(self, conversation: Conversation, asked: Fill) -> None:
        prints, key = fingerprint(asked), conversation.key
        if self._known(conversation, asked, prints):
            return
        engine, family, recipe = await self._repertoire.chosen(asked.recipe)
        plan = geometry.plan(asked.document, asked.selection, recipe, family, asked.content)
        if asked.dry:
            conversation.side.outbox.say(Want(asked.job, plan.to_map()))  # whatever is written in the prompt by now
            return
        check_words(recipe.prompt, family.words)
        fill = replace(asked, selection=plan.mask, recipe=_seeded(recipe))
        wanted = Wanted(fill, prints, key, plan, family, engine)
        self._intake.admit(wanted)
        self._owners[asked.job] = conversation
        self._prepare(wanted)
        if held := self._intake.held(wanted):
            self._start(wanted, held)
            return
        image = WantedImage(plan.image, asked.document.channels, asked.document.depth)
        conversation.side.want(Want(asked.job, plan.to_map(), image, WantedMask(plan.mask) if plan.mask else None))

    def _prepare(self, wanted: Wanted) -> None:
        """Before the pixels are here: load the engine with its model, and what looks through masks."""
        prepared = self._queue.prepare(wanted.engine, wanted.fill.recipe.to_map())
        for work in (prepared, asyncio.to_thread(load)):
            task = asyncio.get_running_loop().create_task(work)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _known(self, conversation: Conversation, asked: Fill, prints: bytes) -> bool:
        """Answer a job that was asked for before. False where it is new, or must be uploaded again from the start."""
        promised, wanted = self._ledger.jobs.get(asked.job), self._intake.wanted.get(asked.job)
        before = promised or wanted
        if before and (before.key != conversation.key or before.prints != prints):
            raise Refusal("job.reused", "This job's name was used for something else; ask with a new name.")
        if promised:
            assert conversation.session is not None
            if promised.session == conversation.session.name:
                conversation.side.outbox.say(self._accepted(promised))
            else:
                self._take(conversation, promised)
            return True
        if wanted and wanted.whole:
            self._owners[asked.job] = conversation
            return True
        if wanted:
            self._drop(wanted)
        return False

    def _start(self, wanted: Wanted, held: Held | None) -> None:
        """Every pixel is here: go on beside the conversation. What is refused then is said to the client."""
        wanted.whole = True
        task = asyncio.get_running_loop().create_task(self._guarded(wanted, self._promise(wanted, held)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _guarded(self, wanted: Wanted, work: Coroutine[Any, Any, None]) -> None:
        job = wanted.fill.job
        try:
            await work
        except Dropped:
            pass
        except Exception as why:  # whatever it is, the client must not wait for ever
            if not wanted.dropped:
                self._owners[job].side.refuse(self._said(why), re="fill", job=job)
        finally:
            self._drop(wanted)

    def _said(self, why: Exception) -> Refusal:
        """What to say of something that went wrong."""
        if isinstance(why, Refusal):
            return why
        if isinstance(why, OSError):
            return full(why, self._spool.folder / "journal")
        log.error("a fault of the bridge's own", exc_info=why)
        text = f"The bridge failed ({type(why).__name__}: {why}). Its log says where; please report it."
        return Refusal("internal", text)

    async def _promise(self, wanted: Wanted, held: Held | None) -> None:
        """Region and resolved recipe go into the journal; from here on the job survives a crash."""
        held = held or await self._intake.keep(wanted)
        parts = await self._intake.parts(held)
        if wanted.dropped:
            raise Dropped
        plan = geometry.refine(wanted.plan, parts, wanted.fill.recipe, wanted.family)
        job = self._enter(wanted, held.name, plan)
        await asyncio.to_thread(self._ledger.sync)
        self._owners[job.name].side.outbox.say(self._accepted(job))
        self._queue.add(job)
        replaced = self._ledger.jobs.get(wanted.fill.replaces or "")
        if replaced and replaced.key == wanted.key:
            await self._queue.cancel(replaced)

    def _enter(self, wanted: Wanted, region: str, plan: geometry.Plan, cancelled: bool = False) -> Job:
        """Write a job into the books, in the name of the session that asked last."""
        owner = self._owners[wanted.fill.job]
        assert owner.session is not None
        job = Job(
            name=wanted.fill.job,
            key=wanted.key,
            session=owner.session.name,
            host=owner.host,
            fill=wanted.fill,
            prints=wanted.prints,
            region=region,
            engine=wanted.engine,
            family=wanted.family.name,
            plan=plan.to_map(),
            at=time.time(),
            cancelled=cancelled,
        )
        self._ledger.accept(job)
        return self._ledger.jobs[job.name]

    def _accepted(self, job: Job) -> Accepted:
        before = self._queue.before(job) if job.stage != "done" else []
        seconds = sum(float(one.plan["seconds"]) for one in [*before, job])
        return Accepted(job.name, job.region, job.plan, len(before), round(seconds, 1), int(job.plan["memory"]))

    async def _cancel(self, conversation: Conversation, name: str) -> None:
        wanted, job = self._intake.wanted.get(name), self._ledger.jobs.get(name)
        if job is not None and job.key == conversation.key:
            await self._queue.cancel(job)
        elif wanted is not None and wanted.key == conversation.key:
            job = self._enter(wanted, "none", wanted.plan, cancelled=True)
            self._drop(wanted)
            missing = tuple(Missing(k, "job.lost", "Cancelled.") for k in job.missing)
            self._tell(job, self._ledger.done(job, Done(0, name, "cancelled", (), missing)), None)
        else:
            raise _unknown()

    def _job(self, conversation: Conversation, name: str) -> Job:
        """A job of the key that asks."""
        job = self._ledger.jobs.get(name)
        if job is None or job.key != conversation.key:
            raise _unknown()
        return job

    def _take(self, conversation: Conversation, job: Job) -> None:
        """Move a job to the session that asks, unless another one is open that waits for it."""
        session, before = conversation.session, job.session
        assert session is not None
        if before != session.name and before in self._listening:
            text = f"This job is open in {job.host}. Close it there first, or wait there until it is done."
            raise Refusal("job.busy", text, "later", host=job.host)
        messages = self._ledger.take(job, session, conversation.host)
        self._queue.moved(job, before)
        for message in (self._accepted(job), *messages):
            conversation.side.outbox.say(message)

    # ---- what the bridge says ---------------------------------------------------------------------------------------

    def _tell(self, job: Job, message: Message, shown: Shown | None) -> None:
        """Say something of a job to its client, if it listens; what is durable waits for it otherwise."""
        if conversation := self._listening.get(job.session):
            self._delivery.tell(conversation.side.outbox, job, message, shown)

    def _tell_everybody(self) -> None:
        """Models came or went."""
        for conversation in self._listening.values():
            self._tell_capabilities(conversation)

    def _tell_capabilities(self, conversation: Conversation) -> None:
        for part in self._repertoire.capabilities():
            conversation.side.outbox.say(part)


def _refuse(conversation: Conversation, event: Event, refusal: Refusal) -> None:
    cause = event.t if isinstance(event, Message) else None
    job = event.stream.job if isinstance(event, Chunk) else getattr(event, "job", None)
    conversation.side.refuse(refusal, re=cause, job=job)


def _unknown() -> Refusal:
    return Refusal("job.unknown", "The bridge knows no such job; it may have been finished a week ago.")


def _seeded(recipe: Recipe) -> Recipe:
    """The recipe with nothing left to chance."""
    return replace(recipe, seed=secrets.randbelow(2**32)) if recipe.seed is None else recipe
