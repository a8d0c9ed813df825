"""Our engine beside the stock pipeline, in turn in the same run: seconds of every round, and where they went."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from statistics import median
from typing import Any

import torch

from bench.painters import Course, Ours, Stock, clock, other, plate, sync, watched
from bridge.engines import Cancelled, Floats

Figures = dict[str, Any]
Paint = Callable[[int], Floats]
"""Paints round n."""
AGAIN = "seed"
"""The contender that the bounds are about: the same region and words, another seed."""
INSIDE = 2
"""Rounds in which the components are watched."""
STOPS = 2
"""Rounds of previews and cancels."""
LONG = 30
"""From so many steps on they hide what a first fill and a new prompt cost more: these are not painted."""


def race(course: Course, ours: Ours, stock: Stock) -> Figures:
    """Seconds of every round of every contender, after one that is not counted; then, in rounds of their own, those of
    the components. Raises AssertionError where they do not call the denoiser equally often.
    """
    contenders = _contenders(course, ours, stock)
    s: dict[str, list[float]] = {name: [] for name in contenders}
    order = list(contenders)
    for number in range(course.rounds + 1):
        for name in order:
            took = seconds(contenders[name], number, stock.device)
            if number:
                s[name].append(took)
        order.append(order.pop(0))  # nobody always follows the same one
    later = range(course.rounds + 1, course.rounds + 1 + INSIDE)
    inside = {name: _inside(contenders[name], later, ours, stock) for name in ("stock", AGAIN)}
    calls = {name: one.pop("calls")[0] for name, one in inside.items()}
    assert len(set(calls.values())) == 1, f"the contenders call the denoiser unequally often: {calls}"
    return {"name": course.name, "at_least": course.at_least, "calls": calls[AGAIN], "s": s, "inside": inside}


def overhead(course: Course, ours: Ours, stock: Stock) -> Figures:
    """Milliseconds of whole calls that are spent outside the denoiser and the autoencoder, by contender."""
    contenders = _contenders(course, ours, stock)
    ms: dict[str, list[float]] = {name: [] for name in contenders}
    for number in range(course.rounds + 1):
        for name, paint in contenders.items():
            with watched(ours, stock, clock(stock.device)) as spent:
                took = seconds(paint, number, stock.device)
            inside = sum(sum(spent[stage]) for stage in ("step", "encode", "decode"))
            if number:
                ms[name].append((took - inside) * 1000)
    return {"name": course.name, "steps": course.steps, "ms": ms}


def latency(course: Course, ours: Ours, stock: Stock) -> Figures:
    """Seconds of a step; from the start of a paint to its first preview; and, in steps, from a cancel in the middle of
    one until the call is over: ours by `Cancelled`, the stock pipeline by its own `_interrupt`, which still decodes.
    """
    given = plate(course.side, course.strength)
    found: dict[str, list[float]] = {"step": [], "preview": [], "ours": [], "stock": []}
    ours.paint(course, given, "a red roof", 0)
    for number in range(min(course.rounds, STOPS)):
        shown: list[float] = []
        with watched(ours, stock, time.perf_counter) as spent:
            begun = time.perf_counter()

            def heard(k: int, i: int, n: int, preview: Floats | None, shown: list[float] = shown) -> None:
                if preview is not None:
                    shown.append(time.perf_counter())

            ours.paint(course, given, "a red roof", number, heard)
        step = median(spent["step"])
        found["step"].append(step)
        found["preview"].append(shown[0] - begun)
        found["ours"].append(_stopped(step, partial(_cancelled, course, ours, number)) / step)
        found["stock"].append(_stopped(step, partial(_interrupted, course, stock, number)) / step)
    return {"name": course.name, **found}


class _Stop:
    """Somebody who changes their mind in the middle of the second step."""

    def __init__(self, step: float) -> None:
        self.asked, self.at = False, 0.0
        self._timer = threading.Timer(step / 2, self._ask)

    def begin(self) -> None:
        """The second step begins."""
        if not self._timer.is_alive() and not self.asked:
            self._timer.start()

    def _ask(self) -> None:
        self.at, self.asked = time.perf_counter(), True

    def wait(self) -> None:
        """Until the timer has gone: a paint that was faster shows as less than nothing."""
        self._timer.join()


def _stopped(step: float, paint: Callable[[_Stop], None]) -> float:
    """Seconds from the change of mind to the end of the call."""
    stop = _Stop(step)
    paint(stop)
    ended = time.perf_counter()
    stop.wait()
    return ended - stop.at


def _cancelled(course: Course, ours: Ours, number: int, stop: _Stop) -> None:
    def step(k: int, i: int, n: int, preview: Floats | None) -> None:
        if i == 1:
            stop.begin()
        if stop.asked:
            raise Cancelled

    with suppress(Cancelled):
        ours.paint(course, plate(course.side, course.strength), "a red roof", number, step)


def _interrupted(course: Course, stock: Stock, number: int, stop: _Stop) -> None:
    def step(pipeline: Any, i: int, t: Any, given: Figures) -> Figures:
        if i == 0:
            stop.begin()
        if stop.asked:
            pipeline._interrupt = True
        return given

    given = plate(course.side, course.strength)
    stock.paint(course, given, "a red roof", number, callback_on_step_end=step)


def _contenders(course: Course, ours: Ours, stock: Stock) -> dict[str, Paint]:
    """The stock pipeline, to which every call is the first one, and ours: the first fill of a region, and again with
    another prompt, another seed, and, where it keeps some of the picture, another strength.
    """
    given = plate(course.side, course.strength)
    found: dict[str, Paint] = {
        "stock": lambda n: stock.paint(course, given, f"a red roof {n}", n),
        "first": lambda n: ours.paint(course, other(given, n), f"a first red roof {n}", n),
        "prompt": lambda n: ours.paint(course, given, f"another red roof {n}", n),
        AGAIN: lambda n: ours.paint(course, given, "a red roof", n),
    }
    if course.strength < 1:
        found["strength"] = lambda n: ours.paint(
            course, replace(given, strength=course.strength - n / 1000), "a red roof", n
        )
    if course.steps >= LONG:
        del found["first"], found["prompt"]
    return found


def seconds(paint: Paint, number: int, device: torch.device) -> float:
    """Seconds until a paint is done."""
    now = clock(device)
    sync(device)
    begun = now()
    paint(number)
    sync(device)
    return now() - begun


def _inside(paint: Paint, numbers: range, ours: Ours, stock: Stock) -> dict[str, list[float]]:
    """Seconds of each component and of the `whole` in each of these rounds; and `calls` of the denoiser in one."""
    found: dict[str, list[float]] = {}
    for number in numbers:
        with watched(ours, stock, clock(stock.device)) as spent:
            found.setdefault("whole", []).append(seconds(paint, number, stock.device))
        for stage, took in spent.items():
            found.setdefault(stage, []).append(sum(took))
        found["calls"] = [len(spent["step"])]
    return found
