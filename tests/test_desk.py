"""What the bridge answers, without a socket: two sides of a conversation joined by hand."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bridge import home as rooms
from bridge.desk import Conversation, Desk
from bridge.journal import Journal
from bridge.keys import Keys
from bridge.ledger import Ledger
from bridge.models import Catalogue
from bridge.models.catalogue import BROUGHT
from bridge.painter import Painter
from bridge.protocol import limits
from bridge.protocol.messages import (
    Accepted,
    Ack,
    Cancel,
    Capabilities,
    Done,
    Error,
    Fetch,
    Fill,
    Jobs,
    Message,
    Take,
    Want,
)
from bridge.protocol.session import BridgeSide, ClientSide, Opened
from bridge.protocol.values import Picture
from bridge.spool import Spool
from tests.asks import ABOUT, SELECTION, Reader, document, recipe

JOB, OTHER = "01" * 16, "02" * 16


class Talk:
    """A client's side, joined to the desk without a socket."""

    def __init__(
        self,
        desk: Desk,
        key: bytes = b"k" * 32,
        key_id: str = "local",
        host: str = "pytest",
        session: bytes | None = None,
    ) -> None:
        self.desk = desk
        side = BridgeSide(port=1, instance=b"i" * 16, version="1", key_of=lambda _: key)
        self.bridge = Conversation(side)
        about = {**ABOUT, "host": host}
        self.client = ClientSide(port=1, key_id=key_id, key=key, client=about, session=session)
        self.heard: list[Message] = []
        while not self.client.open:
            while (message := side.outbox.take()) is not None:
                self.client.receive(message)
            while (message := self.client.outbox.take()) is not None:
                for event in side.receive(message):
                    assert isinstance(event, Opened)
                    desk.welcome(self.bridge, event)

    async def say(self, *messages: Message) -> list[Message]:
        """Say something, let the bridge do what it does at once, and return what it answered."""
        for message in messages:
            self.client.outbox.say(message)
        return await self.exchange()

    async def exchange(self) -> list[Message]:
        heard: list[Message] = []
        for _ in range(200):
            while (message := self.client.outbox.take()) is not None:
                for event in self.bridge.side.receive(message):
                    await self.desk.act(self.bridge, event)
            await asyncio.sleep(0)
            while (message := self.bridge.side.outbox.take()) is not None:
                heard += [one for one in self.client.receive(message) if isinstance(one, Message)]
            if self.desk._tasks:
                await asyncio.wait(self.desk._tasks)
        return heard

    async def upload(self, want: Want, coverage: int = 255) -> list[Message]:
        image, mask = Reader(document(), coverage)(want)
        box = want.image.box
        self.client.outbox.stream(want.job, "image", Picture(box.width, box.height, 3), image)
        self.client.outbox.stream(want.job, "mask", Picture(want.mask.box.width, want.mask.box.height, 1), mask)
        return await self.exchange()


def with_desk(folder: Path, run: Callable[[Desk], Awaitable[None]], sample: Path | None = None) -> None:
    """Run something with a desk whose painter never paints; `sample` is where the sample model lies."""

    async def live() -> None:
        rooms.make_private(folder)
        spool = Spool(folder / "spool")
        desk = Desk(
            Ledger(Journal(folder / "spool" / "journal")),
            spool,
            [Painter("none", ["diffusion"] if sample else [])],
            Catalogue(folder, sample=sample),
            60,
            Keys(folder),
        )
        await desk.open()
        try:
            await run(desk)
        finally:
            await desk.close()

    asyncio.run(live())


def ask(job: str = JOB, seed: int = 1, model: str | None = None, **more) -> Fill:
    return Fill(job, document(), replace(recipe(seed=seed), model=model), SELECTION, **more)


def only(kind: type, messages: list[Message]) -> Message:
    (found,) = [one for one in messages if isinstance(one, kind)]
    return found


def test_an_ask_an_upload_a_promise(tmp_path: Path) -> None:
    async def run(desk: Desk) -> None:
        talk = Talk(desk)
        want = only(Want, await talk.say(ask()))
        assert want.image.box.contains(SELECTION) and want.mask.box == SELECTION
        accepted = only(Accepted, await talk.upload(want))
        assert (accepted.job, accepted.ahead) == (JOB, 0)
        again = only(Accepted, await talk.say(ask()))
        assert again.region == accepted.region
        second = only(Accepted, await talk.say(ask(OTHER, seed=2, region=accepted.region)))
        assert (second.region, second.ahead) == (accepted.region, 1)

    with_desk(tmp_path, run)


