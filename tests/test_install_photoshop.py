"""`sfumato install photoshop`: the same bytes everywhere, written whole or not at all, and what to click."""

import argparse
import io
import json
import os
import sys
import zipfile
from pathlib import Path

import pytest

from bridge import __version__, install_command
from bridge.cli import main
from bridge.install import photoshop
from bridge.protocol.errors import Refusal

FILES = {
    "manifest.json": json.dumps({"version": __version__}),
    "index.html": "<!doctype html>",
    "panel.js": "require('photoshop');" * 9,
    "icons/dark@2x.png": "two",
    "icons/dark@1x.png": "one",
}


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A bundle of a few files, written in no order of names."""
    return bundle_in(tmp_path / "bundle", FILES)


def bundle_in(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(text.encode())
    return folder


def listing(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir())


@pytest.fixture
def run(capsys, home: Path):
    def call(*words: object) -> tuple[int, str, str]:
        code = main([str(word) for word in words])
        return code, *capsys.readouterr()

    return call


# ---- the package ----------------------------------------------------------------------------------------------------


def test_the_package_is_the_bundle_with_its_manifest_at_the_root(bundle: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(photoshop.package(bundle))) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name).decode() for name in archive.namelist()} == FILES
        assert archive.namelist() == sorted(FILES)


def test_the_same_bundle_is_the_same_bytes_wherever_it_is_packed(bundle: Path, tmp_path: Path) -> None:
    once = photoshop.package(bundle)
    other = bundle_in(tmp_path / "other", dict(reversed(FILES.items())))
    for path in (one for one in other.rglob("*") if one.is_file()):
        path.chmod(0o600)
        os.utime(path, (2_000_000_000, 2_000_000_000))
    assert photoshop.package(other) == once
    (other / "panel.js").write_text("something else")
    assert photoshop.package(other) != once


def test_nothing_in_it_is_of_this_machine(bundle: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(photoshop.package(bundle))) as archive:
        for one in archive.infolist():
            said = (one.date_time, one.external_attr >> 16, one.create_system, one.compress_type)
            assert said == ((1980, 1, 1, 0, 0, 0), 0o100644, 3, zipfile.ZIP_STORED), one.filename
            assert (one.extra, one.comment, one.flag_bits) == (b"", b"", 0), one.filename


@pytest.mark.parametrize("name", photoshop.NEEDED)
def test_a_checkout_that_was_not_built_is_a_sentence(bundle: Path, name: str) -> None:
    (bundle / name).unlink()
    with pytest.raises(Refusal, match=rf"not built: {name} missing in .*npm run build in photoshop_panel"):
        photoshop.package(bundle)


def test_a_bundle_of_another_version_is_not_packed(bundle: Path, tmp_path: Path) -> None:
    (bundle / "manifest.json").write_text('{"version": "0.0.9"}')
    with pytest.raises(Refusal, match=rf"is version 0\.0\.9, and this is Sfumato {__version__}"):
        photoshop.put(tmp_path / "one.ccx", bundle)
    for broken in ("{", "[]", "{}"):
        (bundle / "manifest.json").write_text(broken)
        with pytest.raises(Refusal, match="names no version"):
            photoshop.put(tmp_path / "one.ccx", bundle)
    assert listing(tmp_path) == ["bundle"]


# ---- the file -------------------------------------------------------------------------------------------------------


def test_a_place_that_cannot_hold_it_is_a_sentence_that_names_another(bundle: Path, tmp_path: Path) -> None:
    for place, told in (
        (tmp_path, f"is a folder, and the package is a file. Name it, too: --out {tmp_path / photoshop.NAME}"),
        (tmp_path / "panel.zip", f"panel.zip does not end in .ccx, .* --out {tmp_path / 'panel.ccx'}"),
        (tmp_path / "no" / "panel.ccx", f"There is no folder {tmp_path / 'no'}"),
    ):
        with pytest.raises(Refusal, match=told):
            photoshop.put(place, bundle)
    assert listing(tmp_path) == ["bundle"]


def test_a_disk_that_is_full_leaves_what_was_there(bundle: Path, tmp_path: Path, full_disk_at) -> None:
    place = tmp_path / "one.ccx"
    place.write_text("before")
    with full_disk_at(100), pytest.raises(OSError, match="File too large"):
        photoshop.put(place, bundle)
    assert (place.read_text(), listing(tmp_path)) == ("before", ["bundle", "one.ccx"])
    assert photoshop.put(place, bundle).read_bytes() == photoshop.package(bundle)


# ---- as a person types it -------------------------------------------------------------------------------------------


def test_it_is_packed_into_the_home_where_no_older_one_stays(run, home: Path) -> None:
    for other in ("sfumato-0.0.9.ccx", "mine.ccx", "sfumato.toml"):
        (home / other).touch()
    code, told, warned = run("install", "photoshop", "--no-open")
    place = home / photoshop.NAME
    assert (code, warned) == (0, "")
    assert told.startswith(f"Photoshop: the panel of Sfumato {__version__} is packed in {place}.\n")
    assert place.read_bytes() == photoshop.package()
    assert listing(home) == sorted(["mine.ccx", "sfumato.toml", photoshop.NAME])
    code, told, _ = run("uninstall", "photoshop")
    assert (code, told.splitlines()[0]) == (0, f"{place} is deleted.")
    assert listing(home) == ["mine.ccx", "sfumato.toml"]
    told = run("uninstall", "photoshop")[1]
    assert "deleted" not in told
    assert "Creative Cloud Desktop ▸ Stock & Marketplace ▸ Plugins ▸ Manage" in told


def test_or_where_somebody_wants_it(run, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    code, told, _ = run("install", "photoshop", "--out", "mine.ccx", "--no-open")
    assert code == 0
    assert f"is packed in {tmp_path / 'mine.ccx'}." in told
    assert (tmp_path / "mine.ccx").read_bytes() == photoshop.package()
    assert listing(home) == []
    code, _, warned = run("install", "photoshop", "--out", tmp_path)
    assert (code, "is a folder" in warned) == (2, True)


@pytest.mark.skipif(sys.platform != "linux", reason="says what is said on Linux")
def test_linux_has_no_photoshop_and_nothing_is_opened(run) -> None:
    code, told, _ = run("install", "photoshop")
    assert (code, "There is no Photoshop for Linux" in told, "Install locally" in told) == (0, True, False)


def test_each_program_has_its_own_options(run) -> None:
    for words in (["gimp", "--no-open"], ["photoshop", "--link"], ["photoshop", "--profile", "x"], ["krita"], []):
        assert run("install", *words)[0] == 2, words


def given(out: Path, no_open: bool = False) -> argparse.Namespace:
    return argparse.Namespace(host="photoshop", out=out, no_open=no_open)


@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_where_there_may_be_a_photoshop_the_file_is_opened_and_the_clicks_are_told(
    platform: str, tmp_path: Path, capsys
) -> None:
    opened: list[Path] = []
    place = tmp_path / "one.ccx"
    assert install_command.install_photoshop(given(place), platform, lambda path: not opened.append(path)) == 0
    assert opened == [place]
    told = capsys.readouterr().out
    for words in ("not verified", "Install locally", "Plugins ▸ Sfumato", "sfumato pair", "paste"):
        assert words in told
    assert "Double-click" not in told
    assert install_command.install_photoshop(given(place, no_open=True), platform, pytest.fail) == 0
    assert "Double-click that file.\nCreative Cloud Desktop" in capsys.readouterr().out
    with pytest.raises(Refusal, match=r"Nothing on this machine opens .*one\.ccx\. Install Creative Cloud Desktop"):
        install_command.install_photoshop(given(place), platform, lambda path: False)
    assert place.exists()


@pytest.mark.skipif(os.name != "posix", reason="Windows opens a file by itself")
def test_a_double_click_is_what_the_system_calls_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert photoshop.double_click(tmp_path / "one.ccx") is False
    program = tmp_path / "open"
    program.write_text(f'#!/bin/sh\necho "$1" >{tmp_path}/opened\nexit "$(/bin/cat {tmp_path}/status)"\n')
    program.chmod(0o755)
    for status in (0, 1):
        (tmp_path / "status").write_text(str(status))
        assert photoshop.double_click(tmp_path / "one.ccx") is (status == 0)
        assert (tmp_path / "opened").read_text() == f"{tmp_path / 'one.ccx'}\n"
        (tmp_path / "opened").unlink()


# ---- doctor ---------------------------------------------------------------------------------------------------------


def test_the_doctor_says_what_was_packed(home: Path) -> None:
    def says() -> tuple[bool, str]:
        (one,) = install_command.photoshop_findings("darwin")
        assert one["what"] == "Photoshop"
        return one["ok"], one["says"]

    again = "Run: sfumato install photoshop"
    assert says() == (True, f"no panel is packed for it yet. {again}")
    (home / "sfumato-0.0.9.ccx").touch()
    assert says() == (False, f"sfumato-0.0.9.ccx is packed for it, this is {__version__}. {again}")
    (home / "sfumato-0.0.9.ccx").rename(home / photoshop.NAME)
    assert says() == (True, f"{home / photoshop.NAME} is packed for it")
    assert install_command.photoshop_findings("linux") == []
