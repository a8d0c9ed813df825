"""The catalogue: every model once, by id, remembered; what is broken says why and the others stay usable."""

import json
import os
import pickle
import stat
import subprocess
import sys

import pytest

from bridge.families import FAMILIES
from bridge.models import Catalogue, Lora, Model, fits, headers, reading
from bridge.protocol.errors import Refusal
from bridge.protocol.values import Recipe, is_id
from tests import releases
from tests.test_models_folders import SD15, SDXL, folder
from tests.test_models_headers import Evil

BASE, XL = releases.tensors("sd15"), releases.tensors("sdxl")
KOHYA = {
    "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k.lora_down.weight": ("F16", (4, 768)),
    "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k.lora_up.weight": ("F16", (320, 4)),
}


def catalogue(tmp_path, *trees):
    found = Catalogue(tmp_path / "own", trees or [tmp_path / "models"], home=tmp_path)
    found.scan()
    return found


def models(found):
    return {one.name: one for one in found.models()}


def test_the_bridge_imports_this_room_without_any_library():
    code = (
        "import sys, bridge.models; sys.exit(any(m in sys.modules for m in ('torch', 'numpy', 'yaml', 'safetensors')))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_models_and_loras_are_found_and_described(tmp_path):
    path = releases.write(
        tmp_path / "models/Alien Mix_v3.safetensors",
        releases.changed(BASE, first=9),
        {"modelspec.license": "CreativeML", "modelspec.prediction_type": "epsilon"},
    )
    releases.write(tmp_path / "models/lcm-lora-x.safetensors", KOHYA)
    folder(tmp_path / "models/alien-xl", "StableDiffusionXLPipeline", SDXL)
    found = catalogue(tmp_path)
    one = models(found)["Alien Mix_v3"]
    assert one == Model(
        id=f"alien-mix-v3-{one.hash[:8]}",
        name="Alien Mix_v3",
        family="sd15",
        layout="inpaint",
        path=path,
        form="file",
        size=4_265_003_452 + 44_000,
        hash=headers.fingerprint([path]),
        licence="CreativeML",
        prediction="epsilon",
        parameters=1_066_261_786,
    )
    folded = models(found)["alien-xl"]
    assert (folded.family, folded.form, folded.pipeline) == ("sdxl", "folder", "StableDiffusionXLPipeline")
    lora = found.loras()[0]
    assert isinstance(lora, Lora)
    assert (lora.family, lora.scheduler, lora.steps, lora.guidance) == ("sd15", "LCMScheduler", 4, 1.0)
    assert all(is_id(one.id) for one in (*found.models(), *found.loras()))


@pytest.mark.parametrize(
    ("name", "metadata", "expected"),
    [
        ("dreamshaper-lcm", {}, ("sdxl-few", "LCMScheduler", 4, 1.0)),
        ("sdxl_lightning_8step", {}, ("sdxl-few", "EulerDiscreteScheduler", 8, 1.0)),
        (
            "x",
            {"modelspec.architecture": "stable-diffusion-xl-turbo-v1"},
            ("sdxl-few", "EulerAncestralDiscreteScheduler", 4, 1.0),
        ),
        ("x", {}, ("sdxl", "", None, None)),
    ],
)
def test_distilled_files(tmp_path, name, metadata, expected):
    releases.write(tmp_path / f"models/{name}.safetensors", XL, metadata)
    one = catalogue(tmp_path).models()[0]
    assert (one.family, one.scheduler, one.steps, one.guidance) == expected


@pytest.mark.parametrize(
    ("name", "scheduler", "expected"),
    [
        ("plain", ("LCMScheduler", {}), ("sd15-few", "", 4, 1.0)),
        ("lcm-2steps", ("LCMScheduler", {}), ("sd15-few", "", 2, 1.0)),
        ("sd-turbo", ("EulerAncestralDiscreteScheduler", {"timestep_spacing": "trailing"}), ("sd15-few", "", 4, 1.0)),
        ("sd-turbo", ("DDIMScheduler", {}), ("sd15-few", "EulerAncestralDiscreteScheduler", 4, 1.0)),
        ("plain", ("EulerAncestralDiscreteScheduler", {}), ("sd15", "", None, None)),
    ],
)
def test_distilled_folders_keep_their_own_scheduler(tmp_path, name, scheduler, expected):
    kind, said = scheduler
    folder(tmp_path / f"models/{name}", components=SD15 | {"scheduler": ("diffusers", kind)}, scheduler=said)
    one = catalogue(tmp_path).models()[0]
    assert (one.family, one.scheduler, one.steps, one.guidance) == expected


# hostile


def test_what_is_broken_says_why_and_the_others_stay_usable(tmp_path):
    place = tmp_path / "models"
    releases.write(place / "good.safetensors", BASE)
    cut = releases.write(place / "cut.safetensors", XL)
    os.truncate(cut, 1 << 20)
    (place / "page.safetensors").write_bytes(b"<html>")
    (place / "bomb.safetensors").write_bytes((1 << 63).to_bytes(8, "little") + b"{}")
    for name in ("evil.ckpt", "evil renamed.safetensors"):
        (place / name).write_bytes(pickle.dumps(Evil(tmp_path / "mark")))
    releases.write(place / "flux.safetensors", releases.tensors("flux1-dev"))
    folder(place / "strange", components=SD15 | {"unet": ("os", "system")})
    (folder(place / "coded") / "pipeline.py").write_text("", "utf-8")
    found = models(catalogue(tmp_path))
    told = {
        "cut": "is cut short",
        "page": "a web page",
        "bomb": "a header of 9223372036854775808 bytes",
        "evil": "is a pickled file, which can run code: convert it to safetensors",
        "evil renamed": "is called safetensors but is a pickled file",
        "flux": "a single file of FLUX.1, which cannot be loaded yet",
        "strange": "asks for “os.system” as its unet",
        "coded": "brings a program of its own",
    }
    assert found.keys() == told.keys() | {"good"}
    assert found["good"].problem == ""
    for name, words in told.items():
        assert words in found[name].problem
        assert found[name].problem.startswith(name)
        assert found[name].problem.endswith(".")
        assert str(tmp_path) not in found[name].problem
    assert not (tmp_path / "mark").exists()


def test_what_is_broken_among_loras_is_a_lora(tmp_path):
    path = releases.write(tmp_path / "models/loras/style.safetensors", KOHYA)
    os.truncate(path, path.stat().st_size - 1)
    (tmp_path / "models/loras/old.pt").write_bytes(pickle.dumps(Evil(tmp_path / "mark")))
    found = catalogue(tmp_path)
    assert found.models() == ()
    assert ["pickled" in one.problem for one in found.loras()] == [True, False]
    assert "cut short" in found.loras()[1].problem


# ids


def test_a_model_is_found_by_its_id_and_when_renamed_by_its_digits(tmp_path):
    path = releases.write(tmp_path / "models/old name.safetensors", BASE)
    releases.write(tmp_path / "models/loras/style.safetensors", KOHYA)
    releases.write(tmp_path / "models/checkpoints/any.safetensors", BASE, {"x": "y"})
    found = catalogue(tmp_path, tmp_path / "models", path.parent / "checkpoints")
    id = found.models()[0].id
    assert found.find(id).id == id
    assert found.find_lora(found.loras()[0].id).name == "style"
    moved = catalogue(tmp_path, tmp_path / "elsewhere")
    assert moved.models() == ()
    (tmp_path / "elsewhere").mkdir()
    (path.parent / "checkpoints/any.safetensors").rename(tmp_path / "elsewhere/new name.safetensors")
    assert moved.scan()
    assert moved.find(id).name == "new name"
    with pytest.raises(Refusal) as why:
        moved.find("old-name-00000000")
    assert why.value.code == "model.unknown"
    assert f"There is no model “old-name-00000000” here; there is {moved.models()[0].id}." in why.value.text
    with pytest.raises(Refusal, match="There is no LoRA “x” here; there are none"):
        moved.find_lora("x")


def test_equal_files_are_one_and_ids_never_collide(tmp_path, monkeypatch):
    for name in ("a/same", "b/same", "c/copy"):
        releases.write(tmp_path / f"models/{name}.safetensors", BASE)
    releases.write(tmp_path / "models/d/same.safetensors", BASE, {"other": "content"})
    real, marks = headers.fingerprint, {}

    def alike(paths):
        """Fingerprints that differ only after their first eight digits."""
        return marks.setdefault(real(paths), "01234567" + "abcdef"[len(marks)] * 24)

    monkeypatch.setattr(headers, "fingerprint", alike)
    found = catalogue(tmp_path).models()
    assert [one.id for one in found] == ["same-01234567", "same-1234567b"]
    assert len({one.hash for one in found}) == 2


@pytest.mark.parametrize("name", ["", "日本語", "x" * 200, "../../etc", "a" * 54 + "-b", "Ünï cødé"])
def test_an_id_is_opaque_and_short(name):
    id = reading.identity(name, "0123456789abcdef" * 2)
    assert id.endswith("-01234567")
    assert len(id) <= 64
    assert is_id(id)
    assert set(id) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")


# the index


def test_only_what_changed_is_read_again(tmp_path, monkeypatch):
    path = releases.write(tmp_path / "models/a.safetensors", BASE)
    releases.write(tmp_path / "models/vae.safetensors", {"decoder.conv_in.weight": ("F16", (4, 4))})
    folder(tmp_path / "models/b")
    read = []
    real = reading.read
    monkeypatch.setattr(reading, "read", lambda one: read.append(one.name) or real(one))
    first = catalogue(tmp_path)
    assert sorted(read) == ["a", "b", "vae"]
    assert not first.scan()
    again = Catalogue(tmp_path / "own", [tmp_path / "models"], home=tmp_path)
    assert again.models() == ()
    assert again.scan()
    assert again.models() == first.models()
    assert sorted(read) == ["a", "b", "vae"]
    os.utime(path, ns=(1, 1))
    (tmp_path / "models/b/unet/config.json").write_text('{"in_channels": 9}', "utf-8")
    assert again.scan()
    assert sorted(read[3:]) == ["a", "b"]
    assert models(again)["b"].layout == "inpaint"
    path.unlink()
    assert again.scan()
    assert [one.name for one in again.models()] == ["b"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{",
        b"\xff",
        b"[" * 100_000,
        b'{"version": 0, "files": {}}',
        b'{"version": 1}',
        b'{"version": 1, "files": {"x": 7}}',
        b'{"version": 1, "files": {"x": {"signature": "s", "model": {"id": 1}}}}',
    ],
)
def test_a_damaged_index_is_made_anew(tmp_path, content):
    releases.write(tmp_path / "models/a.safetensors", BASE)
    (tmp_path / "own").mkdir()
    (tmp_path / "own/models.json").write_bytes(content)
    assert [one.name for one in catalogue(tmp_path).models()] == ["a"]
    assert json.loads((tmp_path / "own/models.json").read_text("utf-8"))["version"] == 1


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps a user's folders to the user otherwise")
def test_the_index_is_for_this_users_eyes(tmp_path):
    releases.write(tmp_path / "models/a.safetensors", BASE)
    catalogue(tmp_path)
    assert stat.S_IMODE((tmp_path / "own/models.json").stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "own").iterdir()] == ["models.json"]


