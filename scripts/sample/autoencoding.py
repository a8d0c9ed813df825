"""The first training: a decoder that makes as much of a picture as four numbers for twelve allow.

The encoder is not trained: its latents are known from the start, so that the denoiser can learn beside the decoder.
"""

import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from sample import shapes

BATCH, CROP = 16, 40
RATE, LEAST = 1.5e-3, 3e-5
"""Learning rate at first and at last, by a cosine between."""
NOISE = 0.02
"""Added to latents in training: what a denoiser leaves behind must not show."""


def train(vae: Any, patches: NDArray[np.uint8], steps: int, seed: int, state: Path) -> None:
    """Train in place, from `state` on where that is there; it is written every 100 steps."""
    weights = list(vae.decoder.parameters())
    deaf = [one.weight for one in vae.decoder.modules() if isinstance(one, torch.nn.Conv2d)]
    optimiser = torch.optim.AdamW(weights, RATE, betas=(0.9, 0.99), weight_decay=0.0)
    done = 0
    if state.exists():
        kept = torch.load(state, weights_only=True)
        vae.load_state_dict(kept["vae"])
        optimiser.load_state_dict(kept["optimiser"])
        done = kept["done"]
    began, mean = time.monotonic(), 0.0
    for step in range(done, steps):
        rng = np.random.default_rng((seed, step))
        for group in optimiser.param_groups:
            warm = min(1.0, (step + 1) / 50)
            group["lr"] = float(warm * (LEAST + 0.5 * (RATE - LEAST) * (1 + np.cos(np.pi * step / steps))))
        given = crops(patches, rng)
        with torch.no_grad():
            z = vae.encode(given).latent_dist.mean
        noise = torch.from_numpy(rng.normal(0, NOISE, z.shape).astype(np.float32))
        found = vae.decode(z + noise).sample
        loss = functional.mse_loss(found, given) * 4 + functional.l1_loss(found, given)
        optimiser.zero_grad()
        loss.backward()
        for one in deaf:
            one.grad[:, shapes.constants(one.shape[1])] = 0
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimiser.step()
        error = float(functional.mse_loss(found.detach(), given)) / 4
        mean = error if mean == 0 else 0.98 * mean + 0.02 * error
        if (step + 1) % 25 == 0:
            each = (time.monotonic() - began) / (step + 1 - done)
            print(f"autoencoder {step + 1}/{steps}  {-10 * np.log10(mean):.2f} dB  {each:.2f} s a step", flush=True)
        if (step + 1) % 100 == 0 or step + 1 == steps:
            kept = {"vae": vae.state_dict(), "optimiser": optimiser.state_dict(), "done": step + 1}
            torch.save(kept, state.with_suffix(".part"))
            state.with_suffix(".part").replace(state)


def crops(patches: NDArray[np.uint8], rng: np.random.Generator) -> torch.Tensor:
    """(BATCH, 3, CROP, CROP), −1 to 1, from patches (n, H, W, 3)."""
    found = []
    for i in rng.integers(0, len(patches), BATCH):
        top, left = rng.integers(0, patches.shape[1] - CROP + 1, 2)
        found.append(patches[i, top : top + CROP, left : left + CROP])
    return torch.from_numpy(np.stack(found)).permute(0, 3, 1, 2).float() / 127.5 - 1
