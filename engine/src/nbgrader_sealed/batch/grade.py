"""Autograde an assignment, several submissions at once: `nbgrader-sealed grade ASSIGNMENT --jobs N`."""

import gc
import importlib
import logging
import os
import re
import resource
import secrets
import signal
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import suppress
from itertools import zip_longest
from pathlib import Path
from typing import Any, NoReturn

import nbformat
from jupyter_client.kernelspec import KernelSpecManager
from nbgrader.api import Gradebook
from nbgrader.apps.autogradeapp import AutogradeApp
from nbgrader.apps.baseapp import NbGrader
from nbgrader.converters import NbGraderException
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors.clearhiddentests import ClearHiddenTests
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from traitlets import Float, Integer, List, TraitError, Unicode
from traitlets.config.application import catch_config_error

from nbgrader_sealed.assignment import modules_of_tests
from nbgrader_sealed.batch.assignment_copy import copy_assignments
from nbgrader_sealed.batch.converter import BatchAutograde, Busy, Submission, in_one_line
from nbgrader_sealed.batch.pool import Pool
from nbgrader_sealed.configuration import KERNEL
from nbgrader_sealed.execution.preprocessor import SealedExecute
from nbgrader_sealed.execution.slots import cores
from nbgrader_sealed.private.nbgrader import keep_gradebooks_open
from nbgrader_sealed.sandbox.fork_server import SandboxError
from nbgrader_sealed.sandbox.runtime import SandboxRuntime
from nbgrader_sealed.sandbox.settings import Sandbox

LOG = "grade.log"
GC_THRESHOLD = 20_000  # new objects until a collection; a notebook creates few cycles
FAILED, INTERRUPTED = 1, 130
SEED = re.compile("[0-9]{1,18}")
SEEDS = 1_000_000  # a run draws one of these: short enough to type


class Refused(Exception):
    """Nothing can be graded; the text is the reason."""


class GradeApp(AutogradeApp):
    """`nbgrader autograde` in parallel: the same configuration, options and gradebook."""

    name = "nbgrader-sealed-grade"
    description = "Autograde an assignment, several submissions at once"
    raise_config_file_errors = True  # otherwise traitlets would go on without them, and without a sandbox
    examples = """
        nbgrader-sealed grade ps1                            all that is new
        nbgrader-sealed grade ps1 --jobs 4                   four at once
        nbgrader-sealed grade ps1 --student ana ben          only these
        nbgrader-sealed grade ps1 --force                    all again
        nbgrader-sealed grade ps1 --seed 4711                with the cases that a report names by this seed
        """
    aliases: dict[str, Any] = {  # noqa: RUF012 - as in traitlets
        **AutogradeApp.aliases,
        "jobs": "GradeApp.jobs",
        "student": "GradeApp.students",
        "seed": "GradeApp.seed",
    }

    jobs: Integer[Any, Any] = Integer(
        len(cores()) or os.cpu_count() or 1,
        help="How many submissions are graded at once (default: the machine's cores).",
    ).tag(config=True)
    seconds: Float[Any, Any] = Float(
        1200, min=60, help="Seconds that one submission may take in all before it is stopped and fails."
    ).tag(config=True)
    memory: Integer[Any, Any] = Integer(
        6 * 2**30, min=2**30, help="Bytes of address space for each grading process (kernels excluded)."
    ).tag(config=True)
    students: List[Any] = List(Unicode(), help="Only these students (default: all).").tag(config=True)
    seed: Integer[Any, Any] = Integer(
        None,
        min=0,
        allow_none=True,
        help="The seed of the hidden tests' cases, the same for all (default: a fresh one for each run).",
    ).tag(config=True)
    seed_variable: Unicode[Any, Any] = Unicode(
        "", help="The environment variable that passes the seed to hidden tests (default: none)."
    ).tag(config=True)
    prepare: Unicode[Any, Any] = Unicode(
        "", help="A function, as module:function, called with the assignment's name before a class is graded."
    ).tag(config=True)

    @property
    def course(self) -> CourseDirectory:
        """The course's folders and settings."""
        course: Any = self.coursedir
        return course

    @catch_config_error
    def initialize(self, argv: list[str], root: str = "") -> None:
        """Read the configuration and the command line.

        Raises
        ------
        Refused
            If the configuration cannot be loaded.
        """
        try:
            super().initialize(argv, root)
        except TraitError:
            raise
        except Exception as error:
            raise Refused(f"the configuration cannot be loaded: {in_one_line(error)}") from error
        for handler in list(self.log.handlers):  # `Grading` writes nbgrader's log to a file
            self.log.removeHandler(handler)
        self.log.addHandler(logging.NullHandler())
        self.log.propagate = False

    def fail(self, msg: str, *args: Any) -> NoReturn:
        """Raise `Refused` with a formatted message."""
        raise Refused(msg % args if args else msg)

    def start(self) -> int:
        """Grade, and return the exit code."""
        NbGrader.start(self)
        if len(self.extra_args) != 1:
            self.fail("name one assignment: nbgrader-sealed grade ASSIGNMENT")
        self.course.assignment_id = self.extra_args[0]
        if self.jobs < 1:
            self.fail("--jobs must be 1 or more, not %d", self.jobs)
        self._choose_seed()
        self._check_assignment(self.course.assignment_id)
        return Grading(self, Console(stderr=False)).run()

    def _choose_seed(self) -> None:
        """Set the seed of this run: from the option, from the environment, or a fresh one."""
        if self.seed is not None and not self.seed_variable:
            self.fail("--seed: hidden tests would not get it: GradeApp.seed_variable is not configured")
        if self.seed is None and self.seed_variable:
            name = self.seed_variable
            named = os.environ.get(name, "")
            if named and not SEED.fullmatch(named):
                self.fail("%s in the environment must be a non-negative integer, not %r", name, named)
            self.seed = int(named) if named else secrets.randbelow(SEEDS)

    def _check_assignment(self, name: str) -> None:
        with Gradebook(self.course.db_url, self.course.course_id) as gradebook:
            known = sorted(str(assignment.name) for assignment in gradebook.assignments)
        if name not in known:
            there = f"there are: {', '.join(known)}" if known else "it is empty"
            self.fail(
                "there is no assignment %r in the gradebook (%s). To add one from source/: "
                "nbgrader generate_assignment NAME",
                name,
                there,
            )


