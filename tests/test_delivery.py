"""What is finished reaches a document once, whoever lives to put it there."""

import asyncio
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge import home as rooms
from bridge.delivery import LISTED, PROMPT, Delivery
from bridge.desk import Conversation, Desk
from bridge.errands import Errands
from bridge.jobs import result_id
from bridge.journal import Journal
from bridge.keys import Keys
from bridge.ledger import Job, Ledger
from bridge.models import Catalogue
from bridge.painter import Painter
from bridge.protocol import limits
from bridge.protocol.codec import encode
from bridge.protocol.messages import Done, Error, Fill, Jobs, Layer, Take
from bridge.protocol.session import BridgeSide, ClientSide, Opened
from bridge.protocol.values import Document, Picture, Recipe
from bridge.spool import Spool
from tests.asks import ABOUT, SELECTION, Reader, document, recipe

PICTURE = Picture(SELECTION.width, SELECTION.height, 3)
KEY = b"k" * 32


def a_job(ledger: Ledger, name: str, session: bytes, fill: Fill | None = None, host: str = "GIMP") -> Job:
    """Promise a job; returns the ledger's own."""
    fill = replace(fill or Fill(name, document(), recipe(count=2), SELECTION), job=name)
    key = ledger.sessions[session].key
    plan = {"seconds": 0.5, "memory": 0}
    ledger.accept(Job(name, key, session, host, fill, b"", "region", "classical", "classical", plan, 0.0))
    return ledger.jobs[name]


def a_layer(job: Job, index: int) -> Layer:
    """Variation `index` of a job, not yet numbered."""
    return Layer(
        *(0, job.name, result_id(job.name, index), index, job.fill.recipe.count, SELECTION, PICTURE, "Remove", 7),
        *({}, False, {}),
    )


# ---- the list -------------------------------------------------------------------------------------------------------


@pytest.fixture
def ledger(tmp_path: Path):
    with closing(Ledger(Journal(tmp_path / "journal"), iter(range(10**9, 10**9 + 1000)).__next__)) as ledger:
        yield ledger


def test_jobs_are_listed_while_they_are_news(ledger: Ledger, tmp_path: Path) -> None:
    delivery = Delivery(ledger, Spool(tmp_path / "spool"))
    mine, yours = ledger.open("local", None)[0], ledger.open("paired", None)[0]
    prompt = "A red roof. " * 20
    waits = a_job(ledger, "waits", mine.name, Fill("", document(), Recipe("fill", prompt=prompt, seed=1), SELECTION))
    runs, done, _ = (a_job(ledger, name, mine.name) for name in ("runs", "done", "cancelled"))
    a_job(ledger, "theirs", yours.name)
    ledger.start(runs)
    for index in (1, 0):
        ledger.layer(done, a_layer(done, index))
    for name in ("done", "cancelled"):
        ledger.done(ledger.jobs[name], Done(0, name, "ok"))
    first, second, third = delivery.jobs("local", {mine.name}).jobs or ()
    assert first == {
        "job": "done",
        "state": "done",
        "host": "GIMP",
        "tag": document().tag,
        "orphan": False,
        "results": [result_id("done", 0), result_id("done", 1)],
        "at": done.at,
        "mode": "remove",
        "prompt": "",
        "count": 2,
    }
    assert (second["job"], second["state"], second["results"]) == ("runs", "running", [])
    assert (third["job"], third["state"], third["prompt"]) == ("waits", "queued", prompt[:80])
    assert first["at"] > second["at"] > third["at"] == waits.at
    assert all(job["orphan"] for job in delivery.jobs("local", {yours.name}).jobs or ())
    delivery.settle(mine, 1)
    assert (delivery.jobs("local", {}).jobs or ())[0]["results"] == [result_id("done", 0)]
    delivery.settle(mine, 2)  # its `done` alone is no news
    assert [job["job"] for job in delivery.jobs("local", {}).jobs or ()] == ["runs", "waits"]
    assert delivery.jobs("nobody", {}) == Jobs(())


