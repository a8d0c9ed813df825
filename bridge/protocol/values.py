"""The words of the wire that are values: box, picture, document, recipe. A value that exists is valid."""

import math
from dataclasses import dataclass, field, fields
from typing import Any, Literal, NamedTuple

from bridge.protocol import limits
from bridge.protocol.errors import Refusal

Depth = Literal["u8", "u16", "f32"]
Mode = Literal["fill", "remove", "expand", "detail"]
Source = Literal["near", "wide", "all"]

DEPTHS: dict[str, int] = {"u8": 1, "u16": 2, "f32": 4}
"""Bytes of one value at each depth."""
MODES = ("fill", "remove", "expand", "detail")
SOURCES = ("near", "wide", "all")


class Box(NamedTuple):
    """`(x, y, width, height)` in whole document pixels: the only coordinates outside the geometry."""

    x: int
    y: int
    width: int
    height: int

    @property
    def right(self) -> int:
        """First column to the right of the box."""
        return self.x + self.width

    @property
    def bottom(self) -> int:
        """First row below the box."""
        return self.y + self.height

    @property
    def area(self) -> int:
        """Number of pixels."""
        return self.width * self.height

    @property
    def empty(self) -> bool:
        """True where the box holds no pixel."""
        return self.width <= 0 or self.height <= 0

    def intersect(self, other: "Box") -> "Box":
        """The box common to both; empty (width or height 0) where they do not meet."""
        x, y = max(self.x, other.x), max(self.y, other.y)
        return Box(x, y, max(0, min(self.right, other.right) - x), max(0, min(self.bottom, other.bottom) - y))

    def union(self, other: "Box") -> "Box":
        """The smallest box that holds both."""
        x, y = min(self.x, other.x), min(self.y, other.y)
        return Box(x, y, max(self.right, other.right) - x, max(self.bottom, other.bottom) - y)

    def contains(self, other: "Box") -> bool:
        """True where `other` lies wholly inside."""
        return self.union(other) == self

    def moved(self, dx: int, dy: int) -> "Box":
        """The same box, shifted by (dx, dy) pixels."""
        return Box(self.x + dx, self.y + dy, self.width, self.height)


@dataclass(frozen=True)
class Picture:
    """Pixels at rest: rows top to bottom without padding, interleaved, little-endian, straight alpha, sRGB-encoded.

    `channels` is 1, 3 or 4; `depth` is `u8` (0–255), `u16` (0–65535) or `f32` (1.0 = white, may go beyond).
    """

    width: int
    height: int
    channels: int
    depth: Depth = "u8"

    def __post_init__(self) -> None:
        if not (_is_int(self.width) and _is_int(self.height) and self.width > 0 and self.height > 0):
            raise Refusal("picture.empty", f"A picture of {self.width} × {self.height} px holds no pixel.")
        if max(self.width, self.height) > limits.SIDE:
            raise Refusal(
                "limit.side",
                f"A picture of {self.width} × {self.height} px has a side over {limits.SIDE} px; work on a part of it.",
                limit=limits.SIDE,
                got=max(self.width, self.height),
            )
        if self.channels not in (1, 3, 4) or self.depth not in DEPTHS:
            raise Refusal(
                "picture.size",
                f"A picture has 1, 3 or 4 channels of u8, u16 or f32; this one has {self.channels} of {self.depth}.",
            )

    @property
    def size(self) -> int:
        """Bytes of the pixels."""
        return self.width * self.height * self.channels * DEPTHS[self.depth]

    def __str__(self) -> str:
        return f"{self.width} × {self.height} px, {self.channels} × {self.depth}"


@dataclass(frozen=True)
class Document:
    """The image open in the editor. The bridge never sees it; it knows its size and depth.

    `tag` is 16 random bytes in hex that the guest keeps in the document, so that a reopened file is known again.
    """

    tag: str
    width: int
    height: int
    channels: int
    depth: Depth = "u8"

    def __post_init__(self) -> None:
        if not is_id(self.tag):
            raise Refusal("wire.malformed", f"document.tag is {limits.ID} letters of ASCII at most.")
        if self.channels not in (3, 4):
            raise Refusal("picture.size", f"A document has 3 or 4 channels; this one has {self.channels}.")
        Picture(self.width, self.height, self.channels, self.depth)
        if self.width * self.height > limits.DOCUMENT:
            got, limit = self.width * self.height, limits.DOCUMENT
            text = f"The document has {got:,} pixels; the limit is {limit:,}. Work on a smaller copy."
            raise Refusal("limit.document", text, limit=limit, got=got)

    @property
    def canvas(self) -> Box:
        """The whole document as a box."""
        return Box(0, 0, self.width, self.height)


@dataclass(frozen=True)
class Lora:
    """One LoRA of a recipe: its opaque id and its weight, −2…2 (0 changes nothing)."""

    id: str
    weight: float = 1.0

    def __post_init__(self) -> None:
        _check("loras", is_id(self.id), "ids of at most 64 letters", self.id)
        _check("loras", _is_number(self.weight) and -2 <= self.weight <= 2, "weights from −2 to 2", self.weight)


