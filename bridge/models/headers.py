"""Safetensors headers: what a file says it holds, checked to the last byte before anything else looks at it.

The format is eight bytes of length, JSON, then the tensors: https://github.com/huggingface/safetensors, *Format*. Only
the JSON is read. What is wrong is said in a sentence; a pickled file is told by its first bytes, whatever its name.
"""

import hashlib
import json
import math
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from bridge.protocol.errors import Refusal
from bridge.protocol.limits import KIB, MIB

HEADER = 32 * MIB
"""Largest header, bytes. SDXL's has 0.4 MiB; a LoRA may carry every word it was trained on."""
MARKS = 1_000_000
"""Most brackets and commas in a header: each may cost the parser a hundred bytes of memory."""
RANK = 8
"""Most dimensions of a tensor."""
SAMPLES, SAMPLE = 64, 4 * KIB
"""A fingerprint reads this many pieces, spread evenly over the weights, of this many bytes each."""

BITS = {
    **dict.fromkeys(("F4",), 4),
    **dict.fromkeys(("F6_E2M3", "F6_E3M2"), 6),
    **dict.fromkeys(("BOOL", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ"), 8),
    **dict.fromkeys(("I16", "U16", "F16", "BF16"), 16),
    **dict.fromkeys(("I32", "U32", "F32"), 32),
    **dict.fromkeys(("I64", "U64", "F64", "C64"), 64),
}
"""Bits of one value of each dtype of the format."""

PICKLED = frozenset((".ckpt", ".pt", ".pth", ".bin", ".pkl"))
"""Endings of files that hold a pickle. They are never opened, only named."""

_FOREIGN = (
    (b"PK\x03\x04", "a pickled file or another archive"),
    (b"\x80", "a pickled file, which can run code"),
    (b"GGUF", "a GGUF file"),
    (b"version https://git-lfs", "a Git LFS pointer instead of the weights"),
    (b"<", "a web page, perhaps of a login"),
)
"""First bytes of what is met under the name of a safetensors file."""


class Tensor(NamedTuple):
    """One tensor: its dtype as the format writes it, its shape, and where its bytes lie after the header."""

    dtype: str
    shape: tuple[int, ...]
    start: int
    end: int


class Header(NamedTuple):
    """What a safetensors file says it holds.

    tensors   by name
    metadata  texts by name
    size      of the file, bytes
    start     where the weights start, bytes
    """

    tensors: dict[str, Tensor]
    metadata: dict[str, str]
    size: int
    start: int

    @property
    def parameters(self) -> int:
        """Number of weights."""
        return sum(math.prod(tensor.shape) for tensor in self.tensors.values())


def read(path: Path) -> Header:
    """The header of a safetensors file. Reads nothing else.

    Raises Refusal `model.unsafe` for a pickled file, `model.invalid` for one that is cut short or is none.
    """
    if path.suffix.lower() in PICKLED:
        raise pickled(path.name)
    if not path.is_file():  # a named pipe would never answer
        raise Refusal("model.invalid", f"{path.name} cannot be read: it is no file.")
    try:
        with path.open("rb") as file:
            size = path.stat().st_size
            return _parsed(path.name, size, _json(path.name, size, file))
    except OSError as why:
        raise Refusal("model.invalid", f"{path.name} cannot be read: {why.strerror}.") from None


def pickled(name: str) -> Refusal:
    """The refusal of a file that may run code when it is opened."""
    return Refusal("model.unsafe", f"{name} is a pickled file, which can run code: convert it to safetensors.")


def fingerprint(paths: Iterable[Path]) -> str:
    """32 hex digits for the content of some files, in this order: sizes, beginnings, and samples all over them.

    Not the whole content: 7 GB would take a minute, this takes milliseconds. Other training changes weights everywhere.
    """
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            size = path.stat().st_size
            digest.update(struct.pack("<Q", size))
            start = min(size, 8 + struct.unpack("<Q", file.read(8).ljust(8, b"\0"))[0], HEADER)
            file.seek(0)
            digest.update(file.read(start))
            for k in range(SAMPLES):
                file.seek(start + (size - start) * k // SAMPLES)
                digest.update(file.read(SAMPLE))
    return digest.hexdigest()[:32]


def plain_json(text: bytes, *, infinite: bool = False) -> dict[str, Any]:
    """A JSON object from a file nobody vouches for. Raises ValueError: no object, a name twice, too large, too deep.

    NaN and infinity are no JSON; where `infinite`, they are let through: schedulers write their bounds so.
    """
    if sum(map(text.count, b"[{,")) > MARKS:
        raise ValueError(f"more than {MARKS} parts")
    constant = float if infinite else _no_constant
    try:
        found = json.loads(text.decode("utf-8"), object_pairs_hook=_once, parse_constant=constant)
    except RecursionError:
        raise ValueError("nested too deep") from None
    if not isinstance(found, dict):
        raise ValueError("no object")
    return found


def _json(name: str, size: int, file: BinaryIO) -> bytes:
    """The header's bytes."""
    head = file.read(32)
    length = struct.unpack("<Q", head[:8])[0] if size > 8 else 0
    if head[8:9] == b"{" and length > HEADER:
        raise _invalid(name, f"has a header of {length} bytes; at most {HEADER} are read")
    if head[8:9] == b"{" and length > size - 8:
        raise _invalid(name, f"is cut short: its header alone has {length} bytes, the file {size}. Download it again")
    if length < 2 or head[8:9] != b"{":
        kind = next((kind for start, kind in _FOREIGN if head.startswith(start)), "something else")
        if "pickled" in kind:
            raise Refusal(
                "model.unsafe",
                f"{name} is called safetensors but is {kind}. Do not open it elsewhere; download it from a source "
                "that offers safetensors.",
            )
        raise _invalid(name, f"is called safetensors but holds {kind}. Download it again")
    file.seek(8)
    return file.read(length)


def _parsed(name: str, size: int, text: bytes) -> Header:
    """The header that these bytes describe, each claim checked."""
    try:
        given = plain_json(text)
    except ValueError as why:
        raise _invalid(name, f"has a header that cannot be read ({short(why)})") from None
    metadata = given.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise _invalid(name, "has metadata that are not texts")
    tensors = {key: _tensor(name, key, value) for key, value in given.items()}
    if not tensors:
        raise _invalid(name, "holds no weights")
    end = 0
    for key, tensor in sorted(tensors.items(), key=lambda item: item[1][2:]):
        if tensor.start != end:
            raise _invalid(name, f"says that “{short(key)}” starts at byte {tensor.start}; it must at {end}")
        end = tensor.end
    start = 8 + len(text)
    if size < start + end:
        raise _invalid(name, f"is cut short: it has {size} of {start + end} bytes. Download it again")
    if size > start + end:
        raise _invalid(name, f"has {size} bytes where its header speaks of {start + end}. Download it again")
    return Header(tensors, metadata, size, start)


def _tensor(name: str, key: str, value: Any) -> Tensor:
    """One entry of a header: known dtype, whole sizes, as many bytes as they need."""
    match value:
        case {"dtype": str(dtype), "shape": [*shape], "data_offsets": [start, end], **rest} if not rest:
            whole = all(type(n) is int and 0 <= n < 1 << 48 for n in (*shape, start, end))
            if dtype in BITS and whole and len(shape) <= RANK and start <= end:
                if BITS[dtype] * math.prod(shape) != 8 * (end - start):
                    raise _invalid(
                        name,
                        f"says that “{short(key)}” has {end - start} bytes; {shape} of {dtype} has "
                        f"{BITS[dtype] * math.prod(shape) // 8}",
                    )
                return Tensor(dtype, tuple(shape), start, end)
    raise _invalid(name, f"has an entry “{short(key)}” that describes no tensor")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands in it twice")
    return found


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no number")


def short(what: object) -> str:
    """What a stranger wrote, for a sentence: one line, at most 60 letters."""
    text = "".join(letter if letter.isprintable() else " " for letter in str(what))
    return text if len(text) <= 60 else text[:59] + "…"


def _invalid(name: str, what: str) -> Refusal:
    return Refusal("model.invalid", f"{short(name)} {what}.")
