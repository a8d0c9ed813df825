"""From an ask to a region: what was wanted, the pixels that come for it, and the limits that hold meanwhile."""

import asyncio
import hashlib
import importlib
from dataclasses import dataclass, field, replace
from pathlib import Path

from bridge.families import Family
from bridge.geometry import Plan
from bridge.ledger import Held, Ledger
from bridge.protocol import limits
from bridge.protocol.errors import Refusal
from bridge.protocol.messages import Fill
from bridge.protocol.session import Chunk
from bridge.protocol.values import DEPTHS, Box, Picture
from bridge.spool import Spool, Upload, megabytes


class Dropped(Exception):
    """A job was cancelled while its pixels were being looked through."""


@dataclass(eq=False)
class Wanted:
    """A job that is not promised yet: its pixels were asked for, or are being looked through.

    `fill` is resolved (nothing of its recipe is left open, its selection is cut at the canvas); `prints` is the hash of
    what the client asked.
    `whole` once every pixel has come; `region` names them then; `dropped` once nobody wants the job any more.
    """

    fill: Fill
    prints: bytes
    key: str
    plan: Plan
    family: Family
    engine: str
    uploads: dict[str, Upload] = field(default_factory=dict)
    whole: bool = False
    region: str = ""
    dropped: bool = False

    @property
    def size(self) -> int:
        """Bytes that a client sends for this plan: the picture, and the mask where there is a selection."""
        document, image = self.fill.document, self.plan.image
        picture = Picture(image.width, image.height, document.channels, document.depth)
        return picture.size + (self.plan.mask.area if self.plan.mask else 0)

    def close(self) -> None:
        """Forget what has come."""
        for upload in self.uploads.values():
            upload.close()
            upload.path.unlink(missing_ok=True)
        self.uploads.clear()


class Intake:
    """All jobs whose pixels are on the way, by name."""

    def __init__(self, ledger: Ledger, spool: Spool) -> None:
        self._ledger, self._spool = ledger, spool
        self.wanted: dict[str, Wanted] = {}

    def admit(self, new: Wanted) -> None:
        """Let a job in, or raise Refusal: too many wait, or its pixels find no room."""
        key, fill = new.key, new.fill
        queued = sum(1 for _ in self._ledger.unfinished(key)) + sum(one.key == key for one in self.wanted.values())
        if queued >= limits.QUEUED:
            text = f"{queued} jobs wait already; the limit is {limits.QUEUED}. Wait for one to finish, or cancel some."
            raise Refusal("queue.full", text, "later", limit=limits.QUEUED, got=queued)
        under_way = sum(one.size for one in self.wanted.values())
        _check("limit.upload", new.size, limits.JOB_UPLOAD)
        _check("limit.uploads", new.size + under_way, limits.ALL_UPLOADS)
        area = (new.plan.mask or new.plan.image).area * fill.recipe.scale**2
        layers = fill.recipe.count * area * (fill.document.channels * DEPTHS[fill.document.depth] + 1)
        used = {job.region for job in self._ledger.unfinished()} | {one.region for one in self.wanted.values()}
        used.add(fill.region or "")
        self._ledger.drop(self._spool.make_room(new.size + under_way + layers, used))
        self.wanted[fill.job] = new

    def write(self, chunk: Chunk) -> None:
        """Pixels came. Raises Refusal `limit.spool` where the disk is full."""
        job, use = chunk.stream.job, chunk.stream.use
        wanted = self.wanted.get(job)
        if wanted is None:
            return  # it was dropped meanwhile
        upload = wanted.uploads.get(use)
        if upload is None:
            upload = wanted.uploads[use] = self._spool.upload(job, use)
        elif chunk.offset == 0:
            upload.restart()
        upload.write(chunk.offset, chunk.payload)
        upload.digest.update(chunk.payload)

    def drop(self, wanted: Wanted) -> None:
        """This job is no longer wanted."""
        if self.wanted.get(wanted.fill.job) is wanted:
            del self.wanted[wanted.fill.job]
        wanted.dropped = True
        wanted.close()

    def close(self) -> None:
        """Forget all."""
        for wanted in list(self.wanted.values()):
            self.drop(wanted)

    def held(self, wanted: Wanted) -> Held | None:
        """The region that the client named, where it is still held and shows all that is needed."""
        held = self._ledger.regions.get(wanted.fill.region or "")
        if held is None or not held.serves(wanted.fill, wanted.key, wanted.plan.image):
            return None
        if not self._spool.region(held.name).picture.exists():
            return None
        wanted.region = held.name
        return held

    async def keep(self, wanted: Wanted) -> Held:
        """Every pixel has come: the upload becomes a region. Raises Refusal `picture.mask_empty`, or Dropped."""
        mask, box = wanted.uploads.get("mask"), wanted.plan.mask
        if mask is not None and box is not None:
            bounds, _ = await asyncio.to_thread(survey, mask.path, box)
            if bounds is None:
                text = f"The selection is empty: all {box.area:,} values of its mask are 0. Select something."
                raise Refusal("picture.mask_empty", text)
        if wanted.dropped:
            raise Dropped
        fill, plan = wanted.fill, wanted.plan
        held = Held(_region_name(wanted), wanted.key, fill.document, plan.image, fill.selection)
        self._spool.keep(held.name, wanted.uploads["image"], mask)
        wanted.uploads.clear()
        self._ledger.hold(held)
        wanted.region = held.name
        return held

    async def parts(self, held: Held) -> tuple[Box, ...]:
        """The disjoint parts of a region's selection."""
        self._spool.touch(held.name)
        if held.selection is None:
            return ()
        _, parts = await asyncio.to_thread(survey, self._spool.region(held.name).mask, held.selection)
        return parts


def load() -> None:
    """Load what `survey` needs, in a thread: the bridge itself starts without numpy."""
    importlib.import_module("bridge.masks")


def survey(path: Path, box: Box) -> tuple[Box | None, tuple[Box, ...]]:
    """Look a mask through: where it is above 0, and its disjoint parts. Runs in a thread, the first to load numpy."""
    import numpy as np

    from bridge import masks

    found = masks.survey(np.memmap(path, np.uint8, "r", shape=(box.height, box.width)), box)
    return found.bounds, found.parts


def _region_name(wanted: Wanted) -> str:
    """A region is known by its content, and belongs to a key."""
    facts = (wanted.key, replace(wanted.fill.document, tag="0"), wanted.plan.image, wanted.fill.selection)
    digest = hashlib.sha256(repr(facts).encode())
    for use in sorted(wanted.uploads):
        digest.update(wanted.uploads[use].digest.digest())
    return digest.hexdigest()[:32]


def _check(code: str, got: int, limit: int) -> None:
    if got > limit:
        text = f"This needs {megabytes(got)} of pixels on the way; the limit is {megabytes(limit)}. "
        raise Refusal(code, text + "Select a smaller part.", "later", limit=limit, got=got)
