"""What is read of an image: the pixels that a sample shows, and coverage."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from gi.repository import Gimp

from bridge.protocol.values import Box, Depth
from gimp_plugin.host import pixels
from gimp_plugin.host.layers import ancestors, box_of, canvas_of, siblings, twin
from gimp_plugin.view import Sample


def read(image: Any, box: Box, channels: int, depth: Depth, sample: Sample, anchor: Any, without: list[Any]) -> bytes:
    """The pixels of a box inside the canvas, as a sample shows it from its anchor on; some layers are left out.

    From the image's own projection where all layers count (30 ms for a megapixel of a 24-megapixel image), else from
    a copy that shares its tiles.
    """
    if sample == "all" and not without:
        return pixels.seen(image, box, channels, depth)
    with _copy(image, box) as copy:
        if sample != "all" and anchor:
            _only(copy, twin(image, anchor, copy), sample == "current")
        for layer in without:
            _show(twin(image, layer, copy), False)
        # Another size makes GIMP draw all of the copy anew: a group with a filter that was hidden was seen in part
        # otherwise, one time in eight (GIMP 3.0.4).
        copy.resize(box.width + 1, box.height, 0, 0)
        return pixels.seen(copy, Box(0, 0, box.width, box.height), channels, depth)


def selected(image: Any, box: Box) -> bytes:
    """The selection's coverage of a box, one byte for each pixel, the artist's feather included."""
    return pixels.get(image.get_selection(), box, pixels.COVERAGE)


def masked(image: Any, layer: Any) -> tuple[Box, bytes | None]:
    """The box of a layer inside the canvas, and its layer mask there; None where it has none."""
    box = box_of(layer)
    inside = box.intersect(canvas_of(image))
    mask = layer.get_mask()
    return inside, pixels.get(mask, inside.moved(-box.x, -box.y), pixels.COVERAGE) if mask else None


def uncovered(image: Any) -> bool:
    """True where the canvas goes on beyond what is visible: where no layer is at some point of its rim, but one is at
    some point of it. Asks at nine by nine points, and reads no pixels."""
    columns, rows = ([side * k // 8 - (k == 8) for k in range(9)] for side in (image.get_width(), image.get_height()))
    points = [(x, y) for y in rows for x in columns]
    rim = [(x, y) for x, y in points if x in (columns[0], columns[-1]) or y in (rows[0], rows[-1])]
    free = next((one for one in rim if image.pick_correlate_layer(*one) is None), None)
    return free is not None and any(image.pick_correlate_layer(*one) for one in points)


@contextmanager
def _copy(image: Any, box: Box) -> Iterator[Any]:
    """A copy whose canvas is the box, so that GIMP draws no more than that when it is changed. Its layers keep their
    size and their filters: one that was cut to the box would be blurred otherwise at its rim."""
    copy = image.duplicate()
    try:
        copy.undo_disable()
        copy.resize(box.width, box.height, -box.x, -box.y)
        yield copy
    finally:
        copy.delete()


def _only(copy: Any, anchor: Any, alone: bool) -> None:
    """Hide what lies above the anchor, and below it, too, where it counts `alone`.

    The result goes into the anchor's group and gets that group's opacity, mode, mask and filters there: it is not read
    with them.
    """
    groups = list(ancestors(anchor))
    for one in [anchor, *groups]:
        above, below = siblings(copy, one)
        for other in [*above, *below] if alone else above:
            _show(other, False)
    for group in groups:
        _show(group, True)
        group.set_opacity(100.0)
        if group.get_mode() != Gimp.LayerMode.PASS_THROUGH:
            group.set_mode(Gimp.LayerMode.NORMAL)
        if group.get_mask():
            group.set_apply_mask(False)
        for one in group.get_filters():
            one.set_visible(False)
    if alone:
        _show(anchor, True)  # in whatever mode it has: over nothing all of them show the layer as it is


def _show(layer: Any, visible: bool) -> None:
    layer.set_lock_visibility(False)  # GIMP does as if it obeyed, and does not
    layer.set_visible(visible)
