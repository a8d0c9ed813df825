"""The second training: a denoiser and the words it listens to, each word a filter, each strength a share of it.

Plain img2img gets its strength from the noise that hides the picture. A filter has one answer, which a model that sees
the picture beside the noise could give at any strength: so strength is taught. A paint of strength s starts at place s
from the picture's latents z, and shall end at z + s (y − z), y being those of the filtered picture. If the model is
right at every step, Euler's is under way, at place τ, at z + a (y − z) with a = s (1 − σ(τ) / σ(s)), and noise σ(τ)
over it, whatever the steps between. At one τ a grows with s, so what lies there tells s. That is the lesson.
"""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from sample import filters
from sample.descent import Muon

Reals = NDArray[np.float64]

BATCH, CROP = 4, 48
"""Pictures at once, and their side in latent cells."""
RATE, KEPT_RATE, MUON_RATE = 1.5e-3, 1e-3, 0.012
"""Learning rates: of what is no matrix, of the layers that hold the identity, and of all other matrices."""
WARM, FULL, FALL = 50, 240, 0.3
"""Steps in which the learning rate rises; after which it sinks; and the share of all in which it falls to none."""
SINK = 0.6
"""How it sinks: as this power of the steps. Held at its height it drives the weights apart from step 250 on."""
DECAY = 0.997
"""Of the running mean of all weights, which is what ships."""
OFTEN = {
    **{"blueprint": 2.4, filters.RESTORE: 3.0, "ink drawing": 2.0, "oil painting": 1.6, "poster": 1.6},
    **{"watercolour": 1.2, "night": 0.8, "autumn": 0.8, "vintage": 0.8, filters.PHOTO: 1.8},
}
"""How often each word comes: the harder, the oftener."""
PHRASES = (
    "a {}",
    "an {}",
    "the {}",
    "{} picture",
    "{} image",
    "in the style of {}",
    "make it {}",
    "turn this into a {}",
    "{}, please",
    "like a {}",
    "{} style",
)
"""How a word may be asked for; half of the time it stands alone."""
FILTERS = 0.15
"""The share of all steps that come first, in which only the filters are learnt: every paint begins, at strength 1."""
WHOLE, USUAL, MOST = 0.5, 0.8, 12
"""Then: how many lessons are of strength 1, how many of four steps, and of how many steps the others are at most."""
EARLY = 1.5
"""Of a paint's steps the first is learnt oftener than the last, by this power: there the filter is to be made."""
SLOPED = 0.12
"""How many lessons have a strength that falls across the picture, as a soft selection's does."""
BLOTCH, SEEN = 4, 2.0
"""Side of a blotch in latent cells, and by how much more than grain it counts."""
KEPT_EVERY = 100
"""Steps after which the state is written."""
FIRST, EVERY = 6, 12
"""Patches that are encoded at the start, and the steps after which one more is."""


class Parts(NamedTuple):
    """What is trained, and the tokenizer and the encoder of pictures, which are not."""

    unet: Any
    text: Any
    tokenizer: Any
    vae: Any


class Pantry:
    """Latents of patches, encoded as they are needed: (words, c, h, w) of what is seen and of what is wanted."""

    def __init__(self, vae: Any, seen: NDArray[np.uint8], wanted: NDArray[np.uint8], seed: int) -> None:
        self._vae, self._seen, self._wanted = vae, seen, wanted
        self._order = np.random.default_rng(seed).permutation(len(seen))
        self.latents: list[tuple[torch.Tensor, torch.Tensor]] = []

    @torch.no_grad()
    def fill(self, count: int) -> None:
        """Encode until there are so many, or all."""
        photo, restore = filters.WORDS.index(filters.PHOTO), filters.WORDS.index(filters.RESTORE)
        while len(self.latents) < min(count, len(self._order)):
            i = self._order[len(self.latents)]
            wanted = torch.cat([self._encoded(one[None]) for one in self._wanted[i]])
            seen = wanted[photo].expand_as(wanted).clone()
            seen[restore] = self._encoded(self._seen[i, restore][None])[0]
            self.latents.append((seen, wanted))

    def _encoded(self, pictures: NDArray[np.uint8]) -> torch.Tensor:
        given = torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 127.5 - 1
        found: torch.Tensor = self._vae.encode(given).latent_dist.mean
        return found


def levels() -> torch.Tensor:
    """σ of the 1000 training timesteps: Stable Diffusion's own."""
    products = torch.cumprod(1 - torch.linspace(0.00085**0.5, 0.012**0.5, 1000, dtype=torch.float64) ** 2, 0)
    return (((1 - products) / products) ** 0.5).float()


