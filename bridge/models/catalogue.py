"""The catalogue: every model and LoRA of this machine by id, read once and remembered."""

import contextlib
import json
import os
import secrets
import threading
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, TypeVar

from bridge.families import FAMILIES, SAMPLE
from bridge.models import reading, trees
from bridge.models.values import Lora, Model
from bridge.protocol.errors import Refusal
from bridge.protocol.values import Recipe

VERSION = 1
"""Of the index file: another one is read anew."""

BROUGHT = Path(__file__).with_name("sample")
"""The checkpoint that comes with the package: its README.md says what it is."""

_One = TypeVar("_One", Model, Lora)


class Catalogue:
    """What lies in some trees of folders. `scan` looks, everything else answers from what it last saw.

    `folder` keeps the index, `models.json`: what each file is, by path, size and time, so that a second start reads
    nothing again. `home` is where `~` leads.
    """

    def __init__(
        self, folder: Path, trees: Sequence[Path] = (), home: Path | None = None, sample: Path | None = None
    ) -> None:
        """`sample`: where the checkpoint lies that comes with the package; None: there is none."""
        self._index = folder / "models.json"
        self._trees = tuple(trees)
        self._sample = sample
        self._home = home or Path.home()
        self._lock = threading.Lock()
        self._known = _load(self._index)
        self._models: tuple[Model, ...] = ()
        self._loras: tuple[Lora, ...] = ()

    @classmethod
    def of(cls, folder: Path, named: Sequence[str]) -> "Catalogue":
        """The catalogue of this user: the folders that are named, then the usual ones. `folder` is the bridge's own."""
        home = Path.home()
        usual = trees.places(home, folder, os.environ)
        return cls(folder, [*(Path(one).expanduser() for one in named), *usual], home, BROUGHT)

    def models(self) -> tuple[Model, ...]:
        """Every model, by name; those that cannot be used say why in `problem`."""
        return self._models

    def loras(self) -> tuple[Lora, ...]:
        """Every LoRA, by name."""
        return self._loras

    def find(self, id: str) -> Model:
        """The model of this id, or with its eight last digits: a renamed file is still the same.

        Raises Refusal `model.unknown` naming what there is.
        """
        return _found("model", id, self._models)

    def find_lora(self, id: str) -> Lora:
        """The LoRA of this id, as `find` does."""
        return _found("LoRA", id, self._loras)

    def default(self, recipe: Recipe) -> Model | None:
        """The model of a recipe that names none; None where there is none to use.

        A new surface asks for an inpainting model, everything else for a base one; then SDXL before SD 1.5. The sample
        is taken where there is no other, for a prompt, and for what it can.
        """
        anew = recipe.mode == "expand" or recipe.strength >= 0.9
        layouts = ("inpaint", "base", "edit") if anew else ("base", "inpaint", "edit")
        families = "sdxl", "sdxl-few", "sd15", "sd15-few"

        def rank(model: Model) -> tuple[bool, int, int, str]:
            own = families.index(model.family) if model.family in families else len(families)
            return own == len(families), layouts.index(model.layout), own, model.name

        usable = [model for model in self._models if not model.problem]
        brought = next((model for model in usable if model.family == SAMPLE), None)
        others = [model for model in usable if model is not brought]
        if brought and not others and recipe.prompt.strip() and recipe.mode in FAMILIES[SAMPLE].modes:
            return brought
        return min(others, key=rank, default=None)

    def scan(self) -> bool:
        """Look again, reading only what changed. True where the lists did."""
        with self._lock:
            seen: dict[str, dict[str, Any]] = {}
            found: list[Model | Lora] = []
            brought = [trees.Candidate(self._sample, "Sample", "sample")] if self._sample else []
            for candidate in (*brought, *(one for tree in self._trees for one in trees.look(tree, self._home))):
                key = str(candidate.path)
                if key in seen:
                    continue
                with contextlib.suppress(OSError):  # it went away while we looked
                    entry = self._entry(candidate)
                    seen[key] = entry
                    found += [one for one in (_remembered(entry, candidate.path),) if one is not None]
            if seen != self._known:
                self._known = seen
                _save(self._index, seen)
            models = _listed(one for one in found if isinstance(one, Model))
            loras = _listed(one for one in found if isinstance(one, Lora))
            changed = (models, loras) != (self._models, self._loras)
            self._models, self._loras = models, loras
            return changed

    def recall(self) -> None:
        """Take the lists from the index as another process left it, without looking at any other file."""
        with self._lock:
            self._known = _load(self._index)
            found = [_remembered(entry, Path(key)) for key, entry in self._known.items()]
            self._models = _listed(one for one in found if isinstance(one, Model))
            self._loras = _listed(one for one in found if isinstance(one, Lora))

    def _entry(self, candidate: trees.Candidate) -> dict[str, Any]:
        """What is known of a candidate: from the index where nothing changed."""
        signature = f"{candidate.name} {candidate.kind} {reading.signature(candidate)}"
        known = self._known.get(str(candidate.path))
        if known is not None and known["signature"] == signature:
            return known
        one = reading.read(candidate)
        entry: dict[str, Any] = {"signature": signature}
        if one is not None:
            values = asdict(one)
            del values["path"]
            entry["model" if isinstance(one, Model) else "lora"] = values
        return entry


