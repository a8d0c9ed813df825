"""What was promised holds: whatever was done, the journal says the same again, wherever a kill cut it off."""

import copy
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.journal import Journal
from bridge.ledger import Held, Job, Ledger, fingerprint
from bridge.protocol import limits
from bridge.protocol.messages import Done, Fill, Layer, Missing
from bridge.protocol.values import Box, Document, Picture, Recipe
from bridge.spool import Spool

DOCUMENT = Document("d" * 32, 640, 480, 3)
SELECTION = Box(10, 20, 30, 40)
DAY = 24 * 3600.0


class Clock:
    """A second passes with each look."""

    def __init__(self) -> None:
        self.now = 1_000_000_000.0

    def __call__(self) -> float:
        self.now += 1
        return self.now


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@contextmanager
def books(path: Path, clock: Clock) -> Iterator[Ledger]:
    with closing(Ledger(Journal(path), clock)) as ledger:
        yield ledger


def said(ledger: Ledger) -> dict:
    """All that a ledger knows, as values that no later change reaches."""
    return copy.deepcopy(
        {
            "sessions": {name: asdict(one) for name, one in ledger.sessions.items()},
            "regions": ledger.regions,
            "jobs": {name: asdict(one) for name, one in ledger.jobs.items()},
            "results": {name: (job.name, layer) for name, (job, layer) in ledger.results.items()},
        }
    )


def a_job(ledger: Ledger, name: str, session: bytes, count: int = 2, cancelled: bool = False) -> Job:
    """Promise a job; returns the ledger's own."""
    recipe = Recipe("remove", seed=7, count=count, made={"engine": "classical"})
    fill = Fill(name, DOCUMENT, recipe, SELECTION)
    plan = {"mode": "remove", "text": "30 × 40 px", "notes": ["small"], "seconds": 0.5}
    key = ledger.sessions[session].key
    about = (name, key, session, "test", fill, fingerprint(fill), "region", "classical", "classical")
    ledger.accept(Job(*about, plan, 0.0, cancelled=cancelled))
    return ledger.jobs[name]


def a_layer(job: Job, index: int) -> Layer:
    """Variation `index` of a job, not yet numbered."""
    return Layer(
        *(0, job.name, f"{job.name}x{index}", index, job.fill.recipe.count, SELECTION, Picture(30, 40, 3), "Remove"),
        *(7 + index, job.fill.recipe.to_map(), False, {"seconds": 0.25, "offset": [0.0, 1.0, -1.0]}),
    )


def a_region(name: str, key: str = "local") -> Held:
    return Held(name, key, DOCUMENT, Box(0, 0, 100, 100), SELECTION)


# ---- whatever was done ----------------------------------------------------------------------------------------------

DEEDS = ("open", "hold", "drop", "accept", "start", "give_back", "cancel", "layer", "done", "settle", "take")


def do(ledger: Ledger, deed: str, pick: int, number: int) -> None:
    """One change, if there is anything to change: exactly one record, or none."""

    def one(things: list) -> list:
        return [things[pick % len(things)]] if things else []

    open_jobs = list(ledger.unfinished())
    match deed:
        case "open":
            ledger.open(("local", "paired")[pick % 2], None)
        case "hold":
            ledger.hold(a_region(f"region{pick}"))
        case "drop":
            ledger.drop(one(list(ledger.regions)))
        case "accept":
            for session in one(list(ledger.sessions)):
                a_job(ledger, f"job{number}", session, count=1 + pick % 3, cancelled=pick == 5)
        case "start":
            for job in one([job for job in open_jobs if job.stage == "queued"]):
                ledger.start(job)
        case "give_back":
            for job in one([job for job in open_jobs if job.stage == "running"]):
                ledger.give_back(job)
        case "cancel":
            for job in one(open_jobs):
                ledger.cancel(job)
        case "layer":
            for job in one([job for job in open_jobs if job.missing]):
                ledger.layer(job, a_layer(job, job.missing[pick % len(job.missing)]))
        case "done":
            for job in one(open_jobs):
                missing = tuple(Missing(k, "job.lost", "Cancelled.") for k in job.missing)
                ledger.done(job, Done(0, job.name, "cancelled", tuple(job.layers.values()), missing, {"seconds": 1.5}))
        case "settle":
            for session in one([session for session in ledger.sessions.values() if session.unsettled]):
                ledger.settle(session, sorted(session.unsettled)[pick % len(session.unsettled)])
        case "take":
            for job in one(list(ledger.jobs.values())):
                for session in one([session for session in ledger.sessions.values() if session.key == job.key]):
                    ledger.take(job, session, f"host{number}")


