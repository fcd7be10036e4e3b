"""The first line of a graded task's report, which programs read too."""

import re
from dataclasses import dataclass

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


def _number(value: float) -> str:
    return f"{value:.10f}".rstrip("0").rstrip(".")
