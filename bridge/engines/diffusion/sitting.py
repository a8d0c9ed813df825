"""A sitting: one plate in front of one model. Everything that its variations share, and how each of them is painted."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch

from bridge.engines import Plate, Step
from bridge.engines.diffusion import latents, noise
from bridge.engines.diffusion.denoisers import Seen
from bridge.engines.diffusion.loop import Denoise, sample
from bridge.engines.diffusion.schedule import schedule
from bridge.engines.diffusion.schedulers import Scheduler
from bridge.engines.diffusion.telling import Telling
from bridge.engines.diffusion.weights import Parts


class Ground(NamedTuple):
    """A plate as a model sees it: its latents (1, c, h, w), and what the denoiser is given beside them."""

    z: torch.Tensor
    seen: Seen


@dataclass(frozen=True)
class Sitting:
    """What the variations of a plate share.

    sampler  what is sampled with
    seed     of variation 0
    steps    calls of the denoiser for each variation
    colours  the autoencoder's preview map
    """

    parts: Parts
    sampler: Scheduler
    plate: Plate
    ground: Ground
    denoise: Denoise
    seed: int
    steps: int
    colours: torch.Tensor

    @torch.inference_mode()
    def painted(self, ks: Sequence[int], step: Step) -> torch.Tensor:
        """Latents (n, c, h, w), float32, of the variations `ks`, painted in one batch."""
        plate, z = self.plate, self.ground.z
        seeds = [(self.seed + k) % 2**32 for k in ks]
        plan = schedule(self.sampler, plate.strength, self.steps)
        telling = Telling(ks, plan.steps, step, self.colours)
        fields = torch.cat([noise.field(seed, plate, z.shape[1]) for seed in seeds]).to(z.device)
        d = torch.from_numpy(plate.d).to(z.device)[None, None]
        generators = [noise.generator(seed, plate) for seed in seeds]
        with telling.within(self.parts.unet):
            return sample(z, d, fields, plan, self.denoise, telling, generators)


@torch.inference_mode()
def ground(vae: Any, plate: Plate, layout: str) -> Ground:
    """Encode a plate once or twice, as the model's layout needs it."""
    if layout == "edit":
        seen = latents.encode(vae, plate.rgb, scaled=False)
        return Ground(latents.unit(vae, seen), Seen(seen))
    z = latents.encode(vae, plate.rgb)
    if layout == "base":
        return Ground(z, Seen())
    blank = np.where(plate.hole[..., None], np.float32(0.5), plate.rgb)
    free = torch.from_numpy(plate.d > 0).to(z)[None, None]
    return Ground(z, Seen(latents.encode(vae, blank), free))
