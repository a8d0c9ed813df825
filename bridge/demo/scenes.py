"""The scenes of the demo: each does one thing through the bridge, says what it sees, and checks what was promised."""

import json
import subprocess
import sys
import traceback
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from bridge import files, home
from bridge.client import Client
from bridge.demo import pictures
from bridge.demo.recording import Asked, Recording
from bridge.demo.studio import Card, Failure, Studio
from bridge.families import FAMILIES, SAMPLE
from bridge.models.catalogue import BROUGHT
from bridge.protocol.errors import Refusal
from bridge.protocol.messages import Layer, Preview
from bridge.protocol.values import Recipe

Scene = Callable[[Studio, Card], None]
"""Plays, and writes what came of it on the card. Raises Failure or Refusal."""

TIMES = 2
"""How many times larger the picture is over which Esc is pressed and the bridge is killed."""
WIDER = 0.3
"""By how much of its width the coffee's picture goes on."""
STRENGTHS = 0.3, 0.6, 1.0
"""How much of what is there goes when it is refined; 1 paints anew."""
WORDS = "ink drawing", "night"
"""What the sample model is asked for, one after the other."""
PARITY = (sys.executable, "-m", "bridge.engines.diffusion.parity")
"""The program that compares our loop with the stock pipeline. It loads torch, and the demo never does."""
NOTHING = 1e-5
"""A difference of two results in float32 that is rounding, as a share of their largest value."""
OTHER = 100
"""How far another seed is from the first."""


def lasso(studio: Studio, card: Card) -> None:
    """Paint over the rocket, in three variations."""
    asked = studio.rocket(studio.brush.recipe(studio.brush.mode, count=3))
    card.recording = recording = Recording(asked)
    studio.say(f"rocket.jpg, {_size(asked.file)}, with a soft lasso around the rocket. Three variations.")
    studio.paint(recording)
    studio.painted = recording
    if studio.brush.model:
        studio.ask_device()
    studio.keep("rocket", recording)
    studio.say("Written: three composites, three layers with their masks, and rocket.ora, which GIMP opens.")
    first = min(moment.at for moment in recording.moments if moment.layer)
    card.figure, card.meaning = f"{first:.1f} s", "from Enter to the first of three variations"


def again(studio: Studio, card: Card) -> None:
    """The same selection with another seed."""
    first = studio.first()
    seed = (studio.brush.seed + OTHER) % 2**32
    asked = replace(first.asked, recipe=replace(first.asked.recipe, seed=seed, count=1))
    card.recording = recording = Recording(asked)
    studio.paint(recording, first.accepted.region)
    studio.keep("again", recording)
    for layer in (*first.layers, *recording.layers):
        seen = _closely(asked, layer) if studio.brush.model else pictures.foot(asked.file, layer)
        card.shots.append((layer.name, seen))
    if studio.brush.model:
        studio.say(_encoded(recording))
    card.figure, card.meaning = f"{recording.sent:,} bytes", "uploaded for one more variation"
    if recording.sent:
        raise Failure(f"Again uploaded {recording.sent:,} bytes, expected 0.")


def refine(studio: Studio, card: Card) -> None:
    """The same selection and seed, from a little of it painted anew to all."""
    first = studio.first()
    assert first.asked.selection
    file, recipe = first.asked.file, first.asked.recipe
    card.shots.append(("before", pictures.near(pictures.eight(file.pixels), first.asked.selection)))
    asked = [replace(first.asked, recipe=replace(recipe, count=1, strength=strength)) for strength in STRENGTHS]
    card.recording, *_ = recordings = [Recording(one) for one in asked]
    for strength, recording in zip(STRENGTHS, recordings, strict=True):
        share = f"{strength * 100:.0f} %"
        studio.say(f"At {share}:")
        studio.paint(recording, first.accepted.region)
        studio.write(f"refined-{strength * 100:.0f}.png", files.composite(file, recording.layers), file)
        card.shots += [(share, _closely(first.asked, layer)) for layer in recording.layers]
    studio.film("refined", card.shots)
    card.figure = f"{card.recording.moments[-1].at:.1f} s"
    card.meaning = f"from Enter to the selection refined at {STRENGTHS[0] * 100:.0f} %"


