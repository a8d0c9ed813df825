"""Who may come in: files for whom the artist paired, memory for the bridge's own page, and nobody once revoked."""

import json
import os
import stat
from pathlib import Path

import pytest

from bridge import home as place
from bridge.keys import Keys, Paired, door, paired, revoke
from bridge.protocol.errors import Refusal
from bridge.protocol.pairing import Invitation
from bridge.protocol.session import Agreed

KEY = bytes(range(32))
POSIX = pytest.mark.skipif(os.name != "posix", reason="Windows has other permissions")


def agreed(key_id: str = "a1b2", page: bool = False, client: dict | None = None, key: bytes = KEY) -> Agreed:
    """What a conversation tells when somebody proved to hold an invitation."""
    about = {"name": "sfumato-panel", "version": "1", "host": "Photoshop 26.1"} if client is None else client
    return Agreed(key_id, key, about, Invitation(bytes(16), page, 0.0))


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_panel_is_known_from_then_on(home: Path) -> None:
    keys = Keys(home)
    assert keys.of("a1b2") is None
    keys.keep(agreed())
    assert keys.of("a1b2") == KEY
    assert (
        Keys(home).of("a1b2") == KEY == place.read_key(home, "a1b2")
    )  # also by the next bridge, and nobody else's name
    assert sorted(path.name for path in (home / "keys").iterdir()) == ["a1b2.json", "a1b2.key"]


@POSIX
def test_what_is_kept_is_the_users_alone(home: Path) -> None:
    before = os.umask(0)
    try:
        Keys(home).keep(agreed())
    finally:
        os.umask(before)
    assert mode(home / "keys") == 0o700
    assert {mode(path) for path in (home / "keys").iterdir()} == {0o600}


def test_a_page_is_known_until_the_bridge_ends_and_leaves_no_file(home: Path) -> None:
    keys = Keys(home)
    keys.keep(agreed(page=True))
    assert keys.of("a1b2") == KEY
    assert not keys.gone("a1b2")
    assert Keys(home).of("a1b2") is None
    assert not (home / "keys").exists()
    assert paired(home) == []


def test_a_full_disk_keeps_no_key(home: Path, full_disk_at) -> None:
    keys = Keys(home)
    with full_disk_at(31), pytest.raises(OSError, match="File too large"):
        keys.keep(agreed())
    assert keys.of("a1b2") is None
    assert paired(home) == []
    assert not [path for path in (home / "keys").iterdir() if path.suffix in (".key", ".part")]


@pytest.mark.parametrize("key_id", ["../local", "a/b", "local.key", "", "a\0b", "x" * 65])
def test_a_name_from_the_wire_is_no_path(home: Path, key_id: str) -> None:
    place.make_local_key(home)
    assert Keys(home).of(key_id) is None


# ---- invitations ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", [False, True])
def test_who_holds_the_local_key_may_invite(home: Path, page: bool) -> None:
    keys = Keys(home)
    invite = keys.invite("local", page)
    (one,) = keys.invitations.alive
    assert (invite.page, invite.text, invite.seconds) == (page, one.text, 120)
    assert one.page == page


@pytest.mark.parametrize("key_id", ["a1b2", "LOCAL", "locals", ""])
def test_who_was_let_in_lets_in_nobody(home: Path, key_id: str) -> None:
    keys = Keys(home)
    with pytest.raises(Refusal, match="run sfumato pair in a terminal") as refused:
        keys.invite(key_id, page=False)
    assert refused.value.code == "auth.pair"
    assert keys.invitations.alive == []


def opened(folder: Path, keys: Keys) -> tuple[Path, Invitation]:
    """The file of `sfumato open`, and its invitation."""
    text = keys.invite("local", page=True).text
    assert text
    path = door(folder, text)
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path, keys.invitations.alive[-1]


def test_a_door_closes_when_it_was_used(home: Path) -> None:
    keys = Keys(home)
    (first, _), (second, used) = opened(home, keys), opened(home, keys)
    assert first != second
    assert keys.invitations.burn(lambda secret: secret == used.secret) is used
    keys.keep(Agreed("a1b2", KEY, {}, used))
    assert first.exists() and not second.exists()


def test_a_door_closes_when_it_is_too_old_or_was_tried_too_often(home: Path) -> None:
    now = [0.0]
    keys = Keys(home, lambda: now[0])
    (first, _), (second, one) = opened(home, keys), opened(home, keys)
    one.tries = 0
    keys.sweep()
    assert first.exists() and not second.exists()
    now[0] = 120.0
    keys.sweep()
    assert not first.exists()


