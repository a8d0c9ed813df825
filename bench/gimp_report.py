"""What was measured in GIMP as lines of Markdown, each figure beside the bound that it is held to."""

from collections.abc import Callable, Iterator, Sequence
from statistics import median
from typing import Any

from bench.report import verdict

Figures = dict[str, Any]

FASTER = 10.0
"""So many times faster than the same pixels as PNG files."""
FRAME = 1000 / 60
"""Milliseconds: no main loop is away for longer."""
BASE = 5.0
"""MB by which a process may hold more than before the fills: what allocators keep in hand."""
STEPS = (FRAME, 33.3, 50, 100)
"""Milliseconds: where the table of gaps is cut."""
STAGES = {
    "warm": "three fills, undone, history cleared",
    "filled": "{} fills",
    "redone": "all undone and redone by keys",
    "undone": "all undone",
    "forgotten": "history cleared",
    "closed": "image closed",
    "closed again": "image opened again, {} fills, closed",
}
_WAYS: tuple[tuple[str, Callable[[Figures], float], str], ...] = (
    ("Enter to accepted", lambda ours: ours["heard Accepted"], "out"),
    ("of which once GIMP is read", lambda ours: ours["heard Accepted"] - ours["read"], "send"),
    ("layer there to inserted", lambda ours: ours["landed"] - ours["came Layer"], "load"),
    ("of which until GIMP inserts it", lambda ours: ours["made"] - ours["came Layer"], "make"),
    ("accepted to inserted", lambda ours: ours["landed"] - ours["heard Accepted"], "in"),
)
"""What is compared: ours from the moments of a fill, theirs by name. What GIMP does for both is in the wholes only."""


def race_lines(of: Figures) -> Iterator[str]:
    """Each way and each sample; then where our time goes."""
    width, height = of["document"]
    yield f"A selection of 512² in {width} × {height} px, 16 bits, {len(of['layers'])} layers.\n"
    yield "| | sample | ours, ms (spread) | PNG at its best, ms | PNG as offered, ms | ÷ ours | ÷ ours |"
    yield "|---|---|--:|--:|--:|--:|--:|"
    worst: dict[str, float] = {}
    for name, moment, theirs in _WAYS:
        for sample in dict.fromkeys(row["sample"] for row in of["rounds"]):
            rows = [row for row in of["rounds"] if row["sample"] == sample]
            ours = [moment(row["ours"]) for row in rows]
            peers = [[row[way][theirs] for row in rows] for way in ("best", "offered")]
            times = [median(one) / median(ours) for one in peers]
            worst[name] = min(times[0], worst.get(name, times[0]))
            each = " | ".join(_spread(one) for one in (ours, *peers))
            yield f"| {name} | {sample} | {each} | {times[0]:.1f}× | {times[1]:.1f}× |"
    yield ""
    for name, times_ in worst.items():
        yield verdict(f"{name}, PNG at its best ÷ ours, the least of the samples", times_, FASTER, at_least=True)
    floor = _spread([row["floor"] for row in of["rounds"]])
    yield f"- GIMP alone, to insert an empty layer with a mask and make the other active again: **{floor} ms**"
    same = all(row["best"]["same"] for row in of["rounds"])
    yield f"- the pixels that both carry: **{'the same' if same else 'NOT THE SAME'}**, value by value"
    yield "\nWhere ours goes, milliseconds, medians:\n"
    yield "| sample | until it is read | reading | to accepted | painter | making the layer | inserting it, thumbnail |"
    yield "|---|--:|--:|--:|--:|--:|--:|"
    for sample in dict.fromkeys(row["sample"] for row in of["rounds"]):
        rows = [row["ours"] for row in of["rounds"] if row["sample"] == sample]
        parts = [("gesture", "asked"), ("asked", "read"), ("read", "heard Accepted")]
        parts += [("heard Accepted", "came Layer"), ("came Layer", "made"), ("made", "landed")]
        spent = " | ".join(f"{median(row[to] - row[since] for row in rows):.0f}" for since, to in parts)
        yield f"| {sample} | {spent} |"


