"""The table of model families: at what size each one works, what it can do, and what it costs.

A family is what the plan needs to know of a model before any weight is loaded. A new family is one more row here.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

from bridge.protocol.limits import GIB, KIB, MIB
from bridge.protocol.values import Mode


def built(family: str) -> str:
    """The family whose shapes, names and words a model's parts have: a distilled one's base, SD 1.5 for the sample."""
    return "sd15" if family == SAMPLE else family.removesuffix("-few")


class Size(NamedTuple):
    """Width and height in working pixels: the grid an engine paints on, whatever the document's own pixels are."""

    width: int
    height: int

    @property
    def area(self) -> int:
        """Number of pixels."""
        return self.width * self.height

    def __str__(self) -> str:
        return f"{self.width} × {self.height} px"


@dataclass(frozen=True)
class Family:
    """Models that work alike.

    title     what artists call them
    budget    the working area the models were trained at, pixels; native: the largest hole laid out at full size
    multiple  working sides are multiples of this
    cell      working pixels along one side of a latent cell (1: no latent); `multiple` is a multiple of it
    buckets   working sizes from 2:5 to 5:2, by aspect, each with 0.8 to 1.0 of the budget
    steps     steps where the recipe leaves them to the model; guidance likewise, 1 is none
    few       a distilled model: runs all of its own steps at any strength
    step      seconds of one step at the budget, an estimate; native: of the whole hole at the budget
    around    seconds of everything but the steps (encode, decode), an estimate
    weights   bytes of memory with everything resident, an estimate
    pixel     bytes of memory for each working pixel beside the weights, an estimate
    native    works at any size, always at the document's own pixels: no zoom, no buckets
    modes     what it can do
    partial   can work at a strength below 1 in mode `fill`
    reads_prompt  listens to words
    words     the only ones that it listens to; () is any
    says      what is told each time that it paints
    """

    name: str
    title: str
    budget: int
    multiple: int
    cell: int
    buckets: tuple[Size, ...]
    steps: int
    step: float
    around: float
    weights: int
    few: bool = False
    guidance: float = 1.0
    pixel: int = 2 * KIB
    native: bool = False
    modes: tuple[Mode, ...] = ("fill", "remove", "expand", "detail")
    partial: bool = True
    reads_prompt: bool = True
    words: tuple[str, ...] = ()
    says: str = ""

    @property
    def filters(self) -> bool:
        """Its words are filters: it composes nothing anew, and works at the document's own pixels where it can."""
        return bool(self.words)

    def calls(self, strength: float, steps: int | None = None) -> int:
        """Steps that really run at this strength (0–1) where the recipe asks for `steps` (None: the family's own)."""
        if self.native:
            return self.steps
        wanted = steps or self.steps
        return wanted if self.few else max(LEAST_STEPS, math.ceil(wanted * strength))

    def seconds(self, area: int, calls: int) -> float:
        """Estimate for one plate of `area` pixels (native: of hole) and one variation.

        Linear in the area: attention grows faster, but areas differ little from the budget. A native family copies
        what lies above its budget, pixel by pixel.
        """
        return self.around + area / self.budget * calls * self.step


LEAST_STEPS = 4
"""A schedule that is cut by the strength still has this many steps."""
LONGEST = 5, 2
"""Longest aspect that models compose well, as a fraction: beyond 5:2 they repeat themselves."""
RATE = 50.0
"""TFLOP/s that the estimates of seconds assume: a consumer card of the middle in half precision. Published timings of
SDXL and FLUX.1 come out at about 20 on a small card and 130 on a large one in 8 bit; what a step costs in TFLOP is
counted on the models' real shapes."""


