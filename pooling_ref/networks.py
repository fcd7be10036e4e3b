"""The arithmetic of a network's layers, and one block of it, in its slowest and plainest form.

A layer is a tuple, as `pooling_lab.cnn` describes it: ("conv", filters, side) or ("conv", filters, side,
stride), ("relu",), ("max", window), ("avg", window), ("dense", outputs).
"""

import numpy as np

from pooling_lab.cnn import read_layer
from pooling_ref import pooling

Shape = tuple[int, int, int]


def layer_shape(layer: tuple, shape: Shape) -> Shape:
    """Say what shape comes out of a layer.

    Parameters
    ----------
    layer : tuple
    shape : (channels, height, width)
        What comes in.

    Returns
    -------
    (channels, height, width)

    Raises
    ------
    TypeError, ValueError
        If there is no such layer (see `pooling_lab.cnn.read_layer`), or its window is larger than what comes
        in.
    """
    kind, numbers = read_layer(layer)
    channels, height, width = shape
    if kind == "conv":
        filters, side, stride = (*numbers, 1)[:3]
        rows, columns = (pooling.output_size(n, side, stride, side // 2) for n in (height, width))
        return filters, rows, columns
    if kind in ("max", "avg"):
        rows, columns = (pooling.output_size(n, *numbers) for n in (height, width))
        return channels, rows, columns
    return (numbers[0], 1, 1) if kind == "dense" else shape


def layer_parameters(layer: tuple, shape: Shape) -> int:
    """Count the numbers that a layer learns, biases included.

    Parameters
    ----------
    layer : tuple
    shape : (channels, height, width)
        What comes in.

    Returns
    -------
    int

    Raises
    ------
    TypeError, ValueError
        If there is no such layer (see `pooling_lab.cnn.read_layer`).
    """
    kind, numbers = read_layer(layer)
    seen = {"conv": lambda: shape[0] * numbers[1] ** 2, "dense": lambda: int(np.prod(shape))}
    return numbers[0] * (seen[kind]() + 1) if kind in seen else 0


def layer_multiply_adds(layer: tuple, shape: Shape) -> int:
    """Count the products of a weight and a value that a layer adds up for one image.

    Parameters
    ----------
    layer : tuple
    shape : (channels, height, width)
        What comes in.

    Returns
    -------
    int

    Raises
    ------
    TypeError, ValueError
        As in `layer_shape`.
    """
    kind, numbers = read_layer(layer)
    if kind not in ("conv", "dense"):
        return 0
    _, rows, columns = layer_shape(layer, shape)
    return (layer_parameters(layer, shape) - numbers[0]) * rows * columns


def conv_block(
    x: np.ndarray, weights: np.ndarray, bias: np.ndarray, kind: str | None = None, window: int = 2
) -> np.ndarray:
    """Convolve, cut off what is negative, and pool.

    Parameters
    ----------
    x : ndarray, (N, C, H, W)
    weights : ndarray, (filters, C, side, side)
        The side is odd; the padding keeps height and width.
    bias : ndarray, (filters,)
    kind : {"max", "avg"} or None
        Which pooling; None for none.
    window : int
        Of the pooling.

    Returns
    -------
    ndarray, (N, filters, H', W')

    Raises
    ------
    ValueError
        If there is no such kind of pooling, or as `pooling.max_pool2d`.
    """
    pools = {"max": pooling.max_pool2d, "avg": pooling.avg_pool2d}
    if kind not in (None, *pools):
        raise ValueError(f"kind={kind!r} must be None or one of {', '.join(pools)}")
    edge = weights.shape[-1] // 2
    padded = np.pad(x, [(0, 0), (0, 0), (edge, edge), (edge, edge)])
    seen = np.lib.stride_tricks.sliding_window_view(padded, weights.shape[-2:], axis=(2, 3))
    maps = np.einsum("nchwij,fcij->nfhw", seen, weights) + bias[:, None, None]
    maps = np.maximum(maps, 0)
    return maps if kind is None else pools[kind](maps, window)


def window_view(
    x: np.ndarray, kernel_size: int | tuple[int, int], stride: int | tuple[int, int] | None = None
) -> np.ndarray:
    """Show all windows of the images at once.

    Parameters
    ----------
    x : ndarray, (N, C, H, W)
    kernel_size, stride : int or (int, int)
        As in `pooling.max_pool2d`.

    Returns
    -------
    ndarray, (N, C, H', W', kernel height, kernel width)
    """
    kernel = np.broadcast_to(kernel_size, 2)
    down, right = np.broadcast_to(kernel_size if stride is None else stride, 2)
    return np.lib.stride_tricks.sliding_window_view(x, tuple(kernel), axis=(2, 3))[:, :, ::down, ::right]
