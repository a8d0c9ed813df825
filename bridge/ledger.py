"""What was promised, and to whom: sessions, regions, jobs and their durable messages. Rebuilt from the journal.

State changes in one way only: a record is written, then applied. After a `kill -9` the same records are applied again,
so that what a client was told still holds.
"""

import hashlib
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from bridge.journal import Journal, Record
from bridge.protocol import limits
from bridge.protocol.auth import IDENTITY
from bridge.protocol.codec import decode, to_map
from bridge.protocol.messages import Done, Fill, Layer, Map, Message
from bridge.protocol.values import Box, Document

Stage = Literal["queued", "running", "done"]


@dataclass
class Session:
    """A conversation that outlives its connections. `unsettled` holds what was said durably and not yet settled."""

    name: bytes
    key: str
    at: float
    newest: int = 0
    unsettled: dict[int, Message] = field(default_factory=dict)


@dataclass(frozen=True)
class Held:
    """A region that the spool holds: which pixels, of which document, for which selection, for whom."""

    name: str
    key: str
    document: Document
    box: Box
    selection: Box | None

    def serves(self, fill: Fill, key: str, needed: Box) -> bool:
        """True where these pixels are all that `fill` needs."""
        mine, yours = self.document, fill.document
        alike = mine == replace(yours, tag=mine.tag)
        return alike and self.key == key and self.selection == fill.selection and self.box.contains(needed)


@dataclass
class Job:
    """One region and one recipe being worked on. `fill.recipe` is resolved: its seed is drawn.

    `session` is the one that hears of it, `host` the program there. `prints` is the hash of what the client asked, so
    that the same job said again is known; `starts` counts how often a painter took it; `at` is when it was accepted,
    `ended` when its `done` was said, which is `last`.
    """

    name: str
    key: str
    session: bytes
    host: str
    fill: Fill
    prints: bytes
    region: str
    engine: str
    family: str
    plan: Map
    at: float
    stage: Stage = "queued"
    starts: int = 0
    cancelled: bool = False
    ended: float | None = None
    last: Done | None = None
    layers: dict[int, str] = field(default_factory=dict)

    @property
    def missing(self) -> tuple[int, ...]:
        """Variations that are not layers yet."""
        return tuple(k for k in range(self.fill.recipe.count) if k not in self.layers)


