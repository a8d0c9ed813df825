"""The plan of the house: which room may import which. An arrow runs one way, never back."""

import ast
from pathlib import Path

import pytest

HOUSE = Path(__file__).parent.parent / "bridge"

ARROWS: dict[str, set[str]] = {
    "": set(),
    "protocol": set(),
    "home": {"protocol"},
    "arrivals": {"protocol"},
    "link": {"protocol", "home"},
    "client": {"protocol", "home", "link", "arrivals"},
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
    "desk": {"protocol", "geometry", "intake", "jobs", "ledger", "models", "painter", "repertoire", "spool"},
    "guard": {"protocol"},
    "server": {
        *(
            "protocol",
            "home",
            "config",
            "guard",
            "desk",
            "journal",
            "ledger",
            "models",
            "painter",
            "repertoire",
            "spool",
        )
    },
    "files": {"protocol", "colour"},
    "fill_command": {"protocol", "home", "client", "files"},
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
    "cli": {"protocol", "home", "config", "client", "server", "fill_command", "models_command", "verify_command"},
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
    "link": {"websockets"},
    "client": set(),
    "geometry": set(),
    "crops": set(),
    "families": set(),
    "guard": set(),
    "config": set(),
    "models": set(),
    "repertoire": set(),
}
"""Rooms that guests carry into an editor, or that must stay light, and the libraries they may use."""


def room(path: Path) -> str:
    """The room a file belongs to: its folder, or itself."""
    first = path.relative_to(HOUSE).parts[0]
    return "" if first == "__init__.py" else first.removesuffix(".py")


def imports(path: Path) -> set[str]:
    """Every module that a file imports, wherever in the file, as a dotted name."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {f"{node.module}.{alias.name}" if node.module == "bridge" else node.module for alias in node.names}
    return found


FILES = sorted(HOUSE.rglob("*.py"))


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


def test_the_arrows_themselves_run_one_way() -> None:
    order: list[str] = []
    waiting = dict(ARROWS)
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