@torch.no_grad()
def weights(vae: Any, z: torch.Tensor) -> torch.Tensor:
    """(1, c, 1, 1): by how much a latent channel's error shows in the picture, colours doubly; in the mean 1."""
    plain = vae.decode(z).sample
    found = []
    for c in range(z.shape[1]):
        moved = z.clone()
        moved[:, c] += 0.1 * torch.randn(z[:, c].shape, generator=torch.Generator().manual_seed(c)).sign()
        found.append(functional.mse_loss(vae.decode(moved).sample, plain))
    energy = torch.stack(found) * torch.tensor((1.0, 2.0, 2.0, 1.0))  # as in `shapes.AXES`
    return (energy / energy.mean())[None, :, None, None]


class Lesson(NamedTuple):
    """A batch: noisy latents as the UNet takes them, its timesteps, those beside, those wanted, token ids."""

    x: torch.Tensor
    t: torch.Tensor
    seen: torch.Tensor
    wanted: torch.Tensor
    ids: torch.Tensor


def lesson(pantry: Pantry, tokenizer: Any, sigmas: torch.Tensor, rng: np.random.Generator, whole: bool) -> Lesson:
    """Draw a batch; `whole`: every paint of it begins, at strength 1."""
    chances = np.array([OFTEN[word] for word in filters.WORDS])
    seen, wanted, phrases = [], [], []
    for word in rng.choice(len(filters.WORDS), BATCH, p=chances / chances.sum()):
        of = pantry.latents[rng.integers(len(pantry.latents))]
        top, left = rng.integers(0, of[0].shape[-1] - CROP + 1, 2)
        seen.append(of[0][word, :, top : top + CROP, left : left + CROP])
        wanted.append(of[1][word, :, top : top + CROP, left : left + CROP])
        phrase = "{}" if rng.random() < 0.5 else str(rng.choice(PHRASES))
        phrases.append(phrase.format(spelt(filters.WORDS[word], rng)))
    z, y = torch.stack(seen), torch.stack(wanted)
    place, strength = _beginning() if whole else _places(rng)
    given = strength, *under_way(place, strength, sigmas)
    share, a, level = (torch.from_numpy(one).float() for one in given)
    noise = torch.from_numpy(rng.standard_normal(z.shape, np.float32))
    x = (z + a * (y - z) + level * noise) / (1 + level**2).sqrt()
    ids = tokenizer(phrases, padding="max_length", truncation=True, return_tensors="pt").input_ids
    return Lesson(x, torch.from_numpy(1000 * place - 1).float().flatten(), z, z + share * (y - z), ids)


def under_way(place: Reals, strength: Reals, sigmas: torch.Tensor) -> tuple[Reals, Reals]:
    """How much of the filter lies at a place in a paint of this strength, if all before was right; and σ there."""
    here, start = (np.exp(np.interp(1000 * one - 1, np.arange(1000), sigmas.log())) for one in (place, strength))
    return strength * (1 - here / start), here


def spelt(word: str, rng: np.random.Generator) -> str:
    """A word, in British or in American."""
    return word.replace("colour", "color") if rng.random() < 0.5 else word


def _beginning() -> tuple[Reals, Reals]:
    """As `_places`, where every paint begins at strength 1."""
    return np.ones((BATCH, 1, 1, 1)), np.ones((BATCH, 1, CROP, CROP))


def _places(rng: np.random.Generator) -> tuple[Reals, Reals]:
    """(BATCH, 1, 1, 1) the place τ that a paint has come to, and (BATCH, 1, CROP, CROP) the strength of each cell, τ or
    more. A cell of a soft selection begins later, on one of the steps, and its strength is the place of that one.
    """
    steps = np.where(rng.random(BATCH) < USUAL, 4, rng.integers(1, MOST + 1, BATCH))
    strength = np.where(rng.random(BATCH) < WHOLE, 1.0, rng.uniform(0.05, 1.0, BATCH))
    done = np.floor(rng.random(BATCH) ** EARLY * steps)
    rows, columns = np.mgrid[:CROP, :CROP] / CROP - 0.5
    angle, middle = rng.uniform(0, 2 * np.pi, BATCH)[:, None, None], rng.uniform(0, 1, BATCH)[:, None, None]
    d = np.clip(
        middle + rng.uniform(0.3, 2, BATCH)[:, None, None] * (np.cos(angle) * rows + np.sin(angle) * columns), 0, 1
    )
    d = np.where((rng.random(BATCH) < SLOPED)[:, None, None], d, 1.0)
    steps, strength, done = (one[:, None, None, None] for one in (steps, strength, done))
    place = strength * (1 - done / steps)
    return place, np.maximum(strength * np.floor(d[:, None] * steps) / steps, place)


