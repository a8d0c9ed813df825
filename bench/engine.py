"""Measures the engine against diffusers' own pipelines and prints Markdown: `python run.py bench engine`.

The same weights, sizes, steps and precision, in turn in one run. On a CPU with random checkpoints of a quarter of the
released width, on a CUDA device with the released shapes.
"""

import argparse
import gc
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from bench import checkpoints, report
from bench import engine_report as lines
from bench.engine_memory import peaks
from bench.engine_race import latency, overhead, race
from bench.painters import Course, Ours, Stock
from bridge.engines.diffusion import devices
from bridge.engines.diffusion.components import Config
from bridge.models import Model

Figures = dict[str, Any]
GAIN = 1.2
"""A fill again is so many times faster than the stock pipeline, at 4 steps without guidance; never slower at 30."""
LEAST = 256
"""Side in pixels at which memory is measured at least: on less, the libraries' own need hides a plate's."""
DPM, EULER, LCM = "DPMSolverMultistepScheduler", "EulerDiscreteScheduler", "LCMScheduler"


@dataclass(frozen=True)
class Scope:
    """How much is measured: on which shapes, by family; the courses, those whose peak of memory is measured, and those
    that are painted by tiny checkpoints to see what is spent outside the components.
    """

    about: str
    shapes: Callable[[str], Config]
    courses: tuple[Course, ...]
    memory: tuple[Course, ...]
    overheads: tuple[Course, ...]


def _scope(
    about: str, shapes: Callable[[str], Config], sides: tuple[int, ...], rounds: tuple[int, int, int], memory: bool
) -> Scope:
    """The courses at these sides, in these rounds: those of four steps, those of thirty, those of the overhead."""
    few, many, tiny = rounds
    courses = (
        Course("SD 1.5, inpainting, 4 steps", "sd15-few", "inpaint", LCM, sides[0], 4, 1.0, few, at_least=GAIN),
        Course("SD 1.5, inpainting, 30 steps, guided", "sd15", "inpaint", DPM, sides[1], 30, 7.0, many, at_least=1.0),
        Course("SD 1.5, 6 of 10 steps, guided", "sd15", "base", DPM, sides[0], 10, 7.0, few, strength=0.6),
        Course("SD 1.5, a base model's hole, 4 steps", "sd15-few", "base", LCM, sides[0], 4, 1.0, few, at_least=GAIN),
        Course("SDXL, inpainting, 4 steps", "sdxl-few", "inpaint", EULER, sides[2], 4, 1.0, few, at_least=GAIN),
        Course("SDXL, a base model's hole, 4 steps", "sdxl-few", "base", EULER, sides[2], 4, 1.0, few, at_least=GAIN),
        Course("SDXL, inpainting, 30 steps, guided", "sdxl", "inpaint", EULER, sides[3], 30, 6.0, many, at_least=1.0),
    )
    overheads = (
        Course("SD 1.5, inpainting", "sd15-few", "inpaint", LCM, 64, 4, 1.0, tiny),
        Course("SD 1.5, inpainting", "sd15-few", "inpaint", LCM, 64, 12, 1.0, tiny),
        Course("SDXL, inpainting", "sdxl-few", "inpaint", EULER, 64, 4, 1.0, tiny),
    )
    peaked = tuple(one for one in courses if memory and one.layout == "inpaint" and one.at_least == GAIN)
    return Scope(about, shapes, courses, peaked, overheads)


CPU = _scope(
    "Random weights, a quarter of the released width in every component, at their depth.",
    checkpoints.medium,
    (192, 128, 160, 96),
    (5, 5, 15),
    memory=True,
)
CUDA = _scope("Random weights in the released shapes.", checkpoints.real, (512, 512, 1024, 1024), (15, 5, 25), True)
QUICK = _scope("Tiny checkpoints: only the overhead means something.", checkpoints.small, (64,) * 4, (2, 1, 3), False)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python run.py bench engine", description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="tiny checkpoints, half a minute instead of minutes")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure")
    given = parser.parse_args(arguments)
    if not torch.cuda.is_available():
        torch.set_num_threads(1)  # threads that wait for each other on a busy machine measure the machine
    figures: Figures = {}
    for line in measure(QUICK if given.quick else CUDA if torch.cuda.is_available() else CPU, figures):
        print(line, flush=True)
    if given.json:
        given.json.write_text(json.dumps(figures, indent=1) + "\n", "utf-8")
    return 0


