"""The painting loop: parity with the stock pipelines, and the differential map that they do not have."""

import pytest

from tests import parity
from tests.checkpoints import FAMILIES, LAYOUTS


@pytest.mark.parametrize("guidance", [1.0, 5.0], ids=["unguided", "guided"])
@pytest.mark.parametrize("sampler", parity.SAMPLERS)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("family", FAMILIES)
def test_parity(family: str, layout: str, sampler: str, guidance: float) -> None:
    different, largest = parity.difference(family, layout, sampler, guidance)
    assert largest > 0.5
    assert different <= 1e-4
