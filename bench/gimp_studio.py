"""A real GIMP to measure in: a screen, Sfumato installed into a fresh profile, and a bridge in a process of its own."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from bench.children import Child, child
from bridge.install import plug_in
from tests.gimp.console import Shared
from tests.gimp.opening import open_screen
from tests.gimp.screen import Screen

ROOT = Path(__file__).resolve().parent.parent
ROOTFS = ROOT / "scripts" / "gimp-rootfs"
INSIDE = Path(__file__).parent / "inside"
RAM = Path("/dev/shm")
"""The RAM disk: PNG files need no disk, and are given none."""
KEYS = {"panel": "ctrl+alt+g", "remove": "ctrl+alt+r", "timed-panel": "ctrl+alt+t"}
"""What our menu entries are bound to, and the panel that is timed (`inside/timed.py`)."""
PICTURE = "picture.ppm"
"""The document that is opened, in the folder that GIMP shares."""
IMPORT = "import sys\nsys.path += {'/shared/inside'} - set(sys.path)\n"
"""What a question begins with that asks one of our own files."""


class Studio(NamedTuple):
    """What is there: GIMP on its screen, the folder that it shares, and the bridge."""

    seen: Screen
    shared: Shared
    bridge: Child

    def ask(self, call: str, **values: Any) -> Any:
        """Call a function of a file in `inside/` in GIMP: `document.rest()`."""
        return self.seen.ask(f"{IMPORT}import {call.partition('.')[0]}\nanswer = {call}", **values)


def lacking(version: str) -> str:
    """Why nothing can be measured here; empty where it can."""
    if os.name != "posix" or os.geteuid() or not shutil.which("unshare"):
        return "This needs Linux, root and unshare (util-linux): GIMP runs in namespaces of its own."
    if not (root(version) / "opt" / "stamp").exists():
        return f"There is no GIMP {version} here yet. Make it: scripts/gimp-rootfs {version}, as root."
    return ""


def root(version: str) -> Path:
    """The folder of a provisioned GIMP."""
    told = subprocess.run([ROOTFS, version, "--print"], capture_output=True, text=True, check=True)
    return Path(told.stdout.strip())


@contextmanager
def studio(version: str, painter: str, picture: bytes = b"", gimprc: str = "") -> Iterator[Studio]:
    """All of it, for as long as the block lasts. `painter` is one of `gimp_served`; `picture` a PPM file to open."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sfumato-bench-", dir=RAM)))
        disk = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sfumato-bench-")))
        shared = Shared(folder)
        shutil.copytree(root(version) / "opt" / "profile", shared.profile)
        shutil.copytree(INSIDE, folder / "inside")
        plug_in.put(shared.profile)
        timed = shared.profile / "plug-ins" / "timed" / "timed.py"
        timed.parent.mkdir()
        shutil.copy(INSIDE / "timed.py", timed)
        timed.chmod(0o755)
        lines = [f'(action "sfumato-{name}" "<Primary><Alt>{key[-1]}")' for name, key in KEYS.items()]
        (shared.profile / "shortcutsrc").write_text("\n".join(["(file-version 1)", *lines, ""]), "utf-8")
        shared.home.mkdir(mode=0o700)
        # The journal's writes reach a disk before they are answered: a RAM disk would make a gift of that.
        (shared.home / "spool").symlink_to(disk)
        bridge = stack.enter_context(child("bench.gimp_served", str(shared.home), painter))
        assert bridge.said
        opened = folder / PICTURE if picture else None
        if opened:
            opened.write_bytes(picture)
        seen = stack.enter_context(open_screen(root(version), shared, opened, gimprc))
        yield Studio(seen, shared, bridge)
