# Documents in which it matters what is read and where the result goes. Each is filled with what was read of it: then
# it must look as before, and another sample or another place would show.
import random

import studio

BOX = (8, 6, 40, 30)
draw = random.Random(3)
opaque = b"".join(draw.randbytes(3) + b"\xff" for _ in range(64 * 48))
holes = b"".join(draw.randbytes(3) + draw.choice((b"\0", b"\xff")) for _ in range(30 * 20))
mask = bytes(draw.randrange(256) for _ in range(BOX[2] * BOX[3]))


def ground():
    image = hand.new(64, 48)
    hand.write(hand.lay(image, "ground", bytes(4)), opaque)
    return image


def over(image, name, pixels=None, box=(10, 10, 30, 20), mode="NORMAL", opacity=100.0, group=None):
    """A layer on top, or on top in a group."""
    layer = hand.lay(image, name, bytes(4), box)
    hand.write(layer, pixels or bytes((90, 140, 200, 255)) * (box[2] * box[3]))
    layer.set_mode(getattr(Gimp.LayerMode, mode))
    layer.set_opacity(opacity)
    if group:
        image.reorder_item(layer, group, 0)
    return layer


def grouped(image, name, parent=None, **how):
    """A group on top with an opaque layer over the whole canvas in it."""
    group = Gimp.GroupLayer.new(image, name)
    image.insert_layer(group, parent, 0)
    pixels = b"".join(draw.randbytes(3) + b"\xff" for _ in range(64 * 48))
    over(image, f"{name} ground", pixels, (0, 0, 64, 48), group=group)
    return group


def filtered(drawable, operation, **settings):
    """A filter that the artist can still change."""
    one = Gimp.DrawableFilter.new(drawable, operation, "")
    for name, value in settings.items():
        one.get_config().set_property(name.replace("_", "-"), value)
    drawable.append_filter(one)


def inverted_above():
    image = ground()
    over(image, "anchor", holes)
    over(image, "invert", b"\xff" * (64 * 48 * 4), (0, 0, 64, 48), "DIFFERENCE")
    return image


def locked_above():
    image = inverted_above()
    hand.find(image, "invert").set_lock_visibility(True)
    return image


def locked_in_place():
    image = inverted_above()
    for layer in image.get_layers():
        layer.set_lock_position(True)
        layer.set_lock_content(True)
        layer.set_lock_alpha(True)
    return image


def adjusted_above():
    """A group that lets through what lies below it, with a filter: GIMP's way to adjust."""
    image = ground()
    over(image, "anchor", holes)
    group = Gimp.GroupLayer.new(image, "adjust")
    image.insert_layer(group, None, 0)
    over(image, "inside", group=group)
    group.set_mode(Gimp.LayerMode.PASS_THROUGH)
    filtered(group, "gegl:invert-linear")
    return image


def anchor_with_a_filter():
    image = ground()
    filtered(over(image, "anchor", holes), "gegl:gaussian-blur", std_dev_x=6.0, std_dev_y=6.0)
    filtered(hand.find(image, "ground"), "gegl:vignette")
    over(image, "invert", b"\xff" * (64 * 48 * 4), (0, 0, 64, 48), "DIFFERENCE")
    return image


def anchor_in_multiply():
    image = ground()
    over(image, "anchor", mode="MULTIPLY", opacity=70.0)
    over(image, "above")
    return image


def anchor_beyond_the_canvas():
    image = ground()
    over(image, "anchor", box=(-10, -10, 50, 100))
    over(image, "above", box=(30, 20, 90, 90))
    return image


def anchor_is_a_group():
    image = ground()
    grouped(image, "anchor").set_opacity(40)
    over(image, "above")
    return image


def anchor_under_hidden():
    image = ground()
    over(image, "anchor")
    over(image, "above")
    over(image, "hidden").set_visible(False)
    return image


def in_a_faint_group():
    image = ground()
    group = grouped(image, "group")
    group.set_opacity(50)
    over(image, "anchor", holes, group=group)
    over(image, "over", group=group)
    over(image, "above")
    return image


def in_a_multiplying_group():
    image = in_a_faint_group()
    hand.find(image, "group").set_mode(Gimp.LayerMode.MULTIPLY)
    return image


