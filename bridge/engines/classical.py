"""The classical engine: fills a hole with texture from around it. No weights, no words, any CPU.

A hole is *laid out* by PatchMatch at a size at which it has 256² pixels at most. A larger one is then painted at full
size by copying (`copying.py`): as sharp as PatchMatch at full size, in a quarter of the time.
"""

import math
import os
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Any

import numpy as np

from bridge.engines import Bools, Floats, Plate, Step, machine
from bridge.engines.copying import copied, means, touched, whole
from bridge.engines.rims import faded, stained, toned
from bridge.protocol.errors import Refusal
from bridge.protocol.values import Recipe

LAYOUT = 256 * 256
"""Most hole pixels of a layout: PatchMatch takes 2.4 s for so many."""
CROP = 1536 * 1536
"""Most pixels of a layout with its sources: 0.3 GB in PatchMatch."""
PATCH, COARSE_PATCH = 5, 3
"""Radius of the patches that are compared, at full size and reduced."""
REACH = {"near": 0.75, "wide": 2.0}
"""How far from the hole it may be copied from, in thicknesses of the hole: the farther, the more faces are cloned."""
LEAST_REACH = 32
"""The same for thin holes, pixels."""
BLOCK = 16
"""Side of the blocks from which windows are built, pixels."""
SHIFTS = 16
"""Layouts of different seeds are shifted against each other by up to this many of their pixels."""


@dataclass(frozen=True)
class Window:
    """A hole and what it may be copied from. Parts of a hole that lie far apart have windows of their own.

    at      rows and columns of the plate; the arrays are (h, w) of them
    hole    bool: to be painted
    source  bool: to be copied from
    scale   pixels of the plate along a side of one of the layout
    """

    at: tuple[slice, slice]
    hole: Bools
    source: Bools
    scale: int


@dataclass(frozen=True)
class Layout:
    """A window filled at its scale.

    rgb     float32 (h, w, 3): the window's pixels, with a border that makes h and w whole multiples of the scale
    hole    bool (h, w), likewise
    source  bool (h, w), likewise
    inset   rows and columns of the window in these
    filled  float32 (h / scale, w / scale, 3): the same reduced, with the hole filled
    """

    rgb: Floats
    hole: Bools
    source: Bools
    inset: tuple[slice, slice]
    filled: Floats


class Classical:
    """Content-aware fill by PatchMatch (Barnes et al., SIGGRAPH 2009). Reads no prompt and cannot refine a picture."""

    name = "classical"
    modes = ("fill", "remove", "expand")
    reads_prompt = False

    def __init__(self, library: Any = None) -> None:
        """`library` stands in for the package `patchmatch`, which is imported when first needed."""
        self._library = library

    def device_facts(self) -> dict[str, Any]:
        """Name, memory and free memory of the machine, plain values."""
        return machine.facts()._asdict()

    def paint(self, plate: Plate, recipe: Recipe, step: Step) -> Iterator[tuple[int, Floats]]:
        """Yield (variation, float32 RGB (H, W, 3)) as each is ready; bit-identical to the plate outside its hole.

        A window counts two steps: laid out (with a preview, where that is at reduced size) and painted. `step` is
        called in the caller's thread only; when it raises, what has not begun never will.

        Raises Refusal `recipe.field` for a strength below 1, `picture.empty` where too little is known to copy from,
        `model.missing` without PyPatchMatch.
        """
        if recipe.strength < 1:
            text = f"The built-in fill continues the surroundings; it cannot refine a picture at {recipe.strength:.0%}"
            text += ", only fill at 100 %. To refine, install a model: sfumato models."
            raise Refusal("recipe.field", text, field="strength", wanted="1", got=recipe.strength)
        assert recipe.seed is not None, "the bridge draws the seed"
        library = self._loaded()
        windows = _windows(plate, recipe.source)
        steps = max(1, 2 * len(windows))
        step(-1, 0, steps, None)
        results: defaultdict[int, Floats] = defaultdict(plate.rgb.copy)
        if not windows:
            yield from ((k, results[k]) for k in range(recipe.count))
            return
        workers = min(os.cpu_count() or 1, recipe.count * len(windows))
        pool = ThreadPoolExecutor(workers, thread_name_prefix=self.name)
        try:
            jobs = {
                pool.submit(_lay_out, library, plate.rgb, window, (recipe.seed + k) % 2**32): (k, window)
                for k in range(recipe.count)
                for window in windows
            }
            done: Counter[int] = Counter()
            for job in as_completed(list(jobs)):
                (k, window), layout = jobs.pop(job), job.result()
                shown = window.hole & plate.hole[window.at]
                done[k] += 1
                step(k, done[k], steps, _preview(results[k], window, shown, layout))
                results[k][window.at][shown] = _painted(window, layout)[shown]
                done[k] += 1
                step(k, done[k], steps, None)
                if done[k] == steps:
                    yield k, results.pop(k)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _loaded(self) -> Any:
        if self._library is None:
            try:
                import patchmatch

                self._library = patchmatch
            except ImportError:
                pass
        if not getattr(self._library, "patchmatch_available", False):
            text = "The built-in fill needs PyPatchMatch 2.2 or newer, and this Python cannot load it. Install it with "
            text += "python -m pip install 'PyPatchMatch>=2.2', or install a model: sfumato models."
            raise Refusal("model.missing", text)
        return self._library


