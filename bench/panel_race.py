"""Enter to accepted: Sfumato's page beside a page that sends as peers do, in turn in one browser."""

import base64
import http.server
import io
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from bench.panel_seat import HERE, PICTURE, Served, one_button, open_file, seat, told, watch
from bench.pictures import Pixels
from tests.panel.page import Artist

if TYPE_CHECKING:
    from playwright.sync_api import Browser

Figures = dict[str, Any]
SIDE = 512
LEFT, TOP = 1700, 1200
SELECTION = LEFT, TOP, SIDE, SIDE


def race(chromium: "Browser", bridge: Served, path: Path, picture: Pixels, rounds: int) -> Figures:
    """Milliseconds and bytes of every round, after one that is not counted: ours from the key until the page hears
    `accepted`, theirs from the first line of script until the answer is read, for the box that ours was asked for."""
    figures: Figures = {"picture": PICTURE, "side": SIDE, "ours": [], "theirs": []}
    with seat(chromium, bridge) as artist, _peer(path) as (port, taken):
        open_file(artist, path)
        artist.drag((LEFT, TOP), (LEFT + SIDE, TOP + SIDE))
        artist.selected(f"{SIDE} × {SIDE}")
        rival = chromium.new_page()
        rival.goto(f"http://127.0.0.1:{port}/")
        rival.evaluate("load()")
        for number in range(rounds + 1):
            ours = _ours(artist)
            rival.bring_to_front()
            theirs = rival.evaluate("([box, selection]) => trip(box, selection)", [ours["box"], list(SELECTION)])
            artist.page.bring_to_front()
            x, y, width, height = ours["box"]
            theirs["same"] = np.array_equal(taken[-1], picture[y : y + height, x : x + width])
            if number:
                figures["ours"].append(ours)
                figures["theirs"].append(theirs)
        rival.close()
    return figures


def _ours(artist: Artist) -> Figures:
    """One fill, taken back afterwards."""
    one_button(artist).focus()
    watch(artist.page)
    artist.key("Enter")
    artist.wait_layers(2)
    artist.wait_idle()
    noted = told(artist.page)
    artist.easel.focus()
    artist.key("Control+z")
    artist.wait_layers(1)
    moments = {said["t"]: at - noted["pressed"] for at, said in noted["said"] if said["t"] in ("want", "accepted")}
    [box] = [said["image"]["box"] for _, said in noted["said"] if said["t"] == "want" and said.get("image")]
    seen = next(at for rows, at in noted["layers"] if rows == 2)
    return {
        "asked": moments["want"],
        "ms": moments["accepted"],
        "seen": seen - noted["pressed"],
        "bytes": noted["sent"],
        "box": box,
    }


@contextmanager
def _peer(path: Path) -> Iterator[tuple[int, list[Pixels]]]:
    """A server that does no more than a peer's has to: it makes pixels again of what was sent. Its port, and where it
    lays them."""
    taken: list[Pixels] = []
    page = b"<!doctype html><meta charset=utf-8><script>%s</script>" % (HERE / "panel_rival.js").read_bytes()

    class Line(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # or each answer waits 40 ms for an acknowledgement

        def do_GET(self) -> None:
            if self.path == "/picture.png":
                self._answer("image/png", path.read_bytes())
            else:
                self._answer("text/html", page)

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            cut, mask = _pixels(asked["init_images"][0]), _pixels(asked["mask"])
            taken[:] = [mask, cut]
            self._answer("application/json", b'{"accepted": true}')

        def _answer(self, kind: str, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *values: object) -> None:
            """Nothing is logged."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Line) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port, taken
        server.shutdown()


def _pixels(url: str) -> Pixels:
    """The pixels of a data URL."""
    with Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2])), formats=("PNG",)) as read:
        return np.asarray(read.convert("RGB"))
