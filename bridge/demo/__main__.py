"""`python -m bridge.demo`: the main job on real pictures, in less than a minute."""

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bridge.demo import page
from bridge.demo.process import running
from bridge.demo.scenes import SCENES, Scene, play
from bridge.demo.studio import Card, Studio, Voice
from bridge.files.writing import saving
from bridge.protocol.errors import Refusal

EXAMPLES = Path(__file__).parents[2] / "examples"


def main(argv: Sequence[str] | None = None) -> int:
    """Play all scenes and leave the page. Returns 0, 1 where a scene did not work, 2 where it ended early."""
    parser = argparse.ArgumentParser("python -m bridge.demo", description="The main job on real pictures.")
    parser.add_argument("--out", type=Path, default=Path("demo"), help="where pictures and page go (default: demo)")
    out = parser.parse_args(argv).out
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]  # a console that lacks × shows ? instead
    try:
        failed = _show(out)
    except Refusal as why:
        print(f"The demo ended early. {why.text}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    assert "torch" not in sys.modules
    return 1 if failed else 0


def _show(out: Path) -> int:
    """Everything; returns how many scenes did not work."""
    if not EXAMPLES.is_dir():
        raise Refusal("picture.empty", f"There are no examples in {EXAMPLES}: run it from a checkout.")
    _claim(out)
    say = Voice()
    say("Sfumato fills selections in an open picture. This is its built-in fill at work; no model is loaded.")
    with tempfile.TemporaryDirectory(prefix="sfumato-demo-", ignore_cleanup_errors=True) as folder:
        begun = time.perf_counter()
        with running(Path(folder)) as bridge:
            started = (time.perf_counter() - begun) * 1000
            say(f"The bridge started in {started:.0f} ms. It listens on this machine only.")
            studio = Studio(say, EXAMPLES, out, Path(folder), bridge)
            cards = [_scene(studio, number, *scene) for number, scene in enumerate(SCENES, 1)]
    failed = sum(bool(card.failed) for card in cards)
    say()
    say(f"{len(cards) - failed} of {len(cards)} scenes worked. The page: {out / 'index.html'}")
    say(f"Your own picture: {_command()} fill photo.jpg --mask mask.png --mode remove --out clean.png")
    say("This version loads no models yet; the next release does, and then the fill reads your words.")
    text = page.page(cards, say.lines, _names(studio), _command())
    with saving(out / "index.html") as file:
        file.write(text.encode())
    return failed


def _claim(out: Path) -> None:
    """Make the folder. Raises Refusal where that cannot be, or where somebody else's page lies in it."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as why:
        raise Refusal("internal", f"There can be no folder “{out}” ({why.strerror}). Choose another: --out") from None
    index = out / "index.html"
    if index.exists() and page.TITLE not in index.read_text("utf-8", "replace"):
        raise Refusal("internal", f"“{index}” is not the demo's and would be replaced. Choose another folder: --out")


def _scene(studio: Studio, number: int, scene: Scene, title: str, about: str) -> Card:
    studio.say()
    studio.say(f"{number}  {title}")
    return play(studio, scene, Card(title, about))


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
