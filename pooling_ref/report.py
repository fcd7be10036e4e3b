"""The report of one graded task, as the student reads it."""

from typing import TYPE_CHECKING

from pooling_lab.differences import show, wrap
from pooling_ref.language import _
from pooling_ref.misconceptions import MISCONCEPTIONS

if TYPE_CHECKING:
    from pooling_ref.checks.check import Failure, Result

LISTED = 8  # so that a report fits on one screen


def write_report(result: "Result", earned: float, points: float) -> str:
    """Return the report: the points, the first failure in full, the others in a line each."""
    lines = [first_line(result.task, earned, points, result.seed, result.misconception)]
    if not result.failures:
        return "\n".join([*lines, _("Right in all {count} groups of cases.", count=len(result.passed))])
    first, *others = _alike_as_one(result.failures)
    if result.misconception:
        message = _(MISCONCEPTIONS[result.misconception].message)
        lines += ["", wrap(_("What probably happened: {message}", message=message))]
    lines += ["", *_in_full(first, hint=not result.misconception)]
    if others:
        lines += ["", _("Also not right yet:"), *(f"  ✗ {each.title}" for each in others[:LISTED])]
    if len(others) > LISTED:
        lines.append("  " + _("... and {count} more", count=len(others) - LISTED))
    count = len(result.passed)
    score = _("Right in {right} of {count} groups of cases.", right=count, count=count + len(result.failures))
    return "\n".join([*lines, "", score, _("The cases were drawn with the seed {seed}.", seed=result.seed)])


def first_line(task: str, earned: float, points: float, seed: int, misconception: str | None = None) -> str:
    """Return the first line of a report, the same in every language."""
    line = f"{task}  {_plain(earned)}/{_plain(points)}  seed={seed}"
    return f"{line}  mistake={misconception}" if misconception else line


def _plain(value: float) -> str:
    return f"{value:.10f}".rstrip("0").rstrip(".")


def _alike_as_one(failures: tuple["Failure", ...]) -> tuple["Failure", ...]:
    """Return one failure where all of them say the same: nothing is written yet, or there is no function."""
    kinds = {each.difference.kind if each.difference else each.got for each in failures}
    alike = len(kinds) == 1 and (kinds == {"unwritten"} or failures[0].difference is None)
    return failures[:1] if alike else failures


def _in_full(failure: "Failure", hint: bool) -> list[str]:
    if failure.difference is None:
        return [f"✗ {failure.hint}"]
    if failure.difference.kind == "unwritten":
        return ["✗ " + _("Nothing is written here yet: the function raises NotImplementedError.")]
    advice = [wrap(_("Hint: {hint}", hint=failure.hint))] if hint else []
    return [f"✗ {failure.title}", show(failure.difference), *advice]
