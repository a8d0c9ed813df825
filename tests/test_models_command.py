"""`sfumato models`: what an artist reads of the models that lie there, and one more folder in the configuration."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bridge.cli import main
from bridge.config import Config, read
from bridge.families import FAMILIES
from bridge.models_command import device, kind, lines, look, plain, summary
from bridge.protocol.limits import GIB
from bridge.repertoire import installed
from tests import releases
from tests.test_models_catalogue import KOHYA

needs_torch = pytest.mark.skipif(not installed(), reason="the diffusion engine is not installed: sfumato[diffusion]")

SD15, XL = releases.tensors("sd15"), releases.tensors("sdxl")


@pytest.fixture
def run(home: Path, capsys):
    """`run("models", …)` -> (exit code, lines of stdout, lines of stderr)."""

    def call(*words: object) -> tuple[int, list[str], list[str]]:
        code = main([str(word) for word in words])
        said = capsys.readouterr()
        return code, said.out.splitlines(), said.err.splitlines()

    return call


@pytest.fixture
def shelf(home: Path) -> Path:
    """A folder, in the bridge's own, with two models, a LoRA and something that cannot be used."""
    folder = home / "models"
    told = {"modelspec.license": "CreativeML Open RAIL-M"}
    releases.write(folder / "Old Master.safetensors", releases.changed(SD15, first=9), told)
    releases.write(folder / "wide_lightning_8step.safetensors", XL)
    releases.write(folder / "soft-ink.safetensors", KOHYA)
    (folder / "pickled.ckpt").write_bytes(b"\x80\x02.")
    return folder


def test_nothing_found_says_what_to_do(run, home: Path) -> None:
    code, told, _ = run("models")
    assert code == 0
    assert f"put a Stable Diffusion model (.safetensors) into {home / 'models'}" in told[-1]
    assert "sfumato models add FOLDER" in told[-1]
    code, told, said = run("models", "list", "--json")
    assert code == 2 and "--json" in said[0]
    code, told, said = run("models", "--json")
    there = json.loads("".join(told))
    assert ([one["id"] for one in there["models"]], there["loras"], there["folders"]) == (["sample"], [], [])
    assert said[0].startswith("There is no model of yours to paint with")


def test_the_sample_model_is_listed_as_what_it_is(home: Path, shelf: Path) -> None:
    told = list(lines(look(home)))
    (row,) = [line for line in told[: told.index("")] if line.startswith("Sample")]
    assert row.split()[1:] == ["sample", "ten", "words", "5", "MB", "apache-2.0", "unknown"]
    assert FAMILIES["sample"].says in told and "not Stable Diffusion" in FAMILIES["sample"].says
    (words,) = [line for line in told if line.startswith("Its words: ")]
    assert all(word in words for word in FAMILIES["sample"].words)
    assert "where it is named" in words
    found = look(home)
    alone = list(lines(found._replace(models=tuple(one for one in found.models if one.id == "sample"))))
    assert any("taken for a prompt while there is no other" in line for line in alone)


def test_the_list_says_what_each_one_is(home: Path, shelf: Path) -> None:
    found = look(home)
    told = list(lines(found))
    table = told[: told.index("")]
    ids = {model.name: model.id for model in found.usable}
    for title, id, what, size in (
        ("Old Master", ids["Old Master"], "SD 1.5, inpainting", "4.3 GB"),
        ("wide_lightning_8step", ids["wide_lightning_8step"], "SDXL, 8 steps", "6.9 GB"),
    ):
        (row,) = [line for line in table if line.startswith(title)]
        assert [row.index(part) for part in (id, what, size)] == [
            table[0].index(head) for head in ("ID", "KIND", "SIZE")
        ]
        assert row.endswith("unknown")
    assert any("CreativeML Open RAIL-M" in line for line in table) and any("not said" in line for line in table)
    assert "Modes of each: fill, remove, expand, detail." in told
    assert any("fill takes Old Master" in line for line in told)
    assert "pickled" in told[told.index("Cannot be used:") + 1]
    (lora,) = [line for line in told if line.startswith("soft-ink")]
    assert "SD 1.5" in lora and found.loras[0].id in lora
    assert told[-2:] == ["Looked through:", f"  {shelf}"]


def test_what_fits_is_said_where_the_device_is_known(home: Path, shelf: Path) -> None:
    found = look(home)._replace(device={"name": "Some GPU", "memory": 5 * GIB, "free": GIB})
    told = list(lines(found))
    assert [line.rpartition("  ")[2] for line in told[1:4]] == ["fits", "fits", "too large"]
    assert "The device is Some GPU with 5.0 GB of memory." in told
    assert [model["fits"] for model in plain(found)["models"] if not model["problem"]] == [True, True, False]


