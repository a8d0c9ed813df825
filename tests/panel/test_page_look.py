"""How the page looks, dark and light. The pictures are for looking at; what can be measured is."""

from collections.abc import Iterator

import pytest

from tests.panel.bench import Bench, noise, png
from tests.panel.views import first, remembered, tiles, view

CORNER = [
    ["Engine", "Diffusion"],
    ["Model", "roofs-v2, SD 1.5"],
    ["Device", "NVIDIA RTX 4070"],
    ["Queue", "empty"],
    ["Memory", "9.4 of 12.0 GB free"],
]
CONTRAST = """() => {
  const luminance = ([r, g, b]) => {
    const [R, G, B] = [r, g, b].map((one) => (one <= 10 ? one / 3294 : ((one / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * R + 0.7152 * G + 0.0722 * B;
  };
  const parsed = (text) => text.match(/[\\d.]+/g).map(Number);
  const over = ([r, g, b, a = 1], below) => [r, g, b].map((one, k) => one * a + below[k] * (1 - a));
  const ground = (one) => {
    const below = one.parentElement ? ground(one.parentElement) : [255, 255, 255];
    return over(parsed(getComputedStyle(one).backgroundColor), below);
  };
  const texts = document.querySelectorAll(
    "body > :not(#panel, .brand) :is(button, label, output, h1, h2, p, span, dt, dd)");
  return [...texts].filter((one) => one.checkVisibility() && !one.disabled && !one.matches(".brand")
    && [...one.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim())).map((one) => {
    const back = ground(one);
    const ink = over(parsed(getComputedStyle(one).color), back);
    const [dark, light] = [luminance(back), luminance(ink)].sort((a, b) => a - b);
    return [one.textContent.trim(), (light + 0.05) / (dark + 0.05)];
  });
}"""


@pytest.fixture(params=["dark", "light"])
def scheme(bench: Bench, request: pytest.FixtureRequest) -> Iterator[tuple[Bench, str]]:
    """The page in the browser's dark or light scheme."""
    bench.page.emulate_media(color_scheme=request.param)
    bench.page.set_viewport_size({"width": 1400, "height": 860})
    yield bench, request.param


def test_an_empty_page_invites(scheme):
    bench, name = scheme
    bench.page.evaluate("view => show(view)", first(title="", corner=[*CORNER[:2], ["Queue", "empty"]]))
    bench.shoot(f"empty-{name}")
    assert bench.page.get_by_role("heading", name="Open a picture, or try the sample").is_visible()
    assert [one for one in bench.page.evaluate(CONTRAST) if one[1] < 4.5] == []
    assert bench.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_page_at_work(scheme):
    bench, name = scheme
    bench.named("button", "Try the sample").last.click()
    bench.titled("sample.jpg")
    bench.page.evaluate("view => show(view)", first(title="sample.jpg", corner=CORNER))
    bench.shoot(f"opened-{name}")
    bench.drag((1060, 280), (1190, 950))
    bench.page.evaluate("view => show(view)", view(title="sample.jpg", corner=CORNER))
    bench.shoot(f"selected-{name}")
    for seed in (42, 43):
        bench.page.evaluate(f"bench.land('Fill – red roof (seed {seed})', [1060, 280, 130, 670], [90, {seed}, 40])")
    done = view(title="sample.jpg", tiles=tiles(2), layer=remembered(), corner=CORNER)
    bench.page.evaluate("view => show(view)", done)
    bench.key("b")
    bench.page.evaluate("bench.tools.set({ size: 120, softness: 0.6 })")
    bench.drag((700, 320), (830, 500), (760, 900), steps=12)
    bench.shoot(f"brushed-{name}")
    assert [one for one in bench.page.evaluate(CONTRAST) if one[1] < 4.5] == []


def test_a_small_window_and_trouble(scheme):
    bench, name = scheme
    bench.page.set_viewport_size({"width": 900, "height": 600})
    bench.open(("leaf.png", png(noise(60, 90, 4))))
    bench.press("Enlarge canvas")
    bench.page.evaluate("view => show(view)", view(title="leaf.png", corner=CORNER))
    bench.drop(("notes.txt", b"not a picture"))
    bench.page.get_by_role("alert").filter(has_text="notes.txt").wait_for()
    bench.shoot(f"small-{name}")
    box = bench.page.locator("#easel").bounding_box()
    assert box is not None and box["width"] > 400
    assert [one for one in bench.page.evaluate(CONTRAST) if one[1] < 4.5] == []


def test_the_panel_keeps_its_looks_beside_the_page(bench):
    bench.page.evaluate("view => show(view)", view(title="roof.png"))
    panel = bench.page.locator("#panel").bounding_box()
    assert panel is not None and (panel["x"], panel["width"], panel["height"]) == (960, 320, 752)
    assert bench.page.evaluate("getComputedStyle(document.querySelector('.sf')).height") == "752px"
