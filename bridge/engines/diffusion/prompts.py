"""A prompt as artists write it: weights in brackets, escapes, BREAK; and how it is cut into chunks of 77 tokens. Pure.

The syntax is that of AUTOMATIC1111's web UI (modules/prompt_parser.py): most prompts in circulation are written in it.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from enum import IntEnum
from itertools import pairwise
from typing import NamedTuple

STEP = 1.1
"""`(words)` weigh that much more, `[words]` that much less."""
LEAST, MOST = 0.0, 3.0
"""Range of a weight. At 0 the words say nothing; to turn away from something there is the negative prompt. Far above 2
pictures fall apart."""
LENGTH = 77
"""Tokens that a CLIP text encoder reads at once, its start and its end among them."""
ROOM = LENGTH - 2
"""Tokens of a text in one chunk."""
REACH = 20
"""A chunk that overflows ends at a better place among its last so many tokens."""
COMMAS = frozenset(",，、")
"""Signs behind which a text is best cut."""
SPECIAL = re.compile(
    r"""
      \\(?P<escaped>[()\[\]\\])
    | :\s*(?P<factor>[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+))\s*\)
    | (?P<bracket>[()\[\]])
    | (?P<new>\bBREAK\b)
    """,
    re.VERBOSE,
)


class Phrase(NamedTuple):
    """Words that weigh the same, 0–3; 1 is as the encoder reads them. `new`: they begin a chunk."""

    text: str
    weight: float = 1.0
    new: bool = False


class After(IntEnum):
    """How good the place behind a token is for a chunk to end at."""

    INSIDE = 0
    WORD = 1
    COMMA = 2


class Token(NamedTuple):
    """A token of a text: its number in the vocabulary, the weight of its phrase, and what stands behind it."""

    id: int
    weight: float
    after: After


class Frame(NamedTuple):
    """Numbers of the tokens that a chunk starts with, ends with and is padded with."""

    start: int
    end: int
    pad: int


class Chunk(NamedTuple):
    """What an encoder reads at once: 77 numbers of tokens and their 77 weights, the frame's own 1."""

    ids: tuple[int, ...]
    weights: tuple[float, ...]


Code = Callable[[str], Sequence[tuple[int, int, int]]]
"""`code(text)`: for each token of a text its number and where it begins and ends in the text, in characters."""


def parse(text: str) -> tuple[Phrase, ...]:
    r"""The phrases of a prompt, in order; neighbours of one weight are one phrase. Reads any text, raises nothing.

    `(w)` weighs 1.1, `[w]` 1 / 1.1, `(w:1.3)` 1.3, each times what stands around it; a product is cut to 0–3 and
    rounded to four digits, so that brackets which undo each other leave 1. `\(` `\)` `\[` `\]` `\\` are the signs
    themselves. `BREAK`, upper case and a word of its own, begins a chunk. A bracket that is never closed reaches to the
    end, one that was never opened is text, and so is a colon without a number before the bracket.
    """
    texts, weights, breaks = list[str](), list[float](), set[int]()
    opened = {"(": list[int](), "[": list[int]()}

    def say(words: str) -> None:
        texts.append(words)
        weights.append(1.0)

    def weigh(start: int, factor: float) -> None:
        for i in range(start, len(weights)):
            weights[i] *= factor

    end = 0
    for found in SPECIAL.finditer(text):
        if end < found.start():
            say(text[end : found.start()])
        end = found.end()
        match found.lastgroup, found[0]:
            case "bracket", "(" | "[" as bracket:
                opened[bracket].append(len(texts))
            case "bracket", ")" if opened["("]:
                weigh(opened["("].pop(), STEP)
            case "bracket", "]" if opened["["]:
                weigh(opened["["].pop(), 1 / STEP)
            case "factor", _ if opened["("]:
                weigh(opened["("].pop(), float(found["factor"]))
            case "new", _:
                breaks.add(len(texts))
                say("")
            case _:
                say(found["escaped"] or found[0])
    say(text[end:])
    for bracket, factor in (("(", STEP), ("[", 1 / STEP)):
        for start in opened[bracket]:
            weigh(start, factor)
    said = zip(texts, weights, range(len(texts)), strict=True)
    return _joined(Phrase(words, _tame(weight), i in breaks) for words, weight, i in said)


def lines(phrases: Iterable[Phrase], code: Code) -> list[list[Token]]:
    """The tokens of a prompt; after each BREAK they begin a new line. Of no phrases: one line without tokens."""
    found: list[list[Token]] = [[]]
    for phrase in phrases:
        if phrase.new:
            found.append([])
        found[-1] += _tokens(phrase, code)
    return found


def chunks(lines: Sequence[Sequence[Token]], frame: Frame) -> list[Chunk]:
    """The lines cut into chunks, at least one; each line begins one, and an empty line is one, except the last.

    A line too long for one chunk is cut at the last comma among the 20 tokens before the end, else at the last end of
    a word there, else inside: a word of more than 20 tokens is none.
    """
    kept = lines[:-1] if len(lines) > 1 and not lines[-1] else lines
    return [_framed(part, frame) for line in kept for part in _parts(line)]


def _joined(phrases: Iterable[Phrase]) -> tuple[Phrase, ...]:
    """Phrases without the empty ones, except where a chunk begins; neighbours of one weight become one."""
    found: list[Phrase] = []
    for phrase in phrases:
        if not phrase.text and not phrase.new:
            continue
        last = found[-1] if found and not phrase.new else None
        if last and (last.weight == phrase.weight or not last.text):
            found[-1] = Phrase(last.text + phrase.text, phrase.weight, last.new)
        else:
            found.append(phrase)
    return tuple(found)


def _tame(weight: float) -> float:
    return round(min(MOST, max(LEAST, weight)), 4)  # ∞ · 0 is no number; max, asked in this order, makes it 0


def _tokens(phrase: Phrase, code: Code) -> list[Token]:
    """The tokens of one phrase. It ends a word: brackets inside a word do not keep it together."""
    coded = [*code(phrase.text), (0, len(phrase.text) + 1, 0)]
    return [
        Token(number, phrase.weight, _after(phrase.text, end, following))
        for (number, _, end), (_, following, _) in pairwise(coded)
    ]


def _after(text: str, end: int, following: int) -> After:
    """What stands between a token that ends at `end` and the one that begins at `following`."""
    if following < end:  # both are bytes of one character
        return After.INSIDE
    if text[end - 1 : end] in COMMAS:
        return After.COMMA
    return After.WORD if following > end else After.INSIDE


def _parts(line: Sequence[Token]) -> Iterable[Sequence[Token]]:
    """A line in parts of at most 75 tokens; of an empty line one empty part."""
    while len(line) > ROOM:
        cut = max(range(ROOM - REACH + 1, ROOM + 1), key=lambda at: (line[at - 1].after, at))
        yield line[:cut]
        line = line[cut:]
    yield line


def _framed(part: Sequence[Token], frame: Frame) -> Chunk:
    padding = ROOM - len(part)
    ids = (frame.start, *(token.id for token in part), frame.end, *[frame.pad] * padding)
    weights = (1.0, *(token.weight for token in part), 1.0, *[1.0] * padding)
    return Chunk(ids, weights)