def test_a_region_of_another_key_is_not_served(tmp_path: Path) -> None:
    async def run(desk: Desk) -> None:
        talk, stranger = Talk(desk), Talk(desk, b"x" * 32, "stranger")
        accepted = only(Accepted, await talk.upload(only(Want, await talk.say(ask()))))
        assert only(Want, await stranger.say(ask(OTHER, region=accepted.region))).image
        assert only(Error, await stranger.say(Cancel(JOB))).code == "job.unknown"
        assert only(Error, await stranger.say(ask(JOB))).code == "job.reused"

    with_desk(tmp_path, run)


def test_a_wanted_job_asked_again_is_wanted_again_from_the_start(tmp_path: Path) -> None:
    async def run(desk: Desk) -> None:
        first, second = Talk(desk), Talk(desk)
        only(Want, await first.say(ask()))
        want = only(Want, await second.say(ask()))
        assert only(Accepted, await second.upload(want)).job == JOB
        assert only(Error, await first.say(ask(seed=9))).code == "job.reused"

    with_desk(tmp_path, run)


@pytest.mark.parametrize("stage", ["wanted", "queued"])
def test_cancel_ends_a_job_once(tmp_path: Path, stage: str) -> None:
    async def run(desk: Desk) -> None:
        talk = Talk(desk)
        want = only(Want, await talk.say(ask()))
        if stage == "queued":
            await talk.upload(want)
        done = only(Done, await talk.say(Cancel(JOB), Cancel(JOB)))
        assert (done.state, done.results, done.missing[0].index) == ("cancelled", (), 0)
        assert only(Accepted, await talk.say(ask())).job == JOB, "a job that ended is still known"
        assert await talk.say(Ack(done.n)) == []
        assert not desk.working

    with_desk(tmp_path, run)


def test_a_full_house_is_a_sentence_with_both_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def run(desk: Desk) -> None:
        talk = Talk(desk)
        for name, code in (("JOB_UPLOAD", "limit.upload"), ("ALL_UPLOADS", "limit.uploads")):
            with monkeypatch.context() as patch:
                patch.setattr(limits, name, 1000)
                error = only(Error, await talk.say(ask()))
                assert (error.code, error.detail["limit"], error.job) == (code, 1000, JOB)
                assert "MB of pixels on the way; the limit is" in error.text
        desk._spool.budget = 10_000
        error = only(Error, await talk.say(ask()))
        assert error.code == "limit.spool"
        assert error.detail["needed"] > 10_000 >= error.detail["free"]

    with_desk(tmp_path, run)


def test_an_empty_mask_leaves_the_job_unknown(tmp_path: Path) -> None:
    async def run(desk: Desk) -> None:
        talk = Talk(desk)
        error = only(Error, await talk.upload(only(Want, await talk.say(ask())), coverage=0))
        assert (error.code, error.re, error.job) == ("picture.mask_empty", "fill", JOB)
        assert only(Want, await talk.say(ask())).job == JOB
        assert not list((tmp_path / "spool" / "regions").iterdir())

    with_desk(tmp_path, run)


def test_a_dry_ask_is_forgotten(tmp_path: Path) -> None:
    async def run(desk: Desk) -> None:
        talk = Talk(desk)
        want = only(Want, await talk.say(ask(dry=True)))
        assert (want.image, want.mask) == (None, None)
        assert only(Error, await talk.say(Cancel(JOB))).code == "job.unknown"

    with_desk(tmp_path, run)


def test_the_sample_models_words_are_asked_for_where_it_is_to_paint(tmp_path: Path) -> None:
    """A panel asks for a plan while somebody types, and does not say what."""

    async def run(desk: Desk) -> None:
        talk = Talk(desk)
        asked = ask(model="sample")
        asked = replace(asked, recipe=replace(asked.recipe, mode="fill", prompt="x"))
        assert only(Want, await talk.say(replace(asked, dry=True))).job == JOB
        error = only(Error, await talk.say(asked))
        assert (error.code, error.re, error.job) == ("recipe.field", "fill", JOB)
        assert "night, autumn" in error.text

    with_desk(tmp_path, run, BROUGHT)


def test_a_layer_that_is_not_kept_is_said_to_be_expired(tmp_path: Path) -> None:
    async def run(desk: Desk) -> None:
        error = only(Error, await Talk(desk).say(Fetch("ab" * 16, "layer")))
        assert (error.code, error.re) == ("result.expired", "fetch")

    with_desk(tmp_path, run)