class Grading:
    """One run of the command.

    Parameters
    ----------
    app : GradeApp
        The configuration.
    console : Console
        Where progress and results are printed.
    """

    def __init__(self, app: GradeApp, console: Console) -> None:
        self.app: GradeApp = app
        self.console: Console = console
        self.converter: BatchAutograde = BatchAutograde(coursedir=app.course, parent=app)
        self.kernel_name: str = SealedExecute(parent=self.converter).kernel_name
        self.log: Path = Path(app.course.root) / LOG
        self.done: int = 0
        self.failed: list[Submission] = []

    def run(self) -> int:
        """Grade what needs grading, and return the exit code."""
        self.converter.prepare()
        began = time.monotonic()
        with keep_gradebooks_open(), self.converter.staging() as stage:
            self.log.write_text("", encoding="utf-8")
            todo, graded_already = self._select()
            if todo:
                self._grade(todo, stage)
        self._print_summary(time.monotonic() - began, graded_already)
        return FAILED if self.failed else 0

    def _select(self) -> tuple[list[Submission], int]:
        """Return the submissions to grade, and how many are graded already."""
        name = self.app.course.assignment_id
        try:
            found = self.converter.submissions()
        except NbGraderException:
            raise Refused(
                f"there is no submission of {name!r}: submitted/ contains no notebook of it"
            ) from None
        absent = sorted(set(self.app.students) - {each.student for each in found})
        if absent:
            raise Refused(
                f"--student: submitted/ contains no notebook of {', '.join(map(repr, absent))} for {name!r}"
            )
        if not self.app.students:
            for student in self.converter.students_without_notebook():
                self.console.print(
                    f"[yellow]{printable(student)}: no notebook was submitted", highlight=False
                )
        chosen = [each for each in found if not self.app.students or each.student in self.app.students]
        todo = [each for each in chosen if self.converter.needs_grading(each)]
        return todo, len(chosen) - len(todo)

    def _grade(self, todo: list[Submission], stage: Path) -> None:
        self._warm_up()
        copy = copy_assignments(self.app.course.db_url, stage / "assignments.db")

        def initialize() -> None:
            SandboxRuntime.inherit()
            self.app.course.db_url = copy
            if self.app.seed_variable:  # the class gets the same cases
                os.environ[self.app.seed_variable] = str(self.app.seed)
            _, hard = resource.getrlimit(resource.RLIMIT_AS)
            resource.setrlimit(resource.RLIMIT_AS, (self.app.memory, hard))

        pool: Pool[Submission] = Pool(
            min(self.app.jobs, len(todo)), self.converter.run, initialize, self.app.seconds
        )
        with self._progress() as progress:
            bar = progress.add_task(self.app.course.assignment_id, total=len(todo), failed="", rate="")
            began = time.monotonic()
            try:
                for ended in pool.run(self._begin_each(todo)):
                    if ended is not None:
                        self._finish(*ended)
                    rate = 60 * self.done / (time.monotonic() - began)
                    failed = f"{len(self.failed)} failed" if self.failed else ""
                    progress.update(
                        bar,
                        completed=self.done + len(self.failed),
                        failed=failed,
                        rate=f"{rate:.0f} a minute",
                        refresh=True,
                    )
            finally:
                pool.close()

    def _warm_up(self) -> None:
        """Load before the first fork what all workers need; fail early if no sandbox works."""
        if self.kernel_name == KERNEL:
            environment = {**os.environ, "NBGRADER_EXECUTION": "autograde"}
            Sandbox(parent=self.app).warm_up(environment)
        KernelSpecManager(parent=self.app).find_kernel_specs()  # imports IPython
        nbformat.validate(nbformat.v4.new_notebook())  # builds the validator
        self._load_modules_of_tests()
        self._prepare()
        gc.freeze()  # workers neither traverse nor copy what is loaded
        gc.set_threshold(GC_THRESHOLD)
        gc.enable()

    def _load_modules_of_tests(self) -> None:
        where, marks = self.app.course, ClearHiddenTests(parent=self.converter)
        for module in modules_of_tests(where.db_url, where.assignment_id, marks):
            with suppress(Exception):  # the test that needs it reports the error
                importlib.import_module(module)

    def _prepare(self) -> None:
        """Call the course's function, whose results all workers share."""
        path = self.app.prepare
        if not path:
            return
        module, _, name = path.partition(":")
        if not name:
            raise Refused(f"GradeApp.prepare must be module:function, not {path!r}")
        try:
            getattr(importlib.import_module(module), name)(self.app.course.assignment_id)
        except Exception as error:
            raise Refused(f"GradeApp.prepare: {path!r} failed: {in_one_line(error)}") from error

    def _begin_each(self, todo: list[Submission]) -> Iterator[Submission]:
        """Add each submission to the gradebook, and yield it if that worked."""
        for submission in todo:
            if not submission.problem:
                self.converter.begin(submission)
            if submission.problem:
                self._fail(submission)
            else:
                yield submission

    def _finish(self, submission: Submission, result: Submission | Exception) -> None:
        """Save what a worker has run, or record why it failed."""
        if isinstance(result, Exception):
            submission.problem = str(result)
        else:
            submission = result
        if not submission.problem:
            self.converter.save(submission)
        if submission.problem:
            self._fail(submission)
        else:
            self.done += 1
            self._append_log(submission)

    def _fail(self, submission: Submission) -> None:
        self.converter.discard(submission)
        self.failed.append(submission)
        self._append_log(submission)
        submission.log = ""

    def _append_log(self, submission: Submission) -> None:
        with self.log.open("a", encoding="utf-8", errors="backslashreplace") as log:
            log.write(f"== {submission.assignment} {submission.student}: {submission.problem or 'graded'}\n")
            log.write(submission.log)

    def _progress(self) -> Progress:
        """Return a progress bar without a thread, since threads do not survive a fork."""
        return Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("[red]{task.fields[failed]}"),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            console=self.console,
            auto_refresh=False,
        )

    def _print_summary(self, seconds: float, graded_already: int) -> None:
        for each in sorted(self.failed, key=lambda submission: submission.student):
            self.console.print(
                f"[red]{printable(each.student)}[/red]: {printable(each.problem)}",
                highlight=False,
                soft_wrap=True,
            )
        said = [f"{self.done} graded"]
        if graded_already:
            said.append(f"{graded_already} graded already (--force grades them again)")
        if self.failed:
            said.append(f"{len(self.failed)} failed")
        pace = f", {seconds / self.done:.2f} s each" if self.done else ""
        seed = f" Seed: {self.app.seed}." if self.done and self.app.seed is not None else ""
        told = f"{', '.join(said)}; {seconds:.1f} s{pace}.{seed} Log: {self.log}"
        self.console.print(told, highlight=False, soft_wrap=True)


