"""The demo class, graded by the real nbgrader: every submission gets what its recipe expects."""

import csv
import re
from collections import Counter

import nbformat
import pytest
from nbgrader.api import Gradebook

from classroom.gradebook import columns, row_of
from classroom.recipe import load_class
from tests.course.conftest import ASSIGNMENTS

CLASS = load_class()
GRADED = [recipe for recipe in CLASS if recipe.scores]
UNREADABLE = [recipe for recipe in CLASS if recipe.file != "whole"]
LOGGED = {"cut": "JSONDecodeError", "missing": "No notebooks were matched"}


SENTENCE = {"es": "grupos de casos", "en": "groups of cases"}


def name(recipe) -> str:
    return f"{recipe.student} ({recipe.assignment}): {recipe.what}"


def streams(outputs):
    return [output.text for output in outputs if output.output_type == "stream"]


@pytest.fixture(scope="module")
def row(graded):
    with Gradebook(f"sqlite:///{graded.course}/gradebook.db") as gradebook:
        yield lambda recipe: row_of(graded.course, gradebook, recipe)


@pytest.mark.parametrize("recipe", GRADED, ids=name)
def test_it_gets_the_points_that_the_recipe_expects(recipe, row, graded):
    cells = columns(graded.course, recipe.assignment, recipe.language)
    scores = row(recipe).scores
    points = {cell.title: scores[cell.id] for cell in cells if cell.title != "question"}
    assert points.keys() == recipe.scores.keys()
    for task, expected in recipe.scores.items():
        assert points[task] == pytest.approx(expected, abs=0.005), task


@pytest.mark.parametrize("recipe", GRADED, ids=name)
def test_its_mistake_is_recognised(recipe, row):
    assert row(recipe).misconceptions == recipe.mistakes


@pytest.mark.parametrize("recipe", GRADED, ids=name)
def test_a_written_answer_waits_for_a_person_and_an_untouched_one_gets_nothing(recipe, row):
    [(cell, points)] = [each for each in row(recipe).scores.items() if each[0].endswith("question")]
    answered = recipe.file == "whole" and cell in recipe.code
    assert points is None if answered else points == 0


@pytest.mark.parametrize("recipe", GRADED, ids=name)
def test_it_gets_a_feedback_page(recipe, graded):
    [page] = (graded.course / "feedback" / recipe.student / recipe.assignment).glob("*.html")
    text = re.sub(r"<[^>]*>", "", page.read_text(encoding="utf-8"))
    for task in recipe.scores:
        visible = f"race({task.removesuffix('_speed')}," if task.endswith("_speed") else f"check({task})"
        assert visible in text
    assert "pooling_ref" not in text


@pytest.mark.parametrize("recipe", CLASS, ids=name)
def test_it_is_late_only_if_it_was_handed_in_late(recipe, row):
    if recipe.scores:
        assert row(recipe).late.days == recipe.days_late


@pytest.mark.parametrize("recipe", UNREADABLE, ids=name)
def test_what_cannot_be_read_has_its_line_in_the_log(recipe, graded):
    folder = graded.course / "submitted" / recipe.student / recipe.assignment
    lines = graded.said[recipe.assignment].stderr.splitlines()
    assert [line for line in lines if str(folder) in line and LOGGED[recipe.file] in line]


def test_what_was_not_handed_in_has_no_grade(row):
    for recipe in CLASS:
        if recipe.file == "missing":
            assert row(recipe).scores == {}


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_no_submission_keeps_nbgrader_from_a_good_end(assignment, graded):
    assert graded.said[assignment].returncode == 0, graded.said[assignment].stderr


@pytest.mark.parametrize("recipe", GRADED, ids=name)
def test_the_report_is_in_the_language_of_the_student_s_release(recipe, graded):
    [path] = (graded.course / "autograded" / recipe.student / recipe.assignment).glob("*.ipynb")
    cells = nbformat.read(path, as_version=4).cells
    report = "\n".join(text for cell in cells for text in streams(cell.get("outputs", [])))
    own, other = (SENTENCE[recipe.language], SENTENCE[{"es": "en", "en": "es"}[recipe.language]])
    assert other not in report
    assert own in report or not report


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
