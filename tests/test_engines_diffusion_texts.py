"""Words to embeddings, held against diffusers' own pipelines on tiny random encoders."""

from copy import deepcopy
from dataclasses import dataclass, replace
from itertools import pairwise

import pytest
import torch
from diffusers import StableDiffusionPipeline, StableDiffusionXLPipeline
from tokenizers.pre_tokenizers import ByteLevel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

from bridge.engines.diffusion import texts
from bridge.protocol.errors import Refusal

torch.set_num_threads(1)

WORDS = "cat hat red sun moon !!".split()
EMPTY = "", " \n "
PROMPTS = "cat", "A red cat, in a hat; 1920s – été 画 🙂", "cat, " * 37, "a" * 75, ""


@dataclass(frozen=True)
class Readers:
    """What of a loaded model reads words."""

    family: str
    encoders: tuple
    tokenizers: tuple
    zero_negative: bool = False


def tokenizer(pad):
    """CLIP's own kind, with a vocabulary of bytes and a few words; "!" is its first token, as in CLIP."""
    letters = sorted(ByteLevel.alphabet())
    tokens, merges = [*letters, *(f"{letter}</w>" for letter in letters)], []
    for word in WORDS:
        built = word[0]
        for letter in [*word[1:-1], f"{word[-1]}</w>"]:
            if built + letter not in tokens:
                merges.append((built, letter))
                tokens.append(built + letter)
            built += letter
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    vocabulary = {token: number for number, token in enumerate(tokens)}
    return CLIPTokenizer(vocabulary, merges, pad_token=pad, model_max_length=77)


def encoder(kind, width, words, **options):
    """A text encoder of three layers, its weights far larger than at birth: every token counts."""
    end = words.eos_token_id
    ids = {"bos_token_id": words.bos_token_id, "eos_token_id": end, "pad_token_id": words.pad_token_id}
    config = CLIPTextConfig(
        vocab_size=end + 1,
        hidden_size=width,
        intermediate_size=2 * width,
        projection_dim=24,
        num_hidden_layers=3,
        num_attention_heads=4,
        initializer_factor=8.0,
        **ids,
        **options,
    )
    torch.manual_seed(width)
    return kind(config).eval()


@pytest.fixture(scope="module")
def sd15():
    words = tokenizer("<|endoftext|>")
    return Readers("sd15", (encoder(CLIPTextModel, 16, words),), (words,))


@pytest.fixture(scope="module")
def sdxl():
    first, second = tokenizer("<|endoftext|>"), tokenizer("!")
    encoders = encoder(CLIPTextModel, 16, first), encoder(CLIPTextModelWithProjection, 32, second)
    return Readers("sdxl", encoders, (first, second))


@pytest.fixture(params=["sd15", "sdxl"])
def readers(request):
    return request.getfixturevalue(request.param)


@torch.no_grad()
def stock(readers, prompt, negative, guided):
    """What diffusers' own pipeline says: positive, negative, pooled, pooled negative."""
    said = {"device": "cpu", "num_images_per_prompt": 1, "do_classifier_free_guidance": guided}
    if readers.family == "sd15":
        pipeline = StableDiffusionPipeline(
            None, *readers.encoders, *readers.tokenizers, None, None, None, None, requires_safety_checker=False
        )
        return *pipeline.encode_prompt(prompt, negative_prompt=negative, **said), None, None
    parts = *readers.encoders, *readers.tokenizers
    pipeline = StableDiffusionXLPipeline(None, *parts, None, None, force_zeros_for_empty_prompt=readers.zero_negative)
    return pipeline.encode_prompt(prompt, negative_prompt=negative, **said)


def assert_equal(embedding, expected):
    for ours, theirs in zip(embedding, expected, strict=False):
        if theirs is None:
            assert ours is None
        else:
            assert ours.dtype == theirs.dtype
            assert torch.equal(ours, theirs)


def positive(readers, prompt):
    return texts.embed(readers, prompt, "", guided=False).positive


def chunks(sequence):
    return sequence.split(77, dim=1)


# like diffusers


@pytest.mark.parametrize("prompt", PROMPTS)
@pytest.mark.parametrize("negative", ["", "moon, hat", "b" * 75])
def test_a_plain_prompt_is_bit_for_bit_diffusers_own(readers, prompt, negative):
    assert_equal(texts.embed(readers, prompt, negative, guided=True), stock(readers, prompt, negative, guided=True))


