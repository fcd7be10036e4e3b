"""No slip of the finger in a right solution passes, unless it changes nothing that a task asks for."""

import inspect

import numpy as np
import pytest
import right_solutions
from mutants import mutants

from pooling_lab.differences import find_difference
from pooling_lab.trial import Case, try_out
from pooling_ref.cases import Draw
from pooling_ref.checks import CHECKS

# What has a name to be looked up by, and no loop that a slip makes endless.
EACH = [
    (task, function)
    for task, functions in right_solutions.RIGHT.items()
    for function in functions
    if vars(right_solutions).get(getattr(function, "__name__", "")) is function
    and "while" not in inspect.getsource(function)
]


def legal_calls(task: str, seed: int) -> list[Case]:
    """Return many calls that the contract allows, drawn without regard to the groups of the check."""
    d = Draw(task, np.random.default_rng([seed, 99]))
    cases = []
    for _ in range(60):
        if task == "output_size":
            kernel = d.integer(1, 9)
            cases.append(d.call(d.integer(kernel, 40), kernel, d.integer(1, 9), d.integer(0, kernel // 2)))
            cases.append(d.call(d.integer(kernel, 40), kernel, padding=d.integer(0, kernel // 2)))
        elif task.endswith("matrix"):
            kernel = d.integer(1, 5)
            cases.append(d.call(d.ints(d.integer(kernel, 12), d.integer(kernel, 12)), kernel))
        elif task == "global_avg_pool2d":
            cases.append(d.call(d.ints(*(d.integer(1, 5) for _ in range(4)))))
        elif task == "avg_pool2d":
            cases.append(d.anything(count_include_pad=bool(d.integer(0, 1))))
        else:
            cases.append(d.anything())
    return cases


def is_right(task, function, cases):
    return all(find_difference(CHECKS[task].task, case, try_out(function, case)) is None for case in cases)


@pytest.mark.parametrize(("task", "function"), EACH, ids=lambda value: getattr(value, "__name__", value))
def test_no_slip_passes_the_check_that_any_legal_call_shows(task, function):
    hidden = [case for _, cases in CHECKS[task].draw(5) for case in cases]
    others = legal_calls(task, 17)
    slipped = [
        line
        for line, mutant in mutants(function)
        if is_right(task, mutant, hidden) and not is_right(task, mutant, others)
    ]
    assert slipped == []
