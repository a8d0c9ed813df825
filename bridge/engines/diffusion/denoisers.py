"""What a Stable Diffusion UNet is given at each step: by family the text, by layout the picture, and the guidance."""

from typing import NamedTuple

import torch

from bridge.engines.diffusion.loop import Denoise
from bridge.engines.diffusion.texts import Embedding
from bridge.engines.diffusion.weights import Parts

PICTURE_GUIDANCE = 1.5
"""How much an InstructPix2Pix model holds on to the picture (Brooks et al., 2023; its pipeline's default)."""


class Seen(NamedTuple):
    """What a UNet sees beside its latents: nothing; the `latents` (1, c, h, w) of the whole picture, as the encoder
    gives them (InstructPix2Pix); or those of the picture with a blank hole, and `free` (1, 1, h, w), 1 where it may
    paint.
    """

    latents: torch.Tensor | None = None
    free: torch.Tensor | None = None

    @property
    def edits(self) -> bool:
        """True for a model that changes what it sees, and is guided by it."""
        return self.latents is not None and self.free is None


def denoiser(parts: Parts, text: Embedding, seen: Seen, guidance: float, size: tuple[int, int]) -> Denoise:
    """`denoise(x, t)` of a model for one recipe at a working size (width, height).

    Guided where the text has a negative side: one call with both texts, weighed as Ho and Salimans do
    (*Classifier-Free Diffusion Guidance*, 2022); an edit model weighs text and picture apart, in one call of three.
    """
    unet = parts.unet
    device, dtype = text.positive.device, text.positive.dtype  # the UNet's too, which walks all its layers to say so
    sides = _sides(text, seen.edits)
    words = _cat([text.negative if side.negative else text.positive for side in sides])
    added = _added(parts.family, text, sides, size, device, dtype)
    beside = _beside(seen, sides)
    distilled = _distilled(unet.config.time_cond_proj_dim, guidance, device, dtype)

    def denoise(x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        n = len(x)
        given = torch.cat([x] * len(sides))
        if beside is not None:
            given = torch.cat([given, beside.repeat_interleave(n, 0)], dim=1)
        output = unet(
            given.to(dtype),
            t.to(device),
            encoder_hidden_states=words.repeat_interleave(n, 0),
            timestep_cond=distilled,
            added_cond_kwargs={name: value.repeat_interleave(n, 0) for name, value in added.items()},
            return_dict=False,
        )[0].float()
        return _weighed(output.chunk(len(sides)), guidance)

    return denoise


class _Side(NamedTuple):
    """One of the pictures of a call: with which text, and whether the model sees the picture beside."""

    negative: bool
    picture: bool


def _sides(text: Embedding, edits: bool) -> tuple[_Side, ...]:
    """In the order of the stock pipelines, so that the sums are the same to the last bit."""
    if text.negative is None:
        return (_Side(negative=False, picture=True),)
    if edits:
        return _Side(False, True), _Side(True, True), _Side(True, False)
    return _Side(True, True), _Side(False, True)


def _weighed(outputs: tuple[torch.Tensor, ...], guidance: float) -> torch.Tensor:
    match outputs:
        case (positive,):
            return positive
        case (negative, positive):
            return negative + guidance * (positive - negative)
        case _:
            both, picture, neither = outputs
            return neither + guidance * (both - picture) + PICTURE_GUIDANCE * (picture - neither)


def _beside(seen: Seen, sides: tuple[_Side, ...]) -> torch.Tensor | None:
    """Channels beside the latents, one picture for each side."""
    if seen.latents is None:
        return None
    channels = seen.latents if seen.free is None else torch.cat([seen.free, seen.latents], dim=1)
    return torch.cat([channels if side.picture else torch.zeros_like(channels) for side in sides])


def _added(
    family: str,
    text: Embedding,
    sides: tuple[_Side, ...],
    size: tuple[int, int],
    device: torch.device,
    dtype: torch.dtype,
) -> dict[str, torch.Tensor]:
    """SDXL also reads the pooled text, and a size: of the picture it came from, where it was cut, and its own.

    All of it is the working size, uncut: whatever else is said makes SDXL frame its subject worse (Podell et al.,
    *SDXL*, 2023, section 2.2).
    """
    if family != "sdxl":
        return {}
    width, height = size
    pooled = [text.negative_pooled if side.negative else text.pooled for side in sides]
    times = torch.tensor([[height, width, 0, 0, height, width]] * len(sides), device=device, dtype=dtype)
    return {"text_embeds": _cat(pooled), "time_ids": times}


def _cat(texts: list[torch.Tensor | None]) -> torch.Tensor:
    """Those that there are, one after the other."""
    return torch.cat([one for one in texts if one is not None])


def _distilled(width: int | None, guidance: float, device: torch.device, dtype: torch.dtype) -> torch.Tensor | None:
    """(1, width): the guidance as a model reads it that was distilled with it (Luo et al., *LCM*, 2023); None for all
    others. Sines and cosines of 1000 (guidance − 1), as in Kingma et al., *Variational Diffusion Models* (2021).
    """
    if width is None:
        return None
    half = width // 2
    rates = torch.exp(torch.arange(half, dtype=dtype) * -(torch.log(torch.tensor(10000.0)) / (half - 1)))
    angles = (torch.tensor([(guidance - 1) * 1000.0]).to(dtype))[:, None] * rates[None, :]
    return torch.nn.functional.pad(torch.cat([angles.sin(), angles.cos()], dim=1), (0, width % 2)).to(device, dtype)