def test_unguided_nothing_negative_is_encoded(readers):
    embedding = texts.embed(readers, "red cat", "moon", guided=False)
    assert_equal(embedding, stock(readers, "red cat", None, guided=False))
    assert embedding.negative is None
    assert embedding.negative_pooled is None
    assert embedding.passes == len(readers.encoders)


@pytest.mark.parametrize("negative", EMPTY)
def test_an_empty_negative_prompt_is_zeros_where_the_model_wants_that(sdxl, negative):
    zero = replace(sdxl, zero_negative=True)
    embedding = texts.embed(zero, "red cat", negative, guided=True)
    assert_equal(embedding, stock(zero, "red cat", None, guided=True))
    assert not embedding.negative.any()
    assert not embedding.negative_pooled.any()
    assert embedding.passes == 2
    assert_equal(texts.embed(zero, "red cat", "moon", guided=True), stock(zero, "red cat", "moon", guided=True))


def test_zeros_are_as_long_as_the_prompt(sdxl):
    embedding = texts.embed(replace(sdxl, zero_negative=True), "cat " * 100, "", guided=True)
    assert embedding.negative.shape == embedding.positive.shape == (1, 154, 48)


@pytest.mark.parametrize("prompt", ["red cat", ""])
def test_padding_is_not_looked_at_where_the_model_says_so(prompt):
    words = tokenizer("!")
    masked = Readers("sd15", (encoder(CLIPTextModel, 16, words, use_attention_mask=True),), (words,))
    embedding = texts.embed(masked, prompt, "moon", guided=True)
    assert_equal(embedding, stock(masked, prompt, "moon", guided=True))
    plain = Readers("sd15", (encoder(CLIPTextModel, 16, words),), (words,))
    assert not torch.equal(embedding.positive, positive(plain, prompt))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_stays_half(sdxl, dtype):
    encoders = [encoder(type(one), one.config.hidden_size, sdxl.tokenizers[0]).to(dtype) for one in sdxl.encoders]
    half = replace(sdxl, encoders=tuple(encoders))
    assert_equal(texts.embed(half, "red cat", "moon", guided=True), stock(half, "red cat", "moon", guided=True))
    weighted = texts.embed(half, "(red:1.5) cat", "moon", guided=True)
    assert weighted.positive.dtype == dtype
    assert weighted.positive.isfinite().all()


def test_all_happens_where_the_encoders_are(readers):
    elsewhere = replace(readers, encoders=tuple(deepcopy(one).to("meta") for one in readers.encoders))
    embedding = texts.embed(elsewhere, "(red:1.5) cat", "moon", guided=True)
    assert {one.device.type for one in embedding if isinstance(one, torch.Tensor)} == {"meta"}


# weights


def test_weight_1_written_out_is_the_plain_prompt(readers):
    plain = texts.embed(readers, "red cat", "", guided=True)
    written = texts.embed(readers, "([red]) cat", "", guided=True)
    assert_equal(written, plain[:4])
    assert written.passes == plain.passes


def test_a_weight_moves_its_own_tokens_away_from_the_empty_prompt_and_no_others(readers):
    plain, empty = positive(readers, "red cat hat"), positive(readers, "")
    for weight in (0.0, 0.5, 1.5, 2.0):
        moved = positive(readers, f"red (cat:{weight}) hat")
        torch.testing.assert_close(
            moved[:, 2], empty[:, 2] + weight * (plain[:, 2] - empty[:, 2]), rtol=1e-5, atol=1e-5
        )
        others = [at for at in range(77) if at != 2]
        assert torch.equal(moved[:, others], plain[:, others])


def test_the_heavier_the_farther(readers):
    empty = positive(readers, "")
    far = [(positive(readers, f"(cat:{w})") - empty)[:, 1].norm() for w in (0, 0.3, 0.9, 1, 1.1, 1.6, 3)]
    assert far[0] == 0
    assert all(one < other for one, other in pairwise(far))


def test_a_weight_leaves_pooled_and_other_chunks_alone(sdxl):
    plain = texts.embed(sdxl, "red cat BREAK hat", "", guided=False)
    moved = texts.embed(sdxl, "red cat BREAK (hat:1.4)", "", guided=False)
    assert torch.equal(moved.pooled, plain.pooled)
    one, two = zip(chunks(plain.positive), chunks(moved.positive), strict=True)
    assert torch.equal(*one)
    assert not torch.equal(*two)
    assert moved.passes == plain.passes + 2, "the empty prompt, once for each encoder"


