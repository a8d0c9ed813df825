"""Programs that a measurement starts beside itself: each says in a line that it is ready, and ends with its input."""

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


class Child:
    """A program that runs."""

    def __init__(self, module: str, process: "subprocess.Popen[str]") -> None:
        self.pid = process.pid
        self._module, self._process = module, process

    @cached_property
    def said(self) -> Any:
        """What it says when it is ready; waits until then."""
        return self.hear()

    def hear(self) -> Any:
        """Its next line, as plain values. Raises RuntimeError where it ended instead."""
        assert self._process.stdout
        if not (line := self._process.stdout.readline()):
            raise RuntimeError(f"{self._module} ended before its time; its own words stand above.")
        return json.loads(line)


@contextmanager
def child(module: str, *arguments: str) -> Iterator[Child]:
    """`python -m module arguments` for as long as the block lasts."""
    command = [sys.executable, "-m", module, *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdin
        try:
            yield Child(module, process)
        finally:
            process.stdin.close()


@contextmanager
def bridge(kind: str) -> Iterator[tuple[Child, Path]]:
    """A bridge of this kind (`bench.served`), and its folder."""
    with tempfile.TemporaryDirectory(prefix="sfumato-bench-") as folder, child("bench.served", folder, kind) as running:
        yield running, Path(folder)


def say(values: Any) -> None:
    """In the child: one line of plain values. The first one says that it is ready."""
    print(json.dumps(values), flush=True)


def end_with_input() -> None:
    """In the child: end at once when whoever started it ends, or closes its input."""

    def wait() -> None:
        sys.stdin.read()
        os._exit(0)

    threading.Thread(target=wait, daemon=True).start()
