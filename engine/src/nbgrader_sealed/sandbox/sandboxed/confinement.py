"""What a process gives up before a student's code runs in it."""

import errno
import os
import platform
import resource
import shutil
import stat
from pathlib import Path

from nbgrader_sealed.sandbox.sandboxed import landlock_rules, linux, seccomp
from nbgrader_sealed.sandbox.sandboxed.launch import (
    HOME,
    SCRATCH,
    SHARED,
    TEMPORARY,
    WORK,
    WORKSPACES,
    LaunchRequest,
)

# Who is in them cannot see, signal or reach any process outside, and ends when the first of them ends.
NAMESPACES = linux.CLONE_NEWUSER | linux.CLONE_NEWNS | linux.CLONE_NEWPID | linux.CLONE_NEWIPC
_RESOURCES = {
    "cpu_seconds": resource.RLIMIT_CPU,
    "memory": resource.RLIMIT_AS,
    "file_size": resource.RLIMIT_FSIZE,
    "open_files": resource.RLIMIT_NOFILE,
}


def fork_into_namespaces() -> int:
    """Fork a process with one thread; the child (which gets 0) is the first in new `NAMESPACES`.

    To fork and then to leave for them would take a process more, and a copy of its page tables.

    Raises
    ------
    OSError
        If the Linux kernel refuses them, or the machine is not known.
    """
    number = seccomp.number_of("clone", platform.machine())
    if number is None:
        raise OSError(errno.ENOSYS, "clone: this machine has no such system call")
    return linux.clone(number, NAMESPACES)


def mount_private_view(request: LaunchRequest, user: int, group: int) -> None:
    """Stay `user` and `group` in new `NAMESPACES`, and show only this workspace there, in memory."""
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    linux.mount("none", "/", flags=linux.MS_REC | linux.MS_PRIVATE)
    limits = f"size={request.limits['disk']},nr_inodes={request.limits['files']},mode=755"
    linux.mount("tmpfs", str(SCRATCH), "tmpfs", linux.MS_NOSUID | linux.MS_NODEV, limits)
    shutil.copytree(Path(request.workspace) / WORK, SCRATCH / WORK)
    for name in (HOME, TEMPORARY, SHARED):
        (SCRATCH / name).mkdir()
    for name, public in ((TEMPORARY, Path("/tmp")), (SHARED, Path("/dev/shm"))):
        _make_private(public, SCRATCH / name, request.read)
    for hidden in (WORKSPACES, Path("/proc")):
        linux.mount("tmpfs", str(hidden), "tmpfs", linux.MS_RDONLY, "size=4k,nr_inodes=1")


def _make_private(public: Path, own: Path, read: list[str]) -> None:
    """Mount `own` over a folder that all may write to, but keep what is to be read in there."""
    kept = {path: os.open(path, os.O_PATH) for path in read if public in Path(path).parents}
    linux.mount(str(own), str(public), flags=linux.MS_BIND)
    for path, before in kept.items():
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        if stat.S_ISDIR(os.fstat(before).st_mode):
            Path(path).mkdir(exist_ok=True)
        else:
            Path(path).touch()
        linux.mount(f"/proc/self/fd/{before}", path, flags=linux.MS_BIND | linux.MS_REC)
        os.close(before)


def enter_workspace(request: LaunchRequest) -> None:
    """Take the request's environment, and enter its folder."""
    os.environ.clear()
    os.environ.update(
        request.environment, HOME=str(request.scratch / HOME), TMPDIR=str(request.scratch / TEMPORARY)
    )
    os.chdir(request.scratch / WORK)


def confine(request: LaunchRequest) -> None:
    """Give up, for good, all that the request does not need; the process must have one thread only.

    Raises
    ------
    OSError
        If the Linux kernel refuses some of it; the student's code must then not run.
    """
    for name, number in _RESOURCES.items():
        _limit(number, request.limits[name])
    if request.backend == "bubblewrap":  # elsewhere, all that the user runs would count
        _limit(resource.RLIMIT_NPROC, request.limits["threads"] + request.limits["processes"])
    _limit(resource.RLIMIT_CORE, 0)
    linux.prctl(linux.PR_SET_NO_NEW_PRIVS, 1)
    rules = [*seccomp.EVERYWHERE, *seccomp.NO_NEW_NAMESPACES]
    if request.backend == "landlock":
        landlock_rules.restrict(request.read, [str(request.scratch), "/dev/null"])
        rules += seccomp.beside_landlock()
    if request.backend == "landlock" or not request.limits["processes"]:
        rules += seccomp.NO_NEW_PROCESSES
    linux.drop_capabilities()
    seccomp.apply(rules)


def _limit(number: int, most: int) -> None:
    _, hard = resource.getrlimit(number)
    if hard != resource.RLIM_INFINITY:
        most = min(most, hard)
    resource.setrlimit(number, (most, most))
