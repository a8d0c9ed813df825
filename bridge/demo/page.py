"""The page that the demo leaves: one file, every picture inside, nothing asked of any server."""

import base64
import hashlib
import os
import platform
import re
import time
from collections.abc import Iterator, Sequence
from html import escape
from importlib import resources
from urllib.parse import quote

from bridge import __version__
from bridge.demo.brush import Brush
from bridge.demo.pictures import Levels
from bridge.demo.stage import Pool, fitted, log, stage, webp
from bridge.demo.studio import Card
from bridge.repertoire import installed

TITLE = "<title>Sfumato – the demo</title>"
"""Tells the demo's own page from others."""


DEMO = 'python run.py demo --model FILE --prompt "…"'
"""How the demo is played on somebody's own weights."""
SAMPLED = "python run.py demo --model sample"
"""How it is played with the sample model's scene where torch is not there yet."""


def page(
    cards: Sequence[Card],
    said: Sequence[str],
    written: Sequence[str],
    command: str,
    brush: Brush = Brush(),  # noqa: B008  # a value
    device: str = "",
) -> str:
    """The page as text. `said` are the terminal's lines, `written` paths beside the page, `command` starts Sfumato;
    `device` is what a model painted on."""
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
        painted=_painted(brush, device),
        commands=escape("\n".join(_commands(brush, command))),
        further=_further(brush),
        files="".join(f'<li><a href="{quote(name)}">{escape(name)}</a></li>' for name in written),
        said=escape("\n".join(said)),
        made=escape(_made(brush, device)),
    )


def hints(brush: Brush, command: str) -> Iterator[str]:
    """What the terminal says last: the next steps."""
    if brush.model:
        yield f"Once, where your models are: {command} models add FOLDER"
    yield f"Your own picture: {_commands(brush, command)[-1]}"
    if not brush.model:
        if not installed():
            yield f"Ten words, by a sample model: {SAMPLED} (this installs torch, a gigabyte or more)"
        yield f"With a model of your own the fill reads your words: {DEMO}"


def _filled(template: str, **slots: str) -> str:
    """A template with its `{{slots}}` filled, in one pass: what is filled in is not looked at again."""
    return re.sub(r"\{\{(\w+)\}\}", lambda slot: slots[slot[1]], template)


def _part(name: str) -> str:
    return resources.files("bridge.demo").joinpath(name).read_text("utf-8")


def _painted(brush: Brush, device: str) -> str:
    """Who painted all that is shown, and by what words."""
    if brush.model is None:
        text = "Where a scene names no model, the built-in content-aware fill painted it: it copies texture from your "
        return f'<p class="honest">{text}own picture, reads no prompt, invents nothing.</p>'
    text = f"Everything here was painted by your own model, {brush.name}{f', on {device}' if device else ''}."
    return f'<p class="honest">{escape(text)}</p><p class="honest">{escape(brush.asked)}</p>'


def _commands(brush: Brush, command: str) -> list[str]:
    """How to fill one's own picture."""
    fill = f"{command} fill photo.jpg"
    if brush.model:
        asked = f'--model {brush.model.id} --prompt "…"'
        return [f"{command} models add FOLDER", f"{fill} --mask mask.png {asked} --out new.png"]
    return [
        f"{fill} --box 400,120,240,300 --count 3 --ora photo.ora",
        f"{fill} --mask mask.png --mode remove --out clean.png",
    ]


def _further(brush: Brush) -> str:
    """What else can be done, as HTML."""
    if brush.model:
        return "FOLDER is where your models are; it is named once, and nothing in it is copied or changed."
    return f"With a model of your own the fill reads your words: <code>{escape(DEMO)}</code>"


def _made(brush: Brush, device: str) -> str:
    """When and on what the page was made."""
    used = f"painted on {device}" if device else "no GPU used"
    machine = f"{platform.system()}, {os.cpu_count()} processor cores, {used}"
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
