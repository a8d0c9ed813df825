"""How the panel looks, in every state, in every theme, wide and narrow. Screenshots go to $SFUMATO_SHOTS."""

import pytest

from tests.panel import views
from tests.panel.look import Look
from tests.panel.views import Value, button, first, remembered, shot, tiles, view

CLOSED = "No document is open."
ROOF = {"prompt": "a red roof, old tiles, moss, warm evening light from the left, seen from below"}
WORN = [{"id": "ink", "weight": 0.8}, {"id": "gouache", "weight": -0.25}]
GRAY = {
    "key": "convert",
    "text": "This document is grayscale, and a fill will be, too. Convert it to RGB for a fill in colour?",
    "answers": [["convert", "Convert to RGB"]],
}
HELD = {
    "key": "held 1",
    "text": "“red roof” is ready, but its document was closed.",
    "answers": [["insert", "Insert here"], ["open", "Open as a new document"], ["discard", "Discard"]],
}
STATES: dict[str, Value] = {
    "idle": view(),
    "first": first(),
    "removed": first(
        fields={"count": 3},
        tiles=tiles(3),
        layer=remembered("Remove (seed 42)", vary=views.NO_STRENGTH, refine=views.NO_STRENGTH),
    ),
    "model": view(
        fields=ROOF | {"strength": 40, "count": 3, "model": "sdxl"},
        go=button("Refine 40 %"),
        notes=["The selection is larger than the model sees at once: it works at 80 % of full resolution."],
    ),
    "painting": view(
        fields=ROOF | {"count": 4},
        cancel=button("Cancel"),
        fraction=0.42,
        doing="Painting 12 of 30, about 4 s left",
        preview=shot(512, 384),
        tiles=tiles(2),
    ),
    "variations": view(fields=ROOF | {"count": 6}, tiles=tiles(6, 1), layer=remembered(views.TITLES[1])),
    "error": view(
        error="The bridge was closed while it painted. Start it again in a terminal: sfumato serve",
        offers=[GRAY, HELD],
    ),
    "waiting": view(waiting="Photoshop is busy: finish your current tool or close its dialog."),
    "pairing": view(
        title="",
        plan="",
        pairing="Run sfumato pair in a terminal and paste what it prints.",
        error="This pairing text is not known, or was used before. Get a new one: sfumato pair",
        status="Not paired yet",
    ),
    "closed": view(
        title="",
        plan="",
        go=button("Fill", CLOSED),
        remove=button("Remove", CLOSED),
        detail=button("Enhance detail", CLOSED),
        status="No bridge is running. Start one in a terminal: sfumato serve",
    ),
    "more": view(
        fields={"seed": 1744167669, "locked": True, "loras": WORN, "negative": "people, text"},
        greyed={"source": views.ONLY_BUILT_IN},
    ),
    "more-greyed": first(fields={"seed": 1744167669, "loras": WORN}),
}
THEMES = {  # how the browser prefers it, and what Photoshop says of its colours, if it is Photoshop
    "dark": ("dark", {}),
    "light": ("light", {}),
    "darkest-photoshop": ("dark", {"background": "#323232", "text": "#ffffff"}),
    "dark-photoshop": ("dark", {"background": "#535353", "text": "#ffffff"}),
    "light-photoshop": ("light", {"background": "#b8b8b8", "text": "#000000"}),
    "lightest-photoshop": ("light", {"background": "#f0f0f0", "text": "#000000"}),
}


def dress(look: Look, theme: str) -> None:
    """Turn to a theme."""
    prefers, host = THEMES[theme]
    look.page.emulate_media(color_scheme=prefers)  # type: ignore[arg-type]
    for name, colour in host.items():
        look.page.evaluate(f"document.documentElement.style.setProperty('--uxp-host-{name}-color', '{colour}')")


def turn_to(look: Look, state: str) -> None:
    """Show a state, with the drawer as it belongs to it."""
    look.show(STATES[state])
    more = look.named("button", "More")
    if (more.get_attribute("aria-expanded") == "true") != state.startswith("more"):
        look.page.set_viewport_size({"width": look.page.viewport_size["width"], "height": 720})
        more.click()
        look.page.mouse.move(0, 0)
    look.settle()


@pytest.mark.parametrize("theme", THEMES)
def test_every_text_stands_out_in_every_theme(look: Look, theme: str) -> None:
    dress(look, theme)
    for state in STATES:
        turn_to(look, state)
        if theme in ("dark", "light", "dark-photoshop") or state in ("variations", "error"):
            look.shoot(f"{theme}-{state}")
        found = look.page.evaluate("alone.contrasts()")
        assert len(found) > 5
        faint = {text: round(ratio, 2) for text, ratio in found if ratio < 4.5}
        assert faint == {}, state


@pytest.mark.parametrize("theme", THEMES)
def test_what_has_the_keyboard_or_the_pointer_stands_out(look: Look, theme: str) -> None:
    dress(look, theme)
    turn_to(look, "variations")
    for selector in (".sf-doing .sf-go", ".sf-doing .sf-button:nth-child(2)", ".sf-select", ".sf-set", ".sf-more"):
        look.page.hover(selector)
        assert min(ratio for _, ratio in look.page.evaluate("alone.contrasts()")) >= 4.5, selector
    for variable in ("--sf-focus", "--sf-ink"):  # the ring, and the frame of the variation that is shown
        assert look.page.evaluate("name => alone.line(name)", variable) >= 3, variable


@pytest.mark.parametrize("width", (220, 260, 320, 600))
def test_nothing_is_cut_off_or_too_small_to_hit(look: Look, width: int) -> None:
    look.page.set_viewport_size({"width": width, "height": 720})
    for state in STATES:
        turn_to(look, state)
        if state in ("variations", "painting", "more"):
            look.page.set_viewport_size({"width": width, "height": 1000 if state == "more" else 720})
            look.shoot(f"{width}-{state}")
        assert look.page.evaluate("alone.overhanging()") == [], state
        assert {name: size for name, *size in look.page.evaluate("alone.hits()") if min(size) < 24} == {}, state


def test_everything_has_a_name_and_a_role(look: Look) -> None:
    for state in STATES:
        turn_to(look, state)
        assert look.page.evaluate("alone.nameless()") == [], state


def test_a_greyed_thing_says_why_in_plain_sight(look: Look) -> None:
    for state in ("first", "removed", "more-greyed", "closed"):
        turn_to(look, state)
        said = look.page.inner_text("body").replace("\n", " ")
        for why in set(look.page.evaluate("alone.whys()")):
            assert [one for one in why.replace(". ", ".\n").split("\n") if one not in said] == [], state
    turn_to(look, "more-greyed")
    assert look.page.inner_text(".sf-fields").count(views.NO_MODEL) == 1
