"""`sfumato models`: what lies on this machine, what each model is, whether it fits, and where to look for more.

Only headers are read here. What the device holds is asked of a child process, which alone loads torch.
"""

import argparse
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import tomlkit
from tomlkit.exceptions import TOMLKitError

from bridge import home
from bridge.config import Config, read
from bridge.families import FAMILIES, SAMPLE
from bridge.models import Catalogue, Lora, Model, fits, trees
from bridge.models.headers import short
from bridge.protocol.errors import Refusal
from bridge.protocol.limits import GIB
from bridge.protocol.values import MODES, Recipe
from bridge.repertoire import BUILT_IN, installed

INSTALL = "python -m pip install 'sfumato[diffusion]'"
"""What brings the engine of all models."""
LAYOUTS = {"base": "", "inpaint": "inpainting", "edit": "editing by instruction"}
"""What a model was made for, in an artist's words."""
FITS = {True: "fits", False: "too large", None: "unknown"}


class Found(NamedTuple):
    """What lies on this machine. `folders` were looked through; `device` is {name, memory, free} in bytes, or None."""

    models: tuple[Model, ...]
    loras: tuple[Lora, ...]
    folders: tuple[Path, ...]
    default: Model | None
    device: dict[str, Any] | None = None

    @property
    def usable(self) -> tuple[Model, ...]:
        """Models that can be painted with."""
        return tuple(model for model in self.models if not model.problem)

    @property
    def own(self) -> tuple[Model, ...]:
        """Those of them that did not come with the package."""
        return tuple(model for model in self.usable if model.family != SAMPLE)

    @property
    def problems(self) -> tuple[str, ...]:
        """A sentence for each model and LoRA that cannot be used."""
        every: tuple[Model | Lora, ...] = (*self.models, *self.loras)
        return tuple(one.problem for one in every if one.problem)

    def fits(self, model: Model) -> bool | None:
        """Does it fit the device? None where that is not known."""
        return fits(model, self.device["memory"]) if self.device else None


def run(given: argparse.Namespace) -> int:
    """List, or add a folder; returns the exit code. Raises Refusal."""
    own = home.make_private(home.home())
    return _add(own, given.folder) if given.verb == "add" else _list(own, given.json)


def look(folder: Path) -> Found:
    """Look through the folders of this user, `folder` the bridge's own. The device is not asked."""
    named = read(folder).models
    catalogue = Catalogue.of(folder, named)
    catalogue.scan()
    usual = trees.places(Path.home(), folder, os.environ)
    folders = dict.fromkeys([*(Path(one).expanduser() for one in named), *usual])
    return Found(catalogue.models(), catalogue.loras(), tuple(folders), catalogue.default(Recipe("fill")))


def summary(folder: Path) -> str:
    """All models in one sentence."""
    found = look(folder)
    if not found.own:
        return _none(folder)
    bad = f"; {len(found.problems)} cannot be used: see sfumato models" if found.problems else ""
    lacking = "" if installed() else f". To paint with them, run: {INSTALL}"
    return f"{_counted(found)}{bad}{lacking}"


# ---- the list -------------------------------------------------------------------------------------------------------


def _list(folder: Path, as_json: bool) -> int:
    found = look(folder)
    if found.usable and installed():
        found = found._replace(device=device(read(folder)))
    if as_json:
        print(json.dumps(plain(found), indent=2))
    else:
        for line in lines(found):
            print(line)
    if not found.own:
        print(_none(folder), file=sys.stderr if as_json else sys.stdout)
    return 0


def lines(found: Found) -> Iterator[str]:
    """The list as an artist reads it."""
    if found.usable:
        head = "MODEL", "ID", "KIND", "SIZE", "LICENCE", "ON THIS DEVICE"
        yield from _table([head, *((*_row(model), FITS[found.fits(model)]) for model in found.usable)])
        yield ""
        if not installed():
            yield f"To paint with them, the diffusion engine is missing. Run: {INSTALL}"
        elif found.device:
            yield f"The device is {found.device['name']} with {found.device['memory'] / GIB:.1f} GB of memory."
        if found.own:
            shared = [mode for mode in MODES if all(mode in _modes(model) for model in found.own)]
            yield f"Modes of each: {', '.join(shared)}."
        if found.default:
            yield f"Where none is named, fill takes {short(found.default.name)}; {BUILT_IN} is the built-in fill's id."
        if found.own != found.usable:
            yield from _brought(alone=not found.own)
        yield ""
    if found.problems:
        yield from ("Cannot be used:", *(f"  {_visible(problem)}" for problem in found.problems), "")
    if loras := [lora for lora in found.loras if not lora.problem]:
        yield from _table([("LORA", "ID", "MADE FOR", "SIZE", "LICENCE"), *(_row(lora) for lora in loras)])
        yield ""
    if found.folders:
        yield "Looked through:"
        yield from (f"  {_visible(str(one))}{'' if one.is_dir() else ' (is not there)'}" for one in found.folders)


def _row(one: Model | Lora) -> tuple[str, ...]:
    size = f"{one.size / 1e9:.1f} GB" if one.size >= 1e9 else f"{max(1, round(one.size / 1e6))} MB"
    return short(one.name), one.id, kind(one), size, short(one.licence) or "not said"