def _windows(plate: Plate, reach: str) -> list[Window]:
    """The windows of a plate's hole. Raises Refusal `picture.empty` where too little is known for one."""
    from scipy import ndimage

    if not plate.hole.any():
        return []
    blocks = touched(np.pad(plate.hole, [(0, -side % BLOCK) for side in plate.hole.shape]), BLOCK)
    near = np.ones_like(blocks)
    if reach in REACH:
        thickness = (2 * ndimage.distance_transform_edt(np.pad(blocks, 1)).max() - 1) * BLOCK
        near = ndimage.distance_transform_edt(~blocks) * BLOCK <= max(LEAST_REACH, REACH[reach] * thickness)
    parts, _ = ndimage.label(near)
    windows = []
    for number, (rows, columns) in enumerate(ndimage.find_objects(parts), 1):
        own = (parts[rows, columns] == number).repeat(BLOCK, 0).repeat(BLOCK, 1)
        window = _window(plate, rows.start * BLOCK, columns.start * BLOCK, own)
        if window:
            windows.append(window)
        elif reach in REACH:
            return _windows(plate, "all")
        else:
            known = np.count_nonzero(~(plate.hole | plate.unknown))
            text = f"There is too little to copy from: {known:,} of the {plate.hole.size:,} pixels in view are known, "
            text += "the others are selected or beyond the canvas. Select less, or choose a larger context."
            raise Refusal("picture.empty", text, got=known)
    return windows


def _window(plate: Plate, y: int, x: int, own: Bools) -> Window | None:
    """The window of the pixels `own` (h, w) from row y and column x on, which may reach beyond the plate.

    None where no cell at its scale is known.
    """
    height, width = plate.hole.shape
    at = slice(y, min(y + own.shape[0], height)), slice(x, min(x + own.shape[1], width))
    own = own[: at[0].stop - y, : at[1].stop - x]
    selected, known = own & plate.hole[at], own & ~plate.hole[at] & ~plate.unknown[at]
    clean = known & ~stained(plate.rgb[at], selected)
    for source in (clean, known):
        hole = selected | (known & ~source)
        scale = math.ceil(math.sqrt(max(1, np.count_nonzero(hole) / LAYOUT, hole.size / CROP)))
        if whole(np.pad(source, [(0, -side % scale) for side in source.shape]), scale).any():
            return Window(at, hole, source, scale)
    return None


def _lay_out(library: Any, rgb: Floats, window: Window, seed: int) -> Layout:
    """Fill a window at its scale. Runs in any thread."""
    # The library's own seed belongs to the process and is read some time after a call began: threads would paint with
    # each other's. So a seed shifts the pixels against the library's pyramid; that changes as much or more of a fill.
    shifts = np.random.SeedSequence(seed).generate_state(4) % SHIFTS
    scale, (top, bottom, left, right) = window.scale, (int(shift) * window.scale for shift in shifts)
    height, width = window.hole.shape
    border = (top, bottom + -height % scale), (left, right + -width % scale)
    pixels = np.pad(rgb[window.at], (*border, (0, 0)))
    hole, source = np.pad(window.hole, border), np.pad(window.source, border)
    filled, painted, clean = means(pixels, scale), touched(hole, scale), whole(source, scale)
    levels = np.rint(np.clip(filled, 0, 1) * 255).astype(np.uint8)
    patch = PATCH if scale == 1 else COARSE_PATCH
    levels = library.inpaint(levels, painted, global_mask=~(painted | clean), patch_size=patch)
    filled[painted] = levels[painted] / np.float32(255)
    return Layout(pixels, hole, source, (slice(top, top + height), slice(left, left + width)), filled)


def _preview(result: Floats, window: Window, shown: Bools, layout: Layout) -> Floats | None:
    """The plate with a layout at reduced size in it; None where it is the fill itself."""
    if window.scale == 1:
        return None
    preview = result.copy()
    enlarged = layout.filled.repeat(window.scale, 0).repeat(window.scale, 1)[layout.inset]
    preview[window.at][shown] = enlarged[shown]
    return preview


def _painted(window: Window, layout: Layout) -> Floats:
    """float32 (h, w, 3) of a window, filled at full size and joined to what surrounds it."""
    document, filled = layout.rgb[layout.inset], layout.filled[layout.inset]
    if window.scale > 1:
        full = copied(layout.rgb, layout.hole, layout.source, layout.filled, window.scale)
        filled = faded(document, full[layout.inset], window.hole)  # PatchMatch itself does likewise
    return np.clip(toned(document, filled, window.hole), 0, 1)
