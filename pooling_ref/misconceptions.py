"""The classic mistakes, each as a few lines of working wrong code, with what to say to whoever made it.

`MaxPool` and `AvgPool` are right and slow, and written in small steps. A mistake replaces one step, in the
same words for every task that it is registered for. One mistake may have several versions: the same thought,
written differently. The table is also the mutation test of the checks.

Order matters: where two mistakes explain the same results equally well, the first one in this file is named,
so the more specific stand first.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil, prod
from types import SimpleNamespace

import numpy as np

from pooling_lab.tasks import pair
from pooling_ref.language import later

LAST_TWO = (-2, -1)
MAX = ("max_pool_matrix", "max_pool2d")
AVG = ("avg_pool_matrix", "avg_pool2d")
BOTH2D = ("max_pool2d", "avg_pool2d")
POOLS = (*MAX, *AVG)
GLOBAL = ("global_avg_pool2d",)
MEANS = (*AVG, *GLOBAL)


@dataclass
class Misconception:
    """A mistake that learners make.

    Attributes
    ----------
    key : str
        Its name in reports.
    message : str
        What helps, to be translated.
    versions : dict
        For each task the wrong functions that come from it.
    """

    key: str
    message: str
    versions: dict[str, list[Callable]] = field(default_factory=dict)

    @property
    def tasks(self) -> tuple[str, ...]:
        """The tasks it can be made in."""
        return tuple(self.versions)


MISCONCEPTIONS: dict[str, Misconception] = {}


def mistake(key: str, message: str) -> None:
    """Begin a mistake: the versions that follow belong to it."""
    MISCONCEPTIONS[key] = Misconception(key, message)


def version(*tasks: str) -> Callable:
    """Register a class of replaced steps, or a whole function, as a version of the mistake begun last."""

    def register(wrong):
        entry = list(MISCONCEPTIONS.values())[-1]
        for task in tasks:
            bases = BASES.get(task, ()) if isinstance(wrong, type) else ()
            made = [type(wrong.__name__, (wrong, base), {})() for base in bases] or [wrong]
            entry.versions.setdefault(task, []).extend(made)
        return wrong

    return register


# --- right, and slow ----------------------------------------------------------------------------------------


class MaxPool:
    """Maximum pooling, right, in steps that a mistake may replace."""

    def __call__(self, x, kernel_size, stride=None, padding=0, count_include_pad=True):
        """Pool x."""
        g = self.settings(x, kernel_size, stride, padding, count_include_pad)
        self.refuse(g)
        g.padded, g.real = self.pad(x, g), self.pad_ones(x, g)
        g.out = np.zeros((*x.shape[:-2], *self.count(g)), self.dtype(x))
        self.fill(g)
        return self.finish(g.out)

    def settings(self, x, kernel_size, stride, padding, include):
        """Return all that the other steps need to know."""
        kernel = pair(kernel_size)
        stride = kernel if stride is None else pair(stride)
        size = x.shape[-2:]
        return SimpleNamespace(
            x=x, size=size, kernel=kernel, stride=stride, padding=pair(padding), include=include
        )

    def refuse(self, g):
        """Refuse a window that fits nowhere."""
        if any(k > n + 2 * p for n, k, p in zip(g.size, g.kernel, g.padding, strict=True)):
            raise ValueError("the window is larger than the padded input")

    def lowest(self, dtype):
        """Return what the padding is filled with."""
        if dtype.kind == "f":
            return -np.inf
        return np.iinfo(dtype).min if dtype.kind in "iu" else False

    def pad(self, x, g):
        """Return x with its padding."""
        return _padded(x, g.padding, self.lowest(x.dtype))

    def pad_ones(self, x, g):
        """Return where x is (1) and where the padding (0)."""
        return _padded(np.ones(x.shape[-2:], int), g.padding, 0)

    def count(self, g):
        """Return the number of windows, down and to the right."""
        sizes = zip(g.size, g.kernel, g.stride, g.padding, strict=True)
        return tuple(self.count_one(n, k, s, p) for n, k, s, p in sizes)

    def count_one(self, n, k, s, p):
        """Return the number of windows along one axis."""
        return (n + 2 * p - k) // s + 1

    def dtype(self, x):
        """Return the result's dtype."""
        return x.dtype

    def fill(self, g):
        """Put the value of each window into its place."""
        for i, j in self.walk(g.out.shape[-2:]):
            at = self.where(i, j, g)
            g.out[..., i, j] = self.value(g.padded[(..., *at)], g.real[at], g)

    def walk(self, shape):
        """Return the places of the result."""
        return np.ndindex(*shape)

    def where(self, i, j, g):
        """Return the rows and columns that a window covers."""
        top, left = self.start(i, j, g)
        return slice(top, top + g.kernel[0]), slice(left, left + g.kernel[1])

    def start(self, i, j, g):
        """Return where a window starts."""
        return i * g.stride[0], j * g.stride[1]

    def value(self, window, real, g):
        """Return a window's value."""
        return window.max(LAST_TWO)

    def finish(self, out):
        """Return the result."""
        return out


class AvgPool(MaxPool):
    """Average pooling, right: the sum of the window divided by the number of its cells."""

    def lowest(self, dtype):
        """Return what the padding is filled with."""
        return 0

    def dtype(self, x):
        """Return the result's dtype."""
        return x.dtype if x.dtype.kind == "f" else np.dtype(float)

    def value(self, window, real, g):
        """Return a window's value."""
        return self.total(window) / self.divisor(window, real, g)

    def total(self, window):
        """Return the sum of a window."""
        return window.sum(LAST_TWO, dtype=float)

    def divisor(self, window, real, g):
        """Return what the sum is divided by."""
        return prod(g.kernel) if g.include else real.sum()


