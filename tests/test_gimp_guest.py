"""Every gesture of the artist, from the button to the layer: a real bridge, a real line, an image in memory."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bridge.client import new_job
from bridge.config import Config
from bridge.protocol.values import Box
from gimp_plugin import gestures, showing
from gimp_plugin.recall import Memory
from gimp_plugin.view import Fields, Place
from gimp_plugin.works import Work
from tests.painters import painter
from tests.pictured import Board, Sheet
from tests.seats import Seat, Told, gifted, modelled

SELECTION = Box(60, 50, 40, 30)
PROMPT = "a red roof"


@pytest.fixture(scope="module")
def gate(tmp_path_factory) -> Path:
    """The second variation of every fill is held until this file appears."""
    return tmp_path_factory.mktemp("gate") / "gate"


@pytest.fixture(scope="module")
def folder(tmp_path_factory, run_bridge, gate) -> Iterator[Path]:
    """The folder of a bridge that has a model."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(folder))
        patch.setenv("HF_HUB_CACHE", str(folder / "hub"))
        with run_bridge(folder, [gifted("held", gate)], modelled(folder / "art")):
            yield folder


@pytest.fixture
def seat(folder, gate, tmp_path) -> Iterator[Seat]:
    """A panel with one image of which a part is selected."""
    gate.touch()
    board = Board()
    board.select(SELECTION)
    seat = Seat(folder, board, keep=tmp_path)
    seat.ready()
    yield seat
    gate.touch()
    seat.done()
    seat.close()


def filled(seat: Seat, **fields) -> Memory:
    """Fill, and wait for the layers. Returns what the first of them remembers."""
    seat.edit(**({"prompt": PROMPT} | fields))
    count, before = seat.view.fields.count, seat.landed
    seat.guest.go()
    seat.until(lambda: seat.landed == before + count)
    seat.done()
    return memory(seat, -1)


def memory(seat: Seat, at: int = 0) -> Memory:
    """What a layer of ours remembers, counted from the top of the stack, or from where it was put last."""
    sheets = sorted(seat.boards[0].ours(), key=lambda one: one.tattoo)
    found = Memory.from_bytes(sheets[at].memory)
    assert found is not None
    return found


def names(seat: Seat) -> list[tuple[str, bool]]:
    """Our layers from top to bottom, and which of them are seen."""
    return [(one.name.split(" (")[0], one.visible) for one in seat.boards[0].ours()]


# ---- each gesture ---------------------------------------------------------------------------------------------------


def test_remove_puts_a_layer_over_what_was_selected_and_nothing_else_changes(seat) -> None:
    board = seat.boards[0]
    before, selected = board.composite(), list(board.selected)
    seat.guest.remove()
    seat.until(lambda: seat.landed)
    seat.done()
    after, inside = board.composite(), np.s_[50:80, 60:100]
    seed = memory(seat).recipe.seed
    assert (after[inside] == [seed % 200 + 20] * 3 + [255]).all()
    after[inside] = before[inside]
    assert (after == before).all()
    assert (board.ours()[0].box, board.steps) == (SELECTION, [f"insert Remove (seed {seed})"])
    assert board.selected == selected
    assert board.marked and seat.view.error == ""


def test_fill_reads_the_prompt(seat) -> None:
    found = filled(seat)
    assert (found.recipe.mode, found.recipe.prompt, found.recipe.strength) == ("fill", PROMPT, 1)
    assert seat.boards[0].ours()[0].name == f"Fill – a red roof (seed {found.recipe.seed})"
    assert seat.view.history == (PROMPT,)


def test_the_slider_refines_what_is_selected(seat) -> None:
    seat.edit(prompt=PROMPT, strength=40)
    assert seat.view.go.label == "Refine 40 %"
    found = filled(seat, strength=40)
    assert (found.recipe.mode, found.recipe.strength) == ("fill", 0.4)


def test_without_a_selection_the_whole_picture_is_generated(seat) -> None:
    seat.boards[0].select(None)
    seat.edit(prompt=PROMPT)
    assert seat.view.go.label == "Generate"
    found = filled(seat)
    assert (found.selection, seat.boards[0].ours()[0].box) == (None, Box(0, 0, 160, 120))


def test_expand_fills_what_lies_beyond_the_picture(seat) -> None:
    board = seat.boards[0]
    board.alpha = True
    board.resize(200, 120)
    board.select(None)
    seat.edit(prompt=PROMPT)
    assert seat.view.go.label == "Expand"
    found = filled(seat)
    assert (found.recipe.mode, found.content) == ("expand", Box(0, 0, 160, 120))
    assert (board.composite()[..., 3] == 255).all()


