"""The panel under real keys and a real pointer, in GTK as GIMP brings it, without GIMP."""

import ast
import json
import shutil
import subprocess
from pathlib import Path

import pytest

import gimp_plugin
from tests.gimp.console import CHROOT, HERE

INSIDE = HERE / "inside"
CHECKS = [
    one.name
    for file in ("panel_gestures.py", "panel_views.py")
    for one in ast.parse((INSIDE / file).read_text("utf-8")).body
    if isinstance(one, ast.FunctionDef) and one.name.startswith("check_")
]
SECONDS = 120
"""How long all of them may take together: 15 is usual."""


@pytest.fixture(scope="module")
def told(gimp_root: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What went wrong in each check; one process does them all."""
    shared = tmp_path_factory.mktemp("panel")
    shutil.copytree(Path(gimp_plugin.__file__).parent, shared / "gimp_plugin")
    theirs = "ignore::DeprecationWarning:gi.events"  # PyGObject 3.58 asks Python 3.14 for what is on its way out
    checks = ["env", "PYTHONPATH=/shared", "python3", "-W", "error", "-W", theirs, "/tmp/inside/panel_checks.py"]
    argv = [str(CHROOT), str(gimp_root), str(shared), *checks]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode == 0, done.stderr
    complaints = [line for line in done.stderr.splitlines() if "CRITICAL" in line or "Gtk-WARNING" in line]
    return {**dict(json.loads(line) for line in done.stdout.splitlines()), "": "\n".join(complaints)}


@pytest.mark.parametrize("check", CHECKS)
def test_panel(told: dict[str, str], check: str) -> None:
    assert not told[check], told[check]


def test_gtk_has_nothing_to_complain_of(told: dict[str, str]) -> None:
    assert not told[""], told[""]
