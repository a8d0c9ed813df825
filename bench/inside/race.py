"""In GIMP: one gesture of ours, and the same pixels moved as PNG files. Kept from one question to the next."""

import json
import os
import socket
import sys
import time
import zlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

sys.path.insert(0, "/shared/profile/plug-ins/sfumato/lib")
import gi  # only once our own libraries are found

gi.require_version("Gimp", "3.0")
gi.require_version("Gegl", "0.4")
from gi.repository import Gegl, Gimp, Gio, GLib  # noqa: E402

from bridge import home  # noqa: E402
from bridge.client import Client  # noqa: E402
from bridge.protocol.values import Box  # noqa: E402
from gimp_plugin import host  # noqa: E402
from gimp_plugin.dialling import soon  # noqa: E402
from gimp_plugin.guest import Guest  # noqa: E402
from gimp_plugin.keep import Keep  # noqa: E402
from gimp_plugin.line import Line  # noqa: E402
from gimp_plugin.scene import Spot  # noqa: E402

PLAIN = "include-exif include-iptc include-xmp include-color-profile include-thumbnail include-comment".split()
PLAIN += "save-transparent optimize-palette time phys offs bkgd interlaced".split()
"""What a PNG export may leave out."""
TILE = 2000

stamps: dict[str, float] = {}
"""When it was, by the clock of this process: the first of each since they were cleared."""


def stamp(what: str) -> None:
    """It is now."""
    stamps.setdefault(what, time.perf_counter())


class Stamped(Client):
    """A client that notes when each word has come, whole."""

    def hear(self, timeout: float | None = None) -> list[Any]:
        """What came."""
        events = super().hear(timeout)
        for event in events:
            stamp(f"came {type(event.message).__name__}")
        return events


class Canvas(host.Canvas):
    """An image that notes when it is read and written, and what was read."""

    seen: Box

    def read(self, box: Box, *more: Any) -> bytes:
        """The pixels of a box."""
        stamp("asked")
        pixels = super().read(box, *more)
        stamp("read")
        self.seen = box
        return pixels

    def coverage(self, box: Box) -> bytes:
        """The selection's coverage."""
        covered = super().coverage(box)
        stamp("covered")
        return covered

    def insert(self, *given: Any) -> Any:
        """Put a layer into the image."""
        stamp("insert")
        put = super().insert(*given)
        stamp("inserted")
        return put


canvas: Canvas
guest: Guest


