"""The student's own function beside the picture: how it is called, what came back, where it first differs."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..differences import TOLERANCE, agree, show_error
from ..language import _
from ..trial import Case, Outcome, try_out
from .examples import plain_rows
from .setting import Setting, show

ORDER = ("kernel_size", "stride", "padding", "count_include_pad")


def asked(function: Callable[..., Any]) -> tuple[str, ...]:
    """Return which arguments of pooling a function takes after x."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):  # written in C
        return ORDER
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
        return ORDER
    names = [parameter.name for parameter in parameters if parameter.kind is not parameter.VAR_POSITIONAL][1:]
    return tuple(name for place, name in enumerate(ORDER) if name in names or place < len(names[:1]))


def mode_of(function: Callable[..., Any]) -> str | None:
    """Return which pooling a function's name promises, None where it promises none."""
    name = name_of(function).lower()
    if "avg" in name or "average" in name or "mean" in name:
        return "average"
    return "max" if "max" in name else None


def name_of(function: Callable[..., Any]) -> str:
    """Return what to call a function."""
    return getattr(function, "__name__", type(function).__name__)


@dataclass(frozen=True)
class Shown:
    """What the picture shows of a run of the student's function.

    Attributes
    ----------
    call : str
        The call, as the student could write it.
    message : str
        What to say if no value differs.
    case : Case or None
        The call and what should have come back, None if nothing can be laid beside the picture.
    value : ndarray or None
        What came back, as (..., height, width).
    """

    call: str
    message: str
    case: Case | None = None
    value: np.ndarray | None = None

    def for_channel(self, channel: int) -> dict[str, Any]:
        """Return what the picture shows beside one channel."""
        rows, tolerance = None, 0.0
        if self.case is not None and self.value is not None:
            rows = plain_rows(_planes(self.value)[channel])
            tolerance = 0.0 if self.case.exact else _tolerance(self.value)
        return {"call": self.call, "message": self.message, "rows": rows, "tolerance": tolerance}

    def first_difference(self) -> tuple[int, tuple[int, int], float, float] | None:
        """Return channel, window, value and right value of the first difference, None if all agree."""
        if self.case is None or self.value is None:
            return None
        expected = np.asarray(self.case.expected)
        same = agree(self.case, self.value)
        if not self.case.exact and _tolerance(self.value) > TOLERANCE:
            same |= np.isclose(self.value.astype(float), expected, rtol=_tolerance(self.value))
        wrong = np.argwhere(~_planes(same))
        if not len(wrong):
            return None
        at = channel, row, column = tuple(int(each) for each in wrong[0])
        return channel, (row, column), float(_planes(self.value)[at]), float(_planes(expected)[at])


def _planes(array: np.ndarray) -> np.ndarray:
    """Return an array as (planes, height, width)."""
    return array.reshape(-1, *array.shape[-2:])


def _tolerance(value: np.ndarray) -> float:
    """Return by how much of its size an average may be off: more in float16, which has three digits."""
    return 1e-2 if value.dtype == np.float16 else TOLERANCE


def run(function: Callable[..., Any], array: np.ndarray, channel: int, setting: Setting) -> Shown:
    """Call the student's function on the input of the picture, as a check does.

    Parameters
    ----------
    function : callable
        Takes the input, then some of kernel_size, stride, padding and count_include_pad.
    array : ndarray
        What the picture shows, (H, W), (C, H, W) or (N, C, H, W).
    channel : int
        The matrix that a function for one matrix gets.
    setting : Setting
        A possible one.

    Returns
    -------
    Shown
    """
    x = _fed(function, array, channel)
    arguments = {name: value for name, value in _arguments(setting).items() if name in asked(function)}
    call = _written(function, x, arguments)
    if setting.windows(x.shape[-2:]) == (0, 0):
        return Shown(call, _("Your function was not run: the setting is impossible."))
    case = _case(x, arguments, setting)
    outcome = try_out(function, case)
    problem = _problem(function, call, case, outcome)
    if problem:
        return Shown(call, problem)
    if outcome.changed:
        message = _("All values agree, but {call} changed its argument x.", call=call)
    else:
        message = _("All {count} values agree.\n{call}", count=np.asarray(case.expected).size, call=call)
    return Shown(call, message, case, outcome.value)


def _case(x: np.ndarray, arguments: dict[str, Any], setting: Setting) -> Case:
    """Return the call, with what the picture itself works out for every window."""
    planes = [matrix.tolist() for matrix in x.reshape(-1, *x.shape[-2:])]
    values = [
        setting.formula(setting.seen(rows, place))[1]
        for rows in planes
        for place in setting.places(x.shape[-2:])
    ]
    expected = np.array(values, float).reshape(*x.shape[:-2], *setting.windows(x.shape[-2:]))
    window = [arguments["kernel_size"]] if "kernel_size" in arguments else []  # whatever it is called there
    rest = {name: value for name, value in arguments.items() if name != "kernel_size"}
    return Case((x, *window), rest, expected, exact=setting.mode == "max")


def _problem(function: Callable[..., Any], call: str, case: Case, outcome: Outcome) -> str:
    """Return why what came back cannot be laid beside the picture; an empty string if it can."""
    if outcome.raised is not None:
        if "NotImplementedError" in outcome.raised.kinds:
            return _("{name} is not written yet.", name=name_of(function))
        return _("{call} raised {what}", call=call, what=show_error(outcome.raised))
    if outcome.kind == "none":
        return _("{call} returned None. Is the `return` missing?", call=call)
    if outcome.kind not in ("array", "number"):
        kind = outcome.type_name
        return _("{call} returned a {kind}; a NumPy array was expected.", call=call, kind=kind)
    if outcome.value is None:
        return _("{call} returned an array of dtype {dtype}.", call=call, dtype=outcome.dtype)
    expected = np.asarray(case.expected).shape
    if outcome.value.shape != expected:
        return _(
            "{call} returned an array of shape {got}; {expected} was expected.",
            call=call,
            got=outcome.value.shape,
            expected=expected,
        )
    return ""


def _fed(function: Callable[..., Any], array: np.ndarray, channel: int) -> np.ndarray:
    """Give a function for one matrix a matrix, one for batches a batch, any other what there is."""
    name = name_of(function)
    if name.endswith("_matrix"):
        return array.reshape(-1, *array.shape[-2:])[channel]
    if "pool2d" in name:
        return array.reshape((1,) * (4 - array.ndim) + array.shape)
    return array


def _arguments(setting: Setting) -> dict[str, Any]:
    def short(pair: tuple[int, int]) -> int | tuple[int, int]:
        return pair[0] if pair[0] == pair[1] else pair

    values = {
        "kernel_size": short(setting.window),
        "stride": short(setting.stride),
        "padding": short(setting.padding),
    }
    if setting.mode == "average":
        values["count_include_pad"] = setting.count_include_pad
    return values


def _written(function: Callable[..., Any], x: np.ndarray, arguments: dict[str, Any]) -> str:
    listed = "".join(f", {name}={value}" for name, value in arguments.items())
    return f"{name_of(function)}(x{listed}), x.shape = {x.shape}"


def described(difference: tuple[int, tuple[int, int], float, float], call: str) -> str:
    """Return the first difference as a sentence."""
    _channel, (row, column), value, expected = difference
    return _(
        "First difference at window ({row}, {column}): {value} came back, {expected} was expected.\n{call}",
        row=row,
        column=column,
        value=show(value),
        expected=show(expected),
        call=call,
    )
