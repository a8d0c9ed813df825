"""Where models lie: the folders of the programs that artists have, looked through without following anything twice.

Known: a diffusers folder, the Hugging Face cache, ComfyUI (with its `extra_model_paths.yaml`), A1111 and Forge; any
other folder is looked through whole.
"""

import importlib
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

from bridge.models.folders import INDEX
from bridge.models.headers import PICKLED
from bridge.protocol.limits import MIB

DEPTH = 8
"""Folders below a tree that are looked into."""
COUNT = 50_000
"""Files and folders of one tree that are looked at."""

Kind = Literal["model", "lora", "any", "sample"]

_ROOMS: dict[str, Kind] = {
    "checkpoints": "model",
    "diffusion_models": "model",
    "unet": "model",
    "diffusers": "model",
    "Stable-diffusion": "model",
    "loras": "lora",
    "Lora": "lora",
    "LyCORIS": "lora",
}
"""Folders of ComfyUI, A1111 and Forge that hold models or LoRAs."""


class Candidate(NamedTuple):
    """Something that may be a model.

    path  a file, or a diffusers folder
    name  what an artist knows it by
    kind  what the folder it lies in is for
    """

    path: Path
    name: str
    kind: Kind


def places(home: Path, own: Path, environment: Mapping[str, str]) -> list[Path]:
    """Where to look when the artist named nothing: the Hugging Face cache, the bridge's own `models`, and the usual
    folders of other programs. Those that exist."""
    if cache := environment.get("HF_HUB_CACHE"):
        hub = Path(cache)
    elif root := environment.get("HF_HOME"):
        hub = Path(root) / "hub"
    else:
        hub = Path(environment.get("XDG_CACHE_HOME") or home / ".cache") / "huggingface" / "hub"
    programs = "ComfyUI", "Documents/ComfyUI", "stable-diffusion-webui", "stable-diffusion-webui-forge"
    return [place for place in (own / "models", *(home / one for one in programs), hub) if place.is_dir()]


def look(tree: Path, home: Path) -> list[Candidate]:
    """Everything in a tree that may be a model, in a stable order; a tree may be a single file. What cannot be read is
    passed over.
    """
    if tree.is_file():
        return [Candidate(tree, tree.stem, "any")] if _is_weights(tree, "any") else []
    budget = _Budget()
    found: dict[Path, Candidate] = {}
    for room, kind in _rooms(tree, home):
        for one in _walk(room, kind, budget, 0):
            found.setdefault(one.path, one)
    return list(found.values())


class _Budget:
    """What one tree may still cost, and where it was looked already: links may lead round in circles."""

    def __init__(self) -> None:
        self.left = COUNT
        self.seen: set[tuple[int, int]] = set()

    def enter(self, folder: Path) -> list[os.DirEntry[str]]:
        """The entries of a folder that was not entered before, by name."""
        try:
            about = folder.stat()
            if (about.st_dev, about.st_ino) in self.seen:
                return []
            self.seen.add((about.st_dev, about.st_ino))
            with os.scandir(folder) as entries:
                found = sorted((one for one in entries if not one.name.startswith(".")), key=lambda one: one.name)
        except OSError:
            return []
        found = found[: self.left]
        self.left -= len(found)
        return found


def _rooms(tree: Path, home: Path) -> Iterator[tuple[Path, Kind]]:
    """The folders of a tree that are worth looking through."""
    if (tree / INDEX).is_file():  # a diffusers folder has a `unet` of its own
        yield tree, "any"
        return
    rooms = [(parent / name, kind) for parent in (tree / "models", tree) for name, kind in _ROOMS.items()]
    known = [(room, kind) for room, kind in rooms if room.is_dir()]
    more = list(_extra(tree / "extra_model_paths.yaml", home))
    if not known and not more:
        known = [(tree, "any")]
    yield from known
    yield from more


def _walk(folder: Path, kind: Kind, budget: _Budget, depth: int) -> Iterator[Candidate]:
    """Candidates of a folder and those below it."""
    if folder.name.startswith("models--"):
        yield from _cached(folder, kind, budget, depth)
        return
    if (folder / INDEX).is_file():
        yield Candidate(folder, folder.name, kind)
        return
    entries = budget.enter(folder)
    for one in entries:
        path = folder / one.name
        if _is_weights(path, kind) and _is_file(one):
            yield Candidate(path, path.stem, kind)
    for one in entries:
        if depth < DEPTH and _is_folder(one):
            yield from _walk(folder / one.name, kind, budget, depth + 1)


def _cached(folder: Path, kind: Kind, budget: _Budget, depth: int) -> Iterator[Candidate]:
    """Candidates of a repository in the Hugging Face cache: of the revision that `main` names, else of the newest."""
    name = folder.name.removeprefix("models--").split("--")[-1]
    snapshots = sorted((folder / "snapshots").glob("*"), key=_changed, reverse=True)
    ref = folder / "refs" / "main"
    try:
        main = ref.read_text("ascii").strip() if ref.is_file() else ""
    except (OSError, ValueError):
        main = ""
    for snapshot in sorted(snapshots, key=lambda one: one.name != main)[:1]:
        for one in _walk(snapshot, kind, budget, depth + 1):
            yield one._replace(name=name) if one.path == snapshot else one


def _extra(path: Path, home: Path) -> Iterator[tuple[Path, Kind]]:
    """The folders that a ComfyUI names in `extra_model_paths.yaml`; none where that cannot be read."""
    try:
        if not path.is_file() or path.stat().st_size > MIB:
            return
        # Only such a file needs it, and it comes with the diffusion engine; the bridge must run without.
        given: Any = importlib.import_module("yaml").safe_load(path.read_text("utf-8"))
    except Exception:  # a parser's errors are its own classes, and the parser may be missing
        return
    for section in given.values() if isinstance(given, dict) else ():
        if not isinstance(section, dict):
            continue
        base = path.parent / _at_home(str(section.get("base_path") or ""), home)
        for name, kind in _ROOMS.items():
            for line in _lines(section.get(name)):
                room = base / _at_home(line, home)
                if room.is_dir():
                    yield room, kind


def _lines(value: object) -> Iterable[str]:
    return [line.strip() for line in value.splitlines() if line.strip()] if isinstance(value, str) else []


def _at_home(text: str, home: Path) -> Path:
    return home / text[1:].lstrip("/\\") if text.startswith("~") else Path(text)


def _is_weights(path: Path, kind: Kind) -> bool:
    """Safetensors; and pickled files where they were meant to be used as models, to say that they cannot."""
    end = path.suffix.lower()
    return end in (".safetensors", ".ckpt") or (end in PICKLED and kind != "any")


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:
        return False


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
