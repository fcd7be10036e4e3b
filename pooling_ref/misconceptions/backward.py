"""The two gradients: where they go, how much, and what becomes of gradients that meet.

`MaxBackward` and `AvgBackward` are right and slow, in steps that a misconception may replace. The same steps
as forward decide which windows there are, so what is wrong about windows are the same classes, once more.
"""

import numpy as np

from pooling_ref.language import later
from pooling_ref.misconceptions.steps import LAST_TWO, AvgPool, MaxPool
from pooling_ref.misconceptions.table import BASES, MISCONCEPTIONS, Step, misconception, version

MAX = ("max_pool2d_backward",)
AVG = ("avg_pool2d_backward",)
BOTH = (*MAX, *AVG)


class MaxBackward(MaxPool):
    """The gradient of maximum pooling, right, in steps that a mistake may replace."""

    def __call__(self, grad_output, x, kernel_size, stride=None, padding=0, count_include_pad=True):
        """Send the gradient back to x."""
        g = self.settings(x, kernel_size, stride, padding, count_include_pad)
        g.padded, g.real = self.pad(x.astype(float), g), self.pad_ones(x, g)
        g.grad = np.zeros(g.padded.shape, self.dtype(x))
        for i, j in self.walk(grad_output.shape[-2:]):
            at = self.where(i, j, g)
            window = g.padded[(..., *at)]
            incoming = self.incoming(grad_output, i, j)[..., None, None]
            self.give(self.target(at, g), self.portion(window, g.real[at], g), incoming)
        return self.finish(self.crop(g))

    def dtype(self, x):
        """Return the result's dtype."""
        return np.dtype(float)

    def incoming(self, grad_output, i, j):
        """Return what comes in for a window."""
        return grad_output[..., i, j]

    def target(self, at, g):
        """Return the cells of the result that a window gives to."""
        return g.grad[(..., *at)]

    def give(self, cells, portion, incoming):
        """Give each cell its portion of what comes in."""
        cells += (portion * incoming).astype(cells.dtype)

    def portion(self, window, real, g):
        """Return which portion each cell of the window gets."""
        return _at_position(window, _flat(window).argmax(-1))

    def crop(self, g):
        """Return the gradient without the padding."""
        (rows, columns), (height, width) = g.padding, g.x.shape[-2:]
        return g.grad[..., rows : rows + height, columns : columns + width]


class AvgBackward(MaxBackward, AvgPool):
    """The gradient of average pooling, right: each cell gets an equal share."""

    def dtype(self, x):
        """Return the result's dtype."""
        return np.dtype(float)

    def portion(self, window, real, g):
        """Return which portion each cell of the window gets."""
        share = np.ones(window.shape) / np.expand_dims(self.divisor(window, real, g), LAST_TWO)
        return np.broadcast_to(share, window.shape)


BASES |= {**dict.fromkeys(MAX, (MaxBackward,)), **dict.fromkeys(AVG, (AvgBackward,))}


def _flat(window):
    return window.reshape(*window.shape[:-2], -1)


def _at_position(window, position):
    """Return 1 at a position of each window, counted row by row, and 0 elsewhere."""
    cells = np.arange(window.shape[-2] * window.shape[-1])
    return (cells == position[..., None]).reshape(window.shape).astype(float)


# --- what adds up -------------------------------------------------------------------------------------------

misconception(
    "gradient-overwritten",
    later("A cell that belongs to several windows gets something from each: write += where you wrote =."),
)


@version(*BOTH)
class _(Step):
    def give(self, cells, portion, incoming):
        np.copyto(cells, portion * incoming, where=portion > 0)


@version(*MAX)
class _(Step):  # the other cells of the window are set to 0
    def give(self, cells, portion, incoming):
        cells[...] = portion * incoming


misconception(
    "upstream-ignored",
    later("grad_output is not used: each window sends back what came in for it, not 1."),
)