def test_a_picture_that_covers_the_canvas_does_not_go_on(seat) -> None:
    board = seat.boards[0]
    board.alpha = True
    board.select(None)
    seat.guest.expand()
    assert (seat.guest.error[:32], seat.guest.idle) == ("The picture covers the canvas: e", True)
    assert seat.view.go.label == "Generate"
    holed = board.layers[0].pixels.copy()
    holed[:, :20, 3] = 0
    board.layers[:] = [Sheet("Holed", 0, 0, holed)]
    seat.guest.tick()
    assert seat.view.go.label == "Expand"


def test_detail_is_a_mode_of_its_own(seat) -> None:
    seat.guest.detail()
    seat.until(lambda: seat.landed)
    assert (memory(seat).recipe.mode, memory(seat).recipe.strength) == ("detail", 0.3)


def test_again_takes_the_same_pixels_and_hides_the_layer_before(seat) -> None:
    board = seat.boards[0]
    first = filled(seat)
    board.selected = [board.ours()[0].tattoo]
    seat.guest.tick()
    assert seat.view.layer.name.startswith("Fill – a red roof")
    uploaded = seat.told.uploaded
    seat.guest.again()
    seat.until(lambda: seat.landed == 2)
    seat.done()
    again = memory(seat, -1)
    assert (seat.told.uploaded, seat.view.error) == (uploaded, "")
    assert (again.region, again.selection) == (first.region, first.selection)
    assert again.recipe.seed != first.recipe.seed
    assert names(seat) == [("Fill – a red roof", True), ("Fill – a red roof", False)]


def test_again_with_the_padlock_closed_is_the_same_layer(seat) -> None:
    first = filled(seat)
    seat.edit(locked=True)
    seat.guest.again()
    seat.until(lambda: seat.landed == 2)
    assert memory(seat, -1).recipe == first.recipe
    assert seat.boards[0].ours()[0].pixels.tolist() == seat.boards[0].ours()[1].pixels.tolist()


def test_again_where_no_layer_is_ours_is_the_button(seat) -> None:
    seat.edit(prompt=PROMPT)
    seat.guest.again()
    seat.until(lambda: seat.landed)
    assert memory(seat).recipe.prompt == PROMPT


def test_again_on_a_layer_that_was_moved_lands_where_it_lies(seat) -> None:
    board = seat.boards[0]
    filled(seat)
    board.ours()[0].x += 9
    board.ours()[0].y -= 4
    seat.guest.again()
    seat.until(lambda: seat.landed == 2)
    assert {one.box for one in board.ours()} == {SELECTION.moved(9, -4)}
    assert memory(seat, -1).box == SELECTION, "where it was made from, not where it lies"


def test_again_on_a_canvas_that_grew_lands_where_the_layer_lies_and_says_nothing(seat) -> None:
    board = seat.boards[0]
    filled(seat)
    board.resize(200, 150, 30, 20)
    board.selected = [board.ours()[0].tattoo]
    seat.guest.again()
    assert seat.view.error == ""
    seat.until(lambda: seat.landed == 2)
    assert {one.box for one in board.ours()} == {SELECTION.moved(30, 20)}


def test_again_says_that_the_picture_has_changed(seat) -> None:
    """Also when it is made again once more."""
    board = seat.boards[0]
    filled(seat)
    for changed in (False, True, True):
        if changed:
            board.layers[-1].pixels[:] = 0.5
        seat.guest.again()
        assert seat.view.error == (showing.CHANGED if changed else "")
        seat.until(lambda: seat.guest.idle)
        seat.done()
    assert len(board.ours()) == 4


@pytest.mark.parametrize("sample", ["all", "below"])
def test_what_lies_above_a_layer_is_no_change_of_it(seat, sample) -> None:
    board = seat.boards[0]
    filled(seat, sample=sample)
    board.selected = [board.ours()[0].tattoo]
    board.layers.insert(0, Sheet("Curves", 0, 0, np.ones((120, 160, 4))))
    seat.guest.again()
    assert seat.view.error == ""
    seat.until(lambda: seat.landed == 2)
    assert board.layers[0].name == "Curves"


def test_what_lies_above_a_layer_is_not_read_for_the_one_that_replaces_it(seat) -> None:
    board = seat.boards[0]
    filled(seat)
    before = memory(seat).pixels
    board.layers.insert(0, Sheet("Curves", 0, 0, np.ones((120, 160, 4))))
    seat.guest.edit_settings()
    filled(seat, prompt="a blue roof")
    assert (memory(seat, -1).pixels, memory(seat, -1).sample) == (before, "below")
    assert board.layers[0].name == "Curves" and seat.view.fields.sample == "all"


def test_of_the_one_layer_that_was_read_alone_nothing_can_be_told(seat) -> None:
    board = seat.boards[0]
    board.layers.insert(0, Sheet("Upper", 0, 0, np.full((120, 160, 4), 0.5)))
    board.selected = [board.layers[0].tattoo]
    filled(seat, sample="current")
    for _ in range(2):
        before = seat.landed
        seat.guest.again()
        assert seat.view.error == ""
        seat.until(lambda before=before: seat.landed == before + 1)
        seat.done()


