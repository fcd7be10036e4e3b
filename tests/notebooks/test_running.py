"""Each notebook is run from top to bottom in a real kernel: solved, as released, and with wrong answers."""

import ast
import re

import pytest

from tests.notebooks.running import SOURCES, execute, in_language, name_of, outputs, read

pytestmark = pytest.mark.usefixtures("processes")

LANGUAGES = ["es", "en"]
WAITING = {"es": "Esta celda espera", "en": "This cell waits"}


@pytest.fixture(scope="module", params=SOURCES, ids=name_of)
def solved(request, tmp_path_factory):
    """The instructor's own copy, with its solutions and hidden tests, after a run in Spanish."""
    folder = tmp_path_factory.mktemp("solved")
    return execute(in_language(read(request.param), "es"), folder, POOLING_LANGUAGE="es")


@pytest.fixture(scope="module", params=[(p, lang) for p in SOURCES for lang in LANGUAGES], ids=str)
def unanswered(request, tmp_path_factory):
    """A released notebook that nobody has touched, after a run."""
    path, language = request.param
    released = path.parents[2] / "release" / language / path.relative_to(path.parents[1])
    return execute(read(released), tmp_path_factory.mktemp("unanswered"))


def test_the_instructors_copy_runs_without_an_error(solved):
    assert [(cell, error.ename, error.evalue) for cell, error in outputs(solved, "error")] == []


def test_the_instructors_copy_earns_every_point(solved):
    earned = {cell: value.data["text/plain"] for cell, value in outputs(solved, "execute_result")}
    graded = [c for c in solved.cells if c.id.endswith("-test") and c.metadata.nbgrader.grade]
    assert graded
    for cell in graded:
        assert float(ast.literal_eval(earned[cell.id])) == cell.metadata.nbgrader.points, cell.id


def test_nothing_is_written_to_stderr(solved):
    streams = [(cell, stream.text) for cell, stream in outputs(solved, "stream") if stream.name == "stderr"]
    assert streams == []


def test_every_picture_has_an_alternative_text_in_the_language(solved):
    pages = [o.data.get("text/html", "") for _, o in outputs(solved, "display_data")]
    images = [image for page in pages for image in re.findall(r"<img\b[^>]*>", page)]
    assert images
    for image in images:
        alt = re.search(r'alt="([^"]*)"', image)
        assert alt and len(alt[1]) > 20, image[:200]
    assert not re.search(r'alt="(Matrix|A row|A tabby|Lines)', " ".join(images)), "English in Spanish"


def test_no_picture_comes_without_an_alternative_text(solved):
    shown = outputs(solved, "display_data") + outputs(solved, "execute_result")
    assert [cell for cell, output in shown if {"image/png", "image/svg+xml"} & set(output.data)] == []


def test_the_prose_of_an_unanswered_notebook_still_runs(unanswered):
    """Only the checks stop: every other cell shows its picture, or waits in peace."""
    assert [cell for cell, _ in outputs(unanswered, "error") if not cell.endswith("-test")] == []


def test_every_check_of_an_unanswered_notebook_says_that_there_is_work(unanswered):
    graded = [c.id for c in unanswered.cells if c.id.endswith("-test")]
    assert [cell for cell, _ in outputs(unanswered, "error")] == graded
    for cell, error in outputs(unanswered, "error"):
        assert "pooling_ref" not in str(error), cell


def test_pictures_of_unwritten_functions_wait_in_the_notebooks_language(unanswered):
    text = " ".join(o.data.get("text/markdown", "") for _, o in outputs(unanswered, "display_data"))
    assert WAITING[unanswered.metadata.lang] in text
