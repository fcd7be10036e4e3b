"""The report of one graded task: what the student reads, and one line that programs read."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pooling_lab.differences import show, wrap
from pooling_ref.language import _
from pooling_ref.misconceptions import MISCONCEPTIONS

if TYPE_CHECKING:
    from pooling_ref.checks.check import Failure, Result

LISTED = 8  # so that a report fits on one screen
_LINE = re.compile(
    r"^(?P<task>[a-z]\w*)  (?P<earned>\d+(?:\.\d+)?)/(?P<points>\d+(?:\.\d+)?)"
    r"  seed=(?P<seed>\d+)(?:  mistake=(?P<mistake>[a-z][a-z0-9-]*))?$"
)


@dataclass(frozen=True)
class Summary:
    """What the first line of a report says.

    Attributes
    ----------
    task : str
        The task's name.
    earned, points : float
        The points earned, and what the task is worth.
    seed : int
        The seed that the cases were drawn from.
    mistake : str or None
        The key of the recognised mistake.
    """

    task: str
    earned: float
    points: float
    seed: int
    mistake: str | None


def write_summary(summary: Summary) -> str:
    """Return the first line of a report, the same in every language."""
    line = f"{summary.task}  {_number(summary.earned)}/{_number(summary.points)}  seed={summary.seed}"
    return f"{line}  mistake={summary.mistake}" if summary.mistake else line


def read_summary(text: str) -> Summary | None:
    """Return what the first line of a printed report says; None where it is no report.

    Only the first line is read, whatever else the text holds.
    """
    found = _LINE.match(text.split("\n", 1)[0])
    if found is None:
        return None
    earned, points = float(found["earned"]), float(found["points"])
    return Summary(found["task"], earned, points, int(found["seed"]), found["mistake"])


def write_report(result: "Result", earned: float, points: float) -> str:
    """Return the report: the line for programs, the first failure in full, the others in a line each."""
    lines = [write_summary(Summary(result.task, earned, points, result.seed, result.misconception))]
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


def _number(value: float) -> str:
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