@pytest.mark.parametrize(
    ("crop", "shift"),
    [
        (Box(70, 60, 80, 50), (-70, -60)),
        (Box(40, 30, 40, 40), (-40, -30)),
        (Box(50, 60, 100, 10), None),
        (Box(70, 20, 20, 90), None),
    ],
)
def test_again_on_a_layer_that_was_cut_with_the_canvas(seat, crop, shift) -> None:
    board = seat.boards[0]
    filled(seat)
    board.crop(crop)
    board.selected = [board.ours()[0].tattoo]
    seat.guest.again()
    if shift:
        seat.until(lambda: seat.landed == 2)
        assert board.ours()[0].box == SELECTION.moved(*shift)
    else:
        seat.guest.answer(seat.offer(f"The canvas was 160 × 120 px and is {crop.width} × {crop.height} px"), "discard")
        assert len(board.ours()) == 1


def test_again_on_a_layer_that_the_artist_cut_stays_where_it_was(seat) -> None:
    board = seat.boards[0]
    filled(seat)
    sheet = board.ours()[0]
    sheet.pixels, sheet.mask, sheet.x, sheet.y = sheet.pixels[5:, 5:], sheet.mask, 65, 55
    seat.guest.again()
    seat.until(lambda: seat.landed == 2)
    assert board.ours()[0].box == SELECTION


def test_a_refined_layer_is_at_hand_wherever_it_lies(seat) -> None:
    filled(seat)
    seat.boards[0].ours()[0].x += 5
    seat.guest.refine()
    seat.until(lambda: seat.landed == 2)
    seat.done()
    assert seat.view.layer.name.startswith("Refine")


def test_again_next_week_in_a_new_program(seat, folder, tmp_path) -> None:
    board = seat.boards[0]
    first = filled(seat)
    board.selected = [board.ours()[0].tattoo]
    board.select(None)
    later = Seat(folder, board, keep=tmp_path / "later").ready()
    later.guest.again()
    later.until(lambda: later.landed)
    later.done()
    later.close()
    assert (memory(seat, -1).region, later.told.uploaded) == (first.region, 0)
    assert [one.box for one in board.ours()] == [SELECTION] * 2


def test_again_when_the_bridge_has_forgotten_the_pixels_reads_them_anew(seat, folder) -> None:
    board = seat.boards[0]
    filled(seat)
    sheet, found = board.ours()[0], memory(seat)
    wide = replace(found.recipe, context=Box(0, 0, 150, 110))  # as another program may have asked
    sheet.memory = replace(found, region=new_job(), recipe=wide).to_bytes()
    sheet.x, sheet.y = 20, 10
    board.selected = [sheet.tattoo]
    seat.guest.again()
    seat.until(lambda: seat.landed == 2)
    seat.done()
    assert "no longer holds what this layer was made from" in seat.view.error
    assert [one.box for one in board.ours()] == [Box(20, 10, 40, 30)] * 2
    assert memory(seat, -1).selection == Box(20, 10, 40, 30)
    assert [one["recipe"].context for one in seat.told.fills[1:]] == [wide.context, None]
    assert [one.visible for one in board.ours()] == [True, False]


def test_again_with_a_model_that_is_gone_names_it(seat) -> None:
    board = seat.boards[0]
    filled(seat)
    found = memory(seat)
    board.ours()[0].memory = replace(found, recipe=replace(found.recipe, model="gone-12345678")).to_bytes()
    board.selected = [board.ours()[0].tattoo]
    seat.guest.again()
    seat.until(lambda: seat.guest.idle)
    assert "gone-12345678" in seat.view.error and "roofs" in seat.view.error
    assert len(board.ours()) == 1
    filled(seat)


def test_a_layer_from_another_image_is_made_again_in_this_one(seat) -> None:
    board = seat.boards[0]
    filled(seat)
    found = memory(seat)
    foreign = replace(found, document=replace(found.document, tag="ff" * 16))
    board.ours()[0].memory = foreign.to_bytes()
    board.selected = [board.ours()[0].tattoo]
    seat.guest.again()
    seat.until(lambda: seat.landed == 2)
    assert seat.told.fills[-1]["document"].tag == board.tag


def test_vary_makes_three_relatives_in_a_group(seat) -> None:
    board = seat.boards[0]
    filled(seat)
    seat.guest.vary()
    seat.until(lambda: seat.landed == 4)
    seat.done()
    group = board.layers[0]
    assert [one.visible for one in group.children] == [True, False, False]
    assert {Memory.from_bytes(one.memory).recipe.strength for one in group.children} == {0.6}
    assert {Memory.from_bytes(one.memory).recipe.prompt for one in group.children} == {PROMPT}
    assert {one.box for one in group.children} == {SELECTION}


