"""The panel as a window among windows, typed into and looked for; and the entries of the menu, never greyed out."""

import json
from typing import Any

import pytest

from tests.gimp.artist import KEYS, PANEL, Artist, picture, remembered
from tests.gimp.console import Shared
from tests.gimp.journeys import Easel, Serving
from tests.gimp.opening import EMPTY
from tests.gimp.screen import MAIN

SEARCH, MESSAGE = "Search Actions", "GIMP Message"
FOUND = {"img2img": "Open Panel", "inpaint": "Remove Selection", "heal": "Remove Selection", "outpaint": "Expand"}
"""What GIMP's search of actions finds."""
HOLE = (380, 300), (520, 400)
SECOND = """
another = hand.load(path)
Gimp.Display.new(another)
answer = another.get_id()
"""


def fields(shared: Shared) -> dict[str, Any]:
    """What the panel's fields hold, as the guest remembers them."""
    return json.loads((shared.home / "gimp.json").read_text("utf-8")).get("fields", {})


def test_a_window_that_keeps_its_place(easel: Easel, serving: Serving, shared: Shared) -> None:
    with serving(), easel(picture(shared, "chelsea")) as artist:
        artist.key(KEYS["panel"])
        panel = artist.panel
        assert panel.x > 600 and panel.x + panel.width < 1170  # over neither the tools nor the docks
        main = artist.seen.wait_window(MAIN)
        above = artist.seen.run("xprop", "-id", str(panel.id), "WM_TRANSIENT_FOR")
        assert int(above.split("#")[1], 16) in _tree(artist, main.id)
        artist.seen.move_window(panel, 700, 200, 400, 560)
        artist.seen.wait_for(lambda: artist.panel.width == 400)
        moved = artist.panel
        artist.seen.activate(moved)
        artist.key("alt+F4")
        artist.seen.wait_for(lambda: not artist.seen.processes("sfumato"))
        artist.seen.wait_window(MAIN)

        artist.to_canvas()
        artist.key(KEYS["panel"])
        artist.seen.wait_for(lambda: artist.panel[2:] == moved[2:], what=f"the panel is not at {moved} again")
        artist.wait_text("[chelsea]", "small")
        artist.to_canvas()
        artist.key(KEYS["panel"])
        artist.seen.wait_for(lambda: artist.active() == PANEL)
        artist.seen.wait_for(lambda: len(artist.seen.processes("sfumato")) == 1, what="there is a second panel")

        other = artist.seen.ask(SECOND, path=picture(shared, "rocket"))
        artist.seen.wait_window("[Untitled]")
        artist.to_canvas()
        artist.key(KEYS["panel"])
        artist.wait_text("[Untitled]", "small")
        artist.seen.ask(SELECT, id=other)
        artist.key("ctrl+Return")
        artist.seen.wait_for(lambda: artist.seen.ask("len(Gimp.Image.get_by_id(id).get_layers())", id=other) == 2)
        assert len(artist.names()) == 1 and not artist.seen.window("Message")


SELECT = """
Gimp.Image.get_by_id(id).select_ellipse(Gimp.ChannelOps.REPLACE, 100, 100, 80, 60)
Gimp.displays_flush()
"""


def _tree(artist: Artist, window: int) -> list[int]:
    """The windows that GIMP may mean by its main window: it, and what lies in it."""
    lines = artist.seen.run("xwininfo", "-id", str(window), "-tree").splitlines()
    return [window, *(int(word, 16) for line in lines for word in line.split()[:1] if word.startswith("0x"))]


