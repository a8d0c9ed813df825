import os
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path
from subprocess import CompletedProcess

import pytest

import run

SCRIPTS = "Scripts" if os.name == "nt" else "bin"


class Machine:
    """Stands in for `subprocess.run`: keeps what was called, makes the environment's Python, fails where told."""

    def __init__(self, *failing):
        self.failing, self.called, self.surroundings = failing, [], []

    def __call__(self, command, env=None, cwd=None, **_):
        self.called.append(command)
        self.surroundings.append((env, cwd))
        if command[1:3] == ["-m", "venv"]:
            python = Path(run.executable(Path(command[3]) / SCRIPTS, "python"))
            python.parent.mkdir(parents=True)
            python.touch()
        failed = next((word for word in self.failing if word in command), None)
        return CompletedProcess(
            command, 3 if failed else 0, "\n".join(f"line {n}" for n in range(20)) + "\nno such host"
        )


@pytest.fixture
def root(tmp_path):
    (tmp_path / "constraints.txt").write_text("numpy==2.4.6\n")
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    return tmp_path


def program(root, name):
    return run.executable(root / ".venv" / SCRIPTS, name)


def test_a_fresh_checkout_gets_an_environment_first(root, capsys):
    machine = Machine()
    assert run.main(["test", "-k", "masks"], root, machine) == 0
    python = program(root, "python")
    assert machine.called[0] == [sys.executable, "-m", "venv", str(root / ".venv")]
    assert machine.called[1][:4] == [python, "-m", "pip", "install"]
    assert machine.called[1][-4:] == ["-c", str(root / "constraints.txt"), "-e", f"{root}[dev,diffusion]"]
    assert machine.called[2:] == [[python, "-m", "pytest", "-n", "2", "--dist", "worksteal", "-k", "masks"]]
    said = capsys.readouterr().out.splitlines()
    assert [line.split("] ")[1].split(" (")[0] for line in said] == [
        f"making the environment {root / '.venv'}",
        "installing what constraints.txt names",
        "ready",
    ]


def test_a_ready_environment_is_used_as_it_is(root, capsys):
    run.main(["test"], root, Machine())
    capsys.readouterr()
    machine = Machine()
    assert run.main(["serve", "--port", "0"], root, machine) == 0
    assert machine.called == [[program(root, "sfumato"), "serve", "--port", "0"]]
    assert capsys.readouterr().out == ""


def test_what_only_models_need_comes_with_the_first_word_that_needs_it(root):
    machine = Machine()
    for arguments in (["demo"], ["serve"], ["demo", "--model", "sdxl"], ["demo"], ["test"]):
        run.main(arguments, root, machine)
    installed = [command[-1] for command in machine.called if "pip" in command]
    assert installed == [f"{root}[dev]", f"{root}[dev,diffusion]"]
    assert [command[2] for command in machine.called if "-m" in command][-2:] == ["bridge.demo", "pytest"]


@pytest.mark.parametrize("name", ["constraints.txt", "pyproject.toml"])
def test_changed_lists_are_installed_again_into_the_same_environment(root, name):
    run.main(["test"], root, Machine())
    (root / name).write_text("changed")
    machine = Machine()
    run.main(["test"], root, machine)
    assert [command[2] for command in machine.called] == ["pip", "pytest"]


def test_an_installation_that_failed_says_so_and_is_made_again(root, capsys):
    with pytest.raises(SystemExit) as caught:
        run.main(["test"], root, Machine("pip"))
    assert caught.value.code == 2
    said = capsys.readouterr()
    assert said.out.splitlines()[-15:] == [f"line {n}" for n in range(6, 20)] + ["no such host"]
    assert said.err.strip() == (
        "The installation failed (-m pip install). Check network and disk and run it again; if it stays, delete .venv."
    )
    machine = Machine()
    assert run.main(["test"], root, machine) == 0
    assert [command[2] for command in machine.called] == ["pip", "pytest"]


def test_only_the_tests_run_on_one_thread(root, monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    machine = Machine()
    for word in ("test", "demo"):
        run.main([word], root, machine)
    (tests, folder), (demo, _) = machine.surroundings[-2:]
    assert tests["OMP_NUM_THREADS"] == "1"
    assert "OMP_NUM_THREADS" not in demo
    assert folder == root


def test_lint_goes_on_to_the_end_and_reports_the_first_failure(root):
    machine = Machine("ruff")
    assert run.main(["lint"], root, machine) == 3
    assert [command[2:] for command in machine.called[-3:]] == [
        ["ruff", "check"],
        ["ruff", "format", "--check"],
        ["mypy"],
    ]


@pytest.mark.parametrize(("arguments", "status"), [([], 0), (["help"], 0), (["--help"], 0), (["tset"], 2)])
def test_without_a_known_word_the_words_are_listed(root, capsys, arguments, status):
    machine = Machine()
    assert run.main(arguments, root, machine) == status
    assert machine.called == []
    said = capsys.readouterr().out
    assert said.startswith("usage: python run.py WORD [ARGUMENTS]\n")
    assert [line.split()[0] for line in said.splitlines()[2:]] == [
        "demo",
        "test",
        "gates",
        "bench",
        "lint",
        "serve",
        "chaos",
        "models",
    ]


def test_what_a_python_may_lack():
    assert run.missing((3, 11, 0), lambda _: True) == ""
    assert run.missing((3, 10, 13), lambda _: True) == (
        "Sfumato needs Python 3.11 or newer and this is 3.10.13. Run it with a newer one: python3.11 run.py"
    )
    for lacking in ("venv", "ensurepip"):
        assert run.missing((3, 12, 1), lambda name, lacking=lacking: name != lacking) == (
            "This Python cannot make environments. Install python3-venv (sudo apt install python3-venv), then again."
        )


def test_constraints_name_a_version_for_every_dependency():
    def plain(name):
        return name.lower().replace("_", "-")

    pins = dict(line.split("==") for line in (run.ROOT / "constraints.txt").read_text().splitlines() if "==" in line)
    pins = {plain(name): pinned for name, pinned in pins.items()}
    project = tomllib.loads((run.ROOT / "pyproject.toml").read_text())["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    named = {plain(line.split(">=")[0]) for group in groups for line in group}
    assert named <= pins.keys()
    assert all("+" not in pinned for pinned in pins.values())
    assert {name: version(name) for name in ("numpy", "pillow", "imagecodecs")}.items() <= pins.items()
