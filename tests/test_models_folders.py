"""Diffusers folders: what they are, and every way in which one may be more than weights."""

import json
import os

import pytest

from bridge.models import folders
from bridge.models.recognise import Seen
from tests import releases

WEIGHTS = {"a": ("F16", (4, 4))}
SD15 = {
    "unet": ("diffusers", "UNet2DConditionModel"),
    "vae": ("diffusers", "AutoencoderKL"),
    "text_encoder": ("transformers", "CLIPTextModel"),
    "tokenizer": ("transformers", "CLIPTokenizer"),
    "scheduler": ("diffusers", "PNDMScheduler"),
    "safety_checker": ("stable_diffusion", "StableDiffusionSafetyChecker"),
    "feature_extractor": ("transformers", "CLIPImageProcessor"),
}
SDXL = SD15 | {
    "text_encoder_2": ("transformers", "CLIPTextModelWithProjection"),
    "tokenizer_2": ("transformers", "CLIPTokenizer"),
    "scheduler": ("diffusers", "EulerDiscreteScheduler"),
}
FLUX = {
    "transformer": ("diffusers", "FluxTransformer2DModel"),
    "vae": ("diffusers", "AutoencoderKL"),
    "text_encoder": ("transformers", "CLIPTextModel"),
    "text_encoder_2": ("transformers", "T5EncoderModel"),
    "tokenizer": ("transformers", "CLIPTokenizer"),
    "tokenizer_2": ("transformers", "T5TokenizerFast"),
    "scheduler": ("diffusers", "FlowMatchEulerDiscreteScheduler"),
}


def write_json(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value), "utf-8")


def folder(path, pipeline="StableDiffusionPipeline", components=SD15, unet=None, scheduler=None):
    """A whole diffusers folder with next to nothing in its weights."""
    index = {name: list(kind) for name, kind in components.items()}
    write_json(path / "model_index.json", {"_class_name": pipeline, "_diffusers_version": "0.42.1", **index})
    for name, (_, kind) in components.items():
        if kind.endswith("Scheduler"):
            write_json(path / name / "scheduler_config.json", {"_class_name": kind, **(scheduler or {})})
        elif not kind.endswith(("Tokenizer", "TokenizerFast", "Processor")) and name not in folders._IGNORED:
            write_json(path / name / "config.json", (unet or {"in_channels": 4}) if name == "unet" else {})
            stem = "diffusion_pytorch_model" if name in ("unet", "vae", "transformer") else "model"
            releases.write(path / name / f"{stem}.safetensors", WEIGHTS)
    return path


def problem(path):
    """The sentence about a folder, which must be one."""
    found = folders.survey(path, "Alien")
    text = found.seen.problem
    assert text.startswith("Alien ")
    assert text.endswith(".")
    assert len(text) < 250
    return text


@pytest.mark.parametrize(("channels", "layout"), [(4, "base"), (9, "inpaint"), (8, "edit")])
@pytest.mark.parametrize(
    ("pipeline", "components", "family"),
    [
        ("StableDiffusionPipeline", SD15, "sd15"),
        ("StableDiffusionInstructPix2PixPipeline", SD15, "sd15"),
        ("StableDiffusionXLPipeline", SDXL, "sdxl"),
        ("StableDiffusionXLInpaintPipeline", SDXL, "sdxl"),
    ],
)
def test_stable_diffusion_by_its_class_and_its_channels(tmp_path, pipeline, components, family, channels, layout):
    found = folders.survey(folder(tmp_path / "m", pipeline, components, {"in_channels": channels}), "m")
    assert (found.seen, found.pipeline) == (Seen(family, layout), pipeline)
    weights = 4 if family == "sdxl" else 3
    assert (found.weights, found.parameters) == (weights * 32, weights * 16)


@pytest.mark.parametrize(
    ("pipeline", "components", "family"),
    [
        ("FluxPipeline", FLUX, "flux1"),
        ("FluxFillPipeline", FLUX, "flux1"),
        ("Flux2KleinPipeline", FLUX, "flux2-klein"),
        ("ZImagePipeline", FLUX, "z-image"),
        ("QwenImagePipeline", FLUX, "qwen-image"),
    ],
)
def test_other_families_by_their_class(tmp_path, pipeline, components, family):
    assert folders.survey(folder(tmp_path / "m", pipeline, components), "m").seen == Seen(family)


@pytest.mark.parametrize("pipeline", ["StableDiffusion3Pipeline", "Flux2Pipeline", "ChromaPipeline", "KolorsPipeline"])
def test_known_and_not_yet(tmp_path, pipeline):
    text = problem(folder(tmp_path / "m", pipeline))
    assert text == f"Alien is made for {pipeline}, which cannot be used yet: take SDXL or SD 1.5."


