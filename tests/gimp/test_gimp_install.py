"""What `sfumato install gimp` wrote, in the real GIMP: found, and run with nothing but itself."""

from bridge.install import plug_in
from tests.gimp.console import Console, Shared

OURS = "sorted(name for name in Gimp.get_pdb().query_procedures(*[''] * 8) if name.startswith('sfumato'))"
CARRIED = """
import subprocess, sys
words = "import sys; sys.path.insert(0, sys.argv[1]); import bridge.client as client, msgpack; "
words += "print(client.__file__, msgpack.Packer.__module__)"
done = subprocess.run([sys.executable, "-W", "error", "-c", words, lib], capture_output=True, text=True)
answer = done.stdout.split(), done.stderr
"""


def test_gimp_finds_it_and_does_not_once_it_is_gone(console: Console, shared: Shared) -> None:
    assert "sfumato-panel" in console(OURS)
    assert plug_in.installed(shared.profile).strays == ()
    plug_in.remove(shared.profile)
    assert console(OURS) == []


def test_a_link_is_found_too(console: Console, shared: Shared) -> None:
    plug_in.remove(shared.profile)
    source = shared.folder / "checkout"
    plug_in.put(shared.folder / "elsewhere")
    (shared.folder / "elsewhere" / "plug-ins" / "sfumato").rename(source)
    place = plug_in.folder(shared.profile)
    (place / "lib").mkdir(parents=True)
    for name in ("sfumato.py", "lib/gimp_plugin", "lib/bridge"):
        (place / name).symlink_to(shared.inside(source / name))
    for name in ("websockets", "msgpack"):
        (source / "lib" / name).rename(place / "lib" / name)
    assert "sfumato-panel" in console(OURS)


def test_gimps_own_python_needs_nothing_else(console: Console, shared: Shared) -> None:
    lib = plug_in.folder(shared.profile) / "lib"
    said, warned = console(CARRIED, lib=lib)
    assert (said, warned) == ([f"{shared.inside(lib)}/bridge/client.py", "msgpack.fallback"], "")
