"""Wrong solutions that stand on no list. Each must fail; most are one thought away from right.

Written as changes of what goes into a right solution, what comes out of it, or what happens in a window,
independently of `pooling_ref.misconceptions`.
"""

import functools
import itertools
import math
import random

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from right_later import (
    avg_back_slices,
    block_maximum,
    max_back_padded,
    shape_branches,
    view_sliding,
    work_branches,
)
from right_solutions import (
    avg_clipped_slices,
    avg_sliding,
    global_mean,
    lowest,
    max_clipped_slices,
    max_matrix_list,
    max_sliding,
    padded,
    pair,
    size_formula,
    unpack,
)

WRONG: dict[str, dict[str, object]] = {
    task: {}
    for task in (
        "output_size",
        "max_pool_matrix",
        "max_pool2d",
        "avg_pool_matrix",
        "avg_pool2d",
        "global_avg_pool2d",
    )
}


def wrong(*tasks):
    def register(function):
        for task in tasks:
            WRONG[task][function.__name__] = function
        return function

    return register


def windows(x, kernel_size, stride, padding, fill):
    k, s, p, _, _ = unpack(x, kernel_size, stride, padding)
    return sliding_window_view(padded(x, p, fill), k, axis=(2, 3))[:, :, :: s[0], :: s[1]]


# --- another value of the right window ----------------------------------------------------------------------


def flat(w):
    return w.reshape(*w.shape[:-2], -1)


