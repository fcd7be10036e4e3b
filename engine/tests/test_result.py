"""Each hidden test leaves one record, which says what nbgrader's gradebook says."""

import json
import re

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook
from nbgrader.api import Gradebook
from nbgrader_sealed.result import MAX_BYTES, MIME, SCHEMA, InvalidResult, carried_by, checked, records

from engine.tests.attacks.tiny_course import CONFIG, cell, nbgrader_metadata
from tests.support import ROOT, run

STOCK = 'c = get_config()\nc.CourseDirectory.course_id = "stock"\n'
DOCUMENT = (ROOT / "docs" / "results.md").read_text(encoding="utf-8")
EXAMPLE = json.loads(re.search(r"```json\n(.*?)```", DOCUMENT, re.DOTALL)[1])
BY_COURSE = {key: EXAMPLE[key] for key in EXAMPLE if key not in ("cell", "points", "max_points", "error")}
MOST = 4.0

POINTS = f"""
class Points(float):
    def __new__(cls, points, record):
        self = super().__new__(cls, points)
        self.record = record
        return self

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {{{MIME!r}: self.record() if callable(self.record) else self.record}}

class Pair(Points):
    def _repr_mimebundle_(self, include=None, exclude=None):
        return super()._repr_mimebundle_(), {{"text/plain": {{"size": 3}}}}

example = {BY_COURSE!r}
"""
# Test cells: the visible line, the hidden lines, the points that these come to.
TESTS = {
    "carried": ("f()", POINTS + "Points(3, example)", 3),
    "with-metadata": ("f()", "Pair(2.5, example)", 2.5),
    "above": ("f()", "Points(99, {**example, 'points': 99})", 4),
    "pretended": ("f()", "Points(1, {**example, 'points': 4, 'cell': 'x', 'error': 'no', 'own': [1]})", 1),
    "plain": ("f()", "print('three')\nprint('of four')\n3", 3),
    "nothing": ("f()", "assert f() == 1", 4),
    "true": ("f()", "True", 4),
    "assertion": ("f()", "print('looked')\nassert f() == 2, 'f() is wrong'", 0),
    "no-text": ("f()", "assert f() == 2", 0),
    "visible-fails": ("1 / 0", "Points(3, example)", 0),
    "carried-by-no-points": ("f()", "Points(-1, example)", 0),
    "invalid": ("f()", "Points(2, {**example, 'messages': 'all right'})", 2),
    "other-version": ("f()", "Points(2, {**example, 'version': 2})", 2),
    "no-dictionary": ("f()", "Points(2, [example])", 2),
    "no-json": ("f()", "Points(2, {**example, 'got': object()})", 2),
    "not-a-number": ("f()", "Points(2, {**example, 'seen': float('nan')})", 2),
    "too-large": ("f()", "Points(2, {**example, 'messages': {'en': 'ñ' * 300_000}})", 2),
    "raises": ("f()", "Points(2, lambda: 1 / 0)", 2),
    "half-a-character": ("f()", "Points(2, {**example, 'messages': {'en': 'a\\ud800'}})", 2),
    "prints-much": ("f()", "print('ñ' * 150_000)\n2", 2),
    "long-error": ("f()", "raise ValueError('ñ' * 300_000)", 0),
}
LEFT_OUT = {
    "invalid": "data.messages must be object",
    "other-version": "data.version must be same as const definition: 1",
    "no-dictionary": "it is no dictionary but a list",
    "no-json": "Object of type object is not JSON serializable",
    "not-a-number": "Out of range float values are not JSON compliant",
    "too-large": "bytes, more than 500000",
    "raises": "_repr_mimebundle_ raised ZeroDivisionError: division by zero",
}


