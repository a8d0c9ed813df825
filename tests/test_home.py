"""Where the bridge lives, who may read its keys, and how it is found and started."""

import json
import os
import shutil
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from importlib import util
from pathlib import Path

import pytest

from bridge import home as place
from bridge import link
from bridge.client import connect
from bridge.home import Discovery, announce, claim, discover, launch, make_local_key, make_private, read_key, retire
from bridge.protocol.errors import Refusal
from tests.asks import ABOUT

POSIX = pytest.mark.skipif(os.name != "posix", reason="Windows gives the user's own folders to the user alone")
RUNNING = Discovery(4717, 1234, "ab" * 16, 1, "0.1.0")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def until(found: Callable[[], bool]) -> None:
    """Wait for another process, ten seconds at most."""
    end = time.monotonic() + 10
    while not found():
        assert time.monotonic() < end, "nothing came"
        time.sleep(0.005)


# ---- the folder -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("platform", "variables", "expected"),
    [
        ("linux", {}, "{home}/.local/share/sfumato"),
        ("linux", {"XDG_DATA_HOME": "/elsewhere", "LOCALAPPDATA": "/elsewhere"}, "{home}/.local/share/sfumato"),
        ("freebsd14", {}, "{home}/.local/share/sfumato"),
        ("darwin", {"XDG_DATA_HOME": "/elsewhere"}, "{home}/Library/Application Support/Sfumato"),
        ("win32", {"LOCALAPPDATA": "/users/a/Local"}, "/users/a/Local/Sfumato"),
        ("win32", {}, "{home}/AppData/Local/Sfumato"),
        ("linux", {"SFUMATO_HOME": "/mine"}, "/mine"),
        ("darwin", {"SFUMATO_HOME": "/mine"}, "/mine"),
        ("win32", {"SFUMATO_HOME": "/mine", "LOCALAPPDATA": "/users/a/Local"}, "/mine"),
        ("linux", {"SFUMATO_HOME": ""}, "{home}/.local/share/sfumato"),
    ],
)
def test_each_platform_has_its_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, platform: str, variables: dict[str, str], expected: str
) -> None:
    for name in ("SFUMATO_HOME", "XDG_DATA_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"HOME": str(tmp_path), "USERPROFILE": str(tmp_path), **variables}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "platform", platform)
    assert place.home() == Path(expected.format(home=tmp_path))


def test_the_variable_of_the_tests_names_the_folder(home: Path) -> None:
    assert place.home() == home


@POSIX
def test_a_private_folder_is_the_users_alone(tmp_path: Path) -> None:
    assert mode(make_private(tmp_path / "a" / "b")) == 0o700
    (tmp_path / "a" / "b").chmod(0o777)
    assert mode(make_private(tmp_path / "a" / "b")) == 0o700


# ---- keys -----------------------------------------------------------------------------------------------------------


def test_the_local_key_is_made_once(home: Path) -> None:
    key = make_local_key(home)
    assert len(key) == 32
    assert make_local_key(home) == read_key(home, "local") == key
    assert (home / "keys" / "local.key").read_bytes() == key
    assert [path.name for path in (home / "keys").iterdir()] == ["local.key"]


def test_no_two_homes_share_a_key(tmp_path: Path) -> None:
    assert make_local_key(tmp_path / "a") != make_local_key(tmp_path / "b")


@POSIX
def test_the_local_key_is_the_users_alone(home: Path) -> None:
    before = os.umask(0)
    try:
        make_local_key(home)
    finally:
        os.umask(before)
    assert mode(home / "keys") == 0o700
    assert mode(home / "keys" / "local.key") == 0o600


def test_all_who_make_it_at_once_read_the_same_key(home: Path) -> None:
    keys: list[bytes] = []
    start = threading.Barrier(8)

    def make() -> None:
        start.wait()
        keys.append(make_local_key(home))

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 8
    assert set(keys) == {read_key(home, "local")}
    assert [path.name for path in (home / "keys").iterdir()] == ["local.key"]


def test_one_that_comes_a_moment_late_does_not_replace_the_key(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, first = Path.hardlink_to, []

    def overtaken(self: Path, target: Path) -> None:
        monkeypatch.setattr(Path, "hardlink_to", real)
        first.append(make_local_key(home))
        self.hardlink_to(target)

    monkeypatch.setattr(Path, "hardlink_to", overtaken)
    assert make_local_key(home) == first[0]


def test_a_file_system_without_links_holds_a_key_too(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def without(self: Path, target: Path) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", without)
    assert make_local_key(home) == read_key(home, "local")
    assert [path.name for path in (home / "keys").iterdir()] == ["local.key"]


def test_a_full_disk_leaves_no_half_key(home: Path, full_disk_at) -> None:
    with full_disk_at(31), pytest.raises(OSError, match="File too large"):
        make_local_key(home)
    assert list((home / "keys").iterdir()) == []
    assert len(make_local_key(home)) == 32


@POSIX
@pytest.mark.parametrize("wrong", [0o640, 0o604, 0o620, 0o660, 0o644, 0o601])
def test_a_key_that_others_can_read_is_refused_with_its_mode(home: Path, wrong: int) -> None:
    make_local_key(home)
    path = home / "keys" / "local.key"
    path.chmod(wrong)
    for look in (lambda: read_key(home, "local"), lambda: make_local_key(home)):
        with pytest.raises(Refusal) as refused:
            look()
        assert refused.value.code == "auth.key"
        assert refused.value.text == (
            f"The key {path} can be read by others (mode {wrong:o}, expected 600). Run chmod 600 on it, "
            "or delete it and start the bridge again."
        )


@POSIX
def test_a_key_that_even_its_owner_may_only_read_will_do(home: Path) -> None:
    key = make_local_key(home)
    (home / "keys" / "local.key").chmod(0o400)
    assert read_key(home, "local") == key


@pytest.mark.parametrize("size", [0, 31, 33, 4096])
def test_a_damaged_key_is_refused_with_both_numbers_and_kept(home: Path, size: int) -> None:
    make_local_key(home)
    path = home / "keys" / "local.key"
    path.write_bytes(bytes(size))
    with pytest.raises(Refusal) as refused:
        make_local_key(home)
    assert refused.value.code == "auth.key"
    got = min(size, 33)
    text = f"The key {path} has {got} bytes, expected 32. Delete it and start the bridge again."
    assert refused.value.text == text
    assert path.stat().st_size == size


def test_a_missing_key_says_what_makes_it(home: Path) -> None:
    path = home / "keys" / "local.key"
    for _ in range(2):  # without the folder, and with it
        with pytest.raises(Refusal) as refused:
            read_key(home, "local")
        assert refused.value.code == "auth.key"
        text = f"The key {path} cannot be read (No such file or directory). Start the bridge once."
        assert refused.value.text == text
        make_private(home / "keys")


@POSIX
def test_a_key_that_is_a_link_is_refused(home: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(bytes(32))
    elsewhere.chmod(0o600)
    (make_private(home / "keys") / "local.key").symlink_to(elsewhere)
    for look in (lambda: read_key(home, "local"), lambda: make_local_key(home)):
        with pytest.raises(Refusal, match="cannot be read"):
            look()
    (home / "keys" / "local.key").unlink()
    (home / "keys" / "local.key").symlink_to(tmp_path / "nowhere")
    with pytest.raises(Refusal, match="cannot be read"):
        make_local_key(home)
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize(
    "name", ["../local", "..", "a/b", "a\\b", "local.key", "", "x" * 65, "schlüssel", "a b", "a\0b"]
)
def test_a_key_is_no_path(home: Path, name: str) -> None:
    make_local_key(home)
    with pytest.raises(Refusal) as refused:
        read_key(home, name)
    assert refused.value.code == "auth.key"
    assert refused.value.text == "A key's name has letters and digits only."


@pytest.mark.parametrize("name", ["LOCAL", "Local", "con", "nul", "unknown"])
def test_a_key_is_known_by_its_exact_name(home: Path, name: str) -> None:
    make_local_key(home)
    with pytest.raises(Refusal, match=rf"{name}\.key cannot be read \(No such file or directory\)"):
        read_key(home, name)


# ---- one bridge for each folder -------------------------------------------------------------------------------------

CLAIM_AND_WAIT = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from bridge.home import claim
held = claim(Path(sys.argv[1]))
print(held is not None, flush=True)
sys.stdin.read()
"""


def test_a_folder_is_claimed_once(home: Path, tmp_path: Path) -> None:
    first = claim(home)
    assert first is not None
    assert claim(home) is None
    elsewhere = claim(make_private(tmp_path / "elsewhere"))
    assert elsewhere is not None
    elsewhere.close()
    first.close()
    again = claim(home)
    assert again is not None
    again.close()


def test_a_killed_bridge_claims_nothing(home: Path) -> None:
    house = str(Path(place.__file__).parent.parent)
    command = [sys.executable, "-S", "-I", "-c", CLAIM_AND_WAIT, str(home), house]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout
        assert other.stdout.readline() == "True\n"
        assert claim(home) is None
        other.kill()
    mine = claim(home)
    assert mine is not None
    mine.close()


# ---- finding the bridge ---------------------------------------------------------------------------------------------


def test_a_bridge_is_found_until_it_retires(home: Path) -> None:
    assert discover(home) is None
    announce(home, RUNNING)
    assert discover(home) == RUNNING
    assert [path.name for path in home.iterdir()] == ["bridge.json"]
    retire(home, RUNNING.instance)
    assert discover(home) is None
    retire(home, RUNNING.instance)  # a second time is no fault
    assert list(home.iterdir()) == []


def test_a_bridge_leaves_the_file_of_the_next_one(home: Path) -> None:
    announce(home, RUNNING)
    newer = Discovery(4718, 99, "cd" * 16, 1, "0.2.0")
    announce(home, newer)
    retire(home, RUNNING.instance)
    assert discover(home) == newer


def test_a_killed_bridge_leaves_a_file_that_the_next_one_replaces(home: Path) -> None:
    announce(home, RUNNING)
    announce(home, Discovery(4717, 5, "ef" * 16, 1, "0.1.0"))
    found = discover(home)
    assert found is not None
    assert (found.pid, found.instance) == (5, "ef" * 16)


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"{", b"[]", b"null", b"{}", b"\xff\xfe", b'"bridge"', b"4717"),
        *(b'{"port": 4717}', b'{"port": "x", "pid": 1, "instance": "", "protocol": 1, "version": ""}'),
        *(
            b'{"port": %s, "pid": 1, "instance": "", "protocol": 1, "version": ""}' % port
            for port in (b"0", b"-1", b"65536", b"Infinity", b"NaN", b"null", b"[]", b"1e400")
        ),
    ],
)
def test_a_damaged_file_is_no_bridge(home: Path, content: bytes) -> None:
    (home / "bridge.json").write_bytes(content)
    assert discover(home) is None
    retire(home, RUNNING.instance)
    assert (home / "bridge.json").read_bytes() == content


def test_a_newer_bridge_may_say_more(home: Path) -> None:
    place.write_json(home / "bridge.json", {**RUNNING.__dict__, "mood": "good"})
    assert discover(home) == RUNNING


# ---- starting the bridge --------------------------------------------------------------------------------------------

SAY_WHERE = """
import json, os, sys
told = {"environment": dict(os.environ), "argv": sys.argv, "stdin": sys.stdin.read()}
told["detached"] = os.name != "posix" or os.getsid(0) == os.getpid()
print("started")
with open(sys.argv[1] + ".part", "w") as file:
    json.dump(told, file)
os.replace(sys.argv[1] + ".part", sys.argv[1])
"""


def test_a_bridge_is_started_detached_in_a_clean_environment(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    foreign = ("PYTHONHOME", "PYTHONPATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_INSERT_LIBRARIES")
    for name in (*foreign, "GI_TYPELIB_PATH", "GDK_BACKEND"):
        monkeypatch.setenv(name, "/opt/editor")
    monkeypatch.setenv("LANG", "de_DE.UTF-8")
    monkeypatch.delenv("SFUMATO_HOME")
    said = tmp_path / "said"
    place.write_json(home / "launch.json", {"argv": [sys.executable, "-S", "-I", "-c", SAY_WHERE, str(said)]})
    launch(home)
    until(said.exists)
    told = json.loads(said.read_text())
    environment = told["environment"]
    left = [one for one in environment if one.startswith(("PYTHON", "LD_LIBRARY_PATH", "DYLD_", "GI_", "GDK_"))]
    assert left == []
    assert environment["SFUMATO_HOME"] == str(home)
    assert environment["LANG"] == "de_DE.UTF-8"
    assert told["argv"] == ["-c", str(said)]
    assert told["stdin"] == ""
    assert told["detached"]
    until(lambda: (home / "bridge.log").read_text() == "started\n")


def test_what_serve_writes_is_what_a_client_starts(home: Path) -> None:
    place.write_launch(home)
    argv = json.loads((home / "launch.json").read_text())["argv"]
    assert argv == [sys.executable, "-m", "bridge.cli", "serve"]
    assert Path(argv[0]).is_absolute()


@pytest.mark.parametrize(
    "content",
    [None, b"", b"{}", b"[]", b'{"argv": []}', b'{"argv": [3]}', b'{"argv": null}', b'{"argv": ["sfumato", "serve"]}'],
)
def test_without_a_launch_file_the_command_is_said(home: Path, content: bytes | None) -> None:
    if content is not None:
        (home / "launch.json").write_bytes(content)
    with pytest.raises(Refusal) as refused:
        launch(home)
    assert refused.value.code == "job.lost"
    assert refused.value.text == "No bridge is running. Start one in a terminal: sfumato serve"
    assert refused.value.retry == "later"


def test_a_program_that_is_gone_is_a_sentence(home: Path, tmp_path: Path) -> None:
    place.write_json(home / "launch.json", {"argv": [str(tmp_path / "gone"), "serve"]})
    with pytest.raises(Refusal) as refused:
        launch(home)
    text = "The bridge could not be started (No such file or directory). Start it in a terminal: sfumato serve"
    assert refused.value.text == text


# ---- inside an editor -----------------------------------------------------------------------------------------------


def carry(folder: Path) -> Path:
    """What an editor's own Python gets: the guest's rooms, and the pure-Python files of two libraries."""
    house = Path(place.__file__).parent
    (folder / "bridge").mkdir(parents=True)
    for room in ("__init__", "home", "arrivals", "errands", "link", "client"):
        shutil.copy(house / f"{room}.py", folder / "bridge")
    without = shutil.ignore_patterns("*.so", "*.pyd", "*.c", "__pycache__")
    shutil.copytree(house / "protocol", folder / "bridge" / "protocol", ignore=without)
    for library in ("websockets", "msgpack"):
        found = util.find_spec(library)
        assert found
        assert found.origin
        shutil.copytree(Path(found.origin).parent, folder / library, ignore=without)
    return folder


IN_AN_EDITOR = """
import sys
sys.path.insert(0, sys.argv[1])
import bridge.home, bridge.client
from bridge.protocol.frames import unpack
from bridge.protocol.codec import decode, encode
from bridge.protocol.messages import (Ping)
import msgpack
assert decode(unpack(encode(Ping(0.5)))) == Ping(0.5)
assert msgpack.Unpacker.__module__ == "msgpack.fallback", msgpack.Unpacker
compiled = [name for name, one in sys.modules.items() if str(getattr(one, "__file__", "")).startswith(sys.argv[1])
            and one.__file__.endswith((".so", ".pyd"))]
assert not compiled, compiled
print(" ".join(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def test_the_client_runs_in_an_editors_python(tmp_path: Path) -> None:
    command = [sys.executable, "-S", "-I", "-c", IN_AN_EDITOR, str(carry(tmp_path / "guest"))]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    modules = set(ran.stdout.split())
    assert {"bridge", "websockets", "msgpack"} <= modules
    assert not modules & {"numpy", "scipy", "torch", "diffusers", "PIL", "imagecodecs", "tifffile", "patchmatch"}
    assert modules - {"bridge", "websockets", "msgpack"} <= sys.stdlib_module_names | {"__main__"}


def test_home_needs_the_standard_library_alone(tmp_path: Path) -> None:
    folder = carry(tmp_path / "guest")
    shutil.rmtree(folder / "websockets")
    shutil.rmtree(folder / "msgpack")
    program = "import sys; sys.path.insert(0, sys.argv[1]); import bridge.home; print(bridge.home.home())"
    command = [sys.executable, "-S", "-I", "-c", program, str(folder)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr


def ending(home: Path, code: str) -> None:
    """A bridge that ends as it starts."""
    place.write_json(
        home / "launch.json", {"argv": [sys.executable, "-S", "-I", "-c", f"import sys; sys.exit({code})"]}
    )


def test_a_bridge_that_ends_as_it_starts_is_not_waited_for_and_says_why(home: Path) -> None:
    (home / "bridge.log").write_text("an older line\n" * 500)
    ending(home, "'sfumato: The disk is full.'")
    with pytest.raises(Refusal, match=r"^The bridge did not start: The disk is full\.$"), connect(ABOUT, home):
        pass


def test_a_bridge_that_gives_way_to_another_is_waited_for(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link, "START_SECONDS", 0.3)
    ending(home, "0")
    late = r"^The bridge did not start within 0\.3 s; .*bridge\.log says why\.$"
    with pytest.raises(Refusal, match=late), connect(ABOUT, home):
        pass
