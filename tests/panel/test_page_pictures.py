"""The pictures of docs/photoshop.md, docs/install.md and the README, made as an artist would; SFUMATO_SHOTS names where
they go.
"""

import io
from pathlib import Path

import pytest
from PIL import Image

from tests.panel.journeys import Seat, Serving
from tests.panel.page import Artist, Point

pytestmark = pytest.mark.long

MASTS: tuple[tuple[Point, Point], ...] = ((1085, 290), (1215, 1060)), ((395, 290), (530, 1060))
"""The two slim ones beside the rocket of the sample."""
LAMPS: tuple[Point, Point] = (240, 860), (610, 1060)
SEED = "1744167669"
"""The same seed, the same picture."""
MOST = 200_000
"""Bytes of a picture in docs."""


def seeded(artist: Artist) -> None:
    """Open the sample, and let a fill be the same each time."""
    artist.ready("Built-in fill").open_sample()
    artist.press("More")
    artist.control("textbox", "Seed").fill(SEED)
    artist.press("More")


def test_the_page_with_one_mast_removed_and_the_other_selected(serving: Serving, seat: Seat, shots: Path) -> None:
    with serving(), seat() as artist:
        seeded(artist)
        artist.drag(*MASTS[0])
        artist.press("Remove")
        artist.wait_layers(2)
        artist.wait_idle()
        artist.drag(*MASTS[1])
        artist.selected("135 × 770")
        artist.read("full resolution")
        artist.page.mouse.move(4, 4)
        picture = shots / "page.jpg"
        artist.page.screenshot(path=picture, type="jpeg", quality=88)
        assert [one.name for one in artist.layers()] == [f"Remove (seed {SEED})", "Background"]
    assert picture.stat().st_size < MOST


def test_the_panel_dark_with_variations_and_light_with_more(serving: Serving, seat: Seat, shots: Path) -> None:
    halves = []
    for scheme in ("dark", "light"):
        with serving(), seat(scheme=scheme) as artist:
            artist.page.set_viewport_size({"width": 1400, "height": 950})  # so high that More needs no scrolling
            seeded(artist)
            artist.drag(*LAMPS)
            if scheme == "dark":
                artist.click("radio", "3 variations")
                artist.press("Remove")
                artist.see(artist.panel.get_by_role("option").nth(2))
                artist.wait_idle()
            else:
                artist.press("More")
            artist.page.mouse.move(4, 4)
            halves.append(Image.open(io.BytesIO(artist.panel.screenshot())).convert("RGB"))
    both = Image.new("RGB", (sum(one.width for one in halves), max(one.height for one in halves)))
    both.paste(halves[0], (0, 0))
    both.paste(halves[1], (halves[0].width, 0))
    picture = shots / "panel.jpg"
    both.save(picture, "JPEG", quality=88)
    assert picture.stat().st_size < MOST
