"""What the bridge says when it cannot do what was asked: a stable code, a sentence for an artist, and what to do."""

from typing import Any, Literal

Retry = Literal["never", "later", "now"]

CODES = frozenset(
    """
    auth.failed auth.key auth.version auth.pair auth.slow auth.elsewhere
    wire.malformed wire.text wire.offset wire.crc wire.stream wire.type
    limit.message limit.side limit.document limit.upload limit.uploads limit.spool limit.session
    picture.size picture.empty picture.mask_empty
    recipe.field recipe.selection
    model.unknown model.invalid model.unsafe model.missing
    queue.full gpu.memory gpu.lost
    result.invalid result.expired
    job.unknown job.reused job.busy job.lost
    internal
    """.split()
)
"""Every error code of the wire. Stable: codes are added, never renamed."""

CLOSE = {
    "wire.malformed": 4400,
    "auth.failed": 4401,
    "auth.key": 4401,
    "auth.pair": 4401,
    "wire.text": 4402,
    "auth.version": 4406,
    "auth.slow": 4408,
    "auth.elsewhere": 4409,
    "limit.session": 4413,
}
"""Codes that end the connection, with the websocket close code that follows their `error`."""


class Refusal(Exception):
    """Something was refused. `text` says to an artist what happened, with both numbers, and what to do next.

    `retry` tells a program whether trying again can help: never, later, or now. `detail` holds the same numbers for
    programs (plain values only).
    """

    def __init__(self, code: str, text: str, retry: Retry = "never", **detail: Any) -> None:
        assert code in CODES, code
        super().__init__(text)
        self.code = code
        self.text = text
        self.retry: Retry = retry
        self.detail = detail

    def __repr__(self) -> str:
        return f"Refusal({self.code!r}, {self.text!r})"


def unreadable(where: str, what: str) -> Refusal:
    """A message that is not what the protocol says: `where` names the field, `what` was found there."""
    return Refusal(
        "wire.malformed", f"A message could not be read: {where} is {what}. Update the plug-in or the bridge."
    )
