"""The user's `sfumato.toml`: every key has a default, a type and a sentence; an unknown key is named."""

import re
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from bridge.protocol import PORT, limits
from bridge.protocol.errors import Refusal

VERSION = 1
DEVICE = re.compile(r"auto|cpu|mps|(cuda|xpu)(:\d+)?")


@dataclass(frozen=True)
class Config:
    """Everything a user may set. `docs/install.md` shows the file whole.

    version       of this file's format: 1
    port          where the bridge listens, on this machine only; 0 takes any free port (the Photoshop panel needs 4717)
    painters      one painter process for each entry: "auto" (the best device there is), "cpu", "cuda", "cuda:1", "mps",
                  "xpu"; the built-in fill has one of its own besides
    models        folders in which models lie, besides the usual ones (docs/models.md)
    spool         bytes of regions and layers on disk, at most
    idle_minutes  after which a painter that has nothing to do gives its memory back
    """

    version: int = VERSION
    port: int = PORT
    painters: tuple[str, ...] = ("auto",)
    models: tuple[str, ...] = ()
    spool: int = limits.SPOOL
    idle_minutes: float = 10.0


def read(folder: Path) -> Config:
    """The configuration in `folder`, or the defaults. Raises Refusal `recipe.field` naming what is wrong."""
    path = folder / "sfumato.toml"
    try:
        given = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return Config()
    except (OSError, ValueError) as why:
        raise Refusal(
            "recipe.field", f"{path} cannot be read: {why}. Mend it, or delete it to get the defaults."
        ) from None
    known = {one.name for one in fields(Config)}
    for name in given:
        if name not in known:
            raise Refusal(
                "recipe.field", f"{path} has an unknown key “{name}”; it may have {', '.join(sorted(known))}."
            )
    values = {name: _checked(path, name, value) for name, value in given.items()}
    return Config(**values)


def _checked(path: Path, name: str, value: Any) -> Any:
    fits: bool
    match name:
        case "version":
            fits, wanted = type(value) is int and value == VERSION, f"{VERSION}"
        case "port":
            fits, wanted = type(value) is int and 0 <= value <= 65535, "a number from 0 to 65535"
        case "painters":
            fits = isinstance(value, list) and bool(value) and all(DEVICE.fullmatch(str(one)) for one in value)
            value, wanted = tuple(value) if fits else value, 'a list of "auto", "cpu", "cuda", "cuda:0", "mps", "xpu"'
        case "models":
            fits = isinstance(value, list) and all(isinstance(one, str) and one for one in value)
            value, wanted = tuple(value) if fits else value, "a list of folders, as texts"
        case "spool":
            fits, wanted = type(value) is int and value >= limits.MIB, f"a number of bytes from {limits.MIB} on"
        case _:
            fits = isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0
            wanted = "a number of minutes over 0"
    if not fits:
        raise Refusal("recipe.field", f"{path}: {name} is {wanted}; it says {str(value)[:60]}.")
    return value
