"""`sfumato pair`: a text that makes a panel known to this bridge; who is known; who is so no longer."""

import argparse
import os
import shutil
import subprocess
import sys
import time

from bridge import __version__, home, keys
from bridge.client import connect
from bridge.protocol import PORT
from bridge.protocol.messages import Invite

ABOUT = {"name": "sfumato", "version": __version__, "host": "command line"}
COPYING: tuple[tuple[str, str, list[str]], ...] = (
    ("pbcopy", "", []),
    ("clip", "", []),
    ("wl-copy", "WAYLAND_DISPLAY", []),
    ("xclip", "DISPLAY", ["-selection", "clipboard"]),
    ("xsel", "DISPLAY", ["--clipboard", "--input"]),
)
"""Programs that put what they read into the clipboard: name, the variable without which they cannot, arguments."""
PATIENCE = 3.0
"""Seconds that such a program may take: one without a display may wait for it for ever."""


def run(given: argparse.Namespace) -> int:
    """Run the command; returns the exit code. Raises Refusal."""
    folder = home.make_private(home.home())
    if given.list:
        everybody = keys.paired(folder)
        for one in everybody:
            print(f"{one.id}  {one.host}  {one.name}  {_day(one.at)}")
        if not everybody:
            print("Nobody is paired. To pair a panel: sfumato pair", file=sys.stderr)
        return 0
    if given.revoke is not None:
        gone = keys.revoke(folder, given.revoke)
        print(f"{gone.host} ({gone.id}) is not paired any more. Where it is open, its connection ends in seconds.")
        return 0
    invite, port = invited()
    assert invite.text and invite.seconds
    text = invite.text if port == PORT else f"{invite.text}:{port}"
    print(text)
    copied = "It is in the clipboard. " if copy(text) else ""
    todo = f"{copied}Paste it into the panel's pairing field within {invite.seconds / 60:g} minutes. It is good once."
    print(todo, file=sys.stderr)
    return 0


def invited(page: bool = False) -> tuple[Invite, int]:
    """A pairing text of the bridge that runs, or is started for it, and the port of that bridge. Raises Refusal."""
    folder = home.make_private(home.home())
    home.write_launch(folder)  # whoever types this has a bridge to start, also when none was ever served
    with connect(ABOUT, folder) as client:
        return client.invite(page), client.port


def copy(text: str) -> bool:
    """Put a text into the clipboard; False where nothing on this machine does that. It never stands on a command line,
    which every user of the machine may read."""
    for program, needed, arguments in COPYING:
        found = shutil.which(program)
        if found is None or (needed and not os.environ.get(needed)):
            continue
        try:
            subprocess.run(  # noqa: S603  # one of the five above
                [found, *arguments],
                input=text.encode(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=PATIENCE,
                check=True,
            )
        except (OSError, subprocess.SubprocessError):
            continue
        return True
    return False


def _day(at: float) -> str:
    try:
        return time.strftime("%Y-%m-%d %H:%M", time.localtime(at)) if at else "unknown"
    except (OverflowError, OSError, ValueError):  # the file was changed by hand
        return "unknown"
