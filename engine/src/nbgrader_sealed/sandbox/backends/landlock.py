"""Landlock: what stays open if namespaces are not allowed, as within most containers."""

import sys
from collections.abc import Iterable
from pathlib import Path

# What Python and NumPy read of the system beside the folders of the two below.
SYSTEM = (
    "/usr",
    "/bin",
    "/lib",
    "/lib32",
    "/lib64",
    "/etc/ld.so.cache",
    "/etc/fonts",
    "/etc/localtime",
    "/etc/timezone",
    "/var/cache/fontconfig",
    "/dev/null",
    "/dev/zero",
    "/dev/full",
    "/dev/random",
    "/dev/urandom",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/sys/devices/system/cpu",
)


def is_there() -> bool:
    """Tell whether this Linux kernel has Landlock (which does not mean that it may be used)."""
    if sys.platform != "linux":
        return False
    from nbgrader_sealed.sandbox.sandboxed import landlock_rules

    return landlock_rules.version() > 0


def readable(read: Iterable[Path], packages: Path, shown: Iterable[Path]) -> list[str]:
    """Return all that a kernel may read beside its own workspace.

    Parameters
    ----------
    read
        Folders named in the configuration, and those of Python.
    packages
        The folder of links to the packages that are shown.
    shown
        Where these links lead.
    """
    return [*SYSTEM, *map(str, read), str(packages), *map(str, shown)]
