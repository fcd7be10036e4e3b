"""The gradebook's cells of an assignment, and the cut of a test cell into visible and hidden lines."""

import ast
import contextlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from nbgrader.api import Gradebook
from nbgrader.preprocessors.clearhiddentests import ClearHiddenTests

SCHEMA = 3


class HiddenTestError(ValueError):
    """A hidden test that cannot run outside of the kernel: the instructor has to change it."""


@dataclass(frozen=True)
class AssignmentCell:
    """A cell of the assignment, as the gradebook has it.

    Attributes
    ----------
    name : str
        Its `grade_id`.
    source : str
        Its text; if it is not locked, the student's own counts.
    cell_type : str
        `code` or `markdown`.
    metadata : dict
        What nbgrader writes about it.
    """

    name: str
    source: str
    cell_type: str
    metadata: dict[str, Any]

    @property
    def locked(self) -> bool:
        """Whether the student may not change it."""
        return bool(self.metadata["locked"])

    @property
    def must_stand(self) -> bool:
        """Whether it is put back if it is missing: all but the cells that only hold a solution."""
        return self.locked or bool(self.metadata["grade"] or self.metadata["task"])

    @property
    def points(self) -> float | None:
        """What it is worth; None if it is not graded."""
        return self.metadata.get("points")


@dataclass(frozen=True)
class CutCell:
    """A test cell, cut in two.

    Attributes
    ----------
    visible : str
        What the student sees, and what runs in the kernel.
    hidden : str
        What runs in the grading process, with blank lines in place of the rest so that line numbers stay;
        empty if there is nothing hidden.
    counts : bool
        Whether the value of the last hidden line is the cell's value: nothing visible follows it.
    """

    visible: str
    hidden: str
    counts: bool


@lru_cache(maxsize=1000)
def cut(source: str, begin: str, end: str) -> CutCell:
    """Cut a cell at its marks, as nbgrader's `ClearHiddenTests` does.

    Raises
    ------
    HiddenTestError
        If marks are nested or open, or the hidden lines are no Python of their own.
    """
    visible, hidden, inside = [], [], False
    for line in source.split("\n"):
        if begin in line or end in line:
            if (begin in line) == inside:
                raise HiddenTestError(f"hidden tests: a mark without its counterpart: {line.strip()!r}")
            inside = not inside
            hidden.append("")
        elif inside:
            hidden.append(line)
        else:
            visible.append(line)
            hidden.append("")
    if inside:
        raise HiddenTestError(f"hidden tests: {begin!r} without {end!r}")
    shown, text = "\n".join(visible), "\n".join(hidden)
    try:
        tree = ast.parse(text)
        if not tree.body:
            return CutCell(shown, "", False)
        compile(tree, "<hidden tests>", "exec")  # finds what the grammar alone allows, such as `await`
    except SyntaxError as error:
        raise HiddenTestError(
            f"hidden tests: the lines between the marks are no Python of their own: {error.msg} "
            f"(line {error.lineno}); they cannot stand inside a block, and cannot use magics"
        ) from None
    last = max(number for number, line in enumerate(hidden) if line.strip())
    after = [line.strip() for line in source.split("\n")[last + 1 :]]
    return CutCell(shown, text, all(not line or line.startswith("#") for line in after))


def cells_of(resources: dict[str, Any]) -> dict[str, AssignmentCell]:
    """Return the cells of the notebook that nbgrader's `resources` are about.

    A process that grades many submissions puts a reader of its own in `resources["nbgrader"]["read_cells"]`,
    which need not open the gradebook anew for each.
    """
    about = resources["nbgrader"]
    reader = about.get("read_cells", read_cells)
    return reader(about["db_url"], about["assignment"], about["notebook"])


def read_cells(db_url: str, assignment: str, notebook: str) -> dict[str, AssignmentCell]:
    """Return the cells of the assignment in their order, as the gradebook has them."""
    with Gradebook(db_url) as gradebook:
        notebook = gradebook.find_notebook(notebook, assignment)
        grades = {cell.name: cell.max_score for cell in notebook.grade_cells}
        tasks = {cell.name: cell.max_score for cell in notebook.task_cells}
        solutions = {cell.name for cell in notebook.solution_cells}
        return {
            cell.name: AssignmentCell(
                cell.name,
                cell.source or "",
                cell.cell_type,
                {
                    "grade": cell.name in grades,
                    "grade_id": cell.name,
                    "solution": cell.name in solutions,
                    "task": cell.name in tasks,
                    "locked": bool(cell.locked),
                    "checksum": cell.checksum,
                    "cell_type": cell.cell_type,
                    "schema_version": SCHEMA,
                    **(
                        {"points": {**grades, **tasks}[cell.name]} if cell.name in {**grades, **tasks} else {}
                    ),
                },
            )
            for cell in notebook.source_cells
        }


def modules_of_tests(db_url: str, assignment: str, marks: ClearHiddenTests) -> set[str]:
    """Return the modules that an assignment's hidden tests import."""
    with Gradebook(db_url) as gradebook:
        notebooks = [notebook.name for notebook in gradebook.find_assignment(assignment).notebooks]
    cells = [cell for name in notebooks for cell in read_cells(db_url, assignment, name).values()]
    found: set[str] = set()
    for source in [cell.source for cell in cells if cell.locked]:
        with contextlib.suppress(HiddenTestError):  # reported when the cell is run
            hidden = cut(source, marks.begin_test_delimeter, marks.end_test_delimeter).hidden
            found |= imported_modules(hidden)
    return found


def imported_modules(source: str) -> set[str]:
    """Return the modules that some lines import, at any depth."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module)
    return found
