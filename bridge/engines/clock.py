"""Where the time of a fill went."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")


class Clock:
    """Seconds by phase since the last lap."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Count what happens inside."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self._seconds[name] = self._seconds.get(name, 0.0) + time.perf_counter() - start

    def each(self, name: str, values: Iterable[T]) -> Iterator[T]:
        """The values, counting the time that each of them takes to come."""
        source = iter(values)
        while True:
            with self.phase(name):
                value = next(source, None)
            if value is None:
                return
            yield value

    def lap(self) -> dict[str, float]:
        """Plain values; counting begins anew."""
        seconds = {name: round(value, 4) for name, value in self._seconds.items()}
        self._seconds.clear()
        return seconds
