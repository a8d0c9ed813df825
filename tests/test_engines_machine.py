"""What is said of a machine that paints on its CPU."""

import os

import pytest

from bridge.engines import machine
from bridge.engines.classical import Classical


def test_the_machine_has_memory_and_some_of_it_is_free() -> None:
    name, memory, free = machine.facts()
    assert name == "CPU" and memory > free > 0


def test_a_system_that_does_not_say_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sysconf")
    assert machine.facts() == ("CPU", 0, 0)


def test_the_built_in_fill_paints_on_it() -> None:
    told = Classical().device_facts()
    assert (told["name"], told["memory"]) == machine.facts()[:2] and 0 < told["free"] < told["memory"]
