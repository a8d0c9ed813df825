"""One plate in front of one model."""

import numpy as np
import pytest
import torch

from bridge.engines.diffusion import latents
from bridge.engines.diffusion.schedulers import Scheduler
from bridge.engines.diffusion.sitting import Ground, Sitting, ground
from tests.checkpoints import FAMILIES, parts, plate


@pytest.mark.parametrize("family", FAMILIES)
def test_a_plate_is_encoded_as_the_layout_needs_it(family: str) -> None:
    vae, at = parts(family).vae, plate()
    z = latents.encode(vae, at.rgb)
    base, inpaint, edit = (ground(vae, at, layout) for layout in ("base", "inpaint", "edit"))
    assert torch.equal(base.z, z) and base.seen == (None, None)
    assert torch.equal(inpaint.z, z) and torch.equal(inpaint.seen.free[0, 0] > 0, torch.from_numpy(at.d > 0))
    blank = np.where(at.hole[..., None], np.float32(0.5), at.rgb)
    assert torch.equal(inpaint.seen.latents, latents.encode(vae, blank))
    assert torch.allclose(edit.z, z, atol=1e-6) and edit.seen.edits
    assert torch.allclose(edit.seen.latents * vae.config.scaling_factor, edit.z, atol=1e-6)


def test_seeds_go_round_at_the_end_of_their_range() -> None:
    of, at = parts("sd15"), plate()
    seen = ground(of.vae, at, "base")

    def sitting(seed: int) -> Sitting:
        return Sitting(of, Scheduler.of("EulerDiscreteScheduler"), at, seen, lambda x, t: x, seed, 2, torch.eye(5, 3))

    last = 2**32 - 1
    both = sitting(last).painted((0, 1), lambda *said: None)
    assert both.shape == (2, 4, 8, 8) and isinstance(seen, Ground)
    assert torch.equal(both[1], sitting(0).painted((0,), lambda *said: None)[0])
    assert torch.equal(both[:, :, 0, 0], seen.z[:, :, 0, 0].expand(2, 4))  # a corner is kept
