"""The programme: which scenes are played, in order, each with its title and what the page says about it."""

from collections.abc import Sequence
from typing import NamedTuple

from bridge.demo import scenes
from bridge.demo.brush import Brush
from bridge.demo.scenes import Scene
from bridge.repertoire import installed


class Entry(NamedTuple):
    """A scene on the programme."""

    scene: Scene
    title: str
    about: str


REMOVE = Entry(
    scenes.lasso,
    "Remove",
    "A soft lasso, then Enter. Each variation is a layer of its own, with the lasso as its mask: the picture below "
    "is never touched, and the edge can still be painted.",
)
AGAIN = Entry(
    scenes.again,
    "Again",
    "The same selection with another seed. The bridge still holds the part of the picture that it has seen, so "
    "that not one byte travels.",
)
EXPAND = Entry(
    scenes.expand,
    "Expand",
    "A canvas wider than its photograph. Nothing has to be selected: what is empty is found and continued, from "
    "the wood that is there.",
)
UNTOUCHED = Entry(
    scenes.untouched,
    "Nothing else changes",
    "Every value outside the selection is compared between the file that went in and the file that came out, read "
    "back from disk. The second file has 16 bit, with real values between the steps of 8.",
)
CANCEL = Entry(
    scenes.cancel,
    "Cancel",
    "A larger fill, and Esc in the middle of it. The painter is a process of its own: it is dropped at once, and "
    "nothing half-painted arrives.",
)
KILL = Entry(
    scenes.kill,
    "Killed, and nothing lost",
    "While it paints, the bridge is ended as hard as a system can. The client starts another; that one reads the "
    "journal and goes on. Nothing is lost and nothing lands twice.",
)

WORDS = Entry(
    scenes.words,
    "Words",
    "The sample model that comes with Sfumato: ten words, taught by filters on public-domain photographs. It is not "
    "Stable Diffusion, and goes the same way: your words, a strength, steps that can be watched. The same selection "
    "and seed at 30, 60 and 100 %, by two words.",
)
BUILT_IN = REMOVE, AGAIN, EXPAND, UNTOUCHED, CANCEL, KILL
"""With the built-in fill."""

OWN = (
    Entry(
        scenes.lasso,
        "Fill",
        "A soft lasso, your words, then Enter. Each variation is a layer of its own, with the lasso as its mask: the "
        "picture below is never touched, and the edge can still be painted.",
    ),
    AGAIN._replace(
        about="The same selection and words with another seed. The bridge still holds the pixels, and the painter what "
        "it made of them and of your words: not one byte travels, and nothing is encoded twice."
    ),
    Entry(
        scenes.refine,
        "Refine",
        "The same selection, words and seed, with less and with more of what was there: strength is one scale, from a "
        "touch to a new picture.",
    ),
    EXPAND._replace(
        about="A canvas wider than its photograph. Nothing has to be selected: what is empty is found and continued, "
        "from what is there and by your words."
    ),
    UNTOUCHED,
    CANCEL._replace(
        about="A larger fill, and Esc in the middle of it. The painter stops within a step and keeps its model: the "
        "next fill begins at once, and nothing half-painted arrives."
    ),
    KILL,
)
"""With the user's own model."""


def programme(brush: Brush) -> Sequence[Entry]:
    """What is played with a brush; with the built-in fill the sample model's scene too, where what runs it is there."""
    if brush.model:
        return OWN
    return (REMOVE, AGAIN, WORDS, *BUILT_IN[2:]) if installed() else BUILT_IN
