"""Between Enter and the pixels, and while the bridge is away: the right pixels are read, and nothing comes twice."""

import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from bridge import link
from bridge.client import Client
from bridge.protocol.values import Box
from gimp_plugin import fills
from gimp_plugin import line as room
from gimp_plugin.recall import Memory
from gimp_plugin.scene import Spot
from tests.pictured import Board, Sheet
from tests.seats import ABOUT, Killable, Seat, quick

SELECTION = Box(60, 50, 40, 30)
OTHER = Box(5, 5, 20, 10)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, run_bridge) -> Iterator[Path]:
    """The folder of a bridge that fills at once."""
    folder = tmp_path_factory.mktemp("home")
    with run_bridge(folder, [quick()]):
        yield folder


@pytest.fixture
def seat(folder, tmp_path) -> Iterator[Seat]:
    """A panel with one image of which a part is selected."""
    board = Board()
    board.select(SELECTION)
    seat = Seat(folder, board, keep=tmp_path)
    seat.ready()
    yield seat
    seat.done()
    seat.close()


@pytest.fixture
def gate(tmp_path) -> Path:
    """The second variation of every fill is held until this file appears."""
    return tmp_path / "gate"


def jobs(folder: Path) -> dict[str, str]:
    """The jobs that are news to somebody, and their states."""
    client = Client(ABOUT, folder, start=False)
    found = {str(one["job"]): str(one["state"]) for one in client.jobs()}
    client.close()
    return found


# ---- between Enter and the pixels -----------------------------------------------------------------------------------


def test_a_selection_that_changed_is_asked_about_anew(seat) -> None:
    board = seat.boards[0]
    seat.guest.remove()
    board.select(OTHER)
    seat.until(lambda: seat.landed)
    seat.done()
    assert [one.box for one in board.ours()] == [OTHER]
    assert [one["selection"] for one in seat.told.fills] == [SELECTION, OTHER]
    assert seat.view.error == ""


def test_a_selection_that_is_gone_fills_nothing(seat) -> None:
    """Else a click beside the selection would generate the whole picture."""
    board = seat.boards[0]
    seat.guest.remove()
    board.select(None)
    seat.done()
    assert (board.ours(), seat.view.error) == ([], fills.DESELECTED)


@pytest.mark.parametrize("by", [(0, 0), (10, 20)])
def test_a_canvas_of_another_size_is_asked_about_anew(seat, by) -> None:
    board = seat.boards[0]
    seat.guest.remove()
    board.resize(200, 150, *by)
    seat.until(lambda: seat.landed)
    seat.done()
    assert [one.box for one in board.ours()] == [SELECTION.moved(*by)]
    assert [one["document"].width for one in seat.told.fills] == [160, 200]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda board: setattr(board, "closed", True), fills.CLOSED),
        (lambda board: setattr(board, "floating", True), "A floating selection is open."),
        (lambda board: setattr(board, "fault", LookupError("no tile")), "could not be read (LookupError: no tile)"),
    ],
)
def test_what_cannot_be_read_is_a_sentence_and_the_next_fill_works(seat, change, sentence) -> None:
    board = seat.boards[0]
    seat.guest.remove()
    change(board)
    seat.done()
    assert sentence in seat.view.error and board.ours() == []
    board.closed, board.floating, board.fault = False, False, None
    seat.guest.remove()
    seat.until(lambda: seat.landed)
    assert seat.view.error == ""


def test_the_layer_that_was_to_be_read_was_deleted(seat) -> None:
    board = seat.boards[0]
    board.layers.insert(0, Sheet("Above", 0, 0, board.layers[0].pixels.copy()))
    board.selected = [board.layers[0].tattoo]
    seat.edit(sample="below")
    seat.guest.remove()
    board.delete(board.layers[0].tattoo)
    seat.done()
    assert (board.ours(), seat.view.error) == ([], fills.DELETED)


