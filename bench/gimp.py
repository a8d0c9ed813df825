"""Measures the guest in a real GIMP and prints Markdown: `python run.py bench gimp`.

Pixels out of GIMP and back beside PNG files, gaps in the main loops, memory over many fills, and the idle panel. The
GIMP is that of `scripts/gimp-rootfs`. As root, on Linux: GIMP runs in namespaces of its own.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import gimp_report as lines
from bench import report
from bench.gimp_fills import fills, picture
from bench.gimp_loop import loop
from bench.gimp_panel import panel
from bench.gimp_race import race
from bench.gimp_studio import lacking, studio

Figures = dict[str, Any]


@dataclass(frozen=True)
class Scope:
    """How much is measured: rounds of the race, fills beside which the loops are watched, fills in one image, how often
    the panel is opened, and for how many seconds it is left alone."""

    rounds: int
    watched: int
    fills: int
    opened: int
    seconds: float


FULL = Scope(rounds=7, watched=6, fills=50, opened=5, seconds=60)
QUICK = Scope(rounds=1, watched=2, fills=5, opened=1, seconds=10)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python run.py bench gimp", description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="two minutes instead of ten")
    parser.add_argument("--gimp", choices=("3.0", "3.2"), default="3.0", help="which GIMP")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure")
    given = parser.parse_args(arguments)
    if why := lacking(given.gimp):
        print(why, file=sys.stderr)
        return 2
    figures: Figures = {}
    for line in measure(QUICK if given.quick else FULL, given.gimp, figures):
        print(line, flush=True)
    if given.json:
        given.json.write_text(json.dumps(figures, indent=1) + "\n", "utf-8")
    return 0


def measure(scope: Scope, version: str, figures: Figures) -> Iterator[str]:
    """Measure all of it; yields the lines to print as they are known, and fills `figures`."""
    begun = time.monotonic()
    figures["machine"] = report.machine()
    yield from report.machine_lines(figures["machine"])
    with studio(version, "copying") as there:
        figures["gimp"] = there.seen.ask("Gimp.version()")
        yield f"GIMP {figures['gimp']}, {time.strftime('%d %B %Y')}.\n"
        yield "## Pixels out of GIMP, and a layer back\n"
        figures["race"] = race(there, scope.rounds)
        yield from lines.race_lines(figures["race"])
    yield "\n## Main loops while a fill runs\n"
    figures["loop"] = {}
    for painter in ("patient", "built-in"):
        with studio(version, painter) as there:
            figures["loop"][painter] = loop(there, scope.watched)
    yield from lines.loop_lines(figures["loop"])
    yield f"\n## {scope.fills} fills in one image\n"
    with studio(version, "plain", picture()) as there:
        figures["fills"] = fills(there, scope.fills)
    yield from lines.fill_lines(figures["fills"])
    yield "\n## The panel\n"
    with studio(version, "plain", picture()) as there:
        figures["panel"] = panel(there, scope.opened, scope.seconds)
    yield from lines.panel_lines(figures["panel"])
    figures["seconds"] = round(time.monotonic() - begun, 1)
    figures["after"] = report.machine()
    yield f"\nMeasured in {figures['seconds']:.0f} s. Load at the end: {figures['after']['load']}."


if __name__ == "__main__":
    sys.exit(main())
