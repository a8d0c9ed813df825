"""Bytes: what leaves is what WIRE says, and nothing else is read."""

import os
import struct
import subprocess
import sys
import zlib

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.protocol import limits
from bridge.protocol.errors import Refusal
from bridge.protocol.frames import Data, pack_control, pack_data, unpack
from tests.vectors import golden

REFUSED = {
    "empty": "a message has 0 bytes, its prefix alone has 24",
    "short": "a message has 23 bytes, its prefix alone has 24",
    "magic": "magic 0x4653 and major 1, expected 0x5346 and 1",
    "major": "magic 0x5346 and major 2, expected 0x5346 and 1",
    "kind": "kind 2, expected 0 or 1",
    "length-more": "a map of 20 bytes, 21 announced, 65536 allowed",
    "length-less": "a map of 20 bytes, 19 announced, 65536 allowed",
    "control-offset": "a control prefix with something beside its length",
    "control-crc": "a control prefix with something beside its length",
    "control-flags": "a control prefix with something beside its length",
    "no-map": "a list where a map was expected",
    "no-body": "no msgpack map: ",
    "cut": "no msgpack map: ",
    "trailing": "no msgpack map: ",
    "twice": "a map names a key twice",
    "twice-inside": "a map names a key twice",
    "key-number": "no msgpack map: ",
    "key-bytes": "a map has a key that is no text",
    "key-null": "no msgpack map: ",
    "not-utf8": "no msgpack map: ",
    "surrogate": "no msgpack map: ",
    "deep": "a map deeper than 8",
    "extension": "extension type 5",
    "timestamp": "a value the wire does not know: Timestamp(seconds=0, nanoseconds=0)",
    "never-used": "no msgpack map: ",
    "nan": "a value the wire does not know: nan",
    "infinite": "a value the wire does not know: -inf",
    "infinite-float32": "a value the wire does not know: inf",
    "large": "a value the wire does not know: 9007199254740992",
    "large-negative": "a value the wire does not know: -9007199254740992",
    "data-empty": "a payload of 0 bytes, allowed are 1 to 262144",
    "data-flags": "unknown flags 0x4, or a checksum without its flag",
    "data-crc": "unknown flags 0x0, or a checksum without its flag",
}
"""What is said to each golden vector that is refused for its bytes."""

LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.binary(max_size=20)
)
MAPS = st.dictionaries(
    st.text(max_size=8),
    st.recursive(
        LEAVES,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
        max_leaves=6,
    ),
    max_size=5,
)


def refusal_of(message: bytes) -> Refusal:
    with pytest.raises(Refusal) as caught:
        unpack(message)
    assert caught.value.code == "wire.malformed"
    assert caught.value.text.endswith(". Update the plug-in or the bridge.")
    return caught.value


def nested(levels: int) -> dict:
    """A map of so many levels, its own the first."""
    inner: object = None
    for _ in range(levels - 1):
        inner = [inner]
    return {"deep": inner}


def test_control_by_hand() -> None:
    body = bytes.fromhex("82 a174 a470696e67 a26174 cb4054600000000000")
    message = bytes.fromhex("4653 01 00") + struct.pack("<IQII", len(body), 0, 0, 0) + body
    assert pack_control({"t": "ping", "at": 81.5}) == message
    assert unpack(message) == {"t": "ping", "at": 81.5}


def test_data_by_hand() -> None:
    message = bytes.fromhex("4653 01 01") + struct.pack("<IQII", 7, 2**40, zlib.crc32(b"pixels"), 3) + b"pixels"
    assert pack_data(7, 2**40, b"pixels", last=True, crc=True) == message
    assert unpack(message) == Data(7, 2**40, memoryview(b"pixels"), True, zlib.crc32(b"pixels"))


def test_data_without_flags() -> None:
    message = pack_data(1, 0, memoryview(b"pixels"), last=False)
    assert message[16:24] == bytes(8)
    assert unpack(message) == Data(1, 0, memoryview(b"pixels"), False, None)


def test_payload_is_a_view_and_no_copy() -> None:
    message = pack_data(1, 0, b"pixels", last=False)
    assert unpack(message).payload.obj is message


@pytest.mark.parametrize(("crc", "intact"), [(None, True), (zlib.crc32(b"pixels"), True), (0, False), (1, False)])
def test_intact(crc: int | None, intact: bool) -> None:
    assert Data(1, 0, memoryview(b"pixels"), False, crc).intact is intact


def test_a_checksum_that_is_0_is_still_one() -> None:
    payload = bytes.fromhex("9d0ad96d")  # its CRC-32 is 0
    assert zlib.crc32(payload) == 0
    assert unpack(pack_data(1, 0, payload, last=False, crc=True)).crc == 0


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    assert f"could not be read: {REFUSED[name]}" in refusal_of(golden.read(f"refused-{name}").message).text


