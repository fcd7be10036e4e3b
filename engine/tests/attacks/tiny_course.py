"""A minimal course for tests: three functions with hidden tests, and a written question."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from textwrap import dedent

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nbgrader.api import Gradebook

from tests.support import run

SANDBOXED = """
c.SealedExecute.kernel_name = KERNEL
c.Sandbox.kind = "{sandbox}"
c.Sandbox.preload = ["numpy"]
"""
HIDDEN_CANARY = "canary-of-the-hidden-lines-5d1c"
CONFIG = """
import nbgrader_sealed
from nbgrader_sealed.configuration import KERNEL

c = get_config()
nbgrader_sealed.configure(c)
c.CourseDirectory.course_id = "tiny"
c.Execute.timeout = 8
c.SealedExecute.kernel_name = "python3"
c.SealedExecute.notebook_timeout = 120
"""

# Each task: the solution, the visible lines, the hidden lines, the points.
TASKS = {
    "double": (
        'def double(x):\n    """Twice x."""\n    ### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION',
        "print(double(1))",
        """
        expected = 42  # {canary}
        assert double(21) == expected, "double(21) is wrong"
        x = np.arange(6.0).reshape(2, 3)
        kept = x.copy()
        assert np.array_equal(double(x), 2 * kept), "double of an array is wrong"
        assert np.array_equal(x, kept), "double wrote to its argument"
        """,
        3,
    ),
    "largest": (
        'def largest(values):\n    """The largest of some numbers."""\n'
        "    ### BEGIN SOLUTION\n    return max(values)\n    ### END SOLUTION",
        "largest([1, 2])",
        """
        points = 0  # {canary}
        for values, expected in ([3, 1, 2], 3), ([-5, -7], -5), ([0], 0), ([1.5, 9.25], 9.25), ([2, 2], 2):
            points += largest(values) == expected
        print(f"largest: {{points}} of 5")
        points
        """,
        5,
    ),
    "pair": (
        'def pair(x):\n    """x and its negative."""\n'
        "    ### BEGIN SOLUTION\n    if not isinstance(x, (int, float)):\n"
        '        raise ValueError(f"x: {x!r} is no number")\n    return x, -x\n    ### END SOLUTION',
        "pair(1)",
        """
        assert pair(4) == (4, -4)  # {canary}
        try:
            pair("four")
        except ValueError as error:
            assert "x" in str(error)
        else:
            raise AssertionError("pair('four') should raise a ValueError")
        """,
        2,
    ),
}
FULL = {"double-test": 3.0, "largest-test": 5.0, "pair-test": 2.0}


def nbgrader_metadata(name: str, **kinds: object) -> dict:
    metadata = {"grade": False, "solution": False, "locked": False, "task": False, "schema_version": 3}
    return {"nbgrader": {**metadata, "grade_id": name, **kinds}}


def source_notebook(hidden: bool = True, also: Sequence[str] = ()) -> NotebookNode:
    """Return the instructor's notebook; without hidden tests, or with more hidden lines in each test."""
    cells = [new_code_cell("import numpy as np", id="imports")]
    for name, (solution, visible, secret, points) in TASKS.items():
        lines = "\n".join([dedent(secret.format(canary=HIDDEN_CANARY)).strip(), *also])
        test = f"{visible}\n### BEGIN HIDDEN TESTS\n{lines}\n### END HIDDEN TESTS" if hidden else visible
        metadata = nbgrader_metadata(f"{name}-solution", solution=True)
        cells.append(new_code_cell(solution, id=f"{name}-solution", metadata=metadata))
        metadata = nbgrader_metadata(f"{name}-test", grade=True, locked=True, points=points)
        cells.append(new_code_cell(test, id=f"{name}-test", metadata=metadata))
    metadata = nbgrader_metadata("why", grade=True, solution=True, points=1)
    cells.append(new_markdown_cell("Because ...", id="why", metadata=metadata))
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel})


def solved() -> NotebookNode:
    """Return the notebook of a student who has solved everything."""
    nb = source_notebook()
    for cell in nb.cells:
        kept, hidden = [], False
        for line in cell.source.split("\n"):
            hidden = (hidden or "BEGIN HIDDEN" in line) and "END HIDDEN" not in line
            if not hidden and "###" not in line:
                kept.append(line)
        cell.source = "\n".join(kept)
    return nb


def cell(nb: NotebookNode, name: str) -> NotebookNode:
    """Return the cell with an id."""
    return next(cell for cell in nb.cells if cell.id == name)


class TinyCourse:
    """The course in a folder, with its submissions and their results.

    `sandbox` is the backend to grade in, "none" for an ordinary kernel; `hidden` and `also` go to
    `source_notebook`.
    """

    def __init__(
        self, root: Path, sandbox: str = "none", hidden: bool = True, also: Sequence[str] = ()
    ) -> None:
        self.root = root
        root.mkdir(parents=True)
        config = CONFIG if sandbox == "none" else CONFIG + SANDBOXED.format(sandbox=sandbox)
        (root / "nbgrader_config.py").write_text(config)
        (root / "source" / "ps").mkdir(parents=True)
        nbformat.write(source_notebook(hidden, also), root / "source" / "ps" / "ps.ipynb")
        done = run("nbgrader", "generate_assignment", "ps", cwd=root)
        self.generated = done.stdout + done.stderr

    def hand_in(self, student: str, change: Callable[[NotebookNode], object]) -> None:
        """Submit a solved notebook after a change; if that returns bytes, these are the file."""
        folder = self.root / "submitted" / student / "ps"
        folder.mkdir(parents=True)
        nb = solved()
        raw = change(nb)
        if not isinstance(raw, bytes):
            raw = json.dumps(nb).encode()
        (folder / "ps.ipynb").write_bytes(raw)

    def autograde(self) -> str:
        """Grade all submissions in one run, and return nbgrader's log."""
        done = run("nbgrader", "autograde", "ps", "--create", cwd=self.root, check=False)
        return done.stdout + done.stderr

    def feedback(self) -> str:
        """Generate all feedback pages, and return nbgrader's log."""
        done = run("nbgrader", "generate_feedback", "ps", cwd=self.root, check=False)
        return done.stdout + done.stderr

    def page(self, student: str) -> str:
        """Return the feedback page of a student."""
        return (self.root / "feedback" / student / "ps" / "ps.html").read_text(encoding="utf-8")

    def scores(self, student: str) -> dict[str, float | None]:
        """Return the automatic scores of a student, by cell."""
        with Gradebook(f"sqlite:///{self.root}/gradebook.db") as gradebook:
            notebook = gradebook.find_submission_notebook("ps", "ps", student)
            return {grade.name: grade.auto_score for grade in notebook.grades}

    def autograded(self, student: str) -> NotebookNode:
        """Return the graded notebook of a student."""
        return nbformat.read(self.root / "autograded" / student / "ps" / "ps.ipynb", as_version=4)

    def left(self, student: str) -> str:
        """Return the content of all files that a submission left, as one text."""
        folders = [self.root / name / student for name in ("autograded", "feedback")]
        files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
        return "\n".join(path.read_bytes().decode("latin-1") for path in files)
