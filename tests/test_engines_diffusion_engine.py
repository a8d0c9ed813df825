"""The engine on tiny checkpoints: variations, what is used again, what runs out, what breaks, what is taken back."""

import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch

from bridge.engines import Cancelled, Plate, Step
from bridge.engines.diffusion import devices, latents
from bridge.engines.diffusion.engine import Diffusion
from bridge.engines.diffusion.memory import Rung
from bridge.engines.diffusion.weights import Store
from bridge.engines.prefill import smooth
from bridge.models import Lora, Model
from bridge.protocol.errors import Refusal
from bridge.protocol.values import Lora as Worn
from bridge.protocol.values import Recipe
from tests.checkpoints import CPU, FAMILIES, LAYOUTS, lora, model, plate

STEPS = 4
"""As few as a schedule ever has."""
STORE = Store(CPU, torch.float32)
"""Models are loaded once for all tests; what a test changes in them, it puts back."""


@cache
def engine(family: str = "sd15", layout: str = "base") -> Diffusion:
    """One for each checkpoint, kept."""
    return fresh(model(family, layout))


def fresh(*models: Model, loras: tuple[Lora, ...] = (), store: Store | None = STORE) -> Diffusion:
    """One that remembers nothing; `store` None: nor is anything loaded."""
    by_id: dict[str, Any] = {one.id: one for one in (*models, *loras)}
    return Diffusion(by_id.__getitem__, by_id.__getitem__, "cpu", torch.float32, store)


def recipe(of: Model, **more: Any) -> Recipe:
    values = {"prompt": "a red roof", "seed": 7, "steps": STEPS, "guidance": 4.0} | more
    return Recipe(values.pop("mode", "fill"), model=of.id, **values)


def paint(on: Diffusion, of: Model, at: Plate | None = None, step: Step | None = None, **more: Any) -> list[np.ndarray]:
    """The variations in order."""
    painted = on.paint(at or plate(), recipe(of, **more), step or (lambda *said: None))
    return [rgb for _, rgb in sorted(painted, key=lambda one: one[0])]


SD15 = model("sd15")


@contextmanager
def failing(on: Diffusion, of: Model, why: Callable[[], BaseException], calls: set[int]) -> Iterator[list[int]]:
    """The denoiser fails at these calls, counted from now on."""
    count: list[int] = []

    def fail(*given: object) -> None:
        count.append(len(count))
        if count[-1] in calls:
            raise why()

    hook = on._store.get(of).unet.register_forward_pre_hook(fail)
    try:
        yield count
    finally:
        hook.remove()


# ---- what comes back ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("family", FAMILIES)
def test_every_layout_paints_variations_that_stand_alone(family: str, layout: str) -> None:
    on, of = engine(family, layout), model(family, layout)
    first, second = paint(on, of, plate(64, 96), count=2)
    assert first.shape == (64, 96, 3) and first.dtype == np.float32
    assert first.min() >= 0 and first.max() <= 1 and first.std() > 0.02
    assert not np.array_equal(first, second)
    (alone,) = paint(on, of, plate(64, 96), seed=8)
    assert np.array_equal(alone, second)


def test_each_variation_is_yielded_before_the_next_is_begun() -> None:
    said: list[tuple[int, int]] = []
    painted = engine().paint(plate(), recipe(SD15, count=3), lambda k, i, n, preview: said.append((k, i)))
    for k in range(3):
        assert next(painted)[0] == k
        assert {which for which, _ in said} == set(range(k + 1))
    assert [i for which, i in dict.fromkeys(said) if which == 1] == list(range(STEPS + 1))


def test_a_batch_is_what_its_variations_are_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    alone = paint(engine(), SD15, count=3)
    monkeypatch.setattr("bridge.engines.diffusion.engine._batches", lambda ks, plate, device: iter([ks]))
    together = paint(engine(), SD15, count=3)
    assert max(np.abs(one - other).max() for one, other in zip(alone, together, strict=True)) <= 1 / 255


@pytest.mark.parametrize("family", FAMILIES)
def test_words_guidance_and_strength_are_heard(family: str) -> None:
    on, of = engine(family), model(family)
    (same,) = paint(on, of)
    changes: tuple[dict[str, Any], ...] = (
        {"prompt": "a blue sea"},
        {"guidance": 1.0},
        {"negative": "fog"},
        {"steps": 6},
        {"prompt": "a (red:1.4) roof"},
    )
    for change in changes:
        assert not np.array_equal(paint(on, of, **change)[0], same), change
    assert not np.array_equal(paint(on, of, plate(strength=0.5))[0], same)


