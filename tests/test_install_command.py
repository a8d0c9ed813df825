"""`sfumato install gimp`, as a person types it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bridge import __version__
from bridge import home as homes
from bridge.cli import main
from bridge.install import plug_in
from bridge.install.places import places


@pytest.fixture
def user(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's folder with a GIMP 3.0 and a GIMP 3.2 that were started once."""
    for name in ("GIMP3_DIRECTORY", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    for version in ("3.0", "3.2"):
        profile(tmp_path, version).mkdir(parents=True)
    return tmp_path


def profile(user: Path, version: str) -> Path:
    return places(sys.platform, user, {})[0][1] / version


@pytest.fixture
def run(capsys):
    def call(*words: object) -> tuple[int, str, str]:
        code = main([str(word) for word in words])
        return code, *capsys.readouterr()

    return call


def test_every_gimp_gets_it_and_the_bridge_can_be_started(run, user: Path, home: Path) -> None:
    code, told, _ = run("install", "gimp")
    lines = told.splitlines()
    assert code == 0
    for line, version in zip(lines, ("3.0", "3.2"), strict=False):
        place = profile(user, version) / "plug-ins" / "sfumato"
        assert line == f"GIMP {version}: Sfumato {__version__} is installed in {place}."
        assert os.access(place / "sfumato.py", os.X_OK)
    assert "restart GIMP" in lines[2]
    assert "Keyboard Shortcuts" in lines[3]
    assert len(homes.read_key(home, homes.LOCAL)) == 32
    assert json.loads((home / "launch.json").read_text("utf-8"))["argv"][0] == sys.executable
    assert run("uninstall", "gimp")[:2] == (0, "GIMP 3.0: Sfumato is gone.\nGIMP 3.2: Sfumato is gone.\n")
    assert "is not installed" in run("uninstall", "gimp")[1]


def test_one_profile_that_is_named(run, user: Path) -> None:
    mine = user / "mine"
    (mine / "plug-ins").mkdir(parents=True)
    code, told, _ = run("install", "gimp", "--profile", mine, "--link")
    assert (code, "is linked" in told) == (0, True)
    assert plug_in.installed(profile(user, "3.0")) is None
    assert plug_in.installed(mine).linked


def test_no_gimp_is_a_sentence(run, user: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(user / "nothing"))
    code, _, told = run("install", "gimp")
    assert (code, "No GIMP 3 has been started" in told) == (2, True)
    assert run("uninstall", "gimp")[0] == 0
    assert run("install", "krita")[0] == 2


def test_one_that_refuses_does_not_keep_the_others_from_it(run, user: Path) -> None:
    foreign = plug_in.folder(profile(user, "3.0"))
    foreign.mkdir(parents=True)
    code, told, warned = run("install", "gimp")
    assert (code, "GIMP 3.2: Sfumato" in told, "left alone" in warned) == (2, True, True)
    assert list(foreign.iterdir()) == []


def test_the_doctor_says_which_version_is_where(run, user: Path) -> None:
    def says() -> dict[str, tuple[bool, str]]:
        return {one["what"]: (one["ok"], one["says"]) for one in json.loads(run("doctor", "--json")[1])}

    assert says()["GIMP 3.0"] == (True, "has no plug-in yet. Run: sfumato install gimp")
    run("install", "gimp")
    assert says()["GIMP 3.2"] == (True, f"has plug-in {__version__}")
    place = plug_in.folder(profile(user, "3.0"))
    record = json.loads((place / plug_in.RECORD).read_text("utf-8"))
    (place / plug_in.RECORD).write_text(json.dumps({**record, "version": "0.0.9"}), "utf-8")
    (plug_in.folder(profile(user, "3.2")) / "lib/bridge/link.py").unlink()
    told = says()
    assert told["GIMP 3.0"] == (False, f"has plug-in 0.0.9, this is {__version__}. Run: sfumato install gimp")
    assert told["GIMP 3.2"][0] is False
    assert "lib/bridge/link.py is missing or changed" in told["GIMP 3.2"][1]


def test_a_line_of_the_command_is_enough(user: Path) -> None:
    """As a program of its own: nothing of the checkout's tests is on its path."""
    words = [sys.executable, "-m", "bridge.cli", "install", "gimp"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, cwd=Path(__file__).parent.parent)
    assert (done.returncode, done.stderr) == (0, "")
