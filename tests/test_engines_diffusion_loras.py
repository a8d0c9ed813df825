"""LoRAs: put on, weighed, and taken off without a trace."""

import pytest
import torch
from safetensors.torch import load_file, save_file

from bridge.engines.diffusion import loras, tiny, weights
from bridge.engines.diffusion.weights import Store
from bridge.models import Lora, Model
from bridge.protocol.errors import Refusal
from tests.checkpoints import CPU, FAMILIES, model


@pytest.fixture(scope="module", params=FAMILIES)
def parts(request):
    return weights.load(model(request.param), torch.float32, CPU)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("loras")


def lora(folder, family, kohya=True, seed=0):
    path = folder / f"{family}-{kohya}-{seed}.safetensors"
    if not path.exists():
        tiny.lora(path, family, kohya, seed)
    return found(path, family)


def found(path, family):
    return Lora(path.stem, path.stem, family, path, 0, f"{abs(hash(path.stem)):032x}")


def single(path, family):
    """A single file elsewhere, as the catalogue would find it."""
    return Model(path.stem, path.stem, family, "base", path, "file", 0, path.stem)


@torch.inference_mode()
def answers(parts):
    """What UNet and text encoders say to always the same."""
    draw = torch.Generator().manual_seed(2)
    words = torch.randn(1, 77, parts.unet.config.cross_attention_dim, generator=draw)
    noise = torch.randn(1, parts.unet.config.in_channels, 8, 8, generator=draw)
    added = {"text_embeds": torch.zeros(1, 32), "time_ids": torch.ones(1, 6)} if parts.family == "sdxl" else None
    ids = parts.tokenizers[0]("a cat", padding="max_length", return_tensors="pt").input_ids
    return [parts.unet(noise, 9, words, added_cond_kwargs=added).sample, *(one(ids)[0] for one in parts.encoders)]


def equal(some, others):
    return [torch.equal(one, other) for one, other in zip(some, others, strict=True)]


def far(some, others):
    return [float((one - other).abs().max()) for one, other in zip(some, others, strict=True)]


@pytest.mark.parametrize("kohya", [True, False])
def test_a_lora_changes_all_it_names_and_leaves_without_a_trace(parts, folder, kohya):
    modules = parts.unet, *parts.encoders
    before, kinds = answers(parts), [[type(one) for one in module.modules()] for module in modules]
    held = [list(module.parameters()) for module in modules]
    token = loras.apply(parts, [(lora(folder, parts.family, kohya), 1.0)])
    assert token
    assert min(far(before, answers(parts))) > 0.1
    assert loras.apply(parts, []) == ""
    assert all(equal(before, answers(parts)))
    assert [[type(one) for one in module.modules()] for module in modules] == kinds
    for module, values in zip(modules, held, strict=True):
        assert all(one is other for one, other in zip(module.parameters(), values, strict=True))
        assert not hasattr(module, "peft_config")


def test_weight_0_touches_nothing(parts, folder):
    before, kinds = answers(parts), [type(one) for one in parts.unet.modules()]
    assert loras.apply(parts, [(lora(folder, parts.family), 0.0)]) == ""
    assert all(equal(before, answers(parts)))
    assert [type(one) for one in parts.unet.modules()] == kinds


def test_weight_0_beside_another_is_as_if_not_named(parts, folder):
    one, other = lora(folder, parts.family), lora(folder, parts.family, seed=1)
    loras.apply(parts, [(one, 0.5)])
    alone = answers(parts)
    token = loras.apply(parts, [(other, 0.8), (one, 0.5)])
    assert not any(equal(alone, answers(parts)))
    assert token != loras.apply(parts, [(other, 0.0), (one, 0.5)])
    assert all(equal(alone, answers(parts)))
    loras.apply(parts, [])


def test_the_change_is_the_one_that_was_trained(parts, folder):
    """One layer by hand: W + weight · alpha / rank · up · down."""
    name = "mid_block.attentions.0.transformer_blocks.0.attn1.to_q"
    layer = parts.unet.get_submodule(name)
    down, up = torch.randn(4, layer.in_features), torch.randn(layer.out_features, 4)
    path = folder / f"one-{parts.family}.safetensors"
    at = f"lora_unet_{name.replace('.', '_')}"
    save_file({f"{at}.lora_down.weight": down, f"{at}.lora_up.weight": up, f"{at}.alpha": torch.tensor(2.0)}, path)
    x = torch.randn(3, layer.in_features)
    expected = layer(x) + 0.7 * 2 / 4 * (x @ down.T @ up.T)
    assert loras.apply(parts, [(found(path, parts.family), 0.7)]) == "", "no text encoder is touched"
    torch.testing.assert_close(parts.unet.get_submodule(name)(x), expected)
    loras.apply(parts, [])


