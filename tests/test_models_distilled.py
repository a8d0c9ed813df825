"""Distilled models by what is said about them."""

import pytest

from bridge.models.distilled import hinted

LCM, EULER, ANCESTRAL = "LCMScheduler", "EulerDiscreteScheduler", "EulerAncestralDiscreteScheduler"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("DreamShaper8_LCM", (LCM, 4, 1.0)),
        ("lcm-lora-sdv1-5", (LCM, 4, 1.0)),
        ("sd_xl_turbo_1.0_fp16", (ANCESTRAL, 4, 1.0)),
        ("dreamshaperXL_v21TurboDPMSDE", (ANCESTRAL, 4, 1.0)),
        ("sdxl_lightning_8step", (EULER, 8, 1.0)),
        ("sdxl_lightning_4step_lora", (EULER, 4, 1.0)),
        ("realvisxlV40_v40LightningBakedvae", (EULER, 4, 1.0)),
        ("Juggernaut-XL-Lightning", (EULER, 4, 1.0)),
        ("Hyper-SDXL-8steps-lora", (EULER, 8, 1.0)),
        ("Hyper-SD15-1step-lora", (EULER, 1, 1.0)),
        ("dmd2_sdxl_4step_unet_fp16", (LCM, 4, 1.0)),
        ("stable-diffusion-xl-turbo-v1", (ANCESTRAL, 4, 1.0)),
    ],
)
def test_names_as_they_are_met(name, expected):
    assert hinted([name]) == expected


@pytest.mark.parametrize(
    "name",
    [
        "HyperRealism_v3",
        "Hyper Real",
        "lightningbolt",
        "turbocharged",
        "dreamshaper_8",
        "sd_xl_base_1.0",
        "v1-5",
        "",
        "30 steps",
    ],
)
def test_words_that_only_sound_like_it(name):
    assert hinted([name]) is None


def test_the_first_text_that_says_it_decides():
    assert hinted(["stable-diffusion-xl-v1-base", "x lightning 2step", "lcm"]) == (EULER, 2, 1.0)


def test_an_absurd_number_of_steps_is_not_taken():
    assert hinted(["lightning_99steps"]) == (EULER, 4, 1.0)
    assert hinted(["lightning_0steps"]) == (EULER, 4, 1.0)
