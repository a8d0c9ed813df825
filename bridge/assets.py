"""The files of the bridge's own page: read once and whole, found by exact names. No request ever names a path."""

from pathlib import Path
from typing import NamedTuple

PAGE = Path(__file__).parent / "web" / "page"
"""The built page. A checkout in which nobody has built it has none."""
KINDS = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".svg": "image/svg+xml",
}
"""What is served, by the ending of its name; anything else that lies there is not."""


class Asset(NamedTuple):
    """One file: its Content-Type and its bytes."""

    kind: str
    content: bytes


def read(folder: Path = PAGE) -> dict[str, Asset]:
    """Every file of the page by the path that a browser asks for, `index.html` as `/`. Empty where there is none."""
    if not (folder / "index.html").is_file():
        return {}
    files = sorted(one for one in folder.iterdir() if one.is_file() and one.suffix in KINDS)
    assets = {f"/{one.name}": Asset(KINDS[one.suffix], one.read_bytes()) for one in files}
    return {"/": assets.pop("/index.html"), **assets}
