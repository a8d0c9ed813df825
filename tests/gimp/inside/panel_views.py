"""Runs inside, where GTK is: what views do to the panel, and what they do not. Each check is a test."""

import random
from typing import Any

from panel_hand import LAYER, LORAS, MODELS, SIZE, Hand, name_of, named_count, opened, same, shot, tiles, tooltips, view

from gimp_plugin.view import Button, Choice, Fields, Offer, Place, Tile


def check_a_model_that_is_not_listed_stands_there_by_its_name(hand: Hand) -> None:
    hand.show(view(fields=Fields(model="lost")))
    picker = hand.find("Model")
    same(picker.get_model()[picker.get_active()][0], "lost")
    hand.show(view(models=(), fields=Fields()))
    same(picker.get_model()[picker.get_active()][0], "Default")
    same(hand.guest.take(), [])


def check_thumbnails_that_stay_are_not_made_anew(hand: Hand) -> None:
    hand.show(view(tiles=tiles("a", "b")))
    hand.settle()
    a, b = hand.find("a"), hand.find("b")
    hand.show(view(tiles=tiles("b", "c", "a", shown="c")))
    hand.settle()
    same([hand.find("a"), hand.find("b")], [a, b])
    same([hand.find(key).get_index() for key in ("b", "c", "a")], [0, 1, 2])
    hand.show(view(tiles=tiles("c")))
    same([one.get_accessible().get_name() for one in hand.find("Variations").get_children()], ["c"])


def check_what_is_greyed_says_why(hand: Hand) -> None:
    why = "Nothing is selected."
    greyed = {"prompt": "No prompt is read.", "strength": "Nothing is kept.", "steps": "There are no steps."}
    hand.show(view(go=Button("Fill", why), remove=Button("Remove", "Later."), greyed=greyed))
    opened(hand)
    hand.click("Fill")
    hand.click("Remove")
    same(hand.guest.take(), [])
    assert why in hand.reads()
    for name, said in (("Fill", why), ("Remove", "Later."), ("Prompt", greyed["prompt"]), ("Steps", greyed["steps"])):
        assert not hand.find(name).get_sensitive()
        same(hand.find(name).get_tooltip_text(), said)
    assert {greyed["prompt"], greyed["steps"]} <= set(hand.reads())
    hand.hover("Strength")
    hand.wait_for(lambda: greyed["strength"] in tooltips(), "the tooltip of a greyed slider")


def check_no_two_buttons_say_the_same(hand: Hand) -> None:
    hand.show(view(go=Button("Remove")))
    hand.settle()
    same(hand.reads().count("Remove"), 1)
    hand.show(view(go=Button("Fill")))
    hand.settle()
    same((hand.reads().count("Fill"), hand.reads().count("Remove")), (1, 1))


def check_a_view_is_never_answered(hand: Hand) -> None:
    drawn = random.Random(4)
    opened(hand)
    for _number in range(15):
        fields = Fields(
            prompt=drawn.choice(("", "a roof", "two\nlines")),
            strength=drawn.randint(5, 100),
            count=drawn.randint(1, 8),
            model=drawn.choice(MODELS).id,
            negative=drawn.choice(("", "text")),
            steps=drawn.choice((None, 1, 30)),
            guidance=drawn.choice((None, 0.0, 7.5)),
            seed=drawn.choice((None, 0, 2**32 - 1)),
            locked=drawn.random() < 0.5,
            loras=tuple((one.id or "", drawn.uniform(-2, 2)) for one in drawn.sample(LORAS, drawn.randint(0, 3))),
            sample=drawn.choice(("all", "below", "current")),
            blend=drawn.randint(0, 256),
            context=drawn.choice(("auto", "canvas")),
            source=drawn.choice(("near", "wide", "all")),
        )
        keys = drawn.sample("abcdef", drawn.randint(0, 6))
        shown = view(
            fields=fields,
            models=MODELS[: drawn.randint(0, 4)],
            loras=LORAS[: drawn.randint(0, 3)],
            tiles=tiles(*keys, shown=drawn.choice((*keys, ""))),
            greyed=dict.fromkeys(drawn.sample(("prompt", "count", "seed", "loras", "sample"), 2), "So."),
            layer=drawn.choice((None, LAYER)),
            fraction=drawn.choice((None, 0.3)),
            preview=drawn.choice((None, shot(16, 24, 4))),
            offers=drawn.choice(((), (Offer("o", "Well?", (("yes", "Yes"),)),))),
            error=drawn.choice(("", "It failed.")),
        )
        hand.show(shown)
        hand.settle()
        same(hand.guest.take(), [])
        same(shows(hand), expected(fields, shown.models))


