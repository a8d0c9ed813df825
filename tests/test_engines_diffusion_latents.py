"""Between colours and latents."""

import numpy as np
import pytest
import torch

from bridge.engines.diffusion import latents
from tests.checkpoints import FAMILIES, parts, plate


@pytest.mark.parametrize("family", FAMILIES)
def test_the_same_picture_has_the_same_latents_at_the_scale_of_the_noise(family: str) -> None:
    vae, rgb = parts(family).vae, plate(64, 96).rgb
    z, raw = latents.encode(vae, rgb), latents.encode(vae, rgb, scaled=False)
    assert z.shape == (1, 4, 8, 12) and z.dtype == torch.float32
    assert torch.equal(z, latents.encode(vae, rgb.copy()))
    assert torch.allclose(z, raw * vae.config.scaling_factor)
    with torch.inference_mode():
        given = torch.from_numpy(rgb).permute(2, 0, 1)[None] * 2 - 1
        assert torch.equal(raw, vae.encode(given).latent_dist.mode())


@pytest.mark.parametrize("family", FAMILIES)
def test_decoding_is_the_stock_decoders(family: str) -> None:
    vae = parts(family).vae
    z = torch.randn(1, 4, 8, 12, generator=torch.Generator().manual_seed(0))
    rgb = latents.decode(vae, z, lit=True)
    with torch.inference_mode():
        wanted = (vae.decode(z / vae.config.scaling_factor).sample[0] / 2 + 0.5).clamp(0, 1).permute(1, 2, 0)
    assert rgb.shape == (64, 96, 3) and rgb.dtype == np.float32
    assert np.allclose(rgb, wanted.numpy(), atol=1e-6)


class Linear:
    """An autoencoder whose latents are linear in the picture's means: what a preview map has to find."""

    dtype, device = torch.float32, torch.device("cpu")

    class config:
        scaling_factor, shift_factor, block_out_channels = 0.5, 0.1, (8, 8, 8, 8)

    def __init__(self) -> None:
        self.mix = torch.randn(4, 3, generator=torch.Generator().manual_seed(0))

    def encode(self, rgb: torch.Tensor) -> object:
        means = torch.nn.functional.avg_pool2d(rgb, 8)
        z = torch.einsum("ck,nkhw->nchw", self.mix, means)
        dist = type("Dist", (), {"mode": lambda self: z})()
        return type("Encoded", (), {"latent_dist": dist})()


def test_the_preview_map_finds_a_linear_autoencoder_exactly() -> None:
    vae = Linear()
    colours = latents.preview_map(vae)
    assert colours.shape == (5, 3)
    rgb = np.random.default_rng(0).random((64, 96, 3), np.float32)
    shown = latents.preview(latents.encode(vae, rgb)[0], colours)
    means = rgb.reshape(8, 8, 12, 8, 3).mean((1, 3))
    assert shown.shape == (8, 12, 3) and np.allclose(shown, means, atol=1e-3)


def test_a_preview_is_a_picture_whatever_the_latents() -> None:
    colours = latents.preview_map(parts("sd15").vae)
    shown = latents.preview(100 * torch.randn(4, 8, 8, generator=torch.Generator().manual_seed(0)), colours)
    assert 0 <= shown.min() < shown.max() <= 1 and shown.dtype == np.float32