@dataclass(frozen=True)
class Recipe:
    """Everything the artist chose. Same region + same recipe = same layers.

    Only `mode` is required. `model`, `seed`, `steps`, `guidance` and `context` may be None: the bridge or the model
    decides. Strength 1 paints anew, less keeps more of what is there. Variation k of `count` has the seed
    (seed + k) mod 2³². `context` is the box that the model sees, `blend` how many pixels the layer mask grows outwards
    (0 = exact), `source` where the classical engine may copy from, `scale` how many times `detail` enlarges.

    `made` is what the bridge adds to the recipe of a finished layer (engine, model hash, versions); it is accepted and
    ignored, so that a layer's recipe can be sent again as it is.

    Raises Refusal `recipe.field` with the field's name and its range.
    """

    mode: Mode
    prompt: str = ""
    negative: str = ""
    model: str | None = None
    strength: float = 1.0
    seed: int | None = None
    count: int = 1
    steps: int | None = None
    guidance: float | None = None
    loras: tuple[Lora, ...] = ()
    context: Literal["canvas"] | Box | None = None
    blend: int = 0
    source: Source = "near"
    scale: int = 1
    made: dict[str, Any] | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        _check("mode", self.mode in MODES, "one of " + ", ".join(MODES), self.mode)
        for name in ("prompt", "negative"):
            text = getattr(self, name)
            _check(name, isinstance(text, str), "a text", text)
            size = len(text.encode("utf-8", "surrogatepass"))
            _check(name, size <= limits.TEXT, f"at most {limits.TEXT} bytes of UTF-8", f"{size} bytes")
            whole = len(text.encode("utf-8", "ignore")) == size
            _check(name, whole, "a text of whole characters", "one with half a character")
        _check("model", self.model is None or is_id(self.model), "an id of at most 64 letters, or null", self.model)
        _number(self, "strength", 0.05, 1.0)
        _whole(self, "seed", 0, 2**32 - 1, or_none=True)
        _whole(self, "count", 1, limits.COUNT)
        _whole(self, "steps", 1, 150, or_none=True)
        _number(self, "guidance", 0, 30, or_none=True)
        _check("loras", len(self.loras) <= limits.LORAS, f"at most {limits.LORAS} of them", len(self.loras))
        _check(
            "context",
            self.context in (None, "canvas") or (isinstance(self.context, Box) and not self.context.empty),
            'null, "canvas" or a box',
            self.context,
        )
        _whole(self, "blend", 0, 256)
        _check("source", self.source in SOURCES, "one of " + ", ".join(SOURCES), self.source)
        _check("scale", self.scale in (1, 2, 4) and _is_int(self.scale), "1, 2 or 4", self.scale)
        _check("made", self.made is None or isinstance(self.made, dict), "a map or null", self.made)

    @classmethod
    def from_map(cls, given: dict[str, Any]) -> "Recipe":
        """The recipe of a wire map. Raises Refusal `recipe.field` for unknown, ill-typed or out-of-range fields."""
        known = {f.name for f in fields(cls)}
        for name in given:
            if name not in known:
                near = ", ".join(sorted(known))
                raise Refusal("recipe.field", f"A recipe has no field “{name}”; it has {near}.", field=name)
        if "mode" not in given:
            raise Refusal("recipe.field", f"A recipe needs a mode: one of {', '.join(MODES)}.", field="mode")
        values = dict(given)
        if "loras" in values:
            loras = values["loras"]
            shaped = isinstance(loras, (list, tuple)) and all(
                isinstance(one, dict) and {"id"} <= set(one) <= {"id", "weight"} for one in loras
            )
            _check("loras", shaped, "a list of {id, weight}", loras)
            values["loras"] = tuple(Lora(one["id"], one.get("weight", 1.0)) for one in loras)
        context = values.get("context")
        if isinstance(context, (list, tuple)):
            shaped = len(context) == 4 and all(_is_int(number) for number in context)
            _check("context", shaped, "four whole numbers", context)
            values["context"] = Box(*context)
        return cls(**values)

    def to_map(self) -> dict[str, Any]:
        """The wire map: every field, so that the recipe says what it leaves to the bridge."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        values["loras"] = [{"id": one.id, "weight": one.weight} for one in self.loras]
        if isinstance(self.context, Box):
            values["context"] = list(self.context)
        return values


def is_id(value: object) -> bool:
    """True for an opaque id: 1 to 64 printable ASCII letters that mean nothing to a file system."""
    return (
        isinstance(value, str)
        and 0 < len(value) <= limits.ID
        and all(letter.isascii() and (letter.isalnum() or letter in "-_.") for letter in value)
    )


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _whole(recipe: Recipe, name: str, low: int, high: int, or_none: bool = False) -> None:
    value = getattr(recipe, name)
    fits = (or_none and value is None) or (_is_int(value) and low <= value <= high)
    _check(name, fits, f"a whole number from {low} to {high}", value)


def _number(recipe: Recipe, name: str, low: float, high: float, or_none: bool = False) -> None:
    value = getattr(recipe, name)
    fits = (or_none and value is None) or (_is_number(value) and low <= value <= high)
    _check(name, fits, f"a number from {low:g} to {high:g}", value)


def _check(name: str, fits: bool, wanted: str, got: object) -> None:
    if not fits:
        text = f"The recipe's {name} is {wanted}; this one is {str(got)[:80]}."
        raise Refusal("recipe.field", text, field=name, wanted=wanted, got=str(got)[:80])
