"""Fills of an earlier start: what is asked about them, in which image, and what each answer does."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.client import Client, Event
from bridge.protocol.values import Box, Document
from gimp_plugin.keep import Order
from gimp_plugin.recall import Memory
from gimp_plugin.scene import Spot
from gimp_plugin.waiting import HOST, OFFERS, Waiting
from tests.asks import ABOUT as STRANGER
from tests.asks import Reader, document, recipe
from tests.pictured import Board, Sheet
from tests.seats import ABOUT, Seat, Told, quick

SELECTION = Box(60, 50, 40, 30)
NOW = 1_700_000_000.0


# ---- what is asked --------------------------------------------------------------------------------------------------


def listed(job: str = "j1", **more) -> dict:
    """A job as the bridge lists it."""
    usual = {"state": "done", "host": HOST, "tag": "t1", "orphan": True, "results": ["r1"], "at": NOW, "mode": "fill"}
    return {"job": job, "prompt": "a red\nroof", "count": 1} | usual | more


def waiting(*boards: Board, **jobs: dict) -> Waiting:
    found = Waiting(lambda: list(boards), lambda: NOW)
    found.told([listed(job, **values) for job, values in jobs.items()])
    return found


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({}, "A fill of an image that is not open was finished: “a red roof”, a moment ago."),
        (
            {"state": "running"},
            "A fill of an image that is not open is still being painted: “a red roof”, a moment ago.",
        ),
        ({"prompt": "", "mode": "remove"}, "A fill of an image that is not open was finished: remove, a moment ago."),
        ({"prompt": None, "at": None}, "… fill, 19676 days ago."),
        ({"at": NOW - 600}, "… 10 minutes ago."),
        ({"at": NOW - 3600 * 5}, "… 5 hours ago."),
        ({"at": NOW - 86400 * 3}, "… 3 days ago."),
        ({"at": NOW + 600}, "… a moment ago."),
        ({"prompt": "x" * 80}, "… “" + "x" * 40 + "”, a moment ago."),
    ],
)
def test_what_is_asked_says_what_it_was_and_when(values, text) -> None:
    (offer,) = waiting(j1=values).offers(None)
    assert offer.text == text or (text[0] == "…" and offer.text.endswith(text[2:]))
    assert [word for word, _ in offer.answers] == ["open", "discard"]


@pytest.mark.parametrize(
    ("values", "offered"),
    [
        ({}, True),
        ({"orphan": False}, False),
        ({"host": "Photoshop"}, False),
        ({"host": "command line"}, False),
    ],
)
def test_what_others_wait_for_is_not_offered(values, offered) -> None:
    assert bool(waiting(j1=values).offers(None)) == offered


def test_a_fill_is_offered_in_its_own_image() -> None:
    board, other = Board(), Board()
    found = waiting(board, other, mine={"tag": board.tag}, theirs={"tag": other.tag}, closed={})
    keys = {one.key: dict(one.answers) for one in found.offers(board)}
    assert keys["waits mine"] == {"insert": "Insert", "discard": "Discard"}
    assert keys["waits closed"] == {"open": "Open as a new image", "discard": "Discard"}
    assert list(keys) == ["waits mine", "waits closed"]
    other.closed = True
    assert "waits theirs" in [one.key for one in found.offers(board)]


def test_only_a_few_are_offered_at_a_time() -> None:
    found = waiting(**{f"j{number}": {} for number in range(9)})
    assert len(found.offers(None)) == OFFERS
    assert found.take("j0", None) is not None
    assert [one.key for one in found.offers(None)] == ["waits j1", "waits j2", "waits j3"]


def test_what_is_held_here_is_not_offered() -> None:
    found = Waiting(list, lambda: NOW)
    found.told([listed("j1"), listed("j2")], {"j1"})
    assert [one.key for one in found.offers(None)] == ["waits j2"]
    assert found.take("j1", None) is None


def test_cancel_stops_what_runs_for_one_image_whoever_began_it() -> None:
    found = Waiting(list, lambda: NOW)
    jobs = [
        listed("mine", state="running", orphan=False),
        listed("orphan", state="queued"),
        listed("done"),
        listed("other", state="running", tag="t2"),
        listed("theirs", state="running", host="Photoshop"),
    ]
    assert found.told(jobs) == []
    found.cancel("t1")
    assert found.asking
    assert found.told(jobs) == ["mine", "orphan", "theirs"]
    assert not found.asking and found.told(jobs) == []


def test_a_layer_that_is_in_its_image_needs_no_question() -> None:
    board = Board()
    made = {"result": "r1", "job": "j", "region": "g", "document": Document(board.tag, 160, 120, 3)}
    memory = Memory(recipe=recipe(), selection=None, content=None, sample="all", box=SELECTION, **made)  # type: ignore[arg-type]
    board.layers.insert(0, Sheet("Ours", 0, 0, memory=memory.to_bytes()))
    tag = {"tag": board.tag}
    there = waiting(board, j1=tag, j2=tag | {"results": ["r1", "r2"]}, j3=tag | {"state": "running"}, j4={})
    assert there.landed() == ["j1"]


def test_what_was_asked_comes_from_the_order() -> None:
    board = Board()
    order = Order(Spot("below", 7), Document(board.tag, 160, 120, 3), SELECTION, None, 9, SELECTION)
    work = waiting(board, j1={"tag": board.tag}).take("j1", order)
    assert work is not None and work.canvas is board
    assert (work.spot, work.ask.selection, work.replaces, work.was) == (order.spot, SELECTION, 9, SELECTION)
    work = waiting(board, j1={"tag": board.tag}).take("j1", None)
    assert work is not None and (work.ask.document.width, work.ask.selection, work.spot) == (160, None, Spot())
    work = waiting(j1={}).take("j1", None)
    assert work is not None and work.canvas is None


# ---- a plug-in that was killed --------------------------------------------------------------------------------------


@pytest.fixture
def gate(tmp_path) -> Path:
    """The second variation of every fill is held until this file appears."""
    return tmp_path / "gate"


@pytest.fixture
def folder(home, run_bridge, gate) -> Iterator[Path]:
    """The folder of a bridge that fills at once, and which every fill has left when the test ends."""
    with run_bridge(home, [quick(gate)]):
        yield home
        client = Client(ABOUT, home, start=False)
        assert client.jobs() == ()
        client.close()


def killed(folder: Path, board: Board, **fields) -> str:
    """A fill whose plug-in is killed when its pixels were read. Returns its job."""
    seat = Seat(folder, board).ready()
    seat.edit(**fields)
    seat.guest.remove()
    job = seat.until(lambda: [one["job"] for one in seat.told.fills])[0]
    seat.until(lambda: "read" in board.asked and job in finished(folder))
    seat.kill()
    return str(job)


def finished(folder: Path) -> set[str]:
    """Jobs of which at least one layer is finished."""
    client = Client(ABOUT, folder, start=False)
    found = {str(one["job"]) for one in client.jobs() if one["results"]}
    client.close()
    return found


def board(selection: Box = SELECTION) -> Board:
    made = Board()
    made.select(selection)
    return made


def test_the_layer_is_offered_for_its_image_and_inserted_once(folder) -> None:
    mine = board()
    job = killed(folder, mine)
    seat = Seat(folder, mine)
    key = seat.offer("A fill of this image was finished: remove, a moment ago.")
    assert mine.ours() == []
    seat.guest.answer(key, "insert")
    seat.guest.answer(key, "insert")
    seat.done()
    assert [one.box for one in mine.ours()] == [SELECTION]
    memory = Memory.from_bytes(mine.ours()[0].memory)
    assert (memory.job, memory.selection, memory.document.width) == (job, SELECTION, 160)
    assert not seat.view.offers and len(seat.view.tiles) == 1
    assert seat.keep.order(job) is None, "it was carried out"
    seat.guest.again()
    seat.until(lambda: seat.landed == 2)
    assert seat.told.uploaded == 0
    seat.done()
    seat.close()


def test_it_goes_where_the_order_says(folder) -> None:
    mine = board()
    mine.layers.insert(0, Sheet("Above", 0, 0, mine.layers[0].pixels.copy()))
    mine.selected = [mine.layers[1].tattoo]
    killed(folder, mine, sample="below")
    mine.selected = [mine.layers[0].tattoo]
    seat = Seat(folder, mine)
    seat.guest.answer(seat.offer("A fill of this image"), "insert")
    seat.done()
    assert [one.name.split(" (")[0] for one in mine.layers] == ["Above", "Remove", "Background"]
    seat.close()


def test_it_goes_on_while_it_is_still_painted(folder, gate) -> None:
    mine = board()
    killed(folder, mine, count=3)
    seat = Seat(folder, mine)
    seat.guest.answer(seat.offer("is still being painted"), "insert")
    seat.until(lambda: seat.landed == 1)
    gate.touch()
    seat.done()
    assert [one.visible for one in mine.layers[0].children] == [True, False, False]
    seat.close()


def test_discard_stops_it_and_leaves_nothing(folder) -> None:
    mine = board()
    job = killed(folder, mine, count=3)
    seat = Seat(folder, mine)
    seat.guest.answer(seat.offer("is still being painted"), "discard")
    seat.until(lambda: seat.heard.count("done") == 1)
    seat.done()
    assert (mine.ours(), seat.told.cancelled, seat.view.error, seat.view.offers) == ([], [job], "", ())
    assert ("layer", "inserted") not in seat.told.settled
    seat.close()


def test_an_image_that_is_not_open_is_offered_as_a_new_one(folder) -> None:
    killed(folder, board())
    seat = Seat(folder, board(), keep=folder / "elsewhere")
    seat.guest.answer(seat.offer("A fill of an image that is not open was finished"), "open")
    seat.done()
    assert [(one.width, one.height) for one in seat.opened] == [(40, 30)]
    assert seat.boards[0].ours() == []
    seat.close()


class Mute(Told):
    """A client of a plug-in that is killed before it could acknowledge anything."""

    def settle(self, event: Event, state: str = "inserted") -> None:
        pass


def test_a_layer_that_was_inserted_before_the_kill_is_settled_without_a_word(folder) -> None:
    mine = board()
    seat = Seat(folder, mine, client=Mute).ready()
    seat.guest.remove()
    seat.until(lambda: mine.ours() and seat.guest.idle)
    seat.kill()
    later = Seat(folder, mine).ready()
    later.until(lambda: ("layer", "inserted") in later.told.settled)
    later.done()
    assert len(mine.ours()) == 1
    assert not any(view.offers for view in later.views)
    later.close()


def test_again_that_was_killed_replaces_its_layer_where_it_lies(folder) -> None:
    mine = board()
    seat = Seat(folder, mine).ready()
    seat.guest.remove()
    seat.until(lambda: seat.landed)
    seat.done()
    first = mine.ours()[0]
    seat.guest.again()
    seat.until(lambda: len(finished(folder)) == 1)
    seat.kill()
    first.x += 9
    later = Seat(folder, mine)
    later.guest.answer(later.offer("A fill of this image was finished"), "insert")
    later.done()
    assert [(one.box, one.visible) for one in mine.ours()] == [(SELECTION.moved(9, 0), True), (first.box, False)]
    later.close()


def test_the_job_of_another_host_is_not_ours_to_offer(folder) -> None:
    client = Client(STRANGER, folder, start=False)
    of = document()
    for event in client.fill(of, SELECTION, recipe(), Reader(of)):
        if event.message.t == "layer":
            client._link._closed.set()
            client._link._wire.close()
            break
    seat = Seat(folder, board()).ready()
    seat.done()
    assert not seat.view.offers
    seat.close()
    later = Client(ABOUT, folder, start=False)
    for one in later.jobs():
        list(later.take(one["job"]))
    later.close()
