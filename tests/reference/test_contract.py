"""The contract's table, row by row: each rule as examples whose results can be checked by eye."""

import numpy as np
import pytest

from pooling_ref import (
    avg_pool2d,
    avg_pool2d_backward,
    global_avg_pool2d,
    global_max_pool2d,
    max_pool2d,
    max_pool2d_backward,
    output_size,
)

NAN, INF = np.nan, np.inf
GRID = np.arange(24.0).reshape(4, 6)  # 0 .. 23, row by row: no two axes alike

# Every dtype that the contract knows.
INTEGERS = [np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64]
FLOATS = [np.float16, np.float32, np.float64]
LOWEST = {bool: False} | {dtype: np.iinfo(dtype).min for dtype in INTEGERS}

# ------------------------------------------------------------------------------------------- output size


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((4, 2), 2),
        ((5, 2), 2),  # the incomplete window is dropped
        ((5, 2, 1), 4),
        ((7, 3, 2), 3),
        ((8, 3, 2), 3),
        ((8, 3, 2, 1), 4),  # padding on both sides
        ((1, 3, 1, 1), 1),
        ((5, 5), 1),
        ((5, 1, 7), 1),
        ((np.int64(6), np.uint8(2), np.int32(2), np.int8(1)), 4),
    ],
)
def test_the_output_size_is_the_floor_of_the_formula(arguments, expected):
    size = output_size(*arguments)
    assert size == expected
    assert type(size) is int


@pytest.mark.parametrize("pool", [max_pool2d, avg_pool2d])
@pytest.mark.parametrize(
    ("kernel", "stride", "padding"),
    [(2, None, 0), (3, 2, 1), ((3, 2), (1, 2), (0, 1)), (2, 5, 0), (np.array([2, 3]), [1, 2], 0)],
)
def test_each_axis_of_the_output_has_the_output_size(pool, kernel, stride, padding):
    pooled = pool(GRID, kernel, stride, padding)
    rows, columns = (
        output_size(
            size,
            np.broadcast_to(kernel, 2)[axis],
            None if stride is None else np.broadcast_to(stride, 2)[axis],
            np.broadcast_to(padding, 2)[axis],
        )
        for axis, size in enumerate(GRID.shape)
    )
    assert pooled.shape == (rows, columns)


# ------------------------------------------------------------------------------------------------ windows


def test_the_first_number_of_a_pair_is_the_height():
    assert max_pool2d(GRID, (2, 3)).tolist() == [[8, 11], [20, 23]]
    assert max_pool2d(GRID, 1, (3, 2)).tolist() == [[0, 2, 4], [18, 20, 22]]
    assert max_pool2d(GRID, (3, 1), 3, (1, 0)).tolist() == [[6, 9], [18, 21]]


def test_the_stride_is_the_window_where_none_is_given():
    assert max_pool2d(GRID, (2, 3), None).tolist() == max_pool2d(GRID, (2, 3), (2, 3)).tolist()
    assert avg_pool2d(GRID, (2, 3)).tolist() == [[4, 7], [16, 19]]


@pytest.mark.parametrize("pool", [max_pool2d, avg_pool2d, global_max_pool2d, global_avg_pool2d])
@pytest.mark.parametrize("leading", [(), (3,), (2, 3), (2, 1, 2, 3)])
def test_leading_axes_are_pooled_one_by_one_and_kept(pool, leading):
    x = np.random.default_rng(0).standard_normal((*leading, 4, 6))
    arguments = () if pool in (global_max_pool2d, global_avg_pool2d) else (2, 1)
    pooled = pool(x, *arguments)
    assert pooled.shape[:-2] == leading
    for index in np.ndindex(leading):
        np.testing.assert_array_equal(pooled[index], pool(x[index], *arguments))


def test_global_pooling_leaves_one_row_and_one_column():
    x = np.stack([GRID, -GRID])[None]
    assert global_max_pool2d(x).tolist() == [[[[23]], [[0]]]]
    assert global_avg_pool2d(x).tolist() == [[[[11.5]], [[-11.5]]]]


# ------------------------------------------------------------------------------------------------ padding


@pytest.mark.parametrize("dtype", FLOATS)
def test_padding_never_wins_over_negative_floats(dtype):
    assert max_pool2d(np.full((2, 2), -5, dtype), 2, 1, 1).tolist() == [[-5] * 3] * 3
    assert max_pool2d(np.full((2, 2), -INF, dtype), 2, 1, 1).tolist() == [[-INF] * 3] * 3


