"""A pool of forked workers, which may die without taking others down."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from ctypes import c_bool
from dataclasses import dataclass
from math import inf
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from time import monotonic
from typing import Any, Generic, TypeVar

import psutil

from nbgrader_sealed.execution.slots import WorkerSlots

Task = TypeVar("Task")
FORK = multiprocessing.get_context("fork")  # workers share what the grading process has loaded
POLL_INTERVAL = 0.5  # seconds
SPARE_WORKERS = 1  # workers without a slot, which start or finish a task meanwhile


class WorkerDied(Exception):
    """A worker ended before its task did."""


@dataclass
class Worker(Generic[Task]):
    """A process and its current task."""

    process: BaseProcess
    pipe: Connection
    has_slot: c_bool
    task: Task | None = None
    since: float = 0.0

    def kill(self) -> None:
        """Kill its process, and all that this has started."""
        if self.process.pid is not None:
            kill_process_tree(self.process.pid)

    def assign(self, task: Task) -> bool:
        """Send a task to the worker; return whether it is still alive."""
        self.task, self.since = task, monotonic()
        try:
            self.pipe.send(task)
        except OSError:
            return False
        return True

    def is_overdue(self, seconds: float) -> bool:
        """Return whether its task has taken longer than a number of seconds."""
        return monotonic() - self.since > seconds


class Pool(Generic[Task]):
    """Processes that work on tasks; one that dies fails only its task, and is replaced.

    Parameters
    ----------
    size : int
        How many tasks have a slot at once (`slots.slot`); one more starts or finishes meanwhile.
    work : callable
        The function that a worker applies to a task; its result must be picklable.
    initialize : callable
        What a worker calls before its first task.
    seconds : float
        How long a task may take, including its wait for a slot, before its worker is killed.
    """

    def __init__(
        self, size: int, work: Callable[[Task], Any], initialize: Callable[[], None], seconds: float = inf
    ) -> None:
        self.size: int = size + SPARE_WORKERS
        self.slots: WorkerSlots = WorkerSlots(FORK, size)
        self.work = work
        self.initialize = initialize
        self.seconds = seconds
        self.workers: list[Worker[Task]] = []

    def run(self, tasks: Iterator[Task]) -> Iterator[tuple[Task, Any] | None]:
        """Yield each task with its result as they end, and None if nothing ended for POLL_INTERVAL.

        The result is what `work` returned, or a `WorkerDied`. The next task is taken from `tasks` while the
        workers are busy, so that no worker waits for it, nor for the caller's handling of a result.
        """
        coming, ended = next(tasks, None), []
        while True:
            while coming is not None and (free := self._free()):
                if free.assign(coming):
                    coming = next(tasks, None)
                else:  # it died while idle
                    self._discard(free)
            yield from ended
            busy = [worker for worker in self.workers if worker.task is not None]
            if not busy:
                return
            for worker in busy:
                if worker.is_overdue(self.seconds):
                    worker.kill()
            ready = wait([worker.pipe for worker in busy], POLL_INTERVAL)
            ended = [self._ended(worker) for worker in busy if worker.pipe in ready] or [None]

    def close(self) -> None:
        """Kill all workers and whatever they have started."""
        for worker in self.workers:
            worker.kill()
        for worker in self.workers:
            worker.process.join()
            worker.pipe.close()
        self.workers.clear()

    def _free(self) -> Worker[Task] | None:
        for worker in self.workers:
            if worker.task is None:
                return worker
        if len(self.workers) == self.size:
            return None
        ours, theirs = FORK.Pipe()
        has_slot = self.slots.has_slot()
        process = FORK.Process(target=self._serve, args=(theirs, ours, has_slot), daemon=True)
        process.start()
        theirs.close()
        self.workers.append(Worker(process, ours, has_slot))
        return self.workers[-1]

    def _ended(self, worker: Worker[Task]) -> tuple[Task, Any]:
        task: Any = worker.task
        worker.task = None
        try:
            return task, worker.pipe.recv()
        except (EOFError, OSError):
            self._discard(worker)
            if worker.is_overdue(self.seconds):
                return task, WorkerDied(f"it took more than {self.seconds:g} seconds and was stopped")
            return task, WorkerDied(describe_exit(worker.process.exitcode))

    def _discard(self, worker: Worker[Task]) -> None:
        worker.process.join()
        worker.pipe.close()
        self.slots.give_back(worker.has_slot)
        self.workers.remove(worker)

    def _serve(self, pipe: Connection, other: Connection, has_slot: c_bool) -> None:
        """Work on tasks until the pool is gone."""
        other.close()
        for each in self.workers:  # inherited ends of earlier workers' pipes, which would keep these open
            each.pipe.close()
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent process handles Ctrl-C
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        self.slots.join(has_slot)
        self.initialize()
        while True:
            try:
                task = pipe.recv()
            except (EOFError, OSError):
                os._exit(0)
            pipe.send(self.work(task))


def kill_process_tree(pid: int) -> None:
    """Kill a process and all its descendants, such as a kernel that is starting without a sandbox."""
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        process.suspend()  # so that it starts no more
        for child in process.children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                child.kill()
        process.kill()


def describe_exit(code: int | None) -> str:
    """Describe how a process ended."""
    if code is not None and code < 0:
        name = signal.Signals(-code).name
        more = ", as happens when memory runs out" if name == "SIGKILL" else ""
        return f"the process that graded it was killed by {name}{more}"
    return f"the process that graded it ended with code {code}"
