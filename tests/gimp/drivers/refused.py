# What cannot be done is said in one sentence, and the document stays as it is.
from types import SimpleNamespace


def document(*kind):
    image = hand.new(64, 48, *kind)
    hand.lay(image, "ground", bytes((10, 200, 30, 255)))
    image.select_rectangle(Gimp.ChannelOps.REPLACE, 20, 10, 16, 12)
    return image


def indexed():
    image = document()
    image.convert_indexed(Gimp.ConvertDitherType.NONE, Gimp.ConvertPaletteType.WEB, 0, False, False, "")
    return image


def several():
    image = document()
    hand.lay(image, "second", bytes(4))
    image.set_selected_layers(image.get_layers())
    return image


def channel():
    image = document()
    image.insert_channel(Gimp.Channel.new(image, "channel", 64, 48, 50, Gegl.Color.new("red")), None, 0)
    image.set_selected_channels(image.get_channels())
    return image


def floating():
    image = document()
    Gimp.edit_copy([hand.find(image, "ground")])
    Gimp.edit_paste(hand.find(image, "ground"), False)
    return image


def unselected():
    image = document()
    Gimp.Selection.none(image)
    return image


def unseen():
    """Something is selected, but less than half a level of it."""
    image = document("U16_NON_LINEAR")
    channel = Gimp.Channel.new(image, "trace", 64, 48, 100, Gegl.Color.new("red"))
    image.insert_channel(channel, None, 0)
    buffer = channel.get_buffer()
    buffer.set(Gegl.Rectangle.new(30, 20, 4, 4), "Y u16", b"\x60\x00" * 16)
    buffer.flush()
    del buffer
    channel.update(0, 0, 64, 48)
    image.select_item(Gimp.ChannelOps.REPLACE, channel)
    image.remove_channel(channel)
    return image


def tried(make, said):
    """What is said, and whether anything changed."""
    image = make()
    image.clean_all()
    before = hand.stack(image), hand.pixels(image.get_selection(), None, "Y u8"), len(Gimp.get_images())
    status = hand.call("sfumato-fill", image, tuple(image.get_layers()[:1]), **said)
    error = Gimp.get_pdb().get_last_error()
    after = hand.stack(image), hand.pixels(image.get_selection(), None, "Y u8"), len(Gimp.get_images())
    dirty = image.is_dirty()
    image.delete()
    return [status, error, before == after and not dirty]


answer = {f"{name} {said}": tried(globals()[name], said) for name, said in cases}
if converted:
    import studio  # noqa: F401  # it knows where the plug-in is

    from gimp_plugin import menu

    menu.OLDEST = (99, 1)
    procedure = SimpleNamespace(new_return_values=lambda status, error: [status.value_nick, error.message])
    answer["an old Python"] = menu.Sfumato._run(None, procedure, None, None, (), None, None)
    image = indexed()
    image.convert_rgb()
    answer["converted"] = (
        hand.call("sfumato-fill", image, tuple(image.get_layers()[:1]), gesture="remove"),
        image.get_layers()[0].get_name()[:6],
    )
