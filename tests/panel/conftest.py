"""A real browser for tests of the panel, and the panel alone in it, without bridge and host."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.panel.bench import Bench
from tests.panel.journeys import art as art  # its fixtures are for all journeys on the bridge's own page
from tests.panel.journeys import gate as gate
from tests.panel.journeys import seat as seat
from tests.panel.journeys import serving as serving
from tests.panel.look import Look

if TYPE_CHECKING:  # it may not be installed: that is a reason to skip
    from playwright.sync_api import Browser, Page, ViewportSize

HERE = Path(__file__).parent
PANEL = HERE.parent.parent / "photoshop_panel"
SIZE: "ViewportSize" = {"width": 320, "height": 720}
CHROMIUM = "/usr/bin/chromium"
QUIET = [
    "--no-sandbox",  # it runs as root in CI
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def lacking(what: str) -> None:
    """Skip the test, and say why; on a CI machine that is a failure."""
    (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(what)


@pytest.fixture(scope="session")
def chromium() -> "Iterator[Browser]":
    """A headless Chromium: the system's, driven by Playwright."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        lacking("Playwright is not installed: pip install -e .[dev]")
    if not Path(CHROMIUM).exists():
        lacking(f"{CHROMIUM} is not there: scripts/panel-tools, as root")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Path]:
    """`bundle(entry)`: that script and what it imports, as one file that a browser can load."""
    esbuild = PANEL / "node_modules" / ".bin" / "esbuild"
    if not shutil.which("node") or not esbuild.exists():
        lacking("node, or photoshop_panel/node_modules, is not there: scripts/panel-tools")
    folder = tmp_path_factory.mktemp("bundle")

    @cache
    def made(entry: Path) -> Path:
        out = folder / entry.name
        asked = [
            esbuild,
            entry,
            "--bundle",
            "--format=iife",
            "--target=es2022",
            f"--outfile={out}",
            "--log-level=error",
        ]
        subprocess.run(asked, check=True, cwd=PANEL)
        return out

    return made


@pytest.fixture(scope="session")
def shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where screenshots go: the folder that $SFUMATO_SHOTS names, else one that pytest clears away."""
    named = os.environ.get("SFUMATO_SHOTS")
    folder = Path(named).resolve() if named else tmp_path_factory.mktemp("shots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def window(chromium: "Browser") -> "Iterator[Page]":
    """One window for all tests of the panel alone: to open one takes longer than most of them."""
    with chromium.new_context(viewport=SIZE, reduced_motion="reduce") as context:
        yield context.new_page()


@pytest.fixture
def look(window: "Page", bundle: Callable[[Path], Path], shots: Path) -> Iterator[Look]:
    """The panel, freshly loaded, in a window of its own."""
    window.set_viewport_size(SIZE)
    window.emulate_media(color_scheme="dark")
    with Look(window, bundle(HERE / "alone.js"), PANEL / "src" / "panel" / "panel.css", shots) as seen:
        yield seen
        assert seen.complaints == []


@pytest.fixture
def bench(chromium: "Browser", bundle: Callable[[Path], Path], shots: Path) -> Iterator[Bench]:
    """The page in a window of its own."""
    with chromium.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce") as context:
        seen = Bench(context.new_page(), bundle(Bench.ENTRY), shots)
        yield seen
        assert seen.complaints == []
