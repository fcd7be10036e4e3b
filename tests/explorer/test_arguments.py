"""What `explore` accepts, refuses and says, without a browser."""

import json
import re

import ipywidgets
import numpy as np
import pytest

from pooling_lab import explore, set_language
from pooling_lab.explorer.controls import CONTROLS, MOST_PADDING, as_widgets
from pooling_lab.explorer.examples import LARGEST, examples
from pooling_lab.explorer.words import NAMES

MATRIX = [[1, 2, 3], [4, 5, 6], [7, 8, 9]]


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"x": [1, 2, 3]}, ValueError, ("x ", "(3,)")),
        ({"x": np.zeros((1, 1, 1, 2, 2))}, ValueError, ("x ", "(1, 1, 1, 2, 2)")),
        ({"x": np.zeros((0, 4))}, ValueError, ("x ", "(0, 4)")),
        ({"x": [["a", "b"]]}, ValueError, ("x ", "<U1")),
        ({"x": np.ones((2, 2), complex)}, ValueError, ("x ", "complex128")),
        ({"x": [[1, 2], [3]]}, ValueError, ("x ", "[[1, 2], [3]]")),
        ({"kernel_size": 0}, ValueError, ("kernel_size", "0")),
        ({"kernel_size": 2.0}, TypeError, ("kernel_size", "2.0")),
        ({"kernel_size": True}, TypeError, ("kernel_size", "True")),
        ({"kernel_size": (1, 2, 3)}, ValueError, ("kernel_size", "(1, 2, 3)")),
        ({"kernel_size": 1000, "padding": 500}, ValueError, ("kernel_size", "at most 64", "1000")),
        ({"kernel_size": "2"}, TypeError, ("kernel_size", "'2'")),
        ({"stride": 0}, ValueError, ("stride", "0")),
        ({"stride": (1, -1)}, ValueError, ("stride", "(1, -1)")),
        ({"stride": 1.5}, TypeError, ("stride", "1.5")),
        ({"padding": (0, 33)}, ValueError, ("padding", "at most 32", "(0, 33)")),
        ({"padding": -1}, ValueError, ("padding", "-1")),
        ({"mode": "min"}, ValueError, ("mode", "'min'")),
        ({"count_include_pad": "no"}, TypeError, ("count_include_pad", "'no'")),
        ({"example": ""}, ValueError, ("example", "''", "'photo'")),
        ({"static": "yes"}, TypeError, ("static", "'yes'")),
        ({"example": "dog"}, ValueError, ("example", "'dog'", "'photo'")),
        ({"x": MATRIX, "example": "photo"}, ValueError, ("example", "'photo'")),
        ({"function": 3}, TypeError, ("function", "3")),
    ],
)
def test_an_argument_that_cannot_be_meant_is_named_with_its_value(arguments, error, words):
    with pytest.raises(error) as caught:
        explore(**arguments)
    assert all(word in str(caught.value) for word in words), caught.value


@pytest.mark.parametrize("shape", [(3, 4), (2, 3, 4), (2, 2, 3, 4)])
@pytest.mark.parametrize("dtype", ["int8", "uint8", "int64", "bool", "float16", "float32", "float64"])
def test_every_shape_and_dtype_of_the_course_is_shown(shape, dtype):
    explorer = explore(np.ones(shape, dtype))
    assert "input 3 × 4" in explorer.alternative()
    assert len(explorer.picture.examples[0]["channels"]) == np.prod(shape[:-2], dtype=int)


def test_the_alternative_text_says_the_setting_the_window_and_the_result():
    said = explore(MATRIX, kernel_size=2, stride=1, mode="average").alternative()
    assert "Average pooling: input 3 × 3, window 2 × 2, stride 1 × 1, padding 0 × 0." in said
    assert "Window (0, 0), number 1 of 4: rows 0 to 1, columns 0 to 1." in said
    assert "(1 + 2 + 4 + 5) / 4 = 3" in said


def test_the_document_s_two_examples_give_its_formulas():
    assert "max(29, 15, 0, 100) = 100" in explore().alternative()
    assert "(31 + 15 + 0 + 100) / 4 = 36.5" in explore(mode="average").alternative()


def test_an_array_that_is_too_large_is_cropped_and_a_sentence_says_so():
    picture = explore(np.zeros((3, 100, 70))).picture
    rows = picture.examples[0]["channels"][0]["rows"]
    assert (len(rows), len(rows[0])) == (LARGEST, LARGEST)
    assert "100 × 70" in picture.examples[0]["note"]


def test_too_many_channels_are_cut_and_a_sentence_says_so():
    picture = explore(np.zeros((40, 2, 64, 64))).picture
    assert len(picture.examples[0]["channels"]) == 4
    assert "80 channels" in picture.examples[0]["note"]


def test_nan_and_the_infinities_travel_as_words():
    explorer = explore([[np.nan, np.inf], [-np.inf, 1.0]])
    assert explorer.picture.examples[0]["channels"][0]["rows"] == [["NaN", "Infinity"], ["-Infinity", 1.0]]
    assert "= NaN" in explorer.alternative()


def test_a_padding_larger_than_usual_fits_its_slider():
    assert explore(kernel_size=3, padding=1).picture.most_padding == MOST_PADDING
    picture = explore(np.zeros((4, 4)), 13, 1, (6, 2)).picture
    controls = [control for control in CONTROLS if control.asks == "padding"]
    sliders = as_widgets(controls, [], picture)["settings"]
    assert [(slider.value, slider.max) for slider in sliders] == [(6, 6), (2, 6)]


def test_an_impossible_setting_is_no_error():
    assert "impossible" in explore(MATRIX, kernel_size=5).alternative()
    assert "impossible" in explore(MATRIX, kernel_size=2, padding=2).alternative()


def test_the_student_s_array_is_never_written_to():
    x = np.arange(16.0).reshape(4, 4)
    x.setflags(write=False)
    explore(x)
    assert (x == np.arange(16.0).reshape(4, 4)).all()


def test_the_explorer_is_a_widget_and_its_bundle_has_a_page_and_words():
    explorer = explore()
    assert isinstance(explorer, ipywidgets.Widget)
    bundle = explorer._repr_mimebundle_()
    assert {"text/plain", "text/html"} <= set(bundle)
    assert 'alt="Max pooling' in bundle["text/html"]


def test_every_example_begins_with_a_possible_setting():
    for example in examples():
        assert "impossible" not in explore(example=example.name).alternative()


def test_every_control_has_a_name():
    assert {control.key for control in CONTROLS} == set(NAMES)


def test_the_picture_speaks_the_language_that_was_chosen():
    set_language("es")
    explorer = explore()
    assert explorer.picture.words["input"] == "Entrada"
    assert "Ventana (0, 0)" in explorer.alternative()


def test_text_of_an_array_cannot_end_the_script_of_a_page(tmp_path):
    explorer = explore()
    explorer.picture.words = {**explorer.picture.words, "input": "</script><b>"}
    data = re.search(r"\nmount\(.*?, (\{.*\})\);\n", explorer.html()).group(1)
    assert "</script" not in data
    assert json.loads(data)["words"]["input"] == "</script><b>"
