"""What `Console` has GIMP run, by its python-fu-eval: the text of `driver.py`. Leaves `told.json`.

GIMP does not fail where a batch does: what was raised is told, too.
"""

import os
import sys
from pathlib import Path

sys.path.insert(0, "/tmp/inside")
import plain  # only once its folder is named
from gi.repository import Gimp
from scope import tell

folder = Path(os.environ["SFUMATO_DRIVE"])
told = tell((folder / "driver.py").read_text("utf-8"), plain.loads((folder / "values.json").read_bytes()))
for image in Gimp.get_images():
    image.delete()  # one that is left is a warning of GIMP's
(folder / "told.json").write_text(told, "utf-8")
