"""The line: what the main loop asks leaves at once, what the bridge says comes out on it, and nobody ever waits."""

import queue
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, contextmanager, suppress

import pytest

from bridge import __version__, link
from bridge.client import Client, Event
from bridge.protocol.errors import Refusal
from bridge.protocol.messages import Capabilities, Done, Error, Jobs, Layer, Want
from bridge.protocol.values import Recipe
from gimp_plugin import line as room
from gimp_plugin.line import Line
from tests.asks import ABOUT, SELECTION, Reader, document, recipe
from tests.painters import painter

PATIENCE = 20.0


@pytest.fixture(scope="module")
def plain(tmp_path_factory, run_bridge):
    """The folder of a bridge whose painter paints greys."""
    folder = tmp_path_factory.mktemp("plain")
    with run_bridge(folder, [painter("plain")]):
        yield folder


class Loop:
    """A main loop that is turned by hand, and all that came out on it."""

    def __init__(self, folder, kind: type[Client] = Client) -> None:
        self.posted: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self.events: list[Event] = []
        self.states: list[tuple[str, str]] = []
        self.starts: list[bool] = []
        self.threads: set[int] = set()

        def connect(start: bool, away: Callable[[bool], None]) -> Client:
            self.starts.append(start)
            return kind(ABOUT, folder, start=False, away=away)

        self.line = Line(connect, self.posted.put, self.hear, self.state)

    def hear(self, event: Event) -> None:
        self.threads.add(threading.get_ident())
        self.events.append(event)

    def state(self, state: str, text: str) -> None:
        self.threads.add(threading.get_ident())
        self.states.append((state, text))

    def until(self, condition: Callable[[], object]) -> None:
        end = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < end, (self.states, self.events)
            with suppress(queue.Empty):
                self.posted.get(timeout=0.01)()

    def heard(self, kind: type) -> list:
        return [one.message for one in self.events if isinstance(one.message, kind)]


@contextmanager
def loop(folder, kind: type[Client] = Client):
    made = Loop(folder, kind)
    yield made
    made.line.close()
    assert not made.line._thread.is_alive()
    assert made.threads <= {threading.get_ident()}


def begin(client: Client, read, **more) -> None:
    client.begin(document(), SELECTION, recipe(), read, **more)


def test_a_fill_is_asked_read_on_the_main_loop_and_heard(plain) -> None:
    with loop(plain) as one:
        reader, threads = Reader(document()), []

        def read(want: Want) -> tuple[bytes, bytes | None]:
            threads.append(threading.get_ident())
            return reader(want)

        one.line.do(lambda client: begin(client, one.line.on_main(read)))
        one.until(lambda: one.heard(Done))
        assert (threads, len(one.heard(Layer)), one.states) == ([threading.get_ident()], 1, [("open", "")])


def test_answers_do_not_wait_and_an_idle_line_sleeps(plain, monkeypatch) -> None:
    monkeypatch.setattr(room, "IDLE", 600.0)  # an answer that waits for the next look waits for ever
    monkeypatch.setattr(room, "ANSWER", 0.2)
    waits: list[float] = []
    waiting = Line._waiting

    def recorded(self: Line, seconds: float):
        waits.append(seconds)
        return waiting(self, seconds)

    monkeypatch.setattr(Line, "_waiting", recorded)
    with loop(plain) as one:
        one.line.do(lambda client: client.ask_jobs())
        one.until(lambda: one.heard(Jobs))
        one.line.do(lambda client: client.ask_capabilities())
        one.line.do(lambda client: client.begin(document(), SELECTION, Recipe("remove"), None, dry=True))
        one.until(lambda: one.heard(Capabilities) and one.heard(Want))
        one.until(lambda: waits[-1] == 600.0)
        one.line.do(lambda client: client.ask_jobs())
        one.until(lambda: len(one.heard(Jobs)) == 2)


class Parted(Client):
    """Hears one event at a time, as the parts of a long answer may come."""

    def __init__(self, *arguments, **options) -> None:
        super().__init__(*arguments, **options)
        self.left: list[Event] = []

    def hear(self, timeout: float | None = None) -> list[Event]:
        self.left += super().hear(timeout)
        some, self.left = self.left[:1], self.left[1:]
        return some