def test_the_longest_list_there_can_be_is_a_message(ledger: Ledger, tmp_path: Path) -> None:
    delivery = Delivery(ledger, Spool(tmp_path / "spool"))
    session, _ = ledger.open("local", None)
    wide = "🖌" * 40
    of = Document("d" * limits.ID, 160, 120, 3)
    fill = Fill("", of, Recipe("remove", prompt="🖌" * (limits.TEXT // 4), seed=1, count=limits.COUNT), SELECTION)
    for number in range(LISTED + 6):
        job = a_job(ledger, f"{number:0{limits.ID}}", session.name, fill, wide)
        for index in range(limits.COUNT):
            ledger.layer(job, a_layer(job, index))
    answer = delivery.jobs("local", {})
    assert [int(job["job"]) for job in answer.jobs or ()] == list(range(LISTED + 5, 5, -1)), "the newest"
    assert limits.MAP * 0.9 < len(encode(answer)) < limits.MAP
    assert f"the newest {LISTED}," in (Jobs.__doc__ or "")
    assert f"(its first {PROMPT} letters)" in (Jobs.__doc__ or "")


# ---- whatever happens -----------------------------------------------------------------------------------------------


class Seat:
    """A program with a document: it inserts what is new there, and settles it, now or later, or never."""

    def __init__(self, house: "House", session: bytes | None = None) -> None:
        self.house, self.session = house, session
        self.errands = Errands(lambda: self.client.outbox)
        self.waiting: list[Layer | Done] = []
        self.yielded: list[str] = []
        self.listed: list[str] = []
        self.connect()

    def connect(self) -> None:
        """Shake hands, as often as the connection was cut."""
        side = BridgeSide(port=1, instance=b"i" * 16, version="1", key_of=lambda _: KEY)
        self.desk, self.bridge = self.house.desk, Conversation(side)
        self.client = ClientSide(port=1, key_id="local", key=KEY, client=ABOUT, session=self.session)
        while not self.client.open:
            while not self.client.open and (message := side.outbox.take()) is not None:
                self.client.receive(message)
            while (message := self.client.outbox.take()) is not None:
                for event in side.receive(message):
                    assert isinstance(event, Opened)
                    self.desk.welcome(self.bridge, event)
        resumed = self.session in (None, self.client.session)
        if self.session is not None:
            self.errands.reopen(resumed)
        self.session = self.client.session

    def cut(self) -> None:
        """What was under way is lost."""
        self.desk.leave(self.bridge)
        self.connect()

    async def talk(self, most: int = 200) -> None:
        """Exchange messages, this many turns, or until nobody has anything more to say."""
        for _ in range(most):
            quiet = True
            while (message := self.client.outbox.take()) is not None:
                quiet = False
                for event in self.bridge.side.receive(message):
                    await self.desk.act(self.bridge, event)
            if self.desk._tasks:
                quiet = False
                await asyncio.wait(self.desk._tasks)
            while (message := self.bridge.side.outbox.take()) is not None:
                quiet = False
                for event in self.client.receive(message):
                    self.errands.hear(event)
            if quiet:
                break
        for event in iter(self.errands.pick, None):
            self.look(event)

    def look(self, event) -> None:
        message = event.message
        if isinstance(message, Layer):
            assert bytes(event.picture) == self.house.pixels(message.result)
            assert message.result not in self.yielded, "handed on twice"
            self.yielded.append(message.result)
            if message.result not in self.house.document:  # as a guest does: the document knows what it has
                self.house.document.append(message.result)
        if isinstance(message, Layer | Done):
            self.waiting.append(message)
        if isinstance(message, Jobs):
            self.listed = [job["job"] for job in message.jobs or () if job["orphan"]]
        assert not isinstance(message, Error) or message.code == "job.busy", message

    def take(self, job: str) -> None:
        """Take a job over: what of it is not settled is handed on once more."""
        unsettled = {message.result for message in self.waiting if isinstance(message, Layer) and message.job == job}
        self.yielded = [result for result in self.yielded if result not in unsettled]
        self.waiting = [message for message in self.waiting if message.job != job]
        self.errands.begin(Take(job))


class House:
    """A bridge whose painter is played by the test, and two seats before it; the document is shared by all of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.document: list[str] = []
        self.painted: list[str] = []

    async def open(self) -> None:
        rooms.make_private(self.folder)
        self.spool = Spool(self.folder / "spool")
        self.ledger = Ledger(Journal(self.folder / "spool" / "journal"))
        catalogue = Catalogue(self.folder)
        self.desk = Desk(self.ledger, self.spool, [Painter("none", [])], catalogue, 60, Keys(self.folder))
        await self.desk.open()

    @staticmethod
    def pixels(result: str) -> bytes:
        return bytes([int(result[:2], 16)]) * PICTURE.size

    async def kill(self) -> None:
        """Nothing ends in good order: the books are those that the journal knows."""
        for task in [*self.desk._tasks, *self.desk._queue._workers]:
            task.cancel()
        self.ledger.close()
        await self.open()
        for seat in self.seats:
            seat.connect()

    async def do(self, deed: str, pick: int, number: int) -> None:
        """One deed, if there is anything to do it to."""
        seat = self.seats[pick % len(self.seats)]
        jobs = list(self.ledger.unfinished())
        job = jobs[pick % len(jobs)] if jobs else None
        match deed:
            case "ask":
                of = document()
                name = f"{number:032x}"
                seat.errands.begin(Fill(name, of, recipe(count=1 + pick % 3, seed=number), SELECTION), Reader(of))
            case "talk":
                await seat.talk()
            case "talk a little":
                await seat.talk(1)
            case "paint" if job and job.missing:
                self.paint(job)
            case "finish" if job:
                self.start(job)
                while job.missing:
                    self.paint(job)
                results = tuple(job.layers[k] for k in sorted(job.layers))
                self.desk._tell(job, self.ledger.done(job, Done(0, job.name, "ok", results)), None)
            case "settle" if seat.waiting:
                seat.errands.settle(seat.waiting.pop(pick % len(seat.waiting)), "inserted")
            case "list":
                seat.errands.question(Jobs())
            case "take" if seat.listed:
                seat.take(seat.listed.pop(pick % len(seat.listed)))
            case "cut":
                seat.cut()
            case "end":  # the program is ended, and started anew with nothing but the document
                self.desk.leave(seat.bridge)
                self.seats[pick % len(self.seats)] = Seat(self)
            case "kill":
                await self.kill()

    def start(self, job: Job) -> None:
        """The painter takes a job, unless it did."""
        if job.stage == "queued":
            self.desk._queue._waiting[job.session].remove(job)
            self.ledger.start(job)

    def paint(self, job: Job) -> None:
        self.start(job)
        message = a_layer(job, job.missing[0])
        self.spool.layer(message.result).picture.write_bytes(self.pixels(message.result))
        self.painted.append(message.result)
        self.desk._tell(job, self.ledger.layer(job, message), None)

    async def live(self, deeds: list[tuple[str, int]]) -> None:
        """Do all that, and at last let one seat finish what is left."""
        await self.open()
        self.seats = [Seat(self), Seat(self)]
        for number, (deed, pick) in enumerate(deeds):
            await self.do(deed, pick, number)
        first, second = self.seats
        self.desk.leave(second.bridge)
        await first.talk()
        while list(self.ledger.unfinished()):
            await self.do("finish", 0, 0)
        for _ in range(2):
            first.errands.question(Jobs())
            await first.talk()
            for job in first.listed:
                first.take(job)
            await first.talk()
            while first.waiting:
                first.errands.settle(first.waiting.pop(), "inserted")
            await first.talk()
        assert self.document == list(dict.fromkeys(self.document)), "a layer twice"
        assert sorted(self.document) == sorted(self.painted), "a layer is missing"
        assert not first.errands.busy
        assert self.ledger.results == {}
        assert self.desk._delivery.jobs("local", {}) == Jobs(())
        assert not list((self.folder / "spool" / "layers").iterdir())
        assert first.session
        assert self.ledger.sessions[first.session].unsettled == {}
        await self.desk.close()


DEEDS = ("talk", "talk a little", "paint", "finish", "settle", "list", "take", "cut", "end", "kill", "ask")


@given(
    st.lists(st.tuples(st.sampled_from(DEEDS), st.integers(0, 5)), max_size=25).map(
        lambda rest: [("ask", 2), ("talk", 0), ("paint", 0), ("talk a little", 0), *rest]
    )
)
@settings(max_examples=25, deadline=None)
def test_whatever_happens_every_layer_lands_once(tmp_path_factory: pytest.TempPathFactory, deeds: list) -> None:
    asyncio.run(House(tmp_path_factory.mktemp("house")).live(deeds))
