"""No attack gets points, sees a hidden line, or keeps others from being graded."""

import json

import pytest

from tests.support import NEEDS

from .integrity import ATTACKS
from .isolated import SANDBOXES
from .tiny_course import FULL, HIDDEN_CANARY, TinyCourse, solved

HONEST = ("aa-honest", "mm-honest", "zz-honest")


def kernels() -> list[object]:
    """Every sandbox; where none works, the ordinary kernel, since the verdict needs no walls."""
    sandboxes = [pytest.param(kind, marks=pytest.mark.needs(kind)) for kind in SANDBOXES]
    works = any(NEEDS[kind][0]() for kind in SANDBOXES)
    return sandboxes if works else [*sandboxes, "none"]


@pytest.fixture(scope="module", params=kernels())
def graded(request, tmp_path_factory) -> TinyCourse:
    """The tiny course with every attack handed in between honest students, graded in one run."""
    course = TinyCourse(tmp_path_factory.mktemp("tiny") / "course", sandbox=request.param)
    for student in HONEST:
        course.hand_in(student, lambda nb: None)
    for name, attack in ATTACKS.items():
        course.hand_in(name, attack.change)
    course.log = course.autograde()
    return course


@pytest.mark.parametrize("student", HONEST)
def test_honest_neighbours_keep_all_their_points(graded, student):
    assert {**FULL, "why": graded.scores(student)["why"]} == graded.scores(student)


@pytest.mark.parametrize("name", ATTACKS)
def test_the_attack_comes_to_what_was_earned(graded, name):
    scores = graded.scores(name)
    scores.pop("why")
    assert scores == ATTACKS[name].scores


@pytest.mark.parametrize("name", ATTACKS)
def test_no_hidden_line_is_in_what_the_attack_left(graded, name):
    assert HIDDEN_CANARY not in graded.left(name)


@pytest.mark.parametrize("name", ATTACKS)
def test_what_the_attack_left_is_small(graded, name):
    assert len(graded.left(name)) < 6_000_000


def test_the_canary_stands_in_hidden_lines_only(graded):
    assert HIDDEN_CANARY not in json.dumps(solved())
    assert HIDDEN_CANARY in (graded.root / "source" / "ps" / "ps.ipynb").read_text()


def test_no_submission_failed(graded):
    assert "error processing" not in graded.log
