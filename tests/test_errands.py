"""What one side asked for and what came of it, without a connection: each message is put in by hand."""

from dataclasses import replace

import pytest

from bridge.arrivals import Event
from bridge.errands import Errands, of_job
from bridge.protocol.codec import decode
from bridge.protocol.errors import Refusal
from bridge.protocol.frames import Data, unpack
from bridge.protocol.messages import (
    Abort,
    Accepted,
    Ack,
    Cancel,
    Capabilities,
    Done,
    Error,
    Fetch,
    Fill,
    Jobs,
    Layer,
    Message,
    Preview,
    Progress,
    Stream,
    Take,
    Want,
    WantedImage,
    WantedMask,
)
from bridge.protocol.outbox import Outbox
from bridge.protocol.session import Chunk
from bridge.protocol.values import Box, Document, Picture, Recipe

JOB, OTHER = "ab" * 16, "cd" * 16
FILL = Fill(JOB, Document("d" * 32, 64, 48, 3), Recipe("remove", seed=1), Box(8, 8, 4, 3))
WANT = Want(JOB, {}, WantedImage(Box(0, 0, 8, 8), 3, "u8"), WantedMask(Box(8, 8, 4, 3)))
ACCEPTED = Accepted(JOB, "r", {}, 0, 1.0, 0)
PICTURE = Picture(4, 3, 3)


class Told:
    """Errands whose connection is a list: `heard` puts messages in, `said` is what they answered since."""

    def __init__(self) -> None:
        self.outbox = Outbox(1)
        self.errands = Errands(lambda: self.outbox)

    def heard(self, *events: object) -> list[Message]:
        """Hear something; returns what came of it."""
        for event in events:
            self.errands.hear(event)
        return [event.message for event in iter(self.errands.pick, None)]

    @property
    def said(self) -> list[Message]:
        """The messages that left since it was asked last."""
        messages: list[Message] = []
        while (message := self.outbox.take()) is not None:
            values = unpack(message)
            messages += [] if isinstance(values, Data) else [decode(values)]
        return messages

    def reopened(self, resumed: bool = True) -> list[Message]:
        """The connection was cut and there is a new one; returns what is said on it."""
        self.outbox = Outbox(1)
        self.errands.reopen(resumed)
        return self.said


@pytest.fixture
def told() -> Told:
    """Errands with one fill that was accepted."""
    told = Told()
    told.errands.begin(FILL)
    assert told.heard(ACCEPTED) == [ACCEPTED]
    assert told.said == [FILL]
    return told


def layer(n: int, index: int = 0, job: str = JOB, s: int | None = None) -> Layer:
    """A layer of a job, without a mask where it has a stream."""
    result = f"{job[:2]}x{index}"
    return Layer(n, job, result, index, 2, Box(8, 8, 4, 3), PICTURE, "Remove", 1, {}, False, {}, s)


def live(n: int, index: int = 0, job: str = JOB) -> tuple[object, ...]:
    """A layer that comes with all of its pixels."""
    s = 2 * n
    stream = Stream(s, job, "layer", PICTURE, PICTURE.size)
    return stream, layer(n, index, job, s), Chunk(stream, 0, memoryview(bytes(PICTURE.size)), True)


def fetched(told: Told, s: int, use: str, size: int) -> list[Message]:
    """The answer to the oldest fetch; returns what came of it."""
    stream = Stream(s, JOB, use, PICTURE, size, 0)  # type: ignore[arg-type]
    return told.heard(stream, Chunk(stream, 0, memoryview(bytes(size)), True))


def done(n: int, *results: str, job: str = JOB) -> Done:
    return Done(n, job, "ok", results)


# ---- each durable message once --------------------------------------------------------------------------------------


def test_what_is_not_settled_is_handed_on_once_however_often_it_is_said(told: Told) -> None:
    (first,) = told.heard(*live(1))
    last = done(2, "abx0")
    assert told.heard(last) == [last]
    assert told.reopened() == [], "the job is over: nothing to ask again"
    assert told.heard(layer(1), last) == []
    assert told.said == []
    told.errands.settle(first, "inserted")
    told.errands.settle(last, "inserted")
    assert told.said == [Ack(1, "inserted"), Ack(2)]


