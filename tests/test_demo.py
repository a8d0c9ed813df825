import base64
import hashlib
import os
import re
import subprocess
import sys
import zipfile
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from bridge import files
from bridge.client import Event
from bridge.demo import pictures
from bridge.demo.__main__ import main
from bridge.demo.brush import Brush, chosen
from bridge.demo.page import hints, page
from bridge.demo.programme import BUILT_IN, OWN, WORDS, programme
from bridge.demo.recording import Asked, Moment, Recording
from bridge.demo.scenes import play
from bridge.demo.studio import CUP, Card, Failure, Studio, Voice, frames
from bridge.protocol.errors import Refusal
from bridge.protocol.messages import Accepted, Done, Layer, Missing, Preview, Progress
from bridge.protocol.values import Box, Picture, Recipe
from bridge.repertoire import installed
from tests import releases
from tests.pictures import noise, soft
from tests.test_models_catalogue import KOHYA

ROOT = Path(__file__).parent.parent
needs_torch = pytest.mark.skipif(not installed(), reason="the diffusion engine is not installed: sfumato[diffusion]")
LINE = re.compile(r" *\d+\.\d\d s  \S.*")


class Reader(HTMLParser):
    """Everything that a page would load, and the elements it has."""

    def __init__(self, text):
        super().__init__()
        self.loads, self.tags, self.links = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.tags.append((tag, given))
        if tag == "a":
            self.links.append(given["href"])
        else:
            self.loads += [given[name] for name in ("src", "href", "srcset", "data", "poster") if name in given]


def rocket():
    """A little picture and a soft mask in its middle, called as the example is."""
    mask = np.zeros((60, 80), np.uint8)
    mask[20:40, 30:50] = 200
    file = files.PictureFile(Path("rocket.jpg"), "JPEG", soft(60, 80, 3))
    return Asked(file, Recipe("remove", seed=3, count=2), mask)


def painted(asked, state="ok", name="Remove (seed 3)"):
    """A fill as it may have gone: accepted, a preview, a layer, the last word."""
    made = Recording(asked)
    box = asked.selection or Box(0, 0, 8, 8)
    layer = Layer(1, made.job, "r0", 0, 2, box, Picture(box.width, box.height, 3), name, 3, {}, False, {})
    pixels = noise(box.height, box.width, 3)
    mask = asked.mask[20:40, 30:50]
    preview = np.zeros((30, 40, 3), np.uint8)
    made.moments = [
        Moment(0.01, Accepted(made.job, "region", {"context": [0, 0, 80, 60], "text": "80 × 60 px"}, 0, 1.0, 1)),
        Moment(0.5, Preview(made.job, 0, 2), pixels=preview),
        Moment(0.75, layer, layer=files.Layer(box, pixels, mask, name)),
        Moment(1.0, Done(2, made.job, state, ("r0",))),
    ]
    if state == "cancelled":
        del made.moments[2]
    return made


def test_a_changed_value_outside_is_counted():
    before, mask = noise(20, 30, 3, "u16"), np.zeros((20, 30), np.uint8)
    mask[5:10, 5:10] = 1
    after = before.copy()
    after[5:10, 5:10] ^= 1
    assert pictures.outside(before, after, mask) == (0, (20 * 30 - 25) * 3)
    assert pictures.inside(before, after, mask) == (75, 75)
    after[0, 0, 1] ^= 1
    after[19, 29] ^= 256
    assert pictures.outside(before, after, mask) == (4, (20 * 30 - 25) * 3)


@pytest.mark.parametrize("other", [noise(20, 31, 3), noise(20, 30, 3, "u16")], ids=["size", "depth"])
def test_what_cannot_be_compared_is_not_counted_as_equal(other):
    with pytest.raises(ValueError, match=r"\(20, 30, 3\) of uint8 cannot be compared with"):
        pictures.outside(noise(20, 30, 3), other, np.zeros((20, 30), np.uint8))


