"""What the panel shows, and what its buttons do. A real browser; views as a guest makes them."""

from tests.panel import views
from tests.panel.look import Look
from tests.panel.views import button, choice, first, remembered, shot, tiles, view

CONVERT = {"key": "convert", "text": "Convert it to RGB?", "answers": [["convert", "Convert to RGB"]]}
HELD = {"key": "held 1", "text": "It waits.", "answers": [["insert", "Insert"], ["discard", "Discard"]]}


def test_an_offer_is_answered_and_stays_while_another_goes(look: Look) -> None:
    look.show(view(offers=[CONVERT, HELD]))
    look.named("button", "Discard").focus()
    look.show(view(offers=[HELD]))
    assert look.focused() == "Discard"
    look.key("Enter")
    assert look.acts() == [["answer", "held 1", "discard"]]
    look.show(view(offers=[CONVERT, HELD | {"text": "It waits for you."}]))
    assert look.page.locator(".sf-bars .sf-text").all_inner_texts() == ["Convert it to RGB?", "It waits for you."]
    look.show(view())
    assert look.page.locator(".sf-bars").is_hidden()


def test_errors_and_waiting_are_told_to_everybody(look: Look) -> None:
    look.show(view(error="The bridge is away.", waiting="Photoshop is busy."))
    assert look.page.get_by_role("alert").inner_text() == "The bridge is away."
    assert look.page.get_by_role("status").all_inner_texts() == ["Photoshop is busy.", "3 models · NVIDIA RTX 4090"]
    look.show(view())
    assert look.page.get_by_role("alert").count() == 0


def test_pairing_is_one_paste_and_enter(look: Look) -> None:
    unpaired = view(pairing="Run sfumato pair.", error="Not known.", layer=remembered(), fields={"prompt": "x"})
    look.show(unpaired)
    field = look.named("textbox", "Pairing text")
    field.focus()
    look.key("Enter")
    assert look.acts() == []
    field.fill("  ABCD:4717\t")
    look.key("Enter")
    look.named("button", "Pair").click()
    assert look.acts() == [["pair", "ABCD:4717"]] * 2
    look.show(unpaired)
    assert field.input_value() == "  ABCD:4717\t"  # it was refused: to be corrected
    card, error = look.page.locator(".sf-card").bounding_box(), look.page.get_by_role("alert").bounding_box()
    assert card and error and 0 < error["y"] - card["y"] - card["height"] < 30
    look.show(view(pairing="Run sfumato pair.", error="Run sfumato pair.", status="Run sfumato pair."))
    assert look.page.get_by_text("Run sfumato pair.").filter(visible=True).count() == 1
    look.show(view(error="Gone wrong."))
    assert field.is_hidden()
    look.show(unpaired)
    assert field.input_value() == ""  # a secret is not kept


# ---- buttons --------------------------------------------------------------------------------------------------------


def test_each_button_does_one_thing(look: Look) -> None:
    look.show(view(layer=remembered(), fraction=0.5, cancel=button("Cancel")))
    for label, act in (
        *(("Fill", "go"), ("Remove", "remove"), ("Enhance detail", "detail"), ("Cancel", "cancel")),
        *(("Again", "again"), ("Vary", "vary"), ("Refine", "refine"), ("Edit settings", "editSettings")),
    ):
        look.named("button", label).click()
        assert look.acts() == [[act]]


def test_one_button_that_says_remove_is_enough(look: Look) -> None:
    look.show(first())
    assert look.named("button", "Remove").count() == 1
    look.named("button", "Remove").click()
    assert look.acts() == [["go"]]


def test_a_greyed_button_does_nothing_and_keeps_the_keyboard(look: Look) -> None:
    look.show(view())
    look.named("button", "Fill").focus()
    look.show(view(go=button("Fill", "One fill at a time.")))
    fill = look.named("button", "Fill")
    assert fill.is_disabled()
    assert fill.get_attribute("title") == "One fill at a time."
    assert look.focused() == "Fill"
    look.key("Enter")
    fill.click(force=True)
    assert look.acts() == []
    look.show(view())
    look.key("Enter")
    assert look.acts() == [["go"]]


