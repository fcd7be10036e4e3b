"""What the gradebook says about the demo class, as rows and as a table."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.api import Gradebook, MissingEntry, SubmittedAssignment
from nbgrader_sealed.result import records
from rich.table import Table

from .recipe import Recipe

PENDING = "pending"


@dataclass(frozen=True)
class Column:
    """One graded cell of an assignment: `id` in the notebook, `title` in the table, `points` at most."""

    id: str
    title: str
    points: float


@dataclass(frozen=True)
class Row:
    """One submission as it was graded.

    Attributes
    ----------
    scores
        The points by the graded cell's id, None where a person has to grade; empty if nothing was graded.
    misconceptions
        The recognised misconceptions by task.
    errors
        The exception that ended a task's test cell, by task.
    late
        By how much it came after the due date.
    """

    scores: dict[str, float | None]
    misconceptions: dict[str, str]
    errors: dict[str, str]
    late: timedelta = timedelta()

    @property
    def total(self) -> float:
        """The points so far."""
        return sum(score or 0 for score in self.scores.values())


def columns(root: Path, assignment: str, language: str) -> list[Column]:
    """Return the graded cells of a released assignment, in the order of its notebooks."""
    found = []
    for path in sorted((root / "release" / language / assignment).glob("*.ipynb")):
        for cell in nbformat.read(path, as_version=4).cells:
            nbgrader = cell.metadata.get("nbgrader", {})
            if nbgrader.get("grade"):
                found.append(Column(nbgrader["grade_id"], title_of(nbgrader), nbgrader["points"]))
    return found


def title_of(nbgrader: dict) -> str:
    """Return `max_pool2d` for the test cell `max-pool2d-test`, and `question` for a written answer."""
    return "question" if nbgrader["solution"] else title_of_test(nbgrader["grade_id"])


def title_of_test(cell: str) -> str:
    """Return the task that a test cell is about: `max_pool2d` for `max-pool2d-test`."""
    return cell.removesuffix("-test").replace("-", "_")


def row_of(root: Path, gradebook: Gradebook, recipe: Recipe) -> Row:
    """Return what the gradebook and the autograded notebook say about one submission."""
    folder = root / "autograded" / recipe.student / recipe.assignment
    try:
        submission = gradebook.find_submission(recipe.assignment, recipe.student)
    except MissingEntry:
        return Row({}, {}, {})
    late = timedelta(seconds=submission.total_seconds_late)
    if not folder.is_dir():
        return Row({}, {}, {}, late)
    found = records_in(folder)
    return Row(dict(scores_of(submission)), dict(misconceptions_in(found)), dict(errors_in(found)), late)


def scores_of(submission: SubmittedAssignment) -> Iterator[tuple[str, float | None]]:
    """Yield each graded cell's id with its points, None where they are for a person to give."""
    for notebook in submission.notebooks:
        for grade in notebook.grades:
            waiting = grade.manual_score is None and grade.auto_score is None
            yield grade.name, None if waiting else grade.score


def misconceptions_in(records: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """Yield each task with the misconceptions that were recognised in it."""
    for record in records:
        named = [each["name"] for each in record.get("misconceptions", ())]
        if named:
            yield title_of_test(record["cell"]), " + ".join(named)


def errors_in(records: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """Yield each task whose test cell ended with an exception, with that exception."""
    for record in records:
        if record.get("error"):
            yield title_of_test(record["cell"]), record["error"].partition("\n")[0]


def records_in(folder: Path) -> list[dict[str, Any]]:
    """Return the records of what hidden tests found, out of the autograded notebooks of a submission."""
    notebooks = [nbformat.read(path, as_version=4) for path in sorted(folder.glob("*.ipynb"))]
    return [record for notebook in notebooks for record in records(notebook)]


def table_of(assignment: str, cells: list[Column], rows: list[tuple[Recipe, Row, str]]) -> Table:
    """Return the gradebook of one assignment; each row comes with the remark for its last column."""
    table = Table(title=assignment, title_justify="left", title_style="bold")
    table.add_column("student", no_wrap=True)
    table.add_column("lang")
    for cell in cells:
        table.add_column(f"{cell.title}\n/ {cell.points:g}", justify="right")
    table.add_column(f"total\n/ {sum(cell.points for cell in cells):g}", justify="right", style="bold")
    table.add_column("recognised misconception, or what went wrong", overflow="fold")
    for recipe, row, remark in rows:
        points = [show(row.scores.get(cell.id, 0)) if row.scores else "—" for cell in cells]
        table.add_row(recipe.student, recipe.language, *points, f"{row.total:g}", remark)
    return table


def show(score: float | None) -> str:
    """Return a score as the table shows it."""
    return PENDING if score is None else f"{score:g}"


def remark_on(row: Row, noticed: list[str]) -> str:
    """Return what the last column of the table says about a submission."""
    said = [*noticed]
    said += [f"{task}: {named}" for task, named in row.misconceptions.items()]
    said += [f"{task}: {error}" for task, error in row.errors.items()]
    if row.late:
        said.append(f"{row.late / timedelta(hours=1):.0f} h late")
    return "\n".join(said)
