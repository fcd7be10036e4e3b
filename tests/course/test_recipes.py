"""A recipe is a few lines, and becomes a real submission."""

import json
from dataclasses import replace

import nbformat
import pytest
from nbgrader.apps import NbGraderAPI
from nbgrader_sealed.authoring.release import load_config

from classroom.recipe import Recipe, load_answers, load_class
from classroom.submit import DUE, forget, hand_in

ANA, *_ = load_class()


def cells_of(folder):
    [path] = folder.glob("*.ipynb")
    return nbformat.read(path, as_version=4).cells


def sources(cells):
    return {cell.id: cell.source for cell in cells}


@pytest.mark.parametrize("recipe", load_class(), ids=lambda recipe: f"{recipe.student} {recipe.assignment}")
def test_every_recipe_names_cells_tasks_and_a_release_that_exist(recipe, course):
    folder = hand_in(course, recipe)
    released = cells_of(course / "release" / recipe.language / recipe.assignment)
    tasks = {
        cell.id.removesuffix("-test").replace("-", "_") for cell in released if cell.id.endswith("-test")
    }
    assert set(recipe.scores) in (tasks, set())
    assert set(recipe.mistakes) <= set(recipe.scores)
    assert (folder / "timestamp.txt").is_file()


def test_a_student_fills_in_the_solution_cells_and_touches_no_other(course):
    released = sources(cells_of(course / "release/es/max-pooling"))
    handed_in = sources(cells_of(hand_in(course, ANA)))
    changed = {cell for cell in released if released[cell] != handed_in[cell]}
    assert list(released) == list(handed_in)
    assert changed == {
        "output-size-solution",
        "max-pool-matrix-solution",
        "max-pool2d-solution",
        "max-pool-question",
    }


def test_an_untouched_cell_stays_as_it_was_released(course):
    recipe = replace(ANA, untouched=("max-pool2d-solution",))
    assert "raise NotImplementedError" in sources(cells_of(hand_in(course, recipe)))["max-pool2d-solution"]


def test_a_deleted_cell_is_gone_and_a_duplicated_one_stands_twice(course):
    recipe = replace(ANA, deleted=("max-pool2d-test",), duplicated=("output-size-test",))
    cells = cells_of(hand_in(course, recipe))
    ids = [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in cells]
    assert (ids.count("max-pool2d-test"), ids.count("output-size-test")) == (0, 2)


def test_a_cut_file_is_no_json_and_a_missing_one_is_not_there(course):
    [path] = hand_in(course, replace(ANA, file="cut")).glob("*.ipynb")
    with pytest.raises(json.JSONDecodeError):
        json.loads(path.read_text())
    assert not list(hand_in(course, replace(ANA, file="missing")).glob("*.ipynb"))


@pytest.mark.parametrize("days_late", [0, 1, 5])
def test_nbgrader_reads_the_timestamp(days_late, course):
    hand_in(course, replace(ANA, days_late=days_late))
    api = NbGraderAPI(config=load_config(course))
    at = api.get_submitted_timestamp(ANA.assignment, ANA.student)
    assert (at - DUE).days == (days_late or -1)


def test_handing_in_again_and_forgetting_leave_other_students_alone(course):
    real = course / "submitted/maria/max-pooling/max_pooling.ipynb"
    real.parent.mkdir(parents=True)
    real.write_text("hers")
    folder = hand_in(course, ANA)
    hand_in(course, ANA)
    forget(course)
    assert not folder.exists()
    assert real.read_text() == "hers"


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"student": "maria"}, "student: 'maria'"),
        ({"file": "burnt"}, "file: 'burnt'"),
        ({"scores": {}}, "scores: demo-ana has none"),
    ],
)
def test_a_recipe_that_makes_no_sense_is_refused(wrong, named):
    with pytest.raises(ValueError, match=named):
        replace(ANA, **wrong)


def test_a_cell_that_the_release_does_not_have_is_named(course):
    with pytest.raises(KeyError, match="no cell max-pool3d"):
        hand_in(course, replace(ANA, deleted=("max-pool3d",)))


def test_an_assignment_that_is_not_released_is_named(course):
    with pytest.raises(FileNotFoundError, match=r"release/es/min-pooling is missing"):
        hand_in(course, Recipe("demo-x", "es", "min-pooling", "", scores={"min_pool": 1}))


def test_a_style_answers_every_cell_of_the_assignments_that_it_is_handed_in_for(root):
    styles = load_answers()
    assert len(styles) == 4
    for recipe in load_class():
        released = cells_of(root / "release" / recipe.language / recipe.assignment)
        asked = {cell.id for cell in released if cell.metadata.get("nbgrader", {}).get("solution")}
        assert recipe.answers is None or asked <= styles[recipe.answers].keys(), recipe