def check_nothing_moves_while_views_stream_into_a_text(hand: Hand) -> None:
    hand.guest.echo = lambda fields: None  # this guest is slow: what it shows is what it heard a while ago
    hand.type("a red roof")
    hand.key("Left", "Left", "shift+Left")
    buffer = hand.find("Prompt").get_buffer()
    before = [one.get_offset() for one in buffer.get_selection_bounds()]
    for old in ("", "a", "a red", "a red roo", "a red roof"):
        for step in range(10):
            hand.show(
                view(fields=Fields(prompt=old), fraction=step / 10, doing=f"step {step}", preview=shot(8, 8, grey=step))
            )
            hand.settle()
    same(hand.text("Prompt"), "a red roof")
    same([one.get_offset() for one in buffer.get_selection_bounds()], before)
    same(hand.focused(), "Prompt")


def check_edit_settings_brings_another_prompt_be_it_an_old_one(hand: Hand) -> None:
    hand.guest.echo = lambda fields: None
    hand.show(view(layer=LAYER, fields=Fields(prompt="a")))
    hand.settle()
    hand.focus("Prompt")
    hand.key("End")
    hand.type("b")
    hand.show(view(layer=LAYER, fields=Fields(prompt="a")))
    same(hand.text("Prompt"), "ab")
    hand.click("Edit settings")
    hand.show(view(layer=LAYER, fields=Fields(prompt="a", strength=40)))
    same((hand.text("Prompt"), hand.find("Strength").get_value()), ("a", 40))


def check_the_place_is_told_and_restored(hand: Hand) -> None:
    window = hand.panel.window
    window.resize(400, 500)
    window.move(120, 90)
    hand.wait_for(lambda: ("placed", Place(120, 90, 400, 500)) in hand.guest.said, "the place is told")
    hand.close()
    again = Hand(Place(120, 90, 400, 500))
    again.wait_for(lambda: again.panel.window.get_position() == (120, 90), "the window is where it was")
    same(again.panel.window.get_size(), (400, 500))
    again.close()
    far = Hand(Place(5000, -300, 400, 3000))
    same(far.panel.window.get_default_size(), (400, 900))
    x, y = far.panel.window.get_position()
    assert 0 <= x <= 1000 and 0 <= y < 900
    far.close()


def check_a_place_comes_back_onto_a_monitor_that_is_there(hand: Hand) -> None:
    from gimp_plugin.panel.place import within

    left, right = Place(0, 25, 1000, 775), Place(1000, 0, 1600, 1200)
    for given, fitted in (
        (Place(100, 100, 340, 600), Place(100, 100, 340, 600)),
        (Place(900, 100, 340, 600), Place(1000, 100, 340, 600)),
        (Place(-50, 0, 340, 600), Place(0, 25, 340, 600)),
        (Place(0, 0, 340, 1000), Place(0, 25, 340, 775)),
        (Place(9000, 9000, 340, 600), Place(660, 200, 340, 600)),
    ):
        same(within(given, [left, right]), fitted, given)
    same(within(Place(1, 2, 3, 4), []), Place(1, 2, 3, 4))


def check_closing_tells_the_place_first(hand: Hand) -> None:
    hand.panel.window.move(200, 50)
    hand.wait_for(lambda: hand.panel.window.get_position() == (200, 50), "the window is moved")
    ended: list[bool] = []
    hand.panel.window.connect("destroy", lambda _window: ended.append(True))
    hand.key("alt+F4")
    hand.wait_for(lambda: ended, "the window is gone")
    same(hand.guest.said[-2:], [("placed", Place(200, 50, *SIZE)), ("closed",)])


