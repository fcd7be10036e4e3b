"""nbgrader's Autograde in three steps, so that submissions can be graded in parallel.

The one process that has the gradebook begins and saves a submission; any other can run it. Until it is saved,
all of it stays in a staging folder, so that `autograded/` never holds half a submission.
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
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.writers.files import FilesWriter
from nbgrader.converters import NbGraderException
from nbgrader.preprocessors import AssignLatePenalties, SaveAutoGrades
from nbgrader.utils import parse_utc, rmtree

from nbgrader_sealed.assignment import AssignmentCell, read_cells
from nbgrader_sealed.private.nbconvert import make_preprocessors
from nbgrader_sealed.private.nbgrader import PersistentGradebook, StagingAutograde

# Preprocessors that write to the gradebook: the first of them in the configuration, and all after it, run in
# the process that has the gradebook.
WRITERS: tuple[type, ...] = (SaveAutoGrades, AssignLatePenalties)


class Busy(Exception):
    """Another command is grading in this course."""


@dataclass
class Submission:
    """One student's submission, and how far it got.

    Attributes
    ----------
    student, assignment
        Whose it is, and of which assignment.
    notebooks
        The paths of the submitted notebooks.
    log
        What nbgrader logged about it.
    problem
        Why it could not be graded, in one line; empty if it could.
    """

    student: str
    assignment: str
    notebooks: list[str]
    log: str = ""
    problem: str = field(default="", compare=False)


class BatchAutograde(StagingAutograde):
    """nbgrader's Autograde, whose steps can be run one by one.

    Each step is nbgrader's own: `begin` is its `init_assignment`, `run` its `convert_single_notebook`, `save`
    the preprocessors that write to the gradebook.
    """

    def prepare(self) -> None:
        """Set up what nbgrader sets up before the first submission."""
        self.writer: FilesWriter = FilesWriter(parent=self, config=self.config)
        self.exporter: Any = self.exporter_class(parent=self, config=self.config)
        kinds = list(self.autograde_preprocessors)
        first = next((n for n, kind in enumerate(kinds) if _writes(kind)), len(kinds))
        self.autograde_preprocessors: Any = kinds[:first]
        self.savers: list[Any] = kinds[first:]
        self.saving: list[Any] | None = None  # made once, when the first submission is saved
        self.read_cells: Callable[..., dict[str, AssignmentCell]] = cache(read_cells)
        os.chdir(self.course.root)

    def before_conversion(self, sanitising: bool) -> None:
        """Write a notebook compactly if the next step reads it at once."""
        self.exporter.compact_output = sanitising

    def init_single_notebook_resources(self, notebook_filename: str) -> dict[str, Any]:
        """Return nbgrader's resources, with a reader that caches the assignment's cells."""
        resources = super().init_single_notebook_resources(notebook_filename)
        resources["nbgrader"]["read_cells"] = self.read_cells
        return resources

    def submissions(self) -> list[Submission]:
        """Return the submissions, in nbgrader's order.

        Raises
        ------
        NbGraderException
            If there is none.
        """
        self.init_notebooks()
        return [
            Submission(self._student(folder), self.course.assignment_id, sorted(self.assignments[folder]))
            for folder in sorted(self.assignments)
        ]

    def students_without_notebook(self) -> list[str]:
        """Return the students whose folder contains no notebook."""
        pattern = self.submitted_folder(self.course.assignment_id, self.course.student_id)
        return sorted(map(self._student, set(glob.glob(pattern)) - set(self.assignments)))

    def _student(self, folder: str) -> str:
        pattern = self.submitted_folder("(?P<assignment_id>.*)", "(?P<student_id>.*)", escape=True)
        match = re.match(pattern, folder)
        if match is None:
            raise NbGraderException(f"Could not match {folder!r} with {pattern!r}")
        return match["student_id"]

    def needs_grading(self, submission: Submission) -> bool:
        """Return whether nbgrader would grade a submission: if it has not, or if a newer one came."""
        with self._recording_problems(submission):
            self.notebooks: list[str] = submission.notebooks
            self.run_pre_convert_hook()
            folder = self.submitted_folder(submission.assignment, submission.student)
            check_timestamp(Path(folder, "timestamp.txt"))
            with self._final_paths():
                return self.init_destination(submission.assignment, submission.student)
        return True  # so that its problem is reported

    @contextlib.contextmanager
    def staging(self) -> Iterator[Path]:
        """Create a staging folder under an exclusive lock, and remove it in the end.

        Raises
        ------
        Busy
            If another command is grading in this course.
        """
        folder = Path(self.course.root, self.course.autograded_directory, ".grading")
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Busy("another nbgrader-sealed grade is running in this course") from None
            stage = folder / "stage"
            try:
                _remove(stage)  # left by a run that was killed
                stage.mkdir()
                self.stage = str(stage)
                yield stage
            finally:
                self.stage = ""
                _remove(stage)

    @contextlib.contextmanager
    def _final_paths(self) -> Iterator[None]:
        """Temporarily resolve paths to `autograded/`."""
        stage, self.stage = self.stage, ""
        try:
            yield
        finally:
            self.stage = stage

    def begin(self, submission: Submission) -> None:
        """Copy a submission's files, add it to the gradebook, and find out which of its notebooks count."""
        with self._recording_problems(submission), PersistentGradebook.one_session():
            self.notebooks = submission.notebooks
            self.init_assignment(submission.assignment, submission.student)
            submission.notebooks = self.notebooks

    def run(self, submission: Submission) -> Submission:
        """Run the preprocessors that need no gradebook on a submission's notebooks, and write these."""
        with self._recording_problems(submission):
            for notebook in submission.notebooks:
                self.convert_single_notebook(notebook)
        return submission

    def save(self, submission: Submission) -> None:
        """Write a submission's points to the gradebook, and move it to `autograded/`."""
        with self._recording_problems(submission):
            with PersistentGradebook.one_session():
                for notebook in submission.notebooks:
                    self._save(submission, Path(notebook).name)
            self.notebooks = submission.notebooks
            self.set_permissions(submission.assignment, submission.student)
            self.run_post_convert_hook()
            staged = self.graded_folder(submission.assignment, submission.student)
            with self._final_paths():
                _move(staged, self.graded_folder(submission.assignment, submission.student))

    def _save(self, submission: Submission, name: str) -> None:
        """Run what writes to the gradebook; write the file again if that changed the notebook."""
        with self.reading_output():
            staged = self.graded_folder(submission.assignment, submission.student) / name
            resources: Any = self.init_single_notebook_resources(str(staged))
            resources["metadata"] = {"name": staged.stem, "path": str(staged.parent)}
            nb = nbformat.v4.reads(staged.read_text(encoding="utf-8"))  # validated when it was written
            # nbgrader's own only read the notebook; any other may change it
            before = None if set(self.savers) <= set(WRITERS) else copy.deepcopy(nb)
            if self.saving is None:
                self.saving = make_preprocessors(self.exporter, self.savers)
            for preprocessor in self.saving:
                nb, resources = preprocessor(nb, resources)
            if before is not None and nb != before:
                make_preprocessors(self.exporter, [])
                converted: Any = self.exporter.from_notebook_node(nb, resources)
                self.write_single_notebook(*converted)

    def discard(self, submission: Submission) -> None:
        """Remove the staged files of a submission that could not be graded."""
        _remove(self.graded_folder(submission.assignment, submission.student))

    @contextlib.contextmanager
    def _recording_problems(self, submission: Submission) -> Iterator[None]:
        """Append log records to the submission; an error becomes its problem."""
        said = io.StringIO()
        handler = logging.StreamHandler(said)
        handler.setFormatter(logging.Formatter("[%(levelname)s] %(message)s"))
        loggers = (self.log, logging.getLogger("py.warnings"))
        for logger in loggers:
            logger.addHandler(handler)
        try:
            yield
        except (Exception, SystemExit) as error:  # the latter from `disarm_links`
            self.log.error(traceback.format_exc())
            submission.problem = in_one_line(error)
        finally:
            for logger in loggers:
                logger.removeHandler(handler)
            submission.log += said.getvalue()


def in_one_line(error: BaseException) -> str:
    """Return the name and the first line of an error."""
    return f"{type(error).__name__}: {error}".strip().partition("\n")[0]


def check_timestamp(path: Path) -> None:
    """Check that a submission's timestamp can be parsed.

    Raises
    ------
    ValueError
        If it cannot; nbgrader would fail on it.
    """
    if path.is_file():
        text = path.read_text(encoding="utf-8", errors="replace").strip()
        try:
            parse_utc(text or "1 January 2026")
        except (ValueError, OverflowError, TypeError):
            raise ValueError(f"{path.name} contains no time: {text[:80]!r}") from None


def _writes(kind: Any) -> bool:
    """Return whether a preprocessor, given as a class or its path, writes to the gradebook."""
    if isinstance(kind, str):
        return kind.rpartition(".")[2] in {writer.__name__ for writer in WRITERS}
    return issubclass(kind, WRITERS)


def _remove(folder: Path) -> None:
    if folder.exists():
        rmtree(str(folder))


def _move(source: Path, target: Path) -> None:
    """Move a folder at once or, if the target exists, file by file."""
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
