"""The tokenizer of every Stable Diffusion model, built from CLIP's vocabulary: single files hold none."""

import gzip
from functools import cache
from pathlib import Path
from typing import Any

from tokenizers.pre_tokenizers import ByteLevel
from transformers import CLIPTokenizer

MERGES = Path(__file__).with_name("clip_vocabulary.gz")
"""48,894 pairs of word pieces, one a line, the most frequent first."""
LENGTH = 77
"""Tokens of one text, its start and end among them."""


@cache
def tokenizer(pad: str = "<|endoftext|>") -> CLIPTokenizer:
    """The tokenizer, equal to that of openai/clip-vit-large-patch14: 49,408 tokens, texts of 77.

    `pad` fills a text up: its end token, or "!" (id 0) for the second encoder of SDXL.
    """
    words, pairs = vocabulary()
    merges: Any = list(pairs)  # typed as text, which would be split again
    return CLIPTokenizer(vocab=words, merges=merges, pad_token=pad, model_max_length=LENGTH)


@cache
def vocabulary() -> tuple[dict[str, int], tuple[tuple[str, str], ...]]:
    """Ids by piece: 256 bytes, the same at the end of a word, one for each merge, start and end."""
    lines = gzip.decompress(MERGES.read_bytes()).decode("utf-8").splitlines()
    merges = tuple((left, right) for left, right in (line.split() for line in lines))
    letters = sorted(ByteLevel.alphabet())
    pieces = [*letters, *(f"{letter}</w>" for letter in letters), *(left + right for left, right in merges)]
    return {piece: i for i, piece in enumerate([*pieces, "<|startoftext|>", "<|endoftext|>"])}, merges
