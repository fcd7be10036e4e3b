"""What differs between what came back and what was expected, and how to say it to somebody who is stuck."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pooling_lab.language import _
from pooling_lab.tasks import Task
from pooling_lab.trial import Case, Outcome, Raised

# How far an average may be off: as far as a float32 sum is, whatever the order of the summands.
TOLERANCE = 1e-5
SHOWN_ROWS, SHOWN_COLUMNS = 8, 10
PADDING = "·"
COMES_AS = {"int": "number", "shape": "list", "array": "array"}  # the kind of outcome of what a task gives


@dataclass(frozen=True)
class FirstDifference:
    """The first cell that differs, in row-major order.

    Attributes
    ----------
    index : tuple of int
        Where it is in the result.
    got, expected : str
        The two values.
    where : str
        Which cells of the input its window covers, as an index of Python; empty where there is no window.
    window : tuple of tuple of str
        Those cells, row by row; a dot is a cell of the padding.
    """

    index: tuple[int, ...]
    got: str
    expected: str
    where: str = ""
    window: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Difference:
    """One call whose result is not right.

    Attributes
    ----------
    kind : str
        "unwritten", "error", "no-error", "type", "shape", "value", "dtype" or "input".
    call : str
        The call, as one would type it.
    inputs : tuple of str
        What the arrays of the call are, and hold where they are small.
    got, expected : str
        What came back, what should have.
    first : FirstDifference or None
        The first cell that differs, where the shapes agree and the values do not.
    """

    kind: str
    call: str
    inputs: tuple[str, ...]
    got: str
    expected: str
    first: FirstDifference | None = None


def is_right(task: Task, case: Case, outcome: Outcome) -> bool:
    """Return whether what came back is what the case expects."""
    return _kind_of_difference(task, case, outcome) is None


def find_difference(task: Task, case: Case, outcome: Outcome) -> Difference | None:
    """Return how what came back differs from what the case expects; None where it is right."""
    kind = _kind_of_difference(task, case, outcome)
    if kind is None:
        return None
    first = None
    if kind == "value" and outcome.value is not None:
        first = _first_difference(task, case, outcome.value)
    return Difference(
        kind,
        show_call(task, case),
        show_inputs(task, case),
        _show_got(case, outcome, kind),
        _show_expected(case, kind),
        first,
    )


def _kind_of_difference(task: Task, case: Case, outcome: Outcome) -> str | None:
    if outcome.raised is not None:
        if "NotImplementedError" in outcome.raised.kinds:
            return "unwritten"
        fits = isinstance(case.expected, type) and case.expected.__name__ in outcome.raised.kinds
        return None if fits and not outcome.fatal else "error"
    if isinstance(case.expected, type):
        return "no-error"
    if outcome.kind != COMES_AS[task.gives] or outcome.value is None:
        return "type"
    if outcome.value.shape != np.asarray(case.expected).shape:
        return "shape"
    if not agree(case, outcome.value).all():
        return "value"
    if "dtype" in case.counts and not _same_dtype(task, outcome.value, case.expected):
        return "dtype"
    return "input" if "input" in case.counts and outcome.changed else None


def agree(case: Case, value: np.ndarray, expected: object = None) -> np.ndarray:
    """Return, cell by cell, whether a value is what the case expects, or what `expected` holds."""
    expected = np.asarray(case.expected if expected is None else expected)
    if case.exact and expected.dtype.kind != "f" and not _is_nan(value).any():
        # Python compares integers and floats exactly, beyond 2**53 too.
        return np.asarray(value.astype(object) == expected.astype(object), dtype=bool)
    one, other = value.astype(float), expected.astype(float)
    with np.errstate(all="ignore"):
        near = np.abs(one - other) <= (0 if case.exact else TOLERANCE * (np.abs(other) + _scale(case)))
    return near | (one == other) | (np.isnan(one) & np.isnan(other))


def _is_nan(value: np.ndarray) -> np.ndarray:
    return np.isnan(value) if value.dtype.kind == "f" else np.zeros(value.shape, bool)


def _scale(case: Case) -> float:
    """Return the largest finite number of what is added up: what rounding errors are measured by.

    That is the first argument. The x of a gradient comes second: however large, it only tells the places.
    """
    arrays = [each.astype(float) for each in case.args[:1] if isinstance(each, np.ndarray) and each.size]
    return max((np.abs(np.where(np.isfinite(each), each, 0)).max() for each in arrays), default=0.0)


def _same_dtype(task: Task, value: np.ndarray, expected: object) -> bool:
    return value.dtype.kind in "iu" if task.gives != "array" else value.dtype == np.asarray(expected).dtype


def _first_difference(task: Task, case: Case, value: np.ndarray) -> FirstDifference:
    expected = np.asarray(case.expected)
    index = tuple(int(i) for i in np.argwhere(~agree(case, value))[0])
    got, right = show_number(value[index]), show_number(expected[index])
    if got == right:
        got, right = repr(value[index].item()), repr(expected[index].item())
    geometry = task.geometry(case.args, case.kwargs)
    if geometry is None:
        return FirstDifference(index, got, right)
    x = task.bind(case.args, case.kwargs)["x"]
    return FirstDifference(index, got, right, *_window(x, index, *geometry))


def _window(x, index, kernel, stride, padding) -> tuple[str, tuple[tuple[str, ...], ...]]:
    """Return which cells of x the window of an output's cell covers, and what they hold."""
    plane = x[index[:-2]]
    starts = [i * s - p for i, s, p in zip(index[-2:], stride, padding, strict=True)]
    rows, columns = (range(start, start + size) for start, size in zip(starts, kernel, strict=True))

    def cell(i: int, j: int) -> str:
        inside = 0 <= i < plane.shape[0] and 0 <= j < plane.shape[1]
        return show_number(plane[i, j]) if inside else PADDING

    spans = [
        f"{max(each.start, 0)}:{min(each.stop, size)}"
        for each, size in zip((rows, columns), plane.shape, strict=True)
    ]
    place = ", ".join([*map(str, index[:-2]), *spans])
    return f"x[{place}]", tuple(tuple(cell(i, j) for j in columns) for i in rows)


