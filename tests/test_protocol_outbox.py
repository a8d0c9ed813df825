"""What leaves next: control, progress, previews, then layers in turn."""

import pytest

from bridge.protocol import limits
from bridge.protocol.codec import decode
from bridge.protocol.errors import Refusal
from bridge.protocol.frames import Data, unpack
from bridge.protocol.messages import Abort, Ack, Done, Error, Layer, Message, Ping, Preview, Progress, Stream
from bridge.protocol.outbox import Outbox
from bridge.protocol.values import Box, Picture

SMALL = Picture(4, 4, 3)
LARGE = Picture(1024, 1024, 1)
"""Four messages of pixels."""


def left(outbox: Outbox) -> list[Message | Data]:
    """Everything that may leave, in order."""
    told: list[Message | Data] = []
    while (message := outbox.take()) is not None:
        values = unpack(message)
        told.append(values if isinstance(values, Data) else decode(values))
    return told


def kinds(told: list[Message | Data]) -> list[str]:
    """What leaves, in short: a message's type, or `data` with its stream."""
    return [f"data {one.stream}" if isinstance(one, Data) else one.t for one in told]


def progress(job: str, step: int) -> Progress:
    return Progress(job, "painting", step, 20)


def layer(job: str = "a", picture: Picture = SMALL) -> Layer:
    box = Box(5, 6, picture.width, picture.height)
    return Layer(1, job, "r", 0, 1, box, picture, "Remove", 7, {"mode": "remove"}, False, {})


def test_nothing_to_say() -> None:
    outbox = Outbox(2)
    assert outbox.take() is None
    assert (outbox.control_waiting, outbox.bulk_waiting) == (0, False)


def test_control_leaves_in_order() -> None:
    outbox = Outbox(1)
    packed = [outbox.say(Ping(1.5)), outbox.say(Ack(3)), outbox.say(Ping(2.5))]
    assert outbox.control_waiting == 3
    assert [outbox.take(), outbox.take(), outbox.take(), outbox.take()] == [*packed, None]


def test_a_message_that_is_too_large_is_not_queued() -> None:
    outbox = Outbox(2)
    with pytest.raises(Refusal, match="over the limit of 65536"):
        outbox.say(Error("internal", "x" * limits.MAP))
    assert outbox.take() is None


def test_streams_are_numbered_by_side() -> None:
    client, bridge = Outbox(1), Outbox(2)
    assert [client.stream("a", "image", SMALL, bytes(48)) for _ in range(3)] == [1, 3, 5]
    assert [bridge.stream("a", "layer", SMALL, bytes(48)) for _ in range(3)] == [2, 4, 6]


def test_a_stream_is_announced_before_its_data() -> None:
    outbox = Outbox(1)
    outbox.stream("a", "image", SMALL, bytes(range(48)))
    assert left(outbox) == [
        Stream(1, "a", "image", SMALL, 48),
        Data(1, 0, memoryview(bytes(range(48))), True, None),
    ]


def test_a_stream_from_a_byte_on() -> None:
    outbox = Outbox(2)
    outbox.stream("a", "layer", SMALL, bytes(range(48)), start=40)
    assert left(outbox) == [
        Stream(2, "a", "layer", SMALL, 48, 40),
        Data(2, 40, memoryview(bytes(range(40, 48))), True, None),
    ]


def test_a_stream_from_its_end_on_has_no_data() -> None:
    outbox = Outbox(2)
    outbox.stream("a", "layer", SMALL, bytes(48), start=48)
    assert left(outbox) == [Stream(2, "a", "layer", SMALL, 48, 48)]
    assert not outbox.bulk_waiting


def test_pixels_of_any_shape_are_bytes() -> None:
    outbox = Outbox(2)
    outbox.stream("a", "layer", Picture(2, 2, 1, "u16"), memoryview(bytes(range(8))).cast("H", [2, 2]))
    assert left(outbox)[1].payload == bytes(range(8))


def test_checksums_are_a_choice() -> None:
    outbox = Outbox(1, checked=True)
    outbox.stream("a", "image", SMALL, bytes(48))
    data = left(outbox)[1]
    assert data.crc is not None
    assert data.intact


