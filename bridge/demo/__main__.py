"""`python -m bridge.demo`: the main job on real pictures, in less than a minute; with `--model` on your own weights."""

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from bridge.demo import brush, page
from bridge.demo.brush import Brush
from bridge.demo.programme import Entry, programme
from bridge.demo.scenes import play
from bridge.demo.studio import Card, Studio, Voice
from bridge.files.writing import saving
from bridge.private import running
from bridge.protocol.errors import Refusal

EXAMPLES = Path(__file__).parents[2] / "examples"


def main(argv: Sequence[str] | None = None, plays: Callable[[Brush], Sequence[Entry]] = programme) -> int:
    """Play all scenes and leave the page. Returns 0, 1 where a scene did not work, 2 where it ended early.

    `plays` says which scenes (a test passes fewer).
    """
    parser = argparse.ArgumentParser("python -m bridge.demo", description="The main job on real pictures.")
    parser.add_argument("--out", type=Path, default=Path("demo"), help="where pictures and page go (default: demo)")
    parser.add_argument("--model", metavar="FILE", help="your own weights: a checkpoint, a diffusers folder, or an id")
    parser.add_argument(
        "--prompt", metavar="WORDS", help=f"what shall be there, with --model (default: {brush.PROMPT})"
    )
    parser.add_argument("--steps", type=int, metavar="N", help="with --model; without it as many as the model wants")
    parser.add_argument("--seed", type=int, metavar="N", default=brush.SEED, help="the same seed paints the same again")
    given = parser.parse_args(argv)
    if given.model is None and (given.prompt is not None or given.steps is not None):
        parser.error("the built-in fill reads no words and takes no steps: name your own weights, too, with --model")
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]  # a console that lacks × shows ? instead
    try:
        failed = _show(given, plays)
    except Refusal as why:
        print(f"The demo ended early. {why.text}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    assert "torch" not in sys.modules
    return 1 if failed else 0


def _show(given: argparse.Namespace, plays: Callable[[Brush], Sequence[Entry]]) -> int:
    """Everything; returns how many scenes did not work."""
    out: Path = given.out
    if not EXAMPLES.is_dir():
        raise Refusal("picture.empty", f"There are no examples in {EXAMPLES}: run it from a checkout.")
    with tempfile.TemporaryDirectory(prefix="sfumato-demo-", ignore_cleanup_errors=True) as folder:
        held = _brush(given, Path(folder))
        _claim(out)
        say = Voice()
        say(f"Sfumato fills selections in an open picture. {_greeting(held)}")
        begun = time.perf_counter()
        with running(Path(folder), models=held.folders) as bridge:
            started = (time.perf_counter() - begun) * 1000
            say(f"The bridge started in {started:.0f} ms. It listens on this machine only.")
            studio = Studio(say, EXAMPLES, out, Path(folder), bridge, held)
            cards = [_scene(studio, number, entry) for number, entry in enumerate(plays(held), 1)]
    failed = sum(bool(card.failed) for card in cards)
    say()
    say(f"{len(cards) - failed} of {len(cards)} scenes worked. The page: {out / 'index.html'}")
    for line in page.hints(held, _command()):
        say(line)
    text = page.page(cards, say.lines, _names(studio), _command(), held, studio.device)
    with saving(out / "index.html") as file:
        file.write(text.encode())
    return failed


def _brush(given: argparse.Namespace, folder: Path) -> Brush:
    """What is painted with: the user's own model where one is named. Raises Refusal."""
    if given.model is None:
        held = Brush(seed=given.seed)
    else:
        prompt = brush.PROMPT if given.prompt is None else given.prompt
        held = brush.chosen(given.model, prompt, given.steps, given.seed, folder)
    held.recipe(held.mode)
    return held


def _greeting(held: Brush) -> str:
    if held.model is None:
        return "This is its built-in fill at work, where nothing else is said."
    return f"Here it paints with your own model, {held.name}: {held.asked}."


def _claim(out: Path) -> None:
    """Make the folder. Raises Refusal where that cannot be, or where somebody else's page lies in it."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as why:
        raise Refusal("internal", f"There can be no folder “{out}” ({why.strerror}). Choose another: --out") from None
    index = out / "index.html"
    if index.exists() and page.TITLE not in index.read_text("utf-8", "replace"):
        raise Refusal("internal", f"“{index}” is not the demo's and would be replaced. Choose another folder: --out")


def _scene(studio: Studio, number: int, entry: Entry) -> Card:
    studio.say()
    studio.say(f"{number}  {entry.title}")
    return play(studio, entry.scene, Card(entry.title, entry.about))


def _names(studio: Studio) -> list[str]:
    """What was written, seen from the page: files, and folders of layers."""
    names = (path.relative_to(studio.out).parts for path in studio.written)
    return list(dict.fromkeys(f"{first}/" if more else first for first, *more in names))


def _command() -> str:
    """How the command is called from here."""
    found = shutil.which("sfumato", path=str(Path(sys.executable).parent))
    path = Path(found) if found else Path("sfumato")
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path.name)


if __name__ == "__main__":
    sys.exit(main())
