"""Words to embeddings: prompts of any length, weighted, as the denoisers of SD 1.5 and SDXL listen to them.

A prompt of one chunk without weights comes out bit for bit as from diffusers' own pipelines.
"""

from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import TYPE_CHECKING, NamedTuple, Protocol

import torch
from torch import Tensor

from bridge.engines.diffusion import prompts
from bridge.engines.diffusion.prompts import Chunk, Frame
from bridge.protocol.errors import Refusal

if TYPE_CHECKING:  # loading transformers takes seconds, and here it lends its names only
    from transformers import CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

    Encoder = CLIPTextModel | CLIPTextModelWithProjection

CHUNKS = 32
"""Longest prompt, chunks. 8 KiB of plain words are fewer; what the denoiser holds of a text grows with them."""


class Readers(Protocol):
    """What of a loaded model reads words.

    family        "sd15" | "sdxl"
    encoders      one text encoder, or SDXL's two
    tokenizers    theirs
    zero_negative an empty negative prompt is all zeros and not the empty text
    """

    @property
    def family(self) -> str: ...
    @property
    def encoders(self) -> "tuple[Encoder, ...]": ...
    @property
    def tokenizers(self) -> "tuple[CLIPTokenizer, ...]": ...
    @property
    def zero_negative(self) -> bool: ...


class Embedding(NamedTuple):
    """A prompt and its negative, encoded; on the encoders' device, of their dtype.

    positive         (1, n·77, width): n chunks one after the other
    negative         the same shape; None where nothing is guided
    pooled           (1, width of the projection) of the first chunk; None in SD 1.5
    negative_pooled  the same shape, or None
    passes           forward passes of a text encoder that this took
    """

    positive: Tensor
    negative: Tensor | None
    pooled: Tensor | None
    negative_pooled: Tensor | None
    passes: int


class Encoded(NamedTuple):
    """What encoders make of n chunks: hidden (1, n·77, width), pooled (1, width of the projection) or None."""

    hidden: Tensor
    pooled: Tensor | None


Encode = Callable[[tuple[int, ...]], Encoded]


@torch.no_grad()
def embed(parts: Readers, prompt: str, negative: str, guided: bool) -> Embedding:
    """Both texts as the model's denoiser takes them; the negative one only where `guided`.

    SD 1.5 listens to the encoder's last layer, normed; SDXL to the last but one of both encoders, side by side, and to
    the second one's projection. Each chunk is encoded by itself, each distinct one once; the shorter text is padded
    with the empty chunk. Raises Refusal `recipe.field` for a text of more than 32 chunks.
    """
    zero = parts.zero_negative and not negative.strip()
    read, passes = _read(parts, {"prompt": prompt} | ({"negative": negative} if guided and not zero else {}))
    positive, pooled = read["prompt"]
    if not guided:
        return Embedding(positive, None, pooled, None, passes)
    if zero:
        nothing = None if pooled is None else torch.zeros_like(pooled)
        return Embedding(positive, torch.zeros_like(positive), pooled, nothing, passes)
    return Embedding(positive, read["negative"].hidden, pooled, read["negative"].pooled, passes)


def _read(parts: Readers, texts: dict[str, str]) -> tuple[dict[str, Encoded], int]:
    """Texts by their names in the recipe, encoded, all of one length; and the forward passes that it took."""
    cut = [{name: _cut(name, text, one) for name, text in texts.items()} for one in parts.tokenizers]
    n = max(len(chunks) for named in cut for chunks in named.values())  # SDXL's two tokenizers read "!!" differently
    hidden: dict[str, list[Tensor]] = {name: [] for name in texts}
    pooled: dict[str, Tensor | None] = {}
    passes = 0
    for named, tokenizer, encoder in zip(cut, parts.tokenizers, parts.encoders, strict=True):
        encode = cache(partial(_encode, encoder, parts.family == "sdxl", tokenizer.eos_token_id))
        (blank,) = prompts.chunks([[]], _frame(tokenizer))
        for name, chunks in named.items():
            hidden[name].append(_sequence([*chunks, *[blank] * (n - len(chunks))], blank, encode))
            pooled[name] = encode(chunks[0].ids).pooled
        passes += encode.cache_info().misses
    return {name: Encoded(torch.cat(hidden[name], dim=-1), pooled[name]) for name in texts}, passes


def _cut(name: str, text: str, tokenizer: "CLIPTokenizer") -> list[Chunk]:
    """The chunks of a text, `prompt` or `negative`, as a tokenizer sees it."""

    def code(words: str) -> list[tuple[int, int, int]]:
        # verbose, it would warn of more than 77 tokens
        coded = tokenizer(words, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
        pairs = zip(coded["input_ids"], coded["offset_mapping"], strict=True)
        return [(number, start, end) for number, (start, end) in pairs]

    chunks = prompts.chunks(prompts.lines(prompts.parse(text), code), _frame(tokenizer))
    if len(chunks) > CHUNKS:
        which = "negative prompt" if name == "negative" else name
        said = f"The {which} fills {len(chunks)} chunks of {prompts.ROOM} tokens, the most is {CHUNKS}"
        raise Refusal("recipe.field", f"{said}: shorten it, or use fewer BREAKs.", field=name)
    return chunks


def _frame(tokenizer: "CLIPTokenizer") -> Frame:
    return Frame(tokenizer.bos_token_id, tokenizer.eos_token_id, tokenizer.pad_token_id)


def _encode(encoder: "Encoder", sdxl: bool, end: int, ids: tuple[int, ...]) -> Encoded:
    """One forward pass. A model may ask that its encoder does not look at the padding; SDXL never does."""
    numbers = torch.tensor([ids], device=encoder.device)
    mask = None
    if not sdxl and getattr(encoder.config, "use_attention_mask", False):
        mask = (torch.arange(len(ids), device=encoder.device) <= ids.index(end)).long()[None]
    read = encoder(numbers, attention_mask=mask, output_hidden_states=sdxl)
    if sdxl:
        return Encoded(read.hidden_states[-2], getattr(read, "text_embeds", None))
    return Encoded(read.last_hidden_state, None)


def _sequence(chunks: Sequence[Chunk], blank: Chunk, encode: Encode) -> Tensor:
    """Chunks encoded and weighted, (1, n·77, width)."""
    found = []
    for chunk in chunks:
        z = encode(chunk.ids).hidden
        if any(weight != 1 for weight in chunk.weights):
            z = _weighted(z, encode(blank.ids).hidden, chunk.weights)
        found.append(z)
    return torch.cat(found, dim=1)


def _weighted(z: Tensor, e0: Tensor, weights: Sequence[float]) -> Tensor:
    """e₀ + w·(z − e₀): towards or away from what the encoder says to no words, at the same place of the chunk.

    As ComfyUI weighs (comfy/sd1_clip.py): scaling z itself also scales its large common part, which says nothing, and
    needs its mean restored. Where w is 1, z stays bit for bit.
    """
    w = torch.tensor(weights, dtype=torch.float32, device=z.device)[:, None]
    return torch.lerp(e0.float(), z.float(), w).to(z.dtype)