def often(*deeds: str) -> st.SearchStrategy:
    return st.lists(st.tuples(st.sampled_from(deeds), st.integers(0, 5)), max_size=20)


@given(
    often(*DEEDS).map(lambda rest: [("open", 0), ("accept", 1), ("start", 0), ("layer", 0), *rest]),
    st.integers(0, 1000),
    st.integers(0, 1000),
)
@settings(max_examples=30, deadline=None)
def test_a_killed_bridge_knows_what_was_promised_up_to_the_kill(
    tmp_path_factory: pytest.TempPathFactory, deeds: list, record: int, torn: int
) -> None:
    folder, clock = tmp_path_factory.mktemp("ledger"), Clock()
    path = folder / "journal"
    with books(path, clock) as ledger:
        ends, known = [path.stat().st_size], [said(ledger)]
        for number, (deed, pick) in enumerate(deeds):
            do(ledger, deed, pick, number)
            if path.stat().st_size > ends[-1]:
                ends.append(path.stat().st_size)
                known.append(said(ledger))
    whole = path.read_bytes()
    for kept in {record % len(ends), len(ends) - 1}:
        rest = (ends[kept + 1] if kept + 1 < len(ends) else ends[kept] + 1) - ends[kept]
        path.write_bytes(whole[: ends[kept] + torn % rest])
        for _ in range(2):  # and the journal that was written anew says the same
            with books(path, clock) as reopened:
                assert said(reopened) == known[kept]


@given(often(*DEEDS), often(*DEEDS))
@settings(max_examples=25, deadline=None)
def test_a_week_later_the_same_is_forgotten_for_good_and_no_number_comes_twice(
    tmp_path_factory: pytest.TempPathFactory, before: list, after: list
) -> None:
    path, clock = tmp_path_factory.mktemp("ledger") / "journal", Clock()
    had: set[tuple[str, bytes]] = set()
    with books(path, clock) as ledger:
        for number, (deed, pick) in enumerate([("open", 0), ("accept", 0), ("accept", 0), ("done", 1), *before]):
            do(ledger, deed, pick, number)
            had |= {(job.name, job.session) for job in ledger.jobs.values()}
        unfinished = {job.name: asdict(job) for job in copy.deepcopy(list(ledger.unfinished()))}
        counts = {name: session.newest for name, session in ledger.sessions.items()}
    clock.now += limits.KEEP_LAYERS + 1
    with books(path, clock) as ledger:
        assert {name: asdict(job) for name, job in ledger.jobs.items()} == unfinished
        assert set(ledger.sessions) == {session for job, session in had if job in unfinished}
        assert all(session.newest == counts[name] for name, session in ledger.sessions.items())
        for number, (deed, pick) in enumerate(after, start=100):
            do(ledger, deed, pick, number)
        known = said(ledger)
    with books(path, clock) as ledger:
        assert said(ledger) == known


# ---- durable messages -----------------------------------------------------------------------------------------------


def test_durable_messages_are_counted_within_their_session(path: Path, clock: Clock) -> None:
    with books(path, clock) as ledger:
        mine, _ = ledger.open("local", None)
        yours, _ = ledger.open("local", None)
        one, other = a_job(ledger, "one", mine.name), a_job(ledger, "other", yours.name, count=1)
        numbers = [ledger.layer(one, a_layer(one, 1)).n, ledger.layer(other, a_layer(other, 0)).n]
        numbers += [ledger.layer(one, a_layer(one, 0)).n, ledger.done(other, Done(0, "other", "ok")).n]
        numbers += [ledger.done(one, Done(0, "one", "ok")).n]
        assert numbers == [1, 1, 2, 2, 3]
        assert [message.n for message in mine.unsettled.values()] == [1, 2, 3]


