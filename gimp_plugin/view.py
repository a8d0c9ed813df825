"""What the panel shows and what the artist sets: plain values, known to `guest` and `panel` alike."""

from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol

Sample = Literal["all", "below", "current"]


@dataclass(frozen=True)
class Fields:
    """What the artist sets. `panel` edits a copy and hands it back whole.

    strength  percent, 5 to 100; below 100 keeps something of what is there
    count     variations, 1 to 8
    model     a model's id; None: the bridge's default
    steps, guidance, seed  None: the model's own, the bridge draws
    locked    the padlock: the seed stays as it is
    loras     (id, weight −2…2)
    sample    which layers are read, and so where the result goes: all, current and below, current
    blend     document pixels by which the layer grows outward, 0 to 256
    context   how much the model sees: what the bridge thinks best, or the whole canvas
    source    how far the built-in fill may copy from
    """

    prompt: str = ""
    strength: int = 100
    count: int = 1
    model: str | None = None
    negative: str = ""
    steps: int | None = None
    guidance: float | None = None
    seed: int | None = None
    locked: bool = False
    loras: tuple[tuple[str, float], ...] = ()
    sample: Sample = "all"
    blend: int = 0
    context: Literal["auto", "canvas"] = "auto"
    source: Literal["near", "wide", "all"] = "near"


class Button(NamedTuple):
    """A button: what it will do, and why it cannot where it is greyed out (empty: it can)."""

    label: str
    why: str = ""


class Choice(NamedTuple):
    """One entry of a list: a model or a LoRA. `why` says why it cannot be chosen (empty: it can)."""

    id: str | None
    title: str
    why: str = ""


class Shot(NamedTuple):
    """A small picture: `pixels` has width × height × channels bytes, channels 3 or 4 (straight alpha), u8, sRGB."""

    width: int
    height: int
    channels: int
    pixels: bytes


class Tile(NamedTuple):
    """A thumbnail of one variation. `shown` is the one visible in the document."""

    key: str
    title: str
    shot: Shot
    shown: bool = False


class Offer(NamedTuple):
    """A bar with a sentence and what the artist may answer, as (word for the program, label)."""

    key: str
    text: str
    answers: tuple[tuple[str, str], ...]


class Remembered(NamedTuple):
    """The layer at hand: the selected one, where it is ours, else what the last fill shows. Its name, and what can be
    done with it."""

    name: str
    again: Button
    vary: Button
    refine: Button
    edit: Button


class Place(NamedTuple):
    """Where the window is on the screen, in its pixels."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class View:
    """Everything that the panel shows, at one moment.

    title     the document's name, empty where none is open
    go        the one button: Fill, Refine 40 %, Generate, Expand
    cancel    its `why` is set while nothing runs
    plan      what would be done: "1024 × 1024 px, 80 % of full resolution, about 4 s"
    notes     sentences below the plan
    greyed    fields that do nothing with this model, and why: {"prompt": "The built-in fill reads no prompt."}
    fraction  how much of the fill is done, 0 to 1; None while nothing runs
    doing     what is being done, in words, with the seconds left
    preview   a look at the variation that is being painted
    status    who paints, on what: "Built-in fill, CPU"; or that the bridge is away
    error     what went wrong last, until the next gesture
    history   prompts that were used, the newest last
    """

    title: str = ""
    fields: Fields = field(default_factory=Fields)
    go: Button = field(default=Button("Fill", "No image is open."))
    remove: Button = field(default=Button("Remove", "No image is open."))
    detail: Button = field(default=Button("Enhance detail", "No image is open."))
    cancel: Button = field(default=Button("Cancel", "Nothing runs."))
    plan: str = ""
    notes: tuple[str, ...] = ()
    models: tuple[Choice, ...] = ()
    loras: tuple[Choice, ...] = ()
    greyed: dict[str, str] = field(default_factory=dict)
    layer: Remembered | None = None
    fraction: float | None = None
    doing: str = ""
    preview: Shot | None = None
    tiles: tuple[Tile, ...] = ()
    offers: tuple[Offer, ...] = ()
    status: str = ""
    error: str = ""
    history: tuple[str, ...] = ()


class Act(Protocol):
    """What the artist can do in the panel: `guest.Guest` does it."""

    def edit(self, fields: Fields) -> None:
        """The fields are now these."""

    def go(self) -> None:
        """The one button, or Enter in the prompt."""

    def remove(self) -> None:
        """Take away what is selected."""

    def detail(self) -> None:
        """Sharpen at native pixels."""

    def cancel(self) -> None:
        """Stop what runs. Esc."""

    def again(self) -> None:
        """The selected layer once more, with another seed."""

    def vary(self) -> None:
        """Relatives of the selected layer."""

    def refine(self) -> None:
        """Repaint the selected layer's area, keeping some of what is there."""

    def edit_settings(self) -> None:
        """Take the selected layer's recipe into the fields."""

    def choose(self, key: str) -> None:
        """Show this variation, and hide its siblings."""

    def answer(self, key: str, word: str) -> None:
        """Answer an offer."""

    def placed(self, place: Place) -> None:
        """The window was moved or resized."""

    def closed(self) -> None:
        """The window was closed. What runs goes on; its layers wait."""
