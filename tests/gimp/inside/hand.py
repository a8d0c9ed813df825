"""A few words for drivers, in GIMP's own Python: what every test of a document asks. What comes back is plain."""

import hashlib
from typing import Any

import gi

gi.require_version("Gimp", "3.0")
gi.require_version("Gegl", "0.4")
from gi.repository import Gegl, Gimp, Gio  # noqa: E402  # only once the versions are named

NONE = Gegl.AbyssPolicy.NONE


def new(width: int, height: int, precision: str = "U8_NON_LINEAR", base: str = "RGB") -> Gimp.Image:
    """A document without layers. `precision` and `base` (RGB, GRAY) as GIMP's enums name them."""
    return Gimp.Image.new_with_precision(
        width, height, getattr(Gimp.ImageBaseType, base), getattr(Gimp.Precision, precision)
    )


def lay(
    image: Gimp.Image, name: str, colour: bytes, box: tuple[int, int, int, int] | None = None, at: int = 0
) -> Gimp.Layer:
    """Insert a layer of one colour (R'G'B'A bytes); of the whole canvas where no box is given. `at` 0 is the top."""
    x, y, width, height = box or (0, 0, image.get_width(), image.get_height())
    kind = {0: Gimp.ImageType.RGBA_IMAGE, 1: Gimp.ImageType.GRAYA_IMAGE}[int(image.get_base_type())]
    layer = Gimp.Layer.new(image, name, width, height, kind, 100.0, Gimp.LayerMode.NORMAL)
    write(layer, colour * (width * height))
    layer.set_offsets(x, y)
    image.insert_layer(layer, None, at)
    return layer


def write(layer: Gimp.Drawable, pixels: bytes, depth: str = "u8") -> None:
    """All pixels of a drawable, R'G'B'A. Not undoable."""
    buffer = layer.get_buffer()
    buffer.set(Gegl.Rectangle.new(0, 0, layer.get_width(), layer.get_height()), f"R'G'B'A {depth}", pixels)
    buffer.flush()
    del buffer
    layer.update(0, 0, layer.get_width(), layer.get_height())


def pixels(
    drawable: Gimp.Drawable, box: tuple[int, int, int, int] | None = None, form: str | None = "R'G'B'A u8"
) -> bytes:
    """Pixels of a drawable, in its own coordinates. `form` None is how GIMP holds them, "Y u8" a mask's coverage."""
    x, y, width, height = box or (0, 0, drawable.get_width(), drawable.get_height())
    buffer = drawable.get_buffer()
    return bytes(buffer.get(Gegl.Rectangle.new(x, y, width, height), 1.0, form, NONE))


def merged(image: Gimp.Image, box: tuple[int, int, int, int] | None = None, form: str | None = "R'G'B'A u8") -> bytes:
    """What is seen of a document, without a trace in it."""
    seen = Gimp.Layer.new_from_visible(image, image, "seen")
    try:
        return pixels(seen, box, form)
    finally:
        seen.delete()


def digest(what: Gimp.Image | Gimp.Drawable) -> str:
    """Two that look the same have the same: of a document what is seen, of a layer its pixels as GIMP holds them."""
    held = merged(what, form=None) if isinstance(what, Gimp.Image) else pixels(what, form=None)
    return hashlib.sha256(held).hexdigest()[:16]


def stack(item: Gimp.Image | Gimp.GroupLayer) -> list[dict[str, Any]]:
    """The layers, top first: {name, box, visible, opacity, mode, blend, mask, pixels, parasites, layers}.

    `mask` is a digest of its coverage, None without one; `layers` are those of a group, None of any other layer.
    """
    return [_told(layer) for layer in (item.get_layers() if isinstance(item, Gimp.Image) else item.get_children())]


def _told(layer: Gimp.Layer) -> dict[str, Any]:
    _, x, y = layer.get_offsets()
    mask = layer.get_mask()
    return {
        "name": layer.get_name(),
        "box": [x, y, layer.get_width(), layer.get_height()],
        "visible": layer.get_visible(),
        "opacity": round(layer.get_opacity(), 3),
        "mode": layer.get_mode().value_nick,
        "blend": layer.get_composite_space().value_nick,
        "mask": hashlib.sha256(pixels(mask, form="Y u8")).hexdigest()[:16] if mask else None,
        "pixels": digest(layer),
        "parasites": {name: layer.get_parasite(name).get_data() for name in layer.get_parasite_list()},
        "layers": stack(layer) if layer.is_group() else None,
    }


def find(image: Gimp.Image, name: str) -> Gimp.Layer:
    """The layer of that name, in groups too. Raises LookupError."""
    found = image.get_layer_by_name(name)
    if found is None:
        raise LookupError(f"no layer {name!r} among {[one['name'] for one in stack(image)]}")
    return found


def load(path: str) -> Gimp.Image:
    """Open a file, without a window."""
    return Gimp.file_load(Gimp.RunMode.NONINTERACTIVE, Gio.File.new_for_path(path))


def save(image: Gimp.Image, path: str) -> None:
    """Save or export, as the name's ending says."""
    if not Gimp.file_save(Gimp.RunMode.NONINTERACTIVE, image, Gio.File.new_for_path(path), None):
        raise OSError(f"{path} was not saved")


def call(procedure: str, image: Gimp.Image | None = None, layers: tuple[Gimp.Layer, ...] = (), **values: Any) -> str:
    """Run a procedure without a dialog; returns its status: "success", "cancel", "execution-error", …

    Values are its arguments; a `_` in a name stands for `-`.
    """
    found = Gimp.get_pdb().lookup_procedure(procedure)
    if found is None:
        raise LookupError(f"GIMP has no procedure {procedure!r}")
    config = found.create_config()
    if found.find_argument("run-mode"):
        config.set_property("run-mode", Gimp.RunMode.NONINTERACTIVE)
    if image is not None:
        config.set_property("image", image)
        config.set_core_object_array("drawables", list(layers))
    for name, value in values.items():
        config.set_property(name.replace("_", "-"), value)
    return found.run(config).index(0).value_nick
