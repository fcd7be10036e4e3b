"""Max pooling cell by cell, as the notebook `fast-pooling` gives it: what a slow version costs here."""

import numpy as np


def naive_max_pool2d(x: np.ndarray, kernel_size: int, stride: int, padding: int) -> np.ndarray:
    """Take the maximum of each window with one loop per axis, for square windows.

    Parameters
    ----------
    x : ndarray, (N, C, H, W)
    kernel_size, stride, padding : int

    Returns
    -------
    ndarray, (N, C, H_out, W_out)
    """
    images, channels, height, width = x.shape
    rows = (height + 2 * padding - kernel_size) // stride + 1
    columns = (width + 2 * padding - kernel_size) // stride + 1
    out = np.empty((images, channels, rows, columns), dtype=x.dtype)
    for n in range(images):
        for c in range(channels):
            for i in range(rows):
                for j in range(columns):
                    best = None
                    for r in range(i * stride - padding, i * stride - padding + kernel_size):
                        for q in range(j * stride - padding, j * stride - padding + kernel_size):
                            if 0 <= r < height and 0 <= q < width:
                                value = x[n, c, r, q]
                                if best is None or value > best or value != value:
                                    best = value
                    out[n, c, i, j] = best
    return out
