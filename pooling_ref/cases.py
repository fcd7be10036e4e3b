"""The groups of hidden cases, task by task: one group for each rule of the contract.

A group is a row of a table: its key, its weight, its title, a hint for whoever fails it, and what it draws.
To add a rule, add a row. `side` groups test a rule that stands beside the pooling itself (dtype, NaN, memory,
errors): a misconception there is a second misconception, and does not hide which one is the first.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from pooling_lab.trial import Case
from pooling_ref import networks, pooling
from pooling_ref.language import later

# The document's two matrices. They differ in the first cell, as printed there.
DOCUMENT_MAX = np.array([[29, 15, 28, 184], [0, 100, 70, 38], [12, 12, 7, 2], [12, 12, 45, 6]])
DOCUMENT_AVERAGE = np.array([[31, 15, 28, 184], [0, 100, 70, 38], [12, 12, 7, 2], [12, 12, 45, 6]])

REFERENCE: dict[str, Callable] = {
    "output_size": pooling.output_size,
    "max_pool_matrix": pooling.max_pool2d,
    "max_pool2d": pooling.max_pool2d,
    "avg_pool_matrix": pooling.avg_pool2d,
    "avg_pool2d": pooling.avg_pool2d,
    "global_avg_pool2d": pooling.global_avg_pool2d,
    "max_pool2d_backward": pooling.max_pool2d_backward,
    "avg_pool2d_backward": pooling.avg_pool2d_backward,
    "layer_shape": networks.layer_shape,
    "layer_parameters": networks.layer_parameters,
    "layer_multiply_adds": networks.layer_multiply_adds,
    "conv_block": networks.conv_block,
    "window_view": networks.window_view,
    "fast_max_pool2d": pooling.max_pool2d,
}
ROUNDED = frozenset(  # as float32 does; the others have to be exact
    {
        "avg_pool_matrix",
        "avg_pool2d",
        "global_avg_pool2d",
        "max_pool2d_backward",
        "avg_pool2d_backward",
        "conv_block",
    }
)


LEFT_ALONE = "input-left-alone"  # the group that a write to x fails, in whatever call it happens


class Draw:
    """Draws cases for one task from one seed, and asks the reference what they should give."""

    def __init__(self, task: str, rng: np.random.Generator):
        self.task, self.rng = task, rng

    def ints(
        self, *shape: int, low: int | None = None, high: int | None = None, dtype: DTypeLike = np.int64
    ) -> np.ndarray:
        """Draw integers, all distinct where the range allows, so that every misread cell shows.

        Where nothing else is said they are positive for a maximum: which values lose against a zero is the
        business of the groups about that, and must not cost points elsewhere as luck will have it.
        """
        count = int(np.prod(shape))
        if low is None:
            low = -3 * count if self.task in ROUNDED else 1
        high = low + 6 * count if high is None else high
        numbers = self.rng.choice(high - low, size=count, replace=high - low < count) + low
        return numbers.reshape(shape).astype(dtype)

    def below_zero(self, *shape: int) -> np.ndarray:
        """Draw distinct negative integers: padding that counts as zeros wins against all of them."""
        return self.ints(*shape, low=-9 - 6 * int(np.prod(shape)), high=-9)

    def floats(
        self, *shape: int, low: float = -9, high: float = 9, dtype: DTypeLike = np.float64
    ) -> np.ndarray:
        """Draw floats from an interval."""
        return self.rng.uniform(low, high, shape).astype(dtype)

    def of_dtype(self, dtype: str, *shape: int) -> np.ndarray:
        """Draw integers of 0..99 as some dtype, or truth values."""
        return self.ints(*shape, low=0, high=2 if dtype == "bool" else 100, dtype=dtype)

    def slopes(self, *shape: int) -> list[np.ndarray]:
        """Return four planes whose largest cell is in another corner each, in every window."""
        rows, columns = np.indices(shape[-2:])
        low = self.integer(1, 99) + 20 * shape[-2] + shape[-1]
        planes = [down * 20 * rows + right * columns + low for down in (1, -1) for right in (1, -1)]
        return [np.broadcast_to(plane, shape).copy() for plane in planes]

    def sprinkle(self, x: np.ndarray, value: float, count: int) -> np.ndarray:
        """Return x with a value put into some cells."""
        x = x.copy()
        x.reshape(-1)[self.rng.choice(x.size, count, replace=False)] = value
        return x

    def integer(self, low: int, high: int) -> int:
        """Draw one integer of low..high."""
        return int(self.rng.integers(low, high + 1))

    def call(self, *args, counts: tuple[str, ...] = (), layout: str = "plain", **kwargs: Any) -> Case:
        """Return the case of this call."""
        expected = REFERENCE[self.task](*args, **kwargs)
        return Case(args, kwargs, expected, self.task not in ROUNDED, frozenset(counts), layout)

    def refused(self, *args, **kwargs) -> Case:
        """Return the case of a call that should raise ValueError."""
        return Case(args, kwargs, ValueError)

    def anything(self, **more) -> Case:
        """Return a call with all arguments drawn: shape, window, stride, padding, each axis for itself."""
        kernel = self.integer(1, 4), self.integer(1, 4)
        stride = self.integer(1, 3), self.integer(1, 3)
        padding = tuple(self.integer(0, k // 2) for k in kernel)
        rows, columns = (self.integer(k, k + 5) for k in kernel)
        x = self.below_zero(self.integer(1, 2), self.integer(1, 3), rows, columns)
        return self.call(x, kernel, stride, padding, **more)


@dataclass(frozen=True)
class Group:
    """One rule of the contract, and the calls that break when it is broken.

    Attributes
    ----------
    key : str
        Its name in results.
    weight : int
        What it counts beside the other groups of its task.
    title, hint : str
        What the student reads: what is tested, and the likely cause (both to be translated).
    draw : callable
        Draws the cases.
    side : bool
        Whether the rule stands beside the pooling itself.
    """

    key: str
    weight: int
    title: str
    hint: str
    draw: Callable[[Draw], list[Case]]
    side: bool = False


# --- groups that several tasks share ------------------------------------------------------------------------


def _left_alone(weight: int, shape: tuple[int, ...], *arguments) -> Group:
    return Group(
        LEFT_ALONE,
        weight,
        later("the input is left as it was"),
        later("Your function writes into x. Work on a new array; the caller still needs x."),
        lambda d: [
            d.call(d.ints(*shape), *arguments, counts=("input",)),
            d.call(d.floats(*shape, low=1), *arguments, counts=("input",), layout="read-only"),
        ],
        side=True,
    )


def _memory(weight: int, shape: tuple[int, ...], *arguments) -> Group:
    return Group(
        "memory-order",
        weight,
        later("views and other memory orders"),
        later("x may be a transposed or sliced view. Ask for its strides (x.strides), or only use indices."),
        lambda d: [
            d.call(d.ints(*shape), *arguments, layout=layout)
            for layout in ("fortran", "transposed", "reversed", "gaps")
        ],
        side=True,
    )


def _again(weight: int, shape: tuple[int, ...], *arguments) -> Group:
    def draw(d: Draw) -> list[Case]:
        x, y = d.ints(*shape), d.ints(*shape)
        return [d.call(each, *arguments) for each in (x, y, x)]

    return Group(
        "called-again",
        weight,
        later("called again with other numbers"),
        later("Nothing may be kept from one call to the next: begin every call with fresh variables."),
        draw,
        side=True,
    )


def _nan(weight: int, shape: tuple[int, ...], *arguments, last: tuple = ()) -> Group:
    # Behind a number and before all other windows; among zeros, so that no divisor matters.
    second_cell = np.zeros(shape)
    second_cell[..., 0, 1] = np.nan
    return Group(
        "nan",
        weight,
        later("a missing value (NaN)"),
        later(
            "A window with a NaN must give NaN. Comparisons with NaN are false, so `if v > best` skips it."
        ),
        lambda d: [
            d.call(d.sprinkle(d.floats(*shape, low=1), np.nan, 3), *arguments),
            d.call(d.sprinkle(d.floats(*shape, low=1), np.nan, 5), *arguments[:1]),
            d.call(second_cell, *(last or arguments[:1])),
        ],
        side=True,
    )


def _infinity(weight: int, shape: tuple[int, ...], *arguments) -> Group:
    def draw(d: Draw) -> list[Case]:
        x = d.sprinkle(d.floats(*shape, low=1), np.inf, 2)
        low = np.full(shape, -np.inf)
        low[..., -1, -1] = d.floats(1)[0]
        return [
            d.call(x, *arguments),
            d.call(low, *arguments),
            d.call(d.floats(*shape, low=-3e38, high=-2e30), *arguments),
        ]

    return Group(
        "infinity",
        weight,
        later("infinite and very small values"),
        later("A maximum starts from a value of the window, or from −∞; −1e9 is not small enough."),
        draw,
        side=True,
    )


def _large(weight: int, shape: tuple[int, ...], *arguments) -> Group:
    return Group(
        "large-integers",
        weight,
        later("integers larger than a float can hold"),
        later("Above 2**53 a float64 skips integers. Keep the maximum in x's own dtype all the way."),
        lambda d: [d.call(2**60 + d.ints(*shape), *arguments), d.call(d.ints(*shape) - 2**60, 2)],
        side=True,
    )


def _kept_dtype(weight: int, shape: tuple[int, ...], *arguments, dtypes: tuple[str, ...]) -> Group:
    one_true = np.zeros(shape, bool)  # the other windows must not start from −∞, which is True as a bool
    one_true[..., 1, 1] = True
    return Group(
        "dtype",
        weight,
        later("the dtype of the input is kept"),
        later("A maximum invents no value: make the result with dtype=x.dtype."),
        lambda d: [
            *(d.call(d.of_dtype(dtype, *shape), *arguments, counts=("dtype",)) for dtype in dtypes),
            d.call(one_true, *arguments, counts=("dtype",)),
        ],
        side=True,
    )


def _average_dtype(weight: int, shape: tuple[int, ...], *arguments, dtypes: tuple[str, ...]) -> Group:
    return Group(
        "dtype",
        weight,
        later("the dtype of an average"),
        later("float32 and float64 stay as they are; the average of integers or bool is float64."),
        lambda d: [d.call(d.of_dtype(dtype, *shape), *arguments, counts=("dtype",)) for dtype in dtypes],
        side=True,
    )


def _small_integers(weight: int, shape: tuple[int, ...], *arguments, first: tuple = ()) -> Group:
    return Group(
        "overflow",
        weight,
        later("sums larger than the dtype holds"),
        later("250 + 250 is 244 in uint8. Sum in float64, or in a wider integer."),
        lambda d: [
            d.call(d.ints(*shape, low=200, high=256, dtype=np.uint8), *(first or arguments)),
            d.call(d.ints(*shape, low=-128, high=-90, dtype=np.int8), *arguments),
            d.call(d.ints(*shape, low=2**31 - 2**20, high=2**31, dtype=np.int32), *arguments),
        ],
        side=True,
    )


def _decimals(weight: int, shape: tuple[int, ...], *arguments) -> Group:
    def odd_one_out(d: Draw) -> np.ndarray:
        x = 2 * d.ints(*shape)
        x[..., ::2, ::2] += 1
        return x

    return Group(
        "decimals",
        weight,
        later("averages of integers keep their decimals"),
        later(
            "(31 + 15 + 0 + 100) / 4 is 36.5. Where do the decimals get lost: //, int(), or an integer array?"
        ),
        lambda d: [d.call(odd_one_out(d), *arguments), d.call(d.ints(*shape, low=-60, high=0), *arguments)],
    )


def _tiny(weight: int, shape: tuple[int, ...], *arguments) -> Group:
    return Group(
        "tiny-numbers",
        weight,
        later("very small numbers"),
        later("The result should not be rounded, nor anything be added to the divisor."),
        lambda d: [
            d.call(d.floats(*shape, low=0, high=1), *arguments),
            d.call(d.floats(*shape, low=-1e-6, high=1e-6), *arguments),
        ],
        side=True,
    )


# --- output_size --------------------------------------------------------------------------------------------


def _sizes(d: Draw, stride: bool, padding: bool, count: int = 4) -> list[Case]:
    cases = []
    for _ in range(count):
        kernel = d.integer(2, 9)
        options: dict[str, Any] = {"stride": d.integer(1, 7)} if stride else {}
        options |= {"padding": d.integer(1, kernel // 2)} if padding else {}
        cases.append(d.call(d.integer(kernel, 200), kernel, **options))
    return cases


OUTPUT_SIZE = (
    Group(
        "document",
        2,
        later("the example done by hand"),
        later("4 cells and a window of 2 that moves by 2: count the windows with your finger."),
        lambda d: [d.call(4, 2), d.call(4, 2, 2), d.call(6, 2)],
    ),
    Group(
        "default-stride",
        3,
        later("no stride given: the window moves by its own size"),
        later("stride=None means stride = kernel_size."),
        lambda d: [d.call(12, 3), d.call(20, 4, None), d.call(10, 5, stride=None), *_sizes(d, False, False)],
    ),
    Group(
        "incomplete-windows",
        4,
        later("a window that does not fit is dropped"),
        later("Only complete windows count: divide with //, and add 1 afterwards."),
        lambda d: [d.call(5, 2), d.call(7, 3, 2), d.call(8, 3, 2), d.call(11, 4, 3), d.call(9, 2, 5)],
    ),
    Group(
        "stride",
        4,
        later("a stride of its own"),
        later(
            "Which steps does the first cell of the window take? The last one starts at size − kernel_size."
        ),
        lambda d: [d.call(9, 3, 1), d.call(7, 2, 3), d.call(10, 2, 4), *_sizes(d, True, False)],
    ),
    Group(
        "padding",
        4,
        later("padding on both sides"),
        later("Padding is added at both ends: the padded size is size + 2 · padding."),
        lambda d: [d.call(7, 3, 2, 1), d.call(4, 3, 1, 1), d.call(5, 4, 2, 2), *_sizes(d, True, True, 6)],
    ),
    Group(
        "padding-default-stride",
        2,
        later("padding without a stride"),
        later("Without a stride the window still moves by kernel_size, padding or not."),
        lambda d: [d.call(7, 3, padding=1), d.call(10, 4, None, 2), *_sizes(d, False, True)],
    ),
    Group(
        "one-window",
        2,
        later("exactly one window, and windows of one cell"),
        later("A window as large as the (padded) input fits once; a window of 1 fits size times."),
        lambda d: [
            d.call(5, 5),
            d.call(3, 5, 1, 1),
            d.call(7, 1),
            d.call(7, 1, 1),
            d.call(1, 1),
            d.call(6, 6, 1),
        ],
    ),
    Group(
        "large",
        2,
        later("large sizes"),
        later("The formula needs no loop and no table."),
        lambda d: [
            *(
                d.call(d.integer(10**5, 10**6), d.integer(2, 99), d.integer(1, 99), d.integer(0, 1))
                for _ in range(4)
            ),
            d.call(17 * 2**20 + 2, 3, 2**20),  # a float32 rounds up to one more window
        ],
    ),
    Group(
        "named",
        2,
        later("arguments given by name"),
        later("Keep the names and the order of the arguments: size, kernel_size, stride, padding."),
        lambda d: [
            d.call(11, kernel_size=4, stride=3, padding=2),
            d.call(11, padding=1, stride=2, kernel_size=3),
        ],
    ),
    Group(
        "integer",
        4,
        later("the answer is an integer"),
        later("np.floor and / give floats. Use //, or turn the result into an int."),
        lambda d: [
            d.call(4, 2, counts=("dtype",)),
            d.call(7, 3, 2, counts=("dtype",)),
            d.call(9, 3, 1, 1, counts=("dtype",)),
        ],
        side=True,
    ),
)

# --- one matrix ---------------------------------------------------------------------------------------------


def _document(weight: int, matrix: np.ndarray, title: str = later("the example done by hand")) -> Group:
    def draw(d: Draw) -> list[Case]:
        x = matrix if d.task.endswith("matrix") else matrix[None, None]
        arguments = () if d.task.startswith("global") else (2,)
        return [d.call(x, *arguments), d.call(x.astype(float), *arguments)]

    hint = later(
        "Take the four cells of each coloured square of the picture, and do by hand what the code does."
    )
    return Group("document", weight, title, hint, draw)


def _matrix_groups(weight_of_rectangle: int) -> tuple[Group, ...]:
    return (
        Group(
            "window-size",
            14,
            later("windows of other sizes"),
            later("Is a 2 written in the code where kernel_size should stand?"),
            lambda d: [
                d.call(d.ints(6, 6), 3),
                d.call(d.ints(8, 8), 4),
                *(d.call(x, k) for x, k in zip(d.slopes(12, 12), (3, 4, 6, 4), strict=True)),
                d.call(d.ints(10, 15), 5),
            ],
        ),
        Group(
            "rectangular-input",
            weight_of_rectangle,
            later("matrices that are not square"),
            later("Height is x.shape[0], width is x.shape[1]: is one used where the other should be?"),
            lambda d: [d.call(d.ints(4, 6), 2), d.call(d.ints(9, 6), 3), d.call(d.ints(2, 8), 2)],
        ),
        Group(
            "incomplete-windows",
            14,
            later("edges that do not fit are dropped"),
            later("Only complete windows give a cell: 5 // 2 is 2, the fifth row is dropped."),
            lambda d: [
                d.call(d.ints(5, 5), 2),
                d.call(d.ints(7, 9), 3),
                d.call(d.ints(6, 7), 4),
                d.call(d.ints(4, 7), 2),
                d.call(d.ints(9, 6), 2),
            ],
        ),
        Group(
            "one-window",
            6,
            later("one window only, and windows of one cell"),
            later("A window as large as the matrix gives one cell, a window of 1 gives the matrix itself."),
            lambda d: [
                d.call(d.ints(3, 3), 3),
                d.call(d.ints(3, 5), 1),
                d.call(d.ints(4, 5), 4),
                d.call(d.ints(1, 1), 1),
            ],
        ),
        Group(
            "random",
            10,
            later("any matrix, any window"),
            later("Try your function on the case shown here, and follow one window with your finger."),
            lambda d: [
                d.call(d.ints(d.integer(k, 3 * k + 2), d.integer(k, 3 * k + 2)), k)
                for k in (2, 3, d.integer(2, 5))
            ],
        ),
        Group(
            "named",
            3,
            later("arguments given by name"),
            later("Keep the name of the argument: kernel_size."),
            lambda d: [d.call(d.ints(4, 6), kernel_size=2)],
            side=True,
        ),
    )


MATRIX = (4, 6)
MAX_POOL_MATRIX = (
    _document(10, DOCUMENT_MAX),
    Group(
        "negative",
        12,
        later("negative numbers"),
        later("What should a maximum start from, when all values of the window are negative?"),
        lambda d: [
            d.call(d.ints(4, 6, low=-90, high=-1), 2),
            d.call(d.floats(6, 4, low=-900, high=-100), 2),
            d.call(d.ints(6, 6, low=-60, high=20), 3),
        ],
    ),
    *_matrix_groups(12),
    _kept_dtype(4, MATRIX, 2, dtypes=("int64", "float32", "float64", "uint8", "int8", "int32")),
    _large(1, MATRIX, 2),
    _nan(4, MATRIX, 2),
    _infinity(2, MATRIX, 2),
    _memory(3, MATRIX, 2),
    _left_alone(4, MATRIX, 2),
    _again(2, MATRIX, 2),
)
AVG_POOL_MATRIX = (
    _document(10, DOCUMENT_AVERAGE),
    _decimals(14, (6, 4), 2),
    *_matrix_groups(12),
    Group(
        "floats",
        6,
        later("matrices of floats"),
        later("Try your function on the case shown here, and follow one window with your finger."),
        lambda d: [d.call(d.floats(4, 6), 2), d.call(d.floats(6, 3, dtype=np.float32), 3)],
    ),
    _small_integers(5, MATRIX, 2),
    _average_dtype(3, MATRIX, 2, dtypes=("int64", "uint8", "float64", "bool")),
    _nan(4, MATRIX, 2),
    _tiny(2, MATRIX, 2),
    _memory(3, MATRIX, 2),
    _left_alone(4, MATRIX, 2),
    _again(2, MATRIX, 2),
)

# --- pooling of (N, C, H, W) --------------------------------------------------------------------------------

PLANE = (1, 1, 6, 9)
STACK = (2, 3, 5, 7)


def _pool2d_groups(**more) -> tuple[Group, ...]:
    """Return the groups that maximum and average share: which windows there are.

    A window that does not fit is refused with `more` settings, too.
    """
    return (
        Group(
            "window-size",
            6,
            later("windows of other sizes"),
            later("Is a 2 written in the code where kernel_size should stand?"),
            lambda d: [
                d.call(d.ints(1, 1, 6, 6), 3),
                *(d.call(x, k) for x, k in zip(d.slopes(1, 1, 12, 12), (3, 4, 6, 4), strict=True)),
                d.call(d.ints(1, 1, 10, 15), 5),
            ],
        ),
        Group(
            "rectangular-input",
            6,
            later("inputs that are not square"),
            later("Height is x.shape[-2], width is x.shape[-1]: is one used where the other should be?"),
            lambda d: [
                d.call(d.ints(1, 1, 4, 8), 2),
                d.call(d.ints(1, 1, 9, 6), 3),
                d.call(d.ints(1, 1, 2, 6), 2),
            ],
        ),
        Group(
            "incomplete-windows",
            7,
            later("incomplete windows are dropped"),
            later("Only complete windows give a cell: (size − kernel_size) // stride + 1 of them fit."),
            lambda d: [
                d.call(d.ints(1, 1, 5, 5), 2),
                d.call(d.ints(1, 1, 7, 8), 3),
                d.call(d.ints(1, 1, 6, 8), 3, 2),
                d.call(d.ints(1, 1, 4, 7), 2),
            ],
        ),
        Group(
            "rectangular-window",
            7,
            later("windows that are not square"),
            later("A pair is (height, width): the first number counts rows, the second columns."),
            lambda d: [
                d.call(d.ints(1, 1, 6, 6), (2, 3)),
                d.call(d.ints(1, 1, 6, 8), (3, 2)),
                d.call(d.ints(1, 1, 4, 8), (1, 4)),
                d.call(d.ints(1, 1, 5, 4), (4, 1)),
            ],
        ),
        Group(
            "overlap",
            8,
            later("windows that overlap (stride smaller than the window)"),
            later("Window (i, j) starts at row i · stride, column j · stride, and is kernel_size large."),
            lambda d: [
                d.call(d.ints(1, 1, 5, 5), 3, 1),
                d.call(d.ints(1, 1, 7, 9), 3, 2),
                d.call(d.ints(1, 1, 6, 8), 4, stride=2),
            ],
        ),
        Group(
            "gaps",
            4,
            later("windows with gaps between them (stride larger than the window)"),
            later(
                "Window (i, j) starts at row i · stride, column j · stride; cells between windows are "
                "skipped."
            ),
            lambda d: [
                d.call(d.ints(1, 1, 8, 9), 2, 3),
                d.call(d.ints(1, 1, 5, 6), 1, 2),
                d.call(d.ints(1, 1, 7, 9), 2, 3, 1),
            ],
        ),
        Group(
            "stride-pair",
            6,
            later("a stride of its own for each axis"),
            later("stride=(down, right): the first moves along the rows, the second along the columns."),
            lambda d: [
                d.call(d.ints(1, 1, 6, 8), 2, (1, 3)),
                d.call(d.ints(1, 1, 7, 6), 3, (2, 1)),
                d.call(d.ints(1, 1, 7, 7), 2, stride=(3, 2)),
            ],
        ),
        Group(
            "padding-pair",
            5,
            later("a padding of its own for each axis"),
            later("padding=(rows, columns): rows above and below, columns left and right."),
            lambda d: [
                d.call(d.ints(1, 1, 4, 6, low=-99, high=-9), (2, 4), (1, 2), (0, 2)),
                d.call(d.ints(1, 1, 5, 4, low=-99, high=-9), (3, 2), 1, (1, 0)),
                d.call(d.below_zero(1, 1, 8, 9), (7, 5), 2, padding=(3, 2)),
            ],
        ),
        Group(
            "channels",
            5,
            later("several channels"),
            later("Each channel is pooled on its own: shape (N, C, H, W) gives (N, C, H_out, W_out)."),
            lambda d: [
                d.call(d.ints(1, 4, 4, 6), 2),
                d.call(d.ints(1, 2, 6, 9), 3),
            ],
        ),
        Group(
            "batch",
            5,
            later("several images"),
            later("Each image of the batch is pooled on its own."),
            lambda d: [
                d.call(d.ints(3, 1, 6, 4), 2),
                d.call(d.ints(2, 3, 4, 6), 2),
                d.call(d.ints(4, 2, 3, 5), 3),
            ],
        ),
        Group(
            "all-together",
            8,
            later("everything together: batch, channels, rectangles, stride, padding"),
            later("One thing at a time: first mend the groups above, then look at the case shown here."),
            lambda d: [
                d.call(d.below_zero(2, 3, 7, 10), (3, 2), (2, 3), (1, 0)),
                d.call(d.below_zero(3, 2, 5, 8), (2, 4), (1, 3), (1, 2)),
                d.anything(),
                d.anything(),
            ],
        ),
        Group(
            "one-window",
            3,
            later("one window only, and windows of one cell"),
            later(
                "A window as large as the input gives one cell; a window of 1 with stride 1 gives the input."
            ),
            lambda d: [
                d.call(d.ints(1, 2, 3, 5), (3, 5)),
                d.call(d.ints(2, 1, 3, 4), 1),
                d.call(d.ints(1, 1, 1, 1), 1),
                d.call(d.ints(1, 1, 3, 3), 3, 1),
            ],
        ),
        Group(
            "named",
            3,
            later("arguments by position and by name"),
            later("Keep the names and the order of the arguments: kernel_size, stride, padding."),
            lambda d: [
                d.call(d.ints(1, 1, 6, 7, low=0), 3, 2, 1),
                d.call(d.ints(1, 1, 6, 7, low=0), kernel_size=3, stride=2, padding=1),
                d.call(d.ints(1, 1, 6, 7, low=0), padding=1, stride=1, kernel_size=2),
                d.call(d.ints(1, 1, 6, 7, low=0), (2, 3), None),
            ],
        ),
        Group(
            "window-too-large",
            4,
            later("ValueError where the window is larger than the padded input"),
            later(
                "Compare the window with the padded input first, height and width, and raise ValueError(...)."
            ),
            lambda d: [
                d.refused(d.ints(1, 1, 3, 5), 4, **more),
                d.refused(d.ints(1, 1, 5, 3), 4),
                d.refused(d.ints(1, 2, 4, 4), (2, 5), 1, (1, 0)),
                d.refused(d.ints(1, 1, 4, 4), (5, 2), 1, (0, 1)),
                d.refused(d.ints(1, 1, 4, 4), 5, 9),
                d.refused(d.ints(2, 1, 3, 9), (6, 2), 1, 1),
                d.call(d.ints(1, 1, 3, 3), 3),
                d.call(d.ints(1, 1, 3, 3), 5, 1, 1),
                d.call(d.ints(1, 1, 3, 6), (4, 2), 2, (1, 0)),
            ],
            side=True,
        ),
        _memory(3, STACK, (2, 3), 2),
        _left_alone(4, STACK, 2),
        _again(2, STACK, 2),
    )


MAX_POOL2D = (
    _document(6, DOCUMENT_MAX),
    Group(
        "negative",
        7,
        later("negative numbers"),
        later("What should a maximum start from, when all values of the window are negative?"),
        lambda d: [
            d.call(d.ints(1, 1, 4, 4, low=-90, high=-1), 2),
            d.call(d.floats(1, 1, 6, 6, low=-900, high=-100), 3),
            d.call(d.ints(1, 1, 6, 6, low=-60, high=20), 3),
        ],
    ),
    Group(
        "padding",
        8,
        later("padding never wins"),
        later("Padding counts as −∞ in a maximum: with zeros around, negative values lose to the padding."),
        lambda d: [
            d.call(d.ints(1, 1, 4, 4, low=-90, high=-1), 3, 1, 1),
            d.call(d.floats(1, 1, 5, 5, low=-90, high=-10), 3, 2, 1),
            d.call(d.ints(1, 1, 5, 5, low=-90, high=9), 4, 2, 2),
            d.call(d.ints(1, 1, 6, 6, low=-90, high=-1), 2, padding=1),
        ],
    ),
    *_pool2d_groups(),
    Group(
        "padding-dtype",
        3,
        later("padding of integers and bool"),
        later(
            "−∞ does not fit into an integer. Pad with the smallest value of the dtype, or leave "
            "the padding out."
        ),
        lambda d: [
            d.call(np.full((1, 1, 3, 4), -128, np.int8), 3, 1, 1),
            d.call(d.ints(1, 1, 4, 4, low=-128, high=0, dtype=np.int8), 3, 2, 1),
            d.call(d.ints(1, 1, 4, 4, low=0, high=200, dtype=np.uint8), 2, padding=1),
            d.call(d.ints(1, 2, 4, 5, low=-9, high=30000, dtype=np.int16), 3, 2, 1),
            d.call(np.pad([[[[True]]]], ((0, 0), (0, 0), (2, 2), (2, 3))), 3, 1, 1),  # one True in 5×6
            d.call(d.ints(*PLANE) - 2**40, 3, 2, 1),  # a float64 holds these
        ],
        side=True,
    ),
    _kept_dtype(4, STACK, 2, dtypes=("int64", "uint8", "float32", "float64", "int8")),
    Group(
        "dtype-padding",
        2,
        later("the dtype is kept with padding, too"),
        later("Padding with −∞ makes floats: turn the result back, or pad with the dtype's smallest value."),
        lambda d: [
            d.call(d.of_dtype(dtype, *STACK), 3, 2, 1, counts=("dtype",))
            for dtype in ("uint8", "int8", "int32", "float32", "bool")
        ],
        side=True,
    ),
    _large(2, PLANE, 3, 2, 1),
    _nan(4, STACK, 3, 2, 1),
    _infinity(2, PLANE, 3, 2, 1),
)

AVG_POOL2D = (
    _document(6, DOCUMENT_AVERAGE),
    _decimals(8, (1, 1, 6, 4), 2),
    Group(
        "padding",
        8,
        later("padding counts as zeros, and in the divisor"),
        later("By default the padding's zeros count: a corner of a 3×3 window still divides by 9."),
        lambda d: [
            d.call(d.ints(1, 1, 4, 4), 3, 1, 1),
            d.call(d.floats(1, 1, 5, 5), 3, 2, 1),
            d.call(d.ints(1, 1, 6, 6), 4, 2, 2, count_include_pad=True),
            d.call(d.ints(1, 1, 6, 6), 2, padding=1),
        ],
    ),
    Group(
        "real-cells-only",
        8,
        later("count_include_pad=False divides by the real cells"),
        later("Count the cells of the window that lie inside x, and divide by that number."),
        lambda d: [
            d.call(d.ints(1, 1, 4, 4), 3, 1, 1, count_include_pad=False),
            d.call(d.floats(1, 1, 5, 6), 3, 2, 1, count_include_pad=False),
            d.call(d.sprinkle(d.ints(1, 1, 6, 6), 0, 12), 4, 2, 2, False),
            d.call(d.ints(1, 1, 5, 6), (2, 4), (2, 1), (0, 2), count_include_pad=False),
            d.call(d.ints(2, 3, 4, 6), (3, 2), None, (1, 1), False),
            d.anything(count_include_pad=False),
            d.anything(count_include_pad=False),
        ],
    ),
    Group(
        "divisor-without-padding",
        2,
        later("without padding, count_include_pad changes nothing"),
        later("Zeros of x itself are real cells: they count."),
        lambda d: [
            d.call(d.sprinkle(d.ints(1, 1, 6, 6), 0, 9), 3, 2, 0, False),
            d.call(d.sprinkle(d.ints(1, 2, 5, 4), 0, 12), 2, count_include_pad=True),
        ],
    ),
    *_pool2d_groups(count_include_pad=False),
    Group(
        "floats",
        4,
        later("inputs of floats"),
        later("Try your function on the case shown here, and follow one window with your finger."),
        lambda d: [d.call(d.floats(1, 2, 4, 6), 2), d.call(d.floats(2, 1, 6, 5, dtype=np.float32), 3, 2)],
    ),
    _small_integers(4, STACK, 2, first=(3, 2, 0, False)),
    _average_dtype(4, STACK, 2, dtypes=("int64", "uint8", "float32", "float64", "bool")),
    Group(
        "dtype-padding",
        2,
        later("the dtype of an average with padding"),
        later("float32 and float64 stay as they are; the average of integers or bool is float64."),
        lambda d: [
            d.call(d.of_dtype(dtype, *STACK), 3, 2, 1, counts=("dtype",), count_include_pad=include)
            for dtype, include in (
                ("float32", True),
                ("float32", False),
                ("uint8", True),
                ("bool", False),
            )
        ],
        side=True,
    ),
    _nan(4, STACK, 3, 2, 1, last=(3, 2, 1, False)),
    _tiny(2, STACK, 2),
)

GLOBAL_AVG_POOL2D = (
    _document(10, DOCUMENT_AVERAGE, later("the matrix done by hand")),
    _decimals(14, (1, 1, 3, 4)),
    Group(
        "rectangular-input",
        12,
        later("inputs that are not square"),
        later("Divide by height · width: x.shape[-2] * x.shape[-1]."),
        lambda d: [
            d.call(d.ints(1, 1, 3, 5)),
            d.call(d.ints(1, 1, 6, 2)),
            d.call(d.ints(1, 1, 1, 7)),
            d.call(d.ints(1, 1, 4, 1)),
        ],
    ),
    Group(
        "channels",
        14,
        later("several channels"),
        later("One average for each channel: average over the last two axes only."),
        lambda d: [d.call(d.ints(1, 4, 3, 5)), d.call(d.ints(1, 2, 6, 3))],
    ),
    Group(
        "batch",
        14,
        later("several images"),
        later("One average for each image and channel: (N, C, H, W) gives (N, C, 1, 1)."),
        lambda d: [d.call(d.ints(3, 1, 4, 5)), d.call(d.ints(2, 3, 4, 5)), d.call(d.ints(3, 2, 5, 4))],
    ),
    Group(
        "random",
        12,
        later("any shape, floats too"),
        later("Try your function on the case shown here."),
        lambda d: [
            d.call(d.ints(*(d.integer(1, 6) for _ in range(4)))),
            d.call(d.floats(*(d.integer(2, 6) for _ in range(4)))),
            d.call(d.sprinkle(d.ints(2, 2, 5, 6), 0, 30)),
            d.call(d.ints(1, 1, 1, 1)),
        ],
    ),
    _small_integers(5, (2, 3, 4, 5)),
    _average_dtype(5, (2, 3, 4, 5), dtypes=("int64", "uint8", "float32", "float64", "bool")),
    _nan(4, (2, 3, 2, 3)),
    _tiny(2, (2, 3, 4, 5)),
    _memory(3, (2, 3, 4, 5)),
    _left_alone(4, (2, 3, 4, 5)),
    _again(2, (2, 3, 4, 5)),
)

GROUPS: dict[str, tuple[Group, ...]] = {
    "output_size": OUTPUT_SIZE,
    "max_pool_matrix": MAX_POOL_MATRIX,
    "max_pool2d": MAX_POOL2D,
    "avg_pool_matrix": AVG_POOL_MATRIX,
    "avg_pool2d": AVG_POOL2D,
    "global_avg_pool2d": GLOBAL_AVG_POOL2D,
}
