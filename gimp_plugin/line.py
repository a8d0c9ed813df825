"""The line to the bridge: a thread that holds the client, so that the window and GIMP never wait for it.

What the window wants goes in as `do(…)`; what the bridge says comes out on the main loop. Pixels are read there too,
since libgimp knows one thread only: the line waits meanwhile.
"""

import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from bridge import __version__
from bridge.client import Client, Event, Read
from bridge.protocol.errors import Refusal
from bridge.protocol.messages import Want

Post = Callable[[Callable[[], None]], None]
"""Runs something on the main loop, soon. May be called from any thread."""
Command = Callable[[Client], Any]
T = TypeVar("T")

BUSY = 0.02
"""Seconds for which the line listens at a time while something is painted or answered: how late a cancel may leave."""
ANSWER = 1.0
"""Seconds for which an answer is listened for like that, after whatever was said last."""
IDLE = 0.5
"""Seconds between two looks at what the bridge says by itself while nothing is asked of it."""
AGAIN = 3.0
"""Seconds between two tries to reach a bridge that is gone."""
FAREWELL = 1.0
"""Seconds for which `close` waits until what was done is told."""


class Line:
    """One conversation with the bridge, opened anew for as long as it takes."""

    def __init__(
        self,
        connect: Callable[[bool, Callable[[bool], None]], Client],
        post: Post,
        hear: Callable[[Event], None],
        state: Callable[[str, str], None],
    ) -> None:
        """`connect(start, away)` opens a client; `start` says whether a bridge may be started for it, and `away` is
        told when the connection is cut and when it is back. `hear` gets every event, and `state` "open", "away" or
        "closed" with a sentence, both on the main loop."""
        self._connect, self._post, self._hear, self._state = connect, post, hear, state
        self._commands: queue.SimpleQueue[Command | None] = queue.SimpleQueue()
        self._client: Client | None = None
        self._ended = self._gone = False
        self._thread = threading.Thread(target=self._run, name="line", daemon=True)
        self._thread.start()

    def do(self, command: Command) -> None:
        """Have something done with the client, in order. It must not wait for an answer."""
        self._commands.put(command)

    def close(self) -> None:
        """End the conversation, once what was said before has left. What was not acknowledged stays with the bridge."""
        self._ended = True
        self._commands.put(None)
        self._thread.join(0 if self._gone else FAREWELL)
        if self._thread.is_alive() and self._client is not None:
            self._client.close()  # ends what it waits for
            self._thread.join(FAREWELL / 2)

    def on_main(self, read: Read) -> Read:
        """The same reading, done on the main loop; the line waits for it. What it raises becomes a Refusal."""

        def wait(want: Want) -> tuple[Any, Any]:
            answer: Future[tuple[Any, Any]] = Future()
            self._post(lambda: _answer(answer, lambda: read(want)))
            while True:
                try:
                    return answer.result(BUSY)
                except TimeoutError:
                    if self._ended:
                        raise Refusal("job.lost", "This client was closed.") from None

        return wait

    def _run(self) -> None:
        start, command = True, None
        while not self._ended:
            tell = start  # the clock's own tries are silent
            try:
                client = self._client = self._connect(start, self._away)
                tell = True
                self._tell("open", _told_apart(client))
                try:
                    self._talk(client, command)
                finally:
                    client.close()
            except Exception as why:  # also a fault of our own: the next client may do better
                text = why.text if isinstance(why, Refusal) else f"The line broke ({type(why).__name__}: {why})."
                if tell:
                    self._give_up(text)
            command = None if self._ended else self._waiting(AGAIN)
            start = command is not None  # a gesture may start a bridge; the clock may not

    def _talk(self, client: Client, command: Command | None) -> None:
        """Do what is asked and pass on what is said, until the line is closed. Raises Refusal without a bridge."""
        until = 0.0
        while True:
            while command is not None:
                command(client)
                until = time.monotonic() + ANSWER
                command = self._waiting(0)
            if self._ended:
                return
            for event in client.hear(BUSY if client.busy or time.monotonic() < until else 0):
                self._post(lambda event=event: self._hear(event))  # type: ignore[misc]
                until = time.monotonic() + ANSWER  # more of the same answer may follow
            command = self._waiting(0 if client.busy or time.monotonic() < until else IDLE)

    def _give_up(self, text: str) -> None:
        """Tell that there is no bridge. Whatever is asked until that is heard was asked in vain."""
        heard = threading.Event()

        def tell() -> None:
            while self._waiting(0):
                pass
            self._state("closed", text)
            heard.set()

        if not self._ended:
            self._post(tell)
        while not self._ended and not heard.wait(BUSY):
            pass

    def _waiting(self, seconds: float) -> Command | None:
        try:
            return self._commands.get(timeout=seconds) if seconds else self._commands.get_nowait()
        except queue.Empty:
            return None

    def _away(self, away: bool) -> None:
        self._gone = away
        if away:
            self._tell("away", "The bridge is away; coming back to it.")
        elif self._client is not None:
            self._tell("open", _told_apart(self._client))

    def _tell(self, state: str, text: str) -> None:
        if not self._ended:
            self._post(lambda: self._state(state, text))


def _told_apart(client: Client) -> str:
    """What to say where plug-in and bridge are of two releases; empty where they are of one."""
    if client.bridge_version == __version__:
        return ""
    text = f"This plug-in is {__version__} and the bridge {client.bridge_version}: "
    return text + "run sfumato install gimp, and start GIMP again."


def _answer(answer: "Future[T]", work: Callable[[], T]) -> None:
    """Work, and give the answer to the thread that waits for it: it must hear of it, whatever goes wrong."""
    try:
        answer.set_result(work())
    except Refusal as why:
        answer.set_exception(why)
    except BaseException as why:
        answer.set_exception(Refusal("internal", f"The picture could not be read ({type(why).__name__}: {why})."))
