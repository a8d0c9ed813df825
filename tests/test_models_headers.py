"""Safetensors headers: read whole or refused with a sentence, and nothing else of the file is ever looked at."""

import io
import json
import os
import pickle
import struct
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.models import headers
from bridge.protocol.errors import Refusal
from tests import releases

ONE = {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}


def made(path, said, weights=24, length=None):
    """A file whose header is `said` (a value, or the bytes themselves), with so many bytes of weights."""
    text = said if isinstance(said, bytes) else json.dumps(said).encode()
    path.write_bytes(struct.pack("<Q", len(text) if length is None else length) + text + bytes(weights))
    return path


def refused(path, code="model.invalid"):
    """The sentence with which a file is refused."""
    with pytest.raises(Refusal) as why:
        headers.read(path)
    assert why.value.code == code
    assert why.value.text.endswith(".")
    return why.value.text


def test_a_header_says_what_the_file_holds(tmp_path):
    said = {"__metadata__": {"title": "x"}, "a": ONE, "b": {"dtype": "BF16", "shape": [], "data_offsets": [24, 26]}}
    path = made(tmp_path / "x.safetensors", said, 26)
    found = headers.read(path)
    assert found.tensors == {"a": ("F32", (2, 3), 0, 24), "b": ("BF16", (), 24, 26)}
    assert (found.metadata, found.size, found.parameters) == ({"title": "x"}, path.stat().st_size, 7)
    assert found.size - found.start == 26


def test_tensors_may_be_empty_packed_and_in_any_order(tmp_path):
    said = {
        "late": {"dtype": "F4", "shape": [3, 2], "data_offsets": [24, 27]},
        "none": {"dtype": "I64", "shape": [0, 5], "data_offsets": [24, 24]},
        "early": ONE,
    }
    assert headers.read(made(tmp_path / "x.safetensors", said, 27)).parameters == 12


def test_the_header_of_seven_gigabytes_is_read(tmp_path):
    found = headers.read(releases.write(tmp_path / "sdxl.safetensors", releases.tensors("sdxl")))
    assert len(found.tensors) == 2515
    assert found.parameters == 3_468_837_945
    assert found.size > 6_900_000_000


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"a": ONE | {"dtype": "F33"}}, "an entry “a” that describes no tensor"),
        ({"a": ONE | {"shape": [2, -3]}}, "describes no tensor"),
        ({"a": ONE | {"shape": [2.0, 3]}}, "describes no tensor"),
        ({"a": ONE | {"shape": [True, 6]}}, "describes no tensor"),
        ({"a": ONE | {"shape": [1] * 9}}, "describes no tensor"),
        ({"a": ONE | {"shape": [1 << 62, 1 << 62]}}, "describes no tensor"),
        ({"a": ONE | {"shape": "23"}}, "describes no tensor"),
        ({"a": ONE | {"data_offsets": [0]}}, "describes no tensor"),
        ({"a": ONE | {"data_offsets": [24, 0]}}, "describes no tensor"),
        ({"a": ONE | {"more": 1}}, "describes no tensor"),
        ({"a": {"dtype": "F32"}}, "describes no tensor"),
        ({"a": 7}, "describes no tensor"),
        ({"a": ONE | {"shape": [2, 4]}}, "“a” has 24 bytes; [2, 4] of F32 has 32"),
        ({"a": ONE | {"data_offsets": [4, 28]}}, "“a” starts at byte 4; it must at 0"),
        ({"a": ONE, "b": ONE}, "“b” starts at byte 0; it must at 24"),
        ({"a": ONE, "b": ONE | {"data_offsets": [12, 36]}}, "“b” starts at byte 12; it must at 24"),
        ({"a": ONE, "__metadata__": {"x": 1}}, "metadata that are not texts"),
        ({"a": ONE, "__metadata__": []}, "metadata that are not texts"),
        ({}, "holds no weights"),
        (b'{"a": NaN}', "NaN is no number"),
        (b'{"a": 1, "a": 2}', "a name stands in it twice"),
        (b'{"a": {"dtype": "F32", "dtype": "F32", "shape": [6], "data_offsets": [0, 24]}}', "twice"),
        (b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deep"),
        (b'{"a": [' + b"[]," * 600_000 + b"1]}", "more than 1000000 parts"),
        (b'{"a": "\xff"}', "cannot be read"),
        (b'{"a": ', "cannot be read"),
        (b'{"a": ' + b"9" * 5000 + b"}", "cannot be read"),
    ],
)
def test_a_header_that_lies_is_refused_with_what_is_wrong(tmp_path, said, words):
    assert words in refused(made(tmp_path / "x.safetensors", said))


@pytest.mark.parametrize("length", [1 << 63, (1 << 64) - 1, headers.HEADER + 1])
def test_a_header_bomb_is_not_read(tmp_path, length):
    assert f"a header of {length} bytes; at most" in refused(
        made(tmp_path / "x.safetensors", {"a": ONE}, length=length)
    )


