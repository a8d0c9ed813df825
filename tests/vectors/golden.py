"""What the golden vectors say. `python -m tests.vectors.golden` writes them anew; README.md tells their shape."""

import hashlib
import json
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgpack

from bridge.protocol import auth, limits
from bridge.protocol.codec import encode, to_map
from bridge.protocol.frames import MAGIC, PREFIX, pack_data
from bridge.protocol.messages import (
    Abort,
    Accepted,
    Ack,
    Auth,
    Bye,
    Cancel,
    Capabilities,
    Credit,
    Done,
    Error,
    Fetch,
    Fill,
    Hello,
    Invite,
    Jobs,
    Layer,
    Message,
    Missing,
    Pair,
    Paired,
    Ping,
    Pong,
    Preview,
    Progress,
    Stream,
    Take,
    Want,
    WantedImage,
    WantedMask,
    Welcome,
)
from bridge.protocol.page import shown
from bridge.protocol.values import Box, Document, Lora, Picture, Recipe

FOLDER = Path(__file__).parent

KEY, KEY_ID, PORT = bytes(range(64, 96)), "local", 4717
HELLO = Hello((1, 1), "0.1.0", bytes(range(0xA0, 0xB0)), bytes(range(32)), limits.ADVERTISED)
NONCE = bytes(range(32, 64))
SECRET, PAIRED_ID = bytes(range(0xC0, 0xD0)), "9f3c61d2a0b84e57"
PAIRING_TEXT = "YDA4FQ6EYXDMPSGJZLF4ZTOOZ4"
SESSION = bytes(range(0xB0, 0xC0))
JOB = "3e7a0c5d9b1f42688d20c4b6a1957f03"
REGION = "c0ffee00d15ea5e0facade0ddba11ad5"
DOCUMENT = Document("6b1d0f8e2c4a49b7a35d7e9f10c2b864", 6000, 4000, 4, "u16")
SELECTION = Box(2210, 1480, 640, 512)
CONTEXT = Box(2018, 1224, 1024, 1024)
GROWN = Box(2202, 1472, 656, 528)
RECIPE = Recipe(
    "fill",
    prompt="Ein blühender Kirschbaum, 桜の木 🌸",
    negative="Zäune",
    model="sdxl-inpaint",
    strength=0.85,
    seed=2**32 - 1,
    count=2,
    steps=28,
    guidance=6.5,
    loras=(Lora("ink-lines", 0.75), Lora("grain", -0.5)),
    context=CONTEXT,
    blend=8,
)
PLAN = {
    "mode": "fill",
    "selection": list(SELECTION),
    "context": list(CONTEXT),
    "working": [1024, 1024],
    "resolution": 99.5,
    "passes": 1,
    "pieces": 1,
    "steps": 28,
    "seconds": 4.2,
    "memory": 7_516_192_768,
    "text": "1024 × 1024 px, full resolution, about 4 s",
    "notes": [],
}
MADE = {"engine": "diffusion", "family": "sdxl", "sha256": "d1b8c2f4", "sfumato": "0.1.0"}


@dataclass(frozen=True)
class Vector:
    """One golden vector: `name`.bin holds `message`, `name`.json the rest. `meaning` is {"control": map},
    {"data": fields} or {"refused": code}."""

    name: str
    note: str
    meaning: dict[str, Any]
    message: bytes

    @property
    def text(self) -> str:
        """What the JSON file holds."""
        return shown({"note": self.note, **self.meaning}) + "\n"


def read(name: str) -> Vector:
    """A vector as it lies in the folder."""
    values = json.loads((FOLDER / f"{name}.json").read_text("utf-8"), object_hook=_unhex)
    return Vector(name, values.pop("note"), values, (FOLDER / f"{name}.bin").read_bytes())


def names() -> list[str]:
    """The vectors in the folder."""
    return sorted(path.stem for path in FOLDER.glob("*.json"))


def write() -> None:
    """Write every vector, and nothing else. Run on purpose: what changes here changes the wire."""
    for old in [*FOLDER.glob("*.json"), *FOLDER.glob("*.bin")]:
        old.unlink()
    for vector in golden():
        (FOLDER / f"{vector.name}.json").write_text(vector.text, "utf-8", newline="\n")
        (FOLDER / f"{vector.name}.bin").write_bytes(vector.message)