def test_an_ack_that_was_lost_is_said_again_with_what_became_of_the_layer(told: Told) -> None:
    (first,) = told.heard(*live(1))
    told.errands.settle(first, "discarded")
    told.errands.settle(first, "inserted")
    assert told.said == [Ack(1, "discarded")], "the first word counts"
    assert told.reopened() == [FILL]
    assert told.heard(layer(1)) == []
    assert told.said == [Ack(1, "discarded")]


def test_a_number_is_the_one_that_was_said_last(told: Told) -> None:
    (first,) = told.heard(*live(3))
    told.reopened()
    told.heard(layer(7))
    told.errands.settle(first, "inserted")
    assert told.said == [Ack(7, "inserted")]


def test_numbers_of_a_session_that_was_lost_settle_nothing(told: Told) -> None:
    """The new session counts from 1 again: an old number could be another layer's."""
    (first,) = told.heard(*live(1))
    assert told.reopened(resumed=False) == [FILL]
    told.errands.settle(first, "inserted")
    assert told.said == [Ack(0, "inserted")]
    assert told.heard(layer(1)) == []
    assert told.said == [Ack(1, "inserted")]


def test_what_nobody_settles_stays_with_the_bridge(told: Told) -> None:
    (first,) = told.heard(*live(1))
    (last,) = told.heard(done(2, "abx0"))
    told.errands.settle(last, "inserted")
    assert told.said == [Ack(2)]
    assert told.heard(layer(1)) == []
    assert told.said == [], "neither fetched nor discarded"
    told.errands.settle(first, "inserted")
    assert told.said == [Ack(1, "inserted")]


def test_a_layer_that_nobody_here_asked_for_stays_with_the_bridge(told: Told) -> None:
    assert told.heard(*live(1, job=OTHER), layer(2, 1, OTHER), done(3, job=OTHER)) == []
    assert told.said == []


def test_progress_and_previews_need_no_settling(told: Told) -> None:
    progress = Progress(JOB, "painting", 1, 2)
    assert told.heard(progress, Progress(OTHER, "painting", 1, 2)) == [progress]
    told.errands.settle(progress, "inserted")
    assert told.said == []


# ---- done -----------------------------------------------------------------------------------------------------------


def test_done_waits_for_the_pixels_of_its_layers(told: Told) -> None:
    stream, first, pixels = live(1)
    last = done(2, "abx0")
    assert told.heard(stream, first, last) == []
    assert told.errands.busy
    assert told.heard(pixels) == [first, last]
    assert not told.errands.busy


def test_done_waits_over_a_cut(told: Told) -> None:
    told.heard(*live(1)[:2], last := done(2, "abx0"))
    assert told.reopened() == [FILL]
    assert told.heard(layer(1), last) == []
    assert told.said == [Fetch("abx0", "layer"), Fetch("abx0", "layer mask")]
    assert fetched(told, 2, "layer", 36) == []
    assert fetched(told, 4, "layer mask", 12) == [layer(1), last]


def test_done_of_a_lost_session_does_not_outlive_it(told: Told) -> None:
    told.heard(*live(1)[:2], *live(2, 1)[:2], done(3, "abx0", "abx1"))
    told.reopened(resumed=False)
    assert [type(message) for message in told.heard(*live(1))] == [Layer], "the other one is still to come"
    assert told.errands.busy
    assert [type(message) for message in told.heard(*live(2, 1), done(3))] == [Layer, Done]


def test_a_layer_that_is_gone_is_said_and_its_job_goes_on(told: Told) -> None:
    told.heard(layer(1), done(2, "abx0"))
    error = Error("result.expired", "This layer is no longer kept.", re="fetch")
    assert told.heard(error) == [replace(error, job=JOB), done(2, "abx0")]
    assert told.heard(error) == [], "the same of its mask"
    assert not told.errands.busy


# ---- jobs that are left ---------------------------------------------------------------------------------------------


def test_what_still_comes_of_a_job_that_was_left_is_discarded(told: Told) -> None:
    for event in live(1):
        told.errands.hear(event)
    told.errands.leave(JOB)
    assert told.said == [Ack(1, "discarded"), Cancel(JOB)], "the layer that nobody picked, too"
    assert told.heard(*live(2, 1), done(3)) == []
    assert told.said == [Ack(2, "discarded"), Ack(3)]
    assert told.heard(Error("job.unknown", "…", re="cancel", job=JOB)) == []
    assert not told.errands.busy


def test_a_job_that_is_over_is_left_without_a_cancel(told: Told) -> None:
    told.errands.hear(done(1))
    told.errands.leave(JOB)
    told.errands.leave(JOB)
    assert told.said == [Ack(1)]