def words(studio: Studio, card: Card) -> None:
    """A soft lasso around the cup, refined by two words, from a touch of them to all; with the sample model."""
    cup = studio.cup(Recipe("fill", model=SAMPLE, seed=studio.brush.seed))
    assert cup.mask is not None
    studio.say(f"coffee.jpg, {_size(cup.file)}, with a soft lasso around the cup. {FAMILIES[SAMPLE].says}")
    rgb = pictures.eight(cup.file.pixels)
    beside = ("before", rgb), ("selection", pictures.veiled(rgb, cup.mask))
    region = None
    for word, shot in zip(WORDS, beside, strict=True):
        card.shots.append(shot)
        for strength in STRENGTHS:
            recipe = replace(cup.recipe, prompt=word, strength=strength)
            card.recording = recording = Recording(replace(cup, recipe=recipe))
            share = f"“{word}”, {strength * 100:.0f} %"
            studio.say(f"{share}:")
            studio.paint(recording, region)
            region = recording.accepted.region
            (layer,) = recording.layers
            name = f"{word.replace(' ', '-')}-{strength * 100:.0f}.png"
            studio.write(name, files.composite(cup.file, [layer]), cup.file)
            card.shots.append((share, pictures.laid(cup.file, layer)))
        studio.keep_strip(word.replace(" ", "-"), recording)
    far, largest = _parity(WORDS[0])
    loops = "Our loop and diffusers' own pipeline, with this model and the same start"
    studio.say(f"{loops}: their results differ by {far:.1g}, where the largest value is {largest:.1f}.")
    card.figure, card.meaning = f"{far:.1g}", "apart are our loop and the stock pipeline, with the sample model"
    if far > NOTHING * largest:
        raise Failure(f"{loops}, differ by {far:.1g} of {largest:.1f}, expected {NOTHING:.0e} of it at most.")


def _parity(word: str) -> tuple[float, float]:
    """Largest difference between our loop and the stock pipeline on the sample model, and their largest value."""
    done = subprocess.run([*PARITY, str(BROUGHT), word], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        raise Failure(f"The comparison did not run: {done.stderr.strip().rpartition(chr(10))[2] or done.returncode}")
    told = json.loads(done.stdout.splitlines()[-1])
    return told["difference"], told["largest"]


def expand(studio: Studio, card: Card) -> None:
    """Let the table go on beyond the photograph."""
    photograph = files.read(studio.examples / "coffee.jpg")
    more = round(photograph.canvas.width * WIDER)
    file, content = photograph.enlarged(right=more)
    card.recording = recording = Recording(Asked(file, studio.brush.recipe("expand", count=2), content=content))
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
    asked = replace(studio.rocket(studio.brush.recipe(studio.brush.mode)), file=files.read(before))
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
    asked = Asked(file, studio.brush.recipe("expand", count=4), content=content)
    card.recording = recording = Recording(asked)
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
    if studio.brush.model:
        _next_step(studio, recording)
    studio.keep_strip("cancelled", recording)
    card.figure, card.meaning = took, "from Esc, in the middle of painting, to its end"


def kill(studio: Studio, card: Card) -> None:
    """Kill the bridge while it paints."""
    asked = studio.rocket(studio.brush.recipe(studio.brush.mode, count=3))
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


def _next_step(studio: Studio, cancelled: Recording) -> None:
    """Ask for what was cancelled once more, and say how long it takes to the first step."""
    again = Recording(cancelled.asked)
    with studio.connect() as client, closing(again.run(client, cancelled.accepted.region)) as moments:
        while again.stepped is None and next(moments, None):
            pass
    if again.stepped is None:
        raise Failure("The fill after it ended before its first step.")
    told = f"Enter once more: the first step was done after {again.stepped:.1f} s"
    whole = studio.painted and studio.painted.stepped
    studio.say(
        f"{told}; in the first scene, where the model had to load, after {whole:.1f} s." if whole else f"{told}."
    )


def _encoded(recording: Recording) -> str:
    """What had to be encoded for a fill, by what its layers say that they reused."""
    reused = [one.message.timings.get("reused", ()) for one in recording.moments if isinstance(one.message, Layer)]
    anew = [name for name in ("texts", "regions") if not all(name in kept for kept in reused)]
    return f"Encoded anew: {' and '.join(anew)}." if anew else "No text and no region was encoded anew."


def _closely(asked: Asked, layer: files.Layer) -> pictures.Levels:
    """RGB (h, w, 3): what is selected and a little around it, with a layer over it."""
    assert asked.selection
    return pictures.near(pictures.laid(asked.file, layer), asked.selection)


def _size(file: files.PictureFile) -> str:
    return f"{file.canvas.width:,} × {file.canvas.height:,} px"
