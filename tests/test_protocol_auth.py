"""The proof: what WIRE's formula gives, made by hand, and nothing that another port, key or hello could give."""

import base64
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
    assert (auth.PAIR_CLIENT, auth.PAIR_SERVER) == (b"sfumato.v1 pair client", b"sfumato.v1 pair server")
    assert (auth.NONCE, auth.IDENTITY, auth.SECRET) == (32, 16, 16)


@pytest.mark.parametrize(
    ("secret", "salt", "info", "size", "made"),
    [
        (
            *(b"\x0b" * 22, bytes(range(13)), bytes(range(0xF0, 0xFA)), 42),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
        ),
        (
            *(bytes(range(0x50)), bytes(range(0x60, 0xB0)), bytes(range(0xB0, 0x100)), 82),
            "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09"
            "da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87",
        ),
        (
            *(b"\x0b" * 22, b"", b"", 42),
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
        ),
    ],
    ids=["A.1", "A.2", "A.3"],
)
def test_hkdf_is_the_rfcs(secret: bytes, salt: bytes, info: bytes, size: int, made: str) -> None:
    """RFC 5869, appendix A: its cases for SHA-256."""
    assert auth.hkdf(secret, salt, info, size).hex() == made


def test_everything_goes_into_the_key() -> None:
    given = {"secret": bytes(16), "bridge_nonce": b"\x11" * 32, "client_nonce": b"\x22" * 32, "key_id": "a1"}
    others = [
        {"secret": bytes(15) + b"\x01"},
        {"bridge_nonce": b"\x22" * 32},
        {"client_nonce": b"\x11" * 32},
        {"key_id": "a2"},
    ]
    keys = {auth.derive(**{**given, **other}) for other in ({}, *others)}
    assert len(keys) == 5
    assert {len(key) for key in keys} == {32}


def test_golden_pairing() -> None:
    pair, paired, hello = golden.read("pair"), golden.read("paired"), golden.read("hello")
    pairing, said, told = paired.meaning["pairing"], pair.meaning["control"], paired.meaning["control"]
    assert {**pairing, "key": None} == {**pair.meaning["pairing"], "key": None}
    secret = base64.b32decode(pairing["text"] + "=" * 6)
    nonces = hello.meaning["control"]["nonce"] + said["nonce"]
    rest = nonces + pairing["port"].to_bytes(2, "little") + hashlib.sha256(hello.message).digest()
    assert said["mac"] == by_hand(secret, b"sfumato.v1 pair client" + rest)
    assert told["mac"] == by_hand(secret, b"sfumato.v1 pair server" + rest + told["key_id"].encode())
    extracted = by_hand(nonces, secret)
    assert pairing["key"] == by_hand(extracted, b"sfumato.v1 key" + told["key_id"].encode() + b"\x01")


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
