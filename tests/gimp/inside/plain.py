"""JSON that carries bytes too, for what goes into GIMP and comes out of it. Used on both sides."""

import json
from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import Any

BYTES = "bytes in base64"


def dumps(value: Any, other: Callable[[Any], Any] | None = None) -> str:
    """As JSON. `other` makes something plain of what JSON lacks and bytes are not; else TypeError."""

    def plain(one: Any) -> Any:
        if isinstance(one, bytes | bytearray):
            return {BYTES: b64encode(one).decode()}
        if other is None:
            raise TypeError(f"{one!r} cannot cross: only plain values and bytes can")
        return other(one)

    return json.dumps(value, default=plain)


def loads(text: str | bytes) -> Any:
    """What `dumps` was given; tuples come back as lists."""
    return json.loads(text, object_hook=_whole)


def _whole(one: dict[str, Any]) -> Any:
    return b64decode(one[BYTES]) if one.keys() == {BYTES} else one