# ---- refusals -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("re", ["fill", "stream", None])
def test_a_job_that_is_refused_is_over(re: str | None) -> None:
    told = Told()
    told.errands.begin(FILL)
    refused = Error("queue.full", "32 jobs wait already.", "later", re=re, job=JOB)
    assert told.heard(refused) == [refused]
    assert not told.errands.busy
    late = Error("job.unknown", "Pixels came for a job that wants none.", re="stream", job=JOB, s=1)
    assert told.heard(late, replace(late, re=None)) == [], "its pixels were on their way"
    assert told.reopened() == []


def test_pixels_of_a_job_that_is_refused_stay_here() -> None:
    told = Told()
    told.errands.begin(FILL, lambda want: (bytes(192), bytes(12)))
    told.heard(WANT, Error("limit.spool", "The disk is full.", "later", job=JOB))
    assert not told.outbox.bulk_waiting


def test_an_error_of_no_job_is_an_event(told: Told) -> None:
    full = Error("limit.spool", "The disk is full.", "later", re="ack")
    unknown = Error("job.unknown", "The bridge knows no such job.", re="cancel", job=OTHER)
    assert told.heard(full, unknown) == [full, unknown]
    assert told.errands.busy


def test_a_cancel_that_comes_too_late_is_no_event(told: Told) -> None:
    assert told.heard(Error("job.unknown", "The bridge knows no such job.", re="cancel", job=JOB)) == []
    assert told.errands.busy


def test_an_error_that_ends_the_conversation_is_raised(told: Told) -> None:
    with pytest.raises(Refusal, match="opened elsewhere") as caught:
        told.heard(Error("auth.elsewhere", "This session was opened elsewhere."))
    assert caught.value.code == "auth.elsewhere"


# ---- reading and uploading ------------------------------------------------------------------------------------------


def test_a_stream_that_died_is_sent_again() -> None:
    told = Told()
    told.errands.begin(FILL, lambda want: (bytes(192), bytes(12)))
    assert told.heard(WANT) == [WANT]
    assert [one.t for one in told.said] == ["fill", "stream", "stream"]
    assert told.heard(Error("wire.crc", "…", "now", re="stream", job=JOB, s=1)) == []
    assert told.said == [FILL]
    assert told.heard(WANT) == [WANT]
    assert told.errands.uploaded == 2 * 204


@pytest.mark.parametrize("why", [Refusal("internal", "The document was closed."), LookupError("gone")], ids=repr)
def test_a_read_that_fails_cancels_its_job(why: Exception) -> None:
    told = Told()

    def read(want: Want) -> tuple[bytes, None]:
        raise why

    told.errands.begin(FILL, read)
    assert told.said == [FILL]
    if isinstance(why, Refusal):
        assert told.heard(WANT) == [Error("internal", why.text, re="fill", job=JOB)]
    else:
        with pytest.raises(LookupError, match="gone"):
            told.heard(WANT)
        assert told.heard() == []
    assert told.said == [Cancel(JOB)]
    assert told.heard(done(1)) == []
    assert told.said == [Ack(1)]
    assert not told.errands.busy


def test_pixels_of_the_wrong_size_are_refused_before_they_leave() -> None:
    told = Told()
    told.errands.begin(FILL, lambda want: (bytes(192), bytes(11)))
    (error,) = told.heard(WANT)
    assert isinstance(error, Error)
    assert (error.code, error.text) == (
        "picture.size",
        "The mask that was read has 11 bytes, expected 12 (4 × 3 px, 1 × u8).",
    )
    assert [one for one in told.said if not isinstance(one, Stream | Fill)] == [Abort(1), Cancel(JOB)]


def test_a_plan_alone_is_over_with_its_want() -> None:
    told = Told()
    told.errands.begin(replace(FILL, dry=True))
    answer = Want(JOB, {"text": "…"})
    assert told.heard(answer) == [answer]
    assert not told.errands.busy


# ---- taking over ----------------------------------------------------------------------------------------------------