@pytest.mark.parametrize("dtype", LOWEST, ids=lambda dtype: dtype.__name__)
def test_padding_never_wins_over_the_lowest_integer(dtype):
    pooled = max_pool2d(np.full((2, 3), LOWEST[dtype], dtype), 3, 1, 1)
    assert pooled.tolist() == [[LOWEST[dtype]] * 3] * 2


def test_padding_counts_as_zeros_in_an_average_and_in_its_divisor():
    assert avg_pool2d(np.full((2, 2), 9.0), 3, 1, 1).tolist() == [[4, 4], [4, 4]]
    assert avg_pool2d(np.full((2, 2), 8), 2, 2, (1, 0)).tolist() == [[4], [4]]


@pytest.mark.parametrize("plain", [True, False])
def test_numpys_true_and_false_count_as_pythons(plain):
    assert avg_pool2d(GRID, 2, 2, 1, np.bool_(plain)).tolist() == avg_pool2d(GRID, 2, 2, 1, plain).tolist()


def test_padding_can_be_left_out_of_the_divisor():
    ones = avg_pool2d(np.full((3, 4), 9.0), 3, 1, 1, count_include_pad=False)
    assert ones.tolist() == [[9] * 4] * 3
    corner = avg_pool2d(np.array([[1.0, 2], [3, 6]]), 2, 2, 1, False)
    assert corner.tolist() == [[1, 2], [3, 6]]


# ------------------------------------------------------------------------------------------------- dtypes


@pytest.mark.parametrize("pool", [lambda x: max_pool2d(x, 2), global_max_pool2d])
@pytest.mark.parametrize("dtype", [bool, *INTEGERS, *FLOATS, np.longdouble, ">f4", ">i2"])
def test_a_maximum_keeps_the_dtype(pool, dtype):
    pooled = pool(np.eye(2, dtype=dtype))
    assert pooled.dtype == dtype
    assert pooled.tolist() == [[1]]


@pytest.mark.parametrize("pool", [lambda x: avg_pool2d(x, 2), global_avg_pool2d])
@pytest.mark.parametrize("dtype", [*FLOATS, np.longdouble, ">f4"])
def test_an_average_of_floats_keeps_their_dtype(pool, dtype):
    pooled = pool(np.eye(2, dtype=dtype))
    assert pooled.dtype == dtype
    assert pooled.tolist() == [[0.5]]


@pytest.mark.parametrize("dtype", [bool, *INTEGERS, ">i2"])
def test_an_average_of_integers_is_float64(dtype):
    pooled = avg_pool2d(np.eye(2, dtype=dtype), 2)
    assert pooled.dtype == np.float64
    assert pooled.tolist() == [[0.5]]


@pytest.mark.parametrize("dtype", INTEGERS)
@pytest.mark.parametrize("end", ["min", "max"])
def test_an_average_of_extreme_integers_does_not_overflow(dtype, end):
    extreme = getattr(np.iinfo(dtype), end)
    assert avg_pool2d(np.full((4, 6), extreme, dtype), 2).tolist() == [[float(extreme)] * 3] * 2
    assert global_avg_pool2d(np.full((40, 60), extreme, dtype)).tolist() == [[float(extreme)]]


def test_an_average_of_halves_is_summed_in_single_precision():
    # In float16 the sum would be infinite, and 2048 + 1 would be 2048.
    assert avg_pool2d(np.full((2, 2), 60000, np.float16), 2).tolist() == [[60000]]
    assert avg_pool2d(np.array([[2048, 1], [1, 2]], np.float16), 2).tolist() == [[513]]


def test_an_average_of_many_single_precision_numbers_is_exact_to_the_last_bit():
    x = np.random.default_rng(1).random((2, 500, 600), np.float32)
    exact = x.astype(np.float64).mean((1, 2), keepdims=True).astype(np.float32)
    np.testing.assert_allclose(global_avg_pool2d(x), exact, rtol=1e-7)


# -------------------------------------------------------------------------------------- NaN and infinities


@pytest.mark.parametrize("pool", [max_pool2d, avg_pool2d])
@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("cell", list(np.ndindex(4, 6)))
def test_a_nan_shows_in_every_window_that_holds_it_and_in_no_other(pool, dtype, cell):
    x = GRID.astype(dtype)
    x[cell] = NAN
    row, column = cell
    expected = np.zeros((3, 5), bool)
    expected[max(0, row - 1) : row + 1, max(0, column - 1) : column + 1] = True
    np.testing.assert_array_equal(np.isnan(pool(x, 2, 1)), expected)


