#!/usr/bin/env python3
"""The panel as it is, in a process that also notes when its main loop comes round, and what it did meanwhile.

SIGUSR1 has it write /shared/timed.json: {ticks, turns}, seconds of the monotonic clock; a turn is [what, from, to].
"""

import json
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, "/shared/profile/plug-ins/sfumato/lib")
import gi  # only once our own libraries are found

gi.require_version("Gimp", "3.0")
from gi.repository import Gimp, GLib  # noqa: E402

EVERY = 5
"""Milliseconds between two ticks of a main loop that has nothing else to do."""
TURNS = {
    "gimp_plugin.host.canvas": {"Canvas": "scene read coverage insert results mark warm present"},
    "gimp_plugin.keep": {"Keep": "save"},
    "gimp_plugin.panel.window": {"Panel": "__init__ show"},
    "gimp_plugin.panel.easel": {"Easel": "show"},
    "gimp_plugin.panel.strip": {"Strip": "show"},
    "gimp_plugin.guest": {"Guest": "hear state tick go"},
    "gimp_plugin.landing": {"Landing": "land", "": "thumbnail"},
}
"""What is noted of each turn: functions, by the room and the class that they are in."""


class Timed(Gimp.PlugIn):
    """A plug-in with one entry, which opens the panel."""

    def do_query_procedures(self) -> list[str]:
        """Its name."""
        return ["sfumato-timed-panel"]

    def do_set_i18n(self, name: str) -> bool:
        """No translations."""
        return False

    def do_create_procedure(self, name: str) -> Any:
        """In the menu, so that a key can be bound to it."""
        procedure = Gimp.ImageProcedure.new(self, name, Gimp.PDBProcType.PLUGIN, self.open_panel, None)
        procedure.set_image_types("*")
        procedure.set_sensitivity_mask(Gimp.ProcedureSensitivityMask.ALWAYS)
        procedure.set_menu_label("Timed Panel")
        procedure.add_menu_path("<Image>/Filters")
        return procedure

    def open_panel(self, procedure: Any, mode: Any, image: Any, *_: object) -> Any:
        """Open it, and stay until it is closed."""
        ticks: list[float] = []
        turns: list[tuple[str, float, float]] = []
        for room, classes in TURNS.items():
            for name, functions in classes.items():
                module = __import__(room, fromlist=["_"])
                owner = getattr(module, name) if name else module
                for function in functions.split():
                    setattr(owner, function, timed(f"{name}.{function}".strip("."), getattr(owner, function), turns))

        def tick() -> bool:
            ticks.append(time.monotonic())
            return True

        def tell() -> bool:
            Path("/shared/timed.json").write_text(json.dumps({"ticks": ticks, "turns": turns}), "utf-8")
            return True

        GLib.timeout_add(EVERY, tick, priority=GLib.PRIORITY_DEFAULT)
        GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, signal.SIGUSR1, tell)
        from gimp_plugin import seat

        seat.run(self, image)
        return procedure.new_return_values(Gimp.PDBStatusType.SUCCESS, GLib.Error())


def timed(name: str, function: Callable[..., Any], turns: list[tuple[str, float, float]]) -> Callable[..., Any]:
    """The function, noting from when to when it ran."""

    def run(*given: Any, **named: Any) -> Any:
        begun = time.monotonic()
        try:
            return function(*given, **named)
        finally:
            turns.append((name, begun, time.monotonic()))

    return run


Gimp.main(Timed.__gtype__, sys.argv)
