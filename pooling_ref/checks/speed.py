"""What the hidden test of a race calls: measure from here, print the report, return the points."""

import math
from collections.abc import Callable
from time import process_time

from pooling_lab.speed import TIMES, Race, describe, run_race
from pooling_lab.summary import Summary, write_summary
from pooling_ref import pooling
from pooling_ref.checks.grading import checked_points
from pooling_ref.checks.seeds import checked_seed
from pooling_ref.language import _
from pooling_ref.naive import naive_max_pool2d

HALF = 5.0  # from here there is half of the points; a loop over the windows comes to half of this


def grade_speed(
    task: str, function: Callable, slow: Callable, points: float, seed: int | None = None
) -> float:
    """Let the student's function race against the slow one, print the report, and return the points earned.

    Both are called from here and run in the same kernel, by turns, on the same fresh numbers; the way of the
    numbers there and back counts for both. A slow version that somebody made slower is not believed: it
    counts no more than the same loops, run in this process.

    Parameters
    ----------
    task : str
        What the report calls it.
    function : callable
        The student's function.
    slow : callable
        The notebook's own slow version.
    points : float
        What the task is worth: all of it from TIMES times as fast, half from HALF times.
    seed : int, optional
        Draws the numbers; if left out, POOLING_SEED of the environment or a fresh one. The report says it.

    Returns
    -------
    float
        `points`, half of them, or 0.

    Raises
    ------
    TypeError
        If `slow` cannot be called.
    ValueError
        If `points` or `seed` is no number that makes sense.
    """
    if not callable(slow):
        raise TypeError(f"slow must be a function, not {slow!r}")
    seed, points = checked_seed(seed), checked_points(points)
    earned, said = _judge(function, slow, points, seed)
    print(write_summary(Summary(task, earned, points, seed, None)), said, sep="\n")
    return earned


def _judge(function: Callable, slow: Callable, points: float, seed: int) -> tuple[float, str]:
    try:
        measured = run_race(function, slow, seed, right=pooling.max_pool2d)
    except Exception as error:
        kind = getattr(error, "type_name", "") or type(error).__name__
        if kind == "NotImplementedError":
            return 0.0, "✗ " + _("Nothing is written here yet: the function raises NotImplementedError.")
        return 0.0, _("✗ The function stopped with {kind}: {text}", kind=kind, text=str(error)[:200])
    if not measured.equal:
        return 0.0, _("✗ The result is not right: a fast function has to give what max_pool2d gives.")
    # By the time of this process alone, which others at work on the machine do not make longer.
    ours = run_race(pooling.max_pool2d, naive_max_pool2d, seed, clock=process_time).slow
    believed = Race(measured.fast, min(measured.slow, ours), measured.equal)
    share = 1 if believed.times >= TIMES else 0.5 if believed.times >= HALF else 0
    return math.floor(points * share * 100) / 100, ("✓ " if share == 1 else "✗ ") + describe(believed)