class MeanPool(AvgPool):
    """Average pooling, right too: the mean of the cells in the slice, however many it holds."""

    def divisor(self, window, real, g):
        """Return what the sum is divided by."""
        return prod(window.shape[-2:]) if g.include else real.sum()


class GlobalPool(AvgPool):
    """Global average pooling: the window is the whole input."""

    def __call__(self, x):
        """Pool x."""
        return super().__call__(x, x.shape[-2:])


BASES = {
    **dict.fromkeys(MAX, (MaxPool,)),
    **dict.fromkeys(AVG, (AvgPool, MeanPool)),
    **dict.fromkeys(GLOBAL, (GlobalPool,)),
}


def _padded(x, padding, value):
    rows, columns = padding  # np.pad says the same in ten times the time
    wide = np.full((*x.shape[:-2], x.shape[-2] + 2 * rows, x.shape[-1] + 2 * columns), value, x.dtype)
    wide[..., rows : rows + x.shape[-2], columns : columns + x.shape[-1]] = x
    return wide


# --- which value --------------------------------------------------------------------------------------------

mistake(
    "starts-at-zero",
    later(
        "The maximum starts at 0, so 0 comes back where all values are negative. What should "
        "a maximum start from?"
    ),
)


@version(*MAX)
class _:
    def value(self, window, real, g):
        return np.maximum(window.max(LAST_TWO), g.x.dtype.type(0))


@version(*MAX)
class _:  # with `if v > best`
    def value(self, window, real, g):
        return np.fmax.reduce(window.reshape(*window.shape[:-2], -1), -1, initial=g.x.dtype.type(0))


mistake(
    "starts-at-tiny",
    later(
        "sys.float_info.min is a tiny positive number, not the smallest one. Start from a "
        "value of the window."
    ),
)
_TINY = sys.float_info.min


@version(*MAX)
class _:
    def value(self, window, real, g):
        return np.maximum(window.max(LAST_TWO), _TINY)


@version(*MAX)
class _:
    def dtype(self, x):
        return np.dtype(float)

    def value(self, window, real, g):
        return np.fmax(np.fmax.reduce(window.reshape(*window.shape[:-2], -1), -1), _TINY)


@version(*MAX)
class _:
    def dtype(self, x):
        return np.dtype(float)

    def value(self, window, real, g):
        return np.maximum(window.max(LAST_TWO), _TINY)


mistake(
    "starts-at-first-cell",
    later("The maximum starts at the first cell of the whole input. Start from a cell of this window."),
)


@version(*MAX)
class _:
    def value(self, window, real, g):
        return np.maximum(window.max(LAST_TWO), g.x[..., 0, 0])


@version("max_pool2d")
class _:
    def value(self, window, real, g):
        return np.maximum(window.max(LAST_TWO), g.x[0, 0, 0, 0])


mistake(
    "maximum-not-reset",
    later(
        "The running maximum is not reset: a window holds a value of the window before. Start "
        "anew in each one."
    ),
)


@version(*MAX)
class _:  # one maximum for each image
    def finish(self, out):
        flat = out.reshape(*out.shape[:-2], -1)
        return np.maximum.accumulate(flat, -1).reshape(out.shape)


@version("max_pool2d")
class _:  # one maximum for all
    def finish(self, out):
        return np.maximum.accumulate(out.reshape(-1)).reshape(out.shape) if out.size else out


@version("max_pool2d")
class _:  # one maximum for each image of the batch
    def finish(self, out):
        flat = out.reshape(out.shape[0], -1)
        return np.maximum.accumulate(flat, -1).reshape(out.shape)


@version(*MAX)
class _:  # one maximum for each row of windows
    def finish(self, out):
        return np.maximum.accumulate(out, -1)


mistake(
    "absolute-value",
    later("The sign is lost: −5 beat 3. A maximum compares the values themselves, not their sizes."),
)


@version(*MAX)
class _:
    def lowest(self, dtype):
        return 0

    def value(self, window, real, g):
        return np.abs(window).max(LAST_TWO)


@version(*MAX)
class _:
    def value(self, window, real, g):
        return np.abs(window).max(LAST_TWO)


@version(*MAX)
class _:  # the value that is furthest from zero
    def lowest(self, dtype):
        return 0

    def value(self, window, real, g):
        flat = window.reshape(*window.shape[:-2], -1)
        return np.take_along_axis(flat, np.abs(flat).argmax(-1)[..., None], -1)[..., 0]


mistake(
    "index-instead-of-value",
    later("An index came back, not a value: argmax says where the maximum is, max says what it is."),
)


@version(*MAX)
class _:
    def dtype(self, x):
        return np.dtype(np.int64)

    def value(self, window, real, g):
        return window.reshape(*window.shape[:-2], -1).argmax(-1)


mistake(
    "first-row-only",
    later("Only the first row of each window was read. A window has kernel_size rows."),
)


@version(*POOLS)
class _:
    def where(self, i, j, g):
        rows, columns = super().where(i, j, g)
        return slice(rows.start, rows.start + 1), columns


mistake(
    "first-column-only",
    later("Only the first column of each window was read. A window has kernel_size columns."),
)


@version(*POOLS)
class _:
    def where(self, i, j, g):
        rows, columns = super().where(i, j, g)
        return rows, slice(columns.start, columns.start + 1)


mistake(
    "one-cell-of-window",
    later("You take one cell of each window: nothing is compared or averaged. All its cells count."),
)


@version(*POOLS)
class _:
    def value(self, window, real, g):
        return window[..., -1, -1]