def test_every_part_of_an_answer_follows_at_once(plain, monkeypatch) -> None:
    monkeypatch.setattr(room, "IDLE", 600.0)
    monkeypatch.setattr(room, "ANSWER", 0.5)  # the parts take longer: each one prolongs the attention
    parts = [Event(Capabilities(1, part + 1, 40)) for part in range(40)]
    with loop(plain, Parted) as one:
        one.line.do(lambda client: client.left.extend(parts))
        one.until(lambda: len(one.heard(Capabilities)) == 40)


@pytest.mark.parametrize(
    ("raised", "code", "text"),
    [
        (Refusal("job.lost", "The image was closed."), "job.lost", "The image was closed."),
        (LookupError("no layer"), "internal", r"The picture could not be read (LookupError: no layer)."),
        (TimeoutError("slow"), "internal", r"The picture could not be read (TimeoutError: slow)."),
    ],
)
def test_a_read_that_fails_is_a_sentence_and_the_line_lives(plain, raised, code, text) -> None:
    def read(want: Want) -> tuple[bytes, bytes | None]:
        raise raised

    with loop(plain) as one:
        one.line.do(lambda client: begin(client, one.line.on_main(read)))
        one.until(lambda: one.heard(Error))
        (error,) = one.heard(Error)
        assert (error.code, error.text) == (code, text)
        one.line.do(lambda client: begin(client, one.line.on_main(Reader(document()))))
        one.until(lambda: one.heard(Layer))
        assert one.states == [("open", "")]


def test_a_fault_of_our_own_costs_one_conversation(plain, monkeypatch) -> None:
    monkeypatch.setattr(room, "AGAIN", 0.01)
    with loop(plain) as one:
        one.line.do(lambda client: 1 / 0)
        one.until(lambda: len(one.states) == 3)
        text = "The line broke (ZeroDivisionError: division by zero)."
        assert one.states == [("open", ""), ("closed", text), ("open", "")]
        one.line.do(lambda client: client.ask_jobs())
        one.until(lambda: one.heard(Jobs))


def test_without_a_bridge_it_is_said_once_and_tried_again_in_silence(home, run_bridge, monkeypatch) -> None:
    monkeypatch.setattr(room, "AGAIN", 0.01)
    with loop(home) as one:
        one.until(lambda: len(one.starts) > 4)
        assert one.states == [("closed", "No bridge is running. Start one in a terminal: sfumato serve")]
        assert one.starts[:4] == [True, False, False, False], "the clock started a bridge"
        with run_bridge(home):
            one.until(lambda: one.states[-1] == ("open", ""))


def test_a_gesture_may_start_a_bridge_and_hears_that_it_was_in_vain(home, monkeypatch) -> None:
    monkeypatch.setattr(room, "AGAIN", 600.0)
    done: list[Client] = []
    with loop(home) as one:
        one.until(lambda: one.states)
        one.line.do(done.append)
        one.line.do(done.append)
        one.until(lambda: len(one.states) == 2)
        assert one.starts == [True, True]
        assert one.line._commands.empty() and not done


def test_a_gesture_before_it_is_heard_that_there_is_no_bridge_was_in_vain(home, monkeypatch) -> None:
    """The main loop answers for it when it hears: done later after all, nobody would know of it."""
    monkeypatch.setattr(room, "AGAIN", 600.0)
    done: list[Client] = []
    with loop(home) as one:
        closed = one.posted.get(timeout=PATIENCE)
        one.line.do(done.append)
        one.line._thread.join(0.1)
        assert one.starts == [True]
        closed()
        assert one.line._commands.empty() and not done


