"""Remote objects: what a hidden test holds in place of an object that lives in the student's kernel."""

import builtins
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import Any, NoReturn

from nbgrader_sealed.execution.kernel_client import Answer, KernelFault, KernelTimeout, StudentKernel
from nbgrader_sealed.protocol.wire import Decoder, Encoder, WireError

# The exceptions of a student's function that `except` in a hidden test can name. StopIteration is none of
# them: raised inside `map`, it would end a loop of the test's before its time.
NAMED_ERRORS = (
    "ArithmeticError",
    "AssertionError",
    "AttributeError",
    "BufferError",
    "EOFError",
    "FileExistsError",
    "FileNotFoundError",
    "FloatingPointError",
    "ImportError",
    "IndexError",
    "IsADirectoryError",
    "KeyError",
    "LookupError",
    "MemoryError",
    "ModuleNotFoundError",
    "NameError",
    "NotADirectoryError",
    "NotImplementedError",
    "OSError",
    "OverflowError",
    "PermissionError",
    "RecursionError",
    "ReferenceError",
    "RuntimeError",
    "SyntaxError",
    "TypeError",
    "UnboundLocalError",
    "ValueError",
    "ZeroDivisionError",
)
SPECIAL = ("__name__", "__qualname__", "__annotations__", "__defaults__", "__kwdefaults__")
MAX_BATCH_BYTES = 8 * 2**20  # of the calls that go into one message
BYTES_OF_A_CALL = 2**15  # beside its arrays, as an estimate
Call = tuple[tuple[Any, ...], dict[str, Any]]  # what an object is called with, by place and by name


class RemoteError(Exception):
    """An exception of the student's code, brought over as text.

    Attributes
    ----------
    type_name : str
        The name of its type, which may be one of the student's own.
    message : str
        Its text.
    line : int or None
        The line of the student's cell that raised it.
    code : str
        The text of that line.
    fatal : bool
        Always False: the kernel lives on, and further calls make sense.
    """

    fatal = False
    type_name = ""
    message = ""
    line: int | None = None
    code = ""

    def __str__(self) -> str:
        return self.message


class RemoteObject:
    """An object of the student's kernel that is not data: callable, with attributes, equal to nothing.

    Attributes
    ----------
    type_name : str
        The name of its type.
    text : str
        Its repr, as the kernel gave it.
    """

    def __init__(self, rpc: "KernelRpc", number: int, type_name: str, text: str) -> None:
        self._rpc = rpc
        self._number = number
        self.type_name = type_name
        self.text = text

    @property
    def __doc__(self) -> Any:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The docstring of the object itself."""
        return self._rpc.attribute(self._number, "__doc__")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") and name not in SPECIAL:
            raise AttributeError(name)
        return self._rpc.attribute(self._number, name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the object in its kernel."""
        return self._rpc.call(self._number, args, kwargs)

    def _call_each(self, calls: Iterable[Call]) -> Iterator[Callable[[], Any]]:
        """Call the object several times, with few messages: for hidden tests that look for this method.

        Yields
        ------
        callable
            For one call after the other: returns or raises what came of it.
        """
        return self._rpc.call_each(self._number, calls)

    def __eq__(self, other: object) -> bool:
        return False

    def __hash__(self) -> int:
        return self._number

    def __repr__(self) -> str:
        return self.text


@dataclass(frozen=True)
class PendingCall:
    """A call on its way: its arguments here, and what was made of them."""

    call: Call
    encoder: Encoder
    data: dict[str, Any]