def test_capabilities_say_what_the_engine_cannot(tmp_path: Path) -> None:
    async def run(desk: Desk) -> None:
        answer = only(Capabilities, await Talk(desk).say(Capabilities()))
        (engine,) = answer.engines
        assert (engine["name"], engine["reads_prompt"], engine["strengths"]) == ("classical", False, [1.0, 1.0])
        assert "detail" not in engine["modes"]
        assert answer.models == ()

    with_desk(tmp_path, run)


def test_a_model_that_came_is_told_to_everybody_who_listens(tmp_path: Path) -> None:
    async def run(desk: Desk) -> None:
        one, other = Talk(desk), Talk(desk)
        assert only(Capabilities, await one.say(Capabilities())).revision == 1
        desk._repertoire._catalogue.scan = lambda: True  # a file came: what it holds is the catalogue's own test
        assert only(Capabilities, await one.say(Capabilities())).revision == 2
        assert only(Capabilities, await other.exchange()).revision == 2
        error = only(Error, [one for one in await other.say(ask(model="new-00000000")) if isinstance(one, Error)])
        assert error.code == "model.unknown"

    with_desk(tmp_path, run)


def test_a_fault_of_the_bridge_is_said_and_the_conversation_lives(tmp_path: Path, caplog) -> None:
    async def run(desk: Desk) -> None:
        def broken() -> Iterator[Capabilities]:
            raise KeyError("a mistake of ours")

        desk._repertoire.capabilities = broken
        talk = Talk(desk)
        error = only(Error, await talk.say(Capabilities()))
        assert (error.code, "KeyError" in error.text) == ("internal", True)
        assert only(Want, await talk.say(ask())).job == JOB

    with_desk(tmp_path, run)
    assert "a mistake of ours" in caplog.text


def test_uploads_of_a_client_that_left_are_freed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "UPLOAD_GRACE", 0.0)

    async def run(desk: Desk) -> None:
        talk = Talk(desk)
        want = only(Want, await talk.say(ask()))
        box = want.image.box
        talk.client.outbox.stream(JOB, "image", Picture(box.width, box.height, 3), Reader(document())(want)[0])
        await talk.exchange()
        assert list((tmp_path / "spool" / "uploads").iterdir())
        desk.leave(talk.bridge)
        await asyncio.sleep(0.01)
        assert not list((tmp_path / "spool" / "uploads").iterdir())
        assert not desk.working

    with_desk(tmp_path, run)


def test_another_session_may_cancel_and_the_owner_is_not_disturbed(tmp_path: Path) -> None:
    async def run(desk: Desk) -> None:
        owner, other = Talk(desk), Talk(desk)
        want = only(Want, await owner.say(ask()))
        await other.say(Cancel(JOB))
        done, *late = await owner.upload(want)
        assert isinstance(done, Done)
        assert {one.code for one in late} == {"job.unknown"}, "late pixels find no wish any more"
        assert not desk._owners

    with_desk(tmp_path, run)


def test_a_cancel_by_another_session_is_told_to_the_owner(tmp_path: Path) -> None:
    async def run(desk: Desk) -> None:
        owner, other = Talk(desk), Talk(desk)
        await owner.upload(only(Want, await owner.say(ask())))
        assert await other.say(Cancel(JOB)) == []
        assert only(Done, await owner.exchange()).state == "cancelled"
        assert await other.exchange() == []

    with_desk(tmp_path, run)


# ---- orphans --------------------------------------------------------------------------------------------------------


def test_an_orphan_moves_to_the_session_that_takes_it(tmp_path: Path) -> None:
    async def run(desk: Desk) -> None:
        gone, here = Talk(desk), Talk(desk, host="GIMP")
        accepted = only(Accepted, await gone.upload(only(Want, await gone.say(ask()))))
        desk.leave(gone.bridge)
        answer = only(Accepted, await here.say(Take(JOB)))
        assert (answer.job, answer.region, answer.plan) == (JOB, accepted.region, accepted.plan)
        (job,) = only(Jobs, await here.say(Jobs())).jobs
        assert (job["host"], job["state"], job["orphan"]) == ("GIMP", "queued", False)
        assert only(Done, await here.say(Cancel(JOB))).state == "cancelled", "it waits in this session's turn"
        assert not desk.working

    with_desk(tmp_path, run)


