"""What this side asked the bridge for, and what came of it. No sockets: messages in, events and messages out.

Every job begun or adopted here is an errand, open until its `done` or its refusal was handed on. What is durable is
handed on once, however often the bridge says it, and stays with the bridge until it is settled.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

from bridge.arrivals import Arrivals, Event
from bridge.protocol.errors import CLOSE, Refusal
from bridge.protocol.messages import (
    Abort,
    Accepted,
    Ack,
    Cancel,
    Capabilities,
    Done,
    Error,
    Fill,
    Invite,
    Jobs,
    Layer,
    Message,
    Preview,
    Progress,
    Stream,
    Take,
    Want,
)
from bridge.protocol.outbox import Outbox
from bridge.protocol.session import Chunk
from bridge.protocol.values import Depth, Picture

Pixels = bytes | bytearray | memoryview
Read = Callable[[Want], tuple[Pixels, Pixels | None]]
"""Called once the bridge says what it wants to see: returns the bytes of `want.image` and of `want.mask` (None where
that is None), read in one turn of the host's main loop. May raise: the job is then cancelled."""
Settled = Literal["inserted", "discarded"]
"""What became of a layer."""


@dataclass
class _Errand:
    """A job that this side waits for. `last` is its `done`, which overtakes its layers' pixels on the wire and waits
    here until they are whole."""

    ask: Fill | Take
    read: Read | None
    accepted: bool = False
    ended: bool = False
    last: Done | None = None