def test_control_goes_before_pixels() -> None:
    outbox = Outbox(1)
    outbox.stream("a", "image", LARGE, bytes(LARGE.size))
    assert kinds([decode(unpack(outbox.take())), unpack(outbox.take())]) == ["stream", "data 1"]
    outbox.say(Ping(1.5))
    assert kinds(left(outbox)) == ["ping", "data 1", "data 1", "data 1"]


def test_of_a_jobs_progress_the_latest_leaves() -> None:
    outbox = Outbox(2)
    assert outbox.say(progress("a", 1)) == b""
    outbox.say(progress("b", 1))
    outbox.say(progress("a", 2))
    outbox.say(progress("a", 3))
    assert left(outbox) == [progress("a", 3), progress("b", 1)]


def test_progress_goes_after_control_and_before_pixels() -> None:
    outbox = Outbox(2)
    outbox.stream("a", "layer", SMALL, bytes(48))
    outbox.say(progress("a", 1))
    outbox.say(Ping(1.5))
    assert kinds(left(outbox)) == ["stream", "ping", "progress", "data 2"]


def test_a_preview_is_announced_when_it_leaves() -> None:
    outbox = Outbox(2)
    outbox.preview(Preview("a", 1, 0), SMALL, bytes(48))
    assert left(outbox) == [
        Stream(2, "a", "preview", SMALL, 48),
        Preview("a", 1, 2),
        Data(2, 0, memoryview(bytes(48)), True, None),
    ]


def test_a_preview_that_has_not_begun_is_replaced() -> None:
    outbox = Outbox(2)
    for shade in range(3):
        outbox.preview(Preview("a", shade, 0), SMALL, bytes([shade]) * 48)
    told = left(outbox)
    assert kinds(told) == ["stream", "preview", "data 2"]
    assert told[1] == Preview("a", 2, 2)
    assert bytes(told[2].payload) == b"\x02" * 48


def test_a_preview_that_has_begun_is_finished_first() -> None:
    outbox = Outbox(2)
    outbox.preview(Preview("a", 0, 0), LARGE, bytes(LARGE.size))
    assert kinds([decode(unpack(outbox.take())), decode(unpack(outbox.take()))]) == ["stream", "preview"]
    assert kinds([unpack(outbox.take())]) == ["data 2"]
    outbox.preview(Preview("a", 1, 0), SMALL, bytes(48))
    outbox.preview(Preview("a", 2, 0), SMALL, bytes(48))
    assert kinds(left(outbox)) == ["data 2", "data 2", "data 2", "stream", "preview", "data 4"]


def test_previews_go_before_layers() -> None:
    outbox = Outbox(2)
    outbox.stream("a", "layer", LARGE, bytes(LARGE.size))
    assert kinds([decode(unpack(outbox.take())), unpack(outbox.take())]) == ["stream", "data 2"]
    outbox.preview(Preview("b", 0, 0), Picture(512, 512, 3), bytes(512 * 512 * 3))
    assert kinds(left(outbox)) == ["stream", "preview", *["data 4"] * 3, *["data 2"] * 3]


def test_layers_take_turns() -> None:
    outbox = Outbox(2)
    for job in "abc":
        outbox.stream(job, "layer", LARGE, bytes(LARGE.size))
    assert kinds(left(outbox)) == [*["stream"] * 3, *["data 2", "data 4", "data 6"] * 4]


def test_a_layer_is_two_streams_then_the_layer_then_data() -> None:
    outbox = Outbox(2)
    outbox.layer(layer(), bytes(48), bytes(16))
    told = left(outbox)
    assert told[:2] == [Stream(2, "a", "layer", SMALL, 48), Stream(4, "a", "layer mask", Picture(4, 4, 1), 16)]
    assert (told[2].t, told[2].s, told[2].mask_s) == ("layer", 2, 4)
    assert kinds(told[3:]) == ["data 2", "data 4"]


