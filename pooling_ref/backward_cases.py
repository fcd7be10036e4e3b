"""The groups of hidden cases for the two gradients: one group for each rule of the contract."""

from collections.abc import Callable

import numpy as np
from numpy.typing import DTypeLike

from pooling_lab.trial import Case
from pooling_ref import pooling
from pooling_ref.cases import DOCUMENT_MAX, LEFT_ALONE, Draw, Group
from pooling_ref.language import later


def _back(
    d: Draw, x: np.ndarray, *settings, counts=(), layout="plain", dtype: DTypeLike = np.float64, **more
) -> Case:
    """Return the case of x with a gradient drawn for it: none of its numbers is 0, and all differ."""
    options = {name: value for name, value in more.items() if name != "count_include_pad"}
    shape = pooling.max_pool2d(x, *settings[:3], **options).shape
    grad_output = (d.floats(*shape, low=1) * d.rng.choice((-1, 1), shape)).astype(dtype)
    return d.call(grad_output, x, *settings, counts=counts, layout=layout, **more)


def mixed(d: Draw, *shape: int) -> np.ndarray:
    """Draw floats of both signs, none like another."""
    return d.floats(*shape)


def few(d: Draw, *shape: int) -> np.ndarray:
    """Draw from three values, so that there are ties everywhere."""
    return d.rng.integers(-1, 2, shape).astype(float)


