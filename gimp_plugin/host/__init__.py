"""The only room that touches GIMP's images: what is open, its pixels, our layers in it.

Call it from the main loop alone: libgimp is not thread-safe. Nothing is asked of an image that is gone: GIMP answers
with a red box.
"""

import gi

gi.require_version("Gimp", "3.0")  # the name of the typelib in GIMP 3.2, too
gi.require_version("Gegl", "0.4")

from gimp_plugin.host.canvas import TAG, Canvas, Tags, open_as_image  # noqa: E402  # only once the versions are named
from gimp_plugin.host.layers import LAYER  # noqa: E402

__all__ = ["LAYER", "TAG", "Canvas", "Tags", "open_as_image"]
