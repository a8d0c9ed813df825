"""What a UNet is given: sides, guidance, channels beside, sizes. That the sums are right is shown by parity."""

import math

import pytest
import torch

from bridge.engines.diffusion.denoisers import Seen, denoiser
from bridge.engines.diffusion.texts import Embedding, embed
from tests.checkpoints import parts


class Unet:
    """Answers with a number for each row of its batch, and remembers what it was given."""

    def __init__(self, width: int | None = None) -> None:
        self.config = type("Config", (), {"time_cond_proj_dim": width})()
        self.given: list[tuple] = []

    def __call__(self, x: torch.Tensor, t: torch.Tensor, **more: object) -> tuple[torch.Tensor]:
        self.given.append((x, t, more))
        rows = torch.arange(1.0, len(x) + 1)[:, None, None, None]
        return (rows.expand(len(x), 4, *x.shape[2:]),)


class Fake:
    """What of a model's parts a denoiser needs."""

    def __init__(self, family: str = "sd15", width: int | None = None) -> None:
        self.family, self.unet = family, Unet(width)


def text(guided: bool = True, pooled: bool = False) -> Embedding:
    one, none = torch.ones(1, 77, 8), torch.zeros(1, 77, 8)
    pools = (torch.ones(1, 6), torch.zeros(1, 6)) if pooled else (None, None)
    return Embedding(one, none if guided else None, pools[0], pools[1] if guided else None, 1)


X, T = torch.zeros(2, 4, 3, 5), torch.tensor(7.0)


def test_guidance_weighs_the_words_against_the_negative_ones() -> None:
    of = Fake()
    output = denoiser(of, text(), Seen(), 3.0, (40, 24))(X, T)
    (x, t, more), words = of.unet.given[0], of.unet.given[0][2]["encoder_hidden_states"]
    assert x.shape == (4, 4, 3, 5) and t == 7
    assert words[:, 0, 0].tolist() == [0, 0, 1, 1]  # the negative side first, as the stock pipelines do
    assert output[:, 0, 0, 0].tolist() == [1 + 3 * (3 - 1), 2 + 3 * (4 - 2)]
    assert more["added_cond_kwargs"] == {} and more["timestep_cond"] is None


def test_without_a_negative_there_is_one_call_of_one_side() -> None:
    of = Fake()
    output = denoiser(of, text(guided=False), Seen(), 3.0, (40, 24))(X, T)
    assert len(of.unet.given[0][0]) == 2 and output[:, 0, 0, 0].tolist() == [1, 2]


def test_an_inpainting_model_sees_the_hole_and_the_picture_without_it() -> None:
    of = Fake()
    free, blank = torch.full((1, 1, 3, 5), 0.5), torch.full((1, 4, 3, 5), 0.25)
    denoiser(of, text(), Seen(blank, free), 3.0, (40, 24))(X, T)
    x = of.unet.given[0][0]
    assert x.shape == (4, 9, 3, 5)
    assert (x[:, 4] == 0.5).all() and (x[:, 5:] == 0.25).all()


def test_an_edit_model_weighs_words_and_picture_apart() -> None:
    of = Fake()
    output = denoiser(of, text(), Seen(torch.ones(1, 4, 3, 5)), 3.0, (40, 24))(X[:1], T)
    x, _, more = of.unet.given[0]
    assert x.shape == (3, 8, 3, 5)
    assert x[:, 4].amax(dim=(1, 2)).tolist() == [1, 1, 0]
    assert more["encoder_hidden_states"][:, 0, 0].tolist() == [1, 0, 0]
    assert output[0, 0, 0, 0] == 3 + 3.0 * (1 - 2) + 1.5 * (2 - 3)


def test_sdxl_reads_the_pooled_words_and_the_working_size() -> None:
    of = Fake("sdxl")
    denoiser(of, text(pooled=True), Seen(), 3.0, (40, 24))(X, T)
    added = of.unet.given[0][2]["added_cond_kwargs"]
    assert added["text_embeds"][:, 0].tolist() == [0, 0, 1, 1]
    assert added["time_ids"].tolist() == [[24, 40, 0, 0, 24, 40]] * 4


@pytest.mark.parametrize("width", [8, 9])
def test_a_model_distilled_with_its_guidance_is_told_it(width: int) -> None:
    of = Fake(width=width)
    denoiser(of, text(guided=False), Seen(), 1.5, (40, 24))(X, T)
    told = of.unet.given[0][2]["timestep_cond"]
    angles = [500 * math.exp(-math.log(10000) * k / 3) for k in range(4)]
    wanted = [*map(math.sin, angles), *map(math.cos, angles), *[0.0] * (width - 8)]
    assert told.shape == (1, width) and torch.allclose(told[0], torch.tensor(wanted), atol=1e-3)


def test_a_real_model_answers_in_float32_whatever_it_computes_in() -> None:
    of = parts("sd15")
    with torch.inference_mode():
        output = denoiser(of, embed(of, "roof", "", True), Seen(), 3.0, (64, 64))(torch.zeros(1, 4, 8, 8), T)
    assert output.dtype == torch.float32 and output.shape == (1, 4, 8, 8)
