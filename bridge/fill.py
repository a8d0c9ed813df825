"""Region + recipe + engine -> layers. No sockets, no threads.

Geometry says what is worked at which size and masks where; plates are cut, the engine paints them, colour hides the
engine's own tint, and what comes back is an opaque picture with the artist's own edge as its mask.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from bridge import colour, geometry, masks
from bridge.colour import Correction
from bridge.engines import Engine, Floats, Plate, Step
from bridge.engines.clock import Clock
from bridge.families import Family
from bridge.geometry import Plan
from bridge.plates import ROWS, Cut, Ground, Mask, Pixels, Region, Sheet, cut, within
from bridge.protocol.errors import Refusal
from bridge.protocol.values import Box, Recipe

__all__ = ["Layer", "Region", "Report", "fill"]

Report = Callable[[str, int, int, int, Floats | None], None]
"""`report(phase, k, i, n, preview)`: variation k (−1: all of them) is in a phase, one of `encoding`, `painting`,
`decoding`, `finishing`; i of n parts of the whole fill are done; `preview` is None or float32 RGB 0–1 of the crop. May
raise `Cancelled`."""

BLACK = 1 / 255
"""A picture no brighter than this is black."""
PROJECTIONS = 2
"""Back-projections: 0 keep 0.80 of the sharpness in the worst scene of the gates, 1 0.88, 2 0.92, 3 0.95."""
TINT = 64
"""Working pixels over which a tint is level."""


@dataclass(frozen=True)
class Layer:
    """One variation, ready to be put into the document, nothing left to compute.

    index    the variation
    box      in the document; the bounding box of the layer mask
    picture  (h, w, 3) of the document's depth, opaque; (h, w, 4) with the document's own alpha where it has one and the
             strength is below 1. Of the box's size; in `detail` ×2 and ×4 that many times larger
    mask     u8 (h, w) of the box; None where all of it is 255
    timings  plain values: seconds by phase, and what the colour step did in the last pass (offset, gain, ring, reason)
    """

    index: int
    box: Box
    picture: Pixels
    mask: Mask | None
    timings: dict[str, Any]


def fill(region: Region, recipe: Recipe, family: Family, engine: Engine, report: Report) -> Iterator[Layer]:
    """Yield the layers of a recipe whose seed is set, each as soon as it is ready.

    What is painted in one piece is painted in all variations at once; otherwise one variation is finished before the
    next begins. From strength 0.9 on a hole is prefilled as the engine wants it.

    Raises Refusal: what `geometry.plan` and the engine refuse; `picture.mask_empty`; `result.invalid` where the engine
    returned no colours, or nothing but black. `Cancelled`, raised by `report`, passes through.
    """
    plan = _planned(region, recipe, family)
    ground = Ground.of(region, plan)
    work = [(one, index) for one in plan.passes for index in range(len(one.pieces)) if ground.meets(one.pieces[index])]
    paints = len(work) * recipe.count
    prefill, clock = engine.prefill(recipe) if hasattr(engine, "prefill") else None, Clock()
    for first, part in _turns(recipe, together=len(work) == 1):
        sheet, corrections = ground.sheet(), list[Correction]()
        for number, (one, index) in enumerate(work):
            if number and one is not work[number - 1][0]:
                sheet.turn()
                corrections.clear()
            before = first * len(work) + number * part.count
            check = partial(report, "encoding", first if len(work) > 1 else -1, before, paints, None)
            check()
            with clock.phase("encoding"):
                piece = cut(ground, sheet, one, index, family, prefill, check)
            step = _step(report, first, before, part.count, paints, len(one.pieces) == 1, family.cell > 1)
            for done, (k, painted) in enumerate(clock.each("painting", engine.paint(piece.plate, part, step)), 1):
                report("finishing", first + k, before + done, paints, None)
                with clock.phase("finishing"):
                    _check(painted, piece.plate, first + k)
                    corrections.append(_lay(sheet, piece, painted))
                if number + 1 == len(work):
                    layer = _layer(first + k, ground, sheet, recipe, corrections, clock)
                    yield replace(layer, timings=layer.timings | getattr(engine, "facts", {}))
                    sheet, corrections = ground.sheet(), []


def _planned(region: Region, recipe: Recipe, family: Family) -> Plan:
    """The plan, as the bridge made it from the same values."""
    plan = geometry.plan(region.document, region.selection, recipe, family, region.content)
    if region.selection and region.mask is not None:
        plan = geometry.refine(plan, masks.survey(region.mask, region.selection).parts, recipe, family)
    return plan


def _turns(recipe: Recipe, together: bool) -> Iterator[tuple[int, Recipe]]:
    """The recipes to paint one after the other, each with the number of its first variation."""
    assert recipe.seed is not None, "the bridge draws the seed"
    if together:
        yield 0, recipe
        return
    for k in range(recipe.count):
        yield k, replace(recipe, seed=(recipe.seed + k) % 2**32, count=1)


def _step(report: Report, first: int, before: int, each: int, paints: int, previews: bool, decodes: bool) -> Step:
    """An engine's callback for a piece, said in the words of `report`: of how many `paints` of the whole fill how much
    is done, where `before` were done before, and the piece is painted in `each` variations from `first` on.
    """
    done: dict[int, int] = {}

    def step(k: int, i: int, n: int, preview: Floats | None) -> None:
        phase = "decoding" if decodes and i == n else "painting"
        done[k] = i * each if k < 0 else i
        report(
            phase, k if k < 0 else first + k, before * n + sum(done.values()), paints * n, preview if previews else None
        )

    return step


def _check(painted: Floats, plate: Plate, k: int) -> None:
    """Raise Refusal `result.invalid` for what no working model returns."""
    kept = plate.hole if plate.hole.all() else ~plate.hole
    if not np.isfinite(painted).all():
        fault = "holds values that are no colours"
    elif painted.max() <= BLACK and plate.rgb[kept].max() > 8 * BLACK:
        fault = "is black all over"
    else:
        return
    text = f"Variation {k + 1}, {painted.shape[1]} × {painted.shape[0]} px, {fault}: the model failed"
    raise Refusal("result.invalid", f"{text}. Nothing was inserted; try another seed or another model.", "now", index=k)


def _lay(sheet: Sheet, piece: Cut, painted: Floats) -> Correction:
    """Take the engine's own tint from a painted plate and lay it on the sheet."""
    corrected, correction = _corrected(piece, painted)
    back = _returned(corrected, piece.crop[2:])
    sheet.lay(back[within(piece.target, piece.crop)], piece.window, piece.target)
    return correction


