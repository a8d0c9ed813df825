"""What goes wrong while something is painted, on the bridge's own page: nothing is lost, and nothing is in the way."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import skimage.data

from tests.panel.journeys import Seat, Serving, said
from tests.panel.page import Artist
from tests.panel.served import Served

CAT = np.asarray(skimage.data.chelsea())
NOSE = (160, 150), (240, 210)
"""In the photograph of a cat."""
PAINTING = "Painting 4 of 8"
"""What the patient painter does until it may go on."""
GONE = "WebSocket connection to"
"""What Chromium writes, whoever catches it, when nobody answers."""


def begin(artist: Artist, prompt: str = "red") -> None:
    """Fill by the panel, and see that it is under way."""
    artist.write(prompt)
    artist.key("Enter")
    artist.read(PAINTING)


@pytest.fixture
def served(home: Path, art: Path, gate: Path) -> Iterator[Served]:
    """A bridge that can be killed."""
    with Served(home, art, gate) as running:
        yield running


def paired(artist: Artist, text: str) -> None:
    """Paste a pairing text."""
    field = artist.control("textbox", "Pairing text")
    field.click()
    artist.page.keyboard.insert_text(text)
    artist.press("Pair")


def opening() -> str:
    """What `sfumato open` prints where a browser could be started: the text alone is in the last line."""
    argv = [sys.executable, "-m", "bridge.cli", "open"]
    env = {**os.environ, "BROWSER": "true"}
    return subprocess.run(argv, env=env, capture_output=True, text=True, check=True, timeout=60).stdout.split()[-1]


def test_cancelled_by_button_and_keys_and_painted_on_meanwhile(serving: Serving, seat: Seat, gate: Path) -> None:
    with serving("patient"), seat() as artist:
        artist.ready().open("chelsea.png", CAT)
        states = [artist.state()]
        artist.drag(*NOSE)
        states.append(artist.state())

        begin(artist)
        artist.shot("painting")
        artist.press("Cancel")
        artist.wait_idle()
        begin(artist)
        artist.key("Escape")  # in the prompt
        artist.wait_idle()
        begin(artist)
        artist.easel.focus()
        artist.key("Escape")
        artist.wait_idle()
        assert artist.state() == states[-1] and len(artist.layers()) == 1

        begin(artist)
        artist.drag((300, 30), (400, 90))  # the document is the artist's meanwhile
        states.append(artist.state())
        artist.easel.focus()
        artist.key("Control+z", "Control+Shift+z")
        artist.write("a thought for later")
        artist.read(PAINTING)
        gate.touch()
        artist.wait_layers(2)
        artist.wait_idle()
        states.append(artist.state())
        assert artist.prompt.input_value() == "a thought for later"
        assert artist.layers()[0].name.startswith("Fill – red (seed ")
        (x0, y0), (x1, y1) = NOSE
        outside = np.ones(CAT.shape[:2], bool)
        outside[y0:y1, x0:x1] = False
        saved = artist.saved()
        assert (saved[outside] == CAT[outside]).all() and (saved[~outside] != CAT[~outside]).any()
        artist.walk(states)


def test_a_bridge_that_was_killed_knows_its_page_no_more_and_a_new_text_goes_on(served: Served, seat: Seat) -> None:
    with seat(complaints=(GONE,)) as artist:
        artist.ready().open("chelsea.png", CAT)
        artist.drag(*NOSE)
        begin(artist)
        served.kill()
        artist.read("The bridge is away; coming back to it.")
        artist.shot("the bridge is away")
        served.start()
        artist.see(artist.control("group", "Pair with your bridge"))
        artist.read("Run sfumato open in a terminal: it opens this page with its key.")
        artist.read("What was being painted is gone with the panel's key: fill again once it is paired.")
        artist.wait_idle()
        artist.shot("the bridge knows this page no more")
        assert artist.control("button", "Remove").is_disabled()
        assert [one.name for one in artist.layers()] == ["Background"]
        paired(artist, opening())
        artist.ready()
        artist.see(artist.control("group", "Pair with your bridge"), False)
        artist.press("Remove")
        artist.wait_layers(2)
        artist.shot("paired anew")


def test_a_layer_that_was_finished_while_nobody_listened_lands_once(served: Served, seat: Seat, gate: Path) -> None:
    with seat(f"http://localhost:{served.port}/", complaints=(GONE,)) as artist:
        artist.see(artist.control("group", "Pair with your bridge"))
        paired(artist, "hello")
        artist.see(artist.panel.get_by_role("alert"))
        artist.shot("a text that is none")
        artist.control("textbox", "Pairing text").fill("")
        paired(artist, said("pair"))
        artist.ready().open("chelsea.png", CAT)
        artist.drag(*NOSE)
        begin(artist)
        served.kill()
        artist.read("The bridge is away; coming back to it.")
        gate.touch()
        served.start(elsewhere=True)  # where the page does not look for it
        served.wait_done()
        served.kill()
        served.start()
        artist.wait_layers(2)
        artist.ready()
        assert artist.layers()[0].name.startswith("Fill – red (seed ")
        once = artist.state()

        served.kill()  # it has heard that the layer is there, or it will hear it
        artist.read("The bridge is away; coming back to it.")
        served.start()
        artist.ready()
        artist.press("Remove")
        artist.wait_layers(3)
        artist.wait_idle()
        assert [one.name.split(" ")[0] for one in artist.layers()] == ["Remove", "Fill", "Background"]
        artist.easel.focus()
        artist.key("Control+z")
        assert artist.state() == once


def test_a_page_that_was_loaded_anew_offers_what_was_painted(serving: Serving, seat: Seat, gate: Path) -> None:
    with serving("patient"), seat() as artist:
        artist.ready().open("chelsea.png", CAT)
        artist.drag(*NOSE)
        begin(artist)
        artist.page.reload()
        artist.ready()
        artist.read("A fill of a document that is not open is still being painted: “red”, a moment ago.")
        artist.shot("offered while it is painted")
        gate.touch()
        artist.answer("A fill of a document", "Open as a new document")
        artist.wait_layers(1)
        artist.titled(artist.layers()[0].name)
        artist.shot("opened as a new document")
        assert artist.saved().shape == (60, 80, 3)


def test_a_tab_that_was_closed_has_taken_its_key_along(serving: Serving, seat: Seat, gate: Path) -> None:
    with serving("patient"):
        with seat() as artist:
            artist.ready().open("chelsea.png", CAT)
            artist.drag(*NOSE)
            begin(artist)
        gate.touch()
        with seat() as artist:  # another tab is another page to the bridge
            artist.ready().open("chelsea.png", CAT)
            artist.drag(*NOSE)
            artist.press("Remove")
            artist.wait_layers(2)
            assert artist.panel.get_by_text("A fill of").count() == 0
