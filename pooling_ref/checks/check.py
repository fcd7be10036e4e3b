"""One check for each task: draw the cases, call the function, see which groups it passes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import partial
from itertools import islice

import numpy as np

from pooling_lab.differences import Difference, FirstDifference, find_difference, is_right, show
from pooling_lab.tasks import TASKS, Task
from pooling_lab.trial import Case, Outcome, name_of_type, try_all
from pooling_ref.backward_cases import GROUPS as BACKWARD
from pooling_ref.cases import GROUPS as POOLING
from pooling_ref.cases import LEFT_ALONE, Draw, Group
from pooling_ref.checks.recognition import Certainty, KnownMisconceptions
from pooling_ref.checks.seeds import checked_seed
from pooling_ref.fast_cases import GROUPS as FAST
from pooling_ref.language import _, later
from pooling_ref.network_cases import GROUPS as NETWORKS


@dataclass(frozen=True)
class Failure:
    """One group of cases that the function does not pass, with its first case that went wrong.

    Attributes
    ----------
    group : str
        The key of the group.
    title, hint : str
        What is tested, and the likely cause, in the language spoken now.
    call, got, expected : str
        The call, what came back, what was expected.
    first_difference : FirstDifference or None
        The first cell that differs, where the shapes agree.
    difference : Difference or None
        All of it, for the report; None where the function could not be called any more.
    """

    group: str
    title: str
    hint: str
    call: str
    got: str
    expected: str
    first_difference: FirstDifference | None
    difference: Difference | None

    @property
    def message(self) -> str:
        """All that is to say: what is tested, what was called, came back, was expected, the likely cause."""
        found = [] if self.difference is None else [show(self.difference)]
        return "\n".join([self.title, *found, self.hint])


@dataclass(frozen=True)
class Result:
    """What a check found.

    Attributes
    ----------
    task : str
        The task's name.
    share : Fraction
        The weighted share of the groups passed, exactly.
    failures : tuple of Failure
        One for each group not passed, in the order of the groups.
    passed : tuple of str
        The titles of the groups passed, in the language spoken now.
    misconceptions : tuple of str
        The keys of the misconceptions that explain what came back together, the weightier first.
    certainty : {"sure", "likely"} or None
        "sure" if they explain all that came back, "likely" if all that is about pooling.
    seed : int
        The seed that the cases were drawn from: the same seed gives the same result.
    groups : tuple of Group
        All groups, in their order.
    """

    task: str
    share: Fraction
    failures: tuple[Failure, ...]
    passed: tuple[str, ...]
    misconceptions: tuple[str, ...]
    certainty: Certainty | None
    seed: int
    groups: tuple[Group, ...] = ()
    _again: Callable[[], "Result"] | None = field(default=None, repr=False, compare=False)

    @property
    def misconception(self) -> str | None:
        """The weightiest misconception, or None."""
        return self.misconceptions[0] if self.misconceptions else None

    def translated(self) -> "Result":
        """Return the same result in the language spoken now."""
        return self if self._again is None else self._again()

    @property
    def score(self) -> float:
        """The weighted share of the groups passed, 0.0 to 1.0."""
        return float(self.share)


@dataclass(frozen=True)
class Check:
    """The hidden check of one task.

    Attributes
    ----------
    task : Task
        What is called, and with which arguments.
    groups : tuple of Group
        The cases, by the rule that they test.
    """

    task: Task
    groups: tuple[Group, ...]
    _last: dict[int, KnownMisconceptions] = field(default_factory=dict, init=False, repr=False, compare=False)

    def draw(self, seed: int) -> list[tuple[Group, list[Case]]]:
        """Return the cases of every group, as the seed draws them.

        Each group draws from a stream of its own, so that a row added to the table changes no other row.
        """
        return [
            (group, group.draw(Draw(self.task.name, np.random.default_rng([seed, *group.key.encode()]))))
            for group in self.groups
        ]

    def _drawn(self, seed: int) -> KnownMisconceptions:
        """Return the cases of a seed beside what mistakes give for them: a class is asked the same."""
        if seed not in self._last:
            self._last.clear()
            self._last[seed] = KnownMisconceptions(self.task, self.draw(seed))
        return self._last[seed]

    def __call__(self, function: Callable, seed: int | None = None) -> Result:
        """Run the function on every group of cases.

        Parameters
        ----------
        function : callable
            The student's function, or a stand-in for it. An exception of a stand-in that has a true
            attribute `fatal` ends the check: what was not called is not passed.
        seed : int, optional
            Draws the cases; if left out, the one that the environment's POOLING_SEED names, or a fresh one.

        Returns
        -------
        Result

        Raises
        ------
        ValueError
            If the seed is negative or no integer.
        """
        seed = checked_seed(seed)
        known = self._drawn(seed)
        drawn = known.drawn
        if not callable(function):
            return self._nothing_to_call(function, seed)
        outcomes = _run(function, drawn)
        wrong = self._first_wrong(drawn, outcomes)
        named = known.recognise(outcomes) if any(found is not None for found in wrong) else None
        return self._told(wrong, named, seed)

    def _first_wrong(
        self, drawn: list[tuple[Group, list[Case]]], outcomes: list[list[Outcome]]
    ) -> list[tuple[Case, Outcome] | str | None]:
        """Return for each group the first call that is not right, why it was not tried, or None."""
        writes = _first_write(drawn, outcomes)
        return [
            self._wrong_in(
                [
                    *(writes if group.key == LEFT_ALONE else ()),
                    *zip(cases, results, strict=False),
                ],
                len(results) == len(cases),
            )
            for (group, cases), results in zip(drawn, outcomes, strict=True)
        ]

    def _wrong_in(
        self, calls: list[tuple[Case, Outcome]], is_whole: bool
    ) -> tuple[Case, Outcome] | str | None:
        for case, outcome in calls:
            if not is_right(self.task, case, outcome):
                return case, outcome
        return None if is_whole else later("not tried: the function had stopped answering")

    def _told(
        self,
        wrong: Sequence[tuple[Case, Outcome] | str | None],
        named: tuple[str, Certainty] | None,
        seed: int,
    ) -> Result:
        """Return the result in the language spoken now."""
        failures, passed, weight = [], [], 0
        for group, found in zip(self.groups, wrong, strict=True):
            if found is None:
                passed.append(_(group.title))
                weight += group.weight
            else:
                failures.append(self._failure(group, found))
        return Result(
            self.task.name,
            Fraction(weight, sum(group.weight for group in self.groups)),
            tuple(failures),
            tuple(passed),
            () if named is None else (named[0],),
            None if named is None else named[1],
            seed,
            self.groups,
            partial(self._told, wrong, named, seed),
        )

    def _failure(self, group: Group, found: tuple[Case, Outcome] | str) -> Failure:
        if isinstance(found, str):
            return _not_reached(group, _(found))
        difference = find_difference(self.task, *found)
        assert difference is not None  # it is not right
        told = _(group.title), _(group.hint)
        return Failure(
            group.key,
            *told,
            difference.call,
            difference.got,
            difference.expected,
            difference.first,
            difference,
        )

    def _nothing_to_call(self, function: object, seed: int) -> Result:
        name = name_of_type(function)
        what = _("{task} is not a function, but of type {name}", task=self.task.name, name=name)
        failures = tuple(_not_reached(group, what) for group in self.groups)
        again = partial(self._nothing_to_call, function, seed)
        return Result(self.task.name, Fraction(0), failures, (), (), None, seed, self.groups, again)


def _run(function: Callable, drawn: list[tuple[Group, list[Case]]]) -> list[list[Outcome]]:
    """Return what came back for every case of every group, up to a call after which no other is possible."""
    tried = try_all(function, [case for _group, cases in drawn for case in cases])
    return [list(islice(tried, len(cases))) for _group, cases in drawn]


def _first_write(
    drawn: list[tuple[Group, list[Case]]], outcomes: list[list[Outcome]]
) -> list[tuple[Case, Outcome]]:
    """Return the first call, of whatever group, that wrote to its input, if there is one.

    It speaks for the group about inputs that are left alone: a function may write to x only where there is
    padding, or a NaN.
    """
    for (_group, cases), results in zip(drawn, outcomes, strict=True):
        for case, outcome in zip(cases, results, strict=False):
            if outcome.changed:
                return [(replace(case, counts=frozenset({"input"})), outcome)]
    return []


def _not_reached(group: Group, why: str) -> Failure:
    return Failure(group.key, _(group.title), why, "", why, "", None, None)


CHECKS: dict[str, Check] = {
    name: Check(TASKS[name], groups) for name, groups in {**POOLING, **NETWORKS, **BACKWARD, **FAST}.items()
}