@version(*POOLS)
class _:
    def value(self, window, real, g):
        return window[..., 0, 0]


@version(*POOLS)
class _:
    def fill(self, g):
        g.out = g.padded[..., :: g.stride[0], :: g.stride[1]]


mistake(
    "nan-lost",
    later(
        "The NaN vanished. `v > best` is false where one of them is NaN, and nanmax, nanmean "
        "skip NaN on purpose."
    ),
)


@version(*MAX)
class _:
    def value(self, window, real, g):
        return np.fmax.reduce(window.reshape(*window.shape[:-2], -1), -1)


@version(*MAX)
class _:  # `if v > best`, from −∞
    def value(self, window, real, g):
        return np.fmax.reduce(window.reshape(*window.shape[:-2], -1), -1, initial=self.lowest(g.x.dtype))


@version(*MAX)
class _:  # `if v > best`, from the window's first cell: what Python's max does
    def value(self, window, real, g):
        flat = window.reshape(*window.shape[:-2], -1)
        return np.where(flat[..., 0] != flat[..., 0], flat[..., 0], np.fmax.reduce(flat, -1))


@version(*MEANS)
class _:  # nanmean
    def value(self, window, real, g):
        return self.total(window) / (self.divisor(window, real, g) - np.isnan(window).sum(LAST_TWO))

    def total(self, window):
        return np.nansum(window, LAST_TWO, dtype=float)


@version(*MEANS)
class _:  # nansum
    def total(self, window):
        return np.nansum(window, LAST_TWO, dtype=float)


mistake(
    "dtype-lost",
    later(
        "The values are right, but their dtype changed. A maximum keeps it: make the result "
        "with dtype=x.dtype."
    ),
)


@version(*MAX)
class _:
    def dtype(self, x):
        return np.dtype(float)


@version(*MAX)
class _:  # integers only
    def dtype(self, x):
        return x.dtype if x.dtype.kind == "f" else np.dtype(float)


@version("max_pool2d")
class _:  # only where −∞ was padded
    def settings(self, x, kernel_size, stride, padding, include):
        g = super().settings(x, kernel_size, stride, padding, include)
        self.is_padded = any(g.padding)
        return g

    def dtype(self, x):
        return np.dtype(float) if self.is_padded else x.dtype


@version("max_pool2d")
class _:  # the same, float32 kept
    def settings(self, x, kernel_size, stride, padding, include):
        g = super().settings(x, kernel_size, stride, padding, include)
        self.is_padded = any(g.padding)
        return g

    def dtype(self, x):
        return np.dtype(float) if self.is_padded and x.dtype.kind != "f" else x.dtype


@version(*MAX)
class _:
    def dtype(self, x):
        return np.dtype(np.float32)


mistake(
    "average-widens-float32",
    later(
        "The values are right, but their dtype is not: float32 stays float32; integers and bool give float64."
    ),
)


@version("avg_pool2d", *GLOBAL)
class _:
    def dtype(self, x):
        return np.dtype(float)


@version("avg_pool2d", *GLOBAL)
class _:
    def dtype(self, x):
        return np.dtype(np.float32)


@version(*MEANS)
class _:
    def dtype(self, x):
        return x.dtype if x.dtype == np.float64 else np.dtype(np.float32)


# --- which window -------------------------------------------------------------------------------------------

mistake(
    "starts-without-stride",
    later("Window (0, 1) starts at column 1; it should start at column 1 · stride: i * stride, not i."),
)


@version(*POOLS)
class _:
    def start(self, i, j, g):
        return i, j


mistake(
    "moves-by-window",
    later("You moved by the window's size, not by the stride: window i starts at i * stride."),
)


@version(*BOTH2D)
class _:
    def start(self, i, j, g):
        return i * g.kernel[0], j * g.kernel[1]


mistake(
    "row-stride-for-columns",
    later("Rows right, columns wrong: the columns move by the rows' stride. stride is (down, right)."),
)


@version(*BOTH2D)
class _:
    def settings(self, *arguments):
        g = super().settings(*arguments)
        g.stride = (g.stride[0], g.stride[0])
        return g


@version(*BOTH2D)
class _:
    def start(self, i, j, g):
        return i * g.stride[0], j * g.stride[0]


mistake("stride-swapped", later("The two numbers of stride are swapped: (down, right), rows first."))


@version(*BOTH2D)
class _:
    def settings(self, *arguments):
        g = super().settings(*arguments)
        g.stride = g.stride[::-1] if g.stride != g.kernel else g.stride
        return g


@version(*BOTH2D)
class _:
    def start(self, i, j, g):
        return i * g.stride[1], j * g.stride[0]


mistake(
    "window-swapped",
    later("Height and width of the window are swapped: a 2×3 window was read as 3×2. Rows come first."),
)


@version(*BOTH2D)
class _:
    def settings(self, x, kernel_size, stride, padding, include):
        return super().settings(x, pair(kernel_size)[::-1], stride, padding, include)


@version(*BOTH2D)
class _:
    def settings(self, *arguments):
        g = super().settings(*arguments)
        g.kernel = g.kernel[::-1]
        return g


@version(*BOTH2D)
class _:
    def where(self, i, j, g):
        top, left = self.start(i, j, g)
        return slice(top, top + g.kernel[1]), slice(left, left + g.kernel[0])


mistake(
    "width-from-height",
    later("The width is taken from the height: right for square inputs only. Width is x.shape[-1]."),
)


@version(*POOLS)
class _:
    def settings(self, *arguments):
        g = super().settings(*arguments)
        g.size = (g.size[0], g.size[0])
        return g


@version(*POOLS)
class _:
    def settings(self, *arguments):
        g = super().settings(*arguments)
        g.size = (g.size[1], g.size[1])
        return g


