"""A hole that was filled at reduced size, painted at full size: its pixels are copied from where the fill came from.

PatchMatch fills by copying, so each cell of its picture has a place that it came from. That place is found again, and
what lies there in the full picture is laid into the hole. Neighbouring cells overlap, as blocks do in video coders
(Orchard and Sullivan, *Overlapped block motion compensation*, 1994), so that no edge shows where two do not fit.
"""

from itertools import product

import numpy as np
from numpy.typing import NDArray

from bridge.engines import Bools, Floats

Indices = NDArray[np.intp]

SPACING = 4
"""Every fourth cell is looked up in the whole picture; those between take the origin that fits best from these."""
ROUGHLY = 0.5
"""How much farther than the best match a match that is looked up may be, as a share."""
ROUNDS = 2
"""How often each cell then tries its neighbours' origins."""
TRACE = np.float32(1e-9)
"""Less than any weight."""
ROWS = 256
"""Rows copied at a time."""


def touched(flags: Bools, scale: int) -> Bools:
    """bool (h / scale, w / scale): which cells of (h, w) hold any."""
    height, width = flags.shape
    return np.asarray(flags.reshape(height // scale, scale, width // scale, scale).any(axis=(1, 3)))


def whole(flags: Bools, scale: int) -> Bools:
    """bool (h / scale, w / scale): which cells of (h, w) hold nothing else."""
    return ~touched(~flags, scale)


def means(rgb: Floats, scale: int) -> Floats:
    """float32 (h / scale, w / scale, 3): the means of the cells of (h, w, 3)."""
    height, width = rgb.shape[:2]
    cells: Floats = rgb.reshape(height // scale, scale, width // scale, scale, 3).mean(axis=(1, 3))
    return cells


def copied(rgb: Floats, hole: Bools, source: Bools, filled: Floats, scale: int) -> Floats:
    """`rgb`, float32 (h, w, 3), with its `hole` painted after `filled`, float32 (h / scale, w / scale, 3).

    Only pixels of `source` (h, w) are copied; at least one cell has to consist of them. Those that touch the hole are
    painted, too, which shows how well the copies fit; nothing else changes. The result may leave 0–1 a little.
    """
    from scipy import ndimage

    painted = touched(hole, scale)
    moves = _moves(filled, painted, whole(source, scale))
    cells = np.stack(np.nonzero(painted))
    # What the copies lack: PatchMatch shifts the colours of what it copies.
    tints = np.zeros_like(filled)
    tints[painted] = filled[painted] - means(rgb, scale)[tuple(cells + moves[painted].T)]
    wanted = hole | (ndimage.binary_dilation(hole, np.ones((3, 3))) & source)
    result = rgb.copy()
    for start in range(0, hole.shape[0], ROWS):
        rows, columns = np.nonzero(wanted[start : start + ROWS])
        pixels = np.stack([rows + start, columns])
        result[tuple(pixels)] = _overlapped(rgb, source, painted, moves, tints, pixels, scale)
    return result


def _moves(filled: Floats, painted: Bools, clean: Bools) -> Indices:
    """(h, w, 2): rows and columns from each `painted` cell to the `clean` cell that it came from; 0 elsewhere."""
    from scipy import ndimage
    from scipy.spatial import cKDTree

    # Cells that are neither show anything or nothing: they are taken to look like the nearest that is.
    nearest = ndimage.distance_transform_edt(~(painted | clean), return_distances=False, return_indices=True)
    looks = _looks(filled[tuple(nearest)])
    cells, origins = np.stack(np.nonzero(painted)), np.stack(np.nonzero(clean))
    wanted, last = looks[tuple(cells)], np.array([[side - 1] for side in painted.shape])
    tree = cKDTree(looks[tuple(origins)], balanced_tree=False, compact_nodes=False)
    best, misfit = np.zeros_like(cells), np.full(cells.shape[1], np.inf, np.float32)

    def offer(moves: Indices) -> None:
        """Let each cell take its one of (n, 2) moves, if that leads to a clean cell and fits better."""
        there = cells + moves.T
        inside = np.clip(there, 0, last)
        error = np.square(looks[tuple(inside)] - wanted).sum(axis=1)
        better = (there == inside).all(axis=0) & clean[tuple(inside)] & (error < misfit)
        best[:, better], misfit[better] = moves.T[:, better], error[better]

    around = ndimage.maximum_filter(painted, 2 * SPACING + 1)[::SPACING, ::SPACING]
    nodes = np.stack(np.nonzero(around)) * SPACING
    _, found = tree.query(looks[tuple(nodes)], eps=ROUGHLY)
    sparse = np.zeros((*around.shape, 2), np.intp)
    sparse[around] = (origins[:, found] - nodes).T
    for beside in product(range(-1, 3), repeat=2):
        offer(sparse[tuple(np.clip(cells // SPACING + np.array([beside]).T, 0, last // SPACING))])
    moves = np.zeros((*painted.shape, 2), np.intp)
    for beside in ((0, 1), (1, 0), (0, -1), (-1, 0)) * ROUNDS:
        moves[painted] = best.T
        offer(moves[tuple(np.clip(cells + np.array([beside]).T, 0, last))])
    lost = np.isinf(misfit)
    best[:, lost] = origins[:, tree.query(wanted[lost])[1]] - cells[:, lost]
    moves[painted] = best.T
    return moves


def _looks(rgb: Floats) -> Floats:
    """float32 (h, w, 11): what tells a cell from others: the lightness of its 3 × 3 neighbourhood, and its colour."""
    light = rgb.mean(axis=2)
    height, width = light.shape
    framed = np.pad(light, 1, "edge")
    near = [framed[y : y + height, x : x + width] for y, x in product(range(3), repeat=2)]
    return np.stack([*near, rgb[..., 0] - light, rgb[..., 2] - light], axis=-1)


def _overlapped(
    rgb: Floats, source: Bools, painted: Bools, moves: Indices, tints: Floats, pixels: Indices, scale: int
) -> Floats:
    """Colours (n, 3) for `pixels` (2, n): what the four nearest cells would copy there, weighted bilinearly.

    In a painted cell there always is something: its own share is a quarter at least. Elsewhere a pixel may stay.
    """
    place = (pixels + 0.5) / scale - 0.5
    first = np.floor(place).astype(np.intp)
    share = (place - first).astype(np.float32)
    total, weights = np.zeros((pixels.shape[1], 3), np.float32), np.zeros(pixels.shape[1], np.float32)
    for corner in product((0, 1), repeat=2):
        cell = tuple(np.clip(first + np.array([corner]).T, 0, [[side - 1] for side in painted.shape]))
        there = pixels + scale * moves[cell].T
        inside = np.clip(there, 0, [[side - 1] for side in source.shape])
        usable = painted[cell] & (there == inside).all(axis=0) & source[tuple(inside)]
        weight = np.where(corner, share.T, 1 - share.T).prod(axis=1) * usable
        total += weight[:, None] * (rgb[tuple(inside)] + tints[cell])
        weights += weight
    return np.where(weights[:, None] > 0, total / np.maximum(weights, TRACE)[:, None], rgb[tuple(pixels)])
