"""What is taken for granted: a 2×2 window, a default stride, a layout of memory, a single channel."""

from math import prod

import numpy as np

from pooling_ref.language import later
from pooling_ref.misconceptions.steps import BOTH2D, GLOBAL, POOLS, AvgPool
from pooling_ref.misconceptions.table import Step, misconception, version

misconception(
    "two-by-two-written-in",
    later("A window of 2×2 is written in, the argument kernel_size is ignored."),
)


@version(*POOLS)
class _(Step):  # and the stride too, where none is given
    def settings(self, x, kernel_size, *arguments):
        return super().settings(x, 2, *arguments)


@version(*POOLS)
class _(Step):  # the number of windows is right
    def settings(self, x, kernel_size, *arguments):
        g = super().settings(x, kernel_size, *arguments)
        g.asked = g.kernel
        g.kernel = (2, 2)
        return g

    def count(self, g):
        sizes = zip(g.size, g.asked, g.stride, g.padding, strict=True)
        return tuple(self.count_one(*each) for each in sizes)


@version(*POOLS)
class _(Step):
    def settings(self, x, kernel_size, *arguments):
        g = super().settings(x, kernel_size, *arguments)
        g.kernel = (2, 2)
        return g


@version(*BOTH2D)
class _(Step):  # the stride as well
    def settings(self, x, kernel_size, stride, *arguments):
        return super().settings(x, 2, 2, *arguments)


@version(*POOLS)
class _(Step):  # all other arguments are ignored, and nothing is refused
    def settings(self, x, kernel_size, stride, padding, include):
        return super().settings(x, 2, 2, 0, include)

    def refuse(self, g):
        pass


misconception(
    "default-stride-one",
    later("The window moves by 1. Where no stride is given, it moves by its own size: stride = kernel_size."),
)


@version(*BOTH2D)
class _(Step):
    def settings(self, x, kernel_size, stride, *arguments):
        return super().settings(x, kernel_size, 1 if stride is None else stride, *arguments)


@version("max_pool_matrix", "avg_pool_matrix")
class _(Step):
    def settings(self, x, kernel_size, stride, *arguments):
        return super().settings(x, kernel_size, 1, *arguments)


@version("output_size")
def _(size, kernel_size, stride=None, padding=0):
    return (size + 2 * padding - kernel_size) // (stride or 1) + 1


misconception(
    "default-stride-two",
    later("The window moves by 2. Where no stride is given, it moves by its own size: stride = kernel_size."),
)


@version(*BOTH2D)
class _(Step):
    def settings(self, x, kernel_size, stride, *arguments):
        return super().settings(x, kernel_size, 2 if stride is None else stride, *arguments)


@version("max_pool_matrix", "avg_pool_matrix")
class _(Step):
    def settings(self, x, kernel_size, stride, *arguments):
        return super().settings(x, kernel_size, 2, *arguments)


@version("output_size")
def _(size, kernel_size, stride=None, padding=0):
    return (size + 2 * padding - kernel_size) // (2 if stride is None else stride) + 1


misconception(
    "reshape-mixes-windows",
    later("The reshape mixes cells of other windows: split the rows and the columns first, (h, k, w, k)."),
)


@version(*POOLS)
class _(Step):  # cropped before
    def fill(self, g):
        (h, w), (a, b) = g.out.shape[-2:], g.kernel
        cut = g.padded[..., : h * a, : w * b]
        try:
            blocks = cut.reshape(*cut.shape[:-2], h, w, a, b)
        except ValueError:
            blocks = None
        if blocks is None:
            raise ValueError("cannot reshape")
        g.out = self.value(blocks, g.real[:a, :b], g)


@version(*POOLS)
class _(Step):
    def fill(self, g):
        (h, w), (a, b) = g.out.shape[-2:], g.kernel
        blocks = g.padded.reshape(*g.padded.shape[:-2], h, w, a, b)
        g.out = self.value(blocks, g.real[:a, :b], g)


misconception(
    "reshape-without-cropping",
    later("5 rows do not split into twos: cut the rows and columns that do not fit off before the reshape."),
)


