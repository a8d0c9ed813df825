"""From a selection to a plan: which box is seen, at what size it is worked, in how many passes. Pure, before any pixel.

A plan is made twice from the same plain values, in the bridge and in the painter, so everything here is deterministic.
"""

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from bridge.crops import Pass, Piece, abreast, context_box, is_strip, padded, strip, surrounded, tiles, whole, zoomed
from bridge.families import Family, Size
from bridge.protocol.errors import Refusal
from bridge.protocol.values import Box, Document, Mode, Recipe

__all__ = ["Pass", "Piece", "Plan", "plan", "refine"]

Layout = tuple[Box, tuple[Pass, ...]]
"""A context box and the passes that see it."""

LARGE = 2 / 3
"""Below this zoom an area is large: one pass at the budget would lose too much of the document's resolution."""
FINISH = 0.35
"""Strength of the second pass: enough to sharpen what the first one composed, too little to change it."""
WORTH = 1.5
"""Disjoint parts get crops of their own where that gains this much zoom: each of them costs a whole plate."""
SHARPENS = 0.4
"""Strength up to which `detail` sharpens; beyond it every tile begins to invent."""


@dataclass(frozen=True)
class Plan:
    """What the bridge will do with a selection.

    selection  the box that is painted, inside the canvas; without one, what the mode takes by itself
    context    the box that the engine has to see
    image      the box that the bridge wants: inside the canvas, holds every crop as far as the canvas goes
    mask       the box of coverage that it wants, equal to the selection; None where nothing was selected
    content    the box of visible pixels, for `expand`
    blend      document pixels by which the layer grows outward beyond the selection
    scale      pixels of the layer for each of the document, along a side
    steps      steps of one variation over all passes and pieces
    seconds    of all variations, an estimate for a warm model
    memory     bytes with everything resident, an estimate
    notes      sentences for the artist
    """

    mode: Mode
    document: Document
    selection: Box
    context: Box
    image: Box
    mask: Box | None
    content: Box | None
    blend: int
    scale: int
    passes: tuple[Pass, ...]
    steps: int
    seconds: float
    memory: int
    notes: tuple[str, ...]

    def words(self) -> str:
        """For the artist: `1024 × 1024 px, 80 % of full resolution, about 4 s`."""
        sizes = ", then ".join(_sizes(one) for one in self.passes)
        return f"{sizes}, {self.passes[-1].resolution} % of full resolution, {_time(self.seconds)}"

    def to_map(self) -> dict[str, Any]:
        """Plain values for the wire; `working` is the size of the last pass's first piece."""
        return {
            "mode": self.mode,
            "selection": list(self.selection),
            "context": list(self.context),
            "working": list(self.passes[-1].pieces[0].working),
            "resolution": self.passes[-1].resolution,
            "passes": len(self.passes),
            "pieces": sum(len(one.pieces) for one in self.passes),
            "steps": self.steps,
            "seconds": round(self.seconds, 1),
            "memory": self.memory,
            "text": self.words(),
            "notes": list(self.notes),
        }


def plan(document: Document, selection: Box | None, recipe: Recipe, family: Family, content: Box | None = None) -> Plan:
    """The plan for a recipe on a selection box (None: nothing is selected); `content` is the box of visible pixels.

    Raises Refusal: `recipe.selection` where there is nothing to paint or nothing to copy from, `model.missing` where
    the family cannot do what is asked, `recipe.field` for a context or a scale that does not fit, `limit.side` or
    `limit.document` for an enlarged document.
    """
    canvas = document.canvas
    visible = content.intersect(canvas) if content is not None and recipe.mode == "expand" else None
    content = None if visible is None or visible.empty else visible
    _check_ability(recipe, family)
    _check_scale(document, selection, recipe)
    selected = _selected(document, selection, recipe, content)
    if family.native and selection is None and recipe.mode == "fill":
        text = f"The built-in fill copies from the surroundings, and the whole canvas of {_size(canvas)} leaves none"
        raise Refusal("recipe.selection", f"{text}: select a part of it, or install a model (`sfumato models`).")
    context, passes = _layout(padded(selected, recipe.blend, canvas), canvas, recipe, family)
    steps, seconds, memory = _estimate(passes, recipe, family)
    return Plan(
        mode=recipe.mode,
        document=document,
        selection=selected,
        context=context,
        image=_seen(passes, canvas),
        mask=None if selection is None else selected,
        content=content,
        blend=recipe.blend,
        scale=recipe.scale,
        passes=passes,
        steps=steps,
        seconds=seconds,
        memory=memory,
        notes=_notes(passes, recipe, family),
    )


