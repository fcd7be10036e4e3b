"""The groups of hidden cases for the arithmetic of a network's layers, and for its block."""

import numpy as np
from numpy.typing import DTypeLike

from pooling_lab.trial import Case
from pooling_ref.cases import LEFT_ALONE, Draw, Group
from pooling_ref.language import later

SHAPE = (3, 9, 14)
CHECKED = ("dtype",)  # the numbers are integers


def _shape(d: Draw, channels: int = 9, least: int = 7) -> tuple[int, int, int]:
    """Draw a shape in which every number differs."""
    height, width = (int(n) for n in d.rng.choice(range(max(least, 10), 40), 2, replace=False))
    return d.integer(1, channels), height, width


def _conv(d: Draw, *stride: int) -> tuple:
    return ("conv", d.integer(2, 40), 2 * d.integer(0, 3) + 1, *stride)


def _group(key: str, weight: int, title: str, hint: str, draw, side: bool = False) -> Group:
    """Return a group whose results have to be integers."""
    return Group(
        key, weight, title, hint, lambda d: [d.call(*each, counts=CHECKED) for each in draw(d)], side
    )


def _nothing(weight: int) -> Group:
    """Return the group in which layers have nothing to count, beside one that has."""
    return _group(
        "nothing-to-learn",
        weight,
        later("pooling and ReLU"),
        later("Pooling and ReLU have no weights: they learn nothing and multiply nothing."),
        lambda d: [
            (("relu",), SHAPE),
            (("max", 2), SHAPE),
            (("avg", 3), SHAPE),
            (("max", d.integer(2, 5)), _shape(d)),
            (("relu",), _shape(d)),
            (("conv", 1, 1), (1, 4, 5)),
        ],
    )


NAMED = Group(
    "named",
    2,
    later("arguments given by name"),
    later("Keep the names of the arguments: layer, shape."),
    lambda d: [d.call(shape=SHAPE, layer=("conv", 5, 3), counts=CHECKED)],
    side=True,
)

LAYER_SHAPE = (
    _group(
        "convolution",
        10,
        later("a convolution keeps height and width"),
        later("The padding keeps height and width; the number of filters becomes the number of channels."),
        lambda d: [
            (("conv", 8, 3), (1, 16, 16)),
            (("conv", 5, 3), SHAPE),
            (("conv", 4, 5), SHAPE),
            (_conv(d), _shape(d)),
            (_conv(d), _shape(d)),
        ],
    ),
    _group(
        "convolution-stride",
        9,
        later("a convolution with a stride"),
        later("floor((n + 2p − k) / s) + 1 with p = (k − 1) / 2: an odd size rounds up, 9 gives 5."),
        lambda d: [
            (("conv", 8, 3, 2), (1, 16, 16)),
            (("conv", 5, 3, 2), SHAPE),
            (("conv", 6, 5, 3), (2, 10, 16)),
            (("conv", 7, 1, 2), (2, 7, 12)),
            (("conv", 7, 3, 1), SHAPE),
            (("conv", 5, 3, 3), (3, 10, 14)),
            (_conv(d, d.integer(2, 4)), _shape(d)),
            (_conv(d, d.integer(2, 4)), _shape(d)),
        ],
    ),
    _group(
        "relu",
        6,
        later("ReLU changes no shape"),
        later("What comes out of a ReLU has the shape of what came in."),
        lambda d: [(("relu",), SHAPE), (("relu",), _shape(d))],
    ),
    _group(
        "max",
        8,
        later("max pooling"),
        later("The channels stay; on each axis only whole windows count: 9 // 2 is 4."),
        lambda d: [
            (("max", 2), (8, 16, 16)),
            (("max", 2), SHAPE),
            (("max", 3), (5, 11, 7)),
            (("max", 1), SHAPE),
            (("max", d.integer(2, 5)), _shape(d)),
        ],
    ),
    _group(
        "average",
        6,
        later("average pooling"),
        later("It gives the same shapes as max pooling."),
        lambda d: [(("avg", 8), (32, 8, 8)), (("avg", 4), SHAPE), (("avg", d.integer(2, 5)), _shape(d))],
    ),
    _group(
        "dense",
        7,
        later("a dense layer"),
        later("It gives one value per output: (outputs, 1, 1)."),
        lambda d: [
            (("dense", 10), (16, 4, 4)),
            (("dense", 7), SHAPE),
            (("dense", d.integer(2, 50)), _shape(d)),
            (("dense", 3), (1, 1, 1)),
        ],
    ),
    NAMED,
)

