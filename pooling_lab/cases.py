"""The visible cases: small inputs, and what each task should give for them, written out as numbers.

One row is one call. Nothing here is computed: a test holds every number against the reference.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from pooling_lab.language import later
from pooling_lab.trial import Case


@dataclass(frozen=True)
class Visible:
    """One visible case.

    Attributes
    ----------
    about : str
        What it shows, to be translated.
    hint : str
        The next step for whoever fails it, to be translated.
    case : Case
        The call, and what it gives.
    """

    about: str
    hint: str
    case: Case


def shown(about: str, hint: str, *args: Any, gives: Any, dtype: bool = False, **kwargs: Any) -> Visible:
    """Return the row of this call: lists become arrays, `dtype` says that the result's dtype counts."""
    args = tuple(np.array(each) if isinstance(each, list) else each for each in args)
    expected = np.array(gives) if isinstance(gives, list) else gives
    is_maximum = not isinstance(expected, np.ndarray) or expected.dtype.kind != "f"
    return Visible(
        about, hint, Case(args, kwargs, expected, is_maximum, frozenset({"dtype"} if dtype else ()))
    )


DOCUMENT_MAX = [[29, 15, 28, 184], [0, 100, 70, 38], [12, 12, 7, 2], [12, 12, 45, 6]]
DOCUMENT_AVERAGE = [[31, 15, 28, 184], [0, 100, 70, 38], [12, 12, 7, 2], [12, 12, 45, 6]]
NEGATIVE = [[-7, -3, -9, -8], [-5, -6, -2, -4]]
FIVE_BY_FIVE = [[3, 8, 1, 6, 5], [4, 2, 9, 7, 0], [-1, 5, -6, 3, 8], [2, -4, 7, 1, -3], [6, 0, 4, -2, 9]]
TWO_BY_FIVE = [[1, 5, 2, 8, 9], [4, 3, 7, 6, 0]]
TWO_IMAGES = [
    [[[1, 2], [3, 4]], [[8, 7], [6, 5]], [[0, -1], [-2, -3]]],
    [[[9, 1], [1, 1]], [[2, 2], [2, 6]], [[5, 0], [4, 3]]],
]

DOCUMENT = later("the example done by hand")
DOCUMENT_HINT = later("Do the four windows by hand first: which four numbers does each one see?")
FILLED = later(
    "Where does window (i, j) start, and where does it end? Print its slice, and compare it with the picture."
)
NEGATIVE_NUMBERS = later("negative numbers")
NEGATIVE_HINT = later("The largest of −7, −3, −5 and −6 is −3. What does your maximum start from?")
DROPPED = later("a row or column that does not fit is dropped")
DROPPED_HINT = later(
    "5 columns hold two windows of 2; the fifth column is left over. How many windows does your loop make?"
)
LARGER_WINDOW = later("a window of 3×3")
LARGER_HINT = later("Is a 2 written in the code where kernel_size should stand?")
RECTANGLE = later("a window of 1×2 (height 1, width 2)")
RECTANGLE_HINT = later("A pair is (height, width): the first number counts rows, the second columns.")
OVERLAP = later("windows that overlap (stride 1)")
STEPS = later("a stride of its own for each axis")
STEPS_HINT = later("stride=(down, right): window (i, j) starts at row i · down, column j · right.")
CHANNELS = later("two images with three channels each")
CHANNELS_HINT = later("Each image and each channel is pooled on its own; only height and width get smaller.")
PADDING = later("padding 1 around negative numbers")
MAX_PADDING_HINT = later("Padding never wins a maximum: it counts as −∞. What do you fill it with?")
AVG_PADDING = later("padding 1: its zeros count")
AVG_PADDING_HINT = later(
    "The corner window sees 1 real cell and 3 zeros of padding: the sum is divided by 4."
)
REAL_CELLS = later("padding 1, divided by the real cells only")
REAL_HINT = later("With count_include_pad=False the corner window sees 1 real cell: the sum is divided by 1.")
TOO_LARGE = later("a window larger than the input")
TOO_LARGE_HINT = later("A window of 3 does not fit into 2 rows: raise ValueError(...) before the loops.")
KEPT = later("float32 stays float32")
KEPT_HINT = later("Make the result with the dtype of x.")
HALVES = later("averages that are not integers")
HALVES_HINT = later("(1 + 2 + 3 + 4) / 4 is 2.5. Where do the decimals get lost?")

