"""What goes wrong while something is painted, through the real window: nothing is lost, and nothing is in the way."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bridge import home
from bridge.repertoire import installed
from tests.gimp.artist import KEYS, PANEL, Artist, picture, remembered
from tests.gimp.console import Shared
from tests.gimp.journeys import Easel, Serving

NOSE = (380, 300), (520, 400)
"""In the photograph of a cat."""
PAINTING = "Painting 4 of 8"
"""What the patient painter does until it may go on."""
BAR = 200, 850, 1000, 50
"""On the screen: the bar below GIMP's canvas."""
ALONE = "Sample model" if installed() else "Built-in fill"
"""Who paints where the artist has no model."""
STROKE = (100, 500), (300, 500), (300, 560)


def begin(artist: Artist, prompt: str = "red") -> None:
    """Fill by the panel, and see that it is under way."""
    artist.write(prompt)
    artist.key("Return")
    artist.wait_text(PAINTING, "small")


def test_painted_on_and_cancelled_while_it_paints(easel: Easel, serving: Serving, shared: Shared, gate: Path) -> None:
    with serving("patient"), easel(picture(shared, "chelsea")) as artist:
        artist.open_panel()
        states = [artist.state()]
        artist.to_canvas()
        artist.drag(*NOSE)
        states.append(artist.wait_change(states[-1]))

        begin(artist)
        artist.shot("painting")
        artist.key("Escape")
        artist.wait_gone(PAINTING, "small")
        artist.key("Escape")
        assert artist.seen.window(PANEL)
        begin(artist)
        artist.to_canvas()
        artist.key(KEYS["cancel"])
        artist.wait_gone(PAINTING, "small")
        assert artist.state() == states[-1] and len(artist.names()) == 1

        begin(artist)
        artist.to_canvas()
        artist.seen.key("ctrl+shift+a", "n")
        states.append(artist.wait_change(states[-1]))
        before = artist.seen.wait_still()
        artist.drag(*STROKE)
        x, y = artist.canvas.at(200, 500)
        artist.seen.wait_for(lambda: (artist.seen.pixels()[y, x] == 0).all(), what="the stroke is not seen")
        assert (before[y, x] != 0).any()
        states.append(artist.wait_change(states[-1]))
        artist.write("a thought for later")  # the panel is usable meanwhile
        artist.wait_text("a thought for later")
        assert artist.reads(PAINTING, "small")
        artist.shot("a stroke while it paints")
        artist.to_canvas()
        gate.touch()
        artist.wait_layers(2)
        artist.wait_gone(PAINTING, "small")
        states.append(artist.state())
        assert artist.seen.ask("[one.get_name() for one in image.get_selected_layers()]") == ["chelsea.ppm"]
        artist.drag((500, 560), (700, 560))
        states.append(artist.wait_change(states[-1]))
        artist.walk(states)


def test_one_shots_are_cancelled_and_a_closed_image_costs_nothing(
    easel: Easel, serving: Serving, shared: Shared, gate: Path
) -> None:
    remembered(shared, prompt="red")
    with serving("patient"), easel(picture(shared, "chelsea")) as artist:
        artist.drag(*NOSE)
        before = artist.state()
        artist.key(KEYS["again"])
        artist.seen.wait_for(lambda: artist.find(PAINTING, "smaller", BAR))
        artist.shot("one shot")
        artist.key(KEYS["cancel"])
        artist.seen.wait_for(lambda: not artist.seen.processes("sfumato"))
        assert artist.state() == before and len(artist.names()) == 1

        artist.open_panel()
        begin(artist)
        artist.to_canvas()
        artist.key("ctrl+w")
        artist.seen.wait_for(lambda: len(artist.seen.windows()) == 3)
        artist.key("ctrl+d")  # discard
        artist.seen.wait_for(lambda: artist.seen.ask("image is None"))
        gate.touch()
        artist.press("Open as a new image")
        artist.seen.wait_window("[Untitled]")
        artist.wait_text("[Untitled]", "small")  # the panel has turned to it
        artist.shot("opened as a new image")
        assert artist.names()[0].startswith("Fill – red")
        assert not artist.seen.window("Message")


def test_gimp_killed_while_it_paints(easel: Easel, serving: Serving, shared: Shared, gate: Path) -> None:
    path = picture(shared, "chelsea")
    with serving("patient"):
        with easel(path) as artist:
            artist.open_panel()
            artist.to_canvas()
            artist.drag(*NOSE)
            begin(artist)
            artist.seen.kill("gimp")
        gate.touch()
        with easel(path) as artist:
            artist.open_panel()
            artist.wait_text("A fill of this image was finished")
            artist.shot("offered after a crash")
            artist.press("Insert")
            artist.wait_layers(2)
            layer, _ = artist.layers()
            assert layer["box"][:2] == [380, 300] and layer["mask"]


@contextmanager
def bridge_process(shared: Shared) -> Iterator[subprocess.Popen[bytes]]:
    """A bridge as a program of its own."""
    with (shared.folder / "bridge.log").open("ab") as log:
        argv = [sys.executable, "-m", "bridge.cli", "serve", "--port", "0"]
        running = subprocess.Popen(argv, stdout=log, stderr=log, env={**os.environ, "OMP_NUM_THREADS": "1"})
        try:
            while not ((found := home.discover(shared.home)) and found.pid == running.pid):
                assert running.poll() is None, (shared.folder / "bridge.log").read_text("utf-8")
                time.sleep(0.05)
            yield running
        finally:
            running.kill()
            running.wait()


def test_a_bridge_killed_and_started_again(easel: Easel, shared: Shared) -> None:
    with easel(picture(shared, "chelsea")) as artist:
        with bridge_process(shared) as running:
            artist.open_panel(ALONE)
            running.send_signal(signal.SIGKILL)
            artist.wait_text("The bridge is away", "small")
            artist.shot("the bridge is away")
        with bridge_process(shared):
            artist.wait_text(ALONE, "small")
            artist.to_canvas()
            artist.drag(*NOSE)
            artist.key(KEYS["remove"])
            artist.wait_layers(2)
