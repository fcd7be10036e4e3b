"""Right solutions of the later assignments, as differently as students write them; and those of all tasks."""

import itertools
import math

import numpy as np
from numpy.lib.stride_tricks import as_strided, sliding_window_view
from right_solutions import MAX_2D, lowest, padded, pair
from right_solutions import RIGHT as FIRST

from pooling_lab.cnn import convolve

# --- layer_shape --------------------------------------------------------------------------------------------


def shape_branches(layer, shape):
    kind, *settings = layer
    channels, height, width = shape
    if kind == "conv":
        stride = settings[2] if len(settings) == 3 else 1
        return settings[0], (height - 1) // stride + 1, (width - 1) // stride + 1
    if kind in ("max", "avg"):
        return channels, height // settings[0], width // settings[0]
    if kind == "dense":
        return settings[0], 1, 1
    return shape


def shape_ceil(layer, shape):
    if layer[0] == "conv":
        stride = layer[-1] if len(layer) == 4 else 1
        return (layer[1], math.ceil(shape[1] / stride), math.ceil(shape[2] / stride))
    if layer[0] == "relu":
        return tuple(shape)
    if layer[0] == "dense":
        return (layer[1], 1, 1)
    return (shape[0], int(shape[1] / layer[1]), int(shape[2] / layer[1]))