def test_an_ack_settles_its_message_and_none_below(path: Path, clock: Clock) -> None:
    with books(path, clock) as ledger:
        session, _ = ledger.open("local", None)
        job = a_job(ledger, "job", session.name, count=3)
        for index in range(3):
            ledger.layer(job, a_layer(job, index))
        ledger.done(job, Done(0, "job", "ok"))
        settled = ledger.settle(session, 2)
        assert isinstance(settled, Layer)
        assert settled.index == 1
        assert list(session.unsettled) == [1, 3, 4]
        assert set(ledger.results) == {"jobx0", "jobx2"}
        assert ledger.settle(session, 2) is None  # a second time
        assert ledger.settle(session, 9) is None  # never said
        assert isinstance(ledger.settle(session, 4), Done)
        assert list(session.unsettled) == [1, 3]
    with books(path, clock) as ledger:
        assert list(ledger.sessions[session.name].unsettled) == [1, 3]


def test_what_was_acknowledged_leaves_the_job_as_it_is(path: Path, clock: Clock) -> None:
    with books(path, clock) as ledger:
        session, _ = ledger.open("local", None)
        job = a_job(ledger, "job", session.name)
        ledger.layer(job, a_layer(job, 0))
        ledger.settle(session, 1)
        assert job.missing == (1,)  # a layer that the artist has is not painted again
    with books(path, clock) as ledger:
        assert ledger.jobs["job"].missing == (1,)


def test_a_session_belongs_to_its_key(path: Path, clock: Clock) -> None:
    with books(path, clock) as ledger:
        mine, resumed = ledger.open("local", None)
        assert not resumed
        assert ledger.open("local", mine.name) == (mine, True)
        yours, resumed = ledger.open("paired", mine.name)
        assert not resumed
        assert yours.name != mine.name
        unknown, resumed = ledger.open("local", b"\x00" * 16)
        assert not resumed
        assert unknown.name != b"\x00" * 16  # a name is the bridge's to give
    with books(path, clock) as ledger:
        assert ledger.open("local", mine.name)[1]
        assert not ledger.open("paired", mine.name)[1]


# ---- a job moves to another session ---------------------------------------------------------------------------------


def test_what_is_not_settled_moves_and_is_counted_there(path: Path, clock: Clock) -> None:
    with books(path, clock) as ledger:
        old, new = (ledger.open("local", None)[0] for _ in range(2))
        stays, job, other = (a_job(ledger, name, old.name, count=3) for name in ("stays", "job", "other"))
        a_job(ledger, "own", new.name)
        ledger.done(ledger.jobs["own"], Done(0, "own", "cancelled"))
        for index in (2, 0, 1):
            ledger.layer(job, a_layer(job, index))
            ledger.layer(other, a_layer(other, index))
        ledger.settle(old, 3)  # its layer 0
        ledger.done(job, Done(0, "job", "ok", ("jobx0", "jobx1", "jobx2")))
        moved = ledger.take(job, new, "GIMP")
        assert [(message.n, getattr(message, "result", "done")) for message in moved] == [
            *((2, "jobx2"), (3, "jobx1"), (4, "done"))
        ]
        assert (job.session, job.host, stays.session) == (new.name, "GIMP", old.name)
        assert {message.job for message in old.unsettled.values()} == {"other"}
        assert [message.n for message in new.unsettled.values()] == [1, 2, 3, 4]
        assert set(ledger.results) == {"jobx1", "jobx2", "otherx0", "otherx1", "otherx2"}
        assert ledger.settle(old, 5) is None  # that number is not this session's any more
        assert ledger.settle(new, 3) == moved[1]
        known = said(ledger)
    for _ in range(2):
        with books(path, clock) as ledger:
            assert said(ledger) == known


