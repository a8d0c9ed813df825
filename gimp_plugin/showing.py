"""What the guest's state looks like in words: labels, reasons, sentences. Pure."""

from bridge.protocol.messages import Progress
from gimp_plugin import gestures
from gimp_plugin.abilities import Abilities
from gimp_plugin.scene import Scene
from gimp_plugin.sight import Hand
from gimp_plugin.view import Button, Fields, Offer, Remembered

NOTHING_OPEN = "No image is open."
NONE_OF_OURS = "The selected layer is none that Sfumato made: select one first."
CHANGED = "The picture has changed since: the layer is made again from the picture as it was then."
ASKS = "Open the panel: it asks what to do with it."
EDITING = Offer(
    "editing",
    "The settings of a layer are in the fields: what you fill now replaces it.",
    (("stop", "Stop"),),
)

_RGB = (("convert", "Convert to RGB"),)
_PHASES = {
    "queued": "Waits",
    "loading": "Loading the model",
    "encoding": "Reading the picture",
    "painting": "Painting",
    "decoding": "Making pixels",
    "finishing": "Finishing the edge",
}


def doing(progress: Progress) -> str:
    """`Painting 12 of 30, about 4 s left`."""
    words = _PHASES.get(progress.phase, progress.phase)
    if progress.phase == "painting" and progress.steps > 1:
        words += f" {progress.step} of {progress.steps}"
    if progress.seconds_left is not None and progress.seconds_left >= 1:
        words += f", about {progress.seconds_left:.0f} s left"
    return words


def model_gone(model: str | None) -> str:
    """Why another model stands in the fields than the layer's own."""
    return f"Its model “{model}” is not installed any more: another one stands in the fields now."


def remembered(hand: Hand | None, scene: Scene | None, abilities: Abilities, fields: Fields) -> Remembered | None:
    """What can be done with the layer at hand, where there is one."""
    if hand is None or scene is None:
        return None
    why = gestures.why_not("fill", scene)
    own = abilities.greyed(Fields(model=hand.memory.recipe.model)).get("strength", "")
    chosen = abilities.greyed(fields).get("strength", "")
    return Remembered(
        hand.name,
        again=Button("Again", why),
        vary=Button("Vary", why or own),
        refine=Button("Refine", why or chosen),
        edit=Button("Edit settings", why),
    )


def questions(scene: Scene | None, editing: bool) -> list[Offer]:
    """What is asked about the image itself, before anything is painted."""
    asked = [EDITING] if editing and scene else []
    if scene and scene.kind == "indexed":
        text = "This image is indexed: it has no room for new colours. Convert it to RGB?"
        asked.append(Offer("convert", text, _RGB))
    elif scene and scene.kind == "gray":
        text = "This image is grayscale, and a fill will be, too. Convert it to RGB for a fill in colour?"
        asked.append(Offer("convert", text, _RGB))
    return asked
