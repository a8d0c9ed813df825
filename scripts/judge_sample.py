"""Does the sample checkpoint do what it says? On photographs that it never saw, through our own loop.

    python scripts/judge_sample.py MODEL PHOTOS… [--sheet FILE] [--all FILE]

Prints a table; the exit status is 0 where every figure holds. All figures are means over the photographs, the worst one
stands beside them.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from sample import filters, pictures
from sample.filters import Floats
from skimage.color import deltaE_ciede2000, rgb2lab

from bridge.engines import Plate
from bridge.engines.diffusion.engine import Diffusion
from bridge.families import FAMILIES, SAMPLE
from bridge.models import Model
from bridge.models.reading import read
from bridge.models.trees import Candidate
from bridge.protocol.values import Recipe

CELL = FAMILIES[SAMPLE].cell
"""Pixels along a latent cell of this checkpoint."""
NEAR, NEARER = 22.0, 3.0
"""dB: how near a look has to come to its filter, and how much nearer than the untouched photograph."""
BETTER = 1.0
"""dB by which `restore` has to better what it is given."""
ALIKE = 2.0
"""ΔE2000 by which `photo` may change a photograph, in the mean over its pixels."""
GRADES, GRADED, OFF = (0.3, 0.6), 256, 0.1
"""Strengths that shall go that share of the way to a filter, on the middle so many pixels wide, and how far off."""
SECONDS, STRENGTH, SIDE = 15.0, 0.6, 768
"""The longest that a selection of 512 × 512 px at this strength may take; with what lies around it, it is this wide."""
SEED = 7
HEAD = 36
"""Height of the names above a contact sheet, pixels."""


class Figure(NamedTuple):
    """One line: what was measured for each photograph, the bound, and whether more is better."""

    name: str
    values: Sequence[float]
    bound: float
    more: bool = True

    @property
    def holds(self) -> bool:
        """True where the mean is within the bound."""
        return bool(np.mean(self.values) >= self.bound) if self.more else bool(np.mean(self.values) <= self.bound)

    def __str__(self) -> str:
        worst = min(self.values) if self.more else max(self.values)
        sign = "≥" if self.more else "≤"
        verdict = "holds" if self.holds else "FAILS"
        return f"{self.name:<44}{np.mean(self.values):>8.2f}{worst:>8.2f}   {sign} {self.bound:<6g}{verdict}"


def plate(rgb: Floats, strength: float) -> Plate:
    """The whole picture, all of it to be painted."""
    height, width = rgb.shape[:2]
    whole = np.ones((height, width), np.float32)
    d = np.ones((height // CELL, width // CELL), np.float32)
    nowhere = np.zeros((height, width), bool)
    key = f"{strength} {rgb.tobytes().__hash__()}"
    return Plate(rgb, whole, d, whole > 0, nowhere, CELL, (0, 0), (width, height), 0, strength, key)


def painted(engine: Diffusion, model: Model, rgb: Floats, prompt: str, strength: float = 1.0) -> Floats:
    """One variation, float32 (H, W, 3), 0–1."""
    recipe = Recipe("fill", prompt=prompt, model=model.id, seed=SEED, steps=model.steps, guidance=1.0)
    ((_, found),) = engine.paint(plate(rgb, strength), recipe, lambda *said: None)
    return found


def decibels(one: Floats, other: Floats) -> float:
    """How near two pictures are: peak over the root of the mean squared difference."""
    return float(-10 * np.log10(np.mean((one - other) ** 2) + 1e-12))


def difference(one: Floats, other: Floats) -> float:
    """ΔE2000, the mean over all pixels."""
    return float(np.mean(deltaE_ciede2000(rgb2lab(one), rgb2lab(other))))


def judged(engine: Diffusion, model: Model, photographs: Sequence[Floats]) -> tuple[list[Figure], list[list[Floats]]]:
    """Every figure; and for the contact sheet a row of each photograph: itself, and it by every word."""
    rows: list[list[Floats]] = [[rgb] for rgb in photographs]
    figures = []
    for word, look in filters.STYLES.items():
        near, nearer = [], []
        for row in rows:
            found, wanted = painted(engine, model, row[0], word), look(row[0])
            near.append(decibels(found, wanted))
            nearer.append(near[-1] - decibels(row[0], wanted))
            row.append(found)
        figures += [Figure(f"{word}: dB to its filter", near, NEAR)]
        figures += [Figure(f"{word}: dB nearer than the photograph", nearer, NEARER)]
    better = []
    for i, row in enumerate(rows):
        hurt = filters.damaged(row[0], np.random.default_rng((SEED, i)))
        found = painted(engine, model, hurt, filters.RESTORE)
        better.append(decibels(found, row[0]) - decibels(hurt, row[0]))
        row += [hurt, found]
    figures.append(Figure("restore: dB better than what it is given", better, BETTER))
    alike = []
    for row in rows:
        found = painted(engine, model, row[0], filters.PHOTO)
        alike.append(difference(found, row[0]))
        row.append(found)
    figures.append(Figure("photo: ΔE2000 to the photograph", alike, ALIKE, more=False))
    return [*figures, *graded(engine, model, photographs), timed(engine, model, photographs)], rows


def graded(engine: Diffusion, model: Model, photographs: Sequence[Floats]) -> list[Figure]:
    """How far a strength is from that share of the way to the filter, all looks together."""
    figures = []
    for strength in GRADES:
        off = []
        for rgb in (pictures.middle(one, GRADED) for one in photographs):
            for word, look in filters.STYLES.items():
                way, gone = look(rgb) - rgb, painted(engine, model, rgb, word, strength) - rgb
                off.append(abs(float((gone * way).sum() / (way * way).sum()) - strength))
        figures.append(Figure(f"strength {strength}: away from that share of a look", off, OFF, more=False))
    return figures


def timed(engine: Diffusion, model: Model, photographs: Sequence[Floats]) -> Figure:
    """How long a selection takes, encoded, painted and decoded."""
    rgb = np.resize(photographs[0], (SIDE, SIDE, 3))  # what it shows costs nothing
    began = time.monotonic()
    painted(engine, model, rgb, "night", STRENGTH)
    return Figure(f"512² at strength {STRENGTH}: seconds", [time.monotonic() - began], SECONDS, more=False)


def sheet(rows: Sequence[Sequence[Floats]], side: int = 192) -> Image.Image:
    """A contact sheet: a row of each photograph, its middle square made this large; above each column what it is."""
    whole = Image.new("RGB", (len(rows[0]) * side, len(rows) * side))
    for top, row in enumerate(rows):
        for left, rgb in enumerate(row):
            square = pictures.middle(rgb, min(rgb.shape[:2]), 1)
            small = Image.fromarray((np.clip(square, 0, 1) * 255 + 0.5).astype(np.uint8))
            small = small.resize((side, side), Image.Resampling.LANCZOS)
            whole.paste(small, (left * side, top * side))
    return headed(whole, side)


def headed(pictures: Image.Image, side: int) -> Image.Image:
    """The sheet with its columns' names above it."""
    whole = Image.new("RGB", (pictures.width, pictures.height + HEAD), "white")
    whole.paste(pictures, (0, HEAD))
    draw, font = ImageDraw.Draw(whole), ImageFont.load_default(HEAD * 0.6)
    for i, name in enumerate(("photograph", *filters.STYLES, "damaged", filters.RESTORE, filters.PHOTO)):
        draw.text(((i + 0.5) * side, HEAD / 2), name, "black", font, anchor="mm")
    return whole


