"""The panel in a browser: what is shown, what is done with it, how it looks."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.panel.views import Value

if TYPE_CHECKING:
    from playwright.sync_api import ConsoleMessage, Locator, Page, Route

ADDRESS = "http://panel.test/"
POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:"
PAGE = """<!doctype html><meta charset="utf-8"><title>panel</title>
<link rel="stylesheet" href="panel.css">
<div id="app"></div><script src="alone.js"></script>"""


class Look:
    """One page with the panel alone. `complaints` are errors that the page wrote; a test ends without any."""

    def __init__(self, page: "Page", script: Path, style: Path, shots: Path) -> None:
        self.page, self._shots = page, shots
        self.complaints: list[str] = []
        self._files = {
            "": ("text/html", PAGE),
            "panel.css": ("text/css", style.read_text("utf-8")),
            "alone.js": ("text/javascript", script.read_text("utf-8")),
        }

    def __enter__(self) -> "Look":
        self.page.set_default_timeout(5000)
        self.page.on("pageerror", self._on_error)
        self.page.on("console", self._on_said)
        self.page.route("**/*", self._answer)
        self.page.goto(ADDRESS)
        return self

    def __exit__(self, *_: object) -> None:
        self.page.unroute("**/*")
        self.page.remove_listener("pageerror", self._on_error)
        self.page.remove_listener("console", self._on_said)

    def _on_error(self, error: Exception) -> None:
        self.complaints.append(str(error))

    def _on_said(self, said: "ConsoleMessage") -> None:
        if said.type == "error":
            self.complaints.append(said.text)

    def _answer(self, route: "Route") -> None:
        kind, body = self._files[route.request.url.removeprefix(ADDRESS)]
        headers = {"content-security-policy": POLICY}
        route.fulfill(body=body, content_type=f"{kind}; charset=utf-8", headers=headers)

    def show(self, view: Value) -> None:
        """Show this view."""
        self.page.evaluate("view => alone.panel.show(view)", view)

    def acts(self) -> list[list[Any]]:
        """What the artist did since the last time, as [name, what was given, …]; each `edit` as its fields."""
        return json.loads(self.page.evaluate("JSON.stringify(alone.acts.splice(0))"))

    def edits(self) -> list[Value]:
        """The fields that were handed out since the last time, when nothing else was done."""
        acts = self.acts()
        assert [name for name, *_ in acts if name != "edit"] == []
        return [fields for _, fields in acts]

    def caret(self) -> list[int]:
        """Where the selection in the focused field begins and ends."""
        return list(self.page.evaluate("(({selectionStart: a, selectionEnd: b}) => [a, b])(document.activeElement)"))

    def focused(self) -> str:
        """The name of what has the keyboard."""
        return str(
            self.page.evaluate("(one => one.getAttribute('aria-label') ?? one.textContent)(document.activeElement)")
        )

    def ticked(self) -> None:
        """Everything that the page put off to its next turn has been done."""
        self.page.evaluate("new Promise(done => setTimeout(done, 0))")

    def opened(self, view: Value) -> None:
        """Show this view, with the drawer open."""
        self.show(view)
        self.named("button", "More").click()

    def named(self, role: str, name: str) -> "Locator":
        """A control by its role and its whole name."""
        return self.page.get_by_role(role, name=name, exact=True)  # type: ignore[arg-type]

    def key(self, *keys: str) -> None:
        """Press keys, one after the other."""
        for one in keys:
            self.page.keyboard.press(one)

    def settle(self) -> None:
        """Wait until what was shown has been drawn, pictures and all."""
        self.page.evaluate("alone.settled()")

    def shoot(self, name: str) -> Path:
        """A screenshot."""
        self.settle()
        path = self._shots / f"panel-{name}.png"
        self.page.screenshot(path=path)
        return path