def test_refine_takes_the_fields_and_the_layers_own_mask(seat) -> None:
    board = seat.boards[0]
    board.select(SELECTION, coverage=99)
    filled(seat)
    board.select(Box(0, 0, 9, 9))
    board.selected = [board.ours()[0].tattoo]
    seat.edit(prompt="a blue roof", strength=100, blend=40)
    seat.guest.refine()
    seat.until(lambda: seat.landed == 2)
    refined = memory(seat, -1)
    assert (refined.recipe.prompt, refined.recipe.strength) == ("a blue roof", gestures.REFINE / 100)
    top = board.ours()[0]
    assert (top.box, set(top.mask.ravel().tolist())) == (SELECTION, {99})


def test_a_layer_outside_the_canvas_cannot_be_refined_and_says_so(seat) -> None:
    board = seat.boards[0]
    filled(seat)
    board.ours()[0].x = 400
    board.selected = [board.ours()[0].tattoo]
    seat.guest.refine()
    assert "outside the canvas" in seat.view.error and seat.guest.idle


def test_edit_settings_and_what_is_filled_then_replaces_the_layer(seat) -> None:
    board = seat.boards[0]
    board.select(SELECTION, coverage=99)
    first = filled(seat, sample="below", blend=0)
    board.select(None)
    board.selected = [board.ours()[0].tattoo]
    seat.edit(prompt="something else")
    seat.guest.edit_settings()
    fields = seat.view.fields
    assert (fields.prompt, fields.seed, fields.locked, fields.sample) == (PROMPT, first.recipe.seed, True, "below")
    assert board.chosen is not None and set(board.chosen[50:80, 60:100].ravel().tolist()) == {99}
    assert seat.offer("what you fill now replaces it") == "editing"
    assert seat.told.fills[-1]["selection"] == SELECTION
    asked = len(board.asked)
    found = filled(seat, prompt="a blue roof", locked=False)
    assert found.recipe.prompt == "a blue roof"
    assert "read" in board.asked[asked:]
    assert names(seat) == [("Fill – a blue roof", True), ("Fill – a red roof", False)]
    assert not seat.view.offers
    filled(seat, prompt="a green roof")
    assert names(seat)[-1] == ("Fill – a red roof", False) and names(seat)[0][1] and names(seat)[1][1]


def test_a_layer_that_is_replaced_keeps_its_place(seat) -> None:
    board = seat.boards[0]
    filled(seat)
    board.layers.insert(0, Sheet("Above", 0, 0, np.zeros((120, 160, 4))))
    for replacing in (seat.guest.again, lambda: seat.guest.edit_settings() or seat.guest.go()):
        board.selected = [board.ours()[0].tattoo]
        before = seat.landed
        replacing()
        seat.until(lambda before=before: seat.landed == before + 1)
        seat.done()
    assert [one.name.split(" ")[0] for one in board.layers] == ["Above", "Fill", "Fill", "Fill", "Background"]
    assert [one.visible for one in board.ours()] == [True, False, False]


def test_earlier_fills_of_an_image_leave_when_they_are_over(seat) -> None:
    for _ in range(3):
        filled(seat)
    assert len(seat.guest._fills.all()) == 1


def test_a_layer_is_hidden_by_the_first_variation_alone(seat, gate) -> None:
    gate.unlink()
    board = seat.boards[0]
    filled(seat)
    old = board.ours()[0]
    seat.guest.edit_settings()
    seat.edit(count=2)
    seat.guest.go()
    seat.until(lambda: seat.landed == 2)
    assert not old.visible
    old.visible = True  # the artist compares
    gate.touch()
    seat.until(lambda: seat.landed == 3)
    assert old.visible


def test_editing_stops_by_its_answer_or_with_its_layer(seat) -> None:
    board = seat.boards[0]
    filled(seat)
    for end in (lambda: seat.guest.answer("editing", "stop"), lambda: board.delete(board.ours()[0].tattoo)):
        seat.guest.edit_settings()
        assert [one.key for one in seat.view.offers] == ["editing"]
        end()
        seat.guest.tick()
        assert not seat.view.offers


def test_edit_settings_says_that_a_model_is_gone(seat) -> None:
    filled(seat)
    board, found = seat.boards[0], memory(seat)
    board.ours()[0].memory = replace(found, recipe=replace(found.recipe, model="gone-12345678")).to_bytes()
    board.selected = [board.ours()[0].tattoo]
    seat.guest.edit_settings()
    assert "“gone-12345678” is not installed any more" in seat.view.error
    assert seat.view.fields.model is None


# ---- variations -----------------------------------------------------------------------------------------------------


