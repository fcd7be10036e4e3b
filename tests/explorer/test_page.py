"""The output that needs no kernel: saved pages, exported notebooks, and what is left without scripts."""

import re
import sys
from pathlib import Path

import nh3
import numpy as np
import pytest
from playwright.sync_api import Page, expect

from pooling_lab import explore
from tests.browser import write_notebook
from tests.explorer.explorer_page import ExplorerPage
from tests.support import run

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.usefixtures("processes")]


@pytest.fixture
def opened(page: Page, tmp_path: Path):
    """Open an explorer as a page of its own, without a network."""

    def opened(*arguments, **options) -> ExplorerPage:
        page.context.set_offline(True)
        explore(*arguments, **options).save(tmp_path / "pooling.html")
        page.goto((tmp_path / "pooling.html").as_uri())
        return ExplorerPage(page).appears()

    return opened


def test_the_window_moves_by_keyboard_and_the_output_grows_with_it(opened):
    explorer = opened()
    explorer.shows("max(29, 15, 0, 100) = 100")
    assert explorer.output() == ["100"]
    explorer.press("Position", "ArrowRight")
    explorer.shows("max(28, 184, 70, 38) = 184")
    assert explorer.output() == ["100", "184"]
    explorer.press("Position", "End")
    explorer.shows("max(7, 2, 45, 6) = 45")
    assert explorer.output() == ["100", "184", "12", "45"]


def test_an_average_is_exact_and_its_formula_has_the_live_numbers(opened):
    explorer = opened()
    explorer.choose("Example", "The average pooling example done by hand")
    explorer.shows("(31 + 15 + 0 + 100) / 4 = 36.5")
    explorer.press("Position", "End")
    assert explorer.output() == ["36.5", "80", "12", "15"]


def test_the_size_and_its_formula_follow_the_sliders(opened):
    explorer = opened()
    explorer.press("Stride height", "ArrowLeft")
    expect(explorer.sizes).to_contain_text("output height = ⌊(4 + 2·0 - 2) / 1⌋ + 1 = 3")
    explorer.press("Padding height", "ArrowRight")
    expect(explorer.sizes).to_contain_text("output width = ⌊(4 + 2·1 - 2) / 1⌋ + 1 = 5")


def test_the_stride_follows_the_window_until_it_is_given_one_of_its_own(opened):
    explorer = opened()
    explorer.press("Window height", "ArrowRight")
    expect(explorer.slider("Stride height")).to_have_value("3")
    explorer.press("Stride height", "ArrowLeft")
    expect(explorer.root.get_by_label("Stride = window")).not_to_be_checked()
    explorer.press("Window height", "ArrowLeft")
    expect(explorer.slider("Stride height")).to_have_value("2")
    explorer.press("Window height", "ArrowLeft")
    expect(explorer.slider("Stride height")).to_have_value("2")


def test_height_and_width_can_be_chosen_apart(opened):
    explorer = opened()
    expect(explorer.slider("Window width")).to_have_count(0)
    explorer.root.get_by_label("Height and width alike").uncheck()
    explorer.press("Window width", "ArrowRight")
    explorer.shows("max(29, 15, 28, 0, 100, 70) = 100")
    explorer.root.get_by_label("Height and width alike").check()
    explorer.shows("max(29, 15, 0, 100) = 100")


def test_an_impossible_window_is_explained_and_the_way_back_is_open(opened):
    explorer = opened()
    explorer.press("Window height", "ArrowRight", times=3)
    expect(explorer.problem).to_contain_text("the window takes 5 cells, but there are only 4")
    expect(explorer.picture).to_have_accessible_name(re.compile("impossible"))
    explorer.press("Window height", "ArrowLeft", times=3)
    explorer.shows("max(29, 15, 0, 100) = 100")
    expect(explorer.problem).to_be_hidden()


def test_too_much_padding_is_explained(opened):
    explorer = opened(padding=1)
    explorer.press("Padding height", "ArrowRight")
    expect(explorer.problem).to_contain_text("The padding may be 1 at most.")


def test_zero_padding_goes_wrong_before_the_eyes(opened):
    explorer = opened(example="zero-padding")
    explorer.shows("max(-∞, -∞, -∞, -9) = -9")
    expect(explorer.root.locator(".pooling-note")).to_contain_text("Zeros in its place would have given 0")


@pytest.mark.parametrize(
    ("counted", "formula"), [(True, "(0 + 0 + 0 + 6) / 4 = 1.5"), (False, "(6) / 1 = 6")]
)
def test_an_average_counts_the_padding_or_not(opened, counted, formula):
    explorer = opened([[6, 2], [2, 2]], padding=1, mode="average", count_include_pad=counted)
    explorer.shows(formula)


def test_each_channel_can_be_chosen(opened):
    explorer = opened(np.arange(24).reshape(2, 3, 2, 2))
    explorer.press("Channel", "ArrowRight", times=5)
    explorer.shows("max(20, 21, 22, 23) = 23")
    assert explorer.slider("Channel").input_value() == "5"


def test_a_film_plays_to_the_end_and_begins_again(opened, page):
    explorer = opened()
    page.clock.install()
    play = explorer.root.get_by_role("button", name="Play or pause")
    play.click()
    for _ in range(3):
        page.clock.run_for(800)
    explorer.shows("max(7, 2, 45, 6) = 45")
    page.clock.run_for(800)
    expect(explorer.root.get_by_role("button", name="Play or pause")).to_have_attribute(
        "aria-pressed", "false"
    )
    explorer.root.get_by_role("button", name="Play or pause").click()
    explorer.shows("max(29, 15, 0, 100) = 100")


