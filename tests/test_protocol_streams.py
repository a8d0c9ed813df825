"""One stream at a time: offsets, credit, checksums."""

import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.protocol import limits
from bridge.protocol.errors import Refusal
from bridge.protocol.frames import Data, unpack
from bridge.protocol.messages import Stream
from bridge.protocol.streams import Receiving, Sending
from bridge.protocol.values import Picture

MIB = 1 << 20


def announced(width: int, height: int, start: int | None = None) -> Stream:
    picture = Picture(width, height, 1)
    return Stream(1, "a", "image", picture, picture.size, start)


def data(offset: int, size: int, last: bool = False, crc: int | None = None) -> Data:
    return Data(1, offset, memoryview(bytes(size)), last, crc)


def refusal_of(receiving: Receiving, message: Data) -> Refusal:
    with pytest.raises(Refusal) as caught:
        receiving.accept(message)
    assert caught.value.retry == "now"
    return caught.value


def test_a_sender_cuts_its_pixels() -> None:
    pixels = bytes(range(256)) * 4 * 513
    sending = Sending(announced(1024, 513), memoryview(pixels), 0)
    told = [unpack(sending.take()), unpack(sending.take()), unpack(sending.take())]
    assert [(one.stream, one.offset, len(one.payload), one.last) for one in told] == [
        (1, 0, limits.CHUNK, False),
        (1, limits.CHUNK, limits.CHUNK, False),
        (1, 2 * limits.CHUNK, 1024, True),
    ]
    assert b"".join(one.payload for one in told) == pixels
    assert all(one.crc is None for one in told)
    assert sending.finished
    assert not sending.ready


def test_the_last_message_may_be_a_whole_chunk() -> None:
    sending = Sending(announced(512, 512), memoryview(bytes(limits.CHUNK)), 0)
    assert unpack(sending.take()).last
    assert sending.finished


def test_a_sender_starts_where_it_was_asked_to() -> None:
    sending = Sending(announced(10, 1, 7), memoryview(b"0123456789"), 7)
    assert unpack(sending.take()) == Data(1, 7, memoryview(b"789"), True, None)


def test_a_sender_that_checks() -> None:
    sending = Sending(announced(3, 1), memoryview(b"abc"), 0, checked=True)
    assert unpack(sending.take()).crc == zlib.crc32(b"abc")


def test_a_sender_never_exceeds_its_credit() -> None:
    sending = Sending(announced(5000, 1000), memoryview(bytes(5_000_000)), 0)
    sizes = []
    while sending.ready:
        sizes.append(len(unpack(sending.take()).payload))
    assert sizes == [limits.CHUNK] * 16
    assert sum(sizes) == limits.CREDIT == 4 * MIB
    assert not sending.finished
    sending.credit += 1
    assert sending.ready
    assert len(unpack(sending.take()).payload) == 1
    assert not sending.ready
    sending.credit += limits.CREDIT
    while sending.ready:
        last = unpack(sending.take())
    assert last.last
    assert sending.finished


def test_a_receiver_counts() -> None:
    receiving = Receiving.of(announced(10, 10))
    receiving.accept(data(0, 60))
    assert receiving.received == 60
    assert not receiving.finished
    receiving.accept(data(60, 40, last=True))
    assert receiving.finished


