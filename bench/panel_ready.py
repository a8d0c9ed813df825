"""What the panel weighs; how soon the page is ready; how soon a newcomer's first fill is seen."""

import gzip
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.panel_seat import Served, one_button, seat, told, watch
from bridge import assets
from bridge.install import photoshop

if TYPE_CHECKING:
    from playwright.sync_api import Browser

Figures = dict[str, Any]
MAST = (1085.0, 290.0), (1215.0, 1060.0)
"""In the sample: one of the two slim masts beside the rocket."""
TIMES = """() => {
  const [page] = performance.getEntriesByType("navigation");
  const paint = performance.getEntriesByName("first-contentful-paint")[0];
  const files = [page, ...performance.getEntriesByType("resource")];
  const bytes = files.reduce((sum, one) => sum + one.transferSize, 0);
  return { paint: paint.startTime, loaded: page.domContentLoadedEventEnd, ready: eyes.ready, bytes };
}"""


def weights() -> list[Figures]:
    """Bytes of each bundle's files, as they are and as gzip packs them, and of the package for Photoshop."""
    folders = {"page": assets.PAGE, "photoshop": photoshop.BUNDLE}
    rows = [row for name, folder in folders.items() for row in _weights(name, folder)]
    return [*rows, {"what": f"photoshop, packed: `{photoshop.NAME}`", "bytes": len(photoshop.package()), "gz": None}]


def _weights(name: str, folder: Path) -> Iterator[Figures]:
    kinds = {"script": [".js"], "style": [".css"], "page and manifest": [".html", ".json", ".svg"], "sample": [".jpg"]}
    for kind, endings in kinds.items():
        files = [one.read_bytes() for one in sorted(folder.iterdir()) if one.suffix in endings]
        if files:
            packed = sum(len(gzip.compress(one, 9, mtime=0)) for one in files)
            yield {"what": f"{name}: {kind}", "bytes": sum(map(len, files)), "gz": packed}


def ready(chromium: "Browser", bridge: Served, rounds: int) -> list[Figures]:
    """Milliseconds since the navigation began, of every round but one that is not counted, each in a fresh profile:
    until something is painted, until the page's script has run, until the bridge has said what it can paint."""
    found = []
    for _ in range(rounds + 1):
        with seat(chromium, bridge) as artist:
            found.append(artist.page.evaluate(TIMES))
    return found[1:]


def first(chromium: "Browser", bridge: Served) -> Figures:
    """Milliseconds of a newcomer's first fill, by a bridge that has painted nothing yet, and of the next one: from the
    sample's button until it is shown; from the beginning of the selection, and from *Remove*, until the layer is seen.
    """
    with seat(chromium, bridge) as artist:
        begun = time.perf_counter()
        artist.open_sample()
        figures: Figures = {"opened": (time.perf_counter() - begun) * 1000}
        for which in ("first", "second"):
            before = len(artist.layers())
            began = artist.page.evaluate("performance.now()")
            artist.drag(*MAST)
            one_button(artist).focus()
            watch(artist.page)
            artist.key("Enter")
            artist.wait_layers(before + 1)
            noted = told(artist.page)
            [seen] = [at for rows, at in noted["layers"] if rows == before + 1]
            figures[which] = {"selected": seen - began, "pressed": seen - noted["pressed"]}
            artist.wait_idle()
        return figures