@pytest.mark.parametrize(("sample", "place"), [("all", 0), ("below", 1), ("current", 1)])
def test_what_is_sampled_decides_what_is_read_and_where_it_goes(seat, sample, place) -> None:
    board = seat.boards[0]
    half = board.layers[0].pixels * [0.5, 0.5, 0.5, 1]
    board.layers[:0] = [Sheet("Curves", 0, 0, 1 - half + [0, 0, 0, half[0, 0, 3]]), Sheet("Paint", 0, 0, half)]
    board.selected = [board.layers[1].tattoo]
    seat.edit(sample=sample)
    seat.guest.remove()
    seat.until(lambda: seat.landed)
    seat.done()
    assert [one.name.split(" ")[0] for one in board.layers].index("Remove") == place
    memory = Memory.from_bytes(board.ours()[0].memory)
    board.delete(board.ours()[0].tattoo)
    pixels = board.read(memory.seen, 3, "u8", Spot(sample, board.selected[0]))
    assert (memory.pixels, memory.sample) == (zlib.crc32(pixels), sample)


def test_another_layer_selected_meanwhile_changes_nothing(seat) -> None:
    board = seat.boards[0]
    board.layers.insert(0, Sheet("Above", 0, 0, np.ones((120, 160, 4))))
    board.selected = [board.layers[1].tattoo]
    seat.edit(sample="below")
    seat.guest.remove()
    board.selected = [one.tattoo for one in board.layers]
    seat.until(lambda: seat.landed)
    seat.done()
    assert [one.name.split(" ")[0] for one in board.layers] == ["Above", "Remove", "Background"]
    assert seat.view.error == ""


def test_a_layer_that_is_replaced_is_not_read(seat) -> None:
    board = seat.boards[0]
    seat.guest.remove()
    seat.until(lambda: seat.landed)
    seat.done()
    before = Memory.from_bytes(board.ours()[0].memory).pixels
    seat.guest.edit_settings()
    seat.edit(seed=99)
    seat.guest.remove()
    seat.until(lambda: seat.landed == 2)
    assert Memory.from_bytes(board.ours()[0].memory).pixels == before
    assert [one.visible for one in board.ours()] == [True, False]


def test_pixels_travel_in_the_documents_own_depth(folder, tmp_path) -> None:
    for depth in ("u16", "f32"):
        board = Board(depth=depth)
        board.select(SELECTION)
        seat = Seat(folder, board, keep=tmp_path / depth).ready()
        seat.guest.remove()
        seat.until(lambda seat=seat: seat.guest.idle)
        assert seat.told.uploaded > SELECTION.area * 3 * {"u16": 2, "f32": 4}[depth]
        seat.done()
        seat.close()


# ---- the bridge away ------------------------------------------------------------------------------------------------


@pytest.fixture
def killable(home, gate) -> Iterator[list[Killable]]:
    """Bridges in processes of their own; the last one is ended with the test."""
    bridges = [Killable(home, gate)]
    yield bridges
    bridges[-1].kill()


def test_a_bridge_that_is_killed_and_comes_back_finishes_what_it_accepted(home, gate, killable) -> None:
    board = Board()
    board.select(SELECTION)
    seat = Seat(home, board).ready()
    seat.edit(count=3)
    seat.guest.remove()
    seat.until(lambda: seat.landed == 1)
    plans = len(seat.told.plans)
    killable[0].kill()
    seat.until(lambda: seat.view.status == "The bridge is away; coming back to it.")
    assert seat.view.cancel.why == "", "it still runs"
    gate.touch()
    killable.append(Killable(home, gate))
    seat.until(lambda: seat.landed == 3)
    seat.done()
    assert "CPU" in seat.view.status
    assert len(seat.clients) == 1
    assert len(seat.told.plans) > plans, "another bridge may plan otherwise"
    results = [Memory.from_bytes(one.memory).result for one in board.ours()]
    assert (len(results), len(set(results)), seat.view.error) == (3, 3, "")
    assert [one.visible for one in board.ours()] == [True, False, False]
    assert jobs(home) == {}
    seat.close()


@pytest.fixture
def impatient(monkeypatch) -> None:
    """The line gives a bridge up after a moment, and looks for it again after another."""
    monkeypatch.setattr(link, "RETURN_SECONDS", 0.05)
    monkeypatch.setattr(room, "AGAIN", 0.02)