def test_of_several_variations_one_is_shown_and_the_first_comes_before_the_second_is_painted(seat, gate) -> None:
    gate.unlink()
    board = seat.boards[0]
    seat.edit(prompt=PROMPT, count=3)
    seat.guest.go()
    seat.until(lambda: seat.landed == 1)
    assert [one.shown for one in seat.view.tiles] == [True]
    assert (seat.view.fraction is not None, seat.view.cancel.why) == (True, "")
    seed = seat.view.fields.seed
    gate.touch()
    seat.until(lambda: seat.landed == 3)
    seat.done()
    (group,) = [one for one in board.layers if one.children]
    assert [one.visible for one in group.children] == [True, False, False]
    assert [one.shown for one in seat.view.tiles] == [True, False, False]
    assert [one.title for one in seat.view.tiles] == [one.name for one in group.children]
    assert seat.view.fields.seed == seed == Memory.from_bytes(group.children[0].memory).recipe.seed


def test_three_variations_choose_refine_and_a_new_prompt_are_six_gestures(seat) -> None:
    board = seat.boards[0]  # 1: the selection
    seat.edit(prompt=PROMPT, count=3)
    seat.guest.go()  # 2: Enter in the prompt
    seat.until(lambda: seat.landed == 3)
    seat.done()
    third = seat.view.tiles[2]
    seat.guest.choose(third.key)  # 3
    assert [one.shown for one in seat.view.tiles] == [False, False, True]
    assert [one.visible for one in board.layers[0].children] == [False, False, True]
    assert seat.view.fields.seed == Memory.from_bytes(board.layers[0].children[2].memory).recipe.seed
    assert seat.view.layer.name == third.title, "the variation that was chosen is at hand"
    seat.edit(count=1)
    seat.guest.refine()  # 4
    seat.until(lambda: seat.landed == 4)
    seat.done()
    assert memory(seat, -1).recipe.strength == gestures.REFINE / 100
    seat.edit(prompt="a blue roof")  # 5
    seat.guest.go()  # 6
    seat.until(lambda: seat.landed == 5)
    assert (memory(seat, -1).recipe.prompt, memory(seat, -1).recipe.strength) == ("a blue roof", 1)


def test_what_the_last_fill_shows_is_at_hand_while_its_selection_stands(seat) -> None:
    board = seat.boards[0]
    filled(seat)
    assert seat.view.layer is not None
    board.select(Box(0, 0, 9, 9))
    seat.guest.tick()
    assert seat.view.layer is None
    board.select(SELECTION)
    seat.guest.tick()
    assert seat.view.layer is not None
    board.delete(board.ours()[0].tattoo)
    seat.guest.tick()
    assert seat.view.layer is None


def test_a_group_that_was_undone_is_made_anew(seat, gate) -> None:
    gate.unlink()
    board = seat.boards[0]
    seat.edit(prompt=PROMPT, count=2)
    seat.guest.go()
    seat.until(lambda: seat.landed == 1)
    board.delete(board.layers[0].tattoo)
    gate.touch()
    seat.until(lambda: seat.landed == 2)
    (group,) = [one for one in board.layers if one.children]
    assert [one.visible for one in group.children] == [True]
    assert [one.shown for one in seat.view.tiles] == [False, True]


# ---- what is shown --------------------------------------------------------------------------------------------------


def test_progress_preview_and_tiles_are_shown_while_it_paints(seat, gate) -> None:
    gate.unlink()
    seat.edit(prompt=PROMPT, count=2)
    seat.guest.go()
    assert (seat.view.fraction, seat.view.doing, seat.view.cancel.why) == (0, "Waits for the bridge", "")
    seat.until(lambda: any(view.preview for view in seat.views))
    seat.until(lambda: seat.landed == 1 and seat.view.doing.startswith("Painting"))
    gate.touch()
    seat.done()
    preview = next(view.preview for view in seat.views if view.preview)
    assert (preview.width, preview.height, preview.channels, len(preview.pixels)) == (8, 8, 3, 192)
    assert (seat.view.preview, seat.view.fraction, seat.view.doing) == (None, None, "")
    assert seat.view.cancel.why == "Nothing runs."
    assert any(view.fraction and view.fraction >= 0.5 for view in seat.views)


def test_a_view_is_shown_only_where_it_is_new(seat) -> None:
    seat.until(lambda: seat.view.plan or seat.view.go.why)
    count = len(seat.views)
    for _ in range(5):
        seat.guest.tick()
    assert len(seat.views) == count


def test_what_is_said_of_a_fill_asks_the_image_nothing(seat, gate) -> None:
    """Progress may come fifty times a second."""
    gate.unlink()
    seat.edit(prompt=PROMPT, count=2)
    seat.guest.go()
    seat.until(lambda: seat.landed == 1)
    seat.boards[0].asked.clear()
    with_events = [seat.posted.get(timeout=20) for _ in range(2)]
    for one in with_events:
        one()
    assert "scene" not in seat.boards[0].asked


