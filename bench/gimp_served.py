"""The real bridge in a process of its own, for a GIMP: `python -m bench.gimp_served FOLDER PAINTER`.

Painters: `copying` returns the region at once (`bench.copying`), `plain` a grey (`tests.painters`); `patient` takes its
time, and shows how far it is; `built-in` is the one that artists have without a model.
"""

import asyncio
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bench.children import say
from bridge.config import Config
from bridge.engines import Floats, Plate, Step
from bridge.painter import Painter
from bridge.painting import main as painting
from bridge.protocol.values import Recipe
from bridge.server import Bridge

STEPS, SECONDS = 20, 0.1
"""Of the patient one: steps of a variation, and how long each takes."""
ARGV = {
    "copying": [sys.executable, "-m", "bench.copying"],
    "plain": [sys.executable, "-m", "tests.painters", "plain", ""],
    "patient": [sys.executable, "-m", "bench.gimp_served", "paint"],
    "built-in": None,
}


class Patient:
    """Blurs nothing, invents nothing: what is there comes back, a step at a time, with a preview at each."""

    def paint(self, plate: Plate, recipe: Recipe, step: Step) -> Iterator[tuple[int, Floats]]:
        """A variation takes two seconds, and no processor."""
        for k in range(recipe.count):
            for i in range(STEPS):
                step(k, i, STEPS, plate.rgb[::4, ::4] * np.float32((i + 1) / STEPS))
                time.sleep(SECONDS)
            step(k, STEPS, STEPS, None)
            yield k, plate.rgb


async def main(folder: Path, painter: str) -> None:
    """Serve until the input ends."""
    async with Bridge(Config(port=0), folder, [Painter("cpu", ["classical"], ARGV[painter])]) as bridge:
        say(bridge.port)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    if sys.argv[1] == "paint":
        painting({"classical": lambda device: Patient()})
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
