"""Trees: the folders of other programs, looked through once, whatever their links do."""

import os
from pathlib import Path

import pytest

from bridge.models import trees


def touch(path, content=b"x"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def looked(tree, home=Path("/nonexistent")):
    """(path below the tree, name, kind) of what is found."""
    return [(str(one.path.relative_to(tree)), one.name, one.kind) for one in trees.look(tree, home)]


def test_any_folder_is_looked_through(tmp_path):
    for name in ("b.safetensors", "deep/er/c.SafeTensors", "deep/a.ckpt", "x.txt", "y.bin", ".hidden/z.safetensors"):
        touch(tmp_path / name)
    assert looked(tmp_path) == [
        ("b.safetensors", "b", "any"),
        ("deep/a.ckpt", "a", "any"),
        ("deep/er/c.SafeTensors", "c", "any"),
    ]


def test_a_diffusers_folder_is_one_thing(tmp_path):
    touch(tmp_path / "models/alien/model_index.json")
    touch(tmp_path / "models/alien/unet/diffusion_pytorch_model.safetensors")
    assert looked(tmp_path / "models") == [("alien", "alien", "any")]
    assert looked(tmp_path / "models/alien") == [(".", "alien", "any")]


@pytest.mark.parametrize("root", ["", "models"])
def test_comfyui(tmp_path, root):
    for name in "checkpoints/sd/a loras/b diffusion_models/c unet/d vae/e controlnet/f".split():
        touch(tmp_path / f"models/{name}.safetensors")
    touch(tmp_path / "models/checkpoints/old.pt")
    found = {(name, kind) for _, name, kind in looked(tmp_path / root)}
    assert found == {("a", "model"), ("b", "lora"), ("c", "model"), ("d", "model"), ("old", "model")}


def test_a1111_and_forge(tmp_path):
    for name in "Stable-diffusion/a Lora/style/b LyCORIS/c VAE/d ESRGAN/e".split():
        touch(tmp_path / f"models/{name}.safetensors")
    found = {(name, kind) for _, name, kind in looked(tmp_path)}
    assert found == {("a", "model"), ("b", "lora"), ("c", "lora")}


EXTRA = """
# as people write it
comfyui:
    base_path: {base}
    checkpoints: models/checkpoints/
    loras: |
        first loras
        {absolute}
    vae: models/vae/
home:
    base_path: ~/weights
    checkpoints: big
odd: 7
"""


def test_the_folders_that_comfyui_is_told_of(tmp_path):
    pytest.importorskip("yaml")
    comfy, home = tmp_path / "ComfyUI", tmp_path / "home"
    for path in (
        tmp_path / "shared/models/checkpoints/a",
        tmp_path / "shared/first loras/b",
        tmp_path / "absolute/c",
        home / "weights/big/d",
        comfy / "models/checkpoints/e",
        tmp_path / "shared/models/vae/f",
    ):
        touch(path.with_suffix(".safetensors"))
    text = EXTRA.format(base="../shared", absolute=tmp_path / "absolute")
    touch(comfy / "extra_model_paths.yaml", text.encode())
    found = {(one.name, one.kind) for one in trees.look(comfy, home)}
    assert found == {("a", "model"), ("b", "lora"), ("c", "lora"), ("d", "model"), ("e", "model")}


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b"a: [",
        b"!!python/object/apply:os.mkdir [%b]",
        b"a: &x [*x]",
        b"\xff\xfe",
        b"x: {base_path: [1], loras: {}}",
    ],
)
def test_a_damaged_list_of_folders_costs_only_itself(tmp_path, text):
    touch(tmp_path / "models/checkpoints/a.safetensors")
    touch(tmp_path / "extra_model_paths.yaml", text.replace(b"%b", str(tmp_path / "mark").encode()))
    assert [name for _, name, _ in looked(tmp_path)] == ["a"]
    assert not (tmp_path / "mark").exists()


def test_the_hugging_face_cache_by_the_revision_of_main(tmp_path):
    repo = tmp_path / "models--org--alien-xl"
    for revision in ("old", "new"):
        touch(repo / f"snapshots/{revision}/model_index.json")
    touch(repo / "refs/main", b"old\n")
    touch(tmp_path / "models--org--single/snapshots/1/lightning.safetensors")
    touch(tmp_path / "models--org--empty/refs/main", b"../../etc")
    touch(tmp_path / "datasets--org--x/blobs/1")
    assert looked(tmp_path) == [
        ("models--org--alien-xl/snapshots/old", "alien-xl", "any"),
        ("models--org--single/snapshots/1/lightning.safetensors", "lightning", "any"),
    ]


def test_links_in_circles_and_to_nothing_end(tmp_path):
    touch(tmp_path / "tree/a/one.safetensors")
    (tmp_path / "tree/a/up").symlink_to(tmp_path / "tree")
    (tmp_path / "tree/b").symlink_to(tmp_path / "tree/a")
    (tmp_path / "tree/gone.safetensors").symlink_to(tmp_path / "nothing")
    (tmp_path / "tree/self.safetensors").symlink_to(tmp_path / "tree/self.safetensors")
    assert [name for _, name, _ in looked(tmp_path / "tree")] == ["one"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_only_files_are_weights(tmp_path):
    os.mkfifo(tmp_path / "pipe.safetensors")
    (tmp_path / "folder.safetensors").mkdir()
    assert looked(tmp_path) == []


def test_depth_and_number_are_bounded(tmp_path, monkeypatch):
    deep = tmp_path.joinpath(*"abcdefghijkl")
    touch(deep / "deep.safetensors")
    touch(tmp_path / "flat.safetensors")
    assert [name for _, name, _ in looked(tmp_path)] == ["flat"]
    for number in range(30):
        touch(tmp_path / f"m/{number:02}.safetensors")
    monkeypatch.setattr(trees, "COUNT", 10)
    assert 1 <= len(looked(tmp_path)) <= 10


def test_what_cannot_be_read_is_passed_over(tmp_path):
    assert looked(tmp_path / "gone") == []
    assert looked(touch(tmp_path / "file")) == []


@pytest.mark.parametrize(
    ("environment", "hub"),
    [
        ({}, "home/.cache/huggingface/hub"),
        ({"XDG_CACHE_HOME": "{}/xdg"}, "xdg/huggingface/hub"),
        ({"HF_HOME": "{}/hf"}, "hf/hub"),
        ({"HF_HOME": "{}/hf", "HF_HUB_CACHE": "{}/cache"}, "cache"),
    ],
)
def test_the_usual_places_that_exist(tmp_path, environment, hub):
    home, own = tmp_path / "home", tmp_path / "own"
    environment = {name: value.format(tmp_path) for name, value in environment.items()}
    assert trees.places(home, own, environment) == []
    wanted = [own / "models", home / "ComfyUI", home / "stable-diffusion-webui", tmp_path / hub]
    for place in wanted:
        place.mkdir(parents=True)
    assert trees.places(home, own, environment) == wanted


def test_a_tree_may_be_a_single_file(tmp_path: Path) -> None:
    path = tmp_path / "art.safetensors"
    path.touch()
    (tmp_path / "other.safetensors").touch()
    assert trees.look(path, tmp_path) == [trees.Candidate(path, "art", "any")]
