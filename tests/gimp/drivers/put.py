# What putting a layer into a document leaves as it was, whatever the artist had selected.
import studio


def names(items):
    return [one.get_name() for one in items]


def document():
    """A background, two layers, one of them with a mask, a group with a layer in it, and a channel."""
    image = hand.new(64, 48)
    hand.lay(image, "ground", bytes((10, 20, 30, 255)))
    masked = hand.lay(image, "masked", bytes((40, 50, 60, 255)), (4, 4, 20, 20))
    masked.add_mask(masked.create_mask(Gimp.AddMaskType.WHITE))
    image.insert_layer(Gimp.GroupLayer.new(image, "group"), None, 0)
    image.reorder_item(hand.lay(image, "inner", bytes((1, 2, 3, 255)), (30, 20, 9, 9)), hand.find(image, "group"), 0)
    image.insert_channel(Gimp.Channel.new(image, "channel", 64, 48, 50, Gegl.Color.new("red")), None, 0)
    image.insert_path(Gimp.Path.new(image, "path"), None, 0)
    image.select_ellipse(Gimp.ChannelOps.REPLACE, 10, 8, 30, 24)
    Gimp.Selection.feather(image, 6)
    return image


def state(image):
    """Everything that a layer which comes in must not change."""
    red, green, blue, _ = Gimp.context_get_foreground().get_rgba()
    return {
        "layers": names(image.get_selected_layers()),
        "channels": names(image.get_selected_channels()),
        "paths": names(image.get_selected_paths()),
        "drawn on": names(image.get_selected_drawables()),
        "selection": hand.pixels(image.get_selection(), None, "Y u8"),
        "context": [red, green, blue, Gimp.context_get_opacity(), Gimp.context_get_brush().get_name()],
        "images": len(Gimp.get_images()),
        "undo": image.undo_is_enabled(),
    }


def choose(image, what):
    """Select as the artist does."""
    if what == "channel":
        image.set_selected_channels([image.get_channel_by_name("channel")])
    elif what == "path":
        image.set_selected_paths([image.get_path_by_name("path")])
    elif what == "mask":
        hand.find(image, "masked").set_edit_mask(True)
        image.set_selected_layers([hand.find(image, "masked")])
    else:
        image.set_selected_layers([hand.find(image, name) for name in what.split()])


def put(what):
    """Put one layer, then a group of three, into such a document."""
    image = document()
    choose(image, what)
    canvas = studio.canvas(image)
    told = {"before": state(image)}
    image.clean_all()
    canvas.mark(), canvas.scene(), canvas.scene("below"), canvas.results(), canvas.frame(), canvas.uncovered()
    canvas.read(studio.Box(3, 3, 20, 20), 4, "u8", studio.Spot("below", hand.find(image, "inner").get_tattoo()))
    canvas.coverage(studio.Box(0, 0, 64, 48))
    told["dirty by looking"] = image.is_dirty()
    one = studio.finished((10, 8, 30, 24), bytes((9, 9, 9)), bytes(720))
    canvas.insert(one, studio.Spot())
    told["dirty by a layer"] = image.is_dirty()
    first = canvas.insert(one, studio.Spot("below", hand.find(image, "ground").get_tattoo()), several=True)
    for _ in range(2):
        last = canvas.insert(one, studio.Spot(), beside=first.group)
    told["after"] = state(image)
    told["stack"] = hand.stack(image)
    told["put"] = [first.group == last.group, first.layer != last.layer]
    canvas.show_only(last.layer, [first.layer, last.layer])
    told["shown"] = [image.get_layer_by_tattoo(one.layer).get_visible() for one in (first, last)]
    canvas.show_only(99, [first.layer, last.layer])
    told["still shown"] = [image.get_layer_by_tattoo(one.layer).get_visible() for one in (first, last)]
    image.delete()
    return told


Gimp.context_set_foreground(Gegl.Color.new("teal"))
answer = {what: put(what) for what in chosen}
