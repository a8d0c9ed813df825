"""The real bridge in a process of its own: `python -m bench.served FOLDER KIND`.

`whole` has a painter that copies (`bench.copying`). `wire` has no spool, no journal and no painter: what it takes is
the price of the wire alone.
"""

import asyncio
import sys
from pathlib import Path

from bench.children import say
from bridge.config import Config
from bridge.desk import Conversation
from bridge.painter import Painter
from bridge.protocol.messages import Done, Fill, Layer, Want, WantedImage
from bridge.protocol.session import Chunk, Event, Uploaded
from bridge.protocol.values import Picture
from bridge.server import Bridge


class Echo:
    """Stands in for everything behind the desk: pixels go into one buffer, and out of it again."""

    def __init__(self) -> None:
        self._asked: dict[str, Fill] = {}
        self._pixels: dict[str, bytearray] = {}

    async def act(self, conversation: Conversation, event: Event) -> None:
        """Answer as the desk does, with nothing behind it."""
        side = conversation.side
        match event:
            case Fill(job=job, document=of):
                self._asked[job] = event
                side.want(Want(job, {}, WantedImage(of.canvas, of.channels, of.depth)))
            case Chunk(stream=stream):
                if not event.offset:
                    self._pixels[stream.job] = bytearray(stream.size)
                self._pixels[stream.job][event.offset : event.offset + len(event.payload)] = event.payload
            case Uploaded(job):
                side.forget(job)
                self._answer(conversation, self._asked.pop(job), self._pixels.pop(job))

    def _answer(self, conversation: Conversation, asked: Fill, pixels: bytearray) -> None:
        of, outbox = asked.document, conversation.side.outbox
        layer = Layer(
            n=1,
            job=asked.job,
            result=asked.job,
            index=0,
            count=1,
            box=of.canvas,
            picture=Picture(of.width, of.height, of.channels, of.depth),
            name="",
            seed=1,
            recipe={},
            prompt_used=False,
            timings={},
        )
        outbox.layer(layer, memoryview(pixels), None)
        outbox.say(Done(2, asked.job, "ok", (asked.job,)))


async def main(folder: Path, kind: str) -> None:
    """Serve until the input ends."""
    painter = Painter("copy", ["classical"], [sys.executable, "-m", "bench.copying"])
    async with Bridge(Config(port=0), folder, [painter]) as bridge:
        if kind == "wire":
            bridge.desk.act = Echo().act  # type: ignore[method-assign]
        say(bridge.port)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
