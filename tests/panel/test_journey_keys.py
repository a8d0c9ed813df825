"""The page without a pointer, but for drawing the selection: roles, names, the way of the focus, every gesture."""

import numpy as np
import pytest
import skimage.data

from tests.panel.journeys import Seat, Serving
from tests.panel.page import Artist

CAT = np.asarray(skimage.data.chelsea())
NOSE = (160, 150), (240, 210)
MOST = 80
"""Tabs that lead once around the page."""
ORDER = "[...document.querySelectorAll('*')].indexOf(document.activeElement)"
REACHABLE = """() => {
  const all = [...document.querySelectorAll("*")];
  return all.flatMap((one, k) => (one.tabIndex >= 0 && !one.disabled && one.checkVisibility() ? [k] : []));
}"""
FOCUSED = """(one => [one.getAttribute("aria-label") ?? (one.labels?.[0] ?? one).textContent.trim(),
  one.getAttribute("role")])(document.activeElement)"""


def tab_to(artist: Artist, name: str, role: str = "") -> None:
    """Press Tab until something that begins so, of that role where it is told, has the keyboard."""
    for _ in range(MOST):
        artist.page.keyboard.press("Tab")
        called, own = artist.page.evaluate(FOCUSED)
        if called.startswith(name) and role in ("", own):
            return
    pytest.fail(f"Tab never leads to {name!r}")


def enter(artist: Artist, name: str, key: str = "Enter") -> None:
    """Press a button by the keyboard."""
    button = artist.page.get_by_role("button", name=name, exact=True)
    artist.can(button)
    tab_to(artist, name)
    artist.page.keyboard.press(key)


def unnamed(artist: Artist) -> list[tuple[str, str]]:
    """What can have the keyboard, and the accessibility tree knows no role or no name for it."""
    session = artist.page.context.new_cdp_session(artist.page)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    session.detach()
    found = []
    for node in nodes:
        can = {one["name"]: one["value"].get("value") for one in node.get("properties", [])}
        role, name = (str(node.get(what, {}).get("value", "")) for what in ("role", "name"))
        if can.get("focusable") and not node["ignored"] and (role in ("", "generic") or not name.strip()):
            found.append((role, name))
    return found


def test_every_control_has_a_role_and_a_name_and_tab_goes_down_the_page(serving: Serving, seat: Seat) -> None:
    with serving("wash"), seat() as artist:
        artist.ready()
        assert unnamed(artist) == []
        artist.open("chelsea.png", CAT)
        artist.key("b")
        artist.drag(*NOSE)
        artist.click("radio", "3 variations")
        artist.write("red")
        assert artist.panel.aria_snapshot().count("red") == 1, "no reader is told anything twice"
        artist.key("Enter")
        artist.wait_layers(5)
        artist.wait_idle()
        artist.press("More")
        assert unnamed(artist) == []
        artist.page.evaluate("document.activeElement.blur()")
        artist.page.locator("#open").focus()
        order = [artist.page.evaluate(ORDER)]
        while len(order) < MOST:
            artist.key("Tab")
            now = artist.page.evaluate(ORDER)
            if now <= order[-1]:
                break
            order.append(now)
        assert order == artist.page.evaluate(REACHABLE)


def test_every_gesture_by_keys(serving: Serving, seat: Seat) -> None:
    with serving("wash"), seat() as artist:
        artist.ready().open("chelsea.png", CAT)
        artist.drag(*NOSE)
        enter(artist, "Remove")
        artist.wait_layers(2)
        artist.wait_idle()
        tab_to(artist, "Prompt")
        artist.page.keyboard.type("red")
        artist.key("Enter")
        artist.wait_layers(3)
        artist.wait_idle()
        tab_to(artist, "Strength")
        artist.key(*["ArrowLeft"] * 60)
        enter(artist, "Refine 40 %", "Space")
        artist.wait_layers(4)
        artist.wait_idle()
        tab_to(artist, "1 variation")
        artist.key("ArrowRight", "ArrowRight")
        tab_to(artist, "Strength")
        artist.key("End")
        tab_to(artist, "Prompt")
        artist.key("Enter")
        artist.wait_layers(8)
        artist.wait_idle()
        first, second = artist.layers()[1:3]
        tab_to(artist, first.name, role="option")
        artist.key("ArrowRight")
        artist.wait_visible(second.name)
        enter(artist, "Again")
        artist.wait_layers(9)
        artist.wait_idle()
        artist.key("Control+z")
        artist.wait_layers(8)
        artist.key("Control+d")
        enter(artist, "Enlarge canvas")
        enter(artist, "Expand")
        artist.wait_layers(12)
        artist.wait_idle()
        assert artist.layers()[0].name == "Expand – red"
        with artist.page.expect_download():
            artist.key("Control+s")
