"""Painter processes with engines made for a test: `python -m tests.painters NAME [ARGUMENT]`.

The process, its pipe and its files are the real ones; only what paints is passed in.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from bridge.engines import Engine, Floats, Plate, Step
from bridge.painter import Painter
from bridge.painting import main
from bridge.protocol.errors import Refusal
from bridge.protocol.values import Recipe


def painter(name: str, argument: str | Path = "", device: str = "cpu", drops: bool = False) -> Painter:
    """A handle on such a process, standing in for the classical engine."""
    argv = [sys.executable, "-m", "tests.painters", name, str(argument)]
    return Painter(device, ["classical"], argv, drops=drops)


def shade(recipe: Recipe, k: int) -> float:
    """What variation k looks like: a grey that only its own seed decides."""
    assert recipe.seed is not None
    return ((recipe.seed + k) % 2**32 % 200 + 20) / 255


class Plain:
    """Every variation is one grey; what is kept comes back as it was, so that no colour is corrected."""

    def paint(self, plate: Plate, recipe: Recipe, step: Step) -> Iterator[tuple[int, Floats]]:
        for k in range(recipe.count):
            step(k, 0, 1, np.full((8, 8, 3), shade(recipe, k), np.float32))
            self.before(k, recipe, step)
            step(k, 1, 1, None)
            yield k, np.where(plate.hole[..., None], np.float32(shade(recipe, k)), plate.rgb)

    def before(self, k: int, recipe: Recipe, step: Step) -> None:
        """Called before variation k is painted."""


class Held(Plain):
    """Holds every variation but the first until a file appears; a cancel gets through meanwhile."""

    def __init__(self, argument: str) -> None:
        self._gate = Path(argument)

    def before(self, k: int, recipe: Recipe, step: Step) -> None:
        while k > 0 and not self._gate.exists():
            step(k, 0, 1, None)
            threading.Event().wait(0.005)


class Endless(Plain):
    """Works until it is cancelled or killed; says that it began by making a file."""

    def __init__(self, argument: str) -> None:
        self._begun = Path(argument)

    def before(self, k: int, recipe: Recipe, step: Step) -> None:
        self._begun.touch()
        while True:
            step(k, 0, 1, None)
            threading.Event().wait(0.005)


class Dying(Plain):
    """Kills its own process before variation 1, as often as its file says."""

    def __init__(self, argument: str) -> None:
        self._lives = Path(argument)

    def before(self, k: int, recipe: Recipe, step: Step) -> None:
        left = int(self._lives.read_text() or 0)
        if (k == 1 or recipe.count == 1) and left > 0:
            self._lives.write_text(str(left - 1))
            os.kill(os.getpid(), signal.SIGKILL)


class DyingAt(Plain):
    """Paints in four steps, and kills its own process once, at the call of `step` that its file names."""

    def __init__(self, argument: str) -> None:
        self._at = Path(argument)
        self._calls = 0

    def before(self, k: int, recipe: Recipe, step: Step) -> None:
        for i in range(4):
            step(k, i, 4, None)
            if self._at.exists() and self._calls == int(self._at.read_text()):
                self._at.unlink()
                os.kill(os.getpid(), signal.SIGKILL)
            self._calls += 1


class Refusing(Plain):
    """Finds something that cannot be painted."""

    def before(self, k: int, recipe: Recipe, step: Step) -> None:
        raise Refusal("picture.empty", "There is nothing to copy from: 0 of 9 pixels are known.")


class Faulty(Plain):
    """Has a bug."""

    def before(self, k: int, recipe: Recipe, step: Step) -> None:
        raise ZeroDivisionError("a fault of the engine's own")


class Noisy(Plain):
    """Prints, as libraries do."""

    def before(self, k: int, recipe: Recipe, step: Step) -> None:
        print("a library that talks", flush=True)
        os.write(1, b"and one that writes to the descriptor\n")


ENGINES: dict[str, Callable[[str], Engine]] = {
    "plain": lambda _: Plain(),
    "held": Held,
    "endless": Endless,
    "dying": Dying,
    "dying-at": DyingAt,
    "refusing": lambda _: Refusing(),
    "faulty": lambda _: Faulty(),
    "noisy": lambda _: Noisy(),
}

if __name__ == "__main__":
    name, argument = sys.argv[1], sys.argv[2]
    main({"classical": lambda device: ENGINES[name](argument)})
