"""A recipe: which student hands in what, and which score it has to get."""

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
PREFIX = "demo-"  # every demo student's id begins so: what belongs to nobody else

FIRST = ("right", "mistakes", "unfinished", "broken")  # files of recipes; others come after them


@dataclass(frozen=True)
class Recipe:
    """One submission of the demo class, as a row of `recipes/*.toml` tells it.

    Attributes
    ----------
    student, language, assignment
        Who hands in, in which release's language, for which assignment.
    what
        In a few words, what is special about it.
    scores
        The points that each task has to get, whatever cases are drawn. Empty where nothing can be graded.
    mistakes
        The key of the mistake that has to be recognised, per task.
    answers
        The style of `answers.toml` to start from; None leaves the release's cells as they are.
    cells
        The code of single cells, which wins over the style's.
    untouched, deleted, duplicated
        Ids of cells that stay as released, are missing, or stand twice.
    days_late
        How many days after the due date it comes; 0 is in time.
    file
        What happens to the notebook's file: "whole", "cut" (it ends in the middle) or "missing".
    says
        What the gradebook's table says about it, beside the mistakes.
    """

    student: str
    language: str
    assignment: str
    what: str
    scores: dict[str, float] = field(default_factory=dict)
    mistakes: dict[str, str] = field(default_factory=dict)
    answers: str | None = None
    cells: dict[str, str] = field(default_factory=dict)
    untouched: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    duplicated: tuple[str, ...] = ()
    days_late: int = 0
    file: str = "whole"
    says: str | None = None

    def __post_init__(self) -> None:
        if not self.student.startswith(PREFIX):
            raise ValueError(f"student: {self.student!r} does not begin with {PREFIX!r}")
        if self.file not in ("whole", "cut", "missing"):
            raise ValueError(f"file: {self.file!r} is none of whole, cut, missing")
        if not self.scores and not self.says:
            raise ValueError(f"scores: {self.student} has none, and `says` does not say why")

    @property
    def code(self) -> dict[str, str]:
        """The cells that the student filled in, by id."""
        style = load_answers()[self.answers] if self.answers else {}
        filled = {**style, **self.cells}
        return {cell: text.strip("\n") for cell, text in filled.items() if cell not in self.untouched}


def load_answers() -> dict[str, dict[str, str]]:
    """Return the right answers: style, then cell id, then code."""
    return tomllib.loads((HERE / "answers.toml").read_text(encoding="utf-8"))


def load_class() -> list[Recipe]:
    """Return every recipe of the demo class, in the order of the files and of their rows."""
    found = {path.stem for path in (HERE / "recipes").glob("*.toml")}
    rows = []
    for name in (*FIRST, *sorted(found - set(FIRST))):
        text = (HERE / "recipes" / f"{name}.toml").read_text(encoding="utf-8")
        rows += tomllib.loads(text)["submission"]
    return [Recipe(**{key: _frozen(value) for key, value in row.items()}) for row in rows]


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
