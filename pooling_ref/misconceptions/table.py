"""The table of misconceptions, and the two words that a row of it begins with."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

# For each task the classes that do it right, in steps that a misconception may replace.
BASES: dict[str, tuple[type, ...]] = {}


class Step:
    """What a class that replaces a step finds in the class that it is mixed into (`version`)."""

    __call__: Callable[..., Any]
    settings: Callable[..., Any]
    value: Callable[..., Any]
    where: Callable[..., Any]
    total: Callable[..., Any]
    lowest: Callable[..., Any]
    fill: Callable[..., Any]
    divisor: Callable[..., Any]
    portion: Callable[..., Any]
    pad: Callable[..., Any]
    count_one: Callable[..., Any]
    count: Callable[..., Any]
    start: Callable[..., Any]
    pad_ones: Callable[..., Any]
    give: Callable[..., Any]
    crop: Callable[..., Any]
    end: Callable[..., Any]
    dtype: Callable[..., Any]
    finish: Callable[..., Any]
    refuse: Callable[..., Any]


@dataclass
class Misconception:
    """What a learner believes that makes a function wrong.

    Attributes
    ----------
    key : str
        Its name in reports.
    message : str
        What helps, to be translated.
    about : tuple of str
        The keys of groups of cases one of which must fail, or it is not this one; none if any will do.
    versions : dict
        For each task the functions that have it.
    """

    key: str
    message: str
    about: tuple[str, ...] = ()
    versions: dict[str, list[Callable]] = field(default_factory=dict)

    @property
    def tasks(self) -> tuple[str, ...]:
        """The tasks that it can be met in."""
        return tuple(self.versions)


MISCONCEPTIONS: dict[str, Misconception] = {}


def misconception(key: str, message: str, about: tuple[str, ...] = ()) -> None:
    """Begin a misconception: the versions that follow belong to it."""
    MISCONCEPTIONS[key] = Misconception(key, message, about)


def version(*tasks: str) -> Callable:
    """Register a class of replaced steps, or a whole function, as a version of the one begun last."""

    def register(wrong):
        entry = list(MISCONCEPTIONS.values())[-1]
        for task in tasks:
            bases = BASES.get(task, ()) if isinstance(wrong, type) else ()
            made = [type(wrong.__name__, (wrong, base), {})() for base in bases] or [wrong]
            entry.versions.setdefault(task, []).extend(made)
        return wrong

    return register
