"""The proof: what WIRE's formula gives, made by hand, and nothing that another port, key or hello could give."""

import hashlib
import inspect

import pytest

from bridge.protocol import auth
from tests.vectors import golden

GIVEN = {
    "key": bytes(range(32)),
    "label": b"sfumato.v1 client",
    "bridge_nonce": b"\x11" * 32,
    "client_nonce": b"\x22" * 32,
    "port": 4717,
    "hello": b"the whole hello message",
    "key_id": "local",
}


def by_hand(key: bytes, text: bytes) -> bytes:
    """HMAC-SHA256 as RFC 2104 writes it, for a key of up to 64 bytes."""
    padded = key.ljust(64, b"\0")
    inner = hashlib.sha256(bytes(one ^ 0x36 for one in padded) + text).digest()
    return hashlib.sha256(bytes(one ^ 0x5C for one in padded) + inner).digest()


def test_by_hand_is_the_rfcs() -> None:
    """RFC 4231, test case 2."""
    expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert by_hand(b"Jefe", b"what do ya want for nothing?").hex() == expected


def test_mac() -> None:
    text = b"sfumato.v1 client" + b"\x11" * 32 + b"\x22" * 32 + b"\x6d\x12"  # 4717 = 0x126d, its low byte first
    text += hashlib.sha256(b"the whole hello message").digest() + b"local"
    assert auth.mac(**GIVEN) == by_hand(bytes(range(32)), text)
    assert len(auth.mac(**GIVEN)) == auth.NONCE == 32


@pytest.mark.parametrize(
    "other",
    [
        {"key": bytes(31) + b"\x01"},
        {"label": auth.SERVER},
        {"bridge_nonce": b"\x22" * 32},
        {"client_nonce": b"\x11" * 32},
        {"port": 4718},
        {"hello": b"the whole hello messagE"},
        {"key_id": "local2"},
    ],
    ids=lambda other: next(iter(other)),
)
def test_everything_goes_into_the_mac(other: dict) -> None:
    assert not auth.same(auth.mac(**GIVEN), auth.mac(**{**GIVEN, **other}))


def test_every_argument_is_one_of_those() -> None:
    assert list(inspect.signature(auth.mac).parameters) == list(GIVEN)


def test_labels_and_sizes() -> None:
    assert (auth.CLIENT, auth.SERVER) == (b"sfumato.v1 client", b"sfumato.v1 server")
    assert (auth.NONCE, auth.IDENTITY) == (32, 16)


def test_same() -> None:
    assert auth.same(b"\x01" * 32, b"\x01" * 32)
    assert not auth.same(b"\x01" * 32, b"\x01" * 31 + b"\x02")
    assert not auth.same(b"\x01" * 32, b"\x01" * 31)


@pytest.mark.parametrize(("name", "label"), [("auth", b"client"), ("auth-again", b"client"), ("welcome", b"server")])
def test_golden_handshake(name: str, label: bytes) -> None:
    vector = golden.read(name)
    proof, said = vector.meaning["proof"], golden.read("auth").meaning["control"]
    hello = golden.read(proof["hello"])
    text = b"sfumato.v1 " + label + hello.meaning["control"]["nonce"] + said["nonce"]
    text += proof["port"].to_bytes(2, "little") + hashlib.sha256(hello.message).digest() + said["key_id"].encode()
    assert vector.meaning["control"]["mac"] == by_hand(proof["key"], text)
