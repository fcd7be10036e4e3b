"""The contract's functions: pooling of the last two axes, forward and backward.

The meaning is PyTorch's: https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxPool2d.html and
https://docs.pytorch.org/docs/stable/generated/torch.nn.AvgPool2d.html.
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from pooling_lab.tasks import bool_of
from pooling_ref import engine
from pooling_ref.arguments import checked_windows, gradient, per_axis, real_array

Pair: TypeAlias = int | tuple[int, int]
# An infinity, a NaN or an overflow is a result here, not an accident to warn of.
quiet = np.errstate(all="ignore")


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
    sizes = per_axis("size", size, axes=1, least=1)
    return checked_windows(sizes, kernel_size, stride, padding)[0].count


@quiet
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
        If `x` has rows that differ in length, fewer than two axes, an empty axis or a dtype that is not real;
        if a window or stride is less than 1, or a padding negative or more than half the window; or if the
        window is larger than the padded input.
    """
    x = real_array("x", x)
    return engine.max_pool(x, checked_windows(x.shape[-2:], kernel_size, stride, padding))


@quiet
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
        As in `max_pool2d`, and TypeError if `count_include_pad` is neither True nor False.
    """
    x, counted = real_array("x", x), bool_of("count_include_pad", count_include_pad)
    return engine.avg_pool(x, checked_windows(x.shape[-2:], kernel_size, stride, padding), counted)


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
        If `x` has rows that differ in length, fewer than two axes, an empty axis or a dtype that is not real.
    """
    x = real_array("x", x)
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
    x = real_array("x", x)
    return avg_pool2d(x, x.shape[-2:])


@quiet
def max_pool2d_backward(
    grad_output: ArrayLike, x: ArrayLike, kernel_size: Pair, stride: Pair | None = None, padding: Pair = 0
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
    x = real_array("x", x)
    windows = checked_windows(x.shape[-2:], kernel_size, stride, padding)
    grad_output = gradient(grad_output, x, windows)
    grad = engine.max_pool_backward(grad_output, x, windows)
    return grad.astype(_gradient_dtype(grad_output, x), copy=False)


@quiet
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
    x, counted = real_array("x", x), bool_of("count_include_pad", count_include_pad)
    windows = checked_windows(x.shape[-2:], kernel_size, stride, padding)
    grad_output = gradient(grad_output, x, windows)
    grad = engine.avg_pool_backward(grad_output, windows, counted)
    return grad.astype(_gradient_dtype(grad_output, x), copy=False)


def _gradient_dtype(grad_output: np.ndarray, x: np.ndarray) -> np.dtype:
    return x.dtype if x.dtype.kind == "f" else engine.average_dtype(grad_output.dtype)
