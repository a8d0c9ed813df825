import numpy as np
import pytest

from bridge import files
from bridge.files import Layer, composite, read, write
from bridge.files.writing import png
from bridge.protocol.values import Box
from tests.pictures import ADOBE, noise


def test_the_door():
    assert sorted(files.__all__) == files.__all__
    assert all(getattr(files, name) for name in files.__all__)


@pytest.mark.parametrize("depth", ["u8", "u16"])
@pytest.mark.parametrize("name", ["out.png", "out.tif"])
def test_from_file_to_file_nothing_changes_outside_the_mask(tmp_path, name, depth):
    original = noise(60, 80, 3, depth)
    (tmp_path / "in.png").write_bytes(png(original, ADOBE, (240, 240)))
    file = read(tmp_path / "in.png")
    box, mask = Box(10, 20, 32, 24), noise(24, 32, 1)[..., 0]
    mask[:, ::3] = 0
    layer = Layer(box, file.region(box), mask)
    write(tmp_path / name, composite(file, [layer]), like=file)
    back = read(tmp_path / name)
    kept = np.ones((60, 80), bool)
    kept[20:44, 10:42] = mask == 0
    assert np.array_equal(back.original[kept], original[kept])
    assert back.icc == ADOBE
    assert back.dpi == pytest.approx((240, 240), abs=0.01)
