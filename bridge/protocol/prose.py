"""What docs/protocol.md says that no code can say: paragraphs, and a line for each error code. `page.py` prints it."""

from bridge.protocol import PATH, PORT, SUBPROTOCOL, VERSION, auth, frames, limits
from bridge.protocol.errors import CLOSE

MEANINGS = {
    "auth.failed": "the other side could not prove that it holds the key, or spoke before it did",
    "auth.key": "the bridge does not know this `key_id`: pair again",
    "auth.version": "the two sides speak different versions: the text says which to update",
    "auth.pair": "the pairing string is wrong, used up or too old",
    "auth.slow": f"nothing was said for {limits.AUTH_SECONDS:g} s",
    "auth.elsewhere": "the same session was opened by another connection; do not reconnect by yourself",
    "wire.malformed": "a message could not be read: a fault of one of the two programs",
    "wire.text": "a text message arrived; this wire is binary",
    "wire.offset": "a data message does not continue its stream, or ends it in the wrong place: that stream is dead",
    "wire.crc": "a payload was damaged: that stream is dead",
    "wire.stream": "data for a stream that nobody announced, or a second stream for the same picture",
    "wire.type": "the message is unknown, or not for this side to say; everything else goes on",
    "limit.message": "a control map is too large to be sent",
    "limit.side": "a picture or document has too long a side",
    "limit.document": "the document has too many pixels",
    "limit.upload": "one job would upload too much",
    "limit.uploads": "all uploads together would be too much: try again later",
    "limit.spool": "there is no room on disk for the region and its layers",
    "limit.session": "the session as a whole went over a limit",
    "picture.size": "the picture is not the one that was wanted, or no picture at all; `detail` holds both",
    "picture.empty": "a picture without a pixel",
    "picture.mask_empty": "every value of the mask is 0",
    "recipe.field": "a field of the recipe is unknown, ill-typed or out of range; `detail` holds field, wanted and got",
    "recipe.selection": "nothing is selected, or what is selected cannot be painted",
    "model.unknown": "no model of that id is here",
    "model.invalid": "the model's file is damaged or of an unknown family",
    "model.unsafe": "the model's file could run code and is not opened",
    "model.missing": "no installed model can do this",
    "queue.full": "too many jobs wait already",
    "gpu.memory": "the GPU ran out of memory",
    "gpu.lost": "the GPU or its driver failed",
    "result.invalid": "the model returned no picture",
    "result.expired": "the layer is no longer kept",
    "job.unknown": "no such job, or it wants no pixels",
    "job.reused": "the job's name was used for other contents",
    "job.busy": "the job belongs to another open session",
    "job.lost": "the job did not survive: ask again",
    "internal": "a fault of the bridge; its log says more",
}
"""A line for each of errors.CODES; a test misses what is missing."""


INTRODUCTION = f"""
# The wire, version {VERSION}

*Written by `python -m bridge.protocol.page` from the code; a test fails where the two disagree. Do not edit this page.*

This page is for whoever writes a client: a plug-in, a panel, a program, in any language. One sentence says it all:
**the editor offers a selection; the bridge says which box it wants to see; the editor sends those pixels; the bridge
sends layers back.**

1. Open a websocket. The bridge says [`hello`](#hello), you answer with [`auth`](#auth), the bridge with
   [`welcome`](#welcome).
2. Say [`fill`](#fill): document, selection box, recipe. No pixels yet.
3. The bridge answers with [`want`](#want), the box that it needs to see, or with [`error`](#error): then there is no
   job.
4. Say [`stream`](#stream) for the picture and, where it is wanted, another for the mask, then send their bytes as data
   messages. The bridge answers with [`accepted`](#accepted).
5. [`progress`](#progress) and [`preview`](#preview) come as they are made, then one [`layer`](#layer) for each
   variation, followed by its pixels, and at last exactly one [`done`](#done).
6. Put each layer into the document, then say [`ack`](#ack). What is not acknowledged comes again after a cut.

Every example below is also a file of exact bytes in `tests/vectors/`, beside its meaning in JSON: read them, write them
again, and compare. Bytes are shown as `{{"hex": "…"}}`.
"""