def test_sixteen_bit_has_values_between_the_steps_and_the_same_each_time():
    file = files.PictureFile(Path("rocket.jpg"), "JPEG", soft(60, 80, 3))
    deep = pictures.deepened(file)
    assert deep.depth == "u16"
    assert pictures.tones(deep.original) > 5 * pictures.tones(file.original)
    assert np.abs(deep.original / 257 - file.original).max() < 1
    assert (deep.original == pictures.deepened(file).original).all()


def test_a_strip_has_equally_high_frames_side_by_side():
    wide, tall = soft(120, 360, 3), soft(480, 120, 3)
    strip = pictures.strip([("before", wide), ("after", tall)])
    assert strip.shape == (240 + 12 + 12 + 26, 12 + 720 + 12 + 60 + 12, 3)
    assert (strip[:, :12] == pictures.PAPER).all()
    assert (strip[12:252, 744:804] == pictures.resized(tall, 60, 240)).all()
    assert (strip[252 + 5 : 252 + 26, 12:60] != pictures.PAPER).any(), "no words below the frame"


def test_a_strip_shows_what_came_in_the_order_in_which_it_came():
    asked = rocket()
    shown = list(frames(painted(asked)))
    assert [words for words, _ in shown] == ["before", "selection", "0.50 s, preview", "0.75 s, Remove (seed 3)"]
    assert all(rgb.shape == (60, 80, 3) for _, rgb in shown)
    (_, before), (_, selected), (_, preview), (_, after) = shown
    assert (
        pictures.outside(before, selected, asked.mask).differ
        == 0
        < pictures.inside(before, selected, asked.mask).differ
    )
    assert (preview == 0).all()
    assert pictures.outside(before, after, asked.mask).differ == 0 < pictures.inside(before, after, asked.mask).differ


def test_a_strip_leaves_the_prompt_out():
    words = [words for words, _ in frames(painted(rocket(), name="Fill – red (seed 1) – 灯台 (seed 3)"))]
    assert words[-1] == "0.75 s, Fill (seed 3)"


def test_a_box_is_seen_with_what_is_around_it():
    rgb = soft(60, 80, 3)
    assert (pictures.near(rgb, Box(30, 25, 10, 10)) == rgb[5:55, 10:60]).all()
    assert (pictures.near(rgb, Box(0, 50, 10, 10)) == rgb[30:, :30]).all()


def test_an_empty_canvas_is_a_checkerboard():
    rgb = soft(48, 48, 3)
    bared = pictures.bared(rgb, Box(0, 0, 24, 48))
    assert (bared[:, :24] == rgb[:, :24]).all()
    assert {tuple(colour) for colour in bared[:, 24:].reshape(-1, 3).tolist()} == {pictures.PAPER, pictures.CHECKED}


class Client:
    """Tells what it was given, as a bridge's client does."""

    def __init__(self, *told):
        self.told, self.uploaded = told, 5

    def fill(self, *_, **__):
        for one in self.told:
            self.uploaded += 100
            yield one


def test_a_recording_is_what_was_told():
    made = Recording(rocket())
    accepted = Event(Accepted(made.job, "region", {"context": [6, 0, 2034, 1708]}, 0, 0.0, 0))
    preview = Event(Preview(made.job, 0, 2), memoryview(bytes(512 * 430 * 3)), shape=Picture(512, 430, 3))
    told = Client(accepted, preview, Event(Done(1, made.job, "ok")))
    assert list(made.run(told)) == made.moments
    assert [type(one.message) for one in made.moments] == [Accepted, Preview, Done]
    assert made.sent == 300
    assert made.moments[1].pixels.shape == (430, 512, 3), "an event does not say a preview's size"
    assert 0 <= made.moments[0].at <= made.mark("Esc") <= made.now


def test_a_recording_knows_its_first_step():
    made = Recording(rocket())
    assert made.stepped is None
    for at, phase, step in ((1.0, "loading", 0), (2.0, "encoding", 3), (3.0, "painting", 0)):
        made.moments.append(Moment(at, Progress(made.job, phase, step, 8)))
    assert made.stepped is None
    made.moments += [Moment(at, Progress(made.job, "painting", step, 8)) for at, step in ((4.0, 1), (5.0, 2))]
    assert made.stepped == 4.0


