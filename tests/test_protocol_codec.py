"""Messages as maps and bytes: what is said is what is heard, and the golden vectors hold."""

import types
import typing
from dataclasses import FrozenInstanceError, fields, is_dataclass
from typing import Any, Literal, get_args, get_origin

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.protocol import limits
from bridge.protocol.codec import IDS, decode, encode, to_map, wire_name
from bridge.protocol.errors import CODES, Refusal
from bridge.protocol.frames import Data, pack_data, unpack
from bridge.protocol.messages import (
    MESSAGES,
    Auth,
    Capabilities,
    Error,
    Fetch,
    Fill,
    Jobs,
    Message,
    Missing,
    Ping,
    Stream,
    Want,
    WantedImage,
    WantedMask,
    Welcome,
)
from bridge.protocol.values import Box, Document, Lora, Picture, Recipe
from tests.vectors import golden

WHOLE = st.integers(0, 2**53 - 1)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
SIDES = st.integers(1, 20_000)
NAMES = st.text("abcdefghijklmnopqrstuvwxyzABCXYZ0123456789-_.", min_size=1, max_size=limits.ID)
BOXES = st.builds(Box, st.integers(-99999, 99999), st.integers(-99999, 99999), WHOLE, WHOLE)
DEPTHS = st.sampled_from(["u8", "u16", "f32"])
PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | NUMBERS
    | st.text(max_size=9)
    | st.binary(max_size=9),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=3,
)
KNOWN: dict[Any, st.SearchStrategy] = {
    int: WHOLE,
    float: NUMBERS,
    bool: st.booleans(),
    str: st.text(max_size=30),
    Box: BOXES,
    Picture: st.builds(Picture, SIDES, SIDES, st.sampled_from([1, 3, 4]), DEPTHS),
    Document: st.builds(Document, NAMES, SIDES, SIDES, st.sampled_from([3, 4]), DEPTHS),
    Recipe: st.builds(
        Recipe,
        st.sampled_from(["fill", "remove", "expand", "detail"]),
        prompt=st.text(max_size=50),
        negative=st.text(max_size=50),
        model=st.none() | NAMES,
        strength=st.floats(0.05, 1),
        seed=st.none() | st.integers(0, 2**32 - 1),
        count=st.integers(1, 8),
        steps=st.none() | st.integers(1, 150),
        guidance=st.none() | st.floats(0, 30) | st.integers(0, 30),
        loras=st.lists(st.builds(Lora, NAMES, st.floats(-2, 2)), max_size=3).map(tuple),
        context=st.none() | st.just("canvas") | BOXES.filter(lambda box: not box.empty),
        blend=st.integers(0, 256),
        source=st.sampled_from(["near", "wide", "all"]),
        scale=st.sampled_from([1, 2, 4]),
        made=st.none() | st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=2),
    ),
}


def strategy(hint: Any, name: str) -> st.SearchStrategy:
    """Values of a field."""
    origin = get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        return st.none() | strategy(get_args(hint)[0], name)
    if origin is Literal:
        return st.sampled_from(get_args(hint))
    if origin is tuple:
        least, most = (2, 2) if name == "protocol" else (0, 3)
        return st.lists(strategy(get_args(hint)[0], name), min_size=least, max_size=most).map(tuple)
    if origin is dict:
        return st.dictionaries(st.text(max_size=8), PLAIN, max_size=3)
    if hint is bytes:
        size = {"instance": 16, "session": 16}.get(name, 32)
        return st.binary(min_size=size, max_size=size)
    if hint is str and name in IDS:
        return NAMES
    return KNOWN[hint] if hint in KNOWN else built(hint)


def built(kind: Any) -> st.SearchStrategy:
    assert is_dataclass(kind)
    hints = typing.get_type_hints(kind)
    return st.builds(kind, **{one.name: strategy(hints[one.name], one.name) for one in fields(kind)})


def refusal_of(values: dict[str, Any]) -> Refusal:
    with pytest.raises(Refusal) as caught:
        decode(values)
    return caught.value


@pytest.mark.parametrize("kind", MESSAGES.values(), ids=MESSAGES)
def test_what_is_said_is_heard(kind: type[Message]) -> None:
    @given(built(kind))
    @settings(deadline=None, max_examples=20)
    def heard(message: Message) -> None:
        told = encode(message)
        again = decode(unpack(told))
        assert again == message
        assert encode(again) == told

    heard()


def test_the_messages_are_these() -> None:
    senders = {"bridge": set(), "client": set(), "both": set()}
    for name, kind in MESSAGES.items():
        senders[kind.sender].add(name)
    assert senders == {
        "bridge": set("hello welcome paired want accepted progress preview layer done error bye".split()),
        "client": set("auth pair fill ack fetch cancel take".split()),
        "both": set("invite capabilities stream abort credit jobs ping pong".split()),
    }


