"""The first process of a GIMP with windows: starts a screen, a window manager and GIMP, then does what `Screen` says.

One JSON map a line, each answered by one: {run} a program -> {status, out, err}; {processes} of a name -> {pids};
{memory} of a name -> {bytes}; {kill} a pid. When its input ends it ends, and with it, as the first process of its
namespace, all that it started.
"""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

SURROUNDINGS = {"NO_AT_BRIDGE": "1", "GTK_A11Y": "none", "GTK_OVERLAY_SCROLLING": "0"}
"""No accessibility bus, no fading scroll bars."""


def main(size: str, *gimp: str) -> None:
    """`size` as 1400x900; then GIMP and its words."""
    os.environ.update(SURROUNDINGS)
    quiet: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stderr": sys.stderr}
    # It takes the first number that is free, and says which.
    xvfb = ["Xvfb", "-displayfd", "1", "-screen", "0", f"{size}x24", "-nolisten", "tcp"]
    screen = subprocess.Popen(xvfb, stdout=subprocess.PIPE, **quiet)
    os.environ["DISPLAY"] = f":{screen.stdout.readline().decode().strip()}"
    subprocess.Popen(["openbox"], stdout=sys.stderr, **quiet)
    subprocess.Popen(["dbus-run-session", "--", *gimp], stdout=sys.stderr, **quiet)
    print(json.dumps({"display": os.environ["DISPLAY"]}), flush=True)
    for line in sys.stdin:
        print(json.dumps(do(json.loads(line))), flush=True)


def do(asked: dict[str, Any]) -> dict[str, Any]:
    """One thing that `Screen` asks for; {failed} where it cannot be done."""
    try:
        return _do(asked)
    except (OSError, subprocess.SubprocessError) as why:
        return {"failed": repr(why)}


def _do(asked: dict[str, Any]) -> dict[str, Any]:
    if "run" in asked:
        done = subprocess.run(asked["run"], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
        return {"status": done.returncode, "out": done.stdout, "err": done.stderr}
    if "processes" in asked:
        return {"pids": list(processes(asked["processes"]))}
    if "memory" in asked:
        return {"bytes": sum(map(memory, processes(asked["memory"])))}
    os.kill(asked["kill"], signal.SIGKILL)
    return {}


def memory(pid: int) -> int:
    """Bytes of a process, what it shares counted in part."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def processes(name: str) -> list[int]:
    """Those that run a program of that name, or Python's file `name.py`."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:  # it has just ended
            continue
        names = [Path(word.decode(errors="replace")).name for word in words]
        if names[0] == name or f"{name}.py" in names:
            found.append(int(folder.name))
    return sorted(found)


main(*sys.argv[1:])
