"""The page under the pointer and the keys: what is selected, where it is looked at, what undo takes away."""

import numpy as np
import pytest

from bridge.protocol.values import Box
from tests.panel.bench import Bench, noise, png

PICTURE = noise(400, 600)
ROOF = ("roof.png", png(PICTURE))


@pytest.fixture
def roof(bench: Bench) -> Bench:
    """The page with a picture of 600 × 400 pixels, at its own size."""
    bench.open(ROOF)
    assert bench.page.evaluate("bench.easel.view.zoom") == 1
    return bench


def test_a_rectangle_is_selected_added_to_and_taken_away_from(roof):
    roof.drag((100, 50), (300, 150))
    assert roof.selection() == Box(100, 50, 200, 100)
    roof.page.keyboard.down("Shift")
    roof.drag((400, 300), (350, 200))
    roof.page.keyboard.up("Shift")
    assert roof.selection() == Box(100, 50, 300, 250)
    roof.page.keyboard.down("Alt")
    roof.drag((90, 40), (310, 160))
    roof.page.keyboard.up("Alt")
    assert roof.selection() == Box(350, 200, 50, 100)
    roof.drag((10, 10), (20, 30))
    assert roof.selection() == Box(10, 10, 10, 20)
    assert (roof.coverage(Box(9, 10, 12, 1)) == [[0, *[255] * 10, 0]]).all()


def test_a_rectangle_beyond_the_picture_is_clipped_and_a_click_deselects(roof):
    roof.drag((500, 350), (640, 430))
    assert roof.selection() == Box(500, 350, 100, 50)
    roof.drag((200, 200), (201, 200))
    assert roof.selection() is None
    roof.key("Control+z")
    assert roof.selection() == Box(500, 350, 100, 50)


def test_the_brush_adds_a_soft_stroke_and_takes_it_away(roof):
    roof.drag((10, 10), (40, 40))
    roof.key("b")
    roof.page.evaluate("bench.tools.set({ size: 40, softness: 0.5 })")
    roof.drag((200, 200), (300, 200))
    assert roof.selection() == Box(10, 10, 310, 210)
    row = roof.coverage(Box(250, 170, 1, 60))[:, 0]
    assert (row[22:38] == 255).all() and (row[:9] == 0).all() and (row[51:] == 0).all()
    assert (np.diff(row.astype(int))[:30] >= 0).all() and len(set(row.tolist())) > 10
    roof.page.keyboard.down("Alt")
    roof.drag((180, 200), (340, 200))
    roof.page.keyboard.up("Alt")
    assert (roof.coverage(Box(250, 190, 1, 20)) == 0).all()
    assert roof.page.evaluate("bench.album.active.history.past.map((one) => one.name)") == [
        "Rectangle",
        "Brush",
        "Brush",
    ]


def test_a_stroke_is_one_step_and_escape_takes_back_what_is_under_way(roof):
    roof.key("b")
    x, y = roof.on_screen(100, 100)
    roof.page.mouse.move(x, y)
    roof.page.mouse.down()
    roof.page.mouse.move(x + 50, y + 50, steps=5)
    roof.key("Escape")
    roof.page.mouse.move(x + 90, y + 90, steps=5)
    roof.page.mouse.up()
    assert roof.selection() is None
    assert ["cancel"] not in roof.acts()
    roof.key("Escape")
    assert ["cancel"] in roof.acts()
    roof.drag((100, 100), (150, 150), (200, 100))
    assert roof.page.evaluate("bench.album.active.history.past.length") == 1


def test_undo_and_redo_by_keys_and_buttons(roof):
    before = roof.pixels()
    roof.drag((100, 50), (300, 150))
    roof.page.evaluate("bench.land('Fill – sky (seed 1)', [100, 50, 200, 100], [1, 2, 3])")
    after = roof.pixels()
    assert (after[50:150, 100:300, :3] == [1, 2, 3]).all()
    roof.key("Control+z")
    assert (roof.pixels() == before).all()
    assert roof.selection() == Box(100, 50, 200, 100), "the fill alone is one step"
    roof.press("Undo")
    assert roof.selection() is None
    assert roof.named("button", "Undo").is_disabled()
    roof.press("Redo")
    roof.key("Control+Shift+z")
    assert (roof.pixels() == after).all()
    assert roof.named("button", "Redo").is_disabled()


def test_keys_do_nothing_while_a_text_field_has_the_keyboard(roof):
    roof.page.evaluate("show(bench.view())")
    roof.drag((100, 50), (300, 150))
    prompt = roof.page.get_by_role("textbox").first
    prompt.click()
    roof.page.keyboard.type("rb01[] +")
    roof.key("Control+d", "Control+z", "Delete")
    assert roof.selection() == Box(100, 50, 200, 100)
    assert roof.page.evaluate("[bench.tools.tool, bench.tools.brush.size, bench.easel.view.zoom]") == [
        "rectangle",
        80,
        1,
    ]
    roof.drag((10, 10), (20, 20))
    roof.key("b", "]")
    assert roof.page.evaluate("[bench.tools.tool, bench.tools.brush.size]") == ["brush", 96]
    roof.key("[", "Control+d", "r")
    assert roof.page.evaluate("[bench.tools.tool, bench.tools.brush.size]") == ["rectangle", 80]
    assert roof.selection() is None


