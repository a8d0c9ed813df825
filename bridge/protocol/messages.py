"""Every message of the wire as a frozen dataclass; `codec.py` turns them into bytes and back.

The docstring of a class is its paragraph in docs/protocol.md. A field that may be None is left out when it is None.
Whole numbers are never negative, but for the x and y of a box.
"""

from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from bridge.protocol.auth import IDENTITY, NONCE
from bridge.protocol.errors import Refusal, Retry, unreadable
from bridge.protocol.values import Box, Document, Picture, Recipe

Map = dict[str, Any]
Phase = Literal["queued", "loading", "encoding", "painting", "decoding", "finishing"]
Use = Literal["image", "mask", "layer", "layer mask", "preview"]
State = Literal["ok", "cancelled", "failed"]


@dataclass(frozen=True)
class Message:
    """What all messages share: `t`, the name of the type, and who may send it."""

    t: ClassVar[str]
    sender: ClassVar[Literal["bridge", "client", "both"]]


@dataclass(frozen=True)
class Hello(Message):
    """The bridge's first word: which versions it speaks, its limits, and 32 random bytes for the handshake."""

    t = "hello"
    sender = "bridge"
    protocol: tuple[int, ...]
    version: str
    instance: bytes
    nonce: bytes
    limits: Map

    def __post_init__(self) -> None:
        _sized(self, instance=IDENTITY, nonce=NONCE)
        if len(self.protocol) != 2:
            raise unreadable("hello.protocol", f"{len(self.protocol)} numbers, expected the oldest and the newest")


@dataclass(frozen=True)
class Auth(Message):
    """The client's answer: who it is, and proof that it holds the key. `session` resumes an earlier conversation.

    `client` is {name, version, host}: the program that speaks, and the editor that it lives in.
    """

    t = "auth"
    sender = "client"
    client: Map
    protocol: int
    key_id: str
    nonce: bytes
    mac: bytes
    session: bytes | None = None

    def __post_init__(self) -> None:
        _sized(self, nonce=NONCE, mac=NONCE, session=IDENTITY)


@dataclass(frozen=True)
class Welcome(Message):
    """Proof that the bridge holds the key too. The client closes where it is wrong: no stranger sees a pixel."""

    t = "welcome"
    sender = "bridge"
    mac: bytes
    session: bytes
    resumed: bool
    features: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _sized(self, mac=NONCE, session=IDENTITY)


@dataclass(frozen=True)
class Pair(Message):
    """In place of `auth`, from a client without a key: proof that it holds a pairing text. Answered by `paired`, or by
    `error` with `auth.pair`. `client` is that of `auth`.
    """

    t = "pair"
    sender = "client"
    client: Map
    protocol: int
    nonce: bytes
    mac: bytes

    def __post_init__(self) -> None:
        _sized(self, nonce=NONCE, mac=NONCE)


@dataclass(frozen=True)
class Paired(Message):
    """Proof that the bridge made the pairing text, and the name of the key that both sides now make of it.

    A client that finds the mac wrong keeps nothing. The bridge then closes with 1000: connect again, with `auth`.
    """

    t = "paired"
    sender = "bridge"
    key_id: str
    mac: bytes

    def __post_init__(self) -> None:
        _sized(self, mac=NONCE)


@dataclass(frozen=True)
class Invite(Message):
    """Asked without text by a program that holds the local key, and by no other; answered with a pairing text.

    With `page` it is for the bridge's own page, whose key the bridge forgets when it ends. `text` is good once, and for
    `seconds`.
    """

    t = "invite"
    sender = "both"
    page: bool = False
    text: str | None = None
    seconds: int | None = None


@dataclass(frozen=True)
class Capabilities(Message):
    """Asked bare by the client; answered with what can be painted, in as many parts as needed, and again on change.

    `revision` grows with every change, `part` counts from 1 to `parts`. An engine is {name, modes, reads_prompt,
    strengths}, a model {id, name, family, layout, modes, native, licence, fits}, a LoRA {id, name, family}, the device
    {name, memory, free} in bytes. Lists longer than 256 are cut. `fits` is null while the device is not known.
    """

    t = "capabilities"
    sender = "both"
    revision: int | None = None
    part: int | None = None
    parts: int | None = None
    engines: tuple[Map, ...] = ()
    models: tuple[Map, ...] = ()
    loras: tuple[Map, ...] = ()
    device: Map | None = None


