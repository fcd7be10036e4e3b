"""Turns: several processes get notebooks ready or put them away, while only some run theirs."""

from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import c_bool
from multiprocessing.context import ForkContext
from typing import ClassVar


class Turns:
    """The turns that processes forked from this one share.

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

    @contextmanager
    def _taken(self, mark: c_bool) -> Iterator[None]:
        mark.value = True
        self._free.acquire()
        try:
            yield
        finally:
            self._free.release()
            mark.value = False


@contextmanager
def turn() -> Iterator[None]:
    """Wait for a turn and have it for a while; at once where this process shares none."""
    if Turns._own is None:
        yield
        return
    turns, mark = Turns._own
    with turns._taken(mark):
        yield
