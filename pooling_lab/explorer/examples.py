"""What the explorer can show: the document's matrices, other examples, the student's own array."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..language import _, later
from ..photos import photo

LARGEST = 64  # rows and columns: more cells than this nobody can tell apart
MOST_CELLS = 16_384  # of all channels together


@dataclass(frozen=True)
class Example:
    """One entry of the list of examples.

    Attributes
    ----------
    name : str
        What `explore(example=...)` calls it.
    title : str
        What the list calls it, to be translated.
    array : ndarray
        The cells, shape (H, W) or (C, H, W).
    setting : dict
        `explore`'s arguments that go with it.
    note : str
        A sentence under the picture, to be translated.
    palette : {"blue", "grey"}
    """

    name: str
    title: str
    array: Any
    setting: dict[str, Any] = field(default_factory=dict)
    note: str = ""
    palette: str = "blue"


def small_photo() -> np.ndarray:
    """Return the photo at a sixth of its size, red, green and blue: (3, 40, 48)."""
    colours = photo("cat")[0].reshape(3, 40, 6, 48, 6)
    return np.rint(colours.mean(axis=(2, 4))).astype(np.uint8)


def examples() -> list[Example]:
    """Return the examples that every explorer offers."""
    return [
        Example(
            "max",
            later("The max pooling example done by hand"),
            [[29, 15, 28, 184], [0, 100, 70, 38], [12, 12, 7, 2], [12, 12, 45, 6]],
            {"mode": "max"},
        ),
        Example(
            "average",
            later("The average pooling example done by hand"),
            [[31, 15, 28, 184], [0, 100, 70, 38], [12, 12, 7, 2], [12, 12, 45, 6]],
            {"mode": "average"},
            later("The printed exercise has 36 for the first window; the exact average is 36.5."),
        ),
        Example(
            "negative",
            later("Negative numbers"),
            [[-3, -8, -1, -6, 4], [-7, -2, -9, -4, -5], [6, -1, -5, -2, -8], [-4, -6, -3, -9, -7]],
            {"mode": "max", "kernel_size": (2, 3), "stride": 1},
            later("Among negative numbers the largest is the one nearest to zero."),
        ),
        Example(
            "zero-padding",
            later("Where zero padding goes wrong"),
            [[-9, -4, -7, -3], [-6, -8, -2, -5], [-1, -7, -9, -6], [-5, -3, -8, -4]],
            {"mode": "max", "padding": 1},
            later("Every number is negative. Watch the windows that reach into the padding."),
        ),
        Example(
            "photo",
            later("A photo"),
            small_photo(),
            {"mode": "max", "kernel_size": 4},
            later("A photo in red, green and blue, one matrix for each: choose the channel."),
            "grey",
        ),
    ]


def own_array(x: Any) -> np.ndarray:
    """Return the student's array, checked.

    Raises
    ------
    ValueError
        Where it has not two, three or four axes, has an empty one, or does not hold real numbers.
    """
    array = np.asarray(x)
    if array.dtype.kind not in "biuf":
        raise ValueError(f"x must hold real numbers; its dtype is {array.dtype}")
    if array.ndim not in (2, 3, 4):
        raise ValueError(
            f"x must have the shape (H, W), (C, H, W) or (N, C, H, W); its shape is {array.shape}"
        )
    if 0 in array.shape:
        raise ValueError(f"x must not be empty; its shape is {array.shape}")
    return array


@dataclass(frozen=True)
class Shown:
    """An example as the picture gets it.

    Attributes
    ----------
    array : ndarray
        The cells that are shown, with the axes of the original.
    sentence : str
        What was left out; empty where all is shown.
    """

    array: np.ndarray
    sentence: str

    @property
    def channels(self) -> np.ndarray:
        """All matrices, one after the other: (channels, H, W)."""
        return self.array.reshape(-1, *self.array.shape[-2:])


def crop(array: np.ndarray) -> Shown:
    """Leave out what no picture can hold, and say so."""
    height, width = array.shape[-2:]
    part = array[..., :LARGEST, :LARGEST]
    sentence = ""
    if part.shape != array.shape:
        size = {"height": height, "width": width, "rows": part.shape[-2], "columns": part.shape[-1]}
        sentence = _("The array is {height} × {width}; its first {rows} × {columns} cells are shown.", **size)
    most = max(1, MOST_CELLS // (part.shape[-2] * part.shape[-1]))
    count = int(np.prod(part.shape[:-2], dtype=int))
    if count > most:
        part = part.reshape(1, count, *part.shape[-2:])[:, :most]
        more = _("It has {count} channels; the first {most} are shown.", count=count, most=most)
        sentence = f"{sentence} {more}".strip()
    return Shown(np.ascontiguousarray(part), sentence)


def plain_rows(matrix: np.ndarray) -> list[list[int | float | str]]:
    """Return a matrix as JSON can carry it: NaN and the infinities as words."""
    if matrix.dtype.kind == "b":
        return matrix.astype(int).tolist()
    if matrix.dtype.kind != "f" or np.isfinite(matrix).all():
        return matrix.tolist()
    return [[value if np.isfinite(value) else _word(value) for value in row] for row in matrix.tolist()]


def _word(value: float) -> str:
    if np.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"
