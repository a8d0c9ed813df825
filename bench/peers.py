"""Measures the engine against a ComfyUI that is already here: `python run.py bench peers --comfyui FOLDER`.

The same random weights in the released shapes, sizes, steps and precision, in turn in one run. Run so far against a
double of ComfyUI's API only: no real one was at hand.
"""

import argparse
import io
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
from PIL import Image

from bench import checkpoints
from bench.comfy import Comfy, graph, running
from bench.engine import DPM, EULER, LCM, machine, machine_lines
from bench.engine_race import Paint, seconds
from bench.painters import NEGATIVE, Course, Ours, other, plate
from bench.report import ratio, verdict
from bridge.engines import Plate
from bridge.engines.diffusion import devices

Figures = dict[str, Any]
SAMPLERS = {LCM: ("lcm", "sgm_uniform"), EULER: ("euler", "sgm_uniform"), DPM: ("dpmpp_2m", "normal")}
"""What ComfyUI calls a scheduler of diffusers: sampler, and how its steps lie."""
PRECISION = {torch.float16: "fp16", torch.bfloat16: "bf16", torch.float32: "fp32"}
"""What its options call a precision."""
NEEDED = (
    "This needs a ComfyUI that already runs on this machine, with its own Python: "
    "python run.py bench peers --comfyui FOLDER --python FOLDER/venv/bin/python. "
    "FOLDER is the one that holds its main.py."
)
COURSES = (
    Course("SD 1.5, inpainting, 4 steps", "sd15-few", "inpaint", LCM, 512, 4, 1.0, 15),
    Course("SD 1.5, inpainting, 30 steps, guided", "sd15", "inpaint", DPM, 512, 30, 7.0, 5),
    Course("SDXL, inpainting, 4 steps", "sdxl-few", "inpaint", EULER, 1024, 4, 1.0, 15),
    Course("SDXL, inpainting, 30 steps, guided", "sdxl", "inpaint", EULER, 1024, 30, 6.0, 5),
)


def main(arguments: Sequence[str] | None = None, courses: Sequence[Course] = COURSES) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python run.py bench peers", description=__doc__.partition("\n")[0])
    parser.add_argument("--comfyui", type=Path, metavar="FOLDER", help="the folder that holds ComfyUI's main.py")
    parser.add_argument("--python", default=sys.executable, metavar="PROGRAM", help="the Python that runs it")
    parser.add_argument("--family", choices=("sd15", "sdxl"), help="one of them; both without")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure")
    given = parser.parse_args(arguments)
    if not (given.comfyui and (given.comfyui / "main.py").is_file()):
        print(f"There is no main.py in {given.comfyui}. {NEEDED}" if given.comfyui else NEEDED, file=sys.stderr)
        return 2
    device = devices.choose("auto")
    figures: Figures = {"machine": machine(device), "race": []}
    for line in machine_lines(figures["machine"]):
        print(line, flush=True)
    for course in courses:
        if course.family.startswith(given.family or ""):
            figures["race"].append(_course(course, given.comfyui, given.python, device))
    for line in race_lines(figures["race"]):
        print(line, flush=True)
    if given.json:
        given.json.write_text(json.dumps(figures, indent=1) + "\n", "utf-8")
    return 0


def _course(course: Course, folder: Path, python: str, device: torch.device) -> Figures:
    """Write the checkpoint, start ComfyUI on it beside our engine, and let both paint."""
    with tempfile.TemporaryDirectory(prefix="sfumato-bench-") as place:
        models, family = Path(place) / "models", course.family.removesuffix("-few")
        models.mkdir()
        shapes, path = checkpoints.real(family), models / f"{family}.safetensors"
        model = checkpoints.file(path, course.family, course.layout, shapes, device, course.scheduler)
        ours = Ours(model, device)
        with running(folder, models, Path(place) / "room", told(ours), python) as comfy:
            return race(course, ours, comfy, path.name)


def told(ours: Ours) -> tuple[str, ...]:
    """Options of ComfyUI by which it computes where and as exactly as we do, and lets nothing go."""
    unet, vae = PRECISION[ours.parts.unet.dtype], PRECISION[ours.parts.vae.dtype]
    where = "--cpu" if ours.parts.unet.device.type == "cpu" else "--highvram"
    return (where, f"--{unet}-unet", f"--{unet}-text-enc", f"--{vae}-vae")