def refine(plan: Plan, parts: Sequence[Box], recipe: Recipe, family: Family) -> Plan:
    """The plan once the mask is there: `parts` are the boxes of its disjoint parts, in document pixels.

    A tighter box, or a crop for each part, replaces the passes where that gains zoom, lowers no resolution and needs
    nothing outside `plan.image`, which stays. A context that the artist named is kept.
    """
    canvas = plan.document.canvas
    inside = [part.intersect(plan.selection) for part in parts]
    targets = [padded(part, plan.blend, canvas) for part in inside if not part.empty]
    if not targets or recipe.context is not None or plan.scale > 1:
        return plan
    groups = _grouped(targets, plan.image, recipe, family)
    best: Layout = plan.context, plan.passes
    for layout in (_layout(_bounding(groups), plan.image, recipe, family), _apart(groups, plan.image, recipe, family)):
        if layout and _gains(layout[1], best[1], family) and plan.image.contains(_seen(layout[1], canvas)):
            best = layout
    context, passes = best
    steps, seconds, memory = _estimate(passes, recipe, family)
    notes = _notes(passes, recipe, family)
    return replace(plan, context=context, passes=passes, steps=steps, seconds=seconds, memory=memory, notes=notes)


def _check_ability(recipe: Recipe, family: Family) -> None:
    if recipe.mode not in family.modes and family.filters:
        text = f"The sample model changes what is there, by {len(family.words)} words, and cannot do “{recipe.mode}”"
    elif recipe.mode not in family.modes:
        text = f"The built-in fill copies texture from your own picture and cannot do “{recipe.mode}”"
    elif recipe.mode == "fill" and recipe.strength < 1 and not family.partial:
        text = f"The built-in fill replaces what is there; it cannot refine it at {_percent(recipe.strength)} strength"
    else:
        return
    raise Refusal("model.missing", f"{text}. Install a model that can: `sfumato models`.", mode=recipe.mode)


def _check_scale(document: Document, selection: Box | None, recipe: Recipe) -> None:
    if recipe.scale == 1:
        return
    if recipe.mode != "detail" or selection is not None:
        text = f"Scale {recipe.scale} enlarges the whole canvas in mode “detail”: select nothing, or set scale to 1."
        raise Refusal("recipe.field", text, field="scale", wanted="1", got=recipe.scale)
    replace(document, width=document.width * recipe.scale, height=document.height * recipe.scale)  # raises limit.*


def _selected(document: Document, selection: Box | None, recipe: Recipe, content: Box | None) -> Box:
    """What is painted: the selection inside the canvas, or what the mode takes where nothing is selected."""
    canvas = document.canvas
    if selection is not None:
        inside = selection.intersect(canvas)
        if inside.empty:
            text = f"The selection {tuple(selection)} lies outside the canvas {tuple(canvas)}: select a part of it."
            raise Refusal("recipe.selection", text, selection=list(selection), canvas=list(canvas))
        return inside
    if recipe.mode == "remove":
        raise Refusal("recipe.selection", "Nothing is selected: select what to remove, then try again.")
    if content and document.channels == 3:  # with alpha, what is transparent within the content counts too
        return _uncovered(content, canvas)
    return canvas


def _uncovered(content: Box, canvas: Box) -> Box:
    """The bounding box of the canvas outside `content`."""
    bands = (
        Box(0, 0, content.x, canvas.height),
        Box(content.right, 0, canvas.right - content.right, canvas.height),
        Box(0, 0, canvas.width, content.y),
        Box(0, content.bottom, canvas.width, canvas.bottom - content.bottom),
    )
    empty = [band for band in bands if not band.empty]
    if not empty:
        text = f"Nothing to expand: {_size(content)} of visible pixels cover the canvas of {_size(canvas)}"
        raise Refusal("recipe.selection", f"{text}. Enlarge the canvas, or select where the picture should go on.")
    return _bounding(empty)


def _layout(target: Box, bounds: Box, recipe: Recipe, family: Family) -> Layout:
    """How `target` (the selection, grown by the blend) is painted; what fits into `bounds` stays inside."""
    context = context_box(target, bounds, recipe, family)
    if family.native:
        return context, (whole(context, Size(context.width, context.height), target, 1.0),)
    crop, working = zoomed(context, bounds, family)
    alone = whole(crop, working, target, recipe.strength)
    detail = recipe.mode == "detail"
    if alone.zoom >= (recipe.scale if detail else LARGE):
        return context, (alone,)
    if is_strip(target) and not detail and not recipe.context:
        row = strip(context, target, bounds, recipe.strength, family)
        if row:
            return context, (row,)
    area = surrounded(target, bounds, recipe.scale, family)
    # Too little, or nothing, to compose anew: a pass at the budget would only blur.
    if detail or recipe.strength <= FINISH or family.filters:
        return area, (tiles(area, target, bounds, recipe.strength, family, scale=recipe.scale),)
    crop, working = zoomed(area, bounds, family)
    if working.width >= crop.width:  # small in a large context that the artist named
        return context, (alone, whole(crop, working, target, FINISH, number=1))
    return context, (alone, tiles(area, target, bounds, FINISH, family, number=1))