@pytest.mark.parametrize("start", [0, 99, 100])
def test_a_receiver_goes_on_from_a_byte(start: int) -> None:
    receiving = Receiving.of(announced(10, 10, start))
    assert receiving.finished is (start == 100)
    if start < 100:
        receiving.accept(data(start, 100 - start, last=True))
        assert receiving.finished


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (data(11, 5), "Stream 1 sent bytes 11 to 16, expected from 10 of 100."),
        (data(9, 5), "Stream 1 sent bytes 9 to 14, expected from 10 of 100."),
        (data(0, 10), "Stream 1 sent bytes 0 to 10, expected from 10 of 100."),
        (data(10, 91), "Stream 1 sent bytes 10 to 101, expected from 10 of 100."),
        (data(10, 91, last=True), "Stream 1 sent bytes 10 to 101, expected from 10 of 100."),
        (data(10, 50, last=True), "Stream 1 sent bytes 10 to 60, expected from 10 of 100."),
        (data(10, 90, last=False), "Stream 1 sent bytes 10 to 100, expected from 10 of 100."),
    ],
    ids=["gap", "overlap", "again", "beyond", "beyond and last", "last too early", "last missing"],
)
def test_wrong_offsets(message: Data, text: str) -> None:
    receiving = Receiving.of(announced(10, 10))
    receiving.accept(data(0, 10))
    refusal = refusal_of(receiving, message)
    assert (refusal.code, refusal.text) == ("wire.offset", text)


def test_a_damaged_payload() -> None:
    receiving = Receiving.of(announced(10, 10))
    receiving.accept(data(0, 10, crc=zlib.crc32(bytes(10))))
    refusal = refusal_of(receiving, data(10, 10, crc=zlib.crc32(bytes(9))))
    assert (refusal.code, refusal.text) == ("wire.crc", "Stream 1 was damaged at byte 10; send it again.")
    assert receiving.received == 10


@pytest.mark.parametrize(
    ("stream", "text"),
    [
        (Stream(1, "a", "image", Picture(10, 10, 1), 99), "announces 99 bytes from 0 on; 10 × 10 px, 1 × u8 has 100."),
        (Stream(1, "a", "image", Picture(10, 10, 1), 0), "announces 0 bytes from 0 on; 10 × 10 px, 1 × u8 has 100."),
        (announced(10, 10, 101), "announces 100 bytes from 101 on; 10 × 10 px, 1 × u8 has 100."),
    ],
)
def test_announcements_that_disagree(stream: Stream, text: str) -> None:
    with pytest.raises(Refusal) as caught:
        Receiving.of(stream)
    assert caught.value.code == "wire.offset"
    assert caught.value.text == f"Stream 1 {text}"


def test_a_receiver_takes_no_more_than_it_gave_credit_for() -> None:
    receiving = Receiving.of(announced(5000, 1000))
    receiving.accept(data(0, limits.CREDIT))
    refusal = refusal_of(receiving, data(limits.CREDIT, 1))
    assert refusal.code == "wire.offset"
    assert refusal.text == "Stream 1 sent 4194305 bytes, credit was given for 4194304."


def test_credit_is_granted_at_half() -> None:
    receiving = Receiving.of(announced(20_000, 1000))
    receiving.accept(data(0, 2 * MIB - 1))
    assert receiving.grant() == 0
    receiving.accept(data(2 * MIB - 1, 1))
    assert receiving.grant() == 2 * MIB
    assert receiving.grant() == 0
    receiving.accept(data(2 * MIB, 4 * MIB))
    assert receiving.grant() == 4 * MIB


def test_no_credit_is_granted_that_nobody_needs() -> None:
    receiving = Receiving.of(announced(4 * MIB // 1024, 1024))
    receiving.accept(data(0, 3 * MIB))
    assert receiving.grant() == 0


@given(st.integers(1, 12_000), st.data())
@settings(deadline=None, max_examples=25)
def test_sender_and_receiver_always_come_to_an_end(height: int, draw: st.DataObject) -> None:
    """Whatever the size and the start, credit neither runs dry nor is exceeded, and every byte comes once."""
    stream = announced(1024, height, draw.draw(st.integers(0, 1024 * height - 1)))
    sending = Sending(stream, memoryview(bytes(stream.size)), stream.start or 0)
    receiving = Receiving.of(stream)
    while not receiving.finished:
        assert sending.ready
        receiving.accept(unpack(sending.take()))
        sending.credit += receiving.grant()
        assert sending.credit <= limits.CREDIT
    assert sending.finished
