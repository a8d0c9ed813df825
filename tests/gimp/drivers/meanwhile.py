# What an artist does to a document while it is painted, between the reading of it and the layer: `alone` runs in this
# process, so that its main loop is ours.
from pathlib import Path

import studio  # noqa: F401  # it knows where the plug-in is

from gimp_plugin import alone

SAID = {
    "gesture": "go",
    "prompt": "red",
    "negative": "",
    "strength": 100,
    "count": 1,
    "model": "",
    "seed": 5,
    "blend": 0,
}


def document():
    image = hand.new(160, 120)
    hand.lay(image, "ground", bytes((180, 120, 60, 255)))
    hand.lay(image, "upper", bytes((20, 160, 200, 255)), (40, 0, 50, 120))
    hand.lay(image, "top", bytes((0, 0, 0, 0)), (0, 0, 10, 10))
    image.select_rectangle(Gimp.ChannelOps.REPLACE, 60, 40, 30, 20)
    image.set_selected_layers([hand.find(image, "upper")])
    return image


def nothing(image):
    pass


def deselect(image):
    Gimp.Selection.none(image)
    image.set_selected_layers([hand.find(image, "ground")])


def move_the_anchor(image):
    hand.find(image, "upper").set_offsets(80, 30)


def enlarge(image):
    image.resize(200, 160, 20, 10)


def crop_and_cut(image):
    image.crop(90, 80, 45, 30)


def scale(image):
    image.scale(320, 240)


def float_a_selection(image):
    Gimp.edit_copy([hand.find(image, "ground")])
    Gimp.edit_paste(hand.find(image, "ground"), False)


def make_indexed(image):
    image.convert_indexed(Gimp.ConvertDitherType.NONE, Gimp.ConvertPaletteType.WEB, 0, False, False, "")


def make_gray(image):
    image.convert_grayscale()


def make_deep(image):
    image.convert_precision(Gimp.Precision.FLOAT_LINEAR)


def delete_the_anchor(image):
    image.remove_layer(hand.find(image, "upper"))


def close(image):
    image.delete()


def filled(act, sample):
    """Fill, and do that once the pixels are read; then let the painter go on."""
    image = document()
    regions, passage = Path("/shared/home/spool/regions"), Path(gate)
    passage.unlink(missing_ok=True)
    known = set(regions.glob("*"))
    selected = []

    def look():
        if set(regions.glob("*")) == known:
            return True
        act(image)
        selected.extend(one.get_name() for one in image.get_selected_layers()) if image.is_valid() else None
        passage.touch()
        return False

    # Each document is another region: the bridge knows pixels by what they are.
    hand.write(hand.find(image, "ground"), bytes((len(known), 120, 60, 255)) * (160 * 120))
    GLib.timeout_add(20, look)
    words = alone.run("fill", image, {**SAID, "sample": sample})
    told = {"words": words, "images": len(Gimp.get_images())}
    if image.is_valid():
        told["stack"] = [[one["name"], one["box"], one["visible"]] for one in hand.stack(image)]
        told["kept"] = selected == [one.get_name() for one in image.get_selected_layers()]
        image.delete()
    return told


answer = {f"{name} {sample}": filled(globals()[name], sample) for name, sample in cases}
