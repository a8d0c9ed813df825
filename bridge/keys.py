"""The keys that the bridge answers to: files in the home for whom the artist paired, memory for its own page."""

import hashlib
import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bridge import home
from bridge.protocol import limits
from bridge.protocol.errors import Refusal
from bridge.protocol.messages import Invite, Map
from bridge.protocol.pairing import Invitations
from bridge.protocol.session import Agreed


class Keys:
    """Who may come in, and whom the artist invites. One for each bridge; with it ends every key of its page."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` counts the seconds of an invitation."""
        self._folder = folder
        self._pages: dict[str, bytes] = {}
        self.invitations = Invitations(clock)

    def of(self, key_id: str) -> bytes | None:
        """A key's 32 bytes; None where nobody has it, or where its file is damaged or readable by others."""
        if key_id in self._pages:
            return self._pages[key_id]
        try:
            return home.read_key(self._folder, key_id)
        except Refusal:
            return None

    def invite(self, key_id: str, page: bool) -> Invite:
        """A pairing text, for who holds the key `key_id`. Raises Refusal `auth.pair` where that is not the local one:
        nobody who was let in lets in others."""
        if key_id != home.LOCAL:
            text = "Only programs of this user on this machine may pair others: run sfumato pair in a terminal."
            raise Refusal("auth.pair", text)
        return Invite(page, self.invitations.make(page).text, limits.PAIR_SECONDS)

    def keep(self, agreed: Agreed) -> None:
        """Know a client from now on. Raises OSError where its key cannot be written."""
        if agreed.invitation.page:
            self._pages[agreed.key_id] = agreed.key
        else:
            folder = home.make_private(self._folder / "keys")
            about = {**_about(agreed.client), "at": time.time()}
            home.write_private(folder / f"{agreed.key_id}.json", json.dumps(about).encode())
            home.write_private(folder / f"{agreed.key_id}.key", agreed.key)
        self.sweep()

    def gone(self, key_id: str) -> bool:
        """True where nobody can hold a key any more: its file was taken away, or it was a page's of an earlier bridge.
        A file that only cannot be read just now is there."""
        if key_id == home.LOCAL or key_id in self._pages:
            return False
        try:
            (self._folder / "keys" / f"{key_id}.key").lstat()
        except OSError as why:
            return isinstance(why, FileNotFoundError)
        return False

    def sweep(self, all: bool = False) -> None:
        """Take away the files that lead a browser to the page by an invitation that is used up or too old; or `all`,
        for invitations die with the bridge."""
        alive = set() if all else {door(self._folder, one.text) for one in self.invitations.alive}
        with suppress(OSError):
            for path in (self._folder / "doors").glob("*.html"):
                if path not in alive:
                    path.unlink(missing_ok=True)


def door(folder: Path, text: str) -> Path:
    """The file that leads a browser to the page with this pairing text. Its name is made of the text: so the bridge
    can take it away again, and no path crosses the wire."""
    return folder / "doors" / f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.html"


# ---- whom the artist paired -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Paired:
    """A client that was paired: what it called itself, and when, in seconds since 1970 (0: nobody knows)."""

    id: str
    name: str
    host: str
    at: float


def paired(folder: Path) -> list[Paired]:
    """Everybody who was paired and not revoked, the latest first."""
    keys = folder / "keys"
    ids = [path.stem for path in keys.glob("*.key") if path.stem.isalnum() and path.stem != home.LOCAL]
    return sorted((_read(keys, one) for one in ids), key=lambda one: (-one.at, one.id))


def revoke(folder: Path, key_id: str) -> Paired:
    """Forget a client: a bridge that runs ends its conversations. Raises Refusal where nobody has this key."""
    found = next((one for one in paired(folder) if one.id == key_id), None)
    if found is None:
        raise Refusal("auth.key", f"Nobody is paired as “{key_id[:64]}”. See who is: sfumato pair --list")
    for ending in ("key", "json"):
        (folder / "keys" / f"{key_id}.{ending}").unlink(missing_ok=True)
    return found


def _read(keys: Path, key_id: str) -> Paired:
    try:
        about = json.loads((keys / f"{key_id}.json").read_text("utf-8"))
        return Paired(key_id, at=float(about["at"]), **_about(about))
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return Paired(key_id, "unknown", "unknown", 0.0)


def _about(client: Map) -> dict[str, str]:
    """What a client says of itself, fit for a terminal: a stranger's escape sequences are none of its business."""
    said = {name: client.get(name, "unknown") for name in ("name", "host")}
    return {name: "".join(one for one in str(text) if one.isprintable())[:40] for name, text in said.items()}
