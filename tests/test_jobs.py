"""The queue: fair, cancellable, each job ends once, whatever happens to a painter."""

import hashlib
import threading
from pathlib import Path

import pytest

from bridge.client import Client, new_job
from bridge.jobs import result_id
from bridge.protocol import limits
from bridge.protocol.errors import Refusal
from bridge.protocol.messages import Accepted, Layer
from tests.asks import ABOUT, SELECTION, Reader, document, done, fill, layers, recipe
from tests.painters import painter


def test_a_result_is_named_by_its_job_and_index() -> None:
    job = "00" * 16
    assert result_id(job, 258) == hashlib.sha256(b"0" * 32 + b"\x02\x01").digest()[:16].hex()


def test_a_painter_that_died_once_costs_nothing(home, run_bridge, tmp_path: Path) -> None:
    lives = tmp_path / "lives"
    lives.write_text("1")
    with run_bridge(home, [painter("dying", lives)]):
        client = Client(ABOUT, home, start=False)
        events = fill(client, count=3, seed=30)
        assert [layer.index for layer in layers(events)] == [0, 1, 2]
        assert [event.picture[0] for event in events if isinstance(event.message, Layer)] == [50, 51, 52]
        assert done(events).state == "ok"
        client.close()


@pytest.mark.parametrize("at", range(8))
def test_a_painter_that_dies_at_any_step_goes_on_where_it_was(home, run_bridge, tmp_path: Path, at: int) -> None:
    (tmp_path / "at").write_text(str(at))
    with run_bridge(home, [painter("dying-at", tmp_path / "at")]):
        client = Client(ABOUT, home, start=False)
        events = fill(client, count=2, seed=30)
        assert not (tmp_path / "at").exists()
        assert [event.picture[0] for event in events if isinstance(event.message, Layer)] == [50, 51]
        assert (done(events).state, done(events).missing) == ("ok", ())
        assert [layer.index for layer in layers(fill(client, count=1))] == [0]
        client.close()


def test_a_painter_that_dies_again_ends_the_job_and_keeps_its_layers(home, run_bridge, tmp_path: Path) -> None:
    lives = tmp_path / "lives"
    lives.write_text("2")
    with run_bridge(home, [painter("dying", lives)]):
        client = Client(ABOUT, home, start=False)
        events = fill(client, count=2)
        assert [layer.index for layer in layers(events)] == [0]
        assert done(events).state == "ok"
        (missing,) = done(events).missing
        assert (missing.index, missing.code) == (1, "job.lost")
        assert "died 2 times" in missing.text
        assert len(layers(fill(client, count=2))) == 2
        client.close()


def test_what_an_engine_refuses_reaches_the_artist(home, run_bridge) -> None:
    with run_bridge(home, [painter("refusing")]):
        client = Client(ABOUT, home, start=False)
        last = done(fill(client))
        assert (last.state, last.missing[0].code) == ("failed", "picture.empty")
        assert last.missing[0].text == "There is nothing to copy from: 0 of 9 pixels are known."
        client.close()


def test_a_fault_of_one_job_does_not_take_the_painter(home, run_bridge) -> None:
    faulty = painter("faulty")
    with run_bridge(home, [faulty]):
        client = Client(ABOUT, home, start=False)
        first = done(fill(client))
        pid = faulty.pid
        second = done(fill(client, seed=8))
        assert [first.missing[0].code, second.missing[0].code] == ["internal", "internal"]
        assert "ZeroDivisionError" in first.missing[0].text
        assert (pid, pid is not None) == (faulty.pid, True)
        client.close()


def test_a_library_that_prints_does_not_break_the_pipe(home, run_bridge) -> None:
    with run_bridge(home, [painter("noisy")]):
        client = Client(ABOUT, home, start=False)
        assert len(layers(fill(client, count=2))) == 2
        client.close()