def golden() -> Iterator[Vector]:
    """Every vector, made anew."""
    yield from _handshake()
    for name, note, message in [*_asking(), *_pixels(), *_results(), *_talk()]:
        yield _control(name, note, message)
    yield from _data()
    yield from _refused()


def _handshake() -> Iterator[Vector]:
    hello = encode(HELLO)

    def proof(label: bytes) -> bytes:
        return auth.mac(KEY, label, HELLO.nonce, NONCE, PORT, hello, KEY_ID)

    about = {"name": "sfumato-gimp", "version": "0.1.0", "host": "GIMP 3.0.4"}
    first = Auth(about, 1, KEY_ID, NONCE, proof(auth.CLIENT))
    again = Auth(about, 1, KEY_ID, NONCE, proof(auth.CLIENT), SESSION)
    proven = {"proof": {"key": KEY, "port": PORT, "hello": "hello"}}
    yield _control("hello", "The bridge speaks first.", HELLO)
    yield _control("auth", "A client that never was here. Its mac is real: see `proof`.", first, proven)
    yield _control("auth-again", "The same client comes back to its session.", again, proven)
    welcome = Welcome(proof(auth.SERVER), SESSION, False, ("previews",))
    yield _control("welcome", "The bridge's answer to `auth`. Its mac is real, too.", welcome, proven)

    def invited(label: bytes, key_id: str) -> bytes:
        return auth.mac(SECRET, label, HELLO.nonce, NONCE, PORT, hello, key_id)

    panel = {"name": "sfumato-panel", "version": "0.1.0", "host": "Photoshop"}
    pairing = {"text": PAIRING_TEXT, "port": PORT, "hello": "hello"}
    first = Pair(panel, 1, NONCE, invited(auth.PAIR_CLIENT, ""))
    note = "A panel was given a pairing text: see `pairing`. The mac's key is the 16 bytes that it stands for."
    yield _control("pair", note, first, {"pairing": pairing})
    derived = auth.derive(SECRET, HELLO.nonce, NONCE, PAIRED_ID)
    answer = Paired(PAIRED_ID, invited(auth.PAIR_SERVER, PAIRED_ID))
    note = "The bridge's answer to `pair`, and the key that both sides keep."
    yield _control("paired", note, answer, {"pairing": {**pairing, "key": derived}})
    yield _control("invite-ask", "`sfumato open` asks for the page's text.", Invite(page=True))
    yield _control("invite", "The answer to `sfumato pair`.", Invite(False, PAIRING_TEXT, 120))


def _asking() -> Iterator[tuple[str, str, Message]]:
    yield "capabilities-ask", "Asked bare.", Capabilities()
    model = {"id": "sdxl-inpaint", "name": "SDXL Inpaint 日本", "family": "sdxl", "modes": ["fill", "remove"]}
    yield (
        "capabilities",
        "The only part of an answer.",
        Capabilities(
            *(3, 1, 1),
            engines=({"name": "classical", "modes": ["fill", "remove"], "reads_prompt": False, "strengths": False},),
            models=({**model, "native": 1024, "licence": "OpenRAIL++", "fits": True},),
            loras=({"id": "ink-lines", "name": "Ink lines", "family": "sdxl"},),
            device={"name": "NVIDIA RTX 4070", "memory": 12_878_086_144, "free": 11_274_289_152},
        ),
    )
    yield "fill", "Everything that a recipe can say, in three scripts.", Fill(JOB, DOCUMENT, RECIPE, SELECTION)
    again = Fill(JOB, DOCUMENT, Recipe("remove", strength=0.5), SELECTION, region=REGION, replaces="a" * 32)
    yield "fill-again", "Pixels that the bridge may hold, in place of an earlier job.", again
    wide = Fill(JOB, DOCUMENT, Recipe("expand", strength=0.95, context="canvas"), content=Box(500, 0, 5000, 4000))
    yield "fill-expand", "No selection; the box of visible pixels instead.", wide
    dry = Fill(
        JOB, Document("0", 64, 48, 3, "f32"), Recipe("fill", strength=0.05), Box(-5, -2147483649, 70, 50), dry=True
    )
    yield "fill-dry", "Only the plan is asked for; the selection hangs over the canvas.", dry
    image = WantedImage(CONTEXT, 4, "u16")
    yield "want", "What the bridge wants to see.", Want(JOB, PLAN, image, WantedMask(SELECTION))
    yield "want-dry", "The answer to a dry `fill`: no boxes.", Want(JOB, PLAN)
    yield "accepted", "The job stands in the queue.", Accepted(JOB, REGION, PLAN, 1, 8.4, 7_516_192_768)


