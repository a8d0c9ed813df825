"""An artist's gestures, counted, on the bridge's own page, by pointer and keys; checked on the saved PNG's pixels."""

import re
from pathlib import Path

import numpy as np
import pytest
import skimage.data

from bridge.config import Config
from bridge.painter import Painter
from tests.panel.bench import Array
from tests.panel.journeys import Seat, Serving
from tests.panel.page import Artist

COFFEE = np.asarray(skimage.data.coffee())
CUP = (330, 120), (520, 260)
"""In the photograph of a coffee cup: what is in it."""
SPOON = (400, 270), (540, 372)
SIGN = (1060, 280), (1190, 950)
"""In the page's sample: a thing that one may want away."""


def apart(picture: Array, *corners: tuple[int, int]) -> Array:
    """True outside a rectangle."""
    (x0, y0), (x1, y1) = corners
    outside = np.ones(picture.shape[:2], bool)
    outside[y0:y1, x0:x1] = False
    return outside


def hue(picture: Array, *corners: tuple[int, int]) -> str:
    """Which of red, green and blue is strongest in the middle of a rectangle."""
    (x0, y0), (x1, y1) = corners
    middle = picture[(y0 + y1) // 2 - 9 : (y0 + y1) // 2 + 9, (x0 + x1) // 2 - 9 : (x0 + x1) // 2 + 9, :3]
    return ("red", "green", "blue")[int(middle.reshape(-1, 3).mean(0).argmax())]


def test_remove_in_two_and_expand_in_two(serving: Serving, seat: Seat) -> None:
    with serving("wash"), seat() as artist:
        artist.ready().open("coffee.png", COFFEE)
        states = [artist.state()]
        with artist.counted() as made:
            artist.drag(*SPOON)
            artist.press("Remove")
        assert len(made) == 2
        artist.wait_layers(2)
        artist.wait_idle()
        artist.selected("140 × 102")  # what was selected is selected
        after = artist.saved("removed")
        outside = apart(COFFEE, *SPOON)
        assert (after[outside] == COFFEE[outside]).all() and (after[~outside] != COFFEE[~outside]).any()
        artist.shot("removed")
        done = artist.state()
        artist.key("Control+z")
        states.append(artist.state())
        assert states[1][1] == states[0][1] and states[1][0].endswith(", selected 140 × 102")
        artist.key("Control+Shift+z")
        states.append(artist.state())
        assert states[-1] == done

        artist.key("Control+d")
        states.append(artist.state())
        with artist.counted() as made:
            artist.bar("Enlarge canvas")
            artist.press("Expand")
        assert len(made) == 2
        artist.wait_layers(3)
        artist.wait_idle()
        expanded = artist.saved("expanded")
        assert expanded.shape == (600, 900, 3), "nothing of it is transparent"
        assert (expanded[100:500, 150:750] == after).all()
        artist.shot("expanded")
        done = artist.state()
        artist.key("Control+z")
        states.append(artist.state())
        assert artist.saved().shape == (600, 900, 4)
        artist.key("Control+Shift+z")
        states.append(artist.state())
        assert states[-1] == done
        assert [one.name.split(" (")[0] for one in artist.layers()] == ["Expand", "Remove", "Background"]
        artist.walk(states)


def test_fill_refine_variations_and_once_more(serving: Serving, seat: Seat) -> None:
    with serving("wash"), seat() as artist:
        artist.ready().open("coffee.png", COFFEE)
        states = [artist.state()]

        with artist.counted() as made:
            artist.drag(*CUP)
            artist.write("green tea")
            artist.key("Enter")
        assert len(made) == 3
        artist.wait_layers(2)
        artist.wait_idle()
        green = artist.layers()[0].name
        assert re.fullmatch(r"Fill – green tea \(seed \d+\)", green)
        filled = artist.saved("filled")
        outside = apart(COFFEE, *CUP)
        assert (filled[outside] == COFFEE[outside]).all() and hue(filled, *CUP) == "green"
        artist.shot("filled")
        undone(artist, states)

        with artist.counted() as made:
            artist.drag(*SPOON)
            artist.slide("Strength", 0.35)
            artist.press(re.compile(r"Refine \d+ %"))
        assert len(made) == 3
        artist.wait_layers(3)
        artist.wait_idle()
        refined = artist.saved("refined")
        outside = apart(COFFEE, *SPOON)
        assert (refined[outside] == filled[outside]).all() and (refined[~outside] != filled[~outside]).any()
        artist.shot("refined")
        undone(artist, states)

        artist.slide("Strength", 0.99)
        with artist.counted() as made:
            artist.click("radio", "3 variations")
            artist.press("Fill")
            artist.wait_layers(7)  # a group and three in it
            artist.wait_idle()
            artist.shot("three variations")
            group, *three = artist.layers()[:4]
            assert group.name == "Fill – green tea" and [one.inside for one in three] == [True] * 3
            assert [one.visible for one in three] == [True, False, False]
            seeds = [int(one.name.rsplit(" ", 1)[1].strip(")")) for one in three]
            assert [one - seeds[0] for one in seeds] == [0, 1, 2]
            artist.click("option", three[1].name)  # choose
            artist.wait_visible(three[1].name)
            assert [one.visible for one in artist.layers()[1:4]] == [False, True, False]
            chosen = artist.saved("chosen")
            undone(artist, states)  # to look at another variation is no step
            artist.press("Refine")
            artist.wait_layers(11)
            artist.wait_idle()
            undone(artist, states)
            artist.write("blue glaze")
            artist.key("Enter")
        artist.wait_layers(15)
        artist.wait_idle()
        steps = [one for one in made if one not in ("Control+z", "Control+Shift+z")]
        assert len(steps) == 6
        assert artist.layers()[0].name == "Fill – blue glaze"
        glazed = artist.saved("refined by another prompt")
        assert (glazed[outside] == chosen[outside]).all() and hue(glazed, *SPOON) == "blue"
        artist.shot("refined by another prompt")
        undone(artist, states)

        with artist.counted() as made:
            artist.select_layer(green)
            artist.press("Again")
        assert len(made) == 2
        artist.wait_layers(16)
        artist.wait_idle()
        once, old = [one for one in artist.layers() if one.name.startswith("Fill – green tea (") and not one.inside]
        assert (once.visible, old.visible, old.name) == (True, False, green)
        again = artist.saved("once more")
        outside &= apart(COFFEE, *CUP)
        assert (again[outside] == COFFEE[outside]).all() and (again != glazed).any()
        artist.shot("once more")
        undone(artist, states)
        artist.walk(states)


def undone(artist: Artist, states: list[tuple[str, bytes]]) -> None:
    """One undo takes the last fill away and leaves the selection. Adds the state that it left, where that is new, and
    the state that it is in again."""
    now = artist.state()
    artist.easel.focus()
    artist.key("Control+z")
    before = artist.state()
    assert before[0] == now[0] and before[1] == states[-1][1] != now[1]
    artist.key("Control+Shift+z")
    assert artist.state() == now
    states += [now] if before == states[-1] else [before, now]


def assert_corner(artist: Artist, **wanted: str) -> None:
    """The corner says who paints on what, once that is known: a painter tells of its device as it begins."""
    corner = artist.corner()
    assert re.fullmatch(r"\d+\.\d of \d+\.\d GB free", corner.pop("Memory"))
    assert corner == wanted | {"Device": "CPU", "Queue": "empty"}


def test_a_soft_selection_is_the_layer_mask(serving: Serving, seat: Seat, home: Path) -> None:
    with serving("wash"), seat() as artist:
        artist.ready().open("coffee.png", COFFEE)
        artist.key("b")
        with artist.counted() as made:
            artist.drag((200, 200), (330, 150), (420, 260), steps=20)
            artist.write("red")
            artist.key("Enter")
        assert len(made) == 3
        artist.wait_layers(2)
        artist.wait_idle()
        artist.shot("a soft brush")
        saved = artist.saved()
        artist.delete_layer("Background")
        alone = artist.saved("a soft brush alone")
        width, height = map(int, artist.measure.split("selected ")[1].split(" × "))
        (asked,) = (home / "spool" / "regions").glob("*.mask")  # as the bridge was shown the selection
        selection = np.frombuffer(asked.read_bytes(), np.uint8).reshape(height, width)
        assert len(np.unique(selection)) > 50
        alpha = alone[..., 3]
        rows, columns = np.nonzero(alpha)
        top, left = rows.min(), columns.min()
        assert (rows.max() - top + 1, columns.max() - left + 1) == (height, width)
        assert (alpha[top : top + height, left : left + width] == selection).all()
        assert (saved[alpha == 0] == COFFEE[alpha == 0]).all()
        part = alpha[..., None] / 255
        blended = COFFEE * (1 - part) + alone[..., :3] * part
        assert np.abs(saved - blended).max() <= 0.5 + 1e-9
        artist.key("Control+z", "Control+z")
        assert (artist.saved() == COFFEE).all()


def test_a_newcomer_removes_something_from_the_sample(serving: Serving, seat: Seat) -> None:
    with serving(), seat() as artist:
        artist.ready("Built-in fill").open_sample()
        before = artist.saved()
        with artist.counted() as made:
            artist.drag(*SIGN)
            artist.press("Remove")
        assert len(made) == 2
        artist.wait_layers(2)
        artist.wait_idle()
        after = artist.saved("the sample")
        outside = apart(before, *SIGN)
        changed = (after != before).any(axis=2)
        assert not changed[outside].any() and changed[~outside].mean() > 0.9
        artist.shot("the sample")
        assert_corner(artist, Engine="Built-in fill", Model="none")


@pytest.mark.long
def test_a_real_engine(home: Path, run_bridge, art: Path, seat: Seat) -> None:
    """The journey of a fill with nothing standing in: a checkpoint, if a tiny one, and diffusers."""
    from bridge.engines.diffusion import tiny

    (art / "washes.safetensors").unlink()
    tiny.folder(art / "tiny-lcm-1step", "sd15", "inpaint")
    painters = [Painter("cpu", ["classical"]), Painter("cpu", ["diffusion"])]
    with run_bridge(home, painters, Config(port=0, models=(str(art),))), seat() as artist:
        artist.ready().open("coffee.png", COFFEE)
        artist.drag(*CUP)
        artist.click("radio", "3 variations")
        artist.write("green tea")
        artist.key("Enter")
        artist.wait_layers(5)
        artist.wait_idle()
        saved = artist.saved("by a tiny checkpoint")
        outside = apart(COFFEE, *CUP)
        assert (saved[outside] == COFFEE[outside]).all() and (saved[~outside] != COFFEE[~outside]).any()
        artist.shot("by a tiny checkpoint")
        assert_corner(artist, Engine="Diffusion", Model="Automatic")


@pytest.mark.long
def test_the_sample_models_words(home: Path, run_bridge, seat: Seat) -> None:
    """Who has no model types: what is no word of the sample is answered with those that are, and one of them paints."""
    painters = [Painter("cpu", ["classical"]), Painter("cpu", ["diffusion"])]
    with run_bridge(home, painters), seat() as artist:
        artist.ready("Sample model").open("coffee.png", COFFEE)
        artist.drag(*CUP)
        artist.write("green tea")
        artist.key("Enter")
        artist.read("The sample model knows 10 words: night, autumn,")
        artist.shot("no word of the sample model")
        artist.write("night")
        artist.read("it is not Stable Diffusion")
        artist.key("Enter")
        artist.wait_layers(2)
        artist.wait_idle()
        artist.shot("night, by the sample model")
        saved = artist.saved("night")
        outside = apart(COFFEE, *CUP)
        assert (saved[outside] == COFFEE[outside]).all()
        assert saved[~outside].mean() < 0.7 * COFFEE[~outside].mean()
        assert_corner(artist, Engine="Diffusion", Model="Automatic")
