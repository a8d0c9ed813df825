"""The wire, sans I/O: no sockets, no asyncio, no numpy. The standard library and msgpack only.

values.py    the words that are values: box, picture, document, recipe
errors.py    codes, close codes, and the one exception, `Refusal`
limits.py    every limit, once
frames.py    bytes: the 24-byte prefix, control maps, data
messages.py  every message as a frozen dataclass
codec.py     messages as plain maps and as bytes
auth.py      the mutual handshake, and the key that comes of pairing
pairing.py   invitations: texts that live two minutes
streams.py   pixels under way: offsets, credit, checksums
outbox.py    what leaves next, in which order
side.py      what both sides of a conversation share
session.py   who may say what, when: `BridgeSide` and `ClientSide`
page.py      writes docs/protocol.md from the code and from prose.py
"""

VERSION = 1
"""The protocol's major version."""
SUBPROTOCOL = f"sfumato.v{VERSION}"
PATH = f"/v{VERSION}"
PORT = 4717
"""The default port: a Photoshop manifest must name it."""
