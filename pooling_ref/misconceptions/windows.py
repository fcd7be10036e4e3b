"""Which window: misconceptions about where it starts, where it ends, and how many there are."""

from math import ceil

import numpy as np

from pooling_lab.tasks import pair
from pooling_ref.language import later
from pooling_ref.misconceptions.steps import BOTH2D, MATRICES, POOLS
from pooling_ref.misconceptions.table import Step, misconception, version

misconception(
    "starts-without-stride",
    later("Window (0, 1) starts at column 1; it should start at column 1 · stride: i * stride, not i."),
)


@version(*POOLS)
class _(Step):
    def start(self, i, j, g):
        return i, j


misconception(
    "moves-by-window",
    later("You moved by the window's size, not by the stride: window i starts at i * stride."),
)


@version(*BOTH2D)
class _(Step):
    def start(self, i, j, g):
        return i * g.kernel[0], j * g.kernel[1]


misconception(
    "row-stride-for-columns",
    later("Rows right, columns wrong: the columns move by the rows' stride. stride is (down, right)."),
)


@version(*BOTH2D)
class _(Step):
    def settings(self, *arguments):
        g = super().settings(*arguments)
        g.stride = (g.stride[0], g.stride[0])
        return g


@version(*BOTH2D)
class _(Step):
    def start(self, i, j, g):
        return i * g.stride[0], j * g.stride[0]


misconception("stride-swapped", later("The two numbers of stride are swapped: (down, right), rows first."))


@version(*BOTH2D)
class _(Step):
    def settings(self, *arguments):
        g = super().settings(*arguments)
        g.stride = g.stride[::-1] if g.stride != g.kernel else g.stride
        return g


@version(*BOTH2D)
class _(Step):
    def start(self, i, j, g):
        return i * g.stride[1], j * g.stride[0]


misconception(
    "window-swapped",
    later("Height and width of the window are swapped: a 2×3 window was read as 3×2. Rows come first."),
)


@version(*BOTH2D)
class _(Step):
    def settings(self, x, kernel_size, stride, padding, include):
        return super().settings(x, pair(kernel_size)[::-1], stride, padding, include)


@version(*BOTH2D)
class _(Step):
    def settings(self, *arguments):
        g = super().settings(*arguments)
        g.kernel = g.kernel[::-1]
        return g


@version(*BOTH2D)
class _(Step):  # and so are those of stride and padding
    def settings(self, *arguments):
        g = super().settings(*arguments)
        g.kernel, g.stride, g.padding = g.kernel[::-1], g.stride[::-1], g.padding[::-1]
        return g


@version(*BOTH2D)
class _(Step):
    def where(self, i, j, g):
        top, left = self.start(i, j, g)
        return slice(top, top + g.kernel[1]), slice(left, left + g.kernel[0])


misconception(
    "width-from-height",
    later("The width is taken from the height: right for square inputs only. Width is x.shape[-1]."),
)


@version(*POOLS)
class _(Step):
    def settings(self, *arguments):
        g = super().settings(*arguments)
        g.size = (g.size[0], g.size[0])
        return g


@version(*POOLS)
class _(Step):
    def settings(self, *arguments):
        g = super().settings(*arguments)
        g.size = (g.size[1], g.size[1])
        return g


@version(*POOLS)
class _(Step):
    def count(self, g):
        return (super().count(g)[0],) * 2


@version(*POOLS)
class _(Step):
    def count(self, g):
        return (super().count(g)[1],) * 2


misconception("transposed", later("The result is the transpose: out[i, j], row first, not out[j, i]."))


@version(*POOLS)
class _(Step):
    def finish(self, out):
        return out.swapaxes(-1, -2)


@version(*POOLS)
class _(Step):
    def finish(self, out):
        if out.shape[-1] != out.shape[-2]:
            raise IndexError("index is out of bounds")
        return out.swapaxes(-1, -2)


misconception(
    "size-without-plus-one",
    later(
        "The last window is missing: (size − kernel_size) // stride counts the steps; there is one "
        "window more, + 1."
    ),
)


@version(*POOLS)
class _(Step):
    def count_one(self, n, k, s, p):
        return (n + 2 * p - k) // s


@version(*POOLS)
class _(Step):  # range(0, n - k, s)
    def count_one(self, n, k, s, p):
        return len(range(0, n + 2 * p - k, s))


