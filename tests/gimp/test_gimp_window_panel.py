"""The panel as a window among windows, typed into and looked for; and the entries of the menu, never greyed out."""

import json
from typing import Any

import pytest

from tests.gimp.artist import KEYS, PANEL, Artist, picture, remembered
from tests.gimp.console import Shared
from tests.gimp.journeys import Easel, Serving

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
        artist.open_panel()
        panel = artist.panel
        main = artist.seen.wait_window("– GIMP")
        above = artist.seen.run("xprop", "-id", str(panel.id), "WM_TRANSIENT_FOR")
        assert int(above.split("#")[1], 16) in _tree(artist, main.id)
        artist.seen.move_window(panel, 700, 200, 400, 560)
        artist.seen.wait_for(lambda: artist.panel.width == 400)
        moved = artist.panel
        artist.seen.activate(moved)
        artist.key("alt+F4")
        artist.seen.wait_for(lambda: not artist.seen.processes("sfumato"))
        assert artist.seen.window("– GIMP")

        artist.to_canvas()
        artist.key(KEYS["panel"])
        artist.seen.wait_for(lambda: artist.panel[2:] == moved[2:], what=f"the panel is not at {moved} again")
        artist.wait_text("[chelsea]")
        artist.to_canvas()
        artist.key(KEYS["panel"])
        artist.seen.wait_for(lambda: artist.active() == PANEL)
        assert len(artist.seen.processes("sfumato")) == 1

        other = artist.seen.ask(SECOND, path=picture(shared, "rocket"))
        artist.seen.wait_window("[rocket]")
        artist.to_canvas()
        artist.key(KEYS["panel"])
        artist.wait_text("[rocket]")
        artist.seen.ask(SELECT, id=other)
        artist.key("ctrl+Return")
        artist.seen.wait_for(lambda: artist.seen.ask("len(Gimp.Image.get_by_id(id).get_layers())", id=other) == 2)
        assert len(artist.names()) == 1
        assert len(artist.seen.processes("sfumato")) == 1 and not artist.seen.window("Message")


SELECT = """
Gimp.Image.get_by_id(id).select_ellipse(Gimp.ChannelOps.REPLACE, 100, 100, 80, 60)
Gimp.displays_flush()
"""


def _tree(artist: Artist, window: int) -> list[int]:
    """The windows that GIMP may mean by its main window: it, and what lies in it."""
    lines = artist.seen.run("xwininfo", "-id", str(window), "-tree").splitlines()
    return [window, *(int(word, 16) for line in lines for word in line.split()[:1] if word.startswith("0x"))]


def test_what_is_typed(easel: Easel, serving: Serving, shared: Shared) -> None:
    with serving(), easel(picture(shared, "chelsea")) as artist:
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
        artist.seen.wait_for(lambda: fields(shared).get("prompt") == "one\ntwo")
        assert len(artist.names()) == 3
        artist.shot("two lines")
        artist.seen.key("alt+o")
        artist.wait_text("Guidance")
        artist.shot("more")
        artist.seen.key("Escape", "Escape")
        assert artist.seen.window(PANEL)


def test_found_by_what_it_does(easel: Easel, serving: Serving, shared: Shared) -> None:
    with serving(), easel(picture(shared, "chelsea")) as artist:
        for word, label in (
            ("img2img", "Open Panel"),
            ("inpaint", "Remove Selection"),
            ("heal", "Remove Selection"),
            ("outpaint", "Expand"),
        ):
            artist.to_canvas()
            artist.seen.key("slash")
            search = artist.seen.wait_window("Search Actions")
            artist.seen.activate(search)
            artist.seen.type(word)
            artist.wait_text(label, where="Search Actions")
            artist.shot(f"found by {word}")
            artist.seen.key("Escape")
            artist.seen.wait_for(lambda: not artist.seen.window("Search Actions"))


@pytest.mark.parametrize("closed", [True, False], ids=["closed", "open"])
def test_nothing_is_greyed_and_everything_is_said(easel: Easel, serving: Serving, shared: Shared, closed: bool) -> None:
    where = "GIMP Message" if closed else PANEL

    def says(artist: Artist, text: str) -> None:
        artist.wait_text(text, where=where)
        if closed:
            artist.shot(text.split(":")[0])
            artist.seen.activate(artist.seen.wait_window(where))
            artist.seen.key("Return")
            artist.seen.wait_for(lambda: not artist.seen.window(where))
        artist.to_canvas()

    remembered(shared, sample="below")
    with serving(), easel() as artist:
        if not closed:
            artist.open_panel()
            artist.to_canvas()
        artist.key(KEYS["remove"])
        says(artist, "No image is open")
        artist.seen.ask(SECOND, path=picture(shared, "chelsea"))
        artist.seen.wait_window("[chelsea]")
        artist.to_canvas()
        artist.key(KEYS["remove"])
        says(artist, "Nothing is selected: select what to remove.")
        artist.seen.ask("image.select_ellipse(Gimp.ChannelOps.REPLACE, 380, 300, 140, 100)")
        artist.seen.ask(TWO)
        artist.key(KEYS["remove"])
        says(artist, "Several layers are selected, or none")
        artist.seen.ask("Gimp.Selection.float(image, image.get_layers()[:1], 9, 9)")
        artist.key(KEYS["remove"])
        says(artist, "A floating selection is open")
        artist.seen.ask("Gimp.floating_sel_anchor(image.get_floating_sel())")
        artist.key(KEYS["remove"])
        artist.wait_layers(3)


TWO = """
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
