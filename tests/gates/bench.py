"""Runs scenes through `fill` and measures what would be seen: the composite against the truth, along the edge."""

import functools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, laplace, uniform_filter
from skimage.color import deltaE_ciede2000, rgb2lab

from bridge import geometry, masks
from bridge.crops import padded
from bridge.engines import Engine
from bridge.families import Family
from bridge.fill import Layer, Region, fill
from bridge.geometry import Plan
from bridge.protocol.values import Box, Depth, Recipe
from tests.gates.engines import Identity, Truth
from tests.gates.scenes import Mask, Pixels, Scene, scenes, see, to_depth, to_float

Fill = Callable[..., Iterator[Layer]]
Bools = NDArray[np.bool_]

AROUND = 24
"""Document pixels around the layer that are looked at."""
BAND = 16
"""Width of the band along the edge, inside, in which an edge is seen; a feather belongs to it whole."""


@dataclass(frozen=True)
class Outcome:
    """One scene, filled: pixels of the layer's box and 24 px around it, at the document's depth.

    before  the document as it was
    truth   what should be seen
    after   what is seen: the layer over the document
    mask    u8, the layer's
    """

    scene: Scene
    family: Family
    plan: Plan
    engine: Identity
    layer: Layer
    box: Box
    before: Pixels
    truth: Pixels
    after: Pixels
    mask: Mask

    def __str__(self) -> str:
        return f"{self.scene.name} ({self.family.name})"

    @property
    def zoom(self) -> float:
        """Working pixels for one of the document, the least of the first pass."""
        return self.plan.passes[0].zoom

    @property
    def alone(self) -> bool:
        """One pass of one piece."""
        return len(self.plan.passes) == len(self.plan.passes[0].pieces) == 1

    @functools.cached_property
    def band(self) -> Bools:
        """Inside the layer mask, at most 16 px from its edge, or on its feather; a disc and 3 px around it left out.

        Empty where there is no edge.
        """
        inside = self.mask > 0
        if inside.all():
            return np.zeros_like(inside)
        near = distance_transform_edt(inside) <= BAND
        band = inside & (near | (self.mask < 255))
        return band & ~self.disc(3) if self.alone and self.engine.disc else band

    def disc(self, margin: int) -> Bools:
        """Where the red disc lies, grown by `margin` px; of fills of one piece."""
        return self.engine.shown(self.plan.passes[0].pieces[0], self.box, margin)

    def difference(self, smooth: int = 0) -> NDArray[np.float64]:
        """ΔE2000 of after and truth in the band, as numbers; of their means over `smooth` px where that is given."""
        seen, wanted = to_float(self.after), to_float(self.truth)
        if smooth:
            seen, wanted = (uniform_filter(rgb, (smooth, smooth, 0)) for rgb in (seen, wanted))
        return delta(seen[self.band], wanted[self.band])

    def sharpness(self) -> float:
        """Deviation of the Laplacian inside the layer over that of the truth."""
        inside = distance_transform_edt(np.pad(self.mask == 255, 1))[1:-1, 1:-1] > 2
        seen, wanted = (
            laplace(to_float(pixels).mean(2))[inside].std(dtype=np.float64) for pixels in (self.after, self.truth)
        )
        return float(seen / wanted)

    def seam(self) -> float:
        """99th percentile of the steps across the edge over that of the truth's own there, a level at least."""
        inside = self.mask > 0
        steps: list[list[Any]] = [[], []]
        for axis in (0, 1):
            crossing = np.diff(inside, axis=axis)
            for pixels, found in zip((self.after, self.truth), steps, strict=True):
                found.append(np.abs(np.diff(to_float(pixels), axis=axis)).max(2)[crossing])
        seen, own = (np.percentile(np.concatenate(found), 99) for found in steps)
        return float(max(seen, 1 / 255) / max(own, 1 / 255))