def test_progress_is_told_in_words_and_numbers(look: Look) -> None:
    look.show(view())
    bar = look.named("progressbar", "Progress")
    assert not bar.is_visible()
    look.show(view(fraction=0.42, doing="Painting 12 of 30", cancel=button("Cancel")))
    told = [bar.get_attribute(f"aria-value{what}") for what in ("now", "min", "max", "text")]
    assert told == ["42", "0", "100", "Painting 12 of 30"]
    width = "one => one.firstChild.offsetWidth / one.offsetWidth"
    assert abs(bar.evaluate(width) - 0.42) < 0.01
    look.show(view(fraction=7))
    assert bar.get_attribute("aria-valuenow") == "100"


# ---- what is asked and said -----------------------------------------------------------------------------------------


def test_nothing_is_done_before_it_is_paired(look: Look) -> None:
    look.opened(view(pairing=None))
    look.show(view(pairing="Run sfumato pair.", layer=remembered(), offers=[CONVERT]))
    for name in ("Fill", "Remove", "Enhance detail", "Again", "Vary", "Refine", "Edit settings"):
        assert look.named("button", name).is_disabled(), name
        look.named("button", name).focus()
        look.key("Enter")
    for name in ("Prompt", "Negative prompt", "Steps"):
        assert look.named("textbox", name).is_visible()
        assert look.named("textbox", name).is_disabled()
        look.named("textbox", name).focus()
        look.key("Enter", "Control+Enter")
    assert look.acts() == []
    look.named("button", "Convert to RGB").click()  # a question about the document, not for the bridge
    assert look.acts() == [["answer", "convert", "convert"]]
    look.show(view())
    assert look.named("textbox", "Prompt").is_enabled()
    look.named("textbox", "Prompt").press("Enter")
    assert look.acts() == [["go"]]


# ---- pictures -------------------------------------------------------------------------------------------------------


def test_arrow_keys_swap_the_variation_and_the_frame_follows_the_document(look: Look) -> None:
    look.show(view(tiles=tiles(6)))
    look.named("option", views.TITLES[0]).focus()
    look.key("ArrowRight", "ArrowDown", "End", "ArrowRight", "Home")
    keys = [key for name, key in look.acts()]
    assert keys == ["job/1", "job/5", "job/5"]  # Home is the one that is shown
    selected = "[...document.querySelectorAll('[role=option]')].map(one => one.getAttribute('aria-selected'))"
    assert look.page.evaluate(selected) == ["true"] + ["false"] * 5
    look.key("ArrowRight")
    look.show(view(tiles=tiles(6, 1)))
    assert look.page.evaluate(selected).index("true") == 1
    assert look.focused() == views.TITLES[1]
    look.named("option", views.TITLES[4]).click()
    assert look.acts() == [["choose", "job/1"], ["choose", "job/4"]]
    assert look.page.locator("[role=option][tabindex='0']").count() == 1


def test_a_picture_is_freed_when_it_is_not_shown_any_more(look: Look) -> None:
    def up() -> int:
        look.settle()
        return look.page.evaluate("alone.pictures().up")

    look.show(view(tiles=tiles(6)))
    assert up() == 6
    look.show(view(tiles=tiles(3)))
    assert up() == 3
    other = [tiles(1)[0] | {"shot": shot(colour=(9, 9, 9))}, *tiles(3)[1:]]
    look.show(view(tiles=other))
    assert up() == 3
    for step in range(20):
        look.show(view(preview=shot(64, 48, (step, 0, 0)), fraction=step / 20))
        assert up() == 1
    look.show(view())
    assert up() == 0
    assert look.page.locator("img[src]").count() == 0