@version(*BOTH)
class _(Step):
    def incoming(self, grad_output, i, j):
        return np.ones(grad_output.shape[:-2])


misconception("upstream-transposed", later("grad_output is read as [j, i]: the row i comes first."))


@version(*BOTH)
class _(Step):
    def incoming(self, grad_output, i, j):
        return grad_output[..., j, i]


misconception(
    "upstream-of-first-channel",
    later("Each channel has its own gradient: you take that of channel 0 for all. Use grad_output[n, c]."),
)


@version(*BOTH)
class _(Step):
    def incoming(self, grad_output, i, j):
        return np.broadcast_to(grad_output[:, :1, i, j], grad_output.shape[:2])


# --- who gets it --------------------------------------------------------------------------------------------

misconception(
    "gradient-to-every-tie",
    later("Every tied maximum gets all of it, so more comes out than came in. Only the first one gets it."),
)


@version(*MAX)
class _(Step):
    def portion(self, window, real, g):
        return (window == window.max(LAST_TWO, keepdims=True)).astype(float)


misconception(
    "gradient-split-among-ties",
    later("The tied maxima share the gradient. The agreement here is PyTorch's: the first one gets it all."),
)


@version(*MAX)
class _(Step):
    def portion(self, window, real, g):
        ties = window == window.max(LAST_TWO, keepdims=True)
        return ties / ties.sum(LAST_TWO, keepdims=True)


misconception(
    "gradient-to-last-tie",
    later("The last of the tied maxima gets it (a >= where > should be?). The first one does, row by row."),
)


@version(*MAX)
class _(Step):
    def portion(self, window, real, g):
        flat = _flat(window)
        return _at_position(window, flat.shape[-1] - 1 - flat[..., ::-1].argmax(-1))


misconception(
    "tie-by-columns",
    later("Of tied maxima you take the first one column by column. Read the window row by row."),
)


@version(*MAX)
class _(Step):
    def portion(self, window, real, g):
        turned = window.swapaxes(-1, -2)
        return _at_position(turned, _flat(turned).argmax(-1)).swapaxes(-1, -2)


misconception(
    "gradient-to-whole-window",
    later("Every cell of the window gets the whole gradient: it should go to the maximum alone."),
)


@version(*MAX)
class _(Step):
    def portion(self, window, real, g):
        return np.ones(window.shape)


misconception(
    "gradient-of-average",
    later("This is the gradient of average pooling; that of the maximum goes to one cell of each window."),
)


@version(*MAX)
class _(Step):
    def portion(self, window, real, g):
        return np.full(window.shape, 1 / np.prod(g.kernel))


misconception(
    "gradient-to-minimum",
    later("The smallest value of each window gets the gradient: the largest one should."),
)


@version(*MAX)
class _(Step):
    def portion(self, window, real, g):
        inside = np.where(real == 1, window, np.inf)
        return _at_position(window, _flat(inside).argmin(-1))


misconception(
    "winner-by-size",
    later("The winner is chosen by its size without the sign: −5 beat 3. Compare the values themselves."),
)


@version(*MAX)
class _(Step):
    def portion(self, window, real, g):
        return _at_position(window, _flat(np.where(real == 1, np.abs(window), -1)).argmax(-1))


misconception(
    "gradient-times-value",
    later("The gradient is multiplied by the value of the cell: the slope of a maximum is 1 at its winner."),
)


@version(*MAX)
class _(Step):
    def portion(self, window, real, g):
        return super().portion(window, real, g) * window.max(LAST_TWO, keepdims=True)


misconception(
    "winner-of-all-channels",
    later("One winner for all channels: find the maximum of each image and channel on its own."),
)


@version(*MAX)
class _(Step):  # the place of the winner of channel 0
    def portion(self, window, real, g):
        return np.broadcast_to(super().portion(window, real, g)[:, :1], window.shape)


