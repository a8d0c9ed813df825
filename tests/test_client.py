"""Journeys of the client, waiting and not: real sockets, a real bridge, real painter processes."""

import threading
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosedError

from bridge import __version__, link
from bridge.client import Client, Event, new_job
from bridge.protocol.errors import Refusal
from bridge.protocol.frames import DATA
from bridge.protocol.messages import Accepted, Capabilities, Done, Jobs, Layer, Preview, Progress, Want
from bridge.protocol.values import Box, Recipe
from tests.asks import ABOUT, SELECTION, Reader, document, done, fill, layers, recipe
from tests.painters import painter

GIMP = {**ABOUT, "host": "GIMP"}


@pytest.fixture(scope="module")
def plain(tmp_path_factory, run_bridge):
    """The folder of a bridge whose painter paints greys; the tests of this file share it, each with its own session."""
    folder = tmp_path_factory.mktemp("plain")
    with run_bridge(folder, [painter("plain")]):
        yield folder


def test_a_fill_from_selection_to_layers(plain) -> None:
    client = Client(ABOUT, plain, start=False)
    events = fill(client, count=3, seed=40)
    kinds = [type(event.message) for event in events]
    assert kinds[:2] == [Want, Accepted]
    assert [layer.index for layer in layers(events)] == [0, 1, 2]
    assert [layer.seed for layer in layers(events)] == [40, 41, 42]
    assert layers(events)[1].name == "Remove (seed 41)"
    assert (done(events).state, len(done(events).results), done(events).missing) == ("ok", 3, ())
    for event in events:
        if isinstance(event.message, Layer):
            assert event.message.box == SELECTION
            assert bytes(event.picture) == bytes([40 + event.message.index + 20]) * (SELECTION.area * 3)
            assert event.mask is None
    client.close()


def test_a_soft_mask_comes_back_value_for_value(plain) -> None:
    of = document()
    client = Client(ABOUT, plain, start=False)
    events = list(client.fill(of, SELECTION, recipe(), Reader(of, coverage=99)))
    (layer,) = [event for event in events if isinstance(event.message, Layer)]
    assert bytes(layer.mask) == bytes([99]) * SELECTION.area
    client.close()


def test_numbers_rise_through_the_session_and_what_was_taken_is_not_kept(plain) -> None:
    client = Client(ABOUT, plain, start=False)
    first, second = fill(client, count=2), fill(client)
    assert [layer.n for layer in layers(first)] == [1, 2]
    assert [done(first).n, layers(second)[0].n, done(second).n] == [3, 4, 5]
    client.capabilities()  # the bridge has read the acks that came before
    assert list((plain / "spool" / "layers").iterdir()) == []
    client.close()


def test_again_with_a_new_seed_uploads_nothing(plain) -> None:
    of, read = document(), Reader(document())
    client = Client(ABOUT, plain, start=False)
    events = list(client.fill(of, SELECTION, recipe(seed=1), read))
    region = next(event.message.region for event in events if isinstance(event.message, Accepted))
    sent = client.uploaded
    events = list(client.fill(of, SELECTION, recipe(seed=2), read, region=region))
    assert (client.uploaded - sent, read.asked, layers(events)[0].seed) == (0, 1, 2)
    assert not any(isinstance(event.message, Want) for event in events)
    client.close()


def test_a_region_that_does_not_suffice_is_asked_for_anew(plain) -> None:
    of, read = document(), Reader(document())
    client = Client(ABOUT, plain, start=False)
    events = list(client.fill(of, SELECTION, recipe(), read))
    region = next(event.message.region for event in events if isinstance(event.message, Accepted))
    for selection, name in ((Box(10, 10, 20, 20), region), (SELECTION, "0" * 32)):
        assert done(list(client.fill(of, selection, recipe(), read, region=name))).state == "ok"
    assert read.asked == 3
    client.close()