@version(*POOLS)
class _:
    def count(self, g):
        return (super().count(g)[0],) * 2


@version(*POOLS)
class _:
    def count(self, g):
        return (super().count(g)[1],) * 2


mistake("transposed", later("The result is the transpose: out[i, j], row first, not out[j, i]."))


@version(*POOLS)
class _:
    def finish(self, out):
        return out.swapaxes(-1, -2)


@version(*POOLS)
class _:
    def finish(self, out):
        if out.shape[-1] != out.shape[-2]:
            raise IndexError("index is out of bounds")
        return out.swapaxes(-1, -2)


mistake(
    "size-without-plus-one",
    later(
        "The last window is missing: (size − kernel) // stride counts the steps; there is one "
        "window more, + 1."
    ),
)


@version(*POOLS)
class _:
    def count_one(self, n, k, s, p):
        return (n + 2 * p - k) // s


@version("output_size")
def _(size, kernel_size, stride=None, padding=0):
    return (size + 2 * padding - kernel_size) // (kernel_size if stride is None else stride)


mistake(
    "ceil-for-floor",
    later(
        "The last window is incomplete: it hangs over the edge. Round down (//): incomplete "
        "windows are dropped."
    ),
)


@version(*POOLS)
class _:
    def count_one(self, n, k, s, p):
        return ceil((n + 2 * p - k) / s) + 1


@version(*POOLS)
class _:
    def count_one(self, n, k, s, p):
        return ceil((n + 2 * p) / s)


@version(*POOLS)
class _:  # the edge is padded until everything fits
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


mistake(
    "size-ignores-window",
    later("The size must depend on the window: the last one starts at size − kernel_size, not at the edge."),
)


@version(*BOTH2D)
class _:
    def count_one(self, n, k, s, p):
        return (n + 2 * p) // s


@version(*BOTH2D)
class _:
    def count_one(self, n, k, s, p):
        return n // s


@version("output_size")
def _(size, kernel_size, stride=None, padding=0):
    return (size + 2 * padding) // (kernel_size if stride is None else stride)


@version("output_size")
def _(size, kernel_size, stride=None, padding=0):
    return size // (kernel_size if stride is None else stride)


mistake(
    "adds-one-before-dividing",
    later("(size − kernel + 1) // stride is right for a stride of 1 only: divide first, then add 1."),
)


@version(*POOLS)
class _:
    def count_one(self, n, k, s, p):
        return (n + 2 * p - k + 1) // s


@version("output_size")
def _(size, kernel_size, stride=None, padding=0):
    return (size + 2 * padding - kernel_size + 1) // (kernel_size if stride is None else stride)


mistake(
    "loop-ends-early",
    later(
        "The last row or column is still zero: the loop ends one too early. range(n) already stops before n."
    ),
)


@version(*POOLS)
class _:
    def walk(self, shape):
        return np.ndindex(*(max(n - 1, 0) for n in shape))


@version(*POOLS)
class _:
    def walk(self, shape):
        return np.ndindex(max(shape[0] - 1, 0), shape[1])


@version(*POOLS)
class _:
    def walk(self, shape):
        return np.ndindex(shape[0], max(shape[1] - 1, 0))


mistake(
    "slice-end-inclusive",
    later("A slice's end is exclusive: i:i+k has k rows, i:i+k-1 one too few."),
)


@version(*POOLS)
class _:
    def where(self, i, j, g):
        rows, columns = super().where(i, j, g)
        return slice(rows.start, rows.stop - 1), slice(columns.start, columns.stop - 1)


mistake(
    "slice-end-too-far",
    later(
        "The window is one row and one column too large: a slice's end is exclusive, i:i+k "
        "has k rows already."
    ),
)


@version(*POOLS)
class _:
    def where(self, i, j, g):
        rows, columns = super().where(i, j, g)
        return slice(rows.start, rows.stop + 1), slice(columns.start, columns.stop + 1)


mistake(
    "two-by-two-written-in",
    later("A window of 2×2 is written in, the argument kernel_size is ignored."),
)


@version(*POOLS)
class _:  # and the stride too, where none is given
    def settings(self, x, kernel_size, *arguments):
        return super().settings(x, 2, *arguments)


@version(*POOLS)
class _:  # the number of windows is right
    def settings(self, x, kernel_size, *arguments):
        g = super().settings(x, kernel_size, *arguments)
        g.asked = g.kernel
        g.kernel = (2, 2)
        return g

    def count(self, g):
        sizes = zip(g.size, g.asked, g.stride, g.padding, strict=True)
        return tuple(self.count_one(*each) for each in sizes)


@version(*POOLS)
class _:
    def settings(self, x, kernel_size, *arguments):
        g = super().settings(x, kernel_size, *arguments)
        g.kernel = (2, 2)
        return g


@version(*BOTH2D)
class _:  # the stride as well
    def settings(self, x, kernel_size, stride, *arguments):
        return super().settings(x, 2, 2, *arguments)


mistake(
    "default-stride-one",
    later("The window moves by 1. Where no stride is given, it moves by its own size: stride = kernel_size."),
)


@version(*BOTH2D)
class _:
    def settings(self, x, kernel_size, stride, *arguments):
        return super().settings(x, kernel_size, 1 if stride is None else stride, *arguments)


@version("max_pool_matrix", "avg_pool_matrix")
class _:
    def settings(self, x, kernel_size, stride, *arguments):
        return super().settings(x, kernel_size, 1, *arguments)


@version("output_size")
def _(size, kernel_size, stride=None, padding=0):
    return (size + 2 * padding - kernel_size) // (stride or 1) + 1


