"""The groups of hidden cases for the view of all windows, and for the fast maximum."""

import numpy as np

from pooling_ref.cases import LEFT_ALONE, MAX_POOL2D, STACK, Group
from pooling_ref.language import later

WINDOW_VIEW = (
    Group(
        "side-by-side",
        10,
        later("windows side by side"),
        later("At [n, c, i, j] stands window (i, j): its cells are the last two axes."),
        lambda d: [
            d.call(d.ints(1, 1, 4, 4), 2),
            d.call(d.ints(1, 1, 6, 6), 3),
            d.call(d.ints(1, 1, 3, 3), 3),
        ],
    ),
    Group(
        "rectangular-input",
        7,
        later("inputs that are not square"),
        later("Height is the third axis, width the fourth: is one used where the other should be?"),
        lambda d: [d.call(d.ints(1, 1, 4, 8), 2), d.call(d.ints(1, 1, 9, 6), 3)],
    ),
    Group(
        "incomplete-windows",
        7,
        later("incomplete windows are dropped"),
        later("Only complete windows are shown: (size − kernel_size) // stride + 1 of them fit."),
        lambda d: [
            d.call(d.ints(1, 1, 5, 5), 2),
            d.call(d.ints(1, 1, 7, 8), 3),
            d.call(d.ints(1, 1, 6, 8), 3, 2),
        ],
    ),
    Group(
        "rectangular-window",
        8,
        later("windows that are not square"),
        later("A pair is (height, width), and so are the last two axes."),
        lambda d: [
            d.call(d.ints(1, 1, 6, 6), (2, 3)),
            d.call(d.ints(1, 1, 6, 8), (3, 2)),
            d.call(d.ints(1, 1, 5, 4), (4, 1)),
        ],
    ),
    Group(
        "overlap",
        8,
        later("windows that overlap"),
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
        later("Window (i, j) starts at row i · stride, column j · stride."),
        lambda d: [d.call(d.ints(1, 1, 8, 9), 2, 3), d.call(d.ints(1, 1, 5, 6), 1, 2)],
    ),
    Group(
        "stride-pair",
        6,
        later("a stride of its own for each axis"),
        later("stride=(down, right): the first moves along the rows, the second along the columns."),
        lambda d: [
            d.call(d.ints(1, 1, 6, 8), 2, (1, 3)),
            d.call(d.ints(1, 1, 7, 6), 3, stride=(2, 1)),
            d.call(d.ints(1, 2, 7, 9), (2, 3), (1, 2)),
        ],
    ),
    Group(
        "channels-and-images",
        8,
        later("several channels and images"),
        later("The first two axes, images and channels, stay where they are."),
        lambda d: [d.call(d.ints(2, 3, 4, 6), 2), d.call(d.ints(3, 2, 5, 4), (2, 3), 1)],
    ),
    Group(
        "named",
        2,
        later("arguments given by name"),
        later("Keep the names of the arguments: kernel_size, stride."),
        lambda d: [d.call(d.ints(1, 1, 6, 7), stride=1, kernel_size=2)],
        side=True,
    ),
    Group(
        "dtype",
        3,
        later("the dtype of the input is kept"),
        later("A view shows the same numbers: nothing is converted."),
        lambda d: [
            d.call(d.of_dtype(dtype, *STACK), 2, counts=("dtype",))
            for dtype in ("int64", "uint8", "float32", "float64", "bool")
        ],
        side=True,
    ),
    Group(
        "nan",
        2,
        later("NaN and infinity are numbers like others"),
        later("A view shows what is there."),
        lambda d: [d.call(d.sprinkle(d.sprinkle(d.floats(*STACK), np.nan, 9), np.inf, 9), 2)],
        side=True,
    ),
    Group(
        "memory-order",
        6,
        later("views and other memory orders"),
        later("x may be a transposed or sliced view: with as_strided, take its steps from x.strides."),
        lambda d: [
            d.call(d.ints(*STACK), (2, 3), 2, layout=layout)
            for layout in ("fortran", "transposed", "reversed", "gaps", "read-only")
        ],
        side=True,
    ),
    Group(
        LEFT_ALONE,
        3,
        later("the input is left as it was"),
        later("Your function writes into x. The caller still needs it."),
        lambda d: [d.call(d.ints(*STACK), 2, counts=("input",))],
        side=True,
    ),
)

GROUPS: dict[str, tuple[Group, ...]] = {"window_view": WINDOW_VIEW, "fast_max_pool2d": MAX_POOL2D}
