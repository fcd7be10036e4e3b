"""One setting of the explorer: what the arguments mean, and what a single window then sees.

The picture computes in the browser. What is here serves the still figure and the first difference; it goes
window by window and never makes an output of its own.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..tasks import Pair, bool_of, pair_of
from .examples import LARGEST

MODES = ("max", "average")


@dataclass(frozen=True)
class Setting:
    """How the window is moved, and what is taken from it.

    Attributes
    ----------
    window, stride, padding : tuple of int
        (height, width), in cells.
    mode : {"max", "average"}
    count_include_pad : bool
        Whether an average counts the cells of the padding.
    """

    window: Pair
    stride: Pair
    padding: Pair
    mode: str = "max"
    count_include_pad: bool = True

    def windows(self, shape: Pair) -> Pair:
        """Return how many windows fit into a matrix of this shape, (0, 0) where the setting is impossible."""
        n_rows, n_cols = (
            (size + 2 * padding - window) // stride + 1
            for size, window, stride, padding in zip(
                shape, self.window, self.stride, self.padding, strict=True
            )
        )
        roomy = all(2 * padding <= window for window, padding in zip(self.window, self.padding, strict=True))
        return (n_rows, n_cols) if roomy and min(n_rows, n_cols) > 0 else (0, 0)

    def places(self, shape: Pair) -> Iterator[Pair]:
        """Yield (row, column) of every window, in reading order."""
        n_rows, n_cols = self.windows(shape)
        return ((row, column) for row in range(n_rows) for column in range(n_cols))

    def corner(self, place: Pair) -> Pair:
        """Return the first row and column of the window at a place; negative inside the padding."""
        row, column = (p * s - pad for p, s, pad in zip(place, self.stride, self.padding, strict=True))
        return row, column

    def seen(self, rows: list[list[float]], place: Pair) -> list[float | None]:
        """Return the cells of the window at a place, None for padding."""
        top, left = self.corner(place)
        return [
            rows[r][c] if 0 <= r < len(rows) and 0 <= c < len(rows[0]) else None
            for r in range(top, top + self.window[0])
            for c in range(left, left + self.window[1])
        ]

    def formula(self, cells: list[float | None]) -> tuple[str, float]:
        """Return the formula of one window with its numbers, and its result."""
        if self.mode == "max":
            real = [cell for cell in cells if cell is not None]
            result = next((cell for cell in real if math.isnan(cell)), None)
            result = max(real) if result is None else result
            text = ", ".join("-∞" if cell is None else show(cell) for cell in cells)
            return f"max({text}) = {show(result)}", result
        counted = [
            0 if cell is None else cell for cell in cells if cell is not None or self.count_include_pad
        ]
        result = sum(counted) / len(counted)
        text = " + ".join(show(cell) for cell in counted).replace("+ -", "- ")
        sign = "=" if not math.isfinite(result) or math.isclose(float(show(result)), result) else "≈"
        return f"({text}) / {len(counted)} {sign} {show(result)}", result


def show(value: float) -> str:
    """Return a number as the picture writes it: at most four digits after the point."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    if abs(value) >= 1e7 or 0 < abs(value) < 1e-4:
        return f"{value:.1e}"
    return f"{value:.4f}".rstrip("0").rstrip(".")


def setting_of(kernel_size: Any, stride: Any, padding: Any, mode: Any, count_include_pad: Any) -> Setting:
    """Return the setting that `explore`'s arguments ask for; its errors name the argument and the value."""
    if mode not in MODES:
        raise ValueError(f"mode must be one of {', '.join(map(repr, MODES))}, not {mode!r}")
    window = pair_of("kernel_size", kernel_size, 1, LARGEST)
    moved = window if stride is None else pair_of("stride", stride, 1)
    around = pair_of("padding", padding, 0, LARGEST // 2)
    return Setting(window, moved, around, mode, bool_of("count_include_pad", count_include_pad))