mistake(
    "default-stride-two",
    later("The window moves by 2. Where no stride is given, it moves by its own size: stride = kernel_size."),
)


@version(*BOTH2D)
class _:
    def settings(self, x, kernel_size, stride, *arguments):
        return super().settings(x, kernel_size, 2 if stride is None else stride, *arguments)


@version("max_pool_matrix", "avg_pool_matrix")
class _:
    def settings(self, x, kernel_size, stride, *arguments):
        return super().settings(x, kernel_size, 2, *arguments)


@version("output_size")
def _(size, kernel_size, stride=None, padding=0):
    return (size + 2 * padding - kernel_size) // (2 if stride is None else stride) + 1


mistake(
    "reshape-mixes-windows",
    later("The reshape mixes cells of other windows: split the rows and the columns first, (h, k, w, k)."),
)


@version(*POOLS)
class _:  # cropped before
    def fill(self, g):
        (h, w), (a, b) = g.out.shape[-2:], g.kernel
        cut = g.padded[..., : h * a, : w * b]
        try:
            blocks = cut.reshape(*cut.shape[:-2], h, w, a, b)
        except ValueError:
            blocks = None
        if blocks is None:
            raise ValueError("cannot reshape")
        g.out = self.value(blocks, g.real[:a, :b], g)


@version(*POOLS)
class _:
    def fill(self, g):
        (h, w), (a, b) = g.out.shape[-2:], g.kernel
        blocks = g.padded.reshape(*g.padded.shape[:-2], h, w, a, b)
        g.out = self.value(blocks, g.real[:a, :b], g)


mistake(
    "reshape-without-cropping",
    later("5 rows do not split into twos: cut the rows and columns that do not fit off before the reshape."),
)


@version(*POOLS)
class _:
    def fill(self, g):
        uneven = any(n % k for n, k in zip(g.padded.shape[-2:], g.kernel, strict=True))
        if g.stride == g.kernel and uneven:
            raise ValueError("cannot reshape")
        super().fill(g)


@version(*BOTH2D)
class _:
    def settings(self, x, kernel_size, stride, *arguments):
        return super().settings(x, kernel_size, None, *arguments)

    def fill(self, g):
        if any(n % k for n, k in zip(g.padded.shape[-2:], g.kernel, strict=True)):
            raise ValueError("cannot reshape")
        super().fill(g)


mistake(
    "stride-ignored",
    later("The stride is ignored: this works without overlap and gaps only, where stride = window."),
)


@version(*BOTH2D)
class _:
    def settings(self, x, kernel_size, stride, *arguments):
        return super().settings(x, kernel_size, None, *arguments)


@version(*BOTH2D)
class _:
    def settings(self, x, kernel_size, stride, padding, include):
        return super().settings(x, kernel_size, None, 0, include)


@version("output_size")
def _(size, kernel_size, stride=None, padding=0):
    return (size + 2 * padding - kernel_size) // kernel_size + 1


mistake(
    "return-inside-loop",
    later("Only the first window is filled: the `return` stands inside the loop. Move it to the left."),
)


@version(*POOLS)
class _:  # in the inner loop
    def walk(self, shape):
        return list(np.ndindex(*shape))[:1]


@version(*POOLS)
class _:  # in the outer loop
    def walk(self, shape):
        return np.ndindex(min(shape[0], 1), shape[1])


@version("max_pool2d", "avg_pool2d", "max_pool_matrix", "avg_pool_matrix")
class _:  # in the innermost of four loops
    def finish(self, out):
        first = np.zeros_like(out)
        first.reshape(-1)[:1] = out.reshape(-1)[:1]
        return first


@version("max_pool2d", "avg_pool2d")
class _:  # after the first row of the first channel
    def finish(self, out):
        first = np.zeros_like(out)
        first[0, 0, 0] = out[0, 0, 0]
        return first


@version("max_pool2d", "avg_pool2d")
class _:  # after the first channel
    def finish(self, out):
        first = np.zeros_like(out)
        first[0, 0] = out[0, 0]
        return first


@version("max_pool2d", "avg_pool2d")
class _:  # after the first image
    def finish(self, out):
        first = np.zeros_like(out)
        first[0] = out[0]
        return first


@version(*POOLS)
class _:  # the value itself
    def finish(self, out):
        return out.reshape(-1)[0]


mistake(
    "too-large-window-accepted",
    later(
        "A window larger than the padded input gives no ValueError. Say so: raise "
        "ValueError(...) at the start."
    ),
)


@version(*BOTH2D)
class _:
    def refuse(self, g):
        pass


@version(*BOTH2D)
class _:
    def refuse(self, g):
        pass

    def count_one(self, n, k, s, p):
        return max(0, super().count_one(n, k, s, p))


@version(*BOTH2D)
class _:
    def refuse(self, g):
        if g.kernel[0] > g.size[0] + 2 * g.padding[0]:
            raise ValueError("the window is larger than the padded input")

    def count_one(self, n, k, s, p):
        return max(0, super().count_one(n, k, s, p))


@version(*BOTH2D)
class _:
    def refuse(self, g):
        if all(k > n + 2 * p for n, k, p in zip(g.size, g.kernel, g.padding, strict=True)):
            raise ValueError("the window is larger than the padded input")

    def count_one(self, n, k, s, p):
        return max(0, super().count_one(n, k, s, p))


@version(*BOTH2D)
class _:
    def refuse(self, g):
        if any(k > n + 2 * p for n, k, p in zip(g.size, g.kernel, g.padding, strict=True)):
            raise AssertionError("the window is larger than the padded input")