def _pixels() -> Iterator[tuple[str, str, Message]]:
    image, mask = Picture(1024, 1024, 4, "u16"), Picture(640, 512, 1)
    yield "stream", "A client announces the picture that was wanted.", Stream(1, JOB, "image", image, image.size)
    yield "stream-mask", "And the mask beside it.", Stream(3, JOB, "mask", mask, mask.size)
    rest = Picture(656, 528, 4, "u16")
    yield (
        "stream-from",
        "The bridge answers a `fetch`: `size` is the whole picture.",
        Stream(8, JOB, "layer", rest, rest.size, 1_048_576),
    )
    yield "abort", "Nothing more of stream 3.", Abort(3)
    yield "credit", "Two mebibytes more on stream 1.", Credit(1, 2_097_152)


def _results() -> Iterator[tuple[str, str, Message]]:
    yield "progress", "Half way.", Progress(JOB, "painting", 14, 56, 6.25)
    yield "progress-queued", "Nobody knows how long.", Progress(JOB, "queued", 0, 0)
    yield "preview", "Stream 2 carries it.", Preview(JOB, 1, 2)
    made = Recipe(**{**vars(RECIPE), "seed": 0, "count": 1, "made": MADE}).to_map()
    layer = Layer(
        n=1,
        job=JOB,
        result=_result(1),
        index=1,
        count=2,
        box=GROWN,
        picture=Picture(GROWN.width, GROWN.height, 4, "u16"),
        name="Fill: Ein blühender Kirschbaum, 桜の木 🌸 (2)",
        seed=0,
        recipe=made,
        prompt_used=True,
        timings={"painting": 3.75, "ring": 1180, "offset": [0.125, -0.25, 0.0625]},
        s=4,
        mask_s=6,
    )
    yield "layer", "A finished layer; its two streams were announced just before.", layer
    told_again = Layer(**{**vars(layer), "n": 9007199254740991, "s": None, "mask_s": None})
    yield "layer-again", "The same layer told again after a cut, as the largest number: fetch its pixels.", told_again
    yield "done", "Both variations are there.", Done(2, JOB, "ok", (_result(0), _result(1)), (), {"seconds": 8.125})
    missing = (Missing(1, "gpu.memory", "The GPU ran out of memory. Choose a smaller model."),)
    yield "done-cancelled", "One variation is there, one is not.", Done(7, JOB, "cancelled", (_result(0),), missing)
    yield "ack", "The layer is in the document.", Ack(1, "inserted")
    yield "ack-done", "A `done` is settled without a state.", Ack(2)
    yield "fetch", "The rest of a layer, from the second mebibyte on.", Fetch(_result(1), "layer", 1_048_576)
    yield "fetch-mask", "A whole layer mask.", Fetch(_result(1), "layer mask")
    yield "cancel", "The artist lost interest.", Cancel(JOB)
    yield "jobs-ask", "Asked bare.", Jobs()
    yield "jobs-none", "An answer with nothing in it is none the less an answer.", Jobs(())
    running = {"job": "a" * 32, "state": "running", "host": "GIMP", "tag": DOCUMENT.tag, "orphan": False, "results": []}
    waiting = {**running, "job": JOB, "state": "done", "orphan": True, "results": [_result(0), _result(1)]}
    asked = {"mode": "fill", "prompt": RECIPE.prompt, "count": 2}
    jobs = ({**running, "at": 1_790_000_000.25, **asked}, {**waiting, "at": 1_789_999_000.5, **asked})
    yield "jobs", "One is painted for somebody who is here, one waits for anybody to take it.", Jobs(jobs)
    yield "take", "The layers of a job whose program was ended.", Take(JOB)