def test_the_pointer_on_an_output_cell_lights_its_window_and_a_click_stays_there(opened, page):
    explorer = opened()
    row = explorer.root.locator(".pooling-out .pooling-later path").nth(1)
    box = row.bounding_box()
    last_cell = (box["x"] + 0.75 * box["width"], box["y"] + 0.5 * box["height"])
    page.mouse.move(*last_cell)
    explorer.shows("max(7, 2, 45, 6) = 45")
    page.mouse.move(0, 0)
    explorer.shows("max(29, 15, 0, 100) = 100")
    page.mouse.click(*last_cell)
    page.mouse.move(0, 0)
    explorer.shows("max(7, 2, 45, 6) = 45")


def test_a_reader_without_sight_hears_the_window_and_the_result(opened):
    explorer = opened()
    explorer.press("Position", "ArrowRight")
    said = "Window (0, 1), number 2 of 4: rows 0 to 1, columns 2 to 3. max(28, 184, 70, 38) = 184"
    expect(explorer.root.locator("[role=status]")).to_have_text(said)
    expect(explorer.picture).to_have_accessible_name(re.compile("stride 2 × 2"))


def test_nobody_who_dislikes_motion_gets_any(opened, page):
    page.emulate_media(reduced_motion="reduce")
    explorer = opened()
    explorer.root.get_by_role("button", name="Play or pause").click()
    window = explorer.root.locator(".pooling-window")
    assert window.evaluate("node => getComputedStyle(node).transitionDuration") == "0s"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("example", ["average", "zero-padding"])
def test_axe_finds_nothing_in_either_theme(opened, page, scheme, example):
    page.emulate_media(color_scheme=scheme)
    assert opened(example=example).complaints() == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("example", ["max", "negative"])
def test_every_number_stands_out_from_its_cell(opened, page, scheme, example):
    page.emulate_media(color_scheme=scheme)
    explorer = opened(example=example)
    explorer.press("Position", "End")
    pairs = explorer.root.locator(".pooling-cell:not(.pooling-later)").evaluate_all(
        """cells => cells.map(cell => ['rect', 'text'].map(part => cell.querySelector(part))
            .filter(Boolean).map(node => getComputedStyle(node).fill))"""
    )
    contrasts = [contrast(*pair) for pair in pairs if len(pair) == 2]
    assert contrasts and all(value >= 4.5 for value in contrasts)


def contrast(*colours: str) -> float:
    """The contrast of two CSS colours, after WCAG 2.2."""

    def luminance(colour: str) -> float:
        parts = [int(part) / 255 for part in colour.removeprefix("rgb(").removesuffix(")").split(",")]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    dark, light = sorted(map(luminance, colours))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("example", ["average", "photo"])
def test_nothing_is_cut_off_on_a_narrow_page(opened, page, example):
    page.set_viewport_size({"width": 340, "height": 800})  # 200 % zoom of a small window
    opened(example=example)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_numbers_of_28_by_28_are_shown_and_those_of_a_photo_are_read_out(opened, page):
    explorer = opened(np.arange(784).reshape(28, 28) % 256)
    assert explorer.root.locator(".pooling-in .pooling-cell text").count() == 784
    explorer.choose("Example", "A photo")
    cells = explorer.root.locator(".pooling-in .pooling-cell")
    expect(cells).to_have_count(40 * 48)
    assert cells.locator("text").count() == 0
    cells.nth(49).hover(force=True)
    expect(explorer.root.locator(".pooling-readout")).to_have_text(re.compile(r"Row 1, column 1: \d+"))


def test_an_exported_notebook_moves_without_kernel_and_network(page, tmp_path):
    """`nbconvert --execute` keeps the widgets' state, and the page still needs no network."""
    write_notebook(
        tmp_path / "a.ipynb", "from pooling_lab import explore", "explore()", "explore(example='photo')"
    )
    run(sys.executable, "-m", "nbconvert", "--execute", "--to", "html", "a.ipynb", cwd=tmp_path)
    page.context.set_offline(True)
    page.goto((tmp_path / "a.html").as_uri())
    explorer = ExplorerPage(page).appears()
    explorer.press("Position", "ArrowRight")
    explorer.shows("max(28, 184, 70, 38) = 184")
    assert explorer.complaints() == []
    ExplorerPage(page, 1).press("Position", "ArrowRight")
    expect(ExplorerPage(page, 1).picture).to_have_accessible_name(re.compile("number 2 of 120"))


def test_where_scripts_are_stripped_a_still_figure_with_its_words_stays(page, tmp_path):
    stripped = nh3.clean(explore().html(), url_schemes={"data", "https"})
    (tmp_path / "stripped.html").write_text(stripped, encoding="utf-8")
    page.goto((tmp_path / "stripped.html").as_uri())
    still = page.get_by_role("img", name=re.compile(r"max\(29, 15, 0, 100\) = 100"))
    expect(still).to_be_visible()
    assert still.evaluate("image => image.naturalWidth") > 200
    assert page.locator("script, style").count() == 0


def test_without_javascript_the_still_figure_stays(browser, tmp_path):
    explore().save(tmp_path / "pooling.html")
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((tmp_path / "pooling.html").as_uri())
    expect(page.get_by_role("img", name=re.compile("= 100"))).to_be_visible()
    context.close()
