"""Writes docs/protocol.md from the code: `python -m bridge.protocol.page`.

Types, defaults, ranges, limits and codes are read from the classes and constants, paragraphs from their docstrings,
examples from the golden vectors. What no code can say stands in `prose.py`.
"""

import ast
import inspect
import itertools
import json
import types
import typing
from collections.abc import Iterator
from dataclasses import MISSING, Field, fields, is_dataclass
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from bridge.protocol import auth, frames, limits
from bridge.protocol.codec import IDS, wire_name
from bridge.protocol.errors import CLOSE, Refusal
from bridge.protocol.messages import MESSAGES, Message
from bridge.protocol.prose import (
    HANDSHAKE,
    INTRODUCTION,
    LIFE,
    MEANINGS,
    MESSAGES_TEXT,
    NAMES,
    PAIRING,
    STREAMS,
    TRANSPORT,
)
from bridge.protocol.values import Box, Document, Lora, Picture, Recipe

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "protocol.md"
VECTORS = ROOT / "tests" / "vectors"

SENDERS = {"bridge": "bridge → client", "client": "client → bridge", "both": "both ways"}


def render() -> str:
    """The whole page."""
    return "\n\n".join(part.strip() for part in _parts()) + "\n"


def write() -> None:
    """Write docs/protocol.md."""
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(render(), "utf-8", newline="\n")


def shown(value: Any, indent: str = "", room: int = 108) -> str:
    """A value as JSON, on one line where it fits into `room` letters; bytes as {"hex": …}."""
    flat = json.dumps(value, ensure_ascii=False, default=lambda raw: {"hex": raw.hex()})
    if len(indent) + len(flat) <= room or not isinstance(value, (dict, list)) or not value:
        return flat
    deeper = indent + "  "
    if isinstance(value, dict):
        lines = [
            f"{json.dumps(name, ensure_ascii=False)}: {shown(inner, deeper, room)}" for name, inner in value.items()
        ]
    else:
        lines = [shown(inner, deeper, room) for inner in value]
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    return f"{opening}\n{deeper}" + f",\n{deeper}".join(lines) + f"\n{indent}{closing}"


def _parts() -> Iterator[str]:
    yield INTRODUCTION
    yield TRANSPORT
    yield _layout()
    yield HANDSHAKE
    yield PAIRING
    yield "## Values\n\nA value that breaks its rule is refused with the code below it; nothing is clipped or guessed."
    yield from (_value(kind, code) for kind, code in VALUES.items())
    yield NAMES
    yield STREAMS
    yield MESSAGES_TEXT
    yield _table("message sender".split(), ([f"[`{t}`](#{t})", SENDERS[one.sender]] for t, one in MESSAGES.items()))
    yield from map(_message, MESSAGES.values())
    yield LIFE
    yield _errors()
    yield _limits()


VALUES: dict[type, str] = {
    Box: "wire.malformed",
    Picture: "picture.empty`, `picture.size` or `limit.side",
    Document: "picture.size`, `limit.side` or `limit.document",
    Recipe: "recipe.field",
    Lora: "recipe.field",
}


def _layout() -> str:
    """The bytes of a message: the table of frames.py, and one message taken apart."""
    first, _, table = (inspect.getdoc(frames) or "").partition("\n\n")
    whole = (VECTORS / "ping.bin").read_bytes()
    prefix, body = whole[: frames.PREFIX.size], whole[frames.PREFIX.size :]
    return f"""
## Layout of a message

{first}

{table}

All numbers of the prefix are little-endian; the checksum is the CRC-32 of zlib and PNG. A map has texts as keys and no
key twice, texts in UTF-8, at most {limits.DEPTH} levels (its own is the first), whole numbers between −2⁵³ and 2⁵³
(exclusive), finite floats, no extension types, nothing behind it, and at most {limits.MAP:,} bytes. Whatever is not as
it stands here closes the connection with {CLOSE["wire.malformed"]}.

`ping.bin`, for example, has {len(whole)} bytes, its prefix and its map:

    {prefix.hex(" ")}
    {body.hex(" ")}
"""


def _value(kind: type, codes: str) -> str:
    parts = [f"### {kind.__name__}", _words(kind)]
    if kind is Recipe:
        rows = ([f"`{one.name}`", _wanted(one.name), _default(one)] for one in fields(Recipe))
        parts.append(_table(["field", "is", "default"], rows))
    elif kind is Box:
        parts.append("On the wire a list of these four; width and height are not negative.")
    else:
        parts.append(_field_table(kind))
    return "\n\n".join([*parts, f"Else `{codes}`."])


