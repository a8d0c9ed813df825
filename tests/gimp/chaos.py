"""Kill the plug-in, the bridge, the painter or GIMP while a fill runs in the real GIMP: every layer lands once.

A schedule is drawn from its seed: who is killed, at which moment of a fill of three variations, how many milliseconds
after that was seen, and whether the panel is open or a key does it alone. Then everything is started again, and the
artist says yes to what is offered.
"""

import json
import random
import time
from collections.abc import Callable, Container
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bridge.ledger import Job
from tests.gimp.artist import KEYS, PANEL, Artist, remembered
from tests.gimp.chaos_bridge import Bridges
from tests.gimp.console import Shared
from tests.gimp.journeys import Easel
from tests.painters import shade

Victim = Literal["plug-in", "bridge", "painter", "gimp"]
Moment = Literal["asked", "accepted", "painting", "between", "arriving", "inserted"]

KILLS: tuple[tuple[Victim, Moment], ...] = (
    ("plug-in", "between"),
    ("bridge", "accepted"),
    ("gimp", "arriving"),
    ("painter", "painting"),
    ("plug-in", "asked"),
    ("bridge", "inserted"),
    ("plug-in", "inserted"),
    ("gimp", "accepted"),
    ("bridge", "asked"),
    ("plug-in", "accepted"),
    ("painter", "between"),
    ("bridge", "painting"),
    ("plug-in", "arriving"),
    ("gimp", "inserted"),
    ("bridge", "between"),
    ("painter", "arriving"),
    ("plug-in", "painting"),
    ("bridge", "arriving"),
    ("gimp", "painting"),
    ("painter", "inserted"),
)
"""Everybody at every moment; but no painter that is not there yet, and no GIMP with what only it knew."""
COUNT = 3
SELECTION = 100, 80, 240, 160
SECONDS = 60
"""Until when all must be well again: a client tries as long to come back to its bridge."""
STILL = 3
"""Seconds without a job: then none comes any more."""


@dataclass(frozen=True)
class Schedule:
    """What goes wrong in one run: who is killed, when, how much later; and whether the panel is open."""

    seed: int
    victim: Victim
    moment: Moment
    delay: float
    panel: bool

    @classmethod
    def drawn(cls, seed: int) -> "Schedule":
        """One schedule: kills take turns, the rest is drawn."""
        draw = random.Random(seed)
        victim, moment = KILLS[seed % len(KILLS)]
        # An ask is accepted after so long; what is inserted is acknowledged after so short a time.
        late = {"asked": 0.4, "inserted": 0.02}.get(moment, 0.08)
        return cls(seed, victim, moment, draw.uniform(0, late), draw.random() < 0.6)


def run(schedule: Schedule, easel: Easel, path: Path, shared: Shared) -> str:
    """Run one schedule on a document; returns a line about it. Raises AssertionError where a layer is lost, wrong, or
    comes twice."""
    remembered(shared, count=COUNT)
    with Bridges(shared.home) as bridges:
        with easel(path) as artist:
            if schedule.panel:
                artist.open_panel("Built-in fill")
            artist.seen.ask(SELECT, box=list(SELECTION))
            artist.to_canvas()
            artist.key(KEYS["remove"])
            _wait(lambda: _reached(schedule.moment, artist, bridges), f"{schedule}: its moment does not come")
            time.sleep(schedule.delay)
            _kill(schedule.victim, artist, bridges)
            if schedule.victim != "gimp":
                return _recovered(schedule, artist, bridges)
        job = bridges.job()
        gone = set(job.layers.values()) - bridges.unsettled(job) if job else set()
        with easel(path) as artist:
            return _recovered(schedule, artist, bridges, gone)


def _reached(moment: Moment, artist: Artist, bridges: Bridges) -> bool:
    """Has the fill come so far?"""
    begun = {"painting": 1, "between": 2, "arriving": 3}
    if moment in begun:
        return len(bridges.begun()) >= begun[moment]
    if moment == "inserted":
        return len(artist.names()) > 1
    return moment == "asked" or bridges.job() is not None


