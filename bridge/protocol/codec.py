"""Messages as plain maps and as bytes: `encode(message) -> bytes`, `decode(map) -> message`.

Nothing is written by hand for a message: its dataclass says what its map holds, and of what types.
"""

import functools
import types
import typing
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, Literal, get_args, get_origin

from bridge.protocol.errors import Refusal, unreadable
from bridge.protocol.frames import pack_control
from bridge.protocol.messages import MESSAGES, Map, Message
from bridge.protocol.values import Box, Recipe, is_id

IDS = ("job", "region", "replaces", "result", "key_id")
"""Fields that hold an id: opaque, 1 to 64 letters, digits, `-`, `_` and `.`."""


def to_map(message: Message) -> Map:
    """The wire map of a message."""
    return {"t": message.t, **_plain_fields(message)}


def encode(message: Message) -> bytes:
    """One websocket message."""
    return pack_control(to_map(message))


def decode(values: Map) -> Message:
    """The message of a wire map. Unknown fields are ignored.

    Raises Refusal `wire.type` for an unknown type, `wire.malformed` for missing or ill-typed fields, and what the
    values themselves refuse (`recipe.field`, `picture.size`, `limit.side`, …).
    """
    name = values.get("t")
    kind = MESSAGES.get(name) if isinstance(name, str) else None
    if kind is None:
        raise Refusal("wire.type", f"This bridge does not know the message “{str(name)[:40]}”. Update the older side.")
    built = _build(kind, values, str(name))
    assert isinstance(built, Message)
    return built


def wire_name(one: Any) -> str:
    """A dataclass field's name on the wire."""
    return str(one.metadata.get("name", one.name))


def _plain_fields(value: Any) -> Map:
    return {wire_name(f): _plain(getattr(value, f.name)) for f in fields(value) if getattr(value, f.name) is not None}


def _plain(value: Any) -> Any:
    if isinstance(value, Recipe):
        return value.to_map()
    if is_dataclass(value):
        return _plain_fields(value)
    if isinstance(value, tuple):
        return [_plain(inner) for inner in value]
    return value


def _build(kind: Any, value: Any, where: str) -> Any:
    """Make `value`, plain as msgpack gives it, into what the type `kind` says. `where` names it in a refusal."""
    origin = get_origin(kind)
    if origin in (typing.Union, types.UnionType):
        return None if value is None else _build(next(a for a in get_args(kind) if a is not type(None)), value, where)
    if origin is Literal:
        return _expect(value in get_args(kind) if isinstance(value, str) else False, value, where)
    if kind is Box:
        shaped = isinstance(value, list) and len(value) == 4 and all(_is_int(one) for one in value)
        if not shaped or min(value[2:]) < 0:
            raise _unreadable(where, value)
        return Box(*value)
    if origin is tuple:
        _expect(isinstance(value, list), value, where)
        return tuple(_build(get_args(kind)[0], inner, where) for inner in value)
    if origin is dict:
        return _expect(isinstance(value, dict), value, where)
    if kind is Recipe:
        _expect(isinstance(value, dict), value, where)
        return Recipe.from_map(value)
    if is_dataclass(kind):
        _expect(isinstance(value, dict), value, where)
        return _build_dataclass(kind, value, where)
    if kind is float:
        return float(_expect(_is_int(value) or isinstance(value, float), value, where))
    if kind is int:
        return _expect(_is_int(value) and value >= 0, value, where)
    fits = isinstance(value, kind)
    if kind is str and where.rpartition(".")[2] in IDS:
        fits = is_id(value)
    return _expect(fits, value, where)


@functools.cache
def _hints(kind: Any) -> Map:
    return typing.get_type_hints(kind)


def _build_dataclass(kind: Any, values: Map, where: str) -> Any:
    hints = _hints(kind)
    built = {}
    for one in fields(kind):
        name = wire_name(one)
        if values.get(name) is not None:
            built[one.name] = _build(hints[one.name], values[name], f"{where}.{name}")
        elif one.default is MISSING and one.default_factory is MISSING:
            raise unreadable(f"{where}.{name}", "nothing")
    return kind(**built)


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _expect(fits: bool, value: Any, where: str) -> Any:
    if not fits:
        raise _unreadable(where, value)
    return value


def _unreadable(where: str, value: object) -> Refusal:
    return unreadable(where, "nothing" if value is None else f"{value!r:.60}")
