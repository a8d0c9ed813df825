"""What leaves next: one outbox for each conversation, drained by one writer.

Control goes first, then the newest progress and preview of each job, then bulk streams in turn, one message each, while
their credit lasts. A stream that waits costs no memory: its pixels are a mapped file.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import replace

from bridge.protocol.codec import to_map
from bridge.protocol.frames import pack_control
from bridge.protocol.messages import Abort, Layer, Message, Preview, Progress, Stream
from bridge.protocol.streams import Sending
from bridge.protocol.values import Picture

Pixels = bytes | memoryview


class Outbox:
    """Messages that wait to leave. `take()` gives the next one; `wake` is called whenever there may be one."""

    def __init__(self, first_stream: int, checked: bool = False) -> None:
        """`first_stream` is 1 for a client, 2 for the bridge; `checked` puts a CRC on every data message."""
        self._next_stream = first_stream
        self._checked = checked
        self._control: deque[bytes] = deque()
        self._progress: dict[str, Progress] = {}
        self._previews: dict[str, tuple[Preview, Picture, Pixels]] = {}
        self._bulk: deque[Sending] = deque()
        self.wake: Callable[[], None] = lambda: None

    def say(self, message: Message) -> bytes:
        """Queue a control message and return its bytes. Of a job's progress only the latest is kept."""
        if isinstance(message, Progress):
            self._progress[message.job] = message
            self.wake()
            return b""
        packed = pack_control(to_map(message))
        self._control.append(packed)
        self.wake()
        return packed

    def preview(self, message: Preview, picture: Picture, pixels: Pixels) -> None:
        """Queue a preview; `message.s` is set when it leaves. An older one that has not begun to leave is dropped."""
        self._previews[message.job] = (message, picture, pixels)
        self.wake()

    def stream(self, job: str, use: str, picture: Picture, pixels: Pixels, start: int | None = None) -> int:
        """Announce a stream and queue its pixels from byte `start` on. Returns its id."""
        number = self._next_stream
        self._next_stream += 2
        stream = Stream(number, job, use, picture, picture.size, start)  # type: ignore[arg-type]  # checked by decode
        self.say(stream)
        sending = Sending(stream, memoryview(pixels).cast("B"), start or 0, checked=self._checked)
        if not sending.finished:
            self._bulk.append(sending)
            self.wake()
        return number

    def layer(self, message: Layer, pixels: Pixels, mask: Pixels | None) -> None:
        """Announce a finished layer with its streams: both `stream`s, then `layer`, then data."""
        picture = message.picture
        s = self.stream(message.job, "layer", picture, pixels)
        mask_s = None
        if mask is not None:
            mask_s = self.stream(message.job, "layer mask", Picture(message.box.width, message.box.height, 1), mask)
        self.say(replace(message, s=s, mask_s=mask_s))

    def credit(self, stream: int, more: int) -> None:
        """The other side takes `more` bytes on `stream`."""
        for sending in self._bulk:
            if sending.stream.s == stream:
                sending.credit += more
                self.wake()

    def stop(self, stream: int) -> None:
        """The other side will not take `stream` any more."""
        self._bulk = deque(sending for sending in self._bulk if sending.stream.s != stream)

    def forget(self, job: str, uses: tuple[str, ...]) -> None:
        """Drop a job's progress, preview, and those of its streams that have one of `uses`, telling the other side."""
        self._progress.pop(job, None)
        self._previews.pop(job, None)
        for sending in [one for one in self._bulk if one.stream.job == job and one.stream.use in uses]:
            self._bulk.remove(sending)
            self.say(Abort(sending.stream.s))

    @property
    def control_waiting(self) -> int:
        """Control messages that wait: a reader that falls behind is read from no further until they are gone."""
        return len(self._control)

    @property
    def bulk_waiting(self) -> bool:
        """True while pixels wait to leave, with credit or without."""
        return bool(self._bulk)

    def take(self) -> bytes | None:
        """The next websocket message, or None while nothing may leave."""
        if self._control:
            return self._control.popleft()
        if self._progress:
            return pack_control(to_map(self._progress.pop(next(iter(self._progress)))))
        self._announce_preview()
        if self._control:
            return self._control.popleft()
        for _ in range(len(self._bulk)):
            sending = self._bulk.popleft()
            if sending.ready:
                message = sending.take()
                if not sending.finished:
                    self._queue(sending)
                return message
            self._bulk.append(sending)
        return None

    def _announce_preview(self) -> None:
        leaving = {one.stream.job for one in self._bulk if one.stream.use == "preview"}
        for job in [job for job in self._previews if job not in leaving]:
            message, picture, pixels = self._previews.pop(job)
            s = self.stream(job, "preview", picture, pixels)
            self._bulk.appendleft(self._bulk.pop())  # previews before layers
            self.say(replace(message, s=s))

    def _queue(self, sending: Sending) -> None:
        if sending.stream.use == "preview":
            self._bulk.appendleft(sending)
        else:
            self._bulk.append(sending)