def kind(one: Model | Lora) -> str:
    """What it is, in words: `SDXL, inpainting, 4 steps`."""
    if one.family == SAMPLE:
        return "ten words"
    words = [
        FAMILIES[one.family].title if one.family in FAMILIES else "",
        LAYOUTS[one.layout] if isinstance(one, Model) else "",
    ]
    words.append(f"{one.steps} step{'s' * (one.steps != 1)}" if one.steps else "")
    return ", ".join(word for word in words if word)


def _table(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """Lines in which every column has one width."""
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        padded = (text + " " * (width - _width(text)) for text, width in zip(row, widths, strict=True))
        yield "  ".join(padded).rstrip()


def _width(text: str) -> int:
    """Columns of a terminal that a text takes: Chinese and Japanese letters take two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def _visible(text: str) -> str:
    """A text without what would move a terminal's cursor: names of files may hold anything."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def plain(found: Found) -> dict[str, Any]:
    """The same for programs."""
    models = [
        {**_map(model), "fits": None if model.problem else found.fits(model), "modes": _modes(model)}
        for model in found.models
    ]
    loras = [_map(lora) for lora in found.loras]
    folders = [str(one) for one in found.folders]
    return {"models": models, "loras": loras, "folders": folders, "device": found.device}


def _map(one: Model | Lora) -> dict[str, Any]:
    return {**asdict(one), "path": str(one.path), "kind": kind(one)}


def _modes(model: Model) -> list[str]:
    return [] if model.problem else list(FAMILIES[model.family].modes)


def device(config: Config) -> dict[str, Any] | None:
    """{name, memory, free} of the first painter's device; None where that cannot be told."""
    argv = [sys.executable, "-m", "bridge.engines.diffusion.devices", config.painters[0]]
    try:
        said = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, check=True)  # noqa: S603  # our own
        facts: dict[str, Any] = json.loads(said.stdout.splitlines()[-1])
        return facts if facts["memory"] else None
    except (OSError, subprocess.SubprocessError, ValueError, LookupError, TypeError):
        return None


def _none(folder: Path) -> str:
    return (
        "There is no model of yours to paint with. The built-in fill needs none: it removes and continues by copying "
        "texture from your own picture. For prompts, put a Stable Diffusion model (.safetensors) into "
        f"{folder / 'models'}, or name the folder where yours are: sfumato models add FOLDER"
    )


def _brought(alone: bool) -> Iterator[str]:
    """What is to be known of the sample model."""
    family = FAMILIES[SAMPLE]
    yield family.says
    when = "It is taken for a prompt while there is no other model." if alone else "It is taken where it is named."
    yield f"Its words: {', '.join(family.words)}. {when}"


# ---- one more folder ------------------------------------------------------------------------------------------------


def _add(own: Path, named: Path) -> int:
    """Name a folder in the configuration, and say what is in it."""
    folder = named.expanduser().resolve()
    folder = folder.parent if folder.is_file() else folder
    name = _visible(str(folder))
    if not folder.is_dir():
        raise Refusal("recipe.field", f"There is no folder {name}. Name the one in which models are.")
    known = (*(Path(one).expanduser() for one in read(own).models), *trees.places(Path.home(), own, os.environ))
    if folder in (one.resolve() for one in known):
        print(f"{name} is looked through already: {_inside(folder)}.")
        return 0
    _write(own / "sfumato.toml", folder)
    print(f"{name} was added: {_inside(folder)}.")
    if home.discover(own) is not None:
        print("A bridge that is running looks there when it is started the next time.")
    return 0


def _inside(folder: Path) -> str:
    """What one folder holds, in words."""
    with tempfile.TemporaryDirectory() as index:
        catalogue = Catalogue(Path(index), [folder])
        catalogue.scan()
    found = Found(catalogue.models(), catalogue.loras(), (folder,), None)
    bad = f", and {len(found.problems)} that cannot be used: see sfumato models" if found.problems else ""
    return f"{_counted(found)}{bad}"


def _counted(found: Found) -> str:
    loras = sum(not lora.problem for lora in found.loras)
    return f"{_number(len(found.own), 'model')} and {_number(loras, 'LoRA')}"


def _number(count: int, what: str) -> str:
    return f"{count or 'no'} {what}{'' if count == 1 else 's'}"


def _write(path: Path, folder: Path) -> None:
    """Add a folder to `models` of the configuration. All else in the file stays as it is, comments too."""
    target = path.resolve()  # a link stays a link
    try:
        given = tomlkit.parse(target.read_bytes() if target.exists() else b"")
        given.setdefault("models", tomlkit.array()).append(str(folder))
        written = tomlkit.dumps(given).encode()
    except (TOMLKitError, UnicodeEncodeError) as why:
        text = (
            f"{path} cannot take {_visible(str(folder))} ({short(why)}). Rename the folder, or write it there yourself."
        )
        raise Refusal("recipe.field", text) from None
    part = target.with_suffix(f".{secrets.token_hex(4)}.part")
    try:
        part.write_bytes(written)
        if target.exists():
            shutil.copymode(target, part)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