def test_layer_one_arrives_while_variation_two_is_painted(home, run_bridge, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    with run_bridge(home, [painter("held", gate)]):
        client = Client(ABOUT, home, start=False)
        of = document()
        seen = []
        for event in client.fill(of, SELECTION, recipe(count=2), Reader(of)):
            if isinstance(event.message, Layer):
                seen.append((event.message.index, gate.exists()))
                gate.touch()
        assert seen == [(0, False), (1, True)]
        client.close()


def test_previews_and_progress_come_while_it_paints(plain) -> None:
    client = Client(ABOUT, plain, start=False)
    events = fill(client)
    previews = [event for event in events if isinstance(event.message, Preview)]
    assert previews and len(previews[0].picture) == 8 * 8 * 3
    assert any(isinstance(event.message, Progress) for event in events)
    client.close()


@pytest.mark.parametrize("drops", [False, True], ids=["within a step", "by dropping the painter"])
def test_leaving_the_loop_cancels(home, run_bridge, tmp_path: Path, drops: bool) -> None:
    begun = tmp_path / "begun"
    with run_bridge(home, [painter("endless", begun, drops=drops)]) as bridge:
        client = Client(ABOUT, home, start=False)
        of = document()
        for event in client.fill(of, SELECTION, recipe(), Reader(of)):
            if isinstance(event.message, Progress) and begun.exists():
                break
        while bridge.desk.working:
            client.capabilities()
        client.close()


def test_cancel_says_done_once_and_keeps_what_was_finished(home, run_bridge, tmp_path: Path) -> None:
    with run_bridge(home, [painter("held", tmp_path / "never")]):
        client = Client(ABOUT, home, start=False)
        of, name = document(), new_job()
        events = []
        for event in client.fill(of, SELECTION, recipe(count=2), Reader(of), job=name):
            events.append(event)
            if isinstance(event.message, Layer):
                client.cancel(name)
                client.cancel(name)
        assert [layer.index for layer in layers(events)] == [0]
        assert (done(events).state, [one.index for one in done(events).missing]) == ("cancelled", [1])
        client.close()


def test_cancel_while_the_pixels_are_wanted(plain) -> None:
    client = Client(ABOUT, plain, start=False)
    of, name = document(), new_job()
    reader = Reader(of)

    def read(want: Want) -> tuple[bytes, bytes | None]:
        client.cancel(name)
        return reader(want)

    events = list(client.fill(of, SELECTION, recipe(), read, job=name))
    assert (done(events).state, layers(events)) == ("cancelled", [])
    client.close()


def test_cancel_of_a_job_that_waits(home, run_bridge, tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    with run_bridge(home, [painter("endless", begun)]):
        busy, client = Client(ABOUT, home, start=False), Client(ABOUT, home, start=False)
        of, name = document(), new_job()
        running = busy.fill(of, SELECTION, recipe(), Reader(of))
        while not begun.exists():
            next(running)
        waiting = client.fill(of, SELECTION, recipe(), Reader(of), job=name)
        ahead = next(event.message.ahead for event in waiting if isinstance(event.message, Accepted))
        client.cancel(name)
        assert (ahead, done(list(waiting)).state) == (1, "cancelled")
        running.close()
        busy.close()
        client.close()


def test_a_job_that_replaces_another_ends_it(home, run_bridge, tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    with run_bridge(home, [painter("endless", begun)]):
        client = Client(ABOUT, home, start=False)
        of, old, new = document(), new_job(), new_job()
        first = client.fill(of, SELECTION, recipe(), Reader(of), job=old)
        while not begun.exists():
            next(first)
        second = client.fill(of, SELECTION, recipe(seed=8), Reader(of), job=new, replaces=old)
        next(second)
        assert done(list(first)).state == "cancelled"
        second.close()
        client.close()


def test_a_read_that_fails_cancels_the_job_and_is_not_swallowed(plain) -> None:
    client = Client(ABOUT, plain, start=False)

    def read(want: Want) -> tuple[bytes, bytes | None]:
        raise LookupError("the document was closed")

    with pytest.raises(LookupError, match="the document was closed"):
        list(client.fill(document(), SELECTION, recipe(), read))
    assert done(fill(client)).state == "ok"
    client.close()


def test_the_same_job_is_never_run_twice(plain) -> None:
    client = Client(ABOUT, plain, start=False)
    of, name = document(), new_job()
    first = list(client.fill(of, SELECTION, recipe(), Reader(of), job=name))
    again = client.fill(of, SELECTION, recipe(), Reader(of), job=name)
    assert isinstance(next(again).message, Accepted)
    again.close()
    with pytest.raises(Refusal, match="used for something else") as caught:
        list(client.fill(of, SELECTION, recipe(seed=9), Reader(of), job=name))
    assert (caught.value.code, done(first).state) == ("job.reused", "ok")
    client.close()


def test_refusals_come_before_a_byte_is_copied(plain) -> None:
    client = Client(ABOUT, plain, start=False)
    of = document()
    reader = Reader(of)
    for selection, asked, code in (
        (None, Recipe("remove"), "recipe.selection"),
        (Box(500, 500, 10, 10), Recipe("remove"), "recipe.selection"),
        (SELECTION, Recipe("fill", strength=0.5), "model.missing"),
        (SELECTION, Recipe("remove", model="sd15"), "model.unknown"),
    ):
        with pytest.raises(Refusal) as caught:
            list(client.fill(of, selection, asked, reader))
        assert caught.value.code == code
        with pytest.raises(Refusal):
            client.plan(of, selection, asked)
    assert (reader.asked, client.uploaded) == (0, 0)
    client.close()


def test_an_empty_mask_is_refused_and_leaves_nothing_behind(plain) -> None:
    client = Client(ABOUT, plain, start=False)
    of = document()
    with pytest.raises(Refusal, match=r"all 1,200 values of its mask are 0") as caught:
        list(client.fill(of, SELECTION, recipe(), Reader(of, coverage=0)))
    assert caught.value.code == "picture.mask_empty"
    assert done(fill(client)).state == "ok"
    assert list((plain / "spool" / "uploads").iterdir()) == []
    client.close()


def test_pixels_of_the_wrong_size_are_refused_here(plain) -> None:
    client = Client(ABOUT, plain, start=False)
    with pytest.raises(Refusal, match="has 5 bytes, expected"):
        list(client.fill(document(), SELECTION, recipe(), lambda want: (b"12345", None)))
    client.close()


def test_a_plan_alone_leaves_nothing(bridge, home) -> None:
    client = Client(ABOUT, home, start=False)
    plan = client.plan(document(), SELECTION, Recipe("remove", prompt="a red roof")).plan
    assert plan["working"] and "100 % of full resolution" in plan["text"]
    assert any("prompt" in note for note in plan["notes"])
    assert bridge_is_empty(home)
    client.close()


def bridge_is_empty(home: Path) -> bool:
    """True where the spool holds no pixel."""
    return not any(any((home / "spool" / name).iterdir()) for name in ("uploads", "regions", "layers"))


# ---- without waiting ------------------------------------------------------------------------------------------------


def listen(client: Client, taken: dict[str, list[Event]], settle: bool = True) -> None:
    """Hear until no job is under way; what came is sorted by its job, and settled at once."""
    while client.busy:
        for event in client.hear(5):
            taken.setdefault(getattr(event.message, "job", None) or "", []).append(event)
            if settle:
                client.settle(event)


def test_a_fill_without_waiting(plain) -> None:
    of = document()
    client = Client(ABOUT, plain, start=False)
    assert (client.hear(0), client.busy, client.bridge_version) == ([], False, __version__)
    jobs = [client.begin(of, SELECTION, recipe(count=2, seed=seed), Reader(of)) for seed in (10, 20)]
    assert client.busy
    taken: dict[str, list[Event]] = {}
    listen(client, taken)
    assert list(taken) == jobs
    for job, seed in zip(jobs, (10, 20), strict=True):
        kinds = [type(event.message) for event in taken[job]]
        assert kinds[:2] == [Want, Accepted]
        assert done(taken[job]).state == "ok"
        shades = [event.picture[0] for event in taken[job] if isinstance(event.message, Layer)]
        assert shades == [seed + 20, seed + 21]
    assert client.jobs() == ()
    client.close()


def test_what_is_not_settled_stays_with_the_bridge(plain) -> None:
    of, taken = document(), {}
    client = Client(ABOUT, plain, start=False)
    job = client.begin(of, SELECTION, recipe(count=2, seed=3), Reader(of))
    listen(client, taken, settle=False)
    first, second = (event for event in taken[job] if isinstance(event.message, Layer))
    client.settle(first, "discarded")
    client.settle(taken[job][-1])
    (kept,) = client.jobs()
    assert (kept["job"], kept["state"], kept["results"]) == (job, "done", [second.message.result])
    client.settle(second)
    client.settle(second)
    assert client.jobs() == ()
    assert list((plain / "spool" / "layers").iterdir()) == []
    client.close()


def test_a_refused_job_is_an_event_and_the_others_go_on(plain) -> None:
    of, taken = document(), {}
    client = Client(ABOUT, plain, start=False)

    def closed(want: Want) -> tuple[bytes, None]:
        raise Refusal("job.lost", "The document was closed.")

    good = client.begin(of, SELECTION, recipe(), Reader(of))
    refused = client.begin(of, None, recipe(), Reader(of))
    gone = client.begin(of, SELECTION, recipe(), closed)
    listen(client, taken)
    assert [event.message.code for event in taken[refused]] == ["recipe.selection"]
    assert [(event.message.code, event.message.text) for event in taken[gone]] == [
        ("job.lost", "The document was closed.")
    ]
    assert done(taken[good]).state == "ok"
    client.cancel(new_job())
    (error,) = client.hear()
    assert error.message.code == "job.unknown"
    client.close()


def test_a_read_that_fails_costs_nothing_of_what_came_with_it(plain) -> None:
    of, taken = document(), {}
    client = Client(ABOUT, plain, start=False)

    def fails(want: Want) -> tuple[bytes, None]:
        raise LookupError("a fault of the guest's own")

    jobs = [client.begin(of, SELECTION, recipe(seed=5), read) for read in (fails, Reader(of))]
    came = client._link.turn()
    while len(came) < 2:
        came += client._link.turn()
    with pytest.raises(LookupError, match="guest's own"):
        client._act(came)
    listen(client, taken)
    assert (list(taken), done(taken[jobs[1]]).state) == ([jobs[1]], "ok")
    client.close()


def test_questions_are_answered_by_events(plain) -> None:
    of, taken = document(), {}
    client = Client(ABOUT, plain, start=False)
    client.ask_capabilities()
    client.ask_jobs()
    job = client.begin(of, SELECTION, recipe(), None, dry=True)
    listen(client, taken)
    while len(taken) < 2 or len(taken[""]) < 2:
        for event in client.hear():
            taken.setdefault(getattr(event.message, "job", ""), []).append(event)
    capabilities, jobs = (event.message for event in taken[""])
    assert (type(capabilities), jobs) == (Capabilities, Jobs(()))
    assert [event.message.plan["mode"] for event in taken[job]] == ["remove"]
    assert client.uploaded == 0
    client.close()


def test_a_cancel_overtakes_pixels_that_wait(plain) -> None:
    of, sent = document(1200, 1200), []

    class Watched(CutWire):
        def send(self, message: bytes) -> None:
            sent.append(message[3])
            super().send(message)

    client = Client(ABOUT, plain, dial=lambda host, port: Watched(link.dial(host, port), None), start=False)
    job = client.begin(of, Box(0, 0, 1200, 1200), recipe(), Reader(of))
    while not client.hear(0):
        pass
    turns = [client.hear(0) for _ in range(3)]
    assert client.uploaded == 1200 * 1200 * 4
    assert sent.count(DATA) <= len(turns), "a turn that must not wait sends one message of pixels"
    client.cancel(job)
    assert not client._link.outbox.bulk_waiting
    (event,) = client.hear()
    assert (event.message.job, event.message.state) == (job, "cancelled")
    client.settle(event)
    client.close()


# ---- jobs belong to the key -----------------------------------------------------------------------------------------


def ended(client: Client) -> None:
    """The program was killed: its connection is gone, and it will not come back."""
    client._link._wire.close()


def test_layers_of_a_program_that_was_killed_go_to_the_next_one(home, run_bridge, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    with run_bridge(home, [painter("held", gate)]):
        of, first, client = document(), Client(ABOUT, home, start=False), Client(GIMP, home, start=False)
        job = first.begin(of, SELECTION, recipe(count=3, seed=30), Reader(of))
        while not any(isinstance(event.message, Layer) for event in first.hear()):
            pass  # it hears of one layer, and does not settle it
        with pytest.raises(Refusal, match="This job is open in pytest") as caught:
            list(client.take(job))
        assert caught.value.code == "job.busy"
        ended(first)
        while not (listed := client.jobs())[0]["orphan"]:
            pass
        assert (listed[0]["state"], len(listed[0]["results"]), listed[0]["tag"]) == ("running", 1, of.tag)
        events = client.take(job)
        accepted, layer = (
            next(event for event in events if isinstance(event.message, kind)) for kind in (Accepted, Layer)
        )
        assert (accepted.message.job, layer.message.n, layer.picture[0]) == (job, 1, 50)
        assert client.jobs()[0]["host"] == "GIMP"
        gate.touch()
        rest = list(events)
        assert [event.picture[0] for event in rest if isinstance(event.message, Layer)] == [51, 52]
        assert (done(rest).state, len(done(rest).results)) == ("ok", 3)
        assert client.jobs() == ()
        first.close()
        client.close()


def test_what_was_finished_is_taken_with_its_done(plain) -> None:
    of, taken = document(), {}
    first, client = Client(ABOUT, plain, start=False), Client(GIMP, plain, start=False)
    job = first.begin(of, SELECTION, recipe(count=3, seed=60), Reader(of, coverage=99))
    listen(first, taken, settle=False)
    layers_of = [event for event in taken[job] if isinstance(event.message, Layer)]
    first.settle(layers_of[1])
    first.settle(taken[job][-1])
    assert first.jobs()[0]["results"] == [event.message.result for event in (layers_of[0], layers_of[2])]
    first.close()
    while not client.jobs()[0]["orphan"]:
        pass
    client.adopt(job)
    again: dict[str, list[Event]] = {}
    listen(client, again)
    assert [type(event.message) for event in again[job]] == [Accepted, Layer, Layer, Done]
    for event, before in zip(again[job][1:3], (layers_of[0], layers_of[2]), strict=True):
        assert event.message.result == before.message.result
        assert (bytes(event.picture), bytes(event.mask)) == (bytes(before.picture), bytes(before.mask))
    assert client.jobs() == ()
    with pytest.raises(Refusal, match="knows no such job") as caught:
        list(client.take(new_job()))
    assert caught.value.code == "job.unknown"
    client.close()


def test_who_lost_a_job_to_another_is_told_so(plain) -> None:
    of, taken = document(), {}
    first, client = Client(ABOUT, plain, start=False), Client(GIMP, plain, start=False)
    job = first.begin(of, SELECTION, recipe(), Reader(of))
    while not any(isinstance(event.message, Accepted) for event in first.hear()):
        pass
    ended(first)
    while not any(one["job"] == job and one["orphan"] for one in client.jobs()):
        pass
    client.adopt(job)
    while not any(isinstance(event.message, Accepted) for event in client.hear()):
        pass
    listen(first, taken, settle=False)  # it was only asleep
    assert taken[job][-1].message.code == "job.busy"
    listen(client, taken)
    assert done(taken[job]).state == "ok"
    first.close()
    client.close()


# ---- cuts -----------------------------------------------------------------------------------------------------------


class Cut:
    """Dials, and cuts each connection after so many bytes, both ways counted; the last one holds."""

    def __init__(self, *after: int) -> None:
        self.after, self.dialled = list(after), 0

    def __call__(self, host: str, port: int) -> link.Wire:
        self.dialled += 1
        left = self.after.pop(0) if self.after else None
        return CutWire(link.dial(host, port), left)


class CutWire:
    def __init__(self, wire: link.Wire, left: int | None) -> None:
        self.wire, self.left = wire, left

    def count(self, size: int) -> None:
        if self.left is not None:
            self.left -= size
            if self.left < 0:
                self.wire.close()
                raise ConnectionClosedError(None, None)

    def send(self, message: bytes) -> None:
        self.count(len(message))
        self.wire.send(message)

    def recv(self, timeout: float | None = None) -> bytes | str:
        message = self.wire.recv(timeout)
        self.count(len(message))
        return message

    def close(self) -> None:
        self.wire.close()


@pytest.fixture(scope="module")
def total(plain) -> int:
    """Bytes of a whole conversation about one fill, both ways."""
    counted = []

    def dial(host: str, port: int) -> link.Wire:
        counted.append(CutWire(link.dial(host, port), 1 << 40))
        return counted[0]

    client = Client(ABOUT, plain, dial=dial, start=False)
    fill(client, count=2, seed=11)
    client.close()
    return (1 << 40) - counted[0].left


@pytest.mark.parametrize("share", [0.02, 0.1, 0.4, 0.7, 0.8, 0.85, 0.9, 0.93, 0.96])
def test_a_cut_anywhere_delivers_every_layer_once(plain, total: int, share: float) -> None:
    dial = Cut(int(total * share), int(total * 0.9), 3_000)
    client = Client(ABOUT, plain, dial=dial, start=False)
    events = fill(client, count=2, seed=11)
    assert sorted(layer.index for layer in layers(events)) == [0, 1]
    for event in events:
        if isinstance(event.message, Layer):
            assert bytes(event.picture) == bytes([11 + event.message.index + 20]) * (SELECTION.area * 3)
    assert done(events).state == "ok"
    assert dial.dialled > 1
    client.close()


@pytest.mark.parametrize("share", [0.1, 0.7, 0.85, 0.93])
def test_a_cut_anywhere_hands_on_every_layer_once(plain, total: int, share: float) -> None:
    """Without waiting, and with nothing settled before all is there."""
    of, told, taken = document(), [], {}
    dial = Cut(int(total * share), int(total * 0.9), 3_000)
    client = Client(ABOUT, plain, dial=dial, start=False, away=told.append)
    job = client.begin(of, SELECTION, recipe(count=2, seed=11), Reader(of))
    listen(client, taken, settle=False)
    assert sorted(event.picture[0] for event in taken[job] if isinstance(event.message, Layer)) == [31, 32]
    assert done(taken[job]).state == "ok"
    for event in taken[job]:
        client.settle(event)
    assert client.jobs() == ()
    assert told == [True, False] * (dial.dialled - 1)
    assert dial.dialled > 1
    client.close()


def test_a_question_outlives_a_cut(plain) -> None:
    client = Client(ABOUT, plain, start=False)
    client.ask_jobs()
    ended(client)
    assert [event.message for event in client.hear()] == [Jobs(())]
    client.close()


def test_what_came_before_a_cut_is_heard_first(plain) -> None:
    class Last(CutWire):
        """Waits for so many messages, and is cut behind the last one."""

        def count(self, size: int) -> None:
            pass

        def recv(self, timeout: float | None = None) -> bytes | str:
            if not self.left:
                raise ConnectionClosedError(None, None)
            self.left -= 1
            return self.wire.recv(5)

    dialled = []

    def dial(host: str, port: int) -> link.Wire:
        dialled.append(Last(link.dial(host, port), 3) if not dialled else link.dial(host, port))
        return dialled[-1]

    client = Client(ABOUT, plain, dial=dial, start=False)
    client.ask_jobs()
    assert [event.message for event in client.hear()] == [Jobs(())]
    assert len(dialled) == 1
    assert client.jobs() == ()
    assert len(dialled) == 2
    dialled[0].close()
    client.close()


@pytest.mark.parametrize("gone", [False, True], ids=["while it waits", "while it tries to come back"])
def test_another_thread_may_close_it(home, run_bridge, gone: bool) -> None:
    away, heard = threading.Event(), []

    def run() -> None:
        try:
            client.hear()
        except Refusal as refusal:
            heard.append(refusal.text)

    with run_bridge(home):
        client = Client(ABOUT, home, start=False, away=lambda gone: away.set())
        thread = threading.Thread(target=run)
        if not gone:
            thread.start()
            while not client._link._turning.locked():
                pass
            client.close()
            thread.join()
    if gone:
        thread.start()
        away.wait()
        client.close()
        thread.join()
    assert heard == ["This client was closed."]


def test_a_session_opened_elsewhere_ends_the_older_connection(plain) -> None:
    client = Client(ABOUT, plain, start=False)
    other = link.Link(ABOUT, plain, None, "local", link.dial, False, lambda resumed: None)
    other._side, other._wire = other._open(client.session)
    with pytest.raises(Refusal, match="opened elsewhere") as caught:
        client.capabilities()
    assert caught.value.code == "auth.elsewhere"
    other.close()


def test_a_fill_left_open_in_a_closed_client_does_not_come_back(plain) -> None:
    dial = Cut()
    client = Client(ABOUT, plain, dial=dial, start=False)
    of = document()
    left = client.fill(of, SELECTION, recipe(), Reader(of))
    next(left)
    client.close()
    left.close()
    assert dial.dialled == 1


def test_it_asks_for_pairing_texts(bridge, home) -> None:
    client = Client(ABOUT, home, start=False)
    invites = [client.invite(), client.invite(page=True)]
    assert [(one.text, one.page) for one in invites] == [(one.text, one.page) for one in bridge.keys.invitations.alive]
    assert [one.seconds for one in invites] == [120, 120]
    client.close()


def test_no_bridge_and_none_to_start_is_a_sentence(home) -> None:
    with pytest.raises(Refusal, match="Start one in a terminal: sfumato serve"):
        Client(ABOUT, home, start=False)
    with pytest.raises(Refusal, match="Start one in a terminal: sfumato serve"):
        Client(ABOUT, home)


def test_two_clients_at_once_do_not_mix(home, run_bridge) -> None:
    with run_bridge(home, [painter("plain"), painter("plain")]):
        seen: dict[int, list[int]] = {}

        def run(seed: int) -> None:
            client = Client(ABOUT, home, start=False)
            for _ in range(3):
                for event in fill(client, count=2, seed=seed):
                    if isinstance(event.message, Layer):
                        seen.setdefault(seed, []).append(event.picture[0] - event.message.index - 20)
            client.close()

        threads = [threading.Thread(target=run, args=(seed,)) for seed in (5, 25, 45, 65)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert seen == {seed: [seed] * 6 for seed in (5, 25, 45, 65)}
