"""What a test cell comes to, and what of it is shown, with nbgrader's own commands around it."""

import pytest

from engine.tests.attacks.tiny_course import FULL, TinyCourse, cell, new_code_cell

STUDENTS = {}


def student(change):
    STUDENTS[change.__name__] = change
    return change


@student
def right(nb):
    pass


@student
def an_array_of_points(nb):
    cell(nb, "largest-solution").source = "def largest(values):\n    return np.array([100, 200])"


@student
def ends_the_tests_loop(nb):
    cell(
        nb, "double-solution"
    ).source = "def double(x):\n    if not isinstance(x, int):\n        raise StopIteration\n    return 2 * x"


@student
def a_np_of_its_own(nb):
    cell(
        nb, "double-solution"
    ).source = (
        "class np:\n    arange = array_equal = staticmethod(lambda *a: True)\ndef double(x):\n    return 42"
    )


@student
def partly(nb):
    cell(nb, "largest-solution").source = "def largest(values):\n    return max(0, *values)"


@student
def python_s_own(nb):
    cell(nb, "largest-solution").source = "largest = max"


@student
def untouched(nb):
    for name in ("double", "largest", "pair"):
        cell(nb, f"{name}-solution").source = f"def {name}(x):\n    raise NotImplementedError  # TODO"


@student
def undefined(nb):
    cell(nb, "largest-solution").source = ""


@student
def broken(nb):
    cell(nb, "largest-solution").source = "def largest(values:\n    return"


@student
def helper_redefined(nb):
    nb.cells.insert(0, new_code_cell("def helper(x):\n    return 2 * x"))
    cell(nb, "double-solution").source = "def double(x):\n    return helper(x)"
    nb.cells.insert(nb.cells.index(cell(nb, "pair-solution")), new_code_cell("def helper(x):\n    return 0"))


@student
def in_spanish(nb):
    nb.metadata["lang"] = "es"
    cell(
        nb, "pair-solution"
    ).source = "import os\ndef pair(x):\n    if x == 1:\n        return\n    os._exit(1)"


@pytest.fixture(scope="module")
def course(processes, tmp_path_factory) -> TinyCourse:
    course = TinyCourse(tmp_path_factory.mktemp("sealed") / "course")
    for name, change in STUDENTS.items():
        course.hand_in(name, change)
    course.log = course.autograde()
    return course


def shown(course, student, name):
    """What a cell shows, as text."""
    texts = []
    for output in cell(course.autograded(student), name).outputs:
        data = output.get("data", {})
        error = f"{output.ename}: {output.evalue}" if output.output_type == "error" else ""
        texts.append(output.get("text") or data.get("text/plain") or error)
    return "\n".join(texts)


@pytest.mark.parametrize(
    ("student", "scores"),
    [
        ("right", FULL),
        ("python_s_own", FULL),
        ("an_array_of_points", {**FULL, "largest-test": 0.0}),
        ("ends_the_tests_loop", {**FULL, "double-test": 0.0}),
        ("a_np_of_its_own", {**FULL, "double-test": 0.0}),
        ("partly", {**FULL, "largest-test": 4.0}),
        ("untouched", dict.fromkeys(FULL, 0.0)),
        ("undefined", {**FULL, "largest-test": 0.0}),
        ("broken", {**FULL, "largest-test": 0.0}),
        ("helper_redefined", FULL),
        ("in_spanish", {**FULL, "pair-test": 0.0}),
    ],
)
def test_the_scores_are_those_that_the_hidden_tests_give(course, student, scores):
    found = course.scores(student)
    assert {name: found[name] for name in scores} == scores


def test_what_the_visible_lines_show_stands_first_and_then_the_hidden_tests_words(course):
    text = shown(course, "partly", "largest-test")
    assert text.index("2\n") < text.index("largest: 4 of 5") < text.index("4.0")


def test_only_a_cell_whose_hidden_tests_ran_says_so(course):
    assert "Hidden tests ran here" in shown(course, "right", "double-test")
    assert "Hidden tests ran here" not in shown(course, "untouched", "double-test")


def test_a_graded_notebook_has_the_visible_lines_alone(course):
    assert cell(course.autograded("right"), "double-test").source == "print(double(1))"


def test_the_students_own_language_is_spoken(course):
    assert "El código terminó su propio proceso" in shown(course, "in_spanish", "pair-test")


def test_nbgrader_warns_when_it_generates_a_test_that_could_be_forged(processes, tmp_path):
    course = TinyCourse(tmp_path / "course", hidden=False)
    assert "Cell double-test has no hidden tests" in course.generated
    assert "Cell why" not in course.generated


def test_points_above_those_of_the_cell_are_cut_and_reported(processes, tmp_path):
    course = TinyCourse(tmp_path / "course", also=["999"])
    course.hand_in("right", right)
    log = course.autograde()
    assert course.scores("right")["double-test"] == 3.0
    assert "gave 999 points in a cell worth 3" in log


@pytest.mark.parametrize("value", ["float('nan')", "-2", "float('inf')", "False", "np.array([3, 3])"])
def test_a_value_that_is_no_number_of_points_gives_none_and_is_reported(processes, tmp_path, value):
    course = TinyCourse(tmp_path / "course", also=[value])
    course.hand_in("right", right)
    log = course.autograde()
    assert course.scores("right").items() >= dict.fromkeys(FULL, 0.0).items()
    assert "which is no number of points" in log


def test_a_negative_time_out_is_none_as_in_nbclient(processes, tmp_path):
    course = TinyCourse(tmp_path / "course")
    with (course.root / "nbgrader_config.py").open("a") as config:
        config.write("c.Execute.timeout = -1\n")
    course.hand_in("right", right)
    course.autograde()
    assert course.scores("right").items() >= FULL.items()


def test_a_forged_value_in_a_cell_without_hidden_tests_does_not_cost_the_other_cells(processes, tmp_path):
    course = TinyCourse(tmp_path / "course", hidden=False)
    course.hand_in(
        "forger", lambda nb: setattr(cell(nb, "largest-solution"), "source", "largest = lambda x: 99")
    )
    course.autograde()
    assert course.scores("forger")["largest-test"] == 0.0
    assert course.scores("forger")["double-test"] == 3.0
