"""The painting loop: from latents with noise to latents of a picture, with the differential map between.

Differential diffusion (Levin and Fried, arXiv 2306.00950): each latent cell is free from the step on whose noise its
own strength allows, and is the original with the noise of the step until then.
"""

from collections.abc import Callable, Sequence

import torch

from bridge.engines.diffusion.schedule import Schedule

Denoise = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
"""`denoise(x, t)`: the model's output, float32 (n, c, h, w), for latents x at the scale that it knows, at time t."""
Told = Callable[[int, torch.Tensor | None], None]
"""`told(i, clean)`: i steps are done; `clean` are latents of what the picture looks like by now, None at first. May
raise `Cancelled`."""


def sample(
    z: torch.Tensor,
    d: torch.Tensor,
    noise: torch.Tensor,
    schedule: Schedule,
    denoise: Denoise,
    told: Told,
    generators: Sequence[torch.Generator],
) -> torch.Tensor:
    """Latents (n, c, h, w) of a painted plate, float32.

    z (1, c, h, w) is the original, d (1, 1, h, w) the denoise map, 0–1, noise (n, c, h, w) one field a variation;
    `generators`, one a variation, serve schedulers that add noise of their own. A cell with d = 1 is never replaced,
    one with d = 0 always is, and the cells between start at the level of strength · d.
    """
    x = schedule.noised(z, noise, 0)
    places = [float(place) for place in schedule.places]  # a number of numpy's would take a GPU's tensor for an array
    told(0, None)
    for i, t in enumerate(schedule.timesteps):
        held = places[0] * d < places[i]
        x = torch.where(held, schedule.noised(z, noise, i), x)
        output = denoise(schedule.scheduler.scale_model_input(x, t), t)
        clean = schedule.clean(x, output, i)
        x = schedule.scheduler.step(output, t, x, generator=list(generators), return_dict=False)[0]
        told(i + 1, torch.where(d > 0, clean, z))
    return torch.where(d > 0, x, z)
