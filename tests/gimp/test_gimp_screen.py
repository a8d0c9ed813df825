"""GIMP with windows: the hands and eyes that journeys through the window need."""

import numpy as np
import pytest
from PIL import Image

from tests.gimp.console import Shared
from tests.pictures import soft


def test_a_stroke_is_drawn_undone_and_nothing_is_left(screen, shared: Shared) -> None:
    picture = shared.folder / "soft.ppm"
    Image.fromarray(soft(300, 400, 3)).save(picture)
    with screen(picture) as seen:
        whole = seen.ask("hand.digest(image.get_layers()[0])")
        canvas = seen.canvas()
        assert seen.ask("image.is_dirty(), [layer['name'] for layer in hand.stack(image)]") == [False, ["soft.ppm"]]
        seen.key("n")
        seen.drag([canvas.at(100, 100), canvas.at(300, 100), canvas.at(300, 200)])
        seen.wait_for(lambda: seen.ask("hand.digest(image.get_layers()[0])") != whole)
        shot = shared.folder / "stroke.png"
        seen.screenshot(shot)
        painted = np.frombuffer(seen.ask("hand.merged(image)"), np.uint8).reshape(300, 400, 4)
        assert (painted[[100, 100, 190], [110, 290, 300], :3] == 0).all()
        with Image.open(shot) as picture_of_it:
            assert picture_of_it.convert("RGB").getpixel(canvas.at(200, 100)) == (0, 0, 0)
        seen.key("ctrl+z")
        seen.wait_for(lambda: seen.ask("hand.digest(image.get_layers()[0])") == whole)
        seen.action("Invert Linear")
        seen.wait_for(lambda: seen.ask("hand.digest(image)") != whole)
        with pytest.raises(AssertionError, match=r"(?s)no window 'Nothing' within 0.1 s; see .*missed.png.*GIMP said"):
            seen.wait_window("Nothing", 0.1)
        with pytest.raises(AssertionError, match="ZeroDivisionError"):
            seen.ask("1 / 0")
        assert len(seen.processes("eyes")) == 1
        assert seen.memory("gimp") > 50 << 20
        seen.kill("gimp")
        with pytest.raises(AssertionError, match="GIMP is gone"):
            seen.ask("1")
