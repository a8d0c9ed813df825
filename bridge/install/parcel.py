"""What goes into GIMP: the guest, and of every package it needs the files that it imports, all of them pure Python.

GIMP's Python has neither pip nor these packages. What is imported is read from the sources, never listed by hand.
"""

import ast
import importlib.util
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib import metadata
from pathlib import Path

GUEST = "gimp_plugin"
ENTRY = "sfumato.py"
"""What GIMP starts. It has to have the name of its folder."""
LIB = "lib"
"""The folder beside it that holds all else."""
OURS = (GUEST, "bridge")
LIBRARIES = ("websockets", "msgpack")
PACKAGES = (*OURS, *LIBRARIES)


@cache
def contents() -> Mapping[str, Path]:
    """Every file of the plug-in: its place in `plug-ins/sfumato`, with `/`, and the file that goes there."""
    guest = folder(GUEST)
    own = [one for one in guest.rglob("*") if one.is_file() and one.suffix != ".pyc" and one != guest / ENTRY]
    needed = closure(sorted(_module(one) for one in own if one.suffix == ".py"))
    return {
        ENTRY: guest / ENTRY,
        **{_place(path): path for path in (*own, *needed.values())},
        **_licences(),
    }


def closure(modules: Iterable[str]) -> dict[str, Path]:
    """The source of every module of our packages that these import, and that those import in turn."""
    found: dict[str, Path] = {}
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        path = source(name)
        if path is not None and name not in found:
            found[name] = path
            waiting += [name.rpartition(".")[0], *imports(path, name)]
    return found


def imports(path: Path, name: str) -> Iterator[str]:
    """Every name that the module `name` may mean by an import, wherever in it: modules, and what may be one. Not what
    only a type checker sees.
    """
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in _running(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = importlib.util.resolve_name("." * node.level + (node.module or ""), package)
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def source(name: str) -> Path | None:
    """The Python file of a module of our packages; None where it has none, or is nobody's or another's."""
    top, *rest = name.split(".")
    if top not in PACKAGES:
        return None
    path = folder(top).joinpath(*rest)
    return next((one for one in (path / "__init__.py", path.with_suffix(".py")) if one.is_file()), None)


@cache
def folder(package: str) -> Path:
    """The folder of a package, which is not imported for it: the guest's needs GIMP."""
    if package in OURS:
        return Path(__file__).parents[2] / package
    found = importlib.util.find_spec(package)
    assert found and found.submodule_search_locations
    return Path(found.submodule_search_locations[0])


def _running(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node below, without the body of `if TYPE_CHECKING`."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        yield node
        yield from _running(node)


def _module(path: Path) -> str:
    """The name of one of the guest's modules."""
    inside = path.relative_to(folder(GUEST)).with_suffix("")
    return ".".join((GUEST, *(part for part in inside.parts if part != "__init__")))


def _place(path: Path) -> str:
    """Where a file of our packages goes."""
    top = next(one for one in PACKAGES if path.is_relative_to(folder(one)))
    return f"{LIB}/{top}/{path.relative_to(folder(top)).as_posix()}"


def _licences() -> dict[str, Path]:
    """The licences of the libraries, each beside its library."""
    return {
        f"{LIB}/{library}/{file.name}": Path(str(file.locate()))
        for library in LIBRARIES
        for file in metadata.files(library) or ()
        if file.name.upper().startswith(("LICEN", "COPYING"))
    }
