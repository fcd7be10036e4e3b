"""bubblewrap: a view of the system with nothing of the course in it, and without a network."""

import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from nbgrader_sealed.sandbox.sandboxed.launch import PACKAGES, SCRATCH, WORKSPACES

# What programs need of the system beside /usr; nothing here tells about the people of the machine.
SYSTEM = (
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/alternatives",
    "/etc/fonts",
    "/etc/localtime",
    "/etc/timezone",
    "/var/cache/fontconfig",
)
TOP = ("/bin", "/sbin", "/lib", "/lib32", "/lib64")


def is_there() -> bool:
    """Tell whether bubblewrap is installed (which does not mean that it may run)."""
    return shutil.which("bwrap") is not None


def command(read: Iterable[Path], packages: Mapping[str, Path], workspaces: Path) -> list[str]:
    """Return bubblewrap's own part of a command line.

    Parameters
    ----------
    read
        Folders to show at their own place, beside the system's.
    packages
        What to show beneath `/packages`, by name.
    workspaces
        The folder of the kernels' workspaces.
    """
    words = [shutil.which("bwrap") or "bwrap", "--new-session", "--unshare-ipc", "--unshare-pid"]
    words += ["--unshare-net", "--unshare-uts"]
    words += ["--hostname", "sandbox", "--cap-drop", "ALL"]
    if os.geteuid() == 0:  # it becomes a user without rights as soon as it runs
        words += ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    else:
        words += ["--unshare-user"]
    words += ["--ro-bind", "/usr", "/usr"]
    for path in map(Path, TOP):
        if path.is_symlink():
            words += ["--symlink", os.readlink(path), str(path)]
        elif path.exists():
            words += ["--ro-bind", str(path), str(path)]
    for name in SYSTEM:
        words += ["--ro-bind-try", name, name]
    words += ["--proc", "/proc", "--dev", "/dev", "--perms", "1777", "--tmpfs", "/tmp", "--dir", str(SCRATCH)]
    shown = {path: path for path in read} | {PACKAGES / name: path for name, path in packages.items()}
    for place, path in {**shown, WORKSPACES: workspaces}.items():
        words += [*_folders_above(place), "--ro-bind", str(path), str(place)]
    return [*words, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/"]


def _folders_above(place: Path) -> list[str]:
    """Make the folders above a place: by itself, bubblewrap would close them to all but root."""
    return [word for folder in reversed(place.parents[:-1]) for word in ("--dir", str(folder))]
