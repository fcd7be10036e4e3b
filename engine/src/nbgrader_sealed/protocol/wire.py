"""Values as data: JSON with `.npy` buffers beside it, and nothing that is ever unpickled or evaluated.

The same text runs on both sides: the grading process imports it, and so does the fork server of sandboxed
kernels; any other kernel receives it as source, so that it needs nothing installed. The module therefore
imports only the standard library, and NumPy if it is installed. All input is untrusted: sizes, depth, dtypes
and shapes are checked first.
"""

import builtins
import io
import json
import math
import re
import sys
import types
from collections.abc import Callable
from functools import lru_cache
from typing import Any

np: Any  # NumPy, or None: a course without NumPy has no arrays to send
try:
    import numpy
except ImportError:
    np = None
else:
    np = numpy

MAX_BYTES = 64 * 1024 * 1024  # of one message, all buffers together
MAX_ITEMS = 1_000_000  # numbers, strings, lists ... of one message, arrays counted as one
MAX_DEPTH = 40  # of lists in lists
MAX_KEYS = 20_000  # of all sets and dictionaries of one message: keys can be chosen to make them slow
MAX_DIGITS = 20_000  # of one integer, in hexadecimal
ARRAY_KINDS = "biufcSUmM"  # dtypes that are plain bytes: no objects, no records
NAMED_MODULES = ("builtins", "math", "operator", "numpy")  # whose functions may be named as arguments
# Of a .npy file in version 1.0: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
HEADER = re.compile(
    rb"\x93NUMPY\x01\x00..\{'descr': '([<>|]?[A-Za-z]\d{0,9}(?:\[\d{0,9}[A-Za-z]{1,7}\])?)', "
    rb"'fortran_order': (True|False), 'shape': \(((?:\d{1,19}, )*(?:\d{1,19},?)?)\), \} *\n",
    re.DOTALL,
)


class WireError(Exception):
    """A value that does not cross: too large, too deep, of another kind, or not what it says it is.

    No built-in error's child, so that `except ValueError` in a hidden test never takes it for the student's.
    """


class Encoder:
    """Turn values into what JSON can hold, with the arrays as buffers.

    Parameters
    ----------
    foreign : callable
        Called with each object that is not data; returns the dictionary that stands for it, or raises
        `WireError`.
    to_kernel : bool
        Whether the kernel receives this, which trusts its sender: an array that is a view keeps its strides,
        and functions that both sides know go as their names. In the other direction an array arrives
        contiguous, and a function is an object as any other.

    Attributes
    ----------
    buffers : list of bytes
        What goes beside the JSON.
    arrays : dict of int to ndarray
        The arrays that were encoded, by the number of their buffer.
    """

    def __init__(self, foreign: Callable[[Any], dict[str, Any]], to_kernel: bool = False) -> None:
        self.foreign = foreign
        self.to_kernel = to_kernel
        self.buffers: list[bytes] = []
        self.arrays: dict[int, Any] = {}
        self.items: int = 0
        self.keys: int = 0
        self.bytes: int = 0

    def encode(self, value: Any, depth: int = 0) -> Any:
        """Return what stands for `value` in JSON."""
        self.items += 1
        if depth > MAX_DEPTH:
            raise WireError(f"the value is nested more than {MAX_DEPTH} deep")
        if self.items > MAX_ITEMS:
            raise WireError(f"the value has more than {MAX_ITEMS} items")
        kind = type(value)  # never value.__class__, which can say anything
        if value is None or kind is bool:
            return value
        if np is not None and issubclass(kind, np.ndarray | np.generic):
            return self._array(value)
        for base, encode in _ENCODERS:
            if issubclass(kind, base):
                return encode(self, value, depth + 1)
        return _dtype(value) or (self.to_kernel and _named(value)) or self.foreign(value)

    def add(self, data: bytes) -> int:
        """Put a buffer beside the JSON, and return its number."""
        self.bytes += len(data)
        if self.bytes > MAX_BYTES:
            raise WireError(f"the value is larger than {MAX_BYTES // 2**20} MB")
        self.buffers.append(data)
        return len(self.buffers) - 1

    def text(self, value: str) -> str:
        """Return a string whose bytes count, without halves of characters."""
        self.bytes += len(value)
        if self.bytes > MAX_BYTES:
            raise WireError(f"the value is larger than {MAX_BYTES // 2**20} MB")
        return value.encode("utf-8", "replace").decode("utf-8")

    def _array(self, value: Any) -> dict[str, Any]:
        if value.dtype.kind not in ARRAY_KINDS or value.dtype.hasobject:
            return self.foreign(value)
        if value.nbytes + self.bytes > MAX_BYTES:
            raise WireError(f"an array of {value.nbytes / 2**20:.0f} MB is too large to cross")
        if issubclass(type(value), np.generic):
            return {"t": "scalar", "b": self.add(_npy(np.asarray(value)))}
        plain = np.ndarray.view(value, np.ndarray)
        sent = {"t": "array", "w": bool(plain.flags.writeable)}
        layout = _layout(plain) if self.to_kernel else None
        if layout is None:
            sent["b"] = self.add(_npy(plain))
        else:
            sent["b"] = self.add(_npy(layout.pop("span")))
            sent.update(layout)
        self.arrays[sent["b"]] = value
        return sent