@dataclass(frozen=True)
class Fill(Message):
    """Paint this: no pixels yet. Answered by `want`, by `accepted` where the region is held, or by `error`.

    `selection` null takes the whole canvas; `content` is the box of visible pixels, for `expand`; `region` names pixels
    that the bridge may still hold; `replaces` is a job to cancel once this one is accepted; `dry` asks for the plan
    alone, whatever the prompt says. The same job with the same contents is never run twice.
    """

    t = "fill"
    sender = "client"
    job: str
    document: Document
    recipe: Recipe
    selection: Box | None = None
    content: Box | None = None
    region: str | None = None
    replaces: str | None = None
    dry: bool = False


@dataclass(frozen=True)
class WantedImage:
    """The pixels that the bridge wants to see: a box inside the canvas, in the document's channels and depth."""

    box: Box
    channels: int
    depth: str


@dataclass(frozen=True)
class WantedMask:
    """The selection's coverage that the bridge wants: u8, one channel, of this box. Outside it coverage is 0."""

    box: Box


@dataclass(frozen=True)
class Want(Message):
    """What the bridge will do, and which pixels it needs for that. A dry answer carries no boxes.

    Boxes lie inside the canvas; `mask` null needs no mask. Outside `mask.box` coverage is 0; where the editor gives
    less than the box, the rest is 0. `plan.text` and `plan.notes` are sentences for the artist. Where the document's
    size or the selection has changed since, say `cancel` and ask anew.
    """

    t = "want"
    sender = "bridge"
    job: str
    plan: Map
    image: WantedImage | None = None
    mask: WantedMask | None = None


@dataclass(frozen=True)
class Stream(Message):
    """Pixels follow on stream `s`: `picture`, which has `size` bytes, from byte `from` on (`start` in Python).

    Only the answer to a `fetch` has a `from`, 0 included; `size` is the whole picture's even then.
    """

    t = "stream"
    sender = "both"
    s: int
    job: str
    use: Use
    picture: Picture
    size: int
    start: int | None = field(default=None, metadata={"name": "from"})


@dataclass(frozen=True)
class Abort(Message):
    """Stream `s` ends here: its sender stops, or its receiver takes no more. What still arrives for it is dropped."""

    t = "abort"
    sender = "both"
    s: int


@dataclass(frozen=True)
class Credit(Message):
    """The receiver of stream `s` takes `bytes` more. Every stream starts with 4 MiB."""

    t = "credit"
    sender = "both"
    s: int
    bytes: int


@dataclass(frozen=True)
class Accepted(Message):
    """The job stands in the queue and survives a crash. `region` names its pixels: a later `fill` need not send them.

    `plan` is the final one, `ahead` counts the jobs before this one; `seconds` until it is done and `memory` in bytes
    are estimates.
    """

    t = "accepted"
    sender = "bridge"
    job: str
    region: str
    plan: Map
    ahead: int
    seconds: float
    memory: int


@dataclass(frozen=True)
class Progress(Message):
    """How far the job is: `step` of `steps`, of all variations together. Not durable, the latest wins."""

    t = "progress"
    sender = "bridge"
    job: str
    phase: Phase
    step: int
    steps: int
    seconds_left: float | None = None


@dataclass(frozen=True)
class Preview(Message):
    """A look at variation `index` while it is painted: RGB u8, 512 px at most, on the stream announced just before."""

    t = "preview"
    sender = "bridge"
    job: str
    index: int
    s: int


@dataclass(frozen=True)
class Layer(Message):
    """A finished layer, durable. Its box is the bounding box of the layer mask; picture and mask have its size.

    Both `stream`s come just before, their data after. `mask_s` null beside an `s` means a mask of all 255; both null
    means: fetch them. A `detail` of 2 or 4 times makes a picture of that many times the box: open it as a new document.
    This is variation `index` of `count`, from 0. `recipe` is fully resolved: sent again, it makes this layer again.
    `prompt_used` is false where the engine does not read prompts. `timings` holds seconds and what was measured.
    """

    t = "layer"
    sender = "bridge"
    n: int
    job: str
    result: str
    index: int
    count: int
    box: Box
    picture: Picture
    name: str
    seed: int
    recipe: Map
    prompt_used: bool
    timings: Map
    s: int | None = None
    mask_s: int | None = None


@dataclass(frozen=True)
class Missing:
    """A variation that did not become a layer, and why."""

    index: int
    code: str
    text: str


