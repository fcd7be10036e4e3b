"""Pooling along any number of axes, with nothing but shifts and joins of whole arrays.

Two ideas carry it.

*Separable.* A window of 3 × 3 cells has the same maximum whether one looks at its nine cells at once, or
first at the three cells of each column and then at the three results. So the axes are pooled in turn.

*All windows at once.* Along an axis, cell ``k`` of every window together is one slice of the input, and NumPy
joins two such slices (``np.maximum``, ``np.add``) in one call. Where the stride is small, it is faster still
to lay a window at every cell: the neighbour below is then simply the array shifted by one row's length,
memory is read in long runs without a gap, and the windows that nobody asked for are left out afterwards.

Which windows there are is said in `pooling_ref.windows`.
"""

from collections.abc import Iterator, Sequence
from functools import reduce
from math import prod
from sys import byteorder
from typing import Literal

import numpy as np

from pooling_ref.windows import Windows

BLOCK_BYTES = 1 << 21  # what is worked on at a time, so that it stays in the cache
SMALL_STRIDE = 3  # up to here a window at every cell is faster than one where it is asked for
LARGE_WINDOW = 64  # cells, from where on float32 is summed in float64
WIDER = {1: (np.uint8, np.uint16), 2: (np.uint16, np.uint32), 4: (np.uint32, np.uint64)}


def max_pool(x: np.ndarray, windows: Sequence[Windows]) -> np.ndarray:
    """Take the maximum of every window over the last ``len(windows)`` axes.

    A window with a NaN gives NaN. A window without a real cell gives the lowest value of the dtype.

    Parameters
    ----------
    x : ndarray, shape (..., *sizes)
        The cells; one size for each of `windows`.
    windows : sequence of Windows
        The windows along each of the pooled axes.

    Returns
    -------
    ndarray, shape (..., *counts)
        Of x's dtype; a new array.
    """
    pooled = _empty(x, windows, x.dtype)
    for cells, part in _blocks(x, pooled, windows, lowest(x.dtype), working_dtype(x.dtype)):
        joined = _join(np.maximum, cells, windows, out=part)
        if joined is not part:
            part[...] = joined
    return pooled


def avg_pool(x: np.ndarray, windows: Sequence[Windows], count_include_pad: bool) -> np.ndarray:
    """Take the average of every window over the last ``len(windows)`` axes, with padding as zeros.

    Parameters
    ----------
    x : ndarray, shape (..., *sizes)
        The cells; one size for each of `windows`.
    windows : sequence of Windows
        The windows along each of the pooled axes.
    count_include_pad : bool
        Whether the padding is in the divisor, too.

    Returns
    -------
    ndarray, shape (..., *counts)
        Of the dtype `average_dtype` gives; a new array.
    """
    pooled = _empty(x, windows, average_dtype(x.dtype))
    counts = divisor(windows, count_include_pad).astype(working_dtype(pooled.dtype))
    if (counts == counts.flat[0]).all():
        counts = counts.flat[0]  # one number divides faster than an array
    for cells, part in _blocks(x, pooled, windows, 0, sum_dtype(x.dtype, windows)):
        np.divide(_join(np.add, cells, windows), counts, out=part, casting="same_kind")
    return pooled


def arg_max_pool(x: np.ndarray, windows: Sequence[Windows], order: Literal["C", "F"] = "C") -> np.ndarray:
    """Tell where in `x` the maximum of every window over the last ``len(windows)`` axes lies.

    Of equal values the first in row-major order is taken; of several NaN the last, as PyTorch does.

    Parameters
    ----------
    x : ndarray, shape (..., *sizes)
        The cells; one size for each of `windows`.
    windows : sequence of Windows
        The windows along each of the pooled axes.
    order : {"C", "F"}
        How the cells of a plane are numbered: row by row or column by column (ONNX's `storage_order` 0, 1).

    Returns
    -------
    ndarray of int
        Numbers of cells of the whole flattened `x`; −1 for a window without a real cell.
    """
    plane = x.shape[x.ndim - len(windows) :]
    where = np.arange(prod(plane)).reshape(plane, order=order)
    where = np.add.outer(np.arange(0, x.size, prod(plane)), where).reshape(x.shape)
    x, where = _pad(x, windows, lowest(x.dtype), x.dtype), _pad(where, windows, -1, where.dtype)
    # From the last axis to the first, so that the first of equals is the first in row-major order.
    for axis, axis_windows in reversed(_axes(x, windows)):
        (x, *values), (where, *places) = _taps(x, axis, axis_windows), _taps(where, axis, axis_windows)
        for value, place in zip(values, places, strict=True):
            better = (place >= 0) & ((where < 0) | (value > x) | (value != value))
            x, where = np.where(better, value, x), np.where(better, place, where)
    return where


