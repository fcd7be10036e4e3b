"""One call of a student's function, and what came back, as data that nothing can hide behind."""

import builtins
import contextlib
import io
import linecache
import logging
import os
import signal
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, NoReturn

import numpy as np

LARGEST = 100_000  # cells; a result larger than this is described, not read
NUMERIC = "biuf"  # kinds of dtype: bool, int, unsigned, float
NUMBERS: set[type] = {each for each in np.sctypeDict.values() if np.dtype(each).kind in NUMERIC} | {
    int,
    float,
    bool,
}
LONGEST_NAME, LONGEST_LINE, LONGEST_MESSAGE = 80, 120, 200  # letters that are shown
# By identity: a class of the student's own may have the name of a built-in, and be equal to anything.
BUILT_IN_ERRORS = {
    id(each): each.__name__
    for each in vars(builtins).values()
    if isinstance(each, type) and issubclass(each, BaseException)
}


def _with_gaps(x: np.ndarray) -> np.ndarray:
    wide = np.full((*x.shape[:-1], 2 * x.shape[-1]), 77).astype(x.dtype)
    wide[..., ::2] = x
    return wide[..., ::2]


def _reversed(x: np.ndarray) -> np.ndarray:
    # In the first half of its memory, so that code with wrong strides reads on inside it.
    room = np.full((2, *x.shape), 77).astype(x.dtype)
    room[0] = x[..., ::-1, ::-1]
    return room[0, ..., ::-1, ::-1]


def _read_only(x: np.ndarray) -> np.ndarray:
    x = x.copy()
    x.setflags(write=False)
    return x


# Ways to lay the same numbers out in memory. What a function returns must not depend on it.
LAYOUTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "plain": lambda x: np.array(x, order="C"),
    "fortran": lambda x: np.array(x, order="F"),
    "transposed": lambda x: x.swapaxes(-1, -2).copy().swapaxes(-1, -2),
    "reversed": _reversed,
    "gaps": _with_gaps,
    "read-only": _read_only,
}


@dataclass(frozen=True)
class Case:
    """One call, and what it should give.

    Attributes
    ----------
    args, kwargs : tuple, dict
        The arguments; the function gets copies of the arrays.
    expected : ndarray, int or exception class
        What should come back, or be raised.
    exact : bool
        Whether values must be the same, or only as near as float32 sums come.
    counts : frozenset of str
        What counts beside the values: "dtype", "input" (that it is left alone).
    layout : str
        How the arrays lie in memory, one of LAYOUTS.
    """

    args: tuple[Any, ...]
    kwargs: dict[str, Any] = field(default_factory=dict)
    expected: object = None
    exact: bool = True
    counts: frozenset[str] = frozenset()
    layout: str = "plain"


@dataclass(frozen=True)
class Raised:
    """An exception as text.

    Attributes
    ----------
    type_name, message, line : str
        Its type, its message, and the student's line where it happened.
    kinds : tuple of str
        The names of the built-in exceptions that it is one of.
    """

    type_name: str
    message: str
    line: str
    kinds: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """What came back from one call.

    Attributes
    ----------
    kind : {"array", "number", "list", "none", "other", "error"}
        What sort of thing it is.
    value : ndarray or None
        Its numbers, where it has any.
    type_name : str
        The name of its type.
    raised : Raised or None
        The exception, where one came.
    changed : bool
        Whether the function wrote to its arguments.
    fatal : bool
        Whether no further call is possible.
    dtype : str
        The dtype of an array, also of one whose numbers are not read.
    """

    kind: str
    value: np.ndarray | None = None
    type_name: str = ""
    raised: Raised | None = None
    changed: bool = False
    fatal: bool = False
    dtype: str = ""


def try_out(function: Callable[..., Any], case: Case) -> Outcome:
    """Call the function as the case says, swallow what it prints and warns, and return what came back.

    Raises
    ------
    KeyboardInterrupt
        Only where the person at the keyboard interrupted; one that the function raises is an outcome.
    """
    with quiet(), _interrupts() as interrupted:
        return attempt(function, case, interrupted)


def try_all(function: Callable[..., Any], cases: Sequence[Case]) -> Iterator[Outcome]:
    """Call the function as one case after the other says, up to a call after which no other is possible.

    A stand-in for a function that lives elsewhere may take many calls at once: its class then has a method
    `_call_each`, which yields, for each call, what returns or raises what came of it.
    """
    call_each = _ask(getattr, type(function), "_call_each", None)
    if call_each is None:
        outcomes = (try_out(function, case) for case in cases)
    else:
        given = [_arguments(case) for case in cases]
        calls = [(args, case.kwargs) for args, case in zip(given, cases, strict=True)]
        came = zip(_settled(call_each, function, calls), given, cases, strict=False)
        outcomes = (_outcome(settle, args, case) for settle, args, case in came)
    for outcome in outcomes:
        yield outcome
        if outcome.fatal:
            return


def _settled(
    call_each: Callable[..., Any], function: Callable[..., Any], calls: list[Any]
) -> Iterator[Callable[[], object]]:
    """Yield what `_call_each` yields, and where it raises, one more that raises the same."""
    try:
        yield from call_each(function, calls)
    except Exception as error:
        yield partial(_raise, error)


def _raise(error: Exception) -> NoReturn:
    raise error


def attempt(function: Callable[..., Any], case: Case, interrupted: Sequence[Any] = ()) -> Outcome:
    """Call the function as the case says: what `try_out` does for code that may print and be interrupted."""
    args = _arguments(case)
    return _outcome(lambda: function(*args, **case.kwargs), args, case, interrupted)


def _arguments(case: Case) -> tuple[Any, ...]:
    lay_out = LAYOUTS[case.layout]
    return tuple(lay_out(each) if isinstance(each, np.ndarray) else each for each in case.args)