def test_of_many_previews_a_few_are_shown():
    made = painted(rocket())
    accepted, _, layer, done = made.moments
    looks = [Moment(float(at), Preview(made.job, at % 2, 2), pixels=np.zeros((2, 2, 3), np.uint8)) for at in range(23)]
    made.moments = [accepted, *looks, layer, done]
    assert [one.at for one in made.shown] == [0.01, 0, 1, 7, 8, 14, 15, 21, 22, 0.75, 1]
    made.moments = [accepted, *looks[:8], done]
    assert made.shown == made.moments
    assert made.first_look(1) is looks[1]
    assert made.first_look(2) is None


def test_a_fill_that_failed_is_refused_with_the_bridges_words():
    made = Recording(rocket())
    done = Done(1, made.job, "failed", (), (Missing(0, "gpu.memory", "Memory ran out."),))
    with pytest.raises(Refusal, match=r"^Memory ran out\.$"):
        list(made.run(Client(Event(done))))
    assert made.done == done


def test_lines_say_when(capsys):
    voice = Voice()
    voice("The bridge started.")
    voice()
    voice("Done.")
    said = capsys.readouterr().out.splitlines()
    assert said == voice.lines
    assert said[1] == ""
    assert LINE.fullmatch(said[0]) and LINE.fullmatch(said[2])
    assert said[0].endswith(" s  The bridge started.")


def fail(why):
    def scene(studio, card):
        card.figure = "7"
        raise why

    return scene


@pytest.mark.parametrize(
    ("why", "verdict"),
    [
        (Failure("Again uploaded 3 bytes, expected 0."), "Again uploaded 3 bytes, expected 0."),
        (Refusal("limit.spool", "The disk is full."), "The disk is full."),
        (ZeroDivisionError("a fault"), "ZeroDivisionError: a fault"),
    ],
    ids=["promise", "refusal", "fault"],
)
def test_a_scene_that_fails_keeps_its_verdict(why, verdict, capsys):
    voice = Voice()
    card = play(Studio(voice, ROOT, ROOT, ROOT, None), fail(why), Card("Again", ""))
    assert card.failed == verdict
    assert voice.lines[-1].endswith(f"This did not work. {verdict}")
    assert page([card], voice.lines, [], "sfumato").count(verdict) == 2  # in its scene, and in what the terminal said


def test_a_scene_that_goes_on_from_the_first_says_so_when_that_failed(capsys):
    for title in ("Again", "Refine", "Nothing else changes"):
        scene = next(entry.scene for entry in OWN if entry.title == title)
        card = play(Studio(Voice(), ROOT, ROOT, ROOT, None), scene, Card("", ""))
        assert card.failed == "It goes on from the first scene, and that did not work."


def test_a_folder_that_cannot_be_made_is_refused(tmp_path, capsys):
    (tmp_path / "demo").write_text("mine")
    assert main(["--out", str(tmp_path / "demo")]) == 2
    assert "There can be no folder" in capsys.readouterr().err
    assert (tmp_path / "demo").read_text() == "mine"


def test_somebody_elses_page_is_not_replaced(tmp_path, capsys):
    (tmp_path / "index.html").write_text("<title>Mine</title>")
    assert main(["--out", str(tmp_path)]) == 2
    assert (
        "index.html” is not the demo's and would be replaced. Choose another folder: --out" in capsys.readouterr().err
    )
    assert [path.name for path in tmp_path.iterdir()] == ["index.html"]


SD15 = releases.tensors("sd15")