def test_a_refine_changes_more_the_stronger_it_is() -> None:
    at = plate(hole=(slice(None), slice(None)))
    (kept,) = [
        latents.decode(engine()._store.get(SD15).vae, latents.encode(engine()._store.get(SD15).vae, at.rgb), True)
    ]
    change = []
    for strength in (0.05, 0.2, 0.4, 0.6, 0.8, 1.0):
        (rgb,) = paint(engine(), SD15, replace(at, strength=strength, key=str(strength)), steps=8, guidance=1.0)
        change.append(float(np.abs(rgb - kept).mean()))
    assert all(later > earlier for earlier, later in itertools.pairwise(change)), change


def test_nothing_said_is_not_guided() -> None:
    calls = []
    hook = engine()._store.get(SD15).unet.register_forward_pre_hook(lambda unet, given: calls.append(len(given[0])))
    try:
        paint(engine(), SD15, prompt=" ", guidance=7.0)
        paint(engine(), SD15, prompt="roof", guidance=1.0)
        paint(engine(), SD15, prompt="roof", guidance=7.0)
    finally:
        hook.remove()
    assert calls == [1] * 2 * STEPS + [2] * STEPS


# ---- what is used again ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_was_encoded_is_not_encoded_again(layout: str) -> None:
    """Counted where it happens: calls of the text encoder and of the autoencoder's encoder."""
    of = model("sd15", layout)
    on = fresh(of)
    parts = on._store.get(of)
    counts = {"text": 0, "vae": 0}
    hooks = [
        module.register_forward_pre_hook(lambda *given, name=name: counts.__setitem__(name, counts[name] + 1))
        for name, module in (("text", parts.encoders[0]), ("vae", parts.vae.encoder))
    ]

    def counted(**more: Any) -> tuple[int, int, list[str]]:
        before = dict(counts)
        paint(on, of, **more)
        return counts["text"] - before["text"], counts["vae"] - before["vae"], on.facts["reused"]

    pictures = 2 if layout == "inpaint" else 1
    assert counted() == (2, pictures + 1, [])  # and one small chart, for the previews
    assert counted(seed=9) == (0, 0, ["texts", "regions"])
    assert counted(count=3) == (0, 0, ["texts", "regions"])
    assert counted(prompt="a blue sea") == (2, 0, ["regions"])
    assert counted(guidance=6.0) == (0, 0, ["texts", "regions"])
    assert counted(at=plate(seed=4)) == (0, pictures, ["texts"])
    assert counted() == (0, 0, ["texts", "regions"])
    for hook in hooks:
        hook.remove()


def test_facts_say_how_and_made_says_with_what() -> None:
    paint(engine(), SD15)
    facts = engine().facts
    assert (facts["steps"], facts["held"]) == (STEPS, "everything on the device")
    assert {"loading", "text", "region", "steps", "decoding"} == facts["stages"].keys()
    assert engine().made == {"model": SD15.name, "hash": SD15.hash, "torch": torch.__version__, **_diffusers()}


def _diffusers() -> dict[str, str]:
    import diffusers

    return {"diffusers": diffusers.__version__}


def test_preparing_loads_and_paints_nothing() -> None:
    on = fresh(SD15, store=None)
    on.prepare(recipe(SD15))
    assert on._store.held == (SD15.id,) and on.counts == {"texts": 0, "regions": 0}


# ---- previews, cancel -----------------------------------------------------------------------------------------------


def test_previews_are_small_pictures_of_what_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge.engines.diffusion.telling.APART", 0.0)
    shown = []
    paint(engine(), SD15, plate(64, 96), lambda k, i, n, preview: preview is not None and shown.append((i, preview)))
    assert [i for i, _ in shown] == [1, 2, 3]
    assert all(
        rgb.shape == (8, 12, 3) and rgb.dtype == np.float32 and 0 <= rgb.min() <= rgb.max() <= 1 for _, rgb in shown
    )


@pytest.mark.parametrize("at", range(10))
def test_a_cancel_within_any_step_leaves_the_next_paint_right(at: int) -> None:
    (wanted,) = paint(engine(), SD15)
    asked = []

    def step(k: int, i: int, n: int, preview: object) -> None:
        asked.append(i)
        if len(asked) > 4 * at:
            raise Cancelled

    with pytest.raises(Cancelled):
        paint(engine(), SD15, step=step)
    assert len(asked) == 4 * at + 1
    assert np.array_equal(paint(engine(), SD15)[0], wanted)


def test_it_is_asked_within_a_step_too() -> None:
    asked = []
    paint(engine(), SD15, step=lambda k, i, n, preview: asked.append(i))
    assert all(asked.count(i) > 5 for i in range(STEPS))


