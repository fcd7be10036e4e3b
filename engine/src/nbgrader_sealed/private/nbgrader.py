"""nbgrader's private names, as of version 0.9.6: its converters, its gradebook, its pages' scores."""

import contextlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader.api import BaseCell, Comment, Grade, Gradebook
from nbgrader.converters import Autograde, autograde
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import GetGrades, latesubmissions, overwritekernelspec, saveautogrades

# The private names used below; a test names those that are gone.
BORROWED = (
    "nbgrader.converters.autograde:Autograde._sanitizing",
    "nbgrader.converters.autograde:Autograde._input_directory",
    "nbgrader.converters.autograde:Autograde._output_directory",
    "nbgrader.converters.autograde:Autograde._init_preprocessors",
    "nbgrader.converters.base:BaseConverter._format_source",
    "nbgrader.converters.base:BaseConverter._format_dest",
    "nbgrader.preprocessors.getgrades:GetGrades._get_score",
    "nbgrader.converters.autograde:Gradebook",
    "nbgrader.preprocessors.latesubmissions:Gradebook",
    "nbgrader.preprocessors.overwritekernelspec:Gradebook",
    "nbgrader.preprocessors.saveautogrades:Gradebook",
)
# The modules of nbgrader that each open a gradebook while a submission is graded.
_OPENERS: tuple[ModuleType, ...] = (autograde, latesubmissions, overwritekernelspec, saveautogrades)


class StagingAutograde(Autograde):
    """nbgrader's Autograde, which can write to a staging folder."""

    stage = ""  # the folder that replaces autograded/, if not empty

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._made: dict[bool, list[Any]] = {}

    @property
    def course(self) -> CourseDirectory:
        """The course's folders and settings."""
        course: Any = self.coursedir
        return course

    @property
    def _input_directory(self) -> str:
        return self.course.submitted_directory if self._sanitizing else self._output_directory

    @property
    def _output_directory(self) -> str:
        return self.stage or self.course.autograded_directory

    def _init_preprocessors(self) -> None:
        """Set the exporter's preprocessors; they are made once, and not for each notebook anew."""
        exporter: Any = self.exporter
        if self._sanitizing not in self._made:
            super()._init_preprocessors()
            self._made[self._sanitizing] = exporter._preprocessors
        exporter._preprocessors = self._made[self._sanitizing]
        self.before_conversion(self._sanitizing)

    def before_conversion(self, sanitising: bool) -> None:
        """Prepare for a notebook to be sanitised, or else executed; a subclass may override it."""

    @contextlib.contextmanager
    def reading_output(self) -> Iterator[None]:
        """Temporarily read notebooks from the output folder, as nbgrader does once they are sanitised."""
        self._sanitizing = False
        try:
            yield
        finally:
            self._sanitizing = True

    def submitted_folder(self, assignment: str, student: str, escape: bool = False) -> str:
        """Return a submission's folder; a pattern if a name is one, for `re` if `escape`."""
        return self._format_source(assignment, student, escape=escape)

    def graded_folder(self, assignment: str, student: str) -> Path:
        """Return the folder that a graded submission is written to."""
        return Path(self._format_dest(assignment, student))


class GradesReader(GetGrades):
    """nbgrader's GetGrades with a hook after each score."""

    def _get_score(self, cell: NotebookNode, resources: ResourcesDict) -> None:
        super()._get_score(cell, resources)
        self.after_score(cell, resources)

    def after_score(self, cell: NotebookNode, resources: ResourcesDict) -> None:
        """Process a cell whose score was written; a subclass may override it."""


class PersistentGradebook(Gradebook):
    """nbgrader's gradebook, whose connection and prepared queries outlive `close`.

    nbgrader commits and queries cell by cell. Here, everything until `close` is one transaction, and a query
    reads a whole notebook.
    """

    _held: ClassVar[set["PersistentGradebook"] | None] = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.db.commit = lambda: None  # the session flushes before each query, and `close` commits
        self._read: dict[tuple[str, ...], dict[tuple[type, str], Any]] = {}

    def find_grade(self, grade_cell: str, *whose: str) -> Any:
        """Find a cell's grade; `whose` are the names of notebook, assignment and student."""
        return self._of_cells(whose).get((Grade, grade_cell)) or super().find_grade(grade_cell, *whose)

    def find_comment(self, solution_cell: str, *whose: str) -> Any:
        """Find a cell's comment; `whose` are the names of notebook, assignment and student."""
        found = self._of_cells(whose).get((Comment, solution_cell))
        return found or super().find_comment(solution_cell, *whose)

    def _of_cells(self, whose: tuple[str, ...]) -> dict[tuple[type, str], Any]:
        """Return the grades and comments of a submitted notebook, by kind and by their cells' names."""
        if whose not in self._read:
            notebook = self.find_submission_notebook(*whose).id
            self._read[whose] = {
                (kind, cell): found
                for kind in (Grade, Comment)
                for cell, found in self.db.query(BaseCell.name, kind)
                .join(kind, kind.cell_id == BaseCell.id)
                .filter(kind.notebook_id == notebook)
            }
        return self._read[whose]

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        """Close the gradebook; roll back after an error."""
        if kind is not None:
            self.db.rollback()
        self.close()

    def close(self) -> None:
        """Commit, and end the session with its cache; inside `one_session`, these end with that."""
        session = self.db()
        session.expire_on_commit = False  # inside `one_session`, what was read stays
        try:
            session.commit()
        except BaseException:
            self._forget()
            raise
        if self._held is None:
            self._forget()
        else:
            self._held.add(self)

    def _forget(self) -> None:
        self.db.remove()
        self._read.clear()

    @classmethod
    @contextlib.contextmanager
    def one_session(cls) -> Iterator[None]:
        """Share one session and its cache among gradebooks that are opened inside one after another."""
        cls._held = set()
        try:
            yield
        finally:
            held, cls._held = cls._held, None
            for gradebook in held:
                gradebook._forget()


_kept = cache(PersistentGradebook)


@contextlib.contextmanager
def keep_gradebooks_open() -> Iterator[None]:
    """Make nbgrader use one persistent gradebook for each database and course."""
    try:
        for module in _OPENERS:
            setattr(module, "Gradebook", _kept)  # noqa: B010 - no module says that it has one
        yield
    finally:
        for module in _OPENERS:
            setattr(module, "Gradebook", Gradebook)  # noqa: B010
        _kept.cache_clear()