@version(*BOTH2D)
class _:
    def refuse(self, g):
        if any(k > n + 2 * p for n, k, p in zip(g.size, g.kernel, g.padding, strict=True)):
            raise IndexError("the window is larger than the padded input")


@version(*BOTH2D)
class _:
    def __call__(self, *args, **kwargs):
        try:
            return super().__call__(*args, **kwargs)
        except ValueError:
            return None


mistake(
    "refuses-padded-window",
    later(
        "The window may be larger than x, as long as it fits into the padded input: add 2 · "
        "padding before comparing."
    ),
)


@version(*BOTH2D)
class _:
    def refuse(self, g):
        if any(k > n for n, k in zip(g.size, g.kernel, strict=True)):
            raise ValueError("the window is larger than the input")


mistake(
    "strides-assumed",
    later(
        "as_strided with strides worked out from the shape is wrong on a transposed or sliced "
        "view: use x.strides."
    ),
)


@version(*POOLS)
class _:
    def __call__(self, x, *args, **kwargs):
        steps = [x.itemsize * prod(x.shape[axis + 1 :]) for axis in range(x.ndim)]
        assumed = np.lib.stride_tricks.as_strided(x, strides=steps, writeable=False)
        return super().__call__(assumed, *args, **kwargs)


@version(*POOLS)
class _:
    def __call__(self, x, *args, **kwargs):
        plain = x.ravel("K")[: x.size].reshape(x.shape)
        return super().__call__(plain, *args, **kwargs)


mistake(
    "first-channel-only",
    later("Your channels are identical: each one is channel 0. Use the channel's index: x[n, c]."),
)


@version(*BOTH2D, *GLOBAL)
class _:
    def __call__(self, x, *args, **kwargs):
        return super().__call__(np.broadcast_to(x[:, :1], x.shape), *args, **kwargs)


@version(*BOTH2D, *GLOBAL)
class _:
    def __call__(self, x, *args, **kwargs):
        return super().__call__(np.broadcast_to(x[:1, :1], x.shape), *args, **kwargs)


@version(*BOTH2D, *GLOBAL)
class _:
    def __call__(self, x, *args, **kwargs):
        return super().__call__(x[:, :1], *args, **kwargs)


@version(*BOTH2D, *GLOBAL)
class _:  # the last one stays
    def __call__(self, x, *args, **kwargs):
        return super().__call__(np.broadcast_to(x[:, -1:], x.shape), *args, **kwargs)


mistake(
    "first-image-only",
    later(
        "Your images are identical: each one is the first of the batch. Use the index of the image: x[n, c]."
    ),
)


@version(*BOTH2D, *GLOBAL)
class _:
    def __call__(self, x, *args, **kwargs):
        return super().__call__(np.broadcast_to(x[:1], x.shape), *args, **kwargs)


@version(*BOTH2D, *GLOBAL)
class _:
    def __call__(self, x, *args, **kwargs):
        return super().__call__(x[:1], *args, **kwargs)


def _over(axes, one):
    """Replace `value`: reduce over these axes too, and keep them with length 1 or copied."""

    class Mixed:
        def finish(self, out):
            mixed = self.reduce(out, axes)
            return mixed if one else np.broadcast_to(mixed, out.shape).copy()

        def reduce(self, out, over):
            average = isinstance(self, AvgPool)
            return out.mean(over, keepdims=True) if average else out.max(over, keepdims=True)

    return Mixed


mistake(
    "channels-mixed",
    later("Your channels are identical: the window ran over all of them. Pool each channel for itself."),
)
for _one in (False, True):
    version(*BOTH2D, *GLOBAL)(_over((1,), _one))

mistake("batch-mixed", later("The images of the batch were mixed: pool each image for itself."))
for _axes in ((0,), (0, 1)):
    for _one in (False, True):
        version(*BOTH2D, *GLOBAL)(_over(_axes, _one))

# --- average ------------------------------------------------------------------------------------------------

mistake(
    "sum-not-mean",
    later("This is the sum, k · k times the mean: divide by the number of cells of the window."),
)


@version(*MEANS)
class _:
    def divisor(self, window, real, g):
        return 1


mistake("integer-division", later("2.5 became 2: // divides integers and drops the rest. Use /."))


@version(*MEANS)
class _:
    def value(self, window, real, g):
        return self.total(window) // self.divisor(window, real, g)


@version(*MEANS)
class _:  # into an array of x's dtype
    def dtype(self, x):
        return x.dtype

    def value(self, window, real, g):
        return self.total(window) // self.divisor(window, real, g)


@version(*MEANS)
class _:  # integers only
    def value(self, window, real, g):
        mean = super().value(window, real, g)
        return mean if window.dtype.kind == "f" else np.floor(mean)


@version(*MEANS)
class _:
    def total(self, window):
        return window.sum(LAST_TWO)

    def dtype(self, x):
        return np.dtype(np.int64) if x.dtype.kind != "f" else x.dtype

    def value(self, window, real, g):
        return self.total(window) // self.divisor(window, real, g)


mistake(
    "integer-output",
    later(
        "The result has the integer dtype of x, and an integer array cannot hold 2.5: make it a float array."
    ),
)


@version(*MEANS)
class _:
    def dtype(self, x):
        return x.dtype


mistake(
    "decimals-cut",
    later("36.5 became 36: int() and astype(int) cut the decimals off. Leave the average as it is."),
)


@version(*MEANS)
class _:
    def value(self, window, real, g):
        return np.trunc(super().value(window, real, g))


@version(*MEANS)
class _:
    def dtype(self, x):
        return np.dtype(np.int64)


mistake("rounded", later("The average was rounded to an integer. Leave it as it is: 36.5 is not 36, nor 37."))