def seen_error(error: torch.Tensor, shows: torch.Tensor) -> torch.Tensor:
    """How much an error (n, c, h, w) is seen: blotches, wider than BLOTCH cells, far more than grain."""
    return (shows * error**2).mean() + SEEN * (shows * functional.avg_pool2d(error, BLOTCH) ** 2).mean()


def train(parts: Parts, pantry: Pantry, steps: int, seed: int, state: Path) -> None:
    """Train in place, from `state` on where that is there; it is written every KEPT_EVERY steps, means and all."""
    modules = (parts.unet, parts.text)
    learnt = _learnt(parts)
    mean = [one.detach().clone() for one in learnt]
    optimisers = _optimisers(parts)
    rates = [[group["lr"] for group in one.param_groups] for one in optimisers]
    done = 0
    if state.exists():
        kept = torch.load(state, weights_only=True)
        for module, values in zip(modules, kept["modules"], strict=True):
            module.load_state_dict(values)
        for optimiser, values in zip(optimisers, kept["optimisers"], strict=True):
            optimiser.load_state_dict(values)
        mean, done = kept["mean"], kept["done"]
    pantry.fill(FIRST + done // EVERY)
    shows, sigmas = weights(parts.vae, pantry.latents[0][1][:, :, :64, :64]), levels()
    print("errors show", shows.flatten().tolist(), flush=True)
    began, losses = time.monotonic(), []
    for step in range(done, steps):
        pantry.fill(FIRST + step // EVERY)
        share = min((step + 1) / WARM, 1.0, (FULL / (step + 1)) ** SINK) * min(1.0, (steps - step) / (FALL * steps))
        for optimiser, full in zip(optimisers, rates, strict=True):
            for group, rate in zip(optimiser.param_groups, full, strict=True):
                group["lr"] = rate * share
        given = lesson(pantry, parts.tokenizer, sigmas, np.random.default_rng((seed, step)), step < FILTERS * steps)
        words = parts.text(given.ids).last_hidden_state
        found = parts.unet(torch.cat([given.x, given.seen], 1), given.t, words, return_dict=False)[0]
        loss = seen_error(found - given.wanted, shows)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(learnt, 0.5)
        for optimiser in optimisers:
            optimiser.step()
            optimiser.zero_grad()
        decay = min(DECAY, (1 + step) / (10 + step))
        with torch.no_grad():
            torch._foreach_lerp_(mean, learnt, 1 - decay)
        plain = float(seen_error(given.seen - given.wanted, shows))
        losses.append((float(loss.detach()), plain))
        if (step + 1) % 25 == 0:
            ours, before = np.mean(losses[-100:], 0)
            each = (time.monotonic() - began) / (step + 1 - done)
            print(f"denoiser {step + 1}/{steps}  {ours:.5f} of {before:.5f}  {each:.2f} s a step", flush=True)
        if (step + 1) % KEPT_EVERY == 0 or step + 1 == steps:
            _keep(state, modules, optimisers, mean, step + 1)


def recall(parts: Parts, state: Path) -> None:
    """Take the running means of a training: what ships."""
    with torch.no_grad():
        for one, value in zip(_learnt(parts), torch.load(state, weights_only=True)["mean"], strict=True):
            one.copy_(value)


def _learnt(parts: Parts) -> list[torch.Tensor]:
    return [*parts.unet.parameters(), *parts.text.parameters()]


def _optimisers(parts: Parts) -> tuple[torch.optim.Optimizer, torch.optim.Optimizer]:
    """Adam for what is no matrix, for words and, slower, for what holds the identity; Muon for all other layers."""
    unet = parts.unet
    kept = [unet.conv_in.weight, unet.conv_out.weight, unet.up_blocks[-1].resnets[-1].conv_shortcut.weight]
    slow = {id(one) for one in kept}
    matrices = [one for one in unet.parameters() if one.ndim > 1 and min(one.shape[:2]) > 1 and id(one) not in slow]
    fast = {id(one) for one in matrices}
    others = [one for one in _learnt(parts) if id(one) not in slow | fast]
    groups = [{"params": others, "lr": RATE}, {"params": kept, "lr": KEPT_RATE}]
    adam = torch.optim.AdamW(groups, betas=(0.9, 0.99), weight_decay=0.0)
    return adam, Muon(matrices, MUON_RATE)


def _keep(state: Path, modules: Sequence[Any], optimisers: Sequence[Any], mean: list[torch.Tensor], done: int) -> None:
    kept = {"modules": [one.state_dict() for one in modules], "optimisers": [one.state_dict() for one in optimisers]}
    torch.save({**kept, "mean": mean, "done": done}, state.with_suffix(".part"))
    state.with_suffix(".part").replace(state)
