"""The demo class, graded by the real nbgrader: every submission gets what its recipe expects."""

import csv
from collections import Counter

import pytest
from nbgrader.api import Gradebook

from classroom.gradebook import columns, row_of
from classroom.recipe import load_class
from tests.course.conftest import ASSIGNMENTS

pytestmark = pytest.mark.xdist_group("class")

CLASS = load_class()
GRADED = [recipe for recipe in CLASS if not recipe.fails]
BROKEN = [recipe for recipe in CLASS if recipe.fails]


def name(recipe) -> str:
    return f"{recipe.student} ({recipe.assignment}): {recipe.what}"


@pytest.fixture(scope="module")
def row(graded):
    with Gradebook(f"sqlite:///{graded.course}/gradebook.db") as gradebook:
        yield lambda recipe: row_of(graded.course, gradebook, recipe)


@pytest.mark.parametrize("recipe", GRADED, ids=name)
def test_it_gets_the_points_that_the_recipe_expects(recipe, row, graded):
    cells = columns(graded.course, recipe.assignment, recipe.language)
    scores = row(recipe).scores
    points = {cell.title: scores[cell.id] for cell in cells if cell.title != "question"}
    assert points == pytest.approx(recipe.scores, abs=0.005)


@pytest.mark.parametrize("recipe", GRADED, ids=name)
def test_its_mistake_is_recognised(recipe, row):
    assert row(recipe).mistakes == recipe.mistakes


@pytest.mark.parametrize("recipe", GRADED, ids=name)
def test_a_written_answer_waits_for_a_person_and_an_untouched_one_gets_nothing(recipe, row):
    [question] = [score for cell, score in row(recipe).scores.items() if cell.endswith("question")]
    answered = any(cell.endswith("question") for cell in recipe.code)
    assert question is None if answered else question == 0


@pytest.mark.parametrize("recipe", GRADED, ids=name)
def test_it_gets_a_feedback_page(recipe, graded):
    [page] = (graded.course / "feedback" / recipe.student / recipe.assignment).glob("*.html")
    for title in recipe.scores:
        assert f"check({title})" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize("recipe", CLASS, ids=name)
def test_it_is_late_only_if_it_was_handed_in_late(recipe, row):
    if recipe.scores:
        assert row(recipe).late.days == recipe.days_late


@pytest.mark.parametrize("recipe", BROKEN, ids=name)
def test_what_cannot_be_graded_leaves_no_grade_and_a_line_in_the_log(recipe, row, graded):
    assert row(recipe).scores == {}
    folder = graded.course / "submitted" / recipe.student / recipe.assignment
    log = graded.said[recipe.assignment].stderr
    named = [line for line in log.splitlines() if recipe.student in line and "rror" in line]
    assert named or f"No notebooks were matched by '{folder}" in log


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_nbgrader_ends_with_an_error_only_where_a_submission_could_not_be_read(assignment, graded):
    unreadable = any(recipe.file == "cut" and recipe.assignment == assignment for recipe in CLASS)
    assert graded.said[assignment].returncode == int(unreadable)


def test_the_exported_grades_are_the_gradebook_s(graded, row):
    with (graded.course / "grades.csv").open(newline="") as file:
        exported = {
            (each["student_id"], each["assignment"]): each["raw_score"] for each in csv.DictReader(file)
        }
    for recipe in GRADED:
        assert float(exported[recipe.student, recipe.assignment]) == pytest.approx(row(recipe).total)


def test_the_class_has_everything_that_a_class_has():
    assert len(CLASS) >= 24
    assert Counter(recipe.language for recipe in CLASS).keys() == {"es", "en"}
    assert len({recipe.answers for recipe in CLASS if not recipe.mistakes} - {None}) == 4
    assert len({key for recipe in CLASS for key in recipe.mistakes.values()}) >= 12
