"""Pooling that is right and slow, in small steps: what a misconception replaces one step of."""

from math import prod
from types import SimpleNamespace

import numpy as np

from pooling_lab.tasks import pair
from pooling_ref.misconceptions.table import BASES

LAST_TWO = (-2, -1)
MAX = ("max_pool_matrix", "max_pool2d")
AVG = ("avg_pool_matrix", "avg_pool2d")
BOTH2D = ("max_pool2d", "avg_pool2d")
MATRICES = ("max_pool_matrix", "avg_pool_matrix")
POOLS = (*MAX, *AVG)
GLOBAL = ("global_avg_pool2d",)
MEANS = (*AVG, *GLOBAL)


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
        return padded(x, g.padding, self.lowest(x.dtype))

    def pad_ones(self, x, g):
        """Return where x is (1) and where the padding (0)."""
        return padded(np.ones(x.shape[-2:], int), g.padding, 0)

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


BASES |= {
    **dict.fromkeys(MAX, (MaxPool,)),
    **dict.fromkeys(AVG, (AvgPool, MeanPool)),
    **dict.fromkeys(GLOBAL, (GlobalPool,)),
}


def padded(x, padding, value):
    """Return x with so many rows and columns of a value around it."""
    rows, columns = padding  # np.pad says the same in ten times the time
    wide = np.full((*x.shape[:-2], x.shape[-2] + 2 * rows, x.shape[-1] + 2 * columns), value, x.dtype)
    wide[..., rows : rows + x.shape[-2], columns : columns + x.shape[-1]] = x
    return wide
