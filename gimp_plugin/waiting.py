"""Fills of an earlier start that wait at the bridge: for which image, and what to ask the artist about them."""

import time
from collections.abc import Callable, Container, Sequence
from typing import Any

from bridge.protocol.values import Box, Document, Recipe
from gimp_plugin.gestures import Ask
from gimp_plugin.keep import Order
from gimp_plugin.scene import Pictured, Spot
from gimp_plugin.view import Offer
from gimp_plugin.works import Work

HOST = "GIMP"
"""What this guest calls its host to the bridge."""
OFFERS = 3
"""How many are offered at a time, the newest first."""

_DISCARD = ("discard", "Discard")


class Waiting:
    """What the bridge last told of its jobs."""

    def __init__(self, canvases: Callable[[], list[Pictured]], clock: Callable[[], float] = time.time) -> None:
        """`canvases` lists the images that are open, `clock` gives seconds since 1970."""
        self._canvases, self._clock = canvases, clock
        self._orphans: dict[str, dict[str, Any]] = {}
        self._cancel = ""

    @property
    def asking(self) -> bool:
        """True while it waits to hear which jobs there are to cancel."""
        return bool(self._cancel)

    def cancel(self, tag: str) -> None:
        """Cancel what runs for this document, once the bridge has told what that is; "": do not."""
        self._cancel = tag

    def told(self, jobs: Sequence[dict[str, Any]], held: Container[str] = ()) -> list[str]:
        """The bridge told; the jobs of `held` are not offered, since they are held here. Returns the jobs to cancel."""
        orphans = {str(one["job"]): one for one in jobs if one.get("orphan") and one.get("host") == HOST}
        self._orphans = {job: one for job, one in orphans.items() if job not in held}
        tag, self._cancel = self._cancel, ""
        return [str(one["job"]) for one in jobs if tag and one.get("tag") == tag and one.get("state") != "done"]

    def landed(self) -> list[str]:
        """The jobs that need no question: their layers are in their image, and only the bridge does not know it."""
        done = [job for job, one in self._orphans.items() if one.get("state") == "done"]
        homes = {job: canvas for job in done if (canvas := self._canvas_of(job))}
        return [job for job, canvas in homes.items() if set(self._orphans[job]["results"]) <= canvas.results()]

    def take(self, job: str, order: Order | None) -> Work | None:
        """The artist has answered about a job: the work that it is from now on. None where it is not offered now."""
        if job not in self._orphans:
            return None
        canvas = self._canvas_of(job)
        del self._orphans[job]
        if order is None:
            return Work(canvas, Spot(), _unknown(canvas), job)
        ask = Ask(order.document, order.selection, order.content, Recipe("fill"))
        return Work(canvas, order.spot, ask, job, order.selection, order.replaces, was=order.was)

    def offers(self, canvas: Pictured | None) -> list[Offer]:
        """What to ask: fills of this image, then those of images that are not open."""
        listed = []
        for job, one in self._orphans.items():
            owner = self._canvas_of(job)
            if owner is not None and (canvas is None or owner.tag != canvas.tag):
                continue  # it is offered when the artist turns to that image
            fate = "was finished" if one.get("state") == "done" else "is still being painted"
            words = " ".join(str(one.get("prompt") or "").split())[:40]
            what = f"“{words}”" if words else str(one.get("mode", "fill"))
            which, insert = "this image", ("insert", "Insert")
            if owner is None:
                which, insert = "an image that is not open", ("open", "Open as a new image")
            text = f"A fill of {which} {fate}: {what}, {self._ago(one)}."
            listed.append((owner is None, Offer(f"waits {job}", text, (insert, _DISCARD))))
        return [offer for _, offer in sorted(listed, key=lambda one: one[0])][:OFFERS]

    def _canvas_of(self, job: str) -> Pictured | None:
        """The open image that a job belongs to."""
        tag = self._orphans[job].get("tag")
        return next((one for one in self._canvases() if one.open and one.tag == tag), None)

    def _ago(self, one: dict[str, Any]) -> str:
        minutes = max(0.0, self._clock() - float(one.get("at") or 0)) / 60
        if minutes < 2:
            return "a moment ago"
        if minutes < 120:
            return f"{minutes:.0f} minutes ago"
        return f"{minutes / 60:.0f} hours ago" if minutes < 2880 else f"{minutes / 1440:.0f} days ago"


def _unknown(canvas: Pictured | None) -> Ask:
    """What a fill of which nothing is remembered may have been asked with."""
    scene = canvas.scene() if canvas else None
    if scene:
        return Ask(scene.document, None, None, Recipe("fill"))
    return Ask(Document("unknown", 1, 1, 4), Box(0, 0, 1, 1), None, Recipe("fill"))
