# A layer of an earlier GIMP, made again in a document that was changed in many ways since.
MASK = "Y u8"


def load():
    image = hand.load(path)
    image.set_selected_layers([hand.find(image, name)])
    return image


def as_it_was():
    return load()


def moved():
    image = load()
    hand.find(image, name).set_offsets(52, 25)
    return image


def moved_beyond():
    image = load()
    hand.find(image, name).set_offsets(-30, 100)
    return image


def enlarged():
    image = load()
    image.resize(220, 200, 20, 10)
    return image


def cropped():
    image = load()
    image.crop(80, 90, 50, 20)
    return image


def repainted():
    image = load()
    hand.write(hand.find(image, "ground"), bytes((1, 2, 3, 255)) * (160 * 120))
    return image


def covered():
    image = load()
    hand.lay(image, "invert", b"\xff" * 4).set_mode(Gimp.LayerMode.DIFFERENCE)
    image.set_selected_layers([hand.find(image, name)])
    return image


def deselected():
    image = load()
    Gimp.Selection.none(image)
    return image


def regrouped():
    image = load()
    group = Gimp.GroupLayer.new(image, "group")
    image.insert_layer(group, None, 0)
    image.reorder_item(hand.find(image, name), group, 0)
    image.set_selected_layers([hand.find(image, name)])
    return image


def another():
    """A layer that is none of ours: the last settings once more, with what is selected."""
    image = load()
    image.set_selected_layers([hand.find(image, "ground")])
    return image


def made(make):
    """What becomes of the stack, top first, and what is said."""
    image = make()
    before = hand.merged(image)
    status = hand.call("sfumato-fill", image, (image.get_layers()[0],), **said)
    told = {"status": status, "error": Gimp.get_pdb().get_last_error() if status != "success" else ""}
    told["stack"] = hand.stack(image)
    told["selected"] = [one.get_name() for one in image.get_selected_layers()]
    new = [one for one in image.get_layers() if one.get_name().endswith(f"(seed {said['seed']})")]
    told["masks"] = [hand.pixels(one.get_mask(), None, MASK) for one in new]
    old = image.get_layer_by_name(name)
    told["old"] = hand.pixels(old.get_mask(), None, MASK) if old else None
    told["same look"] = before == hand.merged(image)
    image.delete()
    return told


answer = {make: made(globals()[make]) for make in cases}
