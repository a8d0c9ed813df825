"""Files into the page and out of it: what is saved is what was there, value for value."""

import numpy as np
import pytest

from tests.panel.bench import ADDRESS, Bench, noise, png


def test_an_opened_picture_is_saved_as_it_was(bench):
    picture = noise(311, 507)
    bench.open(("roof.png", png(picture)))
    assert (bench.pixels()[..., :3] == picture).all()
    saved = bench.saved()
    assert saved.shape == (311, 507, 3)
    assert (saved == picture).all()


def test_outside_a_layers_mask_the_saved_values_are_the_same(bench):
    picture = noise(200, 300)
    bench.open(("roof.png", png(picture)))
    mask = np.random.default_rng(3).integers(0, 256, (40, 60), np.uint8)
    mask[:10] = 0
    mask[30:] = 255
    bench.page.evaluate("mask => bench.land('Fill', [100, 50, 60, 40], [250, 4, 90], mask)", mask.ravel().tolist())
    saved = bench.saved()
    outside = np.ones((200, 300), bool)
    outside[60:90, 100:160] = mask[10:] == 0
    assert (saved[outside] == picture[outside]).all()
    assert (saved[80:90, 100:160] == [250, 4, 90]).all()
    part = mask[10:30, :, None] / 255
    expected = picture[60:80, 100:160] * (1 - part) + np.array([250, 4, 90]) * part
    assert np.abs(saved[60:80, 100:160] - expected).max() <= 0.5 + 1e-9


def test_transparency_is_saved_with_the_colours_below_it(bench):
    picture = np.dstack([noise(90, 120), np.arange(90 * 120).reshape(90, 120) % 255 + 1]).astype(np.uint8)
    bench.open(("leaf.png", png(picture)))
    assert (bench.pixels() == picture).all()
    bench.page.evaluate("bench.land('Fill', [0, 0, 256, 1], [9, 200, 31], Array.from({ length: 256 }, (_, k) => k))")
    bench.press("Enlarge canvas")
    saved = bench.saved()
    assert saved.shape == (136, 180, 4)
    assert (saved[24:113, 30:150] == picture[1:]).all()
    beyond = saved[23, 150:]
    assert (beyond[:, :3] == [9, 200, 31]).all(), "a canvas would have lost these"
    assert (beyond[:, 3] == np.arange(120, 150)).all()


def test_pictures_are_dropped_and_each_gets_a_tab(bench):
    one, two = noise(20, 30), noise(44, 33)
    bench.drop(("one.png", png(one)))
    bench.titled("one.png")
    bench.drop(("two.png", png(two)))
    bench.titled("two.png")
    assert (bench.pixels()[..., :3] == two).all()
    bench.named("button", "one.png").click()
    bench.titled("one.png")
    assert (bench.pixels()[..., :3] == one).all()
    bench.named("button", "Close one.png").click()
    bench.titled("two.png")
    bench.named("button", "Close two.png").click()
    assert bench.page.title() == "Sfumato"
    assert bench.page.get_by_role("heading", name="Open a picture, or try the sample").is_visible()


def test_closing_a_picture_with_unsaved_layers_asks_first(bench):
    bench.open(("roof.png", png(noise(20, 30))))
    bench.page.evaluate("bench.land('Fill', [0, 0, 5, 5], [1, 2, 3])")
    asked = []
    bench.page.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    bench.named("button", "Close roof.png").click()
    bench.titled("roof.png")
    assert asked == ["“roof.png” has layers that were not saved. Close it?"]
    bench.saved()
    bench.named("button", "Close roof.png").click()
    assert bench.page.title() == "Sfumato"


def test_the_sample_is_tried_and_a_hint_goes_once_something_is_selected(bench):
    bench.named("button", "Try the sample").last.click()
    bench.titled("sample.jpg")
    assert bench.pixels().shape == (1068, 1600, 4)
    hint = bench.page.get_by_text("Drag a rectangle around something, then press Remove.")
    assert hint.is_visible()
    bench.drag((700, 300), (900, 900))
    assert hint.is_hidden()


