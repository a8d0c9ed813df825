"""The machine itself, as a device: what engines say of it that paint on any CPU."""

import os
from typing import NamedTuple


class Facts(NamedTuple):
    """A device for `capabilities`: its name, bytes of memory in all and free. On a CPU these are the machine's."""

    name: str
    memory: int
    free: int


def facts() -> Facts:
    """The CPU with the machine's memory in all, and what is free of it; 0 where the system does not say."""
    try:
        page = os.sysconf("SC_PAGE_SIZE")
        return Facts("CPU", page * os.sysconf("SC_PHYS_PAGES"), page * os.sysconf("SC_AVPHYS_PAGES"))
    except (AttributeError, OSError, ValueError):  # Windows, and systems without the names
        return Facts("CPU", 0, 0)
