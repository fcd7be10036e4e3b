"""The mistakes of the table as students write them: in another style than the table's own versions."""

import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from right_later import block_maximum
from right_solutions import (
    avg_six_loops,
    lowest,
    max_sliding,
    padded,
    unpack,
)


def spread(windows, shape, dtype):
    """Return an array of that shape, whose cells the triples of places and values fill."""
    out = np.zeros(shape, dtype)
    for place, value in windows:
        out[place] = value
    return out


def each(x, h, w):
    """Return all places of the result."""
    return np.ndindex(*x.shape[:2], h, w)


# --- output_size --------------------------------------------------------------------------------------------


def size_range_to_last_start(size, kernel_size, stride=None, padding=0):
    count = 0
    for _start in range(-padding, size + padding - kernel_size, stride or kernel_size):
        count += 1
    return count


def size_round_of_sum(size, kernel_size, stride=None, padding=0):
    steps = (size + 2 * padding - kernel_size) / (stride or kernel_size)
    return int(np.round(steps + 1))


def size_half_up(size, kernel_size, stride=None, padding=0):
    steps = (size + 2 * padding - kernel_size) / (stride or kernel_size)
    return 1 + int(steps + 0.5)


# --- matrices -----------------------------------------------------------------------------------------------


def matrix(value, dtype=None):
    """Return a function that takes the value of each window of a matrix."""

    def pool(x, kernel_size):
        k = kernel_size
        h, w = x.shape[0] // k, x.shape[1] // k
        rows = [[value(x[i * k : i * k + k, j * k : j * k + k]) for j in range(w)] for i in range(h)]
        return np.array(rows, dtype=dtype or x.dtype).reshape(h, w)

    return pool


