"""Figures as lines of Markdown, each beside the bound that it is held to."""

import os
import platform
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from statistics import median, quantiles
from typing import Any

Figures = dict[str, Any]

WIRE = 4.0
"""The wire alone, up and down, may take so many times what a bare socket takes."""
FASTER = 10.0
"""So many times faster than PNG in base64 in JSON, on a photograph of 1024²."""
PATIENCE = 50.0
"""Milliseconds: a cancel, and 99 of 100 pings beside a client that streams."""
GROWTH = 16e6
"""Bytes of the bridge's own memory that one slow reader may cost."""
COUNTED = 4e6
"""Bytes of a picture from which on its rounds are long enough for a system that counts processor time in ticks."""
START = 1000.0
"""Milliseconds until a bridge answers."""


def machine() -> Figures:
    """Where this is measured, and how busy it is now."""
    load = " ".join(f"{one:.1f}" for one in os.getloadavg()) if hasattr(os, "getloadavg") else "unknown"
    packages = ("websockets", "msgpack", "pillow", "imagecodecs", "numpy")
    versions = {name: version(name) for name in packages} | {"python": platform.python_version()}
    return {
        "system": f"{platform.system()} on {platform.machine()}",
        "cores": os.cpu_count(),
        "load": load,
        "versions": versions,
    }


def machine_lines(of: Figures) -> Iterator[str]:
    """One line about the machine."""
    versions = ", ".join(f"{name} {number}" for name, number in of["versions"].items())
    yield f"{of['system']}, {of['cores']} cores, load at the beginning: {of['load']}; {versions}."


def ratio(of: Sequence[float], to: Sequence[float]) -> float:
    """Median over median."""
    return median(of) / median(to)


def trip_lines(rows: Sequence[Figures], judged: int) -> Iterator[str]:
    """Each contender in times of a bare socket; how many times faster than the others a whole fill is; verdicts."""
    yield "| picture | MB | raw TCP, ms | wire | fill | A1111 | ComfyUI | fill, ms | A1111 ÷ fill | ComfyUI ÷ fill |"
    yield "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|"
    for row in rows:
        ms = row["ms"]
        to_tcp = " | ".join(f"{ratio(ms[name], ms['tcp']):.1f}×" for name in ("wire", "ours", "a1111", "comfyui"))
        to_ours = " | ".join(f"{ratio(ms[name], ms['ours']):.1f}×" for name in ("a1111", "comfyui"))
        tcp, ours = (f"{median(ms[name]):.2f}" for name in ("tcp", "ours"))
        yield f"| {_kind(row)} | {row['bytes'] / 1e6:.2f} | {tcp} | {to_tcp} | {ours} | {to_ours} |"
    yield ""
    yield "Processor time of a round on both sides together, milliseconds:\n"
    yield "| picture | raw TCP | wire | fill | A1111 | ComfyUI | wire ÷ TCP | fill ÷ TCP |"
    yield "|---|--:|--:|--:|--:|--:|--:|--:|"
    for row in rows:
        if row["bytes"] < COUNTED:
            continue
        ms = row["processor_ms"]
        each = " | ".join(f"{ms[name]:.1f}" for name in ("tcp", "wire", "ours", "a1111", "comfyui"))
        yield f"| {_kind(row)} | {each} | {ms['wire'] / ms['tcp']:.1f}× | {ms['ours'] / ms['tcp']:.1f}× |"
    yield ""
    by = {(row["side"], row["depth"]): row["ms"] for row in rows}
    if ms := by.get((judged, "u8")):
        yield verdict(f"the wire at {judged}² u8, times raw TCP", ratio(ms["wire"], ms["tcp"]), WIRE)
    if ms := by.get((1024, "u8")):
        yield verdict("A1111 ÷ fill at 1024² u8", ratio(ms["a1111"], ms["ours"]), FASTER, at_least=True)


def _kind(row: Figures) -> str:
    return f"{row['side']}² {row['depth']} × {row['channels']}"


def cancel_lines(of: Figures) -> Iterator[str]:
    """From `cancel` to `done`."""
    ms, after = of["ms"], max(of["after"])
    yield verdict(f"`cancel` in {of['bytes'] / 1e6:.0f} MB to `done`, median ms", median(ms), PATIENCE)
    yield f"Slowest of {len(ms)}: {max(ms):.1f} ms; after the `cancel` {after / 1e6:.1f} MB of pixels left at most."


def neighbour_lines(of: Figures, side: int) -> Iterator[str]:
    """Pings of one client beside another."""
    yield "| beside | pings | median, ms | 99th of 100, ms | longest, ms | growth of the bridge's own memory, MB |"
    yield "|---|--:|--:|--:|--:|--:|"
    names = {
        "alone": "nobody",
        "slow": f"a slow reader of {side}² u8",
        "fast": f"a client that sends and takes {side}² u8 without pause",
    }
    for key, name in names.items():
        ms, growth = of[key]["ms"], of[key]["growth"] / 1e6
        yield f"| {name} | {len(ms)} | {median(ms):.2f} | {_p99(ms):.1f} | {max(ms):.1f} | {growth:.1f} |"
    yield ""
    yield verdict("own memory for a slow reader, MB", of["slow"]["growth"] / 1e6, GROWTH / 1e6)
    for key, name in (("slow", "a slow reader"), ("fast", "a fast client")):
        yield verdict(f"99th of 100 pings beside {name}, ms", _p99(of[key]["ms"]), PATIENCE)


def start_lines(of: Figures) -> Iterator[str]:
    """From a start to the first client."""
    yield verdict("`sfumato serve` to its first client, median ms", median(of["ms"]), START)
    heavy = ", ".join(of["heavy"]) or "none of torch, numpy, scipy, Pillow"
    memory = f"{of['own'] / 1e6:.0f} MB of its own and {of['files'] / 1e6:.0f} MB of program files"
    yield f"It then holds {memory}; of {of['modules']} modules it has loaded {heavy}."


def size_lines(rows: Sequence[Figures]) -> Iterator[str]:
    """Bytes of one fill."""
    yield "| document | selection | pixels up, bytes | pixels down, bytes | all else, bytes |"
    yield "|---|---|--:|--:|--:|"
    for row in rows:
        counts = " | ".join(f"{row[name]:,}" for name in ("up", "down", "control"))
        yield f"| {row['document']}² | {row['selection']}² | {counts} |"
    same = len({row["down"] for row in rows}) == 1
    yield f"\nThe layer is {'the same' if same else 'NOT THE SAME'} in all of them."


def _p99(of: Sequence[float]) -> float:
    return quantiles(of, n=100, method="inclusive")[98]


def verdict(what: str, value: float, bound: float, at_least: bool = False, digits: int = 1) -> str:
    """A line of a value, with so many digits behind the point, and whether it keeps its bound."""
    kept = value >= bound if at_least else value <= bound
    said = f"{'at least' if at_least else 'at most'} {bound:g}: {'kept' if kept else 'MISSED'}"
    return f"- {what}: **{value:.{digits}f}** ({said})"