def test_a_job_that_goes_on_is_told_to_the_session_that_has_it(path: Path, clock: Clock) -> None:
    with books(path, clock) as ledger:
        old, new = (ledger.open("local", None)[0] for _ in range(2))
        job = a_job(ledger, "job", old.name)
        ledger.start(job)
        ledger.layer(job, a_layer(job, 1))
        assert [message.n for message in ledger.take(job, new, "GIMP")] == [1]
    with books(path, clock) as ledger:  # killed right then
        job, new = ledger.jobs["job"], ledger.sessions[new.name]
        assert (job.session, job.missing, job.stage) == (new.name, (0,), "running")
        assert ledger.layer(job, a_layer(job, 0)).n == 2
        assert ledger.done(job, Done(0, "job", "ok")).n == 3
        assert (list(new.unsettled), list(ledger.sessions[old.name].unsettled)) == ([1, 2, 3], [])


def test_who_takes_a_job_hears_of_its_end_though_that_was_settled(path: Path, clock: Clock) -> None:
    with books(path, clock) as ledger:
        old, new = (ledger.open("local", None)[0] for _ in range(2))
        job = a_job(ledger, "job", old.name)
        ledger.layer(job, a_layer(job, 0))
        ended = ledger.done(job, Done(0, "job", "cancelled", ("jobx0",), (Missing(1, "job.lost", "Cancelled."),)))
        ledger.settle(old, ended.n)
        layer, done = ledger.take(job, new, "GIMP")
        assert (layer.n, done) == (1, replace(ended, n=2))
        assert [message.n for message in ledger.take(job, new, "GIMP")] == [3, 4], "one's own, too"
        assert list(new.unsettled) == [3, 4]


def test_a_session_is_kept_as_long_as_the_journal_speaks_of_it(path: Path, clock: Clock) -> None:
    """The records of what it was told are applied again at every start, also after the job has left it."""
    with books(path, clock) as ledger:
        old, new = (ledger.open("local", None)[0] for _ in range(2))
        job = a_job(ledger, "job", old.name, count=3)
        ledger.settle(old, ledger.layer(job, a_layer(job, 0)).n)
        ledger.layer(job, a_layer(job, 1))
        ledger.take(job, new, "GIMP")
    clock.now += 30 * DAY  # the job still waits
    for _ in range(2):
        with books(path, clock) as ledger:
            assert set(ledger.sessions) == {old.name, new.name}
            assert (ledger.jobs["job"].missing, list(ledger.sessions[new.name].unsettled)) == ((2,), [1])
    with books(path, clock) as ledger:
        ledger.done(ledger.jobs["job"], Done(0, "job", "ok"))
    clock.now += 8 * DAY
    with books(path, clock) as ledger:
        assert (ledger.sessions, ledger.jobs, ledger.results) == ({}, {}, {})


# ---- a job's life ---------------------------------------------------------------------------------------------------


def test_starts_are_counted_and_given_back(path: Path, clock: Clock) -> None:
    with books(path, clock) as ledger:
        session, _ = ledger.open("local", None)
        job = a_job(ledger, "job", session.name)
        assert (job.stage, job.starts) == ("queued", 0)
        ledger.start(job)
        assert (job.stage, job.starts) == ("running", 1)
    with books(path, clock) as ledger:  # killed: this start counts
        job = ledger.jobs["job"]
        assert (job.stage, job.starts) == ("running", 1)
        ledger.start(job)
        ledger.give_back(job)
    with books(path, clock) as ledger:  # ended in good order: that one does not
        assert (ledger.jobs["job"].stage, ledger.jobs["job"].starts) == ("queued", 1)


def test_a_cancelled_job_stays_cancelled(path: Path, clock: Clock) -> None:
    with books(path, clock) as ledger:
        session, _ = ledger.open("local", None)
        ledger.cancel(a_job(ledger, "running", session.name))
        a_job(ledger, "wanted", session.name, cancelled=True)
    with books(path, clock) as ledger:
        assert [job.cancelled for job in ledger.unfinished()] == [True, True]


