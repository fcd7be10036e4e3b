"""Where the windows along an axis lie: how many there are, which cells each has, and which are padding.

The meaning of every argument is PyTorch's and ONNX's:
https://docs.pytorch.org/docs/stable/nn.functional.html#pooling-functions and
https://onnx.ai/onnx/operators/onnx__MaxPool.html.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

AUTO_PADS = ("NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER")


@dataclass(frozen=True)
class Windows:
    """The windows along one axis, counted in cells.

    Parameters
    ----------
    size : int
        Cells of the input.
    kernel : int
        Cells of a window.
    stride : int
        From the start of a window to the start of the next.
    dilation : int
        From one cell of a window to its next.
    before, after : int
        Padding at the two ends.
    count : int
        How many windows there are: the size of the output.
    """

    size: int
    kernel: int
    stride: int
    dilation: int
    before: int
    after: int
    count: int

    def tap(self, k: int) -> slice:
        """Give cell `k` of all windows, as a slice of the padded axis."""
        start = k * self.dilation
        return slice(start, start + (self.count - 1) * self.stride + 1, self.stride)

    @cached_property
    def inside(self) -> slice:
        """The real cells, as a slice of the padded axis."""
        return slice(self.before, self.before + self.size)

    @cached_property
    def padded(self) -> int:
        """The size with the padding, and with what a last window of ceil mode has beyond it."""
        return max(self.inside.stop + self.after, self.tap(self.kernel - 1).stop)

    def cells(self, count_padding: bool) -> np.ndarray:
        """Count the cells of each window: the real ones, and with `count_padding` the padding too.

        What a last window of ceil mode has beyond the padding is never counted.
        """
        counted = np.zeros(self.padded, int)
        counted[self.inside] = 1
        if count_padding:
            counted[: self.inside.stop + self.after] = 1
        taps = np.zeros((self.kernel - 1) * self.dilation + 1, int)
        taps[:: self.dilation] = 1
        return np.convolve(counted, taps, "valid")[:: self.stride][: self.count]


def lay_windows(
    size: int,
    kernel: int,
    stride: int,
    dilation: int = 1,
    pads: tuple[int, int] = (0, 0),
    ceil_mode: bool = False,
    auto_pad: str = "NOTSET",
) -> Windows:
    """Lay windows along one axis.

    Parameters
    ----------
    size, kernel, stride, dilation : int
        As in `Windows`.
    pads : (int, int)
        Padding before the first and after the last cell; only read when `auto_pad` is ``"NOTSET"``.
    ceil_mode : bool
        Keep a last window that is incomplete, unless it would start in the padding after the last cell.
        Only read when `auto_pad` is ``"NOTSET"``.
    auto_pad : {"NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"}
        ONNX's names: the given pads, none, or as many as make the output ``ceil(size / stride)`` long, with
        the odd one after the last cell (``UPPER``) or before the first (``LOWER``).

    Raises
    ------
    TypeError
        If a number is no integer.
    ValueError
        If `auto_pad` is none of these; if `size`, `kernel`, `stride` or `dilation` is less than 1, or one of
        the two `pads` less than 0; or if no window fits.
    """
    if auto_pad not in AUTO_PADS:
        raise ValueError(f"auto_pad={auto_pad!r} must be one of {', '.join(AUTO_PADS)}")
    _check(1, size=size, kernel=kernel, stride=stride, dilation=dilation)
    span = (kernel - 1) * dilation + 1
    if auto_pad != "NOTSET":
        ceil_mode, pads = False, (0, 0)
    if auto_pad.startswith("SAME"):
        missing = max(0, (-(-size // stride) - 1) * stride + span - size)
        pads = (missing // 2, -(-missing // 2))
    if not isinstance(pads, tuple | list) or len(pads) != 2:
        raise ValueError(f"pads={pads!r} must be a pair (before, after)")
    _check(0, **{"pads[0]": pads[0], "pads[1]": pads[1]})
    before, after = reversed(pads) if auto_pad == "SAME_LOWER" else pads
    room = before + size + after - span
    count = (-(-room // stride) if ceil_mode else room // stride) + 1
    if ceil_mode and (count - 1) * stride >= before + size:
        count -= 1
    if count < 1:
        padded = before + size + after
        raise ValueError(f"kernel={kernel!r} is too large for size={size!r}: {span} > {padded} padded cells")
    return Windows(size, kernel, stride, dilation, before, after, count)


def _check(least: int, **integers: object) -> None:
    for name, value in integers.items():
        if isinstance(value, bool) or not isinstance(value, int | np.integer):
            raise TypeError(f"{name}={value!r} must be an integer")
        if value < least:
            raise ValueError(f"{name}={value!r} must be at least {least}")
