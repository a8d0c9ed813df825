"""What goes into GIMP: enough to run, and nothing that cannot run there."""

import subprocess
import sys
from pathlib import Path

import pytest

from bridge.install import parcel, plug_in

SEEN = """
import sys
sys.path.insert(0, {lib!r})
import bridge.client
foreign = [
    (name, module.__file__) for name, module in sys.modules.items()
    if getattr(module, "__file__", None) and name.split(".")[0] not in sys.stdlib_module_names
    and not module.__file__.startswith({lib!r})
]
print(foreign, "numpy" in sys.modules, bridge.client.Client.__module__)
"""


@pytest.fixture(scope="module")
def lib(tmp_path_factory) -> Path:
    profile = tmp_path_factory.mktemp("profile")
    plug_in.put(profile)
    return plug_in.folder(profile) / parcel.LIB


def test_the_client_runs_in_a_bare_python(lib: Path) -> None:
    words = [sys.executable, "-I", "-S", "-B", "-W", "error", "-c", SEEN.format(lib=str(lib))]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("[] False bridge.client\n", "")


def test_every_import_of_what_is_carried_is_carried_too(lib: Path) -> None:
    absent = set()
    for path in lib.rglob("*.py"):
        name = ".".join(path.relative_to(lib).with_suffix("").parts).removesuffix(".__init__")
        for one in parcel.imports(path, name):
            source = parcel.source(one)
            if source and not (lib / source.relative_to(parcel.folder(one.split(".")[0]).parent)).exists():
                absent.add((name, one))
    assert not absent


def test_nothing_is_carried_that_the_client_does_not_need(lib: Path) -> None:
    carried = {path.relative_to(lib).as_posix() for path in lib.rglob("*") if path.is_file()}
    assert {path.rpartition(".")[2] for path in carried} <= {"py", "json", "websockets/LICENSE", "msgpack/COPYING"}
    tops = {"/".join(path.split("/")[:2]).removesuffix(".py") for path in carried}
    assert tops.isdisjoint(f"websockets/{one}" for one in "asyncio legacy trio server cli __main__ speedups".split())
    assert tops.isdisjoint(f"bridge/{one}" for one in "server cli desk painter engines models files install".split())
    assert {"websockets/sync", "msgpack/fallback", "bridge/link", "bridge/protocol", "gimp_plugin/menu"} <= tops
    assert "gimp_plugin/sfumato.py" not in carried
    assert sum((lib / path).stat().st_size for path in carried) < 1_000_000


def test_what_only_a_type_checker_sees_is_no_import(tmp_path: Path) -> None:
    path = tmp_path / "one.py"
    path.write_text(
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    from bridge import desk\n"
        "def f():\n    from . import two\n    from ..three import four\n    import bridge.home\n",
        "utf-8",
    )
    assert sorted(parcel.imports(path, "a.b.one")) == [
        *("a.b", "a.b.two", "a.three", "a.three.four", "bridge.home", "typing", "typing.TYPE_CHECKING")
    ]


def test_the_licence_of_each_library_lies_beside_it(lib: Path) -> None:
    assert "Redistribution" in (lib / "websockets" / "LICENSE").read_text("utf-8")
    assert "Apache License" in (lib / "msgpack" / "COPYING").read_text("utf-8")