def test_unfinished_jobs_are_listed_by_key_and_oldest_first(path: Path, clock: Clock) -> None:
    with books(path, clock) as ledger:
        mine, _ = ledger.open("local", None)
        yours, _ = ledger.open("paired", None)
        for name, session in (("c", mine), ("a", yours), ("b", mine), ("d", mine)):
            a_job(ledger, name, session.name)
        ledger.done(ledger.jobs["b"], Done(0, "b", "cancelled"))
        assert [job.name for job in ledger.unfinished()] == ["c", "a", "d"]
        assert [job.name for job in ledger.unfinished("local")] == ["c", "d"]
        assert [job.name for job in ledger.unfinished("nobody")] == []


def test_what_could_not_be_written_did_not_happen(path: Path, clock: Clock, full_disk_at) -> None:
    with books(path, clock) as ledger:
        session, _ = ledger.open("local", None)
        job = a_job(ledger, "job", session.name)
        before = said(ledger)
        with full_disk_at(path.stat().st_size + 3):
            for change in (
                lambda: ledger.layer(job, a_layer(job, 0)),
                lambda: ledger.start(job),
                lambda: ledger.open("local", None),
                lambda: ledger.hold(a_region("r")),
                lambda: ledger.take(job, session, "GIMP"),
            ):
                with pytest.raises(OSError, match="File too large"):
                    change()
        assert said(ledger) == before
        ledger.layer(job, a_layer(job, 0))
    with books(path, clock) as ledger:
        assert list(ledger.results) == ["jobx0"]


# ---- forgetting -----------------------------------------------------------------------------------------------------


def test_a_layer_that_nobody_took_is_kept_a_week_and_its_files_go_with_it(tmp_path: Path, clock: Clock) -> None:
    path, spool = tmp_path / "journal", Spool(tmp_path / "spool")
    with books(path, clock) as ledger:
        session, _ = ledger.open("local", None)
        job = a_job(ledger, "job", session.name, count=1)
        ledger.layer(job, a_layer(job, 0))
        ledger.done(job, Done(0, "job", "ok"))
        for file in spool.layer("jobx0"):
            file.write_bytes(b"pixels")
        ended = clock.now
    clock.now = ended + 7 * DAY - 1
    with books(path, clock) as ledger:
        spool.sweep(set(ledger.regions), set(ledger.results))
        assert list(ledger.results) == ["jobx0"]
        assert spool.layer("jobx0").size == 12
        assert list(ledger.sessions[session.name].unsettled) == [1, 2]
    clock.now = ended + 7 * DAY
    with books(path, clock) as ledger:
        spool.sweep(set(ledger.regions), set(ledger.results))
        assert (ledger.jobs, ledger.results, ledger.sessions) == ({}, {}, {})
        assert spool.layer("jobx0").size == 0
    assert path.stat().st_size == 0


def test_an_unfinished_job_is_never_forgotten(path: Path, clock: Clock) -> None:
    with books(path, clock) as ledger:
        session, _ = ledger.open("local", None)
        job = a_job(ledger, "job", session.name)
        ledger.start(job)
        ledger.layer(job, a_layer(job, 1))
    clock.now += 365 * DAY
    with books(path, clock) as ledger:
        assert ledger.jobs["job"].missing == (0,)
        assert list(ledger.results) == ["jobx1"]
        assert ledger.open("local", session.name)[1]


def test_what_nobody_can_ask_for_any_more_is_forgotten_at_the_next_start(path: Path, clock: Clock) -> None:
    with books(path, clock) as ledger:
        for key in ("local", "panel", "page"):
            session, _ = ledger.open(key, None)
            done, waiting = (a_job(ledger, f"{key}-{what}", session.name) for what in ("done", "waiting"))
            ledger.layer(done, a_layer(done, 0))
            ledger.done(done, Done(0, done.name, "ok", (f"{done.name}x0",)))
            ledger.start(waiting)
            ledger.layer(waiting, a_layer(waiting, 1))
    asked: list[str] = []
    with closing(Ledger(Journal(path), clock, gone=lambda key: asked.append(key) or key == "page")) as ledger:
        kept = said(ledger)
        assert set(ledger.jobs) == {"local-done", "local-waiting", "panel-done", "panel-waiting"}
        assert set(ledger.results) == {"local-donex0", "local-waitingx1", "panel-donex0", "panel-waitingx1"}
        assert sorted(asked) == ["local", "page", "panel"]  # each once: it is a look at the disk
        assert {len(one.unsettled) for one in ledger.sessions.values() if one.key == "page"} == {0}
    with books(path, clock) as ledger:
        assert said(ledger) == kept


