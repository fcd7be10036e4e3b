"""The released notebooks in the JupyterLab of `./course lab`, as students of the demo class leave them."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import BrowserContext, expect

from classroom.recipe import load_class
from classroom.submit import filled_in
from pooling_lab.explorer.controls import CONTROLS
from tests.browser import Console, chromium, open_notebook, serve_course
from tests.explorer.explorer_page import ExplorerPage
from tests.notebooks.notebook_page import NotebookPage
from tests.notebooks.running import outputs, read
from tests.support import ROOT, copy_course

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.usefixtures("processes")]

CLASS = {(recipe.student, recipe.assignment): recipe for recipe in load_class()}
SLIDERS = [control.key for control in CONTROLS if control.kind == "slider"]
PRAISE = {"es": "Las pruebas ocultas revisan más casos.", "en": "The hidden tests try more."}

EXPLORED = [("demo-ana", "max-pooling"), ("demo-ben", "average-pooling")]  # in Spanish, and in English
RIGHT = [
    *EXPLORED,
    ("demo-ana", "pooling-in-a-cnn"),
    ("demo-ana", "backward-pooling"),
    ("demo-carla", "fast-pooling"),
]
OTHER = {"es": "en", "en": "es"}
RIGHT += [(*each, OTHER[CLASS[each].language]) for each in RIGHT]  # the same answers in the other release

# The first check that stops a student who is wrong, and what it says in this order.
WRONG = {
    ("demo-hugh", "max-pooling"): (
        "max-pool2d-test",
        "Called: max_pool2d(x, 2, padding=1)",
        "Came back: array of shape (1, 1, 2, 3), int64",
        "Expected: array of shape (1, 1, 2, 3), int64",
        "First difference: cell [0, 0, 0, 0] is 0, it should be -7",
    ),
    ("demo-luis", "average-pooling"): (
        "avg-pool-matrix-test",
        "Se llamó: avg_pool_matrix(x, 2)",
        "Devolvió: arreglo de forma (2, 2), float64",
        "Se esperaba: arreglo de forma (2, 2), float64",
        "Primera diferencia: la celda [0, 0] es 36, debería ser 36.5",
    ),
    ("demo-frank", "pooling-in-a-cnn"): (
        "layer-shape-test",
        "Called: layer_shape(('conv', 5, 3, 2), (3, 9, 14))",
        "Came back: (5, 9, 14)",
        "Expected: (5, 5, 7)",
        "First difference: cell [1] is 9, it should be 5",
    ),
    ("demo-hugh", "backward-pooling"): (
        "max-pool2d-backward-test",
        "Called: max_pool2d_backward(grad_output, x, 2)",
        "Came back: array of shape (1, 1, 4, 4), float64",
        "Expected: array of shape (1, 1, 4, 4), float64",
        "First difference: cell [0, 0, 2, 1] is 3, it should be 0",
    ),
    ("demo-gabi", "fast-pooling"): (
        "window-view-test",
        "Se llamó: window_view(x, 2)",
        "Devolvió: arreglo de forma (1, 1, 3, 3, 2, 2), int64",
        "Se esperaba: arreglo de forma (1, 1, 2, 2, 2, 2), int64",
    ),
}


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Path:
    return copy_course(tmp_path_factory.mktemp("lab") / "course")


@pytest.fixture(scope="module")
def lab(course: Path) -> Iterator[str]:
    with serve_course(course) as address:
        yield address


@pytest.fixture(scope="module")
def context() -> Iterator[BrowserContext]:
    with chromium() as browser:
        yield browser.new_context(viewport={"width": 1280, "height": 1000})


@pytest.fixture(scope="module")
def opened(context: BrowserContext, lab: str, course: Path):
    """Open a student's copy of a released notebook and run it; the browser has no complaint in the end."""

    @contextmanager
    def opened(student: str, assignment: str, language: str = "") -> Iterator[NotebookPage]:
        recipe = CLASS[student, assignment]
        recipe = replace(recipe, language=language or recipe.language)
        name = f"{recipe.language}/{assignment}/{student}.ipynb"
        [released] = (ROOT / "release" / recipe.language / assignment).glob("*.ipynb")
        nbformat.write(filled_in(read(released), recipe), course / "release" / name)
        page = context.new_page()
        console = Console(page)
        notebook = NotebookPage(page, course / "release" / name)
        # In a workspace of its own JupyterLab opens nothing else beside it.
        open_notebook(page, lab, name, app=f"lab/workspaces/{student}-{assignment}-{language}/tree")
        yield notebook.runs()
        notebook.closes()
        page.close()
        assert console.errors == []

    return opened


