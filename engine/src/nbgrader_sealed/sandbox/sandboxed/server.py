"""A process that has loaded what notebooks need, and forks a kernel behind walls of its own for each of them.

It runs trusted code only. On its standard input, a Unix socket, it is handed one `LaunchRequest` after
the other (as JSON, with the sockets of the kernel and one to report to), and ends when that is closed.
"""

import contextlib
import gc
import importlib
import inspect
import json
import os
import select
import signal
import socket
import sys
import traceback
from pathlib import Path

from nbgrader_sealed.sandbox.sandboxed import confinement as walls
from nbgrader_sealed.sandbox.sandboxed import linux
from nbgrader_sealed.sandbox.sandboxed.launch import CHANNELS, MOST_BYTES, LaunchRequest


def main(user: int, modules: list[str]) -> None:
    """Become `user` where that is not negative, load `modules`, and serve jobs."""
    jobs = socket.socket(fileno=os.dup(0))
    if user >= 0:
        _become(user)
    linux.prctl(linux.PR_SET_CHILD_SUBREAPER, 1)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # whatever ends is forgotten at once
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one who grades
    gc.disable()  # what is loaded stays: to look through it again and again would take a tenth of the time
    sys.modules["debugpy"] = None  # no debugger: loading it takes longer than all the rest
    for module in modules:
        importlib.import_module(module)
    if modules:
        _load_what_a_kernel_loads()
        from nbgrader_sealed.sandbox.sandboxed import kernel

        kernel.build_app()
        inspect.getmodule(main.__code__, "")  # looks through all modules' files, as a first traceback would
    gc.freeze()  # it is never looked through, so that its pages stay shared
    gc.enable()
    while True:
        message, descriptors, _, _ = socket.recv_fds(jobs, MOST_BYTES, 1 + len(CHANNELS))
        if not message:
            return
        _start(LaunchRequest.decode(message), jobs, *descriptors)
        for descriptor in descriptors:
            os.close(descriptor)


def _load_what_a_kernel_loads() -> None:
    """Let a fork rehearse being a kernel, and load the modules that it had to load on its way."""
    reading, writing = os.pipe()
    if _fork() == 0:
        _keep_only({writing})
        from nbgrader_sealed.sandbox.sandboxed import kernel

        os.write(writing, " ".join(kernel.list_imports()).encode())
        os._exit(0)
    os.close(writing)
    with open(reading) as names:
        for name in names.read().split():
            with contextlib.suppress(ImportError):  # made up by what was loaded, and nothing to load
                importlib.import_module(name)


def _become(user: int) -> None:
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    linux.prctl(linux.PR_SET_DUMPABLE, 1)  # or its own entries in /proc would belong to root


def _fork() -> int:
    sys.stdout.flush()
    sys.stderr.flush()
    return os.fork()


def _start(job: LaunchRequest, jobs: socket.socket, report: int, *channels: int) -> None:
    """Start the guard of a kernel, in namespaces of its own or, with Landlock alone, in ours."""
    user, group = os.geteuid(), os.getegid()
    try:
        guard = walls.fork_into_namespaces() if job.walls == "namespaces" else _fork()
    except OSError:
        with socket.socket(fileno=os.dup(report)) as reports:
            _fail(reports)
        return
    if guard == 0:
        try:
            jobs.close()
            reports = socket.socket(fileno=report)
            if job.walls == "namespaces":
                _furnish(job, reports, user, group)
            _guard(job, reports, channels)
        finally:
            os._exit(1)  # whatever happens, a fork never becomes a second parent


def _furnish(job: LaunchRequest, reports: socket.socket, user: int, group: int) -> None:
    """Build what walls the namespaces need; where that fails, tell it and end."""
    try:
        walls.populate(job, user, group)
    except Exception:
        _fail(reports)
        os._exit(0)


def _guard(job: LaunchRequest, reports: socket.socket, channels: tuple[int, ...]) -> None:
    """Start the kernel, tell how it ends, and end it when nobody listens any more.

    With namespaces this is their first process: with it, everything in them ends.
    """
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    kernel = _fork()
    if kernel == 0:
        _be_kernel(job, reports, channels)
    for channel in channels:
        os.close(channel)
    linux.prctl(linux.PR_SET_DUMPABLE, 0)
    watched = os.pidfd_open(kernel)
    why = None
    try:
        socket.send_fds(reports, [json.dumps({"started": kernel}).encode()], [watched])
        while not select.select([watched, reports], [], [], 0.5)[0] and not why:
            why = _too_much(job, kernel) if job.walls == "landlock" else None
    finally:
        signal.pidfd_send_signal(watched, signal.SIGKILL)
    _, status = os.waitpid(kernel, 0)
    _end_all_others()
    _send(reports, {"ended": os.waitstatus_to_exitcode(status), "why": why})
    os._exit(0)


