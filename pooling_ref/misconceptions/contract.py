"""What a function owes its caller: its argument left alone, and an array of the right shape."""

import numpy as np

from pooling_ref.language import later
from pooling_ref.misconceptions.steps import BOTH2D, GLOBAL, POOLS
from pooling_ref.misconceptions.table import Step, misconception, version

misconception(
    "writes-to-input",
    later("Your function changed an argument: the caller's array holds other numbers now. Copy it."),
)


@version(*POOLS, *GLOBAL)
class _(Step):
    def __call__(self, x, *args, **kwargs):
        out = super().__call__(x, *args, **kwargs)
        x[...] = 1 - x if x.dtype.kind != "b" else ~x
        return out


@version("max_pool2d")
class _(Step):  # out is a view of x, and np.maximum(out, part, out=out) writes to it
    def pad(self, x, g):
        return super().pad(x, g) if any(g.padding) else x

    def fill(self, g):
        ends = [(n - 1) * s + 1 for n, s in zip(g.out.shape[-2:], g.stride, strict=True)]
        parts = [
            g.padded[..., a : a + ends[0] : g.stride[0], b : b + ends[1] : g.stride[1]]
            for a, b in np.ndindex(*g.kernel)
        ]
        g.out = parts[0]
        for part in parts[1:]:
            np.maximum(g.out, part, out=g.out)


misconception("no-return", later("None came back: the `return` at the end of the function is missing."))


@version(*POOLS, *GLOBAL)
class _(Step):
    def finish(self, out):
        return None


@version("output_size")
def _(size, kernel_size, stride=None, padding=0):
    return None


misconception(
    "returns-list", later("A list came back; an array was expected: np.array(...) makes one of it.")
)


@version(*POOLS, *GLOBAL)
class _(Step):
    def finish(self, out):
        return out.tolist()


@version(*POOLS, *GLOBAL)
class _(Step):
    def finish(self, out):
        return list(out)


@version("output_size")
def _(size, kernel_size, stride=None, padding=0):
    return [(size + 2 * padding - kernel_size) // (kernel_size if stride is None else stride) + 1]


misconception(
    "axes-squeezed",
    later("Axes of length 1 were dropped. The result has as many axes as x: (N, C, H_out, W_out)."),
)


@version(*POOLS, *GLOBAL)
class _(Step):
    def finish(self, out):
        return out.squeeze()


@version(*GLOBAL)
class _(Step):
    def finish(self, out):
        return out[..., 0, 0]


@version(*BOTH2D)
class _(Step):
    def finish(self, out):
        return out[0]


@version(*BOTH2D)
class _(Step):
    def finish(self, out):
        return out[0, 0]
