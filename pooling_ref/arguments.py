"""What a caller may ask for, and a clear error, with the argument's name and value, for all the rest."""

import operator
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from pooling_lab.tasks import array_of
from pooling_ref.windows import Windows, lay_windows


def real_array(name: str, value: ArrayLike) -> np.ndarray:
    """Give `value` as an array of real numbers with a height and a width.

    Raises
    ------
    ValueError
        If its rows differ in length, its dtype is neither real nor bool, it has fewer than two axes, or one
        of them is empty.
    """
    array = array_of(name, value)
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{name} must hold real numbers or bool, but its dtype is {array.dtype}")
    if array.ndim < 2:
        raise ValueError(
            f"{name} must have at least two axes (height, width), but its shape is {array.shape}"
        )
    if array.size == 0:
        raise ValueError(f"{name} must not have an empty axis, but its shape is {array.shape}")
    return array


def gradient(value: ArrayLike, x: np.ndarray, windows: tuple[Windows, ...]) -> np.ndarray:
    """Give `value` as the gradient of what the windows make of `x`.

    Raises
    ------
    ValueError
        As in `real_array`, or if its shape is not that of the output.
    """
    grad_output = real_array("grad_output", value)
    shape = (*x.shape[:-2], *(axis_windows.count for axis_windows in windows))
    if grad_output.shape != shape:
        raise ValueError(
            f"grad_output must have the shape of the output, {shape}, but its shape is {grad_output.shape}"
        )
    return grad_output


def checked_windows(
    sizes: tuple[int, ...], kernel_size: object, stride: object, padding: object
) -> tuple[Windows, ...]:
    """Lay windows along axes of these sizes, by the rules of the contract.

    Raises
    ------
    TypeError
        If anything is no integer.
    ValueError
        If anything is too small, the padding is more than half the window, or the window is larger than the
        padded input.
    """
    kernels = per_axis("kernel_size", kernel_size, len(sizes), least=1)
    strides = kernels if stride is None else per_axis("stride", stride, len(sizes), least=1)
    paddings = per_axis("padding", padding, len(sizes), least=0)
    for size, kernel, pad in zip(sizes, kernels, paddings, strict=True):
        if 2 * pad > kernel:
            raise ValueError(f"padding={padding!r} is more than half of kernel_size={kernel_size!r}")
        if kernel > size + 2 * pad:
            raise ValueError(
                f"kernel_size={kernel_size!r} is larger than the padded input: {kernel} > {size + 2 * pad}"
            )
    return tuple(map(_laid, sizes, kernels, strides, paddings))


@lru_cache(maxsize=1000)  # the same small windows are asked for again and again
def _laid(size: int, kernel: int, stride: int, padding: int) -> Windows:
    return lay_windows(size, kernel, stride, pads=(padding, padding))


def per_axis(name: str, value: Any, axes: int, least: int) -> tuple[int, ...]:
    """Give one integer for each axis: the same for all, or where there are several axes, one each.

    Raises
    ------
    TypeError
        If `value` holds anything but integers; bool is none.
    ValueError
        If there are too many or too few, or one is less than `least`.
    """
    is_pair = axes > 1 and (isinstance(value, tuple | list) or getattr(value, "ndim", 0) > 0)
    if is_pair and len(value) != axes:
        raise ValueError(f"{name}={value!r} must be an integer or a pair (height, width)")
    try:
        integers = tuple(_integer(one) for one in (value if is_pair else (value,) * axes))
    except TypeError:
        raise TypeError(f"{name}={value!r} must be an integer{' or a pair of them' * (axes > 1)}") from None
    if min(integers) < least:
        raise ValueError(f"{name}={value!r} must be at least {least}")
    return integers


def _integer(value: Any) -> int:
    if isinstance(value, bool | np.bool_):
        raise TypeError
    return operator.index(value)
