"""The command line, as a person types it: what it paints, and what it says when it cannot."""

import json
import os
import signal
import socket
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bridge import __version__, files
from bridge.cli import main
from bridge.protocol import limits
from tests.painters import painter
from tests.pictures import noise, soft


@pytest.fixture
def run(capsys):
    """`run("fill", …)` -> (exit code, lines of stdout, lines of stderr)."""

    def call(*words: object) -> tuple[int, list[str], list[str]]:
        code = main([str(word) for word in words])
        said = capsys.readouterr()
        return code, said.out.splitlines(), said.err.splitlines()

    return call


@pytest.fixture(scope="module")
def served(tmp_path_factory, run_bridge):
    """The home of a bridge whose painter paints greys."""
    folder = tmp_path_factory.mktemp("served")
    with run_bridge(folder, [painter("plain")]):
        yield folder


@pytest.fixture
def plain(served, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SFUMATO_HOME", str(served))


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    Image.fromarray(soft(120, 160, 3)).save(path)
    return path


@pytest.fixture
def mask(tmp_path: Path) -> Path:
    path = tmp_path / "mask.png"
    values = np.zeros((120, 160), np.uint8)
    values[50:80, 60:100] = 255
    values[50:52, 60:100] = 120
    Image.fromarray(values).save(path)
    return path


def test_a_picture_comes_back_with_nothing_changed_outside(run, plain, photo: Path, mask: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.png"
    code, told, _ = run("fill", photo, "--mask", mask, "--mode", "remove", "--seed", 5, "--out", out)
    assert (code, told) == (0, [str(out)])
    before, after = np.asarray(Image.open(photo)), np.asarray(Image.open(out))
    kept = np.asarray(Image.open(mask)) == 0
    assert np.array_equal(before[kept], after[kept])
    assert (after[60:70, 70:90] == 25).all()


@pytest.mark.parametrize("channels", [3, 4])
def test_sixteen_bit_stay_sixteen_bit(run, plain, mask: Path, tmp_path: Path, channels: int) -> None:
    picture, out = tmp_path / "deep.tif", tmp_path / "out.tif"
    pixels = noise(120, 160, channels, "u16")
    files.write(picture, pixels, files.PictureFile(picture, "TIFF", pixels))
    assert run("fill", picture, "--mask", mask, "--mode", "remove", "--out", out)[0] == 0
    after = files.read(out).original
    kept = np.asarray(Image.open(mask)) == 0
    assert after.dtype == np.uint16
    assert np.array_equal(after[kept], pixels[kept])
    assert not np.array_equal(after[~kept], pixels[~kept])


def test_variations_are_numbered_and_layers_and_ora_written(
    run, plain, photo: Path, mask: Path, tmp_path: Path
) -> None:
    out, layers, ora = tmp_path / "out.png", tmp_path / "layers", tmp_path / "out.ora"
    words = ["--mode", "inpaint", "--count", 2, "--seed", 5, "--out", out, "--layers", layers, "--ora", ora]
    code, told, _ = run("fill", photo, "--mask", mask, *words)
    assert code == 0
    assert [Path(line).name for line in told][:2] == ["out-1.png", "out-2.png"]
    assert len(list(layers.iterdir())) == 4
    assert all(files.read(path).canvas == (0, 0, 160, 120) for path in layers.iterdir())
    assert zipfile.ZipFile(ora).namelist()[0] == "mimetype"


def test_json_prints_the_messages_of_the_wire(run, plain, photo: Path) -> None:
    code, told, _ = run("fill", photo, "--box", "40,40,30,20", "--mode", "remove", "--seed", 9, "--json")
    messages = [json.loads(line) for line in told]
    assert code == 0
    assert [one["t"] for one in messages if one["t"] in ("want", "accepted", "layer", "done")] == [
        *("want", "accepted", "layer", "done")
    ]
    (layer,) = [one for one in messages if one["t"] == "layer"]
    assert (layer["box"], layer["seed"], layer["recipe"]["mode"]) == ([40, 40, 30, 20], 9, "remove")


def test_a_dry_run_says_what_would_be_done(run, plain, photo: Path) -> None:
    code, _, told = run(
        "fill", photo, "--box", "40,40,30,20", "--prompt", "a red roof", "--dry-run", "--model", "classical"
    )
    assert code == 0
    assert "100 % of full resolution" in told[0]
    assert any("prompt" in line for line in told[1:])
    assert sorted(path.name for path in photo.parent.iterdir()) == ["photo.png"]


def test_expand_makes_a_larger_canvas(run, plain, photo: Path, tmp_path: Path) -> None:
    out = tmp_path / "wide.png"
    assert run("fill", photo, "--mode", "outpaint", "--box=-20,0,200,120", "--seed", 3, "--out", out)[0] == 0
    wide = np.asarray(Image.open(out))
    assert wide.shape == (120, 200, 3)
    assert np.array_equal(wide[:, 20:180], np.asarray(Image.open(photo)))
    assert (wide[:, :20] == 23).all()


def test_without_a_target_the_composite_lies_beside_the_picture(run, plain, photo: Path, mask: Path) -> None:
    assert run("fill", photo, "--mask", mask)[1] == [str(photo.with_name("photo-sfumato.png"))]


BAD = {
    "missing": (["fill", "{none}"], "none.png"),
    "truncated": (["fill", "{cut}", "--box", "1,1,9,9"], "cut.png"),
    "no picture": (["fill", "{text}", "--box", "1,1,9,9"], "text.png"),
    "mask of another size": (["fill", "{photo}", "--mask", "{small}"], "160 × 120"),
    "empty mask": (["fill", "{photo}", "--mask", "{black}"], "nothing"),
    "unknown mode": (["fill", "{photo}", "--mode", "paint"], "remove"),
    "strength out of range": (["fill", "{photo}", "--box", "1,1,9,9", "--strength", "3"], "0.05 to 1"),
    "count out of range": (["fill", "{photo}", "--box", "1,1,9,9", "--count", "9"], "1 to 8"),
    "seed out of range": (["fill", "{photo}", "--box", "1,1,9,9", "--seed", "-1"], "4294967295"),
    "blend out of range": (["fill", "{photo}", "--box", "1,1,9,9", "--blend", "300"], "0 to 256"),
    "no number": (["fill", "{photo}", "--seed", "often"], "often"),
    "steps out of range": (["fill", "{photo}", "--box", "1,1,9,9", "--steps", "151"], "1 to 150"),
    "guidance out of range": (["fill", "{photo}", "--box", "1,1,9,9", "--guidance", "31"], "0 to 30"),
    "a LoRA without a number": (["fill", "{photo}", "--lora", "ink-3f2a91bc:much"], "ID:WEIGHT"),
    "a LoRA too strong": (["fill", "{photo}", "--lora", "ink-3f2a91bc:3"], "−2 to 2"),
    "a path as a LoRA": (["fill", "{photo}", "--lora", "../ink.safetensors"], "ids"),
    "no scale": (["fill", "{photo}", "--mode", "detail", "--scale", "3"], "1, 2, 4"),
    "a scale of a part": (["fill", "{photo}", "--box", "1,1,9,9", "--scale", "2"], "whole canvas"),
    "a box without pixels": (["fill", "{photo}", "--box", "1,1,0,9"], "0 × 9"),
    "a box outside": (["fill", "{photo}", "--box", "500,0,9,9"], "160 × 120"),
    "unknown model": (["fill", "{photo}", "--box", "1,1,9,9", "--model", "sdxl"], "sfumato models"),
    "img2img without a model": (["fill", "{photo}", "--box", "9,9,9,9", "--mode", "img2img"], "sfumato models"),
    "nothing selected": (["fill", "{photo}", "--mode", "remove"], "select what to remove"),
    "expand to less": (["fill", "{photo}", "--mode", "expand", "--box", "0,0,100,100"], "100 × 100"),
    "a target that is no format": (["fill", "{photo}", "--box", "1,1,9,9", "--out", "{photo}.xyz"], ".xyz"),
    "no folder for the target": (["fill", "{photo}", "--box", "1,1,9,9", "--out", "{none}/a/b.png"], "folder"),
    "port out of range": (["serve", "--port", "70000"], "65535"),
    "no minutes": (["serve", "--idle-exit", "0"], "minutes"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_a_sentence(name: str, run, plain, photo: Path, tmp_path: Path) -> None:
    words, expected = BAD[name]
    paths = {"photo": photo, "none": tmp_path / "none.png"}
    for stem, content in (("cut", photo.read_bytes()[:900]), ("text", b"this is no picture at all")):
        paths[stem] = tmp_path / f"{stem}.png"
        paths[stem].write_bytes(content)
    for stem, size in (("small", (80, 60)), ("black", (160, 120))):
        paths[stem] = tmp_path / f"{stem}.png"
        Image.new("L", size).save(paths[stem])
    before = sorted(tmp_path.iterdir())
    code, told, said = run(*(word.format(**paths) for word in words))
    assert (code, told) == (2, [])
    assert len(said) <= 2, said
    assert expected.lower() in " ".join(said).lower()
    assert not any("Traceback" in line or "usage:" in line for line in said)
    assert sorted(tmp_path.iterdir()) == before, "something was left half-written"


def test_a_full_disk_leaves_nothing_half_written(run, plain, photo: Path, mask: Path, tmp_path: Path) -> None:
    import errno

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    before = sorted(tmp_path.iterdir())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", full)
        code, _, said = run("fill", photo, "--mask", mask, "--out", tmp_path / "out.png")
    assert code == 2
    assert "full" in said[-1]
    assert sorted(tmp_path.iterdir()) == before


def test_doctor(run, plain) -> None:
    code, told, _ = run("doctor", "--json")
    found = {one["what"]: one for one in json.loads("\n".join(told))}
    assert code == 0
    assert found["bridge"]["says"] == "is running and knows you"
    assert all(one["ok"] for one in found.values())


def test_a_bridge_of_another_version_is_a_sentence(run, plain, photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge.link.PATH", "/v9")
    monkeypatch.setattr("bridge.link.SUBPROTOCOL", "sfumato.v9")
    code, _, said = run("fill", photo, "--box", "1,1,9,9")
    assert code == 2
    assert "sfumato.v1" in said[0] and "sfumato.v9" in said[0] and "Update" in said[0]


# ---- serve, as a process --------------------------------------------------------------------------------------------


def serve(home: Path, *words: str) -> subprocess.Popen[str]:
    argv = [sys.executable, "-m", "bridge.cli", "serve", *words]
    return subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve_ends_cleanly(home: Path, number: signal.Signals) -> None:
    process = serve(home, "--port", "0")
    assert process.stdout is not None
    assert __version__ in process.stdout.readline()
    assert (home / "launch.json").exists()
    process.send_signal(number)
    assert process.wait() == 0
    assert not (home / "bridge.json").exists()
    process.stdout.close()


def test_serve_ends_by_itself_when_nobody_needs_it(home: Path) -> None:
    process = serve(home, "--port", "0", "--idle-exit", "0.005")
    process.communicate()
    assert process.returncode == 0


def test_a_second_bridge_finds_the_first(home: Path, run, run_bridge) -> None:
    with run_bridge(home) as bridge:
        code, told, _ = run("serve", "--port", bridge.port)
    assert (code, told) == (0, [f"A bridge of yours is running already on port {bridge.port}; nothing to do."])


def test_a_port_that_somebody_else_holds(home: Path, run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge.link.OPEN_SECONDS", 0.2)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        code, _, said = run("serve", "--port", port)
    assert code == 2
    assert f"Port {port} is taken by another program" in said[-1]


def test_a_client_starts_the_bridge_it_needs(home: Path, run, photo: Path, mask: Path) -> None:
    from bridge.home import discover

    (home / "sfumato.toml").write_text("port = 0\n")
    out = photo.with_name("out.png")
    assert run("fill", photo, "--mask", mask, "--mode", "remove", "--out", out)[0] == 0
    found = discover(home)
    assert found is not None and out.exists()
    os.kill(found.pid, signal.SIGTERM)


def test_the_bridge_starts_light(home: Path) -> None:
    code = (
        "import asyncio, sys\nfrom pathlib import Path\nfrom bridge.config import Config\n"
        "from bridge.server import Bridge\n"
        f"async def run():\n    async with Bridge(Config(port=0), Path({str(home)!r})): pass\n"
        "asyncio.run(run()); print(*(set(sys.modules) & {'torch', 'numpy', 'scipy', 'PIL', 'diffusers'}))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == ""


def test_limits_of_the_help_agree_with_the_limits(run, capsys) -> None:
    with pytest.raises(SystemExit):
        main(["fill", "--help"])
    assert f"variations, 1 to {limits.COUNT}" in capsys.readouterr().out