def _talk() -> Iterator[tuple[str, str, Message]]:
    yield "ping", "Are you there?", Ping(81.5)
    yield "pong", "The answer, with the same `at`.", Pong(81.5)
    text = "The recipe's strength is a number from 0.05 to 1; this one is 7."
    detail = {"field": "strength", "wanted": "a number from 0.05 to 1", "got": "7"}
    yield "error", "A `fill` was refused.", Error("recipe.field", text, "never", detail, "fill", JOB)
    text = "The image that came has 512 × 512 px, 4 × u16; wanted was 1024 × 1024 px, 4 × u16."
    yield "error-stream", "A stream died, the want stands.", Error("picture.size", text, "now", {}, "stream", JOB, 1)
    yield "bye", "The bridge goes, and will be back.", Bye("The bridge was updated.", 2.5)
    edges = [0, 127, 128, 255, 256, 65535, 65536, 2**32 - 1, 2**32, 2**53 - 1]
    edges += [-1, -32, -33, -128, -129, -32768, -32769, -(2**31), -(2**31) - 1, -(2**53) + 1]
    numbers = {"whole": edges, "broken": [0.1, -1.5, 3.141592653589793, 1e-300, 5e-324, 123456789.125]}
    yield "numbers", "Every size of whole number, and floats.", Error("internal", "Numbers.", detail=numbers)
    texts = {
        "empty": "",
        **{str(size) + " bytes": "é" * (size // 2) + "e" * (size % 2) for size in (31, 32, 255, 256)},
        "scripts": "Ærø, naïve, Ελλάδα, Привет, עברית, العربية, हिन्दी, 中文, 日本語, 한국어",
        "planes": "🖌️👩🏽‍🎨🏳️‍🌈 𝔖𝔣𝔲𝔪𝔞𝔱𝔬 \u0000 \ufeff e\u0301 \u2028 \U0010ffff",
        "切る": "a key is a text like any other",
    }
    yield (
        "texts",
        "Every size of text, many scripts, emoji of several parts, a NUL.",
        Error("internal", "…", detail=texts),
    )
    sizes = {
        "bytes": [bytes(size) for size in (0, 1, 255, 256)],
        "lists": [list(range(size)) for size in (0, 15, 16)],
        "maps": [{f"k{one}": one for one in range(size)} for size in (0, 15, 16)],
        "deep": {"3": {"4": {"5": {"6": {"7": {"8": None}}}}}},
        "plain": [True, False, None],
    }
    yield "sizes", "Every size of bytes, list and map, and the deepest map.", Error("internal", "…", detail=sizes)


def _data() -> Iterator[Vector]:
    row = bytes(range(48))
    for name, note, stream, offset, last, checked in (
        ("data", "The first bytes of a client's stream.", 1, 0, False, False),
        (
            "data-last",
            "The bytes that complete one of the bridge's, beyond 4 GiB.",
            4_294_967_294,
            2**53 - 49,
            True,
            False,
        ),
        ("data-checked", "With a checksum.", 3, 65536, False, True),
        ("data-checked-last", "With both flags.", 3, 65584, True, True),
    ):
        fields = {"stream": stream, "offset": offset, "last": last, "crc": zlib.crc32(row) if checked else None}
        yield Vector(name, note, {"data": {**fields, "payload": row}}, pack_data(stream, offset, row, last, checked))


def _refused() -> Iterator[Vector]:
    ping = msgpack.packb({"t": "ping", "at": 1.5})

    def prefixed(body: bytes, **given: int) -> bytes:
        prefix = {
            "magic": MAGIC,
            "major": 1,
            "kind": 0,
            "length": len(body),
            "offset": 0,
            "crc": 0,
            "flags": 0,
            **given,
        }
        return PREFIX.pack(*prefix.values()) + body

    deep: Any = None
    for _ in range(8):
        deep = [deep]
    float32 = b"\x82\xa1t\xa4ping\xa2at\xca"
    for name, note, message in (
        ("empty", "Nothing at all.", b""),
        ("short", "A prefix of 23 bytes.", prefixed(ping)[:23]),
        ("magic", "Another magic.", prefixed(ping, magic=0x4653)),
        ("major", "A foreign major.", prefixed(ping, major=2)),
        ("kind", "A kind that does not exist.", prefixed(ping, kind=2)),
        ("length-more", "More announced than there is.", prefixed(ping, length=len(ping) + 1)),
        ("length-less", "Less announced than there is.", prefixed(ping, length=len(ping) - 1)),
        ("control-offset", "Control with an offset.", prefixed(ping, offset=1)),
        ("control-crc", "Control with a checksum.", prefixed(ping, crc=1)),
        ("control-flags", "Control with a flag.", prefixed(ping, flags=1)),
        ("no-map", "A list where the map should be.", prefixed(b"\x91\x01")),
        ("no-body", "No map.", prefixed(b"")),
        ("cut", "A map that ends early.", prefixed(ping[:-1])),
        ("trailing", "Something after the map.", prefixed(ping + b"\xc0")),
        ("twice", "The same key twice.", prefixed(b"\x83\xa1t\xa4ping\xa2at\x01\xa2at\x01")),
        ("twice-inside", "The same key twice, deeper.", prefixed(b"\x82\xa1t\xa4ping\xa1x\x82\xa1a\x01\xa1a\x02")),
        ("key-number", "A number as key.", prefixed(b"\x82\xa1t\xa4ping\x01\x01")),
        ("key-bytes", "Bytes as key.", prefixed(b"\x82\xa1t\xa4ping\xc4\x01a\x01")),
        ("key-null", "null as key.", prefixed(b"\x82\xa1t\xa4ping\xc0\x01")),
        ("not-utf8", "A text that is not UTF-8.", prefixed(b"\x82\xa1t\xa4ping\xa1x\xa1\xff")),
        ("surrogate", "Half a surrogate pair.", prefixed(b"\x82\xa1t\xa4ping\xa1x\xa3\xed\xa0\x80")),
        ("deep", "Nine levels.", prefixed(msgpack.packb({"t": "ping", "x": deep}))),
        ("extension", "An extension type.", prefixed(b"\x82\xa1t\xa4ping\xa1x\xd4\x05\x00")),
        ("timestamp", "The extension type for times.", prefixed(b"\x82\xa1t\xa4ping\xa1x\xd6\xff" + bytes(4))),
        ("never-used", "The byte 0xc1.", prefixed(b"\x82\xa1t\xa4ping\xa1x\xc1")),
        ("nan", "Not a number.", prefixed(msgpack.packb({"t": "ping", "at": float("nan")}))),
        ("infinite", "Infinity.", prefixed(msgpack.packb({"t": "ping", "at": float("-inf")}))),
        ("infinite-float32", "Infinity in four bytes.", prefixed(float32 + struct.pack(">f", float("inf")))),
        ("large", "2⁵³.", prefixed(msgpack.packb({"t": "ping", "at": 2**53}))),
        ("large-negative", "−2⁵³.", prefixed(msgpack.packb({"t": "ping", "at": -(2**53)}))),
        ("no-field", "A `credit` without its `bytes`.", prefixed(msgpack.packb({"t": "credit", "s": 1}))),
        ("data-empty", "Data without a byte.", prefixed(b"", kind=1, length=1)),
        ("data-flags", "An unknown flag.", prefixed(b"pixels", kind=1, length=1, flags=4)),
        ("data-crc", "A checksum without its flag.", prefixed(b"pixels", kind=1, length=1, crc=1)),
    ):
        yield Vector(f"refused-{name}", note, {"refused": "wire.malformed"}, message)
    strange = prefixed(msgpack.packb({"t": "sing", "song": "…"}))
    yield Vector(
        "refused-type", "A message that does not exist: the connection lives.", {"refused": "wire.type"}, strange
    )
    recipe = {**Recipe("fill", strength=0.5).to_map(), "tempo": 3}
    fill = {**to_map(Fill(JOB, DOCUMENT, Recipe("fill"))), "recipe": recipe}
    yield Vector(
        "refused-recipe", "A recipe with an unknown field.", {"refused": "recipe.field"}, prefixed(msgpack.packb(fill))
    )


def _control(name: str, note: str, message: Message, more: dict[str, Any] | None = None) -> Vector:
    meaning = {"control": to_map(message), **(more or {})}
    return Vector(name, note, json.loads(json.dumps(meaning, default=_hex), object_hook=_unhex), encode(message))


def _result(index: int) -> str:
    return hashlib.sha256(JOB.encode("ascii") + index.to_bytes(2, "little")).digest()[:16].hex()


def _hex(value: object) -> dict[str, str]:
    assert isinstance(value, bytes), value
    return {"hex": value.hex()}


def _unhex(values: dict[str, Any]) -> Any:
    return bytes.fromhex(values["hex"]) if set(values) == {"hex"} else values


if __name__ == "__main__":
    write()
