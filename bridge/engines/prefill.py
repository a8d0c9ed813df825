"""What lies in a hole before a model paints there: a model that starts from the picture must not start from what was to
go.

Smooth, where something new is wanted; copied by the built-in fill, where the surroundings are to go on.
"""

import hashlib
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from math import ceil, sqrt

import numpy as np

from bridge import colour, masks
from bridge.engines import Bools, Check, Floats, Plate
from bridge.engines.classical import Classical
from bridge.engines.copying import means, touched
from bridge.protocol.errors import Refusal
from bridge.protocol.values import Recipe

HOLE = 192 * 192
"""Most pixels of a hole that is copied: what starts under noise of nine times its own contrast needs no detail."""
PATIENCE = 0.05
"""Seconds between two looks at whether somebody still waits."""
KEPT = 8
"""Holes that are kept, for *again*."""


def smooth(rgb: Floats, hole: Bools, unknown: Bools, check: Check) -> Floats:
    """float32 (H, W, 3) with a smooth continuation of the surroundings in the hole (H, W)."""
    return masks.push_pull(rgb, ~hole)


class Copied:
    """Holes filled by the built-in engine, kept by content. `filled(rgb, hole, unknown, check)` is a `Prefill`."""

    def __init__(self, engine: Classical | None = None) -> None:
        """`engine` stands in for the built-in one (a test passes its own)."""
        self._engine = engine or Classical()
        self._kept: OrderedDict[bytes, Floats] = OrderedDict()

    def filled(self, rgb: Floats, hole: Bools, unknown: Bools, check: Check) -> Floats:
        """float32 (H, W, 3) with the hole (H, W) copied from its surroundings, at reduced size where it is large.
        Smooth where too little is known to copy from, or PyPatchMatch is not there.

        The library cannot be stopped in the middle: it works in a thread, and a cancel does not wait for it.
        """
        key = hashlib.blake2b(b"".join(np.ascontiguousarray(one).tobytes() for one in (rgb, hole, unknown))).digest()
        if key not in self._kept:
            pool = ThreadPoolExecutor(1, thread_name_prefix="prefill")
            try:
                work = pool.submit(self._fill, rgb, hole, unknown)
                while not work.done():
                    check()
                    try:
                        work.exception(PATIENCE)
                    except TimeoutError:
                        continue
                self._kept[key] = work.result()
            finally:
                pool.shutdown(wait=False)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key]

    def _fill(self, rgb: Floats, hole: Bools, unknown: Bools) -> Floats:
        scale = ceil(sqrt(max(1.0, np.count_nonzero(hole) / HOLE)))
        height, width = hole.shape
        border = ((0, -height % scale), (0, -width % scale))
        small = means(np.pad(rgb, (*border, (0, 0)), "edge"), scale)
        gone = touched(np.pad(hole, border, "edge"), scale)
        beyond = touched(np.pad(unknown, border, "edge"), scale)
        m = gone.astype(np.float32)
        size = gone.shape[1], gone.shape[0]
        plate = Plate(small, m, m, gone, beyond & ~gone, 1, (0, 0), size, 0, 1.0, "")
        try:
            ((_, filled),) = self._engine.paint(plate, Recipe("remove", seed=0), lambda k, i, n, preview: None)
        except Refusal:
            filled = masks.push_pull(small, ~gone)
        if scale > 1:
            filled = colour.resample(filled, (gone.shape[1] * scale, gone.shape[0] * scale))[:height, :width]
        return np.where(hole[..., None], np.clip(filled, 0, 1), rgb)