class Decoder:
    """Turn untrusted JSON and buffers back into values.

    Parameters
    ----------
    buffers : list of bytes-like
        What came beside the JSON.
    foreign : callable
        Called with each dictionary that stands for an object that is not data; returns the object.
    trusted : bool
        Whether the sender may name functions and give strides of arrays: only the kernel trusts the grading
        process so far, never the other way round.
    """

    def __init__(self, buffers: list[Any], foreign: Callable[[dict[str, Any]], Any], trusted: bool) -> None:
        if sum(len(buffer) for buffer in buffers) > 2 * MAX_BYTES:
            raise WireError("the message is too large")
        self.buffers = buffers
        self.foreign = foreign
        self.trusted = trusted
        self.arrays: dict[int, Any] = {}
        self.items: int = 0
        self.keys: int = 0

    def decode(self, data: Any, depth: int = 0) -> Any:
        """Return the value that `data` stands for.

        Raises
        ------
        WireError
            If it stands for none.
        """
        self.items += 1
        if depth > MAX_DEPTH + 2 or self.items > 3 * MAX_ITEMS:
            raise WireError("the message is nested too deep, or has too many items")
        if data is None or type(data) in (bool, int, float, str):
            return data
        if type(data) is list:
            return [self.decode(item, depth + 1) for item in data]
        kind = data.get("t") if type(data) is dict else None
        decode = _DECODERS.get(kind) if type(kind) is str else None
        if decode is None:
            raise WireError("the message holds a value of no known kind")
        try:
            return decode(self, data, depth + 1)
        except WireError:
            raise
        except Exception as error:
            raise WireError(f"the message holds a broken {data['t']}: {type(error).__name__}") from None

    def buffer(self, data: dict[str, Any]) -> bytes:
        """Return the buffer that `data` names."""
        number = data["b"]
        if type(number) is not int or not 0 <= number < len(self.buffers):
            raise WireError("the message names a buffer that did not come")
        return self.buffers[number]

    def all(self, data: dict[str, Any], depth: int) -> list[Any]:
        """Return the items of a collection."""
        if type(data["v"]) is not list:
            raise WireError(f"the message holds a {data['t']} without items")
        return [self.decode(item, depth) for item in data["v"]]


def parse(text: bytes, most: int = MAX_BYTES) -> Any:
    """Read JSON strictly: no NaN, no depth that overflows, no doubled size.

    Raises
    ------
    WireError
        If it is not JSON.
    """
    if len(text) > most:
        raise WireError("the message is too large")
    try:
        return json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise WireError(f"the message is not JSON: {type(error).__name__}") from None


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _npy(array: Any) -> bytes:
    head = np.lib.format.header_data_from_array_1_0(array)
    order = "F" if head["fortran_order"] else "C"
    return _header(*head.values()) + array.tobytes(order)


@lru_cache  # as with those that come: the same are written again and again
def _header(shape: tuple[int, ...], fortran_order: bool, descr: str) -> bytes:
    file = io.BytesIO()
    head = {"shape": shape, "fortran_order": fortran_order, "descr": descr}
    np.lib.format.write_array_header_1_0(file, head)
    return file.getvalue()


def _read_npy(data: Any) -> Any:
    """Read one .npy buffer into a fresh array, after checking that it is what its header says."""
    start = 10 + int.from_bytes(data[8:10], "little")  # what comes before the header, and its length
    shape, fortran, dtype = _read_header(bytes(data[:start]))
    if dtype.kind not in ARRAY_KINDS or dtype.hasobject or not 0 < dtype.itemsize <= MAX_BYTES:
        raise WireError(f"an array came with the dtype {dtype!s:.40}")
    if len(shape) > 32 or any(size > MAX_BYTES for size in shape):
        raise WireError("an array came with an impossible shape")
    body = data[start:]
    if math.prod(shape) * dtype.itemsize != len(body):
        raise WireError("an array came with more or fewer bytes than its shape has")
    flat = np.frombuffer(bytearray(body), dtype=dtype)
    return flat.reshape(shape, order="F" if fortran else "C")


