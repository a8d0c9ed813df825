"""What is finished on its way to whoever asked: told, listed, fetched, settled."""

import asyncio
from collections.abc import Container

from bridge.jobs import Shown
from bridge.ledger import Job, Ledger, Session
from bridge.protocol.errors import Refusal
from bridge.protocol.messages import Done, Fetch, Jobs, Layer, Map, Message, Preview
from bridge.protocol.outbox import Outbox
from bridge.protocol.values import Picture
from bridge.spool import Spool, mapped

LISTED = 64
"""Jobs in one list, at most: each takes less than 1 KiB of the 64 KiB of a map."""
PROMPT = 80
"""Letters of a prompt in that list, at most."""


class Delivery:
    """Hands out what the ledger and the spool hold. One for each bridge."""

    def __init__(self, ledger: Ledger, spool: Spool) -> None:
        self._ledger, self._spool = ledger, spool

    def tell(self, outbox: Outbox, job: Job, message: Message, shown: Shown | None) -> None:
        """Say something of a job as it is made: a layer with its pixels, a preview with what it shows."""
        match message:
            case Preview() if shown:
                outbox.preview(message, shown.picture, shown.pixels)
            case Layer(result=result):
                files = self._spool.layer(result)
                outbox.layer(message, mapped(files.picture), mapped(files.mask) if files.mask.exists() else None)
            case Done():
                outbox.forget(job.name, ("preview",))
                outbox.say(message)
            case _:
                outbox.say(message)

    def jobs(self, key: str, held: Container[bytes]) -> Jobs:
        """The jobs of a key that are news to somebody. `held` are the sessions that an open connection holds."""
        mine = [job for job in reversed(self._ledger.jobs.values()) if job.key == key]
        news = [job for job in mine if job.stage != "done" or self._unsettled(job)]
        return Jobs(tuple(self._listed(job, job.session not in held) for job in news[:LISTED]))

    async def fetch(self, outbox: Outbox, key: str, fetch: Fetch) -> None:
        """Send a layer's picture or mask again, from any byte on. Raises Refusal where it is not kept."""
        job, layer = self._ledger.results.get(fetch.result, (None, None))
        files = self._spool.layer(fetch.result)
        if job is None or layer is None or job.key != key or not files.picture.exists():
            text = "This layer is no longer kept: it was taken or discarded, or a week has passed. Paint it again."
            raise Refusal("result.expired", text, result=fetch.result)
        picture, pixels = layer.picture, None
        if fetch.use == "layer":
            pixels = mapped(files.picture)
        else:
            picture = Picture(layer.box.width, layer.box.height, 1)
            await asyncio.to_thread(self._spool.fill_mask, fetch.result, picture.size)
            pixels = mapped(files.mask)
        if fetch.start > picture.size:
            text = f"The {fetch.use} has {picture.size} bytes; byte {fetch.start} was asked for."
            raise Refusal("wire.offset", text)
        outbox.stream(layer.job, fetch.use, picture, pixels, fetch.start)

    def settle(self, session: Session, n: int) -> None:
        """A durable message has arrived for good: a layer's pixels need not be kept any longer."""
        settled = self._ledger.settle(session, n)
        if isinstance(settled, Layer):
            self._spool.layer(settled.result).delete()

    def _unsettled(self, job: Job) -> list[str]:
        """The layers of a job that nobody settled yet."""
        return [job.layers[k] for k in sorted(job.layers) if job.layers[k] in self._ledger.results]

    def _listed(self, job: Job, orphan: bool) -> Map:
        recipe = job.fill.recipe
        return {
            "job": job.name,
            "state": job.stage,
            "host": job.host,
            "tag": job.fill.document.tag,
            "orphan": orphan,
            "results": self._unsettled(job),
            "at": job.at,
            "mode": recipe.mode,
            "prompt": recipe.prompt[:PROMPT],
            "count": recipe.count,
        }
