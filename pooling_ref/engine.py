"""Pooling along any number of axes, as separable passes over strided views.

A window of 3 × 3 cells has the same maximum whether one looks at its nine cells at once, or first at the
three cells of each column and then at the three results. So pooling is done one axis at a time, and along an
axis one *tap* at a time: tap ``k`` of all windows together is one slice of the input, ``x[offset::stride]``,
and NumPy joins two such slices with a single call. No window is ever copied, and padding is never stored:
where a tap would read a padding cell, the window is simply left out of that tap's slice.

The meaning of every argument is PyTorch's and ONNX's:
https://docs.pytorch.org/docs/stable/nn.functional.html#pooling-functions and
https://onnx.ai/onnx/operators/onnx__MaxPool.html.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np

AUTO_PADS = ("NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER")


@dataclass(frozen=True)
class Windows:
    """The windows along one axis.

    Parameters
    ----------
    size : int
        Number of cells of the input.
    kernel : int
        Number of cells of a window.
    stride : int
        Cells from the start of a window to the start of the next.
    dilation : int
        Cells from one cell of a window to its next.
    before, after : int
        Padding cells at the two ends.
    count : int
        Number of windows, which is the size of the output.
    """

    size: int
    kernel: int
    stride: int
    dilation: int
    before: int
    after: int
    count: int

    def taps(self) -> Iterator[tuple[slice, slice]]:
        """Yield, for each cell of the window, the windows where it is a real cell, and those cells.

        Yields
        ------
        windows, cells : slice
            ``cells`` of the input are what ``windows`` of the output read at this tap.
        """
        for tap in range(self.kernel):
            offset = tap * self.dilation - self.before
            first = max(0, -(offset // self.stride))
            last = min(self.count - 1, (self.size - 1 - offset) // self.stride)
            if first <= last:
                start = first * self.stride + offset
                stop = last * self.stride + offset + 1
                yield slice(first, last + 1), slice(start, stop, self.stride)

    def cells(self, count_padding: bool) -> np.ndarray:
        """Count the cells of each window: the real ones, and with `count_padding` the padding too.

        What a last window of ceil mode has beyond the padding is never counted.
        """
        low, high = (-self.before, self.size + self.after) if count_padding else (0, self.size)
        starts = np.arange(self.count) * self.stride - self.before
        cells = starts[:, None] + np.arange(self.kernel) * self.dilation
        return ((low <= cells) & (cells < high)).sum(axis=1)


def lay_windows(
    size: int,
    kernel: int,
    stride: int,
    *,
    dilation: int = 1,
    pads: tuple[int, int] = (0, 0),
    ceil_mode: bool = False,
    auto_pad: str = "NOTSET",
) -> Windows:
    """Lay windows along one axis.

    Parameters
    ----------
    size, kernel, stride, dilation : int
        As in `Windows`.
    pads : tuple of int
        Padding before the first and after the last cell; only read when `auto_pad` is ``"NOTSET"``.
    ceil_mode : bool
        Keep a last window that is incomplete, unless it would start in the padding after the last cell.
    auto_pad : {"NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"}
        ONNX's names: the given pads, none, or as many as make the output ``ceil(size / stride)`` long, with
        the odd one after the last cell (``UPPER``) or before the first (``LOWER``).

    Raises
    ------
    ValueError
        If `auto_pad` is none of these.
    """
    if auto_pad not in AUTO_PADS:
        raise ValueError(f"auto_pad must be one of {AUTO_PADS}, not {auto_pad!r}")
    span = (kernel - 1) * dilation + 1
    before, after = pads
    if auto_pad != "NOTSET":
        before = after = 0
        ceil_mode = False
    if auto_pad.startswith("SAME"):
        total = max((-(-size // stride) - 1) * stride + span - size, 0)
        before = after = total // 2
        if auto_pad == "SAME_UPPER":
            after = total - before
        else:
            before = total - after
    room = before + size + after - span
    count = (-(-room // stride) if ceil_mode else room // stride) + 1
    if ceil_mode and (count - 1) * stride >= before + size:
        count -= 1
    return Windows(size, kernel, stride, dilation, before, after, count)


def max_pool(x: np.ndarray, windows: Sequence[Windows]) -> np.ndarray:
    """Take the maximum of every window over the last ``len(windows)`` axes.

    A window with a NaN gives NaN. A window without a real cell gives the lowest value of the dtype.

    Returns
    -------
    ndarray
        Of x's dtype; a new array.
    """
    for axis, along in _axes(x, windows):
        x = _join(np.maximum, x, axis, along, lowest(x.dtype), x.dtype)
    return x


def avg_pool(x: np.ndarray, windows: Sequence[Windows], count_include_pad: bool) -> np.ndarray:
    """Take the average of every window over the last ``len(windows)`` axes, with padding as zeros.

    Returns
    -------
    ndarray
        Of the dtype `average_dtype` gives; a new array.
    """
    dtype = average_dtype(x.dtype)
    total = x
    for axis, along in _axes(x, windows):
        total = _join(np.add, total, axis, along, 0, sum_dtype(dtype))
    with np.errstate(all="ignore"):
        total /= divisor(windows, count_include_pad)
    return total.astype(dtype, copy=False)


def arg_max_pool(x: np.ndarray, windows: Sequence[Windows]) -> np.ndarray:
    """Tell where the maximum of every window lies.

    Of equal values the first in row-major order is taken; of several NaN the last, as PyTorch does.

    Returns
    -------
    ndarray of int
        Row-major positions within the last ``len(windows)`` axes of `x`; −1 for a window without a real cell.
    """
    shape = x.shape[x.ndim - len(windows) :]
    where = np.broadcast_to(np.arange(np.prod(shape)).reshape(shape), x.shape)
    # From the last axis to the first, so that the first of equals is the first in row-major order.
    for axis, along in reversed(list(_axes(x, windows))):
        best = np.empty(_resized(x, axis, along.count), x.dtype)
        best_where = np.full(best.shape, -1)
        for outputs, inputs in along.taps():
            value, position = _at(best, axis, outputs), _at(best_where, axis, outputs)
            new, new_position = _at(x, axis, inputs), _at(where, axis, inputs)
            better = (new_position >= 0) & ((position < 0) | (new > value) | (new != new))
            np.copyto(value, new, where=better)
            np.copyto(position, new_position, where=better)
        x, where = best, best_where
    return where


def max_pool_backward(grad_output: np.ndarray, x: np.ndarray, windows: Sequence[Windows]) -> np.ndarray:
    """Send every window's gradient to its maximum; gradients that meet add up.

    Returns
    -------
    ndarray of float64
        Of x's shape.
    """
    where = arg_max_pool(x, windows)
    shape = x.shape[x.ndim - len(windows) :]
    plane = int(np.prod(shape))
    planes = np.arange(x.size // plane) * plane
    where = (where.reshape(len(planes), -1) + planes[:, None]).ravel()
    return np.bincount(where, grad_output.ravel(), minlength=x.size).reshape(x.shape)


def avg_pool_backward(
    grad_output: np.ndarray, windows: Sequence[Windows], count_include_pad: bool
) -> np.ndarray:
    """Share every window's gradient out among its cells; gradients that meet add up.

    Returns
    -------
    ndarray of float
        Of the input's shape.
    """
    grad = grad_output / divisor(windows, count_include_pad)
    for axis, along in _axes(grad, windows):
        spread = np.zeros(_resized(grad, axis, along.size), grad.dtype)
        for outputs, inputs in along.taps():
            part = _at(spread, axis, inputs)
            np.add(part, _at(grad, axis, outputs), out=part)
        grad = spread
    return grad


def divisor(windows: Sequence[Windows], count_include_pad: bool) -> np.ndarray:
    """Count the cells that every window divides by: an array with one axis for each of `windows`."""
    counts = reduce(np.multiply.outer, [along.cells(count_include_pad) for along in windows])
    return np.maximum(counts, 1)


def lowest(dtype: np.dtype) -> object:
    """Give the value that never wins a maximum."""
    if dtype.kind == "f":
        return -np.inf
    return False if dtype.kind == "b" else np.iinfo(dtype).min


def average_dtype(dtype: np.dtype) -> np.dtype:
    """Give the dtype of an average: floats stay, integers and bool become float64."""
    return dtype if dtype.kind == "f" else np.dtype(np.float64)


def sum_dtype(dtype: np.dtype) -> np.dtype:
    """Give the dtype to add in: float16 is too small for a sum of its own values."""
    return np.promote_types(dtype, np.float32)


def _axes(x: np.ndarray, windows: Sequence[Windows]) -> Iterator[tuple[int, Windows]]:
    return enumerate(windows, start=x.ndim - len(windows))


def _at(x: np.ndarray, axis: int, cells: slice) -> np.ndarray:
    return x[(slice(None),) * axis + (cells,)]


def _resized(x: np.ndarray, axis: int, size: int) -> tuple[int, ...]:
    return (*x.shape[:axis], size, *x.shape[axis + 1 :])


def _join(
    ufunc: np.ufunc, x: np.ndarray, axis: int, along: Windows, empty: object, dtype: np.dtype
) -> np.ndarray:
    """Join the taps of all windows along one axis; `empty` is the value of no cells at all."""
    joined = np.full(_resized(x, axis, along.count), empty, dtype)
    with np.errstate(all="ignore"):
        for outputs, inputs in along.taps():
            part = _at(joined, axis, outputs)
            ufunc(part, _at(x, axis, inputs), out=part)
    return joined
