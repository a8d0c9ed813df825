"""`sfumato install gimp` and `sfumato uninstall gimp`: the guest into every GIMP of this user, and away again."""

import argparse
import sys
from collections.abc import Callable
from typing import Any

from bridge import __version__, home
from bridge.install import places, plug_in
from bridge.install.places import Profile
from bridge.protocol.errors import Refusal

NEXT = """Now restart GIMP. You find it in Filters ▸ Generative Fill (Sfumato) ▸ Open Panel.
A key for it: Edit ▸ Keyboard Shortcuts, search for Sfumato. GIMP starts the bridge by itself."""


def install(given: argparse.Namespace) -> int:
    """Put the guest into GIMP, and make what it needs to find and start the bridge. Returns the exit code."""
    found = _profiles(given)
    if not found:
        raise places.none()
    folder = home.make_private(home.home())
    home.make_local_key(folder)
    home.write_launch(folder)

    def put(profile: Profile) -> str:
        before = plug_in.put(profile.folder, given.link)
        place = plug_in.folder(profile.folder)
        how = "linked" if given.link else "installed"
        was = f", where {before.version} was" if before and before.version != __version__ else ""
        return f"{profile.title}: Sfumato {__version__} is {how} in {place}{was}."

    code = _each(found, put)
    if code == 0:
        print(NEXT)
    return code


def uninstall(given: argparse.Namespace) -> int:
    """Take the guest out of GIMP again. Returns the exit code."""

    def remove(profile: Profile) -> str:
        kept = plug_in.remove(profile.folder)
        if kept is None:
            return f"{profile.title}: Sfumato is not installed."
        left = f" Kept, for you changed it: {', '.join(kept)}." if kept else ""
        return f"{profile.title}: Sfumato is gone.{left}"

    found = _profiles(given)
    if not found:
        print("There is no GIMP 3 of yours here, and so no Sfumato in it.")
    return _each(found, remove)


def findings() -> list[dict[str, Any]]:
    """For `sfumato doctor`: what is installed in each GIMP, and whether it is this version."""
    return [{"what": one.title, **_state(one)} for one in places.profiles()]


def _state(profile: Profile) -> dict[str, Any]:
    again = "Run: sfumato install gimp"
    try:
        there = plug_in.installed(profile.folder)
    except Refusal as refusal:
        return {"ok": False, "says": refusal.text}
    if there is None:
        return {"ok": True, "says": f"has no plug-in yet. {again}"}
    if there.version != __version__ and not there.linked:
        return {"ok": False, "says": f"has plug-in {there.version}, this is {__version__}. {again}"}
    if there.strays:
        return {"ok": False, "says": f"has a damaged plug-in ({there.strays[0]} is missing or changed). {again}"}
    return {"ok": True, "says": f"has plug-in {'of a checkout' if there.linked else there.version}"}


def _profiles(given: argparse.Namespace) -> list[Profile]:
    return [places.named(given.profile)] if given.profile else places.profiles()


def _each(profiles: list[Profile], do: Callable[[Profile], str]) -> int:
    """Do it for each, and say so. One that refuses does not keep the others from it."""
    code = 0
    for one in profiles:
        try:
            print(do(one))
        except Refusal as refusal:
            print(f"sfumato: {refusal.text}", file=sys.stderr)
            code = 2
    return code
