"""Fixtures for journeys through the window: a bridge, and a document in GIMP with an artist before it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from bridge.config import Config
from bridge.painter import Painter
from bridge.server import Bridge
from tests import releases
from tests.gimp.artist import Artist, bind
from tests.gimp.console import Shared
from tests.gimp.painters import painter
from tests.gimp.screen import Screen

Serving = Callable[..., AbstractContextManager[Bridge]]
Easel = Callable[..., AbstractContextManager[Artist]]


@pytest.fixture
def art(shared: Shared) -> Path:
    """A folder with one model, in name."""
    releases.write(shared.folder / "art" / "washes.safetensors", releases.tensors("sd15"))
    return shared.folder / "art"


@pytest.fixture
def gate(shared: Shared) -> Path:
    """A file that appears when the painter may go on."""
    return shared.folder / "gate"


@pytest.fixture
def serving(
    shared: Shared, run_bridge: Callable[..., AbstractContextManager[Bridge]], art: Path, gate: Path
) -> Serving:
    """`with serving("wash"):` a bridge whose built-in fill is the real one and whose model is painted with by that."""
    return lambda name="wash": run_bridge(
        shared.home, [Painter("cpu", ["classical"]), painter(name, gate)], Config(port=0, models=(str(art),))
    )


@pytest.fixture
def easel(screen: Callable[..., AbstractContextManager[Screen]], shared: Shared) -> Easel:
    """`with easel(path) as artist`: a document in GIMP, or none, and the ellipse in hand. Our entries have keys."""
    bind(shared)

    @contextmanager
    def opened(path: Path | None = None, gimprc: str = "") -> Iterator[Artist]:
        with screen(path, gimprc) as seen:
            artist = Artist(seen, shared)
            if path:
                assert artist.canvas
                seen.key("e")
            yield artist

    return opened
