"""What a check promises: the same seed the same verdict, points that fit, a report that can be read."""

import math
import re
from dataclasses import replace

import numpy as np
import pytest
from right_solutions import RIGHT
from wrong_solutions import WRONG

from pooling_lab.language import set_language
from pooling_lab.trial import attempt
from pooling_ref import max_pool2d
from pooling_ref.checks import CHECKS, grade, recognition
from pooling_ref.misconceptions import MISCONCEPTIONS

ZERO_PADDING = MISCONCEPTIONS["zero-padding"].versions["max_pool2d"][0]


@pytest.mark.parametrize("task", WRONG)
def test_the_same_seed_gives_the_same_verdict(task):
    wrong = next(iter(WRONG[task].values()))
    first = CHECKS[task](wrong)
    assert CHECKS[task](wrong, seed=first.seed) == first


def test_every_grading_draws_fresh_cases():
    seeds = {CHECKS["output_size"](RIGHT["output_size"][0]).seed for _ in range(5)}
    assert len(seeds) > 1


def test_who_grades_a_class_can_ask_all_the_same(monkeypatch):
    monkeypatch.setenv("POOLING_SEED", "4711")
    assert CHECKS["output_size"](RIGHT["output_size"][0]).seed == 4711
    assert CHECKS["output_size"](RIGHT["output_size"][0], seed=5).seed == 5


@pytest.mark.parametrize("text", ["-1", "4.5", "many", " 7", "٣"])
def test_a_seed_of_the_environment_that_is_none_is_named(monkeypatch, text):
    monkeypatch.setenv("POOLING_SEED", text)
    with pytest.raises(
        ValueError, match=re.escape(f"POOLING_SEED must be a non-negative integer, not {text!r}")
    ):
        CHECKS["output_size"](RIGHT["output_size"][0])


@pytest.mark.parametrize("task", WRONG)
def test_whom_a_check_has_seen_before_changes_no_verdict(task, unhurried):
    def unseen(function):
        return replace(CHECKS[task])(function, seed=9)

    functions = [each for entry in MISCONCEPTIONS.values() for each in entry.versions.get(task, ())]
    functions += RIGHT[task]
    assert [CHECKS[task](each, seed=9) for each in functions] == [unseen(each) for each in functions]


@pytest.mark.parametrize("error", [MemoryError, KeyboardInterrupt])
def test_what_ends_a_mistake_s_call_for_once_is_not_kept(monkeypatch, error):
    def out_of_luck(*args, **kwargs):
        raise error

    check = replace(CHECKS["max_pool2d"])
    with monkeypatch.context() as patched:
        patched.setattr(recognition, "attempt", lambda wrong, case: attempt(out_of_luck, case))
        assert check(ZERO_PADDING, seed=5).misconception is None
    assert check(ZERO_PADDING, seed=5).misconception == "zero-padding"


@pytest.mark.parametrize("task", CHECKS)
def test_a_function_can_write_to_nothing_that_the_next_one_gets(task):
    for _, cases in CHECKS[task].draw(3):
        for case in cases:
            values = [each for each in case.args if not isinstance(each, np.ndarray)]  # these are copied
            for value in [*values, *case.kwargs.values()]:
                for each in value if isinstance(value, tuple) else [value]:
                    assert isinstance(each, np.generic | int | float | str | None), (case, each)


@pytest.mark.parametrize("task", CHECKS)
def test_another_seed_draws_other_cases(task):
    def text(seed):
        return str([(case.args, case.kwargs) for _, cases in CHECKS[task].draw(seed) for case in cases])

    assert text(1) != text(2)


@pytest.mark.parametrize("task", CHECKS)
def test_a_check_is_cheap_in_calls(task):
    assert sum(len(cases) for _, cases in CHECKS[task].draw(0)) <= 100


@pytest.mark.parametrize("task", CHECKS)
def test_every_group_has_a_name_of_its_own_and_counts(task):
    keys = [group.key for group in CHECKS[task].groups]
    assert len(set(keys)) == len(keys)
    assert all(group.weight > 0 for group in CHECKS[task].groups)


