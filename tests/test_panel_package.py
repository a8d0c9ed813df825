"""What can be read off the panel without running it: the package for Photoshop, the plan of its rooms, its style."""

import io
import json
import posixpath
import re
import struct
import tomllib
import zipfile
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from bridge import __version__, assets
from bridge.config import Config
from bridge.install import photoshop

ROOT = Path(__file__).parent.parent
SOURCES = ROOT / "photoshop_panel" / "src"
SHIPPED = photoshop.BUNDLE
PORT = Config().port

PERMISSIONS = {
    "network": {"domains": ["ws://localhost/", f"ws://localhost:{PORT}", f"ws://127.0.0.1:{PORT}"]},
    "localFileSystem": "plugin",
}
"""All that the panel may: speak to this machine. Photoshop 2026 lets `ws://localhost/` pass and refuses an address; the
others are for releases that read a port. No folder, no program, no clipboard, no code made of text."""
KEYS = set("manifestVersion id name version main host entrypoints icons requiredPermissions featureFlags".split())
COMMANDS = {"Generative Fill (local)", "Remove Selection", "Fill Again", "Cancel"}
"""What an artist can bind a key to."""


def manifest() -> dict[str, Any]:
    return json.loads((SHIPPED / "manifest.json").read_text("utf-8"))


def label(entry: dict[str, Any]) -> str:
    """What Photoshop shows of an entry point: a text, or one for each language."""
    return entry["label"] if isinstance(entry["label"], str) else entry["label"]["default"]


# ---- the manifest ---------------------------------------------------------------------------------------------------


def test_the_manifest_has_what_version_5_asks_for_and_nothing_misspelt() -> None:
    said = manifest()
    assert said.keys() <= KEYS  # Adobe's page on websockets says `permissions`, which nothing reads
    assert (said["manifestVersion"], said["main"]) == (5, "index.html")  # a .js as main leaves the panel unregistered
    assert re.fullmatch(r"[\w.-]+", said["id"])
    assert 3 <= len(said["name"]) <= 45
    assert re.fullmatch(r"\d\d?\.\d\d?\.\d\d?", said["version"])


def test_every_part_is_of_one_version() -> None:
    package = json.loads((ROOT / "photoshop_panel" / "package.json").read_text("utf-8"))
    lock = json.loads((ROOT / "photoshop_panel" / "package-lock.json").read_text("utf-8"))
    assert manifest()["version"] == package["version"] == lock["version"] == __version__


def test_it_is_for_a_photoshop_that_tells_the_bounds_of_a_selection() -> None:
    host = manifest()["host"]  # one object: a list of them is for development
    assert (host["app"], host["data"]["apiVersion"]) == ("PS", 2)
    assert [int(number) for number in host["minVersion"].split(".")] >= [25, 0, 0]


def test_it_asks_for_no_more_than_it_needs() -> None:
    assert manifest()["requiredPermissions"] == PERMISSIONS
    assert not manifest().get("featureFlags", {}).get("enableSWCSupport")


def test_there_is_one_panel_and_a_command_for_each_gesture_with_a_key() -> None:
    entries = manifest()["entrypoints"]
    assert len({one["id"] for one in entries}) == len(entries)
    assert [one["type"] for one in entries].count("panel") == 1
    assert {label(one) for one in entries if one["type"] == "command"} == COMMANDS
    (panel,) = (one for one in entries if one["type"] == "panel")
    least, docked = panel["minimumSize"], panel["preferredDockedSize"]
    assert all(0 < least[side] <= docked[side] <= panel["maximumSize"][side] for side in ("width", "height"))


def icons() -> Iterator[tuple[dict[str, Any], int]]:
    """Every icon that the manifest names, with the pixels of its side at scale 1."""
    said = manifest()
    yield from ((icon, 24) for icon in said["icons"])
    (panel,) = (one for one in said["entrypoints"] if one["type"] == "panel")
    yield from ((icon, 23) for icon in panel["icons"])


def test_every_icon_is_there_at_every_scale_with_its_size() -> None:
    named = set()
    for icon, side in icons():
        assert (icon["width"], icon["height"]) == (side, side)
        assert set(icon["scale"]) == {1, 2}
        for scale in icon["scale"]:
            stem, suffix = posixpath.splitext(icon["path"])
            path = SHIPPED / f"{stem}@{scale}x{suffix}"  # @1x, too, as in all of Adobe's samples
            named.add(path.relative_to(SHIPPED).as_posix())
            head = path.read_bytes()[:24]
            assert head[:8] == b"\x89PNG\r\n\x1a\n", path
            assert struct.unpack(">II", head[16:]) == (side * scale, side * scale), path
    assert named == {path.relative_to(SHIPPED).as_posix() for path in SHIPPED.rglob("*.png")}


