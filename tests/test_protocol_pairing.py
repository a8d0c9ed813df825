"""Pairing: a text that is good once, for two minutes, and a key that both sides make of it; no sockets."""

import re
from dataclasses import replace

import pytest

from bridge.protocol import limits
from bridge.protocol.codec import decode, encode
from bridge.protocol.frames import pack_control, unpack
from bridge.protocol.messages import Error, Message, Pair, Paired
from bridge.protocol.pairing import Invitation, Invitations
from bridge.protocol.session import Agreed, BridgeSide, ClientSide
from tests.pairs import NONCE, PANEL, Pasted
from tests.vectors import golden

PORT = 4717
UNKNOWN = "The pairing text is not known or too old: run sfumato pair again."


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def made(clock: Clock) -> Invitations:
    return Invitations(clock)


def never(secret: bytes) -> bool:
    return False


# ---- invitations ----------------------------------------------------------------------------------------------------


def test_a_text_is_26_letters_and_digits_that_nobody_can_guess(made: Invitations) -> None:
    ones = [made.make() for _ in range(3)]
    assert len({one.secret for one in ones}) == 3
    for one in ones:
        assert re.fullmatch(r"[A-Z2-7]{26}", one.text)
        assert Pasted(one.text, b"", PORT).secret == one.secret
        assert len(one.secret) == 16
        assert one.secret.hex() not in repr(one) and repr(one.secret) not in repr(one)


def test_one_that_matches_is_used_up_and_costs_the_others_nothing(made: Invitations) -> None:
    first, second = made.make(), made.make(page=True)
    assert (first.page, second.page) == (False, True)
    assert made.burn(lambda secret: secret == second.secret) is second
    assert made.burn(lambda secret: secret == second.secret) is None
    assert made.alive == [first]
    assert made.burn(lambda secret: secret == first.secret) is first
    assert made.alive == []


def test_every_one_is_tried_whichever_matches(made: Invitations) -> None:
    ones, tried = [made.make() for _ in range(4)], []
    made.burn(lambda secret: tried.append(secret) or secret == ones[0].secret)
    assert tried == [one.secret for one in ones]


def test_five_wrong_tries_kill_each_that_was_there(made: Invitations) -> None:
    first = made.make()
    for _ in range(2):
        made.burn(never)
    second = made.make()
    for _ in range(3):
        assert first in made.alive
        made.burn(never)
    assert made.alive == [second]
    assert made.burn(lambda secret: secret == first.secret) is None  # the fourth that `second` bears
    assert made.burn(lambda secret: secret == second.secret) is second


def test_the_fifth_try_may_be_right(made: Invitations) -> None:
    one = made.make()
    for _ in range(4):
        made.burn(never)
    assert made.burn(lambda secret: secret == one.secret) is one


def test_it_is_good_for_two_minutes(made: Invitations, clock: Clock) -> None:
    one = made.make()
    clock.now += 119.9
    assert made.alive == [one]
    clock.now += 0.1
    assert made.alive == []
    assert made.burn(lambda secret: secret == one.secret) is None


def test_of_too_many_the_oldest_goes(made: Invitations) -> None:
    ones = [made.make() for _ in range(limits.INVITATIONS + 2)]
    assert made.alive == ones[2:]
    assert len(made.alive) == 8


# ---- pair, paired ---------------------------------------------------------------------------------------------------


def side(invitations: Invitations, port: int = PORT) -> tuple[BridgeSide, bytes]:
    """A bridge that knows no key, and its hello."""
    bridge = BridgeSide(port=port, instance=bytes(16), version="1", key_of=lambda _: None, invitations=invitations)
    hello = bridge.outbox.take()
    assert hello
    return bridge, hello


def answer(bridge: BridgeSide) -> Message:
    """The one thing that the bridge has to say."""
    message = bridge.outbox.take()
    assert message
    assert bridge.outbox.take() is None
    return decode(unpack(message))  # type: ignore[arg-type]


