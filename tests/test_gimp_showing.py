"""States in words."""

import pytest

from bridge.protocol.messages import Progress
from gimp_plugin import showing
from tests.test_gimp_gestures import SCENE


@pytest.mark.parametrize(
    ("phase", "step", "steps", "left", "words"),
    [
        ("queued", 0, 0, None, "Waits"),
        ("loading", 0, 0, None, "Loading the model"),
        ("painting", 12, 30, 4.2, "Painting 12 of 30, about 4 s left"),
        ("painting", 0, 1, 0.4, "Painting"),
        ("finishing", 1, 1, None, "Finishing the edge"),
        ("something new", 1, 1, 61.0, "something new, about 61 s left"),
    ],
)
def test_what_is_being_done(phase, step, steps, left, words) -> None:
    assert showing.doing(Progress("j", phase, step, steps, left)) == words


def test_nothing_is_asked_of_an_image_that_is_fine() -> None:
    assert showing.questions(SCENE, False) == []
    assert showing.questions(None, True) == []
    assert showing.questions(SCENE, True) == [showing.EDITING]