def max_pool_backward(grad_output: np.ndarray, x: np.ndarray, windows: Sequence[Windows]) -> np.ndarray:
    """Send every window's gradient to its maximum; gradients that meet add up.

    Every window must have a real cell.

    Parameters
    ----------
    grad_output : ndarray, shape (..., *counts)
        What comes in for each window.
    x : ndarray, shape (..., *sizes)
        The cells; one size for each of `windows`.
    windows : sequence of Windows
        The windows along each of the pooled axes.

    Returns
    -------
    ndarray of float64, shape (..., *sizes)
        What reaches each cell.
    """
    where = arg_max_pool(x, windows)
    weights = grad_output.ravel().astype(np.float64, copy=False)
    return np.bincount(where.ravel(), weights, minlength=x.size).reshape(x.shape)


def avg_pool_backward(
    grad_output: np.ndarray, windows: Sequence[Windows], count_include_pad: bool
) -> np.ndarray:
    """Share every window's gradient out among its cells; gradients that meet add up.

    Parameters
    ----------
    grad_output : ndarray, shape (..., *counts)
        What comes in for each window.
    windows : sequence of Windows
        The windows along each of the pooled axes.
    count_include_pad : bool
        Whether the padding gets its share, too.

    Returns
    -------
    ndarray of float64, shape (..., *sizes)
        What reaches each cell.
    """
    grad = grad_output / divisor(windows, count_include_pad)
    for axis, axis_windows in _axes(grad, windows):
        spread = np.zeros((*grad.shape[:axis], axis_windows.padded, *grad.shape[axis + 1 :]))
        for part in _taps(spread, axis, axis_windows):
            part += grad
        grad = _at(spread, axis, axis_windows.inside)
    return grad


def divisor(windows: Sequence[Windows], count_include_pad: bool) -> np.ndarray:
    """Count the cells that every window divides by (1 where it has none): an axis for each of `windows`."""
    counts = reduce(np.multiply.outer, [axis_windows.cells(count_include_pad) for axis_windows in windows])
    return np.maximum(counts, 1)


def lowest(dtype: np.dtype) -> object:
    """Give the value that never wins a maximum."""
    if dtype.kind == "f":
        return -np.inf
    return False if dtype.kind == "b" else np.iinfo(dtype).min


def average_dtype(dtype: np.dtype) -> np.dtype:
    """Give the dtype of an average: floats stay, integers and bool become float64."""
    return dtype if dtype.kind == "f" else np.dtype(np.float64)


def working_dtype(dtype: np.dtype) -> np.dtype:
    """Give the dtype to compute in: in the machine's byte order, and float32 for the slow, narrow float16."""
    return np.promote_types(dtype, np.float32) if dtype.kind == "f" else dtype.newbyteorder("=")


def sum_dtype(dtype: np.dtype, windows: Sequence[Windows]) -> np.dtype:
    """Give the dtype to add a window's cells in: for integers the smallest in which no sum overflows."""
    cells = prod(axis_windows.kernel for axis_windows in windows)
    if dtype.kind == "f":
        return working_dtype(np.dtype(np.float64) if dtype.itemsize == 4 and cells > LARGE_WINDOW else dtype)
    limits = np.iinfo(np.uint8 if dtype.kind == "b" else dtype)
    exact = np.min_scalar_type(cells * (limits.min or limits.max))
    return np.dtype(np.float64) if exact.kind == "O" else exact


def _empty(x: np.ndarray, windows: Sequence[Windows], dtype: np.dtype) -> np.ndarray:
    return np.empty(
        (*x.shape[: x.ndim - len(windows)], *(axis_windows.count for axis_windows in windows)), dtype
    )


