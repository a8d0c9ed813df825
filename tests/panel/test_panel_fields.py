"""What the artist sets in the panel: told as it is set, and never taken back by a view that is late."""

from tests.panel.look import Look
from tests.panel.views import choice, remembered, view


def test_strength_and_variations_by_keys(look: Look) -> None:
    look.show(view())
    look.named("slider", "Strength").focus()
    look.key("ArrowLeft", "ArrowLeft")
    assert [one["strength"] for one in look.edits()] == [99, 98]
    assert look.page.inner_text(".sf-percent") == "98 %"
    look.named("radio", "1 variation").focus()
    look.key("ArrowLeft", "ArrowRight", "ArrowRight")
    assert [one["count"] for one in look.edits()] == [2, 3]
    assert look.focused() == "3 variations"
    look.named("radio", "8 variations").click()
    assert [one["count"] for one in look.edits()] == [8]
    look.show(view(fields={"strength": 98, "count": 8}, greyed={"count": "One at a time."}))
    look.key("ArrowLeft")
    assert look.edits() == []


def test_a_late_view_takes_nothing_back(look: Look) -> None:
    look.show(view(fields={"prompt": "x"}))
    prompt = look.named("textbox", "Prompt")
    prompt.fill("abc")
    look.page.evaluate("document.activeElement.setSelectionRange(1, 2)")
    look.show(view(fields={"prompt": "x"}, fraction=0.1))
    assert prompt.input_value() == "abc"
    assert look.caret() == [1, 2]
    look.show(view(fields={"prompt": "abc"}))
    look.show(view(fields={"prompt": "from a layer"}))
    assert prompt.input_value() == "from a layer"


def test_settings_of_a_layer_come_even_where_they_are_the_old_ones(look: Look) -> None:
    look.show(view(fields={"prompt": "of the layer"}, layer=remembered()))
    look.named("textbox", "Prompt").fill("something else")
    look.named("button", "Edit settings").click()
    assert look.acts()[-1] == ["editSettings"]
    look.show(view(fields={"prompt": "of the layer"}, layer=remembered()))
    assert look.named("textbox", "Prompt").input_value() == "of the layer"


def test_a_number_is_told_only_where_it_is_one(look: Look) -> None:
    look.opened(view())
    steps = look.named("textbox", "Steps")
    steps.fill("12")
    steps.fill("many")
    assert steps.get_attribute("aria-invalid") == "true"
    steps.fill("1e2")
    assert [one["steps"] for one in look.edits()] == [12]
    steps.blur()
    assert steps.input_value() == "12"
    assert steps.get_attribute("aria-invalid") is None
    steps.fill("")
    assert [one["steps"] for one in look.edits()] == [None]
    blend = look.named("textbox", "Blend width")
    blend.fill("")
    assert look.edits() == []
    blend.blur()
    assert blend.input_value() == "0"
    blend.focus()
    look.key("ArrowUp", "Shift+ArrowUp", "ArrowDown")
    assert [one["blend"] for one in look.edits()] == [1, 11, 10]
    guidance = look.named("textbox", "Guidance")
    guidance.fill("7,5")
    assert [one["guidance"] for one in look.edits()] == [7.5]
    look.show(view(fields={"guidance": 7.5, "blend": 10}))
    assert guidance.input_value() == "7,5"  # what is being typed stays, where it means the same


def test_a_typed_seed_closes_the_padlock_and_an_emptied_one_opens_it(look: Look) -> None:
    look.opened(view(fields={"seed": 7}))
    seed, lock = look.named("textbox", "Seed"), look.named("button", "Keep the seed")
    assert (seed.input_value(), lock.get_attribute("aria-pressed")) == ("7", "false")
    seed.fill("42")
    assert lock.get_attribute("aria-pressed") == "true"
    seed.fill("")
    assert lock.get_attribute("aria-pressed") == "false"
    lock.click()
    assert [(one["seed"], one["locked"]) for one in look.edits()] == [(42, True), (None, False), (None, True)]
    look.show(view(greyed={"seed": "Fixed."}))
    lock.click(force=True)
    assert look.edits() == []


def test_a_list_says_what_was_taken_and_keeps_what_is_not_listed(look: Look) -> None:
    look.show(view(fields={"model": "gone"}))
    model = look.named("combobox", "Model")
    chosen = "one => one.options[one.selectedIndex].textContent"
    assert model.evaluate(chosen) == "gone"
    model.select_option(label="SDXL Base 1.0")
    model.select_option(label="Automatic")
    assert [one["model"] for one in look.edits()] == ["sdxl", None]
    assert model.evaluate("one => one.options[3].disabled")
    model.evaluate(
        "one => { one.options[3].disabled = false; one.selectedIndex = 3;"
        " one.dispatchEvent(new Event('change', {bubbles: true})) }"
    )  # as in UXP: no option is disabled
    assert look.edits() == []
    assert model.evaluate(chosen) == "Automatic"
    model.focus()
    look.show(view(models=[choice(None, "Built-in fill")]))
    assert look.focused() == "Model"
    assert model.evaluate("one => [...one.options].map(option => option.textContent)") == ["Built-in fill"]


def test_loras_are_added_weighed_and_removed(look: Look) -> None:
    look.opened(view())
    add = look.named("combobox", "LoRAs")
    listed = "one => [...one.options].map(option => option.textContent)"
    add.select_option(label="Ink drawing")
    assert add.evaluate(listed) == ["Add a LoRA …", "Old film", "Gouache and pencil"]
    assert add.evaluate("one => one.selectedIndex") == 0
    ink = {"id": "ink", "weight": 1}
    assert [one["loras"] for one in look.edits()] == [[ink]]
    look.show(view(fields={"loras": [ink]}))
    weight = look.named("textbox", "Weight of Ink drawing")
    assert weight.input_value() == "1.00"
    weight.fill("-0.5")
    look.key("ArrowUp")
    weight.fill("")
    assert [one["loras"][0]["weight"] for one in look.edits()] == [-0.5, -0.45]
    look.named("button", "Remove Ink drawing").click()
    assert [one["loras"] for one in look.edits()] == [[]]
    look.show(view())
    assert weight.count() == 0
    many = [{"id": f"lora {n}", "weight": 1} for n in range(16)]
    look.show(view(fields={"loras": many}))
    assert add.is_disabled()
    assert look.named("textbox", "Weight of lora 3").is_visible()
