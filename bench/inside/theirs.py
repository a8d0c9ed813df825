"""In GIMP: the peers' way, by PNG files, at its best and as GIMP offers it."""

import json
import socket
import time
import zlib
from typing import Any

import document
import ours
from gi.repository import Gegl, Gimp, Gio

from bridge.protocol.values import Box
from gimp_plugin.scene import Spot

PLAIN = "include-exif include-iptc include-xmp include-color-profile include-thumbnail include-comment".split()
PLAIN += "save-transparent optimize-palette time phys offs bkgd interlaced".split()
"""What an export may leave out."""
FORMS = {"GRAY": "Y'", "RGB": "R'G'B'", "RGBA": "R'G'B'A"}


def trip(sample: str, number: int, box: list[int], placed: list[int], best: bool, port: int) -> dict[str, Any]:
    """The same pixels out and in: milliseconds of each part. At its `best` nothing is compressed, and nothing but
    pixels is written. They are read as we read them, and nothing has to be merged for the export."""
    document.touch(number)
    with socket.create_connection(("127.0.0.1", port)) as peer, peer.makefile("rb") as said:

        def tell(**what: Any) -> Any:
            peer.sendall(json.dumps(what).encode() + b"\n")
            return json.loads(said.readline())

        begun = time.perf_counter()
        channels, pixels, covered = _read(sample, box, placed)
        read = time.perf_counter()
        _export("/shared/region.png", pixels, box[2:], "RGB" if channels == 3 else "RGBA", "u16", best)
        _export("/shared/mask.png", covered, placed[2:], "GRAY", "u8", best)
        tell(take=["region.png", "mask.png"])
        out = time.perf_counter()
        same = tell(digest=True) == [zlib.crc32(pixels), zlib.crc32(covered)]
        asked = time.perf_counter()
        tell(give="layer.png", best=best, cut=[placed[0] - box[0], placed[1] - box[1], *placed[2:]])
    there = time.perf_counter()
    file = Gio.File.new_for_path("/shared/layer.png")
    layer = Gimp.file_load_layer(Gimp.RunMode.NONINTERACTIVE, document.opened(), file)
    made = time.perf_counter()
    _insert(layer, placed)
    came = time.perf_counter()
    document.away(layer)
    ms = {"out": out - begun, "send": out - read, "make": made - there, "load": came - there, "in": came - asked}
    return {name: seconds * 1000 for name, seconds in ms.items()} | {"same": same}


def _read(sample: str, box: list[int], placed: list[int]) -> tuple[int, bytes, bytes]:
    """Channels and pixels of the region, and the selection's coverage."""
    canvas = ours.canvas
    scene = canvas.scene(sample)
    channels = scene.document.channels
    pixels = canvas.read(Box(*box), channels, "u16", Spot(sample, scene.active))
    return channels, pixels, canvas.coverage(Box(*placed))


def _insert(layer: Any, placed: list[int]) -> None:
    """Insert a layer, masked by the selection."""
    image = document.opened()
    active = image.get_selected_layers()
    layer.set_offsets(*placed[:2])
    layer.add_mask(layer.create_mask(Gimp.AddMaskType.SELECTION))
    layer.set_edit_mask(False)
    image.undo_group_start()
    image.insert_layer(layer, None, 0)
    image.set_selected_layers(active)
    image.undo_group_end()
    Gimp.displays_flush()


def _export(path: str, pixels: bytes, size: list[int], kind: str, depth: str, best: bool) -> None:
    """Pixels as a PNG file, by an image that is made for it: no selection, no other layers, nothing to merge."""
    precision = getattr(Gimp.Precision, f"{depth.upper()}_NON_LINEAR")
    base = Gimp.ImageBaseType.GRAY if kind == "GRAY" else Gimp.ImageBaseType.RGB
    image = Gimp.Image.new_with_precision(*size, base, precision)
    image.undo_disable()
    layer = Gimp.Layer.new(image, "", *size, getattr(Gimp.ImageType, f"{kind}_IMAGE"), 100, Gimp.LayerMode.NORMAL)
    buffer = layer.get_buffer()
    buffer.set(Gegl.Rectangle.new(0, 0, *size), f"{FORMS[kind]} {depth}", pixels)
    buffer.flush()
    del buffer
    image.insert_layer(layer, None, 0)
    export = Gimp.get_pdb().lookup_procedure("file-png-export")
    config = export.create_config()
    if best:
        for name in PLAIN:
            config.set_property(name, False)
        config.set_property("compression", 0)
        config.set_property("format", f"{kind.lower()}{depth[1:]}")
    config.set_property("run-mode", Gimp.RunMode.NONINTERACTIVE)
    config.set_property("image", image)
    config.set_property("file", Gio.File.new_for_path(path))
    if export.run(config).index(0) != Gimp.PDBStatusType.SUCCESS:
        raise OSError(f"{path} was not exported")
    image.delete()