@pytest.fixture(scope="module", params=RIGHT, ids=" ".join)
def right(request, opened) -> Iterator[NotebookPage]:
    """The notebook of a student who is right, after a run."""
    with opened(*request.param) as notebook:
        yield notebook


@pytest.fixture(scope="module", params=WRONG, ids=" ".join)
def wrong(request, opened) -> Iterator[NotebookPage]:
    """The notebook of a student who is wrong, after a run up to the first check that stops it."""
    with opened(*request.param) as notebook:
        yield notebook


@pytest.fixture
def explorer(right: NotebookPage) -> ExplorerPage:
    """The notebook's explorer, with an example and a setting that show every slider."""
    right.output("explore").scroll_into_view_if_needed()
    explorer = ExplorerPage(right.page).appears()
    examples = explorer.root.locator(".pooling-control-example select")
    examples.select_option(index=examples.locator("option").count() - 1)  # the photo, with its channels
    explorer.root.locator(".pooling-control-same input").uncheck()
    return explorer


def test_every_cell_runs_and_every_check_is_content(right):
    saved = right.saved()
    assert outputs(saved, "error") == []
    assert [cell.id for cell in saved.cells if cell.cell_type == "code" and not cell.execution_count] == []
    checks = [cell.id for cell in saved.cells if cell.id.endswith("-test")]
    for check in checks:
        expect(right.output(check)).to_contain_text("✓")
    for check in (check for check in checks if not check.endswith("-speed-test")):
        expect(right.output(check)).to_contain_text(PRAISE[saved.metadata.lang])


@pytest.mark.parametrize("right", EXPLORED, ids=" ".join, indirect=True)
def test_every_slider_of_the_explorer_changes_the_picture(explorer):
    for key in SLIDERS:
        before = explorer.picture.inner_html()
        explorer.root.locator(f".pooling-control-{key} .noUi-handle").press("ArrowRight")
        explorer.page.wait_for_function(
            "([picture, before]) => picture.innerHTML !== before",
            arg=[explorer.picture.element_handle(), before],
        )


@pytest.mark.parametrize("right", EXPLORED, ids=" ".join, indirect=True)
def test_no_name_of_a_slider_is_cut_off_or_has_another_tooltip(explorer):
    for key in SLIDERS:
        name = explorer.root.locator(f".pooling-control-{key} .widget-label")
        assert name.evaluate("node => 0 < node.scrollWidth && node.scrollWidth <= node.clientWidth"), key
        expect(name).to_have_attribute("title", name.text_content())


@pytest.mark.parametrize("right", EXPLORED, ids=" ".join, indirect=True)
def test_the_film_plays_until_it_is_stopped(explorer):
    play = explorer.root.locator(".pooling-control-play button").first
    first = explorer.picture.get_attribute("aria-label")
    play.click()
    expect(explorer.picture).not_to_have_attribute("aria-label", first)
    play.click()
    expect(explorer.root.locator(".pooling-playing")).to_have_count(0)


@pytest.mark.parametrize("right", EXPLORED[:1], ids=" ".join, indirect=True)
def test_the_menu_of_nbgrader_offers_nothing_that_leads_nowhere(right):
    right.page.get_by_role("menuitem", name="Nbgrader", exact=True).click()
    offered = right.page.locator(".lm-Menu .lm-Menu-itemLabel").all_text_contents()
    right.page.keyboard.press("Escape")
    assert [entry for entry in offered if entry] == ["Create assignment"]


def test_validate_is_content(right):
    assert "Success! Your notebook passes all the tests." in right.validated()


def test_the_first_check_that_fails_says_what_was_called_came_back_and_was_expected(wrong, request):
    check, *lines = WRONG[request.node.callspec.params["wrong"]]
    saved = wrong.saved()
    assert [cell for cell, _ in outputs(saved, "error")] == [check]
    expect(wrong.output(check)).to_have_text(re.compile(".*".join(map(re.escape, lines)), re.DOTALL))


def test_validate_says_what_the_check_says(wrong, request):
    check, *_ = WRONG[request.node.callspec.params["wrong"]]
    assert words(wrong.output(check).text_content()) in words(wrong.validated())


def words(text: str) -> str:
    return " ".join(text.split())
