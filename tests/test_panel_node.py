"""The panel's own checks, which run in node: its tests, its types, and whether the bundles are what src/ makes."""

import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

PANEL = Path(__file__).parent.parent / "photoshop_panel"
TESTS = sorted((PANEL / "test").glob("*.test.js"))
LONG = {"photoshop_prompted.test.js"}
"""Those that paint with a model: torch is loaded, twice."""
OLDEST = (18, 17)
"""Of node: the first that reads a folder to its bottom, as build.mjs does."""
FENCES = {"what Photoshop documents": "tsconfig.json", "what browsers have": "src/page/tsconfig.json"}


@cache
def version(node: str) -> tuple[int, ...]:
    """What a node says that it is."""
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=True, timeout=60).stdout
    return tuple(map(int, re.findall(r"\d+", said)))


def named(path: Path) -> str:
    """A test file's room."""
    return path.name.removesuffix(".test.js")


def lacking(node: str | None, panel: Path = PANEL) -> str:
    """What is missing to run anything here, and what brings it; empty where nothing is."""
    if node is None:
        return "needs node: scripts/panel-tools, as root, or your system's own"
    if version(node) < OLDEST:
        oldest, this = (".".join(map(str, numbers)) for numbers in (OLDEST, version(node)))
        return f"needs node {oldest} or newer, and this is {this}"
    if not (panel / "node_modules").is_dir():
        return "needs the panel's packages: scripts/panel-tools, or npm ci --ignore-scripts in photoshop_panel"
    return ""


@pytest.fixture(scope="session")
def node() -> str:
    """The path of node. Where it or the panel's packages are missing the test is skipped with the reason; on a CI
    machine that is a failure.
    """
    found = shutil.which("node")
    if why := lacking(found):
        (pytest.fail if os.environ.get("CI") else pytest.skip)(why)
    assert found
    return found


def run(node: str, *words: str | Path) -> str:
    """What node says, in the panel's folder; where it fails, the test does with that. A bridge that a test starts runs
    on this Python.
    """
    surroundings = {**os.environ, "SFUMATO_PYTHON": sys.executable}
    if version(node) < (19,):
        surroundings["NODE_OPTIONS"] = "--experimental-global-webcrypto"  # UXP, browsers and later ones have `crypto`
    done = subprocess.run(
        [node, *words], cwd=PANEL, env=surroundings, capture_output=True, timeout=900, encoding="utf-8"
    )
    assert done.returncode == 0, f"{done.stdout[-12000:]}\n{done.stderr[-4000:]}"
    return done.stdout


@pytest.mark.parametrize(
    "path", [pytest.param(path, marks=[pytest.mark.long] if path.name in LONG else []) for path in TESTS], ids=named
)
def test_rooms_of_the_panel(node: str, path: Path, home: Path) -> None:
    told = run(node, "--test", "--test-reporter=tap", path)
    count = {name: int(number) for name, number in re.findall(r"^# (\w+) (\d+)$", told, re.M)}
    assert count["pass"] == count["tests"], f"skipped, where pytest does not see it:\n{told}"
    each = [name for name in re.findall(r"# Subtest: (.+)", told) if not name.endswith(path.name)]
    assert each, "node takes a file that tests nothing for one test that passed"


@pytest.mark.parametrize("project", FENCES.values(), ids=FENCES.keys())
def test_nothing_is_used_but(node: str, project: str) -> None:
    run(node, "node_modules/typescript/bin/tsc", "-p", project)


def test_the_committed_bundles_are_what_the_sources_make(node: str) -> None:
    run(node, "build.mjs", "--check")


def test_the_panel_has_tests() -> None:
    assert TESTS


@pytest.mark.skipif(os.name != "posix", reason="its stand-in for node is a script")
def test_what_is_missing_is_named(tmp_path: Path) -> None:
    def stand_in(said: str) -> str:
        program = tmp_path / f"node-{said}"
        program.write_text(f"#!/bin/sh\necho {said}\n")
        program.chmod(0o755)
        return str(program)

    assert lacking(None).startswith("needs node: scripts/panel-tools")
    assert lacking(stand_in("v18.9.1"), tmp_path) == "needs node 18.17 or newer, and this is 18.9.1"
    assert lacking(stand_in("v18.17.0"), tmp_path).startswith("needs the panel's packages: scripts/panel-tools")
    (tmp_path / "node_modules").mkdir()
    assert [lacking(stand_in(said), tmp_path) for said in ("v18.17.0", "v20.2.0", "v100.0.0")] == ["", "", ""]
