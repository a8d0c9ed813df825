"""Works as each gesture begins them. Nothing is asked of the bridge here, and nothing is read."""

from dataclasses import replace

from bridge.protocol.errors import Refusal
from bridge.protocol.values import Mode, Recipe
from gimp_plugin import gestures
from gimp_plugin.gestures import Ask
from gimp_plugin.scene import Pictured, Scene, Spot
from gimp_plugin.sight import Hand, sampled
from gimp_plugin.view import Fields
from gimp_plugin.works import Work

OUTSIDE = "This layer lies outside the canvas: move it back, or let the canvas grow (Image ▸ Fit Canvas to Layers)."


def filled(canvas: Pictured, scene: Scene, mode: Mode, fields: Fields, edited: int) -> Work:
    """What the artist has before them, by the fields; `edited` is the tattoo of a layer to replace, 0 for none. Raises
    Refusal `recipe.field`."""
    ask = gestures.asked(scene, gestures.recipe_of(mode, fields))
    return Work(canvas, Spot(fields.sample, scene.active), ask, selected=scene.selection, replaces=edited)


def again(canvas: Pictured, scene: Scene, hand: Hand, fields: Fields) -> Work:
    """A layer once more, from the very pixels that it was made from, if the bridge still holds them."""
    memory = hand.memory
    document = replace(memory.document, tag=canvas.tag)  # it may have come here from another image
    ask = Ask(document, memory.selection, memory.content, gestures.again(memory.recipe, fields))
    spot, layer = Spot(sampled(memory), hand.layer), hand.layer
    work = Work(canvas, spot, ask, selected=scene.selection, replaces=layer, mask_of=layer)
    work.region, work.was = memory.region, memory.box
    return work


def repainted(canvas: Pictured, scene: Scene, hand: Hand, recipe: Recipe) -> Work:
    """A layer's own area anew, from what is seen there now. Raises Refusal where nothing is."""
    box, _ = canvas.mask_of(hand.layer)
    if box.empty:
        raise Refusal("recipe.selection", OUTSIDE)
    ask = Ask(scene.document, box, None, recipe)
    spot = Spot(sampled(hand.memory), hand.layer)
    return Work(canvas, spot, ask, selected=scene.selection, mask_of=hand.layer)
