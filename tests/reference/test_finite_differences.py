"""Both backward functions against the slope of the forward ones, measured cell by cell."""

import numpy as np
import pytest

from pooling_ref import avg_pool2d, avg_pool2d_backward, max_pool2d, max_pool2d_backward

STEP = 1e-3

GEOMETRIES = [
    {"kernel_size": 2},
    {"kernel_size": 3, "stride": 1, "padding": 1},
    {"kernel_size": (3, 2), "stride": (2, 1), "padding": (1, 0)},
    {"kernel_size": 2, "stride": 3},
    {"kernel_size": (1, 5), "stride": 1, "padding": (0, 2)},
    {"kernel_size": (6, 7)},
]


def slope(pool, x: np.ndarray, grad_output: np.ndarray) -> np.ndarray:
    """Measure how ``sum(grad_output * pool(x))`` changes with each cell of x."""
    measured = np.empty_like(x)
    for cell in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[cell] = STEP
        measured[cell] = (grad_output * (pool(x + step) - pool(x - step))).sum() / (2 * STEP)
    return measured


@pytest.fixture
def x(rng) -> np.ndarray:
    """An input whose values lie further apart than the steps, so that no maximum changes hands."""
    return rng.permutation(2 * 3 * 6 * 7).reshape(2, 3, 6, 7) / 10


@pytest.fixture
def rng() -> np.random.Generator:
    """The same numbers at every run."""
    return np.random.default_rng(5)


@pytest.mark.parametrize("geometry", GEOMETRIES, ids=str)
def test_the_gradient_of_max_pooling_is_its_slope(geometry, x, rng):
    grad_output = rng.standard_normal(max_pool2d(x, **geometry).shape)
    np.testing.assert_allclose(
        max_pool2d_backward(grad_output, x, **geometry),
        slope(lambda moved: max_pool2d(moved, **geometry), x, grad_output),
        atol=1e-9,
    )


@pytest.mark.parametrize("count_include_pad", [True, False])
@pytest.mark.parametrize("geometry", GEOMETRIES, ids=str)
def test_the_gradient_of_average_pooling_is_its_slope(geometry, count_include_pad, x, rng):
    geometry = {**geometry, "count_include_pad": count_include_pad}
    grad_output = rng.standard_normal(avg_pool2d(x, **geometry).shape)
    np.testing.assert_allclose(
        avg_pool2d_backward(grad_output, x, **geometry),
        slope(lambda moved: avg_pool2d(moved, **geometry), x, grad_output),
        atol=1e-9,
    )