def _buckets(budget: int, stride: int) -> tuple[Size, ...]:
    """The square, and for each short side the longest that the budget and the longest aspect allow; both ways up.

    Sides are multiples of `stride`: the aspects are then small fractions, and crops of exactly them come in fine steps.
    """
    long, short = LONGEST
    square = math.isqrt(budget)
    found = {Size(square, square)}
    for side in range(stride, square, stride):
        other = min(budget // side, side * long // short) // stride * stride
        if 5 * side * other >= 4 * budget:
            found |= {Size(side, other), Size(other, side)}
    return tuple(sorted(found, key=lambda size: (size.width / size.height, size)))


def _diffusion(
    name: str,
    title: str,
    side: int,
    multiple: int,
    cell: int,
    *,
    steps: int,
    step: float,
    around: float,
    gib: float,
    few: bool,
    guidance: float,
) -> Family:
    """A row of the table: native `side` in pixels, `step` and `around` in TFLOP at that side, resident GiB."""
    budget = side * side
    seconds = step / RATE, around / RATE
    buckets = _buckets(budget, 32 if side < 1024 else 64)
    return Family(name, title, budget, multiple, cell, buckets, steps, *seconds, int(gib * GIB), few, guidance)


SAMPLE = "sample"
"""The family of the checkpoint that comes with the package: docs/models.md says what it is."""
WORDS = (
    "night",
    "autumn",
    "vintage",
    "blueprint",
    "ink drawing",
    "watercolour",
    "oil painting",
    "poster",
    "restore",
    "photo",
)
"""What the sample model was taught."""

FAMILIES: dict[str, Family] = {
    family.name: family
    for family in (
        # Guidance doubles the denoiser's arithmetic. SD 1.5 rounds to 8: at 512² a multiple of 16 would be too coarse.
        # FLUX.2's autoencoder folds 2 × 2 latents into one; the others only pack them for the transformer. Distilled
        # relatives (LCM, Turbo, Lightning, Hyper, DMD2) have a row of their own: same shapes, few steps, no guidance.
        _diffusion("sd15", "SD 1.5", 512, 8, 8, steps=25, step=2 * 0.80, around=3.7, gib=2.0, few=False, guidance=7.0),
        _diffusion("sd15-few", "SD 1.5", 512, 8, 8, steps=4, step=0.80, around=3.7, gib=2.0, few=True, guidance=1.0),
        _diffusion("sdxl", "SDXL", 1024, 16, 8, steps=30, step=2 * 6.76, around=15.5, gib=6.5, few=False, guidance=6.0),
        _diffusion("sdxl-few", "SDXL", 1024, 16, 8, steps=4, step=6.76, around=15.5, gib=6.5, few=True, guidance=1.0),
        _diffusion("flux1", "FLUX.1", 1024, 16, 8, steps=28, step=74.4, around=20.0, gib=31.5, few=False, guidance=3.5),
        _diffusion(
            "flux2-klein",
            "FLUX.2 klein",
            1024,
            16,
            16,
            steps=4,
            step=34.8,
            around=20.0,
            gib=15.0,
            few=True,
            guidance=1.0,
        ),
        _diffusion(
            "z-image", "Z-Image", 1024, 16, 8, steps=9, step=56.6, around=20.0, gib=19.5, few=True, guidance=1.0
        ),
        _diffusion(
            "qwen-image",
            "Qwen-Image",
            1328,
            16,
            8,
            steps=30,
            step=2 * 119.0,
            around=35.0,
            gib=54.0,
            few=False,
            guidance=4.0,
        ),
        Family(
            SAMPLE,
            "the sample model",
            budget=768 * 768,
            multiple=16,
            cell=2,
            buckets=_buckets(768 * 768, 48),
            steps=4,
            step=1.5,  # on one core, a share of encoding and decoding in it, which take longer where more is worked
            around=0.3,
            weights=12 * MIB,
            few=True,
            modes=("fill",),
            words=WORDS,
            says="Sample model: ten words, taught by filters on public-domain photographs; it is not Stable Diffusion.",
        ),
        Family(
            "classical",
            "the built-in fill",
            budget=256 * 256,
            multiple=1,
            cell=1,
            buckets=(),
            steps=1,
            step=0.35,  # measured on one core: a hole of 256² in 0.9 s, 512² in 2.0 s, 1024² in 6.1 s
            around=0.5,
            weights=0,
            pixel=192,  # 130 measured in the library, the rest are the plate's own floats
            native=True,
            modes=("fill", "remove", "expand"),
            partial=False,
            reads_prompt=False,
        ),
    )
}
"""Every family by name."""
