"""The page in a browser, without a bridge: what is opened in it, done with the pointer, and saved."""

import base64
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from bridge.protocol.values import Box

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page, Route

Array = np.ndarray[Any, Any]

PANEL = Path(__file__).parent.parent.parent / "photoshop_panel" / "src"
PORT = 4998
ADDRESS = f"http://localhost:{PORT}/"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    f"connect-src ws://localhost:{PORT}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
KINDS = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".jpg": "image/jpeg",
    ".svg": "image/svg+xml",
}

DROP = """files => {
  const held = new DataTransfer();
  for (const [name, body] of files) {
    const bytes = Uint8Array.from(atob(body), (one) => one.charCodeAt(0));
    held.items.add(new File([bytes], name, { type: "image/png" }));
  }
  const tell = (type) => document.body.dispatchEvent(
    new DragEvent(type, { dataTransfer: held, bubbles: true, cancelable: true }));
  tell("dragenter");
  const shown = document.body.hasAttribute("data-dropping");
  tell("dragover");
  tell("drop");
  return [shown, document.body.hasAttribute("data-dropping")];
}"""


class Bench:
    """One page. `complaints` are errors that it wrote; a test ends without any."""

    ENTRY = Path(__file__).parent / "page_alone.js"

    def __init__(self, page: "Page", script: Path, shots: Path, fragment: str = "") -> None:
        self.page, self._shots = page, shots
        self.complaints: list[str] = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        files = {
            "": PANEL / "page" / "index.html",
            "page.css": PANEL / "page" / "page.css",
            "sample.jpg": PANEL / "page" / "sample.jpg",
            "icon.svg": PANEL / "page" / "icon.svg",
            "panel.css": PANEL / "panel" / "panel.css",
            "page.js": script,
        }

        def answer(route: "Route") -> None:
            asked = route.request.url.removeprefix(ADDRESS)
            path = files[asked]
            headers = {"content-security-policy": POLICY}
            route.fulfill(body=path.read_bytes(), content_type=KINDS[path.suffix], headers=headers)

        page.set_default_timeout(10_000)
        page.route("**/*", answer)
        page.goto(f"{ADDRESS}{fragment}")

    # ---- doing ------------------------------------------------------------------------------------------------------

    def named(self, role: str, name: str) -> "Locator":
        """A control by its role and its whole name."""
        return self.page.get_by_role(role, name=name, exact=True)  # type: ignore[arg-type]

    def press(self, name: str) -> None:
        """Press a button of the bar."""
        self.page.get_by_role("toolbar").get_by_role("button", name=name, exact=True).click()

    def key(self, *keys: str) -> None:
        """Press keys, one after the other."""
        for one in keys:
            self.page.keyboard.press(one)

    def open(self, *files: tuple[str, bytes]) -> None:
        """Open files by the button, and wait until the last of them is shown."""
        with self.page.expect_file_chooser() as chosen:
            self.press("Open…")
        payloads = [{"name": name, "mimeType": "image/png", "buffer": body} for name, body in files]
        chosen.value.set_files(payloads)  # type: ignore[arg-type]
        self.titled(files[-1][0])

    def drop(self, *files: tuple[str, bytes]) -> None:
        """Drop files on the page."""
        packed = [[name, base64.b64encode(body).decode()] for name, body in files]
        assert self.page.evaluate(DROP, packed) == [True, False]

    def drag(self, *points: tuple[float, float], steps: int = 4, button: Any = "left") -> None:
        """Drag the pointer through points of the document."""
        screen = [self.on_screen(*point) for point in points]
        self.page.mouse.move(*screen[0])
        self.page.mouse.down(button=button)
        for x, y in screen[1:]:
            self.page.mouse.move(x, y, steps=steps)
        self.page.mouse.up(button=button)

    def on_screen(self, x: float, y: float) -> tuple[float, float]:
        """A point of the document in the window."""
        view = self.page.evaluate(
            "() => { const { left, top } = bench.easel.frame.getBoundingClientRect();"
            " const { x, y, zoom } = bench.easel.view; return { x: x + left, y: y + top, zoom } }"
        )
        return view["x"] + x * view["zoom"], view["y"] + y * view["zoom"]

    def titled(self, name: str) -> None:
        """Wait until a document is shown."""
        from playwright.sync_api import expect  # where it is not installed, the tests are skipped before this

        expect(self.page).to_have_title(f"{name} – Sfumato")

    # ---- seeing -----------------------------------------------------------------------------------------------------

    def pixels(self) -> Array:
        """What the document shows, RGBA."""
        seen = self.page.evaluate("bench.pixels()")
        return unpacked(seen["rgba"]).reshape(seen["height"], seen["width"], 4)

    def selection(self) -> Box | None:
        """The box of what is selected."""
        found = self.page.evaluate("bench.album.active.state.selection.bounds")
        return Box(*found) if found else None

    def coverage(self, box: Box) -> Array:
        """The coverage of a box."""
        found = self.page.evaluate("box => bench.coverage(box)", list(box))
        return unpacked(found).reshape(box.height, box.width)

    def state(self, what: str) -> Any:
        """Something of the document's state."""
        return self.page.evaluate(f"bench.album.active.state.{what}")

    def acts(self) -> list[list[Any]]:
        """What was said to the guest since the last time."""
        return list(json.loads(self.page.evaluate("JSON.stringify(bench.acts.splice(0))")))

    def saved(self) -> Array:
        """What *Save PNG* writes, as it is read by another program."""
        with self.page.expect_download() as coming:
            self.press("Save PNG")
        with Image.open(coming.value.path()) as picture:
            assert picture.format == "PNG"
            return np.asarray(picture)

    def screen(self, points: Sequence[tuple[float, float]]) -> list[tuple[int, ...]]:
        """The colours that the window shows at points of the document."""
        self.page.evaluate("bench.drawn()")
        with Image.open(io.BytesIO(self.page.screenshot())) as shot:
            rgb = shot.convert("RGB")
            values = np.asarray(rgb)
            places = [self.on_screen(*point) for point in points]
            return [tuple(values[int(y), int(x)].tolist()) for x, y in places]

    def shoot(self, name: str) -> Path:
        """A screenshot."""
        self.page.evaluate("bench.drawn()")
        path = self._shots / f"page-{name}.png"
        self.page.screenshot(path=path)
        return path


def unpacked(text: str) -> Array:
    """Bytes that the page sent."""
    return np.frombuffer(base64.b64decode(text), np.uint8)


def png(pixels: Array) -> bytes:
    """A PNG file."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def noise(height: int, width: int, channels: int = 3) -> Array:
    """A picture of noise; always the same."""
    return np.random.default_rng(7).integers(0, 256, (height, width, channels), np.uint8)
