"""A bridge of one's own: a real process in a folder that nobody else uses, ended with the work it was started for."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from websockets.exceptions import ConnectionClosed

from bridge import __version__, home
from bridge.client import Client
from bridge.protocol.errors import Refusal

ABOUT = {"name": "sfumato", "version": __version__, "host": "command line"}
"""Who the command line says it is."""
SERVE = (sys.executable, "-m", "bridge.cli", "serve")
"""The program. A test passes one that fails."""

END_SECONDS = 5.0
"""How long a bridge may take to end in good order."""


@contextmanager
def running(folder: Path, argv: Sequence[str] = SERVE, **keys: Sequence[str]) -> Iterator[subprocess.Popen[str]]:
    """A bridge that lives in `folder` and listens on any free port; yielded once it listens. `keys` are lists of its
    configuration: `models`, `painters`.

    Ends what runs there at the end of the block: this process, or the one that a client started in its place. Raises
    Refusal `job.lost` where it does not start, with the last line of its log.
    """
    home.make_private(folder)
    # The bridge that comes after a kill reads it too. A list as JSON has it is one of TOML, for texts without controls.
    lists = (f"{key} = {json.dumps(list(values), ensure_ascii=False)}\n" for key, values in keys.items())
    (folder / "sfumato.toml").write_text("".join(("port = 0\n", *lists)), "utf-8")
    surroundings = {**os.environ, "SFUMATO_HOME": str(folder)}
    with (
        (folder / "bridge.log").open("ab") as log,
        subprocess.Popen(  # noqa: S603  # our own program
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True, env=surroundings
        ) as process,
    ):
        assert process.stdout
        try:
            if not process.stdout.readline():
                raise Refusal("job.lost", f"The bridge did not start: {home.last_words(folder) or 'it said nothing'}")
            yield process
        finally:
            end(process, folder)


def end(process: subprocess.Popen[str], folder: Path) -> None:
    """End the bridge of `folder`, and wait until it has."""
    if process.poll() is not None:
        _end_successor(folder)
        return
    process.terminate()
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()


def _end_successor(folder: Path) -> None:
    """End the bridge that a client started. Only one that shakes hands: a stale file may name anybody's process."""
    found = home.discover(folder)
    if found is None:
        return
    with suppress(Refusal, OSError, ConnectionClosed):
        Client(ABOUT, folder, port=found.port, start=False).close()
        os.kill(found.pid, signal.SIGTERM)
        until = time.monotonic() + END_SECONDS
        while os.name == "posix" and home.discover(folder) == found and time.monotonic() < until:
            time.sleep(0.02)  # it takes its file away when it ends; Windows gives it no time to
