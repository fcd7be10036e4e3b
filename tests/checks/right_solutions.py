"""Right solutions, written as differently as students write them. None may ever be refused."""

import functools
import itertools
import math
import statistics

import numpy as np
from numpy.lib.stride_tricks import as_strided, sliding_window_view


def pair(v):
    return (v, v) if isinstance(v, int) else v


def lowest(dtype):
    if dtype.kind == "b":
        return False
    return np.iinfo(dtype).min if np.issubdtype(dtype, np.integer) else -np.inf


def check_fit(x, k, p):
    if k[0] > x.shape[2] + 2 * p[0] or k[1] > x.shape[3] + 2 * p[1]:
        raise ValueError(f"window {k} does not fit")


def unpack(x, kernel_size, stride, padding):
    k, p = pair(kernel_size), pair(padding)
    s = k if stride is None else pair(stride)
    check_fit(x, k, p)
    return k, s, p, (x.shape[2] + 2 * p[0] - k[0]) // s[0] + 1, (x.shape[3] + 2 * p[1] - k[1]) // s[1] + 1


def padded(x, p, fill):
    return np.pad(x, ((0, 0), (0, 0), (p[0], p[0]), (p[1], p[1])), constant_values=fill)


def average_dtype(x):
    return x.dtype if x.dtype in (np.float32, np.float64) else np.float64


# --- output_size --------------------------------------------------------------------------------------------


def size_formula(size, kernel_size, stride=None, padding=0):
    if stride is None:
        stride = kernel_size
    return (size + 2 * padding - kernel_size) // stride + 1


def size_floor(size, kernel_size, stride=None, padding=0):
    stride = stride or kernel_size
    return math.floor((size + 2 * padding - kernel_size) / stride + 1)


def size_numpy(size, kernel_size, stride=None, padding=0):
    return np.int64(np.floor((size + 2 * padding - kernel_size) / (stride or kernel_size))) + 1


def size_range(size, kernel_size, stride=None, padding=0):
    return len(range(-padding, size + padding - kernel_size + 1, stride or kernel_size))


def size_counting(size, kernel_size, stride=None, padding=0):
    count, start = 0, -padding
    while start + kernel_size <= size + padding:
        count, start = count + 1, start + (stride or kernel_size)
    return count


def size_divmod(size, kernel_size, stride=None, padding=0):
    return divmod(size + padding * 2 - kernel_size, kernel_size if stride is None else stride)[0] + 1


def size_together(size, kernel_size, stride=None, padding=0):
    stride = kernel_size if stride is None else stride
    return (size + 2 * padding - kernel_size + stride) // stride


def size_arange(size, kernel_size, stride=None, padding=0):
    return np.arange(0, size + 2 * padding - kernel_size + 1, stride or kernel_size).size


def size_int(size, kernel_size, stride=None, padding=0):
    return int(1 + (size - kernel_size + padding + padding) / (stride if stride is not None else kernel_size))