def loop_lines(of: Figures) -> Iterator[str]:
    """How often each loop was away for how long; the longest, by what was done."""
    heads = [f"over {step:.3g} ms" for step in STEPS]
    yield f"| loop | turns | {' | '.join(heads)} | longest, ms |"
    yield f"|---|--:|{'--:|' * len(STEPS)}--:|"
    for painter, figures in of.items():
        rows = {f"panel, {kind}, {painter}": [ms for ms, _ in figures[kind]] for kind in ("idle", "fill")}
        rows[f"GIMP answers, fill, {painter}"] = figures["beats"]
        for name, gaps in rows.items():
            counts = " | ".join(str(sum(gap > step for gap in gaps)) for step in STEPS)
            yield f"| {name} | {len(gaps)} | {counts} | {max(gaps):.0f} |"
    yield "\nThe panel's gaps that are longer than a frame, by what took longest in them:\n"
    yield "| during | gaps | median, ms | longest, ms |"
    yield "|---|--:|--:|--:|"
    found: dict[str, list[float]] = {}
    for figures in of.values():
        for ms, what in figures["fill"]:
            if ms > FRAME:
                found.setdefault(what or "nothing of ours (GTK paints, or others work)", []).append(ms)
    for what, gaps in sorted(found.items(), key=lambda one: -max(one[1])):
        yield f"| {what} | {len(gaps)} | {median(gaps):.0f} | {max(gaps):.0f} |"
    yield ""
    for painter, figures in of.items():
        drawn = figures["drawn"]
        yield f"- strokes drawn on the screen while {painter} worked: **{sum(drawn)} of {len(drawn)}**"
        yield verdict(f"longest gap of the panel, {painter}, ms", max(ms for ms, _ in figures["fill"]), FRAME)


def fill_lines(of: Figures) -> Iterator[str]:
    """Memory by process and stage."""
    stages: dict[str, dict[str, int]] = of["memory"]
    names = list(stages["warm"])
    yield f"| after | {' | '.join(f'{name}, MB' for name in names)} |"
    yield f"|---|{'--:|' * len(names)}"
    titles = {stage: title.format(of["count"]) for stage, title in STAGES.items()}
    for stage, title in titles.items():
        yield f"| {title} | {' | '.join(f'{stages[stage][name] / 1e6:.0f}' for name in names)} |"
    yield ""
    for name in names:
        # What GIMP keeps in hand for the tiles of an image that is open is given back with it.
        before, after = ("closed", "closed again") if name == "GIMP" else ("warm", "forgotten")
        more = (stages[after][name] - stages[before][name]) / 1e6
        yield verdict(f"{name}: MB more after “{titles[after]}” than after “{titles[before]}”", more, BASE)
    same = of["same"]
    yield f"- states that undo and redo gave back byte by byte: **{sum(same.values())} of {len(same)}**"


def panel_lines(of: Figures) -> Iterator[str]:
    """What it costs to open it, and to leave it open."""
    first, *later = of["opened"]
    yield f"- key to window: **{first:.0f} ms** in a GIMP that was just started, then **{_spread(later)} ms**"
    yield f"- memory of its process, before a fill: **{of['memory'] / 1e6:.0f} MB**\n"
    yield "| in a minute of idleness | GIMP wakes | GIMP, ms of processor | panel wakes | panel, ms of processor |"
    yield "|---|--:|--:|--:|--:|"
    for state in ("closed", "open"):
        each = [of[state][name][what] for name in ("gimp", "sfumato") for what in ("wakes", "ms")]
        yield f"| panel {state} | {' | '.join(f'{one:.0f}' for one in each)} |"


def _spread(of: Sequence[float]) -> str:
    """Median, and from least to most: `12 (10–19)`."""
    return f"{median(of):.0f} ({min(of):.0f}–{max(of):.0f})"