def _read_header(npy: bytes) -> Any:
    """Return shape, order and dtype of a header as NumPy writes it; its own reader is ten times slower."""
    header = HEADER.fullmatch(npy)
    if header is None:
        raise WireError("an array came with a header that is not plain")
    dtype, fortran, shape = (group.decode("ascii") for group in header.groups())
    return tuple(int(size) for size in shape.replace(",", " ").split()), fortran == "True", np.dtype(dtype)


def _layout(array: Any) -> dict[str, Any] | None:
    """Return the memory under a view with its strides; None if a plain copy has the same layout."""
    flags = array.flags
    if flags.c_contiguous or flags.f_contiguous or array.size == 0:
        return None
    forward = array[tuple(slice(None, None, -1 if step < 0 else 1) for step in array.strides)]
    size = sum((n - 1) * step for n, step in zip(forward.shape, forward.strides, strict=True))
    size += array.dtype.itemsize
    if size > max(16 * array.nbytes, 2**20):
        return None  # a few cells of something huge: not worth sending all of it
    offset = sum((n - 1) * -step for n, step in zip(array.shape, array.strides, strict=True) if step < 0)
    return {
        "span": _bytes_under(forward, size),
        "dtype": array.dtype.str,
        "shape": list(array.shape),
        "strides": list(array.strides),
        "offset": offset,
    }


def _bytes_under(array: Any, size: int) -> Any:
    """Return the `size` bytes that lie under an array whose strides are all positive."""
    interface = {
        "data": (array.__array_interface__["data"][0], True),
        "shape": (size,),
        "typestr": "|u1",
        "version": 3,
    }
    memory = type("Memory", (), {"__array_interface__": interface})()
    return np.asarray(memory).copy()


def _dtype(value: Any) -> dict[str, Any] | None:
    """Return what stands for a plain dtype."""
    if np is not None and isinstance(value, np.dtype) and not value.hasobject and value.names is None:
        return {"t": "dtype", "v": value.str}
    return None


def _named(value: Any) -> dict[str, Any] | None:
    """Return what stands for a function or a type that both sides know by name."""
    if not isinstance(value, _NAMED_KINDS):
        return None  # a remote object would have to fetch its name
    name = value.__name__
    for module in NAMED_MODULES:
        if getattr(sys.modules.get(module), name, None) is value:
            return {"t": "named", "m": module, "v": name}
    return None


_NAMED_KINDS: tuple[type, ...] = (type, types.FunctionType, types.BuiltinFunctionType)
if np is not None:
    _NAMED_KINDS += (np.ufunc, type(np.sum))


def _encode_int(encoder: Encoder, value: int, depth: int) -> Any:
    value = int(value)
    if value.bit_length() < 1024:
        return value
    if value.bit_length() > 4 * MAX_DIGITS:
        raise WireError("the integer is too large to cross")
    return {"t": "int", "v": hex(value)}


def _encode_float(encoder: Encoder, value: float, depth: int) -> Any:
    value = float(value)
    return value if math.isfinite(value) else {"t": "float", "v": repr(value)}


def _count_keys(self: "Encoder | Decoder", more: int) -> None:
    self.keys += more
    if self.keys > MAX_KEYS:
        raise WireError(f"sets and dictionaries have more than {MAX_KEYS} keys together")


def _encode_dict(encoder: Encoder, value: dict, depth: int) -> Any:
    _count_keys(encoder, dict.__len__(value))
    pairs = [[encoder.encode(key, depth), encoder.encode(item, depth)] for key, item in dict.items(value)]
    return {"t": "dict", "v": pairs}


def _items(kind: str) -> Callable[[Encoder, Any, int], Any]:
    base = getattr(builtins, kind)

    def encode(encoder: Encoder, value: Any, depth: int) -> Any:
        if kind in ("set", "frozenset"):
            _count_keys(encoder, base.__len__(value))
        items = [encoder.encode(item, depth) for item in base.__iter__(value)]
        return items if kind == "list" else {"t": kind, "v": items}

    return encode


def _parts(kind: str, *names: str) -> Callable[[Encoder, Any, int], Any]:
    def encode(encoder: Encoder, value: Any, depth: int) -> Any:
        return {"t": kind, "v": [encoder.encode(getattr(value, name), depth) for name in names]}

    return encode