def opened(folder: Path) -> Model:
    """The checkpoint as the catalogue reads it. It says itself that it takes few steps."""
    found = read(Candidate(folder, "sample", folder.name))
    assert isinstance(found, Model) and not found.problem, found
    return replace(found, steps=FAMILIES[SAMPLE].steps)


def main() -> int:
    """Judge; returns the exit status."""
    asked = argparse.ArgumentParser(description="The figures of the sample checkpoint, on photographs held out.")
    asked.add_argument("model", type=Path)
    asked.add_argument("photographs", type=Path, nargs="+", help="folders")
    asked.add_argument("--sheet", type=Path, help="where to write the contact sheet, of those that may be shown")
    asked.add_argument("--all", type=Path, help="where to write one of all, to be looked at")
    given = asked.parse_args()
    model = opened(given.model)
    there = dict(pictures.held_out(given.photographs))
    print(f"{len(there)} photographs: {', '.join(there)}\n{'':<44}{'mean':>8}{'worst':>8}")
    figures, rows = judged(Diffusion({model.id: model}.__getitem__, {}.__getitem__), model, list(there.values()))
    for one in figures:
        print(one)
    if given.sheet:
        sheet([row for name, row in zip(there, rows, strict=True) if name in pictures.SHOWN]).save(given.sheet)
    if given.all:
        sheet(rows).save(given.all)
    return 0 if len(there) == len(pictures.HELD_OUT) and all(one.holds for one in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
