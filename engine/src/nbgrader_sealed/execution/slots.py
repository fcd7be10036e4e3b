"""WorkerSlots: several processes get notebooks ready or put them away, while only some run theirs."""

import os
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from ctypes import c_bool
from multiprocessing.context import ForkContext
from pathlib import Path
from typing import ClassVar

NAME = "nbgrader-sealed-core"  # and the core's number: what only one slot on the machine has


class WorkerSlots:
    """The slots that processes forked from this one share, each on a core of its own, as far as they go.

    A notebook's kernel and the process that grades it wait for each other, again and again: on one core, no
    other one has to be woken up for it.

    Parameters
    ----------
    fork : ForkContext
        What the processes are made with.
    size : int
        How many of them have a slot at once.
    """

    _own: ClassVar[tuple["WorkerSlots", c_bool] | None] = None

    def __init__(self, fork: ForkContext, size: int) -> None:
        self.fork = fork
        self._free = fork.Semaphore(size)

    def has_slot(self) -> c_bool:
        """Return what shows, in all processes, that one of them has a slot or waits for it."""
        return self.fork.RawValue(c_bool, False)

    def join(self, has_slot: c_bool) -> None:
        """Let this process take its slots from here; `has_slot` is its own."""
        WorkerSlots._own = self, has_slot

    def give_back(self, has_slot: c_bool) -> None:
        """Free the slot of a process that has ended with it.

        If it had only waited for one, there is one slot more from now on, which is better than one too few.
        """
        if has_slot.value:
            self._free.release()

    @contextmanager
    def _taken(self, has_slot: c_bool) -> Iterator[int | None]:
        has_slot.value = True
        self._free.acquire()
        try:
            with _core() as core:
                yield core
        finally:
            self._free.release()
            has_slot.value = False


@contextmanager
def slot() -> Iterator[int | None]:
    """Wait for a slot and hold it for a while; don't wait if this process shares none.

    Yields
    ------
    int or None
        The core that this process stays on meanwhile, and nobody else on this machine who has a slot.
    """
    if WorkerSlots._own is None:
        yield None
        return
    slots, has_slot = WorkerSlots._own
    with slots._taken(has_slot) as core:
        yield core


@contextmanager
def _core() -> Iterator[int | None]:
    """Stay for a while on a core that no other slot has: this one if it is free, or another."""
    ours = cores()
    with socket.socket(socket.AF_UNIX) as name:
        core = next((core for core in _this_one_first(ours) if _take(name, core)), None)
        if core is None:
            yield None
            return
        stay_on(os.getpid(), {core})
        try:
            yield core
        finally:
            stay_on(os.getpid(), ours)


def _take(name: socket.socket, core: int) -> bool:
    """Take a core until the socket is closed or its process dies; return whether it was free.

    A name that begins with a zero byte is no file's, and only one socket of the machine has it:
    https://man7.org/linux/man-pages/man7/unix.7.html
    """
    with suppress(OSError):
        name.bind(f"\0{NAME}-{core}")
        return True
    return False


def _this_one_first(ours: list[int]) -> list[int]:
    if not ours:
        return []
    now = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[36])
    return sorted(ours, key=lambda core: core != now)


def stay_on(process: int, these: Iterable[int]) -> None:
    """Keep a process with all its threads on some cores; threads that have ended are left out."""
    with suppress(OSError):
        for thread in os.listdir(f"/proc/{process}/task"):
            with suppress(OSError):
                os.sched_setaffinity(int(thread), these)


def cores() -> list[int]:
    """Return the numbers of the processors that this process may use; none if the system does not tell."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
