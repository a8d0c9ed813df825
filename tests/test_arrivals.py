"""Layers and previews on their way in."""

import pytest

from bridge.arrivals import Arrivals
from bridge.protocol.messages import Fetch, Layer, Preview, Stream
from bridge.protocol.session import Chunk
from bridge.protocol.values import Box, Picture

PICTURE = Picture(2, 2, 3)
JOB = "ab" * 16


def layer(s: int | None = None, mask_s: int | None = None) -> Layer:
    return Layer(
        n=1,
        job=JOB,
        result="cd" * 16,
        index=0,
        count=1,
        box=Box(0, 0, 2, 2),
        picture=PICTURE,
        name="Fill (seed 1)",
        seed=1,
        recipe={},
        prompt_used=False,
        timings={},
        s=s,
        mask_s=mask_s,
    )


def chunk(s: int, use: str, content: bytes, offset: int, size: int) -> Chunk:
    picture = PICTURE if use == "layer" else Picture(2, 2, 1)
    complete = offset + len(content) == size
    return Chunk(Stream(s, JOB, use, picture, size), offset, memoryview(content), complete)  # type: ignore[arg-type]


def test_a_layer_is_an_event_once_picture_and_mask_are_whole() -> None:
    arrivals = Arrivals()
    assert arrivals.layer(layer(2, 4)) == []
    assert arrivals.pixels(chunk(2, "layer", b"a" * 7, 0, 12)) is None
    assert arrivals.pixels(chunk(4, "layer mask", b"mmmm", 0, 4)) is None
    event = arrivals.pixels(chunk(2, "layer", b"b" * 5, 7, 12))
    assert event is not None
    assert (bytes(event.picture), bytes(event.mask)) == (b"a" * 7 + b"b" * 5, b"mmmm")


def test_a_layer_without_a_mask_is_all_selected() -> None:
    arrivals = Arrivals()
    arrivals.layer(layer(2))
    event = arrivals.pixels(chunk(2, "layer", b"x" * 12, 0, 12))
    assert event is not None and event.mask is None


def test_after_a_cut_only_what_is_missing_is_fetched() -> None:
    arrivals = Arrivals()
    arrivals.layer(layer(2, 4))
    arrivals.pixels(chunk(2, "layer", b"a" * 7, 0, 12))
    arrivals.pixels(chunk(4, "layer mask", b"mmmm", 0, 4))
    arrivals.reopen()
    assert arrivals.layer(layer()) == [Fetch("cd" * 16, "layer", 7)]
    assert arrivals.pixels(chunk(2, "layer", b"?", 7, 12)) is None, "an old number means nothing any more"
    arrivals.stream(Stream(2, JOB, "layer", PICTURE, 12, 7))
    event = arrivals.pixels(chunk(2, "layer", b"b" * 5, 7, 12))
    assert event is not None and bytes(event.picture) == b"a" * 7 + b"b" * 5


def test_fetches_are_answered_in_the_order_asked() -> None:
    arrivals = Arrivals()
    assert [fetch.use for fetch in arrivals.layer(layer())] == ["layer", "layer mask"]
    arrivals.stream(Stream(8, JOB, "layer", PICTURE, 12, 0))
    arrivals.stream(Stream(10, JOB, "layer mask", Picture(2, 2, 1), 4, 0))
    assert arrivals.pixels(chunk(10, "layer mask", b"mmmm", 0, 4)) is None
    assert arrivals.pixels(chunk(8, "layer", b"p" * 12, 0, 12)) is not None


def test_a_refused_fetch_names_the_job_that_waits_in_vain() -> None:
    arrivals = Arrivals()
    arrivals.layer(layer())
    assert arrivals.lost() == JOB
    assert arrivals.lost() is None  # its mask was asked for too, the layer is gone already


@pytest.mark.parametrize("first", ["title", "pixels"])
def test_a_preview_is_an_event_once_it_is_whole(first: str) -> None:
    arrivals = Arrivals()
    stream = Stream(6, JOB, "preview", Picture(1, 2, 3), 6)
    arrivals.stream(stream)
    halves = [Chunk(stream, 0, memoryview(b"abc"), False), Chunk(stream, 3, memoryview(b"def"), True)]
    if first == "title":
        arrivals.preview(Preview(JOB, 0, 6))
        assert arrivals.pixels(halves[0]) is None
    else:
        assert arrivals.pixels(halves[0]) is None
        arrivals.preview(Preview(JOB, 0, 6))
    event = arrivals.pixels(halves[1])
    assert event is not None
    assert (bytes(event.picture), event.shape) == (b"abcdef", Picture(1, 2, 3))


def test_a_layer_whose_stream_ended_early_is_fetched_from_there_on() -> None:
    arrivals = Arrivals()
    arrivals.layer(layer(2))
    arrivals.pixels(chunk(2, "layer", b"a" * 7, 0, 12))
    assert arrivals.abort(2) == [Fetch("cd" * 16, "layer", 7)]
    assert arrivals.pixels(chunk(2, "layer", b"?" * 5, 7, 12)) is None
    arrivals.stream(Stream(6, JOB, "layer", PICTURE, 12, 7))
    event = arrivals.pixels(chunk(6, "layer", b"b" * 5, 7, 12))
    assert event is not None and bytes(event.picture) == b"a" * 7 + b"b" * 5


def test_a_preview_that_was_aborted_never_becomes_an_event() -> None:
    arrivals = Arrivals()
    stream = Stream(6, JOB, "preview", Picture(1, 2, 3), 6)
    arrivals.preview(Preview(JOB, 0, 6))
    assert arrivals.abort(6) == []
    assert arrivals.pixels(Chunk(stream, 0, memoryview(b"abcdef"), True)) is None


def test_what_is_on_its_way_is_not_fetched_again() -> None:
    arrivals = Arrivals()
    arrivals.layer(layer(2))
    assert arrivals.layer(layer()) == [Fetch("cd" * 16, "layer mask")], "told again, while its picture comes"
    assert arrivals.layer(layer()) == []
    arrivals.pixels(chunk(2, "layer", b"a" * 12, 0, 12))
    arrivals.stream(Stream(4, JOB, "layer mask", Picture(2, 2, 1), 4, 0))
    event = arrivals.pixels(chunk(4, "layer mask", b"mmmm", 0, 4))
    assert event is not None and (bytes(event.picture), bytes(event.mask)) == (b"a" * 12, b"mmmm")


def test_a_job_is_expected_until_its_layer_is_whole_or_lost() -> None:
    arrivals = Arrivals()
    assert not arrivals.expects(JOB)
    for end in (lambda: arrivals.pixels(chunk(2, "layer", b"a" * 12, 0, 12)), arrivals.lost):
        arrivals.layer(layer(2) if end != arrivals.lost else layer())
        assert arrivals.expects(JOB)
        assert not arrivals.expects("ef" * 16)
        end()
        assert not arrivals.expects(JOB)


def test_what_still_comes_of_a_lost_layer_is_dropped() -> None:
    arrivals = Arrivals()
    arrivals.layer(layer())
    arrivals.lost()
    arrivals.stream(Stream(4, JOB, "layer mask", Picture(2, 2, 1), 4, 0))
    assert arrivals.pixels(chunk(4, "layer mask", b"mmmm", 0, 4)) is None
