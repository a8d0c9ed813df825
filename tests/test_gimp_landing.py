"""Where a layer lands when the image is another one than was filled: moved, cropped, closed, busy, or there already."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from bridge.client import Client, Event
from bridge.protocol.values import Box
from gimp_plugin.recall import Memory
from tests.pictured import Board, Sheet
from tests.seats import ABOUT, Seat, Told, quick

SELECTION = Box(60, 50, 40, 30)


@pytest.fixture(scope="module")
def gate(tmp_path_factory) -> Path:
    """The second variation of every fill is held until this file appears."""
    return tmp_path_factory.mktemp("gate") / "gate"


@pytest.fixture(scope="module")
def folder(tmp_path_factory, run_bridge, gate) -> Iterator[Path]:
    """The folder of a bridge that fills at once."""
    folder = tmp_path_factory.mktemp("home")
    with run_bridge(folder, [quick(gate)]):
        yield folder


@pytest.fixture
def seat(folder, gate, tmp_path) -> Iterator[Seat]:
    """A panel whose fill has been read and has not landed."""
    gate.touch()
    board = Board()
    board.select(SELECTION)
    seat = Seat(folder, board, keep=tmp_path).ready()
    seat.guest.remove()
    seat.until(lambda: "read" in board.asked)
    yield seat
    gate.touch()
    seat.done()
    seat.close()
    assert not news(seat)


def news(seat: Seat) -> list[str]:
    """The fills of this image that the bridge still keeps for somebody."""
    client = Client(ABOUT, seat.folder, start=False)
    found = [str(one["job"]) for one in client.jobs() if one["tag"] == object.__getattribute__(seat.boards[0], "_tag")]
    client.close()
    return found


def boxes(board: Board) -> list[Box]:
    return [one.box for one in board.ours()]


def test_a_canvas_that_grew_to_the_left_moves_the_layer(seat) -> None:
    seat.boards[0].resize(200, 150, 30, 20)
    seat.done()
    assert boxes(seat.boards[0]) == [SELECTION.moved(30, 20)]
    assert Memory.from_bytes(seat.boards[0].ours()[0].memory).box == SELECTION


def test_a_canvas_that_was_cropped_beside_a_layer_that_stayed_whole_moves_the_layer(seat) -> None:
    board = seat.boards[0]
    board.layers.insert(0, Sheet("Small", 50, 40, np.ones((9, 9, 4))))
    seat.until(lambda: seat.landed)
    seat.done()
    board.delete(board.ours()[0].tattoo)
    seat.guest.remove()
    seat.until(lambda: board.asked.count("read") > 1)
    board.crop(Box(40, 30, 100, 80))
    seat.done()
    assert boxes(board) == [SELECTION.moved(-40, -30)]


def test_a_canvas_that_was_cropped_through_every_layer_is_asked_about(seat) -> None:
    board = seat.boards[0]
    board.crop(Box(40, 30, 100, 80))
    key = seat.offer("The canvas was 160 × 120 px and is 100 × 80 px now: 1 finished layer may not fit")
    assert board.ours() == []
    seat.guest.answer(key, "insert")
    seat.done()
    assert boxes(board) == [SELECTION] and not seat.view.offers


def test_or_it_is_opened_as_an_image_of_its_own(seat) -> None:
    seat.boards[0].crop(Box(40, 30, 100, 80))
    seat.guest.answer(seat.offer("The canvas was"), "open")
    seat.done()
    (opened,) = seat.opened
    assert (opened.width, opened.height, boxes(seat.boards[0]), seat.view.offers) == (40, 30, [], ())


@pytest.mark.parametrize("answer", ["open", "discard"])
def test_an_image_that_was_closed_leaves_its_layers_to_the_artist(seat, answer) -> None:
    seat.boards[0].closed = True
    key = seat.offer("1 finished layer waits: the image was closed.")
    settled = list(seat.told.settled)
    seat.guest.answer(key, answer)
    seat.done()
    assert len(seat.opened) == (answer == "open")
    state = "inserted" if answer == "open" else "discarded"
    assert ("layer", state) in seat.told.settled and ("layer", state) not in settled
    assert not seat.view.offers


def test_a_question_about_a_closed_image_is_asked_wherever_the_artist_is(seat) -> None:
    other = Board()
    seat.boards.append(other)
    seat.boards[0].closed = True
    seat.guest.turn_to(other)
    seat.guest.answer(seat.offer("was closed"), "discard")


def test_a_question_about_an_open_image_waits_until_the_artist_is_there(seat) -> None:
    board, other = seat.boards[0], Board()
    seat.boards.append(other)
    board.floating = True
    seat.guest.turn_to(other)
    seat.until(lambda: seat.guest.idle)
    assert not seat.view.offers
    seat.guest.turn_to(board)
    assert len(seat.view.offers) == 1
    board.floating = False
    seat.until(lambda: board.ours())


def test_a_floating_selection_holds_the_layer_until_it_is_anchored(seat) -> None:
    board = seat.boards[0]
    board.floating = True
    seat.offer("1 finished layer waits. A floating selection is open.")
    assert board.ours() == [] and "A floating selection is open." in seat.guest.error
    board.floating = False
    seat.until(lambda: board.ours())
    assert boxes(board) == [SELECTION]
    assert not seat.view.offers and seat.guest.error == ""


def test_an_image_that_became_indexed_holds_the_layer_and_is_offered_conversion(seat) -> None:
    board = seat.boards[0]
    board.kind = "indexed"
    seat.offer("1 finished layer waits. An indexed image has no room")
    seat.guest.answer(seat.offer("Convert it to RGB?"), "convert")
    seat.until(lambda: board.ours())


class Mute(Told):
    """A client that acknowledges nothing: what it was given comes again."""

    def settle(self, event: Event, state: str = "inserted") -> None:
        self.settled.append((event.message.t, state))


@pytest.mark.parametrize("undone", [False, True])
def test_a_layer_that_comes_again_is_acknowledged_and_not_doubled(home, run_bridge, tmp_path, undone) -> None:
    board = Board()
    board.select(SELECTION)
    with run_bridge(home, [quick()]):
        seat = Seat(home, board, keep=tmp_path, client=Mute).ready()
        seat.guest.remove()
        seat.until(lambda: board.ours() and seat.guest.idle)
        if undone:  # what the artist took back does not come back by itself
            board.delete(board.ours()[0].tattoo)
        job = seat.told.fills[0]["job"]
        seat.line.do(lambda client: client.adopt(job))
        seat.until(lambda: seat.told.settled.count(("layer", "inserted")) == 2)
        seat.done()
        assert len(board.ours()) == (not undone)
        seat.close()


def test_an_editor_that_fails_loses_nothing(seat) -> None:
    board = seat.boards[0]
    board.fault = RuntimeError("no memory for a layer")
    key = seat.offer("1 finished layer could not be inserted (RuntimeError: no memory for a layer).")
    asked = board.asked.count("insert")
    for _ in range(3):
        seat.turn()
    assert board.asked.count("insert") == asked == 1, "it is not tried again and again"
    seat.guest.answer(key, "insert")
    assert seat.view.offers and board.asked.count("insert") == 2
    board.fault = None
    board.resize(200, 150, 30, 20)
    seat.guest.answer(key, "insert")
    seat.done()
    assert boxes(board) == [SELECTION.moved(30, 20)] and not seat.view.offers


def test_focus_goes_back_only_for_a_layer_that_was_inserted(seat) -> None:
    seat.boards[0].floating = True
    seat.offer("waits")
    assert seat.landed == 0
    seat.boards[0].floating = False
    seat.until(lambda: seat.landed == 1)


@pytest.fixture
def slow(folder, gate, tmp_path) -> Iterator[Seat]:
    """A panel whose fill has three variations, of which the first has landed."""
    gate.unlink(missing_ok=True)
    board = Board()
    board.select(SELECTION)
    seat = Seat(folder, board, keep=tmp_path).ready()
    seat.edit(count=3)
    seat.guest.remove()
    seat.until(lambda: seat.landed == 1)
    yield seat
    gate.touch()
    seat.done()
    seat.close()
    assert not news(seat)


def test_an_answer_counts_for_the_variations_to_come(slow, gate) -> None:
    slow.boards[0].closed = True
    gate.touch()
    slow.guest.answer(slow.offer("was closed"), "open")
    slow.done()
    assert len(slow.opened) == 2 and not slow.view.offers


def test_to_discard_what_has_come_stops_what_has_not(slow, gate) -> None:
    board, second = slow.boards[0], gate.with_name("gate-1")
    board.floating = True
    second.touch()
    slow.guest.answer(slow.offer("1 finished layer waits"), "discard")
    slow.done()
    second.unlink()
    board.floating = False
    assert slow.told.cancelled == [one["job"] for one in slow.told.fills]
    assert slow.told.settled == [("layer", "inserted"), ("layer", "discarded"), ("done", "inserted")]
    assert len(board.ours()) == 1 and not slow.view.offers


def test_a_fault_that_is_over_is_forgotten(slow, gate) -> None:
    board, second = slow.boards[0], gate.with_name("gate-1")
    board.fault = RuntimeError("no memory for a layer")
    second.touch()
    key = slow.offer("could not be inserted")
    second.unlink()
    board.fault, board.floating = None, True
    slow.guest.answer(key, "insert")
    gate.touch()
    slow.offer("2 finished layers wait.")
    board.floating = False
    slow.until(lambda: len(board.ours()) == 3)


def test_a_canvas_that_grows_between_two_variations_keeps_them_together(slow, gate) -> None:
    board = slow.boards[0]
    board.resize(200, 150, 30, 20)
    gate.touch()
    slow.done()
    assert boxes(board) == [SELECTION.moved(30, 20)] * 3
