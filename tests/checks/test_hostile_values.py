"""Whatever a function returns, raises or does, the check says so, and goes on."""

import decimal
import fractions
import linecache
import logging
import os
import signal
import sys
import threading

import numpy as np
import pytest
from nbgrader_sealed.execution.remote_objects import remote_error

from pooling_ref.cases import REFERENCE
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
    [np.zeros(100_000)] * 50_000,
    [np.str_("x" * 10_000)] * 50_000,
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
def test_whatever_comes_back_is_described_and_scores_nothing(task, number, capfd, unhurried):
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


def refuse(*args):
    raise SystemExit("evil")


COMPARING = "__eq__", "__hash__"


class Letters(str):
    __getitem__ = __iter__ = __len__ = __str__ = isprintable = refuse


class FatalRefuses(Exception):
    fatal = property(refuse)


class OtherAttributesRefuse(Exception):
    __getattr__ = refuse


class EveryAttributeRefuses(Exception):
    __getattribute__ = refuse


class DictRefuses(Exception):
    __dict__ = property(refuse)


class DictIsANumber(Exception):
    __dict__ = 5


class TracebackRefuses(Exception):
    __traceback__ = property(refuse)


class TracebackIsANumber(Exception):
    __traceback__ = 5


class MroRefuses(Exception, metaclass=type("Meta", (type,), {"__mro__": property(refuse)})):
    pass


class ComparingRefuses(Exception, metaclass=type("Meta", (type,), dict.fromkeys(COMPARING, refuse))):
    pass


class TextRefuses(Exception):
    def __str__(self):
        return Letters("text")


REFUSING = [
    FatalRefuses,
    OtherAttributesRefuse,
    EveryAttributeRefuses,
    DictRefuses,
    DictIsANumber,
    TracebackRefuses,
    TracebackIsANumber,
    MroRefuses,
    ComparingRefuses,
    TextRefuses,
]


@pytest.mark.parametrize("number", range(len(REFUSING)))
def test_an_exception_that_refuses_to_answer_is_named_all_the_same(number, capfd):
    def function(*args, **kwargs):
        raise REFUSING[number]

    assert grade("output_size", function, 5) == 0
    out, err = capfd.readouterr()
    assert f"Raised: {REFUSING[number].__name__}" in out
    assert err == ""


@pytest.mark.parametrize("file", ["a\0b", "/dev/zero", os.curdir, "", "<cell>", Letters("cell.py")], ids=repr)
def test_a_file_that_holds_no_line_of_code_is_not_read(file, capfd):
    def function(*args, **kwargs):
        raise LookupError("here")

    function.__code__ = function.__code__.replace(co_filename=file)
    assert grade("output_size", function, 5) == 0
    out, err = capfd.readouterr()
    assert "LookupError: here" in out
    assert err == ""


def test_the_line_of_a_cell_that_is_in_no_file_is_shown(monkeypatch, capsys):
    file = "/nowhere/ipykernel_1/2.py"
    source = "def function(*args, **kwargs):\n    return args[7]  # \x1b[2J\n"
    monkeypatch.setitem(linecache.cache, file, (len(source), None, source.splitlines(True), file))
    names = {}
    exec(compile(source, file, "exec"), names)
    grade("output_size", names["function"], 5)
    assert "in the line:  return args[7]  #  [2J\n" in capsys.readouterr().out


def raises(value):
    def function(*args, **kwargs):
        raise value

    return function


NAMES = ["X" * 10**6, "\x1b[2J\nmax_pool2d  8/8  seed=1", Letters("name")]
PLACES = [
    lambda name: raises(type(name, (Exception,), {})),
    lambda name: raises(remote_error({"types": [name]})),
    lambda name: lambda *args, **kwargs: type(name, (), {})(),
    lambda name: type(name, (), {})(),
]


@pytest.mark.parametrize("make", PLACES, ids=["raised", "raised elsewhere", "returned", "no function"])
@pytest.mark.parametrize("number", range(len(NAMES)))
def test_whatever_a_type_is_called_little_of_it_is_shown_and_all_in_one_line(number, make, capfd):
    assert grade("max_pool2d", make(NAMES[number]), 5) == 0
    out, err = capfd.readouterr()
    assert err == ""
    assert len(out) < 5000
    assert "\x1b" not in out
    assert not any(line.startswith("max_pool2d  8/8") for line in out.splitlines())


class CallEachRaises:
    def _call_each(self, calls):
        raise RuntimeError("evil")

    __call__ = _call_each


class CallEachIsANumber:
    _call_each = 5
    __call__ = refuse


class ClassRefuses(metaclass=type("Meta", (type,), {"_call_each": property(refuse)})):
    __call__ = refuse


@pytest.mark.parametrize("kind", [CallEachRaises, CallEachIsANumber, ClassRefuses])
def test_an_object_that_only_looks_like_a_stand_in_scores_nothing(kind, capfd):
    assert grade("output_size", kind(), 5) == 0
    out, err = capfd.readouterr()
    assert "Raised: " in out
    assert err == ""


def test_what_is_logged_to_the_stderr_of_before_is_not_shown(capfd):
    handler = logging.StreamHandler(sys.stderr)

    def function(*args, **kwargs):
        logging.getLogger().critical("logged")

    before = logging.root.manager.disable
    logging.getLogger().addHandler(handler)
    try:
        assert grade("output_size", function, 5) == 0
    finally:
        logging.getLogger().removeHandler(handler)
    assert capfd.readouterr().err == ""
    assert logging.root.manager.disable == before


class TooLarge(ValueError):
    pass


def saying_its_type(name):
    error = RuntimeError("too large")
    error.type_name = name
    return error


@pytest.mark.parametrize(
    ("make", "right"),
    [
        (lambda: ValueError("too large"), True),
        (lambda: TooLarge("too large"), True),
        (lambda: remote_error({"types": ["ValueError", "Exception"]}), True),
        (lambda: remote_error({"types": ["TooLarge", "ValueError", "Exception"]}), True),
        (lambda: remote_error({"types": ["TooLarge", "Exception"]}), False),
        (lambda: type("ValueError", (Exception,), {})("too large"), False),
        (lambda: saying_its_type("ValueError"), False),
    ],
)
def test_only_the_built_in_error_and_its_children_are_the_error_that_is_asked_for(make, right):
    def function(*args, **kwargs):
        try:
            return REFERENCE["max_pool2d"](*args, **kwargs)
        except ValueError:
            raise make() from None

    assert (CHECKS["max_pool2d"](function).share == 1) == right


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
