"""Where the bridge lives on this machine: its folder, the file that says how to find it, its keys, how to start it.

Standard library only: guests use this room inside an editor's own Python.
"""

import errno
import json
import os
import secrets
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

from bridge.protocol.auth import NONCE
from bridge.protocol.errors import Refusal
from bridge.protocol.limits import KIB
from bridge.protocol.values import is_id

LOCAL = "local"
"""The id of the key that every program of the same user may read."""

_FOREIGN = ("PYTHON", "LD_LIBRARY_PATH", "DYLD_", "GI_", "GDK_")
"""Variables of a host program that would mislead a bridge it starts."""


@dataclass(frozen=True)
class Discovery:
    """What `bridge.json` says of a running bridge. A stale file is recognised by the handshake, not by the pid."""

    port: int
    pid: int
    instance: str
    protocol: int
    version: str


def home() -> Path:
    """The bridge's folder. Not from XDG variables, which sandboxed hosts rewrite."""
    if named := os.environ.get("SFUMATO_HOME"):
        return Path(named)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "Sfumato"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "Sfumato"
    return Path.home() / ".local" / "share" / "sfumato"


def make_private(folder: Path) -> Path:
    """Make a folder that only this user may enter."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    return folder


def write_json(path: Path, values: dict[str, Any]) -> None:
    """Write a file at once or not at all."""
    part = path.with_suffix(f".{secrets.token_hex(4)}.part")
    part.write_text(json.dumps(values), "utf-8")
    part.replace(path)


def claim(folder: Path) -> BinaryIO | None:
    """Hold the folder for one bridge, whatever port it listens on: two would write one journal. None where another
    bridge holds it. The claim ends when the file is closed, or with the process, however that ends."""
    file = (folder / "bridge.lock").open("ab")
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        file.close()
        return None
    except OSError:  # a file system without locks: the port alone must tell bridges apart
        pass
    return file


def announce(folder: Path, bridge: Discovery) -> None:
    """Write `bridge.json`."""
    write_json(folder / "bridge.json", asdict(bridge))


def discover(folder: Path) -> Discovery | None:
    """Read `bridge.json`; None where there is none, or nothing that could be one."""
    try:
        values = json.loads((folder / "bridge.json").read_text("utf-8"))
        found = Discovery(**{name: kind(values[name]) for name, kind in Discovery.__annotations__.items()})
    except (OSError, ValueError, KeyError, TypeError, OverflowError):
        return None
    return found if 0 < found.port < 65536 else None


def retire(folder: Path, instance: str) -> None:
    """Remove `bridge.json`, unless another bridge wrote it since."""
    found = discover(folder)
    if found and found.instance == instance:
        (folder / "bridge.json").unlink(missing_ok=True)


def make_local_key(folder: Path) -> bytes:
    """The local key; made on first need: 32 random bytes in a 0600 file in a 0700 folder.

    It gets its name when it is whole: two programs that make it at once both read the same key, and a crash in between
    leaves none.
    """
    path = make_private(folder / "keys") / f"{LOCAL}.key"
    if not path.exists():
        with _part(path, secrets.token_bytes(NONCE)) as part:
            try:
                path.hardlink_to(part)  # unlike a rename it never replaces a key that is in use
            except FileExistsError:
                pass
            except OSError:  # a file system without links
                part.replace(path)
    return read_key(folder, LOCAL)


def write_private(path: Path, content: bytes) -> None:
    """Write a 0600 file at once or not at all."""
    with _part(path, content) as part:
        part.replace(path)


@contextmanager
def _part(path: Path, content: bytes) -> Iterator[Path]:
    """A 0600 file beside `path` for the time of the block, whole; renamed in the block it stays."""
    part = path.with_suffix(f".{secrets.token_hex(4)}.part")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    try:
        with os.fdopen(os.open(part, flags, 0o600), "wb") as file:
            file.write(content)
        yield part
    finally:
        part.unlink(missing_ok=True)


def read_key(folder: Path, key_id: str) -> bytes:
    """A key's 32 bytes. Raises Refusal `auth.key` where it is missing, damaged, or readable by others."""
    if not is_id(key_id) or not key_id.isalnum():
        raise Refusal("auth.key", "A key's name has letters and digits only.")
    path = folder / "keys" / f"{key_id}.key"
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    try:
        # By its exact name: asked for CON.key Windows opens the console, asked for LOCAL.key macOS opens local.key.
        if path.name not in {one.name for one in path.parent.iterdir()}:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        with os.fdopen(os.open(path, flags), "rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            key = file.read(NONCE + 1)
    except OSError as why:
        raise Refusal("auth.key", f"The key {path} cannot be read ({why.strerror}). Start the bridge once.") from None
    if os.name == "posix" and mode & 0o077:
        text = f"The key {path} can be read by others (mode {mode & 0o777:o}, expected 600). Run chmod 600 on it, "
        raise Refusal("auth.key", text + "or delete it and start the bridge again.")
    if len(key) != NONCE:
        text = f"The key {path} has {len(key)} bytes, expected {NONCE}. Delete it and start the bridge again."
        raise Refusal("auth.key", text)
    return key


def write_launch(folder: Path) -> None:
    """Write `launch.json`: how a client starts this very bridge when none runs."""
    write_json(folder / "launch.json", {"argv": [sys.executable, "-m", "bridge.cli", "serve"]})


def launch(folder: Path) -> "subprocess.Popen[bytes]":
    """Start a bridge, detached from this program. One that finds another at work in its home ends with 0. Raises
    Refusal `job.lost` with the command where it cannot be started.
    """
    try:
        argv = json.loads((folder / "launch.json").read_text("utf-8"))["argv"]
        first_is_absolute = Path(argv[0]).is_absolute()
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        first_is_absolute = False
    if not first_is_absolute:
        raise Refusal("job.lost", "No bridge is running. Start one in a terminal: sfumato serve", "later")
    if Path("/.flatpak-info").exists():
        argv = ["flatpak-spawn", "--host", f"--env=SFUMATO_HOME={folder}", *argv]  # it hands on no environment
    clean = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
    clean["SFUMATO_HOME"] = str(folder)
    detached: dict[str, Any] = {"start_new_session": True}
    if sys.platform == "win32":
        detached = {"creationflags": subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP}
    log = folder / "bridge.log"
    try:
        with log.open("ab") as sink:
            bridge = subprocess.Popen(  # noqa: S603  # the argv is what this user's own bridge wrote into its folder
                argv, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, env=clean, close_fds=True, **detached
            )
    except OSError as why:
        text = f"The bridge could not be started ({why.strerror}). Start it in a terminal: sfumato serve"
        raise Refusal("job.lost", text, "later") from None
    threading.Thread(target=bridge.wait, daemon=True).start()  # should it end before this program, it leaves no zombie
    return bridge


def last_words(folder: Path) -> str:
    """The last line of the bridge's log: why it ended, where it ended by itself. Empty where it said nothing."""
    with suppress(OSError), (folder / "bridge.log").open("rb") as log:
        log.seek(max(0, log.seek(0, os.SEEK_END) - KIB))
        return log.read().decode("utf-8", "replace").strip().rpartition("\n")[2].removeprefix("sfumato: ").strip()
    return ""
