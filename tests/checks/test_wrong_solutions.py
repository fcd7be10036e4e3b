"""Every wrong solution fails, those on no list too; and what is right by accident earns little."""

import functools

import numpy as np
import pytest
from wrong_solutions import WRONG, WRONG_LATER

from pooling_lab.differences import is_right
from pooling_lab.trial import try_out
from pooling_ref.checks import CHECKS

ALL = WRONG | WRONG_LATER
EACH = [(task, name) for task, solutions in ALL.items() for name in solutions]


@pytest.mark.parametrize("task", WRONG)
def test_the_zoo_is_large(task):
    assert len(WRONG[task]) >= 60


def passes(task, function, seed):
    """Whether a function passes all cases; the first that it does not pass decides."""
    return all(
        is_right(CHECKS[task].task, case, try_out(function, case))
        for _, cases in drawn(task, seed)
        for case in cases
    )


@functools.cache
def drawn(task, seed):
    return CHECKS[task].draw(seed)


@pytest.mark.parametrize(("task", "name"), EACH)
def test_a_wrong_solution_fails_with_every_seed(task, name):
    assert not any(passes(task, ALL[task][name], seed) for seed in (0, 1, 20260101))


WORTHLESS = {
    "nothing": lambda *args, **kwargs: None,
    "zero": lambda *args, **kwargs: 0,
    "zeros": lambda x, *args, **kwargs: np.zeros(np.shape(x)),
    "its argument": lambda x, *args, **kwargs: x,
    "always an error": WRONG["max_pool2d"]["raises_always"],
}


@pytest.mark.parametrize("task", WRONG)
@pytest.mark.parametrize("function", WORTHLESS.values(), ids=WORTHLESS.keys())
def test_what_does_nothing_earns_nothing(task, function):
    assert CHECKS[task](function, 7).score == 0


@pytest.mark.parametrize("task", ["max_pool_matrix", "avg_pool_matrix", "max_pool2d", "avg_pool2d"])
def test_the_documents_answer_written_in_earns_less_than_fifteen_percent(task):
    assert CHECKS[task](WRONG[task]["documents_answer"], 7).score < 0.15


@pytest.mark.parametrize("task", ["max_pool_matrix", "max_pool2d", "avg_pool2d", "global_avg_pool2d"])
def test_a_lost_nan_alone_costs_less_than_a_tenth(task):
    name = "nan_to_zero_afterwards" if "avg" in task else "nan_to_minus_infinity"
    assert 0.9 < CHECKS[task](WRONG[task][name], 7).score < 1