def in_a_masked_group():
    image = in_a_faint_group()
    group = hand.find(image, "group")
    cover = group.create_mask(Gimp.AddMaskType.BLACK)
    group.add_mask(cover)
    Gimp.context_set_foreground(Gegl.Color.new("gray"))
    image.select_ellipse(Gimp.ChannelOps.REPLACE, 5, 5, 40, 30)
    cover.edit_fill(Gimp.FillType.FOREGROUND)
    Gimp.Selection.none(image)
    return image


def in_a_group_that_lets_through():
    image = ground()
    group = Gimp.GroupLayer.new(image, "group")
    image.insert_layer(group, None, 0)
    group.set_mode(Gimp.LayerMode.PASS_THROUGH)
    over(image, "anchor", mode="MULTIPLY", group=group)
    over(image, "invert", b"\xff" * (64 * 48 * 4), (0, 0, 64, 48), "DIFFERENCE", group=group)
    return image


def in_a_group_with_a_filter():
    image = in_a_faint_group()
    filtered(hand.find(image, "group"), "gegl:invert-linear")
    return image


def in_groups_in_groups():
    image = ground()
    outer = grouped(image, "outer")
    outer.set_opacity(60)
    inner = grouped(image, "inner", outer)
    inner.set_mode(Gimp.LayerMode.MULTIPLY)
    over(image, "anchor", holes, group=inner)
    over(image, "over", group=inner)
    over(image, "invert", b"\xff" * (64 * 48 * 4), (0, 0, 64, 48), "DIFFERENCE", group=outer)
    return image


def farthest(one, other):
    """The largest difference of two looks."""
    return max(abs(a - b) for a, b in zip(one, other, strict=True))


def filled(make, sample):
    """Fill it with what is read of it; what changes, and where the layer lies."""
    image = make()
    anchor, canvas = hand.find(image, "anchor"), studio.canvas(image)
    before, images = hand.merged(image), len(Gimp.get_images())
    spot = studio.Spot(sample, anchor.get_tattoo())
    read = canvas.read(studio.Box(*BOX), 4, "u8", spot)
    again = [canvas.read(studio.Box(*BOX), 4, "u8", spot) == read for _ in range(8)]  # GIMP draws in several threads
    told = {
        "images": len(Gimp.get_images()) - images,
        "again": all(again),
        "by reading": farthest(before, hand.merged(image)),
    }
    layer = image.get_layer_by_tattoo(canvas.insert(studio.finished(BOX, read, mask, channels=4), spot).layer)
    told["by the layer"] = farthest(before, hand.merged(image))
    told["place"], told["anchor"] = ([one.get_parent(), image.get_item_position(one)] for one in (layer, anchor))
    told["place"][0], told["anchor"][0] = (one and one.get_name() for one in (told["place"][0], told["anchor"][0]))
    # What would be seen of another layer there: the same pixels, inverted.
    hand.write(layer, bytes(255 - one if k % 4 < 3 else one for k, one in enumerate(read)))
    told["by another"] = farthest(before, hand.merged(image))
    image.delete()
    return told


def alone(make):
    """A pixel inside and one outside of the anchor, of what is read of it alone; and those of its own."""
    image = make()
    anchor = hand.find(image, "anchor")
    _, x, y = anchor.get_offsets()
    box = studio.Box(0, 0, 64, 48)
    read = studio.canvas(image).read(box, 4, "u8", studio.Spot("current", anchor.get_tattoo()))
    inside, outside = 64 * 25 + 35, 64 * 3 + 60
    own = hand.pixels(anchor, (35 - x, 25 - y, 1, 1))
    image.delete()
    return {"read": [list(read[at * 4 : at * 4 + 4]) for at in (inside, outside)], "own": list(own)}


def without(name, sample):
    """What is read without a layer, and what is seen once it is hidden."""
    image = in_groups_in_groups()
    spot = studio.Spot(sample, hand.find(image, "anchor").get_tattoo())
    layer = hand.find(image, name)
    read = studio.canvas(image).read(studio.Box(*BOX), 3, "u16", spot, (layer.get_tattoo(), 99))
    layer.set_visible(False)
    expected = studio.canvas(image).read(studio.Box(*BOX), 3, "u16", spot)
    layer.set_visible(True)
    return [read == expected, read != studio.canvas(image).read(studio.Box(*BOX), 3, "u16", spot)]


cases = [make for name, make in list(globals().items()) if name in names]
answer = {sample: {make.__name__: filled(make, sample) for make in cases} for sample in ("all", "below")}
answer["current"] = {make.__name__: alone(make) for make in cases}
answer["without"] = [without("invert", "all"), without("anchor", "below"), without("inner ground", "below")]
