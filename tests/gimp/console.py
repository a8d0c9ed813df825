"""GIMP without windows: a driver's text runs in the real program, and its answer comes back."""

import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from textwrap import dedent
from typing import Any, NamedTuple

from tests.gimp.inside import plain

HERE = Path(__file__).parent
CHROOT = HERE / "chroot.sh"
DRIVERS = HERE / "drivers"

SECONDS = 120
"""How long one run of GIMP may take. A start takes 2."""
BATCH = "import runpy; runpy.run_path('/tmp/inside/drive.py')"
GIMP = "gimp-console --no-interface --console-messages --no-fonts --batch-interpreter=python-fu-eval --quit".split()


class Shared(NamedTuple):
    """A folder that GIMP sees as `/shared`, with its profile and the bridge's home in it."""

    folder: Path

    @property
    def profile(self) -> Path:
        """GIMP's own folder: `plug-ins/`, `gimprc`, `shortcutsrc`."""
        return self.folder / "profile"

    @property
    def home(self) -> Path:
        """The bridge's folder, on both sides."""
        return self.folder / "home"

    def inside(self, path: Path) -> str:
        """How GIMP names a file of this folder."""
        return f"/shared/{path.relative_to(self.folder)}"

    def named(self, value: object) -> object:
        """What JSON lacks on the way in: a path, as GIMP names it."""
        if isinstance(value, Path):
            return self.inside(value)
        raise TypeError(f"{value!r} cannot enter GIMP: hand in plain values, bytes and paths")


class Console:
    """`console(script, **values)`: run a driver in gimp-console. Each run is a GIMP of its own, also side by side."""

    def __init__(self, root: Path, shared: Shared) -> None:
        """`root` is the folder of `scripts/gimp-rootfs`."""
        self._root, self._shared = root, shared
        self.said = ""
        """What GIMP and its plug-ins said in the last run, both streams."""

    def __call__(self, script: str, **values: Any) -> Any:
        """Run a driver: Python text, an expression, or the name of a file in `drivers/` that ends in `.py`.

        It finds Gimp, Gegl, Gio, GLib, GObject, `hand` and the values by their names, paths as GIMP names them, and
        leaves plain values and bytes in `answer`. Where it raised, raises AssertionError with its traceback and what
        GIMP said.
        """
        text = (DRIVERS / script).read_text("utf-8") if script.endswith(".py") else dedent(script)
        folder = Path(tempfile.mkdtemp(prefix="run-", dir=self._shared.folder))
        (folder / "driver.py").write_text(text, "utf-8")
        (folder / "values.json").write_text(plain.dumps(values, self._shared.named), "utf-8")
        self.said = self._run([f"SFUMATO_DRIVE={self._shared.inside(folder)}", *GIMP, "--batch", BATCH])
        if not (folder / "told.json").exists():
            raise AssertionError(f"GIMP ended before the driver did. It said:\n{self.said}")
        told = plain.loads((folder / "told.json").read_bytes())
        if "raised" in told:
            raise AssertionError(f"{told['raised']}\nGIMP said:\n{self.said}")
        return told["answer"]

    def _run(self, words: Sequence[str]) -> str:
        argv = [str(CHROOT), str(self._root), str(self._shared.folder), *words]
        try:
            done = subprocess.run(
                argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=SECONDS
            )
        except subprocess.TimeoutExpired as late:
            said = (late.stdout or b"").decode(errors="replace")
            raise AssertionError(f"GIMP did not end within {SECONDS} s. It said:\n{said}") from None
        return done.stdout.decode(errors="replace")
