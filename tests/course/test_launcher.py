"""The launcher: what it says where something is missing, and when it sets up anew."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support import ROOT

pytestmark = pytest.mark.usefixtures("processes")

LOCKS = ("requirements.lock", "requirements-test.lock")
TOOLS = ("sh", "dirname", "readlink", "cat", "cmp", "cp", "ln", "rm", "mkdir")  # and nothing else on the path
MADE_FROM = ("course", *LOCKS, "pyproject.toml", "engine/pyproject.toml")
SHELLS = [shell for shell in ("sh", "dash", "bash") if shutil.which(shell)]


def program(path: Path, *lines: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    path.chmod(0o755)


@pytest.fixture
def checkout(tmp_path) -> Path:
    """A checkout of which only the launcher matters."""
    folder = tmp_path / "a checkout"
    folder.mkdir()
    for name in MADE_FROM:
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copy2(ROOT / name, folder / name)
    return folder


@pytest.fixture
def path(tmp_path) -> Path:
    """A folder that is the whole PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in TOOLS:
        (folder / tool).symlink_to(shutil.which(tool))
    return folder


@pytest.fixture
def set_up(checkout) -> Path:
    """The checkout after a finished set-up, with a Python that says how it was called."""
    venv = checkout / ".venv"
    program(venv / "bin" / "python", '[ "$1" = -c ] || echo "in $PWD: python $*"')
    (venv / "at").write_text(f"{checkout}\n")
    for lock in LOCKS:
        (venv / f"from-{lock}").write_text(made_from(checkout, lock))
    return checkout


def made_from(checkout: Path, lock: str) -> str:
    """What the launcher notes about an environment: versions, and what our packages say of themselves."""
    return "".join(
        (checkout / name).read_text() for name in (lock, "pyproject.toml", "engine/pyproject.toml")
    )


def launch(checkout: Path, *words: str, path: Path, cwd: Path | None = None, shell: str = "sh"):
    return subprocess.run(
        [shell, str(checkout / "course"), *words],
        cwd=cwd or checkout,
        env={"PATH": str(path)},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )


@pytest.mark.parametrize("shell", SHELLS)
def test_every_shell_can_read_it(shell):
    subprocess.run([shell, "-n", str(ROOT / "course")], check=True)


@pytest.mark.parametrize("words", [(), ("help",), ("--help",)])
def test_without_a_command_it_lists_the_commands_and_sets_nothing_up(checkout, path, words):
    done = launch(checkout, *words, path=path)
    assert done.returncode == 0
    assert "demo" in done.stdout
    assert not (checkout / ".venv").exists()


def test_an_unknown_command_is_named_and_sets_nothing_up(checkout, path):
    done = launch(checkout, "dmeo", path=path)
    assert done.returncode == 1
    assert "there is no command 'dmeo'" in done.stderr
    assert not (checkout / ".venv").exists()


def test_every_command_that_help_lists_is_there(set_up, path):
    listed = re.findall(r"^  ([a-z]+) ", launch(set_up, "help", path=path).stdout, flags=re.MULTILINE)
    assert len(listed) >= 8
    for command in listed:
        assert "there is no command" not in launch(set_up, command, path=path).stderr


def test_without_a_new_enough_python_it_names_the_package(checkout, path):
    program(path / "python3", "exit 1")  # too old, when it is asked
    done = launch(checkout, "demo", path=path)
    assert done.returncode == 1
    assert "Python 3.11 or newer is missing" in done.stderr
    assert "sudo apt install python3 python3-venv" in done.stderr


def test_without_python3_venv_it_names_the_package(checkout, path):
    program(path / "python3", 'case "$*" in *ensurepip*) exit 1 ;; esac')
    done = launch(checkout, "demo", path=path)
    assert done.returncode == 1
    assert done.stderr.endswith("sudo apt install python3-venv\n")
    assert not (checkout / ".venv" / "from-requirements.lock").exists()


