"""How the sample model is made: what it is taught is what our loop meets, and a training that was cut off goes on."""

from pathlib import Path

import numpy as np
import pytest
import torch
from sample import denoising, filters, shapes

from bridge.engines.diffusion.loop import sample
from bridge.engines.diffusion.schedule import schedule
from bridge.engines.diffusion.schedulers import Scheduler
from bridge.families import WORDS
from bridge.models.catalogue import BROUGHT
from tests.pictures import noise, soft

SAMPLER = Scheduler("EulerDiscreteScheduler", shapes.SCHEDULER)


def test_its_words_are_those_of_the_family() -> None:
    assert filters.WORDS == WORDS


def test_its_card_is_the_one_that_is_written_here() -> None:
    assert (BROUGHT / "README.md").read_bytes() == shapes.CARD.read_bytes()


@pytest.mark.parametrize("steps", [1, 4, 7])
@pytest.mark.parametrize("strength", [0.3, 0.6, 1.0])
def test_the_lesson_is_what_our_loop_meets(strength: float, steps: int) -> None:
    """Where every prediction is right, the latents of each step are those that the lesson draws; and so is the end."""
    z, y, field = (torch.randn((1, 4, 6, 8), generator=torch.Generator().manual_seed(seed)) for seed in (1, 2, 3))
    plan = schedule(SAMPLER, strength, steps)
    met = []

    def denoise(x, t):
        met.append((x.clone(), float(t)))
        return z + strength * (y - z)

    end = sample(z, torch.ones(1, 1, 6, 8), field, plan, denoise, lambda i, clean: None, [])
    assert torch.allclose(end, z + strength * (y - z), atol=1e-4)
    assert len(met) == steps
    for place, (x, t) in zip(plan.places, met, strict=False):
        assert t == pytest.approx(1000 * place - 1, abs=1e-3)
        a, sigma = (float(one) for one in denoising.under_way(place, strength, denoising.levels()))
        wanted = (z + a * (y - z) + sigma * field) / (1 + sigma**2) ** 0.5
        assert torch.allclose(x, wanted, atol=1e-4)


def test_a_cell_of_a_soft_selection_is_a_paint_of_its_own() -> None:
    for seed in range(50):
        place, strength = denoising._places(np.random.default_rng(seed))
        assert (strength >= place).all() and strength.max() <= 1 and place.min() > 0
    sloped = [len(np.unique(one)) > 1 for one in strength]
    assert strength.shape == (denoising.BATCH, 1, denoising.CROP, denoising.CROP) and not all(sloped)


@pytest.mark.parametrize("word", filters.STYLES)
def test_a_filter_knows_only_its_surroundings(word: str) -> None:
    rgb = soft(96, 80, 3).astype(np.float32) / np.float32(255)
    look, inner = filters.STYLES[word], slice(24, -24)
    whole, part = look(rgb), look(rgb[8:-8, 8:-8])
    assert whole.dtype == np.float32 and 0 <= whole.min() <= whole.max() <= 1
    assert np.abs(whole[8:-8, 8:-8][inner, inner] - part[inner, inner]).max() < 1e-4
    assert np.abs(whole - rgb).mean() > 0.02


def test_damage_is_the_same_for_the_same_seed() -> None:
    rgb = soft(64, 64, 3).astype(np.float32) / np.float32(255)
    one, same, other = (filters.damaged(rgb, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert (one == same).all() and (one != other).any() and (one != rgb).any()


def test_a_training_that_was_cut_off_goes_on_as_if_it_had_not_been(tmp_path: Path, monkeypatch, capsys) -> None:
    for name, value in {"BATCH": 2, "CROP": 8, "KEPT_EVERY": 1, "FIRST": 1, "EVERY": 2, "WARM": 1}.items():
        monkeypatch.setattr(denoising, name, value)
    seen = wanted = noise(2 * len(WORDS) * 32, 32, 3).reshape(2, len(WORDS), 32, 32, 3)
    vae = shapes.autoencoder(0, seen.reshape(-1, 32, 32, 3)).eval().requires_grad_(False)

    def trained(name: str, until: int = 9) -> list[torch.Tensor]:
        tokenizer = shapes.tokenizer()
        parts = denoising.Parts(shapes.denoiser(0), shapes.encoder(tokenizer, 0), tokenizer, vae)
        pantry = denoising.Pantry(vae, seen, wanted, 0)
        fill, count = pantry.fill, iter(range(until))

        def filled(more: int) -> None:
            next(count)
            fill(more)

        pantry.fill = filled  # type: ignore[method-assign]
        denoising.train(parts, pantry, 4, 0, tmp_path / name)
        denoising.recall(parts, tmp_path / name)
        return list(parts.unet.parameters())

    straight = trained("straight.pt")
    with pytest.raises(StopIteration):
        trained("cut.pt", until=3)
    again = trained("cut.pt")
    assert all(torch.equal(one, other) for one, other in zip(straight, again, strict=True))
    assert "denoiser" not in capsys.readouterr().err
