"""A bridge of one's own."""

import sys
from pathlib import Path

import pytest

from bridge import home
from bridge.config import read
from bridge.private import SERVE, running
from bridge.protocol.errors import Refusal


def test_a_bridge_that_does_not_start_says_why(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", "import sys; sys.exit('The disk is full.')"]
    with pytest.raises(Refusal, match=r"^The bridge did not start: The disk is full\.$"), running(tmp_path, argv):
        pass


def test_a_bridge_looks_and_paints_where_it_is_told(tmp_path: Path) -> None:
    folders = ['/models/"best" \\ of é 灯 🗼', "/more"]
    with running(tmp_path, [sys.executable, "-c", "print('ready')"], models=folders, painters=["cpu"]):
        assert read(tmp_path).models == tuple(folders) and read(tmp_path).painters == ("cpu",)


def test_it_ends_with_the_block(tmp_path: Path) -> None:
    with running(tmp_path, SERVE) as process:
        assert home.discover(tmp_path) is not None
    assert process.poll() is not None and home.discover(tmp_path) is None