VALUES_FOR_MAX = {
    "second_largest": lambda w: np.sort(flat(w), -1)[..., -2 if w[0, 0, 0, 0].size > 1 else -1],
    "median": lambda w: np.median(w, (-1, -2)),
    "largest_row_sum": lambda w: w.sum(-1).max(-1),
    "max_of_row_means": lambda w: w.mean(-1).max(-1),
    "mean_of_row_maxima": lambda w: w.max(-1).mean(-1),
    "min_of_row_maxima": lambda w: w.max(-1).min(-1),
    "max_of_row_minima": lambda w: w.min(-1).max(-1),
    "range_of_window": lambda w: w.max((-1, -2)) - w.min((-1, -2)),
    "largest_square": lambda w: (w * w).max((-1, -2)),
    "sum": lambda w: w.sum((-1, -2)),
    "diagonal_only": lambda w: np.diagonal(w, axis1=-2, axis2=-1).max(-1),
    "last_row_only": lambda w: w[..., -1, :].max(-1),
    "last_column_only": lambda w: w[..., -1].max(-1),
    "without_first_cell": lambda w: flat(w)[..., 1:].max(-1) if flat(w).shape[-1] > 1 else flat(w)[..., 0],
    "without_last_cell": lambda w: flat(w)[..., :-1].max(-1) if flat(w).shape[-1] > 1 else flat(w)[..., 0],
    "centre_cell": lambda w: w[..., w.shape[-2] // 2, w.shape[-1] // 2],
    "first_two_by_two": lambda w: w[..., :2, :2].max((-1, -2)),
    "first_three_by_three": lambda w: w[..., :3, :3].max((-1, -2)),
    "first_two_rows": lambda w: w[..., :2, :].max((-1, -2)),
    "first_three_columns": lambda w: w[..., :3].max((-1, -2)),
    "plus_one": lambda w: w.max((-1, -2)) + 1,
    "negative_of_max": lambda w: -w.max((-1, -2)).astype(float),
    "negative_of_min": lambda w: -w.min((-1, -2)).astype(float),
    "relu": lambda w: np.where(w.max((-1, -2)) > 0, w.max((-1, -2)), 0),
    "clipped_at_255": lambda w: w.max((-1, -2)).clip(None, 255),
    "clipped_at_zero_to_one": lambda w: w.max((-1, -2)).clip(0, 1),
    "starts_at_minus_one": lambda w: w.max((-1, -2)).clip(-1, None),
    "starts_at_minus_ten": lambda w: w.max((-1, -2)).clip(-10, None),
    "starts_at_minus_999": lambda w: (
        w.max((-1, -2)).clip(-999, None) if w.dtype.kind == "f" else w.max((-1, -2))
    ),
    "starts_at_minus_1e9": lambda w: (
        w.max((-1, -2)).clip(-1e9, None) if w.dtype.kind == "f" else w.max((-1, -2))
    ),
    "starts_at_finfo_min": lambda w: (
        w.max((-1, -2)).clip(np.finfo(w.dtype).min, None) if w.dtype.kind == "f" else w.max((-1, -2))
    ),
    "stops_at_1e9": lambda w: w.max((-1, -2)).clip(None, 1e9) if w.dtype.kind == "f" else w.max((-1, -2)),
    "infinity_to_number": lambda w: (
        np.nan_to_num(w.max((-1, -2))) if w.dtype.kind == "f" else w.max((-1, -2))
    ),
    "nan_to_zero": lambda w: np.nan_to_num(w, nan=0, posinf=np.inf, neginf=-np.inf).max((-1, -2)),
    "nan_to_minus_infinity": lambda w: (
        np.where(np.isnan(w), -np.inf, w).max((-1, -2)) if w.dtype.kind == "f" else w.max((-1, -2))
    ),
    "soft_maximum": lambda w: np.log(np.exp(w.astype(float)).sum((-1, -2))),
    "rounded": lambda w: np.round(w.max((-1, -2))),
    "cut_to_int": lambda w: np.trunc(w.max((-1, -2))),
    "mode": lambda w: np.apply_along_axis(lambda v: max(v.tolist(), key=v.tolist().count), -1, flat(w)),
    "largest_by_text": lambda w: np.apply_along_axis(lambda v: max(v.tolist(), key=str), -1, flat(w)),
    "largest_by_size": lambda w: np.apply_along_axis(lambda v: max(v.tolist(), key=abs), -1, flat(w)),
}


def max_of_value(name, value):
    def pool(x, kernel_size, stride=None, padding=0):
        out = value(windows(x, kernel_size, stride, padding, lowest(x.dtype)))
        return np.asarray(out).astype(x.dtype)

    pool.__name__ = name
    return pool


VALUES_FOR_AVERAGE = {
    "median": lambda w: np.median(w, (-1, -2)),
    "middle_of_extremes": lambda w: (w.max((-1, -2)) + w.min((-1, -2))) / 2,
    "root_mean_square": lambda w: np.sqrt((w * w).mean((-1, -2))),
    "geometric": lambda w: np.exp(np.log(np.abs(w) + 1e-9).mean((-1, -2))),
    "mean_of_absolutes": lambda w: np.abs(w).mean((-1, -2)),
    "absolute_of_mean": lambda w: np.abs(w.mean((-1, -2))),
    "first_row": lambda w: w[..., 0, :].mean(-1),
    "last_column": lambda w: w[..., -1].mean(-1),
    "diagonal": lambda w: np.diagonal(w, axis1=-2, axis2=-1).mean(-1),
    "first_two_by_two": lambda w: w[..., :2, :2].mean((-1, -2)),
    "first_three_by_three": lambda w: w[..., :3, :3].mean((-1, -2)),
    "corners": lambda w: w[..., :: max(1, w.shape[-2] - 1), :: max(1, w.shape[-1] - 1)].mean((-1, -2)),
    "divided_by_cells_minus_one": lambda w: w.sum((-1, -2)) / max(1, flat(w).shape[-1] - 1),
    "divided_by_cells_plus_one": lambda w: w.sum((-1, -2)) / (flat(w).shape[-1] + 1),
    "divided_by_nine": lambda w: w.sum((-1, -2)) / 9,
    "divided_by_perimeter": lambda w: w.sum((-1, -2)) / (w.shape[-1] + w.shape[-2]),
    "divided_by_twice_the_side": lambda w: w.sum((-1, -2)) / (2 * w.shape[-1]),
    "divided_by_width_squared": lambda w: w.sum((-1, -2)) / w.shape[-1] ** 2,
    "divided_with_epsilon": lambda w: w.sum((-1, -2)) / (flat(w).shape[-1] + 1e-3),
    "rounded": lambda w: np.round(w.mean((-1, -2))),
    "half_up": lambda w: np.floor(w.mean((-1, -2)) + 0.5),
    "rounded_to_one_decimal": lambda w: np.round(w.mean((-1, -2)), 1),
    "rounded_to_two_decimals": lambda w: np.round(w.mean((-1, -2)), 2),
    "rounded_to_three_decimals": lambda w: np.round(w.mean((-1, -2)), 3),
    "rounded_up": lambda w: np.ceil(w.mean((-1, -2))),
    "floor": lambda w: np.floor(w.mean((-1, -2))),
    "cut": lambda w: np.trunc(w.mean((-1, -2))),
    "float16": lambda w: w.astype(np.float16).mean((-1, -2)),
    "clipped_at_255": lambda w: w.mean((-1, -2)).clip(0, 255),
    "clipped_below_at_zero": lambda w: w.mean((-1, -2)).clip(0, None),
    "nan_as_zero": lambda w: np.nan_to_num(w).mean((-1, -2)),
    "weighted_to_the_middle": lambda w: (
        (w * np.hanning(w.shape[-1] + 2)[1:-1]).sum((-1, -2))
        / (np.hanning(w.shape[-1] + 2)[1:-1].sum() * w.shape[-2])
    ),
    "trimmed": lambda w: (
        np.sort(flat(w), -1)[..., 1:-1].mean(-1) if flat(w).shape[-1] > 2 else w.mean((-1, -2))
    ),
    "running_halves": lambda w: functools.reduce(lambda a, b: (a + b) / 2, np.moveaxis(flat(w), -1, 0)),
    "product": lambda w: np.prod(w, (-1, -2)),
}


def average_of_value(name, value):
    def pool(x, kernel_size, stride=None, padding=0, count_include_pad=True):
        w = windows(x.astype(float), kernel_size, stride, padding, 0)
        out = value(w)
        if not count_include_pad:
            ones = windows(np.ones(x.shape), kernel_size, stride, padding, 0)
            out = out / ones.mean((-1, -2))
        return out.astype(x.dtype if x.dtype.kind == "f" else float)

    pool.__name__ = name
    return pool


for each, value in VALUES_FOR_MAX.items():
    pool = max_of_value(each, value)
    WRONG["max_pool2d"][each] = pool
    WRONG["max_pool_matrix"][each] = lambda x, kernel_size, pool=pool: pool(x[None, None], kernel_size)[0, 0]
for each, value in VALUES_FOR_AVERAGE.items():
    pool = average_of_value(each, value)
    WRONG["avg_pool2d"][each] = pool
    if each != "divided_by_width_squared":  # its windows are square
        WRONG["avg_pool_matrix"][each] = lambda x, k, pool=pool: pool(x[None, None], k)[0, 0]
    WRONG["global_avg_pool2d"][each] = lambda x, pool=pool: pool(x, x.shape[2:])


# --- the right result of another call -----------------------------------------------------------------------


def swap(v):
    return pair(v)[::-1]


OTHER_CALLS = {
    "everything_swapped": lambda x, k, s, p: (x, swap(k), s if s is None else swap(s), swap(p)),
    "stride_swapped": lambda x, k, s, p: (x, k, s if s is None else swap(s), p),
    "height_for_both": lambda x, k, s, p: (x, pair(k)[0], s, p),
    "width_for_both": lambda x, k, s, p: (x, pair(k)[1], s, p),
    "stride_height_for_both": lambda x, k, s, p: (x, k, s if s is None else pair(s)[0], p),
    "stride_width_for_both": lambda x, k, s, p: (x, k, s if s is None else pair(s)[1], p),
    "padding_height_for_both": lambda x, k, s, p: (x, k, s, pair(p)[0]),
    "padding_width_for_both": lambda x, k, s, p: (x, k, s, pair(p)[1]),
    "padding_at_most_one": lambda x, k, s, p: (x, k, s, tuple(min(1, v) for v in pair(p))),
    "padding_doubled": lambda x, k, s, p: (x, k, s, tuple(2 * v for v in pair(p))),
    "padding_only_for_rows": lambda x, k, s, p: (x, k, s, (pair(p)[0], 0)),
    "padding_only_for_columns": lambda x, k, s, p: (x, k, s, (0, pair(p)[1])),
    "padding_only_for_odd_windows": lambda x, k, s, p: (x, k, s, p if pair(k)[0] % 2 else 0),
    "same_padding": lambda x, k, s, p: (x, k, s, tuple(v // 2 for v in pair(k))),
    "default_stride_from_height": lambda x, k, s, p: (x, k, pair(k)[0] if s is None else s, p),
    "default_stride_from_width": lambda x, k, s, p: (x, k, pair(k)[1] if s is None else s, p),
    "default_stride_swapped": lambda x, k, s, p: (x, k, swap(k) if s is None else s, p),
    "stride_at_least_two": lambda x, k, s, p: (
        x,
        k,
        s if s is None else tuple(max(2, v) for v in pair(s)),
        p,
    ),
    "stride_at_most_window": lambda x, k, s, p: (
        (x, k, s if s is None else tuple(min(a, b) for a, b in zip(pair(s), pair(k), strict=True)), p)
    ),
    "stride_at_least_window": lambda x, k, s, p: (
        (x, k, s if s is None else tuple(max(a, b) for a, b in zip(pair(s), pair(k), strict=True)), p)
    ),
    "stride_one_always": lambda x, k, s, p: (x, k, 1, p),
    "stride_two_always": lambda x, k, s, p: (x, k, 2, p),
    "stride_and_padding_exchanged": lambda x, k, s, p: (x, k, p or 1, s or 0),
    "window_one_larger": lambda x, k, s, p: (x, tuple(v + 1 for v in pair(k)), s or k, p),
    "window_one_smaller": lambda x, k, s, p: (x, tuple(max(1, v - 1) for v in pair(k)), s or k, p),
    "three_by_three_always": lambda x, k, s, p: (x, 3, s or k, p),
    "odd_windows_only": lambda x, k, s, p: (x, tuple(v | 1 for v in pair(k)), s or k, p),
    "even_windows_only": lambda x, k, s, p: (x, tuple(v + v % 2 for v in pair(k)), s or k, p),
    "at_most_three": lambda x, k, s, p: (x, tuple(min(3, v) for v in pair(k)), s or k, p),
    "input_upside_down": lambda x, k, s, p: (x[:, :, ::-1], k, s, p),
    "input_mirrored": lambda x, k, s, p: (x[..., ::-1], k, s, p),
    "input_transposed": lambda x, k, s, p: (x.swapaxes(2, 3), k, s, p),
    "channels_reversed": lambda x, k, s, p: (x[:, ::-1], k, s, p),
    "batch_and_channels_exchanged": lambda x, k, s, p: (x.swapaxes(0, 1), k, s, p),
    "channels_last": lambda x, k, s, p: (x.transpose(0, 3, 1, 2), k, s, p),
    "first_image_only": lambda x, k, s, p: (x[:1], k, s, p),
    "last_channel_only": lambda x, k, s, p: (x[:, -1:], k, s, p),
    "three_channels_at_most": lambda x, k, s, p: (x[:, :3], k, s, p),
    "two_images_at_most": lambda x, k, s, p: (x[:2], k, s, p),
    "cropped_to_a_square": lambda x, k, s, p: (x[..., : min(x.shape[2:]), : min(x.shape[2:])], k, s, p),
    "cropped_to_even": lambda x, k, s, p: (
        (x[..., : x.shape[2] - x.shape[2] % 2 or 1, : x.shape[3] - x.shape[3] % 2 or 1], k, s, p)
    ),
    "crop_taken_from_the_start": lambda x, k, s, p: (
        (x[..., x.shape[2] % pair(k)[0] :, x.shape[3] % pair(k)[1] :], k, s, p) if s is None else (x, k, s, p)
    ),
    "last_row_forgotten": lambda x, k, s, p: (x[:, :, :-1], k, s, p),
    "last_column_forgotten": lambda x, k, s, p: (x[..., :-1], k, s, p),
    "first_row_forgotten": lambda x, k, s, p: (x[:, :, 1:], k, s, p),
    "memory_order": lambda x, k, s, p: (x.ravel("K").reshape(x.shape), k, s, p),
    "through_uint8": lambda x, k, s, p: (x.astype(np.uint8).astype(x.dtype), k, s, p),
    "through_int": lambda x, k, s, p: (np.nan_to_num(x).astype(int).astype(x.dtype), k, s, p),
    "through_float16": lambda x, k, s, p: (x.astype(np.float16).astype(x.dtype), k, s, p),
    "scaled_to_one": lambda x, k, s, p: (x / 255, k, s, p),
    "sorted_rows": lambda x, k, s, p: (np.sort(x, axis=-1), k, s, p),
}
for each, change in OTHER_CALLS.items():

    def wrong_max(x, kernel_size, stride=None, padding=0, change=change):
        return max_sliding(*change(x, kernel_size, stride, padding))

    def wrong_avg(x, kernel_size, stride=None, padding=0, count_include_pad=True, change=change):
        return avg_sliding(*change(x, kernel_size, stride, padding), count_include_pad)

    WRONG["max_pool2d"][each] = wrong_max
    WRONG["avg_pool2d"][each] = wrong_avg


# --- the right result, changed afterwards -------------------------------------------------------------------

AFTERWARDS = {
    "transposed": lambda out: out.swapaxes(-1, -2),
    "upside_down": lambda out: out[..., ::-1, :],
    "mirrored": lambda out: out[..., ::-1],
    "turned": lambda out: np.rot90(out, axes=(-2, -1)),
    "flattened": lambda out: out.ravel(),
    "without_leading_axes": lambda out: (
        out.reshape(out.shape[-2:]) if out.ndim == 4 and out.shape[:2] == (1, 1) else out
    ),
    "one_axis_more": lambda out: out[None],
    "last_axis_more": lambda out: out[..., None],
    "memory_order_mixed": lambda out: out.reshape(out.shape[::-1]).T,
    "tuple": lambda out: tuple(out),
    "nested_list": lambda out: out.tolist(),
    "matrix_or_masked": lambda out: np.ma.masked_array(out) if out.ndim > 2 else np.matrix(out),
    "masked": lambda out: np.ma.masked_array(out),
    "objects": lambda out: out.astype(object),
    "strings": lambda out: out.astype(str),
    "complex_numbers": lambda out: out.astype(complex),
    "pair_of_results": lambda out: (out, out.shape),
    "dictionary": lambda out: {"out": out},
    "iterator": lambda out: iter(out),
    "generator": lambda out: (row for row in out),
    "nothing": lambda out: None,
    "shape_only": lambda out: out.shape,
    "total": lambda out: out.sum(),
    "first_value": lambda out: out.ravel()[0],
    "one_row_fewer": lambda out: out[..., :-1, :],
    "one_column_fewer": lambda out: out[..., :-1],
    "one_row_more": lambda out: np.concatenate([out, out[..., -1:, :]], axis=-2),
    "last_row_zero": lambda out: np.where(np.arange(out.shape[-2])[:, None] == out.shape[-2] - 1, 0, out),
    "first_cell_wrong": lambda out: np.where(np.arange(out.size).reshape(out.shape) == 0, 7, out),
    "last_cell_wrong": lambda out: np.where(np.arange(out.size).reshape(out.shape) == out.size - 1, 7, out),
    "last_column_repeated": lambda out: (
        np.concatenate([out[..., :-1], out[..., -2:-1]], -1) if out.shape[-1] > 1 else out
    ),
    "noise": lambda out: out + np.random.default_rng().normal(0, 0.1, out.shape),
    "sorted": lambda out: np.sort(out, -1),
    "nan_to_zero": lambda out: np.nan_to_num(out),
    "unsigned": lambda out: out.astype(np.uint32),
    "int8": lambda out: out.astype(np.int8),
    "uint8": lambda out: out.astype(np.uint8),
    "int64": lambda out: out.astype(np.int64),
    "float16": lambda out: out.astype(np.float16),
    "float32_always": lambda out: out.astype(np.float32),
    "long_double": lambda out: out.astype(np.longdouble),
    "other_byte_order": lambda out: (
        out.astype(out.dtype.newbyteorder(">")) if out.dtype.itemsize > 1 else out + 1
    ),
}
RIGHT_ONES = {
    "max_pool2d": max_clipped_slices,
    "avg_pool2d": avg_clipped_slices,
    "max_pool_matrix": max_matrix_list,
    "avg_pool_matrix": lambda x, kernel_size: avg_sliding(x[None, None], kernel_size)[0, 0],
    "global_avg_pool2d": global_mean,
}
# What changes nothing that a task asks for.
HARMLESS = {
    ("avg_pool_matrix", "without_leading_axes"),
    ("max_pool_matrix", "without_leading_axes"),
    ("global_avg_pool2d", "transposed"),
    ("global_avg_pool2d", "upside_down"),
    ("global_avg_pool2d", "mirrored"),
    ("global_avg_pool2d", "turned"),
    ("global_avg_pool2d", "last_column_repeated"),
    ("global_avg_pool2d", "sorted"),
}
for (task, right), (each, change) in itertools.product(RIGHT_ONES.items(), AFTERWARDS.items()):
    if (task, each) not in HARMLESS:
        WRONG[task][f"{each}_afterwards"] = lambda *args, right=right, change=change, **kwargs: change(
            right(*args, **kwargs)
        )


# --- what happens around a right solution -------------------------------------------------------------------


def around(name):
    """Register a function that is given a right one, the call and a memory of its own."""

    def register(function):
        for task, right in {**RIGHT_ONES, "output_size": size_formula}.items():
            memory = {}
            WRONG[task][name] = lambda *args, right=right, memory=memory, **kwargs: function(
                right, memory, *args, **kwargs
            )
        return function

    return register


@around("remembers_the_first_answer")
def _(right, memory, *args, **kwargs):
    return memory.setdefault("answer", right(*args, **kwargs))


@around("remembers_by_shape")
def _(right, memory, *args, **kwargs):
    key = (*(np.shape(each) or each for each in args), *kwargs.items())
    if np.ndim(args[0]) == 0:
        key = len(args)
    return memory.setdefault(key, right(*args, **kwargs))


@around("works_once")
def _(right, memory, *args, **kwargs):
    memory["calls"] = memory.get("calls", 0) + 1
    return right(*args, **kwargs) if memory["calls"] == 1 else None


@around("fails_now_and_then")
def _(right, memory, *args, **kwargs):
    return None if random.random() < 0.2 else right(*args, **kwargs)


@around("raises_always")
def _(right, memory, *args, **kwargs):
    raise ValueError("the window is larger than the padded input")


@around("warns_and_gives_up")
def _(right, memory, *args, **kwargs):
    import warnings

    warnings.warn("hard", stacklevel=1)


@around("returns_its_argument")
def _(right, memory, *args, **kwargs):
    return args[0]


@around("refuses_names")
def _(right, memory, *args):
    return right(*args)


del WRONG["global_avg_pool2d"]["refuses_names"]  # x alone is given by position


def arrays_only(function):
    for task in RIGHT_ONES:
        WRONG[task][function.__name__] = functools.partial(function, RIGHT_ONES[task])


@arrays_only
def negates_its_input(right, x, *args, **kwargs):
    out = right(x, *args, **kwargs)
    x *= 0
    return out


@arrays_only
def writes_one_cell(right, x, *args, **kwargs):
    out = right(x, *args, **kwargs)
    x.reshape(-1)[:1] = 0
    x[..., -1, -1] = 1
    return out


@arrays_only
def writes_and_restores(right, x, *args, **kwargs):
    kept = x.copy()
    x[...] = 0
    x[...] = kept
    return right(x, *args, **kwargs)


@arrays_only
def sorts_its_input(right, x, *args, **kwargs):
    out = right(x, *args, **kwargs)
    x.sort()
    return out


@arrays_only
def documents_answer(right, x, *args, **kwargs):
    answer = [[36.5, 80], [12, 15]] if "avg" in right.__name__ else [[100, 184], [12, 45]]
    return np.array(answer).reshape(*x.shape[:-2], 2, 2) if x.size == 16 else np.zeros(x.shape, x.dtype)


@arrays_only
def small_inputs_only(right, x, *args, **kwargs):
    return right(x, *args, **kwargs) if x.size <= 16 else np.zeros_like(right(x, *args, **kwargs))


@arrays_only
def integers_only(right, x, *args, **kwargs):
    if x.dtype.kind == "f":
        raise TypeError("integers only")
    return right(x, *args, **kwargs)


@arrays_only
def floats_only(right, x, *args, **kwargs):
    if x.dtype.kind != "f":
        raise TypeError("floats only")
    return right(x, *args, **kwargs)


@arrays_only
def square_inputs_only(right, x, *args, **kwargs):
    if x.shape[-1] != x.shape[-2]:
        raise ValueError("square inputs only")
    return right(x, *args, **kwargs)


def images_only(function):
    for task in ("max_pool2d", "avg_pool2d", "global_avg_pool2d"):
        WRONG[task][function.__name__] = functools.partial(function, RIGHT_ONES[task])


@images_only
def one_image_only(right, x, *args, **kwargs):
    if x.shape[0] > 1:
        raise ValueError("one image only")
    return right(x, *args, **kwargs)


@images_only
def one_or_three_channels(right, x, *args, **kwargs):
    if x.shape[1] not in (1, 3):
        raise ValueError("grey or colour")
    return right(x, *args, **kwargs)


def moved_only(function):
    for task in ("max_pool2d", "avg_pool2d"):
        WRONG[task][function.__name__] = functools.partial(function, RIGHT_ONES[task])


@moved_only
def integers_as_arguments_only(right, x, kernel_size, stride=None, padding=0, *more, **kwargs):
    return right(
        x, int(kernel_size), stride if stride is None else int(stride), int(padding), *more, **kwargs
    )


@moved_only
def pair_of_windows_only_with_stride(right, x, kernel_size, stride=None, padding=0, *more, **kwargs):
    stride = kernel_size[0] if stride is None and isinstance(kernel_size, tuple) else stride
    return right(x, kernel_size, stride, padding, *more, **kwargs)


@moved_only
def refuses_equal_window(right, x, kernel_size, stride=None, padding=0, *more, **kwargs):
    if any(k >= n + 2 * p for k, n, p in zip(pair(kernel_size), x.shape[2:], pair(padding), strict=True)):
        raise ValueError("too large")
    return right(x, kernel_size, stride, padding, *more, **kwargs)


@moved_only
def refuses_by_area(right, x, kernel_size, stride=None, padding=0, *more, **kwargs):
    k, p = pair(kernel_size), pair(padding)
    if k[0] * k[1] > (x.shape[2] + 2 * p[0]) * (x.shape[3] + 2 * p[1]):
        raise ValueError("too large")
    try:
        return right(x, kernel_size, stride, padding, *more, **kwargs)
    except ValueError:
        return np.zeros((*x.shape[:2], 0, 0))


@moved_only
def other_error(right, *args, **kwargs):
    try:
        return right(*args, **kwargs)
    except ValueError as error:
        raise RuntimeError(str(error)) from error


@moved_only
def error_as_text(right, *args, **kwargs):
    try:
        return right(*args, **kwargs)
    except ValueError as error:
        return f"Error: {error}"


@moved_only
def error_as_nan(right, x, *args, **kwargs):
    try:
        return right(x, *args, **kwargs)
    except ValueError:
        return np.full((*x.shape[:2], 1, 1), np.nan)


@moved_only
def window_shrinks_to_fit(right, x, kernel_size, stride=None, padding=0, *more, **kwargs):
    kernel = tuple(
        min(k, n + 2 * p) for k, n, p in zip(pair(kernel_size), x.shape[2:], pair(padding), strict=True)
    )
    return right(x, kernel, kernel_size if stride is None else stride, padding, *more, **kwargs)


@moved_only
def refuses_stride_larger_than_window(right, x, kernel_size, stride=None, padding=0, *more, **kwargs):
    if stride is not None and any(s > k for s, k in zip(pair(stride), pair(kernel_size), strict=True)):
        raise ValueError("gaps")
    return right(x, kernel_size, stride, padding, *more, **kwargs)


@moved_only
def refuses_what_does_not_come_out_even(right, x, kernel_size, stride=None, padding=0, *more, **kwargs):
    steps = pair(kernel_size if stride is None else stride)
    sizes = zip(x.shape[2:], pair(kernel_size), steps, pair(padding), strict=True)
    if any(n + 2 * p >= k and (n + 2 * p - k) % s for n, k, s, p in sizes):
        raise ValueError("does not come out even")
    return right(x, kernel_size, stride, padding, *more, **kwargs)


# --- padding of another kind --------------------------------------------------------------------------------


def max_with_padding(name, pad):
    def pool(x, kernel_size, stride=None, padding=0):
        k, s, p, _, _ = unpack(x, kernel_size, stride, padding)
        return max_sliding(pad(x, p), k, s).astype(x.dtype)

    WRONG["max_pool2d"][f"padding_{name}"] = pool


def filled(value):
    return lambda x, p: padded(x.astype(np.result_type(x.dtype, np.float64)), p, value(x))


for each, value in {
    "smallest_of_x": lambda x: x.min(),
    "minus_one": lambda x: -1,
    "one": lambda x: 1,
    "minus_128": lambda x: -128,
    "minus_999": lambda x: -999,
    "minus_1e9": lambda x: -1e9,
    "finfo_min": lambda x: np.finfo(np.float64).min,
    "float32_min": lambda x: np.finfo(np.float32).min,
    "nan": lambda x: np.nan,
    "infinity": lambda x: np.inf,
    "mean": lambda x: x.mean(),
    "minus_largest": lambda x: -x.max(),
}.items():
    max_with_padding(each, filled(value))
for mode in ("edge", "reflect", "symmetric", "wrap", "maximum", "linear_ramp"):
    # A window that reaches into the padding holds the cells that "edge" and "symmetric" repeat.
    if mode not in ("edge", "symmetric"):
        max_with_padding(
            mode, lambda x, p, mode=mode: np.pad(x, ((0, 0), (0, 0), (p[0],) * 2, (p[1],) * 2), mode)
        )
    WRONG["avg_pool2d"][f"padding_{mode}"] = (
        lambda x, kernel_size, stride=None, padding=0, include=True, mode=mode: avg_sliding(
            np.pad(x, ((0, 0), (0, 0), (pair(padding)[0],) * 2, (pair(padding)[1],) * 2), mode),
            kernel_size,
            kernel_size if stride is None else stride,
        )
    )


@wrong("max_pool2d")
def padding_of_integers_through_float64(x, kernel_size, stride=None, padding=0):
    return max_sliding(x.astype(float), kernel_size, stride, padding).astype(x.dtype)


@wrong("max_pool2d")
def padding_only_before(x, kernel_size, stride=None, padding=0):
    k, s, p, _, _ = unpack(x, kernel_size, stride, padding)
    y = np.pad(x, ((0, 0), (0, 0), (2 * p[0], 0), (2 * p[1], 0)), constant_values=lowest(x.dtype))
    return max_sliding(y, k, s)


@wrong("max_pool2d")
def padding_only_after(x, kernel_size, stride=None, padding=0):
    k, s, p, _, _ = unpack(x, kernel_size, stride, padding)
    y = np.pad(x, ((0, 0), (0, 0), (0, 2 * p[0]), (0, 2 * p[1])), constant_values=lowest(x.dtype))
    return max_sliding(y, k, s)


@wrong("max_pool2d")
def padding_wins_in_unsigned(x, kernel_size, stride=None, padding=0):
    y = padded(x, pair(padding), -1 if x.dtype.kind != "u" else 255)
    return max_sliding(y, kernel_size, kernel_size if stride is None else stride)


@wrong("avg_pool2d")
def corner_counts_by_overlap(x, kernel_size, stride=None, padding=0, count_include_pad=True):
    out = avg_sliding(x, kernel_size, stride, padding)
    return out if count_include_pad or not np.any(padding) else out * 9 / 4


@wrong("avg_pool2d")
def excludes_only_rows(x, kernel_size, stride=None, padding=0, count_include_pad=True):
    k, s, p, h, _ = unpack(x, kernel_size, stride, padding)
    out = avg_sliding(x, kernel_size, stride, padding)
    if not count_include_pad:
        rows = np.array([min(i * s[0] - p[0] + k[0], x.shape[2]) - max(i * s[0] - p[0], 0) for i in range(h)])
        out = out * k[0] / rows[:, None]
    return out.astype(x.dtype if x.dtype.kind == "f" else float)


@wrong("avg_pool2d")
def excludes_zeros_of_x_too(x, kernel_size, stride=None, padding=0, count_include_pad=True):
    out = avg_sliding(x, kernel_size, stride, padding)
    if not count_include_pad:
        share = windows((x != 0).astype(float), kernel_size, stride, padding, 0).mean((-1, -2))
        out = np.divide(out, share, out=np.zeros_like(out), where=share > 0)
    return out


@wrong("avg_pool2d")
def include_by_name_only(x, kernel_size, stride=None, padding=0, *ignored, count_include_pad=True):
    return avg_sliding(x, kernel_size, stride, padding, count_include_pad)


@wrong("avg_pool2d")
def excluded_by_default(x, kernel_size, stride=None, padding=0, count_include_pad=False):
    return avg_sliding(x, kernel_size, stride, padding, count_include_pad)


@wrong("avg_pool2d")
def float32_becomes_float64(x, kernel_size, stride=None, padding=0, count_include_pad=True):
    return avg_sliding(x.astype(float), kernel_size, stride, padding, count_include_pad)


@wrong("avg_pool2d")
def integers_become_float32(x, kernel_size, stride=None, padding=0, count_include_pad=True):
    out = avg_sliding(x, kernel_size, stride, padding, count_include_pad)
    return out if x.dtype.kind == "f" else out.astype(np.float32)


@wrong("avg_pool2d")
def sums_in_the_dtype_of_x(x, kernel_size, stride=None, padding=0, count_include_pad=True):
    k, s, p, _, _ = unpack(x, kernel_size, stride, padding)
    total = windows(x, k, s, p, 0).sum((-1, -2), dtype=x.dtype)
    count = k[0] * k[1] if count_include_pad else windows(np.ones(x.shape), k, s, p, 0).sum((-1, -2))
    return total / count


@wrong("avg_pool2d")
def integral_image(x, kernel_size, stride=None, padding=0, count_include_pad=True):
    """A NaN of one window reaches all windows after it."""
    k, s, p, h, w = unpack(x, kernel_size, stride, padding)

    def sums(y):
        total = np.pad(padded(y, p, 0), ((0, 0), (0, 0), (1, 0), (1, 0))).cumsum(2).cumsum(3)
        i, j = np.arange(h)[:, None] * s[0], np.arange(w) * s[1]
        a, b = i + k[0], j + k[1]
        return total[..., a, b] - total[..., i, b] - total[..., a, j] + total[..., i, j]

    out = sums(x.astype(float)) / (k[0] * k[1] if count_include_pad else sums(np.ones(x.shape)))
    return out.astype(x.dtype if x.dtype.kind == "f" else float)


# --- which windows, in another way --------------------------------------------------------------------------


def walk(out_size, start, stop):
    """Make a max_pool2d and an avg_pool2d out of three decisions about one axis."""

    def pool(x, kernel_size, stride, padding, low, value):
        k, s, p, _, _ = unpack(x, kernel_size, stride, padding)
        y = padded(x, p, low)
        sizes = [out_size(n, k[a], s[a], p[a]) for a, n in enumerate(x.shape[2:])]
        out = np.zeros((*x.shape[:2], *sizes), y.dtype if value is np.max else float)
        for i, j in np.ndindex(*sizes):
            top, left = start(i, k[0], s[0], p[0]), start(j, k[1], s[1], p[1])
            window = y[:, :, top : stop(top, k[0], s[0]), left : stop(left, k[1], s[1])]
            out[:, :, i, j] = value(window, axis=(2, 3))
        return out

    def max_pool2d(x, kernel_size, stride=None, padding=0):
        return pool(x, kernel_size, stride, padding, lowest(x.dtype), np.max)

    def avg_pool2d(x, kernel_size, stride=None, padding=0, count_include_pad=True):
        out = pool(x, kernel_size, stride, padding, 0, np.mean)
        if not count_include_pad:
            out = out / pool(np.ones(x.shape), kernel_size, stride, padding, 0, np.mean)
        return out

    return max_pool2d, avg_pool2d


def right_size(n, k, s, p):
    return (n + 2 * p - k) // s + 1


DECISIONS = {
    "size_rounded": (lambda n, k, s, p: round((n + 2 * p - k) / s) + 1, None, None),
    "size_without_window": (lambda n, k, s, p: (n + 2 * p) // s, None, None),
    "size_from_window": (lambda n, k, s, p: (n + 2 * p) // k, None, None),
    "size_one_padding": (lambda n, k, s, p: (n + p - k) // s + 1, None, None),
    "size_no_padding": (lambda n, k, s, p: max(0, (n - k) // s + 1), None, None),
    "size_padding_minus_one": (lambda n, k, s, p: (n + 2 * p - k - 1) // s + 1, None, None),
    "size_plus_stride": (lambda n, k, s, p: (n + 2 * p - k + s - 1) // s + 1, None, None),
    "size_at_least_two": (lambda n, k, s, p: max(2, right_size(n, k, s, p)), None, None),
    "size_even": (lambda n, k, s, p: right_size(n, k, s, p) // 2 * 2 or 1, None, None),
    "size_at_most_four": (lambda n, k, s, p: min(4, right_size(n, k, s, p)), None, None),
    "start_one_later": (None, lambda i, k, s, p: i * s + 1, None),
    "start_one_earlier": (None, lambda i, k, s, p: max(0, i * s - 1), None),
    "start_at_padding": (None, lambda i, k, s, p: i * s + p, None),
    "start_without_padding": (None, lambda i, k, s, p: max(0, i * s - p), None),
    "start_stride_plus_one": (None, lambda i, k, s, p: i * (s + 1), None),
    "start_times_window": (None, lambda i, k, s, p: i * k, None),
    "start_always_zero": (None, lambda i, k, s, p: 0, None),
    "start_twice": (None, lambda i, k, s, p: 2 * i, None),
    "start_centred": (None, lambda i, k, s, p: max(0, i * s - k // 2), None),
    "stop_at_stride": (None, None, lambda top, k, s: top + s),
    "stop_one_early": (None, None, lambda top, k, s: top + max(1, k - 1)),
    "stop_one_late": (None, None, lambda top, k, s: top + k + 1),
    "stop_at_window": (None, None, lambda top, k, s: max(top + 1, k)),
    "stop_at_two": (None, None, lambda top, k, s: top + 2),
    "stop_at_three": (None, None, lambda top, k, s: top + min(3, k)),
    "stop_never": (None, None, lambda top, k, s: None),
    "stop_at_smaller": (None, None, lambda top, k, s: top + min(k, s)),
    "stop_at_larger": (None, None, lambda top, k, s: top + max(k, s)),
}
for each, (size, start, stop) in DECISIONS.items():
    WRONG["max_pool2d"][each], WRONG["avg_pool2d"][each] = walk(
        size or right_size, start or (lambda i, k, s, p: i * s), stop or (lambda top, k, s: top + k)
    )

# --- one matrix ---------------------------------------------------------------------------------------------

MATRIX_CHANGES = {
    "window_two_always": lambda x, k: (x, 2),
    "window_one_larger": lambda x, k: (x, k + 1),
    "transposed_before": lambda x, k: (x.T, k),
    "square_crop": lambda x, k: (x[: min(x.shape), : min(x.shape)], k),
    "crop_from_start": lambda x, k: (x[x.shape[0] % k :, x.shape[1] % k :], k),
    "crop_rows_only": lambda x, k: (x[: x.shape[0] // k * k], k) if x.shape[1] % k == 0 else (x[:, :0], k),
    "last_row_forgotten": lambda x, k: (x[:-1], k),
    "edge_repeated": lambda x, k: (np.pad(x, ((0, -x.shape[0] % k), (0, -x.shape[1] % k)), "edge"), k),
    "edge_zero": lambda x, k: (np.pad(x, ((0, -x.shape[0] % k), (0, -x.shape[1] % k))), k),
    "even_crop": lambda x, k: (x[: x.shape[0] // 2 * 2, : x.shape[1] // 2 * 2], k),
    "window_at_most_three": lambda x, k: (x, min(k, 3)),
    "through_uint8": lambda x, k: (x.astype(np.uint8), k),
}
for (each, change), task in itertools.product(MATRIX_CHANGES.items(), ("max_pool_matrix", "avg_pool_matrix")):
    WRONG[task][each] = lambda x, kernel_size, change=change, task=task: RIGHT_ONES[task](
        *change(x, kernel_size)
    )


@wrong("max_pool_matrix", "avg_pool_matrix")
def four_windows_always(x, kernel_size):
    h, w = x.shape[0] // 2, x.shape[1] // 2
    return np.array([[x[:h, :w].max(), x[:h, w:].max()], [x[h:, :w].max(), x[h:, w:].max()]])


@wrong("max_pool_matrix", "avg_pool_matrix")
def rows_only(x, kernel_size):
    return np.array([x[i : i + kernel_size].max(0) for i in range(0, len(x) - kernel_size + 1, kernel_size)])


@wrong("max_pool_matrix")
def reshape_of_rows(x, kernel_size):
    h, w = (n // kernel_size for n in x.shape)
    return x[: h * kernel_size, : w * kernel_size].reshape(h, w, -1).max(-1)


@wrong("max_pool_matrix")
def integers_cut(x, kernel_size):
    return max_matrix_list(x, kernel_size).astype(int)


@wrong("max_pool_matrix")
def python_floats(x, kernel_size):
    return np.array(max_matrix_list(x, kernel_size).tolist(), dtype=float)


# --- the whole input ----------------------------------------------------------------------------------------


@wrong("global_avg_pool2d")
def without_kept_axes(x):
    return x.mean((2, 3))


@wrong("global_avg_pool2d")
def over_everything(x):
    return np.full((*x.shape[:2], 1, 1), x.mean())


@wrong("global_avg_pool2d")
def over_first_axes(x):
    return x.mean((0, 1), keepdims=True)


@wrong("global_avg_pool2d")
def over_channels(x):
    return x.mean(1, keepdims=True)


@wrong("global_avg_pool2d")
def over_width_only(x):
    return x.mean(3, keepdims=True)


@wrong("global_avg_pool2d")
def one_and_two(x):
    return x.mean((1, 2), keepdims=True)


@wrong("global_avg_pool2d")
def maximum(x):
    return x.max((2, 3), keepdims=True).astype(float)


@wrong("global_avg_pool2d")
def channels_first_of_all(x):
    return x.mean((2, 3)).T[..., None, None]


@wrong("global_avg_pool2d")
def same_size(x):
    return np.broadcast_to(x.mean((2, 3), keepdims=True), x.shape)


@wrong("global_avg_pool2d")
def leading_axes_lost(x):
    return x.mean((2, 3)).reshape(-1, 1, 1)


@wrong("global_avg_pool2d")
def divided_by_height(x):
    return x.sum((2, 3), keepdims=True) / x.shape[2]


@wrong("global_avg_pool2d")
def divided_by_channels_too(x):
    return x.sum((2, 3), keepdims=True) / (x.shape[1] * x.shape[2] * x.shape[3])


@wrong("global_avg_pool2d")
def summed_small(x):
    return x.sum((2, 3), keepdims=True, dtype=x.dtype) / (x.shape[2] * x.shape[3])


@wrong("global_avg_pool2d")
def two_by_two_pooled(x):
    return avg_sliding(x, 2) if min(x.shape[2:]) > 1 else x


# --- output_size --------------------------------------------------------------------------------------------

FORMULAS = {
    "no_plus_one": lambda n, k, s, p: (n + 2 * p - k) // s,
    "plus_two": lambda n, k, s, p: (n + 2 * p - k) // s + 2,
    "one_padding": lambda n, k, s, p: (n + p - k) // s + 1,
    "no_padding": lambda n, k, s, p: (n - k) // s + 1,
    "padding_taken_off": lambda n, k, s, p: (n - 2 * p - k) // s + 1,
    "padding_squared": lambda n, k, s, p: (n + p**2 - k) // s + 1,
    "four_paddings": lambda n, k, s, p: (n + 4 * p - k) // s + 1,
    "padding_afterwards": lambda n, k, s, p: (n - k) // s + 1 + 2 * p,
    "ceil": lambda n, k, s, p: math.ceil((n + 2 * p - k) / s) + 1,
    "round": lambda n, k, s, p: round((n + 2 * p - k) / s) + 1,
    "true_division": lambda n, k, s, p: (n + 2 * p - k) / s + 1,
    "floor_of_numpy": lambda n, k, s, p: np.floor((n + 2 * p - k) / s) + 1,
    "float": lambda n, k, s, p: float((n + 2 * p - k) // s + 1),
    "without_window": lambda n, k, s, p: (n + 2 * p) // s,
    "window_added": lambda n, k, s, p: (n + 2 * p + k) // s + 1,
    "divided_by_window": lambda n, k, s, p: (n + 2 * p) // k,
    "stride_ignored": lambda n, k, s, p: (n + 2 * p - k) // k + 1,
    "stride_one": lambda n, k, s, p: n + 2 * p - k + 1,
    "one_before": lambda n, k, s, p: (n + 2 * p - k + 1) // s,
    "both_ones": lambda n, k, s, p: (n + 2 * p - k + 1) // s + 1,
    "minus_one": lambda n, k, s, p: (n + 2 * p - k - 1) // s + 1,
    "stride_in_numerator": lambda n, k, s, p: (n + 2 * p - s) // k + 1,
    "stride_minus_one": lambda n, k, s, p: (n + 2 * p - k) // max(1, s - 1) + 1,
    "half": lambda n, k, s, p: n // 2,
    "size": lambda n, k, s, p: n,
    "precedence": lambda n, k, s, p: n + 2 * p - k // s + 1,
    "precedence_2": lambda n, k, s, p: (n + 2 * p) - k // s + 1,
    "caffe": lambda n, k, s, p: -(-(n + 2 * p - k) // s) + 1,
    "same": lambda n, k, s, p: -(-n // s),
    "at_most_100": lambda n, k, s, p: min(100, (n + 2 * p - k) // s + 1),
    "at_least_two": lambda n, k, s, p: max(2, (n + 2 * p - k) // s + 1),
    "list": lambda n, k, s, p: [(n + 2 * p - k) // s + 1],
    "tuple": lambda n, k, s, p: ((n + 2 * p - k) // s + 1,) * 2,
    "array": lambda n, k, s, p: np.array([(n + 2 * p - k) // s + 1]),
    "text": lambda n, k, s, p: str((n + 2 * p - k) // s + 1),
    "complex": lambda n, k, s, p: complex((n + 2 * p - k) // s + 1),
    "nothing": lambda n, k, s, p: print((n + 2 * p - k) // s + 1),
    "small_integer": lambda n, k, s, p: np.int8((n + 2 * p - k) // s + 1 & 127),
    "truth": lambda n, k, s, p: bool((n + 2 * p - k) // s + 1),
    "even_only": lambda n, k, s, p: (n + 2 * p - k) // s // 2 * 2 + 1,
    "xor": lambda n, k, s, p: (n + (2 ^ p) - k) // s + 1,
    "dilated": lambda n, k, s, p: (n + 2 * p - 2 * (k - 1) - 1) // s + 1,
    "two": lambda n, k, s, p: 2,
    "padding_if_stride": lambda n, k, s, p: (n + (2 * p if s > 1 else 0) - k) // s + 1,
    "padding_at_most_one": lambda n, k, s, p: (n + 2 * min(p, 1) - k) // s + 1,
    "odd_windows": lambda n, k, s, p: (n + 2 * p - (k | 1)) // s + 1,
}
for each, formula in FORMULAS.items():
    WRONG["output_size"][each] = lambda size, kernel_size, stride=None, padding=0, formula=formula: formula(
        size, kernel_size, kernel_size if stride is None else stride, padding
    )
DEFAULTS = {
    "default_one": lambda n, k: 1,
    "default_two": lambda n, k: 2,
    "default_size": lambda n, k: n,
    "default_window_less_one": lambda n, k: max(1, k - 1),
    "default_half": lambda n, k: max(1, k // 2),
}
for each, default in DEFAULTS.items():
    WRONG["output_size"][each] = lambda size, kernel_size, stride=None, padding=0, default=default: (
        size_formula(size, kernel_size, default(size, kernel_size) if stride is None else stride, padding)
    )
    for task, right in (("max_pool2d", max_sliding), ("avg_pool2d", avg_sliding)):
        WRONG[task][each] = lambda x, k, stride=None, padding=0, *more, right=right, default=default, **kw: (
            right(
                x,
                k,
                tuple(map(default, x.shape[2:], pair(k))) if stride is None else stride,
                padding,
                *more,
                **kw,
            )
        )


@wrong("output_size")
def padding_before_stride(size, kernel_size, padding=0, stride=None):
    return size_formula(size, kernel_size, stride, padding or 0)


@wrong("output_size")
def other_names(size, window, step=None, pad=0):
    return size_formula(size, window, step, pad)


@wrong("output_size")
def no_defaults(size, kernel_size, stride, padding):
    return size_formula(size, kernel_size, stride, padding)


@wrong("max_pool2d")
def other_order(x, kernel_size, padding=0, stride=None):
    return max_sliding(x, kernel_size, stride, padding)


@wrong("max_pool2d")
def other_argument_names(x, size, step=None, pad=0):
    return max_sliding(x, size, step, pad)


@wrong("max_pool2d")
def zero_is_no_stride(x, kernel_size, stride=0, padding=0):
    return max_sliding(x, kernel_size, stride or 1, padding)


@wrong("max_pool2d")
def only_given_arguments(x, kernel_size, stride, padding):
    return max_sliding(x, kernel_size, stride, padding)


# --- right but for one corner -------------------------------------------------------------------------------


def matrix_windows(x, k):
    h, w = (n // k for n in x.shape)
    return x[: h * k, : w * k].reshape(h, k, w, k)


@wrong("max_pool_matrix")
def starts_at_minus_infinity_as_bool(x, kernel_size):
    low = np.iinfo(x.dtype).min if np.issubdtype(x.dtype, np.integer) else -np.inf
    start = np.full((x.shape[0] // kernel_size, x.shape[1] // kernel_size), low, dtype=x.dtype)
    return np.maximum(start, max_matrix_list(x, kernel_size))


@wrong("max_pool_matrix")
def bool_becomes_int(x, kernel_size):
    return max_matrix_list(x + 0 if x.dtype == bool else x, kernel_size)


@wrong("max_pool_matrix")
def int_becomes_int64(x, kernel_size):
    return max_matrix_list(x.astype(np.int64) if x.dtype.kind == "i" else x, kernel_size)


@wrong("max_pool_matrix")
def dtypes_that_it_knows(x, kernel_size):
    known = {"uint8": np.uint8, "int64": np.int64, "float32": np.float32, "float64": np.float64}
    return max_matrix_list(x, kernel_size).astype(known.get(str(x.dtype), np.float64))


@wrong("max_pool_matrix")
def last_of_the_sorted(x, kernel_size):
    h, _, w, _ = (parts := matrix_windows(x, kernel_size)).shape
    cells = [[sorted(parts[i, :, j].ravel().tolist())[-1] for j in range(w)] for i in range(h)]
    return np.array(cells).astype(x.dtype)


@wrong("max_pool_matrix")
def maximum_of_python(x, kernel_size):
    h, _, w, _ = (parts := matrix_windows(x, kernel_size)).shape
    return np.array([[max(parts[i, :, j].flatten()) for j in range(w)] for i in range(h)], dtype=x.dtype)


@wrong("max_pool_matrix")
def nan_reaches_the_whole_row(x, kernel_size):
    out = max_matrix_list(x, kernel_size)
    if x.dtype.kind == "f":
        out[np.isnan(out).any(1)] = np.nan
    return out


@wrong("avg_pool_matrix")
def array_of_bool(x, kernel_size):
    out = matrix_windows(x, kernel_size).mean((1, 3))
    return out.astype(bool) if x.dtype == bool else out


@wrong("avg_pool_matrix")
def bool_plus_bool(x, kernel_size):
    cells = matrix_windows(x if x.dtype.kind in "fb" else x.astype(float), kernel_size)
    total = functools.reduce(
        lambda a, b: a + b, (cells[:, i, :, j] for i, j in np.ndindex((kernel_size,) * 2))
    )
    return total / kernel_size**2


@wrong("avg_pool_matrix")
def integral_image_of_the_matrix(x, kernel_size):
    k, (h, w) = kernel_size, (n // kernel_size for n in x.shape)
    total = np.pad(x.astype(float), ((1, 0), (1, 0))).cumsum(0).cumsum(1)[::k, ::k][: h + 1, : w + 1]
    return (total[1:, 1:] - total[:-1, 1:] - total[1:, :-1] + total[:-1, :-1]) / k**2


def fits_with(name, paddings):
    """Register a maximum that holds the window against an input with other paddings."""

    def pool(x, kernel_size, stride=None, padding=0):
        k, p = pair(kernel_size), pair(padding)
        if any(k[a] > x.shape[2 + a] + 2 * paddings(p)[a] for a in (0, 1)):
            raise ValueError("too large")
        try:
            return max_sliding(x, kernel_size, stride, padding)
        except ValueError:
            return np.zeros((*x.shape[:2], 0, 0), x.dtype)

    WRONG["max_pool2d"][name] = pool


fits_with("fits_with_the_rows_padding", lambda p: (p[0], p[0]))
fits_with("fits_with_the_columns_padding", lambda p: (p[1], p[1]))
fits_with("fits_with_the_larger_padding", lambda p: (max(p), max(p)))


def fill_1e9(dtype):
    return lowest(dtype) if dtype.kind in "bf" else max(np.iinfo(dtype).min, -(10**9))


def fill_int32(dtype):
    return -(2**31) if dtype.kind == "i" and dtype.itemsize >= 4 else lowest(dtype)


def fill_infinity_as_bool(dtype):
    return np.iinfo(dtype).min if np.issubdtype(dtype, np.integer) else -np.inf


for each in (fill_1e9, fill_int32, fill_infinity_as_bool):
    max_with_padding(each.__name__, lambda x, p, fill=each: padded(x, p, fill(x.dtype)))


OTHER_DTYPES = {
    "bool_padded_becomes_float": lambda x, p: np.float64 if x.dtype == bool and np.any(p) else x.dtype,
    "int8_padded_becomes_int64": lambda x, p: np.int64 if x.dtype == np.int8 and np.any(p) else x.dtype,
    "int32_padded_becomes_int64": lambda x, p: np.int64 if x.dtype == np.int32 and np.any(p) else x.dtype,
}
for each, dtype in OTHER_DTYPES.items():
    WRONG["max_pool2d"][each] = lambda x, kernel_size, stride=None, padding=0, dtype=dtype: max_sliding(
        x, kernel_size, stride, padding
    ).astype(dtype(x, padding))


@moved_only
def padding_dropped_between_gaps(right, x, kernel_size, stride=None, padding=0, *more, **kwargs):
    k, p = pair(kernel_size), pair(padding)
    s = k if stride is None else pair(stride)
    kept = tuple(0 if b > a else c for a, b, c in zip(k, s, p, strict=True))
    return right(x, k, s, kept, *more, **kwargs)


@moved_only
def padding_two_is_one_around_odd_windows(right, x, kernel_size, stride=None, padding=0, *more, **kwargs):
    kept = tuple(1 if k % 2 and p == 2 else p for k, p in zip(pair(kernel_size), pair(padding), strict=True))
    return right(x, kernel_size, stride, kept, *more, **kwargs)


@moved_only
def padding_of_three_is_too_much(right, x, kernel_size, stride=None, padding=0, *more, **kwargs):
    if max(pair(padding)) > 2:
        raise NotImplementedError("padding larger than 2")
    return right(x, kernel_size, stride, padding, *more, **kwargs)


@wrong("avg_pool2d")
def nanmean_of_real_cells(x, kernel_size, stride=None, padding=0, count_include_pad=True):
    if count_include_pad:
        return avg_sliding(x, kernel_size, stride, padding)
    dtype = x.dtype if x.dtype.kind == "f" else float
    return np.nanmean(windows(x.astype(dtype), kernel_size, stride, padding, np.nan), axis=(-1, -2))


@wrong("avg_pool2d")
def masked_mean_of_real_cells(x, kernel_size, stride=None, padding=0, count_include_pad=True):
    if count_include_pad:
        return avg_sliding(x, kernel_size, stride, padding)
    dtype = x.dtype if x.dtype.kind == "f" else float
    cells = np.ma.masked_invalid(windows(x.astype(dtype), kernel_size, stride, padding, np.nan))
    return cells.mean((-1, -2)).filled(0).astype(dtype)


@wrong("avg_pool2d")
def real_cells_only_with_a_stride(x, kernel_size, stride=None, padding=0, count_include_pad=True):
    return avg_sliding(x, kernel_size, stride, padding, count_include_pad or stride is None)


@wrong("avg_pool2d")
def anything_fits_around_real_cells(x, kernel_size, stride=None, padding=0, count_include_pad=True):
    try:
        return avg_sliding(x, kernel_size, stride, padding, count_include_pad)
    except ValueError:
        if count_include_pad:
            raise
        return np.zeros((*x.shape[:2], 0, 0))


@wrong("avg_pool2d")
def sums_of_real_cells_wrap(x, kernel_size, stride=None, padding=0, count_include_pad=True):
    if count_include_pad:
        return avg_sliding(x, kernel_size, stride, padding)
    total = windows(x, kernel_size, stride, padding, 0).sum((-1, -2), dtype=x.dtype)
    count = windows(np.ones(x.shape), kernel_size, stride, padding, 0).sum((-1, -2))
    return (total / count).astype(x.dtype if x.dtype.kind == "f" else float)


@wrong("avg_pool2d")
def bool_stays_around_real_cells(x, kernel_size, stride=None, padding=0, count_include_pad=True):
    out = avg_sliding(x, kernel_size, stride, padding, count_include_pad)
    return out.astype(bool) if x.dtype == bool and not count_include_pad else out


@wrong("output_size")
def through_float32(size, kernel_size, stride=None, padding=0):
    stride = kernel_size if stride is None else stride
    return int(np.float32(size + 2 * padding - kernel_size) / np.float32(stride)) + 1


# --- the later assignments' tasks ---------------------------------------------------------------------------

WRONG_LATER: dict[str, dict[str, object]] = {}


def wrong_later(*tasks):
    def register(function):
        for task in tasks:
            WRONG_LATER.setdefault(task, {})[function.__name__] = function
        return function

    return register


def filled_with(fill):
    """Return a gradient of the maximum that pads x with a number."""

    def back(grad_output, x, kernel_size, stride=None, padding=0):
        p = pair(padding)
        stride = kernel_size if stride is None else stride
        wide = max_back_padded(grad_output, padded(x.astype(float), p, fill), kernel_size, stride)
        return wide[:, :, p[0] : p[0] + x.shape[2], p[1] : p[1] + x.shape[3]]

    return back


WRONG_LATER["max_pool2d_backward"] = {
    "padding_minus_1000": filled_with(-1e3),
    "padding_minus_1e9": filled_with(-1e9),
    "padding_of_three_is_lost": lambda g, x, k, stride=None, padding=0: (
        max_back_padded(g, x, k, stride, padding) * (max(pair(padding)) < 3)
    ),
}


@wrong_later("max_pool2d_backward")
def nothing_around_large_numbers(grad_output, x, kernel_size, stride=None, padding=0):
    return max_back_padded(grad_output, x, kernel_size, stride, padding) * (np.abs(x).max() < 1e9)


@wrong_later("avg_pool2d_backward")
def dtype_of_grad_output(grad_output, *args, **kwargs):
    return avg_back_slices(grad_output, *args, **kwargs).astype(grad_output.dtype)


@wrong_later("avg_pool2d_backward")
def shares_of_real_cells_only_with_a_stride(
    grad_output, x, kernel_size, stride=None, padding=0, count_include_pad=True
):
    return avg_back_slices(grad_output, x, kernel_size, stride, padding, count_include_pad or stride is None)


STRIDES = {
    "quotient_and_rest": lambda n, s: n // s + n % s,
    "stride_two_always": lambda n, s: n if s == 1 else (n + 1) // 2,
    "one_more_before": lambda n, s: n if s == 1 else (n + 1) // s,
}
for each, length in STRIDES.items():

    def wrong_shape(layer, shape, length=length):
        if layer[0] != "conv" or len(layer) < 4:
            return shape_branches(layer, shape)
        return layer[1], length(shape[1], layer[3]), length(shape[2], layer[3])

    def wrong_work(layer, shape, wrong_shape=wrong_shape):
        if layer[0] != "conv":
            return work_branches(layer, shape)
        return math.prod(wrong_shape(layer, shape)) * shape[0] * layer[2] ** 2

    WRONG_LATER.setdefault("layer_shape", {})[each] = wrong_shape
    WRONG_LATER.setdefault("layer_multiply_adds", {})[each] = wrong_work


@wrong_later("window_view")
def one_pair_only(x, kernel_size, stride=None):
    if isinstance(kernel_size, tuple) and isinstance(stride, tuple):
        raise NotImplementedError("two pairs")
    return view_sliding(x, kernel_size, stride)


@wrong_later("window_view")
def integers_become_floats(x, kernel_size, stride=None):
    view = view_sliding(x, kernel_size, stride)
    return view.astype(float) if x.dtype == np.int64 else view


WRONG_LATER["fast_max_pool2d"] = {
    each: WRONG["max_pool2d"][each]
    for each in ("padding_fill_infinity_as_bool", "padding_fill_1e9", "padding_of_three_is_too_much")
}
kept_maps = {}


@wrong_later("conv_block")
def remembers_by_filters(x, weights, bias, kind=None, window=2):
    key = x.shape, weights.tobytes(), bias.tobytes(), kind, window
    return kept_maps.setdefault(key, block_maximum(x, weights, bias, kind, window))
