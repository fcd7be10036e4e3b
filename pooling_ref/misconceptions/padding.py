"""The padding: what it holds, whether it counts, and on which sides and axes it lies."""

from math import prod

import numpy as np

from pooling_lab.tasks import pair
from pooling_ref.language import later
from pooling_ref.misconceptions.steps import BOTH2D, MAX, padded
from pooling_ref.misconceptions.table import Step, misconception, version

misconception(
    "zero-padding",
    later("The padding won over negative values: it is filled with 0. In a maximum, padding counts as −∞."),
)


@version("max_pool2d")
class _(Step):
    def lowest(self, dtype):
        return 0


misconception(
    "infinity-into-integers",
    later(
        "−∞ does not fit into integers, and in a bool array it is True. Fill with the dtype's smallest "
        "value: np.iinfo(x.dtype).min, False for bool."
    ),
)


def _wide(x, g):
    widths = [(0, 0)] * 2 + [(p, p) for p in g.padding]
    return np.pad(x, widths, constant_values=-np.inf)


@version("max_pool2d")
class _(Step):
    def pad(self, x, g):
        return _wide(x, g)


@version("max_pool2d")
class _(Step):  # only where there is something to pad
    def pad(self, x, g):
        return _wide(x, g) if any(g.padding) else x


@version("max_pool2d")
class _(Step):  # `if padding:`, which holds for (0, 0) too
    def settings(self, x, kernel_size, stride, padding, include):
        g = super().settings(x, kernel_size, stride, padding, include)
        g.asked = padding
        return g

    def pad(self, x, g):
        return _wide(x, g) if g.asked else x


@version("max_pool2d")
class _(Step):  # around bool only, where it is no error but True
    def lowest(self, dtype):
        return super().lowest(dtype) if dtype.kind != "b" else True


@version(*MAX)
class _(Step):  # the maximum starts there: np.full makes the smallest integer of it, but True for bool
    def fill(self, g):
        super().fill(g)
        g.out = np.maximum(np.full(g.out.shape, -np.inf, g.x.dtype), g.out)


@version("max_pool2d")
class _(Step):  # np.iinfo knows no bool
    def lowest(self, dtype):
        return -np.inf if dtype.kind == "f" else np.iinfo(dtype).min


misconception(
    "padding-not-counted",
    later("With a 3×3 window a corner is divided by 9, not by 4: by default the zeros of the padding count."),
)


@version("avg_pool2d")
class _(Step):
    def divisor(self, window, real, g):
        return real.sum()


misconception(
    "padding-counted",
    later("With count_include_pad=False divide by the real cells only: the padding's zeros do not count."),
)


@version("avg_pool2d")
class _(Step):
    def divisor(self, window, real, g):
        return prod(g.kernel)


misconception(
    "end-not-cut",
    later(
        "stop − start counts cells beyond the lower and right edge of x: a slice may end outside. Cut the "
        "end off, or count the cells of the cut window."
    ),
)


@version("avg_pool2d")
class _(Step):
    def divisor(self, window, real, g):
        rows, columns = (inside.size - inside.argmax() for inside in (real.any(1), real.any(0)))
        return prod(g.kernel) if g.include else rows * columns


misconception("count-include-pad-inverted", later("count_include_pad is used the wrong way round."))


@version("avg_pool2d")
class _(Step):
    def divisor(self, window, real, g):
        return real.sum() if g.include else prod(g.kernel)


misconception(
    "padding-on-one-side",
    later("Padding goes on both sides: the padded size is size + 2 · padding, not size + padding."),
)


@version(*BOTH2D)
class _(Step):
    def count_one(self, n, k, s, p):
        return (n + p - k) // s + 1


@version(*BOTH2D)
class _(Step):
    def count_one(self, n, k, s, p):
        return max(0, (n + p - k) // s + 1)


@version(*BOTH2D)
class _(Step):  # x is padded, but counted without
    def count_one(self, n, k, s, p):
        return max(0, (n - k) // s + 1)


@version(*BOTH2D)
class _(Step):  # only below and to the right
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


misconception(
    "batch-and-channels-padded",
    later("Batch and channels were padded too: np.pad(x, p) pads every axis. Give each axis its own pair."),
)


@version(*BOTH2D)
class _(Step):
    def __call__(self, x, kernel_size, stride=None, padding=0, count_include_pad=True):
        rows, _columns = pair(padding)
        more = [(rows, rows)] * 2 + [(0, 0)] * 2
        wide = np.pad(x, more, constant_values=self.lowest(x.dtype))
        return super().__call__(wide, kernel_size, stride, padding, count_include_pad)


@version(*BOTH2D)
class _(Step):
    def __call__(self, x, kernel_size, stride=None, padding=0, count_include_pad=True):
        wide = np.pad(x, padding, constant_values=self.lowest(x.dtype))
        return super().__call__(wide, kernel_size, stride or kernel_size, 0, count_include_pad)


@version("max_pool2d")
class _(Step):
    def __call__(self, x, kernel_size, stride=None, padding=0, count_include_pad=True):
        return super().__call__(np.pad(x, padding), kernel_size, stride or kernel_size, 0)


misconception(
    "padding-swapped", later("Height and width of the padding are swapped: (rows, columns), rows first.")
)


@version(*BOTH2D)
class _(Step):
    def settings(self, *arguments):
        g = super().settings(*arguments)
        g.padding = g.padding[::-1]
        return g


@version(*BOTH2D)
class _(Step):
    def pad(self, x, g):
        return padded(x, g.padding[::-1], self.lowest(x.dtype))

    def pad_ones(self, x, g):
        return padded(np.ones(x.shape[-2:], int), g.padding[::-1], 0)


misconception("padding-ignored", later("The argument padding is ignored: the result is that of padding=0."))


@version(*BOTH2D)
class _(Step):
    def settings(self, x, kernel_size, stride, padding, include):
        return super().settings(x, kernel_size, stride, 0, include)


@version(*BOTH2D)
class _(Step):  # the padded input is checked, and then not used
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


misconception(
    "window-starts-before-x",
    later(
        "With padding a window begins before x, and a negative index counts from the end. Cut both ends: "
        "max(0, top) and min(height, top + k)."
    ),
)


class _Unpadded(Step):
    """Reads x itself, which the windows reach beyond."""

    def pad(self, x, g):
        return x

    def pad_ones(self, x, g):
        return np.ones(x.shape[-2:], int)

    def start(self, i, j, g):
        return i * g.stride[0] - g.padding[0], j * g.stride[1] - g.padding[1]


@version(*BOTH2D)
class _(_Unpadded):  # x[-1:2]
    pass


@version("avg_pool2d")
class _(_Unpadded):  # and 1 where the slice is empty
    def divisor(self, window, real, g):
        return super().divisor(window, real, g) if g.include else max(1, real.sum())


@version(*BOTH2D)
class _(_Unpadded):  # the end is not moved, but counted from the start that was cut
    def start(self, i, j, g):
        top, left = super().start(i, j, g)
        return max(0, top), max(0, left)


@version(*BOTH2D)
class _(_Unpadded):  # x[-1]; beyond the other edge there is an error
    def where(self, i, j, g):
        starts = self.start(i, j, g)
        return np.ix_(*(range(at, at + k) for at, k in zip(starts, g.kernel, strict=True)))


@version(*BOTH2D)
class _(_Unpadded):  # x[-1]; beyond the other edge nothing
    def where(self, i, j, g):
        starts = self.start(i, j, g)
        ends = [min(n, at + k) for n, at, k in zip(g.size, starts, g.kernel, strict=True)]
        return np.ix_(*map(range, starts, ends))
