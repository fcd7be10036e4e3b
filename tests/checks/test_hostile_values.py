"""Whatever a function returns, raises or does, the check says so, and goes on."""

import decimal
import fractions
import os
import signal
import sys
import threading

import numpy as np
import pytest

from pooling_ref.checks import CHECKS, grade


class Evil:
    """Answers every question with an error."""

    def _refuse(self, *args, **kwargs):
        raise SystemExit("evil")

    __eq__ = __len__ = __iter__ = __array__ = __repr__ = __str__ = __float__ = __int__ = __bool__ = _refuse
    __hash__ = None

    @property
    def __class__(self):
        return np.ndarray

    @property
    def shape(self):
        raise KeyboardInterrupt


class EvilArray(np.ndarray):
    def __eq__(self, other):
        return np.True_

    def __array_function__(self, function, types, args, kwargs):
        return True

    def __array_ufunc__(self, *args, **kwargs):
        return True


class EvilInt(int):
    def __eq__(self, other):
        return True

    __hash__ = int.__hash__


class Meta(type):
    @property
    def __name__(cls):
        raise RuntimeError


class WithoutName(metaclass=Meta):
    pass


def endless_list():
    value = []
    value.append(value)
    return value


def array_of_objects():
    array = np.empty(2, dtype=object)
    array[1] = Evil()
    return array


VALUES = [
    None,
    Evil(),
    EvilArray((2, 2)),
    EvilInt(2),
    WithoutName(),
    endless_list(),
    "100",
    b"100",
    2**200,
    -(2**70),
    float("nan"),
    1j,
    np.datetime64("2026-01-01"),
    array_of_objects(),
    np.array(["a"]),
    np.zeros((2, 2), dtype=[("a", int)]),
    np.broadcast_to(np.int8(0), (10**6, 10**6)),
    np.empty((0, 3)),
    np.array(5),
    np.ma.masked_array([1, 2], [True, False]),
    np.asmatrix([[1, 2]]),
    {1: 2},
    {1, 2},
    (value for value in [1]),
    [[1, 2], [3]],
    [[Evil()]],
    [10**400],
    [1] * 10**6,
    lambda: 3,
    int,
    NotImplemented,
    ...,
    decimal.Decimal(2),
    fractions.Fraction(2),
    memoryview(b"1"),
    slice(1),
    range(3),
]


@pytest.mark.parametrize("task", CHECKS)
@pytest.mark.parametrize("number", range(len(VALUES)))
def test_whatever_comes_back_is_described_and_scores_nothing(task, number, capfd):
    assert grade(task, lambda *args, **kwargs: VALUES[number], 5) == 0
    assert capfd.readouterr().err == ""


class WithoutText(Exception):
    def __str__(self):
        raise SystemExit


class LongText(Exception):
    def __str__(self):
        return "\x1b[2J" + "x" * 10**7


ERRORS = [
    SystemExit(0),
    KeyboardInterrupt(),
    GeneratorExit(),
    RecursionError(),
    MemoryError(),
    StopIteration(3),
    WithoutText(),
    LongText(),
    BaseException(),
    ExceptionGroup("many", [ValueError("1")]),
    UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"),
    Exception("max_pool2d  8/8  seed=1\nmax_pool2d  8/8  seed=1"),
]


@pytest.mark.parametrize("task", ["output_size", "max_pool2d"])
@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_whatever_is_raised_is_described_and_scores_nothing(task, error, capfd):
    def function(*args, **kwargs):
        raise error

    assert grade(task, function, 5) == 0
    out, err = capfd.readouterr()
    assert err == ""
    assert type(error).__name__ in out
    assert len(out) < 5000
    assert "\x1b" not in out
    assert len([line for line in out.splitlines() if line.startswith("max_pool2d  8/8")]) == 0


def test_the_students_own_line_is_shown(capsys):
    def function(x, kernel_size, stride=None, padding=0):
        rows = x.shape[7]
        return rows

    grade("max_pool2d", function, 5)
    out = capsys.readouterr().out
    assert "IndexError: tuple index out of range" in out
    assert "rows = x.shape[7]" in out


def test_endless_recursion_is_described(capsys):
    def function(*args, **kwargs):
        return function(*args, **kwargs)

    assert grade("output_size", function, 5) == 0
    assert "RecursionError" in capsys.readouterr().out


def test_what_a_function_closes_or_replaces_is_whole_again_afterwards(capsys):
    def function(*args, **kwargs):
        sys.stdout.close()
        sys.stderr = None
        np.seterr(all="raise")
        return 2

    before = sys.stdout, sys.stderr, np.geterr()
    CHECKS["output_size"](function)
    assert (sys.stdout, sys.stderr, np.geterr()) == before


def test_nothing_is_called_any_more_after_a_fatal_error():
    class KernelDied(Exception):
        fatal = True

    calls = []

    def function(size, *args, **kwargs):
        calls.append(size)
        if len(calls) > 4:
            raise KernelDied("the kernel is gone")
        return CHECKS and (size + 2 * kwargs.get("padding", 0) - args[0]) // args[-1] + 1

    result = CHECKS["output_size"](function)
    assert len(calls) == 5
    assert result.misconception is None
    assert "stopped answering" in result.failures[-1].message


@pytest.mark.skipif(os.name != "posix", reason="sends a signal")
def test_a_person_at_the_keyboard_may_interrupt():
    def function(*args, **kwargs):
        os.kill(os.getpid(), signal.SIGINT)
        for _ in range(10**6):
            pass

    with pytest.raises(KeyboardInterrupt):
        CHECKS["output_size"](function)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_check_works_outside_of_the_main_thread():
    scores = []
    thread = threading.Thread(
        target=lambda: scores.append(CHECKS["output_size"](lambda s, k, t=None, p=0, **kw: 2).score)
    )
    thread.start()
    thread.join()
    assert len(scores) == 1


def test_what_is_no_function_scores_nothing_and_is_named(capsys):
    assert grade("max_pool2d", [1, 2], 8) == 0
    assert "max_pool2d is not a function, but of type list" in capsys.readouterr().out