def test_the_seed_is_shown_and_the_padlock_keeps_it(seat) -> None:
    first = filled(seat)
    assert (seat.view.fields.seed, seat.view.fields.locked) == (first.recipe.seed, False)
    second = filled(seat)
    assert second.recipe.seed != first.recipe.seed
    seat.edit(locked=True)
    third = filled(seat)
    assert third.recipe.seed == second.recipe.seed == seat.view.fields.seed
    filled(seat, seed=7)
    assert (memory(seat, -1).recipe.seed, seat.view.fields.seed) == (7, 7)


def test_the_padlock_keeps_its_seed_whatever_is_chosen(seat) -> None:
    filled(seat, count=3, seed=7, locked=True)
    seat.guest.choose(seat.view.tiles[2].key)
    assert (seat.view.tiles[2].title[-8:], seat.view.fields.seed) == ("(seed 9)", 7)


def test_what_is_drawn_for_another_image_does_not_show(seat) -> None:
    board, other = seat.boards[0], Board()
    seat.edit(prompt=PROMPT)
    seat.guest.go()
    seat.guest.turn_to(other)
    seat.until(lambda: board.ours())
    assert seat.view.fields.seed is None


def test_the_fields_are_there_again_next_time(seat, folder, tmp_path) -> None:
    first = Seat(folder, seat.boards[0], keep=tmp_path / "own")
    first.edit(prompt=PROMPT, strength=40)
    first.guest.placed(Place(1, 2, 340, 700))
    first.close()
    later = Seat(folder, seat.boards[0], keep=tmp_path / "own")
    assert (later.view.fields, later.keep.place) == (Fields(prompt=PROMPT, strength=40), Place(1, 2, 340, 700))
    later.close()


def test_prompts_are_remembered_by_their_last_use(seat) -> None:
    for prompt in ("a red roof", "a blue roof", "a red roof"):
        filled(seat, prompt=prompt)
    assert seat.view.history == ("a blue roof", "a red roof")


NOTHING = "No image is open."
INDEXED = "An indexed image has no room"


@pytest.mark.parametrize(
    ("selection", "kind", "floating", "fields", "label", "why", "remove", "detail"),
    [
        (SELECTION, "rgb", False, Fields(), "Remove", "", "", ""),
        (SELECTION, "rgb", False, Fields(prompt="x"), "Fill", "", "", ""),
        (SELECTION, "rgb", False, Fields(prompt="x", strength=40), "Refine 40 %", "", "", ""),
        (None, "rgb", False, Fields(prompt="x"), "Generate", "", "Nothing is selected", ""),
        (SELECTION, "gray", False, Fields(prompt="x"), "Fill", "", "", ""),
        (SELECTION, "indexed", False, Fields(prompt="x"), "Fill", INDEXED, INDEXED, INDEXED),
        (SELECTION, "rgb", True, Fields(prompt="x"), "Fill", "floating", "floating", "floating"),
        (SELECTION, "rgb", False, Fields(prompt="x", model="classical"), "Fill", "", "", "cannot sharpen"),
        (SELECTION, "rgb", False, Fields(prompt="x", strength=40, model="classical"), "Fill", "", "", "cannot sharpen"),
    ],
)
def test_buttons_say_what_they_do_or_why_not(seat, selection, kind, floating, fields, label, why, remove, detail):
    board = seat.boards[0]
    board.select(selection)
    board.kind, board.floating = kind, floating
    seat.guest.edit(fields)
    seat.until(lambda: seat.view.plan or seat.view.go.why)
    view = seat.view
    assert view.go.label == label
    for button, reason in ((view.go, why), (view.remove, remove), (view.detail, detail)):
        assert (reason in button.why) if reason else button.why == ""


def test_what_cannot_be_done_is_said_and_nothing_begins(seat) -> None:
    board = seat.boards[0]
    board.select(None)
    seat.guest.remove()
    assert seat.view.error == "Nothing is selected: select what to remove."
    board.select(SELECTION)
    board.floating = True
    for gesture in (seat.guest.go, seat.guest.expand, seat.guest.detail, seat.guest.again):
        gesture()
        assert seat.view.error == "A floating selection is open."
    board.floating = False
    seat.edit(prompt="x" * 9000)
    seat.guest.go()
    assert "prompt is at most" in seat.view.error
    assert (seat.guest.idle, seat.told.fills, board.marked) == (True, [], False)
    filled(seat)
    assert seat.view.error == ""


def test_without_a_layer_of_ours_there_is_nothing_to_vary(seat) -> None:
    for gesture in (seat.guest.vary, seat.guest.refine, seat.guest.edit_settings):
        seat.edit(prompt=PROMPT)
        gesture()
        assert seat.view.error == showing.NONE_OF_OURS
    assert seat.told.fills == []


