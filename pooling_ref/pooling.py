"""The contract's functions: pooling of the last two axes, forward and backward, with all their errors."""

import operator
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from pooling_ref import engine

Pair: TypeAlias = int | tuple[int, int]


def output_size(size: int, kernel_size: int, stride: int | None = None, padding: int = 0) -> int:
    """Count the windows that fit along one axis.

    Parameters
    ----------
    size : int
        Number of cells along the axis.
    kernel_size : int
        Number of cells of the window.
    stride : int, optional
        Step from window to window; the window's size if left out.
    padding : int
        Cells added at each of the two ends.

    Returns
    -------
    int
        ``floor((size + 2 * padding - kernel_size) / stride) + 1``.

    Raises
    ------
    TypeError
        If an argument is no integer.
    ValueError
        If `size`, `kernel_size` or `stride` is less than 1, `padding` is negative or more than half the
        window, or the window is larger than the padded axis.
    """
    sizes = _per_axis("size", size, axes=1, least=1)
    return _windows(sizes, kernel_size, stride, padding)[0].count


def max_pool2d(x: ArrayLike, kernel_size: Pair, stride: Pair | None = None, padding: Pair = 0) -> np.ndarray:
    """Take the maximum of each window.

    Parameters
    ----------
    x : array_like, shape (..., H, W)
        Numbers of any real dtype, or bool. The leading axes are kept.
    kernel_size : int or (int, int)
        Height and width of the window.
    stride : int or (int, int), optional
        Step down and to the right; the window's size if left out.
    padding : int or (int, int)
        Rows added above and below, columns added left and right. They count as −∞.

    Returns
    -------
    ndarray, shape (..., H_out, W_out)
        Of x's dtype. The sizes are those of `output_size`. A window with a NaN gives NaN.

    Raises
    ------
    TypeError
        If a window, stride or padding is no integer.
    ValueError
        If `x` has fewer than two axes, an empty axis or a dtype that is not real; if a window or stride is
        less than 1, or a padding negative or more than half the window; or if the window is larger than the
        padded input.
    """
    x = _array("x", x)
    return engine.max_pool(x, _windows(x.shape[-2:], kernel_size, stride, padding))


def avg_pool2d(
    x: ArrayLike,
    kernel_size: Pair,
    stride: Pair | None = None,
    padding: Pair = 0,
    count_include_pad: bool = True,
) -> np.ndarray:
    """Take the average of each window.

    Parameters
    ----------
    x, kernel_size, stride
        As in `max_pool2d`.
    padding : int or (int, int)
        Rows added above and below, columns added left and right. They count as 0.
    count_include_pad : bool
        Divide by all cells of the window; if False, by those that are no padding.

    Returns
    -------
    ndarray, shape (..., H_out, W_out)
        Floats keep their dtype (float16 is summed in float32); integers and bool give float64.

    Raises
    ------
    TypeError, ValueError
        As in `max_pool2d`.
    """
    x = _array("x", x)
    return engine.avg_pool(x, _windows(x.shape[-2:], kernel_size, stride, padding), count_include_pad)


def global_max_pool2d(x: ArrayLike) -> np.ndarray:
    """Take the maximum of each whole channel.

    Parameters
    ----------
    x : array_like, shape (..., H, W)
        As in `max_pool2d`.

    Returns
    -------
    ndarray, shape (..., 1, 1)
        Of x's dtype.

    Raises
    ------
    ValueError
        If `x` has fewer than two axes, an empty axis or a dtype that is not real.
    """
    x = _array("x", x)
    return max_pool2d(x, x.shape[-2:])


def global_avg_pool2d(x: ArrayLike) -> np.ndarray:
    """Take the average of each whole channel.

    Parameters
    ----------
    x : array_like, shape (..., H, W)
        As in `max_pool2d`.

    Returns
    -------
    ndarray, shape (..., 1, 1)
        Of the dtype that `avg_pool2d` gives.

    Raises
    ------
    ValueError
        As in `global_max_pool2d`.
    """
    x = _array("x", x)
    return avg_pool2d(x, x.shape[-2:])


def max_pool2d_backward(
    grad_output: ArrayLike,
    x: ArrayLike,
    kernel_size: Pair,
    stride: Pair | None = None,
    padding: Pair = 0,
) -> np.ndarray:
    """Send the gradient of each window back to its maximum.

    Of equal maxima the first in row-major order gets it; of several NaN the last (both are PyTorch's rules).
    A cell that is the maximum of several windows gets the sum.

    Parameters
    ----------
    grad_output : array_like, shape (..., H_out, W_out)
        The gradient with respect to the output of `max_pool2d`.
    x, kernel_size, stride, padding
        What `max_pool2d` was called with.

    Returns
    -------
    ndarray, shape of x
        Of x's dtype if that is a float, else of grad_output's, else float64.

    Raises
    ------
    TypeError, ValueError
        As in `max_pool2d`, and ValueError if `grad_output` has another shape than the output.
    """
    x = _array("x", x)
    windows = _windows(x.shape[-2:], kernel_size, stride, padding)
    grad_output = _gradient(grad_output, x, windows)
    grad = engine.max_pool_backward(grad_output, x, windows)
    return grad.astype(_gradient_dtype(grad_output, x), copy=False)