def _grouped(targets: list[Box], bounds: Box, recipe: Recipe, family: Family) -> list[Box]:
    """Targets whose context boxes meet, joined: worked apart, each would see the other as it was."""
    groups: list[Box] = []
    for target in targets:
        while near := [box for box in groups if _meet(box, target, bounds, recipe, family)]:
            groups = [box for box in groups if box not in near]
            target = _bounding([target, *near])
        groups.append(target)
    return groups


def _meet(one: Box, other: Box, bounds: Box, recipe: Recipe, family: Family) -> bool:
    context = context_box(other, bounds, recipe, family)
    return not context_box(one, bounds, recipe, family).intersect(context).empty


def _apart(groups: list[Box], bounds: Box, recipe: Recipe, family: Family) -> Layout | None:
    """Each group in one crop of its own, in one pass; None where one needs more."""
    layouts = [_layout(group, bounds, recipe, family) for group in groups]
    pieces = [piece for _, passes in layouts for one in passes for piece in one.pieces]
    if len(pieces) > len(groups):
        return None
    return _bounding([context for context, _ in layouts]), (abreast(pieces, layouts[0][1][0].strength),)


def _gains(new: tuple[Pass, ...], old: tuple[Pass, ...], family: Family) -> bool:
    """True where the first pass gains zoom that is worth the change and the last one loses no resolution."""
    coarse = _zoom(new[0], family) >= WORTH * _zoom(old[0], family)
    return coarse and min(1.0, _zoom(new[-1], family)) >= min(1.0, _zoom(old[-1], family))


def _zoom(one: Pass, family: Family) -> float:
    """The least zoom of a pass; a native family lays out a hole above its budget at reduced size."""
    if family.native:
        return min(1.0, *(math.sqrt(family.budget / piece.target.area) for piece in one.pieces))
    return one.zoom


def _seen(passes: tuple[Pass, ...], canvas: Box) -> Box:
    """The box of the canvas that holds every crop."""
    return _bounding([piece.crop for one in passes for piece in one.pieces]).intersect(canvas)


def _bounding(boxes: list[Box]) -> Box:
    return functools.reduce(Box.union, boxes)


def _estimate(passes: tuple[Pass, ...], recipe: Recipe, family: Family) -> tuple[int, float, int]:
    """Steps of one variation, seconds of all of them, bytes of memory."""
    steps, seconds, largest = 0, 0.0, 0
    for one in passes:
        calls = family.calls(one.strength, recipe.steps)
        for piece in one.pieces:
            steps += calls
            seconds += family.seconds(piece.target.area if family.native else piece.working.area, calls)
            largest = max(largest, piece.working.area)
    return steps, seconds * recipe.count, family.weights + family.pixel * largest


def _notes(passes: tuple[Pass, ...], recipe: Recipe, family: Family) -> tuple[str, ...]:
    notes = []
    first, last = passes[0], passes[-1]
    if not family.reads_prompt and (recipe.mode == "fill" or recipe.prompt):
        notes.append("The built-in fill copies texture from your own picture; it reads no prompt and invents nothing.")
    if family.says:
        notes.append(f"{family.says} Its words: {', '.join(family.words)}.")
    if family.native and _zoom(last, family) < 1:
        side = math.isqrt(family.budget)
        text = f"The selection is larger than {side} × {side} px: it is laid out at reduced size, then painted at "
        notes.append(f"{text}full size.")
    if len(passes) > 1:
        done = f"composed at {first.resolution} % of full resolution, then sharpened in {_pieces(last)}"
        notes.append(f"A large area: {done} at {last.resolution} %.")
    elif last.tiled:
        notes.append(f"Worked in {_pieces(last)} that overlap.")
    elif len(last.pieces) > 1:
        notes.append(f"{_pieces(last)} lie apart: each is worked on its own.")
    if recipe.mode == "detail" and recipe.strength > SHARPENS:
        notes.append(
            f"Strength {_percent(recipe.strength)} repaints more than it sharpens; 20 to 40 % keeps the picture."
        )
    return tuple(notes)


def _sizes(one: Pass) -> str:
    """`1024 × 1024 px`, or `3 pieces of 1024 × 1024 px`."""
    sizes = {piece.working for piece in one.pieces}
    largest = max(sizes, key=lambda size: (size.area, size))
    if len(one.pieces) == 1:
        return str(largest)
    return f"{_pieces(one)} of {'up to ' if len(sizes) > 1 else ''}{largest}"


def _pieces(one: Pass) -> str:
    return f"{len(one.pieces)} piece" if len(one.pieces) == 1 else f"{len(one.pieces)} pieces"


def _size(box: Box) -> str:
    return str(Size(box.width, box.height))


def _percent(strength: float) -> str:
    return f"{100 * strength:.0f} %"


def _time(seconds: float) -> str:
    if seconds < 1:
        return "under a second"
    return f"about {seconds:.0f} s" if seconds < 90 else f"about {seconds / 60:.0f} min"
