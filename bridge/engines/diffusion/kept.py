"""What was computed once and may be wanted again: found by content, the least recently used forgotten first."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class Kept(Generic[T]):
    """At most `size` results. `made` counts those that were computed."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._results: OrderedDict[Hashable, T] = OrderedDict()
        self.made = 0

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """The result of this content; computed where it is not kept."""
        if key in self._results:
            self._results.move_to_end(key)
            return self._results[key]
        result = make()
        self.made += 1
        self._results[key] = result
        while len(self._results) > self._size:
            self._results.popitem(last=False)
        return result

    def clear(self) -> None:
        """Forget all."""
        self._results.clear()
