"""An append-only file of records that survives `kill -9`: each with its length and checksum, a torn end is cut off."""

import contextlib
import logging
import os
import struct
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgpack

Record = dict[str, Any]

log = logging.getLogger(__name__)

_HEAD = struct.Struct("<II")


class Journal:
    """Records on disk, oldest first. `append` is seen by the next process even if this one is killed; `sync` makes it
    survive a power cut too."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.records = list(self._read())
        self._file = path.open("ab")
        _sync_folder(path.parent)

    def append(self, record: Record) -> None:
        """Write one record. Raises OSError where the disk is full; the journal is as it was before."""
        packed = _pack(record)
        end = self._file.tell()
        try:
            self._file.write(packed)
            self._file.flush()
        except OSError:
            self._reopen(end)
            raise

    def sync(self) -> None:
        """Wait until everything appended is on the disk. May be called from a thread."""
        os.fsync(self._file.fileno())

    def rewrite(self, records: Iterable[Record]) -> None:
        """Replace the journal by these records, at once or not at all. Raises OSError where the disk is full."""
        part = self.path.with_suffix(".part")
        try:
            with part.open("wb") as file:
                for record in records:
                    file.write(_pack(record))
                file.flush()
                os.fsync(file.fileno())
            self._file.close()  # Windows replaces no open file
            part.replace(self.path)
        finally:
            part.unlink(missing_ok=True)
            if self._file.closed:
                self._file = self.path.open("ab")
        _sync_folder(self.path.parent)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _read(self) -> Iterator[Record]:
        """The records that are whole. What a crash tore off at the end is cut away, so that appending stays sound."""
        with contextlib.suppress(FileNotFoundError):
            content = self.path.read_bytes()
            position = 0
            while len(content) - position >= _HEAD.size:
                size, crc = _HEAD.unpack_from(content, position)
                body = content[position + _HEAD.size : position + _HEAD.size + size]
                if not size or len(body) < size or zlib.crc32(body) != crc:
                    break  # size 0: a power cut can leave zeros, and the checksum of nothing is 0
                yield msgpack.unpackb(body, raw=False)
                position += _HEAD.size + size
            if position < len(content):
                log.warning(
                    "%s: %d bytes after byte %d are damaged and cut off", self.path, len(content) - position, position
                )
                os.truncate(self.path, position)

    def _reopen(self, end: int) -> None:
        with contextlib.suppress(OSError):
            self._file.close()
        os.truncate(self.path, end)
        self._file = self.path.open("ab")


def _sync_folder(folder: Path) -> None:
    """POSIX: a file's name is on the disk only once its folder is. Windows opens no folders, and needs none of this."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _pack(record: Record) -> bytes:
    body: bytes = msgpack.packb(record, use_bin_type=True)
    return _HEAD.pack(len(body), zlib.crc32(body)) + body
