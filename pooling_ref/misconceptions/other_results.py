"""Another result altogether: a minimum, a median, one value for all; and sizes that are no integers."""

from math import floor

import numpy as np

from pooling_ref.language import later
from pooling_ref.misconceptions.steps import AVG, LAST_TWO, MAX, MEANS, POOLS, MaxPool
from pooling_ref.misconceptions.table import Step, misconception, version

misconception("minimum", later("This is the minimum of each window, not the maximum."))


@version(*MAX)
class _(Step):
    def lowest(self, dtype):
        if dtype.kind == "f":
            return np.inf
        return np.iinfo(dtype).max if dtype.kind in "iu" else True

    def value(self, window, real, g):
        return window.min(LAST_TWO)


misconception("average-for-maximum", later("This is the average of each window; the maximum was asked for."))


@version(*MAX)
class _(Step):
    def lowest(self, dtype):
        return 0

    def dtype(self, x):
        return np.dtype(float)

    def value(self, window, real, g):
        return window.mean(LAST_TWO)


@version("max_pool2d")
class _(Step):  # of the cells that are no padding
    def dtype(self, x):
        return np.dtype(float)

    def value(self, window, real, g):
        return window[..., real == 1].mean(-1)


misconception("maximum-for-average", later("This is the maximum of each window; the average was asked for."))


@version(*MEANS)
class _(Step):
    def value(self, window, real, g):
        return window.max(LAST_TWO)


@version("avg_pool2d")
class _(Step):  # padded with −∞, as a maximum is
    lowest = MaxPool.lowest

    def value(self, window, real, g):
        return window.max(LAST_TWO)


misconception("median-for-average", later("This is the median of each window; the average was asked for."))


@version(*MEANS)
class _(Step):
    def value(self, window, real, g):
        return np.median(window, LAST_TWO)


misconception(
    "window-from-everything",
    later("One value of the whole input fills every cell: look at each window alone."),
)


@version(*POOLS)
class _(Step):
    def where(self, i, j, g):
        return slice(None), slice(None)


@version(*AVG)
class _(Step):
    def value(self, window, real, g):
        return g.x.mean(LAST_TWO)


misconception(
    "float-size",
    later("The number is right, but it is a float. A size is an int: use //, or int(...)."),
)


@version("output_size")
def _(size, kernel_size, stride=None, padding=0):
    return float((size + 2 * padding - kernel_size) // (kernel_size if stride is None else stride) + 1)


misconception(
    "float-division",
    later("Half a window came back: / keeps the fraction. Use //, incomplete windows are dropped."),
)


@version("output_size")
def _(size, kernel_size, stride=None, padding=0):
    return (size + 2 * padding - kernel_size) / (kernel_size if stride is None else stride) + 1


misconception(
    "size-rounded", later("round() goes up as well as down. Incomplete windows are dropped: use //.")
)


@version("output_size")
def _(size, kernel_size, stride=None, padding=0):
    return round((size + 2 * padding - kernel_size) / (kernel_size if stride is None else stride)) + 1


@version("output_size")
def _(size, kernel_size, stride=None, padding=0):
    return round((size + 2 * padding - kernel_size) / (kernel_size if stride is None else stride) + 1)


@version("output_size")
def _(size, kernel_size, stride=None, padding=0):
    return floor((size + 2 * padding - kernel_size) / (kernel_size if stride is None else stride) + 1.5)


misconception(
    "window-not-subtracted",
    later("The padding is right, the window is not taken off: size + 2 · padding − kernel_size."),
)


@version("output_size")
def _(size, kernel_size, stride=None, padding=0):
    return (size + 2 * padding) // (kernel_size if stride is None else stride) + 1
