"""What tests share: a copy of the course, a command as a person runs it, what a machine may lack."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

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


def landlock_is_there() -> bool:
    """Return whether this Linux kernel has Landlock."""
    from nbgrader_sealed.sandbox.backends import (
        landlock,  # here: the student wheel is tested without the engine
    )

    return landlock.is_there()


# What a test may need beside the locked packages: how to see that it is there, and how to get it.
NEEDS = {
    "linux": (lambda: sys.platform == "linux", "the sandboxes are Linux's own"),
    "bubblewrap": (bubblewrap_works, "sudo apt install bubblewrap, where user namespaces are allowed"),
    "linux-headers": (
        lambda: Path("/usr/include/asm-generic/unistd.h").exists(),
        "sudo apt install linux-libc-dev",
    ),
    "landlock": (landlock_is_there, "a Linux kernel from 5.13 on that has Landlock switched on"),
    "chromium": (lambda: shutil.which("chromium"), "sudo apt install chromium"),
    "python3.12": (python_312, "sudo apt install python3.12-venv, or: uv python install 3.12"),
    "torch": (lambda: importlib.util.find_spec("torch"), ".venv/bin/python -m pip install torch==2.13.0"),
    "skimage": (
        lambda: importlib.util.find_spec("skimage"),
        ".venv/bin/python -m pip install scikit-image==0.26.0",
    ),
}


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