MIDDLE: list[Any] = [
    [[[1.0, 2, 3], [4, 9, 5], [6, 7, 8]]]
]  # the 9 is in all four windows of 2×2 that move by 1
TWO_CHANNELS: list[Any] = [[[[1.0, 5], [3, 2]], [[8.0, 6], [7, 9]]]]
WINNER_HINT = later("Find where the maximum of each window is, and put the window's gradient there.")
ADDS_HINT = later("A cell that belongs to several windows gets something from each: use +=, not =.")
SHARE_HINT = later("Each cell of the window gets the window's gradient divided by the number of its cells.")
LAYER_HINT = later("Which numbers of (channels, height, width) does this layer change? Draw it.")
NOTHING_TO_LEARN = later("pooling and ReLU")
NOTHING_HINT = later("They have no weights: they learn nothing, and multiply nothing.")
VIEW_HINT = later("At [n, c, i, j] stands window (i, j): its cells are the last two axes.")
BLOCK_HINT = later("First convolve, then the ReLU, then pool: print what comes out of each step.")
DOUBLED: tuple[Any, ...] = (
    [[[[1.0, 2], [3, 4]]]],
    [[[[2.0]]]],
    [-5.0],
)  # 2x − 5: two values below zero, two above
BLURRED: tuple[Any, ...] = ([[[[1.0, 2, 0], [3, 4, 0]]]], [[[[1.0, 1, 1], [1, 1, 1], [1, 1, 1]]]], [-8.0])