def _words(kind: type) -> str:
    """The docstring of a class, but for what it says to Python."""
    said = (inspect.getdoc(kind) or "").replace("None", "null").split("\n\n")
    return "\n\n".join(one for one in said if not one.startswith("Raises "))


def _wanted(name: str) -> str:
    """What a field of a recipe may be, asked of the recipe itself: it says so when it refuses."""
    said: list[str] = []
    for wrong in (object(), "x" * (limits.TEXT + 1), ({"id": "a"},) * (limits.LORAS + 1)):
        try:
            Recipe.from_map({"mode": "fill", name: wrong})
        except Refusal as refusal:
            said.append(refusal.detail["wanted"])
    return ", ".join(dict.fromkeys(said)).replace("|", "\\|")


def _message(kind: type[Message]) -> str:
    parts = [f"### {kind.t}", f"*{SENDERS[kind.sender]}.* {_words(kind)}"]
    if fields(kind):
        parts.append(_field_table(kind))
    values = json.loads((VECTORS / f"{kind.t}.json").read_text("utf-8"))["control"]
    parts.append(f"```json\n{shown(values)}\n```")
    return "\n\n".join(parts)


def _field_table(kind: type) -> str:
    return _table("field type default".split(), _rows(kind))


def _rows(kind: Any, path: str = "") -> Iterator[list[str]]:
    """One row for each field, and below it those of a map that has its fields only here."""
    hints = typing.get_type_hints(kind)
    for one in fields(kind):
        name = path + wire_name(one)
        yield [f"`{name}`", _type(hints[one.name], wire_name(one)), _default(one)]
        inner = next((a for a in (hints[one.name], *get_args(hints[one.name])) if is_dataclass(a)), None)
        if inner and inner not in VALUES:
            yield from _rows(inner, name + ("[]." if get_origin(hints[one.name]) is tuple else "."))


def _type(hint: Any, name: str) -> str:
    """A type in the words of the wire."""
    origin = get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        return next(_type(one, name) for one in get_args(hint) if one is not type(None))
    if origin is Literal:
        return ", ".join(f'`"{one}"`' for one in get_args(hint))
    if origin is tuple:
        return f"list of {_type(get_args(hint)[0], name)}s"
    if hint in VALUES:
        return f"[{hint.__name__.lower()}](#{hint.__name__.lower()})"
    if hint is bytes:
        return f"{auth.NONCE if name in ('nonce', 'mac') else auth.IDENTITY} bytes"
    if hint is str:
        return "[id](#ids)" if name in (*IDS, "tag", "id") else "text"
    return {int: "whole number", float: "number", bool: "true or false"}.get(hint, "map")


def _default(one: Field[Any]) -> str:
    if one.default is not MISSING:
        return f"`{json.dumps(one.default)}`"
    if one.default_factory is not MISSING:
        return f"`{json.dumps(one.default_factory())}`"
    return "required"


def _errors() -> str:
    rows = ([f"`{code}`", str(CLOSE.get(code, "")), meaning] for code, meaning in MEANINGS.items())
    return f"""
## Errors

An [`error`](#error) carries a code for programs, a text for artists (show it as it is), and `retry`: trying again can
help `never`, `later` or `now`. Codes are added, never renamed: treat one that you do not know by its `retry`. Where the
table has a close code, the connection is closed with it right after the error. 1001 follows [`bye`](#bye), 1009 a
message of more than {limits.MESSAGE:,} bytes.

{_table(["code", "closes", "means"], rows)}
"""


def _limits() -> str:
    """Every number of limits.py with the sentence below it."""
    tree = ast.parse(inspect.getsource(limits))
    rows = []
    for line, below in itertools.pairwise(tree.body):
        match line, below:
            case ast.Assign([ast.Name(name)]), ast.Expr(ast.Constant(str(text))) if name != "ADVERTISED":
                rows.append([text.rstrip("."), f"{getattr(limits, name):,}".removesuffix(".0")])
    told = ", ".join(f"`{name}`" for name in limits.ADVERTISED)
    return f"## Limits\n\n`hello.limits` tells some of them: {told}.\n\n{_table(['limit', 'is'], rows)}"


def _table(head: list[str], rows: Any) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


if __name__ == "__main__":
    write()
