"""From what the artist sees and set to what is asked of the bridge. Pure: no GIMP, no window, no socket."""

from dataclasses import replace
from typing import NamedTuple

from bridge.protocol.values import Box, Document, Lora, Mode, Recipe
from gimp_plugin.recall import Memory
from gimp_plugin.scene import Scene
from gimp_plugin.view import Fields

REFINE = 40
"""Percent at which a layer is refined while the slider stands at 100."""
VARY = 60
"""Percent at which relatives of a layer are painted."""
RELATIVES = 3
"""How many of them."""


class Ask(NamedTuple):
    """What a `fill` of the wire says, but for the job's name."""

    document: Document
    selection: Box | None
    content: Box | None
    recipe: Recipe


def mode_of(scene: Scene, fields: Fields, uncovered: bool) -> Mode:
    """What the one button does now. `uncovered`: the canvas goes on beyond what is visible."""
    if scene.selection is None:
        return "expand" if uncovered or scene.content else "fill"
    return "remove" if fields.strength == 100 and not fields.prompt.strip() else "fill"


def label_of(mode: Mode, scene: Scene | None, fields: Fields) -> str:
    """What the one button says."""
    if mode != "fill":
        return {"remove": "Remove", "expand": "Expand", "detail": "Enhance detail"}[mode]
    if fields.strength < 100:
        return f"Refine {fields.strength} %"
    return "Generate" if scene and scene.selection is None else "Fill"


def recipe_of(mode: Mode, fields: Fields) -> Recipe:
    """The recipe of a gesture. Raises Refusal `recipe.field`."""
    refines = mode in ("fill", "detail")
    strength = fields.strength / 100 if refines else 1.0
    if mode == "detail":
        strength = min(strength, 0.4) if fields.strength < 100 else 0.3
    return Recipe(
        mode=mode,
        prompt="" if mode == "remove" else fields.prompt.strip(),
        negative=fields.negative.strip(),
        model=fields.model,
        strength=strength,
        seed=fields.seed if fields.locked else None,
        count=fields.count,
        steps=fields.steps,
        guidance=fields.guidance,
        loras=tuple(Lora(id, weight) for id, weight in fields.loras),
        context="canvas" if fields.context == "canvas" else None,
        blend=fields.blend,
        source=fields.source,
    )


def again(recipe: Recipe, fields: Fields) -> Recipe:
    """A layer's own recipe once more: with another seed, or with that of the fields where the padlock is closed."""
    return replace(recipe, seed=fields.seed if fields.locked else None, count=1, made=None)


def vary(recipe: Recipe) -> Recipe:
    """The recipe of a layer's relatives: repainted from itself, by its own prompt."""
    fields = {"mode": "fill", "strength": VARY / 100, "count": RELATIVES, "seed": None, "blend": 0, "made": None}
    return replace(recipe, **fields)  # type: ignore[arg-type]  # mypy sees a dict of objects


def refine(recipe: Recipe, fields: Fields) -> Recipe:
    """The recipe that repaints a layer by the fields, keeping some of what is there; by its own prompt where the fields
    have none. Raises Refusal `recipe.field`."""
    strength = fields.strength if fields.strength < 100 else REFINE
    asked = recipe_of("fill", replace(fields, strength=strength, blend=0))
    return replace(asked, prompt=asked.prompt or recipe.prompt)


def asked(scene: Scene, recipe: Recipe) -> Ask:
    """The ask for what the artist has before them."""
    content = None
    if recipe.mode == "expand" and scene.selection is None:
        content = scene.content or scene.document.canvas
    return Ask(scene.document, scene.selection, content, recipe)


def fields_of(memory: Memory, before: Fields) -> Fields:
    """The fields that would make this layer again; what a recipe does not hold stays as it was."""
    recipe = memory.recipe
    return Fields(
        prompt=recipe.prompt,
        strength=round(recipe.strength * 100),
        count=1,
        model=recipe.model,
        negative=recipe.negative,
        steps=recipe.steps,
        guidance=recipe.guidance,
        seed=recipe.seed,
        locked=True,
        loras=tuple((one.id, one.weight) for one in recipe.loras),
        sample=before.sample,
        blend=recipe.blend,
        context="canvas" if recipe.context == "canvas" else "auto",
        source=recipe.source,
    )


def why_not(mode: Mode, scene: Scene, goes_on: bool = True) -> str:
    """Why this cannot be done with what the artist has before them, whatever paints; empty where it can. `goes_on`: the
    canvas goes on beyond what is visible."""
    if scene.trouble:
        return scene.trouble
    if scene.kind == "indexed":
        return "An indexed image has no room for new colours: convert it to RGB first (Image ▸ Mode ▸ RGB)."
    if mode == "expand" and scene.selection is None and not goes_on:
        return "The picture covers the canvas: enlarge that first (Image ▸ Canvas Size), or select what to continue."
    if mode == "remove" and scene.selection is None:
        return "Nothing is selected: select what to remove."
    return ""
