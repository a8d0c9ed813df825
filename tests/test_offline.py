"""No process of the tests reaches another machine."""

import os
import socket
import subprocess
import sys

import pytest

REACH = "import socket; socket.create_connection(('192.0.2.1', 80), 0.1)"


def test_this_process_stays_here() -> None:
    with socket.socket() as one, pytest.raises(AssertionError, match=r"tried to reach 192\.0\.2\.1"):
        one.connect(("192.0.2.1", 80))


def test_a_process_that_a_test_starts_stays_here() -> None:
    ended = subprocess.run([sys.executable, "-c", REACH], capture_output=True, text=True)
    assert "a test tried to reach 192.0.2.1" in ended.stderr


def test_the_loopback_is_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()
    assert "offline" in os.environ["PYTHONPATH"]