VISIBLE: dict[str, tuple[Visible, ...]] = {
    "output_size": (
        shown(
            DOCUMENT,
            later("4 cells, a window of 2 that moves by 2: count the windows with your finger."),
            *(4, 2),
            gives=2,
            dtype=True,
        ),
        shown(
            later("a window that does not fit is dropped"),
            later("5 cells hold two windows of 2; the fifth cell is left over."),
            *(5, 2),
            gives=2,
        ),
        shown(
            later("a stride of 1"),
            later(
                "The first cell of the window stands at 0, 1, 2, 3 and 4: that is one more than the steps."
            ),
            *(7, 3, 1),
            gives=5,
        ),
        shown(
            later("a stride of 2 that does not come out even"),
            later("(8 − 3) / 2 is 2.5: two whole steps, and the window where it began."),
            *(8, 3),
            stride=2,
            gives=3,
        ),
        shown(
            later("padding on both sides"),
            later("With padding 1 the 7 cells become 9: one more at each end."),
            *(7, 3, 2, 1),
            gives=4,
            dtype=True,
        ),
        shown(
            later("padding without a stride"),
            later("Without a stride, the window moves by its own size."),
            *(10, 4),
            padding=1,
            gives=3,
        ),
    ),
    "max_pool_matrix": (
        shown(DOCUMENT, DOCUMENT_HINT, DOCUMENT_MAX, 2, gives=[[100, 184], [12, 45]], dtype=True),
        shown(NEGATIVE_NUMBERS, NEGATIVE_HINT, NEGATIVE, 2, gives=[[-3, -2]]),
        shown(DROPPED, DROPPED_HINT, TWO_BY_FIVE, 2, gives=[[5, 8]]),
        shown(LARGER_WINDOW, LARGER_HINT, FIVE_BY_FIVE, 3, gives=[[9]]),
        shown(
            later("floats stay floats"), KEPT_HINT, [[0.5, 1.25], [-2.0, 1.0]], 2, gives=[[1.25]], dtype=True
        ),
    ),
    "max_pool2d": (
        shown(DOCUMENT, DOCUMENT_HINT, [[DOCUMENT_MAX]], 2, gives=[[[[100, 184], [12, 45]]]], dtype=True),
        shown(NEGATIVE_NUMBERS, NEGATIVE_HINT, [[NEGATIVE]], 2, gives=[[[[-3, -2]]]]),
        shown(DROPPED, DROPPED_HINT, [[TWO_BY_FIVE]], 2, gives=[[[[5, 8]]]]),
        shown(
            RECTANGLE,
            RECTANGLE_HINT,
            [[TWO_BY_FIVE]],
            (1, 2),
            gives=[[[[5, 8], [4, 7]]]],
        ),
        shown(OVERLAP, FILLED, [[FIVE_BY_FIVE]], 3, 1, gives=[[[[9, 9, 9], [9, 9, 9], [7, 7, 9]]]]),
        shown(STEPS, STEPS_HINT, [[FIVE_BY_FIVE]], 2, stride=(3, 1), gives=[[[[8, 9, 9, 7], [6, 7, 7, 9]]]]),
        shown(CHANNELS, CHANNELS_HINT, TWO_IMAGES, 2, gives=[[[[4]], [[8]], [[0]]], [[[9]], [[6]], [[5]]]]),
        shown(
            PADDING,
            MAX_PADDING_HINT,
            [[NEGATIVE]],
            2,
            padding=1,
            gives=[[[[-7, -3, -8], [-5, -2, -4]]]],
        ),
        shown(
            KEPT,
            KEPT_HINT,
            np.ones((1, 1, 2, 2), np.float32),
            2,
            gives=np.ones((1, 1, 1, 1), np.float32),
            dtype=True,
        ),
        shown(TOO_LARGE, TOO_LARGE_HINT, [[NEGATIVE]], 3, gives=ValueError),
    ),
    "avg_pool_matrix": (
        shown(DOCUMENT, DOCUMENT_HINT, DOCUMENT_AVERAGE, 2, gives=[[36.5, 80.0], [12.0, 15.0]], dtype=True),
        shown(HALVES, HALVES_HINT, [[1, 2], [3, 4]], 2, gives=[[2.5]], dtype=True),
        shown(NEGATIVE_NUMBERS, HALVES_HINT, NEGATIVE, 2, gives=[[-5.25, -5.75]]),
        shown(DROPPED, DROPPED_HINT, TWO_BY_FIVE, 2, gives=[[3.25, 5.75]]),
        shown(
            LARGER_WINDOW,
            later("A window of 3×3 has 9 cells: the sum is divided by 9."),
            [[1, 2, 3], [4, 5, 6], [7, 8, 18]],
            3,
            gives=[[6.0]],
        ),
    ),
    "avg_pool2d": (
        shown(
            DOCUMENT,
            DOCUMENT_HINT,
            [[DOCUMENT_AVERAGE]],
            2,
            gives=[[[[36.5, 80.0], [12.0, 15.0]]]],
            dtype=True,
        ),
        shown(HALVES, HALVES_HINT, [[[[1, 2], [3, 4]]]], 2, gives=[[[[2.5]]]], dtype=True),
        shown(DROPPED, DROPPED_HINT, [[TWO_BY_FIVE]], 2, gives=[[[[3.25, 5.75]]]]),
        shown(RECTANGLE, RECTANGLE_HINT, [[TWO_BY_FIVE]], (1, 2), gives=[[[[3.0, 5.0], [3.5, 6.5]]]]),
        shown(
            OVERLAP,
            FILLED,
            [[[[1, 2, 3], [4, 5, 6], [7, 8, 10]]]],
            2,
            1,
            gives=[[[[3.0, 4.0], [6.0, 7.25]]]],
        ),
        shown(
            STEPS,
            STEPS_HINT,
            [[FIVE_BY_FIVE]],
            2,
            stride=(3, 1),
            gives=[[[[4.25, 5.0, 5.75, 4.5], [1.0, 1.75, 2.5, 1.25]]]],
        ),
        shown(
            CHANNELS,
            CHANNELS_HINT,
            TWO_IMAGES,
            2,
            gives=[[[[2.5]], [[6.5]], [[-1.5]]], [[[3.0]], [[3.0]], [[3.0]]]],
        ),
        shown(
            AVG_PADDING,
            AVG_PADDING_HINT,
            [[[[8, 4], [2, 6]]]],
            2,
            padding=1,
            gives=[[[[2.0, 1.0], [0.5, 1.5]]]],
        ),
        shown(
            REAL_CELLS,
            REAL_HINT,
            [[[[8, 4], [2, 6]]]],
            2,
            padding=1,
            count_include_pad=False,
            gives=[[[[8.0, 4.0], [2.0, 6.0]]]],
        ),
        shown(TOO_LARGE, TOO_LARGE_HINT, [[NEGATIVE]], 3, gives=ValueError),
    ),
    "global_avg_pool2d": (
        shown(
            later("the matrix done by hand"),
            later("The sum of the 16 numbers is 574; divided by 16 that is 35.875."),
            [[DOCUMENT_AVERAGE]],
            gives=[[[[35.875]]]],
            dtype=True,
        ),
        shown(
            later("an input that is not square"),
            later("2 rows and 5 columns are 10 cells."),
            [[TWO_BY_FIVE]],
            gives=[[[[4.5]]]],
        ),
        shown(
            CHANNELS,
            later("One average for each image and each channel; the result has the shape (N, C, 1, 1)."),
            TWO_IMAGES,
            gives=[[[[2.5]], [[6.5]], [[-1.5]]], [[[3.0]], [[3.0]], [[3.0]]]],
        ),
    ),
    "layer_shape": (
        shown(
            later("a convolution with 8 filters"), LAYER_HINT, ("conv", 8, 3), (1, 16, 16), gives=(8, 16, 16)
        ),
        shown(
            later("a convolution that moves by 2"),
            later("9 cells, padding 1 on both sides, a window of 3 that moves by 2: count with your finger."),
            ("conv", 5, 3, 2),
            (3, 9, 14),
            gives=(5, 5, 7),
        ),
        shown(later("a ReLU"), LAYER_HINT, ("relu",), (3, 9, 14), gives=(3, 9, 14)),
        shown(
            later("max pooling"),
            later("9 rows hold four windows of 2; the ninth row is left over."),
            ("max", 2),
            (3, 9, 14),
            gives=(3, 4, 7),
        ),
        shown(later("average pooling"), LAYER_HINT, ("avg", 4), (32, 8, 8), gives=(32, 2, 2)),
        shown(
            later("a dense layer"),
            later("10 outputs, one value each: (10, 1, 1)."),
            ("dense", 10),
            (16, 4, 4),
            gives=(10, 1, 1),
            dtype=True,
        ),
    ),
    "layer_parameters": (
        shown(
            later("a convolution on one channel"),
            later("8 filters with 1 · 3 · 3 weights and one bias each."),
            ("conv", 8, 3),
            (1, 16, 16),
            gives=80,
            dtype=True,
        ),
        shown(
            later("a convolution on eight channels"),
            later("A filter looks at all channels: 8 · 3 · 3 weights and one bias each."),
            ("conv", 16, 3),
            (8, 8, 8),
            gives=1168,
        ),
        shown(
            later("a dense layer"),
            later("10 outputs with 16 · 4 · 4 weights and one bias each."),
            ("dense", 10),
            (16, 4, 4),
            gives=2570,
        ),
        shown(NOTHING_TO_LEARN, NOTHING_HINT, ("max", 2), (8, 16, 16), gives=0),
        shown(NOTHING_TO_LEARN, NOTHING_HINT, ("relu",), (8, 16, 16), gives=0),
    ),
    "layer_multiply_adds": (
        shown(
            later("a convolution on one channel"),
            later("9 products for one filter at one place; 8 filters, 16 · 16 places."),
            ("conv", 8, 3),
            (1, 16, 16),
            gives=18432,
            dtype=True,
        ),
        shown(
            later("a convolution that moves by 2"),
            later("The filter stops at 8 · 8 places only: the cells of the map that comes out."),
            ("conv", 8, 3, 2),
            (1, 16, 16),
            gives=4608,
        ),
        shown(
            later("a convolution on eight channels"),
            later("8 · 3 · 3 products for one filter at one place; 16 filters, 8 · 8 places."),
            ("conv", 16, 3),
            (8, 8, 8),
            gives=73728,
        ),
        shown(
            later("a dense layer"),
            later("10 outputs, 16 · 4 · 4 products each. A bias is only added."),
            ("dense", 10),
            (16, 4, 4),
            gives=2560,
        ),
        shown(NOTHING_TO_LEARN, NOTHING_HINT, ("avg", 2), (8, 16, 16), gives=0),
    ),
    "conv_block": (
        shown(
            later("without pooling: 2 · x − 5, and nothing negative"),
            BLOCK_HINT,
            *DOUBLED,
            gives=[[[[0.0, 0.0], [1.0, 3.0]]]],
        ),
        shown(later("max pooling"), BLOCK_HINT, *DOUBLED, "max", gives=[[[[3.0]]]]),
        shown(
            later("average pooling"),
            later("After the ReLU there are 0, 0, 1 and 3: their average is 1."),
            *DOUBLED,
            "avg",
            gives=[[[[1.0]]]],
        ),
        shown(
            later("a filter of 3×3, and a window of 1"),
            BLOCK_HINT,
            *BLURRED,
            "max",
            1,
            gives=[[[[2.0, 2.0, 0.0], [2.0, 2.0, 0.0]]]],
        ),
    ),
    "max_pool2d_backward": (
        shown(
            later("the example done by hand, with its tie of 12s"),
            later("Of equal maxima only the first one gets the gradient, reading the window row by row."),
            [[[[1.0, 2], [3, 4]]]],
            [[DOCUMENT_MAX]],
            2,
            gives=[[[[0.0, 0, 0, 2], [0, 1, 0, 0], [3, 0, 0, 0], [0, 0, 4, 0]]]],
        ),
        shown(
            OVERLAP,
            ADDS_HINT,
            [[[[1.0, 2], [3, 4]]]],
            MIDDLE,
            2,
            1,
            gives=[[[[0.0, 0, 0], [0, 10, 0], [0, 0, 0]]]],
        ),
        shown(
            RECTANGLE,
            later("argmax counts through the window row by row: row = position // width of the window."),
            [[[[1.0, 2], [3, 4]]]],
            [[TWO_BY_FIVE]],
            (1, 2),
            gives=[[[[0.0, 1, 0, 2, 0], [3, 0, 4, 0, 0]]]],
        ),
        shown(
            CHANNELS,
            WINNER_HINT,
            [[[[1.0]], [[2.0]]]],
            TWO_CHANNELS,
            2,
            gives=[[[[0.0, 1], [0, 0]], [[0.0, 0], [0, 2]]]],
        ),
        shown(
            PADDING,
            later("Padding never wins, so it gets nothing; the result has the shape of x."),
            [[[[1.0, 2, 3], [4, 5, 6]]]],
            [[NEGATIVE]],
            2,
            padding=1,
            gives=[[[[1.0, 2, 0, 3], [4, 0, 5, 6]]]],
        ),
        shown(
            later("a gradient of decimals for an input of integers"),
            later("An array of integers cuts 0.5 off to 0. Which dtype does your result have?"),
            [[[[0.5]]]],
            [[[[1, 2], [4, 3]]]],
            2,
            gives=[[[[0.0, 0], [0.5, 0]]]],
        ),
    ),
    "avg_pool2d_backward": (
        shown(
            later("four windows side by side"),
            SHARE_HINT,
            [[[[4.0, 8], [12, 16]]]],
            [[DOCUMENT_AVERAGE]],
            2,
            gives=[[[[1.0, 1, 2, 2], [1, 1, 2, 2], [3, 3, 4, 4], [3, 3, 4, 4]]]],
        ),
        shown(
            OVERLAP,
            ADDS_HINT,
            [[[[4.0, 8], [12, 16]]]],
            MIDDLE,
            2,
            1,
            gives=[[[[1.0, 3, 2], [4, 10, 6], [3, 7, 4]]]],
        ),
        shown(
            RECTANGLE,
            RECTANGLE_HINT,
            [[[[2.0, 4], [6, 8]]]],
            [[TWO_BY_FIVE]],
            (1, 2),
            gives=[[[[1.0, 1, 2, 2, 0], [3, 3, 4, 4, 0]]]],
        ),
        shown(
            CHANNELS,
            SHARE_HINT,
            [[[[4.0]], [[8.0]]]],
            TWO_CHANNELS,
            2,
            gives=[[[[1.0, 1], [1, 1]], [[2.0, 2], [2, 2]]]],
        ),
        shown(
            later("padding 1: it takes its share"),
            later("The corner window has 1 real cell and 3 of padding: the cell gets a quarter."),
            [[[[4.0, 8], [12, 16]]]],
            [[[[8, 4], [2, 6]]]],
            2,
            padding=1,
            gives=[[[[1.0, 2], [3, 4]]]],
        ),
        shown(
            REAL_CELLS,
            later("With count_include_pad=False the corner window has 1 cell: it gets everything."),
            [[[[4.0, 8], [12, 16]]]],
            [[[[8, 4], [2, 6]]]],
            2,
            padding=1,
            count_include_pad=False,
            gives=[[[[4.0, 8], [12, 16]]]],
        ),
    ),
    "window_view": (
        shown(
            later("the four windows done by hand"),
            VIEW_HINT,
            [[DOCUMENT_MAX]],
            2,
            gives=[
                [
                    [
                        [[[29, 15], [0, 100]], [[28, 184], [70, 38]]],
                        [[[12, 12], [12, 12]], [[7, 2], [45, 6]]],
                    ]
                ]
            ],
        ),
        shown(
            OVERLAP,
            later("Window (0, 1) starts at column 1: they move by 1, and each is 2 wide."),
            [[[[1, 2, 3], [4, 5, 6]]]],
            2,
            1,
            gives=[[[[[[1, 2], [4, 5]], [[2, 3], [5, 6]]]]]],
        ),
        shown(
            RECTANGLE,
            RECTANGLE_HINT,
            [[TWO_BY_FIVE]],
            (1, 2),
            gives=[[[[[[1, 5]], [[2, 8]]], [[[4, 3]], [[7, 6]]]]]],
        ),
        shown(
            STEPS,
            STEPS_HINT,
            [[[[1, 2, 3], [4, 5, 6], [7, 8, 9]]]],
            1,
            stride=(2, 1),
            gives=[[[[[[1]], [[2]], [[3]]], [[[7]], [[8]], [[9]]]]]],
        ),
    ),
}
VISIBLE["fast_max_pool2d"] = VISIBLE["max_pool2d"]