def test_a_cut_file_says_both_numbers(tmp_path):
    path = made(tmp_path / "half.safetensors", {"a": ONE})
    whole = path.stat().st_size
    os.truncate(path, whole - 5)
    assert refused(path) == f"half.safetensors is cut short: it has {whole - 5} of {whole} bytes. Download it again."
    os.truncate(path, 30)
    assert "is cut short: its header alone has" in refused(path)


def test_a_file_that_goes_on_is_refused(tmp_path):
    path = made(tmp_path / "x.safetensors", {"a": ONE}, weights=30)
    assert f"has {path.stat().st_size} bytes where its header speaks of {path.stat().st_size - 6}" in refused(path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<!DOCTYPE html><html>Please log in</html>", "a web page"),
        (b"GGUF\x03\0\0\0" + bytes(40), "a GGUF file"),
        (b"version https://git-lfs.github.com/spec/v1\noid", "a Git LFS pointer"),
        (b"", "something else"),
        (b"\0" * 8, "something else"),
        (b"\0" * 100, "something else"),
        (b"\x02\0\0\0\0\0\0\0[]", "something else"),
    ],
)
def test_a_mislabelled_file_says_what_it_is(tmp_path, content, words):
    path = tmp_path / "x.safetensors"
    path.write_bytes(content)
    assert f"is called safetensors but holds {words}" in refused(path)


class Evil:
    """A pickle that leaves a mark where it is loaded."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return os.mkdir, (str(self.mark),)


def test_the_evil_pickle_works(tmp_path):
    pickle.loads(pickle.dumps(Evil(tmp_path / "mark")))
    assert (tmp_path / "mark").exists()


@pytest.mark.parametrize("protocol", range(2, 6))
@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("end", [".safetensors", ".ckpt", ".pt", ".PTH", ".bin"])
def test_a_pickle_is_named_and_never_opened(tmp_path, protocol, zipped, end):
    content = pickle.dumps(Evil(tmp_path / "mark"), protocol)
    if zipped:
        whole = io.BytesIO()
        with zipfile.ZipFile(whole, "w") as file:
            file.writestr("archive/data.pkl", content)
        content = whole.getvalue()
    path = tmp_path / f"model{end}"
    path.write_bytes(content)
    assert "pickled file" in refused(path, "model.unsafe")
    assert not (tmp_path / "mark").exists()


def test_a_sentence_repeats_no_strangers_text_at_length(tmp_path):
    said = {"a\n\x1b[2J" + "x" * 5000: 7}
    text = refused(made(tmp_path / "x.safetensors", said))
    assert len(text) < 200
    assert text.isprintable()


def test_a_file_that_went_away_is_said(tmp_path):
    assert "cannot be read" in refused(tmp_path / "gone.safetensors")
    (tmp_path / "folder.safetensors").mkdir()
    assert "cannot be read" in refused(tmp_path / "folder.safetensors")


@settings(max_examples=300, deadline=None)
@given(content=st.binary(max_size=200) | st.binary(max_size=60).map(lambda b: len(b).to_bytes(8, "little") + b))
def test_whatever_a_file_holds_the_answer_is_a_refusal(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "any.safetensors"
    path.write_bytes(content)
    with pytest.raises(Refusal):
        headers.read(path)


values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 1 << 70) | st.floats() | st.text(max_size=5) | st.just("F32"),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["dtype", "shape", "data_offsets", "__metadata__", "a"]), inner)
    ),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(said=values)
def test_whatever_a_header_says_the_answer_is_a_header_or_a_refusal(tmp_path_factory, said):
    path = made(tmp_path_factory.getbasetemp() / "said.safetensors", said)
    try:
        found = headers.read(path)
    except Refusal:
        return
    assert all(tensor.end <= found.size - found.start for tensor in found.tensors.values())


def test_a_fingerprint_is_the_contents_not_the_names(tmp_path):
    one = made(tmp_path / "one.safetensors", {"a": ONE})
    two = made(tmp_path / "two.safetensors", {"a": ONE})
    assert headers.fingerprint([one]) == headers.fingerprint([two])
    assert len(headers.fingerprint([one])) == 32
    two.write_bytes(two.read_bytes()[:-1] + b"\x01")
    assert headers.fingerprint([one]) != headers.fingerprint([two])
    made(two, {"b": ONE})
    assert headers.fingerprint([one]) != headers.fingerprint([two])


def test_a_fingerprint_sees_other_training_anywhere_in_a_large_file(tmp_path):
    size = 64 << 20
    said = {"a": {"dtype": "U8", "shape": [size], "data_offsets": [0, size]}}
    path = made(tmp_path / "x.safetensors", said, 0)
    start = path.stat().st_size
    os.truncate(path, start + size)
    before = headers.fingerprint([path])
    for share in (0, 13, 40, 63):
        with path.open("r+b") as file:
            file.seek(start + size * share // 64)
            file.write(b"\x01" * 64)
        assert before != (before := headers.fingerprint([path]))
