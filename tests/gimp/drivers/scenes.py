# What the guest is told of documents of all kinds, and what a look at a large one costs.
import random

import studio

WHITE = bytes((255, 255, 255, 255))


def told(image, sample="all"):
    """A scene, in plain values."""
    scene = studio.canvas(image).scene(sample)
    document = scene.document
    return {
        "document": [document.width, document.height, document.channels, document.depth],
        "selection": scene.selection,
        "content": scene.content,
        "kind": scene.kind,
        "layer": scene.layer,
        "active": scene.active and image.get_layer_by_tattoo(scene.active).get_name(),
        "trouble": scene.trouble,
        "uncovered": studio.canvas(image).uncovered(),
    }


def opaque(image, name="opaque", box=(0, 0, 64, 48), kind=Gimp.ImageType.RGB_IMAGE):
    """A layer without alpha."""
    layer = Gimp.Layer.new(image, name, box[2], box[3], kind, 100.0, Gimp.LayerMode.NORMAL)
    layer.fill(Gimp.FillType.WHITE)
    layer.set_offsets(box[0], box[1])
    image.insert_layer(layer, None, 0)
    return layer


def empty():
    image = hand.new(64, 48)
    hand.lay(image, "nothing", bytes(4))
    return image


def plain():
    image = hand.new(64, 48, "U16_NON_LINEAR")
    opaque(image)
    hand.lay(image, "top", bytes(4), (50, 40, 30, 30))
    image.select_rectangle(Gimp.ChannelOps.REPLACE, 50, 40, 100, 100)
    return image


def hidden():
    image = plain()
    hand.find(image, "opaque").set_visible(False)
    return image


def faint():
    image = plain()
    hand.find(image, "opaque").set_opacity(50)
    return image


def enlarged():
    image = hand.new(40, 30, "FLOAT_LINEAR")
    opaque(image, box=(0, 0, 40, 30))
    image.resize(64, 48, 20, 10)
    return image


def see_through():
    image = hand.new(64, 48)
    hand.write(hand.lay(image, "holes", WHITE), (bytes(4) * 20 + WHITE * 44) * 48)
    return image


def several():
    image = plain()
    image.set_selected_layers(image.get_layers())
    return image


def floating():
    image = plain()
    Gimp.edit_copy([hand.find(image, "opaque")])
    Gimp.edit_paste(hand.find(image, "top"), False)
    return image


def gray():
    image = hand.new(64, 48, "HALF_LINEAR", "GRAY")
    opaque(image, kind=Gimp.ImageType.GRAY_IMAGE)
    return image


def indexed():
    image = plain()
    image.convert_precision(Gimp.Precision.U8_NON_LINEAR)
    image.convert_indexed(Gimp.ConvertDitherType.NONE, Gimp.ConvertPaletteType.WEB, 0, False, False, "")
    return image


def crowd(ground):
    """200 layers in the middle, with or without one below that covers the canvas."""
    image = hand.new(3000, 2000)
    draw = random.Random(1)
    for k in range(200):
        box = draw.randrange(500, 2000), draw.randrange(500, 1500), 30, 20
        layer = Gimp.Layer.new(image, f"layer {k}", 30, 20, Gimp.ImageType.RGBA_IMAGE, 100.0, Gimp.LayerMode.NORMAL)
        layer.set_offsets(*box[:2])
        image.insert_layer(layer, None, 0)
    if ground:
        whole = Gimp.Layer.new(image, "whole", 3000, 2000, Gimp.ImageType.RGB_IMAGE, 100.0, Gimp.LayerMode.NORMAL)
        image.insert_layer(whole, None, 200)
    return image


def questions(look):
    """How many questions a look asks of GIMP."""
    asked, right = [], {}

    def counted(method):
        return lambda *given: (asked.append(method), method(*given))[1]

    for kind in (Gimp.Image, Gimp.Item, Gimp.Drawable, Gimp.Layer, Gimp.GroupLayer):
        for name, method in list(vars(kind).items()):
            if callable(getattr(kind, name)) and not name.startswith("_") and name != "get_id":  # known without asking
                right[kind, name] = method
                setattr(kind, name, counted(getattr(kind, name)))
    try:
        look()
    finally:
        for (kind, name), method in right.items():
            setattr(kind, name, method)
    return len(asked)


def large(ground):
    """Questions of looks at 200 layers, and whether the last look has seen a layer that moved before the first."""
    image = crowd(ground)
    canvas = studio.canvas(image)
    told = {"first": questions(canvas.scene)}
    image.get_layers()[150].set_offsets(-10, 1990)
    told |= {"later": [questions(canvas.scene) for _ in range(13)], "content": canvas.scene().content}
    told |= {"results": [questions(canvas.results) for _ in range(2)], "uncovered": questions(canvas.uncovered)}
    return told


documents = (empty, plain, hidden, faint, enlarged, see_through, several, floating, gray, indexed)
samples = ("all", "below", "current")
answer = {"scenes": {make.__name__: {sample: told(make(), sample) for sample in samples} for make in documents}}
answer["large"] = {ground: large(ground == "covered") for ground in ("covered", "open")}