def test_an_image_in_gray_or_of_a_palette_is_offered_conversion(seat) -> None:
    board = seat.boards[0]
    for kind, words in (("gray", "This image is grayscale"), ("indexed", "This image is indexed")):
        board.kind = kind
        seat.guest.answer(seat.offer(words), "convert")
        assert board.kind == "rgb" and not seat.view.offers
    assert board.steps == ["convert", "convert"]


def test_without_an_image_there_is_a_reason(folder, tmp_path) -> None:
    seat = Seat(folder, keep=tmp_path).ready()
    for gesture in (seat.guest.go, seat.guest.remove, seat.guest.again, seat.guest.vary, seat.guest.edit_settings):
        gesture()
        assert seat.view.error == NOTHING
    seat.guest.cancel()
    assert (seat.view.title, seat.view.error) == ("", NOTHING)
    assert {seat.view.go.why, seat.view.remove.why, seat.view.detail.why} == {NOTHING}
    assert seat.view.layer is None
    seat.close()


def test_an_image_that_is_closed_leaves_the_panel_empty(seat) -> None:
    seat.boards[0].closed = True
    seat.guest.tick()
    assert (seat.view.title, seat.view.go.why, seat.view.plan) == ("", NOTHING, "")


def test_two_images_have_their_own_fills(seat, gate) -> None:
    gate.unlink()
    one, other = seat.boards[0], Board()
    other.select(SELECTION)
    seat.boards.append(other)
    seat.edit(prompt=PROMPT, count=2)
    seat.guest.go()
    seat.until(lambda: seat.landed == 1)
    seat.guest.turn_to(other)
    assert (seat.view.fraction, seat.view.tiles, seat.view.layer) == (None, (), None)
    seat.edit(count=1)
    seat.guest.go()
    gate.touch()
    seat.done()
    assert (len(one.ours()), len(other.ours())) == (2, 1)
    seat.guest.go()
    seat.done()
    seat.guest.turn_to(one)
    assert [tile.shown for tile in seat.view.tiles] == [True, False]


# ---- cancel ---------------------------------------------------------------------------------------------------------


def test_cancel_stops_this_images_fill_and_keeps_what_was_finished(seat, gate) -> None:
    gate.unlink()
    seat.edit(prompt=PROMPT, count=3)
    seat.guest.go()
    seat.until(lambda: seat.landed == 1)
    seat.guest.cancel()
    seat.done()
    assert (len(seat.boards[0].ours()), seat.view.error, seat.view.cancel.why) == (1, "", "Nothing runs.")
    assert len(seat.view.tiles) == 1


def test_cancel_right_after_enter(seat) -> None:
    seat.edit(prompt=PROMPT)
    seat.guest.go()
    seat.guest.cancel()
    seat.done()
    assert (seat.boards[0].ours(), seat.view.error) == ([], "")


def test_cancel_of_another_images_fill_does_nothing(seat, gate) -> None:
    gate.unlink()
    seat.edit(prompt=PROMPT, count=2)
    seat.guest.go()
    seat.until(lambda: seat.landed == 1)
    seat.guest.turn_to(Board())
    assert seat.view.cancel.why == "Nothing runs."
    seat.guest.cancel()
    gate.touch()
    seat.done()
    assert seat.told.cancelled == [] and len(seat.boards[0].ours()) == 2


def test_cancel_from_another_program_stops_the_fills_of_this_image_alone(seat, folder, gate, tmp_path) -> None:
    gate.unlink()
    seat.edit(prompt=PROMPT, count=2)
    seat.guest.go()
    seat.until(lambda: seat.landed == 1)
    other = Seat(folder, Board(), keep=tmp_path / "other")
    other.guest.cancel_all()
    other.until(lambda: other.guest.idle)
    assert other.told.cancelled == []
    same = Seat(folder, seat.boards[0], keep=tmp_path / "same")
    same.guest.cancel_all()
    assert not same.guest.idle, "it waits to hear what there is to cancel"
    same.until(lambda: same.guest.idle)
    same.close()
    other.close()
    seat.done()
    assert (len(seat.boards[0].ours()), seat.view.error) == (1, "")


def test_cancel_from_the_menu_stops_what_the_bridge_has_not_accepted_yet(seat) -> None:
    seat.edit(prompt=PROMPT)
    seat.guest.go()
    seat.guest.cancel_all()
    seat.done()
    assert seat.boards[0].ours() == []


# ---- two at once ----------------------------------------------------------------------------------------------------


