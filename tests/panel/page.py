"""An artist before the bridge's own page: hands whose gestures are counted, and eyes that read what is there.

Everything is done by pointer and keys, and seen by names, texts and the PNG that is saved: no script reaches into it.
"""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from PIL import Image

from tests.panel.bench import Array

if TYPE_CHECKING:  # it may not be installed: then the tests are skipped before they get here
    from playwright.sync_api import ConsoleMessage, Locator, Page

PATIENCE = 180_000
"""Milliseconds that something may take to be seen on a busy machine."""
MARGIN = 24
"""Screen pixels around a picture that is shown as a whole."""

Point = tuple[float, float]


class Row(NamedTuple):
    """A layer as its row tells of it; `inside`: in a group."""

    name: str
    visible: bool
    active: bool
    inside: bool


class Artist:
    """What is done here is counted in `made`: a key, a click, a drag, a text that is typed are one gesture each.

    `asked` are the addresses that the page asked for, `complaints` the errors that it wrote: a journey ends without any
    but those that it expects.
    """

    def __init__(self, page: "Page", shots: Path) -> None:
        from playwright.sync_api import expect

        self.page, self._shots, self._expect = page, shots, expect
        self.made: list[str] = []
        self.asked: list[str] = []
        self.complaints: list[str] = []
        page.set_default_timeout(PATIENCE)
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("websocket", lambda socket: self.asked.append(socket.url))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._on_said)
        page.on("dialog", lambda dialog: dialog.accept())  # an unsaved picture is left behind

    def _on_said(self, said: "ConsoleMessage") -> None:
        if said.type in ("error", "warning"):
            self.complaints.append(said.text)

    # ---- hands ------------------------------------------------------------------------------------------------------

    @contextmanager
    def counted(self) -> Iterator[list[str]]:
        """The gestures made in this block."""
        self.made = made = []
        yield made

    def key(self, *keys: str) -> None:
        """Press keys where the keyboard is."""
        for one in keys:
            self.made.append(one)
            self.page.keyboard.press(one)

    def press(self, name: str | re.Pattern[str]) -> None:
        """Press a button of the panel."""
        self.made.append(f"press {name}")
        button = self.control("button", name)
        self.can(button)
        button.click()

    def bar(self, name: str) -> None:
        """Press a button of the bar on top."""
        self.made.append(f"press {name}")
        self.page.get_by_role("toolbar").get_by_role("button", name=name, exact=True).click()

    def answer(self, question: str, word: str) -> None:
        """Answer a question of the panel."""
        self.made.append(f"answer {word}")
        asked = self.panel.get_by_role("group").filter(has_text=question)
        asked.get_by_role("button", name=word, exact=True).click()

    def drag(self, *points: Point, steps: int = 8) -> None:
        """Draw through points of the document."""
        self.made.append("drag")
        first, *rest = [self.at(*one) for one in points]
        self.page.mouse.move(*first)
        self.page.mouse.down()
        for x, y in rest:
            self.page.mouse.move(x, y, steps=steps)
        self.page.mouse.up()

    def write(self, text: str) -> None:
        """Point at the prompt and write something else there: one gesture, as an artist would count."""
        self.made.append(f"write {text}")
        self.prompt.click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(text)

    def slide(self, name: str, share: float) -> None:
        """Click a slider of the panel at a share of its way."""
        self.made.append(f"slide {name}")
        slider = self.control("slider", name)
        slider.scroll_into_view_if_needed()
        box = slider.bounding_box()
        assert box
        self.page.mouse.click(box["x"] + box["width"] * share, box["y"] + box["height"] / 2)

    def click(self, role: str, name: str) -> None:
        """Click something else of the panel by its role and name."""
        self.made.append(f"click {name}")
        self.control(role, name).click()

    def select_layer(self, name: str) -> None:
        """Click a layer in the list."""
        self.made.append(f"select {name}")
        self.stack.get_by_role("button", name=name, exact=True).click()

    def delete_layer(self, name: str) -> None:
        """Delete a layer by its row's own button."""
        self.made.append(f"delete {name}")
        self.stack.get_by_role("button", name=f"Delete {name}", exact=True).click()

    def open(self, name: str, pixels: Array) -> None:
        """Open a picture by the button, and wait until it is shown. Not counted: it comes before."""
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "PNG")
        with self.page.expect_file_chooser() as chosen:
            self.page.get_by_role("toolbar").get_by_role("button", name="Open…", exact=True).click()
        chosen.value.set_files([{"name": name, "mimeType": "image/png", "buffer": file.getvalue()}])  # type: ignore[list-item]
        self.titled(name)

    def open_sample(self) -> None:
        """Try the sample."""
        self.page.get_by_role("button", name="Try the sample").last.click()
        self.titled("sample.jpg")

    # ---- eyes -------------------------------------------------------------------------------------------------------

    @property
    def panel(self) -> "Locator":
        """The panel beside the picture."""
        return self.page.get_by_role("complementary", name="Generative fill")

    @property
    def stack(self) -> "Locator":
        """The list of layers."""
        return self.page.get_by_role("region", name="Layers")

    @property
    def prompt(self) -> "Locator":
        """The field for the prompt."""
        return self.control("textbox", "Prompt")

    @property
    def easel(self) -> "Locator":
        """Where the picture stands."""
        return self.page.get_by_role("img", name="The picture and what is selected in it")

    def control(self, role: Any, name: str | re.Pattern[str]) -> "Locator":
        """A control of the panel by its role and its whole name, or what that is like."""
        return self.panel.get_by_role(role, name=name, exact=True)

    def see(self, seen: "Locator", there: bool = True) -> None:
        """Wait until something is seen, or is not any more."""
        (self._expect(seen).to_be_visible if there else self._expect(seen).not_to_be_visible)(timeout=PATIENCE)

    def can(self, button: "Locator") -> None:
        """Wait until a button can be used; which one bears a name may change meanwhile."""
        self._expect(button).to_be_enabled(timeout=PATIENCE)

    def read(self, text: str, there: bool = True) -> None:
        """Wait until a text is read in the panel, or is not any more."""
        self.see(self.panel.get_by_text(text).first, there)

    def titled(self, name: str) -> None:
        """Wait until a document is shown."""
        self._expect(self.page).to_have_title(f"{name} – Sfumato", timeout=PATIENCE)

    def ready(self, words: str = "1 model") -> "Artist":
        """Wait until the bridge has said what it can."""
        self.see(self.panel.get_by_role("status").filter(has_text=words))
        return self

    def selected(self, size: str) -> None:
        """Wait until so much is selected: `200 × 100`; nothing where that is empty."""
        wanted = f", selected {size}" if size else ""
        self._expect(self.page.locator("#measure")).to_have_text(f"{' × '.join(map(str, self.size))}{wanted}")

    @property
    def measure(self) -> str:
        """What the line below the picture says of it: its size, and that of the selection."""
        return self.page.locator("#measure").inner_text()

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the document."""
        width, height = self.measure.split(",")[0].split(" × ")
        return int(width), int(height)

    def at(self, x: float, y: float) -> Point:
        """A point of the document on the screen, as long as all of it is shown."""
        frame = self.easel.bounding_box()
        assert frame
        (width, height), across, down = self.size, frame["width"], frame["height"]
        margin = min(MARGIN, across / 10, down / 10)
        zoom = min(1, (across - 2 * margin) / width, (down - 2 * margin) / height)
        left, top = ((room - side * zoom + 1) // 2 for room, side in ((across, width), (down, height)))
        return frame["x"] + left + x * zoom, frame["y"] + top + y * zoom

    def layers(self) -> list[Row]:
        """The document's layers, top first."""
        return [Row(*one) for one in self.stack.get_by_role("listitem").evaluate_all(ROWS)]

    def wait_layers(self, count: int) -> None:
        """Wait until the list has so many rows."""
        self._expect(self.stack.get_by_role("listitem")).to_have_count(count, timeout=PATIENCE)

    def wait_idle(self) -> None:
        """Wait until nothing is painted any more."""
        self.see(self.panel.get_by_role("progressbar"), False)

    def wait_visible(self, name: str, visible: bool = True) -> None:
        """Wait until the layer of that name is visible, or is not."""
        eye = self.stack.get_by_role("button", name=f"{name}: visible", exact=True)
        self._expect(eye).to_have_attribute("aria-pressed", str(visible).lower(), timeout=PATIENCE)

    def corner(self) -> dict[str, str]:
        """What paints here, as the corner says."""
        words = self.page.locator("#corner > *").all_inner_texts()
        return dict(zip(words[::2], words[1::2], strict=True))

    def saved(self, name: str = "") -> Array:
        """What *Save PNG* writes, as another program reads it; kept beside the screenshots where it is named."""
        with self.page.expect_download() as coming:
            self.page.get_by_role("button", name="Save PNG", exact=True).click()
        path = coming.value.path()
        if name:
            path = self._shots / f"journey-{name}-saved.png"
            coming.value.save_as(path)
        with Image.open(path) as picture:
            assert picture.format == "PNG"
            return np.asarray(picture)

    def state(self) -> tuple[str, bytes]:
        """What one undo step changes: how the document looks, and how much is selected in it."""
        return self.measure, self.saved().tobytes()

    def walk(self, states: list[tuple[str, bytes]]) -> None:
        """Undo and redo all: one step for each state, byte by byte, back to the first and forth to the last."""
        self.easel.focus()
        for k in reversed(range(len(states) - 1)):
            self.page.keyboard.press("Control+z")
            assert self.state() == states[k], f"undone, the document is not what it was at {k}"
        for k in range(1, len(states)):
            self.page.keyboard.press("Control+Shift+z")
            assert self.state() == states[k], f"redone, the document is not what it was at {k}"

    def shot(self, name: str) -> None:
        """Keep a picture of the window."""
        self.page.mouse.move(4, 4)
        self.page.screenshot(path=self._shots / f"journey-{name}.png")


ROWS = """rows => rows.map((row) => {
  const [eye, name] = row.querySelectorAll("button");
  const is = (one, what) => one.getAttribute(what) === "true";
  return [name.textContent, is(eye, "aria-pressed"), is(name, "aria-current"), row.classList.contains("inside")];
})"""
