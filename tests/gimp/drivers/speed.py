# A photograph's size: 6000 × 4000 at 16 bits in three layers. Milliseconds of what the panel does with it.
import random
import time

import studio

WIDTH, HEIGHT = 6000, 4000
BOX = studio.Box(2500, 1500, 1024, 1024)
draw = random.Random(2)
image = hand.new(WIDTH, HEIGHT, "U16_NON_LINEAR")


def lay(name, mode="NORMAL", opacity=100.0):
    layer = Gimp.Layer.new(
        image, name, WIDTH, HEIGHT, Gimp.ImageType.RGBA_IMAGE, opacity, getattr(Gimp.LayerMode, mode)
    )
    rows = draw.randbytes(WIDTH * 8 * 8)
    buffer = layer.get_buffer()
    for y in range(0, HEIGHT, 8):
        buffer.set(Gegl.Rectangle.new(0, y, WIDTH, 8), "R'G'B'A u16", rows)
    buffer.flush()
    del buffer
    image.insert_layer(layer, None, 0)
    return layer


def best(work, times=5):
    """The least milliseconds, and what came of it."""
    took = []
    for _ in range(times):
        began = time.perf_counter()
        came = work()
        took.append((time.perf_counter() - began) * 1000)
    return round(min(took), 1), came


ground, anchor, top = lay("ground"), lay("anchor", opacity=60.0), lay("top", "MULTIPLY", 40.0)
canvas = studio.canvas(image)
first, _ = best(canvas.warm, 1)
told, read = {"first pixel": first}, {}
for sample in ("all", "below", "current"):
    spot = studio.Spot(sample, anchor.get_tattoo())
    told[f"read {sample}"], read[sample] = best(lambda spot=spot: canvas.read(BOX, 4, "u16", spot))
told["read without a layer"], read["without"] = best(
    lambda: canvas.read(BOX, 4, "u16", studio.Spot(), [top.get_tattoo()])
)
image.select_ellipse(Gimp.ChannelOps.REPLACE, 2500, 1500, 1024, 1024)
Gimp.Selection.feather(image, 40)
told["coverage"], mask = best(lambda: canvas.coverage(BOX))
for sample in ("all", "below"):
    told[f"scene {sample}"], _ = best(lambda sample=sample: canvas.scene(sample))
told["uncovered"], _ = best(canvas.uncovered)
one = studio.finished((2600, 1600, 512, 512), draw.randbytes(512 * 512 * 6), draw.randbytes(512 * 512), depth="u16")
told["insert 512²"], _ = best(lambda: canvas.insert(one, studio.Spot()))
for layer in image.get_layers()[:-3]:
    image.remove_layer(layer)
large = studio.finished(tuple(BOX), draw.randbytes(BOX.area * 6), mask, depth="u16")
told["insert 1024²"], _ = best(lambda: canvas.insert(large, studio.Spot()), 3)
for layer in image.get_layers()[:-3]:
    image.remove_layer(layer)
right = {"all": studio.pixels.seen(image, BOX, 4, "u16")}
top.set_visible(False)
right["below"] = right["without"] = studio.pixels.seen(image, BOX, 4, "u16")
ground.set_visible(False)
right["current"] = studio.pixels.seen(image, BOX, 4, "u16")
answer = {"ms": told, "same": {name: read[name] == right[name] for name in right}}
