"""Layers coming in: where each one goes, and what becomes of one that cannot go there now. None is ever dropped."""

from collections.abc import Callable
from typing import Any

from bridge.client import Event, Settled
from bridge.protocol.messages import Layer
from bridge.protocol.values import Box, Recipe
from gimp_plugin import gestures
from gimp_plugin.recall import Memory
from gimp_plugin.scene import Finished, Pictured, Put, Spot
from gimp_plugin.thumbnail import thumbnail
from gimp_plugin.view import Offer
from gimp_plugin.works import Landed, Work

UNREAD = "The built-in fill read no prompt: it continued what surrounds the selection."

_OPEN = ("open", "Open as a new image")
_DISCARD = ("discard", "Discard")


class Landing:
    """Puts layers into their image, and acknowledges each once it is there."""

    def __init__(
        self,
        settle: Callable[[Event, Settled], None],
        landed: Callable[[], None],
        open_image: Callable[[Finished], Pictured],
        say: Callable[[str], None],
    ) -> None:
        """`settle(event, state)` tells the bridge; `landed` is called once a layer is in its image."""
        self._settle, self._landed, self._open_image, self._say = settle, landed, open_image, say

    def land(self, work: Work, event: Event) -> None:
        """A layer has come, whole."""
        layer: Any = event.message
        if work.fate == "discard":
            self._settle(event, "discarded")
        elif layer.result in work.landed:  # it was there before the connection was cut
            self._settle(event, "inserted")
        elif work.fate == "open":
            self._open(work, event)
        elif work.canvas is None or not work.canvas.open:
            work.held[layer.result] = event
        elif layer.result in work.canvas.results():  # it was there before this program ended
            self._settle(event, "inserted")
        elif layer.recipe.get("scale", 1) > 1:
            self._open(work, event)
        elif _trouble(work.canvas) or (shift := _shift(work, work.canvas)) is None:
            work.held[layer.result] = event
        else:
            self._insert(work, event, shift)

    def retry(self, work: Work) -> None:
        """Insert what was held, where it can be by now."""
        if work.held and not work.failed and work.canvas and work.canvas.open:
            for event in _taken(work):
                self.land(work, event)

    def offer(self, work: Work) -> Offer | None:
        """What to ask the artist about layers that are held."""
        if not work.held:
            return None
        count = len(work.held)
        layers, wait = f"{count} finished layer{'s' * (count > 1)}", "wait" if count > 1 else "waits"
        key = f"held {work.job}"
        if work.canvas is None or not work.canvas.open:
            return Offer(key, f"{layers} {wait}: the image was closed.", (_OPEN, _DISCARD))
        if work.failed:
            text = f"{layers} could not be inserted ({work.failed})."
            return Offer(key, text, (("insert", "Try again"), _OPEN, _DISCARD))
        if trouble := _trouble(work.canvas):
            return Offer(key, f"{layers} {wait}. {trouble}", (_OPEN, _DISCARD))
        scene = work.canvas.scene()
        assert scene is not None
        then, now = (f"{one.width} × {one.height} px" for one in (work.ask.document, scene.document))
        text = f"The canvas was {then} and is {now} now: {layers} may not fit where the selection was."
        return Offer(key, text, (("insert", "Insert there"), _OPEN, _DISCARD))

    def answer(self, work: Work, word: str) -> None:
        """The artist has decided about the layers that are held; with those to come the same is done."""
        there = word == "insert" and not work.failed and work.canvas is not None and work.canvas.open
        work.failed = ""
        work.decide(word)
        for event in _taken(work):
            if there:
                self._insert(work, event, (0, 0))
            else:
                self.land(work, event)

    def _insert(self, work: Work, event: Event, shift: tuple[int, int]) -> None:
        canvas, layer = work.canvas, event.message
        assert canvas is not None and isinstance(layer, Layer)
        spot = Spot("below", work.replaces) if canvas.has(work.replaces) else work.spot
        group = work.group if canvas.has(work.group) else 0
        replaces = 0 if work.landed else work.replaces

        def put(finished: Finished) -> Put:
            return canvas.insert(finished, spot, layer.count > 1, group, replaces)

        if self._put(work, event, shift, put):
            work.shown = work.shown if group else layer.result
            self._landed()

    def _open(self, work: Work, event: Event) -> None:
        def put(finished: Finished) -> None:
            self._open_image(finished)

        self._put(work, event, (0, 0), put)

    def _put(self, work: Work, event: Event, shift: tuple[int, int], put: Callable[[Finished], Put | None]) -> bool:
        """Put a layer where it goes, and tell the bridge; hold it where the editor fails. True where it is there."""
        layer, picture, shape = event.message, event.picture, event.shape
        assert isinstance(layer, Layer) and picture is not None and shape is not None
        try:
            memory = _memory(work, layer)
            where = put(Finished(layer.name, layer.box.moved(*shift), shape, picture, event.mask, memory))
        except Exception as why:  # whatever the editor's fault is, the layer must not be lost over it
            work.failed = f"{type(why).__name__}: {why}"
            work.held[layer.result] = event
            return False
        work.landed[layer.result] = Landed(layer.name, memory, where, thumbnail(picture, shape))
        if not layer.prompt_used and layer.recipe.get("prompt"):
            self._say(UNREAD)
        self._settle(event, "inserted")
        return True


