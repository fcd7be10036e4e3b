"""A network's arithmetic, its block of convolution and pooling, and the view of windows."""

from math import ceil, prod
from typing import Any

import numpy as np

from pooling_lab.tasks import pair
from pooling_ref import networks, pooling
from pooling_ref.language import later
from pooling_ref.misconceptions.table import MISCONCEPTIONS, misconception, version

SHAPE, PARAMETERS, WORK = "layer_shape", "layer_parameters", "layer_multiply_adds"
BLOCK, VIEW = "conv_block", "window_view"
COUNTS = (PARAMETERS, WORK)
RIGHT = {name: getattr(networks, name) for name in (SHAPE, PARAMETERS, WORK)}


def _instead(task: str, kinds: tuple[str, ...], count) -> None:
    """Register a version that is right, but for layers of these kinds."""

    def wrong(layer, shape):
        return count(layer, shape) if layer[0] in kinds else RIGHT[task](layer, shape)

    version(task)(wrong)


def _stride(layer: tuple) -> int:
    return layer[3] if layer[0] == "conv" and len(layer) == 4 else 1


CONV, POOLS, DENSE = ("conv",), ("max", "avg"), ("dense",)

# --- the shape ----------------------------------------------------------------------------------------------

misconception(
    "channels-kept",
    later("The channels that come out of a convolution are its filters, whatever comes in."),
)
_instead(SHAPE, CONV, lambda layer, shape: (shape[0], *networks.layer_shape(layer, shape)[1:]))

