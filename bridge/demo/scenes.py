"""The scenes of the demo: each does one thing through the bridge, says what it sees, and checks what was promised."""

import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from bridge import files, home
from bridge.client import Client
from bridge.demo import pictures
from bridge.demo.recording import Asked, Recording
from bridge.demo.studio import Card, Failure, Studio
from bridge.protocol.errors import Refusal
from bridge.protocol.messages import Layer, Preview
from bridge.protocol.values import Recipe

Scene = Callable[[Studio, Card], None]
"""Plays, and writes what came of it on the card. Raises Failure or Refusal."""

SEED = 2026
"""The demo paints the same each time."""
TIMES = 2
"""How many times larger the picture is over which Esc is pressed and the bridge is killed."""
WIDER = 0.3
"""By how much of its width the coffee's picture goes on."""


def remove(studio: Studio, card: Card) -> None:
    """Take the rocket away, in three variations."""
    asked = studio.rocket(Recipe("remove", seed=SEED, count=3))
    card.recording = recording = Recording(asked)
    studio.say(f"rocket.jpg, {_size(asked.file)}, with a soft lasso around the rocket. Three variations.")
    studio.paint(recording)
    studio.removed = recording
    studio.keep("rocket", recording)
    studio.say("Written: three composites, three layers with their masks, and rocket.ora, which GIMP opens.")
    first = min(moment.at for moment in recording.moments if moment.layer)
    card.figure, card.meaning = f"{first:.1f} s", "from Enter to the first of three variations"


def again(studio: Studio, card: Card) -> None:
    """The same selection with another seed."""
    first = studio.first()
    asked = replace(first.asked, recipe=replace(first.asked.recipe, seed=SEED + 100, count=1))
    card.recording = recording = Recording(asked)
    studio.paint(recording, first.accepted.region)
    studio.keep("again", recording)
    for one in (first, recording):
        card.shots += [(layer.name, pictures.foot(asked.file, layer)) for layer in one.layers]
    card.figure, card.meaning = f"{recording.sent:,} bytes", "uploaded for one more variation"
    if recording.sent:
        raise Failure(f"Again uploaded {recording.sent:,} bytes, expected 0.")


def expand(studio: Studio, card: Card) -> None:
    """Let the table go on beyond the photograph."""
    photograph = files.read(studio.examples / "coffee.jpg")
    more = round(photograph.canvas.width * WIDER)
    file, content = photograph.enlarged(right=more)
    card.recording = recording = Recording(Asked(file, Recipe("expand", seed=SEED, count=2), content=content))
    studio.say(f"coffee.jpg, {_size(photograph)}, on a canvas {more} px wider. Nothing is selected.")
    studio.paint(recording)
    studio.keep("coffee", recording)
    card.figure, card.meaning = f"+ {more} px", f"of table, beyond a photograph {photograph.canvas.width} px wide"


def untouched(studio: Studio, card: Card) -> None:
    """Count what differs outside the selection, in files read back from disk, at 8 and at 16 bit."""
    painted = studio.first()
    counts = [_outside(studio, card, painted.asked, studio.examples / "rocket.jpg", studio.out / "rocket-1.png")]
    deep = pictures.deepened(painted.asked.file)
    before = studio.write("rocket-16bit.tif", deep.original, deep)
    asked = replace(studio.rocket(Recipe("remove", seed=SEED)), file=files.read(before))
    card.recording = recording = Recording(asked)
    studio.say(f"{before.name}: the same scene in {pictures.tones(asked.file.original):,} tones; 8 bit has 256.")
    studio.paint(recording)
    after = studio.write("rocket-16bit-1.tif", files.composite(asked.file, recording.layers), asked.file)
    counts.append(_outside(studio, card, asked, before, after))
    differ, of = sum(one.differ for one in counts), sum(one.of for one in counts)
    card.figure, card.meaning = f"{differ:,}", f"of {of:,} values outside the selection differ, at 8 and at 16 bit"
    if differ:
        raise Failure(f"Outside the selection {differ:,} of {of:,} values differ, expected 0.")


def cancel(studio: Studio, card: Card) -> None:
    """Esc in the middle of a larger fill."""
    photograph = pictures.enlarged(files.read(studio.examples / "coffee.jpg"), TIMES)
    file, content = photograph.enlarged(left=round(photograph.canvas.width * WIDER))
    card.recording = recording = Recording(Asked(file, Recipe("expand", seed=SEED, count=4), content=content))
    studio.say(f"coffee.jpg at {_size(photograph)}, expanded to the left, four variations. Esc at the first look.")
    pressed = None
    with studio.connect() as client:
        for moment in recording.run(client):
            studio.tell(recording, moment)
            if pressed is None and isinstance(moment.message, Preview | Layer):
                pressed = recording.mark("Esc")
                client.cancel(recording.job)
    assert recording.done
    if pressed is None or recording.done.state != "cancelled":
        raise Failure(f"It ended as “{recording.done.state}” before it could be cancelled.")
    took = f"{(recording.moments[-1].at - pressed) * 1000:.0f} ms"
    studio.say(f"Cancelled {took} after Esc.")
    studio.keep_strip("cancelled", recording)
    card.figure, card.meaning = took, "from Esc, in the middle of painting, to its end"


