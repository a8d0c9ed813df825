"""What the artist has in hand: the fields as the panel shows them, while views and keystrokes cross."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from gimp_plugin.view import Fields

_NAMES = tuple(Fields.__dataclass_fields__)


class Draft:
    """The fields between panel and guest, each merged by itself from three: as the last view had it, as it is here, as
    the next view has it.

    A view may be older than the artist's last keystroke. What it says of a field counts only where the guest itself
    changed that field: neither what the last view said, nor an echo of something that was handed out since.
    """

    def __init__(self, edit: Callable[[Fields], None]) -> None:
        """`edit` is called with all fields after each change by the artist."""
        self.fields = Fields()
        self._edit = edit
        self._heard: Fields | None = None
        self._said: dict[str, list[Any]] = {name: [] for name in _NAMES}

    def change(self, **values: Any) -> None:
        """The artist set these. Widgets call it for everything that happens to them, so what is no change is silent."""
        changed = {name: value for name, value in values.items() if value != getattr(self.fields, name)}
        if not changed:
            return
        self.fields = replace(self.fields, **changed)
        for name, value in changed.items():
            self._said[name].append(value)
        self._edit(self.fields)

    def hear(self, theirs: Fields) -> None:
        """A view came with these: take over what the guest changed, and nothing else."""
        for name in _NAMES:
            value, said = getattr(theirs, name), self._said[name]
            if self._heard and value == getattr(self._heard, name):
                continue
            if value in said:
                del said[: said.index(value) + 1]
            else:
                said.clear()
                self.fields = replace(self.fields, **{name: value})
        self._heard = theirs

    def give_way(self) -> None:
        """The artist asked for other fields: whatever the next view says is meant, be it what stood there before."""
        self._heard = None
        for said in self._said.values():
            said.clear()
