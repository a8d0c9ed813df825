"""Who may say what, when: two sides joined by their outboxes, without a socket."""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgpack
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bridge.protocol import auth, limits
from bridge.protocol.codec import decode, encode, to_map
from bridge.protocol.errors import CLOSE, CODES, Refusal
from bridge.protocol.frames import MAGIC, PREFIX, Data, pack_control, pack_data, unpack
from bridge.protocol.messages import (
    MESSAGES,
    Abort,
    Ack,
    Auth,
    Bye,
    Cancel,
    Capabilities,
    Credit,
    Error,
    Fetch,
    Fill,
    Invite,
    Jobs,
    Message,
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
from bridge.protocol.session import BridgeSide, Chunk, ClientSide, Opened, Uploaded
from bridge.protocol.values import Box, Document, Picture, Recipe
from tests.vectors import golden

KEY, SESSION = bytes(range(32)), bytes(range(16))
ABOUT = {"name": "test", "version": "1", "host": "pytest"}
IMAGE, MASK = Picture(8, 6, 4, "u16"), Picture(4, 3, 1)
WANT = Want("a", {}, WantedImage(Box(0, 0, 8, 6), 4, "u16"), WantedMask(Box(2, 2, 4, 3)))


def bridge_side(port: int = 4717, **keys: bytes) -> BridgeSide:
    return BridgeSide(port=port, instance=bytes(16), version="0.1.0", key_of=(keys or {"local": KEY}).get)


def client_side(port: int = 4717, key_id: str = "local", key: bytes = KEY, session: bytes | None = None) -> ClientSide:
    return ClientSide(port=port, key_id=key_id, key=key, client=ABOUT, session=session)


def opened() -> tuple[BridgeSide, ClientSide]:
    """Both sides of an open conversation."""
    bridge, client = bridge_side(), client_side()
    talk(bridge, client)
    assert bridge.open
    assert client.open
    return bridge, client


def talk(bridge: BridgeSide, client: ClientSide) -> tuple[list[Any], list[Any]]:
    """Carry messages until nobody has more to say. Returns what each shell heard."""
    heard: tuple[list[Any], list[Any]] = ([], [])
    quiet = False
    while not quiet:
        quiet = True
        while (message := bridge.outbox.take()) is not None:
            heard[1].extend(client.receive(message))
            quiet = False
        while (message := client.outbox.take()) is not None:
            for event in bridge.receive(message):
                heard[0].append(event)
                if isinstance(event, Opened):
                    bridge.welcome(SESSION, resumed=event.session == SESSION, features=("previews",))
            quiet = False
    return heard


def said(side: BridgeSide | ClientSide) -> list[Any]:
    """What a side has to say, taken from its outbox."""
    told: list[Any] = []
    while (message := side.outbox.take()) is not None:
        values = unpack(message)
        told.append(values if isinstance(values, Data) else decode(values))
    return told


def tell(bridge: BridgeSide, *messages: Message | bytes | str) -> list[Any]:
    """Say something to the bridge; returns its answers."""
    for message in messages:
        assert bridge.receive(encode(message) if isinstance(message, Message) else message) == []
    return said(bridge)


def error(bridge: BridgeSide, *messages: Message | bytes | str) -> Error:
    """Say something to the bridge that it answers with one error."""
    (answer,) = tell(bridge, *messages)
    assert isinstance(answer, Error)
    return answer


def announce(s: int, use: str = "image", picture: Picture = IMAGE, job: str = "a") -> Stream:
    return Stream(s, job, use, picture, picture.size)


def wanting() -> BridgeSide:
    """A bridge that waits for the picture and the mask of job `a`."""
    bridge, _ = opened()
    bridge.want(WANT)
    assert said(bridge) == [WANT]
    return bridge


def proof(hello: bytes, key: bytes = KEY, key_id: str = "local", port: int = 4717, **other: Any) -> Auth:
    """An `auth` that is right, but for what is given."""
    nonce = bytes(range(32, 64))
    mac = auth.mac(key, auth.CLIENT, decode(unpack(hello)).nonce, nonce, port, hello, key_id)
    return replace(Auth(ABOUT, 1, key_id, nonce, mac), **other)


# ---- handshake ---------------------------------------------------------------------------------------------------


def test_handshake() -> None:
    bridge, client = bridge_side(), client_side()
    at_the_bridge, at_the_client = talk(bridge, client)
    assert at_the_bridge == [Opened("local", ABOUT, None)]
    assert [one.t for one in at_the_client] == ["hello", "welcome"]
    hello, welcome = at_the_client
    assert (hello.protocol, hello.version, hello.limits) == ((1, 1), "0.1.0", limits.ADVERTISED)
    assert (welcome.session, welcome.resumed, welcome.features) == (SESSION, False, ("previews",))
    assert (bridge.claimed, bridge.closing, client.session, client.welcomed) == ("local", None, SESSION, welcome)


def test_a_session_is_resumed() -> None:
    bridge, client = bridge_side(), client_side(session=SESSION)
    at_the_bridge, at_the_client = talk(bridge, client)
    assert at_the_bridge == [Opened("local", ABOUT, SESSION)]
    assert at_the_client[-1].resumed


def test_every_conversation_has_nonces_of_its_own() -> None:
    hellos = {said(bridge_side())[0].nonce for _ in range(5)}
    assert len(hellos) == 5
    nonces = set()
    for _ in range(5):
        client = client_side()
        client.receive(encode(golden.HELLO))
        nonces.add(said(client)[0].nonce)
    assert len(nonces) == 5


def test_nothing_but_the_proof_leaves_before_the_bridge_proved_itself() -> None:
    client = client_side()
    client.receive(encode(golden.HELLO))
    assert [one.t for one in said(client)] == ["auth"]
    assert not client.open


def refused_at(bridge: BridgeSide, message: Message | bytes | str) -> tuple[str, int]:
    """The one error that a message before the handshake gives, and the close code after it."""
    answer = error(bridge, message)
    assert bridge.closing is not None
    assert bridge.closing[1] == answer.code
    assert bridge.receive(encode(Ping(1.5))) == []
    assert said(bridge) == []
    assert not bridge.open
    return answer.code, bridge.closing[0]


UNPROVEN = (
    "The client could not prove that it holds the key. Pair it again: sfumato pair. GIMP and the command line have to "
    "use the bridge's own home; a tunnel has to keep the bridge's port, 4717."
)
STRANGER = "This bridge does not know the key. Run sfumato pair again; for the page in the browser, sfumato open."


@pytest.mark.parametrize(
    ("other", "code", "text", "closes"),
    [
        ({"mac": bytes(32)}, "auth.failed", UNPROVEN, 4401),
        ({"nonce": bytes(32)}, "auth.failed", UNPROVEN, 4401),
        ({"key_id": "other"}, "auth.failed", UNPROVEN, 4401),
        ({"key_id": "nobody"}, "auth.key", STRANGER, 4401),
        ({"key_id": "short"}, "auth.key", STRANGER, 4401),
        ({"protocol": 2}, "auth.version", "The plug-in speaks protocol 2, the bridge 1. Update the bridge.", 4406),
        ({"protocol": 0}, "auth.version", "The plug-in speaks protocol 0, the bridge 1. Update the plug-in.", 4406),
    ],
)
def test_a_client_that_proves_nothing(other: dict, code: str, text: str, closes: int) -> None:
    bridge = bridge_side(local=KEY, other=bytes(32), short=KEY[:31])
    hello = bridge.outbox.take()
    answer = error(bridge, proof(hello, **other))
    assert (answer.code, answer.text) == (code, text)
    assert bridge.closing == (closes, code)
    assert bridge.claimed == other.get("key_id", "local")


def test_a_client_with_the_wrong_key() -> None:
    bridge, client = bridge_side(), client_side(key=bytes(32))
    with pytest.raises(Refusal) as caught:
        talk(bridge, client)
    assert caught.value.text == UNPROVEN
    assert caught.value.code == "auth.failed"
    assert bridge.closing == (4401, "auth.failed")
    assert not client.open


@pytest.mark.parametrize("size", [0, 16, 31, 33])
def test_a_client_wants_a_whole_key(size: int) -> None:
    with pytest.raises(Refusal, match=rf"^The key has {size} bytes, expected 32\. Pair the plug-in again\.$") as caught:
        client_side(key=bytes(size))
    assert caught.value.code == "auth.key"


def test_a_relay_is_seen_by_the_bridge() -> None:
    """The client dials the relay's port, the relay the bridge's: the client's proof is for another port."""
    bridge, client = bridge_side(port=4717), client_side(port=4999)
    with pytest.raises(Refusal, match="could not prove"):
        talk(bridge, client)
    assert bridge.closing == (4401, "auth.failed")


def test_a_relay_is_seen_by_the_client() -> None:
    """Even where a bridge took the client's word, its own proof is for the port that it listens on."""
    client = client_side(port=4999)
    hello = bridge_side(port=4717).outbox.take()
    client.receive(hello)
    (told,) = said(client)
    nonce = decode(unpack(hello)).nonce
    mac = auth.mac(KEY, auth.SERVER, nonce, told.nonce, 4717, hello, "local")
    with pytest.raises(Refusal) as caught:
        client.receive(encode(Welcome(mac, SESSION, False)))
    assert caught.value.code == "auth.failed"
    assert caught.value.text.startswith("What answers on the bridge's port is not your bridge; nothing was sent to it.")
    assert (client.open, client.session, said(client)) == (False, None, [])


def test_a_bridge_without_the_key_is_left() -> None:
    client = client_side()
    client.receive(encode(golden.HELLO))
    (told,) = said(client)
    for mac in (bytes(32), told.mac):  # guessed, and the client's own proof sent back
        with pytest.raises(Refusal, match="is not your bridge"):
            client.receive(encode(Welcome(mac, SESSION, False)))
    assert not client.open


def test_a_hello_that_was_changed_on_the_way_is_seen() -> None:
    bridge, client = bridge_side(), client_side()
    hello = decode(unpack(bridge.outbox.take()))
    client.receive(encode(replace(hello, limits={**hello.limits, "chunk": 1})))
    assert refused_at(bridge, client.outbox.take()) == ("auth.failed", 4401)


def test_an_auth_of_another_conversation_is_refused() -> None:
    bridge, client = bridge_side(), client_side()
    client.receive(bridge.outbox.take())
    overheard = client.outbox.take()
    assert isinstance(bridge.receive(overheard)[0], Opened)
    later = bridge_side()
    said(later)
    assert refused_at(later, overheard) == ("auth.failed", 4401)


def test_a_welcome_of_another_conversation_is_refused() -> None:
    bridge, client = bridge_side(), client_side()
    client.receive(bridge.outbox.take())
    bridge.receive(client.outbox.take())
    bridge.welcome(SESSION, False)
    overheard = bridge.outbox.take()
    later = client_side()
    later.receive(bridge_side().outbox.take())
    with pytest.raises(Refusal, match="is not your bridge"):
        later.receive(overheard)


def test_auth_twice_before_the_welcome() -> None:
    bridge = bridge_side()
    told = encode(proof(bridge.outbox.take()))
    assert isinstance(bridge.receive(told)[0], Opened)
    assert refused_at(bridge, told) == ("auth.failed", 4401)


def test_auth_twice() -> None:
    bridge = bridge_side()
    told = encode(proof(bridge.outbox.take()))
    bridge.receive(told)
    bridge.welcome(SESSION, False)
    said(bridge)
    answer = error(bridge, told)
    assert (answer.code, answer.re, answer.text) == ("wire.type", "auth", "A client does not say “auth” here.")
    assert bridge.closing is None


def test_hello_twice() -> None:
    client, hello = client_side(), encode(golden.HELLO)
    client.receive(hello)
    with pytest.raises(Refusal, match="does not speak this protocol"):
        client.receive(hello)


@pytest.mark.parametrize("message", [Welcome(bytes(32), SESSION, False), Ping(1.5), pack_data(2, 0, b"x", True)])
def test_a_bridge_says_hello_first(message: Message | bytes) -> None:
    with pytest.raises(Refusal, match="What answers on the bridge's port does not speak this protocol") as caught:
        client_side().receive(message if isinstance(message, bytes) else encode(message))
    assert caught.value.code == "wire.malformed"


@pytest.mark.parametrize("versions", [(2, 3), (0, 0)])
def test_a_bridge_of_another_version(versions: tuple[int, int]) -> None:
    client = client_side()
    with pytest.raises(Refusal) as caught:
        client.receive(encode(replace(golden.HELLO, protocol=versions)))
    assert caught.value.code == "auth.version"
    assert caught.value.text == f"The bridge speaks protocol {versions[1]}, this plug-in 1. Update the older one."
    assert said(client) == []


def test_a_bridge_that_serves_the_version_before_too() -> None:
    client = client_side()
    client.receive(encode(replace(golden.HELLO, protocol=(1, 2))))
    assert said(client)[0].protocol == 1


def test_what_a_bridge_refuses_before_the_welcome_is_raised() -> None:
    with pytest.raises(Refusal, match="Update the plug-in") as caught:
        client_side().receive(encode(Error("auth.version", "Update the plug-in.", "never")))
    assert caught.value.code == "auth.version"


FILL = Fill("a", Document("0", 9, 9, 3), Recipe("fill", strength=0.5))


@pytest.mark.parametrize(
    "message",
    [
        *[decode(golden.read(name).meaning["control"]) for name in MESSAGES if name not in ("auth", "pair")],
        pack_data(1, 0, b"pixels", last=True),
        pack_control({"t": "sing"}),
        pack_control({**to_map(FILL), "recipe": {"mode": "sing"}}),
        pack_control({**to_map(announce(1)), "picture": {"width": 0, "height": 1, "channels": 1}}),
    ],
    ids=lambda message: message.t if isinstance(message, Message) else None,
)
def test_anything_but_auth_first(message: Message | bytes) -> None:
    bridge = bridge_side()
    said(bridge)
    assert refused_at(bridge, message) == ("auth.failed", 4401)


@pytest.mark.parametrize(
    ("message", "code"),
    [("hello", "wire.text"), ("", "wire.text"), (b"", "wire.malformed"), (bytes(24), "wire.malformed")],
)
@pytest.mark.parametrize("is_open", [False, True])
def test_what_is_no_message(message: bytes | str, code: str, is_open: bool) -> None:
    bridge = wanting() if is_open else bridge_side()
    said(bridge)
    answer = error(bridge, message)
    assert (answer.code, bridge.closing) == (code, ({"wire.text": 4402, "wire.malformed": 4400}[code], code))
    assert tell(bridge, Ping(1.5)) == []


def test_a_text_says_what_was_expected() -> None:
    assert error(wanting(), "hi").text == "This wire carries binary messages only; a text arrived."
    _, client = opened()
    with pytest.raises(Refusal, match="binary messages only") as caught:
        client.receive("hi")
    assert caught.value.code == "wire.text"


# ---- an open conversation ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name, kind in MESSAGES.items() if kind.sender == "bridge"])
def test_what_only_a_bridge_says(name: str) -> None:
    bridge = wanting()
    answer = error(bridge, golden.read(name).message)
    assert (answer.code, answer.re, answer.text) == ("wire.type", name, f"A client does not say “{name}” here.")
    assert tell(bridge, Ping(1.5)) == [Pong(1.5)]


def test_an_unknown_message_changes_nothing() -> None:
    bridge = wanting()
    answer = error(bridge, pack_control({"t": "sing", "job": "a", "s": 1}))
    assert (answer.code, answer.re, answer.job, answer.s) == ("wire.type", "sing", "a", None)
    assert answer.text == "This bridge does not know the message “sing”. Update the older side."
    assert bridge.closing is None
    assert tell(bridge, Ping(1.5)) == [Pong(1.5)]


def test_an_unknown_message_of_a_newer_bridge_changes_nothing() -> None:
    _, client = opened()
    assert client.receive(pack_control({"t": "sing"})) == []
    assert said(client) == []
    assert client.receive(encode(Ping(1.5))) == []
    assert said(client) == [Pong(1.5)]


@pytest.mark.parametrize(("t", "job"), [("sing", "not an id"), ("x" * 500, 7), (7, "a/b"), (None, None)])
def test_every_error_can_be_read(t: object, job: object) -> None:
    """A client must not stumble over what an error repeats."""
    bridge, client = opened()
    bridge.receive(pack_control({"t": t, "job": job}))
    _, heard = talk(bridge, client)
    assert [(one.code, one.job) for one in heard] == [("wire.type", None)]
    assert heard[0].re == (t[:40] if isinstance(t, str) else None)


@pytest.mark.parametrize("s", [-1, True, "1", 0.5, None])
def test_an_error_repeats_no_number_that_is_none(s: object) -> None:
    answer = error(wanting(), pack_control({**to_map(announce(1)), "s": s}))
    assert (answer.code, answer.re, answer.s) == ("wire.malformed", "stream", None)


@pytest.mark.parametrize(
    "message", [FILL, Capabilities(), Ack(1, "inserted"), Fetch("r", "layer"), Cancel("a"), Jobs(), Take("a"), Invite()]
)
def test_what_a_client_asks_is_handed_on(message: Message) -> None:
    bridge, client = opened()
    client.outbox.say(message)
    assert talk(bridge, client) == ([message], [])


@pytest.mark.parametrize(
    "message", [Bye("Update.", 2.5), WANT, Progress("a", "painting", 1, 2), Error("internal", "…"), Jobs(())]
)
def test_what_a_bridge_says_is_handed_on(message: Message) -> None:
    bridge, client = opened()
    bridge.outbox.say(message)
    assert talk(bridge, client) == ([], [message])


def test_both_sides_answer_a_ping() -> None:
    bridge, client = opened()
    client.outbox.say(Ping(1.5))
    bridge.outbox.say(Ping(2.5))
    assert talk(bridge, client) == ([], [Pong(1.5)])


def test_a_recipe_that_is_refused_changes_nothing() -> None:
    bridge, _ = opened()
    answer = error(bridge, pack_control({**to_map(FILL), "recipe": {"mode": "fill", "strength": 7}}))
    assert (answer.code, answer.re, answer.job, answer.s) == ("recipe.field", "fill", "a", None)
    assert answer.text == "The recipe's strength is a number from 0.05 to 1; this one is 7."
    assert answer.detail == {"field": "strength", "wanted": "a number from 0.05 to 1", "got": "7"}
    assert bridge.closing is None


def test_a_map_that_is_wrong_closes() -> None:
    bridge, _ = opened()
    answer = error(bridge, pack_control({"t": "cancel"}))
    assert (answer.code, answer.re) == ("wire.malformed", "cancel")
    assert bridge.closing == (4400, "wire.malformed")


@pytest.mark.parametrize("code", sorted(CODES))
def test_a_refusal_closes_where_its_code_says_so(code: str) -> None:
    bridge, _ = opened()
    bridge.refuse(Refusal(code, "It did not work."), re="fill", job="a")
    (answer,) = said(bridge)
    assert (answer.code, answer.re, answer.job) == (code, "fill", "a")
    assert bridge.closing == ((CLOSE[code], code) if code in CLOSE else None)


# ---- uploads -----------------------------------------------------------------------------------------------------


def test_upload() -> None:
    bridge, client = opened()
    bridge.want(WANT)
    _, (want,) = talk(bridge, client)
    assert want == WANT
    client.outbox.stream("a", "image", IMAGE, bytes(range(192)) * 2)
    client.outbox.stream("a", "mask", MASK, bytes(12))
    heard, answers = talk(bridge, client)
    assert heard == [
        Chunk(announce(1), 0, memoryview(bytes(range(192)) * 2), True),
        Chunk(announce(3, "mask", MASK), 0, memoryview(bytes(12)), True),
        Uploaded("a"),
    ]
    assert answers == []


def test_upload_without_a_mask() -> None:
    bridge, client = opened()
    bridge.want(replace(WANT, mask=None))
    client.outbox.stream("a", "image", IMAGE, bytes(384))
    heard, _ = talk(bridge, client)
    assert heard[-1] == Uploaded("a")


def test_the_mask_may_come_first() -> None:
    bridge = wanting()
    assert tell(bridge, announce(1, "mask", MASK), announce(3)) == []
    (chunk,) = bridge.receive(pack_data(1, 0, bytes(12), last=True))
    assert chunk.complete
    assert bridge.receive(pack_data(3, 0, bytes(384), last=True))[-1] == Uploaded("a")


def test_a_large_upload_lives_on_credit() -> None:
    picture = Picture(3000, 2000, 3)
    bridge, client = opened()
    bridge.want(Want("a", {}, WantedImage(Box(0, 0, 3000, 2000), 3, "u8")))
    talk(bridge, client)
    client.outbox.stream("a", "image", picture, bytes(picture.size))
    sent = 0
    while (message := client.outbox.take()) is not None:
        sent += len(message) - 24 if message[3] else 0
        bridge.receive(message)
    assert sent == limits.CREDIT
    credits = said(bridge)
    assert [(one.t, one.s) for one in credits] == [("credit", 1)] * len(credits)
    assert sum(one.bytes for one in credits) == limits.CREDIT
    for one in credits:
        client.receive(encode(one))
    heard, _ = talk(bridge, client)
    assert heard[-1] == Uploaded("a")
    assert sent + sum(len(one.payload) for one in heard[:-1]) == picture.size


def test_another_picture_than_was_wanted() -> None:
    bridge = wanting()
    for s, picture in ((1, Picture(8, 5, 4, "u16")), (3, Picture(8, 6, 3, "u16")), (5, Picture(8, 6, 4, "u8"))):
        answer = error(bridge, announce(s, picture=picture))
        assert (answer.code, answer.re, answer.job, answer.s, answer.retry) == ("picture.size", "stream", "a", s, "now")
        assert answer.text == f"The image that came has {picture}; wanted was 8 × 6 px, 4 × u16."
        assert answer.detail == {"wanted": "8 × 6 px, 4 × u16", "got": str(picture)}
        assert tell(bridge, pack_data(s, 0, bytes(99), last=False)) == []
    assert tell(bridge, announce(7), announce(9, "mask", MASK)) == []
    bridge.receive(pack_data(7, 0, bytes(384), last=True))
    assert bridge.receive(pack_data(9, 0, bytes(12), last=True))[-1] == Uploaded("a")


@pytest.mark.parametrize("use", ["layer", "layer mask", "preview"])
def test_a_picture_that_is_not_the_clients_to_send(use: str) -> None:
    answer = error(wanting(), announce(1, use))
    assert (answer.code, answer.text) == (
        "picture.size",
        f"The {use} that came has 8 × 6 px, 4 × u16; wanted was none.",
    )


def test_a_mask_that_nobody_wanted() -> None:
    bridge, _ = opened()
    bridge.want(replace(WANT, mask=None))
    said(bridge)
    assert error(bridge, announce(1, "mask", MASK)).text == "The mask that came has 4 × 3 px, 1 × u8; wanted was none."


def test_an_upload_is_sent_whole() -> None:
    assert error(wanting(), Stream(1, "a", "image", IMAGE, IMAGE.size, 10)).code == "picture.size"


@pytest.mark.parametrize(
    ("picture", "code"),
    [
        ({"width": 0, "height": 6, "channels": 4}, "picture.empty"),
        ({"width": 8, "height": 6, "channels": 2}, "picture.size"),
        ({"width": 30001, "height": 6, "channels": 4}, "limit.side"),
    ],
)
def test_a_picture_that_is_none_kills_its_stream_only(picture: dict, code: str) -> None:
    bridge = wanting()
    answer = error(bridge, pack_control({**to_map(announce(1)), "picture": picture}))
    assert (answer.code, answer.re, answer.job, answer.s) == (code, "stream", "a", 1)
    assert tell(bridge, pack_data(1, 0, bytes(9), last=False), announce(3)) == []
    assert bridge.receive(pack_data(3, 0, bytes(384), last=True))[0].complete


def test_pixels_for_a_job_that_wants_none() -> None:
    bridge = wanting()
    answer = error(bridge, announce(1, job="b"))
    assert (answer.code, answer.text) == ("job.unknown", "Pixels came for a job that wants none.")
    assert tell(bridge, pack_data(1, 0, bytes(384), last=True)) == []


def test_the_same_picture_twice_at_once() -> None:
    bridge = wanting()
    answer = error(bridge, announce(1), announce(3))
    assert (answer.code, answer.s) == ("wire.stream", 3)
    assert answer.text == "The image of this job is already there or under way."
    assert bridge.receive(pack_data(1, 0, bytes(384), last=True))[0].complete
    assert error(bridge, announce(5)).code == "wire.stream"
    assert bridge.closing is None


@pytest.mark.parametrize(
    ("payload", "offset", "last", "text"),
    [
        (bytes(10), 90, False, "Stream 1 sent bytes 90 to 100, expected from 100 of 384."),
        (bytes(10), 110, False, "Stream 1 sent bytes 110 to 120, expected from 100 of 384."),
        (bytes(285), 100, True, "Stream 1 sent bytes 100 to 385, expected from 100 of 384."),
        (bytes(10), 100, True, "Stream 1 sent bytes 100 to 110, expected from 100 of 384."),
        (bytes(284), 100, False, "Stream 1 sent bytes 100 to 384, expected from 100 of 384."),
    ],
    ids=["behind", "ahead", "beyond", "last too early", "last missing"],
)
def test_a_wrong_offset_kills_the_stream_only(payload: bytes, offset: int, last: bool, text: str) -> None:
    bridge = wanting()
    tell(bridge, announce(1))
    assert isinstance(bridge.receive(pack_data(1, 0, bytes(100), last=False))[0], Chunk)
    answer = error(bridge, pack_data(1, offset, payload, last))
    assert (answer.code, answer.text, answer.job, answer.s, answer.retry) == ("wire.offset", text, "a", 1, "now")
    assert tell(bridge, pack_data(1, 100, bytes(10), last=False), announce(3)) == []
    assert bridge.receive(pack_data(3, 0, bytes(384), last=True))[0].complete


def test_a_damaged_payload_kills_the_stream_only() -> None:
    bridge = wanting()
    damaged = bytearray(pack_data(1, 0, bytes(384), last=True, crc=True))
    damaged[100] ^= 1
    answer = error(bridge, announce(1), bytes(damaged))
    assert (answer.code, answer.text) == ("wire.crc", "Stream 1 was damaged at byte 0; send it again.")
    assert tell(bridge, pack_data(1, 0, bytes(384), last=True, crc=True), announce(3)) == []
    assert bridge.receive(pack_data(3, 0, bytes(384), last=True, crc=True))[0].complete


def test_an_announcement_that_disagrees_kills_the_stream_only() -> None:
    bridge = wanting()
    answer = error(bridge, replace(announce(1), size=383))
    assert (answer.code, answer.s) == ("wire.offset", 1)
    assert answer.text == "Stream 1 announces 383 bytes from 0 on; 8 × 6 px, 4 × u16 has 384."
    assert tell(bridge, pack_data(1, 0, bytes(383), last=True), announce(3)) == []


@pytest.mark.parametrize("stream", [1, 3, 5, 2, 4, 0])
def test_pixels_on_a_stream_that_nobody_announced(stream: int) -> None:
    bridge = wanting()
    answer = error(bridge, pack_data(stream, 0, b"pixels", last=False))
    assert (answer.code, answer.s) == ("wire.stream", stream)
    assert answer.text == f"Pixels came on stream {stream}, which nobody announced."
    assert bridge.closing is None


def test_pixels_after_the_end_are_dropped() -> None:
    bridge = wanting()
    tell(bridge, announce(5))
    assert bridge.receive(pack_data(5, 0, bytes(384), last=True))[0].complete
    late = [pack_data(stream, 0, b"pixels", last=False) for stream in (1, 3, 5)]
    assert tell(bridge, *late) == []


def test_pixels_after_an_abort_are_dropped() -> None:
    bridge = wanting()
    assert tell(bridge, announce(1), Abort(1), pack_data(1, 0, bytes(10), last=False)) == []
    assert tell(bridge, announce(3), Abort(99)) == []
    assert bridge.receive(pack_data(3, 0, bytes(384), last=True))[0].complete


def test_pixels_of_a_job_that_has_ended_are_dropped() -> None:
    bridge = wanting()
    tell(bridge, announce(1))
    bridge.forget("a")
    assert tell(bridge, pack_data(1, 0, bytes(10), last=False)) == []
    assert error(bridge, announce(3)).code == "job.unknown"


def test_a_job_that_is_wanted_again_starts_anew() -> None:
    bridge = wanting()
    tell(bridge, announce(1), announce(3, "mask", MASK))
    bridge.receive(pack_data(3, 0, bytes(12), last=True))
    bridge.want(WANT)
    assert tell(bridge, pack_data(1, 0, bytes(384), last=True))[1:] == []
    assert tell(bridge, announce(5), announce(7, "mask", MASK)) == []
    assert len(bridge.receive(pack_data(5, 0, bytes(384), last=True))) == 1
    assert bridge.receive(pack_data(7, 0, bytes(12), last=True))[-1] == Uploaded("a")


@pytest.mark.parametrize(
    ("streams", "text"),
    [
        ((1, 1), "Stream 1 was announced after stream 1; numbers rise, none comes twice."),
        ((5, 3), "Stream 3 was announced after stream 5; numbers rise, none comes twice."),
        ((2,), "Stream 2 was announced; a client's streams have odd numbers, the bridge's even ones."),
        ((0,), "Stream 0 was announced; a client's streams have odd numbers, the bridge's even ones."),
    ],
)
def test_numbers_of_streams(streams: tuple[int, ...], text: str) -> None:
    bridge = wanting()
    *first, last = [
        announce(s, use, pic) for s, (use, pic) in zip(streams, (("image", IMAGE), ("mask", MASK)), strict=False)
    ]
    assert tell(bridge, *first) == []
    answer = error(bridge, last)
    assert (answer.code, answer.text) == ("wire.malformed", text)
    assert bridge.closing == (4400, "wire.malformed")


def test_a_number_is_spent_even_where_the_stream_was_refused() -> None:
    bridge = wanting()
    assert error(bridge, announce(1, picture=Picture(1, 1, 1))).code == "picture.size"
    assert error(bridge, announce(1)).code == "wire.malformed"


def test_a_client_stops_a_stream_that_was_refused() -> None:
    bridge, client = opened()
    bridge.want(WANT)
    talk(bridge, client)
    large = Picture(2000, 2000, 3)
    client.outbox.stream("a", "image", large, bytes(large.size))
    _, (answer,) = talk(bridge, client)
    assert (answer.code, answer.s) == ("picture.size", 1)
    assert not client.outbox.bulk_waiting
    client.outbox.stream("a", "image", IMAGE, bytes(384))
    client.outbox.stream("a", "mask", MASK, bytes(12))
    assert talk(bridge, client)[0][-1] == Uploaded("a")


# ---- layers go the other way --------------------------------------------------------------------------------------


def test_a_stream_of_the_bridge() -> None:
    bridge, client = opened()
    bridge.outbox.stream("a", "layer", IMAGE, bytes(range(192)) * 2, start=300)
    _, heard = talk(bridge, client)
    assert heard == [
        Stream(2, "a", "layer", IMAGE, 384, 300),
        Chunk(Stream(2, "a", "layer", IMAGE, 384, 300), 300, memoryview(bytes(range(108, 192))), True),
    ]


def test_loopback_needs_no_checksums() -> None:
    for side in opened():
        side.outbox.stream("a", "layer", IMAGE, bytes(384))
        assert said(side)[1].crc is None


def test_a_large_stream_of_the_bridge_lives_on_credit() -> None:
    picture = Picture(3000, 2000, 3)
    bridge, client = opened()
    bridge.outbox.stream("a", "layer", picture, bytes(picture.size))
    _, (stream, *chunks) = talk(bridge, client)
    assert stream.size == sum(len(chunk.payload) for chunk in chunks) == picture.size
    assert [chunk.complete for chunk in chunks] == [False] * (len(chunks) - 1) + [True]


def test_a_preview_comes_with_its_stream() -> None:
    bridge, client = opened()
    bridge.outbox.preview(Preview("a", 1, 0), Picture(2, 2, 3), bytes(12))
    _, heard = talk(bridge, client)
    assert [type(one).__name__ for one in heard] == ["Stream", "Preview", "Chunk"]
    assert heard[0].s == heard[1].s == heard[2].stream.s == 2


def test_what_the_bridge_aborts_is_told_and_dropped() -> None:
    bridge, client = opened()
    client.receive(encode(announce(2, "layer")))
    assert client.receive(encode(Abort(2))) == [Abort(2)]
    assert client.receive(pack_data(2, 0, bytes(384), last=True)) == []
    assert said(client) == []
    assert said(bridge) == []


@pytest.mark.parametrize("side", ["bridge", "client"])
def test_who_receives_a_stream_may_abort_it(side: str) -> None:
    """The sender stops at once; it would else wait for credit for as long as the conversation lasts."""
    bridge, client = opened()
    sender, number = (bridge, 2) if side == "bridge" else (client, 1)
    sender.outbox.stream("a", "layer", Picture(3000, 3000, 1), bytes(9_000_000))
    assert [decode(unpack(sender.outbox.take())).t, len(sender.outbox.take())] == ["stream", 24 + limits.CHUNK]
    sender.receive(encode(Abort(number)))
    assert said(sender) == []
    assert not sender.outbox.bulk_waiting


@pytest.mark.parametrize(
    ("message", "streams"),
    [
        (pack_data(2, 5, b"pixels", last=False), 1),
        (pack_data(2, 0, b"pixels", last=True), 1),
        (pack_data(2, 0, b"pixels", last=False, crc=True)[:-1] + b"S", 1),
        (pack_data(2, 0, b"pixels", last=False), 0),
    ],
    ids=["offset", "last", "crc", "never announced"],
)
def test_a_client_aborts_a_stream_that_died(message: bytes, streams: int) -> None:
    bridge, client = opened()
    for _ in range(streams):
        client.receive(encode(announce(2, "layer")))
    assert client.receive(message) == [Abort(2)] * streams
    assert said(client) == [Abort(2)]
    client.receive(encode(Ping(1.5)))
    assert said(client) == [Pong(1.5)]
    assert bridge.open


@pytest.mark.parametrize("stream", [announce(1, "layer"), announce(0, "layer"), replace(announce(2, "layer"), size=1)])
def test_what_a_client_cannot_read_ends_its_conversation(stream: Stream) -> None:
    _, client = opened()
    with pytest.raises(Refusal):
        client.receive(encode(stream))


# ---- anything at all ----------------------------------------------------------------------------------------------


def mutations(seeds: list[bytes], dice: random.Random) -> Callable[[], bytes]:
    """Messages that are nearly right: bytes changed, cut and joined, and maps with other values in them."""
    maps = [values for values in map(readable, seeds) if values]
    odd = [
        None,
        True,
        -1,
        0,
        1,
        2**53 - 1,
        2**53,
        2**63,
        0.5,
        float("nan"),
        "",
        "a",
        "a b",
        b"",
        bytes(32),
        [],
        {},
        [1] * 4,
    ]

    parts = [(0, 12, True), (0, 384, True), (0, 100, False), (100, 284, True), (0, 384, False), (9, 9, True)]

    def changed(value: Any) -> Any:
        if isinstance(value, dict) and value and dice.random() < 0.9:
            name = dice.choice(list(value))
            return {**value, name: changed(value[name])}
        if isinstance(value, list) and value and dice.random() < 0.5:
            return [changed(value[0]), *value[1:]]
        return dice.choice(odd)

    def message() -> bytes:
        way = dice.random()
        if way < 0.02:
            return dice.randbytes(dice.randrange(100))
        if way < 0.4:
            body = msgpack.packb(changed(dice.choice(maps)), unicode_errors="replace")
            return PREFIX.pack(MAGIC, 1, 0, len(body), 0, 0, 0) + body
        if way < 0.5:
            offset, size, last = dice.choice(parts)
            return pack_data(dice.choice((1, 3, 5, 2)), offset, bytes(size), last, crc=way < 0.42)
        made = bytearray(dice.choice(seeds))
        for _ in range(dice.randrange(4)):
            if made:
                made[dice.randrange(len(made))] = dice.randrange(256)
        if way > 0.95:
            del made[dice.randrange(len(made) + 1) :]
        if way > 0.9:
            made += dice.choice(seeds)[: dice.randrange(60)]
        if way < 0.8 and len(made) >= 24:
            made[:8] = PREFIX.pack(MAGIC, 1, made[3] & 1, len(made) - 24, 0, 0, 0)[:8]
        return bytes(made)

    return message


def readable(message: bytes) -> dict[str, Any] | None:
    try:
        values = unpack(message)
    except Refusal:
        return None
    return values if isinstance(values, dict) else None


def test_whatever_comes_is_refused_in_good_order() -> None:
    """100 000 messages, nearly right: nothing but a Refusal is ever raised, and by the bridge's side not even that."""
    seeds = [golden.read(name).message for name in golden.names() if name not in ("texts", "sizes")]
    seeds += [encode(announce(s, *use)) for s in (1, 3, 5) for use in (("image", IMAGE), ("mask", MASK))] * 2
    message = mutations(seeds, random.Random(20))
    seen: Counter[str] = Counter()
    bridge = wanting()
    for number in range(100_000):
        given = message()
        if number < 15_000:
            seen[name_of(given)] += 1
        for event in bridge.receive(given):
            seen[type(event).__name__] += 1
        while bridge.outbox.take() is not None:
            pass
        if bridge.closing:
            bridge.closing = None
            bridge._newest_stream = -1  # as in a new conversation, without its cost
        if number % 100 == 0:
            bridge.want(WANT if number % 200 else replace(WANT, mask=None))
    assert min(seen[name] for name in MESSAGES) > 10
    assert set(seen) >= {"data", "wire.malformed", "wire.type", "recipe.field", "picture.size"}
    events = ("Chunk", "Uploaded", "Fill", "Ack", "Fetch", "Cancel", "Capabilities")
    assert min(seen[name] for name in events) > 20


def test_whatever_comes_a_client_raises_nothing_but_a_refusal() -> None:
    seeds = [golden.read(name).message for name in golden.names() if name not in ("texts", "sizes")]
    message = mutations(seeds, random.Random(21))
    _, client = opened()
    raised: Counter[str] = Counter()
    for _ in range(15_000):
        try:
            client.receive(message())
        except Refusal as refusal:
            raised[refusal.code] += 1
        said(client)
        client._newest_stream = 0
    assert set(raised) >= {"wire.malformed", "wire.offset", "recipe.field", "picture.size", "picture.empty"}


def name_of(message: bytes) -> str:
    """What a message is: its type, `data`, or the code of its refusal."""
    try:
        values = unpack(message)
        return "data" if isinstance(values, Data) else decode(values).t
    except Refusal as refusal:
        return refusal.code


class Uploads(RuleBasedStateMachine):
    """Wants, streams, data right and wrong, in any order: the bridge's side does what a simple account of it says."""

    @initialize()
    def open(self) -> None:
        self.bridge, _ = opened()
        self.wanted: dict[str, dict[str, Picture]] = {}
        self.complete: dict[str, set[str]] = {}
        self.streams: dict[int, tuple[str, str, Picture]] = {}
        self.sent: dict[int, int] = {}
        self.next = 1

    def alive(self, job: str, use: str) -> bool:
        return any(one[:2] == (job, use) for one in self.streams.values())

    def end(self, job: str) -> None:
        self.streams = {s: one for s, one in self.streams.items() if one[0] != job}

    @rule(job=st.sampled_from("abc"), width=st.integers(1, 9), masked=st.booleans())
    def want(self, job: str, width: int, masked: bool) -> None:
        mask = WantedMask(Box(0, 0, width, 2)) if masked else None
        self.bridge.want(Want(job, {}, WantedImage(Box(0, 0, width, 3), 3, "u8"), mask))
        assert [one.t for one in said(self.bridge)] == ["want"]
        self.end(job)
        self.wanted[job] = {"image": Picture(width, 3, 3), **({"mask": Picture(width, 2, 1)} if masked else {})}
        self.complete[job] = set()

    @rule(job=st.sampled_from("abc"))
    def forget(self, job: str) -> None:
        self.bridge.forget(job)
        self.end(job)
        self.wanted.pop(job, None)

    @rule(job=st.sampled_from("abcd"), use=st.sampled_from(["image", "mask"]), right=st.booleans())
    def announce(self, job: str, use: str, right: bool) -> None:
        s, self.next = self.next, self.next + 2
        wanted = self.wanted.get(job, {}).get(use)
        picture = wanted if right and wanted else Picture(10, 10, 1)
        expected = []
        if job not in self.wanted:
            expected = ["job.unknown"]
        elif picture != wanted:
            expected = ["picture.size"]
        elif use in self.complete[job] or self.alive(job, use):
            expected = ["wire.stream"]
        else:
            self.streams[s], self.sent[s] = (job, use, picture), 0
        answers = tell(self.bridge, Stream(s, job, use, picture, picture.size))
        assert [one.code for one in answers] == expected

    @precondition(lambda self: self.streams)
    @rule(
        pick=st.randoms(use_true_random=False),
        part=st.floats(0, 1),
        fault=st.sampled_from(["", "", "", "offset", "last", "crc"]),
    )
    def send(self, pick: random.Random, part: float, fault: str) -> None:
        s = pick.choice(sorted(self.streams))
        job, use, picture = self.streams[s]
        offset = self.sent[s]
        size = max(1, round(part * (picture.size - offset)))
        last = offset + size == picture.size
        message = pack_data(s, offset + (fault == "offset"), bytes(size), last ^ (fault == "last"), crc=fault == "crc")
        if fault == "crc":
            message = message[:-1] + b"\xff"
        events = self.bridge.receive(message)
        answers = [one.code for one in said(self.bridge)]
        if fault:
            assert (events, answers) == ([], ["wire.crc" if fault == "crc" else "wire.offset"])
            del self.streams[s]
            return
        assert answers == []
        assert events[0] == Chunk(Stream(s, job, use, picture, picture.size), offset, memoryview(bytes(size)), last)
        self.sent[s] += size
        if last:
            del self.streams[s]
            self.complete[job].add(use)
        assert events[1:] == ([Uploaded(job)] if last and self.complete[job] == set(self.wanted[job]) else [])

    @rule(ago=st.integers(1, 5))
    def send_late(self, ago: int) -> None:
        s = self.next - 2 * ago
        if s > 0 and s not in self.streams:
            assert tell(self.bridge, pack_data(s, 0, b"late", last=False)) == []

    @rule()
    def send_early(self) -> None:
        assert error(self.bridge, pack_data(self.next, 0, b"early", last=False)).code == "wire.stream"

    @rule(ago=st.integers(1, 5))
    def abort(self, ago: int) -> None:
        s = self.next - 2 * ago
        if s > 0:
            assert tell(self.bridge, Abort(s)) == []
            self.streams.pop(s, None)

    @rule(s=st.integers(0, 9), more=st.integers(0, 99))
    def credit(self, s: int, more: int) -> None:
        assert tell(self.bridge, Credit(s, more)) == []

    @invariant()
    def lives(self) -> None:
        if hasattr(self, "bridge"):
            assert self.bridge.closing is None


TestUploads = Uploads.TestCase
TestUploads.settings = settings(deadline=None, max_examples=40, stateful_step_count=30)
