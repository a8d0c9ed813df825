"""Pages of other origins in the same Chromium, and a relay before the bridge: they get nothing, and learn nothing."""

from pathlib import Path

import numpy as np
import skimage.data

from tests.panel.hostile import OPENED, PROBES, Relay, another_origin
from tests.panel.journeys import WINDOW, Seat, Serving, said
from tests.panel.page import Artist

CAT = np.asarray(skimage.data.chelsea())
NOSE = (160, 150), (240, 210)


def test_another_origin_reaches_nothing_and_cannot_tell_idle_from_busy(
    serving: Serving, seat: Seat, gate: Path
) -> None:
    with serving("patient") as bridge, seat() as artist, another_origin() as port:
        artist.ready().open("chelsea.png", CAT)
        hosts = ("127.0.0.1", "localhost")
        pages = [artist.page.context.new_page() for _ in hosts]

        def seen() -> list[dict[str, object]]:
            told = []
            for host, page in zip(hosts, pages, strict=True):
                page.goto(f"http://{host}:{port}/")
                told.append(page.evaluate(PROBES, bridge.port))
                framed = [frame.evaluate("location.href") for frame in page.frames[1:]]
                assert framed == ["chrome-error://chromewebdata/"] * 2, "the page was framed"
            return told

        idle = seen()
        for told in idle:
            measured = told.pop("measured")
            assert isinstance(measured, list) and measured
            for _, _, *numbers in measured:
                assert set(numbers) <= {0, ""}, "what a request weighs is told to nobody"
            for name, came in told.items():
                kind = name.split()[0]
                refused = {"websocket": "close", "frame": "load", "frames": 0}
                refused |= dict.fromkeys(("cors", "no-cors", "credentials"), "TypeError")
                assert came == refused.get(kind, "error"), name
            told["measured"] = measured

        artist.page.bring_to_front()
        artist.drag(*NOSE)
        artist.write("red")
        artist.key("Enter")
        artist.read("Painting 4 of 8")
        assert seen() == idle
        artist.read("Painting 4 of 8")
        gate.touch()
        artist.wait_layers(2)


def test_who_opens_the_page_in_a_window_is_cut_off_from_it(serving: Serving, seat: Seat) -> None:
    with serving() as bridge, seat() as artist, another_origin() as port:
        artist.ready("Built-in fill")
        page = artist.page.context.new_page()
        page.goto(f"http://127.0.0.1:{port}/")
        with artist.page.context.expect_page() as opened:
            assert page.evaluate(OPENED, bridge.port) == [True, 0, "SecurityError"]
        there = Artist(opened.value, Path())
        there.see(there.control("group", "Pair with your bridge"))  # the key stays in the tab that has it
        assert opened.value.evaluate("window.opener") is None


def test_a_relay_on_another_port_is_refused_and_sees_no_pixel(serving: Serving, chromium, shots: Path) -> None:
    with serving() as bridge, Relay(bridge.port) as relay, chromium.new_context(viewport=WINDOW) as context:
        artist = Artist(context.new_page(), shots)
        text = said("pair").split(":")[0]  # with its port it would be dialled past the relay
        artist.page.goto(f"http://localhost:{relay.port}/#{text}")
        alert = artist.panel.get_by_role("alert")
        artist.see(alert)
        artist.open("chelsea.png", CAT)
        artist.drag(*NOSE)
        artist.shot("a relay is refused")
        assert alert.inner_text() == "The pairing text is not known or too old: run sfumato pair again."
        assert artist.control("button", "Remove").is_disabled()
        talks = [bytes(one) for one in relay.heard if b"Upgrade: websocket" in one]
        assert talks and sum(map(len, talks)) < 4000 < CAT.nbytes
        assert bridge.desk.idle  # nobody was let in