def test_what_the_scheduler_says(tmp_path):
    said = {"prediction_type": "v_prediction", "rescale_betas_zero_snr": True, "timestep_spacing": "trailing"}
    found = folders.survey(folder(tmp_path / "v", scheduler=said), "v")
    assert (found.seen.prediction, found.seen.zero_snr, found.steps) == ("v_prediction", True, None)
    bound = {"lambda_min_clipped": -float("inf")}  # as diffusers itself saves it
    assert folders.survey(folder(tmp_path / "bound", scheduler=bound), "bound").seen == Seen("sd15")
    lcm = SD15 | {"scheduler": ("diffusers", "LCMScheduler")}
    assert folders.survey(folder(tmp_path / "lcm", components=lcm), "lcm").steps == 4
    turbo = SDXL | {"scheduler": ("diffusers", "EulerAncestralDiscreteScheduler")}
    path = folder(tmp_path / "turbo", "StableDiffusionXLPipeline", turbo, scheduler=said)
    assert folders.survey(path, "turbo").trailing


def test_the_licence_of_its_model_card(tmp_path):
    path = folder(tmp_path / "m")
    (path / "README.md").write_text("---\nlicense: openrail++\ntags: [x]\n---\nlicense: other\n", "utf-8")
    assert folders.survey(path, "m").licence == "openrail++"
    (path / "README.md").write_text("no front matter\nlicense: other\n", "utf-8")
    assert folders.survey(path, "m").licence == ""


def test_relatives_that_cannot_be_used(tmp_path):
    two = folder(tmp_path / "2", unet={"in_channels": 4, "use_linear_projection": True})
    assert "is Stable Diffusion 2, which cannot be used yet" in problem(two)
    alone = {name: kind for name, kind in SDXL.items() if name not in ("text_encoder", "tokenizer")}
    assert "is the SDXL refiner" in problem(folder(tmp_path / "r", "StableDiffusionXLImg2ImgPipeline", alone))
    assert "reads 5 channels; 4, 8 or 9" in problem(folder(tmp_path / "5", unet={"in_channels": 5}))
    part = {name: kind for name, kind in SD15.items() if name != "vae"}
    assert "lacks its vae" in problem(folder(tmp_path / "part", components=part))


# weights


def test_one_variant_will_do(tmp_path):
    path = folder(tmp_path / "m")
    (path / "unet/diffusion_pytorch_model.safetensors").rename(path / "unet/diffusion_pytorch_model.fp16.safetensors")
    assert folders.survey(path, "m").seen == Seen("sd15")


def test_plain_weights_are_counted_once_beside_a_variant(tmp_path):
    path = folder(tmp_path / "m")
    releases.write(path / "unet/diffusion_pytorch_model.fp16.safetensors", WEIGHTS)
    assert folders.survey(path, "m").weights == 3 * 32


def test_shards_are_counted_all(tmp_path):
    path = folder(tmp_path / "m")
    (path / "unet/diffusion_pytorch_model.safetensors").unlink()
    for number in (1, 2):
        releases.write(path / f"unet/part-{number}.safetensors", WEIGHTS)
    named = {"a": "part-1.safetensors", "b": "part-2.safetensors"}
    write_json(path / "unet/diffusion_pytorch_model.safetensors.index.json", {"weight_map": named})
    assert folders.survey(path, "m").weights == 4 * 32


def test_only_pickled_weights(tmp_path):
    path = folder(tmp_path / "m")
    (path / "unet/diffusion_pytorch_model.safetensors").rename(path / "unet/diffusion_pytorch_model.bin")
    assert "has its unet only as a pickled file, which can run code: get it as safetensors" in problem(path)


def test_no_weights_at_all(tmp_path):
    path = folder(tmp_path / "m")
    (path / "vae/diffusion_pytorch_model.safetensors").unlink()
    assert problem(path) == "Alien lacks the weights of its vae: download it again."


def test_a_cut_component_says_which_file(tmp_path):
    path = folder(tmp_path / "m")
    file = path / "vae/diffusion_pytorch_model.safetensors"
    os.truncate(file, file.stat().st_size - 1)
    assert "diffusion_pytorch_model.safetensors is cut short" in folders.survey(path, "m").seen.problem


# hostile


@pytest.mark.parametrize(
    "pipeline",
    ["EvilPipeline", "StableDiffusionPipeline; import os", ["pipeline", "My"], "../StableDiffusionPipeline", None, 7],
)
def test_an_unknown_pipeline_is_named_and_not_loaded(tmp_path, pipeline):
    text = problem(folder(tmp_path / "m", pipeline))
    assert "which is not one of those known here" in text
    assert "names the pipeline" in text