def test_a_week_begins_when_the_job_ends_however_long_it_waited(path: Path, clock: Clock) -> None:
    with books(path, clock) as ledger:
        session, _ = ledger.open("local", None)
        a_job(ledger, "job", session.name, count=1)
    clock.now += 30 * DAY  # the machine was off
    with books(path, clock) as ledger:
        job = ledger.jobs["job"]
        ledger.layer(job, a_layer(job, 0))
        ledger.done(job, Done(0, "job", "ok"))
    clock.now += 6 * DAY
    with books(path, clock) as ledger:
        assert list(ledger.results) == ["jobx0"]
        assert ledger.open("local", session.name)[1]


def test_the_journal_is_written_anew_without_what_was_forgotten(path: Path, clock: Clock) -> None:
    with books(path, clock) as ledger:
        session, _ = ledger.open("local", None)
        waits = a_job(ledger, "waits", session.name)
        ledger.layer(waits, a_layer(waits, 0))
        compact = path.stat().st_size
        for number in range(20):
            job = a_job(ledger, f"job{number}", session.name, count=1)
            ledger.start(job)
            ledger.settle(session, ledger.layer(job, a_layer(job, 0)).n)
            ledger.done(job, Done(0, job.name, "ok"))
            ledger.hold(a_region(f"region{number}"))
            ledger.drop([f"region{number}"])
        grown = path.stat().st_size
    clock.now += 8 * DAY
    for _ in range(2):  # from the journal as it had grown, and from the new one
        with books(path, clock) as ledger:
            assert ledger.jobs == {"waits": waits}
            assert list(ledger.sessions[session.name].unsettled) == [1]
            assert ledger.sessions[session.name].newest == 41
            assert path.stat().st_size < compact + grown / 20
    with books(path, clock) as ledger:
        assert ledger.done(waits, Done(0, "waits", "ok")).n == 42


# ---- what is alike --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "serves"),
    [
        ({}, True),
        ({"document": replace(DOCUMENT, tag="another")}, True),
        ({"document": replace(DOCUMENT, width=641)}, False),
        ({"document": replace(DOCUMENT, depth="u16")}, False),
        ({"document": replace(DOCUMENT, channels=4)}, False),
        ({"selection": Box(10, 20, 30, 41)}, False),
        ({"selection": None}, False),
        ({"recipe": Recipe("fill", prompt="a red roof")}, True),
    ],
)
def test_a_region_serves_the_same_pixels_only(change: dict, serves: bool) -> None:
    fill = replace(Fill("job", DOCUMENT, Recipe("remove"), SELECTION), **change)
    held = a_region("r")
    assert held.serves(fill, "local", Box(0, 0, 100, 100)) is serves
    assert not held.serves(fill, "paired", Box(0, 0, 100, 100))
    assert not held.serves(fill, "local", Box(0, 0, 101, 100))


def test_the_same_ask_has_the_same_fingerprint_whatever_region_may_spare_it_an_upload() -> None:
    fill = Fill("job", DOCUMENT, Recipe("remove"), SELECTION)
    same = [fill, replace(fill, region="r"), Fill("job", DOCUMENT, Recipe("remove", strength=1.0), SELECTION)]
    assert len({fingerprint(one) for one in same}) == 1
    others = [
        replace(fill, selection=None),
        replace(fill, content=Box(0, 0, 5, 5)),
        replace(fill, recipe=Recipe("remove", seed=0)),
        replace(fill, document=replace(DOCUMENT, height=481)),
        replace(fill, replaces="another"),
    ]
    assert len({fingerprint(one) for one in [fill, *others]}) == 6
