"""No slip of the finger in a right solution passes, unless it changes nothing that a task asks for."""

import inspect

import numpy as np
import pytest
from mutants import mutants
from right_later import RIGHT

from pooling_lab.differences import find_difference
from pooling_lab.trial import Case, try_out
from pooling_ref.backward_cases import any_gradient, few, mixed
from pooling_ref.cases import Draw
from pooling_ref.checks import CHECKS

# What has a name to be looked up by, and no loop that a slip makes endless.
EACH = [
    (task, function)
    for task, functions in RIGHT.items()
    for function in functions
    if getattr(function, "__globals__", {}).get(getattr(function, "__name__", "")) is function
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
        elif task.startswith("layer"):
            cases.append(any_layer(d))
        elif task == "conv_block":
            cases.append(any_block(d))
        elif task.endswith("backward"):
            more = {"count_include_pad": bool(d.integer(0, 1))} if task.startswith("avg") else {}
            cases.append(any_gradient(d, (few, mixed)[d.integer(0, 1)], **more))
        elif task == "window_view":
            kernel, stride = ((d.integer(1, 4), d.integer(1, 4)) for _ in range(2))
            rows, columns = (d.integer(k, k + 5) for k in kernel)
            cases.append(d.call(d.ints(d.integer(1, 2), d.integer(1, 3), rows, columns), kernel, stride))
        elif task == "avg_pool2d":
            cases.append(d.anything(count_include_pad=bool(d.integer(0, 1))))
        else:
            cases.append(d.anything())
    return cases


def any_layer(d: Draw) -> Case:
    """Return a call about any layer, on any shape."""
    layer = {
        0: ("conv", d.integer(1, 40), 2 * d.integer(0, 3) + 1),
        1: ("conv", d.integer(1, 40), 2 * d.integer(0, 3) + 1, d.integer(1, 4)),
        2: ("max", d.integer(1, 6)),
        3: ("avg", d.integer(1, 6)),
        4: ("dense", d.integer(1, 50)),
        5: ("relu",),
    }[d.integer(0, 5)]
    return d.call(layer, (d.integer(1, 9), d.integer(6, 30), d.integer(6, 30)), counts=("dtype",))


def any_block(d: Draw) -> Case:
    """Return a call of a block with any pooling, or none."""
    images, channels, filters, window = d.integer(1, 2), d.integer(1, 3), d.integer(1, 3), d.integer(1, 3)
    side = 2 * d.integer(0, 2) + 1
    return d.call(
        d.floats(images, channels, d.integer(window, 7), d.integer(window, 7), low=-2, high=2),
        d.floats(filters, channels, side, side, low=-2, high=2),
        d.floats(filters, low=-1, high=1),
        (None, "max", "avg")[d.integer(0, 2)],
        window,
    )


def is_right(task, function, cases):
    return all(find_difference(CHECKS[task].task, case, try_out(function, case)) is None for case in cases)


@pytest.mark.parametrize(("task", "function"), EACH, ids=lambda value: getattr(value, "__name__", value))
def test_no_slip_passes_the_check_that_any_legal_call_shows(task, function, unhurried):
    hidden = [case for _, cases in CHECKS[task].draw(5) for case in cases]
    others = legal_calls(task, 17)
    slipped = [
        line
        for line, mutant in mutants(function)
        if is_right(task, mutant, hidden) and not is_right(task, mutant, others)
    ]
    assert slipped == []
