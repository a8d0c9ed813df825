"""The pages say what the code does: where they can be held against it, they are."""

import argparse
import importlib
import re
import tomllib
from collections.abc import Iterator
from dataclasses import asdict, fields
from pathlib import Path

import pytest

from bridge import __version__
from bridge.cli import ALIASES, _parser
from bridge.config import Config
from bridge.protocol.values import Recipe

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]


def page(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def test_the_configuration_shown_is_the_default_one() -> None:
    shown = re.search(r"```toml\n(.*?)```", page("docs/install.md"), re.S)
    assert shown
    values = {key: tuple(value) if isinstance(value, list) else value for key, value in tomllib.loads(shown[1]).items()}
    assert Config(**values) == Config()
    assert tomllib.loads(shown[1]).keys() == asdict(Config()).keys()


def commands(parser: argparse.ArgumentParser, said: str = "sfumato") -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Every command as it is typed, with its parser; those within others, too."""
    for action in parser._actions:
        for name, inside in action.choices.items() if isinstance(action, argparse._SubParsersAction) else ():
            yield f"{said} {name}", inside
            yield from commands(inside, f"{said} {name}")


def test_every_command_and_option_is_explained() -> None:
    told = page("docs/install.md")
    known = dict(commands(_parser()))
    assert {"sfumato fill", "sfumato install photoshop", "sfumato models add"} <= known.keys()
    for name, command in known.items():
        assert name in told, name
        for action in command._actions:
            for option in action.option_strings:
                assert option in ("-h", "--help") or f"`{option}" in told, f"{name} {option}"
    assert all(alias in told for alias in ALIASES)


def test_every_word_of_run_is_named() -> None:
    run = importlib.import_module("run")
    told = page("docs/install.md") + page("README.md")
    assert all(f"`{word}`" in told or f"run.py {word}" in told for word in run.WORDS)


SOURCES = [
    path for folder in ("bridge", "gimp_plugin", "photoshop_panel/src") for path in (ROOT / folder).rglob("*.[jp][sy]")
]


@pytest.mark.parametrize("name", ["docs/gimp.md", "docs/photoshop.md", "docs/install.md"])
def test_what_goes_wrong_is_headed_by_what_is_really_said(name: str) -> None:
    """A heading is found in the sources, but for numbers and for what stands in it as …"""
    said = "\n".join(path.read_text("utf-8") for path in SOURCES)
    headings = re.findall(r"^\*\*“(.+?)”\*\*", page(name), re.M)
    assert headings
    for heading in headings:
        for part in re.split(r"…|\d+", heading):
            assert part.strip(" .,“”") in said, heading


def anchors(text: str) -> set[str]:
    """What the headings of a page are called in an address, as GitHub makes it."""
    headings = re.findall(r"^#+ (.+)", text, re.M)
    return {re.sub(r"[^\w -]", "", one).lower().replace(" ", "-") for one in headings}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_links_and_named_files_are_there(path: Path) -> None:
    text = path.read_text("utf-8")
    for target, anchor in re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)", text):
        there = path.parent / target if target else path
        assert there.exists(), target
        assert not anchor or anchor in anchors(there.read_text("utf-8")), anchor
    for named in re.findall(r"`((?:docs|tests|bench|bridge|examples)/[\w./-]+\.\w+)`", text):
        assert (ROOT / named).exists(), named


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_what_a_page_names_in_code_exists(path: Path) -> None:
    for room, names in re.findall(r"`([a-z_]+(?:\.[a-z_]+)?)\.((?:[A-Z]\w+)(?:\.\w+)?)`", path.read_text("utf-8")):
        try:
            found = importlib.import_module(f"bridge.{room}")
        except ModuleNotFoundError:
            continue  # a word of another program's
        for name in names.split("."):
            assert hasattr(found, name) or name in getattr(found, "__annotations__", {}), f"{room}.{names}"
            found = getattr(found, name, None)


def test_every_dependency_has_its_line() -> None:
    project = tomllib.loads(page("pyproject.toml"))["project"]
    pinned = dict(line.split("==") for line in page("constraints.txt").splitlines() if "==" in line and line[0] != "#")
    pinned = {name.lower().replace("_", "-"): version for name, version in pinned.items()}
    told = page("docs/dependencies.md").lower()
    for group in (project["dependencies"], *project["optional-dependencies"].values()):
        for one in group:
            name = re.split(r"[><=~ ]", one)[0].lower()
            assert name in told, f"{name} is not in docs/dependencies.md"
            assert name in pinned, f"{name} is not in constraints.txt"
            assert pinned[name] in told, f"docs/dependencies.md does not name {name} {pinned[name]}"


def test_the_changelog_speaks_of_this_version() -> None:
    assert re.search(rf"^## {re.escape(__version__)} – ", page("CHANGELOG.md"), re.M)


def test_the_words_of_the_wire_page_are_those_of_the_code() -> None:
    told = page("docs/protocol.md")
    assert all(f"`{field.name}`" in told for field in fields(Recipe))


def test_every_decision_has_its_number() -> None:
    numbers = [int(path.name[:4]) for path in sorted((ROOT / "docs/decisions").glob("0*.md"))]
    assert numbers == list(range(1, len(numbers) + 1))
