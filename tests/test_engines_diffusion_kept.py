"""Results that are kept by content."""

from bridge.engines.diffusion.kept import Kept


def test_the_least_recently_used_is_forgotten_first() -> None:
    kept, made = Kept[str](2), []

    def get(key: str) -> str:
        return kept.get(key, lambda: made.append(key) or key.upper())

    assert [get(key) for key in "abaca"] == ["A", "B", "A", "C", "A"]
    assert made == ["a", "b", "c"] and kept.made == 3
    assert get("b") == "B" and made[-1] == "b"


def test_cleared_it_computes_anew_and_goes_on_counting() -> None:
    kept = Kept[int](2)
    kept.get("a", lambda: 1)
    kept.clear()
    assert kept.get("a", lambda: 2) == 2 and kept.made == 2


def test_what_failed_is_not_kept() -> None:
    kept = Kept[float](2)
    for _ in range(2):
        try:
            kept.get("a", lambda: 1 / 0)
        except ZeroDivisionError:
            continue
    assert kept.made == 0 and kept.get("a", lambda: 3.0) == 3.0
