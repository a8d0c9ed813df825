"""Smooth fields from what is known in places: how a colour offset, measured around a hole, is carried into it.

Two parts, solved on a coarse grid and added: a *trend*, the smooth field over the whole crop that the measurements
suggest (a model's colour shift varies slowly over its picture), and a *membrane*, what they show beyond it, which
fades from where it was measured by Laplace's equation. A membrane alone knows no slope: in a hole half as wide as the
crop it leaves twice the error.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Bools = NDArray[np.bool_]
Indices = NDArray[np.intp]
Reals = NDArray[np.floating[Any]]

CELLS = 128
"""Cells along the longest side of the coarse grid, at most. A direct solve of 128² takes 0.05 s."""
STEP = 8
"""Least size of a cell, pixels."""
BLOCK = 4
"""Cells along a block: the trend is drawn through the means of blocks."""
BEND = 0.4
"""Length over which the trend may bend, in longest sides of the crop."""
SLACK = 0.01
"""How firmly free cells hang on to their neighbours, others: 1. Not 0: a hole in transparent paper is free as well."""
DOUBT = 0.05
"""Variance of a full block's error, as a share of the trend's own variance."""


def extend(rows: Indices, columns: Indices, values: Reals, free: Bools, reach: float, *, trend: bool = True) -> Floats:
    """The smooth field, float32 (H, W, c), through `values` (n, c) measured at the pixels (`rows`, `columns`).

    `free` (H, W) as in `membrane`, whose borders are the array's. Values are smoothed over about `reach` pixels.
    Without `trend` it is the membrane alone, which never leaves the range of the values. Needs one value at least.
    """
    height, width = free.shape
    step = max(STEP, -(-max(height, width) // CELLS))
    shape = (-(-height // step), -(-width // step))
    count, mean = _means(rows // step, columns // step, values, shape)
    smooth = _trend(count, mean) if trend else np.zeros_like(mean)
    # A line of pixels across a cell, as along the rim of a hole, says as much about a smooth field as a full cell.
    known = np.minimum(count / step, 1.0)
    field = smooth + membrane(mean - smooth, known, _throughout(free, step), (reach / step) ** 2)
    return _enlarged(field, step)[:height, :width]


def membrane(values: Doubles, known: Doubles, free: Bools, tension: float) -> Doubles:
    """`values` (h, w, c) where `known` (h, w; 0–1: how firmly) and Laplace's equation between, without a slope at the
    borders. Something has to be known.

    Minimises Σ known·(f − values)² + tension·Σ (differences of neighbours)²: a sheet held by springs. Tension smooths
    the known over about √tension cells. Cells that are `free` (h, w) follow their surroundings and hardly pull at them.
    """
    from scipy import sparse
    from scipy.sparse.linalg import splu

    cells = np.arange(known.size).reshape(known.shape)
    pairs = np.hstack([[cells[:, :-1].ravel(), cells[:, 1:].ravel()], [cells[:-1].ravel(), cells[1:].ravel()]])
    pull = np.sqrt(np.where(free.ravel()[pairs].any(axis=0), tension * SLACK, tension))
    edges = np.arange(pairs.shape[1])
    slopes = sparse.csr_matrix(
        (np.concatenate([pull, -pull]), (np.tile(edges, 2), pairs.ravel())), shape=(len(edges), known.size)
    )
    solver = splu(
        (sparse.diags(known.ravel()) + slopes.T @ slopes).tocsc(),
        permc_spec="MMD_AT_PLUS_A",
        diag_pivot_thresh=0.0,
        options={"SymmetricMode": True},
    )
    field: Doubles = solver.solve((known[..., None] * values).reshape(known.size, -1)).reshape(values.shape)
    return field


def _means(
    rows: Indices, columns: Indices, values: Reals, shape: tuple[int, int], weight: Doubles | None = None
) -> tuple[Doubles, Doubles]:
    """How many values fall into each cell of a grid of `shape`, (h, w), and their mean, (h, w, c), 0 where none do."""
    cells = rows * shape[1] + columns
    size = shape[0] * shape[1]
    count = np.bincount(cells, weight, minlength=size).astype(np.float64)
    heavy = values if weight is None else values * weight[:, None]
    total = np.stack([np.bincount(cells, channel, minlength=size) for channel in heavy.T], axis=-1)
    return count.reshape(shape), (total / np.maximum(count, 1e-9)[:, None]).reshape(*shape, -1)


def _trend(count: Doubles, mean: Doubles) -> Doubles:
    """Gaussian-process regression (kriging) of the blocks' means about a common level: bends slowly, and far from all
    of them goes back to that level, so that a strip seen from one side gets no invented slope.

    Rasmussen & Williams, Gaussian Processes for Machine Learning, 2006, section 2.7. The kernel parts into rows and
    columns; SciPy's RBFInterpolator gives the same, cannot use that, and takes three to ten times as long.
    """

    def alike(some: Doubles, others: Doubles) -> Doubles:
        return np.asarray(np.exp(-0.5 * np.square((some[:, None] - others) / (BEND * max(count.shape)))))

    at = np.argwhere(count > 0)
    here = count[tuple(at.T)]
    blocks = (-(-count.shape[0] // BLOCK), -(-count.shape[1] // BLOCK))
    cells = np.column_stack([at, mean[tuple(at.T)]])
    weight, centre = _means(at[:, 0] // BLOCK, at[:, 1] // BLOCK, cells, blocks, here)
    known = centre[weight > 0]
    rows, columns, values = known[:, 0], known[:, 1], known[:, 2:]
    doubt = DOUBT * weight.max() / weight[weight > 0]
    system = np.pad(alike(rows, rows) * alike(columns, columns) + np.diag(doubt), (0, 1), constant_values=1)
    system[-1, -1] = 0
    *shares, level = np.linalg.solve(system, np.pad(values, ((0, 1), (0, 0))))
    down, across = alike(np.arange(1.0 * count.shape[0]), rows), alike(np.arange(1.0 * count.shape[1]), columns)
    trend: Doubles = level + np.stack([(down * share) @ across.T for share in np.array(shares).T], axis=-1)
    return trend


def _throughout(flags: Bools, step: int) -> Bools:
    """True for cells of `step` × `step` pixels that are flagged throughout."""
    height, width = flags.shape
    padded = np.pad(flags, ((0, -height % step), (0, -width % step)), constant_values=True)
    return np.asarray(padded.reshape(padded.shape[0] // step, step, -1, step).all(axis=(1, 3)))


def _enlarged(field: Doubles, step: int) -> Floats:
    """Cubic interpolation to `step` times the size, cell centres on the centres of their pixels."""
    height, width = field.shape[:2]
    size = (width * step, height * step)
    channels = [Image.fromarray(channel.astype(np.float32)) for channel in np.moveaxis(field, -1, 0)]
    return np.stack([np.asarray(one.resize(size, Image.Resampling.BICUBIC)) for one in channels], axis=-1)