@pytest.fixture
def shelf(tmp_path):
    """A folder with a model, its copy, an inpainting model, a LoRA, what is no model, and a folder of nothing."""
    folder = tmp_path / "shelf"
    releases.write(folder / "Old Master.safetensors", SD15)
    releases.write(folder / "copy.safetensors", SD15)
    releases.write(folder / "fresco.safetensors", releases.changed(SD15, first=9))
    releases.write(folder / "soft-ink.safetensors", KOHYA)
    vae = {name: tensor for name, tensor in SD15.items() if name.startswith("first_stage_model.")}
    releases.write(folder / "folder" / "beside.safetensors", vae)
    (folder / "folder" / "model_index.json").write_text('{"_class_name": "WanPipeline"}')
    (folder / "pickled.ckpt").write_bytes(b"\x80\x02.")
    (folder / "photo.png").write_bytes(b"\x89PNG")
    (folder / "empty").mkdir()
    return folder


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("soft-ink.safetensors", "“soft-ink.safetensors” is a LoRA, a small change to a model. Name the model"),
        ("pickled.ckpt", "pickled.ckpt is a pickled file, which can run code"),
        ("photo.png", "No model was found in “photo.png”. Name a checkpoint"),
        ("empty", "empty” has no model_index.json, so it is no diffusers folder."),
        ("folder", "folder is made for WanPipeline, which cannot be used yet"),
        ("folder/beside.safetensors", "“beside.safetensors” lies in a diffusers folder. Name that instead:"),
        ("gone.safetensors", "There is no file or folder “"),
    ],
)
def test_what_cannot_be_painted_with_is_said_before_anything_is_written(home, shelf, tmp_path, capsys, name, sentence):
    assert main(["--model", str(shelf / name), "--out", str(tmp_path / "demo")]) == 2
    said = capsys.readouterr().err
    assert said.startswith("The demo ended early. ") and sentence in said
    assert not (tmp_path / "demo").exists()
    assert list(home.iterdir()) == []


def test_an_id_that_nobody_has_is_answered_with_those_there_are(home, shelf, tmp_path, capsys):
    releases.write(home / "models" / "Old Master.safetensors", SD15)
    assert main(["--model", "old-flame-3f2a91bc", "--out", str(tmp_path / "demo")]) == 2
    assert "There is no model “old-flame-3f2a91bc” here; there are old-master-" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--seed", "-1"], ["--seed", str(2**32)]], ids=" ".join)
def test_a_number_out_of_range_is_refused_before_anything_is_written(tmp_path, capsys, words):
    assert main([*words, "--out", str(tmp_path / "demo")]) == 2
    assert "The recipe's seed is a whole number from 0 to 4294967295" in capsys.readouterr().err
    assert not (tmp_path / "demo").exists()


@pytest.mark.parametrize("words", [["--prompt", "a red roof"], ["--steps", "4"]], ids=" ".join)
def test_the_built_in_fill_reads_no_words(capsys, words):
    with pytest.raises(SystemExit, match="2"):
        main(words)
    assert "name your own weights, too, with --model" in capsys.readouterr().err


@needs_torch
def test_a_model_is_known_by_its_file_its_copy_and_its_id(home, shelf, tmp_path):
    found = chosen(str(shelf / "fresco.safetensors"), "a red roof", 9, 7, tmp_path / "1")
    assert (found.model.name, found.model.layout) == ("fresco", "inpaint")
    assert found.folders == (str(shelf / "fresco.safetensors"),)
    assert found.name == "fresco (SD 1.5, inpainting)"
    assert found.asked == "“a red roof”, 9 steps, seed 7"
    for name in ("Old Master", "copy"):
        assert chosen(str(shelf / f"{name}.safetensors"), "", None, 7, tmp_path / "1").model.name == name
    (home / "sfumato.toml").write_text(f"models = ['{shelf}']")
    again = chosen(found.model.id, "a red roof", 9, 7, tmp_path / "2")
    assert again.model == found.model
    recipe = again.recipe(again.mode, count=3)
    assert recipe == Recipe("fill", "a red roof", model=found.model.id, seed=7, count=3, steps=9)


def test_without_a_model_the_built_in_fill_paints_whatever_models_there_are():
    assert Brush().recipe("expand") == Recipe("expand", model="classical", seed=2026)
    assert (Brush().mode, Brush().name, Brush().asked) == ("remove", "", "")


