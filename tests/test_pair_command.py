"""`sfumato pair`: a text for a panel, on the screen and in the clipboard; who is paired, and who no longer."""

import os
import signal
from pathlib import Path

import pytest

from bridge import home as place
from bridge import pair_command
from bridge.cli import main
from bridge.keys import Keys
from bridge.protocol.pairing import Invitation
from bridge.protocol.session import Agreed
from bridge.server import Bridge


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    """`run("--list")` -> (exit code, lines of stdout, lines of stderr), on a machine without a clipboard."""
    monkeypatch.setenv("PATH", "")

    def call(*words: str) -> tuple[int, list[str], list[str]]:
        code = main(["pair", *words])
        said = capsys.readouterr()
        return code, said.out.splitlines(), said.err.splitlines()

    return call


def program(folder: Path, name: str, does: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program of that name, the only one on the machine. Returns the file that it may write."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{does}\n")
    path.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    return folder / "copied"


def agreed(key_id: str, client: dict) -> Agreed:
    return Agreed(key_id, bytes(32), client, Invitation(bytes(16), False, 0.0))


def test_the_text_stands_alone_with_the_port_behind_it(run, bridge: Bridge) -> None:
    code, told, said = run()
    (one,) = bridge.keys.invitations.alive
    assert (code, told) == (0, [f"{one.text}:{bridge.port}"])
    assert said == ["Paste it into the panel's pairing field within 2 minutes. It is good once."]
    assert not one.page


def test_the_port_that_everybody_knows_is_not_said(run, bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pair_command, "PORT", bridge.port)
    assert run()[1] == [one.text for one in bridge.keys.invitations.alive]


def test_it_starts_the_bridge_that_it_needs(run, home: Path) -> None:
    (home / "sfumato.toml").write_text("port = 0\n")
    code, (text,), _ = run()
    found = place.discover(home)
    assert found
    os.kill(found.pid, signal.SIGTERM)
    assert (code, text[26:]) == (0, f":{found.port}")


# ---- the clipboard --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "needed", "arguments"), pair_command.COPYING, ids=lambda one: str(one))
def test_it_is_copied_by_what_is_there_and_on_no_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, needed: str, arguments: list[str]
) -> None:
    for variable in ("WAYLAND_DISPLAY", "DISPLAY"):
        monkeypatch.delenv(variable, raising=False)
    copied = program(tmp_path, name, f'read -r text; echo "$text $*" > {tmp_path}/copied', monkeypatch)
    if needed:
        assert not pair_command.copy("ABC\n")  # it would wait for a display that is not there
        monkeypatch.setenv(needed, "wayland-0")
    assert pair_command.copy("ABC\n")
    assert copied.read_text().split() == ["ABC", *arguments]


@pytest.mark.parametrize("does", ["exit 1", "exec /bin/sleep 60"], ids=["fails", "hangs"])
def test_a_clipboard_that_does_not_work_is_no_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, does: str) -> None:
    monkeypatch.setattr(pair_command, "PATIENCE", 0.05)
    program(tmp_path, "pbcopy", does, monkeypatch)
    assert not pair_command.copy("ABC")


def test_where_it_was_copied_it_is_said(run, bridge: Bridge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copied = program(tmp_path, "pbcopy", f"/bin/cat > {tmp_path}/copied", monkeypatch)
    _, (text,), (said,) = run()
    assert copied.read_text() == text
    assert said.startswith("It is in the clipboard. Paste it into the panel's pairing field")


# ---- who is paired --------------------------------------------------------------------------------------------------


def test_without_anybody_it_says_what_to_do(run, home: Path) -> None:
    assert run("--list") == (0, [], ["Nobody is paired. To pair a panel: sfumato pair"])
    assert place.discover(home) is None  # no bridge is started for that


def test_everybody_is_listed_on_a_line(run, home: Path) -> None:
    keys = Keys(home)
    keys.keep(agreed("a1", {"name": "sfumato-panel", "host": "Photoshop 26.1"}))
    keys.keep(agreed("b2", {"name": "\x1b[31mpanel", "host": "evil\nline"}))
    (home / "keys" / "a1.json").write_text('{"name": "sfumato-panel", "host": "Photoshop 26.1", "at": 1e999}')
    code, told, _ = run("--list")
    assert code == 0
    assert told[0] == "a1  Photoshop 26.1  sfumato-panel  unknown"
    assert told[1].startswith("b2  evilline  [31mpanel  20")
    assert len(told) == 2


def test_one_is_revoked_by_its_id(run, home: Path) -> None:
    Keys(home).keep(agreed("a1", {"host": "Photoshop 26.1"}))
    said = "Photoshop 26.1 (a1) is not paired any more. Where it is open, its connection ends in seconds."
    assert run("--revoke", "a1") == (0, [said], [])
    code, told, refused = run("--revoke", "a1")
    assert (code, told) == (2, [])
    assert refused == ["sfumato: Nobody is paired as “a1”. See who is: sfumato pair --list"]


def test_one_thing_at_a_time(run, home: Path) -> None:
    code, _, said = run("--list", "--revoke", "a1")
    assert code == 2
    assert "not allowed with" in said[0]
