"""A copy of the gradebook's assignments for the workers, which only read it."""

from pathlib import Path
from typing import Any

from nbgrader import api
from nbgrader.api import Gradebook
from sqlalchemy import Connection, Table, create_engine, insert, select

# The tables that define assignments; none with students' names or grades.
ASSIGNMENTS: tuple[Any, ...] = (
    api.Course,
    api.Assignment,
    api.Notebook,
    api.BaseCell,
    api.GradeCell,
    api.SolutionCell,
    api.TaskCell,
    api.SourceCell,
)


def copy_assignments(db_url: str, path: Path) -> str:
    """Copy the assignments of a gradebook, in any database, into a new SQLite file.

    Parameters
    ----------
    db_url
        The gradebook's URL.
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
    Gradebook(url).close()  # adds what every gradebook has, so that opening the copy writes nothing
    return url


def _copy_rows(table: Table, reading: Connection, writing: Connection) -> None:
    rows = [dict(row) for row in reading.execute(select(table)).mappings()]
    if rows:
        writing.execute(insert(table), rows)
