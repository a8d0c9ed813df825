"""Between colours and latents: the autoencoder, its memory, its failures, and a map for previews."""

from typing import Any

import numpy as np
import torch

from bridge.engines import Floats

CHART = 16
"""Side in latent cells of the chart that a preview map is fitted on: 256 colours for 15 numbers."""
BLACK = 1 / 255
"""A picture no brighter than this is black."""


@torch.inference_mode()
def encode(vae: Any, rgb: Floats, scaled: bool = True) -> torch.Tensor:
    """Latents (1, c, h, w), float32, of colours float32 (H, W, 3), 0–1: the middle of what the encoder allows.

    Always the middle, never a draw: then the same region has the same latents. Not `scaled`: as the encoder gives them,
    which is what InstructPix2Pix models were trained on.
    """
    given = torch.from_numpy(np.ascontiguousarray(rgb)).permute(2, 0, 1)[None] * 2 - 1
    z: torch.Tensor = vae.encode(given.to(vae.device, vae.dtype)).latent_dist.mode().float()
    return unit(vae, z) if scaled else z


def unit(vae: Any, z: torch.Tensor) -> torch.Tensor:
    """Latents as the encoder gives them, at the scale of the noise."""
    scaled: torch.Tensor = (z - (vae.config.shift_factor or 0)) * vae.config.scaling_factor
    return scaled


@torch.inference_mode()
def decode(vae: Any, z: torch.Tensor, lit: bool) -> Floats:
    """Colours float32 (H, W, 3), 0–1, of latents (1, c, h, w); not clipped where some are no numbers.

    SDXL's autoencoder overflows in half precision. What comes out with values that are no numbers, or wholly black
    though what went in was `lit`, is decoded once more in float32, and so is everything after it.
    """
    rgb = _decoded(vae, z)
    if not (np.isfinite(rgb).all() and (rgb.max() > BLACK or not lit)) and vae.dtype != torch.float32:
        vae.to(torch.float32)
        rgb = _decoded(vae, z)
    return np.clip(rgb, 0, 1) if np.isfinite(rgb).all() else rgb  # what is no number stays one, and is refused


@torch.inference_mode()
def preview_map(vae: Any) -> torch.Tensor:
    """float32 (c + 1, 3): a linear map from a latent, and 1, to its colour: rough, but thousands of times cheaper.

    Fitted by least squares on a chart of soft colours that the encoder itself is shown: published tables exist for some
    autoencoders only, and a retrained one has another map.
    """
    chart = torch.rand((1, 3, CHART // 2, CHART // 2), generator=torch.Generator().manual_seed(0))
    cell = 2 ** (len(vae.config.block_out_channels) - 1)
    shown = torch.nn.functional.interpolate(chart, scale_factor=2 * cell, mode="bilinear")
    z = encode(vae, shown[0].permute(1, 2, 0).numpy()).cpu()[0].flatten(1).T
    colours = torch.nn.functional.avg_pool2d(shown, cell)[0].flatten(1).T
    known = torch.cat([z, torch.ones(len(z), 1)], dim=1).double()
    ridge = 1e-6 * len(z) * torch.eye(known.shape[1], dtype=torch.float64)
    fitted: torch.Tensor = torch.linalg.solve(known.T @ known + ridge, known.T @ colours.double())
    return fitted.float()


def preview(z: torch.Tensor, colours: torch.Tensor) -> Floats:
    """Colours float32 (h, w, 3), 0–1, of latents (c, h, w), one pixel a cell."""
    flat = z.float().cpu()
    rgb = torch.einsum("chw,ck->hwk", flat, colours[:-1]) + colours[-1]
    return np.asarray(rgb.clamp(0, 1).numpy(), np.float32)


def _decoded(vae: Any, z: torch.Tensor) -> Floats:
    z = z / vae.config.scaling_factor + (vae.config.shift_factor or 0)
    rgb = vae.decode(z.to(next(vae.parameters())), return_dict=False)[0][0].float().permute(1, 2, 0)
    return np.asarray((rgb / 2 + 0.5).cpu().numpy(), np.float32)