def race(course: Course, ours: Ours, comfy: Comfy, checkpoint: str) -> Figures:
    """Seconds of every round after one that is not counted: of a first fill, and again with another seed. ComfyUI's
    whole, from the graph's sending to its end, and what of that its nodes for files took; our engine reads none.
    """
    given = plate(course.side, course.strength)
    device = ours.parts.unet.device
    s: dict[str, list[float]] = {name: [] for name in ("ours first", "ours again", "comfyui first", "comfyui again")}
    files: dict[str, list[float]] = {"comfyui first": [], "comfyui again": []}
    contenders: dict[str, Paint] = {
        "ours first": lambda n: ours.paint(course, other(given, n), f"a first red roof {n}", n),
        "ours again": lambda n: ours.paint(course, given, "a red roof", n),
    }
    known = comfy.upload("again.png", png(given))
    for number in range(course.rounds + 1):
        for name, paint in contenders.items():
            took = seconds(paint, number, device)
            if number:
                s[name].append(took)
        new = comfy.upload(f"first-{number}.png", png(given, number))
        for name, picture, prompt in (
            ("comfyui first", new, f"a first red roof {number}"),
            ("comfyui again", known, "a red roof"),
        ):
            asked = graph(
                checkpoint, picture, (prompt, NEGATIVE), course.layout == "inpaint", _sampling(course, number)
            )
            run = comfy.run(asked)
            _check(run.png, course.side)
            if number:
                s[name].append(run.seconds)
                files[name].append(run.files)
    return {"name": course.name, "comfyui": comfy.version, "s": s, "files": files}


def race_lines(rows: Sequence[Figures]) -> Iterator[str]:
    """Seconds, gains and verdicts of the courses."""
    yield "Seconds, medians (and the fastest round); *its files*: what of that its nodes took that read or write one.\n"
    yield f"ComfyUI {', '.join(sorted({row['comfyui'] for row in rows}))}.\n"
    yield "| course | ours first | ours again | ComfyUI first | its files | ComfyUI again | its files |"
    yield "|---|--:|--:|--:|--:|--:|--:|"
    for row in rows:
        s, files = row["s"], row["files"]
        cells = [_cell(s["ours first"]), _cell(s["ours again"])]
        for name in ("comfyui first", "comfyui again"):
            cells += [_cell(s[name]), f"{median(files[name]):.3f}"]
        yield f"| {row['name']} | {' | '.join(cells)} |"
    yield ""
    for row in rows:
        for which in ("first", "again"):
            of = [
                whole - part
                for whole, part in zip(*(row[at][f"comfyui {which}"] for at in ("s", "files")), strict=True)
            ]
            gain = ratio(of, row["s"][f"ours {which}"])
            yield verdict(f"{row['name']}, {which}: ComfyUI without its files ÷ ours", gain, 1.0, True, 2)


def png(given: Plate, mark: int | None = None) -> bytes:
    """The plate's picture; its alpha is 0 where it may be painted, which ComfyUI reads as its mask. With a `mark`, a
    first pixel of its own: a content that was not sent before.
    """
    alpha = 1 - given.m[..., None]
    pixels = np.rint(np.concatenate([given.rgb, alpha], axis=2) * 255).astype(np.uint8)
    if mark is not None:
        pixels[0, 0, :2] = divmod(mark, 256)
    sink = io.BytesIO()
    Image.fromarray(pixels).save(sink, "PNG", compress_level=1)
    return sink.getvalue()


def _sampling(course: Course, seed: int) -> dict[str, Any]:
    """For its KSampler, which runs all of its steps at any strength, as we count them."""
    sampler, spacing = SAMPLERS[course.scheduler]
    found = {"seed": seed, "steps": course.steps, "cfg": course.guidance, "denoise": course.strength}
    return found | {"sampler_name": sampler, "scheduler": spacing}


def _check(painted: bytes, side: int) -> None:
    size = Image.open(io.BytesIO(painted), formats=("PNG",)).size
    assert size == (side, side), f"ComfyUI painted {size[0]} × {size[1]} px, expected {side} × {side}"


def _cell(of: Sequence[float]) -> str:
    return f"{median(of):.3f} ({min(of):.3f})"


if __name__ == "__main__":
    sys.exit(main())
