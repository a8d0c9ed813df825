#!/usr/bin/env python3
"""Sfumato from a fresh checkout, one word each. Needs nothing but Python: it makes the environment beside it.

No Makefile: Windows and slim images have no make.
"""

from __future__ import annotations  # an old Python must get as far as the sentence that says so

import hashlib
import importlib.util
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Call = Callable[..., subprocess.CompletedProcess[str]]

ROOT = Path(__file__).resolve().parent
OLDEST = (3, 11)

WORDS: dict[str, tuple[str, list[tuple[str, ...]]]] = {
    "demo": ("show the main job on real pictures", [("python", "-m", "bridge.demo")]),
    "test": (
        "run the tests; what follows goes to pytest",
        [("python", "-m", "pytest", "-n", "2", "--dist", "worksteal")],
    ),
    "gates": ("measure the pictures: gate, figure, bound", [("python", "-m", "tests.gates")]),
    "bench": ("measure the wire; `bench engine`, `bench peers`: what paints", [("python", "-m", "bench")]),
    "lint": (
        "check style, format and types",
        [("python", "-m", "ruff", "check"), ("python", "-m", "ruff", "format", "--check"), ("python", "-m", "mypy")],
    ),
    "serve": ("start the bridge", [("sfumato", "serve")]),
    "chaos": ("cut, kill and restart while it works", [("python", "-m", "tests.chaos")]),
    "models": ("list, add and verify models", [("sfumato", "models")]),
}
"""Each word: what it does, and the programs of the environment that do it, one after the other."""
LIGHT = {"demo", "serve", "chaos"}
"""Words that need no torch, which is a gigabyte, unless a model is named."""


def main(arguments: Sequence[str], root: Path = ROOT, call: Call = subprocess.run) -> int:
    """Do what the first argument says, with the rest. Returns the exit status of what failed first, or 0."""
    if not arguments or arguments[0] not in WORDS:
        print(usage())
        return 0 if not arguments or arguments[0] in ("help", "-h", "--help") else 2
    word, *rest = arguments
    scripts = prepare(root, call, light=word in LIGHT and not any(one.startswith("--model") for one in rest))
    surroundings = dict(os.environ)
    if word == "test":
        surroundings.setdefault("OMP_NUM_THREADS", "1")  # a second thread on a busy machine costs more than it brings
    status = 0
    for program, *fixed in WORDS[word][1]:
        done = call([executable(scripts, program), *fixed, *rest], cwd=root, env=surroundings)
        status = status or done.returncode
    return status


def usage() -> str:
    """The words, one on a line."""
    lines = [f"  {word:<7}{meaning}" for word, (meaning, _) in WORDS.items()]
    return "\n".join(["usage: python run.py WORD [ARGUMENTS]", "", *lines])


def prepare(root: Path, call: Call, light: bool = False) -> Path:
    """Make the environment beside this file where it is missing or stale. Returns the folder of its programs.

    `light` leaves out what only models need. A stamp holds what was installed: written last, so that an installation
    that broke off is made again.
    """
    environment = root / ".venv"
    scripts = environment / ("Scripts" if os.name == "nt" else "bin")
    stamp, wanted = environment / "sfumato.stamp", fingerprint(root)
    whole = f"{wanted} with models"
    there = stamp.read_text("ascii") if stamp.is_file() else ""
    if there == whole or (light and there == wanted):
        return scripts
    begun = time.monotonic()
    lacking = missing(sys.version_info[:3], importlib.util.find_spec)
    if lacking:
        stop(lacking)
    python = executable(scripts, "python")
    if not Path(python).exists():
        tell(begun, f"making the environment {environment}")
        install(call, [sys.executable, "-m", "venv", str(environment)])
    tell(begun, "installing what constraints.txt names (minutes the first time)")
    pip = [python, "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    extras = "dev" if light else "dev,diffusion"
    install(call, [*pip, "-c", str(root / "constraints.txt"), "-e", f"{root}[{extras}]"])
    stamp.write_text(wanted if light else whole, "ascii")
    tell(begun, "ready")
    return scripts


def executable(scripts: Path, program: str) -> str:
    """The path of a program in the environment."""
    return str(scripts / (f"{program}.exe" if os.name == "nt" else program))


def fingerprint(root: Path) -> str:
    """What the environment is made from: both lists of packages and the Python that it is for."""
    parts = [(root / name).read_bytes() for name in ("constraints.txt", "pyproject.toml")]
    return hashlib.sha256(b"\0".join([*parts, repr(sys.version_info[:2]).encode()])).hexdigest()


def missing(version: tuple[int, ...], find: Callable[[str], object]) -> str:
    """A sentence about what this Python lacks to make an environment; empty where it lacks nothing."""
    if version[:2] < OLDEST:
        old, new = (".".join(map(str, numbers)) for numbers in (version, OLDEST))
        return f"Sfumato needs Python {new} or newer and this is {old}. Run it with a newer one: python{new} run.py"
    if not (find("venv") and find("ensurepip")):
        return "This Python cannot make environments. Install python3-venv (sudo apt install python3-venv), then again."
    return ""


def install(call: Call, command: list[str]) -> None:
    """Run one step of the installation in silence; if it fails, show the end of what it said and stop."""
    done = call(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    if done.returncode:
        print(*done.stdout.splitlines()[-15:], sep="\n")
        failed = " ".join(command[1:4])
        stop(f"The installation failed ({failed}). Check network and disk and run it again; if it stays, delete .venv.")


def tell(begun: float, what: str) -> None:
    """One line with the seconds since the beginning."""
    print(f"[{time.monotonic() - begun:5.1f} s] {what}", flush=True)


def stop(why: str) -> NoReturn:
    """End with a sentence: 2 is the status of a machine that cannot do it."""
    print(why, file=sys.stderr)
    raise SystemExit(2)


if __name__ == "__main__":
    try:
        raise SystemExit(main(sys.argv[1:]))
    except KeyboardInterrupt:  # whatever ran has heard it too
        raise SystemExit(130) from None
