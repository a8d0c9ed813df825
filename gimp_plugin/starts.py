"""Works as each gesture begins them. Nothing is asked of the bridge here, and nothing is read."""

from dataclasses import replace

from bridge.protocol.errors import Refusal
from bridge.protocol.values import Mode, Recipe
from gimp_plugin import gestures
from gimp_plugin.gestures import Ask
from gimp_plugin.scene import Pictured, Scene, Spot
from gimp_plugin.sight import Hand
from gimp_plugin.view import Fields, Sample
from gimp_plugin.works import Work

OUTSIDE = "This layer lies outside the canvas: move it back, or let the canvas grow (Image ▸ Fit Canvas to Layers)."


def filled(canvas: Pictured, scene: Scene, mode: Mode, fields: Fields, edited: int) -> Work:
    """What the artist has before them, by the fields. `edited` is the tattoo of a layer to replace, 0 for none: what is
    read then lies below it, where the new one goes. Raises Refusal `recipe.field`."""
    ask = gestures.asked(scene, gestures.recipe_of(mode, fields))
    spot = Spot("below", edited) if edited else Spot(fields.sample, scene.active)
    return Work(canvas, spot, ask, selected=scene.selection, replaces=edited)


def again(canvas: Pictured, scene: Scene, hand: Hand, fields: Fields) -> Work:
    """A layer once more, from the very pixels that it was made from, if the bridge still holds them."""
    memory, layer = hand.memory, hand.layer
    document = replace(memory.document, tag=canvas.tag)  # it may have come here from another image
    ask = Ask(document, memory.selection, memory.content, gestures.again(memory.recipe, fields))
    work = Work(canvas, Spot("below", layer), ask, selected=scene.selection, replaces=layer, mask_of=layer)
    work.region, work.was = memory.region, memory.box
    if memory.sample != "current":  # then what was read lies below it
        work.seen, work.pixels = memory.seen, memory.pixels
    return work


def repainted(canvas: Pictured, scene: Scene, hand: Hand, recipe: Recipe) -> Work:
    """A layer's own area anew, from what is seen there now. Raises Refusal where nothing is."""
    box, _ = canvas.mask_of(hand.layer)
    if box.empty:
        raise Refusal("recipe.selection", OUTSIDE)
    ask = Ask(scene.document, box, None, recipe)
    sample: Sample = "all" if hand.memory.sample == "all" else "below"
    return Work(canvas, Spot(sample, hand.layer), ask, selected=scene.selection, mask_of=hand.layer)
