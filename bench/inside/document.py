"""In GIMP: the document that is measured in, and a GIMP that has come to rest."""

import os
import time
from pathlib import Path
from typing import Any

import gi

gi.require_version("Gimp", "3.0")
gi.require_version("Gegl", "0.4")
from gi.repository import Gegl, Gimp, GLib  # noqa: E402  # only once the versions are named

TILE = 2000
"""Pixels of a side of the photograph that the layers are tiled with."""
FIGURE = "figure"
"""The layer that is active."""
QUIET = 0.1, 3
"""Seconds without any work of GIMP's, so many times one after the other: then it has come to rest."""


def make(width: int, height: int, selection: list[int], path: str) -> list[str]:
    """Make the document, 16 bits deep, of a photograph's raw pixels, with a window. Returns its layers, top first."""
    tile = Path(path).read_bytes()
    image = Gimp.Image.new_with_precision(width, height, Gimp.ImageBaseType.RGB, Gimp.Precision.U16_NON_LINEAR)
    image.undo_disable()
    kinds, modes = Gimp.ImageType, Gimp.LayerMode
    _layer(image, tile, "photograph", (0, 0, width, height), kinds.RGB_IMAGE, modes.NORMAL, 100)
    _layer(image, tile, "grade", (0, 0, width, height), kinds.RGBA_IMAGE, modes.SOFTLIGHT, 40)
    figure = _layer(image, tile, FIGURE, (TILE, TILE // 2, TILE, TILE), kinds.RGBA_IMAGE, modes.NORMAL, 80)
    _layer(image, tile, "light", (0, 0, width, height), kinds.RGBA_IMAGE, modes.SCREEN, 20)
    image.select_rectangle(Gimp.ChannelOps.REPLACE, *selection)
    image.set_selected_layers([figure])
    image.undo_enable()
    Gimp.Display.new(image)
    rest()
    return [one.get_name() for one in image.get_layers()]


def opened() -> Any:
    """The image that was opened first."""
    return min(Gimp.get_images(), key=Gimp.Image.get_id)


def figure() -> Any:
    """The active layer."""
    return opened().get_layer_by_name(FIGURE)


def touch(number: int) -> None:
    """Change a few pixels of those that are read, and let GIMP come to rest: nothing is sent that was sent before."""
    layer = figure()
    buffer = layer.get_buffer()
    buffer.set(Gegl.Rectangle.new(TILE // 2, TILE // 2, 8, 1), "R'G'B' u8", number.to_bytes(3, "little") * 8)
    buffer.flush()
    del buffer
    layer.update(TILE // 2, TILE // 2, 8, 1)
    Gimp.displays_flush()
    rest()


def away(layer: Any) -> None:
    """Take a layer out again, and forget how."""
    image = opened()
    image.remove_layer(layer)
    image.undo_disable()
    image.undo_enable()
    Gimp.displays_flush()


def floor(selection: list[int]) -> float:
    """Milliseconds in which GIMP inserts an empty layer with a mask there, and makes the one active again that was."""
    image = opened()
    x, y, *size = selection
    layer = Gimp.Layer.new(image, "empty", *size, Gimp.ImageType.RGBA_IMAGE, 100, Gimp.LayerMode.NORMAL)
    layer.add_mask(layer.create_mask(Gimp.AddMaskType.WHITE))
    layer.set_edit_mask(False)  # else it takes GIMP twice as long
    layer.set_offsets(x, y)
    rest()
    begun = time.perf_counter()
    image.undo_group_start()
    active = image.get_selected_layers()
    image.insert_layer(layer, None, 0)
    image.set_selected_layers(active)
    image.undo_group_end()
    Gimp.displays_flush()
    seconds = time.perf_counter() - begun
    away(layer)
    return seconds * 1000


def pulse(seconds: float) -> list[float]:
    """Ask GIMP something small every 5 ms: the milliseconds until each answer."""
    image, beats, until = opened(), [], time.monotonic() + seconds
    while (begun := time.monotonic()) < until:
        image.is_valid()
        beats.append((time.monotonic() - begun) * 1000)
        time.sleep(0.005)
    return beats


def rest() -> None:
    """Wait until GIMP has nothing to do: what it still paints of the last round is no part of the next one."""
    seconds, times = QUIET
    quiet = 0
    while quiet < times:
        before = _worked()
        loop = GLib.MainLoop()
        GLib.timeout_add(round(seconds * 1000), loop.quit)
        loop.run()
        quiet = quiet + 1 if _worked() <= before else 0


def _worked() -> int:
    """Processor time of GIMP so far, in hundredths of a second."""
    values = Path(f"/proc/{os.getppid()}/stat").read_text("ascii", "replace").rpartition(")")[2].split()
    return int(values[11]) + int(values[12])


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