def _kill(victim: Victim, artist: Artist, bridges: Bridges) -> None:
    if victim == "bridge":
        bridges.kill()
        bridges.start()
    elif victim == "painter":
        bridges.kill_painter()
    elif victim == "gimp":
        artist.seen.kill("gimp")
    else:
        pids = artist.seen.processes("sfumato")
        artist.seen.run("kill", "-9", *map(str, pids), fails=True)
        assert artist.seen.processes("gimp"), "GIMP did not survive its plug-in"


def _recovered(schedule: Schedule, artist: Artist, bridges: Bridges, gone: Container[str] = ()) -> str:
    """Let the artist see to it, and check the document. `gone` are layers that died with an unsaved document."""
    still, answers = time.monotonic() + STILL, 0
    job = bridges.job()
    unsaid = bridges.unsettled(job) & set(_found(artist)) if job else set()

    def well() -> bool:
        nonlocal still, answers
        _see_to_messages(artist)
        if not artist.seen.window(PANEL):
            artist.to_canvas()
            artist.open_panel("Built-in fill")
            still = time.monotonic() + STILL
        elif at := artist.find("Insert", box=artist.panel[2:]):
            answers += 1
            artist.click(at)
            artist.wait_gone("Insert")
        job = bridges.job()
        if job is None:
            return time.monotonic() > still
        return job.stage == "done" and not bridges.unsettled(job)

    _wait(well, f"{schedule}: not all is well")
    job = bridges.job()
    expected = {k: name for k, name in job.layers.items() if name not in gone} if job else {}
    assert job is None or len(job.layers) == COUNT, f"{schedule}: {len(job.layers)} of {COUNT} were painted"
    found = _found(artist)
    counts = {name: len(pixels) for name, pixels in found.items()}
    assert counts == dict.fromkeys(expected.values(), 1), f"{schedule}: missing or twice: {counts}, not {expected}"
    for k, name in expected.items():
        assert job and found[name] == [_grey(job, k)], f"{schedule}: layer {k} has other pixels: {found[name]}"
    where = "panel" if schedule.panel else "key"
    told = f"{len(found)} layers, {len(unsaid)} unsaid, {answers} offers" if job else "never accepted"
    return f"seed {schedule.seed}: {schedule.victim} killed when {schedule.moment}, by {where}: {told}"


def _see_to_messages(artist: Artist) -> None:
    """GIMP tells that a plug-in has crashed: so it has."""
    while box := artist.seen.window("Message"):
        artist.seen.activate(box)
        artist.seen.key("Return")
        artist.seen.wait_for(lambda: not artist.seen.window("Message"))


def _found(artist: Artist) -> dict[str, list[list[int]]]:
    """The layers of ours in the document: by their results, the colour in the middle of each."""
    found: dict[str, list[list[int]]] = {}
    for memory, pixel in artist.seen.ask(FOUND):
        found.setdefault(json.loads(memory)["result"], []).append(list(pixel[:3]))
    return found


def _grey(job: Job, k: int) -> list[int]:
    return [round(shade(job.fill.recipe, k) * 255)] * 3


def _wait(condition: Callable[[], bool], what: str) -> None:
    """Look as often as can be, for what is waited for is over soon."""
    until = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < until, what


SELECT = """
image.select_rectangle(Gimp.ChannelOps.REPLACE, *box)
Gimp.displays_flush()
"""
FOUND = """
def every(layers):
    for one in layers:
        yield one
        if one.is_group():
            yield from every(one.get_children())
answer = []
for one in every(image.get_layers()):
    memory = one.get_parasite("sfumato-layer")
    if memory:
        at = one.get_width() // 2, one.get_height() // 2, 1, 1
        answer.append((bytes(memory.get_data()).decode(), hand.pixels(one, at)))
"""
