"""Each classic mistake fails the check, and is called by its name."""

import numpy as np
import pytest
import written_mistakes
from right_solutions import RIGHT

from pooling_lab.language import set_language
from pooling_ref.checks import CHECKS
from pooling_ref.misconceptions import MISCONCEPTIONS

EACH = [
    pytest.param(entry.key, task, number, id=f"{task}-{entry.key}-{number}")
    for entry in MISCONCEPTIONS.values()
    for task, versions in entry.versions.items()
    for number in range(len(versions))
]


@pytest.mark.parametrize(("key", "task", "number"), EACH)
def test_a_misconception_fails_and_is_named(key, task, number, thorough):
    seeds = (3, 141592) if number == 0 else (2718,)
    for seed in seeds if thorough else (3,):
        result = CHECKS[task](MISCONCEPTIONS[key].versions[task][number], seed)
        assert (result.score < 1, result.misconception) == (True, key)


# The mistakes, written as students write them.


def starts_at_zero(x, kernel_size, stride=None, padding=0):
    kh, kw = (kernel_size, kernel_size) if isinstance(kernel_size, int) else kernel_size
    sh, sw = (kh, kw) if stride is None else (stride, stride) if isinstance(stride, int) else stride
    ph, pw = (padding, padding) if isinstance(padding, int) else padding
    n, c, h, w = x.shape
    if kh > h + 2 * ph or kw > w + 2 * pw:
        raise ValueError("too large")
    out = np.zeros((n, c, (h + 2 * ph - kh) // sh + 1, (w + 2 * pw - kw) // sw + 1))
    for b in range(n):
        for d in range(c):
            for i in range(out.shape[2]):
                for j in range(out.shape[3]):
                    best = 0
                    for r in range(i * sh - ph, i * sh - ph + kh):
                        for s in range(j * sw - pw, j * sw - pw + kw):
                            if 0 <= r < h and 0 <= s < w and x[b, d, r, s] > best:
                                best = x[b, d, r, s]
                    out[b, d, i, j] = best
    return out


def no_plus_one(x, kernel_size):
    h, w = (x.shape[0] - kernel_size) // kernel_size, (x.shape[1] - kernel_size) // kernel_size
    return np.array(
        [
            [
                x[i * kernel_size : (i + 1) * kernel_size, j * kernel_size : (j + 1) * kernel_size].max()
                for j in range(w)
            ]
            for i in range(h)
        ]
    ).reshape(h, w)


def integer_array(x, kernel_size):
    k = kernel_size
    out = np.zeros((x.shape[0] // k, x.shape[1] // k), dtype=int)
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = x[i * k : i * k + k, j * k : j * k + k].mean()
    return out


def never_counted(x, kernel_size, stride=None, padding=0, count_include_pad=True):
    from right_solutions import avg_clipped_slices

    return avg_clipped_slices(x, kernel_size, stride, padding, count_include_pad=False)


def mean_of_everything(x):
    return np.array([[[[c.sum()]] for c in image] for image in x])


WRITTEN = [
    ("max_pool2d", "starts-at-zero", starts_at_zero),  # with a lost NaN and float64 beside it
    ("max_pool_matrix", "size-without-plus-one", no_plus_one),
    ("avg_pool_matrix", "decimals-cut", integer_array),
    ("avg_pool2d", "padding-not-counted", never_counted),
    ("global_avg_pool2d", "sum-not-mean", mean_of_everything),
    (
        "output_size",
        "float-division",
        lambda size, kernel_size, stride=None, padding=0: (
            (size - kernel_size + 2 * padding) / (stride or kernel_size) + 1
        ),
    ),
    *written_mistakes.WRITTEN,
]


@pytest.mark.parametrize(
    ("task", "key", "wrong"),
    [pytest.param(*each, id=f"{each[0]}-{each[1]}-{number}") for number, each in enumerate(WRITTEN)],
)
def test_a_misconception_is_named_however_it_is_written(task, key, wrong, thorough):
    for seed in (3, 141592, 2718) if thorough else (3,):
        result = CHECKS[task](wrong, seed)
        assert (result.score < 1, result.misconception) == (True, key)


@pytest.mark.parametrize("task", ["max_pool2d", "max_pool_matrix"])
def test_a_dtype_that_is_kept_is_not_called_lost(task):
    def through_float32(x, *args, **kwargs):
        return RIGHT[task][0](x.astype(np.float32), *args, **kwargs).astype(x.dtype)

    for seed in (3, 141592, 2718):
        result = CHECKS[task](through_float32, seed)
        assert (result.score < 1, result.misconception) == (True, None)


@pytest.mark.parametrize("task", CHECKS)
def test_a_mistake_that_nobody_knows_gets_no_name(task):
    def wrong_in_its_own_way(*args, **kwargs):
        if task == "output_size":
            return 3 * args[0] + 17
        return np.full((1, 2, 3), np.pi)

    assert CHECKS[task](wrong_in_its_own_way).misconception is None


@pytest.mark.parametrize(("number", "key"), list(enumerate(MISCONCEPTIONS)))
def test_report_and_record_say_the_misconceptions_message(number, key, capsys):
    from pooling_ref.checks import grade
    from pooling_ref.language import _

    set_language(("es", "en")[number % 2])
    task = MISCONCEPTIONS[key].tasks[0]
    earned = grade(task, MISCONCEPTIONS[key].versions[task][0], points=8, seed=11)
    report = capsys.readouterr().out
    assert report.split("\n")[0].endswith(f"mistake={key}")
    [named] = earned.record["misconceptions"]
    assert (named["name"], named["messages"]["en"]) == (key, MISCONCEPTIONS[key].message)
    assert "".join(_(MISCONCEPTIONS[key].message).split()) in "".join(report.split())