def refused(bridge: BridgeSide, said: Message | bytes) -> Error:
    """The error that ends it."""
    assert bridge.receive(encode(said) if isinstance(said, Message) else said) == []
    error = answer(bridge)
    assert isinstance(error, Error)
    assert bridge.closing and bridge.closing[1] == error.code
    assert not bridge.open
    return error


@pytest.mark.parametrize("page", [False, True])
def test_both_sides_make_the_same_key(made: Invitations, page: bool) -> None:
    one = made.make(page)
    bridge, hello = side(made)
    pasted = Pasted(one.text, hello, PORT)
    (agreed,) = bridge.receive(encode(pasted.pair()))
    assert isinstance(agreed, Agreed)
    assert (agreed.client, agreed.invitation) == (PANEL, one)
    assert re.fullmatch(r"[0-9a-f]{16}", agreed.key_id)
    assert bridge.outbox.take() is None and bridge.closing is None  # it is told so once the key is kept
    bridge.paired(agreed)
    paired = answer(bridge)
    assert isinstance(paired, Paired)
    assert paired.key_id == agreed.key_id
    assert pasted.key(paired) == agreed.key
    assert len(agreed.key) == 32
    assert (bridge.closing, bridge.open) == ((1000, "paired"), False)
    assert bridge.receive(encode(pasted.pair())) == []
    assert repr(agreed.key) not in repr(agreed)


def test_with_that_key_the_panel_comes_in(made: Invitations) -> None:
    bridge, hello = side(made)
    pasted = Pasted(made.make().text, hello, PORT)
    (agreed,) = bridge.receive(encode(pasted.pair()))
    assert isinstance(agreed, Agreed)
    bridge.paired(agreed)
    key = pasted.key(answer(bridge))  # type: ignore[arg-type]
    again = BridgeSide(port=PORT, instance=bytes(16), version="1", key_of={agreed.key_id: agreed.key}.get)
    client = ClientSide(port=PORT, key_id=agreed.key_id, key=key, client=PANEL)
    client.receive(again.outbox.take())
    (opened,) = again.receive(client.outbox.take())
    again.welcome(bytes(16), False)
    client.receive(again.outbox.take())
    assert client.open and opened.key_id == agreed.key_id


def test_every_pairing_has_a_key_of_its_own(made: Invitations) -> None:
    agreed = []
    for _ in range(3):
        bridge, hello = side(made)
        agreed += bridge.receive(encode(Pasted(made.make().text, hello, PORT).pair()))
    assert len({one.key_id for one in agreed}) == len({one.key for one in agreed}) == 3


def test_a_text_is_good_once(made: Invitations) -> None:
    text = made.make().text
    for times in range(2):
        bridge, hello = side(made)
        pair = Pasted(text, hello, PORT).pair()
        if times:
            assert (refused(bridge, pair).text, bridge.closing) == (UNKNOWN, (4401, "auth.pair"))
        else:
            assert len(bridge.receive(encode(pair))) == 1


@pytest.mark.parametrize(
    "wrong",
    [{"mac": bytes(32)}, {"nonce": bytes(32)}],
    ids=lambda wrong: next(iter(wrong)),
)
def test_a_wrong_proof_costs_a_try(made: Invitations, wrong: dict) -> None:
    one = made.make()
    bridge, hello = side(made)
    error = refused(bridge, replace(Pasted(one.text, hello, PORT).pair(), **wrong))
    assert (error.code, error.text, error.retry) == ("auth.pair", UNKNOWN, "never")
    assert one.tries == limits.PAIR_TRIES - 1


def test_a_relay_is_seen_by_the_bridge(made: Invitations) -> None:
    """The panel dials the relay's port, the relay the bridge's: the panel's proof is for another port."""
    bridge, hello = side(made)
    assert refused(bridge, Pasted(made.make().text, hello, 4999).pair()).code == "auth.pair"


