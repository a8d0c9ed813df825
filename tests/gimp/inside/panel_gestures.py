"""Runs inside, where GTK is: what an artist does to the panel, by real keys and clicks. Each check is a test."""

from dataclasses import replace

from panel_hand import LAYER, Hand, opened, same, shot, tiles, view

from gimp_plugin.view import Button, Fields, Offer


def check_typing_is_told_letter_by_letter(hand: Hand) -> None:
    hand.type("red")
    same(hand.edited("prompt"), ["r", "re", "red"])


def check_enter_goes_and_shift_enter_is_a_new_line(hand: Hand) -> None:
    hand.type("a")
    hand.key("Return", "KP_Enter", "shift+Return")
    hand.type("b")
    same([one[0] for one in hand.guest.take("edit")], ["go", "go"])
    same(hand.text("Prompt"), "a\nb")


def check_ctrl_enter_goes_from_anywhere(hand: Hand) -> None:
    for name in ("Strength", "Prompt", "1 variation"):
        hand.focus(name)
        hand.key("ctrl+Return")
        same(hand.guest.take(), [("go",)], name)
        hand.key("ctrl+a")
        same(hand.guest.take(), [], name)


def check_escape_cancels_and_closes_nothing(hand: Hand) -> None:
    for name in ("Prompt", "Strength", "Model"):
        hand.focus(name)
        hand.key("Escape")
        same(hand.guest.take(), [("cancel",)])
    assert hand.panel.window.get_visible()


def check_arrows_walk_the_history_and_return_to_what_was_written(hand: Hand) -> None:
    hand.show(view(history=("an oak", "a boat", "a roof")))
    hand.type("mi")
    hand.guest.take()
    hand.key("Up", "Up", "Up", "Up")
    same(hand.edited("prompt"), ["a roof", "a boat", "an oak"])
    hand.key("Down", "Down", "Down", "Down")
    same(hand.edited("prompt"), ["a boat", "a roof", "mi"])
    hand.key("Up")
    hand.type("!")
    same(hand.text("Prompt"), "a roof!")
    hand.key("Up")
    same(hand.text("Prompt"), "a roof", "what was typed is the newest, and the walk begins anew")
    hand.key("Down")
    same(hand.text("Prompt"), "a roof!")


def check_the_history_waits_beyond_the_first_and_the_last_line(hand: Hand) -> None:
    hand.show(view(history=("a roof",)))
    hand.type("one")
    hand.key("shift+Return")
    hand.type("two")
    hand.guest.take()
    hand.key("Up")
    same((hand.guest.take(), hand.text("Prompt")), ([], "one\ntwo"))
    hand.key("Up")
    same(hand.text("Prompt"), "a roof")


def check_a_prompt_that_was_just_used_is_not_recalled(hand: Hand) -> None:
    hand.show(view(history=("an oak", "a roof"), fields=Fields(prompt="a roof")))
    hand.key("Up")
    same(hand.text("Prompt"), "an oak")


def check_strength_follows_the_keys_and_never_the_wheel(hand: Hand) -> None:
    hand.panel.window.resize(340, 240)
    hand.wait_for(lambda: hand.panel.window.get_size()[1] == 240, "the window is low")
    hand.focus("Strength")
    hand.key("Left", "Left")
    same(hand.edited("strength"), [99, 98])
    page = hand.find("Page").get_vadjustment()
    for name in ("Strength", "Model", "Strength"):
        before = page.get_value()
        hand.click(name, button=5 if before == 0 else 4)
        hand.wait_for(lambda before=before: page.get_value() != before, f"the page scrolls on {name}")
    same(hand.guest.take(), [])


def check_count(hand: Hand) -> None:
    hand.click("3 variations")
    hand.click("8 variations")
    same(hand.edited("count"), [3, 8])
    hand.key("alt+v")
    same((hand.guest.take(), hand.focused()), ([], "8 variations"))
    hand.key("Left")
    same(hand.edited("count"), [7])


def check_model(hand: Hand) -> None:
    hand.focus("Model")
    hand.key("Down")
    same(hand.edited("model"), ["soft"])  # what is greyed is passed over
    hand.click("Model")
    hand.key("Down", "Return")
    hand.wait_for(lambda: len(hand.guest.said), "another model")
    same(hand.edited("model"), ["sharp"])


def check_a_seed_that_is_typed_stays(hand: Hand) -> None:
    opened(hand)
    hand.focus("Seed")
    hand.type("42")
    said = [(one[1].seed, one[1].locked) for one in hand.guest.take()]
    same(said, [(4, True), (42, True)])
    hand.click("Keep the seed")
    same(hand.edited("locked"), [False])
    hand.focus("Seed")
    hand.key("BackSpace", "BackSpace")
    assert hand.edited("seed")[-1] is None


