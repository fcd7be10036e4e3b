"""The explorer in real notebooks: JupyterLab, Notebook 7, Voilà, with a kernel behind them."""

import sys

import pytest
from playwright.sync_api import Page, expect

from tests.browser import PATIENCE, open_notebook, run_all, serve_voila, write_notebook
from tests.explorer.explorer_page import ExplorerPage
from tests.support import run

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.usefixtures("processes")]

EXPLORE = "from pooling_lab import explore, set_language\nset_language('en')\nexplore()"
YOURS = """
from pooling_lab import explore, set_language
import numpy as np

set_language("en")

def max_pool2d(x, kernel_size, stride=None, padding=0):
    n, c, h, w = x.shape
    best = np.zeros((n, c, h // kernel_size, w // kernel_size))
    for i in range(h // kernel_size):
        for j in range(w // kernel_size):
            part = x[:, :, i*kernel_size:(i+1)*kernel_size, j*kernel_size:(j+1)*kernel_size]
            best[:, :, i, j] = np.maximum(0, part.max(axis=(2, 3)))
    return best

explore(function=max_pool2d)
"""


@pytest.fixture
def ran(page: Page, lab: str, folder):
    """Open a notebook in JupyterLab or Notebook 7 and run it."""

    def ran(source: str, app: str = "lab/tree") -> ExplorerPage:
        write_notebook(folder / "a.ipynb", source)
        open_notebook(page, lab, "a.ipynb", app=app)
        run_all(page)
        return ExplorerPage(page).appears()

    return ran


def moves(explorer: ExplorerPage) -> None:
    explorer.shows("max(29, 15, 0, 100) = 100")
    explorer.press("Position", "ArrowRight")
    explorer.shows("max(28, 184, 70, 38) = 184")
    assert explorer.output() == ["100", "184"]


def test_in_jupyterlab_every_control_changes_the_picture(ran, page, folder):
    explorer = ran(EXPLORE)
    moves(explorer)
    assert explorer.complaints() == []

    explorer.press("Window height", "ArrowRight")
    explorer.shows("max(29, 15, 28, 0, 100, 70, 12, 12, 7) = 100")
    explorer.press("Window height", "ArrowLeft")
    explorer.press("Stride height", "ArrowLeft")
    expect(explorer.sizes).to_contain_text("/ 1⌋ + 1 = 3")
    expect(explorer.root.get_by_label("Stride = window")).not_to_be_checked()
    explorer.press("Padding height", "ArrowRight")
    explorer.shows("max(-∞, -∞, -∞, 29) = 29")
    explorer.choose("Pooling", "Average")
    explorer.shows("(0 + 0 + 0 + 29) / 4 = 7.25")
    explorer.root.get_by_label("Padding counts in the average").uncheck()
    explorer.shows("(29) / 1 = 29")
    explorer.root.get_by_label("Height and width alike").uncheck()
    explorer.press("Padding width", "ArrowLeft")
    explorer.shows("(29 + 15) / 2 = 22")
    explorer.press("Padding height", "ArrowRight")
    expect(explorer.problem).to_contain_text("The padding may be 1 at most.")

    explorer.choose("Example", "A photo")
    red = explorer.formula.text_content()
    explorer.press("Channel", "ArrowRight")
    expect(explorer.formula).not_to_have_text(red)

    explorer.choose("Example", "The average pooling example done by hand")
    explorer.shows("(31 + 15 + 0 + 100) / 4 = 36.5")
    explorer.root.get_by_role("button", name="Play or pause").click()
    explorer.shows("(7 + 2 + 45 + 6) / 4 = 15")


def test_a_notebook_saved_in_jupyterlab_is_alive_when_it_is_exported(ran, page, folder):
    moves(ran(EXPLORE))
    page.keyboard.press("Control+s")
    expect(page.locator(".jp-mod-dirty")).to_have_count(0, timeout=PATIENCE)
    run(sys.executable, "-m", "nbconvert", "--to", "html", "a.ipynb", cwd=folder)
    page.goto("about:blank")
    page.context.set_offline(True)
    page.goto((folder / "a.html").as_uri())
    moves(ExplorerPage(page).appears())


def test_in_jupyterlab_the_student_s_function_runs_again_with_every_setting(ran):
    explorer = ran(YOURS)
    expect(explorer.verdict).to_contain_text("All 4 values agree.")
    explorer.choose("Example", "Where zero padding goes wrong")
    expect(explorer.verdict).to_contain_text("shape (1, 1, 2, 2); (1, 1, 3, 3) was expected")
    explorer.press("Padding height", "ArrowLeft")
    expect(explorer.verdict).to_contain_text("at window (0, 0): 0 came back, -4 was expected.")
    expect(explorer.root.locator(".pooling-yours .pooling-wrong")).to_have_count(1)
    assert explorer.complaints() == []


def test_in_a_dark_jupyterlab_axe_finds_nothing(ran, page):
    explorer = ran(EXPLORE)
    page.get_by_role("menuitem", name="Settings", exact=True).click()
    page.locator(".lm-Menu-item", has_text="Theme").first.hover()
    page.locator(".lm-Menu-item", has_text="JupyterLab Dark").first.click()
    expect(page.locator("body")).to_have_attribute("data-jp-theme-light", "false", timeout=PATIENCE)
    assert explorer.complaints() == []


def test_in_notebook_7_the_window_moves(ran):
    moves(ran(EXPLORE, app="notebooks"))


def test_in_voila_the_window_moves(page, tmp_path):
    notebook = write_notebook(tmp_path / "a.ipynb", EXPLORE)
    with serve_voila(notebook) as address:
        page.goto(address)
        moves(ExplorerPage(page).appears())
        page.goto("about:blank")