def test_a_relay_is_seen_by_the_panel(made: Invitations) -> None:
    """Even where the bridge took its word, the bridge's proof is for the port that it listens on."""
    one = made.make()
    bridge, hello = side(made)
    (agreed,) = bridge.receive(encode(Pasted(one.text, hello, PORT).pair()))
    assert isinstance(agreed, Agreed)
    bridge.paired(agreed)
    with pytest.raises(AssertionError):
        Pasted(one.text, hello, 4999).key(answer(bridge))  # type: ignore[arg-type]


def test_a_pair_of_another_conversation_is_refused(made: Invitations) -> None:
    text = made.make().text
    _, overheard = side(made)
    bridge, _ = side(made)
    assert refused(bridge, Pasted(text, overheard, PORT).pair()).code == "auth.pair"


def test_the_proof_of_a_pair_is_none_of_a_key(made: Invitations) -> None:
    """With the secret as a key somebody might try `auth`; with `auth`'s label somebody might try `pair`."""
    one = made.make()
    bridge, hello = side(made)
    pasted = Pasted(one.text, hello, PORT)
    sent_back = replace(pasted.pair(), mac=pasted.mac(b"server", ""))
    assert refused(bridge, sent_back).code == "auth.pair"


def test_after_two_minutes_it_is_too_late(made: Invitations, clock: Clock) -> None:
    text = made.make().text
    clock.now += limits.PAIR_SECONDS
    bridge, hello = side(made)
    assert refused(bridge, Pasted(text, hello, PORT).pair()).code == "auth.pair"


def test_without_any_invitation_nobody_is_paired() -> None:
    bridge = BridgeSide(port=PORT, instance=bytes(16), version="1", key_of=lambda _: None)
    hello = bridge.outbox.take()
    assert hello
    for text in ("A" * 26, "YDA4FQ6EYXDMPSGJZLF4ZTOOZ4"):
        assert refused(bridge, Pasted(text, hello, PORT).pair()).code == "auth.pair"
        bridge.closing = bridge._said = None


@pytest.mark.parametrize(("protocol", "older"), [(0, "plug-in"), (2, "bridge")])
def test_a_panel_of_another_version_costs_no_try(made: Invitations, protocol: int, older: str) -> None:
    one = made.make()
    bridge, hello = side(made)
    error = refused(bridge, replace(Pasted(one.text, hello, PORT).pair(), protocol=protocol))
    assert (error.code, error.text.rpartition(". ")[2]) == ("auth.version", f"Update the {older}.")
    assert one.tries == limits.PAIR_TRIES


def test_pair_or_auth_after_pair(made: Invitations) -> None:
    for second in (Pair(PANEL, 1, NONCE, bytes(32)), golden.read("auth").message):
        bridge, hello = side(made)
        assert len(bridge.receive(encode(Pasted(made.make().text, hello, PORT).pair()))) == 1
        assert refused(bridge, second).code == "auth.failed"


def test_pair_in_the_middle_of_a_conversation(made: Invitations) -> None:
    key = bytes(range(32))
    bridge = BridgeSide(port=PORT, instance=bytes(16), version="1", key_of=lambda _: key, invitations=made)
    client = ClientSide(port=PORT, key_id="local", key=key, client=PANEL)
    hello = bridge.outbox.take()
    assert hello
    client.receive(hello)
    bridge.receive(client.outbox.take())
    bridge.welcome(bytes(16), False)
    bridge.outbox.take()
    one: Invitation = made.make()
    assert bridge.receive(encode(Pasted(one.text, hello, PORT).pair())) == []
    error = answer(bridge)
    assert isinstance(error, Error)
    assert (error.code, error.re, error.text) == ("wire.type", "pair", "A client does not say “pair” here.")
    assert bridge.closing is None
    assert (made.alive, one.tries) == ([one], limits.PAIR_TRIES)


@pytest.mark.parametrize("size", [0, 16, 31, 33])
def test_proofs_have_one_size(made: Invitations, size: int) -> None:
    bridge, _ = side(made)
    said = {"t": "pair", "client": PANEL, "protocol": 1, "nonce": NONCE, "mac": bytes(size)}
    assert refused(bridge, pack_control(said)).code == "wire.malformed"
