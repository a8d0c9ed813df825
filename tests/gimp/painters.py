"""Painters for journeys through the window: `python -m tests.gimp.painters NAME [FILE]`. They read prompts.

The process, its pipe and its files are the real ones; only what paints is passed in. Beside it stands a checkpoint's
file without its weights: the bridge reads headers only, so to everybody but the painter it is a model.
"""

import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from bridge.engines import Floats, Plate, Step
from bridge.painter import Painter
from bridge.painting import main
from bridge.protocol.values import Recipe

STEPS = 8


def painter(name: str, argument: str | Path = "") -> Painter:
    """A handle on such a process, standing in for the diffusion engine."""
    return Painter("cpu", ["diffusion"], [sys.executable, "-m", "tests.gimp.painters", name, str(argument)])


def tint(recipe: Recipe, k: int) -> Floats:
    """What variation k is washed with: the colour that the prompt names, or else a grey, at its own seed's depth."""
    assert recipe.seed is not None
    depth = ((recipe.seed + k) % 2**32 % 50 + 150) / 255
    named = {"red": (1, 0.2, 0.1), "green": (0.2, 0.8, 0.3), "blue": (0.2, 0.4, 1)}
    colour = next((named[word] for word in recipe.prompt.split() if word in named), (0.8, 0.8, 0.8))
    return np.float32(colour) * np.float32(depth)


class Wash:
    """Washes the hole with a colour, as far as the strength goes, in a few steps that can be watched."""

    def device_facts(self) -> dict[str, object]:
        """What the bridge tells of the device."""
        return {"name": "cpu", "memory": 0, "free": 0}

    def paint(self, plate: Plate, recipe: Recipe, step: Step) -> Iterator[tuple[int, Floats]]:
        for k in range(recipe.count):
            wet = np.where(plate.hole[..., None], tint(recipe, k), plate.rgb)
            for i in range(STEPS):
                look = plate.rgb + (wet - plate.rgb) * np.float32(recipe.strength * i / STEPS)
                step(k, i, STEPS, look)
                self.between(lambda k=k, i=i, look=look: step(k, i, STEPS, look), k, i)
            step(k, STEPS, STEPS, None)
            yield k, plate.rgb + (wet - plate.rgb) * np.float32(recipe.strength)

    def between(self, show: Callable[[], None], k: int, i: int) -> None:
        """Called in every step of a variation; `show` says that it is still being worked on."""


class Patient(Wash):
    """Stays in the middle of the first variation until a file appears; a cancel gets through meanwhile."""

    def __init__(self, argument: str) -> None:
        self._gate = Path(argument)

    def between(self, show: Callable[[], None], k: int, i: int) -> None:
        while (k, i) == (0, STEPS // 2) and not self._gate.exists():
            show()
            threading.Event().wait(0.01)


if __name__ == "__main__":
    kinds = {"wash": lambda _: Wash(), "patient": Patient}
    main({"diffusion": lambda device: kinds[sys.argv[1]](sys.argv[2])})
