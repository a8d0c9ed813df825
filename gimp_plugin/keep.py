"""What the guest remembers between two starts: the fields, the prompts, the window's place, the fills under way."""

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from bridge import home
from gimp_plugin.kept import FILES, JOBS, PROMPTS, Kept, Order
from gimp_plugin.view import Fields, Place

__all__ = ["LAZY", "Keep", "Order"]

LAZY = 1.0
"""Seconds that may pass before a change of the fields is written."""


class Keep:
    """A small file in the bridge's folder. It may be open in several programs: each writes over only what it changed.

    Orders are written at once, the rest when `save` is called, or by `tick` within a second.
    """

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` gives seconds."""
        self._folder, self._path, self._clock = folder, folder / "gimp.json", clock
        kept = Kept.read(self._path)
        self.fields, self.prompts, self.place = kept.fields, kept.prompts, kept.place
        self._tags, self._orders = kept.tags, kept.orders
        self._changed, self._dropped, self._saved = set[str](), set[str](), clock()

    def set_fields(self, given: Fields) -> None:
        """The fields as they are now."""
        self.fields = given
        self._changed.add("fields")

    def add_prompt(self, prompt: str) -> None:
        """A prompt was used: it is the newest now."""
        if prompt:
            self.prompts = [*(one for one in self.prompts if one != prompt), prompt][-PROMPTS:]
            self._changed.add("prompts")

    def tag_of(self, address: str) -> str:
        """The tag of a file that was filled before, empty where none is known."""
        return self._tags.get(address, "")

    def set_tag(self, address: str, tag: str) -> None:
        """A file is filled: opened again after a crash, before it was ever saved with its tag, it is known by this."""
        if address and self._tags.get(address) != tag:
            self._tags[address] = tag
            self._changed.add("tags")

    def set_place(self, place: Place) -> None:
        """The window is there now."""
        self.place = place
        self._changed.add("place")

    def order(self, job: str) -> Order | None:
        """What a fill was to do, also when GIMP was ended before its layers came; None where nothing is known of it."""
        return self._orders.get(job)

    def set_order(self, job: str, order: Order) -> None:
        """A fill begins."""
        self._orders[job] = order
        self._changed.add("orders")
        self.save()

    def drop_order(self, job: str) -> None:
        """A fill is over, and its layers are where they belong."""
        if self._orders.pop(job, None):
            self._dropped.add(job)
            self._changed.add("orders")

    def tick(self) -> None:
        """Save, if the last time was long enough ago. Call it as often as you like."""
        if self._changed and self._clock() >= self._saved + LAZY:
            self.save()

    def save(self) -> None:
        """Write what has changed."""
        if not self._changed:
            return
        theirs = Kept.read(self._path)
        mine = self.prompts if "prompts" in self._changed else []
        self.prompts = [*(one for one in theirs.prompts if one not in mine), *mine][-PROMPTS:]
        tags = {**theirs.tags, **self._tags}
        self._tags = {one: tags[one] for one in list(tags)[-FILES:]}
        orders = {**theirs.orders, **self._orders}
        self._orders = {one: orders[one] for one in [job for job in orders if job not in self._dropped][-JOBS:]}
        fields = self.fields if "fields" in self._changed else theirs.fields
        place = self.place if "place" in self._changed else theirs.place
        self._changed.clear()
        self._saved = self._clock()
        with suppress(OSError):  # a full disk costs nothing but the memory
            home.make_private(self._folder)
            home.write_json(self._path, Kept(fields, self.prompts, place, self._tags, self._orders).to_map())
