"""No right solution is ever refused, however it is written."""

import itertools

import numpy as np
import pytest
from right_later import RIGHT

from pooling_lab.checking import check
from pooling_lab.differences import find_difference
from pooling_lab.trial import attempt, quiet
from pooling_ref.cases import REFERENCE
from pooling_ref.checks import CHECKS

EACH = [(task, solution) for task, solutions in RIGHT.items() for solution in solutions]


def name(value):
    return value if isinstance(value, str) else getattr(value, "__name__", type(value).__name__)


@pytest.mark.parametrize("task", RIGHT)
def test_there_are_eight_ways_or_more_to_write_each_task(task):
    assert len(RIGHT[task]) >= 8


@pytest.mark.parametrize("quarter", range(4))
@pytest.mark.parametrize("task", RIGHT)
def test_right_solutions_pass_with_every_seed(task, quarter, seeds):
    # The cases of a seed are drawn once for all solutions, and one silence covers all calls: it saves time.
    with quiet():
        for seed in seeds[quarter::4]:
            for group, cases in CHECKS[task].draw(seed):
                for case, solution in itertools.product(cases, RIGHT[task]):
                    found = find_difference(CHECKS[task].task, case, attempt(solution, case))
                    assert found is None, f"{name(solution)}, seed {seed}, {group.key}: {found}"


@pytest.mark.parametrize(("task", "solution"), EACH, ids=name)
def test_a_right_solution_gets_everything(task, solution):
    result = CHECKS[task](solution)
    assert (result.score, result.failures, result.misconception) == (1.0, (), None)


@pytest.mark.parametrize("task", RIGHT)
def test_the_reference_passes_its_own_check(task):
    assert CHECKS[task](REFERENCE[task]).score == 1.0


@pytest.mark.parametrize(("task", "solution"), EACH, ids=name)
def test_a_right_solution_passes_the_visible_check(task, solution, capsys):
    check(solution, task=task)
    assert "✓" in capsys.readouterr().out


@pytest.mark.parametrize("task", RIGHT)
def test_a_solution_may_print_warn_and_change_numpys_settings(task, capfd):
    def noisy(*args, **kwargs):
        import logging
        import sys
        import warnings

        print("hello")
        print("careful", file=sys.stderr)
        warnings.warn("careful", stacklevel=1)
        logging.error("careful")
        np.seterr(all="warn")
        np.float32(3e38) * np.float32(10)
        return RIGHT[task][0](*args, **kwargs)

    before = np.geterr()
    assert CHECKS[task](noisy).score == 1.0
    assert capfd.readouterr() == ("", "")
    assert np.geterr() == before
