"""PyTorch's CPU functions as the judge, on whatever shapes and arguments hypothesis thinks of."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pooling_ref import avg_pool2d, avg_pool2d_backward, engine, max_pool2d, max_pool2d_backward
from pooling_ref.windows import lay_windows

pytestmark = pytest.mark.needs("torch")

FLOATS = [np.float32, np.float64]
INTEGERS = [np.uint8, np.int8, np.int16, np.int32, np.int64]
SPECIAL = [np.nan, np.inf, -np.inf, -0.0]
FEW = st.integers(-3, 3)  # so that ties are common


@st.composite
def geometries(draw, axes: int = 2) -> tuple[tuple[int, ...], ...]:
    """Draw the sizes of some axes, and windows, strides and paddings that fit them."""
    drawn = []
    for _ in range(axes):
        kernel = draw(st.integers(1, 5))
        padding = draw(st.integers(0, kernel // 2))
        size = draw(st.integers(max(1, kernel - 2 * padding), 11))
        drawn.append((size, kernel, draw(st.integers(1, 6)), padding))
    return tuple(zip(*drawn, strict=True))


@st.composite
def calls(draw, dtypes: list, special: list):
    """Draw an input of PyTorch's four axes, and the arguments of a pooling call."""
    sizes, *arguments = draw(geometries())
    dtype = np.dtype(draw(st.sampled_from(dtypes)))
    shape = (draw(st.integers(1, 2)), draw(st.integers(1, 3)), *sizes)
    numbers = FEW if dtype.kind != "u" else st.integers(0, 5)
    values = st.one_of(numbers, st.sampled_from(special)) if special else numbers
    x = draw(hnp.arrays(np.float64, shape, elements=values.map(float))).astype(dtype)
    return x, *arguments


def torch_pools():
    """Import PyTorch only where a test runs: it is no dependency."""
    import torch
    from torch.nn import functional

    return torch, functional


def gradients(x: np.ndarray, pool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give what PyTorch pools, a gradient for it, and the gradient that PyTorch sends back."""
    torch, _ = torch_pools()
    leaf = torch.from_numpy(x.copy()).requires_grad_()
    pooled = pool(leaf)
    grad_output = np.random.default_rng(pooled.numel()).standard_normal(pooled.shape).astype(x.dtype)
    pooled.backward(torch.from_numpy(grad_output))
    return pooled.detach().numpy(), grad_output, leaf.grad.numpy()


@given(calls(FLOATS + INTEGERS, special=[]))
def test_max_pooling_of_every_dtype_is_pytorchs(call):
    x, kernel, stride, padding = call
    torch, functional = torch_pools()
    theirs = functional.max_pool2d(torch.from_numpy(x), kernel, stride, padding).numpy()
    ours = max_pool2d(x, kernel, stride, padding)
    np.testing.assert_array_equal(ours, theirs, strict=True)


@given(calls(FLOATS, SPECIAL))
def test_max_pooling_forward_and_backward_is_pytorchs_with_ties_nan_and_infinities(call):
    x, kernel, stride, padding = call
    _, functional = torch_pools()
    pooled, grad_output, grad = gradients(
        x, lambda leaf: functional.max_pool2d(leaf, kernel, stride, padding)
    )
    np.testing.assert_array_equal(max_pool2d(x, kernel, stride, padding), pooled, strict=True)
    ours = max_pool2d_backward(grad_output, x, kernel, stride, padding)
    assert ours.dtype == grad.dtype
    np.testing.assert_allclose(ours, grad, rtol=1e-5, atol=1e-6)


@given(calls(FLOATS, SPECIAL), st.booleans())
def test_average_pooling_forward_and_backward_is_pytorchs(call, count_include_pad):
    x, kernel, stride, padding = call
    _, functional = torch_pools()
    pooled, grad_output, grad = gradients(
        x, lambda leaf: functional.avg_pool2d(leaf, kernel, stride, padding, False, count_include_pad)
    )
    ours = avg_pool2d(x, kernel, stride, padding, count_include_pad)
    assert ours.dtype == pooled.dtype
    np.testing.assert_allclose(ours, pooled, rtol=1e-5, atol=1e-6)
    ours = avg_pool2d_backward(grad_output, x, kernel, stride, padding, count_include_pad)
    assert ours.dtype == grad.dtype
    np.testing.assert_allclose(ours, grad, rtol=1e-5, atol=1e-6)


@given(calls([np.float16], special=[]))
def test_half_precision_is_pytorchs_to_the_last_bit_but_one(call):
    x, kernel, stride, padding = call
    torch, functional = torch_pools()
    theirs = functional.avg_pool2d(torch.from_numpy(x), kernel, stride, padding).numpy()
    ours = avg_pool2d(x, kernel, stride, padding)
    assert ours.dtype == theirs.dtype
    np.testing.assert_allclose(ours, theirs, rtol=2e-3, atol=1e-6)


@given(st.integers(1, 3), st.data(), st.integers(1, 3), st.booleans())
def test_the_engine_is_pytorchs_in_one_two_and_three_axes_with_dilation_and_ceil_mode(
    axes, data, dilation, ceil_mode
):
    sizes, kernel, stride, padding = data.draw(geometries(axes))
    sizes = tuple(size + (k - 1) * (dilation - 1) for size, k in zip(sizes, kernel, strict=True))
    x = data.draw(hnp.arrays(np.float64, (2, *sizes), elements=FEW.map(float)))
    windows = [
        lay_windows(*one_axis, dilation, (pad, pad), ceil_mode)
        for *one_axis, pad in zip(sizes, kernel, stride, padding, strict=True)
    ]
    torch, functional = torch_pools()
    pool = getattr(functional, f"max_pool{axes}d")
    theirs, where = pool(
        torch.from_numpy(x)[None], kernel, stride, padding, dilation, ceil_mode, return_indices=True
    )
    np.testing.assert_array_equal(engine.max_pool(x, windows), theirs[0].numpy())
    has_real_cell = theirs[0].numpy() > -np.inf
    within_plane = engine.arg_max_pool(x, windows) % np.prod(sizes)
    np.testing.assert_array_equal(within_plane[has_real_cell], where[0].numpy()[has_real_cell])


@given(st.integers(1, 3), st.data(), st.booleans(), st.booleans())
def test_the_engines_average_is_pytorchs_in_ceil_mode(axes, data, ceil_mode, count_include_pad):
    sizes, kernel, stride, padding = data.draw(geometries(axes))
    sizes = tuple(map(max, sizes, kernel))  # PyTorch's avg_pool3d takes no smaller ones, whatever the padding
    x = data.draw(hnp.arrays(np.float64, (2, *sizes), elements=FEW.map(float)))
    windows = [
        lay_windows(size, k, step, 1, (pad, pad), ceil_mode)
        for size, k, step, pad in zip(sizes, kernel, stride, padding, strict=True)
    ]
    torch, functional = torch_pools()
    pool = getattr(functional, f"avg_pool{axes}d")
    theirs = pool(torch.from_numpy(x)[None], kernel, stride, padding, ceil_mode, count_include_pad)
    np.testing.assert_allclose(
        engine.avg_pool(x, windows, count_include_pad), theirs[0].numpy(), rtol=1e-12, atol=1e-12
    )
