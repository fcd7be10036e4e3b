"""The visible checks: run a student's function on the visible cases, and show what differs."""

import os
from collections.abc import Callable
from typing import Any

from pooling_lab.cases import VISIBLE
from pooling_lab.differences import Difference, find_difference, show, wrap
from pooling_lab.language import _
from pooling_lab.tasks import TASKS
from pooling_lab.trial import try_out


class CheckFailed(AssertionError):
    """A function does not give what its task asks for: the message says all, without a traceback."""

    def _render_traceback_(self) -> list[str]:
        """Give IPython the message in place of a traceback."""
        return str(self).split("\n")


def check(function: Callable[..., Any], task: str | None = None) -> None:
    """Run the function on the visible cases of its task, and show the first that differs.

    Parameters
    ----------
    function : callable
        Your function. Its name says which task it is for.
    task : str, optional
        The task, where the function has another name.

    Raises
    ------
    CheckFailed
        Where a case differs, or there is no such task. While autograding (the environment's
        NBGRADER_EXECUTION is "autograde") the message is printed instead: the points are not decided here.
    """
    problem, praise = _look(function, task)
    if problem is None:
        print(praise)
    elif os.environ.get("NBGRADER_EXECUTION") == "autograde":
        print(problem)
    else:
        raise CheckFailed(problem)


def _look(function: object, task: str | None) -> tuple[str | None, str]:
    name = _name_of(function) if task is None else task
    if type(name) is not str or name not in VISIBLE:
        known = ", ".join(VISIBLE)
        return _("There is no task called {name}. The tasks are: {known}.", name=repr(name), known=known), ""
    if not callable(function):
        return _("{name} is not a function here: run the cell that defines it again.", name=name), ""
    rows = VISIBLE[name]
    for number, row in enumerate(rows, 1):
        outcome = try_out(function, row.case)
        found = find_difference(TASKS[name], row.case, outcome)
        if found is not None:
            title = _(
                "{name}, case {number} of {count}: {about}",
                name=name,
                number=number,
                count=len(rows),
                about=_(row.about),
            )
            return _explain(title, found, _(row.hint)), ""
    return None, _praise(name)


def _name_of(function: Any) -> object:
    try:
        return function.__name__
    except Exception:
        return type(function).__name__


def _praise(name: str) -> str:
    rows = VISIBLE[name]
    right = _("✓ {name} is right in all {count} visible cases:", name=name, count=len(rows))
    return "\n".join([right, *(f"  {_(row.about)}" for row in rows), _("The hidden tests try more.")])


def _explain(title: str, found: Difference, hint: str) -> str:
    if found.kind == "unwritten":
        return _("Not written yet: replace `raise NotImplementedError` with your code.")
    return "\n".join([f"✗ {title}", show(found), wrap(_("Next step: {hint}", hint=hint))])
