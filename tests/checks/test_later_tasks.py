"""The later assignments' tasks: worthless answers, mistakes as students write them, and the race."""

import time

import numpy as np
import pytest
from right_later import max_back_padded, shape_branches
from right_solutions import pair

from pooling_lab.checking import CheckFailed
from pooling_lab.speed import ROUNDS, race, run_race
from pooling_ref import networks, pooling
from pooling_ref.checks import CHECKS, grade_speed
from pooling_ref.naive import naive_max_pool2d

LATER = (
    "layer_shape",
    "layer_parameters",
    "layer_multiply_adds",
    "conv_block",
    "max_pool2d_backward",
    "avg_pool2d_backward",
    "window_view",
    "fast_max_pool2d",
)
WORTHLESS = {
    "nothing": lambda *args, **kwargs: None,
    "zero": lambda *args, **kwargs: 0,
    "zeros": lambda *args, **kwargs: np.zeros(np.shape(args[0] if len(args) < 2 else args[1])),
    "its argument": lambda *args, **kwargs: args[0] if args else None,
}


@pytest.mark.parametrize("task", LATER)
@pytest.mark.parametrize("function", WORTHLESS.values(), ids=WORTHLESS.keys())
def test_what_does_nothing_earns_nothing(task, function):
    assert CHECKS[task](function, 7).score == 0


# Mistakes, written as students write them.


def overwrites(grad_output, x, kernel_size, stride=None, padding=0):
    kh, kw = pair(kernel_size)
    sh, sw = pair(kernel_size if stride is None else stride)
    ph, pw = pair(padding)
    dx = np.zeros(x.shape)
    for n in range(x.shape[0]):
        for c in range(x.shape[1]):
            for i in range(grad_output.shape[2]):
                for j in range(grad_output.shape[3]):
                    r0, c0 = max(i * sh - ph, 0), max(j * sw - pw, 0)
                    window = x[n, c, r0 : i * sh - ph + kh, c0 : j * sw - pw + kw]
                    row, column = np.unravel_index(np.argmax(window), window.shape)
                    dx[n, c, r0 + row, c0 + column] = grad_output[n, c, i, j]
    return dx


def mask_of_all_maxima(grad_output, x, kernel_size, stride=None, padding=0):
    (kh, kw), (ph, pw) = pair(kernel_size), pair(padding)
    sh, sw = pair(kernel_size if stride is None else stride)
    wide = np.pad(x.astype(float), ((0, 0), (0, 0), (ph, ph), (pw, pw)), constant_values=-np.inf)
    dx = np.zeros_like(wide)
    for i, j in np.ndindex(grad_output.shape[2:]):
        rows, columns = slice(i * sh, i * sh + kh), slice(j * sw, j * sw + kw)
        window = wide[:, :, rows, columns]
        mask = window == window.max(axis=(2, 3), keepdims=True)
        dx[:, :, rows, columns] += mask * grad_output[:, :, i : i + 1, j : j + 1]
    return dx[:, :, ph : ph + x.shape[2], pw : pw + x.shape[3]]


def never_divided(grad_output, x, kernel_size, stride=None, padding=0, count_include_pad=True):
    (kh, kw), (ph, pw) = pair(kernel_size), pair(padding)
    sh, sw = pair(kernel_size if stride is None else stride)
    dx = np.zeros((*x.shape[:2], x.shape[2] + 2 * ph, x.shape[3] + 2 * pw))
    for i, j in np.ndindex(grad_output.shape[2:]):
        dx[:, :, i * sh : i * sh + kh, j * sw : j * sw + kw] += grad_output[:, :, i, j][..., None, None]
    return dx[:, :, ph : ph + x.shape[2], pw : pw + x.shape[3]]


def transposed_positions(grad_output, x, *settings, **named):
    return max_back_padded(grad_output, x, *settings, **named).swapaxes(2, 3)


def no_stride(layer, shape):
    return shape_branches(layer[:3], shape)


def with_biases_multiplied(layer, shape):
    if layer[0] == "conv":
        filters, rows, columns = shape_branches(layer, shape)
        return filters * rows * columns * (shape[0] * layer[2] ** 2 + 1)
    return layer[1] * (int(np.prod(shape)) + 1) if layer[0] == "dense" else 0


WRITTEN = {
    ("max_pool2d_backward", "gradient-overwritten"): overwrites,
    ("max_pool2d_backward", "gradient-to-every-tie"): mask_of_all_maxima,
    ("avg_pool2d_backward", "gradient-not-shared"): never_divided,
    ("max_pool2d_backward", None): transposed_positions,
    ("layer_shape", "convolution-stride-ignored"): no_stride,
    ("layer_multiply_adds", "bias-multiplied"): with_biases_multiplied,
    ("window_view", "view-moves-by-one"): lambda x, kernel_size, stride=None: (
        np.lib.stride_tricks.sliding_window_view(x, pair(kernel_size), axis=(2, 3))
    ),
}


@pytest.mark.parametrize(("task", "key"), WRITTEN)
def test_a_mistake_is_named_however_it_is_written(task, key):
    result = CHECKS[task](WRITTEN[task, key])
    assert (result.score < 1, result.misconception) == (True, key)


