"""What was measured of the engine, as lines of Markdown, each figure beside the bound that it is held to."""

from collections.abc import Iterator, Mapping, Sequence
from statistics import median
from typing import Any

from bench.report import ratio, verdict

Figures = dict[str, Any]

SHARE = 0.95
"""A fill again comes so near to what a call can cost that encodes neither words nor the picture."""
WORDS = {
    "stock": "stock",
    "first": "first fill",
    "prompt": "new prompt",
    "seed": "new seed",
    "strength": "new strength",
}
"""The contenders, as the tables name them."""
REAL = {"sd15": "53 % of 6.8 TFLOP at 512²", "sdxl": "36 % of 42 TFLOP at 1024²"}
"""The autoencoder's share of four steps without guidance, counted on the released shapes (`checkpoints.arithmetic`)."""


def ceiling(row: Figures) -> float:
    """How many times faster the stock pipeline would be, did it not encode words and picture anew."""
    spent = row["inside"]["stock"]
    share = median(
        (text + encode) / whole
        for text, encode, whole in zip(spent["text"], spent["encode"], spent["whole"], strict=True)
    )
    return float(1 / (1 - share))


def gain(row: Figures, name: str = "seed") -> float:
    """How many times faster than the stock pipeline a contender is, medians."""
    return ratio(row["s"]["stock"], row["s"][name])


def race_lines(rows: Sequence[Figures]) -> Iterator[str]:
    """Seconds, gains and verdicts of the courses."""
    yield "Seconds, medians (and the fastest round); *stock ÷* is how many times faster than the stock pipeline.\n"
    yield "| course | calls | stock | first fill | new prompt | new seed | new strength |"
    yield "|---|--:|--:|--:|--:|--:|--:|"
    for row in rows:
        cells = " | ".join(_seconds(row["s"].get(name)) for name in WORDS)
        yield f"| {row['name']} | {row['calls']} | {cells} |"
    yield ""
    columns = "stock ÷ first | stock ÷ new prompt | stock ÷ new seed | fastest ÷ fastest | ceiling | of the ceiling"
    yield f"| course | {columns} |"
    yield "|---|--:|--:|--:|--:|--:|--:|"
    for row in rows:
        gains = " | ".join(
            f"{gain(row, name):.2f}×" if name in row["s"] else "–" for name in ("first", "prompt", "seed")
        )
        fastest = min(row["s"]["stock"]) / min(row["s"]["seed"])
        share = gain(row) / ceiling(row)
        yield f"| {row['name']} | {gains} | {fastest:.2f}× | {ceiling(row):.2f}× | {share:.2f} |"
    yield ""
    for row in rows:
        yield verdict(f"{row['name']}: a new seed, share of the ceiling", gain(row) / ceiling(row), SHARE, True, 2)
        if row["at_least"]:
            yield verdict(f"{row['name']}: stock ÷ new seed", gain(row), row["at_least"], True, 2)


def share_lines(rows: Sequence[Figures]) -> Iterator[str]:
    """Where a call of the stock pipeline goes, and the arithmetic behind it."""
    yield "| course | denoiser | encode | decode | text | all else | autoencoder in the arithmetic |"
    yield "|---|--:|--:|--:|--:|--:|--:|"
    for row in rows:
        spent = {name: median(of) for name, of in row["inside"]["stock"].items()}
        shares = [spent[name] / spent["whole"] for name in ("step", "encode", "decode", "text")]
        cells = " | ".join(f"{100 * one:.0f} %" for one in (*shares, max(0.0, 1 - sum(shares))))
        yield f"| {row['name']} | {cells} | {_arithmetic(row)} |"
    yield "\nThe released models, four steps without guidance: SD 1.5 {sd15}, SDXL {sdxl}.".format(**REAL)


def overhead_lines(rows: Sequence[Figures]) -> Iterator[str]:
    """Milliseconds outside denoiser and autoencoder."""
    yield "| tiny checkpoint | steps | stock | first fill | new prompt | new seed |"
    yield "|---|--:|--:|--:|--:|--:|"
    for row in rows:
        ms = " | ".join(f"{median(row['ms'][name]):.1f} ({min(row['ms'][name]):.1f})" for name in list(WORDS)[:4])
        yield f"| {row['name']} | {row['steps']} | {ms} |"


def latency_lines(rows: Sequence[Figures]) -> Iterator[str]:
    """How soon there is something to see, and how soon it stops."""
    yield "| course | step, ms | first preview, ms after its step | cancel: ours, steps | stock's interrupt, steps |"
    yield "|---|--:|--:|--:|--:|"
    for row in rows:
        step, preview = median(row["step"]) * 1000, median(row["preview"]) * 1000
        cancels = " | ".join(f"{median(row[name]):.2f} (worst {max(row[name]):.2f})" for name in ("ours", "stock"))
        yield f"| {row['name']} | {step:.0f} | {preview - step:.1f} | {cancels} |"
    yield ""
    for row in rows:
        yield verdict(f"{row['name']}: a cancel, steps, worst", max(row["ours"]), 1.0, False, 2)


def memory_lines(rows: Sequence[Figures]) -> Iterator[str]:
    """Bytes at the peak, each painter alone in a process."""
    yield "| course | loaded: ours, MB | stock | peak: ours, MB | stock | more than loaded: ours, MB | stock |"
    yield "|---|--:|--:|--:|--:|--:|--:|"
    for row in rows:
        ours, stock = row["ours"], row["stock"]
        found = [one[name] for name in ("before", "peak") for one in (ours, stock)]
        found += [one["peak"] - one["before"] for one in (ours, stock)]
        yield f"| {row['name']} | " + " | ".join(f"{one / 1e6:.0f}" for one in found) + " |"
    yield ""
    for row in rows:
        yield verdict(f"{row['name']}: our peak ÷ stock's", row["ours"]["peak"] / row["stock"]["peak"], 1.0, False, 2)


def _seconds(of: Sequence[float] | None) -> str:
    return f"{median(of):.3f} ({min(of):.3f})" if of else "–"


def _arithmetic(row: Mapping[str, Any]) -> str:
    """Of one fill of the stock pipeline without guidance."""
    if not (tera := row.get("tera")):
        return "–"
    autoencoder = tera["encode"] + tera["decode"]
    whole = autoencoder + row["calls"] * tera["step"] + tera["text"]
    return f"{100 * autoencoder / whole:.0f} % of {whole:.2g} TFLOP"
