"""The panel by the keyboard: the prompt, keys that mean the same everywhere, the way of the focus."""

from tests.panel import views
from tests.panel.look import Look
from tests.panel.views import button, first, remembered, tiles, view

HISTORY = ["a green door", "a red roof"]


# ---- the prompt -----------------------------------------------------------------------------------------------------


def test_enter_goes_and_shift_enter_is_a_new_line(look: Look) -> None:
    look.show(view())
    prompt = look.named("textbox", "Prompt")
    prompt.type("ab")
    look.key("Shift+Enter")
    prompt.type("c")
    assert [one["prompt"] for one in look.edits()] == ["a", "ab", "ab\n", "ab\nc"]
    look.key("Enter")
    assert look.acts() == [["go"]]
    assert prompt.input_value() == "ab\nc"


def test_a_key_that_is_held_goes_once(look: Look) -> None:
    look.show(view())
    look.named("textbox", "Prompt").focus()
    look.page.keyboard.down("Enter")
    look.page.keyboard.down("Enter")  # while it is down: a repeat
    look.page.keyboard.up("Enter")
    assert look.acts() == [["go"]]


def test_enter_is_heard_where_it_cannot_be_done_now_for_the_guest_says_why(look: Look) -> None:
    look.show(view(go=button("Fill", "No document is open.")))
    look.named("textbox", "Prompt").focus()
    look.key("Enter")
    assert look.acts() == [["go"]]


def test_arrow_keys_walk_the_history_and_come_back(look: Look) -> None:
    look.show(view(history=HISTORY))
    prompt = look.named("textbox", "Prompt")
    prompt.type("new")
    look.edits()
    for stands in ("a red roof", "a green door"):
        look.key("ArrowUp")
        look.ticked()
        assert prompt.input_value() == stands
        assert look.caret() == [len(stands)] * 2
    look.key("ArrowUp")  # there is no older one: the key does what it does in a text
    look.key("End")
    for stands in ("a red roof", "new", "new"):
        look.key("ArrowDown")
        look.ticked()
        assert prompt.input_value() == stands
    assert [one["prompt"] for one in look.edits()] == ["a red roof", "a green door", "a red roof", "new"]


def test_arrow_keys_move_within_several_lines_first(look: Look) -> None:
    look.show(view(history=HISTORY))
    prompt = look.named("textbox", "Prompt")
    prompt.fill("one\ntwo")
    look.key("ArrowUp")
    look.ticked()
    assert prompt.input_value() == "one\ntwo"
    look.key("ArrowUp")
    look.ticked()
    assert prompt.input_value() == "a red roof"
    look.key("ArrowDown")
    look.ticked()
    assert prompt.input_value() == "one\ntwo"

    long = "a very long prompt that breaks into several lines of the panel where the caret has to pass them all"
    prompt.fill(long)
    look.key("ArrowUp")
    look.ticked()
    assert prompt.input_value() == long
    assert 0 < look.caret()[0] < len(long)


def test_the_field_grows_with_its_text_and_scrolls_at_last(look: Look) -> None:
    look.show(view())
    prompt = look.named("textbox", "Prompt")

    def height(text: str) -> int:
        prompt.fill(text)
        look.settle()
        return prompt.evaluate("one => one.offsetHeight")

    assert [height(text) for text in ("", "one\ntwo")] == [54, 54]
    three = height("one\ntwo\n")
    assert 60 < three < 80
    assert (
        height("a text that is so long that it needs at least three lines in a panel as wide as this one is") == three
    )
    assert prompt.evaluate("one => one.scrollHeight <= one.clientHeight + 1")
    assert height("many\n" * 20) == 164
    look.show(view(fields={"prompt": "from a layer"}))
    look.settle()
    assert prompt.evaluate("one => one.offsetHeight") == 54


