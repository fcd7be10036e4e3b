"""The commands that instructors know from nbgrader, typed at the course's root with our own config."""

import csv
import filecmp

import nbformat
import pytest

from classroom.recipe import load_class
from classroom.submit import filled_in, hand_in
from tests.support import copy_course, run

pytestmark = pytest.mark.usefixtures("processes")

ANA, *_ = load_class()
NOTEBOOK = "release/es/max-pooling/max_pooling.ipynb"


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """One course for all, in the order in which an instructor works."""
    return copy_course(tmp_path_factory.mktemp("plain") / "course")


def test_generate_assignment_writes_the_release_again(course, root):
    (course / NOTEBOOK).unlink()
    run("nbgrader", "generate_assignment", "max-pooling", cwd=course)
    assert filecmp.cmp(course / NOTEBOOK, root / NOTEBOOK, shallow=False)


def test_generate_assignment_fills_the_gradebook_though_the_release_is_there_already(course):
    run("nbgrader", "generate_assignment", "max-pooling", cwd=course)
    listed = run("nbgrader", "db", "assignment", "list", cwd=course).stdout
    assert "max-pooling" in listed


def test_validate_names_what_fails_in_the_release(course):
    said = run("nbgrader", "validate", NOTEBOOK, cwd=course).stdout
    assert "VALIDATION FAILED ON 4 CELL(S)!" in said


def test_validate_is_content_with_right_answers(course):
    solved = course / "solved.ipynb"
    nbformat.write(filled_in(nbformat.read(course / NOTEBOOK, as_version=4), ANA), solved)
    said = run("nbgrader", "validate", "solved.ipynb", cwd=course).stdout
    assert "Success! Your notebook passes all the tests." in said


def test_autograde_feedback_and_export(course):
    hand_in(course, ANA)
    run("nbgrader", "autograde", "max-pooling", cwd=course)
    run("nbgrader", "generate_feedback", "max-pooling", cwd=course)
    run("nbgrader", "export", cwd=course)
    with (course / "grades.csv").open(newline="") as file:
        [grade] = csv.DictReader(file)
    assert (grade["student_id"], grade["score"], grade["max_score"]) == ("demo-ana", "16.0", "20.0")
    assert (course / "feedback/demo-ana/max-pooling/max_pooling.html").is_file()


def test_the_copy_grades_with_its_own_reference_and_not_with_another_checkout_s(course):
    reference = course / "pooling_ref" / "__init__.py"
    whole = reference.read_text()
    reference.write_text("raise ImportError('the copy was asked')\n")
    try:
        done = run("nbgrader", "autograde", "max-pooling", "--force", cwd=course, check=False)
    finally:
        reference.write_text(whole)
    graded = (course / "autograded/demo-ana/max-pooling/max_pooling.ipynb").read_text()
    assert "the copy was asked" in graded + done.stderr