@version(*POOLS)
class _(Step):
    def fill(self, g):
        uneven = any(n % k for n, k in zip(g.padded.shape[-2:], g.kernel, strict=True))
        if g.stride == g.kernel and uneven:
            raise ValueError("cannot reshape")
        super().fill(g)


@version(*BOTH2D)
class _(Step):
    def settings(self, x, kernel_size, stride, *arguments):
        return super().settings(x, kernel_size, None, *arguments)

    def fill(self, g):
        if any(n % k for n, k in zip(g.padded.shape[-2:], g.kernel, strict=True)):
            raise ValueError("cannot reshape")
        super().fill(g)


misconception(
    "stride-ignored",
    later("The stride is ignored: this works without overlap and gaps only, where stride = window."),
)


@version(*BOTH2D)
class _(Step):
    def settings(self, x, kernel_size, stride, *arguments):
        return super().settings(x, kernel_size, None, *arguments)


@version(*BOTH2D)
class _(Step):
    def settings(self, x, kernel_size, stride, padding, include):
        return super().settings(x, kernel_size, None, 0, include)


@version("output_size")
def _(size, kernel_size, stride=None, padding=0):
    return (size + 2 * padding - kernel_size) // kernel_size + 1


misconception(
    "return-inside-loop",
    later("Only the first window is filled: the `return` stands inside the loop. Move it to the left."),
)


@version(*POOLS)
class _(Step):  # in the inner loop
    def walk(self, shape):
        return list(np.ndindex(*shape))[:1]


@version(*POOLS)
class _(Step):  # in the outer loop
    def walk(self, shape):
        return np.ndindex(min(shape[0], 1), shape[1])


@version("max_pool2d", "avg_pool2d", "max_pool_matrix", "avg_pool_matrix")
class _(Step):  # in the innermost of four loops
    def finish(self, out):
        first = np.zeros_like(out)
        first.reshape(-1)[:1] = out.reshape(-1)[:1]
        return first


@version("max_pool2d", "avg_pool2d")
class _(Step):  # after the first row of the first channel
    def finish(self, out):
        first = np.zeros_like(out)
        first[0, 0, 0] = out[0, 0, 0]
        return first


@version("max_pool2d", "avg_pool2d")
class _(Step):  # after the first channel
    def finish(self, out):
        first = np.zeros_like(out)
        first[0, 0] = out[0, 0]
        return first


@version("max_pool2d", "avg_pool2d")
class _(Step):  # after the first image
    def finish(self, out):
        first = np.zeros_like(out)
        first[0] = out[0]
        return first


@version(*POOLS)
class _(Step):  # the value itself
    def finish(self, out):
        return out.reshape(-1)[0]


misconception(
    "too-large-window-accepted",
    later(
        "A window larger than the padded input gives no ValueError. Say so: raise "
        "ValueError(...) at the start."
    ),
)


@version(*BOTH2D)
class _(Step):
    def refuse(self, g):
        pass


@version(*BOTH2D)
class _(Step):
    def refuse(self, g):
        pass

    def count_one(self, n, k, s, p):
        return max(0, super().count_one(n, k, s, p))


@version(*BOTH2D)
class _(Step):
    def refuse(self, g):
        if g.kernel[0] > g.size[0] + 2 * g.padding[0]:
            raise ValueError("the window is larger than the padded input")

    def count_one(self, n, k, s, p):
        return max(0, super().count_one(n, k, s, p))


@version(*BOTH2D)
class _(Step):
    def refuse(self, g):
        if all(k > n + 2 * p for n, k, p in zip(g.size, g.kernel, g.padding, strict=True)):
            raise ValueError("the window is larger than the padded input")

    def count_one(self, n, k, s, p):
        return max(0, super().count_one(n, k, s, p))


@version(*BOTH2D)
class _(Step):
    def refuse(self, g):
        if any(k > n + 2 * p for n, k, p in zip(g.size, g.kernel, g.padding, strict=True)):
            raise AssertionError("the window is larger than the padded input")


