"""How long others wait: a cancel while pixels stream, and a second client while a first one reads slowly or fast.

`python -m bench.patience ping FOLDER SECONDS` and `… stream FOLDER SIDE` are clients in processes of their own.
"""

import itertools
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from bench.children import bridge, child, end_with_input, say
from bench.memory import resident
from bench.ours import ABOUT, EVERYTHING, Ours, document, overheard
from bench.pictures import Pixels, marked, photo
from bridge import home
from bridge.client import new_job
from bridge.link import Link, dial
from bridge.protocol.frames import DATA
from bridge.protocol.messages import Credit, Done, Fill, Layer, Ping, Pong, Want
from bridge.protocol.session import Chunk, Event
from bridge.protocol.values import Picture

Figures = dict[str, Any]
Neighbour = Callable[[Path, int, float], AbstractContextManager[Callable[[], None]]]
"""Given the bridge's folder, the side of a picture and seconds: what is called again and again meanwhile."""


def cancel(folder: Path, side: int, rounds: int) -> Figures:
    """From a `cancel`, said once a quarter of the picture has left, to the job's `done`: milliseconds, and the bytes of
    pixels that left after it."""
    picture = photo(side, 4, "u8")
    ms, after = zip(*(_cancel(folder, picture) for _ in range(rounds)), strict=True)
    return {"bytes": picture.nbytes, "ms": ms, "after": after}


def _cancel(folder: Path, picture: Pixels) -> tuple[float, int]:
    job, said, sent = new_job(), 0.0, 0

    def watch(message: bytes) -> None:
        nonlocal said, sent
        sent += len(message) if message[3] == DATA else 0
        if not said and sent >= picture.nbytes // 4:
            said, sent = time.perf_counter(), 0
            ours.client.cancel(job)

    ours = Ours(folder, overheard(watch))
    try:
        fill = ours.client.fill(document(picture), None, EVERYTHING, lambda want: (picture.data, None), job=job)
        last = [event.message for event in fill][-1]
        heard = time.perf_counter()
    finally:
        ours.close()
    assert isinstance(last, Done) and last.state == "cancelled", f"the job ended before its cancel was heard: {last}"
    return round((heard - said) * 1000, 3), sent


def neighbours(side: int, seconds: float) -> Figures:
    """A client's pings, in milliseconds, and the growth of the bridge's own memory, in bytes: with nobody else there,
    beside a reader that takes a layer of `side` slowly, and beside a client that sends and takes such pictures without
    pause."""
    with bridge("whole") as (running, folder):
        assert running.said
        ours = Ours(folder)
        ours.trip(photo(64, 4, "u8"))
        ours.close()
        return {
            name: _beside(neighbour, running.pid, folder, side, seconds)
            for name, neighbour in (("alone", nobody), ("slow", slow_reader), ("fast", fast_client))
        }


def _beside(neighbour: Neighbour, pid: int, folder: Path, side: int, seconds: float) -> Figures:
    before = largest = resident(pid).own
    with neighbour(folder, side, seconds) as turn, child("bench.patience", "ping", str(folder), str(seconds)) as pings:
        assert pings.said
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            turn()
            largest = max(largest, resident(pid).own)
            time.sleep(0.02)
        return {"ms": pings.hear(), "growth": largest - before}


@contextmanager
def nobody(folder: Path, side: int, seconds: float) -> Iterator[Callable[[], None]]:
    """Nobody else is there."""
    yield lambda: None


@contextmanager
def slow_reader(folder: Path, side: int, seconds: float) -> Iterator[Callable[[], None]]:
    """Asks for a layer, gives credit for all of it, and then reads nothing for half of the time, and a message now and
    then for the rest."""
    picture, link = photo(side, 4, "u8"), _link(folder)
    link.say(Fill(new_job(), document(picture), EVERYTHING, None))
    layer, left = None, picture.nbytes
    while layer is None:
        for event in link.turn():
            if isinstance(event, Want):
                link.outbox.stream(event.job, "image", Picture(side, side, 4), picture.data)
            elif isinstance(event, Layer):
                layer = event
    assert layer.s is not None
    link.say(Credit(layer.s, picture.nbytes))
    left -= _pixels(link.flush())
    awake = time.monotonic() + seconds / 2

    def nod() -> None:
        nonlocal left
        if left and time.monotonic() > awake:
            left -= _pixels(link.turn())

    yield nod
    link.close()


def _pixels(events: list[Event]) -> int:
    """Bytes of pixels among what came."""
    return sum(len(event.payload) for event in events if isinstance(event, Chunk))


@contextmanager
def fast_client(folder: Path, side: int, seconds: float) -> Iterator[Callable[[], None]]:
    """Sends and takes whole pictures, one after the other."""
    with child("bench.patience", "stream", str(folder), str(side)) as streaming:
        assert streaming.said
        yield lambda: None


def _link(folder: Path) -> Link:
    return Link(ABOUT, folder, None, home.LOCAL, dial, False, lambda resumed: None)


def ping(folder: Path, seconds: float) -> None:
    """Says the milliseconds of one ping after the other, four milliseconds apart."""
    link, took = _link(folder), []
    say("ready")
    until = time.monotonic() + seconds
    while (begun := time.monotonic()) < until:
        at = time.perf_counter()
        link.say(Ping(at))
        while not any(isinstance(event, Pong) for event in link.turn()):
            pass
        took.append(round((time.perf_counter() - at) * 1000, 3))
        time.sleep(max(0.0, begun + 0.004 - time.monotonic()))
    link.close()
    say(took)


def stream(folder: Path, side: int) -> None:
    """Trips until the input ends."""
    ours, picture = Ours(folder), photo(side, 4, "u8")
    say("ready")
    end_with_input()
    for number in itertools.count():
        ours.trip(marked(picture, number))


if __name__ == "__main__":
    role, where, how = sys.argv[1:]
    if role == "ping":
        ping(Path(where), float(how))
    else:
        stream(Path(where), int(how))