def document(width: int, height: int, selection: list[int], path: str) -> list[str]:
    """Make the document, 16 bits deep, of tiles of a photograph, with a window; sit down at the bridge. Returns its
    layers, top first."""
    global canvas, guest
    with open(path, "rb") as file:
        tile = file.read()
    image = Gimp.Image.new_with_precision(width, height, Gimp.ImageBaseType.RGB, Gimp.Precision.U16_NON_LINEAR)
    image.undo_disable()
    kinds, modes = Gimp.ImageType, Gimp.LayerMode
    _layer(image, tile, "photograph", (0, 0, width, height), kinds.RGB_IMAGE, modes.NORMAL, 100)
    _layer(image, tile, "grade", (0, 0, width, height), kinds.RGBA_IMAGE, modes.SOFTLIGHT, 40)
    figure = _layer(image, tile, "figure", (TILE, TILE // 2, TILE, TILE), kinds.RGBA_IMAGE, modes.NORMAL, 80)
    _layer(image, tile, "light", (0, 0, width, height), kinds.RGBA_IMAGE, modes.SCREEN, 20)
    image.select_rectangle(Gimp.ChannelOps.REPLACE, *selection)
    image.set_selected_layers([figure])
    image.undo_enable()
    keep = Keep(home.home())
    canvas = Canvas(image, keep)
    canvas.display = Gimp.Display.new(image)
    guest = Guest(keep, _dial, lambda view: None, lambda: stamp("landed"), lambda: [canvas], lambda one: canvas)
    guest.turn_to(canvas)
    rest()
    return [one.get_name() for one in image.get_layers()]


def ours(sample: str, number: int) -> dict[str, Any]:
    """One fill, from the gesture to its layer: milliseconds since the gesture, and the box that was read."""
    guest.edit(replace(guest._fields, sample=sample, seed=number, locked=True))
    _touch(number)
    before = {one.get_id() for one in canvas.image.get_layers()}
    stamps.clear()
    stamp("gesture")
    guest.go()
    _until(lambda: "came Done" in stamps and guest.idle)
    begun = stamps["gesture"]
    layer = next(one for one in canvas.image.get_layers() if one.get_id() not in before)
    told = {what: (at - begun) * 1000 for what, at in stamps.items()}
    told |= {"box": list(canvas.seen), "placed": [*layer.get_offsets()[1:], layer.get_width(), layer.get_height()]}
    _away(layer)
    return told


def theirs(sample: str, number: int, box: list[int], selection: list[int], level: int, port: int) -> dict[str, Any]:
    """The same pixels out and in as PNG files at a level of compression: milliseconds of each part."""
    _touch(number)
    peer = socket.create_connection(("127.0.0.1", port))
    said = peer.makefile("rb")

    def tell(**what: Any) -> Any:
        peer.sendall(json.dumps(what).encode() + b"\n")
        return json.loads(said.readline())

    image, spot = canvas.image, Spot(sample, _figure().get_tattoo())
    begun = time.perf_counter()
    scene = canvas.scene(sample)
    channels = scene.document.channels
    pixels = canvas.read(Box(*box), channels, "u16", spot)
    _export("/shared/region.png", pixels, box[2:], f"{'RGB' if channels == 3 else 'RGBA'}", "u16", level)
    _export("/shared/mask.png", canvas.coverage(Box(*selection)), selection[2:], "GRAY", "u8", level)
    tell(take=["region.png", "mask.png"])
    out = time.perf_counter()
    same = tell(digest=True) == [zlib.crc32(pixels), zlib.crc32(canvas.coverage(Box(*selection)))]
    asked = time.perf_counter()
    tell(give="layer.png", level=level, cut=[selection[0] - box[0], selection[1] - box[1], *selection[2:]])
    made = time.perf_counter()
    active = image.get_selected_layers()
    layer = Gimp.file_load_layer(Gimp.RunMode.NONINTERACTIVE, image, Gio.File.new_for_path("/shared/layer.png"))
    image.undo_group_start()
    layer.set_offsets(*selection[:2])
    image.insert_layer(layer, None, 0)
    layer.add_mask(layer.create_mask(Gimp.AddMaskType.SELECTION))
    image.undo_group_end()
    image.set_selected_layers(active)
    Gimp.displays_flush()
    came = time.perf_counter()
    peer.close()
    _away(layer)
    ms = {"out": out - begun, "load": came - made, "in": came - asked}
    return {name: seconds * 1000 for name, seconds in ms.items()} | {"same": same}


def pulse(seconds: float) -> list[list[float]]:
    """Ask GIMP something small every 5 ms: [when, by the monotonic clock, milliseconds until it answered] of each."""
    beats, until = [], time.monotonic() + seconds
    while (begun := time.monotonic()) < until:
        canvas.image.is_valid()
        beats.append([begun, (time.monotonic() - begun) * 1000])
        time.sleep(0.005)
    return beats


def rest() -> None:
    """Wait until GIMP has nothing to do: what it still paints of the last round is no part of the next one."""
    quiet = 0
    while quiet < 3:
        before = _worked()
        _loop(0.1)
        quiet = quiet + 1 if _worked() <= before else 0


def _worked() -> int:
    """Processor time of GIMP so far, in hundredths of a second."""
    with open(f"/proc/{os.getppid()}/stat", encoding="ascii", errors="replace") as file:
        values = file.read().rpartition(")")[2].split()
    return int(values[11]) + int(values[12])


def _dial(hear: Callable[[Any], None], state: Callable[[str, str], None]) -> Line:
    def heard(event: Any) -> None:
        stamp(f"heard {type(event.message).__name__}")
        hear(event)

    def connect(start: bool, away: Callable[[bool], None]) -> Client:
        return Stamped({"name": "bench", "version": "1", "host": "GIMP"}, home.home(), start=False, away=away)

    return Line(connect, soon, heard, state)


def _layer(image: Any, tile: bytes, name: str, box: tuple[int, ...], kind: Any, mode: Any, opacity: float) -> Any:
    x, y, width, height = box
    layer = Gimp.Layer.new(image, name, width, height, kind, opacity, mode)
    buffer = layer.get_buffer()
    for top in range(0, height, TILE):
        for left in range(0, width, TILE):
            buffer.set(Gegl.Rectangle.new(left, top, TILE, TILE), "R'G'B' u16", tile)
    buffer.flush()
    layer.set_offsets(x, y)
    image.insert_layer(layer, None, 0)
    return layer


def _figure() -> Any:
    return canvas.image.get_layer_by_name("figure")


def _touch(number: int) -> None:
    """Change a few pixels that are read, and let GIMP come to rest: nothing that was sent before is sent again."""
    figure = _figure()
    buffer = figure.get_buffer()
    buffer.set(Gegl.Rectangle.new(TILE // 2, TILE // 2, 8, 1), "R'G'B'A u8", number.to_bytes(4, "little") * 8)
    buffer.flush()
    del buffer
    figure.update(TILE // 2, TILE // 2, 8, 1)
    Gimp.displays_flush()
    rest()


def _away(layer: Any) -> None:
    """Take the layer out again, and forget how."""
    canvas.image.remove_layer(layer)
    canvas.image.undo_disable()
    canvas.image.undo_enable()
    Gimp.displays_flush()


def _export(path: str, pixels: bytes, size: list[int], kind: str, depth: str, level: int) -> None:
    """Pixels as a PNG file, by an image that is made for it: no selection, no other layers, nothing to merge."""
    precision = getattr(Gimp.Precision, f"{depth.upper()}_NON_LINEAR")
    base = Gimp.ImageBaseType.GRAY if kind == "GRAY" else Gimp.ImageBaseType.RGB
    image = Gimp.Image.new_with_precision(*size, base, precision)
    image.undo_disable()
    layer = Gimp.Layer.new(image, "", *size, getattr(Gimp.ImageType, f"{kind}_IMAGE"), 100, Gimp.LayerMode.NORMAL)
    form = {"GRAY": "Y'", "RGB": "R'G'B'", "RGBA": "R'G'B'A"}[kind]
    buffer = layer.get_buffer()
    buffer.set(Gegl.Rectangle.new(0, 0, *size), f"{form} {depth}", pixels)
    buffer.flush()
    del buffer
    image.insert_layer(layer, None, 0)
    export = Gimp.get_pdb().lookup_procedure("file-png-export")
    config = export.create_config()
    for name in PLAIN:
        config.set_property(name, False)
    config.set_property("run-mode", Gimp.RunMode.NONINTERACTIVE)
    config.set_property("image", image)
    config.set_property("file", Gio.File.new_for_path(path))
    config.set_property("compression", level)
    config.set_property("format", f"{kind.lower()}{depth[1:]}")
    if export.run(config).index(0) != Gimp.PDBStatusType.SUCCESS:
        raise OSError(f"{path} was not exported")
    image.delete()


def _loop(seconds: float) -> None:
    loop = GLib.MainLoop()
    GLib.timeout_add(round(seconds * 1000), loop.quit)
    loop.run()


def _until(condition: Callable[[], bool], seconds: float = 30) -> None:
    until, timer = time.monotonic() + seconds, GLib.timeout_add(5, lambda: True)
    while not condition() and time.monotonic() < until:
        GLib.MainContext.default().iteration(True)
    GLib.source_remove(timer)
    if not condition():
        raise TimeoutError(f"{guest.error or 'nothing came'}; so far {sorted(stamps)}")
