"""How the whole page looks at its work, dark and light. The pictures are for looking at; what can be measured is."""

from pathlib import Path

import numpy as np
import pytest
import skimage.data

from tests.panel.journeys import Seat, Serving
from tests.panel.page import Artist
from tests.panel.test_page_look import CONTRAST

COFFEE = np.asarray(skimage.data.coffee())
CUP = (330, 120), (520, 260)
PANEL = CONTRAST.replace("body > :not(#panel, .brand) :is(", "#panel :is(div, select, ")


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_the_page_at_each_of_its_moments(serving: Serving, seat: Seat, gate: Path, scheme: str) -> None:
    with serving("patient"), seat(scheme=scheme) as artist:

        def look(name: str) -> None:
            artist.shot(f"{scheme} {name}")
            for texts in (CONTRAST, PANEL):
                assert [one for one in artist.page.evaluate(texts) if one[1] < 4.5] == []
            assert artist.page.evaluate("document.documentElement.scrollWidth <= innerWidth")

        artist.ready()
        look("empty")
        artist.open("coffee.png", COFFEE)
        artist.drag(*CUP)
        look("selected")
        artist.click("radio", "3 variations")
        artist.write("green tea")
        artist.key("Enter")
        artist.read("Painting 4 of 24")
        artist.see(artist.control("img", "Preview"))
        look("painting")
        gate.touch()
        artist.wait_layers(5)
        artist.wait_idle()
        look("variations")
        artist.press("More")
        look("more")
        artist.press("More")
        artist.press("Edit settings")
        artist.read("The settings of a layer are in the fields")
        look("settings of a layer")


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_the_page_in_trouble(serving: Serving, seat: Seat, scheme: str) -> None:
    with serving() as bridge, seat(f"http://localhost:{bridge.port}/", scheme) as artist:
        artist.see(artist.control("group", "Pair with your bridge"))
        artist.shot(f"{scheme} pairing")
        pasted(artist, "A" * 26)
        artist.see(artist.panel.get_by_role("alert"))
        artist.open("coffee.png", COFFEE)
        artist.shot(f"{scheme} a wrong text")


def pasted(artist: Artist, text: str) -> None:
    """Paste a pairing text, and Enter."""
    artist.control("textbox", "Pairing text").click()
    artist.page.keyboard.insert_text(text)
    artist.page.keyboard.press("Enter")
