"""Gradebooks for many submissions in a row: kept connected, and copied for those who only read."""

import contextlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

from nbgrader import api
from nbgrader.api import BaseCell, Comment, Grade, Gradebook
from nbgrader.converters import autograde
from nbgrader.preprocessors import latesubmissions, overwritekernelspec, saveautogrades
from sqlalchemy import Connection, Table, create_engine, insert, select

from nbgrader_sealed.execution import preprocessor as sealed
from nbgrader_sealed.submission import normalise

# Who opens a gradebook while a submission is graded, each of them anew: ten times for one notebook.
OPENERS: tuple[ModuleType, ...] = (
    autograde,
    latesubmissions,
    overwritekernelspec,
    saveautogrades,
    normalise,
    sealed,
)
# The tables that say what an assignment is; those with students' names and grades are not among them.
ASSIGNMENTS = (
    api.Course,
    api.Assignment,
    api.Notebook,
    api.BaseCell,
    api.GradeCell,
    api.SolutionCell,
    api.TaskCell,
    api.SourceCell,
)


class KeptGradebook(Gradebook):
    """nbgrader's gradebook, whose connection and prepared queries outlive `close`.

    What nbgrader commits, a cell at a time, is one transaction from here to `close`. What it looks up, a cell
    at a time, is read for a whole notebook at once.
    """

    _held: ClassVar[set["KeptGradebook"] | None] = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.db.commit = lambda: None  # the session writes before each query, and `close` commits
        self._read: dict[tuple[str, ...], dict[tuple[type, str], Any]] = {}

    def find_grade(self, grade_cell: str, *whose: str) -> Grade:
        """Find a cell's grade; `whose` are the names of notebook, assignment and student."""
        return self._of_cells(whose).get((Grade, grade_cell)) or super().find_grade(grade_cell, *whose)

    def find_comment(self, solution_cell: str, *whose: str) -> Comment:
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
        """Close it; where an error has come, nothing of the transaction stays."""
        if kind is not None:
            self.db.rollback()
        self.close()

    def close(self) -> None:
        """Write all, and end the session: what it held is forgotten, and the next one reads anew.

        Inside `one_session` it ends with that.
        """
        session = self.db()
        session.expire_on_commit = False  # where it goes on, what was read is known
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
        """Let what is opened inside, one time after the other, know what was read before."""
        cls._held = set()
        try:
            yield
        finally:
            held, cls._held = cls._held, None
            for gradebook in held:
                gradebook._forget()


_kept = cache(KeptGradebook)
# Who reads what an assignment is, for each submission anew.
READERS: tuple[tuple[ModuleType, str], ...] = ((normalise, "read_given"), (sealed, "read_sources"))


@contextlib.contextmanager
def kept_open() -> Iterator[None]:
    """Let all that nbgrader opens inside be one gradebook for each database and course.

    What an assignment is, is read once from each, and must not change inside.
    """
    readers = [(module, name, getattr(module, name)) for module, name in READERS]
    try:
        for module in OPENERS:
            module.Gradebook = _kept
        for module, name, reader in readers:
            setattr(module, name, cache(reader))
        yield
    finally:
        for module in OPENERS:
            module.Gradebook = Gradebook
        for module, name, reader in readers:
            setattr(module, name, reader)
        _kept.cache_clear()


def copy_assignments(db_url: str, path: Path) -> str:
    """Copy what a gradebook of any database says about assignments into a new SQLite file.

    Parameters
    ----------
    db_url
        The gradebook.
    path
        The file to write.

    Returns
    -------
    str
        The copy's URL.
    """
    url = f"sqlite:///{path}"
    source, copy = create_engine(db_url), create_engine(url)
    api.Base.metadata.create_all(copy)
    tables = {kind.__table__ for kind in ASSIGNMENTS}
    with source.connect() as reading, copy.begin() as writing:
        for table in api.Base.metadata.sorted_tables:
            if table in tables:
                _copy_rows(table, reading, writing)
    source.dispose()
    copy.dispose()
    Gradebook(url).close()  # adds what every gradebook has, so that nobody who opens the copy writes to it
    return url


def _copy_rows(table: Table, reading: Connection, writing: Connection) -> None:
    rows = [dict(row) for row in reading.execute(select(table)).mappings()]
    if rows:
        writing.execute(insert(table), rows)
