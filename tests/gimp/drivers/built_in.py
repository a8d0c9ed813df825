# The built-in fill on a texture: something is removed, and the picture goes on where the canvas is empty.
import random

WIDTH, HEIGHT = 220, 160
draw = random.Random(5)


def document():
    """A texture with a dark square in it, without alpha."""
    image = hand.new(WIDTH, HEIGHT)
    layer = Gimp.Layer.new(image, "ground", WIDTH, HEIGHT, Gimp.ImageType.RGB_IMAGE, 100.0, Gimp.LayerMode.NORMAL)
    values = bytearray()
    for y in range(HEIGHT):
        for x in range(WIDTH):
            dark = 90 <= x < 120 and 60 <= y < 90
            light = 30 if dark else 150 + 20 * ((x // 6 + y // 6) % 2) + draw.randrange(12)
            values += bytes((light, light, light // 2, 255))
    hand.write(layer, bytes(values))
    image.insert_layer(layer, None, 0)
    return image


def told(image, said):
    before = hand.merged(image)
    status = hand.call("sfumato-fill", image, (image.get_layers()[0],), **said)
    layer = image.get_layers()[0]
    told = {"status": status, "error": Gimp.get_pdb().get_last_error(), "before": before, "after": hand.merged(image)}
    told |= {"name": layer.get_name(), "box": [*layer.get_offsets()[1:], layer.get_width(), layer.get_height()]}
    told |= {"size": [image.get_height(), image.get_width()], "layers": len(image.get_layers())}
    image.delete()
    return told


removed = document()
removed.select_rectangle(Gimp.ChannelOps.REPLACE, 84, 54, 42, 42)
Gimp.Selection.feather(removed, 4)
enlarged = document()
enlarged.resize(WIDTH + 40, HEIGHT, 40, 0)
grown = document()
grown.get_layers()[0].add_alpha()
grown.resize(WIDTH + 40, HEIGHT, 40, 0)
grown.get_layers()[0].resize_to_image_size()
answer = {"remove": told(removed, {"gesture": "remove", "seed": 1})}
answer["expand"] = told(enlarged, {"gesture": "expand", "seed": 1})
answer["go, with layers that grew"] = told(grown, {"gesture": "go", "seed": 1})
