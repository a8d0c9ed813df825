#!/usr/bin/env python3
"""The test's eyes in a GIMP with windows: a plug-in that GIMP starts by itself and that runs what `Screen.ask` sends.

A process of its own beside GIMP and Sfumato's: what it looks at it does not disturb.
"""

import os
import socket
import sys

sys.path.insert(0, "/tmp/inside")
import gi  # only once its folder is named
import plain

gi.require_version("Gimp", "3.0")
gi.require_version("Gegl", "0.4")
from gi.repository import Gimp, GLib  # noqa: E402  # only once the versions are named
from scope import tell  # noqa: E402


class Eyes(Gimp.PlugIn):
    """One procedure without a menu entry: a GIMP that starts runs it until it ends."""

    def do_query_procedures(self) -> list[str]:
        """Its name."""
        return ["test-eyes"]

    def do_set_i18n(self, name: str) -> bool:
        """No translations."""
        return False

    def do_create_procedure(self, name: str) -> Gimp.Procedure:
        """Persistent, so that GIMP starts it."""
        return Gimp.Procedure.new(self, name, Gimp.PDBProcType.PERSISTENT, self.watch, None)

    def watch(self, procedure: Gimp.Procedure, *_: object) -> Gimp.ValueArray:
        """Answer line by line while GIMP lives."""
        procedure.persistent_ready()
        self.persistent_enable()
        wire = socket.create_connection(("127.0.0.1", int(os.environ["SFUMATO_EYES"])))
        asked = wire.makefile("rb", buffering=0)  # what a buffer held would not wake the main loop
        GLib.io_add_watch(GLib.IOChannel.unix_new(wire.fileno()), GLib.IO_IN, self.answer, wire, asked)
        GLib.MainLoop().run()
        return procedure.new_return_values(Gimp.PDBStatusType.SUCCESS, GLib.Error())

    def answer(self, _: object, __: object, wire: socket.socket, asked: socket.SocketIO) -> bool:
        """One question: {text, values}. `image` is the document that was opened first, None where there is none."""
        line = asked.readline()
        if line:
            question = plain.loads(line)
            image = next(iter(sorted(Gimp.get_images(), key=Gimp.Image.get_id)), None)
            wire.sendall(tell(question["text"], {"image": image, **question["values"]}).encode() + b"\n")
        return bool(line)


Gimp.main(Eyes.__gtype__, sys.argv)