@pytest.mark.parametrize("name", golden.names())
def test_golden_vectors(name: str) -> None:
    vector = golden.read(name)
    if "refused" in vector.meaning:
        with pytest.raises(Refusal) as caught:
            decode(unpack(vector.message))
        assert caught.value.code == vector.meaning["refused"]
        return
    values = unpack(vector.message)
    if isinstance(values, Data):
        assert vector.meaning == {"data": {**values._asdict(), "payload": bytes(values.payload)}}
        again = pack_data(values.stream, values.offset, values.payload, values.last, values.crc is not None)
    else:
        assert values == vector.meaning["control"]
        assert list(values) == list(vector.meaning["control"])
        again = encode(decode(values))
    assert again == vector.message


def test_golden_vectors_speak_of_every_message() -> None:
    vectors = [golden.read(name) for name in golden.names()]
    assert {one.meaning["control"]["t"] for one in vectors if "control" in one.meaning} == set(MESSAGES)


def test_golden_floats_have_a_fraction() -> None:
    """A language with one kind of number could not write 1.0 again."""

    def whole_floats(value: Any) -> bool:
        if isinstance(value, (dict, list)):
            return any(map(whole_floats, value.values() if isinstance(value, dict) else value))
        return isinstance(value, float) and value.is_integer()

    assert [name for name in golden.names() if whole_floats(golden.read(name).meaning)] == []


def test_what_is_null_is_left_out() -> None:
    assert to_map(Want("a", {})) == {"t": "want", "job": "a", "plan": {}}
    assert decode({"t": "want", "job": "a", "plan": {}, "image": None, "mask": None}) == Want("a", {})


def test_no_jobs_are_another_answer_than_none() -> None:
    assert to_map(Jobs()) == {"t": "jobs"}
    assert to_map(Jobs(())) == {"t": "jobs", "jobs": []}
    assert (decode({"t": "jobs"}), decode({"t": "jobs", "jobs": []})) == (Jobs(), Jobs(()))


def test_from_is_start() -> None:
    picture = Picture(2, 2, 3)
    assert to_map(Fetch("a", "layer", 5))["from"] == 5
    assert to_map(Stream(2, "a", "layer", picture, 12, 0))["from"] == 0
    assert "from" not in to_map(Stream(2, "a", "layer", picture, 12))
    assert [wire_name(one) for one in fields(Fetch)] == ["result", "use", "from"]


def test_what_is_left_out() -> None:
    """The least that each message of a client says."""
    document = {"tag": "0", "width": 9, "height": 8, "channels": 3}
    least = {"t": "fill", "job": "a", "document": document, "recipe": {"mode": "fill"}}
    fill = decode(least)
    assert fill == Fill("a", Document("0", 9, 8, 3, "u8"), Recipe("fill"), None, None, None, None, False)
    assert decode({"t": "fetch", "result": "a", "use": "layer"}) == Fetch("a", "layer", 0)
    assert decode({"t": "ping"}) == Ping(0.0)
    assert decode({"t": "ack", "n": 1}).state is None
    assert decode({"t": "capabilities"}) == Capabilities()
    error = decode({"t": "error", "code": "internal", "text": "…"})
    assert (error.retry, error.detail, error.re, error.job, error.s) == ("never", {}, None, None, None)


@pytest.mark.parametrize("name", ["document", "recipe"])
@pytest.mark.parametrize("value", [7, "a", [], True, b""])
def test_maps_that_are_none(name: str, value: object) -> None:
    refusal = refusal_of({**to_map(Fill("a", Document("0", 9, 9, 3), Recipe("fill"))), name: value})
    assert refusal.code == "wire.malformed"
    assert refusal.text.startswith(f"A message could not be read: fill.{name} is {value!r}.")


def test_unknown_fields_are_ignored() -> None:
    assert decode({"t": "ping", "at": 2, "mood": "good"}) == Ping(2.0)
    image = {"box": [0, 0, 1, 1], "channels": 3, "depth": "u8", "mood": 1}
    assert decode({"t": "want", "job": "a", "plan": {}, "image": image}).image.channels == 3


def test_unknown_fields_of_a_recipe_are_not() -> None:
    fill = to_map(Fill("a", Document("0", 9, 9, 3), Recipe("fill")))
    refusal = refusal_of({**fill, "recipe": {"mode": "fill", "mood": "good"}})
    assert refusal.code == "recipe.field"
    assert refusal.text.startswith("A recipe has no field “mood”; it has blend, context, count, ")