def test_a_gesture_between_two_silent_tries_is_not_lost(home, run_bridge, monkeypatch) -> None:
    """It came while the clock's own try was under way, and that one failed."""
    monkeypatch.setattr(room, "AGAIN", 0.01)
    tries, go = [0], threading.Event()

    class Slow(Client):
        def __init__(self, *arguments, **options) -> None:
            tries[0] += 1
            if tries[0] == 2:
                go.wait(PATIENCE)
                raise Refusal("job.lost", "not yet")
            super().__init__(*arguments, **options)

    with loop(home, Slow) as one:
        one.until(lambda: tries[0] == 2)
        one.line.do(lambda client: client.ask_jobs())
        with run_bridge(home):
            go.set()
            one.until(lambda: one.heard(Jobs))
        assert one.starts[:3] == [True, False, True]


class Newer(Client):
    """A client of a bridge of another release."""

    @property
    def bridge_version(self) -> str:
        return "9.9.9"


def test_two_releases_are_told_apart_in_one_sentence(plain) -> None:
    with loop(plain, Newer) as one:
        one.until(lambda: one.states)
        text = f"This plug-in is {__version__} and the bridge 9.9.9: run sfumato install gimp, and start GIMP again."
        assert one.states == [("open", text)]


@contextmanager
def parted(home, run_bridge):
    """A line whose bridge has just ended."""
    with ExitStack() as bridge:
        bridge.enter_context(run_bridge(home))
        with loop(home) as one:
            one.until(lambda: one.states)
            bridge.close()
            yield one


def test_a_bridge_that_is_away_and_comes_back(home, run_bridge) -> None:
    with parted(home, run_bridge) as one:
        one.until(lambda: len(one.states) == 2)
        with run_bridge(home):
            one.until(lambda: len(one.states) == 3)
        assert one.states[1:] == [("away", "The bridge is away; coming back to it."), ("open", "")]


def test_a_bridge_that_is_gone_for_good(home, run_bridge, monkeypatch) -> None:
    monkeypatch.setattr(link, "RETURN_SECONDS", 0.1)
    monkeypatch.setattr(room, "AGAIN", 600.0)
    with parted(home, run_bridge) as one:
        one.until(lambda: len(one.states) == 3)
        state, text = one.states[-1]
        assert state == "closed" and "did not come back" in text and "waits for you" in text


# ---- the end --------------------------------------------------------------------------------------------------------


@contextmanager
def soon():
    """What follows takes less than two seconds: GIMP waits for a window that is closed."""
    begun = time.monotonic()
    yield
    assert time.monotonic() - begun < 2


def test_what_was_said_before_the_end_still_leaves(plain) -> None:
    one = Loop(plain)
    one.line.do(lambda client: begin(client, one.line.on_main(Reader(document())), job="e" * 32))
    one.until(lambda: one.heard(Done))
    for event in one.events:
        one.line.do(lambda client, event=event: client.settle(event))
    with soon():
        one.line.close()
    client = Client(ABOUT, plain, start=False)
    assert "e" * 32 not in {job["job"] for job in client.jobs()}
    client.close()


def test_the_end_while_a_picture_is_read(plain) -> None:
    one = Loop(plain)
    one.line.do(lambda client: begin(client, one.line.on_main(Reader(document()))))
    one.until(lambda: one.states)
    waits = one.posted.get(timeout=PATIENCE)  # it waits for this to be read, and nobody reads it any more
    with soon():
        one.line.close()
    assert not one.line._thread.is_alive()
    waits()


def test_the_end_while_the_bridge_is_away(home, run_bridge) -> None:
    with parted(home, run_bridge) as one:
        one.until(lambda: one.states[-1][0] == "away")
        with soon():
            one.line.close()


def test_the_end_while_nothing_happens_and_without_a_bridge(plain, home) -> None:
    for folder in (plain, home):
        one = Loop(folder)
        one.until(lambda one=one: one.states)
        with soon():
            one.line.close()
        assert not one.line._thread.is_alive()


def test_the_end_before_the_bridge_has_answered(home) -> None:
    stuck = threading.Event()

    class Stuck(Client):
        def __init__(self, *arguments, **options) -> None:
            stuck.wait(PATIENCE)
            raise Refusal("job.lost", "too late")

    one = Loop(home, Stuck)
    with soon():
        one.line.close()
    stuck.set()
    one.line._thread.join(PATIENCE)
    assert one.posted.empty(), "something was told after the end"