def test_one_queue_over_two_painters(home, run_bridge, tmp_path: Path) -> None:
    gate, free = tmp_path / "gate", painter("plain", device="second")
    with run_bridge(home, [painter("held", gate, device="first"), free]):
        held, client = Client(ABOUT, home, start=False), Client(ABOUT, home, start=False)
        of = document()
        slow = held.fill(of, SELECTION, recipe(count=2), Reader(of))
        while not isinstance(next(slow).message, Layer):
            pass  # variation 1 of the first job has been painted; its second one is held
        quick = [done(fill(client, seed=seed)).state for seed in (1, 2, 3)]
        gate.touch()
        assert (quick, done(list(slow)).state) == (["ok"] * 3, "ok")
        held.close()
        client.close()


def test_sessions_take_turns(home, run_bridge, tmp_path: Path) -> None:
    gate, of = tmp_path / "gate", document()
    with run_bridge(home, [painter("held", gate)]):
        first, second = Client(ABOUT, home, start=False), Client(ABOUT, home, start=False)
        busy = first.fill(of, SELECTION, recipe(count=2), Reader(of))
        while not isinstance(next(busy).message, Layer):
            pass
        waiting = []
        for client, name in ((first, "a1"), (first, "a2"), (first, "a3"), (second, "b1")):
            asked = client.fill(of, SELECTION, recipe(seed=len(waiting)), Reader(of))
            while not isinstance(next(asked).message, Accepted):
                pass
            waiting.append((name, asked))
        gate.touch()
        assert [done(list(asked)).state for asked in (busy, *(asked for _, asked in waiting))] == ["ok"] * 5
        records = [record for record in _records(home) if record["r"] == "started"]
        names = {job: name for (name, _), job in zip(waiting, _accepted(home)[1:], strict=True)}
        order = [names[record["job"]] for record in records[1:]]
        assert order == ["a1", "b1", "a2", "a3"], "one of each session in turn"
        first.close()
        second.close()


def test_the_queue_of_a_key_has_an_end(home, run_bridge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "QUEUED", 2)
    of, begun = document(), tmp_path / "begun"
    with run_bridge(home, [painter("endless", begun, drops=True)]):
        client = Client(ABOUT, home, start=False)
        running = [client.fill(of, SELECTION, recipe(seed=k), Reader(of)) for k in range(3)]
        for one in running[:2]:
            while not isinstance(next(one).message, Accepted):
                pass
        with pytest.raises(Refusal, match="2 jobs wait already; the limit is 2") as caught:
            list(running[2])
        assert caught.value.code == "queue.full"
        for one in running[:2]:
            one.close()
        client.close()


def test_what_ran_when_the_bridge_stopped_runs_again(home, run_bridge, tmp_path: Path) -> None:
    of, gate, name = document(), tmp_path / "gate", new_job()
    with run_bridge(home, [painter("held", gate)]) as bridge:
        client = Client(ABOUT, home, start=False)
        events = client.fill(of, SELECTION, recipe(count=2, seed=60), Reader(of), job=name)
        seen = [next(events)]
        while not isinstance(seen[-1].message, Layer):
            seen.append(next(events))
        port = bridge.port
    gate.touch()
    rest: list = []
    drained = threading.Thread(target=lambda: rest.extend(events))
    from bridge.config import Config

    with run_bridge(home, [painter("held", gate)], Config(port=port)):
        drained.start()
        drained.join()
    assert [layer.index for layer in layers(seen + rest)] == [0, 1]
    assert done(rest).state == "ok"
    client.close()


def _records(home: Path) -> list[dict]:
    from bridge.journal import Journal

    journal = Journal(home / "spool" / "journal")
    journal.close()
    return journal.records


def _accepted(home: Path) -> list[str]:
    return [record["fill"]["job"] for record in _records(home) if record["r"] == "accepted"]


def test_two_painters_and_one_that_dies(home, run_bridge, tmp_path: Path) -> None:
    lives = tmp_path / "lives"
    lives.write_text("1")
    with run_bridge(home, [painter("dying", lives, device="first"), painter("dying", lives, device="second")]):
        client = Client(ABOUT, home, start=False)
        for seed in (1, 2, 3):
            assert len(layers(fill(client, count=2, seed=seed))) == 2
        client.close()