@version(*MATRICES)
class _(Step):  # the same as a list of rows: without a row there are no columns either
    def count_one(self, n, k, s, p):
        return len(range(0, n - k, s))

    def finish(self, out):
        return np.array(out.tolist())


@version(*MATRICES)
class _(Step):
    def count_one(self, n, k, s, p):
        return (n - k) // s

    def finish(self, out):
        return np.array(out.tolist())


@version("output_size")
def _(size, kernel_size, stride=None, padding=0):
    return len(range(0, size + 2 * padding - kernel_size, kernel_size if stride is None else stride))


@version("output_size")
def _(size, kernel_size, stride=None, padding=0):
    return (size + 2 * padding - kernel_size) // (kernel_size if stride is None else stride)


misconception(
    "ceil-for-floor",
    later(
        "The last window is incomplete: it hangs over the edge. Round down (//): incomplete "
        "windows are dropped."
    ),
)


@version(*POOLS)
class _(Step):
    def count_one(self, n, k, s, p):
        return ceil((n + 2 * p - k) / s) + 1


@version(*POOLS)
class _(Step):
    def count_one(self, n, k, s, p):
        return ceil((n + 2 * p) / s)


@version(*POOLS)
class _(Step):  # the edge is padded until everything fits
    def count_one(self, n, k, s, p):
        return ceil((n + 2 * p - k) / s) + 1

    def pad(self, x, g):
        padded = super().pad(x, g)
        more = [
            (0, max(0, (self.count_one(n, k, s, p) - 1) * s + k - n - 2 * p))
            for n, k, s, p in zip(g.size, g.kernel, g.stride, g.padding, strict=True)
        ]
        return np.pad(padded, [(0, 0)] * (x.ndim - 2) + more)


@version("output_size")
def _(size, kernel_size, stride=None, padding=0):
    return ceil((size + 2 * padding - kernel_size) / (kernel_size if stride is None else stride)) + 1


@version("output_size")
def _(size, kernel_size, stride=None, padding=0):
    return ceil((size + 2 * padding) / (kernel_size if stride is None else stride))


misconception(
    "size-ignores-window",
    later("The size must depend on the window: the last one starts at size − kernel_size, not at the edge."),
)


@version(*BOTH2D)
class _(Step):
    def count_one(self, n, k, s, p):
        return (n + 2 * p) // s


@version(*BOTH2D)
class _(Step):
    def count_one(self, n, k, s, p):
        return n // s


@version("output_size")
def _(size, kernel_size, stride=None, padding=0):
    return (size + 2 * padding) // (kernel_size if stride is None else stride)


@version("output_size")
def _(size, kernel_size, stride=None, padding=0):
    return size // (kernel_size if stride is None else stride)


misconception(
    "adds-one-before-dividing",
    later("(size − kernel_size + 1) // stride is right for a stride of 1 only: divide first, then add 1."),
)


@version(*POOLS)
class _(Step):
    def count_one(self, n, k, s, p):
        return (n + 2 * p - k + 1) // s


@version("output_size")
def _(size, kernel_size, stride=None, padding=0):
    return (size + 2 * padding - kernel_size + 1) // (kernel_size if stride is None else stride)


misconception(
    "loop-ends-early",
    later(
        "The last row or column is still zero: the loop ends one too early. range(n) already stops before n."
    ),
)


@version(*POOLS)
class _(Step):
    def walk(self, shape):
        return np.ndindex(*(max(n - 1, 0) for n in shape))


@version(*POOLS)
class _(Step):
    def walk(self, shape):
        return np.ndindex(max(shape[0] - 1, 0), shape[1])


@version(*POOLS)
class _(Step):
    def walk(self, shape):
        return np.ndindex(shape[0], max(shape[1] - 1, 0))


misconception(
    "slice-end-inclusive",
    later("A slice's end is exclusive: i:i+k has k rows, i:i+k-1 one too few."),
)


@version(*POOLS)
class _(Step):
    def where(self, i, j, g):
        rows, columns = super().where(i, j, g)
        return slice(rows.start, rows.stop - 1), slice(columns.start, columns.stop - 1)


misconception(
    "slice-end-too-far",
    later(
        "The window is one row and one column too large: a slice's end is exclusive, i:i+k "
        "has k rows already."
    ),
)


@version(*POOLS)
class _(Step):
    def where(self, i, j, g):
        rows, columns = super().where(i, j, g)
        return slice(rows.start, rows.stop + 1), slice(columns.start, columns.stop + 1)
