"""Which value of a window: misconceptions about the maximum itself, and about what it is kept in."""

import sys

import numpy as np

from pooling_ref.language import later
from pooling_ref.misconceptions.steps import GLOBAL, LAST_TWO, MAX, MEANS, POOLS
from pooling_ref.misconceptions.table import Step, misconception, version

misconception(
    "starts-at-zero",
    later(
        "The maximum starts at 0, so 0 comes back where all values are negative. What should "
        "a maximum start from?"
    ),
)


@version(*MAX)
class _(Step):
    def value(self, window, real, g):
        return np.maximum(window.max(LAST_TWO), g.x.dtype.type(0))


@version(*MAX)
class _(Step):  # with `if v > best`
    def value(self, window, real, g):
        return np.fmax.reduce(window.reshape(*window.shape[:-2], -1), -1, initial=g.x.dtype.type(0))


misconception(
    "starts-at-tiny",
    later(
        "sys.float_info.min is a tiny positive number, not the smallest one. Start from a "
        "value of the window."
    ),
)
_TINY = sys.float_info.min


@version(*MAX)
class _(Step):
    def value(self, window, real, g):
        return np.maximum(window.max(LAST_TWO), _TINY)


@version(*MAX)
class _(Step):
    def dtype(self, x):
        return np.dtype(float)

    def value(self, window, real, g):
        return np.fmax(np.fmax.reduce(window.reshape(*window.shape[:-2], -1), -1), _TINY)


@version(*MAX)
class _(Step):
    def dtype(self, x):
        return np.dtype(float)

    def value(self, window, real, g):
        return np.maximum(window.max(LAST_TWO), _TINY)


misconception(
    "starts-at-first-cell",
    later(
        "The maximum starts at a cell outside the window, x[0, 0] or x[i, j]. Start from one of the window."
    ),
)


@version(*MAX)
class _(Step):
    def value(self, window, real, g):
        return np.maximum(window.max(LAST_TWO), g.x[..., 0, 0])


@version("max_pool2d")
class _(Step):
    def value(self, window, real, g):
        return np.maximum(window.max(LAST_TWO), g.x[0, 0, 0, 0])


@version(*MAX)
class _(Step):  # the cell of x at the place of the result
    def fill(self, g):
        super().fill(g)
        first = g.x[..., : g.out.shape[-2], : g.out.shape[-1]]
        if first.shape != g.out.shape:
            raise IndexError("index is out of bounds")
        g.out = np.maximum(g.out, first)


misconception(
    "maximum-not-reset",
    later(
        "The running maximum is not reset: a window holds a value of the window before. Start "
        "anew in each one."
    ),
)


@version(*MAX)
class _(Step):  # one maximum for each image
    def finish(self, out):
        flat = out.reshape(*out.shape[:-2], -1)
        return np.maximum.accumulate(flat, -1).reshape(out.shape)


@version("max_pool2d")
class _(Step):  # one maximum for all
    def finish(self, out):
        return np.maximum.accumulate(out.reshape(-1)).reshape(out.shape) if out.size else out


@version("max_pool2d")
class _(Step):  # one maximum for each image of the batch
    def finish(self, out):
        flat = out.reshape(out.shape[0], -1)
        return np.maximum.accumulate(flat, -1).reshape(out.shape)


@version(*MAX)
class _(Step):  # one maximum for each row of windows
    def finish(self, out):
        return np.maximum.accumulate(out, -1)


misconception(
    "absolute-value",
    later("The sign is lost: −5 beat 3. A maximum compares the values themselves, not their sizes."),
)


@version(*MAX)
class _(Step):
    def lowest(self, dtype):
        return 0

    def value(self, window, real, g):
        return np.abs(window).max(LAST_TWO)


@version(*MAX)
class _(Step):
    def value(self, window, real, g):
        return np.abs(window).max(LAST_TWO)


@version(*MAX)
class _(Step):  # the value that is furthest from zero
    def lowest(self, dtype):
        return 0

    def value(self, window, real, g):
        flat = window.reshape(*window.shape[:-2], -1)
        return np.take_along_axis(flat, np.abs(flat).argmax(-1)[..., None], -1)[..., 0]


misconception(
    "index-instead-of-value",
    later("An index came back, not a value: argmax says where the maximum is, max says what it is."),
)


@version(*MAX)
class _(Step):
    def dtype(self, x):
        return np.dtype(np.int64)

    def value(self, window, real, g):
        return window.reshape(*window.shape[:-2], -1).argmax(-1)


misconception(
    "first-row-only",
    later("Only the first row of each window was read. A window has kernel_size rows."),
)


@version(*POOLS)
class _(Step):
    def where(self, i, j, g):
        rows, columns = super().where(i, j, g)
        return slice(rows.start, rows.start + 1), columns


misconception(
    "first-column-only",
    later("Only the first column of each window was read. A window has kernel_size columns."),
)