misconception(
    "convolution-without-padding",
    later("These convolutions have a padding of (k − 1) / 2: with stride 1 height and width stay."),
)
_instead(
    SHAPE,
    CONV,
    lambda layer, shape: (layer[1], *((n - layer[2]) // _stride(layer) + 1 for n in shape[1:])),
)

misconception("convolution-stride-ignored", later("A convolution may bring a stride, as its fourth value."))
_instead(SHAPE, CONV, lambda layer, shape: (layer[1], *shape[1:]))
_instead(
    WORK, CONV, lambda layer, shape: networks.layer_multiply_adds(layer[:3], shape)
)  # the cells that come in

misconception(
    "stride-rounds-down",
    later("A filter also stops at the last cell: 9 cells with stride 2 give 5 places, not 9 // 2."),
)
_instead(SHAPE, CONV, lambda layer, shape: (layer[1], *(n // _stride(layer) for n in shape[1:])))
_instead(
    WORK,
    CONV,
    lambda layer, shape: prod((layer[1], shape[0], layer[2] ** 2, *(n // _stride(layer) for n in shape[1:]))),
)

misconception(
    "pooled-channels",
    later("Pooling keeps the channels: it makes height and width smaller, nothing else."),
)
_instead(SHAPE, POOLS, lambda layer, shape: tuple(n // layer[1] for n in shape))

misconception(
    "pooling-by-two",
    later("Pooling divides by its window, which is the layer's second value; a 2 is written in."),
)
_instead(SHAPE, POOLS, lambda layer, shape: (shape[0], shape[1] // 2, shape[2] // 2))

misconception(
    "pooling-rounds-up",
    later("Only whole windows give a cell: 9 rows hold four windows of 2, the ninth row is dropped."),
)
_instead(SHAPE, POOLS, lambda layer, shape: (shape[0], *(ceil(n / layer[1]) for n in shape[1:])))

misconception(
    "pooling-moves-by-one",
    later("The stride of these poolings is their window: the windows do not overlap."),
)
_instead(SHAPE, POOLS, lambda layer, shape: (shape[0], *(n - layer[1] + 1 for n in shape[1:])))

misconception(
    "only-max-pooling",
    later("Average pooling makes the maps smaller too: think of both names, max and avg."),
)
_instead(SHAPE, ("avg",), lambda layer, shape: shape)

misconception(
    "dense-keeps-the-map",
    later("A dense layer gives one value per output: (outputs, 1, 1). Height and width are gone."),
)
_instead(SHAPE, DENSE, lambda layer, shape: (layer[1], *shape[1:]))

misconception(
    "dense-without-axes",
    later("A shape has three numbers here, after a dense layer too: (outputs, 1, 1)."),
)
_instead(SHAPE, DENSE, lambda layer, shape: (layer[1],))
_instead(SHAPE, DENSE, lambda layer, shape: layer[1])

misconception(
    "width-as-height",
    later("The width is taken from the height, or the other way round: shape is (channels, height, width)."),
)


@version(SHAPE)
def _(layer, shape):
    return networks.layer_shape(layer, (shape[0], shape[1], shape[1]))


@version(SHAPE)
def _(layer, shape):
    return networks.layer_shape(layer, (shape[0], shape[2], shape[2]))


@version(SHAPE)
def _(layer, shape):
    channels, height, width = networks.layer_shape(layer, shape)
    return channels, width, height


for _task, _seen in ((PARAMETERS, DENSE), (WORK, ("conv", "dense"))):
    for _axis in (1, 2):
        _instead(
            _task,
            _seen,
            lambda layer, shape, task=_task, axis=_axis: RIGHT[task](
                layer, (shape[0], shape[axis], shape[axis])
            ),
        )

misconception(
    "shape-of-floats",
    later("/ gives floats: a shape holds integers. Divide with //."),
)


@version(SHAPE)
def _(layer, shape):
    return tuple(float(n) for n in networks.layer_shape(layer, shape))


@version(SHAPE)
def _(layer, shape):
    if layer[0] in POOLS:
        return shape[0], shape[1] / layer[1], shape[2] / layer[1]
    return networks.layer_shape(layer, shape)


# --- the parameters -----------------------------------------------------------------------------------------

misconception(
    "bias-forgotten", later("Each filter and each output has a bias besides its weights: one more.")
)
_instead(
    PARAMETERS, ("conv", "dense"), lambda layer, shape: networks.layer_parameters(layer, shape) - layer[1]
)
_instead(PARAMETERS, CONV, lambda layer, shape: networks.layer_parameters(layer, shape) - layer[1])
_instead(PARAMETERS, DENSE, lambda layer, shape: networks.layer_parameters(layer, shape) - layer[1])

misconception(
    "one-bias-for-all", later("Each filter and each output has a bias of its own, not one for all.")
)
_instead(
    PARAMETERS, ("conv", "dense"), lambda layer, shape: networks.layer_parameters(layer, shape) - layer[1] + 1
)
_instead(PARAMETERS, CONV, lambda layer, shape: networks.layer_parameters(layer, shape) - layer[1] + 1)

misconception(
    "input-channels-forgotten",
    later("A filter looks at all channels that come in: its weights are channels · side · side."),
)
_instead(PARAMETERS, CONV, lambda layer, shape: layer[1] * (layer[2] ** 2 + 1))
_instead(WORK, CONV, lambda layer, shape: networks.layer_multiply_adds(layer, shape) // shape[0])

misconception(
    "filters-forgotten",
    later("That is one filter only: multiply by the number of filters."),
)
_instead(PARAMETERS, CONV, lambda layer, shape: shape[0] * layer[2] ** 2 + 1)
_instead(WORK, CONV, lambda layer, shape: networks.layer_multiply_adds(layer, shape) // layer[1])

misconception(
    "side-not-squared",
    later("A filter is square: it has side · side cells per channel."),
)
_instead(PARAMETERS, CONV, lambda layer, shape: layer[1] * (shape[0] * layer[2] + 1))
_instead(WORK, CONV, lambda layer, shape: networks.layer_multiply_adds(layer, shape) // layer[2])

misconception(
    "weights-at-every-place",
    later("A filter has the same weights at all its places: height and width do not count here."),
)
_instead(
    PARAMETERS,
    CONV,
    lambda layer, shape: (
        networks.layer_parameters(layer, shape) * prod(networks.layer_shape(layer, shape)[1:])
    ),
)
_instead(
    PARAMETERS,
    CONV,
    lambda layer, shape: networks.layer_parameters(layer, shape) * shape[1] * shape[2],
)
_instead(PARAMETERS, CONV, lambda layer, shape: networks.layer_multiply_adds(layer, shape) + layer[1])

misconception(
    "dense-sees-channels-only",
    later("A dense layer sees every value that comes in: channels · height · width of them."),
)
_instead(PARAMETERS, DENSE, lambda layer, shape: layer[1] * (shape[0] + 1))
_instead(WORK, DENSE, lambda layer, shape: layer[1] * shape[0])

misconception(
    "dense-without-channels",
    later("A dense layer sees the maps of all channels: multiply by their number."),
)
_instead(PARAMETERS, DENSE, lambda layer, shape: layer[1] * (shape[1] * shape[2] + 1))
_instead(WORK, DENSE, lambda layer, shape: layer[1] * shape[1] * shape[2])

misconception(
    "pooling-counted",
    later("Pooling has no weights: it compares or averages, but learns nothing and multiplies nothing."),
)
for _task in COUNTS:
    _instead(_task, POOLS, lambda layer, shape: layer[1] ** 2)
    _instead(_task, POOLS, lambda layer, shape: shape[0] * layer[1] ** 2)
    _instead(_task, POOLS, lambda layer, shape: prod(networks.layer_shape(layer, shape)) * layer[1] ** 2)

misconception("relu-counted", later("A ReLU has no weights: it learns nothing and multiplies nothing."))
for _task in COUNTS:
    _instead(_task, ("relu",), lambda layer, shape: prod(shape))

# --- the work -----------------------------------------------------------------------------------------------

misconception(
    "places-forgotten",
    later("That is the work at one place: multiply by the places, the cells of the map that comes out."),
)
_instead(WORK, CONV, lambda layer, shape: layer[1] * shape[0] * layer[2] ** 2)
_instead(WORK, CONV, lambda layer, shape: networks.layer_parameters(layer, shape))

misconception("bias-multiplied", later("A bias is only added: it is not a multiply-add."))
_instead(
    WORK,
    ("conv", "dense"),
    lambda layer, shape: (
        networks.layer_parameters(layer, shape) * prod(networks.layer_shape(layer, shape)[1:])
    ),
)
_instead(WORK, DENSE, lambda layer, shape: networks.layer_parameters(layer, shape))

misconception(
    "counted-twice",
    later("One weight times one value, added on, is one multiply-add: do not count the addition again."),
)


@version(WORK)
def _(layer, shape):
    return 2 * networks.layer_multiply_adds(layer, shape)


# --- the block ----------------------------------------------------------------------------------------------


def _block(*, relu=lambda maps: np.maximum(maps, 0), after=lambda maps: maps, kind=None, window=None):
    """Register a version of the block with other steps."""

    @version(BLOCK)
    def wrong(x, weights, bias, asked_kind=None, asked_window=2, **named):
        asked_kind = named.get("kind", asked_kind)
        asked_window = named.get("window", asked_window)
        maps = relu(_convolved(x, weights, bias))
        pools = {"max": pooling.max_pool2d, "avg": pooling.avg_pool2d}
        chosen = kind(asked_kind) if kind else asked_kind
        size = window(asked_window) if window else asked_window
        return after(pools[chosen](maps, size) if chosen else maps)


def _convolved(x, weights, bias):
    """Return the maps before the ReLU: what is positive minus what is positive of the opposite."""
    positive = networks.conv_block(x, weights, bias)
    return positive - networks.conv_block(x, -weights, -bias)


misconception(
    "relu-forgotten", later("The ReLU is missing: what is negative after the convolution becomes 0.")
)
_block(relu=lambda maps: maps)

misconception(
    "relu-after-pooling",
    later("The ReLU comes before the pooling: the ReLU of an average is not the average of a ReLU."),
)
_block(relu=lambda maps: maps, after=lambda maps: np.maximum(maps, 0))

misconception("relu-by-size", later("A ReLU makes negative values 0; np.abs turns their sign round."))
_block(relu=np.abs)

misconception("relu-cuts-at-one", later("A ReLU has no upper limit: it only cuts off what is below 0."))
_block(relu=lambda maps: np.clip(maps, 0, 1))

misconception(
    "kind-ignored", later("The argument kind is ignored: it says which pooling, and None says none.")
)
_block(kind=lambda kind: "max")
_block(kind=lambda kind: "avg")
_block(kind=lambda kind: kind and "max")
_block(kind=lambda kind: kind and "avg")
_block(kind=lambda kind: None)

misconception("kinds-swapped", later("max and avg are swapped."))
_block(kind=lambda kind: {"max": "avg", "avg": "max"}.get(kind))

misconception(
    "none-not-expected", later("kind may be None: then there is no pooling, and no name to look up.")
)


@version(BLOCK)
def _(x, weights, bias, kind=None, window=2):
    if kind is None:
        raise KeyError(kind)
    return networks.conv_block(x, weights, bias, kind, window)


misconception(
    "window-ignored", later("A window of 2 is written in; the argument window says how large it is.")
)
_block(window=lambda window: 2)

misconception("bias-left-out", later("The biases are left out: hand them to `convolve`."))


@version(BLOCK)
def _(x, weights, bias, kind=None, window=2):
    return networks.conv_block(x, weights, 0 * bias, kind, window)


misconception("pools-before-convolving", later("The pooling comes last: convolution, ReLU, pooling."))


@version(BLOCK)
def _(x, weights, bias, kind=None, window=2):
    pools = {"max": pooling.max_pool2d, "avg": pooling.avg_pool2d}
    return networks.conv_block(pools[kind](x, window) if kind else x, weights, bias)


@version(BLOCK)
def _(x, weights, bias, kind=None, window=2):
    pools = {"max": pooling.max_pool2d, "avg": pooling.avg_pool2d}
    x = np.maximum(x, 0)
    return networks.conv_block(pools[kind](x, window) if kind else x, weights, bias)


# --- the view of windows ------------------------------------------------------------------------------------

misconception(
    "view-axes-in-another-order",
    later("The axes stand in another order: images, channels, windows down, windows right, rows, columns."),
)
for _order in ((0, 1, 4, 5, 2, 3), (0, 1, 2, 4, 3, 5), (0, 1, 3, 2, 4, 5), (0, 1, 2, 3, 5, 4)):

    @version(VIEW)
    def _(x, kernel_size, stride=None, order=_order):
        return networks.window_view(x, kernel_size, stride).transpose(order)


misconception(
    "view-moves-by-one",
    later("Every cell has a window here: keep one out of so many, as the stride says."),
)


@version(VIEW)
def _(x, kernel_size, stride=None):
    return networks.window_view(x, kernel_size, 1)


misconception(
    "view-of-maxima",
    later("window_view shows the windows with all their cells: the maximum comes afterwards."),
)


@version(VIEW)
def _(x, kernel_size, stride=None):
    return networks.window_view(x, kernel_size, stride).max((4, 5))


misconception(
    "view-windows-flattened",
    later("The cells of a window stand in two axes, rows and columns, not one after the other in one."),
)


@version(VIEW)
def _(x, kernel_size, stride=None):
    view = networks.window_view(x, kernel_size, stride)
    return view.reshape(*view.shape[:4], -1)


# --- what every task shares ---------------------------------------------------------------------------------


def _add(key: str, task: str, *wrong) -> None:
    MISCONCEPTIONS[key].versions.setdefault(task, []).extend(wrong)


def _view(key: str, view) -> None:
    """Add a view whose window and stride are read in a wrong way to a mistake that the table has already."""
    _add(key, VIEW, lambda x, kernel_size, stride=None: view(x, kernel_size, stride))


def _turned(value: Any) -> Any:
    return None if value is None else tuple(pair(value))[::-1]


def _given(kernel_size, stride):
    return kernel_size if stride is None else stride


def _split(x, kernel, cut):
    down, right = (n // k for n, k in zip(x.shape[2:], kernel, strict=True))
    x = x[:, :, : down * kernel[0], : right * kernel[1]] if cut else x
    return x.reshape(*x.shape[:2], down, right, *kernel)


_view("default-stride-one", lambda x, k, s: networks.window_view(x, k, 1 if s is None else s))
_view("stride-ignored", lambda x, k, s: networks.window_view(x, k))
_view("stride-swapped", lambda x, k, s: networks.window_view(x, k, _turned(s)))
_view("window-swapped", lambda x, k, s: networks.window_view(x, _turned(k), _given(k, s)))
_view("window-swapped", lambda x, k, s: networks.window_view(x, _turned(k), s))
_view("row-stride-for-columns", lambda x, k, s: networks.window_view(x, k, pair(_given(k, s))[0]))
_view("reshape-mixes-windows", lambda x, k, s: _split(x, pair(k), cut=True))
_view("reshape-mixes-windows", lambda x, k, s: _split(x, pair(k), cut=False))
_view("strides-assumed", lambda x, k, s: networks.window_view(x.ravel("K").reshape(x.shape), k, s))

for _task in (SHAPE, PARAMETERS, WORK, BLOCK, VIEW):
    _add("no-return", _task, lambda *args, **kwargs: None)


def _listing(function):
    return lambda *args, **kwargs: function(*args, **kwargs).tolist()


def _writing(function, value):
    def wrong(x, *args, **kwargs):
        out = np.array(function(x, *args, **kwargs))
        x[...] = value
        return out

    return wrong


for _task in (BLOCK, VIEW):
    _add("returns-list", _task, _listing(getattr(networks, _task)))
    _add("writes-to-input", _task, _writing(getattr(networks, _task), 0))

for _entry in MISCONCEPTIONS.values():
    if "max_pool2d" in _entry.versions:
        _entry.versions["fast_max_pool2d"] = _entry.versions["max_pool2d"]
