"""An artist's gestures, counted, through the real window, by keys and pointer; checked on the saved XCF's pixels."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bridge.config import Config
from bridge.painter import Painter
from tests.gimp.artist import KEYS, Artist, picture
from tests.gimp.console import Console, Shared
from tests.gimp.journeys import Easel, Serving
from tests.gimp.screen import MAIN

CUP = (330, 150), (590, 300)
"""In the photograph of a coffee cup: what is in it."""
SPOON = (470, 345), (640, 500)


def merged(artist: Artist) -> np.ndarray:
    """What is seen of the document: rows of RGBA."""
    width, height, pixels = artist.seen.ask("image.get_width(), image.get_height(), hand.merged(image)")
    return np.frombuffer(pixels, np.uint8).reshape(height, width, 4)


def coverage(artist: Artist) -> np.ndarray:
    """The selection, as rows of the whole canvas."""
    text = "image.get_width(), image.get_height(), hand.pixels(image.get_selection(), form='Y u8')"
    width, height, pixels = artist.seen.ask(text)
    return np.frombuffer(pixels, np.uint8).reshape(height, width)


def saved(console: Console, path: Path) -> tuple[str, list[dict[str, Any]]]:
    """What a file looks like in another GIMP, and its layers."""
    look, layers = console("image = hand.load(path); answer = hand.digest(image), hand.stack(image)", path=path)
    return look, layers


def test_remove_in_two_and_expand_in_two(easel: Easel, serving: Serving, shared: Shared, console: Console) -> None:
    with serving(), easel(picture(shared, "coffee")) as artist:
        states = [artist.state()]
        before = merged(artist)
        with artist.counted() as made:  # the panel is closed
            artist.drag(*SPOON)
            states.append(artist.wait_change(states[-1]))
            artist.key(KEYS["remove"])
        assert len(made) == 2
        artist.wait_layers(2)
        states.append(artist.state())
        assert states[-1][1] == states[-2][1]  # what was selected is selected
        outside = coverage(artist) == 0
        after = merged(artist)
        assert (after[outside] == before[outside]).all() and (after[~outside] != before[~outside]).any()
        assert artist.seen.ask(MASKED)
        artist.shot("removed by a key")

        artist.open_panel()
        artist.to_canvas()
        with artist.counted() as made:  # the panel is open: it does what the key says
            artist.drag(*CUP)
            states.append(artist.wait_change(states[-1]))
            artist.key(KEYS["remove"])
        assert len(made) == 2
        artist.wait_layers(3)
        states.append(artist.state())
        artist.shot("removed with the panel open")

        artist.seen.key("ctrl+shift+a")
        states.append(artist.wait_change(states[-1]))
        artist.seen.ask("image.resize(image.get_width() + 240, image.get_height(), 0, 0)")
        states.append(artist.wait_change(states[-1]))
        with artist.counted() as made:
            made.append("the canvas was enlarged")
            artist.key(KEYS["expand"])
        assert len(made) == 2
        artist.wait_layers(4)
        states.append(artist.state())
        assert (merged(artist)[..., 3] == 255).all()
        artist.seen.key("ctrl+shift+j")
        artist.shot("expanded")
        path = artist.save("removed")
        artist.walk(states)
    look, layers = saved(console, path)
    assert look == states[-1][0]
    assert [layer["name"].split(" (")[0] for layer in layers] == ["Expand", "Remove", "Remove", "coffee.ppm"]


MASKED = """
_, x, y = image.get_layers()[0].get_offsets()
mask = image.get_layers()[0].get_mask()
box = x, y, mask.get_width(), mask.get_height()
answer = hand.pixels(mask, form="Y u8") == hand.pixels(image.get_selection(), box, "Y u8")
"""


def test_fill_refine_variations_and_next_week(easel: Easel, serving: Serving, shared: Shared, console: Console) -> None:
    with serving(), easel(picture(shared, "coffee")) as artist:
        artist.open_panel()
        artist.shot("panel idle")
        states = [artist.state()]

        with artist.counted() as made:
            artist.drag(*CUP)
            states.append(artist.wait_change(states[-1]))
            artist.write("green tea")
            artist.key("Return")
        assert len(made) == 3
        artist.wait_layers(2)
        artist.seen.wait_for(lambda: MAIN in artist.active(), what="the canvas has not got the keyboard back")
        states.append(artist.state())
        assert artist.names()[0].startswith("Fill – green tea (seed ")
        artist.shot("filled")

        with artist.counted() as made:
            artist.drag(*SPOON)
            states.append(artist.wait_change(states[-1]))
            artist.click(_strength(artist, 0.35))
            artist.key("Return")
        assert len(made) == 3
        artist.wait_layers(3)
        states.append(artist.state())
        artist.shot("refined")

        artist.click(_strength(artist, 0.9))
        artist.seen.key("End")
        artist.wait_text("Fill", "bold")
        with artist.counted() as made:
            artist.click(_count(artist, 3))
            artist.key("Return")
            artist.wait_layers(4)
            artist.seen.wait_for(lambda: len(artist.layers()[0]["layers"]) == 3)
            states.append(artist.state())
            artist.shot("three variations")
            artist.click(_tile(artist, 1))  # choose
            artist.seen.wait_for(
                lambda: [one["visible"] for one in artist.layers()[0]["layers"]] == [False, True, False]
            )
            chosen = artist.state()
            artist.press("Refine")
            artist.wait_layers(5)
            states[-1] = chosen  # to look at another variation is no step
            artist.seen.wait_for(lambda: len(artist.layers()[0]["layers"]) == 3)
            states.append(artist.state())
            artist.write("blue glaze")
            artist.key("Return")
        assert len(made) == 6
        artist.wait_layers(6)
        artist.seen.wait_for(lambda: len(artist.layers()[0]["layers"]) == 3)
        artist.shot("refined by another prompt")
        path = artist.save("filled")
        states.append(artist.state())
        artist.walk(states)
    look, _ = saved(console, path)
    assert look == states[-1][0]

    with serving(), easel(path) as artist:  # next week: another GIMP, another bridge
        before = artist.layers()
        with artist.counted() as made:
            artist.key("Prior")  # Page Up: the layer above the photograph
            artist.key(KEYS["again"])
        assert len(made) == 2
        _wait_shown(artist, [True, False])
        after = artist.layers()
        (old,) = (k for k, one in enumerate(after) if one["name"].startswith("Fill – green tea") and not one["visible"])
        assert after[old - 1]["visible"] and after[old - 1]["name"].startswith("Fill – green tea")
        assert after[old - 1]["box"] == after[old]["box"] and after[old - 1]["mask"] == after[old]["mask"]
        assert after[old - 1]["pixels"] != after[old]["pixels"]
        artist.shot("once more next week")
        once = artist.state()
        artist.key(KEYS["again"])
        _wait_shown(artist, [True, False, False])
        artist.seen.key("ctrl+z")
        artist.wait_state(once, "undone, the second one is still there")
        artist.seen.key("ctrl+z")
        artist.seen.wait_for(lambda: artist.layers() == before)


def _wait_shown(artist: Artist, shown: list[bool]) -> None:
    """Wait until there are so many layers of green tea that are no variations, seen or not."""
    text = "[one.get_visible() for one in image.get_layers() if one.get_name().startswith('Fill – green tea (seed ')]"
    artist.seen.wait_for(lambda: artist.seen.ask(text) == shown, what=f"the layers of green tea are not {shown}")


def _strength(artist: Artist, share: float) -> tuple[int, int]:
    """Where the slider is at this share of its way."""
    x, y = artist.wait_text("Strength")
    left, right = x + 45, artist.panel.x + artist.panel.width - 70
    return round(left + (right - left) * share), y


def _count(artist: Artist, count: int) -> tuple[int, int]:
    """Where the button for so many variations is."""
    x, y = artist.wait_text("Variations")
    panel = artist.panel
    at = artist.find(str(count), box=(x + 40, y - 10, panel.x + panel.width - x - 40, 20))
    assert at
    return at


def _tile(artist: Artist, index: int) -> tuple[int, int]:
    """Where the thumbnail of a variation is: it has the colour of its layer."""
    layer = artist.layers()[0]["layers"][index]
    text = "hand.pixels(hand.find(image, name), (w // 2, h // 2, 1, 1))[:3]"
    colour = artist.seen.ask(text, name=layer["name"], w=layer["box"][2], h=layer["box"][3])
    return artist.colour_at(list(colour), artist.panel[2:])


@pytest.mark.long
def test_a_real_engine(easel: Easel, run_bridge, shared: Shared) -> None:
    """The journey of a fill with nothing standing in: a checkpoint, if a tiny one, and diffusers."""
    from bridge.engines.diffusion import tiny

    tiny.folder(shared.folder / "art" / "tiny-lcm-1step", "sd15", "inpaint")
    painters = [Painter("cpu", ["classical"]), Painter("cpu", ["diffusion"])]
    bridge = run_bridge(shared.home, painters, Config(port=0, models=(str(shared.folder / "art"),)))
    with bridge, easel(picture(shared, "coffee")) as artist:
        artist.open_panel()
        artist.to_canvas()
        artist.drag(*CUP)
        artist.write("green tea")
        artist.key("Return")
        artist.wait_layers(2, 90)
        (layer, _) = artist.layers()
        assert layer["name"].startswith("Fill – green tea (seed ")
        assert b"diffusers" in bytes(layer["parasites"]["sfumato-layer"])
        artist.shot("filled by a tiny checkpoint")


@pytest.mark.long
def test_the_sample_models_words(easel: Easel, run_bridge, shared: Shared) -> None:
    """Who has no model types: what is no word of the sample is answered with those that are, and one of them paints."""
    painters = [Painter("cpu", ["classical"]), Painter("cpu", ["diffusion"])]
    with run_bridge(shared.home, painters, Config(port=0)), easel(picture(shared, "coffee")) as artist:
        artist.open_panel("Sample model")
        artist.to_canvas()
        artist.drag(*CUP)
        artist.write("green tea")
        artist.key("Return")
        artist.wait_text("The sample model knows 10 words")
        artist.shot("no word of the sample model")
        artist.write("night")
        artist.key("Return")
        artist.wait_layers(2, 90)
        (layer, _) = artist.layers()
        assert layer["name"].startswith("Fill – night (seed ")
        artist.shot("night, by the sample model")