def test_a_catalogue_that_cannot_write_still_works(tmp_path):
    releases.write(tmp_path / "models/a.safetensors", BASE)
    (tmp_path / "own").write_text("a file stands where the folder should be", "utf-8")
    assert [one.name for one in catalogue(tmp_path).models()] == ["a"]


# choosing


def stocked(tmp_path, *files):
    for number, (name, release, channels) in enumerate(files):
        named = releases.changed(release, first=channels)
        releases.write(tmp_path / f"models/{name}.safetensors", named, {"number": str(number)})
    return catalogue(tmp_path)


@pytest.mark.parametrize(
    ("recipe", "name"),
    [
        (Recipe("fill"), "inpaint xl"),
        (Recipe("expand", strength=0.5), "inpaint xl"),
        (Recipe("fill", strength=0.9), "inpaint xl"),
        (Recipe("fill", strength=0.89), "base xl"),
        (Recipe("detail", strength=0.3), "base xl"),
    ],
)
def test_the_model_of_a_recipe_that_names_none(tmp_path, recipe, name):
    kinds = ("base", 4), ("inpaint", 9), ("edit", 8)
    files = [(f"{kind} {size}", release, n) for size, release in (("15", BASE), ("xl", XL)) for kind, n in kinds]
    found = stocked(tmp_path, *files, ("another base xl", XL, 4), ("bad", XL, 5))
    expected = "another base xl" if name == "base xl" else name
    assert found.default(recipe).name == expected


def test_there_may_be_no_model(tmp_path):
    assert catalogue(tmp_path).default(Recipe("fill")) is None
    assert stocked(tmp_path, ("bad", XL, 5)).default(Recipe("fill")) is None
    assert stocked(tmp_path, ("edit", BASE, 8)).default(Recipe("fill")).name == "edit"


def test_what_fits_is_counted_in_half_precision(tmp_path):
    found = models(stocked(tmp_path, ("a", BASE, 4), ("b", XL, 4)))
    for name, family in (("a", "sd15"), ("b", "sdxl")):
        row = FAMILIES[family]
        needed = 2 * found[name].parameters + row.pixel * row.budget
        assert fits(found[name], needed)
        assert not fits(found[name], needed - 1)
    assert fits(found["a"], 4 << 30)
    assert not fits(found["b"], 6 << 30)
