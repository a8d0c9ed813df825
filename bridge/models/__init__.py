"""Models where they lie: found, recognised by what their files hold, never copied, never opened beyond the header.

`Catalogue` is the door; `Model` and `Lora` are what it hands out. Standard library only: the bridge's own process looks
at terabytes of weights without a library that could load them.
"""

from bridge.models.catalogue import Catalogue, fits
from bridge.models.values import Lora, Model

__all__ = ["Catalogue", "Lora", "Model", "fits"]
