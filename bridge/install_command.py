"""`sfumato install` and `sfumato uninstall`: the guest into every GIMP of this user; the panel for Photoshop into a
file that Creative Cloud Desktop installs.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bridge import __version__, home
from bridge.install import photoshop, places, plug_in
from bridge.install.places import Profile
from bridge.protocol.errors import Refusal

NEXT = """Now restart GIMP. You find it in Filters ▸ Generative Fill (Sfumato) ▸ Open Panel.
A key for it: Edit ▸ Keyboard Shortcuts, search for Sfumato. GIMP starts the bridge by itself."""
CLICKS = """Creative Cloud Desktop says that the plug-in is not verified, for it does not come from Adobe: click
Install locally. Photoshop then has it in Plugins ▸ Sfumato. Run: sfumato pair
and paste into the panel what that prints."""
ELSEWHERE = """There is no Photoshop for Linux: install Sfumato on the machine that has one. The panel finds only a
bridge that runs on its own machine."""
AWAY = """To take it out of Photoshop: Creative Cloud Desktop ▸ Stock & Marketplace ▸ Plugins ▸ Manage. Click … beside
Sfumato, then Uninstall."""


def install(given: argparse.Namespace) -> int:
    """Install for the host that is named. Returns the exit code."""
    return install_photoshop(given) if given.host == "photoshop" else _install_gimp(given)


def uninstall(given: argparse.Namespace) -> int:
    """Take it away again. Returns the exit code."""
    return _uninstall_photoshop() if given.host == "photoshop" else _uninstall_gimp(given)


def findings() -> list[dict[str, Any]]:
    """For `sfumato doctor`: what each GIMP has, what Photoshop was given, and whether it is this version."""
    return [{"what": one.title, **_state(one)} for one in places.profiles()] + photoshop_findings()


# ---- Photoshop ------------------------------------------------------------------------------------------------------


def install_photoshop(
    given: argparse.Namespace,
    platform: str = sys.platform,
    double_click: Callable[[Path], bool] = photoshop.double_click,
) -> int:
    """Pack the panel, open the package, say what to click. Returns the exit code."""
    place = given.out.absolute() if given.out else home.make_private(home.home()) / photoshop.NAME
    photoshop.put(place)
    if not given.out:
        photoshop.remove(place.parent, but=place)
    print(f"Photoshop: the panel of Sfumato {__version__} is packed in {place}.")
    if platform == "linux":
        print(ELSEWHERE)
        return 0
    if given.no_open:
        print("Double-click that file.")
    elif not double_click(place):
        text = f"Nothing on this machine opens {place}. Install Creative Cloud Desktop, then double-click that file."
        raise Refusal("recipe.field", text)
    print(CLICKS)
    return 0


def photoshop_findings(platform: str = sys.platform) -> list[dict[str, Any]]:
    """What was packed last. What of it Photoshop has installed it tells nobody. On Linux nothing is said of it."""
    if platform == "linux":
        return []
    again = "Run: sfumato install photoshop"
    ok, says = True, f"no panel is packed for it yet. {again}"
    for one in photoshop.packed(home.home()):
        ok = one.name == photoshop.NAME
        says = f"{one} is packed for it" if ok else f"{one.name} is packed for it, this is {__version__}. {again}"
    try:
        photoshop.check()
    except Refusal as refusal:
        ok, says = False, refusal.text
    return [{"what": "Photoshop", "ok": ok, "says": says}]


def _uninstall_photoshop() -> int:
    gone = photoshop.remove(home.home())
    print(*(f"{one} is deleted." for one in gone), AWAY, sep="\n")
    return 0


# ---- GIMP -----------------------------------------------------------------------------------------------------------


def _install_gimp(given: argparse.Namespace) -> int:
    """Put the guest into GIMP, and make what it needs to find and start the bridge."""
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


def _uninstall_gimp(given: argparse.Namespace) -> int:
    """Take the guest out of GIMP again."""

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
