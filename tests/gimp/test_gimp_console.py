"""GIMP without windows: what goes in, what comes out, and what is said when it fails."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.gimp.console import Console, Shared


def test_a_document_is_painted_saved_and_found_again(console: Console, shared: Shared) -> None:
    path = shared.folder / "painted.xcf"
    before, after = console(
        """
        image = hand.new(*size)
        below = hand.lay(image, "below", colour)
        above = hand.lay(image, "above", bytes([0, 0, 0, 0]), (8, 8, 40, 40))
        before = hand.digest(image)
        Gimp.context_set_brush_size(10)
        assert Gimp.pencil(above, [10, 10, 30, 30])
        answer = before, hand.digest(image)
        hand.save(image, path)
        """,
        size=[64, 48],
        colour=bytes([200, 100, 50, 255]),
        path=path,
    )
    assert before != after
    layers, again = console("image = hand.load(path); answer = hand.stack(image), hand.digest(image)", path=path)
    assert again == after
    assert [(layer["name"], layer["box"]) for layer in layers] == [("above", [8, 8, 40, 40]), ("below", [0, 0, 64, 48])]


def test_what_a_driver_raises_is_told_with_its_line(console: Console) -> None:
    with pytest.raises(AssertionError, match=r"(?s)line 3.*ZeroDivisionError.*GIMP said:"):
        console("one = 1\n\nanswer = one / 0")


def test_runs_side_by_side_do_not_meet(console: Console) -> None:
    with ThreadPoolExecutor() as pool:
        texts = ["answer = k, len(Gimp.get_images()), hand.new(9, 9).get_id()"] * 3
        told = list(pool.map(lambda k: console(texts[k], k=k), range(3)))
    assert told == [[k, 0, 1] for k in range(3)]
