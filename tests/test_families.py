"""The table of families: what every row keeps, and the estimates' anchors."""

import itertools
import math
from dataclasses import replace

import pytest

from bridge.families import FAMILIES, Family, Size
from bridge.protocol.limits import GIB

DIFFUSION = [family for family in FAMILIES.values() if not family.native]
CLASSICAL = FAMILIES["classical"]


def test_the_families_of_day_one() -> None:
    rows = "sd15 sd15-few sdxl sdxl-few flux1 flux2-klein z-image qwen-image sample classical"
    assert list(FAMILIES) == rows.split()
    assert all(name == family.name for name, family in FAMILIES.items())
    assert {name: math.isqrt(family.budget) for name, family in FAMILIES.items()} == {
        **{
            "sd15": 512,
            "sd15-few": 512,
            "sdxl": 1024,
            "sdxl-few": 1024,
            "flux1": 1024,
            "flux2-klein": 1024,
            "z-image": 1024,
            "qwen-image": 1328,
            "sample": 768,
        },
        "classical": 256,
    }


@pytest.mark.parametrize("name", ["sd15", "sdxl"])
def test_a_distilled_relative_needs_few_steps_and_no_guidance_and_is_else_the_same(name: str) -> None:
    family, few = FAMILIES[name], FAMILIES[f"{name}-few"]
    assert (few.few, few.steps, few.guidance, few.step) == (True, 4, 1.0, family.step / 2)
    assert replace(few, name=name, few=False, steps=family.steps, step=family.step, guidance=family.guidance) == family


@pytest.mark.parametrize("family", DIFFUSION, ids=lambda family: family.name)
def test_buckets(family: Family) -> None:
    square = math.isqrt(family.budget)
    assert Size(square, square) in family.buckets
    assert len(set(family.buckets)) == len(family.buckets) <= 19
    for width, height in family.buckets:
        assert Size(height, width) in family.buckets
        assert width % family.multiple == height % family.multiple == 0
        assert 0.8 <= width * height / family.budget <= 1
        assert 2 * max(width, height) <= 5 * min(width, height)
    aspects = [width / height for width, height in family.buckets]
    assert aspects == sorted(aspects)
    assert max(right / left for left, right in itertools.pairwise(aspects)) < 1.25


def test_sdxl_buckets_are_the_sizes_it_was_trained_at() -> None:
    wide = [tuple(size) for size in FAMILIES["sdxl"].buckets if size.width >= size.height]
    assert wide == [(1024, 1024), (1088, 960), (1152, 896), (1216, 832), (1344, 768), (1472, 704), (1600, 640)]


@pytest.mark.parametrize("family", DIFFUSION, ids=lambda family: family.name)
def test_working_sides_are_whole_cells_and_whole_document_pixels_at_every_scale(family: Family) -> None:
    assert family.multiple % family.cell == 0
    assert family.cell % 4 == 0 or "detail" not in family.modes  # which alone enlarges
    assert all(side % 4 == 0 for size in family.buckets for side in size)


def test_what_the_classical_family_can() -> None:
    assert CLASSICAL.native and not CLASSICAL.buckets
    assert CLASSICAL.modes == ("fill", "remove", "expand")
    assert not CLASSICAL.reads_prompt and not CLASSICAL.partial
    assert (CLASSICAL.multiple, CLASSICAL.cell, CLASSICAL.weights) == (1, 1, 0)


@pytest.mark.parametrize(
    ("name", "strength", "steps", "calls"),
    [
        ("sdxl", 1.0, None, 30),
        ("sdxl", 0.5, None, 15),
        ("sdxl", 0.35, None, 11),  # rounded up
        ("sdxl", 0.05, None, 4),  # never fewer
        ("sdxl", 0.5, 50, 25),
        ("flux2-klein", 1.0, None, 4),  # a distilled model runs all of its own steps
        ("flux2-klein", 0.3, None, 4),
        ("z-image", 0.3, 6, 6),
        ("classical", 1.0, 50, 1),  # has no steps that a recipe could ask for
    ],
)
def test_calls(name: str, strength: float, steps: int | None, calls: int) -> None:
    assert FAMILIES[name].calls(strength, steps) == calls


@pytest.mark.parametrize(("side", "low", "high"), [(128, 0.4, 1.2), (256, 0.6, 1.3), (512, 1.4, 2.7), (1024, 4.5, 8.0)])
def test_classical_seconds_are_what_was_measured(side: int, low: float, high: float) -> None:
    assert low < CLASSICAL.seconds(side * side, 1) < high


def test_diffusion_seconds_follow_arithmetic() -> None:
    sdxl, klein, flux = (FAMILIES[name] for name in ("sdxl", "flux2-klein", "flux1"))
    whole = sdxl.seconds(sdxl.budget, 30)
    assert 7 < whole < 10  # 30 guided steps are 406 TFLOP, the VAE 15
    assert sdxl.seconds(sdxl.budget // 2, 30) < whole > sdxl.seconds(sdxl.budget, 15)
    assert klein.seconds(klein.budget, klein.steps) < whole / 2 < 2 * whole < flux.seconds(flux.budget, flux.steps)


def test_memory_of_what_is_resident() -> None:
    gib = {name: round(family.weights / GIB, 1) for name, family in FAMILIES.items()}
    assert gib["sd15"] < gib["sdxl"] < gib["flux2-klein"] < gib["z-image"] < gib["flux1"] < gib["qwen-image"]
    assert FAMILIES["sdxl"].pixel * FAMILIES["sdxl"].budget == 2 * GIB


def test_a_size_reads_well() -> None:
    assert str(Size(1216, 832)) == "1216 × 832 px"
    assert Size(1216, 832).area == 1_011_712
