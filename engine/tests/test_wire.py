"""Values cross as what they are, and nothing else crosses."""

import json
import math
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from nbgrader_sealed.protocol import wire
from nbgrader_sealed.protocol.wire import MAX_DEPTH, Decoder, Encoder, WireError, parse

DTYPES = st.one_of(
    arrays.boolean_dtypes(),
    arrays.integer_dtypes(endianness="?"),
    arrays.unsigned_integer_dtypes(endianness="?"),
    arrays.floating_dtypes(endianness="?"),
    arrays.complex_number_dtypes(endianness="?"),
    arrays.unicode_string_dtypes(),
    arrays.datetime64_dtypes(),
)
ARRAYS = arrays.arrays(DTYPES, arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4))
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary(), st.complex_numbers()
)
VALUES = st.recursive(
    st.one_of(SCALARS, ARRAYS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(st.one_of(st.text(), st.integers()), inner, max_size=4),
        st.sets(st.integers(), max_size=4),
    ),
    max_leaves=12,
)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text()),
    lambda inner: st.one_of(
        st.lists(inner),
        st.dictionaries(
            st.sampled_from(["t", "v", "b", "w", "m", "id", "dtype", "shape", "strides", "offset"]), inner
        ),
        st.fixed_dictionaries(
            {
                "t": st.sampled_from(
                    [
                        "int",
                        "float",
                        "tuple",
                        "set",
                        "frozenset",
                        "dict",
                        "bytes",
                        "bytearray",
                        "complex",
                        "range",
                        "slice",
                        "array",
                        "scalar",
                        "dtype",
                        "named",
                        "object",
                    ]
                ),
                "v": inner,
                "b": st.sampled_from([0, 1, -1, "0"]),
                "w": st.booleans(),
            }
        ),
    ),
)


def refuse(value):
    raise WireError(f"{type(value).__name__} is no data")


def cross(value, to_kernel=False, trusted=False):
    """Send a value over, through the text of the message."""
    encoder = Encoder(refuse, to_kernel)
    text = json.dumps(encoder.encode(value), allow_nan=False).encode()
    return Decoder(encoder.buffers, refuse, trusted).decode(parse(text))


def same(one, other) -> bool:
    """Return whether two values are the same in type, shape, dtype and content, NaN included."""
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray | np.generic):
        alike = one.dtype == other.dtype and one.shape == other.shape
        return alike and np.ascontiguousarray(one).tobytes() == np.ascontiguousarray(other).tobytes()
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return list(one) == list(other) and all(map(same, one.values(), other.values()))
    if isinstance(one, complex):
        return same(one.real, other.real) and same(one.imag, other.imag)
    if isinstance(one, float):
        return (math.isnan(one) and math.isnan(other)) or repr(one) == repr(other)
    return one == other


@given(VALUES)
def test_what_arrives_is_what_was_sent(value):
    assert same(cross(value), value)


@given(ARRAYS, st.data())
def test_a_view_arrives_in_the_kernel_with_its_strides_and_its_read_only_flag(array, data):
    view = array.transpose(data.draw(st.permutations(range(array.ndim))))
    steps = [data.draw(st.sampled_from([1, 2, -1, -2])) for _ in view.shape]
    view = view[(..., *(slice(None, None, step) for step in steps))]
    view.flags.writeable = data.draw(st.booleans())
    if view.dtype.itemsize == 0:
        return
    arrived = cross(view, to_kernel=True, trusted=True)
    assert same(arrived, view)
    assert arrived.flags.writeable == view.flags.writeable
    if view.size:
        steps = [step for step, size in zip(view.strides, view.shape, strict=True) if size > 1]
        assert steps == [step for step, size in zip(arrived.strides, view.shape, strict=True) if size > 1]


def test_a_broadcast_view_crosses_without_its_repetitions():
    view = np.broadcast_to(np.arange(3.0), (1000, 3))
    encoder = Encoder(refuse, to_kernel=True)
    encoder.encode(view)
    assert len(encoder.buffers[0]) < 1000
    assert cross(view, to_kernel=True, trusted=True).strides == view.strides


def test_a_function_that_both_sides_know_crosses_by_name_to_the_kernel_only():
    assert cross(np.sin, to_kernel=True, trusted=True) is np.sin
    assert cross(len, to_kernel=True, trusted=True) is len
    assert cross(np.float32, to_kernel=True, trusted=True) is np.float32
    with pytest.raises(WireError):
        cross(np.sin, trusted=False)


@pytest.mark.parametrize("value", [object(), lambda: 0, np.array([object()]), np.zeros(2, "i4,f8"), open])
def test_what_is_no_data_does_not_cross(value):
    with pytest.raises(WireError):
        cross(value)


def nested(depth: int) -> list:
    value: list = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value",
    [
        np.broadcast_to(np.zeros(1), (10_000_000_000,)),
        nested(MAX_DEPTH + 2),
        nested(100_000),
        [0] * 1_100_000,
        1 << 10_000_000,
        "x" * 100_000_000,
    ],
    ids=["array", "depth", "bottomless", "items", "integer", "text"],
)
def test_what_is_too_large_is_refused_before_it_is_copied(value):
    with pytest.raises(WireError):
        Encoder(refuse).encode(value)


@given(JSON, st.lists(st.binary(max_size=200), max_size=2))
def test_any_answer_is_a_value_or_a_wire_error(data, buffers):
    with suppress(WireError):
        Decoder(buffers, refuse, trusted=False).decode(data)


@given(st.binary(max_size=120), st.integers(0, 120))
def test_a_damaged_array_is_an_array_or_a_wire_error(noise, at):
    encoder = Encoder(refuse)
    data = encoder.encode(np.arange(6.0).reshape(2, 3))
    whole = encoder.buffers[0]
    damaged = whole[:at] + noise + whole[at + len(noise) :]
    try:
        array = Decoder([damaged], refuse, trusted=False).decode(data)
    except WireError:
        return
    assert array.nbytes <= len(damaged)


@pytest.mark.parametrize("text", [b"", b"NaN", b"[1, Infinity]", b"[" * 100_000, b"\xff", b"{}{}"])
def test_what_is_not_strict_json_is_refused(text):
    with pytest.raises(WireError):
        parse(text)


@pytest.mark.parametrize("name", ["set", "frozenset", "dict"])
def test_no_more_keys_cross_than_can_be_put_in_place_soon(name):
    make = {"set": set, "frozenset": frozenset, "dict": dict.fromkeys}[name]
    few = make(range(wire.MAX_KEYS))
    assert cross(few) == few
    with pytest.raises(WireError, match="keys"):
        Encoder(refuse).encode(make(range(wire.MAX_KEYS + 1)))
    items = [[number, 0] if name == "dict" else number for number in range(wire.MAX_KEYS + 1)]
    with pytest.raises(WireError, match="keys"):
        Decoder([], refuse, trusted=False).decode({"t": name, "v": items})