@dataclass(frozen=True)
class Done(Message):
    """The job's last word, durable, exactly once, after its last `layer`.

    `cancelled` whenever a cancel stopped variations, else `ok` where any layer exists, else `failed`.
    """

    t = "done"
    sender = "bridge"
    n: int
    job: str
    state: State
    results: tuple[str, ...] = ()
    missing: tuple[Missing, ...] = ()
    timings: Map = field(default_factory=dict)


@dataclass(frozen=True)
class Ack(Message):
    """Settles the durable message `n`, and that one only. Said once the layer is in the document, or is not wanted."""

    t = "ack"
    sender = "client"
    n: int
    state: Literal["inserted", "discarded"] | None = None


@dataclass(frozen=True)
class Fetch(Message):
    """Asks for a layer's picture or mask from byte `from` on (`start` in Python). Answered by a new `stream`, in the
    order asked. A layer without a mask is fetched as one of all 255.
    """

    t = "fetch"
    sender = "client"
    result: str
    use: Literal["layer", "layer mask"]
    start: int = field(default=0, metadata={"name": "from"})


@dataclass(frozen=True)
class Cancel(Message):
    """The artist lost interest. Finished layers stay; `done` follows, unless it was said already."""

    t = "cancel"
    sender = "client"
    job: str


@dataclass(frozen=True)
class Jobs(Message):
    """Asked bare by the client; answered with the jobs of its key, whichever session asked for them, newest first.

    Listed is what waits or runs, and what is done as long as a layer of it is not settled: the newest 64, so that the
    map has room for them; settle those, and ask again. A job is {job, state, host, tag, orphan, results, at, mode,
    prompt, count}: `state` is `queued`, `running` or `done`; `host` the program that asked; `tag` its document's;
    `orphan` true while no open connection holds its session, so that it may be taken; `results` the layers that are not
    settled; `at` the seconds since 1970 when it was accepted; `mode`, `prompt` (its first 80 letters) and `count` are
    its recipe's.
    """

    t = "jobs"
    sender = "both"
    jobs: tuple[Map, ...] | None = None


@dataclass(frozen=True)
class Take(Message):
    """Moves an orphan to this session. Answered by `accepted`; its layers that are not settled (without pixels: fetch
    them) and its `done` follow as far as they exist, the rest as it is made.

    `job.busy` where another open connection holds the job's session; one's own job is told again.
    """

    t = "take"
    sender = "client"
    job: str


@dataclass(frozen=True)
class Ping(Message):
    """Are you there? Answered by `pong` with the same `at`."""

    t = "ping"
    sender = "both"
    at: float = 0.0


@dataclass(frozen=True)
class Pong(Message):
    """The answer to `ping`."""

    t = "pong"
    sender = "both"
    at: float = 0.0


@dataclass(frozen=True)
class Error(Message):
    """What could not be done, for an artist: what happened, and what to do. `re` is the type that caused it, `job` and
    `s` the job and the stream that it is about.
    """

    t = "error"
    sender = "bridge"
    code: str
    text: str
    retry: Retry = "never"
    detail: Map = field(default_factory=dict)
    re: str | None = None
    job: str | None = None
    s: int | None = None

    @classmethod
    def of(cls, refusal: Refusal, **where: Any) -> "Error":
        """The message that says a refusal."""
        return cls(refusal.code, refusal.text, refusal.retry, refusal.detail, **where)

    def refusal(self) -> Refusal:
        """The refusal that this message says, to be raised on the client's side."""
        refusal = Refusal("internal", self.text, self.retry, **self.detail)
        refusal.code = self.code  # a newer bridge may know codes that this client does not
        return refusal


@dataclass(frozen=True)
class Bye(Message):
    """The bridge goes. Coming back after `resume` seconds is worth trying; 0 means it does not expect to return."""

    t = "bye"
    sender = "bridge"
    reason: str
    resume: float


MESSAGES: dict[str, type[Message]] = {
    kind.t: kind
    for kind in (
        *(Hello, Auth, Welcome, Pair, Paired, Invite, Capabilities, Fill, Want, Stream, Abort, Credit, Accepted),
        *(Progress, Preview, Layer, Done, Ack, Fetch, Cancel, Jobs, Take, Ping, Pong, Error, Bye),
    )
}


def _sized(message: Message, **sizes: int) -> None:
    """Bytes of the handshake have exactly one length."""
    for name, size in sizes.items():
        value = getattr(message, name)
        if value is not None and len(value) != size:
            raise unreadable(f"{message.t}.{name}", f"{len(value)} bytes, expected {size}")