def matrix_two(x, kernel_size):
    h, w = x.shape
    return x[: h // 2 * 2, : w // 2 * 2].reshape(h // 2, 2, w // 2, 2).max((1, 3))


def matrix_range(x, kernel_size):
    rows = range(0, x.shape[0] - kernel_size, kernel_size)
    columns = range(0, x.shape[1] - kernel_size, kernel_size)
    out = np.empty((len(rows), len(columns)), x.dtype)
    for i, r in enumerate(rows):
        for j, c in enumerate(columns):
            out[i, j] = np.max(x[r : r + kernel_size, c : c + kernel_size])
    return out


def matrix_range_of_lists(x, kernel_size):
    k = kernel_size
    starts = [range(0, n - k, k) for n in x.shape]
    return np.array([[x[r : r + k, c : c + k].max() for c in starts[1]] for r in starts[0]])


def matrix_sorted(x, kernel_size):
    k = kernel_size
    out = np.empty((x.shape[0] // k, x.shape[1] // k), x.dtype)
    for i, j in np.ndindex(out.shape):
        cells = list(x[i * k : i * k + k, j * k : j * k + k].ravel())
        cells.sort()
        out[i, j] = cells[-1]
    return out


def matrix_mean(x, kernel_size):
    k = kernel_size
    h, w = x.shape[0] // k, x.shape[1] // k
    return x[: h * k, : w * k].reshape(h, k, w, k).mean((1, 3))


def matrix_from_place(x, kernel_size):
    k = kernel_size
    out = np.zeros((x.shape[0] // k, x.shape[1] // k), x.dtype)
    for i, j in np.ndindex(out.shape):
        best = x[i, j]
        for r in range(i * k, i * k + k):
            for c in range(j * k, j * k + k):
                if x[r, c] > best or x[r, c] != x[r, c]:
                    best = x[r, c]
        out[i, j] = best
    return out


def matrix_from_infinity(x, kernel_size):
    k = kernel_size
    out = np.full((x.shape[0] // k, x.shape[1] // k), -np.inf, dtype=x.dtype)
    for r in range(out.shape[0] * k):
        for c in range(out.shape[1] * k):
            out[r // k, c // k] = np.maximum(out[r // k, c // k], x[r, c])
    return out


# --- maximum ------------------------------------------------------------------------------------------------


def max_of_cells(x, kernel_size, stride, padding, best_of, inside=None, first=None):
    """Pool cell by cell: `best_of` gets the cells that are inside, row by row."""
    k, s, p, h, w = unpack(x, kernel_size, stride, padding)
    inside = inside or (lambda r, c: 0 <= r < x.shape[2] and 0 <= c < x.shape[3])
    out = np.zeros((*x.shape[:2], h, w), x.dtype)
    for n, d, i, j in each(x, h, w):
        rows = range(i * s[0] - p[0], i * s[0] - p[0] + k[0])
        columns = range(j * s[1] - p[1], j * s[1] - p[1] + k[1])
        cells = [[x[n, d, r, c] for c in columns if inside(r, c)] for r in rows]
        cells = [row for row in cells if row]
        out[n, d, i, j] = best_of(cells if first is None else [[x[n, d, i, j]], *cells])
    return out


def larger(cells):
    best = None
    for row in cells:
        for value in row:
            if best is None or value > best:
                best = value
    return best


def max_without_nan_test(x, kernel_size, stride=None, padding=0):
    return max_of_cells(x, kernel_size, stride, padding, larger)


def max_row_by_row(x, kernel_size, stride=None, padding=0):
    return max_of_cells(x, kernel_size, stride, padding, lambda cells: max(max(row) for row in cells))


def max_from_place(x, kernel_size, stride=None, padding=0):
    return max_of_cells(
        x, kernel_size, stride, padding, lambda cells: np.max(np.concatenate(cells)), first=True
    )


def max_wrapping(x, kernel_size, stride=None, padding=0):
    def inside(r, c):
        return r < x.shape[2] and c < x.shape[3]

    return max_of_cells(x, kernel_size, stride, padding, lambda cells: np.max(np.concatenate(cells)), inside)


def max_wrapping_or_error(x, kernel_size, stride=None, padding=0):
    return max_of_cells(
        x, kernel_size, stride, padding, lambda cells: np.max(np.concatenate(cells)), lambda r, c: True
    )


def max_slices(x, kernel_size, stride, padding, start):
    k, s, p, h, w = unpack(x, kernel_size, stride, padding)
    out = np.zeros((*x.shape[:2], h, w), x.dtype)
    for i in range(h):
        for j in range(w):
            top, left = start(i * s[0] - p[0]), start(j * s[1] - p[1])
            out[:, :, i, j] = np.amax(x[:, :, top : top + k[0], left : left + k[1]], axis=(2, 3))
    return out


def max_negative_slices(x, kernel_size, stride=None, padding=0):
    return max_slices(x, kernel_size, stride, padding, lambda start: start)


def max_shifted_slices(x, kernel_size, stride=None, padding=0):
    return max_slices(x, kernel_size, stride, padding, lambda start: max(start, 0))


def max_two(x, kernel_size, stride=None, padding=0):
    n, c, h, w = x.shape
    return x[:, :, : h // 2 * 2, : w // 2 * 2].reshape(n, c, h // 2, 2, w // 2, 2).max(axis=(3, 5))


def max_ranges(x, kernel_size, stride=None, padding=0):
    k, s, p, *_ = unpack(x, kernel_size, stride, padding)
    wide = padded(x, p, lowest(x.dtype))
    rows, columns = (range(0, wide.shape[axis + 2] - k[axis], s[axis]) for axis in (0, 1))
    out = np.zeros((*x.shape[:2], len(rows), len(columns)), x.dtype)
    for i, r in enumerate(rows):
        for j, c in enumerate(columns):
            out[:, :, i, j] = wide[:, :, r : r + k[0], c : c + k[1]].max((2, 3))
    return out


def fast_short_slices(x, kernel_size, stride=None, padding=0):
    k, s, p, *_ = unpack(x, kernel_size, stride, padding)
    wide, out = padded(x, p, lowest(x.dtype)), None
    ends = wide.shape[2] - k[0], wide.shape[3] - k[1]
    for a in range(k[0]):
        for b in range(k[1]):
            part = wide[:, :, a : ends[0] + a : s[0], b : ends[1] + b : s[1]]
            out = part.copy() if out is None else np.maximum(out, part)
    return out


def fast_into_view(x, kernel_size, stride=None, padding=0):
    k, s, p, h, w = unpack(x, kernel_size, stride, padding)
    wide = padded(x, p, lowest(x.dtype)) if p[0] or p[1] else x
    out = wide[:, :, : (h - 1) * s[0] + 1 : s[0], : (w - 1) * s[1] + 1 : s[1]]
    for a in range(k[0]):
        for b in range(k[1]):
            rows, columns = slice(a, a + (h - 1) * s[0] + 1, s[0]), slice(b, b + (w - 1) * s[1] + 1, s[1])
            np.maximum(out, wide[:, :, rows, columns], out=out)
    return out


def max_infinity_padded(x, kernel_size, stride=None, padding=0):
    k, s, p, *_ = unpack(x, kernel_size, stride, padding)
    return max_sliding(padded(x, p, -np.inf), k, s)


def max_infinity_where_padded(x, kernel_size, stride=None, padding=0):
    k, s, p, *_ = unpack(x, kernel_size, stride, padding)
    if padding not in (0, (0, 0)):
        x = np.pad(x, ((0, 0), (0, 0), (p[0],) * 2, (p[1],) * 2), "constant", constant_values=-np.inf)
    return max_sliding(x, k, s)


def max_infinity_if_given(x, kernel_size, stride=None, padding=0):
    k, s, p, *_ = unpack(x, kernel_size, stride, padding)
    return max_sliding(padded(x, p, -np.inf) if padding else x, k, s)


def max_full_of_infinity(x, kernel_size, stride=None, padding=0):
    k, s, p, h, w = unpack(x, kernel_size, stride, padding)
    out = np.full((*x.shape[:2], h, w), -np.inf, dtype=x.dtype)
    return np.maximum(out, max_sliding(x, k, s, p))


def max_bool_as_infinity(x, kernel_size, stride=None, padding=0):
    k, s, p, *_ = unpack(x, kernel_size, stride, padding)
    low = np.iinfo(x.dtype).min if np.issubdtype(x.dtype, np.integer) else -np.inf
    return max_sliding(padded(x, p, low), k, s)


def max_bool_in_iinfo(x, kernel_size, stride=None, padding=0):
    k, s, p, *_ = unpack(x, kernel_size, stride, padding)
    low = -np.inf if np.issubdtype(x.dtype, np.floating) else np.iinfo(x.dtype).min
    return max_sliding(padded(x, p, low), k, s)


def max_width_first(x, kernel_size, stride=None, padding=0):
    (kw, kh), (pw, ph) = (each if isinstance(each, tuple) else (each,) * 2 for each in (kernel_size, padding))
    sw, sh = (kw, kh) if stride is None else stride if isinstance(stride, tuple) else (stride,) * 2
    return max_sliding(x, (kh, kw), (sh, sw), (ph, pw))


def max_size_without_padding(x, kernel_size, stride=None, padding=0):
    k, s, p, *_ = unpack(x, kernel_size, stride, padding)
    h, w = (max(0, (n - a) // b + 1) for n, a, b in zip(x.shape[2:], k, s, strict=True))
    return max_sliding(x, k, s, p)[:, :, :h, :w]


def max_too_large(instead):
    """Return a function that is right, but for windows that are too large."""

    def pool(x, kernel_size, stride=None, padding=0):
        try:
            return max_sliding(x, kernel_size, stride, padding)
        except ValueError:
            return instead(x)

    return pool


def fails(x):
    raise RuntimeError("the window is too large")


def max_mean(x, kernel_size, stride=None, padding=0):
    return avg_six_loops(x, kernel_size, stride, padding)


def max_mean_of_real(x, kernel_size, stride=None, padding=0):
    return avg_six_loops(x, kernel_size, stride, padding, False)


def max_in_memory_order(x, kernel_size, stride=None, padding=0):
    return max_sliding(x.flatten(order="K").reshape(x.shape), kernel_size, stride, padding)


# --- average ------------------------------------------------------------------------------------------------


def avg_two(x, kernel_size, stride=None, padding=0, count_include_pad=True):
    n, c, h, w = x.shape
    return x[:, :, : h // 2 * 2, : w // 2 * 2].reshape(n, c, h // 2, 2, w // 2, 2).mean(axis=(3, 5))


def avg_windows(x, kernel_size, stride, padding, value):
    """Pool with `value(top, left, kernel)`."""
    k, s, p, h, w = unpack(x, kernel_size, stride, padding)
    out = np.zeros((*x.shape[:2], h, w), x.dtype if x.dtype.kind == "f" else float)
    for i in range(h):
        for j in range(w):
            out[:, :, i, j] = value(i * s[0] - p[0], j * s[1] - p[1], k)
    return out


def avg_negative_slices(x, kernel_size, stride=None, padding=0, count_include_pad=True):
    def value(top, left, k):
        window = x[:, :, top : top + k[0], left : left + k[1]]
        count = k[0] * k[1] if count_include_pad else window[0, 0].size
        return window.sum((2, 3)) / np.float64(count)

    return avg_windows(x, kernel_size, stride, padding, value)


def avg_negative_slices_of_one(x, kernel_size, stride=None, padding=0, count_include_pad=True):
    def value(top, left, k):
        window = x[:, :, top : top + k[0], left : left + k[1]]
        return window.sum((2, 3)) / (k[0] * k[1] if count_include_pad else max(1, window[0, 0].size))

    return avg_windows(x, kernel_size, stride, padding, value)


def avg_shifted_slices(x, kernel_size, stride=None, padding=0, count_include_pad=True):
    def value(top, left, k):
        top, left = max(top, 0), max(left, 0)
        window = x[:, :, top : top + k[0], left : left + k[1]]
        return window.sum((2, 3)) / (k[0] * k[1] if count_include_pad else window[0, 0].size)

    return avg_windows(x, kernel_size, stride, padding, value)


def avg_end_outside(x, kernel_size, stride=None, padding=0, count_include_pad=True):
    def value(top, left, k):
        rows, columns = slice(max(top, 0), top + k[0]), slice(max(left, 0), left + k[1])
        count = (rows.stop - rows.start) * (columns.stop - columns.start)
        return x[:, :, rows, columns].sum((2, 3)) / (k[0] * k[1] if count_include_pad else count)

    return avg_windows(x, kernel_size, stride, padding, value)


def avg_nonzeros_of_real(x, kernel_size, stride=None, padding=0, count_include_pad=True):
    k, s, p, *_ = unpack(x, kernel_size, stride, padding)
    wide = padded(x.astype(x.dtype if x.dtype.kind == "f" else float), p, 0)
    windows = sliding_window_view(wide, k, axis=(2, 3))[:, :, :: s[0], :: s[1]]
    total = windows.sum((4, 5))
    return total / (k[0] * k[1]) if count_include_pad else total / (windows != 0).sum((4, 5))


def avg_maximum(x, kernel_size, stride=None, padding=0, count_include_pad=True):
    return max_sliding(x, kernel_size, stride, padding)


def avg_size_without_padding(x, kernel_size, stride=None, padding=0, count_include_pad=True):
    k, s, p, *_ = unpack(x, kernel_size, stride, padding)
    h, w = (max(0, (n - a) // b + 1) for n, a, b in zip(x.shape[2:], k, s, strict=True))
    return avg_six_loops(x, k, s, p, count_include_pad)[:, :, :h, :w]


# --- gradients, with the notebook's own windows -------------------------------------------------------------


def windows_of(x, kernel_size, stride, padding):
    """Give the place of each window and its two slices, cut where x begins."""
    k, s, p, h, w = unpack(x, kernel_size, stride, padding)
    for i in range(h):
        for j in range(w):
            top, left = i * s[0] - p[0], j * s[1] - p[1]
            yield i, j, slice(max(top, 0), top + k[0]), slice(max(left, 0), left + k[1])


def max_back(grad_output, x, windows, place, grad_x):
    """Give each window's gradient to the cell that `place(window, rows, columns)` says."""
    for i, j, rows, columns in windows:
        for n, c in np.ndindex(x.shape[:2]):
            row, column = place(x[n, c, rows, columns], rows, columns)
            grad_x[n, c, row, column] += grad_output[n, c, i, j]
    return grad_x


def winner(window, rows, columns):
    row, column = np.unravel_index(window.argmax(), window.shape)
    return rows.start + row, columns.start + column


def back_without_start(grad_output, x, kernel_size, stride=None, padding=0):
    windows = windows_of(x, kernel_size, stride, padding)

    def place(window, rows, columns):
        return np.unravel_index(window.argmax(), window.shape)

    return max_back(grad_output, x, windows, place, np.zeros(x.shape))


def back_by(number):
    """Return a gradient that divides the position by `number(window, kernel)`."""

    def back(grad_output, x, kernel_size, stride=None, padding=0):
        kernel = kernel_size if isinstance(kernel_size, tuple) else (kernel_size,) * 2

        def place(window, rows, columns):
            position = int(window.argmax())
            by = number(window, kernel)
            return rows.start + position // by, columns.start + position % by

        return max_back(grad_output, x, windows_of(x, kernel_size, stride, padding), place, np.zeros(x.shape))

    return back


def back_unravelled_by_kernel(grad_output, x, kernel_size, stride=None, padding=0):
    kernel = kernel_size if isinstance(kernel_size, tuple) else (kernel_size,) * 2

    def place(window, rows, columns):
        row, column = np.unravel_index(np.argmax(window), kernel)
        return rows.start + row, columns.start + column

    return max_back(grad_output, x, windows_of(x, kernel_size, stride, padding), place, np.zeros(x.shape))


def back_of_integers(grad_output, x, kernel_size, stride=None, padding=0):
    return max_back(grad_output, x, windows_of(x, kernel_size, stride, padding), winner, np.zeros_like(x))


def back_of_integer_arrays(grad_output, x, kernel_size, stride=None, padding=0):
    grad_x = np.zeros_like(x)
    for i, j, rows, columns in windows_of(x, kernel_size, stride, padding):
        for n, c in np.ndindex(x.shape[:2]):
            part = np.zeros(x[n, c, rows, columns].shape)
            part[np.unravel_index(x[n, c, rows, columns].argmax(), part.shape)] = grad_output[n, c, i, j]
            grad_x[n, c, rows, columns] += part
    return grad_x


def avg_back(grad_output, x, kernel_size, stride, padding, divisor, grad_x):
    """Give each cell of a window the gradient divided by `divisor(rows, columns, kernel)`."""
    kernel = kernel_size if isinstance(kernel_size, tuple) else (kernel_size,) * 2
    for i, j, rows, columns in windows_of(x, kernel_size, stride, padding):
        grad_x[:, :, rows, columns] += grad_output[:, :, i, j, None, None] / divisor(rows, columns, kernel)
    return grad_x


def avg_back_end_outside(grad_output, x, kernel_size, stride=None, padding=0, count_include_pad=True):
    def divisor(rows, columns, kernel):
        if count_include_pad:
            return kernel[0] * kernel[1]
        return (rows.stop - rows.start) * (columns.stop - columns.start)

    return avg_back(grad_output, x, kernel_size, stride, padding, divisor, np.zeros(x.shape))


def real_or_all(x, count_include_pad):
    def divisor(rows, columns, kernel):
        return kernel[0] * kernel[1] if count_include_pad else x[0, 0, rows, columns].size

    return divisor


def avg_back_of_integers(grad_output, x, kernel_size, stride=None, padding=0, count_include_pad=True):
    divisor = real_or_all(x, count_include_pad)
    return avg_back(grad_output, x, kernel_size, stride, padding, divisor, np.zeros_like(x))


def avg_back_of_integer_cells(grad_output, x, kernel_size, stride=None, padding=0, count_include_pad=True):
    kernel = kernel_size if isinstance(kernel_size, tuple) else (kernel_size,) * 2
    divisor, grad_x = real_or_all(x, count_include_pad), np.zeros_like(x)
    for i, j, rows, columns in windows_of(x, kernel_size, stride, padding):
        for n, c, r, q in np.ndindex(*x[:, :, rows, columns].shape):
            share = grad_output[n, c, i, j] / divisor(rows, columns, kernel)
            grad_x[n, c, rows.start + r, columns.start + q] += share
    return grad_x


# --- the view and the block ---------------------------------------------------------------------------------


def view_row_stride(x, kernel_size, stride=None):
    k = kernel_size if isinstance(kernel_size, tuple) else (kernel_size,) * 2
    step = (k if stride is None else stride if isinstance(stride, tuple) else (stride,))[0]
    return sliding_window_view(x, k, axis=(2, 3))[:, :, ::step, ::step]


def view_mixed(x, kernel_size, stride=None):
    a, b = kernel_size if isinstance(kernel_size, tuple) else (kernel_size,) * 2
    n, c, h, w = x.shape
    return np.reshape(x[:, :, : h - h % a, : w - w % b], (n, c, h // a, w // b, a, b))


def block_changes_bias(x, weights, bias, kind=None, window=2):
    out = block_maximum(x, weights, bias, kind, window)
    bias -= bias.mean()
    return out


WRITTEN = [
    ("output_size", "size-without-plus-one", size_range_to_last_start),
    ("output_size", "size-rounded", size_round_of_sum),
    ("output_size", "size-rounded", size_half_up),
    ("max_pool_matrix", "nan-lost", matrix(lambda window: max(max(row) for row in window))),
    ("max_pool_matrix", "nan-lost", matrix(lambda window: larger(window))),
    ("max_pool_matrix", "two-by-two-written-in", matrix_two),
    ("max_pool_matrix", "size-without-plus-one", matrix_range),
    ("max_pool_matrix", "size-without-plus-one", matrix_range_of_lists),
    ("max_pool_matrix", "nan-lost", matrix_sorted),
    ("max_pool_matrix", "average-for-maximum", matrix_mean),
    ("max_pool_matrix", "average-for-maximum", matrix(lambda window: window.sum() / window.size, float)),
    ("max_pool_matrix", "starts-at-first-cell", matrix_from_place),
    ("max_pool_matrix", "infinity-into-integers", matrix_from_infinity),
    ("avg_pool_matrix", "rounded", matrix(lambda window: math.ceil(window.mean()), float)),
    ("avg_pool_matrix", "rounded", matrix(lambda window: int(window.mean() + 0.5), float)),
    ("avg_pool_matrix", "rounded", matrix(lambda window: math.floor(window.mean() + 0.5), float)),
    ("max_pool2d", "nan-lost", max_without_nan_test),
    ("max_pool2d", "nan-lost", max_row_by_row),
    ("max_pool2d", "starts-at-first-cell", max_from_place),
    ("max_pool2d", "window-starts-before-x", max_wrapping),
    ("max_pool2d", "window-starts-before-x", max_wrapping_or_error),
    ("max_pool2d", "window-starts-before-x", max_negative_slices),
    ("max_pool2d", "window-starts-before-x", max_shifted_slices),
    ("max_pool2d", "two-by-two-written-in", max_two),
    ("max_pool2d", "size-without-plus-one", max_ranges),
    ("max_pool2d", "infinity-into-integers", max_infinity_padded),
    ("max_pool2d", "infinity-into-integers", max_infinity_where_padded),
    ("max_pool2d", "infinity-into-integers", max_infinity_if_given),
    ("max_pool2d", "infinity-into-integers", max_full_of_infinity),
    ("max_pool2d", "infinity-into-integers", max_bool_in_iinfo),
    ("max_pool2d", "infinity-into-integers", max_bool_as_infinity),
    ("max_pool2d", "window-swapped", max_width_first),
    ("max_pool2d", "padding-on-one-side", max_size_without_padding),
    ("max_pool2d", "average-for-maximum", max_mean),
    ("max_pool2d", "average-for-maximum", max_mean_of_real),
    ("max_pool2d", "strides-assumed", max_in_memory_order),
    ("max_pool2d", "too-large-window-accepted", max_too_large(lambda x: x)),
    ("max_pool2d", "too-large-window-accepted", max_too_large(lambda x: [])),
    ("max_pool2d", "too-large-window-accepted", max_too_large(lambda x: x[:, :, :0, :0])),
    ("max_pool2d", "too-large-window-accepted", max_too_large(fails)),
    ("fast_max_pool2d", "size-without-plus-one", fast_short_slices),
    ("fast_max_pool2d", "writes-to-input", fast_into_view),
    ("avg_pool2d", "two-by-two-written-in", avg_two),
    ("avg_pool2d", "window-starts-before-x", avg_negative_slices),
    ("avg_pool2d", "window-starts-before-x", avg_negative_slices_of_one),
    ("avg_pool2d", "window-starts-before-x", avg_shifted_slices),
    ("avg_pool2d", "end-not-cut", avg_end_outside),
    ("avg_pool2d", "divides-by-nonzeros", avg_nonzeros_of_real),
    ("avg_pool2d", "maximum-for-average", avg_maximum),
    ("avg_pool2d", "padding-on-one-side", avg_size_without_padding),
    ("max_pool2d_backward", "window-start-forgotten", back_without_start),
    ("max_pool2d_backward", "position-by-height", back_by(lambda window, kernel: window.shape[0])),
    ("max_pool2d_backward", "position-by-height", back_by(lambda window, kernel: kernel[0])),
    ("max_pool2d_backward", "position-by-uncut-width", back_by(lambda window, kernel: kernel[1])),
    ("max_pool2d_backward", "position-by-uncut-width", back_unravelled_by_kernel),
    ("max_pool2d_backward", "integer-gradient", back_of_integers),
    ("max_pool2d_backward", "integer-gradient", back_of_integer_arrays),
    ("avg_pool2d_backward", "end-not-cut", avg_back_end_outside),
    ("avg_pool2d_backward", "integer-gradient", avg_back_of_integers),
    ("avg_pool2d_backward", "integer-gradient", avg_back_of_integer_cells),
    ("window_view", "row-stride-for-columns", view_row_stride),
    ("window_view", "reshape-mixes-windows", view_mixed),
    ("conv_block", "writes-to-input", block_changes_bias),
]
