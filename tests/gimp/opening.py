"""The screen's beginning and end: a GIMP with windows, started, settled, and gone without a trace."""

import fcntl
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.gimp.console import CHROOT, HERE, Shared
from tests.gimp.screen import MAIN, SIZE, Screen

START = 60.0
"""Seconds that GIMP's start may take. It takes 4."""
GIMPRC = "(show-welcome-dialog no) (check-updates no) (color-profile-policy keep) (export-file-type png)"
"""No window but GIMP's own, and no question about a picture's profile."""
EMPTY = "GNU Image Manipulation Program"
"""The title of a window without a document."""
FRAME = 2, 22
"""Pixels that the window manager adds to a window's width and height."""


@contextmanager
def open_screen(root: Path, shared: Shared, picture: Path | None, gimprc: str) -> Iterator[Screen]:
    """A GIMP with windows, maximised, a picture open and all of it seen. One at a time on this machine."""
    plug_in = shared.profile / "plug-ins" / "eyes" / "eyes.py"
    plug_in.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(HERE / "inside" / "eyes.py", plug_in)
    plug_in.chmod(0o755)
    with (shared.profile / "gimprc").open("a", encoding="utf-8") as file:
        file.write(f"\n{GIMPRC}\n{gimprc}\n")
    log = shared.folder / "gimp.log"
    with (
        (root.parent / "screen.lock").open("w") as lock,
        log.open("ab") as said,
        socket.create_server(("127.0.0.1", 0)) as server,
    ):
        fcntl.flock(lock, fcntl.LOCK_EX)
        server.settimeout(START)
        opened = [shared.inside(picture)] if picture else []
        words = [f"SFUMATO_EYES={server.getsockname()[1]}", "python3", "/tmp/inside/stage.py", "{}x{}".format(*SIZE)]
        argv = [CHROOT, root, shared.folder, *words, "gimp", "--new-instance", *opened]
        stage = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said, text=True)
        assert stage.stdin and stage.stdout
        try:
            if not stage.stdout.readline():
                raise AssertionError(f"The screen did not start: {log.read_text('utf-8', 'replace')}")
            connection, _ = server.accept()
            with connection:
                connection.settimeout(60)
                screen = Screen(stage, connection, shared, log)
                try:
                    _settle(screen, bool(picture))
                    yield screen
                finally:
                    screen.close()
        finally:
            with suppress(BrokenPipeError):
                stage.stdin.close()  # the first process ends then, and with it all others of its namespace
            try:
                stage.wait(10)
            except subprocess.TimeoutExpired:
                stage.kill()
                stage.wait()
            stage.stdout.close()


def _settle(screen: Screen, picture: bool) -> None:
    """Wait for GIMP's window, and give it the whole screen and the picture the whole canvas."""
    main = screen.wait_window(MAIN if picture else EMPTY, START)
    screen.move_window(main, 0, 0, SIZE[0] - FRAME[0], SIZE[1] - FRAME[1])
    screen.activate(main)
    if picture:
        screen.wait_still()
        screen.key("ctrl+shift+j")
    screen.wait_still()