def _end_all_others() -> None:
    """End what the kernel started, and wait until it has ended; only where that is all that there is."""
    if os.getpid() != 1:
        return
    with contextlib.suppress(ProcessLookupError, ChildProcessError):
        os.kill(-1, signal.SIGKILL)
        while True:
            os.wait()


def _too_much(job: LaunchRequest, kernel: int) -> str | None:
    """Say what a kernel has too much of, and Landlock cannot limit; None where nothing is."""
    try:
        tasks = [f"/proc/{kernel}/task/{task}" for task in os.listdir(f"/proc/{kernel}/task")]
    except FileNotFoundError:
        return None  # it has ended
    if len(tasks) > job.limits["threads"]:
        return "threads"
    return _too_full(job, sum(_without_a_name(job, tasks).values()))


def _without_a_name(job: LaunchRequest, tasks: list[str]) -> dict[int, int]:
    """Return the sizes on the disk of the files that are open or mapped but in no folder any more, by inode.

    All threads share one table of open files (the filter of system calls sees to it) and one memory, but a
    thread that has ended, be it the first, shows neither: the first to show anything shows all.
    """
    room = f"{os.path.realpath(job.scratch)}/"
    sizes: dict[int, int] = {}
    for task in tasks:
        names = []
        with contextlib.suppress(OSError):  # it ends just now
            names = os.listdir(f"{task}/fd")
        for name in names:
            with contextlib.suppress(OSError):  # closed by now
                found = os.stat(f"{task}/fd/{name}")
                if not found.st_nlink and os.readlink(f"{task}/fd/{name}").startswith(room):
                    sizes[found.st_ino] = found.st_blocks * 512
        if names:
            break
    for task in tasks:
        maps = b""
        with contextlib.suppress(OSError):
            maps = Path(task, "maps").read_bytes()
        for line in maps.splitlines():
            if not line.endswith(b" (deleted)") or b" " + room.encode() not in line:
                continue
            where, _, _, _, inode, _ = line.split(None, 5)
            if int(inode) not in sizes:
                sizes[int(inode)] = _mapped(task, where.decode(), job.limits["file_size"])
        if maps:
            break
    return sizes


def _mapped(task: str, where: str, most: int) -> int:
    """Return the size on the disk of a file that is mapped; `most` where the guard may not know it."""
    start, end = (int(address, 16) for address in where.split("-"))
    try:
        return os.stat(f"{task}/../../map_files/{start:x}-{end:x}").st_blocks * 512
    except OSError:
        return most


def _too_full(job: LaunchRequest, size: int) -> str | None:
    """Say what is too much in the job's folder, `size` bytes that are in no folder included."""
    hidden: list[OSError] = []
    files = 0
    try:
        for folder, folders, names in os.walk(job.scratch, onerror=hidden.append):
            files += len(folders) + len(names)
            for name in names:
                with contextlib.suppress(FileNotFoundError):  # it may be gone by now
                    size += (Path(folder) / name).lstat().st_blocks * 512
    except (OSError, RecursionError):
        return "files"  # deeper than anybody needs: something could be hidden there
    if files > job.limits["files"] or any(not isinstance(error, FileNotFoundError) for error in hidden):
        return "files"
    return "disk" if size > job.limits["disk"] else None


def _be_kernel(job: LaunchRequest, reports: socket.socket, channels: tuple[int, ...]) -> None:
    """In the last fork: go behind the walls, and be a kernel there."""
    try:
        linux.prctl(linux.PR_SET_PDEATHSIG, signal.SIGKILL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.setsid()
        _keep_only({reports.fileno(), *channels})
        walls.settle(job)
        walls.lock(job)
    except Exception:
        _fail(reports)
        os._exit(1)
    if job.kernel is None:
        _send(reports, {"walls": "stand"})
        os._exit(0)
    try:
        from nbgrader_sealed.sandbox.sandboxed import kernel

        ready = kernel.initialize_app(**job.kernel, descriptors=dict(zip(CHANNELS, channels, strict=True)))
    except Exception:
        _fail(reports)
        os._exit(1)
    reports.close()
    ready.start()
    os._exit(0)


def _keep_only(descriptors: set[int]) -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    kept = sorted(descriptors)
    for before, after in zip([2, *kept], [*kept, 1 << 16], strict=True):
        os.closerange(before + 1, after)


def _send(reports: socket.socket, what: dict[str, object]) -> None:
    with contextlib.suppress(OSError):  # nobody may listen any more
        reports.send(json.dumps(what).encode())


def _fail(reports: socket.socket) -> None:
    _send(reports, {"failed": traceback.format_exc(limit=-3), "ended": 1, "why": None})
