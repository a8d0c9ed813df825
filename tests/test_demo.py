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
from bridge.demo.page import page
from bridge.demo.process import running
from bridge.demo.recording import Asked, Moment, Recording
from bridge.demo.scenes import SCENES, play
from bridge.demo.studio import Card, Failure, Studio, Voice, frames
from bridge.protocol.errors import Refusal
from bridge.protocol.messages import Accepted, Done, Layer, Missing, Preview
from bridge.protocol.values import Box, Picture, Recipe
from tests.pictures import noise, soft

ROOT = Path(__file__).parent.parent
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
    for scene in (SCENES[1][0], SCENES[3][0]):
        card = play(Studio(Voice(), ROOT, ROOT, ROOT, None), scene, Card("", ""))
        assert card.failed == "It goes on from the first scene, and that did not work."


def test_a_bridge_that_does_not_start_says_why(tmp_path):
    argv = [sys.executable, "-c", "import sys; sys.exit('The disk is full.')"]
    with pytest.raises(Refusal, match=r"^The bridge did not start: The disk is full\.$"), running(tmp_path, argv):
        pass


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


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """The whole demo, once: the slowest of all tests."""
    folder = tmp_path_factory.mktemp("shown")
    (folder / "temporary").mkdir()
    (folder / "demo").mkdir()
    (folder / "demo" / "mine.txt").write_text("mine")
    named = {name: str(folder / "temporary") for name in ("TMPDIR", "TEMP", "TMP")}
    surroundings = {**os.environ, **named, "SFUMATO_HOME": str(folder / "home"), "PYTHONUTF8": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "bridge.demo", "--out", str(folder / "demo")],
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
    for number, (_, title, _) in enumerate(SCENES, 1):
        assert any(line.endswith(f"s  {number}  {title}") for line in lines)
    for promise in (
        "Sent 0 of the picture's 819,840 bytes.",
        "8 bit: outside the selection 0 of 750,675 values differ",
        "16 bit: outside the selection 0 of 750,675 values differ",
        "ms after Esc.",
        "Three layers, and each of them landed once.",
        "6 of 6 scenes worked.",
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