TRANSPORT = f"""
## Transport

| what | is |
|---|---|
| address | `ws://127.0.0.1:{PORT}{PATH}` and `ws://[::1]:{PORT}{PATH}`; `bridge.json` in the home says the port |
| home | `$SFUMATO_HOME`, else `~/.local/share/sfumato` (Linux), \
`~/Library/Application Support/Sfumato` (macOS) or `%LOCALAPPDATA%\\Sfumato` (Windows) |
| subprotocol | `{SUBPROTOCOL}` |
| messages | binary only; a text message closes with {CLOSE["wire.text"]} |
| largest message | {limits.MESSAGE:,} bytes; the payload of a data message {limits.CHUNK:,} |
| compression | none: do not offer `permessage-deflate` |
| time to say `auth` | {limits.AUTH_SECONDS:g} s |
| version | {VERSION}; `hello.protocol` names the oldest and the newest that the bridge speaks |

A field that a reader does not know is ignored (except in a recipe); a message that the bridge does not know is answered
with `wire.type`, and the conversation goes on; a message that you do not know you ignore. So the wire can grow; smaller
abilities are names in `welcome.features`. A bridge of another version says `error` with `auth.version` in place of
`hello`, and closes with {CLOSE["auth.version"]}.
"""

HANDSHAKE = f"""
## Handshake

Both sides prove that they hold the same {auth.NONCE}-byte key; the key itself never travels. The local key is the file
`keys/local.key` in the home, readable by its owner only, and its `key_id` is `local`.

    mac = HMAC-SHA256(key, label ‖ bridge nonce ‖ client nonce ‖ port ‖ SHA-256(hello message) ‖ key_id)

| part | bytes |
|---|---|
| label | `{auth.CLIENT.decode()}` in `auth`, `{auth.SERVER.decode()}` in `welcome`, as ASCII |
| bridge nonce | {auth.NONCE}, from `hello` |
| client nonce | {auth.NONCE} random ones of your own, sent in `auth` |
| port | 2, little-endian: the one that *you* dialled; the bridge takes the one that it listens on |
| hello message | hashed as it arrived, with its {frames.PREFIX.size}-byte prefix |
| key_id | as ASCII |

Make the mac of `welcome` yourself and compare it, in constant time, before you send anything else. Where it differs, it
is not your bridge: close. Keep `session`: sent in the `auth` of your next connection it resumes this conversation, and
`welcome.resumed` says whether that worked. Anything in place of `auth` closes with {CLOSE["auth.failed"]}; only
[`pair`](#pairing) may stand there. `hello`, `auth` and `welcome` in `tests/vectors/` are one whole handshake, with its
key.
"""

PAIRING = f"""
## Pairing

A client that cannot read the local key is given one of its own: Photoshop's panel, the page in the browser. For that
`sfumato pair` prints a text of 26 letters and digits, and behind a colon the bridge's port where that is not {PORT}.
The text is {auth.SECRET} random bytes in base32 (RFC 4648, upper case, without padding); it is good for
{limits.PAIR_SECONDS:g} s, and once.

1. Read [`hello`](#hello), and answer with [`pair`](#pair) in place of `auth`. Its mac is made as above: the key is
   those {auth.SECRET} bytes, the label `{auth.PAIR_CLIENT.decode()}`, the key_id empty.
2. The bridge answers with [`paired`](#paired), its label `{auth.PAIR_SERVER.decode()}`, its key_id the one in it.
   Compare the mac; where it differs keep nothing. The bridge closes with 1000.
3. Both sides make the same key, which never travelled. Keep it with its key_id, and connect again, with `auth`.

The key is HKDF-SHA256 (RFC 5869) of the {auth.SECRET} bytes, {auth.NONCE} bytes long:

    key = HKDF-SHA256(text's bytes, salt = bridge nonce ‖ client nonce, info = "{auth.KEY.decode()}" ‖ key_id)

A `pair` that matches no text is refused with `auth.pair`, and costs every text that is good one of its
{limits.PAIR_TRIES} tries. Once a key is revoked (`sfumato pair --revoke`), its open conversations end with `auth.key`,
as does each new one. `sfumato open` pairs the bridge's own page in the same way, by a file that leads the browser to
`/#` and the text; that key the bridge keeps in memory only. Jobs of a key that is gone are forgotten when the bridge
starts anew. `pair` and `paired` in `tests/vectors/` are one whole pairing.
"""

