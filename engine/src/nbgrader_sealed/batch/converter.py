"""nbgrader's Autograde in three steps, so that many submissions can be graded side by side.

A submission is begun and saved by the one process that has the gradebook, and run by any other. Until it is
saved, all of it lies in a folder of its own: what `autograded/` holds is always whole.
"""

import contextlib
import copy
import fcntl
import glob
import io
import logging
import os
import re
import shutil
import traceback
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.writers import FilesWriter
from nbgrader.converters import Autograde, NbGraderException
from nbgrader.preprocessors import AssignLatePenalties, SaveAutoGrades
from nbgrader.utils import parse_utc, rmtree

from nbgrader_sealed.private.nbgrader import KeptGradebook

# Preprocessors that write to the gradebook: the first of them in the configuration, and all after it, are
# left for the process that has the gradebook.
WRITERS = (SaveAutoGrades, AssignLatePenalties)


class Busy(Exception):
    """Somebody else grades in this course."""


@dataclass
class Submission:
    """One student's folder on its way.

    Attributes
    ----------
    student, assignment
        Whose it is, and for what.
    notebooks
        The paths of the notebooks that were handed in.
    log
        What nbgrader said about it.
    problem
        Why it could not be graded, in one line; empty where it could.
    """

    student: str
    assignment: str
    notebooks: list[str]
    log: str = ""
    problem: str = field(default="", compare=False)