def test_what_is_no_picture_is_said_and_nothing_is_opened(bench):
    bench.drop(("notes.txt", b"not a picture"))
    alert = bench.page.get_by_role("alert").filter(has_text="notes.txt")
    alert.wait_for()
    assert "“notes.txt” is no picture that this browser can read: open a PNG, JPEG, WebP or AVIF." in alert.inner_text()
    assert bench.page.title() == "Sfumato"
    bench.open(("roof.png", png(noise(20, 30))))
    assert alert.is_hidden()


def test_a_canvas_that_would_be_too_large_is_refused_with_both_numbers(bench):
    bench.open(("long.png", png(np.zeros((60, 14000, 3), np.uint8))))
    bench.press("Enlarge canvas")
    alert = bench.page.get_by_role("alert").filter(has_text="long.png")
    assert "21000 × 90 pixels" in alert.inner_text() and "16384 pixels a side" in alert.inner_text()
    assert bench.pixels().shape == (60, 14000, 4)


@pytest.mark.parametrize("channels", [3, 4])
def test_a_small_picture_is_hung_value_for_value(bench, channels):
    bench.open(("roof.png", png(noise(20, 30))))
    pixels = np.full((4, 5, 4), 255, np.uint8)
    pixels[..., :3] = np.arange(60).reshape(4, 5, 3) * 4
    if channels == 4:
        pixels[2, 1] = 0  # a canvas keeps no colour where nothing is seen
    shown = bench.page.evaluate(
        """async ([channels, values]) => {
          const shot = { width: 5, height: 4, channels, pixels: Uint8Array.from(values) };
          const hung = await bench.host.hang(shot);
          const picture = new Image();
          picture.src = hung.url;
          await picture.decode();
          const ink = new OffscreenCanvas(5, 4).getContext("2d");
          ink.drawImage(picture, 0, 0);
          hung.free();
          return [...ink.getImageData(0, 0, 5, 4).data];
        }""",
        [channels, pixels[..., :channels].ravel().tolist()],
    )
    assert shown == pixels.ravel().tolist()


@pytest.mark.parametrize("fragment", ["", "#ABCDEFGHIJKLMNOPQRSTUVWXYZ"])
def test_the_pairing_text_leaves_the_address_and_goes_to_the_guest(chromium, bundle, shots, fragment):
    with chromium.new_context() as context:
        bench = Bench(context.new_page(), bundle(Bench.ENTRY), shots, fragment)
        assert bench.page.url == ADDRESS
        assert bench.page.evaluate("history.length") <= 2
        pairs = [one for one in bench.acts() if one[0] == "pair"]
        assert pairs == ([["pair", fragment[1:]]] if fragment else [])


def test_the_link_is_dialled_at_the_pages_own_port_and_says_what_to_do_without_a_key(bench):
    dialled = bench.page.evaluate(
        "({ about: bench.dialled.about, hosts: bench.dialled.hosts, port: bench.dialled.port })"
    )
    assert dialled["about"] == {"name": "sfumato-page", "version": "1.2.3", "host": "browser page"}
    assert dialled["hosts"] == ["localhost", "127.0.0.1"]
    assert dialled["port"] == 4998
    bench.page.evaluate("bench.dialled.state('unpaired', 'Run sfumato pair')")
    state, name, text = bench.acts()[-1]
    assert (state, name) == ("state", "unpaired")
    assert text.startswith("Run sfumato open in a terminal: it opens this page with its key.")
    bench.page.evaluate("bench.dialled.state('closed', 'No bridge answers.')")
    assert bench.acts()[-1] == ["state", "closed", "No bridge answers."]


def test_the_key_stays_in_this_tab(bench):
    keys = "bench.host.keys"
    assert bench.page.evaluate(f"{keys}.load()") is None
    bench.page.evaluate(f"{keys}.save('page7', Uint8Array.from([1, 2, 255]))")
    kept = bench.page.evaluate(f"{keys}.load().then(({{ id, key }}) => [id, key.constructor.name, [...key]])")
    assert kept == ["page7", "Uint8Array", [1, 2, 255]]
    assert bench.page.evaluate("localStorage.length") == 0
    bench.page.evaluate(f"{keys}.forget()")
    assert bench.page.evaluate(f"{keys}.load()") is None