@pytest.mark.parametrize(
    "kind",
    [
        ("os", "system"),
        ("diffusers", "UnknownModel"),
        ("transformers", "AutoModel"),
        ("my_unet", "UNet2DConditionModel"),
        ("../evil", "UNet2DConditionModel"),
        ("diffusers", "CLIPTextModel"),
    ],
)
def test_an_unknown_class_is_named_and_not_loaded(tmp_path, kind):
    text = problem(folder(tmp_path / "m", components=SD15 | {"unet": kind}))
    assert f"asks for “{'.'.join(kind)}” as its unet, which is not one of the classes known here" in text


@pytest.mark.parametrize("name", ["../unet", "a/b", "/etc", "..", "C:\\x"])
def test_a_component_that_leads_out_is_refused(tmp_path, name):
    path = folder(tmp_path / "m")
    index = json.loads((path / "model_index.json").read_text("utf-8"))
    write_json(path / "model_index.json", index | {name: ["diffusers", "AutoencoderKL"]})
    assert "whose name leads out of the folder" in problem(path)


@pytest.mark.parametrize("shard", ["../../secret.safetensors", "/etc/passwd", "..", "x.bin", "sub/x.safetensors"])
def test_an_index_that_leads_out_is_refused(tmp_path, shard):
    path = folder(tmp_path / "m")
    write_json(path / "unet/diffusion_pytorch_model.safetensors.index.json", {"weight_map": {"a": shard}})
    assert f"takes its unet from “{shard}”, which is not in its folder" in problem(path)


@pytest.mark.parametrize("linked", ["unet", "unet/diffusion_pytorch_model.safetensors", "unet/config.json"])
def test_a_link_that_leads_out_is_refused(tmp_path, linked):
    path = folder(tmp_path / "m")
    (path / linked).rename(tmp_path / "elsewhere")
    (path / linked).symlink_to(tmp_path / "elsewhere")
    assert "that leads out of its folder; it is not loaded." in problem(path)


def test_links_inside_the_hugging_face_cache_are_as_they_should_be(tmp_path):
    repo = tmp_path / "models--org--name"
    path = folder(repo / "snapshots" / "abc")
    (repo / "blobs").mkdir()
    for number, file in enumerate(sorted(one for one in path.rglob("*") if one.is_file())):
        file.rename(repo / "blobs" / str(number))
        file.symlink_to(os.path.relpath(repo / "blobs" / str(number), file.parent))
    assert folders.survey(path, "name").seen == Seen("sd15")
    outside = releases.write(tmp_path / "outside.safetensors", WEIGHTS)
    weights = path / "unet/diffusion_pytorch_model.safetensors"
    weights.unlink()
    weights.symlink_to(outside)
    assert "that leads out of its folder" in problem(path)


@pytest.mark.parametrize("where", ["pipeline.py", "unet/my_unet.py"])
def test_a_program_beside_the_weights_is_refused(tmp_path, where):
    path = folder(tmp_path / "m")
    (path / where).write_text(f"open({str(tmp_path / 'mark')!r}, 'w')", "utf-8")
    assert "brings a program of its own" in problem(path)
    assert not (tmp_path / "mark").exists()


@pytest.mark.parametrize("key", ["auto_map", "custom_pipeline"])
@pytest.mark.parametrize("where", ["model_index.json", "unet/config.json", "scheduler/scheduler_config.json"])
def test_a_configuration_that_asks_for_code_is_refused(tmp_path, key, where):
    path = folder(tmp_path / "m")
    given = json.loads((path / where).read_text("utf-8"))
    write_json(path / where, given | {key: {"AutoModel": "evil.Model"}})
    assert f"asks for code of its own ({key} in" in problem(path)


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{", b'{"a": 1, "a": 2}', b"[" * 200_000, b" " * (5 << 20), b'{"x": "\xff"}'],
    ids="empty list open twice deep large bytes".split(),
)
def test_an_index_that_is_none_is_said(tmp_path, content):
    path = folder(tmp_path / "m")
    (path / "model_index.json").write_bytes(content)
    assert "has a model_index.json that cannot be read" in problem(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.parametrize("where", ["unet/diffusion_pytorch_model.safetensors", "unet/config.json", "README.md"])
def test_a_named_pipe_does_not_keep_us_waiting(tmp_path, where):
    path = folder(tmp_path / "m")
    (path / where).unlink(missing_ok=True)
    os.mkfifo(path / where)
    text = folders.survey(path, "m").seen.problem
    assert ("it is no file" in text) == where.endswith(".safetensors")