LAYER_PARAMETERS = (
    _group(
        "convolution",
        10,
        later("the parameters of a convolution"),
        later("Each filter has channels · side · side weights and one bias."),
        lambda d: [
            (("conv", 8, 3), (1, 16, 16)),
            (("conv", 16, 3), (8, 16, 16)),
            (("conv", 5, 1), SHAPE),
            (("conv", 4, 5), SHAPE),
            (_conv(d), _shape(d)),
        ],
    ),
    _group(
        "height-and-width",
        6,
        later("a convolution on a larger map has as many parameters"),
        later("The same filters walk over the map, whatever its size."),
        lambda d: [(("conv", 6, 3), (4, n, m)) for n, m in ((4, 4), (8, 8), (9, 31))],
    ),
    _group(
        "convolution-stride",
        4,
        later("a stride changes no parameters"),
        later("A filter that moves faster has as many weights."),
        lambda d: [(("conv", 6, 3, 2), SHAPE), (_conv(d, d.integer(2, 4)), _shape(d))],
    ),
    _group(
        "dense",
        10,
        later("the parameters of a dense layer"),
        later("Each output has channels · height · width weights and one bias."),
        lambda d: [
            (("dense", 10), (16, 4, 4)),
            (("dense", 7), SHAPE),
            (("dense", 3), (1, 1, 1)),
            (("dense", d.integer(2, 50)), _shape(d)),
        ],
    ),
    _nothing(9),
    NAMED,
)

LAYER_MULTIPLY_ADDS = (
    _group(
        "convolution",
        10,
        later("the work of a convolution"),
        later("channels · side · side products for one filter at one place; then all filters, all places."),
        lambda d: [
            (("conv", 8, 3), (1, 16, 16)),
            (("conv", 16, 3), (8, 8, 8)),
            (("conv", 5, 1), SHAPE),
            (("conv", 4, 5), SHAPE),
            (_conv(d), _shape(d)),
        ],
    ),
    _group(
        "convolution-stride",
        8,
        later("the work of a convolution with a stride"),
        later("A filter stops once for each cell of the map that comes out, not of the one that comes in."),
        lambda d: [
            (("conv", 8, 3, 2), (1, 16, 16)),
            (("conv", 5, 3, 2), SHAPE),
            (("conv", 7, 3, 1), SHAPE),
            (("conv", 5, 3, 3), (3, 10, 14)),
            (_conv(d, d.integer(2, 4)), _shape(d)),
        ],
    ),
    _group(
        "dense",
        9,
        later("the work of a dense layer"),
        later("Each output multiplies every value that comes in by a weight. A bias is only added."),
        lambda d: [
            (("dense", 10), (16, 4, 4)),
            (("dense", 7), SHAPE),
            (("dense", 3), (1, 1, 1)),
            (("dense", d.integer(2, 50)), _shape(d)),
        ],
    ),
    _nothing(9),
    NAMED,
)


def _block(
    d: Draw,
    shape,
    filters: int,
    side: int,
    *rest,
    counts=(),
    dtype: DTypeLike = np.float64,
    layout="plain",
    **more,
):
    """Return the case of images, filters and biases drawn for it; about half of the maps is negative."""
    x = d.floats(*shape, low=-2, high=2, dtype=dtype)
    weights = d.floats(filters, shape[1], side, side, low=-2, high=2, dtype=dtype)
    bias = d.floats(filters, low=-1, high=1, dtype=dtype)
    return d.call(x, weights, bias, *rest, counts=counts, layout=layout, **more)


