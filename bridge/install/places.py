"""Where GIMP 3 keeps its profiles. It makes one for each of its versions, at its first start."""

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from bridge.protocol.errors import Refusal

VERSION = re.compile(r"3\.\d+")
"""A profile's name: GIMP's major and minor version."""
MARKS = "gimprc pluginrc sessionrc plug-ins".split()
"""What lies in a profile: at least one of these."""


class Profile(NamedTuple):
    """A folder in which a GIMP of this user looks for plug-ins. `title` is "GIMP 3.0", "GIMP 3.0 (Flatpak)"."""

    title: str
    folder: Path


def places(platform: str, user: Path, surroundings: Mapping[str, str]) -> list[tuple[str, Path]]:
    """Folders that hold profiles, each with what to say after GIMP's name.

    `platform` is Python's `sys.platform`, `user` the user's own folder. The Microsoft Store's GIMP reads %APPDATA%,
    too, and an AppImage what any other GIMP on Linux does.
    """
    if platform == "win32":
        return [("", Path(surroundings.get("APPDATA") or user / "AppData" / "Roaming") / "GIMP")]
    if platform == "darwin":
        return [("", user / "Library" / "Application Support" / "GIMP")]
    own = Path(surroundings.get("XDG_CONFIG_HOME") or user / ".config") / "GIMP"
    return [("", own), (" (Flatpak)", user / ".var" / "app" / "org.gimp.GIMP" / "config" / "GIMP")]


def profiles(
    platform: str = sys.platform, user: Path | None = None, surroundings: Mapping[str, str] = os.environ
) -> list[Profile]:
    """Every profile of GIMP 3 that there is. $GIMP3_DIRECTORY is one, as it is for GIMP."""
    user = user or Path.home()
    found = []
    if named := surroundings.get("GIMP3_DIRECTORY"):
        found.append(Profile("GIMP ($GIMP3_DIRECTORY)", user / named))
    for how, folder in places(platform, user, surroundings):
        versions = sorted(folder.glob("3.*"), key=lambda one: (len(one.name), one.name))
        found += [Profile(f"GIMP {one.name}{how}", one) for one in versions if VERSION.fullmatch(one.name)]
    once = {one.folder.resolve(): one for one in reversed(found) if one.folder.is_dir()}  # a link may lead to another
    return [one for one in found if one in once.values()]


def named(folder: Path) -> Profile:
    """The profile in a folder that somebody names. Raises Refusal `recipe.field` where it is none."""
    folder = folder.expanduser()
    if not any((folder / mark).exists() for mark in MARKS):
        text = f"{folder} is no profile of GIMP: none of {', '.join(MARKS)} lies in it. GIMP names its own in Edit ▸ "
        raise Refusal("recipe.field", text + "Preferences ▸ Folders ▸ Plug-ins; take the folder above plug-ins.")
    return Profile(f"GIMP {folder.name}" if VERSION.fullmatch(folder.name) else f"GIMP ({folder})", folder)


def none(user: Path | None = None) -> Refusal:
    """What to say where there is no profile at all."""
    if ((user or Path.home()) / "snap" / "gimp").is_dir():
        text = "GIMP is here as a Snap, which may not read the bridge's key. Install GIMP as a Flatpak or from your "
        return Refusal("recipe.field", text + "distribution, start it once, and run: sfumato install gimp")
    text = "No GIMP 3 has been started on this machine yet. Start it once, close it, and run: sfumato install gimp. "
    return Refusal("recipe.field", text + "If its profile lies elsewhere: sfumato install gimp --profile FOLDER")
