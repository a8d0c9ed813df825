"""A real GIMP for tests: without windows as `console`, with them as `screen`."""

import os
import shutil
import subprocess
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from bridge.cli import main
from tests.gimp.console import Console, Shared
from tests.gimp.journeys import art as art  # its fixtures are for all journeys through the window
from tests.gimp.journeys import easel as easel
from tests.gimp.journeys import gate as gate
from tests.gimp.journeys import serving as serving
from tests.gimp.opening import open_screen
from tests.gimp.screen import Screen

ROOTFS = Path(__file__).parent.parent.parent / "scripts" / "gimp-rootfs"


@pytest.fixture(scope="session")
def gimp_root() -> Path:
    """The folder of a provisioned GIMP: 3.0, or what $SFUMATO_GIMP names. Where there is none the test is skipped with
    the reason; on a CI machine that is a failure.
    """
    version = os.environ.get("SFUMATO_GIMP", "3.0")
    root = Path(subprocess.run([ROOTFS, version, "--print"], capture_output=True, text=True, check=True).stdout.strip())
    lacking = ""
    if os.name != "posix" or os.geteuid():
        lacking = "needs root, for a mount namespace of its own"
    elif not shutil.which("unshare"):
        lacking = "needs unshare, of util-linux"
    elif not (root / "opt" / "stamp").exists():
        lacking = f"is not provisioned: scripts/gimp-rootfs {version}, as root"
    if lacking:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"GIMP {version} {lacking}")
    return root


@pytest.fixture
def shared(gimp_root: Path, tmp_path: Path, home: Path) -> Shared:
    """The test's folder, with a fresh profile of GIMP, in which Sfumato is installed, and the bridge's home."""
    shared = Shared(tmp_path)
    assert shared.home == home
    shutil.copytree(gimp_root / "opt" / "profile", shared.profile)
    assert main(["install", "gimp", "--profile", str(shared.profile)]) == 0
    return shared


@pytest.fixture
def console(gimp_root: Path, shared: Shared) -> Console:
    """`console(script, **values)`: run Python inside a GIMP without windows, and get its answer."""
    return Console(gimp_root, shared)


@pytest.fixture
def screen(gimp_root: Path, shared: Shared) -> Callable[..., AbstractContextManager[Screen]]:
    """`with screen(picture, gimprc="") as seen`: a GIMP with windows, until the end of the block."""
    return lambda picture=None, gimprc="": open_screen(gimp_root, shared, picture, gimprc)
