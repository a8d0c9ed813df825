"""Draw the icons of the Photoshop plug-in: a disc that fades out at one side. The same pixels on every machine.

python photoshop_panel/icons.py
"""

from pathlib import Path

import numpy as np
from PIL import Image

ICONS = Path(__file__).parent / "src" / "photoshop" / "icons"
INK = {"panel-dark": (230, 230, 230), "panel-light": (55, 55, 55), "plugin": (120, 124, 190)}
SIZE = {"panel-dark": 23, "panel-light": 23, "plugin": 24}
SAMPLES = 8


def disc(size: int) -> np.ndarray:
    """Opacity of a disc in a square, 0 to 1: crisp at the lower left, gone at the upper right."""
    at = (np.arange(size * SAMPLES) + 0.5) / (size * SAMPLES) * 2 - 1
    x, y = np.meshgrid(at, at)
    inside = x * x + y * y < 0.8 * 0.8
    across = (x - y) / np.sqrt(2) / 0.8  # -1 at the lower left, 1 at the upper right
    fade = np.clip((0.75 - across) / 1.3, 0, 1)
    fine = inside * fade * fade * (3 - 2 * fade)
    mean: np.ndarray = fine.reshape(size, SAMPLES, size, SAMPLES).mean(axis=(1, 3))
    return mean


def main() -> None:
    """Write every icon at both scales."""
    ICONS.mkdir(parents=True, exist_ok=True)
    for name, ink in INK.items():
        for scale, suffix in ((1, "@1x"), (2, "@2x")):
            alpha = disc(SIZE[name] * scale)
            picture = np.zeros((*alpha.shape, 4), np.uint8)
            picture[..., :3] = ink
            picture[..., 3] = np.round(alpha * 255)
            Image.fromarray(picture).save(ICONS / f"{name}{suffix}.png", optimize=True)


if __name__ == "__main__":
    main()