def test_the_sample_models_scene_is_played_where_what_runs_it_is_there(monkeypatch, tmp_path):
    monkeypatch.setattr("bridge.demo.programme.installed", lambda: False)
    assert programme(Brush()) == BUILT_IN
    monkeypatch.setattr("bridge.demo.programme.installed", lambda: True)
    assert [one for one in programme(Brush()) if one not in BUILT_IN] == [WORDS]
    monkeypatch.setattr("bridge.demo.brush.installed", lambda: True)
    assert chosen("sample", "", None, 7, tmp_path) == Brush(seed=7)


def test_without_what_runs_it_the_sample_model_is_refused_with_what_to_install(home, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr("bridge.demo.brush.installed", lambda: False)
    assert main(["--model", "sample", "--out", str(tmp_path / "demo")]) == 2
    assert "needs the diffusion engine, and that is not installed" in capsys.readouterr().err


@pytest.fixture
def text():
    """A page with a fill, a cancelled one, pictures side by side, and a failure."""
    cards = [
        Card("Remove", "A lasso.", "1.0 s", "to the first", painted(rocket(), name='<b onclick="x">&')),
        Card("Again", "Twice.", "0 bytes", "sent", painted(rocket()), shots=[("close", soft(30, 30, 3))]),
        Card("Cancel", "Esc.", "9 ms", "to its end", painted(rocket(), "cancelled")),
        Card("Kill", "Gone.", failed="Of 3 layers 2 landed, <2> times in all."),
    ]
    return page(cards, ["  0.00 s  <said>"], ["rocket-1.png", "a folder/"], "sfumato")


def test_the_page_holds_all_it_shows(text):
    reader = Reader(text)
    assert reader.loads and all(one.startswith("data:") for one in reader.loads)
    assert all(one.startswith("data:image/") for one in re.findall(r"url\(\s*([^)]*)\)", text))
    assert not re.search(r"https?://|@import|\bimport\(|fetch\(|XMLHttpRequest|WebSocket", text)
    assert reader.links == ["rocket-1.png", "a%20folder/"]


def test_the_page_forbids_what_it_does_not_need(text):
    policy = next(given["content"] for tag, given in Reader(text).tags if given.get("http-equiv"))
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["img-src"] == "data:"
    script = re.search(r"<script>(.*)</script>", text, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert rules["script-src"] == f"'sha256-{digest}'"
    assert not [name for _, given in Reader(text).tags for name in given if name.startswith("on")]


def test_the_page_says_what_did_not_work(text):
    assert "1 of 4 scenes did not work: “Kill”." in text
    assert "Of 3 layers 2 landed, &lt;2&gt; times in all." in text
    assert "&lt;said&gt;" in text and "<said>" not in text


def test_everything_on_the_page_that_can_be_moved_has_a_name(text):
    tags = Reader(text).tags
    ranges = [given for tag, given in tags if tag == "input" and given["type"] == "range"]
    assert len(ranges) == 3, "a slider and a timeline, and the timeline of what was cancelled"
    assert all(given["aria-label"] for given in ranges)
    assert all("alt" in given for tag, given in tags if tag == "img")
    ids = {given["id"] for _, given in tags if "id" in given}
    assert {given["aria-labelledby"] for _, given in tags if "aria-labelledby" in given} <= ids


def test_layers_lie_on_the_stage_as_they_came(text):
    placed = [given for tag, given in Reader(text).tags if given.get("class") == "frame"]
    first = [one for one in placed if one.get("data-layer")]
    assert [(one["data-layer"], one["data-from"], "hidden" in one) for one in first] == [
        ('<b onclick="x">&', "0.750", False)
    ]
    assert "left:37.5000%;top:33.3333%;width:25.0000%;height:33.3333%" in first[0]["style"]
    assert re.search(r"mask-image:var\(--p\d+\)", first[0]["style"])
    cancelled = placed[-1]
    assert (cancelled["data-from"], cancelled["data-to"], "hidden" in cancelled) == ("0.500", "1.000", True)


@needs_torch
def test_the_page_says_whose_model_painted(home, shelf, tmp_path):
    found = chosen(str(shelf / "fresco.safetensors"), "<b>red</b>", 1, 7, tmp_path)
    assert programme(found) == OWN
    text = page(
        [Card("Fill", "A lasso.", "1.0 s", "to the first", painted(rocket()))], [], [], "sfumato", found, "a GPU"
    )
    assert "painted by your own model, fresco (SD 1.5, inpainting), on a GPU." in text
    assert "“&lt;b&gt;red&lt;/b&gt;”, 4 steps, seed 7" in text and "<b>red" not in text  # fewer than 4 are never run
    assert f"--model {found.model.id} --prompt" in text and "no GPU used" not in text
    assert str(shelf) not in text
    assert [line.split(":")[0] for line in hints(found, "sfumato")] == [
        "Once, where your models are",
        "Your own picture",
    ]


def test_the_page_says_how_to_use_ones_own_model(text):
    assert "<code>python run.py demo --model FILE --prompt &quot;…&quot;</code>" in text
    assert "no GPU used" in text


BUILT_IN_SCENES = """
import sys
from bridge.demo.__main__ import main
from bridge.demo.programme import BUILT_IN
sys.exit(main(sys.argv[1:], lambda brush: BUILT_IN))
"""


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """The demo as it is without torch, once: the slowest of all tests."""
    folder = tmp_path_factory.mktemp("shown")
    (folder / "temporary").mkdir()
    (folder / "demo").mkdir()
    (folder / "demo" / "mine.txt").write_text("mine")
    named = {name: str(folder / "temporary") for name in ("TMPDIR", "TEMP", "TMP")}
    surroundings = {**os.environ, **named, "SFUMATO_HOME": str(folder / "home"), "PYTHONUTF8": "1"}
    done = subprocess.run(
        [sys.executable, "-c", BUILT_IN_SCENES, "--out", str(folder / "demo")],
        cwd=ROOT,
        env=surroundings,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
    )
    return folder, done


def test_the_demo_shows_every_scene(shown):
    _, done = shown
    assert (done.returncode, done.stderr) == (0, "")
    lines = [line for line in done.stdout.splitlines() if line]
    assert all(LINE.fullmatch(line) for line in lines)
    times = [float(line.split(" s  ")[0]) for line in lines]
    assert times == sorted(times)
    for number, entry in enumerate(BUILT_IN, 1):
        assert any(line.endswith(f"s  {number}  {entry.title}") for line in lines)
    for promise in (
        "Sent 0 of 1,093,120 bytes of picture and selection.",
        "8 bit: outside the selection 0 of 750,675 values differ",
        "16 bit: outside the selection 0 of 750,675 values differ",
        "ms after Esc.",
        "Three layers, and each of them landed once.",
        "6 of 6 scenes worked.",
        'python run.py demo --model FILE --prompt "…"',
    ):
        assert promise in done.stdout


def test_the_demo_leaves_its_pictures_and_a_page(shown):
    folder, _ = shown
    out = folder / "demo"
    original = files.read(ROOT / "examples" / "rocket.jpg")
    for number in (1, 2, 3):
        assert files.read(out / f"rocket-{number}.png").icc == original.icc
    assert len(list((out / "rocket-layers").glob("*.png"))) == 6
    assert zipfile.ZipFile(out / "rocket.ora").read("mimetype") == b"image/openraster"
    assert files.read(out / "coffee-1.png").canvas == (0, 0, 780, 400)
    assert {path.name for path in out.glob("*-strip.png")} == {
        f"{name}-strip.png" for name in ("rocket", "again", "coffee", "cancelled", "killed")
    }
    text = (out / "index.html").read_text("utf-8")
    assert len(text) < 4_000_000
    assert all(one.startswith("data:") for one in Reader(text).loads)
    assert all((out / link.replace("%20", " ")).exists() for link in Reader(text).links)
    assert "did not work" not in text


def test_the_demo_touches_nothing_else(shown):
    folder, _ = shown
    assert not (folder / "home").exists(), "the artist's own home"
    assert list((folder / "temporary").iterdir()) == []
    assert (folder / "demo" / "mine.txt").read_text() == "mine"


def played(folder: Path, scenes: str, *more: str) -> tuple[Path, str]:
    """Play some scenes in a process that has nothing but this folder; where it left its pictures, and what it said."""
    named = {name: str(folder) for name in ("TMPDIR", "TEMP", "TMP", "HOME", "SFUMATO_HOME", "HF_HUB_CACHE")}
    out = folder / "demo"
    done = subprocess.run(
        [sys.executable, "-c", scenes, *more, "--out", str(out)],
        cwd=ROOT,
        env={**os.environ, **named, "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return out, done.stdout


WORDS_SCENE = """
import sys
from bridge.demo.__main__ import main
from bridge.demo.programme import WORDS
sys.exit(main(sys.argv[1:], lambda brush: [WORDS]))
"""


@pytest.mark.long
@needs_torch
def test_the_demo_refines_by_the_sample_models_words(tmp_path):
    out, said = played(tmp_path, WORDS_SCENE)
    for promise in (
        "it is not Stable Diffusion.",
        "A first look at variation 1",
        "with this model and the same start: their results differ by 0, where the largest value is",
        "1 of 1 scenes worked.",
    ):
        assert promise in said
    before = files.read(ROOT / "examples" / "coffee.jpg")
    mask = pictures.oval(CUP, *before.canvas[2:])
    for word in ("ink-drawing", "night"):
        painted = [files.read(out / f"{word}-{share}.png").original.astype(float) for share in (30, 60, 100)]
        assert all(pictures.outside(before.original, one.astype(np.uint8), mask).differ == 0 for one in painted)
        less, more, whole = (np.abs(one - before.original).mean() for one in painted)
        assert 0 < less < 0.8 * more < 0.8 * 0.9 * whole
    assert "did not work" not in (out / "index.html").read_text("utf-8")


OWN_SCENES = """
import sys
from bridge.demo.__main__ import main
from bridge.demo.programme import OWN
sys.exit(main(sys.argv[1:], lambda brush: [one for one in OWN if one.title in ("Fill", "Again", "Refine", "Cancel")]))
"""


@pytest.mark.long
@needs_torch
def test_the_demo_paints_with_ones_own_weights(tmp_path):
    from bridge.engines.diffusion import tiny

    model = tiny.folder(tmp_path / "random-lcm-1-step", "sd15")
    out, said = played(tmp_path, OWN_SCENES, "--model", str(model), "--prompt", "a 灯台")
    for promise in (
        "your own model, random-lcm-1-step (SD 1.5, 1 step): “a 灯台”, 1 step, seed 2026.",
        "“Fill – a 灯台 (seed 2028)” has arrived",
        "It was painted on ",
        "Sent 0 of 1,093,120 bytes of picture and selection.",
        "No text and no region was encoded anew.",
        "ms after Esc.",
        "Enter once more: the first step was done after",
        "4 of 4 scenes worked.",
    ):
        assert promise in said
    before = files.read(ROOT / "examples" / "rocket.jpg")
    mask = files.read_mask(ROOT / "examples" / "rocket-mask.png", before.canvas[2:])
    less, more, anew = (files.read(out / f"refined-{share}.png") for share in (30, 60, 100))
    for one in (less, more, anew):
        assert pictures.outside(before.original, one.original, mask).differ == 0
    distance = [np.abs(one.original.astype(float) - before.original).mean() for one in (less, more, anew)]
    assert 0 < distance[0] < distance[1] < distance[2]
    text = (out / "index.html").read_text("utf-8")
    assert "did not work" not in text and "“a 灯台”, 1 step, seed 2026" in text
    assert all((out / link.replace("%20", " ")).exists() for link in Reader(text).links)
    assert {path.name for path in tmp_path.iterdir()} == {"random-lcm-1-step", "demo"}