@version(*MAX)
class _(Step):  # one cell of one channel
    def portion(self, window, real, g):
        return (window == window.max((1, 2, 3), keepdims=True)).astype(float)


# --- where it is put ----------------------------------------------------------------------------------------


def _inside(real):
    """Return the index of the cells of a window that lie inside x."""
    return np.ix_(real.any(1), real.any(0))


def _divided_by(number):
    """Replace steps: the position in the window, cut at the edges of x, is divided by that number."""

    class Divided(Step):
        def portion(self, window, real, g):
            cut = window[(..., *_inside(real))]
            self.row, self.column = np.divmod(_flat(cut).argmax(-1), number(cut.shape[-2:], g.kernel))
            return window

        def target(self, at, g):
            self.corner = tuple(max(0, each.start - p) for each, p in zip(at, g.padding, strict=True))
            return self.crop(g)

        def give(self, cells, portion, incoming):
            for place in np.ndindex(cells.shape[:2]):
                row, column = self.corner[0] + self.row[place], self.corner[1] + self.column[place]
                cells[(*place, row, column)] += incoming[place][0, 0]

    return Divided


misconception(
    "position-by-height",
    later("The row of a position is position // width of the window, its column position % width."),
)


@version(*MAX)
class _(Step):
    def portion(self, window, real, g):
        row, column = np.divmod(_flat(window).argmax(-1), window.shape[-2])
        if (row >= window.shape[-2]).any() or (column >= window.shape[-1]).any():
            raise IndexError("index is out of bounds")
        return _at_position(window, row * window.shape[-1] + column)


@version(*MAX)
class _(Step):  # where nothing stops it, the neighbouring window's cells get it
    def portion(self, window, real, g):
        self.row, self.column = np.divmod(_flat(window).argmax(-1), window.shape[-2])
        return super().portion(window, real, g)

    def target(self, at, g):
        self.at, self.whole = at, g.grad
        return g.grad

    def give(self, cells, portion, incoming):
        for place in np.ndindex(cells.shape[:2]):
            row, column = self.row[place] + self.at[0].start, self.column[place] + self.at[1].start
            cells[(*place, row, column)] += incoming[place][0, 0]


version(*MAX)(_divided_by(lambda cut, kernel: cut[0]))
version(*MAX)(_divided_by(lambda cut, kernel: kernel[0]))

misconception(
    "position-by-uncut-width",
    later(
        "At the edge of x the window is cut, and has fewer columns than kernel_size says: divide the "
        "position by the width of the cut window."
    ),
)
version(*MAX)(_divided_by(lambda cut, kernel: kernel[1]))

misconception(
    "window-start-forgotten",
    later("The position inside the window was taken for one in x: add where the window starts."),
)


@version(*MAX)
class _(Step):
    def target(self, at, g):
        rows, columns = at
        return g.grad[..., g.padding[0] :, g.padding[1] :][
            ...,
            : min(rows.stop, g.grad.shape[-2]) - rows.start,
            : min(columns.stop, g.grad.shape[-1]) - columns.start,
        ]


@version(*MAX)
class _(Step):  # of windows cut at the edges of x
    def target(self, at, g):
        self.inside = _inside(g.real[at])
        height, width = (each.size for each in self.inside)
        return self.crop(g)[..., :height, :width]

    def give(self, cells, portion, incoming):
        super().give(cells, portion[(..., *self.inside)], incoming)


misconception(
    "gradient-keeps-padding",
    later("The gradient still has its padding: cut it off, the result has the shape of x."),
)


@version(*BOTH)
class _(Step):
    def crop(self, g):
        return g.grad


misconception(
    "gradient-beside-its-cell",
    later("The padding shifted the gradient: row 0 of the padded array is row −padding of x."),
)


@version(*BOTH)
class _(Step):
    def crop(self, g):
        return g.grad[..., : g.x.shape[-2], : g.x.shape[-1]]


