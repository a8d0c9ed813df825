# Each kind of document: random values, our layer with a random soft mask over a part of it, alone and in a group.
import random

import studio

BOX = (5, 4, 31, 22)
draw = random.Random(11)
mask = bytes(draw.choice((0, draw.randrange(256), 255)) for _ in range(BOX[2] * BOX[3]))
painted = draw.randbytes(BOX[2] * BOX[3] * 3)


def document(precision, base, alpha, profile, stacked, size=(40, 30)):
    image = hand.new(*size, precision, base)
    studio.noise(image, precision, base, alpha)
    if stacked:
        studio.noise(image, precision, base, alpha, seed=2).set_opacity(37.5)
    if profile:
        image.set_color_profile(Gimp.ColorProfile.new_rgb_adobe())
    return image


def looks(kind, several):
    """What is seen of such a document without our layer and with it, and what the layer holds."""
    image = document(*kind)
    before = hand.merged(image, None, None)
    put = studio.canvas(image).insert(studio.finished(BOX, painted, mask), studio.Spot(), several)
    layer = image.get_layer_by_tattoo(put.layer)
    told = {"before": before, "after": hand.merged(image, None, None)}
    told |= {"layer": hand.pixels(layer, None, None), "mask": hand.pixels(layer.get_mask(), None, "Y u8")}
    image.delete()
    return told


def under_nothing(kind):
    """How many bytes of what is seen change in a larger document under a layer whose mask is 0 everywhere."""
    image = document(*kind, size=(200, 150))
    before = hand.merged(image, None, None)
    studio.canvas(image).insert(studio.finished((0, 0, 200, 150), painted[:3], bytes(200 * 150)), studio.Spot())
    after = hand.merged(image, None, None)
    image.delete()
    return sum(one != other for one, other in zip(before, after, strict=True))


def exported(kind, ending):
    """Files of such a document before and after: their paths, or what GIMP reads where nobody else does."""
    image = document(*kind)
    paths = [f"{folder}/{kind[0]}-{when}.{ending}" for when in ("before", "after")]
    hand.save(image, paths[0])
    studio.canvas(image).insert(studio.finished(BOX, painted, mask), studio.Spot())
    hand.save(image, paths[1])
    return [hand.merged(hand.load(path), None, None) for path in paths] if ending in ("exr", "xcf") else paths


def spoiled(kind):
    """The same, written in a wrong way: what a test must see."""
    right = studio.blending.space, studio.pixels.COVERAGE
    studio.blending.space = lambda *_: Gimp.LayerColorSpace.RGB_LINEAR
    linear = looks(kind, False)
    studio.blending.space, studio.pixels.COVERAGE = right[0], "Y' u8"
    bent = looks(kind, False)
    studio.pixels.COVERAGE = right[1]
    return {"linear light": linear, "a mask with a gamma": bent}


answer = {"box": BOX, "mask": mask}
if exports:
    answer["exports"] = [exported(kind, ending) for kind, ending in exports]
else:
    answer["alone"] = [looks(kind, False) for kind in kinds]
    answer["grouped"] = [looks(kind, True) for kind in kinds]
    answer["under nothing"] = [under_nothing(kind) for kind in kinds if kind[3] and kind[4]]
    answer["spoiled"] = spoiled(spoil)