def test_with_uv_python3_venv_is_not_needed(checkout, path):
    program(path / "python3", 'case "$*" in *ensurepip*) exit 1 ;; esac')
    program(
        path / "uv",
        'echo "uv $1 $2"',
        'if [ "$1" = venv ]; then mkdir -p .venv/bin; ln -s /bin/true .venv/bin/python; fi',
    )
    done = launch(checkout, "setup", path=path)
    assert done.returncode == 0, done.stderr
    asked = [line for line in done.stdout.splitlines() if line.startswith("uv ")]
    assert asked == ["uv venv --quiet", "uv pip install", "uv pip install"]
    assert (checkout / ".venv" / "at").read_text() == f"{checkout}\n"
    formgrader = checkout / "classroom" / "nbgrader-formgrader"
    assert (checkout / ".venv" / "bin" / "nbgrader-formgrader").readlink() == formgrader


def test_what_is_set_up_is_not_set_up_again(set_up, path):
    done = launch(set_up, "demo", path=path)
    assert done.stdout == f"in {set_up}: python -m classroom.demo\n"


@pytest.mark.parametrize("lost", ["from-requirements.lock", "at", "bin/python"])
def test_an_interrupted_set_up_starts_again(set_up, path, lost):
    (set_up / ".venv" / "from-requirements-test.lock").unlink()
    (set_up / ".venv" / lost).unlink()
    assert "Setting up" in launch(set_up, "demo", path=path).stdout


def test_set_up_takes_no_options(set_up, path):
    done = launch(set_up, "setup", "--fast", path=path)
    assert (done.returncode, done.stderr) == (1, "course: 'setup' takes no options: --fast\n")


def test_who_interrupts_the_set_up_reads_that_it_goes_on_next_time(checkout, path):
    program(path / "python3", 'case "$*" in *-m\\ venv*) kill -INT $PPID; sleep 1 ;; esac')
    (path / "sleep").symlink_to(shutil.which("sleep"))
    done = launch(checkout, "setup", path=path)
    assert done.returncode == 130
    assert done.stderr == "course: interrupted; the next ./course goes on with the set-up\n"


def test_a_changed_lock_is_installed(set_up, path):
    (set_up / ".venv" / "from-requirements-test.lock").unlink()
    (set_up / "requirements.lock").write_text("numpy==2.0.0\n")
    done = launch(set_up, "setup", path=path)
    assert "pip install --quiet" in done.stdout
    noted = (set_up / ".venv" / "from-requirements.lock").read_text()
    assert noted == made_from(set_up, "requirements.lock")


def test_a_moved_checkout_is_set_up_anew(set_up, path):
    program(path / "python3", 'case "$*" in *-m\\ venv*) echo "made anew"; exit 1 ;; esac')
    moved = set_up.rename(set_up.parent / "moved")
    assert "made anew" in launch(moved, "demo", path=path).stdout


def test_it_runs_from_another_folder_and_through_a_symbolic_link(set_up, path, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "course").symlink_to(set_up / "course")
    expected = f"in {set_up}: python -m classroom.demo\n"
    assert launch(set_up, "demo", path=path, cwd=elsewhere).stdout == expected
    assert launch(elsewhere, "demo", path=path, cwd=elsewhere).stdout == expected


@pytest.mark.parametrize(
    ("words", "called"),
    [
        (("demo", "--only", "demo-ana"), "-m classroom.demo --only demo-ana"),
        (("lab", "--port", "9999"), "-m classroom.serve lab --port 9999"),
        (("formgrader", "--no-browser"), "-m classroom.serve formgrader --no-browser"),
        (("release", "max-pooling"), "-m nbgrader_sealed release max-pooling"),
        (("grade", "max-pooling", "--jobs", "2"), "-m nbgrader_sealed grade max-pooling --jobs 2"),
        (("lint",), "-m classroom.lint"),
    ],
)
def test_options_are_passed_on(set_up, path, words, called):
    assert launch(set_up, *words, path=path).stdout.strip().endswith(f"python {called}")


def test_the_options_of_test_are_passed_to_pytest(set_up, path):
    done = launch(set_up, "test", "-k", "launcher", "--no-skips", path=path)
    assert "-m pytest" in done.stdout
    assert done.stdout.endswith("-k launcher --no-skips\n")


def test_the_real_environment_is_first_on_the_path(set_up, path):
    program(set_up / ".venv" / "bin" / "python", '[ "$1" = -c ] || echo "$PATH"')
    first, *_ = launch(set_up, "demo", path=path).stdout.split(os.pathsep)
    assert first == f"{set_up}/.venv/bin"