def test_every_vector_refused_for_its_bytes_is_tested_here() -> None:
    vectors = [golden.read(name) for name in golden.names() if name.startswith("refused-")]
    readable = {"refused-no-field"}
    malformed = {one.name for one in vectors if one.meaning["refused"] == "wire.malformed"} - readable
    assert malformed == {f"refused-{name}" for name in REFUSED}


def test_depth() -> None:
    assert unpack(pack_control(nested(limits.DEPTH))) == nested(limits.DEPTH)
    assert "a map deeper than 8" in refusal_of(pack_control(nested(limits.DEPTH + 1))).text
    assert "a map deeper than 8" in refusal_of(pack_control(nested(500))).text


def test_depth_that_msgpack_itself_refuses() -> None:
    assert (
        "no msgpack map: "
        in refusal_of(pack_control({})[:4] + struct.pack("<IQII", 60_000, 0, 0, 0) + b"\x91" * 60_000).text
    )


def test_lists_that_announce_more_than_there_is() -> None:
    body = b"\x81\xa1x\xdd\xff\xff\xff\xff"
    assert "no msgpack map: " in refusal_of(pack_control({})[:4] + struct.pack("<IQII", len(body), 0, 0, 0) + body).text


def test_largest_map() -> None:
    largest = {"x": "a" * (limits.MAP - 6)}
    assert len(msgpack.packb(largest)) == limits.MAP
    assert unpack(pack_control(largest)) == largest
    with pytest.raises(Refusal, match=r"^A control map of 65537 bytes is over the limit of 65536\.$") as caught:
        pack_control({"x": "a" * (limits.MAP - 5)})
    assert caught.value.code == "limit.message"
    body = msgpack.packb({"x": "a" * (limits.MAP - 5)})
    message = pack_control({})[:4] + struct.pack("<IQII", len(body), 0, 0, 0) + body
    assert "a map of 65537 bytes, 65537 announced, 65536 allowed" in refusal_of(message).text


def test_largest_payload() -> None:
    assert len(unpack(pack_data(1, 0, bytes(limits.CHUNK), last=False)).payload) == limits.CHUNK
    text = refusal_of(pack_data(1, 0, bytes(limits.CHUNK + 1), last=False)).text
    assert "a payload of 262145 bytes, allowed are 1 to 262144" in text


def test_largest_message() -> None:
    assert "a message of 1048577 bytes is over the limit of 1048576" in refusal_of(bytes(limits.MESSAGE + 1)).text
    assert "magic 0x0000" in refusal_of(bytes(limits.MESSAGE)).text


@pytest.mark.parametrize("value", [2**53 - 1, -(2**53) + 1, 1.7976931348623157e308, 5e-324, -0.0])
def test_numbers_at_the_edge(value: float) -> None:
    assert unpack(pack_control({"x": value})) == {"x": value}


def test_half_a_character_leaves_as_a_question_mark() -> None:
    assert unpack(pack_control({"text": "cannot write a\udcff.png"})) == {"text": "cannot write a?.png"}


@given(MAPS)
@settings(deadline=None, max_examples=80)
def test_what_is_packed_is_unpacked(values: dict) -> None:
    assert unpack(pack_control(values)) == values


@given(
    st.integers(0, 2**32 - 1),
    st.integers(0, 2**64 - 1),
    st.binary(min_size=1, max_size=99),
    st.booleans(),
    st.booleans(),
)
@settings(deadline=None, max_examples=100)
def test_data_that_is_packed_is_unpacked(stream: int, offset: int, payload: bytes, last: bool, crc: bool) -> None:
    data = unpack(pack_data(stream, offset, payload, last, crc))
    assert data == Data(stream, offset, memoryview(payload), last, zlib.crc32(payload) if crc else None)
    assert data.intact


def test_the_msgpack_of_an_editor_without_compiled_code_reads_the_same() -> None:
    code = """
import msgpack, msgpack.fallback
from bridge.protocol.errors import Refusal
from bridge.protocol.frames import unpack
from bridge.protocol.codec import decode, encode
from tests.vectors import golden
assert msgpack.Unpacker is msgpack.fallback.Unpacker
for vector in map(golden.read, golden.names()):
    try:
        values = unpack(vector.message)
        said = {"control": values} if isinstance(values, dict) else {}
        if said:
            assert encode(decode(values)) == vector.message, vector.name
            assert said["control"] == vector.meaning["control"], vector.name
    except Refusal as refusal:
        assert refusal.code == vector.meaning["refused"], vector.name
"""
    environment = {**os.environ, "MSGPACK_PUREPYTHON": "1"}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment, cwd=golden.FOLDER.parent.parent)