@version(*MEANS)
class _:
    def value(self, window, real, g):
        return np.round(super().value(window, real, g))


@version(*MEANS)
class _:
    def dtype(self, x):
        return np.dtype(np.int64)

    def value(self, window, real, g):
        return np.round(super().value(window, real, g))


mistake(
    "sum-wraps",
    later("250 + 250 wrapped around to 244: the sum does not fit into x's dtype. Sum in float64."),
)


@version(*MEANS)
class _:
    def total(self, window):
        return window.sum(LAST_TWO, dtype=window.dtype)


@version(*MEANS)
class _:  # bool stays right
    def total(self, window):
        return window.sum(LAST_TWO, dtype=window.dtype if window.dtype.kind != "b" else float)


mistake(
    "divides-by-side",
    later("You divide by k, one side of the window. It has k · k cells: height times width."),
)


@version(*MEANS)
class _:
    def divisor(self, window, real, g):
        return g.kernel[0]


@version("avg_pool2d", *GLOBAL)
class _:
    def divisor(self, window, real, g):
        return g.kernel[1]


mistake(
    "divides-by-side-squared",
    later("You divide by the square of one side: right for square windows only. Divide by height · width."),
)


@version("avg_pool2d", *GLOBAL)
class _:
    def divisor(self, window, real, g):
        return g.kernel[0] ** 2


@version("avg_pool2d", *GLOBAL)
class _:
    def divisor(self, window, real, g):
        return g.kernel[1] ** 2


mistake(
    "divides-by-stride",
    later("You divide by the stride's cells: divide by the number of cells of the window."),
)


@version("avg_pool2d")
class _:
    def divisor(self, window, real, g):
        return prod(g.stride)


mistake(
    "divides-by-four",
    later("You divide by 4: right for 2×2 windows only. Divide by the cells of the window."),
)


@version(*MEANS)
class _:
    def divisor(self, window, real, g):
        return 4


mistake(
    "divides-by-nonzeros",
    later(
        "You divide by the count of the cells that are not zero. A zero of x is a value like "
        "any other: it counts."
    ),
)


@version(*MEANS)
class _:
    def divisor(self, window, real, g):
        return np.maximum(1, np.count_nonzero(window, LAST_TWO))


@version(*MEANS)
class _:
    def value(self, window, real, g):
        with np.errstate(all="ignore"):
            return self.total(window) / np.count_nonzero(window, LAST_TWO)


@version("avg_pool2d")
class _:  # only where the padding is to be left out
    def divisor(self, window, real, g):
        return prod(g.kernel) if g.include else np.maximum(1, np.count_nonzero(window, LAST_TWO))


# --- padding ------------------------------------------------------------------------------------------------

mistake(
    "zero-padding",
    later("The padding won over negative values: it is filled with 0. In a maximum, padding counts as −∞."),
)


@version("max_pool2d")
class _:
    def lowest(self, dtype):
        return 0


mistake(
    "padding-not-counted",
    later("This corner was divided by 4; the contract says 9: by default the zeros of the padding count."),
)


@version("avg_pool2d")
class _:
    def divisor(self, window, real, g):
        return real.sum()


mistake(
    "padding-counted",
    later("With count_include_pad=False divide by the real cells only: the padding's zeros do not count."),
)


@version("avg_pool2d")
class _:
    def divisor(self, window, real, g):
        return prod(g.kernel)


mistake("count-include-pad-inverted", later("count_include_pad is used the wrong way round."))


@version("avg_pool2d")
class _:
    def divisor(self, window, real, g):
        return real.sum() if g.include else prod(g.kernel)


mistake(
    "padding-on-one-side",
    later("Padding goes on both sides: the padded size is size + 2 · padding, not size + padding."),
)


@version(*BOTH2D)
class _:
    def count_one(self, n, k, s, p):
        return (n + p - k) // s + 1


