# Fills by scripts, through the real bridge: each case is a document, what is selected in it, and what is asked.
WIDTH, HEIGHT = 160, 120


def document(precision="U8_NON_LINEAR", base="RGB", profile=False, **_):
    """Stripes of two colours in two layers, the upper one soft."""
    image = hand.new(WIDTH, HEIGHT, precision, base)
    hand.lay(image, "ground", bytes((180, 120, 60, 255)))
    upper = hand.lay(image, "upper", bytes((20, 160, 200, 255)), (40, 0, 50, HEIGHT))
    upper.set_opacity(37.5)
    if profile:
        image.set_color_profile(Gimp.ColorProfile.new_rgb_adobe())
    return image


def choose(image, shape):
    """Select as the case says."""
    replace = Gimp.ChannelOps.REPLACE
    if shape == "soft":
        image.select_ellipse(replace, 45, 30, 60, 50)
        Gimp.Selection.feather(image, 40)
    elif shape == "soft over the edge":
        image.select_ellipse(replace, 110, 70, 90, 90)
        Gimp.Selection.feather(image, 25)
    elif shape == "partly outside":
        image.select_rectangle(replace, -30, 80, 70, 300)
    elif shape == "one pixel":
        image.select_rectangle(replace, 159, 0, 1, 1)
    elif shape == "all":
        Gimp.Selection.all(image)
    elif shape == "two parts":
        image.select_rectangle(replace, 5, 5, 20, 20)
        image.select_ellipse(Gimp.ChannelOps.ADD, 120, 80, 30, 30)
    elif shape == "faint":
        image.select_rectangle(replace, 50, 40, 40, 30)
        Gimp.Selection.sharpen(image)
        image.get_selection().get_buffer()
        channel = Gimp.Channel.new(image, "faint", WIDTH, HEIGHT, 100, Gegl.Color.new("red"))
        image.insert_channel(channel, None, 0)
        buffer = channel.get_buffer()
        buffer.set(Gegl.Rectangle.new(50, 40, 40, 30), "Y u8", bytes(3 + k % 90 for k in range(1200)))
        buffer.flush()
        del buffer
        channel.update(0, 0, WIDTH, HEIGHT)
        image.select_item(replace, channel)
        image.remove_channel(channel)
    elif shape != "nothing":
        image.select_rectangle(replace, *shape)


def placed(layer, pixels):
    """One-byte pixels of a layer on the whole canvas, 0 around it."""
    _, x, y = layer.get_offsets()
    width, height = layer.get_width(), layer.get_height()
    canvas = bytearray(WIDTH * HEIGHT)
    for row in range(height):
        at = (y + row) * WIDTH + x
        canvas[at : at + width] = pixels[row * width : (row + 1) * width]
    return bytes(canvas)


def seen(image, form=None):
    """What is seen, rendered afresh: in Adobe RGB the last bits depend on which part of a canvas GIMP renders again."""
    copy = image.duplicate()
    told = hand.merged(copy, form=form)
    copy.delete()
    return told


def fill(case):
    """What a fill changes, and what it says."""
    image = document(**case)
    choose(image, case["shape"])
    image.set_selected_layers([hand.find(image, "ground")])
    before, images = seen(image), len(Gimp.get_images())
    selection = hand.pixels(image.get_selection(), None, "Y u8")
    status = hand.call("sfumato-fill", image, tuple(image.get_layers()[:1]), **case["said"])
    told = {"status": status, "error": Gimp.get_pdb().get_last_error() if status != "success" else ""}
    told |= {"before": before, "after": seen(image), "selection": selection}
    told |= {"look": seen(image, "R'G'B'A u8"), "images": len(Gimp.get_images()) - images}
    told["kept"] = hand.pixels(image.get_selection(), None, "Y u8") == selection
    told["selected"] = [one.get_name() for one in image.get_selected_layers()]
    told["stack"] = [one["name"] for one in hand.stack(image)]
    told["type"] = image.get_layers()[0].type().value_nick
    ours = [one for one in image.get_layers() if one.get_parasite("sfumato-layer")]
    ours += [one for group in image.get_layers() if group.is_group() for one in group.get_children()]
    told["masks"] = [placed(one, hand.pixels(one.get_mask(), None, "Y u8")) for one in ours]
    told["visible"] = [one.get_visible() for one in ours]
    image.delete()
    return told


answer = [fill(case) for case in cases]