def test_the_wheel_zooms_at_the_pointer_and_the_hand_moves(roof):
    at = roof.on_screen(150, 90)
    roof.page.mouse.move(*at)
    roof.page.mouse.wheel(0, -400)
    assert roof.page.evaluate("bench.easel.view.zoom") > 1.5
    assert np.allclose(roof.on_screen(150, 90), at, atol=0.01)
    roof.page.keyboard.down("Space")
    before = roof.on_screen(0, 0)
    roof.page.mouse.down()
    roof.page.mouse.move(at[0] + 30, at[1] + 20)
    roof.page.mouse.up()
    roof.page.keyboard.up("Space")
    assert np.allclose(roof.on_screen(0, 0), (before[0] + 30, before[1] + 20))
    assert roof.selection() is None
    roof.drag((150, 90), (160, 95), button="middle")
    assert not np.allclose(roof.on_screen(0, 0), (before[0] + 30, before[1] + 20))
    roof.key("1")
    assert roof.page.evaluate("bench.easel.view.zoom") == 1
    roof.page.set_viewport_size({"width": 1280, "height": 300})
    roof.key("0")
    assert roof.page.evaluate("bench.easel.view.zoom") < 0.6


def test_what_is_selected_does_not_depend_on_the_zoom(roof):
    for zoom in (0.31, 1.7, 8):
        roof.page.evaluate("zoom => bench.easel.look({ zoom, x: 20, y: 30 })", zoom)
        roof.drag((10, 12), (50, 40))
        assert roof.selection() == Box(10, 12, 40, 28)


def test_the_window_shows_the_values_of_the_picture_and_the_dashes_of_the_selection(roof):
    points = [(5.5, 5.5), (300.5, 200.5), (599.5, 399.5)]
    assert roof.screen(points) == [tuple(PICTURE[int(y), int(x)].tolist()) for x, y in points]
    roof.drag((200, 100), (400, 300))
    line = roof.screen([(200.5 + k, 100.5) for k in range(8, 48)])
    assert set(line) == {(0, 0, 0), (255, 255, 255)}
    assert roof.screen(points) == [tuple(PICTURE[int(y), int(x)].tolist()) for x, y in points]


def test_nothing_is_drawn_while_nothing_changes(roof):
    roof.drag((200, 100), (400, 300))
    roof.page.evaluate("bench.drawn()")
    before = roof.page.evaluate("bench.easel.drawn")
    for _ in range(5):
        roof.page.evaluate("bench.drawn()")
    assert roof.page.evaluate("bench.easel.drawn") == before
    roof.page.mouse.move(*roof.on_screen(300, 200))
    roof.page.evaluate("bench.drawn()")
    assert roof.page.evaluate("bench.easel.drawn") == before


def test_layers_are_hidden_shown_chosen_and_deleted(roof):
    before = roof.pixels()
    mask = [255] * 50 + [0] * 50
    roof.page.evaluate("mask => bench.land('Fill – sky (seed 1)', [100, 50, 10, 10], [1, 2, 3], mask)", mask)
    after = roof.pixels()
    assert (after[50:55, 100:110, :3] == [1, 2, 3]).all() and (after[55:] == before[55:]).all()
    roof.named("button", "Fill – sky (seed 1): visible").click()
    assert (roof.pixels() == before).all()
    roof.key("Control+z")
    assert (roof.pixels() == after).all()
    strip = roof.page.get_by_role("region", name="Layers")
    strip.get_by_role("button", name="Fill – sky (seed 1)", exact=True).click()
    assert roof.state("active") == roof.state("layers[0].id")
    assert strip.locator("canvas.mask").count() == 1
    roof.named("button", "Delete Fill – sky (seed 1)").click()
    assert (roof.pixels() == before).all()
    assert roof.state("active") == roof.state("layers[0].id")


def test_an_invert_acts_on_what_lies_below_and_opacity_fades_it(roof):
    roof.named("button", "+ Invert").click()
    assert (roof.pixels()[..., :3] == 255 - PICTURE).all()
    opacity = roof.named("slider", "Opacity")
    opacity.press("Home")
    assert (roof.pixels()[..., :3] == PICTURE).all()
    roof.key("Control+z", "Control+z")
    assert (roof.pixels()[..., :3] == PICTURE).all()


def test_a_larger_canvas_is_transparent_around_the_picture(roof):
    roof.drag((100, 50), (300, 150))
    roof.press("Enlarge canvas")
    seen = roof.pixels()
    assert seen.shape == (600, 900, 4)
    assert (seen[100:500, 150:750, :3] == PICTURE).all()
    assert (seen[:100] == 0).all() and (seen[:, 750:] == 0).all()
    assert roof.selection() == Box(250, 150, 200, 100)
    roof.key("Control+z")
    assert roof.pixels().shape == (400, 600, 4)


def test_the_focus_goes_through_the_bar_then_the_layers_then_the_picture_then_the_panel(bench):
    bench.open(ROOF)
    bench.page.evaluate("show(bench.view())")
    bench.page.locator("#open").focus()
    order = ["bar"]
    for _ in range(40):
        bench.key("Tab")
        order.append(
            bench.page.evaluate("document.activeElement.closest('header, .side, #easel, #panel, nav')?.className")
        )
    places = [one for k, one in enumerate(order) if k == 0 or one != order[k - 1]]
    assert places[:5] == ["bar", "side", "tabs", "easel", "sf"]


def test_every_control_has_a_name(bench):
    bench.open(ROOF)
    bench.page.evaluate("bench.land('Fill – sky (seed 1)', [100, 50, 10, 10], [1, 2, 3])")
    bench.key("b")
    nameless = bench.page.evaluate(
        "[...document.querySelectorAll('body > :not(#panel) :is(button, input:not([type=file]))')]"
        ".filter((one) => !one.closest('[hidden]') && !one.textContent.trim() && !one.ariaLabel && !one.labels?.length)"
        ".map((one) => one.outerHTML)"
    )
    assert nameless == []
