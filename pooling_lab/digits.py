"""The handwritten digits: real ones, small enough to train on in seconds (see data/README.md)."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from .tasks import array_of, int_of

DATA = Path(__file__).parent / "data" / "digits.npz"
SIDE = 8  # pixels of an image as it was collected
GREYS = 16  # the largest value of a pixel: how many of the 4×4 points below it were ink


class Digits(NamedTuple):
    """Images with their labels, in a part to train on and a part to test on.

    Attributes
    ----------
    train_images, test_images : ndarray of float32, (N, 1, side, side)
        Values from 0 (paper) to 1 (ink).
    train_labels, test_labels : ndarray of int, (N,)
        The digit that is written, 0 to 9.
    """

    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray


def load_digits(train: int = 800, side: int = 16) -> Digits:
    """Load 1797 digits written by 13 people, each in the middle of a square of paper.

    The images stand in the order they were collected in, so that the test part comes mostly from other
    hands than the training part.

    Parameters
    ----------
    train : int
        How many of the first images make the training part, 1 to 1796; the others make the test part.
    side : int
        Pixels of a side of the square, at least 8. The margin leaves room to shift a digit.

    Raises
    ------
    TypeError, ValueError
        Where `train` or `side` is no whole number, or outside these limits.

    Notes
    -----
    Source: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning
    Repository, 1998, https://doi.org/10.24432/C50P49, the test set; licence CC BY 4.0.
    """
    with np.load(DATA) as stored:
        images, labels = stored["images"], stored["labels"].astype(int)
    train, side = int_of("train", train, 1, len(images) - 1), int_of("side", side, SIDE)
    before = (side - SIDE) // 2
    paper = np.zeros((len(images), 1, side, side), np.float32)
    paper[:, 0, before : before + SIDE, before : before + SIDE] = images / np.float32(GREYS)
    return Digits(paper[:train], labels[:train], paper[train:], labels[train:])


def shift(images: np.ndarray, down: int, right: int) -> np.ndarray:
    """Move the content of the images, with paper (0) coming in at the edges.

    Parameters
    ----------
    images : ndarray, (H, W), (C, H, W) or (N, C, H, W)
    down, right : int
        Pixels; negative values move up and left.

    Returns
    -------
    ndarray
        New images, of the same shape.

    Raises
    ------
    TypeError, ValueError
        Where `images` has another number of axes, or a step is no whole number.
    """
    images = array_of("images", images, 2, 3, 4)
    moved = np.zeros_like(images)
    height, width = images.shape[-2:]
    rows, columns = _overlap(height, int_of("down", down)), _overlap(width, int_of("right", right))
    moved[..., rows[1], columns[1]] = images[..., rows[0], columns[0]]
    return moved


def shift_around(images: np.ndarray, pixels: int) -> np.ndarray:
    """Move each image by `pixels`: the first to the right, the next down, left, up, and so on in turn.

    Parameters
    ----------
    images : ndarray, (N, H, W) or (N, C, H, W)
    pixels : int

    Returns
    -------
    ndarray
        New images, of the same shape.

    Raises
    ------
    TypeError, ValueError
        Where `images` has another number of axes, or `pixels` is no whole number.
    """
    images, pixels = array_of("images", images, 3, 4), int_of("pixels", pixels)
    moved = np.empty_like(images)
    for turn, (down, right) in enumerate([(0, 1), (1, 0), (0, -1), (-1, 0)]):
        moved[turn::4] = shift(images[turn::4], down * pixels, right * pixels)
    return moved


def _overlap(size: int, step: int) -> tuple[slice, slice]:
    """Return where the part that stays in sight comes from, and where it goes."""
    if step < 0:
        goes, comes = _overlap(size, -step)
        return comes, goes
    return slice(0, max(size - step, 0)), slice(step, size)
