"""A process that has loaded what notebooks need, and forks a kernel for each of them.

Each kernel gets a sandbox of its own.

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

from nbgrader_sealed.sandbox.sandboxed import confinement, linux
from nbgrader_sealed.sandbox.sandboxed.launch import CHANNELS, MAX_MESSAGE, LaunchRequest


def main(user: int, modules: list[str]) -> None:
    """Become `user` if that is not negative, load `modules`, and serve requests."""
    requests = socket.socket(fileno=os.dup(0))
    if user >= 0:
        _become(user)
    linux.prctl(linux.PR_SET_CHILD_SUBREAPER, 1)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # whatever ends is forgotten at once
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one who grades
    gc.disable()  # what is loaded stays: to look through it again and again would take a tenth of the time
    # No debugger: loading it takes longer than all the rest.
    sys.modules["debugpy"] = None  # pyright: ignore[reportArgumentType] - Python's own way to forbid it
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
        message, descriptors, _, _ = socket.recv_fds(requests, MAX_MESSAGE, 1 + len(CHANNELS))
        if not message:
            return
        _start(LaunchRequest.decode(message), requests, *descriptors)
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


def _start(request: LaunchRequest, requests: socket.socket, report: int, *channels: int) -> None:
    """Start the supervisor of a kernel, in namespaces of its own or, with Landlock alone, in ours."""
    user, group = os.geteuid(), os.getegid()
    try:
        supervisor = confinement.fork_into_namespaces() if request.backend == "bubblewrap" else _fork()
    except OSError:
        with socket.socket(fileno=os.dup(report)) as reports:
            _fail(reports)
        return
    if supervisor == 0:
        try:
            requests.close()
            reports = socket.socket(fileno=report)
            if request.backend == "bubblewrap":
                _mount_view(request, reports, user, group)
            _supervise(request, reports, channels)
        finally:
            os._exit(1)  # whatever happens, a fork never becomes a second fork server


def _mount_view(request: LaunchRequest, reports: socket.socket, user: int, group: int) -> None:
    """Mount what the kernel sees in its namespaces; if that fails, report it and end."""
    try:
        confinement.mount_private_view(request, user, group)
    except Exception:
        _fail(reports)
        os._exit(0)


def _supervise(request: LaunchRequest, reports: socket.socket, channels: tuple[int, ...]) -> None:
    """Start the kernel, tell how it ends, and end it when nobody listens any more.

    With namespaces this is their first process: with it, everything in them ends.
    """
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    kernel = _fork()
    if kernel == 0:
        _be_kernel(request, reports, channels)
    for channel in channels:
        os.close(channel)
    linux.prctl(linux.PR_SET_DUMPABLE, 0)
    watched = os.pidfd_open(kernel)
    why = None
    try:
        socket.send_fds(reports, [json.dumps({"started": kernel}).encode()], [watched])
        while not select.select([watched, reports], [], [], 0.5)[0] and not why:
            why = _too_much(request, kernel) if request.backend == "landlock" else None
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


def _too_much(request: LaunchRequest, kernel: int) -> str | None:
    """Say what a kernel has too much of, and Landlock cannot limit; None where nothing is."""
    try:
        tasks = [f"/proc/{kernel}/task/{task}" for task in os.listdir(f"/proc/{kernel}/task")]
    except FileNotFoundError:
        return None  # it has ended
    if len(tasks) > request.limits["threads"]:
        return "threads"
    return _too_full(request, sum(_without_a_name(request, tasks).values()))


def _without_a_name(request: LaunchRequest, tasks: list[str]) -> dict[int, int]:
    """Return the sizes on the disk of the files that are open or mapped but in no folder any more, by inode.

    All threads share one table of open files (the filter of system calls sees to it) and one memory, but a
    thread that has ended, be it the first, shows neither: the first to show anything shows all.
    """
    scratch = f"{os.path.realpath(request.scratch)}/"
    sizes: dict[int, int] = {}
    for task in tasks:
        names = []
        with contextlib.suppress(OSError):  # it ends just now
            names = os.listdir(f"{task}/fd")
        for name in names:
            with contextlib.suppress(OSError):  # closed by now
                found = os.stat(f"{task}/fd/{name}")
                if not found.st_nlink and os.readlink(f"{task}/fd/{name}").startswith(scratch):
                    sizes[found.st_ino] = found.st_blocks * 512
        if names:
            break
    for task in tasks:
        maps = b""
        with contextlib.suppress(OSError):
            maps = Path(task, "maps").read_bytes()
        for line in maps.splitlines():
            if not line.endswith(b" (deleted)") or b" " + scratch.encode() not in line:
                continue
            where, _, _, _, inode, _ = line.split(None, 5)
            if int(inode) not in sizes:
                sizes[int(inode)] = _mapped(task, where.decode(), request.limits["file_size"])
        if maps:
            break
    return sizes


def _mapped(task: str, where: str, most: int) -> int:
    """Return the size on the disk of a file that is mapped; `most` if the supervisor may not know it."""
    start, end = (int(address, 16) for address in where.split("-"))
    try:
        return os.stat(f"{task}/../../map_files/{start:x}-{end:x}").st_blocks * 512
    except OSError:
        return most


def _too_full(request: LaunchRequest, size: int) -> str | None:
    """Say what is too much in the request's folder, `size` bytes that are in no folder included."""
    hidden: list[OSError] = []
    files = 0
    try:
        for folder, folders, names in os.walk(request.scratch, onerror=hidden.append):
            files += len(folders) + len(names)
            for name in names:
                with contextlib.suppress(FileNotFoundError):  # it may be gone by now
                    size += (Path(folder) / name).lstat().st_blocks * 512
    except (OSError, RecursionError):
        return "files"  # deeper than anybody needs: something could be hidden there
    if files > request.limits["files"] or any(not isinstance(error, FileNotFoundError) for error in hidden):
        return "files"
    return "disk" if size > request.limits["disk"] else None


def _be_kernel(request: LaunchRequest, reports: socket.socket, channels: tuple[int, ...]) -> None:
    """In the last fork: be confined, and become a kernel."""
    try:
        linux.prctl(linux.PR_SET_PDEATHSIG, signal.SIGKILL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.setsid()
        _keep_only({reports.fileno(), *channels})
        confinement.enter_workspace(request)
        confinement.confine(request)
    except Exception:
        _fail(reports)
        os._exit(1)
    if request.kernel is None:
        _send(reports, {"probed": True})
        os._exit(0)
    try:
        from nbgrader_sealed.sandbox.sandboxed import kernel

        ready = kernel.initialize_app(
            **request.kernel, descriptors=dict(zip(CHANNELS, channels, strict=True))
        )
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
