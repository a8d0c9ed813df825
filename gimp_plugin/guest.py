"""The guest: what a gesture means, and what becomes of what the bridge says.

It knows neither GIMP nor the window: `scene.Pictured` is all that it sees of an image, and the window shows its `View`.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from bridge.client import Event
from bridge.protocol.errors import Refusal
from bridge.protocol.messages import Capabilities, Error, Jobs
from bridge.protocol.values import Mode, Recipe
from gimp_plugin import gestures, showing, starts
from gimp_plugin.abilities import Abilities
from gimp_plugin.fills import Fills
from gimp_plugin.keep import Keep
from gimp_plugin.line import Line
from gimp_plugin.planning import Planning
from gimp_plugin.scene import Finished, Pictured, Scene
from gimp_plugin.sight import Hand, Sight
from gimp_plugin.view import Button, Fields, Place, View
from gimp_plugin.waiting import Waiting
from gimp_plugin.works import Work


class Guest:
    """One seat at the bridge: the panel's, or that of a single gesture. Implements `view.Act`."""

    def __init__(
        self,
        keep: Keep,
        dial: Callable[[Callable[[Event], None], Callable[[str, str], None]], Line],
        show: Callable[[View], None],
        landed: Callable[[], None],
        canvases: Callable[[], list[Pictured]],
        open_image: Callable[[Finished], Pictured],
    ) -> None:
        """`dial` opens the line. `show` gets each new view, `landed` is called when a layer was inserted, `canvases`
        lists the images that are open, and `open_image` makes one of a layer whose image is not."""
        self._keep, self._show = keep, show
        self._fields = keep.fields
        self._sight = Sight()
        self._abilities = Abilities()
        self._error, self._state, self._online = "", "Calling the bridge.", False
        self._shown: View | None = None
        self._fills = Fills(keep, lambda: self._line, landed, open_image, self._say)
        self._waiting = Waiting(canvases)
        self._planning = Planning(lambda command: self._line.do(command))
        self._line = dial(self.hear, self.state)

    # ---- what the artist does: view.Act -----------------------------------------------------------------------------

    def edit(self, fields: Fields) -> None:
        """The fields are now these."""
        self._fields = fields
        self._keep.set_fields(fields)
        self.refresh()

    def go(self) -> None:
        """The one button, or Enter in the prompt."""
        self._fill()

    def remove(self) -> None:
        """Take away what is selected."""
        self._fill("remove")

    def detail(self) -> None:
        """Sharpen at native pixels."""
        self._fill("detail")

    def expand(self) -> None:
        """Let the picture go on where the canvas is empty."""
        self._fill("expand")

    def cancel(self) -> None:
        """Stop what runs for this image."""
        for work in self._fills.running(self._sight.canvas):
            self._stop(work.job)

    def cancel_all(self) -> None:
        """Stop what runs for this image, whoever began it."""
        self.cancel()
        if self._sight.canvas:
            self._waiting.cancel(self._sight.canvas.tag)
            self._line.do(lambda client: client.ask_jobs())

    def again(self) -> None:
        """The layer at hand once more, with another seed; the last settings once more where there is none of ours."""

        def work(canvas: Pictured, scene: Scene) -> Work:
            assert hand is not None
            self._say(showing.CHANGED if self._sight.changed(hand) else "")
            return starts.again(canvas, scene, hand, self._fields)

        if hand := self._hand():
            self._begin("fill", work)
        else:
            self._fill()

    def vary(self) -> None:
        """Relatives of the layer at hand: repainted from itself, with its own prompt."""
        self._repaint(gestures.vary)

    def refine(self) -> None:
        """Repaint the area of the layer at hand by the fields, keeping some of what is there."""
        self._repaint(lambda recipe: gestures.refine(recipe, self._fields))

    def edit_settings(self) -> None:
        """Take the layer's recipe into the fields, its mask as the selection: what is filled then replaces it."""
        if hand := self._ours():
            assert self._sight.canvas is not None
            self._sight.canvas.select_mask(hand.layer)
            self._sight.editing = hand.layer
            fields = gestures.fields_of(hand.memory, self._fields)
            gone = not self._abilities.has(fields.model)
            self._say(showing.model_gone(fields.model) if gone else "")
            self.edit(replace(fields, model=None) if gone else fields)

    def choose(self, key: str) -> None:
        """Show this variation, and hide its siblings."""
        for work in self._fills.all():
            landed = work.landed.get(key)
            if landed and landed.put and work.canvas and work.canvas.open:
                work.canvas.show_only(landed.put.layer, work.layers)
                work.shown = key
                self._draw_seed(work)
        self.refresh()

    def answer(self, key: str, word: str) -> None:
        """Answer an offer."""
        kind, _, job = key.partition(" ")
        if kind == "convert" and self._sight.scene and self._sight.canvas:
            self._sight.canvas.convert()
        elif kind == "editing":
            self._sight.editing = 0
        elif kind == "held":
            self._fills.answer(job, word)
        elif kind == "waits":
            self._take(job, word)
        self.refresh()

    def placed(self, place: Place) -> None:
        """The window was moved or resized."""
        self._keep.set_place(place)

    def closed(self) -> None:
        """The window was closed. What runs goes on; its layers wait at the bridge."""
        self._keep.save()
        self._line.close()

    # ---- what the program around it does ----------------------------------------------------------------------------

    @property
    def idle(self) -> bool:
        """True while nothing is under way that it waits for."""
        return all(work.over for work in self._fills.all()) and not self._waiting.asking

    @property
    def error(self) -> str:
        """What went wrong last, or why a layer that came is not in its image; empty where all went well."""
        held = self._fills.offers(self._sight.canvas)
        return self._error or (f"{held[0].text} {showing.ASKS}" if held else "")

    def turn_to(self, canvas: Pictured) -> None:
        """The artist works on this image now."""
        self._sight.turn_to(canvas)
        if self._online:  # else it is asked as soon as the line is open; to turn to an image starts no bridge
            self._line.do(lambda client: client.ask_jobs())
        self.refresh()

    def tick(self) -> None:
        """Look again: GIMP tells nobody that a selection or a layer has changed. Call it a few times a second."""
        self._fills.tick()
        self._keep.tick()
        self.refresh()

    def refresh(self) -> None:
        """Look at the image, and show what there is to show, where it is new."""
        scene, mode = self._look(), self._sight.mode
        if scene and self._online and not self._why_not(mode):
            self._planning.ask(mode, scene, self._meant)
        self._render()

    # ---- what the bridge says ---------------------------------------------------------------------------------------

    def state(self, state: str, text: str) -> None:
        """The line is open, cut, or was given up."""
        was, self._online = self._online, state == "open"
        before, self._state = self._state, text
        if self._online and not was:
            self._line.do(lambda client: client.ask_capabilities())  # with the answer, the plan is asked anew
            self._line.do(lambda client: client.ask_jobs())
            if self._error == before:  # it said that there is no bridge
                self._say("")
        elif state == "closed":
            self._planning.forget()
            if self._fills.part() or self._waiting.asking:
                self._say(text)
            self._waiting.cancel("")
        self.refresh()

    def hear(self, event: Event) -> None:
        """Something was said."""
        message: Any = event.message
        if work := self._fills.find(getattr(message, "job", None)):
            self._fills.hear(work, event)
            if work.shown == getattr(message, "result", None):
                self._draw_seed(work)
            self._render()
            return
        if isinstance(message, Capabilities):
            if self._abilities.hear(message):
                self._planning.forget()
        elif isinstance(message, Jobs):
            self._waits(message.jobs or ())
        elif not self._planning.answer(message) and isinstance(message, Error) and not message.job:
            self._say(message.text)
        self.refresh()

    def _waits(self, jobs: Sequence[dict[str, Any]]) -> None:
        """The bridge told what it holds. What was begun here, or is in its image already, is taken back unasked."""
        for job in self._waiting.told(jobs, {work.job for work in self._fills.all()}):
            self._stop(job)
        self._fills.resume({str(one["job"]) for one in jobs if one.get("orphan")})
        for job in self._waiting.landed():
            self._take(job, "insert")

    def _take(self, job: str, word: str) -> None:
        """A fill of an earlier start goes on here, as the artist decided."""
        if work := self._waiting.take(job, self._keep.order(job)):
            work.decide(word)
            self._fills.adopt(work)
            if word == "discard":
                self._stop(job)

    def _stop(self, job: str) -> None:
        self._line.do(lambda client: client.cancel(job))

    def _say(self, error: str) -> None:
        self._error = error

    def _draw_seed(self, work: Work) -> None:
        """The seed of the variation that is shown stands in the fields: the padlock keeps it."""
        if not self._fields.locked and work.canvas is self._sight.canvas:
            self._fields = replace(self._fields, seed=work.landed[work.shown].memory.recipe.seed)

    # ---- from a gesture to a fill -----------------------------------------------------------------------------------

    def _fill(self, mode: Mode | None = None) -> None:
        """Fill what the artist has before them, by the fields; None: as the one button says."""
        self._look()
        sight, mode = self._sight, mode or self._sight.mode

        def work(canvas: Pictured, scene: Scene) -> Work:
            filled = starts.filled(canvas, scene, mode, self._meant, sight.editing)
            sight.editing = 0
            return filled

        self._begin(mode, work)

    def _repaint(self, recipe: Callable[[Recipe], Recipe]) -> None:
        """Paint the area of the layer at hand anew, by a recipe made of its own."""
        if hand := self._ours():
            self._begin("fill", lambda canvas, scene: starts.repainted(canvas, scene, hand, recipe(hand.memory.recipe)))

    def _begin(self, mode: Mode, work: Callable[[Pictured, Scene], Work]) -> None:
        """Begin a fill of what the artist has before them; say why where that cannot be done."""
        canvas, scene, why = self._sight.canvas, self._sight.scene, self._why_not(mode)
        self._say(why)
        if canvas and scene and not why:
            try:
                self._fills.start(work(canvas, scene))
            except Refusal as refusal:
                self._say(refusal.text)
        self.refresh()

    # ---- what is seen -----------------------------------------------------------------------------------------------

    @property
    def _meant(self) -> Fields:
        """The fields as they count with what paints."""
        return self._abilities.meant(self._fields)

    def _look(self) -> Scene | None:
        return self._sight.look(self._meant)

    def _hand(self) -> Hand | None:
        """The layer at hand, looked at now."""
        self._look()
        return self._sight.hand(self._fills.of(self._sight.canvas))

    def _ours(self) -> Hand | None:
        """The same, with a sentence where there is none."""
        hand = self._hand()
        if hand is None:
            self._say(showing.NONE_OF_OURS if self._sight.scene else showing.NOTHING_OPEN)
            self._render()
        return hand

    def _why_not(self, mode: Mode) -> str:
        """Why this cannot be done now; empty where it can."""
        scene = self._sight.scene
        if scene is None:
            return showing.NOTHING_OPEN
        return gestures.why_not(mode, scene, self._sight.goes_on) or self._abilities.why_not(mode, self._fields)

    def _render(self) -> None:
        """Show the view, where it is new."""
        view = self._view()
        if view != self._shown:
            self._shown = view
            self._show(view)

    def _view(self) -> View:
        """Everything that the panel shows."""
        sight, scene, mode = self._sight, self._sight.scene, self._sight.mode
        works, running = self._fills.of(sight.canvas), self._fills.running(sight.canvas)
        now, last = running[0] if running else None, (running or works)[-1] if works else None
        modes: tuple[Mode, ...] = (mode, "remove", "detail")
        why = {one: self._why_not(one) for one in modes}
        return View(
            title=scene.name if scene else "",
            fields=self._fields,
            go=Button(gestures.label_of(mode, scene, self._meant), why[mode] or self._planning.refused),
            remove=Button("Remove", why["remove"]),
            detail=Button("Enhance detail", why["detail"]),
            cancel=Button("Cancel", "" if running else "Nothing runs."),
            plan="" if why[mode] else self._planning.text,
            notes=() if why[mode] else self._planning.notes,
            models=self._abilities.models(),
            loras=self._abilities.loras(self._fields),
            greyed=self._abilities.greyed(self._fields),
            layer=showing.remembered(sight.hand(works), scene, self._abilities, self._fields),
            fraction=now.fraction if now else None,
            doing=now.phase if now else "",
            preview=now.preview if now else None,
            tiles=last.tiles if last else (),
            offers=(
                *self._fills.offers(sight.canvas),
                *self._waiting.offers(sight.canvas),
                *showing.questions(scene, bool(sight.editing)),
            ),
            status=self._state or self._abilities.status(),
            error=self._error,
            history=tuple(self._keep.prompts),
        )
