"""A small convolutional network in NumPy, meant to be read: its layers, its training, its accuracy.

A network is a list of tuples, one per layer:

    [("conv", 8, 3), ("relu",), ("max", 2), ("conv", 16, 3), ("relu",), ("max", 2), ("dense", 10)]

- `("conv", filters, size)`: square filters, stride 1, padding that keeps height and width;
  `("conv", filters, size, stride)` moves by `stride`;
- `("relu",)`: negative values become 0;
- `("max", window)`, `("avg", window)`: pooling, with a stride equal to the window;
- `("dense", outputs)`: flattens what comes in, and joins every value with every output.

Images are (N, C, H, W). Every layer has `forward(x)`. From the gradient of the loss by the layer's output,
`learn(grad)` finds the gradients of its weights, and `backward(grad)` that of its input.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from .tasks import int_of

Shape = tuple[int, ...]
Layer = tuple[Any, ...]
Pool = Callable[[np.ndarray, int], np.ndarray]

# How many numbers stand behind the kind of a layer; behind a kind of pooling there is one, its window.
NUMBERS: dict[str, tuple[int, ...]] = {"conv": (2, 3), "relu": (0,), "dense": (1,)}


def _patches(x: np.ndarray, size: int, stride: int = 1) -> np.ndarray:
    """Return what the filter sees at each of its places, as columns: (C·size·size, N·H·W)."""
    edge = (size - 1) // 2
    padded = np.pad(x, [(0, 0), (0, 0), (edge, size - 1 - edge), (edge, size - 1 - edge)])
    seen = sliding_window_view(padded, (size, size), axis=(2, 3))[:, :, ::stride, ::stride]
    return seen.transpose(1, 4, 5, 0, 2, 3).reshape(x.shape[1] * size * size, -1)


def convolve(x: np.ndarray, weights: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Slide each filter over each image, with stride 1 and a padding that keeps height and width.

    Parameters
    ----------
    x : ndarray, (N, C, H, W)
    weights : ndarray, (filters, C, size, size)
    bias : ndarray, (filters,)

    Returns
    -------
    ndarray, (N, filters, H, W)
    """
    return _apply(weights, _patches(x, weights.shape[-1]), x.shape[1:]) + bias[:, None, None]


