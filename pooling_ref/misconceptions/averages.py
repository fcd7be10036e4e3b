"""The average: what is added up, what it is divided by, and what becomes of the decimals."""

from math import prod

import numpy as np

from pooling_ref.language import later
from pooling_ref.misconceptions.steps import GLOBAL, LAST_TWO, MEANS
from pooling_ref.misconceptions.table import Step, misconception, version

misconception(
    "sum-not-mean",
    later("This is the sum, k · k times the mean: divide by the number of cells of the window."),
)


@version(*MEANS)
class _(Step):
    def divisor(self, window, real, g):
        return 1


misconception("integer-division", later("2.5 became 2: // divides integers and drops the rest. Use /."))


@version(*MEANS)
class _(Step):
    def value(self, window, real, g):
        return self.total(window) // self.divisor(window, real, g)


@version(*MEANS)
class _(Step):  # into an array of x's dtype
    def dtype(self, x):
        return x.dtype

    def value(self, window, real, g):
        return self.total(window) // self.divisor(window, real, g)


@version(*MEANS)
class _(Step):  # integers only
    def value(self, window, real, g):
        mean = super().value(window, real, g)
        return mean if window.dtype.kind == "f" else np.floor(mean)


@version(*MEANS)
class _(Step):
    def total(self, window):
        return window.sum(LAST_TWO)

    def dtype(self, x):
        return np.dtype(np.int64) if x.dtype.kind != "f" else x.dtype

    def value(self, window, real, g):
        return self.total(window) // self.divisor(window, real, g)


misconception(
    "integer-output",
    later(
        "The result has the integer dtype of x, and an integer array cannot hold 2.5: make it a float array."
    ),
)


@version(*MEANS)
class _(Step):
    def dtype(self, x):
        return x.dtype


misconception(
    "decimals-cut",
    later("36.5 became 36: int() and astype(int) cut the decimals off. Leave the average as it is."),
)


@version(*MEANS)
class _(Step):
    def value(self, window, real, g):
        return np.trunc(super().value(window, real, g))


@version(*MEANS)
class _(Step):
    def dtype(self, x):
        return np.dtype(np.int64)


misconception(
    "rounded", later("The average was rounded to an integer. Leave it as it is: 36.5 is not 36, nor 37.")
)


@version(*MEANS)
class _(Step):
    def value(self, window, real, g):
        return np.round(super().value(window, real, g))


@version(*MEANS)
class _(Step):
    def dtype(self, x):
        return np.dtype(np.int64)

    def value(self, window, real, g):
        return np.round(super().value(window, real, g))


@version(*MEANS)
class _(Step):
    def value(self, window, real, g):
        return np.ceil(super().value(window, real, g))


@version(*MEANS)
class _(Step):  # int(mean + 0.5)
    def value(self, window, real, g):
        return np.trunc(super().value(window, real, g) + 0.5)


@version(*MEANS)
class _(Step):
    def value(self, window, real, g):
        return np.floor(super().value(window, real, g) + 0.5)


misconception(
    "sum-wraps",
    later("250 + 250 wrapped around to 244: the sum does not fit into x's dtype. Sum in float64."),
)


@version(*MEANS)
class _(Step):
    def total(self, window):
        return window.sum(LAST_TWO, dtype=window.dtype)


@version(*MEANS)
class _(Step):  # bool stays right
    def total(self, window):
        return window.sum(LAST_TWO, dtype=window.dtype if window.dtype.kind != "b" else float)


misconception(
    "divides-by-side",
    later("You divide by k, one side of the window. It has k · k cells: height times width."),
)


@version(*MEANS)
class _(Step):
    def divisor(self, window, real, g):
        return g.kernel[0]


@version("avg_pool2d", *GLOBAL)
class _(Step):
    def divisor(self, window, real, g):
        return g.kernel[1]


misconception(
    "divides-by-side-squared",
    later("You divide by the square of one side: right for square windows only. Divide by height · width."),
)


@version("avg_pool2d", *GLOBAL)
class _(Step):
    def divisor(self, window, real, g):
        return g.kernel[0] ** 2


@version("avg_pool2d", *GLOBAL)
class _(Step):
    def divisor(self, window, real, g):
        return g.kernel[1] ** 2


misconception(
    "divides-by-stride",
    later("You divide by the stride's cells: divide by the number of cells of the window."),
)


@version("avg_pool2d")
class _(Step):
    def divisor(self, window, real, g):
        return prod(g.stride)


misconception(
    "divides-by-four",
    later("You divide by 4: right for 2×2 windows only. Divide by the cells of the window."),
)


@version(*MEANS)
class _(Step):
    def divisor(self, window, real, g):
        return 4


misconception(
    "divides-by-nonzeros",
    later(
        "You divide by the count of the cells that are not zero. A zero of x is a value like "
        "any other: it counts."
    ),
)


@version(*MEANS)
class _(Step):
    def divisor(self, window, real, g):
        return np.maximum(1, np.count_nonzero(window, LAST_TWO))


@version(*MEANS)
class _(Step):
    def value(self, window, real, g):
        with np.errstate(all="ignore"):
            return self.total(window) / np.count_nonzero(window, LAST_TWO)


@version("avg_pool2d")
class _(Step):  # only where the padding is to be left out
    def divisor(self, window, real, g):
        return prod(g.kernel) if g.include else np.maximum(1, np.count_nonzero(window, LAST_TWO))


@version("avg_pool2d")
class _(Step):  # there only, and 0 / 0 is NaN
    def value(self, window, real, g):
        with np.errstate(all="ignore"):
            count = prod(g.kernel) if g.include else np.count_nonzero(window, LAST_TWO)
            return self.total(window) / count