@version(*BOTH2D)
class _(Step):
    def refuse(self, g):
        if any(k > n + 2 * p for n, k, p in zip(g.size, g.kernel, g.padding, strict=True)):
            raise IndexError("the window is larger than the padded input")


@version(*BOTH2D)
class _(Step):
    def __call__(self, *args, **kwargs):
        try:
            return super().__call__(*args, **kwargs)
        except ValueError:
            return None


misconception(
    "refuses-padded-window",
    later(
        "The window may be larger than x, as long as it fits into the padded input: add 2 · "
        "padding before comparing."
    ),
)


@version(*BOTH2D)
class _(Step):
    def refuse(self, g):
        if any(k > n for n, k in zip(g.size, g.kernel, strict=True)):
            raise ValueError("the window is larger than the input")


misconception(
    "strides-assumed",
    later(
        "as_strided with strides worked out from the shape is wrong on a transposed or sliced "
        'view, and so is ravel(order="K"): use x.strides, or order="C".'
    ),
)


@version(*POOLS)
class _(Step):
    def __call__(self, x, *args, **kwargs):
        steps = [x.itemsize * prod(x.shape[axis + 1 :]) for axis in range(x.ndim)]
        assumed = np.lib.stride_tricks.as_strided(x, strides=steps, writeable=False)
        return super().__call__(assumed, *args, **kwargs)


@version(*POOLS)
class _(Step):
    def __call__(self, x, *args, **kwargs):
        plain = x.ravel("K")[: x.size].reshape(x.shape)
        return super().__call__(plain, *args, **kwargs)


misconception(
    "first-channel-only",
    later("Your channels are identical: each one is channel 0. Use the channel's index: x[n, c]."),
)


@version(*BOTH2D, *GLOBAL)
class _(Step):
    def __call__(self, x, *args, **kwargs):
        return super().__call__(np.broadcast_to(x[:, :1], x.shape), *args, **kwargs)


@version(*BOTH2D, *GLOBAL)
class _(Step):
    def __call__(self, x, *args, **kwargs):
        return super().__call__(np.broadcast_to(x[:1, :1], x.shape), *args, **kwargs)


@version(*BOTH2D, *GLOBAL)
class _(Step):
    def __call__(self, x, *args, **kwargs):
        return super().__call__(x[:, :1], *args, **kwargs)


@version(*BOTH2D, *GLOBAL)
class _(Step):  # the last one stays
    def __call__(self, x, *args, **kwargs):
        return super().__call__(np.broadcast_to(x[:, -1:], x.shape), *args, **kwargs)


misconception(
    "first-image-only",
    later(
        "Your images are identical: each one is the first of the batch. Use the index of the image: x[n, c]."
    ),
)


@version(*BOTH2D, *GLOBAL)
class _(Step):
    def __call__(self, x, *args, **kwargs):
        return super().__call__(np.broadcast_to(x[:1], x.shape), *args, **kwargs)


@version(*BOTH2D, *GLOBAL)
class _(Step):
    def __call__(self, x, *args, **kwargs):
        return super().__call__(x[:1], *args, **kwargs)


def _over(axes, one):
    """Replace `value`: reduce over these axes too, and keep them with length 1 or copied."""

    class Mixed:
        def finish(self, out):
            mixed = self.reduce(out, axes)
            return mixed if one else np.broadcast_to(mixed, out.shape).copy()

        def reduce(self, out, over):
            average = isinstance(self, AvgPool)
            return out.mean(over, keepdims=True) if average else out.max(over, keepdims=True)

    return Mixed


misconception(
    "channels-mixed",
    later("Your channels are identical: the window ran over all of them. Pool each channel on its own."),
)
for _one in (False, True):
    version(*BOTH2D, *GLOBAL)(_over((1,), _one))

misconception("batch-mixed", later("The images of the batch were mixed: pool each image on its own."))
for _axes in ((0,), (0, 1)):
    for _one in (False, True):
        version(*BOTH2D, *GLOBAL)(_over(_axes, _one))