def test_both_makers_names_mean_the_same(parts, folder):
    loras.apply(parts, [(lora(folder, parts.family, kohya=True), 0.7)])
    one = answers(parts)
    loras.apply(parts, [(lora(folder, parts.family, kohya=False), 0.7)])
    assert all(equal(one, answers(parts)))
    loras.apply(parts, [])


def test_the_order_of_naming_does_not_matter_and_the_weight_does(parts, folder):
    one, other = lora(folder, parts.family), lora(folder, parts.family, seed=1)
    token = loras.apply(parts, [(one, 0.5), (other, -0.25)])
    both = answers(parts)
    assert loras.apply(parts, [(other, -0.25), (one, 0.5)]) == token
    assert all(equal(both, answers(parts)))
    assert loras.apply(parts, [(other, -0.25), (one, 0.6)]) != token
    assert not any(equal(both, answers(parts)))
    loras.apply(parts, [])


def test_a_lora_that_stays_is_not_read_again(parts, folder, tmp_path):
    path = tiny.lora(tmp_path / "once.safetensors", parts.family, seed=4)
    loras.apply(parts, [(found(path, parts.family), 1.0)])
    path.unlink()
    loras.apply(parts, [(found(path, parts.family), 0.5), (lora(folder, parts.family), 0.5)])
    loras.apply(parts, [])


def test_a_half_precision_model_stays_one(folder):
    parts = weights.load(model("sd15"), torch.bfloat16, CPU)
    loras.apply(parts, [(lora(folder, "sd15"), 1.0)])
    assert {value.dtype for value in parts.unet.parameters()} == {torch.bfloat16}
    assert all(
        answer.isfinite().all() for answer in (one(torch.zeros(1, 77, dtype=torch.long))[0] for one in parts.encoders)
    )


def test_models_that_share_an_encoder_each_wear_what_is_theirs(folder, tmp_path):
    first, second = (tiny.file(tmp_path / f"{seed}.safetensors", "sd15", seed=seed) for seed in (1, 2))
    swapped = {name: value for name, value in load_file(first).items() if name.startswith("cond_stage_model")}
    save_file({**load_file(second), **swapped}, second)
    store = Store(CPU, torch.float32, budget=2**30)
    a, b = (store.get(single(path, "sd15"), tiny.configs("sd15")) for path in (first, second))
    assert a.encoders[0] is b.encoders[0]
    plain = answers(b)
    on_a = store.wear(a, [(lora(folder, "sd15"), 1.0)])
    assert store.wear(b, [(lora(folder, "sd15"), 1.0)]) == on_a
    assert min(far(plain, answers(b))) > 0.1
    store.wear(b, [])
    assert all(equal(plain, answers(b)))


def test_another_familys_lora_is_refused_in_words_and_changes_nothing(parts, folder):
    other = {"sd15": "sdxl", "sdxl": "sd15"}[parts.family]
    names = {"sd15": "SD 1.5", "sdxl": "SDXL"}
    loras.apply(parts, [(lora(folder, parts.family), 1.0)])
    worn = answers(parts)
    with pytest.raises(Refusal) as refused:
        loras.apply(parts, [(lora(folder, other), 1.0)])
    assert refused.value.code == "recipe.field"
    assert f"was made for {names[other]}, the model is {names[parts.family]}" in refused.value.text
    assert all(equal(worn, answers(parts)))
    loras.apply(parts, [])


@pytest.mark.parametrize("fault", ["truncated", "pickled", "misfit", "foreign", "by half", "gone"])
def test_a_broken_lora_is_refused_and_leaves_nothing_behind(parts, folder, tmp_path, fault):
    path = tmp_path / "broken.safetensors"
    good = load_file(lora(folder, parts.family).path)
    match fault:
        case "truncated":
            path.write_bytes(lora(folder, parts.family).path.read_bytes()[:-100])
        case "pickled":
            torch.save({"a": torch.zeros(1)}, path)
        case "misfit":
            save_file(
                {name: value.repeat_interleave(2, -1) if value.ndim else value for name, value in good.items()}, path
            )
        case "foreign":
            save_file({"weight": torch.zeros(3)}, path)
        case "by half":
            save_file(
                {k: v.repeat_interleave(2, 0) if "lora_te" in k and "lora_up" in k else v for k, v in good.items()},
                path,
            )
    before, kinds = answers(parts), [type(one) for one in parts.unet.modules()]
    with pytest.raises(Refusal, match=r"The LoRA broken cannot be used: .* Get it again, or leave it out\.") as refused:
        loras.apply(parts, [(lora(folder, parts.family, seed=1), 1.0), (found(path, parts.family), 1.0)])
    assert refused.value.code == "model.invalid"
    assert all(equal(before, answers(parts)))
    assert [type(one) for one in parts.unet.modules()] == kinds
    assert loras.apply(parts, [(lora(folder, parts.family), 1.0)]), "the next good one works"
    loras.apply(parts, [])