def test_a_job_that_somebody_waits_for_stays_where_it_is(tmp_path: Path) -> None:
    async def run(desk: Desk) -> None:
        owner, other = Talk(desk, host="GIMP"), Talk(desk)
        await owner.upload(only(Want, await owner.say(ask())))
        for asked in (Take(JOB), ask()):
            error = only(Error, await other.say(asked))
            assert (error.code, error.re, error.job, error.retry) == ("job.busy", asked.t, JOB, "later")
            assert error.text == "This job is open in GIMP. Close it there first, or wait there until it is done."
            assert error.detail == {"host": "GIMP"}
        assert only(Accepted, await owner.say(Take(JOB))).job == JOB, "one's own is told again"
        assert only(Done, await owner.say(Cancel(JOB))).n == 1
        assert [type(one) for one in await owner.say(Take(JOB))] == [Accepted, Done]

    with_desk(tmp_path, run)


def test_of_two_that_take_an_orphan_the_first_has_it(tmp_path: Path) -> None:
    async def run(desk: Desk) -> None:
        gone, first, second = Talk(desk), Talk(desk, host="GIMP"), Talk(desk)
        await gone.upload(only(Want, await gone.say(ask())))
        desk.leave(gone.bridge)
        for talk in (first, second):
            talk.client.outbox.say(Take(JOB))
        assert only(Accepted, await first.exchange()).job == JOB
        assert only(Error, await second.exchange()).code == "job.busy"
        again = Talk(
            desk, session=gone.client.session
        )  # who lost it comes back and asks for it, as it does after a cut
        assert only(Error, await again.say(ask())).code == "job.busy"

    with_desk(tmp_path, run)


def test_the_same_ask_from_a_new_session_takes_an_orphan(tmp_path: Path) -> None:
    """A program that was ended asks for the same job again: its layers come to it, not to nobody."""

    async def run(desk: Desk) -> None:
        gone, here = Talk(desk), Talk(desk)
        await gone.upload(only(Want, await gone.say(ask())))
        only(Done, await gone.say(Cancel(JOB)))
        desk.leave(gone.bridge)
        accepted, done = await here.say(ask())
        assert (type(accepted), done.n, done.state) == (Accepted, 1, "cancelled")

    with_desk(tmp_path, run)


@pytest.mark.parametrize("stage", ["unknown", "wanted", "another key's"])
def test_what_cannot_be_taken_is_unknown(tmp_path: Path, stage: str) -> None:
    async def run(desk: Desk) -> None:
        owner = Talk(desk)
        other = Talk(desk, b"x" * 32, "stranger") if stage == "another key's" else Talk(desk)
        if stage != "unknown":
            want = only(Want, await owner.say(ask()))
        if stage == "another key's":
            await owner.upload(want)
        desk.leave(owner.bridge)
        error = only(Error, await other.say(Take(JOB)))
        assert (error.code, error.re, error.job) == ("job.unknown", "take", JOB)
        assert only(Jobs, await other.say(Jobs())).jobs == ()

    with_desk(tmp_path, run)


def test_a_region_on_its_way_into_a_job_is_not_evicted(tmp_path: Path) -> None:
    async def run(desk: Desk) -> None:
        talk = Talk(desk)
        accepted = only(Accepted, await talk.upload(only(Want, await talk.say(ask()))))
        await talk.say(Cancel(JOB))
        talk.client.outbox.say(ask(OTHER, seed=2, region=accepted.region))
        message = talk.client.outbox.take()
        assert message is not None
        for event in talk.bridge.side.receive(message):
            await desk.act(talk.bridge, event)  # the job is being promised
        desk._spool.budget = 60_000
        await talk.say(Fill("03" * 16, document(), recipe(seed=3), SELECTION))
        assert desk._spool.region(accepted.region).picture.exists()

    with_desk(tmp_path, run)


def test_a_cancel_while_the_mask_is_looked_through(tmp_path: Path) -> None:
    async def run(desk: Desk) -> None:
        talk = Talk(desk)
        want = only(Want, await talk.say(ask()))
        image, mask = Reader(document())(want)
        box = want.image.box
        talk.client.outbox.stream(JOB, "image", Picture(box.width, box.height, 3), image)
        talk.client.outbox.stream(JOB, "mask", Picture(want.mask.box.width, want.mask.box.height, 1), mask)
        heard = await talk.say(Cancel(JOB))
        assert [type(one) for one in heard if isinstance(one, Done | Error | Accepted)] == [Done]
        assert not list((tmp_path / "spool" / "uploads").iterdir())

    with_desk(tmp_path, run)
