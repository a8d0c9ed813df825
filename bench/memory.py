"""What a process holds in memory, its own apart from mapped files."""

from pathlib import Path
from typing import NamedTuple

import psutil  # type: ignore[import-untyped]


class Resident(NamedTuple):
    """Bytes in memory: what is the process's own, and what is pages of files (programs, libraries, mapped pixels) that
    the system drops when it needs room."""

    own: int
    files: int


def resident(pid: int) -> Resident:
    """What process `pid` holds now. Linux tells both apart; elsewhere, unique set size and the rest."""
    status = Path(f"/proc/{pid}/status")
    if status.exists():
        values = dict(line.split(":", 1) for line in status.read_text("ascii").splitlines() if ":" in line)
        own, files = (int(values[name].split()[0]) * 1024 for name in ("RssAnon", "RssFile"))
        return Resident(own, files)
    full = psutil.Process(pid).memory_full_info()
    return Resident(full.uss, full.rss - full.uss)