class StagedAutograde(Autograde):
    """nbgrader's Autograde, whose steps can be taken one by one.

    What each step does is nbgrader's own: `begin` is its `init_assignment`, `run` its
    `convert_single_notebook`, `save` the preprocessors that write to the gradebook; only the order is not one
    submission after the other.
    """

    _stage = ""  # where it is written to instead of autograded/, while it is not whole

    @property
    def _input_directory(self) -> str:
        return self.coursedir.submitted_directory if self._sanitizing else self._output_directory

    @property
    def _output_directory(self) -> str:
        return self._stage or self.coursedir.autograded_directory

    def prepare(self) -> None:
        """Do what nbgrader does before the first submission."""
        self.writer = FilesWriter(parent=self, config=self.config)
        self.exporter = self.exporter_class(parent=self, config=self.config)
        kinds = list(self.autograde_preprocessors)
        first = next((n for n, kind in enumerate(kinds) if _writes(kind)), len(kinds))
        self.autograde_preprocessors, self.savers = kinds[:first], kinds[first:]
        os.chdir(self.coursedir.root)

    def _init_preprocessors(self) -> None:
        super()._init_preprocessors()
        self.exporter.is_between = self._sanitizing

    def submissions(self) -> list[Submission]:
        """Return what was handed in, in the order of nbgrader.

        Raises
        ------
        NbGraderException
            Where nothing was.
        """
        self.init_notebooks()
        return [
            Submission(self._student(folder), self.coursedir.assignment_id, sorted(self.assignments[folder]))
            for folder in sorted(self.assignments)
        ]

    def without_notebook(self) -> list[str]:
        """Return the students whose folder holds no notebook."""
        pattern = self._format_source(self.coursedir.assignment_id, self.coursedir.student_id)
        return sorted(map(self._student, set(glob.glob(pattern)) - set(self.assignments)))

    def _student(self, folder: str) -> str:
        pattern = self._format_source("(?P<assignment_id>.*)", "(?P<student_id>.*)", escape=True)
        match = re.match(pattern, folder)
        if match is None:
            raise NbGraderException(f"Could not match {folder!r} with {pattern!r}")
        return match["student_id"]

    def wanted(self, submission: Submission) -> bool:
        """Say whether it is to be graded, by nbgrader's rule: not if it is, and not handed in anew since."""
        with self._reporting(submission):
            self.notebooks = submission.notebooks
            self.run_pre_convert_hook()
            folder = self._format_source(submission.assignment, submission.student)
            check_timestamp(Path(folder, "timestamp.txt"))
            with self._in_place():
                return self.init_destination(submission.assignment, submission.student)
        return True  # to be told what is wrong with it

    @contextlib.contextmanager
    def staging(self) -> Iterator[Path]:
        """Have a folder for what is not whole yet, which nobody else has, and which is removed in the end.

        Raises
        ------
        Busy
            Where another command grades in this course.
        """
        folder = Path(self.coursedir.root, self.coursedir.autograded_directory, ".grading")
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Busy("another ./course grade is at work in this course") from None
            stage = folder / "stage"
            try:
                _remove(stage)  # of a run that was ended without a chance to tidy up
                stage.mkdir()
                self._stage = str(stage)
                yield stage
            finally:
                self._stage = ""
                _remove(stage)

    @contextlib.contextmanager
    def _in_place(self) -> Iterator[None]:
        """Mean autograded/ itself for a while."""
        stage, self._stage = self._stage, ""
        try:
            yield
        finally:
            self._stage = stage

    def begin(self, submission: Submission) -> None:
        """Copy its files, and make its place in the gradebook; which of its notebooks count is found out."""
        with self._reporting(submission), KeptGradebook.one_session():
            self.notebooks = submission.notebooks
            self.init_assignment(submission.assignment, submission.student)
            submission.notebooks = self.notebooks

    def run(self, submission: Submission) -> Submission:
        """Run its notebooks, and write them as far as they go without the gradebook."""
        with self._reporting(submission):
            for notebook in submission.notebooks:
                self.convert_single_notebook(notebook)
        return submission

    def save(self, submission: Submission) -> None:
        """Write its points to the gradebook, and put it in its place."""
        with self._reporting(submission):
            with KeptGradebook.one_session():
                for notebook in submission.notebooks:
                    self._save(submission, Path(notebook).name)
            self.notebooks = submission.notebooks
            self.set_permissions(submission.assignment, submission.student)
            self.run_post_convert_hook()
            staged = Path(self._format_dest(submission.assignment, submission.student))
            with self._in_place():
                _move(staged, Path(self._format_dest(submission.assignment, submission.student)))

    def _save(self, submission: Submission, name: str) -> None:
        """Run what writes to the gradebook; the file is written again where that changes the notebook."""
        self._sanitizing = False
        try:
            staged = Path(self._format_dest(submission.assignment, submission.student), name)
            resources = self.init_single_notebook_resources(str(staged))
            resources["metadata"] = {"name": staged.stem, "path": str(staged.parent)}
            nb = nbformat.v4.reads(staged.read_text(encoding="utf-8"))  # checked when it was written
            # nbgrader's own only read it; any other may change it
            before = None if set(self.savers) <= set(WRITERS) else copy.deepcopy(nb)
            self.exporter._preprocessors = []
            for kind in self.savers:
                self.exporter.register_preprocessor(kind)
            for saver in self.exporter._preprocessors:
                nb, resources = saver(nb, resources)
            if before is not None and nb != before:
                self.exporter._preprocessors = []
                self.write_single_notebook(*self.exporter.from_notebook_node(nb, resources))
        finally:
            self._sanitizing = True

    def forget(self, submission: Submission) -> None:
        """Remove what there is of a submission that could not be graded."""
        _remove(Path(self._format_dest(submission.assignment, submission.student)))

    @contextlib.contextmanager
    def _reporting(self, submission: Submission) -> Iterator[None]:
        """Add what is logged to the submission; an error becomes its problem."""
        said = io.StringIO()
        handler = logging.StreamHandler(said)
        handler.setFormatter(logging.Formatter("[%(levelname)s] %(message)s"))
        loggers = (self.log, logging.getLogger("py.warnings"))
        for logger in loggers:
            logger.addHandler(handler)
        try:
            yield
        except (Exception, SystemExit) as error:  # the latter from a hook that lets nobody go on
            self.log.error(traceback.format_exc())
            submission.problem = f"{type(error).__name__}: {error}".strip().partition("\n")[0]
        finally:
            for logger in loggers:
                logger.removeHandler(handler)
            submission.log += said.getvalue()


def check_timestamp(path: Path) -> None:
    """Make sure that what says when something was handed in can be read as a time.

    Raises
    ------
    ValueError
        Where it cannot; nbgrader would stumble over it.
    """
    if path.is_file():
        text = path.read_text(encoding="utf-8", errors="replace").strip()
        try:
            parse_utc(text or "1 January 2026")
        except (ValueError, OverflowError, TypeError):
            raise ValueError(f"{path.name} holds no time: {text[:80]!r}") from None


def _writes(kind: Any) -> bool:
    """Say whether a preprocessor, as a class or as its name, writes to the gradebook."""
    if isinstance(kind, str):
        return kind.rpartition(".")[2] in {writer.__name__ for writer in WRITERS}
    return issubclass(kind, WRITERS)


def _remove(folder: Path) -> None:
    if folder.exists():
        rmtree(folder)


def _move(source: Path, target: Path) -> None:
    """Put a folder in its place at once, or, where there is one of the name, file by file."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists():
        source.rename(target)
        return
    for path in _files(source):
        place = target / path.relative_to(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        path.replace(place)
    shutil.rmtree(source)


def _files(folder: Path) -> Iterable[Path]:
    return sorted(path for path in folder.rglob("*") if not path.is_dir())
