"""What the world hears of a paint while it runs."""

import pytest
import torch

from bridge.engines import Cancelled
from bridge.engines.diffusion.telling import Telling
from tests.checkpoints import parts

COLOURS = torch.eye(5, 3)


def test_each_variation_of_a_batch_is_told_with_its_own_preview(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.monotonic", iter((10.0, 11.0, 11.1, 11.5, 12.0)).__next__)
    said = []
    telling = Telling((4, 5), 4, lambda *given: said.append(given), COLOURS)
    clean = torch.stack([torch.full((4, 2, 3), 0.25), torch.full((4, 2, 3), 0.5)])
    telling(0, None)
    for i in range(1, 5):
        telling(i, clean)
    assert [given[:3] for given in said] == [(k, i, 4) for i in range(5) for k in (4, 5)]
    shown = {(k, i): preview for k, i, _, preview in said if preview is not None}
    assert shown.keys() == {(4, 1), (5, 1), (4, 3), (5, 3)}  # none too soon, none when the picture itself comes
    assert shown[4, 1].shape == (2, 3, 3) and shown[4, 1].max() == 0.25 and shown[5, 3].max() == 0.5


def test_the_denoiser_can_be_stopped_between_its_blocks_and_only_meanwhile() -> None:
    unet, asked = parts("sd15").unet, []

    def step(*given: object) -> None:
        asked.append(given)
        if len(asked) == 3:
            raise Cancelled

    x, words = torch.zeros(1, 4, 8, 8), torch.zeros(1, 77, 32)
    telling = Telling((2,), 4, step, COLOURS)
    with torch.inference_mode():
        with pytest.raises(Cancelled), telling.within(unet):
            unet(x, 5, words)
        assert asked == [(2, 0, 4, None)] * 3
        unet(x, 5, words)
    assert len(asked) == 3
