"""The tasks of the course: what each function is called, what its arguments mean, and what they must be."""

import math
from dataclasses import dataclass
from numbers import Integral
from reprlib import repr as shortly
from typing import Any

import numpy as np

Pair = tuple[int, int]


@dataclass(frozen=True)
class Task:
    """One function that a student writes.

    Attributes
    ----------
    name : str
        The function's name.
    parameters : tuple of str
        The names of its arguments, in order.
    defaults : dict
        The arguments that may be left out, with the value they then have.
    gives : str
        What comes back: "int", "shape" (a tuple of int) or "array".
    pools : bool
        Whether each cell of the result comes from one window of `x`.
    """

    name: str
    parameters: tuple[str, ...]
    defaults: dict[str, Any]
    gives: str = "array"
    pools: bool = True

    def bind(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """Return every argument of a call by its name."""
        return {**self.defaults, **dict(zip(self.parameters, args, strict=False)), **kwargs}

    def geometry(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Pair, Pair, Pair] | None:
        """Return the window, the stride and the padding of a call as pairs; None where there are none."""
        values = self.bind(args, kwargs)
        if self.gives != "array" or not self.pools:
            return None
        kernel = pair(values.get("kernel_size", np.shape(values["x"])[-2:]))
        stride = values.get("stride")
        return kernel, kernel if stride is None else pair(stride), pair(values.get("padding", 0))


def pair(value: Any) -> Any:
    """Return (value, value) for a number, and a pair as it is."""
    several = isinstance(value, tuple | list) or getattr(value, "ndim", 0) > 0
    return tuple(value) if several else (value, value)


def pair_of(argument: str, value: object, least: int, most: float = math.inf) -> Pair:
    """Return (height, width) of an int or a pair.

    Raises
    ------
    TypeError
        Where it is not made of whole numbers.
    ValueError
        Where it is not one number or two, or one is less than `least` or more than `most`.
    """
    both = pair(value)
    if len(both) != 2:
        raise ValueError(f"{argument} must be an int or a pair (height, width), not {value!r}")
    height, width = _integers(argument, value, both, "an int or a pair of ints", least, most)
    return height, width


def int_of(argument: str, value: object, least: float = -math.inf, most: float = math.inf) -> int:
    """Return a whole number.

    Raises
    ------
    TypeError
        Where it is none; bool is none.
    ValueError
        Where it is less than `least` or more than `most`.
    """
    return _integers(argument, value, (value,), "an int", least, most)[0]


def bool_of(argument: str, value: object) -> bool:
    """Return True or False, of Python's or NumPy's.

    Raises
    ------
    TypeError
        Where it is neither.
    """
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{argument} must be True or False, not {value!r}")
    return bool(value)


def array_of(argument: str, value: object, *axes: int) -> np.ndarray:
    """Return an array.

    Parameters
    ----------
    argument : str
        The name for the errors.
    value : array_like
    axes : int
        How many axes it may have; any number where nothing is said.

    Raises
    ------
    ValueError
        Where its rows differ in length, or it has another number of axes.
    """
    try:
        array = np.asarray(value)
    except ValueError:
        raise ValueError(f"{argument} must have rows of equal length; it is {shortly(value)}") from None
    if axes and array.ndim not in axes:
        number = " or ".join(map(str, axes))
        raise ValueError(f"{argument} must have {number} axes; its shape is {array.shape}")
    return array


def _integers(
    argument: str, value: object, numbers: tuple[Any, ...], what: str, least: float, most: float
) -> tuple[int, ...]:
    if any(isinstance(number, bool) or not isinstance(number, Integral) for number in numbers):
        raise TypeError(f"{argument} must be {what}, not {value!r}")
    if min(numbers) < least:
        raise ValueError(f"{argument} must be at least {least}, not {value!r}")
    if max(numbers) > most:
        raise ValueError(f"{argument} must be at most {most}, not {value!r}")
    return tuple(map(int, numbers))


WINDOW = ("kernel_size", "stride", "padding")
MOVED: dict[str, Any] = {"stride": None, "padding": 0}
COUNTED: dict[str, Any] = {**MOVED, "count_include_pad": True}
LAYER = ("layer", "shape")
BLOCK: dict[str, Any] = {"kind": None, "window": 2}

TASKS = {
    task.name: task
    for task in (
        Task("output_size", ("size", *WINDOW), MOVED, gives="int"),
        Task("max_pool_matrix", ("x", "kernel_size"), {}),
        Task("max_pool2d", ("x", *WINDOW), MOVED),
        Task("avg_pool_matrix", ("x", "kernel_size"), {}),
        Task("avg_pool2d", ("x", *WINDOW, "count_include_pad"), COUNTED),
        Task("global_avg_pool2d", ("x",), {}),
        Task("layer_shape", LAYER, {}, gives="shape"),
        Task("layer_parameters", LAYER, {}, gives="int"),
        Task("layer_multiply_adds", LAYER, {}, gives="int"),
        Task("conv_block", ("x", "weights", "bias", *BLOCK), BLOCK, pools=False),
        Task("max_pool2d_backward", ("grad_output", "x", *WINDOW), MOVED, pools=False),
        Task("avg_pool2d_backward", ("grad_output", "x", *WINDOW, "count_include_pad"), COUNTED, pools=False),
        Task("window_view", ("x", "kernel_size", "stride"), {"stride": None}, pools=False),
        Task("fast_max_pool2d", ("x", *WINDOW), MOVED),
    )
}