def _blocks(
    x: np.ndarray, pooled: np.ndarray, windows: Sequence[Windows], padding: object, dtype: np.dtype
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Cut the leading axes into blocks that fit the cache: padded cells to read, and the part to write."""
    x, pooled = (array.reshape(-1, *array.shape[array.ndim - len(windows) :]) for array in (x, pooled))
    planes = max(1, BLOCK_BYTES // (prod(x.shape[1:]) * dtype.itemsize))
    for start in range(0, len(x), planes):
        block = slice(start, start + planes)
        yield _pad(x[block], windows, padding, dtype), pooled[block]


def _pad(x: np.ndarray, windows: Sequence[Windows], padding: object, dtype: np.dtype) -> np.ndarray:
    """Give x in contiguous memory, with `padding` around it: x itself where that changes nothing."""
    shape = (*x.shape[: x.ndim - len(windows)], *(axis_windows.padded for axis_windows in windows))
    if shape == x.shape:
        return np.ascontiguousarray(x, dtype)
    padded = np.full(shape, padding, dtype)
    padded[(..., *(axis_windows.inside for axis_windows in windows))] = x
    return padded


def _join(
    ufunc: np.ufunc, cells: np.ndarray, windows: Sequence[Windows], out: np.ndarray | None = None
) -> np.ndarray:
    """Join the cells of each window, in `out` if that saves a copy.

    `cells` are padded, in contiguous memory, and never written to.
    """
    if all(axis_windows.count == 1 for axis_windows in windows):
        ends = (axis_windows.tap(axis_windows.kernel - 1).stop for axis_windows in windows)
        taps = (slice(0, end, axis_windows.dilation) for end, axis_windows in zip(ends, windows, strict=True))
        axes = tuple(range(-len(windows), 0))
        return ufunc.reduce(cells[(..., *taps)], axes, cells.dtype, keepdims=True)
    for axis, axis_windows in _axes(cells, windows):
        if axis_windows.stride > SMALL_STRIDE:
            cells = _join_parts(ufunc, _taps(cells, axis, axis_windows))
        else:
            cells = _every(axis_windows.stride, _join_everywhere(ufunc, cells, axis, axis_windows), axis, out)
    return cells if cells is out else cells[(..., *(slice(axis_windows.count) for axis_windows in windows))]


def _join_everywhere(ufunc: np.ufunc, cells: np.ndarray, axis: int, axis_windows: Windows) -> np.ndarray:
    """Join the cells of a window at every cell; what lies at the ends, where none fits, has no meaning."""
    if axis_windows.kernel == 1:
        return cells
    shift = axis_windows.dilation * prod(cells.shape[axis + 1 :])
    length = cells.size - (axis_windows.kernel - 1) * shift
    flat, joined = cells.reshape(-1), np.empty_like(cells, order="C")
    parts = [flat[start : start + length] for start in range(0, axis_windows.kernel * shift, shift)]
    _join_parts(ufunc, parts, out=joined.reshape(-1)[:length])
    return joined


def _join_parts(ufunc: np.ufunc, parts: list[np.ndarray], out: np.ndarray | None = None) -> np.ndarray:
    joined, *others = parts
    for part in others:
        joined = out = ufunc(joined, part, out=out)
    return joined


def _every(stride: int, cells: np.ndarray, axis: int, out: np.ndarray | None = None) -> np.ndarray:
    """Give ``cells[::stride]`` along an axis, in the way that is fastest there; perhaps in `out`."""
    if stride == 1:
        return cells
    if axis < cells.ndim - 1:
        return cells.take(np.arange(0, cells.shape[axis], stride), axis)  # whole rows at a time
    if stride == 2 and cells.shape[-1] % 2 == 0 and cells.itemsize in WIDER and byteorder == "little":
        # The first of two neighbours is the low half of the number that both make together.
        narrow, wide = WIDER[cells.itemsize]
        pairs = np.ascontiguousarray(cells).view(wide)
        if out is None or (out.shape, out.dtype) != (pairs.shape, cells.dtype):
            out = np.empty(pairs.shape, cells.dtype)
        out.view(narrow)[...] = pairs
        return out
    return cells[..., ::stride]


def _axes(x: np.ndarray, windows: Sequence[Windows]) -> list[tuple[int, Windows]]:
    return list(enumerate(windows, start=x.ndim - len(windows)))


def _taps(x: np.ndarray, axis: int, axis_windows: Windows) -> list[np.ndarray]:
    return [_at(x, axis, axis_windows.tap(k)) for k in range(axis_windows.kernel)]


def _at(x: np.ndarray, axis: int, cells: slice) -> np.ndarray:
    return x[(slice(None),) * axis + (cells,)]