def test_a_weighted_negative_prompt_is_weighted(readers):
    negative = texts.embed(readers, "cat", "(moon:1.4)", guided=True).negative
    assert torch.equal(negative, positive(readers, "(moon:1.4)"))


# length


@pytest.mark.parametrize(("count", "n"), [(75, 1), (76, 2), (150, 2), (151, 3), (300, 4)])
def test_a_long_prompt_is_encoded_chunk_by_chunk(readers, count, n):
    embedding = texts.embed(readers, " ".join(["cat"] * count), "", guided=False)
    sequence = chunks(embedding.positive)
    assert len(sequence) == n
    full, rest = positive(readers, "cat " * 75), positive(readers, "cat " * (count - 75 * (n - 1)))
    assert all(torch.equal(chunk, full) for chunk in sequence[:-1])
    assert torch.equal(sequence[-1], rest)
    assert embedding.passes == len(readers.encoders) * len({75, count - 75 * (n - 1)})


def test_pooled_is_the_first_chunks(sdxl):
    embedding = texts.embed(sdxl, "red cat BREAK hat", "moon BREAK sun", guided=True)
    short = texts.embed(sdxl, "red cat", "moon", guided=True)
    assert torch.equal(embedding.pooled, short.pooled)
    assert torch.equal(embedding.negative_pooled, short.negative_pooled)


@pytest.mark.parametrize(("prompt", "negative"), [("cat " * 160, "moon"), ("cat", "moon " * 160), ("", "moon " * 160)])
def test_the_shorter_text_is_padded_with_the_empty_chunk(readers, prompt, negative):
    embedding = texts.embed(readers, prompt, negative, guided=True)
    assert embedding.positive.shape == embedding.negative.shape
    short, of = (embedding.negative, negative) if len(prompt) > len(negative) else (embedding.positive, prompt)
    first, *others = chunks(short)
    assert torch.equal(first, positive(readers, of))
    assert len(others) == 2
    assert all(torch.equal(other, positive(readers, "")) for other in others)


def test_break_parts_what_would_fit_one_chunk(readers):
    one, two = chunks(positive(readers, "red cat BREAK hat"))
    assert torch.equal(one, positive(readers, "red cat"))
    assert torch.equal(two, positive(readers, "hat"))


def test_a_long_prompt_is_cut_at_a_comma(readers):
    prompt = "cat " * 70 + ", red sun moon hat cat red sun moon hat"
    one, two = chunks(positive(readers, prompt))
    assert torch.equal(one, positive(readers, "cat " * 70 + ","))
    assert torch.equal(two, positive(readers, "red sun moon hat cat red sun moon hat"))


def test_tokenizers_that_count_differently_still_give_one_length(sdxl):
    prompt = "!! " * 40 + "cat " * 30  # the second encoder's padding is "!", so it never reads "!!"
    lengths = [len(one(prompt, verbose=False).input_ids) - 2 for one in sdxl.tokenizers]
    assert lengths == [70, 110]
    embedding = texts.embed(sdxl, prompt, "", guided=True)
    lengths = [len(one(prompt).input_ids) - 2 for one in sdxl.tokenizers]
    print(lengths)
    assert embedding.positive.shape == embedding.negative.shape == (1, 154, 48)


def test_each_distinct_chunk_is_encoded_once(readers):
    embedding = texts.embed(readers, "cat BREAK hat BREAK cat", "cat", guided=True)
    assert embedding.passes == 3 * len(readers.encoders), "cat, hat, and nothing"


@pytest.mark.parametrize(("texts_of", "name"), [(("a BREAK " * 33, ""), "prompt"), (("", "a BREAK " * 33), "negative")])
def test_more_than_32_chunks_are_refused(sd15, texts_of, name):
    with pytest.raises(Refusal) as refused:
        texts.embed(sd15, *texts_of, guided=True)
    which = "negative prompt" if name == "negative" else "prompt"
    assert refused.value.code == "recipe.field"
    assert refused.value.detail == {"field": name}
    assert refused.value.text == (
        f"The {which} fills 33 chunks of 75 tokens, the most is 32: shorten it, or use fewer BREAKs."
    )
