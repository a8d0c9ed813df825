"""The page's files: read once, by exact names, of known kinds."""

from pathlib import Path

import pytest

from bridge import assets
from bridge.assets import Asset, read


def lay(folder: Path, **files: bytes) -> Path:
    """A built page."""
    folder.mkdir()
    for name, content in files.items():
        (folder / name.replace("__", ".")).write_bytes(content)
    return folder


def test_the_index_is_the_root_and_the_rest_is_by_name(tmp_path: Path) -> None:
    folder = lay(tmp_path / "page", index__html=b"<p>", page__css=b"p{}", page__js=b"0", sample__jpg=b"\xff\xd8")
    assert read(folder) == {
        "/": Asset("text/html; charset=utf-8", b"<p>"),
        "/page.css": Asset("text/css; charset=utf-8", b"p{}"),
        "/page.js": Asset("text/javascript; charset=utf-8", b"0"),
        "/sample.jpg": Asset("image/jpeg", b"\xff\xd8"),
    }


def test_what_is_of_no_known_kind_or_deeper_is_not_served(tmp_path: Path) -> None:
    folder = lay(tmp_path / "page", index__html=b"", page__js__map=b"", notes__txt=b"", README=b"", __key=b"")
    lay(folder / "more", deep__js=b"")
    assert list(read(folder)) == ["/"]


@pytest.mark.parametrize("exists", [False, True])
def test_without_an_index_there_is_no_page(tmp_path: Path, exists: bool) -> None:
    folder = lay(tmp_path / "page", page__js=b"0") if exists else tmp_path / "none"
    assert read(folder) == {}


def test_what_was_read_once_is_not_read_again(tmp_path: Path) -> None:
    folder = lay(tmp_path / "page", index__html=b"first")
    served = read(folder)
    (folder / "index.html").write_bytes(b"second")
    assert served["/"].content == b"first"


def test_the_page_travels_with_the_package() -> None:
    """Its folder lies in the package, and all that is served of it is named in pyproject.toml's package data."""
    import tomllib
    from fnmatch import fnmatch
    from importlib.resources import files

    assert Path(str(files("bridge"))) / "web" / "page" == assets.PAGE
    project = tomllib.loads((assets.PAGE.parents[2] / "pyproject.toml").read_text("utf-8"))
    named = project["tool"]["setuptools"]["package-data"]["bridge"]
    for kind in assets.KINDS:
        assert any(fnmatch(f"web/page/x{kind}", pattern) for pattern in named), kind
