"""Which misconception explains what came back."""

from collections.abc import Callable
from typing import Literal

import numpy as np

from pooling_lab.differences import agree, is_right
from pooling_lab.tasks import Task
from pooling_lab.trial import Case, Outcome, attempt, quiet
from pooling_ref.cases import Group
from pooling_ref.misconceptions import MISCONCEPTIONS

TOO_LARGE = "too-large-window-accepted"
ROUNDING = 1e-9  # how far two floats may be apart that are the same but for the order of the sum
Certainty = Literal["sure", "likely"]
Tried = tuple[Group, Case, Outcome, bool]  # the last: whether it was right


class KnownMisconceptions:
    """The cases of one seed, and what the known mistakes give for them: each is called once, whoever asks.

    Parameters
    ----------
    task : Task
        What is called.
    drawn : list of (Group, list of Case)
        The cases of every group; they must not change.
    """

    def __init__(self, task: Task, drawn: list[tuple[Group, list[Case]]]) -> None:
        self.task, self.drawn = task, drawn
        self._place = {id(case): number for _, cases in drawn for number, case in enumerate(cases)}
        self._given: dict[tuple[Callable, int], Outcome] = {}

    def recognise(self, outcomes: list[list[Outcome]]) -> tuple[str, Certainty] | None:
        """Return the key of the misconception that explains what came back, and how sure that is, or None.

        It is "sure" if the misconception explains the groups at the side, too, else "likely".

        A misconception explains the results where one of its versions gives the same in every case of every
        group about the pooling itself, in those passed as in those failed. Beside them stand the groups about
        dtype, NaN, memory and errors: a function may have a second one there. Of several that explain,
        the one is named that also agrees in the most of these; of equals, the first in the table. Where only
        groups of the second kind fail, the misconception must explain at least one of them, and none of those
        passed may speak against it. Where nothing is wrong but that a window too large is not refused, it is
        named whatever came back instead.
        """
        tried = [
            (group, case, outcome, is_right(self.task, case, outcome))
            for (group, cases), results in zip(self.drawn, outcomes, strict=True)
            for case, outcome in zip(cases, results, strict=False)
        ]
        if any(outcome.fatal for _, _, outcome, _ in tried):
            return None
        core = [each for each in tried if not each[0].side]
        # What went wrong first, and one case of each group before the second: most versions fall at once.
        core.sort(key=lambda each: (each[3], self._place[id(each[1])]))
        side = [each for each in tried if each[0].side]
        core_failed = any(not right for *_, right in core)
        failed = {group.key for group, *_, right in tried if not right}
        wrong_side = [each for each in side if not each[3]]
        counted = {group.key for group, *_ in (side if core_failed else wrong_side)}
        most, best, named = len(counted) + core_failed, 0, None
        with quiet():
            for entry in MISCONCEPTIONS.values():
                if entry.about and failed.isdisjoint(entry.about):
                    continue
                for wrong in entry.versions.get(self.task.name, ()):
                    if not core_failed and not any(
                        self._explains(wrong, each, strict=True) for each in wrong_side
                    ):
                        continue
                    if not all(self._explains(wrong, each, strict=False) for each in core):
                        continue
                    explained = self._explained(wrong, side, alone=not core_failed) + core_failed
                    if explained > best:
                        best, named = explained, entry.key
                    if explained == best == most:
                        return entry.key, "sure"
        named = named or _not_refused(self.task, tried)
        return None if named is None else (named, "likely")

    def _explains(self, wrong: Callable, tried: Tried, strict: bool) -> bool:
        _, case, outcome, _ = tried
        return _alike(case, outcome, self._give(wrong, case), strict)

    def _give(self, wrong: Callable, case: Case) -> Outcome:
        """Return what a wrong version gives; kept for good where it is not of this moment."""
        key = wrong, id(case)
        if key in self._given:
            return self._given[key]
        given = attempt(wrong, case)
        if not _of_this_moment(given):
            self._given[key] = given
        return given

    def _explained(self, wrong: Callable, side: list[Tried], alone: bool) -> int:
        """Count the groups in which the wrong version gives the same as the student's function.

        Where nothing but such groups fails (`alone`) only failed groups count, and a group that the function
        passes and the version does not speaks against it: 0.
        """
        same: dict[str, bool] = {}
        passed: dict[str, bool] = {}
        for each in side:
            key, right = each[0].key, each[3]
            same[key] = same.get(key, True) and self._explains(wrong, each, strict=True)
            passed[key] = passed.get(key, True) and right
        if alone and any(passed[key] and not same[key] for key in same):
            return 0
        return sum(same[key] for key in same if not (alone and passed[key]))


def _not_refused(task: Task, tried: list[Tried]) -> str | None:
    wrong = [(group.key, case.expected) for group, case, _, right in tried if not right]
    known = task.name in MISCONCEPTIONS[TOO_LARGE].versions
    only_that = all(key == "window-too-large" and expected is ValueError for key, expected in wrong)
    return TOO_LARGE if known and wrong and only_that else None


def _of_this_moment(outcome: Outcome) -> bool:
    """Say whether a call ended as it did because time or memory had run out."""
    kinds = () if outcome.raised is None else outcome.raised.kinds
    return "MemoryError" in kinds or (bool(kinds) and "Exception" not in kinds)


def _alike(case: Case, one: Outcome, other: Outcome, strict: bool) -> bool:
    """Return whether two outcomes are the same; if not `strict`, whatever the dtype and the exception."""
    if one.kind != other.kind:
        return False
    if one.kind == "error":
        names = [each.raised.type_name for each in (one, other) if each.raised is not None]
        return not strict or len(set(names)) == 1
    if strict and "input" in case.counts and one.changed != other.changed:
        return False
    if one.value is None or other.value is None:
        return one.value is other.value
    if one.value.shape != other.value.shape:
        return False
    if strict and "dtype" in case.counts and one.value.dtype != other.value.dtype:
        return False
    same = agree(case, one.value, other.value)
    if case.exact and one.value.dtype.kind == other.value.dtype.kind == "f":  # both may be averages
        same |= np.isclose(one.value, other.value, rtol=ROUNDING, atol=0)
    return bool(same.all())
