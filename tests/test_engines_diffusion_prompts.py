"""Prompts as artists write them: phrases with weights, cut into chunks."""

import re
import subprocess
import sys
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.engines.diffusion import prompts
from bridge.engines.diffusion.prompts import After, Frame, Phrase, Token

FRAME = Frame(1000, 1001, 1002)
loaded_texts = st.lists(st.sampled_from([*"()[]\\:.,12 \nabé画", "BREAK", " BREAK ", ":1.2)"])).map("".join)
plain_texts = st.text(st.characters(exclude_characters="()[]\\"), min_size=1).filter(lambda text: "BREAK" not in text)


def said(text):
    """Phrases as (text, weight)."""
    return [(phrase.text, phrase.weight) for phrase in prompts.parse(text)]


def letters(text):
    """A code whose tokens are the characters that are not blank."""
    return [(ord(sign), at, at + 1) for at, sign in enumerate(text) if not sign.isspace()]


def words(text):
    """A code whose tokens are whole words and commas, numbered by their length."""
    return [(len(found[0]), *found.span()) for found in re.finditer(r",|[^\s,]+", text)]


def chunked(text, code):
    """The words of each chunk, as numbers of tokens, without frame and padding."""
    found = prompts.chunks(prompts.lines(prompts.parse(text), code), FRAME)
    return [list(chunk.ids[1 : chunk.ids.index(FRAME.end)]) for chunk in found]


def test_parsing_needs_no_torch():
    code = "import sys, bridge.engines.diffusion.prompts; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


# parse


@pytest.mark.parametrize(
    ("text", "phrases"),
    [
        ("", []),
        ("a cat", [("a cat", 1)]),
        ("a (red) cat", [("a ", 1), ("red", 1.1), (" cat", 1)]),
        ("((red))", [("red", 1.21)]),
        ("(((red)))", [("red", 1.331)]),
        ("[red]", [("red", 0.9091)]),
        ("[[red]]", [("red", 0.8264)]),
        ("(red:1.3)", [("red", 1.3)]),
        ("((red:1.3))", [("red", 1.43)]),
        ("((red) cat:0.5)", [("red", 0.55), (" cat", 0.5)]),
        ("[red:1.3]", [("red:1.3", 0.9091)]),
        ("([red])", [("red", 1)]),
        ("[(red:2)]", [("red", 1.8182)]),
        ("(photo : 1.2 )", [("photo ", 1.2)]),
        ("(photo:\n1.2)", [("photo", 1.2)]),
        ("(photo:.5)", [("photo", 0.5)]),
        ("(photo:+2.)", [("photo", 2)]),
        ("(a:b)", [("a:b", 1.1)]),
        ("(a:1.2.3)", [("a:1.2.3", 1.1)]),
        ("(a:.)", [("a:.", 1.1)]),
        ("(at 10:30, noon)", [("at 10:30, noon", 1.1)]),
        ("16:9", [("16:9", 1)]),
        ("first line\nsecond (line)", [("first line\nsecond ", 1), ("line", 1.1)]),
        ("(two\nlines:1.2)", [("two\nlines", 1.2)]),
        ("(a)(b)", [("ab", 1.1)]),
        ("()", []),
        ("(:1.2)", []),
    ],
)
def test_brackets_weigh(text, phrases):
    assert said(text) == phrases


@pytest.mark.parametrize(
    ("text", "phrases"),
    [
        ("(red cat", [("red cat", 1.1)]),
        ("a [red (cat", [("a ", 1), ("red ", 0.9091), ("cat", 1)]),
        ("red) cat", [("red) cat", 1)]),
        ("red] cat", [("red] cat", 1)]),
        ("red:1.2) cat", [("red:1.2) cat", 1)]),
        ("(a [b) c]", [("a ", 1.1), ("b", 1), (" c", 0.9091)]),
        (":)", [(":)", 1)]),
    ],
)
def test_brackets_without_a_partner_are_closed_at_the_end_or_are_text(text, phrases):
    assert said(text) == phrases


@pytest.mark.parametrize(
    ("text", "phrases"),
    [
        (r"\(red\)", [("(red)", 1)]),
        (r"\[red\] \\", [("[red] \\", 1)]),
        (r"(cat \(animal\):1.2)", [("cat (animal)", 1.2)]),
        (r"(red:1.2\)", [("red:1.2)", 1.1)]),
        (r"C:\art", [("C:\\art", 1)]),
        ("red\\", [("red\\", 1)]),
    ],
)
def test_escaped_brackets_are_text(text, phrases):
    assert said(text) == phrases


@pytest.mark.parametrize(
    ("text", "weight"),
    [("(a:7)", 3), ("(a:-2)", 0), ("(a:0)", 0), ("((a:2):2)", 3), ("((a:6):0.25)", 1.5), (f"((a:{'9' * 400}):0)", 0)],
)
def test_weights_stay_from_0_to_3(text, weight):
    assert said(text) == [("a", weight)]
    assert said("(" * 3000 + "a") == [("a", 3)]
    assert said("[" * 3000 + "a") == [("a", 0)]