# ---- memory that runs out, devices that fail -------------------------------------------------------------------------


def starved() -> BaseException:
    return torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")


@pytest.mark.parametrize("at", range(2 * STEPS))
def test_memory_that_runs_out_at_any_step_costs_a_rung_and_nothing_else(at: int) -> None:
    on = fresh(SD15)
    wanted = paint(on, SD15, count=2)
    with failing(on, SD15, starved, {at}) as calls:
        assert all(np.array_equal(*pair) for pair in zip(paint(on, SD15, count=2), wanted, strict=True))
    assert len(calls) == 2 * STEPS + at % STEPS + 1  # what was finished is not painted again
    assert on.facts["held"] == Rung.TEXT_AWAY.words
    assert np.array_equal(paint(on, SD15)[0], wanted[0])


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("MPS backend out of memory (MPS allocated: 9.00 GB)")])
def test_every_way_to_say_it_is_understood(error: BaseException) -> None:
    on = fresh(SD15)
    with failing(on, SD15, lambda: error, {0}):
        paint(on, SD15)
    assert on.facts["held"] == Rung.TEXT_AWAY.words


def test_rung_by_rung_down_to_a_smaller_size_and_then_a_sentence() -> None:
    on = fresh(SD15)
    at = plate(128, 128)
    with failing(on, SD15, starved, set(range(4))) as calls:
        (rgb,) = paint(on, SD15, at)
    assert on.facts["held"] == Rung.SMALLER.words and len(calls) == 4 + STEPS
    assert rgb.shape == (128, 128, 3)
    with failing(on, SD15, starved, set(range(9))), pytest.raises(Refusal) as refused:
        paint(on, SD15, at)
    assert refused.value.code == "gpu.memory" and refused.value.retry == "later"
    assert "could not paint 128 × 128 px" in refused.value.text and "Close other programs" in refused.value.text
    (after,) = paint(on, SD15)  # another size begins at the top
    assert on.facts["held"] == Rung.RESIDENT.words and after.shape == (64, 64, 3)


def test_a_fault_of_ours_is_no_lack_of_memory() -> None:
    with (
        failing(engine(), SD15, lambda: RuntimeError("shapes differ"), {1}),
        pytest.raises(RuntimeError, match="shapes"),
    ):
        paint(engine(), SD15)
    assert paint(engine(), SD15)


def test_a_device_that_failed_ends_the_painter() -> None:
    failed = failing(engine(), SD15, lambda: torch.AcceleratorError("an illegal memory access"), {0})
    with failed, pytest.raises(SystemExit, match="illegal memory access"):
        paint(engine(), SD15)


# ---- output that is broken ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("broken", [float("nan"), float("inf"), -1.0], ids=["no number", "infinite", "black"])
def test_an_autoencoder_that_overflows_in_half_precision_is_used_in_float32(broken: float) -> None:
    on = fresh(SD15, store=None)
    (wanted,) = paint(on, SD15)
    vae = on._store.get(SD15).vae
    vae.to(torch.bfloat16)

    def overflow(module: Any, given: Any, output: torch.Tensor) -> torch.Tensor:
        return torch.full_like(output, broken) if output.dtype == torch.bfloat16 else output

    vae.decoder.register_forward_hook(overflow)
    (rgb,) = paint(on, SD15)
    assert vae.dtype == torch.float32 and np.abs(rgb - wanted).max() < 0.02


def test_what_stays_broken_is_handed_on_and_refused_by_the_fill() -> None:
    on = fresh(SD15, store=None)
    on._store.get(SD15).vae.decoder.register_forward_hook(lambda *given: torch.full_like(given[2], float("nan")))
    (rgb,) = paint(on, SD15)
    assert np.isnan(rgb).all()


# ---- kinds of models ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", FAMILIES)
def test_what_lies_in_a_hole_before_depends_on_the_kind_of_model(family: str) -> None:
    base, inpaint, edit = (engine(family, layout).prefill for layout in LAYOUTS)
    of = [model(family, layout) for layout in LAYOUTS]
    for mode in ("fill", "remove", "expand"):
        copied = mode != "fill"
        assert (base(recipe(of[0], mode=mode)) is smooth) != copied
        assert inpaint(recipe(of[1], mode=mode)) is smooth
        assert edit(recipe(of[2], mode=mode)) is None