def shape_formula(layer, shape):
    def size(n, k, s, p):
        return (n + 2 * p - k) // s + 1

    if layer[0] == "conv":
        f, k, s = layer[1], layer[2], layer[3] if len(layer) > 3 else 1
        return [f, *(size(n, k, s, (k - 1) // 2) for n in shape[1:])]
    if layer[0] in {"max", "avg"}:
        return [shape[0], *(size(n, layer[1], layer[1], 0) for n in shape[1:])]
    return [layer[1], 1, 1] if layer[0] == "dense" else list(shape)


def shape_numpy(layer, shape):
    image = np.zeros(shape)
    if layer[0] == "conv":
        s = layer[3] if len(layer) > 3 else 1
        return (layer[1], *image[0, ::s, ::s].shape)
    if layer[0] in ("max", "avg"):
        return (len(image), *(n // np.int64(layer[1]) for n in image.shape[1:]))
    if layer[0] == "dense":
        return (layer[1],) + (1,) * 2
    return image.shape


def shape_table(layer, shape):
    c, h, w = shape
    return {
        "conv": lambda f, k, s=1: (f, -(-h // s), -(-w // s)),
        "relu": lambda: (c, h, w),
        "max": lambda k: (c, h // k, w // k),
        "avg": lambda k: (c, h // k, w // k),
        "dense": lambda m: (m, 1, 1),
    }[layer[0]](*layer[1:])


def shape_match(layer, shape):
    c, h, w = shape
    match layer:
        case ("conv", f, _):
            return f, h, w
        case ("conv", f, _, s):
            return f, len(range(0, h, s)), len(range(0, w, s))
        case ("max" | "avg", k):
            return c, divmod(h, k)[0], divmod(w, k)[0]
        case ("dense", m):
            return m, 1, 1
    return c, h, w


def shape_changed(layer, shape):
    out = list(shape)
    if layer[0] in ("conv", "dense"):
        out[0] = layer[1]
    for axis in (1, 2):
        if layer[0] == "conv" and len(layer) == 4:
            out[axis] = (out[axis] + layer[3] - 1) // layer[3]
        elif layer[0] in ("max", "avg"):
            out[axis] //= layer[1]
        elif layer[0] == "dense":
            out[axis] = 1
    return tuple(out)


def shape_counted(layer, shape):
    if layer[0] == "dense":
        return layer[1], 1, 1
    starts = {"max": layer[-1], "avg": layer[-1], "conv": layer[3] if len(layer) == 4 else 1}.get(layer[0], 1)
    size = layer[1] if layer[0] in ("max", "avg") else 1
    rows, columns = (sum(1 for at in range(0, n, starts) if at + size <= n) for n in shape[1:])
    return (layer[1] if layer[0] == "conv" else shape[0]), rows, columns


# --- layer_parameters ---------------------------------------------------------------------------------------


def parameters_branches(layer, shape):
    if layer[0] == "conv":
        return layer[1] * (shape[0] * layer[2] * layer[2] + 1)
    if layer[0] == "dense":
        return layer[1] * (shape[0] * shape[1] * shape[2] + 1)
    return 0


def parameters_arrays(layer, shape):
    weights = {
        "conv": lambda: np.zeros((layer[1], shape[0], layer[2], layer[2])),
        "dense": lambda: np.zeros((layer[1], *shape)),
    }.get(layer[0], lambda: np.zeros((0, 1)))()
    return weights.size + len(weights)


def parameters_prod(layer, shape):
    if len(layer) == 1 or layer[0] in ("max", "avg"):
        return 0
    seen = np.prod(shape) if layer[0] == "dense" else shape[0] * layer[2] ** 2
    return np.int64(layer[1] * seen + layer[1])


def parameters_loop(layer, shape):
    total = 0
    if layer[0] in ("conv", "dense"):
        for _filter in range(layer[1]):
            total += 1
            total += shape[0] * layer[2] ** 2 if layer[0] == "conv" else math.prod(shape)
    return total


def parameters_table(layer, shape):
    c, h, w = shape
    return {
        "conv": lambda f, k, s=1: f * c * k * k + f,
        "dense": lambda m: m * c * h * w + m,
        "relu": lambda: 0,
        "max": lambda k: 0,
        "avg": lambda k: 0,
    }[layer[0]](*layer[1:])


def parameters_match(layer, shape):
    match layer:
        case ("conv", f, k) | ("conv", f, k, _):
            return f + f * shape[0] * k**2
        case ("dense", m):
            return m + m * math.prod(shape)
    return 0


def parameters_added(layer, shape):
    parameters = 0
    if layer[0] == "conv":
        parameters += layer[1]
        parameters += layer[1] * shape[0] * layer[2] * layer[2]
    elif layer[0] == "dense":
        parameters += layer[1]
        parameters += layer[1] * shape[0] * shape[1] * shape[2]
    return parameters


def parameters_try(layer, shape):
    name, *rest = layer
    try:
        filters, side, *_ = rest
    except ValueError:
        return rest[0] * (math.prod(shape) + 1) if name == "dense" else 0
    return filters * (shape[0] * side * side + 1)


# --- layer_multiply_adds ------------------------------------------------------------------------------------


def work_branches(layer, shape):
    if layer[0] == "conv":
        f, h, w = shape_branches(layer, shape)
        return f * h * w * shape[0] * layer[2] ** 2
    if layer[0] == "dense":
        return layer[1] * math.prod(shape)
    return 0


def work_of(parameters, shape_of):
    def work(layer, shape):
        if layer[0] not in ("conv", "dense"):
            return 0
        _, h, w = shape_of(layer, shape)
        return (parameters(layer, shape) - layer[1]) * h * w

    work.__name__ = f"work_{parameters.__name__}"
    return work


def work_counted(layer, shape):
    c, h, w = shape
    if layer[0] == "conv":
        s = layer[3] if len(layer) == 4 else 1
        return sum(
            layer[1] * c * layer[2] * layer[2] for _ in itertools.product(range(0, h, s), range(0, w, s))
        )
    return layer[1] * c * h * w if layer[0] == "dense" else 0


def work_table(layer, shape):
    c, h, w = shape
    return {
        "conv": lambda f, k, s=1: f * c * k * k * -(-h // s) * -(-w // s),
        "dense": lambda m: m * c * h * w,
    }.get(layer[0], lambda *_: 0)(*layer[1:])


# --- conv_block ---------------------------------------------------------------------------------------------


def blocks(x, k):
    h, w = x.shape[2] // k, x.shape[3] // k
    return x[:, :, : h * k, : w * k].reshape(*x.shape[:2], h, k, w, k)


def block_maximum(x, weights, bias, kind=None, window=2):
    maps = np.maximum(convolve(x, weights, bias), 0)
    if kind is None:
        return maps
    return blocks(maps, window).max((3, 5)) if kind == "max" else blocks(maps, window).mean((3, 5))


def block_where(x, weights, bias, kind=None, window=2):
    maps = convolve(x, weights, bias)
    maps = np.where(maps > 0, maps, 0)
    pools = {None: lambda m, k: m, "max": lambda m, k: blocks(m, k).max((3, 5)), "avg": block_mean}
    return pools[kind](maps, window)


def block_mean(maps, k):
    return blocks(maps, k).sum((3, 5)) / k**2


def block_mask(x, weights, bias, kind=None, window=2):
    maps = convolve(x, weights, bias)
    maps[maps < 0] = 0
    if not kind:
        return maps
    return sliding_window_view(maps, (window, window), axis=(2, 3))[
        :, :, ::window, ::window
    ].__getattribute__({"max": "max", "avg": "mean"}[kind])((4, 5))


def block_clip(x, weights, bias, kind=None, window=2):
    maps = np.clip(convolve(x, weights, bias), 0, None)
    if kind is None:
        return maps
    cells = [
        maps[
            :, :, a : maps.shape[2] // window * window : window, b : maps.shape[3] // window * window : window
        ]
        for a in range(window)
        for b in range(window)
    ]
    return np.max(cells, axis=0) if kind == "max" else np.mean(cells, axis=0)


def block_times(x, weights, bias, kind=None, window=2):
    maps = convolve(x, weights, bias)
    maps = maps * (maps > 0)
    if kind == "max":
        return blocks(maps, window).max(5).max(3)
    return blocks(maps, window).mean(5).mean(3) if kind == "avg" else maps


def block_max_then_relu(x, weights, bias, kind=None, window=2):
    maps = convolve(x, weights, bias)
    if kind == "max":  # here the order does not matter
        return np.maximum(blocks(maps, window).max((3, 5)), 0)
    maps = np.maximum(maps, 0)
    return block_mean(maps, window) if kind else maps


def block_by_hand(x, weights, bias, kind=None, window=2):
    n, _, h, w = x.shape
    f, _, k, _ = weights.shape
    edge = k // 2
    wide = padded(x, (edge, edge), 0)
    maps = np.zeros((n, f, h, w), x.dtype)
    for i, j in np.ndindex(h, w):
        maps[:, :, i, j] = (
            np.tensordot(wide[:, :, i : i + k, j : j + k], weights, ([1, 2, 3], [1, 2, 3])) + bias
        )
    maps = np.maximum(maps, 0)
    if kind is None:
        return maps
    rows, columns = h // window, w // window
    out = np.zeros((n, f, rows, columns), x.dtype)
    for i, j in np.ndindex(rows, columns):
        part = maps[:, :, i * window : i * window + window, j * window : j * window + window]
        out[:, :, i, j] = part.max((2, 3)) if kind == "max" else part.mean((2, 3))
    return out


def block_images(x, weights, bias, kind=None, window=2):
    return np.concatenate([block_maximum(image[None], weights, bias, kind, window) for image in x])


# --- the two gradients --------------------------------------------------------------------------------------


def settings(kernel_size, stride, padding):
    kernel = pair(kernel_size)
    return kernel, kernel if stride is None else pair(stride), pair(padding)


def corners(grad_output, k, s, p):
    for i, j in np.ndindex(grad_output.shape[2:]):
        yield i, j, i * s[0] - p[0], j * s[1] - p[1]


def max_back_loops(grad_output, x, kernel_size, stride=None, padding=0):
    k, s, p = settings(kernel_size, stride, padding)
    n, c, h, w = x.shape
    out = np.zeros(x.shape)
    for b, d in np.ndindex(n, c):
        for i, j, top, left in corners(grad_output, k, s, p):
            best = where = None
            for r in range(max(top, 0), min(top + k[0], h)):
                for q in range(max(left, 0), min(left + k[1], w)):
                    if best is None or x[b, d, r, q] > best:
                        best, where = x[b, d, r, q], (r, q)
            out[(b, d, *where)] += grad_output[b, d, i, j]
    return out


def max_back_argmax(grad_output, x, kernel_size, stride=None, padding=0):
    k, s, p = settings(kernel_size, stride, padding)
    out = np.zeros(x.shape, grad_output.dtype)
    for i, j, top, left in corners(grad_output, k, s, p):
        top, left, down, right = max(top, 0), max(left, 0), top + k[0], left + k[1]
        for b, d in np.ndindex(x.shape[:2]):
            window = x[b, d, top:down, left:right]
            row, column = np.unravel_index(window.argmax(), window.shape)
            out[b, d, top + row, left + column] += grad_output[b, d, i, j]
    return out


def max_back_padded(grad_output, x, kernel_size, stride=None, padding=0):
    k, s, p = settings(kernel_size, stride, padding)
    wide = padded(x.astype(float), p, -np.inf)
    back = np.zeros_like(wide)
    for i, j in np.ndindex(grad_output.shape[2:]):
        rows, columns = slice(i * s[0], i * s[0] + k[0]), slice(j * s[1], j * s[1] + k[1])
        for b, d in np.ndindex(x.shape[:2]):
            row, column = divmod(int(np.argmax(wide[b, d, rows, columns])), k[1])
            back[b, d, rows, columns][row, column] += grad_output[b, d, i, j]
    return back[:, :, p[0] : p[0] + x.shape[2], p[1] : p[1] + x.shape[3]]


def max_back_add_at(grad_output, x, kernel_size, stride=None, padding=0):
    k, s, p = settings(kernel_size, stride, padding)
    wide = padded(x.astype(np.float64), p, -np.inf)
    windows = sliding_window_view(wide, k, axis=(2, 3))[:, :, :: s[0], :: s[1]]
    first = windows.reshape(*windows.shape[:4], -1).argmax(-1)
    n, c, i, j = np.indices(first.shape)
    back = np.zeros(wide.shape)
    np.add.at(back, (n, c, i * s[0] + first // k[1], j * s[1] + first % k[1]), grad_output)
    return back[:, :, p[0] :, p[1] :][:, :, : x.shape[2], : x.shape[3]].copy()


def max_back_bincount(grad_output, x, kernel_size, stride=None, padding=0):
    k, s, p = settings(kernel_size, stride, padding)
    wide = padded(x.astype(np.float64), p, -np.inf)
    place = np.arange(wide.size).reshape(wide.shape)
    windows, places = (sliding_window_view(a, k, axis=(2, 3))[:, :, :: s[0], :: s[1]] for a in (wide, place))
    flat, where = (a.reshape(*a.shape[:4], -1) for a in (windows, places))
    chosen = np.take_along_axis(where, flat.argmax(-1)[..., None], -1)
    back = np.bincount(chosen.ravel(), grad_output.ravel(), wide.size).reshape(wide.shape)
    return back[:, :, p[0] : p[0] + x.shape[2], p[1] : p[1] + x.shape[3]]


def max_back_mask(grad_output, x, kernel_size, stride=None, padding=0):
    k, s, p = settings(kernel_size, stride, padding)
    out = np.zeros(x.shape)
    for i, j, top, left in corners(grad_output, k, s, p):
        part = np.s_[:, :, max(top, 0) : top + k[0], max(left, 0) : left + k[1]]
        flat = x[part].reshape(*x.shape[:2], -1)
        equal = flat == flat.max(-1, keepdims=True)
        first = equal & (equal.cumsum(-1) == 1)
        out[part] += first.reshape(x[part].shape) * grad_output[:, :, i, j, None, None]
    return out


def max_back_cells(grad_output, x, kernel_size, stride=None, padding=0):
    k, s, p = settings(kernel_size, stride, padding)
    wide = padded(x.astype(float), p, -np.inf)
    h, w = grad_output.shape[2:]
    at = [
        np.s_[:, :, a : a + (h - 1) * s[0] + 1 : s[0], b : b + (w - 1) * s[1] + 1 : s[1]]
        for a in range(k[0])
        for b in range(k[1])
    ]
    best = np.max([wide[cell] for cell in at], axis=0)
    open_, back = np.ones(best.shape, bool), np.zeros(wide.shape)
    for cell in at:
        wins = open_ & (wide[cell] == best)
        back[cell] += grad_output * wins
        open_ &= ~wins
    return back[:, :, p[0] : p[0] + x.shape[2], p[1] : p[1] + x.shape[3]]


def max_back_dictionary(grad_output, x, kernel_size, stride=None, padding=0):
    k, s, p = settings(kernel_size, stride, padding)
    got = {}
    for b, d, i, j in np.ndindex(grad_output.shape):
        rows = range(max(i * s[0] - p[0], 0), min(i * s[0] - p[0] + k[0], x.shape[2]))
        columns = range(max(j * s[1] - p[1], 0), min(j * s[1] - p[1] + k[1], x.shape[3]))
        winner = max(itertools.product(rows, columns), key=lambda at: x[(b, d, *at)])
        got[(b, d, *winner)] = got.get((b, d, *winner), 0.0) + grad_output[b, d, i, j]
    out = np.zeros(x.shape, dtype=np.float64)
    for at, value in got.items():
        out[at] = value
    return out


def avg_back_slices(grad_output, x, kernel_size, stride=None, padding=0, count_include_pad=True):
    k, s, p = settings(kernel_size, stride, padding)
    out = np.zeros(x.shape)
    for i, j, top, left in corners(grad_output, k, s, p):
        part = out[:, :, max(top, 0) : top + k[0], max(left, 0) : left + k[1]]
        count = k[0] * k[1] if count_include_pad else part.shape[2] * part.shape[3]
        part += grad_output[:, :, i, j, np.newaxis, np.newaxis] / count
    return out


def avg_back_loops(grad_output, x, kernel_size, stride=None, padding=0, count_include_pad=True):
    k, s, p = settings(kernel_size, stride, padding)
    out = np.zeros(x.shape, dtype="float64")
    for b, d, i, j in np.ndindex(grad_output.shape):
        rows = [r for r in range(i * s[0] - p[0], i * s[0] - p[0] + k[0]) if 0 <= r < x.shape[2]]
        columns = [q for q in range(j * s[1] - p[1], j * s[1] - p[1] + k[1]) if 0 <= q < x.shape[3]]
        share = grad_output[b, d, i, j] / (k[0] * k[1] if count_include_pad else len(rows) * len(columns))
        for r, q in itertools.product(rows, columns):
            out[b, d, r, q] += share
    return out


def divisors(shape, k, s, p, count_include_pad):
    cells = padded(np.ones((1, 1, *shape)), p, float(count_include_pad))
    return sliding_window_view(cells, k, axis=(2, 3))[:, :, :: s[0], :: s[1]].sum((4, 5))


def avg_back_padded(grad_output, x, kernel_size, stride=None, padding=0, count_include_pad=True):
    k, s, p = settings(kernel_size, stride, padding)
    share = grad_output / divisors(x.shape[2:], k, s, p, count_include_pad)
    back = padded(np.zeros(x.shape), p, 0)
    for i, j in np.ndindex(grad_output.shape[2:]):
        back[:, :, i * s[0] : i * s[0] + k[0], j * s[1] : j * s[1] + k[1]] += share[
            :, :, i : i + 1, j : j + 1
        ]
    return back[:, :, p[0] : p[0] + x.shape[2], p[1] : p[1] + x.shape[3]]


def avg_back_cells(grad_output, x, kernel_size, stride=None, padding=0, count_include_pad=True):
    k, s, p = settings(kernel_size, stride, padding)
    share = grad_output / divisors(x.shape[2:], k, s, p, count_include_pad)
    back, (h, w) = padded(np.zeros(x.shape), p, 0), grad_output.shape[2:]
    for a, b in itertools.product(range(k[0]), range(k[1])):
        back[:, :, a : a + (h - 1) * s[0] + 1 : s[0], b : b + (w - 1) * s[1] + 1 : s[1]] += share
    return np.ascontiguousarray(back[:, :, p[0] : p[0] + x.shape[2], p[1] : p[1] + x.shape[3]])


def avg_back_separable(grad_output, x, kernel_size, stride=None, padding=0, count_include_pad=True):
    k, s, p = settings(kernel_size, stride, padding)
    back = grad_output / divisors(x.shape[2:], k, s, p, count_include_pad)
    for axis in (2, 3):
        size, n = x.shape[axis], back.shape[axis]
        spread = np.zeros((size, n))
        for i in range(n):
            start = i * s[axis - 2] - p[axis - 2]
            spread[max(start, 0) : start + k[axis - 2], i] = 1
        back = np.moveaxis(np.tensordot(spread, back, (1, axis)), 0, axis)
    return back


def avg_back_einsum(grad_output, x, kernel_size, stride=None, padding=0, count_include_pad=True):
    k, s, p = settings(kernel_size, stride, padding)
    covers = []
    for axis in (0, 1):
        r, i = np.ogrid[: x.shape[axis + 2], : grad_output.shape[axis + 2]]
        start = i * s[axis] - p[axis]
        covers.append(((start <= r) & (r < start + k[axis])).astype(float))
    share = grad_output / divisors(x.shape[2:], k, s, p, count_include_pad)
    return np.einsum("ri,qj,ncij->ncrq", *covers, share)


def avg_back_add_at(grad_output, x, kernel_size, stride=None, padding=0, count_include_pad=True):
    k, s, p = settings(kernel_size, stride, padding)
    place = padded(np.arange(x[0, 0].size).reshape(1, 1, *x.shape[2:]), p, x[0, 0].size)
    cells = sliding_window_view(place, k, axis=(2, 3))[0, 0, :: s[0], :: s[1]]
    share = grad_output / divisors(x.shape[2:], k, s, p, count_include_pad)
    flat = np.zeros((*x.shape[:2], x[0, 0].size + 1))
    np.add.at(flat, np.s_[:, :, cells], share[..., None, None])
    return flat[..., :-1].reshape(x.shape)


def avg_back_linear(grad_output, x, kernel_size, stride=None, padding=0, count_include_pad=True):
    """Ask the way forward what each cell gives: an average is linear."""
    k, s, p = settings(kernel_size, stride, padding)
    out, count = np.zeros(x.shape), divisors(x.shape[2:], k, s, p, count_include_pad)
    for r, q in np.ndindex(x.shape[2:]):
        one = np.zeros((1, 1, *x.shape[2:]))
        one[0, 0, r, q] = 1
        seen = (
            sliding_window_view(padded(one, p, 0), k, axis=(2, 3))[:, :, :: s[0], :: s[1]].sum((4, 5)) / count
        )
        out[:, :, r, q] = (seen * grad_output).sum((2, 3))
    return out


# --- window_view --------------------------------------------------------------------------------------------


def steps(kernel_size, stride):
    return pair(kernel_size), pair(kernel_size if stride is None else stride)


def view_sliding(x, kernel_size, stride=None):
    k, s = steps(kernel_size, stride)
    return sliding_window_view(x, k, axis=(2, 3))[:, :, :: s[0], :: s[1]]


def view_strided(x, kernel_size, stride=None):
    (a, b), (s, t) = steps(kernel_size, stride)
    n, c, h, w = x.shape
    shape = (n, c, (h - a) // s + 1, (w - b) // t + 1, a, b)
    one, two, three, four = x.strides
    return as_strided(x, shape, (one, two, s * three, t * four, three, four), writeable=False)


def view_filled(x, kernel_size, stride=None):
    (a, b), (s, t) = steps(kernel_size, stride)
    n, c, h, w = x.shape
    out = np.empty((n, c, (h - a) // s + 1, (w - b) // t + 1, a, b), x.dtype)
    for i, j in np.ndindex(out.shape[2:4]):
        out[:, :, i, j] = x[:, :, i * s : i * s + a, j * t : j * t + b]
    return out


def view_stacked(x, kernel_size, stride=None):
    (a, b), (s, t) = steps(kernel_size, stride)
    rows = [
        np.stack([x[:, :, i : i + a, j : j + b] for j in range(0, x.shape[3] - b + 1, t)], axis=2)
        for i in range(0, x.shape[2] - a + 1, s)
    ]
    return np.stack(rows, axis=2)


def view_cells(x, kernel_size, stride=None):
    (a, b), (s, t) = steps(kernel_size, stride)
    h, w = (x.shape[2] - a) // s + 1, (x.shape[3] - b) // t + 1
    out = np.empty((*x.shape[:2], h, w, a, b), dtype=x.dtype)
    for r, q in itertools.product(range(a), range(b)):
        out[..., r, q] = x[:, :, r : r + (h - 1) * s + 1 : s, q : q + (w - 1) * t + 1 : t]
    return out


def view_indexed(x, kernel_size, stride=None):
    (a, b), (s, t) = steps(kernel_size, stride)
    rows = np.arange((x.shape[2] - a) // s + 1)[:, None, None, None] * s + np.arange(a)[:, None]
    columns = np.arange((x.shape[3] - b) // t + 1)[:, None, None] * t + np.arange(b)
    return x[:, :, rows, columns]


def view_take(x, kernel_size, stride=None):
    (a, b), (s, t) = steps(kernel_size, stride)
    rows = [range(i, i + a) for i in range(0, x.shape[2] - a + 1, s)]
    columns = [range(j, j + b) for j in range(0, x.shape[3] - b + 1, t)]
    return x.take(np.array(columns), axis=3).take(np.array(rows), axis=2).transpose(0, 1, 2, 4, 3, 5)


def view_twice(x, kernel_size, stride=None):
    (a, b), (s, t) = steps(kernel_size, stride)
    return sliding_window_view(sliding_window_view(x, a, axis=2)[:, :, ::s], b, axis=3)[:, :, :, ::t]


# --- fast_max_pool2d: all ways to pool, and a few more ------------------------------------------------------


def fast_slices(x, kernel_size, stride=None, padding=0):
    k, s, p = settings(kernel_size, stride, padding)
    if any(k[a] > x.shape[2 + a] + 2 * p[a] for a in (0, 1)):
        raise ValueError("too large")
    x = padded(x, p, lowest(x.dtype)) if any(p) else x
    h, w = ((x.shape[2 + a] - k[a]) // s[a] + 1 for a in (0, 1))
    parts = [
        x[:, :, a : a + (h - 1) * s[0] + 1 : s[0], b : b + (w - 1) * s[1] + 1 : s[1]]
        for a in range(k[0])
        for b in range(k[1])
    ]
    return np.maximum.reduce(parts)


RIGHT = {
    **FIRST,
    "layer_shape": [
        shape_branches,
        shape_ceil,
        shape_formula,
        shape_numpy,
        shape_table,
        shape_match,
        shape_changed,
        shape_counted,
    ],
    "layer_parameters": [
        parameters_branches,
        parameters_arrays,
        parameters_prod,
        parameters_loop,
        parameters_table,
        parameters_match,
        parameters_added,
        parameters_try,
    ],
    "layer_multiply_adds": [
        work_branches,
        work_counted,
        work_table,
        work_of(parameters_branches, shape_ceil),
        work_of(parameters_arrays, shape_formula),
        work_of(parameters_prod, shape_table),
        work_of(parameters_loop, shape_numpy),
        work_of(parameters_match, shape_match),
    ],
    "conv_block": [
        block_maximum,
        block_where,
        block_mask,
        block_clip,
        block_times,
        block_max_then_relu,
        block_by_hand,
        block_images,
    ],
    "max_pool2d_backward": [
        max_back_loops,
        max_back_argmax,
        max_back_padded,
        max_back_add_at,
        max_back_bincount,
        max_back_mask,
        max_back_cells,
        max_back_dictionary,
    ],
    "avg_pool2d_backward": [
        avg_back_slices,
        avg_back_loops,
        avg_back_padded,
        avg_back_cells,
        avg_back_separable,
        avg_back_einsum,
        avg_back_add_at,
        avg_back_linear,
    ],
    "window_view": [
        view_sliding,
        view_strided,
        view_filled,
        view_stacked,
        view_cells,
        view_indexed,
        view_take,
        view_twice,
    ],
    "fast_max_pool2d": [*MAX_2D[2:9], fast_slices],
}