def _outcome(
    call: Callable[[], object], args: tuple[Any, ...], case: Case, interrupted: Sequence[Any] = ()
) -> Outcome:
    try:
        value = call()
    except BaseException as error:  # SystemExit too: a student's function may raise anything
        if interrupted:
            raise
        outcome = Outcome("error", raised=_describe(error), fatal=_ask(getattr, error, "fatal", None) is True)
    else:
        outcome = _read(value)
    changed = any(_differs(given, kept) for given, kept in zip(args, case.args, strict=True))
    return replace(outcome, changed=True) if changed else outcome


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Swallow what is printed, warned and logged inside."""
    with (
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
        warnings.catch_warnings(),
        np.errstate(),  # what the function changes with np.seterr ends with the call
        _no_logging(),
    ):
        warnings.simplefilter("ignore")
        yield


@contextlib.contextmanager
def _no_logging() -> Iterator[None]:
    """Keep what is logged from handlers that hold the stderr of an earlier cell."""
    before = logging.root.manager.disable
    logging.disable()
    try:
        yield
    finally:
        logging.disable(before)


@contextlib.contextmanager
def _interrupts() -> Iterator[list[Any]]:
    """Tell a real Ctrl-C from a function that raises KeyboardInterrupt: the list is filled by a real one."""
    seen: list[Any] = []

    def note(number, frame):
        seen.append(number)
        signal.default_int_handler(number, frame)

    at_keyboard = (
        threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    )
    if at_keyboard:
        signal.signal(signal.SIGINT, note)
    try:
        yield seen
    finally:
        if at_keyboard:
            signal.signal(signal.SIGINT, signal.default_int_handler)


def _differs(given: Any, kept: object) -> bool:
    if not isinstance(kept, np.ndarray):
        return False
    return given.shape != kept.shape or given.dtype != kept.dtype or given.tobytes() != kept.tobytes()


# Only exact types are read: a subclass of the student's own could answer anything to any question.


def _read(value: Any) -> Outcome:
    kind, name = type(value), name_of_type(value)
    if value is None:
        return Outcome("none", type_name=name)
    if kind is np.ndarray:
        numbers = value.copy() if _is_readable(value) else None
        return Outcome("array", numbers, name, dtype=_clean(str(value.dtype), LONGEST_NAME))
    if kind in NUMBERS:
        number = np.asarray(value)
        return Outcome("number", number if number.dtype.kind in NUMERIC else None, name)
    if kind in (list, tuple):
        return Outcome("list", _read_list(value), name)
    return Outcome("other", type_name=name)


def _is_readable(value: np.ndarray) -> bool:
    return value.dtype.kind in NUMERIC and value.size <= LARGEST


def _read_list(value: list[Any] | tuple) -> np.ndarray | None:
    """Return the numbers of nested lists as an array, or None where it is anything else."""
    if not _holds_numbers(value, depth=5, budget=[LARGEST]):
        return None
    try:
        array = np.array(value)
    except (ValueError, OverflowError, MemoryError):
        return None
    return array if array.dtype.kind in NUMERIC else None


def _holds_numbers(value: Any, depth: int, budget: list[int]) -> bool:
    budget[0] -= max(1, value.size) if type(value) is np.ndarray else 1
    if budget[0] < 0 or depth < 0:
        return False
    if type(value) in (list, tuple):
        return all(_holds_numbers(each, depth - 1, budget) for each in value)
    return type(value) in NUMBERS or (type(value) is np.ndarray and _is_readable(value))


def name_of_type(value: object) -> str:
    """Return the name of a value's type, in letters that may be printed, and not too many."""
    return _clean(type.__dict__["__name__"].__get__(type(value)), LONGEST_NAME)


def _clean(text: str, most: int) -> str:
    text = str.__str__(text)[: most + 1]  # plain, even of a class of the student's own
    if not text.isprintable():
        text = "".join(letter if letter.isprintable() else " " for letter in text)
    return text if len(text) <= most else text[:most] + " ..."


def _ask(question: Callable[..., Any], *args: object) -> Any:
    """Return the answer, or None where none comes: to answer, an object may run code of the student's own."""
    try:
        return question(*args)
    except BaseException:
        return None


def _describe(error: BaseException) -> Raised:
    mro = type.__dict__["__mro__"].__get__(type(error))
    kinds = tuple(BUILT_IN_ERRORS[id(each)] for each in mro if id(each) in BUILT_IN_ERRORS)
    # An exception that was brought over from another process says its own name and line.
    name, code = (_ask(_held_text, error, key) for key in ("type_name", "code"))
    return Raised(
        name_of_type(error) if name is None else _clean(name, LONGEST_NAME),
        _ask(_message_of, error) or "",
        (_ask(_line_of, error) or "") if code is None else _clean(code.strip(), LONGEST_LINE),
        kinds,
    )


def _held_text(error: BaseException, key: str) -> str | None:
    value = vars(error).get(key)
    return value if type(value) is str else None


def _message_of(error: BaseException) -> str:
    return _clean(str(error), LONGEST_MESSAGE)


def _line_of(error: BaseException) -> str:
    """Return the last line of the student's own code on the way to the error."""
    trace, line = error.__traceback__, ""
    while trace is not None:
        code = trace.tb_frame.f_code
        if "site-packages" not in code.co_filename and code.co_filename not in (__file__, np.__file__):
            line = _source_line(code.co_filename, trace.tb_lineno) or line
        trace = trace.tb_next
    return _clean(line, LONGEST_LINE)


def _source_line(file: str, number: int) -> str:
    # Cells are in the cache, and have no file; what is no regular file, like a device, may never end.
    known = file in linecache.cache or os.path.isfile(file)
    return linecache.getline(file, number).strip() if known else ""