def test_infinities_meet_only_in_the_windows_that_hold_both():
    x = np.array([[INF, 1, 1, -INF], [1, 1, 1, 1]])
    np.testing.assert_array_equal(avg_pool2d(x, 2, 1), [[INF, 1, -INF]])
    np.testing.assert_array_equal(avg_pool2d(x, (2, 4)), [[NAN]])
    np.testing.assert_array_equal(max_pool2d(x, 2, 1), [[INF, 1, 1]])


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("dtype", FLOATS)
def test_no_value_causes_a_warning(dtype):
    x = np.array([[INF, -INF, NAN], [np.finfo(dtype).max] * 3, [np.finfo(dtype).tiny] * 3], dtype)
    for kernel, stride in [(2, 1), (3, 1), (1, 1)]:
        pooled = max_pool2d(x, kernel, stride, kernel // 2)
        max_pool2d_backward(pooled, x, kernel, stride, kernel // 2)
        pooled = avg_pool2d(x, kernel, stride, kernel // 2)
        avg_pool2d_backward(pooled, x, kernel, stride, kernel // 2)


# ----------------------------------------------------------------------------------------------- backward


def test_the_gradient_goes_to_the_first_of_equal_maxima_in_row_major_order():
    x = np.array([[1, 7, 1], [7, 7, 1.0]])
    assert max_pool2d_backward([[3.0]], x, (2, 3)).tolist() == [[0, 3, 0], [0, 0, 0]]
    assert max_pool2d_backward([[3.0]], np.full((2, 2), -INF), 2).tolist() == [[3, 0], [0, 0]]
    lowest = np.full((2, 2), -128, np.int8)
    assert max_pool2d_backward([[3.0]], lowest, 3, 3, 1).tolist() == [[3, 0], [0, 0]]


def test_gradients_of_overlapping_windows_add_up():
    x = np.array([[0, 0, 0], [0, 9, 0], [0, 0, 0.0]])
    assert max_pool2d_backward([[1.0, 2], [3, 4]], x, 2, 1).tolist() == [[0, 0, 0], [0, 10, 0], [0, 0, 0]]
    assert avg_pool2d_backward([[4.0, 8]], x[:2], 2, 1).tolist() == [[1, 3, 2], [1, 3, 2]]


def test_padding_takes_its_share_of_an_averages_gradient_unless_it_is_not_counted():
    x = np.zeros((2, 2))
    grad_output = np.full((2, 2), 12.0)
    assert avg_pool2d_backward(grad_output, x, 2, 2, 1).tolist() == [[3, 3], [3, 3]]
    assert avg_pool2d_backward(grad_output, x, 2, 2, 1, False).tolist() == [[12, 12], [12, 12]]


def test_of_several_nan_the_last_takes_the_gradient_as_in_pytorch():
    x = np.array([[NAN, 1], [NAN, 2]])
    assert max_pool2d_backward([[5.0]], x, 2).tolist() == [[0, 0], [5, 0]]


@pytest.mark.parametrize("backward", [max_pool2d_backward, avg_pool2d_backward])
@pytest.mark.parametrize(
    ("dtype", "grad_dtype", "expected"),
    [
        (np.float32, np.float32, np.float32),
        (np.float16, np.float16, np.float16),
        (np.float32, np.float64, np.float32),
        (np.float64, np.float32, np.float64),
        (np.longdouble, np.longdouble, np.longdouble),
        (np.int64, np.float32, np.float32),
        (np.uint8, np.int64, np.float64),
        (bool, bool, np.float64),
    ],
)
def test_a_gradient_has_the_dtype_of_a_float_input(backward, dtype, grad_dtype, expected):
    grad = backward(np.ones((2, 1, 2), grad_dtype), np.ones((2, 2, 4), dtype), 2)
    assert grad.dtype == expected
    assert grad.shape == (2, 2, 4)
    assert grad.sum() == 4


# -------------------------------------------------------------------------------------------- the input

LAYOUTS = {
    "contiguous": lambda x: x.copy(),
    "transposed": lambda x: x.transpose(0, 1, 3, 2).copy().transpose(0, 1, 3, 2),
    "channels last": lambda x: x.transpose(0, 2, 3, 1).copy().transpose(0, 3, 1, 2),
    "Fortran": np.asfortranarray,
    "every second cell": lambda x: np.repeat(np.repeat(x, 2, axis=-1), 2, axis=-2)[..., ::2, ::2],
    "backwards": lambda x: x[..., ::-1, ::-1].copy()[..., ::-1, ::-1],
    "broadcast": lambda x: np.broadcast_to(x[:, :1], x.shape),
    "big-endian": lambda x: x.astype(x.dtype.newbyteorder(">")),
    "unaligned": lambda x: np.frombuffer(b"\0" + x.tobytes(), np.uint8)[1:].view(x.dtype).reshape(x.shape),
}
CALLS = {
    "max": lambda x: max_pool2d(x, 3, 2, 1),
    "average": lambda x: avg_pool2d(x, 3, 2, 1),
    "max, window of one cell": lambda x: max_pool2d(x, 1),
    "average, window of one cell": lambda x: avg_pool2d(x, 1),
    "max, large stride": lambda x: max_pool2d(x, (1, 2), 5),
    "global max": global_max_pool2d,
    "global average": global_avg_pool2d,
    "max, backward": lambda x: max_pool2d_backward(x[..., :2, :3], x, 2),
    "average, backward": lambda x: avg_pool2d_backward(x[..., :2, :3], x, 2),
    "average, backward, window of one cell": lambda x: avg_pool2d_backward(x, x, 1),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", [np.float32, np.uint8])
def test_no_layout_matters_and_the_input_is_neither_written_to_nor_handed_back(call, layout, dtype):
    plain = np.random.default_rng(2).integers(0, 200, (2, 3, 5, 6)).astype(dtype)
    x = LAYOUTS[layout](plain)
    before = np.array(x, dtype)
    x.flags.writeable = False
    result = CALLS[call](x)
    np.testing.assert_array_equal(result, CALLS[call](before))
    np.testing.assert_array_equal(x, before)
    assert not np.shares_memory(result, x)
    assert result.flags.writeable


def test_nested_lists_will_do():
    assert max_pool2d([[1, 2], [3, 4]], 2).tolist() == [[4]]
    assert avg_pool2d([[1, 2], [3, 4]], 2).tolist() == [[2.5]]


# ------------------------------------------------------------------------------------------------- errors

TWO_BY_THREE = np.ones((2, 3))

# kernel_size, stride, padding; the exception; what its message must name.
BAD_WINDOWS = {
    "window higher than the input": ((3, 1, 0), ValueError, ["kernel_size", "3", "2"]),
    "window wider than the input": (((1, 4), 1, 0), ValueError, ["kernel_size", "(1, 4)", "3"]),
    "window larger than the padded input": ((5, 1, 1), ValueError, ["kernel_size", "5", "4"]),
    "no window": ((0, 1, 0), ValueError, ["kernel_size", "0"]),
    "negative window": ((-2, 1, 0), ValueError, ["kernel_size", "-2"]),
    "half a negative window": (((2, -1), 1, 0), ValueError, ["kernel_size", "(2, -1)"]),
    "no stride": ((2, 0, 0), ValueError, ["stride", "0"]),
    "negative stride": ((2, (1, -1), 0), ValueError, ["stride", "(1, -1)"]),
    "negative padding": ((2, 1, -1), ValueError, ["padding", "-1"]),
    "padding more than half the window": ((3, 1, 2), ValueError, ["padding", "2", "3"]),
    "padding more than half the width": (((2, 1), 1, 1), ValueError, ["padding", "1", "(2, 1)"]),
    "three windows": (((1, 1, 1), 1, 0), ValueError, ["kernel_size", "(1, 1, 1)"]),
    "a pair of one stride": ((1, (1,), 0), ValueError, ["stride", "(1,)"]),
    "an empty padding": ((1, 1, ()), ValueError, ["padding", "()"]),
    "float window": ((2.0, 1, 0), TypeError, ["kernel_size", "2.0"]),
    "float width": (((1, 2.0), 1, 0), TypeError, ["kernel_size", "(1, 2.0)"]),
    "array of float windows": ((np.array([1.0, 2.0]), 1, 0), TypeError, ["kernel_size", "[1., 2.]"]),
    "float stride": ((1, 1.0, 0), TypeError, ["stride", "1.0"]),
    "float padding": ((2, 1, 0.0), TypeError, ["padding", "0.0"]),
    "bool window": ((True, 1, 0), TypeError, ["kernel_size", "True"]),
    "NumPy's bool as stride": ((1, np.True_, 0), TypeError, ["stride", "True"]),
    "window in words": (("2", 1, 0), TypeError, ["kernel_size", "'2'"]),
    "no window at all": ((None, 1, 0), TypeError, ["kernel_size", "None"]),
}
BAD_ARRAYS = {
    "no axis": (np.float64(3), ["shape", "()"]),
    "one axis": (np.ones(3), ["shape", "(3,)"]),
    "no rows": (np.ones((2, 0, 3)), ["shape", "(2, 0, 3)"]),
    "no columns": (np.ones((2, 0)), ["shape", "(2, 0)"]),
    "no channels": (np.ones((0, 2, 3)), ["shape", "(0, 2, 3)"]),
    "complex": (np.ones((2, 3), complex), ["complex128"]),
    "objects": (np.ones((2, 3), object), ["object"]),
    "words": (np.full((2, 3), "one"), ["<U3"]),
    "bytes": (np.full((2, 3), b"one"), ["S3"]),
    "dates": (np.ones((2, 3), "datetime64[s]"), ["datetime64[s]"]),
    "times": (np.ones((2, 3), "timedelta64[s]"), ["timedelta64[s]"]),
    "records": (np.ones((2, 3), [("a", float)]), ["'a'"]),
    "nothing": (None, ["object"]),
    "rows of different length": ([[1, 2], [3]], ["rows", "[[1, 2], [3]]"]),
}
POOLING = {
    "max": max_pool2d,
    "average": avg_pool2d,
    "max, backward": lambda x, *window: max_pool2d_backward(np.ones((1, 1)), x, *window),
    "average, backward": lambda x, *window: avg_pool2d_backward(np.ones((1, 1)), x, *window),
}
WHOLE = {"global max": global_max_pool2d, "global average": global_avg_pool2d}


def assert_named(error: pytest.ExceptionInfo, words: list[str]) -> None:
    """See that the message names all these words."""
    assert all(word in str(error.value) for word in words), str(error.value)


@pytest.mark.parametrize("pool", POOLING)
@pytest.mark.parametrize("mistake", BAD_WINDOWS)
def test_a_window_that_cannot_be_is_named_with_its_value(pool, mistake):
    window, exception, words = BAD_WINDOWS[mistake]
    with pytest.raises(exception) as error:
        POOLING[pool](TWO_BY_THREE, *window)
    assert_named(error, words)


@pytest.mark.parametrize("pool", [*POOLING, *WHOLE])
@pytest.mark.parametrize("mistake", BAD_ARRAYS)
def test_an_array_that_cannot_be_pooled_is_named_with_what_is_wrong(pool, mistake):
    x, words = BAD_ARRAYS[mistake]
    with pytest.raises(ValueError) as error:
        WHOLE[pool](x) if pool in WHOLE else POOLING[pool](x, 1)
    assert_named(error, ["x must", *words])


@pytest.mark.parametrize("pool", ["average", "average, backward"])
@pytest.mark.parametrize("value", ["no", None, 0, 1, np.array([True, False])])
def test_whether_padding_counts_is_true_or_false_and_nothing_else(pool, value):
    with pytest.raises(TypeError) as error:
        POOLING[pool](TWO_BY_THREE, 2, None, 0, value)
    assert_named(error, ["count_include_pad", repr(value)])


@pytest.mark.parametrize("backward", [max_pool2d_backward, avg_pool2d_backward])
@pytest.mark.parametrize(
    ("grad_output", "words"),
    [
        (np.ones((2, 2)), ["(1, 3)", "(2, 2)"]),
        (np.ones((1, 1, 3)), ["(1, 3)", "(1, 1, 3)"]),
        (np.ones(3), ["(3,)"]),
        (np.ones((1, 3), complex), ["complex128"]),
        ([[1, 2], [3]], ["rows", "[[1, 2], [3]]"]),
    ],
)
def test_a_gradient_that_is_not_the_outputs_is_named_with_its_shape(backward, grad_output, words):
    with pytest.raises(ValueError) as error:
        backward(grad_output, TWO_BY_THREE, (2, 1))
    assert_named(error, ["grad_output", *words])


@pytest.mark.parametrize(
    ("arguments", "exception", "words"),
    [
        ((0, 1), ValueError, ["size", "0"]),
        ((3, 4), ValueError, ["kernel_size", "4", "3"]),
        ((3, 5, 1, 0), ValueError, ["kernel_size", "5"]),
        ((3, 0), ValueError, ["kernel_size", "0"]),
        ((3, 2, 0), ValueError, ["stride", "0"]),
        ((3, 2, 1, -1), ValueError, ["padding", "-1"]),
        ((3, 2, 1, 2), ValueError, ["padding", "2"]),
        ((3.0, 2), TypeError, ["size", "3.0"]),
        ((3, 2.5), TypeError, ["kernel_size", "2.5"]),
        ((3, 2, 1.0), TypeError, ["stride", "1.0"]),
        ((3, 2, 1, 0.5), TypeError, ["padding", "0.5"]),
        ((3, (2, 2)), TypeError, ["kernel_size", "(2, 2)"]),
        ((True, 1), TypeError, ["size", "True"]),
    ],
)
def test_an_output_size_that_cannot_be_names_the_argument_and_its_value(arguments, exception, words):
    with pytest.raises(exception) as error:
        output_size(*arguments)
    assert_named(error, words)
