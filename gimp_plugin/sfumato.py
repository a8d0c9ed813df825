#!/usr/bin/env python3
"""What GIMP starts. Everything else lies in `lib` beside it, put there by `sfumato install gimp`: nothing has to be
installed into GIMP's own Python."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).absolute().parent / "lib"))  # not resolved: it may be a developer's link
sys.dont_write_bytecode = True  # the folder holds what was installed, and nothing else

from gimp_plugin.menu import main  # noqa: E402

main(sys.argv)
