"""The student's own function beside the picture: how it is called, what came back, where it first differs."""

from __future__ import annotations

import contextlib
import inspect
import io
import linecache
import math
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..language import _
from .examples import plain_rows
from .setting import Setting, show

# What an average may be off by, for each unit of its size: the last digits of its dtype.
TOLERANCE = {"float16": 1e-2, "float32": 1e-5}
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
class Outcome:
    """What a run of the student's function gave.

    Attributes
    ----------
    call : str
        The call, as the student could write it.
    message : str
        What to say where no value differs.
    output : ndarray or None
        The result as (channels, height, width), None where it cannot be laid beside the picture.
    tolerance : float
        How far a value may be off, for each unit of its size.
    """

    call: str
    message: str
    output: np.ndarray | None = None
    tolerance: float = 0.0

    def for_channel(self, channel: int) -> dict[str, Any]:
        """Return what the picture shows beside one channel."""
        rows = None if self.output is None else plain_rows(self.output[channel])
        return {"call": self.call, "message": self.message, "rows": rows, "tolerance": self.tolerance}

    def first_difference(
        self, matrices: np.ndarray, setting: Setting
    ) -> tuple[int, tuple[int, int], float, float] | None:
        """Return channel, window, value and right value of the first difference, None where all agree."""
        if self.output is None:
            return None
        for channel, (matrix, got) in enumerate(zip(matrices, self.output, strict=True)):
            rows = matrix.tolist()
            for place in setting.places(matrix.shape):
                _formula, expected = setting.formula(setting.seen(rows, place))
                value = float(got[place])
                both_nan = math.isnan(value) and math.isnan(expected)
                near = abs(value - expected) <= self.tolerance * max(1.0, abs(expected))
                if not (both_nan or value == expected or near):
                    return channel, place, value, expected
        return None


def run(function: Callable[..., Any], array: np.ndarray, channel: int, setting: Setting) -> Outcome:
    """Call the student's function on the input of the picture.

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
    Outcome
    """
    x = _fed(function, array, channel)
    arguments = {name: value for name, value in _arguments(setting).items() if name in asked(function)}
    call = _written(function, x, arguments)
    if setting.windows(x.shape[-2:]) == (0, 0):
        return Outcome(call, _("Your function was not run: the setting is impossible."))
    given = x.copy()
    try:
        with _quiet():
            got = _call(function, given, arguments)
    except NotImplementedError:
        return Outcome(call, _("{name} is not written yet.", name=name_of(function)))
    except (Exception, SystemExit) as error:
        return Outcome(call, _raised(function, error, call))
    return _judged(got, x, given, setting, call)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    with (
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
        warnings.catch_warnings(action="ignore"),
    ):
        yield


def _judged(got: Any, x: np.ndarray, given: np.ndarray, setting: Setting, call: str) -> Outcome:
    expected = (*x.shape[:-2], *setting.windows(x.shape[-2:]))
    if got is None:
        return Outcome(call, _("{call} returned None. Is the `return` missing?", call=call))
    if not isinstance(got, np.ndarray | np.generic):
        kind = type(got).__name__
        return Outcome(call, _("{call} returned a {kind}; a NumPy array was expected.", call=call, kind=kind))
    if got.shape != expected:
        sentence = _(
            "{call} returned an array of shape {got}; {expected} was expected.",
            call=call,
            got=got.shape,
            expected=expected,
        )
        return Outcome(call, sentence)
    if got.dtype.kind not in "biuf":
        return Outcome(call, _("{call} returned an array of dtype {dtype}.", call=call, dtype=got.dtype))
    tolerance = 0.0 if setting.mode == "max" else TOLERANCE.get(got.dtype.name, 1e-9)
    if not np.array_equal(x, given, equal_nan=x.dtype.kind == "f"):
        message = _("All values agree, but {call} changed its argument x.", call=call)
    else:
        message = _("All {count} values agree.\n{call}", count=got.size, call=call)
    return Outcome(call, message, got.reshape(-1, *expected[-2:]), tolerance)


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


def _call(function: Callable[..., Any], x: np.ndarray, arguments: dict[str, Any]) -> Any:
    if "kernel_size" not in arguments:
        return function(x, **arguments)
    rest = {name: value for name, value in arguments.items() if name != "kernel_size"}
    return function(x, arguments["kernel_size"], **rest)  # whatever the student calls the window


def _written(function: Callable[..., Any], x: np.ndarray, arguments: dict[str, Any]) -> str:
    listed = "".join(f", {name}={value}" for name, value in arguments.items())
    return f"{name_of(function)}(x{listed}), x.shape = {x.shape}"


def _raised(function: Callable[..., Any], error: BaseException, call: str) -> str:
    what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    sentence = _("{call} raised {what}", call=call, what=what)
    file = getattr(getattr(function, "__code__", None), "co_filename", None)
    line, trace = None, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == file:
            line = trace.tb_lineno
        trace = trace.tb_next
    if line is None or file is None:
        return sentence
    code = linecache.getline(file, line).strip()
    return sentence + "\n" + _("It happened in line {line}: {code}", line=line, code=code)


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