def test_typed_into_and_looked_for(easel: Easel, serving: Serving, shared: Shared) -> None:
    with serving(), easel(picture(shared, "chelsea")) as artist:
        for word, label in FOUND.items():
            artist.to_canvas()
            artist.seen.key("slash")
            artist.seen.activate(artist.seen.wait_window(SEARCH))
            artist.seen.type(word)
            artist.wait_text(label, where=SEARCH)
            artist.seen.key("Escape")
            artist.seen.wait_for(lambda: not artist.seen.window(SEARCH))

        artist.open_panel()
        artist.to_canvas()
        artist.drag(*HOLE)
        for count, prompt in enumerate(("red wool", "blue wool"), 2):
            artist.write(prompt)
            artist.key("Return")
            artist.wait_layers(count)
        artist.key(KEYS["panel"])
        artist.seen.wait_for(lambda: artist.active() == PANEL)
        artist.seen.key("Up")
        artist.wait_text("red wool")
        artist.seen.key("Down")
        artist.wait_text("blue wool")
        artist.seen.key("ctrl+a")
        artist.seen.type("one")
        artist.seen.key("shift+Return")
        artist.seen.type("two")
        artist.seen.wait_for(lambda: fields(shared).get("prompt") == "one\ntwo", what="there are not two lines")
        assert len(artist.names()) == 3
        artist.seen.key("alt+o")
        artist.wait_text("Guidance")
        artist.shot("more")
        artist.seen.key("Escape", "Escape")
        assert artist.panel


def test_nothing_is_greyed_and_everything_is_said(easel: Easel, serving: Serving, shared: Shared) -> None:
    def says(text: str) -> None:
        """Press Remove, and read why it cannot be done."""
        artist.to_canvas()
        artist.key(KEYS["remove"])
        artist.wait_text(text, where=MESSAGE)
        artist.seen.activate(artist.seen.wait_window(MESSAGE))
        artist.seen.key("Return")
        artist.seen.wait_for(lambda: not artist.seen.window(MESSAGE))

    remembered(shared, sample="below")
    with serving(), easel(picture(shared, "chelsea")) as artist:
        artist.key("ctrl+w")
        artist.seen.wait_window(EMPTY)
        says("No image is open: open one, select a part of it")
        artist.seen.ask(SECOND, path=picture(shared, "rocket"))
        artist.seen.wait_window(MAIN)
        says("Nothing is selected: select what to remove.")
        artist.seen.ask(TWO)
        says("Several layers are selected, or none")
        artist.seen.ask("None if Gimp.Selection.float(image, image.get_layers()[:1], 9, 9) else 1")
        says("A floating selection is open")

        artist.open_panel()
        artist.wait_text("A floating selection is open", "small")
        artist.seen.ask("Gimp.floating_sel_anchor(image.get_floating_sel())")
        artist.wait_gone("A floating selection is open", "small")
        artist.seen.ask("None if image.set_selected_layers(image.get_layers()) else 1")
        artist.wait_text("Several layers are selected", "small")
        artist.shot("said in the panel")
        artist.to_canvas()
        artist.key("ctrl+w")
        artist.seen.wait_for(lambda: len(artist.seen.windows()) == 3)
        artist.key("ctrl+d")  # discard
        artist.wait_text("No image is open.", "small")
        artist.seen.activate(artist.panel)
        artist.key("alt+F4")
        artist.seen.wait_for(lambda: not artist.seen.processes("sfumato"))
        artist.seen.wait_still()
        assert not artist.seen.window(MESSAGE)
        artist.key(KEYS["panel"])
        above = artist.seen.run("xprop", "-id", str(artist.panel.id), "WM_TRANSIENT_FOR")
        assert "window id" in above  # of GIMP's window, though no image is open


TWO = """
image.select_ellipse(Gimp.ChannelOps.REPLACE, 380, 300, 140, 100)
hand.lay(image, "above", bytes(4))
image.set_selected_layers(image.get_layers())
Gimp.displays_flush()
"""


@pytest.mark.long
def test_in_the_light(easel: Easel, serving: Serving, shared: Shared) -> None:
    with serving(), easel(picture(shared, "chelsea"), "(theme-color-scheme light)") as artist:
        artist.open_panel()
        artist.to_canvas()
        artist.drag(*HOLE)
        artist.write("red wool")
        artist.key("Return")
        artist.wait_layers(2)
        artist.shot("light")
        x, y, *_ = artist.panel[2:]
        assert (artist.seen.pixels()[y + 8, x + 8] > 150).all()