@pytest.mark.usefixtures("impatient")
def test_a_bridge_that_is_gone_for_good_and_comes_back_after_all(home, gate, run_bridge) -> None:
    board = Board()
    board.select(SELECTION)
    with run_bridge(home, [quick(gate)]):
        seat = Seat(home, board).ready()
        seat.edit(count=2)
        seat.guest.remove()
        seat.until(lambda: seat.landed == 1)
        job = seat.told.fills[0]["job"]
    seat.until(lambda: seat.guest.idle)
    assert "did not come back" in seat.view.error and "did not come back" in seat.view.status
    assert seat.view.cancel.why == "Nothing runs."
    seat.guest.remove()  # and this one no bridge has accepted
    seat.until(lambda: "No bridge is running" in seat.view.error)
    gate.touch()
    with run_bridge(home, [quick(gate)]):
        seat.until(lambda: seat.landed == 2)
        seat.done()
        assert (len(board.ours()), seat.view.error, seat.view.offers) == (2, "", ())
        assert {Memory.from_bytes(one.memory).job for one in board.ours()} == {job}
        assert jobs(home) == {}
    seat.close()


@pytest.mark.usefixtures("impatient")
def test_a_layer_that_is_held_while_the_bridge_goes_and_comes_lands_once(home, run_bridge) -> None:
    board, other = Board(), Board()
    for one in (board, other):
        one.select(SELECTION)
    with run_bridge(home, [quick()]):
        seat = Seat(home, board, other).ready()
        seat.guest.remove()
        seat.until(lambda: "read" in board.asked)
        board.floating = True
        seat.offer("1 finished layer waits. A floating selection is open.")
        seat.until(lambda: seat.guest.idle)
    seat.until(lambda: "did not come back" in seat.view.status)
    (work,) = seat.guest._fills.all()
    assert [event.message.n for event in work.held.values()] == [0], "an `ack` of it would settle something else"
    with run_bridge(home, [quick()]):
        seat.until(lambda: "CPU" in seat.view.status and seat.guest.idle)
        seat.guest.turn_to(other)
        seat.guest.remove()
        seat.until(lambda: other.ours())
        seat.guest.turn_to(board)
        board.floating = False
        seat.until(lambda: board.ours())
        seat.done()
        assert (len(board.ours()), len(other.ours())) == (1, 1)
        assert jobs(home) == {}
    assert not any(one.key.startswith("waits") for view in seat.views for one in view.offers), "as another start's"
    seat.close()


@pytest.mark.usefixtures("impatient")
def test_a_layer_that_lands_while_the_bridge_is_gone_is_acknowledged_when_it_is_back(home, run_bridge) -> None:
    board = Board()
    board.select(SELECTION)
    with run_bridge(home, [quick()]):
        seat = Seat(home, board).ready()
        seat.guest.remove()
        seat.until(lambda: "read" in board.asked)
        board.floating = True
        seat.offer("1 finished layer waits.")
        seat.until(lambda: seat.guest.idle)
    seat.until(lambda: "did not come back" in seat.view.status)
    board.floating = False
    seat.until(lambda: board.ours())
    with run_bridge(home, [quick()]):
        seat.ready()
        seat.done()
        assert jobs(home) == {}
        assert len(board.ours()) == 1 and not seat.view.offers
    seat.close()


@pytest.mark.usefixtures("impatient")
def test_a_guest_that_never_was_online_says_why(home, run_bridge) -> None:
    board = Board()
    board.select(SELECTION)
    seat = Seat(home, board)
    assert seat.view.status == "Calling the bridge."
    seat.until(lambda: seat.view.status == "No bridge is running. Start one in a terminal: sfumato serve")
    assert seat.view.error == "", "nobody has asked for anything"
    seat.guest.turn_to(board)
    seat.guest.tick()
    seat.guest.remove()
    assert seat.view.cancel.why == ""
    seat.until(lambda: seat.guest.idle)
    assert seat.view.error == "No bridge is running. Start one in a terminal: sfumato serve"
    with run_bridge(home, [quick()]):
        seat.ready()
        assert seat.view.error == ""
        seat.guest.remove()
        seat.until(lambda: seat.landed)
        seat.done()
    seat.close()


def test_to_turn_to_an_image_starts_no_bridge(home) -> None:
    seat = Seat(home, Board())
    seat.until(lambda: "No bridge is running" in seat.view.status)
    seat.guest.turn_to(Board())
    seat.guest.tick()
    assert seat.line._commands.empty()
    seat.guest.cancel_all()
    seat.until(lambda: seat.guest.idle)
    assert "No bridge is running" in seat.view.error
    seat.close()