def _taken(work: Work) -> list[Event]:
    held, work.held = work.held, {}
    return list(held.values())


def _memory(work: Work, layer: Layer) -> Memory:
    ask = work.ask
    return Memory(
        result=layer.result,
        job=work.job,
        region=work.region,
        recipe=Recipe.from_map(layer.recipe),
        document=ask.document,
        selection=ask.selection,
        content=ask.content,
        sample=work.spot.sample,
        box=layer.box,
        seen=work.seen,
        pixels=work.pixels,
    )


def _trouble(canvas: Pictured) -> str:
    """Why no layer can be inserted now; empty where one can."""
    scene = canvas.scene()
    return gestures.why_not("fill", scene) if scene else ""


def _shift(work: Work, canvas: Pictured) -> tuple[int, int] | None:
    """How far what the fill was asked about has moved since; None where that cannot be told.

    A layer that is made again goes where its forerunner lies. GIMP moves every layer by the same when a canvas grows or
    is cropped; cropping cuts layers, too, so only those that kept their size count.
    """
    scene, forerunner = canvas.scene(), canvas.where(work.replaces) if work.was else None
    assert scene is not None
    then, now = work.ask.document, scene.document
    if work.was and forerunner and _kept(forerunner, work.was):
        return forerunner.x - work.was.x, forerunner.y - work.was.y
    if (then.width, then.height) == (now.width, now.height):
        return 0, 0
    if work.was:
        return _cut(forerunner, work.was, now.canvas) if forerunner else None
    lies = canvas.frame()
    moves = {(lies[one].x - was.x, lies[one].y - was.y) for one, was in work.frame.items() if _kept(lies.get(one), was)}
    return moves.pop() if len(moves) == 1 else None


def _kept(now: Box | None, was: Box) -> bool:
    return now is not None and (now.width, now.height) == (was.width, was.height)


def _cut(now: Box, was: Box, canvas: Box) -> tuple[int, int] | None:
    """How far a layer was moved through which the canvas was cut: a side inside the canvas is still its own."""
    across = _moved((now.x, now.right), (was.x, was.right), canvas.right)
    down = _moved((now.y, now.bottom), (was.y, was.bottom), canvas.bottom)
    return None if across is None or down is None else (across, down)


def _moved(now: tuple[int, int], was: tuple[int, int], end: int) -> int | None:
    if now[0] > 0:
        return now[0] - was[0]
    return now[1] - was[1] if now[1] < end else None
