"""What tests share: a home of their own, a bridge that runs, and no way out of this machine."""

import asyncio
import os
import runpy
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:  # most rooms' tests need no bridge: only those that do wait for its import
    from bridge.config import Config
    from bridge.painter import Painter
    from bridge.server import Bridge

OFFLINE = Path(__file__).parent / "offline"

RunBridge = Callable[..., AbstractContextManager["Bridge"]]


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--long` runs everything, as CI does."""
    parser.addoption("--long", action="store_true", help="also what takes long and says little more")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is marked `long`: programs that load torch twice, and SDXL, which walks the code of SD 1.5 with
    one component more.
    """
    if config.getoption("--long") or os.environ.get("CI"):
        return
    skipped = pytest.mark.skip(reason="long: python run.py test --long, and CI, run it")
    for item in items:
        sdxl = "diffusion" in item.nodeid and "sdxl" in item.name
        if sdxl or item.get_closest_marker("long"):
            item.add_marker(skipped)


@pytest.fixture(autouse=True, scope="session")
def stay_on_this_machine() -> Iterator[None]:
    """Nothing of Sfumato speaks to another machine, nor does any process that a test starts: what tries, fails."""
    with pytest.MonkeyPatch.context() as patch:
        runpy.run_path(str(OFFLINE / "sitecustomize.py"))
        paths = [str(OFFLINE), str(OFFLINE.parent.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
        patch.setenv("PYTHONPATH", os.pathsep.join(paths))
        yield


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A bridge's folder that nothing else uses; `bridge.home.home()` says it."""
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    monkeypatch.setenv("SFUMATO_HOME", str(folder))
    monkeypatch.setenv("HOME", str(tmp_path))  # nor does a test see the models of whoever runs it
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    return folder


@pytest.fixture
def full_disk_at() -> Callable[[int], AbstractContextManager[None]]:
    """`with full_disk_at(size)`: no file may grow beyond `size` bytes, and a write that would fails in the middle."""
    resource = pytest.importorskip("resource")

    @contextmanager
    def full(size: int) -> Iterator[None]:
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    return full


@pytest.fixture(scope="session")
def run_bridge() -> RunBridge:
    """`with run_bridge(folder, painters, config) as bridge`: a bridge in a thread with an event loop of its own.

    Without `painters` it has one that paints nothing; without `config` it takes any free port. More words are those of
    `Bridge`.
    """
    return _run_bridge


@contextmanager
def _run_bridge(
    folder: Path, painters: "list[Painter] | None" = None, config: "Config | None" = None, **more: Any
) -> "Iterator[Bridge]":
    from bridge.config import Config
    from bridge.painter import Painter
    from bridge.server import Bridge

    started: Future[tuple[Bridge, asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def live() -> None:
        try:
            async with Bridge(config or Config(port=0), folder, painters or [Painter("none", [])], **more) as bridge:
                stop = asyncio.Event()
                started.set_result((bridge, asyncio.get_running_loop(), stop))
                await stop.wait()
        except Exception as why:
            if started.done():
                raise
            started.set_exception(why)

    thread = threading.Thread(target=lambda: asyncio.run(live()), name="bridge")
    thread.start()
    try:
        bridge, loop, stop = started.result()
        try:
            yield bridge
        finally:
            loop.call_soon_threadsafe(stop.set)
    finally:
        thread.join()


@pytest.fixture
def bridge(home: Path, run_bridge: RunBridge) -> "Iterator[Bridge]":
    """A bridge that runs in `home` and paints nothing."""
    with run_bridge(home) as running:
        yield running
