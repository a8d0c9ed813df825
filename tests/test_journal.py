"""The journal keeps what was whole, whatever tears."""

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.journal import Journal

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
RECORDS = [{"r": "session", "name": b"\x00" * 16}, {"r": "said", "n": 1, "text": "Größe ×2"}, {"r": "acked", "n": 1}]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal"


def write(path: Path, records: list) -> list[int]:
    """Append `records`; returns the length of the file before the first and after each."""
    journal = Journal(path)
    ends = [path.stat().st_size]
    for record in records:
        journal.append(record)
        ends.append(path.stat().st_size)
    journal.close()
    return ends


def read(path: Path) -> list:
    journal = Journal(path)
    journal.close()
    return journal.records


def test_a_new_journal_is_empty(path: Path) -> None:
    assert read(path) == []


@given(st.lists(st.dictionaries(st.text(max_size=8), PLAIN, max_size=4), max_size=5))
@settings(max_examples=40, deadline=None)
def test_what_was_appended_is_read(tmp_path_factory: pytest.TempPathFactory, records: list) -> None:
    path = tmp_path_factory.mktemp("journal") / "journal"
    write(path, records)
    assert read(path) == records


def test_an_appended_record_is_in_the_file_before_append_returns(path: Path) -> None:
    journal = Journal(path)
    journal.append(RECORDS[0])
    assert read(path) == RECORDS[:1]  # another process would see it though this one never closes
    journal.close()


def test_torn_at_every_byte_the_earlier_records_stay_and_appending_works(path: Path) -> None:
    *_, start, end = write(path, RECORDS)
    whole = path.read_bytes()
    for cut in range(start, end):
        path.write_bytes(whole[:cut])
        journal = Journal(path)
        assert journal.records == RECORDS[:-1], cut
        assert path.stat().st_size == start
        journal.append({"after": cut})
        journal.close()
        assert read(path) == [*RECORDS[:-1], {"after": cut}]


def test_a_flipped_byte_ends_the_journal_before_the_record_that_holds_it(path: Path) -> None:
    ends = write(path, RECORDS)
    whole = path.read_bytes()
    for position in range(len(whole)):
        damaged = bytearray(whole)
        damaged[position] ^= 0x10
        path.write_bytes(damaged)
        intact = sum(end <= position for end in ends[1:])
        assert read(path) == RECORDS[:intact], position


@pytest.mark.parametrize("size", [1, 7, 8, 9, 4096])
def test_zeros_that_a_power_cut_leaves_are_a_torn_end(path: Path, size: int) -> None:
    ends = write(path, RECORDS)
    with path.open("ab") as file:
        file.write(bytes(size))
    assert read(path) == RECORDS
    assert path.stat().st_size == ends[-1]


def test_a_length_beyond_the_end_takes_no_memory(path: Path) -> None:
    write(path, RECORDS)
    with path.open("ab") as file:
        file.write(b"\xff\xff\xff\xff" + bytes(100))
    assert read(path) == RECORDS


def test_rewrite_replaces_everything_and_appending_goes_on(path: Path) -> None:
    write(path, RECORDS)
    journal = Journal(path)
    journal.rewrite(record for record in journal.records if record["r"] == "said")
    journal.append({"r": "new"})
    journal.close()
    assert read(path) == [RECORDS[1], {"r": "new"}]
    assert [one.name for one in path.parent.iterdir()] == ["journal"]


def test_a_rewrite_that_was_killed_leaves_the_journal_as_it_was(path: Path) -> None:
    write(path, RECORDS)
    path.with_suffix(".part").write_bytes(b"half a journal")
    assert read(path) == RECORDS


def test_a_rewrite_that_fails_leaves_the_journal_as_it_was(path: Path) -> None:
    write(path, RECORDS)
    journal = Journal(path)

    def one_and_no_more():
        yield RECORDS[0]
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        journal.rewrite(one_and_no_more())
    journal.append({"r": "new"})
    journal.close()
    assert read(path) == [*RECORDS, {"r": "new"}]
    assert [one.name for one in path.parent.iterdir()] == ["journal"]


def test_a_rewrite_on_a_full_disk_leaves_the_journal_as_it_was(path: Path, full_disk_at) -> None:
    ends = write(path, RECORDS)
    journal = Journal(path)
    with full_disk_at(ends[-1] - 1), pytest.raises(OSError, match="File too large"):
        journal.rewrite(RECORDS)
    journal.append({"r": "new"})
    journal.close()
    assert read(path) == [*RECORDS, {"r": "new"}]


def test_a_full_disk_leaves_the_journal_as_it_was_wherever_it_strikes(path: Path, full_disk_at) -> None:
    ends = write(path, RECORDS[:2])
    for room in range(40):
        journal = Journal(path)
        with full_disk_at(ends[-1] + room), pytest.raises(OSError, match="File too large"):
            journal.append({"large": "x" * 100})
        assert path.stat().st_size == ends[-1]
        journal.append({"room": room})  # there is some again
        journal.close()
        assert read(path) == [*RECORDS[:2], {"room": room}]
        os.truncate(path, ends[-1])


def test_sync_waits_for_the_disk(path: Path) -> None:
    journal = Journal(path)
    journal.append(RECORDS[0])
    journal.sync()
    journal.close()
    assert read(path) == RECORDS[:1]