def kill(studio: Studio, card: Card) -> None:
    """Kill the bridge while it paints."""
    asked = studio.rocket(Recipe("remove", seed=SEED, count=3))
    assert asked.mask is not None
    file = pictures.enlarged(asked.file, TIMES)
    asked = replace(asked, file=file, mask=pictures.resized(asked.mask, *file.canvas[2:]))
    card.recording = recording = Recording(asked)
    studio.say(f"rocket.jpg at {_size(file)}, three variations.")
    with studio.connect() as client:
        session, before = client.session, home.discover(studio.home)
        landed = _killed_over(studio, recording, client)
        resumed, after = client.session == session, home.discover(studio.home)
    if not (before and after and before.instance != after.instance):
        raise Failure("The bridge that ended the fill is the one that was to be killed.")
    if not resumed:
        raise Failure("The new bridge did not find what the old one had written into its journal.")
    assert recording.done
    if recording.done.state != "ok" or len(landed) != 3 or landed != Counter(recording.done.results):
        raise Failure(f"Of 3 layers {len(landed)} landed, {landed.total()} times in all.")
    studio.say("It found the old one's journal. Three layers, and each of them landed once.")
    studio.keep_strip("killed", recording)
    card.figure, card.meaning = "once", "each of three layers landed, though the bridge was killed"


def _killed_over(studio: Studio, recording: Recording, client: Client) -> Counter[str]:
    """Paint, and kill the bridge at the first layer. Returns how often each layer came."""
    landed: Counter[str] = Counter()
    killed = back = None
    for moment in recording.run(client):
        if killed is not None and back is None:
            back = recording.mark("a new bridge goes on")
            studio.say(f"A new bridge goes on, {back - killed:.1f} s later; the client has started it.")
        studio.tell(recording, moment)
        if isinstance(moment.message, Layer):
            landed[moment.message.result] += 1
            if killed is None:
                killed = recording.mark("the bridge is killed")
                studio.say("The bridge is killed while it paints, before it hears that this layer has landed.")
                studio.kill()
    return landed


SCENES: tuple[tuple[Scene, str, str], ...] = (
    (
        remove,
        "Remove",
        "A soft lasso, then Enter. Each variation is a layer of its own, with the lasso as its mask: the picture below "
        "is never touched, and the edge can still be painted.",
    ),
    (
        again,
        "Again",
        "The same selection with another seed. The bridge still holds the part of the picture that it has seen, so "
        "that not one byte travels.",
    ),
    (
        expand,
        "Expand",
        "A canvas wider than its photograph. Nothing has to be selected: what is empty is found and continued, from "
        "the wood that is there.",
    ),
    (
        untouched,
        "Nothing else changes",
        "Every value outside the selection is compared between the file that went in and the file that came out, read "
        "back from disk. The second file has 16 bit, with real values between the steps of 8.",
    ),
    (
        cancel,
        "Cancel",
        "A larger fill, and Esc in the middle of it. The painter is a process of its own: it is dropped at once, and "
        "nothing half-painted arrives.",
    ),
    (
        kill,
        "Killed, and nothing lost",
        "While it paints, the bridge is ended as hard as a system can. The client starts another; that one reads the "
        "journal and goes on. Nothing is lost and nothing lands twice.",
    ),
)
"""Each scene, in order, with its title and what the page says about it."""


def play(studio: Studio, scene: Scene, card: Card) -> Card:
    """Play a scene to its end; one that fails keeps its verdict, and the others go on."""
    try:
        scene(studio, card)
    except Failure as why:
        card.failed = str(why)
    except Refusal as why:
        card.failed = why.text
    except Exception as why:
        traceback.print_exc()
        card.failed = f"{type(why).__name__}: {why}"
    if card.failed:
        studio.say(f"This did not work. {card.failed}")
    return card


def _outside(studio: Studio, card: Card, asked: Asked, before: Path, after: Path) -> pictures.Count:
    """Compare two files on disk, and say what differs."""
    old, new = files.read(before), files.read(after)
    assert asked.mask is not None
    kept, painted = (count(old.original, new.original, asked.mask) for count in (pictures.outside, pictures.inside))
    bits = {"u8": 8, "u16": 16}[new.depth]
    verdict = f"{bits} bit: outside the selection {kept.differ:,} of {kept.of:,} values differ"
    studio.say(f"{verdict}; inside, {painted.differ:,} of {painted.of:,}.")
    card.shots.append((f"{verdict}. In colour: what does.", pictures.changed(old, new)))
    if not painted.differ:
        raise Failure("Nothing was painted: inside the selection 0 values differ.")
    return kept


def _size(file: files.PictureFile) -> str:
    return f"{file.canvas.width:,} × {file.canvas.height:,} px"
