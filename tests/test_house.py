"""The plan of the house: which room may import which. An arrow runs one way, never back."""

import ast
from pathlib import Path

import pytest

HOUSE = Path(__file__).parent.parent / "bridge"
GUEST = HOUSE.parent / "gimp_plugin"

ARROWS: dict[str, set[str]] = {
    "": set(),
    "protocol": set(),
    "home": {"protocol"},
    "arrivals": {"protocol"},
    "link": {"protocol", "home"},
    "errands": {"protocol", "arrivals"},
    "client": {"protocol", "home", "link", "arrivals", "errands"},
    "config": {"protocol"},
    "families": {"protocol"},
    "crops": {"protocol", "families"},
    "geometry": {"protocol", "families", "crops"},
    "masks": {"protocol"},
    "membrane": {"protocol"},
    "colour": {"protocol", "families", "masks", "membrane"},
    "models": {"protocol", "families"},
    "engines": {"protocol", "families", "models", "masks", "membrane", "colour"},
    "plates": {"protocol", "families", "crops", "geometry", "masks", "colour", "engines"},
    "fill": {"protocol", "families", "crops", "geometry", "masks", "colour", "engines", "plates"},
    "journal": {"protocol"},
    "spool": {"protocol", "home"},
    "painter": {"protocol"},
    "painting": {"protocol", "home", "families", "models", "engines", "fill", "painter", "spool", "colour"},
    "repertoire": {"protocol", "families", "models", "painter"},
    "ledger": {"protocol", "journal"},
    "jobs": {"protocol", "ledger", "painter", "spool"},
    "intake": {"protocol", "families", "geometry", "masks", "ledger", "spool"},
    "delivery": {"protocol", "ledger", "jobs", "spool"},
    "keys": {"protocol", "home"},
    "desk": {
        *("protocol", "geometry", "intake", "delivery", "jobs", "keys", "ledger", "models", "painter", "repertoire"),
        *("spool",),
    },
    "guard": {"protocol"},
    "assets": set(),
    "loopback": set(),
    "server": {
        *(
            "protocol",
            "home",
            "assets",
            "config",
            "guard",
            "desk",
            "journal",
            "keys",
            "ledger",
            "loopback",
            "models",
            "painter",
            "repertoire",
            "spool",
        )
    },
    "files": {"protocol", "colour"},
    "fill_command": {"protocol", "home", "client", "files"},
    "pair_command": {"protocol", "home", "keys", "client"},
    "open_command": {"home", "keys", "pair_command"},
    "install": {"protocol"},
    "install_command": {"protocol", "home", "install"},
    "models_command": {"protocol", "home", "config", "families", "models", "repertoire"},
    "verify_command": {
        *(
            "protocol",
            "home",
            "config",
            "client",
            "families",
            "models",
            "repertoire",
            "private",
            "fill_command",
            "models_command",
        )
    },
    "cli": {
        *(
            "protocol",
            "home",
            "config",
            "client",
            "loopback",
            "server",
            "fill_command",
            "open_command",
            "pair_command",
            "install_command",
            "models_command",
            "verify_command",
        )
    },
    "private": {"protocol", "home", "client"},
    "demo": {
        *(
            "protocol",
            "home",
            "config",
            "client",
            "families",
            "models",
            "repertoire",
            "files",
            "private",
            "models_command",
        )
    },
}
"""For each room, all that it may import. A room not named here is a room nobody has thought about."""

LIBRARIES: dict[str, set[str]] = {
    "protocol": {"msgpack"},
    "home": set(),
    "arrivals": set(),
    "errands": set(),
    "link": {"websockets"},
    "client": set(),
    "geometry": set(),
    "crops": set(),
    "families": set(),
    "guard": set(),
    "assets": set(),
    "loopback": set(),
    "keys": set(),
    "config": set(),
    "models": set(),
    "repertoire": set(),
}
"""Rooms that guests carry into an editor, or that must stay light, and the libraries they may use."""


GUEST_ARROWS: dict[str, set[str]] = {
    "": set(),
    "view": set(),
    "draft": {"view"},
    "line": set(),
    "recall": {"view"},
    "scene": {"recall", "view"},
    "kept": {"scene", "view"},
    "keep": {"kept", "view"},
    "thumbnail": {"view"},
    "abilities": {"view"},
    "gestures": {"recall", "scene", "view"},
    "planning": {"gestures", "scene", "view"},
    "works": {"gestures", "recall", "scene", "view"},
    "sight": {"gestures", "recall", "scene", "view", "works"},
    "starts": {"gestures", "scene", "sight", "view", "works"},
    "showing": {"abilities", "gestures", "scene", "sight", "view"},
    "landing": {"gestures", "recall", "scene", "thumbnail", "view", "works"},
    "waiting": {"gestures", "keep", "scene", "view", "works"},
    "fills": {"gestures", "keep", "landing", "line", "scene", "showing", "view", "works"},
    "guest": {
        *("abilities", "fills", "gestures", "keep", "line", "planning", "scene", "showing", "sight"),
        *("starts", "view", "waiting", "works"),
    },
    "host": {"recall", "scene", "view"},
    "panel": {"draft", "view"},
    "dialling": {"line", "waiting"},
    "alone": {"dialling", "guest", "host", "keep", "view"},
    "handover": {"dialling"},
    "seat": {"dialling", "guest", "handover", "host", "keep", "panel", "scene"},
    "menu": {"alone", "handover", "seat"},
    "sfumato": {"menu"},
}
"""The same for the guest in GIMP. Of the bridge it takes the client, the protocol and the home alone."""