def test_no_door_outlives_its_bridge(home: Path) -> None:
    keys = Keys(home)
    path, _ = opened(home, keys)
    keys.sweep(all=True)
    assert not path.exists()
    path, _ = opened(home, keys)  # and that bridge was killed
    Keys(home).sweep()
    assert not path.exists()


def test_a_door_has_no_text_in_its_name_and_lies_in_the_home(home: Path) -> None:
    text = "YDA4FQ6EYXDMPSGJZLF4ZTOOZ4"
    path = door(home, text)
    assert path.parent == home / "doors"
    assert text.lower() not in path.name.lower() and path.stem.isalnum()
    assert door(home, "../" * 9 + "etc/passwd").parent == home / "doors"


# ---- whom the artist paired -----------------------------------------------------------------------------------------


def test_everybody_who_was_paired_is_listed_the_latest_first(home: Path) -> None:
    place.make_local_key(home)
    keys = Keys(home)
    for key_id in ("a1", "b2", "c3"):
        keys.keep(agreed(key_id))
    for key_id, at in (("a1", 50.0), ("b2", 200.5), ("c3", 100.0)):
        path = home / "keys" / f"{key_id}.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), "at": at}))
    assert paired(home) == [
        Paired("b2", "sfumato-panel", "Photoshop 26.1", 200.5),
        Paired("c3", "sfumato-panel", "Photoshop 26.1", 100.0),
        Paired("a1", "sfumato-panel", "Photoshop 26.1", 50.0),
    ]


@pytest.mark.parametrize("content", [None, b"", b"{", b"[]", b"null", b"{}", b"\xff", b'{"at": "x"}', b"[" * 99999])
def test_a_key_whose_page_is_damaged_is_listed_all_the_same(home: Path, content: bytes | None) -> None:
    Keys(home).keep(agreed())
    path = home / "keys" / "a1b2.json"
    path.unlink() if content is None else path.write_bytes(content)
    assert paired(home) == [Paired("a1b2", "unknown", "unknown", 0.0)]
    assert Keys(home).of("a1b2") == KEY


@pytest.mark.parametrize(
    ("client", "name", "host"),
    [
        ({"name": "\x1b[2J\x1b]0;owned\x07panel\r\n", "host": "A\u202eB\u2028"}, "[2J]0;ownedpanel", "AB"),
        ({"name": "x" * 4000, "host": ["a", 5]}, "x" * 40, "['a', 5]"),
        ({}, "unknown", "unknown"),
        ({"name": {"a": b"\x00"}, "host": None}, "{'a': b'\\x00'}", "None"),
    ],
)
def test_what_a_stranger_calls_itself_is_fit_for_a_terminal(home: Path, client: dict, name: str, host: str) -> None:
    Keys(home).keep(agreed(client=client))
    (one,) = paired(home)
    assert (one.name, one.host) == (name, host)
    about = {"name": client.get("name"), "host": client.get("host"), "at": 1.0}
    (home / "keys" / "a1b2.json").write_text(json.dumps(about, default=str))  # nor does the file have to be trusted
    (one,) = paired(home)
    assert (one.name + one.host).isprintable() and len(one.name) <= 40


def test_revoked_is_gone(home: Path) -> None:
    keys = Keys(home)
    keys.keep(agreed("a1"))
    keys.keep(agreed("b2"))
    assert not keys.gone("a1")
    assert revoke(home, "a1").host == "Photoshop 26.1"
    assert keys.of("a1") is None and keys.gone("a1")
    assert keys.of("b2") == KEY and not keys.gone("b2")
    assert [one.id for one in paired(home)] == ["b2"]
    assert sorted(path.name for path in (home / "keys").iterdir()) == ["b2.json", "b2.key"]


@pytest.mark.parametrize("key_id", ["unknown", "local", "../keys/a1b2", "", "A1B2", "*", "a1b2.key"])
def test_only_who_is_paired_can_be_revoked(home: Path, key_id: str) -> None:
    key = place.make_local_key(home)
    Keys(home).keep(agreed())
    with pytest.raises(Refusal, match=r"sfumato pair --list") as refused:
        revoke(home, key_id)
    assert refused.value.text == f"Nobody is paired as “{key_id}”. See who is: sfumato pair --list"
    assert place.read_key(home, "local") == key
    assert Keys(home).of("a1b2") == KEY


def test_a_key_that_cannot_be_read_just_now_is_not_gone(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too many open files must not make a panel forget its key."""
    keys = Keys(home)
    keys.keep(agreed())

    def exhausted(self: Path) -> None:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(Path, "lstat", exhausted)
    assert not keys.gone("a1b2")


def test_the_local_key_is_never_revoked(home: Path) -> None:
    assert not Keys(home).gone("local")  # not even where somebody deleted it: its owner is still the same