# --- how things are shown -----------------------------------------------------------------------------------


def show_number(number: object) -> str:
    """Return a number in few letters: 36.5, -3, nan, True."""
    value = number.item() if isinstance(number, np.generic) else number
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def show_matrix(rows: Sequence[Sequence[str]], indent: str = "    ") -> str:
    """Return rows of short texts as an aligned matrix, at most SHOWN_ROWS by SHOWN_COLUMNS of them."""
    cut = [list(row[:SHOWN_COLUMNS]) + ["..."] * (len(row) > SHOWN_COLUMNS) for row in rows[:SHOWN_ROWS]]
    width = max((len(text) for row in cut for text in row), default=0)
    lines = [indent + " ".join(text.rjust(width) for text in row) for row in cut]
    return "\n".join(lines + [indent + "..."] * (len(rows) > SHOWN_ROWS))


def show_call(task: Task, case: Case) -> str:
    """Return the call as one would type it, with the arrays by their names."""
    given = [
        name if isinstance(value, np.ndarray) else repr(value)
        for name, value in zip(task.parameters, case.args, strict=False)
    ]
    return (
        f"{task.name}({', '.join([*given, *(f'{name}={value!r}' for name, value in case.kwargs.items())])})"
    )


def show_inputs(task: Task, case: Case) -> tuple[str, ...]:
    """Return what each array of the call is: its numbers where it is small, its shape and dtype else."""
    arrays = [
        (name, value)
        for name, value in zip(task.parameters, case.args, strict=False)
        if isinstance(value, np.ndarray)
    ]
    return tuple(f"{name} = {show_array(value)}" for name, value in arrays)


def show_array(value: np.ndarray) -> str:
    """Return the shape and the dtype of an array, and its numbers where they are few."""
    what = _("array of shape {shape}, {dtype}", shape=value.shape, dtype=value.dtype)
    if value.dtype.kind not in "biuf" or not 0 < value.size <= 49 or value.ndim < 2:
        return what
    plane = value.reshape(-1, value.shape[-1])
    if plane.shape[0] != value.shape[-2]:  # more than one plane
        return what
    return what + "\n" + show_matrix([[show_number(each) for each in row] for row in plane])


def _show_got(case: Case, outcome: Outcome, kind: str) -> str:
    if outcome.raised is not None:
        return show_error(outcome.raised)
    if kind == "input":
        return _("the right result, but x was changed on the way")
    if outcome.kind == "none":
        return _("None (is the `return` missing?)")
    if outcome.kind == "list" and isinstance(case.expected, tuple) and outcome.value is not None:
        return str(tuple(outcome.value.tolist()))
    if outcome.kind == "list":
        return _("a {name}, not an array", name=outcome.type_name)
    if outcome.kind == "other" or outcome.value is None:
        return _("an object of type {name}", name=outcome.type_name)
    return _show_value(outcome.value)


def _show_value(value: np.ndarray) -> str:
    if value.ndim == 0:
        return f"{show_number(value[()])} ({value.dtype})"
    return show_array(value)


def _show_expected(case: Case, kind: str) -> str:
    if isinstance(case.expected, type):
        return _("a {name}: the window is larger than the padded input", name=case.expected.__name__)
    if kind == "input":
        return _("the same result, and x as it was")
    if isinstance(case.expected, tuple):
        return _("{shape} (a tuple of int)", shape=case.expected)
    if isinstance(case.expected, int):
        return _("{number} (an int)", number=case.expected)
    return _show_value(np.asarray(case.expected))


def show_error(raised: Raised) -> str:
    """Return an exception of the student's function in one or two lines."""
    said = f"{raised.type_name}: {raised.message}" if raised.message else raised.type_name
    return said + ("\n" + _("in the line:  {line}", line=raised.line) if raised.line else "")


def show(difference: Difference) -> str:
    """Return all that is to say about a difference: call, input, what came back, what was expected, where."""
    rows = [(_("Called"), "\n".join([difference.call, *(f"  {each}" for each in difference.inputs)]))]
    came = _("Raised") if difference.kind == "error" else _("Came back")
    rows += [(came, difference.got), (_("Expected"), difference.expected)]
    if difference.first is not None and difference.first.index:
        rows.append((_("First difference"), show_first(difference.first)))
    return "\n".join(f"{name}: {_indented(text)}" for name, text in rows)


def show_first(first: FirstDifference) -> str:
    """Return where the first difference is, the two values, and the window with its cells."""
    text = _(
        "cell {index} is {got}, it should be {expected}",
        index=list(first.index),
        got=first.got,
        expected=first.expected,
    )
    if not first.window:
        return text
    text += "\n" + _("its window is {where}:", where=first.where)
    text += "\n" + show_matrix(first.window)
    if any(PADDING in row for row in first.window):
        text += "\n" + _("({dot} is padding)", dot=PADDING)
    return text


def wrap(text: str) -> str:
    """Return a sentence in lines that fit on a screen, and that `nbgrader validate` does not cut off."""
    return textwrap.fill(text, 80)


def _indented(text: str) -> str:
    return text.replace("\n", "\n  ")