class Course:
    """A course of one function and many test cells, graded for a student in each language."""

    def __init__(self, root, config, names):
        self.root = root
        self.notebook = new_notebook(cells=[new_code_cell("def f():\n    return 1", id="f")])
        self.notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
        for name in names:
            visible, hidden, _ = TESTS[name]
            source = f"{visible}\n### BEGIN HIDDEN TESTS\n{hidden}\n### END HIDDEN TESTS"
            metadata = nbgrader_metadata(name, grade=True, locked=True, points=MOST)
            self.notebook.cells.append(new_code_cell(source, id=name, metadata=metadata))
        self.write("source/ps", self.notebook)
        (root / "nbgrader_config.py").write_text(config)
        run("nbgrader", "generate_assignment", "ps", cwd=root)
        released = nbformat.read(root / "release" / "ps" / "ps.ipynb", as_version=4)
        for language in ("en", "es"):
            released.metadata["lang"] = language
            self.write(f"submitted/{language}/ps", released)
        done = run("nbgrader", "autograde", "ps", "--create", cwd=root)
        self.log = done.stdout + done.stderr

    def write(self, folder, notebook):
        (self.root / folder).mkdir(parents=True)
        nbformat.write(notebook, self.root / folder / "ps.ipynb")

    def graded(self, student) -> NotebookNode:
        return nbformat.read(self.root / "autograded" / student / "ps" / "ps.ipynb", as_version=4)

    def record(self, name, student="en"):
        """The record of a cell: there is one, whoever reads it."""
        (found,) = (record for record in records(self.graded(student)) if record["cell"] == name)
        return found

    def scores(self, student):
        with Gradebook(f"sqlite:///{self.root}/gradebook.db") as gradebook:
            notebook = gradebook.find_submission_notebook("ps", "ps", student)
            return {grade.name: (grade.auto_score, grade.max_score) for grade in notebook.grades}


@pytest.fixture(scope="module")
def course(processes, tmp_path_factory):
    return Course(tmp_path_factory.mktemp("results"), CONFIG, TESTS)


@pytest.mark.parametrize("student", ["en", "es"])
def test_a_record_has_the_points_of_the_gradebook(course, student):
    found = {
        record["cell"]: (record["points"], record["max_points"]) for record in records(course.graded(student))
    }
    assert found == course.scores(student) == {name: (points, MOST) for name, (_, _, points) in TESTS.items()}


@pytest.mark.parametrize("name", TESTS)
def test_a_record_fits_the_schema_and_stands_with_the_points_or_before_the_error(course, name):
    outputs = cell(course.graded("en"), name).outputs
    kinds = [output.output_type for output in outputs]
    (place,) = (n for n, output in enumerate(outputs) if MIME in output.get("data", {}))
    assert checked(outputs[place].data[MIME]) == course.record(name)
    if "execute_result" in kinds:
        assert kinds[place] == "execute_result"
    elif "error" in kinds:
        assert kinds[place : place + 2] == ["display_data", "error"]
    else:
        assert kinds[place] == "display_data"


@pytest.mark.parametrize("name", ["carried", "with-metadata", "above", "pretended"])
def test_a_record_of_the_courses_is_kept_but_for_the_engines_fields(course, name):
    own = {"own": [1]} if name == "pretended" else {}
    engines = {"cell": name, "points": TESTS[name][2], "max_points": MOST, "error": None}
    assert course.record(name) == {**BY_COURSE, **own, **engines}


def test_a_plain_number_has_a_plain_record_with_what_was_printed(course):
    for language in ("en", "es"):
        assert course.record("plain", language) == {
            "version": 1,
            "task": "plain",
            "cell": "plain",
            "points": 3.0,
            "max_points": MOST,
            "error": None,
            "messages": {language: "three\nof four\n"},
        }


@pytest.mark.parametrize(
    ("name", "error", "messages"),
    [
        ("assertion", "AssertionError: f() is wrong", {"en": "looked\n"}),
        ("no-text", "AssertionError: a hidden test failed", {}),
        ("visible-fails", "ZeroDivisionError: division by zero", {}),
        ("carried-by-no-points", "ValueError: a hidden test failed", {}),
        ("nothing", None, {}),
        ("true", None, {}),
    ],
)
def test_a_record_names_the_error_that_ended_the_cell(course, name, error, messages):
    found = course.record(name)
    assert (found["error"], found["messages"], found["task"]) == (error, messages, name)


@pytest.mark.parametrize("name", LEFT_OUT)
def test_a_broken_record_is_left_out_with_a_line_in_the_log(course, name):
    pattern = f"Cell {name}: the record of its hidden test is left out: .*{re.escape(LEFT_OUT[name])}"
    assert len(re.findall(pattern, course.log)) == 2  # one for each student
    assert course.record(name)["task"] == name
    assert course.record(name)["points"] == 2.0


def test_no_other_record_is_left_out(course):
    assert course.log.count("is left out") == 2 * len(LEFT_OUT)


def test_half_a_character_is_replaced_in_a_record(course):
    assert course.record("half-a-character")["messages"] == {"en": "a?"}