def check_every_control_has_a_name_and_a_key_of_its_own(hand: Hand) -> None:
    hand.show(view(layer=LAYER, tiles=tiles("a"), offers=(Offer("o", "Well?", (("yes", "Yes"),)),), error="No."))
    opened(hand)
    from gi.repository import Gtk

    for one in hand.widgets():
        assert not one.get_can_focus() or name_of(one), one
    labels = [one for one in hand.widgets() if isinstance(one, Gtk.Label) and one.get_use_underline()]
    keys = [one.get_mnemonic_keyval() for one in labels if "_" in one.get_label()]
    assert len(keys) == len(set(keys)) >= 18


def check_a_preview_is_as_wide_as_the_panel(hand: Hand) -> None:
    hand.show(view(fraction=1.5, doing="Painting 1 of 4", preview=shot(400, 100, grey=50)))
    same(hand.find("Progress").get_fraction(), 1)
    for width, height in ((340, 79), (500, 119), (340, 79)):
        hand.panel.window.resize(width, 680)
        hand.wait_for(lambda height=height: hand.find("Preview").get_allocated_height() == height, f"{height} px")
    hand.show(view(fraction=0.1, doing="Painting 1 of 4", preview=shot(64, 96, grey=50)))
    hand.wait_for(
        lambda: hand.find("Preview").get_allocated_height() == 221, "an upright one is not as high as it could be"
    )
    same([hand.pixel("Preview", at) for at in (0.3, 0.5, 0.7)], [(50, 50, 50)] * 3)
    assert (50, 50, 50) not in [hand.pixel("Preview", at) for at in (0.1, 0.9)], "it hangs in the middle"
    hand.show(view())
    assert "Preview" not in [name_of(one) for one in hand.widgets() if one.get_mapped()]


def check_what_is_transparent_lies_on_a_chequerboard(hand: Hand) -> None:
    hand.show(view(tiles=(Tile("a", "a", shot(64, 64, 4)), Tile("b", "b", shot(64, 64, grey=200)))))
    hand.draw()
    checks = [hand.pixel("a", at)[0] for at in (0.4, 0.5)]
    assert abs(min(checks) - 0x66) <= 2 and abs(max(checks) - 0x99) <= 2, checks
    same(hand.pixel("b", 0.5), (200, 200, 200))


def check_an_error_can_be_copied(hand: Hand) -> None:
    error = "9.1 GB were needed, 8.0 GB are there."
    hand.show(view(error=error))
    hand.settle()
    assert hand.find(error).get_selectable()
    hand.show(view())
    assert error not in hand.reads()


def shows(hand: Hand) -> dict[str, Any]:
    """The fields as they stand in the panel."""
    chosen = {name: hand.find(name) for name in ("Model", "Sample", "Context", "Copy from")}
    pressed = [count for count in range(1, 9) if hand.find(named_count(count)).get_active()]
    weights = [one for one in hand.widgets() if str(one.get_accessible().get_name()).startswith("Weight of")]
    return {
        "prompt": hand.text("Prompt"),
        "negative": hand.text("Negative prompt"),
        "strength": hand.find("Strength").get_value(),
        "count": pressed,
        "numbers": [hand.find(name).get_text() for name in ("Steps", "Guidance", "Seed")],
        "locked": hand.find("Keep the seed").get_active(),
        "blend": hand.find("Blend width").get_value(),
        "weights": sorted(round(one.get_value(), 2) for one in weights),
        **{name: one.get_model()[one.get_active()][0] for name, one in chosen.items()},
    }


def expected(fields: Fields, models: tuple[Choice, ...]) -> dict[str, Any]:
    """The fields as they should stand there."""
    titles = {None: "Default", "all": "All layers", "below": "Current and below", "current": "Current layer"}
    titles |= {"auto": "Automatic", "canvas": "Whole canvas"}
    sources = {"near": "Near", "wide": "Wide", "all": "Whole picture"}
    numbers = (fields.steps, fields.guidance, fields.seed)
    return {
        "prompt": fields.prompt,
        "negative": fields.negative,
        "strength": fields.strength,
        "count": [fields.count],
        "numbers": ["" if one is None else f"{one:g}" if isinstance(one, float) else str(one) for one in numbers],
        "locked": fields.locked,
        "blend": fields.blend,
        "weights": sorted(round(weight, 2) for _, weight in fields.loras),
        "Model": next((one.title for one in models if one.id == fields.model), fields.model or "Default"),
        "Sample": titles[fields.sample],
        "Context": titles[fields.context],
        "Copy from": sources[fields.source],
    }