def test_the_panel_has_an_icon_on_light_and_on_dark() -> None:
    themes = {theme for icon, side in icons() if side == 23 for theme in icon["theme"]}
    assert themes >= {"darkest", "dark", "medium", "light"} or "all" in themes


# ---- the page and its style -----------------------------------------------------------------------------------------


class Tags(HTMLParser):
    """Every tag of a page with its attributes, and whether a script or style has anything written in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.written = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1][0] in ("script", "style"):
            self.written += data.strip()


def test_the_page_loads_one_classic_script_and_only_what_lies_beside_it() -> None:
    page = Tags((SHIPPED / "index.html").read_text("utf-8"))
    assert page.written == ""
    scripts = [attributes for tag, attributes in page.tags if tag == "script"]
    assert [one["src"] for one in scripts] == ["panel.js"]
    assert all(one.get("type") != "module" for one in scripts)  # UXP loads no ES modules
    loaded = [named for _, attributes in page.tags for key in ("src", "href") if (named := attributes.get(key))]
    assert "panel.css" in loaded
    assert all((SHIPPED / named).is_file() for named in loaded)
    assert not [key for _, attributes in page.tags for key in attributes if key.startswith("on") or key == "style"]


UNKNOWN = re.compile(
    r"(?:grid[\w-]*|(?:row-|column-)?gap|transition[\w-]*|animation[\w-]*|float|font|text-transform): "
    r"|display: (?:inline-)?grid\Z"
)
"""Declarations that UXP leaves out."""


def unknown(style: str) -> set[str]:
    """What a stylesheet says that UXP does not know: rules at its top, declarations, files from elsewhere."""
    style = re.sub(r"/\*.*?\*/", "", style, flags=re.S)
    rules = {
        rule for rule in re.findall(r"@[\w-]+[^{;]*", style) if not re.match(r"@media \(prefers-|@supports ", rule)
    }
    said = re.findall(r"(?<=[{;])\s*([\w-]+)\s*:\s*([^;{}]+?)\s*(?=[;}])", style)
    wrong = {one for name, value in said if UNKNOWN.match(one := f"{name}: {value}")}
    return {one.strip() for one in rules} | wrong | set(re.findall(r"\burl\([^)]*\)", style))


def test_the_style_says_only_what_uxp_draws() -> None:
    sheets = sorted(SHIPPED.glob("*.css"))
    assert [one.name for one in sheets] == ["panel.css"]
    for sheet in sheets:
        assert unknown(sheet.read_text("utf-8")) == set(), sheet.name


def test_a_style_that_uxp_does_not_draw_would_be_seen() -> None:
    fine = ":root { --grid: 1; } @media (prefers-color-scheme: dark) { a:hover { font-size: 1px; margin: 0 } }"
    assert unknown(fine + " /* gap: 1px; */ .floats, .font { display: flex; flex: 1; font-weight: 700; }") == set()
    wrong = "gap: 1px;font: 12px x;display: grid;grid-area: a;transition: all 1s;float: left;text-transform: none"
    wrong += ";animation-name: a;display: inline-grid"
    assert unknown(f"b {{{wrong}}}") == set(wrong.split(";"))
    assert unknown("@import 'a'; @keyframes b { to { column-gap : 1px } } c { background: url(d) }") == {
        *("@import 'a'", "@keyframes b", "column-gap: 1px", "url(d)")
    }


def test_the_bundle_asks_photoshop_for_two_modules_and_nobody_else_for_anything() -> None:
    text = (SHIPPED / "panel.js").read_text("utf-8")
    assert set(re.findall(r"""\brequire\(["'`]?([^"'`)]*)""", text)) == {"photoshop", "uxp"}
    assert not re.search(r"\beval\(|\bnew Function\b|\.(?:inner|outer)HTML\b|\bimport\(|^(?:im|ex)port\b", text, re.M)
    assert re.findall(r"""["'`](?:https?|wss):[^"'`]*""", text) == []


# ---- the package ----------------------------------------------------------------------------------------------------


def test_the_package_holds_the_bundle_and_is_small() -> None:
    packed = photoshop.package()
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert json.loads(archive.read("manifest.json")) == manifest()
        assert {name.split("/")[0] for name in archive.namelist()} == {
            *("LICENSE.msgpack", "icons", "index.html", "manifest.json", "panel.css", "panel.js")
        }
    assert len(packed) < 300_000
    assert photoshop.package() == packed


def test_the_terms_of_what_is_not_ours_travel_with_both_bundles() -> None:
    for bundle in (SHIPPED, assets.PAGE):
        assert "MessagePack" in (bundle / "LICENSE.msgpack").read_text("utf-8")


def test_what_is_built_is_installed_with_the_bridge() -> None:
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]
    installed = {path for pattern in tools["package-data"]["bridge"] for path in (ROOT / "bridge").glob(pattern)}
    assert {path for path in (ROOT / "bridge" / "web").rglob("*") if path.is_file()} <= installed


# ---- the rooms ------------------------------------------------------------------------------------------------------

ARROWS: dict[str, set[str]] = {
    "wire": {"seams", "@msgpack/msgpack"},
    "guest": {"seams", "wire/crc32"},
    "panel": {"seams"},
    "photoshop": {"seams", "wire", "guest", "panel", "package.json", "photoshop", "uxp"},
    "page": {"seams", "wire", "guest", "panel", "package.json"},
}
"""For each room, a folder, all that it may import: rooms or one file of them, packages, what Photoshop gives to
`require`. package.json says the version."""

IMPORTS = [
    re.compile(r"""^ *(?:import|export)\b[^;"'`]*?\bfrom\s*["']([^"']+)""", re.M),
    re.compile(r"""^ *import\s*["']([^"']+)""", re.M),
    re.compile(r"""\b(?:import|require)\(\s*["'`]([^"'`]+)"""),
    re.compile(r"""@import\b[^"']*?\bfrom\s*["']([^"']+)"""),  # a type, in a comment
]


def astray(text: str, own: str) -> set[str]:
    """What a file of the room `own` imports and may not: `room/file`, or a package."""
    said = [one for how in IMPORTS for one in how.findall(text)]
    inside = [posixpath.normpath(f"{own}/{one}") if one.startswith(".") else one for one in said]
    taken = {one.removeprefix("../").removesuffix(".js") for one in inside}
    return {one for one in taken if {one, one.split("/")[0]}.isdisjoint(ARROWS[own] | {own})}


def bare(text: str) -> list[str]:
    """The functions and classes that a file exports without a comment that documents them."""
    lines = text.splitlines()
    exported = re.compile(r"export (?:default )?(?:async )?(?:function\*?|class) (\w+)")
    found = [(above, exported.match(line)) for above, line in zip(["", *lines], lines, strict=False)]
    return [match[1] for above, match in found if match and not above.endswith("*/")]


FILES = sorted(SOURCES.rglob("*.js"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(SOURCES).as_posix())
def test_a_room_keeps_to_the_plan(path: Path) -> None:
    own, text = path.relative_to(SOURCES).parts[0], path.read_text("utf-8")
    assert own in ARROWS, f"room {own!r} has no place in the plan"
    assert astray(text, own) == set(), f"more than {own} may import"
    assert not re.search(r"\beval\(|\bnew Function\b|\.(?:inner|outer)HTML\b", text)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(SOURCES).as_posix())
def test_a_file_is_documented_and_fits_the_eye(path: Path) -> None:
    text = path.read_text("utf-8")
    lines = text.splitlines()
    assert bare(text) == []
    assert len(lines) <= 350, f"{len(lines)} lines, expected 350 at most: which word is missing?"
    assert [number for number, line in enumerate(lines, 1) if len(line) > 120] == [], "lines of more than 120 letters"


def test_every_room_is_there() -> None:
    assert {path.relative_to(SOURCES).parts[0] for path in FILES} == ARROWS.keys()


def test_a_wrong_arrow_would_be_seen() -> None:
    text = """
/** @import { View } from "../seams.js" */
import { one } from "./other.js";
import { crc32 } from "../wire/crc32.js";
import {
  two,
} from '../wire/link.js';
import "../page/page.js";
export { three } from "ws";
// far from "there"
const four = require("photoshop").app, five = await import("../panel/panel.js"), six = require(`uxp`);
"""
    wrong = {"wire/link", "page/page", "ws", "photoshop", "panel/panel", "uxp"}
    assert astray(text, "guest") == wrong
    assert astray(text, "panel") == {*wrong, "wire/crc32"} - {"panel/panel"}
    assert astray(text, "photoshop") == {"page/page", "ws"}
    text = "/** A. */\nexport function a() {}\nexport async function b() {}\n\nexport const c = 1;\nexport class d {}"
    assert bare(text) == ["b", "d"]