def size_keywords(*args, **kwargs):
    names = dict(zip(("size", "kernel_size", "stride", "padding"), args, strict=False), **kwargs)
    stride = names.get("stride") or names["kernel_size"]
    return -(-(names["size"] + 2 * names.get("padding", 0) - names["kernel_size"] + 1) // stride)


# --- max_pool2d ---------------------------------------------------------------------------------------------


def max_six_loops(x, kernel_size, stride=None, padding=0):
    k, s, p, h, w = unpack(x, kernel_size, stride, padding)
    out = np.empty((x.shape[0], x.shape[1], h, w), x.dtype)
    for n in range(x.shape[0]):
        for c in range(x.shape[1]):
            for i in range(h):
                for j in range(w):
                    best = None
                    for a in range(i * s[0] - p[0], i * s[0] - p[0] + k[0]):
                        for b in range(j * s[1] - p[1], j * s[1] - p[1] + k[1]):
                            if 0 <= a < x.shape[2] and 0 <= b < x.shape[3]:
                                v = x[n, c, a, b]
                                if best is None or v > best or v != v:
                                    best = v
                    out[n, c, i, j] = best
    return out


def max_clipped_slices(x, kernel_size, stride=None, padding=0):
    k, s, p, h, w = unpack(x, kernel_size, stride, padding)
    out = np.zeros((*x.shape[:2], h, w), dtype=x.dtype)
    for i, j in itertools.product(range(h), range(w)):
        top, left = i * s[0] - p[0], j * s[1] - p[1]
        window = x[:, :, max(top, 0) : top + k[0], max(left, 0) : left + k[1]]
        out[:, :, i, j] = window.max(axis=(2, 3))
    return out


def max_sliding(x, kernel_size, stride=None, padding=0):
    k, s, p, _, _ = unpack(x, kernel_size, stride, padding)
    views = sliding_window_view(padded(x, p, lowest(x.dtype)), k, axis=(2, 3))
    return views[:, :, :: s[0], :: s[1]].max(axis=(-1, -2))


def max_strided(x, kernel_size, stride=None, padding=0):
    k, s, p, h, w = unpack(x, kernel_size, stride, padding)
    x = padded(x, p, lowest(x.dtype)) if any(p) else x
    a, b, c, d = x.strides
    views = as_strided(x, (*x.shape[:2], h, w, *k), (a, b, c * s[0], d * s[1], c, d), writeable=False)
    return np.amax(views, axis=(4, 5))


def max_accumulated(x, kernel_size, stride=None, padding=0):
    k, s, p, h, w = unpack(x, kernel_size, stride, padding)
    y = padded(x, p, lowest(x.dtype))
    out = np.full((*x.shape[:2], h, w), lowest(x.dtype), x.dtype)
    for a in range(k[0]):
        for b in range(k[1]):
            np.maximum(
                out, y[..., a : a + (h - 1) * s[0] + 1 : s[0], b : b + (w - 1) * s[1] + 1 : s[1]], out=out
            )
    return out


def max_separable(x, kernel_size, stride=None, padding=0):
    k, s, p, h, w = unpack(x, kernel_size, stride, padding)
    y = padded(x, p, lowest(x.dtype))
    rows = np.stack([y[:, :, i * s[0] : i * s[0] + k[0]].max(2) for i in range(h)], axis=2)
    return np.stack([rows[..., j * s[1] : j * s[1] + k[1]].max(3) for j in range(w)], axis=3)


def max_reshape_or_loops(x, kernel_size, stride=None, padding=0):
    k, s, p, h, w = unpack(x, kernel_size, stride, padding)
    if s != k or any(p):
        return max_clipped_slices(x, kernel_size, stride, padding)
    y = x[:, :, : h * k[0], : w * k[1]]
    return y.reshape(*x.shape[:2], h, k[0], w, k[1]).max(axis=5).max(axis=3)


def max_take(x, kernel_size, stride=None, padding=0):
    k, s, p, h, w = unpack(x, kernel_size, stride, padding)
    y = padded(x, p, lowest(x.dtype))
    rows = (np.arange(h) * s[0])[:, None] + np.arange(k[0])
    columns = (np.arange(w) * s[1])[:, None] + np.arange(k[1])
    windows = y[:, :, rows[:, None, :, None], columns[None, :, None, :]]
    return windows.reshape(*windows.shape[:4], -1).max(-1)


def max_reduceat(x, kernel_size, stride=None, padding=0):
    k, s, p, h, w = unpack(x, kernel_size, stride, padding)
    y = padded(x, (p[0] + 1, p[1] + 1), lowest(x.dtype))[:, :, 1:, 1:]  # one spare cell at the end
    rows = np.array([[i * s[0], i * s[0] + k[0]] for i in range(h)]).ravel()
    columns = np.array([[j * s[1], j * s[1] + k[1]] for j in range(w)]).ravel()
    return np.maximum.reduceat(np.maximum.reduceat(y, rows, axis=2)[:, :, ::2], columns, axis=3)[..., ::2]


def max_list(x, kernel_size, stride=None, padding=0):
    k, s, p, h, w = unpack(x, kernel_size, stride, padding)
    y = padded(x, p, lowest(x.dtype))
    return np.array(
        [
            [
                [
                    [np.max(c[i * s[0] : i * s[0] + k[0], j * s[1] : j * s[1] + k[1]]) for j in range(w)]
                    for i in range(h)
                ]
                for c in n
            ]
            for n in y
        ]
    )


def max_sorted(x, kernel_size, stride=None, padding=0):
    k, s, p, h, w = unpack(x, kernel_size, stride, padding)
    y = padded(x, p, lowest(x.dtype))
    windows = [
        y[..., i * s[0] : i * s[0] + k[0], j * s[1] : j * s[1] + k[1]].reshape(*x.shape[:2], -1)
        for i in range(h)
        for j in range(w)
    ]
    return np.sort(np.stack(windows, axis=2), axis=-1)[..., -1].reshape(*x.shape[:2], h, w)


def max_argmax(x, kernel_size, stride=None, padding=0):
    k, s, p, _, _ = unpack(x, kernel_size, stride, padding)
    y = sliding_window_view(padded(x, p, lowest(x.dtype)), k, (2, 3))[:, :, :: s[0], :: s[1]]
    flat = y.reshape(*y.shape[:4], -1)
    return np.take_along_axis(flat, flat.argmax(-1)[..., None], -1)[..., 0]


def max_masked(x, kernel_size, stride=None, padding=0):
    k, s, p, h, w = unpack(x, kernel_size, stride, padding)
    low = lowest(x.dtype)
    out = np.empty((h, w, *x.shape[:2]), x.dtype)
    for i, j in np.ndindex(h, w):
        rows = np.abs(2 * (np.arange(x.shape[2]) - i * s[0] + p[0]) - k[0] + 1) < k[0]
        columns = np.abs(2 * (np.arange(x.shape[3]) - j * s[1] + p[1]) - k[1] + 1) < k[1]
        out[i, j] = np.max(x, axis=(2, 3), where=np.outer(rows, columns), initial=low)
    return out.transpose(2, 3, 0, 1)


class MaxObject:
    def __call__(self, image, kernel_size, stride=None, padding=0):
        return functools.reduce(
            lambda f, g: g(f), [lambda v: max_sliding(v, kernel_size, stride, padding)], image
        )


# --- avg_pool2d ---------------------------------------------------------------------------------------------


def avg_six_loops(x, kernel_size, stride=None, padding=0, count_include_pad=True):
    k, s, p, h, w = unpack(x, kernel_size, stride, padding)
    out = np.empty((x.shape[0], x.shape[1], h, w), average_dtype(x))
    for n, c, i, j in np.ndindex(out.shape):
        total, count = 0.0, 0
        for a in range(k[0]):
            for b in range(k[1]):
                row, column = i * s[0] + a - p[0], j * s[1] + b - p[1]
                if 0 <= row < x.shape[2] and 0 <= column < x.shape[3]:
                    total += float(x[n, c, row, column])
                    count += 1
        out[n, c, i, j] = total / (k[0] * k[1] if count_include_pad else count)
    return out


def avg_clipped_slices(x, kernel_size, stride=None, padding=0, count_include_pad=True):
    k, s, p, h, w = unpack(x, kernel_size, stride, padding)
    out = np.zeros((*x.shape[:2], h, w))
    for i in range(h):
        for j in range(w):
            top, left = i * s[0] - p[0], j * s[1] - p[1]
            window = x[:, :, max(0, top) : top + k[0], max(0, left) : left + k[1]].astype(float)
            cells = k[0] * k[1] if count_include_pad else window[0, 0].size
            out[:, :, i, j] = window.sum((2, 3)) / cells
    return out.astype(average_dtype(x))


def avg_mean(x, kernel_size, stride=None, padding=0, count_include_pad=True):
    k, s, p, h, w = unpack(x, kernel_size, stride, padding)
    y, ones = padded(x, p, 0), padded(np.ones(x.shape), p, 0)
    out = np.empty((*x.shape[:2], h, w), average_dtype(x))
    for i, j in np.ndindex(h, w):
        at = (..., slice(i * s[0], i * s[0] + k[0]), slice(j * s[1], j * s[1] + k[1]))
        out[..., i, j] = y[at].mean((-1, -2))
        if not count_include_pad:
            out[..., i, j] /= ones[at].mean((-1, -2))
    return out


def avg_sliding(x, kernel_size, stride=None, padding=0, count_include_pad=True):
    k, s, p, _, _ = unpack(x, kernel_size, stride, padding)

    def sums(y):
        return sliding_window_view(padded(y, p, 0), k, axis=(2, 3))[:, :, :: s[0], :: s[1]].sum((-1, -2))

    total = sums(x.astype(average_dtype(x)))
    count = k[0] * k[1] if count_include_pad else sums(np.ones_like(x, average_dtype(x)))
    return total / count


def avg_strided(x, kernel_size, stride=None, padding=0, count_include_pad=True):
    k, s, p, h, w = unpack(x, kernel_size, stride, padding)

    def windows(y):
        y = padded(y, p, 0)
        a, b, c, d = y.strides
        return as_strided(y, (*y.shape[:2], h, w, *k), (a, b, c * s[0], d * s[1], c, d))

    if count_include_pad:
        return np.mean(windows(x), axis=(4, 5))
    return np.divide(windows(x).sum((4, 5), dtype=float), windows(np.ones(x.shape)).sum((4, 5))).astype(
        average_dtype(x)
    )


def avg_float32(x, kernel_size, stride=None, padding=0, count_include_pad=True):
    return avg_sliding(x.astype(np.float32), kernel_size, stride, padding, count_include_pad).astype(
        average_dtype(x)
    )


def avg_accumulated(x, kernel_size, stride=None, padding=0, count_include_pad=True):
    k, s, p, h, w = unpack(x, kernel_size, stride, padding)
    y, ones = padded(x, p, 0), np.pad(np.ones(x.shape[2:]), [(p[0],) * 2, (p[1],) * 2])
    out, count = np.zeros((*x.shape[:2], h, w), average_dtype(x)), np.zeros((h, w))
    for a in range(k[0]):
        for b in range(k[1]):
            at = (..., slice(a, a + h * s[0] - s[0] + 1, s[0]), slice(b, b + w * s[1] - s[1] + 1, s[1]))
            out += y[at]
            count += ones[at]
    out /= k[0] * k[1] if count_include_pad else count.astype(out.dtype)
    return out


def avg_reduceat(x, kernel_size, stride=None, padding=0, count_include_pad=True):
    k, s, p, h, w = unpack(x, kernel_size, stride, padding)

    def sums(y):
        y = padded(y, (p[0] + 1, p[1] + 1), 0)[:, :, 1:, 1:]
        rows = np.array([[i * s[0], i * s[0] + k[0]] for i in range(h)]).ravel()
        columns = np.array([[j * s[1], j * s[1] + k[1]] for j in range(w)]).ravel()
        return np.add.reduceat(np.add.reduceat(y, rows, axis=2)[:, :, ::2], columns, axis=3)[..., ::2]

    count = k[0] * k[1] if count_include_pad else sums(np.ones(x.shape))
    return (sums(x.astype(np.float64)) / count).astype(average_dtype(x))


def avg_reshape_or_loops(x, kernel_size, stride=None, padding=0, count_include_pad=True):
    k, s, p, h, w = unpack(x, kernel_size, stride, padding)
    if s != k or any(p):
        return avg_mean(x, kernel_size, stride, padding, count_include_pad)
    y = x[:, :, : h * k[0], : w * k[1]]
    return y.reshape(*x.shape[:2], h, k[0], w, k[1]).mean(axis=(3, 5))


def avg_list(x, kernel_size, stride=None, padding=0, count_include_pad=True):
    k, s, p, h, w = unpack(x, kernel_size, stride, padding)

    def one(plane, i, j):
        rows = range(max(0, i * s[0] - p[0]), min(plane.shape[0], i * s[0] - p[0] + k[0]))
        columns = range(max(0, j * s[1] - p[1]), min(plane.shape[1], j * s[1] - p[1] + k[1]))
        cells = [float(plane[a, b]) for a in rows for b in columns]
        return math.fsum(cells) / (k[0] * k[1] if count_include_pad else len(cells))

    rows = [[[[one(c, i, j) for j in range(w)] for i in range(h)] for c in n] for n in x]
    return np.array(rows, dtype=average_dtype(x))


def avg_einsum(x, kernel_size, stride=None, padding=0, count_include_pad=True):
    k, s, p, _, _ = unpack(x, kernel_size, stride, padding)
    y = sliding_window_view(padded(x.astype(np.float64), p, 0), k, (2, 3))[:, :, :: s[0], :: s[1]]
    ones = sliding_window_view(padded(np.ones(x.shape), p, 0), k, (2, 3))[:, :, :: s[0], :: s[1]]
    count = k[0] * k[1] if count_include_pad else np.einsum("nchwab->nchw", ones)
    return (np.einsum("nchwab->nchw", y) / count).astype(average_dtype(x))


# --- one matrix, and the whole input ------------------------------------------------------------------------


def of_matrix(pool2d):
    def pool_matrix(x, kernel_size):
        return pool2d(x[None, None], kernel_size)[0, 0]

    pool_matrix.__name__ = f"of_matrix_{getattr(pool2d, '__name__', 'object')}"
    return pool_matrix


def max_matrix_loops(x, kernel_size):
    k = kernel_size
    out = np.zeros((x.shape[0] // k, x.shape[1] // k), dtype=x.dtype)
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = np.max(x[i * k : (i + 1) * k, j * k : (j + 1) * k])
    return out


def max_matrix_reshape(x, kernel_size):
    h, w = (n // kernel_size for n in x.shape)
    x = x[: h * kernel_size, : w * kernel_size]
    return x.reshape(h, kernel_size, w, kernel_size).swapaxes(1, 2).max((2, 3))


def max_matrix_split(x, kernel_size):
    h, w = x.shape[0] // kernel_size, x.shape[1] // kernel_size
    bands = np.vsplit(x[: h * kernel_size, : w * kernel_size], h)
    return np.array([[block.max() for block in np.hsplit(band, w)] for band in bands])


def max_matrix_list(x, kernel_size):
    k = kernel_size
    return np.array(
        [
            [x[i : i + k, j : j + k].max() for j in range(0, x.shape[1] - k + 1, k)]
            for i in range(0, x.shape[0] - k + 1, k)
        ]
    )


def avg_matrix_loops(x, kernel_size):
    k = kernel_size
    out = np.zeros((x.shape[0] // k, x.shape[1] // k))  # float64, whatever x is
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = x[i * k : i * k + k, j * k : j * k + k].sum() / k**2
    return out


def avg_matrix_statistics(x, kernel_size):
    k = kernel_size
    blocks = [
        [x[i : i + k, j : j + k] for j in range(0, x.shape[1] - k + 1, k)]
        for i in range(0, x.shape[0] - k + 1, k)
    ]
    return np.array([[statistics.fmean(map(float, block.flat)) for block in row] for row in blocks])


def avg_matrix_average(x, kernel_size):
    h, w = (n // kernel_size for n in x.shape)
    x = x[: h * kernel_size, : w * kernel_size]
    return np.average(np.average(x.reshape(h, kernel_size, w, kernel_size), axis=3), axis=1)


def global_mean(x):
    return x.mean(axis=(2, 3), keepdims=True)


def global_sum(x):
    n, c, h, w = x.shape
    return (x.sum(axis=(-2, -1), dtype=np.float64) / (h * w)).reshape(n, c, 1, 1).astype(average_dtype(x))


def global_reshaped(x):
    return x.reshape(*x.shape[:2], -1).mean(-1)[..., None, None]


def global_loops(x):
    out = np.empty((*x.shape[:2], 1, 1), average_dtype(x))
    for n in range(x.shape[0]):
        for c in range(x.shape[1]):
            out[n, c, 0, 0] = np.mean(x[n, c])
    return out


def global_twice(x):
    return np.mean(np.mean(x, axis=3, keepdims=True), axis=2, keepdims=True)


def global_list(x):
    return np.array([[[[c.mean()]] for c in n] for n in x])


def global_float32(x):
    return x.astype(np.float32).mean((2, 3))[:, :, np.newaxis, np.newaxis].astype(average_dtype(x))


def global_pooled(x):
    return avg_sliding(x, x.shape[2:])


def global_apply(x):
    return np.apply_over_axes(lambda a, axis: a.mean(axis), x, (2, 3))


MAX_2D = [
    max_six_loops,
    max_clipped_slices,
    max_sliding,
    max_strided,
    max_accumulated,
    max_separable,
    max_reshape_or_loops,
    max_take,
    max_reduceat,
    max_list,
    max_sorted,
    max_argmax,
    max_masked,
    MaxObject(),
]
AVG_2D = [
    avg_six_loops,
    avg_clipped_slices,
    avg_mean,
    avg_sliding,
    avg_strided,
    avg_float32,
    avg_accumulated,
    avg_reduceat,
    avg_reshape_or_loops,
    avg_list,
    avg_einsum,
]
RIGHT = {
    "output_size": [
        size_formula,
        size_floor,
        size_numpy,
        size_range,
        size_counting,
        size_divmod,
        size_together,
        size_arange,
        size_int,
        size_keywords,
    ],
    "max_pool_matrix": [
        max_matrix_loops,
        max_matrix_reshape,
        max_matrix_split,
        max_matrix_list,
        *map(of_matrix, [max_six_loops, max_sliding, max_strided, max_reduceat, max_accumulated]),
    ],
    "max_pool2d": MAX_2D,
    "avg_pool_matrix": [
        avg_matrix_loops,
        avg_matrix_statistics,
        avg_matrix_average,
        *map(of_matrix, [avg_six_loops, avg_sliding, avg_strided, avg_reduceat, avg_float32, avg_list]),
    ],
    "avg_pool2d": AVG_2D,
    "global_avg_pool2d": [
        global_mean,
        global_sum,
        global_reshaped,
        global_loops,
        global_twice,
        global_list,
        global_float32,
        global_pooled,
        global_apply,
    ],
}