IN_GIMP = {"host", "panel", "dialling", "alone", "handover", "seat", "menu"}
"""Rooms that only GIMP's own Python can open. Of these `host` alone touches pixels."""


def room(path: Path) -> str:
    """The room a file belongs to: its folder, or itself."""
    first = path.relative_to(GUEST if path.is_relative_to(GUEST) else HOUSE).parts[0]
    return "" if first == "__init__.py" else first.removesuffix(".py")


def imports(path: Path) -> set[str]:
    """Every module that a file imports, wherever in the file, as a dotted name."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            whole = node.module in ("bridge", "gimp_plugin", "gi.repository")
            found |= {f"{node.module}.{alias.name}" if whole else node.module for alias in node.names}
    return found


FILES = sorted(HOUSE.rglob("*.py"))
GUEST_FILES = sorted(GUEST.rglob("*.py"))


def undocumented(path: Path) -> list[str]:
    """What is public in a file and has no docstring; what only declares a type needs none."""
    found: list[str] = []

    def look(inside: ast.Module | ast.ClassDef, name: str) -> None:
        if not ast.get_docstring(inside) and inside.body:
            found.append(name)
        named = [one for one in inside.body if isinstance(one, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)]
        for one in named:
            if one.name.startswith("_"):
                continue
            if isinstance(one, ast.ClassDef):
                look(one, one.name)
            elif not ast.get_docstring(one) and ast.unparse(one.body[0]) != "...":
                found.append(f"{name}.{one.name}")

    look(ast.parse(path.read_text("utf-8")), path.stem)
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(HOUSE)))
def test_arrows(path: Path) -> None:
    own = room(path)
    assert own in ARROWS, f"room {own!r} has no place in the plan"
    taken = {name.split(".")[1] for name in imports(path) if name.startswith("bridge.")} - {own, "__version__"}
    assert taken <= ARROWS[own], f"{own} may not import {sorted(taken - ARROWS[own])}"


@pytest.mark.parametrize("path", [path for path in FILES if room(path) in LIBRARIES], ids=str)
def test_light_rooms_stay_light(path: Path) -> None:
    import sys

    libraries = {name.split(".")[0] for name in imports(path)} - set(sys.stdlib_module_names) - {"bridge"}
    assert libraries <= LIBRARIES[room(path)]


def test_only_the_diffusion_engine_may_import_torch() -> None:
    heavy = {"torch", "diffusers", "transformers", "accelerate", "peft"}
    for path in FILES:
        found = {name.split(".")[0] for name in imports(path)} & heavy
        assert not found or "diffusion" in path.parts, f"{path} imports {found}"


@pytest.mark.parametrize("path", GUEST_FILES, ids=lambda path: str(path.relative_to(GUEST)))
def test_arrows_of_the_guest(path: Path) -> None:
    own, names = room(path), imports(path)
    assert own in GUEST_ARROWS, f"room {own!r} has no place in the plan"
    taken = {name.split(".")[1] for name in names if name.startswith("gimp_plugin.")} - {own}
    assert taken <= GUEST_ARROWS[own], f"{own} may not import {sorted(taken - GUEST_ARROWS[own])}"
    carried = {name.split(".")[1] for name in names if name.startswith("bridge.")}
    assert carried <= {"client", "protocol", "home", "__version__"}, f"{own} takes {sorted(carried)} of the bridge"


@pytest.mark.parametrize("path", GUEST_FILES, ids=lambda path: str(path.relative_to(GUEST)))
def test_only_a_few_rooms_of_the_guest_know_gimp_and_one_its_pixels(path: Path) -> None:
    import sys

    names = imports(path)
    libraries = {name.split(".")[0] for name in names} - set(sys.stdlib_module_names) - {"bridge", "gimp_plugin"}
    assert libraries <= ({"gi"} if room(path) in IN_GIMP else set())
    assert "gi.repository.Gegl" not in names or room(path) == "host"
    assert "gi.repository.Gimp" not in names or room(path) != "panel"


@pytest.mark.parametrize("path", [*FILES, *GUEST_FILES], ids=lambda path: str(path.relative_to(HOUSE.parent)))
def test_what_is_public_is_documented(path: Path) -> None:
    assert undocumented(path) == []


@pytest.mark.parametrize("arrows", [ARROWS, GUEST_ARROWS], ids=["bridge", "guest"])
def test_the_arrows_themselves_run_one_way(arrows: dict[str, set[str]]) -> None:
    order: list[str] = []
    waiting = dict(arrows)
    while waiting:
        free = sorted(name for name, taken in waiting.items() if taken <= set(order))
        assert free, f"a circle among {sorted(waiting)}"
        order += free
        for name in free:
            del waiting[name]


def test_a_wrong_arrow_would_be_seen(tmp_path: Path) -> None:
    wrong = tmp_path / "fill.py"
    wrong.write_text("def f():\n    from bridge.server import Bridge\n    import bridge.jobs\n", "utf-8")
    taken = {name.split(".")[1] for name in imports(wrong)}
    assert taken - ARROWS["fill"] == {"server", "jobs"}
    guest = "from gi.repository import Gegl, Gimp\nfrom gimp_plugin import host\n\n\nclass Bare:\n    x = 1\n"
    wrong.write_text(guest, "utf-8")
    assert imports(wrong) == {"gi.repository.Gegl", "gi.repository.Gimp", "gimp_plugin.host"}
    assert undocumented(wrong) == ["fill", "Bare"]