_ENCODERS: tuple[tuple[type, Callable[[Encoder, Any, int], Any]], ...] = (
    (int, _encode_int),
    (float, _encode_float),
    (str, lambda encoder, value, depth: encoder.text(str.__str__(value))),
    (list, _items("list")),
    (tuple, _items("tuple")),
    (dict, _encode_dict),
    (set, _items("set")),
    (frozenset, _items("frozenset")),
    (bytes, lambda encoder, value, depth: {"t": "bytes", "b": encoder.add(bytes(value))}),
    (bytearray, lambda encoder, value, depth: {"t": "bytearray", "b": encoder.add(bytes(value))}),
    (complex, _parts("complex", "real", "imag")),
    (range, _parts("range", "start", "stop", "step")),
    (slice, _parts("slice", "start", "stop", "step")),
)


def _decode_array(decoder: Decoder, data: dict[str, Any], depth: int) -> Any:
    array = _read_npy(decoder.buffer(data))
    if "strides" in data and not decoder.trusted:
        raise WireError("an array came with strides of its own")
    if "strides" in data:
        array = np.ndarray(
            tuple(data["shape"]),
            np.dtype(data["dtype"]),
            buffer=array,
            offset=data["offset"],
            strides=tuple(data["strides"]),
        )
    if not data["w"]:
        array.flags.writeable = False
    decoder.arrays[data["b"]] = array
    return array


def _decode_scalar(decoder: Decoder, data: dict[str, Any], depth: int) -> Any:
    array = _read_npy(decoder.buffer(data))
    if array.shape != ():
        raise WireError("a number came with a shape")
    return array[()]


def _decode_int(decoder: Decoder, data: dict[str, Any], depth: int) -> int:
    if type(data["v"]) is not str or len(data["v"]) > MAX_DIGITS + 3:
        raise WireError("an integer came with too many digits")
    return int(data["v"], 16)


def _decode_float(decoder: Decoder, data: dict[str, Any], depth: int) -> float:
    return {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}[data["v"]]


def _decode_set(decoder: Decoder, data: dict[str, Any], depth: int) -> set:
    items = decoder.all(data, depth)
    _count_keys(decoder, len(items))
    return set(items)


def _decode_dict(decoder: Decoder, data: dict[str, Any], depth: int) -> dict:
    _count_keys(decoder, len(data["v"]))
    return {decoder.decode(key, depth): decoder.decode(item, depth) for key, item in data["v"]}


def _decode_complex(decoder: Decoder, data: dict[str, Any], depth: int) -> complex:
    real, imaginary = decoder.all(data, depth)
    return complex(float(real), float(imaginary))


def _decode_range(decoder: Decoder, data: dict[str, Any], depth: int) -> range:
    found = range(*decoder.all(data, depth))
    if len(found) > MAX_ITEMS:
        raise WireError(f"a range came with more than {MAX_ITEMS} items")
    return found


def _decode_named(decoder: Decoder, data: dict[str, Any], depth: int) -> Any:
    if not decoder.trusted or data["m"] not in NAMED_MODULES:
        raise WireError("the message names a function")
    return getattr(sys.modules[data["m"]], data["v"])


_DECODERS: dict[str, Callable[[Decoder, dict[str, Any], int], Any]] = {
    "int": _decode_int,
    "float": _decode_float,
    "tuple": lambda decoder, data, depth: tuple(decoder.all(data, depth)),
    "set": _decode_set,
    "frozenset": lambda decoder, data, depth: frozenset(_decode_set(decoder, data, depth)),
    "dict": _decode_dict,
    "bytes": lambda decoder, data, depth: bytes(decoder.buffer(data)),
    "bytearray": lambda decoder, data, depth: bytearray(decoder.buffer(data)),
    "complex": _decode_complex,
    "range": _decode_range,
    "slice": lambda decoder, data, depth: slice(*decoder.all(data, depth)),
    "array": _decode_array,
    "scalar": _decode_scalar,
    "dtype": lambda decoder, data, depth: np.dtype(_plain_dtype(data["v"])),
    "named": _decode_named,
    "object": lambda decoder, data, depth: decoder.foreign(data),
}


def _plain_dtype(text: Any) -> str:
    """Return the text of a dtype such as `<f8`, so that no larger text reaches NumPy's parser."""
    if type(text) is not str or len(text) > 24 or not text[1:2].isalpha():
        raise WireError("a dtype came that is not plain")
    return text