NAMES = f"""
### Ids

A job, region, result, model or LoRA is named by 1 to {limits.ID} ASCII letters, digits, `-`, `_` and `.`, which mean
nothing to the other side. The client names a job, with 16 random bytes in hex; the bridge names everything else. A
result's id is the first 16 bytes of SHA-256(the job's id as ASCII ‖ the index as little-endian u16), in hex: a job that
runs again makes the same ids, and a client that keeps them in the document never inserts a layer twice.
"""

STREAMS = f"""
## Streams of pixels

A [`stream`](#stream) announces `size` bytes; data messages with its number then carry them, in order, at most
{limits.CHUNK:,} bytes each. Numbers rise and never come twice in a connection; a client's are odd, the bridge's even.

- The offset of a data message is the place of its first byte in the picture: 0 or the stream's `from` at first, then
  where the one before it ended. Flag 1 (*last*) stands on exactly the message that completes the stream. Where that
  does not hold, or a checksum is wrong, the *stream* dies with `wire.offset` or `wire.crc`; the connection lives, and a
  new stream may be announced.
- **Credit**: a sender may put {limits.CREDIT:,} bytes on a new stream. The receiver says [`credit`](#credit) when half
  of what it gave is used up: that many *more*. Send nothing that you have no credit for; control messages need none.
- Data for a stream that was aborted or died, or whose job has ended, is dropped silently. Data for a number that was
  never announced is answered with `wire.stream`.
- Upload only what [`want`](#want) asked for, in the very size that it asked for. Anything else is `picture.size`: the
  stream dies, the want stands.
- **Order**: send control messages before data that waits, and take turns between streams, one message each.
"""

MESSAGES_TEXT = """
## Messages

Each is one map with its name in `t`. A field that is null may be left out; the bridge leaves it out. A whole number is
never negative, but for the x and y of a box; a number may come as a whole number or as a float of 32 or 64 bit.
"""

LIFE = f"""
## A job's life

| a job is | once | `cancel` | a cut |
|---|---|---|---|
| wanted | `want` was said | `done`, cancelled | its upload is forgotten after {limits.UPLOAD_GRACE:g} s: ask again |
| queued | `accepted` was said | `done`, cancelled | it goes on |
| running | a painter took it | stops within a step; `done`, cancelled; finished layers come | it goes on |
| done | `done` was said | nothing is said | what was not acknowledged comes again |

The same `fill` with the same job is answered with `want` (then upload from byte 0) or `accepted`, and never runs twice;
with other contents it is refused with `job.reused`. A job that was accepted belongs to the session that asked for it:
there its `layer`s and its `done` go. Every session of the key may list its [`jobs`](#jobs), [`cancel`](#cancel) each,
and [`take`](#take) those that no open connection waits for; the same `fill` from another session is a `take`, too.

**Exactly once.** `layer` and `done` are durable: they carry `n`, 1, 2, 3 … within the session, and come again, in
order, after every cut until you [`ack`](#ack) them. A layer that comes again has neither `s` nor `mask_s`:
[`fetch`](#fetch) its pixels from the byte where you stopped. Write the result's id into the document's layer *before*
the `ack`, and skip ids that the document already has. A layer that nobody acknowledged is kept for
{limits.KEEP_LAYERS / 86400:g} days.
"""