class KernelRpc:
    """Remote procedure calls to a kernel: names, calls and attributes go there, data comes back.

    Parameters
    ----------
    kernel : StudentKernel
        A started kernel.

    Attributes
    ----------
    deadline : float
        When (in `time.monotonic`) calls stop; whoever judges a cell sets it.
    fault : KernelFault or None
        Why the kernel answers no more; every later call raises it again.
    """

    def __init__(self, kernel: StudentKernel) -> None:
        self.kernel = kernel
        self.deadline: float = 0.0
        self.fault: KernelFault | None = None

    def names(self, names: list[str]) -> dict[str, Any]:
        """Return those names that the kernel has, each as data or as a remote object."""
        found, decoder = self._read(self._ask({"do": "names", "names": names}, []))
        if not isinstance(found, dict) or not set(found) <= set(names):
            raise WireError("the kernel answered with other names")
        return {name: decoder.decode(value) for name, value in found.items()}

    def attribute(self, number: int, name: str) -> Any:
        """Return an attribute of an object."""
        found, decoder = self._read(self._ask({"do": "attribute", "id": number, "name": name}, []))
        return decoder.decode(found)

    def call(self, number: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call an object, and change the arguments here as it changed them there.

        Raises
        ------
        RemoteError
            If the student's code raises; also an instance of the built-in exception of that name.
        KernelFault
            If the kernel answers no more.
        WireError
            If an argument or the result does not cross.
        """
        (result,) = self.call_each(number, [(args, kwargs)])
        return result()

    def call_each(self, number: int, calls: Iterable[Call]) -> Iterator[Callable[[], Any]]:
        """Make several calls of an object with few messages, which send the arguments beforehand.

        Yields
        ------
        callable
            For one call after the other: it returns or raises what `call` does. After a fault there is none.
        """
        waiting = deque(calls)
        while waiting:
            sent = list(self._next(number, waiting))
            try:
                answers = self._ask_all(sent)
            except (KernelFault, RemoteError, WireError) as error:
                yield partial(_raise, error)
                return
            yield from (partial(self._finish, *pair) for pair in zip(sent, answers, strict=False))
            waiting.extendleft(each.call for each in reversed(sent[len(answers) :]))

    def _next(self, number: int, waiting: deque[Call]) -> Iterator[PendingCall]:
        """Take as many of the calls as one message should hold, and yield them ready to be sent."""
        size = 0
        while waiting and size < MAX_BATCH_BYTES:
            args, kwargs = waiting.popleft()
            encoder = Encoder(_only_own(self), to_kernel=True)
            named = {name: encoder.encode(arg) for name, arg in kwargs.items()}
            data = {"id": number, "args": [encoder.encode(arg) for arg in args], "kwargs": named}
            yield PendingCall(
                (args, kwargs), encoder, {"do": "call", **data, "buffers": len(encoder.buffers)}
            )
            size += encoder.bytes + BYTES_OF_A_CALL

    def _ask_all(self, sent: list[PendingCall]) -> list[Answer]:
        """Make calls, and return their answers: fewer, but one at least, if the kernel stopped on its way."""
        buffers = [buffer for each in sent for buffer in each.encoder.buffers]
        answer = self._ask({"do": "calls", "calls": [each.data for each in sent]}, buffers)
        (found, _), left = self._read(answer), answer.buffers
        if not isinstance(found, list) or not 0 < len(found) <= len(sent):
            raise WireError("the kernel did not answer the calls")
        answers = []
        for each in found:
            count = each.get("buffers") if isinstance(each, dict) else None
            if type(count) is not int or not 0 <= count <= len(left):
                raise WireError("the kernel answered a call in no known form")
            answers.append(Answer(each, left[:count]))
            left = left[count:]
        return answers

    def _finish(self, sent: PendingCall, answer: Answer) -> Any:
        """Return the result of a call, and write to its arguments what was written to them there."""
        found, decoder = self._read(answer)
        if not isinstance(found, dict) or not set(found) >= {"result", "changed", "refilled"}:
            raise WireError("the kernel answered without a result")
        for place, value in _pairs(found["changed"]):
            _write_array(sent.encoder.arrays.get(place), decoder.decode(value))
        args, kwargs = sent.call
        places = {**dict(enumerate(args)), **kwargs}
        for place, value in _pairs(found["refilled"]):
            _refill(places.get(place), decoder.decode(value))
        return decoder.decode(found["result"])

    def _ask(self, data: dict[str, Any], buffers: list[bytes]) -> Answer:
        if self.fault is not None:
            raise self.fault
        left = self.deadline - monotonic()
        try:
            if left <= 0:
                raise KernelTimeout("time is up")
            return self.kernel.request(data, buffers, left)
        except KernelFault as fault:
            self.fault = fault
            raise

    def _read(self, answer: Answer) -> tuple[Any, Decoder]:
        """Return what an answer holds, and what decodes it."""
        if "error" in answer.data:
            raise remote_error(answer.data["error"])
        if "wire" in answer.data:
            raise WireError(str(answer.data["wire"])[:200])
        return answer.data.get("ok"), Decoder(answer.buffers, self._remote_object, trusted=False)

    def _remote_object(self, data: dict[str, Any]) -> Any:
        number, type_name, text = data.get("id", 0), data.get("type", "object"), data.get("text", "")
        if type(number) is not int or type(type_name) is not str or type(text) is not str:
            raise WireError("the kernel described an object in no known way")
        name = type_name if type_name.isidentifier() else "object"
        kind = type(name[:80], (RemoteObject,), {"__doc__": RemoteObject.__dict__["__doc__"]})
        return kind(self, number, type_name[:200], text[:2000])


def remote_error(data: Any) -> RemoteError:
    """Return the exception that a kernel described."""
    data = data if isinstance(data, dict) else {}
    types = data.get("types")
    types = [name for name in types if type(name) is str] if isinstance(types, list) else []
    known = next((name for name in types if name in NAMED_ERRORS), None)
    bases = (RemoteError,) if known is None else (RemoteError, getattr(builtins, known))
    type_name = types[0][:200] if types else "Exception"
    texts = {name: data[name][:2000] for name in ("message", "code") if type(data.get(name)) is str}
    error = type(type_name if type_name.isidentifier() else "RemoteError", bases, {})(
        texts.get("message", "")
    )
    error.type_name = type_name
    error.line = data["line"] if type(data.get("line")) is int else None
    vars(error).update(texts)
    return error


def _raise(error: Exception) -> NoReturn:
    raise error


def _only_own(rpc: KernelRpc) -> Any:
    def reference(value: Any) -> dict[str, Any]:
        if isinstance(value, RemoteObject) and value._rpc is rpc:
            return {"t": "object", "id": value._number}
        raise WireError(f"an argument of type {type(value).__name__} cannot be sent to the student's kernel")

    return reference


def _pairs(value: Any) -> list[tuple[Any, Any]]:
    if not isinstance(value, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in value):
        raise WireError("the kernel answered with changes of no known form")
    if not all(isinstance(place, int | str) for place, _ in value):
        raise WireError("the kernel answered with changes of nothing")
    return value


def _write_array(target: Any, value: Any) -> None:
    """Write what the student's function left in an array into the array that was passed."""
    if target is None or getattr(value, "shape", None) != target.shape or value.dtype != target.dtype:
        raise WireError("the kernel changed an argument that it was not given")
    target[...] = value


def _refill(target: Any, value: Any) -> None:
    """Fill a list, dictionary, set or bytearray with what the student's function left in it."""
    if type(target) is not type(value) or type(target) not in (list, dict, set, bytearray):
        raise WireError("the kernel changed an argument that it was not given")
    target.clear()
    (target.extend if isinstance(target, list | bytearray) else target.update)(value)
