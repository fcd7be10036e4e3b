"""What every test may ask for: the checkout, a copy of the course to grade in, what the machine may lack."""

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

from grading_engine.sandbox import landlock

ROOT = Path(__file__).resolve().parent.parent


def python_312() -> str | None:
    """Return a Python 3.12 (Binder's) that runs here, or None."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    candidates = ["python3.12", *(str(path) for path in sorted(pyenv.glob("3.12.*/bin/python")))]
    return next((name for name in candidates if _runs(name)), None)


def _runs(name: str) -> bool:
    return (
        bool(shutil.which(name))
        and not subprocess.run([name, "-m", "venv", "-h"], capture_output=True).returncode
    )


def bubblewrap_works() -> bool:
    """Say whether bubblewrap is there and may make namespaces, which most containers forbid."""
    command = ["bwrap", "--unshare-all", "--ro-bind", "/", "/", "true"]
    return bool(shutil.which("bwrap")) and not subprocess.run(command, capture_output=True).returncode


# What a test may need beside the locked packages: how to see that it is there, and how to get it.
NEEDS = {
    "linux": (lambda: sys.platform == "linux", "the sandboxes are Linux's own"),
    "bubblewrap": (bubblewrap_works, "sudo apt install bubblewrap, where user namespaces are allowed"),
    "linux-headers": (
        lambda: Path("/usr/include/asm-generic/unistd.h").exists(),
        "sudo apt install linux-libc-dev",
    ),
    "landlock": (lambda: landlock.is_there(), "a Linux kernel from 5.13 on that has Landlock switched on"),
    "chromium": (lambda: shutil.which("chromium"), "sudo apt install chromium"),
    "python3.12": (python_312, "sudo apt install python3.12-venv, or: uv python install 3.12"),
    "torch": (lambda: importlib.util.find_spec("torch"), ".venv/bin/python -m pip install torch==2.13.0"),
    "skimage": (
        lambda: importlib.util.find_spec("skimage"),
        ".venv/bin/python -m pip install scikit-image==0.26.0",
    ),
}


def pytest_configure(config):
    """Hear interrupts, also where a shell that runs the tests in its background has them ignored.

    And let every example take its time: how long one takes is the machine's affair.
    """
    settings.register_profile("unhurried", deadline=None)
    settings.load_profile("unhurried")
    own = tempfile.TemporaryDirectory(prefix="tests-settings-")  # nobody's own settings take part
    config.add_cleanup(own.cleanup)
    os.environ.update(JUPYTER_CONFIG_DIR=own.name, IPYTHONDIR=own.name)
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser):
    parser.addoption(
        "--no-skips", action="store_true", help="fail, instead of skipping, where something is missing"
    )


def pytest_runtest_setup(item):
    for marker in item.iter_markers("needs"):
        for what in marker.args:
            is_there, command = NEEDS[what]
            if not is_there():
                verdict = pytest.fail if item.config.getoption("--no-skips") else pytest.skip
                verdict(f"{what} is missing; install it with: {command}")


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


def copy_course(destination: Path) -> Path:
    """Copy all that a clean checkout holds (and what git does not know yet, but would not ignore)."""
    names = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split("\0")
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (destination / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, destination / name)
    return destination


@pytest.fixture
def course(tmp_path) -> Path:
    """A clean copy of the course, to generate, hand in and grade in."""
    return copy_course(tmp_path / "course")


def run(*command: object, cwd: Path, check: bool = True, **env: str) -> subprocess.CompletedProcess:
    """Run a command as a person would in `cwd`, with the environment's own programs first on the path."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env={**os.environ, "PATH": path, **env},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    if check and done.returncode:
        raise AssertionError(f"{command} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return done