def test_break_begins_a_chunk():
    assert prompts.parse("a BREAK b") == (Phrase("a "), Phrase(" b", 1, new=True))
    assert prompts.parse("(a BREAK b:1.2) c") == (Phrase("a ", 1.2), Phrase(" b", 1.2, new=True), Phrase(" c"))
    assert prompts.parse("a BREAK (b)")[1:] == (Phrase(" ", 1, new=True), Phrase("b", 1.1))
    assert prompts.parse("a, BREAK, b")[1] == Phrase(", b", 1, new=True)
    assert prompts.parse("a BREAK(b)")[1] == Phrase("b", 1.1, new=True)


@pytest.mark.parametrize("text", ["a break b", "a Break b", "DAYBREAK", "BREAKFAST", "a BREAK_b"])
def test_only_the_word_in_capitals_breaks(text):
    assert prompts.parse(text) == (Phrase(text),)


@settings(max_examples=300, deadline=None)
@given(loaded_texts)
def test_any_text_is_read(text):
    phrases = prompts.parse(text)
    assert all(prompts.LEAST <= phrase.weight <= prompts.MOST for phrase in phrases)
    assert all(phrase.text or phrase.new for phrase in phrases)
    for one, other in pairwise(phrases):
        assert other.new or one.weight != other.weight


@given(plain_texts)
def test_plain_text_is_one_phrase_of_weight_1(text):
    assert prompts.parse(text) == (Phrase(text),)


@given(st.text(st.one_of(st.characters(), st.sampled_from("()[]\\:")), min_size=1).filter(lambda t: "BREAK" not in t))
def test_any_text_can_be_written_with_escapes(text):
    assert prompts.parse(re.sub(r"([()\[\]\\])", r"\\\1", text)) == (Phrase(text),)


# lines


def test_tokens_know_what_stands_behind_them():
    (line,) = prompts.lines([Phrase("ab, c"), Phrase("d", 1.5)], letters)
    inside, word, comma = After
    assert [token.after for token in line] == [inside, inside, comma, word, word]
    assert [token.weight for token in line] == [1, 1, 1, 1, 1.5]


def test_the_bytes_of_one_character_stay_together():
    def code(text):
        return [(at, 0, 1) for at in range(3)] + [(9, 1, 2)]

    (line,) = prompts.lines([Phrase("、a")], code)
    assert [token.after for token in line] == [After.INSIDE, After.INSIDE, After.COMMA, After.WORD]


# chunks


def test_a_chunk_is_framed_and_padded_to_77():
    (chunk,) = prompts.chunks([[Token(5, 1.2, After.WORD), Token(6, 0.5, After.WORD)]], FRAME)
    assert chunk.ids == (1000, 5, 6, 1001, *[1002] * 73)
    assert chunk.weights == (1, 1.2, 0.5, *[1] * 74)


def test_no_text_is_one_empty_chunk():
    assert chunked("", words) == [[]]
    assert chunked(" \n", words) == [[]]


@pytest.mark.parametrize(("count", "sizes"), [(74, [74]), (75, [75]), (76, [75, 1]), (151, [75, 75, 1])])
def test_a_text_takes_as_few_chunks_as_it_can(count, sizes):
    assert [len(chunk) for chunk in chunked("ab " * count, words)] == sizes


@pytest.mark.parametrize(("before", "cut"), [(54, 75), (55, 56), (60, 61), (73, 74), (74, 75), (75, 75)])
def test_a_comma_among_the_last_20_tokens_ends_a_chunk(before, cut):
    first, *_ = chunked("ab " * before + ", " + "abc " * 60, words)
    assert len(first) == cut


def test_of_several_commas_the_last_one_ends_a_chunk():
    first, second = chunked("ab, " * 30 + "abc " * 14 + "abcd " * 10, words)
    assert len(first) == 60
    assert second == [3] * 14 + [4] * 10
    first, second = chunked("ab, " * 40, words)
    assert first[-2:] == [2, 1]
    assert len(first) == 74


def test_a_word_moves_whole_into_the_next_chunk():
    assert [len(chunk) for chunk in chunked("abc " * 24 + "abcdefgh", letters)] == [72, 8]
    assert [len(chunk) for chunk in chunked("abc " * 24 + "(abcdefgh)", letters)] == [72, 8]


def test_what_has_no_end_of_a_word_is_cut_where_the_chunk_is_full():
    assert [len(chunk) for chunk in chunked("abc " * 18 + "a" * 40, letters)] == [75, 19]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a BREAK bb", [[1], [2]]),
        ("a bb BREAK", [[1, 2]]),
        ("BREAK a", [[], [1]]),
        ("a BREAK BREAK bb", [[1], [], [2]]),
        ("BREAK", [[]]),
        ("a BREAK (bb) ccc", [[1], [2, 3]]),
    ],
)
def test_breaks_end_chunks(text, expected):
    assert chunked(text, words) == expected


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.builds(Token, st.integers(0, 99), st.just(1.5), st.sampled_from(After)), max_size=200)))
def test_no_token_is_lost_and_none_added(lines):
    found = prompts.chunks(lines or [[]], FRAME)
    assert found
    assert all(len(chunk.ids) == len(chunk.weights) == 77 for chunk in found)
    said = [number for chunk in found for number in chunk.ids if number < 1000]
    assert said == [token.id for line in lines for token in line]
    assert sum(weight == 1.5 for chunk in found for weight in chunk.weights) == len(said)
