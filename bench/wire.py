"""Measures the wire and prints Markdown; `--json FILE` keeps every figure: `python run.py bench`.

Times on a shared machine mean little by themselves: everything is measured in turn in one run, and read as a ratio.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import report
from bench.patience import cancel, neighbours
from bench.sizes import sizes
from bench.start import start
from bench.trips import Course, contenders, race

Figures = dict[str, Any]


@dataclass(frozen=True)
class Scope:
    """How much is measured: the courses; side of the picture that is cancelled and read slowly, and of the one that
    the wire's own share is judged by; rounds of cancels and starts; seconds of each neighbour; sides of the documents,
    and of the selection in them."""

    courses: tuple[Course, ...]
    large: int
    judged: int
    cancels: int
    starts: int
    seconds: float
    documents: tuple[int, ...] = (1024, 4096, 16384)
    selection: int = 512


FULL = Scope(
    courses=(
        Course(64, "u8", 25, 9),
        Course(512, "u8", 25, 9),
        Course(1024, "u8", 25, 9),
        Course(2048, "u8", 25, 5),
        Course(4096, "u8", 9, 3),
        Course(512, "u16", 15, 5),
        Course(1024, "u16", 15, 5),
        Course(2048, "u16", 9, 3),
        Course(4096, "u16", 5, 1),
    ),
    large=4096,
    judged=2048,
    cancels=9,
    starts=5,
    seconds=6,
)
QUICK = Scope(
    courses=(
        Course(64, "u8", 9, 3),
        Course(512, "u8", 9, 3),
        Course(1024, "u8", 9, 3),
        Course(2048, "u8", 5, 1),
        Course(1024, "u16", 3, 1),
    ),
    large=2048,
    judged=2048,
    cancels=3,
    starts=3,
    seconds=2,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python run.py bench", description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="half a minute instead of minutes")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure")
    given = parser.parse_args(arguments)
    figures: Figures = {}
    for line in measure(QUICK if given.quick else FULL, figures):
        print(line, flush=True)
    if given.json:
        given.json.write_text(json.dumps(figures, indent=1) + "\n", "utf-8")
    return 0


def measure(scope: Scope, figures: Figures) -> Iterator[str]:
    """Measure all of it; yields the lines to print as they are known, and fills `figures`."""
    begun = time.monotonic()
    figures["machine"] = report.machine()
    yield from report.machine_lines(figures["machine"])
    yield "\n## Round trips\n"
    with contenders() as by:
        figures["trips"] = [race(course, by) for course in scope.courses]
        yield from report.trip_lines(figures["trips"], scope.judged)
        yield "\n## A cancel while pixels stream\n"
        figures["cancel"] = cancel(by["ours"].folder, scope.large, scope.cancels)
        yield from report.cancel_lines(figures["cancel"])
        yield "\n## The same selection in small and large documents\n"
        figures["sizes"] = sizes(by["ours"].folder, scope.documents, scope.selection)
        yield from report.size_lines(figures["sizes"])
    yield "\n## Neighbours\n"
    figures["neighbours"] = neighbours(scope.large, scope.seconds)
    yield from report.neighbour_lines(figures["neighbours"], scope.large)
    yield "\n## Start\n"
    figures["start"] = start(scope.starts)
    yield from report.start_lines(figures["start"])
    figures["seconds"] = round(time.monotonic() - begun, 1)
    figures["after"] = report.machine()
    yield f"\nMeasured in {figures['seconds']:.0f} s. Load at the end: {figures['after']['load']}."


if __name__ == "__main__":
    sys.exit(main())
