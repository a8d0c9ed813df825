"""What is written into an image: our layers. One undo step each; what the artist had selected stays selected."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from gi.repository import Gimp

from gimp_plugin.host import blending, pixels
from gimp_plugin.host.layers import LAYER, box_of
from gimp_plugin.scene import Finished


def layer_of(image: Any, one: Finished) -> Any:
    """A layer with pixels, mask and memory, filled before it is inserted: never seen half done."""
    size = one.picture.width, one.picture.height
    gray = image.get_base_type() == Gimp.ImageBaseType.GRAY
    kind = Gimp.ImageType.GRAYA_IMAGE if gray else Gimp.ImageType.RGBA_IMAGE
    layer = Gimp.Layer.new(image, one.name, *size, kind, 100.0, Gimp.LayerMode.NORMAL)
    pixels.put(layer, pixels.FORMS[one.picture.channels, one.picture.depth], one.pixels, one.picture.size)
    mask = layer.create_mask(Gimp.AddMaskType.BLACK if one.mask is not None else Gimp.AddMaskType.WHITE)
    layer.add_mask(mask)
    layer.set_edit_mask(False)  # whoever selects it and paints means its pixels
    if one.mask is not None:
        pixels.put(mask, pixels.COVERAGE, one.mask, size[0] * size[1])
    layer.attach_parasite(Gimp.Parasite.new(LAYER, Gimp.PARASITE_PERSISTENT, one.memory.to_bytes()))
    layer.set_offsets(one.box.x, one.box.y)
    return layer


def insert(image: Any, layer: Any, parent: Any, position: int, grouped: str = "", replaced: Any = None) -> Any:
    """Insert a layer as one undo step; returns its parent.

    `grouped` is the name of a group that is made around it, empty for none. `replaced` is a layer that it hides, and
    that it is selected for.
    """
    below = (parent.get_children() if parent else image.get_layers())[position:]
    space = blending.space(image, box_of(layer), (one for one in below if one != replaced))
    blending.blend(layer, space)
    with _one_step(image), _selection_kept(image, replaced, layer):
        if grouped:
            group = Gimp.GroupLayer.new(image, grouped)
            blending.blend(group, space)
            image.insert_layer(group, parent, position)
            parent, position = group, 0
        image.insert_layer(layer, parent, position)
        if replaced:
            replaced.set_visible(False)
    return parent


def join(image: Any, layer: Any, group: Any) -> None:
    """Insert a layer, hidden, below the others of its group. No undo step of its own: it comes and goes with the
    group."""
    blending.blend(layer, group.get_composite_space())
    layer.set_visible(False)
    with frozen(image), _selection_kept(image):
        image.insert_layer(layer, group, len(group.get_children()))


def show_only(image: Any, shown: Any, siblings: Iterable[Any]) -> None:
    """Make one layer visible, and its siblings not. No undo step: to look is not to change."""
    with frozen(image):
        for one in siblings:
            if one.get_visible() != (one == shown):
                one.set_visible(one == shown)


@contextmanager
def frozen(image: Any) -> Iterator[None]:
    """No undo step. Keep it short: what the artist does meanwhile could not be undone either."""
    image.undo_freeze()
    try:
        yield
    finally:
        image.undo_thaw()


@contextmanager
def _one_step(image: Any) -> Iterator[None]:
    image.undo_group_start()
    try:
        yield
    finally:
        image.undo_group_end()


@contextmanager
def _selection_kept(image: Any, replaced: Any = None, heir: Any = None) -> Iterator[None]:
    """GIMP selects what is inserted: the artist's next brush stroke would go onto it. Only the `heir` of a selected
    layer is selected in its place: the next *Again* is about what is seen. An image without any selected layer or
    channel cannot be had back: GIMP refuses an empty list, with a red box."""
    layers, channels = image.get_selected_layers(), image.get_selected_channels()
    yield
    if layers:
        image.set_selected_layers([heir if replaced and one == replaced else one for one in layers])
    elif channels:
        image.set_selected_channels(channels)
