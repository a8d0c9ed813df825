"""Pixels on disk, in a folder that only this user may enter: uploads, regions, layers.

One file serves the wire, the painter and a crash: who reads it maps it, and a killed process leaks nothing. What is
written is written by plain calls, not through a mapping: on a full disk those fail with an error, a mapping kills.
"""

import contextlib
import errno
import hashlib
import mmap
import os
import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from bridge.home import make_private
from bridge.protocol import limits
from bridge.protocol.errors import Refusal


@dataclass
class Upload:
    """One picture that arrives: a file that grows, and the hash of what came."""

    path: Path
    file: int
    digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    def write(self, offset: int, payload: memoryview) -> None:
        """Put bytes at `offset`. Raises Refusal `limit.spool` where the disk is full."""
        try:
            os.lseek(self.file, offset, os.SEEK_SET)
            while payload:
                payload = payload[os.write(self.file, payload) :]
        except OSError as why:
            raise full(why, self.path) from None

    def restart(self) -> None:
        """The stream died and comes again from byte 0."""
        os.ftruncate(self.file, 0)
        self.digest = hashlib.sha256()

    def close(self) -> None:
        """No more bytes come."""
        if self.file >= 0:
            os.close(self.file)
            self.file = -1


class Files(NamedTuple):
    """The two files of a region or a layer; `mask` may be missing on disk (all 255)."""

    picture: Path
    mask: Path

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return sum(path.stat().st_size for path in self if path.exists())

    def delete(self) -> None:
        """Remove both."""
        for path in self:
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)


class Spool:
    """The folder, its budget in bytes, and who may be evicted: regions, least recently used first, never a layer."""

    def __init__(self, folder: Path, budget: int = limits.SPOOL) -> None:
        self.folder = make_private(folder)
        self.budget = budget
        for name in ("uploads", "regions", "layers"):
            make_private(folder / name)
        for stale in (folder / "uploads").iterdir():
            stale.unlink()

    def upload(self, job: str, use: str) -> Upload:
        """Open the file for one picture of a job. Its name is a hash: a job's own, a client chose."""
        path = self.folder / "uploads" / f"{hashlib.sha256(job.encode()).hexdigest()[:32]}.{use}"
        return Upload(path, os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o600))

    def region(self, name: str) -> Files:
        """The files of a region."""
        return Files(self.folder / "regions" / f"{name}.image", self.folder / "regions" / f"{name}.mask")

    def layer(self, result: str) -> Files:
        """The files of a layer."""
        return Files(self.folder / "layers" / f"{result}.picture", self.folder / "layers" / f"{result}.mask")

    def keep(self, name: str, image: Upload, mask: Upload | None) -> Files:
        """An upload becomes a region. One that is there already stays: its name is the hash of its content, and Windows
        replaces no file that a painter has mapped."""
        files = self.region(name)
        for upload, path in ((image, files.picture), (mask, files.mask)):
            if upload is None:
                continue
            upload.close()
            if path.exists() and path.stat().st_size == upload.path.stat().st_size:
                upload.path.unlink()
            else:
                upload.path.replace(path)
        return files

    def touch(self, name: str) -> None:
        """This region was used just now."""
        now = time.time()
        with contextlib.suppress(FileNotFoundError):
            os.utime(self.region(name).picture, (now, now))

    def make_room(self, needed: int, used: set[str]) -> list[str]:
        """Make room for `needed` bytes: evict regions that no unfinished job uses (`used` names those that one does),
        least recently used first. Returns the names of the evicted. Raises Refusal `limit.spool`, and evicts none
        then: what must stay leaves too little room."""
        if (free := self._free()) >= needed:  # what follows looks at every region
            return []
        names = {path.stem for path in (self.folder / "regions").glob("*.image")} - used
        oldest = sorted(names, key=lambda name: self.region(name).picture.stat().st_mtime)
        sizes = [self.region(name).size for name in oldest]
        if (room := max(0, free + sum(sizes))) < needed:
            text = f"This job needs {megabytes(needed)} of room for its pixels, {megabytes(room)} are free. "
            text += "Take or discard finished layers, or free space on the disk."
            raise Refusal("limit.spool", text, "later", needed=needed, free=room)
        evicted = []
        for name, size in zip(oldest, sizes, strict=True):
            if free >= needed:
                break
            self.region(name).delete()
            evicted.append(name)
            free += size
        return evicted

    def fill_mask(self, result: str, size: int) -> None:
        """A layer without a mask is wholly selected: where its mask is asked for, it is a file of 255s."""
        path = self.layer(result).mask
        if not path.exists():
            part = path.with_name(f"{path.name}.part")
            with part.open("wb") as file:
                for start in range(0, size, limits.CHUNK):
                    file.write(b"\xff" * min(limits.CHUNK, size - start))
            part.replace(path)

    def sweep(self, regions: set[str], layers: set[str]) -> None:
        """Delete the files of all regions and layers but these."""
        for folder, kept in (("regions", regions), ("layers", layers)):
            for path in (self.folder / folder).iterdir():
                if path.name.partition(".")[0] not in kept or path.suffix == ".part":
                    path.unlink(missing_ok=True)

    def _free(self) -> int:
        """Bytes that may still be written. Negative where layers alone are over the budget."""
        taken = 0
        for folder in (self.folder, *(self.folder / name for name in ("uploads", "regions", "layers"))):
            with os.scandir(folder) as entries:
                for entry in entries:
                    with contextlib.suppress(FileNotFoundError):  # a painter renames its layers meanwhile
                        taken += entry.stat().st_size if entry.is_file() else 0
        return min(self.budget - taken, shutil.disk_usage(self.folder).free)


def mapped(path: Path) -> memoryview:
    """A file's bytes, mapped, not read."""
    with path.open("rb") as file:
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def full(why: OSError, path: Path) -> Refusal:
    """What to say when a file of the spool cannot be written."""
    if why.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EFBIG):
        free = shutil.disk_usage(path.parent).free
        text = f"The disk is full: {megabytes(free)} are free in {path.parent.parent}. Free some space and try again."
        return Refusal("limit.spool", text, "later", free=free)
    return Refusal("limit.spool", f"The bridge cannot write {path} ({why.strerror}).", "later")


def megabytes(size: int) -> str:
    """A size for an artist."""
    return f"{size / 1e6:,.{0 if size >= 10e6 else 1}f} MB"
