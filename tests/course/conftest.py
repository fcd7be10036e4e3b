"""The demo class, handed in and graded once by the real nbgrader commands, for all who want to look at it."""

from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from classroom.submit import DUE
from tests.support import copy_course, run

ASSIGNMENTS = ("max-pooling", "average-pooling", "pooling-in-a-cnn", "backward-pooling", "fast-pooling")


@dataclass(frozen=True)
class Graded:
    """A course after `nbgrader autograde`: where it lies, and what the command said for each assignment."""

    course: Path
    said: dict[str, CompletedProcess]


@pytest.fixture(scope="session")
def graded(processes, tmp_path_factory) -> Graded:
    """The whole class, graded as an instructor's own commands do it."""
    course = copy_course(tmp_path_factory.mktemp("class") / "course")
    said = {}
    for assignment in ASSIGNMENTS:
        run("nbgrader", "generate_assignment", assignment, cwd=course)
        run(
            "nbgrader",
            "db",
            "assignment",
            "add",
            assignment,
            f"--duedate={DUE:%Y-%m-%d %H:%M} UTC",
            cwd=course,
        )
    run("python", "-m", "classroom.submit", cwd=course)
    for assignment in ASSIGNMENTS:
        said[assignment] = run("nbgrader", "autograde", assignment, cwd=course, check=False)
        run("nbgrader", "generate_feedback", assignment, cwd=course)
    run("nbgrader", "export", cwd=course)
    return Graded(course, said)
