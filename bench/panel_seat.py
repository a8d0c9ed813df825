"""A bridge in a process of its own, and its page in a real Chromium: what a person does there is done by hands, what is
measured is seen from inside (`panel_eyes.js`).
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgpack

from bench.children import Child, child
from bench.pictures import Pixels, photo
from bridge.client import connect
from tests.panel.conftest import CHROMIUM, QUIET
from tests.panel.page import Artist

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page, ViewportSize

HERE = Path(__file__).parent
EYES = HERE / "panel_eyes.js"
WINDOW: "ViewportSize" = {"width": 1400, "height": 860}
ABOUT = {"name": "sfumato-bench", "version": "0", "host": "bench"}
PICTURE = 4000, 3000
"""Width and height of the large picture: 12 megapixels."""


class Served(NamedTuple):
    """A bridge that runs, and its home."""

    running: Child
    home: Path

    def address(self) -> str:
        """The page's address with a pairing text that is good once, as `sfumato open` makes it."""
        with connect(ABOUT, self.home) as client:
            invited = client.invite(True)
        return f"http://localhost:{self.running.said}/#{invited.text}"


def lacking() -> str:
    """Why nothing can be measured here; empty where it can."""
    try:
        import playwright  # noqa: F401
    except ImportError:
        return "Playwright is not installed: pip install -e .[dev]"
    return "" if Path(CHROMIUM).exists() else f"{CHROMIUM} is not there: scripts/panel-tools, as root."


@contextmanager
def browser() -> Iterator["Browser"]:
    """Chromium without a window, as in the tests."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield running
        running.close()


@contextmanager
def served(painter: str) -> Iterator[Served]:
    """A bridge whose painter is one of `gimp_served`."""
    with tempfile.TemporaryDirectory(prefix="sfumato-bench-") as folder:
        home = Path(folder) / "home"
        home.mkdir(mode=0o700)
        with child("bench.gimp_served", str(home), painter) as running:
            assert running.said
            yield Served(running, home)


@contextmanager
def seat(chromium: "Browser", bridge: Served) -> Iterator[Artist]:
    """The page in a fresh profile, without a cache, paired and ready."""
    with chromium.new_context(viewport=WINDOW, reduced_motion="reduce") as context:
        context.add_init_script(path=EYES)
        page = context.new_page()
        artist = Artist(page, bridge.home)
        page.goto(bridge.address())
        yield artist.ready("Built-in fill")


def large() -> Pixels:
    """The large picture, always the same."""
    width, height = PICTURE
    return photo(width, 3, "u8")[:height]


def open_file(artist: Artist, path: Path) -> None:
    """Open a picture by the button, and wait until it is shown."""
    with artist.page.expect_file_chooser() as chosen:
        artist.page.get_by_role("toolbar").get_by_role("button", name="Open…", exact=True).click()
    chosen.value.set_files(path)
    artist.titled(path.name)


def one_button(artist: Artist) -> "Locator":
    """The one button, once the panel has seen the selection: before, it says something else, and cannot be pressed."""
    button = artist.panel.locator(".sf-go:not(.sf-greyed)", has_text="Remove")
    artist.see(button)
    return button


def watch(page: "Page") -> None:
    """Begin to note what is said and seen."""
    page.evaluate("eyes.watch()")


def told(page: "Page") -> dict[str, Any]:
    """What was noted since: the moments of a key, of messages by type, and of rows in the list of layers."""
    noted: dict[str, Any] = page.evaluate("eyes.told()")
    noted["said"] = [(at, msgpack.unpackb(bytes(packed))) for at, packed in noted["said"]]
    return noted
