"""Prompted fills end to end: a real bridge, a real painter, tiny checkpoints of every layout. One painter for all.

A crop is always worked at its family's own size, which even a tiny model feels: so there are few steps.
"""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from bridge.client import Client, Event, new_job
from bridge.config import Config
from bridge.engines.diffusion import tiny
from bridge.painter import Painter
from bridge.protocol.errors import Refusal
from bridge.protocol.messages import Accepted, Layer, Preview, Progress
from bridge.protocol.values import Box, Lora, Recipe
from tests.asks import ABOUT, Reader, document, done, layers

NAMES = ("sd15-base", "sd15-inpaint", "sd15-edit", "sdxl-inpaint")
SELECTION = Box(60, 50, 40, 30)
SOFT = 128
"""Coverage of the selection in the journeys: half."""


@pytest.fixture(scope="module")
def art(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of models, as an artist has it."""
    folder = tmp_path_factory.mktemp("art")
    for name in NAMES:
        tiny.folder(folder / f"{name}-lcm-1step", *name.split("-"))
    tiny.folder(folder / "plain", "sd15", seed=1)
    tiny.flux(folder / "flux")
    tiny.lora(folder / "ink.safetensors", "sd15")
    return folder


@pytest.fixture(scope="module")
def bridge(art: Path, tmp_path_factory: pytest.TempPathFactory, run_bridge) -> Iterator[tuple[Client, dict, Painter]]:
    """A client of a bridge with one painter for all tests here, and the ids of its models by name."""
    home = tmp_path_factory.mktemp("home")
    home.chmod(0o700)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SFUMATO_HOME", str(home))
        patch.setenv("HOME", str(home))
        patch.setenv("HF_HUB_CACHE", str(home / "hub"))
        patch.setenv("OMP_NUM_THREADS", "1")
        painter = Painter("cpu", ["diffusion"])
        with run_bridge(home, [painter], Config(port=0, models=(str(art),))):
            client = Client(ABOUT, home, start=False)
            (told,) = client.capabilities()
            yield client, {one["name"]: one["id"] for one in (*told.models, *told.loras)}, painter
            client.close()


def paint(client: Client, recipe: Recipe, region: str | None = None, reader: Reader | None = None) -> list[Event]:
    of = document()
    return list(client.fill(of, SELECTION, recipe, reader or Reader(of, SOFT), region=region))


def accepted(events: list[Event]) -> Accepted:
    return next(event.message for event in events if isinstance(event.message, Accepted))


def pictures(events: list[Event]) -> list[bytes]:
    return [bytes(event.picture or b"") for event in events if isinstance(event.message, Layer)]


@pytest.mark.parametrize("name", NAMES)
def test_a_prompted_fill(bridge, name: str) -> None:
    client, ids, _ = bridge
    asked = Recipe("fill", prompt="a red roof", model=ids[f"{name}-lcm-1step"], seed=5)
    events = paint(client, asked)
    assert done(events).state == "ok"
    (layer,) = layers(events)
    assert layer.box == SELECTION and layer.prompt_used and layer.name == "Fill – a red roof (seed 5)"
    assert layer.recipe["steps"] == 1 and layer.recipe["model"] == asked.model
    assert {"engine", "family", "sfumato", "model", "hash", "torch", "diffusers"} == layer.recipe["made"].keys()
    (picture,) = pictures(events)
    assert len(set(picture)) > 10
    (mask,) = (event.mask for event in events if isinstance(event.message, Layer))
    assert mask == bytes([SOFT]) * SELECTION.area  # the artist's own edge, value for value


def test_four_variations_one_by_one_with_previews_between(bridge) -> None:
    client, ids, _ = bridge
    asked = Recipe("fill", prompt="a (red:1.3) roof", model=ids["sd15-base-lcm-1step"], seed=5, count=4, steps=3)
    events = paint(client, asked)
    kinds = [(type(event.message).__name__, getattr(event.message, "index", None)) for event in events]
    shown = [kind for kind in kinds if kind[0] in ("Preview", "Layer")]
    assert [index for name, index in shown if name == "Layer"] == [0, 1, 2, 3]
    for k in range(4):
        assert shown.index(("Preview", k)) < shown.index(("Layer", k))
        assert k == 0 or shown.index(("Preview", k)) > shown.index(("Layer", k - 1))
    shares = [event.message.step / event.message.steps for event in events if _painting(event)]
    assert shares == sorted(shares) and shares[-1] == 1


def _painting(event: Event) -> bool:
    return isinstance(event.message, Progress) and event.message.phase in ("painting", "decoding")


def test_again_uploads_nothing_and_encodes_nothing(bridge) -> None:
    client, ids, _ = bridge
    asked = Recipe("fill", prompt="a red roof", model=ids["sd15-inpaint-lcm-1step"], seed=5)
    first = paint(client, asked)
    before = client.uploaded
    again = paint(client, Recipe("fill", prompt="a red roof", model=asked.model, seed=6), accepted(first).region)
    words = paint(client, Recipe("fill", prompt="a blue sea", model=asked.model, seed=6), accepted(first).region)
    assert client.uploaded == before
    assert layers(again)[0].timings["reused"] == ["texts", "regions"]
    assert layers(words)[0].timings["reused"] == ["regions"]
    assert len({*pictures(first), *pictures(again), *pictures(words)}) == 3
    once_more = paint(client, Recipe.from_map(layers(first)[0].recipe), accepted(first).region)
    assert pictures(once_more) == pictures(first)


def test_a_refine_starts_from_the_sketch(bridge) -> None:
    client, ids, _ = bridge
    reader = Reader(document())
    change = []
    for strength in (0.05, 0.5, 1.0):
        asked = Recipe("fill", prompt="a red roof", model=ids["sd15-base-lcm-1step"], seed=5, strength=strength)
        events = paint(client, asked, reader=reader)
        (picture,) = pictures(events)
        before = reader.picture[SELECTION.y : SELECTION.bottom, SELECTION.x : SELECTION.right].astype(int)
        change.append(np.abs(np.frombuffer(picture, np.uint8).reshape(before.shape) - before).mean())
        assert layers(events)[0].name.startswith("Fill" if strength == 1 else "Refine")
    assert len(set(change)) == 3


@pytest.mark.parametrize("mode", ["remove", "expand"])
def test_other_modes_are_painted_too(bridge, mode: str) -> None:
    client, ids, _ = bridge
    events = paint(client, Recipe(mode, model=ids["sd15-base-lcm-1step"], seed=5))
    assert done(events).state == "ok" and len(layers(events)) == 1


@pytest.mark.long
def test_detail_works_in_tiles(bridge) -> None:
    client, ids, _ = bridge
    of = document(900, 300)
    asked = Recipe("detail", model=ids["sd15-base-lcm-1step"], seed=5, strength=0.3)
    events = list(client.fill(of, None, asked, Reader(of)))
    assert accepted(events).plan["pieces"] >= 2
    (layer,) = layers(events)
    assert layer.box == of.canvas and layer.timings["steps"] == 1


def test_a_lora_is_named_by_its_id(bridge) -> None:
    client, ids, _ = bridge
    plain, worn = (
        paint(client, Recipe("fill", prompt="roof", model=ids["sd15-base-lcm-1step"], seed=5, loras=loras))
        for loras in ((), (Lora(ids["ink"], 1.0),))
    )
    assert pictures(plain) != pictures(worn)
    assert layers(worn)[0].recipe["loras"] == [{"id": ids["ink"], "weight": 1.0}]


@pytest.mark.long
def test_a_family_of_the_stock_pipelines(bridge) -> None:
    client, ids, _ = bridge
    events = paint(client, Recipe("fill", prompt="a roof", model=ids["flux"], seed=5, steps=1, strength=0.25))
    assert done(events).state == "ok" and layers(events)[0].recipe["made"]["family"] == "flux1"


def test_a_cancel_keeps_the_painter_and_its_model(bridge) -> None:
    client, ids, painter = bridge
    of, job = document(), new_job()
    asked = Recipe("fill", prompt="a red roof", model=ids["plain"], seed=5, count=2, guidance=1.0)
    before, seen = painter.pid, []
    for event in client.fill(of, SELECTION, asked, Reader(of), job=job):
        seen.append(event)
        if isinstance(event.message, Preview) and event.message.index == 0:
            client.cancel(job)
    assert done(seen).state == "cancelled" and not layers(seen)
    asked = Recipe("fill", prompt="a red roof", model=ids["sd15-base-lcm-1step"], seed=5)
    assert len(layers(paint(client, asked))) == 1 and painter.pid == before is not None


@pytest.mark.long
def test_a_painter_that_dies_in_the_middle_costs_nothing_that_was_finished(bridge) -> None:
    client, ids, painter = bridge
    asked = Recipe("fill", prompt="a red roof", model=ids["sd15-base-lcm-1step"], seed=5, count=2, steps=2)
    whole = paint(client, asked)
    of, events, killed = document(), [], False
    for event in client.fill(of, SELECTION, asked, Reader(of, SOFT)):
        events.append(event)
        if not killed and isinstance(event.message, Preview) and event.message.index == 1:
            os.kill(painter.pid or 0, signal.SIGKILL)
            killed = True
    assert killed and done(events).state == "ok"
    assert pictures(events) == pictures(whole)


def test_what_cannot_be_painted_is_refused_before_a_pixel_travels(bridge) -> None:
    client, ids, _ = bridge
    before = client.uploaded
    with pytest.raises(Refusal, match="There is no model “gone” here"):
        paint(client, Recipe("fill", model="gone"))
    with pytest.raises(Refusal, match="The LoRA ink is made for"):
        paint(client, Recipe("fill", model=ids["sdxl-inpaint-lcm-1step"], loras=(Lora(ids["ink"]),)))
    assert client.uploaded == before