def test_a_failure_says_what_was_called_what_came_and_where_it_differs():
    failure = CHECKS["max_pool2d"](ZERO_PADDING, seed=5).failures[0]
    assert failure.group == "padding"
    assert failure.call == "max_pool2d(x, 3, 1, 1)"
    assert failure.first_difference.index == (0, 0, 0, 0)
    assert failure.first_difference.got == "0"
    assert failure.first_difference.window[0] == ("·", "·", "·")
    for part in (failure.call, failure.got, failure.expected, failure.hint):
        assert part.splitlines()[0] in failure.message


@pytest.mark.parametrize("points", [0, 1, 3, 8, 2.5, 0.01, np.float64(4), 1e6])
def test_the_points_are_a_plain_float_between_zero_and_what_the_task_is_worth(points):
    for function in (ZERO_PADDING, RIGHT["max_pool2d"][1], None):
        earned = grade("max_pool2d", function, points)
        assert isinstance(earned, float)
        assert 0 <= earned <= points
    assert grade("max_pool2d", RIGHT["max_pool2d"][1], points) == points


def test_part_of_the_groups_earns_part_of_the_points():
    score = CHECKS["max_pool2d"](ZERO_PADDING, seed=5).score
    assert 0.5 < score < 1
    assert grade("max_pool2d", ZERO_PADDING, points=8, seed=5) == math.floor(score * 800) / 100


@pytest.mark.parametrize("points", [-1, math.nan, math.inf, "8", None, True])
def test_points_that_make_no_sense_are_refused(points):
    with pytest.raises(ValueError, match="points must be a number, 0 or more, not"):
        grade("max_pool2d", ZERO_PADDING, points)


@pytest.mark.parametrize("seed", [-1, 1.5, "7", True])
def test_a_seed_that_makes_no_sense_is_refused(seed):
    with pytest.raises(ValueError, match="seed must be a non-negative integer or None, not"):
        CHECKS["max_pool2d"](ZERO_PADDING, seed)


@pytest.mark.parametrize("task", ["min_pool", [], None])
def test_an_unknown_task_is_refused_with_the_known_ones(task):
    with pytest.raises(ValueError, match=rf"task must be one of output_size, .* not {re.escape(repr(task))}"):
        grade(task, ZERO_PADDING, 3)


@pytest.mark.parametrize("language", ["es", "en"])
def test_the_first_line_of_a_report_is_for_programs_in_every_language(language, capsys):
    set_language(language)
    grade("max_pool2d", ZERO_PADDING, points=8, seed=812734)
    first, *rest = capsys.readouterr().out.splitlines()
    earned = math.floor(CHECKS["max_pool2d"](ZERO_PADDING, 812734).score * 800) / 100
    assert first == f"max_pool2d  {earned:g}/8  seed=812734  mistake=zero-padding"
    assert any("812734" in line for line in rest)


@pytest.mark.parametrize("task", WRONG)
def test_a_report_fits_on_a_screen_and_names_no_file_of_ours(task, capsys):
    for wrong in list(WRONG[task].values())[::15]:
        grade(task, wrong, points=5, seed=1)
        report = capsys.readouterr().out
        assert len(report.splitlines()) <= 60
        assert "pooling_" not in report
        assert "Traceback" not in report


def test_what_is_not_written_yet_is_said_once(capsys):
    def max_pool2d(x, kernel_size, stride=None, padding=0):
        raise NotImplementedError

    assert grade("max_pool2d", max_pool2d, points=8) == 0
    assert capsys.readouterr().out.count("NotImplementedError") == 1


def _clears_nan(x, kernel_size, stride=None, padding=0):
    pooled = max_pool2d(x, kernel_size, stride, padding)
    if np.isnan(x).any():
        x[np.isnan(x)] = 0
    return pooled


def _pads_in_place(x, kernel_size, stride=None, padding=0):
    pooled = max_pool2d(x, kernel_size, stride, padding)
    if padding != 0:
        x[..., 0, 0] = 0
    return pooled


@pytest.mark.parametrize("function", [_clears_nan, _pads_in_place])
def test_a_write_to_the_input_counts_in_whatever_call_it_happens(function):
    for seed in range(5):
        result = CHECKS["max_pool2d"](function, seed)
        assert [failure.group for failure in result.failures] == ["input-left-alone"]
        assert "x was changed" in result.failures[0].message