def test_an_inpainting_model_never_sees_what_lies_in_the_hole() -> None:
    """At full strength, from a plate that is prefilled alike."""
    on, of = engine("sd15", "inpaint"), model("sd15", "inpaint")
    parts = on._store.get(of)
    seen: list[torch.Tensor] = []
    hook = parts.unet.register_forward_pre_hook(lambda unet, given: seen.append(given[0].clone()))
    try:
        paint(on, of)
    finally:
        hook.remove()
    channels = seen[0][0]
    assert channels.shape[0] == 9
    assert torch.equal(channels[4] > 0, torch.from_numpy(plate().d > 0))
    blank = np.where(plate().hole[..., None], np.float32(0.5), plate().rgb)
    assert torch.allclose(channels[5:], latents.encode(parts.vae, blank)[0], atol=1e-5)


def test_a_distilled_model_runs_its_own_steps_at_any_strength() -> None:
    of = model("sd15-few", scheduler="LCMScheduler")
    on = fresh(of)
    for strength in (1.0, 0.3, 0.05):
        paint(on, of, plate(strength=strength), steps=2, guidance=1.0)
        assert on.facts["steps"] == 2


def test_a_lora_changes_the_picture_and_comes_off_without_a_trace() -> None:
    one = lora("sd15")
    on = fresh(SD15, loras=(one,))
    (plain,) = paint(on, SD15)
    (worn,) = paint(on, SD15, loras=(Worn(one.id, 1.0),))
    (more,) = paint(on, SD15, loras=(Worn(one.id, 2.0),))
    assert not np.array_equal(worn, plain) and not np.array_equal(worn, more)
    assert np.array_equal(paint(on, SD15, loras=(Worn(one.id, 0.0),))[0], plain)
    assert np.array_equal(paint(on, SD15)[0], plain)


def test_a_distillation_lora_brings_its_own_sampler() -> None:
    one = replace(lora("sd15"), id="lcm", scheduler="LCMScheduler")
    on = fresh(SD15, loras=(lora("sd15"), one))
    plain, lcm = (paint(on, SD15, loras=(Worn(id, 1.0),))[0] for id in (lora("sd15").id, "lcm"))
    assert not np.array_equal(plain, lcm)
    weak = plate(strength=0.3)
    steps = []
    for id, weight in (("lcm", 1.0), ("lcm", 0.0), (lora("sd15").id, 1.0)):
        paint(on, SD15, weak, loras=(Worn(id, weight),), steps=6, guidance=1.0)
        steps.append(on.facts["steps"])
    assert steps == [6, 4, 4]  # all of its own at any strength


def test_models_take_turns() -> None:
    other = model("sd15", seed=1)
    on = fresh(SD15, other)
    (one,), (two,) = paint(on, SD15), paint(on, other)
    assert not np.array_equal(one, two)
    assert np.array_equal(paint(on, SD15)[0], one) and np.array_equal(paint(on, other)[0], two)


# ---- families of the stock pipelines ---------------------------------------------------------------------------------


def test_a_family_without_a_loop_of_its_own_is_painted_by_its_stock_pipeline() -> None:
    flux = model("flux1")
    on = fresh(flux, SD15, store=None)
    at = plate(64, 96)
    first, second = paint(on, flux, at, count=2)
    assert first.shape == (64, 96, 3) and not np.array_equal(first, second)
    assert np.array_equal(paint(on, flux, at, seed=8)[0], second)
    paint(on, SD15)
    assert on._stock is None  # one or the other holds the memory
    assert on._store.held == (SD15.id,)
    paint(on, flux, at)
    assert on._store.held == ()


def test_memory_that_runs_out_in_a_stock_pipeline_costs_a_rung_too() -> None:
    flux = model("flux1")
    on = fresh(flux)
    at = plate(64, 64)
    (wanted,) = paint(on, flux, at)
    assert on._stock is not None
    transformer = next(iter(on._stock._pipes.values())).transformer
    once = iter([True])
    transformer.register_forward_pre_hook(lambda *given: _raise(starved()) if next(once, False) else None)
    (again,) = paint(on, flux, at)
    assert on.facts["held"] == Rung.TEXT_AWAY.words and np.array_equal(again, wanted)


def _raise(why: BaseException) -> None:
    raise why


# ---- devices --------------------------------------------------------------------------------------------------------


def test_two_threads_may_look_at_what_an_engine_says() -> None:
    """The painter's listener runs beside it; facts are plain values that it may read at any time."""
    seen = []
    thread = threading.Thread(target=lambda: seen.append(engine().device_facts()))
    thread.start()
    thread.join()
    assert seen[0]["name"] == "CPU" and seen[0]["memory"] >= seen[0]["free"] >= 0
    assert engine().device == CPU == devices.choose("cpu")
