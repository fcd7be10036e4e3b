"""Whatever a student did to the cells, the assignment's come out once, in order, as in the gradebook."""

import nbformat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell
from nbgrader_sealed.assignment import cells_of
from nbgrader_sealed.submission.normalise import PLACEHOLDER, Normalise
from nbgrader_sealed.submission.reading import MAX_CELLS, rebuild

from engine.tests.attacks.tiny_course import HIDDEN_CANARY, TinyCourse, cell, solved

NAMES = [one.id for one in solved().cells if "nbgrader" in one.metadata]
MUST_STAND = [name for name in NAMES if not name.endswith("-solution")]
WHAT = ["delete", "duplicate", "to the end", "to the start", "edit", "retype", "forge", "forget", "own cell"]
CHANGES = st.lists(st.tuples(st.sampled_from(WHAT), st.integers(0, 20)), max_size=8)


@pytest.fixture(scope="module")
def whose(processes, tmp_path_factory) -> dict[str, str]:
    """The gradebook of a generated assignment, as in nbgrader's resources."""
    course = TinyCourse(tmp_path_factory.mktemp("normalise") / "course")
    return {"db_url": f"sqlite:///{course.root}/gradebook.db", "notebook": "ps", "assignment": "ps"}


def change(nb, what: str, where: int) -> None:
    """Change a notebook as a student may."""
    if not nb.cells:
        return
    where %= len(nb.cells)
    one = nb.cells[where]
    copy = nbformat.from_dict(one)
    if what in ("delete", "to the end", "to the start"):
        del nb.cells[where]
    if what in ("duplicate", "to the end"):
        nb.cells.append(copy)
    elif what == "to the start":
        nb.cells.insert(0, copy)
    elif what == "edit":
        one.source = "edited"
    elif what == "retype":
        one.cell_type = "raw"
    elif what == "forge" and "nbgrader" in one.metadata:
        one.metadata.nbgrader.update(points=99, grade=True, locked=False, checksum="forged")
    elif what == "forget":
        one.metadata.pop("nbgrader", None)
    elif what == "own cell":
        nb.cells.insert(where, new_code_cell("mine", metadata={"tags": ["skip-execution"]}))


def normalised(nb, whose):
    nb, _ = Normalise().preprocess(nb, {"nbgrader": whose})
    return nb


@given(CHANGES)
@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_the_assignments_cells_stand_once_in_order_as_the_gradebook_has_them(whose, changes):
    nb = solved()
    for what, where in changes:
        change(nb, what, where)
    nb = normalised(nb, whose)
    nbformat.validate(nb)
    given_cells = cells_of({"nbgrader": whose})
    found = [one.metadata.nbgrader.grade_id for one in nb.cells if "nbgrader" in one.metadata]
    assert found == [name for name in NAMES if name in found]
    assert set(MUST_STAND) <= set(found)
    for one in nb.cells:
        if "nbgrader" in one.metadata:
            given_cell = given_cells[one.metadata.nbgrader.grade_id]
            assert dict(one.metadata.nbgrader) == given_cell.metadata
            assert one.cell_type == given_cell.cell_type
            assert not given_cell.locked or one.source.endswith(PLACEHOLDER)
        else:
            assert one.metadata == {}
        assert HIDDEN_CANARY not in one.source


def test_what_the_student_wrote_stays(whose):
    nb = solved()
    cell(nb, "why").source = "because of this"
    nb.cells.insert(2, new_code_cell("mine = 1"))
    sources = [one.source for one in normalised(nb, whose).cells]
    assert "because of this" in sources
    assert sources[2] == "mine = 1"


def test_an_answer_that_was_not_touched_is_known_as_none(whose):
    """nbgrader gives 0 by itself to a written answer whose text is still the released one."""
    nb = normalised(solved(), whose)
    assert (
        cell(nb, "why").metadata.nbgrader.checksum
        == cells_of({"nbgrader": whose})["why"].metadata["checksum"]
    )


def test_a_test_that_was_deleted_is_put_back_after_what_was_written_in_its_place(whose):
    nb = solved()
    place = nb.cells.index(cell(nb, "double-test"))
    nb.cells[place] = new_code_cell("def double(x):\n    return x + x", id="mine")
    ids = [one.id for one in normalised(nb, whose).cells]
    assert ids.index("mine") + 1 == ids.index("double-test")


@pytest.mark.parametrize("more", [0, 2_000])
def test_of_too_many_cells_those_of_the_assignment_stay_when_they_are_read_again(whose, more):
    nb = solved()
    nb.cells = [new_code_cell("mine = 1") for _ in range(MAX_CELLS + more)]
    nb = rebuild(normalised(rebuild(nb), whose))
    assert len(nb.cells) == MAX_CELLS
    assert [one.id for one in nb.cells if "nbgrader" in one.metadata] == MUST_STAND
