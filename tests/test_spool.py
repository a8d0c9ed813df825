"""The spool keeps pixels private, keeps to its budget, and never drops what somebody still needs."""

import os
import stat
from pathlib import Path

import pytest

from bridge.protocol import limits
from bridge.protocol.errors import Refusal
from bridge.spool import Files, Spool, Upload, full, mapped, megabytes


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool")


def upload(spool: Spool, job: str, pixels: bytes, use: str = "image") -> Upload:
    one = spool.upload(job, use)
    one.write(0, memoryview(pixels))
    return one


def held(spool: Spool, name: str, size: int, used_at: int) -> Files:
    """A region of `size` bytes, last used at `used_at` seconds."""
    files = spool.keep(name, upload(spool, name, bytes(size)), None)
    os.utime(files.picture, (used_at, used_at))
    return files


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_only_the_user_may_enter(spool: Spool) -> None:
    if os.name != "posix":
        pytest.skip("Windows gives the user's own folders to the user alone")
    spool.keep("r", upload(spool, "a", b"pixels"), upload(spool, "a", b"mask", "mask"))
    upload(spool, "b", b"more").close()
    for path in (spool.folder, *spool.folder.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_a_folder_that_was_open_is_closed(tmp_path: Path) -> None:
    (tmp_path / "spool").mkdir()
    (tmp_path / "spool").chmod(0o755)
    Spool(tmp_path / "spool")
    if os.name == "posix":
        assert stat.S_IMODE((tmp_path / "spool").stat().st_mode) == 0o700


def test_an_upload_becomes_a_region(spool: Spool) -> None:
    image, mask = spool.upload("a", "image"), spool.upload("a", "mask")
    image.write(0, memoryview(b"first "))
    image.write(6, memoryview(b"second"))
    mask.write(0, memoryview(b"mask"))
    files = spool.keep("r", image, mask)
    assert files == spool.region("r")
    assert files.picture.read_bytes() == b"first second"
    assert bytes(mapped(files.picture)) == b"first second"
    assert files.mask.read_bytes() == b"mask"
    assert files.size == 16
    assert image.file == mask.file == -1
    assert names(spool.folder / "uploads") == set()


def test_a_stream_that_died_starts_again_and_leaves_nothing_behind(spool: Spool) -> None:
    one = upload(spool, "a", b"something long that broke off")
    one.digest.update(b"something")
    fresh = spool.upload("b", "image")
    one.restart()
    one.write(0, memoryview(b"short"))
    assert one.digest.digest() == fresh.digest.digest()
    assert spool.keep("r", one, None).picture.read_bytes() == b"short"
    fresh.close()
    fresh.close()  # closing twice is no fault


@pytest.mark.parametrize("job", ["..", "CON", "a:b", "0123456789abcdef" * 4])
def test_a_job_chosen_by_a_client_names_no_file(spool: Spool, job: str) -> None:
    one = upload(spool, job, b"pixels")
    one.close()
    (name,) = names(spool.folder / "uploads")
    assert name.endswith(".image")
    assert set(name.removesuffix(".image")) <= set("0123456789abcdef")


def test_jobs_do_not_share_a_file(spool: Spool) -> None:
    one, other = upload(spool, "a", b"one"), upload(spool, "A", b"other")
    assert spool.keep("r", one, None).picture.read_bytes() == b"one"
    assert spool.keep("q", other, None).picture.read_bytes() == b"other"


def test_a_region_that_is_there_stays_the_file_that_a_painter_maps(spool: Spool) -> None:
    first = spool.keep("r", upload(spool, "a", b"pixels"), upload(spool, "a", b"mask", "mask"))
    before = [path.stat().st_ino for path in first]
    again = spool.keep("r", upload(spool, "b", b"pixels"), upload(spool, "b", b"mask", "mask"))
    assert [path.stat().st_ino for path in again] == before
    assert names(spool.folder / "uploads") == set()


def test_a_region_that_a_power_cut_shortened_is_replaced(spool: Spool) -> None:
    files = spool.keep("r", upload(spool, "a", b"pixels"), None)
    files.picture.write_bytes(b"pix")
    assert spool.keep("r", upload(spool, "b", b"pixels"), None).picture.read_bytes() == b"pixels"


def test_uploads_of_an_earlier_bridge_are_gone(spool: Spool) -> None:
    upload(spool, "a", b"pixels").close()
    held(spool, "r", 10, 1)
    Spool(spool.folder)
    assert names(spool.folder / "uploads") == set()
    assert spool.region("r").picture.exists()


# ---- budget -------------------------------------------------------------------------------------------------------


def test_room_that_is_there_evicts_nothing(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool", 100)
    held(spool, "r", 40, 1)
    assert spool.make_room(60, set()) == []
    assert spool.region("r").picture.exists()


def test_the_least_recently_used_go_first_and_no_more_than_needed(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool", 100)
    for name, used_at in (("b", 2), ("d", 4), ("a", 1), ("c", 3)):
        held(spool, name, 20, used_at)
    assert spool.make_room(45, set()) == ["a", "b"]
    assert names(spool.folder / "regions") == {"c.image", "d.image"}


def test_a_touch_makes_a_region_the_last_to_go(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool", 100)
    for name, used_at in (("a", 1), ("b", 2), ("c", 3)):
        held(spool, name, 30, used_at)
    spool.touch("a")
    spool.touch("never held")  # evicted meanwhile: no fault
    assert spool.make_room(60, set()) == ["b", "c"]
    assert spool.region("a").picture.exists()


def test_a_used_region_is_never_evicted(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool", 100)
    held(spool, "old", 30, 1)
    held(spool, "new", 30, 2)
    assert spool.make_room(70, {"old"}) == ["new"]
    assert names(spool.folder / "regions") == {"old.image"}


def test_the_mask_of_a_region_counts_and_goes_with_it(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool", 100)
    spool.keep("r", upload(spool, "a", bytes(60)), upload(spool, "a", bytes(20), "mask"))
    assert spool.make_room(30, set()) == ["r"]
    assert names(spool.folder / "regions") == set()


def test_a_refusal_says_both_numbers_and_evicts_nothing(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool", 50_000_000)
    held(spool, "used", 10_000_000, 1)
    held(spool, "idle", 5_000_000, 2)
    with (spool.folder / "layers" / "x.picture").open("wb") as layer:
        layer.truncate(20_000_000)
    with pytest.raises(Refusal) as refused:
        spool.make_room(21_000_000, {"used"})
    assert refused.value.code == "limit.spool"
    assert refused.value.text == (
        "This job needs 21 MB of room for its pixels, 20 MB are free. "
        "Take or discard finished layers, or free space on the disk."
    )
    assert refused.value.retry == "later"
    assert refused.value.detail == {"needed": 21_000_000, "free": 20_000_000}
    assert names(spool.folder / "regions") == {"used.image", "idle.image"}
    assert spool.make_room(20_000_000, {"used"}) == ["idle"]


def test_layers_are_never_evicted(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool", 100)
    spool.layer("x").picture.write_bytes(bytes(150))
    with pytest.raises(Refusal, match=r"needs 0\.0 MB of room for its pixels, 0\.0 MB are free"):
        spool.make_room(1, set())
    assert names(spool.folder / "layers") == {"x.picture"}


def test_the_disk_may_have_less_room_than_the_budget(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool", 1 << 60)
    with pytest.raises(Refusal, match=r"needs 1,000,000,000,000 MB of room .* MB are free"):
        spool.make_room(10**18, set())


# ---- sweep --------------------------------------------------------------------------------------------------------


def test_sweep_leaves_what_is_named_and_nothing_else(spool: Spool) -> None:
    for name in ("kept", "lost"):
        spool.keep(name, upload(spool, name, b"pixels"), upload(spool, name, b"mask", "mask"))
        for path in spool.layer(name):
            path.write_bytes(b"pixels")
    (spool.folder / "layers" / "kept.picture.part").write_bytes(b"half")
    spool.sweep({"kept"}, {"kept"})
    assert names(spool.folder / "regions") == {"kept.image", "kept.mask"}
    assert names(spool.folder / "layers") == {"kept.picture", "kept.mask"}


def test_a_layer_is_deleted_whole_and_deleting_it_twice_is_no_fault(spool: Spool) -> None:
    files = spool.layer("x")
    for path in files:
        path.write_bytes(b"pixels")
    files.delete()
    files.delete()
    assert files.size == 0
    assert names(spool.folder / "layers") == set()


def test_what_is_mapped_outlives_its_file(spool: Spool) -> None:
    files = spool.layer("x")
    files.picture.write_bytes(b"pixels")
    view = mapped(files.picture)
    if os.name == "posix":  # Windows keeps the file until the map is gone
        files.delete()
    assert bytes(view) == b"pixels"


# ---- a full disk ----------------------------------------------------------------------------------------------------


def test_a_full_disk_is_a_sentence_and_the_same_upload_goes_on_when_there_is_room(spool: Spool, full_disk_at) -> None:
    one = spool.upload("a", "image")
    with full_disk_at(6), pytest.raises(Refusal) as refused:
        one.write(0, memoryview(b"ten bytes."))
    assert refused.value.code == "limit.spool"
    assert refused.value.text.startswith("The disk is full: ")
    assert refused.value.text.endswith(f" are free in {spool.folder}. Free some space and try again.")
    one.restart()
    one.write(0, memoryview(b"ten bytes."))
    assert spool.keep("r", one, None).picture.read_bytes() == b"ten bytes."


def test_another_fault_of_the_disk_is_a_sentence_too(tmp_path: Path) -> None:
    refusal = full(PermissionError(13, "Permission denied"), tmp_path / "uploads" / "x")
    assert refusal.code == "limit.spool"
    assert refusal.text == f"The bridge cannot write {tmp_path / 'uploads' / 'x'} (Permission denied)."


def test_megabytes() -> None:
    assert [megabytes(size) for size in (0, 460_000, 10_600_000, limits.GIB * 8)] == [
        *("0.0 MB", "0.5 MB", "11 MB", "8,590 MB")
    ]