def any_gradient(d: Draw, draw_x: Callable, **more) -> Case:
    """Return a call with all arguments drawn: shape, window, stride, padding, each axis for itself."""
    kernel = d.integer(1, 4), d.integer(1, 4)
    stride = d.integer(1, 3), d.integer(1, 3)
    padding = tuple(d.integer(0, k // 2) for k in kernel)
    rows, columns = (d.integer(k, k + 5) for k in kernel)
    return _back(
        d, draw_x(d, d.integer(1, 2), d.integer(1, 3), rows, columns), kernel, stride, padding, **more
    )


def _geometry() -> tuple[Group, ...]:
    """Return the groups that both gradients share: which windows there are, and what they leave where."""
    return (
        Group(
            "overlap",
            9,
            later("windows that overlap: gradients add up"),
            later("A cell that belongs to several windows gets something from each: use +=, not =."),
            lambda d: [
                _back(d, mixed(d, 1, 1, 4, 4), 2, 1),
                _back(d, mixed(d, 1, 1, 5, 5), 3, 1),
                _back(d, mixed(d, 1, 1, 7, 9), 3, stride=2),
                _back(d, np.pad(np.full((1, 1, 1, 1), 50.0), [(0, 0), (0, 0), (2, 2), (2, 2)]), 3, 1),
            ],
        ),
        Group(
            "window-size",
            5,
            later("windows of other sizes"),
            later("Is a 2 written in the code where kernel_size should stand?"),
            lambda d: [
                _back(d, mixed(d, 1, 1, 6, 6), 3),
                _back(d, mixed(d, 1, 1, 8, 8), 4),
                _back(d, mixed(d, 1, 1, 5, 5), 5),
                _back(d, mixed(d, 1, 1, 3, 4), 1),
            ],
        ),
        Group(
            "incomplete-windows",
            5,
            later("cells in no window get 0, and the shape is that of x"),
            later("Begin with zeros of x's shape: the row that fits into no window keeps its 0."),
            lambda d: [
                _back(d, mixed(d, 1, 1, 5, 5), 2),
                _back(d, mixed(d, 1, 1, 7, 8), 3),
                _back(d, mixed(d, 1, 1, 4, 7), 2),
            ],
        ),
        Group(
            "gaps",
            4,
            later("windows with gaps between them (stride larger than the window)"),
            later("Window (i, j) starts at row i · stride, column j · stride; cells between windows get 0."),
            lambda d: [
                _back(d, mixed(d, 1, 1, 8, 9), 2, 3),
                _back(d, mixed(d, 1, 1, 5, 6), 1, 2),
                _back(d, mixed(d, 1, 1, 9, 7), 2, 4),
            ],
        ),
        Group(
            "rectangular-input",
            5,
            later("inputs that are not square"),
            later("Height is x.shape[-2], width is x.shape[-1]: is one used where the other should be?"),
            lambda d: [
                _back(d, mixed(d, 1, 1, 4, 8), 2),
                _back(d, mixed(d, 1, 1, 9, 6), 3),
                _back(d, mixed(d, 1, 1, 2, 6), 2),
            ],
        ),
        Group(
            "rectangular-window",
            7,
            later("windows that are not square"),
            later("A window of (height, width): row = position // width, column = position % width."),
            lambda d: [
                _back(d, mixed(d, 1, 1, 6, 6), (2, 3)),
                _back(d, mixed(d, 1, 1, 6, 8), (3, 2)),
                _back(d, mixed(d, 1, 1, 4, 8), (1, 4)),
                _back(d, mixed(d, 1, 1, 8, 3), (4, 1)),
                _back(d, mixed(d, 1, 1, 6, 8), (3, 4), 2),
            ],
        ),
        Group(
            "stride-pair",
            5,
            later("a stride of its own for each axis"),
            later("stride=(down, right): the first moves along the rows, the second along the columns."),
            lambda d: [
                _back(d, mixed(d, 1, 1, 6, 8), 2, (1, 3)),
                _back(d, mixed(d, 1, 1, 7, 6), 3, (2, 1)),
                _back(d, mixed(d, 1, 1, 7, 7), 2, stride=(3, 2)),
            ],
        ),
        Group(
            "padding-pair",
            4,
            later("a padding of its own for each axis"),
            later("padding=(rows, columns): rows above and below, columns left and right."),
            lambda d: [
                _back(d, mixed(d, 1, 1, 4, 6), (2, 4), (1, 2), (0, 2)),
                _back(d, mixed(d, 1, 1, 5, 4), (3, 2), 1, (1, 0)),
                _back(d, mixed(d, 1, 1, 6, 6), 4, 2, padding=(2, 1)),
            ],
        ),
        Group(
            "channels",
            6,
            later("several channels"),
            later("Each channel has its own windows and its own gradient."),
            lambda d: [
                _back(d, mixed(d, 1, 4, 4, 6), 2),
                _back(d, mixed(d, 1, 2, 6, 9), 3),
                _back(d, mixed(d, 1, 3, 4, 4), 2, 1),
            ],
        ),
        Group(
            "batch",
            6,
            later("several images"),
            later("Each image of the batch has its own windows and its own gradient."),
            lambda d: [
                _back(d, mixed(d, 3, 1, 6, 4), 2),
                _back(d, mixed(d, 2, 3, 4, 6), 2),
                _back(d, mixed(d, 4, 2, 3, 5), 3),
            ],
        ),
        Group(
            "named",
            3,
            later("arguments by position and by name"),
            later("Keep the names and the order: grad_output, x, kernel_size, stride, padding."),
            lambda d: [
                _back(d, mixed(d, 1, 1, 6, 7), 3, 2, 1),
                _back(d, mixed(d, 1, 1, 6, 7), kernel_size=3, stride=2, padding=1),
                _back(d, mixed(d, 1, 1, 6, 7), padding=1, stride=1, kernel_size=2),
                _back(d, mixed(d, 1, 1, 6, 7), (2, 3), None),
            ],
            side=True,
        ),
        Group(
            "decimals",
            4,
            later("a gradient of decimals for an input of integers"),
            later(
                "np.zeros_like(x) has x's dtype: an array of integers cuts 0.5 off to 0. Give dtype=float."
            ),
            lambda d: [
                _back(d, d.ints(1, 1, 4, 6, low=-12), 2),
                _back(d, d.ints(1, 2, 5, 5, low=-9, high=99), 3, 2, 1),
                _back(d, d.ints(1, 1, 4, 4, low=0, high=200, dtype=np.uint8), 2),
                _back(d, d.ints(1, 1, 4, 6), 2, dtype=np.int64),
            ],
            side=True,
        ),
        Group(
            "float32",
            2,
            later("inputs of float32"),
            later("Try your function on the case shown here, and follow one window with your finger."),
            lambda d: [
                _back(d, d.floats(1, 2, 4, 6, dtype=np.float32), 2, dtype=np.float32),
                _back(d, d.floats(2, 1, 5, 5, dtype=np.float32), 3, 1, 1, dtype=np.float32),
            ],
            side=True,
        ),
        Group(
            "memory-order",
            3,
            later("views and other memory orders"),
            later("x may be a transposed or sliced view. Only use indices, or copy it first."),
            lambda d: [
                _back(d, mixed(d, 2, 3, 5, 7), (2, 3), 2, layout=layout)
                for layout in ("fortran", "transposed", "reversed", "gaps")
            ],
            side=True,
        ),
        Group(
            LEFT_ALONE,
            4,
            later("grad_output and x are left as they were"),
            later("Your function writes into an argument. Work on a new array; the caller still needs both."),
            lambda d: [
                _back(d, mixed(d, 2, 3, 5, 7), 2, counts=("input",)),
                _back(d, mixed(d, 1, 2, 5, 5), 3, 1, 1, counts=("input",)),
                _back(d, mixed(d, 1, 2, 5, 5), 2, counts=("input",), layout="read-only"),
            ],
            side=True,
        ),
        Group(
            "called-again",
            2,
            later("called again with other numbers"),
            later("Nothing may be kept from one call to the next: begin every call with fresh variables."),
            _again,
            side=True,
        ),
    )


def _again(d: Draw) -> list[Case]:
    first, second = (_back(d, mixed(d, 1, 2, 4, 6), 2) for _ in range(2))
    return [first, second, first]


MAX_POOL2D_BACKWARD = (
    Group(
        "one-winner",
        8,
        later("windows side by side: the gradient goes to the maximum"),
        later("Find where the maximum of each window is, and put the window's gradient there."),
        lambda d: [_back(d, mixed(d, 1, 1, 4, 4), 2), _back(d, mixed(d, 1, 1, 6, 4), 2)],
    ),
    Group(
        "ties",
        16,
        later("ties: all of it goes to the first maximum, row by row"),
        later("Of equal maxima only the first one gets the gradient, reading the window row by row."),
        lambda d: [
            _back(d, DOCUMENT_MAX[None, None].astype(float), 2),
            _back(d, np.full((1, 1, 4, 4), 7.0), 2),
            _back(d, np.maximum(mixed(d, 1, 1, 6, 6), 3), 3),
            _back(d, few(d, 1, 1, 6, 9), 3),
            _back(d, few(d, 1, 2, 6, 8), 2),
        ],
    ),
    Group(
        "ties-and-overlap",
        6,
        later("ties where windows overlap"),
        later("Each window chooses its own first maximum; what a cell gets from several windows adds up."),
        lambda d: [
            _back(d, np.zeros((1, 1, 4, 5)), 2, 1),
            _back(d, few(d, 1, 1, 6, 6), 3, 1),
            _back(d, few(d, 2, 1, 5, 7), (2, 3), (1, 2)),
        ],
    ),
    Group(
        "padding",
        8,
        later("padding never wins, and gets nothing"),
        later("Padding counts as −∞. Take the position of the maximum in x, not in the padded array."),
        lambda d: [
            _back(d, d.floats(1, 1, 4, 4, low=-90, high=-1), 3, 1, 1),
            _back(d, d.floats(1, 1, 5, 5, low=-90, high=-10), 3, 2, 1),
            _back(d, mixed(d, 1, 1, 5, 5), 4, 2, 2),
            _back(d, mixed(d, 1, 1, 6, 6), 2, padding=1),
            _back(d, np.zeros((1, 1, 4, 4)), 3, 2, 1),
            _back(d, d.floats(1, 1, 4, 4, low=-9e9, high=-2e9), 3, 1, 1),
            _back(d, mixed(d, 1, 1, 8, 9), 7, 2, 3),
        ],
    ),
    *_geometry(),
    Group(
        "all-together",
        8,
        later("everything together: batch, channels, rectangles, stride, padding, ties"),
        later("One thing at a time: first mend the groups above, then look at the case shown here."),
        lambda d: [
            _back(d, mixed(d, 2, 3, 7, 10), (3, 2), (2, 3), (1, 0)),
            _back(d, few(d, 3, 2, 5, 8), (2, 4), (1, 3), (1, 2)),
            any_gradient(d, mixed),
            any_gradient(d, mixed),
            any_gradient(d, few),
        ],
    ),
    Group(
        "padding-of-integers",
        2,
        later("padding around the smallest integer"),
        later("−∞ does not fit into an integer. Leave the padding out, or turn x into floats first."),
        lambda d: [
            _back(d, np.full((1, 1, 3, 4), -128, np.int8), 3, 1, 1),
            _back(d, d.ints(1, 1, 4, 4, low=0, high=200, dtype=np.uint8), 2, padding=1),
        ],
        side=True,
    ),
)

AVG_POOL2D_BACKWARD = (
    Group(
        "shared-out",
        9,
        later("windows side by side: each cell gets its share"),
        later("Each of the window's cells gets the window's gradient divided by the number of its cells."),
        lambda d: [_back(d, mixed(d, 1, 1, 4, 4), 2), _back(d, mixed(d, 1, 1, 6, 4), 2)],
    ),
    Group(
        "padding",
        8,
        later("padding takes its share, and it is lost"),
        later("By default the divisor is the whole window, padding included: 9 for a 3×3 window."),
        lambda d: [
            _back(d, mixed(d, 1, 1, 4, 4), 3, 1, 1),
            _back(d, mixed(d, 1, 1, 5, 5), 3, 2, 1),
            _back(d, mixed(d, 1, 1, 6, 6), 4, 2, 2, count_include_pad=True),
            _back(d, mixed(d, 1, 1, 6, 6), 2, padding=1),
            _back(d, mixed(d, 1, 1, 8, 9), 7, 2, 3),
        ],
    ),
    Group(
        "real-cells-only",
        8,
        later("count_include_pad=False divides by the real cells"),
        later("Count the cells of the window that lie inside x, and divide by that number."),
        lambda d: [
            _back(d, mixed(d, 1, 1, 4, 4), 3, 1, 1, count_include_pad=False),
            _back(d, mixed(d, 1, 1, 5, 6), 3, 2, 1, False),
            _back(d, mixed(d, 1, 1, 6, 6), 4, 2, 2, count_include_pad=False),
            _back(d, mixed(d, 1, 1, 5, 6), (2, 4), (2, 1), (0, 2), count_include_pad=False),
            _back(d, mixed(d, 1, 1, 6, 6), 2, padding=1, count_include_pad=False),
            any_gradient(d, mixed, count_include_pad=False),
            any_gradient(d, mixed, count_include_pad=False),
        ],
    ),
    Group(
        "divisor-without-padding",
        2,
        later("without padding, count_include_pad changes nothing"),
        later("Zeros of x itself are real cells: they count."),
        lambda d: [
            _back(d, d.sprinkle(mixed(d, 1, 1, 6, 6), 0, 9), 3, 2, 0, False),
            _back(d, d.sprinkle(mixed(d, 1, 2, 5, 4), 0, 12), 2, count_include_pad=True),
        ],
    ),
    *_geometry(),
    Group(
        "values-do-not-matter",
        3,
        later("the values of x do not matter, only its shape"),
        later("The gradient of an average is the same wherever you are: x tells the shape, nothing else."),
        lambda d: [
            _back(d, d.sprinkle(mixed(d, 1, 1, 4, 6), np.nan, 5), 2),
            _back(d, np.zeros((1, 2, 5, 5)), 3, 1, 1),
            _back(d, d.sprinkle(mixed(d, 1, 1, 4, 4), np.inf, 3), 3, 1, 1, False),
        ],
        side=True,
    ),
    Group(
        "all-together",
        8,
        later("everything together: batch, channels, rectangles, stride, padding"),
        later("One thing at a time: first mend the groups above, then look at the case shown here."),
        lambda d: [
            _back(d, mixed(d, 2, 3, 7, 10), (3, 2), (2, 3), (1, 0)),
            _back(d, mixed(d, 3, 2, 5, 8), (2, 4), (1, 3), (1, 2), False),
            any_gradient(d, mixed),
            any_gradient(d, mixed),
            any_gradient(d, mixed, count_include_pad=False),
        ],
    ),
)

GROUPS: dict[str, tuple[Group, ...]] = {
    "max_pool2d_backward": MAX_POOL2D_BACKWARD,
    "avg_pool2d_backward": AVG_POOL2D_BACKWARD,
}
