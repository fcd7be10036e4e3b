"""The tasks of the course: what each function is called, and what its arguments mean."""

from dataclasses import dataclass

import numpy as np

Pair = tuple[int, int]


@dataclass(frozen=True)
class Task:
    """One function that a student writes.

    Attributes
    ----------
    name : str
        The function's name.
    parameters : tuple of str
        The names of its arguments, in order.
    defaults : dict
        The arguments that may be left out, with the value they then have.
    gives : str
        What comes back: "int", "shape" (a tuple of int) or "array".
    pools : bool
        Whether each cell of the result comes from one window of `x`.
    """

    name: str
    parameters: tuple[str, ...]
    defaults: dict
    gives: str = "array"
    pools: bool = True

    def bind(self, args: tuple, kwargs: dict) -> dict:
        """Return every argument of a call by its name."""
        return {**self.defaults, **dict(zip(self.parameters, args, strict=False)), **kwargs}

    def geometry(self, args: tuple, kwargs: dict) -> tuple[Pair, Pair, Pair] | None:
        """Return the window, the stride and the padding of a call as pairs; None where there are none."""
        values = self.bind(args, kwargs)
        if self.gives != "array" or not self.pools:
            return None
        kernel = pair(values.get("kernel_size", np.shape(values["x"])[-2:]))
        stride = values.get("stride")
        return kernel, kernel if stride is None else pair(stride), pair(values.get("padding", 0))


def pair(value: int | Pair) -> Pair:
    """Return (value, value) for a number, and a pair as it is."""
    return (value, value) if np.ndim(value) == 0 else tuple(value)


WINDOW = ("kernel_size", "stride", "padding")
MOVED = {"stride": None, "padding": 0}
COUNTED = {**MOVED, "count_include_pad": True}
LAYER = ("layer", "shape")
BLOCK = {"kind": None, "window": 2}

TASKS = {
    task.name: task
    for task in (
        Task("output_size", ("size", *WINDOW), MOVED, gives="int"),
        Task("max_pool_matrix", ("x", "kernel_size"), {}),
        Task("max_pool2d", ("x", *WINDOW), MOVED),
        Task("avg_pool_matrix", ("x", "kernel_size"), {}),
        Task("avg_pool2d", ("x", *WINDOW, "count_include_pad"), COUNTED),
        Task("global_avg_pool2d", ("x",), {}),
        Task("layer_shape", LAYER, {}, gives="shape"),
        Task("layer_parameters", LAYER, {}, gives="int"),
        Task("layer_multiply_adds", LAYER, {}, gives="int"),
        Task("conv_block", ("x", "weights", "bias", *BLOCK), BLOCK, pools=False),
        Task("max_pool2d_backward", ("grad_output", "x", *WINDOW), MOVED, pools=False),
        Task("avg_pool2d_backward", ("grad_output", "x", *WINDOW, "count_include_pad"), COUNTED, pools=False),
        Task("window_view", ("x", "kernel_size", "stride"), {"stride": None}, pools=False),
        Task("fast_max_pool2d", ("x", *WINDOW), MOVED),
    )
}