def fits(model: Model, memory: int) -> bool:
    """Does the model, in half precision, and one plate at its family's budget fit into this many bytes?"""
    family = FAMILIES.get(model.family) or FAMILIES.get(model.family.removesuffix("-few"))
    work = family.pixel * family.budget if family else 0
    return 2 * model.parameters + work <= memory


def _found(what: str, id: str, there: Sequence[_One]) -> _One:
    for one in there:
        if one.id == id:
            return one
    digits = id.rpartition("-")[2]
    for one in there:
        if len(digits) == 8 and one.id.endswith(f"-{digits}"):
            return one
    names = ", ".join(one.id for one in there[:8] if not one.problem) + ("…" if len(there) > 8 else "")
    have = f"there {'is' if len(there) == 1 else 'are'} {names}" if names else "there are none"
    raise Refusal("model.unknown", f"There is no {what} “{id}” here; {have}. See sfumato models.", model=id)


def _listed(found: Iterable[_One]) -> tuple[_One, ...]:
    """One entry for each content, each under an id of its own, by name. What is broken is told by its sentence too."""
    by_hash: dict[tuple[str, str], _One] = {}
    for one in found:
        by_hash.setdefault((one.hash, one.problem), one)
    taken: set[str] = set()
    listed = []
    for one in sorted(by_hash.values(), key=lambda one: (one.name.lower(), one.hash)):
        places = (reading.identity(one.name, one.hash, place) for place in range(25))
        id = SAMPLE if one.family == SAMPLE else next(id for id in places if id not in taken)
        taken.add(id)
        listed.append(replace(one, id=id))
    return tuple(listed)


def _remembered(entry: dict[str, Any], path: Path) -> Model | Lora | None:
    if "model" in entry:
        return Model(path=path, **entry["model"])
    return Lora(path=path, **entry["lora"]) if "lora" in entry else None


def _load(path: Path) -> dict[str, dict[str, Any]]:
    """The index, empty where it is damaged or another version's: it is only a memory."""
    try:
        given = json.loads(path.read_text("utf-8"))
        if given["version"] != VERSION:
            return {}
        for key, entry in given["files"].items():
            assert isinstance(entry["signature"], str)
            _remembered(entry, Path(key))
        return dict(given["files"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError, AssertionError, RecursionError):
        return {}


def _save(path: Path, files: dict[str, dict[str, Any]]) -> None:
    """Write the index at once or not at all, for this user's eyes only. A full disk costs nothing but the memory."""
    part = path.with_suffix(f".{secrets.token_hex(4)}.part")
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(file, "w", encoding="utf-8") as out:
            json.dump({"version": VERSION, "files": files}, out)
        part.replace(path)
