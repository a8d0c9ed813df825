"""The file of `keep`, value by value: whatever is damaged in it counts as if it had never been there."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, NamedTuple, get_args

from bridge.protocol.errors import Refusal
from bridge.protocol.values import SOURCES, Box, Document, is_id
from gimp_plugin.scene import Spot
from gimp_plugin.view import Fields, Place, Sample

PROMPTS = 100
"""How many prompts are remembered."""
JOBS = 64
"""For how many fills it is remembered where their layers go."""
FILES = 200
"""Of how many files the tag is remembered."""

_FAR = 1 << 20
"""No window and no layer lies farther away than so many pixels, and no number of a field is greater."""


class Order(NamedTuple):
    """What a fill was asked with, and where its layers go.

    `replaces` is the tattoo of the layer that they replace; where that one is made again, `was` is where it lay then.
    """

    spot: Spot
    document: Document
    selection: Box | None
    content: Box | None
    replaces: int = 0
    was: Box | None = None


@dataclass(frozen=True)
class Kept:
    """All of it. `tags` by the addresses of files, `orders` by the names of jobs; the newest are the last."""

    fields: Fields = field(default_factory=Fields)
    prompts: list[str] = field(default_factory=list)
    place: Place | None = None
    tags: dict[str, str] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> "Kept":
        """What a file holds."""
        try:
            given = _dict(json.loads(path.read_text("utf-8")))
        except (OSError, ValueError, RecursionError):
            return cls()
        orders = {job: _order(one) for job, one in _dict(given.get("jobs")).items() if is_id(job)}
        return cls(
            _fields(_dict(given.get("fields"))),
            [one for one in _list(given.get("prompts")) if _text(one) and one.strip()][-PROMPTS:],
            _place(given.get("place")),
            dict([(name, tag) for name, tag in _dict(given.get("files")).items() if is_id(tag)][-FILES:]),
            dict([(job, one) for job, one in orders.items() if one][-JOBS:]),
        )

    def to_map(self) -> dict[str, Any]:
        """As it is written."""
        return {
            "fields": asdict(self.fields),
            "prompts": self.prompts,
            "place": self.place,
            "jobs": {job: {**one._asdict(), "document": asdict(one.document)} for job, one in self.orders.items()},
            "files": self.tags,
        }


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> bool:
    """True for a text that every toolkit can show."""
    if not isinstance(value, str) or "\0" in value:
        return False
    return len(value.encode("utf-8", "ignore")) == len(value.encode("utf-8", "surrogatepass"))


def _whole(low: int, high: int, or_none: bool = False) -> Callable[[Any], bool]:
    def fits(value: Any) -> bool:
        return (or_none and value is None) or (type(value) is int and low <= value <= high)

    return fits


_tattoo = _whole(0, 2**32 - 1)


def _number(value: Any) -> bool:
    return type(value) in (int, float) and abs(value) <= _FAR


def _lora(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and is_id(value[0]) and _number(value[1]) and abs(value[1]) <= 2


_FITS: dict[str, Callable[[Any], bool]] = {
    "prompt": _text,
    "strength": _whole(5, 100),
    "count": _whole(1, 8),
    "model": lambda value: value is None or is_id(value),
    "negative": _text,
    "steps": _whole(1, 150, or_none=True),
    "guidance": lambda value: value is None or (_number(value) and 0 <= value <= 30),
    "seed": _whole(0, 2**32 - 1, or_none=True),
    "locked": lambda value: type(value) is bool,
    "loras": lambda value: isinstance(value, list) and len(value) <= 16 and all(map(_lora, value)),
    "sample": lambda value: value in get_args(Sample),
    "blend": _whole(0, 256),
    "context": lambda value: value in ("auto", "canvas"),
    "source": lambda value: value in SOURCES,
}
"""Whether a value may be that of a field."""


def _fields(given: dict[str, Any]) -> Fields:
    """Fields of an earlier start, each where it is of its kind; the seed is drawn anew unless it was locked."""
    kept = {
        one.name: given[one.name] for one in fields(Fields) if one.name in given and _FITS[one.name](given[one.name])
    }
    if "loras" in kept:
        kept["loras"] = tuple((id, float(weight)) for id, weight in kept["loras"])
    if not kept.get("locked"):
        kept["seed"] = None
    return Fields(**kept)


def _numbers(value: Any) -> list[int] | None:
    fits = _whole(-_FAR, _FAR)
    return value if isinstance(value, list) and len(value) == 4 and all(map(fits, value)) else None


def _place(value: Any) -> Place | None:
    numbers = _numbers(value)
    return Place(*numbers) if numbers else None


def _box(value: Any) -> Box | None:
    """A box, or none. Raises ValueError where it is neither."""
    numbers = _numbers(value)
    if value is not None and numbers is None:
        raise ValueError("a box has four whole numbers")
    return Box(*numbers) if numbers else None


def _order(value: Any) -> Order | None:
    try:
        (sample, anchor), replaces = value["spot"], value["replaces"]
        if not (_FITS["sample"](sample) and _tattoo(anchor) and _tattoo(replaces)):
            return None
        selection, content, was = (_box(value.get(name)) for name in ("selection", "content", "was"))
        return Order(Spot(sample, anchor), Document(**value["document"]), selection, content, replaces, was)
    except (KeyError, TypeError, ValueError, Refusal):
        return None