def test_two_guests_at_once_do_not_mix(seat, folder, tmp_path) -> None:
    board = Board()
    board.select(Box(10, 10, 20, 20))
    other = Seat(folder, board, keep=tmp_path / "other").ready()
    for one in (seat, other):
        one.edit(prompt=PROMPT, count=2)
        one.guest.go()
    seat.until(lambda: other.turn() or (seat.landed, other.landed) == (2, 2))
    other.done()
    assert {one.box for one in board.ours()} == {Box(10, 10, 20, 20)}
    assert {one.box for one in seat.boards[0].ours()} == {SELECTION}
    assert not other.view.offers and not seat.view.offers
    other.close()


# ---- the plan line --------------------------------------------------------------------------------------------------


def test_the_plan_is_shown_and_asked_anew_when_it_may_have_changed(seat) -> None:
    seat.edit(prompt="a")
    seat.until(lambda: "px" in seat.view.plan)
    asked = len(seat.told.plans)
    for prompt in ("a r", "a ro", "a roof"):
        seat.edit(prompt=prompt)
        seat.guest.tick()
    seat.edit(seed=9, locked=True)
    seat.until(seat.posted.empty)
    assert len(seat.told.plans) == asked, "a key of the prompt asked for a plan"
    before = seat.view.plan
    seat.boards[0].select(Box(0, 0, 160, 120))
    seat.until(lambda: seat.view.plan != before)
    assert len(seat.told.plans) == asked + 1


def test_models_that_come_are_shown_and_planned_with(home, run_bridge, tmp_path) -> None:
    art = tmp_path / "art"
    art.mkdir()
    with run_bridge(home, [gifted("plain")], Config(port=0, models=(str(art),))):
        board = Board()
        board.select(SELECTION)
        seat = Seat(home, board).ready()
        seat.until(lambda: seat.view.plan)
        assert [one.title for one in seat.view.models] == ["Automatic", "Built-in fill", "Sample"]
        plans = len(seat.told.plans)
        modelled(art)
        seat.line.do(lambda client: client.ask_capabilities())
        seat.until(lambda: [one.title for one in seat.view.models] == ["Automatic", "Built-in fill", "roofs"])
        seat.until(lambda: len(seat.told.plans) == plans + 1)
        seat.close()


# ---- refusals -------------------------------------------------------------------------------------------------------


def test_a_refused_fill_is_a_sentence_and_the_next_one_works(seat) -> None:
    board = seat.boards[0]
    board.chosen = np.zeros((120, 160), np.uint8)
    board.chosen[50, 60] = 1
    coverage, board.coverage = board.coverage, lambda box: bytes(box.area)  # type: ignore[method-assign]
    seat.guest.go()
    seat.until(lambda: seat.guest.idle)
    assert "mask are 0" in seat.view.error and board.ours() == []
    board.coverage = coverage  # type: ignore[method-assign]
    board.select(SELECTION)
    filled(seat)
    assert seat.view.error == ""


def test_a_painter_that_fails_is_a_sentence(home, run_bridge) -> None:
    with run_bridge(home, [painter("refusing")]):
        board = Board()
        board.select(SELECTION)
        seat = Seat(home, board).ready()
        seat.edit(count=3)
        seat.guest.go()
        seat.done()
        assert seat.view.error == "There is nothing to copy from: 0 of 9 pixels are known."
        assert (board.ours(), seat.view.tiles, seat.view.cancel.why) == ([], (), "Nothing runs.")
        seat.close()


def test_the_built_in_fill_alone_is_not_stuck_on_a_slider(home, run_bridge) -> None:
    with run_bridge(home, [painter("plain")]):
        board = Board()
        board.select(SELECTION)
        seat = Seat(home, board)
        seat.edit(strength=40, prompt=PROMPT)
        seat.ready()
        assert (seat.view.go.label, "cannot refine" in seat.view.greyed["strength"]) == ("Fill", True)
        seat.guest.go()
        seat.until(lambda: seat.landed)
        assert seat.view.error == "The built-in fill read no prompt: it continued what surrounds the selection."
        assert "cannot refine" in seat.view.layer.vary.why and "cannot refine" in seat.view.layer.refine.why
        assert (seat.view.layer.again.why, seat.view.layer.edit.why) == ("", "")
        seat.guest.edit_settings()
        assert seat.view.error == "", "the built-in fill is never missing"
        seat.done()
        seat.close()


class Slower(Told):
    """A client of a bridge of another release."""

    @property
    def bridge_version(self) -> str:
        return "9.9.9"


def test_two_releases_are_told_apart_in_the_status(folder, tmp_path) -> None:
    seat = Seat(folder, Board(), keep=tmp_path, client=Slower)
    seat.until(lambda: "the bridge 9.9.9: run sfumato install gimp" in seat.view.status)
    seat.close()


def test_a_work_counts_its_own_layers_alone() -> None:
    assert Work(None, None, None).group == 0  # type: ignore[arg-type]
