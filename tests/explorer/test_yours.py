"""The student's own function beside the right picture."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from pooling_lab import explore
from tests.explorer.explorer_page import ExplorerPage


def max_pool2d(x, kernel_size, stride=None, padding=0):
    """Right, and slow."""
    (kh, kw), (sh, sw), (ph, pw) = (
        np.broadcast_to(v, 2) for v in (kernel_size, kernel_size if stride is None else stride, padding)
    )
    x = np.pad(x.astype(float), ((0, 0), (0, 0), (ph, ph), (pw, pw)), constant_values=-np.inf)
    windows = np.lib.stride_tricks.sliding_window_view(x, (kh, kw), axis=(2, 3))[:, :, ::sh, ::sw]
    return windows.max(axis=(-2, -1))


def test_a_right_function_agrees_everywhere():
    said = explore(function=max_pool2d).alternative()
    assert "All 4 values agree." in said
    assert "max_pool2d(x, kernel_size=2, stride=2, padding=0), x.shape = (1, 1, 4, 4)" in said


def test_the_window_stands_where_a_wrong_function_first_differs():
    def pool2d(x, kernel_size, stride=None, padding=0):
        right = max_pool2d(x, kernel_size, stride, padding)
        right[0, 0, 1, 0] = 99
        return right

    explorer = explore(function=pool2d, mode="max")
    assert explorer.picture.position == 2
    assert "First difference at window (1, 0): 99 came back, 12 was expected." in explorer.alternative()


def test_the_channel_that_differs_is_shown():
    def max_pool2d_first(x, kernel_size, stride=None, padding=0):
        right = max_pool2d(x, kernel_size, stride, padding)
        right[:] = right[:1, :1]
        return right

    explorer = explore(np.arange(32).reshape(1, 2, 4, 4), function=max_pool2d_first)
    assert explorer.picture.channel == 1


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (lambda x: None, "returned None. Is the `return` missing?"),
        (lambda x: x.tolist(), "returned a list; a NumPy array was expected"),
        (lambda x: x, "returned an array of shape (1, 1, 4, 4); (1, 1, 2, 2) was expected"),
        (lambda x: x[:, :, :2, :2].astype(str), "dtype <U"),
        (lambda x: 1 / 0, "raised ZeroDivisionError: division by zero"),
        (lambda x: exit(), "raised SystemExit"),
    ],
)
def test_what_is_no_result_is_explained(result, words):
    def max_pool2d(x, kernel_size, stride=None, padding=0):
        print("a word that nobody needs")
        return result(x)

    assert words in explore(function=max_pool2d).alternative()


def test_an_exception_names_the_line_it_came_from():
    def max_pool2d(x, kernel_size, stride=None, padding=0):
        return x[:, :, "row"]

    assert 'return x[:, :, "row"]' in explore(function=max_pool2d).alternative()


def test_a_function_that_is_not_written_yet_is_no_mistake():
    def avg_pool2d(x, kernel_size, stride=None, padding=0, count_include_pad=True):
        raise NotImplementedError  # TODO

    assert "avg_pool2d is not written yet." in explore(function=avg_pool2d).alternative()


def test_a_function_that_changes_its_argument_is_told_so():
    def pool_matrix(x, kernel_size):
        best = np.array([[100, 184], [12, 45]])
        x[:] = 0
        return best

    assert "changed its argument x" in explore(function=pool_matrix).alternative()


@pytest.mark.parametrize("name", ["avg_pool_matrix", "avg_pool2d", "global_avg_pool2d"])
def test_each_kind_of_function_is_called_as_its_task_asks(name):
    seen = []

    def matrix(x, kernel_size):
        seen.append((x.shape, kernel_size))
        return np.array([[36.5, 80.0], [12.0, 15.0]])

    def batch(x, kernel_size, stride=None, padding=0, count_include_pad=True):
        seen.append((x.shape, kernel_size))
        return matrix(x, kernel_size)[None, None]

    def whole(x):
        seen.append((x.shape, None))
        return x.mean(axis=(2, 3), keepdims=True)

    function = {"avg_pool_matrix": matrix, "avg_pool2d": batch, "global_avg_pool2d": whole}[name]
    function.__name__ = name
    said = explore(function=function).alternative()
    assert "values agree" in said


@pytest.mark.needs("chromium")
def test_the_page_marks_the_first_difference_and_both_values(page, tmp_path):
    def max_pool2d(x, kernel_size, stride=None, padding=0):
        return np.array([[[[100, 70], [12, 45]]]])

    explore(function=max_pool2d).save(tmp_path / "yours.html")
    page.goto((tmp_path / "yours.html").as_uri())
    explorer = ExplorerPage(page).appears()
    explorer.shows("max(28, 184, 70, 38) = 184")
    expect(explorer.verdict).to_contain_text(
        "First difference at window (0, 1): 70 came back, 184 was expected."
    )
    wrong = explorer.root.locator(".pooling-yours .pooling-wrong")
    expect(wrong).to_have_count(1)
    assert wrong.text_content() == "70"
    expect(explorer.picture).to_have_accessible_name(re.compile("First difference at window"))
    assert explorer.complaints() == []
