"""The layers of an image: where they lie, what they remember. GIMP answers each question in about 20 µs."""

from collections.abc import Iterable, Iterator
from typing import Any

from gi.repository import Gimp

from bridge.protocol.values import Box
from gimp_plugin.recall import Memory

LAYER = "sfumato-layer"
"""The parasite of a layer that holds its memory."""
AT_ONCE = 16
"""How many layers are looked at in one look at a large stack."""
_NORMAL = (Gimp.LayerMode.NORMAL, Gimp.LayerMode.NORMAL_LEGACY)


def canvas_of(image: Any) -> Box:
    """The canvas as a box."""
    return Box(0, 0, image.get_width(), image.get_height())


def box_of(layer: Any) -> Box:
    """Where a layer lies on the canvas, also beyond it."""
    _, x, y = layer.get_offsets()
    return Box(x, y, layer.get_width(), layer.get_height())


def covers(layer: Any, box: Box) -> bool:
    """True where a layer is visible all over a box, be it transparent."""
    return bool(layer.get_visible()) and box_of(layer).contains(box)


def hides(layer: Any, box: Box) -> bool:
    """True where nothing shows through a layer in a box: it is plain, and has no alpha."""
    return (
        not isinstance(layer, Gimp.GroupLayer)
        and not layer.has_alpha()
        and layer.get_mask() is None
        and layer.get_opacity() == 100
        and layer.get_mode() in _NORMAL
        and box_of(layer).contains(box)
    )


def every(layers: Iterable[Any]) -> Iterator[Any]:
    """Every layer, those in groups included."""
    for one in layers:
        yield one
        if isinstance(one, Gimp.GroupLayer):
            yield from every(one.get_children())


def ancestors(layer: Any) -> Iterator[Any]:
    """The groups around a layer, the innermost first."""
    while layer := layer.get_parent():
        yield layer


def siblings(image: Any, layer: Any) -> tuple[list[Any], list[Any]]:
    """The layers above and below one, in its group or in the image."""
    parent = layer.get_parent()
    beside = parent.get_children() if parent else image.get_layers()
    position = image.get_item_position(layer)
    return beside[:position], beside[position + 1 :]


def twin(image: Any, layer: Any, copy: Any) -> Any:
    """The layer of a copy that lies where one lies in its image. Tattoos do not tell: a copy's layers in groups get new
    ones."""
    way = [image.get_item_position(one) for one in (layer, *ancestors(layer))]
    beside, found = copy.get_layers(), None
    for position in reversed(way):
        found = beside[position]
        beside = found.get_children() if isinstance(found, Gimp.GroupLayer) else []
    return found


def parasite_of(item: Any, name: str) -> bytes:
    """What a parasite of an image or a layer holds; nothing where there is none."""
    parasite = item.get_parasite(name)
    return bytes(one & 255 for one in parasite.get_data()) if parasite else b""  # GIMP's Python has signed bytes


class Memories:
    """What the layers of an image remember. Each is asked once: a memory is written before its layer is inserted, and
    never again."""

    def __init__(self) -> None:
        self._known: dict[int, Memory | None] = {}

    def of(self, layer: Any) -> Memory | None:
        """The memory of a layer; None where it is not one of ours."""
        name = layer.get_id()
        if name not in self._known:
            held = parasite_of(layer, LAYER)
            self._known[name] = Memory.from_bytes(held) if held else None
        return self._known[name]


class Outline:
    """The box of everything visible, for a look several times a second.

    GIMP tells nobody that a layer was moved. Of a large stack a few are asked at each look, in turn: then the answer
    may be some looks old.
    """

    def __init__(self) -> None:
        self._boxes: dict[int, Box | None] = {}
        self._turn = 0

    def look(self, layers: list[Any], canvas: Box) -> Box:
        """The box, inside the canvas; empty where nothing is visible."""
        turn = self._turn % len(layers) if layers else 0
        due = [*layers[turn:], *layers[:turn]][:AT_ONCE]
        self._turn = turn + AT_ONCE
        was, new = self._boxes, [one for one in layers if one.get_id() not in self._boxes]
        self._boxes = {one.get_id(): was.get(one.get_id()) for one in layers}
        for one in {*due, *new}:
            self._boxes[one.get_id()] = box_of(one) if one.get_visible() else None
        inside = [box.intersect(canvas) for box in self._boxes.values() if box]
        whole = Box(0, 0, 0, 0)
        for box in inside:
            if not box.empty:
                whole = box if whole.empty else whole.union(box)
        return whole