@version(*POOLS)
class _(Step):
    def where(self, i, j, g):
        rows, columns = super().where(i, j, g)
        return rows, slice(columns.start, columns.start + 1)


misconception(
    "one-cell-of-window",
    later("You take one cell of each window: nothing is compared or averaged. All its cells count."),
)


@version(*POOLS)
class _(Step):
    def value(self, window, real, g):
        return window[..., -1, -1]


@version(*POOLS)
class _(Step):
    def value(self, window, real, g):
        return window[..., 0, 0]


@version(*POOLS)
class _(Step):
    def fill(self, g):
        g.out = g.padded[..., :: g.stride[0], :: g.stride[1]]


misconception(
    "nan-lost",
    later(
        "The NaN vanished. `v > best` is false where one of them is NaN, and nanmax, nanmean "
        "skip NaN on purpose."
    ),
)


def _pythons_max(values):
    """Return what Python's max gives along the last axis: a NaN stays only where it comes first."""
    first = values[..., 0]
    return np.where(first != first, first, np.fmax.reduce(values, -1))


@version(*MAX)
class _(Step):
    def value(self, window, real, g):
        return np.fmax.reduce(window.reshape(*window.shape[:-2], -1), -1)


@version(*MAX)
class _(Step):  # `if v > best`, from −∞
    def value(self, window, real, g):
        return np.fmax.reduce(window.reshape(*window.shape[:-2], -1), -1, initial=self.lowest(g.x.dtype))


@version(*MAX)
class _(Step):  # `if v > best`, from the window's first cell: what Python's max does
    def value(self, window, real, g):
        return _pythons_max(window.reshape(*window.shape[:-2], -1))


@version("max_pool2d")
class _(Step):  # the same, from the first cell that is no padding
    def value(self, window, real, g):
        return _pythons_max(window[..., real == 1])


@version(*MAX)
class _(Step):  # Python's max of each row, and of these
    def value(self, window, real, g):
        return _pythons_max(_pythons_max(window))


@version(*MAX)
class _(Step):  # sorted(cells)[-1]
    def value(self, window, real, g):
        flat = window.reshape(*window.shape[:-2], -1)
        return np.apply_along_axis(lambda cells: sorted(cells.tolist())[-1], -1, flat)


@version("max_pool2d")
class _(Step):  # Python's max of each row, without the padding
    def value(self, window, real, g):
        inside = np.ix_(real.any(1), real.any(0))
        return _pythons_max(_pythons_max(window[(..., *inside)]))


@version(*MEANS)
class _(Step):  # nanmean
    def value(self, window, real, g):
        return self.total(window) / (self.divisor(window, real, g) - np.isnan(window).sum(LAST_TWO))

    def total(self, window):
        return np.nansum(window, LAST_TWO, dtype=float)


@version(*MEANS)
class _(Step):  # nansum
    def total(self, window):
        return np.nansum(window, LAST_TWO, dtype=float)


_DTYPES = ("dtype", "dtype-padding")

misconception(
    "dtype-lost",
    later(
        "The values are right, but their dtype changed. A maximum keeps it: make the result "
        "with dtype=x.dtype."
    ),
    about=_DTYPES,
)


@version(*MAX)
class _(Step):
    def dtype(self, x):
        return np.dtype(float)


@version(*MAX)
class _(Step):  # integers only
    def dtype(self, x):
        return x.dtype if x.dtype.kind == "f" else np.dtype(float)


@version("max_pool2d")
class _(Step):  # only where −∞ was padded
    def settings(self, x, kernel_size, stride, padding, include):
        g = super().settings(x, kernel_size, stride, padding, include)
        self.is_padded = any(g.padding)
        return g

    def dtype(self, x):
        return np.dtype(float) if self.is_padded else x.dtype


@version("max_pool2d")
class _(Step):  # the same, float32 kept
    def settings(self, x, kernel_size, stride, padding, include):
        g = super().settings(x, kernel_size, stride, padding, include)
        self.is_padded = any(g.padding)
        return g

    def dtype(self, x):
        return np.dtype(float) if self.is_padded and x.dtype.kind != "f" else x.dtype


@version(*MAX)
class _(Step):
    def dtype(self, x):
        return np.dtype(np.float32)


misconception(
    "average-widens-float32",
    later(
        "The values are right, but their dtype is not: float32 stays float32; integers and bool give float64."
    ),
    about=_DTYPES,
)


@version("avg_pool2d", *GLOBAL)
class _(Step):
    def dtype(self, x):
        return np.dtype(float)


@version("avg_pool2d", *GLOBAL)
class _(Step):
    def dtype(self, x):
        return np.dtype(np.float32)


@version(*MEANS)
class _(Step):
    def dtype(self, x):
        return x.dtype if x.dtype == np.float64 else np.dtype(np.float32)
