"""What a layer remembers of how it was made, so that it can be made again next week: JSON in a parasite."""

import json
from dataclasses import asdict, dataclass, fields
from typing import Any

from bridge.protocol import limits
from bridge.protocol.errors import Refusal
from bridge.protocol.values import Box, Document, Recipe
from gimp_plugin.view import Sample

VERSION = 1
SAMPLES = ("all", "below", "current")


@dataclass(frozen=True)
class Memory:
    """One layer's origin.

    result, job   the bridge's names for the layer and for the job that made it
    region        the bridge's name for the pixels that it saw; it may have been forgotten since
    recipe        fully resolved, as the bridge gave it
    document, selection, content  what was asked then; `selection` None for the whole canvas
    sample        which layers were read
    box           where the layer was put, in the canvas of then
    seen, pixels  the box that was read, and the CRC-32 of its bytes: tells whether the picture has changed since;
                  None and 0 where nothing was read, because the bridge held the region already
    """

    result: str
    job: str
    region: str
    recipe: Recipe
    document: Document
    selection: Box | None
    content: Box | None
    sample: Sample
    box: Box
    seen: Box | None = None
    pixels: int = 0

    def to_bytes(self) -> bytes:
        """JSON in ASCII, as it lies in the parasite: GIMP's Python takes no byte above 127."""
        values = {one.name: getattr(self, one.name) for one in fields(self)}
        values |= {"version": VERSION, "recipe": self.recipe.to_map(), "document": asdict(self.document)}
        return json.dumps(values).encode()

    @classmethod
    def from_bytes(cls, given: bytes) -> "Memory | None":
        """The memory of a parasite's bytes; None where they are damaged, or a newer version's: then the layer is a
        layer like any other. A file comes from anywhere: what is returned is what this class says."""
        try:
            values: dict[str, Any] = json.loads(given)
            if values.pop("version") != VERSION:
                return None
            values["recipe"] = Recipe.from_map(values["recipe"])
            values["document"] = Document(**values["document"])
            for name in ("selection", "content", "box", "seen"):
                values[name] = _box(values[name])
            memory = cls(**values)
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError, Refusal, RecursionError):
            return None
        named = all(isinstance(name, str) for name in (memory.result, memory.job, memory.region))
        sound = isinstance(memory.pixels, int) and memory.sample in SAMPLES and memory.box is not None
        seen = memory.seen is None or memory.document.canvas.contains(memory.seen)
        return memory if named and sound and seen else None


def _box(given: Any) -> Box | None:
    """A box on a canvas. Raises ValueError, TypeError."""
    if given is None:
        return None
    box = Box(*given)
    if any(type(number) is not int or not 0 <= number <= limits.SIDE for number in box) or box.empty:
        raise ValueError(f"{box} is no box of a canvas")
    return box
