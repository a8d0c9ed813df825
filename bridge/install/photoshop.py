"""The panel for Photoshop as one file, `sfumato-<version>.ccx`: a zip of the committed bundle, manifest at the root.

Creative Cloud Desktop installs it; no signature is needed. Whoever packs the same bundle gets the same bytes, on every
system and with every Python: nothing of the machine, the clock or a compressor's release is in them.
"""

import io
import json
import os
import secrets
import subprocess
import sys
import zipfile
from pathlib import Path

from bridge import __version__
from bridge.protocol.errors import Refusal

BUNDLE = Path(__file__).parents[1] / "web" / "photoshop"
"""What `npm run build` in photoshop_panel makes."""
SUFFIX = ".ccx"
NAME = f"sfumato-{__version__}{SUFFIX}"
NEEDED = ("manifest.json", "index.html", "panel.js")
"""Without any of these it is no bundle."""


def package(bundle: Path = BUNDLE) -> bytes:
    """The bytes of the `.ccx`. Raises Refusal `recipe.field` where the bundle is missing or of another version.

    Stored, not deflated: zlib and zlib-ng, which Python has on Windows, pack differently.
    """
    check(bundle)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, path in contents(bundle).items():
            entry = zipfile.ZipInfo(name)  # stored, and dated 1980-01-01, the first day that a zip knows
            entry.create_system = 3  # Unix, also where Windows packs it: only so the mode counts
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, path.read_bytes())
    return out.getvalue()


def contents(bundle: Path = BUNDLE) -> dict[str, Path]:
    """Every file of the bundle by its place in the package, with `/`, in the order in which it is packed."""
    files = {one.relative_to(bundle).as_posix(): one for one in bundle.rglob("*") if one.is_file()}
    return dict(sorted(files.items()))


def check(bundle: Path = BUNDLE) -> None:
    """Raise Refusal `recipe.field` where the bundle cannot be packed."""
    lacking = [name for name in NEEDED if not (bundle / name).is_file()]
    if lacking:
        text = f"The Photoshop panel is not built: {', '.join(lacking)} missing in {bundle}. In a checkout run npm ci "
        raise Refusal("recipe.field", text + "and npm run build in photoshop_panel; else install Sfumato again.")
    try:
        version = json.loads((bundle / "manifest.json").read_text("utf-8"))["version"]
    except (ValueError, KeyError, TypeError):
        text = f"{bundle / 'manifest.json'} cannot be read: it names no version. Install Sfumato again."
        raise Refusal("recipe.field", text) from None
    if version != __version__:
        text = f"The Photoshop panel in {bundle} is version {version}, and this is Sfumato {__version__}. "
        raise Refusal("recipe.field", text + "In a checkout run npm run build in photoshop_panel; else install again.")


def put(place: Path, bundle: Path = BUNDLE) -> Path:
    """Write the package to a file, at once or not at all, over any other. Raises Refusal `recipe.field`, OSError."""
    if place.is_dir():
        text = f"{place} is a folder, and the package is a file. Name it, too: --out {place / NAME}"
        raise Refusal("recipe.field", text)
    if place.suffix.lower() != SUFFIX:
        text = f"{place.name} does not end in {SUFFIX}, by which Creative Cloud Desktop knows it. "
        raise Refusal("recipe.field", text + f"Choose another name: --out {place.with_suffix(SUFFIX)}")
    if not place.parent.is_dir():
        raise Refusal("recipe.field", f"There is no folder {place.parent}. Make it, or choose another one for --out.")
    packed = package(bundle)
    part = place.with_suffix(f".{secrets.token_hex(4)}.part")
    try:
        part.write_bytes(packed)
        part.replace(place)
    finally:
        part.unlink(missing_ok=True)
    return place


def packed(folder: Path) -> list[Path]:
    """The packages of any version in a folder."""
    return sorted(one for one in folder.glob(f"sfumato-*{SUFFIX}") if one.is_file())


def remove(folder: Path, but: Path | None = None) -> list[Path]:
    """Delete those, but for one; returns what was deleted."""
    gone = [one for one in packed(folder) if one != but]
    for one in gone:
        one.unlink()
    return gone


def double_click(path: Path) -> bool:
    """Open a file as a double click does. False where nothing opens it: Creative Cloud Desktop is not installed."""
    if sys.platform == "win32":
        try:
            os.startfile(path)  # noqa: S606  # a file that we wrote
        except OSError:
            return False
        return True
    try:
        done = subprocess.run(["open", path], capture_output=True)  # noqa: S603, S607  # macOS, and the file is ours
    except OSError:
        return False
    return done.returncode == 0
