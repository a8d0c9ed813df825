"""Every limit of the wire, once. A refusal names the limit and the number that broke it (WIRE.md, *Limits*)."""

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30

MESSAGE = 1 * MIB
"""Largest websocket message, bytes."""
MAP = 64 * KIB
"""Largest msgpack map of a control message, bytes."""
DEPTH = 8
"""Deepest nesting of maps and arrays in a control message."""
CHUNK = 256 * KIB
"""Largest payload of one data message, bytes (`bench/wire.py`: smaller and larger are slower)."""
CREDIT = 4 * MIB
"""Bytes a sender may put on a new stream before the receiver grants more."""
SIDE = 30_000
"""Longest side of a picture or document, pixels."""
DOCUMENT = 512_000_000
"""Largest document, pixels."""
JOB_UPLOAD = 1 * GIB
"""Upload of one job, bytes."""
ALL_UPLOADS = 2 * GIB
"""Uploads of all jobs that are not yet accepted, bytes."""
QUEUED = 32
"""Jobs of one key that wait or run."""
SPOOL = 8 * GIB
"""Regions and layers on disk, bytes."""
CONNECTIONS = 16
"""Open connections."""
STRANGERS = 8
"""Open connections that have not authenticated."""
AUTH_SECONDS = 5.0
"""Time to authenticate, seconds."""
PAIR_SECONDS = 120
"""How long a pairing text is good for, seconds."""
PAIR_TRIES = 5
"""Wrong tries that kill a pairing text."""
INVITATIONS = 8
"""Pairing texts that are good at the same time."""
TEXT = 8 * KIB
"""Prompt or negative prompt, bytes of UTF-8."""
ID = 64
"""An opaque id (job, region, model, lora), bytes of ASCII."""
COUNT = 8
"""Variations of one recipe."""
LORAS = 16
"""LoRAs of one recipe."""
LIST = 256
"""Longest list in one `capabilities` map."""
PREVIEW_SIDE = 512
"""Longest side of a preview, pixels."""
PREVIEWS_PER_SECOND = 4
"""Previews of one job, at most."""
UPLOAD_GRACE = 30.0
"""How long a half-finished upload outlives its connection, seconds."""
KEEP_LAYERS = 7 * 24 * 3600.0
"""How long a layer that nobody acknowledged is kept, seconds."""

ADVERTISED = {
    "message": MESSAGE,
    "chunk": CHUNK,
    "credit": CREDIT,
    "side": SIDE,
    "document": DOCUMENT,
    "job_upload": JOB_UPLOAD,
    "queued": QUEUED,
    "count": COUNT,
    "text": TEXT,
}
"""What `hello.limits` tells a client."""