def check_what_is_no_number_is_not_told_and_goes_when_left(hand: Hand) -> None:
    hand.show(view(fields=Fields(steps=30, guidance=7.5)))
    opened(hand)
    hand.focus("Steps")
    hand.key("End")
    hand.type("00")
    hand.show(hand.view)
    same(hand.find("Steps").get_text(), "3000")
    hand.key("Tab")
    same(hand.find("Steps").get_text(), "30")
    hand.focus("Guidance")
    hand.key("End", "BackSpace")
    hand.show(hand.view)
    same(hand.find("Guidance").get_text(), "7.", "what is half typed is left alone")
    hand.type("nan")
    same([one[1].guidance for one in hand.guest.take()], [7.0])


def check_loras_are_added_weighed_and_removed(hand: Hand) -> None:
    opened(hand)
    hand.focus("LoRAs")
    hand.key("Down")
    same(hand.edited("loras"), [(("ink", 1.0),)])
    hand.key("Down")
    same(hand.edited("loras"), [(("ink", 1.0), ("wash", 1.0))])
    hand.key("Down")
    same(hand.edited("loras"), [])  # what does not fit is passed over
    hand.focus("Weight of Ink")
    hand.key("Down")
    same(hand.edited("loras"), [(("ink", 0.95), ("wash", 1.0))])
    hand.focus("Remove Ink")
    hand.key("space")
    same(hand.edited("loras"), [(("wash", 1.0),)])
    weight = hand.find("Weight of Wash")
    hand.show(view(fields=Fields(loras=(("gone", 0.5), ("wash", -0.4)))))
    assert hand.find("Weight of Wash") is weight
    same(round(weight.get_value(), 2), -0.4)
    assert hand.find("Weight of gone")
    same(hand.guest.take(), [])


def check_sample_context_source_blend(hand: Hand) -> None:
    opened(hand)
    for name, field, value in (
        ("Sample", "sample", "below"),
        ("Context", "context", "canvas"),
        ("Copy from", "source", "wide"),
    ):
        hand.focus(name)
        hand.key("Down")
        same(hand.edited(field), [value])
    hand.focus("Blend width")
    hand.key("Up", "Up")
    same(hand.edited("blend"), [1, 2])


def check_thumbnails_by_click_and_by_arrow_keys(hand: Hand) -> None:
    keys = ("a", "b", "c", "d", "e")
    hand.guest.choose = lambda key: (
        hand.guest.said.append(("choose", key)),
        hand.show(replace(hand.view, tiles=tiles(*keys, shown=key))),
    )
    hand.show(view(tiles=tiles(*keys, shown="a")))
    hand.settle()
    hand.click("c")
    same(hand.guest.take(), [("choose", "c")])
    hand.key("Right")
    hand.key("Left", "Left")
    same(hand.guest.take(), [("choose", "d"), ("choose", "c"), ("choose", "b")])
    hand.show(view(tiles=tiles(*keys, shown="e")))
    assert hand.find("e").is_selected() and not hand.find("b").is_selected()
    hand.show(view(tiles=tiles(*keys)))
    assert not any(hand.find(key).is_selected() for key in keys)
    same(hand.guest.take(), [])


def check_offers_are_answered(hand: Hand) -> None:
    first = Offer("waits 1", "A fill waits.", (("insert", "Insert"), ("drop", "Discard")))
    hand.show(view(offers=(first, Offer("convert", "This image is indexed.", (("convert", "Convert"),)))))
    hand.settle()
    bar = hand.find("A fill waits.")
    hand.click("Discard")
    hand.click("Convert")
    same(hand.guest.take(), [("answer", "waits 1", "drop"), ("answer", "convert", "convert")])
    hand.show(replace(hand.view, plan="another"))
    assert hand.find("A fill waits.") is bar
    hand.show(view())
    assert "A fill waits." not in [one.get_accessible().get_name() for one in hand.widgets()]


def check_every_button_does_its_own(hand: Hand) -> None:
    hand.show(view(layer=LAYER, fraction=0.5, preview=shot(40, 30), cancel=Button("Cancel")))
    hand.settle()
    for name in ("Fill", "Remove", "Enhance detail", "Cancel", "Again", "Vary", "Refine", "Edit settings"):
        hand.click(name)
    asked = ["go", "remove", "detail", "cancel", "again", "vary", "refine", "edit_settings"]
    same(hand.guest.take(), [(one,) for one in asked])


def check_the_keyboard_goes_from_top_to_bottom(hand: Hand) -> None:
    opened(hand)
    hand.focus("Prompt")
    order = []
    while hand.focused() not in order:
        order.append(hand.focused())
        hand.key("Tab")
    main = ["Prompt", "Strength", "1 variation", "Model", "Fill", "Remove", "Enhance detail", "More"]
    more = "Negative prompt|Steps|Guidance|Seed|Keep the seed|Sample|Blend width|Context|Copy from|LoRAs"
    same(order, [*main, *more.split("|")])
