"""Where profiles of GIMP are found, as a table of systems."""

from pathlib import Path

import pytest

from bridge.install.places import Profile, named, none, profiles
from bridge.protocol.errors import Refusal

TABLE = {
    "Linux": ("linux", {}, ".config/GIMP/3.0", "GIMP 3.0"),
    "Linux with XDG": ("linux", {"XDG_CONFIG_HOME": "{user}/own"}, "own/GIMP/3.2", "GIMP 3.2"),
    "Flatpak": ("linux", {}, ".var/app/org.gimp.GIMP/config/GIMP/3.0", "GIMP 3.0 (Flatpak)"),
    "Windows": ("win32", {"APPDATA": "{user}/AppData/Roaming"}, "AppData/Roaming/GIMP/3.0", "GIMP 3.0"),
    "Windows without APPDATA": ("win32", {}, "AppData/Roaming/GIMP/3.0", "GIMP 3.0"),
    "macOS": ("darwin", {}, "Library/Application Support/GIMP/3.2", "GIMP 3.2"),
    "a variable": ("linux", {"GIMP3_DIRECTORY": "{user}/mine"}, "mine", "GIMP ($GIMP3_DIRECTORY)"),
    "a variable that counts from home": ("linux", {"GIMP3_DIRECTORY": "mine"}, "mine", "GIMP ($GIMP3_DIRECTORY)"),
}


@pytest.mark.parametrize(("platform", "variables", "folder", "title"), TABLE.values(), ids=TABLE)
def test_each_system(tmp_path: Path, platform: str, variables: dict[str, str], folder: str, title: str) -> None:
    variables = {name: value.format(user=tmp_path) for name, value in variables.items()}
    assert profiles(platform, tmp_path, variables) == []
    (tmp_path / folder).mkdir(parents=True)
    assert profiles(platform, tmp_path, variables) == [Profile(title, tmp_path / folder)]


def test_every_version_in_its_order_and_nothing_else(tmp_path: Path) -> None:
    for name in ("3.10", "3.2", "3.0", "2.10", "3.0.bak", "3.x", "4.0"):
        (tmp_path / ".config/GIMP" / name).mkdir(parents=True)
    (tmp_path / ".config/GIMP/3.4").write_text("no folder", "utf-8")
    found = profiles("linux", tmp_path, {})
    assert [one.title for one in found] == ["GIMP 3.0", "GIMP 3.2", "GIMP 3.10"]


def test_one_profile_by_two_ways_is_one(tmp_path: Path) -> None:
    own, flatpak = tmp_path / ".config/GIMP", tmp_path / ".var/app/org.gimp.GIMP/config"
    (own / "3.0").mkdir(parents=True)
    flatpak.mkdir(parents=True)
    (flatpak / "GIMP").symlink_to(own)
    assert profiles("linux", tmp_path, {}) == [Profile("GIMP 3.0", own / "3.0")]
    assert [one.title for one in profiles("linux", tmp_path, {"GIMP3_DIRECTORY": str(own / "3.0")})] == [
        "GIMP ($GIMP3_DIRECTORY)"
    ]


def test_a_named_folder_has_to_be_a_profile(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="is no profile of GIMP: none of gimprc"):
        named(tmp_path)
    (tmp_path / "pluginrc").touch()
    assert named(tmp_path) == Profile(f"GIMP ({tmp_path})", tmp_path)


def test_without_a_profile_it_says_what_to_do(tmp_path: Path) -> None:
    assert "Start it once" in none(tmp_path).text
    (tmp_path / "snap" / "gimp").mkdir(parents=True)
    assert "as a Snap, which may not read the bridge's key" in none(tmp_path).text
