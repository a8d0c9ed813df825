"""What the panel costs: until it is seen, and while nobody does anything."""

import time
from typing import Any

from bench.gimp_loop import PANEL
from bench.gimp_studio import KEYS, Studio
from tests.gimp.screen import MAIN

Figures = dict[str, Any]
LOOK = """
import glob, sys
told = {}
for name in ("gimp", "sfumato"):
    told[name] = [0, 0]
    for folder in glob.glob("/proc/[0-9]*"):
        try:
            words = open(folder + "/cmdline", "rb").read().split(b"\\0")
            if words[0] != name.encode() and not any(word.endswith(b"/" + name.encode() + b".py") for word in words):
                continue
            for status in glob.glob(folder + "/task/*/status"):
                lines = dict(line.split(":", 1) for line in open(status) if ":" in line)
                told[name][0] += int(lines["voluntary_ctxt_switches"])
            values = open(folder + "/stat").read().rpartition(")")[2].split()
            told[name][1] += int(values[11]) + int(values[12])
        except OSError:
            pass
print(told)
"""


def panel(studio: Studio, rounds: int, seconds: float) -> Figures:
    """Milliseconds until its window is seen: once in a GIMP that was just started, then again and again. And by
    process, with the panel closed and open: times that it woke, and milliseconds of processor time, in a minute."""
    seen = studio.seen
    time.sleep(3)
    figures: Figures = {"closed": _idle(studio, seconds), "opened": []}
    for _ in range(rounds + 1):
        seen.activate(seen.wait_window(MAIN))
        seen.wait_still()
        told = seen.run("python3", "/shared/inside/opened.py", KEYS["panel"], PANEL)
        figures["opened"].append(float(told))
        time.sleep(2)
        if len(figures["opened"]) <= rounds:
            seen.activate(seen.wait_window(PANEL))
            seen.key("alt+F4")
            seen.wait_for(lambda: not seen.processes("sfumato"))
    figures["memory"] = seen.memory("sfumato")
    figures["open"] = _idle(studio, seconds)
    return figures


def _idle(studio: Studio, seconds: float) -> dict[str, dict[str, float]]:
    """What both processes do in a minute while nothing is asked of them."""
    looks = [_look(studio)]
    time.sleep(seconds)
    looks.append(_look(studio))
    share = 60 / seconds
    return {
        name: {"wakes": (after[0] - before[0]) * share, "ms": (after[1] - before[1]) * 10 * share}
        for (name, before), after in zip(looks[0].items(), looks[1].values(), strict=True)
    }


def _look(studio: Studio) -> dict[str, list[int]]:
    told: dict[str, list[int]] = eval(studio.seen.run("python3", "-c", LOOK))
    return told
