"""The engine seam: what paints a plate by a recipe. One method, plain values in and out."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bridge.protocol.values import Recipe

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]

Step = Callable[[int, int, int, Floats | None], None]
"""`step(k, i, n, preview)`: variation k (−1 where the batch moves together) has done i of n steps; `preview` is None
or float32 RGB 0–1 of any size. Serves progress and preview, and stops the engine by raising `Cancelled`."""

Check = Callable[[], None]
"""Called every so often in longer work; raises `Cancelled` where the artist lost interest."""
Prefill = Callable[[Floats, Bools, Bools, Check], Floats]
"""`prefill(rgb, hole, unknown, check)`: float32 RGB (H, W, 3) with the hole (H, W) continued from its surroundings, of
which what is `unknown` shows nothing that could be copied."""


class Cancelled(Exception):
    """Raised by `step` when the artist lost interest. An engine lets it pass."""


@dataclass(frozen=True)
class Plate:
    """What an engine needs of a region at working size (H, W); it never leaves the bridge.

    rgb      float32 (H, W, 3), 0–1: the picture, colours bled under transparency, the hole prefilled where the engine
             wants that
    m        float32 (H, W), 0–1: the layer mask at working size
    d        float32 (H / cell, W / cell), 0–1: the denoise map, one value for each latent cell
    hole     bool (H, W): m > 0
    unknown  bool (H, W): beyond the canvas; mirrored there as context, never truth, never a source of texture
    cell     working pixels along one side of a latent cell
    origin   (x, y) of this plate in the field of its pass, working pixels; a multiple of `cell`
    size     (width, height) of the whole field of this pass, working pixels
    number   the pass, 0 or 1: part of the noise's seed
    strength this pass's strength (the recipe's own, or the second pass's)
    key      content hash, for caches
    """

    rgb: Floats
    m: Floats
    d: Floats
    hole: Bools
    unknown: Bools
    cell: int
    origin: tuple[int, int]
    size: tuple[int, int]
    number: int
    strength: float
    key: str


class Engine(Protocol):
    """Paints plates. Variation k of a recipe has seed (seed + k) mod 2³² and does not depend on the recipe's count.

    An engine may also have `prefill(recipe) -> Prefill | None`, what shall lie in the hole of a plate of full strength
    before it paints there, and `facts`, plain values about the last variation that it yielded, for its timings.
    """

    def paint(self, plate: Plate, recipe: Recipe, step: Step) -> Iterator[tuple[int, Floats]]:
        """Yield (variation, float32 RGB (H, W, 3) at the plate's size) for each one as it is ready, in any order.

        `recipe.seed` is set. Raises Refusal where the plate or the recipe cannot be painted.
        """
        ...