class Ledger:
    """The books. Reading them is reading `sessions`, `regions`, `jobs`; every change is one of the methods below."""

    def __init__(
        self,
        journal: Journal,
        clock: Callable[[], float] = time.time,
        gone: Callable[[str], bool] = lambda key: False,
    ) -> None:
        """`clock` gives seconds since 1970 (a test passes its own). `gone` tells of a key whether nobody can hold it
        any more: its jobs are forgotten."""
        self._journal, self._clock = journal, clock
        self.sessions: dict[bytes, Session] = {}
        self.regions: dict[str, Held] = {}
        self.jobs: dict[str, Job] = {}
        self.results: dict[str, tuple[Job, Layer]] = {}
        for record in journal.records:
            self._apply(record)
        self._forget_the_old(gone)

    def sync(self) -> None:
        """Wait until all of it is on the disk. May be called from a thread."""
        self._journal.sync()

    def close(self) -> None:
        """Close the journal."""
        self._journal.close()

    def open(self, key: str, wished: bytes | None) -> tuple[Session, bool]:
        """The session that a client resumes, or a new one; a session of another key is unknown."""
        found = self.sessions.get(wished) if wished else None
        if found and found.key == key:
            return found, True
        name = secrets.token_bytes(IDENTITY)
        self._write({"r": "session", "session": name, "key": key})
        return self.sessions[name], False

    def hold(self, held: Held) -> None:
        """A region lies in the spool."""
        document = held.document
        self._write(
            {
                "r": "region",
                "region": held.name,
                "key": held.key,
                "document": [document.tag, document.width, document.height, document.channels, document.depth],
                "box": list(held.box),
                "selection": list(held.selection) if held.selection else None,
            }
        )

    def drop(self, regions: list[str]) -> None:
        """These regions were evicted."""
        for name in regions:
            self._write({"r": "evicted", "region": name})

    def accept(self, job: Job) -> None:
        """A job is promised; one that was cancelled before is promised its `done` only. Call `sync` before telling the
        client."""
        self._write(
            {
                "r": "accepted",
                "key": job.key,
                "session": job.session,
                "host": job.host,
                "fill": to_map(job.fill),
                "prints": job.prints,
                "region": job.region,
                "engine": job.engine,
                "family": job.family,
                "plan": job.plan,
                "cancelled": job.cancelled,
            }
        )

    def start(self, job: Job) -> None:
        """A painter takes the job."""
        self._write({"r": "started", "job": job.name})

    def give_back(self, job: Job) -> None:
        """The bridge ends in good order: what ran waits again, as if it had not begun."""
        self._write({"r": "returned", "job": job.name})

    def cancel(self, job: Job) -> None:
        """The artist lost interest: after a crash the job does not run again."""
        self._write({"r": "cancelled", "job": job.name})

    def layer(self, job: Job, message: Layer) -> Layer:
        """A variation is finished and its pixels lie in the spool. Returns the message with its number."""
        numbered = replace(message, n=self.sessions[job.session].newest + 1)
        self._write({"r": "said", "session": job.session, "message": to_map(numbered)})
        return numbered

    def done(self, job: Job, message: Done) -> Done:
        """The job's last word. Returns the message with its number. Call `sync` before telling the client."""
        numbered = replace(message, n=self.sessions[job.session].newest + 1)
        self._write({"r": "said", "session": job.session, "message": to_map(numbered)})
        return numbered

    def take(self, job: Job, session: Session, host: str) -> list[Message]:
        """The job is this session's from now on: its layers that are not settled, and its `done` where that was said,
        are said here again. Returns them with their numbers."""
        self._write({"r": "taken", "job": job.name, "session": session.name, "host": host, "n": session.newest + 1})
        return [message for message in session.unsettled.values() if getattr(message, "job", None) == job.name]

    def settle(self, session: Session, n: int) -> Message | None:
        """The client has durable message `n`. Returns it, or None where it was settled before or never said."""
        message = session.unsettled.get(n)
        if message is not None:
            self._write({"r": "acked", "session": session.name, "n": n})
        return message

    def unfinished(self, key: str | None = None) -> Iterator[Job]:
        """Jobs that wait or run, of one key or of all, oldest first."""
        return (job for job in self.jobs.values() if job.stage != "done" and key in (None, job.key))

    def _write(self, record: Record) -> None:
        record["at"] = self._clock()
        self._journal.append(record)
        self._apply(record)

    def _apply(self, record: Record) -> None:
        match record["r"]:
            case "session":
                name = record["session"]
                self.sessions[name] = Session(name, record["key"], record["at"], record.get("newest", 0))
            case "region":
                box, selection = Box(*record["box"]), record["selection"]
                held = Held(
                    record["region"],
                    record["key"],
                    Document(*record["document"]),
                    box,
                    Box(*selection) if selection else None,
                )
                self.regions[held.name] = held
            case "evicted":
                self.regions.pop(record["region"], None)
            case "accepted":
                fill = decode(record["fill"])
                assert isinstance(fill, Fill)
                names = ("key", "session", "host", "prints", "region", "engine", "family", "plan", "cancelled", "at")
                job = Job(fill.job, fill=fill, **{name: record[name] for name in names})
                self.jobs[job.name] = job
            case "started":
                self.jobs[record["job"]].starts += 1
                self.jobs[record["job"]].stage = "running"
            case "returned":
                self.jobs[record["job"]].starts -= 1
                self.jobs[record["job"]].stage = "queued"
            case "cancelled":
                self.jobs[record["job"]].cancelled = True
            case "taken":
                self._taken(self.jobs[record["job"]], self.sessions[record["session"]], record["n"])
                self.jobs[record["job"]].host = record["host"]
            case "said":
                self._said(self.sessions[record["session"]], decode(record["message"]), record["at"])
            case "acked":
                session = self.sessions[record["session"]]
                settled = session.unsettled.pop(record["n"], None)
                if isinstance(settled, Layer):
                    self.results.pop(settled.result, None)

    def _said(self, session: Session, message: Message, at: float | None) -> None:
        assert isinstance(message, Layer | Done)
        session.newest = max(session.newest, message.n)
        session.unsettled[message.n] = message
        job = self.jobs[message.job]
        if isinstance(message, Layer):
            job.layers[message.index] = message.result
            self.results[message.result] = (job, message)
        else:
            job.stage, job.ended, job.last = "done", at, message

    def _taken(self, job: Job, session: Session, n: int) -> None:
        """Say in another session what is to be said of a job once more, counting from `n`."""
        unsettled = self.sessions[job.session].unsettled.values()
        said: list[Layer | Done] = [one for one in unsettled if isinstance(one, Layer) and one.job == job.name]
        if job.last:  # also where it was settled: whoever takes the job waits for its end
            said.append(job.last)
        self._strike(job)
        job.session = session.name
        for number, message in enumerate(said, n):
            self._said(session, replace(message, n=number), job.ended)

    def _forget_the_old(self, gone: Callable[[str], bool]) -> None:
        """At start: what nobody waits for any more leaves the books, and the journal is written anew without it."""
        horizon = self._clock() - limits.KEEP_LAYERS
        orphaned = {key for key in {job.key for job in self.jobs.values()} if gone(key)}
        for job in list(self.jobs.values()):
            if job.key in orphaned or (job.ended is not None and job.ended < horizon):
                del self.jobs[job.name]
                self._strike(job)
        spoken = [record for record in self._journal.records if record["r"] in ("accepted", "said", "taken")]
        needed = {record["session"] for record in spoken if self._alive(record)}  # a job may have had several
        for session in list(self.sessions.values()):
            if session.at < horizon and session.name not in needed:
                del self.sessions[session.name]
        self._journal.rewrite(self._numbered(record) for record in self._journal.records if self._alive(record))
        self._journal.records.clear()

    def _strike(self, job: Job) -> None:
        for name in job.layers.values():
            self.results.pop(name, None)
        unsettled = self.sessions[job.session].unsettled
        for n in [n for n, message in unsettled.items() if getattr(message, "job", None) == job.name]:
            del unsettled[n]

    def _numbered(self, record: Record) -> Record:
        """A session keeps its count when the messages that it counted are forgotten: no number is given twice."""
        if record["r"] != "session":
            return record
        return {**record, "newest": self.sessions[record["session"]].newest}

    def _alive(self, record: Record) -> bool:
        match record["r"]:
            case "session" | "acked":
                return record["session"] in self.sessions
            case "region" | "evicted":
                return record["region"] in self.regions
            case "accepted":
                return record["fill"]["job"] in self.jobs
            case "said":
                return record["message"]["job"] in self.jobs
            case _:
                return record["job"] in self.jobs


def fingerprint(fill: Fill) -> bytes:
    """What makes two asks the same: everything but the name of the region that may spare an upload."""
    asked: dict[str, Any] = to_map(replace(fill, region=None))
    return hashlib.sha256(repr(sorted(asked.items())).encode()).digest()
