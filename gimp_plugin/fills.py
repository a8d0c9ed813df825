"""The fills under way: begun with what the artist has before them, read in one turn, begun anew where that changed."""

import zlib
from collections.abc import Callable, Container
from dataclasses import replace
from typing import Any

from bridge.client import Client, Event, Settled
from bridge.protocol.errors import Refusal
from bridge.protocol.messages import Accepted, Done, Error, Layer, Preview, Progress, Want
from bridge.protocol.values import Box
from gimp_plugin import gestures, showing
from gimp_plugin.gestures import Ask
from gimp_plugin.keep import Keep, Order
from gimp_plugin.landing import Landing
from gimp_plugin.line import Line
from gimp_plugin.scene import Finished, Pictured
from gimp_plugin.view import Offer, Shot
from gimp_plugin.works import Work

CLOSED = "The image was closed before it was read: nothing was filled."
DELETED = "The layer was deleted before it was read: nothing was filled."
DESELECTED = "The selection was taken away before it was read: nothing was filled."
FORGOTTEN = "The bridge no longer holds what this layer was made from: the picture was read as it is now."


class Fills:
    """All works, the newest last."""

    def __init__(
        self,
        keep: Keep,
        line: Callable[[], Line],
        landed: Callable[[], None],
        open_image: Callable[[Finished], Pictured],
        say: Callable[[str], None],
    ) -> None:
        """`landed` and `open_image` as in `Guest`; `say` takes a sentence for the artist."""
        self._keep, self._line, self._say = keep, line, say
        self._landing = Landing(self._settle, landed, open_image, say)
        self._works: dict[str, Work] = {}

    def all(self) -> list[Work]:
        """Every work, the newest last."""
        return list(self._works.values())

    def find(self, job: str | None) -> Work | None:
        """The work of a job."""
        return self._works.get(job or "")

    def of(self, canvas: Pictured | None) -> list[Work]:
        """The works of an image."""
        return [work for work in self._works.values() if work.canvas is canvas]

    def running(self, canvas: Pictured | None) -> list[Work]:
        """What is under way for an image."""
        return [work for work in self.of(canvas) if not work.over]

    def offers(self, canvas: Pictured | None) -> list[Offer]:
        """What to ask about layers that have come and are held: for this image, and for those that are closed."""
        asked = [one for one in self.all() if one.canvas is canvas or one.canvas is None or not one.canvas.open]
        return [offer for one in asked if (offer := self._landing.offer(one))]

    def start(self, work: Work) -> None:
        """Begin a fill. Earlier ones of its image leave, where nothing more can become of them."""
        canvas = work.canvas
        assert canvas is not None
        canvas.mark()
        work.frame = canvas.frame()
        self._works = {job: one for job, one in self._works.items() if not _spent(one, canvas)}
        self._works[work.job] = work
        ask = work.ask
        self._keep.add_prompt(ask.recipe.prompt)
        order = Order(work.spot, ask.document, ask.selection, ask.content, work.replaces, work.was)
        self._keep.set_order(work.job, order)
        self._line().do(lambda client: self._begin(client, work))

    def adopt(self, work: Work) -> None:
        """Take over a work that waits at the bridge."""
        work.over = work.parted = False
        self._works[work.job] = work
        self._line().do(lambda client: client.adopt(work.job))

    def resume(self, free: Container[str]) -> None:
        """The bridge is back, and holds the jobs of `free` for whoever takes them: what was begun here goes on."""
        for work in self.all():
            work.parted = False
            if work.job in free:  # something of it is to come, or to be acknowledged
                self.adopt(work)

    def answer(self, job: str, word: str) -> None:
        """The artist has decided about the layers of a job that are held; those to come have the same fate."""
        if work := self.find(job):
            self._landing.answer(work, word)
            if word == "discard" and not work.over:
                self._line().do(lambda client: client.cancel(job))

    def tick(self) -> None:
        """Insert what was held, where it can be by now, and forget what nobody will ask about again."""
        for work in self.all():
            self._landing.retry(work)
            if work.over and not work.held and not work.parted:
                self._keep.drop_order(work.job)

    def part(self) -> bool:
        """The bridge is gone. What it has promised it will finish when it runs again; the rest has not happened. True
        where anything was under way."""
        running = [work for work in self.all() if not work.over]
        for work in self.all():
            # What comes again has another number: an `ack` of this one would settle something else.
            work.held = {name: _unnumbered(event) for name, event in work.held.items()}
        for work in running:
            work.over = work.parted = True
            work.preview = None
        return bool(running)

    def hear(self, work: Work, event: Event) -> None:
        """Something was said of a work."""
        match event.message:
            case Accepted() as accepted:
                work.region = accepted.region
                if accepted.ahead:
                    work.phase = f"Waits for {accepted.ahead} other fill{'s' * (accepted.ahead > 1)}"
            case Progress() as progress:
                work.phase, work.fraction = showing.doing(progress), progress.step / max(1, progress.steps)
            case Preview() if event.picture is not None and event.shape is not None:
                work.preview = Shot(event.shape.width, event.shape.height, event.shape.channels, bytes(event.picture))
            case Layer():
                work.preview = None
                self._landing.land(work, event)
            case Done() as done:
                work.over, work.preview = True, None
                if done.state != "cancelled" and done.missing:
                    self._say("\n".join(dict.fromkeys(one.text for one in done.missing)))
                self._settle(event)
            case Error() as error if not work.over:  # pixels may have been on their way to a job that was cancelled
                work.over = error.re != "fetch"
                self._say(error.text)

    def _settle(self, event: Event, state: Settled = "inserted") -> None:
        self._line().do(lambda client: client.settle(event, state))

    def _begin(self, client: Client, work: Work) -> None:
        """On the line: say the fill."""
        ask, region = work.ask, work.region if work.again else None
        read = self._line().on_main(lambda want: self._read(work, want))
        client.begin(ask.document, ask.selection, ask.recipe, read, content=ask.content, region=region, job=work.job)

    def _read(self, work: Work, want: Want) -> tuple[bytes, bytes | None]:
        """The bridge says which pixels it wants to see: read them all in this one turn. Raises Refusal."""
        canvas, ask = work.canvas, work.ask
        scene = canvas.scene() if canvas else None
        if canvas is None or scene is None:
            raise Refusal("job.lost", CLOSED)
        if scene.trouble:
            raise Refusal("job.lost", scene.trouble)
        for tattoo in (work.mask_of, work.spot.anchor if work.spot.sample != "all" else 0):
            if tattoo and not canvas.has(tattoo):
                raise Refusal("job.lost", DELETED)
        painted = canvas.mask_of(work.mask_of)[0] if work.mask_of else scene.selection
        if ask.selection and painted is None:
            raise Refusal("job.lost", DESELECTED)
        sizes = {(document.width, document.height) for document in (scene.document, ask.document)}
        if work.again or painted != ask.selection or len(sizes) > 1:
            self._anew(work, canvas)
            raise Refusal("job.lost", "The picture was asked about anew.")
        assert want.image is not None
        box, document = want.image.box, ask.document
        without = (work.replaces,) if work.replaces else ()
        image = canvas.read(box, document.channels, document.depth, work.spot, without)
        work.seen, work.pixels = box, zlib.crc32(image)
        if want.mask is None:
            return image, None
        if not work.mask_of:
            return image, canvas.coverage(want.mask.box)
        inside, mask = canvas.mask_of(work.mask_of)
        return image, bytes([255]) * inside.area if mask is None else mask

    def _anew(self, work: Work, canvas: Pictured) -> None:
        """The picture is another one than was asked about, or the bridge has forgotten it: ask about it as it is."""
        scene = canvas.scene(work.spot.sample)
        assert scene is not None
        recipe = work.ask.recipe
        if isinstance(recipe.context, Box):
            recipe = replace(recipe, context=None)  # it was meant for the canvas of then
        ask = gestures.asked(scene, recipe)
        if work.mask_of:
            ask = Ask(scene.document, canvas.mask_of(work.mask_of)[0], None, replace(recipe, blend=0))
        if work.again:
            self._say(FORGOTTEN)
        del self._works[work.job]
        anew = Work(canvas, work.spot, ask, selected=scene.selection)
        anew.replaces, anew.mask_of = work.replaces, work.mask_of
        self.start(anew)


def _spent(work: Work, canvas: Pictured) -> bool:
    """True where nothing more can become of a work, and its tiles are not shown once another one began on `canvas`."""
    seen = work.canvas is not None and work.canvas.open and work.canvas is not canvas
    return work.over and not work.held and not work.parted and not seen


def _unnumbered(event: Event) -> Event:
    message: Any = event.message
    return event._replace(message=replace(message, n=0))
