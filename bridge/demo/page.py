"""The page that the demo leaves: one file, every picture inside, nothing asked of any server."""

import base64
import hashlib
import os
import platform
import re
import time
from collections.abc import Sequence
from html import escape
from importlib import resources
from urllib.parse import quote

from bridge import __version__
from bridge.demo.pictures import Levels
from bridge.demo.stage import Pool, fitted, log, stage, webp
from bridge.demo.studio import Card

TITLE = "<title>Sfumato – the demo</title>"
"""Tells the demo's own page from others."""


def page(cards: Sequence[Card], said: Sequence[str], written: Sequence[str], command: str) -> str:
    """The page as text. `said` are the terminal's lines, `written` paths beside the page, `command` starts Sfumato."""
    pool = Pool()
    first, *others = (_scene(pool, number, card) for number, card in enumerate(cards, 1))
    script = _part("page.js")
    return _filled(
        _part("page.html"),
        title=TITLE,
        hash=f"sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}",
        script=script,
        style=_part("page.css"),
        pixels=pool.style(),
        verdict=_verdict(cards),
        scenes="\n".join([first, _figures(cards), *others]),
        command=escape(command),
        files="".join(f'<li><a href="{quote(name)}">{escape(name)}</a></li>' for name in written),
        said=escape("\n".join(said)),
        made=escape(_made()),
    )


def _filled(template: str, **slots: str) -> str:
    """A template with its `{{slots}}` filled, in one pass: what is filled in is not looked at again."""
    return re.sub(r"\{\{(\w+)\}\}", lambda slot: slots[slot[1]], template)


def _part(name: str) -> str:
    return resources.files("bridge.demo").joinpath(name).read_text("utf-8")


def _made() -> str:
    """When and on what the page was made."""
    machine = f"{platform.system()}, {os.cpu_count()} processor cores, no GPU used"
    return f"Made by Sfumato {__version__} on {time.strftime('%Y-%m-%d at %H:%M')}: {machine}."


def _verdict(cards: Sequence[Card]) -> str:
    """A line above all, where something did not work."""
    if not (failed := [card.title for card in cards if card.failed]):
        return ""
    names = ", ".join(f"“{title}”" for title in failed)
    return f'<p class="failed" role="alert">{len(failed)} of {len(cards)} scenes did not work: {escape(names)}.</p>'


def _figures(cards: Sequence[Card]) -> str:
    """One figure of each scene."""
    return f'<dl class="figures">{"".join(_figure(card) for card in cards)}</dl>'


def _figure(card: Card) -> str:
    figure, meaning = ("–", f"{card.title}: did not work") if card.failed else (card.figure, card.meaning)
    return f"<div><dt>{escape(meaning)}</dt><dd>{escape(figure)}</dd></div>"


def _scene(pool: Pool, number: int, card: Card) -> str:
    """A section: what the scene is, what happened, and what came of it."""
    failed = f'<p class="failed">This did not work. {escape(card.failed)}</p>' if card.failed else ""
    happened = shown = ""
    if card.recording and card.recording.moments:
        happened = log(card.recording, buttons=not card.shots)
        shown = _shots(card.shots) if card.shots else stage(pool, card.recording)
    return (
        f'<section class="scene" aria-labelledby="scene{number}"><div><p class="number">{number}</p>'
        f'<h2 id="scene{number}">{escape(card.title)}</h2><p class="about">{escape(card.about)}</p>{failed}{happened}'
        f"</div><div>{shown}</div></section>"
    )


def _shots(shots: Sequence[tuple[str, Levels]]) -> str:
    """Pictures side by side."""
    figures = (
        f'<figure><img src="{webp(fitted(rgb))}" alt=""><figcaption>{escape(words)}</figcaption></figure>'
        for words, rgb in shots
    )
    return f'<div class="shots">{"".join(figures)}</div>'