def avg_pool2d_backward(
    grad_output: ArrayLike,
    x: ArrayLike,
    kernel_size: Pair,
    stride: Pair | None = None,
    padding: Pair = 0,
    count_include_pad: bool = True,
) -> np.ndarray:
    """Share the gradient of each window out equally among its cells.

    Parameters
    ----------
    grad_output : array_like, shape (..., H_out, W_out)
        The gradient with respect to the output of `avg_pool2d`.
    x, kernel_size, stride, padding, count_include_pad
        What `avg_pool2d` was called with.

    Returns
    -------
    ndarray, shape of x
        Of x's dtype if that is a float, else of grad_output's, else float64.

    Raises
    ------
    TypeError, ValueError
        As in `avg_pool2d`, and ValueError if `grad_output` has another shape than the output.
    """
    x = _array("x", x)
    windows = _windows(x.shape[-2:], kernel_size, stride, padding)
    grad_output = _gradient(grad_output, x, windows)
    grad = engine.avg_pool_backward(grad_output.astype(np.float64), windows, count_include_pad)
    return grad.astype(_gradient_dtype(grad_output, x), copy=False)


def _array(name: str, value: ArrayLike) -> np.ndarray:
    array = np.asarray(value)
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{name} must hold real numbers or bool, but its dtype is {array.dtype}")
    if array.ndim < 2:
        raise ValueError(
            f"{name} must have at least two axes (height, width), but its shape is {array.shape}"
        )
    if array.size == 0:
        raise ValueError(f"{name} must not have an empty axis, but its shape is {array.shape}")
    return array


def _gradient(value: ArrayLike, x: np.ndarray, windows: tuple[engine.Windows, ...]) -> np.ndarray:
    grad_output = _array("grad_output", value)
    shape = (*x.shape[:-2], *(along.count for along in windows))
    if grad_output.shape != shape:
        raise ValueError(
            f"grad_output must have the shape of the output, {shape}, but its shape is {grad_output.shape}"
        )
    return grad_output


def _gradient_dtype(grad_output: np.ndarray, x: np.ndarray) -> np.dtype:
    return x.dtype if x.dtype.kind == "f" else engine.average_dtype(grad_output.dtype)


def _windows(sizes: tuple[int, ...], kernel_size, stride, padding) -> tuple[engine.Windows, ...]:
    """Check what the caller gave against each other and the sizes, and lay the windows along each axis."""
    kernels = _per_axis("kernel_size", kernel_size, len(sizes), least=1)
    strides = kernels if stride is None else _per_axis("stride", stride, len(sizes), least=1)
    paddings = _per_axis("padding", padding, len(sizes), least=0)
    for size, kernel, pad in zip(sizes, kernels, paddings, strict=True):
        if 2 * pad > kernel:
            raise ValueError(f"padding={padding!r} is more than half of kernel_size={kernel_size!r}")
        if kernel > size + 2 * pad:
            raise ValueError(
                f"kernel_size={kernel_size!r} is larger than the padded input: {kernel} > {size + 2 * pad}"
            )
    return tuple(
        engine.lay_windows(size, kernel, step, pads=(pad, pad))
        for size, kernel, step, pad in zip(sizes, kernels, strides, paddings, strict=True)
    )


def _per_axis(name: str, value: object, axes: int, least: int) -> tuple[int, ...]:
    """Give one integer for each axis: the same for all, or where there are several axes, one each."""
    is_pair = axes > 1 and isinstance(value, tuple | list | np.ndarray) and np.ndim(value) > 0
    if is_pair and len(value) != axes:
        raise ValueError(f"{name}={value!r} must be an integer or a pair (height, width)")
    try:
        integers = tuple(_integer(one) for one in (value if is_pair else (value,) * axes))
    except TypeError:
        raise TypeError(f"{name}={value!r} must be an integer{' or a pair of them' * (axes > 1)}") from None
    if min(integers) < least:
        raise ValueError(f"{name}={value!r} must be at least {least}")
    return integers


def _integer(value: object) -> int:
    if isinstance(value, bool):
        raise TypeError
    return operator.index(value)
