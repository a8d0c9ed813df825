"""Bytes of one websocket message: a 24-byte prefix, then one msgpack map (control) or pixels (data).

| offset | type | control        | data                                    |
|-------:|------|----------------|-----------------------------------------|
|      0 | u16  | magic 0x5346   | same                                    |
|      2 | u8   | major = 1      | same                                    |
|      3 | u8   | kind = 0       | kind = 1                                |
|      4 | u32  | length of map  | stream                                  |
|      8 | u64  | 0              | byte offset in the stream               |
|     16 | u32  | 0              | CRC-32 of the payload if flag 2         |
|     20 | u32  | 0              | flags: 1 = last, 2 = crc present        |
|     24 | –    | one msgpack map| payload, 1 byte to 256 KiB              |
"""

import math
import struct
import zlib
from typing import Any, NamedTuple, NoReturn

import msgpack

from bridge.protocol import VERSION, limits
from bridge.protocol.errors import Refusal

PREFIX = struct.Struct("<HBBIQII")
MAGIC = 0x5346
CONTROL, DATA = 0, 1
LAST, CRC = 1, 2


class Data(NamedTuple):
    """Pixels of a stream. `payload` is a view into the received message."""

    stream: int
    offset: int
    payload: memoryview
    last: bool
    crc: int | None

    @property
    def intact(self) -> bool:
        """False where the payload is not what its checksum says."""
        return self.crc is None or zlib.crc32(self.payload) == self.crc


def pack_control(values: dict[str, Any]) -> bytes:
    """One control message. Raises Refusal `limit.message` where the map is larger than 64 KiB.

    Half a surrogate pair (a file's name in an error can hold one) leaves as a question mark.
    """
    body: bytes = msgpack.packb(values, use_bin_type=True, unicode_errors="replace")
    if len(body) > limits.MAP:
        raise Refusal("limit.message", f"A control map of {len(body)} bytes is over the limit of {limits.MAP}.")
    return PREFIX.pack(MAGIC, VERSION, CONTROL, len(body), 0, 0, 0) + body


def pack_data(stream: int, offset: int, payload: bytes | memoryview, last: bool, crc: bool = False) -> bytes:
    """One data message: the only copy that a sender makes of its pixels."""
    checksum = zlib.crc32(payload) if crc else 0
    flags = (LAST if last else 0) | (CRC if crc else 0)
    return b"".join((PREFIX.pack(MAGIC, VERSION, DATA, stream, offset, checksum, flags), payload))


def unpack(message: bytes) -> dict[str, Any] | Data:
    """Read one message: a control map, or data. Raises Refusal `wire.malformed` for anything that is neither."""
    if len(message) > limits.MESSAGE:
        _malformed(f"a message of {len(message)} bytes is over the limit of {limits.MESSAGE}")
    if len(message) < PREFIX.size:
        _malformed(f"a message has {len(message)} bytes, its prefix alone has {PREFIX.size}")
    magic, major, kind, first, offset, crc, flags = PREFIX.unpack_from(message)
    if magic != MAGIC or major != VERSION:
        _malformed(f"magic {magic:#06x} and major {major}, expected {MAGIC:#06x} and {VERSION}")
    size = len(message) - PREFIX.size
    if kind == CONTROL:
        if offset or crc or flags:
            _malformed("a control prefix with something beside its length")
        if first != size or size > limits.MAP:
            _malformed(f"a map of {size} bytes, {first} announced, {limits.MAP} allowed")
        return _unpack_map(message[PREFIX.size :])
    if kind == DATA:
        if flags & ~(LAST | CRC) or (crc and not flags & CRC):
            _malformed(f"unknown flags {flags:#x}, or a checksum without its flag")
        if not 1 <= size <= limits.CHUNK:
            _malformed(f"a payload of {size} bytes, allowed are 1 to {limits.CHUNK}")
        payload = memoryview(message)[PREFIX.size :]
        return Data(first, offset, payload, bool(flags & LAST), crc if flags & CRC else None)
    _malformed(f"kind {kind}, expected 0 or 1")


def _unpack_map(body: bytes) -> dict[str, Any]:
    try:
        values = msgpack.unpackb(body, raw=False, strict_map_key=True, object_pairs_hook=_unique, ext_hook=_no_ext)
    except Refusal:
        raise
    except (ValueError, TypeError, RecursionError, msgpack.exceptions.UnpackException) as why:
        _malformed(f"no msgpack map: {why}")
    if not isinstance(values, dict):
        _malformed(f"a {type(values).__name__} where a map was expected")
    _check(values, 1)
    return values


def _unique(pairs: list[tuple[Any, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) != len(pairs):
        _malformed("a map names a key twice")
    if not all(isinstance(key, str) for key in values):
        _malformed("a map has a key that is no text")
    return values


def _no_ext(code: int, data: bytes) -> NoReturn:
    _malformed(f"extension type {code}")


def _check(value: object, depth: int) -> None:
    """What msgpack allows and the wire does not."""
    match value:
        case dict() | list():
            if depth > limits.DEPTH:
                _malformed(f"a map deeper than {limits.DEPTH}")
            for inner in value.values() if isinstance(value, dict) else value:
                _check(inner, depth + 1)
        case bool() | str() | bytes() | None:
            pass
        case int() if abs(value) < 1 << 53:
            pass
        case float() if math.isfinite(value):
            pass
        case _:
            _malformed(f"a value the wire does not know: {value!r:.40}")


def _malformed(what: str) -> NoReturn:
    raise Refusal("wire.malformed", f"A message could not be read: {what}. Update the plug-in or the bridge.")