@dataclass(frozen=True)
class Bench:
    """What the gates are measured on: families, each with its first scenes (None: all), and the fill under test."""

    counts: dict[Family, int | None]
    fill: Fill = fill
    _kept: dict[Any, Outcome] = field(default_factory=dict)

    @property
    def families(self) -> list[Family]:
        """The families."""
        return list(self.counts)

    def scenes(self, family: Family, kinds: str = "") -> list[Scene]:
        """The scenes of a family; `kinds` names some."""
        side = math.isqrt(family.budget)
        return [scene for scene in scenes(side, self.counts[family]) if not kinds or scene.kind in kinds]

    def outcomes(self, engine: type[Identity], kinds: str = "", disc: bool = False) -> list[Outcome]:
        """Every scene (of some `kinds`) of every family, painted by an engine; measured once for all gates."""
        found = []
        for family in self.families:
            for scene in self.scenes(family, kinds):
                key = family.name, scene.name, engine, disc
                if key not in self._kept:
                    self._kept[key] = self.outcome(scene, family, engine, disc)
                found.append(self._kept[key])
        return found

    def outcome(self, scene: Scene, family: Family, engine: type[Identity], disc: bool = False) -> Outcome:
        """One scene filled. *Truth* has an object to remove; the others repaint what is there."""
        hidden = not issubclass(engine, Truth)
        recipe = Recipe("fill", seed=sum(scene.name.encode()))
        plan = planned(scene, recipe, family)
        painter = engine(disc, scene=scene, plan=plan) if issubclass(engine, Truth) else engine(disc)
        region = scene.region(plan.image, hidden)
        (layer,) = self.layers(region, recipe, family, painter)
        canvas = scene.document.canvas
        around = padded(layer.box, AROUND, canvas)
        truth = see(scene.truth, around)
        before = truth if hidden else see(scene.picture, around)
        mask = laid(layer, around)
        after = over(before, layer, around)
        return Outcome(scene, family, plan, painter, layer, around, before, truth, after, mask)

    def layers(self, region: Region, recipe: Recipe, family: Family, engine: Engine) -> list[Layer]:
        """What the fill under test makes of a region."""
        return list(self.fill(region, recipe, family, engine, lambda *said: None))


def planned(scene: Scene, recipe: Recipe, family: Family) -> Plan:
    """The plan that `fill` makes of a scene."""
    plan = geometry.plan(scene.document, scene.selection, recipe, family)
    if scene.selection is None or scene.mask is None:
        return plan
    return geometry.refine(plan, masks.survey(scene.mask, scene.selection).parts, recipe, family)


def laid(layer: Layer, box: Box) -> Mask:
    """The layer's mask in a box of the document, 0 around it."""
    full = np.full((layer.box.height, layer.box.width), 255, np.uint8)
    return placed(full if layer.mask is None else layer.mask, layer.box, box)


def placed(values: Pixels, at: Box, box: Box) -> Pixels:
    """Values that lie `at` a box of the document, in another box, 0 around them."""
    found = np.zeros((box.height, box.width, *values.shape[2:]), values.dtype)
    common = at.intersect(box)
    inner, outer = common.moved(-at.x, -at.y), common.moved(-box.x, -box.y)
    found[outer.y : outer.bottom, outer.x : outer.right] = values[inner.y : inner.bottom, inner.x : inner.right]
    return found


def over(document: Pixels, layer: Layer, box: Box) -> Pixels:
    """The layer over the document's pixels of a box, as an editor does it: where the mask is 0, nothing is touched."""
    mask = laid(layer, box)
    at = mask > 0
    share = mask[at][:, None] / 255
    painted = to_float(placed(layer.picture, layer.box, box)[at][:, :3])
    depth: Depth = {"uint8": "u8", "uint16": "u16"}.get(str(document.dtype), "f32")  # type: ignore[assignment]
    after = document.copy()
    after[at, :3] = to_depth(to_float(document[at][:, :3]) * (1 - share) + painted * share, depth)
    return after


def delta(seen: NDArray[np.floating], wanted: NDArray[np.floating]) -> NDArray[np.float64]:
    """ΔE2000 of sRGB colours (n, 3), 0–1."""
    return np.asarray(deltaE_ciede2000(rgb2lab(np.clip(wanted, 0, 1)), rgb2lab(np.clip(seen, 0, 1))))


def chroma(rgb: NDArray[np.floating]) -> NDArray[np.float64]:
    """CIELAB chroma of sRGB colours (n, 3), 0–1."""
    return np.hypot(*np.moveaxis(rgb2lab(np.clip(rgb, 0, 1))[..., 1:], -1, 0))
