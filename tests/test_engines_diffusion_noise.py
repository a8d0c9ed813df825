"""Noise of our own: one field for each pass, out of which tiles cut their windows."""

from dataclasses import replace

import torch

from bridge.engines.diffusion import noise
from tests.checkpoints import plate


def test_the_same_seed_has_the_same_field_and_another_has_another() -> None:
    one = noise.field(7, plate(), 4)
    assert one.shape == (1, 4, 8, 8) and one.dtype == torch.float32
    assert torch.equal(one, noise.field(7, plate(seed=9), 4))
    assert not torch.equal(one, noise.field(8, plate(), 4))
    assert not torch.equal(one, noise.field(7, replace(plate(), number=1), 4))
    large = noise.field(7, plate(512, 512), 4)
    assert abs(float(large.mean())) < 0.02 and abs(float(large.std()) - 1) < 0.02


def test_tiles_cut_their_windows_out_of_one_field() -> None:
    whole = noise.field(7, plate(128, 192), 4)
    tile = replace(plate(), origin=(64, 48), size=(192, 128))
    assert torch.equal(noise.field(7, tile, 4), whole[:, :, 6:14, 8:16])


def test_noise_of_the_steps_is_another_stream_for_each_variation_and_place() -> None:
    def drawn(seed: int, at: tuple[int, int] = (0, 0), number: int = 0) -> torch.Tensor:
        return torch.randn(8, generator=noise.generator(seed, replace(plate(), origin=at, number=number)))

    assert torch.equal(drawn(7), drawn(7))
    others = [drawn(8), drawn(7, (8, 0)), drawn(7, number=1), noise.field(7, plate(), 4).flatten()[:8]]
    assert not any(torch.equal(drawn(7), one) for one in others)