def test_programs_read_the_same(home: Path, shelf: Path) -> None:
    told = json.loads(json.dumps(plain(look(home))))
    (model,) = [one for one in told["models"] if one["name"] == "Old Master"]
    assert model["path"] == str(shelf / "Old Master.safetensors")
    assert model["kind"] == kind(next(one for one in look(home).models if one.id == model["id"]))
    assert model["modes"] == ["fill", "remove", "expand", "detail"] and model["fits"] is None
    assert [one["modes"] for one in told["models"] if one["problem"]] == [[]]
    assert told["folders"] == [str(shelf)]


def test_names_do_not_move_the_cursor_and_wide_letters_keep_the_columns(home: Path) -> None:
    for name in ("水墨", "red\x1b[31m"):
        releases.write(
            home / "models" / f"{name}.safetensors", releases.changed(SD15, first=9 if name == "水墨" else 4)
        )
    (home / "models" / "no\x1b[2J.ckpt").write_bytes(b"\x80\x02.")
    told = list(lines(look(home)))
    assert all(line.isprintable() for line in told)
    head, *rows = told[: told.index("")]
    (wide,) = [row for row in rows if row.startswith("水墨")]
    assert wide.index("SD 1.5") == head.index("KIND") - 2


@needs_torch
def test_the_device_is_asked_of_another_process(run, home: Path, shelf: Path) -> None:
    (home / "sfumato.toml").write_text('painters = ["cpu"]\n')
    code, told, said = run("models")
    assert (code, said) == (0, [])
    assert any(line.startswith("The device is CPU with ") for line in told)
    assert "unknown" not in "".join(told)
    assert device(Config(painters=("cuda:99",))) is None
    code = "import sys, bridge.models_command; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_summary_counts(home: Path, shelf: Path) -> None:
    assert summary(home).startswith("2 models and 1 LoRA; 1 cannot be used")


def test_without_the_engine_the_list_says_how_to_get_it(home: Path, shelf: Path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)  # as if it were not installed
    command = "python -m pip install 'sfumato[diffusion]'"
    assert any(command in line for line in lines(look(home)))
    assert command in summary(home)


# ---- one more folder ------------------------------------------------------------------------------------------------


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A folder of the artist's own, with one model."""
    folder = tmp_path / "My “models”"
    releases.write(folder / "Old Master.safetensors", SD15)
    return folder


def test_a_folder_is_added_and_looked_through(run, home: Path, mine: Path) -> None:
    code, told, _ = run("models", "add", mine)
    assert (code, told) == (0, [f"{mine} was added: 1 model and no LoRAs."])
    assert read(home) == Config(models=(str(mine),))
    assert [model.name for model in look(home).own] == ["Old Master"]
    code, told, _ = run("models", "add", mine / "Old Master.safetensors")
    assert (code, told) == (0, [f"{mine} is looked through already: 1 model and no LoRAs."])
    assert read(home).models == (str(mine),)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_what_the_artist_wrote_stays(run, home: Path, mine: Path, tmp_path: Path, end: str) -> None:
    lines = ["# mine", "port = 0    # any", "models = [", '    "~/art",  # the old ones', "]", "idle_minutes = 3", ""]
    real = tmp_path / "dotfiles.toml"
    real.write_bytes(end.join(lines).encode())
    real.chmod(0o600)
    (home / "sfumato.toml").symlink_to(real)
    assert run("models", "add", mine)[0] == 0
    after = real.read_bytes().decode()
    assert all(line in after for line in lines)
    assert read(home) == Config(port=0, models=("~/art", str(mine)), idle_minutes=3)
    assert (home / "sfumato.toml").is_symlink() and real.stat().st_mode & 0o777 == 0o600
    assert after.count("\r\n") == (after.count("\n") if end == "\r\n" else 0)


def test_a_folder_that_is_not_there_or_a_configuration_that_is_broken(run, home: Path, tmp_path: Path, mine) -> None:
    code, _, said = run("models", "add", tmp_path / "nowhere")
    assert code == 2 and "nowhere" in said[0]
    (home / "sfumato.toml").write_text("port = = 1\n")
    code, _, said = run("models", "add", mine)
    assert code == 2 and "sfumato.toml" in said[0]
    assert (home / "sfumato.toml").read_text() == "port = = 1\n"
    assert sorted(path.name for path in home.iterdir()) == ["sfumato.toml"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has names of files that are no text")
def test_a_name_that_is_no_text_is_a_sentence(run, home: Path, tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"\xff\x1b[31m")
    folder.mkdir()
    code, _, said = run("models", "add", folder)
    assert code == 2 and "Rename the folder" in said[0] and said[0].isprintable()
    assert not (home / "sfumato.toml").exists()


def test_a_running_bridge_is_told_of(run, bridge, mine: Path) -> None:
    _, told, _ = run("models", "add", mine)
    assert "when it is started the next time" in told[1]
