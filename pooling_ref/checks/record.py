"""The record of what a check found: data beside the printed report, carried by the points that it gives."""

from collections.abc import Callable
from typing import Any

from pooling_lab.language import LANGUAGES, current_language, speaking
from pooling_ref.checks.check import Failure, Result
from pooling_ref.language import _
from pooling_ref.misconceptions import MISCONCEPTIONS

MIME = "application/vnd.nbgrader-sealed.result+json"
VERSION = 1


class Points(float):
    """The points that a hidden test gives, with the record of what it found.

    It is a number to whoever reads points, and IPython shows it with the record beside.

    Parameters
    ----------
    points : float
        The points earned.
    record : dict
        The record, as JSON data (docs/results.md).
    """

    record: dict[str, Any]

    def __new__(cls, points: float, record: dict[str, Any]) -> "Points":
        """Make the number, and let it carry the record."""
        made = super().__new__(cls, points)
        made.record = record
        return made

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        return {"text/plain": repr(float(self)), MIME: self.record}


def by_language(text: Callable[[], str]) -> dict[str, str]:
    """Return a text in each language."""
    texts = {current_language(): text()}
    for language in LANGUAGES:
        if language not in texts:
            with speaking(language):
                texts[language] = text()
    return texts


def record_of(task: str, earned: float, points: float, seed: int, messages: dict[str, str]) -> dict[str, Any]:
    """Return the record of a test that has points and a report, and nothing more to say.

    Parameters
    ----------
    task : str
        What was tested.
    earned, points : float
        The points, and of how many.
    seed : int
        What drew the cases.
    messages : dict
        The report, by language.
    """
    return {
        "version": VERSION,
        "task": task,
        "points": earned,
        "max_points": points,
        "seed": seed,
        "messages": messages,
        "groups": [],
        "misconceptions": [],
        "failure": None,
        "pictures": [],
    }


def details_of(result: Result) -> dict[str, Any]:
    """Return what the record of a check's result says beside points and report."""
    failed = {failure.group for failure in result.failures}
    return {
        "groups": [
            {
                "name": group.key,
                "labels": by_language(lambda title=group.title: _(title)),
                "weight": group.weight,
                "passed": group.key not in failed,
            }
            for group in result.groups
        ],
        "misconceptions": [
            {
                "name": key,
                "certainty": result.certainty,
                "messages": by_language(lambda message=MISCONCEPTIONS[key].message: _(message)),
            }
            for key in result.misconceptions
        ],
        "failure": _failure(result.failures[0]) if result.failures else None,
    }


def _failure(failure: Failure) -> dict[str, Any]:
    first = failure.first_difference
    window = None
    if first is not None:
        window = {
            "index": list(first.index),
            "where": first.where,
            "got": first.got,
            "expected": first.expected,
        }
    return {
        "group": failure.group,
        "call": failure.call,
        "got": failure.got,
        "expected": failure.expected,
        "window": window,
    }
