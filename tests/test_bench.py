"""The measurements measure, at sizes that take no time. How fast anything is, no test says."""

import mmap
import os

import numpy as np
import pytest

from bench import report
from bench.memory import resident
from bench.patience import cancel, slow_reader
from bench.pictures import marked, photo
from bench.sizes import sizes
from bench.start import HEAVY, loaded
from bench.trips import Course, contenders, race


@pytest.fixture(scope="module")
def by():
    with contenders() as made:
        yield made


def test_everyone_brings_the_same_pixels_back(by):
    rows = [race(Course(64, depth, 2, 1), by) for depth in ("u8", "u16")]
    assert [row["bytes"] for row in rows] == [64 * 64 * 4, 64 * 64 * 3 * 2]
    rounds = {name: len(ms) for name, ms in rows[0]["ms"].items()}
    assert rounds == {"tcp": 2, "wire": 2, "ours": 2, "a1111": 1, "comfyui": 1}
    lines = list(report.trip_lines(rows, 64))
    assert [line[:14] for line in lines[2:4]] == ["| 64² u8 × 4 |", "| 64² u16 × 3 "]
    assert lines[-1].startswith("- the wire at 64² u8, times raw TCP: **")


def test_nothing_of_a_picture_leaves_after_its_cancel(by):
    figures = cancel(by["ours"].folder, 512, 1)
    assert (figures["bytes"], figures["after"], len(figures["ms"])) == (1 << 20, (0,), 1)
    assert next(report.cancel_lines(figures)).startswith("- `cancel` in 1 MB to `done`")


def test_a_slow_reader_reads_to_the_end_and_waits_for_nothing_more(by):
    with slow_reader(by["ours"].folder, 512, 0.0) as nod:
        for _ in range(6):  # four messages come
            nod()


def test_a_layer_is_as_large_as_its_selection_in_any_document(by):
    small, large = sizes(by["ours"].folder, (256, 512), 64)
    assert small["down"] == large["down"] == 64 * 64 * 5
    assert small["up"] == large["up"] == 192 * 192 * 4 + 64 * 64
    assert list(report.size_lines([small, large]))[-1] == "\nThe layer is the same in all of them."
    other = large | {"down": 0}
    assert list(report.size_lines([small, other]))[-1] == "\nThe layer is NOT THE SAME in all of them."


def test_a_bridge_loads_nothing_heavy_before_it_is_needed():
    modules = loaded()
    assert "bridge.server" in modules
    assert not {name.split(".")[0] for name in modules} & set(HEAVY)


def test_own_memory_is_what_a_process_writes():
    private = {"flags": mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS} if hasattr(mmap, "MAP_PRIVATE") else {}
    before = resident(os.getpid())
    block = mmap.mmap(-1, 1 << 25, **private)  # fresh pages: bytes may be given what earlier tests have freed
    block.write(b"x" * len(block))
    after = resident(os.getpid())
    assert after.own - before.own > len(block) * 0.9
    assert before.files > 0


def test_pictures_are_photographs_of_known_content():
    deep, flat = photo(32, 3, "u16"), photo(32, 4, "u8")
    assert (deep.dtype, deep.shape, flat.dtype, flat.shape) == (np.uint16, (32, 32, 3), np.uint8, (32, 32, 4))
    assert (flat[..., 3] == 255).all()
    assert np.array_equal(flat, photo(32, 4, "u8"))
    assert (deep % 257 != 0).mean() > 0.9  # not 8 bits in the clothes of 16
    assert marked(flat, 0x04030201).reshape(-1)[:4].tolist() == [1, 2, 3, 4]


def test_figures_are_read_beside_their_bounds():
    pings = {"ms": [1.0] * 98 + [60.0] * 2, "growth": 17e6}
    lines = list(report.neighbour_lines(dict.fromkeys(("alone", "slow", "fast"), pings), 64))
    assert lines[2] == "| nobody | 100 | 1.00 | 60.0 | 60.0 | 17.0 |"
    assert lines[-3] == "- own memory for a slow reader, MB: **17.0** (at most 16: MISSED)"
    assert lines[-1] == "- 99th of 100 pings beside a fast client, ms: **60.0** (at most 50: MISSED)"
    figures = {"ms": [150.0, 250.0, 900.0], "own": 18e6, "files": 12e6, "modules": 280, "heavy": []}
    assert list(report.start_lines(figures)) == [
        "- `sfumato serve` to its first client, median ms: **250.0** (at most 1000: kept)",
        "It then holds 18 MB of its own and 12 MB of program files; of 280 modules it has loaded none of torch, numpy, "
        "scipy, Pillow.",
    ]
