"""`sfumato open`: a file that leads the browser to the page, for this user's eyes alone."""

import os
import re
import stat
from html.parser import HTMLParser
from pathlib import Path

import pytest

from bridge import open_command
from bridge.cli import main
from bridge.keys import door
from bridge.server import Bridge


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    """`run(…)` -> (exit code, lines of stdout, lines of stderr, what was opened); `run.browser` False has none."""
    opened: list[str] = []

    def call(*words: str, browser: bool = True) -> tuple[int, list[str], list[str], list[str]]:
        monkeypatch.setattr(open_command.webbrowser, "open", lambda url: bool(opened.append(url)) or browser)
        code = main(["open", *words])
        said = capsys.readouterr()
        return code, said.out.splitlines(), said.err.splitlines(), opened

    return call


class Tags(HTMLParser):
    """The tags of a page, each with its attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_the_file_leads_to_the_page_with_the_text_behind_the_hash(run, bridge: Bridge, home: Path) -> None:
    code, (told,), said, opened = run("--print")
    (one,) = bridge.keys.invitations.alive
    path = Path(told)
    assert (code, said, opened) == (0, [], [])
    assert one.page
    assert path == door(home, one.text)
    tags = Tags(path.read_text("utf-8")).tags
    address = f"http://localhost:{bridge.port}/#{one.text}"
    (refresh,) = [given["content"] for tag, given in tags if given.get("http-equiv") == "refresh"]
    assert refresh == f"0; url={address}"
    assert [given["href"] for tag, given in tags if tag == "a"] == [address]
    assert ("meta", {"name": "referrer", "content": "no-referrer"}) in tags
    assert "script" not in {tag for tag, _ in tags}


@pytest.mark.skipif(os.name != "posix", reason="Windows has other permissions")
def test_the_file_is_the_users_alone(run, bridge: Bridge) -> None:
    before = os.umask(0)
    try:
        path = Path(run("--print")[1][0])
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_the_browser_is_given_the_file_and_never_the_text(run, bridge: Bridge, home: Path) -> None:
    code, told, said, opened = run()
    (one,) = bridge.keys.invitations.alive
    assert (code, said) == (0, [])
    assert opened == [door(home, one.text).as_uri()]
    assert one.text not in opened[0]
    assert told == [
        "Sfumato opens in your browser. Where that may not read the file, open "
        f"http://localhost:{bridge.port}/ and paste this within 2 minutes:",
        one.text,
    ]


def test_without_a_browser_there_is_another_way(run, bridge: Bridge) -> None:
    code, told, said, _ = run(browser=False)
    (one,) = bridge.keys.invitations.alive
    assert (code, told) == (2, [one.text])
    assert re.match(
        r"No browser could be started\. In one of yours, open http://localhost:\d+/ and paste this", said[0]
    )


def test_twice_are_two_files(run, bridge: Bridge) -> None:
    assert len({run("--print")[1][0] for _ in range(2)}) == 2
