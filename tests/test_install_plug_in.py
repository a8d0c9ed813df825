"""The plug-in's folder: written whole, written over, and taken away without what is the artist's."""

import json
import os
import stat
import time
from pathlib import Path

import pytest

from bridge import __version__
from bridge.install import parcel, plug_in
from bridge.protocol.errors import Refusal


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return plug_in.folder(tmp_path)


def listing(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir() or path.is_symlink()}


def test_what_is_written_is_recorded_and_runs(tmp_path: Path, place: Path) -> None:
    assert plug_in.put(tmp_path) is None
    there = plug_in.installed(tmp_path)
    assert there is not None
    assert (there.version, there.strays, there.linked) == (__version__, (), False)
    assert listing(place) == {*there.files, plug_in.RECORD} == {*parcel.contents(), plug_in.RECORD}
    assert (place / "sfumato.py").stat().st_mode & stat.S_IXUSR
    assert not [one for one in (tmp_path / "plug-ins").iterdir() if one != place]


def test_installing_and_removing_leaves_the_profile_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "plug-ins" / "other").mkdir(parents=True)
    (tmp_path / "plug-ins" / "other" / "other.py").write_text("mine", "utf-8")
    before = sorted(tmp_path.rglob("*"))
    plug_in.put(tmp_path)
    assert plug_in.remove(tmp_path) == ()
    assert sorted(tmp_path.rglob("*")) == before
    assert plug_in.remove(tmp_path) is None


def test_an_older_version_is_replaced_and_nothing_of_it_is_left(tmp_path: Path, place: Path) -> None:
    plug_in.put(tmp_path)
    record = json.loads((place / plug_in.RECORD).read_text("utf-8"))
    gone = place / "lib" / "bridge" / "gone.py"
    gone.write_text("old", "utf-8")
    record = {"version": "0.0.9", "files": {**record["files"], "lib/bridge/gone.py": plug_in._mark(place, str(gone))}}
    (place / plug_in.RECORD).write_text(json.dumps(record), "utf-8")
    (place / "sfumato.py").write_text("old", "utf-8")
    os.utime(place / "sfumato.py", (1, 1))
    before = plug_in.put(tmp_path)
    assert before is not None
    assert before.version == "0.0.9"
    assert not gone.exists()
    assert plug_in.installed(tmp_path)[::2] == (__version__, ())
    assert time.time() - (place / "sfumato.py").stat().st_mtime < 3600  # GIMP asks anew what has another date


def test_what_the_artist_keeps_there_outlives_both(tmp_path: Path, place: Path) -> None:
    plug_in.put(tmp_path)
    notes, changed = place / "lib" / "bridge" / "notes.txt", place / "lib" / "bridge" / "link.py"
    notes.write_text("mine", "utf-8")
    (place / "out").symlink_to(tmp_path)
    plug_in.put(tmp_path)
    assert notes.read_text("utf-8") == "mine"
    assert (place / "out").readlink() == tmp_path
    changed.write_text("# mine now", "utf-8")
    assert plug_in.installed(tmp_path).strays == ("lib/bridge/link.py",)
    assert plug_in.remove(tmp_path) == ("lib/bridge/link.py",)
    assert listing(place) == {"lib/bridge/notes.txt", "lib/bridge/link.py", "out"}


def test_what_python_made_of_our_files_goes_with_them(tmp_path: Path, place: Path) -> None:
    plug_in.put(tmp_path)
    caches = place / "lib" / "bridge" / "__pycache__"
    caches.mkdir()
    (caches / "link.cpython-313.pyc").touch()
    (caches / "mine.cpython-313.pyc").touch()
    plug_in.put(tmp_path)
    assert listing(place) & {"lib/bridge/__pycache__/link.cpython-313.pyc"} == set()
    (caches / "link.cpython-313.opt-1.pyc").touch()
    plug_in.remove(tmp_path)
    assert listing(place) == {"lib/bridge/__pycache__/mine.cpython-313.pyc"}


def foreign_folder(place: Path) -> None:
    place.mkdir(parents=True)
    (place / "sfumato.py").write_text("somebody else's", "utf-8")


def foreign_link(place: Path) -> None:
    place.parent.mkdir()
    plug_in.put(place.parent.parent / "elsewhere")
    place.symlink_to(plug_in.folder(place.parent.parent / "elsewhere"))


def foreign_file(place: Path) -> None:
    place.parent.mkdir()
    place.write_text("mine", "utf-8")


def broken_record(place: Path) -> None:
    plug_in.put(place.parent.parent)
    (place / plug_in.RECORD).write_text("{", "utf-8")


def record_that_leads_out(place: Path) -> None:
    (place / "lib").mkdir(parents=True)
    (place / plug_in.RECORD).write_text(json.dumps({"version": "1", "files": {"../../gimprc": "0"}}), "utf-8")


@pytest.mark.parametrize(
    "make",
    [foreign_folder, foreign_link, foreign_file, broken_record, record_that_leads_out],
    ids=lambda one: one.__name__,
)
def test_what_is_not_ours_is_left_alone(tmp_path: Path, place: Path, make) -> None:
    make(place)
    before = listing(tmp_path)
    for do in (plug_in.put, plug_in.remove, plug_in.installed):
        with pytest.raises(Refusal, match="was not written by this installer, so it is left alone"):
            do(tmp_path)
    assert listing(tmp_path) == before


def test_what_lies_behind_a_link_of_the_artists_is_not_ours(tmp_path: Path, place: Path) -> None:
    plug_in.put(tmp_path)
    mine = tmp_path / "mine"
    (place / "lib" / "bridge").rename(mine)
    (place / "lib" / "bridge").symlink_to(mine)
    before = listing(mine)
    plug_in.remove(tmp_path)
    assert listing(mine) == before
    assert listing(place) == {"lib/bridge"}


def test_links_lead_to_the_checkout_and_removing_them_removes_no_source(tmp_path: Path, place: Path) -> None:
    guest, bridge = parcel.folder("gimp_plugin"), parcel.folder("bridge")
    plug_in.put(tmp_path)
    plug_in.put(tmp_path, link=True)
    there = plug_in.installed(tmp_path)
    assert (there.linked, there.strays) == (True, ())
    assert (place / "sfumato.py").readlink() == guest / "sfumato.py"
    assert ((place / "lib/gimp_plugin").readlink(), (place / "lib/bridge").readlink()) == (guest, bridge)
    assert (place / "lib/websockets/sync/client.py").is_file()
    assert not (place / "lib/websockets").is_symlink()
    before = listing(guest)
    plug_in.put(tmp_path)
    assert not plug_in.installed(tmp_path).linked
    plug_in.put(tmp_path, link=True)
    assert plug_in.remove(tmp_path) == ()
    assert listing(guest) == before
    assert not place.exists()


def test_a_disk_that_is_full_leaves_what_was_there(tmp_path: Path, place: Path, full_disk_at) -> None:
    plug_in.put(tmp_path)
    before = listing(tmp_path)
    with full_disk_at(9000), pytest.raises(OSError, match="File too large"):
        plug_in.put(tmp_path)
    assert listing(tmp_path) == before
    assert plug_in.installed(tmp_path).strays == ()
