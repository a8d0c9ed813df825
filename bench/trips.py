"""A picture there and back: Sfumato beside its rivals, in turn in the same run, each round with new contents."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import psutil  # type: ignore[import-untyped]

from bench.children import bridge, child
from bench.ours import Ours
from bench.pictures import Pixels, marked, photo
from bench.rivals import RIVALS, Rival
from bridge.protocol.values import Depth

Figures = dict[str, Any]
FAST, SLOW = ("tcp", "wire", "ours"), ("a1111", "comfyui")
"""`wire` is Sfumato without what is behind the wire; the slow ones take fewer rounds."""
CHANNELS: dict[Depth, int] = {"u8": 4, "u16": 3}


@dataclass(frozen=True)
class Course:
    """One size of picture, and in how many rounds it is measured: all of them, and the slow ones."""

    side: int
    depth: Depth
    rounds: int
    slow: int


class Contender(NamedTuple):
    """A way to carry a picture, the process at its other end, and the bridge's folder where it is one."""

    way: Rival
    server: psutil.Process
    folder: Path = Path()


@contextmanager
def contenders() -> Iterator[dict[str, Contender]]:
    """All of them, each with its server in another process and a connection that stays open."""
    with ExitStack() as stack:
        rivals = stack.enter_context(child("bench.rivals"))
        bridges = {name: stack.enter_context(bridge(kind)) for name, kind in (("wire", "wire"), ("ours", "whole"))}
        made = {name: Contender(make(rivals.said[name]), psutil.Process(rivals.pid)) for name, make in RIVALS.items()}
        for name, (running, folder) in bridges.items():
            assert running.said
            made[name] = Contender(Ours(folder), psutil.Process(running.pid), folder)
        for one in made.values():
            stack.callback(one.way.close)
        yield made


def race(course: Course, by: dict[str, Contender]) -> Figures:
    """Milliseconds of every round, after one that is not counted, and milliseconds of processor time of a round, both
    sides together. What comes back is compared, value for value."""
    picture = photo(course.side, CHANNELS[course.depth], course.depth)
    clock: dict[str, list[float]] = {name: [] for name in (*FAST, *SLOW)}
    worked = dict.fromkeys(clock, 0.0)
    for number in range(course.rounds + 1):
        marked(picture, number)
        for name in (*FAST, *SLOW) if 1 <= number <= course.slow else FAST:
            seconds, processor = _trip(by[name], picture)
            if number:
                clock[name].append(round(seconds * 1000, 3))
                worked[name] += processor
    of_a_round = {name: round(worked[name] * 1000 / len(took), 2) for name, took in clock.items()}
    figures = {"side": course.side, "depth": course.depth, "channels": picture.shape[2], "bytes": picture.nbytes}
    return figures | {"ms": clock, "processor_ms": of_a_round}


def _trip(one: Contender, picture: Pixels) -> tuple[float, float]:
    """Seconds by the clock, and of processor time on both sides."""
    before, mine, begun = _worked(one.server), time.process_time(), time.perf_counter()
    came = one.way.trip(picture)
    seconds, mine = time.perf_counter() - begun, time.process_time() - mine
    assert np.array_equal(np.frombuffer(came, picture.dtype), picture.reshape(-1)), "other pixels came back"
    return seconds, mine + _worked(one.server) - before


def _worked(server: psutil.Process) -> float:
    """Seconds of processor time of a process and its children so far."""
    times = [one.cpu_times() for one in (server, *server.children(recursive=True))]
    return float(sum(spent.user + spent.system for spent in times))
