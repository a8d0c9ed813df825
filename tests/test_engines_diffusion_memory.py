"""The memory ladder: its rungs, what each does to a model, and a plate made smaller."""

import numpy as np
import pytest
import torch

from bridge.engines.diffusion import memory
from bridge.engines.diffusion.memory import AGAIN, Ladder, Rung, settle, smaller
from tests.checkpoints import CPU, parts, plate


def test_a_ladder_goes_down_by_size_and_is_tried_again_later() -> None:
    now = [0.0]
    ladder = Ladder(lambda: now[0])
    assert ladder.rung("a", 100) == Rung.RESIDENT
    ladder.descend("a", 100, Rung.RESIDENT)
    ladder.descend("a", 100, Rung.TEXT_AWAY)
    assert ladder.rung("a", 100) == Rung.VAE_TILED
    assert ladder.rung("a", 50) == ladder.rung("b", 100) == Rung.RESIDENT
    now[0] = AGAIN
    assert ladder.rung("a", 100) == Rung.RESIDENT


def test_every_rung_has_words() -> None:
    assert len({rung.words for rung in Rung}) == len(Rung) == 5


def test_from_the_third_rung_on_the_autoencoder_works_in_tiles() -> None:
    of = parts("sd15")
    for rung in Rung:
        settle(of, rung, CPU)
        assert of.vae.use_tiling == (rung >= Rung.VAE_TILED)
    settle(of, Rung.RESIDENT, CPU)
    assert not of.vae.use_tiling and not of.offloaded


def test_text_encoders_go_and_come_back() -> None:
    asked = []

    class Watched:
        def to(self, device: object) -> None:
            asked.append(str(device))

    class Held:
        encoders = (Watched(), Watched())

    memory.text_away(Held())
    memory.text_here(Held(), CPU)
    assert asked == ["cpu"] * 4


def test_an_offloaded_denoiser_is_held_in_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    """What an accelerator would see: the weights leave it once, and come back group by group."""
    told = []

    class Unet:
        def to(self, device: object) -> None:
            told.append(f"to {device}")

        def enable_group_offload(self, **how: object) -> None:
            told.append(how)

    class Held:
        unet, vae, encoders, offloaded = Unet(), parts("sd15").vae, (), False

    held, cuda = Held(), torch.device("cuda")
    monkeypatch.setattr(memory.devices, "give_back", lambda device: told.append(f"back {device}"))
    settle(held, Rung.OFFLOADED, cuda)
    settle(held, Rung.OFFLOADED, cuda)
    groups = {"onload_device": cuda, "offload_type": "leaf_level", "use_stream": True}
    assert told == ["to cpu", "back cuda", groups] and held.offloaded


def test_a_smaller_plate_paints_all_that_was_to_be_painted() -> None:
    large = plate(128, 192, hole=(slice(63, 64), slice(10, 12)))
    small = smaller(large, 8)
    assert small.rgb.shape == (88, 128, 3) and small.m.shape == small.hole.shape == small.unknown.shape == (88, 128)
    assert small.d.shape == (11, 16) and small.size == (128, 88) and small.key != large.key
    assert small.rgb.dtype == small.m.dtype == small.d.dtype == np.float32
    assert small.m.max() == 1 and small.hole.any() and (small.d > 0).any()
    assert ((small.m > 0) == small.hole).all()
    assert small.d.repeat(8, 0).repeat(8, 1)[small.hole].min() > 0
