"""Measures the panel in a real Chromium and prints Markdown: `python run.py bench panel`.

The page that the bridge serves, with the bridge and its painter in processes of their own: what it weighs, when it is
ready, a newcomer's first fill, pixels to the bridge beside peers' way, brushing during a fill, memory over many fills.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from bench import panel_report as lines
from bench import report
from bench.panel_fills import fills, picture
from bench.panel_frames import frames
from bench.panel_race import race
from bench.panel_ready import first, ready, weights
from bench.panel_seat import browser, lacking, large, served

Figures = dict[str, Any]


@dataclass(frozen=True)
class Scope:
    """How much is measured: how often the page is opened, newcomers, rounds of brushing and for how many seconds each,
    fills in one document, rounds of the race."""

    opened: int
    newcomers: int
    brushed: int
    seconds: float
    fills: int
    rounds: int


FULL = Scope(opened=9, newcomers=3, brushed=3, seconds=5, fills=50, rounds=9)
QUICK = Scope(opened=2, newcomers=1, brushed=1, seconds=2, fills=5, rounds=2)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python run.py bench panel", description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="two minutes instead of ten")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure")
    given = parser.parse_args(arguments)
    if why := lacking():
        print(why, file=sys.stderr)
        return 2
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
    with tempfile.TemporaryDirectory(prefix="sfumato-bench-") as folder, browser() as chromium:
        figures["chromium"] = chromium.version
        yield f"Chromium {figures['chromium']}, {time.strftime('%d %B %Y')}.\n"
        whole = large()
        big, filled = Path(folder) / "large.png", Path(folder) / "filled.png"
        Image.fromarray(whole).save(big, compress_level=1)
        Image.fromarray(picture()).save(filled, compress_level=1)
        yield "### What it weighs, and when it is ready\n"
        figures["weights"] = weights()
        yield from lines.weight_lines(figures["weights"])
        yield ""
        figures["first"] = []
        for _ in range(scope.newcomers):
            with served("built-in") as bridge:
                figures["first"].append(first(chromium, bridge))
        with served("built-in") as bridge:
            figures["ready"] = ready(chromium, bridge, scope.opened)
        yield from lines.ready_lines(figures["ready"], figures["first"])
        yield "\n### Enter to accepted\n"
        with served("copying") as bridge:
            figures["race"] = race(chromium, bridge, big, whole, scope.rounds)
        yield from lines.race_lines(figures["race"])
        yield "\n### Brushing during a fill\n"
        figures["frames"] = {}
        for painter in ("patient", "built-in"):
            with served(painter) as bridge:
                figures["frames"][painter] = frames(chromium, bridge, big, scope.brushed, scope.seconds)
        yield from lines.frame_lines(figures["frames"])
        yield f"\n### {scope.fills} fills in one document\n"
        with served("plain") as bridge:
            figures["fills"] = fills(chromium, bridge, filled, scope.fills)
        yield from lines.fill_lines(figures["fills"])
    figures["seconds"] = round(time.monotonic() - begun, 1)
    figures["after"] = report.machine()
    yield f"\nMeasured in {figures['seconds']:.0f} s. Load at the end: {figures['after']['load']}."


if __name__ == "__main__":
    sys.exit(main())
