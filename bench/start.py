"""How soon a bridge answers, what it holds while it waits, and what it has not loaded."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.children import ROOT
from bench.memory import Resident, resident
from bench.ours import ABOUT
from bridge.client import Client
from bridge.protocol.errors import Refusal

Figures = dict[str, Any]
SERVE = ["-m", "bridge.cli", "serve", "--port", "0"]
HEAVY = ("torch", "numpy", "scipy", "PIL")
"""What a bridge must not load before it is needed."""


def start(rounds: int) -> Figures:
    """Milliseconds from the start of `sfumato serve` to the first client that is let in, and bytes of memory then;
    the modules that it loads meanwhile."""
    took, held = zip(*(_start() for _ in range(rounds)), strict=True)
    modules = loaded()
    heavy = sorted({module.split(".")[0] for module in modules} & set(HEAVY))
    own, files = min(held)
    return {"ms": took, "own": own, "files": files, "modules": len(modules), "heavy": heavy}


def _start() -> tuple[float, Resident]:
    with tempfile.TemporaryDirectory(prefix="sfumato-bench-") as folder:
        begun = time.perf_counter()
        with _serve(Path(folder), subprocess.DEVNULL) as bridge:
            _first_client(Path(folder), begun + 30)
            took = round((time.perf_counter() - begun) * 1000, 2)
            held = resident(bridge.pid)
            bridge.terminate()
    return took, held


def _first_client(folder: Path, until: float) -> None:
    while True:
        try:
            Client(ABOUT, folder, start=False).close()
            return
        except Refusal:
            if time.perf_counter() > until:
                raise
            time.sleep(0.002)


def loaded() -> set[str]:
    """Every module that a bridge loads until a client is let in."""
    with (
        tempfile.TemporaryDirectory(prefix="sfumato-bench-") as folder,
        _serve(Path(folder), subprocess.PIPE, "-X", "importtime") as bridge,
    ):
        _first_client(Path(folder), time.perf_counter() + 30)
        bridge.terminate()
        _, told = bridge.communicate()
    return {line.rpartition("|")[2].strip() for line in told.splitlines() if line.startswith("import time:")}


def _serve(folder: Path, told: int, *options: str) -> "subprocess.Popen[str]":
    surroundings = os.environ | {"SFUMATO_HOME": str(folder)}
    command = [sys.executable, *options, *SERVE]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=told, text=True, cwd=ROOT, env=surroundings)