COUNTS = (networks.layer_shape, networks.layer_parameters, networks.layer_multiply_adds)


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize(
    ("layer", "exception", "words"),
    [
        (("foo", 3), ValueError, ["'foo'", "conv, relu, dense, max, avg"]),
        (("conv", 8), ValueError, ["('conv', 8)", "2 or 3"]),
        (("max", 0), ValueError, ["('max', 0)", "at least 1"]),
        (("dense", 2.5), TypeError, ["('dense', 2.5)"]),
        ("relu", TypeError, ["'relu'"]),
    ],
)
def test_the_arithmetic_refuses_a_layer_that_there_is_not(count, layer, exception, words):
    with pytest.raises(exception) as error:
        count(layer, (3, 9, 14))
    assert all(word in str(error.value) for word in words), str(error.value)


def test_the_arithmetic_refuses_a_window_larger_than_what_comes_in():
    with pytest.raises(ValueError, match="kernel_size=10 is larger than the padded input: 10 > 9"):
        networks.layer_shape(("max", 10), (3, 9, 14))


@pytest.mark.parametrize("kind", ["median", "", 2])
def test_a_block_refuses_a_pooling_that_there_is_not(kind):
    x, weights = np.ones((1, 1, 4, 4)), np.ones((1, 1, 3, 3))
    with pytest.raises(ValueError, match=f"kind={kind!r} must be None or one of max, avg"):
        networks.conv_block(x, weights, np.zeros(1), kind)


# The race. The rivals differ by so much that no machine's mood decides.


def much_slower(*args, **kwargs):
    time.sleep(3)
    return pooling.max_pool2d(*args, **kwargs)


def of_the_transpose(x, **settings):
    return pooling.max_pool2d(x.swapaxes(2, 3), **settings)


def not_written(*args, **kwargs):
    raise NotImplementedError


def graded(function, slow, capsys):
    earned = grade_speed("fast_max_pool2d_speed", function, slow, points=4)
    report = capsys.readouterr().out
    record = earned.record
    assert (record["task"], record["points"], record["max_points"]) == ("fast_max_pool2d_speed", earned, 4)
    assert report == record["messages"]["en"] + "\n"
    return earned, report


def test_a_pooling_of_whole_arrays_wins_the_race(capsys):
    assert graded(pooling.max_pool2d, naive_max_pool2d, capsys)[0] == 4
    race(pooling.max_pool2d, naive_max_pool2d)
    assert "✓" in capsys.readouterr().out


def test_the_slow_version_does_not_win_against_itself(capsys):
    assert graded(lambda *a, **k: naive_max_pool2d(*a, **k), naive_max_pool2d, capsys)[0] == 0
    with pytest.raises(CheckFailed, match="times as fast"):
        race(lambda *a, **k: naive_max_pool2d(*a, **k), naive_max_pool2d)


def test_a_rival_that_was_made_slower_is_not_believed(capsys, unhurried):
    assert graded(lambda *a, **k: naive_max_pool2d(*a, **k), much_slower, capsys)[0] == 0


@pytest.mark.parametrize("wrong", [of_the_transpose, lambda x, **settings: x, lambda x, **settings: None])
def test_a_fast_function_that_is_not_right_earns_nothing(wrong, capsys):
    earned, report = graded(wrong, naive_max_pool2d, capsys)
    assert (earned, "not right" in report) == (0, True)


def test_a_result_that_is_wrong_only_in_the_rounds_that_run_alone_earns_nothing(capsys):
    calls = []

    def lazy(x, **settings):
        calls.append(x)
        return x if len(calls) % ROUNDS in (4, 0) else naive_max_pool2d(x, **settings)

    earned, report = graded(lazy, naive_max_pool2d, capsys)
    assert (earned, "not right" in report) == (0, True)
    calls.clear()
    with pytest.raises(CheckFailed, match="do not give the same"):
        race(lazy, naive_max_pool2d)


def test_a_function_that_is_not_written_or_stops_says_so(capsys):
    assert "Nothing is written here yet" in graded(not_written, naive_max_pool2d, capsys)[1]
    earned, report = graded(lambda *a, **k: 1 / 0, naive_max_pool2d, capsys)
    assert (earned, "ZeroDivisionError" in report) == (0, True)


@pytest.mark.parametrize("slow", [None, 3])
def test_a_rival_that_cannot_be_called_is_not_the_students_mistake(slow):
    with pytest.raises(TypeError, match=f"slow must be a function, not {slow}"):
        grade_speed("fast_max_pool2d_speed", None, slow, points=4)


def test_while_autograding_the_visible_race_only_shows(capsys, monkeypatch):
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    race(not_written, naive_max_pool2d)
    assert "Not written yet" in capsys.readouterr().out


def test_every_round_has_its_own_numbers():
    seen = []

    def remembers(x, **settings):
        seen.append(x.tobytes())
        return pooling.max_pool2d(x, **settings)

    run_race(remembers, pooling.max_pool2d)
    assert len(set(seen)) == len(seen) > 2
