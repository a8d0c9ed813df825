"""What was measured of the panel as lines of Markdown, each figure beside the bound that it is held to."""

from collections.abc import Iterator, Sequence
from statistics import median, quantiles
from typing import Any

from bench.report import verdict

Figures = dict[str, Any]

FASTER = 10.0
"""So many times faster than the same pixels as PNG in base64."""
FRAME = 1000 / 60
"""Milliseconds: how often the screen turns."""
BASE = 5.0
"""MB by which a process may hold more than before: what allocators keep in hand."""
STAGES = {
    "warm": "three fills, closed",
    "filled": "{} fills",
    "redone": "all undone and redone by keys",
    "closed": "closed",
    "closed again": "opened again, {} fills, closed",
}
ROWS = {
    "blank": "a blank page",
    "rest": "the page, nothing is done",
    "brush": "brushing",
    "brush, fill": "brushing during a fill",
}
HELD = {
    "heap": "JS heap, MB",
    "pixels": "pixels beside it, MB",
    "nodes": "DOM nodes",
    "listeners": "listeners",
    "blobs": "blob URLs",
    "renderers": "browser, MB",
    "bridge": "bridge, MB",
    "painter": "painter, MB",
}
"""What is held, and what its column is called. Counts are counts; all else is bytes."""
COUNTS = "nodes", "listeners", "blobs"


def weight_lines(rows: Sequence[Figures]) -> Iterator[str]:
    """What the bundles weigh."""
    yield "| bundle | KB | gzip, KB |"
    yield "|---|--:|--:|"
    for row in rows:
        yield (
            f"| {row['what']} | {row['bytes'] / 1000:.1f} | {row['gz'] / 1000:.1f} |"
            if row["gz"]
            else (f"| {row['what']} | {row['bytes'] / 1000:.1f} | – |")
        )


def ready_lines(of: Sequence[Figures], fills: Sequence[Figures]) -> Iterator[str]:
    """Until the page is there, and until a newcomer's first layer is."""
    yield "| since the navigation began | ms (spread) |"
    yield "|---|--:|"
    names = {
        "paint": "something is painted",
        "loaded": "its script has run",
        "ready": "paired, the bridge has answered",
    }
    for name, title in names.items():
        yield f"| {title} | {_spread([one[name] for one in of])} |"
    yield f"\n{median(one['bytes'] for one in of) / 1000:.0f} KB are fetched, uncompressed, from this machine.\n"
    yield "| on the sample | first fill, ms (spread) | second, ms (spread) |"
    yield "|---|--:|--:|"
    yield f"| *Try the sample* to seen | {_spread([one['opened'] for one in fills])} | – |"
    for name, title in (("pressed", "*Remove* to layer seen"), ("selected", "with the selection before it")):
        each = [_spread([one[which][name] for one in fills]) for which in ("first", "second")]
        yield f"| {title} | {' | '.join(each)} |"


def frame_lines(of: Figures) -> Iterator[str]:
    """Between two turns of the screen."""
    width, height = next(iter(of.values()))["picture"]
    yield f"A picture of {width} × {height} px; a fill of 700² there, three variations.\n"
    yield "| painter | | turns | median, ms | 95 of 100, ms | longest, ms | over 33.3 ms | over 100 ms |"
    yield "|---|---|--:|--:|--:|--:|--:|--:|"
    for painter, figures in of.items():
        for name, title in ROWS.items():
            gaps = figures["frames"][name]
            over = " | ".join(f"{100 * sum(gap > step for gap in gaps) / len(gaps):.1f} %" for step in (33.3, 100))
            figure = f"{median(gaps):.1f} | {p95(gaps):.1f} | {max(gaps):.0f}"
            yield f"| {painter} | {title} | {len(gaps)} | {figure} | {over} |"
    yield ""
    for painter, figures in of.items():
        gaps = figures["frames"]["brush, fill"]
        yield verdict(f"brushing during a fill, {painter}, median ms", median(gaps), FRAME + 0.5)
        yield verdict(f"brushing during a fill, {painter}, 95 of 100, ms", p95(gaps), 2 * FRAME)
        yield f"- such a fill, {painter}, with the strokes beside it: **{_spread(figures['fills'], 1)} s**"


def fill_lines(of: Figures) -> Iterator[str]:
    """What is held by stage."""
    held = of["held"]
    yield f"| after | {' | '.join(HELD.values())} |"
    yield f"|---|{'--:|' * len(HELD)}"
    titles = {stage: title.format(of["count"]) for stage, title in STAGES.items()}
    for stage, title in titles.items():
        each = (f"{held[stage][name]:.0f}" if name in COUNTS else f"{held[stage][name] / 1e6:.1f}" for name in HELD)
        yield f"| {title} | {' | '.join(each)} |"
    yield ""
    for name, title in HELD.items():
        more = held["closed again"][name] - held["closed"][name]
        said = f"{title}: more after “{titles['closed again']}” than after “{titles['closed']}”"
        yield verdict(said, more, 0, digits=0) if name in COUNTS else verdict(said, more / 1e6, BASE)
    same = "the same" if of["same"] and of["changed"] else "NOT THE SAME"
    yield f"- undone and redone through all of it, the saved pixels are **{same}**"


def race_lines(of: Figures) -> Iterator[str]:
    """Enter to accepted, both ways."""
    width, height = of["picture"]
    box = of["ours"][0]["box"]
    yield f"A selection of {of['side']}² in {width} × {height} px, 8 bits; sent is a box of {box[2]} × {box[3]} px.\n"
    yield "| | ms (spread) | MB sent |"
    yield "|---|--:|--:|"
    for title, name in (("Enter to accepted, ours", "ours"), ("the same as PNG and base64 in JSON", "theirs")):
        rows = of[name]
        sent = median(one["bytes"] for one in rows) / 1e6
        yield f"| {title} | {_spread([one['ms'] for one in rows])} | {sent:.1f} |"
    for title, name in (
        ("of ours, until the bridge has asked for pixels", "asked"),
        ("Enter to layer seen, ours", "seen"),
    ):
        yield f"| {title} | {_spread([one[name] for one in of['ours']])} | – |"
    yield "\nThe painter copies. Theirs is served by a bare server that decodes, and writes nothing to a disk.\n"
    times = median(one["ms"] for one in of["theirs"]) / median(one["ms"] for one in of["ours"])
    yield verdict("Enter to accepted, PNG ÷ ours", times, FASTER, at_least=True)
    same = all(one["same"] for one in of["theirs"])
    yield f"- the pixels that they carry: **{'the same' if same else 'NOT THE SAME'}**, value by value"


def p95(of: Sequence[float]) -> float:
    """What 95 of 100 do not exceed."""
    return quantiles(of, n=100, method="inclusive")[94]


def _spread(of: Sequence[float], digits: int = 0) -> str:
    """Median, and from least to most: `12 (10–19)`."""
    return f"{median(of):.{digits}f} ({min(of):.{digits}f}–{max(of):.{digits}f})"