def measure(scope: Scope, figures: Figures) -> Iterator[str]:
    """Measure all of it; yields the lines to print as they are known, and fills `figures`."""
    begun, device = time.monotonic(), devices.choose("auto")
    figures |= {"machine": machine(device), "race": [], "latency": [], "memory": [], "overhead": []}
    yield from machine_lines(figures["machine"])
    yield f"{scope.about}\n"
    with tempfile.TemporaryDirectory(prefix="sfumato-bench-") as place:
        for course in scope.courses:
            model = _model(Path(place), course, scope.shapes, device)
            ours, stock = _both(model, device, course)
            row = race(course, ours, stock)
            figures["race"].append(row)
            if course.at_least == GAIN:
                row["tera"] = checkpoints.arithmetic(scope.shapes(course.family), course.layout, course.side)
                figures["latency"].append(latency(course, ours, stock))
            del ours, stock
            gc.collect()  # modules hold circles
            devices.give_back(device)
            if course in scope.memory:
                figures["memory"].append(peaks(model, replace(course, side=max(LEAST, course.side))))
            yield f"<!-- {course.name}: {lines.gain(row):.2f}×, {time.monotonic() - begun:.0f} s -->"
        for course in scope.overheads:
            model = _model(Path(place) / "tiny", course, checkpoints.small, device)
            figures["overhead"].append(overhead(course, *_both(model, device, course)))
    yield from _said(figures)
    figures["seconds"] = round(time.monotonic() - begun, 1)
    figures["after"] = report.machine()
    yield f"\nMeasured in {figures['seconds']:.0f} s. Load at the end: {figures['after']['load']}."


def machine(device: torch.device) -> Figures:
    """Where this is measured, on what and how exactly."""
    versions = {name: version(name) for name in ("torch", "diffusers", "transformers")}
    dtype = str(devices.precision(device)).removeprefix("torch.")
    own = {"device": devices.facts(device).name, "dtype": dtype, "threads": torch.get_num_threads()}
    return report.machine() | own | {"versions": versions}


def machine_lines(of: Figures) -> Iterator[str]:
    """Two lines about the machine."""
    yield from report.machine_lines(of)
    clock = "seconds are those of the processor" if of["device"] == "CPU" else "seconds are the wall's"
    yield f"Painted on {of['device']} in {of['dtype']}, threads: {of['threads']}; {clock}.\n"


def _said(figures: Figures) -> Iterator[str]:
    yield "\n### Again\n"
    yield from lines.race_lines(figures["race"])
    yield "\n### Where a stock call goes\n"
    yield from lines.share_lines(figures["race"])
    yield "\n### Outside denoiser and autoencoder\nMilliseconds, medians (and the least).\n"
    yield from lines.overhead_lines(figures["overhead"])
    yield "\n### First preview and cancel\n"
    yield from lines.latency_lines(figures["latency"])
    if figures["memory"]:
        yield "\n### Memory\n"
        yield from lines.memory_lines(figures["memory"])


def _model(place: Path, course: Course, shapes: Callable[[str], Config], device: torch.device) -> Model:
    """The course's checkpoint, written once for all courses of its family and layout, sampled as this one wants it."""
    family = course.family.removesuffix("-few")
    place.mkdir(exist_ok=True)
    path = place / f"{family}-{course.layout}"
    model = checkpoints.folder(path, course.family, course.layout, shapes(family), device)
    checkpoints.sampled(model, course.scheduler)
    return model


def _both(model: Model, device: torch.device, course: Course) -> tuple[Ours, Stock]:
    ours = Ours(model, device)
    return ours, Stock.beside(ours, course.inpaints)


if __name__ == "__main__":
    sys.exit(main())
