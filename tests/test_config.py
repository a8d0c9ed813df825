"""Every key of sfumato.toml: its default, its range, and the sentence for what it cannot be."""

from dataclasses import fields
from pathlib import Path

import pytest

from bridge.config import Config, read
from bridge.protocol.errors import Refusal

DEVICES = '"auto", "cpu", "cuda", "cuda:0", "mps", "xpu"'
REFUSED = [
    ("version = 2", "version is 1; it says 2."),
    ("version = true", "version is 1; it says True."),
    ("version = 1.0", "version is 1; it says 1.0."),
    ("port = -1", "port is a number from 0 to 65535; it says -1."),
    ("port = 65536", "port is a number from 0 to 65535; it says 65536."),
    ('port = "4717"', "port is a number from 0 to 65535; it says 4717."),
    ("port = true", "port is a number from 0 to 65535; it says True."),
    ("port = 4717.0", "port is a number from 0 to 65535; it says 4717.0."),
    ('painters = "cpu"', f"painters is a list of {DEVICES}; it says cpu."),
    ("painters = []", f"painters is a list of {DEVICES}; it says []."),
    ('painters = ["cpu", "gpu"]', f"painters is a list of {DEVICES}; it says ['cpu', 'gpu']."),
    ('painters = ["cuda:"]', f"painters is a list of {DEVICES}; it says ['cuda:']."),
    ("painters = [1]", f"painters is a list of {DEVICES}; it says [1]."),
    ('models = "~/models"', "models is a list of folders, as texts; it says ~/models."),
    ("models = [1]", "models is a list of folders, as texts; it says [1]."),
    ('models = [""]', "models is a list of folders, as texts; it says ['']."),
    ("spool = 1000", "spool is a number of bytes from 1048576 on; it says 1000."),
    ('spool = "8 GB"', "spool is a number of bytes from 1048576 on; it says 8 GB."),
    ("spool = 2e9", "spool is a number of bytes from 1048576 on; it says 2000000000.0."),
    ("idle_minutes = 0", "idle_minutes is a number of minutes over 0; it says 0."),
    ("idle_minutes = -1.5", "idle_minutes is a number of minutes over 0; it says -1.5."),
    ("idle_minutes = nan", "idle_minutes is a number of minutes over 0; it says nan."),
    ("idle_minutes = true", "idle_minutes is a number of minutes over 0; it says True."),
    ('idle_minutes = "10"', "idle_minutes is a number of minutes over 0; it says 10."),
    (f'port = "{"x" * 1000}"', f"port is a number from 0 to 65535; it says {'x' * 60}."),
]


def write(folder: Path, text: str) -> Path:
    path = folder / "sfumato.toml"
    path.write_text(text, "utf-8")
    return path


def test_without_a_file_everything_has_its_default(tmp_path: Path) -> None:
    assert read(tmp_path) == Config(1, 4717, ("auto",), (), 8 << 30, 10.0)


def test_an_empty_file_says_nothing(tmp_path: Path) -> None:
    write(tmp_path, "# nothing yet\n")
    assert read(tmp_path) == Config()


def test_every_key_is_taken(tmp_path: Path) -> None:
    lists = 'painters = ["cpu", "cuda:1"]\nmodels = ["~/models", "/art"]'
    write(tmp_path, f"version = 1\nport = 0\n{lists}\nspool = 1048576\nidle_minutes = 0.5\n")
    assert read(tmp_path) == Config(1, 0, ("cpu", "cuda:1"), ("~/models", "/art"), 1 << 20, 0.5)


def test_a_whole_number_of_minutes_is_a_number_and_inf_means_never(tmp_path: Path) -> None:
    write(tmp_path, "idle_minutes = 3")
    assert read(tmp_path).idle_minutes == 3
    write(tmp_path, "idle_minutes = inf")
    assert read(tmp_path).idle_minutes == float("inf")


@pytest.mark.parametrize(("text", "says"), REFUSED, ids=[text[:24] for text, _ in REFUSED])
def test_a_wrong_value_is_named_with_what_it_may_be(tmp_path: Path, text: str, says: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(Refusal) as refused:
        read(tmp_path)
    assert refused.value.code == "recipe.field"
    assert refused.value.text == f"{path}: {says}"


def test_every_key_is_refused_when_it_is_wrong() -> None:
    assert {text.partition(" ")[0] for text, _ in REFUSED} == {one.name for one in fields(Config)}


def test_an_unknown_key_is_named_with_the_known_ones(tmp_path: Path) -> None:
    path = write(tmp_path, "prot = 4717")
    with pytest.raises(Refusal) as refused:
        read(tmp_path)
    known = "idle_minutes, models, painters, port, spool, version"
    assert refused.value.text == f"{path} has an unknown key “prot”; it may have {known}."


def test_a_table_is_an_unknown_key_too(tmp_path: Path) -> None:
    write(tmp_path, "[server]\nport = 4717\n")
    with pytest.raises(Refusal, match="unknown key “server”"):
        read(tmp_path)


@pytest.mark.parametrize("content", [b"port = ", b"port = 1\nport = 2", b"\xff\xfe", b"port 4717"])
def test_a_file_that_is_no_toml_says_what_to_do(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "sfumato.toml"
    path.write_bytes(content)
    with pytest.raises(Refusal) as refused:
        read(tmp_path)
    assert refused.value.code == "recipe.field"
    assert refused.value.text.startswith(f"{path} cannot be read: ")
    assert refused.value.text.endswith(". Mend it, or delete it to get the defaults.")


def test_a_file_that_cannot_be_opened_says_so(tmp_path: Path) -> None:
    (tmp_path / "sfumato.toml").mkdir()
    with pytest.raises(Refusal, match=r"cannot be read: .* Mend it, or delete it to get the defaults"):
        read(tmp_path)


def test_every_key_is_documented() -> None:
    documented = [line.split() for line in (Config.__doc__ or "").splitlines() if line.startswith("    ")]
    explained = {words[0] for words in documented if len(words) > 3}
    assert {one.name for one in fields(Config)} <= explained
