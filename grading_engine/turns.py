"""Turns: several processes get notebooks ready or put them away, while only some run theirs."""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from ctypes import c_bool
from multiprocessing.context import ForkContext
from pathlib import Path
from typing import ClassVar


class Turns:
    """The turns that processes forked from this one share, each with a core of its own, as far as they go.

    A notebook's kernel and the process that grades it wait for each other, again and again: on one core, no
    other one has to be woken up for it.

    Parameters
    ----------
    fork : ForkContext
        What the processes are made with.
    size : int
        How many of them have a turn at once.
    """

    _own: ClassVar[tuple["Turns", c_bool] | None] = None

    def __init__(self, fork: ForkContext, size: int) -> None:
        self.fork = fork
        self._free = fork.Semaphore(size)
        self._cores = cores()
        self._in_use = tempfile.TemporaryFile()  # noqa: SIM115 - a byte of it is locked for each core

    def mark(self) -> c_bool:
        """Return what shows, in all processes, that one of them has a turn or waits for it."""
        return self.fork.RawValue(c_bool, False)

    def join(self, mark: c_bool) -> None:
        """Let this process take its turns from here; `mark` is its own."""
        Turns._own = self, mark

    def give_back(self, mark: c_bool) -> None:
        """Free the turn of a process that has ended with it.

        If it had only waited for one, there is one turn more from now on, which is better than one too few.
        """
        if mark.value:
            self._free.release()

    def close(self) -> None:
        """Forget which cores are in use: nobody takes a turn any more."""
        self._in_use.close()

    @contextmanager
    def _taken(self, mark: c_bool) -> Iterator[int | None]:
        mark.value = True
        self._free.acquire()
        try:
            with self._core() as core:
                yield core
        finally:
            self._free.release()
            mark.value = False

    @contextmanager
    def _core(self) -> Iterator[int | None]:
        """Stay for a while on a core that no other turn has, if there is one."""
        place = next(filter(self._lock, range(len(self._cores))), None)
        if place is None:
            yield None
            return
        os.sched_setaffinity(0, {self._cores[place]})
        try:
            yield self._cores[place]
        finally:
            os.sched_setaffinity(0, self._cores)
            fcntl.lockf(self._in_use, fcntl.LOCK_UN, 1, place)

    def _lock(self, place: int) -> bool:
        """Say whether this process has a core now; when it dies, its locks are gone with it."""
        with suppress(OSError):
            fcntl.lockf(self._in_use, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
            return True
        return False


@contextmanager
def turn() -> Iterator[int | None]:
    """Wait for a turn and have it for a while; at once where this process shares none.

    Yields
    ------
    int or None
        The core that this process stays on meanwhile, and nobody else who has a turn.
    """
    if Turns._own is None:
        yield None
        return
    turns, mark = Turns._own
    with turns._taken(mark) as core:
        yield core


def cores() -> list[int]:
    """Return the numbers of the processors that this process may use; none where the system does not say.

    Those that share a core with one of a lower number come last: on two cores, two are faster.
    """
    if not hasattr(os, "sched_getaffinity"):
        return []
    return sorted(
        os.sched_getaffinity(0), key=lambda number: (place_on_core(number, _siblings(number)), number)
    )


def place_on_core(number: int, siblings: str) -> int:
    """Return how many of a core's processors, told as in `0-1,4`, have a lower number than this one."""
    ranges = [part.partition("-") for part in siblings.split(",") if part]
    return sum(max(0, min(int(last or first) + 1, number) - int(first)) for first, _, last in ranges)


def _siblings(number: int) -> str:
    """Return which processors share this one's core, as Linux tells it; nothing where it does not."""
    with suppress(OSError):
        return Path(f"/sys/devices/system/cpu/cpu{number}/topology/thread_siblings_list").read_text().strip()
    return ""
