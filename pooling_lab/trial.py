"""One call of a student's function, and what came back, as data that nothing can hide behind."""

import contextlib
import io
import linecache
import signal
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

LARGEST = 100_000  # cells; a result larger than this is described, not read
NUMBERS = frozenset(np.sctypeDict.values()) | {int, float, bool}
NUMERIC = "biuf"  # kinds of dtype: bool, int, unsigned, float


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

    args: tuple
    kwargs: dict = field(default_factory=dict)
    expected: object = None
    exact: bool = True
    counts: frozenset = frozenset()
    layout: str = "plain"


@dataclass(frozen=True)
class Raised:
    """An exception as text: its type, its message, and the student's line where it happened."""

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
    """

    kind: str
    value: np.ndarray | None = None
    type_name: str = ""
    raised: Raised | None = None
    changed: bool = False
    fatal: bool = False


def try_out(function: Callable, case: Case) -> Outcome:
    """Call the function as the case says, swallow what it prints and warns, and return what came back.

    Raises
    ------
    KeyboardInterrupt
        Only where the person at the keyboard interrupted; one that the function raises is an outcome.
    """
    with quiet(), _interrupts() as interrupted:
        return attempt(function, case, interrupted)


def try_all(function: Callable, cases: Sequence[Case]) -> Iterator[Outcome]:
    """Call the function as one case after the other says, up to a call after which no other is possible.

    A stand-in for a function that lives elsewhere may take many calls at once: its class then has a method
    `_call_each`, which yields, for each call, what returns or raises what came of it.
    """
    if not hasattr(type(function), "_call_each"):
        outcomes = (try_out(function, case) for case in cases)
    else:
        given = [_arguments(case) for case in cases]
        calls = [(args, case.kwargs) for args, case in zip(given, cases, strict=True)]
        came = zip(function._call_each(calls), given, cases, strict=False)
        outcomes = (_outcome(settle, args, case) for settle, args, case in came)
    for outcome in outcomes:
        yield outcome
        if outcome.fatal:
            return


def attempt(function: Callable, case: Case, interrupted: Sequence = ()) -> Outcome:
    """Call the function as the case says: what `try_out` does for code that may print and be interrupted."""
    args = _arguments(case)
    return _outcome(lambda: function(*args, **case.kwargs), args, case, interrupted)


def _arguments(case: Case) -> tuple:
    lay_out = LAYOUTS[case.layout]
    return tuple(lay_out(each) if isinstance(each, np.ndarray) else each for each in case.args)


def _outcome(call: Callable[[], object], args: tuple, case: Case, interrupted: Sequence = ()) -> Outcome:
    try:
        value = call()
    except BaseException as error:  # SystemExit too: a student's function may raise anything
        if interrupted:
            raise
        outcome = Outcome("error", raised=_describe(error), fatal=getattr(error, "fatal", False) is True)
    else:
        outcome = _read(value)
    changed = any(_differs(given, kept) for given, kept in zip(args, case.args, strict=True))
    return replace(outcome, changed=True) if changed else outcome


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Swallow what is printed and warned inside."""
    with (
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
        warnings.catch_warnings(),
        np.errstate(),  # what the function changes with np.seterr ends with the call
    ):
        warnings.simplefilter("ignore")
        yield


@contextlib.contextmanager
def _interrupts() -> Iterator[list]:
    """Tell a real Ctrl-C from a function that raises KeyboardInterrupt: the list is filled by a real one."""
    seen: list = []

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


def _differs(given: object, kept: object) -> bool:
    if not isinstance(kept, np.ndarray):
        return False
    return given.shape != kept.shape or given.dtype != kept.dtype or given.tobytes() != kept.tobytes()


# Only exact types are read: a subclass of the student's own could answer anything to any question.


def _read(value: object) -> Outcome:
    kind = type(value)
    name = type.__dict__["__name__"].__get__(kind)
    if value is None:
        return Outcome("none", type_name=name)
    if kind is np.ndarray:
        return Outcome("array", value.copy() if _is_readable(value) else None, name)
    if kind in NUMBERS:
        number = np.asarray(value)
        return Outcome("number", number if number.dtype.kind in NUMERIC else None, name)
    if kind in (list, tuple):
        return Outcome("list", _read_list(value), name)
    return Outcome("other", type_name=name)


def _is_readable(value: np.ndarray) -> bool:
    return value.dtype.kind in NUMERIC and value.size <= LARGEST


def _read_list(value: list | tuple) -> np.ndarray | None:
    """Return the numbers of nested lists as an array, or None where it is anything else."""
    if not _holds_numbers(value, depth=5, budget=[LARGEST]):
        return None
    try:
        array = np.array(value)
    except (ValueError, OverflowError):
        return None
    return array if array.dtype.kind in NUMERIC else None


def _holds_numbers(value: object, depth: int, budget: list[int]) -> bool:
    budget[0] -= 1
    if budget[0] < 0 or depth < 0:
        return False
    if type(value) in (list, tuple):
        return all(_holds_numbers(each, depth - 1, budget) for each in value)
    return type(value) in NUMBERS or (type(value) is np.ndarray and _is_readable(value))


def _describe(error: BaseException) -> Raised:
    kinds = tuple(type.__dict__["__name__"].__get__(each) for each in type(error).__mro__)
    # An exception that was brought over from another process says its own name and line.
    name, code = vars(error).get("type_name"), vars(error).get("code")
    if type(name) is str and name.isprintable():
        kinds = (name[:80], *kinds)
    line = code.strip()[:120] if type(code) is str and code.isprintable() else _line_of(error)
    return Raised(kinds[0], _text_of(error), line, kinds)


def _text_of(error: BaseException) -> str:
    try:
        text = str(error)
    except BaseException:  # an exception class of the student's own
        return ""
    text = "".join(letter if letter.isprintable() else " " for letter in text[:400])
    return text if len(text) <= 200 else text[:200] + " ..."


def _line_of(error: BaseException) -> str:
    """Return the last line of the student's own code on the way to the error."""
    trace, line = error.__traceback__, ""
    while trace is not None:
        code = trace.tb_frame.f_code
        if "site-packages" not in code.co_filename and code.co_filename not in (__file__, np.__file__):
            line = linecache.getline(code.co_filename, trace.tb_lineno).strip() or line
        trace = trace.tb_next
    return line[:120]