def test_texts_of_a_plain_record_are_short(course):
    assert len(course.record("prints-much")["messages"]["en"]) == 20_000
    assert len(course.record("long-error")["error"]) == 2_000


def test_a_stock_nbgrader_shows_the_record_as_the_course_wrote_it(processes, tmp_path):
    stock = Course(tmp_path, STOCK, ["carried"])
    (value,) = (
        output
        for output in cell(stock.graded("en"), "carried").outputs
        if output.output_type == "execute_result"
    )
    assert value.data == {"text/plain": "3.0", MIME: BY_COURSE}
    assert stock.scores("en") == {"carried": (3.0, MOST)}


def test_records_that_are_none_or_of_another_version_are_not_read(course):
    graded = course.graded("en")
    for output in cell(graded, "carried").outputs:
        if MIME in output.get("data", {}):
            output.data[MIME]["version"] = 2
    cell(graded, "plain").outputs[-2].data[MIME] = ["no record"]
    assert {record["cell"] for record in records(graded)} == set(TESTS) - {"carried", "plain"}


def test_a_value_without_a_bundle_or_with_another_carries_no_record():
    class Other(float):
        def _repr_mimebundle_(self, **kwargs):
            return {"text/html": "<b>3</b>"}

    assert [carried_by(value) for value in (3, None, "x", Other(3), Other)] == [None] * 5


def test_the_document_describes_each_field_and_its_example_fits():
    assert checked(EXAMPLE) == EXAMPLE
    described = set(re.findall(r"^\| `(\w+)` \|", DOCUMENT, re.MULTILINE))
    assert described == set(SCHEMA["properties"]) == set(EXAMPLE)


TEXT = st.text(st.characters(exclude_categories=()), max_size=8)  # halves of characters too
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
LABELS = st.dictionaries(TEXT, TEXT, max_size=2)
LIKELY = st.fixed_dictionaries(
    {
        "version": st.just(1),
        "task": TEXT,
        "points": st.floats(0, 100),
        "max_points": st.none() | st.floats(0, 100),
        "messages": LABELS,
    },
    optional={
        "seed": st.none() | st.integers() | TEXT,
        "error": st.none() | TEXT,
        "groups": st.lists(
            st.fixed_dictionaries({"name": TEXT, "passed": st.booleans()}, optional={"labels": LABELS}),
            max_size=3,
        ),
        "misconceptions": st.lists(
            st.fixed_dictionaries(
                {"name": TEXT}, optional={"certainty": st.sampled_from(["sure", "likely"])}
            ),
            max_size=2,
        ),
        "failure": st.none() | st.fixed_dictionaries({"call": TEXT}),
        "own": JSON.filter(lambda value: "nan" not in repr(value) and "inf" not in repr(value)),
    },
)


@given(LIKELY)
def test_a_record_of_the_right_types_is_kept_with_texts_that_a_file_can_hold(record):
    found = checked(record)
    assert checked(found) == found
    assert set(found) == set(record)
    assert json.loads(json.dumps(found, ensure_ascii=False).encode("utf-8")) == found
    assert found["points"] == record["points"]


@given(LIKELY, st.sampled_from([name for name in SCHEMA["properties"] if name != "cell"]), JSON)
def test_anything_else_is_refused_by_name_or_a_record_too(record, field, value):
    try:
        found = checked({**record, field: value})
    except InvalidResult as problem:
        assert field in str(problem) or "JSON" in str(problem)
    else:
        assert checked(found) == found


@given(JSON)
def test_what_is_no_record_is_refused(value):
    with pytest.raises(InvalidResult):
        checked(value)


@pytest.mark.parametrize("field", SCHEMA["required"])
def test_a_record_without_a_required_field_is_refused(field):
    with pytest.raises(InvalidResult, match=field):
        checked({key: value for key, value in EXAMPLE.items() if key != field})


def test_the_limit_of_a_record_is_in_bytes():
    room = MAX_BYTES - len(json.dumps({**EXAMPLE, "own": ""}, ensure_ascii=False).encode())
    assert checked({**EXAMPLE, "own": "x" * room})
    with pytest.raises(InvalidResult, match="bytes"):
        checked({**EXAMPLE, "own": "ñ" * (room // 2 + 1)})
    bottomless: list = []
    bottomless.append(bottomless)
    with pytest.raises(InvalidResult):
        checked({**EXAMPLE, "own": bottomless})
