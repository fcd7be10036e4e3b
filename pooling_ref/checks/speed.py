"""What the hidden test of a race calls: measure from here, print the report, return the points."""

import math
from collections.abc import Callable
from time import process_time

from pooling_lab.language import current_language
from pooling_lab.speed import TIMES, Race, describe, run_race
from pooling_ref import pooling
from pooling_ref.checks.grading import checked_points
from pooling_ref.checks.record import Points, by_language, record_of
from pooling_ref.checks.seeds import checked_seed
from pooling_ref.language import _
from pooling_ref.naive import naive_max_pool2d
from pooling_ref.report import first_line

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
    earned, say = _judge(function, slow, points, seed)
    messages = by_language(lambda: f"{first_line(task, earned, points, seed)}\n{say()}")
    print(messages[current_language()])
    return Points(earned, record_of(task, earned, points, seed, messages))


def _judge(function: Callable, slow: Callable, points: float, seed: int) -> tuple[float, Callable[[], str]]:
    """Return the points, and what says in the language spoken then why they are no more."""
    try:
        measured = run_race(function, slow, seed, right=pooling.max_pool2d)
    except Exception as error:
        kind = getattr(error, "type_name", "") or type(error).__name__
        if kind == "NotImplementedError":
            return (
                0.0,
                lambda: "✗ " + _("Nothing is written here yet: the function raises NotImplementedError."),
            )
        text = str(error)[:200]
        return 0.0, lambda: _("✗ The function stopped with {kind}: {text}", kind=kind, text=text)
    if not measured.equal:
        return 0.0, lambda: _("✗ The result is not right: a fast function has to give what max_pool2d gives.")
    # By the time of this process alone, which others at work on the machine do not make longer.
    ours = run_race(pooling.max_pool2d, naive_max_pool2d, seed, clock=process_time).slow
    believed = Race(measured.fast, min(measured.slow, ours), measured.equal)
    share = 1 if believed.times >= TIMES else 0.5 if believed.times >= HALF else 0
    mark = "✓ " if share == 1 else "✗ "
    return math.floor(points * share * 100) / 100, lambda: mark + describe(believed)
