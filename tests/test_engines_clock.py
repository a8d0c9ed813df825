"""Where the time went."""

import pytest

from bridge.engines.clock import Clock


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A clock whose every look costs a second."""
    seconds = iter(range(1000))
    monkeypatch.setattr("time.perf_counter", lambda: float(next(seconds)))
    return Clock()


def test_phases_add_up_until_a_lap(clock: Clock) -> None:
    for _ in range(2):
        with clock.phase("painting"):
            pass
    with clock.phase("finishing"):
        pass
    assert clock.lap() == {"painting": 2.0, "finishing": 1.0}
    assert clock.lap() == {}


def test_a_phase_that_fails_is_counted(clock: Clock) -> None:
    with pytest.raises(ZeroDivisionError), clock.phase("painting"):
        _ = 1 / 0
    assert clock.lap() == {"painting": 1.0}


def test_values_are_counted_by_how_long_they_take_to_come(clock: Clock) -> None:
    assert list(clock.each("painting", "ab")) == ["a", "b"]
    assert clock.lap() == {"painting": 3.0}  # and the look that finds no third
