"""`sfumato open`: the bridge's own page in the browser, paired by a file that only this user can read.

The text stands in a file and not on the browser's command line, which every user of the machine may read. The bridge
takes the file away once the text is used or too old, so this command need not wait for the browser.
"""

import argparse
import sys
import webbrowser
from pathlib import Path

from bridge import home, keys
from bridge.pair_command import invited

DOOR = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<meta http-equiv="refresh" content="0; url={url}">
<title>Sfumato</title>
<p><a href="{url}">Sfumato opens. If it does not, follow this link.</a></p>
</html>
"""
"""The file. It needs no script; what stands behind the # a browser sends to nobody."""


def run(given: argparse.Namespace) -> int:
    """Run the command; returns the exit code. Raises Refusal."""
    invite, port = invited(page=True)
    assert invite.text and invite.seconds
    address = f"http://localhost:{port}/"
    path = write(home.home(), invite.text, address)
    if given.print:
        print(path)
        return 0
    opened = webbrowser.open(path.as_uri())
    # A browser from a Snap may not read hidden folders: https://github.com/jupyter/notebook/issues/5479
    todo = f"open {address} and paste this within {invite.seconds / 60:g} minutes:"
    if opened:
        print(f"Sfumato opens in your browser. Where that may not read the file, {todo}")
    else:
        print(f"No browser could be started. In one of yours, {todo}", file=sys.stderr)
    print(invite.text)
    return 0 if opened else 2


def write(folder: Path, text: str, address: str) -> Path:
    """Write the file that leads a browser to the page at `address` with its pairing text. Returns its path."""
    path = keys.door(folder, text)
    home.make_private(path.parent)
    home.write_private(path, DOOR.format(url=f"{address}#{text}").encode())
    return path
