"""Workers side by side: forked processes that take one task after the other, and may die."""

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
FORK = multiprocessing.get_context("fork")  # what the grading process has loaded, no worker loads again
POLL_INTERVAL = 0.5  # seconds between two looks, where nothing happens
SPARE_WORKERS = 1  # workers beyond those at work, which get a task ready or put one away meanwhile


class WorkerDied(Exception):
    """The process that worked on a task ended before the task did."""


@dataclass
class Worker(Generic[Task]):
    """One process, and the task that it has."""

    process: BaseProcess
    pipe: Connection
    has_slot: c_bool
    task: Task | None = None
    since: float = 0.0

    def assign(self, task: Task) -> bool:
        """Give it a task to work on; return whether it is there to take it."""
        self.task, self.since = task, monotonic()
        try:
            self.pipe.send(task)
        except OSError:
            return False
        return True

    def is_overdue(self, seconds: float) -> bool:
        """Say whether it has had its task for longer than that."""
        return monotonic() - self.since > seconds


class Pool(Generic[Task]):
    """Processes that work on tasks; one that dies costs its task alone, and is replaced.

    Parameters
    ----------
    size : int
        How many tasks have a slot at once (`slots.slot`); one more is got ready for it, or put away.
    work : callable
        What a worker does with a task; returns what can be pickled.
    initialize : callable
        What a worker does first.
    seconds : float
        How long a task may take, its wait for a turn included, before its worker is ended.
    """

    def __init__(
        self, size: int, work: Callable[[Task], Any], initialize: Callable[[], None], seconds: float = inf
    ) -> None:
        self.size = size + SPARE_WORKERS
        self.slots = WorkerSlots(FORK, size)
        self.work = work
        self.initialize = initialize
        self.seconds = seconds
        self.workers: list[Worker[Task]] = []

    def run(self, tasks: Iterator[Task]) -> Iterator[tuple[Task, Any] | None]:
        """Yield each task with what came of it, as they end; None where for a while nothing has ended.

        What came of it is what `work` returned, or a `WorkerDied`. The next task is taken from `tasks` while
        the workers are busy, so that none waits for it, nor for what is done with the last one's result.
        """
        coming, ended = next(tasks, None), []
        while True:
            while coming is not None and (free := self._free()):
                if free.assign(coming):
                    coming = next(tasks, None)
                else:  # it died while it had nothing to do
                    self._discard(free)
            yield from ended
            busy = [worker for worker in self.workers if worker.task is not None]
            if not busy:
                return
            for worker in busy:
                if worker.is_overdue(self.seconds):
                    kill_process_tree(worker.process.pid)
            ready = wait([worker.pipe for worker in busy], POLL_INTERVAL)
            ended = [self._ended(worker) for worker in busy if worker.pipe in ready] or [None]

    def close(self) -> None:
        """End all workers at once, whatever they do, and all that they have started."""
        for worker in self.workers:
            kill_process_tree(worker.process.pid)
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
        task, worker.task = worker.task, None
        try:
            return task, worker.pipe.recv()
        except (EOFError, OSError):
            self._discard(worker)
            if worker.is_overdue(self.seconds):
                return task, WorkerDied(f"it took more than {self.seconds:g} seconds and was ended")
            return task, WorkerDied(describe_exit(worker.process.exitcode))

    def _discard(self, worker: Worker[Task]) -> None:
        worker.process.join()
        worker.pipe.close()
        self.slots.give_back(worker.has_slot)
        self.workers.remove(worker)

    def _serve(self, pipe: Connection, other: Connection, has_slot: c_bool) -> None:
        """Be a worker, until the pool is gone."""
        other.close()
        for each in self.workers:  # those of earlier workers, which must notice when the pool goes
            each.pipe.close()
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that started this one
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
    """Kill a process and all that it has started, such as a kernel without walls that is on its way up."""
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        process.suspend()  # first, so that it starts no more
        for child in process.children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                child.kill()
        process.kill()


def describe_exit(code: int | None) -> str:
    """Return in words how a process ended."""
    if code is not None and code < 0:
        name = signal.Signals(-code).name
        more = ", as when memory runs out" if name == "SIGKILL" else ""
        return f"the process that graded it was ended by {name}{more}"
    return f"the process that graded it ended with code {code}"