misconception(
    "integer-gradient",
    later("The result has x's integer dtype, which cuts 0.5 off to 0: make it with dtype=float."),
)


@version(*BOTH)
class _(Step):
    def dtype(self, x):
        return x.dtype


@version(*BOTH)
class _(Step):  # += of arrays refuses to cut
    def dtype(self, x):
        return x.dtype

    def give(self, cells, portion, incoming):
        cells += portion * incoming


@version(*BOTH)
class _(Step):  # += of single cells cuts what has come together so far
    def dtype(self, x):
        return x.dtype

    def give(self, cells, portion, incoming):
        cells[...] = cells + portion * incoming


misconception(
    "last-cells-missing",
    later("The result ends where the last window ends. It has the shape of x: what is in no window gets 0."),
)


@version(*BOTH)
class _(Step):
    def crop(self, g):
        rows, columns = (
            k + s * (n - 1) - 2 * p
            for n, k, s, p in zip(self.count(g), g.kernel, g.stride, g.padding, strict=True)
        )
        return super().crop(g)[..., :rows, :columns]


# --- the share of an average --------------------------------------------------------------------------------

misconception(
    "gradient-not-shared",
    later("Every cell gets the whole gradient: divide it by the number of cells of the window."),
)


@version(*AVG)
class _(Step):
    def divisor(self, window, real, g):
        return 1


misconception(
    "gradient-of-maximum",
    later("This is the gradient of max pooling; that of the average is shared out among all cells."),
)


@version(*AVG)
class _(Step):
    def portion(self, window, real, g):
        return _at_position(window, _flat(np.where(real == 1, window, -np.inf)).argmax(-1))


# --- the misconceptions about windows, once more -----------------------------------------------------------

_WINDOWS = (
    "starts-without-stride",
    "moves-by-window",
    "row-stride-for-columns",
    "stride-swapped",
    "window-swapped",
    "loop-ends-early",
    "slice-end-inclusive",
    "slice-end-too-far",
    "two-by-two-written-in",
    "default-stride-one",
    "default-stride-two",
    "return-inside-loop",
    "padding-swapped",
    "padding-ignored",
    "first-row-only",
    "first-column-only",
    "no-return",
    "returns-list",
    "axes-squeezed",
)
_DIVISORS = (
    "divides-by-side",
    "divides-by-side-squared",
    "divides-by-stride",
    "divides-by-four",
    "padding-not-counted",
    "padding-counted",
    "end-not-cut",
    "count-include-pad-inverted",
)

# Steps that only the way forward has: what replaces one of them is no misconception here.
_ONLY_FORWARD = frozenset({"fill", "count", "count_one", "refuse", "value", "total", "__call__"})


def _use_again(forward: str, backward: str, keys: tuple[str, ...]) -> None:
    for key in keys:
        entry = MISCONCEPTIONS[key]
        for wrong in dict.fromkeys(type(each).__bases__[0] for each in entry.versions[forward]):
            if not _ONLY_FORWARD & vars(wrong).keys():
                made = [type(wrong.__name__, (wrong, base), {})() for base in BASES[backward]]
                entry.versions.setdefault(backward, []).extend(made)


_use_again("max_pool2d", *MAX, (*_WINDOWS, "zero-padding"))
_use_again("avg_pool2d", *AVG, (*_WINDOWS, *_DIVISORS))

misconception(
    "writes-to-arguments",
    later("Your function changed grad_output or x: the caller still needs both. Work on a new array."),
)


@version(*BOTH)
class _(Step):
    def __call__(self, grad_output, x, *args, **kwargs):
        out = super().__call__(grad_output, x, *args, **kwargs)
        x[...] = 1
        return out


@version(*BOTH)
class _(Step):
    def __call__(self, grad_output, x, *args, **kwargs):
        out = super().__call__(grad_output, x, *args, **kwargs)
        grad_output[...] = 0
        return out