class Errands:
    """All that one client waits for, over as many connections as it takes."""

    def __init__(self, outbox: Callable[[], Outbox]) -> None:
        """`outbox` gives what leaves by the connection that is open now."""
        self._outbox = outbox
        self._errands: dict[str, _Errand] = {}
        self._left: set[str] = set()
        self._questions: dict[str, Message] = {}
        self._told: dict[str, Layer | Done] = {}
        self._settled: dict[str, Settled | None] = {}
        self._arrivals = Arrivals()
        self._events: deque[Event] = deque()
        self.uploaded = 0
        """Bytes of pixels offered to the bridge so far."""

    @property
    def busy(self) -> bool:
        """True while a job is not over."""
        return any(not errand.ended for errand in self._errands.values())

    # ---- what this side asks ----------------------------------------------------------------------------------------

    def begin(self, ask: Fill | Take, read: Read | None = None) -> None:
        """Say a job's ask, and hand on what comes of it from now on. What is not settled of a job that is taken comes
        once more."""
        self._left.discard(ask.job)
        self._settled.pop(ask.job, None)
        if isinstance(ask, Take):
            self._withdraw(ask.job)
            self._told = {name: one for name, one in self._told.items() if one.job != ask.job}
        self._errands[ask.job] = _Errand(ask, read)
        self._say(ask)

    def question(self, message: Message) -> None:
        """Ask something that no job is needed for; after a cut it is asked again. Earlier answers are out of date."""
        self._events = deque(event for event in self._events if event.message.t != message.t)
        self._questions[message.t] = message
        self._say(message)

    def cancel(self, job: str) -> None:
        """The artist lost interest in a job. Its `done` still comes."""
        self._outbox().forget(job, ("image", "mask"))
        self._say(Cancel(job))

    def leave(self, job: str) -> None:
        """Nobody waits for this job any more: it is cancelled, and what still comes of it is discarded."""
        errand = self._errands.pop(job, None)
        for event in self._withdraw(job):
            self.settle(event.message, "discarded")
        if errand and not errand.ended:
            self._left.add(job)
            self.cancel(job)

    def settle(self, message: Message, state: Settled) -> None:
        """A layer or a `done` was taken care of: the bridge need not keep it. Other messages need no settling."""
        if not isinstance(message, Layer | Done) or _name(message) in self._settled:
            return
        self._settled[_name(message)] = state if isinstance(message, Layer) else None
        self._acknowledge(self._told.pop(_name(message), message))
        if isinstance(message, Done):
            self._errands.pop(message.job, None)

    # ---- what comes of it -------------------------------------------------------------------------------------------

    def pick(self, wanted: Callable[[Message], bool] = lambda message: True) -> Event | None:
        """The oldest event whose message is wanted, once; None where there is none yet."""
        for place, event in enumerate(self._events):
            if wanted(event.message):
                del self._events[place]
                return event
        return None

    def hear(self, event: Any) -> None:
        """Act on what came by the connection. Raises Refusal where the bridge ends the conversation, and whatever
        `read` raises."""
        match event:
            case Chunk():
                if whole := self._arrivals.pixels(event):
                    self._whole(whole)
            case Stream():
                self._arrivals.stream(event)
            case Preview():
                self._arrivals.preview(event)
            case Layer():
                self._layer(event)
            case Abort(s):
                for fetch in self._arrivals.abort(s):
                    self._say(fetch)
            case Want():
                self._want(event)
            case Accepted(job=name):
                errand = self._errands.get(name)
                if errand and not errand.accepted:  # it is told again after a cut
                    errand.accepted = True
                    self._tell(Event(event))
            case Progress(job=name):
                if name in self._errands:
                    self._tell(Event(event))
            case Done():
                self._done(event)
            case Error():
                self._error(event)
            case Capabilities() | Jobs() | Invite():
                if not isinstance(event, Capabilities) or event.part == event.parts:
                    self._questions.pop(event.t, None)
                self._tell(Event(event))

    def reopen(self, resumed: bool) -> None:
        """There is a new connection: ask again for all that is open. The bridge knows the jobs it accepted; where it
        does not know the session, its numbers count from 1 again."""
        if resumed:
            self._arrivals.reopen()
        else:
            self._arrivals = Arrivals()
            self._told = {name: replace(one, n=0) for name, one in self._told.items()}
        for message in self._questions.values():
            self._say(message)
        for errand in self._errands.values():
            if not errand.ended:
                errand.last = None
                self._say(errand.ask)

    def _say(self, message: Message) -> None:
        self._outbox().say(message)

    def _tell(self, event: Event) -> None:
        if isinstance(event.message, Layer | Done):
            self._told[_name(event.message)] = event.message
        self._events.append(event)

    def _withdraw(self, job: str) -> list[Event]:
        """The events of a job that nobody picked yet, taken back."""
        return list(iter(lambda: self.pick(of_job(job)), None))

    def _acknowledge(self, message: Layer | Done) -> None:
        self._say(Ack(message.n, self._settled[_name(message)]))

    def _known(self, message: Layer | Done) -> bool:
        """True where this was handed on before: its `ack` was lost, or it may have a new number."""
        name = _name(message)
        if name in self._settled:
            self._acknowledge(message)
        elif name in self._told:
            self._told[name] = message
        return name in self._settled or name in self._told

    def _layer(self, message: Layer) -> None:
        """A layer was announced. One that nobody here asked for stays with the bridge."""
        if self._known(message) or not (message.job in self._errands or message.job in self._left):
            return
        for fetch in self._arrivals.layer(message):
            self._say(fetch)
        if message.s is None and (whole := self._arrivals.complete(message.result)):
            self._whole(whole)

    def _whole(self, event: Event) -> None:
        """Every pixel of a layer or a preview is here."""
        message: Any = event.message
        if message.job in self._errands:
            self._tell(event)
            self._release(message.job)
        elif message.job in self._left and isinstance(message, Layer):
            self.settle(message, "discarded")

    def _done(self, message: Done) -> None:
        if self._known(message):
            return
        if message.job in self._errands:
            self._errands[message.job].last = message
            self._release(message.job)
        elif message.job in self._left:
            self.settle(message, "discarded")

    def _release(self, job: str) -> None:
        """Hand `done` on, if it was said and no layer of its job is under way."""
        errand = self._errands[job]
        if errand.last and not self._arrivals.expects(job):
            errand.ended = True
            self._tell(Event(errand.last))
            errand.last = None

    def _want(self, want: Want) -> None:
        """The bridge says which pixels it wants to see."""
        errand = self._errands.get(want.job)
        if errand is None:
            return
        if not errand.accepted:
            self._tell(Event(want))
        if want.image is None:  # a plan alone
            del self._errands[want.job]
        elif errand.read:
            try:
                self._upload(want, *errand.read(want))
            except Refusal as refusal:
                self.leave(want.job)
                self._tell(Event(Error.of(refusal, re="fill", job=want.job)))
            except Exception:
                self.leave(want.job)
                raise

    def _upload(self, want: Want, image: Pixels, mask: Pixels | None) -> None:
        assert want.image
        box = want.image.box
        depth: Depth = want.image.depth  # type: ignore[assignment]  # checked where it becomes a picture
        pictures = [("image", Picture(box.width, box.height, want.image.channels, depth), image)]
        if want.mask is not None and mask is not None:
            pictures.append(("mask", Picture(want.mask.box.width, want.mask.box.height, 1), mask))
        for use, picture, pixels in pictures:
            view = memoryview(pixels).cast("B")
            if len(view) != picture.size:
                text = f"The {use} that was read has {len(view)} bytes, expected {picture.size} ({picture})."
                raise Refusal("picture.size", text)
            self._outbox().stream(want.job, use, picture, view)
            self.uploaded += len(view)

    def _error(self, error: Error) -> None:
        """Something was refused: the conversation, a layer's pixels, a stream, a job, or something else."""
        if error.code in CLOSE:
            raise error.refusal()
        self._questions.pop(error.re or "", None)
        job, errand = error.job or "", self._errands.get(error.job or "")
        if error.re == "fetch":
            job = self._arrivals.lost() or ""
            if job in self._errands:
                self._tell(Event(replace(error, job=job)))
                self._release(job)
        elif errand is None:
            late = error.job and error.re in (None, "stream")  # pixels of a job that was refused meanwhile
            if job not in self._left and not late:
                self._tell(Event(error))
        elif error.s is not None and error.retry == "now":
            self._outbox().forget(job, ("image", "mask"))
            self._say(errand.ask)  # a stream died on the way; the want stands, so ask again
        elif error.re != "cancel":
            self._outbox().forget(job, ("image", "mask"))  # it may be refused while they stream
            del self._errands[job]
            self._tell(Event(error))


def of_job(job: str) -> Callable[[Message], bool]:
    """Wants what is said of one job."""
    return lambda message: getattr(message, "job", None) == job


def _name(message: Layer | Done) -> str:
    """What a durable message is known by, whatever its number."""
    return message.result if isinstance(message, Layer) else message.job
