"""Inside the painter process, called as functions."""

import io
from pathlib import Path

import msgpack
import numpy as np
import pytest

from bridge import painting
from bridge.fill import Layer
from bridge.painter import HEAD
from bridge.protocol.errors import Refusal
from bridge.protocol.values import Box, Recipe
from tests.painters import Faulty, Plain, Refusing


def task(tmp_path: Path, count: int = 2, missing: tuple[int, ...] | None = None) -> dict:
    """Remove the middle of a small noise picture."""
    image = np.random.default_rng(1).integers(0, 255, (60, 80, 3), np.uint8)
    (tmp_path / "image").write_bytes(image.tobytes())
    (tmp_path / "mask").write_bytes(b"\xff" * 200)
    (tmp_path / "out").mkdir(exist_ok=True)
    return {
        "job": "ab" * 16,
        "engine": "classical",
        "family": "classical",
        "recipe": Recipe("remove", seed=4, count=count).to_map(),
        "missing": list(range(count) if missing is None else missing),
        "document": ["cd" * 16, 80, 60, 3, "u8"],
        "box": [0, 0, 80, 60],
        "selection": [30, 20, 20, 10],
        "content": None,
        "image": str(tmp_path / "image"),
        "mask": str(tmp_path / "mask"),
        "out": str(tmp_path / "out"),
        "results": [f"result{k}" for k in range(count)],
    }


def events(task: dict, engine: object, cancelled: set[str] | None = None) -> tuple[list[dict], list[dict]]:
    """What is yielded, and what is told meanwhile."""
    told: list[dict] = []
    return list(painting._paint(task, lambda name: engine, cancelled or set(), told.append)), told


def test_each_layer_lies_in_the_spool_before_it_is_told(tmp_path: Path) -> None:
    given, told = events(task(tmp_path), Plain())
    assert [event["t"] for event in given] == ["layer", "layer", "done"]
    assert given[0]["box"] == [30, 20, 20, 10]
    assert (tmp_path / "out" / "result1.picture").read_bytes() == bytes([25]) * 600
    assert not list((tmp_path / "out").glob("*.part"))
    assert {"progress", "preview"} <= {event["t"] for event in told}


def test_only_what_is_missing_is_painted_and_it_is_the_same(tmp_path: Path) -> None:
    events(task(tmp_path, count=3), Plain())
    whole = [(tmp_path / "out" / f"result{k}.picture").read_bytes() for k in range(3)]
    for path in (tmp_path / "out").iterdir():
        path.unlink()
    given, _ = events(task(tmp_path, count=3, missing=(2,)), Plain())
    assert [event.get("index") for event in given] == [2, None]
    assert (tmp_path / "out" / "result2.picture").read_bytes() == whole[2]


def test_a_cancelled_job_stops_at_the_next_step(tmp_path: Path) -> None:
    given, told = events(task(tmp_path), Plain(), cancelled={"ab" * 16})
    assert (given, told) == ([{"t": "cancelled"}], [])


def test_what_goes_wrong_is_an_event(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    (refused,), _ = events(task(tmp_path), Refusing())
    assert (refused["t"], refused["code"]) == ("failed", "picture.empty")
    (failed,), _ = events(task(tmp_path), Faulty())
    assert (failed["t"], failed["code"]) == ("failed", "internal")
    assert "ZeroDivisionError" in failed["text"]
    assert "a fault of the engine's own" in capsys.readouterr().err


def test_memory_that_runs_out_is_a_sentence(tmp_path: Path) -> None:
    class Greedy(Plain):
        def before(self, k, recipe, step) -> None:
            raise MemoryError

    (failed,), _ = events(task(tmp_path), Greedy())
    assert (failed["code"], failed["retry"]) == ("gpu.memory", "later")


def test_a_full_disk_leaves_no_half_layer(tmp_path: Path) -> None:
    layer = Layer(0, Box(0, 0, 2, 2), np.zeros((2, 2, 3), np.uint8), None, {})
    with pytest.raises(Refusal, match="cannot write") as caught:
        painting._save(layer, 0, tmp_path / "gone", "result")
    assert caught.value.code == "limit.spool"


def test_previews_are_small_and_not_too_many() -> None:
    told: list[dict] = []
    report = painting._reporter("job", 3, set(), told.append)
    wide = np.full((700, 1400, 3), 0.5, np.float32)
    for step in range(50):
        report("painting", 0, step, 50, wide)
    previews = [event for event in told if event["t"] == "preview"]
    assert len([event for event in told if event["t"] == "progress"]) == 50
    assert len(previews) == 1
    assert (previews[0]["index"], previews[0]["width"], previews[0]["height"]) == (3, 512, 256)
    assert set(previews[0]["pixels"]) == {128}


def test_progress_that_has_not_changed_is_told_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[dict] = []
    times = iter([1.0, 1.1, 1.2, 1.26, 1.3])
    monkeypatch.setattr("time.monotonic", lambda: next(times))
    report = painting._reporter("job", 0, set(), told.append)
    for i in (0, 0, 0, 0, 1):
        report("painting", 0, i, 2, None)
    assert [event["step"] for event in told] == [0, 0, 1]


def test_the_pipe_carries_a_length_and_a_map() -> None:
    sink = io.BytesIO()
    painting._tell(sink, {"t": "done", "timings": {"seconds": 1.5}})
    content = sink.getvalue()
    assert HEAD.unpack(content[:4])[0] == len(content) - 4
    assert msgpack.unpackb(content[4:]) == {"t": "done", "timings": {"seconds": 1.5}}
