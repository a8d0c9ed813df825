"""The command line: one word each. A line or two say what went wrong, with exit code 2."""

import argparse
import asyncio
import contextlib
import json
import logging
import os
import platform
import shutil
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import Any, NoReturn

from bridge import __version__, home
from bridge.client import Client
from bridge.config import Config, read
from bridge.protocol.errors import Refusal
from bridge.protocol.values import Box, Lora

ALIASES = {"inpaint": "fill", "img2img": "fill", "outpaint": "expand"}
"""Words artists know from elsewhere, and the mode each one means."""
PACKAGES = "websockets msgpack numpy scipy pillow PyPatchMatch imagecodecs tifffile tomlkit".split()
"""What has to be there always."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]  # a console that lacks × shows ? instead of failing
    try:
        given = _parser().parse_args(argv)
        return int(given.run(given))
    except Refusal as refusal:
        print(f"sfumato: {refusal.text}", file=sys.stderr)
        return 2
    except OSError as why:
        print(f"sfumato: {why.strerror or why}: {why.filename or 'the disk or the network'}.", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of our output went away
        sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115  # so that the interpreter's last flush finds a file
        return 141


class _Parser(argparse.ArgumentParser):
    """Wrong words are a sentence, not a page of usage."""

    def error(self, message: str) -> NoReturn:
        raise Refusal("recipe.field", f"{message[:1].upper()}{message[1:]}. See: {self.prog} --help")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="sfumato", description="Generative fill for GIMP and Photoshop, on your own machine.")
    parser.add_argument("--version", action="version", version=f"sfumato {__version__}")
    words = "serve | fill | open | pair | install | doctor | models"
    commands = parser.add_subparsers(required=True, metavar=words, parser_class=_Parser)

    serve = commands.add_parser("serve", help="run the bridge in the foreground")
    serve.add_argument("--port", type=int, metavar="N", help="listen on this port (default 4717; 0: any free one)")
    serve.add_argument("--idle-exit", type=float, metavar="MINUTES", help="end after so long without work or client")
    serve.set_defaults(run=_serve)

    fill = commands.add_parser("fill", help="paint into a picture file")
    fill.add_argument("picture", type=Path, help="PNG, JPEG, TIFF or WebP, 8 or 16 bit")
    where = fill.add_mutually_exclusive_group()
    where.add_argument("--mask", type=Path, help="a picture of the same size: white is repainted, grey is feather")
    where.add_argument("--box", type=_box, metavar="X,Y,W,H", help="a rectangle; with expand: the new canvas")
    fill.add_argument(
        "--mode",
        choices=["fill", "remove", "expand", "detail", *ALIASES],
        help="default: fill with a prompt, else remove",
    )
    fill.add_argument("--prompt", default="", help="what shall be there")
    fill.add_argument("--negative", default="", help="what shall not")
    fill.add_argument("--strength", type=float, help="0.05 to 1; below 1 keeps something of what is there")
    fill.add_argument("--seed", type=int, help="0 to 4294967295; the same seed paints the same picture")
    fill.add_argument("--count", type=int, default=1, help="variations, 1 to 8")
    fill.add_argument("--model", help="a model's id, see: sfumato models")
    fill.add_argument("--lora", type=_lora, action="append", default=[], metavar="ID[:WEIGHT]", help="may be repeated")
    fill.add_argument("--steps", type=int, metavar="N", help="1 to 150; without it as many as the model wants")
    fill.add_argument("--guidance", type=float, metavar="G", help="0 to 30: how closely the prompt is followed")
    fill.add_argument("--scale", type=int, choices=(1, 2, 4), default=1, help="with detail: enlarge so many times")
    fill.add_argument("--blend", type=int, default=0, metavar="PX", help="grow the layer outward by so many pixels")
    fill.add_argument(
        "--source", choices=["near", "wide", "all"], default="near", help="where the built-in fill copies from"
    )
    fill.add_argument("--out", type=Path, metavar="FILE", help="write the composite")
    fill.add_argument("--layers", type=Path, metavar="FOLDER", help="write each layer and its mask")
    fill.add_argument("--ora", type=Path, metavar="FILE.ora", help="write a layered file that GIMP and Krita open")
    fill.add_argument("--dry-run", action="store_true", help="say what would be done")
    fill.add_argument("--json", action="store_true", help="print each message of the wire as a line")
    fill.set_defaults(run=_fill)

    for word, meaning in (("install", "put Sfumato into GIMP or Photoshop"), ("uninstall", "take it out again")):
        command = commands.add_parser(word, help=meaning)
        command.set_defaults(run=_install if word == "install" else _uninstall)
        hosts = command.add_subparsers(dest="host", required=True, metavar="gimp | photoshop", parser_class=_Parser)
        gimp = hosts.add_parser("gimp", help="GIMP 3, every version and profile of yours")
        gimp.add_argument("--profile", type=Path, metavar="FOLDER", help="only this one, wherever it lies")
        photoshop = hosts.add_parser("photoshop", help="the panel, which Creative Cloud Desktop installs")
        if word == "install":
            gimp.add_argument("--link", action="store_true", help="for developers: link to this checkout")
            photoshop.add_argument("--out", type=Path, metavar="FILE.ccx", help="write the package here")
            photoshop.add_argument("--no-open", action="store_true", help="only write it")

    opening = commands.add_parser("open", help="try it in the browser, without an editor")
    opening.add_argument("--print", action="store_true", help="only write the file that opens it, and say where it is")
    opening.set_defaults(run=_open)

    pair = commands.add_parser("pair", help="make a text that lets a panel in, to be pasted there")
    what = pair.add_mutually_exclusive_group()
    what.add_argument("--list", action="store_true", help="who was paired")
    what.add_argument("--revoke", metavar="ID", help="let this one in no longer")
    pair.set_defaults(run=_pair)

    doctor = commands.add_parser("doctor", help="say what works here and what does not")
    doctor.add_argument("--json", action="store_true")
    doctor.set_defaults(run=_doctor)

    models = commands.add_parser("models", help="list the models of this machine, name a folder, try one")
    models.add_argument("--json", action="store_true", help="the list for programs")
    verbs = models.add_subparsers(dest="verb", metavar="list | add FOLDER | verify [ID]", parser_class=_Parser)
    verbs.add_parser("list", help="what the word alone does, too")
    add = verbs.add_parser("add", help="look for models in one more folder, from now on")
    add.add_argument("folder", type=Path, help="nothing in it is copied or changed")
    verify = verbs.add_parser("verify", help="load a model, paint with it, say how fast")
    verify.add_argument("id", nargs="?", help="without it, random weights are painted to prove the path")
    models.set_defaults(run=_models)
    return parser


def _box(text: str) -> Box:
    try:
        box = Box(*(int(part) for part in text.split(",")))
    except (TypeError, ValueError):
        raise argparse.ArgumentTypeError(f"“{text}” is not four whole numbers X,Y,W,H") from None
    if box.empty:
        raise argparse.ArgumentTypeError(f"a box of {box.width} × {box.height} px holds no pixel")
    return box


def _lora(text: str) -> Lora:
    id, _, weight = text.partition(":")
    try:
        return Lora(id, float(weight or 1))
    except ValueError:
        raise argparse.ArgumentTypeError(f"“{text}” is not ID or ID:WEIGHT, as in soft-ink-3f2a91bc:0.8") from None


def _fill(given: argparse.Namespace) -> int:
    from bridge.fill_command import run

    given.img2img = given.mode == "img2img"
    given.mode = ALIASES.get(given.mode, given.mode)
    return run(given)


def _open(given: argparse.Namespace) -> int:
    from bridge import open_command

    return open_command.run(given)


def _pair(given: argparse.Namespace) -> int:
    from bridge import pair_command

    return pair_command.run(given)


def _install(given: argparse.Namespace) -> int:
    from bridge import install_command

    return install_command.install(given)


def _uninstall(given: argparse.Namespace) -> int:
    from bridge import install_command

    return install_command.uninstall(given)


# ---- serve ----------------------------------------------------------------------------------------------------------


def _serve(given: argparse.Namespace) -> int:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    logging.getLogger("websockets").setLevel(logging.WARNING)
    folder = home.make_private(home.home())
    config = read(folder)
    if given.port is not None:
        if not 0 <= given.port <= 65535:
            raise Refusal("recipe.field", f"A port is a number from 0 to 65535; {given.port} is not.")
        config = replace(config, port=given.port)
    if given.idle_exit is not None and given.idle_exit <= 0:
        raise Refusal("recipe.field", f"--idle-exit takes minutes over 0; {given.idle_exit:g} is not.")
    return asyncio.run(_run_bridge(config, folder, given.idle_exit))


async def _run_bridge(config: Config, folder: Path, idle_exit: float | None) -> int:
    from bridge.loopback import PortTaken
    from bridge.server import AlreadyRunning, Bridge

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        try:
            loop.add_signal_handler(number, stop.set)
        except NotImplementedError:  # Windows has no signal handlers on a loop
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))
    try:
        async with Bridge(config, folder) as bridge:
            home.write_launch(folder)
            print(f"Sfumato bridge {__version__} listens on 127.0.0.1:{bridge.port}. Ctrl-C ends it.", flush=True)
            waiting: list[asyncio.Task[Any]] = [asyncio.create_task(stop.wait())]
            if idle_exit is not None:
                waiting.append(asyncio.create_task(bridge.until_idle(idle_exit)))
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for task in waiting:
                task.cancel()
        return 0
    except AlreadyRunning:
        return await asyncio.to_thread(_already_running, folder)
    except PortTaken:
        port = config.port
    text = f"Port {port} is taken by another program. End that program, or choose another port: "
    raise Refusal("auth.failed", text + f"sfumato serve --port {port + 1 if port < 65535 else 4717}")


def _already_running(folder: Path) -> int:
    """A bridge of this user lives here: is it well?"""
    client = Client(_about(), folder, start=False)
    client.close()
    print(f"A bridge of yours is running already on port {client.port}; nothing to do.")
    return 0


def _about() -> dict[str, str]:
    return {"name": "sfumato", "version": __version__, "host": "command line"}


# ---- doctor, models -------------------------------------------------------------------------------------------------


def _models(given: argparse.Namespace) -> int:
    if given.verb == "verify":
        from bridge import verify_command

        return verify_command.run(given)
    from bridge import models_command

    return models_command.run(given)


def _doctor(given: argparse.Namespace) -> int:
    findings = _findings()
    if given.json:
        print(json.dumps(findings, indent=2, ensure_ascii=False))
    else:
        for one in findings:
            print(f"{'ok  ' if one['ok'] else 'LOOK'}  {one['what']}: {one['says']}")
    return 0 if all(one["ok"] for one in findings) else 1


def _findings() -> list[dict[str, Any]]:
    """What works here, and the next step for what does not."""
    from bridge import install_command

    folder = home.home()
    found = [_finding("sfumato", True, f"{__version__} on Python {platform.python_version()}, {platform.platform()}")]
    for package in PACKAGES:
        try:
            found.append(_finding(package, True, metadata.version(package)))
        except metadata.PackageNotFoundError:
            found.append(_finding(package, False, f"is missing. Run: pip install {package}"))
    with contextlib.suppress(ImportError):
        import patchmatch

        works = bool(getattr(patchmatch, "patchmatch_available", True))
        says = "works" if works else "has no compiled part here. Run: pip install --force-reinstall PyPatchMatch"
        found.append(_finding("built-in fill", works, says))
    found.append(_finding("home", True, f"{folder}, {_free(folder)} free"))
    try:
        config = read(folder)
        found.append(_finding("sfumato.toml", True, f"port {config.port}, painters {', '.join(config.painters)}"))
    except Refusal as refusal:
        found.append(_finding("sfumato.toml", False, refusal.text))
    found.append(_bridge_finding(folder))
    found.append(_models_finding(folder))
    return found + install_command.findings()


def _bridge_finding(folder: Path) -> dict[str, Any]:
    if home.discover(folder) is None:
        return _finding("bridge", True, "is not running; it is started when it is needed")
    try:
        client = Client(_about(), folder, start=False)
        client.close()
        return _finding("bridge", True, "is running and knows you")
    except Refusal as refusal:
        return _finding("bridge", refusal.code == "job.lost", refusal.text)


def _models_finding(folder: Path) -> dict[str, Any]:
    from bridge.models_command import summary

    try:
        return _finding("models", True, summary(folder))
    except (ImportError, Refusal) as why:
        return _finding("models", False, f"were not looked for: {why}")


def _finding(what: str, ok: bool, says: str) -> dict[str, Any]:
    return {"what": what, "ok": ok, "says": says}


def _free(folder: Path) -> str:
    while not folder.exists():
        folder = folder.parent
    return f"{shutil.disk_usage(folder).free / 1e9:,.0f} GB"


if __name__ == "__main__":
    sys.exit(main())
