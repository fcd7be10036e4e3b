"""The record of what a check found: JSON data in both languages, carried by the points."""

import json

import pytest
from jupyter_client.manager import start_new_kernel
from right_later import RIGHT
from wrong_solutions import WRONG

from pooling_lab.language import current_language, set_language, speaking
from pooling_ref.checks import CHECKS, grade
from pooling_ref.checks.record import MIME
from pooling_ref.misconceptions import MISCONCEPTIONS
from tests.support import ROOT

STARTS_AT_ZERO = MISCONCEPTIONS["starts-at-zero"].versions["max_pool_matrix"][0]


def starts_at_zero_as_integers(x, kernel_size):
    return RIGHT["max_pool_matrix"][0](x, kernel_size).clip(0)


@pytest.mark.parametrize("task", CHECKS)
def test_all_right_gives_a_record_without_failure(task, capsys):
    earned = grade(task, RIGHT[task][0], 4, seed=7)
    record = earned.record
    assert (earned, record["points"], record["max_points"], record["seed"]) == (4, 4, 4, 7)
    assert all(group["passed"] for group in record["groups"])
    assert (record["misconceptions"], record["failure"]) == ([], None)


@pytest.mark.parametrize("task", WRONG)
def test_a_record_is_json_and_says_what_the_report_says_in_both_languages(task, capsys):
    earned = grade(task, lambda *args, **kwargs: None, 5, seed=3)
    record = earned.record
    assert json.loads(json.dumps(record)) == record
    assert capsys.readouterr().out == record["messages"]["en"] + "\n"
    set_language("es")
    grade(task, lambda *args, **kwargs: None, 5, seed=3)
    assert capsys.readouterr().out == record["messages"]["es"] + "\n"
    assert [group["name"] for group in record["groups"]] == [group.key for group in CHECKS[task].groups]
    assert {"en", "es"} == set(record["groups"][0]["labels"])


@pytest.mark.parametrize(
    ("wrong", "certainty"), [(STARTS_AT_ZERO, "sure"), (starts_at_zero_as_integers, "likely")]
)
def test_a_misconception_is_named_with_its_certainty(wrong, certainty, capsys):
    record = grade("max_pool_matrix", wrong, 3, seed=5).record
    [named] = record["misconceptions"]
    assert (named["name"], named["certainty"]) == ("starts-at-zero", certainty)
    assert named["messages"]["es"] != named["messages"]["en"]
    assert record["failure"]["window"]["where"].startswith("x[")
    result = CHECKS["max_pool_matrix"](wrong, 5)
    assert (result.misconception, result.misconceptions) == ("starts-at-zero", ("starts-at-zero",))
    assert result.certainty == certainty


def test_the_language_spoken_is_the_one_from_before_after_an_error():
    set_language("en")
    with pytest.raises(ZeroDivisionError), speaking("es"):
        assert current_language() == "es"
        1 / 0  # noqa: B018
    assert current_language() == "en"


def test_a_kernel_shows_the_points_with_the_record_beside(processes):
    manager, client = start_new_kernel(cwd=str(ROOT))
    shown = []
    try:
        code = "from pooling_ref.checks import grade\ngrade('output_size', lambda *args: 1, 2, seed=1)"
        client.execute_interactive(code, timeout=60, output_hook=shown.append)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    [result] = [each["content"]["data"] for each in shown if each["msg_type"] == "execute_result"]
    assert float(result["text/plain"]) == result[MIME]["points"]
    assert result[MIME]["task"] == "output_size"
