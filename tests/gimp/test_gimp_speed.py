"""A photograph's size in the real GIMP: it is read as it is seen; what that costs is printed (pytest -s)."""

import pytest

from tests.gimp.console import Console


@pytest.mark.long
def test_a_large_document_is_read_as_it_is_seen(console: Console) -> None:
    answer = console("speed.py")
    print("\n" + "\n".join(f"{name:>22} {ms:8.1f} ms" for name, ms in answer["ms"].items()))
    assert answer["same"] == {"all": True, "below": True, "without": True, "current": True}