@version(*BOTH2D)
class _:
    def count_one(self, n, k, s, p):
        return max(0, (n + p - k) // s + 1)


@version(*BOTH2D)
class _:  # only below and to the right
    def count_one(self, n, k, s, p):
        return (n + p - k) // s + 1

    def pad(self, x, g):
        rows, columns = g.padding
        return super().pad(x, g)[..., rows:, columns:]

    def pad_ones(self, x, g):
        rows, columns = g.padding
        return super().pad_ones(x, g)[rows:, columns:]


@version("output_size")
def _(size, kernel_size, stride=None, padding=0):
    return (size + padding - kernel_size) // (kernel_size if stride is None else stride) + 1


mistake(
    "batch-and-channels-padded",
    later("Batch and channels were padded too: np.pad(x, p) pads every axis. Give each axis its own pair."),
)


@version(*BOTH2D)
class _:
    def __call__(self, x, kernel_size, stride=None, padding=0, count_include_pad=True):
        rows, _columns = pair(padding)
        more = [(rows, rows)] * 2 + [(0, 0)] * 2
        wide = np.pad(x, more, constant_values=self.lowest(x.dtype))
        return super().__call__(wide, kernel_size, stride, padding, count_include_pad)


@version(*BOTH2D)
class _:
    def __call__(self, x, kernel_size, stride=None, padding=0, count_include_pad=True):
        wide = np.pad(x, padding, constant_values=self.lowest(x.dtype))
        return super().__call__(wide, kernel_size, stride or kernel_size, 0, count_include_pad)


@version("max_pool2d")
class _:
    def __call__(self, x, kernel_size, stride=None, padding=0, count_include_pad=True):
        return super().__call__(np.pad(x, padding), kernel_size, stride or kernel_size, 0)


mistake("padding-swapped", later("Height and width of the padding are swapped: (rows, columns), rows first."))


@version(*BOTH2D)
class _:
    def settings(self, *arguments):
        g = super().settings(*arguments)
        g.padding = g.padding[::-1]
        return g


@version(*BOTH2D)
class _:
    def pad(self, x, g):
        return _padded(x, g.padding[::-1], self.lowest(x.dtype))

    def pad_ones(self, x, g):
        return _padded(np.ones(x.shape[-2:], int), g.padding[::-1], 0)


mistake("padding-ignored", later("The argument padding is ignored: the result is that of padding=0."))


@version(*BOTH2D)
class _:
    def settings(self, x, kernel_size, stride, padding, include):
        return super().settings(x, kernel_size, stride, 0, include)


@version(*BOTH2D)
class _:  # the padded input is checked, and then not used
    def settings(self, x, kernel_size, stride, padding, include):
        g = super().settings(x, kernel_size, stride, 0, include)
        g.asked = pair(padding)
        return g

    def refuse(self, g):
        if any(k > n + 2 * p for n, k, p in zip(g.size, g.kernel, g.asked, strict=True)):
            raise ValueError("the window is larger than the padded input")


@version("output_size")
def _(size, kernel_size, stride=None, padding=0):
    return (size - kernel_size) // (kernel_size if stride is None else stride) + 1


# --- contract -----------------------------------------------------------------------------------------------

mistake(
    "writes-to-input",
    later("Your function changed its argument: the caller's x holds other numbers now. Copy it."),
)


@version(*POOLS, *GLOBAL)
class _:
    def __call__(self, x, *args, **kwargs):
        out = super().__call__(x, *args, **kwargs)
        x[...] = 1 - x if x.dtype.kind != "b" else ~x
        return out


mistake("no-return", later("None came back: the `return` at the end of the function is missing."))


@version(*POOLS, *GLOBAL)
class _:
    def finish(self, out):
        return None


@version("output_size")
def _(size, kernel_size, stride=None, padding=0):
    return None


mistake("returns-list", later("A list came back; an array was expected: np.array(...) makes one of it."))


@version(*POOLS, *GLOBAL)
class _:
    def finish(self, out):
        return out.tolist()


@version(*POOLS, *GLOBAL)
class _:
    def finish(self, out):
        return list(out)


@version("output_size")
def _(size, kernel_size, stride=None, padding=0):
    return [(size + 2 * padding - kernel_size) // (kernel_size if stride is None else stride) + 1]


mistake(
    "axes-squeezed",
    later("Axes of length 1 were dropped. The result has as many axes as x: (N, C, H_out, W_out)."),
)


@version(*POOLS, *GLOBAL)
class _:
    def finish(self, out):
        return out.squeeze()


@version(*GLOBAL)
class _:
    def finish(self, out):
        return out[..., 0, 0]


@version(*BOTH2D)
class _:
    def finish(self, out):
        return out[0]


@version(*BOTH2D)
class _:
    def finish(self, out):
        return out[0, 0]


# --- beyond the list ----------------------------------------------------------------------------------------

mistake("minimum", later("This is the minimum of each window, not the maximum."))


@version(*MAX)
class _:
    def lowest(self, dtype):
        if dtype.kind == "f":
            return np.inf
        return np.iinfo(dtype).max if dtype.kind in "iu" else True

    def value(self, window, real, g):
        return window.min(LAST_TWO)


mistake("average-for-maximum", later("This is the average of each window; the maximum was asked for."))


@version(*MAX)
class _:
    def lowest(self, dtype):
        return 0

    def dtype(self, x):
        return np.dtype(float)

    def value(self, window, real, g):
        return window.mean(LAST_TWO)


mistake("maximum-for-average", later("This is the maximum of each window; the average was asked for."))


@version(*MEANS)
class _:
    def value(self, window, real, g):
        return window.max(LAST_TWO)


mistake("median-for-average", later("This is the median of each window; the average was asked for."))


@version(*MEANS)
class _:
    def value(self, window, real, g):
        return np.median(window, LAST_TWO)


mistake(
    "window-from-everything",
    later("One value of the whole input fills every cell: look at each window alone."),
)


@version(*POOLS)
class _:
    def where(self, i, j, g):
        return slice(None), slice(None)


@version(*AVG)
class _:
    def value(self, window, real, g):
        return g.x.mean(LAST_TWO)


mistake(
    "float-size",
    later("The number is right, but it is a float. A size is an int: use //, or int(...)."),
)


@version("output_size")
def _(size, kernel_size, stride=None, padding=0):
    return float((size + 2 * padding - kernel_size) // (kernel_size if stride is None else stride) + 1)


mistake(
    "float-division",
    later("Half a window came back: / keeps the fraction. Use //, incomplete windows are dropped."),
)


@version("output_size")
def _(size, kernel_size, stride=None, padding=0):
    return (size + 2 * padding - kernel_size) / (kernel_size if stride is None else stride) + 1


mistake("size-rounded", later("round() goes up as well as down. Incomplete windows are dropped: use //."))


@version("output_size")
def _(size, kernel_size, stride=None, padding=0):
    return round((size + 2 * padding - kernel_size) / (kernel_size if stride is None else stride)) + 1


mistake(
    "window-not-subtracted",
    later("The padding is right, the window is not taken off: size + 2 · padding − kernel_size."),
)


@version("output_size")
def _(size, kernel_size, stride=None, padding=0):
    return (size + 2 * padding) // (kernel_size if stride is None else stride) + 1


# The mistakes of the later assignments stand in the same table; they are too many for one file.
from pooling_ref import backward_mistakes, network_mistakes  # noqa: E402, F401