def printable(text: str) -> str:
    """Return a text that the console can print; file names need not be UTF-8."""
    return escape(text.encode("utf-8", "backslashreplace").decode())


def repeat_student_option(words: list[str]) -> list[str]:
    """Rewrite `--student ana ben` as `--student=ana --student=ben`, which traitlets parses."""
    found, listing = [], False
    for word, after in zip_longest(words, words[1:], fillvalue="-"):
        listing = word == "--student" or (listing and not word.startswith("-"))
        if word == "--student" and after.startswith("-"):
            raise Refused("--student: name one student at least")
        if word != "--student":
            found.append(f"--student={word}" if listing else word)
    return found


def _interrupt(number: int, frame: object) -> NoReturn:
    raise KeyboardInterrupt


def main(arguments: list[str]) -> int:
    """Run the command; return 1 if something could not be graded, 130 if it was interrupted."""
    logging.captureWarnings(True)
    warnings.simplefilter("ignore", DeprecationWarning)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    app = GradeApp()
    try:
        app.initialize(repeat_student_option(arguments))
        return app.start()
    except (Refused, Busy, SandboxError, TraitError) as error:
        print(f"nbgrader-sealed grade: {error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        seed = [] if app.seed is None else ["--seed", str(app.seed)]  # the same cases for the rest
        again = " ".join(["nbgrader-sealed grade", *app.extra_args, *seed])
        print(
            f"nbgrader-sealed grade: interrupted. Finished grades are kept; to continue: {again}",
            file=sys.stderr,
        )
        return INTERRUPTED