def test_what_an_input_method_composes_is_left_alone(look: Look) -> None:
    look.show(view(history=HISTORY))
    look.named("textbox", "Prompt").focus()
    ime = look.page.context.new_cdp_session(look.page)
    ime.send("Input.imeSetComposition", {"text": "ねこ", "selectionStart": 2, "selectionEnd": 2})
    look.show(view(fields={"prompt": "from a layer"}))
    for key in ("Enter", "ArrowUp", "Escape"):
        look.page.evaluate(
            "key => document.activeElement.dispatchEvent(new KeyboardEvent('keydown',"
            " {key, bubbles: true, cancelable: true, isComposing: true}))",
            key,
        )
    look.page.evaluate(  # as in UXP, where a key does not say so
        "document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', bubbles: true}))"
    )
    look.ticked()
    assert look.named("textbox", "Prompt").input_value() == "ねこ"
    ime.send("Input.insertText", {"text": "猫"})
    assert look.named("textbox", "Prompt").input_value() == "猫"
    assert look.edits()[-1]["prompt"] == "猫"
    look.key("Enter")
    assert look.acts() == [["go"]]


def test_a_prompt_that_is_not_read_is_greyed_and_the_keyboard_goes_to_the_button(look: Look) -> None:
    look.show(view())
    look.page.evaluate("alone.panel.focus()")
    assert look.focused() == "Prompt"
    look.show(first())
    assert look.named("textbox", "Prompt").is_disabled()
    look.page.evaluate("alone.panel.focus()")
    assert look.focused() == "Remove"
    look.key("Enter")
    assert look.acts() == [["go"]]


# ---- keys that mean the same everywhere -----------------------------------------------------------------------------


def test_escape_cancels_wherever_the_keyboard_is(look: Look) -> None:
    look.opened(view(tiles=tiles(2)))
    for role, name in (
        ("textbox", "Prompt"),
        ("slider", "Strength"),
        ("radio", "1 variation"),
        ("combobox", "Model"),
        ("button", "Fill"),
        ("option", views.TITLES[0]),
        ("textbox", "Seed"),
        ("combobox", "LoRAs"),
    ):
        look.named(role, name).focus()
        look.key("Escape")
        assert look.acts() == [["cancel"]], name
    look.page.mouse.click(4, 400)  # beside everything
    look.key("Escape")
    assert look.acts() == [["cancel"]]


def test_control_enter_goes_from_everywhere_and_enter_from_a_number(look: Look) -> None:
    look.opened(view())
    for name in ("Prompt", "Negative prompt", "Steps", "Seed"):
        look.named("textbox", name).focus()
        look.key("Control+Enter")
        assert look.acts() == [["go"]], name
        look.key("Enter")
        assert look.acts() == [["go"]], name
    look.named("button", "Remove").focus()
    look.key("Control+Enter")
    assert look.acts() == [["go"]]
    look.key("Enter")
    assert look.acts() == [["remove"]]


def test_tab_goes_from_top_to_bottom_and_every_stop_is_seen(look: Look) -> None:
    look.opened(view(tiles=tiles(3, 1), layer=remembered(), fields={"count": 3}, fraction=0.5, cancel=button("Cancel")))
    stops = [
        *("Prompt", "Strength", "3 variations", "Model", "Fill", "Remove", "Enhance detail", "Cancel"),
        *(views.TITLES[1], "Again", "Vary", "Refine", "Edit settings", "More", "Negative prompt", "Steps", "Guidance"),
        *("Seed", "Keep the seed", "Sample", "Blend width", "Context", "LoRAs"),
    ]
    look.page.evaluate("document.getElementById('app').focus()")
    for stop in stops:
        look.key("Tab")
        assert look.focused() == stop
        ring = "getComputedStyle(document.activeElement, document.activeElement.type === 'range' ? '' : null)"
        if stop != "Strength":  # its thumb has the ring: no script can ask for that
            assert look.page.evaluate(f"{ring}.outlineStyle") == "solid", stop