@pytest.mark.parametrize("t", ["sing", "", "Ping", None, 7, ["ping"], {"t": "ping"}])
def test_unknown_type(t: object) -> None:
    refusal = refusal_of({"t": t})
    assert refusal.code == "wire.type"
    assert refusal.text.startswith("This bridge does not know the message “")
    assert refusal_of({}).code == "wire.type"
    assert f"“{'x' * 40}”" in refusal_of({"t": "x" * 500}).text


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"t": "credit", "s": 1}, "credit.bytes is nothing"),
        ({"t": "credit", "s": 1, "bytes": None}, "credit.bytes is nothing"),
        ({"t": "credit", "s": 1, "bytes": -1}, "credit.bytes is -1"),
        ({"t": "credit", "s": 1, "bytes": 1.0}, "credit.bytes is 1.0"),
        ({"t": "credit", "s": True, "bytes": 1}, "credit.s is True"),
        ({"t": "credit", "s": "1", "bytes": 1}, "credit.s is '1'"),
        ({"t": "ping", "at": "now"}, "ping.at is 'now'"),
        ({"t": "ping", "at": True}, "ping.at is True"),
        ({"t": "cancel", "job": 7}, "cancel.job is 7"),
        ({"t": "cancel", "job": ""}, "cancel.job is ''"),
        ({"t": "cancel", "job": "../keys"}, "cancel.job is '../keys'"),
        ({"t": "cancel", "job": "C:x"}, "cancel.job is 'C:x'"),
        ({"t": "cancel", "job": "ä"}, "cancel.job is 'ä'"),
        ({"t": "cancel", "job": "a" * 65}, "cancel.job is 'aaaa"),
        ({"t": "ack", "n": 1, "state": "eaten"}, "ack.state is 'eaten'"),
        ({"t": "ack", "n": 1, "state": ["inserted"]}, "ack.state is ['inserted']"),
        ({"t": "fetch", "result": "a", "use": "image"}, "fetch.use is 'image'"),
        ({"t": "fetch", "result": "a", "use": "layer", "from": -1}, "fetch.from is -1"),
        ({"t": "want", "job": "a", "plan": []}, "want.plan is []"),
        ({"t": "want", "job": "a", "plan": {}, "mask": {"box": [1, 2, 3]}}, "want.mask.box is [1, 2, 3]"),
        ({"t": "want", "job": "a", "plan": {}, "mask": {"box": [1, 2, -3, 4]}}, "want.mask.box is [1, 2, -3, 4]"),
        ({"t": "want", "job": "a", "plan": {}, "mask": {"box": [1, 2, 3, 4.0]}}, "want.mask.box is [1, 2, 3, 4.0]"),
        ({"t": "want", "job": "a", "plan": {}, "mask": [1, 2, 3, 4]}, "want.mask is [1, 2, 3, 4]"),
        ({"t": "done", "n": 1, "job": "a", "state": "ok", "results": "a"}, "done.results is 'a'"),
        ({"t": "done", "n": 1, "job": "a", "state": "ok", "missing": [{"index": 1}]}, "done.missing.code is nothing"),
    ],
)
def test_fields_that_are_wrong(values: dict[str, Any], text: str) -> None:
    refusal = refusal_of(values)
    assert refusal.code == "wire.malformed"
    assert refusal.text.startswith(f"A message could not be read: {text}")
    assert refusal.text.endswith(". Update the plug-in or the bridge.")


@pytest.mark.parametrize(
    "key", ["hello.instance", "hello.nonce", "auth.nonce", "auth.mac", "auth.session", "welcome.mac", "welcome.session"]
)
@pytest.mark.parametrize("more", [-1, 1])
def test_bytes_of_the_handshake_have_one_size(key: str, more: int) -> None:
    name, field = key.split(".")
    values = to_map({"hello": golden.HELLO, "auth": auth(), "welcome": Welcome(bytes(32), bytes(16), False)}[name])
    size = len(values[field])
    refusal = refusal_of({**values, field: bytes(size + more)})
    assert refusal.code == "wire.malformed"
    assert f"{key} is {size + more} bytes, expected {size}" in refusal.text


def auth() -> Auth:
    return Auth({}, 1, "local", bytes(32), bytes(32), bytes(16))


@pytest.mark.parametrize("protocol", [[], [1], [1, 1, 1]])
def test_hello_names_two_versions(protocol: list[int]) -> None:
    refusal = refusal_of({**to_map(golden.HELLO), "protocol": protocol})
    assert f"hello.protocol is {len(protocol)} numbers, expected the oldest and the newest" in refusal.text


@pytest.mark.parametrize("kind", [*MESSAGES.values(), WantedImage, WantedMask, Missing])
def test_a_message_that_exists_does_not_change(kind: Any) -> None:
    message = object.__new__(kind)
    with pytest.raises(FrozenInstanceError):
        message.job = "b"


@pytest.mark.parametrize("code", sorted(CODES))
def test_a_refusal_crosses_the_wire(code: str) -> None:
    refusal = Refusal(code, "It did not work.", "later", limit=1, got=2)
    message = decode(unpack(encode(Error.of(refusal, re="fill", job="a", s=1))))
    assert (message.re, message.job, message.s) == ("fill", "a", 1)
    back = message.refusal()
    assert (back.code, back.text, back.retry, back.detail) == (
        code,
        "It did not work.",
        "later",
        {"limit": 1, "got": 2},
    )


def test_a_code_of_a_newer_bridge_is_kept() -> None:
    assert Error("moon.full", "Wait a night.").refusal().code == "moon.full"
