"""What a hidden test calls: run the check, print the report, return the points."""

import math
from collections.abc import Callable
from fractions import Fraction
from numbers import Real

from pooling_lab.language import current_language
from pooling_ref.checks.check import CHECKS
from pooling_ref.checks.record import Points, by_language, details_of, record_of
from pooling_ref.report import write_report


def grade(task: str, function: Callable, points: float, seed: int | None = None) -> float:
    """Check the function, print the report, and return the points earned.

    Parameters
    ----------
    task : str
        The name of the task, a key of CHECKS.
    function : callable
        The student's function.
    points : float
        What the task is worth.
    seed : int, optional
        Draws the cases; if left out, POOLING_SEED of the environment or a fresh one. The report says it.

    Returns
    -------
    float
        0 to `points`, in hundredths, rounded down; `points` only if every group is passed. It carries the
        record of what was found.

    Raises
    ------
    ValueError
        If there is no such task, or `points` or `seed` is no number that makes sense.
    """
    if not isinstance(task, str) or task not in CHECKS:
        raise ValueError(f"task must be one of {', '.join(CHECKS)}, not {task!r}")
    points = checked_points(points)
    result = CHECKS[task](function, seed)
    earned = points if result.share == 1 else _rounded_down(Fraction(points) * result.share)
    messages = by_language(lambda: write_report(result.translated(), earned, points))
    print(messages[current_language()])
    record = record_of(task, earned, points, result.seed, messages)
    return Points(earned, {**record, **details_of(result)})


def checked_points(points: object) -> float:
    """Return the points that a task is worth.

    Raises
    ------
    ValueError
        If it is no number, or negative or infinite.
    """
    if isinstance(points, bool) or not isinstance(points, Real) or not 0 <= float(points) < math.inf:
        raise ValueError(f"points must be a number, 0 or more, not {points!r}")
    return float(points)


def _rounded_down(points: Fraction) -> float:
    return math.floor(points * 100) / 100
