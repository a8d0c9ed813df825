"""Fixtures for journeys on the bridge's own page: a bridge, and an artist to whom `sfumato open` opened it."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bridge.config import Config
from bridge.painter import Painter
from bridge.server import Bridge
from tests import releases
from tests.gimp.painters import painter
from tests.panel.page import Artist

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ViewportSize

Serving = Callable[..., AbstractContextManager[Bridge]]
Seat = Callable[..., AbstractContextManager[Artist]]

WINDOW: "ViewportSize" = {"width": 1400, "height": 860}


def said(*words: str) -> str:
    """What a command prints, and it must not fail."""
    argv = [sys.executable, "-m", "bridge.cli", *words]
    return subprocess.run(argv, capture_output=True, text=True, check=True, timeout=60).stdout.strip()


def door() -> str:
    """The address of the file by which `sfumato open` leads a browser to the page."""
    return Path(said("open", "--print")).as_uri()


@pytest.fixture
def art(tmp_path: Path) -> Path:
    """A folder with one model, in name."""
    releases.write(tmp_path / "art" / "washes.safetensors", releases.tensors("sd15"))
    return tmp_path / "art"


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    """A file that appears when the painter may go on."""
    return tmp_path / "gate"


@pytest.fixture
def serving(home: Path, run_bridge: Callable[..., AbstractContextManager[Bridge]], art: Path, gate: Path) -> Serving:
    """`with serving("wash"):` a bridge whose built-in fill is the real one and whose model is painted with by that.
    Without a name it has no model."""

    def served(name: str = "", port: int = 0) -> AbstractContextManager[Bridge]:
        built_in = Painter("cpu", ["classical"])
        if not name:
            return run_bridge(home, [built_in], Config(port=port))
        return run_bridge(home, [built_in, painter(name, gate)], Config(port=port, models=(str(art),)))

    return served


@pytest.fixture
def seat(chromium: "Browser", shots: Path, home: Path) -> Seat:
    """`with seat() as artist`: the page of the bridge that runs, as `sfumato open` opens it; `address` is another way
    in. At the end nothing was asked of anybody but that bridge, and the page has complained of nothing but
    `complaints`."""

    @contextmanager
    def seated(address: str = "", scheme: str = "dark", complaints: tuple[str, ...] = ()) -> Iterator[Artist]:
        with chromium.new_context(
            viewport=WINDOW,
            reduced_motion="reduce",
            color_scheme=scheme,  # type: ignore[arg-type]
        ) as context:
            artist = Artist(context.new_page(), shots)
            artist.page.goto(address or door())
            yield artist
            hosts = {one.split("/")[2] for one in artist.asked if not one.startswith(("file:", "blob:"))}
            port = artist.page.url.split("/")[2].removeprefix("localhost:")
            assert hosts <= {f"localhost:{port}", f"127.0.0.1:{port}"}
            assert [one for one in artist.complaints if not any(words in one for words in complaints)] == []

    return seated