def _block_again(d: Draw) -> list[Case]:
    first = _block(d, (1, 2, 4, 6), 3, 3, "max")
    other_images = d.call(d.floats(1, 2, 4, 6, low=-2, high=2), *first.args[1:])
    other_filters = _block(d, (1, 2, 4, 6), 3, 3, "max")
    return [first, other_images, other_filters, first]


CONV_BLOCK = (
    Group(
        "without-pooling",
        8,
        later("without pooling: convolution and ReLU"),
        later("With kind=None the maps come out as they are after the ReLU: nothing is negative."),
        lambda d: [
            _block(d, (1, 1, 5, 6), 2, 3),
            _block(d, (2, 3, 4, 5), 2, 3, None),
            _block(d, (1, 2, 4, 4), 1, 1, kind=None),
        ],
    ),
    Group(
        "max",
        8,
        later("max pooling after the ReLU"),
        later("First convolve, then the ReLU, then pool."),
        lambda d: [_block(d, (1, 1, 6, 8), 2, 3, "max"), _block(d, (2, 2, 4, 6), 3, 3, kind="max")],
    ),
    Group(
        "average",
        9,
        later("average pooling after the ReLU"),
        later("The average of what is left after the ReLU is not the ReLU of the average."),
        lambda d: [_block(d, (1, 1, 6, 8), 2, 3, "avg"), _block(d, (2, 2, 4, 6), 3, 3, kind="avg")],
    ),
    Group(
        "window",
        7,
        later("windows of other sizes"),
        later("Is a 2 written in the code where window should stand?"),
        lambda d: [
            _block(d, (1, 1, 6, 9), 2, 3, "max", 3),
            _block(d, (1, 2, 8, 8), 2, 3, "avg", window=4),
            _block(d, (1, 1, 4, 5), 2, 3, "avg", 1),
        ],
    ),
    Group(
        "incomplete-windows",
        4,
        later("edges that do not fit are dropped"),
        later("Only complete windows give a cell: your pooling does that already."),
        lambda d: [_block(d, (1, 1, 5, 7), 2, 3, "max"), _block(d, (2, 1, 8, 7), 2, 3, "avg", 3)],
    ),
    Group(
        "filters",
        5,
        later("filters of other sizes, several channels and images"),
        later("`convolve` takes any number of filters, channels and images: hand it the arguments whole."),
        lambda d: [
            _block(d, (3, 2, 6, 4), 5, 5, "max"),
            _block(d, (2, 4, 4, 6), 1, 1, "avg"),
            _block(d, (d.integer(1, 3), d.integer(1, 3), 6, 8), d.integer(1, 4), 3, "avg"),
        ],
    ),
    Group(
        "named",
        2,
        later("arguments given by name"),
        later("Keep the names of the arguments: x, weights, bias, kind, window."),
        lambda d: [_block(d, (1, 1, 6, 6), 2, 3, window=3, kind="max")],
        side=True,
    ),
    Group(
        "float32",
        2,
        later("inputs of float32"),
        later("Try your function on the case shown here."),
        lambda d: [_block(d, (1, 2, 4, 6), 2, 3, kind, dtype=np.float32) for kind in ("max", "avg", None)],
        side=True,
    ),
    Group(
        LEFT_ALONE,
        4,
        later("x and the filters are left as they were"),
        later("Your function writes into an argument. Work on a new array; the caller still needs it."),
        lambda d: [
            _block(d, (1, 2, 4, 6), 2, 3, kind, counts=("input",), layout=layout)
            for kind, layout in (("max", "plain"), ("avg", "plain"), (None, "read-only"))
        ],
        side=True,
    ),
    Group(
        "called-again",
        2,
        later("called again with other numbers"),
        later("Nothing may be kept from one call to the next: begin every call with fresh variables."),
        _block_again,
        side=True,
    ),
)

GROUPS: dict[str, tuple[Group, ...]] = {
    "layer_shape": LAYER_SHAPE,
    "layer_parameters": LAYER_PARAMETERS,
    "layer_multiply_adds": LAYER_MULTIPLY_ADDS,
    "conv_block": CONV_BLOCK,
}
