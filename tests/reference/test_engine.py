"""The engine against the slowest and plainest pooling: one window at a time, one cell after the other."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pooling_ref import avg_pool2d, engine, max_pool2d
from pooling_ref.windows import AUTO_PADS, Windows, lay_windows

DTYPES = [bool, np.uint8, np.int8, np.int32, np.uint64, np.float16, np.float32, np.float64]


@st.composite
def windows_along_an_axis(draw) -> Windows:
    """Draw windows that all have a real cell, with strides on both sides of what the engine calls small."""
    kernel, dilation = draw(st.integers(1, 4)), draw(st.integers(1, 2))
    span = (kernel - 1) * dilation + 1
    pads = (0, 0) if dilation > 1 else draw(st.tuples(*[st.integers(0, kernel - 1)] * 2))
    size = draw(st.integers(span, 9))
    stride = draw(st.integers(1, engine.SMALL_STRIDE + 2))
    ceil_mode, auto_pad = draw(st.booleans()), draw(st.sampled_from(AUTO_PADS))
    if dilation > 1 and auto_pad.startswith("SAME"):
        auto_pad = "VALID"
    return lay_windows(size, kernel, stride, dilation, pads, ceil_mode, auto_pad)


def real_cells(windows: list[Windows], index: tuple[int, ...]) -> list[tuple[int, ...]]:
    """List the real cells of one window in row-major order."""
    along_axes = []
    for axis_windows, number in zip(windows, index, strict=True):
        start = number * axis_windows.stride - axis_windows.before
        cells = range(start, start + axis_windows.kernel * axis_windows.dilation, axis_windows.dilation)
        along_axes.append([cell for cell in cells if 0 <= cell < axis_windows.size])
    return list(product(*along_axes))


@given(st.lists(windows_along_an_axis(), min_size=1, max_size=3), st.data())
def test_every_window_holds_the_maximum_the_place_and_the_average_of_its_cells(windows, data):
    sizes = tuple(axis_windows.size for axis_windows in windows)
    dtype = np.dtype(data.draw(st.sampled_from(DTYPES)))
    x = data.draw(hnp.arrays(np.int8, (2, *sizes), elements=st.integers(0, 4))).astype(dtype)
    largest, places = engine.max_pool(x, windows), engine.arg_max_pool(x, windows)
    averages = engine.avg_pool(x, windows, count_include_pad=False)
    assert (
        largest.shape
        == places.shape
        == averages.shape
        == (2, *(axis_windows.count for axis_windows in windows))
    )
    for plane, *index in np.ndindex(largest.shape):
        cells = real_cells(windows, index)
        values = [x[(plane, *cell)] for cell in cells]
        here = (plane, *index)
        assert largest[here] == max(values)
        first = cells[values.index(max(values))]
        assert places[here] == np.ravel_multi_index((plane, *first), x.shape)
        np.testing.assert_allclose(averages[here], np.mean(values, dtype=float), rtol=1e-3)


@pytest.mark.parametrize("pool", [max_pool2d, avg_pool2d])
def test_more_planes_than_fit_a_block_are_pooled_like_each_plane_alone(pool):
    x = np.random.default_rng(3).standard_normal((7, 11, 64, 65))
    assert x.nbytes > engine.BLOCK_BYTES
    pooled = pool(x, 3, 2, 1)
    for image, channel in np.ndindex(x.shape[:2]):
        np.testing.assert_array_equal(pooled[image, channel], pool(x[image, channel], 3, 2, 1))


@pytest.mark.parametrize(
    ("auto_pad", "before", "after", "count"),
    [("NOTSET", 1, 0, 3), ("VALID", 0, 0, 2), ("SAME_UPPER", 0, 1, 3), ("SAME_LOWER", 1, 0, 3)],
)
def test_each_way_of_padding_puts_the_cells_where_onnx_says(auto_pad, before, after, count):
    windows = lay_windows(6, 3, 2, pads=(1, 0), auto_pad=auto_pad)
    assert (windows.before, windows.after, windows.count) == (before, after, count)


def test_a_window_that_would_start_in_the_padding_at_the_far_end_is_dropped():
    assert lay_windows(2, 3, 3, pads=(1, 1), ceil_mode=True).count == 1
    assert lay_windows(4, 3, 2, ceil_mode=True).count == 2


def test_what_ceil_mode_has_beyond_the_padding_is_never_in_the_divisor():
    windows = [lay_windows(4, 3, 2, pads=(1, 0), ceil_mode=True)]
    assert engine.divisor(windows, count_include_pad=True).tolist() == [3, 3]
    assert engine.divisor([lay_windows(4, 3, 3, ceil_mode=True)], True).tolist() == [3, 1]
    assert engine.divisor(windows, count_include_pad=False).tolist() == [2, 3]


def test_places_can_be_numbered_column_by_column():
    x = np.array([[[1, 2, 9], [3, 4, 5]]])
    windows = [lay_windows(2, 2, 2), lay_windows(3, 3, 3)]
    assert engine.arg_max_pool(x, windows, order="C").tolist() == [[[2]]]
    assert engine.arg_max_pool(x, windows, order="F").tolist() == [[[4]]]


@pytest.mark.parametrize(
    ("arguments", "exception", "words"),
    [
        ({"size": 0}, ValueError, ["size=0"]),
        ({"kernel": 0}, ValueError, ["kernel=0"]),
        ({"kernel": 5}, ValueError, ["kernel=5", "size=4"]),
        ({"kernel": 7, "pads": (1, 1), "ceil_mode": True}, ValueError, ["kernel=7", "size=4", "6"]),
        ({"kernel": 5, "auto_pad": "VALID"}, ValueError, ["kernel=5", "size=4"]),
        ({"dilation": 4}, ValueError, ["kernel=2", "size=4", "5"]),
        ({"stride": 0}, ValueError, ["stride=0"]),
        ({"stride": 0, "auto_pad": "SAME_UPPER"}, ValueError, ["stride=0"]),
        ({"dilation": 0}, ValueError, ["dilation=0"]),
        ({"pads": (-1, 0)}, ValueError, ["pads[0]=-1"]),
        ({"pads": (0, -2)}, ValueError, ["pads[1]=-2"]),
        ({"pads": 1}, ValueError, ["pads=1"]),
        ({"pads": (1, 1, 1)}, ValueError, ["pads=(1, 1, 1)"]),
        ({"pads": (0.5, 0)}, TypeError, ["pads[0]=0.5"]),
        ({"kernel": 2.0}, TypeError, ["kernel=2.0"]),
        ({"stride": True}, TypeError, ["stride=True"]),
    ],
)
def test_windows_that_cannot_be_laid_name_the_argument_and_its_value(arguments, exception, words):
    with pytest.raises(exception) as error:
        lay_windows(**{"size": 4, "kernel": 2, "stride": 1, **arguments})
    assert all(word in str(error.value) for word in words), str(error.value)


def test_ceil_mode_keeps_a_first_window_that_is_incomplete():
    assert lay_windows(4, 5, 2, ceil_mode=True).count == 1


def test_an_unknown_way_of_padding_is_named():
    with pytest.raises(ValueError, match=r"auto_pad='SAME' must be one of NOTSET, VALID, SAME_UPPER"):
        lay_windows(4, 2, 2, auto_pad="SAME")
