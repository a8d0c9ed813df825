"""`python -m tests.gates`: the table, on all scenes in one family and on the first of them in two larger ones.

Ends with 1 where a gate does not hold.
"""

import sys
import time

from bridge.families import FAMILIES
from tests.gates.bench import Bench
from tests.gates.gates import GATES
from tests.gates.loop import LOOP_GATES


def main() -> int:
    """Print the table."""
    bench = Bench({FAMILIES["sd15"]: None, FAMILIES["sdxl"]: 12, FAMILIES["flux1"]: 12})
    started, held = time.perf_counter(), True
    print("| gate | figure | bound | verdict | peers |\n|---|---|---|---|---|")
    for gate in (*GATES, *LOOP_GATES):
        row = gate(bench)
        held = held and row.holds
        verdict = "holds" if row.holds else "DOES NOT HOLD"
        print(f"| {row.gate} | {row.figure} | {row.bound} | {verdict} | {row.peer} |", flush=True)
    worked = ", ".join(f"{len(bench.scenes(family))} in {family.name}" for family in bench.families)
    print(f"\nScenes: {worked}. {time.perf_counter() - started:.0f} s.")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
