"""Invitations: texts that live two minutes, and each become one client's key (WIRE.md, *Pairing*)."""

import base64
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from bridge.protocol import auth, limits


@dataclass(eq=False)
class Invitation:
    """One chance to become known. `page`: for the bridge's own page, whose key dies with the bridge. `until` is the
    clock's second at which it is too old, `tries` how often somebody may still be wrong."""

    secret: bytes = field(repr=False)
    page: bool
    until: float
    tries: int = limits.PAIR_TRIES

    @property
    def text(self) -> str:
        """What an artist pastes: 26 letters and digits, RFC 4648's base32 without padding."""
        return base64.b32encode(self.secret).decode("ascii").rstrip("=")


class Invitations:
    """Those that are alive, the oldest first. `clock` counts seconds; a test passes its own."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._made: list[Invitation] = []

    @property
    def alive(self) -> list[Invitation]:
        """What may still be used: neither too old nor wrongly guessed at too often."""
        now = self._clock()
        self._made = [one for one in self._made if one.tries > 0 and now < one.until]
        return list(self._made)

    def make(self, page: bool = False) -> Invitation:
        """A new one. Where there are too many, the oldest goes."""
        self._made = self.alive[-limits.INVITATIONS + 1 :]
        one = Invitation(secrets.token_bytes(auth.SECRET), page, self._clock() + limits.PAIR_SECONDS)
        self._made.append(one)
        return one

    def burn(self, matches: Callable[[bytes], bool]) -> Invitation | None:
        """The one whose secret matches: it is used up. Where none does, each has one try less, for nobody can tell
        which was meant."""
        alive = self.alive
        found = [one for one in alive if matches(one.secret)]  # all are tried: the time tells nothing
        for one in found or alive:
            one.tries = 0 if found else one.tries - 1
        return found[0] if found else None