def _corrected(piece: Cut, painted: Floats) -> tuple[Floats, Correction]:
    """A painted plate without the engine's own tint."""
    rgb, kept = piece.plate.rgb, piece.kept
    if piece.tiled:
        painted = _anchored(painted, piece.plate)
    if kept.any() and (painted == rgb).all(axis=2)[kept].all():  # the classical engine, whose plates can be very large
        return painted, Correction(reason="the kept picture came back as it was: nothing to compare")
    return colour.correct(rgb, painted, piece.ring, piece.free)


def _anchored(painted: Floats, plate: Plate) -> Floats:
    """A tile with the tints of what it refines: inside a large area no ring says what the decoder did to it, and from
    tile to tile it would drift. From strength 0.4 to 0.6 that fades: a tile may invent more and more.
    """
    share = np.float32(np.clip((0.6 - plate.strength) / 0.2, 0, 1))
    if not share:
        return painted
    height, width = painted.shape[:2]
    coarse = colour.resample(plate.rgb - painted, (max(1, width // TINT), max(1, height // TINT)))
    return painted + share * colour.resample(coarse, (width, height))


def _returned(painted: Floats, size: tuple[int, int]) -> Floats:
    """A painted plate at the document's size. What was enlarged is shrunk so that enlarging it again would give the
    plate back (Irani and Peleg, Improving resolution by image registration, 1991): shrinking alone keeps only 80 to
    90 % of a picture's sharpness.
    """
    back = colour.resample(painted, size)
    if painted.shape[1] > size[0]:
        for _ in range(PROJECTIONS):
            back = back + colour.resample(painted - colour.resample(back, painted.shape[1::-1]), size)
    return back


def _layer(k: int, ground: Ground, sheet: Sheet, recipe: Recipe, corrections: list[Correction], clock: Clock) -> Layer:
    document = ground.region.document
    channels = 4 if document.channels == 4 and recipe.strength < 1 else 3
    with clock.phase("finishing"):
        height, width = sheet.rgb.shape[:2]
        picture = np.empty((height, width, channels), ground.region.image.dtype)
        for row in range(0, height, ROWS):
            rgb = np.clip(sheet.rgb[row : row + ROWS], 0, 1)
            picture[row : row + ROWS, :, :3] = colour.to_depth(rgb, document.depth)
        if channels == 4:
            picture[..., 3] = _alpha(ground, (width, height))
    mask = None if ground.mask.min() == 255 else ground.mask
    return Layer(k, ground.box, picture, mask, {"seconds": clock.lap()} | _joined(corrections).to_map())


def _alpha(ground: Ground, size: tuple[int, int]) -> Pixels:
    """The document's own alpha of the layer's box, value for value at the document's size."""
    alpha, depth = ground.region.pixels(ground.box)[..., 3], ground.region.document.depth
    if ground.scale == 1:
        return alpha
    return colour.to_depth(colour.resample(colour.to_float(alpha, depth), size), depth)


def _joined(corrections: list[Correction]) -> Correction:
    """What the colour step did in a whole pass: means over the pieces that it corrected."""
    done = [one for one in corrections if not one.reason]
    if len(done) <= 1:
        return (done or corrections)[0]
    red, green, blue = np.average([one.offset for one in done], axis=0, weights=[one.ring for one in done]).tolist()
    lightness, chroma = np.mean([one.gain or (1.0, 1.0) for one in done], axis=0).tolist()
    gain = (round(lightness, 4), round(chroma, 4)) if any(one.gain for one in done) else None
    return Correction((round(red, 2), round(green, 2), round(blue, 2)), gain, sum(one.ring for one in done))
