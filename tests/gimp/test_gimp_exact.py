"""The canvas stays the artist's: what our layer leaves alone and what its soft edge shows, in any document."""

import itertools
from pathlib import Path
from typing import Any, NamedTuple

import imagecodecs
import numpy as np

from tests.gimp.console import Console, Shared

TYPES: dict[str, Any] = {
    "U8": np.uint8,
    "U16": np.uint16,
    "U32": np.uint32,
    "HALF": np.float16,
    "FLOAT": np.float32,
    "DOUBLE": np.float64,
}
LIGHTS = ("LINEAR", "NON_LINEAR", "PERCEPTUAL")
SIZE = (30, 40)


class Kind(NamedTuple):
    """A kind of document. With `profile` its numbers mean Adobe RGB; `stacked` has a second layer over the first."""

    precision: str
    base: str = "RGB"
    alpha: bool = False
    profile: bool = False
    stacked: bool = False

    @property
    def depth(self) -> str:
        return self.precision.partition("_")[0]

    @property
    def exact(self) -> bool:
        """GIMP composites in 32-bit floats, and a gray picture as RGB: beyond that any layer costs the last bits."""
        return self.depth in ("U8", "U16", "HALF") or (self.depth == "FLOAT" and self.base == "RGB")

    def values(self, held: bytes, size: tuple[int, int] = SIZE) -> np.ndarray:
        """Pixels as GIMP holds them."""
        return np.frombuffer(held, TYPES[self.depth]).reshape(*size, -1)

    def real(self, held: bytes, size: tuple[int, int] = SIZE) -> np.ndarray:
        """The same as 0…1."""
        values = self.values(held, size)
        return values / float(np.iinfo(values.dtype).max) if values.dtype.kind == "u" else values.astype(float)


KINDS = [
    Kind(f"{depth}_{light}", base, alpha, profile)
    for depth, light, (base, profile), alpha in itertools.product(
        TYPES, LIGHTS, (("RGB", False), ("RGB", True), ("GRAY", False)), (False, True)
    )
]
KINDS += [
    Kind(precision, profile=profile, stacked=True)
    for precision in ("U8_NON_LINEAR", "U16_NON_LINEAR", "HALF_LINEAR", "FLOAT_LINEAR", "FLOAT_PERCEPTUAL")
    for profile in (False, True)
]
PLAIN = Kind("U8_NON_LINEAR")
EXPORTS = [
    (PLAIN, "png"),
    (Kind("U16_NON_LINEAR", alpha=True), "png"),
    (Kind("FLOAT_LINEAR"), "exr"),
    (Kind("HALF_LINEAR", profile=True), "xcf"),
]


class Mask(NamedTuple):
    """Our layer's box and its layer mask."""

    box: tuple[int, int, int, int]
    coverage: np.ndarray

    @classmethod
    def told(cls, answer: dict[str, Any]) -> "Mask":
        x, y, width, height = answer["box"]
        return cls((x, y, width, height), np.frombuffer(answer["mask"], np.uint8).reshape(height, width))

    @property
    def crop(self) -> tuple[slice, slice]:
        x, y, width, height = self.box
        return np.s_[y : y + height, x : x + width]

    @property
    def outside(self) -> np.ndarray:
        """True where it is 0, and where there is no layer."""
        outside = np.ones(SIZE, bool)
        outside[self.crop] = self.coverage == 0
        return outside


def test_outside_nothing_changes_and_inside_is_what_numpy_blends(console: Console) -> None:
    answer = console("exact.py", kinds=KINDS, spoil=PLAIN, exports=None)
    mask = Mask.told(answer)
    for how in ("alone", "grouped"):
        for kind, look in zip(KINDS, answer[how], strict=True):
            assert look["mask"] == mask.coverage.tobytes(), (how, kind)
            before, after = (kind.values(look[name])[mask.outside] for name in ("before", "after"))
            assert before.size > 1400, (how, kind)
            if kind.exact:
                assert int((before != after).sum()) == 0, (how, kind)
            else:
                assert np.abs(kind.real(look["before"]) - kind.real(look["after"]))[mask.outside].max() < 1e-6
            bound = {"U8": 0.51 / 255, "U16": 1 / 65535, "HALF": 0.0005}.get(kind.depth, 2e-6)
            if not (kind.stacked and kind.profile):  # blended in the light of the layer below, for exactness' sake
                assert _off(kind, look, mask) < bound * (1 + kind.stacked), (how, kind)
    assert answer["under nothing"] == [0] * 5, "single values change in Adobe RGB"
    linear, bent = (answer["spoiled"][wrong] for wrong in ("linear light", "a mask with a gamma"))
    assert _off(PLAIN, linear, mask) > 0.05, "blending in linear light would not be seen"
    assert bent["mask"] != mask.coverage.tobytes(), "a mask with a gamma would not be seen"


def _off(kind: Kind, look: dict[str, bytes], mask: Mask) -> float:
    """How far what is seen is from what numpy computes of the document's own values, where anything is seen."""
    below, seen = (kind.real(look[name])[mask.crop] for name in ("before", "after"))
    layer = kind.real(look["layer"], mask.coverage.shape)[..., :-1]
    over, under = mask.coverage[..., None] / 255, below[..., -1:]
    alpha = over + under - over * under
    weight = np.divide(over, alpha, out=np.zeros_like(alpha), where=alpha > 0)
    expected = layer * weight + below[..., :-1] * (1 - weight)
    return float(np.abs(np.where(seen[..., -1:] > 0, expected - seen[..., :-1], 0)).max())


def test_a_file_that_is_exported_differs_inside_alone(console: Console, shared: Shared) -> None:
    answer = console("exact.py", kinds=[], exports=EXPORTS, folder=shared.folder)
    mask = Mask.told(answer)
    for (kind, ending), told in zip(EXPORTS, answer["exports"], strict=True):
        before, after = (kind.values(one) if isinstance(one, bytes) else _decoded(shared, one) for one in told)
        assert before.dtype == after.dtype == TYPES[kind.depth] and before.shape[:2] == SIZE, (kind, ending)
        assert kind.alpha or np.unique(after[..., 3:]).size <= 1, kind  # GIMP exports layers with alpha, opaque here
        shared_channels = np.s_[..., : before.shape[-1]]
        differ = (before != after[shared_channels]).any(-1)
        assert int(differ[mask.outside].sum()) == 0, (kind, ending)
        assert differ[mask.crop][mask.coverage == 255].mean() > 0.99, (kind, ending)


def _decoded(shared: Shared, path: str) -> np.ndarray:
    """A PNG that GIMP wrote, as others read it."""
    return imagecodecs.png_decode((shared.folder / Path(path).name).read_bytes())