def test_a_job_that_was_taken_over_is_told_like_a_fill() -> None:
    told = Told()
    told.errands.begin(Take(JOB))
    assert told.errands.busy
    progress, last = Progress(JOB, "painting", 1, 2), done(2, "settled before", "abx0")
    assert told.heard(ACCEPTED, progress, layer(1), last) == [ACCEPTED, progress]
    assert told.said == [Take(JOB), Fetch("abx0", "layer"), Fetch("abx0", "layer mask")]
    assert fetched(told, 2, "layer", 36) == []
    assert told.reopened() == [Take(JOB)]
    assert told.heard(layer(1), last, ACCEPTED, layer(4), replace(last, n=5)) == []
    assert told.said == [Fetch("abx0", "layer mask")], "once, though it was told twice"
    whole, end = fetched(told, 2, "layer mask", 12)
    assert (whole, end) == (layer(4), replace(last, n=5))
    told.errands.settle(whole, "inserted")
    assert told.said == [Ack(4, "inserted")]
    assert not told.errands.busy


def test_what_is_open_elsewhere_is_refused() -> None:
    told = Told()
    told.errands.begin(Take(JOB))
    busy = Error("job.busy", "This job is open in GIMP. Close it there first.", "later", re="take", job=JOB)
    assert told.heard(busy) == [busy]
    assert not told.errands.busy


def test_ones_own_job_is_told_again_as_far_as_it_is_not_settled(told: Told) -> None:
    first, second = told.heard(*live(1), *live(2, 1))
    told.errands.settle(first, "inserted")
    (last,) = told.heard(done(3))
    told.errands.settle(last, "inserted")
    assert told.said == [Ack(1, "inserted"), Ack(3)]
    told.errands.begin(Take(JOB))
    assert told.errands.busy
    assert told.heard(ACCEPTED, layer(4, 1), done(5)) == [ACCEPTED]
    assert told.said == [Take(JOB), Fetch("abx1", "layer"), Fetch("abx1", "layer mask")]
    fetched(told, 6, "layer", 36)
    again, end = fetched(told, 8, "layer mask", 12)
    assert (again, end) == (layer(4, 1), done(5))
    told.errands.settle(second, "inserted")
    told.errands.settle(end, "inserted")
    assert told.said == [Ack(4, "inserted"), Ack(5)]


def test_what_nobody_picked_before_it_was_taken_again_comes_once(told: Told) -> None:
    for event in live(1):
        told.errands.hear(event)
    told.errands.begin(Take(JOB))
    assert told.heard(ACCEPTED, layer(2)) == [ACCEPTED]
    fetched(told, 6, "layer", 36)
    assert fetched(told, 8, "layer mask", 12) == [layer(2)]


# ---- questions ------------------------------------------------------------------------------------------------------


def test_a_question_is_asked_again_after_a_cut_until_it_is_answered(told: Told) -> None:
    told.errands.question(Jobs())
    told.errands.question(Capabilities())
    parts = [Capabilities(1, part, 2) for part in (1, 2)]
    assert told.said == [Jobs(), Capabilities()]
    assert told.heard(parts[0]) == [parts[0]]
    assert told.reopened() == [Jobs(), Capabilities(), FILL]
    assert told.heard(Jobs(()), *parts) == [Jobs(()), *parts]
    assert told.reopened() == [FILL]
    told.errands.question(Jobs())
    told.heard(Error("wire.type", "This bridge does not know the message “jobs”.", re="jobs"))
    assert told.reopened() == [FILL]


def test_an_answer_that_nobody_picked_is_out_of_date_once_it_is_asked_again(told: Told) -> None:
    told.errands.hear(Jobs(({"job": JOB},)))
    told.errands.question(Jobs())
    assert told.heard(Jobs(())) == [Jobs(())]


def test_events_are_picked_by_their_job(told: Told) -> None:
    told.errands.begin(replace(FILL, job=OTHER))
    mine, others = Progress(JOB, "loading", 0, 0), Progress(OTHER, "loading", 0, 0)
    for event in (others, mine):
        told.errands.hear(event)
    assert told.errands.pick(of_job(JOB)) == Event(mine)
    assert told.errands.pick(of_job(JOB)) is None
    assert told.errands.pick() == Event(others)


def test_a_preview_comes_with_its_pixels(told: Told) -> None:
    stream, preview = Stream(2, JOB, "preview", PICTURE, PICTURE.size), Preview(JOB, 0, 2)
    for event in (stream, preview, Chunk(stream, 0, memoryview(bytes(36)), True)):
        told.errands.hear(event)
    event = told.errands.pick()
    assert event
    assert (event.message, bytes(event.picture or b""), event.shape) == (preview, bytes(36), PICTURE)