def test_a_picture_that_is_ready_too_late_is_never_shown(look: Look) -> None:
    look.page.evaluate("alone.hold()")
    for red in (10, 20, 30):
        look.show(view(preview=shot(40, 30, (red, 0, 0)), fraction=0.5))
    look.page.evaluate("alone.release()")  # the last first
    look.settle()
    pixel = """() => {
        const picture = document.querySelector(".sf-preview img"), canvas = document.createElement("canvas");
        const brush = canvas.getContext("2d");
        brush.drawImage(picture, 0, 0);
        return brush.getImageData(0, 0, 1, 1).data[0];
    }"""
    assert 25 < look.page.evaluate(pixel) <= 30
    assert look.page.evaluate("alone.pictures()") == {"hangs": 3, "up": 1}
    look.page.evaluate("alone.hold()")
    look.show(view(preview=shot(40, 30, (40, 0, 0)), fraction=0.5))
    look.show(view())
    look.page.evaluate("alone.release()")
    look.settle()
    assert look.page.evaluate("alone.pictures().up") == 0
    assert look.page.locator("img[src]").count() == 0


def test_a_picture_that_cannot_be_made_leaves_the_panel_whole(look: Look) -> None:
    broken = shot() | {"broken": True}
    look.show(view(preview=broken, tiles=[tiles(1)[0] | {"shot": broken}], fraction=0.5))
    look.settle()
    look.show(view(preview=shot(9, 9), tiles=tiles(1), fraction=0.5))
    look.settle()
    assert look.page.evaluate("alone.pictures().up") == 1


def test_a_preview_is_as_wide_as_the_panel_and_not_too_high(look: Look) -> None:
    sizes = []
    for width, height in ((40, 30), (400, 100), (100, 400)):
        look.show(view(preview=shot(width, height), fraction=0.5))
        look.settle()
        sizes.append(
            look.page.evaluate("(({width, height}) => [width, height])(document.querySelector('.sf-preview img'))")
        )
    assert sizes == [[296, 222], [296, 74], [56, 225]]


# ---- a thousand views a minute --------------------------------------------------------------------------------------


def test_what_did_not_change_is_not_touched(look: Look) -> None:
    rich = view(
        fields={"loras": [{"id": "ink", "weight": 0.8}], "prompt": "a", "steps": 7},
        tiles=tiles(4, 2),
        layer=remembered(),
        offers=[CONVERT, HELD],
        fraction=0.5,
        doing="Painting",
        preview=shot(),
        notes=["One.", "Two."],
        error="Wrong.",
        history=["a green door"],
    )
    look.opened(rich)
    look.settle()
    before = look.page.evaluate("alone.pictures()")
    again = "view => alone.touched(() => { for (let n = 0; n < 100; n++) alone.panel.show(structuredClone(view)) })"
    for seen in (rich, first(), view(pairing="Run sfumato pair.")):
        look.show(seen)
        assert look.page.evaluate(again, seen) == []
    look.show(rich)
    look.settle()
    assert look.page.evaluate("alone.pictures().up") == before["up"]


def test_a_focused_field_keeps_keyboard_caret_and_selection_whatever_is_shown(look: Look) -> None:
    look.opened(view())
    others = [
        view(tiles=tiles(4), layer=remembered()),
        view(fraction=0.1, preview=shot(), offers=[CONVERT], waiting="Busy."),
        view(error="Wrong.", offers=[HELD, CONVERT], fields={"count": 5, "model": "sdxl", "seed": 9}),
        view(pairing="Run sfumato pair."),
        view(title="", greyed={}, models=[choice(None, "Automatic")], loras=[]),
    ]
    for name, text in (("Prompt", "a red roof"), ("Negative prompt", "people"), ("Guidance", "12.5")):
        field = look.named("textbox", name)
        field.fill(text)
        look.page.evaluate("document.activeElement.setSelectionRange(1, 3)")
        for seen in others:
            look.show(seen)
            assert (look.focused(), look.caret(), field.input_value()) == (name, [1, 3], text)
