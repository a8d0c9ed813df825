"""The plug-in's folder in a profile of GIMP: written whole or not at all, and taken away without what is the artist's.

A record beside the files, `lib/INSTALLED.json`, says which are ours: {version, files}, each file with the SHA-256 of
what was written, each link with where it leads.
"""

import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from bridge import __version__
from bridge.install import parcel
from bridge.protocol.errors import Refusal

RECORD = "lib/INSTALLED.json"
LINK = "-> "
"""What stands before a link's target in the record."""


class Installed(NamedTuple):
    """What lies in a profile. `files` are ours, as they were written; `strays` are missing or changed since."""

    version: str
    files: dict[str, str]
    strays: tuple[str, ...]

    @property
    def linked(self) -> bool:
        """Does it lead to a checkout?"""
        return any(mark.startswith(LINK) for mark in self.files.values())


def folder(profile: Path) -> Path:
    """Where the plug-in is in a profile: GIMP asks for a folder and a file of one name."""
    return profile / "plug-ins" / Path(parcel.ENTRY).stem


def installed(profile: Path) -> Installed | None:
    """What is installed in a profile; None where nothing is. Raises Refusal `recipe.field` for a folder not ours."""
    place = folder(profile)
    if not os.path.lexists(place):
        return None
    try:
        if place.is_symlink():
            raise ValueError("a link")
        record = json.loads((place / RECORD).read_text("utf-8"))
        version, files = str(record["version"]), dict(record["files"])
        if not all(_inside(name) and isinstance(mark, str) for name, mark in files.items()):
            raise ValueError("a path that leads out")
    except (OSError, ValueError, KeyError, TypeError):
        text = f"{place} was not written by this installer, so it is left alone. Move it away, and run it again."
        raise Refusal("recipe.field", text) from None
    strays = tuple(name for name, mark in files.items() if _mark(place, name) != mark)
    return Installed(version, files, strays)


def put(profile: Path, link: bool = False) -> Installed | None:
    """Install this version, over any other; returns what was there. `link` leads to a checkout instead of copying it.

    Built beside its place and renamed. What the artist keeps in the folder stays in it. GIMP may run meanwhile; when it
    starts it reads the plug-in anew, whose file has a new date. Raises Refusal `recipe.field`, OSError.
    """
    before = installed(profile)
    place = folder(profile)
    new = place.with_name(f".{place.name}-{secrets.token_hex(4)}")
    old = new.with_suffix(".old")
    try:
        _build(new, link)
        if before:
            _carry(place, new, before)
            place.rename(old)
        new.rename(place)
    except OSError:
        if old.exists():
            old.rename(place)
        raise
    finally:
        shutil.rmtree(new, ignore_errors=True)
    shutil.rmtree(old, ignore_errors=True)
    return before


def remove(profile: Path) -> tuple[str, ...] | None:
    """Take away what `put` wrote, and nothing else; returns what was kept of it, for it was changed since. None where
    nothing is installed. Raises Refusal `recipe.field`, OSError.
    """
    there = installed(profile)
    if there is None:
        return None
    place = folder(profile)
    for name, mark in there.files.items():
        if _mark(place, name) == mark:
            (place / name).unlink()
    for cache in _caches(place, there):
        cache.unlink()
    (place / RECORD).unlink()  # last: until then it can be run again
    ours = {parent for name in (*there.files, RECORD) for parent in PurePosixPath(name).parents}
    for parent in sorted(ours, key=lambda one: len(one.parts), reverse=True):
        for path in (place / parent / "__pycache__", place / parent):
            if path.is_dir() and not path.is_symlink() and not any(path.iterdir()):
                path.rmdir()
    return tuple(name for name in there.files if os.path.lexists(place / name))


def _build(place: Path, link: bool) -> None:
    """Write the folder of the plug-in, its record last."""
    place.mkdir(parents=True)
    links = _links() if link else {}
    for name, source in {**parcel.contents(), **links}.items():
        path = place / name
        if links.keys().isdisjoint(map(str, PurePosixPath(name).parents)):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.symlink_to(source) if name in links else path.write_bytes(source.read_bytes())
    entry = place / parcel.ENTRY
    entry.chmod(0o755)  # without the run bit GIMP does not find it, and does not say so
    entry.touch()  # through a link, too: GIMP asks a plug-in anew that has another date
    files = {name: _mark(place, name) for name in _entries(place)}
    (place / RECORD).write_text(json.dumps({"version": __version__, "files": files}, indent=1), "utf-8")


def _links() -> dict[str, Path]:
    """What leads to the checkout: what is written here. The libraries are copied even so."""
    entry = parcel.folder(parcel.GUEST) / parcel.ENTRY
    return {parcel.ENTRY: entry, **{f"{parcel.LIB}/{one}": parcel.folder(one) for one in parcel.OURS}}


def _carry(old: Path, new: Path, before: Installed) -> None:
    """Copy what the artist keeps in the plug-in's folder: it is not ours, and nothing of ours has its name."""
    ours = {*before.files, RECORD, *(str(one.relative_to(old).as_posix()) for one in _caches(old, before))}
    for name in _entries(old):
        target = new / name
        if name not in ours and not os.path.lexists(target) and not _through_a_link(new, name):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(old / name, target, follow_symlinks=False)


def _entries(place: Path) -> Iterator[str]:
    """Every file and link below a folder, as the record names it. What a link leads to is not below."""
    for path, folders, files in os.walk(place):
        below = Path(path)
        links = [one for one in folders if (below / one).is_symlink()]
        yield from ((below / one).relative_to(place).as_posix() for one in (*links, *files))


def _caches(place: Path, there: Installed) -> list[Path]:
    """What Python made of our files when it ran them."""
    sources = [PurePosixPath(name) for name in there.files if name.endswith(".py")]
    folders = {place / one.parent / "__pycache__" for one in sources if not _through_a_link(place, str(one))}
    ours = {(place / one.parent / "__pycache__", one.stem) for one in sources}
    found = [cache for one in folders if one.is_dir() and not one.is_symlink() for cache in one.glob("*.pyc")]
    return [cache for cache in found if (cache.parent, cache.name.partition(".")[0]) in ours]


def _mark(place: Path, name: str) -> str | None:
    """What the record says of a file, its SHA-256, and of a link, where it leads; None where there is neither."""
    path = place / name
    if _through_a_link(place, name):
        return None
    if path.is_symlink():
        return f"{LINK}{path.readlink()}"
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None


def _through_a_link(place: Path, name: str) -> bool:
    """Does a folder on the way lead elsewhere? What lies there is somebody's own."""
    return any((place / parent).is_symlink() for parent in PurePosixPath(name).parents if parent.name)


def _inside(name: str) -> bool:
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and "\\" not in name and ":" not in name
