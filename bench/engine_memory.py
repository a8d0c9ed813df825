"""What one painter needs at its peak, in a process of its own: `python -m bench.engine_memory WHO FOLDER COURSE`."""

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from bench.children import child, say
from bench.memory import resident
from bench.painters import Course, Ours, Stock, plate
from bridge.engines.diffusion import devices
from bridge.models import Model

Figures = dict[str, Any]
EXACT = "MALLOC_MMAP_THRESHOLD_", "262144"
"""Lets glibc give every larger block back at once; otherwise what it keeps in between is what is measured."""
RESET = "5"
"""Written to `clear_refs`, it lets Linux forget the highest that was resident so far."""


def peaks(model: Model, course: Course) -> Figures:
    """Bytes at the peak of two paints, each painter alone, and those of them that were there before the first one."""
    figures: Figures = {"name": course.name}
    os.environ.setdefault(*EXACT)  # of the children: this process has read it already
    for who in ("ours", "stock"):
        with child("bench.engine_memory", who, str(model.path), json.dumps(asdict(course))) as running:
            figures[who] = running.said
    return figures


def main(who: str, folder: Path, course: Course) -> None:
    """Load, paint a region twice, say what it took."""
    device = devices.choose("auto")
    model = Model(folder.name, folder.name, course.family, course.layout, folder, "folder", 0, folder.name)
    painter = Ours(model, device) if who == "ours" else Stock.loaded(model, device)
    before = _begin(device)
    for seed in range(2):
        painter.paint(course, plate(course.side, course.strength), "a red roof", seed)
    say({"before": before, "peak": _peak(device)})


def _begin(device: torch.device) -> int:
    """Bytes held now; the peak is counted from here on."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
        return torch.cuda.memory_allocated(device)
    forget = Path("/proc/self/clear_refs")
    if forget.exists():
        forget.write_text(RESET, "ascii")
    return sum(resident(os.getpid()))


def _peak(device: torch.device) -> int:
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    status = Path("/proc/self/status")
    if status.exists():
        values = dict(line.split(":", 1) for line in status.read_text("ascii").splitlines() if ":" in line)
        return int(values["VmHWM"].split()[0]) * 1024
    import resource  # not on Windows, where torch with CUDA says it

    scale = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Course(**json.loads(sys.argv[3])))