def test_a_layer_without_a_mask() -> None:
    outbox = Outbox(2)
    outbox.layer(layer(), bytes(48), None)
    told = left(outbox)
    assert kinds(told) == ["stream", "layer", "data 2"]
    assert (told[1].s, told[1].mask_s) == (2, None)


def test_a_mask_has_the_boxes_size_where_the_picture_is_larger() -> None:
    outbox = Outbox(2)
    enlarged = Layer(**{**vars(layer()), "picture": Picture(16, 16, 3)})
    outbox.layer(enlarged, bytes(16 * 16 * 3), bytes(16))
    assert [one.picture for one in left(outbox)[:2]] == [Picture(16, 16, 3), Picture(4, 4, 1)]


def test_without_credit_a_stream_waits_and_others_go_on() -> None:
    picture = Picture(1024, 5 * 1024, 1)
    outbox = Outbox(2)
    outbox.stream("a", "layer", picture, bytes(picture.size))
    assert kinds(left(outbox)) == ["stream", *["data 2"] * 16]
    assert outbox.bulk_waiting
    outbox.stream("b", "layer", SMALL, bytes(48))
    outbox.say(Ping(1.5))
    assert kinds(left(outbox)) == ["stream", "ping", "data 4"]
    outbox.credit(2, 100)
    outbox.credit(99, 1)
    (data,) = left(outbox)
    assert (data.offset, len(data.payload), data.last) == (limits.CREDIT, 100, False)
    outbox.credit(2, limits.CREDIT)
    assert sum(len(one.payload) for one in left(outbox)) == picture.size - limits.CREDIT - 100
    assert not outbox.bulk_waiting


def test_streams_without_credit_keep_their_turn() -> None:
    picture = Picture(1024, 5 * 1024, 1)
    outbox = Outbox(2)
    for job in "abc":
        outbox.stream(job, "layer", picture, bytes(picture.size))
    left(outbox)
    for stream in (6, 2, 4):
        outbox.credit(stream, limits.CREDIT)
    assert kinds(left(outbox)) == ["data 2", "data 4", "data 6"] * 4


def test_a_stream_that_the_other_side_will_not_take_stops() -> None:
    outbox = Outbox(1)
    outbox.stream("a", "image", LARGE, bytes(LARGE.size))
    outbox.stream("a", "mask", LARGE, bytes(LARGE.size))
    assert kinds([decode(unpack(outbox.take())) for _ in range(2)]) == ["stream", "stream"]
    outbox.stop(1)
    outbox.stop(99)
    assert kinds(left(outbox)) == ["data 3"] * 4


def test_a_job_that_is_forgotten_says_which_streams_end() -> None:
    outbox = Outbox(2)
    outbox.stream("a", "layer", LARGE, bytes(LARGE.size))
    outbox.preview(Preview("a", 0, 0), LARGE, bytes(LARGE.size))
    assert kinds([decode(unpack(outbox.take())) for _ in range(3)]) == ["stream", "stream", "preview"]
    outbox.preview(Preview("a", 1, 0), SMALL, bytes(48))
    outbox.say(progress("a", 5))
    outbox.say(progress("b", 6))
    outbox.forget("a", ("preview",))
    outbox.say(Done(2, "a", "ok"))
    told = left(outbox)
    assert told[:3] == [Abort(4), Done(2, "a", "ok"), progress("b", 6)]
    assert kinds(told[3:]) == ["data 2"] * 4


def test_it_wakes_its_writer() -> None:
    outbox = Outbox(2)
    woken: list[str] = []
    for name, act in {
        "say": lambda: outbox.say(Ping(1.5)),
        "progress": lambda: outbox.say(progress("a", 1)),
        "preview": lambda: outbox.preview(Preview("a", 0, 0), SMALL, bytes(48)),
        "stream": lambda: outbox.stream("a", "layer", Picture(1024, 5120, 1), bytes(5 << 20)),
        "layer": lambda: outbox.layer(layer(), bytes(48), None),
        "credit": lambda: outbox.credit(2, 1),
    }.items():
        outbox.wake = lambda name=name: woken.append(name)
        act()
    assert set(woken) == {"say", "progress", "preview", "stream", "layer", "credit"}
