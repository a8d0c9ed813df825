"""The pictures of docs/gimp.md and of the README, made as an artist would; SFUMATO_SHOTS names where they go."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from bridge.config import Config
from bridge.painter import Painter
from bridge.server import Bridge
from tests.gimp.artist import KEYS, picture, remembered
from tests.gimp.console import Shared
from tests.gimp.journeys import Easel

pytestmark = pytest.mark.long

SPOON = (470, 345), (640, 500)
COFFEE = (330, 150), (590, 300)
SEED = 1744167669
"""The same seed, the same picture."""


def test_the_built_in_fill_removes_and_varies(
    easel: Easel, run_bridge: Callable[..., AbstractContextManager[Bridge]], shared: Shared
) -> None:
    remembered(shared, seed=SEED, locked=True)
    with (
        run_bridge(shared.home, [Painter("cpu", ["classical"])], Config(port=0)),
        easel(picture(shared, "coffee")) as artist,
    ):
        artist.open_panel("Built-in fill")
        artist.to_canvas()
        artist.drag(*COFFEE)
        artist.key(KEYS["remove"])
        artist.wait_layers(2)
        artist.drag(*SPOON)
        artist.shot("selected")
        artist.key(KEYS["remove"])
        artist.wait_layers(3)
        artist.to_canvas()
        artist.shot("removed")
        assert all(name.startswith(f"Remove (seed {SEED})") for name in artist.names()[:2])  # GIMP numbers the second


def test_three_variations_lie_in_a_group(
    easel: Easel, run_bridge: Callable[..., AbstractContextManager[Bridge]], shared: Shared
) -> None:
    remembered(shared, count=3, seed=SEED, locked=True)
    with (
        run_bridge(shared.home, [Painter("cpu", ["classical"])], Config(port=0)),
        easel(picture(shared, "coffee"), "(theme-color-scheme light)") as artist,
    ):
        artist.open_panel("Built-in fill")
        artist.to_canvas()
        artist.drag(*SPOON)
        artist.key(KEYS["remove"])
        artist.wait_layers(2)
        artist.seen.wait_for(lambda: len(artist.layers()[0]["layers"]) == 3, what="there are not three variations")
        artist.shot("three variations, light")
        variations = artist.layers()[0]["layers"]
        assert [one["visible"] for one in variations] == [True, False, False]
        assert len({one["pixels"] for one in variations}) == 3
        artist.press("More")
        artist.shot("more, light")
