"""What the gradebook says about the demo class, as rows and as a table."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import nbformat
from nbgrader.api import Gradebook, MissingEntry, SubmittedAssignment
from rich.table import Table

from pooling_lab.summary import read_summary

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
    mistakes
        The recognised mistake by task.
    errors
        The exception that ended a task's test cell, by task.
    late
        By how much it came after the due date.
    """

    scores: dict[str, float | None]
    mistakes: dict[str, str]
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
    if nbgrader["solution"]:
        return "question"
    return nbgrader["grade_id"].removesuffix("-test").replace("-", "_")


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
    return Row(dict(scores_of(submission)), dict(mistakes_in(folder)), dict(errors_in(folder)), late)


def scores_of(submission: SubmittedAssignment) -> Iterator[tuple[str, float | None]]:
    """Yield each graded cell's id with its points, None where they are for a person to give."""
    for notebook in submission.notebooks:
        for grade in notebook.grades:
            waiting = grade.manual_score is None and grade.auto_score is None
            yield grade.name, None if waiting else grade.score


def mistakes_in(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield each task with the mistake that its report recognised, out of the autograded notebooks."""
    for task, outputs in shown_by_tests(folder):
        lines = "".join(output.get("text", "") for output in outputs).splitlines()
        for said in filter(None, map(read_summary, lines)):
            if said.mistake and said.task == task:
                yield task, said.mistake


def errors_in(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield each task whose test cell ended with an exception, with that exception."""
    for task, outputs in shown_by_tests(folder):
        for output in outputs:
            if output.output_type == "error":
                yield task, f"{output.ename}: {output.evalue}".partition("\n")[0]


def shown_by_tests(folder: Path) -> Iterator[tuple[str, list[nbformat.NotebookNode]]]:
    """Yield each task with what its test cell shows."""
    for path in sorted(folder.glob("*.ipynb")):
        for cell in nbformat.read(path, as_version=4).cells:
            nbgrader = cell.metadata.get("nbgrader", {})
            if nbgrader.get("grade") and cell.cell_type == "code":
                yield title_of(nbgrader), cell.outputs


def table_of(assignment: str, cells: list[Column], rows: list[tuple[Recipe, Row, str]]) -> Table:
    """Return the gradebook of one assignment; each row comes with the remark for its last column."""
    table = Table(title=assignment, title_justify="left", title_style="bold")
    table.add_column("student", no_wrap=True)
    table.add_column("lang")
    for cell in cells:
        table.add_column(f"{cell.title}\n/ {cell.points:g}", justify="right")
    table.add_column(f"total\n/ {sum(cell.points for cell in cells):g}", justify="right", style="bold")
    table.add_column("recognised mistake, or what went wrong", overflow="fold")
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
    said += [f"{task}: {mistake}" for task, mistake in row.mistakes.items()]
    said += [f"{task}: {error}" for task, error in row.errors.items()]
    if row.late:
        said.append(f"{row.late / timedelta(hours=1):.0f} h late")
    return "\n".join(said)