class Conv:
    """A convolution: filters of `size` × `size` × all channels, with one bias each."""

    def __init__(self, shape: Shape, random: np.random.Generator, filters: int, size: int, stride: int = 1):
        channels, height, width = shape
        scale = np.sqrt(2 / (channels * size * size))  # He et al. 2015: keeps the spread of the values
        self.weights: np.ndarray = random.normal(0, scale, (filters, channels, size, size)).astype(np.float32)
        self.bias: np.ndarray = np.zeros(filters, np.float32)
        self.parameters: list[np.ndarray] = [self.weights, self.bias]
        self.stride: int = stride
        self.shape: Shape = (filters, -(-height // stride), -(-width // stride))

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Return one map per filter."""
        self.x_shape: Shape = x.shape
        self.patches: np.ndarray = _patches(x, self.weights.shape[-1], self.stride)
        return _apply(self.weights, self.patches, self.shape) + self.bias[:, None, None]

    def learn(self, grad: np.ndarray) -> None:
        """Keep the gradients of the weights."""
        by_filter = grad.transpose(1, 0, 2, 3).reshape(len(self.weights), -1)
        by_weight = by_filter @ self.patches.T
        self.gradients: list[np.ndarray] = [by_weight.reshape(self.weights.shape), by_filter.sum(1)]

    def backward(self, grad: np.ndarray) -> np.ndarray:
        """Convolve backwards: the gradient, with the filters turned by 180 degrees."""
        spread = np.zeros((*grad.shape[:2], *self.x_shape[2:]), np.float32)
        spread[:, :, :: self.stride, :: self.stride] = grad
        turned = self.weights.transpose(1, 0, 2, 3)[:, :, ::-1, ::-1]
        return _apply(turned, _patches(spread, turned.shape[-1]), self.x_shape[1:])


def _apply(filters: np.ndarray, patches: np.ndarray, shape: Shape) -> np.ndarray:
    """Return each filter's answer at each of its places: (N, filters, H, W)."""
    answers = filters.reshape(len(filters), -1) @ patches
    return np.ascontiguousarray(answers.reshape(len(filters), -1, *shape[1:]).transpose(1, 0, 2, 3))


class Unlearned:
    """A layer without weights: there is nothing to learn."""

    parameters: Sequence[np.ndarray] = ()
    gradients: Sequence[np.ndarray] = ()

    def learn(self, grad: np.ndarray) -> None:
        """Learn nothing."""


class Relu(Unlearned):
    """Negative values become 0."""

    def __init__(self, shape: Shape):
        self.shape: Shape = shape

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Cut off what is below 0."""
        self.kept: np.ndarray = x > 0
        return x * self.kept

    def backward(self, grad: np.ndarray) -> np.ndarray:
        """Let the gradient through where the value went through."""
        return grad * self.kept


class Pooling(Unlearned):
    """Pooling without overlap, by the function it is given."""

    def __init__(self, shape: Shape, pool: Pool, kind: str, window: int):
        channels, height, width = shape
        self.pool: Pool = pool
        self.kind: str = kind
        self.window: int = window
        self.shape: Shape = (channels, height // window, width // window)

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Pool the images with the given function."""
        self.x: np.ndarray = x
        return self.pool(x, self.window)

    def backward(self, grad: np.ndarray) -> np.ndarray:
        """Give the gradient to each window's maximum, or to all its cells in equal parts."""
        n, c, h, w = grad.shape
        k = self.window
        back = np.zeros_like(self.x)
        inside = np.s_[:, :, : h * k, : w * k]
        shares = np.zeros((n, c, h, w, k * k), np.float32)
        if self.kind == "max":
            cells = self.x[inside].reshape(n, c, h, k, w, k).transpose(0, 1, 2, 4, 3, 5)
            first = cells.reshape(n, c, h, w, k * k).argmax(-1)[..., None]
            np.put_along_axis(shares, first, grad[..., None], -1)
        else:
            shares[:] = grad[..., None] / (k * k)
        back[inside] = (
            shares.reshape(n, c, h, w, k, k).transpose(0, 1, 2, 4, 3, 5).reshape(n, c, h * k, w * k)
        )
        return back


class Dense:
    """Every value joined with every output."""

    def __init__(self, shape: Shape, random: np.random.Generator, outputs: int):
        inputs = int(np.prod(shape))
        self.weights: np.ndarray = random.normal(0, np.sqrt(1 / inputs), (inputs, outputs)).astype(np.float32)
        self.bias: np.ndarray = np.zeros(outputs, np.float32)
        self.parameters: list[np.ndarray] = [self.weights, self.bias]
        self.shape: Shape = (outputs,)

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Return one value per output."""
        self.x: np.ndarray = x
        return x.reshape(len(x), -1) @ self.weights + self.bias

    def learn(self, grad: np.ndarray) -> None:
        """Keep the gradients of the weights."""
        self.gradients: list[np.ndarray] = [self.x.reshape(len(self.x), -1).T @ grad, grad.sum(0)]

    def backward(self, grad: np.ndarray) -> np.ndarray:
        """Return to each value what its outputs send."""
        return (grad @ self.weights.T).reshape(self.x.shape)


def read_layer(layer: Layer, pools: Iterable[str] = ("max", "avg")) -> tuple[str, tuple[int, ...]]:
    """Take a layer apart: its kind, and its numbers.

    Parameters
    ----------
    layer : tuple
        A layer, as this module's first lines describe it.
    pools : iterable of str
        The kinds of pooling that there are.

    Returns
    -------
    (str, tuple of int)

    Raises
    ------
    TypeError
        Where it is no tuple, or holds anything but whole numbers behind its kind.
    ValueError
        Where it is of no known kind, or its numbers are too few, too many or less than 1.
    """
    if not isinstance(layer, tuple | list) or not layer:
        raise TypeError(f"a layer must be a tuple, such as ('max', 2), not {layer!r}")
    kind, *numbers = layer
    counts = {**NUMBERS, **dict.fromkeys(pools, (1,))}
    if not isinstance(kind, str) or kind not in counts:
        raise ValueError(f"layer {layer!r}: there is no layer {kind!r}; there are {', '.join(counts)}")
    if len(numbers) not in counts[kind]:
        many = " or ".join(map(str, counts[kind]))
        raise ValueError(f"layer {layer!r}: behind {kind!r} there must be {many} numbers, not {len(numbers)}")
    return kind, tuple(int_of(f"layer {layer!r}: each number", number, 1) for number in numbers)


def build(layers: Sequence[Layer], shape: Shape, pools: Mapping[str, Pool], seed: int = 0) -> list[Any]:
    """Build the network that a list describes, with random weights.

    Parameters
    ----------
    layers : sequence of tuple
        The network, as this module's first lines describe it.
    shape : (channels, height, width)
        One image.
    pools : mapping
        The functions that pool, under "max" and "avg": `pool(x, window)`, (N, C, H, W) in and out.
    seed : int
        Of the random weights.

    Raises
    ------
    TypeError, ValueError
        Where there is no such layer (see `read_layer`), a pooling function is missing, or a layer does not
        fit what comes into it.
    """
    random = np.random.default_rng(seed)
    network = []
    for described in layers:
        kind, numbers = read_layer(described, pools)
        if len(shape) != 3 and kind in ("conv", *pools):
            raise ValueError(f"layer {described!r} takes (channels, height, width), but gets {shape}")
        if kind == "conv":
            layer = Conv(shape, random, *numbers)
        elif kind == "relu":
            layer = Relu(shape)
        elif kind == "dense":
            layer = Dense(shape, random, *numbers)
        else:
            layer = Pooling(shape, pools[kind], kind, *numbers)
        if 0 in layer.shape:
            raise ValueError(f"layer {described!r}: the window is larger than what comes in, {shape}")
        network.append(layer)
        shape = layer.shape
    return network


def forward(network: Sequence[Any], x: np.ndarray) -> np.ndarray:
    """Return the network's value for each class: (N, classes)."""
    for layer in network:
        x = layer.forward(x)
    return x


def accuracy(network: Sequence[Any], images: np.ndarray, labels: np.ndarray) -> float:
    """Return the share of the images, 0 to 1, whose highest value is at the right class."""
    return float((forward(network, images).argmax(1) == labels).mean())


def train(
    network: Sequence[Any],
    images: np.ndarray,
    labels: np.ndarray,
    epochs: int = 12,
    batch: int = 50,
    rate: float = 0.01,
    seed: int = 0,
) -> list[float]:
    """Train the network with Adam on the cross-entropy, in place.

    Parameters
    ----------
    network : sequence of layers
        What `build` returns.
    images : ndarray, (N, C, H, W)
    labels : ndarray of int, (N,)
    epochs : int
        How often every image is seen.
    batch : int
        Images per step.
    rate : float
        The size of a step.
    seed : int
        Of the order in which the images come.

    Returns
    -------
    list of float
        The mean loss of each epoch.

    Raises
    ------
    TypeError, ValueError
        Where `epochs` or `batch` is no whole number or too small, or `labels` are not as many as `images`.

    Notes
    -----
    Adam: D. P. Kingma and J. Ba, 2015, https://arxiv.org/abs/1412.6980, with its usual settings.
    """
    epochs, batch = int_of("epochs", epochs, 0), int_of("batch", batch, 1)
    if len(labels) != len(images):
        raise ValueError(f"labels must be as many as images, {len(images)}, not {len(labels)}")
    random = np.random.default_rng(seed)
    moments = [[(np.zeros_like(p), np.zeros_like(p)) for p in layer.parameters] for layer in network]
    history, step = [], 0
    for _ in range(epochs):
        losses = []
        for chosen in np.split(random.permutation(len(images)), range(batch, len(images), batch)):
            losses.append(_backpropagate(network, images[chosen], labels[chosen]))
            step += 1
            for layer, kept in zip(network, moments, strict=True):
                for parameter, grad, (mean, square) in zip(
                    layer.parameters, layer.gradients, kept, strict=True
                ):
                    mean += 0.1 * (grad - mean)
                    square += 0.001 * (grad**2 - square)
                    size = np.sqrt(square / (1 - 0.999**step)) + 1e-8
                    parameter -= rate * mean / (1 - 0.9**step) / size
        history.append(float(np.mean(losses)))
    return history


def _backpropagate(network: Sequence[Any], images: np.ndarray, labels: np.ndarray) -> float:
    """Leave every layer with the gradients of its weights; return the loss."""
    scores = forward(network, images)
    exponents = np.exp(scores - scores.max(1, keepdims=True))
    chances = exponents / exponents.sum(1, keepdims=True)
    right = np.arange(len(labels)), labels
    loss = -np.log(chances[right] + 1e-12).mean()
    grad = chances
    grad[right] -= 1
    grad /= len(labels)
    for layer in reversed(network):
        layer.learn(grad)
        if layer is not network[0]:  # the images themselves do not learn
            grad = layer.backward(grad)
    return float(loss)
